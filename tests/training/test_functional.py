"""Models of symbolic tensors: what is recorded, what is replayed, and what is refused."""

from __future__ import annotations

import copy
import time

import numpy as np
import pytest

import minigrad
from minigrad import Input, Model, Parameter, Sequential, ops
from minigrad.engine.symbolic import SymbolicTensor, is_symbolic
from minigrad.layers import (
    LSTM,
    Activation,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling2D,
    InputLayer,
    Lambda,
    Layer,
    LeakyReLU,
    Masking,
    MultiHeadAttention,
    Reshape,
    add,
)

draw = np.random.default_rng(0)
A = draw.standard_normal((12, 3)).astype("float32")
B = draw.standard_normal((12, 5)).astype("float32")
Y = draw.standard_normal((12, 1)).astype("float32")


def two_inputs():
    a, b = Input((3,), name="a"), Input((5,), name="b")
    shared = Dense(4, activation="tanh", name="shared")
    left, right = shared(Dense(6, name="left")(a)), shared(Dense(6, name="right")(b))
    return Model(inputs=[a, b], outputs=Dense(1, name="score")(Concatenate()([left, right])))


# ---- symbolic tensors ----------------------------------------------------------------------------


def test_shapes_and_dtypes_are_known_at_once():
    x = Input((28, 28, 1), batch_size=None, name="image")
    y = Flatten()(Conv2D(4, 3, strides=2)(x))
    assert x.shape == (None, 28, 28, 1) and x.ndim == 4 and x.dtype == "float32"
    assert y.shape == (None, 13 * 13 * 4)
    assert Input((3,), batch_size=8).shape == (8, 3) == Dense(3)(Input((3,), batch_size=8)).shape
    assert Input((3,), dtype="int64").dtype == "int64"
    assert Input(batch_shape=(None, 2, 3)).shape == (None, 2, 3)
    assert repr(x) == "<SymbolicTensor (None, 28, 28, 1) float32 by image>"


def test_open_lengths_stay_open():
    ids = Input((None,), dtype="int64")
    states = LSTM(5, return_sequences=True)(Embedding(10, 4)(ids))
    assert states.shape == (None, None, 5)
    assert [t.shape for t in LSTM(5, return_state=True)(states)] == [(None, 5)] * 3
    image = Input((None, None, 3))
    assert Conv2D(4, 3, strides=2, padding="same")(image).shape == (None, None, None, 4)
    assert GlobalAveragePooling2D()(Conv2D(4, 3)(image)).shape == (None, 4)
    dense = Dense(3, name="scores")
    with pytest.raises(ValueError, match=r"scores needs lengths that are open .*\(None, None\)"):
        dense(Input((None,)))
    assert not dense.built and not dense.weights


def test_operators_methods_and_ops_are_recorded():
    x = Input((4,))
    scale = Parameter(np.full(4, 3.0))
    y = (2 * x + 1) / 2 - x**2
    y = (y * scale).reshape(-1, 2, 2)[:, 0]
    y = ops.softmax(ops.concatenate([y, ops.relu(-y)], axis=-1)).sum(axis=-1, keepdims=True)
    named = Parameter(np.ones((1, 2)))
    assert Model(x, ops.matmul(y, b=named)).weights == [scale, named]
    y = ops.where(y > 0, np.float32(1) + y, y) @ np.ones((1, 3), "float32")
    assert y.shape == (None, 3)
    model = Model(x, y)
    assert model.weights == [scale]
    v = np.arange(8.0, dtype="float32").reshape(2, 4)
    t = ((2 * v + 1) / 2 - v**2) * 3
    assert model(v).shape == (2, 3) and np.allclose(model(v).numpy(), 2.0)
    inner = Model(x, (y, t.shape[1] * x)[1])
    assert np.allclose(inner.predict(v), 4 * v)


def test_lists_that_hold_one():
    x = Input((2,))
    assert is_symbolic([1.0, x]) and is_symbolic([[x], 2]) and is_symbolic({"a": (0, x)})
    assert not is_symbolic([1.0, 2.0]) and not is_symbolic([[1, 2], [3, 4]]) and not is_symbolic([])
    assert ops.stack([x, 2 * x], axis=1).shape == (None, 2, 2)
    start = time.perf_counter()
    assert not is_symbolic([[0.5] * 1000] * 10_000)  # looks at each row, not at each number
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    "use", [bool, len, float, np.asarray, iter, lambda x: x.numpy(), lambda x: np.exp(x)]
)
def test_values_are_refused_before_there_are_any(use):
    with pytest.raises(TypeError, match="no values yet: make a model|__array_ufunc__"):
        use(Input((3,)))


