"""Pictures of many small images: named rows, and one sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import plots


def tile(images: Any, columns: int) -> np.ndarray:
    """Images side by side as one, with a white line of a pixel between them.

    Args:
        images: Images in -1..1: (N, H, W), (N, H, W, 1) or flat squares (N, H * H).
        columns: Images per row; the last row may be shorter.

    Shape:
        (rows * (H + 1) - 1, columns * (W + 1) - 1)
    """
    shown = plots.as_images(images)
    n, height, width = shown.shape
    rows = -(-n // columns)
    cells = np.ones((rows * columns, height + 1, width + 1), shown.dtype)
    cells[:n, :-1, :-1] = shown
    sheet = cells.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    return sheet.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]


def draw_sheet(images: Any, columns: int, title: str, path: Path) -> None:
    """All images on one sheet.

    Args:
        images: Images in -1..1.
        columns: Images per row.
        title: Title above them.
        path: File to write.
    """
    sheet = tile(images, columns)
    height, width = sheet.shape
    with plots.new_figure(6.5, 6.5 * height / width + 0.3, path) as figure:
        axes = figure.subplots()
        plots.show_image(axes, sheet, vmin=-1, vmax=1)
        axes.set_title(title)


def draw_rows(rows: Mapping[str, Any], title: str, path: Path) -> None:
    """One row of images per entry, its name at the left.

    Args:
        rows: Images in -1..1 by name, equally many of each.
        title: Title above them.
        path: File to write.
    """
    with plots.new_figure(8.5, 0.8 * len(rows) + 0.3, path) as figure:
        panels = figure.subplots(len(rows), squeeze=False)[:, 0]
        for axes, (name, images) in zip(panels, rows.items()):
            plots.show_image(axes, tile(images, len(images)), vmin=-1, vmax=1)
            axes.set_ylabel(name, rotation=0, ha="right", va="center")
        figure.suptitle(title)
