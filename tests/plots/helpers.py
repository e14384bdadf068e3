"""What tests read from a figure."""

from __future__ import annotations

import numpy as np


def titles(figure) -> list[str]:
    """The title of each panel."""
    return [axes.get_title() for axes in figure.axes]


def texts(labels) -> list[str]:
    """The text of each label."""
    return [label.get_text() for label in labels]


def xs(line) -> list:
    """The x of each point of a line."""
    return np.asarray(line.get_xdata()).tolist()


def ys(line) -> list:
    """The y of each point of a line."""
    return np.asarray(line.get_ydata()).tolist()


def image_of(axes) -> np.ndarray:
    """The first image of a panel."""
    return np.asarray(axes.images[0].get_array())
