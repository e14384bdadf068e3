"""The study of dropout and batch normalization: networks, curves, usable rates."""

from __future__ import annotations

import pytest

from minigrad.layers import BatchNormalization, Dense, Dropout
from models.study import dropout_batch_norm as study


def kinds(model):
    """The classes of the layers."""
    return [type(layer) for layer in model.layers]


def test_each_kind_has_its_layers():
    for name, options in study.KINDS.items():
        model = study.network(2, 8, **options)
        assert kinds(model).count(Dropout) == 2 * (name in ("dropout", "both"))
        assert kinds(model).count(BatchNormalization) == 2 * (name in ("batch norm", "both"))
        biases = [layer.use_bias for layer in model.layers if isinstance(layer, Dense)]
        assert biases == [name in ("neither", "dropout")] * 2 + [True]


def test_dropout_helps_on_noisy_labels_and_batch_norm_learns_them_faster(monkeypatch, drawn):
    monkeypatch.setattr(study, "RATES", [0.1])
    found, metrics = study.train(rows=200, width=128, epochs=70, sweep_epochs=1)
    assert list(found["curves"]) == list(study.KINDS)
    assert metrics["dropout_lowers_validation_loss"] == 1
    assert metrics["dropout_raises_test_accuracy"] == 1
    assert metrics["batch_norm_learns_faster"] == 1
    assert metrics["dropout_training_loss"] > 2 * metrics["neither_training_loss"]
    assert metrics["lowest_validation_loss_spread"] < 0.15
    assert drawn(study, found) == ["curves.png", "rates.png"]


@pytest.mark.parametrize("rate, normalize, learns", [(1.0, False, False), (1.0, True, True)])
def test_a_rate_that_only_batch_norm_stands(rate, normalize, learns):
    accuracy = study.accuracy_at(rate, normalize, epochs=3, seed=0)
    assert accuracy > 0.7 if learns else accuracy < 0.3


def test_usable_rates_by_hand():
    low = [0.1] * 5
    sweep = {"without": [0.5, 0.81, 0.7, *low], "batch norm": [0.5, 0.85, 0.9, 0.8, 0.79, *low[2:]]}
    metrics = study.sweep_metrics(sweep)
    assert metrics["largest_usable_rate_without"] == 0.01
    assert metrics["largest_usable_rate_batch_norm"] == 0.1
    assert metrics["largest_usable_rate_ratio"] == pytest.approx(10)
    assert metrics["best_accuracy_gain"] == pytest.approx(0.09)
