"""The loops over batches: the epochs of fit, evaluation, prediction."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ..config import settings
from ..data.loader import one_pass
from ..engine.autograd import no_grad
from ..layers.modes import training
from ..ops import concatenate
from ..threads import blas_of_a_step
from ..utils.scalars import Result
from ..utils.structures import count_rows
from .callbacks import Callback, Logs, call_hooks, defined_hooks, is_due
from .diagnosis import warn_of_divergence

if TYPE_CHECKING:
    from .model import Model

Batch = tuple[Any, ...]  # (x,), (x, y) or (x, y, sample_weight); x may be several arrays
Totals = dict[str, tuple[float, int]]  # weighted sum and number of rows of each logged value


def run_epochs(
    model: Model,
    batches: Iterable[Batch],
    validation: Iterable[Batch] | None,
    callbacks: Sequence[Callback],
    epochs: int,
    validation_freq: int | Sequence[int] = 1,
) -> None:
    """Train from the model's initial epoch on, with validation and callbacks after each epoch.

    Args:
        model: A compiled model.
        batches: The training data, iterated once per epoch.
        validation: Data to evaluate after each epoch, or None.
        callbacks: Called in this order; `on_train_end` too, also after an exception.
        epochs: Number of the last epoch.
        validation_freq: After how many epochs to evaluate; or the epochs, counted from 1.
    """
    logs: Logs = {}
    begun: list[Callback] = []
    model._finished = False
    try:
        for callback in callbacks:
            callback.on_train_begin(logs)
            begun.append(callback)
        for epoch in range(model._initial_epoch, epochs):
            if model.stop_training:
                break
            logs = run_epoch(model, batches, callbacks, epoch)
            model._skips_validation = validation is not None and not is_due(validation_freq, epoch)
            if validation is not None and not model._skips_validation:
                results = evaluate_batches(model, validation, callbacks)
                logs.update({f"val_{name}": value for name, value in results.items()})
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs)
            for callback in callbacks:
                callback.on_epoch_complete(epoch, logs)
        model.optimizer.finalize_variable_values()
        model._finished = True
    finally:
        with ExitStack() as stack:  # calls all of them, even if an earlier one raises
            for callback in reversed(begun):
                stack.callback(callback.on_train_end, logs)


def run_epoch(
    model: Model, batches: Iterable[Batch], callbacks: Sequence[Callback], epoch: int
) -> Logs:
    """One pass over the training data.

    Args:
        model: A compiled model.
        batches: The training data.
        callbacks: Called when the epoch begins, and before and after each batch.
        epoch: Number of the epoch.

    Returns:
        The means over all rows of what the steps returned, and the metrics.
    """
    for callback in callbacks:
        callback.on_epoch_begin(epoch, {})
    before = defined_hooks(callbacks, "on_train_batch_begin")
    after = defined_hooks(callbacks, "on_train_batch_end")
    with_logs = any(
        c.reads_batch_logs for c in callbacks if defined_hooks([c], "on_train_batch_end")
    )
    model.reset_metrics()
    totals: Totals = {}
    with one_pass(batches) as iterator:
        for i, batch in enumerate(iterator):
            for hook in before:
                hook(i, {})
            values = accumulate_logs(totals, run_train_step(model, batch), count_rows(batch[0]))
            if not math.isfinite(values.get("loss", 0.0)):
                warn_of_divergence(model, epoch, i, values["loss"])
            logs = model.report(totals) if with_logs else values
            for hook in after:
                hook(i, logs)
            if model.stop_training:
                break
    return model.report(totals)


def run_train_step(model: Model, batch: Batch) -> Any:
    """`model.train_step` on one batch, with layers frozen as they were when it was compiled.

    Args:
        model: A compiled model.
        batch: (x,), (x, y) or (x, y, sample_weight).
    """
    outer, group = settings.trainable_at_compile, settings.process_group
    try:  # no scope, which costs more than all else here
        settings.trainable_at_compile = model._trainable_at_compile
        with blas_of_a_step():
            return group.train_step(model, batch) if group else model.train_step(step_data(batch))
    finally:
        settings.trainable_at_compile = outer


def step_data(batch: Batch) -> Any:
    """What a step gets: x alone, unless it is a tuple, which would be read as (x, y); or the batch.

    Args:
        batch: (x,), (x, y) or (x, y, sample_weight).
    """
    return batch[0] if len(batch) == 1 and not isinstance(batch[0], tuple) else batch


def evaluate_batches(
    model: Model, batches: Iterable[Batch], callbacks: Sequence[Callback] = ()
) -> Logs:
    """Means over all rows of what `model.test_step` returns, and the metrics.

    Args:
        model: A compiled model.
        batches: The data to evaluate.
        callbacks: Called at the beginning and the end, and before and after each batch.
    """
    group = settings.process_group
    open_pass = group.own_batches if group else one_pass
    before = defined_hooks(callbacks, "on_test_batch_begin")
    after = defined_hooks(callbacks, "on_test_batch_end")
    model.reset_metrics()
    model.stop_evaluating = False
    totals: Totals = {}
    call_hooks(callbacks, "on_test_begin", {})
    with no_grad(), training(False), blas_of_a_step(), open_pass(batches) as iterator:
        for i, batch in enumerate(iterator):
            for hook in before:
                hook(i, {})
            values = model.test_step(step_data(batch))
            accumulate_logs(totals, values, count_rows(batch[0]))
            for hook in after:
                hook(i, model.report(totals))
            if model.stop_evaluating:
                break
    logs = model.report(totals)
    call_hooks(callbacks, "on_test_end", logs)
    return logs


def predict_batches(
    model: Model, batches: Iterable[Batch], callbacks: Sequence[Callback] = ()
) -> Any:
    """The outputs for all rows, on the host: one NumPy array, or a list or dict of them.

    Args:
        model: A model, compiled or not.
        batches: The inputs.
        callbacks: Called at the beginning and the end, and before and after each batch.
    """
    before = defined_hooks(callbacks, "on_predict_batch_begin")
    after = defined_hooks(callbacks, "on_predict_batch_end")
    model.stop_predicting = False
    outputs = []
    call_hooks(callbacks, "on_predict_begin", {})
    with no_grad(), training(False), blas_of_a_step(), one_pass(batches) as iterator:
        for i, batch in enumerate(iterator):
            for hook in before:
                hook(i, {})
            outputs.append(model.predict_step(step_data(batch[:1])))
            for hook in after:
                hook(i, {"outputs": outputs[-1]})
            if model.stop_predicting:
                break
    call_hooks(callbacks, "on_predict_end", {})
    return _join_outputs(outputs)


def _join_outputs(outputs: list[Any]) -> Any:
    """The outputs of all batches as NumPy arrays, in lists and dicts as the model returns them."""
    first = outputs[0]
    if isinstance(first, dict):
        return {key: _join_outputs([y[key] for y in outputs]) for key in first}
    if isinstance(first, (list, tuple)):
        return type(first)([_join_outputs(list(parts)) for parts in zip(*outputs)])
    return (concatenate(outputs) if len(outputs) > 1 else first).numpy()


def accumulate_logs(totals: Totals, values: Any, rows: int) -> Logs:
    """Add the values of a step to the totals; returns the values as numbers.

    Args:
        totals: Changed in place.
        values: What `train_step` or `test_step` returned: a dict of numbers or Tensors.
        rows: Number of rows of the batch, by which its values count.

    Example:
        >>> totals = {}
        >>> logs = accumulate_logs(totals, {"loss": 1.0}, 30)
        >>> logs = accumulate_logs(totals, {"loss": 4.0}, 10)
        >>> totals
        {'loss': (70.0, 40)}
    """
    logs = as_numbers(values)
    for name, value in logs.items():
        total, count = totals.get(name, (0.0, 0))
        is_running = values[name].__class__ is Result  # holds the batches before this one, too
        totals[name] = (value, 1) if is_running else (total + value * rows, count + rows)
    return logs


def as_numbers(values: Any) -> Logs:
    """What a step returned, as numbers by name.

    Args:
        values: A dict of numbers or Tensors.

    Raises:
        TypeError: If the step did not return a dict.

    Example:
        >>> as_numbers({"loss": minigrad.Tensor(0.5)})
        {'loss': 0.5}
    """
    if not isinstance(values, dict):
        raise TypeError(
            f"a step must return a dict of values to log, like {{'loss': loss}}, got {values!r}"
        )
    return {name: float(value) for name, value in values.items()}
