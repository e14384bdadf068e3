"""Triplet losses: values by hand, each pair of a batch in turn, gradients, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import minigrad
from minigrad import Tensor, check_grads, grad, losses
from minigrad.backend import to_cpu
from minigrad.losses import TripletHardLoss, TripletSemiHardLoss

rng = np.random.default_rng(7)
LABELS = np.array([0, 1, 0, 1, 2, 0, 2, 3])  # of class 3 there is one
EMBEDDINGS = rng.standard_normal((8, 3))
LINE = np.array([[0.0], [1.0], [1.5], [4.0]])
PAIRED = np.array([0, 0, 1, 1])


def distance(a, b, metric):
    if metric == "angular":
        return 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    squared = ((a - b) ** 2).sum()
    return squared if metric == "squared-L2" else squared**0.5


def anchor_by_anchor(labels, embeddings, loss, metric="L2"):
    """The loss of each anchor from loss(positives, negatives), and whether it has a triplet."""
    each = []
    for i, anchor in enumerate(embeddings):
        d = np.array([distance(anchor, other, metric) for other in embeddings])
        like = labels == labels[i]
        negatives = d[~like]
        like[i] = False
        each.append(loss(d[like], negatives) if like.any() and negatives.size else np.nan)
    return np.array(each)


def semihard(margin):
    def loss(positives, negatives):
        losses = []
        for p in positives:
            beyond = negatives[negatives > p]
            negative = beyond.min() if beyond.size else negatives.max()
            losses.append(max(margin + p - negative, 0))
        return np.mean(losses)

    return loss


def hard(margin, soft=False):
    def loss(positives, negatives):
        excess = positives.max() - negatives.min()
        return np.log1p(np.exp(excess)) if soft else max(margin + excess, 0)

    return loss


CASES = [
    (losses.triplet_semi_hard_loss, TripletSemiHardLoss, semihard, {"margin": 1.0}),
    (losses.triplet_semi_hard_loss, TripletSemiHardLoss, semihard, {"margin": 0.2}),
    (losses.triplet_hard_loss, TripletHardLoss, hard, {"margin": 1.0}),
    (losses.triplet_hard_loss, TripletHardLoss, hard, {"margin": 0.1}),
    (losses.triplet_hard_loss, TripletHardLoss, hard, {"margin": 1.0, "soft": True}),
]
LOSSES = [losses.triplet_semi_hard_loss, losses.triplet_hard_loss]


# ---- values --------------------------------------------------------------------------------------


def test_a_line_by_hand():
    """0 and 1 of class 0, 1.5 and 4 of class 1, margin 1.

    Semi-hard: 0 to 1 is 1, beyond it 1.5: 1 + 1 - 1.5. 1 to 0 is 1, beyond it 3: 0. 1.5 to 4 is
    2.5, nothing is beyond it, the farthest is 1.5: 2. 4 to 1.5 is 2.5, beyond it 3: 0.5.
    Hard: 0.5; 1 + 1 - 0.5; 1 + 2.5 - 0.5; 1 + 2.5 - 3.
    """
    assert losses.triplet_semi_hard_loss(PAIRED, LINE).numpy().tolist() == [0.5, 0, 2, 0.5]
    assert losses.triplet_hard_loss(PAIRED, LINE).numpy().tolist() == [0.5, 1.5, 3, 0.5]
    assert TripletSemiHardLoss()(PAIRED, LINE).item() == 0.75
    assert TripletHardLoss(reduction="sum")(PAIRED, LINE).item() == 5.5


def test_given_triplets_by_hand(xp):
    anchor, positive, negative = (
        xp.asarray(rows, dtype="float64")
        for rows in ([[0, 0], [1, 0]], [[3, 4], [1, 0]], [[0, 5], [1, 3]])
    )
    for metric, wanted in (
        ("L2", [1.0, 0.0]),  # 1 + 5 - 5; 1 + 0 - 3
        ("squared-L2", [1.0, 0.0]),  # 1 + 25 - 25; 1 + 0 - 9
    ):
        each = losses.triplet_margin_loss(anchor, positive, negative, distance_metric=metric)
        assert to_cpu(each.data).tolist() == wanted
    wide = losses.triplet_margin_loss(anchor, positive, negative, margin=5.0)
    assert to_cpu(wide.data).tolist() == [5.0, 2.0]
    angles = losses.triplet_margin_loss(
        positive, negative, anchor + 1, margin=0.5, distance_metric="angular"
    )
    # cosines: 4 / 5 and 1 / sqrt(10) to the positives, 7 / sqrt(50) and 2 / sqrt(5) beyond
    wanted = 0.5 - np.array([0.8, 10**-0.5]) + np.array([7 / 50**0.5, 2 / 5**0.5])
    assert_allclose(to_cpu(angles.data), wanted, rtol=1e-6)


@pytest.mark.parametrize("metric", losses.DISTANCES)
@pytest.mark.parametrize("function, kind, formula, options", CASES)
def test_each_anchor_in_turn(function, kind, formula, options, metric, xp, same_dtype):
    wanted = anchor_by_anchor(LABELS, EMBEDDINGS, formula(**options), metric)
    labels, e = xp.asarray(LABELS), Tensor(xp.asarray(EMBEDDINGS), dtype="float64")
    each = function(labels, e, distance_metric=metric, **options)
    assert_allclose(to_cpu(each.data), np.nan_to_num(wanted), rtol=1e-6, atol=1e-9)
    assert_array_equal(to_cpu(each.mask), np.isfinite(wanted))
    loss = kind(distance_metric=metric, **options)
    assert loss(labels, e).item() == pytest.approx(np.nanmean(wanted), rel=1e-6)
    small = loss(labels, xp.asarray(EMBEDDINGS.astype("float32")))
    same_dtype("float32", small)
    assert small.item() == pytest.approx(np.nanmean(wanted), rel=1e-5)


def test_many_ties_and_a_large_batch():
    """Whole numbers on a line: equal distances everywhere, where the choice must be strict."""
    half = rng.integers(0, 6, (30, 1)).astype("float64")
    labels, e = rng.integers(0, 4, 60), np.concatenate([half, -half])  # whose mean is 0
    wanted = anchor_by_anchor(labels, e, semihard(1.0))
    each = losses.triplet_semi_hard_loss(labels, Tensor(e, dtype="float64"))
    assert_allclose(each.numpy(), wanted, rtol=1e-9)


def test_far_from_the_origin_float32_keeps_its_digits():
    e = np.array([[0.0, 0], [0.25, 0], [0, 0.5], [2, 0]], "float32")
    labels = [0, 0, 1, 1]
    near, far = (losses.triplet_hard_loss(labels, e + shift).numpy() for shift in (0, 1000))
    assert_allclose(far, near, rtol=1e-5)


def test_equal_embeddings_are_at_distance_zero():
    """Rounding of the products would otherwise put copies at a distance of about 1e-4."""
    rows = rng.standard_normal((6, 40)).astype("float32")
    between = np.linalg.norm(rows[:, None] - rows, axis=-1) + 99 * np.eye(6)
    labels = np.repeat(np.arange(6), 2)
    each = losses.triplet_hard_loss(labels, rows[labels], margin=20.0).numpy()
    assert_allclose(each, 20 - between.min(1)[labels], rtol=1e-6)


def test_weights_and_float16():
    wanted = anchor_by_anchor(LABELS, EMBEDDINGS, semihard(1.0))
    w = rng.uniform(0, 2, 8)
    weighted = TripletSemiHardLoss()(LABELS, EMBEDDINGS, w).item()
    counted = np.isfinite(wanted)
    assert weighted == pytest.approx((w * wanted)[counted].sum() / counted.sum(), rel=1e-5)
    for function in LOSSES:
        half = function(LABELS, EMBEDDINGS.astype("float16"))
        assert half.dtype == np.float16 and half.mask.tolist() == counted.tolist()


# ---- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", losses.DISTANCES)
@pytest.mark.parametrize("function, kind, formula, options", CASES)
def test_gradients_to_second_order(function, kind, formula, options, metric, xp):
    labels, e = xp.asarray(LABELS), Tensor(xp.asarray(EMBEDDINGS), dtype="float64")
    check_grads(lambda e: function(labels, e, distance_metric=metric, **options), e, order=2)
    loss = kind(distance_metric=metric, **options)
    check_grads(lambda e: loss(labels, e), e, order=2)


@pytest.mark.parametrize("metric", losses.DISTANCES)
def test_gradients_of_given_triplets(metric, xp):
    triplet = [xp.asarray(rng.standard_normal((5, 3))) for _ in range(3)]
    check_grads(lambda a, p, n: losses.triplet_margin_loss(a, p, n, 2.0, metric), *triplet, order=2)


@pytest.mark.parametrize("function", LOSSES)
def test_equal_embeddings_have_a_finite_gradient(function, xp):
    """The slope of a square root is infinite at 0: a collapsed batch must not give NaN."""
    e = Tensor(xp.ones((8, 3)), requires_grad=True)
    each = function(xp.asarray(LABELS), e)
    assert_array_equal(to_cpu(each.data), np.isin(LABELS, [0, 1, 2]).astype("float32"))
    (slope,) = grad(each.sum(), [e], create_graph=True)
    (curvature,) = grad((slope * slope).sum() + slope.sum(), [e])
    assert (to_cpu(slope.data) == 0).all() and (to_cpu(curvature.data) == 0).all()


def test_an_equal_triplet_has_a_finite_gradient():
    point = Tensor(np.ones((1, 3)), requires_grad=True)
    loss = losses.triplet_margin_loss(point, point.numpy(), point.numpy() + 0.1)
    (slope,) = grad(loss.sum(), [point])
    assert_allclose(slope.numpy(), 3**-0.5, rtol=1e-4)  # away from the negative alone


# ---- batches without triplets --------------------------------------------------------------------


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 1, 2, 3]], ids=["one class", "all differ"])
@pytest.mark.parametrize("kind", [TripletSemiHardLoss, TripletHardLoss])
def test_no_valid_triplet_costs_nothing(kind, labels, xp):
    e = Tensor(xp.asarray(EMBEDDINGS[:4]), requires_grad=True)
    loss = kind()(xp.asarray(labels), e)
    assert loss.item() == 0
    (slope,) = grad(loss, [e])
    assert (to_cpu(slope.data) == 0).all()
    assert not to_cpu(kind(reduction=None)(xp.asarray(labels), e).data).any()


def test_soft_costs_nothing_without_a_triplet():
    assert TripletHardLoss(soft=True)([0, 1, 2], np.eye(3)).item() == 0


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("function", LOSSES)
def test_labels_that_do_not_fit(function):
    name = function.__name__
    with pytest.raises(
        ValueError, match=rf"{name}: labels of shape \(3,\) and .* \(8, 3\): one cl"
    ):
        function(LABELS[:3], EMBEDDINGS)
    with pytest.raises(ValueError, match=r"of one-hot rows take y_true.argmax\(-1\)"):
        function(np.eye(4)[LABELS], EMBEDDINGS)
    with pytest.raises(ValueError, match=r"embeddings of shape \(8, 3, 1\)"):
        function(LABELS, EMBEDDINGS[..., None])
    with pytest.raises(ValueError, match="y_true must hold class numbers, but it holds 0.5"):
        function(LABELS + np.eye(8)[0] / 2, EMBEDDINGS)
    column = function(LABELS[:, None], EMBEDDINGS).numpy()
    assert_array_equal(column, function(LABELS.astype("float64"), EMBEDDINGS).numpy())


def test_given_triplets_of_other_shapes():
    a = np.ones((4, 3))
    with pytest.raises(ValueError, match=r"one shape .*, got \(4, 3\), \(4, 3\) and \(3, 3\)"):
        losses.triplet_margin_loss(a, a, a[:3])


@pytest.mark.parametrize("kind", [TripletSemiHardLoss, TripletHardLoss])
def test_settings_that_do_not_fit(kind):
    with pytest.raises(ValueError, match="distance_metric of triplet.*squared-L2"):
        kind(distance_metric="squared")
    with pytest.raises(ValueError, match="margin of triplet_.*must be 0 or more, got -1"):
        kind(margin=-1.0)
    function = getattr(losses, kind().name)
    with pytest.raises(ValueError, match="distance_metric of triplet"):
        function(PAIRED, LINE, distance_metric="cosine")
    with pytest.raises(ValueError, match="distance_metric of triplet_margin_loss"):
        losses.triplet_margin_loss(LINE, LINE, LINE, distance_metric="cosine")
    with pytest.raises(ValueError, match="margin of triplet_margin_loss"):
        losses.triplet_margin_loss(LINE, LINE, LINE, margin=-1)


# ---- training ------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["triplet_semi_hard_loss", "TripletHardLoss", TripletHardLoss()])
def test_a_model_learns_with_it(loss, device):
    """Two of three features are noise: the learned plane looks at the one that tells classes."""
    minigrad.seed(0)
    labels = np.arange(60) % 3
    noise = rng.standard_normal((60, 2)) * 3
    x = np.column_stack([labels + 0.1 * rng.standard_normal(60), noise]).astype("float32")
    model = minigrad.Sequential([minigrad.layers.Input((3,)), minigrad.layers.Dense(2)])
    model.compile(minigrad.optimizers.Adam(0.05), loss)
    history = model.fit(x, labels, epochs=8, batch_size=20, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]
