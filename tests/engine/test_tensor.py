"""Tensor: making one, printing one, and behaving as an ndarray does."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.engine.graph import Leaf

from .helpers import host

# ---- making --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, dtype, shape",
    [
        (1.5, "float32", ()),
        ([1.0, 2.0], "float32", (2,)),
        (np.float64(3), "float32", ()),
        (np.ones((2, 3)), "float32", (2, 3)),
        (np.ones(2, np.float16), "float32", (2,)),
        ([[1.0], [2.0]], "float32", (2, 1)),
        ((0.5, 1.5), "float32", (2,)),
        (3, "int64", ()),
        ([1, 2], "int64", (2,)),
        (True, "bool", ()),
        ([True, False], "bool", (2,)),
        (np.arange(3, dtype=np.uint8), "uint8", (3,)),
        ([], "float32", (0,)),
        (range(3), "int64", (3,)),
        ([1, 2.5], "float32", (2,)),
    ],
)
def test_floats_become_float32_and_the_rest_stays(data, dtype, shape, device):
    t = Tensor(data)
    assert t.dtype == dtype and t.shape == shape and t.ndim == len(shape)
    np.testing.assert_array_equal(host(t), np.asarray(data))


def test_dtype_can_be_asked_for():
    assert Tensor([1.5], dtype="float64").dtype == np.float64
    assert Tensor([1, 2], dtype="float32", requires_grad=True).dtype == np.float32
    assert Tensor([1, 2], dtype=np.float64).dtype == np.float64
    with mg.default_dtype("float64"):
        assert Tensor([1.5]).dtype == np.float64
    assert Tensor([1.5]).dtype == np.float32


def test_an_array_of_the_right_dtype_is_not_copied():
    a = np.ones(3, np.float32)
    assert Tensor(a).data is a
    b = np.ones(3)
    assert Tensor(b, dtype="float64").data is b


def test_from_tensors():
    a, b = Tensor(1.0, requires_grad=True), Tensor(2.0)
    assert Tensor(a).data is a.data and not Tensor(a).requires_grad
    np.testing.assert_array_equal(Tensor([a, b]).data, [1, 2])


@pytest.mark.parametrize(
    "data, error, words",
    [
        ([[1, 2], [3]], ValueError, "rows of equal length"),
        (["a", "b"], TypeError, "expected numbers"),
        ("text", TypeError, "numbers"),
        (None, TypeError, "numbers"),
        ({"a": 1}, TypeError, "numbers"),
        (np.array([1, "a"], dtype=object), TypeError, "object"),
        (1j, TypeError, "complex"),
        (np.array(["2020-01-01"], "datetime64[D]"), TypeError, "datetime64"),
    ],
)
def test_what_is_not_numeric_is_refused(data, error, words):
    with pytest.raises(error, match=words):
        Tensor(data)


def test_unknown_device():
    with pytest.raises(ValueError, match="unknown device 'gpu': choose one of cpu, cuda"):
        Tensor([1.0], device="gpu")
    with pytest.raises(ValueError, match="unknown device"):
        Tensor([1.0]).to("tpu")


def test_arrays_of_other_libraries():
    torch = pytest.importorskip("torch")
    assert Tensor(torch.ones(2, dtype=torch.float64)).dtype == np.float32


# ---- printing ------------------------------------------------------------------------------------


def test_repr(device):
    where = "" if device == "cpu" else f", device={device!r}"
    assert repr(Tensor([1.0, 2.5])) == f"Tensor([1. , 2.5]{where})"
    assert repr(Tensor([1], dtype="int64")) == f"Tensor([1], dtype=int64{where})"
    assert repr(Tensor(2.0, requires_grad=True)) == f"Tensor(2.{where}, requires_grad=True)"
    assert repr(mg.tanh(Tensor(0.0, requires_grad=True))) == f"Tensor(0.{where}, from tanh)"
    matrix = f"Tensor([[1., 2.],\n        [3., 4.]]{where})"
    assert repr(Tensor([[1.0, 2.0], [3.0, 4.0]])) == matrix


def test_format():
    assert f"{Tensor(1.23456):.2f}" == "1.23" and f"{Tensor([7]):3d}" == "  7"
    assert f"{Tensor([1.0, 2.0])}" == "Tensor([1., 2.])"


# ---- the methods of ndarray ----------------------------------------------------------------------


METHODS = [
    *[("sum", *axis) for axis in ((), (0,), ((0, 2),), (-1,))],
    *[(name,) for name in ("mean", "var", "std", "max", "min", "prod")],
    *[(name,) for name in ("argmax", "argmin", "any", "all", "cumsum", "argsort")],
    ("mean", 1),
    ("var", 0),
    ("std", -1),
    ("max", 1),
    ("min", (0, 1)),
    ("prod", 2),
    ("argmax", 1),
    ("argmin", -1),
    ("any", 0),
    ("all", 0),
    ("cumsum", 1),
    ("argsort", 0),
    ("reshape", 6, 4),
    ("reshape", (4, -1)),
    ("reshape", -1),
    ("transpose",),
    ("transpose", 1, 0, 2),
    ("transpose", (2, 0, 1)),
    ("swapaxes", 0, 2),
    ("squeeze",),
    ("ravel",),
    ("flatten",),
    ("clip", -0.5, 0.5),
    ("clip", None, 0.5),
    ("clip", 0.0),
    ("repeat", 2, 1),
    ("repeat", 3),
    ("take", [0, 1, 1], 1),
    ("take", [5, 0]),
    ("round",),
    ("astype", "float64"),
    ("astype", "int32"),
    ("astype", bool),
]


@pytest.mark.parametrize("name, arguments", [(m[0], m[1:]) for m in METHODS], ids=lambda v: str(v))
def test_methods_mirror_ndarray(name, arguments, device):
    array = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    if name == "squeeze":
        array = array[:, :1]
    t = Tensor(array, device=device)
    got, expected = getattr(t, name)(*arguments), getattr(array, name)(*arguments)
    assert getattr(got, "dtype", None) == getattr(expected, "dtype", None)
    assert getattr(got, "shape", None) == getattr(expected, "shape", None)
    np.testing.assert_allclose(host(got), expected, rtol=2e-6)


@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "max", "min", "prod", "any", "all"])
def test_keepdims_and_axis_by_name(name, device):
    array = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    t = Tensor(array, device=device)
    got = getattr(t, name)(axis=1, keepdims=True)
    expected = getattr(array, name)(axis=1, keepdims=True)
    assert got.shape == expected.shape == (2, 1) and got.dtype == expected.dtype
    np.testing.assert_allclose(host(got), expected, rtol=2e-6)


def test_ddof_names_of_clip_and_sort(device):
    array = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    t = Tensor(array, device=device)
    np.testing.assert_allclose(host(t.var(axis=0, ddof=1)), array.var(axis=0, ddof=1), rtol=1e-5)
    np.testing.assert_allclose(host(t.std(ddof=1)), array.std(ddof=1), rtol=1e-5)
    np.testing.assert_array_equal(host(t.clip(min=-1, max=0.1)), array.clip(min=-1, max=0.1))
    for axis in (0, 1, -1):  # unlike ndarray's, sort returns the result
        np.testing.assert_array_equal(host(t.sort(axis)), np.sort(array, axis))
    np.testing.assert_array_equal(host(t.T), array.T)


@pytest.mark.parametrize(
    "left, right", [((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2))]
)
def test_dot(left, right, device):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=left).astype(np.float32), rng.normal(size=right).astype(np.float32)
    ta, tb = Tensor(a, device=device), Tensor(b, device=device)
    np.testing.assert_allclose(host(ta.dot(tb)), a.dot(b), rtol=1e-5)
    np.testing.assert_allclose(host(ta @ tb), a @ b, rtol=1e-5)


# ---- operators -----------------------------------------------------------------------------------


ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


COMPARISON = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


A, B = np.array([[1.0, 2.0, 0.5]], np.float32), np.array([[2.0], [0.5], [1.0]], np.float32)


@pytest.mark.parametrize("op", ARITHMETIC + COMPARISON, ids=lambda op: op.__name__)
def test_operators(op, xp, device):
    a, b = xp.asarray(A), xp.asarray(B)
    expected = op(A, B)
    for left, right in ((Tensor(a), Tensor(b)), (Tensor(a), b), (a, Tensor(b))):
        got = op(left, right)
        assert isinstance(got, Tensor) and got.dtype == expected.dtype and got.device == device
        np.testing.assert_allclose(host(got), expected, rtol=1e-6)
    for number in (2, 0.5, np.float32(1.5), np.float64(1.5)):
        for left, right, plain in (
            (Tensor(a), number, op(A, number)),
            (number, Tensor(a), op(number, A)),
        ):
            got = op(left, right)
            assert isinstance(got, Tensor)
            assert got.dtype == (bool if op in COMPARISON else np.float32)
            np.testing.assert_allclose(host(got), plain, rtol=1e-6)


def test_matmul_operator_with_an_array_on_either_side(xp):
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    b = np.arange(6, dtype=np.float32).reshape(3, 2)
    there_a, there_b = xp.asarray(a), xp.asarray(b)
    for left, right in ((Tensor(there_a), there_b), (there_a, Tensor(there_b))):
        assert isinstance(left @ right, Tensor)
        np.testing.assert_array_equal(host(left @ right), a @ b)


def test_unary_and_logical_operators(xp):
    t, flags = Tensor(xp.asarray(A) - 1), Tensor([True, False])
    np.testing.assert_array_equal(host(-t), 1 - A)
    np.testing.assert_array_equal(host(abs(t)), abs(A - 1))
    np.testing.assert_array_equal(host(~flags), [False, True])
    other = xp.asarray(np.array([True, True]))
    for op, expected in ((operator.and_, [True, False]), (operator.or_, [True, True])):
        for left, right in ((flags, Tensor(other)), (flags, other), (other, flags)):
            got = op(left, right)
            assert isinstance(got, Tensor)
            np.testing.assert_array_equal(host(got), expected)


def test_augmented_assignment_makes_a_new_tensor():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x
    y += 1.0
    y *= 2.0
    assert y is not x and x.data[0] == 1
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [2, 2])


INDEXES = [
    0,
    -1,
    slice(1, 3),
    slice(None, None, -1),
    (slice(None), 1),
    (..., 0),
    None,
    (0, None, slice(2)),
    np.array([2, 0, 0]),
    np.array([[0, 1], [2, -1]]),
    (np.array([0, 1]), np.array([1, 1])),
    np.array([True, False, True]),
    (slice(None), np.array([3, 1])),
    ([0, 2],),
    (np.array([0, 2]), slice(1, 3)),
]


@pytest.mark.parametrize("index", INDEXES, ids=repr)
def test_indexing_mirrors_ndarray(index, xp):
    array = np.arange(12, dtype=np.float32).reshape(3, 4)

    def there(i):
        if isinstance(i, tuple):
            return tuple(map(there, i))
        return xp.asarray(i) if isinstance(i, np.ndarray) else i

    got = Tensor(xp.asarray(array))[there(index)]
    assert got.shape == array[index].shape
    np.testing.assert_array_equal(host(got), array[index])


def test_indexing_by_tensors(device):
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(host(t[Tensor([1, 0, 1])]), [[3, 4], [1, 2], [3, 4]])
    np.testing.assert_array_equal(host(t[t > 1.5]), [2, 3, 4])


def test_index_out_of_range_raises_on_every_device(xp):
    t = Tensor([1.0, 2.0, 3.0])
    for index in (3, -4, xp.asarray(np.array([0, 3])), xp.asarray(np.array([-4]))):
        with pytest.raises(IndexError):
            t[index]


# ---- protocols -----------------------------------------------------------------------------------


def test_len_iteration_and_membership(device):
    t = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(t) == 2
    rows = list(t)
    assert [row.shape for row in rows] == [(2,), (2,)]
    assert all(isinstance(row, Tensor) and row.requires_grad for row in rows)
    a, b = Tensor([5.0, 6.0])
    assert (float(a), float(b)) == (5, 6)
    assert 5.0 in Tensor([5.0, 6.0]) and 7.0 not in Tensor([5.0, 6.0])
    for act in (len, iter, list):
        with pytest.raises(TypeError, match="0-d Tensor"):
            act(Tensor(1.0))


def test_numbers_out_of_tensors(device):
    t = Tensor([[2.5]])
    assert (float(t), int(t), t.item(), bool(t)) == (2.5, 2, 2.5, True)
    assert type(t.item()) is float
    assert type(Tensor(3).item()) is int
    assert type(Tensor(True).item()) is bool
    assert not Tensor(0.0)
    for act in (bool, float, int):
        with pytest.raises(ValueError):
            act(Tensor([1.0, 2.0]))


def test_hash_is_identity():
    a, b = Tensor([1.0]), Tensor([1.0])
    assert len({a, b}) == 2 and {a: 1}[a] == 1


def test_numpy_functions_leave_tensors_alone():
    t = Tensor([1.0, 2.0])
    np.testing.assert_array_equal(np.asarray(t), [1, 2])
    assert np.asarray(t, dtype="float64").dtype == np.float64
    copied = np.array(t)
    copied[0] = 9
    assert t.data[0] == 1
    with pytest.raises(TypeError, match="lives on strict.*numpy"):
        np.asarray(Tensor([1.0], device="strict"))


def test_to_and_numpy():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x.to("strict")
    assert x.to("cpu") is x
    assert y.device == "strict" and x.device == "cpu" and y.requires_grad and y.node is not x.node
    assert isinstance(y.numpy(), np.ndarray)
    np.testing.assert_array_equal(y.numpy(), [1, 2])
    assert y.to("cpu").device == "cpu"
    assert Tensor([1, 2]).to("strict").dtype == np.int64
    assert Tensor([1.0], dtype="float64").to("strict").dtype == np.float64


def test_detach_shares_values_but_not_the_graph():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * 2).detach()
    assert not y.requires_grad and x.detach().data is x.data
    (x * y).sum().backward()
    np.testing.assert_array_equal(x.grad, [2, 4])


# ---- assignment ----------------------------------------------------------------------------------


def test_assignment(device):
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    t[0] = 9
    t[:, 1] = [5.0, 6.0]
    t[Tensor([1]), Tensor([0])] = 7
    np.testing.assert_array_equal(host(t), [[9, 5], [7, 6]])
    t[t > 6] = 0.0
    np.testing.assert_array_equal(host(t), [[0, 5], [0, 6]])
    t.assign([1.0, 2.0])
    np.testing.assert_array_equal(host(t), [[1, 2], [1, 2]])
    assert t.dtype == np.float32


def test_data_can_be_replaced_by_an_equal_shape_only():
    t = Tensor([1.0, 2.0], requires_grad=True)
    t.data = np.array([3.0, 4.0])
    assert t.dtype == np.float32 and t.requires_grad
    np.testing.assert_array_equal(t.data, [3, 4])
    t.data = [5, 6]
    assert t.dtype == np.float32
    for wrong in (np.ones(3), 1.0, np.ones((2, 1))):
        with pytest.raises(ValueError, match="cannot replace data of shape"):
            t.data = wrong
    np.testing.assert_array_equal(t.data, [5, 6])


def test_assignment_errors():
    t = Tensor([1.0, 2.0])
    with pytest.raises(ValueError):
        t[...] = [1.0, 2.0, 3.0]
    with pytest.raises(TypeError, match="expected numbers"):
        t[0] = "a"
    with pytest.raises(IndexError):
        t[5] = 1.0
    y = Tensor([1.0, 2.0], requires_grad=True) * 2
    with pytest.raises(TypeError, match="computed from others.*where or concatenate.*detach"):
        y[0] = 1.0
    np.testing.assert_array_equal(t.data, [1, 2])
    with pytest.raises(AttributeError):
        t.nmae = "layer"


def test_grad_of_a_tensor_without_gradients():
    t = Tensor([1.0])
    assert t.grad is None
    with pytest.raises(TypeError, match="requires_grad=True"):
        t.grad = np.ones(1)
    t.requires_grad = True
    t.grad = Tensor([2.0])
    assert isinstance(t.grad, np.ndarray)
    t.requires_grad = False
    assert t.node is None and t.grad is None


def test_results_have_no_grad_of_their_own():
    x = Tensor([1.0], requires_grad=True)
    y = x * 2
    y.backward(np.ones(1))
    assert isinstance(x.node, Leaf) and not isinstance(y.node, Leaf) and y.grad is None
    with pytest.raises(TypeError, match="requires_grad=True"):
        y.grad = np.ones(1)
