"""Generated sets: the same everywhere, and what they refuse."""

from __future__ import annotations

import hashlib

import pytest
from numpy.testing import assert_array_equal

from minigrad.datasets.adding_problem import load_data as adding_problem
from minigrad.datasets.dates import load_data as dates
from minigrad.datasets.reviews import load_data as reviews


def digest(*texts):
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def test_tasks_are_the_same_everywhere():
    assert digest(*reviews(200, 3)[0][0]) == "36d682583bb765b8"
    assert digest(*dates(200, 3)[0][0]) == "d02b18015c53aa49"
    assert reviews(50, 1)[0][0] == reviews(50, 1)[0][0] != reviews(50, 2)[0][0]
    assert dates(50, 1) == dates(50, 1) != dates(50, 2)
    assert_array_equal(adding_problem(3, 10, 1)[0], adding_problem(3, 10, 1)[0])
    assert (adding_problem(3, 10, 1)[0] != adding_problem(3, 10, 2)[0]).any()


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: reviews(1), "n=1 rows and test_size=0.2"),
        (lambda: reviews(10, test_size=1.0), "leave one part empty"),
        (lambda: reviews(0), "n=0"),
        (lambda: dates(73_050), "73049 dates from 1900-01-01 to 2099-12-31, fewer than n=73050"),
        (lambda: dates(10, test_size=0), "test_size=0 "),
        (lambda: dates(0), "n=0"),
        (lambda: adding_problem(5, 1), "length=1"),
    ],
)
def test_tasks_refuse(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("test_size", [0.0, 1.0, 1.5, -0.1, 0.999])
def test_parts_that_would_be_empty(test_size):
    with pytest.raises(ValueError, match=r"n=10 rows and test_size=.* leave one part empty"):
        dates(n=10, test_size=test_size)
