"""Image files read, written, and turned into arrays and back."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.data import array_to_img, img_to_array, load_img, save_img, smart_resize

X = np.random.default_rng(0).integers(0, 256, (8, 6, 3), np.uint8)


@pytest.fixture
def path(tmp_path):
    save_img(tmp_path / "x.png", X, scale=False)
    return tmp_path / "x.png"


def test_there_and_back(path):
    image = load_img(path)
    assert image.size == (6, 8) and image.mode == "RGB"
    x = img_to_array(image)
    assert x.dtype == np.float32 and x.shape == (8, 6, 3)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(img_to_array(array_to_img(x, scale=False), dtype="uint8"), X)


def test_colors_and_sizes(path):
    assert img_to_array(load_img(path, "grayscale")).shape == (8, 6, 1)
    assert img_to_array(load_img(path, "rgba")).shape == (8, 6, 4)
    small = img_to_array(load_img(path, target_size=(4, 3)))
    np.testing.assert_array_equal(small, X[1::2, 1::2])  # the nearest pixel
    middle = img_to_array(load_img(path, target_size=(6, 6), keep_aspect_ratio=True))
    np.testing.assert_array_equal(middle, X[1:7])


def test_scale_stretches():
    x = np.array([[[2.0], [4.0], [3.0]]])
    assert np.asarray(array_to_img(Tensor(x))).tolist() == [[0, 255, 127]]
    assert np.asarray(array_to_img(x, scale=False)).tolist() == [[2, 4, 3]]
    assert np.asarray(array_to_img(x * 0 + 7)).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("name", ["y.jpg", "y.jpeg", "y.bmp"])
def test_formats_by_name(tmp_path, name):
    save_img(tmp_path / name, np.full((4, 5, 4 if "j" in name else 3), 9.0), scale=False)
    np.testing.assert_allclose(img_to_array(load_img(tmp_path / name)), 9, atol=2)
    save_img(tmp_path / "z", X, file_format="png")
    assert load_img(tmp_path / "z").size == (6, 8)


def test_smart_resize_cuts_the_middle_out():
    x = np.arange(4 * 12, dtype="float32").reshape(4, 12, 1)
    np.testing.assert_array_equal(smart_resize(x, (4, 4)), x[:, 4:8])
    np.testing.assert_array_equal(smart_resize(x[None], (2, 6), "nearest")[0], x[::2, ::2])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: img_to_array(np.zeros(3)), r"shape \(H, W\) or \(H, W, C\), got \(3,\)"),
        (lambda: array_to_img(np.zeros((3, 3))), r"\(H, W, 1, 3 or 4\), got \(3, 3\)"),
        (lambda: array_to_img(np.zeros((3, 3, 3)), "channels_first"), "unknown data_format"),
        (lambda: smart_resize(np.zeros((3, 3)), (2, 2)), r"\(N, H, W, C\), got \(3, 3\)"),
        (lambda: save_img("a.xyz", X), r"\.xyz names no format of images"),
        (lambda: load_img(__file__), "is no image that Pillow can read"),
        (lambda: load_img("x.png", "rbg"), "unknown color_mode 'rbg': did you mean 'rgb'"),
        (lambda: load_img("x.png", interpolation="linear"), "unknown interpolation 'linear'"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    with pytest.raises(FileNotFoundError):
        load_img("nowhere.png")
