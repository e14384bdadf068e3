"""Byte-pair encoding over bytes, as GPT-2 has it.

A text is split into words, a word into its UTF-8 bytes, and bytes that often stand side by side are
merged, pair by pair, in the order in which the merges were learned. Every text has ids, and
`decode(encode(text))` is the text, whatever it holds.

References: Sennrich, Haddow & Birch 2016, arXiv:1508.07909; Radford et al. 2019 (GPT-2).
"""

from __future__ import annotations

import heapq
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from ...utils.files import PathLike, atomic_write, entry, parsing, read_json, read_text, write_json
from .vocabulary import Vocabulary, read_tokenizer_model, tokens_in_order

Pair = tuple[str, str]

# ---- learning the merges -------------------------------------------------------------------------


def learn_merges(
    words: Mapping[tuple[str, ...], int], merges: int, min_frequency: int = 1
) -> list[Pair]:
    """The most frequent pairs of symbols, each merged before the next is counted: Algorithm 1.

    Of equally frequent pairs the one met first, going through the words in order, is taken. Only
    the words that hold the pair are counted anew, so a merge costs what it changes.

    Args:
        words: {symbols of a word: its count}.
        merges: Number of merges to learn.
        min_frequency: Pairs that are less frequent are not merged.

    References:
        Sennrich, Haddow & Birch 2016, arXiv:1508.07909.

    Example:
        >>> learn_merges({tuple("low"): 5, tuple("lower"): 2}, 2)
        [('l', 'o'), ('lo', 'w')]
    """
    pairs = _PairCounts(words)
    learned: list[Pair] = []
    while len(learned) < merges:
        best = pairs.most_frequent(max(min_frequency, 1))
        if best is None:
            break
        pairs.merge(best)
        learned.append(best)
    return learned


class _PairCounts:
    """The counts of all pairs of symbols in a set of words, kept up to date while pairs merge."""

    def __init__(self, words: Mapping[tuple[str, ...], int]) -> None:
        self.words = [list(word) for word in words]
        self.frequencies = list(words.values())
        self.counts: Counter[Pair] = Counter()
        self.words_with: dict[Pair, set[int]] = {}
        for i in range(len(self.words)):
            self._count(self._pairs(i), i)
        self.heap = [(-n, pair) for pair, n in self.counts.items()]  # may hold outdated counts
        heapq.heapify(self.heap)

    def _pairs(self, i: int) -> list[Pair]:
        """The pairs of word i, in order."""
        return list(zip(self.words[i], self.words[i][1:]))

    def _count(self, pairs: list[Pair], i: int) -> None:
        for pair in pairs:
            self.counts[pair] += self.frequencies[i]
            self.words_with.setdefault(pair, set()).add(i)

    def merge(self, pair: Pair) -> None:
        """Make one symbol of each occurrence of the pair."""
        changed: set[Pair] = set()
        for i in self.words_with.pop(pair):
            old = self._pairs(i)
            self.words[i] = merge_pair(self.words[i], pair)
            new = self._pairs(i)
            for removed in old:
                self.counts[removed] -= self.frequencies[i]
            self._count(new, i)
            for removed in set(old) - set(new) - {pair}:
                self.words_with[removed].discard(i)
            changed.update(old, new)
        for updated in changed:
            heapq.heappush(self.heap, (-self.counts[updated], updated))

    def most_frequent(self, min_frequency: int) -> Pair | None:
        """The most frequent pair, the first met of those that tie; None if none is so frequent."""
        ties: set[Pair] = set()
        while self.heap and (not ties or -self.heap[0][0] == self.counts[next(iter(ties))]):
            n, pair = heapq.heappop(self.heap)
            if self.counts[pair] == -n and -n >= min_frequency:
                ties.add(pair)
        if not ties:
            return None
        best = self._first_met(ties) if len(ties) > 1 else next(iter(ties))
        for pair in ties - {best}:
            heapq.heappush(self.heap, (-self.counts[pair], pair))
        return best

    def _first_met(self, pairs: set[Pair]) -> Pair:
        first_word = {pair: min(self.words_with[pair]) for pair in pairs}
        word = min(first_word.values())
        return next(pair for pair in self._pairs(word) if first_word.get(pair) == word)


def merge_pair(symbols: Sequence[str], pair: Pair) -> list[str]:
    """The symbols with each occurrence of the pair, from the left, made one.

    Args:
        symbols: The symbols of a word.
        pair: The two symbols to merge.

    Example:
        >>> merge_pair(["a", "b", "a", "b"], ("a", "b"))
        ['ab', 'ab']
    """
    merged = []
    i = 0
    while i < len(symbols):
        is_pair = i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair
        merged.append(symbols[i] + symbols[i + 1] if is_pair else symbols[i])
        i += 2 if is_pair else 1
    return merged


# ---- GPT-2's alphabet and words ------------------------------------------------------------------


