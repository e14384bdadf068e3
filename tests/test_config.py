"""Settings of the process, scopes of a thread."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, NamedTuple

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, config, random
from minigrad import backend as bk

from .conftest import DEFAULTS
from .strict_device import strict_device

# ---- device and dtype ----------------------------------------------------------------------------


def test_device_is_a_setting_and_a_context():
    assert config.settings.device == "cpu"
    with mg.device("strict"):
        assert Tensor([1.0]).device == "strict"
        with mg.device("cpu"):
            assert Tensor([1.0]).device == "cpu"
        assert Tensor([1.0]).device == "strict" and config.device_module() is strict_device
    assert Tensor([1.0]).device == "cpu"
    mg.set_device("strict")
    assert Tensor(2).device == "strict"
    with pytest.raises(KeyError), mg.device("cpu"):
        raise KeyError
    assert config.settings.device == "strict"


def test_unknown_device_changes_nothing():
    with pytest.raises(ValueError, match="unknown device 'cudaa': choose one of cpu, cuda, strict"):
        mg.device("cudaa")
    assert config.settings.device == "cpu"


def test_default_dtype_is_a_setting_and_a_context():
    assert mg.floatx() == "float32"
    with mg.default_dtype("float64"):
        assert mg.floatx() == "float64" and Tensor(1.0).dtype == np.float64
    assert mg.floatx() == "float32"
    mg.set_floatx(np.float64)
    assert Tensor([1.0]).dtype == np.float64
    for wrong in ("int32", bool, "bfloat16"):
        with pytest.raises(TypeError, match="float16, float32 or float64, not "):
            mg.default_dtype(wrong)
    assert mg.floatx() == "float64"


def test_bfloat16_says_what_to_write():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    with pytest.raises(TypeError, match=r"bfloat16.*x\.astype\('float32'\)"):
        Tensor(np.ones(2, bfloat16))


def test_as_data():
    assert config.as_data([1.0, 2.0]).dtype == np.float32
    assert config.as_data(np.ones(2)).dtype == np.float32
    assert config.as_data([1, 2]).dtype == np.int64 and config.as_data([True]).dtype == bool
    assert config.as_data([1, 2], "float64").dtype == np.float64
    a = np.ones(3, np.float32)
    assert config.as_data(a) is a and config.as_data(Tensor(a)) is a
    assert type(config.as_data(np.float64(1.0))) is np.ndarray


def test_as_data_and_devices(xp, device):
    host = np.ones(2, np.float32)
    assert config.as_data(host) is host, "an array stays where it is"
    assert bk.device_name(config.as_data([1.0])) == device, "a list has no place yet"
    assert bk.device_name(config.as_data(host, device=device)) == device
    there = xp.asarray(np.ones(2))
    assert bk.backend(config.as_data(there)) is xp and config.as_data(there).dtype == np.float32


# ---- setters and scopes --------------------------------------------------------------------------


class Setting(NamedTuple):
    """A setting: its setter, its scope, how to read it, and two values, the default first."""

    set: Callable
    scope: Callable
    read: Callable
    default: Any
    other: Any


SETTINGS = {
    "device": Setting(mg.set_device, mg.device, config.default_device, "cpu", "strict"),
    "dtype": Setting(mg.set_floatx, mg.default_dtype, mg.floatx, "float32", "float64"),
    "kernels": Setting(
        mg.set_use_kernels, mg.use_kernels, lambda: config.settings.use_kernels, True, False
    ),
}
SCOPES = {
    "device": lambda: mg.device("strict"),
    "default_dtype": lambda: mg.default_dtype("float64"),
    "use_kernels": lambda: mg.use_kernels(False),
    "no_grad": mg.no_grad,
    "training": mg.training,
    "detect_anomaly": mg.detect_anomaly,
    "use_generator": lambda: random.use_generator(np.random.default_rng(1)),
}


def in_another_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def visible():
    """All settings that this thread reads."""
    return {name: getattr(config.settings, name) for name in DEFAULTS}


@pytest.fixture(params=SETTINGS)
def setting(request):
    return SETTINGS[request.param]


@pytest.fixture(params=SCOPES)
def make_scope(request):
    return SCOPES[request.param]


def test_setters_hold_for_every_thread(setting):
    assert setting.read() == setting.default
    setting.set(setting.other)
    assert setting.read() == in_another_thread(setting.read) == setting.other
    in_another_thread(lambda: setting.set(setting.default))
    assert setting.read() == setting.default


def test_a_setting_that_is_set_can_be_overridden_by_a_scope(setting):
    setting.set(setting.other)
    with setting.scope(setting.default):
        assert setting.read() == setting.default
        with setting.scope(setting.other):
            assert setting.read() == setting.other
        assert setting.read() == setting.default
    assert setting.read() == setting.other


def test_scopes_hold_for_their_thread_alone(make_scope):
    before = visible()
    with make_scope():
        assert visible() != before
        assert in_another_thread(visible) == before
    assert visible() == before


def test_scopes_end_after_an_exception(make_scope):
    before = visible()
    with pytest.raises(KeyError), make_scope():
        raise KeyError
    assert visible() == before


def test_scopes_can_be_entered_again_and_inside_themselves(make_scope):
    before = visible()
    scope = make_scope()
    for _ in range(2):
        with scope:
            inside = visible()
            with scope:
                pass
            assert visible() == inside != before
        assert visible() == before


def test_scopes_decorate_functions(make_scope):
    before = visible()
    decorated = make_scope()(visible)
    assert decorated.__name__ == "visible"
    for _ in range(2):
        assert decorated() != before
        assert visible() == before


def test_a_decorated_function_may_run_in_several_threads_at_once():
    both_inside, first_outside = threading.Barrier(2, timeout=10), threading.Event()

    @mg.no_grad()
    def run(wait):
        both_inside.wait()
        wait()

    def first():
        run(lambda: None)
        state = visible()
        first_outside.set()
        return state

    def second():
        with mg.use_kernels(False):
            run(lambda: first_outside.wait(10))
            return visible()

    before = visible()
    with ThreadPoolExecutor(2) as pool:
        results = [pool.submit(first), pool.submit(second)]
        first_state, second_state = [result.result() for result in results]
    assert first_state == before
    assert second_state == before | {"use_kernels": False}


@pytest.mark.parametrize("name", SCOPES)
def test_a_scope_that_is_never_entered_warns(name):
    line = rf"{name}\(\.\.\.\) was made but never entered.*write `with minigrad\.{name}\("
    with pytest.warns(UserWarning, match=line):
        SCOPES[name]()
        gc.collect()


def test_the_end_of_the_process_warns_of_no_scope():
    lines = "import minigrad\nkept = minigrad.no_grad()\n"
    command = [sys.executable, "-W", "error", "-c", lines]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


# ---- order, interrupts, generators ---------------------------------------------------------------


def test_scopes_may_end_in_any_order():
    before = visible()
    first, second, third = mg.default_dtype("float64"), mg.training(), mg.no_grad()
    for scope in (first, second, third):
        scope.__enter__()
    first.__exit__(None, None, None)
    assert (mg.floatx(), mg.is_training(), config.settings.recording) == ("float32", True, False)
    third.__exit__(None, None, None)
    assert (mg.is_training(), config.settings.recording) == (True, True)
    second.__exit__(None, None, None)
    assert visible() == before


def test_generators_that_hold_scopes_open_end_in_any_order():
    def inside(scope):
        with scope:
            yield

    before = visible()
    one, two = inside(mg.default_dtype("float64")), inside(mg.no_grad())
    next(one)
    next(two)
    one.close()
    assert mg.floatx() == "float32" and not config.settings.recording
    two.close()
    assert visible() == before


def test_an_interrupt_ends_the_scopes_inside():
    before = visible()
    with pytest.raises(KeyboardInterrupt), mg.default_dtype("float64"):
        mg.training().__enter__()
        raise KeyboardInterrupt
    assert visible() == before


def test_a_scope_that_ends_runs_no_python_code_when_it_is_freed(make_scope):
    scope = make_scope()
    with scope:
        pass
    calls = []
    sys.setprofile(lambda frame, event, _: calls.append((event, frame.f_code.co_name)))
    del scope
    sys.setprofile(None)
    assert [name for event, name in calls if event == "call"] == []
