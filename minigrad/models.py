"""Model and Sequential, at their home in Keras; they are defined in `minigrad.training`."""

from .training.model import Model
from .training.sequential import Sequential
from .utils.instead import explain_missing

__all__ = ["Model", "Sequential"]

__getattr__ = explain_missing("models", __all__)
