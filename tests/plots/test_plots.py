"""Pictures hold what they claim: titles, colours, counts, slopes, files."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex

from minigrad import Tensor, grad, ops, plots
from minigrad.plots import functions, style

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")


@pytest.fixture(autouse=True)
def closed_figures():
    """pyplot keeps what is drawn without a path."""
    yield
    pyplot.close("all")


def digits(n: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, 8, 8)).astype("float32")


def titles(figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


# ---- history and curves ----------------------------------------------------------------------------------------------

RECORD = {
    "loss": [1.0, 0.5, 0.25],
    "accuracy": [0.3, 0.6, 0.9],
    "val_loss": [1.1, 0.7, 0.6],
    "val_accuracy": [0.2, 0.5, 0.7],
}


def test_history_draws_training_solid_and_validation_dashed():
    class History:
        history = RECORD

    for record in (RECORD, History()):
        figure = plots.history(record)
        assert titles(figure) == ["loss", "accuracy"]
        for axes in figure.axes:
            solid, dashed = axes.lines
            assert (solid.get_linestyle(), dashed.get_linestyle()) == ("-", "--")
            assert solid.get_ydata().tolist() == RECORD[axes.get_title()]
            assert dashed.get_ydata().tolist() == RECORD["val_" + axes.get_title()]
            assert solid.get_xdata().tolist() == [1, 2, 3]
            assert [text.get_text() for text in axes.get_legend().get_texts()] == [
                "training",
                "validation",
            ]


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_epochs_are_whole_numbers(epochs):
    axes = plots.history({"loss": [1 / (i + 1) for i in range(epochs)]}).axes[0]
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert ticks and all(tick == round(tick) for tick in ticks)


def test_history_without_validation_or_epochs():
    figure = plots.history({"loss": [1.0, 0.5], "learning_rate": [0.1, 0.01]})
    assert titles(figure) == ["loss", "learning rate"] and all(
        len(axes.lines) == 1 for axes in figure.axes
    )
    assert all(axes.get_legend() is None for axes in figure.axes)
    with pytest.raises(ValueError, match="nothing was recorded"):
        plots.history({})


def test_curves_takes_values_or_pairs():
    figure = plots.curves(
        {"a": [1.0, 0.1, 0.01], "b": (np.array([2, 4]), Tensor([0.5, 0.25]))},
        log=True,
        xlabel="layer",
    )
    (axes,) = figure.axes
    assert axes.get_yscale() == "log" and axes.get_xlabel() == "layer"
    assert axes.lines[0].get_xdata().tolist() == [0, 1, 2]
    assert axes.lines[1].get_xdata().tolist() == [2, 4] and axes.lines[1].get_ydata().tolist() == [
        0.5,
        0.25,
    ]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_schedules_start_at_zero_so_that_panels_compare():
    figure = plots.schedules({"constant": [1e-3] * 5, "step": [1e-3, 1e-3, 1e-4, 1e-4, 1e-5]})
    assert titles(figure) == ["constant", "step"]
    assert figure.axes[1].lines[0].get_ydata().tolist() == [1e-3, 1e-3, 1e-4, 1e-4, 1e-5]
    assert all(axes.get_ylim()[0] == 0 and axes.get_ylim()[1] > 1e-3 for axes in figure.axes)


# ---- pictures of data --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scores", [False, True])
def test_predictions_are_red_exactly_where_they_are_wrong(scores):
    labels = np.arange(12) % 10
    predicted = labels.copy()
    predicted[[2, 7, 11]] = 9 - predicted[[2, 7, 11]]
    figure = plots.predictions(digits(12), labels, np.eye(10)[predicted] if scores else predicted)
    red = [to_hex(axes.title.get_color()) == style.RED for axes in figure.axes]
    assert red == (labels != predicted).tolist() and sum(red) == 3
    assert titles(figure) == [f"{true} / {guess}" for true, guess in zip(labels, predicted)]
    assert figure.get_suptitle() == "true / predicted: 3 of 12 wrong"


def test_predictions_by_name_and_misfits():
    figure = plots.predictions(digits(2), [0, 1], [1, 1], names=["cat", "dog"])
    assert titles(figure) == ["cat / dog", "dog / dog"]
    with pytest.raises(ValueError, match="one label and one prediction"):
        plots.predictions(digits(3), [0, 1], [0, 1])
    with pytest.raises(ValueError, match="one label and one prediction"):
        plots.predictions(digits(2), np.eye(2), [0, 1])


@pytest.mark.parametrize("shape", [(5, 64), (5, 8, 8), (5, 8, 8, 1), (5, 8, 8, 3)])
def test_samples_takes_flat_grey_and_colour(shape):
    images = np.random.default_rng(1).random(shape)
    figure = plots.samples(images, columns=3, titles="abcde", title="step 10")
    assert titles(figure) == list("abcde") and figure.get_suptitle() == "step 10"
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes]
    assert all(s.shape == ((8, 8, 3) if shape[-1] == 3 else (8, 8)) for s in shown)
    if shape[-1] != 3:
        assert np.array_equal(shown[4], images[4].reshape(8, 8))


def test_samples_share_one_scale_and_refuse_what_is_no_picture():
    figure = plots.samples(np.stack([np.zeros((4, 4)), np.full((4, 4), 16.0)]))
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0.0, 16.0)}
    for wrong in (np.zeros((2, 50)), np.zeros((2, 8, 8, 2)), np.zeros(64)):
        with pytest.raises(ValueError, match="pictures"):
            plots.samples(wrong)


def test_confusion_counts_every_pair():
    labels, predicted = [0, 0, 0, 1, 1, 2, 2, 2, 2], [0, 0, 1, 1, 1, 2, 0, 2, 2]
    (axes,) = plots.confusion(labels, predicted, names=["a", "b", "c"]).axes
    counts = np.zeros((3, 3), int)
    for text in axes.texts:
        column, row = (int(z) for z in text.get_position())
        counts[row, column] = int(text.get_text())
        assert (to_hex(text.get_color()) == style.RED) == (row != column)
    assert counts.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 3]]
    assert axes.get_title() == "77.8% of 9 right"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["a", "b", "c"]


def test_decision_rings_the_points_on_the_wrong_side():
    def above(x):
        return (x.sum(1) > 0.5).astype(float)

    figure = plots.decision(
        {"or": (above, CORNERS, [0, 1, 1, 1]), "xor": (above, CORNERS, [0, 1, 1, 0])}
    )
    assert titles(figure) == ["or", "xor"]
    rings = [axes.collections[-1] for axes in figure.axes]
    assert [len(ring.get_offsets()) for ring in rings] == [0, 1]
    assert (
        rings[1].get_offsets().tolist() == [[1, 1]]
        and to_hex(rings[1].get_edgecolor()[0]) == style.RED
    )


# ---- functions -----------------------------------------------------------------------------------------------------------


def test_activations_draw_the_slope_that_grad_finds():
    figure = plots.activations()
    assert titles(figure) == list(functions.ACTIVATIONS)
    for axes, f in zip(figure.axes, functions.ACTIVATIONS.values()):
        curve, dashed = (line for line in axes.lines if len(line.get_xdata()) > 2)
        x = curve.get_xdata()
        assert dashed.get_linestyle() == "--"
        assert np.allclose(curve.get_ydata(), f(Tensor(x, dtype="float64")).numpy())
        smooth = np.gradient(curve.get_ydata(), x)
        kinks = np.abs(np.diff(dashed.get_ydata(), prepend=dashed.get_ydata()[0])) > 0.05
        near = np.convolve(kinks, np.ones(5), "same") > 0
        assert np.allclose(dashed.get_ydata()[~near][1:-1], smooth[~near][1:-1], atol=1.1e-2)


def test_slope_is_minigrads():
    y, dy = plots.slope(ops.tanh, [-1.0, 0.0, 2.0])
    assert y.dtype == dy.dtype == "float64"
    assert np.allclose(y, np.tanh([-1, 0, 2])) and np.allclose(dy, 1 - np.tanh([-1, 0, 2]) ** 2)


def test_losses_draw_value_and_slope():
    x = np.linspace(-1, 1, 5)
    (axes,) = plots.losses({"square": ("error", x, {"MSE": ops.square})}).axes
    value, dashed = axes.lines[1:]
    assert (
        np.allclose(value.get_ydata(), x**2)
        and np.allclose(dashed.get_ydata(), 2 * x)
        and dashed.get_linestyle() == "--"
    )


def bowl(x, y):
    return x**2 + 3 * y**2


def test_paths_mark_what_leaves():
    point = Tensor([1.5, 1.0], requires_grad=True)
    stays = [point.numpy().copy()]
    for _ in range(5):
        (slope,) = grad(bowl(point[0], point[1]), [point])
        point.data -= 0.1 * slope.numpy()
        stays.append(point.numpy().copy())
    leaves = np.array([[1.5, 1.0], [-1.0, 2.5], [9.0, 9.0], [np.inf, np.nan]])
    (axes,) = plots.paths(
        bowl, {"calm": np.array(stays), "wild": leaves}, goal=(0, 0), title="bowl"
    ).axes
    calm, wild = (
        [line for line in axes.lines if line.get_label().startswith(name)][0]
        for name in ("calm", "wild")
    )
    assert calm.get_label() == f"calm: {bowl(*stays[-1]):.3g}" and np.allclose(
        calm.get_xydata(), stays
    )
    assert (
        wild.get_label() == "wild\n(leaves for infinity in 3 steps)"
        and wild.get_xydata().tolist() == leaves[:2].tolist()
    )
    assert len(axes.texts) == 1, "one arrow, for the route that leaves the window"
    assert [line.get_xydata().tolist() for line in axes.lines if line.get_marker() == "*"] == [
        [[0, 0]]
    ]


# ---- files and imports -------------------------------------------------------------------------------------------------

CASES = {
    "history": lambda path: plots.history(RECORD, path=path),
    "curves": lambda path: plots.curves({"a": [1, 2]}, path=path),
    "schedules": lambda path: plots.schedules({"a": [1, 2]}, path=path),
    "samples": lambda path: plots.samples(digits(3), path=path),
    "predictions": lambda path: plots.predictions(digits(3), [0, 1, 2], [0, 1, 1], path=path),
    "confusion": lambda path: plots.confusion([0, 1], [0, 1], path=path),
    "decision": lambda path: plots.decision(
        {"a": (lambda x: x[:, 0], CORNERS, [0, 0, 1, 1])}, path=path
    ),
    "activations": lambda path: plots.activations({"tanh": ops.tanh}, path=path),
    "losses": lambda path: plots.losses(
        {"a": ("x", np.linspace(0, 1, 5), {"f": ops.square})}, path=path
    ),
    "paths": lambda path: plots.paths(bowl, {"a": np.zeros((2, 2))}, path=path),
}


@pytest.mark.parametrize("name", CASES)
def test_path_writes_a_picture_and_leaves_pyplot_alone(name, tmp_path):
    file = tmp_path / "new" / "folder" / "picture.png"
    figure = CASES[name](file)
    picture = pyplot.imread(file)
    assert picture.shape[0] > 100 and picture.shape[1] > 100 and picture[..., :3].std() > 0.01
    assert pyplot.get_fignums() == []
    assert figure is not CASES[name](None) and len(pyplot.get_fignums()) == 1, (
        "without a path the figure is pyplot's"
    )


def test_style_does_not_leak():
    before = dict(pyplot.rcParams)
    plots.history(RECORD)
    assert dict(pyplot.rcParams) == before


def test_matplotlib_waits_for_the_first_picture():
    code = "import sys, minigrad.plots; sys.exit('matplotlib' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
