"""Optimizers: each reads as its formula, `update(p, g, *state)`, on arrays changed in place.

The base class lays all parameters end to end in one array, and the state beside them, and hands `update` blocks of it that fit
the processor's cache, so a step costs the same for two large parameters as for two hundred small ones.
"""
from __future__ import annotations

import math
from operator import is_not
from typing import Any, Callable, Iterable, Sequence

from .backend import Array, backend, device_name, to_device
from .names import lookup
from .graph import edits
from .tensor import Tensor

BLOCK = 1 << 16                         # elements: parameters, gradient, state and temporaries stay in a processor cache


class Optimizer:
    """Base of all optimizers: `apply(gradients, parameters)` changes the parameters by one step.

    `learning_rate` is a number or a schedule (step -> rate). `clipvalue` limits each element of a gradient, `clipnorm` each
    gradient's length, `global_clipnorm` the length of all together. `weight_decay` shrinks parameters by
    learning_rate * weight_decay before the step, apart from the gradient (arXiv:1711.05101).
    """

    slots: tuple[str, ...] = ()         # names of the state arrays; they start at `initial`
    initial = 0.0
    t = 0                               # steps taken

    def __init__(self, learning_rate: Any = 0.01, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None, name: str | None = None) -> None:
        limits = [limit for limit in (clipnorm, clipvalue, global_clipnorm) if limit is not None]
        if len(limits) > 1 or not all(limit > 0 for limit in limits):
            raise ValueError(f"choose one of clipnorm, clipvalue and global_clipnorm, above 0; got {limits}")
        self.schedule: Callable[[int], float] | None = None
        self._rate = 0.0
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.name = name or type(self).__name__.lower()
        self.parameters: list[Tensor] = []
        self._flat: list[Array] = []    # the parameters end to end, then each state array
        self._views: list[Array] = []
        self._blocks: list[tuple[list[tuple[int, int, int]], list[Array]]] = []

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """Change p and the state in place, given the gradient g."""
        raise TypeError(f"{type(self).__name__} needs a method update(self, p, g, ...)")

    @property
    def learning_rate(self) -> float:
        """The rate of the step at hand, or of the next one."""
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if callable(value):
            self.schedule, value = value, value(self.t)
        elif self.schedule is not None:
            raise ValueError("this optimizer follows a schedule; give it a fixed learning_rate when it is made to set it by hand")
        if not hasattr(value, "__float__"):
            raise TypeError(f"learning_rate must be a number or a schedule (step -> rate), got {value!r}")
        if not value >= 0:
            raise ValueError(f"learning_rate must not be negative, got {value!r}")
        self._rate = float(value)

    # ---- a step ----
    def apply(self, gradients: Sequence[Any], parameters: Sequence[Tensor] | None = None) -> None:
        """One step. gradients[i], an array or Tensor, belongs to parameters[i]; None leaves that parameter as it is.

        Raises ValueError for no parameters, a count or shape that does not fit; nothing is changed then.
        """
        parameters = self.parameters if parameters is None else parameters
        gs = [getattr(g, "_array", g) for g in gradients]
        self._check(gs, parameters)
        if len(parameters) != len(self.parameters) or any(map(is_not, parameters, self.parameters)):
            gs = self._arrange(gs, parameters)
        for p, view in zip(self.parameters, self._views):
            if p._array is not view:    # somebody gave the parameter another array: lay all of them out again
                self._lay_out(self.parameters, self.state())
                break
        gs = self._clip(gs)
        if self.schedule is not None:
            self._rate = float(self.schedule(self.t))
        self.t += 1
        self.prepare()
        xp = backend(self._flat[0])
        for pieces, arrays in self._blocks:
            if any(gs[i] is None for i, _, _ in pieces):
                self._step_apart(gs, pieces)
                continue
            parts = [gs[i] if gs[i].size == stop - start else gs[i].reshape(-1)[start:stop] for i, start, stop in pieces]
            self._step(arrays, xp.concatenate(parts, None) if len(parts) > 1 else parts[0].reshape(-1))
        edits.note(self._flat[0])

    def apply_gradients(self, pairs: Iterable[tuple[Any, Tensor]]) -> None:
        """apply for (gradient, parameter) pairs, as Keras names it."""
        gradients, parameters = zip(*pairs)
        self.apply(gradients, list(parameters))

    def prepare(self) -> None:
        """Called before each step: compute what all blocks share."""

    def _step(self, arrays: list[Array], g: Array) -> None:
        if self.weight_decay:
            arrays[0] *= 1 - self._rate * self.weight_decay
        self.update(arrays[0], g, *arrays[1:])

    def _step_apart(self, gs: list[Any], pieces: list[tuple[int, int, int]]) -> None:
        for i, start, stop in pieces:
            if gs[i] is not None:
                at = self._starts[i]
                self._step([flat[at + start:at + stop] for flat in self._flat], gs[i].reshape(-1)[start:stop])

    def _check(self, gs: list[Any], parameters: Sequence[Tensor]) -> None:
        if len(parameters) == 0:
            raise ValueError(f"{self.name} has no parameters to train: is every layer frozen, or the model not built?")
        if len(gs) != len(parameters):
            raise ValueError(f"{self.name}: {len(gs)} gradients for {len(parameters)} parameters")
        for i, (g, p) in enumerate(zip(gs, parameters)):
            if g is not None and g.shape != p._array.shape:
                raise ValueError(f"{self.name}: gradient {i} has shape {g.shape}, its parameter {getattr(p, 'name', '')} "
                                 f"{p.shape}")

    def _clip(self, gs: list[Any]) -> list[Any]:
        if self.clipvalue is not None:
            return [g if g is None else backend(g).clip(g, -self.clipvalue, self.clipvalue) for g in gs]
        if self.clipnorm is not None:
            return [g if g is None else _shortened(g, backend(g).sqrt((g * g).sum()), self.clipnorm) for g in gs]
        if self.global_clipnorm is not None:
            given = [g for g in gs if g is not None]
            length = sum(((g * g).sum() for g in given), start=0.0) ** 0.5
            return [g if g is None else _shortened(g, length, self.global_clipnorm) for g in gs]
        return gs

    # ---- storage ----
    _starts: list[int] = []

    def _arrange(self, gs: list[Any], parameters: Sequence[Tensor]) -> list[Any]:
        """Gradients in the order of self.parameters, which unknown parameters join; None for those not named."""
        known = {id(p): i for i, p in enumerate(self.parameters)}
        new = list({id(p): p for p in parameters if id(p) not in known}.values())
        if new:
            self._lay_out([*self.parameters, *new], self.state())
            known = {id(p): i for i, p in enumerate(self.parameters)}
        arranged: list[Any] = [None] * len(self.parameters)
        for g, p in zip(gs, parameters):
            i = known[id(p)]
            arranged[i] = g if arranged[i] is None else arranged[i] + g
        return arranged

    def _lay_out(self, parameters: list[Tensor], state: list[list[Array]]) -> None:
        """Copy parameters and their state, as far as there is one, into new flat arrays, and cut those into blocks."""
        kinds = {f"{p.dtype} on {p.device}" for p in parameters}
        if len(kinds) > 1:
            raise ValueError(f"{self.name}: the parameters are {' and '.join(sorted(kinds))}; use one optimizer for each kind")
        self.parameters = parameters
        first = self.parameters[0]._array
        xp = backend(first)
        sizes = [p.size for p in self.parameters]
        self._starts = [sum(sizes[:i]) for i in range(len(sizes))]
        flat = xp.concatenate([p._array.reshape(-1) for p in self.parameters])
        self._flat = [flat, *(xp.full(flat.shape, self.initial, flat.dtype) for _ in self.slots)]
        for start, arrays in zip(self._starts, state):
            for slot, a in zip(self._flat[1:], arrays):
                slot[start:start + a.size] = to_device(a, device_name(slot)).reshape(-1)
        self._views = []
        for p, start in zip(self.parameters, self._starts):
            p._array = flat[start:start + p.size].reshape(p.shape)
            self._views.append(p._array)
        block = BLOCK if self.parameters[0].device == "cpu" else flat.size
        self._blocks = [(pieces, [a[start:stop] for a in self._flat]) for start, stop, pieces in _cut(sizes, block)]

    def state(self) -> list[list[Array]]:
        """The state arrays of each parameter, in the order of `slots`."""
        return [[slot[start:start + p.size].reshape(p.shape) for slot in self._flat[1:]]
                for p, start in zip(self.parameters, self._starts)]

    def load_state(self, parameters: Sequence[Tensor], state: list[list[Any]], t: int) -> None:
        """Take over the state arrays of each parameter and the number of steps taken."""
        self.parameters, self._flat, self._views, self._blocks, self._starts, self.t = [], [], [], [], [], t
        if parameters:
            self._lay_out(list(parameters), state)

    def __getstate__(self) -> dict[str, Any]:
        """A copy lays its parameters out again: copied views would no longer show the copied storage."""
        return {**vars(self), "_views": [None] * len(self._views), "_blocks": []}


