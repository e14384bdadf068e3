"""What the recurrent kernels share: simple_rnn.py, lstm.py, gru.py.

Arrays are time-major here, (T, N, features), so that a step reads and writes one piece of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..backend import Array, backend, cache_blocks, to_cpu
from ..ops.activations import sigmoid
from ..ops.recurrent import drop
from ..ops.shapes import merge_rows
from ..ops.trigonometric import tanh
from .blocks import BLOCK_SIZE, row_sums


def has_default_activations(
    activation: Any = tanh, recurrent_activation: Any = sigmoid, return_mode: str = "last"
) -> bool:
    """True if the activations are those that these kernels compute."""
    return activation is tanh and recurrent_activation is sigmoid


def time_major_rows(x: Array) -> Array:
    """(N, T, features) -> (T * N, features)."""
    return merge_rows(backend(x).ascontiguousarray(x.swapaxes(0, 1)))


def input_projection(x: Array, kernel: Array, bias: Array | None) -> Array:
    """x @ kernel + bias for all steps in one product: (N, T, features) -> (T, N, width)."""
    y = time_major_rows(x) @ kernel
    if bias is not None:
        y += bias
    return y.reshape((x.shape[1], x.shape[0], kernel.shape[1]))


def state_buffer(initial: Array | None, steps: int, x: Array, units: int) -> Array:
    """Memory for the states before and after each step, (steps + 1, N, units); the first is set."""
    states = backend(x).empty((steps + 1, len(x), units), x.dtype)
    states[0] = 0 if initial is None else initial
    return states


def masked_steps(mask: Array | None, steps: int) -> list[Array | None]:
    """Per step the rows that skip it, booleans (N, 1), or None where no row does."""
    if mask is None:
        return [None] * steps
    skipped = ~mask.T[..., None]
    any_row = to_cpu(skipped.any((1, 2))).tolist()
    return [rows if some else None for rows, some in zip(skipped, any_row)]


def real_steps(mask: Array | None, skipped: list[Array | None]) -> Array | None:
    """The mask as (T, N, 1), None where no row skips a step."""
    if mask is None or all(rows is None for rows in skipped):
        return None
    return mask.T[..., None]


def copy_previous_state(skipped: Array, new: Array, old: Array) -> None:
    """Copy the old state into the rows that skip the step."""
    backend(new).copyto(new, old, where=skipped)


def select_output(return_mode: str, hs: Array) -> Array:
    """What `return_mode` names of the states, the initial one left out."""
    return hs[-1] if return_mode == "last" else hs[1:].swapaxes(0, 1)


def split_grad_output(g: Array, return_mode: str, steps: int) -> tuple[Array, list[Array | None]]:
    """The gradient at the last h, a copy, and per step what joins it before that step."""
    if return_mode == "last":
        return g.copy(), [None] * steps
    time_major = g.swapaxes(0, 1)
    return time_major[steps - 1].copy(), [None, *time_major[: steps - 1]]


def backward_blocks(a: Array) -> Iterator[slice]:
    """Runs of steps of (T, N, features), from the last to the first, that fit the cache."""
    return reversed(list(cache_blocks(a, BLOCK_SIZE)))


def carry_gate(gate: Array, real: Array | None, block: slice) -> Array:
    """The gate that carries a state on, 1 where the step is skipped."""
    if real is None:
        return gate[block]
    return backend(gate).where(real[block], gate[block], gate.dtype.type(1))


# ---- gradients of the inputs, when that of x @ kernel + h @ recurrent + bias is known ------------

Gradient = Callable[[], Array]


def input_grads(x: Array, kernel: Array, da: Array) -> tuple[Gradient, Gradient, Gradient]:
    """Functions that give the gradients of x, kernel and bias, from da (T, N, width)."""

    def grad_x() -> Array:
        dx = merge_rows(da) @ kernel.T
        return dx.reshape((*da.shape[:2], x.shape[2])).swapaxes(0, 1)

    def grad_kernel() -> Array:
        return time_major_rows(x).T @ merge_rows(da)

    def grad_bias() -> Array:
        return row_sums(da)

    return grad_x, grad_kernel, grad_bias


def weight_grads(
    x: Array, kernel: Array, da: Array, h: Array | None, hs: Array, dropout_mask: Array | None
) -> tuple[Gradient, Gradient, Gradient, Gradient]:
    """Functions that give the gradients of x, kernel, recurrent and bias from da."""
    grad_x, grad_kernel, grad_bias = input_grads(x, kernel, da)
    first = 1 if h is None else 0  # a state of zeros adds nothing

    def grad_recurrent() -> Array:
        dropped = drop(hs[first:-1], dropout_mask)
        return merge_rows(dropped).T @ merge_rows(da[first:])

    return grad_x, grad_kernel, grad_recurrent, grad_bias


def dropout_mask_grad(hs: Array, da: Array, transposed: Array) -> Gradient:
    """A function that gives the gradient of the mask that multiplies h at every step."""

    def grad_dropout_mask() -> Array:
        dh = (merge_rows(da) @ transposed).reshape(hs[:-1].shape)
        return (dh * hs[:-1]).sum(0)

    return grad_dropout_mask


def step_back(
    dh: Array,
    da: Array,
    transposed: Array,
    dropout_mask: Array | None,
    skipped: Array | None,
    earlier: Array | None,
) -> None:
    """dh after a step -> dh before it, in place: through the product, and past it in skipped rows.

    `earlier` is the gradient that arrives at this h from outside.
    """
    passed = None if skipped is None else dh * skipped
    backend(dh).matmul(da, transposed, out=dh)
    if dropout_mask is not None:
        dh *= dropout_mask
    if passed is not None:
        dh += passed
    if earlier is not None:
        dh += earlier
