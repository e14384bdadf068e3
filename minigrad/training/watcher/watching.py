"""Watcher: which steps are observed, and who is told."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...arguments import explains_arguments
from ...backend import to_cpu
from ...config import settings
from ...engine.anomaly import Observer
from ...engine.graph import clock
from ...layers import modes
from ...utils.registry import check_count
from ...utils.structures import count_rows, iter_leaves
from ...utils.tools import unpack_x_y_sample_weight
from .. import loop
from ..callbacks import Callback
from . import errors, hooks
from .findings import RULES, Finding, TrainingWarning
from .model_parts import ModelParts, name_of
from .predictions import EpochEnds, JudgedPredictions
from .recording import Observation
from .rows import Rows
from .rules_calls import OpenCalls, tell_evaluation
from .rules_classes import Classes
from .rules_data import FIRST_STEP
from .rules_labels import Labels
from .rules_layers import DeadUnits, Inputs, Saturation, activation_statistics, look_at_rows
from .rules_nan import tell_nan
from .rules_outputs import Outputs
from .rules_steps import UPDATES, Gradients, Losses, Reach, Updates
from .statistics import Activation, Point, new_statistics

if TYPE_CHECKING:
    from ..model import Model

# steps that are observed at the beginning, where most mistakes show; then every interval-th is
EARLY = frozenset({0, 1, 2, 8, 32})
# a captured step has to run op by op to show what layers give, which takes three times as long:
# so from this interval on every fourth of the steps that are observed does
SPARSE_INTERVAL, SPARSE = 50, 4
LOOKS = 4  # observed steps whose inputs are looked at: their scale does not change later


class Watcher(Observer):
    """`with minigrad.watch(model) as watcher:` observes the training of a model in this block.

    It observes some of the first steps and then every `interval`-th; the loss of all. A captured
    step (see `captured` of Model) shows gradients and updates as it is replayed, and has to run op
    by op to show what layers give: from interval=50 on every fourth of the observed ones does. The
    training goes on as without the watcher, with the same bits.

    Args:
        model: The model.
        interval: Steps between two that are observed.

    Attributes:
        findings: What looks wrong: a list of Finding(rule, where, message, advice, step). Each rule
            speaks once of each place, by a TrainingWarning.
        statistics: Series over the steps that were observed. "loss": a list of Point(step, value),
            of all steps. "gradient" and "update": by the path of a layer a list of Point(step,
            value), the norm of its gradient, and the norm of its change over that of its weights.
            "activation": by path a list of Activation(step, mean, std, zero, saturated); the last
            two are shares of the outputs.
        step: The number of steps so far.
        phase: "train" or "test" inside a step of the model, else "".
        pending: Losses of the last steps, which are not in the series yet.
        quiet: How many may be pending; then a step is looked at.

    Raises:
        ValueError: If the interval is not a positive integer.

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(2,)))
        >>> model.compile("sgd", "mse")
        >>> x = np.linspace(-1, 1, 64).reshape(32, 2)
        >>> with minigrad.watch(model) as watcher:
        ...     for _ in range(3):
        ...         loss = model.train_on_batch(x, x.sum(1))
        >>> [point.step for point in watcher.statistics["loss"]], watcher.findings
        ([0, 1, 2], [])
    """

    def __init__(self, model: Model, interval: int = 100) -> None:
        check_count("interval of watch", interval)
        super().__init__()
        self.model = model
        self.interval = interval
        self.findings: list[Finding] = []
        self._statistics: dict[str, Any] = new_statistics()
        self.pending: list[float] = []  # losses of the last steps, to be put into the series
        self._ended = 0  # steps before those
        self._unlisted: list[tuple[int, float]] = []  # losses of the steps before, by step
        self.quiet = 0  # how many may be pending: the step after those is looked at
        self._may_be_quiet = False  # True: a step that is not observed needs no look at its rows
        self._observed: list[int] = []  # steps
        self.was_called = False  # the model, in a step
        self._hooks: list[hooks.Hook] = []
        self._looks = True  # in a step that is observed
        self.phase = ""  # "train" or "test" inside a step of the model
        self._is_compiled = False  # True: steps are those of a compiled model
        self.observation: Observation | None = None
        self._scalars: dict[Any, Any] = {}  # by node, what may be a loss
        self._has_gone_back = False  # since the last update
        self._loss: float | None = None  # of the last backward pass
        self.last_input: Any = None
        self._output: Any = None
        self._begin_rules()

    def _begin_rules(self) -> None:
        self._labels, self._outputs, self._inputs = Labels(), Outputs(), Inputs()
        self._dead, self._updates, self.losses = DeadUnits(), Updates(), Losses()
        self._gradients, self._reach, self._open = Gradients(), Reach(), OpenCalls()
        self.rows, self.predictions = Rows(), JudgedPredictions()
        self._saturation, self._classes = Saturation(), Classes()

    # ---- what a user reads -----------------------------------------------------------------------

    @property
    def step(self) -> int:
        """The number of steps so far."""
        return self._ended + len(self.pending)

    @property
    def statistics(self) -> dict[str, Any]:
        """Series over the steps that were observed, see the class."""
        if self.pending:
            self._add_pending()
        self._statistics["loss"] += itertools.starmap(Point, self._unlisted)
        self._unlisted = []
        return self._statistics

    def summary(self) -> str:
        """The findings as text, or that there are none, and what was looked at."""
        layers = len(self._statistics["activation"])
        looked = (
            f"{self.step} steps, of which {len(self._observed)} were observed: {layers} layers, "
            f"{len(RULES)} rules"
        )
        if not self.findings:
            return f"Nothing looks wrong in {looked}."
        found = [f"- step {f.step}, {f.rule}: {f}" for f in self.findings]
        return "\n".join([f"{len(found)} findings in {looked}.", *found])

    def __repr__(self) -> str:
        return (
            f"<Watcher of {name_of(self.model)}: {self.step} steps, {len(self.findings)} findings>"
        )

    def find(self, rule: str, where: str, message: str, advice: str, is_said: bool = False) -> None:
        """Keep a finding, and warn of it, unless the rule has spoken of this place.

        Args:
            rule: The rule, one of RULES.
            where: The path of a layer, or an argument.
            message: What looks wrong.
            advice: What to do.
            is_said: True if an error says it: there is no warning then.
        """
        if any((f.rule, f.where) == (rule, where) for f in self.findings):
            return
        finding = Finding(rule, where, message, advice, self.step)
        self.findings.append(finding)
        if not is_said:
            warnings.warn(str(finding), TrainingWarning, stacklevel=2)

    def append(self, kind: str, path: str, point: Point | Activation) -> None:
        """Append to a series of a layer.

        Args:
            kind: "gradient", "activation" or "update".
            path: The path of the layer.
            point: What to append.
        """
        self._statistics[kind].setdefault(path, []).append(point)

    def last_path(self) -> str:
        """The path of the layer that gives the output, as far as it is known."""
        return next(reversed(self._statistics["activation"]), self.parts.name)

    # ---- beginning and end -----------------------------------------------------------------------

    def __enter__(self) -> Watcher:
        if self._hooks:
            raise ValueError("this watcher is watching already: make another one for another block")
        super().__enter__()
        self._find_parts()
        tells = {
            "fit": self._tell_fit,
            "train_step": self._tell_train_step,
            "test_step": self._tell_test_step,
            "call": self._tell_call,
        }
        self._hooks = hooks.install(self.model, tells, self)
        self._begin_step()
        return self

    def __exit__(self, error: type[BaseException] | None = None, *rest: Any) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        super().__exit__(error, *rest)
        self.observation = None
        if error is None:
            self._open.judge(self)
            if self.step >= FIRST_STEP:
                self.predictions.finish(self)
                self._classes.finish(self)
        elif rest and isinstance(rest[0], Exception):
            errors.explain(self, rest[0])
        self._forget()

    def _find_parts(self) -> None:
        """The layers and parameters, of which the first call may have built some."""
        self.parts = ModelParts(self.model)

    def _forget(self) -> None:
        """Let go of arrays."""
        self._scalars, self._updates.before = {}, {}
        self.last_input = self._output = self.rows.targets = None
        self._gradients, self._open = Gradients(), OpenCalls()

    # ---- what is told of a model -----------------------------------------------------------------

    def run_epochs(
        self,
        model: Model,
        batches: Any,
        validation: Any,
        callbacks: Sequence[Callback],
        epochs: int,
        validation_freq: int | Sequence[int] = 1,
    ) -> None:
        """The epochs of fit, watched; the arguments are those of loop.run_epochs.

        Args:
            model: The model.
            batches: The training data.
            validation: Data to evaluate, or None.
            callbacks: Called in this order.
            epochs: Number of the last epoch.
            validation_freq: After how many epochs to evaluate; or the epochs.
        """
        model.history.watcher = self
        self.rows.begin_fit(self, batches, validation)
        every = [EpochEnds(self, batches, validation is not None, epochs), *callbacks]
        run = (settings.process_group or loop).run_epochs
        if self._hooks:
            run(model, batches, validation, every, epochs, validation_freq)
            return
        with self:
            run(model, batches, validation, every, epochs, validation_freq)

    def _tell_fit(self, method: Any, args: Any, kwargs: Any) -> Any:
        """fit inside the block: watched by this watcher."""
        kwargs.setdefault("watch", self)
        return method(*args, **kwargs)

    def _tell_train_step(self, method: Any, args: Any, kwargs: Any) -> Any:
        """A training step of the model, observed if it is due."""
        self._looks = self._is_due()
        y = self._prepare_step(*args, **kwargs)
        observation = self.observation
        try:
            if self._looks and observation is None:
                with hooks.told_of_updates(self, self.model.optimizer):
                    logs = self._run("train", method, args, kwargs)
            else:
                logs = self._run("train", method, args, kwargs, observation is not None)
        finally:
            self.observation = None
        self._loss = logs.get("loss") if isinstance(logs, dict) else None
        self._looks = False
        self._end_step(observation, y)
        return logs

    def _run(
        self, phase: str, method: Any, args: Any, kwargs: Any, is_observed: bool = False
    ) -> Any:
        """A step of the model, of whose ops the watcher is told if it is observed."""
        outer = settings.observer
        if outer is self and not is_observed:
            settings.observer = None
        self.phase = phase
        try:
            return method(*args, **kwargs)
        except Exception as error:
            errors.explain(self, error)
            raise
        finally:
            settings.observer, self.phase = outer, ""

    def _add_pending(self) -> None:
        """Put the losses of steps that were not looked at into the series."""
        self._unlisted += zip(range(self._ended, self.step), self.pending)
        self.losses.note(self.pending)
        self._ended += len(self.pending)
        self.quiet -= len(self.pending)
        self.pending.clear()

    def _prepare_step(self, data: Any) -> Any:
        """What is looked at before a step of the model; returns the labels."""
        x, y, _ = unpack_x_y_sample_weight(data)
        self._is_compiled = True
        self._open.judge(self)
        look_at_rows(self, count_rows(x), self.parts.norms)
        self.rows.add_batch(self, x, y)
        is_whole = self._looks and self._is_shown_whole()
        self.observation = Observation(self.step, self.parts.paths) if is_whole else None
        self._may_be_quiet = self.rows.are_known and not self.parts.norms
        return y

    def _is_shown_whole(self) -> bool:
        """True for a step that runs op by op, observed in full."""
        if self.step in EARLY or self.interval < SPARSE_INTERVAL:
            return True
        steps = getattr(self.model._captured, "steps", {}).values()
        is_replayed = any(step.program is not None for step in steps)
        return not is_replayed or self.step // self.interval % SPARSE == 0

    def _tell_test_step(self, method: Any, args: Any, kwargs: Any) -> Any:
        """A step of an evaluation: what was predicted."""
        x, y, _ = unpack_x_y_sample_weight(args[0] if args else kwargs.get("data"))
        self._output = None
        result = self._run("test", method, args, kwargs)
        self.predictions.add_evaluated(y, self._output)
        self.rows.add_validation(self, x)
        return result

    def _tell_call(self, method: Any, args: Any, kwargs: Any) -> Any:
        """A call of the model."""
        start = next(clock)
        y = method(*args, **kwargs)
        if settings.probing:
            return y
        is_training = modes.is_training()
        if self.phase == "test":
            self._output = y
            if is_training and self.parts.has_modes:
                tell_evaluation(self)
        elif self.observation is not None and is_training and args:
            self.observation.inputs += [
                getattr(leaf, "_array", leaf) for _, leaf in iter_leaves(args[0])
            ]
            self.observation.outputs.append(y)
        if not self.phase:
            self._note_own_call(args, y, is_training, start)
        return y

    def _note_own_call(self, args: Any, y: Any, is_training: bool, start: int) -> None:
        """A call outside of a step of the model: in a loop of one's own, or in a callback."""
        if is_training or settings.recording:
            self.was_called = True
            self.last_input = args[0] if args else None
        if not is_training or not hasattr(y, "_array"):
            return
        if args and hasattr(args[0], "shape") and args[0].shape:
            look_at_rows(self, len(args[0]), self.parts.norms)
        is_collecting = any(layer.collected_statistics is not None for _, layer in self.parts.norms)
        if self.parts.has_modes and not is_collecting:
            self._open.add(y, start)
            self.quiet = 0

    # ---- what the engine tells -------------------------------------------------------------------

    def after_op(self, op: Any, y: Any, args: Sequence[Any], kwargs: Any, node: Any) -> None:
        """Note a call of an op, whole in a step that is observed.

        Args:
            op: The op.
            y: Its result.
            args: What it was given by position.
            kwargs: What it was given by keyword.
            node: Its node, or None.
        """
        if node is not None:
            if not y.ndim:
                self._scalars[node] = y
            if self._open.calls:
                self._open.close_detached(args, node)
        if self.observation is not None:
            self.observation.add(op, y, args, kwargs, node)

    def after_vjp(self, node: Any, g: Any, pairs: Sequence[tuple[Any, Any]]) -> None:
        """Note a step back.

        Args:
            node: The node of the call.
            g: The gradient that arrived at it.
            pairs: The node of each input that needs a gradient, and that gradient or None.
        """
        if not self._has_gone_back:
            self._has_gone_back = True
            self._gradients.before_backward()
        elif not self._scalars and not self._open.calls and self.observation is None:
            return
        if node in self._scalars:
            self._note_loss(self._scalars.pop(node))
        if self._open.calls:
            self._open.close_around(node)
        if self.observation is not None:
            self._reach.linked.update(n for n, g in pairs if n.op is None and g is not None)

    def _note_loss(self, y: Any) -> None:
        """The scalar that a backward pass begins at."""
        if self.phase:
            return
        self._loss = float(to_cpu(y))
        if not math.isfinite(self._loss):
            tell_nan(self, self.observation)
        self._scalars = {}

    def before_update(self, optimizer: Any, gradients: Sequence[Any]) -> None:
        """Note gradients and parameters before an update.

        Args:
            optimizer: The optimizer.
            gradients: A gradient per parameter, or None.
        """
        if not self.phase:
            self._gradients.before_update(self)
        names = self.parts.names
        if any([id(p) not in names for p in optimizer.parameters]):
            self._find_parts()
        if self._looks or self._reach.updates < UPDATES:
            self._reach.note(self, optimizer, gradients, self.parts.names)
        if self._looks:
            self._updates.before_update(self, optimizer, gradients)

    def after_update(self, optimizer: Any) -> None:
        """Note what an update has made of the parameters; it ends a step of one's own loop.

        Args:
            optimizer: The optimizer.
        """
        self._has_gone_back = False
        if self._updates.before:
            self._updates.after_update(self, optimizer)
        if self._gradients.spent or any([p.grad is not None for p in optimizer.parameters[:1]]):
            self._gradients.after_update(self.parts.parameters.values())
        if self.phase:
            return
        names = self.parts.names
        if not any([id(p) in names for p in optimizer.parameters]):
            self.losses.is_adversarial = True
            if self._reach.foreign % 10 == 9:
                self._begin_step()  # nothing of the model is moved: forget what was noted
            return
        observation, self.observation = self.observation, None
        self._open.judge(self)
        self._end_step(observation, None)
        self._begin_step()

    # ---- steps -----------------------------------------------------------------------------------

    def _is_due(self) -> bool:
        return self.step in EARLY or self.step % self.interval == 0

    def _next_due(self) -> int:
        """The first step from this one on that is observed."""
        regular = math.ceil(self.step / self.interval) * self.interval
        return min([regular, *(step for step in EARLY if step >= self.step)])

    def _begin_step(self) -> None:
        """A step of a loop of one's own begins."""
        self._loss, self._scalars, self._looks = None, {}, self._is_due()
        self.observation = Observation(self.step, self.parts.paths) if self._looks else None

    def note_loss(self, loss: Any) -> None:
        """Look at the loss of a step, which is not like those before it.

        Args:
            loss: The loss, or None if it is not known.
        """
        self._loss = loss
        self._end_step(None, None)

    def _end_step(self, observation: Observation | None, y: Any) -> None:
        """Look at a step that has ended."""
        if self.pending:
            self._add_pending()
        if self._loss is not None:
            loss = float(self._loss)
            self._unlisted.append((self.step, loss))
            if loss == loss:  # not NaN
                self.losses.add(self, loss)
            if not math.isfinite(loss):
                tell_nan(self, observation)
        if observation is not None:
            self._look(observation, y)
        self._ended += 1
        self.quiet = self._next_due() - self.step if self._may_be_quiet else 0

    def _look(self, observation: Observation, y: Any) -> None:
        """All rules on a step that was observed."""
        self._observed.append(observation.step)
        self._outputs.look(self, observation)
        self._labels.look(self, observation)
        self._classes.look(self, observation)
        self._dead.look(self, observation)
        shares = self._saturation.look(self, observation)
        if len(self._observed) <= LOOKS:
            self._inputs.look(self, observation)
        self._reach.judge(self, self.parts.trained(self._is_compiled))
        for path, call in observation.layer_calls().items():
            values = activation_statistics(call)
            share = shares.get(path, 0.0)
            self.append("activation", path, Activation(observation.step, *values, share))
        self.rows.look(self, observation, y)
        self.predictions.look(self, observation, y)


