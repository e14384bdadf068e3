"""Ops that act on each element alone: arithmetic, powers and exponentials, comparisons, activations.

Two-argument ops broadcast as NumPy does; `sum_to` brings a gradient back to the shape of its input.
"""

from __future__ import annotations

import math

from ..backend import backend, special_functions
from ..engine.autograd import primitive
from ..engine.tensor import Tensor

# ---- broadcasting: an adjoint pair ---------------------------------------------------------------------------------


@primitive
def broadcast_to(x, *, shape):
    """x repeated along new and 1-long axes until it has `shape`."""
    return backend(x).broadcast_to(x, shape)


@primitive
def sum_to(x, *, shape):
    """x summed over the axes along which an array of `shape` would have been repeated; x itself if it has that shape."""
    if x.shape == shape:
        return x
    extra = x.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + i for i, n in enumerate(shape) if n == 1 and x.shape[extra + i] != 1
    )
    return x.sum(axes, keepdims=True).reshape(shape)


broadcast_to.gradients(lambda g, y, x, shape: sum_to(g, shape=x.shape), needs="x.shape")
sum_to.gradients(lambda g, y, x, shape: broadcast_to(g, shape=x.shape), needs="x.shape")


# ---- choosing, and what has no gradient ----------------------------------------------------------------------------


def _shape(x):
    return getattr(x, "shape", ())


def _constant(name, doc):
    """An op of NumPy's function `name` whose gradient is zero wherever it exists, so that none is recorded."""

    def forward(*arrays):
        return getattr(backend(next((a for a in arrays if _shape(a)), arrays[0])), name)(*arrays)

    forward.__name__, forward.__doc__ = name, doc
    return primitive(forward).gradients(None)


sign = _constant(
    "sign", "-1, 0 or 1, as x is negative, zero or positive; its gradient counts as 0."
)
floor = _constant("floor", "The largest integer not above x; its gradient counts as 0.")
ceil = _constant("ceil", "The smallest integer not below x; its gradient counts as 0.")
rint = _constant("rint", "The nearest integer, halves to even; its gradient counts as 0.")
equal = _constant("equal", "a == b, element by element.")
not_equal = _constant("not_equal", "a != b, element by element.")
less = _constant("less", "a < b, element by element.")
less_equal = _constant("less_equal", "a <= b, element by element.")
greater = _constant("greater", "a > b, element by element.")
greater_equal = _constant("greater_equal", "a >= b, element by element.")
logical_and = _constant("logical_and", "a and b, element by element.")
logical_or = _constant("logical_or", "a or b, element by element.")
logical_not = _constant("logical_not", "not x, element by element.")
isnan = _constant("isnan", "True where x is not a number.")
isfinite = _constant("isfinite", "True where x is neither infinite nor NaN.")


@primitive
def where(condition, a, b):
    """a where the condition holds, b elsewhere."""
    return backend(condition).where(condition, a, b)


where.gradients(
    None,
    lambda g, y, c, a, b: sum_to(where(c, g, 0), shape=_shape(a)),
    lambda g, y, c, a, b: sum_to(where(c, 0, g), shape=_shape(b)),
    needs="condition a.shape b.shape",
)


# ---- arithmetic ----------------------------------------------------------------------------------------------------


@primitive
def add(a, b):
    """a + b"""
    return a + b


add.gradients(
    lambda g, y, a, b: sum_to(g, shape=a.shape),
    lambda g, y, a, b: sum_to(g, shape=b.shape),
    needs="a.shape b.shape",
)


@primitive
def subtract(a, b):
    """a - b"""
    return a - b


subtract.gradients(
    lambda g, y, a, b: sum_to(g, shape=a.shape),
    lambda g, y, a, b: sum_to(-g, shape=b.shape),
    needs="a.shape b.shape",
)


@primitive
def multiply(a, b):
    """a * b"""
    return a * b


multiply.gradients(
    lambda g, y, a, b: sum_to(g * b, shape=a.shape),
    lambda g, y, a, b: sum_to(g * a, shape=b.shape),
    needs="a b",
)


@primitive
def divide(a, b):
    """a / b"""
    return a / b


divide.gradients(
    lambda g, y, a, b: sum_to(g / b, shape=a.shape),
    lambda g, y, a, b: sum_to(-g * y / b, shape=b.shape),
    needs="y b a.shape",
)


@primitive
def power(a, b):
    """a ** b; the gradient for b needs a > 0 and counts 0 ** b as constant."""
    return a**b


def _power_slope(a, b):
    """b * a ** (b - 1), and 0 where b is 0, even at a = 0."""
    if not hasattr(b, "shape"):
        return b * a ** (b - 1) if b != 0 else a * 0
    return b * a ** where((b == 0) & (a == 0), 1, b - 1)


def _log_base(a):
    """log(a), and 0 where a is 0."""
    if not hasattr(a, "shape"):
        return math.log(a or 1) if a >= 0 else math.nan
    return log(where(a == 0, 1, a))


power.gradients(
    lambda g, y, a, b: sum_to(g * _power_slope(a, b), shape=a.shape),
    lambda g, y, a, b: sum_to(g * y * _log_base(a), shape=b.shape),
    needs="y a b",
)


