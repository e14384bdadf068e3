"""Masks and the training mode do in losses, metrics and training what they do in Keras."""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import warnings

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import minigrad

pytestmark = pytest.mark.parity

IDS = np.array([[3, 1, 4, 0, 0], [2, 5, 2, 6, 0], [1, 2, 3, 4, 5], [1, 0, 0, 0, 0]])
RNG = np.random.default_rng(0)
WEIGHTS = RNG.random((4, 5)).astype("float32")
TARGETS = {
    "mse": RNG.standard_normal((4, 5, 1)).astype("float32"),
    "binary_crossentropy": RNG.integers(0, 2, (4, 5, 1)).astype("float32"),
    "sparse_categorical_crossentropy": RNG.integers(0, 3, (4, 5)),
}
LINES = {
    "lstm": lambda k: [k.LSTM(4, return_sequences=True)],
    "bidirectional": lambda k: [k.Bidirectional(k.GRU(4, return_sequences=True))],
    "batch norm": lambda k: [k.Dense(6), k.BatchNormalization(), k.Activation("relu")],
    "group norm": lambda k: [k.GroupNormalization(2), k.LayerNormalization()],
    "time distributed": lambda k: [k.TimeDistributed(k.Dense(3)), k.Dropout(0.0)],
    "ends": lambda k: [k.Conv1D(3, 1)],
    "lambda": lambda k: [k.Lambda(lambda x: x * 2)],
    "lambda with mask": lambda k: [k.Lambda(lambda x: x * 2, mask=lambda x, mask: mask)],
}


def twins(line, units, activation):
    """The same network in Keras and here, with the same weights."""
    networks = []
    for module in (keras, minigrad):
        layers = module.layers
        body = LINES[line](layers)
        network = module.Sequential(
            [layers.Embedding(7, 4, mask_zero=True), *body, layers.Dense(units, activation)]
        )
        network(IDS)
        networks.append(network)
    theirs, ours = networks
    ours.set_weights(theirs.get_weights())
    return theirs, ours


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("loss", TARGETS)
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS])
@pytest.mark.filterwarnings("ignore")
def test_training_and_evaluation(line, loss, sample_weight):
    units = 3 if loss.startswith("sparse") else 1
    activation = {"mse": None, "binary_crossentropy": "sigmoid"}.get(loss, "softmax")
    metric = "mae" if loss == "mse" else "accuracy"
    theirs, ours = twins(line, units, activation)
    y = TARGETS[loss]
    for network in (theirs, ours):
        network.compile("sgd", loss, metrics=[metric], weighted_metrics=[metric])
    for _ in range(2):
        results = [
            network.evaluate(IDS, y, sample_weight=sample_weight, verbose=0, return_dict=True)
            for network in (theirs, ours)
        ]
        # Keras gives both metrics one name, so the weighted one is compared
        assert results[1]["loss"] == pytest.approx(float(results[0]["loss"]), rel=2e-5)
        expected = results[0].get(f"weighted_{metric}", results[0][metric])
        assert results[1][f"weighted_{metric}"] == pytest.approx(float(expected), rel=2e-5)
        for network in (theirs, ours):
            network.train_on_batch(IDS, y, sample_weight=sample_weight)
        for a, b in zip(theirs.get_weights(), ours.get_weights()):
            np.testing.assert_allclose(b, a, atol=2e-6)


def test_masks_of_outputs():
    theirs, ours = twins("lstm", 2, None)
    for x in (IDS, IDS[:, ::-1].copy()):
        a, b = theirs(x)._keras_mask, ours(x)._keras_mask
        np.testing.assert_array_equal(np.asarray(a), b)


FORMS = {
    "False": lambda base: type(
        "A", (base,), {"call": lambda s, x, training=False: s.run(x, training)}
    ),
    "None": lambda base: type(
        "B", (base,), {"call": lambda s, x, training=None: s.run(x, training)}
    ),
    "True": lambda base: type(
        "C", (base,), {"call": lambda s, x, training=True: s.run(x, training)}
    ),
    "inherited": lambda base: type("D", (base,), {"call": lambda s, x: s.run(x, None)}),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_training_mode(form):
    """What call sees in fit, predict, and calls with and without training=."""
    seen = []
    for module in (keras, minigrad):

        class Probe(module.layers.Layer):
            def run(self, x, training):
                self.modes.append(training)
                return x

        layer = FORMS[form](Probe)()
        layer.modes = []
        network = module.Sequential([layer, module.layers.Dense(1)])
        x = np.ones((4, 3), "float32")
        network(x)
        network.compile("sgd", "mse")
        runs = (
            lambda: network.train_on_batch(x, x[:, :1]),
            lambda: network.test_on_batch(x, x[:, :1]),
            lambda: network.predict(x, verbose=0),
            lambda: layer(x),
            lambda: layer(x, training=True),
            lambda: network(x, training=True),
        )
        modes = []
        for run in runs:
            layer.modes.clear()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run()
            modes.append(bool(layer.modes[-1]))  # Keras traces its first step symbolically
        seen.append(modes)
    assert seen[0] == seen[1]
