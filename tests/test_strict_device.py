"""The strict device refuses what CuPy refuses."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg

from .strict_device import StrictArray, strict_device

HOST = np.ones(3)


@pytest.mark.parametrize(
    "act",
    [
        lambda x: x + HOST,
        lambda x: HOST * x,
        lambda x: x == HOST,
        lambda x: strict_device.add(x, HOST),
        lambda x: strict_device.exp(HOST),
        lambda x: strict_device.where(x > 0, x, HOST),
        lambda x: strict_device.concatenate([x, HOST]),
        lambda x: x.__iadd__(HOST),
        lambda x: x.__setitem__(slice(None), HOST),
        lambda x: x[np.array([0])],
        lambda x: strict_device.zeros_like(HOST),
        lambda x: HOST.dot(x),
        lambda x: np.concatenate([x, x]),
        lambda x: np.asarray(x),
        lambda x: np.asarray([x, x]),
        lambda x: strict_device.sum([1, 2]),
        lambda x: x + [1, 2, 3],
        lambda x: x.sum(where=True),
        lambda x: strict_device.max(x, initial=0),
        lambda x: strict_device.argsort(x, stable=True),
        lambda x: strict_device.clip(x, min=0),
        lambda x: range(x.sum()),
        lambda x: x == None,  # noqa: E711
        lambda x: hash(x),
    ],
)
def test_strict_refuses_with_a_type_error(act):
    with pytest.raises(TypeError):
        act(strict_device.asarray(HOST))


def test_data_is_an_address():
    values = np.asarray(strict_device.asarray(HOST).data)
    assert values.shape == () and values.dtype == object


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_a_number_has_no_axis_of_a_largest_element(name):
    number = strict_device.asarray(1.0)
    assert int(getattr(number, name)()) == 0
    for act in (lambda: getattr(number, name)(0), lambda: getattr(strict_device, name)(number, 0)):
        with pytest.raises(np.exceptions.AxisError):
            act()


@pytest.mark.parametrize(
    "name",
    ["errstate", "random", "nditer", "block", "geomspace", "insert", "ma", "vecdot", "unstack"],
)
def test_strict_lacks_what_cupy_lacks(name):
    assert not hasattr(strict_device, name)


def test_strict_limits_of_ufuncs_and_sorting():
    x = strict_device.asarray(HOST)
    assert float(strict_device.add.reduce(x)) == 3
    assert float(strict_device.multiply.accumulate(x)[-1]) == 1
    assert strict_device.multiply.outer(x, x).shape == (3, 3)
    for act in (
        lambda: strict_device.maximum.reduce(x),
        lambda: strict_device.subtract.outer(x, x),
        lambda: strict_device.add.at(x, x, x),
    ):
        with pytest.raises(NotImplementedError):
            act()
    with pytest.raises(ValueError, match="stable"):
        strict_device.sort(x, kind="quicksort")
    strict_device.argsort(x, kind="stable")


def test_strict_is_undefined_where_a_gpu_is():
    x = strict_device.asarray(np.arange(4.0))
    assert mg.to_cpu(x[strict_device.asarray([5, -1])]).tolist() == [1, 3], "wraps around"
    assert mg.to_cpu(x.take(strict_device.asarray([5]))).tolist() == [1]
    with pytest.raises(IndexError):
        x[4]
    with pytest.raises(RuntimeError, match="undefined"):
        x[strict_device.asarray([1, 1])] = strict_device.asarray([1.0, 2.0])
    x[strict_device.asarray([1, 1])] = 5.0
    x[strict_device.asarray([0, 2])] = strict_device.asarray([8.0, 9.0])
    assert x.tolist() == [8, 5, 9, 3]


def test_strict_results_stay_on_the_device():
    x = strict_device.asarray(np.arange(6.0, dtype=np.float32).reshape(2, 3))
    for y in (
        x.sum(),
        x.max(0),
        x.T,
        x[0],
        x[0, 0],
        strict_device.exp(x),
        -x,
        2 * x,
        np.float32(2) * x,
        x > 1,
        strict_device.linalg.norm(x),
        strict_device.add.reduce(x),
        *strict_device.split(x, 3, axis=1),
        *x,
    ):
        assert isinstance(y, StrictArray)
    total = x.sum()
    assert total.shape == () and bool(total > 1)
    assert float(total) == int(total) == total.item() == 15
    assert (x * np.float64(1)).dtype == np.float64, "NumPy 2 promotion"
    assert (x * 1.0).dtype == np.float32
    assert x.T.base is x and x.T[0].base is x and (x + 1).base is None
    out = strict_device.empty_like(x)
    assert strict_device.exp(x, out=out) is out
    before = x
    x += 1
    assert x is before and x.get() is not x.get()
