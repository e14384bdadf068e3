"""The Siamese network and triplets: one shared encoder, pairs, distances, what is learned."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad import grad
from minigrad.layers import Dense
from models.study import siamese

(X, Y), (X_TEST, Y_TEST) = siamese.load()


@pytest.mark.parametrize("k, count", [(2, 13_186), (16, 14_096)])
def test_parameters(k, count):
    network = siamese.encoder(k)
    assert network.count_params() == count
    assert network(X[:3]).shape == (3, k)


# ---- one encoder, two images ---------------------------------------------------------------------


def test_both_inputs_go_through_one_encoder(device):
    network = siamese.encoder(2)
    pairs = siamese.siamese(network)
    assert pairs.count_params() == network.count_params()
    found = pairs.predict([X[:5], X[5:10]], verbose=0)
    apart = np.linalg.norm(siamese.embed(network, X[:5]) - siamese.embed(network, X[5:10]), axis=1)
    assert np.allclose(found, apart, atol=1e-5)
    turned = pairs.predict([X[5:10], X[:5]], verbose=0)
    assert np.allclose(found, turned, atol=1e-6)


def test_a_pair_of_one_image_has_a_finite_gradient():
    network = siamese.encoder(2)
    pairs = siamese.siamese(network)
    distance = pairs([X[:2], X[:2]])
    assert np.allclose(distance.numpy(), 1e-6)
    for slope in grad(distance.sum(), network.trainable_weights):
        assert not slope.numpy().any()


# ---- pairs ---------------------------------------------------------------------------------------


def test_half_of_the_pairs_are_drawn_alike():
    minigrad.seed(0)
    left, right = siamese.draw_pairs(Y, 4000)
    assert (Y[left] == Y[right]).mean() == pytest.approx(0.5 + 0.5 * 0.1, abs=0.03)
    assert set(Y[left]) == set(Y[right]) == set(range(10))
    few = np.array([5, 3, 5, 9])  # labels need not begin at 0, nor be there more than once
    left, right = siamese.draw_pairs(few, 4000)
    assert set(left) == set(right) == {0, 1, 2, 3}
    # a 3 (or 9) meets itself in half of its pairs and by chance in one of four of the others
    assert (few[left] == few[right])[left == 1].mean() == pytest.approx(5 / 8, abs=0.05)


def test_all_pairs_thresholds_and_scores():
    rows, labels = np.array([[0.0], [1.0], [4.0], [4.5]]), np.array([0, 0, 1, 1])
    is_same, distances = siamese.all_pairs(rows, labels)
    assert distances.tolist() == [1, 4, 4.5, 3, 3.5, 0.5]
    assert is_same.tolist() == [True, False, False, False, False, True]
    assert siamese.auc(is_same, distances) == 1
    assert siamese.balanced_accuracy(is_same, distances, 2.0) == 1
    assert siamese.balanced_accuracy(is_same, distances, 0.7) == 0.75
    assert siamese.balanced_accuracy(is_same, distances, 3.2) == 0.875
    assert siamese.best_threshold(is_same, distances) == 1
    assert siamese.balanced_accuracy(is_same, distances, 1.0) == 1
    assert siamese.auc(is_same, -distances) == 0


def test_disjoint_pairs_share_no_image():
    left, right = np.triu_indices(30, 1)
    chosen = siamese.disjoint_pairs(left, right, np.arange(len(left))[::-1])
    images = [*left[chosen], *right[chosen]]
    assert len(chosen) == 10 and len(set(images)) == 20
    assert chosen[0] == len(left) - 1


# ---- learning ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, steps", [("contrastive", 120), ("triplet", 60), ("hardest", 100)])
def test_sixteen_numbers_soon_verify_better_than_pixels(kind, steps):
    minigrad.seed(0)
    network = siamese.fit(kind, siamese.encoder(16), X, Y, steps)
    learned = siamese.auc(*siamese.all_pairs(siamese.embed(network, X_TEST), Y_TEST))
    pixels = siamese.auc(*siamese.all_pairs(siamese.as_rows(X_TEST), Y_TEST))
    assert pixels < 0.9 and learned > 0.94
    assert network.layers[-1].units == 16 and isinstance(network.layers[-1], Dense)


def test_the_hardest_triplets_collapse_in_the_plane():
    minigrad.seed(0)
    network = siamese.fit("hardest", siamese.encoder(2), X, Y, 200)
    rows = siamese.embed(network, X_TEST)
    loss = siamese.TripletHardLoss(1.0)(Y_TEST, rows).item()
    assert loss == pytest.approx(1, abs=0.02) and np.ptp(rows, axis=0).max() < 0.1


# ---- the whole -----------------------------------------------------------------------------------

SHORT = {"steps": 2, "unseen_steps": 1, "batch_size": 64, "verbose": 0}


def test_train_report_and_pictures(tmp_path):
    models, metrics = siamese.train(**SHORT)
    assert len(models) == 6 + 10
    assert {target.split()[0] for target in siamese.TARGETS} <= metrics.keys()
    assert metrics["accuracy_pixels"] == pytest.approx(0.9833, abs=1e-3)
    assert metrics["accuracy_pca_2"] == pytest.approx(0.611, abs=5e-3)
    assert metrics["unseen_auc_pixels"] == pytest.approx(0.874, abs=2e-3)
    gap = metrics["unseen_auc_triplet"] - metrics["unseen_auc_pixels"]
    assert metrics["unseen_auc_minus_pixels_triplet"] == gap
    assert siamese.report(models).splitlines()[1].startswith("  8 and 9: pixels 0.761, contr")
    siamese.pictures(models, tmp_path)
    names = ["embeddings", "embeddings_16", "neighbors", "roc", "wrong_pairs"]
    assert {file.stem for file in tmp_path.iterdir()} == set(names)
    assert not pyplot.get_fignums()


def test_encoders_that_never_see_two_digits(monkeypatch):
    """What is given to the encoders named after digits holds none of them."""
    given = []

    def fit(kind, network, x, y, *arguments):
        given.append(set(y.tolist()))
        return network

    monkeypatch.setattr(siamese, "fit", fit)
    for slow in ("verify", "baselines", "unseen_metrics"):
        monkeypatch.setattr(siamese, slow, lambda *arguments: {})
    siamese.train(**SHORT)
    wanted = [set(range(10)) - set(digits) for digits in siamese.UNSEEN for _ in range(2)]
    assert given == [set(range(10))] * 6 + wanted


def test_a_seed_fixes_the_training():
    assert SHORT.keys() <= inspect.signature(siamese.train).parameters.keys()
    first, second = (
        siamese.fit("contrastive", siamese.encoder(2), X[:200], Y[:200], 3).get_weights()
        for _ in range(2)
        if minigrad.seed(5) is None
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second))
