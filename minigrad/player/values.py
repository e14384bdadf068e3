"""The numbers of a run: copies of arrays, and what a page keeps of large ones."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from ..backend import to_cpu

MOST_ELEMENTS = 4096  # that a page keeps of one array
MOST_STATED = 16  # elements that are written as numbers, not encoded


class Value:
    """One array of a run, as it was at a step.

    Args:
        index: Its number in the run.
        array: Its elements, a NumPy array of the run's own.
        name: What the code calls it, "" if that is not known.
        source: The number of the step that made it; None for what was there before.

    Attributes:
        is_parameter: True for a parameter of a layer, or another leaf that gradients reach.
        is_number: False for what an op was given that is no array and no number, such as None.
        argument: That thing itself.
    """

    def __init__(
        self, index: int, array: np.ndarray, name: str = "", source: int | None = None
    ) -> None:
        self.index = index
        self.array = array
        self.name = name
        self.source = source
        self.is_parameter = False
        self.is_number = True
        self.argument: Any = None

    def __repr__(self) -> str:
        name = f"{self.name} " if self.name else ""
        return f"<Value {self.index}: {name}{self.array.dtype}{list(self.array.shape)}>"


def on_host(x: Any) -> np.ndarray:
    """The elements of a Tensor, an array or a number as a NumPy array, which may be its own.

    Args:
        x: The Tensor, array or number.
    """
    return np.asarray(to_cpu(getattr(x, "_array", x)))


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """True if two arrays have the same dtype, shape and elements; NaN is equal to NaN.

    Args:
        a: An array.
        b: Another.
    """
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def kept_counts(shape: tuple[int, ...]) -> list[int]:
    """How many elements of each axis a page keeps: all, or the first of the outer axes.

    The last two axes of an image and the last of a matrix stay longest.

    Args:
        shape: The shape of the array.
    """
    counts = list(shape)
    # of images rows, channels, then pixels
    order = [0, 3, 2, 1] if len(shape) == 4 else range(len(shape))
    for axis in order:
        excess = math.prod(counts) / MOST_ELEMENTS
        if excess <= 1:
            break
        least = 2 if axis != order[-1] else 1
        counts[axis] = max(min(least, counts[axis]), math.floor(counts[axis] / excess))
    return counts


def summary(value: Value) -> dict[str, Any]:
    """What a page keeps of a value: shape, dtype, the first elements, and figures of all.

    Args:
        value: The value.
    """
    array = value.array
    counts = kept_counts(array.shape)
    kept = array[tuple(slice(count) for count in counts)]
    content = {
        "name": value.name,
        "source": value.source,
        "parameter": value.is_parameter,
        "shape": list(array.shape),
        "dtype": array.dtype.name,
        "kept": counts,
        **_encoded(np.ascontiguousarray(kept)),
    }
    if array.size > 1 and array.dtype.kind in "fiub":
        content["figures"] = _figures(array)
    return content


def _encoded(kept: np.ndarray) -> dict[str, Any]:
    """The elements as numbers, or in base64 if there are many."""
    if kept.size <= MOST_STATED:
        return {"numbers": [number(x) for x in kept.reshape(-1).tolist()]}
    kind = "f4" if kept.dtype in (np.float16, np.float32) else "f8"
    data = kept.astype(f"<{kind}").tobytes()
    return {"coded": kind, "data": base64.b64encode(data).decode("ascii")}


def number(x: Any) -> Any:
    """A number that JSON can hold.

    Args:
        x: The number.
    """
    x = float(x) if isinstance(x, float) else int(x)
    return x if math.isfinite(x) else str(x)


def _figures(array: np.ndarray) -> dict[str, Any]:
    """The smallest, the largest, the mean and the spread of all elements."""
    numbers = array.astype("float64")
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return {"nan": int(array.size)}
    with np.errstate(over="ignore"):
        return {
            "min": float(finite.min()),
            "max": float(finite.max()),
            "mean": number(float(finite.mean())),
            "std": number(float(finite.std())),
            "zeros": int((finite == 0).sum()),
            "nan": int(array.size - finite.size),
        }
