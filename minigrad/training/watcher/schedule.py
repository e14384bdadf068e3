"""Which steps are observed, and which of them in full."""

from __future__ import annotations

import math
from typing import Any

# steps that are observed at the beginning, where most mistakes show; then every interval-th is
EARLY = frozenset({0, 1, 2, 8, 32, 128})
# a captured step has to run op by op to show what layers give, which takes three times as long:
# so from this interval on every fourth of the steps that are observed does
SPARSE_INTERVAL, SPARSE = 50, 4


def is_due(step: int, interval: int) -> bool:
    """True for a step that is observed.

    Args:
        step: The number of the step.
        interval: Steps between two that are observed.

    Example:
        >>> [step for step in range(201) if is_due(step, 100)]
        [0, 1, 2, 8, 32, 100, 128, 200]
    """
    return step in EARLY or step % interval == 0


def next_due(step: int, interval: int) -> int:
    """The first step from this one on that is observed.

    Args:
        step: The number of the step.
        interval: Steps between two that are observed.

    Example:
        >>> next_due(3, 100), next_due(8, 100), next_due(33, 100)
        (8, 8, 100)
    """
    regular = math.ceil(step / interval) * interval
    return min([regular, *(early for early in EARLY if early >= step)])


def is_whole(step: int, interval: int, model: Any) -> bool:
    """True for a step of a model that is to run op by op, observed in full.

    Args:
        step: The number of a step that is observed.
        interval: Steps between two that are observed.
        model: The model.
    """
    if step in EARLY or interval < SPARSE_INTERVAL:
        return True
    steps = getattr(model._captured, "steps", {}).values()
    is_replayed = any(captured.program is not None for captured in steps)
    return not is_replayed or step // interval % SPARSE == 0
