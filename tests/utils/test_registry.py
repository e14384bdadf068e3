"""The one look-up of names: what it finds, and what it says when it finds nothing."""

import numpy as np
import pytest

from minigrad import activations, initializers, losses, metrics, optimizers, regularizers
from minigrad.regularizers import L1
from minigrad.utils.registry import check_count, create, lookup, with_class_names

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


@pytest.mark.parametrize("value", [2, np.int64(3), np.uint8(2), np.array(2)])
def test_whole_numbers(value):
    assert check_count("n", value, 2) == value and type(check_count("n", value)) is int


@pytest.mark.parametrize("value", [1, True, np.True_, 2.0, np.float32(2), "2", None, [2], 1.5])
def test_what_is_no_whole_number(value):
    with pytest.raises(ValueError, match="^n must be a whole number, 2 or more, got "):
        check_count("n", value, 2)


def test_nothing_near():
    with pytest.raises(ValueError, match="unknown loss 'xyzzy': known: adam"):
        lookup("xyzzy", NAMES, "loss")


@pytest.mark.parametrize("wrong", [None, 3, ["adam"], {}])
def test_what_is_no_name(wrong):
    with pytest.raises(TypeError, match="loss: expected one of its names or a callable"):
        lookup(wrong, NAMES, "loss")


def test_class_names_are_names_too():
    assert with_class_names({"l1": L1, "both": max}) == {"l1": L1, "both": max, "L1": L1}


def test_create():
    own = L1(0.5)
    assert create(own, {}, "regularizer") is own
    assert type(create(L1, {}, "regularizer")) is L1
    assert type(create("l1", {"l1": L1}, "regularizer")) is L1
    with pytest.raises(ValueError, match="unknown regularizer 'elastc': did you mean 'elastic'"):
        create("elastc", {"elastic": L1}, "regularizer")
    with pytest.raises(TypeError, match="regularizer: expected one of its names or a callable"):
        create(3, {"l1": L1}, "regularizer")


def test_every_table_of_names_is_read_by_the_function_beside_it():
    for room in (activations, initializers, losses, metrics, optimizers, regularizers):
        for name in room.NAMES:
            assert room.get(name) is not None
