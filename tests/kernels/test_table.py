"""The kernel table and the ops that ask it belong together."""

import importlib
import pkgutil

from minigrad import ops
from minigrad.engine.autograd import Primitive
from minigrad.kernels import KERNELS


def names_asked_for():
    """The kernels that ops name, also those of gradients, which are not public."""
    found = set()
    for info in pkgutil.iter_modules(ops.__path__):
        module = importlib.import_module(f"minigrad.ops.{info.name}")
        found |= {op.kernel for op in vars(module).values() if isinstance(op, Primitive)}
    return found - {""}


def test_every_kernel_has_an_op_and_every_name_a_kernel():
    assert {kernel.op for kernel in KERNELS} == names_asked_for()
