"""Data sets as (x_train, y_train), (x_test, y_test): float32 on the host, integer labels (int64), channels last.

All but `mnist` and `imdb` need no network: they come with scikit-learn and with Python. Scalers are fitted on the training part only.
"""
from __future__ import annotations

import http.client
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import as_data
from ..names import lookup
from .files import fetch, home, read_json, read_lists, write_npz
from .images import resize
from .series import split_windows

Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

# ---- digits --------------------------------------------------------------------------------------------------------

def digits(flat: bool = True, scale: str | None = "unit", test_size: float = 0.2, random_state: int = 42,
           stratify: bool = True) -> Split:
    """scikit-learn's 1797 handwritten digits, 8x8: x (N, 64), or (N, 8, 8, 1) with flat=False; labels (N,) in 0..9.

    `scale`: "unit" (0..1), "signed" (-1..1, for tanh), "standard" (each pixel with mean 0 and deviation 1 over the training
    part) or None (0..16).
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return _images(images / 16, labels, 16, (8, 8, 1), flat, scale, test_size, random_state, stratify)


def digits28(flat: bool = True, scale: str | None = "unit", test_size: float = 0.2, random_state: int = 42,
             stratify: bool = True) -> Split:
    """The digits enlarged to 28x28, each pixel 3 or 4 times: the embedded stand-in for MNIST, (N, 784) or (N, 28, 28, 1).

    The arguments are those of `digits`; with scale=None pixels run from 0 to 255, as MNIST's. Training images on the scale
    -1..1 have mean -.3876 and deviation .7522; interpolated ones would be softer and learned more slowly.
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = resize(images.reshape(-1, 8, 8), 28, "nearest") / 16
    return _images(images.reshape(-1, 784), labels, 255, (28, 28, 1), flat, scale, test_size, random_state, stratify)


def _images(x: Any, y: Any, top: int, shape: tuple[int, ...], flat: bool, scale: str | None, test_size: float,
            random_state: int, stratify: bool) -> Split:
    """Rows of pixels in 0..1 split, scaled and shaped."""
    from sklearn.model_selection import train_test_split

    parts = train_test_split(x, y, test_size=test_size, random_state=random_state, stratify=y if stratify else None)
    x_train, x_test = _scaled(parts[0], parts[1], scale, top)
    if not flat:
        x_train, x_test = x_train.reshape(-1, *shape), x_test.reshape(-1, *shape)
    return (as_data(x_train), _labels(parts[2])), (as_data(x_test), _labels(parts[3]))


def _scaled(train: np.ndarray, test: np.ndarray, scale: str | None, top: int) -> tuple[np.ndarray, np.ndarray]:
    """Both parts, given in 0..1, on the scale asked for."""
    if scale == "standard":
        from sklearn.preprocessing import StandardScaler
        scaler = StandardScaler().fit(train)
        return scaler.transform(train), scaler.transform(test)
    factor, shift = (top, 0) if scale is None else lookup(scale, {"unit": (1, 0), "signed": (2, -1), "standard": ()}, "scale")
    return train * factor + shift, test * factor + shift


def _labels(y: Any) -> np.ndarray:
    return np.asarray(y, np.int64)


# ---- mnist, the one that must be fetched ---------------------------------------------------------------------------

def mnist(flat: bool = True, scale: str | None = "unit") -> Split:
    """The 60,000 + 10,000 handwritten digits of MNIST (LeCun et al., 1998), shaped and scaled as digits28's.

    Fetched once from openml.org and kept as mnist.npz (the format of Keras's file, which may be put there as well) under
    $MINIGRAD_HOME or ~/.minigrad. Raises RuntimeError when it is not there and cannot be fetched.
    """
    path = home() / "mnist.npz"
    try:
        arrays = _read_mnist(path)
    except FileNotFoundError:
        arrays = _fetch_mnist(path, f"{path} is not there")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as damage:
        arrays = _fetch_mnist(path, f"{path} is damaged ({damage})")
    x_train, x_test = (arrays[name].reshape(-1, 784).astype(np.float32) / 255 for name in ("x_train", "x_test"))
    x_train, x_test = _scaled(x_train, x_test, scale, 255)
    if not flat:
        x_train, x_test = x_train.reshape(-1, 28, 28, 1), x_test.reshape(-1, 28, 28, 1)
    return (as_data(x_train), _labels(arrays["y_train"])), (as_data(x_test), _labels(arrays["y_test"]))