# ---- models --------------------------------------------------------------------------------------


def test_a_model_computes_what_its_layers_do():
    model = two_inputs()
    left, right, shared = (model.get_layer(n) for n in ("left", "right", "shared"))
    joined = np.concatenate([shared(left(A)).numpy(), shared(right(B)).numpy()], 1)
    expected = model.get_layer("score")(joined).numpy()
    for inputs in ([A, B], (A, B), {"a": A, "b": B}, {"b": B, "a": A}):
        assert (model(inputs).numpy() == expected).all()
        assert np.allclose(model.predict(inputs, batch_size=5), expected, atol=1e-6)
    assert model.output_shape == (None, 1) and model.input_names == ["a", "b"]
    names = [layer.name for layer in model.layers]
    assert names == ["a", "b", "left", "right", "shared", "concatenate", "score"]


def test_a_straight_line_trains_like_sequential_bit_for_bit():
    def layers():
        minigrad.seed(3)
        return [Dense(8, "relu"), BatchNormalization(), Dropout(0.3), Dense(1)]

    x = Input((3,))
    y = x
    for layer in layers():
        y = layer(y)
    graph, line = Model(x, y), Sequential([Input((3,)), *layers()])
    for model in (graph, line):
        minigrad.seed(5)
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(A, Y, epochs=3, verbose=0, batch_size=5)
    assert all((a == b).all() for a, b in zip(graph.get_weights(), line.get_weights()))
    assert graph.history.history == line.history.history
    assert graph.evaluate(A, Y) == line.evaluate(A, Y)


def test_training_reaches_both_modes():
    x = Input((3,))
    dropped = Model(x, Dropout(0.5)(x))
    always = Model(x, Dropout(0.5)(x, training=True))
    never = Model(x, Dropout(0.5)(x, training=False))
    ones = np.ones((4, 3), "float32")
    assert (dropped(ones).numpy() == 1).all() and (dropped(ones, training=True).numpy() != 1).any()
    assert (always(ones).numpy() != 1).any()
    assert (never(ones, training=True).numpy() == 1).all()


def test_subclasses_of_several_forms():
    x = Input((3,))

    class Named(Model):
        def __init__(self):
            super().__init__(x, Dense(2)(x), name="named")
            self.calls = 0

        def train_step(self, data):
            self.calls += 1
            return super().train_step(data)

    model = Named()
    model.compile("sgd", "mse")
    model.fit(A, np.zeros((12, 2)), verbose=0, batch_size=6)
    assert model.calls == 2 and model.name == "named" and model.count_params() == 8

    class WithParts(Model):
        def __init__(self):
            super().__init__()
            self.body = Model(x, Dense(4, "relu")(x))
            self.head = Dense(1)

        def call(self, inputs):
            return self.head(self.body(inputs))

    assert WithParts()(A).shape == (12, 1)
    with pytest.raises(AttributeError, match="was not made of symbolic tensors"):
        _ = WithParts().inputs


def test_nested_and_shared_models():
    encoder = Sequential([Dense(4, "tanh", input_shape=(3,)), Dense(2)], name="encoder")
    a, b = Input((3,)), Input((3,))
    distance = ops.sqrt(ops.sum(ops.square(encoder(a) - encoder(b)), axis=1, keepdims=True) + 1e-6)
    siamese = Model([a, b], distance)
    assert siamese.count_params() == encoder.count_params() == 26
    first = encoder.get_weights()
    siamese.compile("sgd", "mse")
    siamese.fit([A, A[::-1]], np.zeros(12), verbose=0)
    assert any((p != q).any() for p, q in zip(first, encoder.get_weights()))
    assert siamese.predict([A, A]).max() <= 1.1e-3


