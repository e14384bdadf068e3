"""Figures of functions: derivatives, misclassified points, trajectories that leave the window."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex

from minigrad import Tensor, grad, ops, plots
from minigrad.plots import style

from .helpers import titles

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
OR = [0, 1, 1, 1]
XOR = [0, 1, 1, 0]


def test_points_in_whole_numbers_have_a_plane_between_them():
    seen = []

    def predict(x):
        seen.append(np.asarray(x))
        return x[:, 0]

    plots.decision_boundaries({"t": (predict, np.array([[0, 0], [1, 1]]), [0, 1])})
    assert seen[0].dtype == "float32" and len(np.unique(seen[0][:, 0])) > 300


def test_decision_boundaries_ring_the_points_on_the_wrong_side():
    def above(x):
        return (x.sum(1) > 0.5).astype(float)

    panels = {"or": (above, CORNERS, OR), "xor": (above, CORNERS, XOR)}
    figure = plots.decision_boundaries(panels)
    assert titles(figure) == ["or", "xor"]
    of_or, of_xor = (axes.collections[-1] for axes in figure.axes)
    assert of_or.get_label() == "class 1"
    assert of_xor.get_label() == "wrong side"
    assert of_xor.get_offsets().tolist() == [[1, 1]]
    (color,) = of_xor.get_edgecolor()
    assert to_hex(color) == style.RED
    (legend,) = figure.legends
    explained = [text.get_text() for text in legend.get_texts()]
    assert sorted(explained) == ["class 0", "class 1", "score 1/2", "wrong side"]


# ---- functions of one variable -------------------------------------------------------------------


def test_activations_draw_the_derivative_that_grad_finds():
    figure = plots.activations()
    assert titles(figure) == list(plots.ACTIVATIONS)
    names = "sigmoid, tanh, relu, leaky relu (0.2), elu, selu, gelu, swish"
    assert set(names.split(", ")) <= set(plots.ACTIVATIONS)
    for axes, f in zip(figure.axes, plots.ACTIVATIONS.values()):
        curve, dashed = (line for line in axes.lines if len(line.get_xdata()) > 2)
        x, y = curve.get_data()
        dy = dashed.get_ydata()
        assert dashed.get_linestyle() == "--"
        points = Tensor(x, dtype="float64")
        assert np.allclose(y, f(points).numpy())
        kinks = np.abs(np.diff(dy, prepend=dy[0])) > 0.05
        near = np.convolve(kinks, np.ones(5), "same") > 0
        differences = np.gradient(y, x)
        errors = (dy - differences)[~near][1:-1]
        assert abs(errors).max() < 1.1e-2


def test_derivative_is_that_of_grad():
    y, dy = plots.value_and_derivative(ops.tanh, [-1.0, 0.0, 2.0])
    expected = np.tanh([-1, 0, 2])
    assert y.dtype == dy.dtype == "float64"
    assert np.allclose(y, expected)
    assert np.allclose(dy, 1 - expected**2)


def test_losses_draw_value_and_derivative():
    x = np.linspace(-1, 1, 5)
    groups = {"square": ("error", x, {"MSE": ops.square})}
    (axes,) = plots.losses(groups).axes
    _, value, dashed = axes.lines
    assert np.allclose(value.get_ydata(), x**2)
    assert np.allclose(dashed.get_ydata(), 2 * x)
    assert dashed.get_linestyle() == "--"


# ---- trajectories --------------------------------------------------------------------------------


def bowl(x, y):
    return x**2 + 3 * y**2


def descend(steps: int) -> np.ndarray:
    """Points of gradient descent in the bowl."""
    point = Tensor([1.5, 1.0], requires_grad=True)
    points = [point.numpy().copy()]
    for _ in range(steps):
        (gradient,) = grad(bowl(point[0], point[1]), [point])
        point.data -= 0.1 * gradient.numpy()
        points.append(point.numpy().copy())
    return np.array(points)


def test_trajectories_mark_what_leaves():
    stays = descend(5)
    inside = [[1.5, 1.0], [-1.0, 2.5]]
    leaves = np.array([*inside, [9.0, 9.0], [np.inf, np.nan]])
    paths = {"calm": stays, "wild": leaves}
    (axes,) = plots.trajectories(bowl, paths, goal=(0, 0), title="bowl").axes
    lines = {line.get_label().split(":")[0].split()[0]: line for line in axes.lines}
    calm, wild = lines["calm"], lines["wild"]
    assert calm.get_label() == f"calm: {bowl(*stays[-1]):.3g}"
    assert np.allclose(calm.get_xydata(), stays)
    assert wild.get_label() == "wild\n(diverges in 3 steps)"
    assert wild.get_xydata().tolist() == inside
    assert len(axes.texts) == 1, "one arrow, for the trajectory that leaves the window"
    (star,) = [line for line in axes.lines if line.get_marker() == "*"]
    assert star.get_xydata().tolist() == [[0, 0]]
