"""Kernels as loops that Numba compiles: the extra `fast`, used by itself where it is installed.

`ROWS` is the table: op, forward, backward, and the size of the first array from which on the loop
wins. What a loop does not take (other dtypes, rare settings, small arrays) runs as the NumPy kernel
beneath it, or as the definition. MINIGRAD_KERNELS=numpy in the environment, or
`with minigrad.use_kernels("numpy"):`, leaves the loops out.

Numba is imported when a loop is first needed, not with minigrad.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from functools import cache, wraps
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ... import threads
from ...config import settings
from ...engine.autograd import Primitive
from ...engine.kernel_table import Kernel

VARIABLE = "MINIGRAD_KERNELS"
ANY_SIZE = 0
THREADED = (1 << 18) + 1  # multiplications from which on BLAS wakes its threads for a product


class Row:
    """A kernel made of compiled loops.

    Args:
        op: The name of the op in the kernel table.
        forward: "file.function" of its forward here; the function gives NotImplemented for arrays
            and settings that it does not take. For an op without gradient rules of its own it gives
            (output, a tuple of residuals).
        backward: The same of its backward, which gets that tuple.
        least: The smallest size of the first array for which the loop wins; of a product, the
            smallest number of multiplications.
        multiplies: True for a product of the first array with the second.
        holds_blas: True if what runs where the loop does not is products, too. Threads of BLAS
            would wait for more of them for 20 ms, on the processors that loops need.
    """

    def __init__(
        self,
        op: str,
        forward: str,
        backward: str = "",
        least: int = ANY_SIZE,
        multiplies: bool = False,
        holds_blas: bool = False,
    ) -> None:
        self.op = op
        self.forward = forward
        self.backward = backward
        self.least = least
        self.multiplies = multiplies
        self.holds_blas = holds_blas
        self.calls = 0  # of the forward, that ran as a loop

    def kernel(self, numpy_kernel: Kernel) -> Kernel:
        """The row for the kernel table.

        Args:
            numpy_kernel: What runs where the loop does not.
        """
        backward = None
        if self.backward:
            assert numpy_kernel.backward
            backward = self._backward(numpy_kernel.forward, numpy_kernel.backward)
        beneath = numpy_kernel.forward
        forward = self._forward(holding_blas(beneath) if self.holds_blas else beneath)
        return Kernel(self.op, forward, backward, "cpu", "numba", numpy_kernel.supports)

    def _forward(self, numpy_forward: Callable[..., Any]) -> Callable[..., Any]:
        is_fused = bool(self.backward)

        @wraps(numpy_forward)
        def forward(x: Any, *arrays: Any, **kwargs: Any) -> Any:
            columns = (getattr(arrays[0], "shape", None) or (1,))[-1] if self.multiplies else 1
            is_tried = (
                getattr(x, "size", 0) * columns >= self.least and settings.use_kernels != "numpy"
            )
            if is_tried and (y := run(self.forward, x, *arrays, **kwargs)) is not NotImplemented:
                self.calls += 1
                return (y[0], Residuals(y[1])) if is_fused else y
            return numpy_forward(x, *arrays, **kwargs)

        return forward

    def _backward(
        self, numpy_forward: Callable[..., Any], numpy_backward: Callable[..., Any]
    ) -> Callable[..., Any]:
        @wraps(numpy_backward)
        def backward(g: Any, residuals: Any, *arrays: Any, **kwargs: Any) -> Any:
            if residuals.__class__ is Residuals:
                g = g.astype(arrays[0].dtype, copy=False)  # wider where the output met a wider one
                if (d := run(self.backward, g, residuals, *arrays, **kwargs)) is not NotImplemented:
                    return d
                _, residuals = numpy_forward(*arrays, **kwargs)  # loops have failed since
            return numpy_backward(g, residuals, *arrays, **kwargs)

        return backward


def holding_blas(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with BLAS on one thread where loops run beside it.

    Args:
        function: The function.
    """

    @wraps(function)
    def held(*args: Any, **kwargs: Any) -> Any:
        with threads.blas_of_a_step():
            return function(*args, **kwargs)

    return held


class Residuals(tuple[Any, ...]):
    """What a compiled forward keeps for its compiled backward."""


