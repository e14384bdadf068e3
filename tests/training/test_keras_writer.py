"""Files under Keras's names. What they hold was compared with Keras 3.15, which reads them."""

from __future__ import annotations

import json
import sys
import zipfile

import h5py
import numpy as np
import pytest

from minigrad import Input, Model, Sequential, layers, optimizers
from minigrad.models import load_model
from minigrad.training.keras_writer import to_keras

rng = np.random.default_rng(0)
X = rng.normal(size=(6, 4, 3)).astype("float32")
Y = rng.normal(size=(6, 1)).astype("float32")


def network():
    inner = Sequential([Input((4, 5)), layers.Dense(2), layers.Dropout(0.5)], name="inner")
    x = Input((4, 3), name="x")
    h = layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both")(x)
    h = layers.Concatenate()([h, layers.Dense(1, name="side")(x)])
    h = layers.MultiHeadAttention(1, 2)(inner(h), inner(h))
    return Model(x, layers.Dense(1)(layers.GlobalAveragePooling1D()(h)), name="net")


def places(file):
    """The arrays of an HDF5 file with their shapes."""
    found = {}
    file.visititems(lambda name, item: found.update({name: getattr(item, "shape", None)}))
    return {name: shape for name, shape in found.items() if shape is not None}


def test_places_of_weights(tmp_path):
    path = tmp_path / "net.weights.h5"
    network().save_weights(path)
    cells = {
        f"layers/bidirectional/{direction}_layer/cell/vars/{i}": shape
        for direction in ("backward", "forward")
        for i, shape in enumerate([(3, 8), (2, 8), (8,)])
    }
    heads = {
        f"layers/multi_head_attention/{name}_dense/vars/{i}": shape
        for name in ("key", "query", "value")
        for i, shape in enumerate([(2, 1, 2), (1, 2)])
    }
    with h5py.File(path) as file:
        assert places(file) == {
            **cells,
            **heads,
            "layers/multi_head_attention/output_dense/vars/0": (1, 2, 2),
            "layers/multi_head_attention/output_dense/vars/1": (2,),
            "layers/sequential/layers/dense/vars/0": (5, 2),
            "layers/sequential/layers/dense/vars/1": (2,),
            "layers/dense/vars/0": (3, 1),
            "layers/dense/vars/1": (1,),
            "layers/dense_1/vars/0": (2, 1),
            "layers/dense_1/vars/1": (1,),
        }
        assert file["layers/dense/vars"].attrs["name"] == "side"
    twin = network()
    twin.load_weights(path)
    twin.save_weights(tmp_path / "twin.weights.h5")
    assert (tmp_path / "twin.weights.h5").read_bytes() == path.read_bytes()


def test_models(tmp_path):
    model = network()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, verbose=0)
    model.save(tmp_path / "net.keras")
    with zipfile.ZipFile(tmp_path / "net.keras") as file:
        assert file.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        config = json.loads(file.read("config.json"))
    assert (config["module"], config["class_name"]) == ("keras.src.models.functional", "Functional")
    assert {layer["module"] for layer in config["config"]["layers"]} == {"keras.layers", "keras"}
    assert "input_shape" not in config["config"]["layers"][1]["config"]
    twin = load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    assert int(twin.optimizer.iterations) == 2
    twin.get_layer("inner").layers[1].rate = model.get_layer("inner").layers[1].rate = 0.0
    assert twin.train_on_batch(X, Y) == model.train_on_batch(X, Y)
    assert twin.evaluate(X, Y, return_dict=True) == model.evaluate(X, Y, return_dict=True)


def test_descriptions():
    arguments = {"units": 2, "input_shape": [3], "dtype": None, "activation": None, "name": "d"}
    dense = {"module": "minigrad.layers", "class_name": "Dense", "config": arguments}
    expected = {"units": 2, "activation": None, "name": "d"}
    assert to_keras([dense])[0] == {**dense, "module": "keras.layers", "config": expected}
    mine = {"module": "__main__", "class_name": "Mine", "config": {"inner": dense}}
    assert to_keras(mine)["config"]["inner"]["module"] == "keras.layers"
    leaky = {"module": "minigrad.layers", "class_name": "LeakyReLU", "config": {"alpha": 0.2}}
    assert to_keras(leaky)["config"] == {"negative_slope": 0.2}
    pair = {"class_name": "__tuple__", "config": [1, 2]}
    assert to_keras(pair) == {"class_name": "__tuple__", "items": [1, 2]}


@pytest.mark.parametrize(
    "layer, words",
    [
        (layers.Conv2DTranspose(4, 2, groups=2), r"Keras has no Conv2DTranspose\(groups=2\)"),
        (layers.SpectralNormalization(layers.Dense(2)), "lies in another form in files of Keras"),
        (lambda x: x + 1, "holds layers, not the op add: put it into a layer of your own"),
    ],
)
def test_what_keras_has_not(layer, words, tmp_path):
    x = Input((4, 4, 4))
    model = Model(x, layer(x))
    with pytest.raises(ValueError, match=words):
        model.save(tmp_path / "net.keras")
    assert not list(tmp_path.iterdir())


def test_states_of_another_form(tmp_path):
    model = Sequential([Input((4,)), layers.Dense(1)])
    model.compile(optimizers.Adam(amsgrad=True), "mse")
    x = X[:, :, 0]
    model.fit(x, Y, verbose=0)
    with pytest.warns(UserWarning, match="the state of adam is not written"):
        model.save(tmp_path / "net.keras")
    assert int(load_model(tmp_path / "net.keras").optimizer.iterations) == 0
    model.compile(optimizers.SGD(momentum=0.9), "mse")
    model.fit(x, Y, verbose=0)
    model.save(tmp_path / "net.keras")
    other = Sequential([Input((4,)), layers.Dense(1)])
    other.compile("adam", "mse")
    from minigrad.training.keras_optimizers import restore_optimizer

    with pytest.warns(UserWarning, match="the state of adam is not read"):
        restore_optimizer(other, [np.int32(1), np.float32(0.1)])
    schedule = optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    model.compile(optimizers.SGD(schedule), "mse")
    model.fit(x, Y, verbose=0)
    model.save(tmp_path / "net.keras")
    assert int(load_model(tmp_path / "net.keras").optimizer.iterations) == 1


def test_without_h5py(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    for name, save in (("net.keras", Model.save), ("net.weights.h5", Model.save_weights)):
        with pytest.raises(ImportError, match=f"{name}, a file of Keras, needs h5py: pip install"):
            save(network(), tmp_path / name)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        network().save_weights(tmp_path / "none" / "net.weights.h5")
    assert not list(tmp_path.iterdir())
