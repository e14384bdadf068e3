"""Tensor: an array and its node. ops/methods.py binds operators and methods to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import explains_arguments
from ..backend import Array, device_name, to_cpu
from ..config import as_data, settings, to_device
from .graph import Leaf, ledger


class Tensor:
    """An array that remembers how it was computed, so that `backward()` can find its gradients.

    Args:
        data: Numbers, lists, arrays or a Tensor. Floating values become float32 unless `dtype` says
            otherwise; integers and bools stay.
        requires_grad: True makes a leaf, whose `.grad` (an array) backward() fills.
        dtype: The dtype of the values; None for the default one.
        device: "cpu" or "cuda"; None leaves arrays where they are.

    Raises:
        TypeError: If data is not numeric, or integers are asked for gradients.

    Example:
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        array([2., 4.], dtype=float32)
    """

    __slots__ = ("_array", "node", "mask", "logits", "__weakref__")
    mask: Array | None  # set by layers on sequences: booleans (N, T), False at padding
    logits: tuple[str, Tensor, Array, Array, int]  # what remember_logits notes

    @explains_arguments
    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: Any = None, device: str | None = None
    ) -> None:
        self._array: Array = as_data(data, dtype, device)
        self.node: Any = None  # the call that made it; a leaf has a Node of its own
        self.mask = None
        if requires_grad:
            self.requires_grad = True

    # ---- the array ----
    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._array.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._array.size

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return self._array.dtype

    @property
    def nbytes(self) -> int:
        """The memory of the elements, in bytes."""
        return self._array.nbytes

    @property
    def device(self) -> str:
        """The device that holds the array, "cpu" or "cuda"."""
        return device_name(self._array)

    @property
    def data(self) -> Array:
        """The array itself.

        Assigning (`t.data = a`, `t.data -= b`) changes the values outside the graph; shape and
        dtype stay.
        """
        return self._array

    @data.setter
    def data(self, value: Any) -> None:
        value = getattr(value, "_array", value)
        if value is self._array:  # t.data -= b has written into the array that nodes may keep
            ledger.record(value)
            return
        value = to_device(as_data(value, self.dtype), self.device)
        if value.shape != self.shape:
            raise ValueError(
                f"data of shape {value.shape} cannot replace data of shape {self.shape}: "
                "make a new Tensor"
            )
        self._array = value

    def assign(self, value: Any) -> None:
        """Write `value` (it must broadcast to this shape) into the array in place."""
        self[...] = value

    def __setitem__(self, index: Any, value: Any) -> None:
        if self.node is not None and self.node.op is not None:
            raise TypeError(
                "this Tensor was computed from others, so writing into it would falsify their "
                "gradients: build a new one with minigrad.where or concatenate, "
                "or call .detach() first"
            )
        value = to_device(as_data(value, self.dtype), self.device)
        if isinstance(index, tuple):
            index = tuple(getattr(i, "_array", i) for i in index)
        try:
            self._array[getattr(index, "_array", index)] = value
        except (IndexError, ValueError) as cause:
            raise type(cause)(
                f"writing values of shape {value.shape} into a Tensor of shape {self.shape}: {cause}"
            ) from None
        ledger.record(self._array)

    @property
    def _keras_mask(self) -> Array | None:
        """The mask, under the name that Keras gives it."""
        return self.mask

    # ---- its place in the graph ----
    @property
    def requires_grad(self) -> bool:
        """True if gradients flow through this Tensor; may be set on one that no op computed."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self.node is not None and self.node.op is not None:
            raise TypeError(
                f"this Tensor is the result of {self.node.op.name}; "
                ".detach() cuts it out of the graph"
            )
        if wanted and self.dtype.kind != "f":
            raise TypeError(
                f"a Tensor of dtype {self.dtype} has no gradients: "
                "write 1.0 instead of 1, or dtype='float32'"
            )
        if wanted is not self.requires_grad:
            self.node = Leaf(self.dtype) if wanted else None

    @property
    def grad(self) -> Array | None:
        """What backward() has added up here, an array; None before the first."""
        return getattr(self.node, "grad", None)

    @grad.setter
    def grad(self, value: Array | None) -> None:
        if not isinstance(self.node, Leaf):
            raise TypeError("only a Tensor made with requires_grad=True has a .grad")
        self.node.grad = getattr(value, "_array", value)

    def detach(self) -> Tensor:
        """The same array outside the graph: no gradient flows through the result."""
        return wrap(self._array, None)

    # ---- leaving the graph ----
    def numpy(self) -> Any:
        """The values as a NumPy array, outside the graph (a copy only if they live on a GPU)."""
        return to_cpu(self._array)

    def item(self) -> Any:
        """The one value as a Python number."""
        if self.size != 1:
            raise ValueError(
                f"a Tensor of shape {self.shape} is not one number: reduce it with .sum() or .mean()"
            )
        return self._array.item()

    def tolist(self) -> Any:
        """The values as Python numbers, in a list for each axis."""
        return self._array.tolist()

    def to(self, device: str) -> Tensor:
        """This Tensor on `device`, detached; itself if it is there already."""
        if self.device == device:
            return self
        return Tensor(to_device(self._array, device), self.requires_grad, self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self.device != "cpu":
            raise TypeError(f"this Tensor lives on {self.device}; .numpy() copies it to the host")
        return self.numpy().astype(dtype or self.dtype, copy=bool(copy))

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("a 0-d Tensor has no length and no elements: .item() is its value")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"a Tensor of shape {self.shape} is neither true nor false: ask for .any() or "
                ".all() of a condition, or for its .size"
            )
        return bool(self._array)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        notes = ""
        if self.dtype != settings.default_dtype:
            notes += f", dtype={self.dtype}"
        if self.device != "cpu":
            notes += f", device={self.device!r}"
        if isinstance(self.node, Leaf):
            notes += ", requires_grad=True"
        elif self.node is not None:
            notes += f", from {self.node.op.name}"
        values = np.array2string(self.numpy(), separator=", ", prefix="Tensor(")
        return f"Tensor({values}{notes})"

    # == compares values (ops/methods.py), so identity is asked for with `is`
    __hash__ = object.__hash__

    if TYPE_CHECKING:  # what ops/methods.py binds, for the type checker

        def _binary(self, other: Any) -> Tensor: ...
        def _unary(self) -> Tensor: ...
        def _method(self, *args: Any, **kwargs: Any) -> Tensor: ...
        def _compare(self, other: object) -> Any: ...
        def _several(self) -> tuple[Tensor, ...]: ...
        def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]: ...
        def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _binary
        __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _binary
        __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _binary
        __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = _binary
        __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = _binary
        __eq__ = __ne__ = _compare
        __neg__ = __pos__ = __abs__ = __invert__ = copy = _unary
        sum = mean = var = std = prod = max = min = argmax = argmin = cumsum = _method
        cumprod = trace = diagonal = _method
        reshape = transpose = swapaxes = squeeze = ravel = flatten = repeat = take = _method
        sort = argsort = clip = round = astype = any = all = dot = _method
        nonzero = _several
        T = property(_unary)

        def backward(self, cotangent: Any = None, retain_graph: bool = True) -> None: ...


