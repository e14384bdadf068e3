"""Learning rates that change: schedule(step) -> rate.

    Adam(CosineDecay(1e-3, decay_steps=1000))                  # read at every update
    LearningRateScheduler(StepDecay(1e-3, steps=[30, 60]))     # or at every epoch

A schedule is a pure function of the step, so a resumed training continues exactly. Names, arguments
and formulas are Keras's, where Keras has the schedule.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..utils.registry import check_choice, format_call, lookup, with_class_names
from ..utils.serialization import Configurable, deserialize, serialize  # noqa: F401 - Keras's home


class LearningRateSchedule(Configurable):
    """Base of all schedules: schedule(step) -> rate; a subclass defines `rate(step)`.

    Example:
        >>> class Halving(LearningRateSchedule):
        ...     def rate(self, step):
        ...         return 0.5**step
        >>> Halving()(3)
        0.125
    """

    def __call__(self, step: Any, current_rate: Any = None) -> float:
        # callbacks offer the current rate; floats keep NumPy scalars out of float32 weights
        return float(self.rate(float(step)))

    def rate(self, step: float) -> float:
        """The rate at a step.

        Args:
            step: Number of updates taken, from 0.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define rate(step)")

    def __repr__(self) -> str:
        return format_call(self, without="name")


def _positive(name: str, value: float) -> float:
    """The value as a float; raises ValueError unless it is a positive number."""
    if not (hasattr(value, "__float__") and 0 < value < math.inf):
        raise ValueError(f"{name} must be a positive number, not {value!r}")
    return float(value)


def _not_negative(name: str, value: float) -> float:
    """The value as a float; raises ValueError if it is negative or not finite."""
    if not (hasattr(value, "__float__") and 0 <= value < math.inf):
        raise ValueError(f"{name} must be a finite number and not negative, not {value!r}")
    return float(value)


def _ascending(steps: Sequence[float]) -> list[float]:
    """The steps as floats; raises ValueError unless they ascend."""
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError(f"steps must ascend, not {list(steps)}")
    return [float(step) for step in steps]


def _half_cosine(t: float) -> float:
    """Half a cosine: 1 at t = 0, 0 at t = 1."""
    return (1 + math.cos(math.pi * t)) / 2


# ---- constant and stepwise -----------------------------------------------------------------------


class Constant(LearningRateSchedule):
    """The same rate at every step.

    Args:
        learning_rate: The rate.

    Raises:
        ValueError: If the rate is negative.

    Example:
        >>> Constant(0.1)(1000)
        0.1
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = _not_negative("learning_rate", learning_rate)

    def rate(self, step: float) -> float:
        """The rate at a step."""
        return self.learning_rate


class StepDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate^k, where k counts the drops so far.

    Args:
        initial_learning_rate: First rate.
        steps: Steps between two drops; or a list of the steps with a drop.
        decay_rate: Factor of a drop.

    Raises:
        ValueError: If `steps` does not ascend, or a number is not positive.

    Example:
        >>> schedule = StepDecay(1.0, steps=[30, 60], decay_rate=0.5)
        >>> [schedule(step) for step in (0, 30, 90)]
        [1.0, 0.5, 0.25]
    """

    def __init__(
        self, initial_learning_rate: float, steps: float | Sequence[float], decay_rate: float = 0.1
    ) -> None:
        self.initial_learning_rate = _not_negative("initial_learning_rate", initial_learning_rate)
        self.steps = _ascending(steps) if isinstance(steps, Sequence) else _positive("steps", steps)
        self.decay_rate = _positive("decay_rate", decay_rate)

    def rate(self, step: float) -> float:
        """The rate at a step."""
        if isinstance(self.steps, list):
            drops = bisect_right(self.steps, step)
        else:
            drops = int(step // self.steps)
        return self.initial_learning_rate * self.decay_rate**drops


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including step boundaries[0], then values[1], and so on.

    Args:
        boundaries: Last step of each piece but the last one.
        values: Rate of each piece: one more than boundaries.
        name: Name of the schedule.

    Raises:
        ValueError: If the boundaries do not ascend, or the numbers of both do not fit.

    Example:
        >>> schedule = PiecewiseConstantDecay([10], [0.1, 0.01])
        >>> schedule(10), schedule(11)
        (0.1, 0.01)
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        self.name = name
        self.boundaries = _ascending(boundaries)
        self.values = [_not_negative("value", value) for value in values]
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"{len(self.boundaries)} boundaries make {len(self.boundaries) + 1} pieces, "
                f"but there are {len(self.values)} values"
            )

    def rate(self, step: float) -> float:
        """The rate at a step."""
        return self.values[bisect_left(self.boundaries, step)]


