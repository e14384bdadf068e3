"""How ops are made fast, a file per family; nothing here is needed to understand an op.

`KERNELS` is the whole table: op, forward, backward, device, accelerator. A kernel stands beside the
definition of its op in `ops/`, is held to it by the same tests, and stays only while a benchmark row
shows that it wins. `minigrad.use_kernels(False)` runs everything on the definitions.
"""

from __future__ import annotations

from ..engine.kernel_table import Kernel, register_kernels

KERNELS: list[Kernel] = []

register_kernels(*KERNELS)
