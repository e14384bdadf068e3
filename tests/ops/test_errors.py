"""Errors of every public op: a kind that users catch, the op's own name, words of this library."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.engine.autograd import Primitive, composite

from ..cases import OPS
from ..cases.base import call_plainly
from .helpers import fails

# their cases call them with an array beside
MADE_OF_NUMBERS = set(
    ["arange", "empty", "eye", "full", "identity", "linspace", "logspace", "ones", "tri", "zeros"]
)

# inputs that no op computes with: shapes that fit nothing, and what is no number at all
WRONG = {
    "0-d": np.float32(1.5),
    "odd shape": np.ones((7, 11, 13), "float32"),
    "empty": np.ones((0, 5), "float32"),
    "five axes": np.ones((1, 2, 1, 3, 2), "float32"),
    "string": "text",
    "None": None,
    "object": object(),
    "dict": {"a": 1},
    "set": {1, 2},
    "strings": np.array(["a", "b"]),
    "objects": np.array([None, "a"], dtype=object),
    "ragged": [[1.0, 2.0], [3.0]],
    "number": 2.5,
    "list": [1.0, 2.0],
    "bools": np.array([True, False]),
    "integers": np.arange(6).reshape(2, 3),
}
SETTINGS = {
    "string": "text",
    "None": None,
    "object": object(),
    "fraction": 1.5,
    "far": 99,
    "pair": (9, 9),
}
FOREIGN = re.compile(
    r"numpy|ufunc|gufunc|<lambda>|has no attribute|_array\b|__\w+__|\b_[a-z]\w+\(|object of type|"
    r"unsupported operand|newaxis|_forward|_reference|convolve|core dimension"
)
PRIVATE = {p.forward.__name__ for p in Primitive.registry} - set(ops.__all__)


def check_error(name, error):
    """The error is of a kind users expect and speaks of nothing but the op and its inputs."""
    text = str(error)
    assert type(error) in (ValueError, TypeError, IndexError), f"{type(error).__name__}: {text}"
    assert text, f"{name}: an error without a text"
    label = re.match(r"[\w.]*", text)[0]  # "add(...): ...", or "add has no option 'dim'"
    op = getattr(ops, name)
    assert label in (name, getattr(op, "label", op.__name__)), text
    assert not FOREIGN.search(text), text
    assert not any(re.search(rf"\b{re.escape(private)}\b", text) for private in PRIVATE), text


def attempts(case):
    """The case's arguments with one of them replaced at a time."""
    inputs, settings = case.on(np, "float32")
    for i in range(len(inputs)):
        for wrong in WRONG.values():
            yield [*inputs[:i], wrong, *inputs[i + 1 :]], settings
    for key in settings:
        for wrong in SETTINGS.values():
            yield inputs, settings | {key: wrong}
    if case.call is call_plainly:
        yield inputs, settings | {"no_such_option": 1}
        yield [*inputs, 1], settings


def as_tensors(args):
    return [Tensor(a) if getattr(a, "dtype", None) == np.float32 else a for a in args]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kernels", [True, False], ids=["kernels", "definitions"])
@pytest.mark.parametrize("name", ops.__all__)
def test_bad_inputs_of_every_op(name, kernels):
    op = getattr(ops, name)
    call = call_plainly if name in MADE_OF_NUMBERS else OPS[name][0].call
    for args, settings in attempts(OPS[name][0]):
        for given in (args, as_tensors(args)):
            try:
                with minigrad.use_kernels(kernels), np.errstate(all="ignore"):
                    call(op, *given, **settings)
            except Exception as error:
                check_error(name, error)


def test_settings_that_do_not_fit_are_answered_with_the_line_to_write():
    t = Tensor([1.0, 2.0])
    with fails(TypeError, r"softmax\(x, axis=0\)"):
        minigrad.softmax(t, 0, 1)
    with fails(TypeError, r"clip\(x, min=0, max=1\)"):
        minigrad.clip(t, 0, 1, 2)
    with fails(TypeError, "no option 'keepdim'", "did you mean keepdims"):
        minigrad.sum(t, keepdim=True)
    with fails(TypeError, "no option 'dim'", "did you mean axis"):
        minigrad.softmax(t, dim=0)
    with fails(TypeError, "rms_norm needs epsilon"):
        ops.rms_norm(t, t)


def test_the_outermost_op_is_named():
    @composite
    def cosine(a, b):
        return minigrad.sum(ops.multiply(a, b)) / 2

    with fails(ValueError, r"^cosine\(float32\[2\], float32\[3\]\): shapes \(2,\) and \(3,\)"):
        cosine(Tensor([1.0, 2.0]), Tensor([1.0, 2.0, 3.0]))
    assert cosine([1.0, 2.0], [3.0, 4.0]) == 5.5, "lists count as arrays"


def test_composites_keep_their_signatures():
    assert list(inspect.signature(ops.softmax).parameters) == ["x", "axis"]
    assert ops.softmax.__doc__ and ops.softmax.__module__ == "minigrad.ops.softmax"


