"""Solutions of lesson 27, speed."""

import math

import numpy as np

# ---- 1: multiplications --------------------------------------------------------------------------


def answer_1(m, k, n):
    """Each of m * n results is a sum of k products."""
    return m * k * n


def size_of_the_result(m, k, n):
    return m * n


def multiplications_and_additions(m, k, n):
    return 2 * m * k * n


def numbers_that_are_read(m, k, n):
    return m * k + k * n


wrong_1 = [size_of_the_result, multiplications_and_additions, numbers_that_are_read]


def check_1(answer):
    """A function of three sides."""
    for sides, count in (((2, 3, 4), 24), ((64, 64, 64), 262_144), ((1, 7, 5), 35)):
        got = answer(*sides)
        assert got == count, f"m, k, n = {sides}: {got}, but it takes {count} multiplications"


# ---- 2: the smallest batch -----------------------------------------------------------------------


def answer_2(overhead, per_row, share):
    """rows * per_row must be at least that share of overhead + rows * per_row."""
    rows = share / (1 - share) * overhead / per_row
    return max(1, math.ceil(rows - 1e-9))


def rounded_down(overhead, per_row, share):
    return int(share / (1 - share) * overhead / per_row)


def share_of_the_overhead(overhead, per_row, share):
    return math.ceil(share * overhead / per_row)


def as_much_as_the_overhead(overhead, per_row, share):
    return math.ceil(overhead / per_row)


wrong_2 = [rounded_down, share_of_the_overhead, as_much_as_the_overhead]


def check_2(answer):
    """A function of two times and a share."""
    cases = [((100, 0.5, 0.875), 1400), ((200, 1, 0.75), 600), ((10, 3, 0.5), 4), ((1, 7, 0.5), 1)]
    for arguments, batch in cases:
        got = answer(*arguments)
        assert got == batch, (
            f"overhead, per_row, share = {arguments}: {got}, but the smallest batch is {batch}"
        )


# ---- 3: threads ----------------------------------------------------------------------------------


def answer_3(share, goal):
    """1 - share + share / threads must be at most 1 / goal."""
    if goal <= 1:
        return 1
    left_for_threads = 1 / goal - (1 - share)
    if left_for_threads <= 1e-12:
        return None
    return math.ceil(share / left_for_threads - 1e-9)


def as_many_as_the_goal(share, goal):
    return math.ceil(goal)


def goal_by_share(share, goal):
    return math.ceil(goal / share)


def never_impossible(share, goal):
    return answer_3(share, goal) or 1_000_000


def rounded_to_the_nearest(share, goal):
    left_for_threads = 1 / goal - (1 - share)
    return round(share / left_for_threads) if left_for_threads > 1e-12 else None


wrong_3 = [as_many_as_the_goal, goal_by_share, never_impossible, rounded_to_the_nearest]


def check_3(answer):
    """A function of a share and of how many times as fast it must be."""
    cases = [
        ((0.75, 2), 3),
        ((0.875, 4), 7),
        ((0.9, 2), 3),
        ((0.8, 2.4), 4),
        ((0.9, 3.5), 5),
        ((0.5, 1), 1),
        ((0.8, 6), None),
        ((0.5, 2), None),
    ]
    for arguments, threads in cases:
        got = answer(*arguments)
        assert got == threads, (
            f"share, goal = {arguments}: {got}, but it should be {threads}; "
            "the time is 1 - share + share / threads"
        )


# ---- 4: an all-reduce ----------------------------------------------------------------------------


def answer_4(nbytes, machines, latency, bandwidth):
    """2 (K - 1) rounds, each with a message of 1 / K of the bytes."""
    return 2 * (machines - 1) * (latency + nbytes / (machines * bandwidth))


def whole_array_in_each_message(nbytes, machines, latency, bandwidth):
    return 2 * (machines - 1) * (latency + nbytes / bandwidth)


