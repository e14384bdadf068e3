"""A case of an op, and the drawing of its inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Sequence

import numpy as np

Array = np.ndarray
Draw = Callable[..., Array]  # draws an array of the shape it is called with

rng = np.random.default_rng(7)


def start_drawing(seed: int) -> None:
    """Draw from a fresh generator, so that one registry's inputs do not depend on another's."""
    global rng
    rng = np.random.default_rng(seed)


@dataclass
class View:
    """An input made from `base` by `view` on the device, so that it is no copy there either."""

    base: Array
    view: Callable[[Any], Any]
    shape = property(lambda self: self.view(self.base).shape)


def call_plainly(op: Any, *inputs: Any, **settings: Any) -> Any:
    """The call of most ops: arrays by position, settings by keyword."""
    return op(*inputs, **settings)


@dataclass
class Case:
    """One call of an op: call(op, *inputs, **settings)."""

    inputs: tuple
    expect: Callable[..., Any]  # the same in NumPy, with the same arguments
    settings: dict = field(default_factory=dict)
    call: Callable[..., Any] = call_plainly
    float32: bool = True  # a float32 input gives a float32 output
    any_dtype: bool = True  # inputs of another dtype may stand in place of floating ones

    def on(self, xp: Any, dtype: str = "float64") -> tuple[list, dict]:
        """The inputs and settings with their arrays on a device, floating inputs in `dtype`."""
        inputs = [on_device(xp, x, dtype) for x in self.inputs]
        settings = {key: on_device(xp, x, None) for key, x in self.settings.items()}
        return inputs, settings


def on_device(xp: Any, x: Any, dtype: str | None) -> Any:
    """`x` with its arrays on a device, floating ones in `dtype` unless that is None."""
    if isinstance(x, View):
        return x.view(on_device(xp, x.base, dtype))
    if isinstance(x, tuple):
        return tuple(on_device(xp, item, dtype) for item in x)
    if isinstance(x, (np.ndarray, np.generic)):
        return xp.asarray(np.asarray(x, dtype if dtype and x.dtype.kind == "f" else None))
    return x


def case(
    *inputs: Any,
    expect: Callable[..., Any],
    call: Callable[..., Any] = call_plainly,
    float32: bool = True,
    any_dtype: bool = True,
    **settings: Any,
) -> Case:
    """A case whose settings are written as keywords."""
    return Case(inputs, expect, settings, call, float32, any_dtype)


def cases(
    expect: Callable[..., Any],
    inputs: Iterable[Sequence[Any]],
    call: Callable[..., Any] = call_plainly,
    **settings: Any,
) -> list[Case]:
    """One case for each tuple of inputs."""
    return [case(*arrays, expect=expect, call=call, **settings) for arrays in inputs]


def parse_shapes(text: str) -> list[tuple[int, ...]]:
    """The shapes written in a line: "2x3 () 4" is (2, 3), (), (4,)."""
    words = [word.strip("()") for word in text.split()]
    return [tuple(map(int, word.split("x"))) if word else () for word in words]


# ---- drawing -------------------------------------------------------------------------------------


def normal(*shape: int) -> Array:
    return np.asarray(rng.standard_normal(shape))


def positive(*shape: int) -> Array:
    """Between 0.5 and 2."""
    return np.asarray(rng.uniform(0.5, 2, shape))


def nonzero(*shape: int) -> Array:
    """Of either sign, 0.2 to 1.6 from 0, both signs present, no two elements closer than 0.03."""
    n = math.prod(shape)
    magnitudes = np.linspace(0.2, 1.6, n) if n > 1 else np.full(n, 0.7)
    signs = np.resize([1, -1], n)
    return np.asarray((rng.permutation(magnitudes) * signs).reshape(shape))


def unit(*shape: int) -> Array:
    """Between -0.8 and 0.8."""
    return np.asarray(rng.uniform(-0.8, 0.8, shape))


def integers(high: int, *shape: int) -> Array:
    return np.asarray(rng.integers(0, high, shape))


def mask(*shape: int) -> Array:
    """True and False in turns, shuffled."""
    alternating = np.resize([True, False], math.prod(shape))
    return np.asarray(rng.permutation(alternating).reshape(shape))


def transposed(draw: Draw, *shape: int) -> View:
    """The transpose of an array."""
    return View(draw(*shape[::-1]), lambda x: x.T)


def strided(draw: Draw, *shape: int) -> View:
    """Every other element, backwards along the last axis."""
    return View(draw(*shape[:-1], 2 * shape[-1]), lambda x: x[..., ::-2])


def between_kinks(*shape: int) -> Array:
    """Numbers on every piece of the hard activations, whose kinks are at -3, -1, 0, 1, 3 and 6."""
    values = [-4.2, 2.1, -0.6, 7.3, 0.4, 4.5, -2.2]
    return np.asarray(np.resize(values, math.prod(shape)).reshape(shape))


def with_zeros(x: Array, *indices: tuple[int, ...]) -> Array:
    """`x` with zeros at the indices."""
    for index in indices:
        x[index] = 0
    return x
