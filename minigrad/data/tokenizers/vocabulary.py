"""Characters and words as numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterable, Self, Sequence

import numpy as np

from ...utils.files import PathLike, read_json, write_json

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # what Keras takes out of a text before it cuts it into words


class Vocabulary:
    """Base: tokens by id. A subclass says how a text falls into tokens and how these make a text again."""

    settings: tuple[str, ...] = ()  # the arguments that its file keeps beside the tokens

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = list(tokens)
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self.ids) < len(self.tokens):
            twice = [token for token, n in Counter(self.tokens).items() if n > 1]
            raise ValueError(
                f"{type(self).__name__}: each token has one id, but {twice[:5]} are given more than once"
            )

    def __len__(self) -> int:
        """The number of ids: what an Embedding needs as input_dim."""
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self.ids

    def __getitem__(self, token: str) -> int:
        """The id of a token."""
        if token not in self.ids:
            raise KeyError(f"{type(self).__name__} has no token {token!r}")
        return self.ids[token]

    def encode(self, text: str) -> np.ndarray:
        """The ids (T,) of a text; of an empty one, none."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it encodes")

    def decode(self, ids: Any) -> str:
        """The text of ids."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it decodes")

    def tokens_of(self, ids: Any) -> list[str]:
        """The token of each id. Raises ValueError for one outside of the vocabulary, TypeError for what is no integer."""
        ids = np.asarray(getattr(ids, "_array", ids))
        if ids.size and ids.dtype.kind not in "iu":
            raise TypeError(
                f"{type(self).__name__}: ids are integers, got {ids.dtype}: take argmax of scores first"
            )
        if ids.ndim != 1:
            raise ValueError(
                f"{type(self).__name__}: expected the ids (T,) of one text, got shape {ids.shape}: decode each row"
            )
        wrong = np.flatnonzero((ids < 0) | (ids >= len(self)))
        if wrong.size:
            raise ValueError(
                f"{type(self).__name__}: id {ids[wrong[0]]} at position {wrong[0]} is outside of the vocabulary, "
                f"whose ids run from 0 to {len(self) - 1}"
            )
        return [self.tokens[i] for i in ids]

    def save(self, path: PathLike) -> None:
        """Write the vocabulary as JSON."""
        write_json(
            path,
            {
                "kind": type(self).__name__,
                **{name: getattr(self, name) for name in self.settings},
                "tokens": self.tokens,
            },
        )

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Read what `save` has written. Raises ValueError for a file of another kind."""
        content = read_json(path, f"{cls.__name__} as save writes it")
        if not isinstance(content, dict) or content.get("kind") != cls.__name__:
            kind = content.get("kind") if isinstance(content, dict) else type(content).__name__
            raise ValueError(f"{path} holds {kind or 'something else'}, not a {cls.__name__}")
        return cls(content["tokens"], **{name: content[name] for name in cls.settings})


class CharVocabulary(Vocabulary):
    """A character an id. `special` tokens, such as padding, start and end, stand first, and `decode` leaves them out.

    `unknown` is the character that stands for those which are not in it; without one they raise ValueError.
    """

    settings = ("special", "unknown")

    def __init__(
        self, tokens: Iterable[str], special: Sequence[str] = (), unknown: str | None = None
    ) -> None:
        super().__init__(tokens)
        self.special, self.unknown = list(special), unknown
        characters = self.tokens[len(self.special) :]
        if self.tokens[: len(self.special)] != self.special or any(len(c) != 1 for c in characters):
            raise ValueError(
                "CharVocabulary: expected the special tokens, then single characters; CharVocabulary.fit(text) makes "
                "them from a text"
            )
        if unknown is not None and unknown not in characters:
            raise ValueError(f"CharVocabulary: unknown={unknown!r} is none of its characters")
        codes = np.array([ord(c) for c in characters], np.int64)
        self.table = np.full(codes.max(initial=0) + 1, -1, np.int64)  # code point -> id
        self.table[codes] = np.arange(len(codes)) + len(self.special)

    @classmethod
    def fit(
        cls, text: str | Iterable[str], special: Sequence[str] = (), unknown: str | None = None
    ) -> Self:
        """The characters of a text, or of several, in the order of their code points."""
        characters = set(text) if isinstance(text, str) else set().union(*text)
        if not characters:
            raise ValueError(
                "CharVocabulary.fit: the text is empty, there is no character to number"
            )
        return cls([*special, *sorted(characters | set(unknown or ""))], special, unknown)

    def encode(self, text: str) -> np.ndarray:
        if not isinstance(text, str):
            raise TypeError(
                f"CharVocabulary.encode takes one text, got {type(text).__name__}: encode each by itself"
            )
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64)
        ids = np.where(
            codes < len(self.table), self.table[np.minimum(codes, len(self.table) - 1)], -1
        )
        wrong = np.flatnonzero(ids < 0)
        if wrong.size and self.unknown is None:
            raise ValueError(
                f"CharVocabulary: {text[wrong[0]]!r} at position {wrong[0]} is not among its {len(self)} tokens: fit "
                "it on all of the text, replace the character, or name a stand-in with unknown="
            )
        ids[wrong] = self.ids.get(self.unknown or "", -1)
        return ids

    def decode(self, ids: Any) -> str:
        special = set(self.special)
        return "".join(token for token in self.tokens_of(ids) if token not in special)


