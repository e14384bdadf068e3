"""Schedules against figures of Keras 3.15, PyTorch 2.13 and a known tutorial."""

import math

import numpy as np
import pytest

from minigrad.optimizers import schedules
from minigrad.optimizers.schedules import (
    Constant,
    CosineDecay,
    CosineDecayRestarts,
    CyclicLR,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    Noam,
    OneCycle,
    PiecewiseConstantDecay,
    PolynomialDecay,
    StepDecay,
    WarmUp,
)

# the tutorial's curves at these epochs; its cosine is not clamped, so only right before epoch 50
EPOCHS = [0, 1, 5, 10, 19, 20, 29, 30, 40, 50, 59, 60, 75, 99]
DROPS = [0.001] * 7 + [0.0001] * 4 + [1e-05] * 3
EXPONENTIAL = [
    0.001,
    0.000951229424500714,
    0.0007788007830714049,
    0.0006065306597126335,
    0.00038674102345450116,
    0.00036787944117144236,
    0.00023457028809379762,
    0.00022313016014842982,
    0.0001353352832366127,
    8.20849986238988e-05,
    5.233970594843238e-05,
    4.9787068367863945e-05,
    2.3517745856009108e-05,
    7.083408929052118e-06,
]
COSINE = [
    0.01,
    0.009990232305719944,
    0.009757729755661011,
    0.00905463412215599,
    0.006872216535789157,
    0.006579634122155991,
    0.0038189850585339698,
    0.0035203658778440107,
    0.0010453658778440107,
    0.0001,
    0.0001,
    0.0001,
    0.0001,
    0.0001,
]
RESTARTS = [
    0.01,
    0.009939057285945933,
    0.00855017856687341,
    0.005050000000000001,
    0.0001609427140540686,
    0.01,
    0.005824350601949144,
    0.005050000000000001,
    0.01,
    0.005050000000000001,
    0.0001609427140540686,
    0.01,
    0.0015498214331265902,
    0.0001609427140540686,
]


@pytest.mark.parametrize(
    "schedule, rates",
    [
        (Constant(1e-3), [1e-3] * 14),
        (StepDecay(1e-3, [30, 60]), DROPS),
        (PiecewiseConstantDecay([29, 59], [1e-3, 1e-4, 1e-5]), DROPS),
        (ExponentialDecay(1e-3, 1, math.exp(-0.05)), EXPONENTIAL),
        (CosineDecay(0.01, 50, alpha=0.01), COSINE),
        (CosineDecayRestarts(0.01, 20, t_mul=1.0, alpha=0.01), RESTARTS),
    ],
    ids=lambda x: type(x).__name__,
)
def test_the_tutorials_curves(schedule, rates):
    np.testing.assert_allclose([schedule(epoch) for epoch in EPOCHS], rates, rtol=1e-12)


STEPS = [0, 1, 3, 5, 8, 10, 13, 20, 25, 27, 30, 41, 100]


