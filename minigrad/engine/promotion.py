"""What an op does with mixed arguments, so that float32 stays float32, and how it says what it could not do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backend import DOUBLE, PLAIN, backend, device_name
from ..config import as_data, settings, to_device
from .tensor import Tensor


def promote_inputs(name: str, args: Sequence[Any]) -> list[Any]:
    """Arrays for an op whose arguments mix Tensors with raw values: floating arrays take the Tensors' dtype."""
    first = next(a for a in args if isinstance(a, Tensor))
    dtype = next(
        (a.dtype for a in args if isinstance(a, Tensor) and a.dtype.kind == "f"), first.dtype
    )
    arrays = []
    for a in args:
        if isinstance(a, Tensor):
            a = a._array
        elif a.__class__ not in PLAIN and (
            a.__class__ is not first._array.__class__ or a.dtype.kind == "f" and a.dtype != dtype
        ):
            if getattr(a, "ndim", 0) and backend(a) is not backend(first):
                raise TypeError(
                    f"{name}: one input is a Tensor on {first.device}, another an array on {device_name(a)}: "
                    "move one with .to(device), to_gpu or to_cpu"
                )
            kind = getattr(a, "dtype", None) or as_data(a, device="cpu").dtype
            a = to_device(
                as_data(a, dtype if kind.kind == dtype.kind == "f" else None), first.device
            )
        arrays.append(a)
    return arrays


def is_promoted(arrays: Sequence[Any]) -> bool:
    """Did a float64 result come from arrays none of which is float64: from integers, which NumPy widens floats for?"""
    return all(getattr(a, "dtype", None) is not DOUBLE for a in arrays)


def cast_integers(arrays: Sequence[Any]) -> list[Any]:
    """The arrays with integers in the dtype of the floats among them; where there are none, in the default dtype."""
    kinds = {a.dtype for a in arrays if hasattr(a, "dtype")}
    floats = [k for k in kinds if k.kind == "f"]
    dtype = max(floats, key=lambda k: k.itemsize) if floats else settings.default_dtype
    return [
        a.astype(dtype) if getattr(a, "dtype", dtype).kind in ("iu" if floats else "iub") else a
        for a in arrays
    ]


def with_context(name: str, arrays: Sequence[Any], cause: Exception) -> Exception:
    """The error of a forward, with the op's name and what it was given."""
    places = {device_name(a) for a in arrays if hasattr(a, "shape")}
    given = ", ".join(
        f"{a.dtype}{list(a.shape)}" + (f" on {device_name(a)}" if len(places) > 1 else "")
        if hasattr(a, "shape")
        else repr(a)
        for a in arrays
    )
    kind = next(
        k for k in (ValueError, IndexError, TypeError) if isinstance(cause, k)
    )  # some of NumPy's take no text
    return kind(f"{name}({given}): {cause}")
