"""Ops that move elements without changing them: each is linear, and its gradient is the move back."""

from __future__ import annotations

from ..backend import backend
from ..engine.autograd import VariadicRule, primitive
from .elementwise import broadcast_to

# ---- the same elements in another order ----------------------------------------------------------------------------


@primitive
def reshape(x, *, shape):
    """x in another shape, elements in the same order; one length may be -1."""
    return x.reshape(shape)


reshape.gradients(lambda g, y, x, shape: reshape(g, shape=x.shape), needs="x.shape")


@primitive
def transpose(x, *, axes=None):
    """x with its axes permuted (reversed by default)."""
    return x.transpose(axes)


def _inverse(axes):
    """The permutation that undoes `axes`."""
    return (
        None
        if axes is None
        else tuple(sorted(range(len(axes)), key=[a % len(axes) for a in axes].__getitem__))
    )


transpose.gradients(lambda g, y, x, axes=None: transpose(g, axes=_inverse(axes)), needs="")


@primitive
def swapaxes(x, *, axis1, axis2):
    """x with two axes exchanged."""
    return x.swapaxes(axis1, axis2)


swapaxes.gradients(lambda g, y, x, axis1, axis2: swapaxes(g, axis1=axis1, axis2=axis2), needs="")


def axis_of(axis, ndim, name):
    """`axis` counted from 0. Raises ValueError where an array of `ndim` axes has none like it."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"{name}: there is no axis {axis} in an array of {ndim} axes")
    return axis % ndim


def moveaxis(x, *, source, destination):
    """x with one axis moved elsewhere."""
    axes = list(range(x.ndim))
    axes.insert(
        axis_of(destination, x.ndim, "moveaxis"), axes.pop(axis_of(source, x.ndim, "moveaxis"))
    )
    return transpose(x, axes=tuple(axes))


def expand_dims(x, *, axis):
    """x with an axis of length 1 inserted at `axis`."""
    axis = axis_of(axis, x.ndim + 1, "expand_dims")
    return reshape(x, shape=x.shape[:axis] + (1,) + x.shape[axis:])


def squeeze(x, *, axis=None):
    """x without its axes of length 1, or without those named."""
    named = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = [axis_of(a, x.ndim, "squeeze") for a in named]
    if axis is not None and any(x.shape[a] != 1 for a in axes):
        raise ValueError(f"squeeze: axis {axis} of shape {x.shape} is not 1 long")
    return reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in axes))


def flatten(x):
    """x with one axis."""
    return reshape(x, shape=(-1,))


@primitive
def flip(x, *, axis=None):
    """x with the elements along `axis` (all by default) in reverse order."""
    return backend(x).flip(x, axis)


flip.gradients(lambda g, y, x, axis=None: flip(g, axis=axis), needs="")


@primitive
def roll(x, *, shift, axis=None):
    """x with the elements along `axis` moved on by `shift`, those pushed out coming in at the other end."""
    return backend(x).roll(x, shift, axis)


roll.gradients(
    lambda g, y, x, shift, axis=None: roll(
        g, axis=axis, shift=-shift if isinstance(shift, int) else tuple(-s for s in shift)
    ),
    needs="",
)

# ---- padding: an adjoint pair --------------------------------------------------------------------------------------


def _pairs(width, ndim):
    """A pad width (n, (before, after) or one pair per axis) as one pair per axis."""
    if isinstance(width, int):
        return ((width, width),) * ndim
    width = tuple(width)
    if len(width) == 2 and isinstance(width[0], int):
        return (width,) * ndim
    if len(width) != ndim:
        raise ValueError(f"pad width {width} has {len(width)} pairs for {ndim} axes")
    return tuple((w, w) if isinstance(w, int) else tuple(w) for w in width)


@primitive
def pad(x, *, width, value=0):
    """x with `value` added around it; width is n, (before, after), or one such pair per axis."""
    pairs = _pairs(width, x.ndim)
    y = backend(x).full(tuple(n + a + b for n, (a, b) in zip(x.shape, pairs)), value, x.dtype)
    y[tuple(slice(a, a + n) for n, (a, b) in zip(x.shape, pairs))] = x
    return y


@primitive
def crop(x, *, width):
    """x without its outermost elements; width is as in `pad`, whose adjoint this is."""
    return x[tuple(slice(a, n - b) for n, (a, b) in zip(x.shape, _pairs(width, x.ndim)))]


pad.gradients(lambda g, y, x, width, value=0: crop(g, width=width), needs="")
crop.gradients(lambda g, y, x, width: pad(g, width=width), needs="")

# ---- joining and parting -------------------------------------------------------------------------------------------


@primitive
def _concatenate(*xs, axis):
    return backend(xs[0]).concatenate(xs, axis)


def _stretch(g, y, *xs, axis, i):
    """The part of g that came from the i-th input."""
    start = sum(x.shape[axis] for x in xs[:i])
    cut = [slice(None)] * g.ndim
    cut[axis] = slice(start, start + xs[i].shape[axis])
    return g[tuple(cut)]


_concatenate.gradients(VariadicRule(_stretch), needs="xs.shape")


def concatenate(xs, *, axis=0):
    """The arrays joined along an axis they have."""
    if len(xs) == 0:
        raise ValueError("concatenate needs at least one array")
    return _concatenate(*xs, axis=axis)


def stack(xs, *, axis=0):
    """The arrays joined along a new axis."""
    if len(xs) == 0:
        raise ValueError("stack needs at least one array")
    return concatenate([expand_dims(x, axis=axis) for x in xs], axis=axis)


def split(x, *, sections, axis=0):
    """x cut along `axis` into equal `sections`, or before each of the positions listed."""
    axis = axis_of(axis, x.ndim, "split")
    n = x.shape[axis]
    if isinstance(sections, int):
        if sections < 1 or n % sections:
            raise ValueError(
                f"split: axis {axis} of length {n} does not divide into {sections} equal sections"
            )
        sections = range(n // sections, n, n // sections)
    edges = [0, *sections, n]
    cut = (slice(None),) * axis
    return [x[(*cut, slice(a, b))] for a, b in zip(edges, edges[1:])]


def repeat(x, *, repeats, axis):
    """Each element along `axis` repeated `repeats` times in place."""
    axis = axis_of(axis, x.ndim, "repeat")
    wide = x.shape[: axis + 1] + (repeats,) + x.shape[axis + 1 :]
    return reshape(
        broadcast_to(expand_dims(x, axis=axis + 1), shape=wide),
        shape=x.shape[:axis] + (x.shape[axis] * repeats,) + x.shape[axis + 1 :],
    )


def tile(x, *, reps):
    """x repeated whole, reps[i] times along axis i."""
    reps = (1,) * (x.ndim - len(reps)) + tuple(reps)
    x = reshape(x, shape=(1,) * (len(reps) - x.ndim) + x.shape)
    for axis, n in enumerate(reps):
        if n != 1:
            x = concatenate([x] * n, axis=axis)
    return x


@primitive
def tril(x, *, k=0):
    """The last two axes of x with zeros above the k-th diagonal."""
    return backend(x).tril(x, k)


@primitive
def triu(x, *, k=0):
    """The last two axes of x with zeros below the k-th diagonal."""
    return backend(x).triu(x, k)


tril.gradients(lambda g, y, x, k=0: tril(g, k=k), needs="")
triu.gradients(lambda g, y, x, k=0: triu(g, k=k), needs="")
