"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from .. import activations, ops
from ..backend import FLOAT16
from .attributes import made_by
from .base import Layer
from .masking import as_mask
from .validation import check_axis

HIDDEN, HIDDEN_HALF = -1e9, -3e4  # the scores of what a mask hides; float16 ends at 65504


class Activation(Layer):
    """activation(x), elementwise.

    Args:
        activation: Name or function.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Example:
        >>> Activation("relu")(np.array([[-1.0, 2.0]])).numpy().tolist()
        [[0.0, 2.0]]
    """

    supports_masking = True
    activation: Any = made_by(activations.get)

    def __init__(
        self,
        activation: Any,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.activation = activation

    def call(self, x: Any) -> Any:
        return self.activation(x)


class ReLU(Layer):
    """max(x, 0), or in general min(max_value, x) from `threshold` on, a line below it.

    At 0 and at max_value the gradient is 0.

    Args:
        max_value: Largest output; None for no limit.
        negative_slope: Slope of negative_slope * (x - threshold), the output below `threshold`.
        threshold: Where the output starts to be x.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Example:
        >>> ReLU(max_value=6)(np.array([[-1.0, 2.0, 9.0]])).numpy().tolist()
        [[0.0, 2.0, 6.0]]
    """

    supports_masking = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, x: Any) -> Any:
        return activations.relu(x, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """x where positive, negative_slope * x elsewhere.

    Args:
        negative_slope: Slope below 0.
        alpha: Older name of negative_slope; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    References:
        Maas et al. 2013.

    Example:
        >>> LeakyReLU(0.5)(np.array([[-1.0, 2.0]])).numpy().tolist()
        [[-0.5, 2.0]]
    """

    supports_masking = True

    def __init__(
        self,
        negative_slope: float = 0.3,
        alpha: float | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.negative_slope = negative_slope if alpha is None else alpha

    def call(self, x: Any) -> Any:
        return ops.leaky_relu(x, negative_slope=self.negative_slope)


class ELU(Layer):
    """x where positive, alpha * (exp(x) - 1) elsewhere.

    Args:
        alpha: Minus the limit far below 0.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    References:
        Clevert et al. 2015, arXiv:1511.07289.

    Example:
        >>> ELU()(np.array([[-100.0, 2.0]])).numpy().tolist()
        [[-1.0, 2.0]]
    """

    supports_masking = True

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.alpha = alpha

    def call(self, x: Any) -> Any:
        return ops.elu(x, alpha=self.alpha)


class PReLU(Layer):
    """x where positive, alpha * x elsewhere, with alpha learned for each feature.

    Args:
        alpha_initializer: Name or function that makes alpha, of the shape of one input.
        alpha_regularizer: Name or function of a penalty on alpha; None for none.
        alpha_constraint: Name or function of a constraint on alpha; None for none.
        shared_axes: Axes, counted with the batch axis, along which one alpha is shared.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes alpha.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    References:
        He et al. 2015, arXiv:1502.01852.

    Example:
        >>> layer = PReLU(shared_axes=(1, 2))
        >>> layer(np.ones((1, 8, 8, 3))).shape, layer.alpha.shape
        ((1, 8, 8, 3), (1, 1, 3))
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: tuple[int, ...] = (),
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self._describe("alpha", alpha_initializer, alpha_regularizer, alpha_constraint)
        self.shared_axes = tuple(shared_axes or ())

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = [1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape)]
        self.alpha = self._described("alpha", tuple(shape[1:]))

    def call(self, x: Any) -> Any:
        return ops.relu(x) - self.alpha * ops.relu(-x)


class Softmax(Layer):
    """exp(x) / sum(exp(x)) over `axis`, and over the elements that a mask of x's rank leaves.

    Args:
        axis: The axis, or a tuple of axes, over which the outputs sum to 1.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Example:
        >>> Softmax()(np.zeros((1, 4))).numpy().tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """

    def __init__(
        self,
        axis: int | tuple[int, ...] = -1,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_axis(self, axis)
        self.axis = axis

    def call(self, x: Any, mask: Any = None) -> Any:
        """The softmax, over the elements that the mask leaves.

        Args:
            x: Scores.
            mask: Booleans that broadcast to x, True at the elements that take part; the others are
                0. One of steps, (N, T) for x of more axes, goes on to the output alone.
        """
        visible = as_mask(mask, x, x.shape, x.shape[:2], broadcast=True)
        if visible is None or visible.ndim < x.ndim:
            return ops.softmax(x, axis=self.axis)
        hidden = HIDDEN_HALF if x.dtype == FLOAT16 else HIDDEN
        return ops.where(visible, ops.softmax(ops.where(visible, x, hidden), axis=self.axis), 0)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """The mask of x, if it is one of steps."""
        return mask if mask is None or mask.shape == x.shape[:2] else None
