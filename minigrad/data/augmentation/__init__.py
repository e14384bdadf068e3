"""Augmentation of images, time series and texts."""

from . import images, mixing, text, timeseries
