"""Solutions of lesson 18, attention: who looks at whom."""

import math

import numpy as np

# ---- 1: attention --------------------------------------------------------------------------------


def answer_1(q, k, v):
    """softmax(q @ k.T / sqrt(d)) @ v."""
    return shares_of(q @ k.T / math.sqrt(q.shape[1])) @ v


def shares_of(scores):
    """The softmax of each row."""
    exponentials = np.exp(scores - scores.max(1, keepdims=True))
    return exponentials / exponentials.sum(1, keepdims=True)


def check_1(answer):
    q = np.array([[0.0, 2, 0, 0], [2, 0, 2, 0], [2, 0, 1, 0]])
    k = np.array([[2.0, 0, 0, 0], [0, 2, 0, 1], [0, 0, 2, 0]])
    v = np.array([[1.0, 0], [0, 1], [0, 0]])
    got = np.asarray(answer(q, k, v))
    assert got.shape == (3, 2), f"one row per query and as wide as a value: (3, 2), got {got.shape}"
    assert np.allclose(got[2], [0.6652, 0.0900], atol=1e-3), (
        f'the word "it" of the lesson gets (0.665, 0.090), got {got[2].round(3)}: divide by '
        "sqrt(d), then take the softmax along each row"
    )
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(4, 9)), rng.normal(size=(6, 9)), rng.normal(size=(6, 5))
    got = np.asarray(answer(q, k, v))
    assert got.shape == (4, 5), f"4 queries and 6 keys with values of 5: (4, 5), got {got.shape}"
    assert np.allclose(got, answer_1(q, k, v)), "with 9 numbers per key, divide by sqrt(9)"
    with np.errstate(all="ignore"):
        got = np.asarray(answer(1000 * q, 1000 * k, v))
    assert np.isfinite(got).all(), "large scores overflow: subtract the largest score of each row"
    assert np.allclose(got, answer_1(1000 * q, 1000 * k, v))


def not_divided(q, k, v):
    """Forgets the scale."""
    return shares_of(q @ k.T) @ v


def divided_by_d(q, k, v):
    """Divides by d, not by its root."""
    return shares_of(q @ k.T / q.shape[1]) @ v


def along_columns(q, k, v):
    """A softmax along the wrong axis."""
    return shares_of((q @ k.T).T / math.sqrt(q.shape[1])).T @ v


def overflows(q, k, v):
    """Does not subtract the largest score."""
    exponentials = np.exp(q @ k.T / math.sqrt(q.shape[1]))
    return exponentials / exponentials.sum(1, keepdims=True) @ v


wrong_1 = [not_divided, divided_by_d, along_columns, overflows]

# ---- 2: the causal mask --------------------------------------------------------------------------


def answer_2(T):
    """(T, T), True on the diagonal and below it."""
    return np.arange(T) <= np.arange(T)[:, None]


def check_2(answer):
    mask = np.asarray(answer(4))
    assert mask.shape == (4, 4), f"expected the shape (4, 4), got {mask.shape}"
    assert mask.dtype == bool, f"a mask holds booleans, got {mask.dtype}"
    assert mask.diagonal().all(), "each word may look at itself"
    assert not mask[0, 1:].any(), "the first word may look at no later word"
    assert mask[3].all(), "the last word may look at all words"
    assert (mask == np.tril(np.ones((4, 4), bool))).all(), "True on the diagonal and below it"
    assert np.asarray(answer(1)).tolist() == [[True]], "a single word looks at itself"


def looks_ahead(T):
    """The transposed mask."""
    return answer_2(T).T


def without_itself(T):
    """Hides the word itself."""
    return np.arange(T) < np.arange(T)[:, None]


def as_numbers(T):
    """Numbers instead of booleans."""
    return np.tril(np.ones((T, T)))


wrong_2 = [looks_ahead, without_itself, as_numbers]

# ---- 3: the padding mask -------------------------------------------------------------------------


def answer_3(lengths, T):
    """(N, T), True at the first words of each row."""
    return np.arange(T) < np.asarray(lengths)[:, None]


