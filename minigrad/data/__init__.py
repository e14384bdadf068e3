"""Data: batches of rows, images, time series, augmentation, and tokenizers for texts."""

from . import augmentation, images, timeseries, tokenizers
from .directories import image_dataset_from_directory, text_dataset_from_directory
from .image_files import array_to_img, img_to_array, load_img, save_img, smart_resize
from .loader import Dataset, batches, count_batches, prefetch, split_dataset, train_validation_split
from .timeseries import forecast_report, split_windows, timeseries_dataset_from_array, windows
from .tokenizers import BytePairEncoding, CharVocabulary, WordPiece, WordVocabulary

__all__ = [
    "BytePairEncoding",
    "CharVocabulary",
    "Dataset",
    "WordPiece",
    "WordVocabulary",
    "array_to_img",
    "augmentation",
    "batches",
    "count_batches",
    "forecast_report",
    "image_dataset_from_directory",
    "images",
    "img_to_array",
    "load_img",
    "prefetch",
    "save_img",
    "smart_resize",
    "split_dataset",
    "split_windows",
    "text_dataset_from_directory",
    "timeseries",
    "timeseries_dataset_from_array",
    "tokenizers",
    "train_validation_split",
    "windows",
]
