"""Augmentation: exact cases by hand, what every one of them promises, what they refuse."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.config import to_device
from minigrad.data import augmentation as A
from minigrad.data.augmentation import CutMix, MixUp

rng = np.random.default_rng(0)
PIXELS = rng.random((6, 8, 10, 3), np.float32)
SQUARE = rng.random((5, 7, 7, 1), np.float32)

ALL = {
    "flip": lambda **o: A.RandomFlip(**o),
    "crop": lambda **o: A.RandomCrop(8, 10, padding=2, **o),
    "rotation": lambda **o: A.RandomRotation(0.2, **o),
    "zoom": lambda **o: A.RandomZoom(0.3, (-0.2, 0.4), **o),
    "translation": lambda **o: A.RandomTranslation(0.3, 0.3, fill_mode="constant", **o),
    "affine": lambda **o: A.RandomAffine(0.1, 0.2, 0.1, fill_mode="wrap", **o),
    "brightness": lambda **o: A.RandomBrightness(0.3, **o),
    "contrast": lambda **o: A.RandomContrast(0.6, **o),
    "color": lambda **o: A.RandomColor(0.5, 0.2, 0.2, **o),
    "noise": lambda **o: A.GaussianNoise(0.1, **o),
    "erasing": lambda **o: A.RandomErasing(1.0, **o),
    "cutout": lambda **o: A.Cutout(4, **o),
}
every = pytest.mark.parametrize("make", ALL.values(), ids=ALL)


# ---- what all of them promise --------------------------------------------------------------------------------------


@every
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_dtype_shape_and_input_stay(make, dtype):
    x = (PIXELS * 255).astype(dtype) if dtype == "uint8" else PIXELS.astype(dtype)
    before = x.copy()
    y = make()(x)
    assert (
        y.dtype == x.dtype and y.shape == x.shape and not np.shares_memory(x, y) and (y != x).any()
    )
    np.testing.assert_array_equal(x, before)
    x.setflags(write=False)
    labels = np.arange(6)
    y, same, nothing = make()(x, labels, None)
    assert same is labels and nothing is None and y.shape == x.shape
    assert make()(x[:0]).shape == (0, *x.shape[1:])


@every
def test_seeds_repeat(make):
    minigrad.seed(5)
    step = make()
    first, second = step(PIXELS), step(PIXELS)
    assert (first != second).any()
    minigrad.seed(5)
    np.testing.assert_array_equal(step(PIXELS), first)
    own, twin = make(seed=7), make(seed=7)
    for _ in range(2):
        minigrad.seed(np.random.default_rng().integers(1000))
        np.testing.assert_array_equal(own(PIXELS), twin(PIXELS))


@every
def test_each_image_has_its_own_parameters_unless_told_otherwise(make):
    x = np.repeat(PIXELS[:1], 12, 0)
    y = make(seed=1)(x)
    assert any((y[0] != other).any() for other in y[1:])
    z = make(per_batch=True, seed=1)(x)
    assert all((z[0] == other).all() for other in z[1:])
    draws = [make(per_batch=True, seed=seed)(x)[0] for seed in range(6)]
    assert any((draws[0] != other).any() for other in draws[1:])


@pytest.mark.parametrize(
    "make", [m for name, m in ALL.items() if name != "color"], ids=[n for n in ALL if n != "color"]
)
def test_grey_images_of_both_ranks(make):
    x = PIXELS[..., 0]
    y, with_channel = make(seed=2)(x), make(seed=2)(x[..., None])
    assert y.shape == x.shape and with_channel.shape == (*x.shape, 1)
    np.testing.assert_array_equal(y, with_channel[..., 0])
    make()(np.ascontiguousarray(x[::2, ::-1])[:, ::-1])  # strides of any kind


@every
def test_uint8_is_clipped_and_close_to_floats(make):
    """A byte that passed its end would jump by 256; here it is the float's result, rounded."""
    pixels = np.rint(PIXELS * 255).astype(np.uint8)
    floats, whole = make(seed=3)((pixels / 255).astype(np.float32)), make(seed=3)(pixels)
    assert abs(floats * 255 - whole).max() < 0.51


