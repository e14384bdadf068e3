"""Gradients checked against differences (check_grads), kernels against definitions.

    s(x, v) = sum(v * f(x))      v is random: with ones, a softmax whose gradient is zero would pass
    <ds/dx, u>  against  (s(x + h u) - s(x - h u)) / 2h      along random directions u, in float64

The gradient is a function too, of x and of v, so the same check goes on to any order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..backend import Array, backend, device_name, to_cpu
from ..config import default_dtype, to_device, use_kernels
from .autograd import Primitive, _backpropagate
from .tensor import Tensor

# A smaller step is tried only where the one before it disagrees: a kink may lie within its reach.
STEPS = 1e-3, 3e-5, 1e-6
# Elements of a gradient below this part of the largest one are checked by themselves as well.
SMALL = 1e-3
# of the variables as they are; True: record the result
Function = Callable[[bool], Sequence[Tensor]]


class KinkError(AssertionError):
    """The function has no derivative at the point where it was to be checked."""


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
) -> float:
    """Check the gradients of f for every floating input and parameter, alone and all together.

    One direction moves all elements of a variable at once, so an error in one of them has to stand
    out among all: in a gradient of n elements of size 1 it shows above 4 * rtol * sqrt(n), 0.1 % of
    100,000. Elements a thousand times smaller than the largest are checked by themselves as well.

    Args:
        f: A function of the inputs that gives a Tensor or several.
        inputs: Arrays, Tensors, numbers, integer labels.
        order: Up to which order of differentiation.
        parameters: Leaf Tensors that f reads; they get their values back.
        rtol: Relative tolerance of a directional derivative.
        atol: Absolute tolerance.
        float32: False leaves out the check that float32 stays float32.
        each: In orders above it all variables are checked together, alone only to name what is
            wrong: for networks of many parameters.
        seed: Of the random cotangents and directions.

    Returns:
        The size of error in one element that could have passed: the largest of all variables and
        orders, relative to the largest element of the gradient or, if that is smaller, to 1.

    Raises:
        AssertionError: If a gradient is wrong, and names the input and its worst element; or if
            something on the way is rounded to float32.
        KinkError: If f has no derivative at the inputs.
        ValueError: If no input is a floating array.

    Example:
        >>> unseen = check_grads(minigrad.ops.tanh, np.array([0.3, -0.7]))
        >>> unseen < 1e-5
        True
    """
    name = _name(f)
    for dtype in ("float32", "float64") if float32 else ("float64",):
        with (
            default_dtype(dtype),
            _as_variables(inputs, parameters, dtype) as (arguments, variables, labels),
        ):
            if not variables:
                raise ValueError(
                    f"check_grads({name}): no input is a floating array, "
                    "so there is no gradient to check"
                )
            rng = np.random.default_rng(seed)
            check = _Check(name, variables, labels, rng, rtol, atol, each)
            if dtype == "float32":
                check.dtypes(_outputs(f, arguments, {}))
            else:
                check.orders(_outputs(f, arguments, {}), 1, order)
    return check.unseen


def check_definition(
    op: Primitive[Any], *inputs: Any, order: int = 2, seed: int = 0, **settings: Any
) -> None:
    """Check that an op's kernel agrees with its definition: outputs, and gradients in both passes.

    Args:
        op: An op with a kernel.
        inputs: The arguments to call it with.
        order: Up to which order of differentiation.
        seed: Of the random cotangents.
        settings: The keyword arguments of the call.

    Raises:
        AssertionError: If they differ; it says in what, where and by how much.
        TypeError: If the op has no kernel.

    Example:
        >>> check_definition(minigrad.ops.gelu, np.array([0.3, -0.7]))
    """
    if not getattr(op, "kernel", None):
        raise TypeError(f"check_definition: {op!r} has no kernel to hold to its definition")
    for dtype, rtol in (("float64", 1e-9), ("float32", 2e-4)):
        with (
            default_dtype(dtype),
            _as_variables(inputs, (), dtype) as (arguments, variables, labels),
        ):
            rng = np.random.default_rng(seed)
            context = f"check_definition({op.name}), {dtype}"
            kernel = _outputs(op, arguments, settings)
            definition = kernel
            expected = _without_kernels(definition)(False)
            _assert_close(kernel(False), expected, [f"{context}: output"] * len(expected), rtol)
            for k in range(1, order + 1):
                cotangents = [_cotangent(y, rng) for y in expected]
                kernel = _gradient(kernel, variables, cotangents)
                expected = _without_kernels(kernel)(False)
                for record in (False, True):
                    kind = "recorded" if record else "fast"
                    texts = [f"{context}: {kind} gradient of order {k} for {a}" for a in labels]
                    _assert_close(kernel(record), expected, texts, rtol)
                variables = variables + cotangents
                labels = labels + ["the incoming gradient"] * len(cotangents)


# ---- functions of variables --------------------------------------------------------------------


@contextmanager
def _as_variables(
    inputs: Sequence[Any], parameters: Sequence[Tensor], dtype: str
) -> Iterator[tuple[list[Any], list[Tensor], list[str]]]:
    """(arguments for f, its variables, their labels): floating inputs as leaves of `dtype`."""
    arguments: list[Any] = list(inputs)
    variables, labels = [], []
    for i, x in enumerate(inputs):
        array = getattr(x, "_array", x)
        if getattr(getattr(array, "dtype", None), "kind", "") == "f":
            values = backend(array).asarray(array).astype(dtype)
            arguments[i] = Tensor(_with_layout_of(values, array), True, dtype)
            variables.append(arguments[i])
            labels.append(f"input {i} of shape {array.shape}")
    originals = [(p, p._array) for p in parameters]
    for i, p in enumerate(parameters):
        variables.append(p)
        labels.append(f"parameter {getattr(p, 'name', None) or i} of shape {p.shape}")
    try:
        for p, array in originals:
            p._array = array.astype(dtype)
        yield arguments, variables, labels
    finally:
        for p, array in originals:
            p._array = array


def _with_layout_of(values: Array, like: Array) -> Array:
    """`values` in memory with gaps, axes in the order of `like`, unless that is one plain block."""
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
        outputs = y if isinstance(y, (tuple, list)) else [y]
        floating = [o for o in outputs if isinstance(o, Tensor) and o.dtype.kind == "f"]
        if not floating:
            types = ", ".join(type(o).__name__ for o in outputs)
            raise TypeError(f"{_name(f)} gave {types} but no floating Tensor")
        return floating

    return function


def _gradient(f: Function, variables: Sequence[Tensor], cotangents: Sequence[Tensor]) -> Function:
    """The gradients of sum(v * f) for the variables, as a function of the variables and of v."""

    def function(record: bool) -> list[Tensor]:
        parts = [_uncast_gradients(y, variables, v, record) for y, v in zip(f(True), cotangents)]
        total = parts[0]
        for part in parts[1:]:
            total = [a + b for a, b in zip(total, part)]
        return total

    return function


def _uncast_gradients(
    y: Tensor, variables: Sequence[Tensor], v: Tensor, record: bool
) -> list[Tensor]:
    """The gradients in the dtypes that the rules give them, which `grad` would cast."""
    nodes = [x.node for x in variables]
    found = {} if y.node is None else _backpropagate(y, v, set(nodes), record, True)
    gradients = [found.get(node) for node in nodes]
    arrays = [
        backend(x._array).zeros_like(x._array) if g is None else g
        for x, g in zip(variables, gradients)
    ]
    return [a if isinstance(a, Tensor) else Tensor(a, dtype=a.dtype) for a in arrays]


def _without_kernels(f: Function) -> Function:
    """f with every op, forward and backward, run as its definition."""

    def function(record: bool) -> Sequence[Tensor]:
        with use_kernels(False):
            return f(record)

    return function


def _name(f: Any) -> str:
    return getattr(f, "__name__", None) or getattr(f, "name", None) or type(f).__name__


def _random(like: Tensor, rng: np.random.Generator) -> Array:
    """Numbers between 0.5 and 1.5 of either sign: none is lost in the rounding of others."""
    values = rng.uniform(0.5, 1.5, like.shape) * rng.choice([-1.0, 1.0], like.shape)
    return to_device(np.asarray(values, like.dtype), device_name(like))


def _cotangent(y: Tensor, rng: np.random.Generator) -> Tensor:
    return Tensor(_random(y, rng), True, y.dtype)


# ---- the check ---------------------------------------------------------------------------------


class _Comparison(NamedTuple):
    """A gradient and differences along one direction."""

    agrees: bool
    analytic: float
    numeric: float
    allowed: float  # by how much they may differ
    is_kink: bool

    @property
    def unseen(self) -> float:
        """The error of one element that could hide: twice what is allowed, along at least 0.5."""
        return 4 * self.allowed


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
        self.name, self.variables, self.labels = name, variables, labels
        self.rng, self.rtol, self.atol, self.each = rng, rtol, atol, each
        self.unseen = 0.0  # the relative error of one element that could have passed

    def dtypes(self, f: Function) -> None:
        """Check float32 in, float32 out, and that both passes give such gradients."""
        ys = f(False)
        for i, y in enumerate(ys):
            if y.dtype != "float32":
                raise AssertionError(
                    f"{self.name}: float32 inputs gave output {i} of dtype {y.dtype}; a common "
                    "cause is a NumPy scalar or array of float64 in the forward: take Python's "
                    "numbers, math, or x.dtype"
                )
        gradient = _gradient(f, self.variables, [_cotangent(y, self.rng) for y in ys])
        for record in (False, True):
            self._check_shapes(gradient(record), "recorded" if record else "fast")

    def _check_shapes(self, gradients: Sequence[Tensor], kind: str) -> None:
        for g, x, label in zip(gradients, self.variables, self.labels):
            if g.shape != x.shape or g.dtype != x.dtype:
                raise AssertionError(
                    f"{self.name}: the {kind} gradient for {label} and dtype {x.dtype} has shape "
                    f"{g.shape} and dtype {g.dtype}; a common cause is a missing sum_to, or a "
                    "NumPy scalar in the rule"
                )

    def orders(self, f: Function, order: int, highest: int) -> None:
        """Check the gradient of f; then that gradient as a function of the variables and of v."""
        ys = f(False)
        self._check_repeatable(ys, f(False))
        cotangents = [_cotangent(y, self.rng) for y in ys]
        gradient = _gradient(f, self.variables, cotangents)
        analytic = gradient(False)
        self._check_shapes(analytic, "fast")
        if order == 1:
            recorded = gradient(True)
            self._check_shapes(recorded, "recorded")
            text = f"{self.name}: recorded and fast gradient differ for "
            _assert_close(recorded, analytic, [text + label for label in self.labels], 1e-9)
        directions = [_random(x, self.rng) for x in self.variables]
        weights = [to_cpu(v._array) for v in cotangents]
        size = sum(float(abs(w * to_cpu(y._array)).sum()) for w, y in zip(weights, ys))
        differences = _Differences(f, self.variables, weights, size)
        self._check_directions(differences, analytic, directions, order)
        if order < highest:
            self.variables = self.variables + cotangents
            more = [f"the incoming gradient of output {i}" for i in range(len(cotangents))]
            self.labels = self.labels + more
            self.orders(gradient, order + 1, highest)

    def _check_repeatable(self, first: Sequence[Tensor], second: Sequence[Tensor]) -> None:
        for a, b in zip(first, second):
            x, y = to_cpu(a._array), to_cpu(b._array)
            if np.isfinite(x).all() and (x != y).any():
                raise AssertionError(
                    f"{self.name} gives other values when it is called again: "
                    "pass its noise in as an argument"
                )

    def _check_directions(
        self,
        differences: _Differences,
        analytic: Sequence[Tensor],
        directions: list[Array],
        order: int,
    ) -> None:
        """Compare with differences along each variable alone, then along all together."""
        everything = dict(enumerate(directions))
        if order > self.each:
            together = self._compare(differences, analytic, everything)
            if together.agrees:
                self._note(together, analytic)
                return
        for i, direction in everything.items():
            for k, part in enumerate(_smaller_and_smaller(direction, analytic[i], self.atol)):
                found = self._compare(differences, analytic, {i: part})
                if not found.agrees:
                    raise self._report(differences, analytic, {i: part}, order, found)
                if k == 0:
                    self._note(found, [analytic[i]])
        if len(directions) > 1:
            found = self._compare(differences, analytic, everything)
            if not found.agrees:
                raise self._report(differences, analytic, everything, order, found)

    def _compare(
        self, differences: _Differences, gradients: Sequence[Tensor], directions: dict[int, Array]
    ) -> _Comparison:
        """The gradient against differences along the directions."""
        products = [to_cpu(gradients[i]._array) * to_cpu(u) for i, u in directions.items()]
        analytic = float(sum(p.sum() for p in products))
        # of one element, not of their sum: one wrong element among many must stand out
        scale = math.sqrt(sum(float((p * p).sum()) for p in products))
        first, kinks, tried, off = None, [], [], math.inf
        for h in STEPS:
            numeric, jumps = differences(directions, h)
            rounding = 100 * np.finfo(float).eps * differences.size / h
            allowed = float(self.rtol * max(scale, abs(numeric)) + self.atol + rounding)
            # on a smooth curve a half step halves the jump of the one-sided derivatives
            kinks.append(jumps[1] > 2 * allowed and jumps[1] > 0.75 * jumps[0])
            tried.append(numeric)
            # a smaller step allows more; where no kink is near, the error has to shrink as well
            if abs(analytic - numeric) <= min(allowed, 0.5 * off) and not kinks[-1]:
                return _Comparison(True, analytic, numeric, allowed, False)
            if first is None or kinks[-2:] == [True, False]:
                first = numeric, allowed
            off = math.inf if kinks[0] else abs(analytic - tried[0])
        # beside a kink of the slope they are off in proportion to the step
        limit = tried[-1] + (tried[-1] - tried[-2]) / (STEPS[-2] / STEPS[-1] - 1)
        agrees = abs(analytic - limit) <= min(allowed, 0.5 * off) and not kinks[-1]
        return _Comparison(agrees, analytic, *(first or (0.0, 0.0)), all(kinks))

    def _note(self, found: _Comparison, gradients: Sequence[Tensor]) -> None:
        """Remember what could have passed."""
        largest = [float(abs(to_cpu(g._array)).max(initial=1)) for g in gradients]
        self.unseen = max(self.unseen, found.unseen / min(largest))

    def _report(
        self,
        differences: _Differences,
        gradients: Sequence[Tensor],
        directions: dict[int, Array],
        order: int,
        found: _Comparison,
    ) -> AssertionError:
        """The error for a gradient that differs from the differences."""
        moved = list(directions)
        what = self.labels[moved[0]]
        if len(moved) > 1:
            what = "all inputs together (each alone is right)"
        stairs = differences.stairs(directions)
        rough = differences(directions, STEPS[0])[0]
        if stairs and abs(found.analytic - rough) < 10 * stairs / STEPS[0]:
            return AssertionError(
                f"{self.name}: precision loss at order {order} in {what}: values move in stairs, "
                f"{stairs / differences.size:.1g} of their size high, so differences tell nothing; "
                "a common cause is something rounded to float32 in the forward or in a rule: an "
                "astype, or an array made without dtype=x.dtype"
            )
        if found.is_kink and not stairs:
            return KinkError(
                f"{self.name}: kink at order {order} in {what}: the derivatives from both sides "
                "differ and do not come together with smaller steps, so there is no gradient to "
                "check; move the inputs away from it"
            )
        text = (
            f"{self.name}: wrong gradient of order {order} for {what}: along a random direction "
            f"the rules give {found.analytic:.9g}, differences {found.numeric:.9g}"
        )
        i = moved[0]
        if len(moved) == 1 and gradients[i].size:
            index, given, expected = differences.worst(i, gradients[i], directions[i])
            text += (
                f"; worst at element {list(index)}: {given:.9g} instead of {expected:.9g} (an "
                f"error below {found.unseen:.1g} could have passed)"
            )
        cause = _common_cause(found.analytic, found.numeric, order)
        return AssertionError(f"{text}. A common cause: {cause}")


def _smaller_and_smaller(direction: Array, gradient: Tensor, atol: float) -> Iterator[Array]:
    """The direction; what of it belongs to far smaller elements of the gradient; and so on."""
    sizes = abs(to_cpu(gradient._array))
    largest = sizes.max(initial=0)
    yield direction
    while largest > atol and (part := sizes < SMALL * largest).any():
        yield direction * to_device(part.astype(direction.dtype), device_name(direction))
        largest = sizes[part].max()


class _Differences:
    """Central differences of s = sum(w * f) along directions."""

    def __init__(
        self, f: Function, variables: list[Tensor], weights: list[np.ndarray], size: float
    ) -> None:
        self.f, self.variables, self.weights, self.size = f, variables, weights, size
        self.center = self._sum()

    def _sum(self) -> float:
        ys = self.f(False)
        return float(sum(np.vdot(w, to_cpu(y._array)) for w, y in zip(self.weights, ys)))

    def at(self, directions: dict[int, Array], t: float) -> float:
        """s with each named variable moved by t times its direction."""
        originals = {i: self.variables[i]._array for i in directions}
        try:
            for i, u in directions.items():
                moved = backend(u).asarray(originals[i] + t * u)
                self.variables[i]._array = _with_layout_of(moved, originals[i])
            return self._sum()
        finally:
            for i, array in originals.items():
                self.variables[i]._array = array

    def __call__(self, directions: dict[int, Array], h: float) -> tuple[float, tuple[float, float]]:
        """The derivative by steps h and h / 2 (Richardson), and how far both sides are apart."""
        found, jumps = [], []
        for step in (h, h / 2):
            up, down = self.at(directions, step), self.at(directions, -step)
            found.append((up - down) / (2 * step))
            jumps.append(abs(up - 2 * self.center + down) / step)
        return (4 * found[1] - found[0]) / 3, (jumps[0], jumps[1])

    def stairs(self, directions: dict[int, Array]) -> float:
        """The height of the stairs in which s moves along the directions; 0.0 if it has none.

        Third differences vanish with the step where s is smooth, those of stairs stay. The largest
        few are left out: a single kink or jump is no stairs.
        """
        heights = []
        points = np.linspace(-8, 8, 17)
        points += 0.4 * np.sin(points**2)  # uneven, or stairs could look straight
        for h in (10 * STEPS[0], *STEPS):
            differences = np.array([self.at(directions, t * h) for t in points])
            for k in (1, 2, 3):
                differences = np.diff(differences) * k / (points[k:] - points[:-k])
            heights.append(float(np.sort(abs(differences))[:-4].mean()))
        rounding = 100 * np.finfo(float).eps * self.size
        stairs = [b for a, b in zip(heights, heights[1:]) if b > max(0.2 * a, rounding)]
        return max(stairs, default=0.0)

    def worst(
        self, i: int, gradient: Tensor, direction: Array
    ) -> tuple[tuple[int, ...], float, float]:
        """(index, given, expected) for the element of variable i whose gradient is farthest off.

        Of many elements the half whose derivative is farther off is searched, and so on.
        """
        given, u = to_cpu(gradient._array).ravel(), to_cpu(direction).ravel()

        def error(elements: np.ndarray) -> tuple[float, float]:
            part = np.zeros_like(u)
            part[elements] = u[elements] if elements.size > 1 else 1
            moved = to_device(part.reshape(gradient.shape), device_name(direction))
            expected = self({i: moved}, STEPS[0])[0]
            return abs(expected - float(given[elements] @ part[elements])), expected

        elements = np.arange(u.size)
        while elements.size > 32:
            halves = np.array_split(elements, 2)
            elements = max(halves, key=lambda half: _nan_as_inf(error(half)[0]))
        worst = max(elements, key=lambda e: _nan_as_inf(error(elements[elements == e])[0]))
        index = tuple(map(int, np.unravel_index(worst, gradient.shape)))
        return index, float(given[worst]), error(np.array([worst]))[1]


def _nan_as_inf(x: float) -> float:
    return math.inf if math.isnan(x) else x


def _common_cause(analytic: float, numeric: float, order: int) -> str:
    """What is most often wrong when the numbers look like this."""
    if not math.isfinite(analytic) or not math.isfinite(numeric):
        return "the inputs lie at or beyond the edge of the domain, or a rule divides by zero"
    if order > 1:
        return (
            "a rule that takes something computed from its inputs for a constant (.data, "
            ".detach(), a raw array), which is right at first order only"
        )
    if analytic == 0:
        return "a rule that gives nothing, or .data, .detach() or a raw array in the forward"
    ratio = analytic / numeric if numeric else math.inf
    if abs(ratio - 1) < 1e-3:
        return "a constant with few digits, or something rounded to a smaller dtype on the way"
    if abs(ratio + 1) < 1e-4:
        return "a lost minus sign"
    if any(abs(ratio * n - 1) < 1e-4 or abs(ratio - n) < 1e-4 for n in range(2, 9)):
        return "a lost factor, or a gradient counted more than once"
    return (
        "a missing term, a sum over a broadcast axis that is not taken, or an incoming gradient "
        "that is not used"
    )


def _assert_close(
    got: Sequence[Tensor], expected: Sequence[Tensor], texts: Sequence[str], rtol: float
) -> None:
    """Raise unless the Tensors agree in shape, dtype and values, relative to the largest."""
    for a, b, text in zip(got, expected, texts):
        if a.shape != b.shape or a.dtype != b.dtype:
            raise AssertionError(
                f"{text}: {a.dtype}{list(a.shape)} instead of {b.dtype}{list(b.shape)}"
            )
        x, y = to_cpu(a._array).astype("float64"), to_cpu(b._array).astype("float64")
        equal = (x == y) | np.isnan(x) & np.isnan(y)
        with np.errstate(invalid="ignore"):
            error = np.where(equal, 0, abs(x - y))
        allowed = rtol * max(1.0, float(abs(y[np.isfinite(y)]).max(initial=0)))
        if not (error <= allowed).all():
            ranked = np.where(np.isnan(error), np.inf, error)
            worst = np.unravel_index(np.argmax(ranked), error.shape)
            element = [int(i) for i in worst]
            raise AssertionError(
                f"{text}: {x[worst]:.9g} instead of {y[worst]:.9g} at element {element}"
            )
