"""A metric that somebody wrote for Keras runs here with nothing but its imports changed."""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import minigrad

pytestmark = pytest.mark.parity

# the class of Keras's guide, and forms seen in the wild
SOURCE = """
class BinaryTruePositives(metrics.Metric):
    def __init__(self, name="binary_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_variable(
            shape=(), initializer="zeros", name="true_positives"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = ops.cast(y_true, "bool")
        y_pred = ops.cast(ops.greater(y_pred, 0.5), "bool")
        values = ops.logical_and(ops.equal(y_true, True), ops.equal(y_pred, True))
        values = ops.cast(values, self.dtype)
        if sample_weight is not None:
            sample_weight = ops.cast(sample_weight, self.dtype)
            values = ops.multiply(values, sample_weight.reshape(values.shape))
        self.true_positives.assign(self.true_positives + ops.sum(values))

    def result(self):
        return self.true_positives


class MeanError(metrics.Metric):
    def __init__(self, name="mean_error", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", shape=(), initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = ops.absolute(y_true - y_pred)
        if sample_weight is not None:
            errors = errors * sample_weight.reshape(errors.shape)
        self.total.assign_add(ops.sum(errors))
        self.count.assign_add(y_true.shape[0])

    def result(self):
        return self.total / self.count

    def reset_state(self):
        self.total.assign(0.0)
        self.count.assign(0.0)


class PerClass(metrics.Metric):
    def __init__(self, name="per_class", **kwargs):
        super().__init__(name=name, **kwargs)
        self.counts = self.add_weight(shape=(2,), initializer="ones", name="counts")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.counts.assign_add([1.0, 2.0])

    def result(self):
        return ops.sum(self.counts)
"""
NAMES = ["BinaryTruePositives", "MeanError", "PerClass"]


def classes_of(module):
    space = {"metrics": module.metrics, "ops": module.ops}
    exec(SOURCE, space)
    return [space[name] for name in NAMES]


def test_alone():
    rng = np.random.default_rng(0)
    for theirs, ours in zip(classes_of(keras), classes_of(minigrad)):
        a, b = theirs(), ours()
        for _ in range(2):
            for _ in range(3):
                y = rng.integers(0, 2, (5, 1)).astype("float32")
                p, w = rng.random((2, 5, 1)).astype("float32")
                a.update_state(keras.ops.convert_to_tensor(y), keras.ops.convert_to_tensor(p), w)
                b.update_state(y, minigrad.Tensor(p), w)
                assert float(b.result()) == pytest.approx(float(a.result()), rel=1e-5)
            a.reset_state()
            b.reset_state()
        assert [v.shape for v in b.variables] == [tuple(v.shape) for v in a.variables]
        assert [v.name for v in b.variables] == [v.name for v in a.variables]


@pytest.mark.filterwarnings("ignore")
def test_compiled():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((10, 3)).astype("float32")
    y = rng.integers(0, 2, (10, 1)).astype("float32")
    networks = []
    for module in (keras, minigrad):
        network = module.Sequential([module.layers.Dense(1, activation="sigmoid")])
        network(x)
        plain, weighted = ([cls() for cls in classes_of(module)] for _ in range(2))
        for metric in weighted:
            metric.name += "_weighted"
        network.compile("sgd", "mse", metrics=plain, weighted_metrics=weighted)
        networks.append(network)
    networks[1].set_weights(networks[0].get_weights())
    options = {"epochs": 2, "batch_size": 4, "verbose": 0, "shuffle": False}
    w = rng.random(10).astype("float32")
    histories = [
        n.fit(x, y, sample_weight=w, validation_data=(x, y, w), **options).history for n in networks
    ]
    assert sorted(histories[0]) == sorted(histories[1])
    for name, values in histories[0].items():
        if not name.endswith("loss"):
            np.testing.assert_allclose(histories[1][name], values, rtol=1e-4, err_msg=name)
