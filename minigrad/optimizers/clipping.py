"""Limits on gradients: by element, by the norm of each, by the norm of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..backend import Array, backend

Gradients = Sequence[Any]  # arrays; None stands for a parameter without a gradient


def clip_by_value(gradients: Gradients, limit: float) -> list[Any]:
    """Every element limited to [-limit, limit].

    Args:
        gradients: Arrays, or None for parameters without a gradient.
        limit: Largest absolute value of an element.

    Example:
        >>> clip_by_value([np.array([3.0, -0.5])], 1.0)
        [array([ 1. , -0.5])]
    """

    def clip(g: Array) -> Array:
        return backend(g).clip(g, -limit, limit)

    return _map_present(clip, gradients)


def clip_by_norm(gradients: Gradients, limit: float) -> list[Any]:
    """Each gradient scaled down to a Euclidean norm of at most `limit`.

    Args:
        gradients: Arrays, or None for parameters without a gradient.
        limit: Largest norm of a gradient.

    Example:
        >>> clip_by_norm([np.array([3.0, 4.0]), np.array([0.5])], 1.0)
        [array([0.6, 0.8]), array([0.5])]
    """

    def clip(g: Array) -> Array:
        norm = _norm([g])
        return _rescale(g, norm, limit)

    return _map_present(clip, gradients)


def clip_by_global_norm(gradients: Gradients, limit: float) -> list[Any]:
    """All gradients scaled down together, to a common norm of at most `limit`.

    Args:
        gradients: Arrays, or None for parameters without a gradient.
        limit: Largest norm of all gradients, read as one vector.

    References:
        Pascanu et al. 2013, arXiv:1211.5063.

    Example:
        >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], 1.0)
        [array([0.6]), array([0.8])]
    """
    present = [g for g in gradients if g is not None]
    norm = _norm(present)

    def clip(g: Array) -> Array:
        return _rescale(g, norm, limit)

    return _map_present(clip, gradients)


def _map_present(function: Callable[[Array], Array], gradients: Gradients) -> list[Any]:
    """function(g) of each gradient; None stays None."""
    return [None if g is None else function(g) for g in gradients]


def _norm(gradients: list[Array]) -> Any:
    """The Euclidean norm of all gradients, read as one vector."""
    exact = [g.astype("float32") if g.dtype == "float16" else g for g in gradients]
    squares = ((g * g).sum() for g in exact)
    return sum(squares, start=0.0) ** 0.5


def _rescale(g: Array, norm: Any, limit: float) -> Array:
    """g scaled so that a norm above the limit becomes the limit."""
    divisor = backend(g).maximum(norm, limit)
    factor = limit / divisor
    return g * factor.astype(g.dtype)
