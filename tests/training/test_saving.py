"""Weight files: written and read completely or not at all, and never unpickled."""

import json
import os
import pickle
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from minigrad import Sequential
from minigrad.config import to_device
from minigrad.layers import Dense
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.sgd import SGD
from minigrad.training import saving

from ..conftest import needs_posix

ROOT = Path(__file__).resolve().parents[2]
rng = np.random.default_rng(2)


def network(optimizer=None, units=3, names=("a", "b")):
    model = Sequential(Dense(units, input_shape=(2,), name=names[0]), Dense(1, name=names[1]))
    if optimizer is not None:
        model.compile(optimizer, "mse")
        model.train_on_batch(np.ones((4, 2)), np.ones((4, 1)))
    return model


def same(before, model):
    return all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


# ---- arrays --------------------------------------------------------------------------------------


def test_arrays_of_every_kind(tmp_path, xp, device):
    matrix = rng.standard_normal((6, 4))
    host = {
        "plain": matrix,
        "transposed": matrix.T,
        "strided": matrix[::2, ::-1],
        "number": np.array(1.5),
        "empty": np.zeros((0, 3)),
        "float32": matrix.astype("float32"),
        "integers": np.arange(5),
        "bits": np.array([True, False]),
        "a/b/c": np.ones(1),
    }
    given = {name: to_device(a) for name, a in host.items()}
    given["transposed"], given["strided"] = given["plain"].T, given["plain"][::2, ::-1]
    path = tmp_path / "file.safetensors"
    saving.save_safetensors(path, given, {"written": "by a test"})
    arrays, metadata = saving.load_safetensors(path)
    assert metadata == {"written": "by a test"} and arrays.keys() == host.keys()
    for name, a in host.items():
        assert arrays[name].dtype == a.dtype and arrays[name].shape == a.shape, name
        np.testing.assert_array_equal(arrays[name], a)
    from safetensors.numpy import load_file  # and others can read it

    np.testing.assert_array_equal(load_file(path)["transposed"], matrix.T)
    assert saving.load_safetensors(str(path))[0].keys() == host.keys()


def test_new_files_have_the_usual_rights(tmp_path):
    saving.save_safetensors(tmp_path / "w.safetensors", {"a": np.ones(2)})
    (tmp_path / "plain").write_text("x")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("w.safetensors", "plain")]
    assert modes[0] == modes[1]


# ---- writing completely or not at all ------------------------------------------------------------

SAVER = """
import sys
import numpy as np
from minigrad.training import saving as io
value = float(sys.argv[2])
print("ready", flush=True)
while True:
    value += 1
    arrays = {"a": np.full(300_000, value), "b": np.full((3, 5), value)}
    io.save_safetensors(sys.argv[1], arrays, {"value": str(value)})
    print("saved", flush=True)
"""


@needs_posix
def test_a_process_killed_while_saving_leaves_a_complete_file(tmp_path):
    path, value = tmp_path / "w.safetensors", 0.0
    saving.save_safetensors(
        path, {"a": np.full(300_000, value), "b": np.full((3, 5), value)}, {"value": str(value)}
    )
    for k in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(path), str(value)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert [process.stdout.readline() for _ in range(3)] == [b"ready\n", b"saved\n", b"saved\n"]
        time.sleep(0.003 * k)  # into the middle of one of the next
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
        arrays, metadata = saving.load_safetensors(path)
        value, before = float(metadata["value"]), value
        assert (
            value > before
            and (arrays["a"] == value).all()
            and (arrays["b"] == value).all()
            and arrays["a"].size == 300_000
        )


@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, broken):
    path = tmp_path / "w.safetensors"
    saving.save_safetensors(path, {"a": np.ones(2)})

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, broken, fail)
    with pytest.raises(OSError, match="no space"):
        saving.save_safetensors(path, {"a": np.zeros(2)})
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]
    assert saving.load_safetensors(path)[0]["a"].tolist() == [1, 1]


def test_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*none"):
        saving.save_safetensors(tmp_path / "none" / "w.safetensors", {"a": np.ones(2)})
    with pytest.raises(FileNotFoundError, match="no weight file at .*w.safetensors"):
        saving.load_safetensors(tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())


