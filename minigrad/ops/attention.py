"""Attention, a kernel under its definition, and rotary positions."""

from __future__ import annotations

import math

from ..backend import backend, device_name
from ..engine.autograd import fused, primitive
from .elementwise import exp, sum_to, where
from .reductions import max as max_of
from .reductions import sum as sum_of

NEVER = -1e30  # the score of a key that a query must not see
SAFE = 30.0  # the exponentials of scores within +-30, and sums of many, are far from the limits of float32
BLOCK = 1 << 17  # scores at a time: what several passes work on in turn stays in the cache of a CPU
ROWS = 64  # and at least so many queries of one head at a time: matrix products are slow on fewer


# ---- who sees whom -------------------------------------------------------------------------------------------------


def _lead(*xs):
    """The leading axes of all, broadcast. Raises ValueError where they do not fit."""
    shapes = [x.shape[:-2] for x in xs]
    width = max(map(len, shapes))
    lengths = [{s[i - width] for s in shapes if i - width >= -len(s)} - {1} for i in range(width)]
    if any(len(found) > 1 for found in lengths):
        raise ValueError(
            f"the leading axes of queries, keys and values, {', '.join(map(str, shapes))}, do not broadcast"
        )
    return tuple(found.pop() if found else 1 for found in lengths)


def _check(q, k, v, *masks):
    """Raise unless the shapes fit and the masks are of booleans."""
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(
            "attention needs queries (..., Tq, d), keys (..., Tk, d) and values (..., Tk, dv), got shapes "
            f"{q.shape}, {k.shape} and {v.shape}"
        )
    scores = (*_lead(q, k, v), q.shape[-2], k.shape[-2])
    for mask in masks:
        if mask is not None and mask.dtype.kind != "b":
            raise TypeError(
                f"attention: a mask must be boolean, True where a query may see a key, not {mask.dtype}"
            )
        if mask is not None and (
            mask.ndim > len(scores)
            or any(n not in (1, m) for n, m in zip(mask.shape[::-1], scores[::-1]))
        ):
            raise ValueError(
                f"attention: a mask of shape {mask.shape} does not broadcast to {scores}, the shape of the scores"
            )


def _earlier(xp, rows, columns, first):
    """(rows, columns): True where a key is not later than the query, the queries standing at `first`, first + 1, ..."""
    return xp.arange(columns) <= xp.arange(first, first + rows)[:, None]


def masked_softmax(scores, mask=None, *, causal=False):
    """softmax over the keys that a query may see: (..., Tq, Tk) -> (..., Tq, Tk); a query that sees none has zeros.

    `mask`, booleans that broadcast to the scores, is True where a query may see a key; `causal` hides the keys after a query's own
    place, the last query standing at the last key.
    """
    xp, (queries, keys) = backend(scores), scores.shape[-2:]
    allowed = xp.ones((queries, keys), bool) if mask is None else mask
    if causal:
        allowed = allowed & _earlier(xp, queries, keys, keys - queries)
    if not keys:
        return scores
    scores = where(allowed, scores, NEVER)
    e = where(allowed, exp(scores - max_of(scores, axis=-1, keepdims=True)), 0)
    total = sum_of(e, axis=-1, keepdims=True)
    return e / where(total == 0, 1, total)


