"""Ops for places, parts and missing numbers: edges, and the errors they promise."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.backend import to_cpu

from .helpers import fails, leaf


def host(y):
    return to_cpu(getattr(y, "_array", y))


# ---- edges ---------------------------------------------------------------------------------------


def test_a_segment_without_rows(xp):
    data, ids = leaf(xp, [1.0, 2.0]), xp.asarray(np.array([0, 2]))
    assert host(ops.segment_max(data, ids)).tolist() == [1, -np.inf, 2]
    assert host(ops.segment_min(data, ids, num_segments=4)).tolist() == [1, np.inf, 2, np.inf]
    whole = xp.asarray(np.array([5, 7], "int8"))
    assert host(ops.segment_max(whole, ids)).tolist() == [5, -128, 7]
    assert host(ops.segment_min(whole, ids)).tolist() == [5, 127, 7]
    assert ops.segment_max(data[:0], ids[:0]).shape == (0,)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["nanmax", "nanmin", "nanmean", "nanvar", "nanstd"])
def test_where_nothing_is_known_the_result_is_nan(name, xp):
    x = leaf(xp, [[np.nan, np.nan], [1.25, 1.25]])
    y = getattr(ops, name)(x, axis=1)
    found = host(y)
    assert np.isnan(found[0]) and found[1] == (0 if name[3:] in ("var", "std") else 1.25)
    (g,) = minigrad.grad(y[1], [x])
    assert np.isfinite(host(g)).all() and (host(g)[0] == 0).all()


def test_no_gradient_is_lost_to_what_is_missing(xp):
    x = leaf(xp, [1.0, np.nan, 3.0])
    (g,) = minigrad.grad(ops.nanvar(x), [x])
    assert host(g).tolist() == [-1, 0, 1]


def test_sinc_has_its_curvature_at_0():
    x = Tensor(0.0, requires_grad=True, dtype="float64")
    (slope,) = minigrad.grad(ops.sinc(x), [x], create_graph=True)
    (curvature,) = minigrad.grad(slope, [x])
    assert float(slope) == 0 and float(curvature) == pytest.approx(-(np.pi**2) / 3)


def test_normalize_keeps_zeros():
    x = Tensor(np.zeros((1, 2), "float32"), requires_grad=True)
    y = ops.normalize(x)
    (g,) = minigrad.grad(ops.sum(y), [x])
    assert (y.numpy() == 0).all() and np.isfinite(g.numpy()).all()


def test_images_that_are_equal_have_no_noise():
    with np.errstate(divide="ignore"):
        assert ops.psnr(np.ones(3), np.ones(3), 1.0) == np.inf


def test_probabilities_of_0_and_1_are_kept_from_the_edge():
    p = np.array([0.0, 1.0], "float32")
    losses = ops.binary_crossentropy(1 - p, p)
    np.testing.assert_allclose(losses, [16.118, 15.942], rtol=1e-3)
    exact = ops.categorical_crossentropy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]))
    np.testing.assert_allclose(exact, -np.log(1e-7))


def test_the_last_of_several_updates_of_a_place_stays(xp):
    x = leaf(xp, np.zeros((2, 2)))
    places = xp.asarray(np.array([[[0, 1], [1, 0]], [[0, 1], [1, 1]]]))
    y = ops.scatter_update(x, places, xp.asarray(np.array([[1.0, 2.0], [3.0, 4.0]], "float32")))
    assert host(y).tolist() == [[0, 3], [2, 4]]


def test_what_is_not_a_number_stays_where_it_is(xp):
    x = leaf(xp, [np.nan, np.inf, 1.0])
    y = ops.slice_update(x, (2,), xp.asarray(np.array([5.0], "float32")))
    np.testing.assert_array_equal(host(y), [np.nan, np.inf, 5])


def test_fewer_heads_of_keys_serve_several_of_queries():
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((1, 3, heads, 2)) for heads in (4, 2, 2))
    y = ops.dot_product_attention(q, k, v)
    alone = ops.dot_product_attention(q[:, :, 2:3], k[:, :, 1:], v[:, :, 1:])
    np.testing.assert_allclose(y[:, :, 2:3], alone)


def test_positional_calls_are_keras_s(xp):
    x = xp.asarray(np.arange(12.0, dtype="float32").reshape(1, 4, 3, 1))
    assert ops.max_pool(x, 2, 1, "same").shape == (1, 4, 3, 1)
    assert ops.conv(x, xp.ones((2, 2, 1, 5), "float32"), 2, "same").shape == (1, 2, 2, 5)
    assert host(ops.pad(x[0, 0, :2, 0], [[1, 0]], "constant", 7)).tolist() == [7, 0, 1]
    assert host(ops.one_hot(xp.asarray(np.array([1])), 2, -1, "int32")).tolist() == [[0, 1]]
    assert host(ops.top_k(x[0, :, 0, 0], 2, False)[1]).tolist() == [3, 2]
    assert host(ops.quantile(x, 0.5, None, "lower")) == 5
    assert host(ops.slice(x[0, :, :, 0], [1, 1], [2, 1])).tolist() == [[4], [7]]
    with minigrad.device("cpu"):
        assert ops.zeros([2], "int32").tolist() == [0, 0]
        assert ops.full([2, 1], 3).dtype == "float32"
        y, step = ops.linspace(0, 1, 5, retstep=True)
        assert step == 0.25 and y[-1] == 1


def test_arrays_are_copies_and_tensors_stay_tensors():
    x = np.array([1.0, 2.0])
    y = ops.array(x)
    y[0] = 5
    assert x[0] == 1 and ops.array([0.5]).dtype == "float32" and ops.array(2).shape == ()
    t = Tensor([1.0], requires_grad=True)
    assert ops.array(t, dtype="float64").requires_grad


def test_ops_of_places_in_a_functional_model():
    x = minigrad.Input((4, 3))
    y = ops.concatenate([ops.nanmean(x, axis=1), ops.normalize(ops.amax(x, axis=1))], axis=-1)
    assert ops.ndim(y) == 2 and ops.dtype(y) == "float32" and not ops.is_tensor(y)
    model = minigrad.Model(x, y)
    assert model(np.ones((2, 4, 3), "float32")).shape == (2, 6)
    with pytest.raises(ValueError, match="leaves a length open"):
        ops.size(y)
    assert ops.size(Tensor(np.ones((2, 3)))) == 6


# ---- errors --------------------------------------------------------------------------------------

X = np.ones((2, 3), "float32")
IDS = np.array([0, 1])


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: ops.zeros(2.5), TypeError, "zeros.*a length must be a whole number, not 2.5"),
        (lambda: ops.ones((2, -1)), ValueError, r"at least 0, not \(2, -1\)"),
        (lambda: ops.full(2, "a"), TypeError, "fill_value must be a number"),
        (lambda: ops.tri(-1), ValueError, "no matrix of -1 x -1"),
        (lambda: ops.dsplit(X, 1), ValueError, "no axis 2"),
        (lambda: ops.fliplr(X[0]), ValueError, "no axis 1"),
        (lambda: ops.rot90(X, axes=(0,)), ValueError, "two axes"),
        (lambda: ops.diag(X[None]), ValueError, "a vector or a matrix"),
        (lambda: ops.unstack(X, 3), ValueError, "num is 3"),
        (lambda: ops.array_split(X, 0), ValueError, "at least 1, not 0"),
        (lambda: ops.cross(X[:, :2], X), ValueError, "three elements"),
        (lambda: ops.slice(X, (0,), (1,)), ValueError, "give one per axis"),
        (lambda: ops.slice(X, (0, 4), (1, 1)), ValueError, "outside shape"),
        (lambda: ops.slice_update(X, (0, 2), X), ValueError, "reach beyond"),
        (lambda: ops.scatter(X, X, (2,)), ValueError, "integers .* one per axis"),
        (lambda: ops.scatter(IDS[:, None] + 3, X[:, 0], (2,)), IndexError, "index 4 is outside"),
        (lambda: ops.scatter_update(X, IDS[:, None], X, reduction="max"), ValueError, "add"),
        (lambda: ops.multi_hot(IDS[:, None, None], num_classes=3), ValueError, "not of shape"),
        (lambda: ops.segment_max(X, IDS[:1]), ValueError, "one per row"),
        (lambda: ops.searchsorted(X, 1.0), ValueError, "one axis"),
        (lambda: ops.searchsorted(X[0], 1.0, side="middle"), ValueError, "side of searchsorted"),
        (lambda: ops.histogram(X, 0), ValueError, "bins must be at least 1"),
        (lambda: ops.unravel_index(IDS + 5, (2, 3)), IndexError, "outside the 6 elements"),
        (lambda: ops.in_top_k(IDS, X, 0), ValueError, "k must be at least 1"),
        (lambda: ops.in_top_k(IDS + 2, X, 1), IndexError, "3 classes allow 0..2"),
        (lambda: ops.select([X > 0], [X, X]), ValueError, "1 conditions do not fit 2"),
        (lambda: ops.quantile(X, 0.5, method="cubic"), ValueError, "method of quantile"),
        (lambda: ops.conv(X, X), ValueError, "sequences"),
        (lambda: ops.max_pool(X[None], data_format="channels_first"), ValueError, "moveaxis"),
        (
            lambda: ops.depthwise_conv(X[None], np.ones((2, 2, 1))),
            ValueError,
            "for 2 channels, and x",
        ),
        (lambda: ops.dot_product_attention(X, X, X), ValueError, r"\(N, T, heads, d\)"),
        (
            lambda: ops.dot_product_attention(*(np.ones((1, 1, n, 2)) for n in (3, 2, 2))),
            ValueError,
            "3 heads of queries do not divide",
        ),
        (lambda: ops.layer_normalization(X, X[0, :2]), ValueError, r"must have shape \(3,\)"),
        (lambda: ops.binary_crossentropy(X, X[0]), ValueError, "differ"),
        (lambda: ops.psnr(X, X[0], 1.0), ValueError, "differ"),
        (lambda: ops.inv(X), ValueError, r"square matrix \(..., n, n\)"),
        (lambda: ops.inv(X[:, :2]), ValueError, "inv.*ingular"),
        (lambda: ops.det(X[0]), ValueError, "square matrix"),
        (lambda: ops.solve(X[:, :2], X[0]), ValueError, "a right side of 2 rows"),
    ],
)
def test_promised_errors(call, error, words):
    with fails(error, words):
        call()
