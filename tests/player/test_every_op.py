"""Every case of the registry of ops, recorded: a page is made, each gradient agrees with nudges."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops, record
from tests.cases.ops import OPS


def leaf_of(x):
    """A leaf for a floating array, other inputs as they are."""
    is_floating = getattr(x, "dtype", np.dtype(int)).kind == "f"
    return Tensor(x, requires_grad=True, dtype=x.dtype) if is_floating else x


def run_of(name, case):
    """A run of a case in float64, forward and back from each output."""
    inputs, keywords = case.on(np)
    with minigrad.default_dtype("float64"), np.errstate(all="ignore"), record() as run:
        y = case.call(getattr(ops, name), *map(leaf_of, inputs), **keywords)
        for output in y if isinstance(y, (tuple, list)) else [y]:
            if isinstance(output, Tensor) and output.requires_grad:
                output.backward(np.ones(output.shape))
    return run


@pytest.mark.parametrize("name", OPS)
def test_every_step_back_agrees_with_its_nudges(name):
    for case in OPS[name]:
        run = run_of(name, case)
        unsure = [check for check in run.check() if check.verdict not in ("right", "kink")]
        assert not unsure
        assert run.to_html().startswith("<!doctype html>")
