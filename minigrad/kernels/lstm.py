"""LSTM in place: every step overwrites its row of the gates, and the backward reads them again.

Gates are (4, T, N, units), each in one piece of memory. All four are sigmoids of what stands there,
since tanh(a) = 2 sigmoid(2 a) - 1, and sigmoid(a) = 1 / (1 + exp(-a)): the kernels are multiplied
by -1, or -2 for g, so that a step begins with exp.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend, overflow_allowed
from ..ops.recurrent import check_recurrent, drop
from .recurrent import (
    backward_blocks,
    carry_gate,
    copy_previous_state,
    dropout_mask_grad,
    masked_steps,
    real_steps,
    select_output,
    split_grad_output,
    state_buffer,
    step_back,
    time_major_rows,
    weight_grads,
)


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
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """The output, and gates, h, c and tanh(c) of all steps for the backward."""
    check_recurrent("lstm", 4, x, kernel, recurrent, bias, [h, c], mask, dropout_mask)
    xp = backend(x)
    n, steps, _ = x.shape
    units = len(recurrent)
    gates, scaled_recurrent = _scaled_gates(x, kernel, recurrent, bias)
    hs = state_buffer(h, steps + (return_mode == "all"), x, units)
    cs = state_buffer(c, steps, x, units)
    tanhs = xp.empty((steps, n, units), x.dtype)
    product = xp.empty((4, n, units), x.dtype)
    scratch = xp.empty((n, units), x.dtype)
    skipped = masked_steps(mask, steps)
    by_step = gates.swapaxes(0, 1), hs, hs[1:], cs, cs[1:], tanhs, skipped
    with overflow_allowed():  # an infinite exp closes the gate
        for t, (now, old_h, new_h, old_c, new_c, tanh_c, rows) in enumerate(zip(*by_step)):
            if t or h is not None:
                now += xp.matmul(drop(old_h, dropout_mask), scaled_recurrent, out=product)
            _step(xp, now, old_c, new_c, tanh_c, new_h, scratch)
            if rows is not None:
                copy_previous_state(rows, new_h, old_h)
                copy_previous_state(rows, new_c, old_c)
    if return_mode == "all":
        hs[-1] = cs[-1]
    return select_output(return_mode, hs), (gates, hs, cs, tanhs)


def _scaled_gates(
    x: Array, kernel: Array, recurrent: Array, bias: Array | None
) -> tuple[Array, Array]:
    """x @ kernel + bias, (4, T, N, units), and recurrent, (4, units, units), times -1 or -2."""
    xp, units = backend(x), len(recurrent)
    scale = xp.asarray([-1, -1, -2, -1], x.dtype)[:, None, None]
    by_gate = kernel.reshape((-1, 4, units)).swapaxes(0, 1) * scale
    recurrent_by_gate = recurrent.reshape((-1, 4, units)).swapaxes(0, 1) * scale
    gates = xp.matmul(time_major_rows(x), by_gate)
    gates = gates.reshape((4, x.shape[1], len(x), units))
    if bias is not None:
        gates += (bias.reshape((4, 1, units)) * scale)[:, None]
    return gates, recurrent_by_gate


def _step(
    xp: Any, gates: Array, c: Array, new_c: Array, tanh_c: Array, new_h: Array, scratch: Array
) -> None:
    """The gates, then c' = f * c + i * g and h' = o * tanh(c'), all in place."""
    xp.exp(gates, out=gates)
    gates += 1
    xp.divide(1, gates, out=gates)
    i, f, g, o = gates
    g *= 2
    g -= 1
    xp.multiply(f, c, out=new_c)
    xp.multiply(i, g, out=scratch)
    new_c += scratch
    xp.tanh(new_c, out=tanh_c)
    xp.multiply(o, tanh_c, out=new_h)


def lstm_backward(
    grad_output: Array,
    residuals: tuple[Array, Array, Array, Array],
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
) -> tuple[Any, ...]:
    """Gradients of all inputs, from the last step to the first."""
    gates, hs, cs, tanhs = residuals
    xp = backend(x)
    steps, n, units = tanhs.shape
    transposed = xp.ascontiguousarray(recurrent.T)
    skipped = masked_steps(mask, steps)
    real = real_steps(mask, skipped)
    dh, earlier = split_grad_output(grad_output, return_mode, steps)
    dc = xp.zeros(dh.shape, dh.dtype)
    if return_mode == "all":
        dc += grad_output[:, steps]
    da = xp.empty((steps, n, 4 * units), x.dtype)
    da_ifg = da.reshape((steps, n, 4, units))[:, :, :3]
    da_o = da[..., 3 * units :]
    scratch = xp.empty(dh.shape, dh.dtype)
    for block in backward_blocks(da):
        ifg_by_c, o_by_h, c_by_h = _local_slopes(gates, cs, tanhs, real, block)
        c_by_c = carry_gate(gates[1], real, block)
        for k in reversed(range(block.stop - block.start)):
            t = block.start + k
            xp.multiply(dh, c_by_h[k], out=scratch)
            dc += scratch
            xp.multiply(ifg_by_c[k], dc[:, None], out=da_ifg[t])
            xp.multiply(o_by_h[k], dh, out=da_o[t])
            dc *= c_by_c[k]
            if t or h is not None:
                step_back(dh, da[t], transposed, dropout_mask, skipped[t], earlier[t])
    hs = hs[: steps + 1]
    return (
        *weight_grads(x, kernel, da, h, hs, dropout_mask),
        dh,
        dc,
        None,
        dropout_mask_grad(hs, da, transposed),
    )


def _local_slopes(
    gates: Array, cs: Array, tanhs: Array, real: Array | None, block: slice
) -> tuple[Array, Array, Array]:
    """Factors in a block of steps: dc to the gradients of i, f and g, dh to that of o, dh to dc."""
    xp = backend(gates)
    now, tanh_c = gates[:, block], tanhs[block]
    i, _, g, o = now
    slopes = now * now
    xp.subtract(now, slopes, out=slopes)  # of a sigmoid y: y - y**2
    xp.multiply(g, g, out=slopes[2])
    xp.subtract(1, slopes[2], out=slopes[2])  # of a tanh y: 1 - y**2
    for slope, factor in zip(slopes, (g, cs[block], i, tanh_c)):
        slope *= factor
    c_by_h = tanh_c * tanh_c
    xp.subtract(1, c_by_h, out=c_by_h)
    c_by_h *= o
    if real is not None:
        slopes *= real[block]
        c_by_h *= real[block]
    return slopes[:3].transpose((1, 2, 0, 3)), slopes[3], c_by_h