@explains_arguments
def watch(model: Model, interval: int = 100) -> Watcher:
    """A watcher of the training of a model: `with minigrad.watch(model) as watcher:`.

    Inside the block it observes what trains the model: a loop of one's own, train_on_batch, or fit
    (which makes a watcher by itself with watch=True). What looks wrong is said once, by a
    TrainingWarning, and kept in `watcher.findings`.

    Args:
        model: The model.
        interval: Steps between two that are observed; the first steps are, too.

    Raises:
        ValueError: If the interval is not a positive integer.

    Example:
        >>> from minigrad.layers import Dense, Softmax
        >>> model = minigrad.Sequential(Dense(3, activation="softmax", input_shape=(2,)), Softmax())
        >>> model.compile("adam", "sparse_categorical_crossentropy")
        >>> with minigrad.watch(model) as watcher:
        ...     with warnings.catch_warnings():
        ...         warnings.simplefilter("ignore")
        ...         loss = model.train_on_batch(np.eye(2), np.array([0, 2]))
        >>> [(finding.rule, finding.where) for finding in watcher.findings]
        [('softmax_twice', 'softmax')]
    """
    return Watcher(model, interval)


def watcher_of(model: Model, watch: Any) -> Watcher:
    """The watcher of a fit: a new one for True, or the one that was given.

    Args:
        model: The model.
        watch: True, or a Watcher of this model.

    Raises:
        TypeError: If it is something else.
        ValueError: If it is the watcher of another model.
    """
    if watch is True:
        return Watcher(model)
    if not isinstance(watch, Watcher):
        raise TypeError(f"watch must be True, False or minigrad.watch(model), got {watch!r}")
    if watch.model is not model:
        raise ValueError(
            f"watch is a watcher of another model, {watch.model!r}: give it minigrad.watch(model)"
        )
    return watch
