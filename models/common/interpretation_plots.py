"""Pictures of the inside of an image classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigrad import Sequential, plots


def pictures(model: Sequential, out: Path, test: tuple[Any, Any]) -> None:
    """Filters and feature maps of the first convolution, saliency, Grad-CAM of the last.

    Args:
        model: A trained convolutional classifier.
        out: Folder of the pictures.
        test: Test images and labels.
    """
    x, y = test
    first_of_each_class = [int((y == label).argmax()) for label in sorted(set(y.tolist()))]
    examples = x[first_of_each_class]
    plots.filters(model, path=out / "filters.png")
    plots.feature_maps(model, examples[:6], path=out / "features.png")
    plots.saliency(model, examples, path=out / "saliency.png")
    plots.grad_cam(model, examples, path=out / "gradcam.png")
