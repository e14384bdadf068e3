"""Augmentation of images, time series and texts: callables that change a batch at random.

Each returns the dtype it got and never changes its input; what is passed beside the batch (labels,
weights) is returned with it, so that each can be `batches(..., transform=...)`. Parameters are
drawn per image (or once per batch with `per_batch=True`) from minigrad.seed's generator or, with
`seed=`, from one of the object's own. Names and factors of image augmentation are Keras's.
"""

from .base import Augmentation, Compose
from .geometric import (
    RandomAffine,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from .mixing import CutMix, MixUp
from .occlusion import Cutout, RandomErasing
from .photometric import (
    GaussianNoise,
    RandomBrightness,
    RandomColor,
    RandomContrast,
    ValueAugmentation,
)
from .text import (
    BackTranslation,
    EasyAugmentation,
    RandomDeletion,
    RandomInsertion,
    RandomSwap,
    SynonymReplacement,
    TextAugmentation,
)
from .timeseries import (
    ChannelShuffle,
    Jitter,
    MagnitudeWarp,
    Scaling,
    SeriesAugmentation,
    TimeWarp,
    WindowSlice,
    WindowWarp,
)

__all__ = [
    "Augmentation",
    "BackTranslation",
    "ChannelShuffle",
    "Compose",
    "CutMix",
    "Cutout",
    "EasyAugmentation",
    "GaussianNoise",
    "Jitter",
    "MagnitudeWarp",
    "MixUp",
    "RandomAffine",
    "RandomBrightness",
    "RandomColor",
    "RandomContrast",
    "RandomCrop",
    "RandomDeletion",
    "RandomErasing",
    "RandomFlip",
    "RandomInsertion",
    "RandomRotation",
    "RandomSwap",
    "RandomTranslation",
    "RandomZoom",
    "Scaling",
    "SeriesAugmentation",
    "SynonymReplacement",
    "TextAugmentation",
    "TimeWarp",
    "ValueAugmentation",
    "WindowSlice",
    "WindowWarp",
]
