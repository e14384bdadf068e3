"""Characters and words as numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from minigrad import Tensor, datasets
from minigrad.data import CharVocabulary, WordVocabulary
from minigrad.data.tokenizers.vocabulary import Vocabulary

TEXTS = ["The cat sat. The cat!", "a dog sat; A DOG's bed", "", "the end"]


def test_characters_are_numbered_in_order():
    found = CharVocabulary.fit("banana é")
    assert found.tokens == [" ", "a", "b", "n", "é"]
    assert len(found) == 5
    assert found["b"] == 2
    assert "z" not in found
    ids = found.encode("nab")
    assert ids.dtype == np.int64
    assert ids.tolist() == [3, 1, 2]
    assert found.decode(ids) == "nab"
    assert found.decode(Tensor(np.array([3, 1]))) == "na"
    assert found.encode("").shape == (0,)
    assert found.decode([]) == ""
    assert found.decode(found.encode("")) == ""
    assert CharVocabulary.fit(["ab", "cb"]).tokens == ["a", "b", "c"]


@given(st.text(min_size=1))
def test_characters_there_and_back(text):
    found = CharVocabulary.fit(text, special=("<pad>", "<end>"))
    assert found.decode(found.encode(text)) == text
    assert found.encode(text).min() >= 2
    assert found.decode([0, *found.encode(text), 1]) == text


def test_unknown_characters():
    found = CharVocabulary.fit("abc")
    with pytest.raises(
        ValueError, match="'x' at position 2 is not among its 3 tokens: fit it on all .* unknown="
    ):
        found.encode("abxc")
    with pytest.raises(ValueError, match="'😀' at position 0"):
        found.encode("😀")
    assert CharVocabulary.fit("abc", unknown="?").encode("ab😀x").tolist() == [1, 2, 0, 0]
    with pytest.raises(ValueError, match="unknown='?.' is none of its characters"):
        CharVocabulary(["a"], unknown="?")
    with pytest.raises(ValueError, match="the text is empty"):
        CharVocabulary.fit("")
    with pytest.raises(ValueError, match="then single characters"):
        CharVocabulary(["ab"])
    with pytest.raises(ValueError, match=r"\['a'\] are given more than once"):
        CharVocabulary(["a", "b", "a"])
    with pytest.raises(KeyError, match="no token 'z'"):
        found["z"]


@pytest.mark.parametrize(
    "ids, error, message",
    [
        (
            [0, 3],
            ValueError,
            "id 3 at position 1 is outside of the vocabulary, whose ids run from 0 to 2",
        ),
        ([-1], ValueError, "id -1"),
        ([0.5], TypeError, "ids are integers, got float64: take argmax"),
        ([[0, 1]], ValueError, r"shape \(1, 2\): decode each row"),
    ],
)
def test_ids_outside_of_the_vocabulary(ids, error, message):
    with pytest.raises(error, match=message):
        CharVocabulary.fit("abc").decode(ids)


def test_words_are_numbered_by_frequency():
    found = WordVocabulary.fit(TEXTS)
    assert found.tokens == ["", "the", "cat", "sat", "a", "dog", "dog's", "bed", "end"], (
        "ties: the one seen first"
    )
    assert found.encode("The DOG, unseen").tolist() == [1, 5]
    assert found.encode("").shape == (0,)
    assert found.decode([0, 0, 1, 5]) == "the dog"
    assert len(found) == 9
    assert found.words("A--b  c") == ["a", "b", "c"]
    assert WordVocabulary.fit(["A b"], lower=False, filters="").tokens == ["", "A", "b"]


def test_num_words_and_oov():
    found = WordVocabulary.fit(TEXTS, num_words=4, oov_token="<oov>")
    assert found.tokens[:4] == ["", "<oov>", "the", "cat"]
    assert len(found) == 4
    assert found.encode("the dog cat").tolist() == [2, 1, 3]
    assert found.decode([2, 1, 0]) == "the <oov>"
    assert WordVocabulary.fit(TEXTS, num_words=3).encode("the dog cat").tolist() == [1, 2]
    with pytest.raises(
        ValueError,
        match="id 4 at position 0 is outside of the vocabulary, whose ids run from 0 to 3",
    ):
        found.decode([4])


def test_words_refuse():
    with pytest.raises(
        ValueError, match="num_words=2 leaves no id for a word: 0 is padding and 1 is '<oov>'"
    ):
        WordVocabulary.fit(TEXTS, num_words=2, oov_token="<oov>")
    with pytest.raises(ValueError, match="hold no word"):
        WordVocabulary.fit(["", "..."])
    with pytest.raises(TypeError, match="takes many texts, got one"):
        WordVocabulary.fit("the cat")
    with pytest.raises(ValueError, match="WordVocabulary.fit"):
        WordVocabulary(["the"])
    for found in (WordVocabulary.fit(TEXTS), CharVocabulary.fit("ab")):
        with pytest.raises(TypeError, match="takes one text, got list: encode each"):
            found.encode(["a"])
    for method in ("encode", "decode"):
        with pytest.raises(NotImplementedError):
            getattr(Vocabulary("ab"), method)("a")


def test_vocabularies_in_files(tmp_path):
    text = datasets.python_help.load_text()[:5000]
    for found in (
        CharVocabulary.fit(text + "é?", special=("<pad>",), unknown="?"),
        WordVocabulary.fit([text], 50, oov_token="<oov>"),
        WordVocabulary.fit([text], lower=False, filters=".", split="\n"),
    ):
        found.save(tmp_path / "v.json")
        again = type(found).load(tmp_path / "v.json")
        assert vars(again).keys() == vars(found).keys()
        assert again.tokens == found.tokens
        assert_array_equal(again.encode(text), found.encode(text))
        assert again.decode(again.encode(text)) == found.decode(found.encode(text))
    with pytest.raises(ValueError, match="holds WordVocabulary, not a CharVocabulary"):
        CharVocabulary.load(tmp_path / "v.json")
    (tmp_path / "v.json").write_text("[1]")
    with pytest.raises(ValueError, match="holds a list"):
        CharVocabulary.load(tmp_path / "v.json")
    (tmp_path / "v.json").write_text("{")
    with pytest.raises(ValueError, match="not JSON"):
        CharVocabulary.load(tmp_path / "v.json")
    with pytest.raises(FileNotFoundError, match="no CharVocabulary as save writes it at"):
        CharVocabulary.load(tmp_path / "none.json")


@pytest.mark.parity
@pytest.mark.parametrize(
    "options",
    [{}, {"num_words": 300}, {"num_words": 300, "oov_token": "<oov>"}, {"lower": False}],
    ids=lambda options: json.dumps(options),
)
def test_words_are_keras_s(options):
    legacy = pytest.importorskip("keras.src.legacy.preprocessing.text")
    texts = datasets.python_help.load_text()[:40_000].split("\n\n")
    ours = WordVocabulary.fit(texts[:-20], **options)
    theirs = legacy.Tokenizer(**options)
    theirs.fit_on_texts(texts[:-20])
    assert {word: i for i, word in enumerate(ours.tokens) if i} == theirs.word_index
    assert [ours.encode(text).tolist() for text in texts] == theirs.texts_to_sequences(texts)


@pytest.mark.parametrize(
    "content, message",
    [
        ({"tokens": ["a"]}, "no entry 'special'"),
        ({"special": [], "unknown": None}, "no entry 'tokens'"),
        ({"tokens": [1], "special": [], "unknown": None}, "expected a list of str"),
        ({"tokens": "ab", "special": [], "unknown": None}, "expected a list of str"),
        ({"tokens": ["ab"], "special": [], "unknown": None}, "single characters"),
        ({"tokens": ["a", "a"], "special": [], "unknown": None}, "more than once"),
        ({"tokens": ["a"], "special": None, "unknown": None}, "'special' is None, expected"),
        ({"tokens": ["a"], "special": [], "unknown": 3}, "'unknown' is 3, expected str"),
    ],
)
def test_damaged_files(tmp_path, content, message):
    path = tmp_path / "v.json"
    path.write_text(json.dumps({"kind": "CharVocabulary", **content}))
    with pytest.raises(ValueError, match=message) as caught:
        CharVocabulary.load(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    "ids, error, words",
    [
        ([0.5], TypeError, "CharVocabulary: ids are integers, got float64: take argmax"),
        ([[0]], ValueError, r"expected the ids \(T,\) of one text, got shape \(1, 1\)"),
        ([0, 2], ValueError, "id 2 at position 1 is outside of the vocabulary.* from 0 to 1"),
        ([-1], ValueError, "id -1 at position 0 is outside"),
    ],
)
def test_ids_that_stand_for_nothing(ids, error, words):
    with pytest.raises(error, match=words):
        CharVocabulary(["a", "b"]).tokens_of(ids)
