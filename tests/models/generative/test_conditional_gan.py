"""The conditional GAN: parameters, labels in both networks, learning, variety, augmentation."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad import grad, ops, training
from minigrad.layers import Concatenate, Input
from minigrad.optimizers import SGD
from models.common import judge, results
from models.generative import conditional_gan as cgan

X, Y = cgan.load()


def made(width=2, rate=0.1):
    minigrad.seed(0)
    model = cgan.build(width)
    model.compile(SGD(rate), SGD(rate))
    return model


def test_targets_can_be_read():
    metrics = dict.fromkeys((target.split()[0] for target in cgan.TARGETS), 1.0)
    assert all(results.is_met(target, metrics) in (True, False) for target in cgan.TARGETS)


def test_parameters():
    assert cgan.make_generator().count_params() == 2_456_384
    assert cgan.make_discriminator().count_params() == 228_865


# ---- the label in both networks ------------------------------------------------------------------


def test_what_the_networks_take():
    z = np.random.default_rng(0).standard_normal((3, 100), np.float32)
    joined = minigrad.to_cpu(cgan.join_noise(z, Y[:3]))
    assert joined.shape == (3, 110) and (joined[:, :100] == z).all()
    assert (joined[:, 100:] == np.eye(10)[Y[:3]]).all()
    seen = minigrad.to_cpu(cgan.join_maps(X[:3], Y[:3]))
    assert seen.shape == (3, 28, 28, 11) and (seen[..., :1] == X[:3]).all()
    for maps, label in zip(seen[..., 1:], Y):
        assert (maps == np.eye(10)[label]).all()
    assert joined.dtype == seen.dtype == np.float32


def test_the_code_of_the_tutorial_cannot_run():
    with pytest.raises(ValueError, match=r"label \(N, 10\) beside images .* is repeated"):
        Concatenate()([Input((28, 28, 1)), Input((10,))])
    with pytest.raises(ValueError, match="110"):
        made().predict(np.zeros((2, 100), "float32"), verbose=0)


def test_a_step_is_against_both_gradients():
    model, twin = made(), made()
    minigrad.seed(3)
    logs = model.train_step((X[:8], Y[:8]))
    minigrad.seed(3)
    with training():
        z = minigrad.random.normal_like((8, 100), like=X)
        fakes = twin.generator(np.concatenate([z, np.eye(10, dtype="float32")[Y[:8]]], 1))
        maps = np.broadcast_to(np.eye(10, dtype="float32")[Y[:8], None, None], (8, 28, 28, 10))
        p_real, p_fake = (
            ops.sigmoid(twin.discriminator(ops.concatenate([images, maps], axis=-1)))
            for images in (X[:8], fakes)
        )
        g_loss = -ops.log(p_fake).mean()
        d_loss = -ops.log(p_real).mean() - ops.log(1 - p_fake).mean()
    assert logs == pytest.approx({"g_loss": float(g_loss), "d_loss": float(d_loss)}, rel=1e-5)
    for network, mine, loss in (
        (twin.generator, model.generator, g_loss),
        (twin.discriminator, model.discriminator, d_loss),
    ):
        weights = network.trainable_weights
        for new, old, slope in zip(mine.trainable_weights, weights, grad(loss, weights)):
            assert np.allclose(new.numpy(), old.numpy() - 0.1 * slope.numpy(), atol=1e-5)


def test_a_step_on_every_device(device):
    model = made()
    logs = model.fit(X[:16], Y[:16], batch_size=8, epochs=2, verbose=0).history
    assert np.isfinite([*logs["g_loss"], *logs["d_loss"]]).all()
    assert cgan.sample(model, 12).shape == (12, 28, 28, 1)


# ---- scores of what was asked for ----------------------------------------------------------------


def test_real_digits_are_as_asked_and_as_varied_as_themselves():
    assert cgan.share_as_asked(X, Y) > 0.99
    assert cgan.share_as_asked(X, (Y + 1) % 10) < 0.01
    assert cgan.variety(X, Y) == 1
    means = np.stack([X[label == Y].mean(0) for label in range(10)])
    assert cgan.variety(means[Y], Y) < 1e-3
    assert cgan.mean_distance(np.array([[0.0], [3.0], [6.0]])) == 4


def test_few_digits_per_class():
    x, y = cgan.few_per_class(3)
    assert x.shape == (30, 28, 28, 1) and (np.bincount(y) == 3).all()
    assert all((image == X).all((1, 2, 3)).sum() == 1 for image in x)


# ---- training ------------------------------------------------------------------------------------


def test_it_learns_what_is_asked_for(tmp_path):
    start = judge.load(28).score(cgan.sample(made(8), 300))
    options = {"few_steps": 3, "classifier_steps": 11, "classifiers": 1, "judged": 300}
    model, metrics = cgan.train(176, 8, 32, 2e-3, 0.97, verbose=0, **options)
    assert metrics["frechet_distance"] < 0.6 * start["frechet_distance"]
    assert metrics["as_asked"] > 0.25 and 0.2 < metrics["variety"] < 1.2
    accuracies = [value for key, value in metrics.items() if key.startswith("accuracy")]
    assert len(accuracies) == 3 and all(0.1 <= value <= 1 for value in accuracies)
    text = cgan.report(model, judged=200)
    assert "trained on 100 digits: " in text and "classifiers of 100 digits alone: " in text
    del model.beside.film.frames[3:]
    cgan.pictures(model, tmp_path)
    names = {"losses", "samples", "few", "styles", "film"}
    assert {path.stem for path in tmp_path.iterdir()} == names
    assert not pyplot.get_fignums()


def test_samples_that_are_real_digits_help_a_classifier():
    """Where a "GAN" draws the training digits themselves."""

    class Copies:
        def predict(self, inputs, verbose):
            labels = inputs[:, 100:].argmax(1)
            return np.stack(
                [X[np.flatnonzero(label == Y)[i // 10]] for i, label in enumerate(labels)]
            )

    found = cgan.augmentation({"copies": Copies()}, steps=55, classifiers=1)
    assert found["accuracy_with_samples_of_copies"] > found["accuracy_of_100"] + 0.02


def test_one_seed_gives_the_same_bits():
    options = {"few_steps": 1, "classifier_steps": 11, "classifiers": 1, "judged": 100}
    runs = [cgan.train(1, 2, 100, verbose=0, **options)[1] for _ in range(2)]
    assert runs[0] == runs[1]


def test_weights_from_a_file_draw_the_same_samples(tmp_path):
    model, again = made(), made()
    model.train_step((X[:8], Y[:8]))
    model.save_weights(tmp_path / "cgan.safetensors")
    again.load_weights(tmp_path / "cgan.safetensors")
    drawn = []
    for network in (model, again):
        minigrad.seed(1)
        drawn.append(cgan.sample_as_asked(network, [3, 1]))
    assert (drawn[0] == drawn[1]).all()


def test_samples_before_training_are_noise_and_are_called_so():
    assert "is untrained" in judge.load(28).report({"GAN": cgan.sample(made(), 200)})


@pytest.mark.parametrize("wrong", [10, -1])
def test_labels_outside_of_the_classes_are_refused(wrong):
    model = made()
    before = model.get_weights()
    labels = np.where(np.arange(8) == 5, wrong, Y[:8])
    with pytest.raises(IndexError, match=r"labels run from .* but 10 classes allow 0\.\.9"):
        model.fit(X[:8], labels, batch_size=8, verbose=0)
    with pytest.raises(IndexError, match=r"10 classes allow 0\.\.9"):
        cgan.sample_as_asked(model, [3, wrong])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_images_on_another_scale_are_refused():
    with pytest.raises(ValueError, match=r"conditional_gan: pixels in 0\.\.1: .* 2 \* x - 1"):
        made().fit((X[:8] + 1) / 2, Y[:8], batch_size=8, verbose=0)
