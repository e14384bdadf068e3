"""exp, log, tanh and their kin for loops, as plain arithmetic, which a compiler vectorizes.

    y[i] = tanh(x[i])       # in a loop, for float32 and float64

Outside loops they are what their bodies say. In loops each is a power series after a step that
brings its argument near 0, with as many terms as the dtype has digits for: errors are a unit or two
of the last digit. NaN stays NaN, infinities give limits, nothing warns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

# no sum may be reordered here: the order is what keeps the last digits
OPTIONS: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy", "forceinline": True}


class Format(NamedTuple):
    """A floating-point format and the terms of series that its digits need.

    Attributes:
        dtype: float32 or float64.
        integer: The integer of as many bits.
        fraction: The number of bits of the fraction.
        bias: What is added to an exponent to store it.
        ln2: log(2) in two parts, the first with zeros at its end, so that small multiples of it
            are exact.
        exp_terms: Terms of the series of exp where |x| <= log(2) / 2.
        log_terms: Terms of the series of log where |s| <= 0.172.
        log1p_terms: The same where |s| <= 1 / 3.
    """

    dtype: Any
    integer: Any
    fraction: int
    bias: int
    ln2: tuple[float, float]
    exp_terms: int
    log_terms: int
    log1p_terms: int


FLOAT32 = Format(np.float32, np.int32, 23, 127, (0.693359375, -2.12194440e-4), 7, 5, 8)
FLOAT64 = Format(
    np.float64, np.int64, 52, 1023, (0.693145751953125, 1.42860682030941723212e-6), 13, 11, 17
)
FORMATS = {types.float32: FLOAT32, types.float64: FLOAT64}


def in_loops(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """Decorate what makes the form of a function that loops use, from a Format.

    Args:
        function: The function outside loops.
    """

    def decorate(make: Callable[[Format], Callable[[Any], Any]]) -> Callable[..., Any]:
        def choose(x: Any) -> Any:
            return make(FORMATS[x]) if x in FORMATS else None

        overload(function, jit_options=OPTIONS)(choose)
        return make

    return decorate


@intrinsic
def to_bits(typing_context: Any, x: Any) -> Any:
    """The bits of a float32 or float64, as an integer of as many."""
    return _reinterpreted(types.int32 if x == types.float32 else types.int64, x)


@intrinsic
def from_bits(typing_context: Any, bits: Any) -> Any:
    """The float32 or float64 that the bits of an int32 or int64 are."""
    return _reinterpreted(types.float32 if bits == types.int32 else types.float64, bits)


def _reinterpreted(result: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(result))

    return result(x), generate


@intrinsic
def maximum(typing_context: Any, x: Any, y: Any) -> Any:
    """The larger of two floats of one dtype, NaN if one is NaN; `max` is not vectorized in sums."""
    return _extreme("llvm.maximum", x, y)


@intrinsic
def minimum(typing_context: Any, x: Any, y: Any) -> Any:
    """The smaller of two floats of one dtype, NaN if one is NaN."""
    return _extreme("llvm.minimum", x, y)


def _extreme(instruction: str, x: Any, y: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        form = ir.FunctionType(kind, [kind, kind])
        return builder.call(builder.module.declare_intrinsic(instruction, [kind], form), args)

    return (x(x, y), generate) if x == y else None


@njit(**OPTIONS)
def minus(x: Any, y: Any) -> Any:
    """x - y, which the compiler may not reorder with other sums, as it may in a loop."""
    return x - y


def polynomial(coefficients: Sequence[float]) -> Any:
    """A polynomial for loops, its steps written out: a loop within would not be vectorized.

    Args:
        coefficients: From the highest power down to the constant.
    """

    @intrinsic
    def value(typing_context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            numbers = [args[0].type(c) for c in coefficients]
            y = numbers[0]
            for number in numbers[1:]:
                product = builder.fmul(y, args[0], flags=["contract"])
                y = builder.fadd(product, number, flags=["contract"])
            return y

        return x(x), generate

    return value


# ---- exp -----------------------------------------------------------------------------------------


def exp(x: Any) -> Any:
    """e**x."""
    return np.exp(x)


def expm1(x: Any) -> Any:
    """e**x - 1 for x <= 0, exact where x is near 0; what is larger counts as 0."""
    return np.expm1(np.minimum(x, 0))


@in_loops(exp)
def _exp(f: Format) -> Callable[[Any], Any]:
    """e**x = 2**n e**r, n an integer and |r| <= log(2) / 2."""
    dtype, integer, fraction, bias = f.dtype, f.integer, f.fraction, f.bias
    limits = np.finfo(dtype)
    lowest = dtype(math.log(float(limits.tiny)) - fraction)
    highest = dtype(math.log(float(limits.max)) + 1)
    per_ln2, (high, low) = dtype(1 / math.log(2)), map(dtype, f.ln2)
    rounder, series = _rounder(f), _exp_series(f.exp_terms)
    zero_bits, one = _bits(rounder), dtype(1)

    def body(x: Any) -> Any:
        x = lowest if x < lowest else x  # a NaN passes
        x = highest if x > highest else x
        shifted = x * per_ln2 + rounder
        n = shifted - rounder
        r = x - n * high - n * low
        p = series(r) * r * r + r + one
        power = to_bits(shifted) - zero_bits
        half = power >> 1  # 2**n in two factors, since it may be too large or too small
        first = from_bits(integer((half + bias) << fraction))
        second = from_bits(integer((power - half + bias) << fraction))
        return p * first * second

    return body


@in_loops(expm1)
def _expm1(f: Format) -> Callable[[Any], Any]:
    """e**x - 1 = 2**n (e**r - 1) + (2**n - 1)."""
    dtype, integer, fraction, bias = f.dtype, f.integer, f.fraction, f.bias
    lowest, zero, one = dtype(-fraction), dtype(0), dtype(1)
    per_ln2, (high, low) = dtype(1 / math.log(2)), map(dtype, f.ln2)
    rounder, series = _rounder(f), _exp_series(f.exp_terms)
    zero_bits = _bits(rounder)

    def body(x: Any) -> Any:
        x = lowest if x < lowest else x
        x = zero if x > zero else x
        shifted = x * per_ln2 + rounder
        n = shifted - rounder
        r = x - n * high - n * low
        p = series(r) * r * r + r
        power = to_bits(shifted) - zero_bits
        scale = from_bits(integer((power + bias) << fraction))
        return p * scale + (scale - one)

    return body


def _exp_series(terms: int) -> Any:
    """(e**x - 1 - x) / x**2."""
    return polynomial([1 / math.factorial(i) for i in range(terms, 1, -1)])


def _rounder(f: Format) -> Any:
    """What, added to a small number, leaves its nearest integer in the last bits of the sum."""
    return f.dtype(1.5 * 2.0**f.fraction)


def _bits(number: Any) -> int:
    """The bits of a number, as an integer."""
    return int(number.view(f"i{number.itemsize}"))


# ---- log -----------------------------------------------------------------------------------------


def log(x: Any) -> Any:
    """The natural logarithm."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)


