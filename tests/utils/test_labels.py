"""Labels as one-hot rows."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from minigrad.config import default_dtype
from minigrad.utils import to_categorical


def test_to_categorical_by_hand():
    assert_array_equal(to_categorical([1, 0]), [[0, 1], [1, 0]])
    assert_array_equal(to_categorical([[1], [0]], 3), [[0, 1, 0], [1, 0, 0]])
    labels = np.arange(6, dtype="uint8").reshape(2, 3)
    one_hot = to_categorical(labels)
    assert one_hot.shape == (2, 3, 6)
    assert_array_equal(one_hot.argmax(-1), labels)
    assert_array_equal(one_hot.sum(-1), 1)


def test_to_categorical_has_the_default_dtype():
    assert to_categorical([0]).dtype == "float32"
    with default_dtype("float64"):
        assert to_categorical([0]).dtype == "float64"


def test_to_categorical_of_nothing():
    assert to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize("labels, classes", [([0, 3], 3), ([-1, 0], 3), ([-1, 0], None)])
def test_to_categorical_refuses_labels_outside_of_the_classes(labels, classes):
    with pytest.raises(ValueError, match=f"labels run from {min(labels)} to {max(labels)}, num_cl"):
        to_categorical(labels, classes)


def test_to_categorical_refuses_fractions():
    with pytest.raises(TypeError, match="labels are integers, got float64 with fractions"):
        to_categorical([0.5, 1.0])
    with pytest.raises(TypeError, match=r"np.unique\(y, return_inverse=True\)"):
        to_categorical(["cat", "dog"])


@pytest.mark.parametrize("dtype", ["float32", "float64", "bool", "int8", "uint8"])
def test_to_categorical_takes_whole_numbers_of_every_dtype(dtype):
    assert_array_equal(to_categorical(np.array([1, 0], dtype)), [[0, 1], [1, 0]])


@pytest.mark.parametrize("classes", [0, -1])
def test_to_categorical_refuses_no_classes(classes):
    with pytest.raises(ValueError, match=f"num_classes must be 1 or more, got {classes}"):
        to_categorical([], classes)
