"""The kernel table and the ops that ask it belong together."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import minigrad
from minigrad import ops, optimizers
from minigrad.engine.autograd import Primitive
from minigrad.kernels import KERNELS, compiled
from minigrad.ops.matmul import linear, linear_relu


def names_asked_for():
    """The kernels that ops name, also gradients, which are not public; optimizers; draws."""
    found = {kind.kernel for kind in optimizers.NAMES.values()} | {"bernoulli"}
    for info in pkgutil.iter_modules(ops.__path__):
        module = importlib.import_module(f"minigrad.ops.{info.name}")
        found |= {op.kernel for op in vars(module).values() if isinstance(op, Primitive)}
    return found - {""}


def test_every_kernel_has_an_op_and_every_name_a_kernel():
    assert {row.op for row in (*KERNELS, *compiled.ROWS)} == names_asked_for()


def test_kernels_take_arrays_alone_by_position():
    """A setting by position would reach a kernel unnamed, and the gradient rules not at all."""
    for op in Primitive.registry:
        kernel = op.kernels[np.ndarray] if op.kernel else None
        if kernel is not None and not op.forward.__code__.co_flags & inspect.CO_VARARGS:
            code = inspect.unwrap(kernel.forward).__code__
            assert code.co_argcount == op.forward.__code__.co_argcount, op.name
            assert not code.co_flags & inspect.CO_VARARGS, op.name


@pytest.mark.parametrize("kernels", [True, "numpy", False])
@pytest.mark.parametrize("op", [linear, linear_relu])
@pytest.mark.parametrize("w", [2.0, np.ones((), "float32"), np.ones(3, "float32")])
def test_a_kernel_that_is_no_matrix_has_one_error_with_all_kernels(op, w, kernels):
    x, b = np.ones((4, 3), "float32"), np.ones(2, "float32")
    with minigrad.use_kernels(kernels), pytest.raises(ValueError, match=rf"{op.name}\(float32\[4"):
        op(minigrad.Tensor(x), w, b)
