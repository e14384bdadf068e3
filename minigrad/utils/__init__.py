"""Small tools that several packages share."""

from .labels import to_categorical
from .sequences import pad_sequences

__all__ = ["pad_sequences", "to_categorical"]
