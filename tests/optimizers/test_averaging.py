"""Exponential moving averages of weights: the formula, the scope, the state."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Sequential
from minigrad.layers import BatchNormalization, Dense
from minigrad.optimizers import ExponentialMovingAverage

DRAW = np.random.default_rng(0)


def network():
    model = Sequential(Dense(3), BatchNormalization(), Dense(1))
    model.build((None, 2))
    return model


def walk(model, average, steps):
    """Random steps; the weights after each."""
    path = []
    for _ in range(steps):
        for p in model.weights:
            p.assign_add(DRAW.standard_normal(p.shape))
        average.update()
        path.append(model.get_weights())
    return path


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.999])
def test_the_formula(decay):
    model = network()
    average = ExponentialMovingAverage(model, decay)
    expected = model.get_weights()
    for k, weights in enumerate(walk(model, average, 30)):
        d = min(decay, (1 + k) / (10 + k))
        expected = [d * a + (1 - d) * w for a, w in zip(expected, weights, strict=True)]
    for (name, a), e in zip(average.averages.items(), expected, strict=True):
        np.testing.assert_allclose(a.numpy(), e, rtol=1e-5, atol=1e-6, err_msg=name)
        assert a.dtype == np.float32
    assert any("moving_variance" in name for name in average.averages)  # statistics go along


def test_the_scope_gives_back_the_same_bits():
    model = network()
    average = ExponentialMovingAverage(model)
    walk(model, average, 3)
    before = model.get_weights()
    with pytest.raises(ZeroDivisionError), average.applied():
        inside = model.get_weights()
        raise ZeroDivisionError
    for w, b, a, i in zip(model.get_weights(), before, average.averages.values(), inside):
        np.testing.assert_array_equal(w, b)
        np.testing.assert_array_equal(i, a.numpy())
    average.apply()
    for w, a in zip(model.get_weights(), average.averages.values(), strict=True):
        np.testing.assert_array_equal(w, a.numpy())


def test_a_part_of_a_model():
    model = network()
    average = ExponentialMovingAverage(model.layers[0])
    assert list(average.averages) == ["kernel", "bias"]


def test_the_state_goes_on():
    model = network()
    average = ExponentialMovingAverage(model)
    walk(model, average, 4)
    other = ExponentialMovingAverage(model)
    other.set_state(average.get_state())
    walk(model, average, 1)
    other.update()
    assert other.updates == average.updates == 5
    for a, b in zip(average.averages.values(), other.averages.values(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    with pytest.raises(ValueError, match="the averages have shapes .* the weights"):
        ExponentialMovingAverage(model.layers[0]).set_state(average.get_state())


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"decay must be in \[0, 1\), such as 0.999, not 1"):
        ExponentialMovingAverage(network(), decay=1)
    with pytest.raises(ValueError, match=r"no weights to average: build it first"):
        ExponentialMovingAverage(Dense(3))
