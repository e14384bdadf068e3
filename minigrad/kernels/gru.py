"""Both forms of GRU in place; gates z, r, h are (T, N, 3 units).

One tanh computes all gates, as sigmoid(a) = 0.5 * tanh(0.5 * a) + 0.5: the kernels of z and r are
halved beforehand.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend
from ..ops.recurrent import check_recurrent, drop, split_gates
from ..ops.shapes import merge_rows
from .blocks import row_sums
from .recurrent import (
    backward_blocks,
    carry_gate,
    copy_previous_state,
    dropout_mask_grad,
    input_grads,
    input_projection,
    masked_steps,
    real_steps,
    select_output,
    split_grad_output,
    state_buffer,
)

# ---- what both forms share -----------------------------------------------------------------------


def sigmoid_scale(x: Array, units: int) -> Array:
    """0.5 for the gates z and r, 1 for the candidate."""
    return backend(x).asarray([0.5, 0.5, 1], x.dtype).repeat(units)


def _activate_gates(xp: Any, gates: Array, product: Array) -> None:
    """gates = sigmoid of twice their sum with the product, in place."""
    gates += product
    xp.tanh(gates, out=gates)
    gates *= 0.5
    gates += 0.5


def _mix(xp: Any, z: Array, candidate: Array, h: Array, new_h: Array) -> None:
    """candidate = tanh(candidate), h' = z * h + (1 - z) * candidate, in place."""
    xp.tanh(candidate, out=candidate)
    xp.subtract(h, candidate, out=new_h)
    new_h *= z
    new_h += candidate


def _local_slopes(gates: Array, hs: Array, real: Array | None, block: slice, out: Array) -> Array:
    """Of a block of steps: factors that take dh to the gradients of its gates and to dh before.

    Those of z and of the candidate go into `out`, r - r**2 between them; the last is returned.
    """
    xp, now = backend(gates), gates[block]
    z, _, candidate = split_gates(now, 3)
    slope_z, _, slope_candidate = split_gates(out, 3)
    xp.multiply(now, now, out=out)
    xp.subtract(now, out, out=out)
    slope_z *= hs[block] - candidate
    xp.multiply(candidate, candidate, out=slope_candidate)
    xp.subtract(1, slope_candidate, out=slope_candidate)
    slope_candidate *= 1 - z
    if real is not None:
        out *= real[block]
    return carry_gate(split_gates(gates, 3)[0], real, block)


def _step_back(
    dh: Array,
    h_by_h: Array,
    through_gates: Array,
    dropout_mask: Array | None,
    earlier: Array | None,
) -> None:
    """dh after a step -> dh before it, in place: past z, through the gates, and from outside."""
    dh *= h_by_h
    if dropout_mask is not None:
        through_gates *= dropout_mask
    dh += through_gates
    if earlier is not None:
        dh += earlier


# ---- reset gate after the product ----------------------------------------------------------------


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
) -> tuple[Array, tuple[Array, Array, Array]]:
    """The output; gates, h and what r multiplies, of all steps, for the backward."""
    check_recurrent("gru", 3, x, kernel, recurrent, bias, [h], mask, dropout_mask)
    xp = backend(x)
    n, steps, _ = x.shape
    units = len(recurrent)
    zr_width = 2 * units
    scale = sigmoid_scale(x, units)
    input_bias, candidate_bias = _split_bias(bias, scale, zr_width)
    gates = input_projection(x, kernel * scale, input_bias)
    scaled_recurrent = recurrent * scale
    hs = state_buffer(h, steps, x, units)
    inner = xp.empty((steps, n, units), x.dtype)
    product = xp.empty((n, 3 * units), x.dtype)
    zr_product, inner_product = product[:, :zr_width], product[:, zr_width:]
    skipped = masked_steps(mask, steps)
    by_step = gates[..., :zr_width], *split_gates(gates, 3), hs, hs[1:], inner, skipped
    for zr, z, r, candidate, old, new, reset, rows in zip(*by_step):
        xp.matmul(drop(old, dropout_mask), scaled_recurrent, out=product)
        _activate_gates(xp, zr, zr_product)
        xp.add(inner_product, candidate_bias, out=reset)
        xp.multiply(r, reset, out=new)
        candidate += new
        _mix(xp, z, candidate, old, new)
        if rows is not None:
            copy_previous_state(rows, new, old)
    return select_output(return_mode, hs), (gates, hs, inner)


def _split_bias(bias: Array | None, scale: Array, zr_width: int) -> tuple[Array | None, Any]:
    """What is added to x @ kernel, both biases of z and r together, and what r multiplies too."""
    if bias is None:
        return None, 0
    added = bias[0].copy()
    added[:zr_width] += bias[1, :zr_width]
    added *= scale
    return added, bias[1, zr_width:]


