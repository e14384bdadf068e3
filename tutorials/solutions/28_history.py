"""Solutions of lesson 28, a short history of neural networks."""

import math
from numbers import Real

import numpy as np

# ---- 1. NAND in 1943 -----------------------------------------------------------------------------

answer_1 = (-1, -1, -1)  # the sum is 0, -1, -1 or -2; only -2 does not reach -1


def check_1(answer):
    """The four rows of NAND."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 3, "give (w1, w2, threshold)"
    w1, w2, threshold = answer
    for x1, x2, expected in ((0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0)):
        said = int(w1 * x1 + w2 * x2 >= threshold)
        assert said == expected, f"for {x1} {x2} it says {said}, not {expected}"


wrong_1 = [(1, 1, 2), (-1, -1, 0), (-1, -1, 1), (1, 1, 1)]  # AND, NOR, never 1, OR

# ---- 2. Rosenblatt's rule ------------------------------------------------------------------------


def answer_2(x, y, epochs):
    """Add (y - answer) times the input, one example after the other."""
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(epochs):
        for row, target in zip(x, y):
            error = target - (row @ w + b > 0)
            w = w + error * row
            b = b + error
    return w, b


def check_2(answer):
    """Right on AND, OR, and on two clouds of points that a line separates."""
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float64")
    draw = np.random.default_rng(0)
    clouds = draw.normal(size=(60, 3))
    sides = clouds @ np.array([1.0, -2.0, 0.5]) + 0.7
    far = np.abs(sides) > 0.3  # a gap between the classes
    tasks = {
        "AND": (corners, np.array([0, 0, 0, 1])),
        "OR": (corners, np.array([0, 1, 1, 1])),
        "NOT x1": (corners, np.array([1, 1, 0, 0])),
        "two clouds": (clouds[far], (sides[far] > 0).astype(int)),
    }
    for name, (x, y) in tasks.items():
        w, b = _without_error(answer, x.copy(), y.copy(), 200)
        wrong = int(((x @ np.asarray(w) + b > 0) != (y == 1)).sum())
        assert wrong == 0, f"{name}: {wrong} of {len(x)} rows are wrong after 200 epochs"


def _wrong_2_sign(x, y, epochs):
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(epochs):
        for row, target in zip(x, y):
            error = (row @ w + b > 0) - target
            w, b = w + error * row, b + error
    return w, b


def _wrong_2_no_bias(x, y, epochs):
    w = np.zeros(x.shape[1])
    for _ in range(epochs):
        for row, target in zip(x, y):
            w = w + (target - (row @ w > 0)) * row
    return w, 0.0


def _wrong_2_only_adds(x, y, epochs):
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(epochs):
        for row, target in zip(x, y):
            if target == 1 and row @ w + b <= 0:
                w, b = w + row, b + 1
    return w, b


wrong_2 = [_wrong_2_sign, _wrong_2_no_bias, _wrong_2_only_adds]

# ---- 3. weight sharing ---------------------------------------------------------------------------


def answer_3(size, channels, kernel, filters):
    """A weight per input and output, over kernels that are shared by all places."""
    outputs = (size - kernel + 1) ** 2 * filters
    dense = outputs * (size * size * channels + 1)
    convolution = filters * (kernel * kernel * channels + 1)
    return dense / convolution


def check_3(answer):
    """LeNet's C1 and C3, and a convolution that sees the whole image, which is a dense layer."""
    for sizes, expected in (
        ((32, 1, 5, 6), 4_821_600 / 156),
        ((14, 6, 5, 16), 1600 * (14 * 14 * 6 + 1) / 2416),
        ((4, 3, 4, 7), 1.0),
    ):
        got = _without_error(answer, *sizes)
        close = math.isclose(got, expected, rel_tol=1e-3)
        assert close, f"for {sizes} it gives {got}, not {expected:.2f}"


def _wrong_3_same_padding(size, channels, kernel, filters):
    dense = size * size * filters * (size * size * channels + 1)
    return dense / (filters * (kernel * kernel * channels + 1))


def _wrong_3_channels(size, channels, kernel, filters):
    dense = (size - kernel + 1) ** 2 * filters * (size * size * channels + 1)
    return dense / (filters * (kernel * kernel + 1))


def _wrong_3_upside_down(size, channels, kernel, filters):
    return 1 / answer_3(size, channels, kernel, filters)


wrong_3 = [_wrong_3_same_padding, _wrong_3_channels, _wrong_3_upside_down]

# ---- 4. the size of BERT -------------------------------------------------------------------------


def answer_4(width, depth, vocabulary, positions):
    """Tables, a normalization, the blocks, the pooler."""
    tables = (vocabulary + positions + 2) * width
    blocks = depth * (12 * width * width + 13 * width)
    return tables + 2 * width + blocks + width * width + width


def check_4(answer):
    """BERT base, and two small ones."""
    for sizes, expected in (
        ((768, 12, 30522, 512), 109_482_240),
        ((16, 2, 30, 8), 7504),
        ((8, 1, 10, 4), 1088),
    ):
        got = _without_error(answer, *sizes)
        assert got == expected, f"for {sizes} it gives {got}, not {expected}"


def _wrong_4_no_biases(width, depth, vocabulary, positions):
    return answer_4(width, depth, vocabulary, positions) - depth * 13 * width


def _wrong_4_no_segments(width, depth, vocabulary, positions):
    return answer_4(width, depth, vocabulary, positions) - 2 * width


def _wrong_4_gpt(width, depth, vocabulary, positions):
    return answer_4(width, depth, vocabulary, positions) - 2 * width - width * width - width


wrong_4 = [_wrong_4_no_biases, _wrong_4_no_segments, _wrong_4_gpt]

# ---- 5. how fast they grew -----------------------------------------------------------------------

answer_5 = 8 / math.log2(175e9 / 61e6)  # 8 years over 11.5 doublings


def check_5(answer):
    """8 years over the number of doublings."""
    assert isinstance(answer, Real), "the answer is one number"
    expected = 8 / math.log2(175e9 / 61e6)
    close = abs(answer - expected) < 0.03
    assert close, "divide the 8 years by the number of doublings, which is a logarithm to base 2"


wrong_5 = [1.0, 11.5, 8 / math.log(175e9 / 61e6), 8 / 2869]  # ...; natural logarithm; no logarithm


def _without_error(answer, *arguments):
    """What the answer returns; an error in it is a failed check."""
    assert callable(answer), "the answer must be a function"
    try:
        return answer(*arguments)
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"it fails with {type(error).__name__}: {error}") from error
