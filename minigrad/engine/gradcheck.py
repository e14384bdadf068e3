"""Gradients checked against differences: check_grads for any function, check_definition for a kernel.

    s(x, v) = sum(v * f(x))         v is random: seeded with ones, a softmax whose gradient is zero would pass
    <ds/dx, u>  against  (s(x + h u) - s(x - h u)) / 2h        along random directions u, in float64

The gradient is a function too, of x and of v, so the same check goes on to the order that is asked for.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Sequence

import numpy as np

from ..backend import Array, backend, device_name, to_cpu
from ..config import default_dtype, to_device
from .autograd import Primitive, grad
from .tensor import Tensor

STEPS = (
    1e-3,
    3e-5,
    1e-6,
)  # a smaller one is tried only where the one before it disagrees: a kink may lie within its reach
Function = Callable[
    [bool], Sequence[Tensor]
]  # of the variables as they stand; True: its result is recorded


class KinkError(AssertionError):
    """The function has no slope at the point where it was to be checked."""


def check_grads(
    f: Callable[..., Any],
    *inputs: Any,
    order: int = 2,
    parameters: Sequence[Tensor] = (),
    rtol: float = 1e-6,
    atol: float = 1e-9,
    float32: bool = True,
    each: int = 9,
    seed: int = 0,
) -> None:
    """Check the gradients of f for every floating input and parameter, alone and all together, up to `order`.

    f takes the inputs (arrays, Tensors, numbers, integer labels) and gives a Tensor or several. The parameters are leaf
    Tensors that f reads; they get their values back. `float32=False` leaves out the check that float32 stays float32;
    in orders above `each` all are checked together, alone only to name what is wrong: for networks of many parameters.
    Raises AssertionError that names the input and its worst element; KinkError where f has no slope.
    """
    name = _name(f)
    for dtype in ("float32", "float64") if float32 else ("float64",):
        with (
            default_dtype(dtype),
            _leaves(inputs, parameters, dtype) as (arguments, variables, labels),
        ):
            if not variables:
                raise ValueError(
                    f"check_grads({name}): no input is a floating array, so there is no gradient to check"
                )
            check = _Check(name, variables, labels, np.random.default_rng(seed), rtol, atol, each)
            if dtype == "float32":
                check.dtypes(_outputs(f, arguments, {}))
            else:
                check.orders(_outputs(f, arguments, {}), 1, order)


def check_definition(
    op: Primitive[Any], *inputs: Any, order: int = 2, seed: int = 0, **settings: Any
) -> None:
    """Check that a fused kernel agrees with its definition: its output, and its gradients in both passes up to `order`.

    Both are run in float64 and in float32. Raises AssertionError that says what differs, where and by how much.
    """
    definition_of = getattr(op, "definition", None)
    if definition_of is None:
        raise TypeError(f"check_definition: {op!r} is not a fused op, so it has no definition")
    for dtype, rtol in (("float64", 1e-9), ("float32", 2e-4)):
        with default_dtype(dtype), _leaves(inputs, (), dtype) as (arguments, variables, labels):
            rng, where = np.random.default_rng(seed), f"check_definition({op.name}), {dtype}"
            kernel, definition = (
                _outputs(op, arguments, settings),
                _outputs(definition_of, arguments, settings),
            )
            _same(kernel(False), definition(False), [f"{where}: output"], rtol)
            for k in range(1, order + 1):
                cotangents = [_cotangent(y, rng) for y in definition(False)]
                kernel, definition = (
                    _gradient(f, variables, cotangents) for f in (kernel, definition)
                )
                said = definition(False)
                _same(
                    kernel(False),
                    said,
                    [f"{where}: fast gradient of order {k} for {a}" for a in labels],
                    rtol,
                )
                _same(
                    kernel(True),
                    said,
                    [f"{where}: recorded gradient of order {k} for {a}" for a in labels],
                    rtol,
                )
                variables, labels = (
                    variables + cotangents,
                    labels + ["the incoming gradient"] * len(cotangents),
                )


# ---- functions of variables ----------------------------------------------------------------------------------------


@contextmanager
def _leaves(
    inputs: Sequence[Any], parameters: Sequence[Tensor], dtype: str
) -> Iterator[tuple[list[Any], list[Tensor], list[str]]]:
    """The arguments for f, with leaf Tensors of `dtype` for floating inputs; all that is variable; what to call it."""
    arguments: list[Any] = list(inputs)
    variables, labels = [], []
    for i, x in enumerate(inputs):
        array = getattr(x, "_array", x)
        if getattr(getattr(array, "dtype", None), "kind", "") == "f":
            arguments[i] = Tensor(
                _laid_out(backend(array).asarray(array).astype(dtype), array), True, dtype
            )
            variables.append(arguments[i])
            labels.append(f"input {i} of shape {array.shape}")
    own = [(p, p._array) for p in parameters]
    for i, p in enumerate(parameters):
        variables.append(p)
        labels.append(f"parameter {getattr(p, 'name', None) or i} of shape {p.shape}")
    try:
        for p, array in own:
            p._array = array.astype(dtype)
        yield arguments, variables, labels
    finally:
        for p, array in own:
            p._array = array


def _laid_out(values: Array, like: Array) -> Array:
    """`values` in memory with gaps, axes in the order of `like`, if `like` is not one plain block; else as they are."""
    if not getattr(like, "ndim", 0) or like.flags.c_contiguous:
        return values
    order = sorted(range(like.ndim), key=lambda i: -abs(like.strides[i]))
    shape = [like.shape[i] for i in order]
    view = backend(values).zeros((*shape[:-1], 2 * shape[-1]), values.dtype)[..., ::2]
    view = view.transpose([order.index(i) for i in range(like.ndim)])
    view[...] = values
    return view


def _outputs(f: Callable[..., Any], arguments: Sequence[Any], settings: dict[str, Any]) -> Function:
    """f as a function of the variables among its arguments: its floating outputs."""

    def function(record: bool) -> list[Tensor]:
        y = f(*arguments, **settings)
        every = y if isinstance(y, (tuple, list)) else [y]
        floating = [o for o in every if isinstance(o, Tensor) and o.dtype.kind == "f"]
        if not floating:
            raise TypeError(
                f"{_name(f)} gave {', '.join(type(o).__name__ for o in every)} but no floating Tensor"
            )
        return floating

    return function


def _gradient(f: Function, variables: Sequence[Tensor], cotangents: Sequence[Tensor]) -> Function:
    """The gradients of sum(v * f) for the variables, as a function of the variables and of v."""

    def function(record: bool) -> list[Tensor]:
        parts = [
            grad(y, variables, seed=v, create_graph=record, unused="zeros")
            for y, v in zip(f(True), cotangents)
        ]
        total = parts[0]
        for part in parts[1:]:
            total = [a + b for a, b in zip(total, part)]
        return total

    return function


def _name(f: Any) -> str:
    return getattr(f, "__name__", None) or getattr(f, "name", None) or type(f).__name__


def _random(like: Tensor, rng: np.random.Generator) -> Array:
    """Numbers between 0.5 and 1.5 of either sign: none is lost in the rounding of others, none jumps far."""
    values = np.asarray(
        rng.uniform(0.5, 1.5, like.shape) * rng.choice([-1.0, 1.0], like.shape), like.dtype
    )
    return to_device(values, device_name(like))


def _cotangent(y: Tensor, rng: np.random.Generator) -> Tensor:
    return Tensor(_random(y, rng), True, y.dtype)


# ---- the check -----------------------------------------------------------------------------------------------------


class _Check:
    """One run of check_grads over variables whose arrays it moves and puts back."""

    def __init__(
        self,
        name: str,
        variables: list[Tensor],
        labels: list[str],
        rng: np.random.Generator,
        rtol: float,
        atol: float,
        each: int,
    ) -> None:
        self.name, self.variables, self.labels, self.each = name, variables, labels, each
        self.rng, self.rtol, self.atol = rng, rtol, atol

    def dtypes(self, f: Function) -> None:
        """float32 in, float32 out, and both passes give float32 gradients of the shapes of the inputs."""
        ys = f(False)
        for i, y in enumerate(ys):
            if y.dtype != "float32":
                raise AssertionError(
                    f"{self.name}: float32 inputs gave output {i} of dtype {y.dtype}; a common cause is a NumPy "
                    "scalar or array of float64 in the forward: take Python's numbers, math, or x.dtype"
                )
        gradient = _gradient(f, self.variables, [_cotangent(y, self.rng) for y in ys])
        for record in (False, True):
            self._fit(gradient(record), "recorded" if record else "fast")

    def _fit(self, gradients: Sequence[Tensor], which: str) -> None:
        for g, x, label in zip(gradients, self.variables, self.labels):
            if g.shape != x.shape or g.dtype != x.dtype:
                raise AssertionError(
                    f"{self.name}: the {which} gradient for {label} and dtype {x.dtype} has shape {g.shape} "
                    f"and dtype {g.dtype}; a common cause is a missing sum_to, or a NumPy scalar in the rule"
                )

    def orders(self, f: Function, order: int, highest: int) -> None:
        """Check the gradient of f; then that gradient as a function of the variables and of the incoming gradient."""
        ys = f(False)
        if any(
            (to_cpu(a._array) != to_cpu(b._array)).any()
            for a, b in zip(ys, f(False))
            if np.isfinite(to_cpu(a._array)).all()
        ):
            raise AssertionError(
                f"{self.name} gives other values when it is called again: pass its noise in as an argument"
            )
        cotangents = [_cotangent(y, self.rng) for y in ys]
        gradient = _gradient(f, self.variables, cotangents)
        analytic = gradient(False)
        self._fit(analytic, "fast")
        if order == 1:
            recorded = gradient(True)
            self._fit(recorded, "recorded")
            _same(
                recorded,
                analytic,
                [f"{self.name}: recorded and fast gradient differ for {a}" for a in self.labels],
                1e-9,
            )
        directions = [_random(x, self.rng) for x in self.variables]
        weights = [to_cpu(v._array) for v in cotangents]
        slopes = _Slopes(f, self.variables, weights, sum(_size(w, y) for w, y in zip(weights, ys)))
        tried: list[tuple[int, ...]] = [(i,) for i in range(len(directions))]
        if len(tried) > 1:
            tried.append(tuple(range(len(directions))))
        if order > self.each and not self._compare(slopes, analytic, dict(enumerate(directions))):
            tried = []
        for moved in tried:
            verdict = self._compare(slopes, analytic, {i: directions[i] for i in moved})
            if verdict:
                raise self._report(slopes, analytic, directions, moved, order, *verdict)
        if order < highest:
            self.variables = self.variables + cotangents
            self.labels = self.labels + [
                f"the incoming gradient of output {i}" for i in range(len(cotangents))
            ]
            self.orders(gradient, order + 1, highest)

    def _compare(
        self, slopes: "_Slopes", gradients: Sequence[Tensor], directions: dict[int, Array]
    ) -> tuple[float, float, bool] | None:
        """None if the gradient is the slope along the directions, else (analytic, numeric, is it a kink)."""
        products = [to_cpu(gradients[i]._array) * to_cpu(u) for i, u in directions.items()]
        analytic = float(sum(p.sum() for p in products))
        scale = float(sum(abs(p).sum() for p in products))
        first, kinks = None, []
        for h in STEPS:
            numeric, jumps = slopes(directions, h)
            allowed = (
                self.rtol * max(scale, abs(numeric))
                + self.atol
                + 100 * np.finfo(float).eps * slopes.size / h
            )
            kinks.append(
                jumps[1] > 2 * allowed and jumps[1] > 0.75 * jumps[0]
            )  # on a smooth curve a half step halves it
            if abs(analytic - numeric) <= allowed and not kinks[-1]:
                return None
            if first is None or kinks[-2:] == [True, False]:
                first = numeric
        return analytic, float(first or 0.0), all(kinks)

    def _report(
        self,
        slopes: "_Slopes",
        gradients: Sequence[Tensor],
        directions: list[Array],
        moved: tuple[int, ...],
        order: int,
        analytic: float,
        numeric: float,
        kink: bool,
    ) -> AssertionError:
        """The error for a gradient that is not the slope."""
        what = (
            self.labels[moved[0]]
            if len(moved) == 1
            else "all inputs together (each alone is right)"
        )
        if kink:
            return KinkError(
                f"{self.name}: kink at order {order} in {what}: the slopes on both sides differ and do not come "
                "together with smaller steps, so there is no gradient to check; move the inputs away from it"
            )
        text = (
            f"{self.name}: wrong gradient of order {order} for {what}: along a random direction the rules say "
            f"{analytic:.9g}, differences {numeric:.9g}"
        )
        i = max(moved, key=lambda i: gradients[i].size)
        if len(moved) == 1 and gradients[i].size:
            index, said, found = slopes.worst(i, gradients[i], directions[i])
            text += f"; worst at element {list(index)}: {said:.9g} instead of {found:.9g}"
        return AssertionError(f"{text}. A common cause: {_cause(analytic, numeric, order)}")


class _Slopes:
    """s = sum(w * f) on the way along directions."""

    def __init__(
        self, f: Function, variables: list[Tensor], weights: list[np.ndarray], size: float
    ) -> None:
        self.f, self.variables, self.weights, self.size = f, variables, weights, size
        self.middle = self._sum()

    def _sum(self) -> float:
        return float(sum(np.vdot(w, to_cpu(y._array)) for w, y in zip(self.weights, self.f(False))))

    def at(self, directions: dict[int, Array], t: float) -> float:
        """s with each named variable moved by t times its direction."""
        home = {i: self.variables[i]._array for i in directions}
        try:
            for i, u in directions.items():
                self.variables[i]._array = _laid_out(backend(u).asarray(home[i] + t * u), home[i])
            return self._sum()
        finally:
            for i, array in home.items():
                self.variables[i]._array = array

    def __call__(self, directions: dict[int, Array], h: float) -> tuple[float, tuple[float, float]]:
        """The slope by central differences with h and h / 2 (Richardson's rule), and how far both sides' slopes are apart."""
        found, jumps = [], []
        for step in (h, h / 2):
            up, down = self.at(directions, step), self.at(directions, -step)
            found.append((up - down) / (2 * step))
            jumps.append(abs(up - 2 * self.middle + down) / step)
        return (4 * found[1] - found[0]) / 3, (jumps[0], jumps[1])

    def worst(
        self, i: int, gradient: Tensor, direction: Array
    ) -> tuple[tuple[int, ...], float, float]:
        """The element of variable i whose gradient is farthest off, with what was said and what is found.

        Of many elements the half whose slope is farther off is searched, and so on.
        """
        said, u = to_cpu(gradient._array).ravel(), to_cpu(direction).ravel()

        def off(elements: np.ndarray) -> tuple[float, float]:
            part = np.zeros_like(u)
            part[elements] = u[elements] if elements.size > 1 else 1
            slope = self(
                {i: to_device(part.reshape(gradient.shape), device_name(direction))}, STEPS[0]
            )[0]
            return abs(slope - float(said[elements] @ part[elements])), slope

        elements = np.arange(u.size)
        while elements.size > 32:
            elements = max(np.array_split(elements, 2), key=lambda half: _nan_first(off(half)[0]))
        worst = max(elements, key=lambda e: _nan_first(off(elements[elements == e])[0]))
        return (
            tuple(map(int, np.unravel_index(worst, gradient.shape))),
            float(said[worst]),
            off(np.array([worst]))[1],
        )


def _nan_first(x: float) -> float:
    return math.inf if math.isnan(x) else x


def _size(w: np.ndarray, y: Tensor) -> float:
    return float(abs(w * to_cpu(y._array)).sum())


def _cause(analytic: float, numeric: float, order: int) -> str:
    """What is most often wrong when the numbers look like this."""
    if not math.isfinite(analytic) or not math.isfinite(numeric):
        return "the inputs lie at or beyond the edge of the domain, or a rule divides by zero"
    if order > 1:
        return (
            "a rule that takes something computed from its inputs for a constant (.data, .detach(), a raw array), "
            "which is right at first order only"
        )
    if analytic == 0:
        return "a rule that gives nothing, or .data, .detach() or a raw array in the forward"
    ratio = analytic / numeric if numeric else math.inf
    if abs(ratio + 1) < 1e-4:
        return "a lost minus sign"
    if any(abs(ratio * n - 1) < 1e-4 or abs(ratio - n) < 1e-4 for n in range(2, 9)):
        return "a lost factor, or a gradient counted more than once"
    return "a missing term, a sum over a broadcast axis that is not taken, or an incoming gradient that is not used"


def _same(
    got: Sequence[Tensor], wanted: Sequence[Tensor], what: Sequence[str], rtol: float
) -> None:
    """Raise unless the Tensors agree in shape, dtype and, relative to the largest of each, in values."""
    for a, b, label in zip(got, wanted, what):
        if a.shape != b.shape or a.dtype != b.dtype:
            raise AssertionError(
                f"{label}: {a.dtype}{list(a.shape)} instead of {b.dtype}{list(b.shape)}"
            )
        x, y = to_cpu(a._array).astype("float64"), to_cpu(b._array).astype("float64")
        with np.errstate(invalid="ignore"):
            error = np.where((x == y) | np.isnan(x) & np.isnan(y), 0, abs(x - y))
        allowed = rtol * max(1.0, float(abs(y[np.isfinite(y)]).max(initial=0)))
        if not (error <= allowed).all():
            worst = np.unravel_index(
                np.argmax(np.where(np.isnan(error), np.inf, error)), error.shape
            )
            raise AssertionError(
                f"{label}: {x[worst]:.9g} instead of {y[worst]:.9g} at element {[int(i) for i in worst]}"
            )
