"""Arguments of compile in each other's places: the line that works is in the error."""

import re

import pytest

from minigrad import Sequential, losses, metrics, optimizers
from minigrad.layers import Dense
from minigrad.training.swapped import KINDS, check_places, kinds_of

SPARSE = "'sparse_categorical_crossentropy'"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("mse", "adam"), "'mse' is a loss, not an optimizer: write compile('adam', 'mse')"),
        (("MSE", "Adam"), "'MSE' is a loss, not an optimizer: write compile('Adam', 'MSE')"),
        (("mse",), "'mse' is a loss, not an optimizer: write compile('adam', 'mse')"),
        (
            (losses.Huber(), optimizers.Adam(0.1), ["mae"]),
            "Huber(...) is a loss, not an optimizer: write compile(Adam(...), Huber(...), "
            "metrics=['mae'])",
        ),
        (
            (losses.Huber, optimizers.SGD),
            "Huber is a loss, not an optimizer: write compile(SGD, Huber)",
        ),
        (
            ("adam", "accuracy"),
            "'accuracy' is a metric, not a loss: write compile('adam', "
            f"{SPARSE}, metrics=['accuracy'])",
        ),
        (
            ("sgd", metrics.BinaryAccuracy(), ["mae"]),
            "BinaryAccuracy(...) is a metric, not a loss: write compile('sgd', "
            f"{SPARSE}, metrics=[BinaryAccuracy(...), 'mae'])",
        ),
        (
            ("accuracy", "mse"),
            "'accuracy' is a metric, not an optimizer: write compile('adam', 'mse', "
            "metrics=['accuracy'])",
        ),
        (
            ("sgd", "mse", ["mae", "adam"]),
            "'adam' is an optimizer, not a metric: write compile('sgd', 'mse', metrics=['mae'])",
        ),
        (
            ("rmsprop", "sgd", "accuracy"),
            f"'sgd' is an optimizer, not a loss: write compile('sgd', {SPARSE}, "
            "metrics=['accuracy'])",
        ),
    ],
)
def test_what_stands_in_the_wrong_place(arguments, words):
    model = Sequential(Dense(1, input_shape=(2,)))
    with pytest.raises(ValueError, match=re.escape(words) + "$"):
        model.compile(*arguments)
    assert not model._compiled


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_is_known_in_its_place(kind):
    base, table = KINDS[kind]
    for name in table:
        assert kind in kinds_of(name), name
    assert kinds_of(base) == [kind]


def test_what_is_right_or_unknown_passes():
    check_places("adam", "mse", ["mse", "accuracy", losses.Huber()])
    check_places("nonsense", None, [len])
    check_places(None, lambda a, b: 0.0, [])
    with pytest.raises(ValueError, match="unknown optimizer 'adm'"):
        Sequential().compile("adm", "mse")


def test_weighted_metrics_are_looked_at_too():
    with pytest.raises(ValueError, match="'adam' is an optimizer, not a metric"):
        Sequential().compile("sgd", "mse", weighted_metrics="adam")
