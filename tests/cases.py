"""The one registry: every op, layer and model with the inputs it is tried on. A test fails when one is missing.

A case is a call and what NumPy says to it. `OPS` maps each public name of minigrad.ops to its cases, `LAYERS` each public layer
and `MODELS` each model to functions that build a small one. Inputs keep clear of kinks and of the edges of domains; those
have tests of their own.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Callable, Iterator

import numpy as np
import scipy.special

import models
from minigrad import Sequential, config, layers, losses, ops
from minigrad.layers import Layer
from minigrad.ops.pooling import window_geometry

rng = np.random.default_rng(7)


@dataclass
class View:
    """An input that is a view: made from `base` by `view` on the device, so that its memory is not one block there either."""

    base: np.ndarray
    view: Callable[[Any], Any]
    shape = property(lambda self: self.view(self.base).shape)


@dataclass
class Case:
    """One call of an op: op(*inputs, **settings), or call(op, *inputs, **settings) where arguments come in another order."""

    inputs: tuple
    expect: Callable[..., Any]  # the same in NumPy, with the same arguments
    settings: dict = field(default_factory=dict)
    call: Callable[..., Any] = staticmethod(lambda op, *inputs, **settings: op(*inputs, **settings))
    float32: bool = True  # does a float32 input give a float32 output?

    def on(self, xp: Any, dtype: str = "float64") -> tuple[list, dict]:
        """The inputs and settings with their arrays on a device, floating inputs in `dtype`."""
        return [_on(xp, x, dtype) for x in self.inputs], {
            key: _on(xp, x, None) for key, x in self.settings.items()
        }


def _on(xp: Any, x: Any, dtype: str | None) -> Any:
    if isinstance(x, View):
        return x.view(_on(xp, x.base, dtype))
    if isinstance(x, tuple):
        return tuple(_on(xp, item, dtype) for item in x)
    if isinstance(x, (np.ndarray, np.generic)):
        return xp.asarray(np.asarray(x, dtype if dtype and x.dtype.kind == "f" else None))
    return x


def case(
    *inputs: Any, np: Callable[..., Any], call: Any = None, float32: bool = True, **settings: Any
) -> Case:
    return Case(inputs, np, settings, *([call] if call else []), float32=float32)


# ---- inputs --------------------------------------------------------------------------------------------------------


def normal(*shape: int) -> np.ndarray:
    return np.asarray(rng.standard_normal(shape))


def positive(*shape: int) -> np.ndarray:
    """Between 0.5 and 2."""
    return np.asarray(rng.uniform(0.5, 2, shape))


def nonzero(*shape: int) -> np.ndarray:
    """Of either sign, 0.2 to 1.6 from 0, with both signs present and no two elements closer than 0.03."""
    n = math.prod(shape)
    sizes = np.linspace(0.2, 1.6, n) if n > 1 else np.full(n, 0.7)
    return np.asarray((rng.permutation(sizes) * np.resize([1, -1], n)).reshape(shape))


def unit(*shape: int) -> np.ndarray:
    """Between -0.8 and 0.8."""
    return np.asarray(rng.uniform(-0.8, 0.8, shape))


def integers(high: int, *shape: int) -> np.ndarray:
    return np.asarray(rng.integers(0, high, shape))


def mask(*shape: int) -> np.ndarray:
    """True and False in turns, shuffled."""
    return np.asarray(rng.permutation(np.resize([True, False], math.prod(shape))).reshape(shape))


def transposed(draw: Callable[..., np.ndarray], *shape: int) -> View:
    return View(draw(*shape[::-1]), lambda x: x.T)


def strided(draw: Callable[..., np.ndarray], *shape: int) -> View:
    """Every other element, backwards along the last axis."""
    return View(draw(*shape[:-1], 2 * shape[-1]), lambda x: x[..., ::-2])


def wide(*shape: int) -> np.ndarray:
    """Numbers on every piece of the hard activations, whose kinks lie at -3, -1, 0, 1, 3 and 6."""
    n = math.prod(shape)
    return np.asarray(np.resize([-4.2, 2.1, -0.6, 7.3, 0.4, 4.5, -2.2], n).reshape(shape))


def shapes_of(draw: Callable[..., np.ndarray]) -> list:
    """What every op of one array is tried on: 2-D, 0-d, zero-size, and views that are not one block of memory."""
    return [draw(3, 4), draw(), draw(0, 3), transposed(draw, 2, 3), strided(draw, 2, 3)]


# ---- families of cases ---------------------------------------------------------------------------------------------


def unary(
    expect: Callable[..., Any], draw: Callable[..., np.ndarray] = nonzero, **settings: Any
) -> list[Case]:
    return [case(x, np=expect, **settings) for x in shapes_of(draw)]


def tried(
    expect: Callable[..., Any],
    shape: tuple[int, ...],
    name: str,
    *values: Any,
    draw: Callable[..., np.ndarray] = normal,
    **more: Any,
) -> list[Case]:
    """One shape, and the setting `name` with each of the values."""
    return [case(draw(*shape), np=expect, **{name: value}, **more) for value in values]


BROADCAST = [
    ((3, 4), (3, 4)),
    ((3, 1), (1, 4)),
    ((4,), (3, 4)),
    ((3, 4), (4,)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((), ()),
    ((2, 1, 3), (4, 1)),
    ((0, 3), (3,)),
    ((1, 3), (0, 3)),
    ((1, 1), (3,)),
]


def binary(
    expect: Callable[..., Any],
    left: Callable[..., np.ndarray] = nonzero,
    right: Callable[..., np.ndarray] = nonzero,
    scalar: float = 1.7,
) -> list[Case]:
    """Two arrays in every way they broadcast, a Python number on either side, and views."""
    pairs: list[tuple] = [(left(*a), right(*b)) for a, b in BROADCAST]
    pairs += [
        (left(2, 3), scalar),
        (scalar, right(2, 3)),
        (transposed(left, 3, 2), right(3, 2)),
        (strided(left, 3, 2), transposed(right, 3, 2)),
    ]
    return [case(a, b, np=expect) for a, b in pairs]


def comparing(expect: Callable[..., Any]) -> list[Case]:
    """Cases for ops with a kink where their inputs are equal: left elements end in .00, right ones in .05."""

    def left(*shape: int) -> np.ndarray:
        return np.round(nonzero(*shape), 1)

    def right(*shape: int) -> np.ndarray:
        return np.round(nonzero(*shape), 1) + 0.05

    return binary(expect, left, right, scalar=0.33)


def logical(expect: Callable[..., Any]) -> list[Case]:
    return [case(mask(*a), mask(*b), np=expect) for a, b in BROADCAST]


def where_cases() -> list[Case]:
    shapes = [
        ((3, 4), (3, 4), (3, 4)),
        ((3, 1), (1, 4), (3, 4)),
        ((4,), (3, 1), (3, 4)),
        ((), (2,), (2,)),
        ((2, 3), (), (3,)),
        ((0, 3), (3,), (0, 3)),
    ]
    return [case(mask(*c), normal(*a), normal(*b), np=np.where) for c, a, b in shapes] + [
        case(mask(2, 3), normal(2, 3), 0, np=np.where),
        case(mask(2, 3), 1.5, normal(3), np=np.where),
        case(transposed(mask, 3, 2), transposed(normal, 3, 2), strided(normal, 3, 2), np=np.where),
    ]


EMPTY = (0, 3), (3, 0), ()


def axes(
    expect: Callable[..., Any], draw: Callable[..., np.ndarray] = nonzero, *more: tuple[int, ...]
) -> list[Case]:
    """A reduction over every kind of axis, of views, and over the last axis of arrays of the other shapes that are named."""
    settings: list[dict] = [
        {},
        {"axis": 0},
        {"axis": -1},
        {"axis": 1, "keepdims": True},
        {"axis": (0, 2)},
        {"axis": (-1, -3), "keepdims": True},
        {"axis": None, "keepdims": True},
    ]
    cases = [case(draw(2, 3, 4), np=expect, **s) for s in settings]
    cases += [
        case(transposed(draw, 3, 4), np=expect, axis=0),
        case(strided(draw, 3, 4), np=expect, axis=1),
    ]
    return cases + [case(draw(*shape), np=expect, axis=-1 if shape else None) for shape in more]


def along(expect: Callable[..., Any]) -> list[Case]:
    """Ops along one axis that keep the shape."""
    return (
        [
            case(nonzero(3, 4), np=expect),
            case(nonzero(5), np=expect),
            case(nonzero(0, 3), np=expect),
        ]
        + [case(nonzero(2, 3, 4), np=expect, axis=axis) for axis in (0, -2, 2)]
        + [
            case(transposed(nonzero, 3, 4), np=expect, axis=1),
            case(strided(nonzero, 3, 4), np=expect, axis=0),
        ]
    )


INDICES: list[tuple[tuple, Any]] = [  # (shape of x, index)
    ((4, 3), 1),
    ((4, 3), -1),
    ((4, 3), slice(1, 3)),
    ((4, 3), (slice(None, None, -2), slice(1, None))),
    ((4, 3), (..., 0)),
    ((4, 3), (None, slice(None), 2)),
    ((2, 3, 4), (1, ..., -1)),
    ((4, 3), ()),
    ((), (None,)),
    ((), ...),
    ((4, 3), slice(2, 2)),
    ((4, 3), np.array([0, 2, 2, -1])),
    ((4, 3), np.array([[1, 1], [3, 1]])),
    ((4, 3), (np.array([3, 0, 3]), np.array([1, 2, 1]))),
    ((4, 3), (slice(None), np.array([0, 0, 1]))),
    ((4, 3), (np.array([[0], [2]]), np.array([1, 1]))),
    ((4, 3), (2, np.array([1, 1, -3]))),
    ((2, 3, 4), (..., np.array([0, 3, 3]))),
    ((0, 3), np.array([], dtype=int)),
    ((2, 3, 4), (np.array([1, 1]), slice(None), np.array([0, 0]))),
    ((2, 3, 4), (None, np.array([1, 0, 1]), slice(0, 2))),
    ((4, 3), np.array([], dtype=int)),
    ((4, 3), np.array([True, False, True, False])),
    ((2, 3), np.zeros((2, 3), bool)),
    ((2, 3), np.array([[True, False, True], [False, False, True]])),
    ((4, 3), (np.array([True, False, True, True]), 1)),
    ((4, 3), (slice(None), np.array([True, False, True]))),
    ((2, 3, 4), (..., np.array([True, False, True, True]))),
    ((0, 3), slice(None)),
    ((4, 3), [0, 2, 0]),
    ((4, 3), ([1, 1], slice(None))),
    ((4, 3), []),
    ((4, 3), np.array(2)),
    ((4, 3), np.int64(1)),
    ((3, 3), (np.array([0, 1, 0]), np.array([0, 2, 0]))),
]

EINSUMS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 2)]),
    ("i,j->ij", [(3,), (2,)]),
    ("i,i->", [(3,), (3,)]),
    ("ij->ji", [(2, 3)]),
    ("ba", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ii->i", [(3, 3)]),
    ("ii", [(3, 3)]),
    ("iij->j", [(3, 3, 2)]),
    ("iii->i", [(2, 2, 2)]),
    ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 4)]),
    ("i,ij,j->", [(2,), (2, 3), (3,)]),
    ("ij,ij,ij->", [(2, 2)] * 3),
    ("...ij,...jk->...ik", [(2, 2, 3), (2, 3, 2)]),
    ("...ij,jk->...ik", [(2, 2, 3), (3, 2)]),
    ("...,...", [(2, 1), (1, 3)]),
    ("...i,...i->...", [(2, 1, 3), (4, 3)]),
    ("...i,...i->...", [(1, 3), (2, 3)]),
    ("...i,...i->...i", [(1, 3), (1, 3)]),
    ("...i,...i->...i", [(1, 1), (4, 1)]),
    ("...", [(2, 3)]),
    ("...i->...", [(2, 3)]),
    ("i...->...i", [(2, 3, 2)]),
    ("bthd,bshd->bhts", [(2, 2, 1, 3), (2, 3, 1, 3)]),
    ("ij,ij->i", [(2, 3), (2, 3)]),
    ("ij,kl->ik", [(2, 3), (2, 2)]),
    ("i,->i", [(3,), ()]),
    (",", [(), ()]),
    ("ij,jk->ik", [(0, 3), (3, 2)]),
    ("ij,jk->ik", [(2, 0), (0, 3)]),
    ("ii,i->i", [(3, 3), (3,)]),
    (" ij , jk -> ik ", [(2, 2), (2, 2)]),
]


def einsum_case(subscripts: str, shapes: list[tuple[int, ...]]) -> Case:
    def call(op: Any, *xs: Any) -> Any:
        return op(subscripts, *xs)

    return case(*(normal(*s) for s in shapes), np=lambda *xs: np.einsum(subscripts, *xs), call=call)


MATMULS = [
    ((3, 4), (4, 2)),
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((2, 3, 4), (2, 4, 2)),
    ((2, 3, 4), (4, 2)),
    ((3, 4), (2, 4, 2)),
    ((2, 1, 3, 4), (5, 4, 2)),
    ((1, 3, 4), (2, 4, 1)),
    ((4,), (2, 4, 3)),
    ((2, 3, 4), (4,)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
]


def matmul_cases() -> list[Case]:
    return [
        *(case(normal(*a), normal(*b), np=np.matmul) for a, b in MATMULS),
        case(transposed(normal, 3, 4), strided(normal, 4, 2), np=np.matmul),
    ]


def linear_cases(expect: Any = lambda x, w, b: x @ w + b) -> list[Case]:
    return [
        *(
            case(normal(*s), normal(4, 2), normal(2), np=expect)
            for s in [(3, 4), (2, 3, 4), (4,), (0, 4), (130, 4)]
        ),
        case(transposed(normal, 3, 4), strided(normal, 4, 2), strided(normal, 2), np=expect),
    ]


def linear_relu_cases() -> list[Case]:
    return linear_cases(lambda x, w, b: np.maximum(x @ w + b, 0))


def several(name: str, *shapes: str, **settings: Any) -> list[Case]:
    """concatenate and stack, which take a list of arrays, here of the shapes written in a line; and once with a view."""

    def expect(*xs: Any, **s: Any) -> Any:
        return getattr(np, name)(xs, **s)

    def call(op: Any, *xs: Any, **s: Any) -> Any:
        return op(list(xs), **s)

    inputs: list[list] = [
        [normal(*ast.literal_eval(shape)) for shape in line.split()] for line in shapes
    ]
    inputs += [] if settings else [[transposed(normal, 2, 3), normal(2, 3)]]
    return [case(*xs, np=expect, call=call, **settings) for xs in inputs]


def prods_of_zeros() -> list[Case]:
    """Products with no, one and several factors that are 0."""
    where: list[tuple[tuple, list, dict]] = [
        ((3, 4), [(1, 2)], {}),
        ((3, 4), [(1, 2), (1, 0)], {}),
        ((3, 4), [(1, 2), (1, 0), (0, 1)], {"axis": 1}),
        ((3, 4), [(1, 2), (0, 1)], {"axis": 0, "keepdims": True}),
        ((2, 3, 2), [(1, 2, 0), (0, 0, 0)], {"axis": (0, -1)}),
        ((2, 1), [(1, 0)], {"axis": 1}),
        ((3,), [(0,), (1,), (2,)], {}),
    ]
    return [
        case(zeros_among(nonzero(*shape), *places), np=np.prod, **settings)
        for shape, places, settings in where
    ]


def zeros_among(x: np.ndarray, *places: tuple[int, ...]) -> np.ndarray:
    for place in places:
        x[place] = 0
    return x


def loss_cases(expect: Callable[..., Any]) -> list[Case]:
    return [
        *(case(normal(*s), unit(*s), np=expect) for s in [(3, 4), (2, 3, 4), (4,)]),
        case(transposed(normal, 3, 2), strided(unit, 3, 2), np=expect),
    ]


def label_cases() -> list[Case]:
    def expect(x: np.ndarray, labels: np.ndarray) -> Any:
        return -np.take_along_axis(log_softmax_np(x), labels[..., None], -1).mean()

    return [
        case(normal(5, 3), integers(3, 5), np=expect),
        case(normal(2, 4, 3), integers(3, 2, 4), np=expect),
        case(normal(3), np.array(1), np=expect),
        case(transposed(normal, 4, 3), integers(3, 4), np=expect),
        case(normal(4, 3), integers(3, 4).astype("uint8"), np=expect),
    ]


def layer_norm_cases() -> list[Case]:
    shapes = [((3, 4), (4,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((4,), (4,)), ((0, 4), (4,))]
    return [
        case(normal(*s), positive(*p), normal(*p), np=layer_norm_np, epsilon=1e-3)
        for s, p in shapes
    ] + [
        case(
            transposed(normal, 3, 4),
            strided(positive, 4),
            normal(4),
            np=layer_norm_np,
            epsilon=1e-3,
        )
    ]


def batch_norm_cases() -> list[Case]:
    shapes = [(5, 4), (2, 3, 4), (2, 3, 3, 4), (3, 2, 2, 1), (2, 2, 1, 2, 3)]
    inputs = [(normal(*s), positive(s[-1]), normal(s[-1])) for s in shapes] + [
        (normal(4, 3) + 40, positive(3), normal(3)),  # means far from 0 as against the deviation
        (transposed(normal, 5, 4), strided(positive, 4), strided(normal, 4)),
        (strided(normal, 2, 3, 2, 3), positive(3), normal(3)),
    ]
    return [case(*i, np=batch_norm_np, epsilon=1e-3) for i in inputs]


def group_norm_cases() -> list[Case]:
    shapes = [((2, 3, 2, 4), 2), ((2, 3, 3, 4), 4), ((3, 5, 4), 1), ((2, 6), 2), ((0, 3, 4), 2)]
    cases = [
        case(normal(*s), positive(s[-1]), normal(s[-1]), np=group_norm_np, groups=g, epsilon=1e-3)
        for s, g in shapes
    ]
    return cases + [
        case(
            normal(2, 3, 2, 4) + 40,
            positive(4),
            normal(4),
            np=group_norm_np,
            groups=2,
            epsilon=1e-3,
        ),
        case(
            transposed(normal, 2, 3, 4),
            strided(positive, 4),
            normal(4),
            np=group_norm_np,
            groups=2,
            epsilon=1e-3,
        ),
        case(
            strided(normal, 2, 3, 4),
            positive(4),
            strided(normal, 4),
            np=group_norm_np,
            groups=4,
            epsilon=1e-3,
        ),
    ]


def response_norm_cases() -> list[Case]:
    shapes = [(2, 3, 2, 7), (3, 4), (2, 1), (0, 3, 4)]
    return [
        *(case(normal(*s), np=response_norm_np, alpha=0.2) for s in shapes),
        case(normal(2, 6), np=response_norm_np, n=3, k=1.0, alpha=0.5, beta=0.5),
        case(transposed(normal, 3, 6), np=response_norm_np, alpha=0.5),
        case(strided(normal, 3, 6), np=response_norm_np, n=1, alpha=0.5),
    ]


def attention_cases() -> list[Case]:
    """Leading axes that broadcast, masks of every shape, rows that see nothing, dropout, sizes of 0, views."""

    def mask_of(*shape: int) -> np.ndarray:
        """Booleans, half of them True, that hide every key from the last query."""
        allowed = mask(*shape)
        allowed[..., -1, :] = False
        return allowed

    shapes: list[tuple] = [
        ((3, 4), (5, 4), (5, 2), {}),
        ((4, 3), (4, 3), (4, 2), {"causal": True}),
        ((2, 3, 4), (2, 5, 4), (2, 5, 2), {"causal": True}),
        ((2, 2, 3, 4), (1, 5, 4), (2, 1, 5, 3), {"scale": 0.3}),
        ((2, 1, 3, 4), (2, 2, 5, 4), (2, 5, 3), {}),
        ((2, 5, 4), (2, 3, 4), (2, 3, 3), {"causal": True}),
        ((2, 0, 3), (2, 4, 3), (2, 4, 2), {}),
        ((2, 4, 3), (2, 0, 3), (2, 0, 2), {"causal": True}),
        ((0, 4, 3), (0, 2, 3), (0, 2, 2), {}),
    ]
    masked: list[tuple] = [
        (mask_of(2, 2, 3, 5), None, {}),
        (mask_of(3, 5), None, {"causal": True}),
        (mask(2, 1, 1, 5), None, {}),
        (None, mask(2, 2, 3, 5), {"rate": 0.25}),
        (mask_of(2, 1, 3, 5), mask(2, 2, 3, 5), {"rate": 0.5, "causal": True}),
    ]
    return (
        [case(normal(*q), normal(*k), normal(*v), np=attention_np, **s) for q, k, v, s in shapes]
        + [
            case(
                normal(2, 2, 3, 4),
                normal(2, 2, 5, 4),
                normal(2, 2, 5, 3),
                m,
                keep,
                np=attention_np,
                **s,
            )
            for m, keep, s in masked
        ]
        + [
            case(
                transposed(normal, 3, 4),
                strided(normal, 5, 4),
                transposed(normal, 5, 2),
                np=attention_np,
            ),
            case(normal(3, 4) * 30, normal(5, 4) * 5, normal(5, 2), np=attention_np),
        ]
    )  # scores whose exponentials overflow float32


def masked_softmax_cases() -> list[Case]:
    hidden = np.array([[True, False, True], [False, False, False]])
    return [
        case(normal(2, 4, 3), np=masked_softmax_np),
        case(normal(3, 2, 3), hidden, np=masked_softmax_np),
        case(normal(2, 3), hidden, np=masked_softmax_np, causal=True),
        case(normal(2, 0), np=masked_softmax_np),
        case(strided(normal, 4, 3), np=masked_softmax_np, causal=True),
    ]


def rotary_cases() -> list[Case]:
    return [
        case(normal(*s), np.arange(start, start + s[-2]), np=rotary_np, **settings)
        for s, start, settings in [
            ((3, 4), 0, {}),
            ((2, 2, 3, 6), 5, {"base": 100.0}),
            ((2, 3, 4), 1, {"interleaved": False}),
            ((0, 3, 4), 0, {}),
            ((3, 0), 0, {}),
        ]
    ] + [
        case(transposed(normal, 3, 4), np.array([7, 0, 2]), np=rotary_np),
        case(normal(2, 3, 4), integers(9, 2, 3), np=rotary_np),
    ]


def scale_shift_cases() -> list[Case]:
    return [
        *(
            case(
                normal(*s),
                normal(s[-1]),
                normal(s[-1]),
                np=lambda x, scale, shift: x * scale + shift,
            )
            for s in [(3, 4), (2, 3, 2, 4), (2, 3, 1), (0, 4)]
        ),
        case(
            transposed(normal, 3, 4),
            strided(normal, 4),
            strided(normal, 4),
            np=lambda x, scale, shift: x * scale + shift,
        ),
    ]


POOLS: list[tuple[tuple, dict]] = [  # (shape of x, settings)
    ((2, 4, 4, 3), {}),
    ((2, 4, 6, 2), {"size": (2, 3)}),
    ((1, 5, 7, 2), {"size": 2}),
    ((2, 7, 7, 2), {"size": 3, "strides": 2}),
    ((1, 6, 5, 2), {"size": 3, "strides": 1}),
    ((1, 7, 6, 1), {"size": 2, "strides": 3}),
    ((1, 4, 5, 2), {"size": (4, 5)}),
    ((2, 5, 4, 2), {"size": 3, "strides": 2, "padding": "same"}),
    ((1, 5, 6, 2), {"size": 2, "padding": "same"}),
    ((1, 4, 4, 1), {"size": (3, 2), "strides": 1, "padding": "same"}),
    ((1, 2, 3, 2), {"size": 5, "strides": 2, "padding": "same"}),
    ((1, 5, 4, 2), {"size": 3, "strides": 2, "padding": 1}),
    ((1, 4, 5, 2), {"size": 3, "strides": (1, 2), "padding": ((0, 2), (1, 0))}),
    (
        (1, 5, 5, 2),
        {"size": 3, "strides": 2, "padding": ((0, 1), (1, 0))},
    ),  # padding before, an unread column after
    ((1, 7, 3, 1), {"size": (1, 2), "strides": (2, 1)}),
    ((0, 4, 4, 2), {"size": 2}),
    ((1, 1, 1, 2), {"size": 1}),
    ((1, 4, 4, 1), {"size": 2, "strides": 4, "padding": "same"}),
]


def pool_cases(reduce: Callable[..., Any]) -> list[Case]:
    expect = partial(pool_np, reduce)
    return [case(nonzero(*s), np=expect, **settings) for s, settings in POOLS] + [
        case(transposed(nonzero, 2, 5, 4, 2), np=expect, size=3, strides=2, padding="same"),
        case(strided(nonzero, 1, 4, 4, 3), np=expect),
    ]


def place_cases(name: str) -> list[Case]:
    """unpool and pool_at, which are linear in their first input; the others say where its numbers go, or come from."""
    cases = []
    for shape, settings in POOLS:
        rows, columns = window_geometry(
            shape, **{"size": 2, "strides": None, "padding": "valid"} | settings, name=name
        )
        x = nonzero(*shape)
        top = pool_np(np.max, x, **settings)
        cases.append(
            case(
                normal(*(top if name == "unpool" else x).shape),
                np=unpool_np if name == "unpool" else pool_at_np,
                call=lambda op, first, x, top, **geometry: op(first, x, top, **geometry),
                x=x,
                top=top,
                rows=rows,
                columns=columns,
            )
        )
    return cases


MOVES: list[dict] = [  # strides, dilation and padding of a kernel of 3 x 2 taps on images of 6 x 7
    {},
    {"pads": ((1, 0), (2, 1))},
    {"strides": (2, 1), "dilation": (1, 2)},
    {"strides": (3, 2), "pads": ((1, 1), (0, 2))},
    {"strides": (2, 4), "dilation": (2, 3), "pads": ((0, 2), (1, 0))},
]


def images(n: int, h: int, w: int, c: int) -> View:
    """Images that do not lie in memory as they are counted: width and height exchanged, every other channel."""
    return View(normal(n, w, h, 2 * c), lambda x: x.swapaxes(1, 2)[..., ::2])


def trios() -> Iterator[tuple]:
    """Images, kernel, values of the shapes that convolve, spread and correlate relate, and their settings without sizes."""
    for moves in MOVES:
        for kernel, groups in [((3, 2, 3, 4), 1)] + [((3, 2, 1, 6), 3), ((3, 2, 1, 3), 3)] * bool(
            moves
        ):
            places = places_np((6, 7), (3, 2), **moves)
            yield (
                normal(2, 6, 7, 3),
                normal(*kernel),
                normal(2, *places, kernel[-1]),
                {**moves, "groups": groups},
            )
    for moves in ({}, {"strides": (2, 1)}):
        yield (
            normal(2, 3, 4, 3),
            normal(1, 1, 3, 2),
            normal(2, *places_np((3, 4), (1, 1), **moves), 2),
            moves,
        )
    yield normal(1, 4, 5, 18), normal(2, 2, 18, 2), normal(1, 4, 6, 2), {"pads": ((0, 1), (1, 1))}
    yield (
        normal(2, 5, 6, 3),
        normal(3, 2, 3, 2),
        normal(2, 5, 6, 2),
        {"dilation": (1, 2), "pads": ((1, 1), (0, 2))},
    )
    yield normal(0, 4, 4, 2), normal(3, 3, 2, 2), normal(0, 2, 2, 2), {}
    yield images(2, 5, 4, 2), transposed(normal, 2, 2, 2, 3), images(2, 4, 3, 3), {}


def convolve_cases(bias: bool = False) -> list[Case]:
    return [
        case(x, w, *([strided(normal, v.shape[-1])] if bias else []), np=convolve_np, **settings)
        for x, w, v, settings in trios()
    ]


def spread_cases() -> list[Case]:
    return [
        case(v, w, np=spread_np, size=x.shape[1:3], **settings) for x, w, v, settings in trios()
    ]


def correlate_cases() -> list[Case]:
    return [
        case(x, v, np=correlate_np, kernel=w.shape[:2], **settings) for x, w, v, settings in trios()
    ]


def im2col_cases() -> list[Case]:
    return [case(normal(2, 6, 7, 3), np=im2col_np, kernel=(3, 2), **moves) for moves in MOVES] + [
        case(normal(0, 4, 4, 2), np=im2col_np, kernel=(2, 2)),
        case(images(2, 4, 3, 2), np=im2col_np, kernel=(2, 2)),
    ]


def col2im_cases() -> list[Case]:
    return [
        case(
            normal(2, *places_np((6, 7), (3, 2), **moves), 3, 2, 3),
            np=col2im_np,
            size=(6, 7),
            **moves,
        )
        for moves in MOVES
    ] + [
        case(normal(0, 3, 3, 2, 2, 2), np=col2im_np, size=(4, 4)),
        case(transposed(normal, 2, 2, 3, 2, 2, 1), np=col2im_np, size=(3, 4)),
    ]


def conv2d_cases() -> list[Case]:
    settings: list[dict] = [
        {},
        {"padding": "same"},
        {"padding": "same", "strides": (2, 3)},
        {"padding": "same", "dilation": 2},
        {"padding": 1, "strides": 2, "dilation": (2, 1)},
        {"padding": (0, 2)},
        {"padding": ((2, 0), (1, 3)), "strides": 2},
    ]
    return [
        case(
            normal(2, 5, 6, 2),
            normal(3, 3, 2, 3),
            *([normal(3)] if i % 2 else []),
            np=conv2d_np,
            **s,
        )
        for i, s in enumerate(settings)
    ] + [
        case(
            normal(2, 4, 4, 2),
            normal(2, 3, 1, f),
            normal(f),
            np=conv2d_np,
            padding="same",
            groups=2,
        )
        for f in (2, 4, 6)
    ]


GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3, "gru_classic": 3}
PADDED = np.array(
    [[1, 1, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]], bool
)  # whole, ended early, begun late, with a hole


def recurrent_inputs(
    name: str, n: int = 4, steps: int = 3, features: int = 2, units: int = 2, bias: bool = True
) -> list:
    """x, kernel, recurrent kernel, bias and initial states."""
    wide = GATES[name] * units
    return [
        normal(n, steps, features),
        normal(features, wide),
        normal(units, wide),
        (normal(2, wide) if name == "gru" else normal(wide)) if bias else None,
        *(unit(n, units) for _ in range(1 + (name == "lstm"))),
    ]


def recurrent_cases(name: str) -> list[Case]:
    expect = partial(recurrent_np, name)
    zeros = [None] * (1 + (name == "lstm"))
    whole = recurrent_inputs(name)
    cases = [
        case(*recurrent_inputs(name, bias=False)[:4], np=expect),
        case(*whole, PADDED, positive(4, 2), np=expect),
        case(
            *recurrent_inputs(name, 1, 1, 1, 1)[:4],
            *zeros,
            np.array([[False]]),
            np=expect,
            gives="last",
        ),
        case(*whole[:4], *zeros, PADDED, np=expect, gives="last"),
        case(*recurrent_inputs(name, 0), np=expect),
        case(
            transposed(normal, 4, 3, 2),
            *(strided(normal, *a.shape) for a in whole[1:]),
            PADDED,
            np=expect,
        ),
        case(*recurrent_inputs(name, 2, 2), np.ones((2, 2), bool), np=expect, gives="last"),
    ]
    return cases + [case(*whole, PADDED, np=expect, gives="all")] * (name == "lstm")


def step_cases(name: str) -> list[Case]:
    """One step, from a = x @ kernel + bias; drop is None in some."""
    cases = []
    for drop in (None, positive(3, 2)):
        _, _, recurrent, bias, *states = recurrent_inputs(name, 3)
        rest = [recurrent, *([bias[1]] if name == "gru" else []), drop]
        cases.append(case(normal(3, 2 * GATES[name]), *states, *rest, np=partial(step_np, name)))
    return cases


# ---- what NumPy says -----------------------------------------------------------------------------------------------


def sigmoid_np(x: np.ndarray) -> np.ndarray:
    return scipy.special.expit(x)


def split_np(x: np.ndarray, sections: Any, axis: int = 0) -> list[np.ndarray]:
    return np.split(x, sections, axis)


def astype_np(x: np.ndarray, dtype: str) -> np.ndarray:
    return x.astype(dtype)


def getitem_np(x: np.ndarray, index: Any) -> np.ndarray:
    return x[index]


def mse_np(p: np.ndarray, t: np.ndarray) -> Any:
    return ((p - t) ** 2).mean()


def log_softmax_np(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return scipy.special.log_softmax(x, axis=axis)


def softmax_np(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return scipy.special.softmax(x, axis=axis)


def logsumexp_np(x: np.ndarray, axis: Any = -1, keepdims: bool = False) -> Any:
    return scipy.special.logsumexp(x, axis=axis, keepdims=keepdims)


def clip_np(x: np.ndarray, min: Any = None, max: Any = None) -> np.ndarray:
    return np.clip(x, min, max)


def leaky_relu_np(x: np.ndarray, negative_slope: float = 0.2) -> np.ndarray:
    return np.where(x > 0, x, negative_slope * x)


def elu_np(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(x))


def gelu_np(x: np.ndarray, approximate: bool = False) -> np.ndarray:
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * scipy.special.ndtr(x)


def silu_np(x: np.ndarray) -> np.ndarray:
    return x * sigmoid_np(x)


def hard_sigmoid_np(x: np.ndarray) -> np.ndarray:
    return np.clip(x / 6 + 0.5, 0, 1)


def hard_silu_np(x: np.ndarray) -> np.ndarray:
    return x * hard_sigmoid_np(x)


def sum_to_np(x: np.ndarray, shape: tuple) -> np.ndarray:
    """By broadcasting's own definition: each element of x is added where an array of `shape` would have been read for it."""
    y = np.zeros(math.prod(shape))
    np.add.at(y, np.broadcast_to(np.arange(y.size).reshape(shape), x.shape), x)
    return y.reshape(shape)


