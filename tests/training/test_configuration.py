"""Models as configurations and texts, and back; clones."""

import json

import numpy as np
import pytest

import minigrad
from minigrad import layers, ops
from minigrad.config import settings, to_device
from minigrad.models import Model, Sequential, clone_model, model_from_json


def rows(*shape):
    return np.random.default_rng(len(shape)).uniform(-1, 1, shape).astype("float32")


def here(x):
    """An array on the device of the test."""
    return to_device(x, settings.device)


def straight():
    return Sequential(
        [minigrad.Input((4,)), layers.Dense(3, "relu"), layers.Dense(2, "softmax")], name="line"
    ), rows(5, 4)


def of_words():
    model = Sequential(
        [layers.Embedding(9, 4, mask_zero=True), layers.Bidirectional(layers.LSTM(3))]
    )
    x = np.array([[1, 2, 0], [3, 0, 0]])
    model.predict(x)
    return model, x


def convolutional():
    model = Sequential(
        layers.Conv2D(3, 3, padding="same", input_shape=(6, 6, 1)),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Reshape((-1,)),
        layers.Dense(2),
    )
    return model, rows(2, 6, 6, 1)


def shared():
    """Two inputs of unequal lengths, one encoder, outputs in a dict."""
    a, b = minigrad.Input((None, 4), name="a"), minigrad.Input((None, 4), name="b")
    encoder = layers.GRU(3, name="encoder")
    joined = layers.Concatenate()([encoder(a), encoder(b)])
    main = layers.Dense(2, name="main")(joined)
    return Model({"a": a, "b": b}, {"main": main, "side": layers.Dense(1)(encoder(a))}), {
        "a": rows(2, 5, 4),
        "b": rows(2, 3, 4),
    }


def nested():
    """A model in a model, called twice, and its inner layer once more outside."""
    inner = layers.Dense(3, "tanh")
    z = minigrad.Input((4,))
    encoder = Model(z, layers.Dropout(0.5)(inner(z)), name="encoder")
    x, y = minigrad.Input((4,)), minigrad.Input((4,))
    return Model([x, y], [encoder(x) - encoder(y), inner(x)], name="outer"), [
        rows(3, 4),
        rows(3, 4),
    ]


def of_ops():
    x = minigrad.Input((3, 4))
    scale = minigrad.Parameter(here(rows(4)), name="scale")
    y = (2.0 * x + 1) * scale - here(np.arange(4, dtype="float32"))
    y = ops.concatenate([y[:, 0], y[:, ::2, 1:3].reshape(-1, 4), y[..., -1]], axis=-1)
    y = ops.where(y > 0, y, ops.tanh(y)) @ here(rows(11, 2))
    largest = x.max(axis=(1, 2), keepdims=True)
    return Model(x, [y, ops.sum(abs(-y) ** 2, axis=1), largest.squeeze(), y.T]), rows(2, 3, 4)


def with_states():
    x = minigrad.Input((4, 3))
    y, h, c = layers.LSTM(2, return_sequences=True, return_state=True)(x)
    again = layers.LSTM(2)(x, initial_state=[h, c])
    attention = layers.MultiHeadAttention(2, 3)(y, y, use_causal_mask=True)
    dropped = layers.Dropout(0.5)(attention, training=False)
    return Model(x, (again, dropped, layers.Masking()(x))), rows(2, 4, 3)


def feature_extractor():
    """A model that begins within another one."""
    whole, _ = straight()
    return Model(whole.layers[0].output, whole.output), rows(5, 3)


MODELS = {
    f.__name__: f
    for f in (
        straight,
        of_words,
        convolutional,
        shared,
        nested,
        of_ops,
        with_states,
        feature_extractor,
    )
}


def outputs(model, x):
    y = model.predict(x)
    return list(y.values()) if isinstance(y, dict) else y if isinstance(y, (list, tuple)) else [y]


