"""Solutions of lesson 13, from LeNet to ResNet: answers, checks, wrong answers that they refuse."""

import math

import numpy as np

# ---- 1. parameters of a residual block -----------------------------------------------------------


def answer_1(k, channels, filters):
    first = (k * k * channels + 1) * filters
    second = (k * k * filters + 1) * filters
    normalization = 2 * filters
    shortcut = (channels + 1) * filters if channels != filters else 0
    return first + normalization + second + normalization + shortcut


def check_1(answer):
    for k, channels, filters in ((3, 32, 32), (3, 16, 32), (5, 8, 4), (1, 2, 2)):
        convolutions = (k * k * channels + 1) * filters + (k * k * filters + 1) * filters
        factors_and_offsets = 4 * filters
        shortcut = 0 if channels == filters else (channels + 1) * filters
        right = convolutions + factors_and_offsets + shortcut
        given = answer(k, channels, filters)
        assert given == right, (
            f"k = {k}, {channels} channels, {filters} filters: {convolutions} in the convolutions, "
            f"{factors_and_offsets} in the normalizations and {shortcut} in the shortcut are "
            f"{right}, not {given}"
        )


def _without_normalization(k, channels, filters):
    """Forgets factor and offset."""
    return answer_1(k, channels, filters) - 4 * filters


def _always_a_convolution_in_the_shortcut(k, channels, filters):
    """Counts a 1x1 convolution where the shapes agree, too."""
    return answer_1(k, channels, filters) + (channels == filters) * (channels + 1) * filters


def _both_from_the_input(k, channels, filters):
    """The second convolution reads the filters of the first, not the channels of the input."""
    wrong_second = (k * k * channels + 1) * filters
    return answer_1(k, channels, filters) - (k * k * filters + 1) * filters + wrong_second


wrong_1 = [_without_normalization, _always_a_convolution_in_the_shortcut, _both_from_the_input]

# ---- 2. what one number sees after five 3x3 convolutions -----------------------------------------

answer_2 = 1 + 5 * 2


def check_2(answer):
    seen = np.zeros(31)
    seen[15] = 1
    for _ in range(5):
        seen = np.convolve(seen, np.ones(3), mode="same")
    right = np.count_nonzero(seen)
    assert answer == right, f"each 3x3 convolution adds one pixel on both sides: not {answer}"


wrong_2 = [15, 10, 3**5]

# ---- 3. the gradients of a small residual block --------------------------------------------------


def answer_3(x, w1, w2, target):
    z = w1 * x
    h = max(z, 0.0)
    y = w2 * h + x
    gradient_y = 2 * (y - target)
    gradient_z = gradient_y * w2 * (z > 0)
    return gradient_z * w1 + gradient_y, gradient_z * x, gradient_y * h


def check_3(answer):
    def loss(x, w1, w2, target):
        return (w2 * max(w1 * x, 0.0) + x - target) ** 2

    cases = [(2.0, 0.5, -0.2, 1.0), (1.5, -0.7, 0.4, 0.0), (-1.0, -2.0, 0.3, 2.0)]
    for case in cases:
        *values, target = case
        gradients = [float(gradient) for gradient in answer(*case)]
        assert len(gradients) == 3, "three gradients: of x, w1 and w2"
        for i, name in enumerate(("x", "w1", "w2")):
            up, down = list(values), list(values)
            up[i] += 1e-5
            down[i] -= 1e-5
            right = (loss(*up, target) - loss(*down, target)) / 2e-5
            assert abs(gradients[i] - right) < 1e-4, (
                f"x, w1, w2, target = {case}: a nudge gives {right:.4f} for {name}, "
                f"not {gradients[i]:.4f}"
            )


def _without_the_shortcut(x, w1, w2, target):
    """Only the way through F."""
    gradient_x, gradient_w1, gradient_w2 = answer_3(x, w1, w2, target)
    return gradient_x - 2 * (w2 * max(w1 * x, 0.0) + x - target), gradient_w1, gradient_w2


def _without_relu(x, w1, w2, target):
    """Lets the gradient pass where relu gave 0."""
    gradient_y = 2 * (w2 * max(w1 * x, 0.0) + x - target)
    return gradient_y * (w2 * w1 + 1), gradient_y * w2 * x, gradient_y * max(w1 * x, 0.0)


def _plain_block(x, w1, w2, target):
    """Forgets x in the forward pass."""
    gradient_y = 2 * (w2 * max(w1 * x, 0.0) - target)
    gradient_z = gradient_y * w2 * (w1 * x > 0)
    return gradient_z * w1 + gradient_y, gradient_z * x, gradient_y * max(w1 * x, 0.0)


wrong_3 = [_without_the_shortcut, _without_relu, _plain_block]

# ---- 4. the gradient through many blocks ---------------------------------------------------------


def answer_4(derivatives, residual):
    return math.prod(d + 1 if residual else d for d in derivatives)


def check_4(answer):
    for derivatives in ([0.1] * 20, [0.5, -0.5, 2.0], [-0.2, 0.3], [0.0, 0.0]):
        plain = float(np.prod(derivatives))
        given = float(answer(list(derivatives), False))
        assert np.isclose(given, plain, rtol=1e-4, atol=0), (
            f"plain blocks {derivatives}: multiply the derivatives, {plain:.4g}, not {given:.4g}"
        )
        with_shortcuts = float(np.prod(np.array(derivatives) + 1))
        given = float(answer(list(derivatives), True))
        assert np.isclose(given, with_shortcuts, rtol=1e-4, atol=0), (
            f"residual blocks {derivatives}: multiply F' + 1, which is {with_shortcuts:.4g}, "
            f"not {given:.4g}"
        )


def _one_at_the_end(derivatives, residual):
    """Adds 1 once, and not in each block."""
    return math.prod(derivatives) + (1 if residual else 0)


def _sum_of_all(derivatives, residual):
    """Adds along the chain, where one must multiply."""
    return sum(d + 1 if residual else d for d in derivatives)


wrong_4 = [_one_at_the_end, _sum_of_all]

# ---- 5. batch normalization of pictures ----------------------------------------------------------


def answer_5(batch):
    axes = (0, 1, 2)
    return (batch - batch.mean(axis=axes)) / batch.std(axis=axes)


def check_5(answer):
    chance = np.random.default_rng(0)
    batch = chance.normal(size=(6, 3, 4, 2)) * [1.0, 10.0] + [5.0, -3.0]
    given = np.asarray(answer(batch.copy()))
    assert given.shape == batch.shape, f"the shape is {given.shape}, not {batch.shape}"
    for channel in range(2):
        values = batch[..., channel]
        right = (values - values.mean()) / values.std()
        assert np.allclose(given[..., channel], right, atol=1e-3), (
            f"channel {channel}: one mean and one deviation of the channel, over all pictures and "
            "all pixels"
        )


def _per_pixel(batch):
    """A mean for each pixel: what a Dense layer on flat pictures would have."""
    return (batch - batch.mean(axis=0)) / batch.std(axis=0)


def _per_picture(batch):
    """A mean for each picture and channel: that is instance normalization."""
    mean = batch.mean(axis=(1, 2), keepdims=True)
    return (batch - mean) / batch.std(axis=(1, 2), keepdims=True)


def _variance_without_root(batch):
    """Divides by the variance."""
    axes = (0, 1, 2)
    return (batch - batch.mean(axis=axes)) / batch.var(axis=axes)


def _one_for_all_channels(batch):
    """One mean of all channels together."""
    return (batch - batch.mean()) / batch.std()


wrong_5 = [_per_pixel, _per_picture, _variance_without_root, _one_for_all_channels]