def test_feature_extractors():
    model = Sequential([Dense(4, "relu", input_shape=(3,), name="hidden"), Dense(2)])
    features = Model(inputs=model.input, outputs=model.get_layer("hidden").output)
    assert (features.predict(A) == model.get_layer("hidden")(A).numpy()).all()
    every = Model(model.inputs, [layer.output for layer in model.layers])
    assert [y.shape for y in every.predict(A)] == [(12, 4), (12, 2)]
    tail = Model(model.layers[0].output, model.output)
    assert np.allclose(tail.predict(features.predict(A)), model.predict(A), atol=1e-6)
    late = Sequential([Dense(4), Dense(2)])
    late(A)
    assert Model(late.input, late.layers[0].output).predict(A).shape == (12, 4)
    late.add(Dense(7))
    late.pop()
    late.add(Activation("relu"))
    assert (late(A).numpy() >= 0).all() and late.layers[-1].output.shape == (None, 2)
    grown = Sequential([Dense(4, input_shape=(3,))])
    grown.add(Dense(7))
    assert grown.pop()._calls == []  # it may find its place in another model
    assert grown.output.shape == (None, 4) and len(grown.layers[0]._calls) == 1


def test_a_layer_called_twice_has_no_single_output():
    x = Input((3,))
    layer = Dense(3, name="twice")
    layer(layer(x))
    with pytest.raises(AttributeError, match="layer twice .* it was called 2 times; keep"):
        _ = layer.output
    with pytest.raises(AttributeError, match="called on no symbolic tensor"):
        _ = Dense(3).input

    class Own(Layer):
        def __init__(self):
            super().__init__()
            self.output = Dense(2)

        def call(self, x):
            return self.output(x)

    assert Own()(A).shape == (12, 2)


def test_several_results_and_arguments():
    x, memory = Input((6, 4)), Input((9, 4))
    states, h, c = LSTM(4, return_sequences=True, return_state=True)(x)
    attended = MultiHeadAttention(2, 2)(states, value=memory)
    again = LSTM(4)(attended, initial_state=[h, c])
    model = Model({"x": x, "memory": memory}, {"last": again, "state": h})
    arrays = {"x": np.ones((2, 6, 4), "float32"), "memory": np.ones((2, 9, 4), "float32")}
    result = model.predict(arrays)
    assert {name: y.shape for name, y in result.items()} == {"last": (2, 4), "state": (2, 4)}
    assert model.output_names == ["last", "state"]


def test_masks_travel_along():
    ids = Input((None,), dtype="int64")
    h = Embedding(5, 4, mask_zero=True)(ids)
    h = add([Dense(4)(h), h])
    model = Model(ids, LSTM(3)(h))
    padded = np.array([[1, 2, 3, 0, 0]])
    assert np.allclose(model.predict(padded), model.predict(padded[:, :3]), atol=1e-6)
    x = Input((4, 2))
    steps = Model(x, Dense(1)(Masking()(x)))
    steps.compile("sgd", "mse")
    data = np.ones((1, 4, 2), "float32")
    data[:, 2:] = 0
    wild = np.array([[[1.0], [1.0], [99.0], [99.0]]])
    assert steps.evaluate(data, wild) < 10


def test_freezing_as_compile_fixed_it():
    generator = Sequential([Dense(8, input_shape=(4,)), LeakyReLU(0.2), Dense(3)])
    judge = Sequential([Dense(8, input_shape=(3,)), LeakyReLU(0.2), Dense(1, "sigmoid")])
    judge.compile("adam", "binary_crossentropy")
    judge.trainable = False
    z = Input((4,))
    stacked = Model(z, judge(generator(z)))
    stacked.compile("adam", "binary_crossentropy")
    before = judge.get_weights(), generator.get_weights()
    noise = draw.standard_normal((6, 4)).astype("float32")
    stacked.train_on_batch(noise, np.ones(6))
    assert all((a == b).all() for a, b in zip(before[0], judge.get_weights()))
    assert any((a != b).any() for a, b in zip(before[1], generator.get_weights()))
    judge.train_on_batch(A, np.ones(12))
    assert any((a != b).any() for a, b in zip(before[0], judge.get_weights()))


