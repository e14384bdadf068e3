"""The kernel table: which fast form runs an op, by device and by installed accelerator.

An op names its kernel; `minigrad/kernels/` fills the table. Where it has nothing for a device, or
inside `use_kernels(False)`, an op runs as its definition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..backend import device_of_type

ANY_DEVICE = "any"


class Kernel(NamedTuple):
    """The fast form of one op.

    Attributes:
        op: The name of the op.
        forward: forward(*arrays, **settings) -> output; for an op without gradient rules of its own
            (output, residuals), the residuals being what `backward` reads.
        backward: backward(g, residuals, *arrays, **settings) -> one gradient per array, each an
            array, None, or a function that is called only if that gradient is needed. None where
            the op has gradient rules.
        device: The device it runs on, "cpu" or "cuda"; "any" for code that serves all.
        accelerator: What it is made with; "numpy" (or CuPy, through the same interface) needs
            nothing else.
        supports: supports(**settings) -> True if it computes the op with these settings; other
            calls run the definition. None for all settings.
    """

    op: str
    forward: Callable[..., Any]
    backward: Callable[..., Any] | None = None
    device: str = ANY_DEVICE
    accelerator: str = "numpy"
    supports: Callable[..., bool] | None = None


_table: dict[str, list[Kernel]] = {}


class KernelByType(dict[type, Kernel | None]):
    """The kernel of one op by the type of its arrays, chosen from the table when first asked for.

    None for a type whose arrays the op runs on as its definition.

    Args:
        op: The name of the op in the table.
    """

    def __init__(self, op: str) -> None:
        super().__init__()
        self.op = op

    def __missing__(self, array_type: type) -> Kernel | None:
        devices = device_of_type(array_type), ANY_DEVICE
        fitting = (kernel for kernel in _table.get(self.op, ()) if kernel.device in devices)
        self[array_type] = next(fitting, None)
        return self[array_type]


_by_op: dict[str, KernelByType] = {}


def kernels_of(op: str) -> KernelByType:
    """The kernels of an op by array type, the same object for all that ask.

    Args:
        op: The name of the op in the table.
    """
    return _by_op.setdefault(op, KernelByType(op))


def used_ops() -> list[str]:
    """The names of the ops whose kernels have been asked for."""
    return [op for op, kernels in _by_op.items() if kernels]


def register_kernels(*kernels: Kernel) -> None:
    """Add kernels to the table; of several for one op and device the one added last is chosen.

    Args:
        kernels: The rows to add.
    """
    for kernel in kernels:
        _table.setdefault(kernel.op, []).insert(0, kernel)
        kernels_of(kernel.op).clear()
