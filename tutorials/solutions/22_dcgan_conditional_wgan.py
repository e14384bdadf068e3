"""Solutions of lesson 22, DCGAN, conditional GAN and WGAN-GP."""

import numpy as np

from minigrad import Tensor, grad, ops

# ---- 1: transposed convolution -------------------------------------------------------------------


def answer_1(x, kernel, stride):
    """Each number stamps the kernel into the output, `stride` places apart."""
    kernel = np.asarray(kernel, float)
    y = np.zeros((len(x) - 1) * stride + len(kernel))
    for i, value in enumerate(x):
        start = i * stride
        y[start : start + len(kernel)] += value * kernel
    return y


def check_1(answer):
    found = np.asarray(answer(np.array([2.0, 3.0]), np.array([1.0, 2.0, 1.0]), 2))
    assert found.shape == (5,), f"the result has shape {found.shape}, not (5,)"
    assert np.allclose(found, [2, 4, 5, 6, 3]), f"{found} instead of [2, 4, 5, 6, 3]"
    found = np.asarray(answer(np.array([1.0, 0.0, -1.0]), np.array([3.0, 1.0]), 3))
    expected = [3, 1, 0, 0, 0, 0, -3, -1]
    assert found.shape == (8,), f"with stride 3 the result has shape {found.shape}, not (8,)"
    assert np.allclose(found, expected), f"{found} instead of {expected}"


def _overwrites(x, kernel, stride):
    y = np.zeros((len(x) - 1) * stride + len(kernel))
    for i, value in enumerate(x):
        y[i * stride : i * stride + len(kernel)] = value * kernel
    return y


def _reversed_kernel(x, kernel, stride):
    return answer_1(x, kernel[::-1], stride)


def _convolution(x, kernel, stride):
    return np.convolve(x, kernel)[::stride]


wrong_1 = [_overwrites, _reversed_kernel, _convolution]


# ---- 2: its length -------------------------------------------------------------------------------


def answer_2(n, size, stride):
    """(n - 1) * stride + size."""
    return (n - 1) * stride + size


def check_2(answer):
    for n, size, stride, expected in ((2, 3, 2, 5), (6, 4, 2, 14), (7, 5, 1, 11), (4, 2, 3, 11)):
        found = answer(n, size, stride)
        assert found == expected, (
            f"{n} numbers, kernel size {size}, stride {stride}: {expected} numbers, not {found}. "
            "The last stamp starts at (n - 1) * stride"
        )


def _times_stride(n, size, stride):
    return n * stride


def _one_too_far(n, size, stride):
    return n * stride + size


def _of_a_convolution(n, size, stride):
    return (n - size) // stride + 1


wrong_2 = [_times_stride, _one_too_far, _of_a_convolution]


# ---- 3: maps of a label --------------------------------------------------------------------------


def answer_3(images, labels, classes):
    """The one-hot label, repeated over all pixels, behind the channels of the image."""
    one_hot = np.eye(classes, dtype=images.dtype)[labels]
    maps = np.broadcast_to(one_hot[:, None, None, :], (*images.shape[:3], classes))
    return np.concatenate([images, maps], axis=-1)


def check_3(answer):
    chance = np.random.default_rng(0)
    images = chance.normal(size=(4, 2, 3, 2)).astype("float32")
    labels = np.array([1, 0, 3, 3])
    found = np.asarray(answer(images, labels, 4))
    assert found.shape == (4, 2, 3, 6), f"the result has shape {found.shape}, not (4, 2, 3, 6)"
    assert np.allclose(found[..., :2], images), "the image comes first, and stays as it is"
    maps = found[..., 2:]
    assert np.allclose(maps.sum(axis=-1), 1), "one of the maps is 1, the others are 0"
    assert (maps.argmax(axis=-1) == labels[:, None, None]).all(), (
        "the map of the label is 1 at every pixel of its own image"
    )


def _label_as_number(images, labels, classes):
    maps = np.broadcast_to(labels[:, None, None, None], (*images.shape[:3], classes))
    return np.concatenate([images, maps], axis=-1)


