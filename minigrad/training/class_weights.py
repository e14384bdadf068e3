"""Weights of classes as weights of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import Array, device_name, to_cpu
from ..config import settings, to_device
from ..losses import SparseCategoricalCrossentropy
from ..utils.registry import check_choice

if TYPE_CHECKING:
    from .model import Model

ClassWeight = Mapping[int, float] | Sequence[float] | np.ndarray | str | None


def apply_class_weights(
    arrays: list[Array], class_weight: ClassWeight, class_numbers: bool = False
) -> list[Array]:
    """[x, y, sample_weight], with each weight multiplied by that of its class.

    Args:
        arrays: [x, y] or [x, y, sample_weight]; y holds class numbers (N,), of each step of a
            sequence (N, T), or one-hot rows (..., C).
        class_weight: Weight by class, 1 for classes that are not in it; a list or array with the
            weight of each class; or "balanced": n / (number of classes * rows of the class), as in
            scikit-learn.
        class_numbers: True if y is known to hold class numbers; False finds one-hot rows by their
            sum, which is 1.

    Raises:
        ValueError: If there is no y, it holds no classes, or the weights do not fit them.
        TypeError: If class_weight is none of these.

    Example:
        >>> apply_class_weights([np.zeros((3, 2)), np.array([0, 1, 1])], {1: 5.0})[2]
        array([1., 5., 5.], dtype=float32)
    """
    if len(arrays) < 2:
        raise ValueError("class_weight needs targets y")
    x, y, *sample_weight = arrays
    if isinstance(y, (dict, list, tuple)):
        raise ValueError(
            "class_weight weighs the classes of one output: weigh the rows of several by "
            "sample_weight=, a list or dict with the weights for each"
        )
    labels = _class_labels(to_cpu(y), class_numbers)
    classes, inverse = np.unique(labels, return_inverse=True)
    by_class = _weights_by_class(class_weight, classes, np.bincount(inverse.reshape(-1)))
    weights = by_class.astype(settings.default_dtype)[inverse].reshape(labels.shape)
    weights = to_device(weights, device_name(y))
    if not sample_weight:
        return [x, y, weights]
    rank = max(weights.ndim, sample_weight[0].ndim)
    return [x, y, _with_rank(weights, rank) * _with_rank(sample_weight[0], rank)]


def takes_class_numbers(model: Model) -> bool:
    """True if the targets of the model's loss are class numbers, not one-hot rows.

    Args:
        model: The model.
    """
    loss = model.loss
    return isinstance(loss, SparseCategoricalCrossentropy) or "sparse" in getattr(loss, "name", "")


def _with_rank(weights: Array, rank: int) -> Array:
    """Weights with as many axes, the new ones behind."""
    return weights.reshape(weights.shape + (1,) * (rank - weights.ndim))


def _class_labels(y: np.ndarray, class_numbers: bool) -> np.ndarray:
    """The class numbers in y, which may hold one-hot rows."""
    if y.ndim > 1 and y.shape[-1] == 1:
        y = y[..., 0]
    elif y.ndim > 1 and not class_numbers and (y >= 0).all() and np.allclose(y.sum(-1), 1):
        return y.argmax(-1)
    labels = y.astype(np.int64)
    if (labels != y).any():
        raise ValueError(
            f"class_weight needs class numbers or one-hot rows: y of shape {y.shape} holds "
            f"{y[labels != y][0]:.4g}; weight such rows by sample_weight="
        )
    return labels


def _weights_by_class(
    class_weight: ClassWeight, classes: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """The weight of each of the classes."""
    if isinstance(class_weight, str):
        check_choice(class_weight, ("balanced",), "class_weight")
        return counts.sum() / (len(classes) * counts)
    if not isinstance(class_weight, (Mapping, list, tuple)) and not hasattr(
        class_weight, "__array__"
    ):
        raise TypeError(
            "class_weight: expected {class number: weight}, a list or array with the weight of each "
            f"class, or 'balanced', got {class_weight!r}"
        )
    if not isinstance(class_weight, Mapping):
        values = np.asarray(class_weight)
        if values.ndim != 1 or classes[0] < 0 or classes[-1] >= len(values):
            raise ValueError(
                f"class_weight of shape {values.shape} does not fit the classes "
                f"{classes[0]} to {classes[-1]} in y: one weight for each class from 0 on is needed"
            )
        class_weight = dict(enumerate(values.tolist()))
    for number, weight in class_weight.items():
        _check_class_weight(number, weight)
    return np.array([class_weight.get(int(number), 1.0) for number in classes])


def _check_class_weight(number: Any, weight: Any) -> None:
    """Raise ValueError unless they are a class number and its weight."""
    if isinstance(number, str) or number != int(number):
        raise ValueError(f"class_weight: keys are class numbers, as in y, not {number!r}")
    if not (hasattr(weight, "__float__") and 0 <= weight < np.inf):
        raise ValueError(
            f"class_weight: the weight of class {number} must be a number and not negative, "
            f"got {weight!r}"
        )
