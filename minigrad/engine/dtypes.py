"""In which dtype an op computes: `real` for real results, `accumulates` for sums and powers."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, TypeVar, overload

import numpy as np

from ..backend import FLOAT32, FLOAT64
from .autograd import P, Primitive, primitive
from .promotion import as_arrays, plain_settings, real_dtype
from .tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


@primitive
def _astype(x: Any, *, dtype: Any) -> Any:
    """x in another dtype."""
    return x.astype(dtype)


_astype.gradients(lambda g, y, x, dtype: _astype(g, dtype=x.dtype), needs="x.shape")


def check_dtype(dtype: Any) -> None:
    """Raise TypeError unless it is a dtype of numbers."""
    if np.dtype(dtype).kind not in "fiub":
        raise TypeError(f"{dtype!r} is no dtype of numbers: try 'float32' or 'int64'")


@overload
def real(op: F) -> F: ...
@overload
def real(*, keeps: str) -> Callable[[F], F]: ...
def real(op: Any = None, *, keeps: str = "") -> Any:
    """Make an op's result real: integers and bools become the default dtype before it computes.

    float16 goes in and comes out, and is computed in float32.

    Args:
        op: A Primitive, or a function that calls some.
        keeps: The names of inputs that stay as they are: labels, masks.

    Example:
        >>> minigrad.ops.exp(np.array([0], "int8"))
        array([1.], dtype=float32)
    """
    if op is None:
        return partial(real, keeps=keeps)
    names = inspect.unwrap(op).__code__.co_varnames
    kept = [names.index(name) for name in keeps.split()]
    casts = Casts(kept)
    if isinstance(op, Primitive):
        op.casts, op.cast_count = casts, min(kept, default=len(names))
        return op

    @wraps(op)
    def real_op(*args: Any, **kwargs: Any) -> Any:
        kwargs = plain_settings(kwargs)
        y = casts(op, args, kwargs)
        return op(*args, **kwargs) if y is NotImplemented else y

    return real_op


def accumulates(op: Primitive[P]) -> Primitive[P]:
    """Make an op whose rounding errors add up compute float16 in float32; integers stay."""
    op.casts = Casts([], keeps_integers=True)
    op.cast_count = sys.maxsize
    return op


class Casts:
    """Calls an op with inputs cast to what it computes in, float32 at least.

    Args:
        kept: The places of the inputs that stay as they are.
        keeps_integers: False casts integers and bools too.
    """

    def __init__(self, kept: Sequence[int], keeps_integers: bool = False) -> None:
        self.kept = kept
        self.kinds = "f" if keeps_integers else "fiub"

    def __call__(self, op: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """op(*args, **kwargs) in the dtype of a real result; NotImplemented if nothing is cast."""
        args = as_arrays(args)
        result = real_dtype([a for i, a in enumerate(args) if i not in self.kept])
        dtype = np.promote_types(result, FLOAT32)
        chosen = [
            i for i, a in enumerate(args) if i not in self.kept and self._needs_cast(a, dtype)
        ]
        if not chosen:
            return NotImplemented
        cast = [_astype(a, dtype=dtype) if i in chosen else a for i, a in enumerate(args)]
        y = op(*cast, **kwargs)
        is_wider = result is not dtype and getattr(y, "dtype", None) is dtype
        return _astype(y, dtype=result) if is_wider else y

    def _needs_cast(self, a: Any, computed: Any) -> bool:
        dtype = getattr(a, "dtype", FLOAT32)
        is_narrower = isinstance(a, Tensor) and dtype != computed
        return dtype.kind in self.kinds and (is_narrower or dtype not in (FLOAT32, FLOAT64))
