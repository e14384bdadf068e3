"""WordPiece as BERT has it: words, split greedily into the longest known pieces.

A word's first piece is plain, those that continue it begin with ##: "unaffable" -> un ##aff ##able.
A word that cannot be split into pieces of the vocabulary is [UNK].

Reference: Devlin et al. 2018, arXiv:1810.04805.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from ...utils.files import PathLike, atomic_write, entry, parsing, read_json, read_text
from ...utils.sequences import pad_sequences
from .vocabulary import Vocabulary, read_tokenizer_model, tokens_in_order

MAX_WORD_LENGTH = 100  # characters; a longer word is unknown
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
    """BERT's tokenizer, over the tokens of a vocab.txt.

    Args:
        tokens: All tokens in the order of their ids, [PAD], [UNK], [CLS], [SEP], [MASK] among them.
        lower: True to fold case and strip accents, as uncased models do.

    Raises:
        ValueError: If a special token is missing.

    Example:
        >>> tokenizer = WordPiece([*WordPiece.special, "un", "##aff", "##able", "!"])
        >>> tokenizer.tokenize("Unaffable!"), tokenizer.encode("Unaffable!").tolist()
        (['un', '##aff', '##able', '!'], [2, 5, 6, 7, 8, 3])
    """

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

    def __init__(self, tokens: Iterable[str], lower: bool = True) -> None:
        super().__init__(tokens)
        self.lower = lower
        missing = [token for token in self.special if token not in self.ids]
        if missing:
            raise ValueError(
                f"WordPiece: the vocabulary lacks {', '.join(missing)}: is this BERT's vocab.txt?"
            )

    # ---- text to pieces ----

    def words(self, text: str) -> list[str]:
        """A text split at white space and around punctuation, Han characters and special tokens.

        Args:
            text: One text.
        """
        found: list[str] = []
        for part in self._split_at_special(text):
            if part in self.special:
                found.append(part)
                continue
            folded = _fold(part) if self.lower else part
            found += "".join(_separate(c) for c in folded).split(" ")
        return [word for word in found if word]

    def _split_at_special(self, text: str) -> list[str]:
        """The text in parts, of which special tokens are parts of their own."""
        parts = [text]
        for token in self.special:
            split = []
            for part in parts:
                split += [part] if part in self.special else _split_keeping(part, token)
            parts = split
        return parts

    def pieces(self, word: str) -> list[str]:
        """The longest known beginning of a word, then of the rest; [UNK] if a rest has none.

        Args:
            word: One word.
        """
        if len(word) > MAX_WORD_LENGTH:
            return ["[UNK]"]
        found: list[str] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            candidates = ((end, prefix + word[start:end]) for end in range(len(word), start, -1))
            known = next(((end, piece) for end, piece in candidates if piece in self.ids), None)
            if known is None:
                return ["[UNK]"]
            start, piece = known
            found.append(piece)
        return found

    def tokenize(self, text: str) -> list[str]:
        """All pieces of a text, without [CLS] and [SEP].

        Args:
            text: One text.

        Raises:
            TypeError: If it is no text.
        """
        if not isinstance(text, str):
            raise TypeError(f"WordPiece takes one text, got {type(text).__name__}: see batch")
        pieces: list[str] = []
        for word in self.words(text):
            pieces += [word] if word in self.special else self.pieces(word)
        return pieces

    # ---- pieces to ids ----

    def encode(self, text: str, pair: str | None = None, maxlen: int | None = None) -> np.ndarray:
        """The ids (T,) of [CLS] text [SEP], or of [CLS] text [SEP] pair [SEP].

        Args:
            text: The first text.
            pair: The second text, if any.
            maxlen: Largest number of ids; pieces are removed from the end of the longer text.

        Raises:
            ValueError: If maxlen leaves no room for the special tokens.
        """
        return self._ids_and_segments(text, pair, maxlen)[0]

    def _ids_and_segments(
        self, text: str, pair: str | None, maxlen: int | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(ids, segments): a segment is 0 up to the first [SEP], 1 behind it."""
        parts = [self.tokenize(part) for part in ([text] if pair is None else [text, pair])]
        if maxlen is not None:
            _truncate(parts, maxlen)
        tokens = ["[CLS]"]
        segments = [0]
        for i, part in enumerate(parts):
            tokens += [*part, "[SEP]"]
            segments += [i] * (len(part) + 1)
        ids = [self.ids[token] for token in tokens]
        return np.array(ids, np.int64), np.array(segments, np.int64)

    def batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, maxlen: int | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(ids, segments, mask) of many texts, padded at the end to the longest.

        Args:
            texts: The first texts.
            pairs: As many second texts, if any.
            maxlen: Largest number of ids per row.

        Shape:
            each (N, T); the mask is True where there is no padding

        Raises:
            ValueError: If the numbers of texts do not fit.
        """
        seconds = [None] * len(texts) if pairs is None else pairs
        if isinstance(texts, str) or not len(texts) or len(seconds) != len(texts):
            raise ValueError(
                "WordPiece.batch: expected a list of texts, and as many pairs if there are pairs"
            )
        rows = [self._ids_and_segments(text, pair, maxlen) for text, pair in zip(texts, seconds)]
        ids = _pad([ids for ids, _ in rows], self.ids["[PAD]"])
        segments = _pad([segments for _, segments in rows], 0)
        lengths = np.array([len(ids) for ids, _ in rows])
        mask = np.arange(ids.shape[1]) < lengths[:, None]
        return ids, segments, mask

    def decode(self, ids: Any, skip_special: bool = True) -> str:
        """The words of ids (T,), joined by spaces; case and white space of the text are lost.

        Args:
            ids: The ids of one text.
            skip_special: True to leave out special tokens.
        """
        tokens = self.tokens_of(ids)
        if skip_special:
            tokens = [token for token in tokens if token not in self.special]
        return " ".join(tokens).replace(" ##", "")

    # ---- files ----

    def save(self, path: PathLike) -> None:
        """Write vocab.txt, one token per line.

        Args:
            path: The file to write.
        """
        with atomic_write(path) as file:
            file.write("".join(f"{token}\n" for token in self.tokens).encode())

    @classmethod
    def load(cls, path: PathLike, lower: bool | None = None) -> Self:
        """Read a vocab.txt, or a folder with one or with Hugging Face's tokenizer.json.

        Args:
            path: The file or the folder.
            lower: True to fold case; None to read it from the folder's tokenizer_config.json, and
                fold it if there is none.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is not WordPiece.
        """
        path = Path(path)
        if lower is None:
            lower = _reads_lower_case(path)
        if path.is_dir():
            path /= "vocab.txt" if (path / "vocab.txt").is_file() else "tokenizer.json"
        if not path.is_file():
            raise FileNotFoundError(
                f"no vocab.txt at {path}, nor a folder with one or with tokenizer.json"
            )
        with parsing(path, "vocabulary of WordPiece"):
            return cls(_read_tokens(path), lower)


def _reads_lower_case(folder: Path) -> bool:
    """The setting of a folder's tokenizer_config.json; True if there is none."""
    config = folder / "tokenizer_config.json"
    if not config.is_file():
        return True
    settings = read_json(config, "tokenizer's settings")
    return entry({"do_lower_case": True} | settings, "do_lower_case", bool, config)


