"""All data preparation of fit, evaluate and predict: validation and batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set, Sized
from itertools import count as counter
from itertools import cycle, islice, repeat
from typing import TYPE_CHECKING, Any

from ..backend import Array, backend
from ..config import is_indexed_object, to_device
from ..data.loader import Dataset, one_pass, train_validation_split
from ..layers.module import device_of
from ..random import generator
from ..utils.structures import is_structure, iter_leaves, map_structure
from .class_weights import ClassWeight, apply_class_weights, takes_class_numbers
from .data_errors import as_rows, check_inputs, refuse_array
from .functional import match_rank
from .outputs import OutputLosses, parts_by_output

if TYPE_CHECKING:
    from .model import Model

FIT_BATCH_SIZE = 32
INFERENCE_BATCH_SIZE = 256

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
        steps_per_epoch: Batches per epoch; None for all.
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
    arrays = prepare_arrays(model, x, y, sample_weight)
    if validation_split and validation is None:
        arrays, held_out = train_validation_split(arrays, validation_split)
        held = Dataset(*held_out, batch_size=validation_size, shuffle=False, depth=0)
        validation = first_batches(held, validation_steps)
    if class_weight is not None:
        arrays = apply_class_weights(arrays, class_weight, takes_class_numbers(model))
    train = Dataset(*arrays, batch_size=size, shuffle=shuffle, drop_last=drop_last, depth=0)
    if steps_per_epoch in (None, train.steps):
        return train, validation
    return BatchIterator(_endless(train), steps_per_epoch, unchanged), validation


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
    return batches if steps is None else BatchIterator(batches, steps, unchanged)


def unchanged(*parts: Any) -> Sequence[Array]:
    """The parts of a batch that was prepared before."""
    return parts


def _endless(batches: Dataset) -> Iterator[tuple[Any, ...]]:
    """One pass over the batches after another."""
    while True:
        yield from batches


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
    device = device_of(model)
    if model.takes_structures and model._input_shape is None and is_structure(x):
        return _prepare_structures(model, x, y, sample_weight, device, prefix)
    if isinstance(model.loss, OutputLosses) and y is not None:
        x_array, *others = _prepare_structures(model, x, y, sample_weight, device, prefix)
    else:
        x_array, *others = validate_data({f"{prefix}x": x}, y, sample_weight, device, prefix)
    if x_array.shape[1:] != model._input_shape:
        x_array = match_rank(x_array, model._input_shape)
        check_inputs(model, x, x_array, others)
    stays = model.accepts_integers or x_array.dtype.kind == "f"
    return [x_array if stays else model.cast(x_array), *others]


def _prepare_structures(
    model: Model, x: Any, y: Any, sample_weight: Any, device: str | None, prefix: str
) -> list[Any]:
    """The same for several inputs or outputs."""
    parts = {f"{prefix}x": x}
    if y is not None:
        parts[f"{prefix}y"] = y
    elif sample_weight is not None:
        raise ValueError("sample_weight needs y beside it")
    if sample_weight is not None:
        parts[f"{prefix}sample_weight"] = sample_weight
    if isinstance(model.loss, OutputLosses):
        parts = {
            name: part if name == f"{prefix}x" else parts_by_output(model.loss.names, part, name)
            for name, part in parts.items()
        }
    leaves = {n: leaf for name, part in parts.items() for n, leaf in iter_leaves(part, name)}
    rest = iter(validate_data(leaves, device=device))
    return [map_structure(lambda _: next(rest), part) for part in parts.values()]


def validate_data(
    inputs: dict[str, Any],
    y: Any = None,
    sample_weight: Any = None,
    device: str | None = None,
    prefix: str = "",
) -> list[Array]:
    """The arguments that are not None as arrays of equal length, free of NaN and infinity.

    Args:
        inputs: The inputs by their names in errors.
        y: Targets, or None.
        sample_weight: Weight of each row, or None.
        device: Where the arrays are to live; None for the default device.
        prefix: Put before "y" and "sample_weight" in errors.

    Raises:
        ValueError: If lengths differ, there are no rows, or a value is not finite.
        TypeError: If something is not numeric.

    Example:
        >>> [a.dtype.name for a in validate_data({"x": [[1.0], [2.0]]}, [0, 1])]
        ['float32', 'int64']
    """
    if y is None and sample_weight is not None:
        raise ValueError("sample_weight needs y beside it")
    others = {f"{prefix}y": y, f"{prefix}sample_weight": sample_weight}
    given = inputs | {name: a for name, a in others.items() if a is not None}
    arrays = [as_rows(a, name) for name, a in given.items()]
    for i, a in enumerate(arrays):
        if a.ndim == 0 or len(a) == 0 or len(a) != len(arrays[0]) or not is_finite(a):
            refuse_array(arrays, i, given)
    return [to_device(a, device) for a in arrays]


def is_finite(a: Array) -> bool:
    """True if an array holds neither NaN nor infinity.

    Args:
        a: The array.

    Example:
        >>> is_finite(np.ones(2)), is_finite(np.array([np.inf]))
        (True, False)
    """
    return a.dtype.kind != "f" or bool(backend(a).count_nonzero(backend(a).isfinite(a)) == a.size)
