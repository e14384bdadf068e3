"""Tensor: an array and its place in the graph. Operators and methods are bound to it in ops/__init__.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator

from .. import backend as bk
from .. import config
from ..config import settings
from .graph import Leaf, edits

Array = bk.Array


class Tensor:
    """An array that remembers how it was computed, so that `backward()` can find its gradients.

    `data` holds the values: floating ones become float32 unless `dtype` says otherwise, integers and bools stay.
    With `requires_grad=True` it is a leaf, whose `.grad` (an array) backward() fills. Raises TypeError for data that is
    not numeric and for integers asked for gradients.
    """

    __array_ufunc__ = None  # NumPy and CuPy leave `array * tensor` to the Tensor
    __slots__ = ("_array", "node", "logits", "__weakref__")

    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: Any = None, device: str | None = None
    ) -> None:
        self._array: Array = config.as_data(data, dtype, device)
        self.node: Any = None  # the call that made it; a leaf has a Node of its own
        if requires_grad:
            self.requires_grad = True

    # ---- the array ----
    shape = property(lambda self: self._array.shape)
    ndim = property(lambda self: self._array.ndim)
    size = property(lambda self: self._array.size)
    dtype = property(lambda self: self._array.dtype)
    nbytes = property(lambda self: self._array.nbytes)
    device = property(lambda self: bk.device_name(self._array))

    @property
    def data(self) -> Array:
        """The array itself. Assigning (`t.data = a`, `t.data -= b`) changes the values outside the graph; shape and dtype stay."""
        return self._array

    @data.setter
    def data(self, value: Any) -> None:
        value = getattr(value, "_array", value)
        if (
            value is self._array
        ):  # t.data -= b: NumPy has written into the array that nodes may have kept
            edits.note(value)
            return
        value = config.to_device(config.as_data(value, self.dtype), self.device)
        if value.shape != self.shape:
            raise ValueError(
                f"data of shape {value.shape} cannot replace data of shape {self.shape}: make a new Tensor"
            )
        self._array = value

    def assign(self, value: Any) -> None:
        """Write `value` (it must broadcast to this shape) into the array in place."""
        self[...] = value

    def __setitem__(self, index: Any, value: Any) -> None:
        if self.node is not None and self.node.op is not None:
            raise TypeError(
                "this Tensor was computed from others, so writing into it would falsify their gradients: "
                "build a new one with minigrad.where or concatenate, or call .detach() first"
            )
        value = config.to_device(config.as_data(value, self.dtype), self.device)
        index = (
            tuple(getattr(i, "_array", i) for i in index)
            if isinstance(index, tuple)
            else getattr(index, "_array", index)
        )
        self._array[index] = value
        edits.note(self._array)

    # ---- its place in the graph ----
    @property
    def requires_grad(self) -> bool:
        """True if gradients flow through this Tensor; may be set on a Tensor that was not computed from others."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self.node is not None and self.node.op is not None:
            raise TypeError(
                f"this Tensor is the result of {self.node.op.name}; .detach() cuts it out of the graph"
            )
        if wanted and self.dtype.kind != "f":
            raise TypeError(
                f"a Tensor of dtype {self.dtype} has no gradients: write 1.0 instead of 1, or dtype='float32'"
            )
        if wanted is not self.requires_grad:
            self.node = Leaf() if wanted else None

    @property
    def grad(self) -> Array | None:
        """The gradient that backward() has added up here: an array, or None before the first."""
        return getattr(self.node, "grad", None)

    @grad.setter
    def grad(self, value: Array | None) -> None:
        if not isinstance(self.node, Leaf):
            raise TypeError("only a Tensor made with requires_grad=True has a .grad")
        self.node.grad = getattr(value, "_array", value)

    def detach(self) -> "Tensor":
        """The same array outside the graph: no gradient flows through the result."""
        return wrap(self._array, None)

    # ---- leaving ----
    def numpy(self) -> Any:
        """The values as a NumPy array (a copy only if they live on a GPU)."""
        return bk.to_cpu(self._array)

    def item(self) -> Any:
        """The one value as a Python number."""
        return self._array.item()

    def to(self, device: str) -> "Tensor":
        """This Tensor on `device`, detached; itself if it is there already."""
        return (
            self
            if self.device == device
            else Tensor(config.to_device(self._array, device), self.requires_grad, self.dtype)
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self.device != "cpu":
            raise TypeError(f"this Tensor lives on {self.device}; .numpy() copies it to the host")
        return self.numpy().astype(dtype or self.dtype, copy=bool(copy))

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("a 0-d Tensor has no length")
        return int(self.shape[0])

    def __iter__(self) -> Iterator["Tensor"]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self._array)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        import numpy as np

        body = np.array2string(self.numpy(), separator=", ", prefix="Tensor(")
        notes = [
            "" if self.dtype == settings.default_dtype else f", dtype={self.dtype}",
            "" if self.device == "cpu" else f", device={self.device!r}",
            ""
            if self.node is None
            else ", requires_grad=True"
            if self.node.op is None
            else f", from {self.node.op.name}",
        ]
        return f"Tensor({body}{''.join(notes)})"

    __hash__ = (
        object.__hash__
    )  # == compares values (ops/__init__.py), so identity must be asked for with `is`

    if TYPE_CHECKING:  # what ops/__init__.py binds, for the type checker

        def _binary(self, other: Any) -> "Tensor": ...
        def _unary(self) -> "Tensor": ...
        def _method(self, *args: Any, **options: Any) -> "Tensor": ...
        def _compare(self, other: object) -> Any: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = (
            __rtruediv__
        ) = _binary
        __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __lt__ = __le__ = __gt__ = __ge__ = (
            __getitem__
        ) = _binary
        __and__ = __or__ = __xor__ = _binary
        __eq__ = __ne__ = _compare
        __neg__ = __abs__ = __invert__ = _unary
        sum = mean = var = std = max = min = prod = argmax = argmin = cumsum = reshape = (
            transpose
        ) = swapaxes = _method
        squeeze = ravel = flatten = clip = repeat = take = round = astype = all = any = sort = (
            argsort
        ) = dot = _method
        T = property(_unary)

        def backward(self, seed: Any = None, retain_graph: bool = True) -> None: ...


def wrap(array: Array, node: Any) -> Tensor:
    """A Tensor around `array` as it is: no cast, no copy."""
    tensor = Tensor.__new__(Tensor)
    tensor._array, tensor.node = array, node
    return tensor
