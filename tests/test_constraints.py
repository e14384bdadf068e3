"""Constraints: their values, and when optimizers apply them."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from minigrad import Parameter, Sequential, Tensor, constraints, grad, layers, ops, optimizers
from minigrad.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm

WEIGHTS = [[0.3, 3.0, 0.0], [-0.4, 4.0, 0.0]]  # columns with norms 0.5, 5 and 0
VALUES = {
    NonNeg(): [[0.3, 3.0, 0.0], [0.0, 4.0, 0.0]],
    MaxNorm(2): [[0.3, 1.2, 0.0], [-0.4, 1.6, 0.0]],
    MaxNorm(1, axis=1): [[0.3 / 3.01496**1, 3 / 3.01496, 0.0], [-0.4 / 4.01995, 4 / 4.01995, 0.0]],
    UnitNorm(): [[0.6, 0.6, 0.0], [-0.8, 0.8, 0.0]],
    UnitNorm(axis=[0, 1]): [[0.059702, 0.597022, 0.0], [-0.079603, 0.796030, 0.0]],
    MinMaxNorm(1, 2): [[0.6, 1.2, 0.0], [-0.8, 1.6, 0.0]],
    MinMaxNorm(1, 2, rate=0.5): [[0.45, 2.1, 0.0], [-0.6, 2.8, 0.0]],
}


@pytest.mark.parametrize("constraint", VALUES, ids=repr)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values(constraint, dtype, xp):
    w = xp.asarray(np.array(WEIGHTS, dtype))
    y = constraint(w)
    assert y.dtype == dtype and type(y) is type(w)
    assert_allclose(Tensor(y, dtype=dtype).numpy(), VALUES[constraint], rtol=1e-5, atol=1e-6)
    assert_allclose(constraint(Tensor(w, dtype=dtype)).numpy(), Tensor(y, dtype=dtype).numpy())


def test_get():
    assert constraints.get(None) is None
    for names, kind in (
        ("max_norm MaxNorm", MaxNorm),
        ("non_neg NonNeg", NonNeg),
        ("unit_norm UnitNorm", UnitNorm),
        ("min_max_norm MinMaxNorm", MinMaxNorm),
    ):
        assert all(type(constraints.get(name)) is kind for name in names.split())
        assert type(constraints.get(kind)) is kind
    assert constraints.max_norm is MaxNorm and constraints.non_neg is NonNeg
    assert constraints.unit_norm is UnitNorm and constraints.min_max_norm is MinMaxNorm
    with pytest.raises(ValueError, match="unknown constraint 'maxnrm': did you mean"):
        constraints.get("maxnrm")
    with pytest.raises(NotImplementedError, match="Constraint does not define __call__"):
        Constraint()(np.ones(2))


# ---- after a step --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_it_is_applied_after_each_step_to_what_has_a_gradient(name, xp):
    moved, still, free = (
        Parameter(xp.asarray([1.0, -2.0]), constraint=c) for c in (NonNeg(), NonNeg(), None)
    )
    gradients = [xp.asarray(np.ones(2, "float32")), None, xp.asarray(np.ones(2, "float32"))]
    optimizer = optimizers.get(name)
    for _ in range(2):
        optimizer.apply(gradients, [moved, still, free])
    assert moved.numpy()[1] == 0 and moved.numpy()[0] == free.numpy()[0] < 1
    assert still.numpy().tolist() == [1.0, -2.0] and free.numpy()[1] < -2
    assert moved.dtype == "float32"


def test_the_largest_step_is_by_decay_clipping_and_then_the_constraint():
    p = Parameter(np.array([[3.0], [4.0]]), constraint=MaxNorm(1.0))
    optimizer = optimizers.SGD(0.5, weight_decay=0.2, clipnorm=1.0)
    optimizer.apply([np.array([[30.0], [40.0]], "float32")], [p])
    shrunk = np.array([[3.0], [4.0]]) * (1 - 0.5 * 0.2) - 0.5 * np.array([[0.6], [0.8]])
    assert_allclose(p.numpy(), shrunk / np.linalg.norm(shrunk), rtol=1e-6)


def test_a_plain_function_and_half_precision():
    p = Parameter(np.array([0.5, 2.0]), dtype="float16", constraint=lambda w: ops.clip(w, max=1.0))
    small = Parameter(np.full((2, 1), 1e-4), dtype="float16", constraint=UnitNorm())
    optimizers.SGD(0.0).apply([np.ones(2, "float16"), np.ones((2, 1), "float16")], [p, small])
    assert p.numpy().tolist() == [0.5, 1.0] and p.dtype == "float16"
    assert_allclose(small.numpy(), np.full((2, 1), 0.5**0.5), rtol=2e-3)  # whose square is 0


def test_another_shape_is_refused():
    p = Parameter(np.ones((2, 3)), name="kernel", constraint=lambda w: ops.sum(w, axis=0))
    with pytest.raises(ValueError, match=r"shape \(3,\) of the parameter kernel of shape \(2, 3\)"):
        optimizers.SGD(0.1).apply([np.ones((2, 3), "float32")], [p])


def test_in_fit_in_a_loop_and_in_a_copy():
    x = np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)
    y = -x.sum(1, keepdims=True)

    def built():
        layer = layers.Dense(3, "tanh", kernel_initializer="ones", kernel_constraint="non_neg")
        head = layers.Dense(1, kernel_initializer="ones", bias_constraint=MaxNorm(1e-3))
        model = Sequential(layers.Input((2,)), layer, head)
        model.compile(optimizers.Adam(0.6), "mse")
        return model

    fitted, stepped, looped = built(), built(), built()
    twin = copy.deepcopy(stepped)
    fitted.fit(x, y, epochs=3, batch_size=4, verbose=0, shuffle=False)
    for model in (stepped, twin):
        for _ in range(3):
            model.train_on_batch(x, y)
    optimizer = optimizers.Adam(0.6)
    weights = looped.trainable_weights
    for _ in range(3):
        loss = ops.mean(ops.square(looped(x) - y))
        optimizer.apply(grad(loss, weights), weights)
    for name, p in fitted.named_weights().items():
        assert_array_equal(p.numpy(), stepped.named_weights()[name].numpy())
        assert_array_equal(p.numpy(), twin.named_weights()[name].numpy())
        assert_allclose(p.numpy(), looped.named_weights()[name].numpy(), rtol=1e-5)
    kernel, bias = fitted.get_weights()[0], fitted.get_weights()[3]
    assert kernel.min() == 0 and abs(bias) <= 1e-3
