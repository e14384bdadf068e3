"""RESULTS.md: full trainings with the default flags, beside what others reached."""

from __future__ import annotations

import inspect
import operator
import os
import platform
import re
import statistics
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import sklearn
from threadpoolctl import threadpool_info

import minigrad
from minigrad.utils.files import atomic_write

from .. import NAMES, title
from . import side_by_side

Row = dict[str, float]  # the figures of one training

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
HEADER = (
    "# Results\n\n"
    "Written by `python -m models --record`: each model trained with its default flags, "
    "once for each seed.\n"
    "`python -m models NAME` repeats a run and leaves its pictures, weights and metrics "
    "under `runs/NAME`.\n\n"
    "A run repeats to the last bit on the same machine with the same versions and the same number "
    "of BLAS threads.\n"
    "Another processor, or another kernel of the BLAS library, rounds sums differently: figures "
    "then differ from these\n"
    "by about as much as they do between two seeds. Times are those of the machine in the last "
    "line of a section.\n"
)
COMPARISONS = {">=": operator.ge, "<=": operator.le, "==": operator.eq}


# ---- the file ------------------------------------------------------------------------------------


def record(modules: dict[str, ModuleType], path: Path = RESULTS) -> int:
    """Train models, write their sections of a results file and keep the others.

    Args:
        modules: The modules of the models by name.
        path: The results file.

    Returns:
        1 if a mean missed its target, else 0: the exit status.
    """
    status = 0
    for name, module in modules.items():
        print(f"{name}: {title(name)}")
        rows = train_all_seeds(module)
        mean = {key: statistics.fmean(row[key] for row in rows) for key in rows[0]}
        sections = read(path) | {name: section(name, module, rows, mean)}
        if side_by_side.is_generative(name):
            recorded = {known: figures(text) for known, text in sections.items()}
            sections[side_by_side.HEADING] = side_by_side.section(recorded)
        ordered = sorted(sections, key=_position)
        text = "\n".join([HEADER, *(sections[known] for known in ordered)])
        with atomic_write(path) as file:
            file.write(text.encode())
        if not all(is_met(target, mean) for target in getattr(module, "TARGETS", [])):
            status = 1
    return status


def _position(name: str) -> int:
    """The position of a model in the list; unknown names come last."""
    return NAMES.index(name) if name in NAMES else len(NAMES)


