"""Constraints: what parameters are brought to after each step of an optimizer.

    layer = Dense(10, kernel_constraint=MaxNorm(3))      # "max_norm" is the one with its defaults

The norm of a parameter is taken over `axis`: 0 for the weights that lead to one unit of a Dense
layer, (0, 1, 2) for a filter of a Conv2D.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .arguments import explains_arguments
from .config import as_data
from .engine.tensor import TensorLike, wrap
from .ops import clip, maximum, sqrt, square, sum
from .utils.instead import explain_missing
from .utils.registry import create, format_call, with_class_names
from .utils.serialization import Configurable, deserialize, serialize

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

__getattr__ = explain_missing("constraints", __all__)

Axis = int | tuple[int, ...]
EPSILON = 1e-7  # added to a norm that divides


class Constraint(Configurable):
    """constraint(w): the values that a parameter w is given after a step.

    A subclass defines `__call__`; a plain function of w does as well.

    Example:
        >>> class Between(Constraint):
        ...     def __call__(self, w):
        ...         return minigrad.ops.clip(w, min=0, max=1)
        >>> Between()(np.array([-1.0, 0.5, 3.0])).tolist()
        [0.0, 0.5, 1.0]
    """

    def __call__(self, w: TensorLike) -> TensorLike:
        """The values that fit, of the shape of w.

        Args:
            w: The parameter.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(w)")

    def __repr__(self) -> str:
        return format_call(self)


class NonNeg(Constraint):
    """max(w, 0): no weight is negative.

    Example:
        >>> NonNeg()(np.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: TensorLike) -> TensorLike:
        return maximum(w, 0)


class MaxNorm(Constraint):
    """w, scaled down where its norm is larger than max_value.

    Args:
        max_value: The largest norm.
        axis: The axis or axes over which the norm is taken.

    References:
        Srivastava et al. 2014, section 5.1.

    Example:
        >>> MaxNorm(1.0)(np.array([[3.0, 0.3], [4.0, 0.4]])).round(3).tolist()
        [[0.6, 0.3], [0.8, 0.4]]
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = float(max_value)
        self.axis = _checked(axis)

    def __call__(self, w: TensorLike) -> TensorLike:
        norm = _norm(w, self.axis)
        return w * (clip(norm, min=0, max=self.max_value) / (norm + EPSILON))


class UnitNorm(Constraint):
    """w / |w|: the norm is 1.

    Args:
        axis: The axis or axes over which the norm is taken.

    Example:
        >>> UnitNorm()(np.array([[3.0], [4.0]])).round(3).tolist()
        [[0.6], [0.8]]
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = _checked(axis)

    def __call__(self, w: TensorLike) -> TensorLike:
        return w / (_norm(w, self.axis) + EPSILON)


class MinMaxNorm(Constraint):
    """w, scaled so that its norm comes to lie between two values.

    Args:
        min_value: The smallest norm.
        max_value: The largest norm.
        rate: The part of the way to that norm that one step goes; 1 for all of it.
        axis: The axis or axes over which the norm is taken.

    Example:
        >>> MinMaxNorm(1.0, 2.0)(np.array([[0.3, 3.0], [0.4, 4.0]])).round(3).tolist()
        [[0.6, 1.2], [0.8, 1.6]]
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axis = 0
    ) -> None:
        self.min_value = float(min_value)
        self.max_value = float(max_value)
        self.rate = float(rate)
        self.axis = _checked(axis)

    def __call__(self, w: TensorLike) -> TensorLike:
        norm = _norm(w, self.axis)
        wanted = clip(norm, min=self.min_value, max=self.max_value)
        reached = self.rate * wanted + (1 - self.rate) * norm
        return w * (reached / (norm + EPSILON))


def _norm(w: TensorLike, axis: Axis) -> TensorLike:
    """The square root of the sum of squares over the axes, which stay with length 1."""
    return sqrt(sum(square(w), axis=axis, keepdims=True))


def _checked(axis: Any) -> Axis:
    """An axis, or several as a tuple."""
    return tuple(axis) if isinstance(axis, list) else axis


# as Keras lets them be called
max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

# ---- after a step --------------------------------------------------------------------------------


def apply_constraints(parameters: Sequence[Any]) -> None:
    """Give each parameter the values that its constraint makes of it, computed in float32 at least.

    Raises ValueError for values of another shape.
    """
    for p in parameters:
        x = p._array
        wide = x.astype("float32") if x.dtype.itemsize < 4 else x
        y = as_data(p.constraint(wrap(wide, None)), x.dtype)
        if y.shape != x.shape:
            raise ValueError(
                f"the constraint {p.constraint!r} makes an array of shape {y.shape} of the "
                f"parameter {p.name} of shape {x.shape}"
            )
        x[...] = y


# ---- names ---------------------------------------------------------------------------------------

NAMES: dict[str, Callable[..., Constraint]] = with_class_names(
    {"max_norm": MaxNorm, "min_max_norm": MinMaxNorm, "non_neg": NonNeg, "unit_norm": UnitNorm}
)


@explains_arguments
def get(constraint: Any) -> Callable[[TensorLike], TensorLike] | None:
    """The constraint that `constraint` stands for; None for none.

    Args:
        constraint: A name ("max_norm" or "MaxNorm"), a class, a Constraint, a function of the
            parameter, or None.

    Raises:
        ValueError: If the name is unknown; the nearest one is suggested.
        TypeError: If it is none of these.

    Example:
        >>> get("max_norm")
        MaxNorm(max_value=2.0, axis=0)
    """
    if constraint is None:
        return None
    return create(constraint, NAMES, "constraint")
