"""Masks of padded sequences: (N, T), True where a step is real."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..backend import Array, backend
from ..config import as_data
from ..engine.tensor import Tensor
from ..ops.attention import MASKED_SCORE
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
    booleans = as_data(mask, device=like.device)
    _check_shape(booleans, like, shapes or (like.shape[:2],), name, broadcast)
    return booleans if booleans.dtype.kind == "b" else booleans != 0


def _check_shape(mask: Any, like: Tensor, shapes: Any, name: str, broadcast: bool) -> None:
    """Raise ValueError unless the shape of the mask is one of those expected."""
    if not any(_fits(mask.shape, shape, broadcast) for shape in shapes):
        texts = [f"({', '.join(map(str, shape))})" for shape in shapes]
        raise ValueError(
            f"{name} of shape {mask.shape} does not fit an input of shape {like.shape}: "
            f"expected {' or '.join(texts)}"
        )


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
    attention_mask: Any, padding: Array | None, query: Tensor, keys: int, window: Any = None
) -> Any:
    """One mask that broadcasts to (N, heads, Tq, Tk), True where a query attends to a key.

    attention_mask is (Tq, Tk), (N, Tq, Tk) or (N, heads, Tq, Tk); padding, from padding_mask, is
    (N, Tk). None if nothing is hidden: every query attends to every key. Where attention_mask
    holds numbers to be added to the scores, so does the result.

    Args:
        attention_mask: Booleans or numbers, or None.
        padding: Booleans, or None.
        query: The queries (N, Tq, D).
        keys: The number of keys.
        window: How many keys around each query are visible to each side of it, itself included;
            None for all.
    """
    n, queries = query.shape[:2]
    pair = queries, keys
    shapes = pair, (n, *pair), (n, "heads", *pair)
    bias = _as_bias(attention_mask, query)
    if bias is None:
        mask = as_mask(attention_mask, query, *shapes, name="attention_mask", broadcast=True)
    else:
        mask = bias
        _check_shape(bias, query, shapes, "attention_mask", True)
    if mask is not None and mask.ndim == 3:
        mask = mask[:, None]
    visible = None if padding is None else padding[:, None, None]
    if window is not None:
        xp = backend(query)
        distances = xp.arange(keys - queries, keys)[:, None] - xp.arange(keys)
        near = abs(distances) < window
        visible = near if visible is None else visible & near
    if visible is None or mask is None:
        return visible if mask is None else mask
    return mask & visible if bias is None else ops.where(visible, mask, MASKED_SCORE)


def _as_bias(mask: Any, query: Tensor) -> Any:
    """A mask of numbers that are added to the scores; None for booleans in any form.

    Floats that are zeros and ones are booleans, as in Keras.
    """
    is_tensor = isinstance(mask, Tensor)
    if mask is None or (is_tensor and mask.dtype.kind != "f"):
        return None
    numbers = mask.data if is_tensor else as_data(mask, device=query.device)
    if numbers.dtype.kind != "f" or (is_tensor and mask.requires_grad):
        return mask if is_tensor else None
    if bool(((numbers == 0) | (numbers == 1)).all()):
        if numbers.size and not bool(numbers.any()):
            raise ValueError(
                "attention_mask holds nothing but 0.0: as booleans it would hide every key, as "
                "numbers added to the scores none; give booleans, or None"
            )
        return None
    return mask if is_tensor else numbers
