"""Pixels that move: exact cases by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from minigrad.data import augmentation as A

from .samples import PIXELS, SQUARE


@pytest.mark.parametrize("quarter", [-2, -1, 0, 1, 2, 3])
def test_rotation_by_quarters_is_rot90(quarter):
    y = A.RandomRotation((quarter / 4, quarter / 4))(SQUARE)
    assert_allclose(y, np.rot90(SQUARE, quarter, (1, 2)), atol=1e-6)


def test_zero_factors_change_nothing():
    for step in (
        A.RandomRotation(0.0),
        A.RandomZoom(0.0),
        A.RandomTranslation(0, 0),
        A.RandomAffine(),
        A.RandomBrightness(0),
        A.GaussianNoise(0.0),
        A.RandomErasing(0.0),
        A.RandomCrop(8, 10),
    ):
        assert_array_equal(step(PIXELS), PIXELS)
    for step in (A.RandomContrast(0), A.RandomColor()):
        assert_allclose(step(PIXELS), PIXELS, atol=1e-6)


def test_translation_by_whole_pixels():
    # 2 down, 1 left
    y = A.RandomTranslation((0.25, 0.25), (-0.1, -0.1), "constant", fill_value=0.5)(PIXELS)
    assert_allclose(y[:, 2:, :-1], PIXELS[:, :-2, 1:], atol=1e-6)
    assert_allclose(y[:, :2], 0.5)
    assert_allclose(y[:, :, -1], 0.5)
    mirrored = A.RandomTranslation((0.25, 0.25), (0, 0))(PIXELS)
    assert_allclose(mirrored[:, :2], PIXELS[:, 1::-1], atol=1e-6)
    repeated = A.RandomTranslation((0.25, 0.25), (0, 0), "nearest")(PIXELS)
    assert_allclose(repeated[:, :2], PIXELS[:, [0, 0]], atol=1e-6)


def test_zoom_by_two():
    x = PIXELS[..., 0]
    assert_allclose(
        A.RandomZoom((-0.5, -0.5), interpolation="nearest")(x),
        x.repeat(2, 1).repeat(2, 2)[:, 4:12, 5:15],
    )
    smaller = A.RandomZoom((1.0, 1.0), fill_mode="constant")(x)
    assert_allclose(smaller[:, 2, 3], x[:, :2, 1:3].mean((1, 2)), atol=1e-6)
    assert (smaller[:, 0] == 0).all()
    assert (smaller[:, :, :2] == 0).all()
    tall = A.RandomZoom((0, 0), (-0.5, -0.5), interpolation="nearest")(x)
    assert_allclose(tall, x.repeat(2, 2)[:, :, 5:15])


def test_rotation_about_the_center_then_shift():
    """The picture is turned first and shifted then, by fractions of its own height and width."""
    whole = A.RandomAffine((0.25, 0.25), 0.0, (1 / 7, 1 / 7), "constant")(SQUARE)
    parts = A.RandomTranslation((1 / 7, 1 / 7), (1 / 7, 1 / 7), "constant")(
        np.rot90(SQUARE, 1, (1, 2))
    )
    assert_allclose(whole, parts, atol=1e-5)


def test_flips():
    x = np.repeat(PIXELS[:1], 400, 0)
    for mode, kinds in (
        ("horizontal", [x[0], x[0, :, ::-1]]),
        ("vertical", [x[0], x[0, ::-1]]),
        ("horizontal_and_vertical", [x[0], x[0, :, ::-1], x[0, ::-1], x[0, ::-1, ::-1]]),
    ):
        y = A.RandomFlip(mode)(x)
        counts = [sum((image == kind).all() for image in y) for kind in kinds]
        assert sum(counts) == 400
        assert min(counts) > 0.6 * 400 / len(kinds)
    with pytest.raises(ValueError, match="did you mean 'horizontal'"):
        A.RandomFlip("horizontl")


def test_crops_are_windows_from_everywhere():
    x = np.arange(30, dtype=np.float32).reshape(1, 5, 6, 1).repeat(500, 0)
    y = A.RandomCrop(4, 3)(x)
    corners = y[:, 0, 0, 0]
    assert set(corners) == {r * 6.0 + c for r in range(2) for c in range(4)}
    assert_array_equal(y - corners[:, None, None, None], (y[:1] - corners[0]).repeat(500, 0))
    padded = A.RandomCrop(5, 6, padding=1, fill_value=7)(x)
    assert padded.shape == x.shape
    assert set(padded[:, 0, 0, 0]) >= {7.0, 0.0}
    assert A.RandomCrop(2, 2)((x > 3)[..., 0]).dtype == bool