# ---- reading completely or not at all ------------------------------------------------------------


def test_truncated_files(tmp_path):
    complete, cut = tmp_path / "complete.safetensors", tmp_path / "cut.safetensors"
    model = network(Adam())
    model.save(complete)
    data, before, t = complete.read_bytes(), model.get_weights(), model.optimizer.t
    for length in (0, 1, 7, 8, 9, len(data) // 2, len(data) - 1):
        cut.write_bytes(data[:length])
        for read in (model.load_weights, model.load):
            with pytest.raises(
                ValueError, match="cut.safetensors is not a complete safetensors file"
            ):
                read(cut)
        assert same(before, model) and model.optimizer.t == t
    cut.write_bytes(data[:-8] + b"\xff" * 8 + b"more")
    with pytest.raises(ValueError, match="not a complete safetensors file"):
        model.load_weights(cut)


class Bomb:
    def __reduce__(self):
        return os.mkdir, (str(Path(os.environ["BOMB"])),)


@pytest.mark.parametrize("content", ["pickle", "text", "hdf5"])
def test_foreign_files(tmp_path, monkeypatch, content):
    path, model = tmp_path / "w.pt", network()
    monkeypatch.setenv("BOMB", str(tmp_path / "exploded"))
    path.write_bytes(
        {
            "pickle": pickle.dumps(Bomb()),
            "text": b"a,b\n1,2\n" * 40,
            "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(200),
        }[content]
    )
    before = model.get_weights()
    with pytest.raises(
        ValueError,
        match="not a complete safetensors file.*converted by the framework that wrote them",
    ):
        model.load_weights(path)
    assert same(before, model) and not (tmp_path / "exploded").exists()


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no weight file"):
        network().load_weights(tmp_path)


# ---- by name -------------------------------------------------------------------------------------


def test_weights_go_by_name(tmp_path, device):
    path, model, twin = tmp_path / "w.safetensors", network(), network()
    model.save_weights(path)
    assert sorted(saving.load_safetensors(path)[0]) == ["a/bias", "a/kernel", "b/bias", "b/kernel"]
    twin.load_weights(path)
    assert same(model.get_weights(), twin) and all(
        p.device == device and p.dtype == np.float32 for p in twin.weights
    )
    swapped = network(units=1, names=("b", "c"))
    swapped.build_from_shape((2,))
    with pytest.raises(ValueError, match="does not fit"):
        swapped.load_weights(path)


def test_everything_that_does_not_fit_is_listed_and_nothing_changed(tmp_path):
    path, model, other = (
        tmp_path / "w.safetensors",
        network(names=("a", "b")),
        network(units=4, names=("a", "c")),
    )
    model.save_weights(path)
    before = other.get_weights()
    with pytest.raises(ValueError) as caught:
        other.load_weights(path)
    text = str(caught.value)
    assert "w.safetensors does not fit this model; nothing was loaded" in text
    assert "missing: c/kernel; c/bias" in text and "not in the model: b/bias; b/kernel" in text
    assert (
        "a/kernel is (2, 3), the model expects (2, 4)" in text
        and "a/bias is (3,), the model expects (4,)" in text
    )
    assert same(before, other)
    other.load_weights(path, skip_mismatch=True)
    assert same(before, other)
    shorter = Sequential(Dense(3, input_shape=(2,), name="a"))
    before = shorter.get_weights()
    with pytest.raises(ValueError, match="nothing was loaded. not in the model: b/bias; b/kernel$"):
        shorter.load_weights(path)
    assert same(before, shorter)
    mixed = network(names=("a", "c"))
    kept = mixed.get_weights()
    mixed.load_weights(path, skip_mismatch=True)
    assert same([*model.get_weights()[:2], *kept[2:]], mixed)


def test_unbuilt_models_have_no_weights_to_save(tmp_path):
    model = Sequential(Dense(3), Dense(1))
    words = "needs a built model: call it on a batch, or give the first layer input_shape="
    for name in ("save_weights", "load_weights", "save", "load"):
        with pytest.raises(ValueError, match=f"^{name} {words}"):
            getattr(model, name)(tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())


# ---- checkpoints ---------------------------------------------------------------------------------


def test_checkpoints_bring_everything_back(tmp_path, device):
    path, model, x, y = (
        tmp_path / "c.safetensors",
        network(Adam(0.1)),
        np.ones((4, 2)),
        np.ones((4, 1)),
    )
    model.save(path, epoch=3)
    after = []
    for fresh in (model, network(Adam(0.5))):
        assert fresh.load(path) == 3
        assert fresh.optimizer.t == 1 and fresh.optimizer.learning_rate == 0.1
        for _ in range(3):
            fresh.train_on_batch(x, y)
        after.append(fresh.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*after, strict=True))
    weights_alone = network()
    weights_alone.load_weights(path)
    uncompiled = network()
    uncompiled.save(path)
    assert model.load(path) == 0 and model.optimizer.t == 4  # nothing about optimizers in there