def _cut(sizes: list[int], block: int) -> list[tuple[int, int, list[tuple[int, int, int]]]]:
    """(start, stop, [(parameter, start, stop within it), ...]) of each block: small parameters together, large ones in parts."""
    blocks: list[tuple[int, int, list[tuple[int, int, int]]]] = []
    position = 0
    for i, size in enumerate(sizes):
        if blocks and size and position + size - blocks[-1][0] <= block:
            start, _, pieces = blocks[-1]
            blocks[-1] = start, position + size, [*pieces, (i, 0, size)]
        else:
            parts = max(1, math.ceil(size / block))
            edges = [size * k // parts for k in range(parts + 1)]
            blocks += [(position + a, position + b, [(i, a, b)]) for a, b in zip(edges, edges[1:]) if b > a]
        position += size
    return blocks


def _shortened(g: Array, length: Any, limit: float) -> Array:
    """g scaled down so that `length` becomes at most `limit`."""
    return g * (limit / backend(g).maximum(length, limit)).astype(g.dtype)


# ---- the formulas, from easy to hard ----------------------------------------------------------------------------------

class SGD(Optimizer):
    """p -= rate * g. With momentum: v = momentum * v - rate * g, p += v (Polyak 1964).

    `nesterov` looks ahead: p += momentum * v - rate * g (Sutskever et al. 2013).
    """

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must be in [0, 1], got {momentum!r}")
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = ("velocity",) if momentum else ()

    def update(self, p: Array, g: Array, *state: Array) -> None:
        step = g * -self._rate
        if state:
            v, = state
            v *= self.momentum
            v += step
            step = step + self.momentum * v if self.nesterov else v
        p += step


class Momentum(SGD):
    """SGD with momentum .9."""

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.9, nesterov: bool = False, **options: Any) -> None:
        super().__init__(learning_rate, momentum, nesterov, **options)


