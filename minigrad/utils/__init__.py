"""Small tools that several packages share."""

from .labels import to_categorical
from .py_dataset import PyDataset
from .py_dataset import PyDataset as Sequence
from .sequences import pad_sequences

__all__ = ["PyDataset", "Sequence", "pad_sequences", "to_categorical"]
