"""ARRAY_OPS: the cases of ops that NumPy's users expect beside the everyday ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import s_

import minigrad
from minigrad import ops
from minigrad.backend import device_name

from .base import (
    Array,
    Case,
    case,
    cases,
    integers,
    mask,
    nonzero,
    normal,
    parse_shapes,
    positive,
    start_drawing,
    strided,
    transposed,
    unit,
    with_zeros,
)
from .families import EMPTY, along, axes, binary, edges_along, logical, unary, varied

start_drawing(19)

# ---- elementwise ---------------------------------------------------------------------------------


def above_one(*shape: int) -> Array:
    """Between 1.5 and 3."""
    return positive(*shape) + 1


def quotients(expect: Any) -> list[Case]:
    """a and b of either sign whose quotient is far from a whole number, and special pairs."""

    def left(*shape: int) -> Array:
        """Whole numbers and 0.4, of which divided by 1 or -1 a fraction remains."""
        return np.asarray(integers(9, *shape) - 4.6)

    def right(*shape: int) -> Array:
        return np.asarray(np.where(mask(*shape), 1.0, -1.0))

    return binary(expect, left, right, scalar=1.45) + [
        case(np.array([7.5, -7.5, 7.5, -7.5]), np.array([2.0, 2.0, -2.0, -2.0]), expect=expect),
        case(integers(9, 5) - 4, np.array([2, -2, 3, -3, 5]), expect=expect),
    ]


CLOSE = np.array([1.0, 1.0 + 1e-9, 1.1, np.inf, -np.inf, np.nan, 0.0])
EXPECTED = np.array([1.0, 1.0, 1.0, np.inf, np.inf, np.nan, 1e-9])
SPECIAL = np.array([1.5, np.nan, np.inf, -np.inf, -2.0, 0.0])


def closeness(expect: Any) -> list[Case]:
    return [
        case(CLOSE, EXPECTED, expect=expect),
        case(CLOSE, EXPECTED, expect=expect, equal_nan=True),
        case(CLOSE[:3], EXPECTED[:3], expect=expect),
        case(CLOSE[:3, None], 1.0, expect=expect, rtol=0.2),
        case(1.0, CLOSE, expect=expect, rtol=0.0, atol=0.05),
        case(normal(0, 3), normal(3), expect=expect),
        case(integers(3, 4), integers(3, 4), expect=expect),
        case(transposed(normal, 2, 3), strided(normal, 2, 3), expect=expect, atol=1.0),
    ]


# ---- along axes ----------------------------------------------------------------------------------


def average(x: Array, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Any:
    if weights is None:
        return x.mean(axis, keepdims=keepdims)
    return np.average(x, axis, weights, keepdims=keepdims)


def norm(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """NumPy's, of which each axis may also be named on its own."""
    if axis is None and x.ndim != 1:
        ones = (1,) * x.ndim
        return np.linalg.norm(x.ravel()).reshape(ones if keepdims else ())
    if isinstance(axis, tuple) and ord is None:
        return np.sqrt((x * x).sum(axis, keepdims=keepdims))
    return np.linalg.norm(x, ord, axis, keepdims)


def norm_cases() -> list[Case]:
    orders = (1, 2, 3, 1.5, 0.5, np.inf, -np.inf)
    found = axes(norm, nonzero, (0, 3), (3, 0), ())
    for order in orders:
        found += varied(norm, (3, 4), "axis", 0, -1, draw=nonzero, ord=order)
    found += [
        case(nonzero(5), expect=norm, ord=4),
        case(nonzero(2, 3), expect=norm, ord=1, axis=1, keepdims=True),
        case(nonzero(2, 3), expect=norm, ord=3, axis=0, keepdims=True),
        case(nonzero(2, 3), expect=lambda x, ord: np.linalg.norm(x), ord="fro"),
        case(with_zeros(nonzero(2, 3), (0, 0)), expect=norm, axis=1),
    ]
    return found


