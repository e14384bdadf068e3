"""Windows: output positions and TensorFlow's 'same' by hand, and what im2col and col2im lay out."""

import dataclasses

import numpy as np
import pytest

from minigrad import ops
from minigrad.ops.windows import Window, pair, parse_padding, same_padding


def fails(*words):
    """pytest.raises(ValueError), for a message in which all the words stand."""
    return pytest.raises(ValueError, match="(?s)" + "".join(f"(?=.*{w})" for w in words))


def test_a_window_is_a_value():
    """Equal windows are one key; none can be changed."""
    window = Window.of((6, 7), 3, 2, "same", (1, 2))
    assert window == Window((6, 7), (3, 3), (2, 2), (1, 2), ((0, 1), (2, 2)))
    assert hash(window) == hash(Window.of([6, 7], [3, 3], [2, 2], [[0, 1], 2], [1, 2]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        window.kernel = (1, 1)


def test_sizes_by_hand():
    window = Window.of((10, 8), (3, 2), (2, 3), ((1, 0), 2), (2, 1))
    assert window.extent == (5, 2)
    assert window.padded_size == (11, 12)
    assert window.output_shape == (4, 4)
    assert window.inside == (slice(None), slice(1, 11), slice(2, 10))
    assert list(window.kernel_offsets) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]


def test_the_forms_of_padding():
    assert parse_padding("same") == "same"
    assert parse_padding("valid") == ((0, 0), (0, 0))
    assert parse_padding(2) == ((2, 2), (2, 2))
    assert parse_padding((1, 2)) == ((1, 1), (2, 2))
    assert parse_padding([[1, 0], 2]) == ((1, 0), (2, 2))
    for wrong in ("full", -1, 1.5, (1, 2, 3), ((1, 2, 3), 1), (1, -1), None):
        with fails("'valid', 'same'", "top, bottom"):
            parse_padding(wrong)


def test_settings_that_are_no_pairs():
    assert pair(3, "strides") == pair([3, 3], "strides") == (3, 3)
    for wrong in (0, 1.5, (1, 2, 3), (1, 0), None, "3"):
        with fails("strides must be a whole number above 0", "height, width"):
            pair(wrong, "strides")


def test_a_kernel_larger_than_the_image():
    with fails("the kernel of 5 x 5 is larger than the image of 4 x 8", "padding='same'"):
        Window.of((4, 8), 5)
    with fails("the window of 3 x 3, dilated to 7 x 7,", "makes 8 x 6", "smaller window"):
        Window.of((6, 6), 3, padding=(1, 0), dilation=3, name="window")


def test_images_of_another_size():
    """A view of memory outside the images would be read."""
    window = Window.of((4, 4), 2)
    w = np.ones((2, 2, 1, 1))
    for x in (np.ones((1, 4, 5, 1)), np.ones((1, 3, 3, 1))):
        calls = (
            lambda x: ops.im2col(x, window=window),
            lambda x: ops.conv2d_kernel_grad(x, np.ones((1, 3, 3, 1)), window=window),
            lambda x: ops.max_pool_grad(w, x, w, window=window),
            lambda x: ops.gather_at_argmax(x, x, w, window=window),
        )
        for call in calls:
            with fails("made for images of 4 x 4", f"these are {x.shape[1]} x {x.shape[2]}"):
                call(x)


# TensorFlow's 'same' by hand: length, kernel, stride, dilation -> positions, zeros before and after
SAME = [
    (5, 3, 1, 1, 5, 1, 1),
    (5, 2, 1, 1, 5, 0, 1),
    (5, 4, 1, 1, 5, 1, 2),
    (6, 3, 2, 1, 3, 0, 1),
    (5, 3, 2, 1, 3, 1, 1),
    (7, 2, 2, 1, 4, 0, 1),
    (8, 5, 2, 1, 4, 1, 2),
    (8, 3, 3, 1, 3, 0, 1),
    (7, 1, 2, 1, 4, 0, 0),
    (6, 2, 3, 1, 2, 0, 0),
    (4, 5, 4, 1, 1, 0, 1),
    (1, 3, 1, 1, 1, 1, 1),
    (6, 3, 1, 2, 6, 2, 2),
    (224, 7, 2, 1, 112, 2, 3),
    (227, 11, 4, 1, 57, 4, 4),
]


@pytest.mark.parametrize("n, kernel, stride, dilation, positions, before, after", SAME)
def test_same_padding_is_tensorflows(n, kernel, stride, dilation, positions, before, after):
    assert same_padding(n, kernel, stride, dilation) == (before, after)
    x = np.arange(1.0, n + 1).reshape(1, n, 1, 1)
    w = np.arange(1.0, kernel + 1).reshape(kernel, 1, 1, 1)
    y = ops.conv2d(x, w, strides=(stride, 1), dilation=(dilation, 1), padding="same")
    long = [0.0] * before + list(range(1, n + 1)) + [0.0] * after
    assert y.shape == (1, positions, 1, 1)
    np.testing.assert_array_equal(
        y.ravel(),
        [
            sum((k + 1) * long[s * stride + k * dilation] for k in range(kernel))
            for s in range(positions)
        ],
    )


@pytest.mark.parametrize(
    "n, size, stride, before, after",
    [  # TensorFlow: ceil(n / stride) windows, the odd pixel after
        (4, 2, 2, 0, 0),
        (5, 2, 2, 0, 1),
        (5, 3, 2, 1, 1),
        (6, 3, 2, 0, 1),
        (7, 3, 3, 1, 1),
        (7, 4, 3, 1, 2),
        (3, 5, 1, 2, 2),
        (4, 4, 1, 1, 2),
        (2, 5, 2, 1, 2),
        (9, 2, 4, 0, 1),
        (1, 3, 2, 1, 1),
    ],
)
def test_windows_of_same_padding(n, size, stride, before, after):
    window = Window.of((n, 4), (size, 1), (stride, 1), "same")
    positions = -(-n // stride)
    assert window.output_shape == (positions, 4)
    assert window.pads == ((before, after), (0, 0))
    assert max((positions - 1) * stride + size - n, 0) == before + after