def test_copies_and_files(tmp_path):
    model = two_inputs()
    model.compile("adam", "mse")
    model.fit([A, B], Y, verbose=0)
    twin = copy.deepcopy(model)
    assert (twin.predict([A, B]) == model.predict([A, B])).all()
    model.save(tmp_path / "net.safetensors")
    other = two_inputs()
    other.compile("adam", "mse")
    other.load(tmp_path / "net.safetensors")
    assert (other.predict([A, B]) == model.predict([A, B])).all()
    model.train_on_batch([A, B], Y)
    other.train_on_batch([A, B], Y)
    assert (other.predict([A, B]) == model.predict([A, B])).all()
    assert not (twin.predict([A, B]) == model.predict([A, B])).all()


def test_values_are_freed_on_the_way():
    freed = []

    class Watch(Layer):
        def call(self, x):
            import weakref

            alive = [r() is not None for r in freed]
            assert sum(alive) <= 2
            y = x + 1
            freed.append(weakref.ref(y))
            return y

    x = Input((2,))
    y = x
    for _ in range(6):
        y = Watch()(y)
    model = Model(x, y)
    freed.clear()
    assert (model.predict(np.zeros((1, 2))) == 6).all()


def test_devices(xp, device):
    x = Input((3,))
    model = Model(x, 2 * Lambda(lambda t: t + 1)(x) + Dense(3)(x))
    model.compile("sgd", "mse")
    model.to(device)
    model.fit(xp.asarray(A), xp.asarray(A), verbose=0)
    assert model(xp.asarray(A)).device == device


# ---- what is refused -----------------------------------------------------------------------------


def test_what_is_no_graph():
    x, other = Input((3,), name="x"), Input((3,), name="other")
    y = Dense(2)(x)
    with pytest.raises(ValueError, match="also need the Input 'x' of shape .*not among the inputs"):
        Model(other, y)
    for inputs, outputs, words in (
        (3, y, "inputs must be symbolic tensors.*got int"),
        (x, A, "outputs must be symbolic tensors.*got ndarray"),
        (x, None, "outputs must be .*got NoneType"),
        ([], y, "inputs must be .*got nothing"),
        ("net", None, "inputs must be .*got str"),
    ):
        with pytest.raises(TypeError, match=words):
            Model(inputs, outputs)
    with pytest.raises(TypeError, match="expects layers"):
        Sequential([Dense(3), y])


def test_inputs_that_do_not_fit():
    model = two_inputs()
    for inputs, words in (
        ([A], "takes 2 inputs \\(a, b\\), got 1"),
        (A, "takes 2 inputs \\(a, b\\), got 1"),
        ({"a": A}, "the input 'b' is missing among 'a'"),
        ([B, A], r"the input 'a' has shape \(None, 3\), got an array of shape \(12, 5\)"),
        ([A, B[:, None]], r"the input 'b' has shape \(None, 5\), got .* \(12, 1, 5\)"),
    ):
        with pytest.raises(ValueError, match=words) as caught:
            model(inputs)
        assert "np.stack" not in str(caught.value)
    with pytest.raises(ValueError, match="the user's own"):
        Model(Input((2,)), Lambda(_fails)(Input((2,))))


def _fails(x):
    raise ValueError("the user's own")


def test_nested_inputs():
    a, b, c = (Input((3,), name=name) for name in "abc")
    model = Model([a, {"left": b, "right": c}], {"sum": [a + b, c * 2]})
    x = [A, {"left": 2 * A, "right": A}]
    for y in (model(x), model.predict(x, batch_size=5)):
        np.testing.assert_array_equal(np.asarray(y["sum"][0].data), 3 * A)
        np.testing.assert_array_equal(np.asarray(y["sum"][1].data), 2 * A)
    assert model.input_shape == [(None, 3), {"left": (None, 3), "right": (None, 3)}]
    for wrong, where in [
        ([A, {"left": A}], r"x\[1\]"),
        ([A], "x must be 2 in a list"),
        (A, "2 in a"),
    ]:
        with pytest.raises(ValueError, match=f"inputs of this model are nested: .*{where}"):
            model(wrong)


def test_inputs_by_name():
    a = Input((4, 3))
    attention = MultiHeadAttention(2, 4)
    model = Model(a, attention(query=a, value=a, key=a))
    x = A.reshape(3, 4, 3)
    np.testing.assert_array_equal(model.predict(x), attention(x, x).numpy())
    dense = Dense(2)
    y = dense(inputs=A)
    np.testing.assert_array_equal(dense(A).numpy(), y.numpy())
    line = Model(inputs=(b := Input((3,))), outputs=dense(inputs=b))
    np.testing.assert_array_equal(line(inputs=A).numpy(), y.numpy())
    with pytest.raises(TypeError, match="dense was called on nothing: give it x, its input"):
        Dense(2, name="dense")()


