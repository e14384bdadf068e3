"""Images, sequences and folders of files, at their home in Keras; they stand in `minigrad.data`."""

from ..data import (
    image_dataset_from_directory,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)
from ..utils.instead import explain_missing
from . import image, sequence

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]

__getattr__ = explain_missing("preprocessing", __all__)
