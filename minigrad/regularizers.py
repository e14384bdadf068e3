"""Penalties on weights or activations, added to the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .arguments import explains_arguments
from .backend import backend
from .engine.tensor import Tensor
from .ops import absolute, matmul, maximum, sqrt, square, sum, transpose
from .utils.instead import explain_missing
from .utils.registry import check_choice, create, format_call, with_class_names
from .utils.serialization import Configurable, deserialize, serialize

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

__getattr__ = explain_missing("regularizers", __all__)


class Regularizer(Configurable):
    """regularizer(x): a penalty for a Tensor, of shape (). A subclass defines `__call__`.

    Example:
        >>> class Largest(Regularizer):
        ...     def __call__(self, x):
        ...         return minigrad.ops.max(abs(x))
        >>> Largest()(minigrad.Tensor([1.0, -3.0])).item()
        3.0
    """

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty.

        Args:
            x: Weights or activations.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(x)")

    def __repr__(self) -> str:
        return format_call(self)


class L1(Regularizer):
    """l1 * sum(|x|), which drives small weights to exactly zero.

    Args:
        l1: The factor.

    Raises:
        ValueError: If the factor is negative or not finite.

    Example:
        >>> L1(0.5)(minigrad.Tensor([1.0, -3.0])).item()
        2.0
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _check_factor("l1", l1)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l1 * sum(absolute(x))


class L2(Regularizer):
    """l2 * sum(x**2), which shrinks weights in proportion to their size.

    There is no 1/2: the gradient is 2 l2 x.

    Args:
        l2: The factor.

    Raises:
        ValueError: If the factor is negative or not finite.

    Example:
        >>> L2(0.5)(minigrad.Tensor([1.0, -3.0])).item()
        5.0
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _check_factor("l2", l2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l2 * sum(square(x))


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x**2): the elastic net.

    Args:
        l1: Factor of the absolute values.
        l2: Factor of the squares.

    Raises:
        ValueError: If a factor is negative or not finite.

    References:
        Zou & Hastie 2005, Regularization and variable selection via the elastic net.

    Example:
        >>> L1L2(0.5, 0.5)(minigrad.Tensor([1.0, -3.0])).item()
        7.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _check_factor("l1", l1)
        self.l2 = _check_factor("l2", l2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l1 * sum(absolute(x)) + self.l2 * sum(square(x))


l1, l2, l1_l2 = L1, L2, L1L2  # as Keras lets them be called


class OrthogonalRegularizer(Regularizer):
    """factor * mean(|cos(angle)|) over all pairs of rows or columns of a matrix.

    Args:
        factor: The factor.
        mode: "rows" or "columns".

    Raises:
        ValueError: If the factor or mode does not fit, or x is no matrix (when called).

    Example:
        >>> OrthogonalRegularizer()(minigrad.Tensor([[1.0, 0.0], [0.0, 2.0]])).item()
        0.0
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        check_choice(mode, ("rows", "columns"), "mode of OrthogonalRegularizer")
        self.factor = _check_factor("factor", factor)
        self.mode = mode

    def __call__(self, x: Tensor) -> Tensor:
        if x.ndim != 2:
            raise ValueError(
                f"OrthogonalRegularizer takes a matrix, got shape {x.shape}: reshape it first"
            )
        rows = x if self.mode == "rows" else transpose(x)
        n = rows.shape[0]
        squares = sum(square(rows), axis=1, keepdims=True)
        unit = rows / sqrt(maximum(squares, 1e-12))  # a row of zeros has no direction
        cosines = absolute(matmul(unit, transpose(unit)))
        off_diagonal = 1 - backend(x).eye(n, dtype=x.dtype)
        return self.factor * sum(cosines * off_diagonal) / max(1, n * (n - 1))


orthogonal_regularizer = OrthogonalRegularizer


def _check_factor(name: str, value: float) -> float:
    """A factor as a plain number: a NumPy scalar would turn float32 into float64."""
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be a finite number >= 0, not {value!r}")
    return float(value)


# ---- names ---------------------------------------------------------------------------------------

# by name, both factors are the 0.01 of the others: L1L2() has Keras's zeros and penalizes nothing
NAMES: dict[str, Callable[..., Regularizer]] = with_class_names(
    {
        "l1": L1,
        "l2": L2,
        "l1_l2": lambda: L1L2(0.01, 0.01),
        "orthogonal": OrthogonalRegularizer,
        "L1L2": lambda: L1L2(0.01, 0.01),
        "l1l2": lambda: L1L2(0.01, 0.01),
    }
)


@explains_arguments
def get(regularizer: Any) -> Callable[[Tensor], Tensor] | None:
    """The regularizer that `regularizer` stands for; None for no penalty.

    Args:
        regularizer: A name ("l2"), a class, a Regularizer, a function of a Tensor, or None.

    Raises:
        ValueError: If the name is unknown; the nearest one is suggested.
        TypeError: If it is none of these.

    Example:
        >>> get("l2")
        L2(l2=0.01)
    """
    if regularizer is None:
        return None
    return create(regularizer, NAMES, "regularizer")
