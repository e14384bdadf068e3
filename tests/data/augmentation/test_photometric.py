"""Values that change: exact cases by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from minigrad.data import augmentation as A

from .samples import PIXELS, SQUARE


def test_brightness_and_contrast_by_hand():
    x = np.float32([[[0.2, 0.4], [0.6, 0.8]]])
    assert_allclose(A.RandomBrightness((0.25, 0.25))(x), [[[0.45, 0.65], [0.85, 1.0]]], atol=1e-6)
    assert_allclose(A.RandomBrightness((0.1, 0.1), value_range=(-1, 1))(x), x + 0.2, atol=1e-6)
    assert_allclose(A.RandomContrast((1, 1))(x), [[[0, 0.3], [0.7, 1]]], atol=1e-6)
    assert_allclose(A.RandomContrast((-1, -1))(x), np.full((1, 2, 2), 0.5), atol=1e-6)
    assert A.RandomBrightness((1, 1))(np.uint8([[[0, 200]]])).tolist() == [[[255, 255]]]
    assert A.RandomBrightness((-0.5, -0.5))(np.uint8([[[0, 200]]])).tolist() == [[[0, 72]]]
    means = A.RandomContrast((-1, -1))(PIXELS)  # each image and channel has its own mean
    assert_allclose(means, PIXELS.mean((1, 2), keepdims=True) + 0 * PIXELS, atol=1e-6)


def test_factors_fill_their_range():
    x = np.full((3000, 1, 1, 1), 0.5, np.float32)
    shift = A.RandomBrightness((-0.1, 0.3))(x)[:, 0, 0, 0] - 0.5
    assert -0.1 <= shift.min() < -0.095
    assert 0.295 < shift.max() <= 0.3001
    assert abs(shift.mean() - 0.1) < 0.01
    shift = A.RandomBrightness(0.2)(x)[:, 0, 0, 0] - 0.5
    assert -0.2001 <= shift.min() < -0.195
    assert 0.195 < shift.max() <= 0.2001
    ramp = np.arange(21, dtype=np.float32).reshape(1, 1, 21).repeat(2000, 0)
    moved = 10 - A.RandomTranslation(0, (-0.2, 0.1), "nearest")(ramp)[:, 0, 10]
    assert -4.2001 <= moved.min() < -4.1
    assert 2.0 < moved.max() <= 2.1001


def test_colors():
    x = PIXELS
    gray = A.RandomColor(saturation=(-1, -1))(x)
    assert_allclose(
        gray, (x @ np.float32([0.299, 0.587, 0.114]))[..., None].repeat(3, -1), atol=2e-4
    )
    assert_allclose(A.RandomColor(hue=(1, 1))(x), x, atol=1e-5)  # once around
    levels = np.linspace(0, 1, 8, dtype=np.float32).reshape(1, 8, 1, 1).repeat(3, -1)
    # gray has no color
    assert_allclose(A.RandomColor(saturation=0.9, hue=0.5)(levels), levels, atol=1e-3)
    gains = (A.RandomColor(gain=0.3)(x * 0.5) / (x * 0.5)).reshape(len(x), -1, 3)
    assert_allclose(gains, gains[:, :1].repeat(80, 1), rtol=1e-3)
    assert gains.min() >= 0.7
    assert gains.max() <= 1.3
    assert len(np.unique(gains[:, 0].round(5))) == 18
    with pytest.raises(
        ValueError, match=r"red, green and blue, got images of shape \(5, 7, 7, 1\)"
    ):
        A.RandomColor(hue=0.1)(SQUARE)


def test_noise():
    x = np.full((4, 50, 50, 1), 0.5, np.float32)
    noise = A.GaussianNoise(0.1)(x) - 0.5
    assert abs(noise.std() - 0.1) < 5e-3
    assert abs(noise.mean()) < 5e-3
    assert abs(A.GaussianNoise(0.05)(np.full((4, 50, 50), 128, np.uint8)).std() - 12.75) < 0.5
    deviations = A.GaussianNoise((0.0, 0.1))(x.repeat(20, 0)).std((1, 2, 3))
    assert deviations.min() < 0.02 < 0.08 < deviations.max() < 0.11


def test_values_outside_of_the_range_are_no_surprise():
    for step in (
        A.RandomBrightness(0.1),
        A.RandomContrast(0.1),
        A.GaussianNoise(0.1),
        A.RandomErasing(),
    ):
        with pytest.raises(
            ValueError, match=r"pixels run from 0 to 255, not from 0 to 1: give value_range="
        ):
            step(np.float32([[[0, 255]]]))
    with pytest.raises(ValueError, match="pixels run from nan"):
        A.RandomBrightness(0.1)(np.full((1, 2, 2), np.nan))
    assert A.RandomBrightness((1, 1), value_range=(0, 255))(np.float32([[[0, 250]]])).tolist() == [
        [[255, 255]]
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: A.RandomBrightness(0.2),
        lambda: A.RandomContrast(0.2),
        lambda: A.RandomColor(0.2),
        lambda: A.GaussianNoise(0.2),
        lambda: A.RandomErasing(1.0),
    ],
)
def test_pixels_that_leave_the_range_are_refused(make):
    pixels = np.full((1, 4, 4, 3), 3.0, np.float32)
    with pytest.raises(
        ValueError, match="pixels run from 3 to 3, not from 0 to 1: give value_range"
    ):
        make()(pixels)
    with pytest.raises(ValueError, match="pixels run from -3 to -3"):
        make()(-pixels)


def test_limits_of_the_factors_of_colors():
    for option in ("saturation", "gain", "hue"):
        with pytest.raises(ValueError, match=option):
            A.RandomColor(**{option: (-1.5, 0.0)})
    with pytest.raises(ValueError, match="hue"):
        A.RandomColor(hue=1.5)
    assert A.RandomColor(saturation=1.0, gain=(0.0, 1.5), hue=1.0).gain == (0.0, 1.5)
