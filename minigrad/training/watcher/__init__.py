"""The watcher: observes a training and says in plain words what looks wrong, once each.

    history = model.fit(x, y, watch=True)
    print(history.watcher.summary())

    with minigrad.watch(model) as watcher:      # around a loop of one's own
        ...
    watcher.findings

In the order in which to read them:

findings.py      Finding, TrainingWarning, and RULES: all rules by name, a sentence each
statistics.py    the series: loss, and per layer gradients, activations, updates
watching.py      Watcher: what a user reads, and what is looked at in each step
schedule.py      which steps are observed
hooks.py         what the watcher is told of the methods of a model
model_parts.py   the layers and parameters of the model, with their paths
recording.py     what is noted of a step that is observed
rows.py          what is known of the rows and labels of a training
predictions.py   which predictions are judged
rules_*.py       the rules, by what they look at; rules.py has those on each step observed
errors.py        what an error of the library says to the rules
"""

from .findings import RULES, Finding, TrainingWarning
from .statistics import Activation, Point
from .watching import Watcher, watch

__all__ = ["RULES", "Activation", "Finding", "Point", "TrainingWarning", "Watcher", "watch"]
