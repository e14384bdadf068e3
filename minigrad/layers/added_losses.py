"""Losses that layers add in their calls: `self.add_loss(value)` in a layer, `model.losses` outside.

They belong to one call of the outermost layer, whose next call begins without them. A process in
which no layer adds a loss pays one look at `usage.is_known` per call.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

from ..config import settings
from ..engine.symbolic import is_symbolic
from .recorded import Recorded

usage = SimpleNamespace(is_known=False)  # is_known: some layer adds losses
ADDED: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()  # by layer, of its last call


class AddsLosses(Recorded):
    """A module that may add losses in its call.

    Args:
        name: Name of the module; None for one given by the model that holds it.
        trainable: False freezes the parameters of this module and of all within.
    """

    _adds_losses = False  # True: its `call` calls add_loss

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        code = getattr(vars(cls).get("call"), "__code__", None)
        if code is not None:
            cls._adds_losses = "add_loss" in code.co_names

    def __init__(self, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name, trainable)
        usage.is_known = usage.is_known or self._adds_losses

    def add_loss(self, loss: Any) -> None:
        """Add to the loss that training minimizes; to be called in `call`.

        Args:
            loss: A Tensor computed in this call, or a list of them; each is summed.

        Raises:
            TypeError: If it is something else; it says what to write.

        Example:
            >>> class Penalty(minigrad.layers.Layer):
            ...     def call(self, x):
            ...         self.add_loss(0.1 * minigrad.sum(x * x))
            ...         return x
            >>> layer = Penalty()
            >>> y = layer(np.ones((2, 3)))
            >>> [round(loss.item(), 3) for loss in layer.losses]
            [0.6]
        """
        usage.is_known = True
        values = list(loss) if isinstance(loss, (list, tuple)) else [loss]
        for value in values:
            if callable(value) or is_symbolic(value):
                given = "a function" if callable(value) else "a symbolic tensor"
                raise TypeError(
                    f"add_loss takes Tensors, got {given}: compute it in the `call` of a layer, "
                    "self.add_loss(value)"
                )
        if not settings.probing:
            ADDED.setdefault(self, []).extend(values)

    @property
    def losses(self) -> list[Any]:
        """What the layers added in the last call, then the penalties of trainable parameters."""
        penalties = [p.regularizer(p) for p in self.trainable_weights if p.regularizer is not None]
        return added_losses(self) + penalties


def added_losses(layer: Any) -> list[Any]:
    """What this layer and those within have added in the last call.

    Args:
        layer: The layer.
    """
    if not ADDED:
        return []
    return [value for _, inner in layer.named_layers() for value in ADDED.get(inner, ())]


def call_outermost(
    layer: Any, x: Any, others: tuple[Any, ...], training: bool | None, options: dict[str, Any]
) -> Any:
    """layer(x, ...) as the outermost call: what was added in an earlier one is forgotten.

    Args:
        layer: The layer.
        x: Its first input.
        others: Further inputs.
        training: The mode of the call, or None.
        options: Further options.
    """
    if ADDED:
        for _, inner in layer.named_layers():
            ADDED.pop(inner, None)
    try:
        settings.inside_call = True
        return layer(x, *others, training=training, **options)
    finally:
        settings.inside_call = False
