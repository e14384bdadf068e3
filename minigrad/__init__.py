"""minigrad: a deep-learning library to read in an afternoon, over NumPy or CuPy."""
from . import (activations, backend, callbacks, initializers, io, layers, losses, metrics, model, ops, optimizers, regularizers,
               schedules)
from .anomaly import detect_anomaly
from .autograd import Primitive, backward, fused, grad, no_grad, primitive
from .backend import default_dtype, device, floatx, seed, to_cpu, to_gpu
from .check import check_definition, check_grads
from .layers import Parameter, is_training, training
from .model import Model
from .ops import *  # noqa: F403 - every op by name: minigrad.tanh, minigrad.concatenate, ...
from .sequential import Sequential
from .tensor import Tensor

__version__ = "0.1.0"
