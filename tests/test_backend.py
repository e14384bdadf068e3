"""Devices, dtypes, seeds, and what importing minigrad costs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, config, random
from minigrad import backend as bk

from .conftest import has_gpu
from .strict_device import StrictArray, strict

# ---- devices -------------------------------------------------------------------------------------------------------


def test_backend_of_arrays_numbers_and_tensors(xp):
    assert bk.backend(xp.ones(2)) is xp
    assert bk.backend(Tensor([1.0])) is xp
    for x in (1, 2.5, True, np.float32(1), [1, 2]):
        assert bk.backend(x) is np


def test_device_is_a_setting_and_a_context():
    assert config.settings.device == "cpu"
    with mg.device("strict"):
        assert Tensor([1.0]).device == "strict"
        with mg.device("cpu"):
            assert Tensor([1.0]).device == "cpu"
        assert Tensor([1.0]).device == "strict" and config.device_module() is strict
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


@pytest.mark.skipif(has_gpu(), reason="there is a GPU")
def test_cuda_without_a_gpu_says_what_is_missing():
    with pytest.raises(RuntimeError, match="pip install|finds no GPU"):
        mg.device("cuda")
    with pytest.raises(RuntimeError, match="'cuda'"):
        mg.to_gpu(np.ones(2))
    assert config.settings.device == "cpu"


def fake_cupy(monkeypatch, available):
    """A module in CuPy's place, with or without a GPU."""
    from types import ModuleType, SimpleNamespace

    cupy = ModuleType("cupy")
    cupy.cuda = SimpleNamespace(is_available=lambda: available)
    cupy.ndarray = type("ndarray", (), {"__module__": "cupy"})
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(bk, "_devices", {"cpu": np})
    monkeypatch.setattr(bk, "_modules", dict(bk._modules))
    return cupy


def test_presence_of_cupy_is_asked_of_cupy_not_of_the_import(monkeypatch):
    fake_cupy(monkeypatch, available=False)
    with pytest.raises(RuntimeError, match="CuPy is installed but finds no GPU.*nvidia-smi"):
        mg.device("cuda")


def test_cupy_with_a_gpu_is_used(monkeypatch):
    cupy = fake_cupy(monkeypatch, available=True)
    with mg.device("cuda"):
        assert config.device_module() is cupy
    assert bk.backend(cupy.ndarray()) is cupy and bk.device_name(cupy.ndarray()) == "cuda"


def test_arrays_of_cupy_are_known_before_the_device_was_ever_chosen(monkeypatch):
    cupy = fake_cupy(monkeypatch, available=True)
    assert bk.backend(cupy.ndarray()) is cupy


def test_moving():
    a = np.arange(3.0)
    b = config.to_device(a, "strict")
    assert (
        isinstance(b, StrictArray)
        and config.to_device(b, "strict") is b
        and config.to_device(a, "cpu") is a
    )
    assert isinstance(mg.to_cpu(b), np.ndarray) and mg.to_cpu(a) is a
    a[0] = 7
    assert float(b[0]) == 0, "a copy, as on a GPU"
    assert config.to_device(a).__class__ is np.ndarray
    with mg.device("strict"):
        assert isinstance(config.to_device(a), StrictArray)


def test_scatter_add_of_many_rows_adds_repeats():
    ids = np.random.default_rng(0).integers(-7, 7, (9, 20))
    for shape in ((7, 3), (7, 2, 2), (7, 0)):
        values = np.random.default_rng(1).standard_normal((*ids.shape, *shape[1:]))
        expected, target = np.ones(shape), np.ones(shape)
        np.add.at(expected, ids, values)
        bk.scatter_add(target, (ids,), values)
        np.testing.assert_allclose(target, expected, rtol=1e-12)
    target = np.zeros((7, 3), "float32")
    bk.scatter_add(target, (ids,), np.float32(2))  # one value for all
    np.testing.assert_array_equal(target[:, 0], 2 * np.bincount(ids.reshape(-1) % 7))


@pytest.mark.parametrize(
    "index",
    [
        np.array([0, 2, 0]),
        (np.array([0, 0, 1]), np.array([1, 1, 0])),
        (slice(None), np.array([1, 1])),
    ],
    ids=repr,
)
def test_scatter_add_adds_repeats(index, xp):
    shape = (3, 2)
    expected = np.ones(shape)
    values = np.random.default_rng(0).normal(size=expected[index].shape)
    np.add.at(expected, index, values)
    target = xp.ones(shape)
    parts = index if isinstance(index, tuple) else (index,)
    bk.scatter_add(
        target,
        tuple(xp.asarray(i) if isinstance(i, np.ndarray) else i for i in parts),
        xp.asarray(values),
    )
    np.testing.assert_allclose(mg.to_cpu(target), expected)


