"""What NumPy says: each op by the most direct means there is, slow and plain."""

from __future__ import annotations

import math
from typing import Any, Callable

import numpy as np
import scipy.special


def sigmoid(x: np.ndarray) -> np.ndarray:
    return scipy.special.expit(x)


def split(x: np.ndarray, sections: Any, axis: int = 0) -> list[np.ndarray]:
    return np.split(x, sections, axis)


def astype(x: np.ndarray, dtype: str) -> np.ndarray:
    return x.astype(dtype)


def getitem(x: np.ndarray, index: Any) -> np.ndarray:
    return x[index]


def mse(p: np.ndarray, t: np.ndarray) -> Any:
    return ((p - t) ** 2).mean()


def log_softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return scipy.special.log_softmax(x, axis=axis)


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return scipy.special.softmax(x, axis=axis)


def logsumexp(x: np.ndarray, axis: Any = -1, keepdims: bool = False) -> Any:
    return scipy.special.logsumexp(x, axis=axis, keepdims=keepdims)


def clip(x: np.ndarray, min: Any = None, max: Any = None) -> np.ndarray:
    return np.clip(x, min, max)


def leaky_relu(x: np.ndarray, negative_slope: float = 0.2) -> np.ndarray:
    return np.where(x > 0, x, negative_slope * x)


def elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(x))


def gelu(x: np.ndarray, approximate: bool = False) -> np.ndarray:
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * scipy.special.ndtr(x)


def silu(x: np.ndarray) -> np.ndarray:
    return x * sigmoid(x)


def hard_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.clip(x / 6 + 0.5, 0, 1)


def hard_silu(x: np.ndarray) -> np.ndarray:
    return x * hard_sigmoid(x)


def sum_to(x: np.ndarray, shape: tuple) -> np.ndarray:
    """By broadcasting's own definition: each element of x is added where an array of `shape` would have been read for it."""
    y = np.zeros(math.prod(shape))
    np.add.at(y, np.broadcast_to(np.arange(y.size).reshape(shape), x.shape), x)
    return y.reshape(shape)


def step(name: str, a: np.ndarray, h: np.ndarray, *rest: Any) -> list[np.ndarray]:
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
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return [sigmoid(o) * np.tanh(c), c]
    inner = kept @ recurrent + (0 if bias is None else bias)
    z, r = np.split(sigmoid(a[:, : 2 * u] + inner[:, : 2 * u]), 2, -1)
    of_h = r * inner[:, 2 * u :] if name == "gru" else (r * kept) @ recurrent[:, 2 * u :]
    return [z * h + (1 - z) * np.tanh(a[:, 2 * u :] + of_h)]


def recurrent(
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
                states = step(
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


def pad(x: np.ndarray, width: Any, value: float = 0) -> np.ndarray:
    return np.pad(x, width, constant_values=value) if x.ndim else x


def crop(x: np.ndarray, width: tuple) -> np.ndarray:
    return x[tuple(slice(a, n - b) for n, (a, b) in zip(x.shape, width))]


def put(x: np.ndarray, index: Any, shape: tuple) -> np.ndarray:
    y = np.zeros(shape)
    np.add.at(y, index, x)
    return y


def take(x: np.ndarray, indices: np.ndarray, axis: int = 0) -> np.ndarray:
    return np.take(x, indices, axis)


def take_along(x: np.ndarray, indices: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.take_along_axis(x, indices, axis)


def argsort(x: np.ndarray, axis: int = -1, descending: bool = False) -> np.ndarray:
    return np.argsort(-x if descending else x, axis=axis)


def sort(x: np.ndarray, axis: int = -1, descending: bool = False) -> np.ndarray:
    return -np.sort(-x, axis=axis) if descending else np.sort(x, axis=axis)


def top_k(x: np.ndarray, k: int, axis: int = -1) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(-x, axis=axis).take(np.arange(k), axis)
    return np.take_along_axis(x, order, axis), order


def one_hot(labels: np.ndarray, classes: int, dtype: str = "float32") -> np.ndarray:
    return np.eye(classes, dtype=dtype)[labels]


def layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float) -> np.ndarray:
    over = tuple(range(-gamma.ndim, 0))
    return (x - x.mean(over, keepdims=True)) / np.sqrt(
        x.var(over, keepdims=True) + epsilon
    ) * gamma + beta


def batch_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float) -> np.ndarray:
    over = tuple(range(x.ndim - 1))
    return (x - x.mean(over)) / np.sqrt(x.var(over) + epsilon) * gamma + beta


def group_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, groups: int, epsilon: float
) -> np.ndarray:
    y = np.empty(x.shape)
    for sample in range(len(x)):
        for channels in np.split(np.arange(x.shape[-1]), groups):
            part = x[sample][..., channels]
            y[sample][..., channels] = (part - part.mean()) / np.sqrt(part.var() + epsilon)
    return y * gamma + beta


