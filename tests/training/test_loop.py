"""The loops: means over rows, own steps, interrupts, one seed, a run that is resumed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense, Dropout
from minigrad.optimizers.sgd import SGD
from minigrad.training.callbacks import Callback

from .helpers import LABELS, X, Y, assert_equal_weights, regression


def test_the_last_batch_counts_by_its_rows():
    model = regression(SGD(0.0), metrics=["mae"])
    # all the error is in a batch of two rows
    y = np.where(np.arange(50) < 48, 0, 1000)[:, None].astype("float32")
    history = model.fit(X, y, batch_size=16, verbose=0, shuffle=False)
    p = model.predict(X)
    assert history.history["loss"][0] == pytest.approx(((p - y) ** 2).mean(), rel=1e-5)
    assert history.history["mae"][0] == pytest.approx(abs(p - y).mean(), rel=1e-5)
    dropped = model.fit(X, y, batch_size=16, verbose=0, shuffle=False, drop_last=True)
    assert dropped.history["loss"][0] == pytest.approx((p[:48] ** 2).mean(), rel=1e-5)


def test_a_step_must_return_a_dict():
    model = regression()
    model.train_step = lambda data: None
    with pytest.raises(TypeError, match="a step must return a dict of values to log"):
        model.fit(X, Y, verbose=0)


def test_an_interrupted_fit_leaves_a_model_that_works():
    class Interrupt(Callback):
        def on_train_batch_end(self, batch, logs):
            raise KeyboardInterrupt

    model = regression()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, verbose=0, callbacks=[Interrupt()])
    assert not minigrad.is_training()
    model.fit(X, Y, verbose=0)


RUN = """
import sys
import numpy as np
import minigrad
from minigrad import Sequential
from minigrad.callbacks import ModelCheckpoint
from minigrad.layers import Dense, Dropout, LayerNormalization
from minigrad.optimizers import Adam
from minigrad.optimizers.schedules import CosineDecay

folder, seed, start = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(0)
x, y = rng.standard_normal((45, 4)), rng.integers(0, 3, 45)
minigrad.seed(seed)
model = Sequential(
    Dense(8, activation="relu", input_shape=(4,)),
    LayerNormalization(),
    Dropout(0.4),
    Dense(3, activation="softmax"),
)
optimizer = Adam(CosineDecay(0.05, 25), amsgrad=True)
model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
if start:
    assert model.load(f"{folder}/{start}.safetensors") == start
history = model.fit(
    x,
    y,
    batch_size=10,
    epochs=6,
    initial_epoch=start,
    validation_split=0.1,
    verbose=0,
    callbacks=[ModelCheckpoint(folder + "/{epoch}.safetensors")] if not start else [],
)
model.save(f"{folder}/end{start}.safetensors", epoch=6)
print(history.history["loss"][-1], history.history["val_accuracy"][-1])
"""


def test_a_run_resumed_in_a_fresh_process_continues_bit_for_bit(tmp_path):
    def run(seed, start):
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(tmp_path), str(seed), str(start)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, (tmp_path / f"end{start}.safetensors").read_bytes()

    uninterrupted, end = run(1, 0)
    resumed, same_end = run(77, 4)
    assert resumed == uninterrupted and same_end == end  # weights, optimizer state and generator
    assert (tmp_path / "4.safetensors").read_bytes() != end


def test_one_seed_one_result(device):
    def run(seed):
        minigrad.seed(seed)
        model = Sequential(
            [
                Dense(8, activation="relu", input_shape=(4,)),
                Dropout(0.3),
                Dense(3, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(X, LABELS, epochs=3, batch_size=16, verbose=0)
        return model

    a, b, c = run(1), run(1), run(2)
    assert_equal_weights(a, b)
    assert (a.get_weights()[0] != c.get_weights()[0]).any()


ROOT = Path(__file__).resolve().parents[2]
