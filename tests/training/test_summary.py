"""The table of layers."""

import pytest

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense, Lambda


def summary_of(model):
    """What `model.summary()` prints."""
    tables = []
    assert model.summary(print_fn=tables.append) is None
    (table,) = tables
    return table


def test_summary(capsys):
    minigrad.seed(0)
    model = Sequential(
        [
            Dense(20, activation="relu", input_shape=(10,)),
            Dense(15, activation="relu"),
            Dense(1, activation="sigmoid"),
        ],
        name="fnn",
    )
    assert model.summary() is None  # a notebook would print a returned text a second time
    assert capsys.readouterr().out.splitlines() == [
        "Sequential fnn",
        "layer            output shape  parameters",
        "-----------------------------------------",
        "dense (Dense)    (None, 20)           220",
        "dense_1 (Dense)  (None, 15)           315",
        "dense_2 (Dense)  (None, 1)             16",
        "-----------------------------------------",
        "551 parameters, 551 trainable, 0 not",
    ]
    model.layers[1].trainable = False
    assert "551 parameters, 236 trainable, 315 not" in summary_of(model)
    with pytest.raises(ValueError, match="summary needs a built model"):
        Sequential(Dense(3)).summary()
    shared = Dense(4, input_shape=(4,))
    repeated = Sequential(shared, Lambda(abs), shared)
    assert summary_of(repeated).endswith("20 parameters, 20 trainable, 0 not")
