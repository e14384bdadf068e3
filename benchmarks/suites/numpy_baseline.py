"""Training steps in plain NumPy (or CuPy), as fast as they go without a framework.

Everything is in place, and Adam runs over one flat array.
"""

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
    parameters = []
    for m, n in itertools.pairwise(sizes):
        limit = np.float32((6 / (m + n)) ** 0.5)
        kernel = (draw.random((m, n), "float32") * 2 - 1) * limit
        parameters.append((kernel, np.zeros(n, "float32")))
    return parameters


def flat(arrays: list[Any], xp: Any) -> tuple[Any, list[Any]]:
    """One array that holds all of them end to end, and the views into it."""
    joined = xp.concatenate([xp.asarray(a).ravel() for a in arrays])
    views = []
    end = 0
    for a in arrays:
        start, end = end, end + a.size
        views.append(joined[start:end].reshape(a.shape))
    return joined, views


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
    """Dense layers with relu, and dropout if it is not 0, between."""
    xp = array_module(device)
    images, classes, rows = xp.asarray(x), xp.asarray(labels), xp.arange(len(x))
    start = [a for pair in dense_parameters(sizes) for a in pair]
    parameters, views = flat(start, xp)
    gradients, gradient_views = flat([np.zeros_like(a) for a in start], xp)
    update = adam(parameters, gradients, xp)
    draw = xp.random.default_rng(0)
    layers = len(sizes) - 1

    def dropout_mask(shape: tuple[int, ...]) -> Any:
        kept = draw.random(shape, "float32") >= dropout
        return kept * np.float32(1 / (1 - dropout))

    def step() -> Any:
        inputs, masks = [images], []
        for i in range(layers):
            y = inputs[i] @ views[2 * i]
            y += views[2 * i + 1]
            if i < layers - 1:
                xp.maximum(y, 0, out=y)
                if dropout:
                    masks.append(dropout_mask(y.shape))
                    y *= masks[i]
                inputs.append(y)
        loss = cross_entropy(y, rows, classes, xp)
        g = y
        for i in reversed(range(layers)):
            xp.matmul(inputs[i].T, g, out=gradient_views[2 * i])
            g.sum(0, out=gradient_views[2 * i + 1])
            if i:
                g = g @ views[2 * i].T
                g *= inputs[i] > 0
                if dropout:
                    g *= masks[i - 1]
        update()
        return loss

    return step
