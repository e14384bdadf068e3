"""Every layer in float16, and made with NumPy's numbers as settings."""

from __future__ import annotations

import functools
import inspect

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, activations, grad, layers, ops
from minigrad.layers import Layer

from ..cases import LAYERS


def step(name, dtype, weights=None):
    """The outputs of a layer in training, the gradients, and its weights after and before."""
    with minigrad.default_dtype(dtype), minigrad.training():
        minigrad.seed(3)
        layer, parameters, inputs = LAYERS[name]()
        own = getattr(layer, "weights", [])
        for p, values in zip(own, weights or []):
            p.assign(values)
        before = [p.numpy().copy() for p in own]
        xs = [Tensor(x) for x in inputs]
        for x in xs:
            x.requires_grad = x.dtype.kind == "f"
        minigrad.seed(4)
        y = layer(*xs)
        outputs = list(y) if isinstance(y, (list, tuple)) else [y]
        outputs = [part for part in outputs if isinstance(part, Tensor)]
        found = [part.data for part in outputs]
        leaves = [x for x in xs if x.requires_grad] + list(parameters)
        total = sum((ops.mean(part) for part in outputs), Tensor(0.0))
        if total.requires_grad:
            found += [g.data for g in grad(total, leaves, unused="zeros")]
        return [*found, *(p.data for p in own)], before


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", sorted(LAYERS))
def test_float16_is_float32_rounded(name):
    found, weights = step(name, "float16")
    expected, _ = step(name, "float32", weights)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == np.float16 if b.dtype == np.float32 else a.dtype == b.dtype
        scale = np.abs(b).max(initial=1)
        np.testing.assert_allclose(a.astype("float32"), b, rtol=1e-2, atol=1e-2 * scale)


def numpy_number(value):
    """NumPy's number for Python's, also inside tuples."""
    if isinstance(value, tuple):
        return tuple(map(numpy_number, value))
    return {float: np.float64, int: np.int64}.get(type(value), lambda x: x)(value)


def subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


@pytest.fixture
def numpy_settings(monkeypatch):
    """A function after whose call every layer of the library gets NumPy's numbers as settings."""

    def converting(init):
        signature = inspect.signature(init)

        @functools.wraps(init)
        def new_init(*args, **kwargs):
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            for name, value in given.arguments.items():
                is_star = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
                given.arguments[name] = value if is_star else numpy_number(value)
            return init(*given.args, **given.kwargs)

        return new_init

    def convert():
        for kind in set(subclasses(Layer)):
            if kind.__module__.startswith("minigrad.layers") and "__init__" in vars(kind):
                monkeypatch.setattr(kind, "__init__", converting(kind.__init__))

    return convert


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_numpys_numbers_as_settings_change_nothing(name, numpy_settings):
    expected, weights = step(name, "float32")
    numpy_settings()
    found, _ = step(name, "float32", weights)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "layer",
    [
        layers.LeakyReLU(np.linspace(0.1, 0.3, 3)[0]),
        layers.ELU(np.float64(0.7)),
        layers.ReLU(np.float64(6), np.float64(0.1), np.float64(0.2)),
        layers.Dropout(np.float64(0.5)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_float32_stays_with_settings_of_float64(layer):
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    y = layer(x, training=True)
    assert y.dtype == grad(y.sum(), [x])[0].dtype == np.float32


@pytest.mark.parametrize("dtype", ["float16", "int8", "int64", "bool"])
@pytest.mark.parametrize("name", sorted(activations.NAMES))
def test_activations_of_other_dtypes(name, dtype):
    x = np.array([[0, 1], [1, 0]], dtype)
    y = activations.get(name)(Tensor(x, dtype=dtype))
    expected = np.asarray(activations.get(name)(x.astype("float64")))
    assert y.dtype == dtype if dtype == "float16" else y.dtype in (dtype, "int64", "float32")
    np.testing.assert_allclose(y.numpy().astype("float64"), expected, rtol=2e-3, atol=1e-3)
