"""The table that `Model.summary` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .functional import Connection
    from .model import Model


Row = tuple[str, ...]


def summary_table(model: Model) -> str:
    """One line per layer with its output shape and number of parameters, then the totals.

    Where the layers of a model of symbolic tensors are no straight line, each call has a line,
    ops included, which also names what it reads.

    Args:
        model: A built model.

    Example:
        >>> from minigrad.layers import Dense
        >>> print(summary_table(minigrad.Sequential(Dense(2, input_shape=(3,)), name="tiny")))
        Sequential tiny
        layer          output shape  parameters
        ---------------------------------------
        dense (Dense)  (None, 2)              8
        ---------------------------------------
        8 parameters, 8 trainable, 0 not
    """
    connections = [] if model._graph is None else model._graph.connections()
    is_line = all(c.sources == [i - 1] for i, c in enumerate(connections[1:], 1))
    rows = _rows(model) if is_line else _connected_rows(connections)
    widths = [max(len(cell) for cell in column) for column in zip(*rows)]
    head, *lines = [_line(row, widths) for row in rows]
    rule = "-" * len(head)
    title = f"{type(model).__name__} {model.name or ''}".rstrip()
    total = model.count_params()
    trainable = sum(p.size for p in model.trainable_weights)
    totals = f"{total:,} parameters, {trainable:,} trainable, {total - trainable:,} not"
    return "\n".join([title, head, rule, *lines, rule, totals])


def _rows(model: Model) -> list[Row]:
    """The head of the table, and a row per layer."""
    rows: list[Row] = [("layer", "output shape", "parameters")]
    for name, layer in model.named_children():
        title = f"{name} ({type(layer).__name__})"
        rows.append((title, str(layer.output_shape), f"{layer.count_params():,}"))
    return rows


def _connected_rows(connections: list[Connection]) -> list[Row]:
    """The same with a row per call, and the names of what it reads; a layer's parameters once."""
    rows: list[Row] = [("layer", "output shape", "parameters", "connected to")]
    seen: set[int] = set()
    for c in connections:
        own = c.function.count_params() if hasattr(c.function, "count_params") else 0
        count = 0 if id(c.function) in seen else own
        seen.add(id(c.function))
        sources = ", ".join(connections[i].name for i in c.sources)
        rows.append((c.title, str(c.shape), f"{count:,}", sources))
    return rows


def _line(row: Row, widths: list[int]) -> str:
    """The cells side by side, numbers to the right."""
    cells = [
        cell.rjust(n) if i == 2 else cell.ljust(n) for i, (cell, n) in enumerate(zip(row, widths))
    ]
    return "  ".join(cells).rstrip()
