"""Data: the sets (`minigrad.data.datasets`), images and their augmentation, and how a training cuts rows into batches."""
from . import augment, datasets, images, mixing
from .batches import Dataset, batches, prefetch, steps, train_validation_split

__all__ = ["Dataset", "augment", "batches", "datasets", "images", "mixing", "prefetch", "steps", "train_validation_split"]
