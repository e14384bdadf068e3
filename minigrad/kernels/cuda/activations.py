"""GELU on a GPU: one kernel each way."""

from __future__ import annotations

from ...backend import Array, backend
from .. import activations
from .launch import contiguous, launch_elements, on_reals


@on_reals(activations.gelu_forward)
def gelu_forward(x: Array, *, approximate: bool = False) -> tuple[Array, None]:
    """gelu(x)."""
    x = contiguous(x)
    y = backend(x).empty_like(x)
    launch_elements("gelu_by_tanh" if approximate else "gelu", x.size, (y, x, x.size))
    return y, None


@on_reals(activations.gelu_backward, backward=True)
def gelu_backward(
    g: Array, residuals: None, x: Array, *, approximate: bool = False
) -> tuple[Array]:
    """g times the derivative."""
    x = contiguous(x)
    grad = backend(x).empty_like(x)
    kernel = "gelu_by_tanh_grad" if approximate else "gelu_grad"
    launch_elements(kernel, x.size, (grad, contiguous(g), x, x.size))
    return (grad,)
