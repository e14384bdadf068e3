"""Calls of ops as programs of Keras make them, settings by position or by name: the same values."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from minigrad import ops  # noqa: E402
from minigrad.backend import to_cpu  # noqa: E402

pytestmark = pytest.mark.parity

rng = np.random.default_rng(3)


def draw(*shape):
    return rng.standard_normal(shape).astype("float32")


X, Y, V = draw(3, 4), draw(3, 4), draw(4)
POSITIVE = np.abs(X) + 0.5
SHARES = POSITIVE / POSITIVE.sum(-1, keepdims=True)
NANS = np.where(X > 0.8, np.nan, X)
IDS, LABELS = np.array([0, 2, 0]), np.array([1, 3, 0])
IMAGES, SEQUENCES = draw(2, 6, 5, 4), draw(2, 7, 4)
Q, K = draw(2, 3, 4, 2), draw(2, 5, 2, 2)
MASK = rng.random((2, 1, 3, 5)) > 0.3
MASK[..., 0] = True

CALLS = {
    "abs": lambda ops: ops.abs(X),
    "all": lambda ops: ops.all(X > -1, 1),
    "amax": lambda ops: ops.amax(X, 0, True),
    "amin": lambda ops: ops.amin(X, axis=[0, 1]),
    "append": lambda ops: ops.append(X, Y, 1),
    "arange": lambda ops: ops.arange(1, 4, 0.5),
    "argmax": lambda ops: ops.argmax(X, -1, True),
    "argsort": lambda ops: ops.argsort(X, 0),
    "array": lambda ops: ops.array([[1, 2], [3, 4]], "float32"),
    "array_split": lambda ops: ops.array_split(X, 3, 1),
    "average": lambda ops: ops.average(X, 1, V),
    "average_pool": lambda ops: ops.average_pool(IMAGES, 2, 1, "valid"),
    "average_pool 1-D": lambda ops: ops.average_pool(SEQUENCES, 3, 2),
    "batch_normalization": lambda ops: ops.batch_normalization(X, V, V**2, -1, V, V, 0.1),
    "batch_normalization 1": lambda ops: ops.batch_normalization(X, V[:3], V[:3] ** 2, 0),
    "binary_crossentropy": lambda ops: ops.binary_crossentropy(SHARES, SHARES[::-1]),
    "binary_crossentropy 0, 1": lambda ops: ops.binary_crossentropy(
        np.array([0.0, 1, 1], "float32"), np.array([1.0, 0, 1], "float32")
    ),
    "binary_crossentropy logits": lambda ops: ops.binary_crossentropy(SHARES, 9 * X, True),
    "bincount": lambda ops: ops.bincount(LABELS, minlength=6),
    "categorical_crossentropy": lambda ops: ops.categorical_crossentropy(SHARES, POSITIVE),
    "categorical_crossentropy logits": lambda ops: ops.categorical_crossentropy(
        SHARES.T, X.T, True, 0
    ),
    "cbrt": lambda ops: ops.cbrt(X),
    "celu": lambda ops: ops.celu(X, 0.5),
    "clip": lambda ops: ops.clip(X, -0.5, 0.5),
    "concatenate": lambda ops: ops.concatenate([X, Y], 1),
    "conv": lambda ops: ops.conv(IMAGES, IMAGES[0, :3, :2, :, None] * V, 2, "same"),
    "conv dilated": lambda ops: ops.conv(IMAGES, IMAGES[0, :3, :2, :, None] * V, dilation_rate=2),
    "conv grouped": lambda ops: ops.conv(IMAGES, IMAGES[0, :3, :2, :2, None] * V, 1, "same"),
    "conv 1-D": lambda ops: ops.conv(SEQUENCES, SEQUENCES[0, :3, :, None] * V[:2], 2),
    "conv_transpose": lambda ops: ops.conv_transpose(IMAGES, IMAGES[0, :3, :2, :3, None] * V, 2),
    "conv_transpose 1-D": lambda ops: ops.conv_transpose(
        SEQUENCES, SEQUENCES[0, :3, :2, None] * V, 2, "valid"
    ),
    "count_nonzero": lambda ops: ops.count_nonzero(IDS),
    "cross": lambda ops: ops.cross(X[:2, :3], Y[:2, :3]),
    "cumsum": lambda ops: ops.cumsum(X, 1),
    "deg2rad": lambda ops: ops.deg2rad(X),
    "depthwise_conv": lambda ops: ops.depthwise_conv(IMAGES, IMAGES[0, :3, :2, :, None] * V[:2], 2),
    "depthwise_conv 1-D": lambda ops: ops.depthwise_conv(
        SEQUENCES, SEQUENCES[0, :3, :, None], 1, "same"
    ),
    "det": lambda ops: ops.det(X[:, :3]),
    "diag": lambda ops: ops.diag(V, 1),
    "diag of a matrix": lambda ops: ops.diag(X, -1),
    "diagflat": lambda ops: ops.diagflat(X[:2, :2]),
    "diff": lambda ops: ops.diff(X, 1, 0),
    "digitize": lambda ops: ops.digitize(X, np.array([-1.0, 0.0, 1.0])),
    "divide_no_nan": lambda ops: ops.divide_no_nan(X, np.maximum(Y, 0)),
    "dot_product_attention": lambda ops: ops.dot_product_attention(Q, K, K, None, MASK, 0.3),
    "dot_product_attention causal": lambda ops: ops.dot_product_attention(
        Q[:, :, :2], K, K, is_causal=True
    ),
    "dot_product_attention biased": lambda ops: ops.dot_product_attention(
        Q[:, :, :2], K, K, bias=IMAGES[:, :2, :3, :1]
    ),
    "dstack": lambda ops: ops.dstack([X, Y]),
    "empty_like": lambda ops: 0 * ops.zeros_like(X),
    "erfc": lambda ops: ops.erfc(X),
    "eye": lambda ops: ops.eye(2, 3, 1),
    "fabs": lambda ops: ops.fabs(X),
    "flip": lambda ops: ops.flip(X, 1),
    "fliplr": lambda ops: ops.fliplr(X),
    "flipud": lambda ops: ops.flipud(X),
    "fmax": lambda ops: ops.fmax(NANS, Y),
    "fmin": lambda ops: ops.fmin(NANS, Y),
    "full": lambda ops: ops.full((2, 2), 7),
    "gelu": lambda ops: ops.gelu(X, approximate=False),
    "gelu approximate": lambda ops: ops.gelu(X, approximate=True),
    "glu": lambda ops: ops.glu(X, 1),
    "heaviside": lambda ops: ops.heaviside(np.array([-1.0, 0, 2], "float32"), 0.5),
    "histogram": lambda ops: ops.histogram(V, 4),
    "histogram in a range": lambda ops: ops.histogram(V, 3, (-1, 1)),
    "hsplit": lambda ops: ops.hsplit(X, 2),
    "identity": lambda ops: ops.identity(3),
    "in_top_k": lambda ops: ops.in_top_k(LABELS, X, 2),
    "inv": lambda ops: ops.inv(X[:, :3]),
    "isin": lambda ops: ops.isin(LABELS, IDS),
    "kron": lambda ops: ops.kron(X, Y[:2, :2]),
    "layer_normalization": lambda ops: ops.layer_normalization(X),
    "layer_normalization scaled": lambda ops: ops.layer_normalization(X, V, V, -1, 0.1),
    "layer_normalization of several axes": lambda ops: ops.layer_normalization(X, axis=[0, 1]),
    "leaky_relu": lambda ops: ops.leaky_relu(X),
    "linspace": lambda ops: ops.linspace(0, 1, 5, False),
    "linspace with its step": lambda ops: ops.linspace(0.0, 1.0, 5, True, True),
    "logaddexp2": lambda ops: ops.logaddexp2(X, Y),
    "logspace": lambda ops: ops.logspace(0, 2, 4),
    "logsumexp": lambda ops: ops.logsumexp(X),
    "logsumexp over an axis": lambda ops: ops.logsumexp(X, 1, True),
    "max_pool": lambda ops: ops.max_pool(IMAGES, (3, 2), 2, "same"),
    "max_pool 1-D": lambda ops: ops.max_pool(SEQUENCES, 2),
    "mean": lambda ops: ops.mean(X, -1),
    "moments": lambda ops: ops.moments(X, [0], True),
    "moveaxis": lambda ops: ops.moveaxis(IMAGES, 1, -1),
    "multi_hot": lambda ops: ops.multi_hot(np.array([[0, 1], [2, 2]]), 4),
    "nan_to_num": lambda ops: ops.nan_to_num(NANS, 0.5),
    **{
        name: lambda ops, name=name: getattr(ops, name)(NANS, 1)
        for name in ("nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar")
    },
    "ndim": lambda ops: ops.ndim(X),
    "norm": lambda ops: ops.norm(X, 1, 1),
    "normalize": lambda ops: ops.normalize(X),
    "normalize by the sum": lambda ops: ops.normalize(X, 0, 1),
    "normalize zeros": lambda ops: ops.normalize(0 * X),
    "one_hot": lambda ops: ops.one_hot(LABELS, 4),
    "one_hot along an axis": lambda ops: ops.one_hot(LABELS, 4, 0),
    "ones": lambda ops: ops.ones((2, 3)),
    "pad": lambda ops: ops.pad(X, [[1, 0], [0, 2]], "constant", 5),
    "pad by reflection": lambda ops: ops.pad(X, ((1, 1), (2, 0)), mode="reflect"),
    "percentile": lambda ops: ops.percentile(X, 30, 1),
    "psnr": lambda ops: ops.psnr(X, Y, 3),
    "ptp": lambda ops: ops.ptp(X, 1),
    "quantile": lambda ops: ops.quantile(X, 0.3, 1, "nearest", True),
    "rad2deg": lambda ops: ops.rad2deg(X),
    "ravel": lambda ops: ops.ravel(X),
    "repeat": lambda ops: ops.repeat(X, 2, 0),
    "reshape": lambda ops: ops.reshape(X, (2, -1)),
    "rms_normalization": lambda ops: ops.rms_normalization(X),
    "rms_normalization scaled": lambda ops: ops.rms_normalization(X, V, -1, 0.1),
    "roll": lambda ops: ops.roll(X, 1, 0),
    **{f"rot90 {k}": lambda ops, k=k: ops.rot90(X, k) for k in (-1, 1, 2, 3)},
    "scatter": lambda ops: ops.scatter(LABELS[:, None], V[:3], (5,)),
    "scatter of rows": lambda ops: ops.scatter(IDS[:, None], X, (4, 4)),
    "scatter_update": lambda ops: ops.scatter_update(X, LABELS[::2, None], Y[:2]),
    "scatter_update adding": lambda ops: ops.scatter_update(V, LABELS[:, None], V[:3], "add"),
    "searchsorted": lambda ops: ops.searchsorted(np.sort(V), X[0], "right"),
    "segment_max": lambda ops: ops.segment_max(X, IDS),
    "segment_min": lambda ops: ops.segment_min(X, IDS, 4),
    "segment_sum": lambda ops: ops.segment_sum(X, IDS, 4),
    "select": lambda ops: ops.select([X > 1, X > 0], [Y, 2 * Y], -1),
    "separable_conv": lambda ops: ops.separable_conv(
        IMAGES, IMAGES[0, :3, :2, :, None], IMAGES[:1, :1, :4, :3], 2, "same"
    ),
    "signbit": lambda ops: ops.signbit(X),
    "sinc": lambda ops: ops.sinc(X),
    "slice": lambda ops: ops.slice(X, [1, 1], [2, 2]),
    "slice_update": lambda ops: ops.slice_update(X, [1, 1], Y[:2, :2]),
    "solve": lambda ops: ops.solve(X[:, :3], Y[:, :2]),
    "solve a vector": lambda ops: ops.solve(X[:, :3], V[:3]),
    "sort": lambda ops: ops.sort(X, 0),
    "sparse_categorical_crossentropy": lambda ops: ops.sparse_categorical_crossentropy(
        LABELS, POSITIVE
    ),
    "sparse_categorical_crossentropy logits": lambda ops: ops.sparse_categorical_crossentropy(
        LABELS[:, None], X, True
    ),
    "split": lambda ops: ops.split(X, [1, 3], 1),
    "stack": lambda ops: ops.stack([X, Y], -1),
    "std": lambda ops: ops.std(X, 0, True),
    "take": lambda ops: ops.take(X, IDS),
    "take along an axis": lambda ops: ops.take(X, IDS, 1),
    "take_along_axis": lambda ops: ops.take_along_axis(X, LABELS[:, None], 1),
    "tile": lambda ops: ops.tile(X, (2, 1)),
    "top_k": lambda ops: ops.top_k(X, 2, True),
    "transpose": lambda ops: ops.transpose(IMAGES, (0, 3, 1, 2)),
    "trapezoid": lambda ops: ops.trapezoid(X, axis=0),
    "trapezoid at places": lambda ops: ops.trapezoid(X, np.sort(V)),
    "tri": lambda ops: ops.tri(3, 2, -1),
    "true_divide": lambda ops: ops.true_divide(X, POSITIVE),
    "unravel_index": lambda ops: ops.unravel_index(LABELS, (2, 3)),
    "vdot": lambda ops: ops.vdot(V, V),
    "vsplit": lambda ops: ops.vsplit(X, [1]),
    "zeros": lambda ops: ops.zeros([2, 3], "int32"),
}


def values(y):
    """NumPy arrays of a result that may be several."""
    if isinstance(y, (list, tuple)):
        return [value for part in y for value in values(part)]
    y = y.detach().cpu().numpy() if hasattr(y, "detach") else y
    return [np.asarray(to_cpu(getattr(y, "_array", y)))]


@pytest.mark.parametrize("name", CALLS)
def test_a_call_has_the_value_of_keras(name):
    call = CALLS[name]
    ours, theirs = values(call(ops)), values(call(keras.ops))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)
