"""Grids of images: samples of a generator, predictions of a classifier."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Sequence

import numpy as np

from ..arguments import explains_arguments
from ..utils.files import PathLike
from .style import DARK, RED, add_panels, new_figure, row_count, titled, to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@explains_arguments
def as_images(x: Any) -> np.ndarray:
    """Images as matplotlib draws them.

    Args:
        x: Images (N, H, W), (N, H, W, 1 or 3), or flat squares (N, H * H).

    Shape:
        (N, H, W), or (N, H, W, 3) for color

    Raises:
        ValueError: For any other shape.

    Example:
        >>> from minigrad.plots import as_images
        >>> as_images(np.zeros((5, 64))).shape
        (5, 8, 8)
    """
    images = to_numpy(x)
    if images.ndim == 2:
        side = math.isqrt(images.shape[1])
        if side * side != images.shape[1]:
            raise ValueError(
                f"rows of {images.shape[1]} values are not square images: "
                "reshape them to (N, height, width)"
            )
        images = images.reshape(-1, side, side)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    is_color = images.ndim == 4 and images.shape[-1] == 3
    if images.ndim != 3 and not is_color:
        raise ValueError(
            "expected images (N, H, W), (N, H, W, 1 or 3) or flat squares (N, H*H), "
            f"got shape {images.shape}"
        )
    return images


@explains_arguments
def show_image(
    axes: Axes,
    image: np.ndarray,
    *,
    cmap: str = "gray",
    vmin: float | None = None,
    vmax: float | None = None,
    alpha: float | None = None,
) -> None:
    """An image without ticks and frame.

    Args:
        axes: Where to draw.
        image: Image (H, W) or (H, W, 3).
        cmap: Color map of an image with one channel.
        vmin: Value of the first color; None for the minimum of the image.
        vmax: Value of the last color; None for the maximum of the image.
        alpha: Opacity, 0..1.

    Example:
        >>> from minigrad.plots import new_figure, show_image
        >>> with new_figure(2, 2) as figure:
        ...     show_image(figure.subplots(), np.eye(8))
        >>> figure.axes[0].images[0].get_array().shape
        (8, 8)
    """
    axes.imshow(image, cmap=cmap, vmin=vmin, vmax=vmax, alpha=alpha)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def set_small_title(axes: Axes, title: Any) -> None:
    """A title above a small image."""
    axes.set_title(str(title), fontsize=9, fontweight="normal", pad=3)


@explains_arguments
def image_grid(figure: Figure, images: np.ndarray, columns: int) -> list[Axes]:
    """Axes in rows of `columns`, one image each; gray images share black and white levels.

    Args:
        figure: The figure to draw on.
        images: Images (N, H, W) or (N, H, W, 3).
        columns: Images per row.

    Example:
        >>> from minigrad.plots import image_grid, new_figure
        >>> with new_figure(4, 2) as figure:
        ...     panels = image_grid(figure, np.zeros((6, 8, 8)), columns=4)
        >>> len(panels)
        6
    """
    panels = add_panels(figure, len(images), columns)
    low, high = float(images.min()), float(images.max())
    for axes, image in zip(panels, images):
        is_color = image.ndim == 3
        shown = (image - low) / (high - low or 1) if is_color else image
        axes.imshow(shown, cmap="gray", vmin=low, vmax=high)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, linewidth=0.6)
    return panels


@explains_arguments
def samples(
    images: Any,
    *,
    columns: int = 8,
    titles: Sequence[Any] | None = None,
    title: str = "",
    path: PathLike | None = None,
) -> Figure:
    """A grid of images, such as those of a generator.

    Args:
        images: Images (N, H, W), (N, H, W, 1 or 3), or flat squares (N, H * H).
        columns: Images per row, at most.
        titles: One title per image.
        title: Title above all images.
        path: File to write; None leaves the figure to pyplot.

    Example:
        >>> figure = minigrad.plots.samples(np.eye(9).reshape(9, 3, 3), columns=3)
        >>> len(figure.axes)
        9
    """
    shown = as_images(images)
    width = min(columns, len(shown))
    rows = row_count(len(shown), width)
    row_height = 1.05 if titles is None else 1.3
    title_height = 0.3 if title else 0
    with new_figure(1.05 * width, row_height * rows + title_height, path) as figure:
        for i, axes in enumerate(image_grid(figure, shown, width)):
            if titles is not None:
                set_small_title(axes, titles[i])
        figure.suptitle(title)
    return figure


@explains_arguments
def predictions(
    images: Any,
    labels: Any,
    predicted: Any,
    *,
    names: Sequence[str] | None = None,
    columns: int = 8,
    limit: int | None = None,
    title: str = "",
    path: PathLike | None = None,
) -> Figure:
    """A grid of images, each titled "true / predicted"; the wrong ones come first and are red.

    Args:
        images: Images (N, H, W), (N, H, W, 1 or 3), or flat squares (N, H * H).
        labels: True classes (N,).
        predicted: Predicted classes (N,), or scores (N, classes).
        names: Names of the classes 0, 1, ...; None for the classes themselves.
        columns: Images per row, at most.
        limit: Number of images to draw; None for all.
        title: Put before the number of mistakes, such as the name of the data.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        ValueError: If images, labels and predictions are not equally many.

    Example:
        >>> figure = minigrad.plots.predictions(np.zeros((3, 8, 8)), [0, 1, 2], [0, 1, 1])
        >>> figure.get_suptitle()
        'true / predicted: 1 of 3 wrong'
    """
    shown, true, guesses = as_images(images), to_numpy(labels), to_numpy(predicted)
    if guesses.ndim == 2:
        guesses = guesses.argmax(1)
    if not len(shown) == len(true) == len(guesses) or true.ndim != 1:
        raise ValueError(
            f"predictions: {len(shown)} images, labels of shape {true.shape}, predicted "
            f"{guesses.shape}: expected one label and one prediction per image"
        )
    wrong = true != guesses
    first = np.argsort(~wrong, kind="stable")[:limit]
    width = min(columns, len(first))
    rows = row_count(len(first), width)
    with new_figure(1.15 * width, 1.42 * rows + 0.4, path) as figure:
        panels = image_grid(figure, shown[first], width)
        for axes, i in zip(panels, first):
            label, guess = true[i], guesses[i]
            pair = (label, guess) if names is None else (names[label], names[guess])
            _mark(axes, f"{pair[0]} / {pair[1]}", wrong=bool(wrong[i]))
        count = f"true / predicted: {wrong.sum()} of {len(true)} wrong"
        figure.suptitle(titled(title, count), fontsize=10)
    return figure


def _mark(axes: Axes, title: str, wrong: bool) -> None:
    """A title above an image; red, bold and framed where the prediction is wrong."""
    color, weight = (RED, "bold") if wrong else (DARK, "normal")
    axes.set_title(title, color=color, fontweight=weight, fontsize=10, pad=3)
    if wrong:
        for spine in axes.spines.values():
            spine.set(color=RED, linewidth=2)
