"""Augmentation of texts: the four easy operations of EDA (Wei & Zou, 2019, arXiv:1901.11196), and back-translation as a hook.

Each is a callable on one text, a list or an array of texts, and gives the same kind back; what is given beside them (labels) is
handed through. A text falls into words at white space. Draws come from minigrad.seed, or with `seed=` from the object's own.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

import numpy as np

from ...random import generator

_GROUPS = """
good fine nice pleasant|great excellent superb outstanding|wonderful marvellous splendid|bad poor lousy|awful terrible dreadful horrible
boring dull tedious|funny amusing comical|silly foolish daft|sad unhappy sorrowful|happy glad cheerful|beautiful lovely pretty
ugly unsightly hideous|big large huge|small little tiny|quick fast rapid|slow sluggish unhurried|strong powerful mighty|weak feeble frail
clever smart bright|stupid dumb brainless|strange odd peculiar|new fresh novel|old aged ancient|easy simple effortless
hard difficult tough|important significant essential|interesting engaging absorbing|moving touching stirring|cheap inexpensive
expensive costly pricey|quiet silent still|loud noisy deafening|afraid scared frightened|angry furious cross|tired weary exhausted
film movie picture|story tale narrative|plot storyline|actor performer player|ending finale conclusion|director filmmaker
music score soundtrack|scene sequence|script screenplay|book volume|child kid youngster|house home dwelling|car automobile vehicle
street road lane|job work task|friend companion pal|way manner method|idea thought notion|mistake error fault|answer reply response
question query|help aid assist|begin start commence|end finish conclude|buy purchase acquire|say state remark|tell inform notify
look gaze glance|see notice observe|think believe suppose|like enjoy appreciate|love adore cherish|hate detest loathe
make create produce|show display exhibit|use employ utilise|get obtain receive|give hand offer|keep retain hold|need require
try attempt|walk stroll wander|run sprint dash|laugh giggle chuckle|cry weep sob|shout yell scream|choose select pick
very really extremely|often frequently regularly|always constantly forever|almost nearly|maybe perhaps possibly|quickly rapidly swiftly
"""
SYNONYMS: dict[str, list[str]] = {
    word: [other for other in words if other != word]
    for words in (group.split() for line in _GROUPS.split("\n") for group in line.split("|"))
    for word in words
}
STOP_WORDS = frozenset(
    str.split("""
a an the and or but if while of at by for with about to from in out on off over under again then once here there when where
why how all any both each few more most other some such no nor not only own same so than too can will just i me my we our you
your he him his she her it its they them their what which who this that these those am is are was were be been being have has
had do does did
""")
)


class TextAugmentation:
    """Base: `change` gets the words of one text, never none, and returns new ones. An empty text stays as it is."""

    def __init__(self, alpha: float = 0.1, seed: int | None = None) -> None:
        if not 0 <= alpha <= 1:
            raise ValueError(
                f"{type(self).__name__}: alpha is the share of a text's words that change, 0..1, not {alpha!r}"
            )
        self.alpha, self.rng = alpha, None if seed is None else np.random.default_rng(seed)

    def __call__(self, texts: Any, *rest: Any) -> Any:
        many = [texts] if isinstance(texts, str) else list(texts)
        strange = next((text for text in many if not isinstance(text, str)), None)
        if strange is not None:
            raise TypeError(
                f"{type(self).__name__} changes texts, got {type(strange).__name__}: augment before they become ids"
            )
        made = self.changed(many, self.rng or generator())
        y = (
            made[0]
            if isinstance(texts, str)
            else np.array(made, object)
            if isinstance(texts, np.ndarray)
            else made
        )
        return (y, *rest) if rest else y

    def changed(self, texts: list[str], rng: np.random.Generator) -> list[str]:
        """All texts, each changed by itself."""
        return [
            " ".join(self.change(text.split(), rng)) if text.split() and self.alpha else text
            for text in texts
        ]

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        """The words of one text, changed."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it changes")

    def times(self, words: list[str]) -> int:
        """How many changes: the share alpha of the words, one at least."""
        return max(1, int(self.alpha * len(words)))


