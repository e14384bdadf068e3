"""Archives of models: what comes back, how training goes on, and what is refused."""

import io
import json
import struct
import zipfile
import zlib

import numpy as np
import pytest

import minigrad
from minigrad import callbacks, layers, losses, metrics, optimizers
from minigrad.generators import generator
from minigrad.initializers import awaiting_weights
from minigrad.models import Model, Sequential, load_model, save_model
from minigrad.optimizers import schedules
from minigrad.saving import register_keras_serializable
from minigrad.training import archive
from minigrad.utils.serialization import deserialize, serialize
from tests.cases.layers import LAYERS, _Drawn, _first, _Merged

from .test_configuration import MODELS, Net, outputs, rows, shared, straight


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.minigrad"


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_loaded_model_computes_the_same(make, path, device):
    model, x = make()
    model.save(path)
    model.save(path.with_name("again.minigrad"))
    assert path.read_bytes() == path.with_name("again.minigrad").read_bytes()
    minigrad.seed(3)
    expected = generator().random()
    minigrad.seed(3)
    twin = load_model(path)
    assert generator().random() == expected  # loading draws nothing
    assert twin.to_json() == model.to_json()
    for a, b in zip(outputs(model, x), outputs(twin, x), strict=True):
        np.testing.assert_array_equal(a, b)


def weights_after(model, x, y, epochs, **options):
    model.fit(x, y, batch_size=2, epochs=epochs, verbose=0, **options)
    return model.get_weights()


def optimizer_with_schedule():
    return optimizers.Adam(schedules.ExponentialDecay(0.1, 3, 0.5), clipnorm=0.5, amsgrad=True)


@pytest.mark.parametrize(
    "optimizer", ["adam", "rmsprop", optimizer_with_schedule, lambda: optimizers.SGD(0.1, 0.9)]
)
def test_training_goes_on_with_equal_bits(optimizer, path):
    model = Sequential(
        layers.Dense(4, "relu", kernel_regularizer="l2", input_shape=(3,)),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        layers.Dense(2, "softmax"),
    )
    chosen = optimizer() if callable(optimizer) else optimizer
    loss = losses.SparseCategoricalCrossentropy()
    model.compile(chosen, loss, metrics=["accuracy", metrics.Mean(name="m")][:1])
    x, y = rows(7, 3), np.arange(7) % 2
    weights_after(model, x, y, 2)
    model.optimizer.learning_rate = getattr(model.optimizer, "schedule", None) or 0.05
    model.save(path)
    expected = weights_after(model, x, y, 2)
    twin = load_model(path)
    for a, b in zip(expected, weights_after(twin, x, y, 2), strict=True):
        np.testing.assert_array_equal(a, b)
    assert twin.evaluate(x, y) == model.evaluate(x, y)
    assert twin.metrics_names == model.metrics_names


def test_several_outputs_and_weights_of_losses(path):
    model, x = shared()
    model.compile(
        "adam",
        {"main": "mse", "side": losses.Huber(0.5)},
        metrics={"main": ["mae", metrics.RootMeanSquaredError(name="r")]},
        loss_weights={"side": 0.3},
    )
    y = {"main": rows(2, 2), "side": rows(2, 1)}
    weights_after(model, x, y, 1)
    model.save(path)
    twin = load_model(path)
    expected = weights_after(model, x, y, 1)
    for a, b in zip(expected, weights_after(twin, x, y, 1), strict=True):
        np.testing.assert_array_equal(a, b)
    assert twin.evaluate(x, y, return_dict=True) == model.evaluate(x, y, return_dict=True)


