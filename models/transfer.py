"""Transfer learning: what digits 0-4 teach about digits 5-9 (Yosinski et al. 2014, arXiv:1411.1792).

A network learns 0-4 from all their images. Another takes over its body by name, freezes it and trains a new head on ten images a
class of 5-9. Two others start from the same ten: one trains everything from scratch, one a head on a frozen body of
random weights, so that one sees how much is owed to learned features and how much only to fewer weights to fit. The transferred
body is ahead in the first epochs, and of the random one on average to the end; by then the network from scratch has caught up.
"""
from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import minigrad
from minigrad import Sequential, plots
from minigrad.data import datasets
from minigrad.layers import BatchNormalization, Conv2D, Dense, Flatten, MaxPooling2D, ReLU
from minigrad.optimizers import Adam

# ---- the model: a body that is shared, a head that is not ------------------------------------------------------------


def network(head: str) -> Sequential:
    """(N, 8, 8, 1) -> (N, 5): probabilities; the head has a name of its own, so that loading by name leaves it alone."""
    body = Sequential([
        Conv2D(32, 3, padding="same", use_bias=False), BatchNormalization(momentum=0.9), ReLU(),    # (N, 8, 8, 32)
        MaxPooling2D(2),                                                                            # (N, 4, 4, 32)
        Conv2D(64, 3, padding="same", use_bias=False), BatchNormalization(momentum=0.9), ReLU(),    # (N, 4, 4, 64)
    ], name="body")
    model = Sequential([body, Flatten(), Dense(5, activation="softmax", name=head)])                # (N, 1024), (N, 5)
    model.build_for((8, 8, 1))
    return model


def load(labels: int = 10, seed: int = 0):
    """All training rows of 0-4; `labels` rows a class, drawn by `seed`, of 5-9; the test rows of 5-9. Labels run from 0 to 4."""
    (x, y), (x_test, y_test) = datasets.digits(flat=False)
    rng = np.random.default_rng(seed)
    few = np.concatenate([rng.choice(np.flatnonzero(y == digit), labels, replace=False) for digit in range(5, 10)])
    return (x[y < 5], y[y < 5]), (x[few], y[few] - 5), (x_test[y_test >= 5], y_test[y_test >= 5] - 5)


# ---- training --------------------------------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = "the same network trained from scratch on the same ten images a class, and one with a frozen random body"
TARGETS = ["gain >= 0.01", "transfer_accuracy >= 0.9"]
STARTS = ("transfer", "scratch", "random_body")


def train(labels: int = 10, source_epochs: int = 3, epochs: int = 40, head_rate: float = 0.003, rate: float = 0.001,
          seed: int = 0, verbose: int = 1):
    """The network of 0-4, then 5-9 from each start with the same rows: ({name: model}, metrics).

    A head alone is a convex problem and bears a greater learning rate than a whole network.
    """
    minigrad.seed(seed)
    source_rows, few, test = load(labels, seed)
    source = network("head_0_4")
    source.compile(optimizer=Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    source.fit(*source_rows, epochs=source_epochs, verbose=verbose)
    found, metrics = {"source": source}, {"source_accuracy": source.history.history["accuracy"][-1]}
    for start in STARTS:
        minigrad.seed(seed)
        model = found[start] = network("head_5_9")
        if start == "transfer":
            with tempfile.TemporaryDirectory() as folder:
                source.save_weights(Path(folder) / "source.safetensors")
                model.load_weights(Path(folder) / "source.safetensors", skip_mismatch=True)     # the body alone has these names
        model.layers[0].trainable = start == "scratch"
        optimizer = Adam(rate if start == "scratch" else head_rate)
        model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(*few, batch_size=10, epochs=epochs, verbose=verbose, validation_data=test)
        metrics[f"{start}_accuracy"] = model.history.history["val_accuracy"][-1]
    early, late = ([found[start].history.history["val_accuracy"][i] for start in STARTS[:2]] for i in (min(epochs, 5) - 1, -1))
    return found, {**metrics, "gain_after_5_epochs": early[0] - early[1], "gain": late[0] - late[1]}


def pictures(found, out: Path):
    """Accuracy on the test rows of 5-9 by epoch, from each start."""
    lines = {start.replace("_", " "): found[start].history.history["val_accuracy"] for start in STARTS}
    plots.curves({name: (np.arange(1, len(values) + 1), values) for name, values in lines.items()}, xlabel="epoch",
                 ylabel="accuracy", title="Digits 5-9 from a few images a class", path=out / "accuracy.png")