class SynonymReplacement(TextAugmentation):
    """A share `alpha` of the words, no stop words, each replaced by one of its synonyms; capitals and punctuation stay.

    `synonyms` is {word: its synonyms}, in lower case; the embedded SYNONYMS has some 220 words of everyday and of film reviews.
    """

    def __init__(
        self,
        alpha: float = 0.1,
        synonyms: Mapping[str, Sequence[str]] | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(alpha, seed)
        self.synonyms = SYNONYMS if synonyms is None else synonyms
        if not self.synonyms or any(
            isinstance(found, str) or not found for found in self.synonyms.values()
        ):
            raise ValueError(
                f"{type(self).__name__}: synonyms is a dict of words, each with a list of at least one synonym"
            )

    def candidates(self, words: list[str], rng: np.random.Generator) -> list[int]:
        """The places of words that have synonyms, in random order."""
        places = [
            i
            for i, word in enumerate(words)
            if (core := _core(word)) in self.synonyms and core not in STOP_WORDS
        ]
        return [places[i] for i in rng.permutation(len(places))]

    def synonym(self, word: str, rng: np.random.Generator) -> str:
        """One of the synonyms of a word."""
        found = self.synonyms[_core(word)]
        return found[int(rng.integers(len(found)))]

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        words = list(words)
        for i in self.candidates(words, rng)[: self.times(words)]:
            new, core = self.synonym(words[i], rng), words[i].strip(PUNCTUATION)
            new = (
                new.upper()
                if core.isupper() and len(core) > 1
                else new.capitalize()
                if core[0].isupper()
                else new
            )
            words[i] = words[i].replace(core, new, 1)
        return words


class RandomInsertion(SynonymReplacement):
    """Synonyms of random words, a share `alpha` of their number, inserted at random places; the words themselves stay."""

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        out = list(words)
        for _ in range(self.times(words)):
            for i in self.candidates(words, rng)[:1]:
                out.insert(int(rng.integers(len(out) + 1)), self.synonym(words[i], rng))
        return out


class RandomSwap(TextAugmentation):
    """Two random words change places, as often as the share `alpha` of the words."""

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        words = list(words)
        for _ in range(self.times(words) if len(words) > 1 else 0):
            i, j = rng.choice(len(words), 2, replace=False)
            words[i], words[j] = words[j], words[i]
        return words


class RandomDeletion(TextAugmentation):
    """Each word goes with probability `alpha`; if all would, a random one stays."""

    def change(self, words: list[str], rng: np.random.Generator) -> list[str]:
        kept = [word for word, draw in zip(words, rng.random(len(words))) if draw >= self.alpha]
        return kept or [words[int(rng.integers(len(words)))]]


class EasyAugmentation(TextAugmentation):
    """EDA: each text undergoes one of the four operations, drawn at random, all with the same `alpha`."""

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
    """Texts to another language and back, by two functions that you have: each maps a list of texts to a list as long.

    minigrad has no translator: `there` and `back` may call a model or a service. `alpha` is the share of texts that go.
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
                "BackTranslation: expected two functions, there and back, that translate a list of texts"
            )
        self.there, self.back = there, back

    def changed(self, texts: list[str], rng: np.random.Generator) -> list[str]:
        chosen = [
            i
            for i, draw in enumerate(rng.random(len(texts)))
            if draw < self.alpha and texts[i].strip()
        ]
        moved = [texts[i] for i in chosen]
        for name, translate in (("there", self.there), ("back", self.back)):
            moved, n = list(translate(moved)) if moved else moved, len(moved)
            if len(moved) != n or not all(isinstance(text, str) for text in moved):
                raise ValueError(
                    f"BackTranslation: {name} was given {n} texts and gave {len(moved)} of "
                    f"{sorted({type(text).__name__ for text in moved})}: expected as many texts"
                )
        out = list(texts)
        for i, text in zip(chosen, moved):
            out[i] = text
        return out


PUNCTUATION = ".,;:!?\"'()[]{}<>-–—…“”‘’"


def _core(word: str) -> str:
    """A word as it stands in a dictionary: lower case, no punctuation around it."""
    return word.strip(PUNCTUATION).lower()
