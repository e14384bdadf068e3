"""The table of layers."""

import numpy as np
import pytest

import minigrad
from minigrad import Input, Model, Sequential
from minigrad.layers import Add, Dense, Dropout, Lambda


def summary_of(model, *args, **options):
    """What `model.summary()` prints."""
    tables = []
    assert model.summary(*args, print_fn=tables.append, **options) is None
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
        'Model: "fnn"',
        "Layer (type)     Output Shape  Param #",
        "--------------------------------------",
        "dense (Dense)    (None, 20)        220",
        "dense_1 (Dense)  (None, 15)        315",
        "dense_2 (Dense)  (None, 1)          16",
        "--------------------------------------",
        "Total params: 551 (2.15 KB)",
        "Trainable params: 551 (2.15 KB)",
        "Non-trainable params: 0 (0.00 B)",
    ]
    model.layers[1].trainable = False
    assert "Trainable params: 236 (944.00 B)\nNon-trainable params: 315 (1.23 KB)" in summary_of(
        model
    )
    with pytest.raises(ValueError, match="summary needs a built model"):
        Sequential(Dense(3)).summary()
    model = DropsInTraining()
    model(np.ones((1, 3), "float32"))
    assert "dropout (Dropout)  ?                   0" in summary_of(model)
    shared = Dense(4, input_shape=(4,))
    repeated = Sequential(shared, Lambda(abs), shared)
    assert summary_of(repeated).splitlines()[-3] == "Total params: 20 (80.00 B)"


class DropsInTraining(Model):
    """Has a layer without parameters that a call in prediction does not reach."""

    def __init__(self):
        super().__init__()
        self.dense, self.dropout = Dense(2), Dropout(0.5)

    def call(self, x, training=False):
        return self.dropout(self.dense(x)) if training else self.dense(x)


def nested():
    x = Input((8,), name="x")
    inner = Sequential(
        [Input((8,)), Dense(3, name="hidden"), Dense(2, name="code")], name="encoder"
    )
    code = inner(x)
    inner.trainable = False
    double = Lambda(lambda h: 2 * h, name="double")(code)
    return Model(x, Dense(1, name="head")(Add(name="sum")([double, code])), name="outer")


def test_layers_of_nested_models_have_lines_of_their_own():
    table = summary_of(nested(), expand_nested=True, show_trainable=True)
    assert table.splitlines() == [
        'Model: "outer"',
        "Layer (type)          Output Shape  Param #  Trainable  Connected to",
        "--------------------------------------------------------------------",
        "x (InputLayer)        (None, 8)           0  -",
        "encoder (Sequential)  (None, 2)          35  no         x",
        "  hidden (Dense)      (None, 3)          27  no",
        "  code (Dense)        (None, 2)           8  no",
        "double (Lambda)       (None, 2)           0  -          encoder",
        "sum (Add)             (None, 2)           0  -          double, encoder",
        "head (Dense)          (None, 1)           3  yes        sum",
        "--------------------------------------------------------------------",
        "Total params: 38 (152.00 B)",
        "Trainable params: 3 (12.00 B)",
        "Non-trainable params: 35 (140.00 B)",
    ]
    assert "hidden" not in summary_of(nested())


def test_columns_end_where_they_are_told_to():
    lines = summary_of(nested(), 90, [0.4, 0.6, 0.8]).splitlines()
    assert lines[2] == "-" * 90
    assert lines[1].index("Output Shape") == 38 and lines[1].index("Param #") == 54 + 11


def test_a_range_of_layers():
    lines = summary_of(nested(), layer_range=("enc.*", "sum")).splitlines()[3:-4]
    assert [line.split()[0] for line in lines] == ["encoder", "double", "sum"]
    with pytest.raises(ValueError, match="layer_range: no layer is called 'decoder' among"):
        summary_of(nested(), layer_range=("decoder", "sum"))
