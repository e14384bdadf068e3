"""OPS: each public name of minigrad.ops with its cases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Iterator

import numpy as np
import scipy.special
from numpy import s_

from minigrad import ops
from minigrad.backend import backend
from minigrad.ops.normalization import batch_moments
from minigrad.ops.windows import Window

from . import numpy_ops
from .array_ops import ARRAY_OPS
from .base import (
    Array,
    Case,
    View,
    between_kinks,
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
from .families import (
    EMPTY,
    along,
    axes,
    binary,
    comparing,
    edge_axes,
    edges_along,
    logical,
    shapes_of,
    unary,
    varied,
)
from .keras_ops import KERAS_OPS
from .shrinkage import SHRINKAGE

start_drawing(7)


def where_cases() -> list[Case]:
    trios = ["3x4 3x4 3x4", "3x1 1x4 3x4", "4 3x1 3x4", "() 2 2", "2x3 () 3", "0x3 3 0x3"]
    inputs: list[tuple] = []
    for trio in trios:
        c, a, b = parse_shapes(trio)
        inputs.append((mask(*c), normal(*a), normal(*b)))
    inputs += [
        (mask(2, 3), normal(2, 3), 0),
        (mask(2, 3), 1.5, normal(3)),
        (transposed(mask, 3, 2), transposed(normal, 3, 2), strided(normal, 3, 2)),
    ]
    return cases(np.where, inputs)


def clip_by_arrays() -> list[Case]:
    """Limits that are arrays, which have gradients, with a limit on one side alone and on both."""

    def call(op: Any, x: Any, low: Any, high: Any) -> Any:
        return op(x, min=low, max=high)

    x = between_kinks(7)
    low, high = nonzero(7), nonzero(1) + 3
    trios = [(x, low, high), (x, low, None), (x, None, high), (x, low, 2.5), (x, nonzero(2, 1), 9)]
    return [case(*trio, expect=np.clip, call=call) for trio in trios]


# ---- shapes of x and indices into it -------------------------------------------------------------

REPEATED = np.array([1, 1])
NONE = np.array([], dtype=int)

INDICES: list[tuple[tuple, Any]] = [
    ((4, 3), 1),
    ((4, 3), -1),
    ((4, 3), s_[1:3]),
    ((4, 3), s_[::-2, 1:]),
    ((4, 3), s_[..., 0]),
    ((4, 3), s_[None, :, 2]),
    ((2, 3, 4), s_[1, ..., -1]),
    ((4, 3), ()),
    ((), (None,)),
    ((), ...),
    ((4, 3), s_[2:2]),
    ((4, 3), np.array([0, 2, 2, -1])),
    ((4, 3), np.array([[1, 1], [3, 1]])),
    ((4, 3), s_[np.array([3, 0, 3]), np.array([1, 2, 1])]),
    ((4, 3), s_[:, np.array([0, 0, 1])]),
    ((4, 3), s_[np.array([[0], [2]]), REPEATED]),
    ((4, 3), s_[2, np.array([1, 1, -3])]),
    ((2, 3, 4), s_[..., np.array([0, 3, 3])]),
    ((0, 3), NONE),
    ((2, 3, 4), s_[REPEATED, :, np.array([0, 0])]),
    ((2, 3, 4), s_[None, np.array([1, 0, 1]), 0:2]),
    ((4, 3), NONE),
    ((4, 3), np.array([True, False, True, False])),
    ((2, 3), np.zeros((2, 3), bool)),
    ((2, 3), np.array([[True, False, True], [False, False, True]])),
    ((4, 3), s_[np.array([True, False, True, True]), 1]),
    ((4, 3), s_[:, np.array([True, False, True])]),
    ((2, 3, 4), s_[..., np.array([True, False, True, True])]),
    ((0, 3), s_[:]),
    ((4, 3), [0, 2, 0]),
    ((4, 3), s_[[1, 1], :]),
    ((4, 3), []),
    ((4, 3), np.array(2)),
    ((4, 3), np.int64(1)),
    ((3, 3), s_[np.array([0, 1, 0]), np.array([0, 2, 0])]),
]


RESAMPLING: list[dict[str, Any]] = [
    {},
    {"up": 2, "padding": (2, 1)},
    {"down": 2, "padding": 1},
    {"up": (3, 1), "down": (2, 1), "padding": 1},
    {"up": 2, "padding": (-1, 2)},
]
# a turn with a stretch, and a large shift
MAPS = np.array([[[0.8, 0.53, 0.23], [-0.41, 0.9, -0.31]], [[1.0, 0.0, 4.3], [0.11, 1.2, -2.7]]])
BORDERS = "reflect", "symmetric", "edge", "wrap"
BORDER = (0, 0), (1, 2), (0, 1)

EINSUMS = [
    ("ij,jk->ik", "2x3 3x4"),
    ("ij,jk", "2x3 3x4"),
    ("bij,bjk->bik", "2x3x4 2x4x2"),
    ("i,j->ij", "3 2"),
    ("i,i->", "3 3"),
    ("ij->ji", "2x3"),
    ("ba", "2x3"),
    ("ij->", "2x3"),
    ("ij->j", "2x3"),
    ("ii->i", "3x3"),
    ("ii", "3x3"),
    ("iij->j", "3x3x2"),
    ("iii->i", "2x2x2"),
    ("ij,jk,kl->il", "2x3 3x2 2x4"),
    ("i,ij,j->", "2 2x3 3"),
    ("ij,ij,ij->", "2x2 2x2 2x2"),
    ("...ij,...jk->...ik", "2x2x3 2x3x2"),
    ("...ij,jk->...ik", "2x2x3 3x2"),
    ("...,...", "2x1 1x3"),
    ("...i,...i->...", "2x1x3 4x3"),
    ("...i,...i->...", "1x3 2x3"),
    ("...i,...i->...i", "1x3 1x3"),
    ("...i,...i->...i", "1x1 4x1"),
    ("...", "2x3"),
    ("...i->...", "2x3"),
    ("i...->...i", "2x3x2"),
    ("bthd,bshd->bhts", "2x2x1x3 2x3x1x3"),
    ("ij,ij->i", "2x3 2x3"),
    ("ij,kl->ik", "2x3 2x2"),
    ("i,->i", "3 ()"),
    (",", "() ()"),
    ("ij,jk->ik", "0x3 3x2"),
    ("ij,jk->ik", "2x0 0x3"),
    ("ii,i->i", "3x3 3"),
    ("ij,ij->ij", "1x3 2x3"),
    ("ij,ij->", "1x3 2x1"),
    ("i,i", "1 3"),
    ("ij,jk", "2x1 3x2"),
    ("...ii->...i", "2x3x3"),
    ("iI,I", "2x3 3"),
    ("...->...", "()"),
    ("", "()"),
    ("...ij,...jk", "2x2x3 3x2"),
    (" ij , jk -> ik ", "2x2 2x2"),
]


def einsum_case(subscripts: str, operands: str) -> Case:
    def call(op: Any, *xs: Any) -> Any:
        return op(subscripts, *xs)

    def expect(*xs: Any) -> Any:
        return np.einsum(subscripts, *xs)

    inputs = [normal(*shape) for shape in parse_shapes(operands)]
    return case(*inputs, expect=expect, call=call)


MATMULS = [
    parse_shapes("3x4 4x2"),
    parse_shapes("3 3"),
    parse_shapes("3 3x2"),
    parse_shapes("2x3 3"),
    parse_shapes("2x3x4 2x4x2"),
    parse_shapes("2x3x4 4x2"),
    parse_shapes("3x4 2x4x2"),
    parse_shapes("2x1x3x4 5x4x2"),
    parse_shapes("1x3x4 2x4x1"),
    parse_shapes("4 2x4x3"),
    parse_shapes("2x3x4 4"),
    parse_shapes("0x3 3x2"),
    parse_shapes("2x0 0x3"),
    parse_shapes("3x1 1x4"),
    parse_shapes("2x3x1 1x4"),
    parse_shapes("2x3x1 2x1x4"),
]


def matmul_cases() -> list[Case]:
    inputs: list[tuple] = [(normal(*a), normal(*b)) for a, b in MATMULS]
    inputs += [(transposed(normal, 3, 4), strided(normal, 4, 2))]
    return cases(np.matmul, inputs)


def affine(x: Array, w: Array, b: Array) -> Array:
    return x @ w + b


def linear_cases(expect: Any = affine) -> list[Case]:
    shapes = [(3, 4), (2, 3, 4), (4,), (0, 4), (130, 4)]
    inputs: list[tuple] = [(normal(*s), normal(4, 2), normal(2)) for s in shapes]
    inputs += [(transposed(normal, 3, 4), strided(normal, 4, 2), strided(normal, 2))]
    return cases(expect, inputs)


def linear_relu_cases() -> list[Case]:
    return linear_cases(lambda x, w, b: np.maximum(affine(x, w, b), 0))


def several(name: str, *lines: str, **settings: Any) -> list[Case]:
    """concatenate and stack, which take a list of arrays: a line of shapes per case."""

    def expect(*xs: Any, **s: Any) -> Any:
        return getattr(np, name)(xs, **s)

    def call(op: Any, *xs: Any, **s: Any) -> Any:
        return op(list(xs), **s)

    inputs: list[list] = []
    for line in lines:
        inputs.append([normal(*shape) for shape in parse_shapes(line)])
    if not settings:
        inputs.append([transposed(normal, 2, 3), normal(2, 3)])
    return cases(expect, inputs, call=call, **settings)


def prods_of_zeros() -> list[Case]:
    """Products with no, one and several factors that are 0."""
    zeros: list[tuple[tuple, list, dict]] = [
        ((3, 4), [(1, 2)], {}),
        ((3, 4), [(1, 2), (1, 0)], {}),
        ((3, 4), [(1, 2), (1, 0), (0, 1)], {"axis": 1}),
        ((3, 4), [(1, 2), (0, 1)], {"axis": 0, "keepdims": True}),
        ((2, 3, 2), [(1, 2, 0), (0, 0, 0)], {"axis": (0, -1)}),
        ((2, 1), [(1, 0)], {"axis": 1}),
        ((3,), [(0,), (1,), (2,)], {}),
    ]
    return [
        case(with_zeros(nonzero(*shape), *indices), expect=np.prod, **settings)
        for shape, indices, settings in zeros
    ]


def loss_cases(expect: Callable[..., Any]) -> list[Case]:
    shapes = [(3, 4), (2, 3, 4), (4,)]
    inputs: list[tuple] = [(normal(*s), unit(*s)) for s in shapes]
    inputs += [(transposed(normal, 3, 2), strided(unit, 3, 2))]
    return cases(expect, inputs)


def label_cases() -> list[Case]:
    def expect(x: Array, labels: Array) -> Any:
        log_p = numpy_ops.log_softmax(x)
        return -np.take_along_axis(log_p, labels[..., None], -1).mean()

    inputs = [
        (normal(5, 3), integers(3, 5)),
        (normal(2, 4, 3), integers(3, 2, 4)),
        (normal(3), np.array(1)),
        (transposed(normal, 4, 3), integers(3, 4)),
        (normal(4, 3), integers(3, 4).astype("uint8")),
    ]
    return cases(expect, inputs)


# ---- normalization: x, gamma, beta ---------------------------------------------------------------


def layer_norm_cases() -> list[Case]:
    shapes = [((3, 4), (4,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((4,), (4,)), ((0, 4), (4,))]
    inputs: list[tuple] = [(normal(*s), positive(*p), normal(*p)) for s, p in shapes]
    inputs += [(transposed(normal, 3, 4), strided(positive, 4), normal(4))]
    return cases(numpy_ops.layer_norm, inputs, epsilon=1e-3)


def batch_norm_cases() -> list[Case]:
    shapes = [(5, 4), (2, 3, 4), (2, 3, 3, 4), (3, 2, 2, 1), (2, 2, 1, 2, 3)]
    inputs: list[tuple] = [(normal(*s), positive(s[-1]), normal(s[-1])) for s in shapes]
    inputs += [
        (normal(4, 3) + 40, positive(3), normal(3)),  # a mean far larger than the deviation
        (transposed(normal, 5, 4), strided(positive, 4), strided(normal, 4)),
        (strided(normal, 2, 3, 2, 3), positive(3), normal(3)),
    ]

    def call_with_moments(op: Any, x: Any, gamma: Any, beta: Any, **settings: Any) -> Any:
        return op(x, gamma, beta, moments=batch_moments(x), **settings)

    known = case(
        normal(4, 3) + 2,
        positive(3),
        normal(3),
        expect=numpy_ops.batch_norm,
        call=call_with_moments,
        epsilon=1e-3,
    )
    return [*cases(numpy_ops.batch_norm, inputs, epsilon=1e-3), known]


def group_norm_cases() -> list[Case]:
    shapes = [((2, 3, 2, 4), 2), ((2, 3, 3, 4), 4), ((3, 5, 4), 1), ((2, 6), 2), ((0, 3, 4), 2)]
    inputs: list[tuple] = [(g, normal(*s), positive(s[-1]), normal(s[-1])) for s, g in shapes]
    inputs += [
        (2, normal(2, 3, 2, 4) + 40, positive(4), normal(4)),
        (2, transposed(normal, 2, 3, 4), strided(positive, 4), normal(4)),
        (4, strided(normal, 2, 3, 4), positive(4), strided(normal, 4)),
    ]
    return [
        case(*arrays, expect=numpy_ops.group_norm, groups=groups, epsilon=1e-3)
        for groups, *arrays in inputs
    ]


def response_norm_cases() -> list[Case]:
    shapes = [(2, 3, 2, 7), (3, 4), (2, 1), (0, 3, 4)]
    expect = numpy_ops.response_norm
    return [
        *(case(normal(*s), expect=expect, alpha=0.2) for s in shapes),
        case(normal(2, 6), expect=expect, n=3, k=1.0, alpha=0.5, beta=0.5),
        case(transposed(normal, 3, 6), expect=expect, alpha=0.5),
        case(strided(normal, 3, 6), expect=expect, n=1, alpha=0.5),
    ]


# ---- attention -----------------------------------------------------------------------------------


def attention_cases() -> list[Case]:
    """Leading axes that broadcast, masks of every shape, fully masked rows, dropout, views."""

    def mask_of(*shape: int) -> Array:
        """Booleans, half of them True, that mask every key of the last query."""
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
        (normal(2, 2, 3, 5), None, {}),
        (normal(2, 1, 5), mask(2, 2, 3, 5), {"rate": 0.25, "causal": True}),
    ]
    expect = numpy_ops.attention
    plain = [
        case(normal(*q), normal(*k), normal(*v), expect=expect, **settings)
        for q, k, v, settings in shapes
    ]
    for allowed, keep, settings in masked:
        q, k, v = normal(2, 2, 3, 4), normal(2, 2, 5, 4), normal(2, 2, 5, 3)
        is_boolean = allowed is None or allowed.dtype == bool
        plain.append(case(q, k, v, allowed, keep, expect=expect, any_dtype=is_boolean, **settings))
    views = transposed(normal, 3, 4), strided(normal, 5, 4), transposed(normal, 5, 2)
    large = normal(3, 4) * 30, normal(5, 4) * 5, normal(5, 2)  # exp(scores) overflows float32
    return [*plain, *cases(expect, [views, large]), *hidden_by_numbers(expect, 2, 2)]


def hidden_by_numbers(expect: Any, *leading: int) -> list[Case]:
    """Masks that add numbers to the scores and hide keys by -inf; those of the last query all."""

    def call(op: Any, *xs: Any, **settings: Any) -> Any:
        *before, bias = xs
        hidden = np.array([[False, True, False], [True, True, True]])
        where = backend(bias).asarray(hidden)
        return op(*before, ops.where(where, -np.inf, bias), **settings)

    def expected(*xs: Any, **settings: Any) -> Any:
        return call(lambda *ys, **s: expect(*ys, **s), *xs, **settings)

    inputs = [normal(*leading, 2, 4), normal(*leading, 3, 4), normal(*leading, 3, 2)]
    return [case(*inputs, normal(2, 3), expect=expected, call=call, any_dtype=False)]


def masked_softmax_cases() -> list[Case]:
    allowed = np.array([[True, False, True], [False, False, False]])
    expect = numpy_ops.masked_softmax
    return [
        case(normal(2, 4, 3), expect=expect),
        case(normal(3, 2, 3), allowed, expect=expect),
        case(normal(2, 3), allowed, expect=expect, causal=True),
        case(normal(3, 2, 3), normal(2, 3), expect=expect, any_dtype=False),
        case(normal(3, 2, 3), normal(3, 1, 3), expect=expect, causal=True, any_dtype=False),
        case(normal(2, 0), expect=expect),
        case(strided(normal, 4, 3), expect=expect, causal=True),
    ]


def rotary_cases() -> list[Case]:
    expect = numpy_ops.rotary
    return [
        case(normal(3, 4), np.arange(3), expect=expect),
        case(normal(2, 2, 3, 6), np.arange(5, 8), expect=expect, base=100.0),
        case(normal(2, 3, 4), np.arange(1, 4), expect=expect, interleaved=False),
        case(normal(0, 3, 4), np.arange(3), expect=expect),
        case(normal(3, 0), np.arange(3), expect=expect),
        case(transposed(normal, 3, 4), np.array([7, 0, 2]), expect=expect),
        case(normal(2, 3, 4), integers(9, 2, 3), expect=expect),
    ]


def scale_shift_cases() -> list[Case]:
    shapes = [(3, 4), (2, 3, 2, 4), (2, 3, 1), (0, 4)]
    inputs: list[tuple] = [(normal(*s), normal(s[-1]), normal(s[-1])) for s in shapes]
    inputs += [(transposed(normal, 3, 4), strided(normal, 4), strided(normal, 4))]
    return cases(lambda x, scale, shift: x * scale + shift, inputs)


# ---- pooling: shape of x, settings ---------------------------------------------------------------

POOLS: list[tuple[tuple, dict]] = [
    ((2, 4, 4, 3), {}),
    ((2, 4, 6, 2), {"pool_size": (2, 3)}),
    ((1, 5, 7, 2), {"pool_size": 2}),
    ((2, 7, 7, 2), {"pool_size": 3, "strides": 2}),
    ((1, 6, 5, 2), {"pool_size": 3, "strides": 1}),
    ((1, 7, 6, 1), {"pool_size": 2, "strides": 3}),
    ((1, 4, 5, 2), {"pool_size": (4, 5)}),
    ((2, 5, 4, 2), {"pool_size": 3, "strides": 2, "padding": "same"}),
    ((1, 5, 6, 2), {"pool_size": 2, "padding": "same"}),
    ((1, 4, 4, 1), {"pool_size": (3, 2), "strides": 1, "padding": "same"}),
    ((1, 2, 3, 2), {"pool_size": 5, "strides": 2, "padding": "same"}),
    ((1, 5, 4, 2), {"pool_size": 3, "strides": 2, "padding": 1}),
    ((1, 4, 5, 2), {"pool_size": 3, "strides": (1, 2), "padding": ((0, 2), (1, 0))}),
    # padding before, an unread column after
    ((1, 5, 5, 2), {"pool_size": 3, "strides": 2, "padding": ((0, 1), (1, 0))}),
    ((1, 7, 3, 1), {"pool_size": (1, 2), "strides": (2, 1)}),
    ((0, 4, 4, 2), {"pool_size": 2}),
    ((1, 1, 1, 2), {"pool_size": 1}),
    ((1, 4, 4, 1), {"pool_size": 2, "strides": 4, "padding": "same"}),
]


def pool_cases(reduce: Callable[..., Any]) -> list[Case]:
    expect = partial(numpy_ops.pool, reduce)
    turned = transposed(nonzero, 2, 5, 4, 2)

    def of_sequences(x: Array, pool_size: int, strides: int, padding: Any) -> Array:
        return expect(x[:, None], (1, pool_size), (1, strides), padding)[:, 0]

    return [
        *(case(nonzero(*s), expect=expect, **settings) for s, settings in POOLS),
        case(turned, expect=expect, pool_size=3, strides=2, padding="same"),
        case(strided(nonzero, 1, 4, 4, 3), expect=expect),
        case(nonzero(2, 5, 3), expect=of_sequences, pool_size=3, strides=2, padding="same"),
    ]


def pooling_window(
    shape: tuple, pool_size: Any = 2, strides: Any = None, padding: Any = "valid"
) -> Any:
    return Window.of(shape[1:3], pool_size, strides or pool_size, padding)


def tied(*shape: int) -> np.ndarray:
    """Whole numbers, most of which occur many times in a window."""
    return integers(3, *shape).astype("float64")


def argmax_cases(name: str) -> list[Case]:
    """max_pool_grad and gather_at_argmax: linear in the first input, the rest locates it."""

    def call(op: Any, first: Any, x: Any, maxima: Any, window: Window) -> Any:
        return op(first, x, maxima, window=window)

    found = []
    for draw, pools in ((tied, POOLS), (nonzero, POOLS[::4])):
        for shape, settings in pools:
            x = draw(*shape)
            maxima = numpy_ops.pool(np.max, x, **settings)
            first = normal(*(maxima if name == "max_pool_grad" else x).shape)
            expect = getattr(numpy_ops, name)
            given = {"x": x, "maxima": maxima, "window": pooling_window(shape, **settings)}
            found.append(case(first, expect=expect, call=call, **given))
    return found


def avg_pool_grad_cases() -> list[Case]:
    found = []
    for shape, settings in POOLS:
        window = pooling_window(shape, **settings)
        g = normal(shape[0], *window.output_shape, shape[3])
        found.append(case(g, expect=numpy_ops.avg_pool_grad, window=window))
    return found


# ---- convolution ---------------------------------------------------------------------------------

# of a kernel of 3 x 2 on images of 6 x 7
WINDOWS: list[dict] = [
    {},
    {"pads": ((1, 0), (2, 1))},
    {"strides": (2, 1), "dilation": (1, 2)},
    {"strides": (3, 2), "pads": ((1, 1), (0, 2))},
    {"strides": (2, 4), "dilation": (2, 3), "pads": ((0, 2), (1, 0))},
]


def images(n: int, h: int, w: int, c: int) -> View:
    """Views with width and height exchanged, of every other channel."""
    return View(normal(n, w, h, 2 * c), lambda x: x.swapaxes(1, 2)[..., ::2])


def conv_inputs() -> Iterator[tuple]:
    """(images, kernel, outputs, window, groups)."""
    for settings in WINDOWS:
        kernels = [((3, 2, 3, 4), 1)]
        if settings:
            kernels += [((3, 2, 1, 6), 3), ((3, 2, 1, 3), 3)]
        for kernel, groups in kernels:
            yield *conv_arrays(2, (6, 7), kernel, groups, **settings), groups
    for settings in ({}, {"strides": (2, 1)}):
        yield *conv_arrays(2, (3, 4), (1, 1, 3, 2), **settings), 1
    yield *conv_arrays(1, (4, 5), (2, 2, 18, 2), pads=((0, 1), (1, 1))), 1
    dilated = {"dilation": (1, 2), "pads": ((1, 1), (0, 2))}
    yield *conv_arrays(2, (5, 6), (3, 2, 3, 2), **dilated), 1
    yield *conv_arrays(0, (4, 4), (3, 3, 2, 2)), 1
    kernel = transposed(normal, 2, 2, 2, 3)
    yield images(2, 5, 4, 2), kernel, images(2, 4, 3, 3), Window((5, 4), (2, 2)), 1


def conv_arrays(n: int, size: tuple, kernel: tuple, groups: int = 1, **settings: Any) -> tuple:
    """Images, kernel and outputs that fit a window, and the window."""
    window = Window(size, kernel[:2], **settings)
    out = numpy_ops.output_shape(size, kernel[:2], **settings)
    x = normal(n, *size, kernel[2] * groups)
    return x, normal(*kernel), normal(n, *out, kernel[3]), window


def conv2d_input_grad_cases() -> list[Case]:
    expect = numpy_ops.conv2d_input_grad
    return [
        case(g, w, expect=expect, window=window, groups=groups)
        for _, w, g, window, groups in conv_inputs()
    ]


def conv2d_kernel_grad_cases() -> list[Case]:
    expect = numpy_ops.conv2d_kernel_grad
    return [
        case(x, g, expect=expect, window=window, groups=groups)
        for x, _, g, window, groups in conv_inputs()
    ]


def im2col_cases() -> list[Case]:
    expect = numpy_ops.im2col
    windows = [Window((6, 7), (3, 2), **settings) for settings in WINDOWS]
    return [
        *(case(normal(2, 6, 7, 3), expect=expect, window=window) for window in windows),
        case(normal(2, 6, 7, 3), expect=expect, window=windows[1], fill=-2.5),
        case(normal(0, 4, 4, 2), expect=expect, window=Window((4, 4), (2, 2))),
        case(images(2, 4, 3, 2), expect=expect, window=Window((4, 3), (2, 2))),
    ]


def col2im_cases() -> list[Case]:
    expect = numpy_ops.col2im
    found = []
    for settings in WINDOWS:
        out = numpy_ops.output_shape((6, 7), (3, 2), **settings)
        window = Window((6, 7), (3, 2), **settings)
        found.append(case(normal(2, *out, 3, 2, 3), expect=expect, window=window))
    return found + [
        case(normal(0, 3, 3, 2, 2, 2), expect=expect, window=Window((4, 4), (2, 2))),
        case(transposed(normal, 2, 2, 3, 2, 2, 1), expect=expect, window=Window((3, 4), (2, 2))),
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
    expect = numpy_ops.conv2d
    found = []
    for i, window in enumerate(settings):
        arrays = [normal(2, 5, 6, 2), normal(3, 3, 2, 3)]
        if i % 2:
            arrays.append(normal(3))
        found.append(case(*arrays, expect=expect, **window))
    for filters in (2, 4, 6):
        arrays = [normal(2, 4, 4, 2), normal(2, 3, 1, filters), normal(filters)]
        found.append(case(*arrays, expect=expect, padding="same", groups=2))
    for i, (x, w, _, window, groups) in enumerate(conv_inputs()):
        arrays = [x, w] if i % 2 else [x, w, strided(normal, w.shape[-1])]
        pairs = {"strides": window.strides, "dilation": window.dilation, "padding": window.pads}
        found.append(case(*arrays, expect=expect, groups=groups, **pairs))
    return found


# ---- recurrent -----------------------------------------------------------------------------------

GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3, "gru_reset_before": 3}


# complete, ended early, begun late, with a gap
PADDED = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]], bool)


def recurrent_inputs(
    name: str, n: int = 4, steps: int = 3, features: int = 2, units: int = 2, bias: bool = True
) -> list:
    """x, kernel, recurrent kernel, bias and initial states."""
    width = GATES[name] * units
    x, kernel, recurrent = normal(n, steps, features), normal(features, width), normal(units, width)
    b = None
    if bias:
        b = normal(2, width) if name == "gru" else normal(width)
    states = [unit(n, units) for _ in range(1 + (name == "lstm"))]
    return [x, kernel, recurrent, b, *states]


def recurrent_cases(name: str) -> list[Case]:
    expect = partial(numpy_ops.recurrent, name)
    zeros = [None] * (1 + (name == "lstm"))
    inputs = recurrent_inputs(name)
    found = [
        case(*recurrent_inputs(name, bias=False)[:4], expect=expect),
        case(*inputs, PADDED, positive(4, 2), expect=expect),
    ]
    one = recurrent_inputs(name, 1, 1, 1, 1)[:4]
    masked = np.array([[False]])
    found += [
        case(*one, *zeros, masked, expect=expect, return_mode="last"),
        case(*inputs[:4], *zeros, PADDED, expect=expect, return_mode="last"),
        case(*recurrent_inputs(name, 0), expect=expect),
    ]
    x, *rest = transposed(normal, 4, 3, 2), *(strided(normal, *a.shape) for a in inputs[1:])
    found.append(case(x, *rest, PADDED, expect=expect))
    unmasked = [*recurrent_inputs(name, 2, 2), np.ones((2, 2), bool)]
    found.append(case(*unmasked, expect=expect, return_mode="last"))
    if name == "lstm":
        found.append(case(*inputs, PADDED, expect=expect, return_mode="all"))
    return found


def step_cases(name: str) -> list[Case]:
    """One step, from a = x @ kernel + bias; drop is None in some."""
    expect = partial(numpy_ops.step, name)
    found = []
    for drop in (None, positive(3, 2)):
        _, _, recurrent, bias, *states = recurrent_inputs(name, 3)
        biases = [bias[1]] if name == "gru" else []
        a = normal(3, 2 * GATES[name])
        found.append(case(a, *states, recurrent, *biases, drop, expect=expect))
    return found


@dataclass
class Transpose:
    """A transposed convolution of 2 x 3 pixels, and the size that comes out."""

    out: tuple
    kernel: tuple
    strides: Any = 1
    padding: Any = "valid"
    output_padding: Any = None
    dilation: Any = 1
    groups: int = 1

    def case(self) -> Case:
        def call(op: Any, *xs: Any, size: Any, **settings: Any) -> Any:
            return op(*xs, **settings, output_padding=self.output_padding)

        return case(
            normal(2, 2, 3, 3 * self.groups),
            normal(*self.kernel, 2, 3 * self.groups),
            normal(2 * self.groups),
            expect=numpy_ops.conv2d_transpose,
            call=call,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            size=self.out,
        )


TRANSPOSES = [
    Transpose((4, 5), (3, 3)),
    Transpose((4, 6), (3, 2), 2, "same"),
    Transpose((4, 9), (2, 2), (2, 3)),
    Transpose((3, 3), (3, 3), (2, 1), "same", (0, 0)),
    Transpose((2, 5), (2, 4), 2, "same", (0, 1)),
    Transpose((6, 8), (3, 3), 2, "valid", 1),
    Transpose((2, 3), (3, 2), 1, "same", None, 2),
    Transpose((4, 6), (3, 3), 2, 1, 1),
    Transpose((4, 6), (3, 2), 2, "same", groups=2),
]

# ---- the registry --------------------------------------------------------------------------------

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # of selu, arXiv:1706.02515


OPS: dict[str, list[Case]] = {
    # ---- elementwise: arithmetic ----
    "add": binary(np.add),
    "subtract": binary(np.subtract),
    "multiply": binary(np.multiply),
    "divide": binary(np.divide, nonzero, positive),
    "power": binary(np.power, positive, nonzero)
    + [case(nonzero(2, 3), p, expect=np.power) for p in (0, 1, 2, 3, 2.0, -1)]
    + [
        case(positive(4), p, expect=np.power)
        for p in (0.5, -1.5, np.array(0.0), np.array([0.0, 1.0, 2.0, -1.0]))
    ]
    + [case(with_zeros(nonzero(4), (1,)), 2, expect=np.power)],
    "negative": unary(np.negative),
    "square": unary(np.square),
    "sqrt": unary(np.sqrt, positive),
    "reciprocal": unary(lambda x: 1 / x),
    "abs": unary(np.abs),
    "absolute": unary(np.abs),
    "maximum": comparing(np.maximum),
    "minimum": comparing(np.minimum),
    "where": where_cases(),
    "clip": [
        case(between_kinks(7), expect=numpy_ops.clip, **s)
        for s in ({"min": -1, "max": 1.5}, {"min": 0.0}, {"max": 1})
    ]
    + unary(numpy_ops.clip, between_kinks, min=-1, max=1)
    + clip_by_arrays(),
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
    "round": unary(np.round)
    + varied(np.round, (2, 3), "decimals", 1, 2, -1)
    + [case(integers(90, 5), expect=np.round, decimals=-1), case(integers(9, 5), expect=np.round)],
    **{
        name: comparing(getattr(np, name))
        for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
    },
    "logical_and": logical(np.logical_and),
    "logical_or": logical(np.logical_or),
    "dropout": [
        case(x, kept, expect=numpy_ops.dropout, rate=rate)
        for rate in (0.0, 0.3, 0.75)
        for x, kept in [
            (normal(3, 4), mask(3, 4)),
            (normal(2, 3, 4), mask(2, 1, 4)),
            (normal(3), mask(3)),
            (normal(0, 2), mask(0, 2)),
            (transposed(normal, 3, 2), transposed(mask, 3, 2)),
            (strided(normal, 3, 4), mask(3, 4)),
        ]
    ],
    "astype": [
        case(x, expect=numpy_ops.astype, dtype="float64", float32=False) for x in shapes_of(normal)
    ]
    + [case(nonzero(3), expect=numpy_ops.astype, dtype="int32")],
    "cast": [
        case(x, expect=numpy_ops.astype, dtype="float64", float32=False) for x in shapes_of(normal)
    ],
    # ---- elementwise: activations ----
    "sigmoid": unary(numpy_ops.sigmoid),
    "log_sigmoid": unary(lambda x: -np.logaddexp(0, -x)),
    "softplus": unary(lambda x: np.logaddexp(0, x)),
    "relu": unary(lambda x: np.maximum(x, 0)),
    "relu6": unary(lambda x: np.clip(x, 0, 6), between_kinks),
    "leaky_relu": unary(numpy_ops.leaky_relu)
    + varied(
        numpy_ops.leaky_relu, (3, 4), "negative_slope", 0.01, 0.0, 1.0, 2.5, -0.5, draw=nonzero
    ),
    "elu": unary(numpy_ops.elu) + unary(numpy_ops.elu, alpha=0.3),
    "selu": unary(lambda x: SCALE * numpy_ops.elu(x, ALPHA)),
    "gelu": unary(numpy_ops.gelu) + unary(numpy_ops.gelu, approximate=True),
    "silu": unary(numpy_ops.silu, normal),
    "swish": unary(numpy_ops.silu, normal),
    "mish": unary(lambda x: x * np.tanh(np.logaddexp(0, x))),
    "softsign": unary(lambda x: x / (1 + abs(x))),
    "hard_sigmoid": unary(numpy_ops.hard_sigmoid, between_kinks),
    "hard_tanh": unary(lambda x: np.clip(x, -1, 1), between_kinks),
    "hard_silu": unary(numpy_ops.hard_silu, between_kinks),
    "hard_swish": unary(numpy_ops.hard_silu, between_kinks),
    # ---- shapes ----
    "broadcast_to": [
        case(normal(*a), expect=np.broadcast_to, shape=b)
        for a, b in map(parse_shapes, ["3x1 3x4", "4 2x3x4", "() 2x2", "2x3 2x3", "1x3 0x3"])
    ]
    + [case(transposed(normal, 1, 3), expect=np.broadcast_to, shape=(2, 3))],
    "sum_to": [
        case(normal(*a), expect=numpy_ops.sum_to, shape=b)
        for a, b in map(
            parse_shapes, ["3x4 3x1", "2x3x4 4", "2x2 ()", "2x3 2x3", "0x3 1x3", "2x3x4 3x1"]
        )
    ]
    + [case(transposed(normal, 2, 3), expect=numpy_ops.sum_to, shape=(3,))],
    "reshape": [
        case(normal(*a), expect=np.reshape, shape=b)
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
        case(transposed(normal, 3, 4), expect=np.reshape, shape=(6, 2)),
        case(strided(normal, 3, 4), expect=np.reshape, shape=(12,)),
    ],
    "flatten": unary(np.ravel),
    "transpose": varied(np.transpose, (2, 3, 4), "axes", (1, 2, 0), (-1, 0, 1), (0, 1, 2))
    + varied(np.transpose, (2, 3, 4), "axes", [2, 0, 1])
    + unary(np.transpose),
    "swapaxes": [
        case(normal(2, 3, 4), expect=np.swapaxes, axis1=0, axis2=-1),
        case(transposed(normal, 2, 3), expect=np.swapaxes, axis1=1, axis2=0),
    ],
    "moveaxis": [
        case(normal(2, 3, 4), expect=np.moveaxis, source=s, destination=d)
        for s, d in ((0, 2), (-1, 0), (1, 1), (2, -2), ((0, 1), (1, 2)), ([0, -1], [-1, 0]))
    ],
    "expand_dims": varied(np.expand_dims, (2, 3), "axis", 0, 1, 2, -1, -2, -3, (0, 3), [1, -1])
    + [case(normal(), expect=np.expand_dims, axis=0)],
    "squeeze": varied(np.squeeze, (1, 3, 1), "axis", None, 0, -1, (0, 2), (0, -1))
    + [case(normal(*s), expect=np.squeeze) for s in ((2, 3), (), (1, 0))]
    + [case(normal(1, 3, 1), expect=lambda x, axis: x[0, :, 0], axis=[0, -1])]
    + [case(normal(), expect=lambda x, axis: x, axis=0)],
    "flip": varied(np.flip, (2, 3, 4), "axis", None, 0, -1, (0, 2), [0, 2])
    + unary(np.flip)
    + [case(normal(), expect=lambda x, axis: x, axis=-1)],
    "roll": varied(np.roll, (3, 4), "shift", 1, -5)
    + varied(np.roll, (3, 4), "axis", 0, -1, shift=-2)
    + [
        case(normal(3, 4), expect=np.roll, shift=(1, -1), axis=(0, 1)),
        case(normal(3, 4), expect=np.roll, shift=[1, 2], axis=[1, 0]),
        case(normal(3, 4), expect=np.roll, shift=2, axis=(0, 1)),
        case(normal(3, 4), expect=np.roll, shift=(1, 2), axis=(0, 0)),
        case(strided(normal, 2, 3), expect=np.roll, shift=1, axis=1),
        case(normal(0, 3), expect=np.roll, shift=1, axis=0),
    ],
    "pad": varied(numpy_ops.pad, (2, 3), "pad_width", 0, 1, (1, 2), ((0, 1), (2, 0)))
    + varied(
        numpy_ops.pad, (3, 4), "pad_width", -1, (-1, 2), ((2, -1), (-2, -2)), [[0, -3], [1, 1]]
    )
    + varied(numpy_ops.pad, (2, 3), "constant_values", -1.5, pad_width=((1, 1), (0, 2)))
    + unary(numpy_ops.pad, normal, pad_width=1)
    + [
        case(x, expect=numpy_ops.pad, pad_width=width, mode=mode)
        for mode in BORDERS
        for x, width in ((normal(2, 4, 3), BORDER), (transposed(normal, 4, 3), 2))
    ]
    + [case(strided(normal, 2), expect=numpy_ops.pad, pad_width=(0, 5), mode="edge")]
    + [case(normal(0, 3), expect=numpy_ops.pad, pad_width=((0, 0), (2, 2)), mode="reflect")]
    + [case(normal(), expect=numpy_ops.pad, pad_width=1, mode="edge")],
    "pad_grad": [
        case(normal(2, 7, 4), expect=numpy_ops.pad_grad, pad_width=BORDER, mode=mode)
        for mode in ("constant", *BORDERS)
    ]
    + [
        case(transposed(normal, 7, 8), expect=numpy_ops.pad_grad, pad_width=2, mode=m)
        for m in BORDERS
    ]
    + [case(normal(6), expect=numpy_ops.pad_grad, pad_width=(0, 5), mode="edge")],
    "crop": varied(
        numpy_ops.crop, (4, 5), "width", ((1, 1), (1, 1)), ((0, 1), (2, 0)), ((1, 2), (0, 5))
    )
    + [
        case(normal(4, 5), expect=lambda x, width: x[1:-1, 1:-1], width=1),
        case(normal(2, 3), expect=lambda x, width: np.pad(x, 1), width=-1),
        case(normal(4), expect=lambda x, width: np.pad(x[2:], (0, 1)), width=(2, -1)),
        case(transposed(normal, 3, 4), expect=numpy_ops.crop, width=((1, 0), (0, 1))),
    ],
    "concatenate": several("concatenate", "2x3 2x3", "2x3 1x3", "0x3 0x3")
    + several("concatenate", "2x3", "2x1x2 2x3x2 2x0x2", axis=1)
    + several("concatenate", "2x2 2x3 2x1", axis=-1)
    + several("concatenate", "2x2 3 ()", axis=None),
    "stack": several("stack", "2x3 2x3", "2x3", "0x3 0x3", "() () ()")
    + several("stack", "2x3 2x3 2x3", axis=-1)
    + several("stack", "2x3 2x3", axis=2),
    "split": varied(numpy_ops.split, (4, 6), "indices_or_sections", 1, 2, (), (1, 3), [1, 3])
    + varied(numpy_ops.split, (4, 6), "axis", 1, -1, indices_or_sections=3)
    + [
        case(normal(0, 4), expect=numpy_ops.split, indices_or_sections=2, axis=1),
        case(transposed(normal, 4, 3), expect=numpy_ops.split, indices_or_sections=2),
    ],
    "repeat": varied(numpy_ops.repeat, (2, 3), "repeats", 0, 1, 2, [2, 0], axis=0)
    + varied(numpy_ops.repeat, (2, 3), "repeats", 2, [0, 1, 2, 0, 1, 3])
    + [case(normal(), expect=numpy_ops.repeat, repeats=3, axis=0)]
    + varied(np.repeat, (2, 3), "axis", 1, -1, repeats=3)
    + [case(transposed(normal, 2, 3), expect=np.repeat, repeats=2, axis=1)],
    "tile": varied(numpy_ops.tile, (2, 3), "repeats", (2,), (2, 1), (1, 2), (2, 1, 3), 3, [2, 2])
    + varied(numpy_ops.tile, (2, 3), "repeats", 0, (0, 2), ())
    + [case(normal(*s), expect=numpy_ops.tile, repeats=(2, 2)) for s in ((3,), (), (0, 3))],
    **{
        name: varied(getattr(np, name), (3, 4), "k", 0, -1, 2)
        + varied(getattr(np, name), (2, 3, 3), "k", 1)
        + varied(getattr(np, name), (3,), "k", 0, 1, -1)
        + [case(normal(*s), expect=getattr(np, name)) for s in ((1,), (0,), (0, 2), (2, 0))]
        for name in ("tril", "triu")
    },
    # ---- indexing ----
    "getitem": [case(normal(*s), expect=numpy_ops.getitem, index=i) for s, i in INDICES]
    + [
        case(transposed(normal, 4, 3), expect=numpy_ops.getitem, index=np.array([1, 1, 0])),
        case(strided(normal, 4, 3), expect=numpy_ops.getitem, index=(slice(1, None), 0)),
    ],
    "put": [
        case(normal(*np.zeros(s)[i].shape), expect=numpy_ops.put, index=i, shape=s)
        for s, i in INDICES
    ],
    "take": [
        case(normal(*s), np.array(i), expect=numpy_ops.take, axis=axis)
        for s, i, axis in [
            ((4, 3), [0, 2, 2], 0),
            ((2, 3, 4), [[0, -1], [1, 1]], 1),
            ((2, 3), [0, 0, 2], -1),
            ((4, 3), 1, 0),
            ((4, 3), [11, 0, 0], None),
            ((), [0, 0], 0),
        ]
    ]
    + [case(transposed(normal, 4, 3), np.array([3, 3]), expect=numpy_ops.take, axis=0)],
    "take_along_axis": [
        case(normal(*s), np.array(i), expect=numpy_ops.take_along, axis=axis)
        for s, i, axis in [
            ((3, 4), [[0, 3, 3], [1, 1, 1], [2, 0, -1]], -1),
            ((3, 4), [[0, 2, 2, 1]], 0),
            ((2, 1), [[0, 0]] * 2, 1),
            ((1, 3), [[0], [2]], 1),
            ((2, 3), [[0, 0, 2, 1]], 1),
            ((1, 2, 3), [[[0], [2]], [[1], [1]]], -1),
            ((2, 3), [5, 0, 0], None),
            ((2, 3), [[5], [0]], None),
        ]
    ]
    + [case(normal(2, 3, 2), integers(3, 2, 4, 2), expect=numpy_ops.take_along, axis=1)],
    "sort": along(numpy_ops.sort)
    + edges_along(numpy_ops.sort)
    + [case(nonzero(2, 3), expect=np.sort, axis=None)]
    + varied(numpy_ops.sort, (3, 4), "axis", 0, 1, draw=nonzero, descending=True),
    "argsort": along(numpy_ops.argsort)
    + edges_along(numpy_ops.argsort)
    + [case(tied(3, 5), expect=numpy_ops.argsort, axis=axis, descending=True) for axis in (0, 1)]
    + [case(tied(3, 5), expect=numpy_ops.argsort)]
    + varied(numpy_ops.argsort, (3, 4), "axis", 0, 1, draw=nonzero, descending=True),
    "top_k": varied(numpy_ops.top_k, (2, 3, 4), "axis", 0, 1, -1, draw=nonzero, k=2)
    + varied(numpy_ops.top_k, (4,), "k", 1, 4, draw=nonzero)
    + [case(transposed(nonzero, 3, 4), expect=numpy_ops.top_k, k=2)]
    + [case(np.array([1, 3, 0, 3]), expect=numpy_ops.top_k, k=2)]
    + [case(normal(), expect=lambda x, k: (x, np.zeros((), int)), k=1)],
    "one_hot": [
        case(integers(4, *shape), expect=numpy_ops.one_hot, num_classes=4)
        for shape in ((5,), (2, 3), (), (0,))
    ]
    + [case(integers(3, 5), expect=numpy_ops.one_hot, num_classes=3, dtype="float64")]
    + [case(integers(3, 2, 4), expect=numpy_ops.one_hot, num_classes=3, axis=i) for i in (0, 1)]
    + [case(mask(4), expect=numpy_ops.one_hot, num_classes=2)],
    # ---- linear ----
    "matmul": matmul_cases(),
    "linear": linear_cases(),
    "linear_relu": linear_relu_cases(),
    "einsum": [einsum_case(*e) for e in EINSUMS],
    "dot": [
        case(normal(*a), normal(*b), expect=np.dot)
        for a, b in [((3,), (3,)), ((2, 3), (3, 2)), ((), (2, 3))]
    ]
    + [case(normal(2, 3), 2.5, expect=np.dot)],
    "outer": [
        case(normal(*a), normal(*b), expect=np.outer)
        for a, b in [((3,), (4,)), ((2, 2), (3,)), ((0,), (3,))]
    ],
    # ---- convolution ----
    "im2col": im2col_cases(),
    "col2im": col2im_cases(),
    "conv2d_input_grad": conv2d_input_grad_cases(),
    "conv2d_kernel_grad": conv2d_kernel_grad_cases(),
    "conv2d": conv2d_cases(),
    "conv2d_transpose": [t.case() for t in TRANSPOSES],
    "resize": [
        case(normal(2, 5, 4, 2), expect=numpy_ops.resize, size=(3, 7), **settings)
        for settings in (
            {},
            {"interpolation": "nearest"},
            {"interpolation": "bicubic"},
            {"antialias": True},
            {"interpolation": "bicubic", "antialias": True},
        )
    ]
    + [case(transposed(normal, 2, 3, 4, 2), expect=numpy_ops.resize, size=2)]
    + [case(normal(0, 3, 3, 2), expect=numpy_ops.resize, size=4)],
    "warp_affine": [
        case(normal(2, 4, 3, 2), expect=numpy_ops.warp_affine, maps=MAPS, fill_mode=m, **settings)
        for m in ("constant", "nearest", "reflect", "wrap")
        for settings in ({"fill_value": 1.5}, {"interpolation": "nearest"})
    ]
    + [case(transposed(normal, 2, 3, 4, 2), expect=numpy_ops.warp_affine, maps=MAPS)]
    + [case(normal(0, 3, 3, 2), expect=numpy_ops.warp_affine, maps=np.zeros((0, 2, 3)))],
    # ---- resampling and modulation ----
    "upfirdn2d": [
        case(normal(2, 3, 4, 2), expect=numpy_ops.upfirdn2d, filter=(1.0, -0.5, 2.0), **settings)
        for settings in RESAMPLING
    ]
    + [case(transposed(normal, 2, 5, 4, 2), expect=numpy_ops.upfirdn2d, filter=[1, 3, 3, 1])]
    + [case(normal(0, 3, 3, 2), expect=numpy_ops.upfirdn2d, filter=[2], up=2)],
    **{
        name: [case(normal(2, 4, 6, 2), expect=op)]
        + [case(normal(1, 6, 3, 1), expect=op, filter=(1, 2, 1), factor=3)]
        for name, op in (
            ("upsample2d", numpy_ops.upsample2d),
            ("downsample2d", numpy_ops.downsample2d),
        )
    },
    "modulated_conv2d": [
        case(
            normal(2, 4, 3, 3),
            normal(*size, 3, 2),
            positive(2, 3),
            expect=numpy_ops.modulated_conv2d,
            **settings,
        )
        for size, settings in (
            ((3, 3), {}),
            ((1, 1), {"demodulate": False}),
            ((3, 3), {"up": 2}),
            ((1, 1), {"up": 2}),
            ((3, 3), {"up": 3, "filter": (1, 2, 3, 2, 1), "demodulate": False}),
        )
    ],
    # ---- recurrent ----
    **{name: recurrent_cases(name) for name in GATES},
    # ---- reductions ----
    "sum": axes(np.sum, nonzero, *EMPTY) + edge_axes(np.sum, nonzero),
    "mean": axes(np.mean, nonzero, (0, 3), ()) + edge_axes(np.mean, nonzero),
    "prod": axes(np.prod, nonzero, *EMPTY) + edge_axes(np.prod) + prods_of_zeros(),
    "max": axes(np.max, nonzero, (0, 3), ()) + edge_axes(np.max, nonzero),
    "min": axes(np.min, nonzero, (0, 3), ()) + edge_axes(np.min, nonzero),
    "any": axes(np.any, mask, *EMPTY) + edge_axes(np.any, mask),
    "all": axes(np.all, mask, *EMPTY) + edge_axes(np.all, mask),
    "var": axes(np.var, nonzero, (0, 3), ()) + [case(normal(4, 3), expect=np.var, axis=0, ddof=1)],
    "std": axes(np.std, nonzero, (0, 3)) + [case(normal(4, 3), expect=np.std, axis=0, ddof=1)],
    "cumsum": varied(np.cumsum, (2, 3, 4), "axis", None, 0, 1, -1)
    + [
        case(x, expect=np.cumsum)
        for x in (normal(0, 3), transposed(normal, 2, 3), strided(normal, 2, 3))
    ]
    + edges_along(np.cumsum),
    **{
        name: varied(getattr(np, name), (3, 4), "axis", None, 0, -1, draw=nonzero)
        + varied(getattr(np, name), (3, 4), "axis", None, 1, draw=nonzero, keepdims=True)
        + [case(transposed(nonzero, 3, 4), expect=getattr(np, name), axis=1)]
        for name in ("argmax", "argmin")
    },
    # ---- softmax ----
    "logsumexp": axes(numpy_ops.logsumexp, nonzero, (0, 3), ()) + edge_axes(numpy_ops.logsumexp),
    **{
        name: along(op)
        + edges_along(op)
        + varied(op, (2, 3, 2), "axis", None, (0, 2), [1, 0], draw=nonzero)
        + [case(normal(*shape), expect=op) for shape in ((30,), (2, 3, 30), (2, 70))]
        for name, op in (("softmax", numpy_ops.softmax), ("log_softmax", numpy_ops.log_softmax))
    },
    # ---- normalization and losses ----
    "layer_norm": layer_norm_cases(),
    "batch_norm": batch_norm_cases(),
    "group_norm": group_norm_cases(),
    "local_response_norm": response_norm_cases(),
    "scale_shift": scale_shift_cases(),
    "sum_over_processes": unary(lambda x: x),
    "rms_norm": [
        case(normal(*s), positive(4), expect=numpy_ops.rms_norm, epsilon=1e-3)
        for s in [(3, 4), (2, 3, 4), (0, 4)]
    ]
    + [
        case(
            transposed(normal, 3, 4), strided(positive, 4), expect=numpy_ops.rms_norm, epsilon=1e-3
        )
    ],
    # ---- attention ----
    "scaled_dot_product_attention": attention_cases(),
    "masked_softmax": masked_softmax_cases(),
    "rotary": rotary_cases(),
    "max_pool": pool_cases(np.max),
    "average_pool": pool_cases(np.mean),
    "max_pool_grad": argmax_cases("max_pool_grad"),
    "gather_at_argmax": argmax_cases("gather_at_argmax"),
    "avg_pool_grad": avg_pool_grad_cases(),
    "sparse_cross_entropy": label_cases(),
    "cross_entropy": loss_cases(numpy_ops.cross_entropy),
    "binary_cross_entropy": loss_cases(numpy_ops.bce),
    "mean_squared_error": loss_cases(numpy_ops.mse),
    # ---- what else NumPy has ----
    **ARRAY_OPS,
    **SHRINKAGE,
    **KERAS_OPS,
}

RECURRENT_STEPS = {f"{name}_step": step_cases(name) for name in GATES}


def all_cases() -> list[tuple[str, int]]:
    """(name, number) of every case of every op that exists."""
    return [(name, i) for name in ops.__all__ for i in range(len(OPS.get(name, ())))]
