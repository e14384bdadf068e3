"""Reading and writing by index: getitem and put are each other's gradient, the others use them."""

from __future__ import annotations

from typing import Any

from ..backend import Array, Shape, backend
from ..backend import scatter_add as add_in_place
from ..config import settings
from ..engine.autograd import composite, primitive
from ..engine.dtypes import accumulates
from ..engine.tensor import TensorLike
from .creation import zeros_like
from .shapes import flatten, normalize_axis, reshape, whole_number

BASIC_INDEX = (int, slice, type(None), type(...))

# ---- indices -------------------------------------------------------------------------------------


def _as_array(x: Any) -> Any:
    return getattr(x, "_array", x)


def _kind(part: Any) -> str:
    """The kind of numbers in an array that is part of an index; "" for what is no array."""
    return part.dtype.kind if hasattr(part, "dtype") else ""


def _axis_count(part: Any) -> int:
    """The number of axes that one part of an index stands for."""
    if part is None or part is ...:
        return 0
    return part.ndim if _kind(part) == "b" else 1


def _is_basic(index: tuple[Any, ...]) -> bool:
    """True for an index without arrays."""
    return all(isinstance(part, BASIC_INDEX) for part in index)


def _normalize_index(x: Array, index: Any) -> tuple[Any, ...]:
    """The index as a tuple, with arrays for Tensors and lists; IndexError outside x."""
    listed = index if isinstance(index, tuple) else (index,)
    if _is_basic(listed):
        return listed
    parts = tuple(_as_index(backend(x), part) for part in listed)
    check_bounds(x, parts)
    return parts


def _as_index(xp: Any, part: Any) -> Any:
    """One part of an index with an array for a Tensor or a list; an empty list is of integers."""
    if isinstance(part, list):
        return xp.asarray(part, None if part else int)
    return _as_array(part)


def check_bounds(x: Array, parts: tuple[Any, ...]) -> None:
    """Raise IndexError for integers outside x, which a GPU would silently wrap around."""
    axis = 0
    for part in parts:
        if part is ...:
            axis += x.ndim - sum(map(_axis_count, parts))
        elif _kind(part) in ("i", "u") and part.size and axis < x.ndim:
            _check_range(part, axis, x.shape[axis])
        axis += _axis_count(part)


def _check_range(indices: Array, axis: int, n: int) -> None:
    low, high = int(indices.min()), int(indices.max())
    if low < -n or high >= n:
        wrong = low if low < -n else high
        raise IndexError(f"index {wrong} is outside axis {axis} of length {n}")


# ---- an adjoint pair -----------------------------------------------------------------------------


@primitive
def getitem(x: TensorLike, *, index: Any) -> TensorLike:
    """x[index], as NumPy indexes.

    Args:
        x: Tensor or array.
        index: Integers, slices, None, ..., integer arrays, boolean arrays, or a tuple of these.

    Raises:
        IndexError: If an index is outside x.

    Example:
        >>> getitem(np.array([1, 2, 3]), index=[0, 2])
        array([1, 3])
    """
    try:
        return x[_normalize_index(x, index)]
    except IndexError as cause:
        raise IndexError(_index_error(x, index, cause)) from None


def _index_error(x: Array, index: Any, cause: IndexError) -> str:
    """NumPy's text, and the array's shape."""
    if isinstance(index, float) or _kind(_as_array(index)) == "f":
        return f"an index is a whole number, not {index!r}: .astype(int) makes whole numbers"
    text = str(cause).replace("numpy.newaxis (`None`)", "`None`")
    return f"{text} (shape {x.shape})"


@accumulates
@primitive(kernel="put")
def put(x: TensorLike, *, index: Any, shape: Shape) -> TensorLike:
    """Zeros with x added at an index; the adjoint of getitem.

    An element that is named several times is the sum of what is put there.

    Args:
        x: Tensor or array of the shape of zeros(shape)[index].
        index: Integers, slices, None, ..., integer arrays, boolean arrays, or a tuple of these.
        shape: The shape of the result.

    Raises:
        IndexError: If an index is outside the shape.

    Example:
        >>> put(np.array([1.0, 2.0]), index=[2, 2], shape=(4,))
        array([0., 0., 3., 0.])
    """
    y = backend(x).zeros(shape, x.dtype)
    parts = _normalize_index(y, index)
    if _is_basic(parts) or (len(parts) == 1 and _kind(parts[0]) == "b"):
        y[parts] = x  # each element is named once
    else:
        add_in_place(y, parts, x)
    return y


getitem.label = "indexing"  # nobody writes x[i] by its name
getitem.gradients(lambda g, y, x, index: put(g, index=index, shape=x.shape), needs="x.shape")
put.gradients(lambda g, y, x, index, shape: getitem(g, index=index), needs="")


