"""Model: compile, fit, evaluate, predict."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .. import losses, ops, optimizers
from ..backend import tune_malloc
from ..config import restores_settings, settings
from ..engine.autograd import grad
from ..layers.added_losses import added_losses, usage
from ..layers.base import Layer
from ..layers.modes import training
from ..layers.parameter import Parameter
from ..metrics import get as get_metric
from ..optimizers.base import Optimizer
from ..utils.registry import check_count
from ..utils.tools import unpack_x_y_sample_weight
from . import loop
from .callbacks import (
    Callback,
    Callbacks,
    History,
    ProgressBar,
    ResumeCallbacks,
    as_list,
    start_callbacks,
)
from .capture import Captures, captured_steps
from .checkpoints import unsaved_data
from .class_weights import ClassWeight, apply_class_weights, takes_class_numbers
from .data_adapter import check_fraction, fit_batches, inference_batches, prepare_arrays
from .data_errors import NO_TARGETS, target_hint
from .diagnosis import describe_divergence, report_unreached
from .loop import as_numbers, evaluate_batches, predict_batches, run_train_step
from .measured import Measured
from .model_files import ModelFiles
from .outputs import OutputLosses, output_losses, output_metrics
from .swapped import check_places
from .watcher.watching import watcher_of

TRAINING_MODE = training()  # for all steps: to make a scope takes as long as to enter it
Metrics = Any  # names, Metrics or functions (y_true, y_pred): one, or a list or dict of them


class Model(Measured, Captures, ModelFiles):
    """A layer that can be trained: of symbolic inputs and outputs, or with `__init__` and `call`.

    Args:
        inputs: Symbolic tensors that `Input` made, or that layers returned: one, or a list, tuple
            or dict; None for a subclass that writes `call`.
        outputs: What the layers made of them, in the same forms.
        name: Name of the model.
        trainable: False freezes all parameters.
        input_shape: Shape of one input, without the batch axis.
        input_dim: Short for input_shape=(input_dim,).
        dtype: dtype of the parameters of a subclass, and that inputs are cast to; None for the
            default one.

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

        A model of symbolic tensors, with two outputs:

        >>> x = minigrad.Input((4,))
        >>> h = minigrad.layers.Dense(8, activation="relu")(x)
        >>> heads = [minigrad.layers.Dense(n, name=name)(h) for n, name in [(1, "a"), (3, "b")]]
        >>> model = minigrad.Model(x, heads)
        >>> model.compile("adam", {"a": "mse", "b": "mse"}, loss_weights={"b": 0.5})
        >>> a, b = model.predict(np.zeros((2, 4)))
        >>> a.shape, b.shape
        ((2, 1), (2, 3))
    """

    explained = "compile fit evaluate predict train_on_batch test_on_batch save load " + (
        "save_weights load_weights"
    )
    accepts_integers = True
    layers_carry_masks = True
    optimizer: Optimizer
    loss: Callable[..., Any] | None = None
    history: History
    _compiled = False
    _skips_validation = False  # True: this epoch ends without one
    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    _trainable_at_compile: dict[Layer, bool] = {}
    _trained: list[Parameter] | None = None
    _told_unreached: frozenset[int] = frozenset()  # ids of parameters that were warned of
    _has_diverged = False  # True: this fit has warned
    _divergence = ""  # where the first loss that was not finite came from
    _fitting: Sequence[tuple[Callback, Any]] = ()  # in fit: its callbacks, and what they began with
    _unsaved_data: Sequence[str] = ()  # in fit: what a checkpoint cannot hold
    _initial_epoch = 0  # of this fit; a backup that is restored moves it
    _finished = False  # True: this fit has trained all its epochs, or was told to stop

    # ---- training --------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: str | type[Optimizer] | Optimizer = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Metrics = None,
        weighted_metrics: Metrics = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose optimizer, loss and metrics, and fix which parameters are trained.

        Those are the ones trainable now: freezing a layer later changes nothing until the next
        compile. So a discriminator that is compiled first and then frozen inside a stacked model
        still learns by its own train_on_batch, with the statistics of the batch in its
        BatchNormalization; in the steps of the stacked model neither changes.

        Args:
            optimizer: Name, class or Optimizer.
            loss: Name, class, Loss or function (y_true, y_pred); None if train_step needs none. For
                several outputs a list of these in their order, or a dict by their names; one
                serves all.
            loss_weights: By what the loss of each output counts in the sum: a list or dict of
                numbers; None for 1.
            metrics: Names, Metrics or functions (y_true, y_pred); every row counts alike. For
                several outputs a list or dict of these, or of lists of these.
            weighted_metrics: The same, with rows counted by sample and class weights.
            run_eagerly: True for the same as jit_compile=False.
            steps_per_execution: Kept as an attribute.
            jit_compile: "auto" captures the training steps that run the library's own code alone
                (see `captured`); True also those that run yours, which then must depend on nothing
                but its inputs and parameters; False none.
            auto_scale_loss: Kept as an attribute; float16 parameters are stepped in float32.

        Raises:
            ValueError: If a name is unknown, or stands for something else, like a loss given as
                the optimizer; what was compiled before stays.
        """
        try:
            chosen_optimizer = optimizers.get(optimizer)
            names = self.output_names
            in_dict = isinstance(loss if self._graph is None else self._graph.outputs, dict)
            chosen_loss = output_losses(names, loss, loss_weights, losses.get, in_dict)
            plain = output_metrics(names, metrics, chosen_loss, get_metric)
            weighted = output_metrics(names, weighted_metrics, chosen_loss, get_metric)
        except (ValueError, TypeError):
            check_places(optimizer, loss, [metrics, weighted_metrics, loss_weights])
            raise
        plain_names = [metric.name for metric in plain]
        for metric in weighted:
            if metric.name in plain_names:
                metric.name = f"weighted_{metric.name}"
        self.run_eagerly, self.steps_per_execution = run_eagerly, steps_per_execution
        self.jit_compile, self.auto_scale_loss = jit_compile, auto_scale_loss
        self.optimizer = chosen_optimizer
        self.loss = chosen_loss
        if isinstance(chosen_loss, (losses.Loss, OutputLosses)):
            chosen_loss.expect_targets(None)
        self._metrics = plain
        self._weighted_metrics = weighted
        self._trainable_at_compile = {layer: layer.trainable for _, layer in self.named_layers()}
        self._trained = None
        self._told_unreached = frozenset()
        self._compiled_with = {
            "loss": loss,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "loss_weights": loss_weights,
        }
        self._note_overrides(Model)
        self._captured = captured_steps(jit_compile, run_eagerly)
        self._compiled = True

    @restores_settings
    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = 1,
        callbacks: Callbacks = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: ClassWeight = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        drop_last: bool = False,
        watch: Any = False,
    ) -> History:
        """Train for a number of passes over the data.

        Args:
            x: Inputs, one per row; a list, tuple or dict of arrays for a `call` that takes several;
                or batches x, (x, y) or (x, y, sample_weight): a Dataset or
                PyDataset, iterated in each epoch, or a generator.
            y: Targets, one per row.
            batch_size: Rows per step, 32 by default.
            epochs: Number of the last epoch; from `initial_epoch` on.
            verbose: 1 or "auto" for a progress bar, 2 for a line per epoch, 0 for nothing.
            callbacks: One callback or several, called between batches and epochs.
            validation_split: Fraction of the rows, the last ones before shuffling, on which the
                model is evaluated after each epoch instead of being trained.
            validation_data: (x, y), (x, y, sample_weight) or batches to evaluate after each epoch;
                takes precedence over `validation_split`.
            shuffle: Whether each epoch visits the rows, or the batches of a PyDataset, in a new
                order.
            class_weight: Weight of the training rows, or steps, of each class: a dict by class
                number, 1 for classes not in it; a list or array; or "balanced".
            sample_weight: Weight of each row in the loss and in the weighted metrics.
            initial_epoch: Number of the first epoch, to resume a training.
            steps_per_epoch: Number of batches that make an epoch; None for all. The next epoch goes
                on where one ended, and at the end of arrays begins again.
            validation_steps: Number of batches of a validation; None for all.
            validation_batch_size: Rows per batch of validation, by default `batch_size`.
            validation_freq: After how many epochs to validate; or a list of the epochs that end
                with a validation, counted from 1.
            drop_last: Whether to leave out a last batch with fewer rows.
            watch: True to have the training observed, and told what looks wrong (see
                minigrad.watch); or a watcher of this model. `history.watcher` is the watcher.

        Returns:
            The History: `history.history["loss"]` lists one value per epoch.

        Raises:
            ValueError: If the model is not compiled, a number is out of range, lengths differ, the
                data holds NaN, or the loss reaches no parameter.
        """
        self._require_compiled("fit")
        _check_options(
            verbose,
            batch_size=batch_size,
            validation_batch_size=validation_batch_size,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_freq=validation_freq if isinstance(validation_freq, int) else None,
        )
        check_fraction(validation_split=validation_split)
        _check_epochs(initial_epoch, epochs)
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
            validation_steps,
            epochs - initial_epoch,
        )
        if isinstance(self.loss, (losses.Loss, OutputLosses)):
            self.loss.expect_targets(y)
        self.history = History()
        given = [*as_list(callbacks), self.history]
        if verbose:
            style = 1 if verbose == "auto" else int(verbose)
            given.insert(-1, ProgressBar(train.steps, epochs, style))
        run = {"verbose": verbose, "epochs": epochs, "steps": train.steps}
        every_callback = start_callbacks(self, [*given, ResumeCallbacks(given)], **run)
        self._unsaved_data = unsaved_data(getattr(train, "source", x))
        self.stop_training, self._has_diverged, self._divergence = False, False, ""
        self._initial_epoch = initial_epoch
        ((watch and watcher_of(self, watch)) or settings.process_group or loop).run_epochs(
            self, train, validation, every_callback, epochs, validation_freq
        )
        return self.history

    def train_step(self, data: Any) -> dict[str, Any]:
        """One training step; override it to train otherwise.

        Args:
            data: x, (x, y) or (x, y, sample_weight) of one batch.

        Returns:
            Values to log.

        Raises:
            ValueError: If the loss reaches no parameter. Those that it does not reach, while it
                reaches others, stay as they are, whatever momentum or decay says.
        """
        x, y, sample_weight = batch = unpack_x_y_sample_weight(data)
        loss, y_pred, gradients = self._captured.run(self, x, y, sample_weight)
        value = float(loss)
        if not math.isfinite(value) and not self._divergence:
            self._divergence = describe_divergence(self, batch)
        if [g for g in gradients if g is None]:
            report_unreached(self, gradients, batch)
        self.optimizer.apply(gradients, self.trained())
        return self._measured_step(value, x, y, y_pred, sample_weight)

    def _loss_and_gradients(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, list[Any]]:
        """(loss, predictions, the gradient of each parameter that is trained) of a batch."""
        with TRAINING_MODE:
            y_pred = self(x)
            loss = self.compute_loss(
                x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **self._mode_options[True]
            )
        total = loss if self.optimizer.options is None else self.optimizer.scale_loss(loss)
        return loss, y_pred, grad(total, self.trained(), retain_graph=False, unused="none")

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The compiled loss, what layers added in the call, and the penalties of all regularizers.

        Args:
            x: Inputs, for subclasses whose loss depends on them.
            y: Targets.
            y_pred: Outputs of the model.
            sample_weight: Weight of each row, or None.
            training: False in evaluation, for subclasses whose loss differs then.

        Raises:
            ValueError: If there are no targets, or there is no loss.
        """
        if self.loss is None:
            return self._sum_of_penalties()
        if y is None:
            raise ValueError(NO_TARGETS)
        try:
            loss = self.loss(losses.match_target_shape(y, y_pred), y_pred, sample_weight)
        except (ValueError, IndexError) as error:
            error.args = (f"{error}{target_hint(self, error, y, y_pred)}",)
            raise
        if settings.recording and getattr(loss, "node", None) is None:
            return loss  # cut off from the parameters, which penalties would hide
        for value in self.penalties():
            loss = loss + value
        return loss

    def penalties(self) -> list[Any]:
        """What layers added in the last call, and the penalty of each regularizer."""
        added = [ops.sum(value) for value in added_losses(self)] if usage.is_known else []
        return added + [p.regularizer(p) for p in self.trained() if p.regularizer is not None]

    def _sum_of_penalties(self) -> Any:
        """The loss of a model that is compiled without one."""
        first, *others = self.penalties() or [None]
        if first is None:
            raise ValueError("compile was given no loss: name one, or override train_step")
        return sum(others, first)

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

    @restores_settings
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: ClassWeight = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on one batch.

        Args:
            x: Inputs.
            y: Targets.
            sample_weight: Weight of each row.
            class_weight: Weight of the rows, or steps, of each class, as in fit.
            return_dict: Whether to return a dict by name.

        Returns:
            The loss; if there are metrics, a list of the loss and each of them.

        Raises:
            ValueError: If the model is not compiled, lengths differ, or the data holds NaN.
        """
        self._require_compiled("train_on_batch")
        tune_malloc()
        self.reset_metrics()
        arrays = self._captured.prepare(self, x, y, sample_weight)
        if class_weight is not None:
            arrays = apply_class_weights(arrays, class_weight, takes_class_numbers(self))
        values = as_numbers(run_train_step(self, tuple(arrays)))
        logs = self.report({name: (value, 1) for name, value in values.items()})
        return self.pack_results(logs, return_dict)

    # ---- evaluation and prediction ---------------------------------------------------------------

    @restores_settings
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = 0,
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Callbacks = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over all rows, in inference.

        Args:
            x: Inputs, or batches as in fit.
            y: Targets.
            batch_size: Rows per batch, 256 by default.
            verbose: Accepted for Keras's sake; nothing is shown.
            sample_weight: Weight of each row in the loss and in the weighted metrics.
            steps: Number of batches; None for all.
            callbacks: One callback or several, whose `on_test_...` methods are called.
            return_dict: Whether to return a dict by name.

        Returns:
            The loss; if there are metrics, a list of the loss and each of them.

        Raises:
            ValueError: If the model is not compiled, lengths differ, or the data holds NaN.
        """
        self._require_compiled("evaluate")
        _check_options(verbose, batch_size=batch_size, steps=steps)
        batches = inference_batches(self, x, y, sample_weight, batch_size=batch_size, steps=steps)
        listed = start_callbacks(self, callbacks, verbose=verbose, epochs=1, steps=batches.steps)
        logs = evaluate_batches(self, batches, listed)
        return self.pack_results(logs, return_dict)

    @restores_settings
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
        logs = evaluate_batches(self, [tuple(prepare_arrays(self, x, y, sample_weight))])
        return self.pack_results(logs, return_dict)

    def test_step(self, data: Any) -> dict[str, Any]:
        """The step of evaluate and validation; override it together with train_step.

        Args:
            data: x, (x, y) or (x, y, sample_weight) of one batch.

        Returns:
            Values to log.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x)
        loss = self.compute_loss(
            x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **self._mode_options[False]
        )
        return self._measured_step(loss, x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The step of predict; override it to predict otherwise.

        Args:
            data: x of one batch.

        Returns:
            The outputs.
        """
        return self(unpack_x_y_sample_weight(data)[0])

    @restores_settings
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = 0,
        steps: int | None = None,
        callbacks: Callbacks = None,
    ) -> Any:
        """The outputs for all rows, in inference, as a NumPy array; of several, a list or dict.

        Args:
            x: Inputs, or batches as in fit.
            batch_size: Rows per batch, 256 by default.
            verbose: Accepted for Keras's sake; nothing is shown.
            steps: Number of batches; None for all.
            callbacks: One callback or several, whose `on_predict_...` methods are called.
        """
        _check_options(verbose, batch_size=batch_size, steps=steps)
        batches = inference_batches(self, x, batch_size=batch_size, steps=steps)
        listed = start_callbacks(self, callbacks, verbose=verbose, epochs=1, steps=batches.steps)
        return predict_batches(self, batches, listed)

    @restores_settings
    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, in inference, as a NumPy array; of several, a list or dict.

        Args:
            x: Inputs.
        """
        return predict_batches(self, [tuple(prepare_arrays(self, x))])

    # ---- requirements ----------------------------------------------------------------------------

    def _require_compiled(self, method: str) -> None:
        """Raise ValueError unless the model is compiled."""
        if not self._compiled:
            raise ValueError(
                f"{method} needs a compiled model: call compile(optimizer, loss) first"
            )


def _check_options(verbose: Any, **counts: Any) -> None:
    """Raise ValueError unless `verbose` is known and the numbers are whole, 1 or more, or None."""
    if verbose not in (0, 1, 2, "auto"):
        raise ValueError(
            "verbose must be 0 for nothing, 1 or 'auto' for a progress bar, or 2 for a line per "
            f"epoch, got {verbose!r}"
        )
    for name, value in counts.items():
        if value is not None:
            check_count(name, value)


def _check_epochs(initial_epoch: int, epochs: int) -> None:
    """Raise ValueError unless both are whole numbers, and training begins before its end."""
    check_count("epochs", epochs)
    check_count("initial_epoch", initial_epoch, 0)
    if initial_epoch > epochs:
        raise ValueError(
            f"initial_epoch={initial_epoch} is beyond epochs={epochs}, which is the number of the "
            f"last epoch, not how many are to come: for as many more, write epochs="
            f"{initial_epoch + epochs}"
        )
