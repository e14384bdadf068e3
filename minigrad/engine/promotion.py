"""What an op does with mixed arguments, so that float32 stays float32, and how its errors read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backend import FLOAT64, SCALARS, Array, backend, device_name
from ..config import as_data, settings, to_device
from .tensor import Tensor


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
    own = getattr(a, "dtype", None) or as_data(a, device="cpu").dtype
    both_floating = own.kind == dtype.kind == "f"
    return to_device(as_data(a, dtype if both_floating else None), tensor.device)


def is_promoted(arrays: Sequence[Any]) -> bool:
    """True if no input is float64: a float64 result then comes from integers, by NumPy's rules."""
    return all(getattr(a, "dtype", None) is not FLOAT64 for a in arrays)


def cast_integers(arrays: Sequence[Any]) -> list[Any]:
    """The arrays with integers in the widest floating dtype among them, else the default dtype."""
    dtypes = {a.dtype for a in arrays if hasattr(a, "dtype")}
    floating = [dtype for dtype in dtypes if dtype.kind == "f"]
    kinds = "iu" if floating else "iub"
    target = max(floating, key=lambda dtype: dtype.itemsize, default=settings.default_dtype)
    return [a.astype(target) if getattr(a, "dtype", target).kind in kinds else a for a in arrays]


def with_context(name: str, arrays: Sequence[Any], cause: Exception) -> Exception:
    """The error of a forward, with the op's name and what it was given."""
    devices = {device_name(a) for a in arrays if hasattr(a, "shape")}
    given = ", ".join(_describe(a, with_device=len(devices) > 1) for a in arrays)
    kinds = ValueError, IndexError, TypeError  # some of NumPy's subclasses take no text
    kind = next(kind for kind in kinds if isinstance(cause, kind))
    return kind(f"{name}({given}): {cause}")


def _describe(a: Any, with_device: bool) -> str:
    if not hasattr(a, "shape"):
        return repr(a)
    suffix = f" on {device_name(a)}" if with_device else ""
    return f"{a.dtype}{list(a.shape)}{suffix}"


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
