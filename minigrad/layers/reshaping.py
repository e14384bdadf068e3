"""Layers that only move numbers: flatten, reshape, permute, pad, crop, enlarge."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..ops.windows import check_images, pair
from .base import Layer
from .convolution import _between, _border, _check_format


class ZeroPadding2D(Layer):
    """Zeros around each image; `padding` is a number, (vertical, horizontal) or ((top, bottom), (left, right))."""

    def __init__(
        self, padding: Any = (1, 1), data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        _check_format(data_format)
        self.padding = _border(padding, "padding")

    def call(self, x: Any) -> Any:
        check_images(x)
        return ops.pad(x, width=((0, 0), *self.padding, (0, 0)))


class Cropping2D(Layer):
    """Each image without its border; `cropping` is a number, (vertical, horizontal) or ((top, bottom), (left, right))."""

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        _check_format(data_format)
        self.cropping = _border(cropping, "cropping")

    def call(self, x: Any) -> Any:
        check_images(x)
        if any(sum(cut) >= n for n, cut in zip(x.shape[1:3], self.cropping)):
            raise ValueError(
                f"Cropping2D({self.cropping}) would leave nothing of images of {x.shape[1]} x {x.shape[2]}"
            )
        return ops.crop(x, width=((0, 0), *self.cropping, (0, 0)))


class UpSampling2D(Layer):
    """Images `size` times as large: each pixel repeated ("nearest"), or straight lines between their centres ("bilinear")."""

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        _check_format(data_format)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(
                f"UpSampling2D: interpolation must be 'nearest' or 'bilinear', not {interpolation!r}"
            )
        self.size, self.interpolation = pair(size, "size"), interpolation

    def call(self, x: Any) -> Any:
        check_images(x)
        n, h, w, c = x.shape
        a, b = self.size
        if self.interpolation == "nearest":
            wide = ops.broadcast_to(
                ops.reshape(x, shape=(n, h, 1, w, 1, c)), shape=(n, h, a, w, b, c)
            )
            return ops.reshape(wide, shape=(n, a * h, b * w, c))
        rows = ops.reshape(
            _between(h, a, x) @ ops.reshape(x, shape=(n, h, w * c)), shape=(n, a * h, w, c)
        )
        return _between(w, b, x) @ rows


class Flatten(Layer):
    """(N, ...) -> (N, product of the rest)."""

    accepts_integers = True

    def call(self, x: Any) -> Any:
        return ops.reshape(x, shape=(x.shape[0], math.prod(x.shape[1:])))


class Reshape(Layer):
    """(N, ...) -> (N, *target_shape); one length may be -1."""

    accepts_integers = True

    def __init__(self, target_shape: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.target_shape = tuple(target_shape)

    def call(self, x: Any) -> Any:
        return ops.reshape(x, shape=(x.shape[0], *self.target_shape))


class Permute(Layer):
    """The axes after the batch axis in another order, counted from 1 as in Keras: Permute((2, 1))."""

    accepts_integers = True

    def __init__(self, dims: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.dims = tuple(dims)

    def call(self, x: Any) -> Any:
        return ops.transpose(x, axes=(0, *self.dims))
