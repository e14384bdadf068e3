"""RESULTS.md: full trainings of the models with their default flags, and how the figures compare with those of others."""

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

import minigrad
from minigrad.utils.files import atomic_write

from .. import NAMES, title

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
HEADER = """# Results

Written by `python -m models --record`: each model trained with its default flags, once for each seed.
`python -m models NAME` repeats a run and leaves its pictures, weights and metrics under `runs/NAME`.
"""
SIGNS = {">=": operator.ge, "<=": operator.le, "==": operator.eq}


def write(modules: dict[str, ModuleType], results: Path = RESULTS) -> int:
    """Train `modules`, put their sections into `results` and keep the others; 1 if a mean missed its target, else 0."""
    status = 0
    for name, module in modules.items():
        print(f"{name}: {title(name)}")
        text, missed = section(name, module)
        sections = {**read(results), name: text}
        order = sorted(
            sections, key=lambda known: NAMES.index(known) if known in NAMES else len(NAMES)
        )
        with atomic_write(results) as file:
            file.write("\n".join([HEADER, *(sections[known] for known in order)]).encode())
        status |= missed
    return status


def read(results: Path) -> dict[str, str]:
    """The sections of a results file by model."""
    text = results.read_text(encoding="utf-8") if results.exists() else ""
    found = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {
        part.split("\n", 1)[0].removeprefix("## ").strip(): part.rstrip() + "\n" for part in found
    }


def section(name: str, module: ModuleType) -> tuple[str, bool]:
    """One model's trainings as a section of markdown, and whether a target was missed."""
    rows: list[dict[str, float]] = []
    quiet = {"verbose": 0} if "verbose" in inspect.signature(module.train).parameters else {}
    for seed in range(getattr(module, "SEEDS", 1)):
        start = time.perf_counter()
        _, metrics = module.train(seed=seed, **quiet)
        rows.append({"seed": seed, "seconds": time.perf_counter() - start, **metrics})
        print("  " + ", ".join(f"{key} {value:.4g}" for key, value in rows[-1].items()))
    mean = {key: statistics.fmean(row[key] for row in rows) for key in rows[0]}
    lines = [f"## {name}", "", title(name), "", *_table(rows, mean)]
    verdicts = [(target, *_judge(target, mean)) for target in getattr(module, "TARGETS", [])]
    lines += [""] + [
        f"- Wanted: {target.replace('_', ' ')}. {'Reached' if met else '**Missed**'}: {_number(value)}."
        for target, met, value in verdicts
    ]
    lines += [f"- Reference: {module.REFERENCE}."] if hasattr(module, "REFERENCE") else []
    return "\n".join([*lines, f"- {versions()}.", ""]), not all(met for _, met, _ in verdicts)


def _table(rows: list[dict[str, float]], mean: dict[str, float]) -> list[str]:
    """A row for each seed and one for the mean; of a single training, or of many figures, a row for each figure."""
    if len(rows) == 1:
        return [
            "| figure | value |",
            "|---|---|",
            *(f"| {key.replace('_', ' ')} | {_number(mean[key])} |" for key in mean),
        ]
    if len(mean) > 12:  # too wide for a page
        seeds = " | ".join(f"seed {_number(row['seed'])}" for row in rows)
        return [
            f"| figure | {seeds} | **mean** |",
            "|---" * (len(rows) + 2) + "|",
            *(
                f"| {key.replace('_', ' ')} | {' | '.join(_number(row[key]) for row in rows)} | **{_number(mean[key])}** |"
                for key in list(mean)[1:]
            ),
        ]
    names = " | ".join(key.replace("_", " ") for key in mean)
    return [
        f"| {names} |",
        "|---" * len(mean) + "|",
        *("| " + " | ".join(map(_number, row.values())) + " |" for row in rows),
        "| **mean** | " + " | ".join(f"**{_number(mean[key])}**" for key in list(mean)[1:]) + " |",
    ]


def _judge(target: str, mean: dict[str, float]) -> tuple[bool, float]:
    """Does the mean meet a target such as "accuracy >= 0.972"? With it, the mean itself."""
    metric, sign, bound = target.split()
    return SIGNS[sign](mean[metric], float(bound)), mean[metric]


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e9 else f"{value:.4g}"


def versions() -> str:
    """What the figures were made with."""
    return (
        f"minigrad {minigrad.__version__}, NumPy {np.__version__}, scikit-learn {sklearn.__version__}, "
        f"Python {platform.python_version()}, {sys.platform} {platform.machine()}, {os.cpu_count()} cores"
    )
