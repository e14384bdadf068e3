"""Byte-pair encoding: the published algorithm, texts there and back, GPT-2's files and words."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from minigrad import datasets
from minigrad.data import BytePairEncoding
from minigrad.data.tokenizers.bpe import byte_characters, learn_merges, merge_pair, word_pattern

MIXED = (
    """Don't he'll I'M we've 3rd 12,345.67 ½ Ⅷ x² _snake_case_ été Straße """
    """ΑΒΓ мир 日本語 한국어 हिन्दी e\u0301 😀👩‍👧  two   three
\ttab\r\n\n\n  end \x1c\x85\xa0\u2003 ١٢٣ \u200b"quoted" (a)[b]{c} <|endoftext|> 'S naïve--dash…"""
)


# ---- Sennrich et al., Algorithm 1, as printed ----------------------------------------------------


def get_stats(vocab):
    pairs = defaultdict(int)
    for word, freq in vocab.items():
        symbols = word.split()
        for i in range(len(symbols) - 1):
            pairs[symbols[i], symbols[i + 1]] += freq
    return pairs


def merge_vocab(pair, v_in):
    v_out = {}
    bigram = re.escape(" ".join(pair))
    p = re.compile(r"(?<!\S)" + bigram + r"(?!\S)")
    for word in v_in:
        w_out = p.sub(lambda _: "".join(pair), word)
        v_out[w_out] = v_in[word]
    return v_out


def as_published(vocab, merges):
    found = []
    for _ in range(merges):
        pairs = get_stats(vocab)
        if not pairs:
            break
        found.append(max(pairs, key=pairs.get))
        vocab = merge_vocab(found[-1], vocab)
    return found


PAPER = {"l o w </w>": 5, "l o w e r </w>": 2, "n e w e s t </w>": 6, "w i d e s t </w>": 3}


def test_the_paper_s_example():
    learned = learn_merges({tuple(word.split()): n for word, n in PAPER.items()}, 10)
    assert learned[:5] == [("e", "s"), ("es", "t"), ("est", "</w>"), ("l", "o"), ("lo", "w")]
    assert learned == as_published(PAPER, 10)
    everything = learn_merges({tuple(word.split()): n for word, n in PAPER.items()}, 100)
    assert everything == as_published(PAPER, 100) and len(everything) < 100, (
        "it ends when each word is one symbol"
    )


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=9), st.integers(1, 5), min_size=1, max_size=12
    )
)
def test_merges_are_those_of_the_published_algorithm(words):
    """With ties and repeated letters. (Its regular expression too merges a a a from the left.)"""
    assert learn_merges({tuple(word): n for word, n in words.items()}, 25) == as_published(
        {" ".join(word): n for word, n in words.items()}, 25
    )


def test_merges_of_the_corpus():
    counts = Counter(datasets.python_help.load_text()[:30_000].split())
    assert learn_merges({tuple(word): n for word, n in counts.items()}, 60) == as_published(
        {" ".join(word): n for word, n in counts.items()}, 60
    )
    rare = learn_merges({tuple("ab"): 3, tuple("cd"): 2}, 5, min_frequency=3)
    assert rare == [("a", "b")]
    assert merge_pair("aaa", ("a", "a")) == ["aa", "a"]


# ---- there and back ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    return BytePairEncoding.fit(datasets.python_help.load_text()[:60_000], 600)


def test_the_corpus_becomes_shorter_and_comes_back(small):
    text = datasets.python_help.load_text()[60_000:70_000]
    ids = small.encode(text)
    assert ids.dtype == np.int64
    assert len(small) == 600
    assert len(ids) < 0.55 * len(text)
    assert ids.max() < 600
    assert small.decode(ids) == text
    assert small.tokens[0] == "<|endoftext|>"
    assert small.tokens[1:257] == byte_characters()
    assert len(small.merges) == 343


TINY = BytePairEncoding.fit("the cat and the dog and the cat", 270, special=())


@given(st.text())
def test_every_text_comes_back(text):
    assert TINY.decode(TINY.encode(text)) == text.encode("utf-8", "replace").decode()


def test_special_tokens_are_found_whole(small):
    ids = small.encode("one<|endoftext|>two")
    assert (ids == 0).sum() == 1
    assert small.decode(ids) == "one<|endoftext|>two"
    assert small.decode(ids, skip_special=True) == "onetwo"
    assert small.encode("<|endoftext|>").tolist() == [0]
    assert 0 not in small.encode("<|endoftext")
    plain = BytePairEncoding.fit("a b a b", 257, special=())
    assert len(plain.encode("<|endoftext|>")) == 13


def test_empty_and_broken_text(small):
    assert small.encode("").shape == (0,)
    assert small.encode("").dtype == np.int64
    assert small.decode([]) == ""
    assert small.decode(small.encode("é")[:1]) == "\ufffd"
    assert small.decode(small.encode("\ud800")) == "?"
    with pytest.raises(ValueError, match="the text is empty"):
        BytePairEncoding.fit("", 300)
    with pytest.raises(ValueError, match="size=200 is too small: 256 bytes and 1 special"):
        BytePairEncoding.fit("abc", 200)
    with pytest.raises(
        ValueError,
        match="id 600 at position 1 is outside of the vocabulary, whose ids run from 0 to 599",
    ):
        small.decode([5, 600])
    with pytest.raises(ValueError, match="id -1"):
        small.decode([-1])
    with pytest.raises(TypeError, match="takes one text, got list"):
        small.encode(["a"])