def response_norm(
    x: np.ndarray, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> np.ndarray:
    """By the sum as the paper writes it."""
    y, last = np.empty(x.shape), x.shape[-1] - 1
    for i in range(x.shape[-1]):
        near = x[..., max(0, i - n // 2) : min(last, i + n // 2) + 1]
        y[..., i] = x[..., i] / (k + alpha * (near**2).sum(-1)) ** beta
    return y


def pool(
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


def pixels_of_windows(rows: tuple, columns: tuple) -> np.ndarray:
    """[k, 0, i, j, 0]: which pixel, counted row by row, lies at place k of window (i, j); -1 where none does."""
    pixels = np.full((rows[1] * columns[1], 1, rows[4], columns[4], 1), -1)
    for a, b, i, j in np.ndindex(rows[1], columns[1], rows[4], columns[4]):
        y, x = i * rows[2] + a - rows[3], j * columns[2] + b - columns[3]
        if 0 <= y < rows[0] and 0 <= x < columns[0]:
            pixels[a * columns[1] + b, 0, i, j, 0] = y * columns[0] + x
    return pixels


def pixels(x: np.ndarray, top: np.ndarray, rows: tuple, columns: tuple) -> tuple:
    """The index, into (N, H * W, C), of the pixel in each window that equals the window's `top`."""
    n, _, _, c = x.shape
    sample, channel = np.arange(n)[:, None, None, None], np.arange(c)
    taps = np.stack([np.broadcast_to(tap, top.shape) for tap in pixels_of_windows(rows, columns)])
    hits = (x.reshape(n, rows[0] * columns[0], c)[sample, taps, channel] == top) & (taps >= 0)
    assert (hits.sum(0) == 1).all()
    return sample, np.take_along_axis(taps, hits.argmax(0)[None], 0)[0], channel


def pool_at(
    v: np.ndarray, x: np.ndarray, top: np.ndarray, rows: tuple, columns: tuple
) -> np.ndarray:
    return v.reshape(len(v), rows[0] * columns[0], v.shape[3])[pixels(x, top, rows, columns)]


def unpool(
    g: np.ndarray, x: np.ndarray, top: np.ndarray, rows: tuple, columns: tuple
) -> np.ndarray:
    v = np.zeros((len(x), rows[0] * columns[0], x.shape[3]))
    np.add.at(v, pixels(x, top, rows, columns), g)
    return v.reshape(x.shape)


def places(
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


def im2col(
    x: np.ndarray,
    kernel: tuple,
    strides: tuple = (1, 1),
    dilation: tuple = (1, 1),
    pads: tuple = ((0, 0), (0, 0)),
) -> np.ndarray:
    """Patch by patch, sliced from the padded images."""
    x = np.pad(x, ((0, 0), *pads, (0, 0)))
    (oh, ow), reach = (
        places(x.shape[1:3], kernel, strides, dilation),
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


def col2im(patches: np.ndarray, size: tuple, **moves: Any) -> np.ndarray:
    """By the definition of an adjoint: each pixel has the product of the patches with those that it makes alone."""
    n, *_, kh, kw, c = patches.shape
    pixels = np.eye(math.prod(size)).reshape(-1, *size, 1)
    made = im2col(pixels, (kh, kw), **moves)[..., 0]
    return np.einsum("pabij,nabijc->npc", made, patches).reshape(n, *size, c)


def convolve(x: np.ndarray, w: np.ndarray, b: Any = 0, groups: int = 1, **moves: Any) -> np.ndarray:
    """Group by group: the patches times the kernel."""
    patches = np.split(im2col(x, w.shape[:2], **moves), groups, -1)
    return (
        np.concatenate(
            [np.tensordot(p, k, 3) for p, k in zip(patches, np.split(w, groups, -1))], -1
        )
        + b
    )


def spread(
    values: np.ndarray, w: np.ndarray, size: tuple, groups: int = 1, **moves: Any
) -> np.ndarray:
    """Group by group: the patches that the values times the kernel make, added up."""
    parts = [
        np.tensordot(v, k, (3, 3))
        for v, k in zip(np.split(values, groups, -1), np.split(w, groups, -1))
    ]
    return np.concatenate([col2im(p, size, **moves) for p in parts], -1)


def correlate(
    x: np.ndarray, values: np.ndarray, kernel: tuple, groups: int = 1, **moves: Any
) -> np.ndarray:
    patches = np.split(im2col(x, kernel, **moves), groups, -1)
    return np.concatenate(
        [
            np.tensordot(p, v, ((0, 1, 2),) * 2)
            for p, v in zip(patches, np.split(values, groups, -1))
        ],
        -1,
    )


def paired_settings(
    padding: Any, size: tuple, kernel: tuple, strides: Any = 1, dilation: Any = 1
) -> dict:
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


def conv2d(
    x: np.ndarray, w: np.ndarray, b: Any = 0, padding: Any = "valid", groups: int = 1, **moves: Any
) -> np.ndarray:
    return convolve(x, w, b, groups, **paired_settings(padding, x.shape[1:3], w.shape[:2], **moves))


def conv2d_transpose(
    x: np.ndarray, w: np.ndarray, b: Any = 0, padding: Any = "valid", size: tuple = (), **moves: Any
) -> np.ndarray:
    return spread(x, w, size, **paired_settings(padding, size, w.shape[:2], **moves)) + b


def masked_softmax(scores: np.ndarray, mask: Any = None, causal: bool = False) -> np.ndarray:
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


def attention(
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
    p = masked_softmax(
        np.broadcast_to(
            scores, (*np.broadcast_shapes(scores.shape[:-2], v.shape[:-2]), *scores.shape[-2:])
        ),
        mask,
        causal,
    )
    return (p if keep is None else p * keep / (1 - rate)) @ v


def rotary(
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


def rms_norm(x: np.ndarray, gamma: np.ndarray, epsilon: float) -> np.ndarray:
    return x * gamma / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon)


def cross_entropy(x: np.ndarray, t: np.ndarray) -> Any:
    return -(t * log_softmax(x, -1)).sum(-1).mean()


def bce(x: np.ndarray, t: np.ndarray) -> Any:
    return (np.logaddexp(0, x) - t * x).mean()