class Nesterov(Momentum):
    """SGD with Nesterov's momentum .9."""

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.9, **options: Any) -> None:
        super().__init__(learning_rate, momentum, True, **options)


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients (Duchi et al. 2011); epsilon stands inside the root."""

    slots = ("accumulator",)

    def __init__(self, learning_rate: Any = 1e-3, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7,
                 **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.initial, self.epsilon = initial_accumulator_value, epsilon

    def update(self, p: Array, g: Array, *state: Array) -> None:
        a, = state
        a += g * g
        p -= self._rate * g / backend(p).sqrt(a + self.epsilon)


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of squared gradients (Tieleman & Hinton 2012); epsilon inside the root.

    `centered` subtracts the squared running mean of the gradient, `momentum` runs the steps through a velocity.
    """

    def __init__(self, learning_rate: Any = 1e-3, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7,
                 centered: bool = False, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self.slots = ("square",) + ("mean",) * centered + ("velocity",) * bool(momentum)

    def update(self, p: Array, g: Array, *state: Array) -> None:
        v, *rest = state
        v += (g * g - v) * (1 - self.rho)
        spread = v
        if self.centered:
            m = rest.pop(0)
            m += (g - m) * (1 - self.rho)
            spread = backend(p).maximum(v - m * m, 0)       # rounding can take a variance below zero
        step = self._rate * g / backend(p).sqrt(spread + self.epsilon)
        if self.momentum:
            velocity, = rest
            velocity *= self.momentum
            velocity += step
            step = velocity
        p -= step


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (arXiv:1412.6980, algorithm 1).

    m += (1 - beta_1)(g - m), v += (1 - beta_2)(g**2 - v), p -= rate * m_ / (sqrt(v_) + epsilon), where m_ and v_ are m and v
    divided by 1 - beta**t, because both began at zero. `amsgrad` uses the largest v so far (Reddi et al. 2018).
    """

    def __init__(self, learning_rate: Any = 1e-3, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 amsgrad: bool = False, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        if not (0 <= beta_1 < 1 and 0 <= beta_2 < 1):
            raise ValueError(f"beta_1 and beta_2 must be in [0, 1), got {beta_1!r} and {beta_2!r}")
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad
        self.slots = ("m", "v") + ("top",) * amsgrad

    def prepare(self) -> None:
        # m and v are kept as plain decaying sums: their factors 1 - beta go into the scale of the step, two passes fewer.
        root = ((1 - self.beta_2) / (1 - self.beta_2 ** self.t)) ** 0.5
        self.scale = self._rate * (1 - self.beta_1) / (1 - self.beta_1 ** self.t) / root
        self.floor = self.epsilon / root

    def update(self, p: Array, g: Array, *state: Array) -> None:
        m, v, *top = state
        xp = backend(p)
        m *= self.beta_1
        m += g
        v *= self.beta_2
        v += g * g
        root = xp.sqrt(xp.maximum(top[0], v, out=top[0]) if top else v)
        root += self.floor
        step = m * self.scale
        step /= root
        p -= step


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (arXiv:1711.05101)."""

    def __init__(self, learning_rate: Any = 1e-3, weight_decay: float = 0.004, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float = 1e-7, amsgrad: bool = False, **options: Any) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options)


TABLE: dict[str, type[Optimizer]] = {"sgd": SGD, "momentum": Momentum, "nesterov": Nesterov, "adagrad": Adagrad,
                                     "rmsprop": RMSprop, "adam": Adam, "adamw": AdamW}


def get(optimizer: str | type[Optimizer] | Optimizer) -> Optimizer:
    """The optimizer called `optimizer`, or of that class, with its defaults; an Optimizer is returned as it is.

    Raises ValueError with a suggestion.
    """
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        return optimizer()
    if isinstance(optimizer, Optimizer):
        return optimizer
    return lookup(optimizer.lower() if isinstance(optimizer, str) else optimizer, TABLE, "optimizer")()
