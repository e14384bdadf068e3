"""Callbacks: what fit calls between batches and epochs, under Keras's names."""

from __future__ import annotations

import csv
import inspect
import math
import os
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..arguments import ExplainsArguments, nearest
from ..backend import backend
from ..config import is_first_process
from ..utils.files import parsing
from ..utils.registry import check_choice, check_count
from .saving import check_suffix

if TYPE_CHECKING:
    from .model import Model

Logs = dict[str, float]  # loss and metrics by name
Hook = Callable[..., Any] | None


class Callback(metaclass=ExplainsArguments):
    """Base of all callbacks: override the methods you need.

    `self.model` is the model in training; `self.model.stop_training = True` ends it after the
    current batch (`stop_evaluating`, `stop_predicting` do so in evaluate and predict). Epochs and
    batches count from 0.

    Example:
        >>> from minigrad.layers import Dense
        >>> class PrintEpoch(Callback):
        ...     def on_epoch_end(self, epoch, logs):
        ...         print(epoch, sorted(logs))
        >>> model = minigrad.Sequential(Dense(1, input_shape=(2,)))
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(
        ...     np.ones((4, 2)), np.ones(4), epochs=2, verbose=0, callbacks=[PrintEpoch()]
        ... )
        0 ['loss']
        1 ['loss']
    """

    model: Model
    params: dict[str, Any] = {}  # verbose, epochs and steps (batches per epoch; None if unknown)
    reads_batch_logs = True  # False: the metrics need not be computed for on_train_batch_end
    state_names: tuple[str, ...] = ()  # the attributes that a checkpoint holds
    passing_names: tuple[str, ...] = ("model", "params")  # those that need not be held

    def set_model(self, model: Model) -> None:
        """Called before anything else, with the model in training.

        Args:
            model: The model.
        """
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called next, with the settings of the run.

        Args:
            params: "verbose", "epochs" and "steps", the batches per epoch or None if unknown.
        """
        self.params = params

    def get_state(self) -> dict[str, Any]:
        """What a checkpoint holds of this callback: numbers, strings, arrays, lists, dicts."""
        return {name: getattr(self, name) for name in self.state_names}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint; called after `on_train_begin`.

        Args:
            state: What `get_state` returned when the checkpoint was saved.

        Raises:
            ValueError: If it is the state of another callback.
        """
        _check_state(self, state)
        vars(self).update(state)

    # ---- fit ----

    def on_train_begin(self, logs: Logs) -> None:
        """Called before the first epoch.

        Args:
            logs: Empty.
        """

    def on_train_end(self, logs: Logs) -> None:
        """Called after the last epoch, also after an exception.

        Args:
            logs: Those of the last epoch.
        """

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Called before the first batch of each epoch.

        Args:
            epoch: Number of the epoch.
            logs: Empty.
        """

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Called after each epoch and its validation.

        Args:
            epoch: Number of the epoch.
            logs: Means over the epoch; values that are added here reach the history.
        """

    def on_epoch_complete(self, epoch: int, logs: Logs) -> None:
        """Called when every callback has seen the end of the epoch: the time to save the model.

        Args:
            epoch: Number of the epoch.
            logs: As all callbacks left them.
        """

    def on_train_batch_begin(self, batch: int, logs: Logs) -> None:
        """Called before each training batch.

        Args:
            batch: Number of the batch in its epoch.
            logs: Empty.
        """
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Called after each training batch.

        Args:
            batch: Number of the batch in its epoch.
            logs: Means over the epoch so far, of what train_step returned, and the metrics.
        """
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs) -> None:
        """The older name of `on_train_batch_begin`.

        Args:
            batch: Number of the batch in its epoch.
            logs: Empty.
        """

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """The older name of `on_train_batch_end`.

        Args:
            batch: Number of the batch in its epoch.
            logs: Means over the epoch so far, of what train_step returned, and the metrics.
        """

    # ---- evaluate, and the validation of fit ----

    def on_test_begin(self, logs: Logs) -> None:
        """Called before the first batch of evaluate or of a validation.

        Args:
            logs: Empty.
        """

    def on_test_end(self, logs: Logs) -> None:
        """Called after the last batch of evaluate or of a validation.

        Args:
            logs: The results.
        """

    def on_test_batch_begin(self, batch: int, logs: Logs) -> None:
        """Called before each batch of evaluate or of a validation.

        Args:
            batch: Number of the batch.
            logs: Empty.
        """

    def on_test_batch_end(self, batch: int, logs: Logs) -> None:
        """Called after each batch of evaluate or of a validation.

        Args:
            batch: Number of the batch.
            logs: Means over the batches so far, and the metrics.
        """

    # ---- predict ----

    def on_predict_begin(self, logs: Logs) -> None:
        """Called before the first batch of predict.

        Args:
            logs: Empty.
        """

    def on_predict_end(self, logs: Logs) -> None:
        """Called after the last batch of predict.

        Args:
            logs: Empty.
        """

    def on_predict_batch_begin(self, batch: int, logs: Logs) -> None:
        """Called before each batch of predict.

        Args:
            batch: Number of the batch.
            logs: Empty.
        """

    def on_predict_batch_end(self, batch: int, logs: Any) -> None:
        """Called after each batch of predict.

        Args:
            batch: Number of the batch.
            logs: {"outputs": what the model gave for the batch}.
        """


Callbacks = Callback | Iterable[Callback] | None  # what fit, evaluate and predict take


def as_list(callbacks: Callbacks) -> list[Callback]:
    """The callbacks as a list.

    Args:
        callbacks: One callback, several, or None.

    Raises:
        TypeError: If something is not a callback; it says what would be.

    Example:
        >>> len(as_list(None)), len(as_list(History()))
        (0, 1)
    """
    bare = isinstance(callbacks, Callback) or callable(callbacks)
    listed: list[Any] = [callbacks] if bare else list(callbacks or ())  # type: ignore[arg-type]
    for callback in listed:
        if not isinstance(callback, Callback):
            raise TypeError(f"callbacks: expected {_expected_for(callback)}, got {callback!r}")
    return listed


def _expected_for(thing: Any) -> str:
    """What would be right in the place of something that is no callback."""
    if isinstance(thing, type):
        return f"an object, {thing.__name__}(...), not its class"
    if callable(thing):
        return "a callback: LambdaCallback(on_epoch_end=...) makes one of functions"
    return "an object of a subclass of minigrad.callbacks.Callback"


def start_callbacks(model: Model, callbacks: Callbacks, **params: Any) -> list[Callback]:
    """The callbacks as a list, each told of its model and of the settings of the run.

    Args:
        model: The model.
        callbacks: One callback, several, or None.
        **params: The settings.

    Example:
        >>> [c.params for c in start_callbacks(minigrad.Sequential(), History(), epochs=1)]
        [{'epochs': 1}]
    """
    listed = as_list(callbacks)
    for callback in listed:
        callback.set_model(model)
        callback.set_params(params)
    return listed


OLDER_NAMES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def defined_hooks(callbacks: Iterable[Callback], name: str) -> list[Callable[..., None]]:
    """The methods of this name that the callbacks define themselves: others need no call.

    Args:
        callbacks: The callbacks.
        name: Name of a method of Callback.

    Example:
        >>> len(defined_hooks([History(), Callback()], "on_epoch_end"))
        1
    """
    names = (name, OLDER_NAMES.get(name, name))
    return [getattr(c, name) for c in callbacks if any(_defines(c, n) for n in names)]


def is_due(validation_freq: int | Sequence[int], epoch: int) -> bool:
    """True if an epoch ends with a validation.

    Args:
        validation_freq: After how many epochs one comes; or the epochs, counted from 1.
        epoch: The number of the epoch, from 0.

    Example:
        >>> [is_due(2, epoch) for epoch in range(4)], is_due([1, 3], 2)
        ([False, True, False, True], True)
    """
    if isinstance(validation_freq, int):
        return (epoch + 1) % validation_freq == 0
    return epoch + 1 in validation_freq


def call_hooks(callbacks: Iterable[Callback], name: str, logs: Logs) -> None:
    """Call the methods of this name that the callbacks define themselves.

    Args:
        callbacks: The callbacks.
        name: Name of a method of Callback that takes logs alone.
        logs: What they get.

    Example:
        >>> call_hooks([Callback()], "on_test_end", {"loss": 1.0})
    """
    for hook in defined_hooks(callbacks, name):
        hook(logs)


def _defines(callback: Callback, name: str) -> bool:
    """True if the callback's class, or the callback itself, overrides the method."""
    return name in vars(callback) or getattr(type(callback), name) is not getattr(Callback, name)