# ---- GPT-2 ---------------------------------------------------------------------------------------


def test_bytes_have_gpt2_s_characters():
    names = byte_characters()
    assert len(set(names)) == 256
    assert names[ord("A")] == "A"
    assert names[ord(" ")] == "Ġ"
    assert names[ord("\n")] == "Ċ"
    assert names[0] == "Ā"
    assert names[127] == "ġ"
    assert names[0xA0] == "ł"
    assert names[0xAD] == "Ń"
    assert names[255] == "ÿ"


def test_letters_and_numbers_are_unicode_s():
    """The classes for \\p{L}, \\p{N} and \\s, against the categories of every character."""
    space = {
        *map(
            chr,
            (
                *range(9, 14),
                32,
                0x85,
                0xA0,
                0x1680,
                *range(0x2000, 0x200B),
                0x2028,
                0x2029,
                0x202F,
                0x205F,
                0x3000,
            ),
        )
    }
    runs = {"L": "", "N": "", "s": "", "o": ""}
    for c in map(chr, range(0x32000)):  # beyond are private and unassigned ones, and tags
        kind = "s" if c in space else unicodedata.category(c)[0]
        runs[kind if kind in "LNs" else "o"] += c if c != "'" else ""
    for run in runs.values():
        assert len(run) > 20
        assert word_pattern().findall(run) == [run]
    for a, b in ("LN", "NL", "Lo", "oL", "No", "oN"):
        one = {"L": "aé中", "N": "1½Ⅷ", "o": "_!😀"}
        assert word_pattern().findall(one[a] + one[b]) == [one[a], one[b]]


@pytest.mark.parametrize(
    "text, words",
    [
        ("Hello world", ["Hello", " world"]),
        ("it's don't WE'LL", ["it", "'s", " don", "'t", " WE", "'", "LL"]),
        ("a  b", ["a", " ", " b"]),
        ("a \n b", ["a", " \n", " b"]),
        ("x2y", ["x", "2", "y"]),
        ("end  ", ["end", "  "]),
        ("a_b", ["a", "_", "b"]),
        (" !?", [" !?"]),
        ("½ cup", ["½", " cup"]),
        ("e\u0301t", ["e", "\u0301", "t"]),
        ("", []),
    ],
)
def test_words_by_hand(text, words):
    assert word_pattern().findall(text) == words


def test_files_there_and_back(small, tmp_path):
    small.save(tmp_path / "bpe")
    again = BytePairEncoding.load(tmp_path / "bpe")
    assert again.tokens == small.tokens
    assert again.merges == small.merges
    assert again.special == small.special
    assert_array_equal(again.encode(MIXED), small.encode(MIXED))
    assert (tmp_path / "bpe" / "merges.txt").read_text().startswith("#version: 0.2\n")
    (tmp_path / "bpe" / "merges.txt").unlink()
    with pytest.raises(FileNotFoundError, match="vocab.json but no merges.txt"):
        BytePairEncoding.load(tmp_path / "bpe")
    with pytest.raises(
        FileNotFoundError, match="no vocab.json with merges.txt, and no tokenizer.json"
    ):
        BytePairEncoding.load(tmp_path)


def test_bad_files_are_refused(small, tmp_path):
    small.save(tmp_path)
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b c\n")
    with pytest.raises(ValueError, match="merges are no pairs"):
        BytePairEncoding.load(tmp_path)
    (tmp_path / "merges.txt").write_text("zq jx\n")
    with pytest.raises(ValueError, match="lacks .'zqjx'"):
        BytePairEncoding.load(tmp_path)
    (tmp_path / "merges.txt").write_text("")
    (tmp_path / "vocab.json").write_text(
        json.dumps({c: 2 * i for i, c in enumerate(byte_characters())})
    )
    with pytest.raises(ValueError, match="do not run from 0 to 255"):
        BytePairEncoding.load(tmp_path)
    with pytest.raises(ValueError, match="neither made of GPT-2's byte characters"):
        BytePairEncoding([*byte_characters(), "a b"], [])


