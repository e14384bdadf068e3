"""Numbers that are read from an optimizer or a metric: floats with what scripts ask of variables."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np


class Scalar(float):
    """A number that also has the shape and the `numpy()` of a variable.

    Beside arrays of float32 it counts as a number of Python: the result stays float32.

    Example:
        >>> x = Scalar(0.5)
        >>> x.numpy().dtype, (x * np.ones(1, "float32")).dtype, x + 1
        (dtype('float32'), dtype('float32'), 1.5)
    """

    shape = ()

    def numpy(self) -> Any:
        """The number as a NumPy scalar."""
        return np.float32(self)

    def __mul__(self, other: Any) -> Any:
        return float(self) * other

    __rmul__ = __mul__

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        plain = (float(x) if isinstance(x, Scalar) else x for x in inputs)
        return getattr(ufunc, method)(*plain, **options)

    def __reduce__(self) -> Any:
        return float, (float(self),)  # a copy is a number


class Result(Scalar):
    """What a metric has counted so far: the last one of an epoch is that of the epoch.

    Example:
        >>> print(minigrad.metrics.Mean()([1.0, 2.0]).numpy())
        1.5
    """


def gives_result(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with a Result in the place of a number or of a Tensor without axes.

    Args:
        function: A function that may return a number.

    Example:
        >>> type(gives_result(lambda: 1.0)()).__name__
        'Result'
    """

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        value = function(*args, **options)
        if isinstance(value, (float, int, np.number)) or getattr(value, "shape", None) == ():
            return Result(value)
        return value

    return call
