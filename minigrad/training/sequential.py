"""Sequential: a model that is a straight line of layers."""

from __future__ import annotations

from typing import Any

from ..layers.base import Layer
from ..layers.core import Input
from ..layers.module import name_layers
from .model import Model


class Sequential(Model):
    """Layers in a line: Sequential(a, b, c) or Sequential([a, b, c]). Built at once if the first says its input_shape."""

    accepts_mask = True

    def __init__(self, *layers: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self.layers: list[Layer] = []
        for layer in (
            layers[0] if len(layers) == 1 and isinstance(layers[0], (list, tuple)) else layers
        ):
            self._append(layer)
        self._build_if_known()

    def add(self, layer: Layer) -> None:
        """Append a layer."""
        before = dict(vars(self), layers=list(self.layers))
        try:
            self._append(layer)
            if not isinstance(layer, Input):
                self.built, self._trained = False, None
            self._build_if_known()
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    def _append(self, layer: Any) -> None:
        if not isinstance(layer, Layer):
            raise TypeError(
                f"Sequential holds layers, got {layer!r}{': wrap a function in Lambda' if callable(layer) else ''}"
            )
        if self.input_shape is None and not self.layers:
            self.input_shape = layer.input_shape
        if not isinstance(layer, Input):
            self.layers.append(layer)
            name_layers(self.layers)

    def _build_if_known(self) -> None:
        if self.input_shape is not None and self.layers and not self.built:
            self.build_from_shape(self.input_shape)

    @property
    def accepts_integers(self) -> bool:  # type: ignore[override]
        """As its first layer does."""
        return not self.layers or self.layers[0].accepts_integers

    def pop(self) -> Layer:
        """Remove the last layer and return it."""
        self._trained = None
        return self.layers.pop()

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Layer:
        return self.layers[i]

    @property
    def creates_mask(self) -> bool:  # type: ignore[override]
        """Does a layer in it?"""
        return any(layer.creates_mask for layer in self.layers)

    def call(self, x: Any, mask: Any = None, return_mask: bool = False) -> Any:
        """x through all layers; once there is a mask, each layer that takes it has it, and says how it goes on."""
        for layer in self.layers:
            if mask is None and not layer.creates_mask:
                x = layer(x)
            else:
                x, mask = layer.call_with_mask(x, mask)
        return (x, mask) if return_mask else x

    def call_with_mask(self, x: Any, mask: Any) -> tuple[Any, Any]:
        return self(x, mask=mask, return_mask=True)
