"""What was measured, judged against its bar: a table, a JSON file and a picture."""

from __future__ import annotations

import datetime
import json
import os
import platform
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import bar
from .suites import scaling
from .suites.overhead import OPS

Record = dict[str, Any]
PARTNERS = {
    "overhead": "torch",
    "convolutions": "torch",
    "embeddings": "torch",
    "models": "torch",
    "scaling": "torch",
    "memory": "torch",
    "fit": "keras",
}
TITLES = {
    "overhead": "Overhead, microseconds an op",
    "kernels": "Kernels, forward and backward, against their definitions",
    "convolutions": "Single convolutions, forward and both gradients, against PyTorch",
    "embeddings": "Embeddings, forward and gradient, against PyTorch",
    "models": "Training steps, against PyTorch",
    "scaling": "Training steps as images become more and larger, against PyTorch",
    "fit": "fit, against Keras's",
    "memory": "Peak memory, against PyTorch's",
}


def judge(records: list[Record]) -> list[Record]:
    """For each row, framework and variant the better thread count, with its ratio to the partner, its bar and if it is met."""
    best: dict[tuple[str, ...], Record] = {}
    for r in records:
        key = r["stage"], r["row"], r["framework"], r["variant"]
        if key not in best or r["median"] < best[key]["median"]:
            best[key] = dict(r)
    for r in best.values():
        partner = min((p["median"] for p in best.values() if _partners(r, p)), default=None)
        r["ratio"] = r["median"] / partner if partner else None
        r["bar"] = bar(r["stage"], r["row"], r["variant"]) if r["framework"] == "minigrad" else None
        figure = r["median"] / OPS * 1e6 if r["stage"] == "overhead" else r["ratio"]
        r["met"] = None if r["bar"] is None or figure is None else figure <= r["bar"]
    return [*best.values(), *_mean(list(best.values()))]


def _mean(judged: list[Record]) -> list[Record]:
    """The geometric mean of the ratios of all convolutions, as a row of its own."""
    chosen = [
        r
        for r in judged
        if r["stage"] == "convolutions" and r["framework"] == "minigrad" and r["ratio"]
    ]
    if not chosen:
        return []
    seconds, ratio = (
        statistics.geometric_mean(r[key] for r in chosen) for key in ("median", "ratio")
    )
    mean = dict(
        chosen[0],
        row="geometric mean",
        median=seconds,
        quartiles=[seconds, seconds],
        ratio=ratio,
        bar=bar("convolutions", "geometric mean", chosen[0]["variant"]),
    )
    return [dict(mean, met=ratio <= mean["bar"])]


def _partners(r: Record, p: Record) -> bool:
    """Is p what r is measured against?"""
    if (r["stage"], r["row"]) != (p["stage"], p["row"]):
        return False
    if r["stage"] == "kernels":
        return p["variant"] == "definition"
    best_of_all = r["stage"] in ("convolutions", "models", "scaling", "fit")
    return p["framework"] == PARTNERS[r["stage"]] and (best_of_all or p["variant"] == r["variant"])


# ---- the table -----------------------------------------------------------------------------------------------------


def table(judged: list[Record]) -> str:
    """Plain text, one line a figure, grouped by stage and row."""
    lines: list[str] = []
    for stage in TITLES:
        chosen = [r for r in judged if r["stage"] == stage]
        if chosen:
            ratio = "to its def." if stage == "kernels" else f"to {PARTNERS[stage]}"
            lines += [
                "",
                TITLES[stage],
                f"  {'':40}{'':26}{'threads':>8}{'median':>12}{'spread':>8}{ratio:>12}{'bar':>7}",
            ]
        for previous, r in zip([None, *chosen], chosen, strict=False):
            if stage == "kernels" and r["variant"] == "definition":
                continue
            row = (
                "" if previous and previous["row"] == r["row"] and stage != "kernels" else r["row"]
            )
            lines.append(
                f"  {row:40}{r['framework'] + ' ' + r['variant']:26}{r['threads']:>8}{amount(r):>12}"
                f"{spread(r):>8.0%}"
                f"{'-' if r['ratio'] is None else format(r['ratio'], '.2f'):>12}"
                f"{'' if r['bar'] is None else format(r['bar'], 'g'):>7}  {verdict(r)}"
            )
    return "\n".join(lines[1:])


