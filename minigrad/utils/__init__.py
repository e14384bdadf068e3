"""Small tools that several packages share."""

from ..generators import seed as set_random_seed
from .instead import explain_missing
from .labels import to_categorical
from .py_dataset import PyDataset
from .py_dataset import PyDataset as Sequence
from .sequences import pad_sequences

__all__ = ["PyDataset", "Sequence", "pad_sequences", "set_random_seed", "to_categorical"]

__getattr__ = explain_missing("utils", __all__)
