"""WordPiece by hand and against transformers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from minigrad import datasets
from minigrad.data import WordPiece
from minigrad.data.tokenizers.wordpiece import MAX_WORD_LENGTH

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCAB = [
    *SPECIAL,
    "want",
    "##want",
    "##ed",
    "wa",
    "un",
    "runn",
    "##ing",
    ",",
    "low",
    "##er",
    "lowest",
    "the",
    "##s",
    "!",
    "中",
    "文",
    "u",
    "##n",
    "##a",
    "##ff",
    "##able",
    "cafe",
    "'",
    "$",
    "Low",
    "é",
    "##é",
]


@pytest.fixture
def pieces():
    return WordPiece(VOCAB)


def test_greedy_longest_match(pieces):
    """The examples of the published code: unaffable, and unwanted beside running."""
    assert pieces.pieces("unaffable") == ["un", "##a", "##ff", "##able"]
    assert pieces.tokenize("UNwant\u00e9d,running") == [
        "un",
        "##want",
        "##ed",
        ",",
        "runn",
        "##ing",
    ]
    assert pieces.pieces("unwantedX") == ["[UNK]"]
    assert pieces.tokenize("unwantedX running") == ["[UNK]", "runn", "##ing"]
    assert pieces.pieces("lowest") == ["lowest"]
    assert pieces.pieces("lower") == ["low", "##er"]
    assert pieces.pieces("u" + "n" * (MAX_WORD_LENGTH - 1)) == [
        "un",
        *["##n"] * (MAX_WORD_LENGTH - 2),
    ]
    assert pieces.pieces("u" + "n" * MAX_WORD_LENGTH) == ["[UNK]"]


def test_words(pieces):
    assert pieces.words(" Hey\tthe\n$5 café's 中文!\u00a0\u200bx\0y\ufffd ") == [
        "hey",
        "the",
        "$",
        "5",
        "cafe",
        "'",
        "s",
        "中",
        "文",
        "!",
        "xy",
    ]
    assert pieces.words("a [MASK] b[SEP]c [mask]") == [
        "a",
        "[MASK]",
        "b",
        "[SEP]",
        "c",
        "[",
        "mask",
        "]",
    ]
    assert WordPiece(VOCAB, lower=False).words("Café LOW") == ["Café", "LOW"]
    assert WordPiece(VOCAB, lower=False).tokenize("Low low") == ["Low", "low"]


def test_encode_and_decode(pieces):
    ids = pieces.encode("the lowest, lower!")
    assert ids.dtype == np.int64
    assert ids.tolist() == [2, 16, 15, 12, 13, 14, 18, 3]
    assert pieces.decode(ids) == "the lowest , lower !"
    assert pieces.decode(ids, False) == "[CLS] the lowest , lower ! [SEP]"
    assert pieces.encode("").tolist() == [2, 3]
    assert pieces.decode([]) == ""
    assert pieces.encode("the", "low lower").tolist() == [2, 16, 3, 13, 13, 14, 3]
    assert pieces.encode("the low low low", maxlen=4).tolist() == [2, 16, 13, 3]
    assert pieces.encode("the low low low", "lowest the", maxlen=6).tolist() == [
        2,
        16,
        13,
        3,
        15,
        3,
    ]
    with pytest.raises(ValueError, match="maxlen=2 has no room for .CLS. and 2 .SEP."):
        pieces.encode("the", "low", maxlen=2)
    with pytest.raises(ValueError, match=f"id {len(VOCAB)} at position 0"):
        pieces.decode([len(VOCAB)])
    with pytest.raises(TypeError, match="one text, got list: see batch"):
        pieces.encode(["the"])


def test_batches(pieces):
    ids, segments, mask = pieces.batch(["the", "the low low"], ["low", "the"])
    assert ids.tolist() == [[2, 16, 3, 13, 3, 0, 0], [2, 16, 13, 13, 3, 16, 3]]
    assert segments.tolist() == [[0, 0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1, 1]]
    assert mask.dtype == bool
    assert mask.tolist() == [[True] * 5 + [False] * 2, [True] * 7]
    assert pieces.batch(["the", ""])[0].tolist() == [[2, 16, 3], [2, 3, 0]]
    for texts, pairs in (("the", None), ([], None), (["a"], ["b", "c"])):
        with pytest.raises(ValueError, match="list of texts"):
            pieces.batch(texts, pairs)


def test_files(pieces, tmp_path):
    pieces.save(tmp_path / "vocab.txt")
    for path in (tmp_path, tmp_path / "vocab.txt"):
        again = WordPiece.load(path)
        assert again.tokens == VOCAB
        assert again.lower
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False}))
    assert not WordPiece.load(tmp_path).lower
    assert WordPiece.load(tmp_path, lower=True).lower
    (tmp_path / "vocab.txt").write_bytes("\r\n".join(VOCAB).encode())
    assert WordPiece.load(tmp_path).tokens == VOCAB
    (tmp_path / "vocab.txt").write_text("the\nlow\n")
    with pytest.raises(
        ValueError, match=r"lacks \[PAD\], \[UNK\], \[CLS\], \[SEP\], \[MASK\]: is this BERT's"
    ):
        WordPiece.load(tmp_path)
    (tmp_path / "vocab.txt").unlink()
    with pytest.raises(FileNotFoundError, match="no vocab.txt"):
        WordPiece.load(tmp_path)
    with pytest.raises(ValueError, match="'the'.*more than once"):
        WordPiece([*VOCAB, "the"])


@pytest.mark.parity
@pytest.mark.parametrize("lower", [True, False])
def test_parity_with_transformers(tmp_path, lower):
    transformers = pytest.importorskip("transformers")
    corpus = datasets.python_help.load_text()
    characters = sorted({*corpus, *"éß中文αбñ½²", *"eabi"} - set(" \n\t"))
    words = sorted(
        {word.lower() if lower else word for word in corpus[:20_000].split() if word.isalpha()}
    )
    tokens = list(
        dict.fromkeys(
            [
                *SPECIAL,
                *characters,
                *(f"##{c}" for c in characters),
                *words,
                *(f"##{word}" for word in words),
            ]
        )
    )
    ours = WordPiece(tokens, lower)
    ours.save(tmp_path / "vocab.txt")
    theirs = transformers.BertTokenizer(vocab=str(tmp_path / "vocab.txt"), do_lower_case=lower)
    rng = np.random.default_rng(0)
    drawn = [
        "".join(
            map(
                chr,
                rng.choice(
                    [
                        *range(1, 0x250),
                        *range(0x2000, 0x2070),
                        0x4E2D,
                        0x1F600,
                        0x301,
                        0x661,
                        0x130,
                    ],
                    40,
                ),
            )
        )
        for _ in range(150)
    ]
    fixed = [
        "Hello [MASK] world.",
        "naïve Straße ĳ İ",
        "x" * 101,
        "",
        " ",
        "don't--stop 3.14 a_b $5 `x` ~y",
        "中文字 한국어 ひらがな",
        corpus[20_000:24_000],
    ]
    for text in fixed + drawn:
        assert ours.encode(text).tolist() == theirs(text)["input_ids"], repr(text)
    found = theirs("the cat", "sat on the mat")
    ids, segments, mask = ours.batch(["the cat"], ["sat on the mat"])
    assert ids[0].tolist() == found["input_ids"]
    assert segments[0].tolist() == found["token_type_ids"]
    long = theirs("the cat " * 9, "sat " * 30, truncation=True, max_length=20)["input_ids"]
    assert ours.encode("the cat " * 9, "sat " * 30, maxlen=20).tolist() == long
    theirs.save_pretrained(tmp_path / "saved")
    again = WordPiece.load(tmp_path / "saved")
    assert again.tokens == tokens
    assert again.lower == lower


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("vocab.txt", b"\xff\xfe", "is no vocab.txt"),
        ("vocab.txt", b"", "lacks"),
        ("vocab.txt", b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\na\n", "more than once"),
        ("tokenizer_config.json", b"[]", "not a dict"),
        ("tokenizer_config.json", b'{"do_lower_case": "yes"}', "is 'yes', expected bool"),
        ("tokenizer.json", b'{"model": {"vocab": {"a": 1.5}}}', "expected a dict of int"),
        ("tokenizer.json", b'{"model": {"vocab": [["a", 0]]}}', "expected dict"),
    ],
)
def test_damaged_files(tmp_path, name, content, message):
    if name == "tokenizer_config.json":
        (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        WordPiece.load(tmp_path)
    assert str(caught.value).startswith(str(tmp_path))


def test_every_entry_of_tokenizer_json_is_read(tmp_path):
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b"]
    ids = {token: i for i, token in enumerate(tokens)}
    shuffled = dict(sorted(ids.items(), key=lambda item: -item[1]))  # ids, not places, count
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"model": {"type": "WordPiece", "vocab": shuffled}}))
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    again = WordPiece.load(tmp_path)
    assert (again.tokens, again.lower) == (tokens, False)
    (tmp_path / "tokenizer_config.json").unlink()
    assert WordPiece.load(tmp_path).lower is True
    path.write_text(json.dumps({"model": {"type": "BPE", "vocab": ids}}))
    with pytest.raises(ValueError, match="holds a BPE tokenizer, not WordPiece"):
        WordPiece.load(tmp_path)
    path.write_text(json.dumps({"model": {"type": "WordPiece"}}))
    with pytest.raises(ValueError, match="no entry 'vocab'"):
        WordPiece.load(tmp_path)
