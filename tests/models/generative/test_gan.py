"""The GAN: parameters, three styles that agree in every bit, a fault, learning, pictures."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from models.common import judge, results
from models.generative import gan

(X, _), _ = gan.load()


def test_targets_can_be_read():
    metrics = dict.fromkeys((target.split()[0] for target in gan.TARGETS), 1.0)
    assert all(results.is_met(target, metrics) in (True, False) for target in gan.TARGETS)


def test_parameters():
    assert gan.make_generator(0.3).count_params() == 190_272
    assert gan.make_discriminator().count_params() == 164_865


def trained(style, steps=12):
    minigrad.seed(3)
    g, d, logs = gan.train_known(X, steps, style=style)
    return [*g.get_weights(), *d.get_weights(), logs["d_loss"], logs["g_loss"]]


@pytest.mark.parametrize("style", ["train_step", "loop"])
def test_the_styles_agree_in_every_bit(style):
    assert all((a == b).all() for a, b in zip(trained("stacked"), trained(style)))


def test_the_discriminator_learns_in_its_own_steps_alone():
    minigrad.seed(0)
    known = gan.Stacked(gan.make_generator(0.3), gan.make_discriminator())
    d, g = known.discriminator.get_weights(), known.generator.get_weights()
    known.stacked.train_on_batch(gan.draw_noise(8), np.ones((8, 1)))
    assert all((a == b).all() for a, b in zip(d, known.discriminator.get_weights()))
    assert any((a != b).any() for a, b in zip(g, known.generator.get_weights()))
    known.discriminator.train_on_batch(X[:8], np.ones((8, 1)))
    assert all((a != b).any() for a, b in zip(d, known.discriminator.get_weights()))


def test_a_frozen_discriminator_is_pleased_by_anything():
    minigrad.seed(0)
    d = gan.make_discriminator()
    before = d.get_weights()
    known = gan.Stacked(gan.make_generator(0.3), d, discriminator_learns=False)
    logs = [known.step(rows) for rows in gan.one_pass_after_another(X, 64, 150)]
    assert all((a == b).all() for a, b in zip(before, d.get_weights()))
    assert logs[-1]["g_loss"] < 0.4 < logs[0]["g_loss"]  # G wins against a judge that never learns
    with pytest.raises(ValueError, match='style="stacked"'):
        gan.train_known(X, 1, style="loop", fault="frozen")


def test_the_gradients_of_both_steps():
    """D's step is that of the joint loss, G's leaves D alone."""
    minigrad.seed(1)
    model = gan.GAN(gan.make_generator(), gan.make_discriminator(dropout=0.0), joint=True)
    model.compile(minigrad.optimizers.SGD(0.1), minigrad.optimizers.SGD(0.1))
    before = model.discriminator.get_weights()
    minigrad.seed(2)
    logs = model.train_step(X[:16])
    after = model.discriminator.get_weights()
    twin = gan.make_discriminator(dropout=0.0)
    twin.set_weights(before)
    minigrad.seed(1)
    generator = gan.make_generator()
    minigrad.seed(2)
    images = np.concatenate([X[:16], generator(gan.draw_noise(16)).numpy()])
    p = twin(images).numpy()[:, 0].astype("d")
    expected = -(np.log(p[:16]).sum() + np.log(1 - p[16:]).sum()) / 32
    assert np.isclose(logs["d_loss"], expected, rtol=1e-5)
    loss = minigrad.losses.binary_crossentropy(np.repeat([[1.0], [0.0]], 16, 0), twin(images))
    weights = twin.trainable_weights
    for a, b, g in zip(after, before, minigrad.grad(minigrad.ops.mean(loss), weights)):
        assert np.allclose(a, b - 0.1 * g.numpy(), atol=1e-6)


def test_batches_go_on_for_as_many_steps_as_asked():
    minigrad.seed(0)
    rows = list(gan.one_pass_after_another(X[:100], 32, 7))
    assert len(rows) == 7 and all(r.shape == (32, 64) for r in rows)
    first = np.concatenate(rows[:3])
    assert len(np.unique(first, axis=0)) == 96 and not (rows[0] == rows[3]).all()


def test_it_learns(tmp_path):
    model, metrics = gan.train(300, 50, learning_rate=1e-3, judged=500, verbose=0)
    noise = judge.load(8).score(np.random.default_rng(0).uniform(-1, 1, (500, 64)))
    assert metrics["frechet_distance"] < 0.6 * noise["frechet_distance"]
    real, fake = (model.discriminator.predict(rows).mean() for rows in (X, gan.sample(model, 500)))
    assert real > fake + 0.05  # the discriminator's advantage
    assert metrics["known_classes"] <= 10 and metrics["frozen_classes"] <= 10
    assert "known recipe, D frozen" in gan.report(model, judged=500)
    gan.pictures(model, tmp_path)
    names = {"losses", "samples", "known", "frozen", "film"}
    assert {path.stem for path in tmp_path.iterdir()} == names
    assert not pyplot.get_fignums()
    assert model.count_params() == 190_272 + 164_865
    model.save_weights(tmp_path / "gan.safetensors")


def test_sampling_before_training_gives_noise():
    minigrad.seed(0)
    samples = gan.sample(gan.make_generator(), 200)
    assert samples.shape == (200, 64) and np.abs(samples).max() < 1
    scores = judge.load(8).score(samples)
    assert scores["ratio_to_gaussians"] > 10
    assert "untrained" in judge.load(8).report({"GAN": samples})
