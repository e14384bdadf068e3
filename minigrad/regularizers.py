"""Penalties on weights or activations, added to the loss: regularizer(Tensor) -> a Tensor of shape ()."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .backend import backend
from .engine.tensor import Tensor
from .ops import absolute, matmul, maximum, sqrt, square, sum, transpose
from .utils.registry import create, lookup, with_class_names


class Regularizer:
    """A penalty that grows with its argument: subclasses give `__call__(x)`."""

    def __call__(self, x: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(x)")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in vars(self).items())})"


class L1(Regularizer):
    """l1 * sum |x|: drives small weights to exactly zero."""

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("l1", l1)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l1 * sum(absolute(x))


class L2(Regularizer):
    """l2 * sum x^2: shrinks all weights in proportion to their size. (Its gradient is 2 l2 x: there is no half.)"""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("l2", l2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l2 * sum(square(x))


class L1L2(Regularizer):
    """l1 * sum |x| + l2 * sum x^2: the elastic net (Zou & Hastie, 2005)."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = _factor("l1", l1), _factor("l2", l2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.l1 * sum(absolute(x)) + self.l2 * sum(square(x))


class OrthogonalRegularizer(Regularizer):
    """factor * mean |cos(angle)| over all pairs of rows (or columns, by `mode`): 0 when they are orthogonal.

    Raises ValueError unless x is a matrix.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("factor", factor)
        self.mode = lookup(
            mode, {"rows": "rows", "columns": "columns"}, "mode of OrthogonalRegularizer"
        )

    def __call__(self, x: Tensor) -> Tensor:
        if x.ndim != 2:
            raise ValueError(
                f"OrthogonalRegularizer takes a matrix, got shape {x.shape}: reshape it first"
            )
        rows = x if self.mode == "rows" else transpose(x)
        lengths = sqrt(
            maximum(sum(square(rows), axis=1, keepdims=True), 1e-12)
        )  # a row of zeros has no direction
        unit = rows / lengths
        n = x.shape[0] if self.mode == "rows" else x.shape[1]
        cosines = absolute(matmul(unit, transpose(unit))) * (1 - backend(x).eye(n, dtype=x.dtype))
        return self.factor * sum(cosines) / max(1, n * (n - 1))


def _factor(name: str, value: float) -> float:
    """A penalty's factor as a plain number (a NumPy scalar would turn float32 into float64); negative ones are refused."""
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be a finite number >= 0, not {value!r}")
    return float(value)


# "l1_l2" by name means the 0.01 of the others: L1L2() itself has Keras's zeros and would penalize nothing
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


def get(regularizer: Any) -> Callable[[Tensor], Tensor] | None:
    """A regularizer by name ("l2"), class or instance; a function of a Tensor stays itself and None is no penalty."""
    if regularizer is None:
        return None
    return create(regularizer, NAMES, "regularizer")
