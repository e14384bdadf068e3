"""Attention on a GPU: products by cuBLAS, and one kernel for what stands between them.

The scores of a few leading indices, or of a run of queries, are in memory at a time; the backward
computes the probabilities again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ...backend import Array, backend, chunks
from ...ops.attention import MASKED_SCORE, check_attention, default_scale, leading_shape
from ...ops.elementwise import sum_to
from .. import attention, blocks
from .launch import contiguous, launch_row_sums, on_reals

Mask = tuple[Any, ...]  # what MASK stands for in a kernel: an array and four numbers
Tile = tuple[slice, slice]  # of leading indices, of queries


def mask_arguments(mask: Array | None, leading: tuple[int, ...]) -> Mask:
    """A mask that broadcasts to the scores, and where a kernel finds a leading index in it."""
    if mask is None:
        return None, 1, 1, 1, 1
    shape = (1,) * (len(leading) + 2 - mask.ndim) + mask.shape
    own, last_two = shape[:-2], shape[-2:]
    longer = [i for i, n in enumerate(own) if n > 1]
    first, stop = (longer[0], longer[-1] + 1) if longer else (0, 0)
    if own[first:stop] != leading[first:stop]:
        mask = backend(mask).broadcast_to(mask, (*leading, *last_two))
        own, stop = leading, len(leading)
    count = math.prod(own)
    return contiguous(mask.reshape((count, *last_two))), math.prod(leading[stop:]), count, *last_two


class Scores:
    """The probabilities of one call, tile by tile.

    Attributes:
        q: The queries (leading, Tq, d); so are k and v.
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
        rate: float,
    ) -> None:
        leading = leading_shape(q, k, v)
        self.q, self.k, self.v = (_merge_leading(x, leading) for x in (q, k, v))
        self.count, self.queries, self.keys = len(self.q), q.shape[-2], k.shape[-2]
        self.scale = float(default_scale(q) if scale is None else scale)
        self.causal, self.kept = causal, 1.0 / (1 - rate) if keep_mask is not None else 1.0
        self.keep = mask_arguments(keep_mask, leading)
        self.mask, self.bias = mask_arguments(mask, leading), None
        if mask is not None and mask.dtype.kind == "f":
            self.bias, self.mask = self.mask[0], (None, *self.mask[1:])

    def __iter__(self) -> Iterator[Tile]:
        queries = max(1, min(self.queries, blocks.DEVICE_BLOCK // self.keys))
        indices = 1
        if queries == self.queries:
            indices = max(1, blocks.DEVICE_BLOCK // (self.queries * self.keys))
        for leading in chunks(self.count, indices):
            for run in chunks(self.queries, queries):
                yield leading, run

    def _rows(self, tile: Tile, p: Array) -> tuple[int, ...]:
        """(first row, rows, queries, keys) of a tile."""
        leading, run = tile
        first = leading.start * self.queries + run.start
        return first, p.size // self.keys, self.queries, self.keys

    def probabilities(self, tile: Tile, drops: bool) -> Array:
        """The softmax of the scores of a tile; after dropout if it drops."""
        leading, run = tile
        p = self.q[leading, run] @ self.k[leading].swapaxes(1, 2)
        keep, kept = (self.keep, self.kept) if drops else ((None, 1, 1, 1, 1), 1.0)
        masks = *self.mask, self.bias, *keep
        args = p, self.scale, MASKED_SCORE, kept, *masks, self.causal, *self._rows(tile, p)
        launch_row_sums("attention_softmax", p.size // self.keys, self.keys, args)
        return p

    def differentiate(self, tile: Tile, grad: Array, p: Array) -> None:
        """Make the gradient of the probabilities that of the scores, and drop p, in place."""
        args = grad, p, self.kept, *self.keep, *self._rows(tile, p)
        launch_row_sums("attention_softmax_grad", p.size // self.keys, self.keys, args)


def _merge_leading(x: Array, leading: tuple[int, ...]) -> Array:
    """(..., T, d) -> (leading, T, d)."""
    last = x.shape[-2:]
    if x.shape[:-2] != leading:
        x = backend(x).broadcast_to(x, (*leading, *last))
    return x.reshape((math.prod(leading), *last))


@on_reals(attention.scaled_dot_product_attention_forward)
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
) -> tuple[Array, None]:
    """softmax(q @ k^T * scale) @ v."""
    check_attention(q, k, v, mask, keep_mask)
    scores = Scores(q, k, v, mask, keep_mask, causal, scale, rate)
    xp, width = backend(q), v.shape[-1]
    y = xp.empty((scores.count, scores.queries, width), q.dtype)
    for tile in scores:
        y[tile] = scores.probabilities(tile, True) @ scores.v[tile[0]]
    return y.reshape((*leading_shape(q, k, v), scores.queries, width)), None


@on_reals(attention.scaled_dot_product_attention_backward, backward=True)
def scaled_dot_product_attention_backward(
    g: Array,
    residuals: None,
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
    """Gradients of q, k and v, and of a mask of numbers."""
    scores = Scores(q, k, v, mask, keep_mask, causal, scale, rate)
    xp, leading = backend(q), leading_shape(q, k, v)
    g = g.reshape((scores.count, *g.shape[-2:]))
    grads = [xp.empty(x.shape, q.dtype) for x in (scores.q, scores.k, scores.v)]
    grad_scores = None
    if scores.bias is not None:
        grad_scores = xp.empty((scores.count, scores.queries, scores.keys), q.dtype)
    for tile in scores:
        p = scores.probabilities(tile, False)
        ds = g[tile] @ scores.v[tile[0]].swapaxes(1, 2)
        scores.differentiate(tile, ds, p)
        if grad_scores is not None:
            grad_scores[tile] = ds
        _add_products(grads, scores, tile, (ds, p), g[tile])
    grad_q, grad_k, grad_v = grads
    grad_q *= scores.scale
    grad_k *= scores.scale
    shaped = (
        sum_to(grad.reshape((*leading, *grad.shape[1:])), shape=x.shape)
        for grad, x in zip((grad_q, grad_k, grad_v), (q, k, v))
    )
    grad_mask = None
    if mask is not None and grad_scores is not None:
        full = grad_scores.reshape((*leading, *grad_scores.shape[1:]))
        grad_mask = attention._to_mask(full, mask)
    return (*shaped, grad_mask, None)


def _add_products(
    grads: list[Array], scores: Scores, tile: Tile, of_tile: tuple[Array, Array], g: Array
) -> None:
    """Write the gradients of the queries of a tile, and add what it has for keys and values."""
    (ds, p), (leading, run) = of_tile, tile
    grad_q, grad_k, grad_v = grads
    grad_q[tile] = ds @ scores.k[leading]
    of_keys = ds.swapaxes(1, 2) @ scores.q[tile]
    of_values = p.swapaxes(1, 2) @ g
    if run.start == 0:
        grad_k[leading] = of_keys
        grad_v[leading] = of_values
    else:
        grad_k[leading] += of_keys
        grad_v[leading] += of_values
