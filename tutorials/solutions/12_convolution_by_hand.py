"""Solutions of lesson 12, convolution by hand: answers, checks, and wrong answers they refuse."""

import numpy as np

# ---- 1. the feature map --------------------------------------------------------------------------


def answer_1(picture, kernel):
    height, width = kernel.shape
    rows, columns = picture.shape[0] - height + 1, picture.shape[1] - width + 1
    result = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            part = picture[row : row + height, column : column + width]
            result[row, column] = (part * kernel).sum()
    return result


def check_1(answer):
    chance = np.random.default_rng(0)
    for size, kernel_size in (
        ((4, 4), (3, 3)),
        ((5, 7), (2, 3)),
        ((6, 4), (1, 4)),
        ((3, 3), (3, 3)),
    ):
        picture, kernel = chance.normal(size=size), chance.normal(size=kernel_size)
        result = np.asarray(answer(picture.copy(), kernel.copy()))
        shape = tuple(n - k + 1 for n, k in zip(size, kernel_size))
        assert result.shape == shape, (
            f"a picture of {size} and a kernel of {kernel_size} give {shape}, not {result.shape}"
        )
        for row in range(shape[0]):
            for column in range(shape[1]):
                part = picture[row : row + kernel_size[0], column : column + kernel_size[1]]
                right = (part * kernel).sum()
                assert np.isclose(result[row, column], right, atol=1e-4), (
                    f"at row {row}, column {column}: {result[row, column]:.4f}, not {right:.4f}; "
                    "the kernel is not turned"
                )


def _turned(picture, kernel):
    """The convolution of mathematics, which turns the kernel."""
    return answer_1(picture, kernel[::-1, ::-1])


def _padded(picture, kernel):
    """With a border of zeros."""
    return answer_1(np.pad(picture, 1), kernel)


def _square_only(picture, kernel):
    """Takes the kernel's height for its width, too."""
    size = len(kernel)
    rows, columns = picture.shape[0] - size + 1, picture.shape[1] - size + 1
    result = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            for i in range(size):
                for j in range(min(size, kernel.shape[1])):
                    result[row, column] += kernel[i, j] * picture[row + i, column + j]
    return result


wrong_1 = [_turned, _padded, _square_only]

# ---- 2. the gradient of the kernel ---------------------------------------------------------------


def answer_2(picture, arrived):
    return answer_1(picture, arrived)


def _nudged_gradient(function, values, arrived, step=1e-4):
    """The gradient of sum(arrived * function(values)), by nudging each of the values."""
    gradient = np.zeros_like(values)
    for index in np.ndindex(values.shape):
        up, down = values.copy(), values.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (arrived * (function(up) - function(down))).sum() / (2 * step)
    return gradient


def _cases():
    """Pictures, kernels and gradients of feature maps."""
    chance = np.random.default_rng(1)
    for size, kernel_size in (((4, 4), (3, 3)), ((5, 6), (3, 2)), ((6, 5), (2, 2))):
        shape = [n - k + 1 for n, k in zip(size, kernel_size)]
        yield chance.normal(size=size), chance.normal(size=kernel_size), chance.normal(size=shape)


def check_2(answer):
    for picture, kernel, arrived in _cases():
        gradient = np.asarray(answer(picture.copy(), arrived.copy()))
        assert gradient.shape == kernel.shape, (
            f"a kernel of {kernel.shape} has a gradient of that shape, not {gradient.shape}"
        )

        def of_kernel(weights, picture=picture):
            return answer_1(picture, weights)

        right = _nudged_gradient(of_kernel, kernel, arrived)
        assert np.allclose(gradient, right, atol=1e-4), (
            "nudging the weights gives another gradient: sum arrived * pixel over all places"
        )


def _mean_over_places(picture, arrived):
    """Divides by the number of places."""
    return answer_2(picture, arrived) / arrived.size


def _gradient_turned(picture, arrived):
    """Turns the gradient that arrived."""
    return answer_1(picture, arrived[::-1, ::-1])


