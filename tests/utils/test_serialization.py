"""Objects as JSON and back, and which classes a text may name."""

import copy
import json
import re
from functools import partial

import numpy as np
import pytest

import minigrad
from minigrad import (
    activations,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from minigrad.optimizers import schedules
from minigrad.utils import serialization
from minigrad.utils.serialization import (
    CustomObjectScope,
    deserialize,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize,
)
from tests.cases.layers import LAYERS, _Drawn, _first, _Merged


def as_text(obj):
    return json.dumps(serialize(obj), allow_nan=False)


def through_json(obj, **custom_objects):
    """The twin of an object, through a text."""
    return deserialize(json.loads(as_text(obj)), custom_objects)


def square(x):
    return x * x


OWN = {"_Merged": _Merged, "_first": _first, "_Drawn": _Drawn, "square": square}


def outputs_of(layer, inputs):
    y = layer(*inputs)
    return [item.numpy() for item in (y if isinstance(y, (list, tuple)) else [y])]


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_is_made_again_by_its_configuration(name):
    layer, _, inputs = LAYERS[name]()
    if name == "Lambda":
        layer = layers.Lambda(square)
        layer(*inputs)
    twin = through_json(layer, **OWN)
    outputs_of(twin, inputs)
    twin.set_weights(layer.get_weights())
    for a, b in zip(outputs_of(layer, inputs), outputs_of(twin, inputs), strict=True):
        np.testing.assert_array_equal(a, b)
    assert as_text(twin) == as_text(layer)
    assert type(twin).from_config(layer.get_config()).count_params() <= layer.count_params()


OBJECTS = [
    initializers.HeNormal(seed=3),
    initializers.Constant(np.arange(3.0)),
    initializers.TruncatedNormal(0.1, 0.2),
    regularizers.L1L2(0.1, 0.2),
    regularizers.OrthogonalRegularizer(mode="columns"),
    constraints.MinMaxNorm(0.5, axis=(0, 1)),
    layers.Dense(3, kernel_constraint=constraints.MaxNorm(3), dtype="float64"),
    layers.Dropout(0.5, noise_shape=(None, 1), seed=4),
    losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
    losses.Huber(0.5, reduction="sum"),
    metrics.AUC(num_thresholds=50, curve="PR"),
    metrics.Precision(thresholds=0.25, name="p"),
    metrics.F1Score(average="macro"),
    schedules.PiecewiseConstantDecay([3, 6], [0.1, 0.05, 0.01]),
    schedules.CosineDecay(0.1, 100, warmup_target=0.2, warmup_steps=5),
    optimizers.Adam(schedules.ExponentialDecay(0.1, 10, 0.5), clipnorm=1.0),
    minigrad.random.SeedGenerator(3, name="draws"),
    optimizers.SGD(0.5, momentum=0.9, nesterov=True),
]


@pytest.mark.parametrize("obj", OBJECTS, ids=lambda obj: type(obj).__name__)
def test_other_objects(obj):
    twin = through_json(obj)
    assert type(twin) is type(obj) and as_text(twin) == as_text(obj)


def test_optimizers_and_losses_compute_the_same():
    optimizer = optimizers.Adam(schedules.ExponentialDecay(0.1, 2, 0.5), beta_1=0.5)
    values = []
    for one in (optimizer, through_json(optimizer)):
        p = minigrad.Parameter(np.array([1.0, -2.0]))
        for _ in range(5):
            one.apply([p.numpy() * 2], [p])
        values.append(p.numpy())
    np.testing.assert_array_equal(*values)
    loss = losses.CategoricalCrossentropy(label_smoothing=0.2)
    y, p = np.eye(3, dtype="float32"), minigrad.Tensor(np.full((3, 3), 1 / 3, "float32"))
    assert through_json(loss)(y, p).item() == loss(y, p).item()


def test_the_form_is_that_of_keras():
    config = layers.Dense(3, "relu", kernel_initializer=initializers.HeNormal(1)).get_config()
    assert config["units"] == 3 and config["activation"] == "relu" and config["use_bias"] is True
    assert config["kernel_initializer"] == {
        "module": "minigrad.initializers",
        "class_name": "HeNormal",
        "config": {"seed": 1},
        "registered_name": None,
    }
    assert layers.Dense(3, activations.relu).get_config()["activation"] == "relu"
    assert serialize(schedules.Constant(0.1))["module"] == "minigrad.optimizers.schedules"
    assert initializers.get({"class_name": "HeNormal", "config": {"seed": 1}}).seed == 1
    assert losses.get({"class_name": "MeanSquaredError", "config": {}}).name == "mean_squared_error"
    assert (
        metrics.get({"class_name": "AUC", "config": {"curve": "PR"}}).get_config()["curve"] == "PR"
    )
    relu = {"class_name": "function", "module": "minigrad.activations", "config": "relu"}
    assert activations.get(relu) is activations.relu
    assert optimizers.get({"class_name": "SGD", "config": {"momentum": 0.5}}).momentum == 0.5
    keras = {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.5}}
    assert regularizers.get(keras).l2 == 0.5


