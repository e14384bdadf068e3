"""The one look-up of names: what it finds, and what it says when it finds nothing."""

import pytest

from minigrad.utils.registry import lookup

NAMES = {"adam": 1, "mean_squared_error": 2, "sgd": 3, "MeanSquaredError": 2}


def test_known_names():
    assert lookup("adam", NAMES, "optimizer") == 1
    assert lookup("MeanSquaredError", NAMES, "loss") == 2


@pytest.mark.parametrize(
    "wrong, right",
    [
        ("adma", "adam"),
        ("Adam", "adam"),
        ("meansquarederror", "mean_squared_error"),
        ("mean_square_error", "mean_squared_error"),
        ("SGD", "sgd"),
    ],
)
def test_suggestions(wrong, right):
    known = "known: adam, mean_squared_error, sgd$"
    message = f"unknown optimizer '{wrong}': did you mean '{right}'\\? {known}"
    with pytest.raises(ValueError, match=message):
        lookup(wrong, NAMES, "optimizer")


def test_nothing_near():
    with pytest.raises(ValueError, match="unknown loss 'xyzzy': known: adam"):
        lookup("xyzzy", NAMES, "loss")


@pytest.mark.parametrize("wrong", [None, 3, ["adam"], {}])
def test_what_is_no_name(wrong):
    with pytest.raises(TypeError, match="loss: expected one of its names or a callable"):
        lookup(wrong, NAMES, "loss")