def only_added_up(nbytes, machines, latency, bandwidth):
    return (machines - 1) * (latency + nbytes / (machines * bandwidth))


def latency_once(nbytes, machines, latency, bandwidth):
    return latency + 2 * (machines - 1) * nbytes / (machines * bandwidth)


def one_round_for_each_machine(nbytes, machines, latency, bandwidth):
    return 2 * machines * (latency + nbytes / (machines * bandwidth))


wrong_4 = [whole_array_in_each_message, only_added_up, latency_once, one_round_for_each_machine]


def check_4(answer):
    """A function of bytes, machines, latency and bandwidth."""
    cases = [
        ((8e6, 8, 1e-5, 1e9), 0.01414),
        ((8e6, 1, 1e-5, 1e9), 0.0),
        ((1e6, 2, 1e-3, 1e9), 0.003),
        ((0, 5, 0.01, 1e9), 0.08),
    ]
    for arguments, seconds in cases:
        got = float(answer(*arguments))
        assert math.isclose(got, seconds, rel_tol=1e-9, abs_tol=1e-15), (
            f"nbytes, machines, latency, bandwidth = {arguments}: {got}, but it takes {seconds}"
        )


# ---- 5: a product in blocks ----------------------------------------------------------------------


def answer_5(a, b, size):
    """A slice may be shorter at the end, so any shape will do."""
    (m, inner), n = a.shape, b.shape[1]
    result = np.zeros((m, n), np.result_type(a, b))
    for i in range(0, m, size):
        for j in range(0, n, size):
            for k in range(0, inner, size):
                left = a[i : i + size, k : k + size]
                right = b[k : k + size, j : j + size]
                result[i : i + size, j : j + size] += left @ right
    return result


def not_added_up(a, b, size):
    (m, inner), n = a.shape, b.shape[1]
    result = np.zeros((m, n))
    for i in range(0, m, size):
        for j in range(0, n, size):
            for k in range(0, inner, size):
                block = a[i : i + size, k : k + size] @ b[k : k + size, j : j + size]
                result[i : i + size, j : j + size] = block
    return result


def whole_blocks_only(a, b, size):
    (m, inner), n = (side // size * size for side in a.shape), b.shape[1] // size * size
    result = np.zeros((a.shape[0], b.shape[1]))
    result[:m, :n] = answer_5(a[:m, :inner], b[:inner, :n], size)
    return result


def sides_exchanged(a, b, size):
    return answer_5(b.T, a.T, size)


def without_blocks(a, b, size):
    return a @ b


wrong_5 = [not_added_up, whole_blocks_only, sides_exchanged, without_blocks]


class Watched(np.ndarray):
    """An array that remembers the longest side that a product of it has had."""

    longest = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        plain = [np.asarray(value) for value in inputs]
        if ufunc is np.matmul:
            sides = [side for value in plain for side in value.shape]
            Watched.longest = max(Watched.longest, *sides)
        outs = options.pop("out", None)
        if outs is not None:
            options["out"] = tuple(np.asarray(out) for out in outs)
        result = getattr(ufunc, method)(*plain, **options)
        return result if outs is None else outs[0]


def check_5(answer):
    """A function of two arrays and the size of the blocks."""
    chance = np.random.default_rng(0)
    for m, k, n, size in ((4, 4, 4, 2), (5, 7, 3, 2), (2, 9, 8, 4), (3, 3, 3, 1)):
        a, b = chance.normal(size=(m, k)), chance.normal(size=(k, n))
        Watched.longest = 0
        got = np.asarray(answer(a.view(Watched), b.view(Watched), size))
        shapes = f"({m}, {k}) @ ({k}, {n}) in blocks of {size}"
        assert got.shape == (m, n), f"{shapes}: the shape is {got.shape}, not {(m, n)}"
        assert np.allclose(got, a @ b), f"{shapes}: the numbers are not those of a @ b"
        assert Watched.longest <= size, f"{shapes}: a product has a side of {Watched.longest}"
