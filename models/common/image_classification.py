"""What the image classifiers share: their scores, their report, their pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigrad import Model, Sequential, plots


def scores(model: Model, test: tuple[Any, Any]) -> dict[str, float]:
    """Accuracy, wrong answers and loss on the test rows, and the last training loss and accuracy."""
    loss, accuracy = model.evaluate(*test, verbose=0)
    last = {name: values[-1] for name, values in model.history.history.items()}
    return {
        "accuracy": accuracy,
        "wrong": round((1 - accuracy) * len(test[1])),
        "loss": loss,
        "training_loss": last["loss"],
        "training_accuracy": last["accuracy"],
    }


def report(model: Model, test: tuple[Any, Any]) -> str:
    """Precision, recall and F1 of each class."""
    from sklearn.metrics import classification_report

    x, y = test
    return classification_report(
        y, model.predict(x, verbose=0).argmax(1), digits=3, zero_division=0
    )


def pictures(model: Model, out: Path, test: tuple[Any, Any]) -> None:
    """Loss and accuracy by epoch, forty test images with their predictions, and which classes were mistaken for which."""
    x, y = test
    predicted = model.predict(x, verbose=0)
    plots.history(model.history, path=out / "history.png")
    plots.predictions(x[:40], y[:40], predicted[:40], path=out / "predictions.png")
    plots.confusion_matrix(y, predicted, path=out / "confusion.png")


def inside(model: Sequential, out: Path, test: tuple[Any, Any]) -> None:
    """Filters and maps of the first convolution; which pixels matter, and where the last convolution sees what speaks for a class."""
    x, y = test
    each = [
        int((y == digit).argmax()) for digit in sorted(set(y.tolist()))
    ]  # the first image of each class
    plots.filters(model, path=out / "filters.png")
    plots.feature_maps(model, x[each[:6]], path=out / "features.png")
    plots.saliency(model, x[each], path=out / "saliency.png")
    plots.grad_cam(model, x[each], path=out / "gradcam.png")
