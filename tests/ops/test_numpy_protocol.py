"""NumPy's functions and operators on Tensors: an op, or an error, and never a lost gradient."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor

from .helpers import fails, leaf

VALUES = np.array([0.5, 1.5, 2.0], "float32")


UFUNCS = [
    "exp",
    "sqrt",
    "tanh",
    "abs",
    "log1p",
    "square",
    "negative",
    "positive",
    "log2",
    "log10",
    "exp2",
    "arcsinh",
]


@pytest.mark.parametrize("name", UFUNCS)
def test_ufuncs_are_the_ops_of_their_name(name):
    t = leaf(np, VALUES)
    y = getattr(np, name)(t)
    np.testing.assert_allclose(y.numpy(), getattr(np, name)(VALUES), rtol=1e-6)
    y.sum().backward()
    assert np.all(t.grad != 0)


OPERATORS = [
    lambda a, t: a + t,
    lambda a, t: a - t,
    lambda a, t: a * t,
    lambda a, t: a / t,
    lambda a, t: a**t,
    lambda a, t: a // t,
    lambda a, t: a % t,
    lambda a, t: a @ t,
    lambda a, t: a < t,
    lambda a, t: a == t,
    lambda a, t: (a > 1) & (t > 1),
    lambda a, t: (a > 1) | (t > 1),
    lambda a, t: (a > 1) ^ (t > 1),
    lambda a, t: divmod(a, t)[0],
    lambda a, t: np.divmod(t, a)[1],
    np.maximum,
    np.add,
    np.arctan2,
    np.hypot,
    np.logaddexp,
    np.floor_divide,
    np.remainder,
    np.logical_xor,
]


@pytest.mark.parametrize("compute", OPERATORS)
@pytest.mark.parametrize("a", [np.array([1.0, 2.0, 0.5]), np.float64(2.0)], ids=["array", "number"])
def test_operators_of_arrays_leave_the_result_to_the_tensor(compute, a):
    if compute is OPERATORS[7] and not np.ndim(a):
        return  # a number has no matrix product
    y = compute(a, leaf(np, VALUES))
    assert isinstance(y, Tensor) and y.dtype in (np.float32, bool)
    np.testing.assert_allclose(y.numpy(), compute(a.astype("float32"), VALUES), rtol=1e-6)


FUNCTIONS = {
    "sum": np.sum,
    "mean": np.mean,
    "concatenate": lambda t: np.concatenate([t, t]),
    "stack": lambda t: np.stack([t, t]),
    "where": lambda t: np.where(VALUES > 1, t, 0),
    "dot": lambda t: np.dot(VALUES, t),
    "clip": lambda t: np.clip(t, 0, 1),
    "einsum": lambda t: np.einsum("i,i", t, t),
    "reshape": lambda t: np.reshape(t, (3, 1)),
    "round": np.round,
    "norm": np.linalg.norm,
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_other_functions_never_lose_a_gradient(name):
    with fails(TypeError, f"np.{name} would lose the gradients", "minigrad.ops", r"\.numpy\(\)"):
        FUNCTIONS[name](leaf(np, VALUES))
    expected = FUNCTIONS[name](VALUES)
    np.testing.assert_allclose(FUNCTIONS[name](Tensor(VALUES)), expected)
    with minigrad.no_grad():
        np.testing.assert_allclose(FUNCTIONS[name](leaf(np, VALUES)), expected)


def test_functions_without_gradient_take_any_tensor():
    t = leaf(np, VALUES)
    assert np.shape(t) == (3,) and np.argmax(t) == 2 and np.allclose(t, VALUES)
    np.testing.assert_allclose(t, VALUES)


def test_what_ufuncs_cannot_do():
    t = leaf(np, VALUES)
    with fails(TypeError, "np.add.reduce", "minigrad.ops"):
        np.add.reduce(t)
    with fails(TypeError, "np.spacing"):
        np.spacing(t)
    array = VALUES.copy()
    with fails(TypeError, r"array = array \+ t"):
        array += t
    with fails(TypeError, r"array = array \+ t"):
        np.add(array, array, out=t)
    np.testing.assert_array_equal(array, VALUES)


def test_tensors_without_gradients_are_written_into_arrays():
    array = VALUES.copy()
    array += minigrad.Tensor(VALUES)
    array *= minigrad.Tensor(2.0)
    assert type(array) is np.ndarray
    np.testing.assert_allclose(array, 4 * VALUES)
    with minigrad.no_grad():
        np.add(VALUES, leaf(np, VALUES), out=array)
    np.testing.assert_allclose(array, 2 * VALUES)


def test_updates_by_assignment_operators_are_refused():
    """`p -= rate * p.grad` would give the name p to a new Tensor and train nothing."""
    p = leaf(np, VALUES)
    p.sum().backward()
    with fails(TypeError, r"t\.data \+= x"):
        p -= 0.1 * p.grad
    q = leaf(np, VALUES)
    with minigrad.no_grad(), fails(TypeError, r"t\.data \+= x"):
        q *= 0.5
    total = leaf(np, VALUES) * 1.0
    total += 1.0
    total.sum().backward()


def test_one_number_is_asked_of_many():
    t = leaf(np, VALUES)
    for convert in (float, int, lambda x: f"{x:.2f}", Tensor.item):
        with fails(ValueError, r"shape \(3,\)", r"\.sum\(\)"):
            convert(t)
    for empty in (t > 1, Tensor([])):
        with fails(ValueError, r"\.any\(\)"):
            bool(empty)
    with fails(TypeError, "0-d", r"\.item\(\)"):
        list(t.sum())
    with fails(IndexError, r"shape \(3,\)", "index 7"):
        Tensor(VALUES)[7] = 1.0
    with fails(ValueError, r"\(2,\)", r"\(3,\)"):
        Tensor(VALUES)[:] = [1.0, 2.0]
