"""Files of Keras, written by hand: what is read, and what is refused."""

import io
import json
import sys
import zipfile

import h5py
import numpy as np
import pytest

import minigrad
from minigrad import layers
from minigrad.models import Model, Sequential, load_model
from minigrad.training.keras_files import accepted, translate

from .test_configuration import rows


def keras_object(name, config, module="keras.layers", **more):
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    own = {**({"trainable": True, "dtype": policy} if "layers" in module else {}), **config}
    return {"module": module, "class_name": name, "config": own, "registered_name": None, **more}


def dense(name, units, **options):
    zeros = {"module": "keras.initializers", "class_name": "Zeros", "config": {}}
    zeros["shared_object_id"] = 140255053547216
    more = {"bias_initializer": zeros, "kernel_constraint": None, "quantization_config": None}
    return keras_object("Dense", {"name": name, "units": units, **more, **options})


def line(*listed, **compiled):
    start = {"batch_shape": [None, 3], "dtype": "float32", "sparse": False, "name": "input_layer"}
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": start}
    config = {"name": "line", "layers": [first, *listed], "build_input_shape": [None, 3]}
    return keras_object("Sequential", config, "keras", compile_config=compiled)


KERNELS = [rows(3, 4), rows(4), rows(4, 2), rows(2)]


def write_weights(file, kernels=KERNELS, names=("hidden", "scores")):
    """Two Dense layers as Keras writes them."""
    for key, name, pair in zip(("dense", "dense_1"), names, (kernels[:2], kernels[2:])):
        own = file.create_group(f"layers/{key}/vars")
        own.attrs["name"] = name
        for i, values in enumerate(pair):
            own[str(i)] = values
    file.create_group("layers/input_layer/vars")
    file["optimizer/vars/0"] = np.float32(3)
    file["layers/dropout/seed_generator/vars/0"] = np.array([1, 2], "uint32")


def h5(write=write_weights):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


COMPILED = {
    "optimizer": keras_object(
        "Adam",
        {"name": "adam", "learning_rate": 0.01, "use_ema": False, "ema_momentum": 0.99},
        "keras.optimizers",
    ),
    "loss": "mse",
    "metrics": ["mae"],
    "weighted_metrics": None,
    "run_eagerly": False,
    "jit_compile": True,
}
CONFIG = line(dense("hidden", 4, activation="relu"), dense("scores", 2), **COMPILED)


def expected(x):
    """The outputs of both layers."""
    return np.maximum(x @ KERNELS[0] + KERNELS[1], 0) @ KERNELS[2] + KERNELS[3]


def write_keras(path, config=CONFIG, weights=None, extra=()):
    members = {
        "metadata.json": json.dumps({"keras_version": "3.15.0"}),
        "config.json": json.dumps(config),
        "model.weights.h5": h5() if weights is None else weights,
    }
    with zipfile.ZipFile(path, "w") as file:
        for name, data in [*members.items(), *extra]:
            file.writestr(name, data)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.keras"


def test_a_model(path):
    write_keras(path, extra=[("assets/", b"")])
    model = load_model(path)
    x = rows(5, 3)
    np.testing.assert_allclose(model.predict(x), expected(x), rtol=1e-5)
    assert model.name == "line" and model.layers[1].name == "scores"
    assert model.optimizer.learning_rate == 0.01 and model.metrics_names == ["loss", "mae"]
    model.fit(x, rows(5, 2), verbose=0)
    other = Sequential(layers.Dense(4, "relu", input_shape=(3,)), layers.Dense(2))
    other.load_weights(path)
    np.testing.assert_allclose(other.predict(x), expected(x), rtol=1e-5)


def test_weights(tmp_path):
    path = tmp_path / "net.weights.h5"
    path.write_bytes(h5())
    x = minigrad.Input((3,))
    model = Model(x, layers.Dense(2)(layers.Dense(4, "relu")(x)))
    model.load_weights(path)
    np.testing.assert_allclose(model.predict(rows(5, 3)), expected(rows(5, 3)), rtol=1e-5)
    with pytest.raises(FileNotFoundError, match="no weight file"):
        model.load_weights(tmp_path / "gone.weights.h5")
    with pytest.raises(ValueError, match=r"model\.load_weights\("):
        load_model(path)


def test_layers_of_a_file_are_found_by_name(path):
    """Keras numbers the groups; the order of layers may be another one there."""
    write_keras(path, weights=h5(lambda f: write_weights(f, KERNELS[2:] + KERNELS[:2], "ba")))
    with pytest.raises(ValueError, match="of another shape"):
        load_model(path)
    names = ("scores", "hidden")
    write_keras(path, weights=h5(lambda f: write_weights(f, KERNELS[2:] + KERNELS[:2], names)))
    np.testing.assert_allclose(load_model(path).predict(rows(5, 3)), expected(rows(5, 3)), 1e-5)


def test_without_h5py(path, monkeypatch):
    write_keras(path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match="needs h5py: pip install h5py"):
        load_model(path)


def refused(path, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_model(path)
    assert path.name in str(caught.value) and len(str(caught.value)) < 1000


def with_array(make):
    """Weights of which one array is another thing."""

    def write(file):
        write_weights(file)
        del file["layers/dense/vars/0"]
        make(file)

    return h5(write)


def of_another_file(file):
    file["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/x")


def a_link(file):
    file["layers/dense/vars/0"] = h5py.SoftLink("/layers/dense_1/vars/0")


def stored_elsewhere(file):
    file.create_dataset(
        "layers/dense/vars/0", (3, 4), "f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
    )


def virtual(file):
    layout = h5py.VirtualLayout((3, 4), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3, 4))
    file.create_virtual_dataset("layers/dense/vars/0", layout)


