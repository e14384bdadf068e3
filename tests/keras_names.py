"""The public names of Keras by home, as keras_names.json.

`KERAS_BACKEND=torch python -m tests.keras_names` writes the file from the Keras that is installed
and tells how many of the names are here; the parity tests hold the file to Keras, the others hold
minigrad to it.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import minigrad
from minigrad.utils.instead import INSTEAD

FILE = Path(__file__).with_suffix(".json")
HOMES = [
    ".",
    "activations",
    "applications",
    "applications.imagenet_utils",
    "applications.resnet",
    "applications.resnet50",
    "applications.vgg16",
    "applications.vgg19",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "initializers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "optimizers.schedules",
    "preprocessing",
    "preprocessing.image",
    "preprocessing.sequence",
    "random",
    "regularizers",
    "saving",
    "utils",
    "wrappers",
    "layers",
]


def names_of_keras() -> dict[str, list[str]]:
    """Public names by home; "." is keras itself."""
    found = {}
    for home in HOMES:
        module = import_module(f"keras.{home}".rstrip("."))
        found[home] = sorted(name for name in dir(module) if name[0] != "_" and name != "src")
    return found


def is_here(home: str, name: str) -> bool:
    """True if minigrad has the name in that home."""
    module: Any = minigrad if home == "." else import_module(f"minigrad.{home}")
    return hasattr(module, name)


def line_for(home: str, name: str) -> str | None:
    """What INSTEAD says of a name, or of the home that it would stand in."""
    return INSTEAD.get(name if home == "." else f"{home}.{name}")


if __name__ == "__main__":
    names = names_of_keras()
    FILE.write_text(json.dumps(names, indent=1) + "\n")
    for home, all_names in names.items():
        missing = [name for name in all_names if not is_here(home, name)]
        silent = [name for name in missing if line_for(home, name) is None]
        print(f"{home:24} {len(all_names) - len(missing):3} of {len(all_names):3}", *silent)
