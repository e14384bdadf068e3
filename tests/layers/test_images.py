"""Layers of images: sizes, random changes in training alone, gradients, seeds, errors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import minigrad
from minigrad import Sequential, Tensor, grad, layers, ops
from minigrad.data import augmentation
from minigrad.layers import (
    CenterCrop,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    Resizing,
)

from .helpers import assert_equal

IMAGES = np.random.default_rng(3).random((3, 6, 5, 2)).astype("float32")
RANDOM = {
    "RandomCrop": lambda **o: RandomCrop(4, 3, **o),
    "RandomFlip": lambda **o: RandomFlip(**o),
    "RandomRotation": lambda **o: RandomRotation(0.1, **o),
    "RandomZoom": lambda **o: RandomZoom((-0.3, 0.2), **o),
    "RandomTranslation": lambda **o: RandomTranslation(0.3, 0.2, "constant", **o),
    "RandomBrightness": lambda **o: RandomBrightness(0.2, (-1, 2), **o),
    "RandomContrast": lambda **o: RandomContrast(0.5, (-1, 2), **o),
}


def test_sizes():
    for layer, shape in (
        (Resizing(4, 9), (4, 9)),
        (Resizing(2, 3, "nearest", crop_to_aspect_ratio=True), (2, 3)),
        (Resizing(2, 9, pad_to_aspect_ratio=True), (2, 9)),
        (CenterCrop(4, 5), (4, 5)),
        (CenterCrop(8, 9), (8, 9)),
        (RandomCrop(4, 5), (4, 5)),
        (RandomCrop(8, 2), (8, 2)),
    ):
        assert layer(IMAGES).shape == (3, *shape, 2) and layer.output_shape == (None, *shape, 2)
        assert layer(IMAGES[0]).shape == (*shape, 2)
        assert layer(IMAGES, training=False).shape == (3, *shape, 2)
        assert layer(IMAGES[:0]).shape == (0, *shape, 2)
    constant = Resizing(5, 7, "bicubic")(np.full((1, 3, 4, 1), 0.25)).numpy()
    assert_allclose(constant, 0.25, rtol=1e-6)


def test_bytes_are_cast_without_a_warning(recwarn):
    y = Resizing(3, 3)(np.full((1, 6, 6, 1), 200, "uint8"))
    assert y.dtype == "float32" and (y.numpy() == 200).all() and not recwarn
    assert RandomFlip()(np.zeros((1, 6, 6, 1), "uint8")).dtype == "float32"


@pytest.mark.parametrize("name", RANDOM)
def test_in_training_alone_and_by_its_seed(name):
    first, twin, other = RANDOM[name](seed=1), RANDOM[name](seed=1), RANDOM[name](seed=2)
    still = first(IMAGES, training=False).numpy()
    if name != "RandomCrop":
        assert_equal(still, IMAGES)
    drawn = [first(IMAGES).numpy() for _ in range(4)]  # a direct call is training, as in Keras
    assert_equal(drawn, [twin(IMAGES, training=True).numpy() for _ in range(4)])
    assert any((a != b).any() for a, b in zip(drawn[1:], drawn, strict=False))
    assert any((a != other(IMAGES).numpy()).any() for a in drawn)
    with minigrad.training(False):
        assert_equal(first(IMAGES).numpy(), still)
    model = Sequential(RANDOM[name](seed=1))
    assert_equal(model.predict(IMAGES, verbose=0), still)
    with minigrad.training():
        assert_equal(model(IMAGES).numpy(), drawn[0])


@pytest.mark.parametrize("name", RANDOM)
def test_each_image_is_changed_by_itself(name):
    same = np.repeat(IMAGES[:1], 12, 0)
    y = RANDOM[name](seed=3)(same).numpy()
    assert len(np.unique(y.reshape(12, -1).round(5), axis=0)) > 2


@pytest.mark.parametrize("name", [*RANDOM, "Resizing"])
def test_gradients_reach_the_images(name, xp):
    layer = RANDOM[name](seed=1) if name in RANDOM else Resizing(4, 3)
    x = Tensor(xp.asarray(IMAGES), requires_grad=True)
    (g,) = grad(ops.sum(layer(x, training=True)), [x])
    assert g.dtype == "float32" and abs(g.numpy()).max() > 0


def test_geometry_is_that_of_the_augmentation_of_batches():
    pairs = [
        (RandomRotation((0.1, 0.1)), augmentation.RandomRotation((0.1, 0.1))),
        (RandomZoom((-0.2, -0.2)), augmentation.RandomZoom((-0.2, -0.2))),
        (
            RandomTranslation((0.3, 0.3), (0.1, 0.1), "wrap"),
            augmentation.RandomTranslation((0.3, 0.3), (0.1, 0.1), "wrap"),
        ),
    ]
    for layer, augment in pairs:
        assert_allclose(layer(IMAGES).numpy(), augment(IMAGES), rtol=1e-6)


def test_flips_crops_and_values():
    flipped = RandomFlip("horizontal", seed=0)(np.repeat(IMAGES[:1], 20, 0)).numpy()
    kinds = {y.tobytes() for y in flipped}
    assert kinds == {IMAGES[0].tobytes(), IMAGES[0, :, ::-1].tobytes()}
    parts = {IMAGES[0, i : i + 4, j : j + 3].tobytes() for i in range(3) for j in range(3)}
    cropped = RandomCrop(4, 3, seed=0)(np.repeat(IMAGES[:1], 99, 0)).numpy()
    assert {y.tobytes() for y in cropped} == parts
    shifts = (RandomBrightness((0.1, 0.3), (0, 100))(np.full((200, 1, 1, 1), 50.0)) - 50).numpy()
    assert 10 <= shifts.min() < 12 and 28 < shifts.max() <= 30
    x = np.array([10.0, 20.0]).reshape(1, 1, 2, 1)
    gains = np.diff(RandomContrast((0.2, 0.5))(np.repeat(x, 200, 0)).numpy(), axis=2).ravel() / 10
    assert 0.8 <= gains.min() < 0.82 and 1.48 < gains.max() <= 1.5
    dark = RandomBrightness((-1, -1))(x).numpy()
    assert (dark == 0).all()  # clipped


def test_a_model_trains_with_augmentation_inside():
    minigrad.seed(0)
    model = Sequential(
        layers.Input((6, 5, 2)),
        RandomFlip("horizontal"),
        RandomTranslation(0.1, 0.1),
        Resizing(4, 4),
        layers.Flatten(),
        layers.Dense(1),
    )
    model.compile("adam", "mse")
    history = model.fit(IMAGES, IMAGES.mean((1, 2, 3)), epochs=3, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.count_params() == 33


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Resizing(0, 3), "height must be a positive integer"),
        (lambda: Resizing(3, 3, "cubic"), "interpolation of Resizing.*bicubic"),
        (lambda: Resizing(3, 3, fill_mode="wrap"), "fill_mode of Resizing"),
        (lambda: Resizing(3, 3, "nearest", True, True), "exclude each other"),
        (lambda: RandomFlip("sideways"), "mode of RandomFlip"),
        (lambda: RandomRotation(1.5), "factor must be a number or .* between -1 and 1, not 1.5"),
        (lambda: RandomRotation((0.1, 0.2, 0.3)), "factor must be a number or"),
        (lambda: RandomRotation(0.1, "mirror"), "fill_mode of RandomRotation"),
        (lambda: RandomRotation(0.1, interpolation="cubic"), "interpolation of RandomRotation"),
        (lambda: RandomZoom(-1.0), "height_factor must be"),
        (lambda: RandomTranslation(0.1, (0, 2)), "width_factor must be"),
        (lambda: RandomBrightness(2), "factor must be"),
        (lambda: RandomContrast((-0.1, 0.2)), "lower, upper"),
    ],
)
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()
