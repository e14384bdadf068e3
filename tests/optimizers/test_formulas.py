"""Every optimizer against its formula, against Keras, and on Rosenbrock's function."""

import numpy as np
import pytest

import minigrad
from minigrad import Parameter, grad
from minigrad.optimizers.adagrad import Adagrad
from minigrad.optimizers.adam import Adam, AdamW
from minigrad.optimizers.momentum import Momentum, Nesterov
from minigrad.optimizers.rmsprop import RMSprop
from minigrad.optimizers.sgd import SGD

from .formulas import (
    FORMULAS,
    SMALL,
    adam,
    arrays,
    close,
    expected,
    gradients,
    parameters,
    rmsprop,
    sgd,
)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_fifty_steps(name, device):
    kind, formula, options = FORMULAS[name]
    decay = 0.004 if kind is AdamW else 0.0
    ps, steps = (
        parameters(),
        [gradients(SMALL, t, none=(3,) if t % 5 == 2 else ()) for t in range(50)],
    )
    wanted, optimizer = (
        expected(formula, arrays(ps), steps, decay=decay, **options),
        kind(0.01, **options),
    )
    for gs in steps:
        optimizer.apply(gs, ps)
    close(ps, wanted)
    assert optimizer.t == 50 and all(p.device == device for p in ps)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_float32_stays_float32(name, device, same_dtype):
    kind, formula, options = FORMULAS[name]
    ps, decay = parameters(dtype="float32"), 0.004 if kind is AdamW else 0.0
    start, steps = (
        arrays(ps),
        [gradients(SMALL, t, "float64" if t == 3 else "float32") for t in range(10)],
    )
    optimizer = kind(
        np.float64(0.01),
        **{key: np.float64(v) if isinstance(v, float) else v for key, v in options.items()},
    )
    for gs in steps:
        optimizer.apply(gs, ps)
    same_dtype("float32", *ps, *optimizer.state())
    close(
        ps,
        expected(formula, [a.astype("float64") for a in start], steps, decay=decay, **options),
        rtol=3e-4,
        atol=3e-6,
    )


@pytest.mark.parametrize("kind, formula", [(SGD, sgd), (Adam, adam), (RMSprop, rmsprop)])
def test_weight_decay(kind, formula, device):
    ps, steps = parameters(), [gradients(SMALL, t, none=(0,) if t == 3 else ()) for t in range(8)]
    wanted, optimizer = (
        expected(formula, arrays(ps), steps, decay=0.3),
        kind(0.01, weight_decay=0.3),
    )
    for gs in steps:
        optimizer.apply(gs, ps)
    close(ps, wanted)


# ---- against Keras -------------------------------------------------------------------------------


def test_keras_defaults():
    def of(optimizer, *names):
        return [getattr(optimizer, name) for name in names]

    assert of(SGD(), "learning_rate", "momentum", "nesterov") == [0.01, 0, False]
    assert of(Momentum(), "learning_rate", "momentum") == [0.01, 0.9] and Nesterov().nesterov
    assert of(Adam(), "learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad") == [
        1e-3,
        0.9,
        0.999,
        1e-7,
        False,
    ]
    assert of(RMSprop(), "learning_rate", "rho", "momentum", "epsilon", "centered") == [
        1e-3,
        0.9,
        0,
        1e-7,
        False,
    ]
    names = "learning_rate", "initial_accumulator_value", "epsilon"
    assert of(Adagrad(), *names) == [1e-3, 0.1, 1e-7]


