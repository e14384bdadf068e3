"""Observers: what is told of each op and each step back.

detect_anomaly    finds the line at which a NaN, an infinity or a forbidden change was born
trace_cuts        finds what cut a value off from the graph
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..backend import Array, backend, to_cpu
from ..config import Scope
from .autograd import Primitive
from .graph import Node, base_array


class Observer(Scope):
    """`with observer:` it is told of each op and each step back in this block.

    A subclass overrides what it wants to be told. Of several observers the innermost is.

    Args:
        values: Further settings that hold inside the block.

    Example:
        >>> class Names(Observer):
        ...     def after_op(self, op, y, args, kwargs, node):
        ...         print(op.name)
        >>> with Names():
        ...     y = minigrad.tanh(minigrad.Tensor([0.4]) * 2)
        multiply
        tanh
    """

    def __enter__(self) -> Any:
        self.values = {**self.values, "observer": self}
        return super().__enter__()

    def after_op(
        self, op: Primitive[Any], y: Array, args: Sequence[Any], kwargs: Any, node: Node | None
    ) -> None:
        """Called with the result of each op on Tensors.

        Args:
            op: The op.
            y: Its result.
            args: What it was given by position.
            kwargs: What it was given by keyword.
            node: The node of the call, if gradients flow through it.
        """

    def after_vjp(self, node: Node, g: Any, pairs: Sequence[tuple[Node, Any]]) -> None:
        """Called with the gradients that the rules of an op gave.

        Args:
            node: The node of the call.
            g: The gradient that arrived at it.
            pairs: The node of each input that needs a gradient, and that gradient or None.
        """

    def before_update(self, optimizer: Any, gradients: Sequence[Any]) -> None:
        """Called before an optimizer changes its parameters.

        Args:
            optimizer: The optimizer.
            gradients: A gradient per parameter, or None.
        """

    def after_update(self, optimizer: Any) -> None:
        """Called when an optimizer has changed its parameters.

        Args:
            optimizer: The optimizer.
        """


class detect_anomaly(Observer):
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

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.calls.clear()

    def after_op(
        self, op: Primitive[Any], y: Array, args: Sequence[Any], kwargs: Any, node: Node | None
    ) -> None:
        """Look at the result of an op."""
        line = _user_line()
        if node is not None:
            self.calls[node] = line, _fingerprints(node)
        if not _is_finite(y):
            inputs = ", ".join(_describe(a) for a in args)
            raise FloatingPointError(
                f"{op.name} gave NaN or infinity at {line}; its inputs: {inputs}"
            )

    def after_vjp(self, node: Node, g: Any, pairs: Sequence[tuple[Node, Any]]) -> None:
        """Look at the gradients that the rules of an op gave."""
        unknown = "a line that ran before detect_anomaly", None
        line, fingerprints = self.calls.get(node, unknown)
        if fingerprints not in (None, _fingerprints(node)):
            raise RuntimeError(
                f"an array that {node.op.name} at {line} needs for its gradient was changed in "
                "place between forward and backward; change a copy instead"
            )
        if not all(_is_finite(gradient) for _, gradient in pairs):
            raise FloatingPointError(
                f"a gradient of {node.op.name} is NaN or infinite; "
                f"the forward call stands at {line}"
            )


class trace_cuts(Observer):
    """`with trace_cuts() as cuts:` notes where values leave the graph, `cuts.origin(y)` tells it.

    Example:
        >>> x = minigrad.Tensor([0.4], requires_grad=True)
        >>> with trace_cuts() as cuts:
        ...     y = minigrad.ops.floor(2 * x) + 1
        >>> cuts.origin(y).partition(" at ")[0]
        'floor'
    """

    def __init__(self) -> None:
        super().__init__()
        self.recorded: dict[int, str] = {}  # by the memory of an array: the op that wrote it
        self.origins: dict[int, str] = {}  # the same of arrays outside the graph: what cut them off
        self.arrays: list[Array] = []  # kept, so that no other array gets their memory

    def after_op(
        self, op: Primitive[Any], y: Array, args: Sequence[Any], kwargs: Any, node: Node | None
    ) -> None:
        """Note where the result of an op comes from."""
        self.arrays.append(y)
        if node is not None:
            self.recorded[id(base_array(y))] = op.name
            return
        found = (self._origin_through(op, a) for a in args)
        origin = next((cut for cut in found if cut), "")
        if origin:
            self.origins[id(base_array(y))] = origin

    def origin(self, y: Any) -> str:
        """What cut y off from the graph; "" if that happened outside of ops.

        Args:
            y: A Tensor or an array.
        """
        key = id(base_array(getattr(y, "_array", y)))
        if key in self.recorded and getattr(y, "node", None) is None:
            return f"the result of {self.recorded[key]} left the graph through .data or .numpy()"
        return self.origins.get(key, "")

    def _origin_through(self, op: Primitive[Any], a: Any) -> str:
        """What an op that was not recorded cuts off, or what had cut off its input a before."""
        if getattr(a, "node", None) is None:
            origin = self.origin(a)
            left = origin.startswith("the result of") and " before " not in origin
            return f"{origin} before {op.name} at {_user_line()}" if left else origin
        cause = "has no gradient" if op.constant else "ran under no_grad"
        return f"{op.name} at {_user_line()} {cause}"


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
