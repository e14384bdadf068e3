"""Solutions of lesson 8, learning rates."""

import math

# ---- 1: the limit of the learning rate -----------------------------------------------------------


def answer_1(curvatures):
    """2 / curvature, of the steepest direction."""
    return 2 / max(curvatures)


def limit_of_the_flattest(curvatures):
    return 2 / min(curvatures)


def without_the_two(curvatures):
    return 1 / max(curvatures)


def limit_of_the_mean(curvatures):
    return 2 / (sum(curvatures) / len(curvatures))


wrong_1 = [limit_of_the_flattest, without_the_two, limit_of_the_mean]


def check_1(answer):
    """A function of a list of curvatures."""
    cases = [([2.0], 1.0), ([2.0, 20.0], 0.1), ([8.0, 0.5, 4.0], 0.25)]
    for curvatures, limit in cases:
        got = answer(curvatures)
        assert math.isclose(got, limit, rel_tol=1e-6), (
            f"curvatures {curvatures}: {got}, but the steepest direction allows {limit}"
        )


# ---- 2: cosine decay that stays at its end -------------------------------------------------------


def answer_2(step, first, length):
    """Half a cosine from first to 0, then 0."""
    done = min(step / length, 1)
    return first * (1 + math.cos(math.pi * done)) / 2


def cosine_that_climbs_again(step, first, length):
    return first * (1 + math.cos(math.pi * step / length)) / 2


def straight_line(step, first, length):
    return first * max(1 - step / length, 0)


def quarter_of_a_wave(step, first, length):
    return first * math.cos(math.pi / 2 * min(step / length, 1))


wrong_2 = [cosine_that_climbs_again, straight_line, quarter_of_a_wave]


def check_2(answer):
    """A function of the step, the first rate and the length."""
    cases = [(0, 0.1), (25, 0.085355339), (50, 0.05), (75, 0.014644661), (100, 0.0)]
    for step, rate in cases:
        got = answer(step, 0.1, 100)
        assert math.isclose(got, rate, rel_tol=1e-4, abs_tol=1e-9), (
            f"step {step} of 100 from 0.1: {got}, but half a cosine gives {rate:.6f}"
        )
    got = answer(150, 0.1, 100)
    assert abs(got) < 1e-9, f"step 150 of 100: {got}, but the rate must stay at 0 after the end"
    assert math.isclose(answer(10, 2.0, 20), 1.0, rel_tol=1e-6), (
        "halfway, the rate is half of the first one, whatever the first one is"
    )


# ---- 3: warm-up, then step decay -----------------------------------------------------------------


def answer_3(step):
    """A straight line to 0.2 in 20 steps, then halved every 50 steps."""
    if step < 20:
        return 0.2 * step / 20
    return 0.2 * 0.5 ** ((step - 20) // 50)


def drops_counted_from_zero(step):
    return 0.2 * step / 20 if step < 20 else 0.2 * 0.5 ** (step // 50)


def without_warm_up(step):
    return 0.2 * 0.5 ** (max(step - 20, 0) // 50)


def exponential_instead(step):
    return 0.2 * step / 20 if step < 20 else 0.2 * 0.5 ** ((step - 20) / 50)


wrong_3 = [drops_counted_from_zero, without_warm_up, exponential_instead]


def check_3(answer):
    """A function of the step."""
    cases = [(0, 0.0), (5, 0.05), (20, 0.2), (45, 0.2), (69, 0.2), (70, 0.1), (119, 0.1)]
    for step, rate in [*cases, (120, 0.05), (170, 0.025)]:
        got = answer(step)
        assert math.isclose(got, rate, rel_tol=1e-6, abs_tol=1e-9), (
            f"step {step}: {got}, but it should be {rate}"
        )


# ---- 4: epochs as steps --------------------------------------------------------------------------


def answer_4(rows, batch_size, epochs):
    """The number of batches, the last smaller one too, times each epoch."""
    batches = math.ceil(rows / batch_size)
    return [batches * epoch for epoch in epochs]


def without_the_last_batch(rows, batch_size, epochs):
    return [rows // batch_size * epoch for epoch in epochs]


def epochs_as_they_are(rows, batch_size, epochs):
    return list(epochs)


def one_row_per_step(rows, batch_size, epochs):
    return [rows * epoch for epoch in epochs]


wrong_4 = [without_the_last_batch, epochs_as_they_are, one_row_per_step]


def check_4(answer):
    """A function of the rows, the batch size and a list of epochs."""
    cases = [
        ((1437, 32, [4, 8]), [180, 360]),
        ((100, 10, [1, 2, 5]), [10, 20, 50]),
        ((101, 10, [3]), [33]),
    ]
    for (rows, batch_size, epochs), steps in cases:
        got = [int(step) for step in answer(rows, batch_size, epochs)]
        assert got == steps, (
            f"{rows} rows in batches of {batch_size}, epochs {epochs}: {got}, not {steps}"
        )
