"""Byte-pair encoding (Sennrich, Haddow & Birch, 2016, arXiv:1508.07909) over bytes, as GPT-2 has it (Radford et al., 2019).

A text is cut into words, a word into its UTF-8 bytes, and bytes that often stand side by side are merged, pair by pair, in the
order in which the merges were learned. Every text has ids, and `decode(encode(text))` is the text, whatever it holds.
"""

from __future__ import annotations

import heapq
import re
import sys
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, Iterable, Mapping, Self, Sequence

import numpy as np

from ...utils.files import PathLike, atomic_write, read_json, write_json
from .vocabulary import Vocabulary

Pair = tuple[str, str]

# ---- learning the merges -----------------------------------------------------------------------------------------------


def learn_merges(words: Mapping[Sequence[str], int], merges: int, at_least: int = 1) -> list[Pair]:
    """Algorithm 1 of the paper: `merges` times, join the pair of symbols that is most frequent in {symbols of a word: its count}.

    Of pairs that are equally frequent the one met first, going through the words in order, is taken. It ends early when no pair
    is found `at_least` so often. Only the words that hold the pair are counted anew, so a merge costs what it changes.
    """
    texts, times = [list(word) for word in words], list(words.values())
    counts: Counter[Pair] = Counter()
    where: dict[Pair, set[int]] = {}
    for i, (symbols, n) in enumerate(zip(texts, times)):
        for pair in zip(symbols, symbols[1:]):
            counts[pair] += n
            where.setdefault(pair, set()).add(i)
    heap = [(-n, pair) for pair, n in counts.items()]  # holds outdated entries: `counts` is right
    heapq.heapify(heap)
    learned: list[Pair] = []
    while len(learned) < merges and (best := _most_frequent(heap, counts, where, texts, at_least)):
        changed: set[Pair] = set()
        for i in where.pop(best):
            old = list(zip(texts[i], texts[i][1:]))
            texts[i] = joined(texts[i], best)
            new = list(zip(texts[i], texts[i][1:]))
            for pair in old:
                counts[pair] -= times[i]
            for pair in new:
                counts[pair] += times[i]
                where.setdefault(pair, set()).add(i)
            for pair in set(old) - set(new) - {best}:
                where[pair].discard(i)
            changed.update(old, new)
        for pair in changed:
            heapq.heappush(heap, (-counts[pair], pair))
        learned.append(best)
    return learned


def _most_frequent(
    heap: list[tuple[int, Pair]],
    counts: Mapping[Pair, int],
    where: Mapping[Pair, set[int]],
    texts: list[list[str]],
    at_least: int,
) -> Pair | None:
    """The most frequent pair, the first met of those that tie; None when none is frequent enough."""
    ties: set[Pair] = set()
    while heap and (not ties or -heap[0][0] == counts[next(iter(ties))]):
        n, pair = heapq.heappop(heap)
        if counts[pair] == -n and -n >= max(at_least, 1):
            ties.add(pair)
    if not ties:
        return None
    first = {pair: min(where[pair]) for pair in ties} if len(ties) > 1 else dict.fromkeys(ties, 0)
    word = min(first.values())
    nearest = [pair for pair in ties if first[pair] == word]
    pairs = list(zip(texts[word], texts[word][1:]))
    best = nearest[0] if len(nearest) == 1 else min(nearest, key=pairs.index)
    for pair in ties - {best}:
        heapq.heappush(heap, (-counts[pair], pair))
    return best


def joined(symbols: Sequence[str], pair: Pair) -> list[str]:
    """The symbols with each occurrence of the pair, from the left, made one."""
    out, i = [], 0
    while i < len(symbols):
        found = i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair
        out.append(symbols[i] + symbols[i + 1] if found else symbols[i])
        i += 1 + found
    return out


# ---- GPT-2's alphabet and words ----------------------------------------------------------------------------------------


