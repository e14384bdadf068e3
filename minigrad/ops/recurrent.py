"""Recurrent layers over whole sequences: SimpleRNN, LSTM and GRU, from easy to hard.

    a = x @ kernel + bias                    what the inputs add, all steps in one product
    h = step(a[:, t], h, recurrent)          the equations of one step, from the first to the last

x is (N, T, features), a state (N, units). `kernel` (features, gates * units) multiplies x, and
`recurrent` (units, gates * units) the h before; the gates stand side by side, in Keras's order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..backend import backend
from ..engine.autograd import fused
from ..engine.dtypes import real
from ..engine.tensor import Tensor, TensorLike, wrap
from .activations import sigmoid
from .elementwise import multiply, where
from .matmul import linear
from .shapes import stack
from .trigonometric import tanh

# ---- what all of them share ----------------------------------------------------------------------


def scan(
    step: Callable[..., list[TensorLike]],
    a: TensorLike,
    states: Sequence[TensorLike],
    mask: TensorLike | None,
    return_mode: str,
) -> TensorLike:
    """step(a at one time, *states) -> new states, from the first time to the last.

    Args:
        step: The equations of one step; the first state is the output.
        a: (N, T, width), one slice of it per step.
        states: The initial states, (N, units) each.
        mask: Booleans (N, T), False where a sequence keeps its states; None for all True.
        return_mode: "sequence", "last" or "all", as in `lstm`.
    """
    outputs = []
    for t in range(a.shape[1]):
        new_states = step(a[:, t], *states)
        if mask is not None:
            is_real = mask[:, t, None]
            new_states = [where(is_real, new, old) for new, old in zip(new_states, states)]
        states = new_states
        outputs.append(states[0])
    if return_mode == "last":
        return outputs[-1]
    if return_mode == "all":
        outputs.extend(states[1:])
    return stack(outputs, axis=1)


def project(x: TensorLike, kernel: TensorLike, bias: TensorLike | None) -> TensorLike:
    """x @ kernel + bias; a bias of None counts as zero."""
    return x @ kernel if bias is None else linear(x, kernel, bias)


def split_gates(a: TensorLike, count: int) -> list[TensorLike]:
    """The gates, (..., units) each, of (..., count * units)."""
    units = a.shape[-1] // count
    return [a[..., k * units : (k + 1) * units] for k in range(count)]


def drop(h: TensorLike, dropout_mask: TensorLike | None) -> TensorLike:
    """h times its dropout mask, as it enters the product with the recurrent kernel."""
    return h if dropout_mask is None else multiply(h, dropout_mask)


def state_or_zeros(state: TensorLike | None, x: TensorLike, units: int) -> TensorLike:
    """The initial state; zeros of the kind of x where it is None."""
    if state is not None:
        return state
    zeros = backend(x).zeros((x.shape[0], units), x.dtype)
    return wrap(zeros, None) if isinstance(x, Tensor) else zeros


def check_recurrent(
    name: str,
    gates: int,
    x: TensorLike,
    kernel: TensorLike,
    recurrent: TensorLike,
    bias: TensorLike | None,
    states: Sequence[TensorLike | None],
    mask: TensorLike | None,
    dropout_mask: TensorLike | None,
) -> None:
    """ValueError where a shape does not fit x and recurrent, TypeError for a mask of numbers."""
    if x.ndim != 3:
        hint = ", one of them as x[None]" if x.ndim == 2 else ""
        raise ValueError(f"{name} expects sequences of shape (N, T, features){hint}; got {x.shape}")
    n, steps, features = x.shape
    units = recurrent.shape[0]
    width = gates * units
    if not steps:
        raise ValueError(f"{name}: sequences of shape {x.shape} have no steps")
    expected = {
        "kernel": (kernel, (features, width)),
        "recurrent kernel": (recurrent, (units, width)),
        "bias": (bias, (2, width) if name == "gru" else (width,)),
        "mask": (mask, (n, steps)),
        "dropout mask": (dropout_mask, (n, units)),
    }
    for letter, state in zip("hc", states):
        expected[f"initial state {letter}"] = (state, (n, units))
    for what, (array, shape) in expected.items():
        if array is not None and array.shape != shape:
            raise ValueError(
                f"{name}: the {what} has shape {array.shape}; sequences of shape {x.shape} and "
                f"{units} units need {shape}"
            )
    if mask is not None and mask.dtype.kind != "b":
        raise TypeError(f"{name}: the mask is boolean, True where a step is real, not {mask.dtype}")


# ---- SimpleRNN -----------------------------------------------------------------------------------


def simple_rnn_step(
    a: TensorLike,
    h: TensorLike,
    recurrent: TensorLike,
    dropout_mask: TensorLike | None = None,
    activation: Callable[..., Any] = tanh,
) -> list[TensorLike]:
    """h' = tanh(a + h @ recurrent), with a = x @ kernel + bias."""
    return [activation(a + drop(h, dropout_mask) @ recurrent)]


