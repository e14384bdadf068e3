"""IMDB reviews in Keras's format, fetched once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..arguments import explains_arguments
from ..utils.files import parsing, read_json, read_npz
from .cache import cache_dir, check_digest, fetch
from .pickled_lists import read_lists
from .preparation import Split, as_labels

KERAS_DATA = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
REVIEWS_DIGEST = "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
WORDS_DIGEST = "md5:bfafd718b763782e994055a2d397834f"

Part = tuple[list[list[int]], np.ndarray]


@explains_arguments
def load_data(
    num_words: int | None = 10000,
    maxlen: int | None = None,
    skip_top: int = 0,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> Split:
    """(reviews, labels): 25,000 for training and 25,000 for testing, 1 for praise.

    A review is a list of word ids, which are ranks by frequency plus `index_from`; 0 is padding.
    Arguments and order are those of Keras's imdb.load_data. Keras's imdb.npz is fetched and kept
    under $MINIGRAD_HOME or ~/.minigrad.

    Args:
        num_words: Ids from here on count as unknown; None for no limit.
        maxlen: Reviews of this many words or more are left out; None for no limit.
        skip_top: Ids below count as unknown.
        seed: Seed of the order of reviews.
        start_char: Id that begins each review; None for none.
        oov_char: Id of unknown words; None to leave them out.
        index_from: Number that is added to the ranks.

    Shape:
        reviews: (N,) of lists; labels: (N,)

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.
        ValueError: If no word or no review is left.

    References:
        Maas et al. 2011, Learning word vectors for sentiment analysis.

    Example:
        >>> (x, y), (x_test, y_test) = load_data(num_words=5000)  # doctest: +SKIP
    """
    if num_words is not None and num_words <= skip_top:
        raise ValueError(
            f"imdb: no word lies between skip_top={skip_top} and num_words={num_words}"
        )
    high = float("inf") if num_words is None else num_words
    start = [] if start_char is None else [start_char]
    rng = np.random.RandomState(seed)  # Keras's generator: the same order
    parts = []
    for reviews, labels in _read_or_fetch(cache_dir() / "imdb.npz"):
        order = rng.permutation(len(reviews))
        rows = [start + [word + index_from for word in reviews[i]] for i in order]
        short = [i for i, row in enumerate(rows) if maxlen is None or len(row) < maxlen]
        if not short:
            raise ValueError(f"imdb: no review has fewer than maxlen={maxlen} words")
        x = np.empty(len(short), object)
        x[:] = [limit_words(rows[i], skip_top, high, oov_char) for i in short]
        parts.append((x, as_labels(labels[order[short]])))
    return parts[0], parts[1]


def limit_words(row: list[int], low: int, high: float, oov_char: int | None) -> list[int]:
    """The ids with those outside of low..high - 1 replaced, or left out if oov_char is None.

    Args:
        row: Ids.
        low: The first id that stays.
        high: The first id that does not.
        oov_char: What replaces them, or None.
    """
    if oov_char is None:
        return [word for word in row if low <= word < high]
    return [word if low <= word < high else oov_char for word in row]


def get_word_index() -> dict[str, int]:
    """{word: its rank by frequency, from 1}; in reviews it is moved up by `index_from`.

    Fetched and kept as imdb.npz is.

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.
        ValueError: If the file is another one.

    Example:
        >>> get_word_index()["the"]  # doctest: +SKIP
        1
    """
    path = cache_dir() / "imdb_word_index.json"
    if not path.is_file():
        fetch(
            KERAS_DATA + path.name,
            path,
            WORDS_DIGEST,
            f"IMDB's words: {path} is not there",
            "number the words of texts of your own: minigrad.data.WordVocabulary.fit",
        )
    with open(path, "rb") as file, parsing(path, "word index of IMDB"):
        check_digest(file, WORDS_DIGEST)
    return dict(read_json(path, "word index of IMDB"))


def _read_or_fetch(path: Path) -> list[Part]:
    """The training and the test part; fetched if they are not there or damaged."""
    try:
        return _read(path)
    except (OSError, ValueError) as damage:
        is_missing = isinstance(damage, FileNotFoundError)
        reason = "is not there" if is_missing else f"is damaged ({damage})"
        fetch(
            KERAS_DATA + "imdb.npz",
            path,
            REVIEWS_DIGEST,
            f"IMDB: {path} {reason}",
            "use the embedded minigrad.datasets.reviews.load_data(), "
            "whose sentiment depends on the order of words",
        )
        return _read(path)


def _read(path: Path) -> list[Part]:
    with open(path, "rb") as file:
        check_digest(file, REVIEWS_DIGEST)
    parts = []
    for name in ("train", "test"):
        labels = read_npz(path, {f"y_{name}": 1})[f"y_{name}"]
        reviews = read_lists(path, f"x_{name}")
        if labels.shape != (len(reviews),):
            raise ValueError(f"{len(reviews)} reviews beside labels of shape {labels.shape}")
        parts.append((reviews, labels))
    return parts
