"""Grids of images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Sequence

import numpy as np

from .style import INK, RED, PathLike, _array, _panels, page

# ---- what a model sees ---------------------------------------------------------------------------------------------

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def pictures_of(x: Any) -> np.ndarray:
    """Rows as pictures, (N, H, W) or (N, H, W, 3): a single channel is dropped, flat rows must make squares."""
    x = _array(x)
    if x.ndim == 2:
        side = math.isqrt(x.shape[1])
        if side * side != x.shape[1]:
            raise ValueError(
                f"rows of {x.shape[1]} values are no square pictures: reshape them to (N, height, width)"
            )
        x = x.reshape(-1, side, side)
    if x.ndim == 4 and x.shape[-1] == 1:
        x = x[..., 0]
    if x.ndim != 3 and not (x.ndim == 4 and x.shape[-1] == 3):
        raise ValueError(
            f"expected pictures (N, H, W), (N, H, W, 1 or 3) or flat squares (N, H*H), got shape {x.shape}"
        )
    return x


def thumbnails(figure: Figure, images: np.ndarray, columns: int) -> list[Axes]:
    """Bare axes in rows of `columns`, each showing one image; all grey images share black and white points."""
    panels = _panels(figure, len(images), columns)
    low, high = float(images.min()), float(images.max())
    for axes, image in zip(panels, images):
        shown = (image - low) / (high - low or 1) if image.ndim == 3 else image
        axes.imshow(shown, cmap="gray", vmin=low, vmax=high)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, linewidth=0.6)
    return panels


def samples(
    images: Any,
    *,
    columns: int = 8,
    titles: Sequence[Any] | None = None,
    title: str = "",
    path: PathLike = None,
) -> Figure:
    """A grid of pictures, such as a generator's: (N, H, W), (N, H, W, 1 or 3) or flat squares (N, H*H)."""
    images = pictures_of(images)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    with page(
        path, 1.05 * columns, (1.3 if titles is not None else 1.05) * rows + (0.3 if title else 0)
    ) as figure:
        for i, axes in enumerate(thumbnails(figure, images, columns)):
            if titles is not None:
                axes.set_title(str(titles[i]), fontsize=9, fontweight="normal", pad=3)
        figure.suptitle(title)
    return figure


def predictions(
    images: Any,
    labels: Any,
    predicted: Any,
    *,
    names: Sequence[str] | None = None,
    columns: int = 8,
    path: PathLike = None,
) -> Figure:
    """A grid of pictures, each titled "true / predicted", wrong ones red: labels (N,), predicted (N,) or scores (N, classes)."""
    images, labels, predicted = pictures_of(images), _array(labels), _array(predicted)
    if predicted.ndim == 2:
        predicted = predicted.argmax(1)
    if not len(images) == len(labels) == len(predicted) or labels.ndim != 1:
        raise ValueError(
            f"predictions: {len(images)} pictures, labels of shape {labels.shape}, predicted {predicted.shape}: "
            "expected one label and one prediction for each picture"
        )
    name = (lambda label: str(label)) if names is None else (lambda label: names[label])
    columns = min(columns, len(images))
    with page(path, 1.15 * columns, 1.42 * -(-len(images) // columns) + 0.4) as figure:
        for axes, true, guess in zip(thumbnails(figure, images, columns), labels, predicted):
            wrong = bool(true != guess)
            axes.set_title(
                f"{name(true)} / {name(guess)}",
                color=RED if wrong else INK,
                fontsize=10,
                pad=3,
                fontweight="bold" if wrong else "normal",
            )
            if wrong:
                for spine in axes.spines.values():
                    spine.set(color=RED, linewidth=2)
        figure.suptitle(
            f"true / predicted: {int((labels != predicted).sum())} of {len(labels)} wrong",
            fontsize=10,
        )
    return figure