def _maps_first(images, labels, classes):
    return np.roll(answer_3(images, labels, classes), classes, axis=-1)


def _one_label_for_all(images, labels, classes):
    return answer_3(images, np.full_like(labels, labels[0]), classes)


wrong_3 = [_label_as_number, _maps_first, _one_label_for_all]


# ---- 4: Wasserstein distance ---------------------------------------------------------------------


def answer_4(a, b):
    """Sort both, and take the mean of the ways."""
    return np.abs(np.sort(a) - np.sort(b)).mean()


def check_4(answer):
    cases = [
        ([2.0, 4.0, 6.0], [5.0, 1.0, 2.0], 4 / 3),
        ([0.0, 10.0], [10.0, 0.0], 0.0),
        ([0.0, 4.0], [1.0, 3.0], 1.0),
        ([3.0], [-4.0], 7.0),
    ]
    for a, b, expected in cases:
        found = float(answer(np.array(a), np.array(b)))
        assert abs(found - expected) < 1e-6, (
            f"of {a} and {b}: {found:.3f} instead of {expected:.3f}"
        )


def _not_sorted(a, b):
    return np.abs(a - b).mean()


def _difference_of_means(a, b):
    return abs(np.mean(a) - np.mean(b))


def _sum_of_ways(a, b):
    return np.abs(np.sort(a) - np.sort(b)).sum()


wrong_4 = [_not_sorted, _difference_of_means, _sum_of_ways]


# ---- 5: gradient penalty -------------------------------------------------------------------------


def answer_5(critic, x):
    """The mean of (norm - 1)^2, one norm per row."""
    x = Tensor(x, requires_grad=True)
    (slope,) = grad(ops.sum(critic(x)), [x], create_graph=True)
    norms = ops.sqrt(ops.sum(slope**2, axis=1))
    return ops.mean((norms - 1) ** 2)


def check_5(answer):
    weight = Tensor([[1.5], [4.0]], requires_grad=True)

    def critic(x):
        return (x * [[1.0, 0.5]]) ** 2 @ weight  # gradient (3 * x1, 2 * x2)

    rows = np.array([[1.0, 2.0], [0.0, 0.5]], "float32")  # gradients (3, 4) and (0, 1)
    penalty = answer(critic, rows)
    assert isinstance(penalty, Tensor), "the penalty must be a Tensor"
    assert penalty.size == 1, f"one number is asked for, not the shape {penalty.shape}"
    assert abs(penalty.item() - 8) < 1e-3, (
        f"the norms are 5 and 1, so the penalty is (16 + 0) / 2 = 8, not {penalty.item():.3f}"
    )
    assert penalty.requires_grad, "no gradient reaches the critic: create_graph=True is missing"
    (slope,) = grad(penalty.sum(), [weight])
    assert np.allclose(slope.numpy().ravel(), [4.8, 3.2], atol=1e-2), (
        f"the gradient with the critic's parameters is {slope.numpy().ravel()}, not [4.8, 3.2]"
    )


def _without_graph(critic, x):
    x = Tensor(x, requires_grad=True)
    (slope,) = grad(ops.sum(critic(x)), [x])
    return ops.mean((ops.sqrt(ops.sum(slope**2, axis=1)) - 1) ** 2)


def _one_norm_for_all(critic, x):
    x = Tensor(x, requires_grad=True)
    (slope,) = grad(ops.sum(critic(x)), [x], create_graph=True)
    return (ops.sqrt(ops.sum(slope**2)) - 1) ** 2


def _gradient_of_the_mean(critic, x):
    x = Tensor(x, requires_grad=True)
    (slope,) = grad(ops.mean(critic(x)), [x], create_graph=True)
    return ops.mean((ops.sqrt(ops.sum(slope**2, axis=1)) - 1) ** 2)


wrong_5 = [_without_graph, _one_norm_for_all, _gradient_of_the_mean]
