"""Small tools that Keras keeps in its utils."""

from __future__ import annotations

import gc
import random
from typing import Any

import numpy as np

from ..arguments import explains_arguments
from ..config import settings
from ..generators import seed as seed_minigrad


@explains_arguments
def clear_session(free_memory: bool = True) -> None:
    """Collect what nobody holds any more. Nothing else is kept between models, names neither.

    Args:
        free_memory: False does nothing at all.

    Example:
        >>> clear_session()
    """
    if free_memory:
        gc.collect()


@explains_arguments
def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """x divided by its norm along an axis; what is 0 stays 0.

    Args:
        x: Array.
        axis: The axis along which norms are taken.
        order: The order of the norm, 2 for Euclid's.

    Raises:
        ValueError: If the order is no number above 0.

    Example:
        >>> normalize([[3.0, 4.0], [0.0, 0.0]])
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    if not order > 0:
        raise ValueError(f"normalize: order must be a number above 0, got {order!r}")
    norm = np.linalg.norm(np.asarray(x), order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)


@explains_arguments
def set_random_seed(seed: int) -> None:
    """Fix what minigrad, NumPy's global generator and Python's `random` draw from here on.

    Args:
        seed: A whole number from 0; the same one gives the same numbers.

    Example:
        >>> set_random_seed(7)
        >>> first = np.random.rand()
        >>> set_random_seed(7)
        >>> np.random.rand() == first
        True
    """
    random.seed(seed)
    np.random.seed(seed)
    seed_minigrad(seed)


@explains_arguments
def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype.

    Args:
        dtype: A dtype or its name; None for the default.

    Example:
        >>> standardize_dtype(np.float16), standardize_dtype(None)
        ('float16', 'float32')
    """
    return np.dtype(settings.default_dtype if dtype is None else dtype).name


@explains_arguments
def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of the data of a step, None for what is missing.

    Args:
        data: x, (x, y) or (x, y, sample_weight).

    Example:
        >>> unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    if not isinstance(data, tuple):
        return data, None, None
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight


@explains_arguments
def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The data of a step: x, (x, y) or (x, y, sample_weight).

    Args:
        x: Inputs.
        y: Targets, or None.
        sample_weight: Weights, or None.

    Example:
        >>> pack_x_y_sample_weight(1), pack_x_y_sample_weight(1, 2)
        (1, (1, 2))
    """
    if y is None and sample_weight is None:
        return (x,) if isinstance(x, tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