def test_what_was_frozen_after_compile_trains_on(path):
    """And a layer that was frozen before it stays still."""
    model = Sequential(
        layers.Dense(3, input_shape=(4,)), layers.BatchNormalization(), layers.Dense(2)
    )
    model.layers[2].trainable = False
    model.compile("adam", "mse")
    model.layers[0].trainable = model.layers[1].trainable = False
    model.save(path)
    twin = load_model(path)
    assert twin.trainable_weights == [] and len(twin.trained()) == 4
    x, y = rows(6, 4), rows(6, 2)
    expected = weights_after(model, x, y, 2)
    twin = load_model(path)
    for a, b in zip(expected, weights_after(twin, x, y, 2), strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_compiling(path):
    model, x = straight()
    model.compile("adam", "mse")
    save_model(model, path)
    twin = load_model(path, compile=False)
    np.testing.assert_array_equal(twin.predict(x), model.predict(x))
    with pytest.raises(ValueError, match="compile"):
        twin.fit(x, rows(5, 2))
    for save in (save_model, Model.save, Model.save_weights):
        with pytest.raises(FileExistsError, match="is there already"):
            save(model, path if save is not Model.save_weights else path.parent, overwrite=False)
    model.save(path.with_name("NET.MINIGRAD"))
    np.testing.assert_array_equal(
        load_model(path.with_name("NET.MINIGRAD")).predict(x), model.predict(x)
    )


def huber_like(y_true, y_pred):
    return minigrad.ops.mean(minigrad.ops.sqrt(1 + (y_true - y_pred) ** 2) - 1, axis=-1)


def twice(x):
    return 2 * x


class Scale(layers.Layer):
    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units))

    def call(self, x):
        return x @ self.kernel

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_classes_and_functions_of_ones_own(path):
    x = minigrad.Input((4,))
    model = Model(x, layers.Lambda(twice)(Scale(2, name="mine")(x)))
    model.compile("sgd", huber_like, metrics=[huber_like])
    model.save(path)
    own = {"Scale": Scale, "twice": twice, "huber_like": huber_like}
    twin = load_model(path, custom_objects=own)
    np.testing.assert_array_equal(twin.predict(rows(3, 4)), model.predict(rows(3, 4)))
    assert twin.evaluate(rows(3, 4), rows(3, 2)) == model.evaluate(rows(3, 4), rows(3, 2))
    with pytest.raises(ValueError, match="net.minigrad is no model .* unknown .*'Scale'"):
        load_model(path)
    with minigrad.saving.custom_object_scope(own):
        assert load_model(path).get_layer("mine").units == 2
    before = dict(minigrad.saving.get_custom_objects())
    try:
        register_keras_serializable("tests")(Scale)
        model.save(path)
        assert load_model(path, {"twice": twice, "huber_like": huber_like}).count_params() == 8
    finally:
        minigrad.saving.get_custom_objects().clear()
        minigrad.saving.get_custom_objects().update(before)


class Adversarial(Model):
    """A subclass whose compile has other arguments."""

    def __init__(self, units=3):
        super().__init__()
        self.inner = layers.Dense(units)

    def call(self, x):
        return self.inner(x)

    def compile(self, first_optimizer, second_optimizer):
        super().compile()
        self.first_optimizer, self.second_optimizer = first_optimizer, second_optimizer


def test_subclasses(path):
    x = {"a": rows(2, 4), "b": rows(2, 4)}
    model = Net(3)
    model(x)
    model.compile("adam", "mse")
    weights_after(model, x, rows(2, 3), 1)
    model.save(path)
    twin = load_model(path, {"Net": Net})
    np.testing.assert_array_equal(twin.predict(x), model.predict(x))
    model = Adversarial(2)
    model(rows(2, 4))
    model.compile(optimizers.Adam(), optimizers.SGD())
    model.save(path)
    twin = load_model(path, {"Adversarial": Adversarial})
    twin.compile(optimizers.Adam(), optimizers.SGD())
    assert twin.load(path) == 0


class Given(Model):
    """A subclass that is given what no file can hold."""

    def __init__(self, thing):
        super().__init__()
        self.thing, self.inner = thing, layers.Dense(2)

    def call(self, x):
        return self.inner(x)