@pytest.mark.parametrize(
    "schedule, rates",
    [
        (
            PiecewiseConstantDecay([5, 20], [1.0, 0.5, 0.1]),
            [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1],
        ),
        (
            ExponentialDecay(0.1, 10, 0.9),
            [
                0.1,
                0.09895193,
                0.09688862,
                0.09486832,
                0.09191661,
                0.09,
                0.08719976,
                0.08099999,
                0.07684334,
                0.07524103,
                0.07289999,
                0.06492236,
                0.03486783,
            ],
        ),
        (
            ExponentialDecay(0.1, 10, 0.9, staircase=True),
            [
                0.1,
                0.1,
                0.1,
                0.1,
                0.1,
                0.09,
                0.09,
                0.08099999,
                0.08099999,
                0.08099999,
                0.07289999,
                0.06560999,
                0.03486783,
            ],
        ),
        (
            InverseTimeDecay(0.1, 10, 0.5),
            [
                0.1,
                0.0952381,
                0.08695652,
                0.08,
                0.07142857,
                0.06666667,
                0.06060606,
                0.05,
                0.04444445,
                0.04255319,
                0.04,
                0.03278689,
                0.01666667,
            ],
        ),
        (
            InverseTimeDecay(0.1, 10, 0.5, staircase=True),
            [
                0.1,
                0.1,
                0.1,
                0.1,
                0.1,
                0.06666667,
                0.06666667,
                0.05,
                0.05,
                0.05,
                0.04,
                0.03333334,
                0.01666667,
            ],
        ),
        (
            PolynomialDecay(0.1, 25, 0.01, 2.0),
            [
                0.1,
                0.092944,
                0.079696,
                0.0676,
                0.05161601,
                0.0424,
                0.030736,
                0.0136,
                0.01,
                0.01,
                0.01,
                0.01,
                0.01,
            ],
        ),
        (
            PolynomialDecay(0.1, 10, 0.01, 0.5, cycle=True),
            [
                0.1,
                0.0953815,
                0.0852994,
                0.07363961,
                0.05024923,
                0.01,
                0.06324472,
                0.01,
                0.04674235,
                0.0384605,
                0.01,
                0.04818377,
                0.01,
            ],
        ),
        (
            CosineDecay(0.1, 25, 0.1),
            [
                0.1,
                0.09964517,
                0.09683994,
                0.09140576,
                0.0791122,
                0.06890576,
                0.05217443,
                0.01859423,
                0.01,
                0.01,
                0.01,
                0.01,
                0.01,
            ],
        ),
        (
            CosineDecay(0.01, 20, 0.1, warmup_target=0.2, warmup_steps=5),
            [
                0.01,
                0.048,
                0.124,
                0.2,
                0.1901906,
                0.1736396,
                0.1378115,
                0.04636039,
                0.02,
                0.02,
                0.02,
                0.02,
                0.02,
            ],
        ),
        (
            CosineDecayRestarts(0.1, 5),
            [
                0.1,
                0.09045085,
                0.03454914,
                0.1,
                0.07938927,
                0.05,
                0.009549156,
                0.08535534,
                0.05,
                0.03454914,
                0.01464466,
                0.09455033,
                0.07777851,
            ],
        ),
        (
            CosineDecayRestarts(0.1, 10, 1.0, 0.8, 0.1),
            [
                0.1,
                0.09779754,
                0.08145034,
                0.055,
                0.01859423,
                0.082,
                0.06716027,
                0.0676,
                0.0388,
                0.02187178,
                0.05608,
                0.04596188,
                0.01966368,
            ],
        ),
        (
            CosineDecayRestarts(0.1, 4, 1.5, 0.5),
            [
                0.1,
                0.08535534,
                0.01464466,
                0.04665064,
                0.0125,
                0.025,
                0.01875,
                0.01233153,
                0.007335301,
                0.00445748,
                0.001028201,
                0.003904504,
                0.001090687,
            ],
        ),
    ],
    ids=repr,
)
def test_against_keras(schedule, rates):
    np.testing.assert_allclose([schedule(step) for step in STEPS], rates, rtol=3e-6)


@pytest.mark.parametrize(
    "schedule, steps, rates",
    [
        (
            OneCycle(0.1, 50),
            [0, 5, 14, 15, 30, 49],
            [0.004, 0.0311735805, 0.1, 0.0997987155, 0.0567118364, 4e-07],
        ),
        (
            CyclicLR(0.01, 0.1, 5),
            [0, 2, 5, 7, 10, 13, 15, 25, 31],
            [0.01, 0.046, 0.1, 0.064, 0.01, 0.064, 0.1, 0.1, 0.028],
        ),
        (
            CyclicLR(0.01, 0.1, 5, "triangular2"),
            [0, 2, 5, 7, 10, 13, 15, 25, 31],
            [0.01, 0.046, 0.1, 0.064, 0.01, 0.037, 0.055, 0.0325, 0.01225],
        ),
        (
            CyclicLR(0.01, 0.1, 5, "exp_range", 0.95),
            [0, 2, 5, 7, 10, 13, 15, 25, 31],
            [
                0.01,
                0.04249,
                0.0796402844,
                0.047710214,
                0.01,
                0.0377204725,
                0.0516962107,
                0.0349650616,
                0.0136703229,
            ],
        ),
    ],
    ids=repr,
)
def test_against_pytorch(schedule, steps, rates):
    np.testing.assert_allclose([schedule(step) for step in steps], rates, rtol=1e-8)


