"""Data: the sets (`minigrad.data.datasets`), images, series and texts, their augmentation, and how a training cuts rows into batches."""
from . import augment, augment_series, augment_text, bpe, datasets, images, mixing, series, tasks, text, wordpiece
from .batches import Dataset, batches, prefetch, steps, train_validation_split
from .bpe import BytePairEncoding
from .series import forecast_report, split_windows, windows
from .text import CharVocabulary, WordVocabulary, pad_sequences
from .wordpiece import WordPiece

__all__ = ["BytePairEncoding", "CharVocabulary", "Dataset", "WordPiece", "WordVocabulary", "augment", "augment_series", "augment_text",
           "batches", "bpe", "datasets", "forecast_report", "images", "mixing", "pad_sequences", "prefetch", "series", "split_windows",
           "steps", "tasks", "text", "train_validation_split", "windows", "wordpiece"]
