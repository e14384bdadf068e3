"""CUDA kernels, for arrays of float32 and float64 on a GPU; a file of sources per family.

Importing this imports no CuPy, and a file of sources is compiled when one of its kernels is first
launched. What is not here runs on a GPU as the kernels beside this folder do, by CuPy's functions.
"""

from __future__ import annotations

from functools import partial

from ...engine.kernel_table import Kernel
from . import convolution, pooling

_kernel = partial(Kernel, device="cuda", accelerator="cuda")

KERNELS: list[Kernel] = [
    # ---- convolution and pooling ----
    _kernel("conv2d", convolution.conv2d_forward),
    _kernel("conv2d_input_grad", convolution.conv2d_input_grad),
    _kernel("conv2d_kernel_grad", convolution.conv2d_kernel_grad),
    _kernel("max_pool", pooling.max_pool_forward),
    _kernel("max_pool_grad", pooling.max_pool_grad),
    _kernel("gather_at_argmax", pooling.gather_at_argmax),
    _kernel("avg_pool", pooling.avg_pool_forward),
    _kernel("avg_pool_grad", pooling.avg_pool_grad),
]