def test_special_functions(xp):
    from scipy.special import erf

    x = np.linspace(-2, 2, 5)
    np.testing.assert_allclose(
        mg.to_cpu(bk.special_functions(xp.asarray(x)).erf(xp.asarray(x))), erf(x)
    )


# ---- the strict device itself --------------------------------------------------------------------------------------

HOST = np.ones(3)


@pytest.mark.parametrize(
    "act",
    [
        lambda x: x + HOST,
        lambda x: HOST * x,
        lambda x: x == HOST,
        lambda x: strict.add(x, HOST),
        lambda x: strict.exp(HOST),
        lambda x: strict.where(x > 0, x, HOST),
        lambda x: strict.concatenate([x, HOST]),
        lambda x: x.__iadd__(HOST),
        lambda x: x.__setitem__(slice(None), HOST),
        lambda x: x[np.array([0])],
        lambda x: strict.zeros_like(HOST),
        lambda x: HOST.dot(x),
        lambda x: np.concatenate([x, x]),
        lambda x: np.asarray(x),
        lambda x: np.asarray([x, x]),
        lambda x: strict.sum([1, 2]),
        lambda x: x + [1, 2, 3],
        lambda x: x.sum(where=True),
        lambda x: strict.max(x, initial=0),
        lambda x: strict.argsort(x, stable=True),
        lambda x: strict.clip(x, min=0),
        lambda x: range(x.sum()),
        lambda x: x == None,  # noqa: E711
        lambda x: hash(x),
    ],
)  # noqa: E711
def test_strict_refuses_with_a_type_error(act):
    with pytest.raises(TypeError):
        act(strict.asarray(HOST))


@pytest.mark.parametrize(
    "name",
    ["errstate", "random", "nditer", "block", "geomspace", "insert", "ma", "vecdot", "unstack"],
)
def test_strict_lacks_what_cupy_lacks(name):
    assert not hasattr(strict, name)


def test_strict_limits_of_ufuncs_and_sorting():
    x = strict.asarray(HOST)
    assert float(strict.add.reduce(x)) == 3 and float(strict.multiply.accumulate(x)[-1]) == 1
    assert strict.multiply.outer(x, x).shape == (3, 3)
    for act in (
        lambda: strict.maximum.reduce(x),
        lambda: strict.subtract.outer(x, x),
        lambda: strict.add.at(x, x, x),
    ):
        with pytest.raises(NotImplementedError):
            act()
    with pytest.raises(ValueError, match="stable"):
        strict.sort(x, kind="quicksort")
    strict.argsort(x, kind="stable")


def test_strict_is_undefined_where_a_gpu_is():
    x = strict.asarray(np.arange(4.0))
    assert mg.to_cpu(x[strict.asarray([5, -1])]).tolist() == [1, 3], "wraps around"
    assert mg.to_cpu(x.take(strict.asarray([5]))).tolist() == [1]
    with pytest.raises(IndexError):
        x[4]
    with pytest.raises(RuntimeError, match="undefined"):
        x[strict.asarray([1, 1])] = strict.asarray([1.0, 2.0])
    x[strict.asarray([1, 1])] = 5.0
    x[strict.asarray([0, 2])] = strict.asarray([8.0, 9.0])
    assert x.tolist() == [8, 5, 9, 3]


def test_strict_results_stay_on_the_device():
    x = strict.asarray(np.arange(6.0, dtype=np.float32).reshape(2, 3))
    for y in (
        x.sum(),
        x.max(0),
        x.T,
        x[0],
        x[0, 0],
        strict.exp(x),
        -x,
        2 * x,
        np.float32(2) * x,
        x > 1,
        strict.linalg.norm(x),
        strict.add.reduce(x),
        *strict.split(x, 3, axis=1),
        *x,
    ):
        assert isinstance(y, StrictArray)
    assert (
        x.sum().shape == ()
        and float(x.sum()) == 15
        and int(x.sum()) == 15
        and bool(x.sum() > 1)
        and x.sum().item() == 15
    )
    assert (x * np.float64(1)).dtype == np.float64 and (x * 1.0).dtype == np.float32, (
        "NumPy 2 promotion"
    )
    assert x.T.base is x and x.T[0].base is x and (x + 1).base is None
    out = strict.empty_like(x)
    assert strict.exp(x, out=out) is out
    before = x
    x += 1
    assert x is before and x.get() is not x.get()