def run(name: str, *arrays: Any, **kwargs: Any) -> Any:
    """Call a function of this folder; NotImplemented where loops cannot be compiled.

    Args:
        name: "file.function".
        *arrays: Its arrays.
        **kwargs: Its settings.
    """
    function = function_of(name)
    if function is None:
        return NotImplemented
    try:
        return function(*arrays, **kwargs)
    except LoopError as cause:
        give_up(cause)
        return NotImplemented


class LoopError(RuntimeError):
    """A loop that cannot be compiled here."""


@cache
def function_of(name: str) -> Callable[..., Any] | None:
    """The function called "file.function"; None where Numba does not run.

    Args:
        name: File and function.
    """
    if _failure:
        return None
    module, function = name.split(".")
    try:
        return getattr(import_module(f".{module}", __name__), function)
    except ImportError as cause:  # Numba, or a NumPy that it does not know
        give_up(cause)
        return None


_failure = ""


def failure() -> str:
    """Why loops do not run here, although Numba is installed; empty if they do."""
    return _failure


def give_up(cause: Exception) -> None:
    """Say once that loops do not run here; the NumPy kernels do from now on.

    Args:
        cause: What went wrong.
    """
    global _failure
    if not _failure:
        _failure = " ".join(str(cause).split())[:200]
        warnings.warn(
            f"minigrad computes with its NumPy kernels, because Numba does not run here "
            f"({_failure}); `pip install -U numba` may help, {VARIABLE}=numpy silences this",
            stacklevel=2,
        )
    function_of.cache_clear()


