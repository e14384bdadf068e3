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
# what becomes of a name after `import`, and of the beginning of a line `from ... import`
NAMES = [
    (r"keras|keras\.[\w.]+", "minigrad as keras"),
    (r"keras((?:\.\w+)*) as (\w+)", r"minigrad\1 as \2"),
    (r"tensorflow as (\w+)", r"minigrad as \1"),
]
FROM = [
    (r"from tensorflow import keras\b", "import minigrad as keras"),
    (r"from (?:tensorflow\.)?keras\b", "from minigrad"),
]


def change_imports(source: str) -> str:
    """The program with its imports of Keras replaced by those of minigrad, and nothing else."""
    return "\n".join(map(_change_line, source.split("\n")))


def _change_line(line: str) -> str:
    code = line.lstrip()
    indent = line[: len(line) - len(code)]
    if code.startswith("from "):
        for keras, minigrad in FROM:
            code = re.sub(rf"^{keras}", minigrad, code)
    elif code.startswith("import "):
        names, hash_sign, comment = code[len("import ") :].partition("  #")
        parts = [_change_name(part.strip()) for part in names.split(",")]
        code = f"import {', '.join(parts)}{hash_sign}{comment}"
    return indent + code


def _change_name(name: str) -> str:
    for keras, minigrad in NAMES:
        if match := re.fullmatch(keras, name):
            return match.expand(minigrad)
    return name


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
