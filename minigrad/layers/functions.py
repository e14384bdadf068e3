"""Functions as layers: Lambda for any, and Identity."""

from __future__ import annotations

from typing import Any, Callable

from .base import Layer
from .calls import wanted_options


class Lambda(Layer):
    """Any function of a Tensor as a layer.

    Args:
        function: Function of one Tensor, written with operators and minigrad ops. Where it has
            arguments `mask` or `training`, it gets those of the layer.
        output_shape: Has no effect: the output tells its shape.
        mask: The mask of the output: an array, or a function of the input and its mask; None for
            no mask, as in Keras, since the function may mix the steps.
        arguments: Further arguments of the function by name, a dict; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Example:
        >>> Lambda(lambda x: x**2)(np.array([[1.0, 3.0]])).numpy().tolist()
        [[1.0, 9.0]]
    """

    accepts_integers = True

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.function = function
        self.mask = mask
        self.arguments = dict(arguments or {})
        self.supports_masking = mask is not None
        self.options = wanted_options(function)

    def call(self, x: Any, mask: Any = None, training: bool = False) -> Any:
        """function(x).

        Args:
            x: The input.
            mask: Its mask, for a function with an argument of this name; None for none.
            training: The training mode, for a function with an argument of this name.
        """
        own = {"mask": mask, "training": training}
        return self.function(x, **{name: own[name] for name in self.options} | self.arguments)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """The mask that the layer was given, or that its function of input and mask returns."""
        return self.mask(x, mask) if callable(self.mask) else self.mask


class Identity(Layer):
    """x: what stands where another layer may stand.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Example:
        >>> Identity()(np.array([1.0, 2.0])).numpy().tolist()
        [1.0, 2.0]
    """

    accepts_integers = True
    supports_masking = True

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)

    def call(self, x: Any) -> Any:
        return x
