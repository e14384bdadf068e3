"""What a seed is worth: the spread of a test score, where it comes from, and how many seeds tell
two models apart (Bouthillier et al. 2021, arXiv:2103.03098).

One network on the digits, twenty times: other weights, another order of rows, another split, each
alone and all together. The order moves the test accuracy least, the split most: with 360 test rows
counting alone scatters by sqrt(.955 * .045 / 360) = .011. The best of twenty seeds stands above
their mean by more than twice as many hidden units gain. So one seed of each picks the worse of the
two networks in about one of five comparisons, and five seeds tell them apart in fewer than half.
The same seeds and splits for both, compared pair by pair, need fewer.

Lesson: tutorials/10_overfitting.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
from pathlib import Path

import numpy as np
from scipy import stats

import minigrad
from minigrad import Sequential, datasets
from minigrad.layers import Dense, Input
from minigrad.losses import SparseCategoricalCrossentropy
from minigrad.plots import new_figure
from minigrad.plots.style import DARK, integer_ticks, nth_color

# ---- one training, three seeds -------------------------------------------------------------------

TEST_ROWS = 360
FIXED = 0  # the seed of what does not vary


def accuracy(units: int, weights: int, order: int, split: int, epochs: int) -> float:
    """Test accuracy of a network with one hidden layer on the digits.

    Args:
        units: Hidden units.
        weights: Seed of the weights.
        order: Seed of the order of rows.
        split: Seed of the split into training and test rows.
        epochs: Passes over the training rows.
    """
    (x, y), test = datasets.digits.load_data(test_size=TEST_ROWS, random_state=split)
    minigrad.seed(weights)
    model = Sequential([Input((64,)), Dense(units, activation="relu"), Dense(10)])
    model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    minigrad.seed(order)
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model.evaluate(*test, batch_size=TEST_ROWS, verbose=0)[1]


def spread(vary: str, units: int, seeds: range, epochs: int) -> np.ndarray:
    """One accuracy per seed.

    Args:
        vary: "weights", "order", "split", or "all" of them.
        units: Hidden units.
        seeds: The seeds.
        epochs: Passes over the training rows.
    """
    values = []
    for seed in seeds:
        chosen = {name: seed if vary in (name, "all") else FIXED for name in SOURCES}
        values.append(accuracy(units, **chosen, epochs=epochs))
    return np.array(values)


SOURCES = ["weights", "order", "split"]

# ---- what the spread says ------------------------------------------------------------------------


def half_interval(values: np.ndarray) -> float:
    """Half the 95 % confidence interval of the mean, by Student's t.

    Args:
        values: Scores.
    """
    quantile = float(stats.t.ppf(0.975, len(values) - 1))
    return quantile * float(values.std(ddof=1)) / math.sqrt(len(values))


def seeds_needed(difference: float, deviation: float, samples: int) -> float:
    """Seeds after which a difference is found in 4 of 5 comparisons, at the 5 % level.

    n = samples (1.96 + 0.84)^2 (deviation / difference)^2

    Args:
        difference: Of the means.
        deviation: Of the scores; of their differences for pairs.
        samples: 2 for two models with seeds of their own, 1 for pairs.
    """
    return samples * (1.96 + 0.84) ** 2 * (deviation / difference) ** 2


def power(a: np.ndarray, b: np.ndarray, n: int, paired: bool, trials: int = 400) -> float:
    """How often a t-test at the 5 % level tells two models apart after n seeds each.

    Args:
        a: Scores of one model.
        b: Scores of the other, of the same seeds.
        n: Number of seeds, drawn with replacement.
        paired: True for the differences seed by seed, False for seeds of their own.
        trials: Number of draws.
    """
    rng = np.random.default_rng(0)
    i, j = rng.integers(len(a), size=(2, trials, n))
    if paired:
        j = i
    difference = (b[j] - a[i]).mean(1)
    if paired:
        variance, freedom = (b[i] - a[i]).var(1, ddof=1), n - 1
    else:
        variance, freedom = a[i].var(1, ddof=1) + b[j].var(1, ddof=1), 2 * n - 2
    is_found = abs(difference) > stats.t.ppf(0.975, freedom) * np.sqrt(variance / n)
    return float(is_found.mean())


# ---- all of it -----------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = (
    "counting correct answers among 360 rows scatters by .011 at an accuracy of .955, "
    "whatever the seeds"
)
TARGETS = [
    "deviation_order <= 0.006",
    "split_over_order >= 1.4",
    "rival_gains >= 0.005",
    "lucky_over_rival >= 1",
    "single_seed_picks_the_worse >= 0.08",
    "power_of_5_seeds <= 0.75",
    "seeds_needed >= 4",
    "seeds_saved_by_pairs >= 0.5",
]


def train(
    seeds: int = 20, epochs: int = 20, units: int = 32, rival: int = 64, seed: int = 0
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Accuracies over seeds: ({what varies: accuracies}, metrics).

    Args:
        seeds: Number of seeds of each kind.
        epochs: Passes over the training rows.
        units: Hidden units of the model.
        rival: Hidden units of the model it is compared with.
        seed: The seeds begin at this number times `seeds`, plus 1.
    """
    numbers = range(seeds * seed + 1, seeds * (seed + 1) + 1)
    scores = {vary: spread(vary, units, numbers, epochs) for vary in (*SOURCES, "all")}
    scores["rival"] = spread("all", rival, numbers, epochs)
    metrics = {f"deviation_{name}": float(v.std(ddof=1)) for name, v in scores.items()}
    metrics["split_over_order"] = metrics["deviation_split"] / metrics["deviation_order"]
    return scores, metrics | comparison(scores["all"], scores["rival"])


