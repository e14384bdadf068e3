"""AverageWeights: averages in validation and at the end, weights in training."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Sequential
from minigrad.callbacks import AverageWeights, Callback
from minigrad.layers import Dense
from minigrad.optimizers import ExponentialMovingAverage

from .helpers import X, Y, assert_equal_weights, regression, twins


class Watch(Callback):
    """The weights in training and in validation; and averages made by hand."""

    def __init__(self, decay):
        self.decay, self.validated, self.trained = decay, [], []

    def on_train_batch_end(self, batch, logs):
        if not hasattr(self, "average"):
            self.average = ExponentialMovingAverage(self.model, self.decay)
        self.average.update()

    def on_test_batch_begin(self, batch, logs):
        self.validated.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs):
        self.trained.append(self.model.get_weights())


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_averages_validate_and_stay_and_training_does_not_notice():
    plain, averaged = twins(regression)
    watch, plain_watch = Watch(0.9), Watch(0.9)
    options = dict(batch_size=8, epochs=2, verbose=0, validation_data=(X, Y))
    minigrad.seed(1)
    plain.fit(X, Y, callbacks=plain_watch, **options)
    averaging = AverageWeights(0.9)
    minigrad.seed(1)
    history = averaged.fit(X, Y, callbacks=[averaging, watch], **options)
    assert all(equal(a, b) for a, b in zip(watch.trained, plain_watch.trained))  # bit for bit
    final = [a.numpy() for a in averaging.average.averages.values()]
    assert equal(final, watch.validated[-1]) and equal(final, averaged.get_weights())
    assert equal(final, [a.numpy() for a in watch.average.averages.values()])
    assert not equal(final, plain.get_weights())
    assert history.history["val_loss"][-1] == pytest.approx(averaged.evaluate(X, Y))


def test_the_weights_may_stay():
    plain, averaged = twins(regression)
    plain.fit(X, Y, verbose=0, shuffle=False)
    averaging = AverageWeights(keep=False)
    averaged.fit(X, Y, verbose=0, shuffle=False, callbacks=averaging)
    assert_equal_weights(plain, averaged)
    with averaging.average.applied():
        assert not equal(plain.get_weights(), averaged.get_weights())
    assert_equal_weights(plain, averaged)


def test_a_part_of_the_model():
    model = Sequential(Dense(3, input_shape=(4,)), Dense(1))
    model.compile("sgd", "mse")
    averaging = AverageWeights(layer=model.layers[0])
    model.fit(X, Y, verbose=0, callbacks=averaging)
    assert list(averaging.average.averages) == ["kernel", "bias"]


class Fails(Callback):
    def on_test_batch_begin(self, batch, logs):
        raise ZeroDivisionError


def test_a_validation_that_fails_gives_the_weights_back():
    plain, averaged = twins(regression)
    plain.fit(X, Y, verbose=0, shuffle=False)
    with pytest.raises(ZeroDivisionError):
        averaged.fit(
            X,
            Y,
            verbose=0,
            shuffle=False,
            callbacks=[AverageWeights(), Fails()],
            validation_data=(X, Y),
        )
    assert_equal_weights(plain, averaged)
    averaging = AverageWeights()
    assert averaged.evaluate(X, Y, callbacks=averaging) == averaged.evaluate(X, Y)


def test_a_model_that_the_first_batch_builds():
    model = Sequential(Dense(3), Dense(1))
    model.compile("sgd", "mse")
    averaging = AverageWeights()
    model.fit(X, Y, batch_size=25, verbose=0, callbacks=averaging)
    assert averaging.average.updates == 2


def test_a_decay_that_keeps_everything():
    with pytest.raises(ValueError, match=r"decay must be in \[0, 1\)"):
        AverageWeights(decay=1.0)