@cache
def byte_characters() -> list[str]:
    """GPT-2's 256 characters, one per byte.

    Visible characters stand for themselves, the other bytes are the characters 256, 257, ...

    Example:
        >>> byte_characters()[65], byte_characters()[32]
        ('A', 'Ġ')
    """
    visible = {
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    }
    hidden = [b for b in range(256) if b not in visible]
    names = {b: chr(256 + i) for i, b in enumerate(hidden)}
    return [names.get(b, chr(b)) for b in range(256)]


@cache
def word_pattern() -> re.Pattern[str]:
    r"""GPT-2's words, as a pattern of the standard library.

    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+

    `re` has no \p{L}: its \w is letters, numbers and the underscore, its \d only decimal digits.
    The other numbers (½, Ⅷ, ²) are looked up once. Its \s has four control characters more
    (28..31) than Unicode's white space.

    Example:
        >>> word_pattern().findall("It's 3 words")
        ['It', "'s", ' 3', ' words']
    """
    number = r"\d" + _other_numbers()
    space = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    letters = rf"[^\W_{number}]+"
    numbers = rf"[{number}]+"
    others = rf"(?:[^\w{space}]|_)+"
    spaces = rf"[{space}]+(?![^{space}])|[{space}]+"
    return re.compile(rf"'s|'t|'re|'ve|'m|'ll|'d| ?{letters}| ?{numbers}| ?{others}|{spaces}")


def _other_numbers() -> str:
    """Ranges of all numbers that are no decimal digits; ten times as fast as one by one."""
    code_points = {
        c
        for c in range(sys.maxunicode + 1)
        if chr(c).isnumeric() and unicodedata.category(chr(c)) in ("Nl", "No")
    }
    starts = [c for c in sorted(code_points) if c - 1 not in code_points]
    ends = [c for c in sorted(code_points) if c + 1 not in code_points]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends))


def _as_byte_characters(word: str) -> str:
    """The UTF-8 bytes of a word as GPT-2's characters.

    A lone surrogate, which UTF-8 cannot hold, becomes a question mark.
    """
    names = byte_characters()
    return "".join(names[b] for b in word.encode("utf-8", "replace"))


# ---- the tokenizer -------------------------------------------------------------------------------


