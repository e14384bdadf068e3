"""Convolution: three bilinear ops, each the gradient of the others, so that every order runs at full speed.

    y = convolve(x, w)          images (N, H, W, C), kernel (KH, KW, C / groups, F) -> (N, OH, OW, F)
    x = spread(y, w)            its adjoint in x: the input gradient, and the transposed convolution
    w = correlate(x, y)         its adjoint in w: the kernel gradient

Each is made block by block, and what it makes on the way is made again in the backward pass: none of it is kept.
"""

from __future__ import annotations

import math

from ..backend import backend
from ..engine.autograd import primitive
from .einsum import einsum
from .shapes import repeat, reshape
from .windows import (
    apart,
    as_it_is,
    check_images,
    columns_of,
    im2col,
    pads_of,
    pair,
    places_of,
    walk,
)


def convolve_definition(x, w, *, groups=1, **where):
    """y[n, a, b, g, f] = sum over i, j, c of patch[n, a, b, i, j, g, c] * w[i, j, c, g, f], g counting groups of channels."""
    kh, kw, c, f = w.shape
    patches = im2col(x, kernel=(kh, kw), **where)
    patches = reshape(patches, shape=(*patches.shape[:5], groups, c))
    y = einsum("nabijgc,ijcgf->nabgf", patches, reshape(w, shape=(kh, kw, c, groups, f // groups)))
    return reshape(y, shape=(*y.shape[:3], f))


def _check_kernel(w, groups, channels=None, filters=None):
    """Raise ValueError unless w is a kernel from `channels` to `filters` in so many groups."""
    if w.ndim != 4:
        raise ValueError(f"expected a kernel of shape (KH, KW, C / groups, F), got shape {w.shape}")
    if channels is not None and w.shape[2] * groups != channels:
        raise ValueError(
            f"images of {channels} channels in {groups} group(s) need a kernel of shape (KH, KW, C / groups, F) = "
            f"({w.shape[0]}, {w.shape[1]}, {channels / groups:g}, F), got {w.shape}"
        )
    if filters is not None and w.shape[3] != filters:
        raise ValueError(
            f"the last axis of length {filters} must be the kernel's number of filters: its shape is {w.shape}"
        )
    if w.shape[3] % groups:
        raise ValueError(f"{w.shape[3]} filters do not divide into {groups} groups")


# ---- the kernels, for one group of channels ------------------------------------------------------------------------


def _convolve(x, w, where, b=None):
    """The columns times the kernel; the bias is added to each block while it is in the cache."""
    xp, kernel, f = backend(x), w.shape[:2], w.shape[3]
    places = places_of(x.shape[1:3], kernel, *where)
    y = xp.empty((len(x), *places, f), xp.result_type(x, w))
    w = w.reshape((-1, f))
    if b is not None:
        wide = xp.empty(
            (places[1], f), b.dtype
        )  # by rows of places: NumPy is slow where a run is only F long
        wide[...] = b
        b = wide.reshape(-1)
    for images, rows, columns in columns_of(x, kernel, *where):
        out = y[images, rows]
        xp.dot(columns, w, out=out.reshape((-1, f)))
        if b is not None:
            out = out.reshape((-1, len(b)))
            out += b
    return y


def _correlate(x, values, kernel, where):
    """The transposed columns times the values, added up over the blocks."""
    xp, f = backend(x), values.shape[3]
    w = xp.zeros((math.prod(kernel) * x.shape[3], f), xp.result_type(x, values))
    product = xp.empty_like(w)
    for images, rows, columns in columns_of(x, kernel, *where):
        w += xp.dot(columns.T, values[images, rows].reshape((-1, f)), out=product)
    return w.reshape((*kernel, x.shape[3], f))


def _spread(values, w, size, where):
    """For each set of taps under which places have nothing in common one product, added straight to the image."""
    xp, (kh, kw, c, f) = backend(values), w.shape
    if as_it_is(size, (kh, kw), *where):
        return xp.dot(values.reshape((-1, f)), w.reshape((-1, f)).T).reshape(
            (len(values), *size, c)
        )
    turned = _turned_pads(values.shape, w.shape, size, where)
    if turned:
        return _convolve(
            values, xp.ascontiguousarray(w[::-1, ::-1].swapaxes(2, 3)), ((1, 1), where[1], turned)
        )
    x = xp.zeros((len(values), *size, c), xp.result_type(values, w))
    sets = [(i, j, w[i, j].reshape((-1, f)).T) for i, j in apart((kh, kw), *where[:2])]
    for images, rows, windows in walk(x, (kh, kw), *where, f + sets[0][2].shape[1], into=True):
        block = values[images, rows].reshape((-1, f))
        for i, j, taps in sets:
            at = windows[:, :, :, i, j]
            at += xp.dot(block, taps).reshape(at.shape)
    return x


def _turned_pads(values, w, size, where):
    """Pads with which a convolution of the values, the kernel turned about, spreads them; None where there are none, or it takes longer.

    There are where strides are 1 and padding does not reach beyond the kernel. Convolving lays out every value once for each tap,
    spreading adds every pixel once for each: it takes half the time with as many values as pixels, longer with more than double.
    """
    (kh, kw, c, f), (strides, dilation, pads) = w, where
    turned = tuple(
        (d * (k - 1) - before, d * (k - 1) - after)
        for k, d, (before, after) in zip((kh, kw), dilation, pads)
    )
    fits = strides == (1, 1) and min(map(min, turned)) >= 0
    return turned if fits and math.prod(size) * f <= 2 * math.prod(values[1:3]) * c else None


# ---- the kernels, where each channel is a group of its own, with one filter ----------------------------------------


def _convolve_depthwise(x, w, where):
    """Pixels times factors, added up over the taps."""
    xp, kernel, places, c = (
        backend(x),
        w.shape[:2],
        places_of(x.shape[1:3], w.shape[:2], *where),
        x.shape[3],
    )
    y = xp.zeros((len(x), *places, c), xp.result_type(x, w))
    w = _along(w, places[1])
    for images, rows, windows in walk(x, kernel, *where, 2 * c):
        out = y[images, rows]
        product = xp.empty_like(out)
        for i, j in _taps(kernel):
            out += xp.multiply(windows[:, :, :, i, j], w[i, j], out=product)
    return y


def _correlate_depthwise(x, values, kernel, where):
    """Pixels times values, added up over the places."""
    xp, c = backend(x), x.shape[3]
    w = xp.zeros((*kernel, 1, c), xp.result_type(x, values))
    for images, rows, windows in walk(x, kernel, *where, 2 * c):
        block = values[images, rows]
        product = xp.empty(block.shape, w.dtype)
        for i, j in _taps(kernel):
            w[i, j] += _sum_of_rows(xp.multiply(windows[:, :, :, i, j], block, out=product))
    return w


def _spread_depthwise(values, w, size, where):
    """Values times factors, added to the image under each tap."""
    xp, kernel, c = backend(values), w.shape[:2], w.shape[3]
    x = xp.zeros((len(values), *size, c), xp.result_type(values, w))
    w = _along(w, values.shape[2])
    for images, rows, windows in walk(x, kernel, *where, 2 * c, into=True):
        block = values[images, rows]
        product = xp.empty(block.shape, x.dtype)
        for i, j in _taps(kernel):
            at = windows[:, :, :, i, j]
            at += xp.multiply(block, w[i, j], out=product)
    return x


def _taps(kernel):
    return [(i, j) for i in range(kernel[0]) for j in range(kernel[1])]


def _along(w, n):
    """The factors (KH, KW, 1, C) as (KH, KW, n, C): NumPy is fast where a whole row of places is one run."""
    xp = backend(w)
    return xp.ascontiguousarray(xp.broadcast_to(w, (*w.shape[:2], n, w.shape[3])))


def _sum_of_rows(x):
    """The sum over all axes but the last, as a product with ones: BLAS adds rows up several times faster than a reduction."""
    rows = x.reshape((-1, x.shape[-1]))
    return (backend(x).ones((1, len(rows)), x.dtype) @ rows).reshape((-1,))


# ---- the three ops -------------------------------------------------------------------------------------------------


def _groups(groups, *axes):
    """For each group the part of each axis, given by its length, that belongs to it."""
    return [[slice(i * n // groups, (i + 1) * n // groups) for n in axes] for i in range(groups)]


@primitive
def convolve(x, w, *, strides=(1, 1), dilation=(1, 1), pads=((0, 0), (0, 0)), groups=1):
    """Each filter times what lies under it, at each place: (N, H, W, C), (KH, KW, C / groups, F) -> (N, OH, OW, F).

    Settings are pairs, for height and width. Channels and filters are cut into `groups`, each of which sees only its own.
    """
    return _forward(x, w, None, (strides, dilation, pads), groups)


@primitive
def convolve_bias(x, w, b, *, strides=(1, 1), dilation=(1, 1), pads=((0, 0), (0, 0)), groups=1):
    """convolve(x, w) + b in one array."""
    return _forward(x, w, b, (strides, dilation, pads), groups)


def _forward(x, w, b, where, groups):
    check_images(x)
    _check_kernel(w, groups, channels=x.shape[3])
    if groups == 1:
        return _convolve(x, w, where, b)
    if w.shape[2:] == (1, groups):
        y = _convolve_depthwise(x, w, where)
    else:
        parts = _groups(groups, x.shape[3], w.shape[3])
        y = backend(x).concatenate([_convolve(x[..., c], w[..., f], where) for c, f in parts], -1)
    return y if b is None else y + b


@primitive
def spread(values, w, *, size, strides=(1, 1), dilation=(1, 1), pads=((0, 0), (0, 0)), groups=1):
    """Each value times its filter, added up where it stands: (N, OH, OW, F), (KH, KW, C / groups, F) -> (N, *size, C)."""
    check_images(values)
    _check_kernel(w, groups, filters=values.shape[3])
    where = strides, dilation, pads
    places = places_of(size, w.shape[:2], *where)
    if places != values.shape[1:3]:
        raise ValueError(
            f"in images of {size[0]} x {size[1]} the kernel has {places[0]} x {places[1]} places, "
            f"but there are {values.shape[1]} x {values.shape[2]} values"
        )
    if groups == 1:
        return _spread(values, w, size, where)
    if w.shape[2:] == (1, groups):
        return _spread_depthwise(values, w, size, where)
    parts = [
        _spread(values[..., f], w[..., f], size, where) for (f,) in _groups(groups, w.shape[3])
    ]
    return backend(values).concatenate(parts, -1)


@primitive
def correlate(
    x, values, *, kernel, strides=(1, 1), dilation=(1, 1), pads=((0, 0), (0, 0)), groups=1
):
    """What lies under each tap times the values, over all places: (N, H, W, C), (N, OH, OW, F) -> (*kernel, C / groups, F)."""
    check_images(x)
    check_images(values)
    where = strides, dilation, pads
    places = places_of(x.shape[1:3], kernel, *where)
    if (len(x), *places) != values.shape[:3]:
        raise ValueError(
            f"{len(x)} images of {places[0]} x {places[1]} places need as many values, got shape {values.shape}"
        )
    if x.shape[3] % groups or values.shape[3] % groups:
        raise ValueError(
            f"{x.shape[3]} channels and {values.shape[3]} filters do not both divide into {groups} groups"
        )
    if groups == 1:
        return _correlate(x, values, kernel, where)
    if groups == x.shape[3] == values.shape[3]:
        return _correlate_depthwise(x, values, kernel, where)
    parts = [
        _correlate(x[..., c], values[..., f], kernel, where)
        for c, f in _groups(groups, x.shape[3], values.shape[3])
    ]
    return backend(x).concatenate(parts, -1)


def _to_images(g, y, x, w, *_, **where):
    return spread(g, w, size=x.shape[1:3], **where)


def _to_kernel(g, y, x, w, *_, **where):
    return correlate(x, g, kernel=w.shape[:2], **where)


convolve.gradients(_to_images, _to_kernel, needs="x w")
convolve_bias.gradients(
    _to_images, _to_kernel, lambda g, y, x, w, b, **where: _sum_of_rows(g), needs="x w"
)
spread.gradients(
    lambda g, y, values, w, size, **where: convolve(g, w, **where),
    lambda g, y, values, w, size, **where: correlate(g, values, kernel=w.shape[:2], **where),
    needs="values w",
)
correlate.gradients(
    lambda g, y, x, values, kernel, **where: spread(values, g, size=x.shape[1:3], **where),
    lambda g, y, x, values, kernel, **where: convolve(x, g, **where),
    needs="x values",
)

# ---- as they are called --------------------------------------------------------------------------------------------


def conv2d(x, w, b=None, *, strides=1, padding="valid", dilation=1, groups=1):
    """Images (N, H, W, C) through a kernel (KH, KW, C / groups, F), plus b: (N, OH, OW, F).

    `padding` is 'valid', 'same' (TensorFlow's rule), a number, (vertical, horizontal) or ((top, bottom), (left, right)).
    """
    check_images(x)
    strides, dilation = pair(strides, "strides"), pair(dilation, "dilation")
    if (
        w.ndim == 4
        and w.shape[2] == 1 < groups == x.shape[3] < w.shape[3]
        and w.shape[3] % groups == 0
    ):
        groups = w.shape[
            3
        ]  # several filters for each channel: as many copies of it, one filter each
        x = repeat(x, repeats=groups // x.shape[3], axis=3)
    where = {
        "strides": strides,
        "dilation": dilation,
        "groups": groups,
        "pads": pads_of(padding, x.shape[1:3], w.shape[:2], strides, dilation),
    }
    return convolve(x, w, **where) if b is None else convolve_bias(x, w, b, **where)


def conv2d_transpose(x, w, b=None, *, strides=1, padding="valid", output_padding=None, dilation=1):
    """The adjoint of conv2d, plus b: (N, H, W, F) through a kernel (KH, KW, C, F) -> (N, OH, OW, C).

    'same' gives strides times the size, 'valid' all that the kernel reaches; `output_padding` adds rows and columns at the end of
    the smallest size that fits, in Keras's way of counting.
    """
    check_images(x)
    strides, dilation, kernel = pair(strides, "strides"), pair(dilation, "dilation"), w.shape[:2]
    extra = (
        (None, None)
        if output_padding is None
        else output_padding
        if isinstance(output_padding, (tuple, list))
        else (output_padding, output_padding)
    )
    given = padding if padding in ("valid", "same") else pads_of(padding, x.shape[1:3], kernel)
    size = tuple(
        _grown(*axis, given if given in ("valid", "same") else sum(given[i]))
        for i, axis in enumerate(zip(x.shape[1:3], kernel, strides, dilation, extra))
    )
    y = spread(
        x,
        w,
        size=size,
        strides=strides,
        dilation=dilation,
        pads=pads_of(given, size, kernel, strides, dilation),
    )
    return y if b is None else y + b


def _grown(n, kernel, stride, dilation, extra, padding):
    """The length of an axis after a transposed convolution of n places; `padding` is 'valid', 'same' or a number."""
    reach = dilation * (kernel - 1) + 1
    if padding == "same":
        return n * stride if extra is None else (n - 1) * stride + reach % 2 + extra
    if padding == "valid":
        return (n - 1) * stride + (max(reach, stride) if extra is None else reach + extra)
    return (n - 1) * stride + reach - padding + (extra or 0)