def test_what_cannot_be_saved(path):
    line = Sequential(layers.Dense(2, input_shape=(3,)), layers.Lambda(lambda x: x))
    given = Given(object())
    given(rows(2, 3))
    for model, message in [
        (line, "a lambda has no name that a file could hold: write a function"),
        (given, "has no name that a file could hold: .* a layer of your own with get_config"),
    ]:
        with pytest.raises(TypeError, match=message):
            model.save(path)
    with pytest.raises(ValueError, match="save needs a built model"):
        Sequential(layers.Dense(2)).save(path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        straight()[0].save(path.parent / "nowhere" / "net.minigrad")
    assert list(path.parent.iterdir()) == []


def test_an_archive_serves_as_a_checkpoint(path):
    model, x = straight()
    model.compile("adam", "mse")
    weights_after(model, x, rows(5, 2), 1)
    model.save(path, epoch=1)
    other, _ = straight()
    other.load_weights(path)
    np.testing.assert_array_equal(other.predict(x), model.predict(x))
    other.compile("adam", "mse")
    assert other.load(path) == 1 and other.optimizer.t == 3


def test_callbacks_write_archives(tmp_path):
    model, x = straight()
    model.compile("adam", "mse")
    best = callbacks.ModelCheckpoint(tmp_path / "best.minigrad", "loss", save_best_only=True)
    model.fit(x, rows(5, 2), epochs=3, verbose=0, callbacks=best)
    twin = load_model(tmp_path / "best.minigrad")
    np.testing.assert_array_equal(twin.predict(x), model.predict(x))


@pytest.mark.parametrize("name", ["net.h5", "net.keras", "net.hdf5", "net.weights.h5", "NET.H5"])
def test_names_of_other_formats_are_refused(name, tmp_path):
    model, _ = straight()
    message = "is no name of a {}: write .*"
    of_model = message.format("whole model") + r'model\.save\("(net|NET)\.minigrad"\)'
    of_weights = message.format("file of weights") + r"model\.save_weights\(.*\.safetensors"
    if not name.endswith(".keras"):
        with pytest.raises(ValueError, match=of_model):
            model.save(tmp_path / name)
        with pytest.raises(ValueError, match=of_model):
            save_model(model, tmp_path / name)
        with pytest.raises(ValueError, match=of_model):
            callbacks.ModelCheckpoint(tmp_path / name)
    if not name.endswith(".weights.h5"):
        with pytest.raises(ValueError, match=of_weights):
            model.save_weights(tmp_path / name)
        with pytest.raises(ValueError, match=of_weights):
            callbacks.ModelCheckpoint(str(tmp_path / name), save_weights_only=True)
    with pytest.raises(ValueError, match=message.format("folder") + "BackupAndRestore"):
        callbacks.BackupAndRestore(tmp_path / name)
    with pytest.raises(ValueError, match="an archive holds the whole model"):
        model.save_weights(tmp_path / "net.minigrad")
    assert list(tmp_path.iterdir()) == []


# ---- hostile files -------------------------------------------------------------------------------


def parts_of(path):
    with zipfile.ZipFile(path) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def rewrite(path, change=None, extra=(), config=None, compression=zipfile.ZIP_STORED):
    """The archive with other members, or another config.json."""
    parts = parts_of(path)
    if config is not None:
        content = json.loads(parts["config.json"])
        config(content)
        parts["config.json"] = json.dumps(content).encode()
    parts |= change or {}
    with zipfile.ZipFile(path, "w", compression) as whole:
        for name, data in [*parts.items(), *extra]:
            if data is not None:
                whole.writestr(name, data)


@pytest.fixture
def saved(path):
    x = minigrad.Input((4,), name="x")
    model = Model(x, layers.Dense(2, name="dense")(x))
    model.compile("adam", "mse")
    model.fit(rows(4, 4), rows(4, 2), verbose=0)
    model.save(path)
    return path


def refused(path, message):
    """Loading fails with one ValueError that names the file, and nothing is changed."""
    folder = sorted(path.parent.iterdir())
    model = Sequential(layers.Dense(2, input_shape=(4,)))
    model.compile("adam", "mse")
    before = model.get_weights()
    state = repr(generator().bit_generator.state)
    with pytest.raises(ValueError, match=message) as caught:
        load_model(path)
    assert "net.minigrad" in str(caught.value) and len(str(caught.value)) < 1000
    assert repr(generator().bit_generator.state) == state
    assert sorted(path.parent.iterdir()) == folder
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "name", ["../../evil.py", "/etc/evil", "..\\evil", "C:\\evil", "a/../../b", "evil.py", "x/"]
)
def test_members_with_other_names(saved, name):
    rewrite(saved, extra=[(name, b"import os")])
    refused(saved, "it has a member")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_are_missing_or_twice_there(saved):
    whole = saved.read_bytes()
    for name in parts_of(saved):
        rewrite(saved, extra=[(name, b"{}")])
        refused(saved, "twice")
        saved.write_bytes(whole)
        rewrite(saved, {name: None})
        refused(saved, f"it has no {name}")
        saved.write_bytes(whole)


