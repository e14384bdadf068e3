"""All data preparation of fit, evaluate and predict: validation, class weights, batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import Array, backend, device_name, to_cpu
from ..config import as_data, default_device, settings, to_device
from ..data.loader import Dataset, one_pass, train_validation_split

if TYPE_CHECKING:
    from .model import Model

FIT_BATCH_SIZE = 32
INFERENCE_BATCH_SIZE = 256

# ---- batches -------------------------------------------------------------------------------------


def fit_batches(
    model: Model,
    x: Any,
    y: Any,
    sample_weight: Any,
    class_weight: dict[int, float] | None,
    batch_size: int | None,
    shuffle: bool,
    drop_last: bool,
    steps_per_epoch: int | None,
    validation_data: Any,
    validation_split: float,
    validation_batch_size: int | None,
) -> tuple[Batches, Batches | None]:
    """(batches to train on, batches to validate on or None).

    Args:
        model: The model to train: it says on which device, and whether integers are cast.
        x: Inputs, or an iterable of batches.
        y: Targets, or None.
        sample_weight: Weight of each row, or None.
        class_weight: Weight of the training rows of each label, or None.
        batch_size: Rows per batch, 32 by default.
        shuffle: Whether each epoch visits the rows in a new order.
        drop_last: Whether to leave out a last batch with fewer rows.
        steps_per_epoch: Batches per epoch, if x is an iterable of batches.
        validation_data: (x, y), (x, y, sample_weight) or an iterable of batches, or None.
        validation_split: Fraction of the last rows to validate on, unless there is other data.
        validation_batch_size: Rows per batch of validation, by default as in training.

    Raises:
        ValueError: If the arguments contradict each other, or the data is not valid.
    """
    size = FIT_BATCH_SIZE if batch_size is None else batch_size
    validation_size = validation_batch_size or size
    validation: Batches | None = None
    if validation_data is not None:
        validation = validation_batches(model, validation_data, validation_size)
    if is_batch_iterator(x):
        reject_array_options(y, sample_weight, batch_size, validation_split or None)
        return _batch_iterator(model, x, class_weight, steps_per_epoch), validation
    if steps_per_epoch is not None:
        raise ValueError("steps_per_epoch cuts a stream of batches into epochs: arrays have theirs")
    arrays = prepare_arrays(model, x, y, sample_weight)
    if validation_split and validation is None:
        arrays, held_out = train_validation_split(arrays, validation_split)
        validation = Dataset(*held_out, batch_size=validation_size, shuffle=False, depth=0)
    arrays = apply_class_weights(arrays, class_weight) if class_weight else arrays
    train = Dataset(*arrays, batch_size=size, shuffle=shuffle, drop_last=drop_last, depth=0)
    return train, validation


def validation_batches(model: Model, validation_data: Any, batch_size: int) -> Batches:
    """The batches of the `validation_data` of fit.

    Args:
        model: The model to validate.
        validation_data: (x, y), (x, y, sample_weight) or an iterable of batches.
        batch_size: Rows per batch.

    Raises:
        ValueError: If it is none of these.
    """
    if is_batch_iterator(validation_data):
        return inference_batches(model, validation_data, prefix="validation ")
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) > 3:
        raise ValueError(
            "validation_data must be (x, y), (x, y, sample_weight) or batches of these"
        )
    return inference_batches(model, *validation_data, batch_size=batch_size, prefix="validation ")


def inference_batches(
    model: Model,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    prefix: str = "",
) -> Batches:
    """Batches in the order of the rows, or those that x itself yields.

    Args:
        model: The model to evaluate.
        x: Inputs, or an iterable of batches.
        y: Targets, or None.
        sample_weight: Weight of each row, or None.
        batch_size: Rows per batch, 256 by default.
        prefix: Put before "x", "y" and "sample_weight" in errors.
    """
    if is_batch_iterator(x):
        reject_array_options(y, sample_weight, batch_size)
        return BatchIterator(x, None, lambda *parts: prepare_arrays(model, *parts, prefix=prefix))
    arrays = prepare_arrays(model, x, y, sample_weight, prefix=prefix)
    size = INFERENCE_BATCH_SIZE if batch_size is None else batch_size
    return Dataset(*arrays, batch_size=size, shuffle=False, depth=0)


class BatchIterator:
    """Batches made elsewhere, prepared one by one.

    Every pass over a source such as a Dataset starts at its beginning;
    an iterator or generator continues where the last pass ended.

    Args:
        source: Iterable of batches: x, (x, y) or (x, y, sample_weight).
        steps: Batches per pass; None for all.
        prepare: Function of the parts of a batch that returns its arrays.

    Raises:
        ValueError: While iterating, if the source ends too soon or a batch has another form.

    Example:
        >>> source = iter([np.array([1, 2]), np.array([3, 4])])
        >>> batches = BatchIterator(source, 1, lambda x: [x])
        >>> list(batches), list(batches)
        ([(array([1, 2]),)], [(array([3, 4]),)])
    """

    def __init__(
        self, source: Iterable[Any], steps: int | None, prepare: Callable[..., Sequence[Array]]
    ) -> None:
        self.source = source
        self.limit = steps
        self.prepare = prepare
        self.steps = steps or (len(source) if isinstance(source, Sized) else None)

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        count = 0
        with one_pass(self.source) as iterator:
            for batch in islice(iterator, self.limit):
                parts = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
                if not 1 <= len(parts) <= 3:
                    raise ValueError(
                        "a batch must be x, (x, y) or (x, y, sample_weight), "
                        f"got {len(parts)} parts"
                    )
                count += 1
                yield tuple(self.prepare(*parts))
        if count < (self.limit or 1):
            expected = f" of the {self.limit} of a pass" if self.limit else ""
            raise ValueError(
                f"the batches ended after {count}{expected}: an iterator can be used only once, a "
                "minigrad.data.Dataset in every pass"
            )


Batches = Dataset | BatchIterator


def is_batch_iterator(x: Any) -> bool:
    """True for an iterable of batches (a Dataset, a generator), False for rows (an array, a list).

    Args:
        x: The first argument of fit, evaluate or predict.

    Example:
        >>> is_batch_iterator(batch for batch in []), is_batch_iterator(np.zeros((4, 2)))
        (True, False)
    """
    return isinstance(x, Iterable) and not hasattr(x, "__getitem__") and not hasattr(x, "__array__")


def reject_array_options(*values: Any) -> None:
    """Raise ValueError if an argument that only fits arrays stands beside an iterable of batches.

    Args:
        *values: Those arguments; None for what was not given.
    """
    if any(value is not None for value in values):
        raise ValueError(
            "x is an iterable of batches: y and sample_weight belong into them, batch_size and "
            "validation_split only fit arrays"
        )


def _batch_iterator(
    model: Model, x: Any, class_weight: dict[int, float] | None, steps: int | None
) -> BatchIterator:
    """The training batches of an iterable."""

    def prepare(*parts: Any) -> Sequence[Array]:
        arrays = prepare_arrays(model, *parts)
        return apply_class_weights(arrays, class_weight) if class_weight else arrays

    return BatchIterator(x, steps, prepare)


# ---- arrays --------------------------------------------------------------------------------------


def prepare_arrays(
    model: Model, x: Any, y: Any = None, sample_weight: Any = None, *, prefix: str = ""
) -> list[Array]:
    """[x], [x, y] or [x, y, sample_weight] as valid arrays on the device of the model.

    Integer inputs are cast here, once, if the first layer would cast each batch.

    Args:
        model: The model that receives them.
        x: Inputs.
        y: Targets, or None.
        sample_weight: Weight of each row, or None.
        prefix: Put before "x", "y" and "sample_weight" in errors.

    Raises:
        ValueError: If the data is not valid.
    """
    parameters = model._trained or model.weights
    device = parameters[0].device if parameters else default_device()
    x_array, *others = validate_data(x, y, sample_weight, device, prefix)
    if model.accepts_integers or x_array.dtype.kind == "f":
        return [x_array, *others]
    return [model.cast(x_array), *others]


def validate_data(
    x: Any, y: Any = None, sample_weight: Any = None, device: str | None = None, prefix: str = ""
) -> list[Array]:
    """The arguments that are not None as arrays of equal length, free of NaN and infinity.

    Args:
        x: Inputs.
        y: Targets, or None.
        sample_weight: Weight of each row, or None.
        device: Where the arrays are to live; None for the default device.
        prefix: Put before "x", "y" and "sample_weight" in errors.

    Raises:
        ValueError: If lengths differ, there are no rows, or a value is not finite.
        TypeError: If something is not numeric.

    Example:
        >>> [a.dtype.name for a in validate_data([[1.0], [2.0]], [0, 1])]
        ['float32', 'int64']
    """
    if y is None and sample_weight is not None:
        raise ValueError("sample_weight needs y beside it")
    arrays = [as_data(a) for a in (x, y, sample_weight) if a is not None]
    for i, a in enumerate(arrays):
        if a.ndim == 0 or len(a) == 0 or len(a) != len(arrays[0]) or not _is_finite(a):
            _refuse_array(arrays, i, prefix)
    return [to_device(a, device) for a in arrays]


def _is_finite(a: Array) -> bool:
    """True if a holds neither NaN nor infinity."""
    return a.dtype.kind != "f" or bool(backend(a).isfinite(a).all())


def _refuse_array(arrays: list[Array], i: int, prefix: str) -> None:
    """Raise the ValueError that says why arrays[i] is not valid data."""
    a = arrays[i]
    name = prefix + ("x", "y", "sample_weight")[i]
    if a.ndim == 0:
        raise ValueError(
            f"{name} is a single number: expected an array whose first axis counts the rows"
        )
    rows = len(arrays[0])
    if len(a) != rows:
        raise ValueError(f"{name} has {len(a)} rows, {prefix}x has {rows}: they must be equal")
    if len(a) == 0:
        raise ValueError(f"{name} of shape {a.shape} holds no rows")
    finite_rows = backend(a).isfinite(a).reshape(len(a), -1).all(1)
    bad = to_cpu(~finite_rows).nonzero()[0]
    raise ValueError(
        f"{name} holds NaN or infinity in {len(bad)} of {rows} rows, the first at row {bad[0]}: "
        "fill or drop them before training"
    )


def apply_class_weights(arrays: list[Array], class_weight: dict[int, float]) -> list[Array]:
    """[x, y, sample_weight], with the weight of each row multiplied by that of its class.

    Args:
        arrays: [x, y] or [x, y, sample_weight]; y holds labels or one-hot rows.
        class_weight: Weight by label; 1 for labels that are not in it.

    Raises:
        ValueError: If there is no y.

    Example:
        >>> apply_class_weights([np.zeros((3, 2)), np.array([0, 1, 1])], {1: 5.0})[2]
        array([1., 5., 5.], dtype=float32)
    """
    if len(arrays) < 2:
        raise ValueError("class_weight needs targets y")
    x, y, *sample_weight = arrays
    labels = to_cpu(y)
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(1)
    weights = [class_weight.get(int(label), 1.0) for label in labels.reshape(-1)]
    row_weights = to_device(np.array(weights, settings.default_dtype), device_name(y))
    return [x, y, row_weights * sample_weight[0] if sample_weight else row_weights]


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of the data of a step, None for what is missing.

    Args:
        data: x, (x, y) or (x, y, sample_weight).

    Example:
        >>> unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    if not isinstance(data, tuple):
        return data, None, None
    x, *others = data
    y, sample_weight = (*others, None, None)[:2]
    return x, y, sample_weight
