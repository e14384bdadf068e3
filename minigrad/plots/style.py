"""The common look of all figures, and how they are saved."""

from __future__ import annotations

import math
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator

import numpy as np

from ..backend import to_cpu
from ..utils.files import PathLike, atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DARK = "#1f2933"
MEDIUM = "#8a94a0"
LIGHT = "#d8dde3"
RED = "#c8373c"
COLORS = ["#2f6db3", "#e07b27", "#3a9a5b", "#7d5ba6", "#b8902a", "#d76fa8", "#3aa6a6", "#6b7280"]

STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.labelsize": 10,
    "legend.fontsize": 9,
    "text.color": DARK,
    "axes.labelcolor": DARK,
    "axes.titlecolor": DARK,
    "xtick.color": DARK,
    "ytick.color": DARK,
    "axes.edgecolor": MEDIUM,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LIGHT,
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.dpi": 130,
    "image.interpolation": "nearest",
}


@contextmanager
def new_figure(width: float, height: float, path: PathLike | None = None) -> Iterator[Figure]:
    """An empty figure in the common style, saved when the block ends.

    Args:
        width: Width in inches.
        height: Height in inches.
        path: File to write, its suffix the format; None for a figure of pyplot that is not saved.

    Example:
        >>> from minigrad.plots import new_figure
        >>> with new_figure(4, 3) as figure:
        ...     lines = figure.subplots().plot([1, 4, 9])
        >>> len(figure.axes)
        1
    """
    import matplotlib
    from cycler import cycler

    cycle = cycler(color=COLORS)
    with matplotlib.rc_context({**STYLE, "axes.prop_cycle": cycle}):
        if path is None:
            from matplotlib import pyplot

            yield pyplot.figure(figsize=(width, height), layout="constrained")
            return
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        with atomic_write(path) as file:
            figure.savefig(file, format=Path(path).suffix[1:] or None)


def to_numpy(x: Any) -> np.ndarray:
    """The NumPy array of a Tensor, of an array on any device, or of a list."""
    return to_cpu(getattr(x, "_array", x))


def nth_color(i: int) -> str:
    """The color of line i; colors repeat after the last."""
    return COLORS[i % len(COLORS)]


def row_count(count: int, columns: int) -> int:
    """The number of rows that `count` panels fill."""
    return math.ceil(count / columns)


def add_panels(figure: Figure, count: int, columns: int, *, sharex: bool = False) -> list[Axes]:
    """`count` axes in rows of `columns`; the end of the last row stays empty."""
    rows = row_count(count, columns)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=sharex).ravel()
    for unused in grid[count:]:
        unused.remove()
    return list(grid[:count])


def integer_ticks() -> Any:
    """A locator that puts ticks at integers only, even where a single one is in view."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(integer=True, min_n_ticks=1)
