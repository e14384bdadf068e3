"""Modes of a step: training or inference, and what was trainable when the model was compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config import Scope, settings

if TYPE_CHECKING:
    from .base import Layer


class training(Scope):
    """`with training():` layers behave as in training: dropout drops, batch norm uses the batch.

    `fit` and `train_on_batch` enter it; everywhere else layers are in inference.

    Args:
        active: False for inference inside the block.

    Example:
        >>> with minigrad.training():
        ...     minigrad.layers.is_training()
        True
    """

    def __init__(self, active: bool = True) -> None:
        super().__init__(training=bool(active))


def is_training() -> bool:
    """True inside `with training():`, which fit and train_on_batch enter.

    Example:
        >>> minigrad.layers.is_training()
        False
    """
    return bool(settings.training)


class probing(Scope):
    """`with probing():` layers are called to be built: stateful ones use and keep no states."""

    def __init__(self) -> None:
        super().__init__(probing=True, training=False, recording=False)


def uses_batch_statistics(layer: Layer) -> bool:
    """True in training if `layer` is not frozen.

    Inside a model's training step, frozen means frozen when that model was compiled.
    """
    return is_training() and settings.trainable_at_compile.get(layer, layer.trainable)
