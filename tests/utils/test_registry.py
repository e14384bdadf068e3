"""The one look-up of names: what it finds, and what it says when it finds nothing."""

import numpy as np
import pytest

from minigrad import (
    activations,
    constraints,
    initializers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from minigrad.regularizers import L1
from minigrad.utils.registry import check_count, create, lookup, snake_case, with_class_names

NAMES = {"adam": 1, "mean_squared_error": 2, "sgd": 3, "MeanSquaredError": 2}


def test_known_names():
    assert lookup("adam", NAMES, "optimizer") == 1
    assert lookup("MeanSquaredError", NAMES, "loss") == 2


@pytest.mark.parametrize(
    "wrong, right",
    [
        ("adm", "adam"),
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
    for room in (activations, constraints, initializers, losses, metrics, optimizers, regularizers):
        for name in room.NAMES:
            assert room.get(name) is not None


# ---- the tables ----------------------------------------------------------------------------------

SHORT = {  # names that are not made of the class's own
    "losses": "mse:MeanSquaredError mae:MeanAbsoluteError mape:MeanAbsolutePercentageError "
    "msle:MeanSquaredLogarithmicError bce:BinaryCrossentropy kld:KLDivergence "
    "kullback_leibler_divergence:KLDivergence logcosh:LogCosh kl_divergence:KLDivergence "
    "cosine_proximity:CosineSimilarity huber_loss:Huber",
    "metrics": "mse:MeanSquaredError mae:MeanAbsoluteError rmse:RootMeanSquaredError "
    "mape:MeanAbsolutePercentageError msle:MeanSquaredLogarithmicError bce:BinaryCrossentropy "
    "kld:KLDivergence logcosh:LogCoshError kl_divergence:KLDivergence r2:R2Score auc:AUC iou:IoU "
    "fbeta_score:FBetaScore accuracy:AccuracyByShape acc:AccuracyByShape f1:F1ByShape "
    "log_cosh:LogCoshError f1_score:F1ByShape r2_score:R2Score mean_iou:MeanIoU top_k_categorical_accuracy:"
    "TopKCategoricalAccuracy sparse_top_k_categorical_accuracy:SparseTopKCategoricalAccuracy",
    "optimizers": "sgd:SGD rmsprop:RMSprop adamw:AdamW",
    "initializers": "uniform:RandomUniform normal:RandomNormal zero:Zeros one:Ones",
    "constraints": "",
    "regularizers": "l1:L1 l2:L2 l1_l2:L1L2 l1l2:L1L2 orthogonal:OrthogonalRegularizer",
}
TABLES = {
    home.__name__.split(".")[-1]: home
    for home in (losses, metrics, optimizers, initializers, regularizers, constraints)
}
NAMED = [(home, name) for home, module in TABLES.items() for name in module.NAMES]


@pytest.mark.parametrize("home, name", NAMED)
def test_every_name_stands_for_the_class_of_that_name(home, name):
    module = TABLES[home]
    short = dict(pair.split(":") for pair in SHORT[home].split())
    expected = short.get(name.lower())
    found = type(module.get(name))
    assert found.__name__ in (expected, name) or snake_case(found.__name__) == name


@pytest.mark.parametrize("name", activations.NAMES)
def test_every_activation_is_the_function_of_that_name(name):
    aliases = {"swish": "silu", "hard_swish": "hard_silu", "exponential": "exp"}
    assert activations.get(name).__name__ in (name, aliases.get(name))
