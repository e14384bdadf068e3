"""Activity regularizers: a penalty on outputs, by its mean over the rows, in the loss."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, grad, layers, ops, regularizers
from minigrad.layers import ActivityRegularization, Dense

X = np.arange(12.0, dtype="float32").reshape(4, 3) / 10


def dense(**options):
    return Dense(2, kernel_initializer="ones", activity_regularizer="l2", **options)


def expected(x=X):
    return 0.01 * (x.sum(1) ** 2).sum() * 2 / len(x)


@pytest.mark.parametrize(
    "make, shape, count",
    [
        (lambda: layers.Conv2D(2, 2, activity_regularizer="l2"), (2, 3, 3, 1), 1),
        (lambda: layers.SeparableConv1D(2, 2, activity_regularizer="l2"), (2, 3, 1), 1),
        (lambda: layers.LSTM(2, activity_regularizer="l2"), (2, 3, 1), 1),
        (lambda: layers.GRU(2, activity_regularizer="l2", return_state=True), (2, 3, 1), 2),
        (lambda: layers.MultiHeadAttention(2, 3, activity_regularizer="l2"), (2, 3, 4), 4),
    ],
)
def test_layers_that_take_it(make, shape, count):
    layer = make()
    y = layer(np.ones(shape, "float32"))
    assert len(layer.losses) == count
    first = y[0] if isinstance(y, list) else y
    penalties = [loss.item() for loss in layer.losses]
    assert pytest.approx(0.01 * (first.numpy() ** 2).sum() / 2, rel=1e-5) in penalties


def test_it_is_the_mean_over_the_rows_of_the_last_call():
    layer = dense()
    for rows in (4, 2):
        layer(X[:rows])
        (loss,) = layer.losses
        assert loss.item() == pytest.approx(expected(X[:rows]), rel=1e-5)
    (g,) = grad(loss, [layer.kernel])
    assert (g.numpy() > 0).all()
    layer(X[:0])
    assert layer.losses[0].item() == 0


def test_the_attribute_may_be_set_later():
    layer = Dense(2, kernel_initializer="ones")
    layer(X)
    assert layer.losses == [] and layer.activity_regularizer is None
    layer.activity_regularizer = regularizers.L2(0.01)
    layer(X)
    assert layer.losses[0].item() == pytest.approx(expected(), rel=1e-5)


def graph():
    x = minigrad.Input((3,))
    return minigrad.Model(x, Dense(1, kernel_initializer="zeros")(dense()(x)))


def nested():
    return Sequential(graph())


def line():
    return Sequential(dense(), Dense(1, kernel_initializer="zeros"))


@pytest.mark.parametrize("make", [graph, nested, line])
def test_it_joins_the_loss_in_training_and_evaluation(make):
    model = make()
    model.compile(minigrad.optimizers.SGD(0.1), "mse")
    y = np.zeros((4, 1), "float32")
    assert model.evaluate(X, y, verbose=0) == pytest.approx(expected(), rel=1e-5)
    before = model.weights[0].numpy().copy()
    history = model.fit(X, y, batch_size=4, verbose=0)
    assert history.history["loss"][0] == pytest.approx(expected(), rel=1e-5)
    assert (model.weights[0].numpy() < before).all()  # the head is 0: the penalty alone moves it
    assert model.train_on_batch(X, y) < expected()
    assert len(model.losses) == 1


def test_activity_regularization():
    layer = ActivityRegularization(l1=0.1, l2=0.2)
    y = layer(X)
    assert (y.numpy() == X).all()
    penalty = (0.1 * abs(X).sum() + 0.2 * (X**2).sum()) / 4
    assert layer.losses[0].item() == pytest.approx(penalty, rel=1e-5)
    with pytest.raises(ValueError, match="l1 must be a finite number >= 0"):
        ActivityRegularization(l1=-1.0)


def test_in_a_loop_with_a_dtype_and_a_mask():
    layer = dense(dtype="float64")
    x = minigrad.Tensor(X)
    x.mask = np.ones((4, 3), bool)
    with minigrad.training():
        y = layer(x)
        loss = ops.sum(y) * 0 + ops.sum(layer.losses[0])
    assert loss.dtype == y.dtype == "float64" and y.mask is not None
    (g,) = grad(loss, [layer.kernel])
    assert abs(g.numpy()).min() > 0
