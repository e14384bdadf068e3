"""CUDA kernels, for arrays of float32 and float64 on a GPU; a file of sources per family.

Importing this imports no CuPy, and a file of sources is compiled when one of its kernels is first
launched. What is not here runs on a GPU as the kernels beside this folder do, by CuPy's functions.
"""

from __future__ import annotations

from functools import partial

from ...engine.kernel_table import Kernel
from .. import recurrent as any_recurrent
from . import (
    activations,
    attention,
    convolution,
    indexing,
    matmul,
    normalization,
    optimizers,
    pooling,
    recurrent,
    softmax,
)

_kernel = partial(Kernel, device="cuda", accelerator="cuda")
_recurrent = partial(_kernel, supports=any_recurrent.has_default_activations)

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
    # ---- activations ----
    _kernel("gelu", activations.gelu_forward, activations.gelu_backward),
    _kernel("softmax", softmax.softmax_forward, softmax.softmax_backward),
    _kernel("linear_relu", matmul.linear_relu_forward, matmul.linear_relu_backward),
    # ---- losses ----
    _kernel(
        "sparse_cross_entropy",
        softmax.sparse_cross_entropy_forward,
        softmax.sparse_cross_entropy_backward,
    ),
    _kernel("cross_entropy", softmax.cross_entropy_forward, softmax.cross_entropy_backward),
    _kernel(
        "binary_cross_entropy",
        softmax.binary_cross_entropy_forward,
        softmax.binary_cross_entropy_backward,
    ),
    _kernel(
        "mean_squared_error",
        softmax.mean_squared_error_forward,
        softmax.mean_squared_error_backward,
    ),
    # ---- normalization ----
    _kernel("layer_norm", normalization.layer_norm_forward, normalization.layer_norm_backward),
    _kernel("moments", normalization.moments_forward),
    _kernel("batch_norm", normalization.batch_norm_forward, normalization.batch_norm_backward),
    _kernel("group_norm", normalization.group_norm_forward, normalization.group_norm_backward),
    _kernel("scale_shift", normalization.scale_shift_forward),
    _kernel(
        "local_response_norm",
        normalization.local_response_norm_forward,
        normalization.local_response_norm_backward,
    ),
    # ---- rows at indices ----
    _kernel("put", indexing.put_forward),
    # ---- recurrent ----
    _recurrent("simple_rnn", recurrent.simple_rnn_forward, recurrent.simple_rnn_backward),
    _recurrent("lstm", recurrent.lstm_forward, recurrent.lstm_backward),
    _recurrent("gru", recurrent.gru_forward, recurrent.gru_backward),
    _recurrent(
        "gru_reset_before", recurrent.gru_reset_before_forward, recurrent.gru_reset_before_backward
    ),
    # ---- attention ----
    _kernel(
        "scaled_dot_product_attention",
        attention.scaled_dot_product_attention_forward,
        attention.scaled_dot_product_attention_backward,
    ),
    # ---- optimizers: in place, (p, g, *state) and numbers ----
    _kernel("adadelta", optimizers.adadelta_update),
    _kernel("adagrad", optimizers.adagrad_update),
    _kernel("adam", optimizers.adam_update),
    _kernel("adamax", optimizers.adamax_update),
    _kernel("lion", optimizers.lion_update),
    _kernel("nadam", optimizers.nadam_update),
    _kernel("rmsprop", optimizers.rmsprop_update),
    _kernel("sgd", optimizers.sgd_update),
]
