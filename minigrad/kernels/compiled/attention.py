"""Scaled dot-product attention: each head of each sequence is a block of its own.

A tile of queries meets all keys that it may attend to; its scores stay in the cache. The backward
computes them again from the logarithms of the sums of exponentials (Dao et al. 2022,
arXiv:2205.14135). Heads are read where they lie, (N, T, heads, d) in memory: nothing is transposed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backend import Array
from ...ops.attention import MASKED_SCORE, check_attention, default_scale
from .. import attention
from .functions import exp, log, maximum
from .loops import as_carray, inlined, lend, loop, run_blocks
from .panels import turn_into
from .tiles import VECTOR_BYTES, add_transposed_product, aligned_space, long_product, product

TILE = 64  # queries per tile


# ---- parts of both loops -------------------------------------------------------------------------


@inlined
def _take_matrix(memory, rows, columns):
    """(a matrix at the beginning of memory, what is left of it): both begin where a vector does."""
    lanes = VECTOR_BYTES // memory.itemsize
    size = rows * columns
    return memory[:size].reshape(rows, columns), memory[(size + lanes - 1) // lanes * lanes :]


@inlined
def _zeros(memory, size):
    """_take_matrix of a row of zeros."""
    row, rest = _take_matrix(memory, 1, size)
    _clear(row[0], 0)
    return row, rest


@inlined
def _read(heads, head, start, rows, factor):
    """rows = factor * the rows of a head from `start` on; heads is (N, T, H, d)."""
    n, h = head // heads.shape[2], head % heads.shape[2]
    for i in range(rows.shape[0]):
        source, target = heads[n, start + i, h], rows[i]
        for j in range(target.size):
            target[j] = factor * source[j]


@inlined
def _turn(heads, head, rows):
    """The columns of the first rows of a head become rows."""
    turn_into(rows, heads[head // heads.shape[2], :, head % heads.shape[2]], 0)


@inlined
def _write(rows, heads, head, start, factor):
    """The opposite: the rows of a head from `start` on become factor * these."""
    n, h = head // heads.shape[2], head % heads.shape[2]
    for i in range(rows.shape[0]):
        source, target = rows[i], heads[n, start + i, h]
        for j in range(target.size):
            target[j] = factor * source[j]


@inlined
def _add_bias(scores, bias, repeats, head, start):
    """Add the bias, (heads that differ, Tq or 1, Tk), each of its heads `repeats` times."""
    of_head = bias[head // repeats % bias.shape[0]]
    for i in range(scores.shape[0]):
        row, added = scores[i], of_head[start + i if of_head.shape[0] > 1 else 0]
        for j in range(row.size):
            row[j] += added[j]


@inlined
def _clear(row, start):
    """Zeros from `start` on."""
    for j in range(start, row.size):
        row[j] = row.dtype.type(0)


@inlined
def _visible(query, queries, keys, causal):
    """The number of keys that a query may attend to, the last query being at the last key."""
    return min(keys, max(0, query + 1 + keys - queries)) if causal else keys


@inlined
def _drop(row, kept):
    """0 where a probability is dropped."""
    for j in range(row.size):
        row[j] = row[j] if kept[j] else row.dtype.type(0)


# ---- forward -------------------------------------------------------------------------------------


@inlined
def _forward(block, q, k, v, bias, repeats, keep, y, logs, causal, scale, kept):
    queries, keys = q.shape[1], k.shape[1]
    tiles = (queries + TILE - 1) // TILE
    head, start = block // tiles, block % tiles * TILE
    stop = min(queries, start + TILE)
    visible = _visible(stop - 1, queries, keys, causal)
    rows, width, depth = stop - start, q.shape[3], v.shape[3]
    size = (rows + visible) * (width + depth + 1) + rows * visible + depth
    memory = aligned_space(size + 7 * VECTOR_BYTES, q)
    tile = memory, head, start, rows, visible, q, k, v, bias, repeats, keep, y, logs
    lend(_forward_tile, tile + (causal, scale, kept))


@inlined
def _forward_tile(
    memory, head, start, rows, visible, q, k, v, bias, repeats, keep, y, logs, causal, scale, kept
):
    width, depth = q.shape[3], v.shape[3]
    own_q, memory = _take_matrix(memory, rows, width)
    turned_k, memory = _take_matrix(memory, width, visible)
    own_v, memory = _take_matrix(memory, visible, depth)
    own_y, memory = _take_matrix(memory, rows, depth)
    scores, memory = _take_matrix(memory, rows, visible)
    zeros, memory = _zeros(memory, visible + depth)
    factors = memory[:rows]
    _read(q, head, start, own_q, scale)
    _turn(k, head, turned_k)
    _read(v, head, 0, own_v, scale / scale)
    product(own_q, turned_k, zeros, scores)
    if bias.size:
        _add_bias(scores, bias, repeats, head, start)
    _attend(scores, keep, logs[head], factors, head, start, q.shape[1], k.shape[1], causal, kept)
    long_product(scores, own_v, zeros, own_y)
    for i in range(rows):
        row, factor = own_y[i], factors[i]
        for j in range(row.size):
            row[j] *= factor
    _write(own_y, y, head, start, scale / scale)


@inlined
def _attend(scores, keep, logs, factors, head, start, queries, keys, causal, kept):
    """Scores become exponentials, and factors what turns those of a row into probabilities."""
    one = kept / kept
    for i in range(scores.shape[0]):
        row = scores[i]
        shown = row[: _visible(start + i, queries, keys, causal)]
        largest = row.dtype.type(MASKED_SCORE / 10)  # so that hidden keys alone have exponentials 0
        for j in range(shown.size):
            largest = maximum(largest, shown[j])
        total = row.dtype.type(0)
        for j in range(shown.size):
            e = exp(shown[j] - largest)
            shown[j] = e
            total += e
        _clear(row, shown.size)
        if total == 0:  # all keys are hidden
            largest, total = one - one, one
        logs[start + i], factors[i] = largest, total
        if keep.size:
            _drop(shown, keep[head, start + i])
    for i in range(factors.size):
        logs[start + i] += log(factors[i])
        factors[i] = one / (factors[i] * kept)


@loop(
    "T[:, :, :, ::1], T[:, :, :, ::1], T[:, :, :, ::1], T[:, :, ::1], i8, b1[:, :, ::1], "
    "T[:, :, :, ::1], T[:, ::1], b1, f8, f8"
)
def _run_forward(pool, q, k, v, bias, repeats, keep, y, logs, causal, scale, kept):
    T = q.dtype.type
    blocks = logs.shape[0] * ((q.shape[1] + TILE - 1) // TILE)
    arrays = q, k, v, bias, repeats, keep, y, logs
    run_blocks(pool, blocks, _forward, (*arrays, causal, T(scale), T(kept)))


# ---- backward ------------------------------------------------------------------------------------


@inlined
def _softmax_grad(p, grad_p, shown, log, delta):
    """Scores become probabilities, gradients of these those of the scores."""
    _clear(p, shown)
    _clear(grad_p, shown)
    p, grad_p = p[:shown], grad_p[:shown]
    for j in range(p.size):
        e = exp(p[j] - log)
        p[j] = e
        grad_p[j] = e * (grad_p[j] - delta)


@inlined
def _dropped_softmax_grad(p, grad_p, shown, log, delta, kept, factor):
    """The same, where probabilities are dropped, and multiplied by the factor if they are not."""
    _clear(p, shown)
    _clear(grad_p, shown)
    p, grad_p, kept = p[:shown], grad_p[:shown], kept[:shown]
    zero = factor - factor
    for j in range(p.size):
        e = exp(p[j] - log)
        scaled = factor if kept[j] else zero
        p[j] = e * scaled
        grad_p[j] = e * (grad_p[j] * scaled - delta)


@inlined
def _scores_grad(p, grad_p, own_g, own_y, logs, keep, start, queries, keys, causal, kept):
    """Probabilities and the gradients of the scores, in place, for the queries of a tile."""
    one = kept / kept
    for i in range(p.shape[0]):
        shown = _visible(start + i, queries, keys, causal)
        row_g, row_y, delta = own_g[i], own_y[i], one - one
        for j in range(row_g.size):
            delta += row_g[j] * row_y[j]
        log = logs[start + i]
        if keep.size:
            row = keep[start + i]
            _dropped_softmax_grad(p[i], grad_p[i], shown, log, delta, row, one / kept)
        else:
            _softmax_grad(p[i], grad_p[i], shown, log, delta)


@inlined
def _backward(head, g, y, q, k, v, bias, repeats, keep, logs, dq, dk, dv, causal, scale, kept):
    keys, rows, both = k.shape[1], min(TILE, q.shape[1]), k.shape[3] + v.shape[3]
    size = (4 * keys + 2 * rows) * both + 2 * rows * keys + keys
    memory = aligned_space(size + 14 * VECTOR_BYTES, q)
    arrays = g, y, q, k, v, bias, repeats, keep, logs, dq, dk, dv
    lend(_backward_head, (memory, head) + arrays + (causal, scale, kept))


@inlined
def _backward_head(
    memory, head, g, y, q, k, v, bias, repeats, keep, logs, dq, dk, dv, causal, scale, kept
):
    queries, keys, width, depth = q.shape[1], k.shape[1], k.shape[3], v.shape[3]
    one = scale / scale
    own_k, memory = _take_matrix(memory, keys, width)
    turned_k, memory = _take_matrix(memory, width, keys)
    turned_v, memory = _take_matrix(memory, depth, keys)
    sum_k, memory = _take_matrix(memory, keys, width)
    sum_v, memory = _take_matrix(memory, keys, depth)
    part_k, memory = _take_matrix(memory, keys, width)
    part_v, memory = _take_matrix(memory, keys, depth)
    zeros, memory = _zeros(memory, keys + width)
    sum_k[:], sum_v[:] = 0, 0
    _read(k, head, 0, own_k, one)
    _turn(k, head, turned_k)
    _turn(v, head, turned_v)
    for start in range(0, queries, TILE):
        stop = min(queries, start + TILE)
        visible = _visible(stop - 1, queries, keys, causal)
        own_q, rest = _take_matrix(memory, stop - start, width)
        own_g, rest = _take_matrix(rest, stop - start, depth)
        own_y, rest = _take_matrix(rest, stop - start, depth)
        p, rest = _take_matrix(rest, stop - start, visible)
        grad_p, _ = _take_matrix(rest, stop - start, visible)
        _read(q, head, start, own_q, scale)
        _read(g, head, start, own_g, one)
        _read(y, head, start, own_y, one)
        product(own_q, turned_k[:, :visible], zeros, p)
        product(own_g, turned_v[:, :visible], zeros, grad_p)
        if bias.size:
            _add_bias(p, bias, repeats, head, start)
        kept_keys = keep[head] if keep.size else keep.reshape(0, 0)
        tile = p, grad_p, own_g, own_y, logs[head], kept_keys
        _scores_grad(*tile, start, queries, keys, causal, kept)
        add_transposed_product(grad_p, own_q, sum_k[:visible], part_k[:visible], True)
        add_transposed_product(p, own_g, sum_v[:visible], part_v[:visible], True)
        long_product(grad_p, own_k[:visible], zeros, own_q)
        _write(own_q, dq, head, start, scale)
    _write(sum_k, dk, head, 0, one)
    _write(sum_v, dv, head, 0, one)


@loop(
    "T[:, :, :, ::1], T[:, :, :, ::1], T[:, :, :, ::1], T[:, :, :, ::1], T[:, :, :, ::1], "
    "T[:, :, ::1], i8, b1[:, :, ::1], T[:, ::1], "
    "T[:, :, :, ::1], T[:, :, :, ::1], T[:, :, :, ::1], b1, f8, f8"
)
def _run_backward(pool, g, y, q, k, v, bias, repeats, keep, logs, dq, dk, dv, causal, scale, kept):
    T = q.dtype.type
    arrays = g, y, q, k, v, bias, repeats, keep, logs, dq, dk, dv
    run_blocks(pool, logs.shape[0], _backward, (*arrays, causal, T(scale), T(kept)))


# ---- what the op calls ---------------------------------------------------------------------------


def as_heads(*arrays: Array) -> list[Array]:
    """Each (..., T, d) as (N, T, heads, d) in C order: as they lie, if all are so."""
    if all(x.ndim == 4 and x.swapaxes(1, 2).flags.c_contiguous for x in arrays):
        views = [x.swapaxes(1, 2) for x in arrays]
    else:
        views = [x.reshape(-1, x.shape[-2], 1, x.shape[-1]) for x in arrays]
    return [as_carray(x) for x in views]


def from_heads(x: Array, shape: tuple[int, ...]) -> Array:
    """(N, T, heads, d) as (..., T, d)."""
    return x.swapaxes(1, 2).reshape(shape) if x.shape[2] > 1 else x.reshape(shape)


def bias_of(mask: Array | None, q: Array, keys: int) -> tuple[Array, int]:
    """What a mask adds to the scores, (heads that differ, Tq or 1, Tk), and its repetitions."""
    if mask is None:
        return np.zeros((0, 0, 0), q.dtype), 1
    bias: Array
    if mask.dtype.kind == "b":
        bias = np.where(mask, q.dtype.type(0), q.dtype.type(MASKED_SCORE))
    else:
        bias = mask.astype(q.dtype).clip(MASKED_SCORE)
    leading = q.shape[:-2]
    bias = bias.reshape((1,) * (q.ndim - mask.ndim) + mask.shape)
    outer = len(leading)
    while outer and bias.shape[outer - 1] == 1:
        outer -= 1
    shape = (*leading[:outer], bias.shape[-2], keys)
    whole = np.broadcast_to(bias.reshape(*bias.shape[:outer], *bias.shape[-2:]), shape)
    flat = whole.reshape(-1, *shape[-2:])
    return as_carray(flat), math.prod(leading[outer:])


def keep_of(keep_mask: Array | None, q: Array, keys: int) -> Array:
    """The dropout mask as (heads, Tq, Tk)."""
    if keep_mask is None:
        return np.zeros((0, 0, 0), bool)
    whole = np.broadcast_to(keep_mask, (*q.shape[:-1], keys)).reshape(-1, q.shape[-2], keys)
    return as_carray(whole)


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
) -> Any:
    """The output; itself, and the logarithms of the sums of exponentials, for the backward."""
    check_attention(q, k, v, mask, keep_mask)
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2] or not q.size * k.size * v.size:
        return NotImplemented
    if q.dtype.char not in "fd" or not q.dtype == k.dtype == v.dtype:
        return NotImplemented
    factor = default_scale(q) if scale is None else scale
    if not factor or not rate < 1:
        return NotImplemented
    keys = k.shape[-2]
    heads_q, heads_k, heads_v = as_heads(q, k, v)
    y = np.empty((*heads_q.shape[:3], v.shape[-1]), q.dtype)
    logs = np.empty((math.prod(q.shape[:-2]), q.shape[-2]), q.dtype)
    bias, repeats = bias_of(mask, q, keys)
    keep = keep_of(keep_mask, q, keys)
    kept = 1.0 if keep_mask is None else 1.0 - rate
    arrays = heads_q, heads_k, heads_v, bias, repeats, keep, y, logs
    _run_forward(q.size * keys * 2, *arrays, causal, factor, kept)
    y = from_heads(y, (*q.shape[:-1], v.shape[-1]))
    return y, (y, logs)


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
) -> tuple[Any, ...]:
    """Gradients of q, k and v; that of a mask of numbers is left to NumPy, if it is needed."""
    y, logs = residuals
    keys = k.shape[-2]
    factor = default_scale(q) if scale is None else scale
    arrays = as_heads(g, y, q, k, v)
    grads = [np.empty_like(x) for x in arrays[2:]]
    bias, repeats = bias_of(mask, q, keys)
    keep = keep_of(keep_mask, q, keys)
    kept = 1.0 if keep_mask is None else 1.0 - rate
    work = q.size * keys * 5
    _run_backward(work, *arrays, bias, repeats, keep, logs, *grads, causal, factor, kept)
    inputs = q, k, v, mask, keep_mask

    def grad_mask() -> Array | None:
        settings: dict[str, Any] = {"causal": causal, "scale": scale, "rate": rate}
        _, kept_by_numpy = attention.scaled_dot_product_attention_forward(*inputs, **settings)
        return attention.scaled_dot_product_attention_backward(
            g, kept_by_numpy, *inputs, **settings
        )[3]

    has_numbers = mask is not None and mask.dtype.kind == "f"
    given = (from_heads(x, like.shape) for x, like in zip(grads, (q, k, v)))
    return (*given, grad_mask if has_numbers else None, None)
