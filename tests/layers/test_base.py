"""Layer: inputs, building, errors with their path."""

import gc

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, no_grad, ops
from minigrad.layers import (
    LSTM,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    InputLayer,
    Lambda,
    Layer,
    LayerNormalization,
    Parallel,
    Permute,
    Reshape,
    Residual,
)

from .helpers import assert_close, assert_equal

rng = np.random.default_rng(3)

X = rng.standard_normal((5, 4)).astype("float32")


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
def test_integer_inputs_are_cast(dtype, xp, same_dtype):
    x = xp.asarray(np.array([[0, 1, 1, 0]]).astype(dtype))
    layer = Dense(3)
    y = layer(x)
    same_dtype("float32", y)
    assert_close(y, layer(x.astype("float32")), 0, 1e-7)
    same_dtype(
        "float32",
        Sequential(Flatten(), Dense(2))(x),
        Sequential(Reshape((2, 2)), Dense(2))(x),
        Sequential(Residual(Dense(4)))(x),
        Sequential(Parallel(Dense(4)))(x),
    )


def test_lists_arrays_and_tensors_are_inputs():
    layer = Dense(2)
    a = layer(X)
    b = layer(X.tolist())
    c = layer(Tensor(X))
    assert_close(a, b, 0, 1e-6)
    assert_equal(a, c)
    with minigrad.default_dtype("float64"):
        assert Dense(2)(X).dtype == np.float64


def test_an_empty_batch():
    assert Dense(3)(np.zeros((0, 4))).shape == (0, 3)


