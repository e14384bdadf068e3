"""What all metrics share: arrays that fit each other, sums over batches, means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array, backend, device_name
from ..config import to_device
from ..losses import match_target_shape, validate_targets
from ..utils.registry import snake_case

# ---- arrays that fit each other ------------------------------------------------------------------------------------


def arrays(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    """Both as arrays on the device of y_pred, as they are: no cast."""
    y_true, y_pred = getattr(y_true, "_array", y_true), getattr(y_pred, "_array", y_pred)
    if not hasattr(y_pred, "shape"):
        y_pred = np.asarray(y_pred)
    if backend(y_true) is not backend(y_pred) or not hasattr(y_true, "shape"):
        y_true = to_device(
            np.asarray(y_true) if isinstance(y_true, (list, tuple)) else y_true, device_name(y_pred)
        )
    return y_true, y_pred


def match_targets(name: str, y_true: Array, y_pred: Array) -> Array:
    """y_true in the shape of y_pred; raises ValueError if there is no such one."""
    y_true = match_target_shape(y_true, y_pred)
    validate_targets(name, y_true, y_pred)
    return y_true


def match_labels(name: str, y_true: Array, y_pred: Array) -> Array:
    """Labels (...,) for scores (..., classes); raises ValueError if they do not fit."""
    y_true = match_target_shape(y_true, y_pred, sparse=True)
    validate_targets(name, y_true, y_pred, True, " (one-hot labels: categorical_accuracy)")
    return y_true


def weights_for(name: str, sample_weight: Any, shape: tuple[int, ...], like: Array) -> Array:
    """Weights (float64) on the device of `like`, of a shape that is the beginning of `shape`."""
    w = to_device(getattr(sample_weight, "_array", sample_weight), device_name(like)).astype(
        np.float64
    )
    if w.shape[-1:] == (1,) and w.shape[:-1] == shape[: w.ndim - 1] and w.shape != shape[: w.ndim]:
        w = w.reshape(w.shape[:-1])
    if w.shape != shape[: w.ndim]:
        raise ValueError(
            f"{name}: sample_weight has shape {w.shape}, the values {shape}: give one weight for each sample"
        )
    return w


# ---- the base, and means -------------------------------------------------------------------------------------------


class Metric:
    """update_state(y_true, y_pred, sample_weight=None) with every batch, then result(); reset_state() starts over.

    Calling a metric updates it and gives the result so far. Subclasses define the three methods.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.reset_state()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch."""
        raise NotImplementedError(f"{type(self).__name__} does not define update_state")

    def result(self) -> Any:
        """The metric over all batches since the last reset_state()."""
        raise NotImplementedError(f"{type(self).__name__} does not define result")

    def reset_state(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__} does not define reset_state")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


class Average(Metric):
    """A running weighted mean of what `add` is given; 0 before the first."""

    def reset_state(self) -> None:
        self.total: Any = 0.0  # float64; 0-d and on the device where that is where the values are
        self.count: Any = 0.0

    def add(self, values: Array, sample_weight: Any = None) -> None:
        """Count an array of values. Weights of fewer axes weigh the means over the other axes."""
        if sample_weight is None:
            # in float64, or a long epoch of float32 would lose its last batches
            total = (
                backend(values).count_nonzero(values)
                if values.dtype.kind == "b"
                else values.sum(dtype=np.float64)
            )
            self.total, self.count = self.total + total, self.count + values.size
        elif values.ndim:
            w = weights_for(self.name, sample_weight, values.shape, values)
            rest = tuple(range(w.ndim, values.ndim))
            means = values.mean(rest, dtype=np.float64) if rest else values
            self.total, self.count = self.total + (means * w).sum(), self.count + w.sum()
        else:  # one mean of a whole batch, and how much it weighs
            weight = to_device(
                getattr(sample_weight, "_array", sample_weight), device_name(values)
            ).sum(dtype=np.float64)
            self.total, self.count = self.total + values * weight, self.count + weight

    def result(self) -> float:
        count = float(self.count)
        return float(self.total) / count if count else 0.0


class Mean(Average):
    """The weighted mean of the values it is given: update_state(values, sample_weight=None)."""

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Count one number or an array of them."""
        values = getattr(values, "_array", values)
        self.add(values if hasattr(values, "shape") else np.asarray(values), sample_weight)

    def __call__(self, values: Any, sample_weight: Any = None) -> Any:  # type: ignore[override]
        self.update_state(values, sample_weight)
        return self.result()


class MeanMetricWrapper(Average):
    """The mean of fn(y_true, y_pred), any function of arrays that gives a value per sample, or one mean of the batch."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None) -> None:
        self.fn = fn
        super().__init__(name or getattr(fn, "__name__", type(fn).__name__))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = arrays(y_true, y_pred)
        values = self.fn(y_true, y_pred)
        values = getattr(values, "_array", values)
        values = values if hasattr(values, "shape") else np.asarray(values)
        if not values.shape and y_pred.shape:  # one number for the batch, which counts by its rows
            if sample_weight is not None:
                raise ValueError(
                    f"{self.name} gives one number for the whole batch, so it cannot weigh its samples: "
                    "return a value per sample"
                )
            sample_weight = np.asarray(float(len(y_pred)))
        self.add(values, sample_weight)


class MeanOf(Average):
    """A mean of `values(y_true, y_pred)`, a number for each sample or element."""

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """What is averaged."""
        raise NotImplementedError(f"{type(self).__name__} does not define values")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = arrays(y_true, y_pred)
        self.add(self.values(y_true, y_pred), sample_weight)
