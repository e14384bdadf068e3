"""Early stopping: the validation minimum, patience, and which weights are kept (Prechelt 1998,
Early stopping, but when?).

A network learns 500 digits, a fifth of whose labels are random, until it knows the wrong ones. The
validation loss has its minimum early. `EarlyStopping` waits for `patience` epochs beyond it, and
with `restore_best_weights` returns to the weights of the minimum. Four ways are compared by their
loss on the test digits, mislabeled alike: the weights after all epochs, those at the moment of
stopping, those restored, and those of an oracle that sees the test digits, which nobody may.

The restored weights come within two percent of the oracle; those after all epochs have twice its
loss. Without restoring, waiting costs: an eighth at a patience of 10, a third at 20. A patience of
1 stops at the first bump of the validation loss, yet here that costs a few percent only.

Lesson: tutorials/10_overfitting.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, plots
from minigrad.layers import Dense, Input
from minigrad.losses import SparseCategoricalCrossentropy
from minigrad.optimizers.adam import Adam
from minigrad.training.callbacks import Callback, EarlyStopping

from ..common.digit_parts import mislabel, split

WRONG_LABELS = 0.2
RATE = 0.006
PATIENCES = (1, 3, 10, 20)

# ---- one training --------------------------------------------------------------------------------


def network(width: int = 256) -> Sequential:
    """(N, 64) -> (N, 10): logits, after one hidden layer.

    Args:
        width: Units of the hidden layer.
    """
    model = Sequential([Input((64,)), Dense(width, activation="relu"), Dense(10)])
    model.compile(Adam(RATE), SparseCategoricalCrossentropy(from_logits=True))
    return model


def noisy_parts(rows: int) -> list[Any]:
    """Digits to learn from, 360 to choose by and 360 to test on, all mislabeled alike.

    Args:
        rows: Number of digits to learn from.
    """
    return [(x, mislabel(y, WRONG_LABELS)) for x, y in split(rows)]


def fit(parts: list[Any], epochs: int, seed: int, callbacks: list[Callback]) -> Sequential:
    """A network trained from its seed: two calls that differ in callbacks take the same steps.

    Args:
        parts: What `noisy_parts` returned.
        epochs: Passes over the first part, at most.
        seed: Seed of the weights and of the order.
        callbacks: Callbacks of the training.
    """
    training, validation, _ = parts
    minigrad.seed(seed)
    model = network()
    model.fit(
        *training,
        batch_size=32,
        epochs=epochs,
        verbose=0,
        validation_data=validation,
        callbacks=callbacks,
    )
    return model


class TestLosses(Callback):
    """Keeps the loss on the test digits after each epoch, which only a study may look at.

    Args:
        test: Images and labels.
    """

    def __init__(self, test: Any) -> None:
        self.test = test

    def on_train_begin(self, logs: dict[str, Any]) -> None:
        """Start afresh."""
        self.values: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Evaluate."""
        self.values.append(self.model.evaluate(*self.test, verbose=0))


def compare(rows: int, epochs: int, seed: int) -> dict[str, Any]:
    """All epochs with the test loss after each, then a training that each patience stops.

    Args:
        rows: Number of digits to learn from.
        epochs: Passes over them, at most.
        seed: Seed of the parts, the labels, the weights and the order.
    """
    minigrad.seed(seed)
    parts = noisy_parts(rows)
    test_losses = TestLosses(parts[2])
    history = fit(parts, epochs, seed, [test_losses]).history.history
    found: dict[str, Any] = {
        "loss": history["loss"],
        "validation": history["val_loss"],
        "test": test_losses.values,
        "restored": {},
        "stopped": {},
        "epochs": {},
    }
    for patience in PATIENCES:
        stopper = EarlyStopping(patience=patience, restore_best_weights=True)
        model = fit(parts, epochs, seed, [stopper])
        run = len(model.history.epoch)
        found["restored"][patience] = model.evaluate(*parts[2], verbose=0)
        found["stopped"][patience] = test_losses.values[run - 1]  # the same steps as above
        found["epochs"][patience] = run
    return found


# ---- several trainings ---------------------------------------------------------------------------