def step_np(name: str, a: np.ndarray, h: np.ndarray, *rest: Any) -> list[np.ndarray]:
    """The states after one step, from a = x @ kernel + bias."""
    c, rest = (rest[0], rest[1:]) if name == "lstm" else (None, rest)
    recurrent, bias, drop = (
        (rest[0], rest[1], rest[2]) if name == "gru" else (rest[0], None, rest[1])
    )
    kept, u = h if drop is None else h * drop, h.shape[1]
    if name == "simple_rnn":
        return [np.tanh(a + kept @ recurrent)]
    if name == "lstm":
        i, f, g, o = np.split(a + kept @ recurrent, 4, -1)
        c = sigmoid_np(f) * c + sigmoid_np(i) * np.tanh(g)
        return [sigmoid_np(o) * np.tanh(c), c]
    inner = kept @ recurrent + (0 if bias is None else bias)
    z, r = np.split(sigmoid_np(a[:, : 2 * u] + inner[:, : 2 * u]), 2, -1)
    of_h = r * inner[:, 2 * u :] if name == "gru" else (r * kept) @ recurrent[:, 2 * u :]
    return [z * h + (1 - z) * np.tanh(a[:, 2 * u :] + of_h)]


def recurrent_np(
    name: str,
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent: np.ndarray,
    bias: Any,
    *rest: Any,
    gives: str = "sequence",
) -> np.ndarray:
    """Sample by sample, the steps that its mask names alone."""
    count = 1 + (name == "lstm")
    rest = rest + (None,) * (count + 2 - len(rest))
    first, (mask, drop) = rest[:count], rest[count:]
    shape = (len(x), recurrent.shape[0])
    hs, last = np.zeros((len(x), x.shape[1] + (gives == "all"), shape[1])), np.zeros(shape)
    for n, sequence in enumerate(x):
        states = [np.zeros((1, shape[1])) if s is None else s[n : n + 1] for s in first]
        for t, now in enumerate(sequence):
            if mask is None or mask[n, t]:
                of_x = 0 if bias is None else bias[0] if name == "gru" else bias
                of_h = (
                    [np.zeros(kernel.shape[1]) if bias is None else bias[1]]
                    if name == "gru"
                    else []
                )
                states = step_np(
                    name,
                    now[None] @ kernel + of_x,
                    *states,
                    recurrent,
                    *of_h,
                    None if drop is None else drop[n],
                )
            hs[n, t] = last[n] = states[0]
        hs[n, -1] = states[-1] if gives == "all" else hs[n, -1]
    return last if gives == "last" else hs


