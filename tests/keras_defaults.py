"""What Keras's calls take: keras_defaults.json of classes that are here too, keras_ops.json of ops.

`KERAS_BACKEND=torch python -m tests.keras_defaults` writes the files from the Keras that is
installed; the parity tests hold them to Keras, the others hold minigrad to them.
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
OPS_FILE = FILE.with_name("keras_ops.json")
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


def ops_of_keras() -> dict[str, list[list[Any]]]:
    """By public op [name] of each argument, or [name, default]."""
    from keras import ops

    found = {}
    for name, op in vars(ops).items():
        if callable(op) and not name.startswith("_"):
            parameters = inspect.signature(op).parameters.values()
            found[name] = [
                [p.name] if p.default is p.empty else [p.name, p.default] for p in parameters
            ]
    return json.loads(json.dumps(found, sort_keys=True))


def write_ops(found: dict[str, list[list[Any]]]) -> None:
    """Write keras_ops.json, a line for each op."""
    lines = [f"{json.dumps(name)}: {json.dumps(arguments)}" for name, arguments in found.items()]
    OPS_FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    FILE.write_text(json.dumps(defaults_of_keras(), indent=1, sort_keys=True) + "\n")
    write_ops(ops_of_keras())
