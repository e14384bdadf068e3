"""Augmentation of texts: the four operations of EDA (Wei & Zou 2019), and back-translation.

Each takes one text, a list or an array of texts and returns the same kind; labels beside them pass
through. A text is split into words at white space.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...arguments import ExplainsArguments
from ...generators import generator, rowwise

# groups of words that mean the same
_GROUPS = """
good fine nice pleasant|great excellent superb outstanding|wonderful marvellous splendid
bad poor lousy|awful terrible dreadful horrible|boring dull tedious|funny amusing comical
silly foolish daft|sad unhappy sorrowful|happy glad cheerful|beautiful lovely pretty
ugly unsightly hideous|big large huge|small little tiny|quick fast rapid|slow sluggish unhurried
strong powerful mighty|weak feeble frail|clever smart bright|stupid dumb brainless
strange odd peculiar|new fresh novel|old aged ancient|easy simple effortless
hard difficult tough|important significant essential|interesting engaging absorbing
moving touching stirring|cheap inexpensive|expensive costly pricey|quiet silent still
loud noisy deafening|afraid scared frightened|angry furious cross|tired weary exhausted
film movie picture|story tale narrative|plot storyline|actor performer player
ending finale conclusion|director filmmaker|music score soundtrack|scene sequence
script screenplay|book volume|child kid youngster|house home dwelling|car automobile vehicle
street road lane|job work task|friend companion pal|way manner method|idea thought notion
mistake error fault|answer reply response|question query|help aid assist|begin start commence
end finish conclude|buy purchase acquire|say state remark|tell inform notify|look gaze glance
see notice observe|think believe suppose|like enjoy appreciate|love adore cherish
hate detest loathe|make create produce|show display exhibit|use employ utilise
get obtain receive|give hand offer|keep retain hold|need require|try attempt|walk stroll wander
run sprint dash|laugh giggle chuckle|cry weep sob|shout yell scream|choose select pick
very really extremely|often frequently regularly|always constantly forever|almost nearly
maybe perhaps possibly|quickly rapidly swiftly
"""
SYNONYMS: dict[str, list[str]] = {
    word: [other for other in words if other != word]
    for words in (group.split() for line in _GROUPS.split("\n") for group in line.split("|"))
    for word in words
}
STOP_WORDS = frozenset(
    str.split("""
a an the and or but if while of at by for with about to from in out on off over under again then
once here there when where why how all any both each few more most other some such no nor not only
own same so than too can will just i me my we our you your he him his she her it its they them
their what which who this that these those am is are was were be been being have has had do does
did
""")
)
PUNCTUATION = ".,;:!?\"'()[]{}<>-–—…“”‘’"


def dictionary_form(word: str) -> str:
    """A word in lower case, without punctuation around it.

    Args:
        word: A word of a text.

    Example:
        >>> dictionary_form("(Good!")
        'good'
    """
    return word.strip(PUNCTUATION).lower()


class TextAugmentation(metaclass=ExplainsArguments):
    """A random change of each text; an empty text stays as it is.

    A subclass defines `change`, which gets the words of one text, at least one.

    Args:
        alpha: Fraction of the words that change, 0..1.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.

    Raises:
        ValueError: If alpha is outside of 0..1.
        TypeError: If something other than texts is passed (when called).
    """

    def __init__(self, alpha: float = 0.1, seed: int | None = None) -> None:
        if not 0 <= alpha <= 1:
            raise ValueError(
                f"{type(self).__name__}: alpha is the fraction of a text's words that change, "
                f"0..1, not {alpha!r}"
            )
        self.alpha = alpha
        self.generator = None if seed is None else np.random.default_rng(seed)

    def __call__(self, texts: Any, *rest: Any) -> Any:
        """The texts changed; with `rest` (labels, weights) a tuple (texts, *rest)."""
        many = [texts] if isinstance(texts, str) else list(texts)
        for text in many:
            if not isinstance(text, str):
                raise TypeError(
                    f"{type(self).__name__} changes texts, got {type(text).__name__}: "
                    "augment before they become ids"
                )
        y: Any = self.change_all(many, rowwise(self.generator or generator()))
        if isinstance(texts, str):
            y = y[0]
        elif isinstance(texts, np.ndarray):
            y = np.array(y, object)
        return (y, *rest) if rest else y

    def change_all(self, texts: list[str], rng: np.random.Generator) -> list[str]:
        """All texts, each changed by itself."""
        changed = []
        for text in texts:
            words = text.split()
            changed.append(" ".join(self.change(words, rng)) if words and self.alpha else text)
        return changed

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        """The words of one text, changed.

        Args:
            words: At least one word.
            rng: Generator to draw from.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define change")

    def count(self, words: list[str]) -> int:
        """The number of changes: the fraction alpha of the words, one at least."""
        return max(1, int(self.alpha * len(words)))


