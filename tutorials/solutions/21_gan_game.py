"""Solutions of lesson 21, the GAN game."""

import math

import numpy as np

# ---- 1: the discriminator's loss -----------------------------------------------------------------


def answer_1(d_real, d_fake):
    """-mean log D(real) - mean log(1 - D(fake))."""
    return -np.log(d_real).mean() - np.log(1 - d_fake).mean()


def check_1(answer):
    found = float(answer(np.array([sigmoid(1.0)]), np.array([sigmoid(-1.0)])))
    assert abs(found - 0.6265) < 1e-3, (
        f"the example of the lesson, D(3) = 0.731 and D(1) = 0.269, gives {found:.4f}, not 0.6265"
    )
    d_real, d_fake = np.array([0.9, 0.6, 0.8, 0.7]), np.array([0.2, 0.5])
    found = float(answer(d_real, d_fake))
    assert abs(found - 0.757158) < 1e-4, (
        f"for four real samples and two fakes: {found:.4f} instead of 0.7572. Each of the two "
        "means is over its own samples"
    )


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def _labels_swapped(d_real, d_fake):
    return -np.log(1 - d_real).mean() - np.log(d_fake).mean()


def _sums(d_real, d_fake):
    return -np.log(d_real).sum() - np.log(1 - d_fake).sum()


def _same_label(d_real, d_fake):
    return -np.log(d_real).mean() - np.log(d_fake).mean()


wrong_1 = [_labels_swapped, _sums, _same_label]


# ---- 2: the best discriminator -------------------------------------------------------------------


def answer_2(p, q):
    """p / (p + q)."""
    return p / (p + q)


def check_2(answer):
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.0, 0.3, 0.7])
    found = np.asarray(answer(p, q))
    assert found.shape == (3,), f"one number per value: the shape is {found.shape}, not (3,)"
    assert np.allclose(found, [1, 0.5, 2 / 9], atol=1e-6), f"{found} instead of [1, 0.5, 0.222]"
    found = np.asarray(answer(np.array([0.1, 0.9]), np.array([0.6, 0.4])))
    assert np.allclose(found, [1 / 7, 9 / 13], atol=1e-6), f"{found} instead of [0.143, 0.692]"


def _only_one_or_zero(p, q):
    return (p > q).astype(float)


def _the_share_of_fakes(p, q):
    return q / (p + q)


def _ratio(p, q):
    return p / np.maximum(q, 1e-9)


wrong_2 = [_only_one_or_zero, _the_share_of_fakes, _ratio]


# ---- 3: the slope of the non-saturating loss -----------------------------------------------------


def answer_3(logit):
    """The slope of -log(sigmoid(logit))."""
    return sigmoid(logit) - 1


def check_3(answer):
    logits = np.array([-6.0, -1.0, 0.0, 2.0])
    found = np.asarray(answer(logits))
    h = 1e-5
    nudged = (np.log(sigmoid(logits - h)) - np.log(sigmoid(logits + h))) / (2 * h)
    assert np.allclose(found, nudged, atol=1e-4), (
        f"at the logits {logits} the nudge gives {nudged.round(4)}, the answer {found}"
    )


def _saturating(logit):
    return -sigmoid(logit)


def _of_the_square(logit):
    return sigmoid(logit) * (1 - sigmoid(logit))


def _uphill(logit):
    return 1 - sigmoid(logit)


wrong_3 = [_saturating, _of_the_square, _uphill]


# ---- 4: the number of modes ----------------------------------------------------------------------


def answer_4(samples, places, radius, share):
    """The number of places that are the nearest one of enough samples."""
    gaps = np.linalg.norm(samples[:, None] - places, axis=-1)
    near = gaps.argmin(axis=1)[gaps.min(axis=1) < radius]
    counts = np.bincount(near, minlength=len(places))
    return int((counts >= share * len(samples)).sum())


def check_4(answer):
    places = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0], [3.0, 3.0]])
    spots = [[0.1, 0.0]] * 60 + [[3.0, 0.2]] * 30 + [[0.0, 2.9]] + [[1.5, 1.5]] * 9
    samples = np.array(spots)
    found = answer(samples, places, 0.5, 0.1)
    assert found == 2, (
        f"two places have 60 and 30 of 100 samples near them, one has a single sample, and nine "
        f"samples are near no place: 2 modes, not {found}"
    )
    found = answer(samples, places, 0.5, 0.01)
    assert found == 3, f"with a share of 0.01 a single sample of 100 is enough: 3, not {found}"
    found = answer(samples, places, 0.5, 0.31)
    assert found == 1, (
        f"30 of all 100 samples are less than a share of 0.31, so only one place counts: 1, not "
        f"{found}. The share is one of all samples, also of those near no place"
    )
    far = np.array([[8.0, 8.0]] * 20 + [[0.0, 0.1]] * 20)
    found = answer(far, places, 0.5, 0.1)
    assert found == 1, (
        f"samples at (8, 8) are farther than the radius from each place: 1, not {found}"
    )
    crowd = np.array([[0.0, 0.0], [0.3, 0.0]])
    found = answer(np.tile([[0.05, 0.0]], (50, 1)), crowd, 0.5, 0.1)
    assert found == 1, f"a sample counts for its nearest place only: 1, not {found}"


def _every_place_touched(samples, places, radius, share):
    gaps = np.linalg.norm(samples[:, None] - places, axis=-1)
    return int((gaps < radius).any(axis=0).sum())


def _without_radius(samples, places, radius, share):
    return answer_4(samples, places, np.inf, share)


def _share_of_near(samples, places, radius, share):
    gaps = np.linalg.norm(samples[:, None] - places, axis=-1)
    return answer_4(samples[gaps.min(axis=1) < radius], places, radius, share)


def _all_near_places(samples, places, radius, share):
    gaps = np.linalg.norm(samples[:, None] - places, axis=-1)
    return int(((gaps < radius).mean(axis=0) >= share).sum())


wrong_4 = [_every_place_touched, _without_radius, _share_of_near, _all_near_places]


# ---- 5: the loss at the balance ------------------------------------------------------------------

answer_5 = 2 * math.log(2)


def check_5(answer):
    assert isinstance(answer, (int, float)), "a number is asked for"
    assert abs(answer - 1.3863) < 0.002, (
        f"both means are -log(0.5) = 0.693, and the loss is their sum; the answer is {answer}"
    )


wrong_5 = [math.log(2), 0.5, 1.0]
