"""StyleGAN2: parameters, styles, both regularizers, the steps, learning, pictures, errors."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad import Tensor, check_grads, grad, ops
from minigrad.config import device_module
from minigrad.layers import Dense, Flatten, Input
from minigrad.optimizers import SGD
from models.common import judge
from models.generative import stylegan2

X = stylegan2.load(8)


def made(size=8, most=4, rate=0.01, **options):
    minigrad.seed(0)
    channels = stylegan2.widths(size, most=most)
    generator = stylegan2.Generator(channels, latent=5, depth=2)
    model = stylegan2.StyleGAN2(generator, stylegan2.Discriminator(channels), **options)
    model.compile(SGD(rate), SGD(rate))
    return model


def started(layer):
    """The layer with no weight left at zero or one."""
    draw = np.random.default_rng(5)
    for p in layer.weights:
        p.assign(p.numpy() + draw.uniform(-0.5, 0.5, p.shape))
    return layer


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


# ---- the networks --------------------------------------------------------------------------------


def test_parameters_of_the_papers_networks():
    """30,370,060 are 2,101,248 of the mapping network and 28,268,812 of synthesis."""
    assert stylegan2.count_parameters() == (30_370_060, 29_012_513)


def test_parameters_counted_by_pixels_are_those_of_built_networks():
    counts = stylegan2.count_parameters(16, 1, 5, 2, most=4)
    model = made(16)
    for network, count in zip((model.generator, model.discriminator), counts, strict=True):
        assert sum(p.size for p in network.trainable_weights) == count


def test_widths():
    assert stylegan2.widths(1024, 16384) == [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert stylegan2.widths(16, most=32) == [32, 32, 32]
    for size in (4, 12, 28):
        with pytest.raises(ValueError, match=f"images of {size}x{size}: choose 8, 16, 32"):
            stylegan2.widths(size)


def test_the_default_networks():
    model = stylegan2.build()
    counts = [
        sum(p.size for p in m.trainable_weights) for m in (model.generator, model.discriminator)
    ]
    assert counts == [80_136, 65_089]
    assert stylegan2.sample(model, 2).shape == (2, 16, 16, 1)


@pytest.mark.parametrize("size", [8, 16, 32])
def test_images_have_the_size_asked_for(size):
    model = made(size, most=2)
    images = model.predict(drawn(3, 5), verbose=0)
    assert images.shape == (3, size, size, 1) and images.dtype == np.float32
    assert model.discriminator(images).shape == (3, 1)
    noise = model.generator.pixel_noise(3, like=images)
    assert [len(n[0]) for n in noise] == [4, 8, 8, 16, 16, 32, 32][: len(noise)]
    assert model.generator.styles(drawn(3, 5)).shape == (3, len(noise) + 1, 5)


def test_variance_is_kept_on_the_way():
    """At the start each convolution gives numbers of variance about 1, whatever the style."""
    minigrad.seed(0)
    generator = stylegan2.Generator([64] * 3, latent=256, depth=8)
    synthesis = generator.synthesis
    w = generator.styles(3 * drawn(16, 256))
    assert 0.5 < np.square(w.numpy()).mean() < 2
    x = ops.broadcast_to(synthesis.constant, shape=(16, 4, 4, 64))
    for conv in synthesis.convs:
        x = conv(x, 5 * w[:, 0], 0.0)
        assert 0.1 < np.square(x.numpy()).mean() < 3


def test_noise_is_of_pixels_and_has_a_learned_strength():
    generator = made(16).generator
    z = drawn(2, 5)
    first, second = generator(z).numpy(), generator(z).numpy()
    assert (first == second).all()  # the strengths are 0 at the start
    generator.synthesis.convs[3].strength.assign(0.5)
    first, second = generator(z).numpy(), generator(z).numpy()
    assert (first != second).mean() > 0.9
    w = generator.styles(z).data
    silent = stylegan2.render(generator, w)
    assert (silent == stylegan2.render(generator, w)).all()
    assert (silent != stylegan2.render(generator, w, noisy=True)).any()


# ---- styles --------------------------------------------------------------------------------------


def test_mixing_changes_only_the_layers_from_the_first_on():
    generator = started(made(16).generator)
    w_1, w_2 = generator.styles(drawn(2, 5)), generator.styles(drawn(2, 5, seed=1))
    for first in range(7):
        mixed = stylegan2.mix(w_1, w_2, first).numpy()
        assert (mixed[:, :first] == w_1.numpy()[:, :first]).all()
        assert (mixed[:, first:] == w_2.numpy()[:, first:]).all()
    mixed = stylegan2.mix(w_1, w_2, np.array([6, 1])).numpy()
    assert (mixed[0] == w_1.numpy()[0]).all()
    assert (mixed[1, :1] == w_1.numpy()[1, :1]).all() and (mixed[1, 1:] == w_2.numpy()[1, 1:]).all()
    seen = []
    synthesis = generator.synthesis
    for w in (w_1, stylegan2.mix(w_1, w_2, 3)):
        x = ops.broadcast_to(synthesis.constant, shape=(2, *synthesis.constant.shape))
        seen.append([])
        for i, conv in enumerate(synthesis.convs):
            x = conv(x, w[:, i], 0.0)
            seen[-1].append(x.numpy())
    same = [bool((a == b).all()) for a, b in zip(*seen, strict=True)]
    assert same == [True, True, True, False, False]


def test_mixed_styles_in_training():
    def mixed(n=400, **options):
        model = made(**options)
        return model, model.mixed_styles(drawn(n, 1)).numpy()

    _, w = mixed(mixing=0.0)
    assert (w == w[:, :1]).all()
    model, w = mixed(mixing=0.9)
    changes = (w[:, 1:] != w[:, :-1]).any(2)  # (N, L - 1)
    assert changes.sum(1).max() == 1
    assert 0.85 < changes.sum(1).mean() < 0.95
    assert changes.sum(0).min() > 80  # each layer is the first one about as often
    assert np.allclose(model.generator.mapping.mean.numpy(), 0.005 * w[:, 0].mean(0), atol=1e-6)


def test_truncation():
    generator = started(made(16).generator)
    z = drawn(4, 5)
    w = stylegan2.styles(generator, z)
    half = stylegan2.styles(generator, z, 0.5)
    mean = generator.mapping.mean.numpy()
    assert np.allclose(half, mean + 0.5 * (w - mean), atol=1e-6)
    images = stylegan2.render(generator, stylegan2.styles(generator, z, 0.0))
    assert (images == images[:1]).all()
    assert (stylegan2.render(generator, w)[1:] != images[1:]).any()


def test_grids_of_mixed_styles():
    generator = started(made(8).generator)
    w_1, w_2 = (stylegan2.styles(generator, drawn(n, 5, seed=n)) for n in (2, 3))
    grids = stylegan2.mixing_grids(generator, w_1, w_2)
    of_rows, of_columns = stylegan2.render(generator, w_1), stylegan2.render(generator, w_2)
    coarse, fine = (grids[name].reshape(3, 4, 8, 8, 1) for name in ("coarse", "fine"))
    for grid in (coarse, fine):
        assert np.allclose(grid[0, 1:], of_columns) and np.allclose(grid[1:, 0], of_rows)
    expected = np.concatenate([w_2[2, :2], w_1[1, 2:]])[None]
    assert np.allclose(coarse[2, 3], stylegan2.render(generator, expected), atol=1e-5)
    expected = np.concatenate([w_1[0, :2], w_2[1, 2:]])[None]
    assert np.allclose(fine[1, 2], stylegan2.render(generator, expected), atol=1e-5)


# ---- the losses ----------------------------------------------------------------------------------


def test_the_losses_are_those_of_the_probabilities():
    real, fake = np.random.default_rng(0).standard_normal((2, 5, 1))
    on_real, on_fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    expected = -np.log(on_real).mean() - np.log(1 - on_fake).mean()
    assert np.isclose(float(stylegan2.discriminator_loss(Tensor(real), Tensor(fake))), expected)
    assert np.isclose(float(stylegan2.generator_loss(Tensor(fake))), -np.log(on_fake).mean())


def test_r1_of_a_linear_discriminator():
    discriminator = minigrad.Sequential(Input((8, 8, 1)), Flatten(), Dense(1))
    w = discriminator.trainable_weights[0].numpy()
    assert np.isclose(float(stylegan2.r1_penalty(discriminator, X[:3])), np.square(w).sum())


def test_path_lengths_of_a_linear_synthesis():
    """G(w) = sum over layers of A_l w_l: J^T y are the rows A_l^T y."""
    a = drawn(2, 5, 16) / 4
    w, y = Tensor(drawn(3, 2, 5), requires_grad=True), drawn(3, 4, 4, 1)

    def synthesis(w, noise):
        return ops.reshape(w[:, 0] @ a[0] + w[:, 1] @ a[1], shape=(3, 4, 4, 1))

    lengths = stylegan2.path_lengths(synthesis, w, [], y).numpy()
    products = np.stack([y.reshape(3, 16) / 4 @ matrix.T for matrix in a])
    assert np.allclose(lengths, np.sqrt(np.square(products).sum(2).mean(0)), rtol=1e-5)


def test_the_gradient_of_r1_is_that_of_finite_differences():
    """In float64 along random directions of all weights together, to 1e-6."""
    discriminator = started(made(8, 3).discriminator)

    def penalty(x):
        return stylegan2.r1_penalty(discriminator, x)

    weights = discriminator.trainable_weights
    check_grads(penalty, drawn(4, 8, 8, 1), parameters=weights, order=1, rtol=1e-6, float32=False)


def test_the_gradient_of_the_path_penalty_is_that_of_finite_differences():
    """In float64 along random directions of w and all weights, to 1e-6."""
    synthesis = started(made(8, 3).generator.synthesis)
    noise = [drawn(2, size, size, 1, seed=size) for size in (4, 8, 8)]
    y = drawn(2, 8, 8, 1, seed=1)

    def penalty(w):
        in_w = [n.astype(w.dtype) for n in noise]
        lengths = stylegan2.path_lengths(synthesis, w, in_w, y.astype(w.dtype))
        return ops.mean((lengths - 0.3) ** 2)

    weights = synthesis.trainable_weights
    check_grads(penalty, drawn(2, 4, 5), parameters=weights, order=1, rtol=1e-6, float32=False)


# ---- the steps -----------------------------------------------------------------------------------


def test_a_step_is_against_both_gradients_at_the_weights_before():
    model, twin = made(), made()
    model.steps = 1  # no regularization is due
    minigrad.seed(3)
    logs = model.train_step(X[:8])
    minigrad.seed(3)
    w = twin.mixed_styles(X[:8])
    fakes = twin.generator.synthesis(w, twin.generator.pixel_noise(8, like=X))
    real, fake = twin.discriminator(X[:8]), twin.discriminator(fakes)
    losses = {
        "generator": stylegan2.generator_loss(fake),
        "discriminator": stylegan2.discriminator_loss(real, fake),
    }
    for name, loss in losses.items():
        before, after = (getattr(m, name).trainable_weights for m in (twin, model))
        for a, b, g in zip(after, before, grad(loss, before), strict=True):
            assert np.allclose(a.numpy(), b.numpy() - 0.01 * g.numpy(), atol=1e-6)
    assert logs["g_loss"] == pytest.approx(float(losses["generator"]), rel=1e-5)
    assert logs["d_loss"] == pytest.approx(float(losses["discriminator"]), rel=1e-5)


def test_r1_is_due_each_so_many_steps_with_the_weight_of_all_of_them():
    model, twin = (made(gamma=3.0, r1_every=5) for _ in range(2))
    model.regularize_discriminator(X[:8])
    weights = twin.discriminator.trainable_weights
    penalty = stylegan2.r1_penalty(twin.discriminator, X[:8])
    gradients = grad(3.0 / 2 * 5 * penalty, weights, unused="zeros")
    after = model.discriminator.trainable_weights
    for a, b, g in zip(after, weights, gradients, strict=True):
        assert np.allclose(a.numpy(), b.numpy() - 0.01 * g.numpy(), atol=1e-6)
    assert model.last_r1 == pytest.approx(float(penalty), rel=1e-6)
    due = []
    model.regularize_discriminator = lambda data: due.append(("r1", model.steps))
    model.regularize_generator = lambda like: due.append((len(like), model.steps))
    for _ in range(11):
        model.train_step(X[:7])
    assert due == [(4, 0), ("r1", 0), ("r1", 5), (4, 8), ("r1", 10)]


def test_path_length_regularization_has_the_weight_of_all_steps():
    model, twin = (made(path_weight=3.0, path_every=5) for _ in range(2))
    minigrad.seed(1)
    model.regularize_generator(X[:4])
    minigrad.seed(1)
    w, noise = twin.mixed_styles(X[:4]), twin.generator.pixel_noise(4, like=X)
    y = minigrad.random.normal_like((4, 8, 8, 1), like=X)
    lengths = stylegan2.path_lengths(twin.generator.synthesis, w, noise, y)
    mean = 0.01 * lengths.numpy().mean()
    assert float(model.path_mean) == pytest.approx(mean, rel=1e-5)
    loss = 3.0 * 5 * ops.mean((lengths - mean) ** 2)
    weights = twin.generator.trainable_weights
    after = model.generator.trainable_weights
    moved = 0
    for a, b, g in zip(after, weights, grad(loss, weights, unused="zeros"), strict=True):
        assert np.allclose(a.numpy(), b.numpy() - 0.01 * g.numpy(), atol=1e-6)
        moved += bool(np.abs(g.numpy()).max() > 0)
    assert moved > len(weights) // 2


def test_the_optimizers_of_lazy_regularization():
    """Appendix B: of k + 1 steps per k minibatches each has the rate and memory of its share."""
    optimizer = stylegan2.lazy_adam(2e-3, 16)
    assert float(optimizer.learning_rate) == pytest.approx(2e-3 * 16 / 17)
    assert optimizer.beta_1 == 0
    assert optimizer.beta_2**17 == pytest.approx(0.99**16)


def test_a_step_on_every_device(device):
    model = made()
    logs = model.fit(X[:16], batch_size=8, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    assert logs["r1"][0] > 0 and logs["path_length"][0] > 0
    w = stylegan2.styles(model.generator, stylegan2.draw_noise(model.generator, 2))
    assert isinstance(w, device_module().ndarray)
    assert stylegan2.sample(model, 3, truncation=0.5).shape == (3, 8, 8, 1)
    grids = stylegan2.mixing_grids(model.generator, w, w)
    assert grids["fine"].shape == (9, 8, 8, 1)


def test_the_discriminator_alone_learns():
    """With G at rest D tells fakes from real images."""
    model = made(most=8, gamma=1.0)
    model.compile(SGD(0.0), stylegan2.lazy_adam(2e-2, 16))
    minigrad.seed(1)
    logs = [model.train_step(X[i : i + 32]) for i in range(0, 1408, 32)]
    assert abs(logs[0]["d_loss"] - 2 * np.log(2)) < 0.3
    assert np.mean([log["d_loss"] for log in logs[-5:]]) < 0.5
    assert np.mean([log["fake"] for log in logs[-5:]]) < 0.1 < 0.9 < logs[-1]["real"]


SMALL = {"size": 8, "most": 8, "latent": 16, "depth": 2, "judged": 500, "verbose": 0}
FAST = {"g_rate": 1e-2, "d_rate": 2e-2}


def test_it_learns(tmp_path):
    _, start = stylegan2.train(1, decay=0.0, **SMALL, **FAST)
    model, metrics = stylegan2.train(176, decay=0.9, **SMALL, **FAST)
    assert metrics["frechet_distance"] < 0.8 * start["frechet_distance"]
    losses = model.history.history["d_loss"]
    assert losses[0] < 0.7 and losses[-1] > 0.9  # D is ahead at first, then G follows
    assert "\nStyleGAN2 " in stylegan2.report(model, judged=500)
    stylegan2.pictures(model, tmp_path)
    files = {"losses", "regularization", "film", "samples", "truncated", "truncation"}
    assert {path.stem for path in tmp_path.iterdir()} == files | {"coarse", "fine"}
    assert not pyplot.get_fignums()


def test_one_seed_gives_the_same_bits():
    options = SMALL | {"most": 2, "batch_size": 256}
    first, second = (stylegan2.train(1, **options) for _ in range(2))
    assert first[1] == second[1]
    for a, b in zip(first[0].get_weights(), second[0].get_weights(), strict=True):
        assert (a == b).all()


def test_a_training_goes_on_from_a_checkpoint_bit_for_bit(tmp_path):
    whole, killed, again = made(), made(), made()
    minigrad.seed(2)
    whole.fit(X[:40], batch_size=8, epochs=3, verbose=0)
    minigrad.seed(2)
    killed.fit(X[:40], batch_size=8, epochs=2, verbose=0)
    killed.save(tmp_path / "state.safetensors")
    minigrad.seed(3)
    again.load(tmp_path / "state.safetensors")
    assert again.steps == 10 and again.last_r1 == killed.last_r1
    again.fit(X[:40], batch_size=8, epochs=3, initial_epoch=2, verbose=0)
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        assert (a == b).all()


def test_weights_from_a_file_draw_the_same_images(tmp_path):
    model, again = made(), made()
    model.train_step(X[:8])
    model.save_weights(tmp_path / "stylegan2.safetensors")
    again.load_weights(tmp_path / "stylegan2.safetensors")
    assert float(again.path_mean) == float(model.path_mean) > 0
    w = stylegan2.styles(model.generator, drawn(3, 5))
    assert (stylegan2.render(again.generator, w) == stylegan2.render(model.generator, w)).all()
    assert (again.discriminator(X[:3]).numpy() == model.discriminator(X[:3]).numpy()).all()


def test_samples_before_training_are_called_untrained():
    images = stylegan2.sample(made(), 500)
    assert np.abs(images).max() <= 1
    assert "is untrained" in judge.load(8).report({"StyleGAN2": images})


def test_images_of_another_range_are_refused_and_leave_the_weights_as_they_were():
    model = made()
    before = model.get_weights()
    words = r"stylegan2: pixels in 0\.\.1: the generator makes images in -1\.\.1"
    with pytest.raises(ValueError, match=words):
        model.fit((X[:10] + 1) / 2, batch_size=10, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