def scaled_dot_product_attention_definition(
    q, k, v, mask=None, keep=None, *, causal=False, scale=None, rate=0.0
):
    """softmax(q k^T * scale) v: (..., Tq, d), (..., Tk, d), (..., Tk, dv) -> (..., Tq, dv) (arXiv:1706.03762, section 3.2.1).

    Leading axes broadcast, `mask` and `causal` are those of masked_softmax, `scale` is 1 / sqrt(d) by default.
    Dropout: probabilities where `keep` is False are 0, the others divided by 1 - rate.
    """
    _check(q, k, v, mask, keep)
    scores = q @ k.swapaxes(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    p = masked_softmax(scores, mask, causal=causal)
    return (p if keep is None else where(keep, p, 0) / (1 - rate)) @ v


# ---- the kernel: some scores at a time, so that memory grows with T, not with its square -----------------------------


def _pieces(lead, size, most):
    """Indices that cut the leading axes into pieces of about `most` numbers, where each entry has `size`."""
    if not lead:
        return [()]
    inner = math.prod(lead[1:]) * size
    if inner > most:
        return [(i, *rest) for i in range(lead[0]) for rest in _pieces(lead[1:], size, most)]
    step = max(1, most // max(1, inner))
    return [(slice(i, i + step),) for i in range(0, lead[0], step)]


class _Walk:
    """The blocks of scores of one call: some rows of queries at a time, the last first, of a piece of the leading axes."""

    def __init__(self, q, k, v, mask, keep, causal, scale):
        self.xp, self.cpu, self.causal = backend(q), device_name(q) == "cpu", causal
        self.scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
        self.lead, self.queries, self.keys = _lead(q, k, v), q.shape[-2], k.shape[-2]
        self.q, self.k, self.v = (self.whole(x, *x.shape[-2:]) for x in (q, k, v))
        self.bias = (
            None
            if mask is None
            else self.whole(self.xp.where(mask, 0, NEVER).astype(q.dtype), self.queries, self.keys)
        )
        self.keep = None if keep is None else self.whole(keep, self.queries, self.keys)

    def whole(self, x, *last):
        """x with all axes; those along which it repeats take no memory."""
        shape = (*self.lead, *last)
        return x if x.shape == shape else self.xp.broadcast_to(x, shape)

    def __iter__(self):
        """(index of queries, index of the keys that they see, index of their scores, mask to add, end of the queries)."""
        most = BLOCK if self.cpu else 1 << 26
        step = (
            ROWS if self.causal and self.cpu else max(ROWS, most // max(1, self.keys))
        )  # causal: less work above the diagonal
        for start in reversed(range(0, max(1, self.queries), step)):
            stop = min(start + step, self.queries)
            rows, first = slice(start, stop), start + self.keys - self.queries
            seen, later = slice(0, self.keys), None
            if self.causal:
                seen = slice(0, max(0, first + stop - start))
                later = self.xp.where(
                    _earlier(self.xp, stop - start, seen.stop, first), 0, NEVER
                ).astype(self.q.dtype)
            for piece in _pieces(self.lead, (stop - start) * seen.stop, most):
                bias = None if self.bias is None else self.bias[(*piece, ..., rows, seen)]
                bias = later if bias is None else bias if later is None else bias + later
                yield (
                    (*piece, ..., rows, slice(None)),
                    (*piece, ..., seen, slice(None)),
                    (*piece, ..., rows, seen),
                    bias,
                    stop,
                )

    def exponentials(self, queries, keys, bias):
        """exp(scores - what keeps it from overflowing) of one block, 0 where the mask says so; and the queries, scaled."""
        q, xp = self.q[queries] * self.scale, self.xp
        s = q @ self.k[keys].swapaxes(-1, -2)
        shift = (
            not self.cpu or s.size and not (s.max() < SAFE and s.min() > -SAFE)
        )  # two quick looks save two passes by rows
        if bias is not None:
            s += bias
        if shift and s.size:
            s -= xp.maximum(
                s.max(-1, keepdims=True), NEVER / 10
            )  # a row of hidden keys alone: all exponentials are 0
        return xp.exp(s, out=s), q


@fused(scaled_dot_product_attention_definition)
def scaled_dot_product_attention(
    q, k, v, mask=None, keep=None, *, causal=False, scale=None, rate=0.0
):
    """scaled_dot_product_attention_definition, a block of scores at a time; backward computes them anew (arXiv:2112.05682)."""
    _check(q, k, v, mask, keep)
    walk, xp = _Walk(q, k, v, mask, keep, causal, scale), backend(q)
    y = xp.empty_like(walk.q, shape=(*walk.q.shape[:-1], v.shape[-1]))  # laid out in memory as q
    total = xp.empty((*walk.q.shape[:-1], 1), q.dtype)
    for queries, keys, scores, bias, _ in walk:
        e, _ = walk.exponentials(queries, keys, bias)
        part = total[queries]
        xp.matmul(e, xp.ones((e.shape[-1], 1), e.dtype), out=part)
        part += part == 0
        if keep is not None:
            e *= walk.keep[scores]
            part *= 1 - rate
        xp.matmul(e, walk.v[keys], out=y[queries])
        y[queries] /= part
    return y, (y, total)


@scaled_dot_product_attention.backward
def _(g, kept, q, k, v, mask=None, keep=None, causal=False, scale=None, rate=0.0):
    y, total = kept
    walk, xp = _Walk(q, k, v, mask, keep, causal, scale), backend(q)
    gq, gk, gv = (xp.empty_like(x) for x in (walk.q, walk.k, walk.v))
    for queries, keys, scores, bias, stop in walk:
        e, scaled = walk.exponentials(queries, keys, bias)
        slope = (
            g[queries] / total[queries]
        )  # the softmax's divisor, here once for all scores of a row
        gs = slope @ walk.v[keys].swapaxes(-1, -2)
        back = xp.einsum("...i,...i->...", slope, y[queries])[..., None]
        p = e
        if keep is not None:
            p = e * walk.keep[scores]
            gs *= walk.keep[scores]
            back *= 1 - rate
        gs -= back
        gs *= e
        xp.matmul(gs, walk.k[keys], out=gq[queries])
        for target, a, b in ((gk, gs, scaled), (gv, p, slope)):
            if stop == walk.queries:  # the last queries see all keys, and come first
                xp.matmul(a.swapaxes(-1, -2), b, out=target[keys])
            else:
                target[keys] += a.swapaxes(-1, -2) @ b
    gq *= walk.scale
    return (
        sum_to(gq, shape=q.shape),
        sum_to(gk, shape=k.shape),
        sum_to(gv, shape=v.shape),
        None,
        None,
    )


# ---- rotary positions ----------------------------------------------------------------------------------------------


@primitive
def rotary(x, positions, *, base=10000.0, interleaved=True):
    """Each pair of features turned by an angle that grows with the position: (..., T, d), (T,) -> (..., T, d) (arXiv:2104.09864).

    Pair i turns by position * base**(-2 i / d). Pairs are (2 i, 2 i + 1), or, with interleaved=False as in Llama, (i, i + d / 2).
    The product of a turned query and a turned key depends on the distance of their positions alone.
    """
    xp, half = backend(x), x.shape[-1] // 2
    if x.shape[-1] % 2:
        raise ValueError(
            f"rotary turns pairs of features: {x.shape[-1]} of them (x of shape {x.shape}) are odd"
        )
    angles = positions[..., None] * base ** (xp.arange(half) / -max(1, half))  # in float64
    cos, sin = xp.cos(angles).astype(x.dtype), xp.sin(angles).astype(x.dtype)
    y = xp.empty_like(x)
    one, two = (
        (slice(0, None, 2), slice(1, None, 2)) if interleaved else (slice(half), slice(half, None))
    )
    a, b = x[..., one], x[..., two]
    y[..., one] = a * cos - b * sin
    y[..., two] = a * sin + b * cos
    return y


rotary.gradients(
    lambda g, y, x, positions, base=10000.0, interleaved=True: rotary(
        g, -positions, base=base, interleaved=interleaved
    ),
    None,
    needs="positions",
)