def comparison(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Means with their intervals, and what it takes to tell the models apart.

    Args:
        a: Scores of the model.
        b: Scores of its rival, of the same seeds.
    """
    differences = b - a
    gain = float(differences.mean())
    deviation = math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    alone = seeds_needed(gain or 1e-9, deviation, 2)
    in_pairs = seeds_needed(gain or 1e-9, float(differences.std(ddof=1)), 1)
    return {
        "accuracy": float(a.mean()),
        "half_interval": half_interval(a),
        "lucky_seed_gains": float(a.max() - a.mean()),
        "lucky_over_rival": float(a.max() - a.mean()) / (gain or 1e-9),
        "rival_gains": gain,
        "rival_half_interval": half_interval(differences),
        "single_seed_picks_the_worse": float(np.mean(b[:, None] <= a)),
        "power_of_5_seeds": power(a, b, 5, False),
        "power_of_5_pairs": power(a, b, 5, True),
        "seeds_needed": alone,
        "pairs_needed": in_pairs,
        "seeds_saved_by_pairs": alone - in_pairs,
    }


def pictures(scores: dict[str, np.ndarray], out: Path) -> None:
    """Every accuracy by what varies, and how often n seeds tell the two models apart."""
    with new_figure(11, 4.2, out / "seeds.png") as figure:
        left, right = figure.subplots(1, 2)
        for i, values in enumerate(scores.values()):
            places = i + np.linspace(-0.15, 0.15, len(values))
            left.plot(places, values, "o", color=nth_color(i), markersize=4, alpha=0.7)
            bar = {"fmt": "_", "markersize": 18, "capsize": 5, "linewidth": 2}
            left.errorbar(i + 0.3, values.mean(), half_interval(values), color=DARK, **bar)
        labels = [*(f"{name}\nvary" for name in SOURCES), "all\nvary", "all vary,\nrival model"]
        left.set_xticks(range(len(scores)), labels)
        title = f"Test accuracy of {len(scores['all'])} seeds; mean, 95 % interval"
        left.set(title=title, ylabel="accuracy")
        a, b = scores["all"], scores["rival"]
        counts = range(2, 21)
        for label, paired in (("seeds of their own", False), ("the same seeds, in pairs", True)):
            right.plot(counts, [power(a, b, n, paired) for n in counts], "o-", label=label)
        right.axhline(0.8, color=DARK, linestyle=":", linewidth=1)
        right.set(
            title="Comparisons that find the better model",
            xlabel="seeds of each model",
            ylabel="share, t-test at the 5 % level",
            ylim=(0, 1.03),
        )
        right.xaxis.set_major_locator(integer_ticks())
        right.legend(loc="lower right")