@every
def test_everything_refuses_what_is_no_batch_of_images(make):
    step = make()
    with pytest.raises(
        ValueError, match=f"{type(step).__name__}: expected images .* got shape \\(8, 8\\)"
    ):
        step(np.zeros((8, 8)))
    with pytest.raises(
        TypeError, match="prepares batches on the host, and these images are on a device"
    ):
        step(to_device(PIXELS, "strict"))
    with pytest.raises(TypeError, match="it got a Tensor"):
        step(Tensor(PIXELS))
    if not step.geometric:
        with pytest.raises(
            TypeError, match="expected uint8 or floating images, got int64: see .*to_float"
        ):
            step(np.zeros((2, 8, 10, 3), int))


# ---- pixels that move ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quarter", [-2, -1, 0, 1, 2, 3])
def test_rotation_by_quarters_is_rot90(quarter):
    y = A.RandomRotation((quarter / 4, quarter / 4))(SQUARE)
    np.testing.assert_allclose(y, np.rot90(SQUARE, quarter, (1, 2)), atol=1e-6)


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
        np.testing.assert_array_equal(step(PIXELS), PIXELS)
    for step in (A.RandomContrast(0), A.RandomColor()):
        np.testing.assert_allclose(step(PIXELS), PIXELS, atol=1e-6)


def test_translation_by_whole_pixels():
    y = A.RandomTranslation((0.25, 0.25), (-0.1, -0.1), "constant", fill_value=0.5)(
        PIXELS
    )  # 2 down, 1 left
    np.testing.assert_allclose(y[:, 2:, :-1], PIXELS[:, :-2, 1:], atol=1e-6)
    np.testing.assert_allclose(y[:, :2], 0.5)
    np.testing.assert_allclose(y[:, :, -1], 0.5)
    mirrored = A.RandomTranslation((0.25, 0.25), (0, 0))(PIXELS)
    np.testing.assert_allclose(mirrored[:, :2], PIXELS[:, 1::-1], atol=1e-6)
    repeated = A.RandomTranslation((0.25, 0.25), (0, 0), "nearest")(PIXELS)
    np.testing.assert_allclose(repeated[:, :2], PIXELS[:, [0, 0]], atol=1e-6)


def test_zoom_by_two():
    x = PIXELS[..., 0]
    np.testing.assert_allclose(
        A.RandomZoom((-0.5, -0.5), interpolation="nearest")(x),
        x.repeat(2, 1).repeat(2, 2)[:, 4:12, 5:15],
    )
    smaller = A.RandomZoom((1.0, 1.0), fill_mode="constant")(x)
    np.testing.assert_allclose(smaller[:, 2, 3], x[:, :2, 1:3].mean((1, 2)), atol=1e-6)
    assert (smaller[:, 0] == 0).all() and (smaller[:, :, :2] == 0).all()
    tall = A.RandomZoom((0, 0), (-0.5, -0.5), interpolation="nearest")(x)
    np.testing.assert_allclose(tall, x.repeat(2, 2)[:, :, 5:15])


def test_rotation_about_the_centre_then_shift():
    """The picture is turned first and shifted then, by fractions of its own height and width."""
    whole = A.RandomAffine((0.25, 0.25), 0.0, (1 / 7, 1 / 7), "constant")(SQUARE)
    parts = A.RandomTranslation((1 / 7, 1 / 7), (1 / 7, 1 / 7), "constant")(
        np.rot90(SQUARE, 1, (1, 2))
    )
    np.testing.assert_allclose(whole, parts, atol=1e-5)


def test_flips():
    x = np.repeat(PIXELS[:1], 400, 0)
    for mode, kinds in (
        ("horizontal", [x[0], x[0, :, ::-1]]),
        ("vertical", [x[0], x[0, ::-1]]),
        ("horizontal_and_vertical", [x[0], x[0, :, ::-1], x[0, ::-1], x[0, ::-1, ::-1]]),
    ):
        y = A.RandomFlip(mode)(x)
        counts = [sum((image == kind).all() for image in y) for kind in kinds]
        assert sum(counts) == 400 and min(counts) > 0.6 * 400 / len(kinds)
    with pytest.raises(ValueError, match="did you mean 'horizontal'"):
        A.RandomFlip("horizontl")


