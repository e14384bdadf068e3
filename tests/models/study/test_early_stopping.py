"""The study of early stopping: equal steps, restored weights, ratios to the oracle."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.training.callbacks import EarlyStopping
from models.study import early_stopping


def test_a_stopped_training_takes_the_steps_of_the_full_one():
    minigrad.seed(4)
    parts = early_stopping.noisy_parts(200)
    watch = early_stopping.TestLosses(parts[2])
    whole = early_stopping.fit(parts, 30, 4, [watch])
    stopper = EarlyStopping(patience=2, restore_best_weights=True)
    stopped = early_stopping.fit(parts, 30, 4, [stopper])
    losses = stopped.history.history["val_loss"]
    assert losses == whole.history.history["val_loss"][: len(losses)]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 < 30  # the minimum, then two epochs of patience
    assert stopped.evaluate(*parts[2], verbose=0) == watch.values[best]


def test_labels_are_wrong_in_all_parts():
    minigrad.seed(0)
    whole = early_stopping.noisy_parts(300)
    assert [len(y) for _, y in whole] == [300, 360, 360]
    _, (_, true) = minigrad.datasets.digits.load_data()
    assert 0.12 < np.mean(whole[2][1] != true) < 0.24  # 18 % on average


def test_restored_weights_beat_the_last_and_approach_the_oracle(drawn):
    findings, metrics = early_stopping.train(rows=300, epochs=30, trainings=2)
    assert metrics["trainings_where_restored_beats_last"] == 2
    assert metrics["last_over_oracle"] > 1.2
    assert 1 <= metrics["restored_10_over_oracle"] < 1.15
    for found in findings:
        epochs = list(found["epochs"].values())
        assert epochs == sorted(epochs)  # more patience, more epochs
    assert drawn(early_stopping, findings) == ["curves.png"]


def test_ratios_by_hand():
    one = {
        "test": [2.0, 1.0, 1.5, 3.0],
        "validation": [2.0, 1.5, 1.2, 3.0],
        "restored": dict.fromkeys(early_stopping.PATIENCES, 1.5),
        "stopped": dict.fromkeys(early_stopping.PATIENCES, 3.0),
        "epochs": dict.fromkeys(early_stopping.PATIENCES, 3),
    }
    metrics = early_stopping.metrics_of([one, one])
    assert metrics["best_epoch_by_validation"] == 3
    assert metrics["last_over_oracle"] == 3
    assert metrics["restored_10_over_oracle"] == 1.5
    assert metrics["stopped_20_over_restored_20"] == 2
    assert metrics["trainings_where_restored_beats_last"] == 2
    assert metrics["epochs_saved_by_patience_10"] == pytest.approx(0.25)
