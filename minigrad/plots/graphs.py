"""The graph of a model: a box per call, arrows from what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..arguments import explains_arguments
from ..training.functional import Connection
from ..training.model import Model
from ..utils.files import PathLike
from .style import COLORS, DARK, MEDIUM, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BOX_WIDTH = 2.4  # inches
ROW_HEIGHT = 0.85


@explains_arguments
def plot_model(
    model: Model,
    *,
    show_shapes: bool = True,
    show_layer_names: bool = True,
    path: PathLike | None = None,
) -> Figure:
    """The layers and ops of a model from top to bottom, with arrows along the data.

    Args:
        model: A model of symbolic inputs and outputs, or a built Sequential.
        show_shapes: Whether each box says the shape of its output.
        show_layer_names: Whether each box says the name of its layer beside the kind.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        AttributeError: If the model is a subclass whose call is Python code, or not built.

    Example:
        >>> x = minigrad.Input((4,))
        >>> model = minigrad.Model(x, minigrad.layers.Dense(2, name="scores")(x))
        >>> figure = minigrad.plots.plot_model(model)
        >>> [text.get_text() for text in figure.axes[0].texts][-1]
        'scores (Dense)\\n(None, 2)'
    """
    connections = model._require_graph().connections()
    places = _places(connections)
    columns = max(x for x, _ in places.values()) - min(x for x, _ in places.values()) + 1
    rows = max(y for _, y in places.values()) + 1
    with new_figure(BOX_WIDTH * columns, ROW_HEIGHT * rows, path) as figure:
        axes = figure.subplots()
        axes.axis("off")
        for i, connection in enumerate(connections):
            x, y = places[i]
            for j in connection.sources:
                _draw_arrow(axes, places[j], (x, y))
            axes.text(
                x,
                -y,
                _label(connection, show_shapes, show_layer_names),
                ha="center",
                va="center",
                fontsize=8,
                color=DARK,
                bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": COLORS[0]},
            )
        left = min(x for x, _ in places.values())
        axes.set_xlim(left - 0.5, left - 0.5 + columns)
        axes.set_ylim(-rows + 0.5, 0.5)
    return figure


def _label(connection: Connection, show_shapes: bool, show_layer_names: bool) -> str:
    """The words of a box."""
    title = connection.title if show_layer_names else connection.kind
    return f"{title}\n{connection.shape}" if show_shapes else title


def _draw_arrow(axes: Any, start: tuple[float, int], end: tuple[float, int]) -> None:
    """An arrow down from one box to another, bent around the boxes between them."""
    (x, y), (to_x, to_y) = start, end
    is_hidden = to_y - y > 1 and x == to_x  # by the boxes between
    bend = 0.8 * BOX_WIDTH / (ROW_HEIGHT * (to_y - y)) if is_hidden else 0.0
    axes.annotate(
        "",
        xy=(to_x, -to_y + 0.28),
        xytext=(x, -y - 0.28),
        arrowprops={
            "arrowstyle": "->",
            "color": MEDIUM,
            "connectionstyle": f"arc3,rad={bend}",
            "shrinkA": 0,
            "shrinkB": 0,
        },
        zorder=0,
    )


def _places(connections: list[Connection]) -> dict[int, tuple[float, int]]:
    """(column, row) of each box: below all it reads, beside the others of its row."""
    rows: dict[int, int] = {}
    for i, connection in enumerate(connections):
        rows[i] = max((rows[j] + 1 for j in connection.sources), default=0)
    by_row: dict[int, list[int]] = {}
    for i, row in rows.items():
        by_row.setdefault(row, []).append(i)
    places: dict[int, tuple[float, int]] = {}
    for row, boxes in sorted(by_row.items()):
        order = sorted(boxes, key=lambda i: _middle(connections[i], places))
        for k, i in enumerate(order):
            places[i] = (k - (len(order) - 1) / 2, row)
    return places


def _middle(connection: Connection, places: dict[int, tuple[float, int]]) -> float:
    """The mean column of what a box reads."""
    columns = [places[j][0] for j in connection.sources]
    return sum(columns) / len(columns) if columns else 0.0
