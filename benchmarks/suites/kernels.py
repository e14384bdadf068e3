"""Every fused kernel against the definition above it, forward and backward: a kernel stays only while it wins.

A new kernel gets a line in CASES; a test fails while it has none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

SIZES = [(32, 10), (128, 10), (256, 1000)]
FRAMEWORKS = ("minigrad",)
draw = np.random.default_rng(0)


def floats(*shape: int) -> Any:
    return draw.standard_normal(shape, dtype="float32")


def distributions(n: int, classes: int) -> Any:
    e = np.exp(floats(n, classes))
    return e / e.sum(1, keepdims=True)


class Case(NamedTuple):
    """The arrays of an op at a size (rows, columns); the first `differentiated` are asked for gradients."""

    differentiated: int
    arrays: Callable[[int, int], list[Any]]
    settings: dict[str, Any] = {}


CASES = {
    "sparse_cross_entropy": Case(1, lambda n, c: [floats(n, c), draw.integers(0, c, n)]),
    "cross_entropy": Case(1, lambda n, c: [floats(n, c), distributions(n, c)]),
    "binary_cross_entropy": Case(
        1, lambda n, c: [floats(n, c), draw.integers(0, 2, (n, c)).astype("float32")]
    ),
    "mean_squared_error": Case(1, lambda n, c: [floats(n, c), floats(n, c)]),
    "softmax_kernel": Case(1, lambda n, c: [floats(n, c)]),
    "layer_norm": Case(3, lambda n, c: [floats(n, c), floats(c), floats(c)], {"epsilon": 1e-3}),
    "gelu": Case(1, lambda n, c: [floats(n, c)]),
    "scaled_dot_product_attention": Case(3, lambda n, c: [floats(8, 4, n, 32) for _ in range(3)]),
    "batch_norm": Case(
        3, lambda n, c: [floats(n, 4, 4, c), floats(c), floats(c)], {"epsilon": 1e-3}
    ),
    "group_norm": Case(
        3, lambda n, c: [floats(n, 4, 4, c), floats(c), floats(c)], {"epsilon": 1e-3, "groups": 2}
    ),
    "local_response_norm": Case(1, lambda n, c: [floats(n, c)]),
    "linear": Case(3, lambda n, c: [floats(n, 64), floats(64, c), floats(c)]),
    "linear_relu": Case(3, lambda n, c: [floats(n, 64), floats(64, c), floats(c)]),
    "convolve": Case(2, lambda n, c: [floats(n, 6, 6, 4), floats(3, 3, 4, c)]),
    "convolve_bias": Case(3, lambda n, c: [floats(n, 6, 6, 4), floats(3, 3, 4, c), floats(c)]),
}
GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3, "gru_classic": 3}


def recurrent(name: str, n: int, units: int) -> list[Any]:
    """Sequences of 10 steps, kernels and bias of a layer of at most 128 units."""
    units = min(units, 128)
    wide = GATES[name] * units
    return [
        floats(n, 10, 32),
        0.1 * floats(32, wide),
        0.1 * floats(units, wide),
        floats(2, wide) if name == "gru" else floats(wide),
    ]


CASES |= {name: Case(4, partial(recurrent, name)) for name in GATES}
# Ops that stand for a composition without being fused: their rules are ops too, but they must win all the same.
COMPOSITIONS: dict[str, Callable[..., Any]] = {
    "linear": lambda x, w, b: x @ w + b,
    "convolve": lambda x, w: _minigrad().convolve_definition(x, w),
    "convolve_bias": lambda x, w, b: _minigrad().convolve(x, w) + b,
}
ROWS = [f"{name} {n}x{c}" for name in CASES for n, c in SIZES]


def _minigrad() -> Any:
    import minigrad

    return minigrad


def pairs() -> dict[str, tuple[Any, Any]]:
    """Each op with the definition it competes with, by name."""
    import minigrad as mg
    from minigrad.engine.autograd import Primitive

    fused = {op.name: (op, op.definition) for op in Primitive.registry if op.definition}
    return fused | {
        name: (getattr(mg, name), definition) for name, definition in COMPOSITIONS.items()
    }


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    import minigrad as mg

    name, size = row.split()
    case = CASES[name]
    mg.set_device(device)
    inputs = [
        mg.Tensor(a, requires_grad=i < case.differentiated, device=device)
        for i, a in enumerate(case.arrays(*map(int, size.split("x"))))
    ]
    kernel, definition = pairs()[name]
    seed = mg.Tensor(floats(*kernel(*inputs, **case.settings).shape), device=device).data

    def step(f):
        return mg.grad(f(*inputs, **case.settings), inputs[: case.differentiated], cotangent=seed)

    return {"kernel": partial(step, kernel), "definition": partial(step, definition)}
