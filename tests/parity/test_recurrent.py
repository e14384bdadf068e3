"""Recurrent kernels have PyTorch's values and gradients, for whatever shapes, lengths and directions are drawn."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from minigrad import ops  # noqa: E402

from .test_parity import compare, drawn, normal, seeds  # noqa: E402

pytestmark = pytest.mark.parity
sizes = st.tuples(
    st.integers(1, 3), st.integers(1, 5), st.integers(1, 3), st.integers(1, 4)
)  # N, T, features, units
# PyTorch's order of our gates: LSTM i f g o is i f c o, GRU r z n is z r h
GATES = {"simple_rnn": [0], "lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}
MODULES = {"simple_rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def as_torch(name, kernel):
    """A kernel (in, gates * units), or a bias, with PyTorch's gates in PyTorch's order: (gates * units, in)."""
    parts = torch.chunk(kernel, len(GATES[name]), -1)
    return (
        torch.cat([parts[k] for k in GATES[name]], -1).mT
        if kernel.ndim > 1
        else torch.cat([parts[k] for k in GATES[name]])
    )


def torch_forward(name, lengths=None, backwards=False):
    """The functional form of PyTorch's module: x, kernel, recurrent, bias, states -> h of all steps, then the last c."""

    def forward(x, kernel, recurrent, bias, *states):
        of_x, of_h = bias if name == "gru" else (bias, torch.zeros_like(bias))
        module = MODULES[name](x.shape[2], recurrent.shape[0], batch_first=True, dtype=x.dtype)
        weights = dict(
            zip(
                [n for n, _ in module.named_parameters()],
                [as_torch(name, w) for w in (kernel, recurrent, of_x, of_h)],
                strict=True,
            )
        )
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
    wide = len(GATES[name]) * units
    return [
        normal(seed, n, steps, features),
        normal(seed + 1, features, wide),
        normal(seed + 2, units, wide),
        normal(seed + 3, 2, wide) if name == "gru" else normal(seed + 3, wide),
        *(normal(seed + 4 + i, n, units) for i in range(1 + (name == "lstm"))),
    ]


@pytest.mark.parametrize("name", GATES)
def test_kernels(name):
    return_mode = "all" if name == "lstm" else "sequence"

    @drawn
    @given(sizes, st.booleans(), seeds)
    def check(size, backwards, seed):
        def ours(x, *others):
            return getattr(ops, name)(
                ops.flip(x, axis=1) if backwards else x, *others, return_mode=return_mode
            )

        compare(ours, torch_forward(name, backwards=backwards), *arrays(name, seed, *size))

    check()


@pytest.mark.parametrize("name", GATES)
def test_padded_batches(name):
    @drawn
    @given(sizes, seeds)
    def check(size, seed):
        n, steps, _, units = size
        lengths = np.random.default_rng(seed).integers(1, steps + 1, n)
        mask = np.arange(steps) < lengths[:, None]

        def ours(*inputs):
            y = getattr(ops, name)(
                *inputs, mask, return_mode="all" if name == "lstm" else "sequence"
            )
            real = mask[..., None].astype(
                float
            )  # PyTorch gives zeros after the end, we the last output
            return (
                ops.concatenate([y[:, :steps] * real, y[:, steps:]], axis=1)
                if name == "lstm"
                else y * real
            )

        compare(ours, torch_forward(name, torch.tensor(lengths)), *arrays(name, seed, *size))

    check()
