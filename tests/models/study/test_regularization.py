"""The study of regularizers: penalties by hand, data, and what each does to gap and weights."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.regularizers import L1, L1L2, L2
from models.study import regularization


@pytest.mark.parametrize(
    "penalty, value",
    [(L1(0.01), 0.035), (L2(0.01), 0.0525), (L1L2(0.01, 0.01), 0.0875)],
    ids=["L1", "L2", "elastic net"],
)
def test_the_known_penalties(penalty, value):
    weights = Tensor([0.5, -1.0, 2.0], dtype="float64")
    assert np.isclose(penalty(weights).item(), value, rtol=1e-12)


def test_half_circles_and_inputs_that_mean_nothing():
    minigrad.seed(3)
    x, y = regularization.half_circles(4000, useless=2)
    assert x.shape == (4000, 4) and y.shape == (4000, 1)
    differences = x[y[:, 0] == 1].mean(0) - x[y[:, 0] == 0].mean(0)
    assert (abs(differences[:2]) > 0.3).all()
    assert (abs(differences[2:]) < 0.1).all()


def test_networks_have_the_parameters_of_the_docstring():
    model = regularization.network(10)
    assert sum(p.size for p in model.weights) == 4929
    z = np.array([[0.3], [-1.0]])
    model.predict = lambda x, verbose: z  # type: ignore[method-assign]
    loss, accuracy = regularization.cross_entropy(model, None, np.array([[1.0], [1.0]]))
    assert np.isclose(loss, np.log1p(np.exp([-0.3, 1.0])).mean()) and accuracy == 0.5


def test_penalties_close_the_gap_and_shrink_weights_and_dropout_does_neither(drawn):
    findings, metrics = regularization.train(rows=60, width=32, epochs=80)
    assert list(findings) == list(regularization.REGULARIZERS)
    assert metrics["penalties_with_a_smaller_gap"] == metrics["penalties_that_shrink_the_norm"] == 3
    assert metrics["none_near_zero"] < 0.1 < 0.85 < metrics["L1_near_zero"]
    assert metrics["L2_near_zero"] < metrics["L1_near_zero"]
    assert metrics["dropout_norm_ratio"] > 0.8
    limited = findings["max-norm"]["kernels"][:-1]
    assert all((np.linalg.norm(kernel, axis=0) < 0.5 + 1e-4).all() for kernel in limited)
    assert drawn(regularization, findings) == ["curves.png", "inputs.png", "weights.png"]


def test_all_gap_and_norm_metrics_are_those_of_the_findings():
    def found(loss, weight):
        kernels = [np.array([[weight, 0.001]])]
        return {"loss": loss, "training_loss": 0.5, "accuracy": 0.9, "kernels": kernels}

    rows = {name: found(1.0, 0.3) for name in regularization.REGULARIZERS}
    rows |= {"none": found(2.5, 1.0), "L1": found(2.0, 0.6)}
    metrics = regularization.metrics_of(rows)
    assert metrics["none_gap"] == 2.0 and metrics["L1_gap"] == 1.5
    assert metrics["none_near_zero"] == 0.5
    assert metrics["penalties_with_a_smaller_gap"] == 2  # L1 misses half of the gap, of the norm
    assert metrics["penalties_that_shrink_the_norm"] == 2
    assert metrics["dropout_gap_ratio"] == 0.25
