"""Regularizers on a small noisy set: L1, L2, elastic net, dropout, max-norm (Hoerl & Kennard 1970;
Tibshirani 1996; Zou & Hastie 2005; Srivastava et al. 2014).

A network of 4,929 parameters learns 100 points: two half circles that overlap, and eight inputs
that mean nothing. Without a penalty it knows its points by heart and is sure where it is wrong. The
picture of the weights tells the regularizers apart: L1 sets nearly all to zero, L2 makes all
small, elastic net is in between, and max-norm limits what enters a unit. The penalties take away
more than three quarters of the gap between the loss on new and on learned points, max-norm about a
third; the share that is right gains only some four points in a hundred.

What books promise of dropout does not show in the loss here: it delays the rise, and after 300
epochs the gap is as wide as without (.95 to 1.18 of it in five seeds), with weights as large. The
share that is right does gain, by two points. The factors are the best of three strengths tried.

Lesson: tutorials/10_overfitting.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import make_moons

import minigrad
from minigrad import Sequential, plots
from minigrad.constraints import MaxNorm
from minigrad.layers import Dense, Dropout, Input
from minigrad.losses import BinaryCrossentropy
from minigrad.optimizers.adam import Adam
from minigrad.random import generator
from minigrad.regularizers import L1, L1L2, L2
from minigrad.training.callbacks import LambdaCallback

# ---- data, network, regularizers -----------------------------------------------------------------

USEFUL = 2  # inputs that say something about the class
NEAR_ZERO = 0.01
REGULARIZERS: dict[str, dict[str, Any]] = {
    "none": {},
    "L1": {"kernel_regularizer": L1(0.01)},
    "L2": {"kernel_regularizer": L2(0.03)},
    "elastic net": {"kernel_regularizer": L1L2(0.005, 0.015)},
    "dropout": {"rate": 0.5},
    "max-norm": {"kernel_constraint": MaxNorm(0.5)},
}


def half_circles(rows: int, useless: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of two noisy half circles with further inputs that mean nothing, and their classes.

    Args:
        rows: Number of points.
        useless: Number of further inputs.

    Shape:
        x: (rows, 2 + useless), y: (rows, 1)
    """
    rng = generator()
    points, classes = make_moons(rows, noise=0.3, random_state=int(rng.integers(2**31)))
    x = np.concatenate([points, rng.standard_normal((rows, useless))], axis=1)
    return x.astype("float32"), classes[:, None].astype("float32")


def network(
    inputs: int,
    width: int = 64,
    kernel_regularizer: Any = None,
    kernel_constraint: Any = None,
    rate: float = 0.0,
) -> Sequential:
    """(N, inputs) -> (N, 1): a logit, after two hidden layers.

    Args:
        inputs: Number of inputs.
        width: Units of a hidden layer.
        kernel_regularizer: Penalty of every kernel.
        kernel_constraint: Constraint of the hidden kernels.
        rate: Dropout after each hidden layer.
    """
    model = Sequential([Input((inputs,))])
    for _ in range(2):
        hidden = Dense(
            width,
            activation="relu",
            kernel_regularizer=kernel_regularizer,
            kernel_constraint=kernel_constraint,
        )
        model.add(hidden)
        if rate:
            model.add(Dropout(rate))
    model.add(Dense(1, kernel_regularizer=kernel_regularizer))
    return model


def cross_entropy(model: Sequential, x: Any, y: Any) -> tuple[float, float]:
    """Cross-entropy without any penalty, and the share that is right.

    Args:
        model: A network of this file.
        x: Points.
        y: Their classes (N, 1).
    """
    z = model.predict(x, verbose=0)
    return float(np.mean(np.logaddexp(0, z) - y * z)), float(np.mean((z > 0) == (y == 1)))


# ---- training ------------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = (
    "lesson 10 sees the same of L1 and L2 on 60 points in the plane; dropout leaves the gap as "
    "wide as without it, .95 to 1.18 of it in five seeds, and gains two points of accuracy"
)
TARGETS = [
    "penalties_with_a_smaller_gap == 3",  # a mean of 3 over the seeds is 3 in each
    "max_norm_has_a_smaller_gap == 1",
    "penalties_that_shrink_the_norm == 3",
    "L1_near_zero >= 0.95",
    "L2_near_zero <= 0.8",
    "none_near_zero <= 0.1",
    "dropout_norm_ratio >= 0.9",
    "dropout_gap_ratio >= 0.9",  # it does not narrow the gap
]


def train(
    rows: int = 100, useless: int = 8, width: int = 64, epochs: int = 300, seed: int = 0
) -> tuple[dict[str, dict[str, Any]], dict[str, float]]:
    """Train one network per regularizer on the same points: ({name: findings}, metrics).

    Args:
        rows: Points to learn from.
        useless: Inputs that mean nothing.
        width: Units of a hidden layer.
        epochs: Passes over the points.
        seed: Seed of points, weights and order.
    """
    minigrad.seed(seed)
    data = half_circles(rows, useless), half_circles(1000, useless)
    findings = {}
    for name, options in REGULARIZERS.items():
        minigrad.seed(seed)
        model = network(USEFUL + useless, width, **options)
        findings[name] = fit(model, *data, epochs)
    return findings, metrics_of(findings)


