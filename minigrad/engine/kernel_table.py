"""The kernel table: which fast form runs an op, by device and by installed accelerator.

An op names its kernel; `minigrad/kernels/` fills the table. Where it has nothing for a device, or
inside `use_kernels(False)`, an op runs as its definition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..backend import device_name

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
_chosen: dict[tuple[str, type], Kernel | None] = {}


def register_kernels(*kernels: Kernel) -> None:
    """Add kernels to the table; of several for one op and device the one added last is chosen."""
    for kernel in kernels:
        _table.setdefault(kernel.op, []).insert(0, kernel)
    _chosen.clear()


def find_kernel(op: str, array: Any) -> Kernel | None:
    """The kernel that runs `op` on arrays like `array`; None if it runs as its definition."""
    key = op, array.__class__
    try:
        return _chosen[key]
    except KeyError:
        devices = device_name(array), ANY_DEVICE
        fitting = (kernel for kernel in _table.get(op, ()) if kernel.device in devices)
        _chosen[key] = next(fitting, None)
        return _chosen[key]


def registered_kernels() -> list[Kernel]:
    """All kernels in the table, by op."""
    return [kernel for kernels in _table.values() for kernel in kernels]