@primitive
def negative(x):
    """-x"""
    return -x


negative.gradients(lambda g, y, x: -g, needs="")


@primitive
def square(x):
    """x * x"""
    return x * x


square.gradients(lambda g, y, x: g * (2 * x), needs="x")


@primitive
def sqrt(x):
    """The square root."""
    return backend(x).sqrt(x)


sqrt.gradients(lambda g, y, x: g / (2 * y), needs="y")


@primitive
def reciprocal(x):
    """1 / x"""
    return 1 / x


reciprocal.gradients(lambda g, y, x: -g * y * y, needs="y")


@primitive
def absolute(x):
    """|x|; the gradient at 0 is 0."""
    return abs(x)


absolute.gradients(lambda g, y, x: g * sign(x), needs="x")


@primitive
def maximum(a, b):
    """The larger of a and b; where they are equal the whole gradient goes to a."""
    return backend(a if _shape(a) else b).maximum(a, b)


maximum.gradients(
    lambda g, y, a, b: sum_to(where(a >= b, g, 0), shape=a.shape),
    lambda g, y, a, b: sum_to(where(a >= b, 0, g), shape=b.shape),
    needs="a b",
)


@primitive
def minimum(a, b):
    """The smaller of a and b; where they are equal the whole gradient goes to a."""
    return backend(a if _shape(a) else b).minimum(a, b)


minimum.gradients(
    lambda g, y, a, b: sum_to(where(a <= b, g, 0), shape=a.shape),
    lambda g, y, a, b: sum_to(where(a <= b, 0, g), shape=b.shape),
    needs="a b",
)


@primitive
def clip(x, *, min=None, max=None):
    """x limited to [min, max]; outside it the gradient is 0."""
    return backend(x).clip(x, min, max)


def _inside(x, low, high):
    return (x >= (-math.inf if low is None else low)) & (x <= (math.inf if high is None else high))


clip.gradients(lambda g, y, x, min=None, max=None: where(_inside(x, min, max), g, 0), needs="x")


# ---- exponentials and their kin ------------------------------------------------------------------------------------


@primitive
def exp(x):
    """e ** x"""
    return backend(x).exp(x)


exp.gradients(lambda g, y, x: g * y, needs="y")


@primitive
def expm1(x):
    """e ** x - 1, exact near 0."""
    return backend(x).expm1(x)


expm1.gradients(lambda g, y, x: g * (y + 1), needs="y")


@primitive
def log(x):
    """The natural logarithm."""
    return backend(x).log(x)


log.gradients(lambda g, y, x: g / x, needs="x")


@primitive
def log1p(x):
    """log(1 + x), exact near 0."""
    return backend(x).log1p(x)


log1p.gradients(lambda g, y, x: g / (1 + x), needs="x")


@primitive
def sin(x):
    """The sine of x radians."""
    return backend(x).sin(x)


@primitive
def cos(x):
    """The cosine of x radians."""
    return backend(x).cos(x)


sin.gradients(lambda g, y, x: g * cos(x), needs="x")
cos.gradients(lambda g, y, x: -g * sin(x), needs="x")


@primitive
def tan(x):
    """The tangent of x radians."""
    return backend(x).tan(x)


tan.gradients(lambda g, y, x: g * (1 + y * y), needs="y")


@primitive
def arcsin(x):
    """The angle whose sine is x, in radians."""
    return backend(x).arcsin(x)


@primitive
def arccos(x):
    """The angle whose cosine is x, in radians."""
    return backend(x).arccos(x)


@primitive
def arctan(x):
    """The angle whose tangent is x, in radians."""
    return backend(x).arctan(x)


arcsin.gradients(lambda g, y, x: g / sqrt(1 - x * x), needs="x")
arccos.gradients(lambda g, y, x: -g / sqrt(1 - x * x), needs="x")
arctan.gradients(lambda g, y, x: g / (1 + x * x), needs="x")


@primitive
def sinh(x):
    """The hyperbolic sine."""
    return backend(x).sinh(x)


@primitive
def cosh(x):
    """The hyperbolic cosine."""
    return backend(x).cosh(x)


sinh.gradients(lambda g, y, x: g * cosh(x), needs="x")
cosh.gradients(lambda g, y, x: g * sinh(x), needs="x")


@primitive
def tanh(x):
    """The hyperbolic tangent."""
    return backend(x).tanh(x)


tanh.gradients(lambda g, y, x: g * (1 - y * y), needs="y")


@primitive
def erf(x):
    """The error function, 2 / sqrt(pi) * integral of exp(-t**2) from 0 to x."""
    return special_functions(x).erf(x)


erf.gradients(lambda g, y, x: g * (2 / math.sqrt(math.pi)) * exp(-x * x), needs="x")


# ---- dtype ---------------------------------------------------------------------------------------------------------


@primitive
def _astype(x, *, dtype):
    return x.astype(dtype)


_astype.gradients(lambda g, y, x, dtype: astype(g, dtype=x.dtype), needs="x.shape")


def astype(x, *, dtype):
    """x in another dtype; the gradient comes back in the dtype of x, and does not pass through integers."""
    y = _astype(x, dtype=dtype)
    return y.detach() if isinstance(y, Tensor) and y.dtype.kind != "f" else y
