"""Initializers: their distributions, fans, and the same numbers on every device."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import minigrad
from minigrad import initializers
from minigrad.backend import device_name, to_cpu
from minigrad.config import default_dtype
from minigrad.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
    fans,
)

SHAPE = (300, 200)
CONVOLUTION = (3, 5, 40, 60)  # fan in 600, fan out 900
# initializer, shape, its standard deviation, the largest absolute value (None: no bound)
SPREADS = [
    (RandomUniform(-0.2, 0.4), SHAPE, 0.6 / math.sqrt(12), 0.4),
    (RandomNormal(0.0, 0.3), SHAPE, 0.3, None),
    (TruncatedNormal(0.0, 0.3), SHAPE, 0.3 * 0.8796256610342398, 0.6),
    (GlorotUniform(), SHAPE, math.sqrt(2 / 500), math.sqrt(6 / 500)),
    (GlorotNormal(), SHAPE, math.sqrt(2 / 500), None),
    (HeUniform(), SHAPE, math.sqrt(2 / 300), math.sqrt(6 / 300)),
    (HeNormal(), SHAPE, math.sqrt(2 / 300), None),
    (LecunUniform(), SHAPE, math.sqrt(1 / 300), math.sqrt(3 / 300)),
    (LecunNormal(), SHAPE, math.sqrt(1 / 300), None),
    (GlorotUniform(), CONVOLUTION, math.sqrt(2 / 1500), math.sqrt(6 / 1500)),
    (HeNormal(), CONVOLUTION, math.sqrt(2 / 600), None),
    (
        VarianceScaling(3.0, "fan_out", "uniform"),
        CONVOLUTION,
        math.sqrt(3 / 900),
        math.sqrt(9 / 900),
    ),
    (VarianceScaling(0.5, "fan_out", "untruncated_normal"), SHAPE, math.sqrt(0.5 / 200), None),
]
RANDOM = [type(case[0]) for case in SPREADS[:9]] + [VarianceScaling, Orthogonal]


@pytest.mark.parametrize("initializer, shape, deviation, bound", SPREADS, ids=repr)
def test_spread(initializer, shape, deviation, bound):
    x = initializer(shape).astype(np.float64)
    middle = 0.1 if type(initializer) is RandomUniform else 0.0
    n = math.sqrt(x.size)
    assert x.shape == shape
    assert abs(x.mean() - middle) < 5 * deviation / n
    assert abs(x.std() / deviation - 1) < 5 / n
    if bound is not None:
        assert 0.99 * bound < abs(x).max() <= bound * (1 + 1e-6)


@pytest.mark.parametrize(
    "initializer", [RandomNormal(), VarianceScaling(distribution="untruncated_normal")], ids=repr
)
def test_untruncated_normals_have_tails(initializer):
    x = initializer(SHAPE)
    # 4.6 % of a normal lie outside two deviations
    assert 0.035 < (abs(x) > 2 * x.std()).mean() < 0.055


@pytest.mark.parametrize(
    "initializer", [TruncatedNormal(5.0, 1.0), HeNormal(), GlorotNormal(), LecunNormal()], ids=repr
)
def test_truncated_normals_have_none(initializer):
    x = initializer(SHAPE).astype(np.float64)
    x = (x - x.mean()) / x.std()
    assert abs(x).max() < 2.3  # 2 / 0.88
    # between the cuts the shape is the normal's
    assert abs((abs(x) * 0.8796 < 1).mean() - 0.6827 / 0.9545) < 0.01
    assert (abs(x) > 2.2).mean() > 0.003  # drawn again, not clipped: the edge is not thin,
    assert len(np.unique(x)) > 0.9 * x.size  # and nothing piles up


def test_fans():
    assert fans((300, 200)) == (300, 200)
    assert fans((3, 5, 40, 60)) == (600, 900)
    assert fans((7, 4, 2)) == (28, 14)
    assert fans((6,)) == (6, 6)
    assert fans(()) == (1, 1)


def test_fixed_values():
    assert_array_equal(Zeros()((2, 3)), np.zeros((2, 3)))
    assert_array_equal(Ones()(4), np.ones(4))
    assert_array_equal(Constant([1, 2])((3, 2)), [[1, 2]] * 3)
    assert_array_equal(Constant(0.5)(()), 0.5)
    assert_array_equal(Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    assert Zeros()((2,), "int64").dtype == np.int64


@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (9, 4), (3, 3, 2, 5), (2, 2, 1, 7)])
def test_orthogonal(shape):
    with default_dtype("float64"):
        q = Orthogonal(gain=3.0)(shape).reshape(-1, shape[-1]) / 3
    product = q @ q.T if q.shape[0] < q.shape[1] else q.T @ q
    assert_allclose(product, np.eye(min(q.shape)), atol=1e-12)


def test_orthogonal_prefers_no_direction():
    """Without the correction of signs, the first element of LAPACK's Q has always one sign."""
    firsts = np.array([Orthogonal()((3, 3))[0, 0] for _ in range(200)])
    assert 60 < (firsts > 0).sum() < 140


