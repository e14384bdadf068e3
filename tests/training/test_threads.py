"""Trainings in threads of one process do not touch each other: the same bits as each alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minigrad
from minigrad import Sequential
from minigrad.data import Dataset
from minigrad.layers import LSTM, BatchNormalization, Dense, Dropout
from minigrad.random import generator, use_generator

rng = np.random.default_rng(0)
X = rng.standard_normal((32, 5))
Y = rng.standard_normal((32, 1))


def mlp():
    return Sequential(Dense(8, "relu"), BatchNormalization(), Dropout(0.3), Dense(1))


def recurrent():
    return Sequential(LSTM(4, dropout=0.2), Dense(1))


def jitter(x, y):
    return x + generator().normal(size=x.shape).astype(x.dtype), y


def train(seed, build, dtype, x):
    """The bits of weights, losses and outputs, and the settings that its thread saw meanwhile."""
    with use_generator(seed), minigrad.default_dtype(dtype):
        model = build()
        model.compile("adam", "mse", metrics=["mae"])
        data = Dataset(x, Y, batch_size=8, transform=jitter)
        history = model.fit(data, epochs=5, verbose=0, validation_data=(x, Y))
        assert not minigrad.is_training() and minigrad.floatx() == dtype
        outputs = model.predict(x)
    assert all(w.dtype == dtype for w in model.get_weights())
    values = [*model.get_weights(), outputs, np.array(history.history["loss"])]
    return [value.tobytes() for value in values]


RUNS = {
    "mlp": (3, mlp, "float32", X),
    "mlp in float64": (4, mlp, "float64", X),
    "recurrent": (5, recurrent, "float32", X[:, :, None]),
    "recurrent of another seed": (6, recurrent, "float32", X[:, :, None]),
}


@pytest.mark.parametrize("names", [list(RUNS)[:2], list(RUNS)[2:], list(RUNS)])
def test_trainings_in_threads_give_the_bits_of_each_alone(names):
    alone = [train(*RUNS[name]) for name in names]
    before = generator().bit_generator.state
    with ThreadPoolExecutor(len(names)) as pool:
        together = list(pool.map(lambda name: train(*RUNS[name]), names))
    assert together == alone
    assert len({bits[0] for bits in alone}) == len(names)
    assert generator().bit_generator.state == before, "nothing is drawn from the process's"


def test_a_prediction_beside_a_training_is_no_training():
    """Dropout stays off in the thread that predicts, batch normalization keeps its statistics."""
    with use_generator(1):
        model = mlp()
        expected = model.predict(X)
    statistics = [w.tobytes() for w in model.get_weights()]
    ended = threading.Event()

    def train_on():
        try:
            return train(*RUNS["mlp"])
        finally:
            ended.set()

    def predict():
        count = 0
        while not ended.is_set() or count == 0:
            assert model.predict(X).tobytes() == expected.tobytes()
            count += 1
        return count

    alone = train(*RUNS["mlp"])
    with ThreadPoolExecutor(2) as pool:
        predictions, training = pool.submit(predict), pool.submit(train_on)
        assert training.result() == alone
        assert predictions.result() > 0
    assert [w.tobytes() for w in model.get_weights()] == statistics
