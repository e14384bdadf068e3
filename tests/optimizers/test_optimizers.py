"""Optimizers against their formulas in NumPy; storage, clipping, schedules, refusals."""

import copy
import pickle

import numpy as np
import pytest

import minigrad
from minigrad import Parameter, Sequential, Tensor, grad, optimizers
from minigrad.backend import device_name, to_cpu
from minigrad.config import to_device
from minigrad.layers import Dense
from minigrad.optimizers import base, schedules
from minigrad.optimizers.adagrad import Adagrad
from minigrad.optimizers.adam import Adam, AdamW
from minigrad.optimizers.base import BLOCK_SIZE, Optimizer
from minigrad.optimizers.rmsprop import RMSprop
from minigrad.optimizers.sgd import SGD, Momentum, Nesterov

rng = np.random.default_rng(9)


# ---- the formulas, straight from Keras's documentation, on one parameter -------------------------


def sgd(p, g, s, t, rate, momentum=0.0, nesterov=False):
    v = s["v"] = momentum * s.get("v", 0) - rate * g
    return p + (momentum * v - rate * g if nesterov else v)


def adagrad(p, g, s, t, rate, initial_accumulator_value=0.1, epsilon=1e-7):
    a = s["a"] = s.get("a", initial_accumulator_value) + g**2
    return p - rate * g / np.sqrt(a + epsilon)


