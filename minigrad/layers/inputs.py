"""Where data comes into a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import explains_arguments
from ..config import settings
from ..engine.symbolic import Call, SymbolicTensor
from .base import Layer
from .validation import shape_tuple


class InputLayer(Layer):
    """The place where a model takes an input: it returns x itself. `Input` makes it.

    Args:
        shape: Shape of one input, without the batch axis.
        batch_size: Number of rows of every batch; None for any.
        dtype: The dtype of the input; None for the default one.
        batch_shape: Shape of a batch in place of both.
        input_shape: The same as shape, by its older name in Keras.
        name: Name of the layer, and of the input.
        trainable: Has no effect: there are no parameters.

    Raises:
        ValueError: If neither shape nor batch_shape is given, or both are.

    Example:
        >>> minigrad.Sequential([InputLayer((64,)), minigrad.layers.Dense(10)]).output_shape
        (None, 10)
    """

    accepts_integers = True
    supports_masking = True

    def __init__(
        self,
        shape: tuple[int, ...] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        *,
        batch_shape: tuple[Any, ...] | None = None,
        input_shape: tuple[int, ...] | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        shape = input_shape if shape is None else shape
        has_two = input_shape is not None and input_shape is not shape
        if has_two or (shape is None) is (batch_shape is None):
            raise ValueError(
                "Input needs the shape of one input, like Input((64,)), or that of a batch, like "
                "Input(batch_shape=(None, 64))"
            )
        if batch_shape is not None:
            batch_size, *rest = shape_tuple("Input", "batch_shape", batch_shape)
            shape = tuple(rest)
        super().__init__(name, trainable)
        self._input_shape = shape_tuple("Input", "shape", shape)
        self.batch_size = batch_size
        self.dtype = np.dtype(settings.default_dtype if dtype is None else dtype)
        self.output_shape = (batch_size, *self._input_shape)
        call = Call(self, (), {})
        call.output = SymbolicTensor(self.output_shape, self.dtype, call)
        self._calls = [call]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make a layer like this one, in Keras's form."""
        return {"batch_shape": self.output_shape, "dtype": self.dtype.name, "name": self.name}

    def call(self, x: Any) -> Any:
        return x


@explains_arguments
def Input(
    shape: tuple[int, ...] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    name: str | None = None,
    *,
    batch_shape: tuple[Any, ...] | None = None,
) -> Any:
    """A symbolic tensor, from which layers lead to the outputs of a Model.

    It also says the shape of the input as the first item of a Sequential.

    Args:
        shape: Shape of one input, without the batch axis; None for a length that is open.
        batch_size: Number of rows of every batch; None for any.
        dtype: The dtype of the input; None for the default one.
        name: Name of the input; a model names it if None.
        batch_shape: Shape of a batch in place of shape and batch_size.

    Raises:
        ValueError: If neither shape nor batch_shape is given, or both are.

    Example:
        >>> x = Input((64,))
        >>> model = minigrad.Model(x, minigrad.layers.Dense(10)(x))
        >>> model.output_shape
        (None, 10)
    """
    layer = InputLayer(shape, batch_size, dtype, batch_shape=batch_shape, name=name)
    layer.built = True
    return layer.output
