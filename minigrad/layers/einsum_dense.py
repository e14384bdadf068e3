"""EinsumDense: a dense layer whose product is written as an einsum."""

from __future__ import annotations

import re
from typing import Any

from .. import activations, ops
from .base import Layer

PARTS = re.compile(r"(\.\.\.)?[a-zA-Z]+,[a-zA-Z]+->(\.\.\.)?[a-zA-Z]+")


class EinsumDense(Layer):
    """activation(einsum(equation, x, kernel) + bias).

    Args:
        equation: The product, with the axes of x, of the kernel and of the output by letter, such
            as "abc,cd->abd". An ellipsis in front stands for any leading axes: "...x,xy->...y".
        output_shape: Lengths of the output's axes after the first, or after those of an ellipsis
            and the rest by letter: a number or a tuple. None takes a length from the input.
        activation: Name or function applied to the result; None for none.
        bias_axes: Letters of the axes of the output that the bias has; None for no bias.
        kernel_initializer: Name or function that makes the kernel.
        bias_initializer: Name or function that makes the bias.
        kernel_regularizer: Name or function of a penalty on the kernel; None for none.
        bias_regularizer: Name or function of a penalty on the bias; None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Raises:
        ValueError: If the equation is of another form, or shapes do not fit it.

    Example:
        >>> layer = EinsumDense("abc,cde->abde", output_shape=(None, 2, 4), bias_axes="de")
        >>> layer(np.ones((1, 5, 8))).shape
        (1, 5, 2, 4)
    """

    bias: Any = None

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.equation = equation.replace(" ", "")
        if not PARTS.fullmatch(self.equation):
            raise ValueError(
                f"EinsumDense: equation names the axes of input, kernel and output, as in "
                f"'abc,cd->abd' or '...x,xy->...y', not {equation!r}"
            )
        self.sizes = output_shape if isinstance(output_shape, (tuple, list)) else (output_shape,)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: tuple[int, ...]) -> None:
        inputs, kernel, outputs = re.split(",|->", self.equation)
        lengths = self._lengths(inputs, input_shape, {})
        # without an ellipsis the first letter is that of the batch
        skipped = () if outputs.startswith("...") else (lengths.get(outputs[0]),)
        lengths = self._lengths(outputs, (*skipped, *self.sizes), lengths)
        missing = [axis for axis in kernel if lengths.get(axis) is None]
        if missing:
            raise ValueError(
                f"EinsumDense: the length of axis {missing[0]!r} of the kernel follows neither "
                f"from the input {input_shape} nor from output_shape {tuple(self.sizes)}"
            )
        self.kernel = self._described("kernel", tuple(lengths[axis] for axis in kernel))
        if self.bias_axes:
            self._add_bias(outputs, lengths)

    def _add_bias(self, outputs: str, lengths: dict[str, Any]) -> None:
        """Make the bias, from the first of its axes on, with length 1 where it has none."""
        letters = outputs.removeprefix("...")
        unknown = set(self.bias_axes or "") - set(letters)
        if unknown:
            raise ValueError(
                f"EinsumDense: bias_axes {self.bias_axes!r} names axes that {outputs!r}, the "
                "output, does not have"
            )
        own = [axis in (self.bias_axes or "") for axis in letters]
        first = own.index(True)
        shape = (lengths[axis] if has else 1 for axis, has in zip(letters[first:], own[first:]))
        self.bias = self._described("bias", tuple(shape))

    def _lengths(self, axes: str, shape: tuple[Any, ...], known: dict[str, Any]) -> dict[str, Any]:
        """The lengths by letter, those of a shape joined to those known."""
        letters = axes.removeprefix("...")
        own = shape[len(shape) - len(letters) :] if axes != letters else shape
        if len(own) != len(letters):
            raise ValueError(
                f"EinsumDense: {axes!r} of the equation {self.equation!r} does not fit the shape "
                f"{tuple(shape)}"
            )
        for axis, length in zip(letters, own):
            before = known.get(axis)
            if None not in (before, length) and before != length:
                raise ValueError(
                    f"EinsumDense: axis {axis!r} of {self.equation!r} is {before} in the input and "
                    f"{length} in output_shape"
                )
            known[axis] = length if before is None else before
        return known

    def call(self, x: Any) -> Any:
        y = ops.einsum(self.equation, x, self.kernel)
        return self.activation(y if self.bias is None else y + self.bias)
