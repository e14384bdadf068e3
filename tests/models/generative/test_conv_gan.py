"""The convolutional GAN: parameters, its train_step, both forms, noise of mean -1, pictures."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad import Tensor, grad, ops, training
from minigrad.layers import BatchNormalization
from minigrad.optimizers import SGD
from models.common import judge, results
from models.generative import conv_gan

X = conv_gan.load()


def made(width=2, make_discriminator=conv_gan.make_discriminator, mean=0.0):
    minigrad.seed(0)
    model = conv_gan.ConvGAN(conv_gan.make_generator(width), make_discriminator(width), mean)
    model.compile(SGD(0.1), SGD(0.1))
    return model


def test_targets_can_be_read():
    metrics = dict.fromkeys((target.split()[0] for target in conv_gan.TARGETS), 1.0)
    assert all(results.is_met(target, metrics) in (True, False) for target in conv_gan.TARGETS)


def test_parameters():
    assert conv_gan.make_generator().count_params() == 865_281
    assert conv_gan.make_known_discriminator().count_params() == 6_637_058
    assert conv_gan.make_discriminator().count_params() == 219_138


def test_shapes():
    model = made()
    images = conv_gan.sample(model, 3)
    assert images.shape == (3, 28, 28, 1) and np.abs(images).max() < 1
    assert model.discriminator(images).shape == (3, 2)
    assert not any(isinstance(layer, BatchNormalization) for layer in model.discriminator.layers)


# ---- the train_step ------------------------------------------------------------------------------


def test_the_loss_of_two_logits():
    logits = np.random.default_rng(0).standard_normal((5, 2))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    for label in (conv_gan.FAKE, conv_gan.REAL):
        expected = -np.log(p[:, label]).mean()
        assert np.isclose(float(conv_gan.loss_as(label, Tensor(logits))), expected)


@pytest.mark.parametrize("known", [False, True])
def test_a_step_is_against_both_gradients(known):
    """D's on fakes and real images in two batches, then G's on fresh noise against the new D."""
    kind = conv_gan.make_known_discriminator if known else conv_gan.make_discriminator
    model, twin = made(2, kind, -1.0), made(2, kind, -1.0)
    minigrad.seed(3)
    logs = model.train_step(X[:8])
    minigrad.seed(3)
    d, g = twin.discriminator.trainable_weights, twin.generator.trainable_weights
    with training():
        fakes = twin.generator(minigrad.random.normal_like((8, 100), like=X) - 1).detach()
        p_fake = ops.softmax(twin.discriminator(fakes))
        p_real = ops.softmax(twin.discriminator(X[:8]))
    loss = -ops.log(p_fake[:, 0]).mean() - ops.log(p_real[:, 1]).mean()
    assert logs["d_loss"] == pytest.approx(float(loss), rel=1e-5)
    for p, slope in zip(d, grad(loss, d)):
        p.assign(p.data - 0.1 * slope.data)
    with training():
        fakes = twin.generator(minigrad.random.normal_like((8, 100), like=X) - 1)
        loss = -ops.log(ops.softmax(twin.discriminator(fakes))[:, 1]).mean()
    assert logs["g_loss"] == pytest.approx(float(loss), rel=1e-5)
    for p, slope in zip(g, grad(loss, g)):
        p.assign(p.data - 0.1 * slope.data)
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        assert np.allclose(ours, theirs, atol=1e-5)


def test_a_step_on_every_device(device):
    model = made()
    logs = model.fit(X[:16], batch_size=8, epochs=2, verbose=0).history
    assert np.isfinite([*logs["g_loss"], *logs["d_loss"]]).all()


def test_noise_has_the_mean_asked_for():
    model = made(mean=-1.0)
    minigrad.seed(0)
    assert abs(model.noise(np.zeros((200, 1), "float32")).mean() + 1) < 0.02
    drawn = {}
    for mean in (None, -1.0, 0.0):
        minigrad.seed(0)
        drawn[mean] = conv_gan.sample(model, 4, mean)
    assert (drawn[None] == drawn[-1.0]).all()
    assert np.abs(drawn[-1.0] - drawn[0.0]).max() > 1e-3


# ---- training ------------------------------------------------------------------------------------


def test_before_training_the_tutorials_losses_are_those_of_keras():
    minigrad.seed(0)
    _, losses = conv_gan.train_known(1)
    assert losses["g_loss"][0] == pytest.approx(0.690, abs=0.02)
    assert losses["d_loss"][0] == pytest.approx(1.366, abs=0.1)


def test_the_course_of_the_tutorial():
    """A narrow one learns; each figure is the mean of 50 steps."""
    minigrad.seed(0)
    _, losses = conv_gan.train_known(20, width=8)
    assert losses["d_loss"][-10:].mean() < 0.9 * losses["d_loss"][1]
    steps = {"g_loss": np.arange(130.0), "d_loss": -np.arange(130.0)}
    assert conv_gan.course(steps) == {
        "known_g_loss_at_0": 0,
        "known_g_loss_at_50": 25.5,
        "known_g_loss_at_100": 75.5,
        "known_d_loss_at_0": 0,
        "known_d_loss_at_50": -25.5,
        "known_d_loss_at_100": -75.5,
    }


def test_it_learns(tmp_path):
    start = judge.load(28).score(conv_gan.sample(made(8), 300))
    options = {"known_steps": 2, "known_width": 1, "judged": 300, "verbose": 0}
    model, metrics = conv_gan.train(132, 8, 32, 2e-3, 0.97, fault_steps=132, **options)
    assert metrics["frechet_distance"] < 0.6 * start["frechet_distance"]
    assert metrics["classes"] >= 3
    assert metrics["mean_ratio_of_distances"] > 1.2
    assert "trained on mean -1" in conv_gan.report(model, judged=200)
    del model.beside.film.frames[3:]
    conv_gan.pictures(model, tmp_path)
    names = {"losses", "known_losses", "repaired", "known", "noise", "film"}
    assert {path.stem for path in tmp_path.iterdir()} == names
    assert not pyplot.get_fignums()


def test_one_seed_gives_the_same_bits():
    options = {"known_steps": 1, "known_width": 1, "fault_steps": 1, "judged": 100, "verbose": 0}
    runs = [conv_gan.train(1, 2, 500, fault="mean", **options) for _ in range(2)]
    assert runs[0][1] == runs[1][1]
    assert runs[0][0].noise_mean == -1


def test_weights_from_a_file_draw_the_same_samples(tmp_path):
    model, again = made(), made()
    model.train_step(X[:8])
    model.save_weights(tmp_path / "gan.safetensors")
    again.load_weights(tmp_path / "gan.safetensors")
    noise = np.random.default_rng(0).standard_normal((3, 100), np.float32)
    assert (again.predict(noise, verbose=0) == model.predict(noise, verbose=0)).all()


def test_samples_before_training_are_noise_and_are_called_so():
    assert "is untrained" in judge.load(28).report({"GAN": conv_gan.sample(made(), 200)})


def test_images_on_another_scale_are_refused():
    model = made()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"conv_gan: pixels in 0\.\.1: .* 2 \* x - 1 for images"):
        model.fit((X[:8] + 1) / 2, batch_size=8, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
