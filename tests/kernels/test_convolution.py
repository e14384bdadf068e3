"""The kernels of convolution: blocks of any size, equal bits in every run, second order."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Tensor, backend, grad, ops
from minigrad.kernels import blocks
from minigrad.ops.windows import Window

from ..cases import OPS

rng = np.random.default_rng(5)


def normal(*shape):
    return rng.standard_normal(shape).astype("float32")


@pytest.mark.parametrize("block", [1, 40, 200, 1500])
@pytest.mark.parametrize("name", ["conv2d", "conv2d_input_grad", "conv2d_kernel_grad"])
def test_blocks_of_any_size_give_the_same(name, block, xp, monkeypatch):
    """Of many images, of one, of some of its rows: the cases of the registry in small blocks."""
    monkeypatch.setattr(blocks, "IM2COL_BLOCK", block)
    monkeypatch.setattr(blocks, "DEVICE_BLOCK", block)
    for case in OPS[name]:
        inputs, settings = case.on(xp)
        got = backend.to_cpu(case.call(getattr(ops, name), *inputs, **settings))
        np.testing.assert_allclose(
            got, case.expect(*case.on(np)[0], **case.on(np)[1]), rtol=1e-10, atol=1e-12
        )


def test_two_runs_give_the_same_bits():
    x = normal(9, 14, 14, 8)
    w = normal(3, 3, 8, 16)
    window = Window.of((14, 14), 3)

    def run():
        y = ops.conv2d(x, w)
        return y, ops.conv2d_kernel_grad(x, y, window=window)

    for a, b in zip(run(), run()):
        assert (a == b).all()


def nodes_behind(y):
    found = set()
    stack = [y.node]
    while stack:
        n = stack.pop()
        if n not in found:
            found.add(n)
            stack += [p for p in n.parents if p is not None]
    return found


def test_second_order_stays_fast():
    """A gradient penalty runs on the three kernels alone, never on patches laid out in memory."""
    x = Tensor(normal(2, 7, 7, 3), requires_grad=True)
    w = Tensor(normal(3, 3, 3, 4), requires_grad=True)
    (slope,) = grad(
        (ops.conv2d(x, w, strides=2, padding="same") ** 2).sum(), [x], create_graph=True
    )
    second = grad((slope**2).sum(), [x, w], create_graph=True)
    used = {n.op.name for y in second for n in nodes_behind(y) if n.op}
    assert used & {"conv2d", "conv2d_input_grad", "conv2d_kernel_grad"}
    assert not used & {"im2col", "col2im", "getitem", "put", "pad", "einsum"}
