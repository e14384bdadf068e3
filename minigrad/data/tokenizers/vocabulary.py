"""Characters and words as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from ...arguments import ExplainsArguments
from ...utils.files import PathLike, entry, parsing, read_json, write_json

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # the characters that Keras removes from texts


class Vocabulary(metaclass=ExplainsArguments):
    """Tokens by id. A subclass defines `encode` and `decode`.

    Args:
        tokens: All tokens in the order of their ids.

    Raises:
        ValueError: If a token occurs twice.

    Example:
        >>> vocabulary = Vocabulary(["a", "b"])
        >>> len(vocabulary), vocabulary["b"], "c" in vocabulary
        (2, 1, False)
    """

    settings: dict[str, Any] = {}  # the arguments that a file keeps beside the tokens; their types
    optional: tuple[str, ...] = ()  # those that may be None

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = list(tokens)
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self.ids) < len(self.tokens):
            twice = [token for token, n in Counter(self.tokens).items() if n > 1]
            raise ValueError(
                f"{type(self).__name__}: each token has one id, but {twice[:5]} are given more "
                "than once"
            )

    def __len__(self) -> int:
        """The number of ids: the input_dim of an Embedding."""
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self.ids

    def __getitem__(self, token: str) -> int:
        """The id of a token."""
        if token not in self.ids:
            raise KeyError(f"{type(self).__name__} has no token {token!r}")
        return self.ids[token]

    def encode(self, text: str) -> np.ndarray:
        """The ids (T,) of a text.

        Args:
            text: One text.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define encode")

    def decode(self, ids: Any) -> str:
        """The text of ids (T,).

        Args:
            ids: The ids of one text.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define decode")

    def tokens_of(self, ids: Any) -> list[str]:
        """The token of each id.

        Args:
            ids: The ids (T,) of one text.

        Raises:
            TypeError: If they are not integers.
            ValueError: If one is outside of the vocabulary, or they have another rank.
        """
        ids = np.asarray(getattr(ids, "_array", ids))
        name = type(self).__name__
        if ids.size and ids.dtype.kind not in "iu":
            raise TypeError(
                f"{name}: ids are integers, got {ids.dtype}: take argmax of scores first"
            )
        if ids.ndim != 1:
            raise ValueError(
                f"{name}: expected the ids (T,) of one text, got shape {ids.shape}: decode each row"
            )
        outside = np.flatnonzero((ids < 0) | (ids >= len(self)))
        if outside.size:
            position = outside[0]
            raise ValueError(
                f"{name}: id {ids[position]} at position {position} is outside of the vocabulary, "
                f"whose ids run from 0 to {len(self) - 1}"
            )
        return [self.tokens[i] for i in ids]

    def save(self, path: PathLike) -> None:
        """Write the vocabulary as JSON.

        Args:
            path: The file to write.
        """
        settings = {name: getattr(self, name) for name in self.settings}
        content = {"kind": type(self).__name__, **settings, "tokens": self.tokens}
        write_json(path, content)

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Read a file that `save` has written.

        Args:
            path: The file to read.

        Raises:
            FileNotFoundError: If it is not there.
            ValueError: If it is of another kind.
        """
        content = read_json(path, f"{cls.__name__} as save writes it")
        if content.get("kind") != cls.__name__:
            kind = content.get("kind") or "something else"
            raise ValueError(f"{path} holds {kind!s:.50}, not a {cls.__name__}")
        tokens = entry(content, "tokens", [str], path)
        settings = {name: cls._check_setting(content, name, path) for name in cls.settings}
        with parsing(path, cls.__name__):
            return cls(tokens, **settings)

    @classmethod
    def _check_setting(cls, content: dict[str, Any], name: str, path: PathLike) -> Any:
        """A setting of a file, which must have the type of the argument."""
        if content.get(name, 0) is None and name in cls.optional:
            return None
        return entry(content, name, cls.settings[name], path)

    def _check_one_text(self, text: Any) -> None:
        """Raise TypeError unless `text` is a string."""
        if not isinstance(text, str):
            raise TypeError(
                f"{type(self).__name__}.encode takes one text, got {type(text).__name__}: "
                "encode each by itself"
            )


