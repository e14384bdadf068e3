"""KERAS_OPS: the cases of ops that scripts of Keras use beside the everyday ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from .array_ops import joined, made
from .base import (
    Array,
    Case,
    case,
    cases,
    integers,
    mask,
    nonzero,
    normal,
    positive,
    start_drawing,
    strided,
    transposed,
    unit,
)
from .families import varied
from .numpy_ops import conv2d, conv2d_transpose, normalized

start_drawing(29)


def few(expect: Any, draw: Any = nonzero, **settings: Any) -> list[Case]:
    """One number and one view, for ops that are made of others."""
    return [case(x, expect=expect, **settings) for x in (strided(draw, 2, 2), draw())]


def pairs(expect: Any, left: Any = nonzero, right: Any = nonzero) -> list[Case]:
    """Two arrays that broadcast, a number on either side and views."""
    inputs = [
        (transposed(left, 2, 1), strided(right, 3)),
        (left(), right(2)),
        (left(3), 1.7),
        (1.7, right(3)),
    ]
    return cases(expect, inputs)


def reduced(expect: Any, draw: Any = nonzero) -> list[Case]:
    return [
        case(transposed(draw, 2, 2), expect=expect),
        case(draw(2, 1, 2), expect=expect, axis=(0, -1), keepdims=True),
    ]


# ---- elementwise and reductions ------------------------------------------------------------------


def around_zero(*shape: int) -> Array:
    """Numbers on both sides of 0, that is among them."""
    return np.asarray(np.resize([0.0, 0.7, -0.4, 0.004], shape))


def divide_no_nan(a: Any, b: Any) -> Any:
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b))


WITH_NAN = np.array([[1.5, np.nan, -0.5], [0.8, 2.5, np.nan]])
ON_BOTH_SIDES = np.array([[-1.0], [1.0]]), np.array([-0.5, 0.3, 2.0])
PARTLY_NAN = np.array([1.5, np.nan, -2.0, np.nan]), np.array([np.nan, 0.3, 1.0, -1.0])


def known(name: str) -> list[Case]:
    """A reduction of some numbers and NaN."""
    expect = getattr(np, name)
    return [case(WITH_NAN, expect=expect), case(WITH_NAN, expect=expect, axis=1, keepdims=True)]


def trapezoid(y: Array, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    return np.trapezoid(y, x, dx, axis)


def percentile(x: Array, q: Any, **settings: Any) -> Any:
    return np.percentile(x, q, **settings)


def moments(x: Array, axes: Any, keepdims: bool = False) -> tuple[Any, Any]:
    return x.mean(axes, keepdims=keepdims), x.var(axes, keepdims=keepdims)


def normalize(x: Array, axis: Any = -1, order: Any = 2, epsilon: float = 1e-7) -> Array:
    lengths = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.maximum(lengths, epsilon)


# ---- arranging -----------------------------------------------------------------------------------


def cutting(name: str, *shapes: tuple[int, ...]) -> list[Case]:
    def expect(x: Array, indices_or_sections: Any) -> Any:
        return getattr(np, name)(x, indices_or_sections)

    found = [case(normal(*s), expect=expect, indices_or_sections=2) for s in shapes]
    return found + [case(normal(*shapes[0]), expect=expect, indices_or_sections=[1])]


def array_split(x: Array, indices_or_sections: Any, axis: int = 0) -> Any:
    return np.array_split(x, indices_or_sections, axis)


def unstack(x: Array, num: Any = None, axis: int = 0) -> list[Array]:
    return list(np.moveaxis(x, axis, 0))


def regular(n: int, *leading: int) -> Array:
    """Matrices n x n that are far from singular."""
    return np.asarray(normal(*leading, n, n) / 4 + np.eye(n))


# ---- places --------------------------------------------------------------------------------------


def block(x: Array, starts: Any, lengths: Any) -> Array:
    return x[tuple(slice(i, i + n) for i, n in zip(starts, lengths))]


def with_block(x: Array, starts: Any, updates: Array) -> Array:
    y = x.copy()
    block(y, starts, updates.shape)[...] = updates
    return y


def scatter(indices: Array, values: Array, shape: tuple) -> Array:
    y = np.zeros(shape)
    np.add.at(y, tuple(np.moveaxis(indices, -1, 0)), values)
    return y


def scatter_update(x: Array, indices: Array, updates: Array, reduction: Any = None) -> Array:
    y = x.copy()
    for i in np.ndindex(indices.shape[:-1]):
        place = tuple(indices[i])
        y[place] = updates[i] + (y[place] if reduction else 0)
    return y


def of_segments(reduce: Any) -> list[Case]:
    def expect(data: Array, ids: Array, num_segments: int = 2) -> Array:
        return np.array([reduce(data[ids == k], 0) for k in range(num_segments)])

    ids = np.array([1, 0, 1, 0])
    return [
        case(nonzero(4), ids, expect=expect),
        case(transposed(nonzero, 4, 2), ids, expect=expect, num_segments=2),
    ]


def in_top_k(targets: Array, predictions: Array, k: int) -> Array:
    return np.array([(p > p[i]).sum() < k for i, p in zip(targets, predictions)])


def multi_hot(labels: Array, num_classes: int, axis: int = -1) -> Array:
    return np.moveaxis(np.eye(num_classes)[labels].max(-2), -1, axis)


def select_case(count: int, default: Any) -> Case:
    def call(op: Any, *xs: Any) -> Any:
        return op(list(xs[:count]), list(xs[count:]), default=default)

    def expect(*xs: Any) -> Any:
        return np.select(list(xs[:count]), list(xs[count:]), default)

    inputs = [mask(4) for _ in range(count)] + [normal(4) for _ in range(count)]
    return case(*inputs, expect=expect, call=call)


def histogram(x: Array, bins: Any = 10, range: Any = None) -> Any:
    return np.histogram(x, bins, range)


# ---- networks ------------------------------------------------------------------------------------


def along_rows(expect: Any) -> Any:
    """A reference for images, of sequences as images of one row."""

    def call(x: Array, kernel: Array, **settings: Any) -> Array:
        if x.ndim == 4:
            return expect(x, kernel, **settings)
        wide = {key: (1, v) if isinstance(v, int) else v for key, v in settings.items()}
        return expect(x[:, None], kernel[None], **wide)[:, 0]

    return call


def conv(x: Array, kernel: Array, dilation_rate: Any = 1, **settings: Any) -> Array:
    groups = x.shape[-1] // kernel.shape[-2]
    return conv2d(x, kernel, dilation=dilation_rate, groups=groups, **settings)


def conv_transpose(x: Array, kernel: Array, strides: Any = 1, padding: str = "valid") -> Array:
    n = [(k - s) if padding == "valid" else 0 for k, s in zip(kernel.shape, np.resize(strides, 2))]
    size = [x.shape[1 + i] * np.resize(strides, 2)[i] + max(n[i], 0) for i in (0, 1)]
    zeros = np.zeros(kernel.shape[2])
    return conv2d_transpose(x, kernel, zeros, strides=strides, padding=padding, size=tuple(size))


def depthwise(x: Array, kernel: Array, **settings: Any) -> Array:
    return conv(x, kernel.reshape(*kernel.shape[:-2], 1, -1), **settings)


def separable(x: Array, kernel: Array, mixing: Array, **settings: Any) -> Array:
    mixed = along_rows(depthwise)(x, kernel, **settings)
    return mixed @ mixing.reshape(mixing.shape[-2:])


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(
    q: Array,
    k: Array,
    v: Array,
    bias: Any = None,
    mask: Any = None,
    scale: Any = None,
    is_causal: bool = False,
) -> Array:
    k, v = (np.repeat(a, q.shape[2] // a.shape[2], 2) for a in (k, v))
    scores = np.einsum("nqhd,nkhd->nhqk", q, k) * (scale or q.shape[-1] ** -0.5)
    if bias is not None:
        scores = scores + bias
    if is_causal:
        scores = np.where(np.tri(*scores.shape[-2:]), scores, -1e30)
    if mask is not None:
        scores = np.where(mask, scores, -1e30)
    return np.einsum("nhqk,nkhd->nqhd", softmax(scores), v)


def on_axes(p: Array, x: Array, axis: Any) -> Array:
    axes = [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    return p.reshape([n if i in axes else 1 for i, n in enumerate(x.shape)])


def layer_normalization(
    x: Array, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float = 1e-7
) -> Array:
    y = normalized(x, axis, epsilon)
    y = y if gamma is None else y * on_axes(gamma, x, axis)
    return y if beta is None else y + on_axes(beta, x, axis)


def rms_normalization(x: Array, scale: Any = None, axis: Any = -1, epsilon: float = 1e-7) -> Array:
    y = x / np.sqrt((x**2).mean(axis, keepdims=True) + epsilon)
    return y if scale is None else y * on_axes(scale, x, axis)


def batch_normalization(
    x: Array,
    mean: Array,
    variance: Array,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Array:
    mean, variance = on_axes(mean, x, axis), on_axes(variance, x, axis)
    y = (x - mean) / np.sqrt(variance + epsilon)
    y = y if scale is None else y * on_axes(scale, x, axis)
    return y if offset is None else y + on_axes(offset, x, axis)


def shares(*shape: int) -> Array:
    """Probabilities between 0.1 and 0.9."""
    return np.asarray(unit(*shape) / 2 + 0.5)


def binary(target: Array, output: Array, from_logits: bool = False) -> Array:
    p = scipy.special.expit(output) if from_logits else output
    return -target * np.log(p) - (1 - target) * np.log(1 - p)


def log_shares(output: Array, from_logits: bool, axis: int) -> Array:
    if from_logits:
        return scipy.special.log_softmax(output, axis)
    return np.log(output / output.sum(axis, keepdims=True))


def categorical(target: Array, output: Array, from_logits: bool = False, axis: int = -1) -> Array:
    return -(target * log_shares(output, from_logits, axis)).sum(axis)


def sparse(target: Array, output: Array, from_logits: bool = False, axis: int = -1) -> Array:
    log_p = np.moveaxis(log_shares(output, from_logits, axis), axis, -1)
    return -np.take_along_axis(log_p, target.reshape(*log_p.shape[:-1], 1), -1)[..., 0]


QUERIES, KEYS = (1, 2, 2, 2), (1, 3, 2, 2)


KERAS_OPS: dict[str, list[Case]] = {
    # ---- elementwise ----
    "cbrt": few(np.cbrt),
    "fabs": few(np.fabs),
    "logaddexp2": pairs(np.logaddexp2),
    "erfc": few(scipy.special.erfc),
    "sinc": few(np.sinc, around_zero),
    "deg2rad": few(np.deg2rad),
    "rad2deg": few(np.rad2deg),
    "signbit": few(np.signbit) + [case(np.array([-0.0, 0.0]), expect=np.signbit)],
    "heaviside": pairs(np.heaviside)
    + [case(np.array([[0, 2, 0], [-1, 0, 0]]), nonzero(3), expect=np.heaviside)],
    "fmax": pairs(np.fmax, nonzero, normal)
    + [case(*x, expect=np.fmax) for x in (PARTLY_NAN, ON_BOTH_SIDES)],
    "fmin": pairs(np.fmin, nonzero, normal)
    + [case(*x, expect=np.fmin) for x in (PARTLY_NAN, ON_BOTH_SIDES)],
    "true_divide": pairs(np.true_divide),
    "divide_no_nan": pairs(divide_no_nan)
    + [case(nonzero(3), np.array([2, 0, -3]), expect=divide_no_nan)],
    # ---- reductions ----
    "amax": reduced(np.amax),
    "amin": reduced(np.amin),
    "ptp": reduced(np.ptp),
    "nansum": known("nansum") + [case(integers(9, 4), expect=np.nansum)],
    "nanprod": known("nanprod"),
    "nanmax": known("nanmax"),
    "nanmin": known("nanmin"),
    "nanmean": known("nanmean"),
    "nanvar": known("nanvar"),
    "nanstd": known("nanstd"),
    "trapezoid": [
        case(normal(2, 3), positive(3).cumsum(), expect=trapezoid),
        case(normal(3, 2), positive(3, 2).cumsum(0), expect=trapezoid, axis=0),
        case(transposed(normal, 3, 2), expect=trapezoid, dx=0.5, axis=0),
    ],
    "percentile": varied(percentile, (5,), "q", 30, [10.0, 75], draw=nonzero)
    + [case(nonzero(2, 3), expect=percentile, q=60, axis=1, method="lower", keepdims=True)],
    "moments": [
        case(normal(2, 3), expect=moments, axes=0),
        case(normal(2, 3, 2), expect=moments, axes=(0, 2), keepdims=True),
    ],
    "normalize": [
        case(nonzero(2, 2), expect=normalize),
        case(nonzero(2, 1), expect=normalize, axis=0, order=1),
        case(transposed(nonzero, 2, 3), expect=normalize, order=3, epsilon=2.0),
    ],
    # ---- arranging ----
    "ravel": few(np.ravel),
    "append": [
        case(normal(2, 3), normal(2), expect=np.append),
        case(normal(2, 3), transposed(normal, 2, 2), expect=np.append, axis=1),
    ],
    "dstack": joined("dstack", "2 2", "2x3x1 2x3x2", "() ()"),
    "array_split": varied(array_split, (5, 2), "indices_or_sections", 3, 7, [1, 4])
    + [case(normal(2, 5), expect=array_split, indices_or_sections=2, axis=1)],
    "hsplit": cutting("hsplit", (2, 4), (4,)),
    "vsplit": cutting("vsplit", (4, 2)),
    "dsplit": cutting("dsplit", (1, 2, 2)),
    "unstack": [case(normal(2, 3), expect=unstack, axis=1), case(normal(2), expect=unstack, num=2)],
    "fliplr": [case(normal(2, 3), expect=np.fliplr)],
    "flipud": [case(normal(2, 3), expect=np.flipud)],
    "rot90": varied(np.rot90, (2, 3), "k", -1, 0, 1, 2, 3)
    + [case(normal(2, 3, 2), expect=np.rot90, axes=(2, 0))],
    "diag": varied(np.diag, (2,), "k", 0, 1, -1) + varied(np.diag, (2, 3), "k", 0, 1),
    "diagflat": [case(transposed(normal, 2, 2), expect=np.diagflat, k=k) for k in (0, -1)],
    # ---- products ----
    "vdot": [case(normal(3), normal(3), expect=np.vdot)]
    + [case(normal(2, 2), transposed(normal, 2, 2), expect=np.vdot)],
    "kron": [case(normal(2, 2), normal(1, 3), expect=np.kron)]
    + [case(normal(2), normal(2, 1), expect=np.kron), case(normal(2, 1), normal(), expect=np.kron)],
    "cross": [
        case(normal(3), normal(3, 1), expect=np.cross, axisb=0),
        case(normal(3, 1), normal(3, 1), expect=np.cross, axis=0),
    ],
    "inv": [case(regular(2), expect=np.linalg.inv), case(regular(3, 2), expect=np.linalg.inv)],
    "det": [case(regular(2), expect=np.linalg.det), case(regular(3, 2), expect=np.linalg.det)],
    "solve": [
        case(regular(2), normal(2, 3), expect=np.linalg.solve),
        case(regular(3), normal(3), expect=np.linalg.solve),
        case(regular(2, 2), normal(1, 2, 1), expect=np.linalg.solve),
        case(regular(2, 1), normal(2, 2, 1), expect=np.linalg.solve),
    ],
    # ---- places ----
    "slice": [
        case(normal(3, 4), (1, 1), (2, 2), expect=block),
        case(normal(3), (2,), (4,), expect=block),
    ],
    "slice_update": [
        case(normal(3, 4), (1, 2), normal(2, 2), expect=with_block),
        case(transposed(normal, 2, 2), (0, 1), normal(2, 1), expect=with_block),
    ],
    "scatter": [
        case(np.array([[0], [2], [2]]), normal(3), (4,), expect=scatter),
        case(np.array([[0, 1], [2, 2]]), normal(2), (3, 3), expect=scatter),
        case(np.array([[1], [0]]), normal(2, 2), (2, 2), expect=scatter),
    ],
    "scatter_update": [
        case(normal(4), np.array([[0], [-2], [0]]), normal(3), expect=scatter_update),
        case(normal(3, 2), np.array([[2], [0]]), normal(2, 2), expect=scatter_update),
        case(normal(2, 2), np.array([[0, 1]]), normal(1), expect=scatter_update, reduction="add"),
    ],
    "segment_max": of_segments(np.max),
    "segment_min": of_segments(np.min),
    "multi_hot": [
        case(np.array([[0, 1], [2, 2]]), expect=multi_hot, num_classes=4),
        case(np.array([[0, 1], [2, 2]]), expect=multi_hot, num_classes=3, axis=0),
        case(np.array([0, 2]), expect=multi_hot, num_classes=3),
    ],
    "searchsorted": [
        case(np.array([1.0, 2, 3]), np.array([0.0, 2, 5]), expect=np.searchsorted),
        case(np.array([1.0, 2, 3]), 2.0, expect=np.searchsorted, side="right"),
    ],
    "digitize": [case(np.array([0.0, 1, 2.5, 9]), np.array([1.0, 2, 3]), expect=np.digitize)],
    "isin": [
        case(np.array([1, 2, 3]), np.array([2, 5]), expect=np.isin),
        case(np.array([1, 2, 3]), np.array([2, 5]), expect=np.isin, invert=True),
    ],
    "histogram": [
        case(normal(9), expect=histogram, bins=4),
        case(normal(2, 3), expect=histogram, bins=3, range=(-2.0, 2.0)),
        case(integers(5, 6), expect=histogram, bins=[0.0, 2.0, 5.0], float32=False),
    ],
    "unravel_index": [case(np.array([0, 5, 3]), (2, 3), expect=np.unravel_index)],
    "in_top_k": [
        case(integers(3, 4), np.round(normal(4, 3), 1), k, expect=in_top_k) for k in (1, 2)
    ],
    "select": [select_case(2, 0), select_case(1, 1.5)],
    # ---- creation ----
    "zeros": [made("zeros", (2, 3), (2, 3)), made("zeros", (2,), 2)],
    "ones": [made("ones", (2, 3), [2, 3])],
    "empty": [
        case(
            normal(2, 3),
            expect=np.zeros_like,
            call=lambda op, x: made("zeros", (2, 3), (2, 3)).call(op, x),
        )
    ],
    "full": [made("full", (2,), (2,), 1.5)],
    "identity": [made("identity", (2, 2), 2)],
    "tri": [made("tri", (2, 3), 2, 3), made("tri", (2, 2), 2, k=-1)],
    "logspace": [made("logspace", (3,), 0, 2, 3), made("logspace", (2,), 1, 3, 2, base=2)],
    "empty_like": few(np.zeros_like, normal),
    "array": few(np.array, normal)
    + [case(integers(3, 2), expect=np.array, dtype="float64", float32=False)],
    # ---- networks ----
    "conv": [
        case(normal(1, 3, 2, 2), normal(2, 1, 1, 2), expect=conv, strides=2, padding="same"),
        case(normal(1, 3, 2), normal(2, 2, 1), expect=along_rows(conv), dilation_rate=2),
    ],
    "conv_transpose": [
        case(normal(1, 2, 1, 2), normal(3, 2, 1, 2), expect=conv_transpose, strides=2),
        case(normal(1, 2, 1), normal(3, 2, 1), expect=along_rows(conv_transpose), padding="same"),
    ],
    "depthwise_conv": [
        case(normal(1, 2, 2, 2), normal(2, 1, 2, 2), expect=depthwise, padding="same"),
        case(normal(1, 3, 2), normal(2, 2, 1), expect=along_rows(depthwise), strides=2),
    ],
    "separable_conv": [
        case(normal(1, 2, 2, 1), normal(1, 2, 1, 2), normal(1, 1, 2, 1), expect=separable)
    ],
    "dot_product_attention": [
        case(normal(*QUERIES), normal(*KEYS), normal(*KEYS), expect=attention, is_causal=True),
        case(
            normal(*QUERIES),
            normal(1, 3, 1, 2),
            normal(1, 3, 1, 1),
            normal(2, 2, 3),
            np.arange(3) != 2,
            expect=attention,
            scale=0.4,
        ),
    ],
    "layer_normalization": [
        case(normal(1, 3, 2), normal(3), normal(3), expect=layer_normalization, axis=1),
        case(normal(2, 2), positive(2, 2), expect=layer_normalization, axis=(0, 1), epsilon=0.1),
    ],
    "rms_normalization": [
        case(nonzero(2, 3), expect=rms_normalization),
        case(nonzero(2, 3), positive(2), expect=rms_normalization, axis=0, epsilon=0.1),
    ],
    "batch_normalization": [
        case(normal(1, 2), normal(2), positive(2), -1, expect=batch_normalization),
        case(
            normal(2, 2, 1),
            normal(2),
            positive(2),
            1,
            normal(2),
            normal(2),
            expect=batch_normalization,
            epsilon=0.1,
        ),
    ],
    "binary_crossentropy": [
        case(shares(2, 3), shares(2, 3), expect=binary),
        case(shares(3), normal(3), expect=binary, from_logits=True),
    ],
    "categorical_crossentropy": [
        case(shares(2, 3), shares(2, 3), expect=categorical),
        case(shares(2, 3), normal(2, 3), expect=categorical, from_logits=True, axis=0),
    ],
    "sparse_categorical_crossentropy": [
        case(integers(3, 2), shares(2, 3), expect=sparse),
        case(integers(2, 3, 1), normal(2, 3), expect=sparse, from_logits=True, axis=0),
    ],
    "psnr": [
        case(
            normal(2, 3),
            normal(2, 3),
            5.0,
            expect=lambda a, b, m: 10 * np.log10(m**2 / ((a - b) ** 2).mean()),
        )
    ],
}
