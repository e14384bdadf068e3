"""Normalization over features, batches and groups of channels, and its relatives."""

from __future__ import annotations

from typing import Any

from .. import initializers, ops
from ..arguments import explains_arguments
from ..backend import Array, backend, chunks
from ..config import as_data, one_call, settings, to_device
from ..engine.autograd import no_grad
from ..engine.tensor import Tensor
from ..ops.normalization import Moments, batch_moments
from .base import Layer
from .masking import as_mask
from .modes import uses_batch_statistics
from .module import device_of
from .validation import check_axis, positive_integer


class _Affine(Layer):
    """The arguments and parameters of normalizations that end in gamma * normalized + beta."""

    def __init__(
        self,
        axis: int | tuple[int, ...],
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        name: str | None,
        trainable: bool,
        input_shape: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_axis(self, axis)
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self._describe("beta", beta_initializer, beta_regularizer, beta_constraint)
        self._describe("gamma", gamma_initializer, gamma_regularizer, gamma_constraint)

    def _add_affine(self, shape: tuple[int, ...]) -> None:
        """Make gamma and beta, those of them that the layer has."""
        self.affine_shape = shape
        if self.scale:
            self.gamma = self._described("gamma", shape)
        if self.center:
            self.beta = self._described("beta", shape)

    def _affine(self, x: Any) -> tuple[Any, Any]:
        """gamma and beta, or ones and zeros in their place."""
        xp = backend(x)
        gamma = self.gamma if self.scale else xp.ones(self.affine_shape, x.dtype)
        beta = self.beta if self.center else xp.zeros(self.affine_shape, x.dtype)
        return gamma, beta


# ---- over features -------------------------------------------------------------------------------


class LayerNormalization(_Affine):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, over the last axis or several.

    Args:
        axis: The axis, or axes, to normalize over; they must be the last ones.
        epsilon: Added to the variance, so that it is never 0.
        center: False leaves beta out.
        scale: False leaves gamma out.
        beta_initializer: Name or function that makes beta.
        gamma_initializer: Name or function that makes gamma.
        beta_regularizer: Name or function of a penalty on beta; None for none.
        gamma_regularizer: Name or function of a penalty on gamma; None for none.
        beta_constraint: Name or function of a constraint on beta; None for none.
        gamma_constraint: Name or function of a constraint on gamma; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, ..., features) -> (N, ..., features)

    Raises:
        ValueError: If the axes are others, or an input has other last axes than the first.

    References:
        Ba et al. 2016, arXiv:1607.06450.

    Example:
        >>> y = LayerNormalization()(np.array([[1.0, 2.0, 3.0]]))
        >>> bool(abs(y.numpy().mean()) < 1e-6)
        True
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | tuple[int, ...] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            axis,
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            name,
            trainable,
            input_shape,
            dtype,
        )

    def build(self, input_shape: tuple[int, ...]) -> None:
        rank = len(input_shape)
        axis = self.axis if isinstance(self.axis, (tuple, list)) else (self.axis,)
        axes = sorted(a + rank if a < 0 else a for a in axis)
        first = rank - len(axes)
        if axes != list(range(first, rank)) or first < 1:
            raise ValueError(
                f"LayerNormalization normalizes the last axes, not the batch; axis={self.axis} of "
                f"{input_shape} are others: Permute them to the end"
            )
        self._add_affine(input_shape[first:])

    def call(self, x: Any) -> Any:
        shape = self.affine_shape
        if x.shape[-len(shape) :] != shape:
            raise ValueError(
                f"LayerNormalization was built for last axes {shape}, "
                f"got an input of shape {x.shape}"
            )
        gamma, beta = self._affine(x)
        return ops.layer_norm(x, gamma, beta, epsilon=self.epsilon)


