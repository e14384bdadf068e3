"""The CUDA kernels without a GPU: their source runs on the CPU, as C++, behind the strict device."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.backend import to_cpu
from minigrad.engine import kernel_table
from minigrad.engine.autograd import FusedOp, Primitive
from minigrad.engine.gradcheck import check_definition
from minigrad.kernels import blocks, cuda
from minigrad.kernels.cuda import convolution, launch, normalization

from ..cases import MODELS, OPS
from ..ops.test_all_ops import check_dtypes, check_gradients, check_values
from ..optimizers import test_formulas
from ..strict_device import StrictArray, strict_device
from . import cuda_on_cpu, nvrtc, on_gpu
from .test_training_without_kernels import trained

needs_compiler = pytest.mark.skipif(
    cuda_on_cpu.compiler() is None,
    reason="the kernels run on a CPU under Linux where g++ is installed",
)
BY_OP = {op.kernel: op for op in Primitive.registry if op.kernel}
OPS_WITH_KERNEL = [kernel.op for kernel in cuda.KERNELS if kernel.op in BY_OP]


@pytest.fixture
def launched(monkeypatch):
    """The CUDA kernels as those of the strict device; the names of those that were launched."""
    names = []

    def function_of(kernel, real, index):
        function = cuda_on_cpu.function_of(kernel, real, index)
        names.append(kernel)
        return function

    monkeypatch.setattr(launch, "function_of", function_of)
    kernel_table.register_kernels(*(row._replace(device="strict") for row in cuda.KERNELS))
    with minigrad.device("strict"):
        yield names


def cases_of(kernel):
    """(name of a public op, case) for all cases that reach a kernel."""
    public = {"avg_pool": "average_pool", "moments": "batch_norm"}
    name = public.get(kernel) or BY_OP[kernel].name
    return [(name, case) for case in OPS[name]]


def check_all_kernels():
    """Values of all cases of their ops; of fused ops also the gradients."""
    for kernel in OPS_WITH_KERNEL:
        op = BY_OP[kernel]
        for name, case in cases_of(kernel):
            check_values(name, case, strict_device)
            if isinstance(op, FusedOp):
                inputs, settings = case.on(strict_device)
                check_definition(op, *inputs, order=1, **settings)


@needs_compiler
def test_kernels_are_their_definitions(launched):
    check_all_kernels()
    of_ops = {name for name, file in launch.kernel_files().items() if file != "optimizers.cu"}
    assert set(launched) == of_ops


@needs_compiler
def test_optimizers_are_their_formulas(launched, same_dtype):
    """Ten steps in float32, of which the fourth has gradients of float64: no kernel takes it."""
    for name, (kind, _, _) in test_formulas.FORMULAS.items():
        launched.clear()
        test_formulas.test_float32_stays_float32(name, "strict", same_dtype)
        assert set(launched) == {kind.kernel} and len(launched) < 10


@needs_compiler
@pytest.mark.cuda
@pytest.mark.parametrize("name", sorted(test_formulas.FORMULAS))
def test_optimizers_in_float64(name, launched):
    test_formulas.test_fifty_steps(name, "strict")
    assert launched


CHECK_ON_HOST = {"sparse_cross_entropy", "embedding"}  # that labels and indices are in range


@needs_compiler
def test_nothing_waits_for_the_device(launched, monkeypatch):
    """Forward and backward read no number of an array, which would wait until it is computed."""
    read = []
    for name in ("__bool__", "__int__", "__float__", "item", "get", "tolist"):
        method = getattr(StrictArray, name)
        watched = lambda a, *index, method=method: read.append(method) or method(a, *index)
        monkeypatch.setattr(StrictArray, name, watched)
    waiting = set()
    for row in on_gpu.ROWS:
        run = on_gpu.prepare(
            row, on_gpu.place(row.inputs(np.random.default_rng(0), 0.001), "float64")
        )
        read.clear()
        run()
        waiting |= {row.name} if read else set()
    assert waiting == CHECK_ON_HOST and launched


@needs_compiler
@pytest.mark.parametrize("mean", [1e3, -3e4])
def test_a_mean_far_from_zero_costs_no_digits(mean, launched):
    x = (np.random.default_rng(0).standard_normal((64, 8, 8, 4)) + mean).astype("float32")
    ones, zeros = (make(4, "float32") for make in (strict_device.ones, strict_device.zeros))

    def normalized(axes, width):
        rows = x.astype("float64").reshape((64, 64, -1, width))
        centered = rows - rows.mean(axes, keepdims=True)
        return (centered / rows.std(axes, keepdims=True)).reshape(x.shape)

    given = strict_device.asarray(x), ones, zeros
    y = to_cpu(ops.batch_norm(*given, epsilon=0.0))
    np.testing.assert_allclose(y, normalized((0, 1, 3), 1), rtol=0, atol=2e-5)
    y = to_cpu(ops.group_norm(*given, groups=2, epsilon=0.0))
    np.testing.assert_allclose(y, normalized((1, 3), 2), rtol=0, atol=2e-5)
    moments = ops.normalization.batch_moments(given[0])
    expected = x.reshape(-1, 4).mean(0, dtype="float64")
    np.testing.assert_allclose(to_cpu(moments.mean), expected, rtol=1e-7)
    assert {"channel_moments", "group_moments"} <= set(launched)


# what large arrays come to, at the sizes of the cases
LARGE = {
    "indices of 64 bits": [(launch, "MANY_ELEMENTS", 1)],
    "a block per row": [(launch, "LONG_ROW", 1), (launch, "THREADS", 64)],
    "several buffers": [(blocks, "DEVICE_BLOCK", 40)],
    "several runs": [
        (convolution, "RUN", 7),
        (normalization, "LEAST_ROWS", 1),
        (normalization, "THREADS", 32),
    ],
}


@needs_compiler
@pytest.mark.cuda
@pytest.mark.parametrize("way", LARGE)
def test_large_arrays(way, launched, monkeypatch):
    for module, name, value in LARGE[way]:
        monkeypatch.setattr(module, name, value)
    check_all_kernels()


# where a kernel is nearer to the formula than the definition is
OTHER_LIMITS = {
    "binary_cross_entropy": "infinite where the definition has inf - target * inf",
    "local_response_norm": "the definition multiplies by a band of ones: 0 * NaN is NaN everywhere",
}


@needs_compiler
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_nan_and_infinity_are_kept(number, launched):
    """Where a number of the output is NaN or infinite, so is it by the definition."""
    rng = np.random.default_rng(3)
    for row in on_gpu.ROWS:
        if isinstance(row.call, type) or row.name in OTHER_LIMITS:
            continue
        inputs = row.inputs(rng, 0.001)
        inputs[0].reshape(-1)[1] = number
        inputs = [strict_device.asarray(x) for x in inputs]
        found = to_cpu(row.call(*inputs))
        with minigrad.use_kernels(False):
            wanted = to_cpu(row.call(*inputs))
        np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-10, err_msg=row.name)
    assert launched


@needs_compiler
@pytest.mark.cuda
@pytest.mark.parametrize("kernel", OPS_WITH_KERNEL)
def test_gradients_to_second_order(kernel, launched):
    for name, case in cases_of(kernel):
        check_gradients(name, case, strict_device)
        check_dtypes(name, case, strict_device)
    assert launched


@needs_compiler
@pytest.mark.cuda
@pytest.mark.parametrize("name", sorted(MODELS))
def test_models_train_as_on_definitions(name, launched):
    with minigrad.default_dtype("float64"):
        with_kernels = trained(name, True, launched)
        on_definitions = trained(name, False, launched)
    for a, b in zip(with_kernels, on_definitions, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)


@needs_compiler
@pytest.mark.cuda
def test_the_check_on_a_gpu_holds_kernels_to_definitions(launched, tmp_path, monkeypatch, capsys):
    """Its rows in small; one that fails ends no other."""
    refused = on_gpu.Row("refused", ops.softmax, lambda rng, size: ["no array"])
    monkeypatch.setattr(on_gpu, "ROWS", [refused, *on_gpu.ROWS])
    first, *others = on_gpu.check(tmp_path, size=0.02, repeats=1)
    assert not first["passed"] and "AttributeError" in capsys.readouterr().out
    assert all(result["passed"] for result in others), (tmp_path / "kernels.txt").read_text()
    assert {"im2col", "lstm_step_grad", "attention_softmax_grad"} < set(launched)


# ---- what NVIDIA's compiler says -----------------------------------------------------------------


@pytest.mark.cuda
@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
@pytest.mark.parametrize("real", ["float", "double"])
@pytest.mark.parametrize("integer", ["int", "long long"])
def test_sources_compile_without_a_word(architecture, real, integer):
    for file in sorted(set(launch.kernel_files().values())):
        source = launch.source([file], real, integer)
        assert nvrtc.compile_cuda(source, architecture, launch.OPTIONS) == ""


@pytest.mark.cuda
def test_a_source_that_is_wrong_is_refused():
    with pytest.raises(ValueError, match="x.* is undefined"):
        nvrtc.compile_cuda("__global__ void f(float *y) { *y = x; }", "sm_90", launch.OPTIONS)
