"""Callbacks, at their home in Keras; they are defined in `minigrad.training`."""

from .training.averaging import AverageWeights, SwapEMAWeights
from .training.callback_list import CallbackList
from .training.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgressBar,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from .training.pruning import PruningCallback
from .training.rate_finder import LearningRateFinder
from .utils.instead import explain_missing

__all__ = [
    "AverageWeights",
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateFinder",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgressBar",
    "PruningCallback",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TerminateOnNaN",
]

__getattr__ = explain_missing("callbacks", __all__)