class RMSNormalization(Layer):
    """scale * x / sqrt(mean of x**2 + epsilon), over the last axis.

    Args:
        axis: The axis to normalize over; it must be the last one.
        epsilon: Added to the mean square, so that it is never 0.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, ..., features) -> (N, ..., features)

    Raises:
        ValueError: If the axis is another one, or an input has another number of features than
            the first.

    References:
        Zhang & Sennrich 2019, arXiv:1910.07467.

    Example:
        >>> RMSNormalization()(np.array([[3.0, -3.0]])).numpy().round(3).tolist()
        [[1.0, -1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-6,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_axis(self, axis)
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int, ...]) -> None:
        if self.axis not in (-1, len(input_shape) - 1) or len(input_shape) < 2:
            raise ValueError(
                f"RMSNormalization normalizes the last axis; axis={self.axis} of {input_shape} is "
                "another: Permute it to the end"
            )
        self.input_features = input_shape[-1]
        self.scale = self.add_weight((self.input_features,), "ones")

    def call(self, x: Any) -> Any:
        return ops.rms_norm(x, self.scale, epsilon=self.epsilon)


class UnitNormalization(Layer):
    """x / |x|, the length over one axis or several; where that is 0, 0.

    Args:
        axis: The axis or axes over which the length is taken.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, ...) -> (N, ...)

    Example:
        >>> UnitNormalization()(np.array([[3.0, 4.0]])).numpy().round(1)
        array([[0.6, 0.8]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        axis: Any = -1,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.axis = tuple(axis) if isinstance(axis, list) else axis

    def call(self, x: Any) -> Any:
        square = ops.sum(x * x, axis=self.axis, keepdims=True)
        return x / ops.sqrt(ops.maximum(square, 1e-24))


# ---- over batches --------------------------------------------------------------------------------


class _ChannelNormalization(_Affine):
    """Normalizations with one gamma and one beta per channel."""

    supports_masking = True
    axis: int
    moved_axis: int | None = None  # that of the channels, if it is not the last

    def build(self, input_shape: tuple[int, ...]) -> None:
        rank = len(input_shape)
        axis = self.axis + rank if self.axis < 0 else self.axis
        if not 0 < axis < rank:
            raise ValueError(
                f"{type(self).__name__}: axis={self.axis} is no channel axis of an input of shape "
                f"{input_shape}: the last is -1, 0 is the batch"
            )
        if axis < rank - 1:
            self.moved_axis = axis
        else:
            self.input_features = input_shape[-1]
        self._add_affine((input_shape[axis],))

    def _channels_last(self, x: Any) -> Any:
        """x with the channels as its last axis, where the ops expect them."""
        if self.moved_axis is None:
            return x
        moved = ops.moveaxis(x, source=self.moved_axis, destination=-1)
        if moved.shape[-1:] != self.affine_shape:
            raise ValueError(
                f"{type(self).__name__} was built for {self.affine_shape[0]} channels in axis "
                f"{self.axis}, got an input of shape {x.shape}"
            )
        return moved

    def _channels_back(self, y: Any) -> Any:
        """y with the channels in their axis."""
        if self.moved_axis is None:
            return y
        return ops.moveaxis(y, source=-1, destination=self.moved_axis)


class BatchNormalization(_ChannelNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, for each channel.

    In training the statistics are those of the batch, and moving averages follow them. In
    inference, and while the layer is frozen, the moving averages take their place. Inside a model's
    training step, frozen means frozen when that model was compiled: a discriminator frozen after
    its compile uses the batch in its own steps, the moving averages in those of the stacked model.
    The moving variance is the biased one, as in Keras. Steps that the mask of the input marks as
    padding do not count in the statistics.

    Args:
        axis: The channel axis, by default the last one; 1 for images (N, C, H, W).
        momentum: Weight of the old value when a moving average is updated.
        epsilon: Added to the variance, so that it is never 0.
        center: False leaves beta out.
        scale: False leaves gamma out.
        beta_initializer: Name or function that makes beta.
        gamma_initializer: Name or function that makes gamma.
        moving_mean_initializer: Name or function that makes the first moving mean.
        moving_variance_initializer: Name or function that makes the first moving variance.
        beta_regularizer: Name or function of a penalty on beta; None for none.
        gamma_regularizer: Name or function of a penalty on gamma; None for none.
        beta_constraint: Name or function of a constraint on beta; None for none.
        gamma_constraint: Name or function of a constraint on gamma; None for none.
        synchronized: Whether the statistics are those of the batch of all processes that train
            together (minigrad.distributed), not of the rows in each.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes gamma, beta and the moving averages.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, ..., C) -> (N, ..., C)

    Raises:
        ValueError: If the axis is another one, or an input has another number of channels than the
            first.

    References:
        Ioffe & Szegedy 2015, arXiv:1502.03167.

    Example:
        >>> layer = BatchNormalization(momentum=0.5)
        >>> y = layer(np.array([[2.0], [4.0]]), training=True)
        >>> layer.moving_mean.numpy().tolist()
        [1.5]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        synchronized: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            axis,
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            name,
            trainable,
            input_shape,
            dtype,
        )
        self.momentum = float(momentum)
        self.synchronized = synchronized
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        # (rows, mean, variance) of each batch, inside recompute_statistics
        self.collected_statistics: list[Any] | None = None

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        self.moving_mean = self.add_weight(
            self.affine_shape, self.moving_mean_initializer, trainable=False
        )
        self.moving_variance = self.add_weight(
            self.affine_shape, self.moving_variance_initializer, trainable=False
        )

    def call(self, x: Any, mask: Any = None) -> Any:
        """The normalized values.

        Args:
            x: The values (N, ..., C).
            mask: Booleans of the leading axes of x, False at padding; None for none.
        """
        return self._channels_back(self._normalize(self._channels_last(x), x, mask))

    def _normalize(self, x: Any, given: Any, mask: Any) -> Any:
        """The equation for channels last; `given` is x as it came, to which the mask belongs."""
        gamma, beta = self._affine(x)
        if self.collected_statistics is None and not uses_batch_statistics(self):
            scale = gamma / ops.sqrt(self.moving_variance + self.epsilon)
            return ops.scale_shift(x, scale, beta - self.moving_mean * scale)
        if mask is not None:
            return self._normalize_real(x, gamma, beta, self._mask_weights(given, mask))
        if self.synchronized and settings.process_group is not None:
            return self._normalize_real(x, gamma, beta, backend(x).ones_like(x.data[..., :1]))
        moments = batch_moments(x)
        self._record(x.size // x.shape[-1], moments)
        return ops.batch_norm(x, gamma, beta, epsilon=self.epsilon, moments=moments)

    def _mask_weights(self, x: Any, mask: Any) -> Array:
        """1 at the real steps of x and 0 at padding, (N, ..., 1) or with all channels, last."""
        shapes = (x.shape[:i] for i in range(1, x.ndim))
        real = as_mask(mask, x, *shapes)
        weights = real.reshape(real.shape + (1,) * (x.ndim - real.ndim))  # type: ignore[union-attr]
        xp = backend(x)
        if self.moved_axis is None:
            return xp.broadcast_to(weights, (*x.shape[:-1], 1)).astype(x.dtype)
        everywhere = xp.broadcast_to(weights, x.shape).astype(x.dtype)
        return xp.moveaxis(everywhere, self.moved_axis, -1)

    def _normalize_real(self, x: Any, gamma: Any, beta: Any, weights: Array) -> Any:
        """The equation with the mean and variance over the steps of weight 1."""
        axes = tuple(range(x.ndim - 1))

        def total(values: Any) -> Any:
            own = ops.sum(values, axis=axes)
            return ops.sum_over_processes(own) if self.synchronized else own

        rows = total(weights)
        count = backend(x).maximum(rows, 1)
        mean = total(x * weights) / count
        centered = x - mean
        variance = total(ops.square(centered) * weights) / count
        self._record(rows, Moments(mean.data, variance.data))
        return centered / ops.sqrt(variance + self.epsilon) * gamma + beta

    @one_call
    def _record(self, rows: Any, moments: Moments) -> None:
        """Update the moving statistics, or collect those of this batch of some rows."""
        if self.collected_statistics is None:
            self.update_moving_statistics(moments.mean, moments.variance)
        else:
            self.collected_statistics.append((rows, moments.mean, moments.variance))

    def update_moving_statistics(self, mean: Any, variance: Any) -> None:
        """Move the averages toward the statistics of a batch.

        Their arrays are new ones, so that a graph that holds the old ones stays valid.

        Args:
            mean: Mean of each channel.
            variance: Variance of each channel.
        """
        momentum = self.momentum
        self.moving_mean.data = self.moving_mean.data * momentum + mean * (1 - momentum)
        self.moving_variance.data = self.moving_variance.data * momentum + variance * (1 - momentum)


@explains_arguments
def recompute_statistics(model: Layer, x: Any, batch_size: int = 32) -> None:
    """Set the moving statistics of every BatchNormalization layer not frozen to those of x.

    Moving averages lag behind weights that have changed fast: after 225 steps at momentum .99 a
    tenth of their start is left. Each batch passes once, normalized by its own statistics, without
    dropout; means and variances are pooled over all batches.

    Args:
        model: The model, built.
        x: Inputs, usually those of the training data.
        batch_size: Number of rows per batch.

    Raises:
        ValueError: If x has no rows.

    Example:
        >>> layer = BatchNormalization()
        >>> _ = layer(np.zeros((1, 1)))
        >>> recompute_statistics(layer, np.array([[2.0], [4.0]]))
        >>> layer.moving_mean.numpy().tolist(), layer.moving_variance.numpy().tolist()
        ([3.0], [1.0])
    """
    rows = as_data(x)
    if not len(rows):
        raise ValueError(f"recompute_statistics: x of shape {rows.shape} holds no rows")
    rows = to_device(rows, device_of(model))
    layers = [
        layer
        for _, layer in model.named_layers()
        if isinstance(layer, BatchNormalization) and layer.trainable
    ]
    try:
        for layer in layers:
            layer.collected_statistics = []
        with no_grad():
            for batch in chunks(len(rows), batch_size):
                model(Tensor(rows[batch]), training=False)
        for layer in layers:
            if layer.collected_statistics:
                mean, variance = _pool_statistics(layer.collected_statistics)
                layer.moving_mean.data = mean
                layer.moving_variance.data = variance
    finally:
        for layer in layers:
            layer.collected_statistics = None


def _pool_statistics(statistics: list[Any]) -> tuple[Any, Any]:
    """The mean and variance of all rows from (rows, mean, variance) of each batch."""
    total = sum(n for n, _, _ in statistics)
    mean = sum(m * (n / total) for n, m, _ in statistics)
    variance = sum((v + (m - mean) ** 2) * (n / total) for n, m, v in statistics)
    return mean, variance


# ---- over groups of channels ---------------------------------------------------------------------


class GroupNormalization(_ChannelNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, over each sample's groups of channels.

    Args:
        groups: Number of groups into which the channels are divided; -1 for one per channel.
        axis: The channel axis, by default the last one; 1 for images (N, C, H, W).
        epsilon: Added to the variance, so that it is never 0.
        center: False leaves beta out.
        scale: False leaves gamma out.
        beta_initializer: Name or function that makes beta.
        gamma_initializer: Name or function that makes gamma.
        beta_regularizer: Name or function of a penalty on beta; None for none.
        gamma_regularizer: Name or function of a penalty on gamma; None for none.
        beta_constraint: Name or function of a constraint on beta; None for none.
        gamma_constraint: Name or function of a constraint on gamma; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, ..., C) -> (N, ..., C)

    Raises:
        ValueError: If groups does not divide the channels, the axis is another one, or an input has
            another number of channels than the first.

    References:
        Wu & He 2018, arXiv:1803.08494.

    Example:
        >>> GroupNormalization(2)(np.ones((1, 4, 4, 6))).shape
        (1, 4, 4, 6)
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            axis,
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            name,
            trainable,
            input_shape,
            dtype,
        )
        self.groups = groups if groups == -1 else positive_integer(self, "groups", groups)

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        (channels,) = self.affine_shape
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__}: {channels} channels (input of shape {input_shape}) "
                f"do not divide into {self.groups} groups"
            )

    def call(self, x: Any) -> Any:
        gamma, beta = self._affine(x)
        (channels,) = self.affine_shape
        groups = channels if self.groups == -1 else self.groups
        y = ops.group_norm(self._channels_last(x), gamma, beta, groups=groups, epsilon=self.epsilon)
        return self._channels_back(y)


