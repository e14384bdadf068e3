"""Names given as strings, as Keras users write them, and the error that guesses what was meant."""

from __future__ import annotations

import difflib
import re
from typing import Any


def lookup(name: str, table: dict[str, Any], what: str) -> Any:
    """table[name]; an unknown name raises ValueError that suggests the nearest known one, no string TypeError."""
    if not isinstance(name, str):
        raise TypeError(f"{what}: expected one of its names or a callable, got {name!r}")
    if name in table:
        return table[name]
    spellings: dict[
        str, str
    ] = {}  # HeNormal and he_normal are one name: the spelling that stands first is shown
    for known in table:
        spellings.setdefault(_folded(known), known)
    near = difflib.get_close_matches(_folded(name), spellings, n=1)
    guess = f"did you mean {spellings[near[0]]!r}? " if near else ""
    raise ValueError(f"unknown {what} {name!r}: {guess}known: {', '.join(spellings.values())}")


def _folded(name: str) -> str:
    return name.lower().replace("_", "")


def snake_case(name: str) -> str:
    """The name Keras derives from a class: LayerNormalization -> layer_normalization, Conv2D -> conv2d, ReLU -> re_lu."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
