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
        images: Images in -1..1: (N, H, W), (N, H, W, 1 or 3) or flat squares (N, H * H).
        columns: Images per row; the last row may be shorter.

    Shape:
        (rows * (H + 1) - 1, columns * (W + 1) - 1); of color (..., 3) in 0..1, as matplotlib
        takes it
    """
    shown = plots.as_images(images)
    n, height, width, *color = shown.shape
    rows = -(-n // columns)
    cells = np.ones((rows * columns, height + 1, width + 1, *color), shown.dtype)
    cells[:n, :-1, :-1] = ((shown + 1) / 2).clip(0, 1) if color else shown
    sheet = cells.reshape(rows, columns, height + 1, width + 1, *color).swapaxes(1, 2)
    return sheet.reshape(rows * (height + 1), columns * (width + 1), *color)[:-1, :-1]


def draw_sheet(images: Any, columns: int, title: str, path: Path) -> None:
    """All images on one sheet.

    Args:
        images: Images in -1..1.
        columns: Images per row.
        title: Title above them.
        path: File to write.
    """
    sheet = tile(images, columns)
    height, width = sheet.shape[:2]
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
