"""add_loss: what layers add to the loss in their calls. Figures were measured with Keras 3.15."""

import copy
import gc
import weakref

import numpy as np
import pytest

import minigrad
from minigrad import Input, Model, Sequential, ops
from minigrad.layers import Dense, Layer
from minigrad.layers.added_losses import ADDED


class Tenth(Layer):
    """Adds a tenth of the sum of its input."""

    def call(self, x):
        self.add_loss(0.1 * ops.sum(x))
        return x


class Outer(Layer):
    """Adds two losses, its layer a third, and there is a penalty."""

    def __init__(self):
        super().__init__()
        self.inner = Tenth()
        self.dense = Dense(2, kernel_regularizer="l2")

    def call(self, x):
        self.add_loss([ops.sum(x), ops.sum(x)])
        return self.dense(self.inner(x))


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(20, 4)).astype("float32"), rng.normal(size=(20, 1)).astype("float32")


def set_drawn_weights(model):
    """Drawn weights, the same for Keras."""
    rng = np.random.default_rng(1)
    shapes = [w.shape for w in model.get_weights()]
    model.set_weights([(rng.normal(size=shape) * 0.5).astype("float32") for shape in shapes])
    return model


def test_losses_are_those_of_the_last_outermost_call(data):
    x, _ = data
    layer, counts = Outer(), []
    for _ in range(2):
        counts.append(len(layer.losses))
        layer(x)
    counts += [len(layer.losses), len(layer.inner.losses)]
    layer.inner(x)
    assert [*counts, len(layer.losses)] == [0, 4, 4, 1, 4]  # as Keras counts them


def test_a_layer_that_is_called_twice_adds_twice(data):
    x, y = data
    layer, inputs = Tenth(), Input((4,))
    outputs = Dense(1)(layer(inputs) + layer(inputs * 2))
    model = set_drawn_weights(Model(inputs, outputs))
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(x, y, 5, 2, verbose=0, shuffle=False).history
    np.testing.assert_allclose(history["loss"], [5.408248, 2.851020], rtol=1e-5)
    np.testing.assert_allclose(history["mae"], [1.534153, 1.129102], rtol=1e-5)
    model(x)
    assert len(model.losses) == 2


def test_training_minimizes_what_is_added_beside_the_loss(data):
    x, y = data
    model = set_drawn_weights(Sequential([Input((4,)), Dense(3), Tenth(), Dense(1)]))
    model.compile("sgd", "mse")
    history = model.fit(x, y, 5, 2, verbose=0, shuffle=False).history
    np.testing.assert_allclose(history["loss"], [0.793226, 0.722094], rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[3], [-0.32786], rtol=1e-4)
    assert model.evaluate(x, y) == pytest.approx(-0.4174133, rel=1e-5)


def test_an_added_loss_alone_trains(data):
    class Autoencoder(Model):
        def __init__(self):
            super().__init__()
            self.dense = Dense(4)

        def call(self, x):
            y = self.dense(x)
            self.add_loss(ops.mean(ops.square(y - x)))
            return y

    x, _ = data
    model = Autoencoder()
    model(x)
    set_drawn_weights(model).compile("sgd")
    history = model.fit(x, batch_size=5, epochs=2, verbose=0, shuffle=False).history
    np.testing.assert_allclose(history["loss"], [0.9073149, 0.8660010], rtol=1e-5)
    assert model.evaluate(x) == pytest.approx(0.8390206, rel=1e-5)


def test_a_loop_by_hand_reads_them(data):
    x, _ = data
    model = set_drawn_weights(Sequential([Input((4,)), Dense(3), Tenth()]))
    with minigrad.GradientTape() as tape:
        model(x, training=True)
        (loss,) = model.losses
    slopes = tape.gradient(loss, model.trainable_variables)[1].numpy()
    np.testing.assert_allclose(slopes, [2.0, 2.0, 2.0], rtol=1e-6)


def test_a_loss_of_several_numbers_is_summed(data):
    class Ones(Layer):
        def call(self, x):
            self.add_loss(x * 0 + 1)
            return x

    model = Sequential([Input((4,)), Ones(), Dense(1)])
    model.compile("sgd", lambda t, p: 0 * p)
    assert model.evaluate(np.ones((2, 4)), np.ones(2)) == 8.0


def test_building_adds_nothing():
    model = Sequential(Tenth(), Dense(1))
    model.build((None, 4))
    assert model.losses == []


def test_what_is_no_tensor_says_what_to_write():
    layer = Tenth()
    with pytest.raises(TypeError, match=r"got a function: .* self.add_loss\(value\)"):
        layer.add_loss(lambda: 1.0)
    with pytest.raises(TypeError, match="got a symbolic tensor"):
        layer.add_loss(Input((2,)))


def test_copies_go_without_and_nothing_is_kept_alive(data):
    x, _ = data
    layer = Tenth()
    layer(x)
    assert copy.deepcopy(layer).losses == []
    reference = weakref.ref(layer)
    del layer
    gc.collect()
    assert reference() is None and not any(isinstance(key, Tenth) for key in ADDED)


def test_after_an_exception_the_next_call_is_outermost_again(data):
    class Fails(Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            raise KeyError("no")

    layer = Fails()
    for _ in range(2):
        with pytest.raises(KeyError):
            layer(data[0])
    assert len(layer.losses) == 1
