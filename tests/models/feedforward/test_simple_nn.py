"""SimpleNN: the training of the network in bare NumPy, step by step."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.optimizers.sgd import SGD
from models.common.handwritten_digits import load_data
from models.feedforward import simple_nn


@pytest.mark.parametrize(
    "seed, accuracy, loss",
    [(0, 0.913889, 0.455284), (1, 0.913889, 0.461927), (2, 0.927778, 0.447048)],
)
def test_training_repeats_that_in_bare_numpy(seed, accuracy, loss):
    """Given its weights and its order of rows, all 220 steps give its loss and its accuracy."""
    rng = np.random.RandomState(seed)
    (x, y), (x_test, y_test) = load_data("digits28", flat=True)
    with minigrad.default_dtype("float64"):
        model = simple_nn.simple_nn()
        model.compile(optimizer=SGD(0.01), loss="sparse_categorical_crossentropy")
        w1 = rng.randn(784, 128) * np.sqrt(2 / 784)
        w2 = rng.randn(128, 10) * np.sqrt(2 / 128)
        model.set_weights([w1, np.zeros(128), w2, np.zeros(10)])
        for _ in range(20):
            order = rng.permutation(len(x))
            losses = []
            for start in range(0, 1408, 128):
                rows = order[start : start + 128]
                batch = x[rows].astype("float64"), y[rows]
                losses.append(float(model.train_on_batch(*batch)))
        right = model.predict(x_test).argmax(1) == y_test
    assert abs(np.mean(losses) - loss) < 2e-6
    assert abs(right.mean() - accuracy) < 1e-6
