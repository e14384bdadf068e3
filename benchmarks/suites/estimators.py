"""fit of an estimator of scikit-learn against the bare fit of its model, on the digits MLP.

The bare fit trains one model on and on, the estimator makes, compiles and captures a new one in
each fit, checks the data, and maps labels to class numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .fit import BATCH, EPOCHS, digits

FRAMEWORKS = ("minigrad",)
ROWS = [f"digits MLP, {EPOCHS} epochs"]


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    """The same network and options in both."""
    from minigrad import Sequential
    from minigrad.layers import Dense
    from minigrad.sklearn import MinigradClassifier

    def build() -> Sequential:
        model = Sequential(Dense(128, "relu"), Dense(64, "relu"), Dense(10, "softmax"))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    x, labels = digits()
    model = build()
    options = {"batch_size": BATCH, "epochs": EPOCHS, "verbose": 0}
    classifier = MinigradClassifier(build, n_iter_no_change=None, **options)

    def estimator() -> None:
        classifier.fit(x, labels)
        accuracy = classifier.history_["accuracy"][-1]
        if accuracy < 0.95:
            raise RuntimeError(f"the estimator did not learn the digits: accuracy {accuracy:.2f}")

    return {"bare": lambda: model.fit(x, labels, **options), "estimator": estimator}
