"""Data: the sets (`minigrad.data.datasets`) and how a training cuts them into batches."""
from . import datasets
from .batches import batches, steps, train_validation_split

__all__ = ["batches", "datasets", "steps", "train_validation_split"]
