"""The table that `Model.summary` prints."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..layers.parameter import Parameter
from ..utils.registry import snake_case

if TYPE_CHECKING:
    from .functional import GraphModel

HEAD = ("Layer (type)", "Output Shape", "Param #", "Trainable", "Connected to")
Row = tuple[str, ...]  # a cell for each word of HEAD


class SummaryTable(str):
    """The table as text, which a notebook shows as HTML.

    Attributes:
        heading: The line above the table.
        rows: Its cells, those of the head first.
        ends: The lines below it.
    """

    heading: str
    rows: list[list[str]]
    ends: list[str]

    def _repr_html_(self) -> str:
        """The table in HTML."""
        head, *rows = [[html.escape(cell) for cell in row] for row in self.rows]
        lines = ["".join(f"<th style='text-align: left'>{cell}</th>" for cell in head)]
        for row in rows:
            cells = [
                f"<td style='text-align: {'right' if i == 2 else 'left'}'>{cell}</td>"
                for i, cell in enumerate(row)
            ]
            lines.append("".join(cells))
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        ends = "<br>".join(map(html.escape, self.ends))
        return f"<b>{html.escape(self.heading)}</b><table>{body}</table><p>{ends}</p>"


def summary_table(
    model: GraphModel,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> SummaryTable:
    """One line per layer with its output shape and number of parameters, then the totals.

    Where the layers of a model of symbolic tensors are no straight line, each call has a line,
    ops included, which also names what it reads.

    Args:
        model: A built model.
        line_length: Letters of a line, at least; None for as many as the table needs.
        positions: Where the columns end, as shares of line_length.
        expand_nested: Whether the layers of nested models have lines of their own.
        show_trainable: Whether a column says which layers are trained.
        layer_range: The first and the last layer to show: names, or patterns of them.

    Raises:
        ValueError: If layer_range names no layer.

    Example:
        >>> from minigrad.layers import Dense
        >>> print(summary_table(minigrad.Sequential(Dense(2, input_shape=(3,)), name="tiny")))
        Model: "tiny"
        Layer (type)   Output Shape  Param #
        ------------------------------------
        dense (Dense)  (None, 2)           8
        ------------------------------------
        Total params: 8 (32.00 B)
        Trainable params: 8 (32.00 B)
        Non-trainable params: 0 (0.00 B)
    """
    rows = _rows(model, expand_nested)
    if layer_range is not None:
        rows = _between(rows, *layer_range)
    is_line = not any(row[-1] for row in rows)
    hidden = {"Connected to"} if is_line else set()
    hidden |= set() if show_trainable else {"Trainable"}
    shown = [i for i, word in enumerate(HEAD) if word not in hidden]
    table = [[row[i] for i in shown] for row in (HEAD, *rows)]
    widths = _widths(table, line_length or 0, positions or ())
    head, *lines = [_line(row, widths) for row in table]
    rule = "-" * max(len(head), line_length or 0)
    title = f'Model: "{model.name or snake_case(type(model).__name__)}"'
    totals = {
        "Total params": model.weights,
        "Trainable params": model.trainable_weights,
        "Non-trainable params": model.non_trainable_weights,
    }
    ends = [f"{words}: {_size(weights)}" for words, weights in totals.items()]
    text = SummaryTable("\n".join([title, head, rule, *lines, rule, *ends]))
    text.heading, text.rows, text.ends = title, table, ends
    return text


def _size(weights: list[Parameter]) -> str:
    """The number of elements, and what they take of memory."""
    size, unit = float(sum(p.nbytes for p in weights)), "B"
    for larger in ("KB", "MB", "GB"):
        if size >= 1024:
            size, unit = size / 1024, larger
    return f"{sum(p.size for p in weights):,} ({size:.2f} {unit})"


def _rows(model: GraphModel, expand_nested: bool) -> list[Row]:
    """A row per layer of a straight line, else per call; those of nested models below theirs."""
    connections = [] if model._graph is None else model._graph.connections()
    is_line = all(c.sources == [i - 1] for i, c in enumerate(connections[1:], 1))
    if is_line:
        calls = [
            (f"{name} ({type(layer).__name__})", layer.output_shape or "?", layer, "")
            for name, layer in model.named_children()
        ]
    else:
        calls = [
            (c.title, c.shape, c.function, ", ".join(connections[i].name for i in c.sources))
            for c in connections
        ]
    rows: list[Row] = []
    seen: set[int] = set()
    for title, shape, function, sources in calls:
        count = "0" if id(function) in seen else _count(function)
        rows.append((title, str(shape), count, _trainable(function), sources))
        if expand_nested and id(function) not in seen and hasattr(function, "summary"):
            rows += [(f"  {name}", *cells) for name, *cells in _rows(function, True)]
        seen.add(id(function))
    return rows


def _count(function: Any) -> str:
    """The number of parameters of a layer; 0 of an op."""
    return f"{function.count_params():,}" if hasattr(function, "count_params") else "0"


def _trainable(function: Any) -> str:
    """Whether a layer is trained; "-" if it has no parameters."""
    if not getattr(function, "weights", None):
        return "-"
    return "yes" if function.trainable_weights else "no"


def _between(rows: list[Row], first: str, last: str) -> list[Row]:
    """The rows from one layer to another."""
    names = [row[0].split(" (")[0].strip() for row in rows]
    places = []
    for pattern in (first, last):
        found = [i for i, name in enumerate(names) if name == pattern or re.match(pattern, name)]
        if not found:
            raise ValueError(f"layer_range: no layer is called {pattern!r} among {names}")
        places.append(found)
    return rows[places[0][0] : places[1][-1] + 1]


def _widths(table: list[list[str]], length: int, positions: Sequence[float]) -> list[int]:
    """The width of each column: that of its widest cell, or up to where it shall end."""
    widths = [max(len(cell) for cell in column) for column in zip(*table)]
    for i, share in enumerate(positions[: len(widths)]):
        start = sum(widths[:i]) + 2 * i
        widths[i] = max(widths[i], int(share * length) - start)
    return widths


def _line(row: Sequence[str], widths: list[int]) -> str:
    """The cells side by side, numbers to the right."""
    cells = [
        cell.rjust(n) if i == 2 else cell.ljust(n) for i, (cell, n) in enumerate(zip(row, widths))
    ]
    return "  ".join(cells).rstrip()
