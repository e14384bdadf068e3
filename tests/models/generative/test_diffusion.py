"""Diffusion: sizes, identities of schedules and samplers, learning, sampling, pictures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad.callbacks import AverageWeights
from models.common import judge
from models.generative import diffusion
from models.generative.diffusion import AttentionBlock, Diffusion, UNet

RNG = np.random.default_rng(2)
X, NOISE = RNG.standard_normal((2, 5, 8, 8, 1))
(DIGITS, LABELS), _ = judge.load_data()


# ---- schedules -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", diffusion.SCHEDULES)
@pytest.mark.parametrize("steps", [20, 100, 1000])
def test_schedules_fall_from_the_image_to_noise(name, steps):
    betas = diffusion.SCHEDULES[name](steps)
    a = diffusion.shares(betas)
    assert a.shape == (steps + 1,) and a[0] == 1 and 0 < a[-1] < 1e-3
    assert (betas > 0).all() and (betas < 1).all() and (np.diff(a) < 0).all()


def test_schedules_of_the_papers():
    np.testing.assert_allclose(diffusion.linear_betas(1000)[[0, -1]], [1e-4, 0.02])
    a = diffusion.shares(diffusion.cosine_betas(1000))
    f = [math.cos((t / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 for t in (0, 300, 700)]
    np.testing.assert_allclose(a[[0, 300, 700]], np.array(f) / f[0], rtol=1e-9)
    linear = diffusion.shares(diffusion.linear_betas(1000))
    assert linear[500] < 0.1 < 0.4 < a[500]  # the linear one is through with the image by half


def test_many_small_steps_are_one_large_one():
    betas = diffusion.cosine_betas(50)
    a = diffusion.shares(betas)
    mean, variance = 1.0, 0.0  # of x_t, as multiples of x_0 and of 1
    for t, beta in enumerate(betas, 1):
        mean, variance = math.sqrt(1 - beta) * mean, (1 - beta) * variance + beta
        np.testing.assert_allclose((mean, variance), (math.sqrt(a[t]), 1 - a[t]), rtol=1e-9)


# ---- steps ---------------------------------------------------------------------------------------


def test_noise_comes_and_goes():
    noisy = diffusion.add_noise(X, NOISE, 0.3)
    np.testing.assert_allclose(diffusion.remove_noise(noisy, NOISE, 0.3), X)
    np.testing.assert_allclose(diffusion.find_noise(noisy, X, 0.3), NOISE)


def test_ddim_without_new_noise_stays_on_its_path():
    noisy = diffusion.add_noise(X, NOISE, 0.3)
    for a_next in (0.5, 0.9, 1.0):
        expected = diffusion.add_noise(X, NOISE, a_next)
        found = diffusion.ddim_step(noisy, X, 0.3, a_next, 0.0, 0)
        np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("a, a_next", [(0.3, 0.35), (0.3, 0.9), (0.9, 1.0)])
def test_ddim_with_all_noise_is_the_posterior_of_ddpm(a, a_next):
    x_t, new = diffusion.add_noise(X, NOISE, a), RNG.standard_normal(X.shape)
    mean, variance = diffusion.posterior(x_t, X, a, a_next)
    expected = mean + math.sqrt(variance) * new
    np.testing.assert_allclose(diffusion.ddim_step(x_t, X, a, a_next, 1.0, new), expected)


def test_the_posterior_by_the_rule_of_bayes():
    """Proportional to p(x_t | x_s) p(x_s | x_0): two Gaussians whose precisions add up."""
    a, a_next = 0.3, 0.4
    alpha = a / a_next
    precisions = alpha / (1 - alpha), 1 / (1 - a_next)
    x_t = diffusion.add_noise(X, NOISE, a)
    mean, variance = diffusion.posterior(x_t, X, a, a_next)
    assert variance == pytest.approx(1 / sum(precisions))
    means = x_t / math.sqrt(alpha), math.sqrt(a_next) * X
    np.testing.assert_allclose(mean, variance * sum(p * m for p, m in zip(precisions, means)))


# ---- the network ---------------------------------------------------------------------------------


def test_parameters():
    network = UNet()
    network(DIGITS[:2], np.array([1, 100]), LABELS[:2])
    assert network.count_params() == 702_753


def test_parameters_of_the_paper():
    """Those of the published network for CIFAR-10, which knows no classes."""
    network = UNet(128, (1, 2, 2, 2), 2, (16,), 32, colors=3, classes=0)
    assert network(np.zeros((1, 32, 32, 3)), np.array([1])).shape == (1, 32, 32, 3)
    assert network.count_params() == 35_746_307


def test_attention_stands_where_it_is_asked_for():
    network = UNet(8, attention=(4,))
    network(DIGITS[:1], np.array([1]), LABELS[:1])
    kinds = [[isinstance(block[1], AttentionBlock) for block in level] for level in network.down]
    assert kinds == [[False], [True]]


def test_step_and_class_reach_the_noise():
    minigrad.seed(0)
    network = UNet(8)
    network(DIGITS[:2], np.array([1, 1]), LABELS[:2])
    for p in network.weights:  # the last convolution is zero at first
        p.assign_add(0.1 * RNG.standard_normal(p.shape))

    def noise(t, label):
        return network(DIGITS[:1], np.array([t]), np.array([label])).numpy()

    assert not np.allclose(noise(3, 1), noise(4, 1))
    assert not np.allclose(noise(3, 1), noise(3, 2))


# ---- training and sampling -----------------------------------------------------------------------


def small(steps=20):
    minigrad.seed(0)
    model = Diffusion(UNet(8, groups=4), steps)
    model.compile("adam", "mse")
    return model


def test_it_soon_finds_much_of_the_noise():
    model = small()
    history = model.fit(DIGITS, LABELS, 64, epochs=4, verbose=0, callbacks=AverageWeights(0.99))
    losses = history.history["loss"]
    assert losses[0] > 0.6  # 1 says nothing
    assert losses[-1] < 0.4


def test_a_tenth_of_the_labels_is_hidden():
    model = small()
    seen = []
    model.call = lambda inputs: seen.append(np.asarray(inputs[2].data)) or model.network(*inputs)
    model.fit(DIGITS, LABELS, 256, verbose=0, shuffle=False)
    labels = np.concatenate(seen)
    hidden = labels == diffusion.ANY
    assert 0.06 < hidden.mean() < 0.14
    np.testing.assert_array_equal(labels[~hidden], LABELS[~hidden])


def test_sampling_before_training_works_and_says_so():
    model = small()
    with pytest.warns(UserWarning, match="untrained: its samples are noise"):
        images = model.sample([0, 1, diffusion.ANY], guidance=1.0)
    assert images.shape == (3, 8, 8, 1) and images.dtype == np.float32
    assert images.min() >= -1 and images.max() <= 1


def test_bad_samplings():
    model = small()
    with pytest.raises(ValueError, match="21 steps: choose 1 to 20"):
        model.sample([0], steps=21)
    with pytest.raises(IndexError, match="11"):
        model.sample([11])
    with pytest.raises(ValueError, match="unknown schedule 'cosin'.*did you mean 'cosine'"):
        Diffusion(UNet(), schedule="cosin")


def test_train_report_and_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(judge, "FEWEST", 20)
    flags = {"training_steps": 12, "channels": 8, "steps": 4, "judged": 100, "verbose": 0}
    flags["sampling_steps"] = 3
    model, metrics = diffusion.train(**flags)
    targets = {target.split()[0] for target in diffusion.TARGETS}
    assert targets <= metrics.keys()
    table = diffusion.report(model)
    assert "20 samples" in table and "DDPM, all steps" in table
    diffusion.pictures(model, tmp_path, sampling_steps=3)
    assert {file.stem for file in tmp_path.iterdir()} == {
        "samples",
        "film",
        "learning",
        "guidance",
        "noise",
    }
    assert not pyplot.get_fignums()
    again, same = diffusion.train(**flags)
    assert same == metrics
