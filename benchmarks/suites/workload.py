"""A row of the training-step benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Workload:
    """A model in several frameworks, and a batch to train it on.

    Attributes:
        name: The row in the report.
        data: data() -> (x, labels) of one batch.
        builders: For each framework, a function that builds the model.
    """

    name: str
    data: Callable[[], tuple[Any, Any]]
    builders: dict[str, Callable[..., Any]]