def is_wanted() -> bool:
    """True if Numba is installed and MINIGRAD_KERNELS does not leave it out.

    Raises:
        ValueError: If MINIGRAD_KERNELS is neither empty, "numpy" nor "numba".
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted not in ("", "numpy", "numba"):
        raise ValueError(f"{VARIABLE} must be 'numpy' or 'numba', got {wanted!r}")
    return wanted != "numpy" and find_spec("numba") is not None


def compiled_kernels(numpy_kernels: Sequence[Kernel]) -> list[Kernel]:
    """The rows for the kernel table.

    Args:
        numpy_kernels: The rows of the NumPy kernels.
    """
    beneath = {k.op: k for k in numpy_kernels if k.accelerator == "numpy"}
    for op in Primitive.registry:
        if op.kernel and not op.is_fused:
            beneath.setdefault(op.kernel, Kernel(op.kernel, op.forward))
    return [row.kernel(beneath.get(row.op) or Kernel(row.op, _not_implemented)) for row in ROWS]


def _not_implemented(*arrays: Any, **kwargs: Any) -> Any:
    return NotImplemented


ROWS: list[Row] = [
    # ---- normalization ----
    Row(
        "batch_norm",
        "normalization.batch_norm_forward",
        "normalization.batch_norm_backward",
        least=1 << 11,
    ),
    Row(
        "group_norm",
        "normalization.group_norm_forward",
        "normalization.group_norm_backward",
        least=1 << 11,
    ),
    Row(
        "layer_norm",
        "normalization.layer_norm_forward",
        "normalization.layer_norm_backward",
        least=1 << 11,
    ),
    Row(
        "local_response_norm",
        "response_norm.local_response_norm_forward",
        "response_norm.local_response_norm_backward",
        least=1 << 9,
    ),
    Row("moments", "normalization.moments_forward", least=1 << 11),
    Row(
        "rms_norm",
        "normalization.rms_norm_forward",
        "normalization.rms_norm_backward",
        least=1 << 9,
    ),
    Row("scale_shift", "normalization.scale_shift_forward", least=1 << 13),
    # ---- pooling ----
    Row("avg_pool", "pooling.avg_pool_forward", least=1 << 11),
    Row("avg_pool_grad", "pooling.avg_pool_grad", least=1 << 10),
    Row("gather_at_argmax", "pooling.gather_at_argmax", least=1 << 11),
    Row("max_pool", "pooling.max_pool_forward", least=1 << 11),
    Row("max_pool_grad", "pooling.max_pool_grad", least=1 << 10),
    # ---- activations ----
    Row("elu", "activations.elu_forward", least=1 << 11),
    Row("elu_grad", "activations.elu_grad", least=1 << 10),
    Row("gelu", "activations.gelu_forward", "activations.gelu_backward", least=1 << 9),
    Row("mish", "activations.mish_forward", least=1 << 10),
    Row("mish_grad", "activations.mish_grad", least=1 << 9),
    Row("sigmoid", "activations.sigmoid_forward", least=1 << 15),
    Row("sigmoid_grad", "activations.sigmoid_grad", least=1 << 12),
    Row("silu", "activations.silu_forward", "activations.silu_backward", least=1 << 9),
    Row("softplus", "activations.softplus_forward", least=1 << 11),
    Row("softplus_grad", "activations.softplus_grad", least=1 << 10),
    Row("tanh", "activations.tanh_forward", least=1 << 15),
    Row("tanh_grad", "activations.tanh_grad", least=1 << 12),
    # ---- softmax and losses ----
    Row("softmax", "softmax.softmax_forward", "softmax.softmax_backward", least=1 << 10),
    Row("log_softmax", "softmax.log_softmax_forward", least=1 << 10),
    Row(
        "binary_cross_entropy",
        "losses.binary_cross_entropy_forward",
        "losses.binary_cross_entropy_backward",
    ),
    Row("cross_entropy", "losses.cross_entropy_forward", "losses.cross_entropy_backward"),
    Row(
        "mean_squared_error",
        "losses.mean_squared_error_forward",
        "losses.mean_squared_error_backward",
        least=1 << 12,
    ),
    Row(
        "sparse_cross_entropy",
        "losses.sparse_cross_entropy_forward",
        "losses.sparse_cross_entropy_backward",
    ),
    # ---- attention ----
    Row(
        "scaled_dot_product_attention",
        "attention.scaled_dot_product_attention_forward",
        "attention.scaled_dot_product_attention_backward",
        least=1 << 10,
    ),
    # ---- convolution ----
    Row("conv2d", "convolution.conv2d_forward", least=1 << 11, holds_blas=True),
    Row("conv2d_input_grad", "convolution.conv2d_input_grad", least=1 << 12, holds_blas=True),
    Row("conv2d_kernel_grad", "convolution.conv2d_kernel_grad", least=1 << 11, holds_blas=True),
    # ---- relu, leaky relu, dropout and what it draws ----
    Row("bernoulli", "drawing.bernoulli"),
    Row("dropout", "dropout.dropout_forward", least=1 << 12),
    Row("leaky_relu", "rectifiers.leaky_relu_forward", least=1 << 13),
    Row("leaky_relu_grad", "rectifiers.leaky_relu_grad", least=1 << 12),
    Row("relu", "rectifiers.relu_forward", least=1 << 14),
    Row("relu_grad", "rectifiers.relu_grad", least=1 << 12),
    # ---- optimizers: in place, (p, g, *state) and numbers ----
    Row("adadelta", "optimizers.adadelta_update", least=4096),
    Row("adagrad", "optimizers.adagrad_update", least=4096),
    Row("adam", "optimizers.adam_update", least=4096),
    Row("adamax", "optimizers.adamax_update", least=4096),
    Row("lion", "optimizers.lion_update", least=4096),
    Row("nadam", "optimizers.nadam_update", least=4096),
    Row("rmsprop", "optimizers.rmsprop_update", least=4096),
    Row("sgd", "optimizers.sgd_update", least=4096),
    # ---- elementwise, joining ----
    Row("add", "elementwise.add_forward", least=1 << 16),
    Row("concatenate", "shapes.concatenate_forward", least=1 << 14),
    # ---- rows by index ----
    Row("put", "indexing.put_forward", least=1 << 12),
    # ---- images ----
    Row("warp_affine", "warping.warp_affine_forward"),
    Row("warp_affine_grad", "warping.warp_affine_grad"),
    # ---- matrix products ----
    Row("row_sums", "matmul.row_sums_forward", least=1 << 12),
    Row("matmul", "matmul.matmul_forward", least=THREADED, multiplies=True),
    Row("linear", "matmul.linear_forward", least=THREADED, multiplies=True),
    Row(
        "linear_relu",
        "matmul.linear_relu_forward",
        "matmul.linear_relu_backward",
        least=THREADED,
        multiplies=True,
    ),
    # ---- recurrent ----
    Row("gru", "gru.gru_forward", "gru.gru_backward"),
    Row("gru_reset_before", "gru.gru_reset_before_forward", "gru.gru_reset_before_backward"),
    Row("lstm", "lstm.lstm_forward", "lstm.lstm_backward"),
    Row("simple_rnn", "simple_rnn.simple_rnn_forward", "simple_rnn.simple_rnn_backward"),
]