SEEDS = 3
REFERENCE = (
    "over 1,296 trainings Prechelt finds that slower criteria generalize about 4 % better and take "
    "about four times as long"
)
TARGETS = [
    "trainings_where_restored_beats_last == 5",  # a mean of 5 over the seeds is 5 in each
    "last_over_oracle >= 1.6",
    "restored_10_over_oracle <= 1.05",
    "stopped_20_over_restored_20 >= 1.2",
    "epochs_saved_by_patience_10 >= 0.5",
]


def train(
    rows: int = 500, epochs: int = 60, trainings: int = 5, seed: int = 0
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Compare in several trainings, each with digits of its own: (findings, metrics).

    Args:
        rows: Digits to learn from, a fifth of them with random labels.
        epochs: Passes over them, at most.
        trainings: Number of trainings.
        seed: Seed of the first one.
    """
    seeds = range(seed * trainings, (seed + 1) * trainings)
    findings = [compare(rows, epochs, one) for one in seeds]
    return findings, metrics_of(findings)


def metrics_of(findings: list[dict[str, Any]]) -> dict[str, float]:
    """Test losses over that of the oracle, means over the trainings."""
    oracle = np.array([min(found["test"]) for found in findings])
    last = np.array([found["test"][-1] for found in findings])
    best = np.array([np.argmin(found["validation"]) + 1 for found in findings])
    metrics = {
        "best_epoch_by_validation": float(best.mean()),
        "last_over_oracle": float((last / oracle).mean()),
    }
    for patience in PATIENCES:
        restored = np.array([found["restored"][patience] for found in findings])
        stopped = np.array([found["stopped"][patience] for found in findings])
        metrics[f"restored_{patience}_over_oracle"] = float((restored / oracle).mean())
        metrics[f"stopped_{patience}_over_restored_{patience}"] = float((stopped / restored).mean())
    restored = np.array([found["restored"][10] for found in findings])
    used = np.mean([found["epochs"][10] / len(found["test"]) for found in findings])
    return metrics | {
        "trainings_where_restored_beats_last": int((restored < last).sum()),
        "epochs_saved_by_patience_10": 1 - float(used),
    }


# ---- pictures ------------------------------------------------------------------------------------


def pictures(findings: list[dict[str, Any]], out: Path) -> None:
    """One training with the epochs that count; the test losses of all ways in all trainings."""
    with plots.new_figure(11.5, 4.4, out / "curves.png") as figure:
        left, right = figure.subplots(1, 2, width_ratios=[5, 4])
        draw_training(left, findings[0])
        draw_comparison(right, findings)


def draw_training(axes: Any, found: dict[str, Any]) -> None:
    """Losses by epoch, the minimum, and where a patience of 10 stops."""
    epochs = np.arange(1, len(found["test"]) + 1)
    for key, label in (("loss", "training"), ("validation", "validation"), ("test", "test")):
        axes.plot(epochs, found[key], label=label)
    best, stop = int(np.argmin(found["validation"])) + 1, found["epochs"][10]
    axes.axvline(best, color="black", linestyle=":", label=f"validation minimum: epoch {best}")
    axes.axvline(stop, color="gray", linestyle="--", label=f"patience 10 stops: epoch {stop}")
    axes.set(xlabel="epoch", ylabel="cross-entropy", title="A fifth of the labels are random")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.12))


def draw_comparison(axes: Any, findings: list[dict[str, Any]]) -> None:
    """Test loss over the oracle's: the last weights, those at the stop, those restored."""
    names = ["all epochs"]
    columns = [[found["test"][-1] for found in findings]]
    for key, text in (("stopped", "kept"), ("restored", "restored")):
        for patience in PATIENCES:
            names.append(f"patience {patience}, {text}")
            columns.append([found[key][patience] for found in findings])
    oracle = np.array([min(found["test"]) for found in findings])
    for place, values in zip(range(len(names), 0, -1), columns):
        ratios = np.array(values) / oracle
        axes.plot(ratios, [place] * len(ratios), "o", color=plots.COLORS[0], alpha=0.5)
        axes.plot(ratios.mean(), place, "|", color="black", markersize=16)
    axes.set_yticks(range(len(names), 0, -1), names)
    axes.axvline(1, color="gray", linestyle=":")
    axes.set(xlabel="test loss / the oracle's", title=f"{len(oracle)} trainings, bars: means")
