"""LeNet-5, AlexNet and VGG: sizes as in their papers, that each learns, and that the known failures fail as known."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad.initializers import Initializer
from minigrad.layers import Layer
from minigrad.optimizers.adam import Adam
from models.convolutional import alexnet, lenet, vgg

# ---- sizes ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def weightless(monkeypatch):
    """Every weight one number seen from everywhere, and networks built on no rows: their sizes cost neither memory nor time."""
    monkeypatch.setattr(
        Initializer,
        "__call__",
        lambda self, shape, dtype=None: np.broadcast_to(np.float32(0), shape),
    )
    monkeypatch.setattr(
        Layer,
        "build_from_shape",
        lambda self, shape: self(np.zeros((0, *shape), "float32"), training=False),
    )


def sizes(model):
    """The parameters of each layer that has any."""
    return [layer.count_params() for layer in model.layers if layer.count_params()]


def shapes(model, kinds):
    """What comes out of each layer of these kinds."""
    return [layer.output_shape[1:] for layer in model.layers if type(layer).__name__ in kinds]


@pytest.mark.parametrize(
    "build, counts, total",
    [
        (lenet.lenet5, [156, 2416, 48120, 10164, 850], 61706),
        (lenet.lenet8, [60, 880, 2040, 10164, 850], 13994),
    ],
)
def test_lenet_has_the_known_sizes(build, counts, total):
    model = build()
    assert sizes(model) == counts and model.count_params() == total


def test_lenet5_has_the_maps_of_the_paper():
    maps = shapes(lenet.lenet5(), {"Conv2D", "AveragePooling2D", "Dense"})
    assert maps == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (1, 1, 120), (84,), (10,)]


def test_alexnet_has_the_known_sizes(weightless):
    model = alexnet.alexnet()
    assert (
        model.count_params() == 58_327_818
        and sum(p.size for p in model.trainable_weights) == 58_325_066
    )
    assert sizes(model) == [
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
    assert shapes(model, {"Conv2D", "MaxPooling2D"}) == [
        (55, 55, 96),
        (27, 27, 96),
        (27, 27, 256),
        (13, 13, 256),
        (13, 13, 384),
        (13, 13, 384),
        (13, 13, 256),
        (6, 6, 256),
    ]


def test_original_alexnet_has_the_sizes_of_the_paper(weightless):
    """Section 3.5: kernels 11x11x3, 5x5x48, 3x3x256, 3x3x192, 3x3x192 and neurons 253,440 (290,400 at 227), 186,624, 64,896 ..."""
    model = alexnet.alexnet(227, 1000, original=True)
    assert model.count_params() == 60_965_224
    assert sizes(model) == [34944, 307456, 885120, 663936, 442624, 37752832, 16781312, 4097000]
    convolutions = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]
    assert [c.kernel.shape for c in convolutions] == [
        (11, 11, 3, 96),
        (5, 5, 48, 256),
        (3, 3, 256, 384),
        (3, 3, 192, 384),
        (3, 3, 192, 256),
    ]
    assert [math.prod(shape) for shape in shapes(model, {"Conv2D", "Dense"})] == [
        290_400,
        186_624,
        64_896,
        64_896,
        43_264,
        4096,
        4096,
        1000,
    ]
    assert [type(layer).__name__ for layer in model.layers[:6]] == [
        "Conv2D",
        "LocalResponseNormalization",
        "MaxPooling2D",
        "Conv2D",
        "LocalResponseNormalization",
        "MaxPooling2D",
    ]


@pytest.mark.parametrize(
    "depth, total", [(11, 132_863_336), (13, 133_047_848), (16, 138_357_544), (19, 143_667_240)]
)
def test_vgg_has_the_sizes_of_the_paper(depth, total, weightless):
    model = vgg.vgg(depth)
    assert model.count_params() == total and len(sizes(model)) == depth
    assert [shape[0] for shape in shapes(model, {"MaxPooling2D"})] == [112, 56, 28, 14, 7]


def test_what_cannot_be_built_is_said():
    with pytest.raises(ValueError, match="unknown depth '12'"):
        vgg.vgg(12)
    with pytest.raises(ValueError, match="32 pixels are the least"):
        vgg.vgg(11, (28, 28, 1))
    with pytest.raises(ValueError, match="39 is the least"):
        alexnet.alexnet(32)
    with pytest.raises(ValueError, match="did you mean 'known'"):
        lenet.load("knwon")


# ---- each learns -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module, flags, at_least",
    [
        (lenet, {"epochs": 5}, 0.85),
        (lenet, {"recipe": "1998", "epochs": 1}, 0.8),
        (vgg, {"epochs": 3, "width": 4, "hidden": 64}, 0.6),
    ],
    ids=["lenet", "lenet of 1998", "vgg"],
)
def test_learns(module, flags, at_least, device):
    model, metrics = module.train(**flags, seed=1, verbose=0)
    assert metrics["accuracy"] >= at_least and all(
        math.isfinite(value) for value in metrics.values()
    )
    assert {p.dtype for p in model.weights} == {np.dtype("float32")} and {
        p.device for p in model.weights
    } == {device}


@pytest.mark.parametrize(
    "original, at_least", [(False, 0.5), (True, 0.25)], ids=["batch normalised", "original"]
)
def test_alexnet_learns(original, at_least, device):
    """A narrow one on 39x39 and few rows, at a bolder rate than that of the full width."""
    minigrad.seed(1)
    (x, y), test = alexnet.load(size=39)
    model = alexnet.alexnet(39, original=original, width=1 / 16)
    model.compile(
        optimizer=Adam(0.002), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x[:320], y[:320], epochs=5, verbose=0)
    accuracy = model.evaluate(test[0][:200], test[1][:200])[1]
    assert accuracy >= at_least and {p.device for p in model.weights} == {device}


# ---- and fails as known ------------------------------------------------------------------------------------------------


def test_known_lenet_stays_at_chance():
    model, metrics = lenet.train("known", verbose=0)
    x, _ = lenet.load("known")[1]
    assert (
        x.max() == 16
        and metrics["accuracy"] < 0.12
        and abs(metrics["training_loss"] - math.log(10)) < 0.01
    )
    assert len(set(model.predict(x).argmax(1))) == 1


def test_sigmoids_leave_the_first_kernels_nothing():
    left = {
        recipe: lenet.train(recipe, epochs=1, verbose=0)[1]["gradient_left_at_C1"]
        for recipe in ("repaired", "known")
    }
    assert left["known"] < 0.03 and left["repaired"] > 1


def test_overflow_blackens_what_is_brightest():
    """10,456 pixels in 1,765 of the 1,797 images."""
    parts = [
        np.concatenate([x[..., 0] for x, _ in alexnet.load(recipe, 8)])
        for recipe in ("repaired", "known")
    ]
    assert np.array_equal(parts[1] == 0, (parts[0] == 0) | (parts[0] == 1))
    wrapped = parts[0] == 1
    assert wrapped.sum() == 10_456 and wrapped.any((1, 2)).sum() == 1765
    assert parts[0].max() == 1 and abs(parts[1].max() - 240 / 255) < 1e-6


# ---- pictures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module, flags, files",
    [
        (lenet, {}, {"gradients.png"}),
        (vgg, {"width": 2, "hidden": 16}, set()),
        (alexnet, {"size": 39, "width": 1 / 16}, set()),
    ],
    ids=["lenet", "vgg", "alexnet"],
)
def test_pictures(module, flags, files, tmp_path):
    model, _ = module.train(**flags, epochs=1, verbose=0)
    shown = {"size": flags["size"]} if "size" in flags else {}
    module.pictures(model, tmp_path, **shown)
    assert {file.name for file in tmp_path.iterdir()} == files | {
        "history.png",
        "predictions.png",
        "confusion.png",
    }
    assert "precision" in module.report(model, **shown)
