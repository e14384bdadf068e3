"""Pooling: the maximum or the mean of windows, or of all of an image or a sequence."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..backend import backend
from ..ops.windows import check_data_format
from .base import Layer
from .masking import as_mask
from .validation import check_padding, positive_integer, positive_pair

# ---- windows of images ---------------------------------------------------------------------------


class _Pooling2D(Layer):
    """The arguments of pooling over windows of images."""

    input_rank = 4

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: Any = "valid",
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        self.pool_size = positive_pair(self, "pool_size", pool_size)
        self.strides = None if strides is None else positive_pair(self, "strides", strides)
        self.padding = check_padding(self, padding)


class MaxPooling2D(_Pooling2D):
    """The largest pixel of each window, channel by channel.

    Args:
        pool_size: Size of the window: a number or (height, width).
        strides: Steps of the window: a number or (vertical, horizontal); None for the pool size.
        padding: "valid", "same", a number, (vertical, horizontal) or ((top, bottom), (left,
            right)); padding is never the largest.
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, OH, OW, C)

    Raises:
        ValueError: If the window does not fit or the input has another rank.

    Example:
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> MaxPooling2D()(x).numpy()[0, ..., 0].tolist()
        [[5.0, 7.0], [13.0, 15.0]]
    """

    def call(self, x: Any) -> Any:
        return ops.max_pool(x, pool_size=self.pool_size, strides=self.strides, padding=self.padding)


class AveragePooling2D(_Pooling2D):
    """The mean of the pixels of each window, channel by channel.

    Args:
        pool_size: Size of the window: a number or (height, width).
        strides: Steps of the window: a number or (vertical, horizontal); None for the pool size.
        padding: "valid", "same", a number, (vertical, horizontal) or ((top, bottom), (left,
            right)); padding does not count.
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, OH, OW, C)

    Raises:
        ValueError: If the window does not fit or the input has another rank.

    Example:
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> AveragePooling2D()(x).numpy()[0, ..., 0].tolist()
        [[2.5, 4.5], [10.5, 12.5]]
    """

    def call(self, x: Any) -> Any:
        return ops.average_pool(
            x, pool_size=self.pool_size, strides=self.strides, padding=self.padding
        )


# ---- windows of sequences ------------------------------------------------------------------------


class _Pooling1D(Layer):
    """The arguments of pooling over windows of sequences, which are images of one row."""

    input_rank = 3

    def __init__(
        self,
        pool_size: int = 2,
        strides: int | None = None,
        padding: Any = "valid",
        data_format: str | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        self.pool_size = positive_integer(self, "pool_size", _first(pool_size))
        self.strides = self.pool_size
        if strides is not None:
            self.strides = positive_integer(self, "strides", _first(strides))
        self.padding = check_padding(self, padding)

    def _pool_rows(self, op: Any, x: Any) -> Any:
        """The 2-D op on images of one row."""
        size, stride = self.pool_size, self.strides
        padding = self.padding if isinstance(self.padding, str) else ((0, 0), self.padding)
        row = ops.expand_dims(x, axis=1)
        y = op(row, pool_size=(1, size), strides=(1, stride), padding=padding)
        return ops.squeeze(y, axis=1)


def _first(value: Any) -> Any:
    """n of n or (n,)."""
    return value[0] if isinstance(value, (tuple, list)) and len(value) == 1 else value


class MaxPooling1D(_Pooling1D):
    """The largest element of each window, channel by channel.

    Args:
        pool_size: Number of steps in the window.
        strides: Steps between windows; None for the pool size.
        padding: "valid", "same", a number or (before, after).
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, C) -> (N, OT, C)

    Raises:
        ValueError: If the window does not fit or the input has another rank.

    Example:
        >>> MaxPooling1D()(np.arange(4.0).reshape(1, 4, 1)).numpy().ravel().tolist()
        [1.0, 3.0]
    """

    def call(self, x: Any) -> Any:
        return self._pool_rows(ops.max_pool, x)


class AveragePooling1D(_Pooling1D):
    """The mean of each window, channel by channel.

    Args:
        pool_size: Number of steps in the window.
        strides: Steps between windows; None for the pool size.
        padding: "valid", "same", a number or (before, after).
        data_format: "channels_last" or None, which is the same.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, C) -> (N, OT, C)

    Raises:
        ValueError: If the window does not fit or the input has another rank.

    Example:
        >>> AveragePooling1D()(np.arange(4.0).reshape(1, 4, 1)).numpy().ravel().tolist()
        [0.5, 2.5]
    """

    def call(self, x: Any) -> Any:
        return self._pool_rows(ops.average_pool, x)


# ---- everything ----------------------------------------------------------------------------------


class _GlobalPooling(Layer):
    """The arguments of pooling over all steps or pixels."""

    def __init__(
        self,
        data_format: str | None = None,
        keepdims: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_data_format(data_format)
        self.keepdims = keepdims


class GlobalAveragePooling2D(_GlobalPooling):
    """The mean of all pixels, channel by channel.

    Args:
        data_format: "channels_last" or None, which is the same.
        keepdims: True keeps the pooled axes, of length 1.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, C), or (N, 1, 1, C) with keepdims

    Raises:
        ValueError: If the input has another rank.

    Example:
        >>> GlobalAveragePooling2D()(np.ones((2, 4, 4, 3))).shape
        (2, 3)
    """

    input_rank = 4

    def call(self, x: Any) -> Any:
        return ops.mean(x, axis=(1, 2), keepdims=self.keepdims)


class GlobalMaxPooling2D(_GlobalPooling):
    """The largest of all pixels, channel by channel.

    Args:
        data_format: "channels_last" or None, which is the same.
        keepdims: True keeps the pooled axes, of length 1.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, C), or (N, 1, 1, C) with keepdims

    Raises:
        ValueError: If the input has another rank.

    Example:
        >>> GlobalMaxPooling2D()(np.ones((2, 4, 4, 3))).shape
        (2, 3)
    """

    input_rank = 4

    def call(self, x: Any) -> Any:
        return ops.max(x, axis=(1, 2), keepdims=self.keepdims)


class GlobalAveragePooling1D(_GlobalPooling):
    """The mean over time, over the steps where the mask is True if there is one.

    Args:
        data_format: "channels_last" or None, which is the same.
        keepdims: True keeps the pooled axes, of length 1.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, C) -> (N, C), or (N, 1, C) with keepdims

    Raises:
        ValueError: If the input has another rank.

    Example:
        >>> GlobalAveragePooling1D()(np.ones((2, 4, 3))).shape
        (2, 3)
    """

    input_rank = 3

    def call(self, x: Any, mask: Any = None) -> Any:
        """The mean over time.

        Args:
            x: Sequences (N, T, C).
            mask: Booleans (N, T), True at the steps to average over; None for all. Where a
                sequence has none, its mean is 0.
        """
        if mask is None:
            return ops.mean(x, axis=1, keepdims=self.keepdims)
        real = as_mask(mask, x)[..., None].astype(x.dtype)  # type: ignore[index]
        count = real.sum(1, keepdims=self.keepdims)
        total = ops.sum(x * real, axis=1, keepdims=self.keepdims)
        return total / backend(x).maximum(count, 1)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """No mask: the output has no time axis."""


class GlobalMaxPooling1D(_GlobalPooling):
    """The largest element over time, channel by channel.

    Args:
        data_format: "channels_last" or None, which is the same.
        keepdims: True keeps the pooled axes, of length 1.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, C) -> (N, C), or (N, 1, C) with keepdims

    Raises:
        ValueError: If the input has another rank.

    Example:
        >>> GlobalMaxPooling1D()(np.ones((2, 4, 3))).shape
        (2, 3)
    """

    input_rank = 3

    def call(self, x: Any) -> Any:
        return ops.max(x, axis=1, keepdims=self.keepdims)
