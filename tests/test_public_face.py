"""What `import minigrad` shows, and what it does not load."""

import json

import pytest

import minigrad
from minigrad import ops
from minigrad.engine.autograd import Primitive

from .conftest import run_python

TENSORS = {
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
}
WATCHING = {"TrainingWarning", "watch"}
SETTINGS = {
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
}
MODULES = {
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
}
EVERYDAY_OPS = {
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
}


BASES = {
    "Initializer",
    "Input",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
}


def test_all_names_are_these():
    names = TENSORS | SETTINGS | MODULES | EVERYDAY_OPS | BASES | WATCHING
    assert sorted(minigrad.__all__) == sorted(names)
    assert len(minigrad.__all__) == len(names)


def test_dir_shows_the_public_names_alone():
    shown = {name for name in dir(minigrad) if not name.startswith("__")}
    assert shown == set(minigrad.__all__)


def test_everyday_ops_are_those_of_ops():
    for name in EVERYDAY_OPS:
        assert getattr(minigrad, name) is getattr(ops, name)


def test_star_import_binds_every_public_name():
    code = "from minigrad import *; print(sorted(n for n in globals() if n[0] != '_'))"
    assert run_python(code).strip() == str(sorted(minigrad.__all__))


def test_ops_shows_ops_alone():
    """No definition, step, kernel, check or module."""
    inner = ("_definition", "_step", "_forward", "_backward", "_kernel")
    for name in ops.__all__:
        op = getattr(ops, name)
        assert callable(op) and not isinstance(op, type)
        assert op.__module__.startswith("minigrad.ops.")
        assert not name.endswith(inner) and not name.startswith(("_", "check"))
        if isinstance(op, Primitive):
            assert op.__name__ == name
    assert len(set(ops.__all__)) == len(ops.__all__)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="minigrad has no tensor: did you mean 'Tensor'"):
        minigrad.tensor  # noqa: B018


# ---- importing -----------------------------------------------------------------------------------


def test_import_is_light():
    heavy = [
        "cupy",
        "cupyx",
        "numba",
        "sklearn",
        "matplotlib",
        "scipy",
        "torch",
        "tqdm",
        "safetensors",
        "h5py",
        "optuna",
        "pandas",
        "PIL",
    ]
    loaded = run_python(f"import sys, minigrad; print([m for m in {heavy!r} if m in sys.modules])")
    assert loaded.strip() == "[]"


def test_plots_and_datasets_are_loaded_when_asked_for():
    code = """
import sys
import minigrad
print("minigrad.plots" in sys.modules, "minigrad.datasets" in sys.modules)
minigrad.plots, minigrad.datasets
print("minigrad.plots" in sys.modules, "minigrad.datasets" in sys.modules)
"""
    assert run_python(code).split() == ["False", "False", "True", "True"]


def test_import_is_fast(tmp_path, monkeypatch):
    """NumPy apart, importing everything takes a fifth of a second of the processor at most.

    The first of three compiles, which is done once for an installed package.
    """
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path))
    code = """
import time, numpy, numpy.random
start = time.process_time()
import minigrad
print(time.process_time() - start)
"""
    assert min(float(run_python(code)) for _ in range(3)) < 0.2


STATE = """
import gc, json, locale, logging, os, random, signal, sys, threading, warnings
import numpy as np
import numpy.random

def state():
    legacy = np.random.get_state()
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "module paths": list(sys.path),
        "warning filters": [str(entry) for entry in warnings.filters],
        "NumPy's error state": np.geterr(),
        "NumPy's print options": str(np.get_printoptions()),
        "NumPy's random state": [legacy[0], legacy[1].tolist(), *legacy[2:]],
        "Python's random state": str(random.getstate()),
        "recursion limit": sys.getrecursionlimit(),
        "garbage collector": [gc.isenabled(), *gc.get_threshold()],
        "threads": threading.active_count(),
        "signal handlers": [str(signal.getsignal(s)) for s in signal.valid_signals()],
        "hooks": [str(sys.excepthook), str(sys.displayhook), str(sys.breakpointhook)],
        "locale": locale.setlocale(locale.LC_ALL),
        "log handlers": [str(handler) for handler in logging.getLogger().handlers],
    }

before = state()
import minigrad
after = state()
print(json.dumps([name for name in before if before[name] != after[name]]))
"""


def test_import_changes_nothing_in_the_process():
    """Nor the allocator: see test_backend.py."""
    assert json.loads(run_python(STATE)) == []
