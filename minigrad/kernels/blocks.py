"""Blocks that stay in the processor's cache while several passes work on them; sums over rows."""

from __future__ import annotations

from collections.abc import Callable

from ..backend import Array, backend, cache_blocks, device_name, sum_rows

BLOCK_SIZE = 1 << 16  # elements per block
POOLING_BLOCK = 1 << 18  # elements of images
IM2COL_BLOCK = 1 << 19  # elements of patches: 2 MB of float32
ATTENTION_BLOCK = 1 << 17  # scores
MIN_QUERIES = 64  # per block of scores: matrix products are slow on fewer
DEVICE_BLOCK = 1 << 26  # elements on a GPU, which prefers few, large calls
MERGED_ROW = 1 << 13  # elements of pixels in one row, which a vector of channels meets at once


def map_blocks(f: Callable[..., Array], *arrays: Array) -> Array:
    """f(*arrays) block by block, for an elementwise f; on a GPU, all at once."""
    first = arrays[0]
    flat = [x.reshape(-1) for x in arrays]
    if device_name(first) != "cpu" or first.size <= BLOCK_SIZE:
        return f(*flat).reshape(first.shape)
    y = backend(first).empty(first.size, first.dtype)
    for block in cache_blocks(y, BLOCK_SIZE):
        y[block] = f(*(x[block] for x in flat))
    return y.reshape(first.shape)


def row_sums(x: Array) -> Array:
    """x summed over all axes but the last."""
    return sum_rows(x.reshape((-1, x.shape[-1])))
