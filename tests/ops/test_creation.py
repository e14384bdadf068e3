"""Arrays made of numbers, and beside others: dtype, device, errors."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.backend import device_name

from .helpers import fails, leaf


def test_what_is_made_of_numbers_is_an_array_in_the_default_dtype(xp):
    with minigrad.device(device_name(xp.zeros(1))):
        for y in (ops.linspace(0, 1, 3), ops.eye(2), ops.arange(0.0, 1.0, 0.25)):
            assert isinstance(y, xp.ndarray) and y.dtype == "float32"
        assert ops.arange(3).dtype == ops.arange(5, 2, -1).dtype == "int64"
        assert ops.arange(3, dtype="float64").dtype == ops.eye(2, dtype="float64").dtype
        with minigrad.default_dtype("float64"):
            assert ops.linspace(0, 1, 3).dtype == "float64"


def test_numbers_may_be_tensors_of_one_element():
    assert ops.arange(Tensor([1, 4]).max()).tolist() == [0, 1, 2, 3]
    assert ops.full_like(np.zeros(2), np.float32(0.5)).tolist() == [0.5, 0.5]


def test_what_is_made_beside_a_tensor_is_one_without_gradient(xp):
    x = leaf(xp, [1.0, 2.0])
    for y in (ops.zeros_like(x), ops.ones_like(x), ops.full_like(x, 3)):
        assert isinstance(y, Tensor) and not y.requires_grad and y.dtype == "float32"
    assert ops.full_like(xp.asarray(np.array([1, 2])), 2.7).tolist() == [2, 2]  # as NumPy


def test_a_copy_has_memory_of_its_own_and_passes_gradients_on(xp):
    x = leaf(xp, [1.0, 2.0])
    for y in (x.copy(), +x, ops.copy(x)):
        y.data[0] = 9
        assert x.tolist() == [1.0, 2.0]
    (x.copy() * 3 + +x).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_errors():
    with fails(ValueError, "arange", "steps of 0"):
        ops.arange(0, 3, 0)
    with fails(ValueError, "arange", "inf"):
        ops.arange(float("inf"))
    with fails(ValueError, "linspace", "num", "-1"):
        ops.linspace(0, 1, -1)
    with fails(ValueError, "eye", "-2"):
        ops.eye(-2)
    with fails(TypeError, "full_like", "number"):
        ops.full_like(np.zeros(2), np.zeros(2))
    for make in (lambda x: ops.zeros_like(x, dtype="str"), lambda x: ops.eye(2, dtype="str")):
        with fails(TypeError, "no dtype of numbers", "float32"):
            make(np.zeros(2))
    with fails(TypeError, "eye", "whole number"):
        ops.eye(2.5)


@pytest.mark.parametrize("values", [[1.5, 2.0], [[1, 2], [3, 4]], 7.0, [True]])
def test_tolist(values, xp):
    assert Tensor(xp.asarray(np.asarray(values))).tolist() == values
