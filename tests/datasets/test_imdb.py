"""IMDB in Keras's format: order, ids, fetching, damage."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from minigrad import datasets

from .imdb_file import REVIEWS, Bomb, as_keras_has_it


def test_imdb_by_hand(cache):
    (cache / "imdb.npz").write_bytes(as_keras_has_it())
    (x_train, y_train), (x_test, y_test) = datasets.imdb.load_data(num_words=25)
    assert x_train.dtype == object
    assert y_train.dtype == np.int64
    assert sorted(map(len, x_test)) == [1, 3, 6]
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
        assert [list(row) for row in x] == [list(row) for row in x_keras]
        assert y.tolist() == y_keras.tolist()


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


def test_a_file_with_another_checksum_is_damaged(cache, monkeypatch):
    monkeypatch.setattr(datasets.imdb, "check_digest", datasets.cache.check_digest)
    (cache / "imdb.npz").write_bytes(as_keras_has_it())
    with pytest.raises(RuntimeError, match="is damaged .its sha256 is .*, not 69664113be75683a"):
        datasets.imdb.load_data()
    (cache / "imdb_word_index.json").write_text('{"the": 1}')
    with pytest.raises(ValueError, match="imdb_word_index.json is no word index of IMDB: its md5"):
        datasets.imdb.get_word_index()


def test_imdb_s_words(cache):
    (cache / "imdb_word_index.json").write_text('{"the": 1, "a": 3}')
    assert datasets.imdb.get_word_index() == {"the": 1, "a": 3}
    (cache / "imdb_word_index.json").write_text("<html>")
    with pytest.raises(ValueError, match="no word index of IMDB: it is not JSON"):
        datasets.imdb.get_word_index()
