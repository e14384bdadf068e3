"""Sequential: every way to make one, and what it refuses."""

import numpy as np
import pytest

from minigrad import Sequential, ops
from minigrad.layers import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    Input,
    Residual,
)

X = np.random.default_rng(1).standard_normal((50, 4)).astype("float32")


def test_sequential_in_every_form():
    forms = [
        Sequential([Dense(3, input_shape=(4,)), Dense(1)]),
        Sequential(Dense(3, input_shape=(4,)), Dense(1)),
        Sequential([Input((4,)), Dense(3), Dense(1)]),
        Sequential(Input(shape=(4,)), Dense(3), Dense(1)),
        Sequential([Sequential([Dense(3, input_dim=4)]), Dense(1)]),
    ]
    grown = Sequential()
    grown.add(Dense(3, input_shape=(4,)))
    assert grown.built and grown.output_shape == (None, 3)
    grown.add(Dense(1))
    late = Sequential()
    late.add(Input((4,)))
    for layer in (Dense(3), Dense(1)):
        late.add(layer)
    for model in (*forms, grown, late):
        assert (
            model.built
            and model.count_params() == 19
            and model.output_shape == (None, 1)
            and len(model) == 2
        )
        assert model[1] is model.layers[1] and model.predict(X).shape == (50, 1)
    loose = Sequential(Dense(3), Dense(1))
    assert not loose.built and loose.count_params() == 0
    loose(X)
    assert loose.built and loose.count_params() == 19
    words = Sequential(Embedding(5, 3, input_length=6), Flatten(), Dense(1))
    assert words.built and words.predict(np.array([[0, 4, 1, 1, 2, 3]], "uint8")).shape == (1, 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda thing: Sequential(Dense(2), thing),
        lambda thing: Sequential([thing]),
        lambda thing: Sequential().add(thing),
    ],
)
def test_sequential_holds_layers(make):
    with pytest.raises(
        TypeError, match="Sequential expects layers, got .*: wrap a function in Lambda"
    ):
        make(ops.tanh)
    with pytest.raises(TypeError, match="Sequential expects layers, got the text 'relu'"):
        make("relu")


def test_a_layer_that_does_not_fit_is_not_added():
    model = Sequential(Dense(3, input_shape=(4,), name="first"))
    for wrong, words in (
        (Residual(Dense(2)), "the branch returns shape"),
        (Dense(2, name="first"), "two layers are called 'first'"),
        ("relu", "expects layers"),
    ):
        with pytest.raises((ValueError, TypeError), match=words):
            model.add(wrong)
        assert (
            len(model) == 1
            and model.built
            and model.predict(X).shape == (50, 3)
            and model.count_params() == 15
        )


def test_the_length_of_sequences_may_be_open():
    model = Sequential([LSTM(3, input_shape=(None, 2)), Dense(1)])
    assert (
        model.built
        and model.predict(np.zeros((4, 5, 2), "float32")).shape
        == model.predict(np.zeros((4, 9, 2), "float32")).shape
    )
    assert model.output_shape == (None, 1) and model.layers[0].output.shape == (None, 3)
    images = Sequential([Conv2D(3, 2, input_shape=(None, None, 3))])
    assert images.output_shape == (None, None, None, 3)
    assert images.predict(np.zeros((2, 5, 6, 3), "float32")).shape == (2, 4, 5, 3)
    with pytest.raises(ValueError, match=r"dense needs lengths that are open .* \(None, None\)"):
        Sequential([Dense(3, name="dense", input_shape=(None,))])


def test_a_layer_by_name_or_number():
    model = Sequential(Dense(3, name="first"), Dense(2))
    assert model.get_layer("first") is model.get_layer(index=0) is model.layers[0]
    assert model.get_layer(index=-1) is model.layers[1]
    with pytest.raises(ValueError, match="did you mean 'first'"):
        model.get_layer("firts")
    with pytest.raises(ValueError, match="no layer 2: the model has 2"):
        model.get_layer(index=2)
    for arguments in ({}, {"name": "first", "index": 0}):
        with pytest.raises(ValueError, match="takes a name, or index="):
            model.get_layer(**arguments)


def test_predict_on_batch_is_predict_in_one_batch():
    x = np.ones((300, 2))
    model = Sequential(Dense(3))
    np.testing.assert_array_equal(model.predict_on_batch(x), model.predict(x, batch_size=300))


def test_variables_are_weights():
    model = Sequential(Dense(3, input_shape=(2,)), BatchNormalization())
    model.layers[0].trainable = False
    for word in ("", "trainable_", "non_trainable_"):
        ours = [id(p) for p in getattr(model, f"{word}weights")]
        assert [id(p) for p in getattr(model, f"{word}variables")] == ours != []


def test_layers_by_name_and_frozen():
    model = Sequential(layers=[Dense(3, input_shape=(4,)), Dense(2)], trainable=False, name="net")
    assert len(model.layers) == 2 and model.built and model.trainable_weights == []
    again = Sequential.from_config(model.get_config())
    assert again.count_params() == 23 and again.trainable_weights == [] and again.name == "net"
