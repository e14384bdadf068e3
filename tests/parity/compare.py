"""Comparing a function with PyTorch's, on inputs that hypothesis draws."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import settings
from hypothesis import strategies as st

from minigrad import Tensor, grad

torch.set_num_threads(1)
drawn = settings(max_examples=15)  # the rest is the profile of tests/conftest.py

seeds = st.integers(0, 2**32 - 1)


def shapes(least=0, most=3, smallest=1, longest=4):
    """Shapes of `least` to `most` axes."""
    return st.lists(st.integers(smallest, longest), min_size=least, max_size=most).map(tuple)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape) * 1.5


def as_list(values):
    return list(values) if isinstance(values, (list, tuple)) else [values]


def leaf(array):
    """A Tensor of the same dtype that requires a gradient if it is floating."""
    is_floating = array.dtype.kind == "f"
    return Tensor(array, requires_grad=is_floating, dtype=array.dtype)


def weighted_sum(ys, total):
    """The sum of all elements, each times a random factor, in either library."""
    for i, y in enumerate(ys):
        factors = np.random.default_rng(11 + i).normal(size=tuple(y.shape))
        total = total + (y * (torch.tensor(factors) if torch.is_tensor(y) else factors)).sum()
    return total


def compare(ours, theirs, *arrays, rtol=1e-9, atol=1e-11):
    """Both functions on the same inputs have equal values and gradients of a weighted sum."""
    xs = [leaf(a) for a in arrays]
    ts = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    ys, us = as_list(ours(*xs)), as_list(theirs(*ts))
    assert len(ys) == len(us)
    for y, u in zip(ys, us, strict=True):
        values = np.asarray(getattr(y, "data", y))
        assert values.shape == tuple(u.shape)
        np.testing.assert_allclose(values, u.detach().numpy(), rtol=rtol, atol=atol)
    floating = [(y, u) for y, u in zip(ys, us, strict=True) if u.requires_grad]
    assert all(y.requires_grad for y, _ in floating)
    if not floating:
        return
    our_leaves = [x for x in xs if x.requires_grad]
    their_leaves = [t for t in ts if t.requires_grad]
    total = weighted_sum([y for y, _ in floating], Tensor(0.0, dtype="float64"))
    torch_total = weighted_sum([u for _, u in floating], 0.0)
    gradients = grad(total, our_leaves, unused="zeros")
    expected = torch.autograd.grad(torch_total, their_leaves, allow_unused=True)
    for x, g, e in zip(our_leaves, gradients, expected, strict=True):
        assert g.dtype == np.float64 and g.shape == x.shape
        values = np.zeros(x.shape) if e is None else e.numpy()
        np.testing.assert_allclose(g.data, values, rtol=rtol, atol=atol)


def positive(a):
    return abs(a) + 0.05


@st.composite
def broadcastable(draw, count=2):
    """Shapes that broadcast together."""
    shape = draw(shapes(most=3))
    found = []
    for _ in range(count):
        start = draw(st.integers(0, len(shape)))
        found.append(tuple(draw(st.sampled_from([n, 1])) for n in shape[start:]))
    return found


@st.composite
def reductions(draw, tuples=True, least=1):
    """(shape, axis, keepdims)"""
    shape = draw(shapes(least=least))
    single = st.integers(-len(shape), len(shape) - 1)
    several = st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True).map(tuple)
    return shape, draw(st.one_of(single, several) if tuples else single), draw(st.booleans())


def first(x):
    """(N, H, W, C) as PyTorch has it, (N, C, H, W), for a tensor of any number of axes."""
    return x.movedim(-1, 1)
