"""One seed for everything drawn at random."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minigrad as mg
from minigrad import random

from .conftest import run_python


def draws(seed, like):
    """Uniform and normal numbers after `seed`, on the host."""
    mg.seed(seed)
    numbers = random.uniform_like((4, 5), like), random.normal_like((4, 5), like)
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
    for dtype in ("float16", "float32", "float64"):
        like = np.zeros(1, dtype)
        uniform = random.uniform_like((20_000,), like)
        normal = random.normal_like((20_000,), like)
        assert uniform.dtype == normal.dtype == dtype
        assert uniform.min() >= 0 and uniform.max() < 1
        uniform, normal = uniform.astype("float64"), normal.astype("float64")
        assert abs(uniform.mean() - 0.5) < 0.01
        assert abs(uniform.var() - 1 / 12) < 0.005
        assert abs(normal.mean()) < 0.03
        assert abs(normal.std() - 1) < 0.03
    assert random.uniform_like((2,), np.zeros(1, int)).dtype == np.float32


def test_use_generator_replaces_the_seeded_one_inside_its_block():
    like = np.zeros(1, np.float32)
    mg.seed(3)
    with random.use_generator(np.random.default_rng(5)):
        inside = random.uniform_like((4,), like)
    after = random.uniform_like((4,), like)
    np.testing.assert_array_equal(inside, np.random.default_rng(5).random(4, "float32"))
    np.testing.assert_array_equal(after, np.random.default_rng(3).random(4, "float32"))


def test_use_generator_takes_a_seed_or_a_generator():
    with random.use_generator(5):
        assert random.generator().random() == np.random.default_rng(5).random()
    with pytest.raises(TypeError, match=r"takes a generator or a seed, not str: use_generator\("):
        random.use_generator("5")


def test_threads_with_generators_of_their_own_draw_as_they_would_alone():
    def draw(generator):
        with random.use_generator(generator):
            return [float(random.generator().random()) for _ in range(200)]

    mg.seed(3)
    alone = [draw(g) for g in random.generator().spawn(4)]
    mg.seed(3)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(draw, random.generator().spawn(4)))
    assert together == alone
    assert len({numbers[0] for numbers in alone}) == 4


def test_threads_that_share_a_generator_draw_each_number_once():
    mg.seed(3)
    expected = np.random.default_rng(3).random(4000)
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: random.generator().random(), range(4000)))
    assert sorted(numbers) == sorted(expected)


def first_draw(_=None):
    return float(random.generator().random())


def draw_from(seed):
    with random.use_generator(seed):
        return first_draw()


def in_processes(method, n):
    processes = multiprocessing.get_context(method)
    found = []
    for _ in range(n):
        with processes.Pool(1) as pool:
            found.append(pool.apply(first_draw))
    return found


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX")


@needs_fork
def test_forked_processes_repeat_no_draws_and_follow_the_seed():
    def run(seed):
        mg.seed(seed)
        return in_processes("fork", 3)

    first = run(3)
    parent = first_draw()
    assert parent == np.random.default_rng(3).random(), "the parent goes on as if alone"
    assert len({*first, parent}) == 4
    assert run(3) == first
    assert not {*run(4)} & {*first}


@needs_fork
def test_a_forked_process_does_not_repeat_the_generator_of_a_scope():
    with random.use_generator(5):
        assert in_processes("fork", 1)[0] != first_draw()


def test_spawned_processes_repeat_no_draws_and_take_a_generator():
    """Of a real pool, whose processes import everything anew."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        draws = pool.map(first_draw, range(8), chunksize=1)
        given = pool.map(draw_from, [5, 6, 5], chunksize=1)
    assert len({*draws, np.random.default_rng(0).random()}) == 9, "none repeats, nor the parent's"
    assert given[0] == given[2] == np.random.default_rng(5).random() != given[1]


def test_processes_that_start_afresh_repeat_no_draws():
    code = (
        "import multiprocessing; multiprocessing.current_process().name = 'SpawnProcess-{}'\n"
        "import minigrad; print(minigrad.random.generator().random())"
    )
    draws = [run_python(code.format(i)) for i in (1, 2, 1)]
    assert draws[0] == draws[2] != draws[1]
