"""Quantiles, norms, counts and segments: NaN, ties, infinities, zeros, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu

from .helpers import fails, leaf


def host(y):
    return to_cpu(getattr(y, "_array", y))


# ---- quantiles -----------------------------------------------------------------------------------


def test_quantiles_of_nan_are_nan_in_their_row_alone(xp):
    x = xp.asarray(np.array([[3.0, np.nan, 1.0], [3.0, 2.0, 1.0]]))
    np.testing.assert_array_equal(host(ops.median(x, axis=1)), [np.nan, 2])
    np.testing.assert_array_equal(host(ops.quantile(x, q=0, axis=1)), [np.nan, 1])


def test_infinities_have_ranks_like_all_else(xp):
    x = xp.asarray(np.array([np.inf, 1.0, -np.inf, np.inf]))
    assert float(ops.quantile(x, q=1 / 3)) == 1
    assert float(ops.quantile(x, q=0.9)) == np.inf
    assert float(ops.quantile(x, q=0)) == -np.inf


def test_the_gradient_of_a_median_goes_to_the_middle(xp):
    x = leaf(xp, [5.0, 1.0, 3.0, 2.0])
    (g,) = grad(ops.median(x), [x])
    assert g.tolist() == [0, 0, 0.5, 0.5]
    tied = leaf(xp, [2.0, 2.0, 2.0])
    (g,) = grad(ops.median(tied), [tied])
    assert g.sum().item() == 1


def test_errors_of_quantiles():
    x = np.array([1.0, 2.0])
    for q in (1.5, -0.1, [0.5, 2], "half", None, np.nan):
        with fails(ValueError, "quantile", "from 0 to 1"):
            ops.quantile(x, q=q)
    with fails(ValueError, "median", "no elements", r"\(0, 3\)"):
        ops.median(np.zeros((0, 3)), axis=0)


def test_errors_of_averages():
    x = np.ones((2, 3))
    with fails(ValueError, "average", r"\(2,\)", "axis=0"):
        ops.average(x, None, np.ones(2))
    with fails(ValueError, "average", "2 weights", "axis 1 of length 3"):
        ops.average(x, 1, np.ones(2))


# ---- norms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ord", [None, 2, 1, 3, 1.5, 0.5, math.inf, "fro"])
def test_the_gradient_of_a_norm_is_0_where_it_is_0(ord, xp):
    x = leaf(xp, [0.0, 0.0])
    y = ops.norm(x, ord=ord)
    (g,) = grad(y, [x], create_graph=True)
    assert y.item() == 0 and g.tolist() == [0, 0]
    mixed = leaf(xp, [0.0, -2.0])
    (g,) = grad(ops.norm(mixed, ord=ord), [mixed])
    np.testing.assert_allclose(host(g), [0, -1], rtol=1e-6)


def test_errors_of_norms():
    x = np.ones((2, 3))
    for ord in (0, -1, "nuc", np.nan):
        with fails(ValueError, "norm", "above 0", "count_nonzero"):
            ops.norm(x, ord=ord, axis=0)
    with fails(ValueError, "norm", "2 axes", "axis=-1"):
        ops.norm(x, ord=1)


# ---- counts and segments -------------------------------------------------------------------------


def test_unique_gives_one_nan_and_the_gradient_to_the_first(xp):
    x = leaf(xp, [2.0, np.nan, 1.0, np.nan, 2.0])
    y, counts = ops.unique(x, return_counts=True)
    np.testing.assert_array_equal(host(y), [1, 2, np.nan])
    assert isinstance(counts, Tensor) and counts.tolist() == [1, 2, 2]
    (g,) = grad(y[:2].sum(), [x])
    assert g.tolist() == [1, 0, 1, 0, 0]


def test_nonzero_is_an_index(xp):
    x = Tensor(xp.asarray(np.array([[0.0, 5.0], [7.0, 0.0]])))
    places = x.nonzero()
    assert all(isinstance(indices, Tensor) for indices in places)
    assert x[places].tolist() == [5, 7]
    with fails(ValueError, "nonzero", r"\(1,\)"):
        ops.nonzero(np.array(1.0))


def test_sums_of_segments_count_bools_and_take_ids_in_any_order(xp):
    ids = xp.asarray(np.array([2, 0, 2]))
    assert ops.segment_sum(xp.asarray(np.array([True] * 3)), ids).tolist() == [1, 0, 2]
    x = leaf(xp, [1.0, 2.0, 3.0])
    y = ops.segment_sum(x, ids, num_segments=4)
    assert y.tolist() == [2, 0, 4, 0]
    (g,) = grad(y * y, [x])
    assert g.tolist() == [8, 4, 8]


def test_errors_of_segments_and_counts():
    x = np.ones((3, 2))
    with fails(IndexError, "segment_sum", "from 0 to 2", "2 segments allow 0 to 1"):
        ops.segment_sum(x, np.array([0, 2, 1]), num_segments=2)
    with fails(IndexError, "segment_sum", "from -1 to 1"):
        ops.segment_sum(x, np.array([0, -1, 1]))
    with fails(ValueError, "segment_sum", r"\(2,\)", r"\(3, 2\)"):
        ops.segment_sum(x, np.array([0, 1]))
    with fails(TypeError, "segment_sum", "integers"):
        ops.segment_sum(x, np.array([0.0, 1.0, 1.0]))
    with fails(TypeError, "bincount", "integers"):
        ops.bincount(np.array([0.5]))
    with fails(ValueError, "bincount", "-3"):
        ops.bincount(np.array([1, -3]))
    with fails(ValueError, "bincount", r"\(3,\)", r"\(2,\)"):
        ops.bincount(np.array([1, 0]), np.ones(3))
    with fails(ValueError, "scatter_add", r"\(3,\)", r"\(2,\)"):
        ops.scatter_add(np.zeros(4), np.ones(3), index=[0, 1])
    with fails(IndexError, "scatter_add", "4"):
        ops.scatter_add(np.zeros(4), 1.0, index=4)


def test_scatter_add_leaves_its_input_and_has_both_gradients(xp):
    x, values = leaf(xp, [1.0, 2.0, 3.0]), leaf(xp, [10.0, 20.0])
    y = ops.scatter_add(x, values, index=[1, 1])
    assert y.tolist() == [1, 32, 3] and x.tolist() == [1, 2, 3]
    gx, gv = grad(y * y, [x, values])
    assert gx.tolist() == [2, 64, 6] and gv.tolist() == [64, 64]
