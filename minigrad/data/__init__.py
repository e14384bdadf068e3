"""Data: how rows are cut into batches, images, time series, their augmentation, and tokenizers for texts."""

from . import augmentation, images, timeseries, tokenizers
from .loader import Dataset, batches, prefetch, steps, train_validation_split
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
    "forecast_report",
    "images",
    "prefetch",
    "split_windows",
    "steps",
    "timeseries",
    "tokenizers",
    "train_validation_split",
    "windows",
]