def test_crops_are_windows_from_everywhere():
    x = np.arange(30, dtype=np.float32).reshape(1, 5, 6, 1).repeat(500, 0)
    y = A.RandomCrop(4, 3)(x)
    corners = y[:, 0, 0, 0]
    assert set(corners) == {r * 6.0 + c for r in range(2) for c in range(4)}
    np.testing.assert_array_equal(
        y - corners[:, None, None, None], (y[:1] - corners[0]).repeat(500, 0)
    )
    padded = A.RandomCrop(5, 6, padding=1, fill_value=7)(x)
    assert padded.shape == x.shape and set(padded[:, 0, 0, 0]) >= {7.0, 0.0}
    assert A.RandomCrop(2, 2)((x > 3)[..., 0]).dtype == bool


# ---- values that change --------------------------------------------------------------------------------------------


def test_brightness_and_contrast_by_hand():
    x = np.float32([[[0.2, 0.4], [0.6, 0.8]]])
    np.testing.assert_allclose(
        A.RandomBrightness((0.25, 0.25))(x), [[[0.45, 0.65], [0.85, 1.0]]], atol=1e-6
    )
    np.testing.assert_allclose(
        A.RandomBrightness((0.1, 0.1), value_range=(-1, 1))(x), x + 0.2, atol=1e-6
    )
    np.testing.assert_allclose(A.RandomContrast((1, 1))(x), [[[0, 0.3], [0.7, 1]]], atol=1e-6)
    np.testing.assert_allclose(A.RandomContrast((-1, -1))(x), np.full((1, 2, 2), 0.5), atol=1e-6)
    assert A.RandomBrightness((1, 1))(np.uint8([[[0, 200]]])).tolist() == [[[255, 255]]]
    assert A.RandomBrightness((-0.5, -0.5))(np.uint8([[[0, 200]]])).tolist() == [[[0, 72]]]
    means = A.RandomContrast((-1, -1))(PIXELS)  # each image and channel has its own mean
    np.testing.assert_allclose(means, PIXELS.mean((1, 2), keepdims=True) + 0 * PIXELS, atol=1e-6)


def test_factors_fill_their_range():
    x = np.full((3000, 1, 1, 1), 0.5, np.float32)
    shift = A.RandomBrightness((-0.1, 0.3))(x)[:, 0, 0, 0] - 0.5
    assert (
        -0.1 <= shift.min() < -0.095
        and 0.295 < shift.max() <= 0.3001
        and abs(shift.mean() - 0.1) < 0.01
    )
    shift = A.RandomBrightness(0.2)(x)[:, 0, 0, 0] - 0.5
    assert -0.2001 <= shift.min() < -0.195 and 0.195 < shift.max() <= 0.2001
    ramp = np.arange(21, dtype=np.float32).reshape(1, 1, 21).repeat(2000, 0)
    moved = 10 - A.RandomTranslation(0, (-0.2, 0.1), "nearest")(ramp)[:, 0, 10]
    assert -4.2001 <= moved.min() < -4.1 and 2.0 < moved.max() <= 2.1001


def test_colours():
    x = PIXELS
    grey = A.RandomColor(saturation=(-1, -1))(x)
    np.testing.assert_allclose(
        grey, (x @ np.float32([0.299, 0.587, 0.114]))[..., None].repeat(3, -1), atol=2e-4
    )
    np.testing.assert_allclose(A.RandomColor(hue=(1, 1))(x), x, atol=1e-5)  # once around
    levels = np.linspace(0, 1, 8, dtype=np.float32).reshape(1, 8, 1, 1).repeat(3, -1)
    np.testing.assert_allclose(
        A.RandomColor(saturation=0.9, hue=0.5)(levels), levels, atol=1e-3
    )  # grey has no colour
    gains = (A.RandomColor(gain=0.3)(x * 0.5) / (x * 0.5)).reshape(len(x), -1, 3)
    np.testing.assert_allclose(gains, gains[:, :1].repeat(80, 1), rtol=1e-3)
    assert gains.min() >= 0.7 and gains.max() <= 1.3 and len(np.unique(gains[:, 0].round(5))) == 18
    with pytest.raises(
        ValueError, match=r"red, green and blue, got images of shape \(5, 7, 7, 1\)"
    ):
        A.RandomColor(hue=0.1)(SQUARE)