class SynonymReplacement(TextAugmentation):
    """Replaces words, other than stop words, by synonyms; capitals and punctuation stay.

    Args:
        alpha: Fraction of the words that change.
        synonyms: {word: its synonyms}, in lower case; None for the embedded SYNONYMS, some 220
            words of everyday life and of film reviews.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If alpha or the synonyms do not fit.

    References:
        Wei & Zou 2019, arXiv:1901.11196.

    Example:
        >>> SynonymReplacement(synonyms={"good": ["fine"]})("A Good film.")
        'A Fine film.'
    """

    def __init__(
        self,
        alpha: float = 0.1,
        synonyms: Mapping[str, Sequence[str]] | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(alpha, seed)
        self.synonyms = SYNONYMS if synonyms is None else synonyms
        lists = self.synonyms.values() if isinstance(self.synonyms, Mapping) else ()
        if not lists or not all(found and not isinstance(found, str) for found in lists):
            raise ValueError(
                f"{type(self).__name__}: synonyms is a dict of words, "
                "each with a list of at least one synonym"
            )

    def candidates(self, words: list[str], rng: np.random.Generator) -> list[int]:
        """The positions of words that have synonyms, in random order."""
        forms = [dictionary_form(word) for word in words]
        positions = [
            i for i, form in enumerate(forms) if form in self.synonyms and form not in STOP_WORDS
        ]
        return [positions[i] for i in rng.permutation(len(positions))]

    def synonym(self, word: str, rng: np.random.Generator) -> str:
        """One of the synonyms of a word."""
        found = self.synonyms[dictionary_form(word)]
        return found[int(rng.integers(len(found)))]

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        words = list(words)
        for i in self.candidates(words, rng)[: self.count(words)]:
            core = words[i].strip(PUNCTUATION)
            synonym = self.synonym(words[i], rng)
            if core.isupper() and len(core) > 1:
                synonym = synonym.upper()
            elif core[0].isupper():
                synonym = synonym.capitalize()
            words[i] = words[i].replace(core, synonym, 1)
        return words


class RandomInsertion(SynonymReplacement):
    """Inserts synonyms of random words at random places; the words themselves stay.

    Args:
        alpha: Number of insertions as a fraction of the words.
        synonyms: {word: its synonyms}, in lower case; None for the embedded SYNONYMS.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If alpha or the synonyms do not fit.

    References:
        Wei & Zou 2019, arXiv:1901.11196.

    Example:
        >>> len(RandomInsertion(synonyms={"good": ["fine"]})("a good film").split())
        4
    """

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        changed = list(words)
        for _ in range(self.count(words)):
            for i in self.candidates(words, rng)[:1]:
                position = int(rng.integers(len(changed) + 1))
                changed.insert(position, self.synonym(words[i], rng))
        return changed


class RandomSwap(TextAugmentation):
    """Swaps two random words, repeatedly.

    Args:
        alpha: Number of swaps as a fraction of the words.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If alpha is outside of 0..1.

    References:
        Wei & Zou 2019, arXiv:1901.11196.

    Example:
        >>> RandomSwap()("good film")
        'film good'
    """

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        words = list(words)
        for _ in range(self.count(words) if len(words) > 1 else 0):
            i, j = rng.choice(len(words), 2, replace=False)
            words[i], words[j] = words[j], words[i]
        return words


class RandomDeletion(TextAugmentation):
    """Deletes each word with probability alpha; if all would go, a random one stays.

    Args:
        alpha: The probability.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If alpha is outside of 0..1.

    References:
        Wei & Zou 2019, arXiv:1901.11196.

    Example:
        >>> RandomDeletion(1.0)("good good")
        'good'
    """

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        draws = rng.random(len(words))
        remaining = [word for word, draw in zip(words, draws) if draw >= self.alpha]
        return remaining or [words[int(rng.integers(len(words)))]]


class EasyAugmentation(TextAugmentation):
    """EDA: one of the four operations per text, drawn at random.

    Args:
        alpha: The alpha of all operations.
        synonyms: {word: its synonyms}, in lower case; None for the embedded SYNONYMS.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If alpha or the synonyms do not fit.

    References:
        Wei & Zou 2019, arXiv:1901.11196.

    Example:
        >>> len(EasyAugmentation()(["a good film", "a bad film"]))
        2
    """

    def __init__(
        self,
        alpha: float = 0.1,
        synonyms: Mapping[str, Sequence[str]] | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(alpha, seed)
        self.operations = [
            SynonymReplacement(alpha, synonyms),
            RandomInsertion(alpha, synonyms),
            RandomSwap(alpha),
            RandomDeletion(alpha),
        ]

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        return self.operations[int(rng.integers(4))].change(words, rng)


class BackTranslation(TextAugmentation):
    """Texts translated to another language and back, by two functions of yours.

    minigrad has no translator: the functions may call a model or a service.

    Args:
        there: Maps a list of texts to a list of the same length, in the other language.
        back: Maps it back.
        alpha: Fraction of the texts that change.
        seed: Seed of a generator of its own.

    Raises:
        TypeError: If there or back cannot be called.
        ValueError: If a function does not return as many texts as it gets (when called).

    Example:
        >>> BackTranslation(lambda texts: [text.upper() for text in texts], list)(["a film"])
        ['A FILM']
    """

    def __init__(
        self,
        there: Callable[[list[str]], Sequence[str]],
        back: Callable[[list[str]], Sequence[str]],
        alpha: float = 1.0,
        seed: int | None = None,
    ) -> None:
        super().__init__(alpha, seed)
        if not callable(there) or not callable(back):
            raise TypeError(
                "BackTranslation: expected two functions, there and back, "
                "that translate a list of texts"
            )
        self.there = there
        self.back = back

    def change_all(self, texts: list[str], rng: np.random.Generator) -> list[str]:
        draws = rng.random(len(texts))
        chosen = [i for i, text in enumerate(texts) if draws[i] < self.alpha and text.strip()]
        if not chosen:
            return list(texts)
        abroad = _translate("there", self.there, [texts[i] for i in chosen])
        translated = _translate("back", self.back, abroad)
        changed = list(texts)
        for i, text in zip(chosen, translated):
            changed[i] = text
        return changed


def _translate(name: str, function: Callable[..., Any], texts: list[str]) -> list[str]:
    """The translated texts; raises ValueError unless there are as many."""
    translated = list(function(texts))
    if len(translated) != len(texts) or not all(isinstance(text, str) for text in translated):
        kinds = sorted({type(text).__name__ for text in translated})
        raise ValueError(
            f"BackTranslation: {name} was given {len(texts)} texts and gave {len(translated)} of "
            f"{kinds}: expected as many texts"
        )
    return translated