def rmsprop(p, g, s, t, rate, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    v = s["v"] = rho * s.get("v", 0) + (1 - rho) * g**2
    m = s["m"] = rho * s.get("m", 0) + (1 - rho) * g
    step = rate * g / np.sqrt(v - centered * m**2 + epsilon)
    step = s["step"] = momentum * s.get("step", 0) + step
    return p - step


def adam(p, g, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    m = s["m"] = beta_1 * s.get("m", 0) + (1 - beta_1) * g
    v = s["v"] = beta_2 * s.get("v", 0) + (1 - beta_2) * g**2
    if amsgrad:
        v = s["v_max"] = np.maximum(s.get("v_max", 0), v)
    return p - rate * (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)


FORMULAS = {
    "sgd": (SGD, sgd, {}),
    "sgd momentum": (SGD, sgd, {"momentum": 0.8}),
    "sgd nesterov": (SGD, sgd, {"momentum": 0.8, "nesterov": True}),
    "sgd nesterov alone": (SGD, sgd, {"nesterov": True}),
    "momentum": (Momentum, lambda *a: sgd(*a, momentum=0.9), {}),
    "nesterov": (Nesterov, lambda *a: sgd(*a, momentum=0.9, nesterov=True), {}),
    "adagrad": (Adagrad, adagrad, {}),
    "adagrad initial": (Adagrad, adagrad, {"initial_accumulator_value": 0.7, "epsilon": 0.01}),
    "rmsprop": (RMSprop, rmsprop, {}),
    "rmsprop all": (RMSprop, rmsprop, {"rho": 0.8, "momentum": 0.5, "centered": True}),
    "rmsprop centered": (RMSprop, rmsprop, {"centered": True, "epsilon": 1e-3}),
    "rmsprop momentum": (RMSprop, rmsprop, {"momentum": 0.9}),
    "adam": (Adam, adam, {}),
    "adam betas": (Adam, adam, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}),
    "adam no momentum": (Adam, adam, {"beta_1": 0.0}),
    "adam amsgrad": (Adam, adam, {"amsgrad": True, "beta_2": 0.9}),
    "adamw": (AdamW, adam, {}),
    "adamw amsgrad": (AdamW, adam, {"amsgrad": True}),
}
SHAPES = [
    (3, 4),
    (),
    (0, 3),
    (BLOCK_SIZE // 2 + 3,),
    (BLOCK_SIZE // 2 - 1,),
    (7,),
    (2 * BLOCK_SIZE + 5,),
    (1, 1),
    (2, 3, 2),
    (0,),
    (BLOCK_SIZE,),
    (5,),
]
SMALL = [(3, 4), (), (0, 3), (7,), (1, 1)]


def parameters(shapes=SMALL, dtype="float64"):
    draw = np.random.default_rng(len(shapes))
    with minigrad.default_dtype(dtype):
        return [
            Parameter(to_device(draw.standard_normal(s).astype(dtype)), f"p{i}")
            for i, s in enumerate(shapes)
        ]


def gradients(shapes, step, dtype="float64", none=()):
    draw = np.random.default_rng(100 + step)
    gs = [np.asarray(draw.standard_normal(s) * (1 + step % 7), dtype) for s in shapes]
    return [None if i in none else to_device(g) for i, g in enumerate(gs)]


def arrays(ps):
    return [p.numpy().copy() for p in ps]


def expected(formula, start, steps, rate=0.01, decay=0.0, **options):
    """The parameters after the steps, each alone; `steps` yields the gradients, None for none."""
    ps, states = [a.copy() for a in start], [{} for _ in start]
    for t, gs in enumerate(steps, 1):
        r = rate(t - 1) if callable(rate) else rate
        for i, g in enumerate(gs):
            if g is not None:
                ps[i] = formula(
                    ps[i] * (1 - r * decay), to_cpu(g).astype("float64"), states[i], t, r, **options
                )
    return ps


def close(ps, wanted, rtol=1e-9, atol=1e-11):
    for p, w in zip(ps, wanted, strict=True):
        np.testing.assert_allclose(p.numpy(), w, rtol, atol)


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


@pytest.mark.parametrize(
    "name", ["sgd momentum", "adagrad", "rmsprop all", "adam amsgrad", "adamw"]
)
def test_many_sizes_over_several_blocks(name):
    kind, formula, options = FORMULAS[name]
    ps, steps = (
        parameters(SHAPES),
        [gradients(SHAPES, t, none=(4, 7) if t == 2 else (6,) if t == 3 else ()) for t in range(5)],
    )
    wanted, optimizer = (
        expected(formula, arrays(ps), steps, decay=0.1, **options),
        kind(0.01, weight_decay=0.1, **options),
    )
    for gs in steps:
        optimizer.apply(
            [g if g is None or t else Tensor(g, dtype="float64") for t, g in enumerate(gs)], ps
        )
    close(ps, wanted)
    assert (
        len(optimizer._blocks) >= 5 and max(a[0].size for _, a in optimizer._blocks) <= BLOCK_SIZE
    )


def test_blocks_cover_everything_once():
    for sizes in ([5, 0, 3, 20, 0, 1, 10, 10, 2], [0], [0, 0, 4], [10], [11], [31]):
        covered = np.zeros(sum(sizes), int)
        starts = np.cumsum([0, *sizes])
        stop = 0
        for segments in base.make_blocks(sizes, 10):
            start, stop = stop, stop + sum(b - a for _, a, b in segments)
            assert 0 < stop - start <= 10
            for i, a, b in segments:
                assert start <= starts[i] + a < starts[i] + b <= stop
                covered[starts[i] + a : starts[i] + b] += 1
        assert (covered == 1).all()


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


# ---- changing parameters -------------------------------------------------------------------------


def test_parameter_lists_that_change():
    """New parameters join, others pause, the order changes, one comes twice."""
    ps, shapes = parameters(SMALL), SMALL
    lists = [[0, 1], [0, 1, 2, 3], [3, 0], [4, 3, 2, 1, 0], [1], [0, 1, 2, 3, 4], [1, 1]]
    steps = [gradients(shapes, t) for t in range(len(lists))]
    masked = [
        [(2 if chosen == [1, 1] else 1) * g if i in chosen else None for i, g in enumerate(gs)]
        for chosen, gs in zip(lists, steps, strict=True)
    ]
    wanted, optimizer = expected(adam, arrays(ps), masked), Adam(0.01)
    for chosen, gs in zip(lists, steps, strict=True):
        optimizer.apply([gs[i] for i in chosen], [ps[i] for i in chosen])
    close(ps, wanted)


def test_a_list_changed_in_place_is_noticed():
    a, b, c = parameters([(2,), (2,), (2,)])
    chosen, before = [a, b], c.numpy().copy()
    optimizer = SGD(1.0)
    optimizer.apply([np.ones(2), np.ones(2)], chosen)
    kept = a.numpy().copy()
    chosen[0] = c
    optimizer.apply([np.ones(2), np.ones(2)], chosen)
    np.testing.assert_array_equal(a.numpy(), kept)
    np.testing.assert_allclose(c.numpy(), before - 1)


def test_arrays_replaced_in_between(device):
    ps = parameters()
    steps, optimizer = [gradients(SMALL, t) for t in range(9)], Adam(0.01)
    twins, states = arrays(ps), [{} for _ in ps]
    for t, gs in enumerate(steps, 1):
        if t == 3:
            ps[0].data = to_device(np.full((3, 4), 0.5))
            twins[0] = np.full((3, 4), 0.5)
        if t == 5:
            for p in ps:
                p.assign(0.25)
            twins = [np.full_like(twin, 0.25) for twin in twins]
        if t == 7:
            ps[3].data -= to_device(np.ones(7))
            twins[3] = twins[3] - 1
        twins = [adam(p, to_cpu(g), s, t, 0.01) for p, g, s in zip(twins, gs, states, strict=True)]
        optimizer.apply(gs, ps)
        close(ps, twins)


def test_set_weights_between_steps():
    model = Sequential(Dense(3, input_shape=(4,)), Dense(2))
    optimizer = Adam(0.1)
    optimizer.apply([np.ones(p.shape) for p in model.weights], model.weights)
    model.set_weights([np.zeros(p.shape) for p in model.weights])
    optimizer.apply([np.ones(p.shape) for p in model.weights], model.weights)
    for p in model.weights:
        np.testing.assert_allclose(p.numpy(), -0.1, rtol=1e-5)


def test_two_optimizers_share_parameters(device):
    ps, steps = parameters(), [gradients(SMALL, t) for t in range(12)]
    twins, states, others = arrays(ps), [{} for _ in ps], [{} for _ in ps]
    first, second = Adam(0.01), Momentum(0.02)
    for t, gs in enumerate(steps):
        if t % 3 == 2:
            twins = [
                sgd(p, to_cpu(g), s, 0, 0.02, 0.9)
                for p, g, s in zip(twins, gs, others, strict=True)
            ]
            second.apply(gs[::-1], ps[::-1])
        else:
            twins = [
                adam(p, to_cpu(g), s, first.t + 1, 0.01)
                for p, g, s in zip(twins, gs, states, strict=True)
            ]
            first.apply(gs, ps)
        close(ps, twins)


def test_storage_moves_with_its_parameters():
    ps, steps = parameters(), [gradients(SMALL, t) for t in range(6)]
    wanted, optimizer = expected(adam, arrays(ps), steps), Adam(0.01)
    for t, gs in enumerate(steps):
        if t in (2, 4):
            for p in ps:
                p._array = to_device(p._array, "strict" if t == 2 else "cpu")
        where = ps[0].device
        optimizer.apply([to_device(to_cpu(g), where) for g in gs], ps)
        assert (
            {p.device for p in ps}
            == {where}
            == {device_name(a) for slots in optimizer.state() for a in slots}
        )
    close(ps, wanted)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
def test_copies_go_their_own_way(copied):
    ps, steps = parameters(), [gradients(SMALL, t) for t in range(6)]
    wanted, optimizer = expected(adam, arrays(ps), steps), Adam(0.01)
    for gs in steps[:3]:
        optimizer.apply(gs, ps)
    middle = arrays(ps)
    twin, twins = copied((optimizer, ps))
    for gs in steps[3:]:
        twin.apply(gs, twins)
    close(ps, middle)
    close(twins, wanted)
    for gs in steps[3:]:
        optimizer.apply(gs, ps)
    close(ps, wanted)


def test_parameters_are_views_of_one_array(device):
    ps = parameters()
    optimizer = Adam()
    optimizer.apply(gradients(SMALL, 0), ps)
    kept = [p._array for p in ps]
    for t in range(3):
        optimizer.apply(gradients(SMALL, t), ps)
    assert all(p._array is a for p, a in zip(ps, kept, strict=True))
    assert [p.shape for p in ps] == SMALL


def test_gradients_are_left_as_they_are():
    for kind in (SGD, Momentum, Nesterov, Adagrad, RMSprop, Adam, AdamW):
        p, g = Parameter(np.ones(5, "float32")), np.arange(5, dtype="float32")
        kind(0.1, clipnorm=0.1).apply([g], [p])
        kind(0.1).apply([g], [p])
        assert g.tolist() == [0, 1, 2, 3, 4]
    whole = np.arange(24.0).reshape(4, 6)
    p = Parameter(np.zeros((6, 4)), dtype="float64")
    SGD(1.0).apply([whole.T], [p])  # a gradient that is a view
    np.testing.assert_array_equal(p.numpy(), -whole.T)


def test_a_step_is_an_edit_the_graph_notices():
    p, optimizer = Parameter(np.ones(3)), SGD()
    optimizer.apply([np.ones(3)], [p])
    y = minigrad.sum(p * p)
    np.testing.assert_allclose(grad(y, [p])[0].numpy(), 2 * p.numpy())
    optimizer.apply([np.ones(3)], [p])
    with pytest.raises(RuntimeError, match="changed in place"):
        grad(y, [p])


# ---- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SGD, Adam])
@pytest.mark.parametrize("clip", ["clipvalue", "clipnorm", "global_clipnorm"])
def test_clipping(kind, clip, device):
    ps, steps = parameters(), [gradients(SMALL, t, none=(1,) if t == 1 else ()) for t in range(5)]
    limit = 2.5

    def clipped(gs):
        gs = [g if g is None else to_cpu(g) for g in gs]
        length = np.sqrt(sum((g**2).sum() for g in gs if g is not None))
        if clip == "clipvalue":
            return [g if g is None else np.clip(g, -limit, limit) for g in gs]
        lengths = [
            length if clip == "global_clipnorm" or g is None else np.sqrt((g**2).sum()) for g in gs
        ]
        return [
            g if g is None else g * min(1, limit / n) if n else g
            for g, n in zip(gs, lengths, strict=True)
        ]

    wanted = expected(sgd if kind is SGD else adam, arrays(ps), [clipped(gs) for gs in steps])
    plain = expected(sgd if kind is SGD else adam, arrays(ps), steps)
    assert abs(plain[0] - wanted[0]).max() > 1e-4
    optimizer = kind(0.01, **{clip: limit})
    for gs in steps:
        optimizer.apply(gs, ps)
    close(ps, wanted)
    with pytest.raises(ValueError, match="above 0"):
        kind(**{clip: 0})
    zero = parameters([(3,)])
    before = arrays(zero)
    kind(0.1, **{clip: 1.0}).apply([to_device(np.zeros(3))], zero)
    close(zero, before)


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


def test_the_state_of_adam_is_the_papers(device):
    """m = (1 - beta_1) g and v = (1 - beta_2) g**2 after one step, running means from then on."""
    p = Parameter(to_device(np.zeros(2)), dtype="float64")
    optimizer = Adam(0.1, amsgrad=True)
    optimizer.apply([to_device(np.array([1.0, -2.0]))], [p])
    m, v, v_max = map(to_cpu, optimizer.state()[0])
    assert optimizer.slots == ("m", "v", "v_max")
    np.testing.assert_allclose(m, [0.1, -0.2], rtol=1e-12)
    np.testing.assert_allclose(v, [0.001, 0.004], rtol=1e-12)
    np.testing.assert_allclose(v_max, v, rtol=0)
    optimizer.apply([to_device(np.zeros(2))], [p])
    m, v, v_max = map(to_cpu, optimizer.state()[0])
    np.testing.assert_allclose(m, [0.09, -0.18], rtol=1e-12)
    np.testing.assert_allclose(v, [0.000999, 0.003996], rtol=1e-12)
    np.testing.assert_allclose(v_max, [0.001, 0.004], rtol=1e-12)


def test_adamw_is_adam_with_decay():
    assert AdamW().weight_decay == 0.004 and Adam().weight_decay is None
    ps, twins = parameters(), parameters()
    a, b = AdamW(0.01, weight_decay=0.2), Adam(0.01, weight_decay=0.2)
    for t in range(4):
        a.apply(gradients(SMALL, t), ps), b.apply(gradients(SMALL, t), twins)
    close(ps, arrays(twins), rtol=0, atol=0)


@pytest.mark.parametrize(
    "schedule",
    [lambda t: 0.1 / (1 + t), schedules.ExponentialDecay(0.1, 3, 0.5), schedules.WarmUp(0.1, 4)],
)
@pytest.mark.parametrize("kind, formula", [(SGD, sgd), (Adam, adam)])
def test_schedules(kind, formula, schedule):
    ps, steps = parameters(), [gradients(SMALL, t) for t in range(7)]
    wanted, optimizer = (
        expected(formula, arrays(ps), steps, rate=schedule, decay=0.1),
        kind(schedule, weight_decay=0.1),
    )
    assert optimizer.learning_rate == schedule(0)
    for t, gs in enumerate(steps):
        optimizer.apply(gs, ps)
        assert optimizer.learning_rate == pytest.approx(float(schedule(t)))
    close(ps, wanted)
    with pytest.raises(ValueError, match="follows a schedule"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = lambda t: 0.5 * t
    assert optimizer.learning_rate == 3.5  # a new schedule goes on where the steps are


def test_learning_rate_can_be_set():
    p, optimizer = Parameter(np.zeros(2)), SGD(1.0)
    for rate in (1.0, 0.25, np.float32(0.5), 2):
        optimizer.learning_rate = rate
        assert type(optimizer.learning_rate) is float
        optimizer.apply([np.ones(2)], [p])
    np.testing.assert_allclose(p.numpy(), -3.75)


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
    assert of(Adagrad(), "learning_rate", "initial", "epsilon") == [1e-3, 0.1, 1e-7]


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


def test_centered_rmsprop_keeps_its_head():
    """A constant gradient has no variance; rounding must not make it negative."""
    p = Parameter(np.zeros(1000, "float32"))
    g, optimizer = (np.linspace(-300, 300, 1000)).astype("float32"), RMSprop(1e-3, centered=True)
    for t in range(400):
        optimizer.apply([2 * g if t < 50 else g], [p])
    assert np.isfinite(p.numpy()).all()


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
            lambda: Adam(0.01, epsilon=1e-8),
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


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "give, words",
    [
        (lambda ps, gs: ([], []), "adam has no parameters to train"),
        (lambda ps, gs: (gs[:-1], ps), "4 gradients for 5 parameters"),
        (lambda ps, gs: ([*gs, gs[0]], ps), "6 gradients for 5 parameters"),
        (
            lambda ps, gs: ([*gs[:-1], gs[-1].reshape(1)], ps),
            r"gradient 4 has shape \(1,\), its parameter p4 \(1, 1\)",
        ),
        (lambda ps, gs: ([*gs[:3], gs[3][:6], gs[4]], ps), r"gradient 3 has shape \(6,\)"),
        (
            lambda ps, gs: ([*gs, gs[0]], [*ps, Parameter(np.zeros((3, 4)), dtype="float32")]),
            "float32 on cpu and float64 on cpu",
        ),
    ],
)
def test_errors_change_nothing(give, words):
    ps, gs = parameters(), gradients(SMALL, 0)
    optimizer = Adam(0.01)
    optimizer.apply(gs, ps)
    before, state = arrays(ps), [[a.copy() for a in slots] for slots in optimizer.state()]
    for _ in range(2):
        with pytest.raises(ValueError, match=words):
            optimizer.apply(*give(ps, gs))
        close(ps, before, 0, 0)
        assert optimizer.t == 1 and len(optimizer.parameters) == len(ps)
        for old, new in zip(state, optimizer.state(), strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(old, new, strict=True))
    optimizer.apply(gs, ps)  # and it works on
    close(ps, expected(adam, arrays(parameters()), [gs, gs]))


@pytest.mark.parametrize(
    "make, error, words",
    [
        (
            lambda: optimizers.get("adma"),
            ValueError,
            "unknown optimizer 'adma': did you mean 'adam'",
        ),
        (lambda: optimizers.get(3), TypeError, "optimizer: expected"),
        (lambda: SGD(-1.0), ValueError, "must not be negative"),
        (lambda: SGD(float("nan")), ValueError, "negative"),
        (lambda: Adam("fast"), TypeError, "a number or a schedule"),
        (lambda: Adam(None), TypeError, "a number or a schedule"),
        (lambda: SGD(momentum=1.5), ValueError, "momentum must be in"),
        (lambda: Adam(beta_1=1.0), ValueError, "beta_1 and beta_2"),
        (lambda: Adam(beta_2=1.1), ValueError, "beta_1 and beta_2"),
        (lambda: Adam(clipnorm=1.0, clipvalue=1.0), ValueError, "choose one of"),
        (lambda: SGD(clipnorm=-1), ValueError, "above 0"),
        (
            lambda: Optimizer().apply([np.ones(2)], [Parameter(np.ones(2))]),
            TypeError,
            "Optimizer needs a method update",
        ),
    ],
)
def test_bad_settings(make, error, words):
    with pytest.raises(error, match=words):
        make()


# ---- names, pairs, own optimizers ----------------------------------------------------------------


def test_names_and_classes():
    for name, kind in optimizers.NAMES.items():
        assert (
            type(optimizers.get(name))
            is type(optimizers.get(name.upper()))
            is type(optimizers.get(kind))
            is kind
        )
        assert kind().name == name or kind is not SGD
    optimizer = Adam(0.5)
    assert optimizers.get(optimizer) is optimizer
    every = {
        k
        for k in vars(optimizers).values()
        if isinstance(k, type) and issubclass(k, Optimizer) and k is not Optimizer
    }
    assert every == set(optimizers.NAMES.values())


def test_apply_gradients_and_remembered_parameters():
    ps, twins = parameters(), parameters()
    a, b = Adam(0.01), Adam(0.01)
    for t in range(3):
        gs = gradients(SMALL, t)
        a.apply_gradients(zip(gs, ps))
        b.apply(gs, twins if t == 0 else None)
    close(ps, arrays(twins), 0, 0)


def test_an_optimizer_of_ones_own(device):
    class Lion(Optimizer):
        slots = ("m",)

        def update(self, p, g, m):
            p -= self.learning_rate * minigrad.backend.backend(g).sign(0.9 * m + 0.1 * g)
            m += (g - m) * 0.01

    ps, steps = parameters(), [gradients(SMALL, t) for t in range(4)]

    def lion(p, g, s, t, rate):
        m = s.get("m", 0)
        s["m"] = m + (g - m) * 0.01
        return p - rate * np.sign(0.9 * m + 0.1 * g)

    wanted, optimizer = expected(lion, arrays(ps), steps), Lion(0.01)
    for gs in steps:
        optimizer.apply(gs, ps)
    close(ps, wanted)
    assert optimizer.name == "lion"


def test_state_and_back(device):
    ps, steps = parameters(), [gradients(SMALL, t) for t in range(6)]
    wanted, first = expected(adam, arrays(ps), steps), Adam(0.01)
    for gs in steps[:3]:
        first.apply(gs, ps)
    state = [[to_cpu(a).copy() for a in slots] for slots in first.state()]
    second = Adam(0.01)
    second.load_state(ps, state, 3)
    for gs in steps[3:]:
        second.apply(gs, ps)
    close(ps, wanted)
    second.load_state([], [], 0)
    assert second.t == 0 and second.parameters == []
