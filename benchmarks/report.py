"""What was measured, judged by its targets: a table, a JSON file and pictures."""

from __future__ import annotations

import datetime
import json
import os
import platform
import statistics
from operator import itemgetter
from pathlib import Path
from typing import Any

from .limits import Speeds, Work, limit
from .suites import scaling
from .suites.overhead import OPS
from .targets import SMALL_MEMORY, target

Record = dict[str, Any]
# the framework that a suite is measured against; of several the fastest
PARTNERS = {
    "overhead": ["torch"],
    "convolutions": ["torch"],
    "embeddings": ["torch"],
    "models": ["torch", "jax", "keras"],
    "generative": ["torch", "jax", "keras"],
    "scaling": ["torch"],
    "memory": ["torch"],
    "fit": ["keras"],
}
# the variant that a suite measures its others against, of the same framework
BASELINES = {"busy": "alone", "estimators": "bare"}
TITLES = {
    "overhead": "Overhead, microseconds per op",
    "kernels": "Kernels, forward and backward, against definition and NumPy kernel, the faster one",
    "convolutions": "Single convolutions, forward and both gradients, against PyTorch",
    "embeddings": "Embeddings, forward and gradient, against PyTorch",
    "models": "Training steps, against the fastest framework of this run",
    "generative": "Training steps of generative models, against the fastest framework of this run",
    "scaling": "Training steps on more and larger images, against PyTorch",
    "fit": "fit, against Keras's",
    "estimators": "fit of an estimator of scikit-learn, against the bare fit",
    "busy": "Training steps on all cores, one of them busy with another process, against none busy",
    "memory": "Peak memory, against PyTorch's",
}


COLORS = {
    "minigrad": "#1f6fb2",
    "numpy": "#9ab8d0",
    "torch": "#bbbbbb",
    "jax": "#c9b48a",
    "keras": "#c79a9a",
}
LIMITED = ("models", "generative")  # suites whose rows show what the machine allows
# steps that are not waited for overlap with the next on another core: shown, no partner
OVERLAPPING = ("jit, queued",)
PROFILED = 15  # ops
# suites in which the partner's best variant counts
BEST_OF_ALL = ("convolutions", "models", "generative", "scaling", "fit")


def judge(records: list[Record]) -> list[Record]:
    """The better thread count of each figure, with its ratio to the partner, and its target."""
    best: dict[tuple[str, ...], Record] = {}
    for r in records:
        key = r["suite"], r["row"], r["framework"], r["variant"]
        if key not in best or r["median"] < best[key]["median"]:
            best[key] = dict(r)
    judged = list(best.values())
    for r in judged:
        partners = [p for p in judged if _is_partner(r, p)]
        partner = min(partners, key=itemgetter("median"), default=None)
        r["ratio"] = r["median"] / partner["median"] if partner and partner["median"] else None
        r["partner"] = partner and name_of(partner)
        largest = max(r["median"], partner["median"] if partner else 0)
        is_judged = r["framework"] == "minigrad" and partner is not r
        if r["suite"] == "memory" and largest <= SMALL_MEMORY:
            is_judged = False
        r["target"] = target(r["suite"], r["row"], r["variant"]) if is_judged else None
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
    if r["suite"] == "kernels":  # a compiled kernel competes with NumPy's as well
        return p["variant"] in ("definition", "numpy") and p["variant"] != r["variant"]
    if r["suite"] in BASELINES:
        return p["variant"] == BASELINES[r["suite"]] and p["framework"] == r["framework"]
    if p["variant"] in OVERLAPPING:
        return False
    comparable = r["suite"] in BEST_OF_ALL or p["variant"] == r["variant"]
    return comparable and p["framework"] in PARTNERS[r["suite"]]


def name_of(r: Record) -> str:
    """Framework, variant and threads of a record."""
    threads = f"{r['threads']} thread{'s' if r['threads'] > 1 else ''}"
    return f"{r['framework']} {r['variant']}, {threads}"


# ---- the table -----------------------------------------------------------------------------------


def table(judged: list[Record]) -> str:
    """Plain text: the rows of each suite with a line per figure below them."""
    lines: list[str] = []
    for suite, title in TITLES.items():
        chosen = [r for r in judged if r["suite"] == suite]
        if chosen:
            lines += ["", title, _heading(suite)]
        previous = None
        for r in chosen:
            if r["row"] != previous:
                lines.append(_row(r))
            previous = r["row"]
            lines.append(_line(r))
    return "\n".join(lines[1:])


def _heading(suite: str) -> str:
    limits = f"{'limit':>12}{'x limit':>8}" if suite in LIMITED else ""
    return f"  {'':34}{'threads':>8}{'median':>12}{'spread':>8}{limits}{'ratio':>8}{'target':>8}"


def _row(r: Record) -> str:
    """The row's name, and for a training step its fastest partner and what bounds it."""
    text = f"  {r['row']}"
    if r["suite"] in LIMITED and r["partner"]:
        text += f": fastest {r['partner']}"
    if r.get("limit"):
        text += f"; limited by {r['limit']['by']}"
    return text


def _line(r: Record) -> str:
    what = f"{r['framework']} {r['variant']}"
    ratio = "-" if r["ratio"] is None else f"{r['ratio']:.2f}"
    bar = "" if r["target"] is None else f"{r['target']:g}"
    left = f"    {what:32}{r['threads']:>8}{amount(r):>12}{spread(r):>8.0%}{_limits(r)}"
    return f"{left}{ratio:>8}{bar:>8}  {verdict(r)}".rstrip()


def _limits(r: Record) -> str:
    """The columns of the limit: its time, and how many times it the figure is."""
    if r["suite"] not in LIMITED:
        return ""
    if not r.get("limit"):
        return f"{'-':>12}{'-':>8}"
    seconds = r["limit"]["seconds"]
    return f"{duration(seconds):>12}{r['median'] / seconds:>8.1f}"


def profile(row: str, ops: list[Record], speeds: Speeds) -> str:
    """Where a step spends its time: the ops of a row with their own seconds and their limits."""
    total = sum(op["seconds"] for op in ops)
    lines = [f"  {row}: {duration(total)} in {sum(op['calls'] for op in ops)} calls"]
    for op in ops[:PROFILED]:
        bound = limit(Work(**op["work"]), speeds)
        share, least = op["seconds"] / total, f"limit {duration(max(0, bound['seconds']))}"
        figures = f"{op['calls']:>5} x{duration(op['seconds']):>12}{share:>6.0%}   {least}"
        lines.append(f"    {op['op']:40}{figures} by {bound['by']}")
    return "\n".join(lines)


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
    return duration(value)


def duration(seconds: float) -> str:
    """Seconds in a unit that suits them."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 0.01:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds * 1e6:.0f} us"


def verdict(r: Record) -> str:
    """What the target says; without one, the first call's time where that was long."""
    if r["met"]:
        return "met"
    if r["met"] is False:
        return f"LOSES TO {r['partner'].upper()}" if r["suite"] == "kernels" else "NOT MET"
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
