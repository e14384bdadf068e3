"""Scales, resizing and the affine sampler: by hand, against PyTorch and SciPy, on every device."""

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import minigrad
from minigrad import Tensor
from minigrad.backend import device_name, to_cpu
from minigrad.data import images
from minigrad.data.images import affine, resize, to_float, to_uint8

rng = np.random.default_rng(0)

# ---- scales --------------------------------------------------------------------------------------


def test_scales_there_and_back(xp, same_dtype):
    pixels = xp.asarray(np.arange(256).reshape(1, 16, 16, 1).astype(np.uint8))
    x = to_float(pixels)
    same_dtype("float32", x)
    assert float(x.min()) == 0
    assert float(x.max()) == 1
    assert_array_equal(to_cpu(to_uint8(x)), to_cpu(pixels))
    assert_array_equal(
        to_cpu(to_float(xp.asarray([[0, 4, 16]]), top=16)), np.float32([[0, 0.25, 1]])
    )
    assert_array_equal(
        to_cpu(to_uint8(xp.asarray([[0, 8, 16]]), top=16)), np.uint8([[0, 128, 255]])
    )


def test_bright_pixels_do_not_wrap_to_black():
    """Cast to a byte, 16 * 16 = 256 is 0, and the brightest pixels of the digits become black."""
    digits = np.array([[0, 8, 15, 16]])
    assert (digits * 16).astype(np.uint8).tolist() == [[0, 128, 240, 0]]
    assert to_uint8(digits * 16, top=255).tolist() == [[0, 128, 240, 255]]
    assert to_uint8([[-0.5, 0.5, 2.0]]).tolist() == [[0, 128, 255]]


def test_scales_refuse():
    with pytest.raises(ValueError, match="top is the brightest value and must be positive, not 0"):
        to_float(np.zeros((1, 2, 2)), 0)
    with pytest.raises(ValueError, match="to_uint8.*not -1"):
        to_uint8(np.zeros((1, 2, 2)), -1)
    with pytest.raises(ValueError, match="hold NaN"):
        to_uint8(np.full((1, 2, 2), np.nan))


# ---- resizing ------------------------------------------------------------------------------------

SIZES = st.integers(1, 12)


@pytest.mark.parity
@settings(max_examples=40)
@given(
    SIZES,
    SIZES,
    SIZES,
    SIZES,
    st.integers(0, 3),
    st.integers(1, 3),
    st.sampled_from(["bilinear", "nearest"]),
)
def test_resize_is_pytorchs(h, w, height, width, n, channels, method):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(h + 13 * w).random((n, h, w, channels), np.float32)
    y = resize(x, (height, width), method)
    assert y.dtype == np.float32
    assert y.shape == (n, height, width, channels)
    if n:
        options = {"align_corners": False} if method == "bilinear" else {}
        theirs = torch.nn.functional.interpolate(
            torch.tensor(x).permute(0, 3, 1, 2), (height, width), mode=method, **options
        )
        assert_allclose(y, theirs.permute(0, 2, 3, 1).numpy(), atol=1e-5)


def test_resize_by_hand(xp):
    row = xp.asarray(np.float32([[[0, 4]]]))  # (1, 1, 2)
    # centers 1/2, 3/2 -> 1/4 3/4 5/4 7/4
    assert_array_equal(to_cpu(resize(row, (1, 4))), [[[0, 1, 3, 4]]])
    assert_array_equal(to_cpu(resize(row, (1, 4), "nearest")), [[[0, 0, 4, 4]]])
    assert_array_equal(to_cpu(resize(row, (2, 1))), [[[2], [2]]])
    assert device_name(resize(row, 3)) == device_name(row)
    assert_array_equal(
        to_cpu(resize(xp.asarray(np.uint8([[[0, 255]]])), (1, 4))), [[[0, 64, 191, 255]]]
    )


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_resize_keeps_dtype_rank_and_input(method, dtype):
    x = (rng.random((3, 9, 7)) * 200).astype(dtype)
    before = x.copy()
    y = resize(x, (5, 11), method)
    assert y.shape == (3, 5, 11)
    assert y.dtype == x.dtype
    assert_array_equal(y, resize(x[..., None], (5, 11), method)[..., 0])
    assert_array_equal(resize(x, (9, 7), method), x)
    assert_array_equal(x, before)
    strided = np.repeat(x, 2, 0)[::2][:, ::-1]
    assert_array_equal(resize(strided, 6, method), resize(strided.copy(), 6, method))


def test_many_blocks_are_one(monkeypatch):
    x = rng.random((7, 9, 8, 2), np.float32)
    maps = np.tile([[1, 0.1, 0.5], [-0.1, 1, 0.2]], (7, 1, 1))
    whole = resize(x, 6)
    moved = affine(x, maps)
    monkeypatch.setattr(images, "BLOCK_SIZE", 200)
    assert_array_equal(resize(x, 6), whole)
    assert_array_equal(affine(x, maps), moved)


