"""The study of training: known points of optimizers, schedules, losses, gradients by depth."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.optimizers import schedules
from models.study import training_study

START_VALUE = 12.5
KNOWN = {  # the points after steps 1, 2, 3 and 100, from (-1.5, 2.5), in float64
    "SGD 0.01": [[-2.95, 2.0], [76.2185, 15.405], [-1766320.956558727, 11603.114484500004]],
    "momentum 0.01": [[-2.95, 2.0], [74.9135, 14.955], [-1677043.1434861415, 11220.7694645]],
    "Adam 0.01": [
        [-1.5099999999993103, 2.490000000002],
        [-1.5199170129735533, 2.480083085823784],
        [-1.5296645664599196, 2.4703330032225357],
        [-1.5311560631459527, 2.3517445440906433],
    ],
    "RMSprop 0.01": [
        [-1.5316227766016086, 2.4683772233989485],
        [-1.5459632523751847, 2.453864480689063],
        [-1.5531956290121596, 2.4461320479125868],
        [-1.4451954674206413, 2.1089985767027013],
    ],
    "Adagrad 0.1": [
        [-1.599999999999976, 2.4000000000002],
        [-1.5404083942792075, 2.4539053696423943],
        [-1.5645187709377244, 2.427564162892177],
        [-1.4942439648517516, 2.2390246174403146],
    ],
}


# ---- optimizers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KNOWN)
def test_optimizers_pass_the_known_points(name):
    optimizer = training_study.known_optimizers()[name]
    path = training_study.trajectory(optimizer, 100)
    assert path[0].tolist() == [-1.5, 2.5]
    assert training_study.rosenbrock(*path[0]) == START_VALUE
    steps = [1, 2, 3, 100][: len(KNOWN[name])]
    assert np.allclose(path[steps], KNOWN[name], rtol=1e-12, atol=0)
    diverged = np.flatnonzero(~np.isfinite(path).all(1))
    assert diverged.size == 0 if len(KNOWN[name]) == 4 else diverged[0] == 7


def test_calm_optimizers_stay_and_descend():
    for name, optimizer in training_study.calm_optimizers().items():
        path = training_study.trajectory(optimizer, 300)
        assert np.isfinite(path).all(), name
        assert training_study.rosenbrock(*path[-1]) < 0.5 * START_VALUE, name


# ---- schedules -----------------------------------------------------------------------------------


def test_schedules_are_the_known_ones():
    rules = training_study.SCHEDULES
    epochs = np.array([0, 19, 29, 30, 60, 99])
    rates = {name: [rule(epoch) for epoch in epochs.tolist()] for name, rule in rules.items()}
    assert rates["constant"] == [1e-3] * 6
    assert np.allclose(rates["step"], [1e-3, 1e-3, 1e-3, 1e-4, 1e-5, 1e-5], rtol=1e-12)
    assert np.allclose(rates["exponential"], 1e-3 * np.exp(-0.05 * epochs), rtol=1e-12)
    clamped = [rules["cosine"](epoch) for epoch in (0, 50, 99)]
    message = "the formula as often copied climbs back after epoch 50"
    assert np.allclose(clamped, [1e-3, 1e-5, 1e-5], rtol=1e-9), message
    peaks = [rules["decaying restarts"](epoch) for epoch in (0, 20, 40)]
    assert peaks[0] > peaks[1] > peaks[2]
    assert all(isinstance(rule, schedules.LearningRateSchedule) for rule in rules.values())


# ---- gradients and losses ------------------------------------------------------------------------


def test_gradients_vanish_explode_and_keep_their_size(device):
    first = {}
    for name, (activation, initializer) in training_study.DEPTHS.items():
        first[name] = training_study.gradient_norms(activation, initializer, depth=20)[0]
    assert first["sigmoid, Glorot"] < 1e-9
    assert first["relu, Glorot"] < 1e-2
    assert first["relu, twice He"] > 1e2
    assert 0.1 < first["relu, He"] < 10
    assert 0.05 < first["tanh, Glorot"] < 10


def test_loss_curves_are_the_formulas():
    curves = {}
    for _, _, functions in training_study.loss_curves().values():
        curves |= functions
    x = np.array([-2.0, 0.3, 1.4])
    expected = {
        "MSE": x**2,
        "MAE": abs(x),
        "Huber (1)": np.where(abs(x) < 1, x**2 / 2, abs(x) - 0.5),
        "cross-entropy": np.log1p(np.exp(-x)),
        "hinge": np.maximum(1 - x, 0),
        "squared error of sigmoid": (1 / (1 + np.exp(x))) ** 2,
        "same kind": x**2,
        "different kind": np.maximum(1 - x, 0) ** 2,
    }
    assert curves.keys() == expected.keys()
    for name, values in expected.items():
        assert np.allclose(curves[name](Tensor(x, dtype="float64")).numpy(), values), name