class WordVocabulary(Vocabulary):
    """Words numbered from 1 by falling frequency, as Keras's Tokenizer does: of two as frequent, the one seen first comes first.

    0 is padding. Only ids below `num_words` are given out; words beyond, and those never seen, are left out, or become
    `oov_token`, which then has the id 1. `lower` folds case; `filters` are characters that count as `split`.
    """

    settings = ("num_words", "filters", "lower", "split", "oov_token")
    padding = ""  # id 0: no word is empty

    def __init__(
        self,
        tokens: Iterable[str],
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        oov_token: str | None = None,
    ) -> None:
        super().__init__(tokens)
        self.num_words, self.filters, self.lower, self.split, self.oov_token = (
            num_words,
            filters,
            lower,
            split,
            oov_token,
        )
        if num_words is not None and num_words < (2 if oov_token is None else 3):
            raise ValueError(
                f"WordVocabulary: num_words={num_words} leaves no id for a word: 0 is padding"
                + ("" if oov_token is None else f" and 1 is {oov_token!r}")
            )
        if self.tokens[: 2 if oov_token else 1] != (
            [self.padding, oov_token] if oov_token else [self.padding]
        ):
            raise ValueError(
                "WordVocabulary: expected padding, the oov_token if there is one, then words; WordVocabulary.fit(texts)"
                " makes them from texts"
            )
        self.separators = str.maketrans(dict.fromkeys(filters, split))

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        oov_token: str | None = None,
    ) -> Self:
        """The words of many texts."""
        if isinstance(texts, str):
            raise TypeError("WordVocabulary.fit takes many texts, got one: put it into a list")
        first = [cls.padding] if oov_token is None else [cls.padding, oov_token]
        rules = cls(first, num_words, filters, lower, split, oov_token)
        counts = Counter(word for text in texts for word in rules.words(text))
        counts.pop(oov_token or "", None)
        if not counts:
            raise ValueError("WordVocabulary.fit: the texts hold no word to number")
        ordered = sorted(
            counts, key=lambda word: -counts[word]
        )  # sorting keeps the order of the equal
        return cls([*first, *ordered], num_words, filters, lower, split, oov_token)

    def __len__(self) -> int:
        """The number of ids given out, padding among them: what an Embedding needs as input_dim."""
        return min(len(self.tokens), self.num_words or len(self.tokens))

    def words(self, text: str) -> list[str]:
        """The words of a text, before any is looked up."""
        text = (text.lower() if self.lower else text).translate(self.separators)
        return [word for word in text.split(self.split) if word]

    def encode(self, text: str) -> np.ndarray:
        if not isinstance(text, str):
            raise TypeError(
                f"WordVocabulary.encode takes one text, got {type(text).__name__}: encode each by itself"
            )
        instead, top = (0 if self.oov_token is None else 1), len(self)
        found = (self.ids.get(word, top) for word in self.words(text))
        return np.array([i for i in (i if i < top else instead for i in found) if i], np.int64)

    def decode(self, ids: Any) -> str:
        return self.split.join(token for token in self.tokens_of(ids) if token)
