"""What the loops of recurrent layers share: lstm.py, gru.py, simple_rnn.py.

The sequences of a batch do not meet, so a block of them runs through all steps on one thread. What
the backward reads is kept as (N, T, ...), sequence by sequence, as x is: then the gradients of
the weights are one product each, over all sequences and steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...backend import Array
from ...ops.recurrent import check_recurrent
from .loops import Loop, as_carray, inlined
from .matmul import add_product

SEQUENCES, MANY_SEQUENCES = 8, 16  # of a block, and of one whose weights fill a cache
LARGE = 1 << 16  # elements of a recurrent kernel
LANES = 8  # of a vector
LARGEST = 1 << 23  # bytes of a recurrent kernel that each block of a batch may read at every step


@inlined
def _sequences(recurrent):
    """The sequences of a block, which all meet the same weights at a step."""
    return MANY_SEQUENCES if recurrent.size >= LARGE else SEQUENCES


@inlined
def count_sequence_blocks(n, recurrent):
    """The number of blocks of n sequences."""
    return (n + _sequences(recurrent) - 1) // _sequences(recurrent)


@inlined
def sequence_bounds(block, n, recurrent):
    """The first sequence of a block, and the one behind its last."""
    size = _sequences(recurrent)
    return block * size, min(n, (block + 1) * size)


@inlined
def is_real(mask, i, t):
    """True unless sequence i skips step t; an array without numbers stands for no mask."""
    return mask.size == 0 or mask[i, t]


@inlined
def dropped(h, dropout_mask, start, out):
    """h times its dropout mask, in out; h itself where there is no mask."""
    if dropout_mask.size == 0:
        return h
    for i in range(h.shape[0]):
        h_row, factors, out_row = h[i], dropout_mask[start + i], out[i]
        for j in range(h_row.size):
            out_row[j] = h_row[j] * factors[j]
    return out


@inlined
def copy_row(x, out):
    """Copy a vector; Numba takes seconds to compile out[:] = x, for the sake of its errors."""
    for j in range(x.size):
        out[j] = x[j]


@inlined
def put_output(y, i, t, steps, h):
    """Write the h of a step where the output has a place for it: of one step, only the last."""
    if y.shape[1] > 1:
        copy_row(h, y[i, t])
    elif t == steps - 1:
        copy_row(h, y[i, 0])


@inlined
def add_grad_output(dh, g, start, t, steps):
    """Add what arrives at the h of a step from outside."""
    if g.shape[1] > 1 or t == steps - 1:
        place = t if g.shape[1] > 1 else 0
        for i in range(dh.shape[0]):
            dh_row, g_row = dh[i], g[start + i, place]
            for j in range(dh_row.size):
                dh_row[j] += g_row[j]


@inlined
def step_back(dh, through_gates, mask, dropout_mask, start, t):
    """dh after a step -> dh before it: what came through the gates; a skipped step changes none."""
    for i in range(dh.shape[0]):
        if is_real(mask, start + i, t):
            dh_row, new_row = dh[i], through_gates[i]
            if dropout_mask.size == 0:
                for j in range(dh_row.size):
                    dh_row[j] = new_row[j]
            else:
                factors = dropout_mask[start + i]
                for j in range(dh_row.size):
                    dh_row[j] = new_row[j] * factors[j]


@inlined
def add_row(sums, row):
    """Add a vector to another."""
    for j in range(row.size):
        sums[j] += row[j]


@inlined
def add_rows(sums, rows):
    """Add all rows to one."""
    for i in range(rows.shape[0]):
        add_row(sums, rows[i])


class Inputs(NamedTuple):
    """The arrays of a call as loops take them.

    Attributes:
        x: (N, T, features).
        kernel: (features, gates * units).
        recurrent: (units, gates * units).
        bias: (1, gates * units), or (2, gates * units) of a GRU; zeros for None.
        mask: Booleans (N, T), or (0, 0) for None.
        dropout_mask: (N, units), or (0, 0) for None.
    """

    x: Array
    kernel: Array
    recurrent: Array
    bias: Array
    mask: Array
    dropout_mask: Array


def prepare(
    name: str,
    gates: int,
    x: Array,
    kernel: Array,
    recurrent: Array,
    bias: Array | None,
    states: list[Array | None],
    mask: Array | None,
    dropout_mask: Array | None,
) -> Any:
    """The arrays as loops take them; NotImplemented for dtypes and sizes that they do not.

    Raises:
        ValueError: If a shape does not fit.
        TypeError: If the mask is not boolean.
    """
    check_recurrent(name, gates, x, kernel, recurrent, bias, states, mask, dropout_mask)
    dtype = x.dtype
    if dtype.char not in "fd" or not x.size or not recurrent.size:
        return NotImplemented
    if recurrent.nbytes >= LARGEST and len(x) > SEQUENCES:
        return NotImplemented
    for array in (kernel, recurrent, bias, dropout_mask, *states):
        if array is not None and array.dtype != dtype:
            return NotImplemented
    if bias is None:
        bias = np.zeros((2 if name == "gru" else 1, kernel.shape[1]), dtype)
    no_mask, no_dropout = np.empty((0, 0), bool), np.empty((0, 0), dtype)
    return Inputs(
        as_carray(x),
        as_carray(kernel),
        as_carray(recurrent),
        as_carray(bias.reshape((-1, kernel.shape[1]))),
        no_mask if mask is None else as_carray(mask),
        no_dropout if dropout_mask is None else as_carray(dropout_mask),
    )


def states_of_steps(initial: Array | None, n: int, steps: int, units: int, dtype: Any) -> Array:
    """Memory for a state at all steps, (N, steps, units); the first is set."""
    states = np.empty((n, steps, units), dtype)
    states[:, 0] = 0 if initial is None else initial
    return states


def products_of_inputs(inputs: Inputs) -> Array:
    """x @ kernel + bias of all steps, (N, T, width): memory for what a step makes of it.

    Args:
        inputs: The arrays of a call.
    """
    rows = inputs.x.reshape((-1, inputs.x.shape[2]))
    return add_product(rows, inputs.kernel, inputs.bias[:1]).reshape((*inputs.x.shape[:2], -1))


def run_forward(
    loop: Loop, inputs: Inputs, given: tuple[Array, ...], kept: tuple[Array, ...], return_mode: str
) -> Any:
    """Run a loop over all steps: the output, and the inputs with what is kept for the backward.

    Args:
        loop: Gets what is given, what is kept, and memory for the output, (N, steps, units): 1 step
            with "last", 1 more with "all".
        inputs: The arrays of the call.
        given: Those of them that the loop reads.
        kept: Memory for what the loop keeps.
        return_mode: "last", "sequence" or "all".
    """
    x, kernel, recurrent = inputs[:3]
    n, steps, _ = x.shape
    lengths = {"last": 1, "sequence": steps, "all": steps + 1}
    y = np.empty((n, lengths[return_mode], len(recurrent)), x.dtype)
    loop(work_of(n * steps, kernel, recurrent), *given, *kept, y)
    return (y[:, 0] if return_mode == "last" else y), (inputs, *kept)


def work_of(rows: int, *weights: Array) -> int:
    """The work of a loop whose products multiply vectors of numbers, in multiplications of one."""
    return rows * sum(w.size for w in weights) // LANES


def as_grad_output(g: Array, x: Array, units: int) -> Array:
    """The gradient that arrives, (N, steps, units)."""
    return as_carray(np.asarray(g, x.dtype).reshape((len(x), -1, units)))


# ---- gradients of the inputs, when that of x @ kernel is known -----------------------------------

Gradient = Callable[[], Array]


def input_grads(x: Array, kernel: Array, da: Array) -> tuple[Gradient, Gradient]:
    """Functions that give the gradients of x and kernel, from da (N, T, width)."""
    rows = da.reshape((-1, da.shape[2]))

    def grad_x() -> Array:
        return add_product(rows, kernel.T).reshape(x.shape)

    def grad_kernel() -> Array:
        return add_product(x.reshape((-1, x.shape[2])).T, rows)

    return grad_x, grad_kernel


def recurrent_grads(
    hs: Array, da: Array, transposed: Array, dropout_mask: Array
) -> tuple[Gradient, Gradient]:
    """Functions that give the gradients of recurrent and dropout mask, from h before each step."""
    rows = da.reshape((-1, da.shape[2]))

    def grad_recurrent() -> Array:
        entered = hs * dropout_mask[:, None] if dropout_mask.size else hs
        return add_product(entered.reshape((-1, hs.shape[2])).T, rows)

    def grad_dropout_mask() -> Array:
        return (add_product(rows, transposed).reshape(hs.shape) * hs).sum(1)

    return grad_recurrent, grad_dropout_mask
