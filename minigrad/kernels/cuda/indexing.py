"""Rows put at indices on a GPU, as the gradient of an embedding is: sorted, then one kernel."""

from __future__ import annotations

import math
from typing import Any

from ...backend import Array, Shape, backend
from ...ops import indexing
from .launch import contiguous, launch_rows, on_reals


@on_reals(indexing.put.forward)
def put_forward(x: Array, *, index: Any, shape: Shape) -> Array:
    """Zeros with x added at an index; one of integers of rows by the kernel."""
    parts = index if isinstance(index, tuple) else (index,)
    rows: Any = getattr(parts[0], "_array", parts[0]) if len(parts) == 1 else None
    if getattr(rows, "dtype", x.dtype).kind not in "iu":
        return indexing.put.forward(x, index=index, shape=shape)
    xp = backend(x)
    y, width = xp.zeros(shape, x.dtype), math.prod(shape[1:])
    indexing.check_bounds(y, (rows,))
    flat = rows.reshape(-1).astype("int64") % shape[0]
    order = xp.argsort(flat)
    args = y, contiguous(x), flat[order], order, flat.size, width
    launch_rows("sum_runs", flat.size, width, args)
    return y
