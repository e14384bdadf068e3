"""SimpleRNN over whole sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import Array
from .functions import tanh
from .loops import inlined, lend, loop, run_blocks
from .recurrent import (
    add_grad_output,
    add_row,
    add_rows,
    as_grad_output,
    copy_row,
    count_sequence_blocks,
    dropped,
    input_grads,
    is_real,
    prepare,
    put_output,
    recurrent_grads,
    run_forward,
    sequence_bounds,
    states_of_steps,
    step_back,
    work_of,
)
from .tiles import product

# more sequences of so few units fill the vectors of NumPy's pass over a whole batch, not a row's
MOST_SEQUENCES, FEW_UNITS = 64, 32

# ---- forward -------------------------------------------------------------------------------------


@inlined
def _tanh(a, h):
    for j in range(h.size):
        h[j] = tanh(a[j])


@inlined
def _forward(block, x, kernel, recurrent, bias, mask, dropout_mask, hs, y):
    start, stop = sequence_bounds(block, len(x), recurrent)
    h = hs[start:stop, 0].copy()
    inputs, a, entering = np.empty_like(h), np.empty_like(h), np.empty_like(h)
    arguments = x, kernel, recurrent, bias, mask, dropout_mask, hs, y
    lend(_steps, (start, h, inputs, a, entering) + arguments)


@inlined
def _steps(start, h, inputs, a, entering, x, kernel, recurrent, bias, mask, dropout_mask, hs, y):
    steps, stop = x.shape[1], start + len(h)
    for t in range(steps):
        product(x[start:stop, t], kernel, bias, inputs)
        product(dropped(h, dropout_mask, start, entering), recurrent, inputs, a)
        if mask.size == 0:
            _tanh(a.reshape(-1), h.reshape(-1))  # of a few units each, rows would fill no vectors
        for i in range(start, stop):
            h_row = h[i - start]
            if mask.size and mask[i, t]:
                _tanh(a[i - start], h_row)
            copy_row(h_row, hs[i, t + 1])
            put_output(y, i, t, steps, h_row)


@loop(
    "T[:, :, ::1], T[:, ::1], T[:, ::1], T[:, ::1], b1[:, ::1], T[:, ::1], T[:, :, ::1], "
    "T[:, :, ::1]"
)
def _run_forward(pool, x, kernel, recurrent, bias, mask, dropout_mask, hs, y):
    arrays = x, kernel, recurrent, bias, mask, dropout_mask, hs, y
    run_blocks(pool, count_sequence_blocks(len(x), recurrent), _forward, arrays)


def simple_rnn_forward(
    x: Array,
    kernel: Array,
    recurrent: Array,
    bias: Array | None,
    h: Array | None = None,
    mask: Array | None = None,
    dropout_mask: Array | None = None,
    *,
    return_mode: str = "sequence",
    **activations: Any,
) -> Any:
    """The output; the arrays as loops take them, and h around all steps."""
    if len(x) > MOST_SEQUENCES and len(recurrent) < FEW_UNITS:
        return NotImplemented
    inputs = prepare("simple_rnn", 1, x, kernel, recurrent, bias, [h], mask, dropout_mask)
    if inputs is NotImplemented:
        return NotImplemented
    n, steps, _ = x.shape
    hs = states_of_steps(h, n, steps + 1, len(recurrent), x.dtype)
    return run_forward(_run_forward, inputs, inputs, (hs,), return_mode)


# ---- backward ------------------------------------------------------------------------------------


@inlined
def _tanh_slope(h, dh, da):
    one = dh.dtype.type(1)
    for j in range(h.size):
        da[j] = dh[j] * (one - h[j] * h[j])


@inlined
def _backward(block, g, hs, transposed, mask, dropout_mask, da, dh0, bias_parts):
    start, stop = sequence_bounds(block, len(da), transposed)
    dh, sums = dh0[start:stop], bias_parts[block]
    dh[:], sums[:] = 0, 0
    through, zeros = np.empty_like(dh), np.zeros_like(dh[:1])
    arguments = g, hs, transposed, mask, dropout_mask, da
    lend(_steps_back, (start, dh, sums, through, zeros) + arguments)


@inlined
def _steps_back(start, dh, sums, through, zeros, g, hs, transposed, mask, dropout_mask, da):
    steps, stop = da.shape[1], start + len(dh)
    for t in range(steps - 1, -1, -1):
        add_grad_output(dh, g, start, t, steps)
        for i in range(start, stop):
            row = da[i, t]
            if is_real(mask, i, t):
                _tanh_slope(hs[i, t + 1], dh[i - start], row)
            else:
                row[:] = 0
            add_row(sums, row)
        product(da[start:stop, t], transposed, zeros, through)
        step_back(dh, through, mask, dropout_mask, start, t)


@loop("T[:, :, ::1], T[:, :, ::1], T[:, ::1], b1[:, ::1], T[:, ::1], T[:, :, ::1], T[:, ::1]")
def _run_backward(pool, g, hs, transposed, mask, dropout_mask, da, dh):
    n, _, units = da.shape
    blocks = count_sequence_blocks(n, transposed)
    parts, bias_grad = np.empty((blocks, units), g.dtype), np.zeros(units, g.dtype)
    arrays = g, hs, transposed, mask, dropout_mask, da, dh, parts
    run_blocks(pool, blocks, _backward, arrays)
    add_rows(bias_grad, parts)
    return bias_grad


def simple_rnn_backward(g: Array, residuals: Any, *_: Any, **settings: Any) -> tuple[Any, ...]:
    """Gradients of all inputs, from the last step to the first."""
    inputs, hs = residuals
    x, kernel, recurrent, _, mask, dropout_mask = inputs
    n, steps, units = len(x), x.shape[1], len(recurrent)
    transposed = np.ascontiguousarray(recurrent.T)
    da, dh = np.empty((n, steps, units), x.dtype), np.empty((n, units), x.dtype)
    arrays = as_grad_output(g, x, units), hs, transposed, mask, dropout_mask, da, dh
    grad_bias = _run_backward(work_of(n * steps, recurrent), *arrays)
    grad_x, grad_kernel = input_grads(x, kernel, da)
    grad_recurrent, grad_mask = recurrent_grads(hs[:, :-1], da, transposed, dropout_mask)
    return grad_x, grad_kernel, grad_recurrent, grad_bias, dh, None, grad_mask