class InstanceNormalization(GroupNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, over each channel of each image.

    Args:
        axis: The channel axis, by default the last one; 1 for images (N, C, H, W).
        epsilon: Added to the variance, so that it is never 0.
        center: False leaves beta out.
        scale: False leaves gamma out.
        beta_initializer: Name or function that makes beta.
        gamma_initializer: Name or function that makes gamma.
        beta_regularizer: Name or function of a penalty on beta; None for none.
        gamma_regularizer: Name or function of a penalty on gamma; None for none.
        beta_constraint: Name or function of a constraint on beta; None for none.
        gamma_constraint: Name or function of a constraint on gamma; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, ..., C) -> (N, ..., C)

    Raises:
        ValueError: If the axis is another one, or an input has another number of channels than the
            first.

    References:
        Ulyanov et al. 2016, arXiv:1607.08022.

    Example:
        >>> InstanceNormalization()(np.ones((1, 4, 4, 3))).shape
        (1, 4, 4, 3)
    """

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            -1,
            axis,
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            name=name,
            trainable=trainable,
            input_shape=input_shape,
            dtype=dtype,
        )


class LocalResponseNormalization(Layer):
    """x / (k + alpha * sum of x**2 over the n channels around each) ** beta.

    Args:
        n: Number of channels in the sum, odd: the channel itself and as many on either side.
        k: Added to the sum, positive.
        alpha: Factor of the sum, not negative.
        beta: Exponent.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (..., C) -> (..., C)

    Raises:
        ValueError: If n is even, k is not positive, or alpha is negative.

    References:
        Krizhevsky et al. 2012, section 3.3.

    Example:
        >>> LocalResponseNormalization(n=1, k=1.0, alpha=3.0, beta=0.5)(np.ones((1, 2))).numpy()
        array([[0.5, 0.5]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        n: int = 5,
        k: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        if n < 1 or n % 2 == 0:
            raise ValueError(
                "LocalResponseNormalization: n counts a channel and as many on either side: an odd "
                f"number, not {n}"
            )
        if k <= 0 or alpha < 0:
            raise ValueError(
                "LocalResponseNormalization: k must be positive and alpha not negative, got "
                f"k={k}, alpha={alpha}"
            )
        self.n = n
        self.k = k
        self.alpha = alpha
        self.beta = beta

    def call(self, x: Any) -> Any:
        return ops.local_response_norm(x, n=self.n, k=self.k, alpha=self.alpha, beta=self.beta)
