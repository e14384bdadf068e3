"""The graph of a model: a box per call, arrows from what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..arguments import explains_arguments
from ..training.functional import Connection
from ..training.model import Model
from ..utils.files import PathLike
from ..utils.registry import check_choice
from .style import COLORS, DARK, LIGHT, MEDIUM, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = 0.36  # inches along an arrow
LINE_HEIGHT = 0.14
DIRECTIONS = ("TB", "BT", "LR", "RL")


class Box(NamedTuple):
    """A box of the picture, in inches.

    Attributes:
        x: Its middle, from left to right.
        y: Its middle, upward.
        text: The words in it.
    """

    x: float
    y: float
    text: str

    @property
    def width(self) -> float:
        """About the width of the words and the frame around them."""
        return 0.064 * max(map(len, self.text.split("\n"))) + 0.16

    @property
    def height(self) -> float:
        """The height of the words and the frame around them."""
        return LINE_HEIGHT * (self.text.count("\n") + 1) + 0.16


@explains_arguments
def plot_model(
    model: Model,
    to_file: PathLike | None = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Figure:
    """The layers and ops of a model, with arrows along the data.

    Args:
        model: A model of symbolic inputs and outputs, or a built Sequential.
        to_file: File to write; None leaves the figure to pyplot.
        show_shapes: Whether each box says the shape of its output.
        show_dtype: Whether each box says the dtype of its output.
        show_layer_names: Whether each box says the name of its layer beside the kind.
        rankdir: Where the arrows lead: "TB" from top to bottom, "BT" upward, "LR" to the right, or
            "RL" to the left.
        expand_nested: Whether the layers of nested models are drawn, in a frame, in place of a box.
        dpi: Dots per inch of a file.
        show_layer_activations: Whether each box says the activation of its layer.
        show_trainable: Whether each box with parameters says if they are trained.

    Raises:
        AttributeError: If the model is a subclass whose call is Python code, or not built.
        ValueError: If rankdir is none of the four.

    Example:
        >>> x = minigrad.Input((4,))
        >>> model = minigrad.Model(x, minigrad.layers.Dense(2, name="scores")(x))
        >>> figure = minigrad.plots.plot_model(model, None, True, show_layer_names=True)
        >>> [text.get_text() for text in figure.axes[0].texts][-1]
        'scores (Dense)\\n(None, 2)'
    """
    check_choice(rankdir, DIRECTIONS, "rankdir")
    graph = model._require_graph()
    connections = graph.expanded()[0] if expand_nested else graph.connections()
    shown = [show_shapes, show_dtype, show_layer_activations, show_trainable]
    boxes = _boxes([_label(c, show_layer_names, *shown) for c in connections], connections, rankdir)
    widest = max(boxes, key=lambda box: box.width)
    frames = _frames(boxes, connections)
    left, right = min(frame[0] for frame in frames), max(frame[2] for frame in frames)
    low, high = min(frame[1] for frame in frames), max(frame[3] for frame in frames)
    with new_figure(right - left, high - low, to_file, dpi) as figure:
        axes = figure.subplots()
        axes.axis("off")
        axes.set(xlim=(left, right), ylim=(low, high))
        for frame, name in zip(frames[1:], _model_names(connections)):
            _draw_frame(axes, frame, name)
        for box, connection in zip(boxes, connections):
            for j in connection.sources:
                _draw_arrow(axes, boxes[j], box, rankdir, widest)
            _draw_box(axes, box)
    return figure


def _label(
    connection: Connection,
    names: bool,
    shapes: bool,
    dtypes: bool,
    activations: bool,
    trained: bool,
) -> str:
    """The words of a box, a line for each fact."""
    layer = connection.function
    lines = [connection.title if names else connection.kind]
    activation = getattr(layer, "activation", None)
    if activations and activation is not None:
        lines.append(f"activation {getattr(activation, '__name__', activation)}")
    if shapes:
        lines.append(str(connection.shape))
    if dtypes:
        lines.append(str(connection.dtype))
    if trained and getattr(layer, "weights", None):
        lines.append("trained" if layer.trainable_weights else "not trained")
    return "\n".join(lines)


# ---- where things stand --------------------------------------------------------------------------


def _boxes(labels: list[str], connections: list[Connection], rankdir: str) -> list[Box]:
    """A box for each label, along the direction of the arrows."""
    places = _places(connections)
    sizes = [Box(0, 0, text) for text in labels]
    width, height = max(b.width for b in sizes), max(b.height for b in sizes)
    boxes = []
    for i, text in enumerate(labels):
        column, row = places[i]
        if rankdir in ("TB", "BT"):
            x, y = (width + 0.2) * column, (height + GAP) * row * (-1 if rankdir == "TB" else 1)
        else:
            x, y = (width + GAP) * row * (1 if rankdir == "LR" else -1), -(height + 0.2) * column
        boxes.append(Box(x, y, text))
    return boxes


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


def _model_names(connections: list[Connection]) -> list[tuple[str, ...]]:
    """The nested models, outermost first, each by the names that lead to it."""
    paths = {c.models[:n] for c in connections for n in range(1, len(c.models) + 1)}
    return sorted(paths, key=lambda path: (len(path), path))


def _frames(boxes: list[Box], connections: list[Connection]) -> list[tuple[float, ...]]:
    """(left, low, right, high) around all boxes, then around those of each nested model."""
    depth = max(len(c.models) for c in connections)
    frames: list[tuple[float, ...]] = []
    for path in [(), *_model_names(connections)]:
        inside = [b for b, c in zip(boxes, connections) if c.models[: len(path)] == path]
        room = (0.1 if path else 0.25) + 0.12 * (depth - len(path))
        frames.append(
            (
                min(b.x - b.width / 2 for b in inside) - room,
                min(b.y - b.height / 2 for b in inside) - room,
                max(b.x + b.width / 2 for b in inside) + room,
                max(b.y + b.height / 2 for b in inside) + room,
            )
        )
    return frames


# ---- drawing -------------------------------------------------------------------------------------


def _draw_frame(axes: Any, frame: tuple[float, ...], path: tuple[str, ...]) -> None:
    """The frame of a nested model, with its name."""
    from matplotlib.patches import Rectangle

    left, low, right, high = frame
    style: dict[str, Any] = {
        "edgecolor": MEDIUM,
        "facecolor": LIGHT,
        "alpha": 0.35,
        "linestyle": "--",
    }
    axes.add_patch(Rectangle((left, low), right - left, high - low, zorder=-1, **style))
    axes.text(left + 0.04, high - 0.03, path[-1], fontsize=7, color=MEDIUM, ha="left", va="top")


def _draw_box(axes: Any, box: Box) -> None:
    """The words in a rounded frame."""
    frame = {"boxstyle": "round", "facecolor": "white", "edgecolor": COLORS[0]}
    place = {"ha": "center", "va": "center"}
    axes.text(box.x, box.y, box.text, fontsize=8, color=DARK, bbox=frame, **place)


def _draw_arrow(axes: Any, start: Box, end: Box, rankdir: str, widest: Box) -> None:
    """An arrow from one box to another, bent around the boxes between them."""
    sign = 1 if rankdir in ("BT", "LR") else -1
    if rankdir in ("TB", "BT"):
        tail = start.x, start.y + sign * start.height / 2
        head = end.x, end.y - sign * end.height / 2
        length, is_straight, around = abs(head[1] - tail[1]), start.x == end.x, widest.width
    else:
        tail = start.x + sign * start.width / 2, start.y
        head = end.x - sign * end.width / 2, end.y
        length, is_straight, around = abs(head[0] - tail[0]), start.y == end.y, widest.height
    is_hidden = is_straight and length > (1.0 if around == widest.width else widest.width + 0.8)
    bend = (around + 0.2) / length if is_hidden else 0.0  # half of it is the way aside
    axes.annotate(
        "",
        xy=head,
        xytext=tail,
        arrowprops={
            "arrowstyle": "->",
            "color": MEDIUM,
            "connectionstyle": f"arc3,rad={bend}",
            "shrinkA": 0,
            "shrinkB": 0,
        },
        zorder=0,
    )