def test_bombs(saved):
    whole = saved.read_bytes()
    rewrite(saved, {"config.json": b" " * (1 << 26)}, compression=zipfile.ZIP_DEFLATED)
    refused(saved, "config.json has 67108864 bytes, 33554432 at most")
    saved.write_bytes(whole)
    rewrite(saved, {"checkpoint.safetensors": bytes(1 << 24)}, compression=zipfile.ZIP_DEFLATED)
    refused(saved, "checkpoint.safetensors has 16777216 bytes, .* at most")
    saved.write_bytes(whole)
    rewrite(saved, compression=zipfile.ZIP_LZMA)
    refused(saved, "compressed in an unknown way")


def test_sizes_that_are_lies(saved):
    """A member that says that it is small, and is large."""
    text = b" " * 3_000_000
    rewrite(saved, {"config.json": text}, compression=zipfile.ZIP_DEFLATED)
    content = saved.read_bytes().replace(struct.pack("<L", len(text)), struct.pack("<L", 5))
    content = content.replace(
        struct.pack("<L", zlib.crc32(text)), struct.pack("<L", zlib.crc32(text[:5]))
    )
    saved.write_bytes(content)
    refused(saved, "net.minigrad")


def test_damaged_files(saved):
    whole = saved.read_bytes()
    rng = np.random.default_rng(0)
    for cut in rng.integers(0, len(whole), 20):
        saved.write_bytes(whole[:cut])
        refused(saved, "net.minigrad")
    fine = 0
    for _ in range(60):
        content = bytearray(whole)
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        saved.write_bytes(content)
        try:
            load_model(saved)
            fine += 1  # a bit of a date, or of what is written twice
        except ValueError as error:
            assert "net.minigrad" in str(error)
    assert fine < 30


def in_config(*keys, value):
    def change(content):
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


DENSE = ("config", "layers", 1, "config")


