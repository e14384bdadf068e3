"""What all metrics share: arrays that fit each other, sums over batches, means."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import initializers, ops
from ..backend import Array, backend, device_name
from ..config import settings, to_device
from ..engine.tensor import remembered_logits
from ..layers.parameter import Parameter
from ..layers.validation import refuse_name
from ..losses import hide_padding, match_target_shape, validate_targets
from ..utils.registry import snake_case
from ..utils.scalars import gives_result
from ..utils.serialization import Configurable, KeepsArguments

# ---- arrays that fit each other ------------------------------------------------------------------


def as_arrays(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    """Both as arrays on the device of y_pred, without a cast.

    Args:
        y_true: Targets: a Tensor, an array on any device, or a list.
        y_pred: Predictions: the same.
    """
    y_true = getattr(y_true, "_array", y_true)
    y_pred = as_array(y_pred)
    if backend(y_true) is not backend(y_pred) or not hasattr(y_true, "shape"):
        y_true = np.asarray(y_true) if isinstance(y_true, (list, tuple)) else y_true
        y_true = to_device(y_true, device_name(y_pred))
    return y_true, y_pred


def _weights_of_real(mask: Array, sample_weight: Any) -> Any:
    """The weight of each real step; None stays None."""
    if sample_weight is None:
        return None
    w = to_device(getattr(sample_weight, "_array", sample_weight), device_name(mask))
    w = w.reshape(w.shape + (1,) * (mask.ndim - w.ndim))
    return backend(w).broadcast_to(w, mask.shape + w.shape[mask.ndim :])[mask]


def as_array(x: Any) -> Array:
    """The array of a Tensor, an array as it is, numbers as a NumPy array.

    Args:
        x: A Tensor, an array, a list or a number.
    """
    x = getattr(x, "_array", x)
    return x if hasattr(x, "shape") else np.asarray(x)


def as_float64(x: Array) -> Array:
    """x in float64: integers would wrap around, float16 and float32 lose the ends of long sums.

    Args:
        x: An array of numbers.
    """
    return x.astype(np.float64, copy=False)


def match_targets(name: str, y_true: Array, y_pred: Array) -> Array:
    """y_true in the shape of y_pred.

    Args:
        name: The metric, for the error.
        y_true: Targets.
        y_pred: Predictions.

    Raises:
        ValueError: If the shapes do not fit.
    """
    y_true = match_target_shape(y_true, y_pred)
    validate_targets(name, y_true, y_pred)
    return y_true


def match_labels(name: str, y_true: Array, y_pred: Array) -> Array:
    """Labels in the shape of scores without their last axis.

    Args:
        name: The metric, for the error.
        y_true: Labels (...) or (..., 1).
        y_pred: Scores (..., classes).

    Raises:
        ValueError: If the shapes do not fit.
    """
    y_true = match_target_shape(y_true, y_pred, sparse=True)
    validate_targets(name, y_true, y_pred, True, " (one-hot labels: categorical_accuracy)")
    check_whole(name, y_true)
    return y_true


def check_whole(name: str, labels: Array) -> None:
    """Refuse labels that are fractions.

    Args:
        name: The metric, for the error.
        labels: Labels of any dtype.

    Raises:
        ValueError: If a label is not a whole number.
    """
    if labels.dtype.kind == "f" and bool((labels != backend(labels).rint(labels)).any()):
        raise ValueError(
            f"{name}: y_true must hold whole labels, not fractions "
            "(are y_true and y_pred exchanged?)"
        )


def check_range(name: str, what: str, labels: Array, classes: int) -> None:
    """Refuse labels outside of the classes.

    Args:
        name: The metric, for the error.
        what: "labels" or "predictions", for the error.
        labels: Integers.
        classes: Number of classes.

    Raises:
        ValueError: If a label is outside of 0..classes - 1.
    """
    if not labels.size:
        return
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise ValueError(f"{name}: {what} from {low} to {high} do not fit {classes} classes")


def match_weights(name: str, sample_weight: Any, shape: tuple[int, ...], like: Array) -> Array:
    """Weights in float64, of a shape that is the beginning of `shape`.

    Args:
        name: The metric, for the error.
        sample_weight: The weights.
        shape: Shape of the weighted values.
        like: An array on the device that the weights go to.

    Raises:
        ValueError: If the shapes do not fit.
    """
    w = getattr(sample_weight, "_array", sample_weight)
    w = as_float64(to_device(w, device_name(like)))
    is_column = w.shape[-1:] == (1,) and w.shape[:-1] == shape[: w.ndim - 1]
    if is_column and w.shape != shape[: w.ndim]:
        w = w.reshape(w.shape[:-1])
    if w.shape != shape[: w.ndim]:
        raise ValueError(
            f"{name}: sample_weight has shape {w.shape}, the values {shape}: "
            "give one weight per sample"
        )
    return w


def flat_weights(name: str, sample_weight: Any, like: Array) -> Array | None:
    """One weight per element, as a flat array; None stays None.

    Args:
        name: The metric, for the error.
        sample_weight: The weights, or None.
        like: The weighted values.
    """
    if sample_weight is None:
        return None
    w = match_weights(name, sample_weight, like.shape, like)
    w = w.reshape(w.shape + (1,) * (like.ndim - w.ndim))
    return backend(w).broadcast_to(w, like.shape).flatten()


# ---- outputs that are not probabilities ----------------------------------------------------------


def to_probabilities(activation: str, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    """Targets and outputs of a model as labels and probabilities.

    Args:
        activation: What its loss expects to be applied: "sigmoid", "softmax", or "signs" for
            scores whose sign counts and targets -1 and 1 (or 0 and 1).
        y_true: Targets.
        y_pred: Outputs.

    Example:
        >>> y, p = to_probabilities("signs", np.array([-1, 1]), np.array([-2.0, 0.0]))
        >>> y.tolist(), p.round(2).tolist()
        ([False, True], [0.12, 0.5])
    """
    scores = as_float64(y_pred)
    if activation == "softmax":
        return y_true, ops.softmax(scores)
    return y_true > 0 if activation == "signs" else y_true, ops.sigmoid(scores)


# ---- the base, and means -------------------------------------------------------------------------


class BeginsReset(KeepsArguments):
    """Metaclass of metrics: once made they are reset, and their variables are as they were made."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        metric: Any = super().__call__(*args, **options)
        if type(metric).reset_state is Metric.reset_state and not list(_iter_state(vars(metric))):
            raise NotImplementedError(
                f"{cls.__name__} does not define reset_state, and has no variables that it could "
                "set to 0: make them in __init__, self.total = self.add_variable()"
            )
        initial = [(v, v.numpy().copy()) for v in metric.variables]
        metric.reset_state()
        for variable, values in initial:
            variable.assign(values)
        return metric


