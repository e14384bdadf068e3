"""Progbar: the progress of a loop of one's own."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from ..arguments import ExplainsArguments


class Progbar(metaclass=ExplainsArguments):
    """A bar that shows how far a loop is, and means of its figures.

    Args:
        target: The number of steps; None if it is not known.
        width: Accepted for Keras's sake: the bar is as wide as its line leaves room.
        verbose: 1 for a bar, 2 for one line at the end, 0 for nothing.
        interval: Seconds between two changes of the bar.
        stateful_metrics: Names of figures that are shown as they come, without a mean.
        unit_name: What a step is called.

    Example:
        >>> bar = Progbar(2, verbose=2)
        >>> bar.update(1, [("loss", 0.5)])
        >>> bar.update(2, [("loss", 0.3)])
        2/2 - loss: 0.4000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.stateful_metrics = set(stateful_metrics or ())
        self.unit_name = unit_name
        self.seen = 0
        self.totals: dict[str, tuple[float, float]] = {}  # of each figure its sum, and its weight
        self.bar: Any = None

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Show that so many steps are done.

        Args:
            current: Number of steps done.
            values: (name, figure) pairs of the steps since the last update.
            finalize: True ends the bar; None ends it with the last step.
        """
        steps = current - self.seen
        for name, value in values or ():
            total, weight = self.totals.get(name, (0.0, 0.0))
            if name in self.stateful_metrics:
                self.totals[name] = float(value), 1
            else:
                self.totals[name] = total + float(value) * steps, weight + steps
        self.seen = current
        is_last = current == self.target if finalize is None else finalize
        if self.verbose == 1:
            self._move(steps, is_last)
        elif self.verbose == 2 and is_last:
            print(" - ".join([f"{current}/{self.target}", *self._figures()]), flush=True)

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that n more steps are done.

        Args:
            n: Number of steps.
            values: (name, figure) pairs of these steps.
        """
        self.update(self.seen + n, values)

    def _figures(self) -> list[str]:
        """The means."""
        return [f"{name}: {t / max(w, 1):.4f}" for name, (t, w) in self.totals.items()]

    def _move(self, steps: int, is_last: bool) -> None:
        """Move the bar on, which the first step opens."""
        if self.bar is None:
            from tqdm import tqdm

            options = {"mininterval": self.interval, "unit": self.unit_name, "file": sys.stdout}
            self.bar = tqdm(total=self.target, **options)
        self.bar.set_postfix_str(" - ".join(self._figures()), refresh=False)
        self.bar.update(steps)
        if is_last:
            self.bar.close()
            self.bar = None
