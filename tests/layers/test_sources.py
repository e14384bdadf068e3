"""Symbolic tensors told from others, and traced to their Inputs."""

from __future__ import annotations

import numpy as np

from minigrad import Input, Tensor, layers
from minigrad.utils import get_source_inputs, is_keras_tensor


def test_what_is_symbolic():
    x = Input((3,))
    assert is_keras_tensor(x) and is_keras_tensor(layers.Dense(2)(x))
    assert not any(map(is_keras_tensor, [Tensor(1.0), np.ones(2), [x], None]))


def test_source_inputs():
    a, b = Input((3,)), Input((3,))
    shared = layers.Dense(2)
    y = layers.Concatenate()([shared(a), shared(b), shared(a)])
    assert get_source_inputs(y) == [a, b]
    assert get_source_inputs(a) == [a]
