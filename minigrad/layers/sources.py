"""Where symbolic tensors come from."""

from __future__ import annotations

from typing import Any

from ..arguments import explains_arguments
from ..engine.symbolic import SymbolicTensor


@explains_arguments
def is_keras_tensor(x: Any) -> bool:
    """True for the symbolic tensors of functional models.

    Args:
        x: Anything.

    Example:
        >>> is_keras_tensor(minigrad.Input((3,))), is_keras_tensor(minigrad.Tensor(3.0))
        (True, False)
    """
    return isinstance(x, SymbolicTensor)


@explains_arguments
def get_source_inputs(tensor: SymbolicTensor) -> list[SymbolicTensor]:
    """The Inputs that a symbolic tensor is computed from.

    Args:
        tensor: What layers gave.

    Example:
        >>> a, b = minigrad.Input((3,)), minigrad.Input((3,))
        >>> get_source_inputs(a + b) == [a, b]
        True
    """
    found: dict[int, SymbolicTensor] = {}
    seen, waiting = set(), [tensor]
    while waiting:
        x = waiting.pop()
        if x.call in seen:
            continue
        seen.add(x.call)
        if not x.call.inputs:
            found[id(x)] = x
        waiting += reversed(x.call.inputs)
    return list(found.values())
