"""Module: parameters by path, sharing, names, freezing, moving to a device."""

from collections import deque
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad
from minigrad import Model, Parameter, Sequential, Tensor, backend, check_grads, config, ops
from minigrad.layers import Dense, Layer, LayerNormalization, LeakyReLU, ReLU

from .helpers import assert_close, assert_equal, values

rng = np.random.default_rng(3)

X = rng.standard_normal((5, 4)).astype("float32")


class Block(Layer):
    """Attributes of every kind: parameters, layers, nested lists, a dict, one layer twice."""

    def __init__(self):
        super().__init__()
        shared = Dense(2)
        self.scale = Parameter(np.ones(2))
        self.dense = shared
        self.several = [Dense(2), (Dense(2), shared)]
        self.named = {"left": Dense(2), "right": [Parameter(np.zeros(3))]}
        self.state = Parameter(np.zeros(2), trainable=False)
        self._hidden = Dense(2)
        self.again = self.scale

    def call(self, x):
        layers = self.dense, self.several[0], *self.several[1], self.named["left"], self._hidden
        for layer in layers:
            x = layer(x)
        return x * self.scale + self.state


def test_walking_in_order_each_once():
    block = Block()
    block(np.zeros((1, 2)))
    names = list(block.named_weights())
    assert names == [
        "scale",
        "named_right_0",
        "state",
        "dense/kernel",
        "dense/bias",
        "several_0/kernel",
        "several_0/bias",
        "several_1_0/kernel",
        "several_1_0/bias",
        "named_left/kernel",
        "named_left/bias",
        "_hidden/kernel",
        "_hidden/bias",
    ]
    assert [path for path, _ in block.named_layers()] == [
        "",
        "dense",
        "several_0",
        "several_1_0",
        "named_left",
        "_hidden",
    ]
    assert block.count_params() == 2 + 3 + 2 + 5 * 6
    assert [id(p) for p in block.weights] == [id(p) for p in block.named_weights().values()]
    assert len(block.trainable_weights) == 12
    assert [p.name for p in block.non_trainable_weights] == ["state"]


def test_losses_are_the_penalties_of_what_is_trained():
    dense = Dense(2, kernel_regularizer="l2", bias_regularizer="l1", bias_initializer="ones")
    model = Sequential([minigrad.layers.InputLayer(shape=(4,)), dense, Dense(1)])
    penalties = [float(penalty) for penalty in model.losses]
    assert penalties == [
        pytest.approx(0.01 * (values(dense.kernel) ** 2).sum()),
        pytest.approx(0.02),
    ]
    dense.trainable = False
    assert model.losses == []


def test_names_never_clash():
    class Twins(Model):
        def __init__(self):
            super().__init__()
            self.blocks = [Dense(2, name="same"), Dense(2, name="same")]
            self.same = Dense(2)

        def call(self, x):
            return self.same(self.blocks[1](self.blocks[0](x)))

    model = Twins()
    model(np.zeros((1, 2)))
    assert model.count_params() == 18 == sum(p.size for p in model.named_weights().values())
    assert [path for path, _ in model.named_layers()] == ["", "same", "same_1", "same_2"]
    a, b, c, d = (Sequential(Dense(2, input_shape=(2,))) for _ in range(4))
    Sequential(a, b), Sequential(c, d)  # a and c are called alike now
    both = Sequential(a, c)
    assert len(both.named_weights()) == 4
    assert both.count_params() == 12


def test_shared_layers_count_once(xp):
    shared = Dense(4, use_bias=False)
    model = Sequential(shared, ReLU(), shared)
    y = model(xp.asarray(X))
    kernel = shared.get_weights()[0]
    assert model.count_params() == 16
    assert list(model.named_weights()) == ["dense/kernel"]
    assert_close(y, np.maximum(X @ kernel, 0) @ kernel, 1e-6, 1e-4)
    check_grads(model, xp.asarray(np.abs(X) + 0.5), parameters=model.weights)


def test_naming():
    model = Sequential(
        Dense(2),
        ReLU(),
        Dense(2, name="dense_1"),
        Dense(2),
        LayerNormalization(),
        LeakyReLU(),
        Dense(2, name="out"),
    )
    assert [layer.name for layer in model.layers] == [
        "dense",
        "re_lu",
        "dense_1",
        "dense_2",
        "layer_normalization",
        "leaky_re_lu",
        "out",
    ]
    with pytest.raises(ValueError, match="two layers are called 'out'"):
        model.add(Dense(2, name="out"))
    assert len(model) == 7


def test_weights_of_parameters_set_in_init_are_named():
    class Scale(Layer):
        def __init__(self):
            super().__init__()
            self.factor = Parameter(np.ones(()))

        def call(self, x):
            return x * self.factor

    layer = Scale()
    layer(X)
    assert layer.factor.name == "factor"
    assert layer.factor.trainable
    assert layer.factor.shape == ()


def test_get_and_set_weights(device):
    layer = Dense(3)
    other = Dense(3)
    layer.build_from_shape((4,))
    other.build_from_shape((4,))
    got = layer.get_weights()
    assert all(type(a) is np.ndarray for a in got)
    got[0][:] = 7  # a copy
    assert not (values(layer.kernel) == 7).any()
    kept = layer.kernel._array
    other.set_weights(layer.get_weights())
    assert_equal(other.kernel, layer.kernel)
    layer.set_weights([np.ones((4, 3)).tolist(), np.zeros(3)])
    assert (values(layer.kernel) == 1).all()
    assert layer.kernel._array is kept
    assert layer.kernel.dtype == np.float32
    for wrong in (
        [np.zeros((4, 3))],
        [np.zeros((3, 4)), np.ones(3)],
        [np.zeros((4, 3)), np.zeros((1, 3))],
    ):
        with pytest.raises(ValueError, match=r"expects arrays of shapes \[\(4, 3\), \(3,\)\], got"):
            layer.set_weights(wrong)
        assert (values(layer.kernel) == 1).all()


