"""Solutions of lesson 25, search."""

import itertools
import math

# ---- 1: a grid -----------------------------------------------------------------------------------


def answer_1(space):
    """All combinations, each as a dictionary."""
    return [dict(zip(space, values)) for values in itertools.product(*space.values())]


def side_by_side(space):
    return [dict(zip(space, values)) for values in zip(*space.values())]


def one_at_a_time(space):
    first = {name: values[0] for name, values in space.items()}
    return [{**first, name: value} for name, values in space.items() for value in values]


def values_without_names(space):
    return list(itertools.product(*space.values()))


wrong_1 = [side_by_side, one_at_a_time, values_without_names]


def check_1(answer):
    """A function of a dictionary of lists."""
    spaces = [
        {"rate": [0.1, 0.01], "units": [8, 16, 32]},
        {"rate": [0.1]},
        {"a": [1, 2], "b": [3, 4], "c": [5, 6]},
    ]
    for space in spaces:
        trials = list(answer(space))
        count = math.prod(len(values) for values in space.values())
        assert len(trials) == count, f"{space} has {count} trials, not {len(trials)}"
        for trial in trials:
            assert isinstance(trial, dict) and set(trial) == set(space), (
                f"a trial of {space} is a dictionary with the names {list(space)}, not {trial}"
            )
            assert all(trial[name] in space[name] for name in space), f"{trial} is not in {space}"
        different = {tuple(trial[name] for name in space) for trial in trials}
        assert len(different) == count, f"{space}: some trial is there twice"


# ---- 2: log-uniform ------------------------------------------------------------------------------


def answer_2(low, high, u):
    """The exponent goes evenly from that of low to that of high."""
    return low * (high / low) ** u


def uniform(low, high, u):
    return low + (high - low) * u


def always_from_1e_4_to_1(low, high, u):
    return 10 ** (-4 + 4 * u)


def only_the_exponent(low, high, u):
    return math.log10(low) + (math.log10(high) - math.log10(low)) * u


wrong_2 = [uniform, always_from_1e_4_to_1, only_the_exponent]


def check_2(answer):
    """A function of both ends and a number between 0 and 1."""
    cases = [
        (1e-4, 1.0, 0.0, 1e-4),
        (1e-4, 1.0, 1.0, 1.0),
        (1e-4, 1.0, 0.5, 0.01),
        (1e-4, 1.0, 0.375, 10**-2.5),
        (2.0, 32.0, 0.25, 4.0),
        (0.5, 8.0, 0.75, 4.0),
    ]
    for low, high, u, value in cases:
        got = float(answer(low, high, u))
        assert math.isclose(got, value, rel_tol=1e-9), (
            f"between {low} and {high}, u = {u}: {got}, but it should be {value}"
        )


# ---- 3: successive halving -----------------------------------------------------------------------


def answer_3(curves):
    """Train on, keep the better half, double the epochs, until one is left and trained."""
    names, epochs, trained, cost = list(curves), 1, 0, 0
    while True:
        cost += len(names) * (epochs - trained)
        names = sorted(names, key=lambda name: curves[name][epochs - 1], reverse=True)
        if len(names) == 1:
            return names[0], cost
        names = names[: len(names) // 2]
        trained, epochs = epochs, 2 * epochs


def best_at_the_end(curves):
    return max(curves, key=lambda name: curves[name][-1]), answer_3(curves)[1]


def trained_from_the_start_each_time(curves):
    rounds = int(math.log2(len(curves))) + 1
    return answer_3(curves)[0], rounds * len(curves)


def the_worse_half(curves):
    mirrored = {name: [-value for value in values] for name, values in curves.items()}
    return answer_3(mirrored)


def winner_not_trained_on(curves):
    winner, cost = answer_3(curves)
    return winner, cost - len(curves) // 2


wrong_3 = [best_at_the_end, trained_from_the_start_each_time, the_worse_half, winner_not_trained_on]


def check_3(answer):
    """A function of a dictionary of lists."""
    lesson = {
        "A": [0.30, 0.55, 0.70, 0.80],
        "B": [0.50, 0.70, 0.80, 0.82],
        "C": [0.60, 0.65, 0.68, 0.70],
        "D": [0.20, 0.60, 0.80, 0.90],
    }
    two = {"x": [0.4, 0.9], "y": [0.5, 0.6]}
    eight = {str(k): [0.1 * k, 0.5 - 0.01 * k, 0, 0.01 * k, 0, 0, 0, 0.5] for k in range(8)}
    cases = [(lesson, ("B", 8)), (two, ("y", 3)), (eight, ("5", 20))]
    for curves, (winner, cost) in cases:
        got = tuple(answer(curves))
        assert len(got) == 2, f"a pair (winner, epochs) is asked for, not {got}"
        assert got[0] == winner, f"for {curves} the winner is {winner}, not {got[0]}"
        assert got[1] == cost, f"for {curves} it takes {cost} epochs, not {got[1]}"


# ---- 4: enough trials ----------------------------------------------------------------------------

answer_4 = 59  # 0.95 ** 59 = 0.0485, and 0.95 ** 58 = 0.0510

wrong_4 = [20, 58, 60, 95]


def check_4(answer):
    """The smallest number of trials that all miss with probability 0.05 at most."""
    missed = 0.95**answer
    assert missed <= 0.05, f"{answer} trials all miss with probability {missed:.4f}: too often"
    assert answer == int(answer), "the number of trials is a whole number"
    assert 0.95 ** (answer - 1) > 0.05, f"one trial less than {answer} is enough, too"


# ---- 5: choose, then report ----------------------------------------------------------------------


def answer_5(validation, test):
    """Chosen by validation; the test accuracy of the chosen one is the result."""
    chosen = max(range(len(validation)), key=lambda k: validation[k])
    return chosen, test[chosen]


def the_best_test_accuracy(validation, test):
    chosen = max(range(len(test)), key=lambda k: test[k])
    return chosen, test[chosen]


def the_validation_accuracy(validation, test):
    chosen = max(range(len(validation)), key=lambda k: validation[k])
    return chosen, validation[chosen]


def chosen_by_one_reported_by_the_other(validation, test):
    return answer_5(validation, test)[0], max(test)


wrong_5 = [the_best_test_accuracy, the_validation_accuracy, chosen_by_one_reported_by_the_other]


def check_5(answer):
    """A function of two lists of accuracies."""
    cases = [
        ([0.90, 0.95, 0.93], [0.92, 0.91, 0.94], (1, 0.91)),
        ([0.97, 0.80], [0.90, 0.93], (0, 0.90)),
        ([0.5, 0.6, 0.7, 0.65], [0.6, 0.62, 0.61, 0.5], (2, 0.61)),
    ]
    for validation, test, (chosen, reported) in cases:
        got = tuple(answer(validation, test))
        about = f"validation {validation}, test {test}"
        assert got[0] == chosen, f"{about}: choose trial {chosen}, not {got[0]}"
        assert math.isclose(got[1], reported), f"{about}: report {reported}, not {got[1]}"