def test_compute_output_shape():
    dense = Dense(2)
    before = minigrad.random.generator().bit_generator.state
    assert dense.compute_output_shape((None, 3)) == (None, 2)
    assert dense.compute_output_shape((5, 7, 3)) == (5, 7, 2)
    assert not dense.built and minigrad.random.generator().bit_generator.state == before
    assert Concatenate().compute_output_shape([(None, 3), (None, 5)]) == (None, 8)
    assert LSTM(4, return_sequences=True).compute_output_shape((None, None, 3)) == (None, None, 4)
    assert Embedding(9, 4).compute_output_shape((None, 6)) == (None, 6, 4)
    model = two_inputs()
    assert model.compute_output_shape({"a": (None, 3), "b": (None, 5)}) == (None, 1)
    assert model.input_shape == [(None, 3), (None, 5)]


@pytest.mark.filterwarnings("error")
def test_ops_that_are_not_defined_at_zero():
    x = Input((3,))
    model = Model(x, ops.log(x) + 1 / x)
    np.testing.assert_allclose(model.predict(np.full((1, 3), 2.0)), np.log(2) + 0.5, rtol=1e-6)


def test_lists_of_one_tensor_are_that_tensor():
    x = Input((3,), name="x")
    model = Model([x], [Dense(1, name="y")(x)])
    assert model.input_shape == (None, 3) and model.output_shape == (None, 1)
    model.compile("sgd", "mse")
    assert model.train_on_batch(A, Y) > 0 and model.predict(A).shape == (12, 1)
    assert [t.name for t in (x, model.output, x + 1)] == ["x", "y", "add"]


def test_a_last_axis_of_length_one_may_be_missing():
    user, item = Input((1,), name="user"), Input((1,), name="item")
    model = Model([user, item], user * item)
    np.testing.assert_array_equal(model.predict([A[:, 0], A[:, 1]])[:, 0], A[:, 0] * A[:, 1])
    line = Sequential(Dense(1, input_shape=(1,)))
    line.compile("sgd", "mse")
    line.fit(A[:, 0], A[:, 1], verbose=0)
    assert line.predict(A[:, 0]).shape == line.predict(A[:, :1]).shape == (12, 1)
    series = Sequential(Input((3, 2)), LSTM(2))
    assert series.predict(A[:2, None, :, None].reshape(1, 3, 2, 1)).shape == (1, 2)
    with pytest.raises(ValueError, match="user"):
        model.predict([A, A])


def test_outputs_in_a_dict_are_met_in_the_order_of_their_keys():
    x = Input((3,))
    model = Model(x, {"b": Dense(1, name="second")(x), "a": Dense(2, name="first")(x)})
    assert [layer.name for layer in model.layers[1:]] == ["first", "second"]  # as in Keras


def test_layers_of_a_subclass():
    class Twice(Model):
        def __init__(self):
            super().__init__()
            x = Input((3,))
            self.encoder = Model(x, Dense(4)(x))
            self.head = Dense(1)

        def call(self, x):
            return self.head(self.encoder(x))

    model = Twice()
    assert model.layers == [model.encoder, model.head]
    model.compile("sgd", "mse")
    model.fit(A, Y, verbose=0)
    assert len(model.trainable_variables) == 4 and model.input_shape is None


def test_input_is_a_layer_and_a_tensor():
    assert InputLayer(input_shape=(4,)).output_shape == InputLayer((4,)).output_shape
    with pytest.raises(ValueError, match="Input needs the shape of one input"):
        InputLayer((4,), input_shape=(5,))
    line = Sequential(Dense(2))
    line.build(input_shape=(None, 3))
    assert line.count_params() == 8
    assert isinstance(Input((3,)), SymbolicTensor)
    assert isinstance(Input((3,)).call.function, InputLayer)
    model = Sequential([Input((3,)), Dense(2)])
    assert len(model) == 1 and model.built
    x = Input((4,))
    assert Model(x, Reshape((2, 2))(x)).predict(np.zeros((3, 4))).shape == (3, 2, 2)