def assert_twins(model, twin, x):
    """They have the same weights in the same places, and compute the same."""
    assert list(twin.named_weights()) == list(model.named_weights())
    twin.set_weights(model.get_weights())
    for a, b in zip(outputs(model, x), outputs(twin, x), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_model_is_made_again_by_its_configuration(make):
    model, x = make()
    twins = [model_from_json(model.to_json()), type(model).from_config(model.get_config())]
    if make is not nested:  # the clone of a nested model shares nothing with other clones
        twins.append(clone_model(model))
    for twin in twins:
        assert type(twin) is type(model) and twin.name == model.name
        assert twin.count_params() == model.count_params()
        assert not {id(p) for p in twin.weights} & {id(p) for p in model.weights}
        assert_twins(model, twin, x)
    assert model_from_json(model.to_json()).to_json() == model.to_json()


def test_the_form_is_that_of_keras():
    model, _ = straight()
    first, dense, _ = model.get_config()["layers"]
    assert first["class_name"] == "InputLayer" and first["config"]["batch_shape"] == (None, 4)
    assert dense["config"]["units"] == 3 and dense["config"]["name"] == "dense"
    assert Sequential([layers.Dense(3)]).get_config()["layers"][0]["config"]["units"] == 3
    text = json.loads(model.to_json(indent=2))
    assert text["class_name"] == "Sequential" and text["config"]["name"] == "line"
    model, _ = shared()
    config = model.get_config()
    assert config["input_layers"] == {"a": ["a", 0, 0], "b": ["b", 0, 0]}
    assert config["output_layers"]["main"] == ["main", 0, 0]
    encoder = next(entry for entry in config["layers"] if entry["name"] == "encoder")
    assert len(encoder["inbound_nodes"]) == 3
    tensor = encoder["inbound_nodes"][0]["args"][0]
    assert tensor["class_name"] == "__keras_tensor__"
    assert tensor["config"] == {
        "shape": [None, None, 4],
        "dtype": "float32",
        "keras_history": ["a", 0, 0],
    }


def test_layers_that_are_shared_stay_shared():
    model, _ = nested()
    twin = model_from_json(model.to_json())
    assert len(twin.weights) == 2 and twin.get_layer("encoder").layers[1] in twin.layers
    assert clone_model(model).count_params() == 30


def test_frozen_layers_stay_frozen():
    model, _ = nested()
    model.get_layer("encoder").trainable = False
    twin = model_from_json(model.to_json())
    assert not twin.get_layer("encoder").trainable and twin.trainable_weights == []
    model, _ = straight()
    model.layers[0].trainable = False
    twin = Sequential.from_config(model.get_config())
    assert [p.name for p in twin.trainable_weights] == ["kernel", "bias"] and twin.trainable


def test_layers_of_one_default_name():
    """Models count for themselves: two layers called dense may meet in a third model."""
    x = minigrad.Input((2,))
    a, b = Model(x, layers.Dense(2)(x)), Model(x, layers.Dense(2)(x))
    both = Model(x, b.layers[-1](a.layers[-1](x)))
    assert_twins(both, model_from_json(both.to_json()), rows(3, 2))


class Net(Model):
    """A subclass with arguments that a text can hold."""

    def __init__(self, units, activation="relu"):
        super().__init__()
        self.dense = layers.Dense(units, activation)

    def call(self, x):
        return self.dense(x["a"] + x["b"])


class Pair(Model):
    """A subclass whose call takes two inputs."""

    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(2), layers.Dense(2)

    def call(self, x, other=None, scale=1.0):
        y = self.first(x)
        return y + scale * self.second(y if other is None else other)


class Trained(Model):
    """A functional model with a step of its own."""

    def train_step(self, data):
        return super().train_step(data)


class Weighted(Model):
    """A functional model with an argument more."""

    def __init__(self, *args, weight=1.0, **options):
        super().__init__(*args, **options)
        self.weight = weight


class Line(Sequential):
    def __init__(self, n):
        super().__init__([layers.Dense(n, input_shape=(2,)) for _ in range(n)])


def test_subclasses():
    model = Net(3, activation="tanh")
    x = {"a": rows(2, 4), "b": rows(2, 4)}
    model(x)
    twin = model_from_json(model.to_json(), {"Net": Net})
    assert_twins(model, twin, x)
    assert not clone_model(model).built
    for build in (lambda m: m(rows(2, 4), rows(2, 2), scale=2.0), lambda m: m.build((None, 4))):
        pair = Pair()
        build(pair)
        assert_twins(pair, model_from_json(pair.to_json(), {"Pair": Pair}), rows(5, 4))
    with pytest.raises(ValueError, match="custom_objects={'Net': Net}"):
        model_from_json(model.to_json())
    with pytest.raises(ValueError, match="no functional model"):
        clone_model(model, minigrad.Input((4,)))
    x = minigrad.Input((4,))
    twin = model_from_json(Trained(x, layers.Dense(2)(x)).to_json(), {"Trained": Trained})
    assert type(twin) is Trained and twin.output_shape == (None, 2)
    twin = model_from_json(
        Weighted(x, layers.Dense(2)(x), weight=0.3, name="w").to_json(), {"Weighted": Weighted}
    )
    assert type(twin) is Weighted and twin.weight == 0.3 and twin.name == "w"
    assert Line.from_config(Line(3).get_config()).count_params() == Line(3).count_params()


def test_clones_with_other_layers_and_inputs():
    model, _ = shared()
    names = []

    def frozen(layer):
        names.append(layer.name)
        twin = type(layer).from_config(layer.get_config())
        twin.trainable = layer.name != "encoder"
        return twin

    clone = clone_model(model, clone_function=frozen)
    assert sorted(names) == ["concatenate", "dense", "encoder", "main"]
    assert len(clone.trainable_weights) == len(model.trainable_weights) - 3
    x = [minigrad.Input((7, 4)), minigrad.Input((2, 4))]
    assert [i.shape for i in clone_model(model, x).inputs] == [(None, 7, 4), (None, 2, 4)]
    with pytest.raises(ValueError, match="2 inputs, got 1"):
        clone_model(model, x[0])
    line, _ = straight()
    assert clone_model(line, minigrad.Input((4,), batch_size=3)).count_params() == 23
    assert not clone_model(Sequential(layers.Dense(3))).built


def without(config, *path):
    """A configuration in which one entry is missing."""
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return config


def changed(config, value, *path):
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return config


NODE = ("config", "layers", 1, "inbound_nodes", 0, "args", 0, "config", "keras_history")


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda c: without(c, "config", "layers"), "layers"),
        (lambda c: without(c, "config", "layers", 0, "class_name"), ""),
        (lambda c: changed(c, 3, "config", "layers"), ""),
        (lambda c: changed(c, "x", "config", "layers", 1, "name"), ""),
        (lambda c: changed(c, "dense", "config", "layers", 0, "name"), "one name"),
        (lambda c: changed(c, ["gone", 0, 0], *NODE), "makes no tensor"),
        (lambda c: changed(c, ["dense", 0, 0], *NODE), "wait for each other"),
        (lambda c: changed(c, ["x", 0, 10**30], *NODE), "is larger than"),
        (lambda c: changed(c, ["x", {}, []], *NODE), ""),
        (lambda c: changed(c, [], *NODE), ""),
        (lambda c: changed(c, "many", "config", "layers", 1, "config", "units"), "units"),
        (lambda c: changed(c, {}, "config", "layers", 0, "config"), ""),
        (lambda c: changed(c, "MeanSquaredError", "class_name"), "not a model"),
        (lambda c: changed(c, [], "config"), "expected a dict"),
        (lambda c: changed(c, 10**12, "config", "layers", 1, "config", "units"), "is larger than"),
    ],
)
def test_texts_that_are_damaged(spoil, message):
    x = minigrad.Input((4,), name="x")
    model = Model(x, layers.Dense(2, name="dense")(x))
    config = spoil(json.loads(model.to_json()))
    if config["class_name"] == "MeanSquaredError":
        config |= {"config": {}, "module": "minigrad.losses"}
    with pytest.raises(ValueError, match=f"the text is no .*{message}"):
        model_from_json(json.dumps(config))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": NaN}', "[" * 100_000, '{"a": 1, "a": 2}'])
def test_texts_that_are_none(text):
    with pytest.raises(ValueError, match="the text is no"):
        model_from_json(text)
