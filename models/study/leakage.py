"""Leakage, shown on purpose: five mistakes, and the scores that new data does not keep (Kaufman et
al. 2012; Ambroise & McLachlan 2002).

A small network is judged three times: on test rows that the training has seen something of, on test
rows kept apart as they should be, and, the network of the first, on fresh data. Features chosen
before the split make random labels look predictable; windows of random walks, split by shuffling,
share their future with training windows; rows that occur twice are in both parts; a column written
after the outcome is empty when it is needed. One leak does next to nothing here: a scaler that is
fitted on all rows moves the score by less than a point. It is a mistake all the same, of a kind
that the others show.

Lesson: tutorials/11_your_own_data.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

import minigrad
from minigrad import Sequential
from minigrad.data import windows
from minigrad.layers import Dense, Input
from minigrad.losses import BinaryCrossentropy
from minigrad.plots import new_figure
from minigrad.plots.style import DARK, MEDIUM, nth_color

FRESH = 1000  # rows of fresh data
Scores = tuple[float, float, float]  # leaky, kept apart, on fresh data

# ---- the network and its judge -------------------------------------------------------------------


def fitted(x: np.ndarray, y: np.ndarray) -> Sequential:
    """A network of 32 hidden units, trained for 60 epochs.

    Args:
        x: Training rows.
        y: 0 or 1 for each.
    """
    model = Sequential([Input(x.shape[1:]), Dense(32, activation="relu"), Dense(1)])
    model.compile("adam", BinaryCrossentropy(from_logits=True))
    model.optimizer.learning_rate = 0.01
    model.fit(x, y, batch_size=32, epochs=60, verbose=0)
    return model


def accuracy(model: Sequential, x: np.ndarray, y: np.ndarray) -> float:
    """The share of rows whose label the network gives.

    Args:
        model: A trained network.
        x: Rows.
        y: Their labels.
    """
    return float(np.mean((model.predict(x, verbose=0)[:, 0] > 0) == (y > 0)))


def halves(*arrays: np.ndarray) -> list[np.ndarray]:
    """Each array shuffled alike and cut: its first half, its second half, and so on.

    Args:
        arrays: Arrays of one row per sample.
    """
    order = minigrad.random.generator().permutation(len(arrays[0]))
    cut = len(order) // 2
    return [array[part] for array in arrays for part in (order[:cut], order[cut:])]


# ---- five leaks: each returns its scores ---------------------------------------------------------


def selection(rng: np.random.Generator) -> Scores:
    """Labels by coin; of 2000 columns of noise the twenty that fit them best are kept.

    Args:
        rng: Generator of the data.
    """
    x, y = rng.standard_normal((100, 2000)), rng.integers(2, size=100)
    fresh, labels = rng.standard_normal((FRESH, 2000)), rng.integers(2, size=FRESH)

    def best_columns(rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return np.argsort(abs((targets - targets.mean()) @ rows))[-20:]

    x_train, x_test, y_train, y_test = halves(x, y)
    leaky, apart = best_columns(x, y), best_columns(x_train, y_train)
    model = fitted(x_train[:, leaky], y_train)
    honest = fitted(x_train[:, apart], y_train)
    return (
        accuracy(model, x_test[:, leaky], y_test),
        accuracy(honest, x_test[:, apart], y_test),
        accuracy(model, fresh[:, leaky], labels),
    )


def shuffled_windows(rng: np.random.Generator) -> Scores:
    """Does the first of four random walks rise over 20 steps? Of these, neighbors share 19.

    Args:
        rng: Generator of the data.
    """
    horizon, length, size = 20, 600, 3
    walks = np.cumsum(rng.standard_normal((length + FRESH, 4)), 0)
    rises = walks[horizon:, 0] > walks[:-horizon, 0]  # of each time, known 20 steps later
    inputs, _ = windows(walks[:-horizon] / 10, size)
    inputs = inputs.reshape(len(inputs), -1)  # (N, 12): the last row is that of time i + 2
    labels = rises[size - 1 : -1].astype(int)
    x, y = inputs[:length], labels[:length]
    x_train, x_test, y_train, y_test = halves(x, y)
    model = fitted(x_train, y_train)
    half = length // 2
    honest = fitted(x[: half - horizon], y[: half - horizon])  # a gap as long as the horizon
    after = slice(length + horizon, None)
    return (
        accuracy(model, x_test, y_test),
        accuracy(honest, x[half:], y[half:]),
        accuracy(model, inputs[after], labels[after]),
    )


def noisy_rows(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """n rows of 10 columns; the label follows the first, and is wrong in 3 of 10 rows.

    Args:
        rng: Generator of the data.
        n: Number of rows.
    """
    x = rng.standard_normal((n, 10))
    wrong = rng.random(n) < 0.3
    return x, ((x[:, 0] > 0) ^ wrong).astype(int)


def duplicate_rows(rng: np.random.Generator) -> Scores:
    """Each row occurs three times, as after oversampling, before the rows are split.

    Args:
        rng: Generator of the data.
    """
    x, y = noisy_rows(rng, 200)
    x_train, x_test, y_train, y_test = halves(np.repeat(x, 3, 0), np.repeat(y, 3))
    model = fitted(x_train, y_train)
    once_train, once_test, labels_train, labels_test = halves(x, y)
    honest = fitted(np.repeat(once_train, 3, 0), np.repeat(labels_train, 3))
    return (
        accuracy(model, x_test, y_test),
        accuracy(honest, once_test, labels_test),
        accuracy(model, *noisy_rows(rng, FRESH)),
    )


def target_column(rng: np.random.Generator) -> Scores:
    """A column that is written after the outcome, such as a treatment; for a new row it is 0.

    Args:
        rng: Generator of the data.
    """
    x, y = noisy_rows(rng, 400)
    after = y[:, None] + 0.2 * rng.standard_normal((400, 1))
    x_train, x_test, y_train, y_test = halves(np.hstack([x, after]), y)
    model = fitted(x_train, y_train)
    honest = fitted(x_train[:, :10], y_train)
    fresh, labels = noisy_rows(rng, FRESH)
    return (
        accuracy(model, x_test, y_test),
        accuracy(honest, x_test[:, :10], y_test),
        accuracy(model, np.hstack([fresh, np.zeros((FRESH, 1))]), labels),
    )


def scaler(rng: np.random.Generator) -> Scores:
    """Means and deviations of all rows, test rows included, scale the columns.

    Args:
        rng: Generator of the data.
    """
    scales = 10.0 ** rng.uniform(-2, 2, 10)
    x, y = noisy_rows(rng, 100)
    x_train, x_test, y_train, y_test = halves(x * scales, y)
    leaky = StandardScaler().fit(np.vstack([x_train, x_test]))
    apart = StandardScaler().fit(x_train)
    state = minigrad.random.generator().bit_generator.state
    model = fitted(leaky.transform(x_train), y_train)
    minigrad.random.generator().bit_generator.state = state  # the same weights and batches
    honest = fitted(apart.transform(x_train), y_train)
    fresh, labels = noisy_rows(rng, FRESH)
    return (
        accuracy(model, leaky.transform(x_test), y_test),
        accuracy(honest, apart.transform(x_test), y_test),
        accuracy(model, leaky.transform(fresh * scales), labels),
    )


LEAKS = {
    "selection": selection,
    "shuffled_windows": shuffled_windows,
    "duplicate_rows": duplicate_rows,
    "target_column": target_column,
    "scaler": scaler,
}
NAMES = {
    "selection": "features selected\nbefore the split\n(labels by coin)",
    "shuffled_windows": "windows of a series\nsplit by shuffling\n(random walks)",
    "duplicate_rows": "rows that\noccur thrice",
    "target_column": "a column written\nafter the outcome",
    "scaler": "a scaler fitted\non all rows",
}

# ---- all of it -----------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = (
    "no model is right on more than .5 of fresh rows in the first two, than .7 in the other three"
)
TARGETS = [
    "selection_seems >= 0.75",
    "selection_apart <= 0.55",
    "selection_fresh <= 0.53",
    "shuffled_windows_seems >= 0.72",
    "shuffled_windows_apart <= 0.57",
    "shuffled_windows_fresh <= 0.57",
    "duplicate_rows_seems >= 0.8",
    "duplicate_rows_apart <= 0.62",
    "duplicate_rows_fresh <= 0.62",
    "target_column_seems >= 0.9",
    "target_column_fresh <= 0.55",
    "scaler_bias <= 0.02",
    "scaler_bias >= -0.02",
]


def train(repeats: int = 10, seed: int = 0) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Five leaks: ({leak: (repeats, 3) accuracies}, metrics).

    Args:
        repeats: Data sets of each leak.
        seed: Seed of data and weights.
    """
    scores, metrics = {}, {}
    for name, leak in LEAKS.items():
        minigrad.seed(seed)
        rng = np.random.default_rng(seed)
        scores[name] = np.array([leak(rng) for _ in range(repeats)])
        seems, apart, fresh = map(float, scores[name].mean(0))
        metrics |= {f"{name}_seems": seems, f"{name}_apart": apart, f"{name}_fresh": fresh}
    metrics["scaler_bias"] = metrics["scaler_seems"] - metrics["scaler_apart"]
    return scores, metrics


def pictures(scores: dict[str, np.ndarray], out: Path) -> None:
    """The three scores of each leak, with one standard deviation."""
    labels = ["with the leak", "kept apart", "with the leak, on fresh data"]
    colors = [nth_color(1), nth_color(0), MEDIUM]
    with new_figure(10, 4.4, out / "leakage.png") as figure:
        axes = figure.subplots()
        places = np.arange(len(scores))
        for i, (label, color) in enumerate(zip(labels, colors)):
            values = [s[:, i] for s in scores.values()]
            heights, errors = [v.mean() for v in values], [v.std() for v in values]
            style: dict[str, Any] = {"color": color, "ecolor": DARK, "capsize": 3}
            axes.bar(places + 0.27 * (i - 1), heights, 0.25, yerr=errors, label=label, **style)
        axes.axhline(0.5, color=DARK, linewidth=1, linestyle=":")
        axes.set(ylabel="accuracy", ylim=(0.3, 1.05), title="Scores that do not last")
        axes.set_xticks(places, [NAMES[name] for name in scores])
        axes.grid(axis="x", visible=False)
        figure.legend(loc="outside lower center", ncols=3)
