"""LearningRateFinder: rates, smoothed losses, where it stops, and a model that is put back."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Sequential
from minigrad.callbacks import Callback, LearningRateFinder
from minigrad.layers import BatchNormalization, Dense, Dropout
from minigrad.optimizers import SGD, Adam
from minigrad.optimizers.schedules import CosineDecay

from .helpers import X, Y, assert_equal_weights, regression, twins


def network(optimizer=None):
    model = Sequential(Dense(6, "tanh", input_shape=(4,)), BatchNormalization(), Dropout(0.3))
    model.add(Dense(1))
    model.compile(optimizer or Adam(0.01), "mse")
    return model


def found(model, **options):
    finder = LearningRateFinder(**options)
    model.fit(X, Y, batch_size=10, epochs=60, verbose=0, callbacks=finder)
    return finder


# ---- the test ------------------------------------------------------------------------------------


def test_rates_are_geometric_and_one_step_each():
    finder = found(regression(), min_rate=1e-6, max_rate=1e-2, steps=9)
    assert np.allclose(finder.rates, 10.0 ** np.linspace(-6, -2, 9), rtol=1e-12)
    assert len(finder.losses) == len(finder.smoothed) == 9


def test_losses_are_those_of_the_batches_and_smoothed_by_the_formula():
    model, twin = twins(regression)
    finder = LearningRateFinder(min_rate=1e-3, max_rate=1e-1, steps=7, smoothing=0.8)
    model.fit(X, Y, batch_size=10, epochs=7, shuffle=False, verbose=0, callbacks=finder)
    starts = [i for _ in range(7) for i in range(0, 50, 10)][:7]
    expected = []
    for start, rate in zip(starts, finder.rates):
        twin.optimizer.learning_rate = rate
        expected.append(twin.train_on_batch(X[start : start + 10], Y[start : start + 10]))
        twin.reset_metrics()
    assert len(X) == 50  # equal batches, and a second epoch begins
    assert np.allclose(finder.losses, expected, rtol=1e-5)
    average = 0.0
    for i, loss in enumerate(finder.losses):
        average = 0.8 * average + 0.2 * loss
        assert finder.smoothed[i] == pytest.approx(average / (1 - 0.8 ** (i + 1)))


def test_a_loss_that_diverges_ends_the_test():
    finder = found(regression(SGD(0.1)), min_rate=1e-3, max_rate=1e3, steps=60)
    assert 10 < len(finder.losses) < 60
    assert finder.smoothed[-1] > 4 * min(finder.smoothed)
    lowest = np.minimum.accumulate(finder.smoothed)
    assert (finder.smoothed[:-1] <= 4 * lowest[:-1]).all()
    later = found(regression(SGD(0.1)), min_rate=1e-3, max_rate=1e3, steps=60, divergence=1e3)
    assert len(later.losses) > len(finder.losses)


def test_the_suggestion_is_a_tenth_of_the_rate_of_the_lowest_loss():
    finder = found(regression(SGD(0.1)), min_rate=1e-3, max_rate=1e3, steps=60)
    lowest = finder.rates[int(np.argmin(finder.smoothed))]
    assert finder.suggestion() == pytest.approx(lowest / 10)
    assert 1e-3 < lowest < finder.rates[-1]


# ---- the model is put back -----------------------------------------------------------------------


@pytest.mark.parametrize("fitted_before", [False, True])
def test_a_fit_after_the_test_is_bit_for_bit_the_fit_without_it(fitted_before):
    """Weights, running statistics, the state and rate of Adam, shuffling, dropout."""
    plain, tested = twins(network)
    results = []
    for model in (plain, tested):
        minigrad.seed(1)
        if fitted_before:
            model.fit(X, Y, batch_size=10, epochs=2, verbose=0)
        if model is tested:
            before = model.get_weights()
            finder = found(model, min_rate=1e-2, max_rate=10.0, steps=20)
            assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
            assert model.optimizer.rate == 0.01
        history = model.fit(X, Y, batch_size=10, epochs=2, verbose=0)
        results.append(history.history["loss"])
    assert len(finder.losses) > 5 and results[0] == results[1]
    assert_equal_weights(plain, tested)


def test_the_model_is_put_back_after_an_error_too():
    class Fails(Callback):
        def on_train_batch_end(self, batch, logs):
            if batch == 2:
                raise ArithmeticError

    model = network()
    before = model.get_weights()
    with pytest.raises(ArithmeticError):
        callbacks = [LearningRateFinder(min_rate=0.1, divergence=1e9), Fails()]
        model.fit(X, Y, batch_size=4, verbose=0, callbacks=callbacks)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert model.optimizer.calls == 0


# ---- what it refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, message",
    [
        ({"min_rate": 0.0}, "rates rise from min_rate above 0 to max_rate, got 0.0 and 10.0"),
        ({"min_rate": 1.0, "max_rate": 0.1}, "got 1.0 and 0.1"),
        ({"steps": 2}, "steps is a number of batches, 3 or more, got 2"),
        ({"smoothing": 1.0}, r"smoothing lies in \[0, 1\), got 1.0"),
        ({"divergence": 1.0}, "how many times its minimum the loss may be, above 1, got 1.0"),
    ],
)
def test_arguments_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match="LearningRateFinder: .*" + message):
        LearningRateFinder(**options)


def test_a_schedule_or_variables_of_an_optimizer_are_refused():
    model = network(SGD(CosineDecay(0.1, 10)))
    before = model.get_weights()
    with pytest.raises(ValueError, match="follows a schedule: compile with a number"):
        found(model)

    class Own(SGD):
        has_variables = True

    with pytest.raises(ValueError, match="cannot restore the variables that Own makes in build"):
        found(network(Own(0.1)))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_a_fit_too_short_says_how_many_epochs_are_missing():
    model = regression()
    with pytest.warns(UserWarning, match=r"after 5 of 50 rates, at .*: give it more epochs, or"):
        model.fit(X, Y, batch_size=10, epochs=1, verbose=0, callbacks=LearningRateFinder(steps=50))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, Y, batch_size=10, epochs=1, verbose=0, callbacks=LearningRateFinder(steps=5))


def test_nothing_to_suggest_says_why():
    with pytest.raises(RuntimeError, match="no rate was tried yet: model.fit"):
        LearningRateFinder().suggestion()
    finder = LearningRateFinder(min_rate=1.0)
    finder.losses, finder.smoothed, finder.rates = [1.0, 2.0], [1.0, 2.0], [1.0, 2.0]
    with pytest.raises(RuntimeError, match=r"never fell, from rate 1 on: .*\(min_rate=0.01\)"):
        finder.suggestion()
