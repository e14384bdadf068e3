"""Masks of padded sequences."""

from __future__ import annotations

from typing import Any

from ..config import as_data, to_device
from .base import Layer


class Masking(Layer):
    """x, with a mask that skips the steps at which all features are `mask_value`; they become 0."""

    creates_mask = True

    def __init__(self, mask_value: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.mask_value = mask_value

    def call(self, x: Any) -> Any:
        return x * self.compute_mask(x)[..., None].astype(x.dtype)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Where some feature is not `mask_value`."""
        return (getattr(x, "_array", x) != self.mask_value).any(-1)


def as_mask(mask: Any, x: Any) -> Any:
    """The mask of sequences x (N, T, ...) as booleans on their device. Raises ValueError for another shape than (N, T)."""
    if mask is None:
        return None
    mask = to_device(as_data(getattr(mask, "_array", mask)), x.device)
    if mask.shape != x.shape[:2]:
        raise ValueError(
            f"the mask has shape {mask.shape}, an input of shape {x.shape} wants {tuple(x.shape[:2])}: True where a step is "
            "real"
        )
    return mask if mask.dtype.kind == "b" else mask != 0
