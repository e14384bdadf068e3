"""Where two runs part."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, record
from minigrad.player import diff


def run_of(function, values=(0.5, 2.0)):
    x = Tensor(values, requires_grad=True)
    with record() as run:
        minigrad.sum(function(x)).backward()
    return run


def test_equal_runs():
    found = diff(run_of(minigrad.tanh), run_of(minigrad.tanh))
    assert not found and found.step is None
    assert str(found) == "both runs of 4 steps are equal"


def test_other_numbers():
    found = diff(run_of(minigrad.tanh), run_of(minigrad.tanh, (0.5, 2.5)))
    assert found and found.step == 0
    assert str(found) == "step 0, tanh: input 0 differs by up to 0.5 at [1] (2 and 2.5)"
    assert found.first.name == found.second.name == "tanh"
    assert not diff(run_of(minigrad.tanh), run_of(minigrad.tanh, (0.5, 2.5)), atol=0.6)
    assert not diff(run_of(minigrad.tanh), run_of(minigrad.tanh, (0.5, 2.1)), rtol=0.3)


def test_nan_is_equal_to_nan_alone():
    with np.errstate(all="ignore"):
        runs = [run_of(minigrad.log, values) for values in ((-1.0, 1.0), (-1.0, 1.0), (1.0, 1.0))]
    assert not diff(runs[0], runs[1])
    assert diff(runs[0], runs[2]).step == 0


def test_another_op():
    found = diff(run_of(minigrad.tanh), run_of(minigrad.sigmoid))
    assert "step 0, tanh: the second run has op sigmoid here" in str(found)


def test_another_shape_or_dtype():
    found = diff(run_of(minigrad.tanh), run_of(minigrad.tanh, (0.5, 1.0, 2.0)))
    assert "input 0 is float32[2] in the first run, float32[3] in the second" in str(found)


def test_another_setting():
    x = Tensor(np.ones((2, 2)), requires_grad=True)
    runs = []
    for keepdims in (False, True):
        with record() as run:
            minigrad.ops.getitem(x, index=0 if keepdims else 1)
        runs.append(run)
    assert "its settings are {'index': 1} and {'index': 0}" in str(diff(*runs))


def test_one_ends_before_the_other():
    def twice(x):
        return minigrad.tanh(minigrad.tanh(x))

    short, long = run_of(minigrad.tanh), run_of(twice)
    del long.steps[1:]
    assert str(diff(short, long)) == "step 1: the second run has ended, the first goes on with sum"
    assert str(diff(long, short)) == "step 1: the first run has ended, the second goes on with sum"


def test_what_is_no_run_is_refused():
    with pytest.raises(TypeError, match="with minigrad.record.. as run.*got int"):
        diff(run_of(minigrad.tanh), 3)


def test_the_first_step_at_which_two_seeds_part():
    runs = []
    for seed in (0, 1):
        minigrad.seed(seed)
        model = minigrad.Sequential([minigrad.layers.Dense(2, input_shape=(3,))])
        model.compile("sgd", "mse")
        with record() as run:
            model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
        runs.append(run)
    assert diff(*runs).step == 0 and "input 1" in str(diff(*runs))
