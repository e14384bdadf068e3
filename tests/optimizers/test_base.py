"""Optimizer: flat storage, parameters that change, learning rates, refusals, saved state."""

import copy
import math
import pickle

import numpy as np
import pytest

import minigrad
from minigrad import Parameter, Sequential, Tensor, grad, optimizers
from minigrad.backend import device_name, to_cpu
from minigrad.config import to_device
from minigrad.layers import Dense
from minigrad.optimizers import base, schedules
from minigrad.optimizers.adadelta import Adadelta
from minigrad.optimizers.adagrad import Adagrad
from minigrad.optimizers.adam import Adam, AdamW
from minigrad.optimizers.adamax import Adamax
from minigrad.optimizers.base import BLOCK_SIZE, Optimizer
from minigrad.optimizers.lion import Lion
from minigrad.optimizers.momentum import Momentum
from minigrad.optimizers.nadam import Nadam
from minigrad.optimizers.rmsprop import RMSprop
from minigrad.optimizers.sgd import SGD

from .formulas import (
    FORMULAS,
    SHAPES,
    SMALL,
    adam,
    arrays,
    close,
    expected,
    gradients,
    parameters,
    sgd,
)


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
    for kind in optimizers.NAMES.values():
        p, g = Parameter(np.ones(5, "float32")), np.arange(5, dtype="float32")
        kind(0.1, clipnorm=0.1).apply([g], [p])
        kind(0.1).apply([g], [p])
        assert g.tolist() == [0, 1, 2, 3, 4]
    matrix = np.arange(24.0).reshape(4, 6)
    p = Parameter(np.zeros((6, 4)), dtype="float64")
    SGD(1.0).apply([matrix.T], [p])  # a gradient that is a view
    np.testing.assert_array_equal(p.numpy(), -matrix.T)


def test_a_step_is_an_edit_the_graph_notices():
    p, optimizer = Parameter(np.ones(3)), SGD()
    optimizer.apply([np.ones(3)], [p])
    y = minigrad.sum(p * p)
    np.testing.assert_allclose(grad(y, [p])[0].numpy(), 2 * p.numpy())
    optimizer.apply([np.ones(3)], [p])
    with pytest.raises(RuntimeError, match="changed in place"):
        grad(y, [p])


