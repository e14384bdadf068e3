"""Solutions of lesson 11, your own data: answers, checks, and wrong answers that they refuse."""

import numpy as np

# ---- 1. standardize with the statistics of the training rows -------------------------------------


def answer_1(train, test):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation = np.where(deviation == 0, 1, deviation)
    scaled_test = (test - mean) / deviation
    scaled_test[:, train.std(axis=0) == 0] = 0
    return (train - mean) / deviation, scaled_test


def check_1(answer):
    chance = np.random.default_rng(0)
    train, test = chance.normal(50, 20, (40, 4)), chance.normal(60, 5, (15, 4))
    train[:, 2], test[:, 2] = 7, 9
    copies = train.copy(), test.copy()
    with np.errstate(all="ignore"):
        scaled, scaled_test = map(np.asarray, answer(*copies))
    assert scaled.shape == train.shape, f"the training part has the shape {scaled.shape}"
    assert scaled_test.shape == test.shape, f"the test part has the shape {scaled_test.shape}"
    assert np.isfinite(scaled).all(), "NaN or infinity: one feature has the deviation 0"
    assert np.isfinite(scaled_test).all(), "NaN or infinity in the test part"
    assert np.allclose(scaled[:, 2], 0), "a feature that never changes becomes 0"
    assert np.allclose(scaled_test[:, 2], 0), "the constant feature becomes 0 in the test part, too"
    rest = [0, 1, 3]
    mean, deviation = train[:, rest].mean(axis=0), train[:, rest].std(axis=0)
    right = (train[:, rest] - mean) / deviation
    assert np.allclose(scaled[:, rest], right, atol=1e-4), "mean 0 and deviation 1 in training"
    right = (test[:, rest] - mean) / deviation
    message = "the test rows are scaled with the mean and the deviation of the training rows"
    assert np.allclose(scaled_test[:, rest], right, atol=1e-4), message


def _with_its_own_statistics(train, test):
    """Each part with its own mean and deviation."""
    parts = []
    for part in (train, test):
        deviation = part.std(axis=0)
        parts.append((part - part.mean(axis=0)) / np.where(deviation == 0, 1, deviation))
    return parts


def _with_all_rows(train, test):
    """Mean and deviation of both parts together: leakage."""
    rows = np.concatenate([train, test])
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    return (train - mean) / deviation, (test - mean) / deviation


def _divides_by_zero(train, test):
    """Forgets the feature that never changes."""
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / deviation, (test - mean) / deviation


wrong_1 = [_with_its_own_statistics, _with_all_rows, _divides_by_zero]

# ---- 2. split into three parts -------------------------------------------------------------------


def answer_2(count, seed):
    order = np.random.default_rng(seed).permutation(count)
    first, second = round(0.6 * count), round(0.8 * count)
    return order[:first], order[first:second], order[second:]


def check_2(answer):
    for count in (10, 100, 442):
        parts = [np.asarray(part).tolist() for part in answer(count, 1)]
        assert len(parts) == 3, f"{len(parts)} parts instead of 3"
        together = sorted(row for part in parts for row in part)
        assert together == list(range(count)), "each row must be in exactly one part"
        for part, fraction in zip(parts, (0.6, 0.2, 0.2)):
            message = f"{len(part)} of {count} rows, and {fraction:.0%} were asked for"
            assert abs(len(part) - fraction * count) <= 1.01, message
    parts = [np.asarray(part).tolist() for part in answer(100, 1)]
    assert parts == [np.asarray(part).tolist() for part in answer(100, 1)], (
        "the same seed must give the same split"
    )
    other = [np.asarray(part).tolist() for part in answer(100, 2)]
    assert [set(part) for part in parts] != [set(part) for part in other], (
        "another seed must give another split"
    )
    message = "the rows must be drawn at random, not cut in their order"
    assert min(parts[1]) < 60 and min(parts[2]) < 80, message


