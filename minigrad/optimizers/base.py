"""Optimizer: parameters as flat storage, clipping, decay, and the state that is saved."""

from __future__ import annotations

import math
from operator import is_not
from typing import Any, Callable, Iterable, Sequence

from ..backend import Array, backend, device_name
from ..config import to_device
from ..engine.graph import edits
from ..engine.tensor import Tensor

BLOCK = 1 << 16  # elements: parameters, gradient, state and temporaries stay in a processor cache


class Optimizer:
    """Base of all optimizers: `apply(gradients, parameters)` changes the parameters by one step.

    `learning_rate` is a number or a schedule (step -> rate). `clipvalue` limits each element of a gradient, `clipnorm` each
    gradient's length, `global_clipnorm` the length of all together. `weight_decay` shrinks parameters by
    learning_rate * weight_decay before the step, apart from the gradient (arXiv:1711.05101).
    """

    slots: tuple[str, ...] = ()  # names of the state arrays; they start at `initial`
    initial = 0.0
    t = 0  # steps taken

    def __init__(
        self,
        learning_rate: Any = 0.01,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        limits = [limit for limit in (clipnorm, clipvalue, global_clipnorm) if limit is not None]
        if len(limits) > 1 or not all(limit > 0 for limit in limits):
            raise ValueError(
                f"choose one of clipnorm, clipvalue and global_clipnorm, above 0; got {limits}"
            )
        self.schedule: Callable[[int], float] | None = None
        self._rate = 0.0
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.name = name or type(self).__name__.lower()
        self.parameters: list[Tensor] = []
        self._flat: list[Array] = []  # the parameters end to end, then each state array
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
            raise ValueError(
                "this optimizer follows a schedule; give it a fixed learning_rate when it is made to set it by hand"
            )
        if not hasattr(value, "__float__"):
            raise TypeError(
                f"learning_rate must be a number or a schedule (step -> rate), got {value!r}"
            )
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
            if (
                p._array is not view
            ):  # somebody gave the parameter another array: lay all of them out again
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
            parts = [
                gs[i] if gs[i].size == stop - start else gs[i].reshape(-1)[start:stop]
                for i, start, stop in pieces
            ]
            self._step(
                arrays, xp.concatenate(parts, None) if len(parts) > 1 else parts[0].reshape(-1)
            )
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
                self._step(
                    [flat[at + start : at + stop] for flat in self._flat],
                    gs[i].reshape(-1)[start:stop],
                )

    def _check(self, gs: list[Any], parameters: Sequence[Tensor]) -> None:
        if len(parameters) == 0:
            raise ValueError(
                f"{self.name} has no parameters to train: is every layer frozen, or the model not built?"
            )
        if len(gs) != len(parameters):
            raise ValueError(f"{self.name}: {len(gs)} gradients for {len(parameters)} parameters")
        for i, (g, p) in enumerate(zip(gs, parameters)):
            if g is not None and g.shape != p._array.shape:
                raise ValueError(
                    f"{self.name}: gradient {i} has shape {g.shape}, its parameter {getattr(p, 'name', '')} "
                    f"{p.shape}"
                )

    def _clip(self, gs: list[Any]) -> list[Any]:
        if self.clipvalue is not None:
            return [
                g if g is None else backend(g).clip(g, -self.clipvalue, self.clipvalue) for g in gs
            ]
        if self.clipnorm is not None:
            return [
                g if g is None else _shortened(g, backend(g).sqrt((g * g).sum()), self.clipnorm)
                for g in gs
            ]
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
            raise ValueError(
                f"{self.name}: the parameters are {' and '.join(sorted(kinds))}; use one optimizer for each kind"
            )
        self.parameters = parameters
        first = self.parameters[0]._array
        xp = backend(first)
        sizes = [p.size for p in self.parameters]
        self._starts = [sum(sizes[:i]) for i in range(len(sizes))]
        flat = xp.concatenate([p._array.reshape(-1) for p in self.parameters])
        self._flat = [flat, *(xp.full(flat.shape, self.initial, flat.dtype) for _ in self.slots)]
        for start, arrays in zip(self._starts, state):
            for slot, a in zip(self._flat[1:], arrays):
                slot[start : start + a.size] = to_device(a, device_name(slot)).reshape(-1)
        self._views = []
        for p, start in zip(self.parameters, self._starts):
            p._array = flat[start : start + p.size].reshape(p.shape)
            self._views.append(p._array)
        block = BLOCK if self.parameters[0].device == "cpu" else flat.size
        self._blocks = [
            (pieces, [a[start:stop] for a in self._flat])
            for start, stop, pieces in _cut(sizes, block)
        ]

    def state(self) -> list[list[Array]]:
        """The state arrays of each parameter, in the order of `slots`."""
        return [
            [slot[start : start + p.size].reshape(p.shape) for slot in self._flat[1:]]
            for p, start in zip(self.parameters, self._starts)
        ]

    def load_state(self, parameters: Sequence[Tensor], state: list[list[Any]], t: int) -> None:
        """Take over the state arrays of each parameter and the number of steps taken."""
        self.parameters, self._flat, self._views, self._blocks, self._starts, self.t = (
            [],
            [],
            [],
            [],
            [],
            t,
        )
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
            blocks += [
                (position + a, position + b, [(i, a, b)]) for a, b in zip(edges, edges[1:]) if b > a
            ]
        position += size
    return blocks


def _shortened(g: Array, length: Any, limit: float) -> Array:
    """g scaled down so that `length` becomes at most `limit`."""
    return g * (limit / backend(g).maximum(length, limit)).astype(g.dtype)