@real(keeps="mask")
@fused(kernel="simple_rnn")
def simple_rnn(
    x: TensorLike,
    kernel: TensorLike,
    recurrent: TensorLike,
    bias: TensorLike | None,
    h: TensorLike | None = None,
    mask: TensorLike | None = None,
    dropout_mask: TensorLike | None = None,
    *,
    return_mode: str = "sequence",
    activation: Callable[..., Any] = tanh,
) -> TensorLike:
    """h_t = tanh(x_t @ kernel + h_(t-1) @ recurrent + bias) over all steps.

    Args:
        x: The sequences.
        kernel: (features, units).
        recurrent: (units, units).
        bias: (units,), or None.
        h: The initial state, (N, units); None for zeros.
        mask: Booleans (N, T), False where a sequence keeps its state; None for all True.
        dropout_mask: (N, units), multiplies h as it enters the product at every step; None: ones.
        return_mode: "sequence" for h at all steps, "last" for h at the last step.
        activation: What stands for tanh.

    Shape:
        (N, T, features) -> (N, T, units), or (N, units) with "last"

    Raises:
        ValueError: If a shape does not fit.
        TypeError: If the mask is not boolean.

    References:
        Elman 1990, Finding structure in time.

    Example:
        >>> x, kernel, recurrent = np.ones((2, 5, 3)), np.ones((3, 4)), np.eye(4)
        >>> simple_rnn(x, kernel, recurrent, None).shape
        (2, 5, 4)
    """
    check_recurrent("simple_rnn", 1, x, kernel, recurrent, bias, [h], mask, dropout_mask)

    def step(a: TensorLike, h: TensorLike) -> list[TensorLike]:
        return simple_rnn_step(a, h, recurrent, dropout_mask, activation)

    states = [state_or_zeros(h, x, recurrent.shape[0])]
    return scan(step, project(x, kernel, bias), states, mask, return_mode)


# ---- LSTM ----------------------------------------------------------------------------------------


def lstm_step(
    a: TensorLike,
    h: TensorLike,
    c: TensorLike,
    recurrent: TensorLike,
    dropout_mask: TensorLike | None = None,
    activation: Callable[..., Any] = tanh,
    recurrent_activation: Callable[..., Any] = sigmoid,
) -> list[TensorLike]:
    """h' and c' from a = x @ kernel + bias and the states before.

    i, f, g, o = split_gates(a + h @ recurrent)
    c' = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h' = sigmoid(o) * tanh(c')
    """
    i, f, g, o = split_gates(a + drop(h, dropout_mask) @ recurrent, 4)
    c_new = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
    return [recurrent_activation(o) * activation(c_new), c_new]


