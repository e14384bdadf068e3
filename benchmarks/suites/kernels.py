"""Every kernel of an op against its definition and each other, forward and backward.

A kernel must win to stay; a compiled one must beat the NumPy kernel as well.

A new kernel gets a line in CASES; a test fails while it has none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
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


def factors(n: int, c: int, inner: int = 64) -> list[Any]:
    return [floats(n, inner), floats(inner, c)]


def heads(n: int, c: int) -> list[Any]:
    """Queries, keys and values."""
    return [floats(8, 4, n, 32) for _ in range(3)]


def pooled(n: int, c: int) -> list[Any]:
    """Images and the maxima of windows of 2 x 2."""
    x = floats(n, 6, 6, c)
    return [x, x.reshape(n, 3, 2, 3, 2, c).max((2, 4))]


EMBEDDED = {"vocabulary": 100}  # the ids of the rows
# window: image size and kernel, as Window.of takes them
CONVOLVED = {"window": ((6, 6), 3)}
POOLED = {"window": ((6, 6), 2, 2)}
TURNED = {"turn": (0.3, 1.1, 0.9, 1.0, -1.0)}  # of all images, as affine_maps takes it


CASES = {
    "sparse_cross_entropy": Case(1, labeled),
    "cross_entropy": Case(1, lambda n, c: [floats(n, c), distributions(n, c)]),
    "binary_cross_entropy": Case(1, binary),
    "mean_squared_error": Case(1, lambda n, c: [floats(n, c), floats(n, c)]),
    "relu": Case(1, logits),
    "row_sums": Case(1, logits),
    "softmax": Case(1, logits),
    "layer_norm": Case(3, normalized, {"epsilon": 1e-3}),
    "rms_norm": Case(2, lambda n, c: [floats(n, c), floats(c)], {"epsilon": 1e-3}),
    "gelu": Case(1, logits),
    "scaled_dot_product_attention": Case(3, heads),
    "batch_norm": Case(3, normalized_images, {"epsilon": 1e-3}),
    "group_norm": Case(3, normalized_images, {"epsilon": 1e-3, "groups": 2}),
    "local_response_norm": Case(1, logits),
    "scale_shift": Case(3, normalized_images),
    "matmul": Case(2, factors),
    "linear": Case(3, affine),
    "linear_relu": Case(3, affine),
    "conv2d": Case(3, lambda n, c: [floats(n, 6, 6, 4), floats(3, 3, 4, c), floats(c)], CONVOLVED),
    "conv2d_input_grad": Case(2, lambda n, c: [floats(n, 4, 4, c), floats(3, 3, 4, c)], CONVOLVED),
    "conv2d_kernel_grad": Case(2, lambda n, c: [floats(n, 6, 6, 4), floats(n, 4, 4, c)], CONVOLVED),
    "max_pool": Case(1, lambda n, c: [floats(n, 6, 6, c)], POOLED),
    "max_pool_grad": Case(1, lambda n, c: [floats(n, 3, 3, c), *pooled(n, c)], POOLED),
    "gather_at_argmax": Case(1, lambda n, c: [floats(n, 6, 6, c), *pooled(n, c)], POOLED),
    "avg_pool": Case(1, lambda n, c: [floats(n, 6, 6, c)], POOLED),
    "avg_pool_grad": Case(1, lambda n, c: [floats(n, 3, 3, c)], POOLED),
    "add": Case(2, lambda n, c: [floats(n, c), floats(n, c)]),
    "concatenate": Case(2, lambda n, c: [floats(n, c), floats(n, c)], {"axis": -1}),
    "put": Case(1, logits, EMBEDDED),
    "warp_affine": Case(1, lambda n, c: [floats(n, 6, 6, c)], TURNED),
    "warp_affine_grad": Case(1, lambda n, c: [floats(n, 6, 6, c)], TURNED),
}
ACTIVATIONS = "elu", "leaky_relu", "log_softmax", "mish", "sigmoid", "silu", "softplus", "tanh"
CASES |= {name: Case(1, logits) for name in ACTIVATIONS}
CASES["leaky_relu"] = CASES["leaky_relu"]._replace(settings={"negative_slope": 0.2})
CASES["dropout"] = Case(1, lambda n, c: [floats(n, c), floats(n, c) > 0], {"rate": 0.5})
CASES["relu_grad"] = Case(1, lambda n, c: [floats(n, c), floats(n, c)])
CASES["leaky_relu_grad"] = CASES["relu_grad"]._replace(settings={"negative_slope": 0.2})
CURVES = "elu", "mish", "sigmoid", "softplus", "tanh"
CASES |= {f"{name}_grad": CASES["relu_grad"] for name in CURVES}
CASES["elu_grad"] = CASES["elu_grad"]._replace(settings={"alpha": 1.0})
GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3, "gru_reset_before": 3}


def recurrent(name: str, n: int, units: int) -> list[Any]:
    """Sequences of 10 steps, kernels and bias of a layer of at most 128 units."""
    units = min(units, 128)
    width = GATES[name] * units
    x, kernel, recurrent = floats(n, 10, 32), floats(32, width), floats(units, width)
    bias = floats(2, width) if name == "gru" else floats(width)
    return [x, 0.1 * kernel, 0.1 * recurrent, bias]


CASES |= {name: Case(4, partial(recurrent, name)) for name in GATES}
OPTIMIZERS = "adadelta", "adagrad", "adam", "adamax", "lion", "nadam", "rmsprop", "sgd"
PARAMETERS = 17_000, 101_770, 1_300_000
ROWS = [
    *(f"{name} {n}x{c}" for name in (*CASES, "bernoulli") for n, c in SIZES),
    "matmul 64x256x1",  # a column times a row
    *(f"{name} {n} parameters" for name in OPTIMIZERS for n in PARAMETERS),
]


def ops_with_kernels() -> dict[str, Any]:
    """Each op that competes with its definition, by the name of its kernel."""
    from minigrad.engine.autograd import Primitive

    return {op.kernel: op for op in Primitive.registry if op.kernel and not op.constant}


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    """A step with the op's definition, and one with each of its kernels, by accelerator."""
    import minigrad as mg
    from minigrad.ops.warping import affine_maps
    from minigrad.ops.windows import Window

    name, size, *_ = row.split()
    mg.set_device(device)
    if name in OPTIMIZERS:
        return optimizer_steps(name, int(size), device)
    if name == "bernoulli":
        return draw_steps(tuple(map(int, size.split("x"))))
    case = CASES[name]
    inputs = []
    for i, array in enumerate(case.arrays(*map(int, size.split("x")))):
        inputs.append(mg.Tensor(array, requires_grad=i < case.differentiated, device=device))
    op = ops_with_kernels()[name]
    settings = dict(case.settings)
    if "window" in settings:
        settings["window"] = Window.of(*settings["window"])
    if "turn" in settings:
        settings["maps"] = affine_maps(*np.tile(settings.pop("turn"), (len(inputs[0]), 1)).T)
    if "vocabulary" in settings:
        n, vocabulary = len(inputs[0]), settings.pop("vocabulary")
        ids = mg.Tensor(draw.integers(0, vocabulary, n), device=device).data
        settings |= {"index": ids, "shape": (vocabulary, *inputs[0].shape[1:])}
    shape = op(*inputs, **settings).shape
    cotangent = mg.Tensor(floats(*shape), device=device).data

    def step():
        y = op(*inputs, **settings)
        return mg.grad(y, inputs[: case.differentiated], cotangent=cotangent)

    variants = {"definition": mg.use_kernels(False)(step)}
    for kernel in competing(name, device, settings):
        with_it = with_kernel(kernel, type(inputs[0].data), step)
        if kernel.accelerator != "numba" or runs_as_loop(name, with_it):
            variants[kernel.accelerator] = with_it
    return variants


