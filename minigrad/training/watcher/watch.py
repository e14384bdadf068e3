"""Watcher: which steps are observed, and who is told."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ...arguments import explains_arguments
from ...engine.anomaly import Observer
from .findings import Finding, TrainingWarning
from .statistics import new_statistics

if TYPE_CHECKING:
    from ..model import Model


class Watcher(Observer):
    """`with minigrad.watch(model) as watcher:` observes the training of a model in this block.

    It observes the first steps and then every `interval`-th; the loss of all. The training goes on
    as without it, with the same bits.

    Args:
        model: The model.
        interval: Steps between two that are observed.

    Attributes:
        findings: What looks wrong: a list of Finding(rule, where, message, advice, step). Each rule
            speaks once of each place, by a TrainingWarning.
        statistics: Series over the steps that were observed. "loss": a list of Point(step, value),
            of all steps. "gradient" and "update": by the path of a layer a list of Point(step,
            value), the norm of its gradient, and the norm of its change over that of its weights.
            "activation": by path a list of Activation(step, mean, std, zero, saturated); the last
            two are shares of the outputs.
        step: The number of steps so far.
    """

    def __init__(self, model: Model, interval: int = 50) -> None:
        super().__init__()
        self.model = model
        self.interval = interval
        self.findings: list[Finding] = []
        self.statistics: dict[str, Any] = new_statistics()
        self.step = 0

    def summary(self) -> str:
        """The findings as text, or that there are none, and what was looked at."""
        return "\n".join(map(str, self.findings)) or f"nothing found in {self.step} steps"

    def find(self, rule: str, where: str, message: str, advice: str, is_said: bool = False) -> None:
        """Keep a finding, and warn of it, unless the rule has spoken of this place.

        Args:
            rule: The rule.
            where: The path of a layer, or an argument.
            message: What looks wrong.
            advice: What to do.
            is_said: True if an error says it: there is no warning then.
        """
        if any((f.rule, f.where) == (rule, where) for f in self.findings):
            return
        finding = Finding(rule, where, message, advice, self.step)
        self.findings.append(finding)
        if not is_said:
            warnings.warn(str(finding), TrainingWarning, stacklevel=2)


@explains_arguments
def watch(model: Model, interval: int = 50) -> Watcher:
    """A watcher of the training of a model: `with minigrad.watch(model) as watcher:`.

    Args:
        model: The model.
        interval: Steps between two that are observed.
    """
    return Watcher(model, interval)
