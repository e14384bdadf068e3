"""Reverse-mode differentiation of every order over arrays it knows nothing about.

    y = op(x)            the Primitive computes the array and leaves a Node behind
    y.backward()         walks the nodes from y back, newest first, and lets each op's rules pull the gradient through
    grad(y, [x], create_graph=True)   the same walk on Tensors, so the gradient is itself recorded

This file knows no op; they stand in ops/, each with its gradient rules below it.
"""

from __future__ import annotations

import inspect
from functools import partial
from itertools import count
from operator import attrgetter
from typing import Any, Callable, Generic, Iterable, Iterator, ParamSpec, Sequence

from ..backend import DOUBLE, PLAIN, Array, backend
from ..config import Scope, settings
from .graph import Node, edits, owner
from .promotion import cast_integers, is_promoted, promote_inputs, with_context
from .tensor import Tensor, wrap


class Each:
    """One rule for all inputs of an op that takes any number of them; it is told which by the keyword i."""

    def __init__(self, rule: Callable[..., Any]) -> None:
        self.rule = rule

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return (partial(self.rule, i=i) for i in count())


P = ParamSpec("P")
Rule = Callable[..., Any]


class Like:
    """Stands for an input whose values no rule reads: only its shape and dtype are remembered."""

    __slots__ = ("shape", "dtype")

    def __init__(self, array: Array) -> None:
        self.shape, self.dtype = getattr(array, "shape", ()), getattr(array, "dtype", None)

    ndim = property(lambda self: len(self.shape))


class Primitive(Generic[P]):
    """An op: a function of arrays (by position) and settings (by keyword), with a gradient rule per array.

    Given plain arrays it returns a plain array; given a Tensor it returns one, and records the call if gradients flow.
    """

    registry: list["Primitive[Any]"] = []

    def __init__(
        self, forward: Callable[P, Any], definition: Callable[..., Any] | None = None
    ) -> None:
        self.forward, self.definition = forward, definition
        self.name, self.__name__ = forward.__name__.strip("_"), forward.__name__
        self.__doc__, self.__wrapped__, self.__module__ = (
            forward.__doc__,
            forward,
            forward.__module__,
        )
        self.rules: Iterable[Rule | None] = ()  # all None: no gradient flows, nothing is recorded
        self.constant = False
        self.kernel_backward: Rule | None = None
        self.keeps_output = True
        self.drops: Sequence[int] = ()  # the inputs that no rule reads,
        self.shapes: (
            Sequence[int] | None
        ) = ()  # and those of which only the shape is read; None: of all
        Primitive.registry.append(self)

    def gradients(self, *rules: Rule | Each | None, needs: str | None = None) -> "Primitive[P]":
        """Give the rules, one per array: rule(g, y, *inputs, **settings), written with operators and ops alone.

        `needs` says what they read, in the names of the forward's arguments: "y" is the output, "x" the input x, "x.shape"
        only its shape and dtype; whatever is not named is not kept in memory. Without `needs` everything is kept.
        """
        self.rules = rules[0] if isinstance(rules[0], Each) else rules  # type: ignore[assignment]
        self.constant = not any(rules)
        if needs is not None:
            names, code = needs.split(), self.forward.__code__  # type: ignore[attr-defined]
            inputs = code.co_varnames[: code.co_argcount]
            self.keeps_output = "y" in names
            self.shapes = [i for i, name in enumerate(inputs) if f"{name}.shape" in names]
            self.drops = [
                i for i, name in enumerate(inputs) if name not in names and i not in self.shapes
            ]
            if (
                code.co_flags & inspect.CO_VARARGS
                and f"{code.co_varnames[code.co_argcount + code.co_kwonlyargcount]}.shape" in names
            ):
                self.shapes = None
        return self

    def backward(self, rule: Rule) -> "Primitive[P]":
        """Give a fused kernel's backward: rule(g, kept, *inputs, **settings) -> a gradient per input.

        None stands for no gradient; a function without arguments is called only if that gradient is needed.
        """
        self.kernel_backward = rule
        return self

    def __reduce__(self) -> str:
        """An op is copied and pickled by name, as a function is."""
        return self.__name__

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __call__(self, *args: P.args, **static: P.kwargs) -> Any:
        arrays: list[Any] = []
        parents: list[Node | None] = []
        tensors = mixed = recorded = False
        a: Any
        for a in args:
            if isinstance(a, Tensor):
                arrays.append(a._array)
                parents.append(a.node)
                tensors = True
                recorded = recorded or a.node is not None
            else:
                arrays.append(a)
                parents.append(None)
                if not (
                    a.__class__ in PLAIN
                    or tensors
                    and arrays[0].__class__ is a.__class__
                    and a.dtype.kind in "iub"
                ):
                    mixed = True  # not a plain number, nor integers beside an array of their kind
        if not tensors:
            y = self.forward(*args, **static)
            return y[0] if self.definition else y
        if mixed:
            arrays = promote_inputs(self.name, args)
        try:
            y = self.forward(*arrays, **static)
            kept = y
            if self.definition:
                y, kept = y
            elif y.dtype is DOUBLE and is_promoted(arrays) and "dtype" not in static:
                arrays = cast_integers(arrays)
                kept = y = self.forward(*arrays, **static)
        except (ValueError, TypeError, IndexError) as cause:
            raise with_context(self.name, arrays, cause) from cause
        if not self.keeps_output:
            kept = None
        node = None
        if recorded and settings.recording and not self.constant:
            for i in self.drops:
                arrays[i] = None
            for i in range(len(arrays)) if self.shapes is None else self.shapes:
                arrays[i] = Like(arrays[i])
            node = Node(self, parents, arrays, static, kept)
        if settings.anomaly_detector:
            settings.anomaly_detector.forward(self, y, args, node)
        result = Tensor.__new__(Tensor)  # wrap(y, node), inlined: every op passes here
        result._array, result.node = y, node
        return result


