"""Random and Bayesian search on the digits, with equally many trials (Bergstra & Bengio 2012, JMLR
13; Bergstra et al. 2011, NeurIPS 24).

Both search the space of `python -m models search mlp`: optimizer, learning rate, batch size, weight
decay, dropout, depth and width of a perceptron. Random search draws every trial anew. Bayesian
search, after eight random trials, draws where good trials were dense. Each of its trainings that
falls below the median of the others is ended early, so it also trains for fewer epochs. The best
validation accuracy of a search is what counts here, over several seeds; the test rows are read once
per search, for its best trial. A difference of 0.003 is one image of 360.

Lesson: tutorials/25_search.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import statistics
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from minigrad import plots

from ..common import search
from ..common.search_spaces import TASKS

METHODS = ("random", "bayesian")

REFERENCE = (
    "with the 25 seeds after these five, medians of .9500 (random, .9222 to .9639) and .9583 "
    "(Bayesian, .9306 to .9722); Bayesian search wins 18 of these 25 pairs"
)
TARGETS = ["bayesian_minus_random >= 0.001"]


def train(
    trials: int = 30, seeds: int = 5, epochs: int = 10, seed: int = 0, verbose: int = 1
) -> tuple[dict[str, Any], dict[str, float]]:
    """Search with both methods, once per seed: ({method: curves and scores}, metrics).

    Args:
        trials: Trials of each search.
        seeds: Searches of each method.
        epochs: Epochs of a training that is not ended early.
        seed: The seed of the first search; the others have the numbers after it.
        verbose: 1 shows a bar, 0 does not.
    """
    found: dict[str, Any] = {method: [] for method in METHODS}
    runs = [(number, method) for number in range(seed, seed + seeds) for method in METHODS]
    for number, method in tqdm(runs, desc="searches", disable=not verbose):
        found[method].append(search_once(method, trials, epochs, number))
    return found, metrics_of(found)


def search_once(method: str, trials: int, epochs: int, seed: int) -> dict[str, Any]:
    """One search: the best score after each trial, its test accuracy, and the epochs it took.

    Args:
        method: "random", which trains every trial to its end, or "bayesian", which prunes.
        trials: Number of trials.
        epochs: Epochs of a training.
        seed: Seed of the draws and of every training.
    """
    training = search.Training("mlp", epochs, seed)
    study = search.open_study(None, method, {})
    options = {"method": method, "seed": seed, "prune": method == "bayesian", "verbose": 0}
    search.run_search(training, TASKS["mlp"].space, study, trials, **options)
    finished = search.finished_trials(study)
    scores = [0.0 if search.is_pruned(trial) else trial.value for trial in finished]
    _, measured = search.measure_best(training, study)
    return {
        "best": np.maximum.accumulate(scores),
        "test": measured["test_accuracy"],
        "epochs": sum(len(trial.intermediate_values) for trial in finished),
    }


def metrics_of(found: dict[str, Any]) -> dict[str, float]:
    """Median, smallest and largest best score of each method, and the difference of the medians.

    Args:
        found: The searches of each method.
    """
    metrics: dict[str, float] = {}
    for method, searches in found.items():
        best = [float(run["best"][-1]) for run in searches]
        metrics[f"{method}_median"] = statistics.median(best)
        metrics[f"{method}_lowest"], metrics[f"{method}_highest"] = min(best), max(best)
        metrics[f"{method}_test_median"] = statistics.median(run["test"] for run in searches)
        metrics[f"{method}_epochs"] = statistics.median(run["epochs"] for run in searches)
    pairs = zip(found["bayesian"], found["random"], strict=True)
    metrics["bayesian_minus_random"] = metrics["bayesian_median"] - metrics["random_median"]
    metrics["seeds_won"] = sum(float(b["best"][-1] > r["best"][-1]) for b, r in pairs)
    return metrics


def pictures(found: dict[str, Any], out: Path) -> None:
    """The best validation error after each trial: the median of the seeds, and their range.

    Args:
        found: The searches of each method.
        out: Folder of the picture.
    """
    with plots.new_figure(7.2, 4.0, out / "searches.png") as figure:
        axes, lowest = figure.subplots(), 1.0
        for method, color in zip(METHODS, plots.COLORS):
            errors = 1 - np.array([run["best"] for run in found[method]])
            numbers = np.arange(1, errors.shape[1] + 1)
            low, middle, high = (f(errors, axis=0) for f in (np.min, np.median, np.max))
            lowest = min(lowest, float(low.min()))
            label = f"{method.replace('bayesian', 'Bayesian')}, median of {len(errors)}"
            axes.fill_between(numbers, low, high, step="post", color=color, alpha=0.2, linewidth=0)
            axes.step(numbers, middle, where="post", color=color, label=label)
        axes.set(xlabel="trials", ylabel="lowest validation error so far", yscale="log")
        axes.set(title="Two searches for a perceptron of the digits")
        ticks = [0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.set_ylim(0.9 * lowest, 1.0)
        axes.minorticks_off()
        axes.legend(loc="upper right")