def test_errors_carry_the_path():
    model = Sequential([Dense(8, input_shape=(4,)), Dense(3)])
    with pytest.raises(
        ValueError,
        match=r"^layer sequential/dense: Dense was built for 4 features, got .* shape \(2, 5\)",
    ):
        model(np.zeros((2, 5)))
    outer = Sequential([Residual(Sequential(Dense(4), Dense(3)), name="block")], name="net")
    with pytest.raises(
        ValueError,
        match=r"^layer net/block: the branch returns shape \(2, 3\), the shortcut \(2, 4\)",
    ):
        outer(np.zeros((2, 4)))
    outer = Sequential([Residual(Sequential(Dense(4), Reshape((3,))), name="block")], name="net")
    with pytest.raises(
        ValueError, match=r"^layer net/block/sequential/reshape: reshape\(float32\[2, 4\]\)"
    ):
        outer(np.zeros((2, 4)))


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: Dense(0), ValueError, "units must be a positive integer"),
        (lambda: Dense(2.5), ValueError, "units"),
        (
            lambda: Dense(3)(np.zeros(4)),
            ValueError,
            r"layer dense: Dense expects .* \(batch, ..., features\).*x\[None, :\]",
        ),
        (lambda: Dense(3, kernel_initializer="glorot"), ValueError, "initializer"),
        (lambda: Dense(3, kernel_regularizer="l3"), ValueError, "regularizer"),
        (
            lambda: Parallel(Dense(3), join="stack"),
            ValueError,
            "unknown join of Parallel 'stack': known: concat, sum, list",
        ),
        (lambda: Parallel(), ValueError, "at least one branch"),
        (lambda: Parallel(Dense(3), ops.tanh), TypeError, "wrap a function in Lambda"),
        (lambda: Residual(abs), TypeError, "wrap a function in Lambda"),
        (lambda: Residual(Dense(3), "relu"), TypeError, "Residual expects layers"),
        (
            lambda: Parallel(Dense(3), Dense(1), join="sum")(X),
            ValueError,
            r"layer parallel: .*\(5, 3\), \(5, 1\): they must",
        ),
        (
            lambda: Parallel(Dense(3, name="a"), Dense(3, name="a")),
            ValueError,
            "two layers are called 'a'",
        ),
        (lambda: Reshape((3,))(X), ValueError, r"layer reshape: reshape.*\[5, 4\]"),
        (lambda: Permute((2, 1))(X), ValueError, "layer permute"),
        (lambda: Layer()(X), TypeError, "layer layer: Layer needs a method call"),
        (lambda: Dense(3)("text"), TypeError, "expected numbers"),
        (lambda: Dense(3, colour="red"), TypeError, "colour"),
    ],
)
def test_errors(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_an_error_is_not_kept_alive_by_the_layer():
    layer = Dense(3)
    layer(X)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^layer dense: Dense was built"):
            layer(X[:, :2])
    assert_equal(layer(X), X @ layer.get_weights()[0])


def test_a_failed_first_call_leaves_layers_fresh():
    inner = Dense(4)
    outer = Dense(3)
    model = Sequential(
        inner,
        Lambda(lambda x: x[:, :6] if x.shape[0] > 1 else x.reshape(99)),
        Residual(Sequential(outer)),
    )
    before = [dict(vars(layer)) for layer in (model, inner, outer)]
    for _ in range(2):
        with pytest.raises(ValueError, match="reshape"):
            model(np.zeros((1, 7)))
        assert [dict(vars(layer)) for layer in (model, inner, outer)] == before
        assert not model.weights
        assert not inner.built
        assert not model.built
    with pytest.raises(ValueError, match="the branch returns"):
        model(X)
    assert not inner.built
    assert not outer.built
    assert not model.weights

    class Clumsy(Layer):
        def build(self, input_shape):
            self.first = self.add_weight((2,))
            self.second = self.add_weight((2,), "glorot_unifrom")

    clumsy = Clumsy()
    with pytest.raises(ValueError, match="layer clumsy: .*did you mean"):
        clumsy(X)
    assert not clumsy.weights
    assert not clumsy.built


def test_a_built_layer_stays_built_when_a_new_model_around_it_fails():
    trunk = Dense(4)
    trunk(X)
    kept = trunk.get_weights()
    with pytest.raises(ValueError, match="reshape"):
        Sequential(trunk, Dense(2), Reshape((3,)))(X)
    assert trunk.built
    assert np.array_equal(trunk.get_weights()[0], kept[0])


def test_building_draws_nothing_and_records_nothing():
    model = Sequential(Dropout(0.5, input_shape=(4,)), Dense(3))
    assert model.built
    assert model.weights[0].grad is None
    with no_grad():
        assert not model(X).requires_grad
    assert model(X).requires_grad
    assert not model(X).detach().requires_grad


def test_input_shapes():
    given = (
        Dense(3, input_dim=4),
        Dense(3, input_shape=(4,)),
        InputLayer((4,)),
        InputLayer(shape=(4,)),
    )
    assert {layer.input_shape for layer in given} == {(None, 4)}
    assert Input((4,)).shape == Input(shape=(4,)).shape == (None, 4)
    assert Flatten(input_shape=(28, 28)).input_shape == (None, 28, 28)
    assert Embedding(5, 2, input_length=7).input_shape == (None, 7)
    assert Dense(3).input_shape is None


def test_repr():
    layer = Dense(3, name="first")
    assert repr(layer) == "<Dense first, not built>"
    layer(X)
    assert repr(layer) == "<Dense first>"


def test_a_layer_leaves_no_cycles():
    model = Sequential(Dense(4, "relu"), Residual(Dense(4)), LayerNormalization())
    ops.sum(model(X)).backward()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(20):
            ops.sum(model(X)).backward()
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


# ---- build by hand -------------------------------------------------------------------------------


def test_a_layer_built_by_hand_is_built():
    """The first call does not make its weights anew."""
    for layer in (Dense(3), Dense(3, name="named"), LSTM(2), LayerNormalization()):
        layer.build((None, 5, 4))
        assert layer.built and all(p.name for p in layer.weights[:1])
        before = layer.weights
        layer(np.ones((2, 5, 4)))
        after = layer.weights
        assert len(before) == len(after) > 0 and all(p is q for p, q in zip(before, after))
    with pytest.raises(ValueError, match="Dense expects inputs of shape"):
        Dense(3).build((4,))


def test_layers_of_layers_build_those_within():
    layers = (
        Residual(Dense(4)),
        Parallel(Dense(2), Sequential(Dense(3), Dropout(0.5), Dense(2))),
        Sequential(Dense(4), Dense(2)),
    )
    for layer, count in zip(layers, (20, 10 + 15 + 8, 30)):
        layer.build([None, 4])
        assert layer.built and layer.count_params() == count
        weights = layer.weights
        layer(X)
        assert all(p is q for p, q in zip(weights, layer.weights))
    model = layers[-1]
    assert model.output_shape == (None, 2) and model.input_shape == (None, 4)
    model.add(Dense(1))
    assert model.built and model.output_shape == (None, 1)


def test_a_list_of_shapes():
    class Adds(Layer):
        def __init__(self):
            super().__init__()
            self.left, self.right = Dense(2), Dense(2)

        def call(self, inputs):
            return self.left(inputs[0]) + self.right(inputs[1])

    layer = Adds()
    layer.build([(None, 3), (7, 4)])
    assert layer.count_params() == 8 + 10


def test_a_build_by_hand_that_fails_leaves_nothing():
    model = Sequential(Dense(4), Residual(Dense(3)))
    with pytest.raises(ValueError, match="the branch returns"):
        model.build((None, 5))
    assert not model.built and not model.weights and not model[0].built
    model = Sequential(Dense(4))
    with pytest.raises(ValueError, match=r"dense needs lengths that are open"):
        model.build((None, None))
    assert not model.built and not model[0].built and not model[0]._calls


def test_a_build_of_the_user_s_own():
    class Grows(Layer):
        def __init__(self):
            super().__init__()
            self.dense = Dense(2)
            self.builds = 0

        def build(self, input_shape):
            self.builds += 1
            self.scale = self.add_weight(input_shape[-1:], "ones")
            super().build(input_shape)

        def call(self, x):
            return self.dense(x * self.scale)

    explicit, implicit = Grows(), Grows()
    explicit.build((None, 4))
    assert explicit.count_params() == 14 and explicit.scale.name == "scale"
    for layer in (explicit, implicit):
        layer(X)
        layer(X)
        assert layer.builds == 1 and layer.count_params() == 14


def test_input_takes_the_shape_of_a_batch():
    model = Sequential(Input(batch_shape=(8, 4)), Dense(2))
    assert model.built and model.input_shape == (None, 4) and model(X).shape == (5, 2)
    for wrong in ({}, {"shape": (4,), "batch_shape": (None, 4)}):
        with pytest.raises(ValueError, match=r"Input\(batch_shape=\(None, 64\)\)"):
            Input(**wrong)


def test_add_weight_of_a_dtype():
    weight = minigrad.layers.Layer().add_weight((2,), "ones", dtype="float64")
    assert weight.dtype == "float64"
    assert minigrad.layers.Layer().add_weight((2,), "ones").dtype == "float32"