def wrap(array: Array, node: Any) -> Tensor:
    """A Tensor around `array` as it is: no cast, no copy."""
    tensor = Tensor.__new__(Tensor)
    tensor._array, tensor.node, tensor.mask = array, node, None
    return tensor


def remember_logits(y: Any, activation: str, x: Any) -> None:
    """Note that y is `activation` of x: a loss on y is computed from x, which loses no digits.

    Args:
        y: The result; an array takes no note.
        activation: "softmax" or "sigmoid".
        x: The input.
    """
    if isinstance(y, Tensor) and isinstance(x, Tensor):
        y.logits = activation, x, y._array, x._array, ledger.last


def remembered_logits(y: Any) -> tuple[str, Tensor | None]:
    """(activation, x) if y is known to be the activation of x, else ("", None).

    A note is forgotten when the values of y or x are replaced or written to.

    Args:
        y: Predictions, of any kind.
    """
    if not isinstance(y, Tensor) or not hasattr(y, "logits"):
        return "", None
    activation, x, y_array, x_array, time = y.logits
    if y._array is not y_array or x._array is not x_array:
        return "", None
    if ledger.last > time and any(ledger.changed_after(a, time) for a in (y_array, x_array)):
        return "", None
    return activation, x


# what ops take and return: arrays in, arrays out; Tensors in, Tensors out
TensorLike = Tensor | Array
