"""One seed for everything drawn at random."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from minigrad import random


def draws(seed, like):
    """Uniform and normal numbers after `seed`, on the host."""
    mg.seed(seed)
    numbers = random.uniform((4, 5), like), random.normal((4, 5), like)
    return [mg.to_cpu(x) for x in numbers]


def test_seed_repeats_on_every_device(xp):
    like = xp.zeros(1, "float32")
    first, second = draws(3, like), draws(3, like)
    on_host = draws(3, np.zeros(1, np.float32))
    for a, b, c in zip(first, second, on_host, strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes()
        assert a.dtype == np.float32
    other = draws(4, like)
    assert (first[0] != other[0]).any()


def test_draws_have_the_dtype_of_like_and_the_right_law():
    for dtype in ("float32", "float64"):
        like = np.zeros(1, dtype)
        uniform = random.uniform((20_000,), like)
        normal = random.normal((20_000,), like)
        assert uniform.dtype == normal.dtype == dtype
        assert uniform.min() >= 0 and uniform.max() < 1
        assert abs(uniform.mean() - 0.5) < 0.01
        assert abs(uniform.var() - 1 / 12) < 0.005
        assert abs(normal.mean()) < 0.03
        assert abs(normal.std() - 1) < 0.03
    assert random.uniform((2,), np.zeros(1, int)).dtype == np.float32


def test_use_generator_replaces_the_seeded_one_inside_its_block():
    like = np.zeros(1, np.float32)
    mg.seed(3)
    with random.use_generator(np.random.default_rng(5)):
        inside = random.uniform((4,), like)
    after = random.uniform((4,), like)
    np.testing.assert_array_equal(inside, np.random.default_rng(5).random(4, "float32"))
    np.testing.assert_array_equal(after, np.random.default_rng(3).random(4, "float32"))
