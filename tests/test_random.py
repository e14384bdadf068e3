"""Random Tensors under Keras's names: shapes, laws, seeds."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, random
from minigrad.backend import to_cpu

DRAWS = {
    "normal": lambda **o: random.normal((3, 2), **o),
    "uniform": lambda **o: random.uniform((3, 2), **o),
    "truncated_normal": lambda **o: random.truncated_normal((3, 2), **o),
    "randint": lambda **o: random.randint((3, 2), 0, 1000, **o),
    "binomial": lambda **o: random.binomial((3, 2), 1000, 0.5, **o),
    "beta": lambda **o: random.beta((3, 2), 2.0, 3.0, **o),
    "gamma": lambda **o: random.gamma((3, 2), 2.0, **o),
    "categorical": lambda **o: random.categorical(np.zeros((3, 1000)), 2, **o),
    "shuffle": lambda **o: random.shuffle(np.arange(600).reshape(300, 2), **o)[:3],
    "dropout": lambda **o: random.dropout(np.ones((30, 2)), 0.5, **o),
}


@pytest.mark.parametrize("name", DRAWS)
def test_what_a_seed_fixes(name):
    draw = DRAWS[name]
    assert isinstance(draw(), Tensor) and draw().shape == (30 if name == "dropout" else 3, 2)
    assert draw(seed=5).numpy().tolist() == draw(seed=5).numpy().tolist()
    assert draw(seed=5).numpy().tolist() != draw(seed=6).numpy().tolist()
    assert draw(seed=np.random.default_rng(5)).tolist() == draw(seed=5).tolist()
    minigrad.seed(3)
    first, second = draw().tolist(), draw().tolist()
    minigrad.seed(3)
    assert draw().tolist() == first != second
    seeds, twins = random.SeedGenerator(4), random.SeedGenerator(4)
    one, two = draw(seed=seeds).tolist(), draw(seed=seeds).tolist()
    assert one != two and [one, two] == [draw(seed=twins).tolist() for _ in range(2)]


def test_dtypes():
    assert random.normal((2,)).dtype == random.beta((2,), 1, 1).dtype == "float32"
    assert random.randint((2,), 0, 5).dtype == "int32"
    assert random.categorical([[0.0, 1.0]], 2, "int64").dtype == "int64"
    assert random.shuffle(np.arange(3, dtype="uint8")).dtype == "uint8"
    with minigrad.default_dtype("float64"):
        assert random.uniform((2,)).dtype == "float64"
    assert random.truncated_normal((2,), dtype="float16").dtype == "float16"


def test_laws():
    normal = random.normal((20_000,), 3.0, 2.0, seed=1).numpy()
    assert abs(normal.mean() - 3) < 0.05 and abs(normal.std() - 2) < 0.05
    uniform = random.uniform((20_000,), -1, 5, seed=1).numpy()
    assert uniform.min() >= -1 and uniform.max() < 5 and abs(uniform.mean() - 2) < 0.05
    cut = random.truncated_normal((20_000,), 1.0, 0.1, seed=1).numpy()
    assert abs(cut - 1).max() <= 0.2 and abs(cut.std() - 0.08796) < 0.002
    assert set(random.randint((300,), -1, 2, seed=1).tolist()) == {-1, 0, 1}
    tries = random.binomial((20_000,), 10, 0.3, seed=1).numpy()
    assert abs(tries.mean() - 3) < 0.05 and abs(tries.var() - 2.1) < 0.1
    assert abs(random.beta((20_000,), 2.0, 6.0, seed=1).numpy().mean() - 0.25) < 0.005
    assert abs(random.gamma((20_000,), 3.0, seed=1).numpy().mean() - 3) < 0.05
    drawn = random.categorical(np.log([[0.2, 0.8], [0.5, 0.5]]), 20_000, seed=1).numpy()
    np.testing.assert_allclose(drawn.mean(1), [0.8, 0.5], atol=0.015)


def test_parameters_may_be_arrays_that_broadcast():
    far = random.normal((1000, 2), mean=np.array([0.0, 50.0]), stddev=Tensor([1.0, 2.0]), seed=1)
    assert far.dtype == "float32"
    np.testing.assert_allclose(far.numpy().mean(0), [0, 50], atol=0.3)
    within = random.uniform((50, 2), [0, 10], [1, 11], seed=1).numpy()
    assert (within // 1 == [0, 10]).all()


def test_shuffle_moves_whole_rows_or_columns(xp):
    x = xp.asarray(np.arange(12).reshape(3, 4))
    rows = to_cpu(random.shuffle(x, seed=2).data)
    assert sorted(map(tuple, rows)) == sorted(map(tuple, to_cpu(x)))
    columns = to_cpu(random.shuffle(x, axis=1, seed=2).data)
    assert sorted(map(tuple, columns.T)) == sorted(map(tuple, to_cpu(x).T))


def test_dropout_scales_what_it_keeps(xp):
    x = xp.ones((200, 100), "float32")
    y = to_cpu(random.dropout(x, 0.25, seed=1).data)
    assert set(np.unique(y)) == {0, np.float32(4 / 3)} and abs(y.mean() - 1) < 0.02
    same = to_cpu(random.dropout(x, 0.25, noise_shape=(None, 1), seed=1).data)
    assert (same == same[:, :1]).all()
    t = Tensor(np.ones(6), requires_grad=True)
    y = random.dropout(t, 0.5, seed=1)
    y.sum().backward()
    np.testing.assert_array_equal(t.grad, y.numpy())


def test_layers_and_initializers_draw_from_a_seed_generator():
    def draws():
        seeds = random.SeedGenerator(3)
        initializer = minigrad.initializers.RandomNormal(seed=seeds)
        noise = minigrad.layers.GaussianNoise(1.0, seed=seeds)
        first, second = initializer((2,)), initializer((2,))
        assert (first != second).any()
        return [first, second, noise(np.zeros((1, 2), "float32"), training=True).numpy()]

    for a, b in zip(draws(), draws(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_seed_generator_follows_the_seed_unless_it_has_its_own():
    minigrad.seed(1)
    first = random.SeedGenerator().next()
    minigrad.seed(1)
    again, other = random.SeedGenerator(), random.SeedGenerator()
    assert again.next() == first != other.next()
    assert random.SeedGenerator(7).next() == random.SeedGenerator(7).next()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: random.normal((2,), seed="a"), "seed must be a whole number from 0, a SeedG"),
        (lambda: random.SeedGenerator(-1), "seed must be a whole number from 0"),
        (lambda: random.uniform((2,), dtype="int32"), "floating dtype, not int32: randint draws"),
        (lambda: random.beta((2,), 1, 1, dtype="int32"), "floating dtype, not int32"),
        (lambda: random.randint((2,), 0, 5, dtype="float32"), "draws integers, not float32"),
        (lambda: random.categorical(np.zeros(3), 2), r"shape \(N, classes\), got \(3,\)"),
        (lambda: random.dropout(np.ones(3), 1.0), r"rate must be in \[0, 1\), got 1.0"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
