"""Optimizer: flat storage of parameters and state, one step, and the state that is saved."""

from __future__ import annotations

import math
from operator import is_not
from typing import Any, Callable, NamedTuple, Sequence

import numpy as np

from ..backend import Array, backend, device_name
from ..config import settings, to_device
from ..constraints import apply_constraints
from ..engine.graph import ledger
from ..engine.kernel_table import KernelByType, kernels_of
from ..engine.tensor import Tensor
from ..kernels import compiled
from ..utils.serialization import serialize
from .clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from .interface import Rate
from .options import OptionalSteps, step_options

# elements: parameters, gradient and state stay in a processor cache; a loop reads them only once
BLOCK_SIZE = 1 << 20 if compiled.is_wanted() else 1 << 16
LearningRate = float | Callable[[int], float]  # a number or a schedule


class Segment(NamedTuple):
    """The elements start:stop of one parameter, which is read as flat."""

    parameter: int
    start: int
    stop: int


class Optimizer(OptionalSteps):
    """Base of all optimizers: `apply(gradients, parameters)` changes the parameters by one step.

    A subclass names its state arrays in `slots` and defines `update(p, g, *state)`. Parameters
    live end to end in one flat array, and so does each state array; a step runs over blocks of
    them that fit the processor cache. Of float16 parameters the state is float32, and so is the
    arithmetic of a step: in float16 an epsilon of 1e-7 and the squares of small gradients are 0.

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        weight_decay: Before the step, parameters shrink by learning_rate * weight_decay, apart
            from the gradient; None for no decay.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default that of the class.

    Raises:
        ValueError: If the rate or the decay is negative, or more than one of the three limits is
            given.
        TypeError: If the rate is neither a number nor a schedule.

    References:
        Loshchilov & Hutter 2019, arXiv:1711.05101, for the decay.

    Example:
        >>> class SignDescent(minigrad.optimizers.Optimizer):
        ...     def update(self, p, g):
        ...         p -= self.rate * np.sign(g)
        >>> p = minigrad.Parameter(np.zeros(2))
        >>> SignDescent(0.5).apply([np.array([3.0, -4.0])], [p])
        >>> p.numpy()
        array([-0.5,  0.5], dtype=float32)
    """

    slots: tuple[str, ...] = ()  # names of the state arrays, which begin at 0
    kernel = ""  # the name of `update` made fast in the kernel table
    kernel_settings: tuple[str, ...] = ()  # the attributes that it reads
    kernels: KernelByType = kernels_of("")
    t = 0  # steps taken
    rate: float  # the learning rate of the current step, a plain number
    schedule: Callable[[int], float] | None = None
    parameters: list[Tensor] = []
    _is_half = False  # True: some parameters are float16
    _flat: list[Array] = []  # the parameters end to end, those of each dtype
    _views: list[list[Array]] = []  # of each parameter: its part of every flat array
    _blocks: list[tuple[list[Segment], list[Array]]] = []  # parts of the flat arrays
    _constrained: list[int] = []  # the numbers of the parameters with a constraint

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.name = name or type(self).__name__.lower()
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.options = step_options(self)
        check_interval(self, 0, weight_decay=weight_decay or 0)
        limits = [limit for limit in (clipnorm, clipvalue, global_clipnorm) if limit is not None]
        if len(limits) > 1 or not all(limit > 0 for limit in limits):
            raise ValueError(
                f"choose one of clipnorm, clipvalue and global_clipnorm, above 0; got {limits}"
            )

    def __init_subclass__(cls, **options: Any) -> None:
        """An `update` of one's own has no kernel, unless the class names one beside it."""
        super().__init_subclass__(**options)
        if "update" in vars(cls):
            cls.kernels = kernels_of(vars(cls).get("kernel", ""))

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """Change parameters and state in place; a subclass defines it.

        Args:
            p: Elements of the parameters.
            g: Their gradient, which must stay as it is.
            *state: The same elements of each state array, in the order of `slots`.
        """
        raise TypeError(
            f"{type(self).__name__} needs a method update(self, p, g, ...), or, as in Keras, "
            "update_step(self, gradient, variable, learning_rate)"
        )

    def prepare(self) -> None:
        """Compute what all blocks of a step share; called before each step."""

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step, a number that `learning_rate.assign(value)` sets, too.

        The current one, which `update` reads, is `rate`.
        """
        return Rate.of(self, self.rate if self.schedule is None else self.schedule(self.calls))

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        rate = value(self.calls) if callable(value) else value
        follows_schedule = self.schedule is not None and not callable(value)
        if follows_schedule or not (hasattr(rate, "__float__") and 0 <= rate < math.inf):
            self._refuse_rate(rate)
        if callable(value):
            self.schedule = value
        self.rate = float(rate)

    def _refuse_rate(self, rate: Any) -> None:
        """Raise the error that says what is wrong with a learning rate."""
        if not hasattr(rate, "__float__"):
            raise TypeError(
                f"learning_rate must be a number or a schedule (step -> rate), got {rate!r}"
            )
        if not 0 <= rate < math.inf:
            raise ValueError(f"learning_rate must not be negative, NaN or infinite, got {rate!r}")
        raise ValueError(
            "this optimizer follows a schedule; make it with a fixed learning_rate to set the "
            "rate yourself"
        )

    # ---- a step ----------------------------------------------------------------------------------

    def apply(self, gradients: Sequence[Any], parameters: Sequence[Tensor] | None = None) -> None:
        """Take one step.

        Args:
            gradients: An array or Tensor per parameter; None leaves that parameter as it is.
            parameters: The parameters, by default those of the last step. New ones may join, and
                others be left out, from step to step.

        Raises:
            ValueError: If there are no parameters, or gradients do not fit them in number or
                shape; nothing is changed then.
        """
        parameters = self.parameters if parameters is None else parameters
        gs = [getattr(g, "_array", g) for g in gradients]
        if len(gs) != len(parameters) or not parameters:
            self._refuse_gradients(gs, parameters)
        for g, p in zip(gs, parameters):
            if g is not None and g.shape != p._array.shape:
                self._refuse_gradients(gs, parameters)
        if len(parameters) != len(self.parameters) or any(map(is_not, parameters, self.parameters)):
            gs = self._align_gradients(gs, parameters)
        for p, views in zip(self.parameters, self._views):
            if p._array is not views[0]:  # the array of a parameter was replaced
                self._flatten_parameters(self.parameters, self.state())
                break
        if self.options is settings.process_group is settings.observer is None:
            self.take_step(gs)
        else:
            self.take_optional_step(gs)

    def take_step(self, gs: list[Any]) -> None:
        """Change the parameters; `apply` has checked and arranged the gradients.

        Args:
            gs: A gradient per parameter, or None.
        """
        if self.schedule is not None:
            self.learning_rate = self.schedule
        self.t += 1
        self.prepare()
        if self._is_half:
            gs = [None if g is None else g.astype(state_dtype(g.dtype)) for g in gs]
        if self.clipvalue or self.clipnorm or self.global_clipnorm:
            gs = self._clip(gs)
        if self._undecayed:
            self._decay_parameters(gs)
        self._step_blocks(gs)
        for flat in self._flat:
            ledger.record(flat)

    def _clip(self, gs: list[Any]) -> list[Any]:
        """The gradients within the limit that was chosen."""
        if self.clipvalue is not None:
            return clip_by_value(gs, self.clipvalue)
        if self.clipnorm is not None:
            return clip_by_norm(gs, self.clipnorm)
        if self.global_clipnorm is not None:
            return clip_by_global_norm(gs, self.global_clipnorm)
        return gs

    def _step_blocks(self, gs: list[Any]) -> None:
        """One step over all blocks, then the constraints."""
        xp = backend(self._flat[0])
        for segments, arrays in self._blocks:
            if [i for i, _, _ in segments if gs[i] is None]:
                self._step_segments(gs, segments)
                continue
            parts = [_slice(gs[i], start, stop) for i, start, stop in segments]
            joined = xp.concatenate(parts, None) if len(parts) > 1 else parts[0].reshape(-1)
            self._step(joined, *arrays)
        if self._constrained:
            self._apply_constraints(gs)

    def _apply_constraints(self, gs: list[Any]) -> None:
        """The constraints of the parameters that have changed."""
        apply_constraints([self.parameters[i] for i in self._constrained if gs[i] is not None])

    def _step_segments(self, gs: list[Any], segments: list[Segment]) -> None:
        """One step over those segments of a block that have a gradient."""
        for i, start, stop in segments:
            if gs[i] is not None:
                arrays = [_slice(view, start, stop).reshape(-1) for view in self._views[i]]
                self._step(_slice(gs[i], start, stop).reshape(-1), *arrays)

    def _step(self, g: Array, p: Array, *state: Array) -> None:
        """One step over flat arrays of equal length."""
        is_half = self._is_half and p.dtype == "float16"
        wide = p.astype("float32") if is_half else p
        decays = self.weight_decay and not self._undecayed
        shrink = 1 - self.rate * self.weight_decay if decays else 1.0  # type: ignore[operator]
        kernel = self.kernels[p.__class__] if settings.use_kernels is True else None
        numbers = {name: getattr(self, name) for name in self.kernel_settings}
        if kernel is None or kernel.forward(wide, g, *state, shrink=shrink, **numbers) is not None:
            if decays:
                wide *= shrink
            self.update(wide, g, *state)
        if is_half:
            p[...] = wide

    def _decay_parameters(self, gs: list[Any]) -> None:
        """The weight decay of those parameters that were not excluded."""
        for p, g in zip(self.parameters, gs):
            if self.weight_decay and g is not None and self.decays(p):
                p.data *= 1 - self.rate * self.weight_decay

    def _refuse_gradients(self, gs: list[Any], parameters: Sequence[Tensor]) -> None:
        """Raise the ValueError that says which gradient does not fit."""
        if not parameters:
            raise ValueError(
                f"{self.name} has no parameters to train: is every layer frozen, or the model "
                "not built?"
            )
        if len(gs) != len(parameters):
            raise ValueError(f"{self.name}: {len(gs)} gradients for {len(parameters)} parameters")
        for i, (g, p) in enumerate(zip(gs, parameters)):
            if g is not None and g.shape != p.shape:
                raise ValueError(
                    f"{self.name}: gradient {i} has shape {g.shape}, its parameter "
                    f"{getattr(p, 'name', '')} {p.shape}"
                )

    # ---- flat storage ----------------------------------------------------------------------------

    def _align_gradients(self, gs: list[Any], parameters: Sequence[Tensor]) -> list[Any]:
        """Gradients in the order of self.parameters, which new ones join; None for the others."""
        known = {id(p): p for p in [*self.parameters, *parameters]}
        if len(known) > len(self.parameters):
            self._flatten_parameters(list(known.values()), self.state())
        aligned: dict[int, Any] = dict.fromkeys(known)
        for g, p in zip(gs, parameters):
            earlier = aligned[id(p)]  # not None for a parameter that is listed twice
            aligned[id(p)] = g if earlier is None else earlier + g
        return list(aligned.values())

    def _flatten_parameters(
        self, parameters: list[Tensor], state: Sequence[Sequence[Array]]
    ) -> None:
        """Copy parameters, and the state of the first of them, into new flat arrays and blocks."""
        arrays = [p._array for p in parameters]
        device = device_name(arrays[0])
        if any(backend(a) is not backend(arrays[0]) for a in arrays):
            self._refuse_mixture(parameters)
        self._is_half = any(a.dtype == "float16" for a in arrays)
        self._constrained = [i for i, p in enumerate(parameters) if getattr(p, "constraint", None)]
        self.parameters, self._flat, self._blocks = parameters, [], []
        self._views = [[] for _ in arrays]
        for dtype in dict.fromkeys(a.dtype for a in arrays):
            self._flatten_arrays({i: a for i, a in enumerate(arrays) if a.dtype == dtype})
        for views, saved in zip(self._views, state):
            for view, array in zip(views[1:], saved):
                view[...] = to_device(array, device)
        if self.options is not None:
            self.options.adopt(self, state)

    def _flatten_arrays(self, arrays: dict[int, Array]) -> None:
        """Copy those parameters, by their numbers, that have one dtype."""
        members, sizes = list(arrays), [a.size for a in arrays.values()]
        xp, device = backend(arrays[members[0]]), device_name(arrays[members[0]])
        flat = xp.concatenate(list(arrays.values()), None)
        dtype = state_dtype(flat.dtype)
        # zeros take no memory until they are written to, when the old parameters are gone
        flats = [flat, *(xp.zeros(flat.shape, dtype) for _ in self.slots)]
        self._flat.append(flat)
        stop = 0
        for i, array in arrays.items():
            start, stop = stop, stop + array.size
            self._views[i] = [a[start:stop].reshape(array.shape) for a in flats]
            self.parameters[i]._array = self._views[i][0]
        stop = 0
        for segments in make_blocks(sizes, BLOCK_SIZE if device == "cpu" else flat.size or 1):
            start, stop = stop, stop + sum(s.stop - s.start for s in segments)
            numbered = [s._replace(parameter=members[s.parameter]) for s in segments]
            self._blocks.append((numbered, [a[start:stop] for a in flats]))

    def _refuse_mixture(self, parameters: Sequence[Tensor]) -> None:
        """Raise the ValueError for parameters on several devices."""
        kinds = sorted({p.device for p in parameters})
        raise ValueError(
            f"{self.name}: the parameters are on {' and on '.join(kinds)}; use one optimizer for "
            "each device"
        )

    # ---- the state that is saved -----------------------------------------------------------------

    def state(self) -> list[list[Array]]:
        """The state arrays of each parameter, in the order of `state_names`."""
        if self.options is None:
            return [views[1:] for views in self._views]
        return [views[1:] + more for views, more in zip(self._views, self.options.arrays)]

    def load_state(
        self, parameters: Sequence[Tensor], state: Sequence[Sequence[Any]], t: int
    ) -> None:
        """Replace the state.

        Args:
            parameters: The parameters that the state belongs to.
            state: Of each parameter, the arrays that `state()` returned.
            t: Number of calls taken.
        """
        self.calls = t
        self.parameters, self._views = [], []
        if parameters:
            self._flatten_parameters(list(parameters), state)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an optimizer like this one, with the learning rate of now."""
        rate = self.rate if self.schedule is None else serialize(self.schedule)
        return {**super().get_config(), "learning_rate": rate}

    def __getstate__(self) -> dict[str, Any]:
        """A copy builds its own flat storage, in its first step."""
        views = [[None, *views[1:]] for views in self._views]
        return {**vars(self), "_flat": [], "_views": views, "_blocks": []}


