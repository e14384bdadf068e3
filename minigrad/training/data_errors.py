"""Why data does not fit, and the line that makes it fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import Array, backend, to_cpu
from ..config import as_data, is_indexed_object, settings
from .class_weights import takes_class_numbers

if TYPE_CHECKING:
    from .model import Model

NUMERIC = "biuf"
NO_TARGETS = (
    "there are no targets y to compute the loss from: write fit(x, y), where an autoencoder's "
    "targets are its inputs, fit(x, x)"
)


def as_rows(data: Any, name: str) -> Array:
    """The argument called `name` as an array of numbers.

    Args:
        data: What was given: an array, lists, a Tensor, a table with columns.
        name: "x", "y" or "sample_weight", for the error.

    Raises:
        TypeError: If it does not hold numbers.
        ValueError: If its rows differ in length, or some elements are masked.

    Example:
        >>> as_rows([[1.0, 2.0], [3.0, 4.0]], "x").shape
        (2, 2)
    """
    try:
        array = as_data(data)
    except (TypeError, ValueError) as cause:
        if is_indexed_object(data):  # NumPy would ask it for items without end
            raise type(cause)(f"{name}: {cause}") from None
        return _numbers_of_table(data, name, cause)
    is_subclass = array.__class__ is not np.ndarray and isinstance(array, np.ndarray)
    return _plain_array(array, name) if is_subclass else array


def _numbers_of_table(data: Any, name: str, cause: Exception) -> Array:
    """The numbers of a table whose columns differ in dtype; anything else is refused."""
    if _is_table(data) and not _text_columns(data):
        return as_data(data.to_numpy(dtype=settings.default_dtype))
    kind = ValueError if isinstance(cause, ValueError) else TypeError
    raise kind(f"{name}: expected numbers, got {_diagnose(data, name)}") from None


def _plain_array(array: np.ndarray, name: str) -> np.ndarray:
    """A np.matrix as an array; masked arrays are refused."""
    if isinstance(array, np.ma.MaskedArray):
        raise ValueError(
            f"{name} is a masked array, whose masked elements have no values: fill them, "
            f"{name}.filled(0)"
        )
    return np.asarray(array)


def _diagnose(data: Any, name: str) -> str:
    """What the data is instead of numbers, and what to write."""
    for fits, explain in DIAGNOSES:
        if fits(data):
            return explain(data, name)
    try:
        array = np.asarray(data)
    except ValueError:
        return _unequal_rows(data, name)
    explanation = ARRAYS.get(array.dtype.kind, _objects)
    return explanation(array, name)


# ---- what is no array ----------------------------------------------------------------------------


def _is_table(data: Any) -> bool:
    """True for a pandas DataFrame and what is like one."""
    return hasattr(data, "columns") and hasattr(data, "dtypes") and hasattr(data, "to_numpy")


def _text_columns(table: Any) -> list[Any]:
    """The columns that hold something else than numbers."""
    return [name for name in table.columns if _kind(table[name]) not in NUMERIC]


def _kind(column: Any) -> str:
    """The kind of its dtype, by NumPy's letters, which pandas has too."""
    return getattr(column.dtype, "kind", None) or np.asarray(column).dtype.kind


def _table(table: Any, name: str) -> str:
    columns = _text_columns(table)
    named = ", ".join(map(repr, columns[:5])) + (", ..." if len(columns) > 5 else "")
    first = columns[0] if columns else None
    subject = f"columns {named} hold" if len(columns) > 1 else f"column {named} holds"
    return (
        f"a table whose {subject} no numbers: leave them out, "
        f"{name}.drop(columns={columns[:5]!r}), or number their values, "
        f"{name}[{first!r}] = np.unique({name}[{first!r}], return_inverse=True)[1]"
    )


def _arrays_together(data: Any, name: str) -> str:
    shapes = " and ".join(str(np.shape(item)) for item in data)
    return (
        f"a {type(data).__name__} of {len(data)} arrays of shapes {shapes}: give inputs and "
        "targets one by one, fit(x, y)"
    )


def _is_arrays_of_several_shapes(data: Any) -> bool:
    return (
        isinstance(data, (tuple, list))
        and len(data) in (2, 3)
        and all(hasattr(item, "shape") and hasattr(item, "dtype") for item in data)
        and len({item.shape for item in data}) > 1
        and len({len(item) for item in data if item.shape}) == 1
    )


