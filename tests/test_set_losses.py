"""Losses of a batch as a whole, and for noisy labels: formulas, gradients, figures of Keras."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import minigrad
from minigrad import Tensor, check_grads, losses
from minigrad.backend import to_cpu
from minigrad.losses import CategoricalGeneralizedCrossEntropy, Circle, Dice, Tversky

rng = np.random.default_rng(0)
BITS = rng.integers(0, 2, (3, 4, 2)).astype(float)
SHARES = rng.uniform(0.1, 0.9, (3, 4, 2))
LABELS = np.array([0, 1, 0, 1, 2])
EMBEDDINGS = rng.standard_normal((5, 4))
EMBEDDINGS /= np.linalg.norm(EMBEDDINGS, axis=1, keepdims=True)


@pytest.mark.parametrize("axis", [None, 1, (1, 2)])
def test_overlap(axis, xp):
    t, p = xp.asarray(BITS), Tensor(xp.asarray(SHARES), dtype="float64")
    hits, sizes = (BITS * SHARES).sum(axis), BITS.sum(axis) + SHARES.sum(axis)
    assert_allclose(to_cpu(losses.dice(t, p, axis).data), 1 - 2 * hits / sizes, rtol=1e-6)
    assert_allclose(Dice(axis=axis)(t, p).item(), (1 - 2 * hits / sizes).mean(), rtol=1e-6)
    missed, extra = (BITS * (1 - SHARES)).sum(axis), ((1 - BITS) * SHARES).sum(axis)
    wanted = 1 - hits / (hits + 0.3 * missed + 0.7 * extra)
    assert_allclose(to_cpu(losses.tversky(t, p, 0.3, 0.7, axis).data), wanted, rtol=1e-6)
    assert_allclose(Tversky(0.3, 0.7, axis=axis)(t, p).item(), wanted.mean(), rtol=1e-6)
    assert_allclose(Tversky()(t, p).item(), Dice()(t, p).item(), rtol=1e-6)
    check_grads(lambda p: losses.dice(t, p, axis), p, order=2)
    check_grads(lambda p: losses.tversky(t, p, 0.3, 0.7, axis), p, order=2)


def test_nothing_overlaps_nothing():
    assert Dice()(np.zeros((2, 3)), np.zeros((2, 3))).item() == 1
    assert Dice()(np.ones((2, 3)), np.ones((2, 3))).item() == pytest.approx(0, abs=1e-6)


def test_noisy_labels(xp):
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]])
    labels, shares = xp.asarray([0, 2]), Tensor(xp.asarray(p), dtype="float64")
    each = losses.categorical_generalized_cross_entropy(labels, shares, 0.5)
    assert_allclose(to_cpu(each.data), [0.32667994, 0.90455484], rtol=1e-6)  # Keras's
    assert CategoricalGeneralizedCrossEntropy(0.9)(labels, shares).item() == pytest.approx(
        0.52011037, rel=1e-6
    )
    check_grads(
        lambda p: losses.categorical_generalized_cross_entropy(labels, p, 0.5), shares, order=2
    )
    for q in (0, 1, 1.5):
        with pytest.raises(ValueError, match=r"q must be in \(0, 1\)"):
            CategoricalGeneralizedCrossEntropy(q)
        with pytest.raises(ValueError, match=r"q must be in \(0, 1\)"):
            losses.categorical_generalized_cross_entropy([0], [[1.0]], q)


def circle_by_pairs(labels, e, gamma, margin, diagonal=False):
    """Pair by pair, as the paper writes it."""
    found = []
    for i, anchor in enumerate(e):
        like = unlike = 0.0
        for j, other in enumerate(e):
            s = anchor @ other
            if labels[i] != labels[j]:
                unlike += np.exp(gamma * max(s + margin, 0) * (s - margin))
            elif i != j or diagonal:
                like += np.exp(gamma * max(1 + margin - s, 0) * (1 - margin - s))
        found.append(np.log1p(like * unlike))
    return np.array(found)


@pytest.mark.parametrize("gamma, margin, diagonal", [(5.0, 0.4, False), (3.0, 0.2, True)])
def test_circle(gamma, margin, diagonal, xp):
    labels, e = xp.asarray(LABELS), Tensor(xp.asarray(EMBEDDINGS), dtype="float64")
    options = {"remove_diagonal": not diagonal, "gamma": gamma, "margin": margin}
    each = losses.circle(labels, e, **options)
    wanted = circle_by_pairs(LABELS, EMBEDDINGS, gamma, margin, diagonal)
    assert_allclose(to_cpu(each.data), wanted, rtol=1e-6, atol=1e-12)
    pairs = slice(None) if diagonal else slice(4)  # the last class has one embedding alone
    assert_allclose(Circle(**options)(labels, e).item(), wanted[pairs].mean(), rtol=1e-6)
    check_grads(lambda e: losses.circle(labels, e, **options), e, order=2)


def test_circle_beside_references():
    e = Tensor(EMBEDDINGS, dtype="float64")
    options = {"remove_diagonal": False, "gamma": 5.0}
    same = losses.circle(LABELS, e, LABELS, e, **options)
    assert_allclose(same.numpy(), losses.circle(LABELS, e, **options).numpy())
    with pytest.raises(ValueError, match=r"shapes \(5,\) and \(3,\), embeddings \(5, 4\)"):
        losses.circle(LABELS, e, LABELS[:3], e)


@pytest.mark.parametrize("name", ["dice", "tversky", "circle", Dice, "Circle"])
def test_a_model_learns_with_it(name):
    minigrad.seed(0)
    x = rng.standard_normal((60, 3)).astype("float32")
    y = (x[:, 0] > 0).astype("float32")
    layers = minigrad.layers
    head = [layers.Dense(1, activation="sigmoid")]
    if str(name).lower() == "circle":
        head = [layers.Dense(2), layers.UnitNormalization()]
    model = minigrad.Sequential([layers.Input((3,)), *head])
    model.compile(minigrad.optimizers.Adam(0.05), name)
    targets = y if str(name).lower() == "circle" else y[:, None]
    history = model.fit(x, targets, epochs=4, batch_size=20, verbose=0).history["loss"]
    assert history[-1] < 0.9 * history[0]


# ---- options of all losses -----------------------------------------------------------------------


def test_the_dtype_to_compute_in():
    t, p = np.ones((2, 3)), Tensor(np.full((2, 3), 0.3), dtype="float32", requires_grad=True)
    loss = losses.MeanSquaredError(dtype="float64")
    y = loss(t, p)
    assert y.dtype == "float64"
    y.backward()
    assert p.grad.dtype == np.float32
    assert losses.get("mse").dtype is None and losses.BinaryCrossentropy(dtype="float16")(
        t, np.full((2, 3), 0.5)
    ).dtype == ("float16")


def test_axes():
    t, p = rng.standard_normal((2, 3, 4))
    each = losses.cosine_similarity(t, p, axis=0)
    assert_allclose(each.numpy(), losses.cosine_similarity(t.T, p.T).numpy(), rtol=1e-6)
    assert losses.CosineSimilarity(axis=0)(t, p).item() == pytest.approx(each.numpy().mean())
    for call in (
        lambda: losses.CategoricalCrossentropy(axis=1),
        lambda: losses.binary_crossentropy(BITS, SHARES, axis=1),
    ):
        with pytest.raises(ValueError, match="along the last axis, not 1: move them there, mini"):
            call()


def test_spellings():
    """The strings and short names of Keras, old and new."""
    spellings = """
    mse MSE mean_squared_error MeanSquaredError mae MAE mean_absolute_error mape MAPE msle MSLE
    bce BCE binary_crossentropy BinaryCrossentropy kld KLD kl_divergence KLDivergence
    kullback_leibler_divergence logcosh log_cosh LogCosh huber huber_loss Huber hinge squared_hinge
    categorical_hinge cosine_similarity cosine_proximity poisson sparse_categorical_crossentropy
    categorical_crossentropy CategoricalCrossentropy BinaryFocalCrossentropy dice Dice tversky
    Tversky circle Circle categorical_focal_crossentropy mean_absolute_percentage_error
    mean_squared_logarithmic_error
    """
    for name in spellings.split():
        assert isinstance(losses.get(name), losses.Loss), name
    short = "mse MSE mae MAE mape MAPE msle MSLE bce BCE kld KLD logcosh"
    for name in short.split():
        full = getattr(losses, name)
        assert full is getattr(losses, losses.get(name).name), name
