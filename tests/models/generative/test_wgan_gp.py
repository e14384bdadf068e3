"""WGAN-GP: parameters, the loss and its gradient, both steps, learning, pictures, errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib import pyplot
from torch.nn import functional

import minigrad
from minigrad import Sequential, check_grads, grad
from minigrad.layers import Dense, Flatten, Input
from minigrad.optimizers import SGD
from models.common import judge
from models.common.adversarial import sample
from models.generative import wgan_gp

X = wgan_gp.load()


def small(size=16, width=2):
    minigrad.seed(0)
    return wgan_gp.make_generator(size, width, 5), wgan_gp.make_critic(size, width)


def inputs(n=3, size=16):
    rng = np.random.default_rng(1)
    real, fakes = rng.uniform(-1, 1, (2, n, size, size, 1)).astype("float32")
    return real, fakes, rng.random((n, 1, 1, 1), np.float32)


def test_parameters_of_the_papers_code():
    assert wgan_gp.make_generator(28, 64).count_params() == 1_554_177
    assert wgan_gp.make_critic(28, 64).count_params() == 1_030_145
    assert wgan_gp.make_generator().count_params() == 97_473
    assert wgan_gp.make_critic().count_params() == 64_769


@pytest.mark.parametrize("size", [8, 16, 28])
def test_images_have_the_size_asked_for(size):
    g, f = small(size)
    images = sample(g, 2)
    assert images.shape == (2, size, size, 1)
    assert f(images).shape == (2, 1)


# ---- the loss ------------------------------------------------------------------------------------


def test_the_loss_of_a_linear_critic():
    """f(x) = w . x has the gradient w everywhere: all terms are known."""
    critic = Sequential([Input((4, 4, 1)), Flatten(), Dense(1)])
    w = critic.trainable_weights[0].numpy()[:, 0]
    real, fakes, epsilon = inputs(size=4)
    loss, distance, norms = wgan_gp.critic_loss(critic, real, fakes, epsilon, lambda_=7.0)
    gap = ((real - fakes).reshape(3, 16) @ w).mean()
    assert np.allclose(norms.numpy(), np.linalg.norm(w), rtol=1e-5)
    assert np.isclose(float(distance), gap, rtol=1e-5)
    assert np.isclose(float(loss), 7 * (np.linalg.norm(w) - 1) ** 2 - gap, rtol=1e-5)


def test_the_gradient_of_the_loss_is_that_of_finite_differences():
    """In float64 along random directions of all weights together, to 1e-6."""
    _, critic = small()
    real, fakes, epsilon = inputs()

    def loss(real):
        return wgan_gp.critic_loss(critic, real, fakes.astype(real.dtype), epsilon)[0]

    check_grads(loss, real, parameters=critic.trainable_weights, order=1, rtol=1e-6, float32=False)


def torch_loss(weights, real, fakes, epsilon):
    def critic(x):
        x = x.movedim(-1, 1)
        for w, b in zip(weights[:6:2], weights[1:6:2]):
            x = functional.pad(x, (1, 2, 1, 2))  # "same" of an even side, stride 2
            x = functional.leaky_relu(functional.conv2d(x, w.permute(3, 2, 0, 1), b, 2), 0.2)
        return x.movedim(1, -1).flatten(1) @ weights[6] + weights[7]

    x = (epsilon * real + (1 - epsilon) * fakes).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), [x], create_graph=True)
    norms = slope.square().sum((1, 2, 3)).sqrt()
    return critic(fakes).mean() - critic(real).mean() + 10 * (norms - 1).square().mean()


def test_the_loss_and_its_gradient_are_those_of_pytorch():
    _, critic = small(width=4)
    arrays = inputs(8)
    weights = [torch.tensor(p.numpy(), requires_grad=True) for p in critic.trainable_weights]
    theirs = torch_loss(weights, *map(torch.tensor, arrays))
    ours, _, _ = wgan_gp.critic_loss(critic, *arrays)
    assert np.isclose(float(ours), theirs.item(), rtol=1e-5)
    gradients = grad(ours, critic.trainable_weights)
    expected = torch.autograd.grad(theirs, weights, allow_unused=True)
    for g, e in zip(gradients[:-1], expected[:-1], strict=True):
        assert np.abs(g.numpy() - e.numpy()).max() <= 1e-4 * np.abs(e.numpy()).max()
    assert np.abs(gradients[-1].numpy()).max() < 1e-6  # the last bias cancels


# ---- the steps -----------------------------------------------------------------------------------


def compiled(rate=0.01, **options):
    model = wgan_gp.WGANGP(*small(), **options)
    model.compile(SGD(rate), SGD(rate))
    return model


def test_a_step_of_the_critic_is_against_the_gradient_of_its_loss():
    model = compiled(critic_steps=1)
    before = model.critic.get_weights()
    state = model.generator.get_weights()
    minigrad.seed(4)
    logs = model.train_step(X[:6])
    after = model.critic.get_weights()
    model.critic.set_weights(before)
    assert any((a != b).any() for a, b in zip(state, model.generator.get_weights()))
    model.generator.set_weights(state)
    minigrad.seed(4)
    fakes = model.generator(minigrad.random.normal_like((6, 5), like=X)).numpy()
    epsilon = minigrad.random.uniform_like((6, 1, 1, 1), like=X)
    loss, distance, norms = wgan_gp.critic_loss(model.critic, X[:6], fakes, epsilon)
    weights = model.critic.trainable_weights
    for a, b, g in zip(after, before, grad(loss, weights)):
        assert np.allclose(a, b - 0.01 * g.numpy(), atol=1e-6)
    assert logs["distance"] == pytest.approx(float(distance), abs=1e-6)
    assert logs["norm"] == pytest.approx(float(norms.mean()), rel=1e-5)


def test_the_critic_alone_finds_the_distance():
    """With G at rest W rises from about 0, and the norm of the gradient goes to 1."""
    x = wgan_gp.load(8)
    model = wgan_gp.WGANGP(*small(8, 8), critic_steps=1)
    model.compile(SGD(0.0), minigrad.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9))
    minigrad.seed(1)
    logs = [model.train_step(x[i : i + 32]) for i in range(0, 1280, 32)]
    assert abs(logs[0]["distance"]) < 0.3 and logs[0]["norm"] < 0.5
    assert logs[-1]["distance"] > 2
    assert 0.9 < np.mean([log["norm"] for log in logs[-10:]]) < 1.3


def test_a_step_on_every_device(device):
    model = compiled()
    logs = model.fit(X[:20], batch_size=10, epochs=1, verbose=0).history
    assert np.isfinite([*logs["distance"], *logs["norm"]]).all()
    assert model.predict(np.zeros((2, 5), "float32"), verbose=0).shape == (2, 16, 16, 1)


def test_it_learns(tmp_path):
    options = {"size": 8, "width": 8, "batch_size": 16, "judged": 500, "verbose": 0}
    _, start = wgan_gp.train(1, decay=0.0, **options)
    model, metrics = wgan_gp.train(150, learning_rate=1e-3, decay=0.97, **options)
    distances = model.history.history["distance"]
    assert distances[-1] < 0.7 * max(distances)  # the critic rises first, then G follows
    assert metrics["frechet_distance"] < 0.6 * start["frechet_distance"]
    assert metrics["distance"] > 1 and metrics["held_out_distance"] > 1
    assert 0.9 < metrics["critic_norm"] < 1.25
    assert "\nWGAN-GP " in wgan_gp.report(model, judged=200)
    wgan_gp.pictures(model, tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {
        "distance",
        "norm",
        "samples",
        "walks",
        "film",
    }
    assert not pyplot.get_fignums()


def test_one_seed_gives_the_same_bits():
    runs = [wgan_gp.train(9, width=2, batch_size=16, judged=100, verbose=0)[1] for _ in range(2)]
    assert runs[0] == runs[1]


def test_weights_from_a_file_draw_the_same_samples(tmp_path):
    model, again = compiled(), compiled()
    model.train_step(X[:10])
    model.save_weights(tmp_path / "wgan_gp.safetensors")
    again.load_weights(tmp_path / "wgan_gp.safetensors")
    noise = np.random.default_rng(0).standard_normal((3, 5), np.float32)
    assert (again.predict(noise, verbose=0) == model.predict(noise, verbose=0)).all()
    assert (again.critic(X[:3]).numpy() == model.critic(X[:3]).numpy()).all()


def test_samples_before_training_are_noise_and_are_called_so():
    images = sample(small()[0], 200)
    assert "is untrained" in judge.load(16).report({"WGAN-GP": images})


def test_errors_leave_the_weights_as_they_were():
    model = compiled()
    before = model.get_weights()
    with pytest.raises(ValueError, match="32 images does not divide into 5 steps of the critic"):
        model.fit(X[:32], batch_size=32, verbose=0)
    with pytest.raises(
        ValueError, match=r"pixels in 0\.\.1: the generator makes images in -1\.\.1"
    ):
        model.fit((X[:10] + 1) / 2, batch_size=10, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