# ---- dtype ---------------------------------------------------------------------------------------------------------


def test_default_dtype_is_a_setting_and_a_context():
    assert mg.floatx() == "float32"
    with mg.default_dtype("float64"):
        assert mg.floatx() == "float64" and Tensor(1.0).dtype == np.float64
    assert mg.floatx() == "float32"
    mg.set_floatx(np.float64)
    assert Tensor([1.0]).dtype == np.float64
    for wrong in ("int32", bool):
        with pytest.raises(TypeError, match="floating"):
            mg.default_dtype(wrong)
    assert mg.floatx() == "float64"


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


# ---- chance --------------------------------------------------------------------------------------------------------


def test_seed_repeats_on_every_device(xp):
    like = xp.zeros(1, "float32")
    mg.seed(3)
    first = [mg.to_cpu(draw((4, 5), like)) for draw in (random.uniform, random.normal)]
    mg.seed(3)
    second = [mg.to_cpu(draw((4, 5), like)) for draw in (random.uniform, random.normal)]
    mg.seed(3)
    on_host = [draw((4, 5), np.zeros(1, np.float32)) for draw in (random.uniform, random.normal)]
    mg.seed(4)
    other = mg.to_cpu(random.uniform((4, 5), like))
    for a, b, c in zip(first, second, on_host, strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes()
        assert a.dtype == np.float32
    assert (first[0] != other).any()


def test_draws_have_the_dtype_of_like_and_the_right_law():
    for dtype in ("float32", "float64"):
        like = np.zeros(1, dtype)
        uniform, normal = random.uniform((20_000,), like), random.normal((20_000,), like)
        assert uniform.dtype == normal.dtype == dtype
        assert uniform.min() >= 0 and uniform.max() < 1
        assert abs(uniform.mean() - 0.5) < 0.01 and abs(uniform.var() - 1 / 12) < 0.005
        assert abs(normal.mean()) < 0.03 and abs(normal.std() - 1) < 0.03
    assert random.uniform((2,), np.zeros(1, int)).dtype == np.float32


def test_batches_of():
    assert [list(range(10))[s] for s in bk.chunks(10, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert list(bk.chunks(0, 4)) == []


def test_blocks_of_fit_the_cache_and_a_gpu_has_one():
    x = np.zeros((10, 4))
    assert [s.stop - s.start for s in bk.cache_blocks(x, 15)] == [3, 3, 3, 1] and [
        s.stop - s.start for s in bk.cache_blocks(x, 3)
    ] == [1] * 10
    assert [s.stop - s.start for s in bk.cache_blocks(x, 15, least=6)] == [6, 4] and list(
        bk.cache_blocks(x, 100)
    ) == [slice(0, 10)]
    assert list(bk.cache_blocks(np.zeros((0, 4)), 15)) == [] and list(
        bk.cache_blocks(np.zeros((3, 0)), 2)
    ) == [slice(0, 3)]
    assert list(bk.cache_blocks(strict.asarray(x), 15)) == [slice(0, 10)]


# ---- importing -----------------------------------------------------------------------------------------------------


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_import_is_light():
    heavy = ("cupy", "sklearn", "matplotlib", "scipy", "torch", "tqdm", "safetensors", "pandas")
    loaded = run_python(f"import sys, minigrad; print([m for m in {heavy!r} if m in sys.modules])")
    assert loaded.strip() == "[]"


def test_import_is_fast():
    """NumPy apart, importing everything takes under a third of a second of the processor."""
    code = "import time, numpy, numpy.random; t = time.process_time(); import minigrad; print(time.process_time() - t)"
    assert min(float(run_python(code)) for _ in range(3)) < 0.33


def faults_in_a_step(script_head):
    """Page faults in 20 rounds of making and freeing 40 MB of arrays, in a fresh process."""
    script = (
        script_head
        + """
import resource
import numpy as np
def step():
    return [np.ones(1_000_000, "float32") for _ in range(10)]
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    )
    return int(
        subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        ).stdout
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_freed_memory_is_kept_for_the_next_step():
    assert (
        faults_in_a_step("import minigrad; minigrad.backend.tune_malloc()")
        < 200
        < faults_in_a_step("")
    )


def test_the_users_own_setting_is_left_alone(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "100000")
    assert mg.backend.tune_malloc.__wrapped__() is False
