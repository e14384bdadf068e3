"""Transfer learning: what digits 0-4 teach about digits 5-9 (Yosinski et al. 2014,
arXiv:1411.1792).

A network learns 0-4 from all their images, shifted a little anew each epoch and in eight positions,
turned by quarters and mirrored, each a class of its own: forty classes need more kinds of strokes
than five. Another loads its body by name, freezes it and trains a new head on ten images per class
of 5-9. Three others start from the same ten: two train everything from scratch, one on the images
as they are and one shifting them as the source did; one trains a head on a frozen body of random
weights.

Over seeds 0-4 the transferred body ends at .963, the network from scratch at .946 (ahead once, by
one test row), with shifted images at .922, the random body at .943. The positions matter: a body
that saw 0-4 upright alone (`--positions 1`) is no better than one from scratch, .925 against .941
on the training rows of 5-9 that are not among the few, where that of eight positions has .961.

Lesson: tutorials/14_transfer_learning.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, datasets, plots
from minigrad.data import Dataset, augmentation
from minigrad.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from minigrad.optimizers.adam import Adam

# ---- the model: a body that is shared, a head that is not ----------------------------------------


def network(head: str, classes: int = 5) -> Sequential:
    """(N, 8, 8, 1) -> (N, classes): probabilities.

    Without batch normalization: its moving statistics, frozen with the body, would be those of
    other digits.

    Args:
        head: Name of the last layer; loading by name leaves a head of another name alone.
        classes: Number of classes.
    """
    body = Sequential(
        [convolution(32), convolution(32), MaxPooling2D(2), convolution(64), convolution(64)],
        name="body",
    )
    return Sequential(
        [
            Input((8, 8, 1)),
            body,  # (N, 4, 4, 64)
            Flatten(),  # (N, 1024)
            Dense(classes, activation="softmax", name=head),
        ]
    )


def convolution(filters: int) -> Conv2D:
    """A 3x3 convolution and relu; the image keeps its size."""
    return Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")


# ---- the data ------------------------------------------------------------------------------------

AUGMENT = augmentation.Compose(
    augmentation.RandomRotation(0.04, fill_mode="constant"),  # up to 14 degrees
    augmentation.RandomTranslation(0.13, 0.13, fill_mode="constant"),  # up to a pixel
    augmentation.RandomZoom(0.15, fill_mode="constant"),
)
Rows = tuple[np.ndarray, np.ndarray]  # images and labels


def load(labels: int = 10, seed: int = 0) -> tuple[Rows, Rows, Rows]:
    """Training rows of 0-4, few training rows of 5-9, test rows of 5-9; labels run from 0 to 4.

    Args:
        labels: Rows per class of 5-9.
        seed: Seed of their choice.
    """
    (x, y), (x_test, y_test) = datasets.digits.load_data(flat=False)
    rng = np.random.default_rng(seed)
    few = np.concatenate(
        [rng.choice(np.flatnonzero(y == digit), labels, replace=False) for digit in range(5, 10)]
    )
    low, high = y < 5, y_test >= 5
    return (x[low], y[low]), (x[few], y[few] - 5), (x_test[high], y_test[high] - 5)


def in_all_positions(x: np.ndarray, y: np.ndarray, positions: int = 8) -> Rows:
    """The images turned by 0 to 3 quarters, then the same mirrored.

    Args:
        x: Images (N, H, W, C).
        y: Labels; each position of a digit becomes a class.
        positions: How many of the eight positions.
    """
    images, labels = [], []
    for i in range(positions):
        turned = np.rot90(x, i % 4, (1, 2))
        images.append(turned[:, :, ::-1] if i >= 4 else turned)
        labels.append(y * positions + i)
    return np.concatenate(images), np.concatenate(labels)


# ---- training ------------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = (
    "the same network trained from scratch on the same ten images a class, also with its images "
    "moved; a frozen random body"
)
TARGETS = ["gain >= 0.01", "transfer_accuracy >= 0.9"]
STARTS = ("transfer", "scratch", "scratch_moved", "random_body")


def fit(
    model: Sequential,
    learning_rate: float,
    rows: Rows,
    batch_size: int,
    epochs: int,
    augment: bool,
    verbose: int,
    validation_data: Rows | None = None,
) -> None:
    """Train with Adam.

    Args:
        model: A network of this file.
        learning_rate: Learning rate of Adam.
        rows: Images and labels.
        batch_size: Rows per step.
        epochs: Passes over the rows.
        augment: True turns, shifts and scales the images anew each epoch.
        verbose: 1 shows progress, 0 does not.
        validation_data: Rows that are scored each epoch.
    """
    model.compile(
        optimizer=Adam(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    options: dict[str, Any] = {
        "epochs": epochs,
        "verbose": verbose,
        "validation_data": validation_data,
    }
    if augment:
        batches = Dataset(*rows, batch_size=batch_size, transform=AUGMENT, depth=0)
        model.fit(batches, **options)
    else:
        model.fit(*rows, batch_size=batch_size, **options)


def load_body(model: Sequential, source: Sequential) -> None:
    """Load the weights of the source's body by name; the heads have other names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.safetensors"
        source.save_weights(path)
        model.load_weights(path, skip_mismatch=True)


def train(
    labels: int = 10,
    positions: int = 8,
    source_epochs: int = 8,
    epochs: int = 60,
    rate: float = 0.003,
    source_rate: float = 0.001,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[dict[str, Sequential], dict[str, float]]:
    """The network of 0-4, then 5-9 from each start with the same rows: ({name: model}, metrics).

    Rates and epochs were chosen, for the network from scratch too, on the training rows of 5-9 that
    are not among the few.

    Args:
        labels: Rows per class of 5-9.
        positions: Positions of 0-4, each a class; 1 for upright alone.
        source_epochs: Passes over the rows of 0-4.
        epochs: Passes over the rows of 5-9.
        rate: Learning rate for 5-9.
        source_rate: Learning rate for 0-4.
        seed: Seed of weights, rows and augmentation.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    source_rows, few, test = load(labels, seed)
    source = network("head_0_4", 5 * positions)
    source.name = "source"
    turned = in_all_positions(*source_rows, positions)
    fit(source, source_rate, turned, 32, source_epochs, augment=True, verbose=verbose)
    models = {"source": source}
    metrics = {"source_accuracy": source.history.history["accuracy"][-1]}
    for start in STARTS:
        minigrad.seed(seed)
        model = models[start] = network("head_5_9")
        model.name = start
        if start == "transfer":
            load_body(model, source)
        model.layers[0].trainable = start.startswith("scratch")
        augment = start == "scratch_moved"
        fit(model, rate, few, 10, epochs, augment, verbose, validation_data=test)
        metrics[f"{start}_accuracy"] = model.history.history["val_accuracy"][-1]
    accuracy = metrics["transfer_accuracy"]
    metrics["gain"] = accuracy - metrics["scratch_accuracy"]
    metrics["gain_moved"] = accuracy - metrics["scratch_moved_accuracy"]
    return models, metrics


def pictures(models: dict[str, Sequential], out: Path) -> None:
    """Accuracy on the test rows of 5-9 by epoch, from each start."""
    lines = {}
    for start in STARTS:
        values = models[start].history.history["val_accuracy"]
        lines[start.replace("_", " ")] = (np.arange(1, len(values) + 1), values)
    plots.curves(
        lines,
        xlabel="epoch",
        ylabel="accuracy",
        title="Digits 5-9 from a few images per class",
        path=out / "accuracy.png",
    )