@real(keeps="mask")
@fused(kernel="lstm")
def lstm(
    x: TensorLike,
    kernel: TensorLike,
    recurrent: TensorLike,
    bias: TensorLike | None,
    h: TensorLike | None = None,
    c: TensorLike | None = None,
    mask: TensorLike | None = None,
    dropout_mask: TensorLike | None = None,
    *,
    return_mode: str = "sequence",
    activation: Callable[..., Any] = tanh,
    recurrent_activation: Callable[..., Any] = sigmoid,
) -> TensorLike:
    """Long short-term memory: `lstm_step` over all steps, gates i, f, g, o.

    Args:
        x: The sequences.
        kernel: (features, 4 * units).
        recurrent: (units, 4 * units).
        bias: (4 * units,), or None.
        h: The initial output, (N, units); None for zeros.
        c: The initial cell state, (N, units); None for zeros.
        mask: Booleans (N, T), False where a sequence keeps its states; None for all True.
        dropout_mask: (N, units), multiplies h as it enters the product at every step; None: ones.
        return_mode: "sequence" for h at all steps, "last" for h at the last step, "all" for h at
            all steps followed by the last c.
        activation: What stands for tanh.
        recurrent_activation: What stands for sigmoid.

    Shape:
        (N, T, features) -> (N, T, units), (N, units) with "last", (N, T + 1, units) with "all"

    Raises:
        ValueError: If a shape does not fit.
        TypeError: If the mask is not boolean.

    References:
        Hochreiter & Schmidhuber 1997, Long short-term memory; Gers et al. 2000 for the forget gate.
        arXiv:1512.05287 for dropout with one mask for all steps.

    Example:
        >>> x, kernel, recurrent = np.ones((2, 5, 3)), np.ones((3, 16)), np.ones((4, 16))
        >>> lstm(x, kernel, recurrent, None, return_mode="last").shape
        (2, 4)
    """
    check_recurrent("lstm", 4, x, kernel, recurrent, bias, [h, c], mask, dropout_mask)

    def step(a: TensorLike, h: TensorLike, c: TensorLike) -> list[TensorLike]:
        return lstm_step(a, h, c, recurrent, dropout_mask, activation, recurrent_activation)

    units = recurrent.shape[0]
    states = [state_or_zeros(h, x, units), state_or_zeros(c, x, units)]
    return scan(step, project(x, kernel, bias), states, mask, return_mode)


# ---- GRU with the reset gate after the product, as in Keras --------------------------------------


def gru_step(
    a: TensorLike,
    h: TensorLike,
    recurrent: TensorLike,
    recurrent_bias: TensorLike | None,
    dropout_mask: TensorLike | None = None,
    activation: Callable[..., Any] = tanh,
    recurrent_activation: Callable[..., Any] = sigmoid,
) -> list[TensorLike]:
    """h' from a = x @ kernel + bias and the state before.

    b = h @ recurrent + recurrent_bias
    z, r = sigmoid(a_z + b_z), sigmoid(a_r + b_r)
    h' = z * h + (1 - z) * tanh(a_h + r * b_h)
    """
    b = project(drop(h, dropout_mask), recurrent, recurrent_bias)
    a_z, a_r, a_h = split_gates(a, 3)
    b_z, b_r, b_h = split_gates(b, 3)
    z = recurrent_activation(a_z + b_z)
    r = recurrent_activation(a_r + b_r)
    return [z * h + (1 - z) * activation(a_h + r * b_h)]


@real(keeps="mask")
@fused(kernel="gru")
def gru(
    x: TensorLike,
    kernel: TensorLike,
    recurrent: TensorLike,
    bias: TensorLike | None,
    h: TensorLike | None = None,
    mask: TensorLike | None = None,
    dropout_mask: TensorLike | None = None,
    *,
    return_mode: str = "sequence",
    activation: Callable[..., Any] = tanh,
    recurrent_activation: Callable[..., Any] = sigmoid,
) -> TensorLike:
    """The gated recurrent unit as in Keras and cuDNN: `gru_step` over all steps, gates z, r, h.

    Args:
        x: The sequences.
        kernel: (features, 3 * units).
        recurrent: (units, 3 * units).
        bias: (2, 3 * units), the bias of x @ kernel and that of h @ recurrent, or None.
        h: The initial state, (N, units); None for zeros.
        mask: Booleans (N, T), False where a sequence keeps its state; None for all True.
        dropout_mask: (N, units), multiplies h as it enters the product at every step; None: ones.
        return_mode: "sequence" for h at all steps, "last" for h at the last step.
        activation: What stands for tanh.
        recurrent_activation: What stands for sigmoid.

    Shape:
        (N, T, features) -> (N, T, units), or (N, units) with "last"

    Raises:
        ValueError: If a shape does not fit.
        TypeError: If the mask is not boolean.

    References:
        Cho et al. 2014, arXiv:1406.1078, with the reset gate applied after the product.

    Example:
        >>> x, kernel, recurrent = np.ones((2, 5, 3)), np.ones((3, 12)), np.ones((4, 12))
        >>> gru(x, kernel, recurrent, None, return_mode="last").shape
        (2, 4)
    """
    check_recurrent("gru", 3, x, kernel, recurrent, bias, [h], mask, dropout_mask)
    input_bias, recurrent_bias = (None, None) if bias is None else (bias[0], bias[1])

    def step(a: TensorLike, h: TensorLike) -> list[TensorLike]:
        options = dropout_mask, activation, recurrent_activation
        return gru_step(a, h, recurrent, recurrent_bias, *options)

    states = [state_or_zeros(h, x, recurrent.shape[0])]
    return scan(step, project(x, kernel, input_bias), states, mask, return_mode)