@pytest.mark.parametrize(
    "optimizer, end",
    [  # Keras 3.15.1: five steps from (1, -2, 3) with gradients t * (.5, -1, 2)
        (
            SGD(0.1, 0.9, nesterov=True),
            [-1.176639437675476, 2.353278875350952, -5.7065582275390625],
        ),
        (
            SGD(0.1, weight_decay=0.1, clipnorm=1.0),
            [0.8440415859222412, -1.6880831718444824, 2.425175905227661],
        ),
        (
            RMSprop(0.1, momentum=0.9, centered=True),
            [-3.0614428520202637, 2.061445474624634, -1.061446189880371],
        ),
        (Adagrad(0.1), [0.6106375455856323, -1.5959316492080688, 2.591495990753174]),
        (Adam(0.1), [0.5149219036102295, -1.5149214267730713, 2.514921188354492]),
        (Adam(0.1, amsgrad=True), [0.5149219036102295, -1.5149214267730713, 2.514921188354492]),
        (AdamW(0.1), [0.5133141875267029, -1.5113152265548706, 2.5093166828155518]),
        (
            SGD(0.1, global_clipnorm=1.0),
            [0.8908910155296326, -1.7817820310592651, 2.5635640621185303],
        ),
        (SGD(0.1, clipvalue=0.7), [0.6700000166893005, -1.649999737739563, 2.6500003337860107]),
    ],
)
def test_paths_of_keras(optimizer, end):
    p = Parameter(np.array([1.0, -2.0, 3.0]))
    for t in range(1, 6):
        optimizer.apply([np.array([0.5, -1, 2], "float32") * t], [p])
    np.testing.assert_allclose(p.numpy(), end, rtol=2e-5)


# ---- Rosenbrock ----------------------------------------------------------------------------------


def path(optimizer, steps=100):
    """Points on (1 - x)^2 + 100 (y - x^2)^2 from (-1.5, 2.5), in float64."""
    with minigrad.default_dtype("float64"):
        p, points = Parameter(np.array([-1.5, 2.5])), []
        with np.errstate(all="ignore"):
            for _ in range(steps):
                optimizer.apply(grad((1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2, [p]), [p])
                points.append(p.numpy().copy())
    return np.array(points)


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


@pytest.mark.parametrize(
    "optimizer, first, values, last",
    [
        (
            lambda: Adam(0.01, epsilon=1e-8, epsilon_form="paper"),
            [
                [-1.5099999999993103, 2.490000000002],
                [-1.5199170129735533, 2.480083085823784],
                [-1.5296645664599196, 2.4703330032225357],
            ],
            [7.181529514624066, 6.511074689520662, 6.412088274595487],
            [-1.5311560631459527, 2.3517445440906433],
        ),
        (
            lambda: RMSprop(0.01, epsilon=1e-8),
            [
                [-1.5316227766016086, 2.4683772233989485],
                [-1.5459632523751847, 2.453864480689063],
                [-1.5531956290121596, 2.4461320479125868],
            ],
            [6.546713581682334, 6.317532715935745, 6.020632122965453],
            [-1.4451954674206413, 2.1089985767027013],
        ),
        (
            lambda: Adagrad(0.1, initial_accumulator_value=0.0, epsilon=1e-8),
            [
                [-1.599999999999976, 2.4000000000002],
                [-1.5404083942792075, 2.4539053696423943],
                [-1.5645187709377244, 2.427564162892177],
            ],
            [6.524285897957105, 6.391258410801032, 6.225171204078546],
            [-1.4942439648517516, 2.2390246174403146],
        ),
    ],
    ids=["adam", "rmsprop", "adagrad"],
)
def test_paths_on_rosenbrock(optimizer, first, values, last):
    points = path(optimizer())
    np.testing.assert_allclose(points[:3], first, rtol=1e-9)
    np.testing.assert_allclose(
        [rosenbrock(points[i - 1]) for i in (10, 50, 100)], values, rtol=1e-6
    )
    np.testing.assert_allclose(points[-1], last, rtol=1e-6)


@pytest.mark.parametrize(
    "optimizer, first",
    [
        (
            lambda: SGD(0.01),
            [[-2.95, 2.0], [76.2185, 15.405000000000001], [-1766320.956558727, 11603.114484500004]],
        ),
        (
            lambda: SGD(0.01, momentum=0.9),
            [[-2.95, 2.0], [74.9135, 14.955000000000002], [-1677043.1434861415, 11220.7694645]],
        ),
    ],
    ids=["sgd", "momentum"],
)
def test_too_large_a_rate_leaves_for_infinity(optimizer, first):
    points = path(optimizer(), 8)
    np.testing.assert_allclose(points[:3], first, rtol=1e-9)
    assert np.isfinite(points[:6]).all() and not np.isfinite(points[6]).all()
