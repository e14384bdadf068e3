"""WordPiece as BERT has it (Devlin et al., 2018, arXiv:1810.04805): words, cut greedily into the longest known pieces.

A word's first piece is plain, those that continue it begin with ##: "unaffable" -> un ##aff ##able. A word that cannot be cut
into pieces of the vocabulary is [UNK].
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any, Iterable, Self, Sequence

import numpy as np

from ...utils.files import PathLike, atomic_write, read_json
from ...utils.sequences import pad_sequences
from .vocabulary import Vocabulary

LONGEST = 100  # characters; a longer word is unknown
# Han characters, which BERT takes one by one; kana and Hangul are words like any other
HAN = [
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
]


class WordPiece(Vocabulary):
    """BERT's tokeniser over the tokens of a vocab.txt, in its order. `lower` folds case and strips accents (uncased models)."""

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

    def __init__(self, tokens: Iterable[str], lower: bool = True) -> None:
        super().__init__(tokens)
        self.lower = lower
        missing = [token for token in self.special if token not in self.ids]
        if missing:
            raise ValueError(
                f"WordPiece: the vocabulary lacks {', '.join(missing)}: is this BERT's vocab.txt?"
            )

    # ---- text to pieces --------------------------------------------------------------------------------------------------

    def words(self, text: str) -> list[str]:
        """A text cut at white space and around punctuation and Han characters; special tokens stay whole."""
        out: list[str] = []
        for part in self._around_special(text):
            if part in self.special:
                out.append(part)
                continue
            if self.lower:
                part = "".join(
                    c for c in unicodedata.normalize("NFD", part) if unicodedata.category(c) != "Mn"
                ).lower()
            out += "".join(_spaced(c) for c in part).split(" ")
        return [word for word in out if word]

    def _around_special(self, text: str) -> list[str]:
        parts = [text]
        for token in self.special:
            parts = [
                piece
                for part in parts
                for piece in ([part] if part in self.special else _keeping(part, token))
            ]
        return parts

    def pieces(self, word: str) -> list[str]:
        """The longest known beginning of a word, then of what is left, and so on; [UNK] if some rest has no known beginning."""
        found: list[str] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            end = next(
                (end for end in range(len(word), start, -1) if mark + word[start:end] in self.ids),
                None,
            )
            if end is None or len(word) > LONGEST:
                return ["[UNK]"]
            found.append(mark + word[start:end])
            start = end
        return found

    def tokenize(self, text: str) -> list[str]:
        """All pieces of a text, without [CLS] and [SEP]."""
        if not isinstance(text, str):
            raise TypeError(f"WordPiece takes one text, got {type(text).__name__}: see batch")
        return [
            piece
            for word in self.words(text)
            for piece in ([word] if word in self.special else self.pieces(word))
        ]

    # ---- pieces to ids ---------------------------------------------------------------------------------------------------

    def encode(self, text: str, pair: str | None = None, maxlen: int | None = None) -> np.ndarray:
        """The ids of [CLS] text [SEP], or [CLS] text [SEP] pair [SEP]; at most `maxlen`, taken from the end of the longer text."""
        return self._joined(text, pair, maxlen)[0]

    def _joined(
        self, text: str, pair: str | None, maxlen: int | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(ids, segments): a segment is 0 up to the first [SEP], 1 behind it."""
        parts = [self.tokenize(part) for part in ([text] if pair is None else [text, pair])]
        if maxlen is not None:
            if maxlen < 1 + len(parts):
                raise ValueError(
                    f"WordPiece: maxlen={maxlen} has no room for [CLS] and {len(parts)} [SEP]"
                )
            short, long = sorted(parts, key=len) if pair is not None else ([], *parts)
            while 1 + sum(len(part) + 1 for part in parts) > maxlen:
                (
                    short if len(short) >= len(long) else long
                ).pop()  # as Hugging Face's: the longer one stays ahead by one
        tokens = ["[CLS]", *parts[0], "[SEP]"]
        segments = [0] * len(tokens) + [1] * sum(len(part) + 1 for part in parts[1:])
        tokens += [token for part in parts[1:] for token in (*part, "[SEP]")]
        return np.array([self.ids[token] for token in tokens], np.int64), np.array(
            segments, np.int64
        )

    def batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, maxlen: int | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(ids, segments, mask), each (N, T): padded behind to the longest, the mask True at what is no padding."""
        if (
            isinstance(texts, str)
            or not len(texts)
            or pairs is not None
            and len(pairs) != len(texts)
        ):
            raise ValueError(
                "WordPiece.batch: expected a list of texts, and as many pairs if there are pairs"
            )
        rows = [
            self._joined(text, pair, maxlen)
            for text, pair in zip(texts, [None] * len(texts) if pairs is None else pairs)
        ]
        ids, segments = (
            pad_sequences(part, dtype=np.int64, padding="post", value=fill)
            for part, fill in zip(zip(*rows), (self.ids["[PAD]"], 0))
        )
        mask = pad_sequences(
            [np.ones(len(row), bool) for row, _ in rows], dtype=bool, padding="post", value=False
        )
        return ids, segments, mask

    def decode(self, ids: Any, skip_special: bool = True) -> str:
        """The words of ids, joined by spaces, ## pieces to the one before; what case and white space there were is lost."""
        tokens = [
            token for token in self.tokens_of(ids) if not (skip_special and token in self.special)
        ]
        return " ".join(tokens).replace(" ##", "")

    # ---- files -----------------------------------------------------------------------------------------------------------

    def save(self, path: PathLike) -> None:
        """Write vocab.txt: a token a line."""
        with atomic_write(path) as file:
            file.write("".join(f"{token}\n" for token in self.tokens).encode())

    @classmethod
    def load(cls, path: PathLike, lower: bool | None = None) -> Self:
        """Read a vocab.txt, or a checkpoint folder with one or with Hugging Face's tokenizer.json.

        Whether case is folded is read from the folder's tokenizer_config.json unless `lower` is given; it is if nothing says.
        """
        path, folded = Path(path), True
        if path.is_dir():
            config = path / "tokenizer_config.json"
            folded = (
                read_json(config, "tokeniser's settings").get("do_lower_case", True)
                if config.is_file()
                else True
            )
            path = path / ("vocab.txt" if (path / "vocab.txt").is_file() else "tokenizer.json")
        if not path.is_file():
            raise FileNotFoundError(
                f"no vocab.txt at {path}, nor a folder with one or with tokenizer.json"
            )
        if path.suffix == ".json":
            model = read_json(path, "tokenizer.json")["model"]
            if model.get("type", "WordPiece") != "WordPiece":
                raise ValueError(f"{path} holds a {model['type']} tokeniser, not WordPiece")
            tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
        else:
            tokens = path.read_text("utf-8").removesuffix("\n").split("\n")
        return cls((token.rstrip("\r") for token in tokens), folded if lower is None else lower)


def _keeping(text: str, token: str) -> list[str]:
    """The text cut around each occurrence of the token, which stays."""
    parts = [x for part in text.split(token) for x in (token, part)][1:]
    return [part for part in parts if part]


def _spaced(c: str) -> str:
    """A character as the cut into words wants it: controls vanish, white space is a space, punctuation stands alone."""
    kind = unicodedata.category(c)
    if c in "\t\n\r" or kind[0] == "Z":
        return " "
    if c in "\0�" or kind in ("Cc", "Cf", "Cn", "Co", "Cs"):
        return ""
    if kind[0] == "P" or c in "$+<=>^`|~" or any(low <= ord(c) <= high for low, high in HAN):
        return f" {c} "
    return c