DIAGNOSES: list[tuple[Callable[[Any], bool], Callable[[Any, str], str]]] = [
    (
        lambda data: data is None,
        lambda data, name: "None: fit(x, y) takes arrays whose first axis counts the rows",
    ),
    (
        lambda data: isinstance(data, (str, bytes)),
        lambda data, name: (
            f"the text {data!r}: read the file first, as np.loadtxt(...) or "
            "matplotlib.image.imread(...) do"
        ),
    ),
    (
        lambda data: isinstance(data, Mapping),
        lambda data, name: (
            f"a dict: put its columns side by side, np.stack(list({name}.values()), axis=-1)"
        ),
    ),
    (
        lambda data: isinstance(data, Set),
        lambda data, name: "a set, which has no order: make it a list in the order of the rows",
    ),
    (
        lambda data: hasattr(data, "toarray"),
        lambda data, name: f"a sparse matrix: make it dense, {name}.toarray()",
    ),
    (_is_table, _table),
    (_is_arrays_of_several_shapes, _arrays_together),
    (
        callable,
        lambda data, name: (
            f"the function {getattr(data, '__name__', data)!r}: call it, and give what it returns"
        ),
    ),
]


def _unequal_rows(data: Any, name: str) -> str:
    lengths = [np.shape(row)[0] if np.shape(row) else 0 for row in map(_shaped, data)]
    other = next((i for i, n in enumerate(lengths) if n != lengths[0]), 0)
    pad = f"pad sequences, minigrad.utils.pad_sequences({name})"
    return (
        "rows that are not of equal length: "
        f"row 0 has {lengths[0]}, row {other} has {lengths[other]}: {pad}"
    )


def _shaped(row: Any) -> Any:
    """The row, or as many Nones if its own rows differ."""
    try:
        np.shape(row)
    except ValueError:
        return [None] * len(row)
    return row


# ---- arrays of something else --------------------------------------------------------------------


def _text(array: np.ndarray, name: str, found: Any = None) -> str:
    first = array.ravel()[0].item() if found is None else found
    try:
        array.astype("float64")
    except ValueError:
        pass
    else:
        return f"numbers written as text ({first!r}): {name}.astype('float32')"
    if name.endswith("y"):
        return (
            f"text ({first!r}): number the classes, "
            "classes, y = np.unique(y, return_inverse=True); classes[i] is the name of class i"
        )
    return (
        f"text ({first!r}): turn it into numbers, words by minigrad.data.WordVocabulary, "
        "categories by np.unique(..., return_inverse=True) and minigrad.utils.to_categorical"
    )


def _objects(array: np.ndarray, name: str) -> str:
    """An array of Python objects, by its first element that is no number."""
    for index, item in np.ndenumerate(array):
        where = f"{name}[{', '.join(map(str, index))}]"
        if item is None:
            return f"None at {where}: fill it in, or leave out its row"
        if isinstance(item, (str, bytes)):
            return _text(array.astype(str), name, item)
        if np.shape(item):
            return (
                f"an array of arrays, {where} of shape {np.shape(item)}: if all have one shape, "
                f"np.stack({name}); else the rows are not of equal length"
            )
        if not isinstance(item, (int, float, np.number, np.bool_)):
            return f"{type(item).__name__} at {where}"
    return f"an array of Python objects that are numbers: {name}.astype('float32')"


ARRAYS: dict[str, Callable[[np.ndarray, str], str]] = {
    "U": _text,
    "S": _text,
    "O": _objects,
    "c": lambda array, name: (
        f"complex numbers: give both parts, np.concatenate([{name}.real, {name}.imag], axis=-1)"
    ),
    "M": lambda array, name: f"dates: count days, ({name} - {name}.min()) / np.timedelta64(1, 'D')",
    "m": lambda array, name: f"times: count days, {name} / np.timedelta64(1, 'D')",
    "V": lambda array, name: (
        "a structured array: its fields side by side are "
        f"np.lib.recfunctions.structured_to_unstructured({name})"
    ),
}


# ---- numbers that do not fit ---------------------------------------------------------------------


def refuse_array(arrays: list[Array], i: int, given: dict[str, Any]) -> None:
    """Raise the ValueError that says why arrays[i] is not valid data.

    Args:
        arrays: x, y and sample_weight, those that were given.
        i: Which of them.
        given: As what they were given, by name.

    Raises:
        ValueError: Always.
    """
    names = list(given)
    a, name = arrays[i], names[i]
    columns = getattr(given[name], "columns", None)
    if a.ndim == 0:
        hint = "; options go by name, fit(x, y, epochs=10)" if name.endswith("y") else ""
        raise ValueError(
            f"{name} is a single number: expected an array whose first axis counts the rows{hint}"
        )
    rows = len(arrays[0])
    if len(a) != rows:
        raise ValueError(f"{name} has {len(a)} rows, {names[0]} has {rows}: they must be equal")
    if len(a) == 0:
        raise ValueError(f"{name} of shape {a.shape} holds no rows")
    row, *others = (indices := to_cpu(~backend(a).isfinite(a)).nonzero())
    count = len(np.unique(row))
    column = others[0][0] if a.ndim == 2 else None
    label = f" ({columns[column]!r})" if column is not None and columns is not None else ""
    where = "" if column is None else f", column {column}{label}"
    raise ValueError(
        f"{name} holds NaN or infinity in {count} of {rows} rows, the first at row "
        f"{indices[0][0]}{where}: fill or drop them before training"
    )


