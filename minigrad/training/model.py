"""Model: compile, fit, evaluate, predict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .. import losses, metrics, optimizers
from ..backend import tune_malloc
from ..engine.autograd import grad
from ..layers.base import Layer
from ..layers.modes import training
from ..layers.parameter import Parameter
from ..optimizers.base import Optimizer
from ..utils.files import PathLike
from . import checkpoints, saving
from .callbacks import Callback, History, ProgressBar, ResumeCallbacks
from .data_adapter import (
    apply_class_weights,
    fit_batches,
    inference_batches,
    prepare_arrays,
    unpack_x_y_sample_weight,
)
from .loop import accumulate_logs, evaluate_batches, predict_batches, run_epochs, run_train_step
from .summary import summary_table

Metrics = str | Sequence[Any] | None  # names, Metric objects, or functions (y_true, y_pred)


class Model(Layer):
    """A layer that can be trained: write `__init__` and `call`, or use Sequential.

    Args:
        name: Name of the model.
        trainable: False freezes all parameters.
        input_shape: Shape of one input, without the batch axis.
        input_dim: Short for input_shape=(input_dim,).

    Example:
        >>> class Line(minigrad.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = minigrad.layers.Dense(1)
        ...
        ...     def call(self, x):
        ...         return self.dense(x)
        >>> model = Line()
        >>> model.compile("sgd", "mse")
        >>> x = np.linspace(-1, 1, 100)[:, None]
        >>> history = model.fit(x, 2 * x, epochs=200, verbose=0)
        >>> model.predict([[0.5]]).round(1)
        array([[1.]], dtype=float32)
    """

    accepts_integers = True
    optimizer: Optimizer
    loss: Callable[..., Any] | None = None
    history: History
    stop_training = False
    _compiled = False
    _metrics: Sequence[Any] = ()
    _weighted_metrics: Sequence[Any] = ()
    _trainable_at_compile: dict[Layer, bool] = {}
    _trained: list[Parameter] | None = None
    _fitting: Sequence[tuple[Callback, Any]] = ()  # in fit: its callbacks, and what they began with
    _unsaved_data: Sequence[str] = ()  # in fit: what a checkpoint cannot hold
    _resumed: tuple[int, list[Any], list[str]] | None = None  # for the fit after load

    # ---- training --------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: str | type[Optimizer] | Optimizer = "rmsprop",
        loss: Any = None,
        metrics: Metrics = None,
        weighted_metrics: Metrics = None,
    ) -> None:
        """Choose optimizer, loss and metrics, and fix which parameters are trained.

        Those are the ones trainable now: freezing a layer later changes nothing until the next
        compile. So a discriminator that is compiled first and then frozen inside a stacked model
        still learns by its own train_on_batch, with the statistics of the batch in its
        BatchNormalization; in the steps of the stacked model neither changes.

        Args:
            optimizer: Name, class or Optimizer.
            loss: Name, class, Loss or function (y_true, y_pred); None if train_step needs none.
            metrics: Names, Metrics or functions (y_true, y_pred); every row counts alike.
            weighted_metrics: The same, with rows counted by sample and class weights.

        Raises:
            ValueError: If a name is unknown; what was compiled before stays.
        """
        chosen_optimizer = optimizers.get(optimizer)
        chosen_loss = None if loss is None else losses.get(loss)
        plain = _get_metrics(metrics, chosen_loss)
        weighted = _get_metrics(weighted_metrics, chosen_loss)
        names = [metric.name for metric in plain]
        for metric in weighted:
            if metric.name in names:
                metric.name = f"weighted_{metric.name}"
        self.optimizer = chosen_optimizer
        self.loss = chosen_loss
        self._metrics = plain
        self._weighted_metrics = weighted
        self._trainable_at_compile = {layer: layer.trainable for _, layer in self.named_layers()}
        self._trained = None
        self._compiled = True

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = 1,
        callbacks: Iterable[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        drop_last: bool = False,
        validation_batch_size: int | None = None,
        steps_per_epoch: int | None = None,
    ) -> History:
        """Train for a number of passes over the data.

        Args:
            x: Inputs, one per row; or an iterable of batches x, (x, y) or (x, y, sample_weight): a
                Dataset, iterated in each epoch, or a generator.
            y: Targets, one per row.
            batch_size: Rows per step, 32 by default.
            epochs: Number of the last epoch; from `initial_epoch` on.
            verbose: 1 or "auto" for a progress bar, 2 for a line per epoch, 0 for nothing.
            callbacks: Called between batches and epochs.
            validation_split: Fraction of the rows, the last ones before shuffling, on which the
                model is evaluated after each epoch instead of being trained.
            validation_data: (x, y), (x, y, sample_weight) or an iterable of batches to evaluate
                after each epoch; takes precedence over `validation_split`.
            shuffle: Whether each epoch visits the rows in a new order.
            class_weight: Weight of the training rows of each label, 1 for labels not in it.
            sample_weight: Weight of each row in the loss and in the weighted metrics.
            initial_epoch: Number of the first epoch, to resume a training.
            drop_last: Whether to leave out a last batch with fewer rows.
            validation_batch_size: Rows per batch of validation, by default `batch_size`.
            steps_per_epoch: Number of batches that make an epoch, if x is an iterable of batches.

        Returns:
            The History: `history.history["loss"]` lists one value per epoch.

        Raises:
            ValueError: If the model is not compiled, lengths differ, or the data holds NaN.
        """
        self._require_compiled("fit")
        tune_malloc()
        train, validation = fit_batches(
            self,
            x,
            y,
            sample_weight,
            class_weight,
            batch_size,
            shuffle,
            drop_last,
            steps_per_epoch,
            validation_data,
            validation_split,
            validation_batch_size,
        )
        self.history = History()
        every_callback = [*(callbacks or ()), self.history]
        if verbose:
            bar = ProgressBar(train.steps, epochs, 1 if verbose == "auto" else int(verbose))
            every_callback.insert(-1, bar)
        every_callback.append(ResumeCallbacks(every_callback, initial_epoch))
        self._unsaved_data = ["the position of the iterator x"] if hasattr(x, "__next__") else []
        self.stop_training = False
        run_epochs(self, train, validation, every_callback, range(initial_epoch, epochs))
        return self.history

    def train_step(self, data: Any) -> dict[str, Any]:
        """One training step; override it to train otherwise.

        Args:
            data: x, (x, y) or (x, y, sample_weight) of one batch.

        Returns:
            Values to log.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with training():
            y_pred = self(x)
            loss = self.compute_loss(x, y, y_pred, sample_weight)
        parameters = self.trained()
        gradients = grad(loss, parameters, retain_graph=False, unused="zeros")
        self.optimizer.apply(gradients, parameters)
        self._update_metrics(y, y_pred, sample_weight)
        return {"loss": loss}

    def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The compiled loss, plus the penalties of all regularizers.

        Args:
            x: Inputs, for subclasses whose loss depends on them.
            y: Targets.
            y_pred: Outputs of the model.
            sample_weight: Weight of each row, or None.

        Raises:
            ValueError: If there are no targets, or compile was given no loss.
        """
        if self.loss is None:
            raise ValueError("compile was given no loss: name one, or override train_step")
        if y is None:
            raise ValueError("there are no targets y to compute the loss from")
        loss = self.loss(losses.match_target_shape(y, y_pred), y_pred, sample_weight)
        for p in self.trained():
            if p.regularizer is not None:
                loss = loss + p.regularizer(p)
        return loss

    def trained(self) -> list[Parameter]:
        """The parameters that training changes, as compile fixed them."""
        if self._trained is None:
            self._require_compiled("training")
            compiled = self._trainable_at_compile.items()
            frozen = {
                id(p) for layer, trainable in compiled if not trainable for p in layer.weights
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
        """One training step on one batch.

        Args:
            x: Inputs.
            y: Targets.
            sample_weight: Weight of each row.
            class_weight: Weight of the rows of each label, 1 for labels not in it.
            return_dict: Whether to return a dict by name.

        Returns:
            The loss; if there are metrics, a list of the loss and each of them.

        Raises:
            ValueError: If the model is not compiled, lengths differ, or the data holds NaN.
        """
        self._require_compiled("train_on_batch")
        tune_malloc()
        self.reset_metrics()
        arrays = prepare_arrays(self, x, y, sample_weight)
        if class_weight is not None:
            arrays = apply_class_weights(arrays, class_weight)
        logs = accumulate_logs({}, run_train_step(self, tuple(arrays)), rows=1)
        return pack_results(logs | self.metric_results(), return_dict)

    # ---- evaluation and prediction ---------------------------------------------------------------

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = 0,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over all rows, in inference.

        Args:
            x: Inputs, or an iterable of batches.
            y: Targets.
            batch_size: Rows per batch, 256 by default.
            verbose: Accepted for Keras's sake; nothing is shown.
            sample_weight: Weight of each row in the loss and in the weighted metrics.
            return_dict: Whether to return a dict by name.

        Returns:
            The loss; if there are metrics, a list of the loss and each of them.

        Raises:
            ValueError: If the model is not compiled, lengths differ, or the data holds NaN.
        """
        self._require_compiled("evaluate")
        batches = inference_batches(self, x, y, sample_weight, batch_size=batch_size)
        return pack_results(evaluate_batches(self, batches), return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics on one batch, in inference.

        Args:
            x: Inputs.
            y: Targets.
            sample_weight: Weight of each row.
            return_dict: Whether to return a dict by name.

        Returns:
            The loss; if there are metrics, a list of the loss and each of them.
        """
        self._require_compiled("test_on_batch")
        batch = tuple(prepare_arrays(self, x, y, sample_weight))
        return pack_results(evaluate_batches(self, [batch]), return_dict)

    def test_step(self, data: Any) -> dict[str, Any]:
        """The step of evaluate and validation; override it together with train_step.

        Args:
            data: x, (x, y) or (x, y, sample_weight) of one batch.

        Returns:
            Values to log.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x)
        loss = self.compute_loss(x, y, y_pred, sample_weight)
        self._update_metrics(y, y_pred, sample_weight)
        return {"loss": loss}

    def predict(self, x: Any, batch_size: int | None = None, verbose: int | str = 0) -> np.ndarray:
        """The outputs for all rows, in inference, as a NumPy array.

        Args:
            x: Inputs, or an iterable of batches.
            batch_size: Rows per batch, 256 by default.
            verbose: Accepted for Keras's sake; nothing is shown.
        """
        return predict_batches(self, inference_batches(self, x, batch_size=batch_size))

    # ---- metrics ---------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The metrics that were compiled, weighted ones last."""
        return [*self._metrics, *self._weighted_metrics]

    @property
    def metrics_names(self) -> list[str]:
        """The names of what evaluate returns."""
        return ["loss", *(metric.name for metric in self.metrics)]

    def reset_metrics(self) -> None:
        """Start all metrics afresh."""
        for metric in self.metrics:
            metric.reset_state()

    def metric_results(self) -> dict[str, float]:
        """The value of each metric since the last reset."""
        return {metric.name: float(metric.result()) for metric in self.metrics}

    def _update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Add one batch to all metrics."""
        if not self.metrics:
            return
        matched = losses.match_target_shape(y, y_pred)
        for metric in self._metrics:
            metric.update_state(matched, y_pred)
        for metric in self._weighted_metrics:
            metric.update_state(matched, y_pred, sample_weight)

    # ---- files and summary -----------------------------------------------------------------------

    def save_weights(self, path: PathLike) -> None:
        """Write all parameters, by path in the model, to a safetensors file.

        Args:
            path: The file; a process that is killed on the way leaves an older one as it was.

        Raises:
            ValueError: If the model is not built.
        """
        weights = self._built_weights("save_weights")
        saving.save_safetensors(path, {name: p.data for name, p in weights.items()})

    def load_weights(self, path: PathLike, skip_mismatch: bool = False) -> None:
        """Read parameters by path in the model, from a file of weights or a checkpoint.

        Args:
            path: The file.
            skip_mismatch: Whether to load what fits, instead of refusing what does not.

        Raises:
            ValueError: If the model is not built, or something does not fit: everything that does
                not is listed, and nothing is changed.
        """
        saving.load_weights(path, self._built_weights("load_weights"), skip_mismatch)

    def save(self, path: PathLike, epoch: int = 0) -> None:
        """Write a checkpoint: weights, optimizer, random generator, epoch, states of layers.

        In fit it also holds the states of the callbacks.

        Args:
            path: The file, in safetensors format. The architecture stays in your code.
            epoch: Number of epochs trained, which `load` returns.

        Raises:
            ValueError: If the model is not built.
        """
        checkpoints.save_checkpoint(path, self, self._built_weights("save"), epoch)

    def load(self, path: PathLike) -> int:
        """Restore a checkpoint that `save` wrote.

        Args:
            path: The file.

        Returns:
            Its epoch; fit(initial_epoch=...) then continues bit for bit, its callbacks too.

        Raises:
            ValueError: If the model is not built, or not compiled with the optimizer of the
                checkpoint; nothing is changed then.
        """
        return checkpoints.load_checkpoint(path, self, self._built_weights("load"))

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Print a table of the layers: output shapes and numbers of parameters.

        Args:
            print_fn: Called with the table in place of `print`.

        Raises:
            ValueError: If the model is not built.
        """
        self._built_weights("summary")
        print_fn(summary_table(self))

    # ---- requirements ----------------------------------------------------------------------------

    def _built_weights(self, method: str) -> dict[str, Parameter]:
        """All parameters by path; raises ValueError unless every layer is built."""
        if not self.built or not all(layer.built for _, layer in self.named_layers()):
            raise ValueError(
                f"{method} needs a built model: call it on a batch, or give the first layer "
                "input_shape="
            )
        return self.named_weights()

    def _require_compiled(self, method: str) -> None:
        """Raise ValueError unless the model is compiled."""
        if not self._compiled:
            raise ValueError(
                f"{method} needs a compiled model: call compile(optimizer, loss) first"
            )


def pack_results(logs: dict[str, float], return_dict: bool) -> Any:
    """Results as Keras returns them: a dict, a list, or a single number.

    Args:
        logs: Values by name.
        return_dict: Whether to return the dict itself.

    Example:
        >>> pack_results({"loss": 0.5}, False), pack_results({"loss": 0.5, "mae": 0.1}, False)
        (0.5, [0.5, 0.1])
    """
    if return_dict:
        return logs
    values = list(logs.values())
    return values if len(values) > 1 else values[0]


def _get_metrics(chosen: Metrics, loss: Any) -> list[Any]:
    """The metrics of these names, classes or objects."""
    listed = [chosen] if isinstance(chosen, str) else chosen or []
    return [metrics.get(metric, loss) for metric in listed]
