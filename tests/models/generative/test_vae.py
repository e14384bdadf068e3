"""The VAE: parameters, both forms of the KL divergence, the bound, learning, samples, pictures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib import pyplot
from scipy import stats

import minigrad
from minigrad import check_grads, losses
from models.common import judge
from models.generative import vae

(X, _), (X_TEST, _) = vae.load()


def test_parameters():
    model = vae.VAE()
    assert model.encoder.count_params() == 16_640 + 32_896 + 2_064
    assert model.decoder.count_params() == 1_152 + 33_024 + 16_448
    assert model.count_params() == 102_224


# ---- the bound -----------------------------------------------------------------------------------


def test_the_two_forms_of_the_kl_divergence_agree():
    rng = np.random.default_rng(0)
    mean, log_variance = rng.standard_normal((2, 5, 8))
    closed = vae.kl_divergence(mean, log_variance)
    assert np.allclose(vae.sampled_kl(mean, log_variance, 200_000), closed, rtol=0.01)


def test_kl_divergence_of_what_is_known():
    """0 of the prior itself, m^2 / 2 of a shift; of a width s: (s^2 - 1) / 2 - log s."""
    zeros = np.zeros((1, 3))
    assert vae.kl_divergence(zeros, zeros) == 0
    assert math.isclose(vae.kl_divergence(zeros + 2, zeros)[0], 3 * 2)
    width = vae.kl_divergence(zeros, zeros + 2 * math.log(3))[0]
    assert math.isclose(width, 3 * (8 / 2 - math.log(3)))


def test_log_densities_are_those_of_scipy():
    z = np.random.default_rng(0).standard_normal((4, 6))
    assert np.allclose(vae.log_normal(z), stats.norm.logpdf(z).sum(-1))
    logits = 3 * z
    bits = (z > 0).astype(float)
    expected = stats.bernoulli.logpmf(bits, 1 / (1 + np.exp(-logits))).sum(-1)
    assert np.allclose(vae.log_likelihood(bits, logits), expected)


def test_the_likelihood_is_the_cross_entropy_of_gray_pixels():
    logits = np.random.default_rng(0).standard_normal((4, 64))
    entropy = losses.binary_crossentropy(X[:4].astype("d"), logits, from_logits=True)
    assert np.allclose(vae.log_likelihood(X[:4], logits), -64 * entropy, atol=1e-5)


def test_the_bound_is_below_the_likelihood():
    """With one latent number log p(x) is an integral that can be summed up."""
    minigrad.seed(1)
    model = vae.VAE(1, (8, 8))
    model.compile("adam")
    z = np.linspace(-8, 8, 4001, dtype="f")[:, None]
    logits = model.decoder.predict(z, verbose=0).astype("d")
    weights = stats.norm.logpdf(z[:, 0]) + math.log(16 / 4000)
    x = X_TEST[:20]
    exact = [np.logaddexp.reduce(vae.log_likelihood(row[None], logits) + weights) for row in x]
    bounds = vae.evaluate(model, x, draws=2000)
    assert bounds["elbo"] < np.mean(exact)
    mean, log_variance = model.encode(x)
    gap = np.mean(exact) - bounds["elbo"]  # = KL(q(z|x) || p(z|x)) >= 0
    posterior = []
    for i, row in enumerate(x):
        log_p = vae.log_likelihood(row[None], logits) + weights - exact[i]
        log_q = stats.norm.logpdf(z[:, 0], mean[i], np.exp(log_variance[i] / 2))
        log_q += math.log(16 / 4000)
        posterior.append((np.exp(log_q) * (log_q - log_p)).sum())
    assert math.isclose(gap, np.mean(posterior), abs_tol=0.02)


def test_gradients_go_through_the_draw(device, xp):
    """Reparameterization: noise that is given leaves a function of the parameters."""
    rng = np.random.default_rng(0)
    model = vae.VAE(2, (6, 5))
    x, noise = xp.asarray(rng.uniform(0.1, 0.9, (3, 64))), xp.asarray(rng.standard_normal((3, 2)))

    def loss(x, noise):
        return vae.negative_elbo(x, *model(x, noise))

    check_grads(loss, x, noise, parameters=model.weights, order=2)


# ---- training ------------------------------------------------------------------------------------


def test_it_learns_and_forgets_no_class():
    model, metrics = vae.train(steps=600, judged=1000, verbose=0)
    assert metrics["elbo"] > -25.5
    assert metrics["elbo"] == pytest.approx(metrics["log_likelihood"] - metrics["kl"])
    assert metrics["sampled_kl"] == pytest.approx(metrics["kl"], rel=0.05)
    assert metrics["classes"] == 10 and metrics["copying"] > 0.8
    assert metrics["ratio_to_gaussians"] < 12
    assert 2 <= metrics["latent_in_use"] <= 8
    losses = model.history.history
    assert losses["val_loss"][-1] < losses["val_loss"][0]
    assert (
        vae.train(steps=24, judged=100, verbose=0)[1]
        == vae.train(steps=24, judged=100, verbose=0)[1]
    )


def test_samples_before_training_are_noise_and_are_called_so():
    samples = 2 * vae.VAE().sample(200) - 1
    assert "is untrained" in judge.load(8).report({"VAE": samples})


def test_weights_from_a_file_draw_the_same_samples(tmp_path):
    minigrad.seed(5)
    model, again = vae.VAE(), vae.VAE()
    model.save_weights(tmp_path / "vae.safetensors")
    again.load_weights(tmp_path / "vae.safetensors")
    minigrad.seed(6)
    expected = model.sample(4)
    minigrad.seed(6)
    assert np.array_equal(again.sample(4), expected)


def test_report_and_pictures(tmp_path, device):
    model, _ = vae.train(steps=48, judged=100, verbose=0)
    report = vae.report(model, judged=200)
    assert "360 reconstructed test digits" in report and "\nVAE " in report
    vae.pictures(model, tmp_path)
    assert {file.stem for file in tmp_path.iterdir()} == {
        "elbo", "samples", "film", "reconstructions", "walks", "axes",
    }  # fmt: skip
    assert not pyplot.get_fignums()


def test_images_on_another_scale_are_refused():
    model = vae.VAE()
    model.compile("adam")
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"pixels in -1\.\.1: .* takes images in 0\.\.1"):
        model.fit(2 * X - 1, epochs=1, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_a_step_on_every_device(device):
    model = vae.VAE(2, (8, 8))
    model.compile("adam")
    first = model.train_on_batch(X[:32])
    for _ in range(30):
        last = model.train_on_batch(X[:32])
    assert last < first
    assert model.sample(3).shape == (3, 64)
