"""Metrics, report and pictures of the image classifiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigrad import Model, plots

from .reports import class_report

Rows = tuple[Any, Any]  # images and labels


def evaluate(model: Model, test: Rows) -> dict[str, float]:
    """Accuracy, mistakes and loss on the test rows; loss and accuracy of the last epoch.

    Args:
        model: A trained classifier.
        test: Test images and labels.
    """
    loss, accuracy = model.evaluate(*test, verbose=0)
    history = model.history.history
    return {
        "accuracy": accuracy,
        "wrong": round((1 - accuracy) * len(test[1])),
        "loss": loss,
        "training_loss": history["loss"][-1],
        "training_accuracy": history["accuracy"][-1],
    }


def report(model: Model, test: Rows) -> str:
    """Precision, recall and F1 of each class.

    Args:
        model: A trained classifier.
        test: Test images and labels.
    """
    x, y = test
    return class_report(y, model.predict(x, verbose=0).argmax(1))


def pictures(model: Model, out: Path, test: Rows) -> None:
    """Loss and accuracy by epoch, forty test images with their predictions, confusion matrix.

    Args:
        model: A trained classifier.
        out: Folder of the pictures.
        test: Test images and labels.
    """
    x, y = test
    predicted = model.predict(x, verbose=0)
    plots.history(model.history, path=out / "history.png")
    plots.predictions(x[:40], y[:40], predicted[:40], path=out / "predictions.png")
    plots.confusion_matrix(y, predicted, path=out / "confusion.png")
