"""Solutions of lesson 17, text: from words to numbers."""

from collections import Counter

import numpy as np

# ---- 1: a vocabulary -----------------------------------------------------------------------------


def answer_1(texts):
    """Each word's id, from 2 on, by falling frequency."""
    counts = Counter(word for text in texts for word in text.lower().split())
    return {word: i + 2 for i, (word, _) in enumerate(counts.most_common())}


def check_1(answer):
    ids = answer(["the plot was good", "The end was bad the end"])
    assert isinstance(ids, dict), "return a dictionary from words to ids"
    assert "The" not in ids, "make all letters small before counting"
    assert sorted(ids.values()) == list(range(2, 8)), (
        "six words need the ids 2, 3, ..., 7, each once: 0 is padding and 1 is unknown"
    )
    assert ids["the"] == 2, '"the" occurs three times, so it gets the first id, 2'
    assert (ids["was"], ids["end"]) == (3, 4), (
        '"was" and "end" occur twice; "was" was seen first, so it is 3 and "end" is 4'
    )
    assert (ids["plot"], ids["good"], ids["bad"]) == (5, 6, 7), "equally frequent: first seen first"


def from_zero(texts):
    """Forgets that 0 and 1 are taken."""
    return {word: i - 2 for word, i in answer_1(texts).items()}


def by_first_sight(texts):
    """Numbers the words as they come."""
    words = dict.fromkeys(word for text in texts for word in text.lower().split())
    return {word: i + 2 for i, word in enumerate(words)}


def capital_letters(texts):
    """Counts "The" and "the" apart."""
    counts = Counter(word for text in texts for word in text.split())
    return {word: i + 2 for i, (word, _) in enumerate(counts.most_common())}


wrong_1 = [from_zero, by_first_sight, capital_letters]

# ---- 2: padding at the end -----------------------------------------------------------------------


def answer_2(rows, length):
    """Ids (N, length), 0 behind the end of a row."""
    padded = np.zeros((len(rows), length), int)
    for target, row in zip(padded, rows):
        kept = row[:length]
        target[: len(kept)] = kept
    return padded


def check_2(answer):
    padded = np.asarray(answer([[5, 6, 7], [8], [9, 4, 3, 2, 5]], 4))
    assert padded.shape == (3, 4), f"expected the shape (3, 4), got {padded.shape}"
    assert padded.dtype.kind in "iu", f"ids are integers, got {padded.dtype}"
    assert padded[0].tolist() == [5, 6, 7, 0], "a short row gets its zeros at the end"
    assert padded[1].tolist() == [8, 0, 0, 0], "a short row gets as many zeros as are missing"
    assert padded[2].tolist() == [9, 4, 3, 2], "of a long row the end is cut off"
    assert np.asarray(answer([[], [1]], 2)).tolist() == [[0, 0], [1, 0]], "a row may be empty"


def pad_first(rows, length):
    """Padding at the front."""
    padded = np.zeros((len(rows), length), int)
    for target, row in zip(padded, rows):
        kept = row[:length]
        target[length - len(kept) :] = kept
    return padded


def cut_first(rows, length):
    """Cuts off the beginning."""
    return answer_2([row[-length:] for row in rows], length)


wrong_2 = [pad_first, cut_first]

# ---- 3: the most frequent pair -------------------------------------------------------------------


def answer_3(words):
    """The pair of neighbors with the largest count."""
    pairs = Counter()
    for pieces, count in words.items():
        for pair in zip(pieces, pieces[1:]):
            pairs[pair] += count
    return pairs.most_common(1)[0][0]


