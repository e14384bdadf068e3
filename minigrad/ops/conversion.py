"""From values to Tensors and back, under Keras's names."""

from __future__ import annotations

import math
from typing import Any

from ..arguments import explains_arguments
from ..backend import to_cpu
from ..config import as_data
from ..engine.autograd import composite
from ..engine.symbolic import SymbolicTensor
from ..engine.tensor import Tensor, TensorLike
from .elementwise import astype


@explains_arguments
def convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    """x as a Tensor; a Tensor stays as it is, in its graph.

    Args:
        x: Numbers, lists, an array or a Tensor; a symbolic tensor stays one.
        dtype: The dtype of the result; None for the default one if the values are floating.

    Example:
        >>> convert_to_tensor([1, 2], dtype="float32")
        Tensor([1., 2.])
    """
    if not isinstance(x, (Tensor, SymbolicTensor)):
        return Tensor(x, dtype=dtype)
    return x if dtype is None or x.dtype == dtype else astype(x, dtype=dtype)


@explains_arguments
def convert_to_numpy(x: Any) -> Any:
    """The values as a NumPy array, outside the graph.

    Args:
        x: A Tensor, an array on any device, numbers or lists.

    Example:
        >>> convert_to_numpy(minigrad.Tensor([1.0, 2.0]))
        array([1., 2.], dtype=float32)
    """
    return to_cpu(as_data(x, getattr(x, "dtype", None)))


def shape(x: Any) -> tuple[int | None, ...]:
    """The lengths of the axes; None where a symbolic tensor leaves one open.

    Args:
        x: A Tensor, an array, numbers or lists.

    Example:
        >>> shape([[1, 2, 3]]), shape(minigrad.Input((4,)))
        ((1, 3), (None, 4))
    """
    return tuple(x.shape if hasattr(x, "shape") else as_data(x).shape)


@composite
def stop_gradient(x: TensorLike) -> TensorLike:
    """x itself, as a constant: no gradient flows through the result.

    Args:
        x: Any shape.

    Example:
        >>> x = minigrad.Tensor(3.0, requires_grad=True)
        >>> (slope,) = minigrad.grad(x * stop_gradient(x), [x])
        >>> slope.item()
        3.0
    """
    return x.detach() if isinstance(x, Tensor) else x


def ndim(x: Any) -> int:
    """The number of axes.

    Args:
        x: A Tensor, an array, numbers or lists.

    Example:
        >>> ndim([[1, 2, 3]])
        2
    """
    return len(shape(x))


def size(x: Any) -> int:
    """The number of elements.

    Args:
        x: A Tensor, an array, numbers or lists.

    Raises:
        ValueError: If a symbolic tensor leaves a length open.

    Example:
        >>> size([[1, 2, 3]])
        3
    """
    lengths = shape(x)
    if None in lengths:
        raise ValueError(f"size: shape {lengths} leaves a length open until there is data")
    return math.prod(n or 0 for n in lengths)


def dtype(x: Any) -> str:
    """The name of the dtype of the elements.

    Args:
        x: A Tensor, an array, numbers or lists.

    Example:
        >>> dtype([0.5])
        'float32'
    """
    return str(x.dtype if hasattr(x, "dtype") else as_data(x).dtype)


def is_tensor(x: Any) -> bool:
    """True for a Tensor, which may have gradients, and False for an array.

    Args:
        x: Anything.

    Example:
        >>> is_tensor(minigrad.Tensor(1.0)), is_tensor(np.ones(1))
        (True, False)
    """
    return isinstance(x, Tensor)