@composite
def scatter_add(x: TensorLike, values: TensorLike, *, index: Any) -> TensorLike:
    """x with values added at an index: what x[index] += values would make of a copy.

    An element that is named several times gets each of its values.

    Args:
        x: Tensor or array.
        values: Tensor, array or number that broadcasts to x[index].
        index: Integers, slices, None, ..., integer arrays, boolean arrays, or a tuple of these.

    Raises:
        IndexError: If an index is outside x.
        ValueError: If values do not broadcast to x[index].

    Example:
        >>> scatter_add(np.zeros(3), np.array([1.0, 2.0, 5.0]), index=[0, 2, 2])
        array([1., 0., 7.])
    """
    target = getitem(x, index=index)
    shape = getattr(values, "shape", ())
    fits = all(n in (1, m) for n, m in zip(shape[::-1], target.shape[::-1]))
    if not fits or len(shape) > target.ndim:
        raise ValueError(
            f"values of shape {shape} do not broadcast to x[index], shape {target.shape}"
        )
    spread = values + zeros_like(target)  # in the dtype of the result
    return x + put(spread, index=index, shape=x.shape)


@composite
def segment_sum(
    data: TensorLike,
    segment_ids: TensorLike,
    *,
    num_segments: int | None = None,
    sorted: bool = False,
) -> TensorLike:
    """The sum of the rows of each segment: y[k] is the sum of all data[i] with segment_ids[i] = k.

    Args:
        data: Tensor or array of one axis or more.
        segment_ids: Integers, the segment of each row, in any order.
        num_segments: The number of segments; None for the largest id + 1.
        sorted: True promises that the ids ascend, of which no use is made.

    Shape:
        (n, ...), (n,) -> (num_segments, ...)

    Raises:
        ValueError: If there is not one id per row.
        IndexError: If an id is negative or not below num_segments.

    Example:
        >>> segment_sum(np.array([1, 2, 3, 4]), np.array([0, 0, 2, 0]))
        array([7, 0, 3])
    """
    ids, count = segment_rows(data, segment_ids, num_segments)
    if data.dtype.kind == "b":
        data = data.astype("int64")  # counts
    return put(data, index=ids, shape=(count, *data.shape[1:]))


def segment_rows(data: Any, segment_ids: Any, num_segments: int | None) -> tuple[Array, int]:
    """The segment of each row of data, and the number of segments; raises where they do not fit."""
    ids = _as_array(segment_ids)
    if _kind(ids) not in ("i", "u"):
        raise TypeError("segment_ids must be integers: .astype(int) makes such")
    if ids.ndim != 1 or data.shape[:1] != ids.shape:
        raise ValueError(
            f"segment_ids of shape {ids.shape} are not one per row of data, shape {data.shape}"
        )
    low, high = (int(ids.min()), int(ids.max())) if ids.size else (0, -1)
    count = high + 1 if num_segments is None else whole_number(num_segments, "num_segments")
    if low < 0 or high >= count:
        raise IndexError(
            f"segment_ids run from {low} to {high}, but {count} segments allow 0 to {count - 1}"
        )
    return ids, count


# ---- along an axis -------------------------------------------------------------------------------


@composite
def take(x: TensorLike, indices: TensorLike, *, axis: int | None = None) -> TensorLike:
    """The slices of x along `axis` that integers name.

    Args:
        x: Tensor or array.
        indices: Integers; their shape stands in place of the axis.
        axis: The axis of x; None for the flattened array.

    Raises:
        IndexError: If an index is outside the axis.

    Example:
        >>> take(np.array([[1, 2], [3, 4]]), np.array([1, 1, 0]), axis=0)
        array([[3, 4],
               [3, 4],
               [1, 2]])
    """
    if axis is None or not x.ndim:
        x, axis = flatten(x), 0
    before = (slice(None),) * normalize_axis(axis, x.ndim)
    return getitem(x, index=(*before, _integers(indices)))


def _integers(indices: Any) -> Any:
    """Indices as an array or a number. Raises TypeError unless they are whole numbers."""
    found = _as_array(indices)
    if not hasattr(found, "__index__") and _kind(found) not in ("i", "u"):
        raise TypeError(f"the indices must be integers, not {getattr(found, 'dtype', found)!s}")
    return found


@composite
def take_along_axis(x: TensorLike, indices: TensorLike, *, axis: int | None = None) -> TensorLike:
    """y[i, j, ...] = x[i, indices[i, j, ...], ...] along `axis` (PyTorch calls it gather).

    Args:
        x: Tensor or array.
        indices: Integers, with as many axes as x; apart from `axis` both broadcast.
        axis: The axis of x that the indices belong to; None flattens both.

    Raises:
        ValueError: If x and indices do not fit.
        IndexError: If an index is outside the axis.

    Example:
        >>> take_along_axis(np.array([[1, 2], [3, 4]]), np.array([[1], [0]]), axis=1)
        array([[2],
               [3]])
    """
    indices = _integers(indices)
    if axis is None:
        x, indices, axis = flatten(x), indices.reshape(-1), 0
    axis = normalize_axis(axis, x.ndim)
    others = zip(x.shape, indices.shape)
    fits = all(i == axis or n == m or 1 in (n, m) for i, (n, m) in enumerate(others))
    if indices.ndim != x.ndim or not fits:
        raise ValueError(
            f"indices of shape {indices.shape} need as many axes as x of shape {x.shape}, equal or "
            f"of length 1 apart from axis {axis}"
        )
    xp = backend(indices)
    index = []
    for i, n in enumerate(x.shape):
        shape = (1,) * i + (n,) + (1,) * (x.ndim - i - 1)
        index.append(indices if i == axis else xp.arange(n).reshape(shape))
    return getitem(x, index=tuple(index))


