"""What several tests of layers share: arrays from tensors, weights at random, padded sequences."""

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.backend import to_cpu
from minigrad.config import device_module
from minigrad.layers import GRU, LSTM, SimpleRNN

SEQUENCES = np.random.default_rng(8).standard_normal((4, 5, 3)).astype("float32")
LENGTHS = [5, 3, 1, 4]

RECURRENT = {
    "SimpleRNN": SimpleRNN,
    "LSTM": LSTM,
    "GRU": GRU,
    "GRU that resets before": lambda *a, **o: GRU(*a, reset_after=False, **o),
}
each_recurrent_layer = pytest.mark.parametrize("make", RECURRENT.values(), ids=RECURRENT)


def values(y):
    """A Tensor or an array as a NumPy array."""
    if isinstance(y, (list, tuple)):
        return np.asarray(y)
    return to_cpu(y.data if isinstance(y, Tensor) else y)


def assert_equal(a, b):
    np.testing.assert_array_equal(values(a), values(b))


def assert_close(a, b, atol=1e-6, rtol=0.0):
    np.testing.assert_allclose(values(a), values(b), rtol=rtol, atol=atol)


def with_random_weights(layer, x=SEQUENCES):
    """The layer, built, with weights that are nowhere zero."""
    layer(device_module().asarray(x))
    draw = np.random.default_rng(1)
    layer.set_weights([w + draw.uniform(-0.5, 0.5, w.shape) for w in layer.get_weights()])
    return layer


def with_weights_of(layer, other):
    """The layer, built, with the weights of another."""
    layer(device_module().asarray(SEQUENCES[:2]))
    layer.set_weights(other.get_weights())
    return layer


def padded(before):
    """SEQUENCES cut to LENGTHS, with noise as padding behind or before, and the mask."""
    mask = np.arange(5) < np.array(LENGTHS)[:, None]
    if not before:
        return SEQUENCES, mask
    return SEQUENCES[:, ::-1].copy(), mask[:, ::-1].copy()


def raises_with_all(*words):
    """pytest.raises(ValueError), for a message that contains all the words."""
    return pytest.raises(ValueError, match="(?s)" + "".join(f"(?=.*{w})" for w in words))
