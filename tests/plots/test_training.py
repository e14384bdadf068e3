"""Figures of a training run: solid and dashed lines, counts, titles."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from minigrad import Tensor, plots
from minigrad.plots import style

from .helpers import texts, titles, xs, ys

RECORD = {
    "loss": [1.0, 0.5, 0.25],
    "accuracy": [0.3, 0.6, 0.9],
    "val_loss": [1.1, 0.7, 0.6],
    "val_accuracy": [0.2, 0.5, 0.7],
}


class History:
    """What fit returns."""

    history = RECORD


def legend(axes) -> list[str]:
    return texts(axes.get_legend().get_texts())


# ---- by epoch ------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [RECORD, History()])
def test_history_draws_training_solid_and_validation_dashed(record):
    figure = plots.history(record)
    assert titles(figure) == ["loss", "accuracy"]
    for axes in figure.axes:
        solid, dashed = axes.lines
        assert solid.get_linestyle() == "-"
        assert dashed.get_linestyle() == "--"
        name = axes.get_title()
        assert ys(solid) == RECORD[name]
        assert ys(dashed) == RECORD["val_" + name]
        assert xs(solid) == [1, 2, 3]
        assert legend(axes) == ["training", "validation"]


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_epochs_are_integers(epochs):
    losses = [1 / (i + 1) for i in range(epochs)]
    (axes,) = plots.history({"loss": losses}).axes
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert ticks
    assert all(tick == round(tick) for tick in ticks)


def test_history_without_validation_or_epochs():
    record = {"loss": [1.0, 0.5], "learning_rate": [0.1, 0.01]}
    figure = plots.history(record)
    assert titles(figure) == ["loss", "learning rate"]
    for axes in figure.axes:
        assert len(axes.lines) == 1
        assert axes.get_legend() is None
    with pytest.raises(ValueError, match="nothing was recorded"):
        plots.history({})


def test_curves_takes_values_or_pairs():
    pair = (np.array([2, 4]), Tensor([0.5, 0.25]))
    lines = {"a": [1.0, 0.1, 0.01], "b": pair}
    (axes,) = plots.curves(lines, log=True, xlabel="layer", marker="s").axes
    first, second = axes.lines
    assert first.get_marker() == second.get_marker() == "s"
    assert axes.get_yscale() == "log"
    assert axes.get_xlabel() == "layer"
    assert xs(first) == [0, 1, 2]
    assert xs(second) == [2, 4]
    assert ys(second) == [0.5, 0.25]
    assert legend(axes) == ["a", "b"]


def test_schedules_start_at_zero_so_that_panels_compare():
    steps = [1e-3, 1e-3, 1e-4, 1e-4, 1e-5]
    figure = plots.schedules({"constant": [1e-3] * 5, "step": steps})
    assert titles(figure) == ["constant", "step"]
    (line,) = figure.axes[1].lines
    assert ys(line) == steps
    for axes in figure.axes:
        bottom, top = axes.get_ylim()
        assert bottom == 0
        assert top > 1e-3


# ---- confusion matrix ----------------------------------------------------------------------------


def test_confusion_matrix_counts_every_pair():
    labels = [0, 0, 0, 1, 1, 2, 2, 2, 2]
    predicted = [0, 0, 1, 1, 1, 2, 0, 2, 2]
    (axes,) = plots.confusion_matrix(labels, predicted, names=["a", "b", "c"]).axes
    counts = np.zeros((3, 3), int)
    for text in axes.texts:
        column, row = (int(z) for z in text.get_position())
        counts[row, column] = int(text.get_text())
        is_red = to_hex(text.get_color()) == style.RED
        assert is_red == (row != column)
    assert counts.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 3]]
    shares = axes.images[0].get_array()
    np.testing.assert_allclose(shares, counts / counts.sum(1, keepdims=True))
    assert axes.get_title() == "77.8% of 9 right"
    assert texts(axes.get_xticklabels()) == ["a", "b", "c"]
