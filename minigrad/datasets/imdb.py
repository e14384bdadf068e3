"""IMDB reviews in Keras's format."""

from __future__ import annotations

import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.files import PathLike, read_json
from .cache import cache_dir, fetch
from .preparation import Split, _labels

# ---- reviews of films, the other that must be fetched --------------------------------------------------------------

KERAS_DATA = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


IMDB = "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"


IMDB_WORDS = "md5:bfafd718b763782e994055a2d397834f"


def load_data(
    num_words: int | None = 10000,
    maxlen: int | None = None,
    skip_top: int = 0,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> Split:
    """25,000 + 25,000 film reviews (Maas et al., 2011), each a list of word ids in an object array; labels 1 where it is praise.

    Ids are ranks by frequency, moved up by `index_from`: 0 is padding, `start_char` begins each review, `oov_char` stands for
    words out of skip_top..num_words (None leaves them out); reviews of `maxlen` words or more are left out. As Keras's
    imdb.load_data, in the same order. Keras's imdb.npz is fetched once and kept under $MINIGRAD_HOME or ~/.minigrad; its lists,
    which are pickled, are read without running anything they name. Raises RuntimeError when it is not there and cannot be fetched.
    """
    if num_words is not None and num_words <= skip_top:
        raise ValueError(
            f"imdb: no word lies between skip_top={skip_top} and num_words={num_words}"
        )
    draw, parts = np.random.RandomState(seed), []  # Keras's generator: the same order
    for texts, labels in _imdb_parts(cache_dir() / "imdb.npz"):
        order = draw.permutation(len(texts))
        rows = [
            (start_char is not None) * [start_char] + [word + index_from for word in texts[i]]
            for i in order
        ]
        kept = [i for i, row in enumerate(rows) if maxlen is None or len(row) < maxlen]
        if not kept:
            raise ValueError(f"imdb: no review has fewer than maxlen={maxlen} words")
        x = np.empty(len(kept), object)
        x[:] = [_known_words(rows[i], skip_top, num_words, oov_char) for i in kept]
        parts.append((x, _labels(labels[order[kept]])))
    return parts[0], parts[1]


def _known_words(row: list[Any], low: int, high: int | None, oov: int | None) -> list[int]:
    top = float("inf") if high is None else high
    return (
        [word for word in row if low <= word < top]
        if oov is None
        else [word if low <= word < top else oov for word in row]
    )


def get_word_index() -> dict[str, int]:
    """{word: its rank by frequency, from 1}; in reviews it is moved up by `index_from`. Fetched and kept as imdb.npz is."""
    path = cache_dir() / "imdb_word_index.json"
    if not path.is_file():
        fetch(
            KERAS_DATA + path.name,
            path,
            IMDB_WORDS,
            f"IMDB's words: {path} is not there",
            "number the words of texts of your own: minigrad.data.text.WordVocabulary.fit",
        )
    return dict(read_json(path, "word index of IMDB"))


def _imdb_parts(path: Path) -> list[tuple[list[list[int]], np.ndarray]]:
    """(reviews, labels) of the training and the test part; fetched when they are not there or damaged."""
    try:
        return _read_imdb(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as damage:
        reason = (
            "is not there" if isinstance(damage, FileNotFoundError) else f"is damaged ({damage})"
        )
        fetch(
            KERAS_DATA + "imdb.npz",
            path,
            IMDB,
            f"IMDB: {path} {reason}",
            "use the embedded minigrad.datasets.reviews.load_data(), whose sentiment hangs on the order of words",
        )
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


# ---- arrays of lists ---------------------------------------------------------------------------------------------------


class _Shell:
    """Stands for the object array in its pickle: takes the state that the array would get, and makes nothing of it."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


# Every name that NumPy's pickle of an object array mentions, and what stands for it here. Nothing is looked up or imported.
_STAND_INS: dict[tuple[str, str], Any] = {
    **{
        (f"numpy.{core}.multiarray", "_reconstruct"): lambda *_: _Shell()
        for core in ("core", "_core")
    },
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): lambda *_: _Shell(),
    ("_codecs", "encode"): lambda *_: b"b",
}


class _ListsOnly(pickle.Unpickler):
    """Rebuilds lists and numbers; where the file names a class or function, one of four stand-ins, or an error."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise ValueError(
                f"it asks for {module}.{name}, which no array of lists of integers needs: it was not run"
            )
        return _STAND_INS[module, name]


def read_lists(path: PathLike, name: str) -> list[list[int]]:
    """An object array of lists of integers, in an npz file as Keras's imdb.npz holds it: a list of lists.

    NumPy keeps such arrays as pickles, and an unpickled file can run any code. This reader calls nothing the file names: the
    four names that NumPy writes are answered by stand-ins, any other, and anything but lists of integers, is a ValueError.
    """
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(member)
        if dtype.kind != "O" or len(shape) != 1:
            raise ValueError(
                f"{name} is {dtype} of shape {shape}: expected one list of integers for each row"
            )
        try:
            rows = _ListsOnly(member, encoding="latin1").load().state[-1]
        except (pickle.UnpicklingError, AttributeError, TypeError, IndexError) as cause:
            raise ValueError(
                f"{name} is not the array that its header announces ({cause})"
            ) from cause
    if (
        not isinstance(rows, list)
        or len(rows) != shape[0]
        or not all(isinstance(row, list) and set(map(type, row)) <= {int} for row in rows)
    ):
        raise ValueError(f"{name} holds something other than {shape[0]} lists of integers")
    return rows