def read(path: Path) -> dict[str, str]:
    """The sections of a results file by model.

    Args:
        path: The results file; one that does not exist has no sections.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    sections = {}
    for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
        heading, _, _ = part.partition("\n")
        sections[heading.removeprefix("## ").strip()] = part.rstrip() + "\n"
    return sections


def figures(text: str) -> dict[str, str]:
    """The last column of a section's table: the mean, or the only training.

    Args:
        text: The section.

    Example:
        >>> figures("| figure | seed 0 | **mean** |\\n|---|---|---|\\n| a b | 1 | **2** |")
        {'a b': '2'}
    """
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in lines]
    if rows and rows[0][0] == "figure":
        return {row[0]: row[-1] for row in rows[2:]}
    means = [row for row in rows if row[0] == "mean"]
    return dict(zip(rows[0], means[0])) if means else {}


def recorded_seconds(path: Path = RESULTS) -> dict[str, float]:
    """The mean time of a training of each model, as recorded.

    Args:
        path: The results file.
    """
    recorded = {name: figures(text) for name, text in read(path).items()}
    return {name: float(row["seconds"]) for name, row in recorded.items() if "seconds" in row}


def train_all_seeds(module: ModuleType) -> list[Row]:
    """Train a model SEEDS times with its default flags: seed, seconds and metrics of each."""
    rows: list[Row] = []
    has_verbose = "verbose" in inspect.signature(module.train).parameters
    options = {"verbose": 0} if has_verbose else {}
    for seed in range(getattr(module, "SEEDS", 1)):
        start = time.perf_counter()
        _, metrics = module.train(seed=seed, **options)
        seconds = time.perf_counter() - start
        rows.append({"seed": seed, "seconds": seconds, **metrics})
        print("  " + ", ".join(f"{key} {value:.4g}" for key, value in rows[-1].items()))
    return rows


# ---- a section -----------------------------------------------------------------------------------


def section(name: str, module: ModuleType, rows: list[Row], mean: Row) -> str:
    """The trainings of a model as a section of markdown."""
    lines = [f"## {name}", "", title(name), "", *_table(rows, mean), ""]
    for target in getattr(module, "TARGETS", []):
        verdict = "Reached" if is_met(target, mean) else "**Missed**"
        value = _number(mean[target.split()[0]])
        lines.append(f"- Wanted: {_label(target)}. {verdict}: {value}.")
    if hasattr(module, "REFERENCE"):
        lines.append(f"- Reference: {module.REFERENCE}.")
    return "\n".join([*lines, f"- {versions()}.", ""])


def is_met(target: str, mean: Row) -> bool:
    """True if the mean meets a target such as "accuracy >= 0.972"."""
    metric, comparison, bound = target.split()
    return COMPARISONS[comparison](mean[metric], float(bound))


def _table(rows: list[Row], mean: Row) -> list[str]:
    """One line per figure for a single training or many figures, else one line per training."""
    if len(rows) == 1:
        lines = [f"| {_label(key)} | {_number(value)} |" for key, value in mean.items()]
        return ["| figure | value |", "|---|---|", *lines]
    if len(mean) > 12:
        return _table_by_figure(rows, mean)
    lines = ["| " + " | ".join(map(_number, row.values())) + " |" for row in rows]
    means = " | ".join(f"**{_number(mean[key])}**" for key in list(mean)[1:])
    return [
        "| " + " | ".join(map(_label, mean)) + " |",
        "|---" * len(mean) + "|",
        *lines,
        f"| **mean** | {means} |",
    ]


def _table_by_figure(rows: list[Row], mean: Row) -> list[str]:
    """One line per figure, one column per training."""
    seeds = " | ".join(f"seed {_number(row['seed'])}" for row in rows)
    lines = [f"| figure | {seeds} | **mean** |", "|---" * (len(rows) + 2) + "|"]
    for key in list(mean)[1:]:
        values = " | ".join(_number(row[key]) for row in rows)
        lines.append(f"| {_label(key)} | {values} | **{_number(mean[key])}** |")
    return lines


def _label(key: str) -> str:
    """The words of a key."""
    return key.replace("_", " ")


def _number(value: float) -> str:
    """An integer as one, any other number with four digits."""
    is_integer = float(value).is_integer() and abs(value) < 1e9
    return str(int(value)) if is_integer else f"{value:.4g}"


def versions() -> str:
    """The versions and the machine behind the figures: processor, cores, BLAS kernel, threads."""
    return (
        f"minigrad {minigrad.__version__}, NumPy {np.__version__}, "
        f"scikit-learn {sklearn.__version__}, Python {platform.python_version()}, "
        f"{sys.platform} {platform.machine()}, {processor()}, {os.cpu_count()} cores, {blas()}"
    )


def processor() -> str:
    """The name of the processor, as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")  # on Linux `platform` knows the architecture alone
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    named = re.search(r"^model name\s*: (.*)$", text, flags=re.MULTILINE)
    return named[1] if named else platform.processor() or "unknown processor"


def blas() -> str:
    """The BLAS library of NumPy, its kernel and its number of threads."""
    libraries = [entry for entry in threadpool_info() if entry["user_api"] == "blas"]
    of_numpy = [entry for entry in libraries if "numpy" in entry["filepath"]] or libraries
    if not of_numpy:
        return "unknown BLAS"
    entry = of_numpy[0]
    kernel = entry.get("architecture", "")
    return f"{entry['internal_api']} {entry['version']} {kernel}, {entry['num_threads']} threads"