def test_what_was_set_since_takes_the_place_of_the_argument():
    layer = layers.Dense(3, "softmax", name="scores")
    layer.activation = activations.linear
    layer.trainable = False
    config = layer.get_config()
    assert config["activation"] == "linear" and config["trainable"] is False
    assert config["name"] == "scores"
    optimizer = optimizers.SGD(0.5)
    optimizer.learning_rate = 0.25
    assert optimizer.get_config()["learning_rate"] == 0.25
    built = layers.Dense(3)
    built(np.zeros((2, 4)))
    assert built.get_config()["input_shape"] is None
    assert copy.deepcopy(layer).get_config() == config
    assert repr(regularizers.L2(0.5)) == "L2(l2=0.5)"


class Scale(layers.Layer):
    """The habit of Keras's pages."""

    def __init__(self, units=4, activation=None, inner=None, **options):
        super().__init__(**options)
        self.units = units
        self.activation = activations.get(activation)
        self.inner = inner or layers.Dense(2)

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units))

    def call(self, x):
        return self.inner(self.activation(x @ self.kernel))

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "units": self.units,
                "activation": activations.serialize(self.activation),
                "inner": serialize(self.inner),
            }
        )
        return config

    @classmethod
    def from_config(cls, config):
        inner = deserialize(config.pop("inner"))
        return cls(inner=inner, **config)


class Plain(layers.Layer):
    """Without a get_config, and without a name."""

    def __init__(self, factors, *sizes, function=None):
        super().__init__()
        self.factors = np.asarray(factors, "float32")
        self.sizes = sizes
        self.function = function

    def call(self, x):
        return x * self.factors


def test_layers_of_ones_own():
    layer = Scale(3, "tanh", layers.Dense(5, "relu"), name="mine")
    assert layer.get_config()["inner"]["config"]["units"] == 5
    twin = through_json(layer, Scale=Scale)
    assert twin.name == "mine" and twin.inner.units == 5 and twin.activation is activations.tanh
    assert Scale.from_config(layer.get_config()).units == 3
    twin = through_json(
        Plain([1.0, float("inf")], 2, 3, function=square), Plain=Plain, square=square
    )
    assert twin.sizes == (2, 3) and twin.function is square and np.isinf(twin.factors[1])
    bare = Plain([1.0], function=lambda x: x)
    assert Plain.from_config(bare.get_config()).function is bare.function
    with pytest.raises(TypeError, match="a lambda has no name that a file could hold"):
        serialize(bare)


class Passing(layers.Dense):
    """A constructor that hands everything on."""

    def __init__(self, *args, factor=2.0, **options):
        super().__init__(*args, **options)
        self.factor = factor


def test_a_constructor_that_hands_its_arguments_on():
    config = Passing(3, "relu", factor=5.0).get_config()
    assert (config["units"], config["activation"], config["factor"]) == (3, "relu", 5.0)
    assert "args" not in config
    twin = Passing(**config)
    assert (twin.units, twin.factor) == (3, 5.0)


