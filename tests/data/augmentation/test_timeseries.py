"""Augmentation of series: shapes, dtypes, seeds, and what each does, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import minigrad
from minigrad import Tensor
from minigrad.config import to_device
from minigrad.data import augmentation as A
from minigrad.data import batches
from minigrad.data.augmentation import Compose
from minigrad.data.augmentation.timeseries import sample_at, smooth_curves

X = np.random.default_rng(0).standard_normal((6, 30, 3)).astype("float32")
RAMP = np.arange(101, dtype=np.float32)[None].repeat(300, 0)  # the value is the time
KINDS = [
    A.Jitter,
    A.Scaling,
    A.MagnitudeWarp,
    A.ChannelShuffle,
    A.TimeWarp,
    A.WindowSlice,
    A.WindowWarp,
]


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_dtypes_and_inputs_stay(kind):
    before = X.copy()
    for x in (X, X.astype("float64"), X[..., :1], X[..., 0], X[:, :1], X[:0], Tensor(X)):
        y = kind()(x)
        assert y.shape == x.shape
        assert y.dtype == x.dtype
        assert np.isfinite(y).all()
    assert_array_equal(X, before)
    y, labels = kind()(X, np.arange(6))
    assert labels.tolist() == list(range(6))
    assert (y != X).any()


@pytest.mark.parametrize("kind", KINDS)
def test_seeds(kind):
    minigrad.seed(3)
    first = kind()(X)
    second = kind()(X)
    minigrad.seed(3)
    assert_array_equal(kind()(X), first)
    assert (first != second).any()
    assert_array_equal(kind(seed=5)(X), kind(seed=5)(X))
    twins = np.repeat(X[:1], 8, 0)
    assert (kind(seed=1)(twins) != kind(seed=1)(twins)[:1]).any(), "each series draws its own"
    shared = kind(per_batch=True, seed=1)(twins)
    assert_allclose(shared, shared[:1].repeat(8, 0), rtol=1e-6)


def test_values_by_hand():
    ones = np.ones((2000, 20, 2), np.float32)
    noise = A.Jitter(0.1)(ones) - 1
    assert abs(noise.std() - 0.1) < 2e-3
    assert abs(noise.mean()) < 2e-3
    factors = A.Scaling(0.2)(ones)
    assert_array_equal(factors, factors[:, :1].repeat(20, 1))
    assert abs(factors.std() - 0.2) < 0.01
    assert abs(factors.mean() - 1) < 0.02
    assert (factors[:, 0, 0] != factors[:, 0, 1]).all()
    curves = A.MagnitudeWarp(0.2, knots=3)(ones)
    assert abs(curves[:, [0, -1]].std() - 0.2) < 0.01
    assert abs(np.diff(curves, 2, axis=1)).max() < 0.25 < curves.max() - curves.min()
    for step in (A.Jitter(0), A.Scaling(0), A.MagnitudeWarp(0)):
        assert_allclose(step(X), X, rtol=1e-6)


def test_smooth_curves_pass_through_their_knots():
    knots = X[:, :5]
    curves = smooth_curves(knots, 21)
    assert_allclose(curves[:, ::5], knots, atol=1e-6)
    t = np.linspace(-1, 1, 5)[None, :, None]
    # a cubic is a cubic spline
    assert_allclose(smooth_curves(t**3, 9)[0, :, 0], np.linspace(-1, 1, 9) ** 3, atol=1e-9)


def test_channels_change_places():
    y = A.ChannelShuffle()(X.repeat(50, 0))
    orders = [
        tuple(int(np.flatnonzero((series == channel).all(1))[0]) for channel in shuffled)
        for series, shuffled in zip(X.repeat(50, 0).swapaxes(1, 2), y.swapaxes(1, 2))
    ]
    assert set(orders) == {
        (a, b, c) for a in range(3) for b in range(3) for c in range(3) if {a, b, c} == {0, 1, 2}
    }


def test_times_by_hand():
    assert_allclose(
        sample_at(RAMP[:2, :, None], np.array([[0, 0.25, 99.5, 200]]))[1, :, 0],
        [0, 0.25, 99.5, 100],
    )
    warped = A.TimeWarp(0.4)(RAMP)
    assert (np.diff(warped, axis=1) > 0).all()
    assert abs(warped[:, 0]).max() == 0
    assert abs(warped[:, -1] - 100).max() < 1e-3
    assert 2 < abs(warped - RAMP).max() < 60
    wild = np.diff(A.TimeWarp(5.0)(RAMP), axis=1)
    assert wild.min() > -1e-4, "time never runs back"
    sliced = A.WindowSlice(0.5)(RAMP)
    assert_allclose(np.diff(sliced, axis=1), 0.5, atol=1e-3)
    assert sliced[:, 0].min() < 2
    assert 48 < sliced[:, 0].max() <= 50.001
    assert_allclose(A.WindowSlice(1.0)(RAMP), RAMP, atol=1e-4)


def test_window_warp_runs_a_window_at_another_speed():
    for factor in (0.5, 2.0):
        speeds = np.diff(A.WindowWarp(0.2, factor)(RAMP), axis=1)
        total = 80 + 20 * factor  # the new length, before it is fitted
        assert_allclose(np.median(speeds, 1), total / 100, atol=2e-3)
        edge = speeds.min(1) if factor > 1 else speeds.max(1)
        assert_allclose(edge, total / 100 / factor, atol=2e-3)
        assert_allclose(
            (abs(speeds - edge[:, None]) < 2e-3).sum(1), 20 * factor / total * 100, atol=1.6
        )
    assert_allclose(A.WindowWarp(0.3, 1.0)(RAMP), RAMP, atol=1e-4)


def test_as_the_transform_of_batches():
    step = Compose(A.Jitter(0.1), A.TimeWarp())
    minigrad.seed(1)
    first = [x for x, _ in batches([X, np.arange(6)], 4, transform=step)]
    minigrad.seed(1)
    for (x, y), again in zip(batches([X, np.arange(6)], 4, transform=step), first):
        assert_array_equal(x, again)
        assert len(x) == len(y)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: A.Jitter(-0.1), ValueError, "Jitter: a standard deviation is 0 or more, not -0.1"),
        (lambda: A.Scaling(float("nan")), ValueError, "not nan"),
        (lambda: A.MagnitudeWarp(0.1, -1), ValueError, "knots counts"),
        (lambda: A.TimeWarp(0.1, 1.5), ValueError, "not 1.5"),
        (lambda: A.TimeWarp(float("inf")), ValueError, "not inf"),
        (lambda: A.WindowSlice(0), ValueError, "WindowSlice: ratio is a fraction"),
        (lambda: A.WindowSlice(1.1), ValueError, "not 1.1"),
        (lambda: A.WindowWarp(0), ValueError, "WindowWarp: ratio"),
        (lambda: A.WindowWarp(0.1, (2, 1)), ValueError, r"factor \(2, 1\) runs"),
        (lambda: A.WindowWarp(0.1, 0.0), ValueError, "factor"),
        (lambda: A.Jitter()(X[0, :, 0]), ValueError, r"single one into a batch"),
        (lambda: A.Jitter()(X[:, :0]), ValueError, "at least one step"),
        (lambda: A.Jitter()(np.ones((2, 3), int)), TypeError, "got int64: astype"),
    ],
)
def test_series_augmentation_refuses(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_series_on_a_device_are_refused(device):
    if device != "cpu":
        with pytest.raises(TypeError, match="on a device: take them back with to_cpu"):
            A.Jitter()(minigrad.config.to_device(X, device))


SERIES = {
    "Jitter": A.Jitter,
    "Scaling": A.Scaling,
    "MagnitudeWarp": A.MagnitudeWarp,
    "TimeWarp": A.TimeWarp,
    "WindowSlice": A.WindowSlice,
    "WindowWarp": A.WindowWarp,
}


@pytest.mark.parametrize("name", SERIES)
def test_series_that_do_not_fit(name):
    change = SERIES[name]()
    with pytest.raises(TypeError, match=f"{name}: expected floating series, got int64"):
        change(np.ones((2, 8, 3), "int64"))
    with pytest.raises(TypeError, match=name):
        change(to_device(np.ones((2, 8, 3), "float32"), "strict"))
    with pytest.raises(ValueError, match=rf"{name}.*\(8,\)"):
        change(np.ones(8))