def test_freezing():
    model = Sequential(Dense(4), Sequential(Dense(3), Dense(2)), Dense(1))
    model(X)
    model.layers[1].trainable = False
    assert [p.shape for p in model.trainable_weights] == [(4, 4), (4,), (2, 1), (1,)]
    assert len(model.non_trainable_weights) == 4
    assert not model.layers[1].layers[0].trainable
    assert len(model.weights) == 8
    model.trainable = False
    assert model.trainable_weights == []
    assert model.layers[0].trainable_weights == []
    model.trainable = True
    assert len(model.trainable_weights) == 8
    frozen = Dense(3, trainable=False)
    frozen(X)
    assert frozen.trainable_weights == []
    assert len(frozen.non_trainable_weights) == 2
    shared = Dense(4)  # one parameter, frozen in one place
    both = Sequential(shared, Sequential(shared))
    both(X)
    both.layers[1].trainable = False
    assert both.trainable_weights == []


def test_moving_to_a_device():
    model = Sequential(Dense(3), LayerNormalization())
    expected = values(model(X))
    ops.sum(ops.square(model(X))).backward()
    slope = model.weights[0].grad
    assert model.to("strict") is model
    assert {p.device for p in model.weights} == {"strict"}
    assert backend.device_name(model.weights[0].grad) == "strict"
    assert_equal(backend.to_cpu(model.weights[0].grad), slope)
    with minigrad.device("strict"):
        assert_close(model(config.to_device(X)), expected, 0, 1e-6)
        with pytest.raises(TypeError, match="layer sequential/dense: .*strict"):
            model(X)  # nothing moves by itself
    model.to("cpu")
    assert_close(model(X), expected, 0, 1e-6)


def test_parameters_are_born_equal_on_every_device(device):
    minigrad.seed(11)
    layer = Dense(3)
    layer.build_from_shape((4,))
    minigrad.seed(11)
    with minigrad.device("cpu"):
        twin = Dense(3)
        twin.build_from_shape((4,))
    assert_equal(layer.get_weights()[0], twin.get_weights()[0])


@dataclass
class Heads:
    left: Layer
    right: Layer
    bias: Parameter
    title: str = "heads"


class EveryAttribute(Model):
    """Layers under private names and in every collection that is searched."""

    def __init__(self):
        super().__init__()
        self._dense = Dense(3)
        self.__private = Dense(3)
        self.queue = deque([Dense(3), Dense(3)], maxlen=5)
        self.space = SimpleNamespace(first=Dense(3), scale=Parameter(np.ones(3)))
        self.heads = Heads(Dense(3), Dense(3), Parameter(np.zeros(3)))

    def call(self, x):
        x = self.__private(self._dense(x))
        for layer in (*self.queue, self.space.first, self.heads.left, self.heads.right):
            x = layer(x)
        return x * self.space.scale + self.heads.bias


def test_every_attribute_is_trained_counted_frozen_and_saved(tmp_path, capsys):
    model = EveryAttribute()
    model.compile("adam", "mse", metrics=["mae"])
    x = rng.standard_normal((8, 3)).astype("float32")
    model.train_on_batch(x, x)
    names = list(model.named_weights())
    assert names == [
        "space_scale",
        "heads_bias",
        "_dense/kernel",
        "_dense/bias",
        "_EveryAttribute__private/kernel",
        "_EveryAttribute__private/bias",
        "queue_0/kernel",
        "queue_0/bias",
        "queue_1/kernel",
        "queue_1/bias",
        "space_first/kernel",
        "space_first/bias",
        "heads_left/kernel",
        "heads_left/bias",
        "heads_right/kernel",
        "heads_right/bias",
    ]
    # what compile and training keep beside the layers adds nothing
    assert model.count_params() == 2 * 3 + 7 * 12 == sum(p.size for p in model.trained())
    model.summary()
    shown = capsys.readouterr().out
    assert f"Total params: {model.count_params()} (" in shown
    assert f"Trainable params: {model.count_params()} (" in shown
    before = model.get_weights()
    model.fit(x, x, epochs=2, verbose=0)
    assert all((old != new).any() for old, new in zip(before, model.get_weights()))
    model.save(tmp_path / "model.safetensors")
    other = EveryAttribute()
    other.build((None, 3))
    other.load_weights(tmp_path / "model.safetensors")
    assert_close(other(x), model(x), 0)
    model.trainable = False
    assert not model.trainable_weights and not model._dense.trainable


def test_a_tensor_with_a_gradient_is_no_parameter():
    class Loose(Layer):
        def __init__(self, value):
            super().__init__()
            self.scale = value

        def call(self, x):
            return x * 2.0

    loose = Tensor(np.ones(3), requires_grad=True)
    for value in (loose, [loose], {"a": loose}):
        for use in (
            lambda layer: layer(X),
            lambda layer: Sequential(layer).compile("sgd", "mse"),
            lambda layer: layer.weights,
            lambda layer: layer.build((None, 4)),
        ):
            with pytest.raises(TypeError, match=r"Loose.scale.* = Parameter\(values\)"):
                use(Loose(value))
    for value in (loose.detach(), loose * 2.0, Parameter(np.ones(3)), np.ones(3)):
        Loose(value)(X)


def test_a_set_of_layers_has_no_order():
    class Unordered(Layer):
        def __init__(self):
            super().__init__()
            self.layers = {Dense(2), Dense(3)}
            self.names = {"a", "b"}

        def call(self, x):
            return x

    with pytest.raises(TypeError, match="layers is a set, which has no order.*make it a list"):
        Unordered()(X)
