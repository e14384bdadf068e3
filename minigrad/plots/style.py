"""The common look of all figures, and how they are saved."""

from __future__ import annotations

import math
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator

import numpy as np

from ..arguments import explains_arguments
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

DPI = 130
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
    "image.interpolation": "nearest",
}
CJK_FONTS = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Arial Unicode MS",
]


@explains_arguments
@contextmanager
def new_figure(
    width: float, height: float, path: PathLike | None = None, dpi: int = DPI
) -> Iterator[Figure]:
    """An empty figure in the common style, saved when the block ends.

    Args:
        width: Width in inches.
        height: Height in inches.
        path: File to write, its suffix the format; None for a figure of pyplot that is not saved:
            `pyplot.show()` shows it, a notebook shows it once.
        dpi: Dots per inch of a file.

    Example:
        >>> from minigrad.plots import new_figure
        >>> with new_figure(4, 3) as figure:
        ...     lines = figure.subplots().plot([1, 4, 9])
        >>> len(figure.axes)
        1
    """
    import matplotlib
    from cycler import cycler
    from matplotlib.figure import Figure

    options: dict[str, Any] = {
        "figsize": (width, height),
        "layout": "constrained",
        "facecolor": "white",
    }
    if path is None:
        # before rc_context, at whose end a backend that is loaded inside loses its settings
        figure = _pyplot_figure(options)
    else:
        figure = Figure(**options)
    changes = {
        "savefig.dpi": dpi,
        "axes.prop_cycle": cycler(color=COLORS),
        "font.family": font_families(),
    }
    with matplotlib.rc_context(STYLE | changes):
        yield figure
        if path is not None:
            with atomic_write(path) as file:
                figure.savefig(file, format=Path(path).suffix[1:] or None)


def _pyplot_figure(options: dict[str, Any]) -> Figure:
    """A figure of pyplot. A notebook shows it by show() or after a cell, not as a result too."""
    from matplotlib import pyplot
    from matplotlib._pylab_helpers import Gcf
    from matplotlib.figure import Figure

    class PyplotFigure(Figure):
        def _ipython_display_(self) -> None:
            from IPython import get_ipython

            is_result = getattr(get_ipython().displayhook, "msg", None) is not None
            if not is_result or self.canvas.manager not in Gcf.get_all_fig_managers():
                raise NotImplementedError  # IPython shows it in its own way

    return pyplot.figure(FigureClass=PyplotFigure, **options)


@cache
def font_families() -> tuple[str, ...]:
    """The font of all texts, then an installed one with Chinese, Japanese or Korean letters."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return "sans-serif", *[name for name in CJK_FONTS if name in installed][:1]


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


@explains_arguments
def titled(title: str, text: str) -> str:
    """The text after a title, if there is one."""
    return f"{title}: {text}" if title else text


def integer_ticks() -> Any:
    """A locator that puts ticks at integers only, even where a single one is in view."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(integer=True, min_n_ticks=1)