def check_inputs(model: Model, given: Any, x: Array, others: list[Array]) -> None:
    """Raise ValueError for inputs that cannot be the model's: swapped, or several in a list.

    Args:
        model: A model.
        given: What was given as inputs.
        x: The same as an array.
        others: [], [y] or [y, sample_weight].

    Raises:
        ValueError: If x and y are swapped, or x is a list of inputs.
    """
    expected = model._input_shape
    if expected is None:
        return
    if others and others[0].shape[1:] == expected:
        raise ValueError(
            f"x of shape {x.shape} and y of shape {others[0].shape} are swapped: the model takes "
            f"inputs of shape {expected}; write fit(x, y)"
        )
    is_list = isinstance(given, (list, tuple)) and hasattr(given[0], "shape")
    if is_list and x.ndim == len(expected) + 2:
        raise ValueError(
            f"x is a list of {len(given)} arrays of shape {x.shape[1:]}, and the model has one "
            f"input, of shape {expected}: join them, np.concatenate(x), or side by side, "
            "np.concatenate(x, axis=-1)"
        )


def output_hint(y: Any, y_pred: Any) -> str:
    """What to change in a model whose outputs do not fit the targets; "" if nothing is known.

    Args:
        y: Targets.
        y_pred: Outputs of the model.

    Example:
        >>> output_hint(np.zeros((8, 5)), np.zeros((8, 3)))
        ': the model has 3 outputs, y has 5 columns: end it with Dense(5)'
    """
    shape, wanted = tuple(y_pred.shape), tuple(y.shape)
    if len(shape) > len(wanted) and len(shape) == 4:
        return (
            f": the outputs {shape} still have height and width: put Flatten() or "
            "GlobalAveragePooling2D() before the last Dense"
        )
    if len(wanted) < 3 and len(shape) == 3 and wanted != shape[:2]:
        return (
            f": the outputs {shape} still have an axis of {shape[1]}: put Flatten() before the "
            "first Dense; after a recurrent layer it is time: return_sequences=False, or "
            "GlobalAveragePooling1D()"
        )
    columns = wanted[1] if len(wanted) == 2 else 1
    is_one_hot_missing = columns == 1 and y.dtype.kind != "f"  # class numbers
    if len(shape) != 2 or len(wanted) > 2 or shape[1] == columns or is_one_hot_missing:
        return ""
    return (
        f": the model has {_counted(shape[1], 'output')}, y has {_counted(columns, 'column')}: "
        f"end it with Dense({columns})"
    )


def target_hint(model: Model, error: Exception, y: Any, y_pred: Any) -> str:
    """What to change where the loss refuses the targets; "" if nothing is known.

    Args:
        model: The model.
        error: What the loss raised: an IndexError for labels that the outputs have no place for.
        y: Targets.
        y_pred: Outputs of the model.

    Example:
        >>> model = minigrad.Sequential()
        >>> target_hint(model, ValueError(), np.zeros((8, 5)), np.zeros((8, 3)))
        ': the model has 3 outputs, y has 5 columns: end it with Dense(5)'
    """
    if not hasattr(y_pred, "shape"):  # several outputs: the loss has named the one
        return ""
    if isinstance(error, ValueError):
        return output_hint(y, y_pred)
    return label_hint(y, y_pred) if takes_class_numbers(model) else ""


def label_hint(y: Any, y_pred: Any) -> str:
    """What to change where class numbers do not fit the outputs.

    Args:
        y: Class numbers.
        y_pred: Outputs of the model.

    Example:
        >>> label_hint(np.array([0, 7, 2]), np.zeros((3, 5)))
        ': end the model with Dense(8), for labels up to 7, or number the classes from 0 to 4'
    """
    outputs, largest = y_pred.shape[-1], int(y.max())
    numbers = f"number the classes from 0 to {outputs - 1}"
    if largest < outputs:  # and the smallest is negative
        return f": {numbers}"
    return f": end the model with Dense({largest + 1}), for labels up to {largest}, or {numbers}"


def _counted(n: int, word: str) -> str:
    """1 column, 2 columns."""
    return f"{n} {word}{'s' * (n != 1)}"
