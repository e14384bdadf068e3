"""Arguments of mixed dtypes and devices, and errors that say what an op was given."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu
from minigrad.engine.dtypes import real

from .helpers import host, leaf

RAW = [
    np.ones(2),
    np.float64(3.0),
    np.float32(3.0),
    np.array(3.0),
    [1.0, 2.0],
    (1, 2),
    [1, 2],
    2,
    2.5,
    True,
    np.arange(1, 3),
    np.ones(2, np.float16),
    np.array([True, False]),
    np.int64(2),
]


@pytest.mark.parametrize("raw", RAW, ids=repr)
@pytest.mark.parametrize(
    "op", [mg.ops.add, mg.ops.subtract, mg.ops.multiply, mg.ops.divide, mg.maximum, mg.ops.power]
)
def test_float32_stays_float32_among_raw_values(op, raw):
    if isinstance(raw, np.ndarray) and raw.dtype == bool and op in (mg.ops.power, mg.ops.divide):
        return  # divides by False
    for args in ((raw, leaf([1.0, 2.0])), (leaf([1.0, 2.0]), raw)):
        y = op(*args)
        assert y.dtype == np.float32
        x = next(a for a in args if isinstance(a, Tensor))
        (g,) = grad(y.sum(), [x])
        assert g.dtype == np.float32
        doubles = [np.asarray(getattr(a, "data", a), np.float64) for a in args]
        np.testing.assert_allclose(y.data, op(*doubles), rtol=1e-6)


@pytest.mark.parametrize("raw", [np.ones(2, np.float32), np.float32(1.5), [1.0, 2.0], 2])
def test_float64_tensors_stay_float64_among_raw_values(raw):
    x = leaf([1.0, 2.0], "float64")
    y = x * raw
    assert y.dtype == np.float64
    assert grad(y.sum(), [x])[0].dtype == np.float64


def test_lists_of_integers_can_be_labels(device):
    logits = leaf([[1.0, 2.0], [3.0, 1.0]])
    from_list = mg.ops.sparse_cross_entropy(logits, [0, 1])
    from_array = mg.ops.sparse_cross_entropy(logits, Tensor([0, 1]))
    assert from_list.item() == from_array.item()


def test_host_arrays_are_not_moved_in_silence(xp, device):
    x = leaf([1.0, 2.0])
    if device == "cpu":
        assert (x + np.ones(2)).dtype == np.float32
        return
    a = np.ones(2)
    words = rf"on {device}.*on cpu.*\.to\(device\), to_gpu or to_cpu"
    for make in (lambda: x + a, lambda: a * x, lambda: mg.maximum(x, a)):
        with pytest.raises(TypeError, match=words):
            make()
    assert isinstance((x + np.float32(1)).data, xp.ndarray), "numbers follow the arrays"
    assert isinstance((x * [1.0, 2.0]).data, xp.ndarray)


def test_tensors_of_two_devices():
    a, b = Tensor([1.0, 2.0], device="strict"), Tensor([1.0, 2.0])
    for make in (lambda: a + b, lambda: b + a, lambda: b @ a):
        with pytest.raises(TypeError, match="cpu") as error:
            make()
        assert "strict" in str(error.value)


def test_errors_of_a_forward_name_the_op_and_what_it_got():
    with pytest.raises(ValueError, match=r"add\(float32\[2\], float32\[3\]\)"):
        leaf([1.0, 2.0]) + Tensor([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"matmul\(float32\[2, 3\], float32\[2, 3\]\)"):
        leaf(np.ones((2, 3))) @ leaf(np.ones((2, 3)))
    with pytest.raises(TypeError, match=r"negative\(bool\[1\]\)"):
        -Tensor([True])
    with pytest.raises(ValueError, match=r"sum\(float32\[2\]\)"):
        leaf([1.0, 2.0]).sum(axis=3)


INTEGERS = np.arange(6).reshape(2, 3)


@pytest.mark.parametrize("name", ["mean", "var", "std"])
def test_means_of_integers_are_float32(name, device):
    t = getattr(Tensor(INTEGERS, device=device), name)()
    assert t.dtype == np.float32
    assert float(t) == pytest.approx(getattr(INTEGERS, name)())


def test_integers_do_not_widen_float32(device):
    """NumPy alone would make float64 of each of these."""
    x, n = Tensor([1.0, 2.0], requires_grad=True), Tensor([2, 3])
    for y in (
        x * n,
        n * x,
        x + n,
        n - x,
        x / n,
        n / 2,
        n * 0.5,
        mg.sqrt(n),
        mg.exp(n),
        x**n,
        mg.where(n > 2, x, n),
        (n > 2).mean(),
        mg.maximum(x, n),
    ):
        assert y.dtype == np.float32, y
    (x * n).sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(host(x.grad), [2, 3])
    assert (n + n).dtype == n.dtype and (n * 2).dtype == n.dtype and n.sum().dtype == n.dtype
    assert n.astype("float64").dtype == np.float64
    with mg.default_dtype("float64"):
        assert n.mean().dtype == np.float64


@pytest.mark.parametrize("number", [np.float64(2), np.int64(2), np.float32(2), np.float16(2)])
def test_numpys_numbers_do_not_widen_float32(number):
    x, a = leaf([1.0, 2.0]), np.ones(2, np.float32)
    for y in (number * x, x * number, x**number, number - x, x / number, mg.maximum(x, number)):
        assert isinstance(y, Tensor) and y.dtype == np.float32
    for op in (mg.ops.add, mg.ops.multiply, mg.ops.power, mg.ops.maximum):
        assert op(a, number).dtype == op(number, a).dtype == np.float32
    doubles = np.ones(2)
    assert mg.ops.multiply(doubles, number).dtype == np.float64


def test_a_result_of_float64_among_arrays_comes_from_float64_alone():
    n, x = np.arange(3), np.ones(3, np.float32)
    assert mg.ops.multiply(n, x).dtype == mg.ops.where(n > 1, 1.0, 2.0).dtype == np.float32
    assert mg.ops.multiply(n, x.astype("float64")).dtype == np.float64
    assert mg.ops.multiply(np.float64(2), np.float64(3)).dtype == np.float64


def test_float16_beside_other_dtypes():
    h, x, n = leaf([1.0, 2.0], "float16"), leaf([1.0, 2.0]), Tensor([1, 2])
    assert mg.ops.layer_norm(x, h, h, epsilon=0.1).dtype == np.float32
    assert mg.ops.layer_norm(h, np.ones(2), np.zeros(2), epsilon=0.1).dtype == np.float16
    assert mg.ops.exp(h).dtype == (h * n).dtype == (h / n).dtype == np.float16
    with mg.default_dtype("float16"):
        assert mg.ops.exp(n).dtype == np.float16


def test_real_functions_and_what_they_keep():
    @real(keeps="index")
    def pick(x, index, *, factor=1):
        return x[index] * factor

    y = pick(np.array([1, 2], "int8"), np.array([1, 1]), factor=np.float64(0.5))
    assert y.dtype == np.float32 and y.tolist() == [1, 1]


MIXED = {
    "multiply": lambda w, x: w * x,
    "matmul": lambda w, x: x @ w,
    "linear": lambda w, x: ops.linear(x, w, w[0]),
    "where": lambda w, x: ops.where(x > 0.5, w, x),
    "concatenate": lambda w, x: ops.concatenate([w, x]),
    "twice": lambda w, x: w * w + w * x,
    "softmax": lambda w, x: ops.softmax(w + x),
    "identity": lambda w, x: ops.astype(w, dtype="float64"),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32")])
def test_a_gradient_has_the_dtype_of_its_leaf(name, dtypes, xp):
    w, x = (Tensor(xp.asarray(np.arange(9.0).reshape(3, 3) / 9), True, dtype=d) for d in dtypes)
    y = (MIXED[name](w, x) ** 2).sum()
    leaves = [w] if name == "identity" else [w, x]
    gradients = grad(y, leaves)
    assert [g.dtype for g in gradients] == [x.dtype for x in leaves]
    recorded = grad(y, leaves, create_graph=True)
    assert [g.dtype for g in recorded] == [x.dtype for x in leaves]
    (second,) = grad(recorded[0].sum(), [w])
    assert second.dtype == w.dtype
    for _ in range(2):
        y.backward()
    for x, g in zip(leaves, gradients):
        assert x.grad.dtype == x.dtype
        np.testing.assert_allclose(to_cpu(x.grad), 2 * g.numpy(), rtol=1e-5)
