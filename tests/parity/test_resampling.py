"""Resampling and modulated convolution are what PyTorch's convolutions compute."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from minigrad import ops

from .compare import compare, drawn, first, normal, positive, seeds

F = torch.nn.functional
pytestmark = pytest.mark.parity


def torch_upfirdn2d(x, coefficients, up, down, pads):
    """Zeros between pixels by a transposed convolution; the filter as one per channel."""
    c = x.shape[1]
    row = torch.tensor(coefficients, dtype=x.dtype).flip(0)
    spread = F.conv_transpose2d(x, torch.ones(c, 1, 1, 1, dtype=x.dtype), stride=up, groups=c)
    padded = F.pad(spread, (pads[0], pads[1] + up - 1) * 2)
    kernel = torch.outer(row, row).expand(c, 1, -1, -1)
    return F.conv2d(padded, kernel, stride=down, groups=c)


@drawn
@given(
    st.lists(st.floats(-2, 2), min_size=1, max_size=4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    seeds,
)
def test_upfirdn2d(coefficients, up, down, padding, seed):
    compare(
        lambda x: ops.upfirdn2d(x, filter=coefficients, up=up, down=down, padding=padding),
        lambda t: torch_upfirdn2d(first(t), coefficients, up, down, padding).movedim(1, -1),
        normal(seed, 2, 4, 5, 3),
    )


@drawn
@given(st.booleans(), st.sampled_from([1, 2]), seeds)
def test_modulated_convolution(demodulate, up, seed):
    """PyTorch's side has weights of its own for each sample: one group per sample."""

    def theirs(t, w, style):
        kernels = w[None] * style[:, None, None, :, None]  # (N, KH, KW, C, F)
        if demodulate:
            kernels = kernels / (kernels.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        n, filters = len(t), w.shape[-1]
        kernels = kernels.permute(0, 4, 3, 1, 2).reshape(n * filters, *kernels.shape[3:0:-1])
        x, pads = first(t), 1
        if up == 2:
            x, pads = torch_upfirdn2d(x, [1.0], 2, 1, (3, 2)), 0
        y = F.conv2d(x.reshape(1, -1, *x.shape[2:]), kernels, padding=pads, groups=n)
        y = y.reshape(n, filters, *y.shape[2:])
        y = y if up == 1 else torch_upfirdn2d(y, [0.25, 0.75, 0.75, 0.25], 1, 1, (0, 0))
        return y.movedim(1, -1)

    x, w, style = normal(seed, 2, 4, 5, 3), normal(seed + 1, 3, 3, 3, 2), normal(seed + 2, 2, 3)
    compare(
        lambda x, w, s: ops.modulated_conv2d(x, w, s, demodulate=demodulate, up=up),
        theirs,
        x,
        w,
        positive(style),
    )