def fit(model: Sequential, training: Any, validation: Any, epochs: int) -> dict[str, Any]:
    """What a training does to a model: kernels, losses by epoch, losses and accuracy at the end."""
    curve: list[float] = []

    def evaluate(epoch: int, logs: Any) -> None:
        curve.append(cross_entropy(model, *validation)[0])

    model.compile(Adam(0.003), BinaryCrossentropy(from_logits=True))
    watch = LambdaCallback(on_epoch_end=evaluate)
    model.fit(*training, batch_size=20, epochs=epochs, verbose=0, callbacks=[watch])
    loss, accuracy = cross_entropy(model, *validation)
    return {
        "kernels": [p.numpy() for p in model.weights if p.ndim == 2],
        "curve": curve,
        "training_loss": cross_entropy(model, *training)[0],
        "loss": loss,
        "accuracy": accuracy,
    }


def all_weights(found: dict[str, Any]) -> np.ndarray:
    """The numbers of all kernels in one row."""
    return np.concatenate([kernel.ravel() for kernel in found["kernels"]])


def metrics_of(findings: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Gap, accuracy, norm and near-zero share of each; how many penalties do what they promise."""
    metrics: dict[str, float] = {}
    for name, found in findings.items():
        key, weights = name.replace(" ", "_").replace("-", "_"), all_weights(found)
        metrics[f"{key}_gap"] = found["loss"] - found["training_loss"]
        metrics[f"{key}_accuracy"] = found["accuracy"]
        metrics[f"{key}_norm"] = float(np.linalg.norm(weights))
        metrics[f"{key}_near_zero"] = float(np.mean(np.abs(weights) < NEAR_ZERO))
    penalties = ("L1", "L2", "elastic_net")
    gap, norm = metrics["none_gap"], metrics["none_norm"]
    smaller = [metrics[f"{name}_gap"] < 0.5 * gap for name in penalties]
    shorter = [metrics[f"{name}_norm"] < 0.5 * norm for name in penalties]
    return metrics | {
        "penalties_with_a_smaller_gap": sum(smaller),
        "penalties_that_shrink_the_norm": sum(shorter),
        "max_norm_has_a_smaller_gap": int(metrics["max_norm_gap"] < 0.9 * gap),
        "dropout_gap_ratio": metrics["dropout_gap"] / gap,
        "dropout_norm_ratio": metrics["dropout_norm"] / norm,
    }


# ---- pictures ------------------------------------------------------------------------------------


def pictures(findings: dict[str, dict[str, Any]], out: Path) -> None:
    """Loss on new points by epoch and the gap at the end; weights; size of each input's weights."""
    with plots.new_figure(11, 4.2, out / "curves.png") as figure:
        left, right = figure.subplots(1, 2, width_ratios=[3, 2])
        for name, found in findings.items():
            left.plot(np.arange(1, len(found["curve"]) + 1), found["curve"], label=name)
        left.set(xlabel="epoch", ylabel="cross-entropy", title="Loss on 1000 new points")
        left.legend(ncols=2)
        draw_gaps(right, findings)
    draw_weights(findings, out / "weights.png")
    plots.curves(
        {name: np.linalg.norm(found["kernels"][0], axis=1) for name, found in findings.items()},
        xlabel="input (0 and 1 are the point, the others mean nothing)",
        ylabel="norm of its weights",
        title="What the first layer looks at",
        marker="o",
        path=out / "inputs.png",
    )


def draw_gaps(axes: Any, findings: dict[str, dict[str, Any]]) -> None:
    """Two bars per regularizer, the loss on training and on new points."""
    places = np.arange(len(findings))[::-1]
    for key, label, shift in (("training_loss", "training", 0.2), ("loss", "new points", -0.2)):
        values = [found[key] for found in findings.values()]
        bars = axes.barh(places + shift, values, height=0.4, label=label)
        axes.bar_label(bars, fmt="%.2f", padding=2, fontsize=8)
    axes.set_yticks(places, list(findings))
    axes.set(xlabel="cross-entropy", title="The gap at the end")
    axes.margins(x=0.12)
    axes.legend()


def draw_weights(findings: dict[str, dict[str, Any]], path: Path) -> None:
    """A histogram of all weights per regularizer, on the same axes."""
    with plots.new_figure(11, 5.2, path) as figure:
        panels = figure.subplots(2, 3, sharex=True, sharey=True).ravel()
        bins = np.linspace(-0.8, 0.8, 81)
        for i, (axes, (name, found)) in enumerate(zip(panels, findings.items())):
            weights = all_weights(found)
            axes.hist(weights.clip(-0.8, 0.8), bins, log=True, color=plots.COLORS[i])
            near = np.mean(np.abs(weights) < NEAR_ZERO)
            axes.set_title(f"{name}: norm {np.linalg.norm(weights):.1f}, {near:.0%} near zero")
        figure.supxlabel("weight (beyond 0.8 in the last bins)", fontsize=10)
        figure.supylabel("number of weights", fontsize=10)
