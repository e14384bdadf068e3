"""The rules on layers, labels and losses: all of them look at each step that is observed."""

from __future__ import annotations

from typing import Any

from .recording import Observation
from .rules_classes import Classes
from .rules_labels import Labels
from .rules_layers import DeadUnits, Inputs, Saturation, activation_statistics
from .rules_outputs import Outputs
from .statistics import Activation

LOOKS = 4  # observed steps whose inputs are looked at: their scale does not change later


class ObservationRules:
    """The rules that look at what was noted of one step.

    Attributes:
        steps: The number of steps that they have looked at.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._outputs, self._labels, self._classes = Outputs(), Labels(), Classes()
        self._dead, self._saturation, self._inputs = DeadUnits(), Saturation(), Inputs()

    def look(self, watcher: Any, observation: Observation) -> None:
        """Look at a step.

        Args:
            watcher: Who is told.
            observation: The step.
        """
        self.steps += 1
        self._outputs.look(watcher, observation)
        self._labels.look(watcher, observation)
        self._classes.look(watcher, observation)
        self._dead.look(watcher, observation)
        shares = self._saturation.look(watcher, observation)
        if self.steps <= LOOKS:
            self._inputs.look(watcher, observation)
        for path, call in observation.layer_calls().items():
            values = activation_statistics(call)
            share = shares.get(path, 0.0)
            watcher.append("activation", path, Activation(observation.step, *values, share))

    def finish(self, watcher: Any) -> None:
        """Speak at the end of a training.

        Args:
            watcher: Who is told.
        """
        self._classes.finish(watcher)
