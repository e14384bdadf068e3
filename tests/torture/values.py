"""Extreme values in every op, activation and loss: no crash, no hang, limits that are right."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad import Tensor, losses, ops

from ..cases import OPS
from ..cases.base import Case, View
from .children import run_limited

FLOATS = {
    "inf": np.inf,
    "-inf": -np.inf,
    "nan": np.nan,
    "max": lambda dtype: np.finfo(dtype).max,
    "min": lambda dtype: np.finfo(dtype).min,
    "tiny": lambda dtype: np.finfo(dtype).smallest_subnormal,
    "-0": -0.0,
    "large": 1e4,
}
TEACHING = (ValueError, TypeError, IndexError, ZeroDivisionError)
# op: what it tends to at -inf and at inf, as far as it is finite
LIMITS: dict[str, tuple[float | None, float | None]] = {
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "hard_tanh": (-1, 1),
    "hard_sigmoid": (0, 1),
    "relu": (0, None),
    "relu6": (0, 6),
    "elu": (-1, None),
    "exp": (0, None),
    "softplus": (0, None),
    "softsign": (-1, 1),
    "gelu": (0, None),
    "silu": (0, None),
    "mish": (0, None),
    "log_sigmoid": (None, 0),
    "hard_silu": (0, None),
    "erf": (-1, 1),
    "sign": (-1, 1),
}
WHOLE = "sign", "relu", "relu6", "hard_tanh"  # of integers they are integers


def fill(x: Any, value: Any, dtype: str) -> Any:
    """An input of a case, its floating arrays of one value."""
    if isinstance(x, tuple):
        return tuple(fill(item, value, dtype) for item in x)
    if isinstance(x, View):
        x = x.view(x.base)
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        return x
    number = value(dtype) if callable(value) else value
    return np.full(x.shape, number, dtype)


def attempts() -> Iterator[tuple[str, Any]]:
    """(what, function without arguments) of every attempt."""
    for dtype, (label, value) in itertools.product(("float32", "float16"), FLOATS.items()):
        for name, cases in OPS.items():
            for case in (cases[0], cases[-1]):
                yield (
                    f"{name} of {label} in {dtype}",
                    lambda n=name, c=case, v=value, d=dtype: call_op(n, c, v, d),
                )
        for name in losses.NAMES:
            yield (
                f"loss {name} of {label} in {dtype}",
                lambda n=name, v=value, d=dtype: call_loss(n, v, d),
            )
    for dtype in ("int8", "uint8", "int64", "bool"):
        for name in LIMITS:
            if hasattr(ops, name):
                yield f"{name} of {dtype}", lambda n=name, d=dtype: call_integers(n, d)


def call_op(name: str, case: Case, value: Any, dtype: str) -> str:
    inputs = [fill(x, value, dtype) for x in case.inputs]
    tensors = [
        Tensor(x, requires_grad=True) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x
        for x in inputs
    ]
    y = case.call(getattr(ops, name), *tensors, **case.settings)
    for part in y if isinstance(y, (list, tuple)) else [y]:
        if isinstance(part, Tensor) and part.requires_grad:
            ops.sum(part).backward()
            break
    is_limit = name in LIMITS and not case.settings and np.isscalar(value) and np.isinf(value)
    limit = LIMITS[name][value > 0] if is_limit else None
    if limit is not None and not np.allclose(y.numpy(), limit):
        return f"is {y.numpy().reshape(-1)[:1]}, tends to {limit}"
    return ""


def call_loss(name: str, value: Any, dtype: str) -> str:
    y_pred = np.full((2, 3), value(dtype) if callable(value) else value, dtype)
    y_true = np.eye(3, dtype=dtype)[:2]
    if name.startswith("sparse") or name == "SparseCategoricalCrossentropy":
        y_true = np.array([0, 1])
    losses.get(name)(y_true, Tensor(y_pred, requires_grad=True)).backward()
    return ""


def call_integers(name: str, dtype: str) -> str:
    values = [False, True]
    if dtype != "bool":
        limits = np.iinfo(dtype)
        values = [limits.min, 0, 1, limits.max]
    for x in (np.array(values, dtype), np.array(values[-1], dtype)):
        y = getattr(ops, name)(x)
        y = y.numpy() if isinstance(y, Tensor) else np.asarray(y)
        expected = getattr(ops, name)(x.astype("float32"))
        expected = expected.numpy() if isinstance(expected, Tensor) else np.asarray(expected)
        if y.dtype != np.float32 and name not in WHOLE:
            return f"is {y.dtype}"
        if not np.allclose(y, expected, equal_nan=True):
            return f"is {y}, of floats {expected}"
    return ""


def _all(chosen: list[tuple[str, Any]]) -> str:
    """The faults of some attempts, one per line."""
    warnings.simplefilter("ignore")
    faults = []
    with np.errstate(all="ignore"):
        for what, attempt in chosen:
            try:
                found = attempt()
            except TEACHING:
                found = ""
            except Exception as error:  # what no user expects
                found = f"raises {error!r}"
            faults += [f"{what}: {found}"] if found else []
    return "\n".join(faults)


def run(count: int, seed: int) -> list[str]:
    """Try `count` extreme values; returns the faults."""
    listed = list(attempts())
    order = np.random.default_rng(seed).permutation(len(listed))
    chosen = [listed[i] for i in order[:count]]
    faults = []
    for block in range(math.ceil(len(chosen) / 100)):
        part = chosen[100 * block : 100 * (block + 1)]
        answer = run_limited(lambda part=part: _all(part), seconds=60, memory=2 << 30)  # type: ignore[misc]
        faults += answer.splitlines()
    return faults
