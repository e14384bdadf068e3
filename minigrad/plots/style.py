"""How figures look, and pages that are saved whole."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator

import numpy as np

from ..backend import to_cpu
from ..utils.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


PathLike = str | os.PathLike[str] | None


# ---- one look for all pictures -------------------------------------------------------------------------------------

INK, PALE, RED = "#1f2933", "#d8dde3", "#c8373c"


COLOURS = ["#2f6db3", "#e07b27", "#3a9a5b", "#7d5ba6", "#b8902a", "#d76fa8", "#3aa6a6", "#6b7280"]


STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.labelsize": 10,
    "legend.fontsize": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.edgecolor": "#8a94a0",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": PALE,
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.dpi": 130,
    "image.interpolation": "nearest",
}


@contextmanager
def page(path: PathLike, width: float, height: float) -> Iterator[Figure]:
    """An empty figure of `width` x `height` inches in the common style, saved to `path` when the block ends."""
    import matplotlib
    from cycler import cycler

    with matplotlib.rc_context({**STYLE, "axes.prop_cycle": cycler(color=COLOURS)}):
        if path is None:
            from matplotlib import pyplot

            yield pyplot.figure(figsize=(width, height), layout="constrained")
            return
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        with atomic_write(path) as file:
            figure.savefig(file, format=Path(path).suffix[1:] or None)


def _array(x: Any) -> np.ndarray:
    """A NumPy array of a Tensor, an array on any device, or a list."""
    return to_cpu(getattr(x, "_array", x))


def _panels(figure: Figure, n: int, columns: int, **options: Any) -> list[Axes]:
    """`n` axes in rows of `columns`; the places left over in the last row stay blank."""
    grid = figure.subplots(-(-n // columns), columns, squeeze=False, **options).ravel()
    for spare in grid[n:]:
        spare.remove()
    return list(grid[:n])


def whole_numbers() -> Any:
    """A locator that puts ticks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(
        integer=True, min_n_ticks=1
    )  # also where a single epoch leaves one number in view
