"""Ways to join layers: a residual path, and paths side by side. A straight path is Sequential."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from ..ops import concatenate
from ..utils.registry import check_choice
from .base import Layer, check_layer
from .calls import either_mask
from .module import name_layers


class Residual(Layer):
    """branch(x) + shortcut(x).

    Args:
        branch: The layer, or Sequential, that the shortcut leads around.
        shortcut: Layer on the other path, where shapes change; None for x itself.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters of both paths.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (...) -> the shape that both paths return

    Raises:
        TypeError: If a path is no layer.
        ValueError: If the paths return different shapes.

    References:
        He et al. 2015, arXiv:1512.03385.

    Example:
        >>> Residual(minigrad.layers.Dense(4, "relu"))(np.ones((2, 4))).shape
        (2, 4)
    """

    accepts_integers = True
    layers_carry_masks = True

    def __init__(
        self,
        branch: Layer,
        shortcut: Layer | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_layer(self, branch)
        if shortcut is not None:
            check_layer(self, shortcut)
        self.branch = branch
        self.shortcut = shortcut

    def call(self, x: Any) -> Any:
        y = self.branch(x)
        shortcut = x if self.shortcut is None else self.shortcut(x)
        if y.shape != shortcut.shape:
            raise ValueError(
                f"the branch returns shape {y.shape}, the shortcut {shortcut.shape}: they must be "
                "equal to be added; give shortcut= a layer that changes the shape as the branch "
                "does"
            )
        total = y + shortcut
        total.mask = either_mask(y, shortcut)
        return total


class Parallel(Layer):
    """One input through several layers, side by side, their outputs joined.

    Args:
        *layers: The layers, or one list of them.
        join: "concat" joins the outputs along the last axis, "sum" adds them, "list" returns them
            as a list.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters of all branches.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Raises:
        TypeError: If a branch is no layer.
        ValueError: If there is no branch, or the outputs cannot be joined.

    References:
        Szegedy et al. 2014, arXiv:1409.4842.

    Example:
        >>> Dense = minigrad.layers.Dense
        >>> Parallel(Dense(2), Dense(3))(np.ones((1, 4))).shape
        (1, 5)
    """

    accepts_integers = True
    layers_carry_masks = True

    def __init__(
        self,
        *layers: Any,
        join: str = "concat",
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_choice(join, ("concat", "sum", "list"), "join of Parallel")
        is_one_list = len(layers) == 1 and isinstance(layers[0], (list, tuple))
        self.branches: list[Layer] = list(layers[0] if is_one_list else layers)
        self.join = join
        if not self.branches:
            raise ValueError("Parallel needs at least one branch")
        for branch in self.branches:
            check_layer(self, branch)
        name_layers(self.branches)

    def call(self, x: Any) -> Any:
        ys = [branch(x) for branch in self.branches]
        if self.join == "list":
            return ys
        y = concatenate(ys, axis=-1) if self.join == "concat" else self._sum(ys)
        y.mask = either_mask(*ys)
        return y

    def _sum(self, ys: list[Any]) -> Any:
        if any(y.shape != ys[0].shape for y in ys):
            raise ValueError(
                f"the branches return shapes {', '.join(str(y.shape) for y in ys)}: they must be "
                "equal to be added"
            )
        return reduce(add, ys)
