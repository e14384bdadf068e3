"""Reverse-mode differentiation of every order.

    y = op(x)            the Primitive computes the array and leaves a Node behind
    y.backward()         visits the nodes from y back, newest first, and applies their ops' rules
    grad(y, [x], create_graph=True)   the same on Tensors, so the gradient is itself recorded

This file knows no op; they stand in ops/, each with its gradient rules below it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, wraps
from itertools import count
from operator import attrgetter
from typing import Any, Generic, ParamSpec, TypeVar, overload

from ..arguments import explains_arguments
from ..backend import FLOAT32, FLOAT64, SCALARS, backend
from ..config import Scope, settings
from .errors import FORWARD_ERRORS, call_by_name
from .graph import Node, base_array, ledger
from .kernel_table import kernels_of
from .promotion import (
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
from .symbolic import SymbolicTensor, is_symbolic, record
from .tensor import Tensor, wrap

P = ParamSpec("P")
R = TypeVar("R")
Rule = Callable[..., Any]
LISTS_AND_SYMBOLS = LISTS | {SymbolicTensor}


# ---- ops ---------------------------------------------------------------------------------------


class VariadicRule:
    """One gradient rule for all inputs of an op that takes any number of them.

    Args:
        rule: rule(g, y, *inputs, i=index, **settings) -> the gradient of input i.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __iter__(self) -> Iterator[Rule]:
        return (partial(self.rule, i=i) for i in count())


