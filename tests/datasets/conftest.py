"""Fixtures of the tests of data sets."""

from .imdb_file import cache

__all__ = ["cache"]