def check_3(answer):
    mask = np.asarray(answer([3, 1, 4, 0], 4))
    assert mask.shape == (4, 4), f"expected the shape (4, 4), got {mask.shape}"
    assert mask.dtype == bool, f"a mask holds booleans, got {mask.dtype}"
    assert mask[0].tolist() == [True, True, True, False], (
        f"a row of 3 words is True, True, True, False; got {mask[0].tolist()}"
    )
    assert mask.sum(1).tolist() == [3, 1, 4, 0], "each row has as many True as it has real words"
    assert np.asarray(answer([2], 5)).tolist() == [[True, True, False, False, False]]


def one_too_many(lengths, T):
    """Counts the positions from 0 and the words from 1."""
    return np.arange(T) <= np.asarray(lengths)[:, None]


def other_way_round(lengths, T):
    """True at padding."""
    return ~answer_3(lengths, T)


def at_the_front(lengths, T):
    """As if padding were at the front."""
    return answer_3(lengths, T)[:, ::-1]


wrong_3 = [one_too_many, other_way_round, at_the_front]

# ---- 4: parameters of a block --------------------------------------------------------------------


def answer_4(width, inner):
    """Attention, the small network, two normalizations."""
    attention = 4 * (width * width + width)
    network = width * inner + inner + inner * width + width
    normalizations = 2 * 2 * width
    return attention + network + normalizations


def check_4(answer):
    got = answer(8, 32)
    assert got != 840, "there are two normalizations, each with a gain and a bias per number"
    assert got == 872, f"the block of the lesson (width 8, 32 inside) has 872, got {got}"
    got = answer(768, 3072)
    assert got == 7087872, f"a block of BERT base (width 768, 3072 inside) has 7,087,872, got {got}"
    assert answer(10, 7) == 4 * 110 + 70 + 7 + 70 + 10 + 40, "inner need not be 4 * width"


def without_normalization(width, inner):
    """Forgets gains and biases."""
    return answer_4(width, inner) - 4 * width


def three_matrices(width, inner):
    """Forgets W_o."""
    return answer_4(width, inner) - width * width - width


def always_four_times(width, inner):
    """Ignores inner."""
    return answer_4(width, 4 * width)


wrong_4 = [without_normalization, three_matrices, always_four_times]

# ---- 5: the vector of a position -----------------------------------------------------------------


def answer_5(position, d):
    """Sine and cosine for each of d / 2 speeds."""
    angles = position / 10000 ** (np.arange(0, d, 2) / d)
    return np.stack([np.sin(angles), np.cos(angles)], axis=1).ravel()


def check_5(answer):
    got = np.asarray(answer(0, 6), float)
    assert got.shape == (6,), f"expected 6 numbers, got the shape {got.shape}"
    assert np.allclose(got, [0, 1, 0, 1, 0, 1]), (
        f"position 0 is 0 1 0 1 0 1: sine and cosine take turns; got {got.round(3)}"
    )
    got = np.asarray(answer(1, 4), float)
    assert np.allclose(got, [0.8415, 0.5403, 0.0100, 1.0], atol=1e-3), (
        f"position 1 with 4 numbers is 0.841 0.540 0.010 1.000, got {got.round(3)}"
    )
    for position, d in ((7, 8), (100, 32)):
        got = np.asarray(answer(position, d), float)
        assert np.allclose(got, answer_5(position, d), atol=1e-6), (
            "pair i has the speed 1 / 10000 ** (2 * i / d)"
        )


def sines_then_cosines(position, d):
    """All sines, then all cosines."""
    return np.concatenate([answer_5(position, d)[0::2], answer_5(position, d)[1::2]])


def one_speed(position, d):
    """The same speed for all pairs."""
    return np.tile([math.sin(position), math.cos(position)], d // 2)


def half_the_exponent(position, d):
    """i / d instead of 2 i / d."""
    angles = position / 10000 ** (np.arange(d // 2) / d)
    return np.stack([np.sin(angles), np.cos(angles)], axis=1).ravel()


wrong_5 = [sines_then_cosines, one_speed, half_the_exponent]
