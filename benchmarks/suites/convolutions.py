"""Single convolutions, forward and both gradients, against the better layout of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

FRAMEWORKS = ("minigrad", "torch")
SHAPES = [  # (N, H, W, C), filters, kernel, stride
    ((32, 8, 8, 1), 32, 3, 1),
    ((32, 26, 26, 1), 32, 3, 1),
    ((32, 13, 13, 32), 64, 3, 1),
    ((32, 8, 8, 32), 32, 3, 1),
    ((32, 32, 32, 64), 64, 3, 1),
    ((32, 16, 16, 128), 128, 3, 1),
    ((32, 28, 28, 1), 64, 5, 2),
    ((32, 14, 14, 64), 128, 5, 2),
    ((8, 227, 227, 3), 96, 11, 4),
    ((8, 27, 27, 96), 256, 5, 1),
    ((32, 16, 16, 64), 64, 1, 1),
]


def _name(size: tuple[int, ...], filters: int, kernel: int, stride: int) -> str:
    return f"{'x'.join(map(str, size))} -> {filters}, {kernel}x{kernel}/{stride}"


CASES = {_name(*shape): shape for shape in SHAPES}
ROWS = list(CASES)


def arrays(size: tuple[int, ...], filters: int, kernel: int, stride: int) -> tuple[Any, Any, Any]:
    """Images, kernel and a gradient for the output."""
    draw = np.random.default_rng(0)
    n, *pixels, channels = size
    out = [(p - kernel) // stride + 1 for p in pixels]
    shapes = size, (kernel, kernel, channels, filters), (n, *out, filters)
    x, w, g = (draw.standard_normal(shape, dtype="float32") for shape in shapes)
    return x, w, g


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    return {"minigrad": minigrad_steps, "torch": torch_steps}[framework](*CASES[row], device)


def minigrad_steps(size, filters, kernel, stride, device):
    import minigrad as mg

    mg.set_device(device)
    x, w, g = arrays(size, filters, kernel, stride)
    x, w = (mg.Tensor(a, requires_grad=True, device=device) for a in (x, w))
    g = mg.Tensor(g, device=device).data

    def step():
        return mg.grad(mg.ops.conv2d(x, w, strides=stride), [x, w], cotangent=g)

    return {"channels last": step}


def torch_steps(size, filters, kernel, stride, device):
    import torch

    x, w, g = (torch.tensor(a, device=device) for a in arrays(size, filters, kernel, stride))
    channels_first = x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), g.permute(0, 3, 1, 2)

    def step(x, w, g):
        return torch.autograd.grad(torch.nn.functional.conv2d(x, w, stride=stride), [x, w], g)

    steps = {}
    for name, layout in (
        ("channels first", torch.contiguous_format),
        ("channels last", torch.channels_last),
    ):
        images, kernels, gradient = (a.contiguous(memory_format=layout) for a in channels_first)
        steps[name] = partial(step, images.requires_grad_(), kernels.requires_grad_(), gradient)
    return steps
