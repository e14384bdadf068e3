"""Devices and the functions that work on arrays of any of them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, config
from minigrad import backend as bk

from .conftest import has_gpu, run_python
from .strict_device import StrictArray, strict_device


def test_backend_of_arrays_numbers_and_tensors(xp):
    assert bk.backend(xp.ones(2)) is xp
    assert bk.backend(Tensor([1.0])) is xp
    for x in (1, 2.5, True, np.float32(1), [1, 2]):
        assert bk.backend(x) is np


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
    assert isinstance(b, StrictArray)
    assert config.to_device(b, "strict") is b and config.to_device(a, "cpu") is a
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
        np.array([[0, -1, 0, 1], [2, 0, 0, -3]]),
        np.array([], int),
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
    there = tuple(xp.asarray(i) if isinstance(i, np.ndarray) else i for i in parts)
    bk.scatter_add(target, there, xp.asarray(values))
    np.testing.assert_allclose(mg.to_cpu(target), expected)


def test_scatter_add_gives_the_same_bits_again(xp):
    draw = np.random.default_rng(0)
    ids, values = xp.asarray(draw.integers(0, 9, 4000)), xp.asarray(draw.normal(size=(4000, 8)))
    sums = []
    for _ in range(3):
        target = xp.zeros((9, 8))
        bk.scatter_add(target, (ids,), values)
        sums.append(mg.to_cpu(target))
    np.testing.assert_array_equal(sums[0], sums[1])
    np.testing.assert_array_equal(sums[0], sums[2])


def test_special_functions(xp):
    from scipy.special import erf

    x = np.linspace(-2, 2, 5)
    there = xp.asarray(x)
    y = bk.special_functions(there).erf(there)
    np.testing.assert_allclose(mg.to_cpu(y), erf(x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "shape", [(), (7,), (100_000,), (70_000, 3), (300, 5, 7), (5, 1000, 3), (2, 600, 300), (0, 3)]
)
def test_sums_over_every_axis_are_numpys(shape, dtype):
    rng = np.random.default_rng(0)
    x = np.asarray(rng.standard_normal(shape) + 1, dtype)
    axes = [None, (), *range(len(shape)), -1, tuple(range(len(shape)))[-2:]][: 3 + len(shape)]
    for view in (x, x.T, x[..., ::-1] if shape else x, np.broadcast_to(x, (3, *shape))):
        for axis in axes:
            for keepdims in (False, True):
                for found, name in ((bk.sum_axes, "sum"), (bk.mean_axes, "mean")):
                    if not shape and isinstance(axis, int) or not x.size and name == "mean":
                        continue
                    expected = getattr(view.astype("float64"), name)(axis, keepdims=keepdims)
                    y = found(view, axis, keepdims)
                    assert y.shape == np.shape(expected) and y.dtype == dtype
                    largest = np.abs(expected).max(initial=1)
                    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-6 * largest)


def test_sums_of_an_axis_that_is_not_there():
    for f in (bk.sum_axes, bk.mean_axes):
        for shape in ((2, 3), (300, 300)):
            with pytest.raises(np.exceptions.AxisError):
                f(np.ones(shape), 2)


def test_sum_rows(xp):
    x = xp.asarray(np.arange(2 * 70_000 * 3, dtype="float64").reshape(2, 70_000, 3) % 7)
    np.testing.assert_allclose(bk.to_cpu(bk.sum_rows(x)), bk.to_cpu(x).sum(-2), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_sums_of_leading_axes(dtype, xp):
    x = (np.random.default_rng(0).standard_normal((60, 50, 7)) + 1).astype(dtype)
    for axis in (0, (0, 1), (1, 0), (0, -1), None):
        for keepdims in (False, True):
            for found, name in ((bk.sum_axes, "sum"), (bk.mean_axes, "mean")):
                y = found(xp.asarray(x), axis, keepdims)
                expected = getattr(x.astype("float64"), name)(axis, keepdims=keepdims)
                assert y.dtype == dtype and y.shape == np.shape(expected)
                rtol = 5e-3 if dtype == "float16" else 1e-6  # a sum of 60 rounds 60 times
                np.testing.assert_allclose(bk.to_cpu(y), expected, rtol=rtol)


def test_a_mean_of_float16_does_not_overflow(xp):
    x = xp.full((70_000, 2), 3.0, "float16")
    assert bk.to_cpu(bk.mean_axes(x, 0)).tolist() == [3.0, 3.0]


def test_chunks():
    assert [list(range(10))[s] for s in bk.chunks(10, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert list(bk.chunks(0, 4)) == []


def block_sizes(*args, **options):
    return [block.stop - block.start for block in bk.cache_blocks(*args, **options)]


def test_cache_blocks_fit_the_cache_and_a_gpu_has_one():
    x = np.zeros((10, 4))
    assert block_sizes(x, 15) == [3, 3, 3, 1]
    assert block_sizes(x, 3) == [1] * 10
    assert block_sizes(x, 15, least=6) == [6, 4]
    assert list(bk.cache_blocks(x, 100)) == [slice(0, 10)]
    assert list(bk.cache_blocks(np.zeros((0, 4)), 15)) == []
    assert list(bk.cache_blocks(np.zeros((3, 0)), 2)) == [slice(0, 3)]
    assert list(bk.cache_blocks(strict_device.asarray(x), 15)) == [slice(0, 10)]


# ---- memory --------------------------------------------------------------------------------------

PAGE_FAULTS = """
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


def page_faults(before):
    """Page faults of 20 times 40 MB made and freed, in a fresh process that ran `before`."""
    return int(run_python(before + PAGE_FAULTS))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_freed_memory_is_kept_for_the_next_step():
    assert page_faults("import minigrad; minigrad.backend.tune_malloc()") < 200 < page_faults("")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_importing_leaves_the_allocator_alone():
    assert page_faults("import minigrad, minigrad.plots") > 200


def test_a_setting_of_the_environment_is_left_alone(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "100000")
    assert mg.backend.tune_malloc.__wrapped__() is False
