"""Model: compile, fit, evaluate, predict."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any, Iterable, Sequence

import numpy as np

from .. import backend as bk
from .. import config, losses, optimizers
from ..backend import tune_malloc
from ..data.loader import Dataset, train_validation_split
from ..engine.autograd import grad, no_grad
from ..layers.base import Layer
from ..layers.modes import trainable_at_compile, training
from ..layers.parameter import Parameter
from ..metrics import get as metric_named
from ..ops import concatenate
from ..optimizers import base
from . import callbacks as cb
from . import saving
from .data_adapter import Stream, _parts, _whole, _with_class_weights, checked, is_batch_iterator

Array = bk.Array


class Model(Layer):
    """A layer that can be trained. Write `__init__` and `call`, or use Sequential; then compile, fit, evaluate, predict."""

    accepts_integers = True
    optimizer: base.Optimizer
    loss: Any = None
    history: cb.History
    stop_training = False
    _compiled = False
    _metrics: list[Any] = []
    _unweighted = 0  # the first so many metrics do not see sample weights
    _seen: dict[Layer, bool] = {}  # every layer when compiled: was it trainable?
    _trained: list[Parameter] | None = None

    # ---- training ----
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Sequence[Any] | None = None,
        weighted_metrics: Sequence[Any] | None = None,
    ) -> None:
        """Choose optimizer, loss and metrics, by name or as objects, and fix which parameters are trained.

        Those are the ones trainable now: freezing a layer later changes nothing until the next compile. So a discriminator
        compiled first and then frozen inside a stacked model goes on learning by its own train_on_batch, with the statistics of
        the batch in its BatchNormalization; in the steps of the stacked model these stand still. Sample and class weights enter
        the loss and the `weighted_metrics`; `metrics` count every row alike, as in Keras.
        """
        optimizer, loss = optimizers.get(optimizer), None if loss is None else losses.get(loss)
        plain, weighted = (
            [
                metric_named(metric, loss)
                for metric in ([given] if isinstance(given, str) else given or [])
            ]
            for given in (metrics, weighted_metrics)
        )
        for metric in weighted:
            if metric.name in [m.name for m in plain]:
                metric.name = f"weighted_{metric.name}"
        self.optimizer, self.loss, self._metrics, self._unweighted = (
            optimizer,
            loss,
            plain + weighted,
            len(plain),
        )
        self._seen = {layer: layer.trainable for _, layer in self.named_layers()}
        self._trained, self._compiled = None, True

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = 1,
        callbacks: Iterable[cb.Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        drop_last: bool = False,
        validation_batch_size: int | None = None,
        steps_per_epoch: int | None = None,
    ) -> cb.History:
        """Train for `epochs` passes over the rows of x and y; returns the History of losses and metrics.

        Or x gives whole batches, (x, y) or (x, y, sample_weight): a Dataset, walked anew each epoch, or a generator, cut into
        epochs by `steps_per_epoch`. validation_data, and the x of evaluate and predict, may do so too.

        `validation_split` holds out the last rows, before shuffling. `class_weight` maps a label to the weight of its training
        rows, 1 where it names none. `verbose` shows a bar (1), a line an epoch (2) or nothing (0). `batch_size` is 32 by default.
        Raises ValueError for NaN in the data, lengths that differ, and a model that is not compiled.
        """
        self._need_compile("fit")
        tune_malloc()
        size = 32 if batch_size is None else batch_size
        held_size, held_out = validation_batch_size or size, None
        train: Dataset | Stream
        if validation_data is not None:
            given = (validation_data,) if is_batch_iterator(validation_data) else validation_data
            if not isinstance(given, (tuple, list)) or len(given) > 3:
                raise ValueError(
                    "validation_data must be (x, y), (x, y, sample_weight) or batches of these"
                )
            held_out = self._rows(*given, size=held_size, of="validation ")
        if is_batch_iterator(x):
            _whole(y, sample_weight, batch_size, validation_split or None)
            train = Stream(
                x,
                steps_per_epoch,
                lambda *batch: _with_class_weights(self._data(*batch), class_weight),
            )
        else:
            if steps_per_epoch is not None:
                raise ValueError(
                    "steps_per_epoch cuts a stream of batches into epochs: arrays have theirs"
                )
            data = self._data(x, y, sample_weight)
            if validation_split and held_out is None:
                data, held_rows = train_validation_split(data, validation_split)
                held_out = Dataset(*held_rows, batch_size=held_size, shuffle=False, depth=0)
            data = _with_class_weights(data, class_weight)
            train = Dataset(*data, batch_size=size, shuffle=shuffle, drop_last=drop_last, depth=0)
        self.history = history = cb.History()
        bar = (
            [cb.ProgressBar(train.steps, epochs, 1 if verbose == "auto" else verbose)]
            if verbose
            else []
        )
        hooks, begun = [*(callbacks or []), *bar, history], []
        self.stop_training = False
        logs: dict[str, float] = {}
        try:
            for hook in hooks:
                hook.model = self
                hook.on_train_begin(logs)
                begun.append(hook)
            for epoch in range(initial_epoch, epochs):
                logs = self._fit_epoch(epoch, train, hooks)
                if held_out is not None:
                    checked = self._evaluate(held_out)
                    logs.update({f"val_{name}": value for name, value in checked.items()})
                for hook in hooks:
                    hook.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        finally:
            with ExitStack() as ends:  # so that each is told, even if one before it raises
                for hook in reversed(begun):
                    ends.callback(hook.on_train_end, logs)
        return history

    def _fit_epoch(
        self, epoch: int, rows: Iterable[tuple[Array, ...]], hooks: list[cb.Callback]
    ) -> dict[str, float]:
        """One pass over the batches; the logs are means over its rows."""
        for hook in hooks:
            hook.on_epoch_begin(epoch, {})
        starting = [
            hook
            for hook in hooks
            if type(hook).on_train_batch_begin is not cb.Callback.on_train_batch_begin
        ]
        watching = [
            hook
            for hook in hooks
            if type(hook).on_train_batch_end is not cb.Callback.on_train_batch_end
        ]
        self.reset_metrics()
        totals: dict[str, list[float]] = {}
        for i, batch in enumerate(rows):
            for hook in starting:
                hook.on_train_batch_begin(i, {})
            with trainable_at_compile(self._seen):
                values = self.train_step(batch[0] if len(batch) == 1 else batch)
            values = _gather(totals, values, len(batch[0]))
            for hook in watching:
                hook.on_train_batch_end(i, values)
            if self.stop_training:
                break
        return {
            **{name: total / rows for name, (total, rows) in totals.items()},
            **self._metric_results(),
        }

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step on a batch: x, (x, y) or (x, y, sample_weight). Override it to train otherwise; return values to be logged."""
        x, y, weight = _parts(data)
        with training():
            prediction = self(x)
            loss = self.compute_loss(x, y, prediction, weight)
        trained = self.trained()
        self.optimizer.apply(grad(loss, trained, retain_graph=False, unused="zeros"), trained)
        self._update_metrics(y, prediction, weight)
        return {"loss": loss}

    def compute_loss(self, x: Any, y: Any, prediction: Any, sample_weight: Any = None) -> Any:
        """The compiled loss, plus the penalties of all regularizers."""
        if self.loss is None or y is None:
            raise ValueError(
                "there are no targets y to compute the loss from"
                if self.loss
                else "compile was given no loss: name one, or override train_step"
            )
        loss = self.loss(losses.match_target_shape(y, prediction), prediction, sample_weight)
        for p in self.trained():
            if p.regularizer is not None:
                loss = loss + p.regularizer(p)
        return loss

    def trained(self) -> list[Parameter]:
        """The parameters that training changes, as compile fixed them."""
        if self._trained is None:
            self._need_compile("training")
            frozen = {
                id(p)
                for layer, trainable in self._seen.items()
                if not trainable
                for p in layer.weights
            }
            self._trained = [p for p in self.weights if p.trainable and id(p) not in frozen]
        return self._trained

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on one batch; returns the loss, followed by the metrics if there are any."""
        self._need_compile("train_on_batch")
        tune_malloc()
        self.reset_metrics()
        data = _with_class_weights(self._data(x, y, sample_weight), class_weight)
        with trainable_at_compile(self._seen):
            values = self.train_step(data[0] if len(data) == 1 else tuple(data))
        values = _gather({}, values, 1)
        return _returned({**values, **self._metric_results()}, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics on one batch, in inference."""
        self._need_compile("test_on_batch")
        return _returned(self._evaluate([tuple(self._data(x, y, sample_weight))]), return_dict)

    # ---- looking ----
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = 0,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over all rows, in inference: a number, a list or, with `return_dict`, a dict."""
        self._need_compile("evaluate")
        return _returned(
            self._evaluate(self._rows(x, y, sample_weight, size=batch_size)), return_dict
        )

    def _evaluate(self, rows: Iterable[tuple[Array, ...]]) -> dict[str, float]:
        self.reset_metrics()
        totals: dict[str, list[float]] = {}
        with no_grad(), training(False):
            for batch in rows:
                _gather(
                    totals, self.test_step(batch[0] if len(batch) == 1 else batch), len(batch[0])
                )
        return {
            **{name: total / rows for name, (total, rows) in totals.items()},
            **self._metric_results(),
        }

    def test_step(self, data: Any) -> dict[str, Any]:
        """What evaluate and validation do with a batch, in inference; override it as train_step."""
        x, y, weight = _parts(data)
        prediction = self(x)
        loss = self.compute_loss(x, y, prediction, weight)
        self._update_metrics(y, prediction, weight)
        return {"loss": loss}

    def predict(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> np.ndarray:
        """The outputs for all rows of x, in inference, as a NumPy array."""
        with no_grad(), training(False):
            rows = [self(part[0]) for part in self._rows(x, size=batch_size)]
        return concatenate(rows).numpy() if len(rows) > 1 else rows[0].numpy()

    @property
    def metrics_names(self) -> list[str]:
        """The names of what evaluate returns."""
        return ["loss", *(m.name for m in self._metrics)]

    def reset_metrics(self) -> None:
        """Start all metrics afresh."""
        for metric in self._metrics:
            metric.reset_state()

    def _metric_results(self) -> dict[str, float]:
        return {metric.name: float(metric.result()) for metric in self._metrics}

    def _update_metrics(self, y: Any, prediction: Any, weight: Any) -> None:
        for i, metric in enumerate(self._metrics):
            metric.update_state(
                losses.match_target_shape(y, prediction),
                prediction,
                weight if i >= self._unweighted else None,
            )

    def _need_compile(self, what: str) -> None:
        if not self._compiled:
            raise ValueError(f"{what} needs a compiled model: call compile(optimizer, loss) first")

    def _rows(
        self, x: Any, y: Any = None, weight: Any = None, *, size: int | None, of: str = ""
    ) -> Dataset | Stream:
        """Batches of `size` rows (256), in order; or the batches that x makes itself."""
        if is_batch_iterator(x):
            _whole(y, weight, None if of else size)
            return Stream(x, None, lambda *batch: self._data(*batch, of=of))
        return Dataset(
            *self._data(x, y, weight, of=of),
            batch_size=256 if size is None else size,
            shuffle=False,
            depth=0,
        )

    def _data(self, x: Any, y: Any = None, weight: Any = None, *, of: str = "") -> list[Array]:
        """Arrays on the model's device, x cast once if it holds integers that the first layer would cast."""
        weights = self._trained or self.weights
        device = weights[0].device if weights else config.default_device()
        x, *others = checked(device, x, y, weight, of)
        return [x if self.accepts_integers or x.dtype.kind == "f" else self.cast(x), *others]

    # ---- files ----
    def save_weights(self, path: str | os.PathLike[str]) -> None:
        """Write all parameters, state included, to a safetensors file, by path in the model."""
        saving.save_arrays(
            path, {name: p.data for name, p in self._built_weights("save_weights").items()}
        )

    def load_weights(self, path: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
        """Read parameters by name. Raises ValueError that lists everything that does not fit, before anything is changed."""
        saving.load_weights(path, self._built_weights("load_weights"), skip_mismatch)

    def save(self, path: str | os.PathLike[str], epoch: int = 0) -> None:
        """Write a checkpoint: weights, optimizer state, learning rate, generator. The architecture stays in your code."""
        saving.save_checkpoint(
            path, self._built_weights("save"), self.optimizer if self._compiled else None, epoch
        )

    def load(self, path: str | os.PathLike[str]) -> int:
        """Take over a checkpoint written by `save` and return its epoch; fit(initial_epoch=...) then continues bit for bit.

        The model must be built, and compiled with the same optimizer if the checkpoint holds one. Raises ValueError otherwise,
        before anything is changed.
        """
        return saving.load_checkpoint(
            path, self._built_weights("load"), self.optimizer if self._compiled else None
        )

    def _built_weights(self, what: str) -> dict[str, Parameter]:
        unbuilt = [
            path or type(layer).__name__
            for path, layer in self.named_layers()
            if not layer.built and layer is not self
        ]
        if not self.built or unbuilt:
            raise ValueError(
                f"{what} needs a built model: call it on a batch, or give the first layer input_shape="
            )
        return self.named_weights()

    # ---- the table ----
    def summary(self) -> str:
        """Print, and return, a table of the layers: output shapes and parameters."""
        weights = self._built_weights("summary")
        rows = [("layer", "output shape", "parameters")]
        for name, layer in self.named_children():
            rows.append(
                (
                    f"{name} ({type(layer).__name__})",
                    str(layer.output_shape),
                    f"{layer.count_params():,}",
                )
            )
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
        lines.insert(1, "-" * len(lines[0]))
        trained = sum(p.size for p in self.trainable_weights)
        total = sum(p.size for p in weights.values())
        lines += [lines[1], f"{total:,} parameters, {trained:,} trainable, {total - trained:,} not"]
        text = f"{type(self).__name__} {self.name or ''}".rstrip() + "\n" + "\n".join(lines)
        print(text)
        return text


def _gather(totals: dict[str, list[float]], values: Any, n: int) -> dict[str, float]:
    """The values of a step over n rows as numbers, after adding them to the totals, [sum, rows] of each name."""
    if not isinstance(values, dict):
        raise TypeError(
            f"a step must return a dict of values to log, like {{'loss': loss}}, got {values!r}"
        )
    values = {name: float(value) for name, value in values.items()}
    for name, value in values.items():
        total = totals.setdefault(name, [0.0, 0])
        total[0], total[1] = total[0] + value * n, total[1] + n
    return values


def _returned(values: dict[str, float], return_dict: bool) -> Any:
    """A dict, a list, or the one number, as Keras returns them."""
    return (
        values
        if return_dict
        else list(values.values())
        if len(values) > 1
        else next(iter(values.values()))
    )
