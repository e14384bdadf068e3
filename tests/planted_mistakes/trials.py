"""Trials: a planted mistake or a healthy training, run with the watcher, and what it said."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .mistakes import MISTAKES, Mistake
from .setups import Setup, draw_setup

SETUPS_TRIED = 1000  # before a mistake counts as one that fits no setup
RULES = list(dict.fromkeys(m.rule for m in MISTAKES))


@dataclass
class Trial:
    """A run and what the watcher said of it."""

    setup: str
    mistake: Mistake | None
    findings: list[Any]
    place: str | None = None  # the layer that the finding has to name
    error: str = ""  # with which the run ended
    seconds: float = 0.0

    @property
    def named(self) -> list[Any]:
        """The findings that name the planted mistake."""
        if self.mistake is None:
            return []
        rules = (self.mistake.rule, *self.mistake.also)
        return [f for f in self.findings if f.rule in rules]

    @property
    def is_found(self) -> bool:
        """True if a finding of the right rule names the right place."""
        return any(self.is_placed(finding) for finding in self.named)

    def is_placed(self, finding: Any) -> bool:
        """True if a finding says where, and names the layer if there is one to name."""
        text = f"{finding.where} {finding.message}"
        return bool(finding.where) and (self.place is None or self.place in text)

    @property
    def also_said(self) -> list[str]:
        """The rules of all other findings."""
        return [f.rule for f in self.findings if f not in self.named]


def draw_mistakes(count: int, seed: int = 0) -> list[tuple[Mistake, int]]:
    """(mistake, seed of a setup that it fits), each rule as often as every other, in any order."""
    rng = np.random.default_rng(seed)
    drawn = []
    rules: list[str] = []
    while len(drawn) < count:
        rules = rules or [str(rule) for rule in rng.permutation(RULES)]
        choices = [m for m in MISTAKES if m.rule == rules[-1]]
        mistake = choices[rng.integers(len(choices))]
        rules.pop()
        drawn.append((mistake, fitting_setup(mistake, rng)))
    return drawn


def fitting_setup(mistake: Mistake, rng: np.random.Generator) -> int:
    """The seed of a random setup that a mistake can be planted in."""
    for _ in range(SETUPS_TRIED):
        seed = int(rng.integers(1_000_000))
        if mistake.when(draw_setup(seed)):
            return seed
    raise ValueError(f"no setup for the mistake: {mistake.name}")


def try_mistake(mistake: Mistake, seed: int) -> Trial:
    """The run of a setup with the mistake in it."""
    setup = draw_setup(seed)
    place = mistake.plant(setup, np.random.default_rng(seed))
    return watched_run(setup, mistake, place)


def try_healthy(seed: int) -> Trial:
    """The run of a setup as it was drawn."""
    return watched_run(draw_setup(seed), None, None)


def watched_run(setup: Setup, mistake: Mistake | None, place: str | None) -> Trial:
    """Run a setup; an error that ends the run counts as such, with what was said before it."""
    error, start = "", time.perf_counter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            setup.watcher = setup.run()
        except (ValueError, IndexError, FloatingPointError) as raised:
            error = f"{type(raised).__name__}: {raised}"
    history = getattr(setup.model, "history", None)
    watcher = setup.watcher or getattr(history, "watcher", None)
    findings = list(watcher.findings) if watcher is not None else []
    return Trial(str(setup), mistake, findings, place, error, time.perf_counter() - start)
