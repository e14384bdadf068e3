"""Sequential: a model that is a straight line of layers."""

from __future__ import annotations

from typing import Any, Sequence

from ..layers.base import Layer, check_layer
from ..layers.core import Input
from ..layers.module import name_layers
from .model import Model


class Sequential(Model):
    """Layers in a line: each receives the output of the one before.

    Args:
        *layers: The layers, or one list of them. The model is built at once if the first says its
            `input_shape`, else by the first batch.
        name: Name of the model.

    Raises:
        TypeError: If something is not a layer.
        ValueError: If layers do not fit each other, or share a name.

    Example:
        >>> from minigrad.layers import Dense
        >>> model = Sequential(Dense(16, activation="relu", input_shape=(4,)), Dense(3))
        >>> model(np.ones((2, 4))).shape
        (2, 3)
    """

    def __init__(self, *layers: Layer | Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name=name)
        self.layers: list[Layer] = []
        listed = layers[0] if len(layers) == 1 and isinstance(layers[0], (list, tuple)) else layers
        for layer in listed:
            self._append(layer)
        self._build_if_known()

    def add(self, layer: Layer) -> None:
        """Append a layer.

        Args:
            layer: The new last layer.

        Raises:
            TypeError: If it is not a layer.
            ValueError: If it does not fit; the model stays as it was.
        """
        before = dict(vars(self), layers=list(self.layers))
        try:
            self._append(layer)
            if not isinstance(layer, Input):
                self.built = False
                self._trained = None
            self._build_if_known()
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    def pop(self) -> Layer:
        """Remove the last layer and return it."""
        self._trained = None
        return self.layers.pop()

    def _append(self, layer: Any) -> None:
        """Append a layer, or take the shape that an Input declares."""
        check_layer(self, layer)
        if self.input_shape is None and not self.layers:
            self.input_shape = layer.input_shape
        if not isinstance(layer, Input):
            self.layers.append(layer)
            name_layers(self.layers)

    def _build_if_known(self) -> None:
        """Build all layers as soon as the shape of the input is known."""
        if self.input_shape is not None and self.layers and not self.built:
            self.build_from_shape(self.input_shape)

    @property
    def accepts_integers(self) -> bool:  # type: ignore[override]
        """True if the first layer accepts them."""
        return not self.layers or self.layers[0].accepts_integers

    takes_structures = False

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Layer:
        return self.layers[i]

    def call(self, x: Any) -> Any:
        """x through all layers.

        Args:
            x: Inputs.
        """
        for layer in self.layers:
            x = layer(x)
        return x
