"""Files, the common style, and when matplotlib is imported."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.text import Text

import minigrad
from minigrad import ops, plots
from minigrad.layers import Conv2D, Dense, Flatten
from minigrad.plots import style

IMAGES = np.random.default_rng(0).random((3, 8, 8, 1)).astype("float32")
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")


def bowl(x, y):
    return x**2 + 3 * y**2


def network():
    layers = [Conv2D(4, 3, input_shape=(8, 8, 1)), Flatten(), Dense(3, activation="softmax")]
    return minigrad.Sequential(layers)


CASES = {
    "history": lambda path: plots.history({"loss": [1.0, 0.5, 0.25]}, path=path),
    "curves": lambda path: plots.curves({"a": [1, 2]}, path=path),
    "schedules": lambda path: plots.schedules({"a": [1, 2]}, path=path),
    "samples": lambda path: plots.samples(IMAGES, path=path),
    "predictions": lambda path: plots.predictions(IMAGES, [0, 1, 2], [0, 1, 1], path=path),
    "confusion_matrix": lambda path: plots.confusion_matrix([0, 1], [0, 1], path=path),
    "decision_boundaries": lambda path: plots.decision_boundaries(
        {"a": (lambda x: x[:, 0], CORNERS, [0, 0, 1, 1])}, path=path
    ),
    "activations": lambda path: plots.activations({"tanh": ops.tanh}, path=path),
    "losses": lambda path: plots.losses(
        {"a": ("x", np.linspace(0, 1, 5), {"f": ops.square})}, path=path
    ),
    "trajectories": lambda path: plots.trajectories(bowl, {"a": np.zeros((2, 2))}, path=path),
    "filters": lambda path: plots.filters(network(), path=path),
    "feature_maps": lambda path: plots.feature_maps(network(), IMAGES, path=path),
    "saliency": lambda path: plots.saliency(network(), IMAGES, path=path),
    "grad_cam": lambda path: plots.grad_cam(network(), IMAGES, path=path),
    "plot_model": lambda path: plots.plot_model(network(), path, True, show_layer_names=True),
    "forecast": lambda path: plots.forecast(np.arange(9.0), np.ones(9), path=path),
    "attention_maps": lambda path: plots.attention_maps(np.eye(4), path=path),
    "time_gradients": lambda path: plots.time_gradients({"a": np.arange(1.0, 9)}, path=path),
}


WORDS = {
    "history": ["epoch", "loss"],
    "curves": ["a"],
    "schedules": ["a", "epoch", "learning rate"],
    "samples": [],
    "plot_model": [
        "input_layer (InputLayer)\n(None, 8, 8, 1)",
        "conv2d (Conv2D)\n(None, 6, 6, 4)",
        "flatten (Flatten)\n(None, 144)",
        "dense (Dense)\n(None, 3)",
    ],
    "predictions": ["true / predicted: 1 of 3 wrong"],
    "confusion_matrix": ["100.0% of 2 right", "predicted", "true"],
    "decision_boundaries": ["a", "class 0", "class 1", "score 1/2", "$x_1$", "$x_2$"],
    "activations": ["f'(x)", "f(x)", "tanh"],
    "losses": ["a", "f", "loss; derivative dashed", "x"],
    "trajectories": ["a: 0", "f at the end", "x", "y"],
    "filters": ["conv2d: 4 of 4 filters 3x3, red to +0.36, blue to -0.36"],
    "feature_maps": ["conv2d: 4 of 4 channels", "image"],
    "saliency": ["saliency: |d score / d pixel| for the predicted class above"],
    "grad_cam": ["Grad-CAM of conv2d: evidence for the predicted class above"],
    "forecast": ["forecast, RMSE 3.96", "step", "truth", "truth - forecast"],
    "attention_maps": ["weight"],
    "time_gradients": ["a", "norm of the gradient", "time step"],
}


def words_of(figure):
    """The texts of a picture that hold letters."""
    texts = {text.get_text() for text in figure.findobj(Text) if text.get_visible()}
    return {
        text for text in texts if any(c.isalpha() for c in text) and not text.startswith("$\\math")
    }


@pytest.mark.parametrize("name", CASES)
def test_titles_labels_and_legends(name, tmp_path):
    minigrad.seed(0)
    assert words_of(CASES[name](tmp_path / "picture.png")) == {*WORDS[name]}


TITLED = {
    "history": lambda **o: plots.history({"loss": [1.0, 0.5]}, **o),
    "curves": lambda **o: plots.curves({"a": [1, 2]}, xlabel="across", ylabel="up", **o),
    "samples": lambda **o: plots.samples(IMAGES, **o),
    "predictions": lambda **o: plots.predictions(IMAGES, [0, 1, 2], [0, 1, 1], **o),
    "confusion_matrix": lambda **o: plots.confusion_matrix([0, 1], [0, 1], **o),
    "forecast": lambda **o: plots.forecast(np.arange(9.0), np.ones(9), **o),
    "attention_maps": lambda **o: plots.attention_maps(np.eye(4), **o),
    "time_gradients": lambda **o: plots.time_gradients({"a": np.arange(1.0, 9)}, **o),
}


@pytest.mark.parametrize("name", TITLED)
def test_a_title_is_shown(name, tmp_path):
    words = words_of(TITLED[name](title="So it goes", path=tmp_path / "picture.png"))
    assert any("So it goes" in text for text in words)
    assert name != "curves" or {"across", "up"} <= words


@pytest.mark.parametrize("name", CASES)
def test_path_writes_a_file_and_leaves_pyplot_alone(name, tmp_path):
    file = tmp_path / "new" / "folder" / "picture.png"
    figure = CASES[name](file)
    picture = pyplot.imread(file)
    assert picture.shape[0] > 100
    assert picture.shape[1] > 100
    assert picture[..., :3].std() > 0.01
    assert list(file.parent.iterdir()) == [file]
    assert pyplot.get_fignums() == []
    assert figure is not CASES[name](None)
    assert len(pyplot.get_fignums()) == 1, "without a path the figure is pyplot's"


def test_the_suffix_is_the_format(tmp_path):
    plots.curves({"a": [1, 2]}, path=tmp_path / "curves.svg")
    assert b"<svg" in (tmp_path / "curves.svg").read_bytes()


def test_style_does_not_leak():
    before = dict(pyplot.rcParams)
    plots.history({"loss": [1.0, 0.5, 0.25]})
    assert dict(pyplot.rcParams) == before


def test_matplotlib_waits_for_the_first_figure():
    code = "import sys, minigrad; minigrad.plots.history; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "sklearn"} & set(run.stdout.split())


def test_plots_wait_until_they_are_asked_for():
    code = "import sys, minigrad; sys.exit('minigrad.plots' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert "plots" in dir(minigrad)


def test_every_public_name_is_there():
    assert all(hasattr(plots, name) for name in plots.__all__)


def test_a_font_with_chinese_letters_stands_behind_the_usual_one(monkeypatch):
    from matplotlib import font_manager

    def families(*installed):
        fonts = [font_manager.FontEntry(name=name) for name in installed]
        monkeypatch.setattr(font_manager.fontManager, "ttflist", fonts)
        style.font_families.cache_clear()
        return style.font_families()

    assert families("DejaVu Sans") == ("sans-serif",)
    assert families("SimHei", "DejaVu Sans", "Noto Sans CJK SC") == (
        "sans-serif",
        "Noto Sans CJK SC",
    )
    monkeypatch.undo()
    style.font_families.cache_clear()


def test_whole_numbers_have_whole_ticks():
    for lines in ({"a": [3, 1]}, {"a": [3.0, 1.0]}, {"a": ([1, 2, 3], [0.5, 2.5, 1.0])}):
        figure = plots.curves(lines)
        figure.canvas.draw()
        (axes,) = figure.axes
        left, right = axes.get_xlim()
        ticks = [tick for tick in axes.get_xticks() if left <= tick <= right]
        assert ticks and all(float(tick).is_integer() for tick in ticks)
