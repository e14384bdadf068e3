"""Attention: a softmax over masked scores, scaled dot-product attention, rotary positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import Array, backend
from ..engine.autograd import composite, fused, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import astype, exp, where
from .reductions import max, sum
from .shapes import repeat, swapaxes

MASKED_SCORE = -1e30  # of a key that a query may not attend to

# ---- masks ---------------------------------------------------------------------------------------


def causal_mask(xp: Any, queries: int, keys: int, first: int) -> Array:
    """(queries, keys), True where a key is not later than the query.

    Args:
        xp: The array module.
        queries: The number of queries.
        keys: The number of keys.
        first: The position of the first query among the keys.
    """
    positions = xp.arange(first, first + queries)
    return xp.arange(keys) <= positions[:, None]


def split_mask(mask: Any, dtype: Any) -> tuple[Any, Any]:
    """(visible, bias) of a mask: booleans or None, and what is added to the scores or None.

    Of a mask of numbers, what is as low as MASKED_SCORE, -inf for one, hides a key for good.

    Args:
        mask: Booleans, numbers or None.
        dtype: The dtype of the scores.
    """
    if mask is None or mask.dtype.kind == "b":
        return mask, None
    numbers = astype(mask, dtype=dtype)
    visible = getattr(numbers, "_array", numbers) > MASKED_SCORE / 10
    return visible, where(visible, numbers, 0)


@composite
@real(keeps="mask")
def masked_softmax(
    scores: TensorLike, mask: TensorLike | None = None, *, causal: bool = False
) -> TensorLike:
    """softmax over the keys that a query may attend to; zeros for a query that may attend to none.

    Args:
        scores: One score per query and key.
        mask: Booleans that broadcast to the scores, True where a query may attend to a key; or
            numbers that are added to the scores, -inf for what is hidden; None for all.
        causal: Hide the keys after the position of a query, the last query being at the last key.

    Shape:
        (..., Tq, Tk) -> (..., Tq, Tk)

    Example:
        >>> scores = np.zeros((2, 2))
        >>> masked_softmax(scores, causal=True).tolist()
        [[1.0, 0.0], [0.5, 0.5]]
    """
    xp = backend(scores)
    queries, keys = scores.shape[-2:]
    if not keys:
        return scores
    shown, bias = split_mask(mask, scores.dtype)
    scores = scores if bias is None else scores + bias
    visible = xp.ones((queries, keys), bool) if shown is None else shown
    if causal:
        visible = visible & causal_mask(xp, queries, keys, keys - queries)
    masked = where(visible, scores, MASKED_SCORE)
    largest = max(masked, axis=-1, keepdims=True)
    exponentials = where(visible, exp(masked - largest), 0)
    total = sum(exponentials, axis=-1, keepdims=True)
    return exponentials / where(total == 0, 1, total)


# ---- attention -----------------------------------------------------------------------------------


@real(keeps="mask keep_mask")
@fused(kernel="scaled_dot_product_attention")
def scaled_dot_product_attention(
    q: TensorLike,
    k: TensorLike,
    v: TensorLike,
    mask: TensorLike | None = None,
    keep_mask: TensorLike | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
    rate: float = 0.0,
) -> TensorLike:
    """softmax(q @ k^T * scale) @ v.

    Args:
        q: Queries.
        k: Keys.
        v: Values.
        mask: Booleans that broadcast to (..., Tq, Tk), True where a query may attend to a key; or
            numbers that are added to the scores, -inf for what is hidden; or None.
        keep_mask: Dropout: booleans (..., Tq, Tk), False where a probability is dropped, or None.
        causal: Hide the keys after the position of a query, the last query being at the last key.
        scale: The factor of the scores; None for 1 / sqrt(d).
        rate: Dropout: what is kept is divided by 1 - rate.

    Shape:
        (..., Tq, d), (..., Tk, d), (..., Tk, dv) -> (..., Tq, dv), the leading axes broadcast

    Raises:
        ValueError: If shapes do not fit.
        TypeError: If mask holds integers, or keep_mask is not boolean.

    References:
        Vaswani et al. 2017, arXiv:1706.03762, section 3.2.1.

    Example:
        >>> q, k, v = np.zeros((1, 4)), np.ones((2, 4)), np.array([[1.0], [3.0]])
        >>> scaled_dot_product_attention(q, k, v).tolist()
        [[2.0]]
    """
    check_attention(q, k, v, mask, keep_mask)
    factor = default_scale(q) if scale is None else scale
    scores = q @ k.swapaxes(-1, -2) * factor
    p = masked_softmax(scores, mask, causal=causal)
    if keep_mask is not None:
        p = where(keep_mask, p, 0) / (1 - rate)
    return p @ v


def default_scale(q: TensorLike) -> float:
    """1 / sqrt(d), which keeps the variance of the scores."""
    return 1 / math.sqrt(q.shape[-1])


def check_attention(q: TensorLike, k: TensorLike, v: TensorLike, *masks: TensorLike | None) -> None:
    """ValueError where shapes do not fit, TypeError for masks of another dtype.

    The first mask may hold numbers, which are added to the scores.
    """
    too_few_axes = min(q.ndim, k.ndim, v.ndim) < 2
    if too_few_axes or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(
            "attention needs queries (..., Tq, d), keys (..., Tk, d) and values (..., Tk, dv), "
            f"got shapes {q.shape}, {k.shape} and {v.shape}"
        )
    scores = (*leading_shape(q, k, v), q.shape[-2], k.shape[-2])
    for mask, kinds in zip(masks, ("bf", "b")):
        if mask is not None:
            _check_mask(mask, scores, kinds)


def _check_mask(mask: TensorLike, scores: tuple[int, ...], kinds: str) -> None:
    """Raise unless a mask is of one of the kinds and broadcasts to the shape of the scores."""
    if mask.dtype.kind not in kinds:
        numbers = ", or floating, what is added to the scores" if "f" in kinds else ""
        raise TypeError(
            "attention: a mask must be boolean, True where a query may attend to a key"
            f"{numbers}; not {mask.dtype}"
        )
    pairs = zip(mask.shape[::-1], scores[::-1])
    if mask.ndim > len(scores) or any(n not in (1, m) for n, m in pairs):
        raise ValueError(
            f"attention: a mask of shape {mask.shape} does not broadcast to {scores}, the shape of "
            "the scores"
        )


def leading_shape(*arrays: TensorLike) -> tuple[int, ...]:
    """The shape of all axes but the last two, broadcast; ValueError where they do not fit."""
    shapes = [a.shape[:-2] for a in arrays]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(
            "the leading axes of queries, keys and values, "
            f"{', '.join(map(str, shapes))}, do not broadcast"
        ) from None


@composite
@real(keeps="mask")
def dot_product_attention(
    query: TensorLike,
    key: TensorLike,
    value: TensorLike,
    bias: TensorLike | None = None,
    mask: TensorLike | None = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
) -> TensorLike:
    """softmax(q @ k^T * scale + bias) @ v, head by head.

    Args:
        query: Queries.
        key: Keys; with fewer heads than the queries each serves several of theirs.
        value: Values, as many as keys.
        bias: Added to the scores; broadcasts to (N, heads, Tq, Tk).
        mask: Booleans that broadcast to (N, heads, Tq, Tk), True where a query may attend to a key.
        scale: The factor of the scores; None for 1 / sqrt(d).
        is_causal: Hide the keys whose number is higher than that of the query.

    Shape:
        (N, Tq, heads, d), (N, Tk, heads, d), (N, Tk, heads, d) -> (N, Tq, heads, d)

    Raises:
        ValueError: If shapes do not fit.
        TypeError: If a mask is not boolean.

    References:
        Vaswani et al. 2017, arXiv:1706.03762, section 3.2.1; Ainslie et al. 2023, arXiv:2305.13245
        for fewer heads of keys.

    Example:
        >>> q, k, v = np.zeros((1, 1, 1, 4)), np.ones((1, 2, 1, 4)), np.ones((1, 2, 1, 4))
        >>> dot_product_attention(q, k, v).tolist()
        [[[[1.0, 1.0, 1.0, 1.0]]]]
    """
    if not query.ndim == key.ndim == value.ndim == 4:
        raise ValueError(
            "expected queries, keys and values of shape (N, T, heads, d), got "
            f"{query.shape}, {key.shape} and {value.shape}"
        )
    heads = query.shape[2]
    q, k, v = (swapaxes(_spread_heads(x, heads), axis1=1, axis2=2) for x in (query, key, value))
    if is_causal:
        earlier = causal_mask(backend(q), q.shape[2], k.shape[2], 0)
        mask = earlier if mask is None else earlier & mask
    if bias is None:
        y = scaled_dot_product_attention(q, k, v, mask, scale=scale)
    else:
        check_attention(q, k, v, mask)
        factor = default_scale(q) if scale is None else scale
        y = masked_softmax(q @ k.swapaxes(-1, -2) * factor + bias, mask) @ v
    return swapaxes(y, axis1=1, axis2=2)


def _spread_heads(x: Any, heads: int) -> Any:
    """Keys or values with each head as often as several heads of queries share it."""
    count = x.shape[2]
    if not count or heads % count:
        raise ValueError(f"{heads} heads of queries do not divide among {count} of shape {x.shape}")
    return x if count == heads else repeat(x, repeats=heads // count, axis=2)


# ---- rotary positions ----------------------------------------------------------------------------


@real(keeps="positions")
@primitive
def rotary(
    x: TensorLike, positions: TensorLike, *, base: float = 10000.0, interleaved: bool = True
) -> TensorLike:
    """Pair i of the features, rotated by the angle position * base**(-2 i / d).

    The product of a rotated query and a rotated key depends on their positions' distance alone.

    Args:
        x: Queries or keys.
        positions: Integers, one per step.
        base: Sets the wavelengths, from 2 pi to 2 pi * base.
        interleaved: True for the pairs (2 i, 2 i + 1); False for (i, i + d / 2), as in Llama.

    Shape:
        (..., T, d), (T,) -> (..., T, d)

    Raises:
        ValueError: If d is odd.

    References:
        Su et al. 2021, arXiv:2104.09864.

    Example:
        >>> rotary(np.array([[1.0, 0.0]]), np.array([0])).tolist()
        [[1.0, 0.0]]
    """
    xp, features = backend(x), x.shape[-1]
    half = features // 2
    if features % 2:
        raise ValueError(
            f"rotary rotates pairs of features: {features} of them (x of shape {x.shape}) are odd"
        )
    frequencies = base ** (-2 * xp.arange(half) / features)  # in float64
    angles = positions[..., None] * frequencies
    cos, sin = xp.cos(angles).astype(x.dtype), xp.sin(angles).astype(x.dtype)
    first, second = slice(half), slice(half, None)
    if interleaved:
        first, second = slice(0, None, 2), slice(1, None, 2)
    a, b = x[..., first], x[..., second]
    y = xp.empty_like(x)
    y[..., first] = a * cos - b * sin
    y[..., second] = a * sin + b * cos
    return y


def _rotate_back(
    g: TensorLike, y: TensorLike, x: TensorLike, positions: TensorLike, **settings: Any
) -> TensorLike:
    return rotary(g, -positions, **settings)


rotary.gradients(_rotate_back, None, needs="positions")
