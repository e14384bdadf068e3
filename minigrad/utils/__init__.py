"""Small things that several packages share."""

from .sequences import pad_sequences

__all__ = ["pad_sequences"]
