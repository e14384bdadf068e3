"""The callback with which a search for hyperparameters ends hopeless trainings early."""

from __future__ import annotations

from typing import Any

from .callbacks import Logs, MonitorCallback


class PruningCallback(MonitorCallback):
    """Reports a value to a trial of Optuna after each epoch; ends the training if it is pruned.

    The pruner of the study decides, such as `optuna.pruners.MedianPruner`. Needs the extra `tune`.

    Args:
        trial: The trial, which an objective of Optuna gets: anything with `report(value, step)`
            and `should_prune()`.
        monitor: Name of the value that is reported. The study minimizes or maximizes it.

    Raises:
        TypeError: If the trial has no such methods.
        ValueError: After the first epoch, if there is no such value; the error lists what there is.
        optuna.TrialPruned: After an epoch, if the trial is to be pruned. `study.optimize` catches
            it.

    References:
        Akiba et al. 2019, Optuna: A next-generation hyperparameter optimization framework.

    Example:
        >>> class Trial:  # in the place of Optuna's
        ...     def report(self, value, step):
        ...         print(step, value)
        ...     def should_prune(self):
        ...         return False
        >>> PruningCallback(Trial(), "val_accuracy").on_epoch_end(0, {"val_accuracy": 0.5})
        0 0.5
    """

    state_names: tuple[str, ...] = ()
    passing_names = (*MonitorCallback.passing_names, "trial")

    def __init__(self, trial: Any, monitor: str = "val_loss") -> None:
        if not (hasattr(trial, "report") and hasattr(trial, "should_prune")):
            raise TypeError(
                "PruningCallback takes the trial that Optuna gives to an objective, "
                f"PruningCallback(trial, {monitor!r}), got {trial!r}"
            )
        super().__init__(monitor)
        self.trial = trial

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Report, then end the training if the pruner says so.

        Args:
            epoch: Number of the epoch.
            logs: Means over the epoch.
        """
        if not self.has_value(logs):
            return
        value = float(self.monitored_value(logs))
        self.trial.report(value, epoch)
        if self.trial.should_prune():
            from optuna import TrialPruned

            raise TrialPruned(f"{self.monitor} is {value:.4g} after epoch {epoch + 1}")