class CharVocabulary(Vocabulary):
    """One id per character.

    Args:
        tokens: The special tokens, then the characters.
        special: Tokens such as padding, start and end; `decode` leaves them out.
        unknown: The character that stands for all that are not in the vocabulary; None for an
            error.

    Raises:
        ValueError: If tokens are not as expected; if a text has an unknown character (in encode).

    Example:
        >>> vocabulary = CharVocabulary.fit("hello")
        >>> vocabulary.tokens, vocabulary.encode("hole").tolist()
        (['e', 'h', 'l', 'o'], [1, 3, 2, 0])
    """

    settings = {"special": [str], "unknown": str}
    optional = ("unknown",)

    def __init__(
        self, tokens: Iterable[str], special: Sequence[str] = (), unknown: str | None = None
    ) -> None:
        super().__init__(tokens)
        self.special = list(special)
        self.unknown = unknown
        first, characters = self.tokens[: len(special)], self.tokens[len(special) :]
        if first != self.special or any(len(c) != 1 for c in characters):
            raise ValueError(
                "CharVocabulary: expected the special tokens, then single characters; "
                "CharVocabulary.fit(text) makes them from a text"
            )
        if unknown is not None and unknown not in characters:
            raise ValueError(f"CharVocabulary: unknown={unknown!r} is none of its characters")
        code_points = np.array([ord(c) for c in characters], np.int64)
        self.id_of_code_point = np.full(code_points.max(initial=0) + 1, -1, np.int64)
        self.id_of_code_point[code_points] = np.arange(len(characters)) + len(self.special)

    @classmethod
    def fit(
        cls, text: str | Iterable[str], special: Sequence[str] = (), unknown: str | None = None
    ) -> Self:
        """The characters of a text, or of several, in the order of their code points.

        Args:
            text: One text or several.
            special: Tokens that come first.
            unknown: The character that stands for unknown ones.

        Raises:
            ValueError: If there is no character.
        """
        characters = set(text) if isinstance(text, str) else set().union(*text)
        if not characters:
            raise ValueError(
                "CharVocabulary.fit: the text is empty, there is no character to number"
            )
        characters |= set(unknown or "")
        return cls([*special, *sorted(characters)], special, unknown)

    def encode(self, text: str) -> np.ndarray:
        """The ids (T,) of a text, one per character.

        Args:
            text: One text.

        Raises:
            ValueError: If a character is not in the vocabulary and there is no unknown token.
        """
        self._check_one_text(text)
        code_points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
        code_points = code_points.astype(np.int64)
        table = self.id_of_code_point
        ids = table[np.minimum(code_points, len(table) - 1)]
        ids = np.where(code_points < len(table), ids, -1)
        missing = np.flatnonzero(ids < 0)
        if missing.size and self.unknown is None:
            position = missing[0]
            raise ValueError(
                f"CharVocabulary: {text[position]!r} at position {position} is not among its "
                f"{len(self)} tokens: fit it on all of the text, replace the character, or name a "
                "stand-in with unknown="
            )
        ids[missing] = self.ids.get(self.unknown or "", -1)
        return ids

    def decode(self, ids: Any) -> str:
        """The text of ids (T,), without special tokens.

        Args:
            ids: The ids of one text.
        """
        special = set(self.special)
        return "".join(token for token in self.tokens_of(ids) if token not in special)


