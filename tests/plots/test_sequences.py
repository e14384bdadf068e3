"""Pictures of sequences: the lines, panels and labels that they draw, and the gradients by time step by hand."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

from minigrad import Sequential, Tensor
from minigrad.layers import Dense, Flatten
from minigrad.plots import sequences

rng = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


# ---- forecasts -----------------------------------------------------------------------------------------------------------


def test_forecast_draws_truth_forecast_baseline_and_residuals():
    y, guess = np.array([1.0, 2, 4]), Tensor(np.array([[1.0], [3], [3]]))
    above, below = sequences.forecast(y, guess, 2.0, ylabel="height").axes
    assert [line.get_label() for line in above.lines] == [
        "truth",
        "forecast, RMSE 0.816",
        "baseline, RMSE 1.29",
    ]
    assert [line.get_ydata().tolist() for line in above.lines] == [[1, 2, 4], [1, 3, 3], [2, 2, 2]]
    assert [list(line.get_ydata()) for line in below.lines] == [[0, 0], [0, -1, 1], [-1, 0, 2]]
    assert (
        above.lines[2].get_linestyle() == below.lines[2].get_linestyle() == "--"
        and above.get_ylabel() == "height"
    )
    above, below = sequences.forecast(y, y).axes
    assert len(above.lines) == 2 and len(below.lines) == 2
    assert sequences.forecast(y, y, [0, 1, 2]).axes[0].lines[2].get_ydata().tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ([1.0, 2], [1.0]),
            r"predicted of shape \(1,\): expected one value for each of the 2 steps",
        ),
        ((np.zeros((3, 2)), np.zeros(3)), r"truth of shape \(3, 2\)"),
        (([1.0, 2], [1.0, 2], [1.0, 2, 3]), "baseline of shape"),
    ],
)
def test_forecast_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        sequences.forecast(*arguments)


# ---- attention -----------------------------------------------------------------------------------------------------------


def test_attention_maps_have_a_panel_a_head():
    weights = rng.random((5, 2, 3)).astype("float32")
    figure = sequences.attention_maps(weights, ["a", " "], ["the", "cat", "\n"], title="cross")
    panels = figure.axes[:-1]
    assert [axes.get_title() for axes in panels] == [
        f"head {i}" for i in range(1, 6)
    ] and figure.get_suptitle() == "cross"
    for axes, weight in zip(panels, weights):
        (image,) = axes.images
        assert np.array_equal(image.get_array(), weight) and image.get_clim() == (0, 1)
        assert [label.get_text() for label in axes.get_xticklabels()] == ["the", "cat", "⏎"]
        assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "␣"]
        assert (
            axes.get_xticklabels()[0].get_rotation() == 90
            and axes.get_yticklabels()[0].get_rotation() == 0
        )


def test_attention_of_one_head_to_itself():
    axes, _ = sequences.attention_maps(Tensor(np.eye(3)), list("xyz")).axes
    assert axes.get_title() == "" and [
        label.get_text() for label in axes.get_xticklabels()
    ] == list("xyz")
    assert axes.get_xticklabels()[0].get_rotation() == 0, "single characters stand upright"
    assert sequences.attention_maps(np.eye(3)[None], names=["gate"]).axes[0].get_title() == "gate"


@pytest.mark.parametrize(
    "weights, rows, columns, message",
    [
        (np.zeros((2, 2, 3)), "abc", None, r"3 rows for weights of shape \(2, 2, 3\): expected 2"),
        (np.zeros((3, 3)), "abc", "ab", "2 columns"),
        (np.zeros((4, 2, 3, 3)), None, None, r"of one example, got shape \(4, 2, 3, 3\)"),
        (np.zeros((0, 3, 3)), None, None, "got shape"),
    ],
)
def test_attention_refuses(weights, rows, columns, message):
    with pytest.raises(ValueError, match=message):
        sequences.attention_maps(weights, rows, columns)


# ---- shares of tokens ----------------------------------------------------------------------------------------------------


def test_token_shares_draw_a_panel_a_text_on_one_scale():
    figure = sequences.token_shares(
        {
            "short": (["not", " "], np.array([-0.5, 0.25])),
            "long": (list("abc"), Tensor([0.0, 1, 0])),
        },
        ylabel="share",
    )
    short, long = figure.axes
    assert [axes.get_title(loc="left") for axes in (short, long)] == [
        "short",
        "long",
    ] and figure.get_supylabel() == "share"
    assert [bar.get_height() for bar in short.patches] == [-0.5, 0.25] and [
        bar.get_height() for bar in long.patches
    ] == [0, 1, 0]
    assert (
        short.patches[0].get_facecolor()
        != short.patches[1].get_facecolor()
        == long.patches[1].get_facecolor()
    )
    assert [label.get_text() for label in short.get_xticklabels()] == ["not", "␣"]
    assert short.get_xlim() == long.get_xlim() and short.get_ylim() == long.get_ylim()


@pytest.mark.parametrize(
    "texts, message",
    [
        ({"a": (["x", "y"], [1.0])}, r"'a' has 2 tokens and shares of shape \(1,\)"),
        ({"a": ([], [])}, "no token"),
        ({}, "no token"),
    ],
)
def test_token_shares_refuse(texts, message):
    with pytest.raises(ValueError, match=message):
        sequences.token_shares(texts)


# ---- gradients by time step ----------------------------------------------------------------------------------------------


def test_gradients_by_time_step_by_hand(device):
    """(w x - y)^2 has the slope 2 (w x - y) w: of each step its own part."""
    model = Sequential([Flatten(input_shape=(4, 2)), Dense(1, use_bias=False)])
    x, y = (
        rng.standard_normal((6, 4, 2)).astype("float32"),
        rng.standard_normal((6, 1)).astype("float32"),
    )
    w = model.weights[0].numpy()
    slope = 2 * (x.reshape(6, 8) @ w - y) * w.T
    expected = np.linalg.norm(slope.reshape(6, 4, 2), axis=-1).mean(0)
    found = sequences.time_gradients_of(model, x, y)
    assert found.shape == (4,) and np.allclose(found, expected, rtol=1e-5)
    assert np.allclose(
        sequences.time_gradients_of(model, np.repeat(x, 3, 0), np.repeat(y, 3, 0)),
        expected,
        rtol=1e-5,
    )
    with pytest.raises(ValueError, match="of ids, which have no gradient"):
        sequences.time_gradients_of(model, np.zeros((2, 4), int), y)


def test_gradients_by_time_step_are_drawn_on_a_logarithmic_scale():
    (axes,) = sequences.time_gradients(
        {"LSTM": [0.5, 1.0], "SimpleRNN": Tensor(np.array([0.0, 1e-9]))}
    ).axes
    assert axes.get_yscale() == "log" and [line.get_label() for line in axes.lines] == [
        "LSTM",
        "SimpleRNN",
    ]
    assert np.isnan(axes.lines[1].get_ydata()[0]) and axes.lines[1].get_ydata()[1] == pytest.approx(
        1e-9
    )
    with pytest.raises(ValueError, match=r"LSTM has shape \(2, 2\): expected one norm"):
        sequences.time_gradients({"LSTM": np.ones((2, 2))})


@pytest.mark.parametrize(
    "draw",
    [
        lambda path: sequences.forecast(np.arange(9.0), np.ones(9), path=path),
        lambda path: sequences.attention_maps(np.eye(4), path=path),
        lambda path: sequences.time_gradients({"a": np.arange(1.0, 9)}, path=path),
    ],
)
def test_path_writes_a_picture(draw, tmp_path):
    draw(tmp_path / "picture.png")
    assert (
        pyplot.imread(tmp_path / "picture.png")[..., :3].std() > 0.01 and pyplot.get_fignums() == []
    )
