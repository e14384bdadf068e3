"""Losses: far from zero, known values, labels and shapes they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import grad, ops
from minigrad.backend import to_cpu

from .helpers import fails, leaf
from .test_activations import FAR
from .test_softmax import ROWS, SHARES


def test_binary_cross_entropy_far_out(xp):
    logits, targets = leaf(xp, FAR + FAR), leaf(xp, [0.0] * 5 + [1.0] * 5)
    log2 = math.log(2)
    losses = [0, 0, log2, 100, 1000, 1000, 100, log2, 0, 0]
    y = ops.binary_cross_entropy(logits, targets)
    assert y.item() == pytest.approx(sum(losses) / 10, rel=1e-6)
    for recorded in (False, True):
        (g,) = grad(y, [logits], create_graph=recorded)
        np.testing.assert_allclose(
            to_cpu(g.data) * 10, [0, 0, 0.5, 1, 1, -1, -1, -0.5, 0, 0], rtol=1e-6, atol=1e-30
        )


def test_sparse_cross_entropy_far_out(xp):
    x, labels = leaf(xp, ROWS), xp.asarray(np.array([0, 1, 2, 1, 2]))
    losses = [2000, math.log(3), -math.log(SHARES[2][2]), math.log(2), 0]
    y = ops.sparse_cross_entropy(x, labels)
    assert y.item() == pytest.approx(sum(losses) / 5, rel=1e-6) and y.dtype == np.float32
    for recorded in (False, True):
        (g,) = grad(y, [x], create_graph=recorded)
        np.testing.assert_allclose(
            to_cpu(g.data) * 5, np.array(SHARES) - np.eye(3)[[0, 1, 2, 1, 2]], rtol=1e-5, atol=1e-6
        )


def test_losses_have_their_known_values(xp):
    """Mean squared error, and cross-entropies of probabilities reached through their logits."""
    truth, p = xp.asarray(np.array([1.0, 0, 1, 0])), np.array([0.9, 0.2, 0.8, 0.3])
    assert float(ops.mean_squared_error(xp.asarray(p), truth)) == pytest.approx(0.045, rel=1e-12)
    logits = xp.asarray(np.log(p / (1 - p)))
    assert float(ops.binary_cross_entropy(logits, truth)) == pytest.approx(
        0.22708064055624455, rel=1e-12
    )
    rows = xp.asarray(np.log([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]]))
    assert float(ops.cross_entropy(rows, xp.asarray(np.eye(3)))) == pytest.approx(
        0.4243218919376292, rel=1e-12
    )
    assert float(ops.sparse_cross_entropy(rows, xp.asarray(np.arange(3)))) == pytest.approx(
        0.4243218919376292, rel=1e-12
    )


ERRORS = [
    (
        "(N, 1) against (N,)",
        lambda x: ops.mean_squared_error(x[:, :1], x[:, 0]),
        ValueError,
        ["mean_squared_error", r"\(2, 1\)", r"\(2,\)"],
    ),
    (
        "cross_entropy, shapes",
        lambda x: ops.cross_entropy(x, x[0]),
        ValueError,
        ["cross_entropy", r"\(3,\)", r"\(2, 3\)"],
    ),
    (
        "binary, shapes",
        lambda x: ops.binary_cross_entropy(x, x[:, :1]),
        ValueError,
        ["binary_cross_entropy", r"\(2, 1\)", r"\(2, 3\)"],
    ),
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))


def test_recorded_kernels_refuse_what_their_definitions_refuse(xp):
    for op in (ops.mean_squared_error, ops.binary_cross_entropy, ops.cross_entropy):
        for kernels in (True, False):
            with minigrad.use_kernels(kernels), fails(ValueError, op.name, r"\(3, 1\)", r"\(3,\)"):
                op(leaf(xp, np.ones((3, 1))), leaf(xp, np.ones(3)))


@pytest.mark.parametrize(
    "labels, error, words",
    [
        ([0, 3], IndexError, ["3", "0..2"]),
        ([-1, 0], IndexError, ["-1", "0..2"]),
        ([0.5, 1.0], ValueError, ["integers", "0.5"]),
        ([0.0, 3.0], IndexError, ["3", "0..2"]),
        ([0, 1, 2], ValueError, [r"\(3,\)", r"\(2, 3\)"]),
        ([[0], [1]], ValueError, [r"\(2, 1\)", r"\(2,\)"]),
    ],
)
@pytest.mark.parametrize("kernels", [True, False])
def test_labels(kernels, labels, error, words, xp):
    with minigrad.use_kernels(kernels), fails(error, *words):
        ops.sparse_cross_entropy(leaf(xp, np.ones((2, 3))), xp.asarray(np.array(labels)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["mean_squared_error", "cross_entropy", "binary_cross_entropy"])
@pytest.mark.parametrize("kernels_on", [True, False])
def test_the_gradient_of_no_samples_is_empty(name, kernels_on):
    x = minigrad.Tensor(np.ones((0, 3)), requires_grad=True)
    with minigrad.use_kernels(kernels_on):
        getattr(ops, name)(x, np.ones((0, 3), "float32")).backward()
    assert x.grad.shape == (0, 3)
