"""Sequences, at their home in Keras; they stand in `minigrad.utils`."""

from ..utils import pad_sequences
from ..utils.instead import explain_missing

__all__ = ["pad_sequences"]

__getattr__ = explain_missing("preprocessing.sequence", __all__)
