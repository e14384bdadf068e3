"""Figures of sequences: lines, panels and labels, and the gradients by time step by hand."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Sequential, Tensor, plots
from minigrad.layers import Dense, Flatten

from .helpers import texts, ys

rng = np.random.default_rng(5)


# ---- forecasts -----------------------------------------------------------------------------------


def test_forecast_draws_truth_forecast_baseline_and_residuals():
    y = np.array([1.0, 2, 4])
    guess = Tensor(np.array([[1.0], [3], [3]]))
    above, below = plots.forecast(y, guess, 2.0, ylabel="height").axes
    truth, forecast, baseline = above.lines
    assert truth.get_label() == "truth"
    assert forecast.get_label() == "forecast, RMSE 0.816"
    assert baseline.get_label() == "baseline, RMSE 1.29"
    assert ys(truth) == [1, 2, 4]
    assert ys(forecast) == [1, 3, 3]
    assert ys(baseline) == [2, 2, 2]
    zero, residual, naive_residual = below.lines
    assert ys(zero) == [0, 0]
    assert ys(residual) == [0, -1, 1]
    assert ys(naive_residual) == [-1, 0, 2]
    assert baseline.get_linestyle() == "--"
    assert naive_residual.get_linestyle() == "--"
    assert above.get_ylabel() == "height"


def test_forecast_with_and_without_a_baseline():
    y = np.array([1.0, 2, 4])
    above, below = plots.forecast(y, y).axes
    assert len(above.lines) == 2
    assert len(below.lines) == 2
    above, _ = plots.forecast(y, y, [0, 1, 2]).axes
    _, _, baseline = above.lines
    assert ys(baseline) == [0, 1, 2]


ONE_VALUE_PER_STEP = r"predicted of shape \(1,\): expected one value for each of the 2 steps"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([1.0, 2], [1.0]), ONE_VALUE_PER_STEP),
        ((np.zeros((3, 2)), np.zeros(3)), r"truth of shape \(3, 2\)"),
        (([1.0, 2], [1.0, 2], [1.0, 2, 3]), "baseline of shape"),
    ],
)
def test_forecast_refuses(arguments, message):
    with pytest.raises(ValueError, match=f"^forecast: {message}"):
        plots.forecast(*arguments)


# ---- attention -----------------------------------------------------------------------------------


def test_attention_maps_have_one_panel_per_head():
    weights = rng.random((5, 2, 3)).astype("float32")
    rows, columns = ["a", " "], ["the", "cat", "\n"]
    figure = plots.attention_maps(weights, rows, columns, title="cross")
    panels = figure.axes[:-1]
    names = [axes.get_title() for axes in panels]
    assert names == ["head 1", "head 2", "head 3", "head 4", "head 5"]
    assert figure.get_suptitle() == "cross"
    for axes, weight in zip(panels, weights):
        (image,) = axes.images
        assert np.array_equal(image.get_array(), weight)
        assert image.get_clim() == (0, 1)
        assert texts(axes.get_xticklabels()) == ["the", "cat", "⏎"]
        assert texts(axes.get_yticklabels()) == ["a", "␣"]
        assert axes.get_xticklabels()[0].get_rotation() == 90
        assert axes.get_yticklabels()[0].get_rotation() == 0


def test_attention_of_one_head_to_itself():
    axes, _ = plots.attention_maps(Tensor(np.eye(3)), list("xyz")).axes
    assert axes.get_title() == ""
    assert texts(axes.get_xticklabels()) == list("xyz")
    assert axes.get_xticklabels()[0].get_rotation() == 0, "single characters stand upright"
    named = plots.attention_maps(np.eye(3)[None], names=["gate"])
    assert named.axes[0].get_title() == "gate"


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
        plots.attention_maps(weights, rows, columns)


# ---- attributions --------------------------------------------------------------------------------


def test_token_attributions_draw_one_panel_per_text_on_one_scale():
    examples = {
        "short": (["not", " "], np.array([-0.5, 0.25])),
        "long": (list("abc"), Tensor([0.0, 1, 0])),
    }
    figure = plots.token_attributions(examples, ylabel="share")
    short, long = figure.axes
    assert short.get_title(loc="left") == "short"
    assert long.get_title(loc="left") == "long"
    assert figure.get_supylabel() == "share"
    assert [bar.get_height() for bar in short.patches] == [-0.5, 0.25]
    assert [bar.get_height() for bar in long.patches] == [0, 1, 0]
    negative, positive = (bar.get_facecolor() for bar in short.patches)
    assert negative != positive == long.patches[1].get_facecolor()
    assert texts(short.get_xticklabels()) == ["not", "␣"]
    assert short.get_xlim() == long.get_xlim()
    assert short.get_ylim() == long.get_ylim()


@pytest.mark.parametrize(
    "examples, message",
    [
        ({"a": (["x", "y"], [1.0])}, r"'a' has 2 tokens and attributions of shape \(1,\)"),
        ({"a": ([], [])}, "no token"),
        ({}, "no token"),
    ],
)
def test_token_attributions_refuse(examples, message):
    with pytest.raises(ValueError, match=message):
        plots.token_attributions(examples)


# ---- gradients by time step ----------------------------------------------------------------------


def test_gradients_by_time_step_by_hand(device):
    """(w x - y)^2 has the gradient 2 (w x - y) w: of each step its own part."""
    model = Sequential([Flatten(input_shape=(4, 2)), Dense(1, use_bias=False)])
    x = rng.standard_normal((6, 4, 2), "float32")
    y = rng.standard_normal((6, 1), "float32")
    w = model.weights[0].numpy()
    gradient = 2 * (x.reshape(6, 8) @ w - y) * w.T
    expected = np.linalg.norm(gradient.reshape(6, 4, 2), axis=-1).mean(0)
    found = plots.compute_time_gradients(model, x, y)
    assert found.shape == (4,)
    assert np.allclose(found, expected, rtol=1e-5)
    x3, y3 = np.repeat(x, 3, 0), np.repeat(y, 3, 0)
    repeated = plots.compute_time_gradients(model, x3, y3)
    assert np.allclose(repeated, expected, rtol=1e-5)
    with pytest.raises(ValueError, match="of ids, which have no gradient"):
        plots.compute_time_gradients(model, np.zeros((2, 4), int), y)


def test_gradients_by_time_step_are_drawn_on_a_logarithmic_scale():
    norms = {"LSTM": [0.5, 1.0], "SimpleRNN": Tensor(np.array([0.0, 1e-9]))}
    (axes,) = plots.time_gradients(norms).axes
    lstm, simple_rnn = axes.lines
    assert axes.get_yscale() == "log"
    assert lstm.get_label() == "LSTM"
    assert simple_rnn.get_label() == "SimpleRNN"
    gap, small = ys(simple_rnn)
    assert np.isnan(gap)
    assert small == pytest.approx(1e-9)
    with pytest.raises(ValueError, match=r"LSTM has shape \(2, 2\): expected one norm"):
        plots.time_gradients({"LSTM": np.ones((2, 2))})


def test_a_long_title_of_a_small_map_is_not_cut_off():
    title = "Each answer looks at the opposite place of the question"
    figure = plots.attention_maps(np.eye(4), list("abcd"), title=title)
    figure.canvas.draw()
    (text,) = [text for text in figure.findobj() if getattr(text, "_text", "") == title]
    box = text.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width
