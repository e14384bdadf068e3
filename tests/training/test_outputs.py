"""Models with several outputs: losses, weights and metrics of each, in every method."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Input, Model, losses
from minigrad.data import Dataset
from minigrad.layers import Dense

draw = np.random.default_rng(0)
X = draw.standard_normal((24, 4)).astype("float32")
VALUE = draw.standard_normal((24, 1)).astype("float32")
KIND = np.arange(24) % 3
WEIGHT = draw.random(24).astype("float32")
LOSSES = ["mse", "sparse_categorical_crossentropy"]
BY_NAME = dict(zip(["value", "kind"], LOSSES))


def two_heads(outputs=list):
    minigrad.seed(1)
    x = Input((4,))
    h = Dense(8, "tanh")(x)
    heads = {"value": Dense(1, name="value")(h), "kind": Dense(3, "softmax", name="kind")(h)}
    return Model(x, heads if outputs is dict else list(heads.values()))


def test_the_total_is_the_weighted_sum():
    model = two_heads()
    value, kind = model.predict(X)
    mse = ((value - VALUE) ** 2).mean()
    entropy = -np.log(kind[np.arange(24), KIND]).mean()
    for loss, weights, factors in (
        (LOSSES, None, (1, 1)),
        (BY_NAME, {"kind": 0.3}, (1, 0.3)),
        (BY_NAME, [2, 0.5], (2, 0.5)),
        (["mse", None], None, (1, None)),
        ({"kind": "sparse_categorical_crossentropy"}, None, (None, 1)),
    ):
        model.compile("sgd", loss, loss_weights=weights)
        logs = model.evaluate(X, [VALUE, KIND], return_dict=True)
        parts = {"value_loss": mse, "kind_loss": entropy}
        known = {name: part for (name, part), f in zip(parts.items(), factors) if f is not None}
        total = sum(f * part for f, part in zip(factors, parts.values()) if f is not None)
        assert list(logs) == ["loss", *known]
        assert np.allclose(list(logs.values()), [total, *known.values()], rtol=1e-5)
    assert model.metrics_names[0] == "loss"


@pytest.mark.parametrize("outputs", [list, dict])
@pytest.mark.parametrize("targets", [[VALUE, KIND], (VALUE, KIND), {"kind": KIND, "value": VALUE}])
def test_every_method_takes_every_form(outputs, targets):
    model = two_heads(outputs)
    model.compile("adam", BY_NAME, metrics={"kind": ["accuracy"], "value": "mae"})
    names = ["loss", "value_loss", "kind_loss", "kind_accuracy", "value_mae"]
    assert model.metrics_names == names
    history = model.fit(X, targets, epochs=2, validation_split=0.25, verbose=0).history
    assert list(history) == [*names, *(f"val_{n}" for n in names)]
    assert len(model.evaluate(X, targets, sample_weight=WEIGHT)) == len(names)
    assert len(model.train_on_batch(X, targets, sample_weight=[WEIGHT, WEIGHT])) == len(names)
    assert list(model.test_on_batch(X, targets, return_dict=True)) == names
    model.fit(((X, targets) for _ in range(2)), steps_per_epoch=2, verbose=0)
    model.fit(Dataset(X, targets, batch_size=8), verbose=0)
    predicted = model.predict(X, batch_size=7)
    assert type(predicted) is outputs
    parts = predicted.values() if outputs is dict else predicted
    assert [p.shape for p in parts] == [(24, 1), (24, 3)]
    assert all(isinstance(p, np.ndarray) for p in parts)


def test_sample_weights_of_each_output():
    model = two_heads()
    model.compile("sgd", ["mse", "mse"], weighted_metrics=[["mse"], ["mse"]])
    one_hot = np.eye(3, dtype="float32")[KIND]
    first, second = (
        model.evaluate(X, [VALUE, one_hot], sample_weight=w, return_dict=True)
        for w in ([WEIGHT, np.zeros(24)], {"value": WEIGHT, "kind": np.zeros(24)})
    )
    assert first == second and first["kind_loss"] == 0 and first["value_loss"] > 0
    both = model.evaluate(X, [VALUE, one_hot], sample_weight=WEIGHT, return_dict=True)
    assert both["value_loss"] == first["value_loss"] and both["kind_loss"] > 0


def test_gradients_are_those_of_the_sum():
    model, twin = two_heads(), two_heads()
    model.compile(minigrad.optimizers.SGD(0.1), LOSSES, loss_weights=[1, 0.3])
    model.train_on_batch(X, [VALUE, KIND])
    value, kind = twin(X)
    loss = losses.get("mse")(VALUE, value) + 0.3 * losses.get(LOSSES[1])(KIND, kind)
    parameters = twin.trainable_weights
    for p, g in zip(parameters, minigrad.grad(loss, parameters)):
        p.assign(p.numpy() - 0.1 * g.numpy())
    for a, b in zip(model.get_weights(), twin.get_weights()):
        assert np.allclose(a, b, atol=1e-7)


def test_an_output_without_a_loss_is_not_trained():
    model = two_heads()
    model.compile("sgd", {"value": "mse"})
    before = model.get_layer("kind").get_weights()
    with pytest.warns(UserWarning, match="kind"):
        model.fit(X, [VALUE, KIND], verbose=0)
    assert all((a == b).all() for a, b in zip(before, model.get_layer("kind").get_weights()))


def test_one_output_in_a_list_or_dict():
    x = Input((4,))
    for loss, metric in ((["mse"], ["mae"]), ({"only": "mse"}, {"only": "mae"}), ("mse", "mae")):
        model = Model(x, Dense(1, name="only")(x))
        model.compile("sgd", loss, metrics=metric)
        assert model.metrics_names == ["loss", "mae"]
        model.fit(X, VALUE, verbose=0)
    model.compile("sgd", "mse", loss_weights=0.5)
    half = model.evaluate(X, VALUE)
    model.compile("sgd", "mse")
    assert np.isclose(2 * half, model.evaluate(X, VALUE))


@pytest.mark.parametrize("loss", ["mse", {"o": "mse"}])
def test_a_single_output_that_comes_in_a_dict(loss):
    """The figures are Keras's."""
    x = Input((3,), name="a")
    functional = Model({"a": x}, {"o": Dense(1)(x)})

    class Single(Model):
        def __init__(self):
            super().__init__()
            self.dense = Dense(1)

        def call(self, inputs):
            return {"o": self.dense(inputs["a"])}

    rows, y = {"a": np.ones((4, 3), "float32")}, {"o": np.zeros((4, 1))}
    for model in (functional, Single()):
        if loss == "mse" and model is not functional:
            continue  # nothing says that there is a dict
        model(rows)
        model.set_weights([np.ones((3, 1)), np.zeros(1)])
        model.compile("sgd", loss, metrics=["mae"])
        assert model.fit(rows, y, verbose=0).history == {"loss": [9.0], "mae": [3.0]}
        values = model.evaluate(rows, y, verbose=0)
        np.testing.assert_allclose(values, [7.6176, 2.76], rtol=1e-5)
        assert model.metrics_names == ["loss", "mae"]
        assert model.predict(rows)["o"].shape == (4, 1)