def test_step_decay_drops_at_its_steps_and_not_at_the_start():
    every = StepDecay(1.0, 30, 0.5)
    assert [every(s) for s in (0, 29, 30, 59, 60, 90)] == [1, 1, 0.5, 0.5, 0.25, 0.125]
    listed = StepDecay(1.0, [30, 60], 0.5)
    assert [listed(s) for s in (0, 29, 30, 59, 60, 90)] == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_one_cycle_stays_low_afterwards():
    assert OneCycle(0.1, 50)(10_000) == pytest.approx(OneCycle(0.1, 50)(49)) == pytest.approx(4e-7)


def test_restarts_begin_where_their_periods_add_up():
    schedule = CosineDecayRestarts(1.0, 10, t_mul=2.0, m_mul=0.5)  # restarts at 10, 30, 70
    for start, peak in ((0, 1), (10, 0.5), (30, 0.25), (70, 0.125)):
        assert schedule(start) == pytest.approx(peak)
        assert start == 0 or schedule(start - 1) < 0.03


def test_warm_up():
    schedule = WarmUp(CosineDecay(0.1, 100), warmup_steps=10, start=0.02)
    assert [schedule(s) for s in (0, 5, 10)] == pytest.approx([0.02, 0.06, 0.1])
    assert [schedule(s) for s in (15, 60, 400)] == pytest.approx(
        [CosineDecay(0.1, 100)(s) for s in (5, 50, 390)]
    )
    assert [WarmUp(0.1, 4)(s) for s in (0, 1, 2, 4, 9)] == pytest.approx([0, 0.025, 0.05, 0.1, 0.1])


def test_noam():
    schedule = Noam(512, 4000)
    assert schedule(3999) == pytest.approx(512**-0.5 * 4000**-0.5)
    assert schedule(3999) == max(schedule(s) for s in range(20_000))
    assert schedule(999) == pytest.approx(schedule(3999) / 4)  # linear before
    assert schedule(15_999) == pytest.approx(schedule(3999) / 2)  # inverse square root behind
    assert Noam(512, 4000, scale=2.0)(5) == pytest.approx(2 * schedule(5))


EVERY = [
    Constant(0.1),
    StepDecay(0.1, 7),
    StepDecay(0.1, [3, 9]),
    PiecewiseConstantDecay([3], [0.1, 0.2]),
    ExponentialDecay(0.1, 5, 0.5),
    InverseTimeDecay(0.1, 5, 0.5),
    PolynomialDecay(0.1, 20),
    CosineDecay(0.1, 20),
    CosineDecayRestarts(0.1, 4),
    CyclicLR(0.1, 0.2, 4),
    OneCycle(0.1, 20),
    WarmUp(0.1, 3),
    Noam(8, 10),
]


@pytest.mark.parametrize("schedule", EVERY, ids=repr)
def test_every_schedule_is_a_pure_function_of_the_step(schedule):
    forward = [schedule(s) for s in range(60)]
    assert [schedule(s) for s in reversed(range(60))] == forward[::-1]
    assert all(type(rate) is float and 0 <= rate <= 0.3 for rate in forward)
    assert [schedule(np.int64(s)) for s in range(60)] == forward and type(
        schedule(np.int64(3))
    ) is float
    assert schedule(5, 0.7) == schedule(5)  # callbacks offer the present rate


def test_no_schedule_is_untested():
    subclasses = {
        cls
        for cls in vars(schedules).values()
        if isinstance(cls, type) and issubclass(cls, LearningRateSchedule)
    }
    assert {cls for cls in subclasses if not cls.__name__.startswith("_")} - {
        LearningRateSchedule
    } == {type(s) for s in EVERY}
    assert set(map(type, EVERY)) == set(schedules.NAMES.values())