def huge(file):
    file.create_dataset("layers/dense/vars/0", (10**6, 10**6), "f4", chunks=(1000, 1000))


@pytest.mark.parametrize(
    "make, message",
    [
        (of_another_file, "no member of this file"),
        (a_link, "no member of this file"),
        (stored_elsewhere, "not in this file"),
        (virtual, "not in this file"),
        (huge, "not in this file"),
        (lambda file: file.create_group("layers/dense/vars/0"), "no array of numbers"),
        (lambda file: file.create_dataset("layers/dense/vars/0", data=b"x"), "no array of numbers"),
        (lambda file: file.create_dataset("layers/dense/vars/0", data=rows(5)), "another shape"),
        (lambda file: None, "net.keras"),
        (lambda file: file.__delitem__("layers"), "missing"),
        (lambda file: file.create_group("model_weights"), "Keras 2"),
    ],
)
def test_hostile_weights(make, message, path):
    write_keras(path, weights=with_array(make))
    refused(path, message)


def test_weights_that_the_model_has_not(path):
    def more(file):
        write_weights(file)
        file["layers/conv2d/vars/0"] = rows(3)

    write_keras(path, weights=h5(more))
    refused(path, "which the model has not")


def test_damaged_files(path):
    write_keras(path, weights=b"\x89HDF\r\n\x1a\n" + bytes(1000))
    refused(path, "net.keras")
    write_keras(path, weights=b"")
    refused(path, "net.keras")
    write_keras(path, extra=[("../evil", b"")])
    refused(path, "it has a member")
    write_keras(path, config=[1])
    refused(path, "a list of 1")
    for units in (10**12, -1, "x", None):
        write_keras(path, config=line(dense("hidden", units)))
        refused(path, "net.keras")
    whole = h5()
    rng = np.random.default_rng(0)
    for _ in range(15):  # of its own structure only: numbers may be any
        content = bytearray(whole)
        content[rng.integers(400)] ^= 1 << rng.integers(8)
        write_keras(path, weights=bytes(content))
        try:
            load_model(path)
        except ValueError as error:
            assert "net.keras" in str(error)


@pytest.mark.parametrize(
    "layer, message",
    [
        (keras_object("Conv3D", {"filters": 2}), "unknown class or function 'Conv3D'"),
        (keras_object("Popen", {"args": "ls"}, "subprocess"), "unknown class or function 'Popen'"),
        (dense("hidden", 4, kernel_constraint={"class_name": "Popen", "config": {}}), "Popen"),
        (dense("hidden", 4, lora_rank=3), "Dense: lora_rank=3 of Keras has no counterpart here"),
        (
            keras_object("Lambda", {"function": {"class_name": "__lambda__", "config": {}}}),
            "a Lambda of a lambda holds code, which is not run",
        ),
    ],
)
def test_what_has_no_counterpart(layer, message, path):
    write_keras(path, config=line(layer))
    refused(path, message)


def test_ops_in_a_graph():
    def tensor(name):
        content = {"shape": [None, 4], "dtype": "float32", "keras_history": [name, 0, 0]}
        return {"class_name": "__keras_tensor__", "config": content}

    def entry(name, kind, config, args):
        made = {"module": "keras.src.ops.numpy", "class_name": kind, "config": config}
        return {**made, "name": name, "inbound_nodes": [{"args": args, "kwargs": {}}]}

    first = {"batch_shape": [None, 4], "dtype": "float32", "name": "x"}
    start = {"module": "keras.layers", "class_name": "InputLayer", "config": first, "name": "x"}
    whole = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}
    config = {
        "name": "ops",
        "layers": [
            {**start, "inbound_nodes": []},
            entry("mean", "Mean", {"name": "mean", "axis": 1, "keepdims": True}, [tensor("x")]),
            entry("add", "Add", {"name": "add"}, [tensor("mean"), tensor("x")]),
            entry("item", "GetItem", {"name": "item"}, [tensor("add"), [whole, 2]]),
        ],
        "input_layers": ["x", 0, 0],
        "output_layers": ["item", 0, 0],
    }
    kind = {"module": "keras.src.models.functional", "class_name": "Functional"}
    model = minigrad.saving.deserialize_keras_object(translate({**kind, "config": config}))
    x = rows(3, 4)
    np.testing.assert_allclose(model.predict(x), x.mean(1) + x[:, 2], rtol=1e-6)
    config["layers"][1]["class_name"] = "Erfinv"
    with pytest.raises(ValueError, match="the op 'Erfinv' of Keras has no counterpart"):
        translate({**kind, "config": config})


def test_options_that_change_nothing():
    given = {"units": 3, "renorm": False, "noise_shape": None, "data_format": "channels_last"}
    assert accepted("Layer", ["units"], given) == {"units": 3}
    for option in ({"data_format": "channels_first"}, {"renorm": True}, {"axis": 1}):
        with pytest.raises(ValueError, match="of Keras has no counterpart here"):
            accepted("Layer", ["units"], {**given, **option})
