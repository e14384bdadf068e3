"""Files: written whole, fetched with a checksum; IMDB in Keras's format, whose pickled lists are read without running anything."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

from minigrad import datasets
from minigrad.datasets.pickled_lists import read_lists
from minigrad.utils import files

REVIEWS = {
    "x_train": [[1, 2, 3], [4, 5, 20, 7], [8], [9, 300, 2], [1], [2, 70_000]],
    "y_train": [0, 1, 0, 1, 1, 0],
    "x_test": [[5, 6], [], [7, 8, 9, 10, 11]],
    "y_test": [1, 0, 1],
}


def as_keras_has_it(content=REVIEWS, protocol=2):
    """The bytes of an imdb.npz: object arrays of lists, pickled by NumPy as it did when the file was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, rows in content.items():
            a = np.array(rows) if name.startswith("y") else np.empty(len(rows), object)
            member = io.BytesIO()
            if a.dtype == object:
                a[:] = rows
                np.lib.format.write_array_header_1_0(
                    member, np.lib.format.header_data_from_array_1_0(a)
                )
                pickle.dump(a, member, protocol)
            else:
                np.lib.format.write_array(member, a)
            archive.writestr(f"{name}.npy", member.getvalue())
    return out.getvalue()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, and no network."""
    monkeypatch.setenv("MINIGRAD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(datasets.imdb, "KERAS_DATA", (tmp_path / "nowhere").as_uri() + "/")
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


# ---- lists, and nothing else ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_lists_of_every_protocol(tmp_path, protocol):
    (tmp_path / "a.npz").write_bytes(as_keras_has_it(protocol=protocol))
    assert read_lists(tmp_path / "a.npz", "x_train") == REVIEWS["x_train"]
    assert read_lists(tmp_path / "a.npz", "x_test") == REVIEWS["x_test"]


def test_lists_as_numpy_and_python_2_wrote_them(tmp_path):
    rows = np.empty(2, object)
    rows[:] = [[1, 2], [3]]
    np.savez_compressed(tmp_path / "a.npz", x_train=rows)
    assert read_lists(tmp_path / "a.npz", "x_train") == [[1, 2], [3]]
    old = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03(K\x01K\x02\x85"
        b"cnumpy\ndtype\nq\x04U\x02O8K\x00K\x01\x87Rq\x05(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]q\x06(]q\x07(K\x01"
        b"M\x02\x01e]q\x08K\x03aetb."
    )  # by hand: what Python 2 writes, with byte strings
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, np.lib.format.header_data_from_array_1_0(rows))
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("x_train.npy", member.getvalue() + old)
    assert read_lists(tmp_path / "b.npz", "x_train") == [[1, 258], [3]]


class Bomb:
    def __reduce__(self):
        return os.system, ("touch exploded",)


class Attribute:
    def __reduce__(self):
        return getattr, ([], "append")


@pytest.mark.parametrize(
    "rows, message",
    [
        ([Bomb(), [1]], r"asks for posix.system|asks for nt.system"),
        ([[1], [Bomb()]], "asks for .*system.*was not run"),
        ([[1], [Attribute()]], "asks for .*builtin.*getattr"),
        ([[1], ["a"]], "other than 2 lists of integers"),
        ([[1], 2], "other than 2 lists"),
        ([[1], [1.5]], "other than"),
        ([[1], [True]], "other than"),
        ([[1], {}], "other than"),
        ([[1], [np.int64(3)]], "asks for numpy.*scalar"),
    ],
)
def test_anything_else_is_refused(tmp_path, monkeypatch, rows, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.npz").write_bytes(as_keras_has_it({"x_train": rows}))
    with pytest.raises(ValueError, match=message):
        read_lists("a.npz", "x_train")
    assert not (tmp_path / "exploded").exists()


def test_a_shape_that_is_not_the_header_s(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.zeros((2, 2)))
    with pytest.raises(
        ValueError, match=r"x_train is float64 of shape \(2, 2\): expected one list"
    ):
        read_lists(tmp_path / "a.npz", "x_train")
    content = as_keras_has_it()
    (tmp_path / "b.npz").write_bytes(content.replace(b"'shape': (6,)", b"'shape': (9,)"))
    with pytest.raises((ValueError, zipfile.BadZipFile)):
        read_lists(tmp_path / "b.npz", "x_train")
    with zipfile.ZipFile(tmp_path / "c.npz", "w") as archive:
        member = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            member, {"descr": "|O", "fortran_order": False, "shape": (3,)}
        )
        archive.writestr("x_train.npy", member.getvalue() + pickle.dumps([[1], [2], [3]]))
    with pytest.raises(ValueError, match="not the array that its header announces"):
        read_lists(tmp_path / "c.npz", "x_train")


# ---- imdb ----------------------------------------------------------------------------------------------------------------


def test_imdb_by_hand(cache):
    (cache / "imdb.npz").write_bytes(as_keras_has_it())
    (x_train, y_train), (x_test, y_test) = datasets.imdb.load_data(num_words=25)
    assert (
        x_train.dtype == object
        and y_train.dtype == np.int64
        and sorted(map(len, x_test)) == [1, 3, 6]
    )
    found = sorted((list(x), int(y)) for x, y in zip(x_train, y_train))
    assert found == sorted(
        [
            ([1, 4, 5, 6], 0),
            ([1, 7, 8, 23, 10], 1),
            ([1, 11], 0),
            ([1, 12, 2, 5], 1),
            ([1, 4], 1),
            ([1, 5, 2], 0),
        ]
    )
    assert found != [(list(x), int(y)) for x, y in zip(x_train, y_train)], "shuffled"
    plain = datasets.imdb.load_data(num_words=None, start_char=None, index_from=0)[0]
    assert sorted(map(tuple, plain[0])) == sorted(map(tuple, REVIEWS["x_train"]))
    assert sorted(
        map(tuple, datasets.imdb.load_data(25, maxlen=4, oov_char=None, skip_top=6)[0][0])
    ) == [(), (), (6 + 5,)]
    with pytest.raises(ValueError, match="fewer than maxlen=1 words"):
        datasets.imdb.load_data(maxlen=1)
    with pytest.raises(ValueError, match="skip_top=9 and num_words=5"):
        datasets.imdb.load_data(5, skip_top=9)


@pytest.mark.parity
@pytest.mark.parametrize(
    "options",
    [
        {"num_words": 25},
        {"num_words": 25, "maxlen": 5},
        {"num_words": 100, "skip_top": 6, "seed": 4},
        {"num_words": 25, "oov_char": None},
        {"num_words": 25, "start_char": None, "index_from": 0},
        {"num_words": 25, "start_char": None},
    ],
    ids=json.dumps,
)
def test_imdb_is_keras_s(cache, monkeypatch, options):
    pytest.importorskip("keras")
    from keras.src.datasets import imdb

    (cache / "imdb.npz").write_bytes(as_keras_has_it(protocol=4))
    monkeypatch.setattr(imdb, "get_file", lambda **_: str(cache / "imdb.npz"))
    for (x, y), (x_keras, y_keras) in zip(
        datasets.imdb.load_data(**options), imdb.load_data(**options)
    ):
        assert [list(row) for row in x] == [
            list(row) for row in x_keras
        ] and y.tolist() == y_keras.tolist()


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"<html>404</html>",
        as_keras_has_it()[:300],
        as_keras_has_it({**REVIEWS, "y_test": [1]}),
        as_keras_has_it({k: v for k, v in REVIEWS.items() if k != "x_test"}),
        as_keras_has_it({**REVIEWS, "x_test": [[Bomb()], [1], [1]]}),
    ],
    ids=["none", "empty", "foreign", "truncated", "lengths", "incomplete", "bomb"],
)
def test_imdb_without_a_network(cache, content):
    if content is not None:
        (cache / "imdb.npz").write_bytes(content)
    state = "is not there" if content is None else "is damaged"
    with pytest.raises(
        RuntimeError,
        match=rf"IMDB: .*imdb.npz {state}.*could not be fetched from .*reviews.load_data\(\)",
    ) as caught:
        datasets.imdb.load_data()
    assert caught.value.__cause__ is not None
    assert [path.read_bytes() for path in cache.iterdir()] == ([] if content is None else [content])
    with pytest.raises(RuntimeError, match="imdb_word_index.json is not there.*WordVocabulary.fit"):
        datasets.imdb.get_word_index()


def test_imdb_is_fetched_once_if_its_checksum_is_right(cache, tmp_path, monkeypatch):
    (tmp_path / "nowhere").mkdir()
    (tmp_path / "nowhere" / "imdb.npz").write_bytes(as_keras_has_it())
    with pytest.raises(RuntimeError, match="its sha256 is .*, not 69664113be75683a"):
        datasets.imdb.load_data()
    assert list(cache.iterdir()) == []
    monkeypatch.setattr(
        datasets.imdb, "REVIEWS_DIGEST", "sha256:" + hashlib.sha256(as_keras_has_it()).hexdigest()
    )
    first = datasets.imdb.load_data()[0][0]
    assert [path.name for path in cache.iterdir()] == ["imdb.npz"]
    (tmp_path / "nowhere" / "imdb.npz").unlink()
    assert datasets.imdb.load_data()[0][0].tolist() == first.tolist()


def test_imdb_s_words(cache):
    (cache / "imdb_word_index.json").write_text('{"the": 1, "a": 3}')
    assert datasets.imdb.get_word_index() == {"the": 1, "a": 3}
    (cache / "imdb_word_index.json").write_text("<html>")
    with pytest.raises(ValueError, match="no word index of IMDB: it is not JSON"):
        datasets.imdb.get_word_index()


# ---- writing -------------------------------------------------------------------------------------------------------------


def test_files_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "a.json"
    files.write_json(path, {"é": 1})
    with pytest.raises(TypeError):
        files.write_json(path, {"x": object()})
    assert files.read_json(path, "x") == {"é": 1} and [p.name for p in path.parent.iterdir()] == [
        "a.json"
    ]