def _read_tokens(path: Path) -> list[str]:
    """The tokens of vocab.txt or tokenizer.json, in the order of their ids."""
    if path.suffix != ".json":
        return read_text(path, "vocab.txt").removesuffix("\n").split("\n")
    model, _ = read_tokenizer_model(path, "WordPiece", "tokenizer.json")
    tokens = tokens_in_order(entry(model, "vocab", dict, path), path)
    return [token.rstrip("\r") for token in tokens]


def _truncate(parts: list[list[str]], maxlen: int) -> None:
    """Remove pieces from the end of the longer part until all fit beside [CLS] and [SEP]."""
    if maxlen < 1 + len(parts):
        raise ValueError(f"WordPiece: maxlen={maxlen} has no room for [CLS] and {len(parts)} [SEP]")
    short, long = sorted(parts, key=len) if len(parts) > 1 else ([], parts[0])
    while 1 + sum(len(part) + 1 for part in parts) > maxlen:
        # as Hugging Face's: the part that was longer stays ahead by one
        (short if len(short) >= len(long) else long).pop()


def _pad(rows: list[np.ndarray], value: int) -> np.ndarray:
    return pad_sequences(rows, dtype=np.int64, padding="post", value=value)


def _split_keeping(text: str, token: str) -> list[str]:
    """The text split around each occurrence of the token, which is a part of its own."""
    parts = [x for part in text.split(token) for x in (token, part)][1:]
    return [part for part in parts if part]


def _fold(text: str) -> str:
    """Lower case, without accents."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn").lower()


def _separate(c: str) -> str:
    """A character, with spaces around punctuation; white space as a space, controls as nothing."""
    category = unicodedata.category(c)
    if c in "\t\n\r" or category[0] == "Z":
        return " "
    if c in "\0�" or category in ("Cc", "Cf", "Cn", "Co", "Cs"):
        return ""
    is_han = any(low <= ord(c) <= high for low, high in HAN)
    if category[0] == "P" or c in "$+<=>^`|~" or is_han:
        return f" {c} "
    return c
