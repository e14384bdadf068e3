"""What prepares data inside a model: rescaling, and normalization by the statistics of data."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..backend import to_cpu
from ..config import as_data, settings
from .base import Layer


class Rescaling(Layer):
    """x * scale + offset.

    Args:
        scale: The factor: 1 / 255 brings bytes to 0..1, 1 / 127.5 with offset -1 to -1..1.
        offset: What is added.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (...) -> (...)

    Example:
        >>> Rescaling(1 / 255)(np.array([[0, 51, 255]], "uint8")).numpy().round(3)
        array([[0. , 0.2, 1. ]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        scale: Any,
        offset: Any = 0.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.scale = scale
        self.offset = offset

    def cast(self, x: Any) -> Any:
        """An array of integers in the default dtype; bytes are what this layer is for.

        Args:
            x: Array of integers.
        """
        return x.astype(settings.default_dtype)

    def call(self, x: Any) -> Any:
        return x * self.scale + self.offset


class Normalization(Layer):
    """(x - mean) / deviation, by the statistics of data that `adapt` has seen.

    They are weights that no training changes, so a file of weights holds them; before `adapt` they
    are 0 and 1.

    Args:
        axis: The axis or axes that keep statistics of their own, -1 for features; None for one
            mean and one variance of all.
        mean: The mean, if it is known; None for that of `adapt`.
        variance: The variance, likewise.
        invert: True goes back: x * deviation + mean.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: mean and variance are not trained.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, ...) -> (N, ...)

    Raises:
        ValueError: If one of mean and variance is given alone, or the axis names no axis of fixed
            length.

    Example:
        >>> layer = Normalization()
        >>> layer.adapt(np.array([[0.0, 1.0], [2.0, 5.0]]))
        >>> layer(np.array([[2.0, 1.0]])).numpy().tolist()
        [[1.0, -1.0]]
    """

    supports_masking = True
    epsilon = 1e-7  # the smallest deviation

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        if (mean is None) != (variance is None):
            raise ValueError(
                "Normalization: give both mean and variance, or neither and call adapt(data)"
            )
        self.axis = axis
        self.invert = invert
        self._given = None if mean is None else (mean, variance)

    def build(self, input_shape: tuple[int, ...]) -> None:
        axes = self._kept_axes(len(input_shape))
        shape = tuple(n if i in axes else 1 for i, n in enumerate(input_shape))
        if None in shape:
            raise ValueError(
                f"Normalization: axis {self.axis} of {input_shape} has no fixed length: name "
                "another, or None for one mean of all"
            )
        self.mean = self.add_weight(shape, "zeros", trainable=False)
        self.variance = self.add_weight(shape, "ones", trainable=False)
        self._lengths = [n for i, n in enumerate(input_shape) if i in axes]
        if self._given is not None:
            self._assign(*self._given)

    def _kept_axes(self, rank: int) -> set[int]:
        """The axes with statistics of their own, counted from the first."""
        axes = () if self.axis is None else np.atleast_1d(self.axis).tolist()
        kept = {axis % rank for axis in axes if -rank <= axis < rank}
        if len(kept) != len(axes) or 0 in kept:
            raise ValueError(
                f"Normalization: axis {self.axis!r} must name axes 1 to {rank - 1} of inputs with "
                f"{rank} axes; axis 0 counts the rows"
            )
        return kept

    def _assign(self, mean: Any, variance: Any) -> None:
        for weight, value in ((self.mean, mean), (self.variance, variance)):
            full = np.broadcast_to(to_cpu(as_data(value)), self._lengths)
            weight.assign(full.reshape(weight.shape).astype(weight.dtype))

    def adapt(self, data: Any) -> None:
        """Take mean and variance from data.

        Args:
            data: Rows as the layer will see them, an array.

        Raises:
            ValueError: If there are no rows, or they do not fit the layer.
        """
        x = to_cpu(as_data(data)).astype(np.float64)
        if not len(x):
            raise ValueError("Normalization: adapt needs at least one row")
        if not self.built:
            self.build_from_shape(x.shape[1:])
        others = tuple(i for i in range(x.ndim) if i not in self._kept_axes(x.ndim))
        if self.mean.shape != tuple(1 if i in others else n for i, n in enumerate(x.shape)):
            raise ValueError(
                f"Normalization: data of shape {x.shape} do not fit statistics of shape "
                f"{self.mean.shape}"
            )
        self._assign(x.mean(others), x.var(others))

    def call(self, x: Any) -> Any:
        deviation = ops.maximum(ops.sqrt(self.variance), self.epsilon)
        if self.invert:
            return x * deviation + self.mean
        return (x - self.mean) / deviation
