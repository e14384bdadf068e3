"""Each op in NumPy and SciPy, by the most direct means there is: slow and plain."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, Callable

import numpy as np
import scipy.special

from .base import Array


def sigmoid(x: Array) -> Array:
    return scipy.special.expit(x)


def split(x: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    return np.split(x, indices_or_sections, axis)


def astype(x: Array, dtype: str) -> Array:
    return x.astype(dtype)


def getitem(x: Array, index: Any) -> Array:
    return x[index]


def mse(p: Array, t: Array) -> Any:
    return ((p - t) ** 2).mean()


def log_softmax(x: Array, axis: Any = -1) -> Array:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return scipy.special.log_softmax(x, axis=axis) if x.size else x


def softmax(x: Array, axis: Any = -1) -> Array:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return scipy.special.softmax(x, axis=axis) if x.size else x


def logsumexp(x: Array, axis: Any = None, keepdims: bool = False) -> Any:
    return np.log(np.exp(x).sum(axis, keepdims=keepdims))


def clip(x: Array, min: Any = None, max: Any = None) -> Array:
    return np.clip(x, min, max)


def dropout(x: Array, kept: Array, rate: float) -> Array:
    return np.where(kept, x / (1 - rate), 0)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    return np.where(x > 0, x, negative_slope * x)


def elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(x))


def gelu(x: Array, approximate: bool = False) -> Array:
    if approximate:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        return 0.5 * x * (1 + np.tanh(inner))
    return x * scipy.special.ndtr(x)


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def hard_sigmoid(x: Array) -> Array:
    return np.clip(x / 6 + 0.5, 0, 1)


def hard_silu(x: Array) -> Array:
    return x * hard_sigmoid(x)


def sum_to(x: Array, shape: tuple) -> Array:
    """Each element of x is added where broadcasting would have read an array of `shape` for it."""
    y = np.zeros(math.prod(shape))
    positions = np.arange(y.size).reshape(shape)
    np.add.at(y, np.broadcast_to(positions, x.shape), x)
    return y.reshape(shape)


# ---- recurrent -----------------------------------------------------------------------------------


def simple_rnn_step(a: Array, h: Array, recurrent: Array, drop: Any) -> list:
    """[h] after one step, from a = x @ kernel + bias; `drop` multiplies h in the product."""
    dropped = h if drop is None else h * drop
    return [np.tanh(a + dropped @ recurrent)]


def lstm_step(a: Array, h: Array, c: Array, recurrent: Array, drop: Any) -> list:
    """[h, c] after one step."""
    dropped = h if drop is None else h * drop
    i, f, g, o = np.split(a + dropped @ recurrent, 4, -1)
    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c_new), c_new]


def gru_step(a: Array, h: Array, recurrent: Array, bias: Any, drop: Any) -> list:
    """[h] after one step, with the reset gate after the product."""
    dropped = h if drop is None else h * drop
    inner = dropped @ recurrent
    if bias is not None:
        inner += bias
    a_z, a_r, a_n = np.split(a, 3, -1)
    inner_z, inner_r, inner_n = np.split(inner, 3, -1)
    z, r = sigmoid(a_z + inner_z), sigmoid(a_r + inner_r)
    return [z * h + (1 - z) * np.tanh(a_n + r * inner_n)]


def gru_reset_before_step(a: Array, h: Array, recurrent: Array, drop: Any) -> list:
    """[h] after one step, with the reset gate before the product."""
    dropped = h if drop is None else h * drop
    a_z, a_r, a_n = np.split(a, 3, -1)
    kernel_z, kernel_r, kernel_n = np.split(recurrent, 3, -1)
    z = sigmoid(a_z + dropped @ kernel_z)
    r = sigmoid(a_r + dropped @ kernel_r)
    return [z * h + (1 - z) * np.tanh(a_n + (r * dropped) @ kernel_n)]


STEPS = {
    "simple_rnn": simple_rnn_step,
    "lstm": lstm_step,
    "gru": gru_step,
    "gru_reset_before": gru_reset_before_step,
}


def step(name: str, a: Array, *rest: Any) -> list[Array]:
    """The states after one step, from a = x @ kernel + bias."""
    return STEPS[name](a, *rest)


def recurrent(
    name: str,
    x: Array,
    kernel: Array,
    recurrent: Array,
    bias: Any,
    *rest: Any,
    return_mode: str = "sequence",
) -> Array:
    """Sample by sample, only the steps that its mask has. `rest`: initial states, mask, dropout."""
    count = 1 + (name == "lstm")
    *initial, mask, drop = rest + (None,) * (count + 2 - len(rest))
    units = len(recurrent)
    input_bias, state_bias = bias, []
    if name == "gru":
        input_bias, state_bias = (None, [None]) if bias is None else (bias[0], [bias[1]])
    projected = x @ kernel if input_bias is None else x @ kernel + input_bias
    outputs = np.zeros((len(x), x.shape[1] + (return_mode == "all"), units))
    last = np.zeros((len(x), units))
    for n in range(len(x)):
        states = [np.zeros((1, units)) if s is None else s[n : n + 1] for s in initial]
        dropped = None if drop is None else drop[n]
        for t in range(x.shape[1]):
            if mask is None or mask[n, t]:
                now = projected[n, t][None]
                states = step(name, now, *states, recurrent, *state_bias, dropped)
            outputs[n, t] = last[n] = states[0]
        if return_mode == "all":
            outputs[n, -1] = states[-1]
    return last if return_mode == "last" else outputs


# ---- shapes and indexing -------------------------------------------------------------------------


def pad(x: Array, pad_width: Any, mode: Any = "constant", constant_values: float = 0) -> Array:
    """np.pad, where a negative width removes elements."""
    if not x.ndim:
        return x
    if mode != "constant":
        return np.pad(x, pad_width, mode)
    pairs = np.broadcast_to(pad_width, (x.ndim, 2))
    kept = tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape, pairs))
    return np.pad(x[kept], np.maximum(pairs, 0), constant_values=constant_values)


def pad_grad(g: Array, pad_width: Any, mode: Any = "constant") -> Array:
    """Each element of the padded array added to the one that np.pad copied there."""
    pairs = np.broadcast_to(pad_width, (g.ndim, 2))
    shape = tuple(n - sum(pair) for n, pair in zip(g.shape, pairs))
    if mode == "constant":
        return crop(g, pairs)
    sources = np.pad(np.arange(math.prod(shape)).reshape(shape), pad_width, mode)
    return np.bincount(sources.ravel(), g.ravel(), math.prod(shape)).reshape(shape)


def crop(x: Array, width: tuple) -> Array:
    return x[tuple(slice(a, n - b) for n, (a, b) in zip(x.shape, width))]


def put(x: Array, index: Any, shape: tuple) -> Array:
    y = np.zeros(shape)
    np.add.at(y, index, x)
    return y


def take(x: Array, indices: Array, axis: int | None = None) -> Array:
    return np.take(x, indices, axis)


def take_along(x: Array, indices: Array, axis: int | None = None) -> Array:
    return np.take_along_axis(x, indices.ravel() if axis is None else indices, axis)


def argsort(x: Array, axis: int = -1, descending: bool = False) -> Array:
    return np.argsort(-x if descending else x, axis=axis, kind="stable")


def sort(x: Array, axis: int = -1, descending: bool = False) -> Array:
    return -np.sort(-x, axis=axis) if descending else np.sort(x, axis=axis)


def top_k(x: Array, k: int, axis: int = -1) -> tuple[Array, Array]:
    order = np.argsort(-x, axis=axis, kind="stable").take(np.arange(k), axis)
    return np.take_along_axis(x, order, axis), order


def tile(x: Array, repeats: Any) -> Array:
    return np.tile(x, repeats)


def repeat(x: Array, repeats: Any, axis: Any = None) -> Array:
    return np.repeat(x, repeats, axis)


def one_hot(labels: Array, num_classes: int, axis: int = -1, dtype: Any = None) -> Array:
    return np.moveaxis(np.eye(num_classes, dtype=dtype)[labels.astype(int)], -1, axis)


# ---- normalization -------------------------------------------------------------------------------


def normalized(x: Array, axes: tuple, epsilon: float) -> Array:
    """x with mean 0 and variance 1 over the axes."""
    deviation = np.sqrt(x.var(axes, keepdims=True) + epsilon)
    return (x - x.mean(axes, keepdims=True)) / deviation


def layer_norm(x: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    axes = tuple(range(-gamma.ndim, 0))
    return normalized(x, axes, epsilon) * gamma + beta


def batch_norm(x: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    axes = tuple(range(x.ndim - 1))
    return normalized(x, axes, epsilon) * gamma + beta


def group_norm(x: Array, gamma: Array, beta: Array, groups: int, epsilon: float) -> Array:
    y = np.empty(x.shape)
    for sample in range(len(x)):
        for channels in np.split(np.arange(x.shape[-1]), groups):
            group = x[sample][..., channels]
            y[sample][..., channels] = normalized(group, tuple(range(group.ndim)), epsilon)
    return y * gamma + beta


def response_norm(
    x: Array, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Array:
    """By the sum as the paper writes it."""
    y = np.empty(x.shape)
    for i in range(x.shape[-1]):
        near = x[..., max(0, i - n // 2) : i + n // 2 + 1]
        y[..., i] = x[..., i] / (k + alpha * (near**2).sum(-1)) ** beta
    return y


def rms_norm(x: Array, gamma: Array, epsilon: float) -> Array:
    return x * gamma / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon)


# ---- pooling -------------------------------------------------------------------------------------


def pool(
    reduce: Callable[..., Any],
    x: Array,
    pool_size: Any = 2,
    strides: Any = None,
    padding: Any = "valid",
) -> Array:
    """Window by window, pixel by pixel."""
    size = pair(pool_size)
    strides = size if strides is None else pair(strides)
    rows, columns = (
        window_slices(x.shape[axis + 1], size[axis], strides[axis], padding, axis)
        for axis in (0, 1)
    )
    pooled = [[reduce(x[:, row, column], (1, 2)) for column in columns] for row in rows]
    return np.array(pooled).transpose(2, 0, 1, 3)


def pair(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def window_slices(n: int, size: int, stride: int, padding: Any, axis: int) -> list[slice]:
    """The part of an axis of n pixels that each window covers."""
    if padding == "same":
        out = math.ceil(n / stride)
        total = max((out - 1) * stride + size - n, 0)
        before, after = total // 2, total - total // 2
    else:
        before, after = (0, 0) if padding == "valid" else pair(pair(padding)[axis])
    starts = range(-before, n + after - size + 1, stride)
    assert padding != "same" or len(starts) == out
    return [slice(max(i, 0), min(i + size, n)) for i in starts]


def pixels_of_windows(window: Any) -> Array:
    """[k, 0, i, j, 0]: the flat index of the pixel at offset k of window (i, j); -1 outside."""
    (height, width), (high, wide), strides = window.image_size, window.kernel, window.strides
    (row_pad, _), (column_pad, _) = window.pads
    out_rows, out_columns = window.output_shape
    indices = np.full((high * wide, 1, out_rows, out_columns, 1), -1)
    for a, b, i, j in np.ndindex(high, wide, out_rows, out_columns):
        y = i * strides[0] + a - row_pad
        x = j * strides[1] + b - column_pad
        if 0 <= y < height and 0 <= x < width:
            indices[a * wide + b, 0, i, j, 0] = y * width + x
    return indices


def flat_pixels(x: Array) -> Array:
    """Images as (N, height * width, channels)."""
    return x.reshape(len(x), x.shape[1] * x.shape[2], x.shape[3])


def argmax_pixels(x: Array, maxima: Array, window: Any) -> tuple:
    """The index, into flat_pixels, of the first pixel in each window that is its maximum."""
    sample = np.arange(len(x))[:, None, None, None]
    channel = np.arange(x.shape[3])
    offsets = pixels_of_windows(window)
    indices = np.stack([np.broadcast_to(offset, maxima.shape) for offset in offsets])
    values = flat_pixels(x)[sample, indices, channel]
    equal = (values == maxima) & (indices >= 0)
    assert (equal.sum(0) >= 1).all()
    first = equal.argmax(0)[None]
    return sample, np.take_along_axis(indices, first, 0)[0], channel


def gather_at_argmax(v: Array, x: Array, maxima: Array, window: Any) -> Array:
    return flat_pixels(v)[argmax_pixels(x, maxima, window)]


def max_pool_grad(grad_output: Array, x: Array, maxima: Array, window: Any) -> Array:
    y = np.zeros(flat_pixels(x).shape)
    np.add.at(y, argmax_pixels(x, maxima, window), grad_output)
    return y.reshape(x.shape)


def avg_pool_grad(grad_output: Array, window: Any) -> Array:
    """Every window's gradient in equal parts to its pixels, one after the other."""
    n, _, _, channels = grad_output.shape
    height, width = window.image_size
    y = np.zeros((n, height * width, channels))
    pixels = pixels_of_windows(window)[:, 0, :, :, 0]
    for i, j in np.ndindex(*window.output_shape):
        inside = pixels[:, i, j][pixels[:, i, j] >= 0]
        y[:, inside] += grad_output[:, i, j, None] / len(inside)
    return y.reshape(n, height, width, channels)


