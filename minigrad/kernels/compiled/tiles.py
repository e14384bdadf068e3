"""Matrix products in loops, as fast as the processor multiplies, with nothing to prepare.

    product(a, b, c, y)     # y = c + a @ b, in a block of a loop

A tile of the result, a few rows and vectors of columns, stays in registers while it walks along the
inner axis: each number of `a` meets a row of `b`. Numba has no word for a vector, so the tile
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

from .loops import block_bounds, inlined

__all__ = [
    "add_to",
    "add_transposed_product",
    "aligned_columns",
    "aligned_space",
    "long_product",
    "product",
    "product_of_runs",
    "sum_parts",
]

FEATURES = llvm.get_host_cpu_features()
VECTOR_BYTES = 64 if FEATURES.get("avx512f") else 32 if FEATURES.get("avx2") else 16
VECTORS = 2 if VECTOR_BYTES == 32 else 4  # side by side in a tile; all must find a register
ROWS, TALL = 4, 8  # of a tile, and of one that is not as wide: so many sums as keep units busy
HALF, QUARTER = -2, -4  # of a vector
MANY_ROWS = 32  # of a, for which the columns of b are copied to where reading is fast
FAR = 1 << 10  # bytes between rows
LONGEST = 512  # rows of b that stay in the cache while all tiles of their columns are computed


def _tile(rows: int, vectors: int, vector_bytes: int = VECTOR_BYTES) -> Any:
    """tile(places, steps, i, j, runs, length, number): rows x vectors numbers of y = c + a @ b.

    `places` and `steps` say where the matrices begin and how far apart their rows are, and the
    columns and runs of a: its inner axis is so many runs of that length. The rows of b that meet
    them may lie apart, too. The number is of their dtype.
    """

    @intrinsic
    def tile(
        typing_context: Any,
        places: Any,
        steps: Any,
        i: Any,
        j: Any,
        runs: Any,
        length: Any,
        number: Any,
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            element = context.get_value_type(number)
            vector = ir.VectorType(element, max(1, vector_bytes * 8 // number.bitwidth))
            starts = [
                builder.inttoptr(place, element.as_pointer())
                for place in cgutils.unpack_tuple(builder, args[0])
            ]
            steps = cgutils.unpack_tuple(builder, args[1])
            _write_tile(builder, (rows, vectors), vector, starts, steps, *args[2:6])
            return context.get_dummy_value()

        return types.void(places, steps, i, j, runs, length, number), generate

    return tile


def _write_tile(
    builder: ir.IRBuilder,
    shape: tuple[int, int],
    vector: Any,
    starts: Any,
    steps: Any,
    i: Any,
    j: Any,
    runs: Any,
    length: Any,
) -> None:
    """The instructions of a tile: read c, add the products of all k, write y."""
    rows, vectors = shape
    a, b, c, y = starts
    a_row, a_column, a_run, b_run, b_row, c_row, y_row = steps
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
    with cgutils.for_range(builder, runs) as run, cgutils.for_range(builder, length) as loop:
        b_vectors = read(b, builder.add(builder.mul(run.index, b_run), loop.index), b_row)
        at = builder.add(builder.mul(run.index, a_run), builder.mul(loop.index, a_column))
        for a_start, row_sums in zip(a_rows, sums):
            number = builder.load(builder.gep(a_start, [at]))
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


_large, _double, _single = _tile(ROWS, VECTORS), _tile(ROWS, 2), _tile(ROWS, 1)
_tall_double, _tall_single, _column = _tile(TALL, 2), _tile(TALL, 1), _tile(ROWS, 1, 0)
_tall_half, _tall_quarter = (_tile(TALL, 1, VECTOR_BYTES // n) for n in (2, 4))
_wide_row, _short_row, _number = _tile(1, VECTORS), _tile(1, 1), _tile(1, 1, 0)


@intrinsic
def _place(typing_context: Any, array: Any) -> Any:
    """The address of the first number of an array."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.ptrtoint(data, ir.IntType(64))

    return types.int64(array), generate


