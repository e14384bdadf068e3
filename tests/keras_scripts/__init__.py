"""Programs as users of Keras write them, and how one of them is run with Keras or with minigrad.

Each file is a whole program that runs unchanged under Keras 3. At its end the dict `FIGURES` holds
what must not depend on the library: shapes, numbers of parameters, and losses and metrics from
equal weights. `figures.json` keeps what Keras gives for them.
"""

from __future__ import annotations

import json
import os
import random
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
RECORD = HERE / "figures.json"
SCRIPTS = {
    f"{path.parent.name}/{path.stem}": path
    for folder in ("tutorials", "habits")
    for path in sorted((HERE / folder).glob("*.py"))
}
# what is changed in a line of imports, and nothing else in the file
IMPORTS = [
    (r"from tensorflow import keras\b", "import minigrad as keras"),
    (r"import tensorflow as (\w+)", r"import minigrad as \1"),
    (r"(from|import) tensorflow\.keras\b", r"\1 minigrad"),
    (r"import keras as (\w+)", r"import minigrad as \1"),
    (r"import keras$", "import minigrad as keras"),
    (r"(from|import) keras\b", r"\1 minigrad"),
]


def change_imports(source: str) -> str:
    """The program with its imports of Keras replaced by those of minigrad."""
    lines = source.split("\n")
    for i, line in enumerate(lines):
        for keras, minigrad in IMPORTS:
            changed, count = re.subn(rf"^\s*{keras}", lambda m: m.expand(minigrad), line)
            if count:
                lines[i] = changed
                break
    return "\n".join(lines)


def run_script(path: Path, source: str) -> dict[str, Any]:
    """Run a program in a folder of its own, from fixed seeds; returns its FIGURES.

    Args:
        path: The file that errors name.
        source: Its text, or the same with changed imports.
    """
    random.seed(0)
    np.random.seed(0)
    names: dict[str, Any] = {"__name__": "__main__"}
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            exec(compile(source, str(path), "exec"), names)
        finally:
            os.chdir(before)
    return names["FIGURES"]


def plain(value: Any) -> Any:
    """Figures as JSON holds them: lists, dicts, integers, floats and strings."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if value is None or isinstance(value, (bool, str)):
        return value
    return np.asarray(value).tolist()


def differences(found: Any, expected: Any, rtol: float = 1e-4, where: str = "FIGURES") -> list[str]:
    """Where two sets of plain figures differ: floats by more than `rtol`, all else at all."""
    if isinstance(expected, dict) and isinstance(found, dict) and set(found) == set(expected):
        parts = [(found[key], expected[key], f"{where}[{key!r}]") for key in expected]
    elif isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        parts = [(f, e, f"{where}[{i}]") for i, (f, e) in enumerate(zip(found, expected))]
    else:
        is_close = found == expected
        if isinstance(expected, float) and isinstance(found, float):
            is_close = bool(np.isclose(found, expected, rtol=rtol, atol=1e-6))
        return [] if is_close else [f"{where} is {found}, in Keras {expected}"]
    return [line for f, e, place in parts for line in differences(f, e, rtol, place)]


def recorded() -> dict[str, Any]:
    """Keras's figures of each program."""
    return json.loads(RECORD.read_text())
