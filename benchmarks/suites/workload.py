"""What a row of the training-step benchmarks is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Row:
    """A model: its name, `data()` -> (x, labels) of one batch, and who builds it, framework by framework."""

    name: str
    data: Callable[[], tuple[Any, Any]]
    builders: dict[str, Callable[..., Any]]