def _in_their_order(count, seed):
    """Cuts a file that may be sorted."""
    rows = np.arange(count)
    return rows[: count * 6 // 10], rows[count * 6 // 10 : count * 8 // 10], rows[count * 8 // 10 :]


def _drawn_with_replacement(count, seed):
    """The same row can be in two parts."""
    chance = np.random.default_rng(seed)
    return [chance.integers(0, count, round(f * count)) for f in (0.6, 0.2, 0.2)]


def _without_the_seed(count, seed):
    """A new split at each call."""
    return answer_2(count, None)


wrong_2 = [_in_their_order, _drawn_with_replacement, _without_the_seed]

# ---- 3. move pictures ----------------------------------------------------------------------------


def answer_3(images, down):
    moved = np.zeros_like(images)
    height = images.shape[1]
    if down >= 0:
        moved[:, down:] = images[:, : max(height - down, 0)]
    else:
        moved[:, :down] = images[:, -down:]
    return moved


def check_3(answer):
    images = np.arange(1.0, 41.0).reshape(2, 5, 4)
    kept = images.copy()
    for down in (0, 1, 2, -1, -3):
        moved = np.asarray(answer(images, down))
        assert np.array_equal(images, kept), "the images that were given must not be changed"
        assert moved.shape == images.shape, f"the shape is {moved.shape}, not {images.shape}"
        for row in range(5):
            source = row - down
            right = images[:, source] if 0 <= source < 5 else np.zeros((2, 4))
            assert np.allclose(moved[:, row], right), f"row {row} is wrong for down = {down}"


def _comes_in_again(images, down):
    """What leaves at the bottom enters at the top."""
    return np.roll(images, down, axis=1)


def _to_the_right(images, down):
    """The wrong axis."""
    return answer_3(images.transpose(0, 2, 1), down).transpose(0, 2, 1)


def _upwards(images, down):
    """The wrong direction."""
    return answer_3(images, -down)


wrong_3 = [_comes_in_again, _to_the_right, _upwards]

# ---- 4. fill missing values ----------------------------------------------------------------------


def answer_4(train, test):
    mean = np.nanmean(train, axis=0)
    return np.where(np.isnan(train), mean, train), np.where(np.isnan(test), mean, test)


def check_4(answer):
    chance = np.random.default_rng(3)
    train, test = chance.normal(10, 3, (30, 3)), chance.normal(20, 3, (12, 3))
    train[[2, 9, 20], [0, 1, 0]] = np.nan
    test[[1, 5, 5], [0, 2, 1]] = np.nan
    filled, filled_test = map(np.asarray, answer(train.copy(), test.copy()))
    assert not np.isnan(filled).any() and not np.isnan(filled_test).any(), "there is still a NaN"
    assert filled.shape == train.shape and filled_test.shape == test.shape, "no row may be dropped"
    mean = np.nanmean(train, axis=0)
    for before, after, part in ((train, filled, "training"), (test, filled_test, "test")):
        known = ~np.isnan(before)
        assert np.allclose(before[known], after[known]), f"a known value changed ({part} rows)"
        right = np.broadcast_to(mean, before.shape)[~known]
        message = f"fill the {part} rows with the column's mean over the training rows"
        assert np.allclose(after[~known], right), message


def _with_zeros(train, test):
    """Zero is far from every value of these columns."""
    return np.nan_to_num(train), np.nan_to_num(test)


def _each_with_its_own_mean(train, test):
    """The test rows with their own mean."""
    return answer_4(train, train)[0], answer_4(test, test)[0]


def _with_the_mean_of_all_columns(train, test):
    """One mean for different units."""
    mean = np.nanmean(train)
    return np.where(np.isnan(train), mean, train), np.where(np.isnan(test), mean, test)


wrong_4 = [_with_zeros, _each_with_its_own_mean, _with_the_mean_of_all_columns]

# ---- 5. the best of many models without knowledge ------------------------------------------------

answer_5 = 0.73


def check_5(answer):
    chance = np.random.default_rng(5)
    best = chance.binomial(50, 0.5, size=(200, 1000)).max(axis=1).mean() / 50
    message = "toss 50 coins 1000 times: how many are right in the best of the 1000 tries?"
    assert abs(float(answer) - best) <= 0.06, message


wrong_5 = [0.5, 1.0, 0.6]