def primitive(forward: Callable[P, Any]) -> Primitive[P]:
    """Make an op of a function of arrays; give its gradient rules with `.gradients(...)`."""
    return Primitive(forward)


def fused(definition: Callable[..., Any]) -> Callable[[Callable[P, Any]], Primitive[P]]:
    """Make an op of a kernel that returns (output, what its backward wants kept) and must agree with `definition`.

    The kernel's own backward serves the fast pass. When the backward pass is recorded, the definition is run again and
    differentiated instead: it is documentation, test oracle and higher-order gradient in one.
    """
    return lambda forward: Primitive(forward, definition)


# ---- the backward pass ---------------------------------------------------------------------------------------------


def grad(
    y: Tensor,
    xs: Sequence[Tensor],
    seed: Any = None,
    create_graph: bool = False,
    retain_graph: bool = True,
    unused: str = "raise",
) -> list[Tensor]:
    """The gradients of y (times `seed`, default ones) with respect to each of xs, as Tensors.

    With `create_graph` the gradients are recorded themselves and can be differentiated again. An x that y does not
    depend on raises ValueError, or has a gradient of zeros with unused="zeros". `retain_graph=False` frees the graph.
    """
    if isinstance(xs, Tensor):
        raise TypeError("grad: the second argument is a list of Tensors: grad(y, [x])")
    for i, x in enumerate(xs):
        if x.node is None:
            raise ValueError(
                f"grad: xs[{i}] of shape {x.shape} does not require gradients: make it with requires_grad=True"
            )
    if y.node is None and unused == "raise":
        raise ValueError(
            "grad: y depends on no Tensor that requires gradients (was it computed under no_grad?)"
        )
    found = (
        {}
        if y.node is None or not xs
        else _backpropagate(y, seed, {x.node for x in xs}, create_graph, retain_graph)
    )
    gradients = []
    for i, x in enumerate(xs):
        g = found.get(x.node)
        if g is None:
            if unused == "raise":
                raise ValueError(
                    f"grad: y does not depend on xs[{i}] of shape {x.shape}; unused='zeros' counts that as zero"
                )
            g = backend(x).zeros_like(x._array)
        gradients.append(g if isinstance(g, Tensor) else wrap(g, None))
    return gradients


def backward(y: Tensor, seed: Any = None, retain_graph: bool = True) -> None:
    """Add the gradient of y (times `seed`) to `.grad` of every leaf that y was computed from.

    y must hold one number unless `seed`, an array of its shape, is given. `retain_graph=False` frees the graph on the way.
    """
    if y.node is None:
        raise ValueError(
            "backward: no Tensor in this computation requires gradients, or it ran under no_grad"
        )
    if seed is None and y.size != 1:
        raise ValueError(
            f"backward: a Tensor of shape {y.shape} has no single gradient: reduce it with .sum() or .mean(), "
            "or pass seed=, an array of that shape"
        )
    taken = {id(owner(getattr(seed, "_array", seed)))}
    leaf: Any
    for leaf, g in _backpropagate(y, seed, None, False, retain_graph).items():
        g = backend(g).asarray(g if leaf.grad is None else leaf.grad + g)
        leaf.grad = (
            g.copy() if id(owner(g)) in taken or 0 in g.strides else g
        )  # .grad is a leaf's own, to write to
        taken.add(id(owner(g)))


