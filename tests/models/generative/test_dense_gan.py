"""The dense GAN: parameters, its train_step, both kinds of fakes, learning, pictures, errors."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad import Sequential, grad, no_grad, training
from minigrad.layers import BatchNormalization, Dense, Input, LeakyReLU
from minigrad.optimizers import SGD
from models.common import judge, results
from models.common.adversarial import sample
from models.generative import dense_gan

X = dense_gan.load()


def small(fault="none", rate=0.1):
    """Networks of two layers."""
    minigrad.seed(0)
    g = Sequential(
        [Input((100,)), Dense(8), BatchNormalization(), LeakyReLU(0.2), Dense(784, "tanh")]
    )
    d = Sequential([Input((784,)), Dense(8), LeakyReLU(0.2), Dense(1)])
    model = dense_gan.DenseGAN(g, d, fault)
    model.compile(SGD(rate), SGD(rate))
    return model


def test_targets_can_be_read():
    metrics = dict.fromkeys((target.split()[0] for target in dense_gan.TARGETS), 1.0)
    assert all(results.is_met(target, metrics) in (True, False) for target in dense_gan.TARGETS)


def test_parameters():
    for activation in (None, "relu"):
        assert dense_gan.make_generator(activation=activation).count_params() == 1_493_520
        assert dense_gan.make_discriminator(activation=activation).count_params() == 533_505


def test_behind_relu_leaky_relu_does_nothing():
    d = dense_gan.make_discriminator(4, "relu")
    dense = [layer for layer in d.layers if isinstance(layer, Dense)]
    assert (Sequential(dense)(X[:9]).numpy() == d(X[:9]).numpy()).all()


# ---- the train_step ------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["none", "inference"])
def test_a_step_is_against_both_gradients(fault):
    """D's at the weights before, on the fakes of the mode asked for; G's against the new D."""
    model, twin = small(fault), small(fault)
    minigrad.seed(3)
    logs = model.train_step(X[:8])
    minigrad.seed(3)
    z = minigrad.random.normal_like((8, 100), like=X)
    shown = twin.generator(z).numpy()
    with training():
        fakes = twin.generator(z)
    assert np.abs(shown - fakes.numpy()).max() > 0.1
    if fault == "none":
        shown = fakes.numpy()
    d, g = twin.discriminator.trainable_weights, twin.generator.trainable_weights
    p_real, p_fake = (minigrad.ops.sigmoid(twin.discriminator(x)) for x in (X[:8], shown))
    loss = -minigrad.ops.log(p_real).mean() - minigrad.ops.log(1 - p_fake).mean()
    assert logs["d_loss"] == pytest.approx(float(loss), rel=1e-5)
    for p, slope in zip(d, grad(loss, d)):
        p.assign(p.data - 0.1 * slope.data)
    loss = -minigrad.ops.log(minigrad.ops.sigmoid(twin.discriminator(fakes))).mean()
    assert logs["g_loss"] == pytest.approx(float(loss), rel=1e-5)
    for p, slope in zip(g, grad(loss, g)):
        p.assign(p.data - 0.1 * slope.data)
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        assert np.allclose(ours, theirs, atol=1e-5)


def test_a_step_on_every_device(device):
    model = small()
    logs = model.fit(X[:16], batch_size=8, epochs=2, verbose=0).history
    assert np.isfinite([*logs["g_loss"], *logs["d_loss"]]).all()


def test_the_rejected_shares_are_those_of_the_same_noise():
    model = small(rate=0.0)
    minigrad.seed(5)
    logs = model.train_step(X[:16])
    minigrad.seed(5)
    z = minigrad.random.normal_like((16, 100), like=X)
    model = small(rate=0.0)
    with no_grad():
        of_inference = model.discriminator(model.generator(z)).numpy()
        with training():
            of_training = model.discriminator(model.generator(z)).numpy()
    assert logs["rejects_inference"] == (of_inference < 0).mean()
    assert logs["rejects_training"] == (of_training < 0).mean()


# ---- training ------------------------------------------------------------------------------------


def test_it_learns(tmp_path):
    start = judge.load(28).score(sample(dense_gan.make_generator(128), 300))
    model, metrics = dense_gan.train(176, 128, 32, 4e-4, 0.95, "none", 2, 300, verbose=0)
    assert metrics["frechet_distance"] < 0.6 * start["frechet_distance"]
    assert metrics["copying"] < 0.8 * start["copying"]
    text = dense_gan.report(model, judged=200)
    assert "known recipe: D rejects" in text and "two kinds of images" in text
    del model.beside.film.frames[3:]
    dense_gan.pictures(model, tmp_path)
    kinds = {"gan", "known", "control"}
    names = {"rejected", "film", *kinds, *(f"{kind}_losses" for kind in kinds)}
    assert {path.stem for path in tmp_path.iterdir()} == names
    assert not pyplot.get_fignums()


def test_fakes_of_two_modes_are_rejected_apart():
    shares = {}
    for fault in ("inference", "none"):
        minigrad.seed(0)
        known = dense_gan.train_known(132, 64, 32, fault)
        shares[fault] = [
            dense_gan.last_half(known, f"rejects_{mode}") for mode in ("inference", "training")
        ]
    assert shares["inference"][0] > 0.99 > 0.9 > shares["inference"][1]
    assert min(shares["none"]) > 0.99


def test_one_seed_gives_the_same_bits():
    options = {"known_steps": 1, "judged": 100, "fault": "inference", "verbose": 0}
    assert dense_gan.train(2, 4, 500, **options)[1] == dense_gan.train(2, 4, 500, **options)[1]


def test_weights_from_a_file_draw_the_same_samples(tmp_path):
    model, again = small(), small()
    model.train_step(X[:8])
    model.save_weights(tmp_path / "gan.safetensors")
    again.load_weights(tmp_path / "gan.safetensors")
    noise = np.random.default_rng(0).standard_normal((3, 100), np.float32)
    assert (again.predict(noise, verbose=0) == model.predict(noise, verbose=0)).all()


def test_samples_before_training_are_noise_and_are_called_so():
    report = judge.load(28).report({"GAN": sample(dense_gan.make_generator(4), 200)})
    assert "is untrained" in report


def test_rows_on_another_scale_are_refused():
    model = small()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"dense_gan: pixels in 0\.\.1: .* 2 \* x - 1 for images"):
        model.fit((X[:8] + 1) / 2, batch_size=8, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
