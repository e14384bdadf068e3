"""Ways to join layers: a residual path, and paths side by side. A straight path is Sequential (sequential.py)."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from ..ops import concatenate
from .base import Layer, name_layers


class Residual(Layer):
    """branch(x) + shortcut(x); the shortcut is x itself unless one is given (arXiv:1512.03385)."""

    accepts_integers = True

    def __init__(self, branch: Layer, shortcut: Layer | None = None, **options: Any) -> None:
        super().__init__(**options)
        for layer in (branch, branch if shortcut is None else shortcut):
            if not isinstance(layer, Layer):
                raise TypeError(
                    f"Residual joins layers, got {layer!r}{': wrap a function in Lambda' if callable(layer) else ''}"
                )
        self.branch, self.shortcut = branch, shortcut

    def call(self, x: Any) -> Any:
        y, skip = self.branch(x), x if self.shortcut is None else self.shortcut(x)
        if y.shape != skip.shape:
            raise ValueError(
                f"the branch gives shape {y.shape}, the shortcut {skip.shape}: they must be equal to be added; "
                "give shortcut= a layer that changes the shape as the branch does"
            )
        return y + skip


class Parallel(Layer):
    """The same input through every branch; results joined along the last axis ("concat"), added ("sum") or as a list ("list")."""

    accepts_integers = True

    def __init__(self, *branches: Layer, join: str = "concat", **options: Any) -> None:
        super().__init__(**options)
        if join not in ("concat", "sum", "list"):
            raise ValueError(f"Parallel: join must be 'concat', 'sum' or 'list', not {join!r}")
        self.branches = list(
            branches[0]
            if len(branches) == 1 and isinstance(branches[0], (list, tuple))
            else branches
        )
        self.join = join
        if not self.branches:
            raise ValueError("Parallel needs at least one branch")
        for branch in self.branches:
            if not isinstance(branch, Layer):
                hint = ": wrap a function in Lambda" if callable(branch) else ""
                raise TypeError(f"Parallel holds layers, got {branch!r}{hint}")
        name_layers(self.branches)

    def call(self, x: Any) -> Any:
        ys = [branch(x) for branch in self.branches]
        if self.join == "concat":
            return concatenate(ys, axis=-1)
        if self.join == "list":
            return ys
        if any(y.shape != ys[0].shape for y in ys):
            raise ValueError(
                f"the branches give shapes {', '.join(str(y.shape) for y in ys)}: they must be equal to be added"
            )
        return reduce(add, ys)