def spread(r: Record) -> float:
    """The distance between the quartiles, as a part of the median."""
    low, high = r["quartiles"]
    return (high - low) / r["median"] if r["median"] else 0.0


def amount(r: Record) -> str:
    """The median in a unit that suits it."""
    value = r["median"]
    if r["stage"] == "memory":
        return f"{value / 2**20:.1f} MiB"
    if r["stage"] == "overhead":
        return f"{value / OPS * 1e6:.2f} us/op"
    return (
        f"{value:.2f} s"
        if value >= 1
        else f"{value * 1e3:.1f} ms"
        if value >= 0.01
        else f"{value * 1e6:.0f} us"
    )


def verdict(r: Record) -> str:
    """What the bar says, and for what compiles how long its first call took."""
    if r["met"] is not None:
        return (
            "met"
            if r["met"]
            else "LOSES TO ITS DEFINITION"
            if r["stage"] == "kernels"
            else "NOT MET"
        )
    return (
        f"first call {r['first']:.1f} s" if r.get("first", 0) > max(0.3, 1.5 * r["median"]) else ""
    )


# ---- files ---------------------------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """The processor and the system; nothing that names the machine or its owner."""
    name = platform.processor()
    try:
        with open("/proc/cpuinfo") as file:
            name = next(
                (line.partition(":")[2].strip() for line in file if line.startswith("model name")),
                name,
            )
    except OSError:
        pass
    return {
        "cpu": name,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def save(path: Path, judged: list[Record], records: list[Record], **about: Any) -> None:
    """All of it as JSON: `judged` has the better thread count of each, `measured` every one."""
    body = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        **about,
        "judged": judged,
        "measured": records,
    }
    path.write_text(json.dumps(body, indent=1) + "\n")


def picture(path: Path, judged: list[Record]) -> None:
    """A file for each stage, PATH-STAGE.png: bars of the ratios, where a red tick is the bar to stay left of, or lines of growth."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for stage in TITLES:
        chosen = [
            r for r in judged if r["stage"] == stage and r["ratio"] and r["variant"] != "definition"
        ]
        if not chosen:
            continue
        figure = plt.figure(
            figsize=(9, 4 if stage == "scaling" else 1 + 0.24 * len(chosen)), layout="constrained"
        )
        if stage == "scaling":
            scaling.picture(chosen, figure)
        else:
            _panel(figure.subplots(), stage, list(reversed(chosen)))
            figure.suptitle(
                "Shorter is better; the black line is the partner, the red tick the bar", fontsize=9
            )
        figure.savefig(path.with_name(f"{path.stem.partition('-')[0]}-{stage}.png"), dpi=110)
        plt.close(figure)


def _panel(axis: Any, stage: str, chosen: list[Record]) -> None:
    colours = {
        "minigrad": "#1f6fb2",
        "numpy": "#9ab8d0",
        "torch": "#bbbbbb",
        "jax": "#c9b48a",
        "keras": "#c79a9a",
    }
    drawn = axis.barh(
        range(len(chosen)),
        [r["ratio"] for r in chosen],
        color=[colours[r["framework"]] for r in chosen],
    )
    axis.bar_label(
        drawn,
        [f"{r['ratio']:.2f}  ({amount(r)})" for r in chosen],
        padding=3,
        fontsize=7,
        zorder=3,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.85},
    )
    for i, r in enumerate(chosen):
        limit = r["bar"]
        if limit is not None:
            limit = limit * r["ratio"] / (r["median"] / OPS * 1e6) if stage == "overhead" else limit
            axis.plot([limit] * 2, [i - 0.45, i + 0.45], color="red", linewidth=2)
    axis.set_yticks(
        range(len(chosen)),
        [f"{r['row']}: {r['framework']} {r['variant']}" for r in chosen],
        fontsize=7,
    )
    axis.axvline(1, color="black", linewidth=0.8)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_ylim(-0.6, len(chosen) - 0.4)
    axis.set_xlim(min(0.1, *_ratios(chosen)) * 0.8, max(1.5, *_ratios(chosen)) * 2.5)
    axis.set_title(
        TITLES[stage] + (" (drawn: the ratio to PyTorch)" if stage == "overhead" else ""),
        fontsize=9,
        loc="left",
    )
    axis.tick_params(axis="x", labelsize=7)


def _ratios(chosen: Iterable[Record]) -> list[float]:
    return [r["ratio"] for r in chosen]