@pytest.mark.parametrize("as_text", [True, False], ids=["lines", "pairs"])
def test_every_entry_of_tokenizer_json_is_read(small, tmp_path, as_text):
    """The form that Hugging Face's tokenizers write; merges are lines, or pairs in newer files."""
    ids = {token: i for i, token in enumerate(small.tokens)}
    added = [{"id": ids.pop(token), "content": token, "special": True} for token in small.special]
    merges = [" ".join(pair) if as_text else list(pair) for pair in small.merges]
    model = {"type": "BPE", "vocab": ids, "merges": merges}
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"added_tokens": added, "model": model}))
    again = BytePairEncoding.load(tmp_path)
    assert (again.tokens, again.merges, again.special) == (
        small.tokens,
        small.merges,
        small.special,
    )
    assert_array_equal(again.encode(MIXED), small.encode(MIXED))
    del model["type"]  # older files
    path.write_text(json.dumps({"added_tokens": added, "model": model}))
    assert BytePairEncoding.load(tmp_path).tokens == small.tokens
    whole = ids | {token["content"]: token["id"] for token in added}
    path.write_text(json.dumps({"model": model | {"vocab": whole}}))
    assert BytePairEncoding.load(tmp_path).special == []
    path.write_text(json.dumps({"model": model | {"type": "Unigram"}}))
    with pytest.raises(ValueError, match="holds a Unigram tokenizer, not BPE"):
        BytePairEncoding.load(tmp_path)
    for key in ("vocab", "merges"):
        path.write_text(json.dumps({"model": {k: v for k, v in model.items() if k != key}}))
        with pytest.raises(ValueError, match=f"no entry '{key}'"):
            BytePairEncoding.load(tmp_path)
    for key in ("id", "content"):
        broken = [{k: v for k, v in token.items() if k != key} for token in added]
        path.write_text(json.dumps({"model": model, "added_tokens": broken}))
        with pytest.raises(ValueError, match=f"no entry '{key}'"):
            BytePairEncoding.load(tmp_path)


# ---- parity --------------------------------------------------------------------------------------


@pytest.mark.parity
def test_parity_with_tokenizers(small, tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    small.save(tmp_path)
    theirs = tokenizers.ByteLevelBPETokenizer(
        str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt")
    )
    theirs.add_special_tokens(["<|endoftext|>"])
    rng = np.random.default_rng(0)
    drawn = [
        "".join(
            map(
                chr,
                rng.choice(
                    [*range(1, 0x250), *range(0x2000, 0x2070), 0x4E2D, 0x1F600, 0x301, 0x661], 40
                ),
            )
        )
        for _ in range(200)
    ]
    for text in [MIXED, datasets.python_help.load_text()[70_000:75_000], *drawn]:
        assert small.encode(text).tolist() == theirs.encode(text).ids
    theirs.save(str(tmp_path / "tokenizer.json"))
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / name).unlink()
    again = BytePairEncoding.load(tmp_path)
    assert again.tokens == small.tokens
    assert again.encode(MIXED).tolist() == small.encode(MIXED).tolist()


@pytest.mark.parity
def test_parity_with_gpt2_of_transformers(small, tmp_path):
    transformers = pytest.importorskip("transformers")
    small.save(tmp_path)
    theirs = transformers.GPT2Tokenizer.from_pretrained(tmp_path)
    assert theirs(MIXED)["input_ids"] == small.encode(MIXED).tolist()
    assert theirs.decode(small.encode(MIXED), clean_up_tokenization_spaces=False) == MIXED
    theirs.save_pretrained(tmp_path / "saved")
    assert (
        BytePairEncoding.load(tmp_path / "saved").encode(MIXED).tolist()
        == small.encode(MIXED).tolist()
    )


# ---- files that are damaged ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("vocab.json", b"[]", "it holds a list of 0, not a dict"),
        ("vocab.json", b'{"a": "x"}', "expected a dict of int"),
        ("vocab.json", b'{"a": 1e5}', "expected a dict of int"),
        ("vocab.json", b'{"a": -1}', "expected a dict of int"),
        ("vocab.json", b'{"a": 0, "b": 9}', "do not run from 0 to 1"),
        ("vocab.json", b'{"a": 0}', "lacks"),
        ("vocab.json", b'{"a": 0, "a": 1}', "'a' occurs twice"),
        ("vocab.json", b"\xff\xfe{", "is no vocabulary"),
        ("merges.txt", b"\xff\xff a", "merges.txt is no list of merges"),
        ("merges.txt", b"a b c", "the merges are no pairs"),
        ("special_tokens.json", b"{}", "not a list"),
        ("special_tokens.json", b"[1]", "expected a list of str"),
        ("tokenizer.json", b"{}", "no entry 'model'"),
        ("tokenizer.json", b'{"model": []}', "'model' is a list of 0, expected dict"),
        ("tokenizer.json", b'{"model": {"type": "BPE"}}', "no entry 'merges'"),
        ("tokenizer.json", b'{"model": {"type": 3}}', "holds a 3 tokenizer, not BPE"),
        ("tokenizer.json", b'{"model": {"merges": [1]}}', "expected a list of"),
        ("tokenizer.json", b'{"model": {"merges": ["a"], "vocab": []}}', "expected a dict of int"),
        ("tokenizer.json", b'{"model": {}, "added_tokens": [{}]}', "no entry 'id'"),
        ("tokenizer.json", b'{"model": {}, "added_tokens": {}}', "expected a list of dict"),
    ],
)
def test_damaged_files(tmp_path, name, content, message):
    BytePairEncoding.fit("the cat and the dog", 260).save(tmp_path)
    if name == "tokenizer.json":
        (tmp_path / "vocab.json").unlink()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        BytePairEncoding.load(tmp_path)
    assert str(caught.value).startswith(str(tmp_path))
