"""Subclassed models of several inputs train as in Keras."""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import minigrad

pytestmark = pytest.mark.parity

rng = np.random.default_rng(0)
A = rng.standard_normal((12, 3)).astype("float32")
IDS = rng.integers(0, 5, 12)
Y = rng.standard_normal((12, 1)).astype("float32")
W = rng.random(12).astype("float32")
FORMS = {
    "list": lambda a, b: [a, b],
    "tuple": lambda a, b: (a, b),
    "dict": lambda a, b: {"a": a, "ids": b},
}


def two_inputs(module):
    class Two(module.Model):
        def __init__(self):
            super().__init__()
            self.dense = module.layers.Dense(4, activation="tanh")
            self.embedding = module.layers.Embedding(5, 4)
            self.out = module.layers.Dense(1)

        def call(self, inputs):
            a, ids = (inputs["a"], inputs["ids"]) if isinstance(inputs, dict) else inputs
            return self.out(self.dense(a) + self.embedding(ids))

    return Two()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS)
def test_training_with_several_inputs(form):
    x = FORMS[form](A, IDS)
    theirs, ours = networks = [two_inputs(module) for module in (keras, minigrad)]
    for network in networks:
        network(x)
        network.compile("sgd", "mse", weighted_metrics=["mae"])
    ours.set_weights(theirs.get_weights())
    options = {"batch_size": 5, "epochs": 2, "shuffle": False, "verbose": 0}
    options |= {"validation_split": 0.25, "sample_weight": W}
    histories = [network.fit(x, Y, **options).history for network in networks]
    assert sorted(histories[0]) == sorted(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=1e-4, err_msg=name)
    for a, b in zip(theirs.get_weights(), ours.get_weights()):
        np.testing.assert_allclose(b, a, atol=2e-6)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=2e-6)
    expected = theirs.evaluate(x, Y, verbose=0)
    np.testing.assert_allclose(ours.evaluate(x, Y), expected, rtol=1e-4)
