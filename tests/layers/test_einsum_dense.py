"""EinsumDense: other layers written as products, and errors."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.layers import Dense, EinsumDense

from .helpers import assert_close

X = np.random.default_rng(4).standard_normal((2, 5, 3)).astype("float32")


def test_it_is_dense_under_another_name():
    dense = Dense(4, "tanh")
    dense(X)
    for equation in ("abc,cd->abd", "...x,xy->...y"):
        layer = EinsumDense(equation, (None, 4) if "a" in equation else 4, "tanh", equation[-1])
        layer(X)
        layer.set_weights(dense.get_weights())
        assert_close(layer(X), dense(X).numpy(), 1e-6, 1e-5)


def test_the_shapes_of_kernel_and_bias():
    layer = EinsumDense("abc,bde->ade", (4, 6), bias_axes="d")
    assert layer(X).shape == (2, 4, 6)
    assert layer.kernel.shape == (5, 4, 6) and layer.bias.shape == (4, 1)
    assert EinsumDense("abc,cd->abd", (None, 2))(X).shape == (2, 5, 2)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: EinsumDense("abc->ab", 3), "names the axes of input, kernel and output"),
        (lambda: EinsumDense("abc,cd->abd", (7, 4))(X), "axis 'b' .* is 5 in the input and 7"),
        (lambda: EinsumDense("abc,cd->abd", (None, None))(X), "length of axis 'd' of the kernel"),
        (lambda: EinsumDense("abc,cd->abd", 4)(X), "'abd' of the equation .* does not fit"),
        (lambda: EinsumDense("ab,bd->ad", 4)(X), "'ab' of the equation .* does not fit"),
        (lambda: EinsumDense("abc,cd->abd", (None, 4), bias_axes="x")(X), "bias_axes 'x' names"),
    ],
)
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()
