"""What was measured, judged by its targets: a table, a JSON file and pictures."""

from __future__ import annotations

import datetime
import json
import os
import platform
import statistics
from pathlib import Path
from typing import Any

from .suites import scaling
from .suites.overhead import OPS
from .targets import target

Record = dict[str, Any]
PARTNERS = {
    "overhead": "torch",
    "convolutions": "torch",
    "embeddings": "torch",
    "models": "torch",
    "generative": "torch",
    "scaling": "torch",
    "memory": "torch",
    "fit": "keras",
}
TITLES = {
    "overhead": "Overhead, microseconds per op",
    "kernels": "Kernels, forward and backward, against their definitions",
    "convolutions": "Single convolutions, forward and both gradients, against PyTorch",
    "embeddings": "Embeddings, forward and gradient, against PyTorch",
    "models": "Training steps, against PyTorch",
    "generative": "Training steps of generative models, against PyTorch",
    "scaling": "Training steps on more and larger images, against PyTorch",
    "fit": "fit, against Keras's",
    "memory": "Peak memory, against PyTorch's",
}


COLORS = {
    "minigrad": "#1f6fb2",
    "numpy": "#9ab8d0",
    "torch": "#bbbbbb",
    "jax": "#c9b48a",
    "keras": "#c79a9a",
}
# suites in which the partner's best variant counts
BEST_OF_ALL = ("convolutions", "models", "scaling", "fit")


def judge(records: list[Record]) -> list[Record]:
    """The better thread count of each figure, with its ratio to the partner, and its target."""
    best: dict[tuple[str, ...], Record] = {}
    for r in records:
        key = r["suite"], r["row"], r["framework"], r["variant"]
        if key not in best or r["median"] < best[key]["median"]:
            best[key] = dict(r)
    judged = list(best.values())
    for r in judged:
        partner = min((p["median"] for p in judged if _is_partner(r, p)), default=None)
        r["ratio"] = r["median"] / partner if partner else None
        r["target"] = None
        if r["framework"] == "minigrad":
            r["target"] = target(r["suite"], r["row"], r["variant"])
        r["met"] = _met(r)
    return judged + _mean(judged)


def _met(r: Record) -> bool | None:
    """True if the figure meets its target, None without one."""
    figure = per_op(r) if r["suite"] == "overhead" else r["ratio"]
    if r["target"] is None or figure is None:
        return None
    return figure <= r["target"]


def per_op(r: Record) -> float:
    """Microseconds per op."""
    return r["median"] / OPS * 1e6


def _mean(judged: list[Record]) -> list[Record]:
    """The geometric mean of the ratios of all convolutions, as a row of its own."""
    ours = [r for r in judged if r["suite"] == "convolutions" and r["framework"] == "minigrad"]
    chosen = [r for r in ours if r["ratio"]]
    if not chosen:
        return []
    seconds = statistics.geometric_mean(r["median"] for r in chosen)
    mean = dict(
        chosen[0],
        row="geometric mean",
        median=seconds,
        quartiles=[seconds, seconds],
        ratio=statistics.geometric_mean(r["ratio"] for r in chosen),
        target=target("convolutions", "geometric mean", chosen[0]["variant"]),
    )
    return [dict(mean, met=_met(mean))]


def _is_partner(r: Record, p: Record) -> bool:
    """True if p is what r is measured against."""
    if (r["suite"], r["row"]) != (p["suite"], p["row"]):
        return False
    if r["suite"] == "kernels":
        return p["variant"] == "definition"
    comparable = r["suite"] in BEST_OF_ALL or p["variant"] == r["variant"]
    return comparable and p["framework"] == PARTNERS[r["suite"]]


# ---- the table -----------------------------------------------------------------------------------


def table(judged: list[Record]) -> str:
    """Plain text, one line per figure, grouped by suite and row."""
    lines: list[str] = []
    for suite in TITLES:
        chosen = [r for r in judged if r["suite"] == suite]
        if chosen:
            lines += ["", TITLES[suite], _heading(suite)]
        previous = None
        for r in chosen:
            repeats = previous == r["row"] and suite != "kernels"
            previous = r["row"]
            if suite != "kernels" or r["variant"] != "definition":
                lines.append(_line(r, "" if repeats else r["row"]))
    return "\n".join(lines[1:])


def _heading(suite: str) -> str:
    ratio = "to its def." if suite == "kernels" else f"to {PARTNERS[suite]}"
    return f"  {'':40}{'':26}{'threads':>8}{'median':>12}{'spread':>8}{ratio:>12}{'target':>7}"