def _read_mnist(path: Path) -> dict[str, np.ndarray]:
    """The four arrays of the file; raises ValueError or an error of the zip format if it is not what it should be."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.shape != (len(y), 28, 28) or y.ndim != 1:
            raise ValueError(f"images of shape {x.shape} beside labels of shape {y.shape}")
    return arrays


def _fetch_mnist(path: Path, reason: str) -> dict[str, np.ndarray]:
    """Download MNIST and keep it at `path`."""
    from sklearn.datasets import fetch_openml

    try:
        images, labels = fetch_openml("mnist_784", version=1, as_frame=False, return_X_y=True, cache=False, parser="liac-arff")
    except (OSError, ValueError, http.client.HTTPException) as cause:
        raise RuntimeError(f"MNIST: {reason}, and it could not be fetched from openml.org ({type(cause).__name__}: {cause}). "
                           "Connect to a network and try again, put Keras's mnist.npz there, or use the embedded "
                           "minigrad.data.datasets.digits28(), which has the same shapes") from cause
    x, y = np.asarray(images).reshape(-1, 28, 28).astype(np.uint8), np.asarray(labels).astype(np.uint8)
    arrays = {"x_train": x[:60000], "y_train": y[:60000], "x_test": x[60000:], "y_test": y[60000:]}
    write_npz(path, arrays)
    return arrays


# ---- diabetes ------------------------------------------------------------------------------------------------------

def diabetes(test_size: float = 0.2, random_state: int = 42) -> Split:
    """442 patients: x (N, 10) with mean 0 and deviation 1 over the training part; y (N, 1), progression after a year, 25..346."""
    from sklearn.datasets import load_diabetes
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x_train, x_test, y_train, y_test = train_test_split(*load_diabetes(return_X_y=True), test_size=test_size,
                                                        random_state=random_state)
    scaler = StandardScaler().fit(x_train)
    return ((as_data(scaler.transform(x_train)), as_data(y_train[:, None])),
            (as_data(scaler.transform(x_test)), as_data(y_test[:, None])))


def diabetes_windows(length: int = 5, test_size: float = 0.2, return_scaler: bool = False, leak: bool = False) -> Any:
    """Windows of `length` rows (N, length, 10) -> the target of the next row (N, 1), all in 0..1; the last windows are the test.

    With `return_scaler` also the scaler of the targets, whose inverse_transform gives 25..346 again. The rows are patients and
    no series, so there is next to nothing to find: R2 near 0 is the right answer. `leak` fits both scalers on all rows, as the
    recipe that made these windows known does.
    """
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    train, test, (_, scaler) = split_windows(x, length, target=y, test_size=test_size, leak=leak)      # 437 windows: 349 and 88
    return (train, test, scaler) if return_scaler else (train, test)


# ---- reviews of films, the other that must be fetched --------------------------------------------------------------

KERAS_DATA = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
IMDB = "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
IMDB_WORDS = "md5:bfafd718b763782e994055a2d397834f"


def imdb(num_words: int | None = 10000, maxlen: int | None = None, skip_top: int = 0, seed: int = 113, start_char: int | None = 1,
         oov_char: int | None = 2, index_from: int = 3) -> Split:
    """25,000 + 25,000 film reviews (Maas et al., 2011), each a list of word ids in an object array; labels 1 where it is praise.

    Ids are ranks by frequency, moved up by `index_from`: 0 is padding, `start_char` begins each review, `oov_char` stands for
    words out of skip_top..num_words (None leaves them out); reviews of `maxlen` words or more are left out. As Keras's
    imdb.load_data, in the same order. Keras's imdb.npz is fetched once and kept under $MINIGRAD_HOME or ~/.minigrad; its lists,
    which are pickled, are read without running anything they name. Raises RuntimeError when it is not there and cannot be fetched.
    """
    if num_words is not None and num_words <= skip_top:
        raise ValueError(f"imdb: no word lies between skip_top={skip_top} and num_words={num_words}")
    draw, parts = np.random.RandomState(seed), []                      # Keras's generator: the same order
    for texts, labels in _imdb_parts(home() / "imdb.npz"):
        order = draw.permutation(len(texts))
        rows = [(start_char is not None) * [start_char] + [word + index_from for word in texts[i]] for i in order]
        kept = [i for i, row in enumerate(rows) if maxlen is None or len(row) < maxlen]
        if not kept:
            raise ValueError(f"imdb: no review has fewer than maxlen={maxlen} words")
        x = np.empty(len(kept), object)
        x[:] = [_known_words(rows[i], skip_top, num_words, oov_char) for i in kept]
        parts.append((x, _labels(labels[order[kept]])))
    return parts[0], parts[1]


def _known_words(row: list[Any], low: int, high: int | None, oov: int | None) -> list[int]:
    top = float("inf") if high is None else high
    return [word for word in row if low <= word < top] if oov is None else [word if low <= word < top else oov for word in row]


def imdb_word_index() -> dict[str, int]:
    """{word: its rank by frequency, from 1}; in reviews it is moved up by `index_from`. Fetched and kept as imdb.npz is."""
    path = home() / "imdb_word_index.json"
    if not path.is_file():
        fetch(KERAS_DATA + path.name, path, IMDB_WORDS, f"IMDB's words: {path} is not there", "number the words of texts of your own: "
              "minigrad.data.text.WordVocabulary.fit")
    return dict(read_json(path, "word index of IMDB"))


def _imdb_parts(path: Path) -> list[tuple[list[list[int]], np.ndarray]]:
    """(reviews, labels) of the training and the test part; fetched when they are not there or damaged."""
    try:
        return _read_imdb(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as damage:
        reason = "is not there" if isinstance(damage, FileNotFoundError) else f"is damaged ({damage})"
        fetch(KERAS_DATA + "imdb.npz", path, IMDB, f"IMDB: {path} {reason}",
              "use the embedded minigrad.data.tasks.reviews(), whose sentiment hangs on the order of words")
        return _read_imdb(path)


def _read_imdb(path: Path) -> list[tuple[list[list[int]], np.ndarray]]:
    parts = []
    for name in ("train", "test"):
        with np.load(path, allow_pickle=False) as file:
            labels = file[f"y_{name}"]
        texts = read_lists(path, f"x_{name}")
        if labels.shape != (len(texts),):
            raise ValueError(f"{len(texts)} reviews beside labels of shape {labels.shape}")
        parts.append((texts, labels))
    return parts


# ---- pictures and words --------------------------------------------------------------------------------------------

def photographs() -> np.ndarray:
    """The two photographs that scikit-learn brings, a Chinese temple and a flower: (2, 427, 640, 3) in 0..1."""
    from sklearn.datasets import load_sample_image

    return as_data(np.stack([load_sample_image(name) for name in ("china.jpg", "flower.jpg")]) / 255)


def topics() -> str:
    """Some 500 kB of English: the texts of Python's own help(), in the order of their names. How many differs by Python's version."""
    try:
        from pydoc_data.topics import topics as texts
    except ImportError as cause:
        raise ImportError("this Python came without pydoc_data, the texts of help() (some systems keep them in a package of their own, "
                          "such as Debian's libpython3-stdlib or python3-doc): install them, or read a text of your own with "
                          "pathlib.Path(...).read_text()") from cause
    return "\n\n".join(texts[name].strip() for name in sorted(texts))


def text(validation: float = 0.1) -> tuple[str, str]:
    """The texts of `topics` for training, and the last `validation` of them, cut by position, to validate with."""
    whole = topics()
    cut = round(len(whole) * (1 - validation))
    if not 0 < validation < 1 or not 0 < cut < len(whole):
        raise ValueError(f"text: validation is a fraction between 0 and 1, not {validation!r}")
    return whole[:cut], whole[cut:]
