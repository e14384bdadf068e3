"""Regularizers: their values, their gradients to second order, and the names."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from minigrad import Tensor, check_grads, grad, regularizers
from minigrad.regularizers import L1, L1L2, L2, OrthogonalRegularizer

WEIGHTS = [0.5, -1.0, 2.0]
EVERY = [
    L1(0.3),
    L2(0.2),
    L1L2(0.3, 0.2),
    OrthogonalRegularizer(0.7),
    OrthogonalRegularizer(0.7, "columns"),
]


@pytest.mark.parametrize(
    "regularizer, value",
    [
        (L1(0.01), 0.035),
        (L2(0.01), 0.0525),
        (L1L2(0.01, 0.01), 0.0875),
        (L1L2(), 0.0),
        (L1L2(l2=0.01), 0.0525),
    ],
    ids=repr,
)
def test_values(regularizer, value, device):
    penalty = regularizer(Tensor(WEIGHTS, device=device))
    assert penalty.shape == ()
    assert penalty.dtype == np.float32
    assert penalty.device == device
    assert penalty.item() == pytest.approx(value, rel=1e-6)


def test_slopes():
    w = Tensor(WEIGHTS, requires_grad=True)
    slope = {
        name: grad(regularizer(w), [w])[0].numpy()
        for name, regularizer in {"l1": L1(0.01), "l2": L2(0.01), "both": L1L2(0.01, 0.01)}.items()
    }
    assert_allclose(slope["l1"], 0.01 * np.sign(WEIGHTS))
    assert_allclose(slope["l2"], 0.02 * np.asarray(WEIGHTS), rtol=1e-6)
    assert_allclose(slope["both"], slope["l1"] + slope["l2"], rtol=1e-6)


@pytest.mark.parametrize("regularizer", EVERY, ids=repr)
def test_gradients(regularizer, xp):
    x = np.random.default_rng(0).standard_normal((3, 4))
    check_grads(regularizer, xp.asarray(x + np.sign(x)), order=2)


def test_orthogonal():
    corner = np.array([[3.0, 0.0], [1.0, 1.0]])  # 45 degrees between the rows
    assert OrthogonalRegularizer(2.0)(Tensor(corner)).item() == pytest.approx(
        2 * 0.5**0.5, rel=1e-6
    )
    assert OrthogonalRegularizer(2.0, "columns")(Tensor(corner)).item() == pytest.approx(
        2 / 10**0.5, rel=1e-6
    )
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((5, 5)))[0]
    assert OrthogonalRegularizer(1.0)(Tensor(4 * rotation)).item() < 1e-6
    three = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])  # pairs: parallel, and twice orthogonal
    assert OrthogonalRegularizer(1.0)(Tensor(three)).item() == pytest.approx(1 / 3, rel=1e-6)
    assert OrthogonalRegularizer(1.0)(Tensor([[1.0, 2.0]])).item() == 0.0


def test_orthogonal_survives_a_row_of_zeros():
    w = Tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True)
    assert np.isfinite(grad(OrthogonalRegularizer()(w), [w])[0].numpy()).all()


def test_get():
    assert regularizers.get(None) is None
    for name, value in {
        "l1": 0.035,
        "L1": 0.035,
        "l2": 0.0525,
        "L2": 0.0525,
        "l1_l2": 0.0875,
        "L1L2": 0.0875,
    }.items():
        assert regularizers.get(name)(Tensor(WEIGHTS)).item() == pytest.approx(value, rel=1e-6)
    assert type(regularizers.get(L2)) is L2
    own = L1(0.5)
    assert regularizers.get(own) is own
    with pytest.raises(ValueError, match="unknown regularizer 'l1l3': did you mean 'l1_l2'"):
        regularizers.get("l1l3")


def test_refusals():
    for wrong in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="l2 must be a finite number >= 0"):
            L2(wrong)
    with pytest.raises(ValueError, match="mode"):
        OrthogonalRegularizer(mode="diagonals")
    with pytest.raises(ValueError, match="matrix.*\\(3,\\)"):
        OrthogonalRegularizer()(Tensor(WEIGHTS))


def test_a_numpy_factor_keeps_float32():
    assert L1L2(np.float64(0.1), np.float64(0.1))(Tensor(WEIGHTS)).dtype == np.float32


def test_the_short_names_of_keras():
    assert regularizers.l2(0.1)(Tensor([2.0])).item() == regularizers.L2(0.1)(Tensor([2.0])).item()
    assert regularizers.l1 is regularizers.L1
    assert regularizers.l1_l2 is regularizers.L1L2


def test_penalties_have_the_dtype_of_the_weights():
    for regularizer in EVERY:
        for dtype in ("float32", "float64"):
            assert regularizer(np.full((3, 2), 0.5, dtype)).dtype == dtype
