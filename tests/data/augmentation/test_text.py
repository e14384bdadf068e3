"""Augmentation of texts: what each operation of EDA may change, and back-translation."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import minigrad
from minigrad.data import augmentation as A
from minigrad.data import batches
from minigrad.data.augmentation.text import STOP_WORDS, SYNONYMS, BackTranslation, EasyAugmentation

TEXT = (
    "The plot of the film was good, and the actor quickly found "
    "a strange new house on a Quiet street ."
)
WORDS = TEXT.split()
KINDS = [A.SynonymReplacement, A.RandomInsertion, A.RandomSwap, A.RandomDeletion, EasyAugmentation]


def test_the_embedded_dictionary():
    assert len(SYNONYMS) > 200
    assert not STOP_WORDS & SYNONYMS.keys() - {"very"}
    for word, others in SYNONYMS.items():
        assert (
            others
            and word not in others
            and word == word.lower()
            and all(word in SYNONYMS[other] for other in others)
        ), word


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_lengths_and_seeds(kind):
    texts = [TEXT, "", "   ", "word", "good"]
    assert isinstance(kind(seed=1)(TEXT), str)
    found = kind(0.5, seed=1)(texts)
    assert isinstance(found, list)
    assert len(found) == 5
    assert found[1:3] == ["", "   "]
    assert found == kind(0.5, seed=1)(texts)
    array, labels = kind(0.5, seed=1)(np.array(texts, object), np.arange(5))
    assert array.dtype == object
    assert array.tolist() == found
    assert labels.tolist() == [0, 1, 2, 3, 4]
    assert kind(0)(texts) == texts
    assert texts[0] == TEXT
    minigrad.seed(2)
    first = kind(0.5)([TEXT] * 9)
    second = kind(0.5)([TEXT] * 9)
    minigrad.seed(2)
    assert kind(0.5)([TEXT] * 9) == first != second and len(set(first)) > 3, (
        "each text draws its own"
    )


def test_synonyms():
    for text in A.SynonymReplacement(0.2, seed=0)([TEXT] * 50):
        changed = [(a, b) for a, b in zip(WORDS, text.split(), strict=True) if a != b]
        assert 3 <= len(changed) <= 4, (
            "a fifth of 20 words, where a synonym has not the same start as another"
        )
        for a, b in changed:
            assert b.strip(",").lower() in SYNONYMS[a.strip(",").lower()]
            assert b.endswith(",") == a.endswith(",")
            assert b[0].isupper() == a[0].isupper()
    own = A.SynonymReplacement(1.0, {"plot": ["garden"], "the": ["an"]}, seed=0)
    assert own(TEXT) == TEXT.replace("plot", "garden"), "stop words stay"
    assert own("PLOT!") == "GARDEN!"
    assert own("no such word") == "no such word"


def test_insertion_swap_and_deletion():
    for text in A.RandomInsertion(0.1, seed=0)([TEXT] * 50):
        new = Counter(text.split()) - Counter(WORDS)
        assert sum(new.values()) == 2
        assert not Counter(WORDS) - Counter(text.split())
        assert all(
            any(word in SYNONYMS.get(w.strip(",").lower(), ()) for w in WORDS) for word in new
        )
    assert A.RandomInsertion(0.5)("xyzzy") == "xyzzy"
    for text in A.RandomSwap(0.05, seed=0)([TEXT] * 50):
        moved = [i for i, (a, b) in enumerate(zip(WORDS, text.split())) if a != b]
        assert sorted(text.split()) == sorted(WORDS)
        assert len(moved) in (0, 2)
    assert A.RandomSwap(0.5)("one") == "one"
    assert A.RandomSwap(1.0, seed=3)("one two") in ("one two", "two one")
    kept = [len(text.split()) for text in A.RandomDeletion(0.3, seed=0)([TEXT] * 400)]
    assert abs(np.mean(kept) / len(WORDS) - 0.7) < 0.02
    assert all(text in WORDS for text in A.RandomDeletion(1.0)([TEXT] * 20)), "one word stays"


def test_easy_augmentation_is_one_of_the_four():
    lengths = Counter(
        len(text.split()) - len(WORDS) for text in EasyAugmentation(0.1, seed=0)([TEXT] * 400)
    )
    assert lengths[2] > 60
    assert sum(lengths[n] for n in range(-9, 0)) > 50
    assert lengths[0] > 150


def test_back_translation():
    there = lambda texts: [text.upper() for text in texts]
    back = lambda texts: [text[::-1] for text in texts]
    assert BackTranslation(there, back)(["ab", "", "cd"]) == ["BA", "", "DC"]
    assert BackTranslation(there, back)("ab") == "BA"
    some = BackTranslation(there, back, 0.3, seed=1)(["ab"] * 500)
    assert abs(some.count("BA") / 500 - 0.3) < 0.06
    assert BackTranslation(None.__class__, back, 0.0)(["ab"]) == ["ab"], (
        "nothing to translate: not called"
    )
    with pytest.raises(
        ValueError, match="there was given 2 texts and gave 1 of .'str'.: expected as many"
    ):
        BackTranslation(lambda texts: texts[:1], back)(["a", "b"])
    with pytest.raises(ValueError, match="back was given 1 texts and gave 1 of .'int'."):
        BackTranslation(there, lambda texts: [1])(["a"])
    with pytest.raises(TypeError, match="two functions, there and back"):
        BackTranslation("de", back)


def test_as_the_transform_of_batches():
    texts = np.array([TEXT, "a good film", ""], object)
    labels = np.arange(3)
    for x, y in batches([texts, labels], 2, transform=A.RandomSwap()):
        assert len(x) == len(y)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: A.RandomSwap(-0.1), ValueError, "RandomSwap: alpha is the fraction .* not -0.1"),
        (lambda: A.RandomDeletion(1.5), ValueError, "1.5"),
        (lambda: A.SynonymReplacement(0.1, {}), ValueError, "synonyms is a dict"),
        (lambda: A.SynonymReplacement(0.1, {"a": []}), ValueError, "a list"),
        (lambda: A.RandomInsertion(0.1, {"a": "bc"}), ValueError, "a list of at least one"),
        (
            lambda: A.RandomSwap()([1, 2]),
            TypeError,
            "changes texts, got int: augment before they become ids",
        ),
        (lambda: A.TextAugmentation()("a"), NotImplementedError, "does not define change"),
    ],
)
def test_text_augmentation_refuses(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("kind", [A.SynonymReplacement, A.RandomInsertion, EasyAugmentation])
@pytest.mark.parametrize("synonyms", [{}, {"big": "large"}, {"big": []}, 3, ["big"]])
def test_synonyms_are_a_dict_of_lists(kind, synonyms):
    with pytest.raises(ValueError, match="synonyms is a dict of words"):
        kind(synonyms=synonyms)
    with pytest.raises(ValueError, match=f"{kind.__name__}: alpha is the fraction"):
        kind(alpha=1.5)