# ---- GRU with the reset gate before the product, as in the paper ---------------------------------


def gru_reset_before_step(
    a: TensorLike,
    h: TensorLike,
    recurrent: TensorLike,
    dropout_mask: TensorLike | None = None,
    activation: Callable[..., Any] = tanh,
    recurrent_activation: Callable[..., Any] = sigmoid,
) -> list[TensorLike]:
    """h' from a = x @ kernel + bias and the state before.

    z = sigmoid(a_z + h @ recurrent_z)
    r = sigmoid(a_r + h @ recurrent_r)
    h' = z * h + (1 - z) * tanh(a_h + (r * h) @ recurrent_h)
    """
    a_z, a_r, a_h = split_gates(a, 3)
    recurrent_z, recurrent_r, recurrent_h = split_gates(recurrent, 3)
    dropped = drop(h, dropout_mask)
    z = recurrent_activation(a_z + dropped @ recurrent_z)
    r = recurrent_activation(a_r + dropped @ recurrent_r)
    return [z * h + (1 - z) * activation(a_h + (r * dropped) @ recurrent_h)]


@real(keeps="mask")
@fused(kernel="gru_reset_before")
def gru_reset_before(
    x: TensorLike,
    kernel: TensorLike,
    recurrent: TensorLike,
    bias: TensorLike | None,
    h: TensorLike | None = None,
    mask: TensorLike | None = None,
    dropout_mask: TensorLike | None = None,
    *,
    return_mode: str = "sequence",
    activation: Callable[..., Any] = tanh,
    recurrent_activation: Callable[..., Any] = sigmoid,
) -> TensorLike:
    """The gated recurrent unit of the paper: `gru_reset_before_step` over all steps, gates z, r, h.

    Args:
        x: The sequences.
        kernel: (features, 3 * units).
        recurrent: (units, 3 * units).
        bias: (3 * units,), or None.
        h: The initial state, (N, units); None for zeros.
        mask: Booleans (N, T), False where a sequence keeps its state; None for all True.
        dropout_mask: (N, units), multiplies h as it enters the products at every step; None: ones.
        return_mode: "sequence" for h at all steps, "last" for h at the last step.
        activation: What stands for tanh.
        recurrent_activation: What stands for sigmoid.

    Shape:
        (N, T, features) -> (N, T, units), or (N, units) with "last"

    Raises:
        ValueError: If a shape does not fit.
        TypeError: If the mask is not boolean.

    References:
        Cho et al. 2014, arXiv:1406.1078, version 1.

    Example:
        >>> x, kernel, recurrent = np.ones((2, 5, 3)), np.ones((3, 12)), np.ones((4, 12))
        >>> gru_reset_before(x, kernel, recurrent, None).shape
        (2, 5, 4)
    """
    check_recurrent("gru_reset_before", 3, x, kernel, recurrent, bias, [h], mask, dropout_mask)

    def step(a: TensorLike, h: TensorLike) -> list[TensorLike]:
        options = dropout_mask, activation, recurrent_activation
        return gru_reset_before_step(a, h, recurrent, *options)

    states = [state_or_zeros(h, x, recurrent.shape[0])]
    return scan(step, project(x, kernel, bias), states, mask, return_mode)