@cache
def byte_characters() -> list[str]:
    """GPT-2's 256 characters, one for each byte: those that can be seen stand for themselves, the others for 256, 257, ..."""
    seen = {
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    }
    hidden = (b for b in range(256) if b not in seen)
    names = {b: chr(256 + i) for i, b in enumerate(hidden)}
    return [names.get(b, chr(b)) for b in range(256)]


@cache
def word_pattern() -> re.Pattern[str]:
    r"""GPT-2's words: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ for the standard library.

    `re` has no \p{L}: its \w is letters, numbers and the underscore, its \d only decimal digits. The other numbers (½, Ⅷ, ²) are
    looked up once. Its \s has four control characters more (28..31) than Unicode's white space.
    """
    others = {
        c
        for c in range(sys.maxunicode + 1)
        if chr(c).isnumeric() and unicodedata.category(chr(c)) in ("Nl", "No")
    }
    starts, ends = ([c for c in sorted(others) if c + step not in others] for step in (-1, 1))
    number = r"\d" + "".join(
        f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends)
    )  # ten times as fast as one by one
    space = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    letters, numbers, rest = rf"[^\W_{number}]+", f"[{number}]+", rf"(?:[^\w{space}]|_)+"
    return re.compile(
        rf"'s|'t|'re|'ve|'m|'ll|'d| ?{letters}| ?{numbers}| ?{rest}|[{space}]+(?![^{space}])|[{space}]+"
    )


# ---- the tokeniser -----------------------------------------------------------------------------------------------------