def test_noise():
    x = np.full((4, 50, 50, 1), 0.5, np.float32)
    noise = A.GaussianNoise(0.1)(x) - 0.5
    assert abs(noise.std() - 0.1) < 5e-3 and abs(noise.mean()) < 5e-3
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


# ---- parts that are covered ----------------------------------------------------------------------------------------


def rectangles(y, x):
    """(top, left, height, width) of the one rectangle in which each image differs; checks that all of it does."""
    for a, b in zip(y, x):
        rows, columns = (np.flatnonzero((a != b).any(-1).any(axis)) for axis in (1, 0))
        if rows.size:
            assert (a != b).any(-1)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
            yield rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def test_erasing_covers_rectangles_of_the_given_kind():
    x = np.full((800, 30, 40, 3), 0.5, np.float32)
    y = A.RandomErasing(0.5, (0.1, 0.2), (0.5, 2.0))(x)
    found = np.array(list(rectangles(y, x)))
    assert 330 < len(found) < 470
    area, ratio = found[:, 2] * found[:, 3] / 1200, found[:, 2] / found[:, 3]
    assert 0.093 < area.min() < 0.105 and 0.195 < area.max() < 0.215  # sides are whole pixels
    assert 0.45 < ratio.min() < 0.56 and 1.8 < ratio.max() < 2.2
    assert found[:, 0].min() == 0 and found[:, 1].min() == 0  # it reaches every edge
    assert (found[:, 0] + found[:, 2]).max() == 30 and (found[:, 1] + found[:, 3]).max() == 40
    covered = y[y != 0.5]
    assert (
        covered.min() >= 0
        and covered.max() <= 1
        and abs(covered.mean() - 0.5) < 0.01
        and covered.std() > 0.28
    )
    assert set(np.unique(A.RandomErasing(1.0, fill_value=0.25)(x))) == {0.25, 0.5}
    np.testing.assert_array_equal(
        A.RandomErasing(1.0, (0.9, 1.0), (50, 60))(x), x
    )  # nothing of this kind fits


def test_cutout_is_a_square_around_any_pixel():
    x = np.ones((900, 6, 7, 1), np.float32)
    y = A.Cutout(3)(x)
    found = np.array(list(rectangles(y, x)))
    assert len(found) == 900 and set(found[:, 2]) == {2, 3} and set(found[:, 3]) == {2, 3}
    assert (found[:, 0] + found[:, 2]).max() == 6 and found[:, 0].min() == 0
    assert (A.Cutout(100, fill_value=4)(x) == 4).all()


# ---- mixtures ------------------------------------------------------------------------------------------------------


def test_mixup_mixes_images_and_labels_alike():
    x = np.eye(8, dtype=np.float32).reshape(
        8, 8, 1, 1
    )  # each image is the one-hot row of its label
    y, targets = MixUp(1.0, num_classes=8)(x, np.arange(8))
    assert y.dtype == targets.dtype == np.float32
    np.testing.assert_allclose(y[..., 0, 0], targets, atol=1e-6)
    np.testing.assert_allclose(targets.sum(1), 1, atol=1e-6)
    assert ((targets > 0).sum(1) <= 2).all() and len(np.unique(targets.max(1))) > 4
    weights = MixUp(1.0, num_classes=8, per_batch=True, seed=2)(x, np.arange(8))[1]
    assert len(np.unique(weights[(weights > 0) & (weights < 1)].round(5))) == 2
    for labels in (np.eye(8), np.eye(8, dtype=int), np.arange(8.0)):
        assert MixUp(1.0)(x, labels)[1].dtype.kind == "f"
    bytes_, _ = MixUp(1.0, 8)((x * 255).astype(np.uint8), np.arange(8))
    assert bytes_.dtype == np.uint8 and bytes_.max() > 100


