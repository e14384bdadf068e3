"""A training step written down as the calls that it makes on arrays.

    with Recorder(parameters) as recorder:
        loss, y_pred, gradients = an ordinary step on recorder.input("x", x), ...

While a recorder is at work every array that depends on the batch, on a parameter or on a draw is a
TracedArray, which knows its name. An op that meets one notes its kernel (or definition) and the
names of what it got and gave; the backward pass notes its rules; what NumPy itself computes of such
an array is noted as well. Arrays that come from none of them depend on shapes alone, and stay as
they are. What cannot be written down (a value that Python reads, an array that is written to) is
not guessed: `recorder.refusal` says what it was. The step itself runs as always.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakSet, WeakValueDictionary

import numpy as np

from ..backend import FLOAT64, SCALARS
from ..config import settings
from ..engine.autograd import FusedOp, Primitive
from ..engine.errors import FORWARD_ERRORS, call_by_name
from ..engine.graph import Node, base_array
from ..engine.kernel_table import kernels_of
from ..engine.promotion import (
    LISTS,
    ShapeDtype,
    as_arrays,
    call_converted,
    cast_integers,
    is_promoted,
    narrow,
    promote_inputs,
    real_dtype,
)
from ..engine.symbolic import is_symbolic
from ..engine.tensor import Tensor, wrap
from ..generators import generator
from ..layers.parameter import Parameter

LITERALS = {int, float, bool, str, type(None)}
SMALL = 1 << 15  # elements: NumPy reuses the memory of larger results within an expression
SEQUENCES = {list: "[{}]", tuple: "({})"}


# ---- arrays that know their name -----------------------------------------------------------------


class TracedArray(np.ndarray):
    """An array of a step that is being recorded.

    Attributes:
        name: Its name in the program; "" if nothing is known of it.
        plain: The array, or NumPy's number, itself.
    """

    name = ""
    plain: Any = None

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(x, Tensor) for x in inputs):
            return NotImplemented
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        if function is np.add and not options:
            function = _sum()
        if "out" not in options and method != "at":
            return _noted(function, inputs, options)
        _refuse("an array was written to in place")
        results = function(*plain(inputs), **plain(options))
        return options["out"][0] if options.get("out") and len(options["out"]) == 1 else results

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in ABOUT_SHAPES:
            return function(*plain(args), **plain(kwargs))
        return _noted(function, args, kwargs)

    def __setitem__(self, index: Any, value: Any) -> None:
        _refuse("an array was written to in place")
        np.asarray(self)[plain(index)] = plain(value)

    def get(self) -> Any:
        """The array itself, where to_cpu asks for it."""
        return self

    @property
    def T(self) -> Any:  # type: ignore[override]
        """The transpose."""
        return self.transpose()


def _sum() -> Any:
    """What adds large arrays fastest: a backward pass sums the gradients of what is used twice."""
    kernel = ADD[np.ndarray] if settings.use_kernels else None
    return np.add if kernel is None else kernel.forward


ADD = kernels_of("add")
ABOUT_SHAPES = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj}
# what gives arrays is noted; what gives Python's values cannot be
NOTED = (
    "__getitem__ all any argmax argmin argsort astype clip copy cumprod cumsum diagonal dot flatten "
    "max mean min nonzero prod ravel repeat reshape round squeeze std sum swapaxes take trace "
    "transpose var"
)
READ = "__array__ __bool__ __contains__ __float__ __index__ __int__ __iter__ item tobytes tolist"


def _noting(name: str) -> Callable[..., Any]:
    def method(self: TracedArray, *args: Any, **kwargs: Any) -> Any:
        function = getattr(plain(self), name)
        return _noted(function, args, kwargs, owner=self)

    return method


def _refusing(name: str) -> Callable[..., Any]:
    def method(self: TracedArray, *args: Any, **kwargs: Any) -> Any:
        _refuse(f"Python read a value of an array ({name.strip('_')})")
        return getattr(plain(self), name)(*plain(args), **plain(kwargs))

    return method


for _name in NOTED.split():
    setattr(TracedArray, _name, _noting(_name))
for _name in READ.split():
    setattr(TracedArray, _name, _refusing(_name))


def _noted(function: Any, args: Any, kwargs: Any, owner: Any = None) -> Any:
    """function(*args, **kwargs), noted by the recorder that is at work, if there is one."""
    recorder = settings.recorder
    if recorder is None:
        return function(*plain(args), **plain(kwargs))
    return recorder.call(function, args, kwargs, owner=owner)


def _refuse(reason: str) -> None:
    if settings.recorder is not None:
        settings.recorder.refuse(reason)


def plain(x: Any) -> Any:
    """x with plain arrays for TracedArrays, also in lists, tuples and dicts.

    Args:
        x: Anything.
    """
    if x.__class__ is TracedArray:
        if x.name:
            return x.plain
        _refuse("an array came out of a call that is not known")
        return x.view(np.ndarray)
    if x.__class__ in SEQUENCES:
        return x.__class__([plain(item) for item in x])
    if x.__class__ is dict:
        return {key: plain(value) for key, value in x.items()}
    if x.__class__ is Residuals:
        return x.plain
    if _is_named_tuple(x):
        recorder = settings.recorder
        known = None if recorder is None else recorder.opaque.get(id(x))
        return x.__class__(*map(plain, x)) if known is None else known
    return x


def _is_named_tuple(x: Any) -> bool:
    return isinstance(x, tuple) and x.__class__ is not tuple


# ---- the program ---------------------------------------------------------------------------------


class Line(NamedTuple):
    """One call of a program.

    Attributes:
        targets: The names of its results.
        text: The call.
        reads: The names in it.
        has_effect: True if it stays even where nobody reads its results.
        unpacks: True if its results come in a tuple, or list.
    """

    targets: tuple[str, ...]
    text: str
    reads: frozenset[str]
    has_effect: bool
    unpacks: bool


class Residuals(NamedTuple):
    """What a kernel keeps for its backward.

    Attributes:
        name: Its name in the program.
        plain: What it is.
    """

    name: str
    plain: Any


class Recorder:
    """Writes down the calls of one step.

    Args:
        parameters: The parameters of the model; the program reads their arrays anew each time.
        generators: What the layers may draw from, besides the generator behind minigrad.seed.
    """

    def __init__(
        self, parameters: Sequence[Parameter], generators: Sequence[np.random.Generator] = ()
    ) -> None:
        self.refusal = ""
        self.parameters, self.generators = parameters, generators
        self._states = ""  # of the generators, as they were left by the calls that are known
        self.check_draws()
        self.lines: list[Line] = []
        self.has_effects = False
        self.bound: dict[str, Any] = {}  # functions and constants by their names in the program
        self.inputs: list[str] = []
        self._names: dict[int, str] = {}  # by id: bound objects, and results that are no arrays
        self._kept: list[Any] = []  # so that no id is used twice
        self._nodes: dict[Node, tuple[Any, list[Any], Any]] = {}  # residuals, inputs, settings
        self._parameters = {id(p): f"p{i}" for i, p in enumerate(parameters)}
        self.bound.update({f"P{i}": p for i, p in enumerate(parameters)})
        self._counts: dict[str, int] = {}
        # by id: the arrays whose memory traced arrays have
        self._owners: WeakValueDictionary[int, Any] = WeakValueDictionary()
        self.opaque: dict[int, Any] = {}  # by id: named tuples of arrays, as a call gave them

    def refuse(self, reason: str) -> None:
        """Note why the step cannot be written down; the first reason stays.

        Args:
            reason: What was met.
        """
        self.refusal = self.refusal or reason

    def check_draws(self, is_known: bool = True) -> None:
        """Note how the generators stand.

        Args:
            is_known: False refuses the step if one of them has moved since the last look.
        """
        states = str([g.bit_generator.state for g in (generator(), *self.generators)])
        if not is_known and states != self._states:
            self.refuse("the step draws random numbers that cannot be drawn again")
        self._states = states

    def input(self, name: str, array: Any) -> Any:
        """An array of the batch as an argument of the program.

        Args:
            name: A first part of its name.
            array: The array, or None.
        """
        if array is None:
            return None
        name = self._new_name(name)
        self.inputs.append(name)
        return self._traced(array, name)

    def call(
        self,
        function: Any,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        owner: Any = None,
        has_effect: bool = False,
    ) -> Any:
        """The result of a call on arrays, which is noted.

        Args:
            function: What is called.
            args: Its arguments by position: arrays, Tensors and settings.
            kwargs: Its arguments by keyword.
            owner: The array whose method it is, or None.
            has_effect: True if it does more than give its result.
        """
        texts = self._texts(args, kwargs)
        callee = self._text(function)
        if owner is not None:
            callee = f"{self._text(owner)}.{function.__name__}"
        values = plain(_arrays_of_tensors(args)), plain(_arrays_of_tensors(kwargs))
        if has_effect:
            self.check_draws(is_known=False)
        result = self._aside(function, *values[0], **values[1])
        if has_effect:
            self.check_draws()
        traced, targets = self._results(result, "v")
        is_tuple = result.__class__ is tuple
        self._add(targets, f"{callee}({', '.join(texts)})", has_effect, is_tuple)
        return traced

    def _aside(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """function(*args, **kwargs), of whose own calls nothing is noted."""
        settings.recorder = None
        try:
            return function(*args, **kwargs)
        finally:
            settings.recorder = self

    # ---- ops -------------------------------------------------------------------------------------

    def call_op(self, op: Primitive[Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """What Primitive.__call__ does, with the call noted.

        Args:
            op: The op.
            args: Its inputs.
            kwargs: Its settings.
        """
        try:
            y = call_converted(op, args, kwargs)
            if y is not NotImplemented:
                return y
            arrays = [self.array_of(a) for a in args]
            settings_ = plain(kwargs)
            forward: Any = op.forward
            if op.kernel:
                forward = op._select_forward(plain(arrays[0]), settings_)
            if forward is None:
                return op.forward(*args, **kwargs)
            tensors = [a for a in args if isinstance(a, Tensor)]
            if not tensors:
                return self._call_on_arrays(op, forward, args, kwargs)
            if any(not isinstance(a, Tensor) and a.__class__ not in SCALARS for a in args):
                promoted = promote_inputs(op.name, args)
                arrays = [
                    array if isinstance(a, Tensor) else new
                    for a, array, new in zip(args, arrays, promoted)
                ]
            y, residuals = self._call_forward(op, forward, arrays, kwargs)
        except FORWARD_ERRORS as cause:
            return call_by_name(op, args, kwargs, cause)
        array: Any = y
        if not op.is_fused and y.dtype is FLOAT64 and "dtype" not in kwargs and is_promoted(arrays):
            arrays = cast_integers(arrays)
            array = residuals = y.astype(real_dtype(arrays))
        node = None
        parents = [a.node if isinstance(a, Tensor) else None for a in args]
        if any(parents) and settings.recording and not op.constant:
            node = op._record(parents, plain(arrays), settings_, plain(residuals))
            inputs = [
                kept if kept is None or kept.__class__ is ShapeDtype else a
                for kept, a in zip(node.inputs, arrays)
            ]
            self._nodes[node] = residuals if op.saves_output else None, inputs, kwargs
        return wrap(array, node)

    def array_of(self, a: Any) -> Any:
        """The array of an argument; that of a parameter gets its name.

        Args:
            a: A Tensor; all else stays as it is.
        """
        if not isinstance(a, Tensor):
            return a
        name = self._parameters.get(id(a))
        return a._array if name is None else self._traced(a._array, name)

    def _call_on_arrays(self, op: Any, forward: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """The call of an op on arrays alone."""
        if args[0].__class__ in LISTS or args[-1].__class__ in LISTS:
            args = as_arrays(args)
        y, _ = self._call_forward(op, forward, args, kwargs)
        return y if op.is_fused else narrow(y, args, kwargs)

    def _call_forward(
        self, op: Any, forward: Any, arrays: Any, kwargs: dict[str, Any]
    ) -> tuple[Any, Any]:
        """(output, residuals) of a forward on arrays."""
        text = f"{self._text(forward)}({', '.join(self._texts(arrays, kwargs))})"
        y = self._aside(forward, *plain(list(arrays)), **plain(kwargs))
        if not op.is_fused:
            traced, targets = self._results(y, "v")
            self._add(targets, text, unpacks=y.__class__ is tuple)
            return traced, traced
        y, residuals = y
        traced, targets = self._results(y, "v")
        named = Residuals(self._new_name("r"), residuals)
        self._add((*targets, named.name), text, unpacks=True)
        return traced, named

    # ---- gradients -------------------------------------------------------------------------------

    def knows(self, node: Node) -> bool:
        """True if the call of a node was noted, and its gradients were not.

        Args:
            node: The node.
        """
        return node in self._nodes

    def call_vjp(self, op: Primitive[Any], node: Node, g: Any, needed: set[Node]) -> list[Any]:
        """What `vjp` does on arrays, with the calls of the rules noted.

        Args:
            op: The op.
            node: Its call.
            g: The gradient of its output.
            needed: The nodes whose gradients are wanted.
        """
        residuals, inputs, kwargs = self._nodes.pop(node)
        arguments = [g, residuals, *inputs]
        if not op.is_fused:
            return [
                (parent, self._call_rule(rule, f"{op.name}_rule_{i}", arguments, kwargs))
                for i, (parent, rule) in enumerate(zip(node.parents, op.rules))
                if parent in needed and rule is not None
            ]
        backward: Any = op.kernels[plain(g).__class__].backward  # type: ignore[union-attr]
        text = f"{self._text(backward)}({', '.join(self._texts(arguments, kwargs))})"
        gradients = self._aside(backward, *plain(arguments), **node.kwargs)
        targets = tuple(self._new_name("d") for _ in gradients)
        self._add(targets, text, unpacks=True)
        return [
            (parent, self._one_gradient(name, gradient))
            for parent, name, gradient in zip(node.parents, targets, gradients)
            if parent in needed
        ]

    def _call_rule(self, rule: Any, name: str, arguments: list[Any], kwargs: Any) -> Any:
        """The gradient that a rule gives: of small arrays by the calls that the rule makes."""
        if all(getattr(a, "size", 0) <= SMALL for a in plain(arguments)):
            count, refusal = len(self.lines), self.refusal
            gradient = rule(*arguments, **kwargs)
            is_array = isinstance(gradient, (np.ndarray, np.generic))
            array = plain(gradient)
            if self.refusal == refusal:
                return self._traced(array, self._text(gradient)) if is_array else gradient
            self.lines, self.refusal = self.lines[:count], refusal  # it is one call
        text = f"{self._text(rule, name)}({', '.join(self._texts(arguments, kwargs))})"
        gradient = self._aside(rule, *plain(arguments), **plain(kwargs))
        traced, targets = self._results(gradient, "g")
        self._add(targets, text)
        return traced

    def _one_gradient(self, name: str, gradient: Any) -> Any:
        """A gradient that a kernel gave; one that it gave as a function is computed now."""
        if not callable(gradient):
            return None if gradient is None else self._traced(gradient, name)
        traced, targets = self._results(self._aside(gradient), "g")
        self._add(targets, f"{name}()")
        return traced

    # ---- names -----------------------------------------------------------------------------------

    def _new_name(self, stem: str) -> str:
        """The stem with a number behind it."""
        stem = re.sub(r"\W", "_", stem).strip("_") or "function"
        stem = f"{stem}_" if keyword.iskeyword(stem) or stem[-1].isdigit() else stem
        self._counts[stem] = self._counts.get(stem, -1) + 1
        return f"{stem}{self._counts[stem]}"

    def _traced(self, array: Any, name: str) -> Any:
        """The array, under a name."""
        traced = np.asarray(array).view(TracedArray)
        traced.name, traced.plain = name, array
        if name not in self.bound:
            owner = base_array(np.asarray(array))
            self._owners[id(owner)] = owner
        return traced

    def _results(self, result: Any, stem: str) -> tuple[Any, tuple[str, ...]]:
        """A result with names for its arrays, and these names."""
        if result.__class__ is tuple:
            parts = [self._results(item, stem) for item in result]
            return tuple(part for part, _ in parts), tuple(name for _, (name,) in parts)
        name = self._new_name(stem)
        if isinstance(result, (np.ndarray, np.generic)):
            return self._traced(result, name), (name,)
        if _is_named_tuple(result):  # its parts may be used by calls alone, not by Python
            hidden = result.__class__(*map(self._hidden, result))
            self._name(hidden, name)
            self.opaque[id(hidden)] = result
            return hidden, (name,)
        if result is not None:
            self.refuse("Python read a value of an array")
        return result, (name,)

    def _hidden(self, array: Any) -> Any:
        return None if array is None else self._traced(array, "")

    def _name(self, thing: Any, name: str) -> None:
        self._names[id(thing)] = name
        self._kept.append(thing)

    def _texts(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[str]:
        return [*map(self._text, args), *self._keywords(kwargs)]

    def _keywords(self, kwargs: dict[str, Any]) -> Iterator[str]:
        return (f"{key}={self._text(value)}" for key, value in kwargs.items())

    def _text(self, x: Any, stem: str = "") -> str:
        """x as the program writes it: a name, a literal, or a list or tuple of them."""
        if isinstance(x, Tensor):
            x = self.array_of(x)
        if x.__class__ is TracedArray or x.__class__ is Residuals:
            return x.name or "unknown"
        if x.__class__ in LITERALS and not (x.__class__ is float and not np.isfinite(x)):
            return repr(x)
        if _is_named_tuple(x) and id(x) not in self._names and _holds_traced(tuple(x)):
            return f"{self._text(x.__class__)}({', '.join(map(self._text, x))})"
        if x.__class__ in SEQUENCES and _holds_traced(x):
            return SEQUENCES[x.__class__].format("".join(f"{self._text(item)}, " for item in x))
        if id(x) not in self._names:
            if isinstance(x, np.ndarray) and id(base_array(x)) in self._owners:
                self.refuse("an array came out of a call that is not known")
            name = self._new_name(stem or getattr(x, "__name__", "constant"))
            self.bound[name] = x
            self._name(x, name)
        return self._names[id(x)]

    def _add(
        self, targets: tuple[str, ...], text: str, has_effect: bool = False, unpacks: bool = False
    ) -> None:
        self.has_effects = self.has_effects or has_effect
        reads = frozenset(NAME.findall(text))
        self.lines.append(Line(targets, text, reads, has_effect, unpacks))

    # ---- the text --------------------------------------------------------------------------------

    def source(self, results: Sequence[Any]) -> str:
        """The step as a function of the arrays of a batch.

        Args:
            results: What it returns: traced arrays, or None.
        """
        ends = [self._text(x) for x in results]
        wanted = set(ends)
        kept: list[Line] = []
        for line in reversed(self.lines):
            if line.has_effect or not wanted.isdisjoint(line.targets):
                kept.append(line)
                wanted |= line.reads
        body = [f"p{i} = P{i}._array" for i in range(len(self._parameters)) if f"p{i}" in wanted]
        body += _with_deletions(kept[::-1], set(ends))
        head = f"def step({', '.join(self.inputs)}):"
        return "\n    ".join([head, *body, f"return [{', '.join(ends)}]"]) + "\n"


NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")


def _with_deletions(lines: Sequence[Line], kept: set[str]) -> list[str]:
    """The texts of the lines, with values deleted as soon as no later line reads them."""
    body: list[str] = []
    alive = set(kept)
    made = {name for line in lines for name in line.targets}
    for line in reversed(lines):
        finished = sorted((made & line.reads | {*line.targets}) - alive)
        if finished:
            body.append(f"del {', '.join(finished)}")
        alive |= line.reads
        targets = ", ".join(line.targets) + "," * (line.unpacks and len(line.targets) == 1)
        body.append(f"{targets} = {line.text}" if targets else line.text)
    return body[::-1]


def _holds_traced(x: Any) -> bool:
    """True if a TracedArray, or a Tensor, is in nested lists and tuples."""
    if x.__class__ in SEQUENCES:
        return any(map(_holds_traced, x))
    return x.__class__ is TracedArray or isinstance(x, Tensor)


def _arrays_of_tensors(x: Any) -> Any:
    """x with the arrays of Tensors in their place."""
    if isinstance(x, Tensor):
        return x._array
    if x.__class__ in SEQUENCES:
        return x.__class__([_arrays_of_tensors(item) for item in x])
    if x.__class__ is dict:
        return {key: _arrays_of_tensors(value) for key, value in x.items()}
    return x


# ---- observing ops -------------------------------------------------------------------------------


def _recorded_call(op: Any, *args: Any, **kwargs: Any) -> Any:
    recorder = settings.recorder
    if recorder is None:
        _stop_observing()
    if recorder is None or is_symbolic(args):
        return _ordinary[Primitive, "__call__"](op, *args, **kwargs)
    return recorder.call_op(op, args, kwargs)


def _recorded_vjp(op: Any, node: Node, g: Any, needed: set[Node], create_graph: bool) -> Any:
    recorder = settings.recorder
    if recorder is None or create_graph or not recorder.knows(node):
        _refuse("gradients are taken twice, or recorded themselves")
        kind = FusedOp if op.is_fused else Primitive
        return _ordinary[kind, "vjp"](op, node, g, needed, create_graph)
    return recorder.call_vjp(op, node, g, needed)


def _recorded_data(tensor: Tensor) -> Any:
    recorder = settings.recorder
    return tensor._array if recorder is None else recorder.array_of(tensor)


def _recorded_array(tensor: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(tensor, Parameter):
        _refuse(f"Python read the values of the parameter {tensor.name}")
    return _ordinary[Tensor, "numpy"](tensor, *args, **kwargs)


def _recorded_assignment(tensor: Tensor, value: Any) -> None:
    _refuse("a parameter is assigned in the step")
    _ordinary[Tensor, "data"].fset(tensor, plain(_arrays_of_tensors(value)))


def _recorded_item(tensor: Tensor, index: Any, value: Any) -> None:
    _refuse("a parameter is assigned in the step")
    index, value = plain(_arrays_of_tensors(index)), plain(_arrays_of_tensors(value))
    _ordinary[Tensor, "__setitem__"](tensor, index, value)


OBSERVED: dict[tuple[type, str], Any] = {
    (Primitive, "__call__"): _recorded_call,
    (Primitive, "vjp"): _recorded_vjp,
    (FusedOp, "vjp"): _recorded_vjp,
    (Tensor, "data"): property(_recorded_data, _recorded_assignment),
    (Tensor, "numpy"): _recorded_array,
    (Tensor, "__setitem__"): _recorded_item,
}
_ordinary: dict[tuple[type, str], Any] = {}  # what OBSERVED takes the place of
_recording: WeakSet[Recorder] = WeakSet()  # those at work, in all threads
_lock = Lock()


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """`with recording(recorder):` this thread's ops are noted. Outside of it nothing pays for it.

    Args:
        recorder: The recorder.
    """
    try:
        with _lock:
            _recording.add(recorder)
            for (kind, name), observed in OBSERVED.items():
                if vars(kind)[name] is not observed:
                    _ordinary[kind, name] = vars(kind)[name]
                    setattr(kind, name, observed)
        settings.recorder = recorder
        yield
    finally:
        settings.recorder = None
        _recording.discard(recorder)
        _stop_observing()


def _stop_observing() -> None:
    """Put back what OBSERVED took the place of, unless a recorder is at work in some thread.

    An op asks for it, too: an interrupt may have kept a recorder from it.
    """
    with _lock:
        if not _recording:
            for (kind, name), ordinary in _ordinary.items():
                setattr(kind, name, ordinary)