# ---- convolution ---------------------------------------------------------------------------------


def output_shape(
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


def im2col(x: Array, window: Any, fill: float = 0) -> Array:
    """Patch by patch, sliced from the padded images."""
    padded = np.pad(x, ((0, 0), *window.pads, (0, 0)), constant_values=fill)
    (sh, sw), (dh, dw) = window.strides, window.dilation
    rows, columns = output_shape(padded.shape[1:3], window.kernel, (sh, sw), (dh, dw))
    high, wide = (d * (k - 1) + 1 for k, d in zip(window.kernel, (dh, dw)))
    patches = []
    for i in range(rows):
        row = padded[:, i * sh : i * sh + high : dh]
        patches.append([row[:, :, j * sw : j * sw + wide : dw] for j in range(columns)])
    stacked = [np.stack(row, 1) for row in patches]
    return np.stack(stacked, 1)


def col2im(patches: Array, window: Any) -> Array:
    """By the definition of an adjoint: the products with the patches of every single pixel."""
    n, c = len(patches), patches.shape[5]
    h, w = window.image_size
    single_pixels = np.eye(h * w).reshape(-1, h, w, 1)
    theirs = im2col(single_pixels, window)[..., 0]
    return np.einsum("pabij,nabijc->npc", theirs, patches).reshape(n, h, w, c)


def conv2d_of_window(x: Array, w: Array, b: Any, window: Any, groups: int = 1) -> Array:
    """Group by group: the patches times the kernel."""
    patches = np.split(im2col(x, window), groups, -1)
    kernels = np.split(w, groups, -1)
    products = [np.tensordot(p, k, 3) for p, k in zip(patches, kernels)]
    return np.concatenate(products, -1) + b


def conv2d_input_grad(grad_output: Array, w: Array, window: Any, groups: int = 1) -> Array:
    """Group by group: the patches that the outputs times the kernel make, added up."""
    parts = zip(np.split(grad_output, groups, -1), np.split(w, groups, -1))
    patches = [np.tensordot(g, k, (3, 3)) for g, k in parts]
    return np.concatenate([col2im(p, window) for p in patches], -1)


def conv2d_kernel_grad(x: Array, grad_output: Array, window: Any, groups: int = 1) -> Array:
    """Group by group: the patches times the outputs, over images and positions."""
    patches = np.split(im2col(x, window), groups, -1)
    over = (0, 1, 2)
    parts = zip(patches, np.split(grad_output, groups, -1))
    products = [np.tensordot(p, g, (over, over)) for p, g in parts]
    return np.concatenate(products, -1)


def window_of(
    size: tuple, kernel: tuple, padding: Any, strides: Any = 1, dilation: Any = 1
) -> SimpleNamespace:
    """A window from the settings of conv2d; 'same' as TensorFlow's documentation states it."""
    strides, dilation = pair(strides), pair(dilation)
    pads: Any
    if padding == "same":
        pads = [same_padding(*axis) for axis in zip(size, kernel, strides, dilation)]
    elif padding == "valid":
        pads = (0, 0), (0, 0)
    else:
        pads = map(pair, pair(padding))
    return SimpleNamespace(
        image_size=size, kernel=kernel, strides=strides, dilation=dilation, pads=tuple(pads)
    )


def upfirdn2d(x: Array, filter: Any, up: Any = 1, down: Any = 1, padding: Any = 0) -> Array:
    """Zeros between pixels, zeros around, the filter upside down, then every so many pixels."""
    coefficients = np.asarray(filter, float)
    for axis, (a, b) in enumerate(zip(pair(up), pair(down)), 1):
        x = np.moveaxis(x, axis, 0)
        spread = np.zeros((a * len(x), *x.shape[1:]))
        spread[::a] = x
        padded = pad(spread, [pair(padding), *[(0, 0)] * 3])
        count = len(padded) - len(coefficients) + 1
        y = np.zeros((count, *x.shape[1:]))
        for k, coefficient in enumerate(coefficients[::-1]):
            y += coefficient * padded[k : k + count]
        x = np.moveaxis(y[::b], 0, axis)
    return x


def upsample2d(x: Array, filter: Any = (1, 3, 3, 1), factor: int = 2) -> Array:
    k, coefficients = len(filter), np.array(filter) / np.sum(filter) * factor
    return upfirdn2d(x, coefficients, factor, 1, ((k + factor - 1) // 2, (k - factor) // 2))


def downsample2d(x: Array, filter: Any = (1, 3, 3, 1), factor: int = 2) -> Array:
    k, coefficients = len(filter), np.array(filter) / np.sum(filter)
    return upfirdn2d(x, coefficients, 1, factor, ((k - factor + 1) // 2, (k - factor) // 2))


def modulated_conv2d(
    x: Array,
    w: Array,
    style: Array,
    demodulate: bool = True,
    up: int = 1,
    filter: Any = (1, 3, 3, 1),
) -> Array:
    """A kernel of its own for each sample; zeros between the pixels, the kernel, the filter."""
    found, size, coefficients = [], len(w), np.array(filter) / np.sum(filter) * up
    left = size // 2 + (len(coefficients) + up - 1) // 2
    right = size // 2 + (len(coefficients) - up) // 2
    for image, scales in zip(x, style):
        kernel = w * scales[:, None]
        if demodulate:
            kernel = kernel / np.sqrt(np.square(kernel).sum((0, 1, 2)) + 1e-8)
        if up == 1:
            found.append(conv2d(image[None], kernel, padding="same"))
            continue
        padded = upfirdn2d(image[None], [1], up, 1, (left, right))
        found.append(upfirdn2d(conv2d(padded, kernel), coefficients))
    return np.concatenate(found)


def same_padding(n: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    extent = dilation * (kernel - 1) + 1
    rest = n % stride
    total = max(extent - (rest or stride), 0)
    return total // 2, total - total // 2


def conv2d(
    x: Array, w: Array, b: Any = 0, padding: Any = "valid", groups: int = 1, **settings: Any
) -> Array:
    window = window_of(x.shape[1:3], w.shape[:2], padding, **settings)
    return conv2d_of_window(x, w, b, window, groups)


def conv2d_transpose(
    x: Array,
    w: Array,
    b: Any = 0,
    padding: Any = "valid",
    size: tuple = (),
    groups: int = 1,
    **settings: Any,
) -> Array:
    window = window_of(size, w.shape[:2], padding, **settings)
    if padding == "same":  # as many positions as x has
        axes = zip(x.shape[1:3], size, w.shape, window.strides, window.dilation)
        totals = [max((n - 1) * s + d * (k - 1) + 1 - out, 0) for n, out, k, s, d in axes]
        window.pads = tuple((total // 2, total - total // 2) for total in totals)
    return conv2d_input_grad(x, w, window, groups) + b


def _line_weights(old: int, new: int, interpolation: str, antialias: bool) -> Array:
    """By pixel: the kernel around the center of each new one, beyond the edge that of the edge."""
    weights = np.zeros((new, old))
    scale = max(old / new, 1.0) if antialias else 1.0
    a = -0.5 if antialias else -0.75
    for i in range(new):
        center = (i + 0.5) * old / new - 0.5
        for j in range(-3 * old - 3, 4 * old + 3):
            t = abs(center - j) / scale
            if interpolation == "bilinear":
                weight = max(1 - t, 0)
            elif t < 1:
                weight = (a + 2) * t**3 - (a + 3) * t**2 + 1
            else:
                weight = a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else 0
            if 0 <= j < old or not antialias:
                weights[i, min(max(j, 0), old - 1)] += weight
    return weights / weights.sum(1, keepdims=True)


def resize(x: Array, size: Any, interpolation: str = "bilinear", antialias: bool = False) -> Array:
    """Along the rows and along the columns, by a weight for each pair of pixels."""
    height, width = np.broadcast_to(size, 2)
    if interpolation == "nearest":
        rows, columns = (
            [math.floor((i + 0.5) * old / new) for i in range(new)]
            for old, new in zip(x.shape[1:3], (height, width))
        )
        return x[:, rows][:, :, columns]
    rows, columns = (
        _line_weights(old, new, interpolation, antialias)
        for old, new in zip(x.shape[1:3], (height, width))
    )
    return np.einsum("ih,jw,nhwc->nijc", rows, columns, x)


def warp_affine(
    x: Array,
    maps: Any,
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
) -> Array:
    """Pixel by pixel, in an image that goes on beyond its edges."""
    n, height, width, _ = x.shape
    modes = {"nearest": "edge", "reflect": "symmetric"}
    options = {"constant_values": fill_value} if fill_mode == "constant" else {}
    far = 40
    padded = np.pad(
        x, ((0, 0), (far, far), (far, far), (0, 0)), modes.get(fill_mode, fill_mode), **options
    )
    y = np.zeros(x.shape)
    for i, r, c in np.ndindex(n, height, width):
        matrix = np.asarray(maps[i], "float64")
        place = matrix @ [r - (height - 1) / 2, c - (width - 1) / 2, 1]
        row, column = place + ((height - 1) / 2 + far, (width - 1) / 2 + far)
        if interpolation == "nearest":
            y[i, r, c] = padded[i, math.floor(row + 0.5), math.floor(column + 0.5)]
            continue
        top, left = math.floor(row), math.floor(column)
        for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
            weight = (1 - abs(row - top - a)) * (1 - abs(column - left - b))
            y[i, r, c] += weight * padded[i, top + a, left + b]
    return y


# ---- attention -----------------------------------------------------------------------------------


def masked_softmax(scores: Array, mask: Any = None, causal: bool = False) -> Array:
    """Query by query, over the keys that it may attend to."""
    queries, keys = scores.shape[-2:]
    if mask is not None and mask.dtype.kind == "f":
        scores, mask = scores + np.where(mask < -1e29, 0, mask), mask > -1e29
    allowed = np.broadcast_to(True if mask is None else mask, scores.shape).copy()
    if causal:
        allowed &= np.arange(keys) <= np.arange(queries)[:, None] + keys - queries
    p = np.zeros(scores.shape)
    for i in np.ndindex(scores.shape[:-1]):
        chosen = np.flatnonzero(allowed[i])
        if len(chosen):
            p[i][chosen] = scipy.special.softmax(scores[i][chosen])
    return p


def attention(
    q: Array,
    k: Array,
    v: Array,
    mask: Any = None,
    keep: Any = None,
    causal: bool = False,
    scale: Any = None,
    rate: float = 0.0,
) -> Array:
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    leading = np.broadcast_shapes(scores.shape[:-2], v.shape[:-2])
    scores = np.broadcast_to(scores, (*leading, *scores.shape[-2:]))
    p = masked_softmax(scores, mask, causal)
    if keep is not None:
        p = p * keep / (1 - rate)
    return p @ v


def rotary(x: Array, positions: Array, base: float = 10000.0, interleaved: bool = True) -> Array:
    """As products of complex numbers."""
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    if interleaved:
        a, b = x[..., 0::2], x[..., 1::2]
    frequencies = base ** (-2 * np.arange(half) / max(1, x.shape[-1]))
    z = (a + 1j * b) * np.exp(1j * positions[..., None] * frequencies)
    if interleaved:
        return np.stack([z.real, z.imag], -1).reshape(x.shape)
    return np.concatenate([z.real, z.imag], -1)


# ---- losses --------------------------------------------------------------------------------------


def cross_entropy(x: Array, t: Array) -> Any:
    return -(t * log_softmax(x, -1)).sum(-1).mean()


def bce(x: Array, t: Array) -> Any:
    return (np.logaddexp(0, x) - t * x).mean()
