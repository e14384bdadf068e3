"""Recurrent layers have PyTorch's values and gradients, padded batches and directions too."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from minigrad import ops

from .compare import compare, drawn, normal, seeds

pytestmark = pytest.mark.parity
# N, T, features, units
sizes = st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 3), st.integers(1, 4))
# PyTorch's order of our gates: LSTM i f g o is i f c o, GRU r z n is z r h
GATES = {"simple_rnn": [0], "lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}
MODULES = {"simple_rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def as_torch(name, kernel):
    """A kernel (in, gates * units) as PyTorch's (gates * units, in), or a bias; gates in order."""
    parts = torch.chunk(kernel, len(GATES[name]), -1)
    joined = torch.cat([parts[k] for k in GATES[name]], -1)
    return joined.mT if kernel.ndim > 1 else joined


def torch_forward(name, lengths=None, backwards=False):
    """PyTorch's module as a function of its weights: h of all steps, then the last c."""

    def forward(x, kernel, recurrent, bias, *states):
        of_x, of_h = bias if name == "gru" else (bias, torch.zeros_like(bias))
        module = MODULES[name](x.shape[2], recurrent.shape[0], batch_first=True, dtype=x.dtype)
        values = [as_torch(name, w) for w in (kernel, recurrent, of_x, of_h)]
        names = [name for name, _ in module.named_parameters()]
        weights = dict(zip(names, values, strict=True))
        first = tuple(s[None] for s in states)
        given = torch.flip(x, (1,)) if backwards else x
        if lengths is not None:
            given = torch.nn.utils.rnn.pack_padded_sequence(
                given, lengths, batch_first=True, enforce_sorted=False
            )
        y, last = torch.func.functional_call(
            module, weights, (given, first if name == "lstm" else first[0])
        )
        if lengths is not None:
            y, _ = torch.nn.utils.rnn.pad_packed_sequence(
                y, batch_first=True, total_length=x.shape[1]
            )
        return torch.cat([y, last[1].transpose(0, 1)], 1) if name == "lstm" else y

    return forward


def arrays(name, seed, n, steps, features, units):
    width = len(GATES[name]) * units
    return [
        normal(seed, n, steps, features),
        normal(seed + 1, features, width),
        normal(seed + 2, units, width),
        normal(seed + 3, 2, width) if name == "gru" else normal(seed + 3, width),
        *(normal(seed + 4 + i, n, units) for i in range(1 + (name == "lstm"))),
    ]


@pytest.mark.parametrize("name", GATES)
def test_kernels(name):
    return_mode = "all" if name == "lstm" else "sequence"

    @drawn
    @given(sizes, st.booleans(), seeds)
    def check(size, backwards, seed):
        def ours(x, *others):
            sequence = ops.flip(x, axis=1) if backwards else x
            return getattr(ops, name)(sequence, *others, return_mode=return_mode)

        compare(ours, torch_forward(name, backwards=backwards), *arrays(name, seed, *size))

    check()


@pytest.mark.parametrize("name", GATES)
def test_padded_batches(name):
    return_mode = "all" if name == "lstm" else "sequence"

    @drawn
    @given(sizes, seeds)
    def check(size, seed):
        n, steps, _, units = size
        lengths = np.random.default_rng(seed).integers(1, steps + 1, n)
        mask = np.arange(steps) < lengths[:, None]

        def ours(*inputs):
            y = getattr(ops, name)(*inputs, mask, return_mode=return_mode)
            unmasked = mask[..., None].astype(float)  # PyTorch pads with zeros, we repeat the last
            if name != "lstm":
                return y * unmasked
            return ops.concatenate([y[:, :steps] * unmasked, y[:, steps:]], axis=1)

        compare(ours, torch_forward(name, torch.tensor(lengths)), *arrays(name, seed, *size))

    check()
