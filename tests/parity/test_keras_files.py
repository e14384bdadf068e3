"""Files that Keras writes are read: the models compute what they compute in Keras."""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import minigrad
from minigrad.models import load_model
from minigrad.training.keras_files import translate

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

rng = np.random.default_rng(0)


def rows(*shape):
    return rng.standard_normal(shape).astype("float32")


def mlp(k):
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((6,)),
            layers.Dense(5, activation="relu", kernel_regularizer="l2", name="first"),
            layers.Dropout(0.3),
            layers.LayerNormalization(),
            layers.Dense(4, k.activations.gelu, use_bias=False),
            layers.Dense(3, activation="softmax"),
        ],
        name="mlp",
    )
    return model, rows(4, 6)


def cnn(k):
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((10, 10, 2)),
            layers.Rescaling(0.5, offset=0.1),
            layers.Conv2D(4, 3, padding="same", kernel_initializer="he_normal"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.SeparableConv2D(3, (3, 2), activation="tanh"),
            layers.DepthwiseConv2D(2, depth_multiplier=2),
            layers.Conv2DTranspose(2, 3, strides=2, padding="same"),
            layers.ZeroPadding2D(((1, 0), (2, 1))),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.PReLU(shared_axes=[1, 2]),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )
    return model, rows(2, 10, 10, 2)


def recurrent(k):
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((7, 3)),
            layers.Conv1D(4, 2, padding="causal", activation="relu"),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.GRU(4, return_sequences=True, reset_after=False),
            layers.TimeDistributed(layers.Dense(3, activation="tanh")),
            layers.SimpleRNN(3, return_sequences=True, go_backwards=True),
            layers.Bidirectional(layers.GRU(2), merge_mode="sum"),
        ]
    )
    return model, rows(2, 7, 3)


def embedding(k):
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((5,), dtype="int32"),
            layers.Embedding(20, 4, mask_zero=True),
            layers.LSTM(3, return_sequences=True),
            layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)]),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    return model, np.array([[3, 4, 5, 0, 0], [1, 2, 3, 4, 5], [7, 0, 0, 0, 0]])


def attention(k):
    layers = k.layers
    x, memory = k.Input((4, 6), name="x"), k.Input((3, 6), name="memory")
    h = layers.MultiHeadAttention(2, 3, dropout=0.1)(x, memory)
    h = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, h]))
    h = h + layers.MultiHeadAttention(2, 2, value_dim=4)(h, h, use_causal_mask=True)
    h = layers.Attention(use_scale=True)([h, memory])
    return k.Model([x, memory], layers.AdditiveAttention()([h, x])), [rows(2, 4, 6), rows(2, 3, 6)]


def shared(k):
    layers = k.layers
    a, b = k.Input((None, 4), name="a"), k.Input((None, 4), name="b")
    encoder = layers.GRU(3, name="encoder")
    u, v = encoder(a), encoder(b)
    h = layers.Concatenate()([layers.Dense(3)(u), layers.Dense(3)(v), u * v])
    value = layers.Dense(1, name="value")(h)
    kind = layers.Dense(2, activation="softmax", name="kind")(layers.Dense(3)(h))
    model = k.Model({"a": a, "b": b}, {"value": value, "kind": kind})
    return model, {"a": rows(2, 5, 4), "b": rows(2, 3, 4)}


