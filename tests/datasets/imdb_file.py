"""A small imdb.npz in Keras's format, and an empty cache folder without a network."""

from __future__ import annotations

import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from minigrad import datasets

REVIEWS = {
    "x_train": [[1, 2, 3], [4, 5, 20, 7], [8], [9, 300, 2], [1], [2, 70_000]],
    "y_train": [0, 1, 0, 1, 1, 0],
    "x_test": [[5, 6], [], [7, 8, 9, 10, 11]],
    "y_test": [1, 0, 1],
}


def as_keras_has_it(content=REVIEWS, protocol=2):
    """The bytes of an imdb.npz: object arrays of lists, pickled as NumPy did for Keras's file."""
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
    monkeypatch.setattr(datasets.imdb, "check_digest", lambda *_: None)  # small files have others
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


class Bomb:
    def __reduce__(self):
        return os.system, ("touch exploded",)
