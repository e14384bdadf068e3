"""Rescaling, and normalization by the statistics of data."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense, Identity, Normalization, Rescaling, UnitNormalization

X = np.random.default_rng(0).normal(3.0, 2.0, (50, 4)).astype("float32")


def test_bytes_become_numbers_without_a_warning(xp):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = Rescaling(1 / 127.5, offset=-1)(xp.asarray([[0, 255]], "uint8"))
    assert y.dtype == np.float32
    assert minigrad.to_cpu(y.data).ravel().tolist() == pytest.approx([-1.0, 1.0])


def test_adapt_takes_the_statistics_of_data(xp):
    layer, back = Normalization(), Normalization(invert=True)
    layer.adapt(X)
    back.adapt(X)
    y = minigrad.to_cpu(layer(xp.asarray(X)).data)
    assert y.dtype == np.float32 and layer.trainable_weights == []
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(0), 1, atol=1e-5)
    np.testing.assert_allclose(minigrad.to_cpu(back(xp.asarray(y)).data), X, atol=1e-4)


@pytest.mark.parametrize("axis, others", [(None, (0, 1, 2)), (-1, (0, 1)), ((1, 2), (0,))])
def test_axes_that_keep_statistics(axis, others):
    x = np.random.default_rng(1).normal(size=(20, 3, 1)) * 2 + 1
    layer = Normalization(axis=axis)
    layer.adapt(x)
    wanted = (x - x.mean(others, keepdims=True)) / x.std(others, keepdims=True)
    np.testing.assert_allclose(layer(x.astype("float32")).numpy(), wanted, atol=1e-5)
    known = Normalization(axis=axis, mean=x.mean(others), variance=x.var(others))
    np.testing.assert_allclose(known(x.astype("float32")).numpy(), wanted, atol=1e-5)


def test_weights_hold_the_statistics(tmp_path):
    model = Sequential(Normalization(input_shape=(4,)), Dense(1))
    model.layers[0].adapt(X)
    model.save_weights(tmp_path / "w.safetensors")
    again = Sequential(Normalization(input_shape=(4,)), Dense(1))
    assert (again.layers[0](X).numpy() == X).all(), "0 and 1 before adapt"
    again.load_weights(tmp_path / "w.safetensors")
    assert (again.predict(X, verbose=0) == model.predict(X, verbose=0)).all()
    model.compile("sgd", "mse")
    model.fit(X, np.ones(50), verbose=0)
    np.testing.assert_array_equal(
        model.layers[0].mean.numpy(), again.layers[0].mean.numpy(), "training changes them not"
    )


def test_a_column_that_never_changes_stays_finite():
    layer = Normalization()
    layer.adapt(np.ones((3, 2)))
    assert layer(np.ones((1, 2))).numpy().tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda: Normalization(mean=1.0), "both mean and variance"),
        (lambda: Normalization(axis=0)(X), "axis 0 counts the rows"),
        (lambda: Normalization(axis=2)(X), "must name axes 1 to 1"),
        (lambda: Normalization().adapt(X[:0]), "at least one row"),
        (lambda: fitted().adapt(X[:, :3]), r"shape \(50, 3\) do not fit .* \(1, 4\)"),
        (lambda: Normalization().build((None, None)), "no fixed length"),
    ],
)
def test_what_does_not_fit(act, words):
    with pytest.raises(ValueError, match=words):
        act()


def fitted():
    layer = Normalization()
    layer.adapt(X)
    return layer


def test_unit_length(xp):
    x = xp.asarray([[3.0, 4.0], [0.0, 0.0]], "float32")
    y = minigrad.to_cpu(UnitNormalization()(x).data)
    assert y.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 0.0]]


def test_identity_keeps_integers(xp):
    x = xp.asarray([1, 2])
    assert Identity()(x).dtype == x.dtype