def check_3(answer):
    words = {("t", "e", "n"): 4, ("t", "e", "n", "t"): 2, ("h", "e", "n"): 3}
    assert tuple(answer(words)) == ("e", "n"), '"e n" is in all three words: 9 times'
    words = {("a", "b"): 7, ("c", "d"): 1, ("c", "d", "e"): 1, ("f", "c", "d"): 1}
    assert tuple(answer(words)) == ("a", "b"), (
        '"a b" is in one word, but this word occurs 7 times: count each word as often as it occurs'
    )
    words = {("t", "e"): 3, ("e", "t"): 4}
    assert tuple(answer(words)) == ("e", "t"), 'a pair has an order: "t e" is another one'
    words = {("un", "f", "it"): 2, ("f", "it", "f", "it"): 2, ("un", "do"): 3}
    assert tuple(answer(words)) == ("f", "it"), (
        'a pair may occur twice in a word: "f it" has 2 + 2 * 2, and pieces may be long'
    )


def each_word_once(words):
    """Ignores how often a word occurs."""
    return answer_3(dict.fromkeys(words, 1))


def letters_alone(words):
    """The most frequent pieces, neighbors or not."""
    counts = Counter()
    for pieces, count in words.items():
        for piece in pieces:
            counts[piece] += count
    return tuple(piece for piece, _ in counts.most_common(2))


wrong_3 = [each_word_once, letters_alone]

# ---- 4: the mean of what is real -----------------------------------------------------------------


def answer_4(vectors, mask):
    """Mean over the real vectors, (N, D)."""
    mask = np.asarray(mask, bool)
    total = np.where(mask[..., None], vectors, 0).sum(1)
    count = mask.sum(1, keepdims=True)
    return total / np.maximum(count, 1)


def check_4(answer):
    vectors = np.array(
        [
            [[2.0, 0.0], [4.0, 2.0], [9.0, 9.0]],
            [[1.0, 1.0], [2.0, 3.0], [3.0, 5.0]],
            [[7.0, 7.0], [7.0, 7.0], [7.0, 7.0]],
        ]
    )
    mask = np.array([[True, True, False], [True, True, True], [False, False, False]])
    with np.errstate(all="ignore"):
        means = np.asarray(answer(vectors.copy(), mask))
    assert means.shape == (3, 2), f"expected one vector per row, (3, 2), got {means.shape}"
    assert np.allclose(means[0], [3, 1]), (
        f"(2, 0) and (4, 2) are real, their mean is (3, 1), got {means[0]}: leave padding out of "
        "the sum and out of the count"
    )
    assert np.allclose(means[1], [2, 3]), f"without padding it is the plain mean, got {means[1]}"
    assert np.allclose(means[2], 0), f"a row without a real token gives zeros, got {means[2]}"


def plain_mean(vectors, mask):
    """The mean of all, padding too."""
    return vectors.mean(1)


def divided_by_all(vectors, mask):
    """Leaves padding out of the sum, but not out of the count."""
    return (vectors * mask[..., None]).mean(1)


def zero_by_zero(vectors, mask):
    """Divides zero by zero where nothing is real."""
    return (vectors * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)


wrong_4 = [plain_mean, divided_by_all, zero_by_zero]

# ---- 5: a number of parameters -------------------------------------------------------------------

answer_5 = 10000 * 128 + 4 * (128 * 64 + 64 * 64 + 64) + (64 * 32 + 32) + (32 * 1 + 1)


def check_5(answer):
    assert answer != 1331424, "each Dense has a bias as well: 32 and 1 numbers more"
    assert answer == 1331521, (
        f"got {answer}; the embedding has 10000 * 128, the LSTM 4 * (128 * 64 + 64 * 64 + 64), "
        "and a Dense has inputs * units + units"
    )


wrong_5 = [
    10000 * 128 + (128 * 64 + 64 * 64 + 64) + (64 * 32 + 32) + 33,  # one gate instead of four
    4 * (128 * 64 + 64 * 64 + 64) + (64 * 32 + 32) + 33,  # without the embedding
    10000 * 128 + 4 * (128 * 64 + 64 * 64 + 64) + 64 * 32 + 32,  # without the biases of Dense
]
