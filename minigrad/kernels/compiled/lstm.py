"""LSTM over whole sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import Array
from .functions import sigmoid, tanh
from .loops import inlined, lend, loop, run_blocks
from .panels import as_panels, product_of_panels
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
    products_of_inputs,
    put_output,
    recurrent_grads,
    run_forward,
    sequence_bounds,
    states_of_steps,
    step_back,
    work_of,
)

# ---- forward -------------------------------------------------------------------------------------


@inlined
def _step(a, gates, c, new_c, h):
    """The gates i, f, g, o of a, then c' = f * c + i * g and h' = o * tanh(c')."""
    units = h.size
    for j in range(2 * units):
        gates[j] = sigmoid(a[j])
    a_g, a_o = a[2 * units : 3 * units], a[3 * units :]
    i, f = gates[:units], gates[units : 2 * units]
    g, o = gates[2 * units : 3 * units], gates[3 * units :]
    for j in range(units):
        g[j] = tanh(a_g[j])
    for j in range(units):
        o[j] = sigmoid(a_o[j])
    for j in range(units):
        new_c[j] = f[j] * c[j] + i[j] * g[j]
    for j in range(units):
        h[j] = o[j] * tanh(new_c[j])


@inlined
def _forward(block, panels, mask, dropout_mask, gates, hs, cs, y):
    start, stop = sequence_bounds(block, len(gates), panels)
    h = hs[start:stop, 0].copy()
    a, entering = np.empty((stop - start, gates.shape[2]), h.dtype), np.empty_like(h)
    lend(_steps, (start, h, a, entering, panels, mask, dropout_mask, gates, hs, cs, y))


@inlined
def _steps(start, h, a, entering, panels, mask, dropout_mask, gates, hs, cs, y):
    steps, stop = gates.shape[1], start + len(h)
    for t in range(steps):
        entered = dropped(h, dropout_mask, start, entering)
        product_of_panels(entered, panels, gates[start:stop, t], a)
        for i in range(start, stop):
            old_c, new_c, h_row = cs[i, t], cs[i, t + 1], h[i - start]
            if is_real(mask, i, t):
                _step(a[i - start], gates[i, t], old_c, new_c, h_row)
            else:
                gates[i, t] = 0
                copy_row(old_c, new_c)
            if t + 1 < steps:
                copy_row(h_row, hs[i, t + 1])
            put_output(y, i, t, steps, h_row)
    if y.shape[1] > steps:
        for i in range(start, stop):
            copy_row(cs[i, steps], y[i, steps])


@loop("T[:, ::1], b1[:, ::1], T[:, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1]")
def _run_forward(pool, recurrent, mask, dropout_mask, gates, hs, cs, y):
    """Writes the gates over the products of the inputs."""
    arrays = as_panels(recurrent), mask, dropout_mask, gates, hs, cs, y
    run_blocks(pool, count_sequence_blocks(len(gates), recurrent), _forward, arrays)


def lstm_forward(
    x: Array,
    kernel: Array,
    recurrent: Array,
    bias: Array | None,
    h: Array | None = None,
    c: Array | None = None,
    mask: Array | None = None,
    dropout_mask: Array | None = None,
    *,
    return_mode: str = "sequence",
    **activations: Any,
) -> Any:
    """The output; the arrays as loops take them, gates, h before and c around all steps."""
    inputs = prepare("lstm", 4, x, kernel, recurrent, bias, [h, c], mask, dropout_mask)
    if inputs is NotImplemented:
        return NotImplemented
    n, steps, _ = x.shape
    units = len(recurrent)
    gates = products_of_inputs(inputs)
    hs = states_of_steps(h, n, steps, units, x.dtype)
    cs = states_of_steps(c, n, steps + 1, units, x.dtype)
    given = inputs.recurrent, inputs.mask, inputs.dropout_mask
    return run_forward(_run_forward, inputs, given, (gates, hs, cs), return_mode)


# ---- backward ------------------------------------------------------------------------------------


@inlined
def _step_back(gates, c, new_c, dh, dc, da):
    """dh and dc after a step -> the gradients of its gates before their curves, and dc before."""
    units, one = dh.size, dh.dtype.type(1)
    i, f = gates[:units], gates[units : 2 * units]
    g, o = gates[2 * units : 3 * units], gates[3 * units :]
    da_i, da_f = da[:units], da[units : 2 * units]
    da_g, da_o = da[2 * units : 3 * units], da[3 * units :]
    for j in range(units):
        tanh_c = tanh(new_c[j])
        by_o = dh[j] * o[j]
        dc[j] += by_o * (one - tanh_c * tanh_c)
        da_o[j] = by_o * tanh_c * (one - o[j])
    for j in range(units):
        by_i = dc[j] * i[j]
        da_i[j] = by_i * g[j] * (one - i[j])
        da_g[j] = by_i * (one - g[j] * g[j])
    for j in range(units):
        by_f = dc[j] * f[j]
        da_f[j] = by_f * c[j] * (one - f[j])
        dc[j] = by_f


@inlined
def _backward(block, g, gates, cs, panels, mask, dropout_mask, da, dh0, dc0, bias_parts):
    start, stop = sequence_bounds(block, len(gates), panels)
    dh, dc, sums = dh0[start:stop], dc0[start:stop], bias_parts[block]
    dh[:], dc[:], sums[:] = 0, 0, 0
    through, zeros = np.empty_like(dh), np.zeros_like(dh[:1])
    arguments = g, gates, cs, panels, mask, dropout_mask, da
    lend(_steps_back, (start, dh, dc, sums, through, zeros) + arguments)


@inlined
def _steps_back(start, dh, dc, sums, through, zeros, g, gates, cs, panels, mask, dropout_mask, da):
    steps, stop = gates.shape[1], start + len(dh)
    if g.shape[1] > steps:
        for i in range(start, stop):
            copy_row(g[i, steps], dc[i - start])
    for t in range(steps - 1, -1, -1):
        add_grad_output(dh, g, start, t, steps)
        for i in range(start, stop):
            row = da[i, t]
            if is_real(mask, i, t):
                states = dh[i - start], dc[i - start]
                _step_back(gates[i, t], cs[i, t], cs[i, t + 1], *states, row)
            else:
                row[:] = 0
            add_row(sums, row)
        product_of_panels(da[start:stop, t], panels, zeros, through)
        step_back(dh, through, mask, dropout_mask, start, t)


@loop(
    "T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[:, ::1], b1[:, ::1], T[:, ::1], "
    "T[:, :, ::1], T[:, ::1], T[:, ::1]"
)
def _run_backward(pool, g, gates, cs, transposed, mask, dropout_mask, da, dh, dc):
    n, _, width = gates.shape
    blocks = count_sequence_blocks(n, transposed)
    parts, bias_grad = np.empty((blocks, width), g.dtype), np.zeros(width, g.dtype)
    arrays = g, gates, cs, as_panels(transposed), mask, dropout_mask, da, dh, dc, parts
    run_blocks(pool, blocks, _backward, arrays)
    add_rows(bias_grad, parts)
    return bias_grad


def lstm_backward(g: Array, residuals: Any, *_: Any, **settings: Any) -> tuple[Any, ...]:
    """Gradients of all inputs, from the last step to the first."""
    inputs, gates, hs, cs = residuals
    n, steps, units = hs.shape
    x, kernel, recurrent, _, mask, dropout_mask = inputs
    transposed = np.ascontiguousarray(recurrent.T)
    da = np.empty_like(gates)
    dh, dc = np.empty((2, n, units), x.dtype)
    arrays = as_grad_output(g, x, units), gates, cs, transposed, mask, dropout_mask, da, dh, dc
    grad_bias = _run_backward(work_of(n * steps, recurrent), *arrays)
    grad_x, grad_kernel = input_grads(x, kernel, da)
    grad_recurrent, grad_dropout_mask = recurrent_grads(hs, da, transposed, dropout_mask)
    return grad_x, grad_kernel, grad_recurrent, grad_bias, dh, dc, None, grad_dropout_mask
