"""detect_anomaly: find the line at which a NaN, an infinity or a forbidden change was born."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..backend import Array, backend, to_cpu
from ..config import Scope
from .autograd import Primitive
from .graph import Node


class detect_anomaly(Scope):
    """`with detect_anomaly():` names the line of the first NaN or infinity and stops there.

    It looks at the forward and the backward pass. It also finds arrays that were written to behind
    the Tensor's back (`t.data[0] = 1`) before their gradient was taken. It reads every array: use
    it to find a fault, not to train.

    Raises:
        FloatingPointError: At the first NaN or infinity.
        RuntimeError: If an array that a gradient needs was changed in place.

    Example:
        >>> x = minigrad.Tensor([-1.0], requires_grad=True)
        >>> with detect_anomaly(), np.errstate(invalid="ignore"):
        ...     minigrad.ops.log(x)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        FloatingPointError: log gave NaN or infinity at ...
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[Node, tuple[str, list[int]]] = {}

    def __enter__(self) -> Any:
        self.values = {"anomaly_detector": self}
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.calls.clear()

    def check_forward(
        self, op: Primitive[Any], y: Array, args: Sequence[Any], node: Node | None
    ) -> None:
        """Called with every op's result."""
        line = _user_line()
        if node is not None:
            self.calls[node] = line, _fingerprints(node)
        if not _is_finite(y):
            inputs = ", ".join(_describe(a) for a in args)
            raise FloatingPointError(
                f"{op.name} gave NaN or infinity at {line}; its inputs: {inputs}"
            )

    def check_backward(self, node: Node, gradients: Sequence[Any]) -> None:
        """Called with the gradients that a node's rules gave."""
        unknown = "a line that ran before detect_anomaly", None
        line, fingerprints = self.calls.get(node, unknown)
        if fingerprints not in (None, _fingerprints(node)):
            raise RuntimeError(
                f"an array that {node.op.name} at {line} needs for its gradient was changed in "
                "place between forward and backward; change a copy instead"
            )
        if not all(_is_finite(g) for g in gradients):
            raise FloatingPointError(
                f"a gradient of {node.op.name} is NaN or infinite; "
                f"the forward call stands at {line}"
            )


def _user_line() -> str:
    """The innermost line of code outside this package."""
    package = __name__.partition(".")[0]
    frame: Any = sys._getframe(1)
    while frame.f_back is not None:
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] != package:
            break
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _describe(a: Any) -> str:
    if not hasattr(a, "shape"):
        return repr(a)
    note = "" if _is_finite(a) else " with NaN or infinity in it"
    return f"{a.dtype}{list(a.shape)}{note}"


def _is_finite(a: Any) -> bool:
    array = getattr(a, "_array", a)
    if getattr(getattr(array, "dtype", None), "kind", "") != "f":
        return True
    return bool(backend(array).isfinite(array).all())


def _fingerprints(node: Node) -> list[int]:
    arrays = [a for a in (*node.inputs, node.residuals) if hasattr(a, "reshape")]
    return [hash(to_cpu(a).tobytes()) for a in arrays]