def nested(k):
    layers = k.layers
    z = k.Input((4,))
    inner = k.Model(z, layers.Dense(3, activation="tanh")(layers.Dense(3)(z)), name="inner")
    line = k.Sequential([k.Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="line")
    x, y = k.Input((4,)), k.Input((4,))
    h = layers.Subtract()([inner(x), inner(y)])
    h = layers.Maximum()([h, line(x)])
    deep = k.Sequential([k.Input((3,)), k.Sequential([k.Input((3,)), layers.Dense(2)])])
    return k.Model([x, y], [deep(h), h]), [rows(3, 4), rows(3, 4)]


def of_ops(k):
    x = k.Input((4, 6))
    y = k.ops.mean(x, axis=1, keepdims=True)
    y = k.ops.concatenate([y, x[:, 1:3] * 2.0 - 1], axis=1)
    y = k.ops.relu(y) + k.ops.tanh(k.ops.expand_dims(x[:, 0], 1))
    y = k.ops.reshape(y, (-1, 18)) / 3
    return k.Model(x, k.ops.softmax(y, axis=-1)), rows(2, 4, 6)


def with_states(k):
    layers = k.layers
    x = k.Input((4, 3))
    y, h, c = layers.LSTM(2, return_sequences=True, return_state=True)(x)
    return k.Model(x, [layers.LSTM(2)(y, initial_state=[h, c]), h]), rows(2, 4, 3)


MODELS = (mlp, cnn, recurrent, embedding, attention, shared, nested, of_ops, with_states)


def with_other_weights(model):
    """Trained weights and statistics: none at its initial value."""
    draw = np.random.default_rng(1)
    model.set_weights([np.abs(w + draw.normal(0, 0.3, w.shape)) for w in model.get_weights()])
    return model


def outputs(model, x):
    y = model.predict(x, verbose=0)
    if isinstance(y, dict):
        return [y[name] for name in sorted(y)]
    return y if isinstance(y, (list, tuple)) else [y]


def assert_equal_outputs(ours, theirs, x):
    for a, b in zip(outputs(ours, x), outputs(theirs, x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("build", MODELS)
def test_models(build, tmp_path):
    theirs, x = build(keras)
    with_other_weights(theirs).save(tmp_path / "net.keras")
    ours = load_model(tmp_path / "net.keras")
    assert ours.count_params() == theirs.count_params() and ours.name == theirs.name
    assert_equal_outputs(ours, theirs, x)
    ours.save(tmp_path / "net.minigrad")
    again = load_model(tmp_path / "net.minigrad")
    for a, b in zip(outputs(ours, x), outputs(again, x), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("build", [m for m in MODELS if m is not of_ops])
def test_weights(build, tmp_path):
    theirs, x = build(keras)
    with_other_weights(theirs).save_weights(tmp_path / "net.weights.h5")
    minigrad.seed(0)
    ours, _ = build(minigrad)
    ours.load_weights(tmp_path / "net.weights.h5")
    assert_equal_outputs(ours, theirs, x)
    other = minigrad.Sequential(minigrad.layers.Dense(3, input_shape=(2,)))
    before = other.get_weights()
    with pytest.raises(ValueError, match="net.weights.h5"):
        other.load_weights(tmp_path / "net.weights.h5")
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_was_compiled(tmp_path):
    theirs, x = mlp(keras)
    y = np.eye(3, dtype="float32")[[0, 1, 2, 0]]
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    theirs.compile(
        keras.optimizers.Adam(schedule, clipnorm=1.0),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(2, name="top")],
    )
    theirs.save(tmp_path / "net.keras")
    ours = load_model(tmp_path / "net.keras")
    assert ours.optimizer.clipnorm == 1.0 and ours.optimizer.schedule(2) == pytest.approx(0.05)
    expected = theirs.evaluate(x, y, verbose=0)
    np.testing.assert_allclose(ours.evaluate(x, y, verbose=0), expected, rtol=1e-5)
    theirs, x = shared(keras)
    theirs.compile(
        "sgd",
        {"value": "mse", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"value": 0.3, "kind": 1.0},
    )
    theirs.save(tmp_path / "net.keras")
    ours = load_model(tmp_path / "net.keras")
    y = {"value": rows(2, 1), "kind": np.array([0, 1])}
    expected = theirs.evaluate(x, y, verbose=0)[0]
    assert ours.evaluate(x, y)[0] == pytest.approx(expected, rel=1e-5)
    assert not load_model(tmp_path / "net.keras", compile=False)._compiled


def test_subclasses(tmp_path):
    def net(k):
        class Net(k.Model):
            def __init__(self):
                super().__init__()
                self.zoom = k.layers.Dense(3)
                self.blocks = [k.layers.Dense(3, activation="tanh") for _ in range(2)]
                self.head = k.layers.Dense(2)

            def call(self, x):
                x = self.zoom(x)
                for block in self.blocks:
                    x = block(x)
                return self.head(x)

        return Net()

    theirs, ours, x = net(keras), net(minigrad), rows(2, 4)
    theirs(x), ours(x)
    theirs.save_weights(tmp_path / "net.weights.h5")
    ours.load_weights(tmp_path / "net.weights.h5")
    assert_equal_outputs(ours, theirs, x)


@keras.saving.register_keras_serializable("tests")
class TheirScale(keras.layers.Layer):
    def __init__(self, factor=2.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class OurScale(minigrad.layers.Layer):
    def __init__(self, factor=2.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return x * self.factor


def test_classes_of_ones_own_and_what_has_no_counterpart(tmp_path):
    path = tmp_path / "net.keras"
    theirs = keras.Sequential([keras.Input((3,)), TheirScale(3.0), keras.layers.Dense(2)])
    theirs.save(path)
    ours = load_model(path, custom_objects={"tests>TheirScale": OurScale})
    assert_equal_outputs(ours, theirs, rows(2, 3))
    assert load_model(path, {"TheirScale": OurScale}).layers[0].factor == 3.0
    with pytest.raises(ValueError, match="unknown class or function 'TheirScale'"):
        load_model(path)
    keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x)]).save(path)
    with pytest.raises(ValueError, match="a Lambda of a lambda holds code, which is not run"):
        load_model(path)
    theirs = keras.Sequential([keras.Input((4, 4, 4, 1)), keras.layers.Conv3D(2, 2)])
    theirs.save(path)
    with pytest.raises(ValueError, match="unknown class or function 'Conv3D'"):
        load_model(path)
    policy = keras.layers.Dense(2, dtype="mixed_float16")
    keras.Sequential([keras.Input((3,)), policy]).save(path)
    with pytest.raises(ValueError, match="net.keras is no model .*float16"):
        load_model(path)


def test_every_layer_of_keras_that_is_here(tmp_path):
    """With the options that Keras writes, all at their defaults."""
    one, seen = {"Activation": ["relu"], "Lambda": None, "InputLayer": None}, []
    for name in sorted(set(dir(keras.layers)) & set(minigrad.layers.__all__)):
        kind = getattr(keras.layers, name)
        arguments = one.get(name, REQUIRED.get(kind.__name__, []))
        if not isinstance(kind, type) or kind is keras.layers.Layer or arguments is None:
            continue
        layer = kind(*arguments)
        description = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
        made = minigrad.saving.deserialize_keras_object(translate(description))
        assert type(made).__name__ == kind.__name__
        seen.append(name)
    assert len(seen) > 60


DENSE, CELL = keras.layers.Dense(2), keras.layers.LSTMCell(2)
REQUIRED = {
    **dict.fromkeys(("Dense", "LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell"), [3]),
    **dict.fromkeys(("SimpleRNNCell", "RepeatVector"), [3]),
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv1DTranspose", "Conv2DTranspose"), [3, 2]),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), [3, 2]),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), [2]),
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise"), [0.5]),
    **dict.fromkeys(("GaussianDropout", "AlphaDropout", "Rescaling"), [0.5]),
    **dict.fromkeys(("RandomContrast", "RandomRotation", "RandomZoom"), [0.5]),
    **dict.fromkeys(("RandomCrop", "Resizing", "CenterCrop"), [4, 4]),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D", "AvgPool1D", "AvgPool2D"), [2]),
    "RandomTranslation": [0.1, 0.1],
    "RandomBrightness": [0.1],
    "Embedding": [5, 2],
    "EinsumDense": ["abc,cd->abd", (None, 3)],
    "MultiHeadAttention": [2, 3],
    "Reshape": [(2, 3)],
    "Permute": [(2, 1)],
    "Dot": [1],
    "RNN": [CELL],
    "StackedRNNCells": [[CELL]],
    "Bidirectional": [keras.layers.LSTM(2)],
    "TimeDistributed": [DENSE],
    "SpectralNormalization": [DENSE],
    "GroupNormalization": [2],
}


def test_the_members_of_a_file(tmp_path):
    """As they are read here; a test that runs without Keras writes such a file by hand."""
    theirs, _ = mlp(keras)
    theirs.save(tmp_path / "net.keras")
    with zipfile.ZipFile(tmp_path / "net.keras") as file:
        assert sorted(file.namelist()) == ["config.json", "metadata.json", "model.weights.h5"]
