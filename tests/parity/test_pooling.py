"""Pooling has PyTorch's values and gradients."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import ops

from .compare import compare, drawn, first, normal, seeds

F = torch.nn.functional
pytestmark = pytest.mark.parity


@st.composite
def windows(draw):
    """The shape of images; sizes, strides and paddings of at most half a window, as in PyTorch."""
    size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in size)
    least = [max(1, k - 2 * p) for k, p in zip(size, padding, strict=True)]
    height, width = (draw(st.integers(n, 9)) for n in least)
    shape = draw(st.integers(1, 3)), height, width, draw(st.integers(1, 4))
    strides = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    return shape, size, strides, padding


def torch_max_pool(x, size, strides, padding):
    return F.max_pool2d(first(x), size, strides, padding).movedim(1, -1)


def torch_avg_pool(x, size, strides, padding):
    y = F.avg_pool2d(first(x), size, strides, padding, count_include_pad=False)
    return y.movedim(1, -1)


@pytest.mark.parametrize(
    "ours, theirs", [(ops.max_pool, torch_max_pool), (ops.average_pool, torch_avg_pool)]
)
def test_pooling(ours, theirs):
    @settings(drawn, max_examples=60)
    @given(windows(), seeds, st.booleans())
    def check(window, seed, ties):
        shape, size, strides, padding = window
        x = normal(seed, *shape)
        compare(
            lambda x: ours(x, pool_size=size, strides=strides, padding=padding),
            lambda t: theirs(t, size, strides, padding),
            x.round() if ties else x,
        )

    check()