def test_lists_count_as_arrays():
    np.testing.assert_array_equal(ops.add([1, 2], [3, 4]), [4, 6])
    np.testing.assert_array_equal(ops.multiply([1, 2], 2), [2, 4])
    np.testing.assert_array_equal(ops.equal([1, 2], [1, 3]), [True, False])
    assert ops.exp([0.0, 1.0]).dtype == ops.softmax([0.0, 1.0]).dtype == np.float32
    np.testing.assert_array_equal(ops.concatenate([[1, 2], [3]]), [1, 2, 3])
    for ragged in (lambda: ops.softmax([[1.0, 2.0], [3.0]]), lambda: ops.exp([[1.0, 2.0], [3.0]])):
        with fails((ValueError, TypeError), "rows of equal length"):
            ragged()
    double = Tensor([1.0, 2.0], dtype="float64")
    np.testing.assert_array_equal((double * [0.1, 0.2]).numpy(), [0.1, 0.4])
    assert ops.dot(double, [1.0, 1.0]).dtype == np.float64


def test_a_list_of_tensors_never_loses_gradients():
    a, b = Tensor(1.0, requires_grad=True), Tensor(2.0, requires_grad=True)
    for make in (lambda: minigrad.sum([a, b]), lambda: Tensor([1.0, 2.0]) + [a, b]):
        with fails(TypeError, r"minigrad\.stack"):
            make()
    ops.stack([a, b, 3.0]).sum().backward()
    assert a.grad == b.grad == 1


# ---- what docstrings promise ---------------------------------------------------------------------

IMAGE = np.ones((1, 4, 4, 1), "float32")
STEPS, KERNEL = np.ones((2, 3, 4), "float32"), np.ones((4, 6), "float32")
RECURRENT, BIAS = np.ones((2, 6), "float32"), np.ones((2, 6), "float32")
NO_MASK = np.ones((2, 3), "float32")


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda x: ops.cast(x, "U5"), TypeError, "'U5' is no dtype of numbers: try 'float32'"),
        (lambda x: ops.astype(x, dtype="S3"), TypeError, "'S3' is no dtype of numbers"),
        (lambda x: ops.expand_dims(x, axis=4), ValueError, "no axis 4"),
        (lambda x: ops.expand_dims(x, axis=1.5), TypeError, "whole number, not 1.5"),
        (lambda x: ops.squeeze(x, axis=1), ValueError, r"axis 1 of shape \(2, 3\) is not 1 long"),
        (lambda x: ops.crop(x, width=((2, 1), (0, 0))), ValueError, "crop"),
        (lambda x: ops.tile(x, repeats=(-1, 2)), ValueError, "tile"),
        (lambda x: ops.tril(x[0, 0]), ValueError, "a number has no diagonal"),
        (lambda x: ops.triu(x[0, 0]), ValueError, "a number has no diagonal"),
        (lambda x: x[2], IndexError, "index 2 is out of bounds for axis 0 with size 2"),
        (lambda x: x[0, 3], IndexError, "index 3 is out of bounds for axis 1 with size 3"),
        (lambda x: x[np.array([0, 5])], IndexError, "index 5 is outside axis 0 of length 2"),
        (lambda x: ops.sum(x, axis=2), ValueError, "no axis 2 in an array of 2 axes.*-2 to 1"),
        (lambda x: ops.sum(x, axis=(0, -2)), ValueError, "names one axis twice"),
        (lambda x: ops.sum(x, axis=(0, "a")), TypeError, "whole number, not 'a'"),
        (lambda x: ops.max_pool(IMAGE, pool_size=5), ValueError, "window of 5 x 5 is larger"),
        (lambda x: ops.average_pool(IMAGE, pool_size=5), ValueError, "window of 5 x 5 is larger"),
        (
            lambda x: ops.max_pool(IMAGE, pool_size=2, padding=2),
            ValueError,
            "padding 2 must be less",
        ),
        (
            lambda x: ops.average_pool(IMAGE, pool_size=2, padding=2),
            ValueError,
            "padding 2 must be less",
        ),
        (
            lambda x: ops.gru(STEPS, KERNEL[:3], RECURRENT, BIAS),
            ValueError,
            r"^gru.*the kernel has shape \(3, 6\)",
        ),
        (
            lambda x: ops.gru(STEPS, KERNEL, RECURRENT, BIAS, None, NO_MASK),
            TypeError,
            "^gru.*the mask is boolean",
        ),
        (
            lambda x: ops.gru_reset_before(STEPS, KERNEL, RECURRENT, BIAS[:, :5]),
            ValueError,
            r"^gru_reset_before.*the bias has shape \(2, 5\)",
        ),
        (
            lambda x: ops.gru_reset_before(STEPS, KERNEL, RECURRENT, BIAS[0], None, NO_MASK),
            TypeError,
            "^gru_reset_before.*the mask is boolean",
        ),
    ],
)
def test_promised_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(Tensor(np.ones((2, 3), "float32")))