class Metric(Configurable, metaclass=BeginsReset):
    """A figure over many batches: update_state with each batch, then result().

    Calling a metric updates it and returns the result so far. A subclass defines update_state and
    result. What it counts are variables, which begin again at 0, or attributes set by a
    reset_state of its own.

    Args:
        name: Name in logs; None for the class's name in snake case.
        dtype: dtype of the variables; None for the default one.

    Example:
        >>> class Squares(Metric):
        ...     def __init__(self, name="squares"):
        ...         super().__init__(name)
        ...         self.total = self.add_variable(shape=(), initializer="zeros", name="total")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.total.assign_add(((y_true - y_pred) ** 2).sum())
        ...     def result(self):
        ...         return self.total.item()
        >>> Squares()(np.zeros(3), np.array([1.0, 4.0, 2.0]))
        21.0
        >>> class Largest(Metric):
        ...     def reset_state(self):
        ...         self.largest = 0.0
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.largest = max(self.largest, float(abs(y_true - y_pred).max()))
        ...     def result(self):
        ...         return self.largest
        >>> Largest()(np.zeros(3), np.array([1.0, 4.0, 2.0]))
        4.0
    """

    sums: tuple[str, ...] = ()  # the attributes that add up over batches, besides variables
    reads_probabilities = False  # True: outputs that are logits must be made probabilities first
    activation = ""  # what does that; the loss decides it for metrics that are compiled by name

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "result" in vars(cls):
            cls.result = gives_result(cls.result)  # type: ignore[method-assign]

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.dtype = np.dtype(dtype or settings.default_dtype)

    def add_variable(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Parameter:
        """A new variable, to be assigned to an attribute; its `assign` and `assign_add` change it.

        Args:
            shape: Shape of the variable.
            initializer: Name or function that makes the first values.
            dtype: dtype of the values; None for that of the metric.
            aggregation: Accepted for Keras's sake, where it joins the variables of many devices.
            name: Name of the variable.
        """
        refuse_name(shape)
        values = initializers.get(initializer or "zeros")(tuple(shape))
        return Parameter(values, name or "", trainable=False, dtype=dtype or self.dtype)

    def add_weight(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str | None = None,
    ) -> Parameter:
        """The same as `add_variable`.

        Args:
            shape: Shape of the variable.
            initializer: Name or function that makes the first values.
            dtype: dtype of the values; None for that of the metric.
            name: Name of the variable.
        """
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Parameter]:
        """The variables among the attributes, and those of the metrics among them."""
        found: dict[int, Parameter] = {}
        for part in _iter_state(vars(self)):
            for v in [part] if isinstance(part, Parameter) else part.variables:
                found[id(v)] = v
        return list(found.values())

    def as_inputs(self, y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Array, Array, Any]:
        """`all_steps` and the weights; of the steps that are real, if y_pred comes with a mask.

        Args:
            y_true: Targets.
            y_pred: Predictions; their mask, (N, T), is False at padding.
            sample_weight: Weights, or None.
        """
        mask = getattr(y_pred, "mask", None)
        y_true, y_pred = self.all_steps(y_true, y_pred)
        if mask is None or y_true.shape[: mask.ndim] != mask.shape:
            return y_true, y_pred, sample_weight
        return y_true[mask], y_pred[mask], _weights_of_real(mask, sample_weight)

    def all_steps(self, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
        """Targets and predictions as arrays of one device, logits as probabilities if need be.

        Args:
            y_true: Targets.
            y_pred: Predictions.
        """
        made_by, _ = remembered_logits(y_pred)
        y_true, y_pred = as_arrays(y_true, y_pred)
        if self.activation and made_by != self.activation:
            return to_probabilities(self.activation, y_true, y_pred)
        return y_true, y_pred

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: One weight per sample; None for equal weights.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define update_state")

    def result(self) -> Any:
        """The metric over all batches since the last reset_state()."""
        raise NotImplementedError(f"{type(self).__name__} does not define result")

    def reset_state(self) -> None:
        """Forget all batches: every variable becomes 0, metrics among the attributes are reset."""
        for part in _iter_state(vars(self)):
            if isinstance(part, Metric):
                part.reset_state()
            else:
                part.assign(0)

    def get_state(self) -> dict[str, Any]:
        """What was counted since the last reset, by name.

        Raises:
            TypeError: If a class has a reset_state of its own and does not say what adds up.
        """
        if not self.sums and type(self).reset_state is not Metric.reset_state:
            self._check_parts()
        parts = enumerate(_iter_state(vars(self)))
        values = {
            str(i): part.get_state() if isinstance(part, Metric) else part.numpy()
            for i, part in parts
        }
        return values | {name: getattr(self, name) for name in self.sums}

    def _check_parts(self) -> None:
        """Raise TypeError unless all that is counted are metrics among the attributes."""
        if not any(isinstance(part, Metric) for part in _iter_state(vars(self))):
            kind = type(self).__name__
            raise TypeError(
                f"what the metric {self.name} has counted in several processes cannot be joined: "
                f"name the attributes that add up, sums = ('total',), in the class {kind}, or "
                "make them with add_variable"
            )

    def merge_states(self, states: Sequence[dict[str, Any]]) -> None:
        """Take the state that counting the batches of several metrics would have led to.

        Args:
            states: What `get_state` of each returned.

        Example:
            >>> first, second, both = Mean(), Mean(), Mean()
            >>> first.update_state([1.0, 3.0])
            >>> second.update_state([5.0])
            >>> both.merge_states([first.get_state(), second.get_state()])
            >>> both.result()
            3.0
        """
        for i, part in enumerate(_iter_state(vars(self))):
            found = [state[str(i)] for state in states]
            if isinstance(part, Metric):
                part.merge_states(found)
            else:
                part.assign(sum(found))
        for name in self.sums:
            first, *others = [state[name] for state in states]
            setattr(self, name, sum(others, first))

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def _iter_state(value: Any) -> Iterator[Any]:
    """The variables and metrics in a value, nested in lists, tuples and dicts."""
    if isinstance(value, (Parameter, Metric)):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _iter_state(item)


class Average(Metric):
    """A running weighted mean of the values passed to `add`; 0 before the first.

    Args:
        name: Name in logs.
    """

    sums = ("total", "count")

    def reset_state(self) -> None:
        """Forget all batches."""
        super().reset_state()
        self.total: Any = 0.0  # float64; on a GPU a 0-d array there, so that nothing waits for it
        self.count: Any = 0.0

    def add(self, values: Array, sample_weight: Any = None) -> None:
        """Count an array of values. Weights with fewer axes weigh the means over the other axes.

        Args:
            values: Any shape.
            sample_weight: Weights whose shape is the beginning of the values' shape.
        """
        if sample_weight is None:
            total, count = self._sum(values), values.size
        elif values.ndim:
            w = match_weights(self.name, sample_weight, values.shape, values)
            other_axes = tuple(range(w.ndim, values.ndim))
            means = values.mean(other_axes, dtype=np.float64) if other_axes else values
            total, count = (means * w).sum(), w.sum()
        else:  # one mean of a whole batch, and its weight
            w = getattr(sample_weight, "_array", sample_weight)
            count = to_device(w, device_name(values)).sum(dtype=np.float64)
            total = values * count
        self.total, self.count = self.total + total, self.count + count

    @staticmethod
    def _sum(values: Array) -> Any:
        """The sum in float64: in float32 the last batches of a long epoch would be lost."""
        if values.dtype.kind == "b":
            return backend(values).count_nonzero(values)
        return values.sum(dtype=np.float64)

    def result(self) -> float:
        """The weighted mean so far."""
        count = float(self.count)
        return float(self.total) / count if count else 0.0


class Sum(Metric):
    """The weighted sum of numbers: update_state(values, sample_weight=None).

    Args:
        name: Name in logs.

    Example:
        >>> Sum()([1.0, 3.0, 5.0], [1, 1, 0])
        4.0
    """

    sums = ("total",)

    def reset_state(self) -> None:
        """Forget all batches."""
        super().reset_state()
        self.total: Any = 0.0

    def update_state(  # type: ignore[override]
        self, values: Any, sample_weight: Any = None
    ) -> None:
        """Count one number or an array of numbers.

        Args:
            values: The numbers.
            sample_weight: Their weights; None for equal weights.
        """
        values = as_float64(as_array(values))
        if sample_weight is not None:
            w = match_weights(self.name, sample_weight, values.shape, values)
            values = values * w.reshape(w.shape + (1,) * (values.ndim - w.ndim))
        self.total = self.total + values.sum()

    def result(self) -> float:
        """The sum so far."""
        return float(self.total)

    def __call__(self, values: Any, sample_weight: Any = None) -> Any:  # type: ignore[override]
        self.update_state(values, sample_weight)
        return self.result()


class Mean(Average):
    """The weighted mean of numbers: update_state(values, sample_weight=None).

    Args:
        name: Name in logs.

    Example:
        >>> mean = Mean()
        >>> mean.update_state([1.0, 2.0])
        >>> mean(6.0)
        3.0
    """

    def update_state(  # type: ignore[override]
        self, values: Any, sample_weight: Any = None
    ) -> None:
        """Count one number or an array of numbers.

        Args:
            values: The numbers.
            sample_weight: Their weights; None for equal weights.
        """
        self.add(as_array(values), sample_weight)

    def __call__(self, values: Any, sample_weight: Any = None) -> Any:  # type: ignore[override]
        self.update_state(values, sample_weight)
        return self.result()


class MeanMetricWrapper(Average):
    """The mean of fn(y_true, y_pred).

    Args:
        fn: A function of arrays that returns one value per sample, or one mean per batch.
        name: Name in logs; None for the function's name.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> largest = MeanMetricWrapper(lambda t, p: abs(t - p).max(-1), "largest")
        >>> largest(np.zeros((2, 2)), np.array([[1.0, 2.0], [3.0, 4.0]]))
        3.0
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None) -> None:
        self.fn = fn
        super().__init__(name or getattr(fn, "__name__", type(fn).__name__).strip("<>"), dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: One weight per sample; None for equal weights.

        Raises:
            ValueError: If there are weights and fn returns one number per batch.
        """
        mask = getattr(y_pred, "mask", None)
        y_true, y_pred = self.all_steps(y_true, y_pred)
        loss = getattr(self.fn, "__self__", None)  # of whose call the mean is taken
        if mask is not None and getattr(loss, "hides_padding", False):
            y_true = hide_padding(y_true, mask)
        values = as_array(self.fn(y_true, y_pred))
        if mask is not None and values.shape[: mask.ndim] == mask.shape:
            values, sample_weight = values[mask], _weights_of_real(mask, sample_weight)
        elif mask is not None:
            warnings.warn(
                f"{self.name} returns values of shape {values.shape}, so it cannot leave out what "
                f"the mask of y_pred, {mask.shape}, marks as padding: return a value per step",
                stacklevel=2,
            )
        if not values.shape and y_pred.shape:  # one number per batch, weighted by its rows
            if sample_weight is not None:
                raise ValueError(
                    f"{self.name} returns one number for the whole batch, so it cannot weigh its "
                    "samples: return a value per sample"
                )
            sample_weight = np.asarray(float(len(y_pred)))
        self.add(values, sample_weight)


class ElementwiseMetric(Average):
    """The mean of `values(y_true, y_pred)`, one number per sample or element.

    Args:
        name: Name in logs.
    """

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The numbers to average."""
        raise NotImplementedError(f"{type(self).__name__} does not define values")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = self.as_inputs(y_true, y_pred, sample_weight)
        self.add(self.values(y_true, y_pred), sample_weight)