def test_get():
    assert schedules.get(0.25)(77) == 0.25
    own = CosineDecay(0.1, 5)
    assert schedules.get(own) is own
    assert schedules.get("cosine_decay", {"initial_learning_rate": 0.1, "decay_steps": 5})(
        2
    ) == own(2)
    with pytest.raises(ValueError, match="unknown schedule 'cosine': did you mean"):
        schedules.get("cosine")


def test_warm_up_of_cosine_decay_is_off_by_default():
    """Without a target no rate rises, however many steps; with one, the default is no steps."""
    plain, ignored = CosineDecay(0.1, 20), CosineDecay(0.1, 20, warmup_steps=5)
    assert plain(0) == ignored(0) == 0.1
    assert [plain(s) for s in range(30)] == [ignored(s) for s in range(30)]
    at_once = CosineDecay(0.1, 20, warmup_target=0.4)
    assert at_once.warmup_steps == 0
    assert [at_once(s) for s in range(30)] == [CosineDecay(0.4, 20)(s) for s in range(30)]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: CosineDecay(0.1, 0), "decay_steps must be a positive number, not 0"),
        (lambda: ExponentialDecay(0.1, 5, -1), "decay_rate must be a positive number"),
        (lambda: CosineDecay(-0.1, 5), "initial_learning_rate must be a finite number and not neg"),
        (lambda: CosineDecay(math.nan, 5), "initial_learning_rate must be a finite number"),
        (lambda: CosineDecay("0.1", 5), "initial_learning_rate must be a finite number"),
        (lambda: CosineDecay(0.1, 5, alpha=-0.1), "alpha must be a finite number"),
        (lambda: CosineDecay(0.1, 5, warmup_target=-0.1), "warmup_target must be a finite number"),
        (lambda: CosineDecay(0.1, 5, warmup_steps=-2), "warmup_steps must be a finite number"),
        (lambda: CosineDecayRestarts(0.1, 0), "first_decay_steps must be a positive number"),
        (lambda: ExponentialDecay(0.1, "5", 0.5), "decay_steps must be a positive number"),
        (lambda: InverseTimeDecay(0.1, 0, 0.5), "decay_steps must be a positive number"),
        (lambda: PolynomialDecay(0.1, 5, -0.1), "end_learning_rate must be a finite number"),
        (lambda: PolynomialDecay(0.1, 0), "decay_steps must be a positive number"),
        (lambda: PiecewiseConstantDecay([5], [0.1, -0.1]), "value must be a finite number"),
        (lambda: Constant(-0.1), "learning_rate must be a finite number"),
        (lambda: StepDecay(-0.1, 5), "initial_learning_rate must be a finite number"),
        (lambda: OneCycle(math.inf, 50), "max_learning_rate must be a finite number"),
        (lambda: CyclicLR(-0.1, 0.1, 5), "base_learning_rate must be a finite number"),
        (lambda: WarmUp(0.1, 5, start=-0.1), "start must be a finite number"),
        (lambda: PiecewiseConstantDecay([5, 9], [1, 2]), "2 boundaries make 3 pieces"),
        (lambda: PiecewiseConstantDecay([9, 5], [1, 2, 3]), "steps must ascend"),
        (lambda: StepDecay(0.1, [5, 5]), r"steps must ascend, not \[5, 5\]"),
        (lambda: Noam(0), "^d_model must be a positive number, not 0"),
        (lambda: Noam(64, 0), "^warmup_steps must be a positive number, not 0"),
        (lambda: StepDecay(0.1, 0), "^steps must be a positive number, not 0"),
        (lambda: StepDecay(0.1, 5, 0), "^decay_rate must be a positive number, not 0"),
        (lambda: ExponentialDecay(0.1, 5, -1), "^decay_rate must be a positive number, not -1"),
        (lambda: CosineDecayRestarts(0.1, 5, t_mul=0.5), "t_mul must be at least 1"),
        (lambda: CyclicLR(0.1, 0.2, 5, "triangle"), "did you mean 'triangular'"),
        (lambda: OneCycle(0.1, 2), "no room"),
        (lambda: OneCycle(0.1, 100, pct_start=1.0), "no room"),
        (lambda: WarmUp(0.1, 0), "warmup_steps"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()