def test_partials_of_functions():
    half = through_json(layers.Dense(2, partial(activations.gelu, approximate=True)))
    assert half.activation.func is activations.gelu and half.activation.keywords["approximate"]
    with pytest.raises(ValueError, match="unknown class or function 'system'"):
        deserialize({"class_name": "__partial__", "config": [function("system", "os"), [], {}]})


def test_an_object_that_is_met_twice_stays_one():
    inner = layers.Dense(2)
    pair = through_json([layers.TimeDistributed(inner), Scale(inner=inner)], Scale=Scale)
    assert pair[0].layer is pair[1].inner
    pair = through_json([layers.TimeDistributed(layers.Dense(2)) for _ in range(2)])
    assert pair[0].layer is not pair[1].layer


# ---- which classes a text may name ---------------------------------------------------------------


@pytest.fixture
def registered():
    before = dict(get_custom_objects())
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


@pytest.mark.usefixtures("registered")
def test_registered_classes_and_functions():
    mine = register_keras_serializable("pack", "Other")(type("Mine", (layers.Dense,), {}))
    assert get_registered_name(mine) == "pack>Other" and get_registered_object("pack>Other") is mine
    written = serialize(mine(3))
    assert written["registered_name"] == "pack>Other" and type(deserialize(written)) is mine
    triple = register_keras_serializable()(lambda x: 3 * x)
    assert get_registered_object("Custom><lambda>") is triple
    with pytest.raises(ValueError, match="needs a method get_config"):
        register_keras_serializable()(dict)
    get_custom_objects()["Plain"] = Plain
    assert type(deserialize(serialize(Plain([1.0])))) is Plain


def test_scopes_end():
    written = serialize(Plain([1.0]))
    with CustomObjectScope({"Plain": Plain}):
        assert type(deserialize(written)) is Plain
    with pytest.raises(ValueError, match="custom_objects={'Plain': Plain}"):
        deserialize(written)
    with pytest.raises(KeyError), CustomObjectScope({"Plain": Plain}):
        raise KeyError
    assert get_registered_object("Plain") is None


def function(name, module=None):
    return {"class_name": "function", "module": module, "config": name}


@pytest.mark.parametrize(
    "config, message",
    [
        ({"class_name": "system", "module": "os", "config": {}}, "unknown class or function"),
        (function("system", "os"), "unknown class or function"),
        (function("eval", "builtins"), "unknown class or function"),
        (function("load_model", "minigrad.models"), "unknown class or function"),
        (function("deserialize", "minigrad.losses"), "unknown class or function"),
        (function("__import__"), "unknown class or function"),
        (function("_serialize"), "unknown class or function"),
        ({"class_name": "KeyValueCache", "config": {"capacity": 3}}, "no class that a file may"),
        ({"class_name": "Input", "config": {"shape": [3]}}, "no class that a file may"),
        ({"class_name": "Parameter", "config": {"data": 3}}, "no class that a file may"),
        ({"class_name": "__class__", "config": {}}, "unknown class or function"),
        ({"class_name": ["Dense"], "config": {}}, "named by a string"),
        ({"class_name": "Dense", "config": [3]}, "configuration of Dense"),
        ({"class_name": "Dense", "config": {"units": -3}}, "units"),
        ({"class_name": "Densee", "module": "minigrad.layers", "config": {}}, "unknown class"),
        ({"class_name": "x" * 10000, "config": {}}, "unknown class"),
        (
            {"class_name": "__array__", "config": {"dtype": "O", "value": [1]}},
            "an array of object is none of numbers",
        ),
    ],
)
def test_what_a_text_may_not_name(config, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        deserialize(config)
    assert len(str(caught.value)) < 500


def test_making_a_layer_stays_fast():
    """The arguments are kept as they are: nothing is looked at before get_config."""
    layer = layers.Dense(3, kernel_initializer=initializers.Constant(2.0))
    args, options, _ = layer._arguments()
    assert args == (3,) and list(options) == ["kernel_initializer"]
    assert serialization._names(layers.Dense) is serialization._names(layers.Dense)
