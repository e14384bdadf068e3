"""Layers that rearrange elements: flatten, reshape, permute, pad, crop, enlarge."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..ops.warping import INTERPOLATIONS
from ..ops.windows import check_data_format, parse_padding
from ..utils.registry import check_choice
from .base import Layer
from .validation import is_integer, positive_integer, positive_pair


class Flatten(Layer):
    """All axes but the batch axis as one.

    Args:
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, ...) -> (N, product of the rest)

    Example:
        >>> Flatten()(np.ones((2, 3, 4))).shape
        (2, 12)
    """

    accepts_integers = True

    def __init__(
        self,
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)

    def call(self, x: Any) -> Any:
        return ops.reshape(x, shape=(x.shape[0], math.prod(x.shape[1:])))


class Reshape(Layer):
    """The elements of each input in another shape.

    Args:
        target_shape: The new shape, without the batch axis; one length may be -1.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, ...) -> (N, *target_shape)

    Raises:
        ValueError: If the number of elements differs.

    Example:
        >>> Reshape((2, -1))(np.ones((5, 6))).shape
        (5, 2, 3)
    """

    accepts_integers = True

    def __init__(
        self,
        target_shape: tuple[int, ...],
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.target_shape = _integers(self, "target_shape", target_shape)

    def call(self, x: Any) -> Any:
        return ops.reshape(x, shape=(x.shape[0], *self.target_shape))


class RepeatVector(Layer):
    """Each vector as a sequence of n equal steps: what a decoder reads at every step.

    Args:
        n: The number of steps.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, features) -> (N, n, features)

    Raises:
        ValueError: If n is not a whole number above 0.

    Example:
        >>> RepeatVector(3)(np.ones((5, 4))).shape
        (5, 3, 4)
    """

    input_rank = 2
    accepts_integers = True

    def __init__(
        self,
        n: int,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        if not hasattr(n, "__index__") or n < 1:
            raise ValueError(f"n must be a whole number above 0, not {n!r}")
        self.n = int(n)

    def call(self, x: Any) -> Any:
        return ops.repeat(x[:, None], repeats=self.n, axis=1)


class Permute(Layer):
    """The axes after the batch axis in another order.

    Args:
        dims: The order, counted from 1 as in Keras: (2, 1) swaps two axes.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Raises:
        ValueError: If dims does not name each axis once.

    Example:
        >>> Permute((2, 1))(np.ones((5, 3, 4))).shape
        (5, 4, 3)
    """

    accepts_integers = True

    def __init__(
        self,
        dims: tuple[int, ...],
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.dims = _integers(self, "dims", dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Permute: dims names each axis after the batch axis once, counted from 1, such "
                f"as (2, 1), not {dims!r}"
            )

    def call(self, x: Any) -> Any:
        return ops.transpose(x, axes=(0, *self.dims))


# ---- sequences -----------------------------------------------------------------------------------


class ZeroPadding1D(Layer):
    """Zeros before and after each sequence.

    Args:
        padding: A number, or (before, after).
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, C) -> (N, before + T + after, C)

    Raises:
        ValueError: If the padding is of another form, or the input of another rank.

    Example:
        >>> ZeroPadding1D((2, 1))(np.ones((1, 4, 3))).shape
        (1, 7, 3)
    """

    input_rank = 3

    def __init__(
        self,
        padding: Any = 1,
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        self.padding = _ends(padding, "padding")

    def call(self, x: Any) -> Any:
        return ops.pad(x, pad_width=((0, 0), self.padding, (0, 0)))


class Cropping1D(Layer):
    """Each sequence without its ends.

    Args:
        cropping: A number, or (before, after).
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, C) -> (N, T - before - after, C)

    Raises:
        ValueError: If the cropping is of another form or leaves nothing, or the input is of
            another rank.

    Example:
        >>> Cropping1D((0, 3))(np.ones((1, 6, 3))).shape
        (1, 3, 3)
    """

    input_rank = 3

    def __init__(
        self,
        cropping: Any = (1, 1),
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.cropping = _ends(cropping, "cropping")

    def call(self, x: Any) -> Any:
        if sum(self.cropping) >= x.shape[1]:
            raise ValueError(
                f"Cropping1D({self.cropping}) would leave nothing of sequences of {x.shape[1]} "
                "steps"
            )
        return ops.crop(x, width=((0, 0), self.cropping, (0, 0)))


class UpSampling1D(Layer):
    """Each step of a sequence repeated.

    Args:
        size: How many times each step stands in the output.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, C) -> (N, size * T, C)

    Raises:
        ValueError: If size is no whole number above 0, or the input is of another rank.

    Example:
        >>> UpSampling1D(2)(np.array([[[1.0], [2.0]]])).numpy().ravel().tolist()
        [1.0, 1.0, 2.0, 2.0]
    """

    input_rank = 3

    def __init__(
        self,
        size: int = 2,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.size = positive_integer(self, "size", size)

    def call(self, x: Any) -> Any:
        return ops.repeat(x, repeats=self.size, axis=1)


# ---- images --------------------------------------------------------------------------------------


class ZeroPadding2D(Layer):
    """Zeros around each image.

    Args:
        padding: A number, (vertical, horizontal) or ((top, bottom), (left, right)).
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H + top + bottom, W + left + right, C)

    Raises:
        ValueError: If the padding is of another form, or the input of another rank.

    Example:
        >>> ZeroPadding2D(1)(np.ones((1, 4, 4, 3))).shape
        (1, 6, 6, 3)
    """

    input_rank = 4

    def __init__(
        self,
        padding: Any = (1, 1),
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        self.padding = _border(padding, "padding")

    def call(self, x: Any) -> Any:
        return ops.pad(x, pad_width=((0, 0), *self.padding, (0, 0)))


class ReflectionPadding2D(Layer):
    """Each image mirrored at its edges: less visible at a border than zeros.

    The outermost pixels are not repeated, as in PyTorch's ReflectionPad2d.

    Args:
        padding: A number, (vertical, horizontal) or ((top, bottom), (left, right)).
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H + top + bottom, W + left + right, C)

    Raises:
        ValueError: If the padding is of another form or not smaller than the image, or the input
            is of another rank.

    Example:
        >>> row = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1)
        >>> ReflectionPadding2D((0, 2))(row).numpy().ravel().tolist()
        [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]
    """

    input_rank = 4

    def __init__(
        self,
        padding: Any = (1, 1),
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        self.padding = _border(padding, "padding")

    def call(self, x: Any) -> Any:
        return ops.pad(x, pad_width=((0, 0), *self.padding, (0, 0)), mode="reflect")


class Cropping2D(Layer):
    """Each image without its border.

    Args:
        cropping: A number, (vertical, horizontal) or ((top, bottom), (left, right)).
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H - top - bottom, W - left - right, C)

    Raises:
        ValueError: If the cropping is of another form or leaves nothing, or the input is of
            another rank.

    Example:
        >>> Cropping2D(((1, 0), (2, 2)))(np.ones((1, 6, 6, 3))).shape
        (1, 5, 2, 3)
    """

    input_rank = 4

    def __init__(
        self,
        cropping: Any = ((0, 0), (0, 0)),
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        self.cropping = _border(cropping, "cropping")

    def call(self, x: Any) -> Any:
        height, width = x.shape[1:3]
        vertical, horizontal = self.cropping
        if sum(vertical) >= height or sum(horizontal) >= width:
            raise ValueError(
                f"Cropping2D({self.cropping}) would leave nothing of images of {height} x {width}"
            )
        return ops.crop(x, width=((0, 0), *self.cropping, (0, 0)))


class UpSampling2D(Layer):
    """Images enlarged by whole factors.

    Args:
        size: Factor, or (vertical, horizontal).
        data_format: "channels_last" or None, which is the same.
        interpolation: "nearest" repeats pixels, "bilinear" draws lines between their centers,
            "bicubic" smooth curves.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, size[0] * H, size[1] * W, C)

    Raises:
        ValueError: If size or interpolation is of another form, or the input of another rank.

    Example:
        >>> UpSampling2D()(np.ones((1, 4, 4, 3))).shape
        (1, 8, 8, 3)
    """

    input_rank = 4

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        check_choice(interpolation, INTERPOLATIONS, "interpolation of UpSampling2D")
        self.size = positive_pair(self, "size", size)
        self.interpolation = interpolation

    def call(self, x: Any) -> Any:
        if self.interpolation == "nearest":
            return self._repeat(x)
        size = tuple(factor * n for factor, n in zip(self.size, x.shape[1:3]))
        return ops.resize(x, size=size, interpolation=self.interpolation)

    def _repeat(self, x: Any) -> Any:
        n, h, w, c = x.shape
        a, b = self.size
        pixels = ops.reshape(x, shape=(n, h, 1, w, 1, c))
        repeated = ops.broadcast_to(pixels, shape=(n, h, a, w, b, c))
        return ops.reshape(repeated, shape=(n, a * h, b * w, c))


def _integers(layer: Layer, name: str, value: Any) -> tuple[int, ...]:
    """The argument called `name` as a tuple; raises TypeError unless it holds integers."""
    if not isinstance(value, (tuple, list)) or not all(map(is_integer, value)):
        hint = f": write {name}=({value},)" if is_integer(value) else ""
        raise TypeError(
            f"{type(layer).__name__}: {name} must be a tuple of integers, not {value!r}{hint}"
        )
    return tuple(value)


def _ends(value: Any, name: str) -> tuple[int, int]:
    """(before, after) from the argument called `name`: that, or one number for both."""
    pair = (value, value) if is_integer(value) else value
    fits = isinstance(pair, (tuple, list)) and len(pair) == 2 and all(map(is_integer, pair))
    if not fits or min(pair) < 0:
        raise ValueError(f"{name} must be a number or (before, after), 0 or more, not {value!r}")
    return tuple(pair)


def _border(value: Any, name: str) -> Any:
    """((top, bottom), (left, right)) from any of the forms of the argument called `name`."""
    try:
        if isinstance(value, str):
            raise ValueError
        return parse_padding(value)
    except ValueError:
        raise ValueError(
            f"{name} must be a number, (vertical, horizontal) or ((top, bottom), (left, right)), "
            f"not {value!r}"
        ) from None
