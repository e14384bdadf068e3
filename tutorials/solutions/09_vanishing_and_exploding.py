"""Solutions of lesson 9, vanishing and exploding gradients."""

import math

import numpy as np

# ---- 1: a chain of sigmoid neurons ---------------------------------------------------------------


def answer_1(depth, weight):
    """Each neuron multiplies by a * (1 - a) * weight, and a * (1 - a) is at most 0.25."""
    return (0.25 * weight) ** depth


def without_the_weight(depth, weight):
    return 0.25**depth


def added_instead_of_multiplied(depth, weight):
    return 0.25 * weight * depth


def half_for_a_quarter(depth, weight):
    return (0.5 * weight) ** depth


wrong_1 = [without_the_weight, added_instead_of_multiplied, half_for_a_quarter]


def check_1(answer):
    """A function of the depth and the weight."""
    for depth, weight in [(1, 1.0), (10, 1.0), (3, 2.0), (5, 4.0), (4, 6.0)]:
        expected = (weight / 4) ** depth
        got = answer(depth, weight)
        assert math.isclose(got, expected, rel_tol=1e-6), (
            f"{depth} neurons with weight {weight}: {got}, but the limit is {expected}"
        )


# ---- 2: how many of them -------------------------------------------------------------------------

answer_2 = 15  # 0.25 ** 15 = 9.3e-10

wrong_2 = [14, 30, 9]


def check_2(answer):
    """A whole number."""
    number = int(answer)
    assert number == answer, f"{answer} is not a whole number"
    assert 0.25**number < 1e-9, f"0.25 ** {number} is {0.25**number:.2g}, which is not below 1e-9"
    assert 0.25 ** (number - 1) >= 1e-9, f"{number} are enough, but fewer are enough, too"


# ---- 3: starting weights for relu ----------------------------------------------------------------


def answer_3(fan_in, fan_out, generator):
    """Mean 0, mean square 2 / fan_in (He et al. 2015)."""
    return generator.normal(0, math.sqrt(2 / fan_in), (fan_in, fan_out))


def glorot(fan_in, fan_out, generator):
    return generator.normal(0, math.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))


def variance_taken_for_deviation(fan_in, fan_out, generator):
    return generator.normal(0, 2 / fan_in, (fan_in, fan_out))


def for_the_outputs(fan_in, fan_out, generator):
    return generator.normal(0, math.sqrt(2 / fan_out), (fan_in, fan_out))


def right_for_tanh(fan_in, fan_out, generator):
    return generator.normal(0, math.sqrt(1 / fan_in), (fan_in, fan_out))


wrong_3 = [glorot, variance_taken_for_deviation, for_the_outputs, right_for_tanh]


def check_3(answer):
    """A function of fan-in, fan-out and a generator of NumPy."""
    for fan_in, fan_out in [(400, 100), (50, 800)]:
        kernel = np.asarray(answer(fan_in, fan_out, np.random.default_rng(0)))
        assert kernel.shape == (fan_in, fan_out), (
            f"the shape is {kernel.shape}, not {(fan_in, fan_out)}"
        )
        size = math.sqrt((kernel**2).mean())
        expected = math.sqrt(2 / fan_in)
        assert abs(size / expected - 1) < 0.05, (
            f"fan-in {fan_in}, fan-out {fan_out}: the weights have size {size:.4f}, "
            f"relu needs {expected:.4f}"
        )
        assert abs(kernel.mean()) < 0.1 * expected, "the mean of the weights must be about 0"
    one = np.asarray(answer(40, 10, np.random.default_rng(1)))
    other = np.asarray(answer(40, 10, np.random.default_rng(2)))
    assert not np.allclose(one, other), "another generator must give other weights"


# ---- 4: clipping by the norm of all --------------------------------------------------------------


def answer_4(gradients, limit):
    """All gradients times limit / norm, if their common norm is above the limit."""
    norm = math.sqrt(sum((g**2).sum() for g in gradients))
    factor = limit / norm if norm > limit else 1.0
    return [g * factor for g in gradients]


def each_by_its_own_norm(gradients, limit):
    norms = [math.sqrt((g**2).sum()) for g in gradients]
    return [g * min(1, limit / max(norm, 1e-12)) for g, norm in zip(gradients, norms)]


def each_number(gradients, limit):
    return [np.clip(g, -limit, limit) for g in gradients]


def always_to_the_limit(gradients, limit):
    norm = math.sqrt(sum((g**2).sum() for g in gradients))
    return [g * limit / max(norm, 1e-12) for g in gradients]


def without_the_root(gradients, limit):
    norm = sum((g**2).sum() for g in gradients)
    return [g * min(1, limit / max(norm, 1e-12)) for g in gradients]


wrong_4 = [each_by_its_own_norm, each_number, always_to_the_limit, without_the_root]


def check_4(answer):
    """A function of a list of arrays and a limit."""
    cases = [
        ([[3.0], [4.0]], 1.0, [[0.6], [0.8]]),
        ([[6.0, 0.0], [0.0, -8.0]], 5.0, [[3.0, 0.0], [0.0, -4.0]]),
        ([[0.3], [0.4]], 1.0, [[0.3], [0.4]]),
        ([[0.0, 0.0], [0.0]], 1.0, [[0.0, 0.0], [0.0]]),
    ]
    for values, limit, expected in cases:
        got = answer([np.array(numbers) for numbers in values], limit)
        assert len(got) == len(expected), f"{len(got)} arrays came back, not {len(expected)}"
        for mine, right in zip(got, expected):
            assert np.allclose(mine, right), (
                f"{values} with limit {limit}: {[np.asarray(g).tolist() for g in got]}, "
                f"but it should be {expected}"
            )