def test_cutmix_labels_are_areas():
    x = np.arange(6, dtype=np.float32)[:, None, None, None] * np.ones((1, 9, 11, 1), np.float32)
    y, targets = CutMix(1.0, num_classes=6, seed=3)(x, np.arange(6))
    for image, target in zip(y, targets):
        np.testing.assert_allclose(
            [(image == label).mean() for label in range(6)], target, atol=1e-6
        )
    assert len(np.unique(targets)) > 4
    assert CutMix(1.0, 6)(x.astype(np.uint8), np.arange(6))[0].dtype == np.uint8


def test_mixtures_refuse():
    x = np.zeros((4, 5, 5), np.float32)
    for kind in (MixUp, CutMix):
        with pytest.raises(ValueError, match="alpha must be positive, not 0"):
            kind(0)
        for rest in ((), (np.zeros(3),), (np.zeros(4), np.zeros(4))):
            with pytest.raises(
                ValueError, match=f"{kind.__name__} mixes images and labels: call it with both"
            ):
                kind()(x, *rest)
        with pytest.raises(
            ValueError, match="class numbers cannot be mixed, one-hot rows can: give num_classes="
        ):
            kind()(x, np.arange(4))
        with pytest.raises(ValueError, match="labels run from 0 to 3, num_classes is 3"):
            kind(num_classes=3)(x, np.arange(4))


# ---- together ------------------------------------------------------------------------------------------------------


def test_compose():
    steps = [A.RandomFlip("horizontal", seed=1), A.RandomBrightness(0.2, seed=2)]
    y = A.Compose(steps)(PIXELS)
    twins = [A.RandomFlip("horizontal", seed=1), A.RandomBrightness(0.2, seed=2)]
    np.testing.assert_array_equal(y, twins[1](twins[0](PIXELS)))
    labels = np.arange(6)
    x, t = A.Compose(A.RandomFlip(), MixUp(num_classes=6), lambda x, t: (x * 2, t))(PIXELS, labels)
    assert t.shape == (6, 6) and x.max() > 1
    assert A.Compose()(PIXELS) is PIXELS
    with pytest.raises(TypeError, match="Compose holds callables, got 'flip'"):
        A.Compose("flip")


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: A.RandomRotation(-0.1),
            "RandomRotation: factor is -0.1, but f stands for -f..f: give a positive one, or a pair",
        ),
        (
            lambda: A.RandomTranslation(0.1, (0.3, 0.2)),
            r"RandomTranslation: width_factor \(0.3, 0.2\) runs from 0.3 to 0.2",
        ),
        (lambda: A.RandomZoom(1.0), "RandomZoom: height_factor 1.0 reaches -1"),
        (lambda: A.RandomZoom(0.1, (-2, 0)), "width_factor"),
        (lambda: A.RandomAffine(zoom=(-1.5, 0)), "RandomAffine: zoom"),
        (lambda: A.RandomAffine(float("nan")), "rotation is nan"),
        (lambda: A.RandomRotation(0.1, "mirror"), "unknown fill_mode 'mirror'"),
        (lambda: A.RandomRotation(0.1, interpolation="cubic"), "unknown interpolation 'cubic'"),
        (
            lambda: A.RandomBrightness(1.5),
            "factor 1.5 runs from -1.5 to 1.5: expected -1 <= lowest <= highest <= 1",
        ),
        (lambda: A.RandomContrast((-2, 0)), "expected -1 <= lowest <= highest"),
        (lambda: A.GaussianNoise(-0.1), "stddev"),
        (lambda: A.RandomErasing(1.5), "factor"),
        (lambda: A.RandomErasing(scale=(0.5, 0.2)), "scale"),
        (lambda: A.RandomErasing(ratio=(0, 1)), "ratio"),
        (lambda: A.Cutout(0), "side of the square is 0"),
        (lambda: A.RandomCrop(0, 3), "sizes must be positive"),
        (lambda: A.RandomBrightness(0.1, value_range=(1, 0)), "value_range"),
        (
            lambda: A.RandomCrop(9, 4)(PIXELS),
            "window of 9x4 does not fit into images of 8x10: resize them, or give padding=",
        ),
        (lambda: A.RandomCrop(13, 4, padding=2)(PIXELS), r"images of 12x14 \(padded\)"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_base_asks_for_change():
    with pytest.raises(NotImplementedError, match="Augmentation does not define change"):
        A.Augmentation()(PIXELS)
