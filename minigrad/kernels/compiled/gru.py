"""Both forms of GRU over whole sequences; gates z, r, h."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import Array
from ...ops.shapes import merge_rows
from .functions import sigmoid, tanh
from .loops import Loop, inlined, lend, loop, run_blocks
from .matmul import add_product
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
    work_of,
)
from .tiles import product

# ---- what both forms share -----------------------------------------------------------------------


@inlined
def _sigmoids(a, b, gates):
    """gates = sigmoid(a + b)."""
    for j in range(gates.size):
        gates[j] = sigmoid(a[j] + b[j])


@inlined
def _mix(z, candidate, h):
    """h = z * h + (1 - z) * candidate, in place."""
    for j in range(h.size):
        h[j] = candidate[j] + z[j] * (h[j] - candidate[j])


@inlined
def _mix_back(z, candidate, h, dh, da_z, da_candidate):
    """dh after a step -> the gradients of z and candidate before their curves, and dh past z."""
    one = dh.dtype.type(1)
    for j in range(dh.size):
        by_z = dh[j] * z[j]
        da_z[j] = by_z * (h[j] - candidate[j]) * (one - z[j])
        da_candidate[j] = (dh[j] - by_z) * (one - candidate[j] * candidate[j])
        dh[j] = by_z


@inlined
def _add_through(dh, through, dropout_mask, start):
    """Add to dh what came through the gates; in rows that skip the step that is 0."""
    for i in range(dh.shape[0]):
        dh_row, new_row = dh[i], through[i]
        if dropout_mask.size == 0:
            for j in range(dh_row.size):
                dh_row[j] += new_row[j]
        else:
            factors = dropout_mask[start + i]
            for j in range(dh_row.size):
                dh_row[j] += new_row[j] * factors[j]


def _forward_of(run: Loop, inputs: Any, h: Array | None, return_mode: str) -> Any:
    """The output; the inputs, gates, one more array, and h before all steps, for the backward."""
    if inputs is NotImplemented:
        return NotImplemented
    (n, steps, _), units, dtype = inputs.x.shape, len(inputs.recurrent), inputs.x.dtype
    gates, more = (np.empty((n, steps, width), dtype) for width in (3 * units, units))
    hs = states_of_steps(h, n, steps, units, dtype)
    return run_forward(run, inputs, inputs, (gates, more, hs), return_mode)


# ---- reset gate after the product ----------------------------------------------------------------


@inlined
def _candidate(a, inner, r, candidate):
    """tanh(a + r * inner)."""
    for j in range(candidate.size):
        candidate[j] = tanh(a[j] + r[j] * inner[j])


@inlined
def _forward(block, x, kernel, recurrent, bias, mask, dropout_mask, gates, inner, hs, y):
    start, stop = sequence_bounds(block, len(x), recurrent)
    a = np.empty((stop - start, kernel.shape[1]), x.dtype)
    h = hs[start:stop, 0].copy()
    b, entering = np.empty_like(a), np.empty_like(h)
    arguments = x, kernel, recurrent, bias, mask, dropout_mask, gates, inner, hs, y
    lend(_steps, (start, h, a, b, entering) + arguments)


@inlined
def _steps(
    start, h, a, b, entering, x, kernel, recurrent, bias, mask, dropout_mask, gates, inner, hs, y
):
    steps, units, stop = x.shape[1], h.shape[1], start + len(h)
    for t in range(steps):
        product(x[start:stop, t], kernel, bias[:1], a)
        product(dropped(h, dropout_mask, start, entering), recurrent, bias[1:], b)
        for i in range(start, stop):
            a_row, b_row, h_row, now = a[i - start], b[i - start], h[i - start], gates[i, t]
            if is_real(mask, i, t):
                zr, candidate = now[: 2 * units], now[2 * units :]
                _sigmoids(a_row[: 2 * units], b_row[: 2 * units], zr)
                _candidate(a_row[2 * units :], b_row[2 * units :], zr[units:], candidate)
                _mix(zr[:units], candidate, h_row)
            else:
                now[:] = 0
            copy_row(b_row[2 * units :], inner[i, t])
            if t + 1 < steps:
                copy_row(h_row, hs[i, t + 1])
            put_output(y, i, t, steps, h_row)


@loop(
    "T[:, :, ::1], T[:, ::1], T[:, ::1], T[:, ::1], b1[:, ::1], T[:, ::1], T[:, :, ::1], "
    "T[:, :, ::1], T[:, :, ::1], T[:, :, ::1]"
)
def _run_forward(pool, x, kernel, recurrent, bias, mask, dropout_mask, gates, inner, hs, y):
    arrays = x, kernel, recurrent, bias, mask, dropout_mask, gates, inner, hs, y
    run_blocks(pool, count_sequence_blocks(len(x), recurrent), _forward, arrays)


def gru_forward(
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
    """The output; the arrays as loops take them, gates, what r multiplies, h before all steps."""
    inputs = prepare("gru", 3, x, kernel, recurrent, bias, [h], mask, dropout_mask)
    return _forward_of(_run_forward, inputs, h, return_mode)


@inlined
def _reset_back(inner, r, da_candidate, da_r, db_candidate):
    """The gradients of r before its curve, and of what it multiplies."""
    one = r.dtype.type(1)
    for j in range(r.size):
        by_r = da_candidate[j] * r[j]
        da_r[j] = by_r * inner[j] * (one - r[j])
        db_candidate[j] = by_r


@inlined
def _backward(block, g, gates, inner, hs, transposed, mask, dropout_mask, da, db, dh0, parts):
    start, stop = sequence_bounds(block, len(gates), transposed)
    dh, sums = dh0[start:stop], parts[block]
    dh[:], sums[:] = 0, 0
    now = np.empty((stop - start, gates.shape[2]), g.dtype)
    through, zeros = np.empty_like(dh), np.zeros_like(dh[:1])
    arguments = g, gates, inner, hs, transposed, mask, dropout_mask, da, db
    lend(_steps_back, (start, dh, sums, now, through, zeros) + arguments)


@inlined
def _steps_back(
    start,
    dh,
    sums,
    now,
    through,
    zeros,
    g,
    gates,
    inner,
    hs,
    transposed,
    mask,
    dropout_mask,
    da,
    db,
):
    steps, units, stop = gates.shape[1], dh.shape[1], start + len(dh)
    for t in range(steps - 1, -1, -1):
        add_grad_output(dh, g, start, t, steps)
        for i in range(start, stop):
            row, a_row, gate = now[i - start], da[i, t], gates[i, t]
            if is_real(mask, i, t):
                candidate, da_candidate = gate[2 * units :], a_row[2 * units :]
                state = hs[i, t], dh[i - start]
                _mix_back(gate[:units], candidate, *state, row[:units], da_candidate)
                r, da_r = gate[units : 2 * units], row[units : 2 * units]
                _reset_back(inner[i, t], r, da_candidate, da_r, row[2 * units :])
                copy_row(row[: 2 * units], a_row[: 2 * units])
            else:
                row[:], a_row[:] = 0, 0
            copy_row(row, db[i, t])
            add_row(sums[0], a_row)
        add_rows(sums[1], now)
        product(now, transposed, zeros, through)
        _add_through(dh, through, dropout_mask, start)


@loop(
    "T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[:, ::1], b1[:, ::1], T[:, ::1], "
    "T[:, :, ::1], T[:, :, ::1], T[:, ::1]"
)
def _run_backward(pool, g, gates, inner, hs, transposed, mask, dropout_mask, da, db, dh):
    n, _, width = gates.shape
    blocks = count_sequence_blocks(n, transposed)
    parts, bias_grad = np.empty((blocks, 2, width), g.dtype), np.zeros((2, width), g.dtype)
    arrays = g, gates, inner, hs, transposed, mask, dropout_mask, da, db, dh, parts
    run_blocks(pool, blocks, _backward, arrays)
    add_rows(bias_grad.reshape(-1), parts.reshape((blocks, 2 * width)))
    return bias_grad


def gru_backward(g: Array, residuals: Any, *_: Any, **settings: Any) -> tuple[Any, ...]:
    """Gradients of all inputs, from the last step to the first."""
    inputs, gates, inner, hs = residuals
    x, kernel, recurrent, _, mask, dropout_mask = inputs
    n, steps, units = hs.shape
    transposed = np.ascontiguousarray(recurrent.T)
    da, db = np.empty_like(gates), np.empty_like(gates)  # of x @ kernel, and of h @ recurrent
    dh = np.empty((n, units), x.dtype)
    arrays = gates, inner, hs, transposed, mask, dropout_mask, da, db, dh
    grad_bias = _run_backward(work_of(n * steps, recurrent), as_grad_output(g, x, units), *arrays)
    grad_x, grad_kernel = input_grads(x, kernel, da)
    grad_recurrent, grad_mask = recurrent_grads(hs, db, transposed, dropout_mask)
    return grad_x, grad_kernel, grad_recurrent, grad_bias, dh, None, grad_mask


# ---- reset gate before the product ---------------------------------------------------------------


@inlined
def _reset(a, h, zr, reset):
    """The gates z and r, and what r leaves of h."""
    for j in range(zr.size):
        zr[j] = sigmoid(a[j])
    r = zr[reset.size :]
    for j in range(reset.size):
        reset[j] = r[j] * h[j]


@inlined
def _tanh(a, candidate):
    for j in range(candidate.size):
        candidate[j] = tanh(a[j])


@inlined
def _before_forward(block, x, kernel, recurrent, bias, mask, dropout_mask, gates, resets, hs, y):
    start, stop = sequence_bounds(block, len(x), recurrent)
    a = np.empty((stop - start, kernel.shape[1]), x.dtype)
    h = hs[start:stop, 0].copy()
    zr = np.empty((stop - start, 2 * h.shape[1]), x.dtype)
    candidates, entering = np.empty_like(h), np.empty_like(h)
    arguments = x, kernel, recurrent, bias, mask, dropout_mask, gates, resets, hs, y
    lend(_before_steps, (start, h, a, zr, candidates, entering) + arguments)


@inlined
def _before_steps(
    start,
    h,
    a,
    zr,
    candidates,
    entering,
    x,
    kernel,
    recurrent,
    bias,
    mask,
    dropout_mask,
    gates,
    resets,
    hs,
    y,
):
    steps, units, stop = x.shape[1], h.shape[1], start + len(h)
    for t in range(steps):
        product(x[start:stop, t], kernel, bias, a)
        entered = dropped(h, dropout_mask, start, entering)
        product(entered, recurrent[:, : 2 * units], a[:, : 2 * units], zr)
        for i in range(start, stop):
            if is_real(mask, i, t):
                _reset(zr[i - start], entered[i - start], gates[i, t, : 2 * units], resets[i, t])
            else:
                gates[i, t], resets[i, t] = 0, 0
        product(resets[start:stop, t], recurrent[:, 2 * units :], a[:, 2 * units :], candidates)
        for i in range(start, stop):
            h_row, now = h[i - start], gates[i, t]
            if is_real(mask, i, t):
                _tanh(candidates[i - start], now[2 * units :])
                _mix(now[:units], now[2 * units :], h_row)
            if t + 1 < steps:
                copy_row(h_row, hs[i, t + 1])
            put_output(y, i, t, steps, h_row)


@loop(
    "T[:, :, ::1], T[:, ::1], T[:, ::1], T[:, ::1], b1[:, ::1], T[:, ::1], T[:, :, ::1], "
    "T[:, :, ::1], T[:, :, ::1], T[:, :, ::1]"
)
def _run_before_forward(pool, x, kernel, recurrent, bias, mask, dropout_mask, gates, resets, hs, y):
    arrays = x, kernel, recurrent, bias, mask, dropout_mask, gates, resets, hs, y
    run_blocks(pool, count_sequence_blocks(len(x), recurrent), _before_forward, arrays)


def gru_reset_before_forward(
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
    """The output; the arrays as loops take them, gates, r * h, h before all steps."""
    inputs = prepare("gru_reset_before", 3, x, kernel, recurrent, bias, [h], mask, dropout_mask)
    return _forward_of(_run_before_forward, inputs, h, return_mode)


@inlined
def _through_reset(reset, r, grad_reset, da_r):
    """The gradient of r * h -> that of h in place, and that of r before its curve."""
    one = r.dtype.type(1)
    for j in range(r.size):
        da_r[j] = grad_reset[j] * reset[j] * (one - r[j])
        grad_reset[j] *= r[j]


@inlined
def _add_products(a, b, sums):
    """Add the product of two vectors to a third."""
    for j in range(sums.size):
        sums[j] += a[j] * b[j]


@inlined
def _before_backward(
    block, g, gates, resets, hs, transposed, mask, dropout_mask, da, dh0, grad_mask, parts
):
    start, stop = sequence_bounds(block, len(gates), transposed)
    dh, sums = dh0[start:stop], parts[block]
    dh[:], sums[:] = 0, 0
    through_reset, through, zeros = np.empty_like(dh), np.empty_like(dh), np.zeros_like(dh[:1])
    arguments = g, gates, resets, hs, transposed, mask, dropout_mask, da, grad_mask
    lend(_before_steps_back, (start, dh, sums, through_reset, through, zeros) + arguments)


@inlined
def _before_steps_back(
    start,
    dh,
    sums,
    through_reset,
    through,
    zeros,
    g,
    gates,
    resets,
    hs,
    transposed,
    mask,
    dropout_mask,
    da,
    grad_mask,
):
    steps, units, stop = gates.shape[1], dh.shape[1], start + len(dh)
    for t in range(steps - 1, -1, -1):
        add_grad_output(dh, g, start, t, steps)
        now = da[start:stop, t]
        for i in range(start, stop):
            a_row, gate = da[i, t], gates[i, t]
            if is_real(mask, i, t):
                state, candidate = (hs[i, t], dh[i - start]), gate[2 * units :]
                _mix_back(gate[:units], candidate, *state, a_row[:units], a_row[2 * units :])
            else:
                a_row[:] = 0
        product(now[:, 2 * units :], transposed[2 * units :], zeros, through_reset)
        for i in range(start, stop):
            a_row, r = da[i, t], gates[i, t, units : 2 * units]
            _through_reset(resets[i, t], r, through_reset[i - start], a_row[units : 2 * units])
            add_row(sums, a_row)
        product(now[:, : 2 * units], transposed[: 2 * units], through_reset, through)
        if dropout_mask.size:
            for i in range(start, stop):
                _add_products(through[i - start], hs[i, t], grad_mask[i])
        _add_through(dh, through, dropout_mask, start)


@loop(
    "T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[:, ::1], b1[:, ::1], T[:, ::1], "
    "T[:, :, ::1], T[:, ::1], T[:, ::1]"
)
def _run_before_backward(
    pool, g, gates, resets, hs, transposed, mask, dropout_mask, da, dh, grad_mask
):
    n, _, width = gates.shape
    blocks = count_sequence_blocks(n, transposed)
    parts, grad_bias = np.empty((blocks, width), g.dtype), np.zeros(width, g.dtype)
    arrays = g, gates, resets, hs, transposed, mask, dropout_mask, da, dh, grad_mask, parts
    run_blocks(pool, blocks, _before_backward, arrays)
    add_rows(grad_bias, parts)
    return grad_bias


def gru_reset_before_backward(
    g: Array, residuals: Any, *_: Any, **settings: Any
) -> tuple[Any, ...]:
    """Gradients of all inputs, from the last step to the first."""
    inputs, gates, resets, hs = residuals
    x, kernel, recurrent, _, mask, dropout_mask = inputs
    n, steps, units = hs.shape
    transposed = np.ascontiguousarray(recurrent.T)
    da, dh = np.empty_like(gates), np.empty((n, units), x.dtype)
    grad_mask = np.zeros_like(dropout_mask)
    arrays = gates, resets, hs, transposed, mask, dropout_mask, da, dh, grad_mask
    grad_bias = _run_before_backward(
        work_of(n * steps, recurrent), as_grad_output(g, x, units), *arrays
    )
    grad_x, grad_kernel = input_grads(x, kernel, da)

    def grad_recurrent() -> Array:
        entered = hs * dropout_mask[:, None] if dropout_mask.size else hs
        da_zr, da_candidate = da[..., : 2 * units], da[..., 2 * units :]
        grads = [
            add_product(merge_rows(h).T, merge_rows(a))
            for h, a in ((entered, da_zr), (resets, da_candidate))
        ]
        return np.concatenate(grads, 1)

    return grad_x, grad_kernel, grad_recurrent, grad_bias, dh, None, grad_mask
