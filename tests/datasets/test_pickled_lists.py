"""Arrays of lists are read from pickles without running anything."""

from __future__ import annotations

import io
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest

from minigrad.datasets.pickled_lists import read_lists

from .imdb_file import REVIEWS, Bomb, as_keras_has_it


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
    # by hand: what Python 2 writes, with byte strings
    old = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85"
        b"U\x01b\x87Rq\x03(K\x01K\x02\x85cnumpy\ndtype\nq\x04U\x02O8K\x00K\x01\x87Rq\x05"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]q\x06(]q\x07(K\x01"
        b"M\x02\x01e]q\x08K\x03aetb."
    )
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, np.lib.format.header_data_from_array_1_0(rows))
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("x_train.npy", member.getvalue() + old)
    assert read_lists(tmp_path / "b.npz", "x_train") == [[1, 258], [3]]


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


# ---- pickles that ask for time or memory ---------------------------------------------------------

GLOBALS = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00"
HOSTILE = {
    "memo beyond its objects": GLOBALS + b"r\xff\xff\xff\x7f.",
    "memo as text": GLOBALS + b"p999999999\n.",
    "nested tuples": b"\x80\x02)" + b"\x85" * 1150 + b".",
    "doubled tuples": b"\x80\x02)" + b"q\x00h\x00\x86" * 400 + b".",
    "nested lists": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
    "marks": b"\x80\x02" + b"(" * 100_000 + b"l" * 100_000 + b".",
    "frame": b"\x80\x04\x95" + b"\xff" * 7 + b"\x7f].",
    "long integer": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "long text": b"\x80\x02X\xff\xff\xff\x7f.",
    "long bytes": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.",
    "bytearray": b"\x80\x05\x96" + b"\xff" * 7 + b"\x7f.",
    "dict of tuples": b"\x80\x02})\x85)s.",
    "set": b"\x80\x04\x8f.",
    "many digits": b"I" + b"9" * 5000 + b"\n.",
    "repeated rows": GLOBALS + b"]q\x01" + b"h\x01" * 200 + b".",
    "persistent": b"\x80\x02K\x01Q.",
    "extension": b"\x80\x02\x82\x01.",
    "instance": b"(inumpy\nndarray\n.",
    "nothing": b"",
    "no end": b"\x80\x02]",
}


@pytest.mark.parametrize("pickled", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_pickles(tmp_path, pickled):
    member = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": (1,)}
    np.lib.format.write_array_header_1_0(member, header)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member.getvalue() + pickled)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"a.npz is no npz file"):
        read_lists(tmp_path / "a.npz", "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000
