"""detect_anomaly: find the line of code at which a NaN, an infinity or a forbidden change was born."""

from __future__ import annotations

import sys
from typing import Any, Sequence

from ..backend import Array, backend, to_cpu
from ..config import Scope
from .autograd import Primitive
from .graph import Node


class detect_anomaly(Scope):
    """`with detect_anomaly():` stops at the first NaN or infinity, forward or backward, and names the line it was born at.

    It also finds arrays that were written to behind the Tensor's back (`t.data[0] = 1`) before their gradient was taken.
    Raises FloatingPointError and RuntimeError. It looks at every array: use it to find a fault, not to train.
    """

    def __init__(self) -> None:
        super().__init__(anomaly_detector=self)
        self.calls: dict[Node, tuple[str, list[int]]] = {}

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.calls.clear()

    def forward(self, op: Primitive[Any], y: Array, args: Sequence[Any], node: Node | None) -> None:
        """Called with every op's result."""
        line = _user_line()
        if node is not None:
            self.calls[node] = line, _fingerprints(node)
        if not _finite(y):
            inputs = ", ".join(
                f"{a.dtype}{list(a.shape)}{'' if _finite(a) else ' with NaN or infinity in it'}"
                if hasattr(a, "shape")
                else repr(a)
                for a in args
            )
            raise FloatingPointError(
                f"{op.name} gave NaN or infinity at {line}; its inputs: {inputs}"
            )

    def pulled(self, node: Node, gradients: Sequence[Any]) -> None:
        """Called with the gradients that a node's rules gave."""
        line, fingerprints = self.calls.get(node, ("a line that ran before detect_anomaly", None))
        if fingerprints not in (None, _fingerprints(node)):
            raise RuntimeError(
                f"an array that {node.op.name} at {line} needs for its gradient was changed in place between "
                "forward and backward; change a copy instead"
            )
        if not all(_finite(g) for g in gradients):
            raise FloatingPointError(
                f"a gradient of {node.op.name} is NaN or infinite; the forward call stands at {line}"
            )


def _user_line() -> str:
    """The innermost line of code outside this package."""
    package = __name__.partition(".")[0]
    frame: Any = sys._getframe(1)
    while (
        frame.f_back is not None
        and frame.f_globals.get("__name__", "").partition(".")[0] == package
    ):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _finite(a: Any) -> bool:
    a = getattr(a, "_array", a)
    return getattr(getattr(a, "dtype", None), "kind", "") != "f" or bool(
        backend(a).isfinite(a).all()
    )


def _fingerprints(node: Node) -> list[int]:
    return [
        hash(to_cpu(a).tobytes())
        for a in (*node.saved, node.kept)
        if hasattr(a, "dtype") and hasattr(a, "reshape")
    ]
