"""AlexNet: sizes as in the paper, that it learns, and the overflow of the known recipe."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad.optimizers.adam import Adam
from models.convolutional import alexnet

from .helpers import output_shapes, parameter_counts

# ---- sizes ---------------------------------------------------------------------------------------


def test_parameter_counts(weightless):
    model = alexnet.alexnet()
    assert model.count_params() == 58_327_818
    assert sum(p.size for p in model.trainable_weights) == 58_325_066
    assert parameter_counts(model) == [
        34944,
        384,
        614656,
        1024,
        885120,
        1536,
        1327488,
        1536,
        884992,
        1024,
        37752832,
        16781312,
        40970,
    ]


def test_output_shapes(weightless):
    assert output_shapes(alexnet.alexnet(), {"Conv2D", "MaxPooling2D"}) == [
        (55, 55, 96),
        (27, 27, 96),
        (27, 27, 256),
        (13, 13, 256),
        (13, 13, 384),
        (13, 13, 384),
        (13, 13, 256),
        (6, 6, 256),
    ]


@pytest.fixture
def original(weightless):
    return alexnet.alexnet(227, 1000, original=True)


def test_original_has_the_parameters_of_the_paper(original):
    """Section 3.5: kernels 11x11x3, 5x5x48, 3x3x256, 3x3x192, 3x3x192."""
    assert original.count_params() == 60_965_224
    counts = [34944, 307456, 885120, 663936, 442624, 37752832, 16781312, 4097000]
    assert parameter_counts(original) == counts
    convolutions = [layer for layer in original.layers if type(layer).__name__ == "Conv2D"]
    assert [layer.kernel.shape for layer in convolutions] == [
        (11, 11, 3, 96),
        (5, 5, 48, 256),
        (3, 3, 256, 384),
        (3, 3, 192, 384),
        (3, 3, 192, 256),
    ]


def test_original_has_the_neurons_of_the_paper(original):
    """Section 3.5: 253,440 (290,400 at 227), 186,624, 64,896 ..."""
    shapes = output_shapes(original, {"Conv2D", "Dense"})
    neurons = [290_400, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000]
    assert [math.prod(shape) for shape in shapes] == neurons


def test_original_normalizes_responses_before_pooling(original):
    names = [type(layer).__name__ for layer in original.layers[:6]]
    assert names == 2 * ["Conv2D", "LocalResponseNormalization", "MaxPooling2D"]


def test_small_images_are_refused():
    with pytest.raises(ValueError, match="39 is the least"):
        alexnet.alexnet(32)


# ---- training ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "original, at_least", [(False, 0.5), (True, 0.25)], ids=["batch normalized", "original"]
)
def test_learns(original, at_least, device):
    """A narrow one on 39x39 and few rows, at a larger rate than that of the full width."""
    minigrad.seed(1)
    (x, y), test = alexnet.load(size=39)
    model = alexnet.alexnet(39, original=original, width=1 / 16)
    model.compile(
        optimizer=Adam(0.002), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x[:320], y[:320], epochs=5, verbose=0)
    _, accuracy = model.evaluate(test[0][:200], test[1][:200])
    assert accuracy >= at_least
    assert {p.device for p in model.weights} == {device}


def test_overflow_blackens_the_brightest_pixels():
    """10,456 pixels in 1,765 of the 1,797 images."""
    planes = {}
    for recipe in ("repaired", "known"):
        (x, _), (x_test, _) = alexnet.load(recipe, 8)
        planes[recipe] = np.concatenate([x[..., 0], x_test[..., 0]])
    repaired, known = planes["repaired"], planes["known"]
    wrapped = repaired == 1
    assert np.array_equal(known == 0, (repaired == 0) | wrapped)
    assert wrapped.sum() == 10_456
    assert wrapped.any((1, 2)).sum() == 1765
    assert repaired.max() == 1
    assert abs(known.max() - 240 / 255) < 1e-6


def test_pictures_and_report(tmp_path):
    model, _ = alexnet.train(size=39, width=1 / 16, epochs=1, verbose=0)
    alexnet.pictures(model, tmp_path, size=39)
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"history.png", "predictions.png", "confusion.png"}
    assert "precision" in alexnet.report(model, size=39)
