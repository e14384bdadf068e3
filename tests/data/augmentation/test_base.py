"""What every augmentation of images promises, and composition."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import minigrad
from minigrad import Tensor
from minigrad.config import to_device
from minigrad.data import augmentation as A
from minigrad.data.augmentation import MixUp

from .samples import PIXELS

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


@every
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_dtype_shape_and_input_stay(make, dtype):
    x = (PIXELS * 255).astype(dtype) if dtype == "uint8" else PIXELS.astype(dtype)
    before = x.copy()
    y = make()(x)
    assert y.dtype == x.dtype
    assert y.shape == x.shape
    assert not np.shares_memory(x, y)
    assert (y != x).any()
    assert_array_equal(x, before)
    x.setflags(write=False)
    labels = np.arange(6)
    y, same, nothing = make()(x, labels, None)
    assert same is labels
    assert nothing is None
    assert y.shape == x.shape
    assert make()(x[:0]).shape == (0, *x.shape[1:])


@every
def test_seeds_repeat(make):
    minigrad.seed(5)
    step = make()
    first = step(PIXELS)
    second = step(PIXELS)
    assert (first != second).any()
    minigrad.seed(5)
    assert_array_equal(step(PIXELS), first)
    own = make(seed=7)
    twin = make(seed=7)
    for _ in range(2):
        minigrad.seed(np.random.default_rng().integers(1000))
        assert_array_equal(own(PIXELS), twin(PIXELS))


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
def test_gray_images_of_both_ranks(make):
    x = PIXELS[..., 0]
    y = make(seed=2)(x)
    with_channel = make(seed=2)(x[..., None])
    assert y.shape == x.shape
    assert with_channel.shape == (*x.shape, 1)
    assert_array_equal(y, with_channel[..., 0])
    make()(np.ascontiguousarray(x[::2, ::-1])[:, ::-1])  # strides of any kind


@every
def test_uint8_is_clipped_and_close_to_floats(make):
    """A byte that passed its end would jump by 256; here it is the float's result, rounded."""
    pixels = np.rint(PIXELS * 255).astype(np.uint8)
    floats = make(seed=3)((pixels / 255).astype(np.float32))
    whole = make(seed=3)(pixels)
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


def test_compose():
    steps = [A.RandomFlip("horizontal", seed=1), A.RandomBrightness(0.2, seed=2)]
    y = A.Compose(steps)(PIXELS)
    twins = [A.RandomFlip("horizontal", seed=1), A.RandomBrightness(0.2, seed=2)]
    assert_array_equal(y, twins[1](twins[0](PIXELS)))
    labels = np.arange(6)
    x, t = A.Compose(A.RandomFlip(), MixUp(num_classes=6), lambda x, t: (x * 2, t))(PIXELS, labels)
    assert t.shape == (6, 6)
    assert x.max() > 1
    assert A.Compose()(PIXELS) is PIXELS
    with pytest.raises(TypeError, match="Compose holds callables, got 'flip'"):
        A.Compose("flip")


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: A.RandomRotation(-0.1),
            "RandomRotation: factor is -0.1, but f stands for -f..f: "
            "give a positive one, or a pair",
        ),
        (
            lambda: A.RandomTranslation(0.1, (0.3, 0.2)),
            r"RandomTranslation: width_factor \(0.3, 0.2\) runs from 0.3 to 0.2",
        ),
        (lambda: A.RandomZoom(1.0), "RandomZoom: height_factor 1.0 reaches -1"),
        (lambda: A.RandomZoom(0.1, (-2, 0)), "RandomZoom: width_factor"),
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


# ---- defaults ------------------------------------------------------------------------------------

# beside seed=None and per_batch=False, which all of them have
DEFAULTS = {
    "BackTranslation": "alpha=1.0",
    "CutMix": "alpha=1.0, num_classes=None",
    "Cutout": "fill_value=0.0",
    "EasyAugmentation": "alpha=0.1, synonyms=None",
    "GaussianNoise": "value_range=None",
    "Jitter": "stddev=0.03",
    "MagnitudeWarp": "stddev=0.2, knots=4",
    "MixUp": "alpha=0.2, num_classes=None",
    "RandomAffine": "rotation=0.0, zoom=0.0, translation=0.0, "
    "fill_mode='reflect', interpolation='bilinear', fill_value=0.0",
    "RandomBrightness": "value_range=None",
    "RandomColor": "saturation=0.0, hue=0.0, gain=0.0, value_range=None",
    "RandomContrast": "value_range=None",
    "RandomCrop": "padding=0, fill_value=0.0",
    "RandomDeletion": "alpha=0.1",
    "RandomErasing": "factor=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3333333333333335), "
    "fill_value=None, value_range=None",
    "RandomFlip": "mode='horizontal_and_vertical'",
    "RandomInsertion": "alpha=0.1, synonyms=None",
    "RandomRotation": "fill_mode='reflect', interpolation='bilinear', fill_value=0.0",
    "RandomSwap": "alpha=0.1",
    "RandomTranslation": "fill_mode='reflect', interpolation='bilinear', fill_value=0.0",
    "RandomZoom": "width_factor=None, fill_mode='reflect', interpolation='bilinear', fill_value=0.0",
    "Scaling": "stddev=0.1",
    "SynonymReplacement": "alpha=0.1, synonyms=None",
    "TextAugmentation": "alpha=0.1",
    "TimeWarp": "stddev=0.2, knots=4",
    "ValueAugmentation": "value_range=None",
    "WindowSlice": "ratio=0.9",
    "WindowWarp": "ratio=0.1, factor=(0.5, 2.0)",
}


@pytest.mark.parametrize("name", [n for n in A.__all__ if isinstance(getattr(A, n), type)])
def test_defaults(name):
    parameters = inspect.signature(getattr(A, name)).parameters.values()
    given = {p.name: p.default for p in parameters if p.default is not p.empty}
    assert given.pop("seed", None) is None and given.pop("per_batch", False) is False
    written = ", ".join(f"{option}={default!r}" for option, default in given.items())
    assert written == DEFAULTS.get(name, "")
