"""Optimizers take PyTorch's steps, alone and in the training of a network."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings

import minigrad as mg
from minigrad import Tensor, grad, ops
from minigrad import optimizers as O

from .compare import drawn, normal, seeds

F = torch.nn.functional
pytestmark = pytest.mark.parity


SHAPES = [(3, 4), (4,), (2, 1, 3), ()]


def gradient_at(p, i, t):
    """The gradient of a bumpy bowl, with a little noise that depends on the step alone."""
    noise = np.random.default_rng(1000 * t + i).normal(size=p.shape)
    return np.asarray(p + 0.3 * np.sin(3 * p) + 0.2 * noise)


def our_path(optimizer, start, steps, decay=0.0):
    parameters = [Tensor(p.copy(), requires_grad=True, dtype="float64") for p in start]
    path = []
    for t in range(steps):
        gradients = [gradient_at(p.numpy(), i, t) for i, p in enumerate(parameters)]
        decayed = [g + decay * p.numpy() for g, p in zip(gradients, parameters, strict=True)]
        optimizer.apply(decayed, parameters)
        path.append([p.numpy().copy() for p in parameters])
    return path


def torch_path(make, start, steps):
    parameters = [torch.nn.Parameter(torch.tensor(p)) for p in start]
    optimizer = make(parameters)
    path = []
    for t in range(steps):
        for i, p in enumerate(parameters):
            p.grad = torch.tensor(gradient_at(p.detach().numpy(), i, t))
        optimizer.step()
        path.append([p.detach().numpy().copy() for p in parameters])
    return path


S = torch.optim
PAPER = {"epsilon_form": "paper"}  # PyTorch's epsilon stands beside the corrected root
# (ours, theirs, decay): PyTorch's weight_decay adds `decay` times p to the gradient
OPTIMIZERS = {
    "sgd": (lambda: O.SGD(0.05), lambda p: S.SGD(p, 0.05), 0),
    "sgd decay": (
        lambda: O.SGD(0.05, weight_decay=0.1),
        lambda p: S.SGD(p, 0.05, weight_decay=0.1),
        0,
    ),
    "momentum": (lambda: O.SGD(0.02, momentum=0.9), lambda p: S.SGD(p, 0.02, momentum=0.9), 0),
    "Momentum": (lambda: O.Momentum(0.02), lambda p: S.SGD(p, 0.02, momentum=0.9), 0),
    "momentum decay": (
        lambda: O.SGD(0.02, momentum=0.8),
        lambda p: S.SGD(p, 0.02, momentum=0.8, weight_decay=0.1),
        0.1,
    ),
    "nesterov": (
        lambda: O.SGD(0.02, momentum=0.9, nesterov=True),
        lambda p: S.SGD(p, 0.02, momentum=0.9, nesterov=True),
        0,
    ),
    "Nesterov": (
        lambda: O.Nesterov(0.02, momentum=0.7),
        lambda p: S.SGD(p, 0.02, momentum=0.7, nesterov=True),
        0,
    ),
    "adam": (lambda: O.Adam(0.05, **PAPER), lambda p: S.Adam(p, 0.05, eps=1e-7), 0),
    "adam betas": (
        lambda: O.Adam(0.05, beta_1=0.5, beta_2=0.9, epsilon=1e-3, **PAPER),
        lambda p: S.Adam(p, 0.05, (0.5, 0.9), 1e-3),
        0,
    ),
    "adam decay": (
        lambda: O.Adam(0.05, **PAPER),
        lambda p: S.Adam(p, 0.05, eps=1e-7, weight_decay=0.1),
        0.1,
    ),
    "amsgrad": (
        lambda: O.Adam(0.05, amsgrad=True, **PAPER),
        lambda p: S.Adam(p, 0.05, eps=1e-7, amsgrad=True),
        0,
    ),
    "adamw": (
        lambda: O.AdamW(0.05, **PAPER),
        lambda p: S.AdamW(p, 0.05, eps=1e-7, weight_decay=0.004),
        0,
    ),
    "adamw decay": (
        lambda: O.AdamW(0.05, weight_decay=0.2, **PAPER),
        lambda p: S.AdamW(p, 0.05, eps=1e-7, weight_decay=0.2),
        0,
    ),
    # Keras, and minigrad with it, has epsilon inside the root, PyTorch outside: equal where it is 0
    "rmsprop": (
        lambda: O.RMSprop(0.01, epsilon=0.0),
        lambda p: S.RMSprop(p, 0.01, alpha=0.9, eps=0.0),
        0,
    ),
    "rmsprop momentum": (
        lambda: O.RMSprop(0.01, rho=0.95, momentum=0.5, epsilon=0.0),
        lambda p: S.RMSprop(p, 0.01, alpha=0.95, momentum=0.5, eps=0.0),
        0,
    ),
    "adagrad": (
        lambda: O.Adagrad(0.1, epsilon=0.0),
        lambda p: S.Adagrad(p, 0.1, initial_accumulator_value=0.1, eps=0.0),
        0,
    ),
    "adagrad accumulator": (
        lambda: O.Adagrad(0.1, initial_accumulator_value=1.0, epsilon=0.0),
        lambda p: S.Adagrad(p, 0.1, initial_accumulator_value=1.0, eps=0.0),
        0,
    ),
}


def assert_same_path(ours, theirs):
    for step, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        for p, q in zip(mine, other, strict=True):
            np.testing.assert_allclose(p, q, rtol=1e-9, atol=1e-11, err_msg=f"step {step}")
    moved = max(abs(a - b).max() for a, b in zip(ours[0], ours[-1], strict=True))
    assert moved > 0.05, "a path that goes nowhere proves nothing"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_paths_of_50_steps(name):
    ours, theirs, decay = OPTIMIZERS[name]

    @settings(drawn, max_examples=3)
    @given(seeds)
    def check(seed):
        start = [np.asarray(normal(seed + i, *shape)) for i, shape in enumerate(SHAPES)]
        assert_same_path(our_path(ours(), start, 50, decay), torch_path(theirs, start, 50))

    check()


def test_centered_rmsprop_path():
    """With a large epsilon, so that rounding in the difference of the means does not decide."""
    start = [np.asarray(normal(i, *shape)) for i, shape in enumerate(SHAPES)]
    parameters = [Tensor(p, requires_grad=True, dtype="float64") for p in start]
    optimizer = O.RMSprop(0.01, rho=0.9, centered=True, epsilon=0.5)
    square, mean, p = ([np.zeros_like(a) for a in start] for _ in range(3))
    p = [a.copy() for a in start]
    for t in range(50):
        gradients = [gradient_at(q.numpy(), i, t) for i, q in enumerate(parameters)]
        optimizer.apply(gradients, parameters)
        for i in range(len(p)):
            g = gradient_at(p[i], i, t)
            square[i] = 0.9 * square[i] + 0.1 * g * g
            mean[i] = 0.9 * mean[i] + 0.1 * g
            p[i] = p[i] - 0.01 * g / np.sqrt(square[i] - mean[i] ** 2 + 0.5)
    for a, b in zip(parameters, p, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    "ours, clip",
    [
        ({"clipvalue": 0.3}, lambda ps: torch.nn.utils.clip_grad_value_(ps, 0.3)),
        ({"global_clipnorm": 0.5}, lambda ps: torch.nn.utils.clip_grad_norm_(ps, 0.5)),
        ({"clipnorm": 0.5}, lambda ps: [torch.nn.utils.clip_grad_norm_([p], 0.5) for p in ps]),
    ],
    ids=lambda v: str(v)[:20],
)
def test_clipped_paths(ours, clip):
    start = [np.asarray(normal(i, *shape)) for i, shape in enumerate(SHAPES)]

    def make(parameters):
        optimizer = S.SGD(parameters, 0.05, momentum=0.9)
        step = optimizer.step
        optimizer.step = lambda: (clip(parameters), step())
        return optimizer

    mine = our_path(O.SGD(0.05, momentum=0.9, **ours), start, 50)
    other = torch_path(make, start, 50)
    for a, b in zip(mine[-1], other[-1], strict=True):  # PyTorch divides by the norm plus 1e-6
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-5)


def test_a_small_network_trains_along_the_same_path():
    """Forward, loss, backward and Adam together, 50 steps of an MLP in float64."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(16, 5)), rng.integers(0, 3, 16)
    start = [rng.normal(size=(5, 8)) * 0.4, np.zeros(8), rng.normal(size=(8, 3)) * 0.4, np.zeros(3)]
    ours = [Tensor(p.copy(), requires_grad=True, dtype="float64") for p in start]
    theirs = [torch.nn.Parameter(torch.tensor(p)) for p in start]
    adam, torch_adam = O.Adam(0.01, **PAPER), S.Adam(theirs, 0.01, eps=1e-7)
    data = Tensor(x, dtype="float64")
    torch_data, torch_labels = torch.tensor(x), torch.tensor(labels)
    for _ in range(50):
        w1, b1, w2, b2 = ours
        logits = ops.tanh(data @ w1 + b1) @ w2 + b2
        loss = mg.ops.sparse_cross_entropy(logits, labels)
        adam.apply(grad(loss, ours), ours)
        v1, c1, v2, c2 = theirs
        torch_loss = F.cross_entropy(torch.tanh(torch_data @ v1 + c1) @ v2 + c2, torch_labels)
        torch_adam.zero_grad()
        torch_loss.backward()
        torch_adam.step()
        assert loss.item() == pytest.approx(torch_loss.item(), rel=1e-9)
    assert loss.item() < 0.8
