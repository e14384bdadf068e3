"""Learning rates that change: schedule(step) -> rate.

    Adam(CosineDecay(1e-3, decay_steps=1000))                  the optimizer asks at every update
    LearningRateScheduler(StepDecay(1e-3, steps=[30, 60]))     or the callback, at every epoch

A schedule remembers nothing, so a resumed training continues exactly. Names, arguments and formulas are Keras's, where
Keras has the schedule.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from ..utils.registry import lookup, with_class_names


class LearningRateSchedule:
    """schedule(step) -> rate, a Python float; steps count from 0. A subclass gives `rate(step)`."""

    def __call__(self, step: Any, _: Any = None) -> float:
        # the second argument is the present rate, which callbacks offer; a float keeps NumPy scalars out of float32 weights
        return float(self.rate(float(step)))

    def rate(self, step: float) -> float:
        """The rate at `step`."""
        raise NotImplementedError(f"{type(self).__name__} does not define rate(step)")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in vars(self).items())})"


def _positive(**values: float) -> tuple[float, ...]:
    """The values as floats; raises ValueError that names one which is not a positive number."""
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a positive number, not {value!r}")
    return tuple(float(value) for value in values.values())


# ---- constant and stepwise -----------------------------------------------------------------------------------------


class Constant(LearningRateSchedule):
    """The same rate at every step."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = float(learning_rate)

    def rate(self, step: float) -> float:
        return self.learning_rate


class StepDecay(LearningRateSchedule):
    """initial * decay_rate^k, with k the number of drops so far: one every `steps` steps, or one at each of a list of them."""

    def __init__(
        self, initial_learning_rate: float, steps: float | Sequence[float], decay_rate: float = 0.1
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.steps = _ascending(steps) if isinstance(steps, Sequence) else _positive(steps=steps)[0]
        (self.decay_rate,) = _positive(decay_rate=decay_rate)

    def rate(self, step: float) -> float:
        drops = (
            bisect_right(self.steps, step) if isinstance(self.steps, list) else step // self.steps
        )
        return self.initial_learning_rate * self.decay_rate**drops


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including step boundaries[0], then values[1], ...: there is one value more than boundaries."""

    def __init__(self, boundaries: Sequence[float], values: Sequence[float]) -> None:
        self.boundaries, self.values = _ascending(boundaries), [float(value) for value in values]
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"{len(self.boundaries)} boundaries make {len(self.boundaries) + 1} pieces, "
                f"but there are {len(self.values)} values"
            )

    def rate(self, step: float) -> float:
        return self.values[bisect_left(self.boundaries, step)]


def _ascending(steps: Sequence[float]) -> list[float]:
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError(f"steps must ascend, not {list(steps)}")
    return [float(step) for step in steps]


# ---- smooth decay --------------------------------------------------------------------------------------------------


class _Decay(LearningRateSchedule):
    """What exponential and inverse-time decay share: t counts in decay_steps, in whole ones with `staircase`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
    ) -> None:
        self.initial_learning_rate, self.staircase = float(initial_learning_rate), staircase
        self.decay_steps, self.decay_rate = _positive(
            decay_steps=decay_steps, decay_rate=decay_rate
        )

    def time(self, step: float) -> float:
        """The decay periods that have passed at `step`."""
        t = step / self.decay_steps
        return math.floor(t) if self.staircase else t


class ExponentialDecay(_Decay):
    """initial * decay_rate^t with t = step / decay_steps. (Often written initial * exp(-k step): decay_rate = exp(-k).)"""

    def rate(self, step: float) -> float:
        return self.initial_learning_rate * self.decay_rate ** self.time(step)


class InverseTimeDecay(_Decay):
    """initial / (1 + decay_rate * t) with t = step / decay_steps."""

    def rate(self, step: float) -> float:
        return self.initial_learning_rate / (1 + self.decay_rate * self.time(step))


class PolynomialDecay(LearningRateSchedule):
    """(initial - end) * (1 - step / decay_steps)^power + end, and `end` afterwards.

    With `cycle` the decay_steps stretch to their next multiple instead, so the rate climbs again and falls more slowly.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 1e-4,
        power: float = 1.0,
        cycle: bool = False,
    ) -> None:
        self.initial_learning_rate, self.end_learning_rate = (
            float(initial_learning_rate),
            float(end_learning_rate),
        )
        self.decay_steps, self.power = _positive(decay_steps=decay_steps, power=power)
        self.cycle = cycle

    def rate(self, step: float) -> float:
        length = (
            self.decay_steps * max(1, math.ceil(step / self.decay_steps))
            if self.cycle
            else self.decay_steps
        )
        left = 1 - min(step, length) / length
        return (
            self.initial_learning_rate - self.end_learning_rate
        ) * left**self.power + self.end_learning_rate


# ---- cosine --------------------------------------------------------------------------------------------------------


def _fall(t: float) -> float:
    """Half a cosine: 1 at t = 0, 0 at t = 1."""
    return (1 + math.cos(math.pi * t)) / 2


class CosineDecay(LearningRateSchedule):
    """From initial to alpha * initial along half a cosine in decay_steps, and constant afterwards (arXiv:1608.03983).

    With warmup_target the rate first rises linearly from initial to that target in warmup_steps, and falls from there. The
    formula without the clamp, as often copied, climbs back to its peak after decay_steps.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate, self.alpha = float(initial_learning_rate), float(alpha)
        (self.decay_steps,) = _positive(decay_steps=decay_steps)
        self.warmup_target, self.warmup_steps = warmup_target, float(warmup_steps)

    def rate(self, step: float) -> float:
        start, peak = self.initial_learning_rate, self.warmup_target
        if peak is None:
            peak = start
        elif step < self.warmup_steps:
            return start + (peak - start) * step / self.warmup_steps
        else:
            step -= self.warmup_steps
        fall = _fall(min(step / self.decay_steps, 1.0))
        return peak * ((1 - self.alpha) * fall + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that starts anew after first_decay_steps (SGDR, arXiv:1608.03983).

    Each period is t_mul times as long as the one before, and its peak m_mul times as high: t_mul=1 and m_mul < 1 give
    equal periods with decaying peaks.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
    ) -> None:
        self.initial_learning_rate, self.alpha = float(initial_learning_rate), float(alpha)
        self.first_decay_steps, self.t_mul, self.m_mul = _positive(
            first_decay_steps=first_decay_steps, t_mul=t_mul, m_mul=m_mul
        )
        if self.t_mul < 1:
            raise ValueError(
                f"t_mul must be at least 1 (periods that shrink would end in a point), not {t_mul}"
            )

    def rate(self, step: float) -> float:
        t, period = step / self.first_decay_steps, 0
        if self.t_mul == 1:
            period, t = int(t), t % 1
        else:  # period i starts at (t_mul^i - 1) / (t_mul - 1) first periods
            while t >= self.t_mul**period:
                t -= self.t_mul**period
                period += 1
            t /= self.t_mul**period
        return self.initial_learning_rate * (
            (1 - self.alpha) * self.m_mul**period * _fall(t) + self.alpha
        )


