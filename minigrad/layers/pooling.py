"""Pooling layers: the largest element or the mean of windows, or of all, in images (N, H, W, C) and sequences (N, T, C)."""

from __future__ import annotations

from typing import Any, Callable

from .. import ops
from ..backend import backend
from .base import Layer
from .masking import as_mask


class _Rank(Layer):
    """A layer for inputs of one rank, without parameters."""

    rank, expected = 4, "images of shape (N, H, W, C)"

    def build(self, input_shape: tuple[int, ...]) -> None:
        self._check(input_shape)

    def _check(self, shape: tuple[int, ...]) -> None:
        if len(shape) != self.rank:
            one = ", one of them as x[None]" if len(shape) == self.rank - 1 else ""
            raise ValueError(f"{type(self).__name__} expects {self.expected}{one}; got {shape}")


# ---- windows -------------------------------------------------------------------------------------------------------


class _Pooling2D(_Rank):
    pool: Callable[..., Any]

    def __init__(
        self, pool_size: Any = (2, 2), strides: Any = None, padding: Any = "valid", **options: Any
    ) -> None:
        super().__init__(**options)
        self.pool_size, self.strides, self.padding = pool_size, strides, padding

    def call(self, x: Any) -> Any:
        self._check(x.shape)
        return type(self).pool(x, size=self.pool_size, strides=self.strides, padding=self.padding)


class MaxPooling2D(_Pooling2D):
    """The largest pixel of each window, channel by channel: (N, H, W, C) -> (N, rows, columns, C).

    `strides` are the pool size unless given; `padding` is 'valid', 'same' or numbers, and never wins.
    """

    pool = ops.max_pool


class AveragePooling2D(_Pooling2D):
    """The mean of the real pixels of each window: (N, H, W, C) -> (N, rows, columns, C); arguments as in MaxPooling2D."""

    pool = ops.avg_pool


class _Pooling1D(_Rank):
    rank, expected = 3, "sequences of shape (N, T, C)"
    pool: Callable[..., Any]

    def __init__(
        self, pool_size: int = 2, strides: int | None = None, padding: Any = "valid", **options: Any
    ) -> None:
        super().__init__(**options)
        self.pool_size, self.strides, self.padding = pool_size, strides, padding

    def call(self, x: Any) -> Any:
        """A sequence is an image of one row."""
        self._check(x.shape)
        size, stride = (
            n[0] if isinstance(n, (tuple, list)) else n for n in (self.pool_size, self.strides)
        )
        padding = self.padding if isinstance(self.padding, str) else ((0, 0), self.padding)
        y = type(self).pool(
            ops.expand_dims(x, axis=1),
            size=(1, size),
            strides=(1, size if stride is None else stride),
            padding=padding,
        )
        return ops.squeeze(y, axis=1)


class MaxPooling1D(_Pooling1D):
    """The largest element of each window: (N, T, C) -> (N, windows, C)."""

    pool = ops.max_pool


class AveragePooling1D(_Pooling1D):
    """The mean of each window: (N, T, C) -> (N, windows, C)."""

    pool = ops.avg_pool


# ---- everything ----------------------------------------------------------------------------------------------------


class _Global(_Rank):
    reduce: Callable[..., Any]

    def __init__(self, keepdims: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.keepdims = keepdims

    def call(self, x: Any) -> Any:
        self._check(x.shape)
        return type(self).reduce(x, axis=tuple(range(1, self.rank - 1)), keepdims=self.keepdims)


class GlobalAveragePooling2D(_Global):
    """The mean of all pixels of each channel: (N, H, W, C) -> (N, C), or (N, 1, 1, C) with `keepdims`."""

    reduce = ops.mean


class GlobalMaxPooling2D(_Global):
    """The largest pixel of each channel: (N, H, W, C) -> (N, C), or (N, 1, 1, C) with `keepdims`."""

    reduce = ops.max


class GlobalAveragePooling1D(_Global):
    """The mean over time, over the steps that `mask` (N, T) calls real (0 if none is): (N, T, C) -> (N, C), or (N, 1, C) with
    `keepdims`."""

    rank, expected = 3, "sequences of shape (N, T, C)"
    reduce = ops.mean
    accepts_mask = True

    def call(self, x: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(x)
        self._check(x.shape)
        real = as_mask(mask, x)[..., None].astype(x.dtype)
        return ops.sum(x * real, axis=1, keepdims=self.keepdims) / backend(x).maximum(
            real.sum(1, keepdims=self.keepdims), 1
        )

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Time has gone."""


class GlobalMaxPooling1D(_Global):
    """The largest element over time: (N, T, C) -> (N, C), or (N, 1, C) with `keepdims`."""

    rank, expected = 3, "sequences of shape (N, T, C)"
    reduce = ops.max
