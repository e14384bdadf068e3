"""Autoencoders: sizes, PCA, learning below PCA's error, noise, anomalies, pictures."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.decomposition import PCA

import minigrad
from models.generative import autoencoder

(X, Y), (X_TEST, Y_TEST) = autoencoder.load()


@pytest.mark.parametrize("k, count", [(2, 33_474), (8, 34_248), (16, 35_280)])
def test_parameters(k, count):
    model = autoencoder.dense(k)
    encoder, decoder = model.layers
    assert model.count_params() == count
    assert encoder(X[:3]).shape == (3, k)
    assert decoder(np.zeros((3, k), "f")).shape == (3, 64)


def test_parameters_of_the_convolutional_one():
    assert autoencoder.convolutional().count_params() == 46_033


def test_pca_is_that_of_scikit_learn():
    theirs = PCA(8).fit(X)
    expected = theirs.inverse_transform(theirs.transform(X_TEST))
    assert np.allclose(autoencoder.PCA(X, 8)(X_TEST), expected, atol=1e-5)


def test_two_numbers_soon_tell_more_than_those_of_pca():
    minigrad.seed(0)
    model = autoencoder.fit(autoencoder.dense(2), X, 600, 128, 2e-3)
    metrics = autoencoder.compare("2", model, autoencoder.PCA(X, 2), X_TEST)
    assert metrics["ratio_to_pca_2"] < 0.85
    assert metrics["mse_2"] == pytest.approx(metrics["ratio_to_pca_2"] * metrics["pca_mse_2"])
    assert model.optimizer.learning_rate == pytest.approx(0, abs=2e-5), "the cosine has ended"


def test_a_digit_left_out_is_found():
    minigrad.seed(0)
    model = autoencoder.fit(autoencoder.dense(8), X[Y != 0], 300, 128, 2e-3)
    assert autoencoder.auc(Y_TEST == 0, autoencoder.anomaly_score(model, X_TEST)) > 0.97


def test_the_denoising_one_removes_more_than_the_plain_one():
    noisy = autoencoder.add_noise(X_TEST, 0.5)
    errors = []
    for model in (autoencoder.dense(16), autoencoder.Denoising(16, 0.5)):
        minigrad.seed(0)
        autoencoder.fit(model, X, 600, 128, 2e-3)
        errors.append(autoencoder.mse(autoencoder.reconstruct(model, noisy), X_TEST))
    assert errors[1] < 0.9 * errors[0]


def test_noise_is_new_in_every_step_and_absent_in_prediction(device):
    model = autoencoder.Denoising(2, noise=100.0)
    model.compile("sgd", "mse")
    weights = model.get_weights()
    losses = []
    for _ in range(2):
        losses.append(model.train_on_batch(X[:8], X[:8]))
        model.set_weights(weights)
    assert losses[0] != losses[1]
    assert np.array_equal(model.predict(X[:8]), model.predict(X[:8]))


def test_train_report_and_pictures(tmp_path, device):
    models, metrics = autoencoder.train(
        steps=12, convolutional_steps=12, anomaly_steps=12, verbose=0
    )
    assert len(models) == 15
    targets = {target.split()[0] for target in autoencoder.TARGETS}
    assert targets <= metrics.keys()
    assert metrics["noisy_mse"] == pytest.approx(0.25, abs=0.02)
    assert autoencoder.report(models).splitlines()[9].startswith("  8: 0.")
    autoencoder.pictures(models, tmp_path)
    names = ["reconstructions", "denoising", "latent_plane", "decoded_plane", "anomalies"]
    assert {file.stem for file in tmp_path.iterdir()} == set(names)
    assert not pyplot.get_fignums()


def test_a_seed_fixes_the_training():
    flags = {"steps": 12, "convolutional_steps": 12, "anomaly_steps": 12, "verbose": 0}
    assert flags.keys() <= inspect.signature(autoencoder.train).parameters.keys()
    assert autoencoder.train(**flags)[1] == autoencoder.train(**flags)[1]