class WordVocabulary(Vocabulary):
    """Words numbered from 1 by falling frequency, as Keras's Tokenizer does; 0 is padding.

    Of two equally frequent words the one seen first comes first.

    Args:
        tokens: Padding (""), the oov_token if there is one, then the words.
        num_words: Only ids below are used; None for all.
        filters: Characters that count as `split`.
        lower: True to fold case.
        split: The string between words.
        oov_token: The token of words that are not used, with id 1; None to leave them out.

    Raises:
        ValueError: If tokens are not as expected, or num_words leaves no id for a word.

    Example:
        >>> vocabulary = WordVocabulary.fit(["The cat sat.", "A cat!"])
        >>> vocabulary.tokens, vocabulary.encode("a big cat").tolist()
        (['', 'cat', 'the', 'sat', 'a'], [4, 1])
    """

    settings = {"num_words": int, "filters": str, "lower": bool, "split": str, "oov_token": str}
    optional = ("num_words", "oov_token")
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
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.oov_token = oov_token
        self.separators = str.maketrans(dict.fromkeys(filters, split))
        if num_words is not None and num_words < (2 if oov_token is None else 3):
            oov = "" if oov_token is None else f" and 1 is {oov_token!r}"
            raise ValueError(
                f"WordVocabulary: num_words={num_words} leaves no id for a word: 0 is padding{oov}"
            )
        first = [self.padding, oov_token] if oov_token else [self.padding]
        if self.tokens[: len(first)] != first:
            raise ValueError(
                "WordVocabulary: expected padding, the oov_token if there is one, then words; "
                "WordVocabulary.fit(texts) makes them from texts"
            )

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
        """The words of many texts; the other arguments are those of the class.

        Args:
            texts: The texts to count words in.
            num_words: Only ids below are used; None for all.
            filters: Characters that count as `split`.
            lower: True to fold case.
            split: The string between words.
            oov_token: The token of words that are not used.

        Raises:
            TypeError: If texts is one text.
            ValueError: If there is no word.
        """
        if isinstance(texts, str):
            raise TypeError("WordVocabulary.fit takes many texts, got one: put it into a list")
        first = [cls.padding] if oov_token is None else [cls.padding, oov_token]
        rules = cls(first, num_words, filters, lower, split, oov_token)
        counts = Counter(word for text in texts for word in rules.words(text))
        counts.pop(oov_token or "", None)
        if not counts:
            raise ValueError("WordVocabulary.fit: the texts hold no word to number")
        by_frequency = sorted(counts, key=lambda word: -counts[word])  # ties keep their order
        return cls([*first, *by_frequency], num_words, filters, lower, split, oov_token)

    def __len__(self) -> int:
        """The number of ids in use, padding included: the input_dim of an Embedding."""
        return min(len(self.tokens), self.num_words or len(self.tokens))

    def words(self, text: str) -> list[str]:
        """The words of a text, known or not.

        Args:
            text: One text.
        """
        folded = text.lower() if self.lower else text
        return [word for word in folded.translate(self.separators).split(self.split) if word]

    def encode(self, text: str) -> np.ndarray:
        """The ids (T,) of the words of a text.

        Args:
            text: One text.
        """
        self._check_one_text(text)
        end = len(self)
        oov_id = 0 if self.oov_token is None else 1
        found = [self.ids.get(word, end) for word in self.words(text)]
        known = [i if i < end else oov_id for i in found]
        return np.array([i for i in known if i], np.int64)

    def decode(self, ids: Any) -> str:
        """The words of ids (T,), without padding.

        Args:
            ids: The ids of one text.
        """
        return self.split.join(token for token in self.tokens_of(ids) if token)


# ---- files of other libraries --------------------------------------------------------------------


def tokens_in_order(ids: dict[str, int], path: PathLike) -> list[str]:
    """The tokens of a vocabulary by their ids, which must run from 0 on.

    Args:
        ids: {token: id}.
        path: The file, for the error.

    Raises:
        ValueError: If an id is no number, or one is missing.

    Example:
        >>> tokens_in_order({"b": 1, "a": 0}, "vocab.json")
        ['a', 'b']
    """
    entry({"vocabulary": ids}, "vocabulary", {str: int}, path)
    if sorted(ids.values()) != list(range(len(ids))):
        raise ValueError(
            f"{path}: the ids of the vocabulary do not run from 0 to {len(ids) - 1}, each once"
        )
    return sorted(ids, key=ids.__getitem__)


def read_tokenizer_model(
    path: PathLike, kind: str, what: str
) -> tuple[dict[str, Any], dict[str, int]]:
    """(the model, the ids of added tokens) of Hugging Face's tokenizer.json.

    Args:
        path: The file.
        kind: The type of the model: "BPE" or "WordPiece".
        what: What is expected there, for the error.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it holds a tokenizer of another type.
    """
    content = {"added_tokens": []} | read_json(path, what)
    model = {"type": kind} | entry(content, "model", dict, path)
    if model["type"] != kind:
        raise ValueError(f"{path} holds a {model['type']!s:.50} tokenizer, not {kind}")
    added = {}
    for token in entry(content, "added_tokens", [dict], path):
        added[entry(token, "content", str, path)] = entry(token, "id", int, path)
    return model, added
