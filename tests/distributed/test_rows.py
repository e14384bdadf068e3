"""What is drawn per row is the same in one process and in many."""

import numpy as np
import pytest

from minigrad.generators import Rows, rowwise, uniform_like, use_generator, use_rows

PARTS = [Rows(0, 2, 7), Rows(2, 4, 7), Rows(4, 7, 7)]
DRAWS = {
    "random": lambda rng, n: rng.random((n, 3)),
    "random float32": lambda rng, n: rng.random((n, 3), np.float32),
    "one float32 per row": lambda rng, n: rng.random(n, np.float32),
    "standard_normal": lambda rng, n: rng.standard_normal((n, 3), np.float32),
    "several per row": lambda rng, n: rng.standard_normal((4 * n, 2)),
    "uniform": lambda rng, n: rng.uniform(-1, 1, n),
    "integers": lambda rng, n: rng.integers(0, 9, (n, 2)),
    "beta": lambda rng, n: rng.beta(0.2, 0.2, size=n),
}


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937])
def test_parts_are_those_of_the_whole_and_leave_one_state(bits):
    """Whatever was drawn before: half of 64 bits may be left over."""
    for first in DRAWS.values():
        for draw in DRAWS.values():
            whole = np.random.Generator(bits(3))
            expected = [first(whole, 7), draw(whole, 7), whole.random(1, np.float32)]
            parts = []
            for rows in PARTS:
                own = np.random.Generator(bits(3))
                with use_rows(rows):
                    rng = rowwise(own)
                    parts.append([first(rng, rows.size), draw(rng, rows.size)])
                assert own.random(1, np.float32) == expected[2]
            for found, whole_draw in zip(zip(*parts, strict=True), expected, strict=False):
                assert np.array_equal(np.concatenate(found), whole_draw)


def test_what_is_no_draw_per_row_is_the_same_everywhere():
    for rows in PARTS:
        with use_rows(rows), use_generator(5):
            own = rowwise(np.random.default_rng(5))
            expected = np.random.default_rng(5)
            assert np.array_equal(own.random((5, 3)), expected.random((5, 3)))
            assert np.array_equal(own.permutation(4), expected.permutation(4))
            assert np.array_equal(own.beta([1.0, 2.0], 1.0, 2), expected.beta([1.0, 2.0], 1.0, 2))
            assert own.random() == expected.random()


def test_draws_of_layers():
    like = np.zeros(1, "float32")
    with use_generator(5):
        whole = uniform_like((7, 2), like)
    with use_generator(5), use_rows(PARTS[1]):
        assert np.array_equal(uniform_like((2, 2), like), whole[2:4])