class Primitive(Generic[P]):
    """An op: a function of arrays and settings, with a gradient rule per array.

    Arrays go by position, settings by keyword, or behind the arrays. Given plain arrays it returns
    a plain array; given a Tensor it returns one, and records the call if gradients flow.

    Args:
        forward: The function. Its name and docstring are the op's.
        kernel: The name of its fast form in the kernel table, if it has one.
    """

    registry: list[Primitive[Any]] = []
    is_fused = False

    def __init__(self, forward: Callable[P, Any], kernel: str = "") -> None:
        self.forward = forward
        self.kernel = kernel
        self.kernels = kernels_of(kernel)
        self.name = self.label = forward.__name__.strip("_")  # the label is for errors
        self.__name__ = forward.__name__
        self.__doc__ = forward.__doc__
        self.__module__ = forward.__module__
        self.__wrapped__ = forward
        self.rules: Iterable[Rule | None] = ()
        self.constant = False  # True: no gradient flows, nothing is recorded
        self.casts: Callable[..., Any] | None = None  # what `real` and `accumulates` cast
        self.cast_count = 0  # the number of inputs before the first that they keep
        self.saves_output = True
        # the inputs that no rule reads, and those of which only the shape is read (None: all)
        self.unused_inputs: Sequence[int] = ()
        self.shape_inputs: Sequence[int] | None = ()
        self.factors: Sequence[Any] = ()  # (i, j): input i is read for the gradient of input j
        Primitive.registry.append(self)

    def gradients(
        self, *rules: Rule | VariadicRule | None, needs: str | None = None
    ) -> Primitive[P]:
        """Give the gradient rules.

        Args:
            rules: One per array: rule(g, y, *inputs, **settings), written with operators and ops
                alone, where g is the incoming gradient and y the output; None for an array without
                gradient. A VariadicRule stands for all.
            needs: What the rules read, in the names of the forward's arguments: "y" is the output,
                "x" the input x, "x.shape" only its shape and dtype, "x:w" x where w has a gradient
                and its shape elsewhere. What is not named is not kept in memory. None keeps all.
        """
        variadic = isinstance(rules[0], VariadicRule)
        self.rules = rules[0] if variadic else rules  # type: ignore[assignment]
        self.constant = not any(rules)
        if needs is not None:
            self._declare_needs(needs.split())
        return self

    def _declare_needs(self, names: list[str]) -> None:
        code = self.forward.__code__  # type: ignore[attr-defined]
        inputs = code.co_varnames[: code.co_argcount]
        self.saves_output = "y" in names
        self.shape_inputs = [i for i, name in enumerate(inputs) if f"{name}.shape" in names]
        self.factors = [[*map(inputs.index, name.split(":"))] for name in names if ":" in name]
        read = {*names, *(inputs[i] for i in (*self.shape_inputs, *(i for i, _ in self.factors)))}
        self.unused_inputs = [i for i, name in enumerate(inputs) if name not in read]
        if code.co_flags & inspect.CO_VARARGS:
            variadic = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
            if f"{variadic}.shape" in names:
                self.shape_inputs = None

    def vjp(
        self, node: Node, g: Any, needed: set[Node], create_graph: bool
    ) -> list[tuple[Node, Any]]:
        """(input node, gradient) for each input of a call that needs one, by the gradient rules.

        The rules get arrays, or Tensors when the backward pass is itself recorded.
        """
        inputs, y = node.inputs, node.residuals
        if inputs is None or not self.rules:
            raise _no_gradients(node)
        if create_graph:
            inputs = _reattach(node)
            y = None if y is None else wrap(y, node)
        return [
            (parent, rule(g, y, *inputs, **node.kwargs))
            for parent, rule in zip(node.parents, self.rules)
            if parent in needed and rule is not None
        ]

    def _select_forward(self, x: Any, kwargs: dict[str, Any]) -> Callable[..., Any] | None:
        """The kernel for an array x, else the forward; None for a fused op without one."""
        kernel = self.kernels[x.__class__] if settings.use_kernels else None
        if kernel and (kernel.supports is None or kernel.supports(**kwargs)):
            return kernel.forward
        return None if self.is_fused else self.forward

    def __reduce__(self) -> str:
        """An op is copied and pickled by name, as a function is."""
        return self.__name__

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    # One function, because every op of every step passes here and a call costs as much as a branch.
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: C901, PLR0915
        try:
            arrays: list[Any] = []
            parents: list[Node | None] = []
            has_tensor = mixed = recorded = other_dtype = False
            for a in args:
                if isinstance(a, Tensor):
                    arrays.append(a._array)
                    parents.append(a.node)
                    has_tensor = True
                    recorded = recorded or a.node is not None
                    other_dtype = other_dtype or a._array.dtype is not FLOAT32
                else:
                    arrays.append(a)
                    parents.append(None)
                    if a.__class__ not in SCALARS:
                        if a.__class__ in LISTS_AND_SYMBOLS and is_symbolic(a):
                            return record(self, args, kwargs)
                        other_dtype = True
                        # not integers beside an array of their kind
                        mixed = mixed or not (
                            has_tensor
                            and a.__class__ is arrays[0].__class__
                            and a.dtype.kind in "iub"  # type: ignore[attr-defined]
                        )
            if (other_dtype and self.cast_count) or kwargs:
                y = call_converted(self, args, kwargs)
                if y is not NotImplemented:
                    return y
            forward: Any = self._select_forward(arrays[0], kwargs) if self.kernel else self.forward
            if forward is None or not has_tensor:
                return self._compute(forward, args, kwargs)
            if mixed:
                arrays = promote_inputs(self.name, args)
            y = residuals = forward(*arrays, **kwargs)
            if self.is_fused:
                y, residuals = y
            elif y.dtype is FLOAT64 and "dtype" not in kwargs and is_promoted(arrays):
                arrays = cast_integers(arrays)
                y = residuals = y.astype(real_dtype(arrays))
        except FORWARD_ERRORS as cause:
            return call_by_name(self, args, kwargs, cause)
        recorded = recorded and settings.recording and not self.constant
        node = self._record(parents, arrays, kwargs, residuals) if recorded else None
        if settings.observer:
            settings.observer.after_op(self, y, args, kwargs, node)
        result = Tensor.__new__(Tensor)  # wrap(y, node), inlined: every op passes here
        result._array = y
        result.node = node
        result.mask = None
        return result

    def _compute(self, forward: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """The call of a definition, or on arrays and lists of numbers alone: arrays in and out."""
        if forward is None:
            return self.forward(*args, **kwargs)
        if args[0].__class__ in LISTS or args[-1].__class__ in LISTS:
            args = as_arrays(args)
        y = forward(*args, **kwargs)
        return y[0] if self.is_fused else narrow(y, args, kwargs)

    def _record(self, parents: Any, arrays: list[Any], kwargs: Any, residuals: Any) -> Node:
        """The node of a call, which keeps what the gradient rules read and nothing else."""
        for i in self.unused_inputs:
            arrays[i] = None
        for i in range(len(arrays)) if self.shape_inputs is None else self.shape_inputs:
            arrays[i] = ShapeDtype(arrays[i])
        for i, j in self.factors:
            arrays[i] = arrays[i] if parents[j] else ShapeDtype(arrays[i])
        return Node(self, parents, arrays, kwargs, residuals if self.saves_output else None)


class FusedOp(Primitive[P]):
    """An op that is defined by other ops, and that a kernel runs as a single node.

    The kernel gives output and gradients in the fast pass. When the backward pass is itself
    recorded, the definition is run again and differentiated instead: it is documentation, test
    oracle and higher-order gradient in one. Without a kernel the op is its definition.
    """

    is_fused = True

    def vjp(
        self, node: Node, g: Any, needed: set[Node], create_graph: bool
    ) -> list[tuple[Node, Any]]:
        """(input node, gradient) by the kernel's backward, or by the definition if recorded."""
        if node.inputs is None:
            raise _no_gradients(node)
        if create_graph:
            gradients = self._vjp_of_definition(node, g)
        else:
            kernel: Any = self.kernels[g.__class__]
            gradients = kernel.backward(g, node.residuals, *node.inputs, **node.kwargs)
        return [
            (parent, gradient() if callable(gradient) else gradient)
            for parent, gradient in zip(node.parents, gradients)
            if parent in needed
        ]

    def _vjp_of_definition(self, node: Node, g: Tensor) -> list[Any]:
        has_gradient = [parent is not None for parent in node.parents]
        fresh = [alias(x) if has else x for x, has in zip(_reattach(node), has_gradient)]
        targets = [x for x, has in zip(fresh, has_gradient) if has]
        y = self.forward(*fresh, **node.kwargs)
        found = _backpropagate(y, g, {x.node for x in targets}, True, True)
        return [found.get(x.node) if has else None for x, has in zip(fresh, has_gradient)]


@overload
def primitive(forward: Callable[P, Any]) -> Primitive[P]: ...
@overload
def primitive(*, kernel: str) -> Callable[[Callable[P, Any]], Primitive[P]]: ...
def primitive(forward: Callable[P, Any] | None = None, *, kernel: str = "") -> Any:
    """Make an op of a function of arrays; give its gradient rules with `.gradients(...)`.

    Args:
        forward: The function: arrays by position, settings by keyword.
        kernel: The name of its fast form in the kernel table, if it has one.

    Example:
        >>> @minigrad.primitive
        ... def cube(x):
        ...     return x * x * x
        >>> _ = cube.gradients(lambda g, y, x: g * (3 * x * x), needs="x")
        >>> x = minigrad.Tensor(2.0, requires_grad=True)
        >>> cube(x).backward()
        >>> float(x.grad)
        12.0
    """
    if forward is None:
        return partial(Primitive, kernel=kernel)
    return Primitive(forward, kernel)


def fused(*, kernel: str) -> Callable[[Callable[P, Any]], FusedOp[P]]:
    """Make an op of its definition, which is written with other ops, and of a kernel in the table.

    Args:
        kernel: The name of its fast form, forward and backward, in the kernel table.

    Example:
        >>> @fused(kernel="silu")
        ... def silu(x):
        ...     return x * minigrad.sigmoid(x)
        >>> silu(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.731])
    """
    return partial(FusedOp, kernel=kernel)


def composite(function: Callable[P, R]) -> Callable[P, R]:
    """Make an op of a function that calls other ops: its errors name it, not what it calls.

    Lists of numbers among the arguments by position become arrays, as in a Primitive.

    Args:
        function: Arrays by position, settings by keyword.

    Example:
        >>> @composite
        ... def cosine(a, b):
        ...     return minigrad.sum(a * b) / minigrad.sqrt(minigrad.sum(a * a) * minigrad.sum(b * b))
        >>> cosine(minigrad.Tensor([1.0, 0.0]), minigrad.Tensor([1.0, 2.0, 3.0]))
        Traceback (most recent call last):
            ...
        ValueError: cosine(float32[2], float32[3]): shapes (2,) and (3,) do not broadcast: ...
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            for a in args:
                if a.__class__ in LISTS_AND_SYMBOLS:
                    if is_symbolic(args):
                        return record(call, args, kwargs)
                    return function(*as_arrays(args), **kwargs)  # type: ignore[arg-type]
            return function(*args, **kwargs)
        except FORWARD_ERRORS as cause:
            return call_by_name(call, args, kwargs, cause)

    return call


# ---- the backward pass -------------------------------------------------------------------------


@explains_arguments
def grad(
    y: Tensor,
    xs: Sequence[Tensor],
    cotangent: Any = None,
    create_graph: bool = False,
    retain_graph: bool = True,
    unused: str = "raise",
) -> list[Any]:
    """The gradients of y with respect to each of xs, each in the dtype of its x.

    Args:
        y: The Tensor to differentiate.
        xs: A list of Tensors that require gradients.
        cotangent: The gradient that arrives at y, an array of its shape; None for ones.
        create_graph: Record the gradients themselves, so that they can be differentiated again.
        retain_graph: False frees the graph on the way.
        unused: What to do with an x that y does not depend on: "raise", "zeros" for a gradient of
            zeros, or "none" for None in its place.

    Raises:
        ValueError: If y depends on no Tensor that requires gradients, or not on one of xs.
        TypeError: If xs is a Tensor, not a list.

    Example:
        >>> x = minigrad.Tensor([1.0, 2.0], requires_grad=True)
        >>> (slope,) = grad((x * x).sum(), [x])
        >>> slope.numpy()
        array([2., 4.], dtype=float32)
    """
    if isinstance(xs, Tensor):
        raise TypeError("grad: the second argument is a list of Tensors: grad(y, [x])")
    if unused not in UNUSED:
        raise ValueError(f"grad: unused must be one of {', '.join(UNUSED)}, not {unused!r}")
    nodes = [x.node for x in xs]
    if not all(nodes):
        _refuse_constant(xs)
    found: dict[Node, Any] = {}
    if getattr(y, "node", None) is not None and nodes:
        found = _backpropagate(y, cotangent, set(nodes), create_graph, retain_graph)
    if unused == "raise":
        _check_all_found(y, xs, found)
    gradients: list[Any] = []
    for x in xs:
        g = found.get(x.node)
        if g is None and unused == "zeros":
            g = backend(x._array).zeros_like(x._array)
        elif g is not None and g.dtype != x._array.dtype:  # x met a wider dtype
            g = g.astype(x._array.dtype)
        gradients.append(g if g is None or isinstance(g, Tensor) else wrap(g, None))
    return gradients


UNUSED = ("raise", "zeros", "none")


def _refuse_constant(xs: Sequence[Tensor]) -> None:
    """Raise the ValueError for the first of xs that does not require gradients."""
    i, x = next((i, x) for i, x in enumerate(xs) if x.node is None)
    raise ValueError(
        f"grad: {_name_of(i, x)} of shape {x.shape} does not require gradients: "
        "make it with requires_grad=True"
    )


def _name_of(i: int, x: Tensor) -> str:
    """xs[i], and the name it has if it is a parameter."""
    name = getattr(x, "name", "")
    return f"xs[{i}] ({name})" if name else f"xs[{i}]"


def _check_all_found(y: Tensor, xs: Sequence[Tensor], found: dict[Node, Any]) -> None:
    if getattr(y, "node", None) is None:
        raise ValueError(
            "grad: y depends on no Tensor that requires gradients (was it computed under no_grad?)"
        )
    for i, x in enumerate(xs):
        if x.node not in found:
            raise ValueError(
                f"grad: y does not depend on {_name_of(i, x)} of shape {x.shape}; "
                "unused='zeros' counts that as zero, unused='none' gives None"
            )


def backward(y: Tensor, cotangent: Any = None, retain_graph: bool = True) -> None:
    """Add the gradient of y to `.grad` of every leaf that y was computed from.

    Args:
        y: The Tensor to differentiate; one number unless a cotangent is given.
        cotangent: The gradient that arrives at y, an array of its shape; None for one.
        retain_graph: False frees the graph on the way.

    Raises:
        ValueError: If no input requires gradients, or y is not one number.
    """
    if y.node is None:
        raise ValueError(
            "backward: no Tensor in this computation requires gradients, or it ran under no_grad"
        )
    if cotangent is None and y.size != 1:
        raise ValueError(
            f"backward: a Tensor of shape {y.shape} has no single gradient: reduce it with .sum() "
            "or .mean(), or pass cotangent=, an array of that shape"
        )
    taken = {id(base_array(getattr(cotangent, "_array", cotangent)))}
    leaf: Any
    for leaf, g in _backpropagate(y, cotangent, None, False, retain_graph).items():
        total = g if leaf.grad is None else leaf.grad + g
        g = backend(g).asarray(total, leaf.dtype)
        shared = id(base_array(g)) in taken or 0 in g.strides
        leaf.grad = g.copy() if shared else g  # .grad is a leaf's own, to write to
        taken.add(id(base_array(g)))


def _backpropagate(
    y: Tensor, cotangent: Any, targets: set[Node] | None, create_graph: bool, retain_graph: bool
) -> dict[Node, Any]:
    """Gradients of y at the target nodes, or at all leaves when `targets` is None."""
    calls, needed = _ancestors(y.node, targets)
    if calls and ledger.last > calls[-1].time:
        _check_unchanged(calls)
    gradients: dict[Node, Any] = {y.node: _initial_gradient(y, cotangent, create_graph)}
    recording, observer, group = settings.recording, settings.observer, settings.process_group
    try:
        settings.recording = create_graph
        for node in calls if create_graph or not group else group.watch(calls, gradients, targets):
            g = gradients.pop(node, None)
            if g is None:
                continue
            if targets is not None and node in targets:
                gradients[node] = g  # it stays
            pairs = node.op.vjp(node, g, needed, create_graph)
            if observer:
                observer.after_vjp(node, g, pairs)
            for parent, gradient in pairs:
                if gradient is not None:
                    old = gradients.get(parent)
                    gradients[parent] = gradient if old is None else accumulate(old, gradient)
            if not retain_graph:
                node.inputs = node.residuals = None
    finally:
        settings.recording = recording
    return gradients  # of targets and leaves


def _initial_gradient(y: Tensor, cotangent: Any, create_graph: bool) -> Any:
    """The gradient that arrives at y: ones, or `cotangent` in the dtype and on the device of y."""
    if cotangent is not None:
        g = _as_cotangent(y, cotangent)
        return g if create_graph else g._array
    xp, shape, dtype = backend(y._array), y._array.shape, y._array.dtype
    ones = xp.ones(shape, dtype) if shape else xp.array(1, dtype)  # half the time of ones(())
    return wrap(ones, None) if create_graph else ones


def _as_cotangent(y: Tensor, cotangent: Any) -> Tensor:
    """`cotangent` as a Tensor of the dtype and on the device of y, whose shape it must have."""
    if not isinstance(cotangent, Tensor):
        device = None if getattr(cotangent, "ndim", 0) else y.device
        cotangent = Tensor(cotangent, dtype=y.dtype, device=device)
    if (cotangent.shape, cotangent.device) != (y.shape, y.device):
        raise ValueError(
            f"the cotangent has shape {cotangent.shape} on {cotangent.device}, "
            f"the Tensor {y.shape} on {y.device}: they must be equal"
        )
    return cotangent if cotangent.dtype == y.dtype else cotangent.astype(y.dtype)


def accumulate(old: Any, new: Any) -> Any:
    """The sum of both gradients, for a Tensor that is used twice."""
    return old + new


def _ancestors(root: Node, targets: set[Node] | None) -> tuple[list[Node], set[Node]]:
    """The calls that `root` was computed by, newest first, and all nodes that need gradients.

    With `targets` those are the ones that lead to a target: what is older than the oldest cannot,
    and is not visited. No recursion, so depth has no limit.
    """
    oldest = 0 if targets is None else min([node.time for node in targets])
    seen, stack, calls = {root}, [root], []
    while stack:
        node = stack.pop()
        if node.op is not None:
            calls.append(node)
        for parent in node.parents:
            if parent is not None and parent not in seen and parent.time >= oldest:
                seen.add(parent)
                stack.append(parent)
    calls.sort(key=attrgetter("time"), reverse=True)
    if targets is None:
        return calls, seen
    needed = targets & seen
    for node in reversed(calls):  # oldest first: a call is needed when one of its inputs is
        if not needed.isdisjoint(node.parents):
            needed.add(node)
    return [node for node in calls if node in needed], needed


def _reattach(node: Node) -> list[Any]:
    """The inputs a node keeps as the Tensors they were, so that gradients flow into the graph."""
    return [
        a if parent is None or a is None or a.__class__ is ShapeDtype else wrap(a, parent)
        for a, parent in zip(node.inputs, node.parents)
    ]


def _no_gradients(node: Node) -> Exception:
    name = node.op.name
    if node.inputs is None:
        return RuntimeError(
            f"backward through {name} a second time, but the first pass freed the graph: "
            "pass retain_graph=True to the first"
        )
    return TypeError(f"{name} has no gradient rules: give them with {name}.gradients(...)")


def _check_unchanged(calls: list[Node]) -> None:
    for node in calls:
        for a in (*(node.inputs or ()), node.residuals):
            if ledger.changed_after(a, node.time):
                raise RuntimeError(
                    f"backward: an array of shape {a.shape} that {node.op.name} needs for its "
                    f"gradient was changed in place after {node.op.name} ran; change it after "
                    "backward(), or change a copy"
                )


@primitive
def alias(x: Any) -> Any:
    """The same values under a new name in the graph."""
    return x


alias.gradients(lambda g, y, x: g, needs="")


# ---- modes -------------------------------------------------------------------------------------


class no_grad(Scope):
    """`with no_grad():` computes without recording: nothing is kept for a backward pass.

    Example:
        >>> x = minigrad.Tensor(1.0, requires_grad=True)
        >>> with no_grad():
        ...     y = 2 * x
        >>> y.requires_grad
        False
    """

    def __init__(self) -> None:
        super().__init__(recording=False)