@pytest.mark.parametrize(
    "change, message",
    [
        (in_config(*DENSE, "units", value=10**7), "more than the file holds"),
        (in_config(*DENSE, "units", value=10**12), "'units' is larger than 16777216"),
        (in_config(*DENSE, "units", value=10**400), "net.minigrad"),
        (in_config(*DENSE, "units", value=-1), "units"),
        (in_config(*DENSE, "units", value=[2]), "units"),
        (in_config(*DENSE, "units", value=3), "more than the file holds"),
        (in_config(*DENSE, "units", value=1), "another shape"),
        (in_config(*DENSE, "activation", value="system"), "unknown activation"),
        (in_config(*DENSE, "kernel_initializer", value={"class_name": "x"}), "initializer"),
        (in_config(*DENSE, "os", value=1), "no option 'os'"),
        (
            in_config("config", "layers", 0, "config", "batch_shape", value=[None, 10**13]),
            "net.minigrad",
        ),
        (
            in_config("config", "layers", 0, "config", "batch_shape", value=[None, -4]),
            "net.minigrad",
        ),
        (in_config("config", "layers", 0, "config", "dtype", value="O"), "net.minigrad"),
        (in_config("config", "layers", 0, "config", "dtype", value="U99999999"), "net.minigrad"),
        (in_config("config", "layers", 1, "class_name", value="Popen"), "unknown class"),
        (in_config("config", "layers", 1, "module", value="subprocess"), "unknown class"),
        (in_config("config", "layers", 1, "class_name", value="Lambda"), "net.minigrad"),
        (in_config("config", "layers", 1, "name", value="other"), "makes no tensor"),
        (in_config("class_name", value="Callable"), "unknown class"),
        (in_config("class_name", value="Dense"), "net.minigrad"),
        (in_config("config", value=None), "expected a dict"),
        (in_config("compile_config", "optimizer", value="sgd"), "optimizer"),
        (
            in_config("compile_config", "optimizer", "class_name", value="MeanSquaredError"),
            "net.minigrad",
        ),
        (in_config("compile_config", "loss", value="os.system"), "unknown loss"),
        (in_config("compile_config", "evil", value=1), "evil"),
        (in_config("compile_config", value=[1]), "net.minigrad"),
    ],
)
def test_hostile_configurations(saved, change, message):
    rewrite(saved, config=change)
    refused(saved, message)


def test_layers_that_would_fill_the_memory(path):
    Sequential(layers.RepeatVector(2, input_shape=(3,)), layers.Dense(1)).save(path)
    rewrite(path, config=in_config("config", "layers", 1, "config", "n", value=10**9))
    refused(path, "'n' is larger than 16777216")
    seeded = minigrad.initializers.RandomNormal(seed=2**40)
    Sequential(layers.Dense(1, kernel_initializer=seeded, input_shape=(3,))).save(path)
    assert load_model(path).count_params() == 4


def test_texts_that_are_none(saved):
    whole = saved.read_bytes()
    for text in (b"", b"[]", b"{", b"\xff", b"[" * 10**6, b'{"a":' * 10**5, b'{"a": 1, "a": 2}'):
        rewrite(saved, {"config.json": text})
        refused(saved, "net.minigrad")
        saved.write_bytes(whole)
    rewrite(saved, {"metadata.json": b'{"format": 2}'})
    refused(saved, "a later version of minigrad")


def test_other_files(tmp_path, saved):
    model, _ = straight()
    model.save(tmp_path / "c.safetensors")
    with pytest.raises(ValueError, match=r"holds no architecture: build the model, model\.load\("):
        load_model(tmp_path / "c.safetensors")
    (tmp_path / "net.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ValueError, match=r"is HDF5: .*model\.load_weights\("):
        load_model(tmp_path / "net.h5")
    (tmp_path / "net.txt").write_bytes(b"model")
    with pytest.raises(ValueError, match="is no archive of a model"):
        load_model(tmp_path / "net.txt")
    with pytest.raises(FileNotFoundError, match="no model at"):
        load_model(tmp_path / "gone.minigrad")
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    saved.write_bytes(buffer.getvalue())
    refused(saved, "net.minigrad")


def test_members_are_read_by_their_limits(saved):
    assert archive.read_members(saved, archive.PARTS)[0] == parts_of(saved)["metadata.json"]
    with pytest.raises(ValueError, match="at most are read"):
        archive.read_members(saved, archive.PARTS | {"metadata.json": 3})


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "Lambda"])
def test_no_layer_asks_for_more_weights_than_it_has(name):
    """While a file is read, initializers make ones, as many as the file holds; nothing is drawn."""
    layer, _, inputs = LAYERS[name]()
    state = repr(generator().bit_generator.state)
    with awaiting_weights(layer.count_params()):
        twin = deserialize(
            serialize(layer), {"_Merged": _Merged, "_first": _first, "_Drawn": _Drawn}
        )
        twin(*inputs)
    assert twin.count_params() == layer.count_params()
    assert repr(generator().bit_generator.state) == state
