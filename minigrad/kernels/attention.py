"""Scaled dot-product attention, a tile of scores at a time: memory grows with T, not with T**2.

The backward computes the scores of each tile again (Rabe & Staats 2021, arXiv:2112.05682).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..backend import Array, backend, device_name
from ..ops.attention import MASKED_SCORE, causal_mask, check_attention, default_scale, leading_shape
from ..ops.elementwise import sum_to
from .blocks import ATTENTION_BLOCK, DEVICE_BLOCK, MIN_QUERIES

# The exponentials of scores within +-30, and sums of many, are far from the limits of float32.
SAFE_SCORE = 30.0


class Tile(NamedTuple):
    """Some queries of some leading axes, and the keys that they may attend to.

    Attributes:
        queries: Index of the queries, and of their rows in the output.
        keys: Index of the keys and values.
        scores: Index among all scores.
        bias: What is added to the scores, 0 or MASKED_SCORE; None for nothing.
        covers_all_keys: True for the last queries, which come first.
    """

    queries: tuple[Any, ...]
    keys: tuple[Any, ...]
    scores: tuple[Any, ...]
    bias: Array | None
    covers_all_keys: bool


def cut_axes(shape: tuple[int, ...], size: int, limit: int) -> list[tuple[Any, ...]]:
    """Indices of parts of about `limit` numbers, where each entry of `shape` stands for `size`."""
    if not shape:
        return [()]
    inner = math.prod(shape[1:]) * size
    if inner > limit:
        rest = cut_axes(shape[1:], size, limit)
        return [(i, *index) for i in range(shape[0]) for index in rest]
    step = max(1, limit // max(1, inner))
    return [(slice(i, i + step),) for i in range(0, shape[0], step)]


class Scores:
    """The scores of one call: iterates over their tiles, the last queries first.

    Attributes:
        q: The queries with all leading axes; so are k, v and keep_mask.
    """

    def __init__(
        self,
        q: Array,
        k: Array,
        v: Array,
        mask: Array | None,
        keep_mask: Array | None,
        causal: bool,
        scale: float | None,
    ) -> None:
        self.xp, self.on_cpu = backend(q), device_name(q) == "cpu"
        self.causal = causal
        self.scale = default_scale(q) if scale is None else scale
        self.shape = (*leading_shape(q, k, v), q.shape[-2], k.shape[-2])
        self.q, self.k, self.v = (self._broadcast(x, x.shape[-2:]) for x in (q, k, v))
        self.mask_bias = self.keep_mask = None
        if mask is not None:
            if mask.dtype.kind == "b":
                bias = self.xp.where(mask, 0, MASKED_SCORE).astype(q.dtype)
            else:
                bias = mask.astype(q.dtype).clip(MASKED_SCORE)
            self.mask_bias = self._broadcast(bias, self.shape[-2:])
        if keep_mask is not None:
            self.keep_mask = self._broadcast(keep_mask, self.shape[-2:])

    def _broadcast(self, x: Array, last: tuple[int, ...]) -> Array:
        """x with all leading axes; those along which it repeats take no memory."""
        shape = (*self.shape[:-2], *last)
        return x if x.shape == shape else self.xp.broadcast_to(x, shape)

    def __iter__(self) -> Iterator[Tile]:
        *leading, queries, keys = self.shape
        limit = ATTENTION_BLOCK if self.on_cpu else DEVICE_BLOCK
        step = max(MIN_QUERIES, limit // max(1, keys))
        if self.causal and self.on_cpu:
            step = MIN_QUERIES  # less work above the diagonal
        for start in reversed(range(0, max(1, queries), step)):
            stop = min(start + step, queries)
            visible, causal_bias = self._causal_bias(start, stop)
            rows, columns, every = slice(start, stop), slice(0, visible), slice(None)
            for lead in cut_axes(tuple(leading), (stop - start) * visible, limit):
                scores = (*lead, ..., rows, columns)
                yield Tile(
                    (*lead, ..., rows, every),
                    (*lead, ..., columns, every),
                    scores,
                    self._bias(scores, causal_bias),
                    stop == queries,
                )

    def _causal_bias(self, start: int, stop: int) -> tuple[int, Array | None]:
        """How many keys the queries from start to stop may attend to, and what hides later ones."""
        queries, keys = self.shape[-2:]
        if not self.causal:
            return keys, None
        first = start + keys - queries
        visible = max(0, first + stop - start)
        mask = causal_mask(self.xp, stop - start, visible, first)
        return visible, self.xp.where(mask, 0, MASKED_SCORE).astype(self.q.dtype)

    def _bias(self, scores: tuple[Any, ...], causal_bias: Array | None) -> Array | None:
        """What is added to the scores of a tile."""
        if self.mask_bias is None:
            return causal_bias
        bias = self.mask_bias[scores]
        return bias if causal_bias is None else bias + causal_bias

    def exponentials(self, tile: Tile) -> tuple[Array, Array]:
        """exp(scores - shift), 0 where the masks say so, and the scaled queries."""
        q, xp = self.q[tile.queries] * self.scale, self.xp
        s = q @ self.k[tile.keys].swapaxes(-1, -2)
        # two looks at all scores save two passes row by row
        is_safe = self.on_cpu and s.size and s.max() < SAFE_SCORE and s.min() > -SAFE_SCORE
        if tile.bias is not None:
            s += tile.bias
        if s.size and not is_safe:
            # of a row with hidden keys alone all exponentials are 0
            s -= xp.maximum(s.max(-1, keepdims=True), MASKED_SCORE / 10)
        return xp.exp(s, out=s), q


def scaled_dot_product_attention_forward(
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None = None,
    keep_mask: Array | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
    rate: float = 0.0,
) -> tuple[Array, tuple[Array, Array]]:
    """The output; itself and the sum of exponentials per query for the backward."""
    check_attention(q, k, v, mask, keep_mask)
    xp, scores = backend(q), Scores(q, k, v, mask, keep_mask, causal, scale)
    *rows, _ = scores.q.shape
    y = xp.empty_like(scores.q, shape=(*rows, v.shape[-1]))  # laid out in memory as q
    totals = xp.empty((*rows, 1), q.dtype)
    for tile in scores:
        e, _ = scores.exponentials(tile)
        total = totals[tile.queries]
        xp.matmul(e, xp.ones((e.shape[-1], 1), e.dtype), out=total)
        total += total == 0
        if scores.keep_mask is not None:
            e *= scores.keep_mask[tile.scores]
            total *= 1 - rate
        xp.matmul(e, scores.v[tile.keys], out=y[tile.queries])
        y[tile.queries] /= total
    return y, (y, totals)


def scaled_dot_product_attention_backward(
    g: Array,
    residuals: tuple[Array, Array],
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None = None,
    keep_mask: Array | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
    rate: float = 0.0,
) -> tuple[Array | None, ...]:
    """Gradients of q, k and v, and of a mask of numbers.

    That of the scores is p * (g @ v^T - sum(g * y)), with the probabilities p. The division that
    makes probabilities of exponentials is done to g, once per query.
    """
    y, totals = residuals
    xp, scores = backend(q), Scores(q, k, v, mask, keep_mask, causal, scale)
    grad_q, grad_k, grad_v = (xp.empty_like(x) for x in (scores.q, scores.k, scores.v))
    grad_mask = None
    if mask is not None and mask.dtype.kind == "f":
        grad_mask = xp.zeros(scores.shape, q.dtype)
    for tile in scores:
        e, scaled_q = scores.exponentials(tile)
        scaled_g = g[tile.queries] / totals[tile.queries]
        grad_scores = scaled_g @ scores.v[tile.keys].swapaxes(-1, -2)
        g_dot_y = xp.einsum("...i,...i->...", scaled_g, y[tile.queries])[..., None]
        p = e
        if scores.keep_mask is not None:
            keep = scores.keep_mask[tile.scores]
            p = e * keep
            grad_scores *= keep
            g_dot_y *= 1 - rate
        grad_scores -= g_dot_y
        grad_scores *= e
        if grad_mask is not None:
            grad_mask[tile.scores] = grad_scores
        xp.matmul(grad_scores, scores.k[tile.keys], out=grad_q[tile.queries])
        _add_product(grad_k, tile, grad_scores, scaled_q)
        _add_product(grad_v, tile, p, scaled_g)
    grad_q *= scores.scale
    return (
        sum_to(grad_q, shape=q.shape),
        sum_to(grad_k, shape=k.shape),
        sum_to(grad_v, shape=v.shape),
        None if mask is None or grad_mask is None else _to_mask(grad_mask, mask),
        None,
    )


def _to_mask(grad_mask: Array, mask: Array) -> Array:
    """The gradient of the scores, summed over the axes along which the mask repeats."""
    summed = sum_to(grad_mask, shape=mask.shape)
    visible = mask.astype(grad_mask.dtype) > MASKED_SCORE / 10
    return backend(mask).where(visible, summed, 0).astype(mask.dtype)


def _add_product(target: Array, tile: Tile, a: Array, b: Array) -> None:
    """target += a^T @ b at the keys of a tile; the first tile, which covers all keys, sets it."""
    transposed = a.swapaxes(-1, -2)
    if tile.covers_all_keys:
        backend(a).matmul(transposed, b, out=target[tile.keys])
    else:
        target[tile.keys] += transposed @ b