def test_a_checkpoint_before_the_first_step_starts_the_optimizer_afresh(tmp_path):
    path, model = tmp_path / "c.safetensors", Sequential(Dense(1, input_shape=(2,)))
    model.compile(Adam(), "mse")
    model.save(path)
    x, y, start = np.ones((4, 2)), np.zeros((4, 1)), model.get_weights()
    model.train_on_batch(x, y)
    first = model.get_weights()
    model.train_on_batch(x, y)
    model.load(path)
    assert same(start, model) and model.optimizer.t == 0
    model.train_on_batch(x, y)
    assert same(first, model)


@pytest.mark.parametrize(
    "optimizer",
    [None, SGD(), Adam(amsgrad=True), SGD(momentum=0.9)],
    ids=["none", "sgd", "amsgrad", "momentum"],
)
def test_another_optimizer_is_refused(tmp_path, optimizer):
    path, model = tmp_path / "c.safetensors", network(optimizer)
    network(Adam()).save(path)
    before = model.get_weights()
    with pytest.raises(
        ValueError,
        match=r"the state of the optimizer 'adam' with \('m', 'v'\), the model .*: compile it with",
    ):
        model.load(path)
    assert same(before, model)


def test_another_model_is_refused_before_anything_changes(tmp_path):
    path, model = tmp_path / "c.safetensors", network(Adam(), units=4)
    network(Adam(0.5)).save(path)
    before, t, rate = model.get_weights(), model.optimizer.t, model.optimizer.learning_rate
    with pytest.raises(ValueError, match="does not fit this model"):
        model.load(path)
    assert same(before, model) and (model.optimizer.t, model.optimizer.learning_rate) == (t, rate)


# ---- headers -------------------------------------------------------------------------------------


def tensor(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


HEADERS = {
    "overlapping": {"a": tensor(), "b": tensor()},
    "negative": {"a": tensor(shape=(-1,))},
    "negative offsets": {"a": tensor(offsets=(-4, 0))},
    "too long": {"a": tensor(shape=(2**62, 2**62))},
    "many axes": {"a": tensor(shape=(1,) * 100)},
    "size of another type": {"a": tensor("F64")},
    "unknown type": {"a": tensor("F99")},
    "a gap": {"a": tensor(offsets=(2, 6))},
    "metadata of numbers": {"a": tensor(), "__metadata__": {"x": 1}},
    "a list": [1],
    "texts": {"a": tensor(shape=("1",))},
    "twice": b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
    b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    "nested": b'{"a":' + b"[" * 100_000,
    "latin": b'{"\xe9": 1}',
    "empty": b"",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=list(HEADERS))
def test_headers_that_lie(tmp_path, header):
    path, model = tmp_path / "w.safetensors", network()
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    with pytest.raises(ValueError, match="w.safetensors is no") as caught:
        model.load_weights(path)
    assert str(caught.value).startswith(str(path))
    path.write_bytes((2**60).to_bytes(8, "little") + text)
    with pytest.raises(ValueError, match="w.safetensors is not a complete"):
        model.load_weights(path)


def test_a_link_to_weights_stays_one(tmp_path):
    network().save_weights(tmp_path / "real.safetensors")
    (tmp_path / "link.safetensors").symlink_to("real.safetensors")
    model = network()
    model.save_weights(tmp_path / "link.safetensors")
    assert (tmp_path / "link.safetensors").is_symlink()
    other = network()
    other.load_weights(tmp_path / "real.safetensors")
    assert same(model.get_weights(), other)
