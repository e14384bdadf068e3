"""What a step of minigrad must do: bytes that its ops read and write, flops of its products.

`Counter` watches the calls of ops, forward and backward, and the update of the optimizer, and adds
up by op its own seconds and its `Work`. A call reads its arrays once and writes its output once; a
view costs nothing. A call that is made of others counts as they do, or as its own arrays and
products where those are more: gradient rules run some of their arithmetic as operators on arrays.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from minigrad.engine.autograd import FusedOp, Primitive
from minigrad.engine.graph import base_array
from minigrad.optimizers.base import Optimizer

from .limits import Work

# (number of products, multiplications of each, indices of the two arrays that are multiplied)
Product = tuple[int, int, tuple[int, int]]


# ---- products ------------------------------------------------------------------------------------


def matmul(y: Any, a: Any, b: Any, *_: Any, **__: Any) -> Iterable[Product]:
    rows = a.shape[-2] if a.ndim > 1 else 1
    columns = b.shape[-1] if b.ndim > 1 else 1
    yield y.size // max(1, rows * columns), rows * columns * a.shape[-1], (0, 1)


def linear(y: Any, x: Any, *_: Any, **__: Any) -> Iterable[Product]:
    yield 1, y.size * x.shape[-1], (0, 1)


def conv2d(y: Any, x: Any, w: Any, *_: Any, **__: Any) -> Iterable[Product]:
    yield 1, y.size * math.prod(w.shape[:3]), (0, 1)


def conv2d_input_grad(y: Any, g: Any, w: Any, **_: Any) -> Iterable[Product]:
    yield 1, g.size * math.prod(w.shape[:3]), (0, 1)


def conv2d_kernel_grad(y: Any, x: Any, g: Any, **_: Any) -> Iterable[Product]:
    yield 1, g.size * math.prod(y.shape[:3]), (0, 1)


def einsum(y: Any, *operands: Any, subscripts: str) -> Iterable[Product]:
    terms = subscripts.split("->")[0].split(",")
    if len(terms) > 1:
        lengths = {}
        for term, operand in zip(terms, operands):
            lengths |= zip(term, operand.shape)
        yield 1, math.prod(lengths.values()), (0, 1)


def recurrent(y: Any, x: Any, kernel: Any, back: Any, *_: Any, **__: Any) -> Iterable[Product]:
    """Inputs times kernel at once, and states times recurrent kernel at each step."""
    n, length = x.shape[:2]
    yield 1, n * length * kernel.size, (0, 1)
    yield length, n * back.size, (2, 2)


def attention(y: Any, q: Any, k: Any, v: Any, *_: Any, **__: Any) -> Iterable[Product]:
    """Queries times keys, and shares times values, each head by itself."""
    *heads, queries, width = q.shape
    for columns, operands in ((width, (0, 1)), (v.shape[-1], (0, 2))):
        yield math.prod(heads), queries * k.shape[-2] * columns, operands


PRODUCTS: dict[str, Callable[..., Iterable[Product]]] = {
    "matmul": matmul,
    "linear": linear,
    "linear_relu": linear,
    "conv2d": conv2d,
    "conv2d_input_grad": conv2d_input_grad,
    "conv2d_kernel_grad": conv2d_kernel_grad,
    "einsum": einsum,
    "simple_rnn": recurrent,
    "lstm": recurrent,
    "gru": recurrent,
    "gru_reset_before": recurrent,
    "scaled_dot_product_attention": attention,
}


# ---- the work of a call --------------------------------------------------------------------------

ADAM_PASSES = 7  # reads of parameter, gradient, m and v; writes of parameter, m and v


def arrays_in(*values: Any) -> list[Any]:
    """The arrays among values, in Tensors, tuples and lists too, each once; no scalars."""
    found: dict[int, Any] = {}
    for value in values:
        array = getattr(value, "_array", value)
        if isinstance(array, (tuple, list)):
            found |= {id(a): a for a in arrays_in(*array)}
        elif getattr(array, "ndim", 0) and hasattr(array, "nbytes"):
            found[id(array)] = array
    return list(found.values())


def traffic(inputs: list[Any], outputs: list[Any]) -> int:
    """Bytes of inputs and outputs (a scalar has none); 0 if all outputs are views of inputs."""
    memory = {id(base_array(a)) for a in inputs}
    made = [a for a in outputs if id(base_array(a)) not in memory]
    is_view = bool(outputs) and not made
    return 0 if is_view else sum(a.nbytes for a in (*inputs, *made))


def forward_work(op: Any, y: Any, inputs: Any, settings: dict[str, Any]) -> Work:
    work = Work()
    arrays = [getattr(x, "_array", x) for x in inputs]
    output = getattr(y, "_array", y)
    work.add_bytes(traffic(arrays_in(*arrays), arrays_in(output)))
    for number, multiplications, _ in products_of(op, output, arrays, settings):
        work.add_products(number, multiplications)
    return work


def backward_work(op: Any, g: Any, kept: Any, shapes: list[Any], node: Any, pairs: Any) -> Work:
    """A product has a gradient for each of its two arrays that needs one, itself a product."""
    work = Work()
    gradients = arrays_in([gradient for _, gradient in pairs])
    work.add_bytes(traffic(arrays_in(g, kept), gradients))
    reached = {id(parent) for parent, _ in pairs}
    output = getattr(g, "_array", g)
    for number, multiplications, operands in products_of(op, output, shapes, node.kwargs):
        for i in operands:
            if id(node.parents[i]) in reached:
                work.add_products(number, multiplications)
    return work


def products_of(op: Any, y: Any, arrays: Any, settings: dict[str, Any]) -> list[Product]:
    """The products of a call on arrays; none where an array is not kept."""
    count = PRODUCTS.get(op.name)
    if count is None or not all(hasattr(a, "shape") for a in arrays[:2]):
        return []
    return list(count(y, *arrays, **settings))


# ---- the counter ---------------------------------------------------------------------------------


@dataclass
class Entry:
    """What the calls of an op add up to."""

    calls: int = 0
    seconds: float = 0.0
    work: Work = field(default_factory=Work)


@dataclass
class Frame:
    """What the calls inside of a call add up to."""

    seconds: float = 0.0
    work: Work = field(default_factory=Work)


class Counter:
    """Watches ops inside a `with` block.

    Attributes:
        entries: What each op did, by its name, with " backward" behind it for its gradients.
        total: The frame around all calls.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = defaultdict(Entry)
        self.total = Frame()
        self._frames = [self.total]
        self._originals: list[tuple[type, str, Any]] = []

    def __enter__(self) -> Counter:
        self._patch(Primitive, "__call__", self._forward)
        self._patch(Primitive, "vjp", self._backward)
        self._patch(FusedOp, "vjp", self._backward)
        self._patch(Optimizer, "apply", self._update)
        return self

    def __exit__(self, *_: Any) -> None:
        for owner, name, original in self._originals:
            setattr(owner, name, original)

    def _patch(self, owner: type, name: str, watched: Callable[..., Any]) -> None:
        original = getattr(owner, name)
        self._originals.append((owner, name, original))
        setattr(owner, name, watched(original))

    def _forward(self, original: Any) -> Any:
        def call(op: Any, *args: Any, **kwargs: Any) -> Any:
            run = lambda: original(op, *args, **kwargs)
            return self._watch(op.name, run, lambda y: forward_work(op, y, args, kwargs))

        return call

    def _backward(self, original: Any) -> Any:
        def vjp(op: Any, node: Any, g: Any, needed: Any, create_graph: bool) -> Any:
            inputs, residuals = node.inputs or [], node.residuals
            work = lambda pairs: backward_work(op, g, (inputs, residuals), inputs, node, pairs)
            run = lambda: original(op, node, g, needed, create_graph)
            return self._watch(f"{op.name} backward", run, work)

        return vjp

    def _update(self, original: Any) -> Any:
        def apply(optimizer: Any, gradients: Any, parameters: Any = None) -> Any:
            work = Work()
            work.add_bytes(ADAM_PASSES * sum(g.nbytes for g in arrays_in(gradients)))
            run = lambda: original(optimizer, gradients, parameters)
            return self._watch("optimizer", run, lambda _: work)

        return apply

    def _watch(self, name: str, run: Callable[[], Any], work_of: Callable[[Any], Work]) -> Any:
        frame = Frame()
        self._frames.append(frame)
        start = time.perf_counter()
        try:
            result = run()
        finally:
            took = time.perf_counter() - start
            self._frames.pop()
        work = work_of(result).at_least(frame.work)
        entry = self.entries[name]
        entry.calls += 1
        entry.seconds += took - frame.seconds
        entry.work += work - frame.work
        around = self._frames[-1]
        # what the counter itself takes is nobody's time
        around.seconds += time.perf_counter() - start
        around.work += work
        return result
