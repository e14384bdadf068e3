"""Callbacks: what fit calls between batches and epochs, under Keras's names."""

from __future__ import annotations

import csv
import inspect
import math
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .model import Model

Logs = dict[str, float]


class Callback:
    """Base of all callbacks: override the moments you need. `self.model` is the model in training."""

    model: "Model"

    def on_train_begin(self, logs: Logs) -> None: ...
    def on_train_end(self, logs: Logs) -> None: ...
    def on_epoch_begin(self, epoch: int, logs: Logs) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs) -> None: ...
    def on_train_batch_begin(self, batch: int, logs: Logs) -> None: ...
    def on_train_batch_end(self, batch: int, logs: Logs) -> None: ...


class History(Callback):
    """What fit returns: `.history["val_loss"]` lists a value for each epoch, `.epoch` numbers them."""

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)


class ProgressBar(Callback):
    """One tqdm bar over all epochs with the logs of the last one (verbose=1), or a line an epoch (verbose=2)."""

    def __init__(self, steps: int | None, epochs: int, verbose: int = 1) -> None:
        self.steps, self.epochs, self.verbose = steps, epochs, verbose
        self.bar: Any = None

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        if self.verbose == 1 and self.bar is None:
            from tqdm.auto import tqdm

            total = self.steps and self.steps * (self.epochs - epoch)
            self.bar = tqdm(total=total, file=sys.stdout, mininterval=0.2, unit="step")
        if self.bar is not None:
            self.bar.set_description(f"epoch {epoch + 1}/{self.epochs}", refresh=False)

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if self.bar is not None:
            self.bar.update()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        text = ", ".join(f"{name} {value:.4g}" for name, value in logs.items())
        if self.bar is not None:
            self.bar.set_postfix_str(text, refresh=False)
        elif self.verbose == 2:
            print(f"epoch {epoch + 1}/{self.epochs}: {text}", flush=True)

    def on_train_end(self, logs: Logs) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class _Monitor(Callback):
    """Watches one of the logged values and knows which direction is better."""

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(
                f"{type(self).__name__}: mode must be 'auto', 'min' or 'max', not {mode!r}"
            )
        words = ("acc", "auc", "precision", "recall", "f1", "r2")
        rising = mode == "max" or mode == "auto" and any(word in monitor for word in words)
        self.monitor, self.sign, self.min_delta = monitor, 1 if rising else -1, abs(min_delta)
        self.best = self.worst = -math.inf * self.sign

    def value(self, logs: Logs) -> float:
        """The watched value; raises ValueError that lists what there is."""
        if self.monitor not in logs:
            hint = "; give fit validation data" if self.monitor.startswith("val_") else ""
            raise ValueError(
                f"{type(self).__name__} watches {self.monitor!r}, but the logs hold {', '.join(logs) or 'nothing'}"
                + hint
            )
        return logs[self.monitor]

    def better(self, value: float, than: float) -> bool:
        """Is value better by more than min_delta?"""
        return (value - than) * self.sign > self.min_delta

    def improved(self, value: float) -> bool:
        """Is value better than the best so far? It becomes the best then."""
        better = self.better(value, self.best)
        if better:
            self.best = value
        return better