def test_a_subclass_with_several_outputs():
    class Heads(Model):
        def __init__(self):
            super().__init__()
            self.value, self.kind = Dense(1), Dense(3, "softmax")

        def call(self, x):
            return {"value": self.value(x), "kind": self.kind(x)}

    model = Heads()
    model.compile("sgd", BY_NAME, metrics={"kind": "accuracy"})
    history = model.fit(X, {"value": VALUE, "kind": KIND}, verbose=0).history
    assert list(history) == ["loss", "value_loss", "kind_loss", "kind_accuracy"]


def test_outputs_in_a_dict_are_found_by_name():
    class Heads(Model):
        def call(self, x):
            return {"kind": 0 * x[:, :1] + 2, "value": 0 * x[:, :1]}

    model = Heads()
    model.compile("sgd", {"value": "mse", "kind": "mse"}, metrics={"kind": "mae", "value": "mae"})
    zeros = np.zeros((24, 1), "float32")
    logs = model.evaluate(X, {"value": zeros, "kind": zeros}, return_dict=True)
    assert (logs["value_loss"], logs["kind_loss"]) == (0, 4)
    assert (logs["value_mae"], logs["kind_mae"]) == (0, 2)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"loss": {"valeu": "mse"}}, "unknown output in loss 'valeu': did you mean 'value'"),
        ({"loss": ["mse"]}, r"loss lists 1 for 2 outputs \(value, kind\)"),
        ({"loss": [None, None]}, "none of the outputs .* has one"),
        ({"loss": "mse", "loss_weights": "x"}, "loss_weights must be numbers, got 'x'"),
        ({"loss": "mse", "loss_weights": {"knd": 1}}, "unknown output in loss_weights 'knd'"),
        ({"loss": "mse", "metrics": ["mae", "mae", "mae"]}, "metrics lists 3 for 2 outputs"),
    ],
)
def test_what_compile_refuses(options, words):
    model = two_heads()
    with pytest.raises(ValueError, match=words):
        model.compile("sgd", **options)


@pytest.mark.parametrize(
    "targets, words",
    [
        (VALUE, r"2 outputs \(value, kind\): y is a list of 2 arrays, or a dict .* 24 rows"),
        ([VALUE], "got 1 rows or items"),
        ({"value": VALUE}, r"got the keys \['value'\]"),
        ({"value": VALUE, "kidn": KIND}, r"got the keys \['value', 'kidn'\]"),
        ([VALUE, KIND[:5]], "has 5 rows"),
        ([VALUE, KIND + 9], "output 'kind': .*labels run from"),
        ([KIND[:, None] * np.ones((1, 4)), KIND], "output 'value'"),
    ],
)
def test_targets_that_do_not_fit(targets, words):
    model = two_heads()
    model.compile("sgd", LOSSES)
    before = model.get_weights()
    with pytest.raises((ValueError, IndexError), match=words):
        model.fit(X, targets, verbose=0)
    assert all((a == b).all() for a, b in zip(before, model.get_weights()))


def test_class_weights_belong_to_one_output():
    model = two_heads()
    model.compile("sgd", LOSSES)
    with pytest.raises(ValueError, match="class_weight weighs the classes of one output"):
        model.fit(X, [VALUE, KIND], class_weight={0: 2.0}, verbose=0)