def pad_np(x: np.ndarray, width: Any, value: float = 0) -> np.ndarray:
    return np.pad(x, width, constant_values=value) if x.ndim else x


def crop_np(x: np.ndarray, width: tuple) -> np.ndarray:
    return x[tuple(slice(a, n - b) for n, (a, b) in zip(x.shape, width))]


def put_np(x: np.ndarray, index: Any, shape: tuple) -> np.ndarray:
    y = np.zeros(shape)
    np.add.at(y, index, x)
    return y


def take_np(x: np.ndarray, indices: np.ndarray, axis: int = 0) -> np.ndarray:
    return np.take(x, indices, axis)


def take_along_np(x: np.ndarray, indices: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.take_along_axis(x, indices, axis)


def argsort_np(x: np.ndarray, axis: int = -1, descending: bool = False) -> np.ndarray:
    return np.argsort(-x if descending else x, axis=axis)


def sort_np(x: np.ndarray, axis: int = -1, descending: bool = False) -> np.ndarray:
    return -np.sort(-x, axis=axis) if descending else np.sort(x, axis=axis)


def top_k_np(x: np.ndarray, k: int, axis: int = -1) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(-x, axis=axis).take(np.arange(k), axis)
    return np.take_along_axis(x, order, axis), order


def one_hot_np(labels: np.ndarray, classes: int, dtype: str = "float32") -> np.ndarray:
    return np.eye(classes, dtype=dtype)[labels]


def layer_norm_np(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float) -> np.ndarray:
    over = tuple(range(-gamma.ndim, 0))
    return (x - x.mean(over, keepdims=True)) / np.sqrt(
        x.var(over, keepdims=True) + epsilon
    ) * gamma + beta


def batch_norm_np(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float) -> np.ndarray:
    over = tuple(range(x.ndim - 1))
    return (x - x.mean(over)) / np.sqrt(x.var(over) + epsilon) * gamma + beta


def group_norm_np(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, groups: int, epsilon: float
) -> np.ndarray:
    y = np.empty(x.shape)
    for sample in range(len(x)):
        for channels in np.split(np.arange(x.shape[-1]), groups):
            part = x[sample][..., channels]
            y[sample][..., channels] = (part - part.mean()) / np.sqrt(part.var() + epsilon)
    return y * gamma + beta


def response_norm_np(
    x: np.ndarray, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> np.ndarray:
    """By the sum as the paper writes it."""
    y, last = np.empty(x.shape), x.shape[-1] - 1
    for i in range(x.shape[-1]):
        near = x[..., max(0, i - n // 2) : min(last, i + n // 2) + 1]
        y[..., i] = x[..., i] / (k + alpha * (near**2).sum(-1)) ** beta
    return y


def pool_np(
    reduce: Callable[..., Any],
    x: np.ndarray,
    size: Any = 2,
    strides: Any = None,
    padding: Any = "valid",
) -> np.ndarray:
    """Window by window, pixel by pixel."""

    def pair(value: Any) -> tuple[int, int]:
        return value if isinstance(value, tuple) else (value, value)

    size, strides = pair(size), pair(size if strides is None else strides)
    windows = []
    for axis, (k, s) in enumerate(zip(size, strides)):
        n = x.shape[axis + 1]
        out = -(-n // s) if padding == "same" else 0
        total = max((out - 1) * s + k - n, 0)
        given = (0, 0) if isinstance(padding, str) else pair(pair(padding)[axis])
        before, after = (total // 2, total - total // 2) if padding == "same" else given
        starts = range(-before, n + after - k + 1, s)
        windows.append([slice(max(i, 0), min(i + k, n)) for i in starts])
        assert padding != "same" or len(windows[-1]) == out
    return np.array(
        [[reduce(x[:, a, b], (1, 2)) for b in windows[1]] for a in windows[0]]
    ).transpose(2, 0, 1, 3)


def taps_np(rows: tuple, columns: tuple) -> np.ndarray:
    """[k, 0, i, j, 0]: which pixel, counted row by row, lies at place k of window (i, j); -1 where none does."""
    pixels = np.full((rows[1] * columns[1], 1, rows[4], columns[4], 1), -1)
    for a, b, i, j in np.ndindex(rows[1], columns[1], rows[4], columns[4]):
        y, x = i * rows[2] + a - rows[3], j * columns[2] + b - columns[3]
        if 0 <= y < rows[0] and 0 <= x < columns[0]:
            pixels[a * columns[1] + b, 0, i, j, 0] = y * columns[0] + x
    return pixels


def pixels_np(x: np.ndarray, top: np.ndarray, rows: tuple, columns: tuple) -> tuple:
    """The index, into (N, H * W, C), of the pixel in each window that equals the window's `top`."""
    n, _, _, c = x.shape
    sample, channel = np.arange(n)[:, None, None, None], np.arange(c)
    taps = np.stack([np.broadcast_to(tap, top.shape) for tap in taps_np(rows, columns)])
    hits = (x.reshape(n, rows[0] * columns[0], c)[sample, taps, channel] == top) & (taps >= 0)
    assert (hits.sum(0) == 1).all()
    return sample, np.take_along_axis(taps, hits.argmax(0)[None], 0)[0], channel


def pool_at_np(
    v: np.ndarray, x: np.ndarray, top: np.ndarray, rows: tuple, columns: tuple
) -> np.ndarray:
    return v.reshape(len(v), rows[0] * columns[0], v.shape[3])[pixels_np(x, top, rows, columns)]


def unpool_np(
    g: np.ndarray, x: np.ndarray, top: np.ndarray, rows: tuple, columns: tuple
) -> np.ndarray:
    v = np.zeros((len(x), rows[0] * columns[0], x.shape[3]))
    np.add.at(v, pixels_np(x, top, rows, columns), g)
    return v.reshape(x.shape)


def places_np(
    size: tuple,
    kernel: tuple,
    strides: tuple = (1, 1),
    dilation: tuple = (1, 1),
    pads: tuple = ((0, 0), (0, 0)),
) -> list[int]:
    """How often a kernel fits: counted, not computed."""
    return [
        len(range(-before, n + after - d * (k - 1), s))
        for n, k, s, d, (before, after) in zip(size, kernel, strides, dilation, pads)
    ]


def im2col_np(
    x: np.ndarray,
    kernel: tuple,
    strides: tuple = (1, 1),
    dilation: tuple = (1, 1),
    pads: tuple = ((0, 0), (0, 0)),
) -> np.ndarray:
    """Patch by patch, sliced from the padded images."""
    x = np.pad(x, ((0, 0), *pads, (0, 0)))
    (oh, ow), reach = (
        places_np(x.shape[1:3], kernel, strides, dilation),
        [d * (k - 1) + 1 for k, d in zip(kernel, dilation)],
    )
    return np.stack(
        [
            np.stack(
                [
                    x[:, a : a + reach[0] : dilation[0], b : b + reach[1] : dilation[1]]
                    for b in range(0, ow * strides[1], strides[1])
                ],
                1,
            )
            for a in range(0, oh * strides[0], strides[0])
        ],
        1,
    )


def col2im_np(patches: np.ndarray, size: tuple, **moves: Any) -> np.ndarray:
    """By the definition of an adjoint: each pixel has the product of the patches with those that it makes alone."""
    n, *_, kh, kw, c = patches.shape
    pixels = np.eye(math.prod(size)).reshape(-1, *size, 1)
    made = im2col_np(pixels, (kh, kw), **moves)[..., 0]
    return np.einsum("pabij,nabijc->npc", made, patches).reshape(n, *size, c)


def convolve_np(
    x: np.ndarray, w: np.ndarray, b: Any = 0, groups: int = 1, **moves: Any
) -> np.ndarray:
    """Group by group: the patches times the kernel."""
    patches = np.split(im2col_np(x, w.shape[:2], **moves), groups, -1)
    return (
        np.concatenate(
            [np.tensordot(p, k, 3) for p, k in zip(patches, np.split(w, groups, -1))], -1
        )
        + b
    )


def spread_np(
    values: np.ndarray, w: np.ndarray, size: tuple, groups: int = 1, **moves: Any
) -> np.ndarray:
    """Group by group: the patches that the values times the kernel make, added up."""
    parts = [
        np.tensordot(v, k, (3, 3))
        for v, k in zip(np.split(values, groups, -1), np.split(w, groups, -1))
    ]
    return np.concatenate([col2im_np(p, size, **moves) for p in parts], -1)


def correlate_np(
    x: np.ndarray, values: np.ndarray, kernel: tuple, groups: int = 1, **moves: Any
) -> np.ndarray:
    patches = np.split(im2col_np(x, kernel, **moves), groups, -1)
    return np.concatenate(
        [
            np.tensordot(p, v, ((0, 1, 2),) * 2)
            for p, v in zip(patches, np.split(values, groups, -1))
        ],
        -1,
    )


def moves_np(padding: Any, size: tuple, kernel: tuple, strides: Any = 1, dilation: Any = 1) -> dict:
    """The settings of conv2d in pairs; 'same' as TensorFlow's documentation states it."""
    strides, dilation = ((v, v) if isinstance(v, int) else v for v in (strides, dilation))
    if padding == "same":
        reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation)]
        total = [
            max(r - s if n % s == 0 else r - n % s, 0) for n, r, s in zip(size, reach, strides)
        ]
        pads: Any = tuple((t // 2, t - t // 2) for t in total)
    else:
        sides = (
            (0, 0)
            if padding == "valid"
            else (padding, padding)
            if isinstance(padding, int)
            else padding
        )
        pads = tuple((p, p) if isinstance(p, int) else p for p in sides)
    return {"strides": strides, "dilation": dilation, "pads": pads}


def conv2d_np(
    x: np.ndarray, w: np.ndarray, b: Any = 0, padding: Any = "valid", groups: int = 1, **moves: Any
) -> np.ndarray:
    return convolve_np(x, w, b, groups, **moves_np(padding, x.shape[1:3], w.shape[:2], **moves))


def conv2d_transpose_np(
    x: np.ndarray, w: np.ndarray, b: Any = 0, padding: Any = "valid", size: tuple = (), **moves: Any
) -> np.ndarray:
    return spread_np(x, w, size, **moves_np(padding, size, w.shape[:2], **moves)) + b


def masked_softmax_np(scores: np.ndarray, mask: Any = None, causal: bool = False) -> np.ndarray:
    """Query by query, over the keys that it sees."""
    queries, keys = scores.shape[-2:]
    allowed = np.broadcast_to(True if mask is None else mask, scores.shape)
    p = np.zeros(scores.shape)
    for i in np.ndindex(scores.shape[:-1]):
        sees = [
            j
            for j in range(keys)
            if allowed[(*i, j)] and (not causal or j - (keys - queries) <= i[-1])
        ]
        if sees:
            p[i][sees] = scipy.special.softmax(scores[i][sees])
    return p


def attention_np(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: Any = None,
    keep: Any = None,
    causal: bool = False,
    scale: Any = None,
    rate: float = 0.0,
) -> np.ndarray:
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    p = masked_softmax_np(
        np.broadcast_to(
            scores, (*np.broadcast_shapes(scores.shape[:-2], v.shape[:-2]), *scores.shape[-2:])
        ),
        mask,
        causal,
    )
    return (p if keep is None else p * keep / (1 - rate)) @ v


def rotary_np(
    x: np.ndarray, positions: np.ndarray, base: float = 10000.0, interleaved: bool = True
) -> np.ndarray:
    """As products of complex numbers."""
    half = x.shape[-1] // 2
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else (x[..., :half], x[..., half:])
    z = (a + 1j * b) * np.exp(
        1j * positions[..., None] * base ** (-2 * np.arange(half) / max(1, x.shape[-1]))
    )
    parts = [z.real, z.imag]
    return np.stack(parts, -1).reshape(x.shape) if interleaved else np.concatenate(parts, -1)


def rms_norm_np(x: np.ndarray, gamma: np.ndarray, epsilon: float) -> np.ndarray:
    return x * gamma / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon)


def cross_entropy_np(x: np.ndarray, t: np.ndarray) -> Any:
    return -(t * log_softmax_np(x, -1)).sum(-1).mean()


def bce_np(x: np.ndarray, t: np.ndarray) -> Any:
    return (np.logaddexp(0, x) - t * x).mean()


# size of the images, kernel, strides, padding, output_padding, dilation; the size that comes out
TRANSPOSES: list[tuple] = [
    ((2, 3), (3, 3), 1, "valid", None, 1, (4, 5)),
    ((2, 3), (3, 2), 2, "same", None, 1, (4, 6)),
    ((2, 3), (2, 2), (2, 3), "valid", None, 1, (4, 9)),
    ((2, 3), (3, 3), (2, 1), "same", (0, 0), 1, (3, 3)),
    ((2, 3), (3, 3), 2, "valid", 1, 1, (6, 8)),
    ((2, 3), (3, 2), 1, "same", None, 2, (2, 3)),
    ((2, 3), (3, 3), 2, 1, 1, 1, (4, 6)),
]


def transpose_case(
    size: tuple,
    kernel: tuple,
    strides: Any,
    padding: Any,
    output_padding: Any,
    dilation: Any,
    out: tuple,
) -> Case:
    def call(op: Any, *xs: Any, size: Any, **settings: Any) -> Any:
        return op(*xs, **settings, output_padding=output_padding)

    return case(
        normal(2, *size, 3),
        normal(*kernel, 2, 3),
        normal(2),
        np=conv2d_transpose_np,
        call=call,
        strides=strides,
        padding=padding,
        dilation=dilation,
        size=out,
    )


# ---- the registry --------------------------------------------------------------------------------------------------

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # of selu, arXiv:1706.02515

OPS: dict[str, list[Case]] = {
    # ---- elementwise: arithmetic ----
    "add": binary(np.add),
    "subtract": binary(np.subtract),
    "multiply": binary(np.multiply),
    "divide": binary(np.divide, nonzero, positive),
    "power": binary(np.power, positive, nonzero)
    + [case(nonzero(2, 3), p, np=np.power) for p in (0, 1, 2, 3, 2.0, -1)]
    + [
        case(positive(4), p, np=np.power)
        for p in (0.5, -1.5, np.array(0.0), np.array([0.0, 1.0, 2.0, -1.0]))
    ]
    + [case(zeros_among(nonzero(4), (1,)), 2, np=np.power)],
    "negative": unary(np.negative),
    "square": unary(np.square),
    "sqrt": unary(np.sqrt, positive),
    "reciprocal": unary(lambda x: 1 / x),
    "absolute": unary(np.abs),
    "maximum": comparing(np.maximum),
    "minimum": comparing(np.minimum),
    "where": where_cases(),
    "clip": [
        case(wide(7), np=clip_np, **s) for s in ({"min": -1, "max": 1.5}, {"min": 0.0}, {"max": 1})
    ]
    + unary(clip_np, wide, min=-1, max=1),
    # ---- elementwise: exponentials and their kin ----
    "exp": unary(np.exp),
    "expm1": unary(np.expm1),
    "log": unary(np.log, positive),
    "log1p": unary(np.log1p, positive),
    "sin": unary(np.sin),
    "cos": unary(np.cos),
    "tan": unary(np.tan, unit),
    "arcsin": unary(np.arcsin, unit),
    "arccos": unary(np.arccos, unit),
    "arctan": unary(np.arctan),
    "sinh": unary(np.sinh),
    "cosh": unary(np.cosh),
    "tanh": unary(np.tanh),
    "erf": unary(scipy.special.erf),
    # ---- elementwise: without gradient ----
    **{
        name: unary(getattr(np, name))
        for name in ("sign", "floor", "ceil", "rint", "isnan", "isfinite", "logical_not")
    },
    **{
        name: comparing(getattr(np, name))
        for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
    },
    "logical_and": logical(np.logical_and),
    "logical_or": logical(np.logical_or),
    "astype": [case(x, np=astype_np, dtype="float64", float32=False) for x in shapes_of(normal)]
    + [case(nonzero(3), np=astype_np, dtype="int32")],
    # ---- elementwise: activations ----
    "sigmoid": unary(sigmoid_np),
    "log_sigmoid": unary(lambda x: -np.logaddexp(0, -x)),
    "softplus": unary(lambda x: np.logaddexp(0, x)),
    "relu": unary(lambda x: np.maximum(x, 0)),
    "relu6": unary(lambda x: np.clip(x, 0, 6), wide),
    "leaky_relu": unary(leaky_relu_np) + unary(leaky_relu_np, negative_slope=0.01),
    "elu": unary(elu_np) + unary(elu_np, alpha=0.3),
    "selu": unary(lambda x: SCALE * elu_np(x, ALPHA)),
    "gelu": unary(gelu_np) + unary(gelu_np, approximate=True),
    "gelu_definition": unary(gelu_np) + unary(gelu_np, approximate=True),
    "silu": unary(silu_np, normal),
    "swish": unary(silu_np, normal),
    "mish": unary(lambda x: x * np.tanh(np.logaddexp(0, x))),
    "softsign": unary(lambda x: x / (1 + abs(x))),
    "hard_sigmoid": unary(hard_sigmoid_np, wide),
    "hard_tanh": unary(lambda x: np.clip(x, -1, 1), wide),
    "hard_silu": unary(hard_silu_np, wide),
    "hard_swish": unary(hard_silu_np, wide),
    # ---- shapes ----
    "broadcast_to": [
        case(normal(*a), np=np.broadcast_to, shape=b)
        for a, b in [
            ((3, 1), (3, 4)),
            ((4,), (2, 3, 4)),
            ((), (2, 2)),
            ((2, 3), (2, 3)),
            ((1, 3), (0, 3)),
        ]
    ]
    + [case(transposed(normal, 1, 3), np=np.broadcast_to, shape=(2, 3))],
    "sum_to": [
        case(normal(*a), np=sum_to_np, shape=b)
        for a, b in [
            ((3, 4), (3, 1)),
            ((2, 3, 4), (4,)),
            ((2, 2), ()),
            ((2, 3), (2, 3)),
            ((0, 3), (1, 3)),
            ((2, 3, 4), (3, 1)),
        ]
    ]
    + [case(transposed(normal, 2, 3), np=sum_to_np, shape=(3,))],
    "reshape": [
        case(normal(*a), np=np.reshape, shape=b)
        for a, b in [
            ((3, 4), (2, 6)),
            ((3, 4), (-1,)),
            ((), (1, 1)),
            ((1,), ()),
            ((0, 3), (3, 0)),
            ((2, 3), (2, -1, 1)),
        ]
    ]
    + [
        case(transposed(normal, 3, 4), np=np.reshape, shape=(6, 2)),
        case(strided(normal, 3, 4), np=np.reshape, shape=(12,)),
    ],
    "flatten": unary(np.ravel),
    "transpose": tried(np.transpose, (2, 3, 4), "axes", (1, 2, 0), (-1, 0, 1), (0, 1, 2))
    + unary(np.transpose),
    "swapaxes": [
        case(normal(2, 3, 4), np=np.swapaxes, axis1=0, axis2=-1),
        case(transposed(normal, 2, 3), np=np.swapaxes, axis1=1, axis2=0),
    ],
    "moveaxis": [
        case(normal(2, 3, 4), np=np.moveaxis, source=s, destination=d)
        for s, d in ((0, 2), (-1, 0), (1, 1), (2, -2))
    ],
    "expand_dims": tried(np.expand_dims, (2, 3), "axis", 0, 1, 2, -1, -2, -3)
    + [case(normal(), np=np.expand_dims, axis=0)],
    "squeeze": tried(np.squeeze, (1, 3, 1), "axis", None, 0, -1, (0, 2), (0, -1))
    + [case(normal(*s), np=np.squeeze) for s in ((2, 3), (), (1, 0))],
    "flip": tried(np.flip, (2, 3, 4), "axis", None, 0, -1, (0, 2)) + unary(np.flip),
    "roll": tried(np.roll, (3, 4), "shift", 1, -5)
    + tried(np.roll, (3, 4), "axis", 0, -1, shift=-2)
    + [
        case(normal(3, 4), np=np.roll, shift=(1, -1), axis=(0, 1)),
        case(strided(normal, 2, 3), np=np.roll, shift=1, axis=1),
        case(normal(0, 3), np=np.roll, shift=1, axis=0),
    ],
    "pad": tried(pad_np, (2, 3), "width", 0, 1, (1, 2), ((0, 1), (2, 0)))
    + tried(pad_np, (2, 3), "value", -1.5, width=((1, 1), (0, 2)))
    + unary(pad_np, normal, width=1),
    "crop": tried(crop_np, (4, 5), "width", ((1, 1), (1, 1)), ((0, 1), (2, 0)), ((1, 2), (0, 5)))
    + [
        case(normal(4, 5), np=lambda x, width: x[1:-1, 1:-1], width=1),
        case(transposed(normal, 3, 4), np=crop_np, width=((1, 0), (0, 1))),
    ],
    "concatenate": several("concatenate", "(2,3) (2,3)", "(2,3) (1,3)", "(0,3) (0,3)")
    + several("concatenate", "(2,3)", "(2,1,2) (2,3,2) (2,0,2)", axis=1)
    + several("concatenate", "(2,2) (2,3) (2,1)", axis=-1),
    "stack": several("stack", "(2,3) (2,3)", "(2,3)", "(0,3) (0,3)", "() () ()")
    + several("stack", "(2,3) (2,3) (2,3)", axis=-1)
    + several("stack", "(2,3) (2,3)", axis=2),
    "split": tried(split_np, (4, 6), "sections", 1, 2, (), (1, 3), [1, 3])
    + tried(split_np, (4, 6), "axis", 1, -1, sections=3)
    + [
        case(normal(0, 4), np=split_np, sections=2, axis=1),
        case(transposed(normal, 4, 3), np=split_np, sections=2),
    ],
    "repeat": tried(np.repeat, (2, 3), "repeats", 0, 1, 2, axis=0)
    + tried(np.repeat, (2, 3), "axis", 1, -1, repeats=3)
    + [case(transposed(normal, 2, 3), np=np.repeat, repeats=2, axis=1)],
    "tile": tried(np.tile, (2, 3), "reps", (2,), (2, 1), (1, 2), (2, 1, 3))
    + [case(normal(3), np=np.tile, reps=(2, 2))],
    **{
        name: tried(getattr(np, name), (3, 4), "k", 0, -1, 2)
        + tried(getattr(np, name), (2, 3, 3), "k", 1)
        for name in ("tril", "triu")
    },
    # ---- indexing ----
    "getitem": [case(normal(*s), np=getitem_np, index=i) for s, i in INDICES]
    + [
        case(transposed(normal, 4, 3), np=getitem_np, index=np.array([1, 1, 0])),
        case(strided(normal, 4, 3), np=getitem_np, index=(slice(1, None), 0)),
    ],
    "put": [case(normal(*np.zeros(s)[i].shape), np=put_np, index=i, shape=s) for s, i in INDICES],
    "take": [
        case(normal(*s), np.array(i), np=take_np, axis=axis)
        for s, i, axis in [
            ((4, 3), [0, 2, 2], 0),
            ((2, 3, 4), [[0, -1], [1, 1]], 1),
            ((2, 3), [0, 0, 2], -1),
            ((4, 3), 1, 0),
        ]
    ]
    + [case(transposed(normal, 4, 3), np.array([3, 3]), np=take_np)],
    "take_along_axis": [
        case(normal(*s), np.array(i), np=take_along_np, axis=axis)
        for s, i, axis in [
            ((3, 4), [[0, 3, 3], [1, 1, 1], [2, 0, -1]], -1),
            ((3, 4), [[0, 2, 2, 1]], 0),
            ((2, 1), [[0, 0]] * 2, 1),
        ]
    ]
    + [case(normal(2, 3, 2), integers(3, 2, 4, 2), np=take_along_np, axis=1)],
    "sort": along(sort_np) + tried(sort_np, (3, 4), "axis", 0, 1, draw=nonzero, descending=True),
    "argsort": along(argsort_np)
    + tried(argsort_np, (3, 4), "axis", 0, 1, draw=nonzero, descending=True),
    "top_k": tried(top_k_np, (2, 3, 4), "axis", 0, 1, -1, draw=nonzero, k=2)
    + tried(top_k_np, (4,), "k", 1, 4, draw=nonzero)
    + [case(transposed(nonzero, 3, 4), np=top_k_np, k=2)],
    "one_hot": [
        case(integers(4, *shape), np=one_hot_np, classes=4) for shape in ((5,), (2, 3), (), (0,))
    ]
    + [case(integers(3, 5), np=one_hot_np, classes=3, dtype="float64")],
    # ---- linear ----
    "matmul": matmul_cases(),
    "linear": linear_cases(),
    "linear_relu": linear_relu_cases(),
    "linear_relu_definition": linear_relu_cases(),
    "einsum": [einsum_case(*e) for e in EINSUMS],
    "dot": [
        case(normal(*a), normal(*b), np=np.dot)
        for a, b in [((3,), (3,)), ((2, 3), (3, 2)), ((), (2, 3))]
    ]
    + [case(normal(2, 3), 2.5, np=np.dot)],
    "outer": [
        case(normal(*a), normal(*b), np=np.outer)
        for a, b in [((3,), (4,)), ((2, 2), (3,)), ((0,), (3,))]
    ],
    # ---- convolution ----
    "im2col": im2col_cases(),
    "col2im": col2im_cases(),
    "convolve": convolve_cases(),
    "convolve_definition": convolve_cases(),
    "convolve_bias": convolve_cases(bias=True),
    "spread": spread_cases(),
    "correlate": correlate_cases(),
    "conv2d": conv2d_cases(),
    "conv2d_transpose": [transpose_case(*s) for s in TRANSPOSES],
    # ---- recurrent ----
    **{
        name + kind: cases
        for name in GATES
        for kind, cases in [
            ("", recurrent_cases(name)),
            ("_definition", recurrent_cases(name)[1:2]),
            ("_step", step_cases(name)),
        ]
    },
    # ---- reductions ----
    "sum": axes(np.sum, nonzero, *EMPTY),
    "mean": axes(np.mean, nonzero, (0, 3), ()),
    "prod": axes(np.prod, nonzero, *EMPTY) + prods_of_zeros(),
    "max": axes(np.max, nonzero, (0, 3), ()),
    "min": axes(np.min, nonzero, (0, 3), ()),
    "any": axes(np.any, mask, *EMPTY),
    "all": axes(np.all, mask, *EMPTY),
    "var": axes(np.var, nonzero, (0, 3), ()) + [case(normal(4, 3), np=np.var, axis=0, ddof=1)],
    "std": axes(np.std, nonzero, (0, 3)) + [case(normal(4, 3), np=np.std, axis=0, ddof=1)],
    "cumsum": tried(np.cumsum, (2, 3, 4), "axis", None, 0, 1, -1)
    + [
        case(x, np=np.cumsum)
        for x in (normal(0, 3), transposed(normal, 2, 3), strided(normal, 2, 3))
    ],
    **{
        name: tried(getattr(np, name), (3, 4), "axis", None, 0, -1, draw=nonzero)
        + [case(transposed(nonzero, 3, 4), np=getattr(np, name), axis=1)]
        for name in ("argmax", "argmin")
    },
    # ---- softmax ----
    "logsumexp": axes(logsumexp_np, nonzero, (0, 3), ()),
    "softmax": along(softmax_np),
    "softmax_definition": along(softmax_np),
    "softmax_kernel": along(softmax_np),
    "log_softmax": along(log_softmax_np),
    # ---- normalization and losses ----
    "layer_norm": layer_norm_cases(),
    "layer_norm_definition": layer_norm_cases(),
    **{name: batch_norm_cases() for name in ("batch_norm", "batch_norm_definition")},
    **{name: group_norm_cases() for name in ("group_norm", "group_norm_definition")},
    **{
        name: response_norm_cases()
        for name in ("local_response_norm", "local_response_norm_definition")
    },
    "scale_shift": scale_shift_cases(),
    "rms_norm": [
        case(normal(*s), positive(4), np=rms_norm_np, epsilon=1e-3)
        for s in [(3, 4), (2, 3, 4), (0, 4)]
    ]
    + [case(transposed(normal, 3, 4), strided(positive, 4), np=rms_norm_np, epsilon=1e-3)],
    # ---- attention ----
    **{
        name: attention_cases()
        for name in ("scaled_dot_product_attention", "scaled_dot_product_attention_definition")
    },
    "masked_softmax": masked_softmax_cases(),
    "rotary": rotary_cases(),
    "max_pool": pool_cases(np.max),
    "avg_pool": pool_cases(np.mean),
    "unpool": place_cases("unpool"),
    "pool_at": place_cases("pool_at"),
    "check_labels": [case(integers(3, 4), normal(4, 3), np=lambda labels, logits: None)],
    "sparse_cross_entropy": label_cases(),
    "sparse_cross_entropy_definition": label_cases(),
    "cross_entropy": loss_cases(cross_entropy_np),
    "cross_entropy_definition": loss_cases(cross_entropy_np),
    "binary_cross_entropy": loss_cases(bce_np),
    "binary_cross_entropy_definition": loss_cases(bce_np),
    "mean_squared_error": loss_cases(mse_np),
    "mean_squared_error_definition": loss_cases(mse_np),
}

# ---- layers and models ---------------------------------------------------------------------------------------------

Small = Callable[
    [], tuple[Any, list, tuple]
]  # gives the callable, its parameters, the inputs to call it with


def built(make: Callable[[], Layer], *inputs: np.ndarray) -> Small:
    """make() after a call on the inputs, and its trained parameters; none of its weights is left at zero or one."""

    def small() -> tuple[Any, list, tuple]:
        layer = make()
        layer(*(_on(config.device_module(), x, "float32") for x in inputs))
        draw = np.random.default_rng(len(layer.weights))
        for p in layer.weights:
            p.assign(p.numpy() + draw.uniform(-0.5, 0.5, p.shape))
        return layer, layer.trainable_weights, inputs

    return small


def loss_of(make: Callable[[], Layer], loss: Any, x: np.ndarray, y: np.ndarray) -> Small:
    """The loss of a model as a function of its parameters."""

    def small() -> tuple[Any, list, tuple]:
        model, parameters, _ = built(make, x)()
        targets = _on(config.device_module(), y, None)

        def loss_at(x: Any) -> Any:
            return loss(targets, model(x))

        return loss_at, parameters, (x,)

    return small


def from_models(module: str, name: str, *arguments: Any) -> Callable[[], Layer]:
    """models.<module>.<name>(*arguments), imported when it is called."""
    return lambda: getattr(models.load(module), name)(*arguments)


def _branches() -> list[Layer]:
    return [layers.Dense(4, activation="tanh"), Sequential(layers.Dense(3), layers.Dense(4))]


class _first(Layer):
    """A cell as a layer that gives its output without the states."""

    def __init__(self, cell: Layer) -> None:
        super().__init__()
        self.cell = cell

    def call(self, x: Any) -> Any:
        return self.cell(x, [x[:, :3]] * len(self.cell.state_size))[0]


LAYERS: dict[str, Small] = {
    "Input": built(lambda: layers.Input((4,)), normal(3, 4)),
    "Dense": built(lambda: layers.Dense(5, activation="tanh"), normal(3, 4)),
    "Dense without bias": built(lambda: layers.Dense(2, use_bias=False), normal(3, 4)),
    "Dense on sequences": built(lambda: layers.Dense(5), normal(2, 3, 4)),
    "Activation": built(lambda: layers.Activation("softplus"), normal(3, 4)),
    "ReLU": built(
        lambda: layers.ReLU(max_value=1.0, negative_slope=0.2, threshold=0.1), nonzero(3, 4)
    ),
    "LeakyReLU": built(layers.LeakyReLU, nonzero(3, 4)),
    "ELU": built(lambda: layers.ELU(0.7), nonzero(3, 4)),
    "PReLU": built(layers.PReLU, nonzero(3, 4)),
    "PReLU shared": built(lambda: layers.PReLU(shared_axes=(1,)), nonzero(2, 3, 4)),
    "Softmax": built(lambda: layers.Softmax(axis=1), normal(2, 3, 4)),
    "Dropout": built(lambda: layers.Dropout(0.4), normal(3, 4)),
    "Flatten": built(layers.Flatten, normal(2, 3, 4)),
    "Reshape": built(lambda: layers.Reshape((2, -1)), normal(3, 4)),
    "Permute": built(lambda: layers.Permute((2, 1)), normal(2, 3, 4)),
    "Lambda": built(lambda: layers.Lambda(lambda x: x * x), normal(3, 4)),
    "Embedding": built(lambda: layers.Embedding(6, 4), np.array([[0, 5, 5], [2, 0, 1]])),
    "LayerNormalization": built(layers.LayerNormalization, normal(3, 4)),
    "LayerNormalization of two axes": built(
        lambda: layers.LayerNormalization(axis=(1, 2)), normal(2, 3, 4)
    ),
    "SpatialDropout1D": built(lambda: layers.SpatialDropout1D(0.4), normal(2, 3, 4)),
    "SpatialDropout2D": built(lambda: layers.SpatialDropout2D(0.4), normal(2, 3, 2, 4)),
    "BatchNormalization": built(layers.BatchNormalization, normal(2, 3, 3, 4)),
    "BatchNormalization of features": built(
        lambda: layers.BatchNormalization(scale=False), normal(5, 4)
    ),
    "GroupNormalization": built(lambda: layers.GroupNormalization(2), normal(2, 3, 3, 4)),
    "InstanceNormalization": built(layers.InstanceNormalization, normal(2, 3, 3, 4)),
    "LocalResponseNormalization": built(
        lambda: layers.LocalResponseNormalization(alpha=0.3), normal(2, 3, 3, 4)
    ),
    "MaxPooling1D": built(lambda: layers.MaxPooling1D(3, 2, "same"), nonzero(2, 6, 4)),
    "MaxPooling2D": built(lambda: layers.MaxPooling2D(3, 2), nonzero(2, 5, 5, 3)),
    "AveragePooling1D": built(layers.AveragePooling1D, normal(2, 5, 4)),
    "AveragePooling2D": built(lambda: layers.AveragePooling2D(padding="same"), normal(2, 5, 4, 3)),
    "GlobalMaxPooling1D": built(layers.GlobalMaxPooling1D, nonzero(2, 5, 4)),
    "GlobalMaxPooling2D": built(
        lambda: layers.GlobalMaxPooling2D(keepdims=True), nonzero(2, 3, 3, 4)
    ),
    "GlobalAveragePooling1D": built(
        lambda: layers.GlobalAveragePooling1D(keepdims=True), normal(2, 5, 4)
    ),
    "GlobalAveragePooling2D": built(layers.GlobalAveragePooling2D, normal(2, 3, 3, 4)),
    "Conv2D": built(
        lambda: layers.Conv2D(3, (3, 2), 2, "same", activation="tanh"), normal(2, 5, 4, 2)
    ),
    "Conv2D of two groups": built(
        lambda: layers.Conv2D(
            4, 2, padding=((1, 0), (0, 2)), dilation_rate=2, groups=2, use_bias=False
        ),
        normal(2, 4, 5, 2),
    ),
    "Conv1D": built(lambda: layers.Conv1D(3, 3, 2, "same"), normal(2, 6, 2)),
    "Conv1D causal": built(
        lambda: layers.Conv1D(2, 2, padding="causal", dilation_rate=2, groups=2), normal(2, 5, 4)
    ),
    "DepthwiseConv2D": built(
        lambda: layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2), normal(2, 4, 5, 2)
    ),
    "SeparableConv2D": built(
        lambda: layers.SeparableConv2D(3, 2, 2, depth_multiplier=2, activation="tanh"),
        normal(2, 4, 5, 2),
    ),
    "Conv2DTranspose": built(lambda: layers.Conv2DTranspose(3, 3, 2, "same"), normal(2, 3, 2, 2)),
    "Conv2DTranspose with output padding": built(
        lambda: layers.Conv2DTranspose(2, (3, 2), 2, output_padding=1), normal(2, 2, 3, 2)
    ),
    "ZeroPadding2D": built(lambda: layers.ZeroPadding2D(((1, 0), (2, 3))), normal(2, 3, 2, 2)),
    "Cropping2D": built(lambda: layers.Cropping2D(((1, 0), (1, 2))), normal(2, 4, 5, 2)),
    "UpSampling2D": built(lambda: layers.UpSampling2D((2, 3)), normal(2, 3, 2, 2)),
    "UpSampling2D bilinear": built(
        lambda: layers.UpSampling2D((3, 2), interpolation="bilinear"), normal(2, 3, 2, 2)
    ),
    "RMSNormalization": built(layers.RMSNormalization, normal(2, 3, 4)),
    "MultiHeadAttention": built(lambda: layers.MultiHeadAttention(2, 3), normal(2, 3, 4)),
    "MultiHeadAttention across": built(
        lambda: layers.MultiHeadAttention(2, 2, 3, output_shape=5), normal(2, 3, 4), normal(2, 5, 3)
    ),
    "MultiHeadAttention rotary": built(
        lambda: layers.MultiHeadAttention(2, 4, use_bias=False, rotary=True), normal(2, 3, 4)
    ),
    "Attention": built(lambda: layers.Attention(use_scale=True), normal(2, 3, 4), normal(2, 5, 4)),
    "Attention general": built(
        lambda: layers.Attention(score_mode="general"), normal(2, 3, 4), normal(2, 5, 3)
    ),
    "Attention concat": built(
        lambda: layers.Attention(score_mode="concat"), normal(2, 3, 4), normal(2, 5, 3)
    ),
    "AdditiveAttention": built(
        lambda: layers.AdditiveAttention(6), normal(2, 3, 4), normal(2, 5, 3)
    ),
    "AdditiveAttention without units": built(
        layers.AdditiveAttention, normal(2, 3, 4), normal(2, 5, 4)
    ),
    "SinusoidalPositions": built(layers.SinusoidalPositions, normal(2, 3, 5)),
    "LearnedPositions": built(lambda: layers.LearnedPositions(3), normal(2, 3, 4)),
    "TransformerEncoder": built(
        lambda: layers.TransformerEncoder(5, 2, activation="gelu"), normal(2, 3, 4)
    ),
    "TransformerEncoder causal": built(
        lambda: layers.TransformerEncoder(
            5, 2, activation="tanh", normalize_first=True, causal=True, rotary=True
        ),
        normal(2, 3, 4),
    ),
    "TransformerDecoder": built(
        lambda: layers.TransformerDecoder(5, 2, activation="tanh"), normal(2, 3, 4), normal(2, 4, 3)
    ),
    "SimpleRNNCell": built(lambda: _first(layers.SimpleRNNCell(3, use_bias=False)), normal(2, 4)),
    "LSTMCell": built(lambda: _first(layers.LSTMCell(3)), normal(2, 4)),
    "GRUCell": built(lambda: _first(layers.GRUCell(3)), normal(2, 4)),
    "GRUCell classic": built(lambda: _first(layers.GRUCell(3, reset_after=False)), normal(2, 4)),
    "RNN": built(
        lambda: layers.RNN(layers.LSTMCell(3, "softsign"), return_sequences=True), normal(2, 3, 4)
    ),
    "SimpleRNN": built(
        lambda: layers.SimpleRNN(3, return_sequences=True, go_backwards=True), normal(2, 3, 4)
    ),
    "LSTM": built(lambda: layers.LSTM(3), normal(2, 3, 4)),
    "LSTM with states": built(
        lambda: layers.LSTM(3, return_state=True, use_bias=False), normal(2, 3, 4)
    ),
    "GRU": built(lambda: layers.GRU(3, return_sequences=True), normal(2, 3, 4)),
    "GRU classic": built(lambda: layers.GRU(3, reset_after=False), normal(2, 3, 4)),
    **{
        f"Bidirectional {mode}": built(
            partial(
                lambda mode: layers.Bidirectional(layers.GRU(2, return_sequences=True), mode), mode
            ),
            normal(2, 3, 4),
        )
        for mode in layers.Bidirectional.MODES
    },
    "TimeDistributed": built(
        lambda: layers.TimeDistributed(layers.Dense(3, "tanh")), normal(2, 3, 4)
    ),
    "Masking": built(lambda: Sequential(layers.Masking(9.0), layers.LSTM(3)), normal(2, 3, 4)),
    "Residual": built(lambda: layers.Residual(layers.Dense(4, activation="tanh")), normal(3, 4)),
    "Residual with shortcut": built(
        lambda: layers.Residual(layers.Dense(5, activation="tanh"), layers.Dense(5)), normal(3, 4)
    ),
    **{
        f"Parallel {join}": built(
            partial(lambda join: layers.Parallel(*_branches(), join=join), join), normal(3, 4)
        )
        for join in ("concat", "sum", "list")
    },
    "Sequential": built(
        lambda: Sequential(layers.Dense(5, "tanh"), layers.LayerNormalization(), layers.Dense(2)),
        normal(3, 4),
    ),
}


def _bert(head: str) -> Layer:
    bert = models.load("bert")
    return getattr(bert, head)(bert.Bert(6, 4, 4, 2, 2))


MODELS: dict[str, Small] = {
    "neuron": loss_of(
        from_models("neuron", "two_layers", 4),
        losses.BinaryCrossentropy(),
        normal(4, 2),
        integers(2, 4, 1),
    ),
    "fnn": loss_of(
        from_models("fnn", "fnn"), losses.BinaryCrossentropy(), normal(4, 10), integers(2, 4, 1)
    ),
    "mlp": loss_of(
        from_models("mlp", "mlp"),
        losses.SparseCategoricalCrossentropy(),
        normal(4, 64),
        integers(10, 4),
    ),
    "mlp_dropout": loss_of(
        from_models("mlp_dropout", "mlp_dropout"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 784),
        integers(10, 2),
    ),
    "simple_nn": loss_of(
        from_models("simple_nn", "simple_nn"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 784),
        integers(10, 2),
    ),
    "cnn": loss_of(
        from_models("cnn", "cnn"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 8, 8, 1),
        integers(10, 2),
    ),
    "cnn_mnist": loss_of(
        from_models("cnn_mnist", "cnn_mnist"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 28, 28, 1),
        integers(10, 2),
    ),
    "inception": loss_of(
        from_models("inception", "module", "3a", 1 / 16),
        losses.MeanSquaredError(),
        normal(2, 4, 4, 3),
        normal(2, 4, 4, 16),
    ),
    "lenet": loss_of(
        from_models("lenet", "lenet8"),
        losses.SparseCategoricalCrossentropy(),
        normal(3, 8, 8, 1),
        integers(10, 3),
    ),
    "lenet of 1998": loss_of(
        from_models("lenet", "lenet5"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 32, 32, 1),
        integers(10, 2),
    ),
    "alexnet": loss_of(
        from_models("alexnet", "alexnet", 39, 10, False, 1 / 16),
        losses.SparseCategoricalCrossentropy(),
        normal(3, 39, 39, 3),
        integers(10, 3),
    ),
    "alexnet of 2012": loss_of(
        from_models("alexnet", "alexnet", 39, 10, True, 1 / 16),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 39, 39, 3),
        integers(10, 2),
    ),
    "vgg": loss_of(
        from_models("vgg", "vgg", 11, (32, 32, 1), 10, 2, 16),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 32, 32, 1),
        integers(10, 2),
    ),
    "resnet": loss_of(
        from_models("resnet", "resnet_small"),
        losses.SparseCategoricalCrossentropy(),
        np.random.default_rng(0).standard_normal(
            (2, 8, 8, 1)
        ),  # drawn apart: of 20,000 relus none is near its kink
        np.array([3, 7]),
    ),
    **{
        f"resnet {depth} of {style}": loss_of(
            from_models("resnet", "resnet", depth, style, 3, (12, 12, 2), 1),
            losses.SparseCategoricalCrossentropy(from_logits=True),
            normal(2, 12, 12, 2),
            integers(3, 2),
        )
        for depth, style in ((18, "keras"),)
    },
    "resnet_depth": loss_of(
        from_models("resnet_depth", "network", False, 18, 2),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        normal(2, 8, 8, 1),
        integers(10, 2),
    ),
    "transfer": loss_of(
        from_models("transfer", "network", "head"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 8, 8, 1),
        integers(5, 2),
    ),
    "diabetes_rnn": loss_of(
        from_models("diabetes_rnn", "network", "LSTM", 4),
        losses.MeanSquaredError(),
        normal(3, 5, 10),
        normal(3, 1),
    ),
    "adding": loss_of(
        from_models("adding", "network", "GRU", 4, 6),
        losses.MeanSquaredError(),
        normal(3, 6, 2),
        normal(3, 1),
    ),
    "char_rnn": loss_of(
        from_models("char_rnn", "CharLSTM", 5, 4, 3),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        integers(5, 2, 6),
        integers(5, 2, 6),
    ),
    "char_rnn as known": loss_of(
        from_models("char_rnn", "tutorial"),
        losses.MeanSquaredError(),
        normal(2, 15, 10),
        normal(2, 15, 5),
    ),
    "bert": loss_of(
        lambda: _bert("Classifier"),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        np.array([[3, 5, 1, 0], [2, 4, 0, 0]]),
        integers(2, 2),
    ),
    "bert guessing words": loss_of(
        lambda: _bert("MaskedLM"),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        np.array([[3, 5, 1], [2, 4, 0]]),
        integers(6, 2, 3),
    ),
    "gpt": loss_of(
        from_models("gpt", "GPT", 6, 4, 4, 2, 2),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        np.array([[3, 5, 1], [2, 4, 0]]),
        integers(6, 2, 3),
    ),
    "sentiment": loss_of(
        from_models("sentiment", "sentiment", "lstm", 9, 5, 4),
        losses.BinaryCrossentropy(),
        integers(9, 3, 5),
        integers(2, 3, 1),
    ),
    "sentiment in both directions": loss_of(
        from_models("sentiment", "sentiment", "simple_rnn", 9, 5, 4, True),
        losses.BinaryCrossentropy(),
        integers(9, 3, 5),
        integers(2, 3, 1),
    ),
    "transformer": built(
        from_models("transformer", "Transformer", 9, 4, 1, 2, 8),
        integers(9, 2, 4),
        integers(9, 2, 3),
    ),
    "transformer of pre-norm": built(
        from_models("transformer", "Transformer", 9, 4, 1, 2, 8, 0.1, True),
        integers(9, 2, 4),
        integers(9, 2, 3),
    ),
}


def all_cases() -> list[tuple[str, int]]:
    """(name, number) of every case of every op that exists."""
    return [(name, i) for name in ops.__all__ for i in range(len(OPS.get(name, ())))]
