"""The artificial neuron and the perceptron: known figures, and what a line can separate."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Tensor, check_grads
from models.feedforward import neuron

# ---- the neuron ----------------------------------------------------------------------------------


def fixed_neuron(activation, w, b):
    one = neuron.Neuron(3, activation)
    one.w = Tensor(w, dtype="float64")
    one.b = Tensor(b, dtype="float64")
    return one


@pytest.mark.parametrize(
    "activation, expected",
    [("linear", 0.3), ("sigmoid", 0.574442516811659), ("relu", 0.3), ("tanh", 0.2913126124515909)],
)
def test_neuron_has_the_known_outputs(activation, expected):
    one = fixed_neuron(activation, [0.1, 0.2, 0.3], 0.05)
    x = Tensor([0.5, -0.2, 0.8], dtype="float64")
    assert abs(one(x).item() - expected) <= 1e-15
    assert abs(one(x.reshape(1, 3)).numpy()[0] - expected) <= 1e-15


def test_neuron_with_drawn_weights():
    draws = 0.1 * np.random.RandomState(0).randn(4)
    one = fixed_neuron("sigmoid", draws[:3], draws[3])
    output = one(Tensor([0.5, -0.2, 0.8], dtype="float64"))
    assert abs(output.item() - 0.5944971045571908) <= 1e-15


def test_neuron_starts_small_and_has_gradients():
    neurons = [neuron.Neuron(3) for _ in range(500)]
    weights = np.concatenate([[*one.w.numpy(), one.b.item()] for one in neurons])
    assert abs(weights.std() - 0.1) < 0.005
    assert abs(weights.mean()) < 0.01
    one = neuron.Neuron(3, "tanh")
    check_grads(one, np.array([0.5, -0.2, 0.8]), parameters=[one.w, one.b])


# ---- the perceptron ------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", range(16))
def test_perceptron_learns_what_a_line_can_separate(labels):
    """Of the sixteen functions of two bits it learns fourteen, not XOR and its opposite."""
    y = [float(labels >> i & 1) for i in range(4)]
    one = neuron.Perceptron(2)
    one.fit(Tensor(neuron.CORNERS), Tensor(y), epochs=200)
    right = (neuron.predictor(one)(neuron.CORNERS) == y).all()
    if y in ([0, 1, 1, 0], [1, 0, 0, 1]):
        assert not right
        assert len(one.corrections) == 200
        assert min(one.corrections) > 0
        assert one.cycle > 0
    else:
        assert right
        assert one.corrections[-1] == 0
        assert one.cycle == 0


def test_perceptron_cycle_is_a_cycle():
    one = neuron.Perceptron(2)
    x, y = Tensor(neuron.CORNERS), Tensor(neuron.TASKS["xor"])
    one.fit(x, y)
    before = [*one.w.numpy(), *one.b.numpy()]
    one.fit(x, y, epochs=one.cycle)
    assert [*one.w.numpy(), *one.b.numpy()] == before


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_layers_learn_xor(seed, device):
    models, metrics = neuron.train(seed=seed)
    assert metrics["xor_two_layers_wrong"] == metrics["and_wrong"] == metrics["or_wrong"] == 0
    assert metrics["xor_wrong"] >= 1
    assert metrics["xor_cycle"] == 1
    outputs = neuron.predictor(models["xor_two_layers"])(neuron.CORNERS)
    assert abs(outputs - neuron.TASKS["xor"]).max() < 0.2