@intrinsic
def _copy_bytes(typing_context: Any, target: Any, source: Any, count: Any) -> Any:
    """Copy so many bytes between two addresses."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        to, of = (builder.inttoptr(place, ir.IntType(8).as_pointer()) for place in args[:2])
        cgutils.raw_memcpy(builder, to, of, args[2], 1)
        return context.get_dummy_value()

    return types.void(target, source, count), generate


@inlined
def product(a, b, c, y):
    """y = c + a @ b; c may be a single row. The rows of b, c and y are in one piece each.

    `a` may be transposed. y is another array than the others; it may be c where tiles do not overlap:
    with rows in multiples of TALL, and columns in multiples of a vector.
    """
    size = a.itemsize
    steps = a.strides[0] // size, a.strides[1] // size, 0, 0
    _all_tiles(_place(a), steps, 1, a.shape[1], b, c, y)


@inlined
def product_of_runs(a, at, steps, runs, length, b, c, y):
    """y = c + A @ b, as `product`, for an A whose numbers are anywhere in a vector `a`.

    A[i, r * length + k] is a[at + i * steps[0] + k * steps[1] + r * steps[2]], r < runs; it meets
    row r * steps[3] + k of b.
    """
    _all_tiles(_place(a) + at * a.itemsize, steps, runs, length, b, c, y)


@inlined
def _all_tiles(a, a_steps, runs, length, b, c, y):
    """All tiles of a product: the rows of a few columns, then the next columns."""
    size, number = b.itemsize, b.dtype.type(0)
    m, n = y.shape
    lanes = VECTOR_BYTES // size
    c_row = 0 if c.shape[0] == 1 else c.strides[0] // size
    steps = *a_steps, b.strides[0] // size, c_row, y.strides[0] // size
    places = a, _place(b), _place(c), _place(y)
    j = 0
    while j < n:
        rows, vectors, width = _tile_shape(m, n - j, lanes) if n >= lanes else _narrow(m, n, lanes)
        first, i = min(j, n - width), 0
        while i < m:
            row = min(i, m - rows)
            if rows == TALL:
                _tall_tile(places, steps, row, first, vectors, runs, length, number)
            elif rows == 1:
                _row_tile(places, steps, row, first, vectors, runs, length, number)
            else:
                _usual_tile(places, steps, row, first, vectors, runs, length, number)
            i += rows
        j += width


@inlined
def _tile_shape(m, rest, lanes):
    """(rows, vectors, columns) of a tile, where `rest` columns are left."""
    vectors = VECTORS if rest >= VECTORS * lanes else 2 if rest >= 2 * lanes else 1
    if vectors == VECTORS or m < TALL:
        vectors = 1 if vectors < VECTORS and m < ROWS else vectors
        return ROWS if m >= ROWS else 1, vectors, vectors * lanes
    return TALL, vectors, vectors * lanes


@inlined
def _narrow(m, n, lanes):
    """(rows, vectors, columns) of a tile of fewer columns than a vector has: HALF, QUARTER, or 0
    for one column."""
    if m >= TALL and n >= lanes // 2:
        return TALL, HALF, lanes // 2
    if m >= TALL and n >= lanes // 4:
        return TALL, QUARTER, lanes // 4
    return ROWS if m >= ROWS else 1, 0, 1


@inlined
def _usual_tile(places, steps, i, j, vectors, runs, length, number):
    """A tile of ROWS rows."""
    if vectors == VECTORS:
        _large(places, steps, i, j, runs, length, number)
    elif vectors == 2:
        _double(places, steps, i, j, runs, length, number)
    elif vectors == 1:
        _single(places, steps, i, j, runs, length, number)
    else:
        _column(places, steps, i, j, runs, length, number)


@inlined
def _tall_tile(places, steps, i, j, vectors, runs, length, number):
    """A tile of TALL rows."""
    if vectors == 2:
        _tall_double(places, steps, i, j, runs, length, number)
    elif vectors == HALF:
        _tall_half(places, steps, i, j, runs, length, number)
    elif vectors == QUARTER:
        _tall_quarter(places, steps, i, j, runs, length, number)
    else:
        _tall_single(places, steps, i, j, runs, length, number)


@inlined
def _row_tile(places, steps, i, j, vectors, runs, length, number):
    """A tile of one row: of all its vectors, of one, or of one number."""
    if vectors > 1:
        _wide_row(places, steps, i, j, runs, length, number)
    elif vectors == 1:
        _short_row(places, steps, i, j, runs, length, number)
    else:
        _number(places, steps, i, j, runs, length, number)


@inlined
def aligned_space(n, like):
    """Memory for n numbers that begins where a vector does, and may be read a little beyond."""
    lanes = VECTOR_BYTES // like.itemsize
    space = np.empty(n + 2 * lanes, like.dtype)
    start = -_place(space) % VECTOR_BYTES // like.itemsize
    return space[start : start + n]


@inlined
def aligned_columns(b, m):
    """b, or a copy whose rows begin where a vector is read in one piece, and lie close together.

    The copy is worth it where so many rows of `a` meet it: a vector that lies across two lines of
    the cache is two reads, and rows far apart push each other out of it.
    """
    size = b.itemsize
    length, n = b.shape
    is_aligned = _place(b) % VECTOR_BYTES == 0 and b.strides[0] % VECTOR_BYTES == 0
    is_close = b.strides[0] <= max(FAR, n * size)  # or a copy would be no closer
    if m < MANY_ROWS or (is_aligned and is_close):
        return b
    lanes = VECTOR_BYTES // size
    width = (n + lanes - 1) // lanes * lanes
    copy = aligned_space(length * width, b).reshape(length, width)[:, :n]
    for k in range(length):
        _copy_bytes(_place(copy) + k * width * size, _place(b) + k * b.strides[0], n * size)
    return copy


@inlined
def long_product(a, b, c, y):
    """y = c + a @ b of a long inner axis, by parts of it whose sums are added in their order."""
    product(a[:, :LONGEST], aligned_columns(b[:LONGEST], len(y)), c, y)
    if a.shape[1] > LONGEST:
        zeros, part = np.zeros((1, y.shape[1]), y.dtype), np.empty(y.shape, y.dtype)
        for k in range(LONGEST, a.shape[1], LONGEST):
            columns = aligned_columns(b[k : k + LONGEST], len(y))
            product(a[:, k : k + LONGEST], columns, zeros, part)
            add_to(y, 0, y.shape[1], part)


@inlined
def add_transposed_product(a, b, y, some, add):
    """y = a.T @ b, or y += a.T @ b; `some` is memory of the shape of y."""
    zeros = np.zeros((1, y.shape[1]), y.dtype)
    if not add:
        product(a.T, b, zeros, y)
    elif y.shape[0] % TALL == 0 and y.shape[1] % (VECTOR_BYTES // y.itemsize) == 0:
        product(a.T, b, y, y)  # no tile overlaps another
    else:
        product(a.T, b, zeros, some)
        add_to(y, 0, y.shape[1], some)


# ---- sums ----------------------------------------------------------------------------------------


@inlined
def add_to(sums, begin, end, more):
    """Add rows to some columns of others."""
    for i in range(len(sums)):
        total, row = sums[i][begin:end], more[i]
        for j in range(total.size):
            total[j] += row[j]


@inlined
def sum_parts(block, parts, y):
    """y, a vector, is the sum of the rows of `parts`, in their order."""
    start, stop = block_bounds(block, y.size)
    out = y[start:stop]
    for part in range(parts.shape[0]):
        more = parts[part, start:stop]
        for i in range(out.size):
            out[i] = out[i] + more[i] if part > 0 else more[i]
