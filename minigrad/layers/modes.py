"""Modes of a step: training or inference, and what was trainable when the model was compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config import Scope, settings

if TYPE_CHECKING:
    from .base import Layer


class training(Scope):
    """`with training():` layers behave as in training: dropout drops, batch norm uses batch statistics.

    `fit` and `train_on_batch` set it; `training(False)` sets inference.
    """

    def __init__(self, active: bool = True) -> None:
        super().__init__(training=bool(active))


def is_training() -> bool:
    """True inside `with training():`, as fit and train_on_batch set it."""
    return settings.training


class trainable_at_compile(Scope):
    """Inside it layers are frozen or not as the compile of a model saw them: {layer: was it trainable}."""

    def __init__(self, compiled: dict[Layer, bool]) -> None:
        super().__init__(trainable_at_compile=compiled)


def uses_batch_statistics(layer: Layer) -> bool:
    """In training, and not frozen: when the model whose step this is was compiled or, outside of any step, now."""
    return settings.training and settings.trainable_at_compile.get(layer, layer.trainable)
