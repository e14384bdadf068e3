"""Parameter: a Tensor that belongs to a layer."""

from __future__ import annotations

from typing import Any

from ..engine.tensor import Tensor


class Parameter(Tensor):
    """A Tensor that belongs to a layer. `trainable=False` makes it state (running statistics, say) without gradient."""

    __slots__ = ("name", "regularizer")

    def __init__(
        self,
        data: Any,
        name: str = "",
        trainable: bool = True,
        regularizer: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(data, trainable, dtype)
        self.name, self.regularizer = name, regularizer

    @property
    def trainable(self) -> bool:
        """Does it have gradients?"""
        return self.node is not None