def gru_backward(
    g: Array,
    residuals: tuple[Array, Array, Array],
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
) -> tuple[Any, ...]:
    """Gradients of all inputs, from the last step to the first."""
    gates, hs, inner = residuals
    xp = backend(x)
    steps, n, units = inner.shape
    transposed = xp.ascontiguousarray(recurrent.T)
    real = real_steps(mask, masked_steps(mask, steps))
    dh, earlier = split_grad_output(g, return_mode, steps)
    da = xp.empty(gates.shape, gates.dtype)  # of h @ recurrent
    da_candidate = xp.empty(inner.shape, inner.dtype)
    through_gates = xp.empty(dh.shape, dh.dtype)
    da_by_gate = da.reshape((steps, n, 3, units))
    for block in backward_blocks(gates):
        h_by_h = _local_slopes(gates, hs, real, block, da[block])
        _, slope_r, slope_inner = split_gates(da[block], 3)
        da_candidate[block] = slope_inner
        slope_r *= inner[block]
        slope_r *= slope_inner
        slope_inner *= split_gates(gates[block], 3)[1]
        for t in reversed(range(block.start, block.stop)):
            da_by_gate[t] *= dh[:, None]
            da_candidate[t] *= dh
            xp.matmul(da[t], transposed, out=through_gates)
            _step_back(dh, h_by_h[t - block.start], through_gates, dropout_mask, earlier[t])
    grad_recurrent = merge_rows(drop(hs[:-1], dropout_mask)).T @ merge_rows(da)
    grad_recurrent_bias = None if bias is None else row_sums(da)
    grad_dropout_mask = None
    if dropout_mask is not None:
        grad_dropout_mask = dropout_mask_grad(hs, da, transposed)()
    da[..., 2 * units :] = da_candidate  # from here on of x @ kernel
    grad_x, grad_kernel, grad_input_bias = input_grads(x, kernel, da)

    def grad_bias() -> Array:
        return xp.stack([grad_input_bias(), grad_recurrent_bias])

    return grad_x, grad_kernel, grad_recurrent, grad_bias, dh, None, grad_dropout_mask


# ---- reset gate before the product ---------------------------------------------------------------


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
) -> tuple[Array, tuple[Array, Array]]:
    """The output; gates and h of all steps for the backward."""
    check_recurrent("gru_reset_before", 3, x, kernel, recurrent, bias, [h], mask, dropout_mask)
    xp = backend(x)
    n, steps, _ = x.shape
    units = len(recurrent)
    zr_width = 2 * units
    scale = sigmoid_scale(x, units)
    gates = input_projection(x, kernel * scale, None if bias is None else bias * scale)
    recurrent_zr = recurrent[:, :zr_width] * 0.5
    recurrent_h = xp.ascontiguousarray(recurrent[:, zr_width:])
    hs = state_buffer(h, steps, x, units)
    product = xp.empty((n, zr_width), x.dtype)
    skipped = masked_steps(mask, steps)
    by_step = gates[..., :zr_width], *split_gates(gates, 3), hs, hs[1:], skipped
    for zr, z, r, candidate, old, new, rows in zip(*by_step):
        dropped = drop(old, dropout_mask)
        xp.matmul(dropped, recurrent_zr, out=product)
        _activate_gates(xp, zr, product)
        candidate += (r * dropped) @ recurrent_h
        _mix(xp, z, candidate, old, new)
        if rows is not None:
            copy_previous_state(rows, new, old)
    return select_output(return_mode, hs), (gates, hs)


def gru_reset_before_backward(
    g: Array,
    residuals: tuple[Array, Array],
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
) -> tuple[Any, ...]:
    """Gradients of all inputs, from the last step to the first."""
    gates, hs = residuals
    xp, steps, units = backend(x), len(gates), len(recurrent)
    real = real_steps(mask, masked_steps(mask, steps))
    transposed_zr = xp.ascontiguousarray(recurrent[:, : 2 * units].T)
    transposed_h = xp.ascontiguousarray(recurrent[:, 2 * units :].T)
    dropped = drop(hs[:-1], dropout_mask)
    r = split_gates(gates, 3)[1]
    dh, earlier = split_grad_output(g, return_mode, steps)
    da = xp.empty(gates.shape, gates.dtype)
    da_z, da_r, da_candidate = split_gates(da, 3)
    da_zr = da[..., : 2 * units]
    for block in backward_blocks(gates):
        h_by_h = _local_slopes(gates, hs, real, block, da[block])
        da_r[block] *= dropped[block]
        for t in reversed(range(block.start, block.stop)):
            da_z[t] *= dh
            da_candidate[t] *= dh
            through_gates = da_candidate[t] @ transposed_h  # the gradient of r * h
            da_r[t] *= through_gates
            through_gates *= r[t]
            through_gates += da_zr[t] @ transposed_zr
            _step_back(dh, h_by_h[t - block.start], through_gates, dropout_mask, earlier[t])

    def grad_recurrent() -> Array:
        grad_zr = merge_rows(dropped).T @ merge_rows(da_zr)
        grad_h = merge_rows(dropped * r).T @ merge_rows(da_candidate)
        return xp.concatenate([grad_zr, grad_h], 1)

    def grad_dropout_mask() -> Array:
        through_zr = (merge_rows(da_zr) @ transposed_zr).reshape(r.shape)
        through_h = (merge_rows(da_candidate) @ transposed_h).reshape(r.shape)
        return ((through_zr + through_h * r) * hs[:-1]).sum(0)

    grad_x, grad_kernel, grad_bias = input_grads(x, kernel, da)
    return grad_x, grad_kernel, grad_recurrent, grad_bias, dh, None, grad_dropout_mask
