"""What watching costs: `fit(..., watch=True)` beside the same fit, in turns, in one process.

`python -m benchmarks.watching` prints, for a perceptron, a small convolutional network and an LSTM,
the median over pairs of the time with the watcher over the time without it. A fit has 40 epochs, as
in the lesson on the digits, and 10, where the first steps weigh more: most of them are observed.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential
from minigrad.layers import LSTM, Conv2D, Dense, Flatten, MaxPooling2D

from .suites.fit import digits

EPOCHS, BATCH = (40, 10), 32


def perceptron() -> tuple[Any, Any, Any]:
    """The digits perceptron of the suite `fit`."""
    x, y = digits()
    layers = [Dense(128, activation="relu"), Dense(64, activation="relu")]
    return Sequential([*layers, Dense(10, activation="softmax")]), x, y


def convolutional() -> tuple[Any, Any, Any]:
    """A convolution, a pooling and two dense layers on the digits."""
    x, y = digits()
    layers = [Conv2D(32, 3, activation="relu"), MaxPooling2D(2), Flatten()]
    dense = [Dense(128, activation="relu"), Dense(10, activation="softmax")]
    return Sequential([*layers, *dense]), x.reshape(-1, 8, 8, 1), y


def recurrent() -> tuple[Any, Any, Any]:
    """An LSTM that reads the digits row by row."""
    x, y = digits()
    return Sequential([LSTM(64), Dense(10, activation="softmax")]), x.reshape(-1, 8, 8), y


MODELS = {"digits MLP": perceptron, "digits CNN": convolutional, "digits LSTM": recurrent}


def measure(name: str, pairs: int, epochs: int) -> list[float]:
    """For each pair of fits the time of the watched one over that of the other.

    Args:
        name: One of MODELS.
        pairs: Number of pairs; the order alternates, so that a drift of the machine cancels.
        epochs: Epochs per fit.
    """
    minigrad.seed(0)
    model, x, y = MODELS[name]()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    options = {"batch_size": BATCH, "epochs": epochs, "verbose": 0}
    model.build(x[:1].shape)
    begin = model.get_weights()
    ratios = []
    for pair in range(-1, pairs):
        seconds = {}
        for watch in (pair % 2 == 0, pair % 2 != 0):
            model.set_weights(begin)  # each fit learns the same: a loss near 0 is not usual
            start = time.process_time()
            model.fit(x, y, watch=watch, **options)
            seconds[watch] = time.process_time() - start
        if pair >= 0:  # the first pair builds, captures and compiles
            ratios.append(seconds[True] / seconds[False])
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.watching", description=__doc__)
    parser.add_argument("--pairs", type=int, default=15, help="pairs of fits per model")
    options = parser.parse_args()
    for name, epochs in itertools.product(MODELS, EPOCHS):
        ratios = measure(name, options.pairs, epochs)
        low, high = np.quantile(ratios, [0.25, 0.75])
        times = f"{statistics.median(ratios):.3f} times as long, watched"
        print(f"{name}, {epochs} epochs: {times} (quartiles {low:.3f} to {high:.3f})", flush=True)


if __name__ == "__main__":
    main()
