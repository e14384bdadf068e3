"""The arguments and defaults of Keras's classes that minigrad has too, as keras_defaults.json.

`KERAS_BACKEND=torch python -m tests.keras_defaults` writes the file from the Keras that is
installed; the parity tests hold it to Keras, the others hold minigrad to it.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import minigrad.callbacks
import minigrad.constraints
import minigrad.initializers
import minigrad.layers
import minigrad.losses
import minigrad.metrics
import minigrad.optimizers
import minigrad.regularizers
from minigrad import optimizers

FILE = Path(__file__).with_suffix(".json")
HOMES = {
    "layers": minigrad.layers,
    "losses": minigrad.losses,
    "metrics": minigrad.metrics,
    "optimizers": optimizers,
    "optimizers.schedules": optimizers.schedules,
    "callbacks": minigrad.callbacks,
    "constraints": minigrad.constraints,
    "regularizers": minigrad.regularizers,
    "initializers": minigrad.initializers,
}
PLAIN = (bool, int, float, str, type(None), tuple, list)


def our_classes() -> dict[str, type]:
    """Public classes by home and name, like "layers.Dense"."""
    return {
        f"{home}.{name}": value
        for home, module in HOMES.items()
        for name, value in vars(module).items()
        if inspect.isclass(value) and not name.startswith("_")
    }


def defaults_of(kind: type) -> dict[str, Any]:
    """The default of each argument of a constructor that is a plain value."""
    parameters = inspect.signature(kind.__init__).parameters.values()
    found = {p.name: p.default for p in parameters if isinstance(p.default, PLAIN)}
    return json.loads(json.dumps(found))  # tuples become lists, as in the file


def defaults_of_keras() -> dict[str, dict[str, Any]]:
    """Those of Keras's classes that have our names."""
    import keras

    found = {}
    for key in our_classes():
        home, _, name = key.rpartition(".")
        module: Any = keras
        for part in home.split("."):
            module = getattr(module, part)
        theirs = getattr(module, name, None)
        if inspect.isclass(theirs):
            found[key] = defaults_of(theirs)
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(defaults_of_keras(), indent=1, sort_keys=True) + "\n")
