"""Variable: a Parameter made as scripts make their variables."""

from __future__ import annotations

from typing import Any

from .. import initializers
from ..arguments import explains_arguments
from ..config import as_data
from .parameter import Parameter


@explains_arguments
def Variable(  # noqa: N802
    initializer: Any = None,
    shape: tuple[int, ...] | None = None,
    dtype: Any = None,
    trainable: bool = True,
    name: str | None = None,
    initial_value: Any = None,
) -> Parameter:
    """A Parameter of given values, or of values that an initializer makes.

    `assign`, `assign_add` and `assign_sub` change it, `value` and `numpy()` read it. Integers have
    no gradients, so they are never trainable.

    Args:
        initializer: The values; or a name or function that makes them of a shape.
        shape: The shape, where an initializer needs one.
        dtype: dtype of the values; None for the default one if they are floating.
        trainable: False for state without gradient.
        name: Name of the variable.
        initial_value: TensorFlow's name of `initializer`.

    Raises:
        TypeError: If there are no values, or an initializer is given no shape.

    Example:
        >>> steps = minigrad.Variable(0, trainable=False, name="steps")
        >>> steps.assign_add(1)
        >>> steps.numpy()
        array(1)
        >>> minigrad.Variable("ones", shape=(2,)).trainable
        True
    """
    values = initial_value if initializer is None else initializer
    if values is None:
        raise TypeError("Variable needs values: Variable(0.0), or Variable('zeros', shape=(3,))")
    if isinstance(values, str) or callable(values):
        if shape is None:
            raise TypeError(f"Variable: {values!r} needs shape=, the shape of the values to make")
        values = initializers.get(values)(tuple(shape))
    values = as_data(values, dtype)
    return Parameter(values.copy(), name or "", trainable and values.dtype.kind == "f", dtype=dtype)
