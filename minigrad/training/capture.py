"""Training steps that are captured: written down once, then replayed as a list of calls on arrays.

    model.compile("adam", "mse")              # jit_compile="auto": capture what can be
    model.fit(x, y)
    print(model.captured)                     # the calls of a step, or why there are none

A step of the same shapes makes the same calls each time. Of the first steps one is watched: did it
run the library's own code alone, and leave its layers as they were? The next one is recorded
(recorder.py), the others are replayed: forward, loss and gradients, without building Tensors and
nodes. The optimizer, the metrics and all around them run as always. Before each replay it is
checked that nothing has changed which the step depends on, such as a rate, a mode or a dtype; draws
and moving statistics are calls of the program. What cannot be captured runs as always.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import numpy as np

from ..config import settings
from ..constraints import Constraint
from ..engine.tensor import Tensor, remember_logits, remembered_logits, wrap
from ..generators import generator
from ..initializers import Initializer
from ..layers.added_losses import added_losses, usage
from ..layers.parameter import Parameter
from ..losses import Loss
from ..metrics import Metric
from ..utils.serialization import Configurable
from .data_adapter import is_finite, prepare_arrays
from .outputs import OutputLosses
from .recorder import Recorder, plain, recording

if TYPE_CHECKING:
    from .model import Model

Result = tuple[Any, Any, list[Any]]  # loss, predictions, gradients
WARM_UP = 8  # steps of the same shapes that run as always
MAX_PROGRAMS = 16  # as many shapes are captured
MAX_ATTEMPTS = 8  # for each of them, unless one was worth it
MANY_REPLAYS = 50
MAX_LINES = 20_000  # of a program
# attributes of a model that no step depends on
_BOOKKEEPING = """
history stop_training stop_evaluating stop_predicting optimizer output_values _captured _divergence
_expected _fitting _finished _has_diverged _initial_epoch _is_checked _loss_tracker _own_metrics
_skips_validation _told_unreached _trained _unsaved_data call fit test_step train_step
"""
BOOKKEEPING = frozenset(_BOOKKEEPING.split())
NOT_SEARCHED = frozenset({"_arguments", "_calls", "_compiled_with", *BOOKKEEPING})


class Uncaptured:
    """The steps of a model that captures none."""

    def run(self, model: Model, *batch: Any) -> Result:
        """(loss, predictions, gradients) of a training step.

        Args:
            model: The model.
            *batch: x, y and sample_weight, None for what is missing.
        """
        return model._loss_and_gradients(*batch)

    def prepare(self, model: Model, x: Any, y: Any, sample_weight: Any) -> list[Any]:
        """[x], [x, y] or [x, y, sample_weight] as valid arrays (prepare_arrays).

        Args:
            model: The model.
            x: Inputs.
            y: Targets, or None.
            sample_weight: Weights, or None.
        """
        return prepare_arrays(model, x, y, sample_weight)

    def describe(self) -> str:
        """Whether steps are captured, and if not why."""
        return "not captured: compile(...) has not asked for it"


class Captures:
    """What a model shows of its captured steps."""

    _captured: Uncaptured = Uncaptured()

    @property
    def captured(self) -> str:
        """Whether the training steps are captured: the program, or why they are not."""
        return self._captured.describe()


def captured_steps(jit_compile: bool | str, run_eagerly: bool) -> Uncaptured:
    """The steps of a model, captured if `compile` asks for it.

    Args:
        jit_compile: "auto", True or False.
        run_eagerly: True for steps that run op by op.
    """
    is_off = run_eagerly or not jit_compile
    return Uncaptured() if is_off else CapturedSteps(jit_compile is True)


class CapturedSteps(Uncaptured):
    """The captured steps of a compiled model, one for each form of a batch.

    Args:
        traces_own_code: True captures also what calls a user's own functions and classes, which
            then depend on nothing but their inputs and parameters.
    """

    def __init__(self, traces_own_code: bool = False) -> None:
        self.traces_own_code = traces_own_code
        self.steps: dict[Any, CapturedStep] = {}

    def __reduce__(self) -> Any:
        """A copy begins anew: the programs belong to the parameters of one model."""
        return type(self), (self.traces_own_code,)

    def prepare(self, model: Model, x: Any, y: Any, sample_weight: Any) -> list[Any]:
        """prepare_arrays, which leaves arrays of the form of a captured step as they are.

        Args:
            model: The model.
            x: Inputs.
            y: Targets, or None.
            sample_weight: Weights, or None.
        """
        if x.__class__ is y.__class__ is np.ndarray and sample_weight is None:
            step = self.steps.get(_form_of((x, y, None)))
            is_ready = step is not None and step.program is not None
            if is_ready and x.dtype == settings.default_dtype and is_finite(x) and is_finite(y):
                return [x, y]
        return prepare_arrays(model, x, y, sample_weight)

    def run(self, model: Model, *batch: Any) -> Result:
        """(loss, predictions, gradients) of a training step, replayed if it is captured.

        Args:
            model: The model.
            *batch: x, y and sample_weight, None for what is missing.
        """
        form = _form_of(batch)
        step = self.steps.get(form)
        if step is None:
            if form is None or len(self.steps) >= MAX_PROGRAMS:
                return model._loss_and_gradients(*batch)
            step = self.steps[form] = CapturedStep(self.traces_own_code)
        return step.run(model, batch)

    def describe(self) -> str:
        """Whether steps are captured, and if not why."""
        programs = [step.program for step in self.steps.values() if step.program is not None]
        if programs:
            return f"captured, for batches of {len(programs)} shapes:\n\n{programs[0].source}"
        refusals = [step.refusal for step in self.steps.values() if step.refusal]
        return f"not captured: {next(iter(refusals), 'too few steps so far')}"


def _form_of(batch: Any) -> Any:
    """Shapes and dtypes of a batch in its structure; None if something else is in it.

    Among processes also which rows of the whole batch these are: draws depend on it.
    """
    parts: list[Any] = [settings.rows]
    for x in batch:
        if x.__class__ is np.ndarray:
            parts.append((x.shape, x.dtype))
        elif x is None:
            parts.append(None)
        else:
            part = _form_of_structure(x)
            if part is None:
                return None
            parts.append(part)
    return tuple(parts)


def _form_of_structure(x: Any) -> Any:
    if x.__class__ is np.ndarray:
        return x.shape, x.dtype
    if x.__class__ is dict:
        forms = [(key, _form_of_structure(value)) for key, value in x.items()]
        return None if any(form is None for _, form in forms) else (dict, *forms)
    if x.__class__ in (list, tuple):
        forms = [_form_of_structure(value) for value in x]
        return None if None in forms else (x.__class__, *forms)
    return None


class CapturedStep:
    """The step for one form of a batch.

    Args:
        traces_own_code: As of CapturedSteps.
    """

    def __init__(self, traces_own_code: bool) -> None:
        self.traces_own_code = traces_own_code
        self.count = 0  # ordinary steps so far
        self.attempts = 0
        self.replays = 0  # of the program
        self.refusal = ""
        self.watch: Watch | None = None  # what has to be as it was
        self.program: Program | None = None

    def run(self, model: Model, batch: tuple[Any, Any, Any]) -> Result:
        """A training step.

        Args:
            model: The model.
            batch: (x, y, sample_weight), None for what is missing.
        """
        watch = self.watch
        if watch is not None and watch.holds(model):
            if not all([loss._is_checked for loss in watch.checking]):
                return model._loss_and_gradients(*batch)  # looks at the targets of this fit
            if self.program is not None:
                return self._replay(self.program, model, batch)
            return self._record(model, batch, watch)
        self.count += 1
        if self.refusal or self.count <= WARM_UP or not is_ordinary():
            return model._loss_and_gradients(*batch)
        return self._watch(model, batch)

    def _replay(self, program: Program, model: Model, batch: tuple[Any, Any, Any]) -> Result:
        """A replay; one that did not give the bits of an ordinary step was the last."""
        result = program.run(model, batch)
        self.replays += 1
        if self.replays == MANY_REPLAYS:
            self.attempts = 0
        if program.has_failed:
            self.program, self.watch = None, None
            self.refusal = "a replay of it differs from the step"
        return result

    def _watch(self, model: Model, batch: tuple[Any, Any, Any]) -> Result:
        """An ordinary step, which is not captured if it runs code from elsewhere."""
        self.attempts += 1
        self.replays = 0
        self.program, watch, code = None, Watch(model), ""
        step = partial(model._loss_and_gradients, *batch)
        with ObservedGroup() as group:
            result, code = (step(), "") if self.traces_own_code else observe(step)
        if group.sums:
            self.refusal = "it sums over processes before its gradients are there"
        elif code and self.attempts > 1:  # once, a finalizer or an import may have come between
            self.refusal = f"the step runs {code}, which may do anything"
        elif usage.is_known and added_losses(model):
            self.refusal = "a layer adds losses in its call"
        elif self.attempts >= MAX_ATTEMPTS:
            self.refusal = "what the step depends on changes from step to step"
        self.watch = None if code or self.refusal else watch
        return result

    def _record(self, model: Model, batch: tuple[Any, Any, Any], watch: Watch) -> Result:
        """An ordinary step that is written down."""
        layers = [layer for _, layer in model.named_layers()]
        own = {id(g): g for g in (getattr(layer, "_generator", None) for layer in layers) if g}
        recorder = Recorder(model.weights, list(own.values()))
        names = iter(("x", "y", "sample_weight"))
        state = State(recorder.generators, recorder.parameters)
        try:
            with ObservedGroup(is_recorded=True) as group, recording(recorder):
                traced = [map_leaves(partial(recorder.input, next(names)), part) for part in batch]
                result = model._loss_and_gradients(*traced)
                recorder.check_draws(is_known=False)
                program = Program(model, recorder, *result)
        except Exception as error:
            state.restore()
            ordinary = model._loss_and_gradients(*batch)  # whose error, if any, is the user's
            self.refusal, self.watch = f"{type(error).__name__}: {error}", None
            return ordinary
        if group.sums:
            recorder.refuse("it sums over processes before its gradients are there")
        if not watch.holds(model):
            recorder.refuse("the step changes an attribute of a layer")
        if len(recorder.lines) > MAX_LINES:
            recorder.refuse(f"it makes {len(recorder.lines)} calls")
        self.refusal = recorder.refusal
        if self.refusal:
            self.watch = None
        else:
            self.program = program
        result, program.first = program.give(model, program.first), []
        return result


class ObservedGroup:
    """`with ObservedGroup() as group:` notes whether a step sums over the processes.

    A step that does is not captured: the others would wait for its sums while it is tried. The
    gradients of a captured step are summed when all of them are there.

    Args:
        is_recorded: True for a step whose backward leaves the sums of gradients for later.
    """

    def __init__(self, is_recorded: bool = False) -> None:
        self.group = settings.process_group
        self.is_recorded = is_recorded
        self.sums = False

    def __enter__(self) -> ObservedGroup:
        if self.group is not None:
            settings.process_group = self
        return self

    def __exit__(self, *error: Any) -> None:
        settings.process_group = self.group

    def watch(self, calls: Sequence[Any], *others: Any) -> Any:
        """The calls of a backward pass, as of ProcessGroup.

        Args:
            calls: The nodes.
            *others: What else ProcessGroup.watch takes.
        """
        return calls if self.is_recorded else self.group.watch(calls, *others)

    def sum(self, array: Any) -> Any:
        """The sum over the processes.

        Args:
            array: Numbers.
        """
        self.sums = True
        return self.group.sum(array)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.group, name)


# ---- the program ---------------------------------------------------------------------------------


class Program:
    """A captured step.

    Args:
        model: The model.
        recorder: What has recorded a step of it.
        loss: The loss of that step, as the other two of traced arrays.
        y_pred: The predictions, in any structure.
        gradients: The gradients of `model.trained()`.
    """

    def __init__(
        self, model: Model, recorder: Recorder, loss: Any, y_pred: Any, gradients: list[Any]
    ) -> None:
        self.is_proven = False  # True: a replay gave the bits of an ordinary step
        self.has_failed = False
        self._ends: list[Any] = [loss._array, *(getattr(g, "_array", g) for g in gradients)]
        self._gradients = slice(1, len(self._ends))
        is_read = model._has_own_steps or model._metrics or model._weighted_metrics
        outputs = getattr(model.loss, "output_values", {})
        self.outputs = {name: self._number(value) for name, value in outputs.items()}
        self.y_pred = self._number_tensors(y_pred) if is_read else None
        self.has_effects = recorder.has_effects
        self.generators, self.parameters = recorder.generators, recorder.parameters
        self.source = recorder.source(self._ends)
        exec(compile(self.source, "<captured step>", "exec"), recorder.bound)
        self.step: Callable[..., list[Any]] = recorder.bound["step"]
        self.first = [plain(part) for part in self._ends]
        self._ends = []

    def _number(self, x: Any) -> int:
        """The place of an array, or of that of a Tensor, among the results."""
        self._ends.append(getattr(x, "_array", x))
        return len(self._ends) - 1

    def _number_tensors(self, y: Any) -> Any:
        """A structure of Tensors with Places for them."""
        if not isinstance(y, Tensor):
            return map_items(self._number_tensors, y)
        activation, logits = remembered_logits(y)
        mask = None if y.mask is None else self._number(y.mask)
        return Place(
            self._number(y), mask, activation, None if logits is None else self._number(logits)
        )

    def run(self, model: Model, batch: tuple[Any, Any, Any]) -> Result:
        """Replay the step.

        Args:
            model: The model.
            batch: (x, y, sample_weight), None for what is missing.
        """
        state = State(self.generators, self.parameters) if self.has_effects else None
        try:
            results = self.step(*leaves(batch))
            if self.is_proven:
                return self.give(model, results)
            digest = self._digest(self.give(model, results))
            del results
        except Exception:
            digest = 0
        if state is not None:
            state.restore()
        # as always: for an error that says where it is, or to compare the first replay with
        loss, y_pred, gradients = model._loss_and_gradients(*batch)
        if not self.is_proven:
            self.is_proven = digest == self._digest((loss, y_pred, gradients))
            self.has_failed = not self.is_proven
        return loss, y_pred, gradients

    def _digest(self, result: Result) -> int:
        """A number that stands for the bits of a result."""
        loss, y_pred, gradients = result
        read = [] if self.y_pred is None else leaves(y_pred)
        arrays = [getattr(x, "_array", x) for x in (loss, *read, *gradients)]
        digest = 0
        for a in arrays:
            bits: Any = b"" if a is None else np.ascontiguousarray(a)
            digest = crc32(bits, digest)
        return digest

    def give(self, model: Model, results: list[Any]) -> Result:
        """Loss, predictions and gradients of the results of a step.

        Args:
            model: The model, whose loss gets those of its outputs.
            results: What the program returned.
        """
        if self.outputs:
            values = {name: wrap(results[i], None) for name, i in self.outputs.items()}
            model.loss.output_values = values  # type: ignore[union-attr]
        y_pred = None if self.y_pred is None else _fill(self.y_pred, results)
        return results[0], y_pred, results[self._gradients]


class State:
    """How generators and parameters without gradients stand before a step.

    Args:
        generators: What the layers may draw from, besides the generator behind minigrad.seed.
        parameters: The parameters of a model.
    """

    def __init__(
        self, generators: Sequence[np.random.Generator], parameters: Sequence[Parameter]
    ) -> None:
        self.generators = [(g, g.bit_generator.state) for g in (generator(), *generators)]
        self.arrays = [(p, p._array) for p in parameters if p.node is None]

    def restore(self) -> None:
        """Undo what the step has drawn and moved; what moves gets new arrays."""
        for g, state in self.generators:
            g.bit_generator.state = state
        for p, array in self.arrays:
            p._array = array


class Place(NamedTuple):
    """Where the parts of a Tensor stand among the results of a program.

    Attributes:
        array: The number of its values.
        mask: That of its mask, or None.
        activation: What made it of logits, or "".
        logits: The number of these, or None.
    """

    array: int
    mask: int | None
    activation: str
    logits: int | None


def _fill(y: Any, results: list[Any]) -> Any:
    """A structure with Tensors for the Places in it."""
    if not isinstance(y, Place):
        return map_items(lambda item: _fill(item, results), y)
    tensor = wrap(results[y.array], None)
    tensor.mask = None if y.mask is None else results[y.mask]
    if y.logits is not None:
        remember_logits(tensor, y.activation, wrap(results[y.logits], None))
    return tensor


def map_items(function: Callable[[Any], Any], x: Any) -> Any:
    """x with function(item) for each item of a list, tuple or dict; what is none stays as it is.

    Args:
        function: Function of an item.
        x: Anything.

    Example:
        >>> map_items(abs, [-1, 2]), map_items(abs, -1)
        ([1, 2], -1)
    """
    if isinstance(x, dict):
        return {key: function(value) for key, value in x.items()}
    return x.__class__([function(item) for item in x]) if x.__class__ in (list, tuple) else x


def map_leaves(function: Callable[[Any], Any], x: Any) -> Any:
    """x with function(array) for each array in nested lists, tuples and dicts.

    Args:
        function: Function of an array.
        x: An array, None, or several.

    Example:
        >>> map_leaves(abs, [-1, (2, None)])
        [1, (2, None)]
    """
    if x.__class__ in (list, tuple, dict):
        return map_items(partial(map_leaves, function), x)
    return None if x is None else function(x)


def leaves(x: Any) -> list[Any]:
    """The arrays in nested lists, tuples and dicts.

    Args:
        x: An array, None, or several.

    Example:
        >>> leaves((1, [2, {"a": 3}], None))
        [1, 2, 3]
    """
    if x.__class__ in (list, tuple, dict):
        return [
            leaf for item in (x.values() if x.__class__ is dict else x) for leaf in leaves(item)
        ]
    return [] if x is None else [x]


# ---- what a step depends on ----------------------------------------------------------------------


class Watch:
    """What a step of a model depends on besides its batch and the values of its parameters.

    Args:
        model: The model.
    """

    def __init__(self, model: Model) -> None:
        self.modes = _modes()
        self.trained = model.trained()
        self.parameters = [(p, p.node, p.regularizer) for p in model.weights]
        self.options = model.optimizer.options
        self.checking: list[Loss] = []  # those that look at the first targets of a training
        self.attributes: list[tuple[Callable[[Any], Any], Any, Any]] = []  # how to read, of what
        self.tensors: list[tuple[dict[str, Any], str, Tensor]] = []
        seen: set[int] = set()
        stack: list[Any] = [model.loss, *(layer for _, layer in model.named_layers())]
        if self.options is not None:
            read = itemgetter("scale", "steps")
            self.attributes.append((read, vars(self.options), read(vars(self.options))))
        while stack:
            thing = stack.pop()
            if isinstance(thing, WATCHED) and not isinstance(thing, UNWATCHED):
                if id(thing) not in seen:
                    seen.add(id(thing))
                    stack += self._add(thing)
            elif thing.__class__ in (list, tuple, dict) and len(thing) <= LONGEST:
                stack += thing.values() if thing.__class__ is dict else thing
                if thing.__class__ is not tuple:
                    self.attributes.append((_itself, thing, copy(thing)))

    def _add(self, thing: Any) -> list[Any]:
        """Watch the attributes of a thing; returns them."""
        own = vars(thing)
        if isinstance(thing, Loss) and thing._check is not None:
            self.checking.append(thing)
        read: Callable[[Any], Any] = _values
        if not BOOKKEEPING.isdisjoint(own):
            read = itemgetter(*(name for name in own if name not in BOOKKEEPING))
        self.attributes.append((read, own, read(own)))
        self.tensors += [(own, name, x) for name, x in own.items() if isinstance(x, Tensor)]
        return [x for name, x in own.items() if name not in NOT_SEARCHED]

    def holds(self, model: Model) -> bool:
        """True if all is as it was.

        Args:
            model: The model.
        """
        if self.modes != _modes() or self.trained is not model._trained:
            return False
        if self.options is not model.optimizer.options:
            return False
        try:
            for read, own, values in self.attributes:
                if read(own) != values:
                    return False
        except Exception:  # one is gone, or == gives no truth: arrays, Tensors
            return False
        for p, node, regularizer in self.parameters:
            if p.node is not node or p.regularizer is not regularizer:
                return False
        # of Tensors == compares the values
        return all([own[name] is tensor for own, name, tensor in self.tensors])


def _values(own: dict[str, Any]) -> list[Any]:
    return list(own.values())


def _itself(items: Any) -> Any:
    return items


WATCHED = Configurable, OutputLosses
UNWATCHED = Initializer, Constraint, Metric
LONGEST = 64  # of longer collections, such as vocabularies, the items are not looked at


def _modes() -> tuple[Any, ...]:
    """The settings that decide what an op or a layer does."""
    return (
        settings.use_kernels,
        settings.default_dtype,
        settings.device,
        settings.recording,
        settings.open_tapes,
        settings.observer,
        settings.layer_in_dtype,
        settings.probing,
        settings.recorder,
        settings.process_group,
        settings.trainable_at_compile,
    )


ORDINARY = (True, 0, None, None, False, None)


def is_ordinary() -> bool:
    """True unless somebody looks on: a tape, a detector of NaN, a profiler."""
    if isinstance(sys.getprofile(), CodeProfiler):
        sys.setprofile(None)  # an interrupt has left it
    return _modes()[3:-2] == ORDINARY and sys.getprofile() is None


# ---- whose code runs -----------------------------------------------------------------------------

PACKAGE = str(Path(__file__).parents[1])
_NAMES = "minigrad numpy scipy numba llvmlite threadpoolctl"
LIBRARIES = sys.stdlib_module_names | {*_NAMES.split()}


class CodeProfiler:
    """A profiler that looks for code outside of the library.

    Attributes:
        found: The first function that it has seen, "" for none.
    """

    found = ""

    def __call__(self, frame: Any, event: str, _: Any) -> None:
        if event == "call" and not self.found:
            module = frame.f_globals.get("__name__", "")
            is_tuple = module.startswith("namedtuple_")  # a NamedTuple is made
            is_loop = frame.f_code.co_filename.startswith(PACKAGE)  # compiled, without a module
            if not (is_tuple or is_loop or module.partition(".")[0] in LIBRARIES):
                self.found = f"{frame.f_code.co_qualname} of {module}"


def observe(function: Callable[[], Result]) -> tuple[Result, str]:
    """(the result of a function, the name of a function outside of the library that it called).

    Args:
        function: A function without arguments.

    Example:
        >>> observe(lambda: 1)[0]
        1
    """
    observer, collects = CodeProfiler(), gc.isenabled()
    try:
        gc.disable()  # what somebody's object does when it ends is no part of the step
        sys.setprofile(observer)
        result = function()
        return result, observer.found
    finally:
        sys.setprofile(None)
        if collects:
            gc.enable()
