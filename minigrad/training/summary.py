"""The table that `Model.summary` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Model


def summary_table(model: Model) -> str:
    """One line per layer with its output shape and number of parameters, then the totals.

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
    rows = [("layer", "output shape", "parameters")]
    for name, layer in model.named_children():
        title = f"{name} ({type(layer).__name__})"
        rows.append((title, str(layer.output_shape), f"{layer.count_params():,}"))
    width_1, width_2, width_3 = (max(len(cell) for cell in column) for column in zip(*rows))
    head, *lines = [f"{a:<{width_1}}  {b:<{width_2}}  {c:>{width_3}}" for a, b, c in rows]
    rule = "-" * len(head)
    title = f"{type(model).__name__} {model.name or ''}".rstrip()
    total = model.count_params()
    trainable = sum(p.size for p in model.trainable_weights)
    totals = f"{total:,} parameters, {trainable:,} trainable, {total - trainable:,} not"
    return "\n".join([title, head, rule, *lines, rule, totals])