def _line(r: Record, row: str) -> str:
    what = f"{r['framework']} {r['variant']}"
    ratio = "-" if r["ratio"] is None else f"{r['ratio']:.2f}"
    limit = "" if r["target"] is None else f"{r['target']:g}"
    left = f"  {row:40}{what:26}{r['threads']:>8}{amount(r):>12}{spread(r):>8.0%}"
    return f"{left}{ratio:>12}{limit:>7}  {verdict(r)}"


def spread(r: Record) -> float:
    """The distance between the quartiles, as a part of the median."""
    low, high = r["quartiles"]
    return (high - low) / r["median"] if r["median"] else 0.0


def amount(r: Record) -> str:
    """The median in a unit that suits it."""
    value = r["median"]
    if r["suite"] == "memory":
        return f"{value / 2**20:.1f} MiB"
    if r["suite"] == "overhead":
        return f"{per_op(r):.2f} us/op"
    if value >= 1:
        return f"{value:.2f} s"
    if value >= 0.01:
        return f"{value * 1e3:.1f} ms"
    return f"{value * 1e6:.0f} us"


def verdict(r: Record) -> str:
    """What the target says; without one, the first call's time where that was long."""
    if r["met"]:
        return "met"
    if r["met"] is False:
        return "LOSES TO ITS DEFINITION" if r["suite"] == "kernels" else "NOT MET"
    first = r.get("first", 0)
    return f"first call {first:.1f} s" if first > max(0.3, 1.5 * r["median"]) else ""


# ---- files ---------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """The processor and the system; nothing that names the machine or its owner."""
    return {
        "cpu": _cpu_name() or platform.processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return ""


def save(path: Path, judged: list[Record], records: list[Record], **about: Any) -> None:
    """All of it as JSON: `judged` has the better thread count of each figure, `measured` both."""
    body = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        **about,
        "judged": judged,
        "measured": records,
    }
    path.write_text(json.dumps(body, indent=1) + "\n")


def picture(path: Path, judged: list[Record]) -> None:
    """A file per suite, PATH-SUITE.png: bars of ratios with red ticks at the targets, or curves."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for suite in TITLES:
        chosen = [r for r in judged if r["suite"] == suite and r["variant"] != "definition"]
        chosen = [r for r in chosen if r["ratio"]]
        if not chosen:
            continue
        height = 4 if suite == "scaling" else 1 + 0.24 * len(chosen)
        figure = plt.figure(figsize=(9, height), layout="constrained")
        if suite == "scaling":
            scaling.picture(chosen, figure)
        else:
            _draw_ratios(figure.subplots(), suite, list(reversed(chosen)))
            caption = "Shorter is better; black line: the partner; red tick: the target"
            figure.suptitle(caption, fontsize=9)
        figure.savefig(path.with_name(f"{path.stem.partition('-')[0]}-{suite}.png"), dpi=110)
        plt.close(figure)


def _draw_ratios(axis: Any, suite: str, chosen: list[Record]) -> None:
    """Horizontal bars of the ratios to the partner."""
    ratios = [r["ratio"] for r in chosen]
    colors = [COLORS[r["framework"]] for r in chosen]
    bars = axis.barh(range(len(chosen)), ratios, color=colors)
    axis.bar_label(
        bars,
        [f"{r['ratio']:.2f}  ({amount(r)})" for r in chosen],
        padding=3,
        fontsize=7,
        zorder=3,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.85},
    )
    for i, r in enumerate(chosen):
        limit = r["target"]
        if limit is None:
            continue
        if suite == "overhead":
            limit *= r["ratio"] / per_op(r)
        axis.plot([limit, limit], [i - 0.45, i + 0.45], color="red", linewidth=2)
    labels = [f"{r['row']}: {r['framework']} {r['variant']}" for r in chosen]
    axis.set_yticks(range(len(chosen)), labels, fontsize=7)
    axis.axvline(1, color="black", linewidth=0.8)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_ylim(-0.6, len(chosen) - 0.4)
    axis.set_xlim(min(0.1, *ratios) * 0.8, max(1.5, *ratios) * 2.5)
    title = TITLES[suite]
    if suite == "overhead":
        title += " (drawn: the ratio to PyTorch)"
    axis.set_title(title, fontsize=9, loc="left")
    axis.tick_params(axis="x", labelsize=7)
