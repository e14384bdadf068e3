"""Losses have PyTorch's values and gradients."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from minigrad import losses, ops

from .compare import compare, drawn, normal, seeds

F = torch.nn.functional
pytestmark = pytest.mark.parity


def probabilities(seed, *shape):
    e = np.exp(normal(seed, *shape))
    return e / e.sum(-1, keepdims=True)


@drawn
@given(st.integers(1, 6), st.integers(2, 5), seeds)
def test_cross_entropies(rows, classes, seed):
    x = normal(seed, rows, classes) * 4
    labels = np.random.default_rng(seed).integers(0, classes, rows)
    for ours in (ops.sparse_cross_entropy, ops.sparse_cross_entropy.forward):
        compare(ours, F.cross_entropy, x, labels)
    for ours in (ops.cross_entropy, ops.cross_entropy.forward):
        compare(ours, F.cross_entropy, x, probabilities(seed + 1, rows, classes))
    targets = 1 / (1 + np.exp(-normal(seed + 2, rows, classes)))
    for ours in (ops.binary_cross_entropy, ops.binary_cross_entropy.forward):
        compare(ours, F.binary_cross_entropy_with_logits, x, targets)
    for ours in (ops.mean_squared_error, ops.mean_squared_error.forward):
        compare(ours, F.mse_loss, x, targets)


def test_cross_entropies_at_extremes():
    x = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 30.0]])
    compare(ops.sparse_cross_entropy, F.cross_entropy, x, np.array([1, 1]))
    targets = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    compare(ops.binary_cross_entropy, F.binary_cross_entropy_with_logits, x, targets)


LOSSES = {
    "MeanSquaredError": (F.mse_loss, {}),
    "MeanAbsoluteError": (F.l1_loss, {}),
    "Huber": (lambda p, t: F.huber_loss(p, t, delta=0.8), {"delta": 0.8}),
    "CosineSimilarity": (lambda p, t: -F.cosine_similarity(p, t, dim=-1).mean(), {}),
    "LogCosh": (lambda p, t: torch.log(torch.cosh(p - t)).mean(), {}),
}


@pytest.mark.parametrize("name", LOSSES)
def test_distances(name):
    theirs, options = LOSSES[name]
    ours = getattr(losses, name)(**options)

    @drawn
    @given(st.integers(1, 5), st.integers(2, 4), seeds)
    def check(rows, columns, seed):
        compare(
            lambda p, t: ours(t, p),
            theirs,
            normal(seed, rows, columns),
            normal(seed + 1, rows, columns),
            rtol=1e-8,
        )

    check()


@drawn
@given(st.integers(1, 5), st.integers(2, 4), seeds)
def test_losses_on_probabilities(rows, classes, seed):
    p, y = probabilities(seed, rows, classes), probabilities(seed + 1, rows, classes)
    labels = np.random.default_rng(seed).integers(0, classes, rows)
    binary, categorical = losses.BinaryCrossentropy(), losses.CategoricalCrossentropy()
    sparse = losses.SparseCategoricalCrossentropy()
    compare(lambda p: binary(y, p), lambda t: F.binary_cross_entropy(t, torch.tensor(y)), p)
    compare(
        lambda p: categorical(y, p), lambda t: F.cross_entropy(torch.log(t), torch.tensor(y)), p
    )
    compare(
        lambda p: sparse(labels, p),
        lambda t: F.nll_loss(torch.log(t / t.sum(-1, keepdim=True)), torch.tensor(labels)),
        p,
    )
    compare(
        lambda p: losses.KLDivergence()(y, p),
        lambda t: F.kl_div(torch.log(t), torch.tensor(y), reduction="batchmean"),
        p,
    )
    compare(
        lambda p: losses.Poisson()(y, p),
        lambda t: F.poisson_nll_loss(t, torch.tensor(y), log_input=False, eps=1e-7),
        p,
    )


@drawn
@given(st.integers(1, 5), st.integers(2, 4), seeds)
def test_losses_on_the_output_of_softmax_and_sigmoid(rows, classes, seed):
    x = normal(seed, rows, classes) * 10
    labels = np.random.default_rng(seed).integers(0, classes, rows)
    one_hot = np.eye(classes)[labels]
    smoothed = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    binary = losses.BinaryCrossentropy(from_logits=True)
    compare(
        lambda x: losses.SparseCategoricalCrossentropy()(labels, ops.softmax(x)),
        lambda t: F.cross_entropy(t, torch.tensor(labels)),
        x,
    )
    compare(
        lambda x: smoothed(one_hot, x),
        lambda t: F.cross_entropy(t, torch.tensor(labels), label_smoothing=0.1),
        x,
    )
    compare(
        lambda x: binary(one_hot, x),
        lambda t: F.binary_cross_entropy_with_logits(t, torch.tensor(one_hot)),
        x,
    )
