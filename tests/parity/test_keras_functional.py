"""Functional graphs: names, shapes, order of weights and trainings are those of Keras."""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import minigrad

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

rng = np.random.default_rng(0)
A = rng.standard_normal((20, 3)).astype("float32")
B = rng.standard_normal((20, 5)).astype("float32")
VALUE = rng.standard_normal((20, 1)).astype("float32")
KIND = rng.integers(0, 3, 20)
W = rng.random(20).astype("float32")


def shared_and_two_outputs(module):
    layers = module.layers
    a, b = module.Input((3,), name="a"), module.Input((5,), name="b")
    shared = layers.Dense(4, activation="tanh", name="shared")
    left, right = shared(layers.Dense(6, name="left")(a)), shared(layers.Dense(6, name="right")(b))
    h = layers.Concatenate()([left, right])
    h = layers.add([h, layers.Dense(8, name="residual")(h)])
    value = layers.Dense(1, name="value")(h)
    kind = layers.Dense(3, activation="softmax", name="kind")(h)
    return module.Model(inputs=[a, b], outputs=[value, kind])


def nested(module):
    layers = module.layers
    encoder = module.Sequential(
        [module.Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(2)]
    )
    a, b = module.Input((3,), name="a"), module.Input((5,), name="b")
    h = layers.multiply([encoder(a), layers.Dense(2, name="wide")(b)])
    return module.Model([a, b], [layers.Dense(1, name="value")(h), layers.Dense(3, name="kind")(h)])


@pytest.mark.parametrize("build", [shared_and_two_outputs, nested])
def test_names_shapes_and_order(build):
    theirs, ours = build(keras), build(minigrad)
    assert [p.shape for p in ours.get_weights()] == [p.shape for p in theirs.get_weights()]
    assert ours.count_params() == theirs.count_params()
    assert [y.shape for y in ours.outputs] == [y.shape for y in theirs.outputs]
    assert ours.output_names == theirs.output_names
    assert len(ours.layers) == len(theirs.layers)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": ["mse", "sparse_categorical_crossentropy"]},
        {
            "loss": {"value": "mae", "kind": "sparse_categorical_crossentropy"},
            "loss_weights": {"value": 1.0, "kind": 0.3},
            "metrics": {"kind": ["accuracy"], "value": ["mae"]},
        },
        {
            "loss": ["mse", "sparse_categorical_crossentropy"],
            "loss_weights": [0.5, 2.0],
            "metrics": [["mae"], ["accuracy"]],
        },
    ],
)
def test_training_with_several_outputs(options):
    theirs, ours = networks = [shared_and_two_outputs(module) for module in (keras, minigrad)]
    ours.set_weights(theirs.get_weights())
    y = [VALUE, KIND]
    if isinstance(options["loss"], dict):
        y = {"value": VALUE, "kind": KIND}
    run = {"batch_size": 6, "epochs": 2, "shuffle": False, "verbose": 0, "validation_split": 0.25}
    histories = []
    for network in networks:
        network.compile(optimizer="sgd", **options)
        histories.append(network.fit([A, B], y, **run).history)
    assert sorted(histories[0]) == sorted(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=2e-4, err_msg=name)
    for a, b in zip(theirs.get_weights(), ours.get_weights()):
        np.testing.assert_allclose(b, a, atol=5e-6)
    expected = theirs.evaluate([A, B], y, verbose=0)
    np.testing.assert_allclose(ours.evaluate([A, B], y), expected, rtol=2e-4)
    for a, b in zip(theirs.predict([A, B], verbose=0), ours.predict([A, B])):
        np.testing.assert_allclose(b, a, atol=5e-6)


@pytest.mark.parametrize("name", ["Add", "Multiply", "Average", "Maximum", "Minimum"])
@pytest.mark.parametrize("shapes", [((2, 3, 4), (2, 4)), ((2, 3, 4), (2, 1, 4), (2, 3, 4))])
def test_merging(name, shapes):
    xs = [rng.standard_normal(shape).astype("float32") for shape in shapes]
    expected = keras.ops.convert_to_numpy(getattr(keras.layers, name)()(xs))
    np.testing.assert_allclose(getattr(minigrad.layers, name)()(xs).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("axes", [1, 2, -1, (1, 2), (2, 1), (-1, -2)])
@pytest.mark.parametrize("normalize", [False, True])
def test_dot(axes, normalize):
    xs = [rng.standard_normal((2, 3, 3)).astype("float32") for _ in range(2)]
    expected = keras.ops.convert_to_numpy(keras.layers.Dot(axes, normalize=normalize)(xs))
    ours = minigrad.layers.Dot(axes, normalize)(xs).numpy()
    np.testing.assert_allclose(ours, expected, atol=1e-5)
