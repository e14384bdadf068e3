"""Model and Sequential, at their home in Keras; they are defined in `minigrad.training`."""

from .training.model import Model
from .training.sequential import Sequential

__all__ = ["Model", "Sequential"]
