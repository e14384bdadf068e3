"""Every kernel against the definition of its op, forward and backward: a kernel must win to stay.

A new kernel gets a line in CASES; a test fails while it has none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

SIZES = [(32, 10), (128, 10), (256, 1000)]  # (n, c): rows and columns
FRAMEWORKS = ("minigrad",)
draw = np.random.default_rng(0)


def floats(*shape: int) -> Any:
    return draw.standard_normal(shape, dtype="float32")


def distributions(n: int, classes: int) -> Any:
    e = np.exp(floats(n, classes))
    return e / e.sum(1, keepdims=True)


class Case(NamedTuple):
    """The arrays of an op at a size (rows, columns); the first `differentiated` get gradients."""

    differentiated: int
    arrays: Callable[[int, int], list[Any]]
    settings: dict[str, Any] = {}


def logits(n: int, c: int) -> list[Any]:
    return [floats(n, c)]


def labeled(n: int, c: int) -> list[Any]:
    return [floats(n, c), draw.integers(0, c, n)]


def binary(n: int, c: int) -> list[Any]:
    return [floats(n, c), draw.integers(0, 2, (n, c)).astype("float32")]


def normalized(n: int, c: int) -> list[Any]:
    """Rows, gamma and beta."""
    return [floats(n, c), floats(c), floats(c)]


def normalized_images(n: int, c: int) -> list[Any]:
    """Images, gamma and beta."""
    return [floats(n, 4, 4, c), floats(c), floats(c)]


def affine(n: int, c: int) -> list[Any]:
    return [floats(n, 64), floats(64, c), floats(c)]


def heads(n: int, c: int) -> list[Any]:
    """Queries, keys and values."""
    return [floats(8, 4, n, 32) for _ in range(3)]


def convolved(n: int, c: int) -> list[Any]:
    return [floats(n, 6, 6, 4), floats(3, 3, 4, c)]


def convolved_bias(n: int, c: int) -> list[Any]:
    return [*convolved(n, c), floats(c)]


CASES = {
    "sparse_cross_entropy": Case(1, labeled),
    "cross_entropy": Case(1, lambda n, c: [floats(n, c), distributions(n, c)]),
    "binary_cross_entropy": Case(1, binary),
    "mean_squared_error": Case(1, lambda n, c: [floats(n, c), floats(n, c)]),
    "relu": Case(1, logits),
    "row_sums": Case(1, logits),
    "softmax": Case(1, logits),
    "layer_norm": Case(3, normalized, {"epsilon": 1e-3}),
    "gelu": Case(1, logits),
    "scaled_dot_product_attention": Case(3, heads),
    "batch_norm": Case(3, normalized_images, {"epsilon": 1e-3}),
    "group_norm": Case(3, normalized_images, {"epsilon": 1e-3, "groups": 2}),
    "local_response_norm": Case(1, logits),
    "linear": Case(3, affine),
    "linear_relu": Case(3, affine),
    "convolve": Case(2, convolved),
    "convolve_bias": Case(3, convolved_bias),
}
GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3, "gru_reset_before": 3}


def recurrent(name: str, n: int, units: int) -> list[Any]:
    """Sequences of 10 steps, kernels and bias of a layer of at most 128 units."""
    units = min(units, 128)
    width = GATES[name] * units
    x, kernel, recurrent = floats(n, 10, 32), floats(32, width), floats(units, width)
    bias = floats(2, width) if name == "gru" else floats(width)
    return [x, 0.1 * kernel, 0.1 * recurrent, bias]


CASES |= {name: Case(4, partial(recurrent, name)) for name in GATES}
# Ops that are made fast without a kernel in the table: they must win over these.
COMPOSITIONS: dict[str, Callable[..., Any]] = {
    "convolve": lambda x, w: _minigrad().ops.convolve_definition(x, w),
    "convolve_bias": lambda x, w, b: _minigrad().ops.convolve(x, w) + b,
}
ROWS = [f"{name} {n}x{c}" for name in CASES for n, c in SIZES]


def _minigrad() -> Any:
    import minigrad

    return minigrad


def ops_with_kernels() -> dict[str, Any]:
    """Each op that competes with its definition, by name."""
    import minigrad as mg
    from minigrad.engine.autograd import Primitive

    found = {op.name: op for op in Primitive.registry if op.kernel}
    return found | {name: getattr(mg.ops, name) for name in COMPOSITIONS}


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    import minigrad as mg

    name, size = row.split()
    case = CASES[name]
    mg.set_device(device)
    inputs = []
    for i, array in enumerate(case.arrays(*map(int, size.split("x")))):
        inputs.append(mg.Tensor(array, requires_grad=i < case.differentiated, device=device))
    op = ops_with_kernels()[name]
    shape = op(*inputs, **case.settings).shape
    cotangent = mg.Tensor(floats(*shape), device=device).data

    def step(f):
        y = f(*inputs, **case.settings)
        return mg.grad(y, inputs[: case.differentiated], cotangent=cotangent)

    if name in COMPOSITIONS:
        definition = partial(step, COMPOSITIONS[name])
    else:
        definition = mg.use_kernels(False)(partial(step, op))
    return {"kernel": partial(step, op), "definition": definition}
