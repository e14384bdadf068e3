"""What the examples in docstrings find: `np`, `minigrad`, seed 0; their figures are closed.

Ops and kernels that an example or a test makes are not ops and kernels of minigrad.
"""

from importlib.util import find_spec

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad.engine import kernel_table
from minigrad.engine.autograd import Primitive

matplotlib.use("Agg")

if find_spec("numba") is None:  # compiled loops are made of it
    collect_ignore_glob = ["minigrad/kernels/compiled/*"]


@pytest.fixture(autouse=True)
def example_names(doctest_namespace):
    """Every example starts from seed 0."""
    minigrad.seed(0)
    doctest_namespace.update(np=np, minigrad=minigrad)
    yield
    pyplot.close("all")


@pytest.fixture(autouse=True)
def no_ops_left_behind():
    """Forget the ops and kernels that were made meanwhile."""
    ops = list(Primitive.registry)
    table = {op: list(kernels) for op, kernels in kernel_table._table.items()}
    yield
    Primitive.registry[:] = ops
    kernel_table._table.clear()
    kernel_table._table.update(table)
    for kernels in kernel_table._by_op.values():
        kernels.clear()
