"""What a model counts while it trains: the loss and the metrics, under Keras's names."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from .. import losses
from ..config import settings
from ..metrics import Mean, Metric
from ..utils.scalars import Result
from ..utils.structures import count_rows
from .functional import GraphModel

Logs = dict[str, float]
# attributes whose metrics are not a model's own
COMPILED = ("_loss_tracker", "_metrics", "_weighted_metrics", "_own_metrics", "_compiled_with")
OVERRIDES = ("train_step", "test_step", "compute_metrics", "get_metrics_result", "metrics")


class LossTracker(Mean):
    """The mean of the losses of a pass over the data, by rows."""

    def reset_state(self) -> None:
        """Forget all batches."""
        self.total = self.count = 0.0


class Measured(GraphModel):
    """A model with metrics.

    They are those that were compiled, and those among its attributes and the attributes of its
    layers. A pass over the data begins with all of them reset. A step of a subclass decides what
    is reported: what it returns, where a value of a metric is the one after the last batch, and
    other values are means over the rows.
    """

    loss: Any
    compute_loss: Any  # a method of Model
    _compiled: bool
    _metrics: Sequence[Any] = ()
    _weighted_metrics: Sequence[Any] = ()
    _loss_tracker: Any = None  # a LossTracker, once compiled
    _own_metrics: list[Any] | None = None  # those not compiled; None: not searched yet
    _has_own_steps = False  # True: a subclass overrides a step or its metrics
    _mode_options: tuple[dict[str, bool], ...] = ({}, {})  # what compute_loss gets in each mode

    def _note_overrides(self, base: type) -> None:
        """Look once, when the model is compiled, at what its class overrides."""
        kind = type(self)
        changed = [name for name in OVERRIDES if getattr(kind, name) is not getattr(base, name)]
        self._has_own_steps = bool(changed)
        self._loss_tracker = LossTracker("loss")
        self._own_metrics = None
        if kind.compile is base.compile:  # type: ignore[attr-defined]
            self._find_metrics()  # else compile may go on to make some
        compute_loss: Any = kind.compute_loss  # type: ignore[attr-defined]
        parameters = inspect.signature(compute_loss).parameters.values()
        is_told = compute_loss is not base.compute_loss and any(  # type: ignore[attr-defined]
            p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters
        )
        self._mode_options = ({"training": False}, {"training": True}) if is_told else ({}, {})

    @property
    def compiled(self) -> bool:
        """True once `compile` was called."""
        return self._compiled

    # ---- what is counted -------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The mean of the loss, the metrics among the attributes, then those that were compiled."""
        own = self._find_metrics() if self._own_metrics is None else self._own_metrics
        return [*own, *self._metrics, *self._weighted_metrics]

    def _find_metrics(self) -> list[Any]:
        """The mean of the loss and the metrics among the attributes; kept once all are there."""
        inside = [layer for _, layer in self.named_layers()]
        models = [layer for layer in inside[1:] if isinstance(layer, Measured)]
        found = [m for layer in inside if layer not in models for m in _metrics_in(layer)]
        tracker = [] if self._loss_tracker is None else [self._loss_tracker]
        own = [*tracker, *dict.fromkeys(found)]
        self._own_metrics = own if self.built else None
        return own

    @property
    def metrics_names(self) -> list[str]:
        """The names of what evaluate returns."""
        of_outputs = getattr(self.loss, "names", [])
        parts = [f"{name}_loss" for name in of_outputs] if len(of_outputs) > 1 else []
        names = [metric.name for metric in self.metrics if metric is not self._loss_tracker]
        return ["loss", *parts, *names]

    def reset_metrics(self) -> None:
        """Start all metrics afresh."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """The value of each metric since the last reset; of the loss, if it was counted."""
        tracker = self._loss_tracker
        return {m.name: _as_number(m) for m in self.metrics if m is not tracker or tracker.count}

    def compute_metrics(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Add one batch to the compiled metrics; a subclass may override it.

        Args:
            x: Inputs.
            y: Targets.
            y_pred: Outputs of the model.
            sample_weight: Weight of each row, or None.

        Returns:
            The value of each metric since the last reset.
        """
        self._update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _update_metrics(self, y: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add one batch to all compiled metrics."""
        if not (self._metrics or self._weighted_metrics):
            return
        matched = losses.match_target_shape(y, y_pred)
        for metric in self._metrics:
            metric.update_state(matched, y_pred)
        for metric in self._weighted_metrics:
            metric.update_state(matched, y_pred, sample_weight)

    # ---- what is reported ------------------------------------------------------------------------

    def _measured_step(self, loss: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """What a step returns: the loss, and those of several outputs; metrics if it is asked."""
        of_outputs = getattr(self.loss, "output_values", {})
        if self._has_own_steps:
            self._count_loss(loss, count_rows(x))
            return self.compute_metrics(x, y, y_pred, sample_weight) | of_outputs
        self._update_metrics(y, y_pred, sample_weight)
        return {"loss": loss, **of_outputs}

    def _count_loss(self, loss: Any, rows: int) -> None:
        """Add the loss of a batch to its mean."""
        tracker = self._loss_tracker
        tracker.total, tracker.count = tracker.total + float(loss) * rows, tracker.count + rows

    def report(self, totals: dict[str, tuple[float, int]]) -> Logs:
        """What a pass over the data, or a part of it, has shown.

        Args:
            totals: Weighted sum and number of rows of each value that the steps returned.
        """
        if settings.process_group is not None:
            return settings.process_group.report(self, totals)
        means = {name: total / count for name, (total, count) in totals.items()}
        if self._has_own_steps:
            return means
        self._loss_tracker.total, self._loss_tracker.count = totals.get("loss", (0.0, 0))
        if len(self.metrics) == 1:  # the loss alone
            return means
        return means | {name: float(value) for name, value in self.get_metrics_result().items()}

    def pack_results(self, logs: Logs, return_dict: bool) -> Any:
        """Results as Keras returns them: a dict; a list, metrics first; or a single number.

        Args:
            logs: Values by name.
            return_dict: Whether to return the dict itself.
        """
        if return_dict:
            return logs
        names = list(logs)
        if self._has_own_steps:
            known = [metric.name for metric in self.metrics if metric.name in logs]
            names = [*known, *sorted(set(logs) - set(known))]
        return [logs[name] for name in names] if len(names) > 1 else logs[names[0]]

    # ---- forms of older scripts ------------------------------------------------------------------

    @property
    def compiled_metrics(self) -> Any:
        """The compiled metrics as one: `compiled_metrics.update_state(y, y_pred)`."""
        return SimpleNamespace(update_state=self._update_metrics)

    def compiled_loss(
        self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
    ) -> Any:
        """The loss of a batch, which is counted, too.

        Args:
            y: Targets.
            y_pred: Outputs of the model.
            sample_weight: Weight of each row, or None.
            regularization_losses: Accepted for the sake of older scripts: penalties are in it.
        """
        loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
        self._count_loss(loss, count_rows(y))
        return loss


def _metrics_in(layer: Any) -> Iterator[Metric]:
    """The metrics among the attributes of a layer, also in lists, tuples and dicts."""
    stack = [value for name, value in vars(layer).items() if name not in COMPILED]
    for value in stack:
        if isinstance(value, Metric):
            yield value
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
        elif isinstance(value, dict):
            stack.extend(value.values())


def _as_number(metric: Any) -> Any:
    """The result of a metric, which must be one number to be logged."""
    result = metric.result()
    if isinstance(result, Result):
        return result
    if getattr(result, "size", 1) != 1:
        raise ValueError(
            f"the metric {metric.name} has a result of shape {result.shape}, and only one number "
            "can be logged: give it one threshold, or average='macro'"
        )
    return Result(getattr(result, "item", lambda: result)())