class BytePairEncoding(Vocabulary):
    """Merged bytes by id. `special` tokens, such as <|endoftext|>, are found whole in a text; `decode` leaves them out if told to.

    Learn one with `BytePairEncoding.fit(text, size)`, or read GPT-2's folder (vocab.json, merges.txt) with `load`.
    """

    def __init__(
        self, tokens: Iterable[str], merges: Iterable[Pair], special: Sequence[str] = ()
    ) -> None:
        super().__init__(tokens)
        self.merges, self.special = (
            [tuple(pair) for pair in merges],
            [token for token in special if token in self.ids],
        )
        self.ranks = {pair: i for i, pair in enumerate(self.merges)}
        missing = [c for c in byte_characters() if c not in self.ids] + [
            a + b for a, b in self.merges if a + b not in self.ids
        ]
        if missing:
            raise ValueError(
                f"BytePairEncoding: the vocabulary lacks {missing[:5]}: it needs a token for each of the 256 bytes and "
                "for each merge"
            )
        self.bytes = {c: b for b, c in enumerate(byte_characters())}
        strange = [
            token
            for token in self.ids.keys() - set(self.special)
            if not self.bytes.keys() >= set(token)
        ]
        if strange:
            raise ValueError(
                f"BytePairEncoding: {strange[:5]} are neither made of GPT-2's byte characters nor among special="
            )
        self.cut = re.compile(
            "(" + "|".join(map(re.escape, sorted(self.special, key=len, reverse=True))) + ")"
        )
        self.known: dict[str, list[int]] = {}  # words met before

    @classmethod
    def fit(
        cls,
        texts: str | Iterable[str],
        size: int,
        special: Sequence[str] = ("<|endoftext|>",),
        at_least: int = 2,
    ) -> Self:
        """Learn `size` tokens from a text or several: the special ones, 256 bytes, and merges of pairs found `at_least` so often."""
        merges = size - 256 - len(special)
        if merges < 0:
            raise ValueError(
                f"BytePairEncoding.fit: size={size} is too small: 256 bytes and {len(special)} special tokens come first"
            )
        texts = [texts] if isinstance(texts, str) else texts
        words = Counter(word for text in texts for word in word_pattern().findall(text))
        if not words:
            raise ValueError(
                "BytePairEncoding.fit: the text is empty, there is nothing to learn from"
            )
        learned = learn_merges(
            {tuple(_visible(word)): n for word, n in words.items()}, merges, at_least
        )
        return cls(
            dict.fromkeys([*special, *byte_characters(), *(a + b for a, b in learned)]),
            learned,
            special,
        )

    def encode(self, text: str) -> np.ndarray:
        if not isinstance(text, str):
            raise TypeError(
                f"BytePairEncoding.encode takes one text, got {type(text).__name__}: encode each by itself"
            )
        ids: list[int] = []
        for i, part in enumerate(self.cut.split(text) if self.special else [text]):
            if i % 2:  # what the split cut at: a special token
                ids.append(self.ids[part])
                continue
            for word in word_pattern().findall(part):
                if word not in self.known:
                    self.known[word] = self._word(word)
                ids += self.known[word]
        return np.array(ids, np.int64)

    def _word(self, word: str) -> list[int]:
        """The ids of a word: its bytes, joined by the merge learned first, then by the next, until none fits."""
        symbols = list(_visible(word))
        while len(symbols) > 1:
            best = min(
                zip(symbols, symbols[1:]), key=lambda pair: self.ranks.get(pair, len(self.ranks))
            )
            if best not in self.ranks:
                break
            symbols = joined(symbols, best)
        return [self.ids[symbol] for symbol in symbols]

    def decode(self, ids: Any, skip_special: bool = False) -> str:
        """The text of ids; where they break off inside of a character, � stands for what is left of it."""
        special = set(self.special)
        parts = (
            b""
            if token in special and skip_special
            else token.encode()
            if token in special
            else bytes(self.bytes[c] for c in token)
            for token in self.tokens_of(ids)
        )
        return b"".join(parts).decode("utf-8", "replace")

    def save(self, path: PathLike) -> None:
        """Write a folder with vocab.json and merges.txt, as GPT-2's."""
        write_json(Path(path) / "vocab.json", self.ids)
        write_json(Path(path) / "special_tokens.json", self.special)
        with atomic_write(Path(path) / "merges.txt") as file:
            file.write(
                "\n".join(["#version: 0.2", *(f"{a} {b}" for a, b in self.merges), ""]).encode()
            )

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Read a folder with vocab.json and merges.txt, or with Hugging Face's tokenizer.json, which holds both."""
        folder = Path(path)
        special = ["<|endoftext|>"]
        if (folder / "vocab.json").is_file():
            ids = read_json(folder / "vocab.json", "vocabulary of a byte-pair encoding")
            if not (folder / "merges.txt").is_file():
                raise FileNotFoundError(
                    f"{folder} has a vocab.json but no merges.txt beside it: both make a byte-pair encoding"
                )
            lines = (folder / "merges.txt").read_text("utf-8").split("\n")
            pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
            if (folder / "special_tokens.json").is_file():
                special = read_json(folder / "special_tokens.json", "list of special tokens")
        else:
            content = read_json(
                folder / "tokenizer.json",
                "vocab.json with merges.txt, and no tokenizer.json, of a byte-pair encoding",
            )
            if content["model"].get("type", "BPE") != "BPE":
                raise ValueError(
                    f"{folder / 'tokenizer.json'} holds a {content['model']['type']} tokeniser, not a byte-pair encoding"
                )
            added = {token["content"]: token["id"] for token in content.get("added_tokens", [])}
            special, ids = list(added), content["model"]["vocab"] | added
            pairs = [
                line.split(" ") if isinstance(line, str) else line
                for line in content["model"]["merges"]
            ]
        wrong = [line for line in pairs if len(line) != 2]
        if wrong or sorted(ids.values()) != list(range(len(ids))):
            raise ValueError(
                f"{folder}: the merges are no pairs ({wrong[:3]})"
                if wrong
                else f"{folder}: the ids of the vocabulary do not run from 0 to {len(ids) - 1}"
            )
        return cls(sorted(ids, key=ids.__getitem__), pairs, special)  # type: ignore[arg-type]


def _visible(word: str) -> str:
    """The UTF-8 bytes of a word as GPT-2's characters. A lone surrogate, which UTF-8 cannot hold, becomes a question mark."""
    names = byte_characters()
    return "".join(names[b] for b in word.encode("utf-8", "replace"))