def _without_what_arrived(picture, arrived):
    """Forgets the chain rule: takes 1 for each gradient that arrived."""
    return answer_1(picture, np.ones_like(arrived))


wrong_2 = [_mean_over_places, _gradient_turned, _without_what_arrived]

# ---- 3. the gradient of the picture --------------------------------------------------------------


def answer_3(kernel, arrived):
    height, width = kernel.shape
    rows, columns = arrived.shape
    gradient = np.zeros((rows + height - 1, columns + width - 1))
    for row in range(rows):
        for column in range(columns):
            gradient[row : row + height, column : column + width] += arrived[row, column] * kernel
    return gradient


def check_3(answer):
    for picture, kernel, arrived in _cases():
        gradient = np.asarray(answer(kernel.copy(), arrived.copy()))
        assert gradient.shape == picture.shape, (
            f"a picture of {picture.shape} has a gradient of that shape, not {gradient.shape}"
        )

        def of_picture(pixels, kernel=kernel):
            return answer_1(pixels, kernel)

        right = _nudged_gradient(of_picture, picture, arrived)
        assert np.allclose(gradient, right, atol=1e-4), (
            "nudging the pixels gives another gradient: each place adds arrived * kernel"
        )


def _kernel_not_turned(kernel, arrived):
    """A convolution with padding, but the kernel is not turned."""
    height, width = kernel.shape
    border = ((height - 1, height - 1), (width - 1, width - 1))
    return answer_1(np.pad(arrived, border), kernel)


def _too_small(kernel, arrived):
    """Only the places where the kernel lies inside of what arrived."""
    return answer_1(np.pad(arrived, 1), kernel[::-1, ::-1])


def _overwrites(kernel, arrived):
    """Keeps the last way only, instead of adding up all ways."""
    height, width = kernel.shape
    gradient = np.zeros((arrived.shape[0] + height - 1, arrived.shape[1] + width - 1))
    for row, column in np.ndindex(arrived.shape):
        gradient[row : row + height, column : column + width] = arrived[row, column] * kernel
    return gradient


wrong_3 = [_kernel_not_turned, _too_small, _overwrites]

# ---- 4. parameters of Conv2D(64, 5) on 32 channels -----------------------------------------------

answer_4 = (5 * 5 * 32 + 1) * 64


def check_4(answer):
    assert int(answer) != 5 * 5 * 32 * 64, "the biases are missing: one for each filter"
    assert int(answer) != (5 * 5 + 1) * 64, "each filter has weights for all 32 channels"
    assert answer == 51264, f"(k * k * channels in + 1) * filters is 51264, not {answer}"


wrong_4 = [5 * 5 * 32 * 64, (5 * 5 + 1) * 64, (5 * 5 * 64 + 1) * 32]

# ---- 5. a kernel that moves a picture to the right -----------------------------------------------

answer_5 = [[0, 0, 0], [1, 0, 0], [0, 0, 0]]


def check_5(answer):
    kernel = np.asarray(answer, float)
    assert kernel.shape == (3, 3), f"the kernel has the shape {kernel.shape}, not (3, 3)"
    picture = np.random.default_rng(2).normal(size=(5, 6))
    moved = answer_1(np.pad(picture, 1), kernel)
    right = np.zeros_like(picture)
    right[:, 1:] = picture[:, :-1]
    to_the_left = np.zeros_like(picture)
    to_the_left[:, :-1] = picture[:, 1:]
    assert not np.allclose(moved, to_the_left), "this kernel moves the picture to the left"
    assert np.allclose(moved, right), (
        "each new pixel must be the old pixel on its left: which weight lies there?"
    )


wrong_5 = [
    [[0, 0, 0], [0, 0, 1], [0, 0, 0]],
    [[0, 1, 0], [0, 0, 0], [0, 0, 0]],
    [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    [[1, 0, 0], [1, 0, 0], [1, 0, 0]],
]