# ---- smooth decay --------------------------------------------------------------------------------


class _Decay(LearningRateSchedule):
    """Arguments and clock of exponential and inverse-time decay."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        self.name = name or type(self).__name__
        self.initial_learning_rate = _not_negative("initial_learning_rate", initial_learning_rate)
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.decay_rate = _positive("decay_rate", decay_rate)
        self.staircase = staircase

    def periods(self, step: float) -> float:
        """The decay periods that have passed at a step."""
        t = step / self.decay_steps
        return math.floor(t) if self.staircase else t


class ExponentialDecay(_Decay):
    """initial_learning_rate * decay_rate^t with t = step / decay_steps.

    The form initial * exp(-k * step) is decay_rate=exp(-k) with decay_steps=1.

    Args:
        initial_learning_rate: First rate.
        decay_steps: Steps of a period.
        decay_rate: Factor per period.
        staircase: Whether t counts full periods only.
        name: Name of the schedule.

    Raises:
        ValueError: If a number is not positive.

    Example:
        >>> ExponentialDecay(0.8, decay_steps=10, decay_rate=0.5)(20)
        0.2
    """

    def rate(self, step: float) -> float:
        """The rate at a step."""
        return self.initial_learning_rate * self.decay_rate ** self.periods(step)


class InverseTimeDecay(_Decay):
    """initial_learning_rate / (1 + decay_rate * t) with t = step / decay_steps.

    Args:
        initial_learning_rate: First rate.
        decay_steps: Steps of a period.
        decay_rate: Growth of the divisor per period.
        staircase: Whether t counts full periods only.
        name: Name of the schedule.

    Raises:
        ValueError: If a number is not positive.

    Example:
        >>> InverseTimeDecay(0.3, decay_steps=10, decay_rate=1.0)(20)
        0.09999999999999999
    """

    def rate(self, step: float) -> float:
        """The rate at a step."""
        return self.initial_learning_rate / (1 + self.decay_rate * self.periods(step))


class PolynomialDecay(LearningRateSchedule):
    """(initial - end) * (1 - step / decay_steps)^power + end, and `end` afterwards.

    Args:
        initial_learning_rate: First rate.
        decay_steps: Steps until the end is reached.
        end_learning_rate: Last rate.
        power: Exponent; 1 for a straight line.
        cycle: Whether decay_steps stretches to its next multiple at the end, so that the rate
            climbs again and falls more slowly.
        name: Name of the schedule.

    Raises:
        ValueError: If decay_steps or power is not positive, or a rate negative.

    Example:
        >>> PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.0)(5)
        0.5
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 1e-4,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.name = name
        self.initial_learning_rate = _not_negative("initial_learning_rate", initial_learning_rate)
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.end_learning_rate = _not_negative("end_learning_rate", end_learning_rate)
        self.power = _positive("power", power)
        self.cycle = cycle

    def rate(self, step: float) -> float:
        """The rate at a step."""
        cycles = max(1, math.ceil(step / self.decay_steps)) if self.cycle else 1
        length = self.decay_steps * cycles
        remaining = 1 - min(step, length) / length
        height = self.initial_learning_rate - self.end_learning_rate
        return height * remaining**self.power + self.end_learning_rate


# ---- cosine --------------------------------------------------------------------------------------


