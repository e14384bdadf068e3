"""Transfer learning: what digits 0-4 teach about digits 5-9 (Yosinski et al. 2014, arXiv:1411.1792).

A network learns 0-4 from all their images, moved a little anew each epoch and in eight positions, turned by quarters and mirrored,
each a class of its own: forty classes ask for more kinds of strokes than five. Another takes over its body by name, freezes it and
trains a new head on ten images a class of 5-9. Three others start from the same ten: two train everything from scratch, one on
the images as they are and one moving them as the source did; one trains a head on a frozen body of random weights.

Over seeds 0-4 the transferred body ends at .963, the network from scratch at .946 (ahead once, by one test row), with moved
images at .922, the random body at .943. The positions matter: a body that saw 0-4 upright alone (`--positions 1`) is no better than
one from scratch, .925 against .941 on the training rows of 5-9 that are not among the few, where that of eight positions has .961.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import minigrad
from minigrad import Sequential, datasets, plots
from minigrad.data import Dataset, augmentation
from minigrad.layers import Conv2D, Dense, Flatten, MaxPooling2D
from minigrad.optimizers.adam import Adam

# ---- the model: a body that is shared, a head that is not ------------------------------------------------------------


def network(head: str, classes: int = 5) -> Sequential:
    """(N, 8, 8, 1) -> (N, classes): probabilities; the head has a name of its own, so that loading by name leaves it alone.

    Without batch normalisation: its running statistics, frozen with the body, would be those of other digits.
    """

    def conv(filters):
        return Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")

    body = Sequential(
        [conv(32), conv(32), MaxPooling2D(2), conv(64), conv(64)], name="body"
    )  # (N, 4, 4, 64)
    model = Sequential(
        [body, Flatten(), Dense(classes, activation="softmax", name=head)]
    )  # (N, 1024), (N, classes)
    model.build_from_shape((8, 8, 1))
    return model


MOVED = augmentation.Compose(  # turned by up to 14 degrees, shifted by a pixel, up to 15 % larger or smaller
    augmentation.RandomRotation(0.04, fill_mode="constant"),
    augmentation.RandomTranslation(0.13, 0.13, fill_mode="constant"),
    augmentation.RandomZoom(0.15, fill_mode="constant"),
)


def load(labels: int = 10, seed: int = 0):
    """All training rows of 0-4; `labels` rows a class, drawn by `seed`, of 5-9; the test rows of 5-9. Labels run from 0 to 4."""
    (x, y), (x_test, y_test) = datasets.digits.load_data(flat=False)
    rng = np.random.default_rng(seed)
    few = np.concatenate(
        [rng.choice(np.flatnonzero(y == digit), labels, replace=False) for digit in range(5, 10)]
    )
    return (
        (x[y < 5], y[y < 5]),
        (x[few], y[few] - 5),
        (x_test[y_test >= 5], y_test[y_test >= 5] - 5),
    )


def in_all_positions(x, y, positions: int = 8):
    """The images turned by 0 to 3 quarters, then the same mirrored, `positions` of these eight; each position of a digit is a class."""
    turned = [np.rot90(x, i % 4, (1, 2)) for i in range(positions)]
    return np.concatenate(
        [image[:, :, ::-1] if i >= 4 else image for i, image in enumerate(turned)]
    ), np.concatenate([y * positions + i for i in range(positions)])


# ---- training --------------------------------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = "the same network trained from scratch on the same ten images a class, also with its images moved; a frozen random body"
TARGETS = ["gain >= 0.01", "transfer_accuracy >= 0.9"]
STARTS = ("transfer", "scratch", "scratch_moved", "random_body")


def fit(
    model: Sequential, rate: float, rows, size: int, epochs: int, moving: bool = False, **options
):
    """Adam on the rows as they are or, `moving`, turned, shifted and scaled anew each epoch."""
    model.compile(
        optimizer=Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    if moving:
        model.fit(
            Dataset(*rows, batch_size=size, transform=MOVED, depth=0), epochs=epochs, **options
        )
    else:
        model.fit(*rows, batch_size=size, epochs=epochs, **options)


def train(
    labels: int = 10,
    positions: int = 8,
    source_epochs: int = 8,
    epochs: int = 60,
    rate: float = 0.003,
    source_rate: float = 0.001,
    seed: int = 0,
    verbose: int = 1,
):
    """The network of 0-4, then 5-9 from each start with the same rows: ({name: model}, metrics). positions=1: 0-4 upright alone.

    Rates and epochs were chosen, for the network from scratch too, on the training rows of 5-9 that are not among the few.
    """
    minigrad.seed(seed)
    source_rows, few, test = load(labels, seed)
    source = network("head_0_4", 5 * positions)
    fit(
        source,
        source_rate,
        in_all_positions(*source_rows, positions),
        32,
        source_epochs,
        moving=True,
        verbose=verbose,
    )
    found, metrics = {"source": source}, {"source_accuracy": source.history.history["accuracy"][-1]}
    for start in STARTS:
        minigrad.seed(seed)
        model = found[start] = network("head_5_9")
        if start == "transfer":
            with tempfile.TemporaryDirectory() as folder:
                source.save_weights(Path(folder) / "source.safetensors")
                model.load_weights(
                    Path(folder) / "source.safetensors", skip_mismatch=True
                )  # the body alone has these names
        model.layers[0].trainable = start.startswith("scratch")
        fit(
            model,
            rate,
            few,
            10,
            epochs,
            moving=start == "scratch_moved",
            verbose=verbose,
            validation_data=test,
        )
        metrics[f"{start}_accuracy"] = model.history.history["val_accuracy"][-1]
    gains = {
        f"gain{over.removeprefix('scratch')}": metrics["transfer_accuracy"]
        - metrics[f"{over}_accuracy"]
        for over in STARTS[1:3]
    }
    return found, {**metrics, **gains}


def pictures(found, out: Path):
    """Accuracy on the test rows of 5-9 by epoch, from each start."""
    lines = {
        start.replace("_", " "): found[start].history.history["val_accuracy"] for start in STARTS
    }
    plots.curves(
        {name: (np.arange(1, len(values) + 1), values) for name, values in lines.items()},
        xlabel="epoch",
        ylabel="accuracy",
        title="Digits 5-9 from a few images a class",
        path=out / "accuracy.png",
    )
