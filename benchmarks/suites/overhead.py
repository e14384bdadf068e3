"""The engine's time per op: 100 tanh of 4 floats, forward, backward, and recorded backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

OPS = 100
ROWS = [f"{OPS} tanh of 4 floats"]
FRAMEWORKS = ("numpy", "minigrad", "torch")


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    make = {"numpy": numpy_steps, "minigrad": minigrad_steps, "torch": torch_steps}[framework]
    return make(device)


def numpy_steps(device: str) -> dict[str, Callable[[], Any]]:
    """The same array calls with no engine around them."""
    if device == "cuda":
        import cupy as xp
    else:
        import numpy as xp
    x = cotangent = xp.ones(4, "float32")

    def forward():
        y, outputs = x, []
        for _ in range(OPS):
            y = xp.tanh(y)
            outputs.append(y)
        return outputs

    def forward_backward():
        g = cotangent
        for y in reversed(forward()):
            g = g * (1 - y * y)
        return g

    return {"forward": forward, "forward + backward": forward_backward}


def minigrad_steps(device: str) -> dict[str, Callable[[], Any]]:
    import minigrad as mg

    mg.set_device(device)
    x = mg.Tensor([1.0] * 4, requires_grad=True)
    cotangent = mg.Tensor([1.0] * 4).data

    def forward():
        y = x
        for _ in range(OPS):
            y = mg.tanh(y)
        return y

    return {
        "forward": forward,
        "forward + backward": lambda: mg.grad(forward(), [x], cotangent=cotangent),
        "recorded": lambda: mg.grad(forward(), [x], cotangent=cotangent, create_graph=True),
    }


def torch_steps(device: str) -> dict[str, Callable[[], Any]]:
    import torch

    x = torch.ones(4, device=device, requires_grad=True)
    cotangent = torch.ones(4, device=device)

    def forward():
        y = x
        for _ in range(OPS):
            y = torch.tanh(y)
        return y

    return {
        "forward": forward,
        "forward + backward": lambda: torch.autograd.grad(forward(), [x], cotangent),
        "recorded": lambda: torch.autograd.grad(forward(), [x], cotangent, create_graph=True),
    }
