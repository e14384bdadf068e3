"""Arguments of compile in each other's places, answered with the line that works."""

from __future__ import annotations

from typing import Any

from .. import losses, metrics, optimizers

KINDS: dict[str, tuple[type, dict[str, Any]]] = {
    "optimizer": (optimizers.Optimizer, optimizers.NAMES),
    "loss": (losses.Loss, losses.NAMES),
    "metric": (metrics.Metric, metrics.NAMES),
}
ARTICLES = {"optimizer": "an optimizer", "loss": "a loss", "metric": "a metric"}
ROLES = {"optimizer": ["optimizer"], "loss": ["loss"], "metric": ["metric", "loss"]}


def check_places(optimizer: Any, loss: Any, others: list[Any]) -> None:
    """Refuse an optimizer, a loss or a metric that stands in the place of another.

    Args:
        optimizer: What compile was given as the optimizer.
        loss: The same as the loss.
        others: The same as metrics, or where metrics may stand by mistake: each one or a list.

    Raises:
        ValueError: If one of them is something else; it shows the line that works.

    Example:
        >>> check_places("mse", "adam", [])
        Traceback (most recent call last):
            ...
        ValueError: 'mse' is a loss, not an optimizer: write compile('adam', 'mse')
    """
    listed = [other if isinstance(other, (list, tuple)) else [other] for other in others]
    chosen_metrics = [m for items in listed for m in items if kinds_of(m)]
    given = [("optimizer", optimizer), ("loss", loss), *(("metric", m) for m in chosen_metrics)]
    for place, value in given:
        kinds = kinds_of(value)
        if kinds and not set(kinds) & set(ROLES[place]):
            line = _line(optimizer, loss, chosen_metrics)
            raise ValueError(
                f"{_written(value)} is {ARTICLES[kinds[0]]}, not {ARTICLES[place]}: write {line}"
            )


def kinds_of(value: Any) -> list[str]:
    """What a name, a class or an object stands for: some of optimizer, loss and metric.

    Args:
        value: Something that compile may be given.

    Example:
        >>> kinds_of("mse"), kinds_of(minigrad.optimizers.SGD), kinds_of(len)
        (['loss', 'metric'], ['optimizer'], [])
    """
    kind = value if isinstance(value, type) else type(value)
    named = value if isinstance(value, str) else None
    return [
        name
        for name, (base, table) in KINDS.items()
        if issubclass(kind, base) or named in table or str(named).lower() in table
    ]


def _line(optimizer: Any, loss: Any, chosen_metrics: list[Any]) -> str:
    """The call of compile with everything in its place."""
    values = [value for value in (loss, optimizer, *chosen_metrics) if value is not None]
    found = [v for v in values if "optimizer" in kinds_of(v)]
    losses_found = [v for v in (loss, optimizer) if "loss" in kinds_of(v)]
    kept = [m for m in chosen_metrics if "optimizer" not in kinds_of(m)]
    kept = [v for v in (optimizer, loss) if kinds_of(v) == ["metric"]] + kept
    line = [_written(found[0]) if found else "'adam'"]
    line.append(_written(losses_found[0]) if losses_found else "'sparse_categorical_crossentropy'")
    if kept:
        line.append(f"metrics=[{', '.join(map(_written, kept))}]")
    return f"compile({', '.join(line)})"


def _written(value: Any) -> str:
    """The value as it stands in the call."""
    if isinstance(value, str):
        return repr(value)
    return value.__name__ if hasattr(value, "__name__") else f"{type(value).__name__}(...)"
