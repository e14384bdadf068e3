"""Schedules on one network: constant, step, exponential, cosine, warm restarts, cyclic, warm-up
(Loshchilov & Hutter 2017, arXiv:1608.03983; Smith 2017, arXiv:1506.01186; Goyal et al. 2017,
arXiv:1706.02677).

SGD with momentum and batches of 16, once at a high peak rate and once at a third of it. At the high
rate a constant schedule cannot settle: its training loss stays more than ten times higher than that
of a cosine, and accuracy some points lower. All schedules that end low repair this. At the lower
rate, which suits a constant schedule, nothing is left to repair: the constant one ends with a lower
training loss than the cosine, and no schedule is better on the test digits by more than seeds are.
A fast exponential decay even stops before the network has learned. So a schedule is worth something
where the peak is too high to end with, and it forgives a peak that was chosen too high.

Lesson: tutorials/08_learning_rates.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import plots
from minigrad.optimizers import schedules
from minigrad.optimizers.momentum import Momentum

from ..common.digit_parts import split
from .optimizers_on_digits import draw_accuracies, fit

BATCH_SIZE = 16
PEAKS = {"high": 0.1, "low": 0.03}

# ---- the schedules -------------------------------------------------------------------------------


def schedules_of(peak: float, steps: int) -> dict[str, Callable[[Any], float]]:
    """Schedules with the same highest rate over the same number of steps.

    Args:
        peak: The highest rate.
        steps: Number of training steps.
    """
    cosine = schedules.CosineDecay(peak, 0.9 * steps)
    return {
        "constant": schedules.Constant(peak),
        "step": schedules.StepDecay(peak, [steps // 2, 3 * steps // 4]),
        "exponential": schedules.ExponentialDecay(peak, steps, 0.01),
        "cosine": schedules.CosineDecay(peak, steps),
        "warm restarts": schedules.CosineDecayRestarts(peak, steps / 7),  # periods of 1, 2 and 4
        "cyclic": schedules.CyclicLR(peak / 100, peak, steps / 8),
        "warm-up + cosine": schedules.WarmUp(cosine, 0.1 * steps),
    }


def follow(schedule: Callable[[Any], float], epochs: int, seeds: range) -> dict[str, np.ndarray]:
    """Losses by epoch, training loss at the end and test accuracy, of a training with each seed.

    Args:
        schedule: The learning rate by step.
        epochs: Passes over the training digits.
        seeds: Seeds of the trainings.
    """
    curves, losses, accuracies = [], [], []
    for seed in seeds:
        minigrad.seed(seed)
        training, validation, test = split()
        model = fit(Momentum(schedule), training, validation, epochs, BATCH_SIZE)
        curves.append(model.history.history["loss"])
        losses.append(model.evaluate(*training, verbose=0)[0])
        accuracies.append(model.evaluate(*test, verbose=0)[1])
    return {
        "curves": np.array(curves),
        "losses": np.array(losses),
        "accuracies": np.array(accuracies),
    }


# ---- all of them ---------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = (
    "books promise more accuracy from every decay; beside a constant rate that suits, it does not "
    "show here: the best schedule is ahead by less than half a point"
)
TARGETS = [
    "high_constant_over_cosine_loss >= 5",
    "high_trainings_where_cosine_is_lower == 4",  # a mean of 4 over the seeds is 4 in each
    "high_accuracy_gain_of_cosine >= 0.01",
    "low_constant_over_cosine_loss <= 1",
    "low_accuracy_gain_of_the_best <= 0.015",
]


def train(
    epochs: int = 15, trainings: int = 4, seed: int = 0
) -> tuple[dict[str, Any], dict[str, float]]:
    """Train with every schedule at both peaks: ({peak: {name: findings}}, metrics).

    Args:
        epochs: Passes over the training digits.
        trainings: Trainings of each schedule at each peak.
        seed: Seed from which those of the trainings are counted.
    """
    seeds = range(1000 * seed, 1000 * seed + trainings)
    minigrad.seed(seed)
    (x, _), _, _ = split()
    steps = epochs * -(-len(x) // BATCH_SIZE)
    found: dict[str, Any] = {}
    for name, peak in PEAKS.items():
        found[name] = {
            key: {
                "rates": [schedule(step) for step in range(steps)],
                **follow(schedule, epochs, seeds),
            }
            for key, schedule in schedules_of(peak, steps).items()
        }
    return found, metrics_of(found)


def metrics_of(found: dict[str, Any]) -> dict[str, float]:
    """Loss, accuracy and its deviation of each schedule; constant beside cosine and the best."""
    metrics: dict[str, float] = {}
    for peak, findings in found.items():
        for name, one in findings.items():
            key = f"{peak}_{name}".replace(" + ", "_").replace(" ", "_").replace("-", "_")
            metrics[f"{key}_loss"] = float(one["losses"].mean())
            metrics[f"{key}_accuracy"] = float(one["accuracies"].mean())
            metrics[f"{key}_deviation"] = float(one["accuracies"].std(ddof=1))
        best = max(one["accuracies"].mean() for one in findings.values())
        constant, cosine = findings["constant"], findings["cosine"]
        lower = cosine["losses"] < constant["losses"] / 2
        gain = cosine["accuracies"].mean() - constant["accuracies"].mean()
        ratio = constant["losses"].mean() / cosine["losses"].mean()
        metrics[f"{peak}_constant_over_cosine_loss"] = float(ratio)
        metrics[f"{peak}_trainings_where_cosine_is_lower"] = int(lower.sum())
        metrics[f"{peak}_accuracy_gain_of_cosine"] = float(gain)
        metrics[f"{peak}_accuracy_gain_of_the_best"] = best - constant["accuracies"].mean()
    return metrics


# ---- pictures ------------------------------------------------------------------------------------


def pictures(found: dict[str, Any], out: Path) -> None:
    """Each schedule with the losses under it; the test accuracies at both peaks."""
    with plots.new_figure(13, 5.6, out / "curves.png") as figure:
        panels = figure.subplots(2, 4).ravel()
        for axes, name in zip(panels, found["high"]):
            draw_schedule(axes, name, {peak: found[peak][name] for peak in found})
        panels[0].legend(loc="lower left", fontsize=8)
        for unused in panels[len(found["high"]) :]:
            unused.remove()
        figure.supxlabel("epoch; gray: the rate, from zero to its peak", fontsize=10)
        figure.supylabel("training loss", fontsize=10)
    with plots.new_figure(10, 3.6, out / "accuracies.png") as figure:
        panels = figure.subplots(1, len(found), sharex=True)
        for axes, (peak, findings) in zip(panels, found.items()):
            draw_accuracies(axes, {name: one["accuracies"] for name, one in findings.items()})
            axes.set_title(f"Peak {PEAKS[peak]}; dots: seeds, bars: means")


def draw_schedule(axes: Any, name: str, by_peak: dict[str, dict[str, Any]]) -> None:
    """Mean training loss by epoch at both peaks over the shape of the rate."""
    for color, (peak, found) in zip(plots.COLORS[1::-1], by_peak.items()):
        curve = found["curves"].mean(0)
        label = f"peak {PEAKS[peak]}"
        axes.plot(np.arange(1, len(curve) + 1), curve, color=color, label=label)
    axes.set(yscale="log", ylim=(0.003, 1.5), title=name)
    rates = np.array(by_peak["high"]["rates"])
    behind = axes.twinx()
    behind.fill_between(np.linspace(0, len(curve), len(rates)), rates, color="gray", alpha=0.2)
    behind.set(ylim=(0, 1.1 * max(PEAKS.values())), yticks=[])
    behind.grid(False)
