"""Values to Tensors and back."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops


def test_convert_to_tensor_casts_once_and_keeps_tensors():
    x = Tensor([1.0], requires_grad=True)
    assert ops.convert_to_tensor(x) is x
    assert ops.convert_to_tensor(np.ones(2)).dtype == "float32"
    assert ops.convert_to_tensor([1, 2], dtype="float32").dtype == "float32"
    half = ops.convert_to_tensor(2 * x, dtype="float16")
    assert half.dtype == "float16" and half.requires_grad
    assert minigrad.constant([[1, 2]]).shape == (1, 2)


def test_convert_to_numpy_keeps_the_dtype():
    for x in (Tensor([1.0]), np.ones(1), [1.0], minigrad.Parameter(np.ones(1))):
        values = ops.convert_to_numpy(x)
        assert type(values) is np.ndarray and values.shape == (1,)
    assert ops.convert_to_numpy(np.ones(1)).dtype == "float64"


def test_shape_of_everything_that_has_one():
    assert ops.shape(Tensor(np.ones((2, 3)))) == ops.shape([[1, 2, 3], [4, 5, 6]]) == (2, 3)
    assert ops.shape(minigrad.Input((4,))) == (None, 4)


def test_no_gradient_flows_through_stop_gradient():
    x = Tensor([3.0], requires_grad=True)
    y = ops.stop_gradient(x)
    assert not y.requires_grad and y.item() == 3.0
    with pytest.raises(ValueError, match="depends on no Tensor"):
        minigrad.grad(y, [x])


def test_in_a_functional_model():
    x = minigrad.Input((2,))
    model = minigrad.Model(x, ops.convert_to_tensor(ops.stop_gradient(x) * 2))
    assert model.predict(np.ones((1, 2))).tolist() == [[2.0, 2.0]]
