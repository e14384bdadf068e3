"""Data: batches of rows, images, time series, augmentation, and tokenizers for texts."""

from . import augmentation, images, timeseries, tokenizers
from .loader import Dataset, batches, count_batches, prefetch, train_validation_split
from .timeseries import forecast_report, split_windows, windows
from .tokenizers import BytePairEncoding, CharVocabulary, WordPiece, WordVocabulary

__all__ = [
    "BytePairEncoding",
    "CharVocabulary",
    "Dataset",
    "WordPiece",
    "WordVocabulary",
    "augmentation",
    "batches",
    "count_batches",
    "forecast_report",
    "images",
    "prefetch",
    "split_windows",
    "timeseries",
    "tokenizers",
    "train_validation_split",
    "windows",
]