def quantile(
    x: Array, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    return np.quantile(x, q, axis, method=method, keepdims=keepdims)


def quantile_cases() -> list[Case]:
    methods = "lower", "higher", "nearest", "midpoint"
    found = varied(quantile, (6,), "method", *methods, draw=nonzero, q=0.45)
    found += varied(quantile, (7,), "q", 0, 0.0, 0.25, 0.3, 0.9, 1, 1.0, draw=nonzero)
    found += varied(quantile, (2, 5), "q", [0.1, 0.5], (0.7,), draw=nonzero, axis=1)
    found += [
        case(nonzero(3, 2, 4), expect=quantile, q=0.4, axis=(0, 2), keepdims=True),
        case(nonzero(3, 4), expect=quantile, q=[0.2, 1.0], axis=0, keepdims=True),
        case(nonzero(3, 4), expect=quantile, q=np.array([0.2, 0.6])),
        case(transposed(nonzero, 3, 4), expect=quantile, q=0.7, axis=-1),
        case(nonzero(), expect=quantile, q=0.3),
    ]
    return found


def cumprods_of_zeros() -> list[Case]:
    zeros: list[tuple[tuple, list, dict]] = [
        ((4,), [(1,)], {}),
        ((2, 4), [(0, 1), (0, 3)], {"axis": 1}),
        ((3, 2), [(0, 0), (2, 1)], {"axis": 0}),
        ((3,), [(0,), (1,), (2,)], {}),
    ]
    return [
        case(with_zeros(nonzero(*shape), *indices), expect=np.cumprod, **settings)
        for shape, indices, settings in zeros
    ]


# ---- shapes and products -------------------------------------------------------------------------


def joined(name: str, *lines: str) -> list[Case]:
    """hstack and vstack, which take a list: a line of shapes per case."""

    def expect(*xs: Any) -> Any:
        return getattr(np, name)(xs)

    def call(op: Any, *xs: Any) -> Any:
        return op(list(xs))

    inputs: list[list] = [[normal(*s) for s in parse_shapes(line)] for line in lines]
    inputs.append([transposed(normal, 2, 3), strided(normal, 2, 3)])
    return cases(expect, inputs, call=call)


def diagonals(expect: Any) -> list[Case]:
    return [
        *varied(expect, (3, 4), "offset", 0, 1, 3, 4, 9, -1, -2, -3, -7),
        case(normal(2, 3, 4), expect=expect),
        case(normal(2, 3, 4), expect=expect, offset=-1, axis1=1, axis2=2),
        case(normal(2, 3, 4), expect=expect, axis1=-1, axis2=0),
        case(normal(4, 2), expect=expect, offset=-1),
        case(normal(0, 3), expect=expect),
        case(normal(3, 0), expect=expect, offset=-1),
        case(transposed(normal, 3, 4), expect=expect, offset=1),
        case(strided(normal, 3, 3), expect=expect),
    ]


def tensordot_cases() -> list[Case]:
    listed: list[tuple[str, Any]] = [
        ("2x3 3x4", 1),
        ("2x3x4 3x4x2", 2),
        ("2x3 4", 0),
        ("2x3x4 4x2", ((0, 2), (1, 0))),
        ("2x3x4 3x5", (1, 0)),
        ("2x3x4 3x5", [[-2], [0]]),
        ("3 3", 1),
        ("2x3 2x3", 2),
        ("0x3 3x2", 1),
        ("2x0 0x3", 1),
    ]
    found = [
        case(*(normal(*s) for s in parse_shapes(shapes)), expect=np.tensordot, axes=summed)
        for shapes, summed in listed
    ]
    found.append(case(normal(2, 3, 3, 4), normal(3, 4), expect=np.tensordot))
    found.append(case(transposed(normal, 2, 3), strided(normal, 3, 4), expect=np.tensordot, axes=1))
    return found


def meshgrid(*xs: Array, indexing: Any = "xy") -> list[Array]:
    return list(np.meshgrid(*xs, indexing=indexing))


# ---- indexing ------------------------------------------------------------------------------------


def added(x: Array, values: Any, index: Any) -> Array:
    y = x.copy()
    np.add.at(y, index, values)
    return y


SCATTERS: list[tuple[tuple, tuple, Any]] = [
    ((4, 3), (3,), 1),
    ((4, 3), (2, 3), np.array([1, 1])),
    ((4, 3), (3,), np.array([0, 2, 2, -1])),
    ((4, 3), (), s_[1:, 0]),
    ((4, 3), (3, 1), s_[np.array([[3], [0], [3]]), np.array([1, 2])]),
    ((4, 3), (2, 3), np.array([True, False, True, False])),
    ((4, 3), (0, 3), np.array([], dtype=int)),
    ((5,), (4,), [0, 1, 1, 4]),
    ((), (), ...),
]


def segments(data: Array, ids: Array, num_segments: Any = None) -> Array:
    count = int(ids.max()) + 1 if ids.size and num_segments is None else num_segments or 0
    y = np.zeros((count, *data.shape[1:]))
    for row, k in zip(data, ids):
        y[k] += row
    return y


def segment_cases() -> list[Case]:
    ids = np.array([2, 0, 2, 5])
    return [
        case(normal(4), ids, expect=segments),
        case(normal(4, 3), ids, expect=segments, num_segments=7),
        case(normal(4, 2, 3), ids.astype("uint8"), expect=segments),
        case(normal(80, 2), integers(9, 80), expect=segments, num_segments=9),
        case(normal(0, 3), ids[:0], expect=segments, num_segments=2),
        case(normal(0, 3), ids[:0], expect=segments),
        case(transposed(normal, 4, 3), ids, expect=segments),
    ]


def bincount(x: Array, weights: Any = None, minlength: int = 0) -> Array:
    return np.bincount(x, weights, minlength)


def unique(x: Array, **settings: Any) -> Any:
    return np.unique(x, **settings)


# ---- creation ------------------------------------------------------------------------------------


def on_the_device(op: Any, x: Any, *args: Any, **settings: Any) -> Any:
    """x times the array that the op makes of numbers on the device of x."""
    with minigrad.device(device_name(x)):
        made = op(*args, **settings)
    return ops.multiply(x, made)


def made(name: str, shape: tuple[int, ...], *args: Any, **settings: Any) -> Case:
    def call(op: Any, x: Any) -> Any:
        return on_the_device(op, x, *args, **settings)

    def expect(x: Array) -> Any:
        return x * getattr(np, name)(*args, **settings)

    return case(normal(*shape), expect=expect, call=call)


def like(name: str, *args: Any) -> list[Case]:
    """zeros_like and its kin, whose result does not depend on the values."""

    def call(op: Any, x: Any, **settings: Any) -> Any:
        return op(x, *args, **settings)

    def expect(x: Array, **settings: Any) -> Any:
        return getattr(np, name)(x, *args, **settings)

    return [
        *unary(expect, normal, call=call),
        case(normal(2, 3), expect=expect, call=call, dtype="int32"),
        case(integers(3, 4), expect=expect, call=call, dtype="float64"),
    ]


ARRAY_OPS: dict[str, list[Case]] = {
    # ---- elementwise ----
    "floor_divide": quotients(np.floor_divide),
    "remainder": quotients(np.remainder),
    "mod": quotients(np.mod),
    "trunc": unary(np.trunc),
    "log2": unary(np.log2, positive),
    "log10": unary(np.log10, positive),
    "exp2": unary(np.exp2),
    "logaddexp": binary(np.logaddexp),
    "rsqrt": unary(lambda x: x**-0.5, positive),
    "hypot": binary(np.hypot),
    "arctan2": binary(np.arctan2)
    + [case(np.array([1.0, 1.0, -1.0, -1.0]), np.array([2.0, -2.0, 2.0, -2.0]), expect=np.arctan2)],
    "arcsinh": unary(np.arcsinh),
    "arccosh": unary(np.arccosh, above_one),
    "arctanh": unary(np.arctanh, unit),
    "logical_xor": logical(np.logical_xor),
    "isinf": unary(np.isinf) + [case(SPECIAL, expect=np.isinf)],
    "isclose": closeness(np.isclose),
    "allclose": closeness(np.allclose),
    "nan_to_num": unary(np.nan_to_num)
    + [
        case(SPECIAL, expect=np.nan_to_num, nan=0.5, posinf=9.0, neginf=-3.0),
        case(SPECIAL, expect=np.nan_to_num, nan=-1, posinf=2, neginf=2),
        case(integers(5, 3), expect=np.nan_to_num),
    ],
    # ---- along axes ----
    "cumprod": along(lambda x, axis=None: np.cumprod(x, axis))
    + edges_along(np.cumprod)
    + cumprods_of_zeros(),
    "diff": varied(np.diff, (3, 4), "axis", 0, 1, -2)
    + varied(np.diff, (2, 5), "n", 0, 1, 2, 4, 5, 7)
    + [
        case(normal(2, 5, 3), expect=np.diff, n=2, axis=1),
        case(normal(0, 3), expect=np.diff),
        case(normal(3, 0), expect=np.diff),
        case(mask(2, 5), expect=np.diff, n=2),
        case(integers(9, 5), expect=np.diff),
        case(transposed(normal, 3, 4), expect=np.diff),
        case(strided(normal, 3, 4), expect=np.diff, axis=0),
    ],
    "average": axes(average, nonzero, (0, 3), ())
    + [
        case(normal(3, 4), 1, positive(3, 4), expect=average),
        case(normal(3, 4), None, positive(3, 4), expect=average),
        case(normal(3, 4), 0, positive(3), expect=average, keepdims=True),
        case(normal(2, 3, 4), -2, positive(3), expect=average),
        case(normal(4), None, positive(4), expect=average),
        case(normal(2, 3, 4), (0, 2), positive(2, 3, 4), expect=average),
        case(integers(5, 4), None, positive(4), expect=average),
        case(transposed(normal, 3, 4), 1, strided(positive, 4), expect=average),
    ],
    "median": axes(np.median, nonzero, (0, 3), ())
    + [case(nonzero(n), expect=np.median) for n in (1, 2, 5)],
    "quantile": quantile_cases(),
    "norm": norm_cases(),
    "count_nonzero": axes(np.count_nonzero, normal, *EMPTY)
    + [case(with_zeros(nonzero(2, 3), (0, 1), (1, 1)), expect=np.count_nonzero, axis=0)]
    + [case(mask(2, 3), expect=np.count_nonzero)],
    "trace": diagonals(np.trace),
    # ---- shapes ----
    "hstack": joined("hstack", "2x3 2x1", "3 2", "() ()", "2x0 2x3", "2x1x3 2x2x3"),
    "vstack": joined("vstack", "2x3 1x3", "3 3", "3 2x3", "() ()", "0x3 2x3", "1x2x3 2x2x3"),
    "meshgrid": cases(
        meshgrid,
        [
            [normal(3), normal(2)],
            [normal(2)],
            [normal(2), normal(3), normal(2)],
            [normal(), normal(2)],
        ],
    )
    + cases(
        meshgrid,
        [
            [normal(3), strided(normal, 2)],
            [normal(2), normal(1), normal(3)],
            [normal(0), normal(2)],
        ],
        indexing="ij",
    ),
    "diagonal": diagonals(np.diagonal),
    # ---- products ----
    "tensordot": tensordot_cases(),
    "inner": [
        case(normal(*a), normal(*b), expect=np.inner)
        for a, b in [((3,), (3,)), ((2, 3), (4, 3)), ((2, 3), (3,)), ((), (2, 3)), ((2, 0), (0,))]
    ]
    + [case(normal(2, 3), 2.5, expect=np.inner)],
    # ---- indexing ----
    "scatter_add": [
        case(normal(*s), normal(*v), expect=added, index=index) for s, v, index in SCATTERS
    ]
    + [
        case(normal(4, 3), 1.5, expect=added, index=np.array([0, 0])),
        case(transposed(normal, 4, 3), strided(normal, 2, 3), expect=added, index=np.array([3, 3])),
    ],
    "segment_sum": segment_cases(),
    "bincount": [
        case(integers(5, 9), expect=bincount),
        case(integers(5, 9), expect=bincount, minlength=8),
        case(np.array([3, 1, 3]), normal(3), expect=bincount),
        case(np.array([0, 1, 1], "uint8"), normal(3), expect=bincount, minlength=1),
        case(np.array([], int), expect=bincount, minlength=2),
    ],
    "unique": unary(unique, nonzero)
    + [
        case(integers(3, 2, 4), expect=unique, return_inverse=True, return_counts=True),
        case(integers(3, 8), expect=unique, return_index=True, return_inverse=True),
        case(integers(3, 0), expect=unique, return_index=True),
    ],
    "nonzero": [
        case(x, expect=np.nonzero)
        for x in (
            with_zeros(nonzero(3, 4), (1, 2), (0, 0)),
            mask(5),
            np.zeros((2, 3)),
            normal(0, 3),
            transposed(mask, 2, 3),
        )
    ],
    # ---- creation ----
    "copy": unary(np.copy),
    "zeros_like": like("zeros_like"),
    "ones_like": like("ones_like"),
    "full_like": like("full_like", 2.5),
    "arange": [
        made("arange", (4,), 4),
        made("arange", (4,), 1, 5),
        made("arange", (3,), 4, -2, -2),
        made("arange", (4,), 0.5, 2.5, 0.5),
        made("arange", (0,), 2, 1),
    ],
    "linspace": [
        made("linspace", (2, 5), -1, 2, 5),
        made("linspace", (50,), 0.0, 1.0),
        made("linspace", (4,), 0, 1, 4, endpoint=False),
        made("linspace", (1,), 3, 1, 1),
        made("linspace", (0,), 3, 1, 0),
    ],
    "eye": [
        made("eye", (3, 3), 3),
        made("eye", (2, 3), 2, 3, k=1),
        made("eye", (3, 2), 3, 2, k=-1),
        made("eye", (0, 2), 0, 2),
    ],
}
