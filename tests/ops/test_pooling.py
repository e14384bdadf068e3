"""The ops of pooling: which of equal pixels has the gradient."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu

rng = np.random.default_rng(8)


@pytest.fixture(autouse=True, params=[True, False], ids=["kernels", "definitions"])
def use_kernels(request):
    with minigrad.use_kernels(request.param):
        yield


def image(rows):
    """(1, H, W, 1)"""
    return np.asarray(rows, "float32")[None, :, :, None]


def shown(y):
    return to_cpu(y.data)[0, :, :, 0].tolist()


@pytest.mark.parametrize(
    "settings",
    [{}, {"pool_size": 3, "strides": 1}, {"pool_size": 3, "strides": 2, "padding": "same"}],
)
def test_ties_have_one_gradient_a_window(settings, xp):
    x = Tensor(xp.ones((2, 6, 6, 3)), requires_grad=True)
    y = ops.max_pool(x, **settings)
    (g,) = grad(ops.sum(y), [x])
    assert float(g.sum()) == y.size


def test_ties_go_to_the_first_in_the_window(xp):
    x = Tensor(xp.asarray(image([[0, 1, 0, 0], [1, 1, 0, 0]])), requires_grad=True)
    assert shown(grad(ops.sum(ops.max_pool(x)), [x])[0]) == [[0, 1, 1, 0], [0, 0, 0, 0]]
    x = Tensor(xp.asarray(image([[0, 0, 2], [2, 0, 0], [2, 2, 0]])), requires_grad=True)
    assert shown(grad(ops.sum(ops.max_pool(x, pool_size=3)), [x])[0]) == [
        [0, 0, 1],
        [0, 0, 0],
        [0, 0, 0],
    ]


def test_large_windows_count_their_offsets_right():
    """More offsets than a byte can tell apart."""
    x = Tensor(rng.standard_normal((1, 18, 17, 2)), requires_grad=True)
    (g,) = grad(ops.sum(ops.max_pool(x, pool_size=(18, 17))), [x])
    assert (g.numpy() != 0).reshape(-1, 2).argmax(0).tolist() == x.numpy().reshape(-1, 2).argmax(
        0
    ).tolist()


def test_ties_of_overlapping_windows_go_to_the_first_row(xp):
    """Not to the first column: rows are read first."""
    x = Tensor(xp.asarray(image([[0, 0, 2, 0], [2, 0, 0, 0], [0, 0, 0, 0]])), requires_grad=True)
    y = ops.max_pool(x, pool_size=3, strides=1)
    g = xp.asarray(image([[3, 4]]))
    assert shown(grad(y, [x], cotangent=g)[0]) == [[0, 0, 7, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
