"""Attributes that are turned into something when they are set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class made_by:
    """An attribute that becomes make(value) when it is set; it is read like any other.

        activation = made_by(activations.get)

    lets `layer.activation = None` and `layer.activation = "relu"` stand where the constructor's
    argument may. It has no `__get__`, so what is read is what stands in the object.
    """

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self.make = make

    def __set_name__(self, _: type, name: str) -> None:
        self.name = name

    def __set__(self, owner: Any, value: Any) -> None:
        vars(owner)[self.name] = self.make(value)
