"""Grids of images: titles, marks of what is wrong, scales."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from minigrad import plots
from minigrad.plots import style

from .helpers import image_of, titles


def digits(n: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, 8, 8)).astype("float32")


@pytest.mark.parametrize("scores", [False, True])
def test_predictions_begin_with_the_wrong_ones_in_red(scores):
    labels = np.arange(12) % 10
    predicted = labels.copy()
    predicted[[2, 7, 11]] = 9 - predicted[[2, 7, 11]]
    guesses = np.eye(10)[predicted] if scores else predicted
    figure = plots.predictions(digits(12), labels, guesses)
    colors = [to_hex(axes.title.get_color()) for axes in figure.axes]
    red = [color == style.RED for color in colors]
    assert red == [True] * 3 + [False] * 9
    order = [2, 7, 11, 0, 1, 3, 4, 5, 6, 8, 9, 10]
    pairs = zip(labels[order], predicted[order])
    assert titles(figure) == [f"{true} / {guess}" for true, guess in pairs]
    assert figure.get_suptitle() == "true / predicted: 3 of 12 wrong"


def test_predictions_of_many_images_draw_the_first_and_count_all():
    labels = np.arange(12) % 10
    figure = plots.predictions(digits(12), labels, labels[::-1], limit=5, columns=3, title="digits")
    assert len(titles(figure)) == 5
    assert figure.get_suptitle() == "digits: true / predicted: 12 of 12 wrong"


def test_predictions_by_name():
    names = ["cat", "dog"]
    figure = plots.predictions(digits(2), [0, 1], [1, 1], names=names)
    assert titles(figure) == ["cat / dog", "dog / dog"]


@pytest.mark.parametrize("n, labels", [(3, [0, 1]), (2, np.eye(2))])
def test_predictions_refuse_other_than_one_label_per_image(n, labels):
    with pytest.raises(ValueError, match="one label and one prediction"):
        plots.predictions(digits(n), labels, [0, 1])


GRAY = [(5, 64), (5, 8, 8), (5, 8, 8, 1)]
COLOR = (5, 8, 8, 3)


@pytest.mark.parametrize("shape", [*GRAY, COLOR])
def test_samples_take_flat_gray_and_color(shape):
    images = np.random.default_rng(1).random(shape)
    figure = plots.samples(images, columns=3, titles="abcde", title="step 10")
    assert titles(figure) == list("abcde")
    assert figure.get_suptitle() == "step 10"
    for axes in figure.axes:
        expected = (8, 8, 3) if shape == COLOR else (8, 8)
        assert image_of(axes).shape == expected
    if shape != COLOR:
        last = images[4].reshape(8, 8)
        assert np.array_equal(image_of(figure.axes[4]), last)


def test_samples_share_one_scale():
    black = np.zeros((4, 4))
    figure = plots.samples(np.stack([black, black + 16]))
    for axes in figure.axes:
        (image,) = axes.images
        assert image.get_clim() == (0.0, 16.0)


@pytest.mark.parametrize("shape", [(2, 50), (2, 8, 8, 2), (64,)])
def test_samples_refuse_what_is_not_an_image(shape):
    with pytest.raises(ValueError, match="images"):
        plots.samples(np.zeros(shape))
