"""Layers that make one tensor of several: sums, products, extremes, concatenation, dot products."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from .. import ops
from ..arguments import explains_arguments
from ..backend import backend
from ..engine.tensor import Tensor
from .base import Layer

# ---- element by element --------------------------------------------------------------------------


class Merge(Layer):
    """Base of the layers that merge a list of tensors element by element.

    Inputs of fewer axes get further ones of length 1 behind the first, as in Keras; lengths of 1
    are repeated. The mask of the result is True where a mask of an input is.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        dtype: dtype of the output; None for the default one.
    """

    accepts_integers = True
    supports_masking = True
    _makes_masks = False
    fewest = 1
    most: int | None = None

    def __init__(
        self, *, name: str | None = None, trainable: bool = True, dtype: Any = None
    ) -> None:
        super().__init__(name, trainable, dtype=dtype)

    def merge(self, xs: list[Any]) -> Any:
        """The result for tensors of one number of axes.

        Args:
            xs: The tensors.
        """
        raise TypeError(f"{type(self).__name__} needs a method merge(self, xs)")

    def call(self, inputs: Any) -> Any:
        """The tensors merged.

        Args:
            inputs: A list or tuple of tensors.

        Raises:
            TypeError: If it is no list.
            ValueError: If there are too few or too many, or shapes do not fit.
        """
        xs = _as_list(self, inputs)
        rank = max(x.ndim for x in xs)
        aligned = [_with_rank(x, rank) for x in xs]
        try:
            return self.merge(aligned)
        except ValueError as cause:
            shapes = " and ".join(str(x.shape) for x in xs)
            raise ValueError(
                f"{type(self).__name__} merges tensors whose lengths are equal or 1, got {shapes}"
            ) from cause

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """True where the mask of an input is; None if none of them has one.

        Args:
            x: The inputs.
            mask: Their masks, a list, or None.
        """
        masks = [m for m in mask or () if m is not None]
        return reduce(or_, masks) if masks else None


def _as_list(layer: Any, inputs: Any) -> list[Any]:
    """The inputs of a merging layer as Tensors."""
    name = type(layer).__name__
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(f"{name} takes a list of tensors, {name}()([a, b]), got one")
    xs = [x if isinstance(x, Tensor) else Tensor(x) for x in inputs]
    if len(xs) < layer.fewest or (layer.most is not None and len(xs) > layer.most):
        count = f"{layer.fewest}" if layer.most == layer.fewest else f"{layer.fewest} or more"
        raise ValueError(f"{name} takes {count} tensors, got {len(xs)}")
    return xs


def _with_rank(x: Any, rank: int) -> Any:
    """x with further axes of length 1 behind the first."""
    missing = rank - x.ndim
    return ops.reshape(x, shape=(*x.shape[:1], *[1] * missing, *x.shape[1:])) if missing else x


class Add(Merge):
    """The sum of tensors, element by element.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        dtype: dtype of the output; None for the default one.

    Shape:
        a list of tensors whose lengths are equal or 1 -> their common shape

    Example:
        >>> Add()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).numpy()
        array([[4., 6.]], dtype=float32)
    """

    def merge(self, xs: list[Any]) -> Any:
        return reduce(ops.add, xs)


class Subtract(Merge):
    """The difference of two tensors, element by element.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        dtype: dtype of the output; None for the default one.

    Shape:
        two tensors whose lengths are equal or 1 -> their common shape

    Example:
        >>> Subtract()([np.array([[1.0, 2.0]]), np.array([[3.0, 3.0]])]).numpy()
        array([[-2., -1.]], dtype=float32)
    """

    fewest = most = 2

    def merge(self, xs: list[Any]) -> Any:
        return xs[0] - xs[1]


class Multiply(Merge):
    """The product of tensors, element by element.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        dtype: dtype of the output; None for the default one.

    Shape:
        a list of tensors whose lengths are equal or 1 -> their common shape

    Example:
        >>> Multiply()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).numpy()
        array([[3., 8.]], dtype=float32)
    """

    def merge(self, xs: list[Any]) -> Any:
        return reduce(ops.multiply, xs)


class Average(Merge):
    """The mean of tensors, element by element.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        dtype: dtype of the output; None for the default one.

    Shape:
        a list of tensors whose lengths are equal or 1 -> their common shape

    Example:
        >>> Average()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).numpy()
        array([[2., 3.]], dtype=float32)
    """

    def merge(self, xs: list[Any]) -> Any:
        return reduce(ops.add, xs) / len(xs)


class Maximum(Merge):
    """The largest of tensors, element by element.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        dtype: dtype of the output; None for the default one.

    Shape:
        a list of tensors whose lengths are equal or 1 -> their common shape

    Example:
        >>> Maximum()([np.array([[1.0, 5.0]]), np.array([[3.0, 4.0]])]).numpy()
        array([[3., 5.]], dtype=float32)
    """

    def merge(self, xs: list[Any]) -> Any:
        return reduce(ops.maximum, xs)


class Minimum(Merge):
    """The smallest of tensors, element by element.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        dtype: dtype of the output; None for the default one.

    Shape:
        a list of tensors whose lengths are equal or 1 -> their common shape

    Example:
        >>> Minimum()([np.array([[1.0, 5.0]]), np.array([[3.0, 4.0]])]).numpy()
        array([[1., 4.]], dtype=float32)
    """

    def merge(self, xs: list[Any]) -> Any:
        return reduce(ops.minimum, xs)


# ---- along an axis -------------------------------------------------------------------------------


class Concatenate(Merge):
    """Tensors joined along an axis.

    The mask of the result, if an input has one, joins their masks along an axis of steps; along the
    last axis it is True where a mask is.

    Args:
        axis: The axis that grows.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        dtype: dtype of the output; None for the default one.

    Shape:
        a list of tensors that are equal in all other lengths -> the same, longer along `axis`

    Raises:
        ValueError: If other lengths differ.

    Example:
        >>> Concatenate()([np.ones((2, 3)), np.ones((2, 1))]).shape
        (2, 4)
    """

    def __init__(
        self, axis: int = -1, *, name: str | None = None, trainable: bool = True, dtype: Any = None
    ) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        xs = _as_list(self, inputs)
        try:
            return ops.concatenate(xs, axis=self.axis)
        except (ValueError, IndexError) as cause:
            shapes = " and ".join(str(x.shape) for x in xs)
            raise ValueError(
                f"Concatenate joins tensors that are equal but along axis {self.axis}, got "
                f"{shapes}: a label (N, 10) beside images (N, H, W, C) is repeated over the pixels first, "
                "UpSampling2D((H, W))(Reshape((1, 1, 10))(label))"
            ) from cause

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        if not any(m is not None for m in mask or ()):
            return None
        rank = x[0].ndim
        axis = self.axis + rank if self.axis < 0 else self.axis
        masks = [
            backend(item).ones(item.shape[: rank - 1], bool) if m is None else m
            for item, m in zip(x, mask)
        ]
        if axis < rank - 1 and axis < masks[0].ndim:
            return backend(x[0]).concatenate(masks, axis)
        return reduce(or_, masks)


class Dot(Merge):
    """The products of two tensors, summed over one axis of each, row by row.

    Args:
        axes: The axis of both that is summed over, or one for each; not 0, the rows.
        normalize: True for cosines: vectors along that axis get length 1 first.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, ...a, k, ...), (N, ...b, k, ...) -> (N, ...a, ...b); (N, k), (N, k) -> (N, 1)

    Raises:
        ValueError: If an axis is that of the rows, or the lengths differ.

    Example:
        >>> Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).numpy()
        array([[11.]], dtype=float32)
    """

    fewest = most = 2

    def __init__(
        self,
        axes: int | Sequence[int],
        normalize: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        pair = [int(axes)] * 2 if hasattr(axes, "__index__") else list(axes)
        if len(pair) != 2 or 0 in pair:
            raise ValueError(
                f"Dot: axes is the axis to sum over, or one of each tensor, like (1, 2), and never "
                f"0, the rows; got {axes!r}"
            )
        self.axes = pair
        self.normalize = normalize

    def call(self, inputs: Any) -> Any:
        xs = _as_list(self, inputs)
        axes = [axis % x.ndim for axis, x in zip(self.axes, xs)]
        lengths = [x.shape[axis] for axis, x in zip(axes, xs)]
        if 0 in axes or lengths[0] != lengths[1]:
            shapes = " and ".join(str(x.shape) for x in xs)
            raise ValueError(
                f"Dot sums over axes of equal length, not the rows: axes {tuple(axes)} of {shapes}"
            )
        if self.normalize:
            xs = [_unit_vectors(x, axis) for x, axis in zip(xs, axes)]
        a, b = (ops.moveaxis(x, source=axis, destination=-1) for x, axis in zip(xs, axes))
        rows, k = a.shape[0], lengths[0]
        left = ops.reshape(a, shape=(rows, -1, k))
        right = ops.reshape(b, shape=(rows, -1, k))
        shape = (rows, *a.shape[1:-1], *b.shape[1:-1])
        y = ops.matmul(left, ops.swapaxes(right, axis1=1, axis2=2))
        return ops.reshape(y, shape=shape if len(shape) > 1 else (rows, 1))

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        return None


def _unit_vectors(x: Any, axis: int) -> Any:
    """x with vectors of length 1 along an axis; zeros stay."""
    square = ops.sum(x * x, axis=axis, keepdims=True)
    return x / ops.sqrt(ops.maximum(square, 1e-12))


# ---- as functions --------------------------------------------------------------------------------


@explains_arguments
def add(inputs: Sequence[Any], name: str | None = None) -> Any:
    """Add()(inputs).

    Args:
        inputs: A list of tensors.
        name: Name of the layer.
    """
    return Add(name=name)(inputs)


@explains_arguments
def subtract(inputs: Sequence[Any], name: str | None = None) -> Any:
    """Subtract()(inputs).

    Args:
        inputs: A list of two tensors.
        name: Name of the layer.
    """
    return Subtract(name=name)(inputs)


@explains_arguments
def multiply(inputs: Sequence[Any], name: str | None = None) -> Any:
    """Multiply()(inputs).

    Args:
        inputs: A list of tensors.
        name: Name of the layer.
    """
    return Multiply(name=name)(inputs)


@explains_arguments
def average(inputs: Sequence[Any], name: str | None = None) -> Any:
    """Average()(inputs).

    Args:
        inputs: A list of tensors.
        name: Name of the layer.
    """
    return Average(name=name)(inputs)


@explains_arguments
def maximum(inputs: Sequence[Any], name: str | None = None) -> Any:
    """Maximum()(inputs).

    Args:
        inputs: A list of tensors.
        name: Name of the layer.
    """
    return Maximum(name=name)(inputs)


@explains_arguments
def minimum(inputs: Sequence[Any], name: str | None = None) -> Any:
    """Minimum()(inputs).

    Args:
        inputs: A list of tensors.
        name: Name of the layer.
    """
    return Minimum(name=name)(inputs)


@explains_arguments
def concatenate(inputs: Sequence[Any], axis: int = -1, name: str | None = None) -> Any:
    """Concatenate(axis)(inputs).

    Args:
        inputs: A list of tensors.
        axis: The axis that grows.
        name: Name of the layer.
    """
    return Concatenate(axis, name=name)(inputs)


@explains_arguments
def dot(
    inputs: Sequence[Any],
    axes: int | Sequence[int],
    normalize: bool = False,
    name: str | None = None,
) -> Any:
    """Dot(axes, normalize)(inputs).

    Args:
        inputs: A list of two tensors.
        axes: The axis of both that is summed over, or one for each.
        normalize: True for cosines.
        name: Name of the layer.
    """
    return Dot(axes, normalize, name=name)(inputs)
