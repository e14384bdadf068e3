"""Images inside a model: their size, and random changes in training.

Gradients flow through all of them. `minigrad.data.augmentation` changes batches before they reach
a model, with more kinds of change; the geometry of both is that of `ops.warp_affine`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..backend import backend
from ..config import settings
from ..generators import generator, rowwise
from ..ops.warping import FILL_MODES, INTERPOLATIONS, affine_maps
from ..ops.windows import check_data_format
from ..utils.registry import check_choice, lookup
from .base import Layer
from .seeds import Seed, Seeded
from .validation import positive_integer

Factor = Any  # f stands for -f..f; (lowest, highest)


class ImageLayer(Layer):
    """A layer of images (N, H, W, C), or of one image (H, W, C); bytes are cast as they are."""

    def cast(self, x: Any) -> Any:
        """An array of integers in the default dtype; bytes are what images are made of.

        Args:
            x: Array of integers.
        """
        return x.astype(settings.default_dtype)

    def call(self, x: Any) -> Any:
        return _of_batch(self.change, x)

    def change(self, x: Any) -> Any:
        """The images changed.

        Args:
            x: Images (N, H, W, C).
        """
        raise NotImplementedError


def _of_batch(function: Callable[[Any], Any], x: Any) -> Any:
    """function(x) of images; of one image, as of a batch that holds it."""
    return function(ops.expand_dims(x, axis=0))[0] if x.ndim == 3 else function(x)


# ---- sizes ---------------------------------------------------------------------------------------


class Resizing(ImageLayer):
    """Images in another size.

    Args:
        height: The new height.
        width: The new width.
        interpolation: "bilinear", "nearest" or "bicubic".
        crop_to_aspect_ratio: True cuts off what does not fit the proportions, at both ends alike,
            instead of distorting.
        pad_to_aspect_ratio: True adds a border of fill_value instead.
        fill_mode: "constant", the one way to fill such a border.
        fill_value: The value of the border.
        antialias: True smooths images that shrink, so that fine patterns do not flicker.
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, height, width, C); (H, W, C) -> (height, width, C)

    Raises:
        ValueError: If an argument is of another form.

    Example:
        >>> Resizing(8, 12)(np.ones((1, 4, 4, 3))).shape
        (1, 8, 12, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        check_choice(interpolation, INTERPOLATIONS, "interpolation of Resizing")
        check_choice(fill_mode, ("constant",), "fill_mode of Resizing")
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(
                "Resizing: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other"
            )
        self.height = positive_integer(self, "height", height)
        self.width = positive_integer(self, "width", width)
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_value = fill_value
        self.antialias = antialias

    def change(self, x: Any) -> Any:
        if self.crop_to_aspect_ratio:
            x = _crop_to_proportions(x, self.height, self.width)
        if self.pad_to_aspect_ratio:
            x = self._pad_to_proportions(x)
        size = self.height, self.width
        return ops.resize(x, size=size, interpolation=self.interpolation, antialias=self.antialias)

    def _pad_to_proportions(self, x: Any) -> Any:
        h, w = x.shape[1:3]
        wanted = max(h, w * self.height // self.width), max(w, h * self.width // self.height)
        ends = [((n - old) // 2,) * 2 for n, old in zip(wanted, (h, w))]  # equal, as in Keras
        border = (0, 0), *ends, (0, 0)
        return ops.pad(x, pad_width=border, constant_values=self.fill_value)


def _crop_to_proportions(x: Any, height: int, width: int) -> Any:
    """The largest part in the middle of images that has the proportions height : width."""
    h, w = x.shape[1:3]
    return _crop_middle(x, max(1, min(h, w * height // width)), max(1, min(w, h * width // height)))


def _crop_middle(x: Any, height: int, width: int) -> Any:
    top, left = (x.shape[1] - height) // 2, (x.shape[2] - width) // 2
    return x[:, top : top + height, left : left + width]


class CenterCrop(ImageLayer):
    """The middle of each image; smaller images are resized, cut to the proportions first.

    Args:
        height: Height of the part.
        width: Width of the part.
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, height, width, C); (H, W, C) -> (height, width, C)

    Raises:
        ValueError: If a size is no positive integer.

    Example:
        >>> CenterCrop(1, 2)(np.arange(12.0).reshape(1, 3, 4, 1)).numpy().ravel().tolist()
        [5.0, 6.0]
    """

    def __init__(
        self,
        height: int,
        width: int,
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        self.height = positive_integer(self, "height", height)
        self.width = positive_integer(self, "width", width)

    def change(self, x: Any) -> Any:
        return _fit_middle(x, self.height, self.width)


def _fit_middle(x: Any, height: int, width: int) -> Any:
    """The middle of images, or where they are smaller, the resized middle."""
    if x.shape[1] >= height and x.shape[2] >= width:
        return _crop_middle(x, height, width)
    return ops.resize(_crop_to_proportions(x, height, width), size=(height, width))


# ---- random changes ------------------------------------------------------------------------------


class RandomImageLayer(ImageLayer, Seeded):
    """A random change of each image in training; images pass unchanged in inference.

    A direct call layer(x), outside of a model's methods, counts as training, as in Keras.
    """

    def __init__(
        self,
        seed: Seed,
        data_format: str | None,
        name: str | None,
        trainable: bool,
        input_shape: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        self._set_seed(seed)

    def call(self, x: Any, training: bool = True) -> Any:
        """The images changed in training, else as in inference.

        Args:
            x: Images (N, H, W, C), or one (H, W, C).
            training: True changes them.
        """
        if training:
            return super().call(x)
        return self.pass_on(x)

    def pass_on(self, x: Any) -> Any:
        """What inference makes of the images.

        Args:
            x: Images (N, H, W, C), or one (H, W, C).
        """
        return x

    def draw(self, count: int, low: float, high: float) -> np.ndarray:
        """Numbers between two bounds, one per image, on the host.

        Args:
            count: The number of images.
            low: The lowest number.
            high: The highest number.
        """
        return rowwise(self._generator or generator()).uniform(low, high, count)

    def per_image(self, values: np.ndarray, like: Any) -> Any:
        """Numbers (N,) in a shape that broadcasts over images, in their dtype and on their device.

        Args:
            values: The numbers.
            like: The images.
        """
        return backend(like).asarray(values.astype(like.dtype)).reshape(-1, 1, 1, 1)


def interval(layer: Layer, name: str, factor: Factor, low: float, high: float) -> tuple[Any, Any]:
    """(lowest, highest) of a factor, f standing for -f..f; ValueError beyond low..high."""
    ends = factor if isinstance(factor, (tuple, list)) else (-abs(factor), abs(factor))
    a, b = min(ends), max(ends)
    if len(ends) != 2 or not low <= a <= b <= high:
        raise ValueError(
            f"{type(layer).__name__}: {name} must be a number or (lowest, highest) between {low:g} "
            f"and {high:g}, not {factor!r}"
        )
    return float(a), float(b)


class RandomCrop(RandomImageLayer):
    """A part of each image from a random place in training, the middle in inference.

    Images that are smaller are resized, cut to the proportions first.

    Args:
        height: Height of the part.
        width: Width of the part.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, height, width, C); (H, W, C) -> (height, width, C)

    Raises:
        ValueError: If a size is no positive integer.

    Example:
        >>> RandomCrop(24, 24)(np.ones((5, 32, 32, 3))).shape
        (5, 24, 24, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: Seed = None,
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(seed, data_format, name, trainable, input_shape, dtype)
        self.height = positive_integer(self, "height", height)
        self.width = positive_integer(self, "width", width)

    def change(self, x: Any) -> Any:
        n, h, w, channels = x.shape
        if h < self.height or w < self.width:
            return self.pass_on(x)
        tops, lefts = (
            self.draw(n, 0, margin + 1).astype(np.intp)[:, None, None]
            for margin in (h - self.height, w - self.width)
        )
        rows = np.arange(n)[:, None, None] * h + tops + np.arange(self.height)[:, None]
        index = backend(x).asarray(rows * w + lefts + np.arange(self.width))  # (N, height, width)
        return ops.take(ops.reshape(x, shape=(n * h * w, channels)), index, axis=0)

    def pass_on(self, x: Any) -> Any:
        return _of_batch(lambda images: _fit_middle(images, self.height, self.width), x)


class RandomFlip(RandomImageLayer):
    """In training each image is mirrored with probability 1/2.

    Args:
        mode: "horizontal" (left and right are exchanged), "vertical", or
            "horizontal_and_vertical", each drawn by itself.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H, W, C)

    Raises:
        ValueError: If the mode is unknown.

    Example:
        >>> RandomFlip("horizontal")(np.ones((5, 8, 8, 3))).shape
        (5, 8, 8, 3)
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: Seed = None,
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(seed, data_format, name, trainable, input_shape, dtype)
        axes = {"horizontal": (2,), "vertical": (1,), "horizontal_and_vertical": (1, 2)}
        self.axes = lookup(mode, axes, "mode of RandomFlip")

    def change(self, x: Any) -> Any:
        for axis in self.axes:
            is_flipped = self.per_image(self.draw(len(x), 0, 1), x) < 0.5
            x = ops.where(is_flipped, ops.flip(x, axis=axis), x)
        return x


# ---- affine maps ---------------------------------------------------------------------------------


class RandomAffineLayer(RandomImageLayer):
    """A random affine map of each image in training."""

    rotation = zoom = shift_down = shift_right = (0.0, 0.0)  # lowest and highest
    zoom_width: tuple[float, float] | None = None  # None: that of the height, with the same draw

    def __init__(
        self,
        fill_mode: str,
        interpolation: str,
        seed: Seed,
        fill_value: float,
        data_format: str | None,
        name: str | None,
        trainable: bool,
        input_shape: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        super().__init__(seed, data_format, name, trainable, input_shape, dtype)
        kind = type(self).__name__
        check_choice(fill_mode, FILL_MODES, f"fill_mode of {kind}")
        check_choice(interpolation, ("bilinear", "nearest"), f"interpolation of {kind}")
        self.fill_mode = fill_mode
        self.interpolation = interpolation
        self.fill_value = fill_value

    def change(self, x: Any) -> Any:
        n, height, width, _ = x.shape
        angle = 2 * math.pi * self.draw(n, *self.rotation)
        zoom_y = 1 + self.draw(n, *self.zoom)
        zoom_x = zoom_y if self.zoom_width is None else 1 + self.draw(n, *self.zoom_width)
        down = height * self.draw(n, *self.shift_down)
        right = width * self.draw(n, *self.shift_right)
        return ops.warp_affine(
            x,
            maps=affine_maps(angle, zoom_y, zoom_x, down, right),
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            interpolation=self.interpolation,
        )


class RandomRotation(RandomAffineLayer):
    """In training each image is rotated by factor * 2 pi, counter-clockwise if positive.

    Args:
        factor: f for -f..f, or (lowest, highest): 0.1 stands for -36 to 36 degrees.
        fill_mode: What lies outside of the image: "constant", "nearest", "reflect" or "wrap", see
            `ops.warp_affine`.
        interpolation: "bilinear" or "nearest".
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        fill_value: The value outside of the image, for fill_mode "constant".
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H, W, C)

    Raises:
        ValueError: If factor, fill_mode or interpolation is not among those that fit.

    Example:
        >>> quarter = RandomRotation((0.25, 0.25))
        >>> image = np.array([[1.0, 2.0], [3.0, 4.0]])[None, ..., None]
        >>> quarter(image).numpy()[0, ..., 0].round(5).tolist()
        [[2.0, 4.0], [1.0, 3.0]]
    """

    def __init__(
        self,
        factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Seed = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        common = data_format, name, trainable, input_shape, dtype
        super().__init__(fill_mode, interpolation, seed, fill_value, *common)
        self.rotation = interval(self, "factor", factor, -1, 1)


class RandomZoom(RandomAffineLayer):
    """In training each image shrinks by 1 + factor, or grows if the factor is negative.

    Args:
        height_factor: f for -f..f, or (lowest, highest), above -1.
        width_factor: The same for the width; None to keep the proportions.
        fill_mode: What lies outside of the image: "constant", "nearest", "reflect" or "wrap", see
            `ops.warp_affine`.
        interpolation: "bilinear" or "nearest".
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        fill_value: The value outside of the image, for fill_mode "constant".
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H, W, C)

    Raises:
        ValueError: If a factor, fill_mode or interpolation is not among those that fit.

    Example:
        >>> RandomZoom(0.2)(np.ones((5, 8, 8, 3))).shape
        (5, 8, 8, 3)
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Seed = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        common = data_format, name, trainable, input_shape, dtype
        super().__init__(fill_mode, interpolation, seed, fill_value, *common)
        self.zoom = interval(self, "height_factor", height_factor, -0.99, 1)
        if width_factor is not None:
            self.zoom_width = interval(self, "width_factor", width_factor, -0.99, 1)


class RandomTranslation(RandomAffineLayer):
    """In training each image is shifted down by height_factor * H, right by width_factor * W.

    Args:
        height_factor: f for -f..f, or (lowest, highest); negative is up.
        width_factor: f for -f..f, or (lowest, highest); negative is left.
        fill_mode: What lies outside of the image: "constant", "nearest", "reflect" or "wrap", see
            `ops.warp_affine`.
        interpolation: "bilinear" or "nearest".
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        fill_value: The value outside of the image, for fill_mode "constant".
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H, W, C)

    Raises:
        ValueError: If a factor, fill_mode or interpolation is not among those that fit.

    Example:
        >>> down = RandomTranslation((0.5, 0.5), 0, fill_mode="constant")
        >>> down(np.array([[1.0], [2.0]])[None, ..., None]).numpy().ravel().tolist()
        [0.0, 1.0]
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Seed = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        common = data_format, name, trainable, input_shape, dtype
        super().__init__(fill_mode, interpolation, seed, fill_value, *common)
        self.shift_down = interval(self, "height_factor", height_factor, -1, 1)
        self.shift_right = interval(self, "width_factor", width_factor, -1, 1)


# ---- values --------------------------------------------------------------------------------------


class RandomBrightness(RandomImageLayer):
    """In training x + factor * (highest - lowest value), clipped to the range of values.

    Args:
        factor: f for -f..f, or (lowest, highest), within -1 (all black) to 1 (all white).
        value_range: (lowest, highest) value of a pixel.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H, W, C)

    Raises:
        ValueError: If the factor does not fit.

    Example:
        >>> brighter = RandomBrightness((0.5, 0.5), value_range=(0, 1))
        >>> brighter(np.array([[[[0.0], [0.25], [0.75]]]])).numpy().ravel().tolist()
        [0.5, 0.75, 1.0]
    """

    def __init__(
        self,
        factor: Factor,
        value_range: Any = (0, 255),
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(seed, None, name, trainable, input_shape, dtype)
        self.factor = interval(self, "factor", factor, -1, 1)
        self.value_range = interval(self, "value_range", value_range, -math.inf, math.inf)

    def change(self, x: Any) -> Any:
        low, high = self.value_range
        shift = (high - low) * self.draw(len(x), *self.factor)
        return ops.clip(x + self.per_image(shift, x), min=low, max=high)


class RandomContrast(RandomImageLayer):
    """In training mean + gain * (x - mean), with the mean of each image and channel, clipped.

    The gain lies between 1 - lower and 1 + upper.

    Args:
        factor: f for lower = upper = f, or (lower, upper), within 0 to 1.
        value_range: (lowest, highest) value of a pixel.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H, W, C)

    Raises:
        ValueError: If the factor does not fit.

    Example:
        >>> RandomContrast(0.5)(np.full((1, 2, 2, 1), 9.0)).numpy().ravel().tolist()
        [9.0, 9.0, 9.0, 9.0]
    """

    def __init__(
        self,
        factor: Factor,
        value_range: Any = (0, 255),
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(seed, None, name, trainable, input_shape, dtype)
        ends = factor if isinstance(factor, (tuple, list)) else (factor, factor)
        if len(ends) != 2 or not all(0 <= end <= 1 for end in ends):
            raise ValueError(
                f"RandomContrast: factor must be a number or (lower, upper) between 0 and 1, not "
                f"{factor!r}"
            )
        self.factor = float(ends[0]), float(ends[1])
        self.value_range = interval(self, "value_range", value_range, -math.inf, math.inf)

    def change(self, x: Any) -> Any:
        lower, upper = self.factor
        gain = self.per_image(self.draw(len(x), 1 - lower, 1 + upper), x)
        mean = ops.mean(x, axis=(1, 2), keepdims=True)
        low, high = self.value_range
        return ops.clip(mean + gain * (x - mean), min=low, max=high)
