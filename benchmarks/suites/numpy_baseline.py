"""Training steps in plain NumPy (or CuPy), as fast as they go without a framework: everything in place, Adam over one flat array."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np


def array_module(device: str) -> Any:
    if device == "cpu":
        return np
    import cupy

    return cupy


def dense_parameters(sizes: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """[(kernel, bias), ...]: Glorot's uniform kernels and zeros."""
    draw = np.random.default_rng(0)
    return [
        (
            (draw.random((m, n), "float32") * 2 - 1) * np.float32((6 / (m + n)) ** 0.5),
            np.zeros(n, "float32"),
        )
        for m, n in itertools.pairwise(sizes)
    ]


def flat(arrays: list[Any], xp: Any) -> tuple[Any, list[Any]]:
    """One array that holds all of them end to end, and the views into it."""
    whole = xp.concatenate([xp.asarray(a).ravel() for a in arrays])
    ends = list(itertools.accumulate(a.size for a in arrays))
    return whole, [
        whole[end - a.size : end].reshape(a.shape) for a, end in zip(arrays, ends, strict=True)
    ]


def adam(p: Any, g: Any, xp: Any) -> Callable[[], None]:
    """A step of Adam(1e-3) on p by its gradient g, both flat."""
    m, v, work = xp.zeros_like(p), xp.zeros_like(p), xp.zeros_like(p)
    steps = itertools.count(1)

    def update() -> None:
        nonlocal p, m, v, work
        t = next(steps)
        m *= 0.9
        m += xp.multiply(g, 0.1, out=work)
        v *= 0.999
        xp.multiply(g, g, out=work)
        work *= 0.001
        v += work
        xp.sqrt(v, out=work)
        work += 1e-7
        xp.divide(m, work, out=work)
        work *= 1e-3 * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t)
        p -= work

    return update


def cross_entropy(logits: Any, rows: Any, labels: Any, xp: Any) -> Any:
    """The loss; its gradient overwrites the logits."""
    g = logits
    g -= g.max(1, keepdims=True)
    picked = g[rows, labels]
    xp.exp(g, out=g)
    total = g.sum(1, keepdims=True)
    g /= total * len(g)
    g[rows, labels] -= 1 / len(g)
    return (xp.log(total[:, 0]) - picked).mean()


def mlp(
    sizes: tuple[int, ...], dropout: float, x: Any, labels: Any, device: str
) -> Callable[[], Any]:
    """Dense layers with relu, and dropout if asked for, between."""
    xp = array_module(device)
    x, labels, rows = xp.asarray(x), xp.asarray(labels), xp.arange(len(x))
    start = [a for pair in dense_parameters(sizes) for a in pair]
    parameters, views = flat(start, xp)
    gradients, slopes = flat([np.zeros_like(a) for a in start], xp)
    update, draw, layers = adam(parameters, gradients, xp), xp.random.default_rng(0), len(sizes) - 1

    def step() -> Any:
        inputs, masks = [x], []
        for i in range(layers):
            y = inputs[i] @ views[2 * i]
            y += views[2 * i + 1]
            if i < layers - 1:
                xp.maximum(y, 0, out=y)
                if dropout:
                    masks.append(
                        (draw.random(y.shape, "float32") >= dropout) * np.float32(1 / (1 - dropout))
                    )
                    y *= masks[i]
                inputs.append(y)
        loss = cross_entropy(y, rows, labels, xp)
        g = y
        for i in reversed(range(layers)):
            xp.matmul(inputs[i].T, g, out=slopes[2 * i])
            g.sum(0, out=slopes[2 * i + 1])
            if i:
                g = g @ views[2 * i].T
                g *= inputs[i] > 0
                if dropout:
                    g *= masks[i - 1]
        update()
        return loss

    return step
