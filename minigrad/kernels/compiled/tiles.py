"""Matrix products in loops, as fast as the processor multiplies, with nothing to prepare.

    product(a, b, c, y)     # y = c + a @ b, in a block of a loop

A tile of the result, 4 rows and a few vectors of columns, stays in registers while it walks along
the inner axis: each number of `a` meets a row of `b`. Numba has no word for a vector, so the tile
is written in instructions. A tile at an edge overlaps the one before it, and computes some numbers
again. BLAS copies both matrices into tiles first, which for the small products of one step of a
sequence takes as long as the product.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .loops import inlined

__all__ = ["long_product", "product"]

FEATURES = llvm.get_host_cpu_features()
VECTOR_BYTES = 64 if FEATURES.get("avx512f") else 32 if FEATURES.get("avx2") else 16
VECTORS = 2 if VECTOR_BYTES == 32 else 4  # side by side in a tile; all must find a register
ROWS = 4  # of a tile
LONGEST = 512  # rows of b that stay in the cache while all tiles of their columns are computed


def _tile(rows: int, vectors: int, vector_bytes: int = VECTOR_BYTES) -> Any:
    """tile(places, steps, i, j, length, number): rows x vectors numbers of y = c + a @ b.

    `places` and `steps` say where the matrices begin and how far apart their rows are (and the
    columns of a); the number is of their dtype.
    """

    @intrinsic
    def tile(
        typing_context: Any, places: Any, steps: Any, i: Any, j: Any, length: Any, number: Any
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            element = context.get_value_type(number)
            vector = ir.VectorType(element, max(1, vector_bytes * 8 // number.bitwidth))
            starts = [
                builder.inttoptr(place, element.as_pointer())
                for place in cgutils.unpack_tuple(builder, args[0])
            ]
            steps = cgutils.unpack_tuple(builder, args[1])
            _write_tile(builder, (rows, vectors), vector, starts, steps, *args[2:5])
            return context.get_dummy_value()

        return types.void(places, steps, i, j, length, number), generate

    return tile


def _write_tile(
    builder: ir.IRBuilder,
    shape: tuple[int, int],
    vector: Any,
    starts: Any,
    steps: Any,
    i: Any,
    j: Any,
    length: Any,
) -> None:
    """The instructions of a tile: read c, add the products of all k, write y."""
    rows, vectors = shape
    a, b, c, y = starts
    a_row, a_column, b_row, c_row, y_row = steps
    size = 8 if vector.element == ir.DoubleType() else 4

    def place(start: Any, row: Any, step: Any, v: int) -> Any:
        offset = builder.add(builder.add(builder.mul(row, step), j), j.type(v * vector.count))
        return builder.bitcast(builder.gep(start, [offset]), vector.as_pointer())

    def read(start: Any, row: Any, step: Any) -> list[Any]:
        return [builder.load(place(start, row, step, v), align=size) for v in range(vectors)]

    row_numbers = [builder.add(i, i.type(r)) for r in range(rows)]
    a_rows = [builder.gep(a, [builder.mul(row, a_row)]) for row in row_numbers]
    sums = [
        [cgutils.alloca_once_value(builder, x) for x in read(c, row, c_row)] for row in row_numbers
    ]
    with cgutils.for_range(builder, length) as loop:
        b_vectors = read(b, loop.index, b_row)
        for a_start, row_sums in zip(a_rows, sums):
            number = builder.load(builder.gep(a_start, [builder.mul(loop.index, a_column)]))
            same = _in_all_lanes(builder, number, vector)
            for x, total in zip(b_vectors, row_sums):
                added = builder.fmul(same, x, flags=["contract"])
                builder.store(builder.fadd(builder.load(total), added, flags=["contract"]), total)
    for row, row_sums in zip(row_numbers, sums):
        for v, total in enumerate(row_sums):
            builder.store(builder.load(total), place(y, row, y_row, v), align=size)


def _in_all_lanes(builder: ir.IRBuilder, number: Any, vector: Any) -> Any:
    """A vector of one number."""
    nothing = vector(ir.Undefined)
    first = builder.insert_element(nothing, number, ir.IntType(32)(0))
    lanes = ir.VectorType(ir.IntType(32), vector.count)
    return builder.shuffle_vector(first, nothing, lanes([0] * vector.count))


_large, _tall, _column = _tile(ROWS, VECTORS), _tile(ROWS, 1), _tile(ROWS, 1, 0)
_wide_row, _short_row, _number = _tile(1, VECTORS), _tile(1, 1), _tile(1, 1, 0)


@intrinsic
def _place(typing_context: Any, array: Any) -> Any:
    """The address of the first number of an array."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.ptrtoint(data, ir.IntType(64))

    return types.int64(array), generate


@inlined
def product(a, b, c, y):
    """y = c + a @ b; c may be a single row. The rows of b, c and y are in one piece each.

    `a` may be transposed. y is another array than the others.
    """
    size = a.itemsize
    c_row = 0 if c.shape[0] == 1 else c.strides[0] // size
    a_row, a_column = a.strides[0] // size, a.strides[1] // size
    steps = a_row, a_column, b.strides[0] // size, c_row, y.strides[0] // size
    places = _place(a), _place(b), _place(c), _place(y)
    _all_tiles(places, steps, y.shape[0], y.shape[1], a.shape[1], a.dtype.type(0), size)


@inlined
def _all_tiles(places, steps, m, n, length, number, size):
    """All tiles of a product: the rows of a few columns, then the next columns."""
    lanes = VECTOR_BYTES // size
    j = 0
    while j < n:
        width = 1 if n < lanes else lanes
        if n - j >= VECTORS * lanes:
            width = VECTORS * lanes
        first, i = min(j, n - width), 0
        while i < m:
            if m < ROWS:
                _row_tile(places, steps, i, first, width // lanes, length, number)
            elif width > lanes:
                _large(places, steps, min(i, m - ROWS), first, length, number)
            elif width == lanes:
                _tall(places, steps, min(i, m - ROWS), first, length, number)
            else:
                _column(places, steps, min(i, m - ROWS), first, length, number)
            i += ROWS if m >= ROWS else 1
        j += width


@inlined
def _row_tile(places, steps, i, j, vectors, length, number):
    """A tile of one row: of all its vectors, of one, or of one number."""
    if vectors > 1:
        _wide_row(places, steps, i, j, length, number)
    elif vectors == 1:
        _short_row(places, steps, i, j, length, number)
    else:
        _number(places, steps, i, j, length, number)


@inlined
def long_product(a, b, c, y):
    """y = c + a @ b of a long inner axis, by parts of it whose sums are added in their order."""
    product(a[:, :LONGEST], b[:LONGEST], c, y)
    if a.shape[1] > LONGEST:
        zeros, part = np.zeros((1, y.shape[1]), y.dtype), np.empty(y.shape, y.dtype)
        for k in range(LONGEST, a.shape[1], LONGEST):
            product(a[:, k : k + LONGEST], b[k : k + LONGEST], zeros, part)
            for i in range(y.shape[0]):
                y_row, part_row = y[i], part[i]
                for j in range(y_row.size):
                    y_row[j] += part_row[j]