@pytest.mark.parametrize(
    "x, size, error, message",
    [
        (
            np.zeros((8, 8)),
            4,
            ValueError,
            r"\(N, height, width, channels\).*got shape \(8, 8\): one image is image\[None\]",
        ),
        (np.zeros(8), 4, ValueError, r"got shape \(8,\)"),
        (np.zeros((1, 2, 3, 4, 5)), 4, ValueError, "got shape"),
        (np.zeros((427, 640, 3)), 4, ValueError, "looks like one image with its channels"),
        (
            np.zeros((2, 8, 8)),
            0,
            ValueError,
            r"shape \(2, 8, 8\) to size 0: sizes are positive integers",
        ),
        (np.zeros((2, 8, 8)), (4, 2.5), ValueError, "positive integers"),
        (np.zeros((2, 0, 8)), 4, ValueError, "positive"),
        (
            np.zeros((2, 8, 8), int),
            4,
            TypeError,
            "needs uint8 or floating images, got int64: see to_float",
        ),
        (Tensor(np.zeros((2, 8, 8))), 4, TypeError, "no gradient; it got a Tensor"),
    ],
)
def test_resize_refuses(x, size, error, message):
    with pytest.raises(error, match=message):
        resize(x, size)


def test_resize_guesses_the_method():
    with pytest.raises(ValueError, match="did you mean 'bilinear'"):
        resize(np.zeros((1, 2, 2)), 3, "bilinaer")
    # nearest takes whatever it is given
    assert resize([[[1, 2], [3, 4]]], 4, "nearest").tolist()[0][0] == [1, 1, 2, 2]


# ---- the affine sampler --------------------------------------------------------------------------


def maps_of(a, b, n):
    return np.tile(np.concatenate([a, np.reshape(b, (2, 1))], 1), (n, 1, 1))


@pytest.mark.parametrize(
    "fill_mode, theirs",
    [
        ("constant", "grid-constant"),
        ("nearest", "nearest"),
        ("reflect", "reflect"),
        ("wrap", "grid-wrap"),
    ],
)
@pytest.mark.parametrize("shape", [(6, 6), (5, 9), (1, 4)])
def test_affine_is_scipys(fill_mode, theirs, shape):
    x = rng.random((4, *shape, 2))
    maps = rng.normal(0, 1, (4, 2, 3)) * [1, 1, 4]
    y = affine(x, maps, fill_mode=fill_mode, fill_value=0.7)
    center = (np.array(shape) - 1) / 2
    for image, (a, b), got in zip(x, [(m[:, :2], m[:, 2]) for m in maps], y):
        for channel in range(2):
            expected = scipy.ndimage.affine_transform(
                image[..., channel], a, center + b - a @ center, order=1, mode=theirs, cval=0.7
            )
            assert_allclose(got[..., channel], expected, atol=1e-9)


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_affine_exact_maps(interpolation, dtype):
    x = rng.random((3, 5, 7, 2)).astype(dtype)
    options = {"interpolation": interpolation, "fill_mode": "constant", "fill_value": 9}
    same = affine(x, maps_of(np.eye(2), (0, 0), 3), **options)
    assert same.dtype == dtype
    assert_array_equal(same, x)
    moved = affine(x, maps_of(np.eye(2), (-1, 2), 3), **options)  # y[r, c] = x[r - 1, c + 2]
    assert_array_equal(moved[:, 1:, :-2], x[:, :-1, 2:])
    assert (moved[:, 0] == 9).all()
    assert (moved[:, :, -2:] == 9).all()
    far = affine(x, maps_of(np.eye(2), (100, 0), 3), **options)
    assert (far == 9).all()
    assert_array_equal(affine(x, maps_of(-np.eye(2), (0, 0), 3), **options), x[:, ::-1, ::-1])


def test_affine_wraps_at_the_seam():
    """A place just below 0 is just below the size, which rounding makes the size itself."""
    x = np.arange(4, dtype=np.float32).reshape(1, 1, 4, 1)
    y = affine(x, maps_of(np.eye(2), (0, -1e-9), 1), fill_mode="wrap")
    assert_allclose(y, x, atol=1e-5)
    assert_array_equal(
        affine(x, maps_of(np.eye(2), (0, 1), 1), fill_mode="wrap")[0, 0, :, 0], [1, 2, 3, 0]
    )
    # reflected twice
    assert_array_equal(affine(x, maps_of(np.eye(2), (0, 6), 1))[0, 0, :, 0], [1, 0, 0, 1])


def test_affine_names_what_it_knows():
    x = np.zeros((1, 2, 2, 1))
    with pytest.raises(ValueError, match="fill_mode 'reflct': did you mean 'reflect'"):
        affine(x, maps_of(np.eye(2), (0, 0), 1), fill_mode="reflct")
    with pytest.raises(ValueError, match="interpolation 'cubic'"):
        affine(x, maps_of(np.eye(2), (0, 0), 1), interpolation="cubic")
    assert minigrad.data.images is images
