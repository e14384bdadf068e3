"""What an op does with mixed arguments, so that float32 stays float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import FLOAT32, FLOAT64, SCALARS, Array, backend, device_name
from ..config import as_data, settings, to_device
from .tensor import Tensor

LISTS = frozenset({list, tuple})
NUMBERS_AND_LISTS = LISTS | {int, float, bool}


def promote_inputs(name: str, args: Sequence[Any]) -> list[Any]:
    """Arrays for an op whose arguments mix Tensors with raw values.

    Raw floating values take the dtype of the Tensors; lists and numbers go to their device.

    Args:
        name: The op, for the error.
        args: Tensors, arrays, lists and numbers; at least one Tensor.

    Raises:
        TypeError: If an array with axes is on another device than the Tensors.
    """
    tensors = [a for a in args if isinstance(a, Tensor)]
    dtype = next((t.dtype for t in tensors if t.dtype.kind == "f"), tensors[0].dtype)
    return [_promote(name, a, tensors[0], dtype) for a in args]


def _promote(name: str, a: Any, tensor: Tensor, dtype: Any) -> Any:
    if isinstance(a, Tensor):
        return a._array
    if a.__class__ in SCALARS:
        return a
    same_module = a.__class__ is tensor._array.__class__
    if same_module and (a.dtype.kind != "f" or a.dtype == dtype):
        return a
    if getattr(a, "ndim", 0) and backend(a) is not backend(tensor):
        raise TypeError(
            f"{name}: one input is a Tensor on {tensor.device}, another an array on "
            f"{device_name(a)}: move one with .to(device), to_gpu or to_cpu"
        )
    return _as_array(a, dtype, tensor.device)


def as_arrays(args: Sequence[Any], kinds: frozenset[type] = LISTS) -> list[Any]:
    """The arguments with arrays for lists of numbers, of the dtype and device of the others.

    A list of arrays, or of lists that differ in length, stays: concatenate takes it.

    Args:
        args: Tensors, arrays, lists and numbers.
        kinds: The classes that become arrays.
    """
    known = [a for a in args if hasattr(a, "dtype")]
    dtype = next((a.dtype for a in known if a.dtype.kind == "f"), settings.default_dtype)
    device = device_name(known[0]) if known else settings.device
    return [
        _as_array(a, dtype, device) if a.__class__ in kinds and not _is_sequence(a) else a
        for a in args
    ]


def _is_sequence(x: Any) -> bool:
    """True for a list of arrays or Tensors, however deep, or of lists that differ in length."""
    if x.__class__ not in LISTS:
        return hasattr(x, "shape")
    lengths = {len(item) for item in x if item.__class__ in LISTS}
    return len(lengths) > 1 or any(map(_is_sequence, x))


def _as_array(a: Any, dtype: Any, device: str) -> Array:
    """A raw value on the device; a floating one in the dtype, if that is floating."""
    if a.__class__ in LISTS and any(isinstance(item, Tensor) and item.requires_grad for item in a):
        raise TypeError(
            "this list of Tensors would lose their gradients: write minigrad.stack(...)"
        )
    own = getattr(a, "dtype", None) or as_data(a, device="cpu").dtype
    both_floating = own.kind == dtype.kind == "f"
    return to_device(as_data(a, dtype if both_floating else None), device)


# ---- dtypes --------------------------------------------------------------------------------------


def is_promoted(arrays: Sequence[Any]) -> bool:
    """True if integers are among the inputs and no float64: NumPy makes float64 of them."""
    dtypes = [a.dtype for a in arrays if hasattr(a, "dtype")]
    return FLOAT64 not in dtypes and any(dtype.kind in "iub" for dtype in dtypes)


def real_dtype(inputs: Sequence[Any]) -> Any:
    """The dtype of a real result: the widest floating one of the inputs, else the default one.

    Where floating Tensors are among them, arrays do not count.
    """
    tensors = [a for a in inputs if isinstance(a, Tensor) and a.dtype.kind == "f"]
    dtypes = {a.dtype for a in tensors or inputs if hasattr(a, "dtype")}
    floating = [dtype for dtype in dtypes if dtype.kind == "f"]
    return max(floating, key=lambda dtype: dtype.itemsize, default=settings.default_dtype)


def cast_integers(arrays: Sequence[Any]) -> list[Any]:
    """The arrays with integers in the dtype of a real result."""
    target = real_dtype(arrays)
    return [a.astype(target) if getattr(a, "dtype", target).kind in "iu" else a for a in arrays]


def narrow(y: Any, arrays: Sequence[Any], given: dict[str, Any]) -> Any:
    """y; if NumPy's rules for integers or its scalars made it float64, in the dtype of the arrays.

    Scalars beside floating arrays are settings, whose dtype does not count.
    """
    is_wide = getattr(y, "dtype", None) is FLOAT64 and "dtype" not in given
    return _narrow(y, arrays) if is_wide else y


def _narrow(y: Array, arrays: Sequence[Any]) -> Array:
    scalars = [a for a in arrays if isinstance(a, np.generic)]
    others = [a for a in arrays if hasattr(a, "dtype") and not isinstance(a, np.generic)]
    floating = [a for a in others if a.dtype.kind == "f"]
    if floating and scalars:
        return y.astype(real_dtype(floating))
    return y.astype(real_dtype(arrays)) if is_promoted(arrays) else y


def plain_settings(given: dict[str, Any]) -> dict[str, Any]:
    """The settings with Python's numbers for NumPy's, whose dtype would widen the arrays."""
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in given.items()
    }


def call_converted(op: Any, args: Sequence[Any], given: dict[str, Any]) -> Any:
    """A call with NumPy's numbers among the settings as Python's, and the inputs cast.

    NotImplemented if nothing is to be done.
    """
    for value in given.values():
        if isinstance(value, np.generic):
            return op(*args, **plain_settings(given))
    for a in args[: op.cast_count]:
        x = a._array if isinstance(a, Tensor) else a
        if x.__class__ not in SCALARS and getattr(x, "dtype", None) is not FLOAT32:
            return op.casts(op, args, given)
    return NotImplemented


# ---- errors --------------------------------------------------------------------------------------


class ShapeDtype:
    """Stands for an input whose values no gradient rule reads: its shape and dtype."""

    __slots__ = ("shape", "dtype")

    def __init__(self, array: Array) -> None:
        self.shape = getattr(array, "shape", ())
        self.dtype = getattr(array, "dtype", None)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)
