"""Solutions of lesson 23: answers, the checks that accept them, and typical mistakes."""

import numpy as np

# ---- 1. the weights of a modulated and demodulated convolution ----------------------------------


def answer_1(w, style):
    """Each input channel times its number, each filter divided by its length."""
    scaled = w * style[:, None]
    return scaled / np.sqrt((scaled**2).sum(axis=(0, 1, 2)))


def check_1(answer):
    """Compare with plain loops; the length of each filter must be 1."""
    chance = np.random.default_rng(0)
    w, style = chance.normal(size=(3, 3, 2, 4)), np.array([0.5, 3.0])
    got = np.asarray(answer(w.copy(), style.copy()))
    assert got.shape == w.shape, f"the weights have shape {got.shape} instead of {w.shape}"
    lengths = np.sqrt((got**2).sum(axis=(0, 1, 2)))
    assert np.allclose(lengths, 1, atol=1e-4), f"filters have lengths {lengths.round(3)}, not 1"
    for f in range(4):
        filter_ = np.stack([w[:, :, c, f] * style[c] for c in range(2)], axis=-1)
        expected = filter_ / np.sqrt((filter_**2).sum())
        assert np.allclose(got[..., f], expected, atol=1e-4), (
            f"filter {f} is wrong: scale the input channels first, then divide by the length"
        )


def _without_demodulation(w, style):
    return w * style[:, None]


def _length_of_everything(w, style):
    scaled = w * style[:, None]
    return scaled / np.sqrt((scaled**2).sum())


def _length_before_the_style(w, style):
    return w / np.sqrt((w**2).sum(axis=(0, 1, 2))) * style[:, None]


wrong_1 = [_without_demodulation, _length_of_everything, _length_before_the_style]

# ---- 2. style mixing -----------------------------------------------------------------------------


def answer_2(w_1, w_2, first):
    """The first layers from w_1, the others from w_2."""
    return np.concatenate([w_1[:first], w_2[first:]])


def check_2(answer):
    """Try every place to change over, and look at the inputs afterwards."""
    w_1, w_2 = np.arange(8.0).reshape(4, 2), 100 + np.arange(8.0).reshape(4, 2)
    kept_1, kept_2 = w_1.copy(), w_2.copy()
    for first in range(5):
        got = np.asarray(answer(w_1, w_2, first))
        assert got.shape == (4, 2), f"the mixed styles have shape {got.shape} instead of (4, 2)"
        for layer in range(4):
            expected = kept_1[layer] if layer < first else kept_2[layer]
            assert np.array_equal(got[layer], expected), (
                f"first = {first}: layer {layer} is {got[layer]} instead of {expected}"
            )
        unchanged = np.array_equal(w_1, kept_1) and np.array_equal(w_2, kept_2)
        assert unchanged, "the inputs have been changed: copy them"


def _other_way_round(w_1, w_2, first):
    return np.concatenate([w_2[:first], w_1[first:]])


def _one_layer_late(w_1, w_2, first):
    return np.concatenate([w_1[: first + 1], w_2[first + 1 :]])


def _in_place(w_1, w_2, first):
    w_1[first:] = w_2[first:]
    return w_1


wrong_2 = [_other_way_round, _one_layer_late, _in_place]

# ---- 3. the cycle loss ---------------------------------------------------------------------------


def answer_3(g, f, xs, ys):
    """Both ways round: X to Y to X, and Y to X to Y."""
    return np.mean(abs(f(g(xs)) - xs)) + np.mean(abs(g(f(ys)) - ys))


def _double(x):
    return 2 * x


def _half_plus_one(y):
    return y / 2 + 1


def _half(y):
    return y / 2


def check_3(answer):
    """Maps that are undone cost nothing; others cost what is left, in both domains."""
    xs, ys = np.array([1.0, -2.0, 4.0]), np.array([3.0, 5.0])
    cases = [(_double, _half, 0.0), (_double, _half_plus_one, 1.0 + 2.0), (abs, _half, 11 / 6 + 2)]
    for g, f, expected in cases:
        got = float(answer(g, f, xs, ys))
        assert abs(got - expected) < 1e-6, f"the cycle loss is {got:.4f} instead of {expected:.4f}"


def _one_way(g, f, xs, ys):
    return np.mean(abs(f(g(xs)) - xs))


def _squares(g, f, xs, ys):
    return np.mean((f(g(xs)) - xs) ** 2) + np.mean((g(f(ys)) - ys) ** 2)


def _signs_cancel(g, f, xs, ys):
    return abs(np.mean(f(g(xs)) - xs)) + abs(np.mean(g(f(ys)) - ys))


wrong_3 = [_one_way, _squares, _signs_cancel]

# ---- 4. how many maps can be undone --------------------------------------------------------------

answer_4 = 5 * 4 * 3 * 2


def check_4(answer):
    """The four kinds must go to four different places: 5 * 4 * 3 * 2 ways."""
    assert answer == 120, (
        f"{answer} is wrong: the first kind may go to 5 places, the second to 4, .."
    )


wrong_4 = [5**4, 4 * 3 * 2 * 1, 4**5]

# ---- 5. truncation -------------------------------------------------------------------------------


def answer_5(w, mean, truncation):
    """From the mean, a part of the way to w."""
    return mean + truncation * (w - mean)


def check_5(answer):
    """Both ends, the middle, and beyond."""
    w, mean = np.array([[2.0, -1.0], [0.0, 6.0]]), np.array([1.0, 1.0])
    for truncation in (0.0, 0.25, 0.5, 1.0, 2.0):
        got = np.asarray(answer(w, mean, truncation))
        expected = (1 - truncation) * mean + truncation * w
        assert got.shape == w.shape, f"the styles have shape {got.shape} instead of {w.shape}"
        assert np.allclose(got, expected), (
            f"truncation {truncation}: {got.tolist()} instead of {expected.tolist()}"
        )


def _toward_zero(w, mean, truncation):
    return truncation * w


def _ends_exchanged(w, mean, truncation):
    return w + truncation * (mean - w)


wrong_5 = [_toward_zero, _ends_exchanged]
