"""Layers and models in the signatures that users write."""

import numpy as np
import pytest

from minigrad import Input, Model, Sequential, Variable, initializers, ops
from minigrad.layers import RNN, Dense, Dropout, Layer, Masking

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def positional(self, x, training):
    return 2 * x if training else x


def keyword_only(self, inputs, *, training=False):
    return 2 * inputs if training else inputs


def mode_and_mask(self, inputs, training=None, mask=None):
    return 2 * inputs if training else inputs


def any_options(self, inputs, **kwargs):
    return 2 * inputs if kwargs["training"] else inputs


@pytest.mark.parametrize("base", [Layer, Model])
@pytest.mark.parametrize("call", [positional, keyword_only, mode_and_mask, any_options])
def test_a_call_that_takes_the_mode(base, call):
    thing = type("Doubling", (base,), {"call": call})()
    np.testing.assert_array_equal(thing(X, training=True).numpy(), 2 * X)
    np.testing.assert_array_equal(thing(X, training=False).numpy(), X)
    np.testing.assert_array_equal(thing(X).numpy(), X)
    model = Sequential([Input((4,)), thing])
    model.compile("sgd", lambda t, p: p, run_eagerly=True)
    assert model.evaluate(X, X) == pytest.approx(X.mean(), rel=1e-5)


def test_the_mode_goes_on_to_layers_within():
    class Block(Model):
        def __init__(self, units, name="block", **kwargs):
            super().__init__(name=name, **kwargs)
            self.blocks = [Dense(units), Dropout(0.5)]
            self.heads = {"main": Dense(2)}

        def call(self, inputs, training=False):
            x = inputs
            for layer in self.blocks:
                x = layer(x, training=training) if isinstance(layer, Dropout) else layer(x)
            return self.heads["main"](x)

    model = Block(8, trainable=True)
    assert (model(X).numpy() == model(X, training=False).numpy()).all()
    assert (model(X).numpy() != model(X, training=True).numpy()).any()
    assert [layer.name for layer in model.layers] != []
    assert len(model.layers) == 3 and len(model.trainable_variables) == 4


def test_every_spelling_of_add_weight():
    class Linear(Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            ones = initializers.Ones()
            self.scale = Variable(initial_value=ones(shape=(1,), dtype="float32"), trainable=True)
            self.seen = Variable(np.zeros((units,)), trainable=False)

        def build(self, input_shape):
            self.w = self.add_weight(
                name="w", shape=(input_shape[-1], self.units), initializer="ones", trainable=True
            )
            self.b = self.add_weight(
                shape=(self.units,), initializer="zeros", dtype="float32", regularizer=None
            )
            self.count = self.add_weight(initializer="zeros", dtype="int32", trainable=False)
            super().build(input_shape)

        def call(self, inputs):
            y = (inputs @ self.w + self.b) * self.scale
            self.seen.assign_add(ops.sum(y, axis=0))
            return y

        def compute_output_shape(self, input_shape):
            return (*input_shape[:-1], self.units)

    layer = Linear(3, name="linear", dtype="float32")
    y = layer(X)
    np.testing.assert_allclose(y.numpy(), np.repeat(X.sum(1, keepdims=True), 3, 1), rtol=1e-5)
    assert layer.built and layer.name == "linear" and layer.count.dtype == "int32"
    assert len(layer.trainable_weights) == 3 and len(layer.non_trainable_variables) == 2
    np.testing.assert_allclose(layer.seen.numpy(), [X.sum()] * 3, rtol=1e-4)


def test_a_build_that_says_it_is_done():
    class Flagged(Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], 2), initializer="random_normal")
            self.built = True

        def call(self, inputs):
            return inputs @ self.w

    layer = Flagged()
    assert layer(X).shape == (6, 2) and layer.count_params() == 8


def test_a_cell_of_ones_own():
    class Sums(Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = self.state_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="ones")

        def call(self, inputs, states):
            h = inputs @ self.kernel + states[0]
            return h, [h]

    x = X.reshape(2, 3, 4)
    y = RNN(Sums(2), return_sequences=True)(x)
    np.testing.assert_allclose(y.numpy()[..., 0], np.cumsum(x.sum(-1), 1), rtol=1e-4)


def test_several_inputs_by_place_name_list_and_dict():
    class Added(Layer):
        def call(self, x, context=None, training=None):
            return x if context is None else x + context

    np.testing.assert_array_equal(Added()(X, X).numpy(), 2 * X)
    np.testing.assert_array_equal(Added()(X, context=X).numpy(), 2 * X)
    np.testing.assert_array_equal(Added()(X).numpy(), X)

    class Pair(Model):
        def call(self, inputs, training=None, mask=None):
            a, b = inputs
            return a + b

    class Named(Model):
        def call(self, inputs):
            return {"sum": inputs["a"] + inputs["b"]}

    np.testing.assert_array_equal(Pair().predict([X, X]), 2 * X)
    np.testing.assert_array_equal(Named().predict({"a": X, "b": X})["sum"], 2 * X)


def test_a_call_that_takes_the_mask_alone():
    class Kept(Layer):
        supports_masking = True

        def call(self, inputs, mask=None):
            assert mask is not None  # nor when the model is made
            return inputs * ops.cast(ops.expand_dims(mask, axis=-1), "float32") + 1

    x = np.ones((1, 3, 2), "float32")
    x[:, 2:] = 0
    y = Sequential([Input((3, 2)), Masking(0.0), Kept()])(x)
    assert y.numpy()[0, :, 0].tolist() == [2.0, 2.0, 1.0] and y.mask.tolist() == [[1, 1, 0]]
