"""Metrics, report and pictures of the image classifiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigrad import Model, plots

from .reports import class_report

Rows = tuple[Any, Any]  # images and labels
DIGITS = "scikit-learn's digits"


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


def report(model: Model, test: Rows, data: str = DIGITS) -> str:
    """Which data, and precision, recall and F1 of each class.

    Args:
        model: A trained classifier.
        test: Test images and labels.
        data: What the images are.
    """
    x, y = test
    rows = class_report(y, model.predict(x, verbose=0).argmax(1))
    return f"{len(y)} test images: {data}\n{rows}"


def pictures(model: Model, out: Path, test: Rows, data: str = DIGITS) -> None:
    """Loss and accuracy by epoch, forty test images, the mistakes first, and confusion matrix.

    Args:
        model: A trained classifier.
        out: Folder of the pictures.
        test: Test images and labels.
        data: What the images are.
    """
    x, y = test
    predicted = model.predict(x, verbose=0)
    plots.history(model.history, title=data, path=out / "history.png")
    plots.predictions(x, y, predicted, limit=40, title=data, path=out / "predictions.png")
    plots.confusion_matrix(y, predicted, title=data, path=out / "confusion.png")
