"""MNIST from a small file of its format: read, fetched, damaged, replaced."""

import http.client
import urllib.error

import numpy as np
import pytest
import sklearn.datasets
from numpy.testing import assert_allclose, assert_array_equal

from minigrad import datasets


def small_mnist(rng):
    return {
        "x_train": rng.integers(0, 256, (6, 28, 28), np.uint8),
        "y_train": rng.integers(0, 10, 6, np.uint8),
        "x_test": rng.integers(0, 256, (3, 28, 28), np.uint8),
        "y_test": rng.integers(0, 10, 3, np.uint8),
    }


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, and no network."""

    def unreachable(*_, **__):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setenv("MINIGRAD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", unreachable)
    return tmp_path / "home"


def test_mnist_from_its_file(cache):
    """As Keras returns it, and in other forms."""
    arrays = small_mnist(np.random.default_rng(0))
    cache.mkdir()
    np.savez(cache / "mnist.npz", **arrays)
    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
    assert x_train.dtype == y_train.dtype == np.uint8
    assert_array_equal(x_train, arrays["x_train"])
    assert_array_equal(x_test, arrays["x_test"])
    assert_array_equal(y_test, arrays["y_test"])
    assert_array_equal(y_train, arrays["y_train"])
    rows = datasets.mnist.load_data(flat=True, scale="unit")[0][0]
    assert rows.dtype == np.float32
    assert_allclose(rows, arrays["x_train"].reshape(6, 784) / 255, rtol=1e-6)
    images = datasets.mnist.load_data(flat=False)[1][0]
    assert images.shape == (3, 28, 28, 1)
    assert_array_equal(images[..., 0], arrays["x_test"])
    signed = datasets.mnist.load_data(scale="signed")[1][0]
    assert_allclose(signed, x_test / 255.0 * 2 - 1, atol=1e-6)


def test_the_file_that_keras_keeps_is_found(tmp_path, monkeypatch):
    arrays = small_mnist(np.random.default_rng(0))
    folder = tmp_path / ".keras" / "datasets"
    folder.mkdir(parents=True)
    np.savez(folder / "mnist.npz", **arrays)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delenv("MINIGRAD_HOME", raising=False)
    assert_array_equal(datasets.mnist.load_data()[1][1], arrays["y_test"])
    elsewhere = tmp_path / "own.npz"
    np.savez(elsewhere, **small_mnist(np.random.default_rng(1)))
    assert (datasets.mnist.load_data(str(elsewhere))[0][0] != arrays["x_train"]).any()


def test_mnist_is_fetched_once_and_kept(cache, monkeypatch):
    rng = np.random.default_rng(1)
    calls = []

    def fetch(name, **options):
        calls.append(name)
        assert options["as_frame"] is False
        assert options["return_X_y"] is True
        images = np.zeros((60_003, 784), np.uint8)
        images[::6000] = rng.integers(0, 256, (11, 784))
        images[0, 0] = 255
        return images, rng.integers(0, 10, 60_003).astype(str).astype(object)

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
    assert x_train.shape == (60_000, 28, 28)
    assert x_test.shape == (3, 28, 28)
    assert x_train.max() == 255
    (again, _), (_, labels) = datasets.mnist.load_data()
    assert calls == ["mnist_784"]
    assert_array_equal(again, x_train)
    assert_array_equal(labels, y_test)
    assert [p.name for p in cache.iterdir()] == ["mnist.npz"]


@pytest.mark.parametrize(
    "failure",
    [
        urllib.error.URLError("Name or service not known"),
        ConnectionResetError("reset"),
        TimeoutError(),
        http.client.IncompleteRead(b""),
        ValueError("md5 checksum mismatch"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_mnist_without_a_network(cache, monkeypatch, failure):
    def unreachable(*_, **__):
        raise failure

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", unreachable)
    with pytest.raises(
        RuntimeError,
        match=f"mnist.npz is not there.*openml.org.*{type(failure).__name__}.*digits28",
    ) as caught:
        datasets.mnist.load_data()
    assert caught.value.__cause__ is failure
    assert not cache.exists()


def damaged(how, path):
    arrays = small_mnist(np.random.default_rng(0))
    if how == "foreign":
        path.write_bytes(b"<html>404</html>")
    elif how == "pickled":
        np.savez(path, **{**arrays, "y_test": np.array([{}, 1, 2], object)})
    elif how == "misshapen":
        np.savez(path, **{**arrays, "x_test": arrays["x_test"][:, :27]})
    elif how == "incomplete":
        np.savez(path, x_train=arrays["x_train"], y_train=arrays["y_train"])
    else:
        np.savez(path, **arrays)
        whole = path.read_bytes()
        path.write_bytes(whole[: {"empty": 0, "short": 40, "truncated": len(whole) // 2}[how]])


@pytest.mark.parametrize(
    "how", ["empty", "short", "truncated", "foreign", "pickled", "misshapen", "incomplete"]
)
def test_mnist_with_a_damaged_file(cache, how):
    cache.mkdir()
    path = cache / "mnist.npz"
    damaged(how, path)
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="mnist.npz is damaged.*could not be fetched.*digits28"):
        datasets.mnist.load_data()
    assert path.read_bytes() == before
    assert len(list(cache.iterdir())) == 1


def test_a_damaged_file_is_replaced_when_there_is_a_network(cache, monkeypatch):
    cache.mkdir()
    damaged("truncated", cache / "mnist.npz")
    x = np.zeros((60_001, 784), np.uint8)
    y = np.full(60_001, "7")
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda *_, **__: (x, y))
    assert len(datasets.mnist.load_data()[1][0]) == 1
    monkeypatch.undo()
    monkeypatch.setenv("MINIGRAD_HOME", str(cache))
    assert len(datasets.mnist.load_data()[1][0]) == 1
