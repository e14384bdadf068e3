"""The watcher: observes a training and says in plain words what looks wrong, once each.

    history = model.fit(x, y, watch=True)
    print(history.watcher.summary())

    with minigrad.watch(model) as watcher:      # around a loop of one's own
        ...
    watcher.findings

In the order in which to read them:

findings.py      Finding, TrainingWarning, and RULES: all rules by name, a sentence each
statistics.py    the series: loss, and per layer gradients, activations, updates
recording.py     what is noted of a step that is observed
rules_*.py       the rules, by what they look at
watching.py      Watcher: which steps are observed, and who is told
"""

from .findings import RULES, Finding, TrainingWarning
from .statistics import Activation, Point
from .watching import Watcher, watch

__all__ = ["RULES", "Activation", "Finding", "Point", "TrainingWarning", "Watcher", "watch"]
