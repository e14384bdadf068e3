"""All of `fit` on scikit-learn's digits: shuffling, batching, metrics and steps, against Keras's.

The first fit of a process, which may compile, is reported separately; the later ones are compared.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

EPOCHS, BATCH = 20, 32
ROWS = [f"fit digits MLP, {EPOCHS} epochs"]
FRAMEWORKS = ("minigrad", "keras")


def digits() -> tuple[Any, Any]:
    """1797 images of 64 pixels in [0, 1], and their classes."""
    from sklearn.datasets import load_digits

    x, labels = load_digits(return_X_y=True)
    return (x / 16).astype("float32"), labels.astype("int64")


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    """One script for both libraries."""
    library: Any = importlib.import_module(framework)
    Dense = library.layers.Dense
    x, labels = digits()
    model = library.Sequential(
        [
            Dense(128, activation="relu"),
            Dense(64, activation="relu"),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=library.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    def fit():
        history = model.fit(x, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        accuracy = history.history["accuracy"][-1]
        if accuracy < 0.95:
            raise RuntimeError(f"{framework} did not learn the digits: accuracy {accuracy:.2f}")

    return {"fit": fit}
