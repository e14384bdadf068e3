"""A training step on all threads while another process keeps one core busy, and alone.

Threads that wait for each other at every product wait for the slowest, which gets half a core.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import models

FRAMEWORKS = ("minigrad", "torch")
VARIANTS = ("alone", "busy")
ROWS = [
    "MLP 784-128-10, batch 128",
    "CNN on 28x28",
    "LSTM 128 -> 64, T 200, batch 32",
    "Transformer block 256, 8 heads, (16, 64)",
]


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    """The last of the row's variants: train_on_batch, or the loop."""
    *_, step = models.steps(framework, row, device).values()
    return {"step": step}
