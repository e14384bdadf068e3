"""Reuters news of 1987 in Keras's format, by topic, fetched once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..arguments import explains_arguments
from ..utils.files import read_json, read_npz
from .imdb import limit_words
from .keras_files import read_or_fetch, shuffled_split
from .pickled_lists import read_lists
from .preparation import Split

DIGEST = "sha256:d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
WORDS_DIGEST = "md5:4d44cc38712099c9e383dc6e5f11a921"
INSTEAD = "use the embedded minigrad.datasets.reviews.load_data()"


@explains_arguments
def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> Split:
    """(news, topics): 11,228 texts as lists of word ids, in Keras's order; see `imdb.load_data`.

    Args:
        path: The file, under $MINIGRAD_HOME or ~/.minigrad, or its whole path.
        num_words: Ids from here on count as unknown; None for no limit.
        skip_top: Ids below count as unknown.
        maxlen: Texts of this many words or more are left out; None for no limit.
        test_split: Share of the texts for testing.
        seed: Seed of the order.
        start_char: Id that begins each text; None for none.
        oov_char: Id of unknown words; None to leave them out.
        index_from: Number that is added to the ranks.

    Shape:
        news: (N,) of lists; topics: (N,) in 0..45

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.

    Example:
        >>> (x, y), (x_test, y_test) = load_data(num_words=10000)  # doctest: +SKIP
    """
    texts, topics = read_or_fetch(path, DIGEST, _read, "Reuters", INSTEAD)
    start = [] if start_char is None else [start_char]
    rows = np.empty(len(texts), object)
    rows[:] = [start + [word + index_from for word in text] for text in texts]
    (x, y), _ = shuffled_split(rows, topics, 0, seed)
    kept = [i for i, row in enumerate(x) if maxlen is None or len(row) < maxlen]
    high = float("inf") if num_words is None else num_words
    limited = np.empty(len(kept), object)
    limited[:] = [limit_words(x[i], skip_top, high, oov_char) for i in kept]
    cut = int(len(kept) * (1 - test_split))
    topics = y[kept]
    return (limited[:cut], topics[:cut]), (limited[cut:], topics[cut:])


@explains_arguments
def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """{word: its rank by frequency, from 1}; in texts it is moved up by `index_from`.

    Args:
        path: The file, under $MINIGRAD_HOME or ~/.minigrad, or its whole path.

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.

    Example:
        >>> get_word_index()["the"]  # doctest: +SKIP
        1
    """

    def read(path: Path) -> dict[str, int]:
        return dict(read_json(path, "word index of Reuters"))

    return read_or_fetch(path, WORDS_DIGEST, read, "Reuters' words", INSTEAD)


def _read(path: Path) -> tuple[list[list[int]], np.ndarray]:
    """The texts and topics."""
    topics = read_npz(path, {"y": 1})["y"]
    texts = read_lists(path, "x")
    if len(texts) != len(topics):
        raise ValueError(f"{len(texts)} texts beside {len(topics)} topics")
    return texts, topics