# ---- records -------------------------------------------------------------------------------------


class History(Callback):
    """Records the logs of every epoch; fit returns it.

    `history["val_loss"]` lists one value per epoch, `epoch` the numbers of the epochs; of
    fit(..., watch=True) `watcher` has the findings, None otherwise.

    Example:
        >>> recorded = History()
        >>> recorded.on_epoch_end(0, {"loss": 0.5})
        >>> recorded.history, recorded.epoch
        ({'loss': [0.5]}, [0])
    """

    passing_names = (*Callback.passing_names, "history", "epoch", "watcher")
    watcher: Any = None  # of fit(..., watch=True)

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Record the logs."""
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)


class ProgressBar(Callback):
    """One tqdm bar over all epochs, or one line per epoch, with the logs of the last epoch.

    Args:
        steps: Batches per epoch; None if unknown.
        epochs: Number of the last epoch.
        verbose: 1 for the bar, 2 for lines.

    Example:
        >>> bar = ProgressBar(steps=3, epochs=10, verbose=2)
        >>> bar.on_epoch_end(0, {"loss": 0.5})
        epoch 1/10: loss 0.5
    """

    reads_batch_logs = False
    passing_names = (*Callback.passing_names, "bar")

    def __init__(self, steps: int | None, epochs: int, verbose: int = 1) -> None:
        self.steps = steps
        self.epochs = epochs
        self.verbose = verbose if is_first_process() else 0
        self.bar: Any = None

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Open the bar in the first epoch, and show the number of the epoch."""
        if self.verbose == 1 and self.bar is None:
            from tqdm import tqdm  # as text in notebooks too: a widget is saved as it began, at 0 %

            total = self.steps and self.steps * (self.epochs - epoch)
            self.bar = tqdm(total=total, file=sys.stdout, mininterval=0.2, unit="step")
        if self.bar is not None:
            self.bar.set_description(self._epoch_title(epoch), refresh=False)

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Move the bar on."""
        if self.bar is not None:
            self.bar.update()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Show the logs."""
        text = ", ".join(f"{name} {value:.4g}" for name, value in logs.items())
        if self.bar is not None:
            self.bar.set_postfix_str(text, refresh=False)
        elif self.verbose == 2:
            print(f"{self._epoch_title(epoch)}: {text}", flush=True)

    def _epoch_title(self, epoch: int) -> str:
        """ "epoch 1/10", after the name that the user gave the model."""
        model = getattr(self, "model", None)
        name = "" if model is None or model._has_default_name else model.name
        prefix = f"{name}, " if name else ""
        return f"{prefix}epoch {epoch + 1}/{self.epochs}"

    def on_train_end(self, logs: Logs) -> None:
        """Close the bar."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class CSVLogger(Callback):
    """Writes the logs of each epoch as a line of a CSV file.

    Args:
        filename: The file.
        separator: Character between the columns.
        append: Whether to continue a file that exists, with its columns.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     logger = CSVLogger(f"{folder}/log.csv")
        ...     logger.on_train_begin({})
        ...     logger.on_epoch_end(0, {"loss": 0.5})
        ...     logger.on_train_end({})
        ...     open(f"{folder}/log.csv").read().split()
        ['epoch,loss', '0,0.5']
    """

    file: IO[str]
    passing_names = (*Callback.passing_names, "file", "columns", "writer")

    def __init__(self, filename: str | Path, separator: str = ",", append: bool = False) -> None:
        self.filename = str(filename)
        self.separator = separator
        self.append = append

    def on_train_begin(self, logs: Logs) -> None:
        """Open the file, and read the columns of one that is continued."""
        self.columns: list[str] | None = None
        self.writer: csv.DictWriter[str] | None = None
        if self.append and Path(self.filename).is_file():
            with open(self.filename, newline="") as file:
                self.columns = next(csv.reader(file, delimiter=self.separator), None)
        mode = "a" if self.append else "w"
        path = self.filename if is_first_process() else os.devnull
        self.file = open(path, mode, newline="")  # noqa: SIM115 - closed on_train_end

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Write a line, after a header if the file is new."""
        if self.writer is None:
            self.writer = csv.DictWriter(
                self.file,
                self.columns or ["epoch", *logs],
                delimiter=self.separator,
                restval="NA",
                extrasaction="ignore",
            )
            if not self.columns:
                self.writer.writeheader()
        self.writer.writerow({"epoch": epoch, **logs})
        self.file.flush()

    def on_train_end(self, logs: Logs) -> None:
        """Close the file."""
        self.file.close()

    def get_state(self) -> dict[str, Any]:
        """The file, and its length: what is written later belongs to epochs not in the checkpoint.

        It is empty without append, when a new training writes a new file.
        """
        path = str(Path(self.filename).resolve())
        return {"path": path, "length": self.file.tell()} if self.append else {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Remove the lines of epochs that are about to be trained again.

        Args:
            state: What `get_state` returned.
        """
        path = str(Path(self.filename).resolve())
        if self.append and state.get("path") == path and state["length"] < self.file.tell():
            self.file.truncate(state["length"])


# ---- callbacks that monitor a value --------------------------------------------------------------


class MonitorCallback(Callback):
    """Base of the callbacks that follow one logged value and the best it has been.

    Args:
        monitor: Name of the value.
        mode: "min" or "max" if lower or higher is better; "auto" decides by the name.
        min_delta: Smallest change that counts as an improvement.

    Raises:
        ValueError: If the mode is unknown.

    Example:
        >>> monitor = MonitorCallback("val_accuracy")
        >>> [monitor.update_best(value) for value in (0.5, 0.7, 0.6)], monitor.best
        ([True, True, False], 0.7)
    """

    state_names: tuple[str, ...] = ("best",)
    HIGHER_IS_BETTER = ("acc", "auc", "precision", "recall", "f1", "r2")

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        check_choice(mode, ("auto", "min", "max"), f"mode of {type(self).__name__}")
        higher = any(word in monitor for word in self.HIGHER_IS_BETTER)
        maximize = higher if mode == "auto" else mode == "max"
        self.monitor = monitor
        self.sign = 1 if maximize else -1
        self.min_delta = abs(min_delta)
        self.reset_best()

    def reset_best(self) -> None:
        """Forget the best value."""
        self.best = -math.inf * self.sign

    def monitored_value(self, logs: Logs) -> float:
        """The value in the logs.

        Args:
            logs: The logs of an epoch.

        Raises:
            ValueError: If it is missing; the error lists what there is.
        """
        if self.monitor not in logs:
            near = nearest(self.monitor, logs)
            hint = f": did you mean {near!r}?" if near else ""
            if self.monitor.startswith("val_") and "val_loss" not in logs:
                hint = "; give fit validation data"
            raise ValueError(
                f"{type(self).__name__} monitors {self.monitor!r}, but the logs hold "
                f"{', '.join(logs) or 'nothing'}{hint}"
            )
        return logs[self.monitor]

    def has_value(self, logs: Logs) -> bool:
        """False after an epoch that is not validated, if the value is one of validation.

        Args:
            logs: The logs of an epoch.
        """
        is_absent = self.monitor.startswith("val_") and self.monitor not in logs
        return not (is_absent and getattr(self.model, "_skips_validation", False))

    def is_improvement(self, value: float, reference: float) -> bool:
        """True if value is better than reference by more than min_delta.

        Args:
            value: The new value.
            reference: The value to compare it with.
        """
        return (value - reference) * self.sign > self.min_delta

    def update_best(self, value: float) -> bool:
        """True if value is the best so far; it is remembered as such.

        Args:
            value: The new value.
        """
        improved = self.is_improvement(value, self.best)
        if improved:
            self.best = value
        return improved


class EarlyStopping(MonitorCallback):
    """Stops training when a value has not improved for some epochs.

    Args:
        monitor: Name of the value.
        min_delta: Smallest change that counts as an improvement.
        patience: Number of epochs without improvement after which training stops.
        verbose: 1 to print why training stopped.
        mode: "min" or "max" if lower or higher is better; "auto" decides by the name.
        baseline: While it is not beaten, no epoch counts as an improvement.
        restore_best_weights: Whether to return to the weights of the best epoch at the end.
        start_from_epoch: First epoch that is compared.

    Raises:
        ValueError: If the mode is unknown or, in training, the value is not logged.

    Example:
        >>> EarlyStopping("val_loss", patience=3, restore_best_weights=True).patience
        3
    """

    state_names = ("best", "wait", "stopped_epoch", "best_epoch", "best_weights")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch

    def on_train_begin(self, logs: Logs) -> None:
        """Start afresh."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None
        self.reset_best()

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint; if patience had ended by then, training stops at once.

        Args:
            state: What `get_state` returned.
        """
        super().set_state(state)
        if self.stopped_epoch and self.wait >= self.patience:
            self.model.stop_training = True
            warnings.warn(
                f"EarlyStopping had stopped this training after epoch {self.stopped_epoch + 1}: "
                "nothing is left to train; a larger patience lets it go on",
                stacklevel=2,
            )

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Compare the value, keep the best weights, and stop when patience ends."""
        if not self.has_value(logs):
            return
        value = self.monitored_value(logs)
        if epoch < self.start_from_epoch:
            return
        self.wait += 1
        improved = self.update_best(value)
        if improved or (self.restore_best_weights and self.best_weights is None):
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
        if improved and (self.baseline is None or self.is_improvement(value, self.baseline)):
            self.wait = 0
        elif not improved and self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs) -> None:
        """Restore the best weights."""
        if self.stopped_epoch and self.verbose:
            print(
                f"stopped after epoch {self.stopped_epoch + 1}: {self.monitor} was best in epoch "
                f"{self.best_epoch + 1}"
            )
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(MonitorCallback):
    """Saves the model after each epoch, or only after the best so far.

    Checkpoints are complete (Model.save): training that is resumed from one continues bit for bit,
    with all callbacks, in whatever order they are listed: they see the end of the epoch first.

    Args:
        filepath: The file; may contain {epoch}, counted from 1, and {names of logs}.
        monitor: Name of the value that decides which epoch is best.
        verbose: 1 to print the name of each file.
        save_best_only: Whether to save only after an improvement.
        save_weights_only: Whether to leave out the state of the optimizer.
        mode: "min" or "max" if lower or higher is better; "auto" decides by the name.
        save_freq: "epoch", or a number of batches, after which the file may also contain {batch},
            counted from 1. Training goes on from such a checkpoint with its epoch from the start.
        initial_value_threshold: The best value before the first epoch; None for none.

    Raises:
        ValueError: If the mode or save_freq is unknown or, in training, a value is not logged.
        FileNotFoundError: When training begins, if there is no such folder.

    Example:
        >>> ModelCheckpoint("runs/{epoch}-{val_loss:.2f}.safetensors").filepath
        'runs/{epoch}-{val_loss:.2f}.safetensors'
    """

    passing_names = (*Callback.passing_names, "is_due", "epoch")
    state_names = ("best", "batches")

    def __init__(
        self,
        filepath: str | Path,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        if save_freq != "epoch":
            check_count("save_freq of ModelCheckpoint, if not 'epoch',", save_freq)
        self.reads_batch_logs = save_freq != "epoch"
        self.save_freq = save_freq
        self.initial_value_threshold = initial_value_threshold
        if initial_value_threshold is not None:
            self.best = initial_value_threshold
        self.epoch = 0
        self.batches = 0  # trained so far
        check_suffix(filepath, "weights" if save_weights_only else "model")
        self.filepath = str(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only

    def on_train_begin(self, logs: Logs) -> None:
        """Check that the folder exists, before the first epoch is trained."""
        folder = Path(self.filepath).parent
        if "{" not in str(folder) and not folder.is_dir():
            raise FileNotFoundError(
                f"ModelCheckpoint cannot save to {self.filepath}: there is no folder {folder}"
            )

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Remember the epoch, for the names of files."""
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Save the model after every so many batches."""
        self.batches += 1
        is_time = self.save_freq != "epoch" and self.batches % int(self.save_freq) == 0
        if is_time and self._is_wanted(logs):
            self._save(self.epoch, {"batch": batch + 1, **logs})

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Decide whether to save the model."""
        self.is_due = self.save_freq == "epoch" and self._is_wanted(logs)

    def on_epoch_complete(self, epoch: int, logs: Logs) -> None:
        """Save the model."""
        if self.is_due:
            self._save(epoch + 1, logs)

    def _is_wanted(self, logs: Logs) -> bool:
        return not self.save_best_only or (
            self.has_value(logs) and self.update_best(self.monitored_value(logs))
        )

    def _save(self, epoch: int, logs: Logs) -> None:
        """Save the model, from which training goes on with that epoch."""
        path = self._path(logs)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path, epoch=epoch)
        if self.verbose:
            print(f"saved {path}")

    def _path(self, logs: Logs) -> str:
        """The name of the file."""
        try:
            return self.filepath.format(epoch=self.epoch + 1, **logs)
        except KeyError as cause:
            raise ValueError(
                f"ModelCheckpoint: {self.filepath!r} asks for {cause}, there are "
                f"{', '.join(['epoch', *logs])}"
            ) from cause


class BackupAndRestore(Callback):
    """Continues a fit that was killed, when it is started again with the same arguments.

    A checkpoint (Model.save) is written at the end of each epoch, and deleted when the fit has
    finished. A fit that finds one continues bit for bit with the epoch after it, its callbacks
    too; the history holds the epochs from there on. The model must be built. Once a weight is NaN
    or infinite, nothing more is saved, and the last good checkpoint stays.

    Args:
        backup_dir: The folder for the checkpoint, of this training alone; made if it is missing.
        save_freq: "epoch", or a number of batches. A fit that was killed within an epoch begins
            that epoch again, from the weights after the last of so many batches: not bit for bit.
        double_checkpoint: Accepted for Keras's sake: an older file stays until the new one is whole.
        delete_checkpoint: Whether to delete it when the fit has finished.

    Raises:
        ValueError: If backup_dir is empty, or save_freq neither "epoch" nor a whole number; when
            training begins, if the model is not built, or differs from the one in the checkpoint.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> def train():  # the same lines for the first start and for every further one
        ...     minigrad.seed(0)
        ...     model = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(2,)))
        ...     model.compile("adam", "mse")
        ...     backup = BackupAndRestore(folder.name, delete_checkpoint=False)
        ...     return model.fit(np.ones((4, 2)), np.ones(4), epochs=3, verbose=0, callbacks=backup)
        >>> train().epoch, train().epoch
        ([0, 1, 2], [])
    """

    reads_batch_logs = False
    passing_names = (*Callback.passing_names, "epoch", "batches")

    def __init__(
        self,
        backup_dir: str | Path,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not str(backup_dir):
            raise ValueError("backup_dir must name a folder, got an empty name")
        if save_freq != "epoch":
            check_count("save_freq of BackupAndRestore, if not 'epoch',", save_freq)
        check_suffix(backup_dir, "backup")
        self.backup_dir = Path(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self.epoch = 0  # the one in which a backup continues
        self.batches = 0  # trained in this fit

    @property
    def path(self) -> Path:
        """The file."""
        return self.backup_dir / "latest.safetensors"

    def on_train_begin(self, logs: Logs) -> None:
        """Restore the backup, if there is one; the fit begins with the epoch after it."""
        self.model._built_weights("BackupAndRestore")  # the next start could not restore it
        self.epoch = self.model._initial_epoch
        self.batches = 0
        self.backup_dir.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self.epoch = self.model._initial_epoch = self.model.load(self.path)

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Save the model after every so many batches."""
        self.batches += 1
        if self.save_freq != "epoch" and self.batches % int(self.save_freq) == 0:
            self._save()

    def on_epoch_complete(self, epoch: int, logs: Logs) -> None:
        """Save the model."""
        self.epoch = epoch + 1
        if self.save_freq == "epoch":
            self._save()

    def _save(self) -> None:
        """Save the model, unless it has diverged."""
        if self._has_diverged():
            if self.path.exists():
                warnings.warn(
                    "weights are NaN or infinite: they are not saved; the last good ones are "
                    f"there: model.load({str(self.path)!r})",
                    stacklevel=2,
                )
        else:
            self.model.save(self.path, self.epoch)

    def _has_diverged(self) -> bool:
        weights = self.model._built_weights("BackupAndRestore").values()
        return not all(backend(p.data).isfinite(p.data).all() for p in weights)

    def on_train_end(self, logs: Logs) -> None:
        """Delete the backup, unless an exception has ended the fit, or the model has diverged."""
        has_ended = self.model._finished and is_first_process()
        if self.delete_checkpoint and has_ended and not self._has_diverged():
            self.path.unlink(missing_ok=True)
            if not any(self.backup_dir.iterdir()):
                self.backup_dir.rmdir()


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` when a value has not improved for some epochs.

    Args:
        monitor: Name of the value.
        factor: Between 0 and 1.
        patience: Number of epochs without improvement after which the rate is reduced.
        verbose: 1 to print each reduction.
        mode: "min" or "max" if lower or higher is better; "auto" decides by the name.
        min_delta: Smallest change that counts as an improvement.
        cooldown: Epochs after a reduction during which patience does not count.
        min_lr: Smallest learning rate.

    Raises:
        ValueError: If factor or mode is wrong; in training, if the value is not logged or the
            optimizer follows a schedule.

    Example:
        >>> ReduceLROnPlateau("val_loss", factor=0.5, patience=5).factor
        0.5
    """

    state_names = ("best", "wait", "cooldown_counter")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if not 0 < factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must lie between 0 and 1, got {factor!r}")
        super().__init__(monitor, mode, min_delta)
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr

    def on_train_begin(self, logs: Logs) -> None:
        """Start afresh."""
        if self.model.optimizer.schedule is not None:
            raise ValueError(
                "ReduceLROnPlateau sets the learning rate, but the optimizer follows a schedule: "
                "give it a number"
            )
        self.wait = 0
        self.cooldown_counter = 0
        self.reset_best()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Log the learning rate, and reduce it when patience ends."""
        logs["learning_rate"] = self.model.optimizer.rate
        if not self.has_value(logs):
            return
        value = self.monitored_value(logs)
        if self.cooldown_counter:
            self.cooldown_counter -= 1
        if self.update_best(value):
            self.wait = 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        """Reduce the learning rate, unless it is as small as it may be."""
        optimizer = self.model.optimizer
        if optimizer.learning_rate <= self.min_lr:
            return
        optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
        self.wait = 0
        self.cooldown_counter = self.cooldown
        if self.verbose:
            print(f"epoch {epoch + 1}: learning rate reduced to {optimizer.learning_rate:.6g}")


# ---- others --------------------------------------------------------------------------------------


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch, and logs it.

    Args:
        schedule: Function (epoch) or (epoch, rate) that returns the rate; or a schedule, whose
            steps are then epochs.
        verbose: 1 to print each rate.

    Example:
        >>> callback = LearningRateScheduler(lambda epoch, rate: rate * 0.9)
        >>> callback.accepts_rate
        True
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule = schedule
        self.verbose = verbose
        try:
            inspect.signature(schedule).bind(0, 0.1)
            self.accepts_rate = True
        except TypeError:
            self.accepts_rate = False

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Set the rate."""
        optimizer = self.model.optimizer
        arguments = (epoch, optimizer.rate) if self.accepts_rate else (epoch,)
        optimizer.learning_rate = self.schedule(*arguments)
        if self.verbose:
            print(f"epoch {epoch + 1}: learning rate {optimizer.learning_rate:.6g}")

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Log the rate."""
        logs["learning_rate"] = self.model.optimizer.rate


class TerminateOnNaN(Callback):
    """Stops training, with a warning, when a loss is NaN or infinite.

    Looked at is what the step logs as "loss", or under a name that ends in "_loss".

    Args:
        raise_error: True raises an error in place of the warning.

    Raises:
        RuntimeError: When such a loss comes, if raise_error is True.

    Example:
        >>> import warnings
        >>> callback = TerminateOnNaN()
        >>> callback.model = minigrad.Sequential()
        >>> with warnings.catch_warnings(record=True):
        ...     callback.on_train_batch_end(7, {"loss": float("nan")})
        >>> callback.model.stop_training
        True
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Look at the losses of the batch."""
        for name, value in logs.items():
            if (name == "loss" or name.endswith("_loss")) and not math.isfinite(value):
                message = f"batch {batch}: the {name} is {value}; training stops"
                if self.raise_error:
                    raise RuntimeError(message)
                warnings.warn(message, stacklevel=2)
                self.model.stop_training = True
                return


class LambdaCallback(Callback):
    """Calls functions in place of the methods of a callback.

    Args:
        on_epoch_begin: Function (epoch, logs).
        on_epoch_end: Function (epoch, logs).
        on_train_begin: Function (logs).
        on_train_end: Function (logs).
        on_train_batch_begin: Function (batch, logs).
        on_train_batch_end: Function (batch, logs).
        on_test_begin: Function (logs).
        on_test_end: Function (logs).
        on_test_batch_begin: Function (batch, logs).
        on_test_batch_end: Function (batch, logs).
        on_predict_begin: Function (logs).
        on_predict_end: Function (logs).
        on_predict_batch_begin: Function (batch, logs).
        on_predict_batch_end: Function (batch, logs).

    Example:
        >>> shout = LambdaCallback(on_train_begin=lambda logs: print("go!"))
        >>> shout.on_train_begin({})
        go!
    """

    def __init__(
        self,
        on_epoch_begin: Hook = None,
        on_epoch_end: Hook = None,
        on_train_begin: Hook = None,
        on_train_end: Hook = None,
        on_train_batch_begin: Hook = None,
        on_train_batch_end: Hook = None,
        on_test_begin: Hook = None,
        on_test_end: Hook = None,
        on_test_batch_begin: Hook = None,
        on_test_batch_end: Hook = None,
        on_predict_begin: Hook = None,
        on_predict_end: Hook = None,
        on_predict_batch_begin: Hook = None,
        on_predict_batch_end: Hook = None,
    ) -> None:
        given = {name: f for name, f in locals().items() if name.startswith("on_")}
        vars(self).update({name: f for name, f in given.items() if f is not None})


# ---- what a checkpoint holds of callbacks --------------------------------------------------------


class ResumeCallbacks(Callback):
    """The last callback of every fit: gives the others what a checkpoint holds of them.

    Meanwhile the model knows them, so that Model.save can ask for their states.

    Args:
        callbacks: All callbacks of the fit. If it does not begin with the epoch of the
            checkpoint, they begin afresh.

    Example:
        >>> [type(c).__name__ for c in ResumeCallbacks([EarlyStopping()]).callbacks]
        ['EarlyStopping']
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = list(callbacks)

    def on_train_begin(self, logs: Logs) -> None:
        """Restore the states of a checkpoint that was loaded."""
        epoch, stored, not_held = self.model._resumed or (0, [], [])
        self.model._resumed = None
        if epoch and epoch == self.model._initial_epoch:
            missing = [*not_held, *self._restore(stored)]
            if missing:
                warnings.warn(
                    f"the checkpoint does not hold {'; '.join(missing)}: training may go on "
                    "otherwise than it would have without a break",
                    stacklevel=2,
                )
        self.model._fitting = [(c, plain_attributes(c)) for c in self.callbacks]

    def _restore(self, stored: list[dict[str, Any]]) -> list[str]:
        """Give each callback the next state of its class; returns what is missing."""
        missing = []
        for callback in self.callbacks:
            name = type(callback).__name__
            match = next((s for s in stored if s.get("class") == name), None)
            if match is not None:
                stored.remove(match)
                with parsing("the checkpoint", f"state of {name}"):
                    callback.set_state(match["state"])
            elif callback.get_state():
                missing.append(f"the state of the callback {name}")
        return missing

    def on_train_end(self, logs: Logs) -> None:
        """Let the model forget the callbacks."""
        self.model._fitting = ()


def plain_attributes(callback: Callback) -> dict[str, Any]:
    """The attributes of a callback that no checkpoint holds, as far as a change of them shows.

    Args:
        callback: The callback.

    Example:
        >>> callback = LearningRateScheduler(lambda epoch: 0.1)
        >>> callback.seen = [1, 2]
        >>> plain_attributes(callback)["seen"]
        2
    """
    held = {*callback.state_names, *callback.passing_names}
    plain = {}
    for name, value in vars(callback).items():
        if name not in held:
            is_container = isinstance(value, (list, dict, set, deque))
            is_number = isinstance(value, (bool, int, float, str))
            plain[name] = len(value) if is_container else value if is_number else id(value)
    return plain


def changed_names(callback: Callback, before: dict[str, Any]) -> list[str]:
    """The attributes that changed since `before` and that no checkpoint holds.

    Args:
        callback: The callback.
        before: Its `plain_attributes` when training began.
    """
    now = plain_attributes(callback)
    return [name for name in now if name not in before or now[name] != before[name]]


def _check_state(callback: Callback, state: dict[str, Any]) -> None:
    """Raise ValueError unless the state has the names, and the kinds of numbers, of a callback."""
    name = type(callback).__name__
    if set(state) != set(callback.state_names):
        raise ValueError(
            f"the checkpoint holds {', '.join(state) or 'nothing'} of {name}, which needs "
            f"{', '.join(callback.state_names)}"
        )
    for key, value in state.items():
        current = getattr(callback, key)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if isinstance(current, (int, float)) and not is_number:
            raise ValueError(f"the checkpoint's {key} of {name} is {value!r:.50}, not a number")
