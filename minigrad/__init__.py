"""minigrad: a deep-learning library to read in an afternoon, over NumPy or CuPy."""

from importlib import import_module
from types import ModuleType

from . import (
    activations,
    backend,
    callbacks,
    config,
    datasets,
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
    utils,
)
from . import training as _training
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
from .engine.autograd import Primitive, backward, fused, grad, no_grad, primitive
from .engine.gradcheck import check_definition, check_grads
from .engine.tensor import Tensor
from .layers import Parameter, is_training, training
from .models import Model, Sequential
from .ops import *  # noqa: F403 - every op by name: minigrad.tanh, minigrad.concatenate, ...
from .random import seed

__version__ = "0.1.0"


def __getattr__(name: str) -> ModuleType:
    """`minigrad.plots` is imported when first asked for."""
    if name == "plots":
        return import_module(".plots", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The names of the module, with `plots`."""
    return sorted({*globals(), "plots"})