def _backpropagate(
    y: Tensor, seed: Any, targets: set[Node] | None, create_graph: bool, retain_graph: bool
) -> dict[Node, Any]:
    """Gradients of y at the target nodes, or at all leaves when `targets` is None."""
    if seed is None:
        seed = backend(y._array).ones(y._array.shape, y._array.dtype)
    else:
        if not isinstance(seed, Tensor):
            seed = Tensor(
                seed, dtype=y.dtype, device=None if getattr(seed, "ndim", 0) else y.device
            )
        if (seed.shape, seed.device) != (y.shape, y.device):
            raise ValueError(
                f"the seed has shape {seed.shape} on {seed.device}, the Tensor {y.shape} on {y.device}: "
                "they must be equal"
            )
        seed = seed if seed.dtype == y.dtype else seed.astype(y.dtype)
    if create_graph:
        seed = seed if isinstance(seed, Tensor) else wrap(seed, None)
    else:
        seed = getattr(seed, "_array", seed)
    calls, needed = _ancestors(y.node, targets)
    if calls and edits.last > calls[-1].time:
        _check_unchanged(calls)
    pending: dict[Node, Any] = {y.node: seed}
    result: dict[Node, Any] = {}
    was, settings.recording = settings.recording, create_graph
    try:
        for n in calls:
            g = pending.pop(n, None)
            if g is None:
                continue
            if targets is not None and n in targets:
                result[n] = g
            if n.saved is None:
                raise RuntimeError(
                    f"backward through {n.op.name} a second time, but the first pass freed the graph: "
                    "pass retain_graph=True to the first"
                )
            for p, gp in _pull(n, g, needed, create_graph):
                if gp is not None:
                    pending[p] = accumulate(pending[p], gp) if p in pending else gp
            if not retain_graph:
                n.saved = n.kept = None
    finally:
        settings.recording = was
    return result | pending  # at leaves the gradients are still gathered


def accumulate(old: Any, new: Any) -> Any:
    """A Tensor used twice has the sum of both gradients."""
    return old + new


def _ancestors(root: Node, targets: set[Node] | None) -> tuple[list[Node], set[Node]]:
    """The recorded calls that `root` was computed by, newest first, and all nodes whose gradients are needed, leaves included.

    With `targets` those are the ones that lead to a target: what is older than the oldest cannot, and is not visited. No
    recursion, so depth has no limit.
    """
    oldest = 0 if targets is None else min(n.time for n in targets)
    seen, stack, calls = {root}, [root], []
    while stack:
        n = stack.pop()
        if n.op is not None:
            calls.append(n)
        for p in n.parents:
            if p is not None and p not in seen and p.time >= oldest:
                seen.add(p)
                stack.append(p)
    calls.sort(key=attrgetter("time"), reverse=True)
    if targets is None:
        return calls, seen
    needed = targets & seen
    for n in reversed(calls):  # oldest first: a call is needed when one of its inputs is
        for p in n.parents:
            if p in needed:
                needed.add(n)
                break
    return [n for n in calls if n in needed], needed


def _pull(n: Node, g: Any, needed: set[Node], create_graph: bool) -> list[tuple[Node, Any]]:
    """(input node, gradient) for each input of one call that needs one.

    A rule sees arrays, or Tensors when the pull is itself recorded.
    """
    op, xs, y = n.op, n.saved, n.kept
    if create_graph:
        xs = [
            wrap(a, p) if p is not None and a is not None and a.__class__ is not Like else a
            for a, p in zip(xs, n.parents)
        ]
    if op.definition:
        pulled = (
            _pull_definition(n, g, xs)
            if create_graph
            else op.kernel_backward(g, y, *xs, **n.static)
        )
        pairs = [
            (p, gp() if callable(gp) else gp) for p, gp in zip(n.parents, pulled) if p in needed
        ]
    else:
        if create_graph and y is not None:
            y = wrap(y, n)
        pairs = [
            (p, rule(g, y, *xs, **n.static))
            for p, rule in zip(n.parents, op.rules)
            if p in needed and rule is not None
        ]
        if not pairs and not op.rules:
            raise TypeError(
                f"{op.name} has no gradient rules: give them with {op.name}.gradients(...)"
            )
    if settings.anomaly_detector:
        settings.anomaly_detector.pulled(n, [gp for _, gp in pairs])
    return pairs


def _pull_definition(n: Node, g: Tensor, xs: list[Any]) -> list[Any]:
    """The recorded gradients of a fused op: those of its definition, run on fresh aliases of the inputs."""
    fresh = [alias(x) if p is not None else x for x, p in zip(xs, n.parents)]
    asked = [f for f, p in zip(fresh, n.parents) if p is not None]
    got = iter(
        grad(n.op.definition(*fresh, **n.static), asked, seed=g, create_graph=True, unused="zeros")
    )
    return [None if p is None else next(got) for p in n.parents]


def _check_unchanged(calls: list[Node]) -> None:
    for n in calls:
        for a in (*(n.saved or ()), n.kept):
            if edits.after(a, n.time):
                raise RuntimeError(
                    f"backward: an array of shape {a.shape} that {n.op.name} needs for its gradient was changed "
                    f"in place after {n.op.name} ran; change it "
                    "after backward(), or change a copy"
                )


@primitive
def alias(x):
    """The same values under a new name in the graph."""
    return x


alias.gradients(lambda g, y, x: g, needs="")


# ---- modes ---------------------------------------------------------------------------------------------------------


class no_grad(Scope):
    """`with no_grad():` computes without recording: nothing is kept for a backward pass."""

    def __init__(self) -> None:
        super().__init__(recording=False)
