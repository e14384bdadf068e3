"""Loss and gradients of the benchmarks' models: of a size at which loops run by themselves.

In float64: in float32 a ReLU whose input is next to 0 may open in one and not in the other.
"""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from benchmarks.suites.models import REGISTRY
from minigrad.losses import SparseCategoricalCrossentropy

LARGE = {"AlexNet at 227", "Inception-v4 reduced"}  # seconds a step


@pytest.mark.parametrize("row", sorted(set(REGISTRY) - LARGE))
def test_gradients_of_a_step_are_those_of_numpy_kernels(row):
    workload = REGISTRY[row]
    x, labels = workload.data()
    x = x.astype("float64") if x.dtype.kind == "f" else x
    loss = SparseCategoricalCrossentropy(from_logits=True)

    def step():
        minigrad.seed(0)
        model = workload.builders["minigrad"]()
        model(x)
        with minigrad.training():
            value = loss(minigrad.Tensor(labels), model(x))
        return value, minigrad.grad(value, model.trainable_weights)

    with minigrad.default_dtype("float64"):
        value, gradients = step()
        with minigrad.use_kernels("numpy"):
            expected, expected_gradients = step()
    np.testing.assert_allclose(value.numpy(), expected.numpy(), rtol=1e-12)
    largest = max(np.abs(g.numpy()).max() for g in expected_gradients)
    for a, b in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-11 * largest)