@primitive
def argsort(x: TensorLike, *, axis: int | None = -1, descending: bool = False) -> TensorLike:
    """The indices that sort x along `axis`; of equals the lower index comes first.

    NaN counts as the largest, as in NumPy.

    Args:
        x: Tensor or array.
        axis: The axis to sort along; None for the flattened array.
        descending: True for the largest first.

    Example:
        >>> argsort(np.array([3, 1, 3]), descending=True)
        array([0, 2, 1])
    """
    xp = backend(x)
    if axis is None:
        x, axis = x.reshape(-1), 0
    axis = normalize_axis(axis, x.ndim)
    if not x.ndim:
        return xp.zeros((), int)
    if not descending:
        return xp.argsort(x, axis=axis, kind="stable")
    from_the_end = xp.argsort(xp.flip(x, axis), axis=axis, kind="stable")
    return x.shape[axis] - 1 - xp.flip(from_the_end, axis)


argsort.gradients(None)


@composite
def sort(x: TensorLike, *, axis: int | None = -1, descending: bool = False) -> TensorLike:
    """x sorted along `axis`; each gradient goes back to where its element came from.

    NaN counts as the largest, as in NumPy.

    Args:
        x: Tensor or array.
        axis: The axis to sort along; None for the flattened array.
        descending: True for the largest first.

    Example:
        >>> sort(np.array([3, 1, 2]))
        array([1, 2, 3])
    """
    order = argsort(x, axis=axis, descending=descending)
    return take_along_axis(x, order, axis=axis) if x.ndim else reshape(x, shape=order.shape)


@composite
def top_k(
    x: TensorLike, *, k: int, sorted: bool = True, axis: int = -1
) -> tuple[TensorLike, Array]:
    """The k largest elements along `axis`, largest first, and their indices.

    Of equals the lower index comes first. NaN counts as the largest.

    Args:
        x: Tensor or array.
        k: The number of elements.
        sorted: False asks for no order; they are sorted all the same.
        axis: The axis to look along.

    Raises:
        ValueError: If the axis has fewer than k elements.

    Example:
        >>> top_k(np.array([3, 1, 2]), k=2)
        (array([3, 2]), array([0, 2]))
    """
    axis = normalize_axis(axis, x.ndim)
    n = x.shape[axis] if x.ndim else 1
    if not hasattr(k, "__index__") or not 0 < k <= n:
        raise ValueError(
            f"k = {k!r} is not a whole number from 1 to {n}, the length of axis {axis}"
        )
    order = _as_array(argsort(x, axis=axis, descending=True))
    if not x.ndim:
        return x, order
    indices = order[(slice(None),) * axis + (slice(k),)]
    return take_along_axis(x, indices, axis=axis), indices


@primitive
def one_hot(
    labels: TensorLike, *, num_classes: int, axis: int = -1, dtype: Any = None
) -> TensorLike:
    """Rows of zeros with a 1 at the label.

    Args:
        labels: Integers, or floating whole numbers.
        num_classes: The number of classes.
        axis: The place of the axis of the classes in the result.
        dtype: The dtype of the result; None for the default one.

    Shape:
        (...) -> (..., num_classes)

    Raises:
        IndexError: If a label is outside 0..num_classes-1.
        ValueError: If a label is no whole number, or there are no classes.

    Example:
        >>> one_hot(np.array([1, 0]), num_classes=3)
        array([[0., 1., 0.],
               [1., 0., 0.]], dtype=float32)
    """
    if not hasattr(num_classes, "__index__") or num_classes < 1:
        raise ValueError(
            f"the number of classes must be a whole number above 0, not {num_classes!r}"
        )
    if labels.dtype.kind == "f" and not (labels == backend(labels).floor(labels)).all():
        raise ValueError("labels must be whole numbers: 0, 1, 2 for the first, second, third class")
    check_label_range(labels, num_classes)
    xp = backend(labels)
    place = normalize_axis(axis, labels.ndim + 1)
    rows = labels[..., None] == xp.arange(num_classes)
    return xp.moveaxis(rows, -1, place).astype(dtype or settings.default_dtype)


def check_label_range(labels: Any, classes: int) -> None:
    """Raise IndexError unless all labels are in 0..classes-1."""
    if not labels.size:
        return
    # a negative number, read as unsigned, is huge: one pass for both ends
    if labels.dtype.kind in "iu" and labels.view(f"u{labels.dtype.itemsize}").max() < classes:
        return
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise IndexError(
            f"labels run from {low} to {high}, but {classes} classes allow 0..{classes - 1}"
        )


one_hot.gradients(None)