def check_interval(owner: Optimizer, low: float, high: float = math.inf, **settings: float) -> None:
    """Raise ValueError unless each setting is a number in [low, high).

    Args:
        owner: The optimizer whose settings they are.
        low: Smallest value.
        high: The first value that is too large.
        **settings: Values by name.

    Example:
        >>> check_interval(Optimizer(), 0, 1, beta_1=0.9)
    """
    for name, value in settings.items():
        if not (hasattr(value, "__float__") and low <= value < high):
            raise ValueError(
                f"{type(owner).__name__}: {name} must be in [{low}, {high}), got {value!r}"
            )


def state_dtype(dtype: Any) -> Any:
    """The dtype of an optimizer's state for parameters of this dtype.

    Args:
        dtype: The dtype of the parameters.

    Example:
        >>> state_dtype(np.dtype("float16")), state_dtype(np.dtype("float64"))
        (dtype('float32'), dtype('float64'))
    """
    return np.promote_types(dtype, np.float32)


def make_blocks(sizes: Sequence[int], block_size: int) -> list[list[Segment]]:
    """Cut parameters into blocks: small ones together, large ones in parts.

    Args:
        sizes: Number of elements of each parameter.
        block_size: Largest number of elements of a block.

    Returns:
        The segments of each block; all of them in order cover every element once.

    Example:
        >>> [[tuple(segment) for segment in block] for block in make_blocks([2, 3, 8], 5)]
        [[(0, 0, 2), (1, 0, 3)], [(2, 0, 5)], [(2, 5, 8)]]
    """
    blocks: list[list[Segment]] = []
    free = 0  # elements that still fit the last block
    for i, size in enumerate(sizes):
        for start in range(0, size, block_size):
            stop = min(start + block_size, size)
            if stop - start > free:
                blocks.append([])
                free = block_size
            blocks[-1].append(Segment(i, start, stop))
            free -= stop - start
    return blocks


def _slice(a: Array, start: int, stop: int) -> Array:
    """The elements start:stop of an array read as flat; all of them keep their shape."""
    return a if a.size == stop - start else a.reshape(-1)[start:stop]