def optimizer_steps(name: str, n: int, device: str) -> dict[str, Callable[[], Any]]:
    """The update of n parameters, as NumPy computes it and as a loop, if there is one."""
    import minigrad as mg

    optimizer = mg.optimizers.get(name)
    p, g = (mg.Tensor(floats(n), requires_grad=True, device=device) for _ in range(2))
    step = lambda: optimizer.apply([g], [p])
    variants = {"numpy": mg.use_kernels("numpy")(step)}
    if device == "cpu" and runs_as_loop(name, step):
        variants["numba"] = step
    return variants


def draw_steps(shape: tuple[int, ...]) -> dict[str, Callable[[], Any]]:
    """What dropout keeps, drawn by NumPy and by a loop."""
    import minigrad as mg
    from minigrad.layers.regularization import bernoulli_like

    like, bits = floats(*shape), np.random.PCG64(0)
    generator, begin = np.random.Generator(bits), bits.state

    def step():
        bits.state = begin
        return [mg.Tensor(bernoulli_like(0.5, shape, like, generator))]

    variants = {"definition": mg.use_kernels(False)(step)}
    if runs_as_loop("bernoulli", step):
        variants["numba"] = step
    return variants


def competing(name: str, device: str, settings: dict[str, Any]) -> list[Any]:
    """The kernels of an op that run on a device with these settings, one per accelerator."""
    from minigrad.engine.kernel_table import ANY_DEVICE

    found = {}
    for kernel in table():
        fits = kernel.op == name and kernel.device in (device, ANY_DEVICE)
        if fits and (kernel.supports is None or kernel.supports(**settings)):
            found[kernel.accelerator] = kernel
    return list(found.values())


@cache
def table() -> list[Any]:
    """The kernels of NumPy and of CUDA, and those that are compiled where Numba is installed."""
    from minigrad.kernels import KERNELS, compiled

    return [*KERNELS, *(compiled.compiled_kernels(KERNELS) if compiled.is_wanted() else [])]


def runs_as_loop(name: str, step: Callable[[], Any]) -> bool:
    """True if a step runs a compiled loop, and not the NumPy kernel beneath it."""
    from minigrad.kernels import compiled

    rows = [row for row in compiled.ROWS if row.op == name]
    before = [row.calls for row in rows]
    step()
    return [row.calls for row in rows] != before


def with_kernel(kernel: Any, array_type: type, step: Callable[[], Any]) -> Callable[[], Any]:
    """The step, with a kernel in the place of the one that its op would choose."""
    from minigrad.engine.kernel_table import kernels_of

    chosen = kernels_of(kernel.op)
    usual = chosen[array_type]

    def run():
        chosen[array_type] = kernel
        try:
            return step()
        finally:
            chosen[array_type] = usual

    return run
