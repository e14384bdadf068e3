"""What may surround a step: averages, gradients of several calls, a scaled loss."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import explains_arguments
from ..backend import Array, backend, device_name
from ..config import settings, to_device
from ..engine.graph import ledger
from ..engine.tensor import Tensor
from ..utils.registry import check_count
from .interface import OptimizerInterface

if TYPE_CHECKING:
    from .base import Optimizer


class StepOptions:
    """The options of an optimizer that has any; one that has none makes no such object.

    Args:
        momentum: Share of an average that stays; None for no averages.
        overwrite: Steps after which the parameters become their averages, or None.
        scale: What the loss was multiplied by, or None.
        steps: Calls that make one step, or None.
    """

    def __init__(
        self, momentum: float | None, overwrite: int | None, scale: float | None, steps: int | None
    ) -> None:
        self.momentum = momentum
        self.overwrite = overwrite
        self.scale = scale
        self.steps = steps
        self.waiting = 0  # calls since the last step
        self.names = ("average",) * (momentum is not None) + ("accumulated",) * (steps is not None)
        self.arrays: list[list[Array]] = []  # of each parameter, those of these names

    def adopt(self, optimizer: Optimizer, state: Sequence[Sequence[Any]]) -> None:
        """Take over the arrays of a state; new parameters begin as their averages.

        Args:
            optimizer: The optimizer, whose parameters are laid out.
            state: Of the first of them, the arrays of the slots and of these names.
        """
        own = len(optimizer.slots)
        given = [list(arrays[own:]) for arrays in state]
        self.arrays = []
        for i, p in enumerate(optimizer.parameters):
            start = p.data.astype(np.promote_types(p.dtype, np.float32))  # a copy
            fresh = {"average": start, "accumulated": backend(start).zeros_like(start)}
            kept = given[i : i + 1] or [[]]
            arrays = kept[0] or [fresh[name] for name in self.names]
            self.arrays.append([to_device(array, device_name(p.data)) for array in arrays])

    def apply(self, optimizer: Optimizer, gs: list[Any]) -> None:
        """A call of `apply`: a step, or only one more gradient.

        Args:
            optimizer: The optimizer.
            gs: A gradient per parameter, or None.
        """
        taken = optimizer.t
        if self.scale is not None:
            gs = [None if g is None else g / self.scale for g in gs]
        if self.steps is None:
            optimizer.take_step(gs)
        else:
            self._accumulate(optimizer, gs, self.steps)
        if self.momentum is not None:
            self._average(optimizer, self.momentum if taken else 0.0)
            if self.overwrite is not None and (taken + 1) % self.overwrite == 0:
                optimizer.finalize_variable_values()

    def _accumulate(self, optimizer: Optimizer, gs: list[Any], steps: int) -> None:
        """Add the gradients; with the last of them take a step along their mean."""
        for g, arrays in zip(gs, self.arrays):
            if g is not None:
                arrays[-1] += g
        if self.waiting + 1 < steps:
            self.waiting += 1
            return
        means = [None if g is None else arrays[-1] / steps for g, arrays in zip(gs, self.arrays)]
        optimizer.take_step(means)
        self.waiting = 0
        for arrays in self.arrays:
            arrays[-1][...] = 0

    def _average(self, optimizer: Optimizer, momentum: float) -> None:
        """average = momentum * average + (1 - momentum) * parameter."""
        for p, (average, *_) in zip(optimizer.parameters, self.arrays):
            average *= momentum
            average += (1 - momentum) * p.data


class OptionalSteps(OptimizerInterface):
    """The part of an optimizer that its options need."""

    t: int
    slots: tuple[str, ...]
    parameters: list[Tensor]
    options: StepOptions | None = None
    _undecayed: Sequence[Any] = ()  # parameters, and patterns of names

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of the arrays of a state: the slots, and what the options keep."""
        return self.slots if self.options is None else (*self.slots, *self.options.names)

    @property
    def calls(self) -> int:
        """The number of calls of `apply`, of which several may make a step."""
        options = self.options
        if options is None or options.steps is None:
            return self.t
        return self.t * options.steps + options.waiting

    @calls.setter
    def calls(self, number: int) -> None:
        if self.options is None or self.options.steps is None:
            self.t = number
        else:
            self.t, self.options.waiting = divmod(number, self.options.steps)

    def take_optional_step(self, gs: list[Any]) -> None:
        """A step with the gradients of all processes, what the options ask for, and an observer.

        Args:
            gs: A gradient per parameter, or None.
        """
        optimizer: Any = self
        if settings.process_group is not None:
            gs = settings.process_group.sum_gradients(optimizer, gs)
        if settings.observer:
            settings.observer.before_update(optimizer, gs)
        if self.options is None:
            optimizer.take_step(gs)
        else:
            self.options.apply(optimizer, gs)
        if settings.observer:
            settings.observer.after_update(optimizer)

    def finalize_variable_values(self, var_list: Sequence[Tensor] | None = None) -> None:
        """Give the parameters their averages, if use_ema=True; `fit` does so at its end.

        Args:
            var_list: The parameters; None for all.
        """
        if self.options is None or self.options.momentum is None:
            return
        chosen = {id(p) for p in (self.parameters if var_list is None else var_list)}
        for p, (average, *_) in zip(self.parameters, self.options.arrays):
            if id(p) in chosen:
                p.data[...] = average
                ledger.record(p.data)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times loss_scale_factor, by which a step divides the gradients.

        Args:
            loss: Tensor or number.
        """
        scale = None if self.options is None else self.options.scale
        return loss if scale is None else loss * scale

    @explains_arguments
    def exclude_from_weight_decay(
        self, var_list: Sequence[Tensor] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Leave parameters out of the weight decay, before the first step.

        Args:
            var_list: The parameters.
            var_names: Regular expressions that the names of more parameters contain, as "bias".

        Raises:
            ValueError: If a step was taken already.

        Example:
            >>> optimizer = minigrad.optimizers.AdamW()
            >>> optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        """
        if self.t:
            raise ValueError("exclude_from_weight_decay comes before the first step")
        self._undecayed = [*self._undecayed, *(var_list or ()), *(var_names or ())]

    def decays(self, p: Tensor) -> bool:
        """True unless the parameter was excluded from the weight decay.

        Args:
            p: The parameter.
        """
        name = getattr(p, "name", None) or ""
        return not any(
            re.search(item, name) if isinstance(item, str) else item is p
            for item in self._undecayed
        )


def step_options(owner: Any) -> StepOptions | None:
    """What the options of an optimizer ask for; None for nothing.

    Args:
        owner: The optimizer, with the options as attributes.

    Raises:
        ValueError: If one of them does not fit.
    """
    kind, momentum, scale = type(owner).__name__, owner.ema_momentum, owner.loss_scale_factor
    overwrite, steps = owner.ema_overwrite_frequency, owner.gradient_accumulation_steps
    if not 0 <= momentum <= 1:
        raise ValueError(f"{kind}: ema_momentum must be in [0, 1], got {momentum!r}")
    if overwrite is not None:
        check_count(f"ema_overwrite_frequency of {kind}", overwrite)
    if scale is not None and not scale > 0:
        raise ValueError(f"{kind}: loss_scale_factor must be above 0, got {scale!r}")
    if steps is not None:
        check_count(f"gradient_accumulation_steps of {kind}", steps, least=2)
    if not owner.use_ema and scale is None and steps is None:
        return None
    return StepOptions(momentum if owner.use_ema else None, overwrite, scale, steps)
