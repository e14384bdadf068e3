"""Keras's data sets from small files of their formats: read, in Keras's order, or refused."""

from __future__ import annotations

import gzip
import io
import tarfile

import numpy as np
import pytest

from minigrad.datasets import (
    boston_housing,
    california_housing,
    cifar,
    cifar10,
    cifar100,
    fashion_mnist,
    keras_files,
    reuters,
)

from .imdb_file import as_keras_has_it

RNG = np.random.default_rng(0)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty cache folder, no network, and files that may be small."""
    monkeypatch.setenv("MINIGRAD_HOME", str(tmp_path))
    nowhere = (tmp_path / "nowhere").as_uri() + "/"
    monkeypatch.setattr(keras_files, "KERAS_DATA", nowhere)
    monkeypatch.setattr(cifar, "HOME", nowhere)
    monkeypatch.setattr(keras_files, "check_digest", lambda *_: None)
    return tmp_path


def idx(a):
    sizes = b"".join(n.to_bytes(4, "big") for n in a.shape)
    return gzip.compress((0x800 + a.ndim).to_bytes(4, "big") + sizes + a.tobytes())


def test_fashion_mnist(home):
    arrays = [RNG.integers(0, 256, (n, 28, 28), np.uint8) for n in (5, 3)]
    labels = [RNG.integers(0, 10, n, np.uint8) for n in (5, 3)]
    (home / "fashion-mnist").mkdir()
    contents = [arrays[0], labels[0], arrays[1], labels[1]]
    for name, content in zip(fashion_mnist.FILES, contents, strict=True):
        (home / "fashion-mnist" / name).write_bytes(idx(content))
    (x, y), (x_test, y_test) = fashion_mnist.load_data()
    for found, expected in zip((x, y, x_test, y_test), contents, strict=True):
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, expected)
    (home / "fashion-mnist" / "train-images-idx3-ubyte.gz").write_bytes(idx(labels[0]))
    with pytest.raises(RuntimeError, match="is damaged .*magic number is 2049, not 2051.*digits28"):
        fashion_mnist.load_data()


def archive(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, records in members.items():
            info = tarfile.TarInfo(name)
            info.size = records.size
            tar.addfile(info, io.BytesIO(records.tobytes()))


def records(rows, labels):
    pixels = RNG.integers(0, 256, (rows, 3, 32, 32), np.uint8)
    numbers = RNG.integers(0, 10, (rows, labels), np.uint8)
    return np.concatenate([numbers, pixels.reshape(rows, -1)], 1), pixels, numbers


def test_cifar10(home, monkeypatch):
    monkeypatch.setattr(cifar10, "ROWS", 2)
    names = [f"{cifar10.FOLDER}/data_batch_{i}.bin" for i in range(1, 6)]
    parts = {name: records(2, 1) for name in [*names, f"{cifar10.FOLDER}/test_batch.bin"]}
    archive(home / cifar10.ARCHIVE, {name: part[0] for name, part in parts.items()})
    (x, y), (x_test, y_test) = cifar10.load_data()
    assert x.shape == (10, 32, 32, 3) and y.shape == (10, 1) and x.dtype == y.dtype == np.uint8
    for i, name in enumerate(names):
        _, pixels, labels = parts[name]
        np.testing.assert_array_equal(x[2 * i : 2 * i + 2], pixels.transpose(0, 2, 3, 1))
        np.testing.assert_array_equal(y[2 * i : 2 * i + 2], labels)
    assert x_test.shape == (2, 32, 32, 3) and y_test.shape == (2, 1)
    monkeypatch.setattr(cifar10, "ROWS", 3)
    with pytest.raises(RuntimeError, match="is damaged .*does not have 9219 bytes.*digits28"):
        cifar10.load_data()


def test_cifar100(home, monkeypatch):
    monkeypatch.setattr(cifar100, "ROWS", dict.fromkeys(cifar100.ROWS, 2))
    parts = {name: records(2, 2) for name in cifar100.ROWS}
    archive(home / cifar100.ARCHIVE, {name: part[0] for name, part in parts.items()})
    train, test = parts.values()
    (x, y), (_, y_test) = cifar100.load_data()
    np.testing.assert_array_equal(x, train[1].transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(y, train[2][:, 1:])
    np.testing.assert_array_equal(y_test, test[2][:, 1:])
    np.testing.assert_array_equal(cifar100.load_data("coarse")[0][1], train[2][:, :1])
    with pytest.raises(ValueError, match="unknown label_mode 'fin': did you mean 'fine'"):
        cifar100.load_data("fin")


def keras_order(n, seed):
    order = np.arange(n)
    np.random.RandomState(seed).shuffle(order)
    return order


@pytest.mark.parametrize("module", [boston_housing, california_housing])
def test_houses(home, module):
    x, y = RNG.random((10, 4)), np.arange(10.0)
    np.savez(home / f"{module.__name__.rpartition('.')[2]}.npz", x=x, y=y)
    (a, b), (a_test, b_test) = module.load_data()
    order = keras_order(10, 113)
    np.testing.assert_array_equal(np.concatenate([b, b_test]), y[order])
    np.testing.assert_array_equal(np.concatenate([a, a_test]), x[order])
    assert len(b) == 8 and len(module.load_data(test_split=0.5, seed=1)[0][1]) == 5
    with pytest.raises(ValueError, match=r"test_split must be in \[0, 1\), got 1.5"):
        module.load_data(test_split=1.5)
    with pytest.raises(RuntimeError, match="own.npz is not there.*diabetes"):
        module.load_data(path="own.npz")


def test_some_of_california(home):
    np.savez(home / "california_housing.npz", x=np.zeros((700, 8)), y=np.arange(700.0))
    (_, y), (_, y_test) = california_housing.load_data("small")
    assert len(y) == 480 and len(y_test) == 120 and max(y.max(), y_test.max()) == 599


def test_reuters(home):
    texts = [[1, 2, 3], [4, 5, 20, 7], [8], [9, 300, 2], [1]]
    (home / "reuters.npz").write_bytes(as_keras_has_it({"x": texts, "y": [0, 1, 2, 3, 4]}))
    (x, y), (x_test, y_test) = reuters.load_data()
    order = keras_order(5, 113)
    assert np.concatenate([y, y_test]).tolist() == order.tolist() and len(y) == 4
    found = [*x, *x_test]
    assert found == [[1, *(word + 3 for word in texts[i])] for i in order]
    (x, y), (x_test, y_test) = reuters.load_data(num_words=20, maxlen=5, oov_char=9)
    assert sorted([*y, *y_test]) == [0, 2, 3, 4]
    by_topic = dict(zip([*y, *y_test], [*x, *x_test], strict=True))
    assert by_topic[3] == [1, 12, 9, 5]
    (home / "reuters_word_index.json").write_text('{"the": 1}')
    assert reuters.get_word_index() == {"the": 1}


def test_checksums_are_those_of_the_files(home, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("MINIGRAD_HOME", str(home))
    monkeypatch.setattr(keras_files, "KERAS_DATA", (home / "nowhere").as_uri() + "/")
    np.savez(home / "boston_housing.npz", x=np.zeros((2, 13)), y=np.zeros(2))
    with pytest.raises(RuntimeError, match="is damaged .its sha256 is"):
        boston_housing.load_data()
