"""Grids of images: titles, marks of what is wrong, scales."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from minigrad import plots
from minigrad.plots import style


def digits(n: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, 8, 8)).astype("float32")


def titles(figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


@pytest.mark.parametrize("scores", [False, True])
def test_predictions_are_red_exactly_where_they_are_wrong(scores):
    labels = np.arange(12) % 10
    predicted = labels.copy()
    predicted[[2, 7, 11]] = 9 - predicted[[2, 7, 11]]
    figure = plots.predictions(digits(12), labels, np.eye(10)[predicted] if scores else predicted)
    red = [to_hex(axes.title.get_color()) == style.RED for axes in figure.axes]
    assert red == (labels != predicted).tolist()
    assert sum(red) == 3
    assert titles(figure) == [f"{true} / {guess}" for true, guess in zip(labels, predicted)]
    assert figure.get_suptitle() == "true / predicted: 3 of 12 wrong"


def test_predictions_by_name():
    figure = plots.predictions(digits(2), [0, 1], [1, 1], names=["cat", "dog"])
    assert titles(figure) == ["cat / dog", "dog / dog"]


@pytest.mark.parametrize("n, labels", [(3, [0, 1]), (2, np.eye(2))])
def test_predictions_refuse_other_than_one_label_per_image(n, labels):
    with pytest.raises(ValueError, match="one label and one prediction"):
        plots.predictions(digits(n), labels, [0, 1])


@pytest.mark.parametrize("shape", [(5, 64), (5, 8, 8), (5, 8, 8, 1), (5, 8, 8, 3)])
def test_samples_take_flat_gray_and_color(shape):
    images = np.random.default_rng(1).random(shape)
    figure = plots.samples(images, columns=3, titles="abcde", title="step 10")
    assert titles(figure) == list("abcde")
    assert figure.get_suptitle() == "step 10"
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes]
    is_color = shape[-1] == 3
    assert all(image.shape == ((8, 8, 3) if is_color else (8, 8)) for image in shown)
    if not is_color:
        assert np.array_equal(shown[4], images[4].reshape(8, 8))


def test_samples_share_one_scale():
    figure = plots.samples(np.stack([np.zeros((4, 4)), np.full((4, 4), 16.0)]))
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0.0, 16.0)}


@pytest.mark.parametrize("shape", [(2, 50), (2, 8, 8, 2), (64,)])
def test_samples_refuse_what_is_not_an_image(shape):
    with pytest.raises(ValueError, match="pictures"):
        plots.samples(np.zeros(shape))
