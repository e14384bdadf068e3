"""Losses that leave rows out do what they do in Keras: values, gradients and means."""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import itertools

import numpy as np
import pytest

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")

import minigrad
from minigrad import Tensor, grad

pytestmark = pytest.mark.parity

RNG = np.random.default_rng(0)
LABELS = np.array([[0, 255, 2], [1, 2, 255]])
LOGITS = RNG.standard_normal((2, 3, 3)).astype("float32")
SHARES = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
WEIGHTS = RNG.random((2, 3)).astype("float32")
MASK = np.array([[True, True, False], [False, True, True]])
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("from_logits", [False, True])
def test_ignored_classes(reduction, axis, from_logits):
    y_pred = np.moveaxis(LOGITS if from_logits else SHARES, -1, axis).copy()
    options = {"from_logits": from_logits, "ignore_class": 255, "axis": axis}
    theirs, ours = (
        module.losses.SparseCategoricalCrossentropy(reduction=reduction, **options)
        for module in (keras, minigrad)
    )
    for weights, mask in itertools.product((None, WEIGHTS), (None, MASK)):
        t = torch.tensor(y_pred, requires_grad=True)
        x = Tensor(y_pred, requires_grad=True)
        if mask is not None:
            t._keras_mask, x.mask = torch.tensor(mask), mask
        a, b = theirs(LABELS, t, weights), ours(LABELS, x, weights)
        np.testing.assert_allclose(b.numpy(), a.detach().numpy(), rtol=2e-6, atol=1e-7)
        (g,) = grad(b.sum(), [x])
        (h,) = torch.autograd.grad(a.sum(), [t])
        np.testing.assert_allclose(g.numpy(), h.numpy(), rtol=2e-5, atol=1e-6)


def test_training_with_an_ignored_class():
    x = RNG.standard_normal((4, 5)).astype("float32")
    y = np.array([0, -1, 2, 1])
    networks = []
    for module in (keras, minigrad):
        network = module.Sequential([module.layers.Dense(3, activation="softmax")])
        network(x)
        network.compile("sgd", module.losses.SparseCategoricalCrossentropy(ignore_class=-1))
        networks.append(network)
    theirs, ours = networks
    ours.set_weights(theirs.get_weights())
    for weights in (None, np.array([1.0, 2.0, 0.5, 3.0], "float32")):
        found = [float(n.train_on_batch(x, y, sample_weight=weights)) for n in networks]
        assert found[1] == pytest.approx(found[0], rel=1e-5)
        for a, b in zip(theirs.get_weights(), ours.get_weights()):
            np.testing.assert_allclose(b, a, atol=2e-6)


def test_losses_of_a_batch_as_a_whole():
    bits, shares = RNG.integers(0, 2, (2, 4, 3)).astype("float32"), RNG.random((2, 4, 3))
    shares = shares.astype("float32")
    e = RNG.standard_normal((6, 4)).astype("float32")
    e /= np.linalg.norm(e, axis=1, keepdims=True)
    labels = np.array([0, 1, 0, 2, 1, 3])
    for name, options, t, p in [
        ("Dice", {}, bits, shares),
        ("Dice", {"axis": (1, 2)}, bits, shares),
        ("Tversky", {"alpha": 0.2, "beta": 0.9}, bits, shares),
        ("Tversky", {"axis": 1}, bits, shares),
        ("Circle", {}, labels, e),
        ("Circle", {"gamma": 3.0, "margin": 0.2, "remove_diagonal": False}, labels, e),
        ("CategoricalGeneralizedCrossEntropy", {"q": 0.3}, LABELS[0] % 3, SHARES[0]),
        ("CosineSimilarity", {"axis": 1}, bits, shares),
    ]:
        theirs, ours = (getattr(m.losses, name)(**options)(t, p) for m in (keras, minigrad))
        assert float(ours) == pytest.approx(float(theirs), rel=1e-5), (name, options)
