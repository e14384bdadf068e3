"""Pooling made fast: a window is never laid out.

For each kernel offset there is one view: the pixels that all windows have there. Where windows
overlap or reach into the padding, these are views of the phases: copies of the images that take
every s-th row and column, so that a view is long runs of memory, and is read several times.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ..backend import Array, backend, cache_blocks
from ..ops.pooling import lowest
from ..ops.windows import Window, check_images
from . import blocks

Index = tuple[slice, slice, slice]


# ---- geometry ------------------------------------------------------------------------------------


class Axis(NamedTuple):
    """Windows along the height or the width of images."""

    length: int
    kernel: int
    stride: int
    before: int  # padding
    windows: int

    @property
    def phase_length(self) -> int:
        """The number of pixels of a phase that windows reach."""
        return self.windows + (self.kernel - 1) // self.stride

    @property
    def phases(self) -> int:
        """The number of phases that windows read."""
        return min(self.kernel, self.stride)

    @property
    def end(self) -> int:
        """The end of the last window, counted in pixels and padding."""
        return (self.windows - 1) * self.stride + self.kernel

    def phase(self, k: int) -> tuple[slice, slice]:
        """The slice of the pixels in phase k, and the slice of the phase where they lie."""
        first = max(0, -((k - self.before) // self.stride))
        behind = -(-(self.length + self.before - k) // self.stride)
        last = max(first, min(self.phase_length, behind))
        start = first * self.stride + k - self.before
        stop = max(start, (last - 1) * self.stride + k - self.before + 1)
        return slice(start, stop, self.stride), slice(first, last)

    def count_pixels(self) -> list[int]:
        """The number of pixels that each window holds, without padding."""
        starts = [i * self.stride - self.before for i in range(self.windows)]
        return [min(i + self.kernel, self.length) - max(i, 0) for i in starts]


class Layout(NamedTuple):
    """The axes of a window, and what they allow."""

    axes: tuple[Axis, Axis]
    disjoint: bool  # no pixel is in two windows
    padded: bool  # a window reaches into the padding
    covers_images: bool  # every pixel is in a window

    @property
    def windows_are_views(self) -> bool:
        """True if the pixels at an offset are a view of the images."""
        return self.disjoint and not self.padded


@lru_cache(1024)
def layout_of(window: Window) -> Layout:
    """The layout of a window."""
    settings = zip(window.image_size, window.kernel, window.strides)
    rows, columns = (
        Axis(n, k, s, pads[0], windows)
        for (n, k, s), pads, windows in zip(settings, window.pads, window.output_shape)
    )
    axes = rows, columns
    disjoint = all(axis.kernel <= axis.stride for axis in axes)
    padded = any(axis.before or axis.end > axis.length for axis in axes)
    covers = all(a.kernel >= a.stride and a.end >= a.length + a.before for a in axes)
    return Layout(axes, disjoint, padded, covers)


# ---- pixels at each kernel offset ----------------------------------------------------------------


def _new_phases(x: Array, layout: Layout, fill: float | None) -> Array:
    """An array for all phases of the images x, filled, or uninitialized if `fill` is None."""
    rows, columns = layout.axes
    pixels = len(x), rows.phase_length, columns.phase_length, x.shape[3]
    shape = (rows.phases, columns.phases, *pixels)
    xp = backend(x)
    return xp.empty(shape, x.dtype) if fill is None else xp.full(shape, fill, x.dtype)


def _iter_phases(layout: Layout) -> Iterator[tuple[tuple[int, int], Index, Index]]:
    """(phase, index of its pixels in the images, index where they lie in the phase) of each."""
    rows, columns = layout.axes
    everything = slice(None)
    for i in range(rows.phases):
        image_rows, phase_rows = rows.phase(i)
        for j in range(columns.phases):
            image_columns, phase_columns = columns.phase(j)
            yield (
                (i, j),
                (everything, image_rows, image_columns),
                (everything, phase_rows, phase_columns),
            )


def _views_of_phases(phases: Array, layout: Layout) -> list[Array]:
    """For each kernel offset, row by row, a view of the pixels that all windows have there."""
    rows, columns = layout.axes
    views = []
    for i in range(rows.kernel):
        top = i // rows.stride
        for j in range(columns.kernel):
            left = j // columns.stride
            phase = phases[i % rows.stride, j % columns.stride]
            views.append(phase[:, top : top + rows.windows, left : left + columns.windows])
    return views


def _views_of_images(x: Array, layout: Layout) -> list[Array]:
    """The same as views of the images themselves, where windows have no padding."""
    rows, columns = layout.axes
    height = (rows.windows - 1) * rows.stride + 1
    width = (columns.windows - 1) * columns.stride + 1
    return [
        x[:, i : i + height : rows.stride, j : j + width : columns.stride]
        for i in range(rows.kernel)
        for j in range(columns.kernel)
    ]


def gather_windows(x: Array, window: Window, fill: float) -> list[Array]:
    """For each kernel offset, the pixels that all windows have there; `fill` is the padding."""
    layout = layout_of(window)
    if layout.windows_are_views:
        return _views_of_images(x, layout)
    phases = _new_phases(x, layout, fill if layout.padded else None)
    for phase, pixels, place in _iter_phases(layout):
        phases[phase][place] = x[pixels]
    return _views_of_phases(phases, layout)


def scatter_windows(
    g: Array, window: Window, masks: Callable[[slice], Iterable[Array]] | None = None
) -> Array:
    """Images with g at every kernel offset, added up: the adjoint of gather_windows.

    Args:
        g: One element per window: (N, OH, OW, C).
        window: The geometry.
        masks: masks(images) -> for each kernel offset where g is written; None for everywhere.
    """
    xp, layout = backend(g), layout_of(window)
    everywhere = [True] * math.prod(window.kernel)
    shape = (len(g), *window.image_size, g.shape[3])
    grad = xp.empty(shape, g.dtype) if layout.covers_images else xp.zeros(shape, g.dtype)
    for images in cache_blocks(grad, blocks.POOLING_BLOCK):
        block, out = g[images], grad[images]
        if layout.windows_are_views:
            views = _views_of_images(out, layout)
        else:
            phases = _new_phases(out, layout, None if layout.disjoint else 0)
            views = _views_of_phases(phases, layout)
        for view, mask in zip(views, masks(images) if masks else everywhere):
            if layout.disjoint:
                xp.multiply(block, mask, out=view)
            else:
                view += block if mask is True else block * mask
        if not layout.windows_are_views:
            for phase, pixels, place in _iter_phases(layout):
                out[pixels] = phases[phase][place]
    return grad


def _reduce_windows(x: Array, window: Window, combine: Callable[..., Any], fill: float) -> Array:
    """Every window reduced by a ufunc, which `fill` does not change."""
    y = backend(x).empty((len(x), *window.output_shape, x.shape[3]), x.dtype)
    for images in cache_blocks(x, blocks.POOLING_BLOCK):
        total = y[images]
        first, *others = gather_windows(x[images], window, fill)
        total[...] = first
        for pixels in others:
            combine(total, pixels, out=total)
    return y


# ---- the largest ---------------------------------------------------------------------------------


def max_pool_forward(x: Array, *, window: Window) -> Array:
    """The largest pixel of each window."""
    check_images(x, window)
    return _reduce_windows(x, window, backend(x).maximum, lowest(x.dtype))


def max_pool_grad(grad_output: Array, x: Array, maxima: Array, *, window: Window) -> Array:
    """Each gradient at the first pixel of its window that is the largest."""
    check_images(x, window)

    def masks(images: slice) -> Iterator[Array]:
        return argmax_masks(gather_windows(x[images], window, lowest(x.dtype)), maxima[images])

    return scatter_windows(grad_output, window, masks)


def gather_at_argmax(v: Array, x: Array, maxima: Array, *, window: Window) -> Array:
    """In each window the pixel of v where x has its first largest."""
    check_images(v, window)
    check_images(x, window)
    y = backend(v).zeros(maxima.shape, v.dtype)
    for images in cache_blocks(v, blocks.POOLING_BLOCK):
        views = gather_windows(x[images], window, lowest(x.dtype))
        masks = argmax_masks(views, maxima[images])
        total = y[images]
        for pixels, mask in zip(gather_windows(v[images], window, 0), masks):
            total += pixels * mask
    return y


def argmax_masks(views: Sequence[Array], maxima: Array) -> Iterator[Array]:
    """For each kernel offset where its pixel is the first, row by row, that equals the maximum."""
    free = backend(maxima).ones(maxima.shape, bool)
    for view in views[:-1]:
        mask = view == maxima
        mask &= free
        free ^= mask
        yield mask
    yield free  # where it is none of them, it is the last


# ---- the mean ------------------------------------------------------------------------------------


def avg_pool_forward(x: Array, *, window: Window) -> Array:
    """The mean of the pixels of each window."""
    check_images(x, window)
    y = _reduce_windows(x, window, backend(x).add, 0)
    y *= _shares(x, window)
    return y


def avg_pool_grad(grad_output: Array, *, window: Window) -> Array:
    """Each gradient in equal parts at all pixels of its window."""
    check_images(grad_output)
    return scatter_windows(grad_output * _shares(grad_output, window), window)


def _shares(like: Array, window: Window) -> Any:
    """1 / the number of pixels of each window: a number if all are equal, else (OH, OW, C)."""
    rows, columns = (axis.count_pixels() for axis in layout_of(window).axes)
    if len(set(rows)) == len(set(columns)) == 1:
        return 1 / (rows[0] * columns[0])
    xp = backend(like)
    shares = xp.asarray([[[1 / (a * b)] for b in columns] for a in rows], like.dtype)
    return xp.repeat(shares, like.shape[3], 2)  # NumPy is fast where a row of windows is one run