@pytest.mark.parametrize("cls", RANDOM)
def test_seeds(cls):
    minigrad.seed(3)
    first = cls()((4, 5))
    second = cls()((4, 5))
    minigrad.seed(3)
    assert_array_equal(cls()((4, 5)), first)
    assert (first != second).any()
    own = cls(seed=11)
    # as in Keras: an int seed gives one set of numbers
    assert_array_equal(own((4, 5)), own((4, 5)))
    assert_array_equal(own((4, 5)), cls(seed=11)((4, 5)))
    assert (own((4, 5)) != cls(seed=12)((4, 5))).any()
    stream = cls(seed=np.random.default_rng(11))
    assert_array_equal(stream((4, 5)), own((4, 5)))
    assert (stream((4, 5)) != own((4, 5))).any()


def test_an_own_seed_leaves_the_common_generator_alone():
    minigrad.seed(3)
    expected = HeNormal()((4,))
    minigrad.seed(3)
    HeNormal(seed=1)((4,))
    assert_array_equal(HeNormal()((4,)), expected)


@pytest.mark.parametrize("name", initializers.NAMES)
def test_every_device_and_dtype(name, device):
    for dtype in ("float32", "float64", "float16"):
        minigrad.seed(5)
        x = initializers.get(name)((6, 4), dtype)
        assert x.dtype == dtype
        assert x.shape == (6, 4)
        assert device_name(x) == device
        with minigrad.device("cpu"):
            minigrad.seed(5)
            assert_array_equal(to_cpu(x), initializers.get(name)((6, 4), dtype))
    assert initializers.get(name)((2, 2)).dtype == np.float32
    with default_dtype("float64"):
        assert initializers.get(name)((2, 2)).dtype == np.float64


def test_get():
    assert (
        type(initializers.get("glorot_uniform"))
        is type(initializers.get("GlorotUniform"))
        is GlorotUniform
    )
    assert type(initializers.get(HeNormal)) is HeNormal
    own = HeNormal(seed=1)
    assert initializers.get(own) is own

    def ones(shape, dtype=None):
        return np.ones(shape)

    assert initializers.get(ones) is ones
    with pytest.raises(
        ValueError,
        match="unknown initializer 'glorot_unifrom': did you mean 'glorot_uniform'.*known: zeros",
    ):
        initializers.get("glorot_unifrom")
    with pytest.raises(TypeError, match="initializer.*3"):
        initializers.get(3)


def test_refusals():
    with pytest.raises(ValueError, match="Orthogonal.*shape \\(5,\\)"):
        Orthogonal()((5,))
    with pytest.raises(ValueError, match="Identity.*shape \\(2, 2, 2\\)"):
        Identity()((2, 2, 2))
    with pytest.raises(ValueError, match="did you mean 'fan_in'"):
        VarianceScaling(mode="fan-in")
    with pytest.raises(ValueError, match="distribution"):
        VarianceScaling(distribution="cauchy")
    with pytest.raises(ValueError, match="scale must be positive"):
        VarianceScaling(0.0)
    with pytest.raises(TypeError, match="int64"):
        HeNormal()((2, 2), "int64")


def test_repr_names_the_settings():
    assert repr(RandomNormal(0.0, 0.5)) == "RandomNormal(mean=0.0, stddev=0.5, seed=None)"
