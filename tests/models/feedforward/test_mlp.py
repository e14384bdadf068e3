"""The MLP with scikit-learn's settings: figures, weight decay and stopping of MLPClassifier."""

from __future__ import annotations

import math
import types

import numpy as np
import pytest

from models.feedforward import mlp


def test_training_reaches_scikit_learn():
    """The full training of one seed: the epochs, loss and accuracy of MLPClassifier."""
    _, metrics = mlp.train(seed=0, verbose=0)
    assert 70 <= metrics["epochs"] <= 95
    assert 0.0019 < metrics["training_loss"] < 0.0028
    assert metrics["accuracy"] >= 0.972


def test_weight_decay_is_that_of_scikit_learn():
    model = mlp.mlp(alpha=0.5, batch_size=10)
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((10, 64)).astype("float32")
    y = rng.integers(0, 10, 10)
    cross_entropy = model.loss(y, model(x)).item()
    squares = sum(float((layer.kernel.numpy() ** 2).sum()) for layer in model.layers)
    loss = model.compute_loss(x, y, model(x)).item()
    assert math.isclose(loss, cross_entropy + 0.5 * 0.5 * squares / 10, rel_tol=1e-5)


@pytest.mark.parametrize(
    "losses, stops_after",
    [
        ([1.0] * 20, 12),  # one good epoch, then eleven stalled ones
        (list(np.linspace(1, 0.9, 20)), None),  # steps of .005
        (list(1 - 5e-5 * np.arange(20)), 12),  # always lower, never by enough
        ([1.0] * 10 + [0.5] + [0.5] * 20, 22),  # a fresh start in between
    ],
)
def test_training_stops_as_that_of_scikit_learn(losses, stops_after):
    stop = mlp.StopWhenStalled()
    stop.model = types.SimpleNamespace(stop_training=False)
    stop.on_train_begin({})
    stopped = None
    for epoch, loss in enumerate(losses):
        stop.on_epoch_end(epoch, {"loss": loss})
        if stop.model.stop_training:
            stopped = epoch + 1
            break
    assert stopped == stops_after
