"""SimpleRNN in place, all steps in one pass."""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend
from ..ops.recurrent import check_recurrent, drop
from .recurrent import (
    copy_previous_state,
    dropout_mask_grad,
    input_projection,
    masked_steps,
    real_steps,
    select_output,
    split_grad_output,
    state_buffer,
    step_back,
    weight_grads,
)


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
) -> tuple[Array, Array]:
    """The output, and all h for the backward."""
    check_recurrent("simple_rnn", 1, x, kernel, recurrent, bias, [h], mask, dropout_mask)
    xp, steps, units = backend(x), x.shape[1], len(recurrent)
    a = input_projection(x, kernel, bias)
    hs = state_buffer(h, steps, x, units)
    skipped = masked_steps(mask, steps)
    product = xp.empty((len(x), units), x.dtype)
    for now, old, new, rows in zip(a, hs, hs[1:], skipped):
        xp.matmul(drop(old, dropout_mask), recurrent, out=product)
        product += now
        xp.tanh(product, out=new)
        if rows is not None:
            copy_previous_state(rows, new, old)
    return select_output(return_mode, hs), hs


def simple_rnn_backward(
    g: Array,
    hs: Array,
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
    """Gradients of all inputs; that of tanh is 1 - h**2."""
    xp, steps = backend(x), x.shape[1]
    transposed = xp.ascontiguousarray(recurrent.T)
    skipped = masked_steps(mask, steps)
    real = real_steps(mask, skipped)
    da = xp.multiply(hs[1:], hs[1:])
    xp.subtract(1, da, out=da)
    if real is not None:
        da *= real
    dh, earlier = split_grad_output(g, return_mode, steps)
    for t in reversed(range(steps)):
        da[t] *= dh
        step_back(dh, da[t], transposed, dropout_mask, skipped[t], earlier[t])
    return (
        *weight_grads(x, kernel, da, h, hs, dropout_mask),
        dh,
        None,
        dropout_mask_grad(hs, da, transposed),
    )
