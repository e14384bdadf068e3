"""Batch size and learning rate: the linear rule (Goyal et al. 2017, arXiv:1706.02677) and the
square-root rule (Krizhevsky 2014, arXiv:1404.5997) beside a grid.

A small network reads the digits five times, at each batch size and each rate. With SGD the loss is
a function of rate / batch size: along a diagonal of the heat map it hardly changes, so twice the
rows want twice the rate. That ends near the rate at which training diverges, which is about the
same at each batch size: from 32 or 64 rows on the best rate stands still, both rules lead into
divergence, and a larger batch only means fewer steps. With Adam the rate that a fixed loss needs
grows as the batch size to the power .71, between the rules; the best rate itself grows less than
either says.

Lesson: tutorials/08_learning_rates.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, datasets
from minigrad.layers import Dense, Input
from minigrad.losses import SparseCategoricalCrossentropy
from minigrad.optimizers import SGD, Adam
from minigrad.plots import new_figure
from minigrad.plots.style import RED

# ---- the grid ------------------------------------------------------------------------------------

OPTIMIZERS = {"SGD": (SGD, 2.0 ** np.arange(-7, 3)), "Adam": (Adam, 2.0 ** np.arange(-12, -2))}
SMALLEST, ANCHOR = 8, 32  # batch sizes: of the grid, and where both rules begin
DIAGONAL = 4  # batch sizes from 8 on, 8 to 64, over which the rate that a loss needs is compared
TARGET_LOSS = 0.6


def batch_sizes(largest: int) -> list[int]:
    """Powers of two from SMALLEST to the largest.

    Args:
        largest: The largest batch size.
    """
    return [2**i for i in range(3, largest.bit_length())]


def final_loss(optimizer: Any, rows: int, epochs: int, seed: int) -> float:
    """Cross-entropy over all training digits after some epochs; infinite if it is not a number.

    Args:
        optimizer: The optimizer.
        rows: The batch size.
        epochs: Passes over the training digits.
        seed: Seed of the weights and of the order of rows.
    """
    (x, y), _ = datasets.digits.load_data()
    minigrad.seed(seed)
    model = Sequential([Input((64,)), Dense(32, activation="relu"), Dense(10)])
    model.compile(optimizer, SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, batch_size=rows, epochs=epochs, verbose=0)
    loss = model.evaluate(x, y, batch_size=len(x), verbose=0)
    return loss if np.isfinite(loss) else np.inf


# ---- what it says --------------------------------------------------------------------------------


def best_exponent(rates: np.ndarray, losses: np.ndarray) -> float:
    """log2 of the best rate: the vertex of the parabola through the lowest loss and its neighbors.

    Args:
        rates: Powers of two, in order.
        losses: The loss at each.
    """
    i = int(np.argmin(losses))
    exponent = float(np.log2(rates[i]))
    if i in (0, len(rates) - 1) or not np.isfinite(losses[i + 1]):
        return exponent
    left, lowest, right = np.log(losses[i - 1 : i + 2])
    return exponent + 0.5 * float((left - right) / (left - 2 * lowest + right))


def needed_exponent(rates: np.ndarray, losses: np.ndarray, target: float) -> float:
    """log2 of the lowest rate that reaches a loss, on a line between two rates; NaN if none does.

    Args:
        rates: Powers of two, in order.
        losses: The loss at each.
        target: The loss to reach.
    """
    i = int(np.argmax(losses <= target))
    if losses[i] > target:
        return float("nan")
    before, after = np.log(losses[i - 1 : i + 1])
    return float(np.log2(rates[i])) - float((np.log(target) - after) / (before - after))


def power_of_batch(sizes: list[int], exponents: list[float]) -> float:
    """The power of the batch size with which a rate grows: 1 linear, 1/2 square root.

    Args:
        sizes: Batch sizes.
        exponents: log2 of the rate at each.
    """
    return float(np.polyfit(np.log2(sizes), exponents, 1)[0])


def diagonal_spread(losses: np.ndarray) -> float:
    """The ratio of the highest loss to the lowest at one rate / batch size.

    Args:
        losses: (batch sizes, rates): the diagonal begins at the third rate.
    """
    length = min(DIAGONAL, len(losses))
    diagonal = losses[range(length), range(2, 2 + length)]
    return float(diagonal.max() / diagonal.min())


# ---- all of it -----------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = (
    "from 8 to 1024 rows the linear rule multiplies a rate by 128, the square-root rule by 11.3; "
    "from 64 to 1024 by 16 and 4"
)
TARGETS = [
    "sgd_power_of_needed_rate >= 0.95",
    "sgd_power_of_needed_rate <= 1.05",
    "sgd_diagonal_spread <= 1.1",
    "sgd_growth_from_64 <= 2",
    "adam_power_of_needed_rate >= 0.6",
    "adam_power_of_needed_rate <= 0.85",
    "adam_diagonal_spread >= 1.4",
    "adam_growth_of_best_rate <= 8",
]


def train(
    epochs: int = 5, largest: int = 1024, seed: int = 0
) -> tuple[dict[str, Any], dict[str, float]]:
    """The final loss over batch sizes and rates: ({optimizer: losses}, metrics).

    Args:
        epochs: Passes over the training digits.
        largest: The largest batch size, a power of two from 64.
        seed: Seed of the weights and of the order of rows.
    """
    sizes = batch_sizes(largest)
    grids, metrics = {}, {}
    for name, (kind, rates) in OPTIMIZERS.items():
        with np.errstate(all="ignore"):  # the highest rates diverge, which is to be seen
            rows = [[final_loss(kind(float(r)), n, epochs, seed) for r in rates] for n in sizes]
        losses = grids[name] = np.array(rows)
        metrics |= figures(name.lower(), sizes, rates, losses)
    return grids, metrics


def figures(name: str, sizes: list[int], rates: np.ndarray, losses: np.ndarray) -> dict[str, float]:
    """How the best rate grows, and the rate that a fixed loss needs.

    Args:
        name: Begins each key.
        sizes: Batch sizes.
        rates: Learning rates.
        losses: (batch sizes, rates).
    """
    best = dict(zip(sizes, 2.0 ** np.array([best_exponent(rates, row) for row in losses])))
    needed = [needed_exponent(rates, row, TARGET_LOSS) for row in losses[:DIAGONAL]]
    last = sizes[-1]
    metrics = {f"{name}_best_rate_at_{n}": best[n] for n in (SMALLEST, 64, last)}
    metrics[f"{name}_growth_of_best_rate"] = best[last] / best[SMALLEST]
    metrics[f"{name}_growth_from_64"] = best[last] / best[64]
    metrics[f"{name}_power_of_needed_rate"] = power_of_batch(sizes[:DIAGONAL], needed)
    metrics[f"{name}_diagonal_spread"] = diagonal_spread(losses)
    return metrics


def pictures(grids: dict[str, Any], out: Path) -> None:
    """The heat maps of the final loss, with the best rates and both rules."""
    with new_figure(11, 4.6, out / "batch_size_and_rate.png") as figure:
        for axes, (name, losses) in zip(figure.subplots(1, 2), grids.items()):
            draw_grid(axes, name, losses)
        handles = axes.get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=3, markerscale=0.5)


def draw_grid(axes: Any, name: str, losses: np.ndarray) -> None:
    """One heat map.

    Args:
        axes: Axes of matplotlib.
        name: The optimizer.
        losses: (batch sizes, rates).
    """
    rates = OPTIMIZERS[name][1]
    sizes = [SMALLEST * 2**i for i in range(len(losses))]
    exponents = np.array([best_exponent(rates, row) for row in losses])
    logs = np.log2(sizes)
    low, high = np.log2(rates[0]), np.log2(rates[-1])
    axes.imshow(
        np.log(np.minimum(losses, 3)).T,
        origin="lower",
        aspect="auto",
        cmap="viridis_r",
        extent=(logs[0] - 0.5, logs[-1] + 0.5, low - 0.5, high + 0.5),
    )
    for size, row in zip(logs, losses):
        for rate, loss in zip(np.log2(rates), row):
            text, color = f"{loss:.2f}" if loss < 3 else ">3", "white" if loss > 0.6 else "black"
            axes.text(size, rate, text, ha="center", va="center", fontsize=7.5, color=color)
    anchor = exponents[sizes.index(ANCHOR)]
    for power, label, style in ((1.0, "linear rule", "--"), (0.5, "square-root rule", ":")):
        rule = anchor + power * (logs - np.log2(ANCHOR))
        axes.plot(logs, rule, style, color=RED, linewidth=2, label=label)
    hollow = {"markersize": 17, "markerfacecolor": "none", "markeredgewidth": 1.5}
    axes.plot(logs, exponents, "o-", color=RED, linewidth=1, label="best rate", **hollow)
    axes.set(
        title=f"{name}: training loss after the same number of epochs",
        xlabel="batch size",
        ylabel="learning rate",
        xlim=(logs[0] - 0.5, logs[-1] + 0.5),
        ylim=(low - 0.5, high + 0.5),
    )
    axes.set_xticks(logs, sizes)
    axes.set_yticks(np.log2(rates), [f"$2^{{{int(e)}}}$" for e in np.log2(rates)])
    axes.grid(False)
