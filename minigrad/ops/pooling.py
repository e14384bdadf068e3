"""Pooling of images (N, H, W, C): the largest element or the mean of each window, of which both have gradients of every order.

A window is never laid out. For each place in it, its "tap", there is one view: what all windows have there. Where windows overlap,
these are views of the phases, copies of the images that take every s-th row and column: long runs of memory, read several times.
"""

from __future__ import annotations

import math

from ..backend import backend, cache_blocks
from ..engine.autograd import primitive
from .windows import pads_of, pair

BLOCK = 2**18  # elements of the image at a time: views taken of them stay in the cache of a CPU


# ---- where windows lie ---------------------------------------------------------------------------------------------


def window_geometry(shape, size, strides, padding, name):
    """For the rows and for the columns of images of `shape`: (length, size, stride, padding before, number of windows).

    Raises ValueError for another rank than (N, H, W, C), and for a window that is larger than the padded image.
    """
    if len(shape) != 4:
        raise ValueError(f"{name} expects images of shape (N, H, W, C), got {shape}")
    size = pair(size, f"{name}: the window size")
    strides = size if strides is None else pair(strides, f"{name}: strides")
    axes = []
    for n, k, s, (before, after) in zip(
        shape[1:3], size, strides, pads_of(padding, shape[1:3], size, strides)
    ):
        if padding != "same" and not (before < k and after < k):
            raise ValueError(
                f"padding {padding!r} must be at least 0 and less than the window of {k}: each window holds pixels"
            )
        if n + before + after < k or n < 1:
            raise ValueError(
                f"{name}: a window of {size[0]}x{size[1]} does not fit into images (N, H, W, C) of shape {shape}"
                f"{'' if padding == 'valid' else f' with padding {padding!r}'}"
            )
        axes.append((n, k, s, before, (n + before + after - k) // s + 1))
    return tuple(axes)


def _phase(k, n, size, stride, before, out):
    """Phase k along an axis: the slice of the pixels that are in it, and the slice of the phase where they lie."""
    length = _phase_length(n, size, stride, before, out)
    first = max(0, -((k - before) // stride))
    last = max(first, min(length, -(-(n + before - k) // stride)))
    start = first * stride + k - before
    return slice(start, max(start, (last - 1) * stride + k - before + 1), stride), slice(
        first, last
    )


def _phase_length(n, size, stride, before, out):
    return out + (size - 1) // stride


def _phases(rows, columns):
    """(which phase, the index of its pixels in the images, the index where they lie in the phase) for each that windows have."""
    for i in range(min(rows[1:3])):
        for j in range(min(columns[1:3])):
            (pixel_rows, phase_rows), (pixel_columns, phase_columns) = (
                _phase(i, *rows),
                _phase(j, *columns),
            )
            yield (
                (i, j),
                (slice(None), pixel_rows, pixel_columns),
                (slice(None), phase_rows, phase_columns),
            )


def _laid_out(x, rows, columns, empty):
    """An array of all phases of the images x, `empty` where no pixel lies, or uninitialised if `empty` is None."""
    shape = (
        *(min(a[1:3]) for a in (rows, columns)),
        len(x),
        _phase_length(*rows),
        _phase_length(*columns),
        x.shape[3],
    )
    return (
        backend(x).empty(shape, x.dtype)
        if empty is None
        else backend(x).full(shape, empty, x.dtype)
    )


def _taps(phases, rows, columns):
    """For each place in a window, row by row: a view of all windows' pixels there."""
    (size, stride, _, high), (width, step, _, wide) = rows[1:], columns[1:]
    return [
        phases[i % stride, j % step][
            :, i // stride : i // stride + high, j // step : j // step + wide
        ]
        for i in range(size)
        for j in range(width)
    ]


def _passes(rows, columns):
    """Windows in one pass; where they overlap, first along the rows, then along the columns, which reads fewer taps."""
    if _apart(rows, columns) or 1 in (rows[1], columns[1]):
        return [(rows, columns)]
    return [((rows[0], 1, 1, 0, rows[0]), columns), (rows, (columns[4], 1, 1, 0, columns[4]))]


def _apart(rows, columns):
    """Has no pixel more than one window?"""
    return all(size <= stride for _, size, stride, _, _ in (rows, columns))


def _padded(rows, columns):
    return any(
        before or (out - 1) * stride + size > n for n, size, stride, before, out in (rows, columns)
    )


def _as_they_are(rows, columns):
    """Can the taps be views of the images themselves? So where no pixel has two windows and no window padding."""
    return _apart(rows, columns) and not _padded(rows, columns)


def _in_place(x, rows, columns):
    """The taps as views of the images themselves, where windows have no padding."""
    (size, stride, _, high), (width, step, _, wide) = rows[1:], columns[1:]
    return [
        x[:, i : i + (high - 1) * stride + 1 : stride, j : j + (wide - 1) * step + 1 : step]
        for i in range(size)
        for j in range(width)
    ]


def _read(x, rows, columns, empty):
    """(slice of the images, their taps) for a few images at a time; `empty` stands for what lies beyond the edges."""
    in_place, padded = _as_they_are(rows, columns), _padded(rows, columns)
    for block in cache_blocks(x, BLOCK):
        if in_place:
            yield block, _in_place(x[block], rows, columns)
            continue
        phases = _laid_out(x[block], rows, columns, empty if padded else None)
        for phase, pixels, there in _phases(rows, columns):
            phases[phase][there] = x[block][pixels]
        yield block, _taps(phases, rows, columns)


def _written(g, rows, columns, hits=None):
    """Images with g at every tap, or where the tap's mask of hits(block) is true, added up where windows overlap.

    The adjoint of reading the taps.
    """
    xp, shape, apart = backend(g), (len(g), rows[0], columns[0], g.shape[3]), _apart(rows, columns)
    whole = all(
        size >= stride and (out - 1) * stride + size >= n + before
        for n, size, stride, before, out in (rows, columns)
    )
    in_place = _as_they_are(rows, columns)
    x = (xp.empty if whole else xp.zeros)(shape, g.dtype)
    for block in cache_blocks(x, BLOCK):
        phases = None if in_place else _laid_out(x[block], rows, columns, None if apart else 0)
        taps = _in_place(x[block], rows, columns) if in_place else _taps(phases, rows, columns)
        for tap, hit in zip(taps, hits(block) if hits else [True] * len(taps)):
            if apart:
                xp.multiply(g[block], hit, out=tap)
            else:
                tap += g[block] * hit
        for phase, pixels, there in [] if in_place else _phases(rows, columns):
            x[block][pixels] = phases[phase][there]
    return x


def _reduced(x, combine, empty, rows, columns):
    """Every window reduced by the ufunc `combine`, which `empty` does not change."""
    y = backend(x).empty((len(x), rows[4], columns[4], x.shape[3]), x.dtype)
    for block, taps in _read(x, rows, columns, empty):
        total = y[block]
        total[...] = taps[0]
        for tap in taps[1:]:
            combine(total, tap, out=total)
    return y


# ---- the mean ------------------------------------------------------------------------------------------------------


@primitive
def _window_sum(x, *, rows, columns):
    """(N, H, W, C) -> (N, rows, columns, C): the sum of each window."""
    return _reduced(x, backend(x).add, 0, rows, columns)


@primitive
def _window_spread(g, *, rows, columns):
    """Each number to all the places of its window: the adjoint of _window_sum."""
    return _written(g, rows, columns)


_window_sum.gradients(
    lambda g, y, x, rows, columns: _window_spread(g, rows=rows, columns=columns), needs=""
)
_window_spread.gradients(
    lambda g, y, x, rows, columns: _window_sum(g, rows=rows, columns=columns), needs=""
)


def _pixels(n, size, stride, before, out):
    """How many pixels each window holds along an axis."""
    return [min(i * stride - before + size, n) - max(i * stride - before, 0) for i in range(out)]


def avg_pool(x, *, size=2, strides=None, padding="valid"):
    """The mean of the real pixels of each window: (N, H, W, C) -> (N, rows, columns, C).

    `size`, `strides` (default: the size) and `padding` are a number or one for rows and one for columns; padding may also be
    'valid', 'same' (TensorFlow's rule: the odd pixel comes after) or ((top, bottom), (left, right)).
    """
    rows, columns = window_geometry(x.shape, size, strides, padding, "avg_pool")
    counts = [_pixels(*axis) for axis in (rows, columns)]
    y = x
    for high, wide in _passes(rows, columns):
        y = _window_sum(y, rows=high, columns=wide)
    if all(len(set(count)) == 1 for count in counts):
        return y * (1 / (counts[0][0] * counts[1][0]))
    shares = [[[1 / (a * b)] for b in counts[1]] for a in counts[0]]
    return y * backend(x).asarray(shares, x.dtype)


# ---- the largest ---------------------------------------------------------------------------------------------------


def _hits(taps, largest):
    """For each tap where it is the first, in the order of rows, that equals the largest: ties go to one place."""
    free = backend(largest).ones(largest.shape, bool)
    for tap in taps[:-1]:
        hit = tap == largest
        hit &= free
        free ^= hit
        yield hit
    yield free  # what none of them hit is the last


@primitive
def unpool(g, x, top, *, rows, columns):
    """Zeros with each number of g at the first pixel in its window of x that equals top: (N, rows, columns, C) -> (N, H, W, C).

    `rows` and `columns` are as window_geometry gives them.
    """
    taps = _read(x, rows, columns, -math.inf)
    return _written(g, rows, columns, lambda block: _hits(next(taps)[1], top[block]))


@primitive
def pool_at(v, x, top, *, rows, columns):
    """For each window the pixel of v at the first place where x equals top: the adjoint of unpool."""
    total = backend(v).zeros(top.shape, v.dtype)
    for (block, taps), (_, there) in zip(
        _read(v, rows, columns, 0), _read(x, rows, columns, -math.inf)
    ):
        for tap, hit in zip(taps, _hits(there, top[block])):
            total[block] += tap * hit
    return total


unpool.gradients(
    lambda g, y, v, x, top, rows, columns: pool_at(g, x, top, rows=rows, columns=columns),
    None,
    None,
    needs="x top",
)
pool_at.gradients(
    lambda g, y, v, x, top, rows, columns: unpool(g, x, top, rows=rows, columns=columns),
    None,
    None,
    needs="x top",
)


@primitive
def _max_pool(x, *, rows, columns):
    return _reduced(x, backend(x).maximum, -math.inf, rows, columns)


_max_pool.gradients(
    lambda g, y, x, rows, columns: unpool(g, x, y, rows=rows, columns=columns), needs="y x"
)


def max_pool(x, *, size=2, strides=None, padding="valid"):
    """The largest pixel of each window: (N, H, W, C) -> (N, rows, columns, C); among equals the first has the gradient.

    `size`, `strides` and `padding` are as in avg_pool; padding never wins.
    """
    rows, columns = window_geometry(x.shape, size, strides, padding, "max_pool")
    for high, wide in _passes(rows, columns):
        x = _max_pool(x, rows=high, columns=wide)
    return x
