"""Files that minigrad writes under Keras's names are read by Keras, and by minigrad."""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import minigrad
from minigrad.models import load_model

from .test_keras_files import MODELS, assert_equal_outputs, of_ops, rows, with_other_weights

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


def with_ops(build):
    """True if a model has calls of ops, which no file of Keras holds here."""
    return build.__name__ in ("of_ops", "attention", "shared")


@pytest.mark.parametrize("build", MODELS)
def test_models(build, tmp_path):
    path = tmp_path / "net.keras"
    ours, x = build(minigrad)
    with_other_weights(ours)
    if with_ops(build):
        with pytest.raises(ValueError, match="a file of Keras holds layers, not the op"):
            ours.save(path)
        assert not path.exists()
        return
    ours.save(path)
    theirs = keras.models.load_model(path)
    assert theirs.count_params() == ours.count_params()
    assert_equal_outputs(ours, theirs, x)
    assert_equal_outputs(load_model(path), ours, x)


@pytest.mark.parametrize("build", [m for m in MODELS if m is not of_ops])
def test_weights(build, tmp_path):
    path = tmp_path / "net.weights.h5"
    ours, x = build(minigrad)
    with_other_weights(ours).save_weights(path)
    theirs, _ = build(keras)
    theirs.load_weights(path)
    assert_equal_outputs(ours, theirs, x)
    again, _ = build(minigrad)
    again.load_weights(path)
    assert_equal_outputs(again, ours, x)


OPTIMIZERS = {
    "SGD": {"momentum": 0.9},
    "Adam": {"learning_rate": 0.01},
    "AdamW": {},
    "RMSprop": {},
    "Adagrad": {},
    "Adadelta": {"learning_rate": 1.0},
    "Adamax": {},
    "Lion": {},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on(name, tmp_path):
    path = tmp_path / "net.keras"
    layers = minigrad.layers
    ours = minigrad.Sequential(
        [
            minigrad.Input((4,)),
            layers.Dense(5, "tanh"),
            layers.BatchNormalization(),
            layers.Dense(1),
        ]
    )
    with_other_weights(ours)
    ours.compile(getattr(minigrad.optimizers, name)(**OPTIMIZERS[name]), "mse", metrics=["mae"])
    x, y = rows(12, 4), rows(12, 1)
    for _ in range(3):
        ours.train_on_batch(x, y)
    ours.save(path)
    networks = [ours, load_model(path), keras.models.load_model(path)]
    losses = [[float(net.train_on_batch(x, y)[0]) for _ in range(3)] for net in networks]
    np.testing.assert_array_equal(losses[1], losses[0])
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-4)
    steps = [int(net.optimizer.iterations) for net in networks]
    assert steps == [6, 6, 6]
    networks[2].save(tmp_path / "theirs.keras")
    again = load_model(tmp_path / "theirs.keras")
    assert int(again.optimizer.iterations) == 6
    expected = float(networks[2].train_on_batch(x, y)[0])
    assert float(again.train_on_batch(x, y)[0]) == pytest.approx(expected, rel=1e-4)


def test_schedules_and_states_of_other_form(tmp_path):
    path = tmp_path / "net.keras"
    schedule = minigrad.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    for optimizer, is_known in (
        (minigrad.optimizers.SGD(schedule), True),
        (minigrad.optimizers.Adam(amsgrad=True), False),
    ):
        ours = minigrad.Sequential([minigrad.Input((4,)), minigrad.layers.Dense(1)])
        ours.compile(optimizer, "mse")
        x, y = rows(12, 4), rows(12, 1)
        ours.train_on_batch(x, y)
        if is_known:
            ours.save(path)
        else:
            with pytest.warns(UserWarning, match="the state of adam is not written"):
                ours.save(path)
        for net in (load_model(path), keras.models.load_model(path)):
            assert int(net.optimizer.iterations) == is_known
            float(net.train_on_batch(x, y))


def test_what_keras_has_not(tmp_path):
    layers = minigrad.layers
    ours = minigrad.Sequential([minigrad.Input((4, 3, 4)), layers.Conv2DTranspose(4, 2, groups=2)])
    with pytest.raises(ValueError, match=r"Keras has no Conv2DTranspose\(groups=2\)"):
        ours.save(tmp_path / "net.keras")
    assert not list(tmp_path.iterdir())


def preprocessed(k):
    normalization = k.layers.Normalization()
    normalization.adapt(rows(30, 4) * 2 + 1)
    model = k.Sequential([k.Input((4,)), normalization, k.layers.Dense(3)])
    return model, rows(3, 4)


def test_normalization(tmp_path):
    ours, x = preprocessed(minigrad)
    ours.save(tmp_path / "net.keras")
    assert_equal_outputs(ours, keras.models.load_model(tmp_path / "net.keras"), x)
    assert_equal_outputs(ours, load_model(tmp_path / "net.keras"), x)
    theirs, _ = preprocessed(keras)
    theirs.save(tmp_path / "theirs.keras")
    assert_equal_outputs(load_model(tmp_path / "theirs.keras"), theirs, x)


class Zoom:
    """A layer with a weight that is not trained before one that is, and layers in a dict."""

    def __new__(cls, k):
        class Layer(k.layers.Layer):
            def __init__(self):
                super().__init__()
                self.steps = self.add_weight(shape=(3,), initializer="ones", trainable=False)
                self.scale = self.add_weight(shape=(3,), initializer="ones")
                self.inner = {"b": k.layers.Dense(3), "a": k.layers.Dense(3, use_bias=False)}
                self._last = [k.layers.Dense(2)]

            def call(self, x):
                x = self.inner["b"](x * self.scale + self.steps)
                return self._last[0](self.inner["a"](x))

        return k.Sequential([k.Input((3,)), Layer(), k.layers.Dense(1)])


def subclass(k):
    class Net(k.Model):
        def __init__(self, units):
            super().__init__()
            self.units = units
            self.stack = [k.layers.Dense(n) for n in units]

        def call(self, x):
            for layer in self.stack:
                x = layer(x)
            return x

        def get_config(self):
            return {"units": self.units}

    return Net


def test_subclasses_are_built_again(tmp_path):
    path, x = tmp_path / "net.keras", rows(4, 3)
    for mine, other in ((minigrad, keras), (keras, minigrad), (minigrad, minigrad)):
        net = subclass(mine)([4, 2])
        net(x)
        with_other_weights(net).save(path)
        objects = {"Net": subclass(other)}
        again = other.models.load_model(path, custom_objects=objects)
        assert_equal_outputs(again, net, x)


def test_layers_of_ones_own(tmp_path):
    ours, theirs, x = Zoom(minigrad), Zoom(keras), rows(4, 3)
    with_other_weights(ours).save_weights(tmp_path / "net.weights.h5")
    theirs.load_weights(tmp_path / "net.weights.h5")
    assert_equal_outputs(ours, theirs, x)
    with_other_weights(theirs).save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    assert_equal_outputs(ours, theirs, x)
