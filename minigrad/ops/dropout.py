"""Dropout, once it is drawn what stays."""

from __future__ import annotations

from ..engine.autograd import primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike


@real(keeps="kept")
@primitive(kernel="dropout")
def dropout(x: TensorLike, kept: TensorLike, *, rate: float) -> TensorLike:
    """x / (1 - rate) where kept is True, x * 0 elsewhere.

    Args:
        x: Tensor or array.
        kept: Booleans of its shape, or of one that broadcasts to it.
        rate: The share of the elements that is dropped, in [0, 1).

    References:
        Srivastava et al. 2014, section 10: the rest is scaled in training.

    Example:
        >>> dropout(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]), rate=0.5)
        array([2., 0., 6.])
    """
    return x * (kept * x.dtype.type(1 / (1 - rate)))


dropout.gradients(lambda g, y, x, kept, rate: dropout(g, kept, rate=rate), None, needs="kept")
