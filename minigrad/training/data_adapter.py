"""All data preparation of fit, evaluate and predict: validation, class weights, batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set, Sized
from itertools import count as counter
from itertools import cycle, islice, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import Array, backend, device_name, to_cpu
from ..config import default_device, is_indexed_object, settings, to_device
from ..data.loader import Dataset, one_pass, train_validation_split
from ..losses import SparseCategoricalCrossentropy
from ..random import generator
from ..utils.registry import check_choice
from ..utils.structures import is_structure, iter_leaves, map_structure
from .data_errors import as_rows, check_inputs, refuse_array

if TYPE_CHECKING:
    from .model import Model

FIT_BATCH_SIZE = 32
INFERENCE_BATCH_SIZE = 256
ClassWeight = Mapping[int, float] | Sequence[float] | np.ndarray | str | None

# ---- numbers -------------------------------------------------------------------------------------


def check_fraction(**fractions: Any) -> None:
    """Raise ValueError unless each is 0 or lies between 0 and 1.

    Args:
        **fractions: Values by name.

    Example:
        >>> check_fraction(validation_split=0.2)
    """
    for name, value in fractions.items():
        if not (hasattr(value, "__float__") and 0 <= value < 1):
            raise ValueError(f"{name}: the fraction must lie between 0 and 1, not {value!r}")


# ---- batches -------------------------------------------------------------------------------------


def fit_batches(
    model: Model,
    x: Any,
    y: Any,
    sample_weight: Any,
    class_weight: ClassWeight,
    batch_size: int | None,
    shuffle: bool,
    drop_last: bool,
    steps_per_epoch: int | None,
    validation_data: Any,
    validation_split: float,
    validation_batch_size: int | None,
    validation_steps: int | None,
    epochs: int,
) -> tuple[Batches, Batches | None]:
    """(batches to train on, batches to validate on or None).

    Args:
        model: The model to train: it says on which device, and whether integers are cast.
        x: Inputs, or an iterable of batches.
        y: Targets, or None.
        sample_weight: Weight of each row, or None.
        class_weight: Weight of the training rows of each class, or None.
        batch_size: Rows per batch, 32 by default.
        shuffle: Whether each epoch visits the rows in a new order.
        drop_last: Whether to leave out a last batch with fewer rows.
        steps_per_epoch: Batches per epoch, if x is an iterable of batches.
        validation_data: (x, y), (x, y, sample_weight) or an iterable of batches, or None.
        validation_split: Fraction of the last rows to validate on, unless there is other data.
        validation_batch_size: Rows per batch of validation, by default as in training.
        validation_steps: Batches per validation; None for all.
        epochs: Number of passes that will be made.

    Raises:
        ValueError: If the arguments contradict each other, or the data is not valid.
    """
    size = FIT_BATCH_SIZE if batch_size is None else int(batch_size)
    validation_size = size if validation_batch_size is None else int(validation_batch_size)
    validation: Batches | None = None
    if validation_data is not None:
        validation = validation_batches(
            model, validation_data, validation_size, validation_steps, epochs
        )
    if is_batch_iterator(x):
        reject_array_options(y, sample_weight, batch_size, validation_split or None)
        prepare = _training_preparation(model, class_weight)
        return BatchIterator(x, steps_per_epoch, prepare, shuffle, epochs), validation
    if steps_per_epoch is not None:
        raise ValueError("steps_per_epoch cuts a stream of batches into epochs: arrays have theirs")
    arrays = prepare_arrays(model, x, y, sample_weight)
    if validation_split and validation is None:
        arrays, held_out = train_validation_split(arrays, validation_split)
        held = Dataset(*held_out, batch_size=validation_size, shuffle=False, depth=0)
        validation = first_batches(held, validation_steps)
    if class_weight is not None:
        arrays = apply_class_weights(arrays, class_weight, takes_class_numbers(model))
    train = Dataset(*arrays, batch_size=size, shuffle=shuffle, drop_last=drop_last, depth=0)
    return train, validation


def validation_batches(
    model: Model, validation_data: Any, batch_size: int, steps: int | None, passes: int
) -> Batches:
    """The batches of the `validation_data` of fit.

    Args:
        model: The model to validate.
        validation_data: (x, y), (x, y, sample_weight) or an iterable of batches.
        batch_size: Rows per batch.
        steps: Batches per validation; None for all.
        passes: Number of validations.

    Raises:
        ValueError: If it is none of these.
    """
    if is_batch_iterator(validation_data):
        return inference_batches(
            model, validation_data, steps=steps, passes=passes, prefix="validation "
        )
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) > 3:
        raise ValueError(
            "validation_data must be (x, y), (x, y, sample_weight) or batches of these"
        )
    return inference_batches(
        model, *validation_data, batch_size=batch_size, steps=steps, prefix="validation "
    )


def inference_batches(
    model: Model,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    passes: int = 1,
    prefix: str = "",
) -> Batches:
    """Batches in the order of the rows, or those that x itself yields.

    Args:
        model: The model to evaluate.
        x: Inputs, or an iterable of batches.
        y: Targets, or None.
        sample_weight: Weight of each row, or None.
        batch_size: Rows per batch, 256 by default.
        steps: Number of batches; None for all.
        passes: Number of passes that will be made.
        prefix: Put before "x", "y" and "sample_weight" in errors.
    """
    if is_batch_iterator(x):
        reject_array_options(y, sample_weight, batch_size)

        def prepare(*parts: Any) -> Sequence[Array]:
            return prepare_arrays(model, *parts, prefix=prefix)

        return BatchIterator(x, steps, prepare, passes=passes)
    arrays = prepare_arrays(model, x, y, sample_weight, prefix=prefix)
    size = INFERENCE_BATCH_SIZE if batch_size is None else int(batch_size)
    return first_batches(Dataset(*arrays, batch_size=size, shuffle=False, depth=0), steps)


def first_batches(batches: Dataset, steps: int | None) -> Batches:
    """The first batches of a Dataset; all of them if `steps` is None.

    Args:
        batches: The Dataset.
        steps: Number of batches, at least 1.
    """
    return batches if steps is None else BatchIterator(batches, steps, lambda *parts: parts)


class BatchIterator:
    """Batches made elsewhere, prepared one by one.

    Every pass over a source such as a Dataset starts at its beginning;
    an iterator or generator continues where the last pass ended. A source with `__getitem__`, such
    as a PyDataset, is asked for its batches by number.

    Args:
        source: Iterable of batches, or object with `__getitem__` and `__len__`, of batches x,
            (x, y) or (x, y, sample_weight). Before and after each pass its `on_epoch_begin` and
            `on_epoch_end` are called, if it has them.
        steps: Batches per pass; None for all.
        prepare: Function of the parts of a batch that returns its arrays.
        shuffle: Whether a source that gives batches by number does so in a new order in each pass.
        passes: Number of passes that will be made.

    Raises:
        ValueError: If the source has no end and `steps` is None; while iterating, if the source
            ends too soon or a batch has another form.

    Example:
        >>> source = iter([np.array([1, 2]), np.array([3, 4])])
        >>> batches = BatchIterator(source, 1, lambda x: [x])
        >>> list(batches), list(batches)
        ([(array([1, 2]),)], [(array([3, 4]),)])
    """

    def __init__(
        self,
        source: Any,
        steps: int | None,
        prepare: Callable[..., Sequence[Array]],
        shuffle: bool = False,
        passes: int = 1,
    ) -> None:
        self.source = source
        self.limit = steps
        self.prepare = prepare
        self.shuffle = shuffle
        if steps is None:
            _require_end(source, passes)
        self.steps = steps or _count_batches(source)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        getattr(self.source, "on_epoch_begin", _do_nothing)()
        count = 0
        with one_pass(self._batches()) as iterator:
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
        getattr(self.source, "on_epoch_end", _do_nothing)()

    def _batches(self) -> Iterable[Any]:
        """The batches of one pass, or more."""
        if not is_indexed_object(self.source):
            return self.source
        n = _count_batches(self.source) or self.limit or 0
        order = generator().permutation(n) if self.shuffle else range(n)
        return (self.source[int(i)] for i in order)


def _do_nothing() -> None:
    pass


def _count_batches(source: Any) -> int | None:
    """The number of batches in a source, None if it does not say."""
    return len(source) if isinstance(source, Sized) else getattr(source, "num_batches", None)


def _require_end(source: Any, passes: int) -> None:
    """Raise ValueError if a source does not end by itself, or ends in the first of many passes."""
    kind = type(source).__name__
    steps = "say how many batches make a pass: steps_per_epoch= (fit), validation_steps=, steps="
    if isinstance(source, ENDLESS) or (
        is_indexed_object(source)
        and not isinstance(source, Iterable)
        and _count_batches(source) is None
    ):
        raise ValueError(f"{kind} has no end: define __len__, its number of batches, or {steps}")
    if passes > 1 and isinstance(source, Iterator):
        raise ValueError(
            f"{kind}, an iterator, can be used only once, but there are {passes} epochs: {steps}; "
            "or give a minigrad.data.Dataset or a PyDataset, which can be used in every pass"
        )


ENDLESS = (cycle, repeat, counter)
Batches = Dataset | BatchIterator


def is_batch_iterator(x: Any) -> bool:
    """True for batches (a Dataset, a generator, a PyDataset), False for rows (an array, a list).

    Args:
        x: The first argument of fit, evaluate or predict.

    Example:
        >>> is_batch_iterator(batch for batch in []), is_batch_iterator(np.zeros((4, 2)))
        (True, False)
    """
    if is_indexed_object(x):
        return True
    is_rows = hasattr(x, "__getitem__") or hasattr(x, "__array__") or hasattr(x, "toarray")
    return isinstance(x, Iterable) and not is_rows and not isinstance(x, Set)


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


def _training_preparation(
    model: Model, class_weight: ClassWeight
) -> Callable[..., Sequence[Array]]:
    """The function that prepares the parts of a training batch."""
    if isinstance(class_weight, str):
        raise ValueError(
            f"class_weight={class_weight!r} counts the classes of all rows, which batches do not "
            'show: pass the weights, sklearn.utils.compute_class_weight("balanced", ...)'
        )

    def prepare(*parts: Any) -> Sequence[Array]:
        arrays = prepare_arrays(model, *parts)
        if class_weight is None:
            return arrays
        return apply_class_weights(arrays, class_weight, takes_class_numbers(model))

    return prepare


# ---- arrays --------------------------------------------------------------------------------------


def prepare_arrays(
    model: Model, x: Any, y: Any = None, sample_weight: Any = None, *, prefix: str = ""
) -> list[Any]:
    """[x], [x, y] or [x, y, sample_weight] as valid arrays on the device of the model.

    Integer inputs are cast here, once, if the first layer would cast each batch.

    Args:
        model: The model that receives them.
        x: Inputs; a list, tuple or dict of arrays for a model of several, which stays one.
        y: Targets, or None.
        sample_weight: Weight of each row, or None.
        prefix: Put before "x", "y" and "sample_weight" in errors.

    Raises:
        ValueError: If the data is not valid.
    """
    parameters = model._trained or model.weights
    device = parameters[0].device if parameters else default_device()
    if model.takes_structures and model.input_shape is None and is_structure(x):
        return _prepare_structure(x, y, sample_weight, device, prefix)
    x_array, *others = validate_data(x, y, sample_weight, device, prefix)
    if x_array.shape[1:] != model.input_shape:
        check_inputs(model, x, x_array, others)
    if model.accepts_integers or x_array.dtype.kind == "f":
        return [x_array, *others]
    return [model.cast(x_array), *others]


def _prepare_structure(x: Any, y: Any, sample_weight: Any, device: str, prefix: str) -> list[Any]:
    """The same for several inputs."""
    inputs = dict(iter_leaves(x, f"{prefix}x"))
    arrays = _valid_arrays(inputs, y, sample_weight, device, prefix)
    rest = iter(arrays)
    return [map_structure(lambda _: next(rest), x), *rest]


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
    return _valid_arrays({f"{prefix}x": x}, y, sample_weight, device, prefix)


def _valid_arrays(
    inputs: dict[str, Any], y: Any, sample_weight: Any, device: str | None, prefix: str
) -> list[Array]:
    """The same for one or more inputs by their names in errors."""
    if y is None and sample_weight is not None:
        raise ValueError("sample_weight needs y beside it")
    given = dict(inputs)
    if y is not None:
        given[f"{prefix}y"] = y
    if sample_weight is not None:
        given[f"{prefix}sample_weight"] = sample_weight
    arrays = [as_rows(a, name) for name, a in given.items()]
    for i, a in enumerate(arrays):
        if a.ndim == 0 or len(a) == 0 or len(a) != len(arrays[0]) or not _is_finite(a):
            names = list(given)
            refuse_array(arrays, i, names, getattr(given[names[i]], "columns", None))
    return [to_device(a, device) for a in arrays]


def _is_finite(a: Array) -> bool:
    """True if a holds neither NaN nor infinity."""
    return a.dtype.kind != "f" or bool(backend(a).isfinite(a).all())


# ---- class weights -------------------------------------------------------------------------------


def apply_class_weights(
    arrays: list[Array], class_weight: ClassWeight, class_numbers: bool = False
) -> list[Array]:
    """[x, y, sample_weight], with each weight multiplied by that of its class.

    Args:
        arrays: [x, y] or [x, y, sample_weight]; y holds class numbers (N,), of each step of a
            sequence (N, T), or one-hot rows (..., C).
        class_weight: Weight by class, 1 for classes that are not in it; a list or array with the
            weight of each class; or "balanced": n / (number of classes * rows of the class), as in
            scikit-learn.
        class_numbers: True if y is known to hold class numbers; False finds one-hot rows by their
            sum, which is 1.

    Raises:
        ValueError: If there is no y, it holds no classes, or the weights do not fit them.
        TypeError: If class_weight is none of these.

    Example:
        >>> apply_class_weights([np.zeros((3, 2)), np.array([0, 1, 1])], {1: 5.0})[2]
        array([1., 5., 5.], dtype=float32)
    """
    if len(arrays) < 2:
        raise ValueError("class_weight needs targets y")
    x, y, *sample_weight = arrays
    labels = _class_labels(to_cpu(y), class_numbers)
    classes, inverse = np.unique(labels, return_inverse=True)
    by_class = _weights_by_class(class_weight, classes, np.bincount(inverse.reshape(-1)))
    weights = by_class.astype(settings.default_dtype)[inverse].reshape(labels.shape)
    weights = to_device(weights, device_name(y))
    if not sample_weight:
        return [x, y, weights]
    rank = max(weights.ndim, sample_weight[0].ndim)
    return [x, y, _with_rank(weights, rank) * _with_rank(sample_weight[0], rank)]


def takes_class_numbers(model: Model) -> bool:
    """True if the targets of the model's loss are class numbers, not one-hot rows.

    Args:
        model: The model.
    """
    loss = model.loss
    return isinstance(loss, SparseCategoricalCrossentropy) or "sparse" in getattr(loss, "name", "")


def _with_rank(weights: Array, rank: int) -> Array:
    """Weights with as many axes, the new ones behind."""
    return weights.reshape(weights.shape + (1,) * (rank - weights.ndim))


def _class_labels(y: np.ndarray, class_numbers: bool) -> np.ndarray:
    """The class numbers in y, which may hold one-hot rows."""
    if y.ndim > 1 and y.shape[-1] == 1:
        y = y[..., 0]
    elif y.ndim > 1 and not class_numbers and (y >= 0).all() and np.allclose(y.sum(-1), 1):
        return y.argmax(-1)
    labels = y.astype(np.int64)
    if (labels != y).any():
        raise ValueError(
            f"class_weight needs class numbers or one-hot rows: y of shape {y.shape} holds "
            f"{y[labels != y][0]:.4g}; weight such rows by sample_weight="
        )
    return labels


def _weights_by_class(
    class_weight: ClassWeight, classes: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """The weight of each of the classes."""
    if isinstance(class_weight, str):
        check_choice(class_weight, ("balanced",), "class_weight")
        return counts.sum() / (len(classes) * counts)
    if not isinstance(class_weight, (Mapping, list, tuple)) and not hasattr(
        class_weight, "__array__"
    ):
        raise TypeError(
            "class_weight: expected {class number: weight}, a list or array with the weight of each "
            f"class, or 'balanced', got {class_weight!r}"
        )
    if not isinstance(class_weight, Mapping):
        values = np.asarray(class_weight)
        if values.ndim != 1 or classes[0] < 0 or classes[-1] >= len(values):
            raise ValueError(
                f"class_weight of shape {values.shape} does not fit the classes "
                f"{classes[0]} to {classes[-1]} in y: one weight for each class from 0 on is needed"
            )
        class_weight = dict(enumerate(values.tolist()))
    for number, weight in class_weight.items():
        _check_class_weight(number, weight)
    return np.array([class_weight.get(int(number), 1.0) for number in classes])


def _check_class_weight(number: Any, weight: Any) -> None:
    """Raise ValueError unless they are a class number and its weight."""
    if isinstance(number, str) or number != int(number):
        raise ValueError(f"class_weight: keys are class numbers, as in y, not {number!r}")
    if not (hasattr(weight, "__float__") and 0 <= weight < np.inf):
        raise ValueError(
            f"class_weight: the weight of class {number} must be a number and not negative, "
            f"got {weight!r}"
        )


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
