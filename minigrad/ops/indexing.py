"""Reading and writing by index: getitem and put are each other's gradient; gather, take, sort and top_k stand on them."""

from __future__ import annotations

from ..backend import backend, scatter_add
from ..engine.autograd import primitive
from .shapes import axis_of

_BASIC = (int, slice, type(None), type(...))


def _plain(index):
    """An index with arrays in place of Tensors, as a tuple."""
    index = index if isinstance(index, tuple) else (index,)
    return tuple(getattr(i, "_array", i) for i in index)


def _kind(part):
    """The kind of numbers in an array that is part of an index; "" for what is no array."""
    return part.dtype.kind if hasattr(part, "dtype") else ""


def _width(part):
    """How many axes one part of an index stands for."""
    return 0 if part is None or part is ... else part.ndim if _kind(part) == "b" else 1


def _resolved(x, index):
    """The index as a tuple, with arrays for lists. Raises IndexError for integers outside x: GPUs wrap them around in silence."""
    index = _plain(index)
    if all(isinstance(i, _BASIC) for i in index):
        return index
    index = tuple(
        backend(x).asarray(i, None if i else int) if isinstance(i, list) else i for i in index
    )
    axis, used = 0, sum(map(_width, index))
    for i in index:
        if i is ...:
            axis += x.ndim - used
        elif _kind(i) in ("i", "u") and i.size and axis < x.ndim:
            low, high = int(i.min()), int(i.max())
            if low < -x.shape[axis] or high >= x.shape[axis]:
                wrong = low if low < -x.shape[axis] else high
                raise IndexError(f"index {wrong} is outside axis {axis} of length {x.shape[axis]}")
        axis += _width(i)
    return index


@primitive
def getitem(x, *, index):
    """x[index], where the index is made of integers, slices, None, ..., integer arrays and boolean arrays."""
    return x[_resolved(x, index)]


@primitive
def put(x, *, index, shape):
    """Zeros of `shape` with x added at index: an element named several times has the sum. The adjoint of getitem."""
    y = backend(x).zeros(shape, x.dtype)
    index = _resolved(y, index)
    if all(isinstance(i, _BASIC) for i in index) or len(index) == 1 and _kind(index[0]) == "b":
        y[index] = x  # a slice or a mask names each element once
    else:
        scatter_add(y, index, x)
    return y


getitem.gradients(lambda g, y, x, index: put(g, index=index, shape=x.shape), needs="x.shape")
put.gradients(lambda g, y, x, index, shape: getitem(g, index=index), needs="")


def take(x, indices, *, axis=0):
    """The slices of x along `axis` that the integers in `indices` name: their shape stands in place of the axis."""
    return getitem(x, index=(slice(None),) * axis_of(axis, x.ndim, "take") + (_plain(indices)[0],))


def take_along_axis(x, indices, *, axis=-1):
    """y[i, j, ...] = x[i, indices[i, j, ...], ...] along `axis`: one index for each element (PyTorch calls it gather)."""
    indices = _plain(indices)[0]
    axis = axis_of(axis, x.ndim, "take_along_axis")
    if indices.ndim != x.ndim:
        raise ValueError(
            f"take_along_axis: indices of shape {indices.shape} need as many axes as x of shape {x.shape}"
        )
    xp = backend(indices)
    grid = [
        xp.arange(n).reshape((1,) * i + (n,) + (1,) * (x.ndim - i - 1))
        for i, n in enumerate(indices.shape)
    ]
    grid[axis] = indices
    return getitem(x, index=tuple(grid))


@primitive
def argsort(x, *, axis=-1, descending=False):
    """The indices that sort x along `axis`; equals keep their order when ascending."""
    order = backend(x).argsort(x, axis=axis, kind="stable")
    return backend(x).flip(order, axis) if descending else order


argsort.gradients(None)


def sort(x, *, axis=-1, descending=False):
    """x sorted along `axis`; each gradient goes back to where its element came from."""
    return take_along_axis(x, argsort(x, axis=axis, descending=descending), axis=axis)


def top_k(x, *, k, axis=-1):
    """The k largest elements along `axis`, largest first, and their indices."""
    axis = axis_of(axis, x.ndim, "top_k")
    if not 0 < k <= x.shape[axis]:
        raise ValueError(
            f"top_k: k = {k} is not between 1 and the length {x.shape[axis]} of axis {axis}"
        )
    indices = _plain(argsort(x, axis=axis, descending=True))[0]
    indices = indices[(slice(None),) * axis + (slice(k),)]
    return take_along_axis(x, indices, axis=axis), indices


@primitive
def one_hot(labels, *, classes, dtype="float32"):
    """Rows of zeros with a 1 at the label: (...) -> (..., classes). Raises IndexError for labels outside 0..classes-1."""
    if labels.size and (int(labels.min()) < 0 or int(labels.max()) >= classes):
        raise IndexError(
            f"labels run from {int(labels.min())} to {int(labels.max())}, but {classes} classes allow 0..{classes - 1}"
        )
    return (labels[..., None] == backend(labels).arange(classes)).astype(dtype)


one_hot.gradients(None)