class BytePairEncoding(Vocabulary):
    """Merged bytes by id, learned with `fit` or read from GPT-2's files with `load`.

    Args:
        tokens: All tokens in the order of their ids.
        merges: Pairs of tokens, in the order in which they are merged.
        special: Tokens such as <|endoftext|>, which are never split.

    Raises:
        ValueError: If the tokens lack a byte or a merge, or hold something else.

    Example:
        >>> tokenizer = BytePairEncoding.fit("the cat and the dog and the cat", 260, special=())
        >>> ids = tokenizer.encode("the dog")
        >>> [tokenizer.tokens[i] for i in ids], tokenizer.decode(ids)
        (['the', 'Ġ', 'd', 'o', 'g'], 'the dog')
    """

    def __init__(
        self, tokens: Iterable[str], merges: Iterable[Pair], special: Sequence[str] = ()
    ) -> None:
        super().__init__(tokens)
        self.merges = [tuple(pair) for pair in merges]
        self.special = [token for token in special if token in self.ids]
        self.ranks = {pair: i for i, pair in enumerate(self.merges)}
        self.byte_of_character = {c: b for b, c in enumerate(byte_characters())}
        self._check_tokens()
        longest_first = sorted(self.special, key=len, reverse=True)
        self.special_pattern = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")
        self.ids_of_word: dict[str, list[int]] = {}  # words met before

    def _check_tokens(self) -> None:
        """Raise ValueError unless every byte and merge has a token and every token is one."""
        needed = [*byte_characters(), *(a + b for a, b in self.merges)]
        missing = [token for token in needed if token not in self.ids]
        if missing:
            raise ValueError(
                f"BytePairEncoding: the vocabulary lacks {missing[:5]}: it needs a token for each "
                "of the 256 bytes and for each merge"
            )
        ordinary = self.ids.keys() - set(self.special)
        foreign = [token for token in ordinary if not self.byte_of_character.keys() >= set(token)]
        if foreign:
            raise ValueError(
                f"BytePairEncoding: {foreign[:5]} are neither made of GPT-2's byte characters nor "
                "among special="
            )

    @classmethod
    def fit(
        cls,
        texts: str | Iterable[str],
        vocab_size: int,
        special: Sequence[str] = ("<|endoftext|>",),
        min_frequency: int = 2,
    ) -> Self:
        """Learn a vocabulary: the special tokens, 256 bytes, and merges.

        Args:
            texts: One text or several.
            vocab_size: Number of tokens, or fewer where no pair is frequent enough.
            special: Tokens that are never split.
            min_frequency: Pairs that are less frequent are not merged.

        Raises:
            ValueError: If vocab_size is too small, or there is no text.
        """
        merges = vocab_size - 256 - len(special)
        if merges < 0:
            raise ValueError(
                f"BytePairEncoding.fit: vocab_size={vocab_size} is too small: 256 bytes and "
                f"{len(special)} special tokens come first"
            )
        texts = [texts] if isinstance(texts, str) else texts
        words = Counter(word for text in texts for word in word_pattern().findall(text))
        if not words:
            raise ValueError(
                "BytePairEncoding.fit: the text is empty, there is nothing to learn from"
            )
        symbols = {tuple(_as_byte_characters(word)): n for word, n in words.items()}
        learned = learn_merges(symbols, merges, min_frequency)
        merged = [a + b for a, b in learned]
        tokens = dict.fromkeys([*special, *byte_characters(), *merged])
        return cls(tokens, learned, special)

    def encode(self, text: str) -> np.ndarray:
        """The ids (T,) of a text.

        Args:
            text: One text; special tokens in it become their ids.
        """
        self._check_one_text(text)
        ids: list[int] = []
        for i, part in enumerate(self.special_pattern.split(text) if self.special else [text]):
            if i % 2:  # the split is at special tokens, which are every second part
                ids.append(self.ids[part])
                continue
            for word in word_pattern().findall(part):
                if word not in self.ids_of_word:
                    self.ids_of_word[word] = self._encode_word(word)
                ids += self.ids_of_word[word]
        return np.array(ids, np.int64)

    def _encode_word(self, word: str) -> list[int]:
        """The ids of a word: its bytes, merged by the pair learned first, then by the next."""
        symbols = list(_as_byte_characters(word))
        no_rank = len(self.ranks)
        while len(symbols) > 1:
            pairs = zip(symbols, symbols[1:])
            best = min(pairs, key=lambda pair: self.ranks.get(pair, no_rank))
            if best not in self.ranks:
                break
            symbols = merge_pair(symbols, best)
        return [self.ids[symbol] for symbol in symbols]

    def decode(self, ids: Any, skip_special: bool = False) -> str:
        """The text of ids (T,); � stands for a character of which bytes are missing.

        Args:
            ids: The ids of one text.
            skip_special: True to leave out special tokens.
        """
        special = set(self.special)
        parts = []
        for token in self.tokens_of(ids):
            if token not in special:
                parts.append(bytes(self.byte_of_character[c] for c in token))
            elif not skip_special:
                parts.append(token.encode())
        return b"".join(parts).decode("utf-8", "replace")

    # ---- files ----

    def save(self, path: PathLike) -> None:
        """Write a folder with vocab.json and merges.txt, as GPT-2's.

        Args:
            path: The folder.
        """
        write_json(Path(path) / "vocab.json", self.ids)
        write_json(Path(path) / "special_tokens.json", self.special)
        lines = ["#version: 0.2", *(f"{a} {b}" for a, b in self.merges), ""]
        with atomic_write(Path(path) / "merges.txt") as file:
            file.write("\n".join(lines).encode())

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Read a folder with vocab.json and merges.txt, or with Hugging Face's tokenizer.json.

        Args:
            path: The folder.

        Raises:
            FileNotFoundError: If a file is not there.
            ValueError: If a file is not what it should be.
        """
        folder = Path(path)
        is_gpt2 = (folder / "vocab.json").is_file()
        ids, pairs, special = (_read_gpt2 if is_gpt2 else _read_tokenizer_json)(folder)
        wrong = [pair for pair in pairs if len(pair) != 2]
        if wrong:
            raise ValueError(f"{folder}: the merges are no pairs ({wrong[:3]!s:.200})")
        with parsing(folder, "folder of a byte-pair encoding"):
            return cls(tokens_in_order(ids, folder), pairs, special)


def _read_gpt2(folder: Path) -> tuple[dict[str, int], list[Any], list[str]]:
    """(ids, merges, special tokens) of vocab.json and merges.txt."""
    ids = read_json(folder / "vocab.json", "vocabulary of a byte-pair encoding")
    if not (folder / "merges.txt").is_file():
        raise FileNotFoundError(
            f"{folder} has a vocab.json but no merges.txt beside it: both make a byte-pair encoding"
        )
    lines = read_text(folder / "merges.txt", "list of merges").split("\n")
    pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
    special, path = ["<|endoftext|>"], folder / "special_tokens.json"
    if path.is_file():
        special = read_json(path, "list of special tokens", list)
        entry({"special tokens": special}, "special tokens", [str], path)
    return ids, pairs, special


def _read_tokenizer_json(folder: Path) -> tuple[dict[str, int], list[Any], list[str]]:
    """(ids, merges, special tokens) of Hugging Face's tokenizer.json."""
    path = folder / "tokenizer.json"
    expected = "vocab.json with merges.txt, and no tokenizer.json, of a byte-pair encoding"
    model, added = read_tokenizer_model(path, "BPE", expected)
    lines = entry(model, "merges", list, path)
    if lines and isinstance(lines[0], str):
        pairs = [line.split(" ") for line in entry(model, "merges", [str], path)]
    else:
        pairs = entry(model, "merges", [[str]], path)
    return entry(model, "vocab", {str: int}, path) | added, pairs, list(added)
