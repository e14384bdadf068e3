"""SimpleRNN, LSTM and GRU on a GPU: for each step a product by cuBLAS and one kernel.

The kernel adds up what enters the gates, applies them, skips masked rows and drops the state as it
enters the next product. Nothing is read back: a mask stays on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ...backend import Array, backend
from ...ops.recurrent import check_recurrent, drop, split_gates
from ...ops.shapes import merge_rows
from .. import gru, lstm, recurrent, simple_rnn
from ..blocks import row_sums
from .launch import contiguous, launch_elements, on_reals

# ---- what all of them share ----------------------------------------------------------------------


class Steps(NamedTuple):
    """What every step of a call is given.

    Attributes:
        n: The number of rows.
        length: The number of steps.
        units: The number of units.
        mask: Booleans (N, T), or None.
        dropout_mask: (N, units), or None.
    """

    n: int
    length: int
    units: int
    mask: Array | None
    dropout_mask: Array | None

    def launch(self, kernel: str, t: int, *arrays: Array | None, masked: bool = True) -> None:
        """Launch a kernel of step t."""
        masks = (self.mask, self.dropout_mask) if masked else (self.dropout_mask,)
        args = *arrays, *masks, t, self.length, self.n, self.units
        launch_elements(kernel, self.n * self.units, args)


def _steps(x: Array, units: int, mask: Array | None, dropout_mask: Array | None) -> Steps:
    masks = (None if m is None else contiguous(m) for m in (mask, dropout_mask))
    return Steps(x.shape[0], x.shape[1], units, *masks)


class Forward:
    """The states of a call, and the product that enters each step.

    Attributes:
        hs: h before and after each step, (T + 1, N, units), or more rows.
        dropped: h as it enters the products, where dropout is on.
    """

    def __init__(self, x: Array, steps: Steps, h: Array | None, rows: int = 0) -> None:
        self.steps, self.has_state = steps, h is not None
        self.hs = recurrent.state_buffer(h, steps.length + rows, x, steps.units)
        self.dropped = None
        if steps.dropout_mask is not None:
            self.dropped = self.hs[0] * steps.dropout_mask

    def product(self, t: int, kernel: Array, out: Array) -> Array | None:
        """h @ kernel, h being dropped; None for a first state of zeros."""
        if t == 0 and not self.has_state:
            return None
        h = self.hs[t] if self.dropped is None else self.dropped
        return h.dot(kernel, out)


class Backward:
    """What arrives at h after each step, from the last to the first.

    Attributes:
        carry: dh of the rows that skipped the step after, or that passed its gates.
    """

    def __init__(self, g: Array, steps: Steps, return_mode: str, always_carries: bool) -> None:
        self.steps, xp = steps, backend(g)
        time_major = g[:, None] if return_mode == "last" else g
        self.g = contiguous(time_major.swapaxes(0, 1))
        self.is_last = return_mode == "last"
        shape = steps.n, steps.units
        self.carry = None
        if always_carries or steps.mask is not None:
            self.carry = xp.zeros(shape, g.dtype)
        self.out = xp.empty(shape, g.dtype)
        self.product: Array | None = None

    def __iter__(self) -> Iterator[tuple[int, Array | None]]:
        """(step, g at its h)."""
        last = self.steps.length - 1
        for t in range(last, -1, -1):
            if self.is_last:
                yield t, self.g[0] if t == last else None
            else:
                yield t, self.g[t]

    def multiply(self, da: Array, transposed: Array) -> None:
        """The product through which the step before is reached."""
        self.product = da.dot(transposed, self.out)

    def grad_state(self) -> Array:
        """The gradient of the initial state."""
        dh = drop(self.out, self.steps.dropout_mask)
        return dh if self.carry is None else dh + self.carry


def _project(x: Array, kernel: Array) -> Array:
    """x @ kernel for all steps in one product: (N, T, features) -> (T, N, width)."""
    return recurrent.input_projection(x, contiguous(kernel), None)


def _bias(bias: Array | None) -> Array | None:
    return None if bias is None else contiguous(bias)


# ---- SimpleRNN -----------------------------------------------------------------------------------


@on_reals(simple_rnn.simple_rnn_forward)
def simple_rnn_forward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h: Array | None = None,
    mask: Array | None = None,
    dropout_mask: Array | None = None,
    *,
    return_mode: str = "sequence",
    **activations: Any,
) -> tuple[Array, Array]:
    """The output, and all h for the backward."""
    check_recurrent("simple_rnn", 1, x, kernel, recurrent_kernel, bias, [h], mask, dropout_mask)
    steps = _steps(x, len(recurrent_kernel), mask, dropout_mask)
    run, a, bias = Forward(x, steps, h), _project(x, kernel), _bias(bias)
    out = backend(x).empty((steps.n, steps.units), x.dtype)
    for t in range(steps.length):
        product = run.product(t, recurrent_kernel, out)
        steps.launch("simple_rnn_step", t, run.hs, run.dropped, a, product, bias)
    return recurrent.select_output(return_mode, run.hs), run.hs


@on_reals(simple_rnn.simple_rnn_backward, backward=True)
def simple_rnn_backward(
    g: Array,
    hs: Array,
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h: Array | None = None,
    mask: Array | None = None,
    dropout_mask: Array | None = None,
    *,
    return_mode: str = "sequence",
    **activations: Any,
) -> tuple[Any, ...]:
    """Gradients of all inputs; that of tanh is 1 - h**2."""
    steps = _steps(x, len(recurrent_kernel), mask, dropout_mask)
    transposed = contiguous(recurrent_kernel.T)
    run = Backward(g, steps, return_mode, False)
    da = backend(x).empty(hs[1:].shape, x.dtype)
    for t, g_now in run:
        steps.launch("simple_rnn_step_grad", t, da, run.carry, hs, g_now, run.product)
        if t or h is not None:
            run.multiply(da[t], transposed)
    return (
        *recurrent.weight_grads(x, kernel, da, h, hs, dropout_mask),
        run.grad_state,
        None,
        recurrent.dropout_mask_grad(hs, da, transposed),
    )


# ---- LSTM ----------------------------------------------------------------------------------------


@on_reals(lstm.lstm_forward)
def lstm_forward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h: Array | None = None,
    c: Array | None = None,
    mask: Array | None = None,
    dropout_mask: Array | None = None,
    *,
    return_mode: str = "sequence",
    **activations: Any,
) -> tuple[Array, tuple[Array, Array, Array]]:
    """The output, and gates, h and c of all steps for the backward."""
    check_recurrent("lstm", 4, x, kernel, recurrent_kernel, bias, [h, c], mask, dropout_mask)
    steps = _steps(x, len(recurrent_kernel), mask, dropout_mask)
    run = Forward(x, steps, h, rows=return_mode == "all")
    gates, bias = _project(x, kernel), _bias(bias)
    cs = recurrent.state_buffer(c, steps.length, x, steps.units)
    out = backend(x).empty((steps.n, 4 * steps.units), x.dtype)
    for t in range(steps.length):
        product = run.product(t, recurrent_kernel, out)
        steps.launch("lstm_step", t, run.hs, cs, run.dropped, gates, product, bias)
    if return_mode == "all":
        run.hs[-1] = cs[-1]
    return recurrent.select_output(return_mode, run.hs), (gates, run.hs, cs)


@on_reals(lstm.lstm_backward, backward=True)
def lstm_backward(
    g: Array,
    residuals: tuple[Array, Array, Array],
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
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
    gates, hs, cs = residuals
    steps = _steps(x, len(recurrent_kernel), mask, dropout_mask)
    transposed = contiguous(recurrent_kernel.T)
    run = Backward(g, steps, return_mode, False)
    xp, da = backend(x), backend(x).empty(gates.shape, x.dtype)
    dc = run.g[steps.length].copy() if return_mode == "all" else xp.zeros(run.out.shape, x.dtype)
    for t, g_now in run:
        steps.launch("lstm_step_grad", t, da, dc, run.carry, gates, cs, g_now, run.product)
        if t or h is not None:
            run.multiply(da[t], transposed)
    hs = hs[: steps.length + 1]
    return (
        *recurrent.weight_grads(x, kernel, da, h, hs, dropout_mask),
        run.grad_state,
        dc,
        None,
        recurrent.dropout_mask_grad(hs, da, transposed),
    )


# ---- GRU, the reset gate after the product -------------------------------------------------------


@on_reals(gru.gru_forward)
def gru_forward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h: Array | None = None,
    mask: Array | None = None,
    dropout_mask: Array | None = None,
    *,
    return_mode: str = "sequence",
    **activations: Any,
) -> tuple[Array, tuple[Array, Array, Array]]:
    """The output; gates, h and what r multiplies, of all steps, for the backward."""
    check_recurrent("gru", 3, x, kernel, recurrent_kernel, bias, [h], mask, dropout_mask)
    steps = _steps(x, len(recurrent_kernel), mask, dropout_mask)
    run, gates, bias = Forward(x, steps, h), _project(x, kernel), _bias(bias)
    inner = backend(x).empty((steps.length, steps.n, steps.units), x.dtype)
    out = backend(x).empty((steps.n, 3 * steps.units), x.dtype)
    for t in range(steps.length):
        product = run.product(t, recurrent_kernel, out)
        steps.launch("gru_step", t, run.hs, inner, run.dropped, gates, product, bias)
    return recurrent.select_output(return_mode, run.hs), (gates, run.hs, inner)


@on_reals(gru.gru_backward, backward=True)
def gru_backward(
    g: Array,
    residuals: tuple[Array, Array, Array],
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
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
    steps = _steps(x, len(recurrent_kernel), mask, dropout_mask)
    transposed = contiguous(recurrent_kernel.T)
    run = Backward(g, steps, return_mode, True)
    xp, units = backend(x), steps.units
    da, da_candidate = xp.empty(gates.shape, x.dtype), xp.empty(inner.shape, x.dtype)
    grads = da, da_candidate, run.carry
    for t, g_now in run:
        steps.launch("gru_step_grad", t, *grads, gates, inner, hs, g_now, run.product)
        if t or h is not None:
            run.multiply(da[t], transposed)
    dropped = drop(hs[:-1], dropout_mask)
    grad_recurrent = merge_rows(dropped).T @ merge_rows(da)
    grad_recurrent_bias = None if bias is None else row_sums(da)
    grad_dropout_mask = None
    if dropout_mask is not None:
        grad_dropout_mask = recurrent.dropout_mask_grad(hs, da, transposed)()
    da[..., 2 * units :] = da_candidate  # from here on of x @ kernel
    grad_x, grad_kernel, grad_input_bias = recurrent.input_grads(x, kernel, da)

    def grad_bias() -> Array:
        return xp.stack([grad_input_bias(), grad_recurrent_bias])

    grads_of_input = grad_x, grad_kernel, grad_recurrent, grad_bias
    return *grads_of_input, run.grad_state, None, grad_dropout_mask


# ---- GRU, the reset gate before the product ------------------------------------------------------


@on_reals(gru.gru_reset_before_forward)
def gru_reset_before_forward(
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None,
    h: Array | None = None,
    mask: Array | None = None,
    dropout_mask: Array | None = None,
    *,
    return_mode: str = "sequence",
    **activations: Any,
) -> tuple[Array, tuple[Array, Array]]:
    """The output; gates and h of all steps for the backward."""
    name, states = "gru_reset_before", [h]
    check_recurrent(name, 3, x, kernel, recurrent_kernel, bias, states, mask, dropout_mask)
    xp, steps = backend(x), _steps(x, len(recurrent_kernel), mask, dropout_mask)
    run, gates, bias = Forward(x, steps, h), _project(x, kernel), _bias(bias)
    by_zr, by_candidate = _split_kernel(recurrent_kernel)
    reset, out = (xp.empty((steps.n, steps.units), x.dtype) for _ in range(2))
    zr_out = xp.empty((steps.n, 2 * steps.units), x.dtype)
    for t in range(steps.length):
        zr = run.product(t, by_zr, zr_out)
        steps.launch(f"{name}_gates", t, gates, reset, run.hs, zr, bias, masked=False)
        reset.dot(by_candidate, out)
        steps.launch(f"{name}_step", t, run.hs, run.dropped, gates, out, bias)
    return recurrent.select_output(return_mode, run.hs), (gates, run.hs)


def _split_kernel(kernel: Array) -> tuple[Array, Array]:
    """The recurrent kernels of z and r together, and of the candidate."""
    width = 2 * len(kernel)
    return contiguous(kernel[:, :width]), contiguous(kernel[:, width:])


@on_reals(gru.gru_reset_before_backward, backward=True)
def gru_reset_before_backward(
    g: Array,
    residuals: tuple[Array, Array],
    x: Array,
    kernel: Array,
    recurrent_kernel: Array,
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
    xp, steps = backend(x), _steps(x, len(recurrent_kernel), mask, dropout_mask)
    zr_transposed, transposed = (contiguous(k.T) for k in _split_kernel(recurrent_kernel))
    run = Backward(g, steps, return_mode, True)
    da_zr = xp.empty((steps.length, steps.n, 2 * steps.units), x.dtype)
    da_candidate = xp.empty((steps.length, steps.n, steps.units), x.dtype)
    grad_reset, name = xp.empty(run.out.shape, x.dtype), "gru_reset_before"
    for t, g_now in run:
        grads = da_zr, da_candidate, run.carry
        steps.launch(f"{name}_step_grad", t, *grads, gates, hs, g_now, run.product)
        da_candidate[t].dot(transposed, grad_reset)
        into = da_zr, run.carry
        steps.launch(f"{name}_gates_grad", t, *into, gates, hs, grad_reset, masked=False)
        if t or h is not None:
            run.multiply(da_zr[t], zr_transposed)
    dropped = drop(hs[:-1], dropout_mask)
    r = split_gates(gates, 3)[1]

    def grad_recurrent() -> Array:
        grad_zr = merge_rows(dropped).T @ merge_rows(da_zr)
        grad_h = merge_rows(dropped * r).T @ merge_rows(da_candidate)
        return xp.concatenate([grad_zr, grad_h], 1)

    def grad_dropout_mask() -> Array:
        through_zr = (merge_rows(da_zr) @ zr_transposed).reshape(r.shape)
        through_h = (merge_rows(da_candidate) @ transposed).reshape(r.shape)
        return ((through_zr + through_h * r) * hs[:-1]).sum(0)

    da = xp.concatenate([da_zr, da_candidate], 2)
    grad_x, grad_kernel, grad_bias = recurrent.input_grads(x, kernel, da)
    grads_of_input: tuple[Callable[[], Array], ...] = grad_x, grad_kernel, grad_recurrent
    return *grads_of_input, grad_bias, run.grad_state, None, grad_dropout_mask