# ---- up and down ---------------------------------------------------------------------------------------------------


class CyclicLR(LearningRateSchedule):
    """Up from `base` to `maximum` in step_size steps, down again in as many, for ever (Smith, arXiv:1506.01186).

    `mode` is the paper's: "triangular", "triangular2" (each cycle half as high), "exp_range" (height gamma^step).
    """

    def __init__(
        self,
        base_learning_rate: float,
        max_learning_rate: float,
        step_size: float,
        mode: str = "triangular",
        gamma: float = 1.0,
    ) -> None:
        self.base_learning_rate, self.max_learning_rate = (
            float(base_learning_rate),
            float(max_learning_rate),
        )
        self.step_size, self.gamma = _positive(step_size=step_size, gamma=gamma)
        self.mode = lookup(
            mode,
            {name: name for name in ("triangular", "triangular2", "exp_range")},
            "mode of CyclicLR",
        )

    def rate(self, step: float) -> float:
        cycle, t = divmod(step / (2 * self.step_size), 1)
        height = {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": self.gamma**step}[
            self.mode
        ]
        up = 1 - abs(2 * t - 1)
        return (
            self.base_learning_rate
            + (self.max_learning_rate - self.base_learning_rate) * up * height
        )


class OneCycle(LearningRateSchedule):
    """One rise from maximum / div_factor and one long fall to that / final_div_factor, both cosines (arXiv:1708.07120).

    The peak comes after the share pct_start of total_steps; afterwards the lowest rate stays.
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: float,
        pct_start: float = 0.3,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        self.max_learning_rate, self.pct_start = float(max_learning_rate), float(pct_start)
        self.total_steps, self.div_factor, self.final_div_factor = _positive(
            total_steps=total_steps, div_factor=div_factor, final_div_factor=final_div_factor
        )
        if (
            not 0 < self.pct_start < 1
            or self.pct_start * self.total_steps <= 1
            or self.total_steps <= 2
        ):
            raise ValueError(
                f"OneCycle: a share of {pct_start} of {total_steps} steps leaves no room to rise and fall"
            )

    def rate(self, step: float) -> float:
        start, last, peak = (
            self.max_learning_rate / self.div_factor,
            self.total_steps - 1,
            self.max_learning_rate,
        )
        top = self.pct_start * self.total_steps - 1
        if step <= top:
            return peak + (start - peak) * _fall(step / top)
        end = start / self.final_div_factor
        return end + (peak - end) * _fall(min((step - top) / (last - top), 1.0))


class WarmUp(LearningRateSchedule):
    """A linear rise from `start` in warmup_steps, then `schedule` (or a fixed rate) from its own step 0."""

    def __init__(
        self, schedule: float | Callable[[Any], float], warmup_steps: float, start: float = 0.0
    ) -> None:
        self.schedule, self.start = get(schedule), float(start)
        (self.warmup_steps,) = _positive(warmup_steps=warmup_steps)

    def rate(self, step: float) -> float:
        if step >= self.warmup_steps:
            return self.schedule(step - self.warmup_steps)
        return self.start + (self.schedule(0) - self.start) * step / self.warmup_steps


class Noam(LearningRateSchedule):
    """scale * d_model^-1/2 * min(s^-1/2, s * warmup_steps^-3/2), s = step + 1: the Transformer's (arXiv:1706.03762, eq. 3)."""

    def __init__(self, d_model: int, warmup_steps: float = 4000, scale: float = 1.0) -> None:
        self.d_model, self.warmup_steps, self.scale = _positive(
            d_model=d_model, warmup_steps=warmup_steps, scale=scale
        )

    def rate(self, step: float) -> float:
        s = step + 1
        return self.scale * self.d_model**-0.5 * min(s**-0.5, s * self.warmup_steps**-1.5)


# ---- names ---------------------------------------------------------------------------------------------------------

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


def get(schedule: Any, **arguments: Any) -> Callable[[Any], float]:
    """A number as a Constant; get("cosine_decay", initial_learning_rate=.1, decay_steps=100) by name; a callable stays itself."""
    if isinstance(schedule, str):
        return lookup(schedule, NAMES, "schedule")(**arguments)
    if callable(schedule):
        return schedule
    return Constant(schedule)
