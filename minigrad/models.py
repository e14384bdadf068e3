"""Models at their home in Keras, and what makes them again: defined in `minigrad.training`."""

from .training.archive import load_model, model_from_json, save_model
from .training.configuration import clone_model
from .training.model import Model
from .training.sequential import Sequential
from .utils.instead import explain_missing

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

__getattr__ = explain_missing("models", __all__)