# ---- the learning rate ---------------------------------------------------------------------------


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
        assert optimizer.learning_rate == pytest.approx(float(schedule(t + 1)))
    close(ps, wanted)
    with pytest.raises(ValueError, match="follows a schedule"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = lambda t: 0.5 * t
    assert optimizer.learning_rate == 3.5  # a new schedule goes on where the steps are


def test_a_schedule_that_turns_negative_is_refused_before_its_step():
    p, optimizer = Parameter(np.zeros(2)), SGD(lambda t: 0.2 - 0.1 * t)
    for _ in range(3):
        optimizer.apply([np.ones(2)], [p])
    before = p.numpy().copy()
    with pytest.raises(ValueError, match="learning_rate must not be negative"):
        optimizer.apply([np.ones(2)], [p])
    np.testing.assert_array_equal(p.numpy(), before)
    assert optimizer.t == 3


def test_learning_rate_can_be_set():
    p, optimizer = Parameter(np.zeros(2)), SGD(1.0)
    for rate in (1.0, 0.25, np.float32(0.5), 2):
        optimizer.learning_rate = rate
        assert type(optimizer.rate) is float and optimizer.learning_rate == rate
        optimizer.apply([np.ones(2)], [p])
    np.testing.assert_allclose(p.numpy(), -3.75)


# ---- what is refused -----------------------------------------------------------------------------


def on_another_device():
    with minigrad.device("strict"):
        return Parameter([[0.0] * 4] * 3, dtype="float64")


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
            lambda ps, gs: ([*gs, gs[0]], [*ps, on_another_device()]),
            "on cpu and on strict; use one optimizer for each device",
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
        (lambda: optimizers.get("adm"), ValueError, "unknown optimizer 'adm': did you mean 'adam'"),
        (lambda: optimizers.get(3), TypeError, "optimizer: expected"),
        (lambda: SGD(-1.0), ValueError, "must not be negative"),
        (lambda: SGD(float("nan")), ValueError, "negative"),
        (lambda: Adam("fast"), TypeError, "a number or a schedule"),
        (lambda: Adam(None), TypeError, "a number or a schedule"),
        (lambda: SGD(momentum=1.5), ValueError, "momentum must be in"),
        (lambda: Adam(beta_1=1.0), ValueError, "beta_1"),
        (lambda: Adam(beta_2=1.1), ValueError, "beta_2"),
        (lambda: Adam(clipnorm=1.0, clipvalue=1.0), ValueError, "choose one of"),
        (lambda: SGD(clipnorm=-1), ValueError, "above 0"),
        (lambda: SGD(clipvalue=0), ValueError, "above 0"),
        (lambda: SGD(global_clipnorm=math.nan), ValueError, "above 0"),
        (lambda: SGD(math.inf), ValueError, "negative, NaN or infinite, got inf"),
        (lambda: SGD(lambda t: -0.1), ValueError, "negative, NaN or infinite, got -0.1"),
        (lambda: Adam(beta_1=-0.1), ValueError, r"Adam: beta_1 must be in \[0, 1\), got -0.1"),
        (lambda: Adam(beta_2="0.9"), ValueError, "Adam: beta_2 must be in"),
        (lambda: AdamW(weight_decay=-0.1), ValueError, r"AdamW: weight_decay must be in \[0, inf"),
        (lambda: SGD(weight_decay=math.nan), ValueError, "SGD: weight_decay must be in"),
        (lambda: Adam(epsilon=-1e-7), ValueError, "Adam: epsilon must be in"),
        (lambda: Adam(epsilon=math.nan), ValueError, "Adam: epsilon must be in"),
        (lambda: Adam(epsilon_form="papr"), ValueError, "did you mean 'paper'"),
        (lambda: RMSprop(rho=1.0), ValueError, "RMSprop: rho must be in"),
        (lambda: RMSprop(rho=-0.1), ValueError, "RMSprop: rho must be in"),
        (lambda: RMSprop(momentum=1.0), ValueError, "RMSprop: momentum must be in"),
        (lambda: RMSprop(epsilon=-1), ValueError, "RMSprop: epsilon must be in"),
        (lambda: Adagrad(epsilon=-1), ValueError, "Adagrad: epsilon must be in"),
        (lambda: Adagrad(initial_accumulator_value=-0.1), ValueError, "initial_accumulator_value"),
        (lambda: Adadelta(rho=1.0), ValueError, "Adadelta: rho must be in"),
        (lambda: Adadelta(epsilon=-1), ValueError, "Adadelta: epsilon must be in"),
        (lambda: Adamax(beta_2=1.0), ValueError, "Adamax: beta_2 must be in"),
        (lambda: Adamax(epsilon=-1), ValueError, "Adamax: epsilon must be in"),
        (lambda: Nadam(beta_1=-0.1), ValueError, "Nadam: beta_1 must be in"),
        (lambda: Nadam(epsilon=-1), ValueError, "Nadam: epsilon must be in"),
        (lambda: Lion(beta_1=1.0), ValueError, "Lion: beta_1 must be in"),
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


# ---- float16 -------------------------------------------------------------------------------------

HALF = {
    "clipnorm": lambda: SGD(0.1, clipnorm=1.0),
    "clipvalue": lambda: SGD(0.1, clipvalue=0.5),
    "global_clipnorm": lambda: SGD(0.1, global_clipnorm=1.0),
    "weight_decay": lambda: Momentum(0.1, weight_decay=0.5),
    "rmsprop all": lambda: RMSprop(0.01, momentum=0.9, centered=True),
    "amsgrad": lambda: Adam(0.01, amsgrad=True),
} | {name: kind for name, kind in optimizers.NAMES.items()}


@pytest.mark.parametrize("size", [1.0, 1e-5, 1e3], ids=["plain", "tiny", "large"])
@pytest.mark.parametrize("name", HALF)
def test_float16_parameters_follow_those_of_float32(name, size, device):
    """Squares of 1e-5 are 0 in float16, and so is an epsilon of 1e-7; those of 1e3 are infinite."""
    start = np.linspace(0.5, 1.0, 12).reshape(3, 4).astype("float16")
    results = []
    for dtype in ("float16", "float32"):
        with minigrad.default_dtype(dtype):
            ps = [
                Parameter(to_device(start.astype(dtype))),
                Parameter(to_device(start[0].astype(dtype))),
            ]
        optimizer, draw = HALF[name](), np.random.default_rng(0)
        for step in range(6):
            gs = [(draw.standard_normal(p.shape) * size).astype("float16") for p in ps]
            gs = [None if i == step else to_device(g.astype(dtype)) for i, g in enumerate(gs)]
            optimizer.apply(gs, ps)
        assert {p.dtype for p in ps} == {np.dtype(dtype)}
        assert all(a.dtype == "float32" for arrays in optimizer.state() for a in arrays)
        results.append([to_cpu(p.data).astype("float64") for p in ps])
    for half, single in zip(*results, strict=True):
        np.testing.assert_allclose(half, single, rtol=4e-3, atol=2e-3)
    if name == "amsgrad":
        assert abs(results[0][1] - start[0]).max() > 0.01  # they did move


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "momentum"])
def test_a_float16_network_learns_digits(name):
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    accuracy = []
    for dtype in ("float16", "float32"):
        minigrad.seed(0)
        with minigrad.default_dtype(dtype):
            model = Sequential(Dense(24, "relu", input_shape=(64,)), Dense(10, "softmax"))
            model.compile(name, "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.optimizer.learning_rate *= 3
            losses = model.fit(x[:900] / 16, y[:900], epochs=5, verbose=0).history["loss"]
            accuracy.append(model.evaluate(x[900:] / 16, y[900:])[1])
        assert model.weights[0].dtype == dtype and np.isfinite(losses).all()
    assert accuracy[0] > 0.8 and accuracy[0] == pytest.approx(accuracy[1], abs=0.02)
