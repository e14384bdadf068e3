"""How ops are made fast, a file per family; nothing here is needed to understand an op.

`KERNELS` is the whole table: op, forward, backward, device, accelerator. A kernel is held to the
definition of its op in `ops/` by the same tests, and stays only while a benchmark shows that it
wins; those of the device "cpu" win by blocks that fit its cache, and lose on a GPU.
`minigrad.use_kernels(False)` runs everything on the definitions.
"""

from __future__ import annotations

from .. import threads
from ..engine.kernel_table import Kernel, register_kernels
from . import (
    activations,
    attention,
    compiled,
    convolution,
    cuda,
    gru,
    losses,
    lstm,
    matmul,
    normalization,
    pooling,
    recurrent,
    simple_rnn,
    softmax,
)
from .report import report

__all__ = ["KERNELS", "report"]

KERNELS: list[Kernel] = [
    # ---- activations ----
    Kernel("relu", activations.relu_forward, device="cpu"),
    Kernel("gelu", activations.gelu_forward, activations.gelu_backward),
    Kernel("silu", activations.silu_forward, activations.silu_backward),
    Kernel("softmax", softmax.softmax_forward, softmax.softmax_backward),
    # ---- matrix products ----
    Kernel("matmul", matmul.matmul_forward, device="cpu"),
    Kernel("linear", matmul.linear_forward),
    Kernel("row_sums", matmul.row_sums_forward, device="cpu"),
    Kernel("linear_relu", matmul.linear_relu_forward, matmul.linear_relu_backward),
    # ---- losses ----
    Kernel(
        "sparse_cross_entropy",
        losses.sparse_cross_entropy_forward,
        losses.sparse_cross_entropy_backward,
    ),
    Kernel("cross_entropy", losses.cross_entropy_forward, losses.cross_entropy_backward),
    Kernel(
        "binary_cross_entropy",
        losses.binary_cross_entropy_forward,
        losses.binary_cross_entropy_backward,
    ),
    Kernel(
        "mean_squared_error", losses.mean_squared_error_forward, losses.mean_squared_error_backward
    ),
    # ---- convolution and pooling ----
    Kernel("conv2d", convolution.conv2d_forward),
    Kernel("conv2d_input_grad", convolution.conv2d_input_grad),
    Kernel("conv2d_kernel_grad", convolution.conv2d_kernel_grad),
    Kernel("max_pool", pooling.max_pool_forward),
    Kernel("max_pool_grad", pooling.max_pool_grad),
    Kernel("gather_at_argmax", pooling.gather_at_argmax),
    Kernel("avg_pool", pooling.avg_pool_forward),
    Kernel("avg_pool_grad", pooling.avg_pool_grad),
    # ---- recurrent ----
    Kernel(
        "simple_rnn",
        simple_rnn.simple_rnn_forward,
        simple_rnn.simple_rnn_backward,
        supports=recurrent.has_default_activations,
    ),
    Kernel(
        "lstm", lstm.lstm_forward, lstm.lstm_backward, supports=recurrent.has_default_activations
    ),
    Kernel("gru", gru.gru_forward, gru.gru_backward, supports=recurrent.has_default_activations),
    Kernel(
        "gru_reset_before",
        gru.gru_reset_before_forward,
        gru.gru_reset_before_backward,
        supports=recurrent.has_default_activations,
    ),
    # ---- normalization ----
    Kernel(
        "layer_norm",
        normalization.layer_norm_forward,
        normalization.layer_norm_backward,
        device="cpu",
    ),
    Kernel(
        "rms_norm", normalization.rms_norm_forward, normalization.rms_norm_backward, device="cpu"
    ),
    Kernel("scale_shift", normalization.scale_shift_forward, device="cpu"),
    Kernel("moments", normalization.moments_forward),
    Kernel("batch_norm", normalization.batch_norm_forward, normalization.batch_norm_backward),
    Kernel(
        "group_norm",
        normalization.group_norm_forward,
        normalization.group_norm_backward,
        device="cpu",
    ),
    Kernel(
        "local_response_norm",
        normalization.local_response_norm_forward,
        normalization.local_response_norm_backward,
        device="cpu",
    ),
    # ---- attention ----
    Kernel(
        "scaled_dot_product_attention",
        attention.scaled_dot_product_attention_forward,
        attention.scaled_dot_product_attention_backward,
    ),
]

KERNELS += cuda.KERNELS
register_kernels(*KERNELS)
if compiled.is_wanted():
    threads.has_loops = True
    register_kernels(*compiled.compiled_kernels(KERNELS))