class CosineDecay(LearningRateSchedule):
    """From initial to alpha * initial along half a cosine in decay_steps, constant afterwards.

    Args:
        initial_learning_rate: First rate.
        decay_steps: Steps of the decay.
        alpha: Last rate, as a fraction of the highest.
        name: Name of the schedule.
        warmup_target: Highest rate, which a linear rise reaches before the decay; None for no rise.
        warmup_steps: Steps of the rise.

    Raises:
        ValueError: If decay_steps is not positive, or another number negative.

    References:
        Loshchilov & Hutter 2017, arXiv:1608.03983.

    Example:
        >>> round(CosineDecay(0.1, decay_steps=100)(50), 6)
        0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.name = name
        self.initial_learning_rate = _not_negative("initial_learning_rate", initial_learning_rate)
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.alpha = _not_negative("alpha", alpha)
        self.warmup_target = warmup_target and _not_negative("warmup_target", warmup_target)
        self.warmup_steps = _not_negative("warmup_steps", warmup_steps)

    def rate(self, step: float) -> float:
        """The rate at a step."""
        if self.warmup_target is None:
            return self._decayed(self.initial_learning_rate, step)
        if step >= self.warmup_steps:
            return self._decayed(self.warmup_target, step - self.warmup_steps)
        rise = self.warmup_target - self.initial_learning_rate
        return self.initial_learning_rate + rise * step / self.warmup_steps

    def _decayed(self, peak: float, step: float) -> float:
        """The rate `step` steps after the peak; without min() it would climb back."""
        cosine = _half_cosine(min(step / self.decay_steps, 1.0))
        return peak * ((1 - self.alpha) * cosine + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that restarts after first_decay_steps, and after every period.

    Args:
        initial_learning_rate: First rate.
        first_decay_steps: Steps of the first period.
        t_mul: Length of a period, as a multiple of the one before; at least 1.
        m_mul: Height of a period, as a multiple of the one before.
        alpha: Last rate of every period, as a fraction of the first rate.
        name: Name of the schedule.

    Raises:
        ValueError: If a number is not positive, or t_mul is below 1.

    References:
        Loshchilov & Hutter 2017, arXiv:1608.03983 (SGDR).

    Example:
        >>> schedule = CosineDecayRestarts(1.0, 10, t_mul=2.0, m_mul=0.5)
        >>> schedule(0), schedule(10), schedule(30)
        (1.0, 0.5, 0.25)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.name = name
        self.initial_learning_rate = _not_negative("initial_learning_rate", initial_learning_rate)
        self.first_decay_steps = _positive("first_decay_steps", first_decay_steps)
        self.t_mul = _positive("t_mul", t_mul)
        self.m_mul = _positive("m_mul", m_mul)
        self.alpha = _not_negative("alpha", alpha)
        if self.t_mul < 1:
            raise ValueError(
                "t_mul must be at least 1 (periods that shrink would end in a point), not "
                f"{self.t_mul}"
            )

    def rate(self, step: float) -> float:
        """The rate at a step."""
        period, t = self._period(step)
        height = (1 - self.alpha) * self.m_mul**period
        return self.initial_learning_rate * (height * _half_cosine(t) + self.alpha)

    def _period(self, step: float) -> tuple[int, float]:
        """(number of the period, the fraction of it that has passed)."""
        t = step / self.first_decay_steps
        if self.t_mul == 1:
            return int(t), t % 1
        period = 0
        while t >= self.t_mul**period:
            t -= self.t_mul**period
            period += 1
        return period, t / self.t_mul**period


# ---- up and down ---------------------------------------------------------------------------------


class CyclicLR(LearningRateSchedule):
    """Linearly up from base to maximum in step_size steps, down in as many, over and over.

    Args:
        base_learning_rate: Lowest rate.
        max_learning_rate: Highest rate.
        step_size: Steps of half a cycle.
        mode: "triangular"; "triangular2", where each cycle is half as high as the one before; or
            "exp_range", where the height is multiplied by gamma^step.
        gamma: Factor per step in mode "exp_range".

    Raises:
        ValueError: If the mode is unknown, or step_size or gamma is not positive.

    References:
        Smith 2017, arXiv:1506.01186.

    Example:
        >>> schedule = CyclicLR(0.0, 1.0, step_size=4)
        >>> [schedule(step) for step in (0, 2, 4, 6, 8)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    MODES = ("triangular", "triangular2", "exp_range")

    def __init__(
        self,
        base_learning_rate: float,
        max_learning_rate: float,
        step_size: float,
        mode: str = "triangular",
        gamma: float = 1.0,
    ) -> None:
        self.base_learning_rate = _not_negative("base_learning_rate", base_learning_rate)
        self.max_learning_rate = _not_negative("max_learning_rate", max_learning_rate)
        self.step_size = _positive("step_size", step_size)
        check_choice(mode, self.MODES, "mode of CyclicLR")
        self.mode = mode
        self.gamma = _positive("gamma", gamma)

    def rate(self, step: float) -> float:
        """The rate at a step."""
        cycle, t = divmod(step / (2 * self.step_size), 1)
        heights = {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": self.gamma**step}
        height = heights[self.mode] * (self.max_learning_rate - self.base_learning_rate)
        return self.base_learning_rate + height * (1 - abs(2 * t - 1))


class OneCycle(LearningRateSchedule):
    """One rise to the maximum and one long fall far below the start, both along cosines.

    The lowest rate stays after total_steps.

    Args:
        max_learning_rate: Highest rate.
        total_steps: Steps of rise and fall.
        pct_start: Fraction of total_steps that the rise takes.
        div_factor: The first rate is max_learning_rate / div_factor.
        final_div_factor: The last rate is the first one / final_div_factor.

    Raises:
        ValueError: If a number is not positive, or there are too few steps.

    References:
        Smith & Topin 2018, arXiv:1708.07120.

    Example:
        >>> schedule = OneCycle(0.1, total_steps=100)
        >>> [round(schedule(step), 6) for step in (0, 29)]
        [0.004, 0.1]
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: float,
        pct_start: float = 0.3,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        self.max_learning_rate = _not_negative("max_learning_rate", max_learning_rate)
        self.total_steps = _positive("total_steps", total_steps)
        self.pct_start = float(pct_start)
        self.div_factor = _positive("div_factor", div_factor)
        self.final_div_factor = _positive("final_div_factor", final_div_factor)
        rise = self.pct_start * self.total_steps
        if not 0 < self.pct_start < 1 or rise <= 1 or self.total_steps <= 2:
            raise ValueError(
                f"OneCycle: a share of {pct_start} of {total_steps} steps leaves no room to rise "
                "and fall"
            )

    def rate(self, step: float) -> float:
        """The rate at a step."""
        peak = self.max_learning_rate
        start = peak / self.div_factor
        peak_step = self.pct_start * self.total_steps - 1
        if step <= peak_step:
            return peak + (start - peak) * _half_cosine(step / peak_step)
        end = start / self.final_div_factor
        fall = (step - peak_step) / (self.total_steps - 1 - peak_step)
        return end + (peak - end) * _half_cosine(min(fall, 1.0))


class WarmUp(LearningRateSchedule):
    """A linear rise in warmup_steps, then another schedule from its own step 0.

    Args:
        schedule: The schedule, or a fixed rate, after the rise.
        warmup_steps: Steps of the rise.
        start: First rate.

    Raises:
        ValueError: If warmup_steps is not positive, or start negative.

    Example:
        >>> schedule = WarmUp(CosineDecay(1.0, 100), warmup_steps=10)
        >>> schedule(5), schedule(10)
        (0.5, 1.0)
    """

    def __init__(
        self, schedule: float | Callable[[Any], float], warmup_steps: float, start: float = 0.0
    ) -> None:
        self.schedule = get(schedule)
        self.warmup_steps = _positive("warmup_steps", warmup_steps)
        self.start = _not_negative("start", start)

    def rate(self, step: float) -> float:
        """The rate at a step."""
        if step >= self.warmup_steps:
            return self.schedule(step - self.warmup_steps)
        return self.start + (self.schedule(0) - self.start) * step / self.warmup_steps


class Noam(LearningRateSchedule):
    """scale * d_model^-1/2 * min(s^-1/2, s * warmup_steps^-3/2), s = step + 1.

    Args:
        d_model: Width of the Transformer.
        warmup_steps: Steps of the linear rise.
        scale: Factor of all rates.

    Raises:
        ValueError: If a number is not positive.

    References:
        Vaswani et al. 2017, arXiv:1706.03762, equation 3.

    Example:
        >>> schedule = Noam(512, warmup_steps=4000)
        >>> schedule(1999) < schedule(3999) > schedule(7999)
        True
    """

    def __init__(self, d_model: int, warmup_steps: float = 4000, scale: float = 1.0) -> None:
        self.d_model = _positive("d_model", d_model)
        self.warmup_steps = _positive("warmup_steps", warmup_steps)
        self.scale = _positive("scale", scale)

    def rate(self, step: float) -> float:
        """The rate at a step."""
        s = step + 1
        return self.scale * self.d_model**-0.5 * min(s**-0.5, s * self.warmup_steps**-1.5)


# ---- names ---------------------------------------------------------------------------------------

NAMES: dict[str, Callable[..., LearningRateSchedule]] = with_class_names(
    {
        "constant": Constant,
        "step_decay": StepDecay,
        "piecewise_constant_decay": PiecewiseConstantDecay,
        "exponential_decay": ExponentialDecay,
        "inverse_time_decay": InverseTimeDecay,
        "polynomial_decay": PolynomialDecay,
        "cosine_decay": CosineDecay,
        "cosine_decay_restarts": CosineDecayRestarts,
        "cyclic_lr": CyclicLR,
        "one_cycle": OneCycle,
        "warm_up": WarmUp,
        "noam": Noam,
    }
)


def get(schedule: Any, arguments: Mapping[str, Any] | None = None) -> Callable[[Any], float]:
    """The schedule that is meant.

    Args:
        schedule: A name, a number for a Constant, or a function of the step, returned unchanged.
        arguments: Arguments of the schedule, if it is a name.

    Raises:
        ValueError: If the name is unknown; the nearest one is suggested.

    Example:
        >>> get("cosine_decay", {"initial_learning_rate": 0.1, "decay_steps": 100})(0)
        0.1
    """
    if isinstance(schedule, str):
        return lookup(schedule, NAMES, "schedule")(**(arguments or {}))
    return schedule if callable(schedule) else Constant(schedule)
