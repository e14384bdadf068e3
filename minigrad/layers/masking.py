"""Masks of padded sequences: (N, T), True where a step is real."""

from __future__ import annotations

from typing import Any

from ..backend import Array
from ..config import as_data
from ..engine.tensor import Tensor
from .base import Layer


class Masking(Layer):
    """x, with a mask that skips the steps at which all features are `mask_value`; they become 0.

    Args:
        mask_value: The value that marks padding.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, C) -> (N, T, C), with a mask (N, T)

    Example:
        >>> x = np.array([[[1.0, 2.0], [0.0, 0.0]]])
        >>> Masking().compute_mask(x)
        array([[ True, False]])
    """

    def __init__(
        self,
        mask_value: float = 0.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.mask_value = mask_value

    def call(self, x: Any) -> Any:
        mask = self.compute_mask(x)
        return x * mask[..., None].astype(x.dtype)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """True where some feature is not `mask_value`."""
        return (getattr(x, "_array", x) != self.mask_value).any(-1)


def as_mask(
    mask: Any, like: Tensor, *shapes: tuple[Any, ...], name: str = "mask", broadcast: bool = False
) -> Array | None:
    """`mask` as booleans on the device of `like`; None stays None.

    Raises ValueError unless its shape is one of `shapes`, by default the (N, T) of `like`; there a
    word stands for any length, and with `broadcast` every length may be 1.
    """
    if mask is None:
        return None
    expected = shapes or (like.shape[:2],)
    booleans = as_data(mask, device=like.device)
    if not any(_fits(booleans.shape, shape, broadcast) for shape in expected):
        texts = [f"({', '.join(map(str, shape))})" for shape in expected]
        raise ValueError(
            f"{name} of shape {booleans.shape} does not fit an input of shape {like.shape}: "
            f"expected {' or '.join(texts)}"
        )
    return booleans if booleans.dtype.kind == "b" else booleans != 0


def _fits(shape: tuple[int, ...], expected: tuple[Any, ...], broadcast: bool) -> bool:
    return len(shape) == len(expected) and all(
        isinstance(length, str) or n == length or (broadcast and n == 1)
        for n, length in zip(shape, expected)
    )


def padding_mask(key_mask: Any, value_mask: Any, query: Tensor, keys: int) -> Array | None:
    """(N, Tk), True at the keys that are real and have a real value; None if no mask is given."""
    shape = len(query), keys
    real = as_mask(key_mask, query, shape, name="key_mask")
    if value_mask is None or value_mask is key_mask:
        return real
    with_value = as_mask(value_mask, query, shape, name="value_mask")
    return with_value if real is None else real & with_value  # type: ignore[operator]


def combine_masks(
    attention_mask: Any, padding: Array | None, query: Tensor, keys: int
) -> Array | None:
    """One mask that broadcasts to (N, heads, Tq, Tk), True where a query attends to a key.

    attention_mask is (Tq, Tk), (N, Tq, Tk) or (N, heads, Tq, Tk); padding, from padding_mask, is
    (N, Tk). None if neither is given: every query attends to every key.
    """
    n, queries = query.shape[:2]
    pair = queries, keys
    mask = as_mask(
        attention_mask,
        query,
        pair,
        (n, *pair),
        (n, "heads", *pair),
        name="attention_mask",
        broadcast=True,
    )
    if mask is not None and mask.ndim == 3:
        mask = mask[:, None]
    if padding is None:
        return mask
    padding = padding[:, None, None]
    return padding if mask is None else mask & padding