def log1p_exp(x: Any) -> Any:
    """log(1 + e**-|x|)."""
    return np.log1p(np.exp(-np.abs(x)))


@in_loops(log)
def _log(f: Format) -> Callable[[Any], Any]:
    """log(2**n m) = n log(2) + 2 artanh(s), s = (m - 1) / (m + 1), m from sqrt(1/2) to sqrt(2)."""
    dtype, integer, fraction = f.dtype, f.integer, f.fraction
    tiny, infinity, nan = np.finfo(dtype).tiny, dtype(np.inf), dtype(np.nan)
    zero, one, two, shift = dtype(0), dtype(1), dtype(2), dtype(2.0 ** (fraction + 1))
    lifted = dtype(fraction + 1)
    series, (high, low) = _artanh_series(f.log_terms), map(dtype, f.ln2)
    sqrt_half = _bits(dtype(math.sqrt(0.5)))
    mantissa = (1 << fraction) - 1

    def body(x: Any) -> Any:
        is_small = x < tiny
        bits = to_bits(x * shift if is_small else x) - sqrt_half
        n = dtype(integer(bits >> fraction))
        n = n - lifted if is_small else n
        m = from_bits(integer((bits & mantissa) + sqrt_half))
        s = (m - one) / (m + one)
        square = s * s
        y = n * high + (n * low + two * (s + s * square * series(square)))
        y = y if x < infinity else x  # infinity or NaN
        y = y if x > zero else (-infinity if x == zero else nan)
        return y if x == x else x

    return body


@in_loops(log1p_exp)
def _log1p_exp(f: Format) -> Callable[[Any], Any]:
    """log(1 + e) = 2 artanh(e / (2 + e))."""
    two, series = f.dtype(2), _artanh_series(f.log1p_terms)

    def body(x: Any) -> Any:
        e = exp(-abs(x))
        s = e / (two + e)
        square = s * s
        return two * (s + s * square * series(square))

    return body


def _artanh_series(terms: int) -> Any:
    """(artanh(s) - s) / s**3 from s**2: artanh(s) = s + s**3 / 3 + s**5 / 5 + ..."""
    return polynomial([1 / (2 * i + 1) for i in range(terms, 0, -1)])


# ---- curves of probabilities ---------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """1 / (1 + e**-x)."""
    return 1 / (1 + np.exp(-np.maximum(x, -700)))


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(x)


def normal_cdf(x: Any) -> Any:
    """P(standard normal <= x)."""
    return 0.5 * math.erfc(-x * math.sqrt(0.5))


@in_loops(sigmoid)
def _sigmoid(f: Format) -> Callable[[Any], Any]:
    one = f.dtype(1)

    def body(x: Any) -> Any:
        return one / (one + exp(-x))

    return body


@in_loops(tanh)
def _tanh(f: Format) -> Callable[[Any], Any]:
    """tanh(|x|) = -m / (2 + m), m = e**(-2 |x|) - 1."""
    two = f.dtype(2)

    def body(x: Any) -> Any:
        m = expm1(-two * abs(x))
        return math.copysign(m / (two + m), x)

    return body


# erfc(z) = t exp(-z**2 + polynomial(t)), t = 2 / (2 + z), z >= 0, with a relative error of 1.2e-7
# (Press et al., Numerical Recipes, section 6.2)
ERFC = (
    0.17087277,
    -0.82215223,
    1.48851587,
    -1.13520398,
    0.27886807,
    -0.18628806,
    0.09678418,
    0.37409196,
    1.00002368,
    -1.26551223,
)


@in_loops(normal_cdf)
def _normal_cdf(f: Format) -> Callable[[Any], Any]:
    """The probability beyond |x|, or 1 minus that; for float64 the library's erfc, one by one."""
    dtype = f.dtype
    half, one, two, minus_root = dtype(0.5), dtype(1), dtype(2), dtype(-math.sqrt(0.5))
    fit, zero = polynomial(ERFC), dtype(0)

    def body64(x: Any) -> Any:
        return half * math.erfc(minus_root * x)

    def body32(x: Any) -> Any:
        z = -minus_root * abs(x)
        t = two / (two + z)
        beyond = half * t * exp(fit(t) - half * x * x)
        return one - beyond if x > zero else beyond

    return body32 if dtype is np.float32 else body64