class EarlyStopping(_Monitor):
    """Stops when the watched value has not improved by more than `min_delta` for `patience` epochs.

    `restore_best_weights` brings back the weights of the best epoch; while `baseline` is not beaten, no epoch counts as
    progress; `start_from_epoch` waits that many epochs before it watches.
    """

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
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch

    def on_train_begin(self, logs: Logs) -> None:
        self.waited = self.stopped_epoch = self.best_epoch = 0
        self.best_weights: list[Any] | None = None
        self.best = self.worst

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        value = self.value(logs)
        if epoch < self.start_from_epoch:
            return
        self.waited += 1
        improved = self.improved(value)
        if improved or self.restore_best_weights and self.best_weights is None:
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
        if improved and (self.baseline is None or self.better(value, self.baseline)):
            self.waited = 0
        elif not improved and self.waited >= self.patience and epoch > 0:
            self.stopped_epoch, self.model.stop_training = epoch, True

    def on_train_end(self, logs: Logs) -> None:
        if self.stopped_epoch and self.verbose:
            print(
                f"stopped after epoch {self.stopped_epoch + 1}: {self.monitor} was best in epoch {self.best_epoch + 1}"
            )
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(_Monitor):
    """Saves after each epoch, or only after the best so far; `filepath` may hold {epoch} (from 1) and {names of logs}.

    Whole checkpoints (Model.save) unless `save_weights_only`; training resumed from one continues bit for bit.
    """

    def __init__(
        self,
        filepath: str,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath, self.verbose = str(filepath), verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only

    def on_train_begin(self, logs: Logs) -> None:
        folder = Path(self.filepath).parent
        if "{" not in str(folder) and not folder.is_dir():  # now, not after the first epoch
            raise FileNotFoundError(
                f"ModelCheckpoint cannot save to {self.filepath}: there is no folder {folder}"
            )

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.save_best_only and not self.improved(self.value(logs)):
            return
        try:
            path = self.filepath.format(epoch=epoch + 1, **logs)
        except KeyError as cause:
            raise ValueError(
                f"ModelCheckpoint: {self.filepath!r} asks for {cause}, there are {', '.join(['epoch', *logs])}"
            ) from cause
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path, epoch=epoch + 1)
        if self.verbose:
            print(f"saved {path}")


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch: schedule(epoch) or schedule(epoch, rate)."""

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose
        try:
            inspect.signature(schedule).bind(0, 0.1)
            self.takes_rate = True
        except TypeError:
            self.takes_rate = False

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        optimizer = self.model.optimizer
        rate = (
            self.schedule(epoch, optimizer.learning_rate)
            if self.takes_rate
            else self.schedule(epoch)
        )
        optimizer.learning_rate = rate
        if self.verbose:
            print(f"epoch {epoch + 1}: learning rate {rate:.6g}")

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        logs["learning_rate"] = self.model.optimizer.learning_rate


class ReduceLROnPlateau(_Monitor):
    """Multiplies the learning rate by `factor` when the watched value has not improved for `patience` epochs."""

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
        self.factor, self.patience, self.verbose, self.cooldown, self.min_lr = (
            factor,
            patience,
            verbose,
            cooldown,
            min_lr,
        )

    def on_train_begin(self, logs: Logs) -> None:
        if self.model.optimizer.schedule is not None:
            raise ValueError(
                "ReduceLROnPlateau sets the learning rate, but the optimizer follows a schedule: give it a number"
            )
        self.waited = self.resting = 0
        self.best = self.worst

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        optimizer = self.model.optimizer
        value = self.value(logs)
        logs["learning_rate"] = optimizer.learning_rate
        if self.resting:
            self.resting -= 1
        if self.improved(value):
            self.waited = 0
        elif not self.resting:
            self.waited += 1
            if self.waited >= self.patience and optimizer.learning_rate > self.min_lr:
                optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
                self.resting, self.waited = self.cooldown, 0
                if self.verbose:
                    print(
                        f"epoch {epoch + 1}: learning rate reduced to {optimizer.learning_rate:.6g}"
                    )


class TerminateOnNaN(Callback):
    """Stops training when the loss is NaN or infinite, and says so."""

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        if not math.isfinite(logs.get("loss", 0.0)):
            warnings.warn(
                f"batch {batch}: the loss is {logs['loss']}; training stops. A smaller learning rate or clipnorm= "
                "often helps; `with minigrad.detect_anomaly():` shows where it was born",
                stacklevel=2,
            )
            self.model.stop_training = True


class CSVLogger(Callback):
    """Writes a line of logs for each epoch to a CSV file; `append` adds to what is there."""

    def __init__(self, filename: str, separator: str = ",", append: bool = False) -> None:
        self.filename, self.separator, self.append = str(filename), separator, append

    def on_train_begin(self, logs: Logs) -> None:
        self.names: list[str] | None = None
        if self.append and Path(self.filename).is_file():
            with open(self.filename, newline="") as file:  # its columns stay the columns
                self.names = next(csv.reader(file, delimiter=self.separator), None)
        self.file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115 - closed on_train_end
        self.writer: Any = None

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.writer is None:
            self.writer = csv.DictWriter(
                self.file,
                self.names or ["epoch", *logs],
                delimiter=self.separator,
                restval="NA",
                extrasaction="ignore",
            )
            if not self.names:
                self.writer.writeheader()
        self.writer.writerow({"epoch": epoch, **logs})
        self.file.flush()

    def on_train_end(self, logs: Logs) -> None:
        self.file.close()
