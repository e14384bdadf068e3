"""minigrad: a deep-learning library to read in an afternoon, over NumPy or CuPy."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from . import (
    activations,
    backend,
    callbacks,
    config,
    constraints,
    data,
    initializers,
    kernels,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    utils,
)
from .backend import to_cpu, to_gpu
from .config import (
    default_dtype,
    device,
    floatx,
    set_device,
    set_floatx,
    set_use_kernels,
    use_kernels,
)
from .engine.anomaly import detect_anomaly
from .engine.autograd import grad, no_grad, primitive
from .engine.gradcheck import check_definition, check_grads
from .engine.tensor import Tensor
from .initializers import Initializer
from .layers import Input, Layer, Parameter, is_training, training
from .layers.variable import Variable
from .losses import Loss
from .metrics import Metric
from .models import Model, Sequential
from .ops import (
    clip,
    concatenate,
    cos,
    einsum,
    exp,
    log,
    log_softmax,
    matmul,
    maximum,
    mean,
    minimum,
    relu,
    reshape,
    sigmoid,
    sin,
    softmax,
    sqrt,
    square,
    stack,
    sum,
    tanh,
    transpose,
    where,
)
from .ops.conversion import convert_to_tensor
from .optimizers import Optimizer
from .player import record
from .random import seed
from .regularizers import Regularizer
from .threads import get_num_threads, set_num_threads
from .training.tape import GradientTape, function
from .training.watcher import TrainingWarning, watch
from .utils.instead import explain_missing

if TYPE_CHECKING:
    from . import applications, datasets, distributed, plots, preprocessing, wrappers

__version__ = "0.1.0"

__all__ = [
    # Tensors and gradients
    "Tensor",
    "Parameter",
    "Variable",
    "constant",
    "convert_to_tensor",
    "grad",
    "GradientTape",
    "function",
    "no_grad",
    "primitive",
    "check_grads",
    "check_definition",
    "detect_anomaly",
    "record",
    # settings
    "seed",
    "device",
    "set_device",
    "to_cpu",
    "to_gpu",
    "default_dtype",
    "floatx",
    "set_floatx",
    "use_kernels",
    "set_use_kernels",
    "get_num_threads",
    "set_num_threads",
    "training",
    "is_training",
    "version",
    # models, and what they are made of
    "Initializer",
    "Input",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "TrainingWarning",
    "watch",
    "activations",
    "applications",
    "backend",
    "callbacks",
    "constraints",
    "config",
    "data",
    "datasets",
    "distributed",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "plots",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "utils",
    "wrappers",
    # everyday ops; the others are in minigrad.ops
    "clip",
    "concatenate",
    "cos",
    "einsum",
    "exp",
    "log",
    "log_softmax",
    "matmul",
    "maximum",
    "mean",
    "minimum",
    "relu",
    "reshape",
    "sigmoid",
    "sin",
    "softmax",
    "sqrt",
    "square",
    "stack",
    "sum",
    "tanh",
    "transpose",
    "where",
]

constant = convert_to_tensor  # TensorFlow's name

LAZY_MODULES = {"applications", "datasets", "distributed", "plots", "preprocessing", "wrappers"}
LAZY_MODULES |= {"sklearn"}  # not in __all__: after `import *` sklearn is still scikit-learn


def version() -> str:
    """The version of minigrad."""
    return __version__


def __getattr__(name: str) -> ModuleType:
    """`minigrad.plots`, `minigrad.datasets` and other homes are imported when first asked for."""
    if name in LAZY_MODULES:
        return import_module(f".{name}", __name__)
    return explain_missing("", __all__)(name)


def __dir__() -> list[str]:
    """The public names, as an editor lists them."""
    dunders = [name for name in globals() if name.startswith("__")]
    return sorted([*__all__, *dunders])
