"""Devices, the dtype check and a clean state for every test.

`device` runs a test on NumPy, on the strict device and on CuPy where a GPU is present;
`pytest --device cuda` runs only the tests that use it, and only on that device.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import matplotlib
import pytest
from hypothesis import HealthCheck, settings

import minigrad
from minigrad import config
from minigrad.kernels import compiled

from . import strict_device  # noqa: F401  (registers the device)

matplotlib.use("Agg")
os.environ.setdefault("KERAS_BACKEND", "torch")  # as in the parity tests

needs_posix = pytest.mark.skipif(os.name != "posix", reason="uses signals and limits of POSIX")


# no deadline: the first example pays for imports; the same examples in every run
settings.register_profile(
    "minigrad", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("minigrad")

DEFAULTS = {
    name: value for name, value in vars(config.Settings).items() if not name.startswith("_")
}


def has_gpu() -> bool:
    """True if CuPy is installed and finds a GPU."""
    if importlib.util.find_spec("cupy") is None:
        return False
    import cupy

    return bool(cupy.cuda.is_available())


def run_python(code):
    """What `code` prints in a fresh process."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def pytest_addoption(parser):
    parser.addoption(
        "--device",
        choices=("cpu", "strict", "cuda"),
        help="run the tests that use a device, on this one alone",
    )
    parser.addoption(
        "--loops",
        action="store_true",
        help="run compiled loops on arrays of any size, also where NumPy is faster",
    )


def pytest_configure(config):
    if config.getoption("--loops"):
        if not compiled.is_wanted():
            raise pytest.UsageError("--loops needs Numba: pip install numba")
        for row in compiled.ROWS:
            row.least = 0
    if config.getoption("--device") == "cuda" and not has_gpu():
        pytest.exit(
            "no GPU: CuPy is not installed or cupy.cuda.is_available() is false, so the GPU suite "
            "was not run",
            3,
        )


def pytest_generate_tests(metafunc):
    if "device" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--device")
        names = [chosen] if chosen else ["cpu", "strict"] + ["cuda"] * has_gpu()
        metafunc.parametrize("device", names, indirect=True)


def pytest_collection_modifyitems(config, items):
    for name in ("cuda", "course", "browser"):  # which have jobs of their own: `make cuda-test`
        if name not in config.getoption("-m"):
            marked = [item for item in items if item.get_closest_marker(name)]
            items[:] = [item for item in items if not item.get_closest_marker(name)]
            config.hook.pytest_deselected(items=marked)
    if config.getoption("--device"):
        without = [item for item in items if "device" not in item.fixturenames]
        items[:] = [item for item in items if "device" in item.fixturenames]
        config.hook.pytest_deselected(items=without)


@pytest.fixture(autouse=True)
def clean_state():
    """Every test starts from seed 0, float32 and the CPU."""
    minigrad.seed(0)
    yield
    vars(config.settings).clear()
    for name, value in DEFAULTS.items():
        setattr(config.Settings, name, value)


@pytest.fixture
def device(request, clean_state):
    """The name of the device of the test."""
    with minigrad.device(request.param):
        yield request.param


@pytest.fixture
def xp(device):
    """The array module of `device`."""
    return config.device_module()


def _check_dtype(dtype, *values):
    for value in values:
        if isinstance(value, (list, tuple)):
            _check_dtype(dtype, *value)
            continue
        found = getattr(value, "dtype", None)
        if found is not None and found.kind == "f":
            assert found == dtype, f"expected {dtype}, got {found} of shape {value.shape}"


@pytest.fixture
def same_dtype():
    """same_dtype("float32", *tensors_or_arrays) fails for a floating one of another dtype."""
    import numpy as np

    return lambda dtype, *values: _check_dtype(np.dtype(dtype), *values)
