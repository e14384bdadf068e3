"""exp, log, tanh and their kin of compiled loops, held to SciPy's in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from scipy import special

from minigrad.kernels.compiled import functions, loops

REFERENCES: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "expm1": lambda x: np.expm1(np.minimum(x, 0)),
    "log": np.log,
    "log1p_exp": lambda x: np.log1p(np.exp(-np.abs(x))),
    "sigmoid": special.expit,
    "tanh": np.tanh,
    "normal_cdf": special.ndtr,
}
DTYPES = np.float32, np.float64


def in_a_loop(name: str) -> Any:
    """The function, applied to each element in a compiled loop with the options of all loops."""
    function = getattr(functions, name)

    def run(x: Any, y: Any) -> None:
        for i in range(x.size):
            y[i] = function(x[i])

    return numba.njit(run, **loops.OPTIONS)


COMPILED = {name: in_a_loop(name) for name in REFERENCES}


def value(name: str, x: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    COMPILED[name](x, y)
    return y


def arguments(dtype: type) -> np.ndarray:
    """Numbers of all sizes, both signs, and many near 0 and where curves bend."""
    limits, rng = np.finfo(dtype), np.random.default_rng(0)
    far = math.log(float(limits.max))
    powers = 2.0 ** rng.uniform(limits.minexp - limits.nmant, limits.maxexp - 0.01, 4000)
    bends = [rng.uniform(-far, far, 4000), rng.standard_normal(4000), rng.uniform(0, 2, 2000)]
    return np.concatenate([powers, -powers, *bends]).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REFERENCES)
def test_errors_are_a_few_units_of_the_last_digit(name: str, dtype: type) -> None:
    x, limits = arguments(dtype), np.finfo(dtype)
    if name == "log":
        x = x[x > 0]
    if name == "normal_cdf":  # farther out it is below the smallest float32
        x = x[x > -12]
    with np.errstate(all="ignore"):
        expected = REFERENCES[name](x.astype(np.float64))
    y, is_finite = value(name, x), expected < limits.max
    assert np.all(is_finite | (y == np.inf))
    error = np.abs(y[is_finite].astype(np.float64) - expected[is_finite])
    tolerance = 2 * limits.eps
    if name == "normal_cdf":  # far out the argument of exp rounds
        tolerance = 40 * limits.eps
        assert error[np.abs(x[is_finite]) < 3].max() < 2.5 * limits.eps
    assert np.all(error <= tolerance * np.abs(expected[is_finite]) + limits.tiny)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REFERENCES)
def test_nan_infinities_zeros_and_the_ends_of_the_range(name: str, dtype: type) -> None:
    limits = np.finfo(dtype)
    x = [math.nan, math.inf, -math.inf, 0.0, -0.0, limits.max, limits.min, limits.tiny, -1.0]
    ends = np.array(x, dtype)
    with np.errstate(all="ignore"):
        expected = REFERENCES[name](ends.astype(np.float64)).astype(dtype)
    with np.errstate(all="raise"):
        y = value(name, ends)
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=limits.tiny)


def test_tanh_and_expm1_keep_the_digits_of_small_numbers() -> None:
    x = np.float32([1e-30, -1e-10, 1e-5])
    np.testing.assert_array_max_ulp(value("tanh", x), np.tanh(x), 1)
    np.testing.assert_array_max_ulp(value("expm1", -abs(x)), np.expm1(-abs(x)), 1)


@pytest.mark.parametrize("name", REFERENCES)
def test_loops_are_vectorized(name: str) -> None:
    """One multiplication of several float32 at least, and no call of a function one by one."""
    value(name, np.ones(8, np.float32))
    (code,) = (
        text
        for types, text in COMPILED[name].inspect_asm().items()
        if types[0].dtype.bitwidth == 32
    )
    assert "mulps" in code or "fmul\tv" in code  # x86, ARM
    calls = [line for line in code.splitlines() if "callq" in line and "NRT" not in line]
    assert not any(word in call for call in calls for word in ("exp", "log", "tanh", "erfc"))


@pytest.mark.parametrize("name", REFERENCES)
def test_outside_loops_they_compute_the_same(name: str) -> None:
    function, x = getattr(functions, name), 0.75
    assert function(x) == pytest.approx(REFERENCES[name](x), rel=1e-12)
