"""Dropout in its forms."""

from __future__ import annotations

from typing import Any

from ..random import uniform
from .base import Layer
from .modes import is_training


class Dropout(Layer):
    """In training each element is dropped with probability `rate`, the rest divided by 1 - rate (Srivastava et al. 2014)."""

    supports_masking = True

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(**options)
        if not 0 <= rate < 1:
            raise ValueError(
                f"Dropout: rate must be in [0, 1), not {rate!r}: at 1 nothing would be left"
            )
        self.rate = rate

    def call(self, x: Any) -> Any:
        if not is_training() or self.rate == 0:
            return x
        return x * dropout_mask(self.rate, self.mask_shape(x), x)

    def mask_shape(self, x: Any) -> tuple[int, ...]:
        """The shape of the mask: one decision an element."""
        return x.shape


def dropout_mask(rate: float, shape: tuple[int, ...], like: Any) -> Any:
    """0 with probability `rate`, else 1 / (1 - rate): drawn on the host, on the device and in the dtype of `like`."""
    keep = 1 - rate
    return (uniform(shape, like) < keep).astype(like.dtype) * (1 / keep)


class SpatialDropout1D(Dropout):
    """Dropout of whole channels of a sequence (N, T, C): one decision for each sample and channel (arXiv:1411.4280)."""

    rank, expected = 3, "sequences of shape (N, T, C)"

    def mask_shape(self, x: Any) -> tuple[int, ...]:
        """One decision a channel."""
        return (x.shape[0], *(1,) * (self.rank - 2), x.shape[-1])

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) != self.rank:
            raise ValueError(f"{type(self).__name__} expects {self.expected}, got {input_shape}")


class SpatialDropout2D(SpatialDropout1D):
    """Dropout of whole channels of images (N, H, W, C): one decision for each sample and channel."""

    rank, expected = 4, "images of shape (N, H, W, C)"
