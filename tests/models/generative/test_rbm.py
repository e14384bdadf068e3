"""RBM and deep belief network: exact sums over small ones, gradients, chains, features, samples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.neural_network import BernoulliRBM

import minigrad
from minigrad import grad, ops
from minigrad.optimizers.sgd import SGD
from models.common import judge
from models.generative import rbm

(X, Y), (X_TEST, Y_TEST) = rbm.load()


def all_bits(n):
    """Every row of n bits."""
    return np.array(list(itertools.product([0, 1], repeat=n)), "float32")


def randomized(model, scale=1.0, seed=0):
    """The model with weights that are not small."""
    rng = np.random.default_rng(seed)
    model.set_weights([scale * rng.standard_normal(p.shape) for p in model.weights])
    return model


def probabilities(model):
    """p(v) of every row of bits, exactly."""
    bits = minigrad.config.to_device(all_bits(len(model.b)))
    energies = model(bits).numpy().astype("d")
    p = np.exp(energies.min() - energies)
    return p / p.sum()


# ---- the model -----------------------------------------------------------------------------------


def test_parameters():
    assert rbm.RBM(64, 100).count_params() == 6_564
    assert rbm.RBM(64, 200).count_params() == 13_064
    assert rbm.AssociativeMemory(200, 300).count_params() == 210 * 300 + 210 + 300


def test_free_energy_sums_over_the_hidden_units():
    model = randomized(rbm.RBM(4, 3))
    hidden = all_bits(3)
    for v in all_bits(4):
        energies = model.energy(np.repeat(v[None], len(hidden), 0), hidden).numpy()
        expected = -np.log(np.exp(-energies.astype("d")).sum())
        assert model(v[None]).item() == pytest.approx(expected, abs=1e-4)


def test_conditionals_are_ratios_of_energies():
    model = randomized(rbm.RBM(4, 3))
    v, hidden = all_bits(4)[[6]], all_bits(3)
    weights = np.exp(-model.energy(np.repeat(v, 8, 0), hidden).numpy().astype("d"))
    expected = (hidden * weights[:, None]).sum(0) / weights.sum()
    assert np.allclose(model.hidden(v)[0], expected, atol=1e-5)


def test_features_and_energies_are_those_of_scikit_learn():
    theirs = BernoulliRBM(20, n_iter=2, random_state=0).fit(X)
    model = rbm.RBM(64, 20)
    hidden_bias, visible_bias = theirs.intercept_hidden_, theirs.intercept_visible_
    model.set_weights([theirs.components_.T, visible_bias, hidden_bias])
    assert np.allclose(model.hidden(X_TEST), theirs.transform(X_TEST), atol=1e-5)
    expected = -X_TEST @ visible_bias
    expected -= np.logaddexp(0, X_TEST @ theirs.components_.T + hidden_bias).sum(1)
    assert np.allclose(model(X_TEST).numpy(), expected, rtol=1e-5)


# ---- training ------------------------------------------------------------------------------------


def test_a_step_is_that_of_contrastive_divergence(device):
    """<v h> of the data - <v h> of the reconstruction, with the reconstruction held constant."""
    model = randomized(rbm.RBM(64, 5), 0.1)
    model.compile(SGD(0.5))
    old = model.get_weights()
    minigrad.seed(4)
    negative = minigrad.to_cpu(model.phases(minigrad.config.to_device(X[:10]))[1])
    positive = X[:10]
    hidden = [
        minigrad.to_cpu(model.hidden(minigrad.config.to_device(v))) for v in (positive, negative)
    ]
    minigrad.seed(4)
    model.train_on_batch(positive)
    w, b, c = (new - before for new, before in zip(model.get_weights(), old))
    assert np.allclose(w, 0.05 * (positive.T @ hidden[0] - negative.T @ hidden[1]), atol=1e-5)
    assert np.allclose(b, 0.5 * (positive - negative).mean(0), atol=1e-6)
    assert np.allclose(c, 0.5 * (hidden[0] - hidden[1]).mean(0), atol=1e-5)


def test_the_gradient_of_the_likelihood_is_a_difference_of_free_energies():
    """grad log p(v) = -grad F(v) + sum of p(v') grad F(v'), against differences of log p."""
    model = randomized(rbm.RBM(4, 3))
    bits = all_bits(4)
    p = probabilities(model)
    row = bits[[5]]
    slope = grad(-model(row).mean() + ops.sum(p.astype("f") * model(bits)), [model.b])[0].numpy()
    before = model.get_weights()
    for i in range(4):
        logs = []
        for sign in (1, -1):
            w, b, c = (a.copy() for a in before)
            b[i] += sign * 1e-2
            model.set_weights([w, b, c])
            logs.append(np.log(probabilities(model)[5]))
        assert slope[i] == pytest.approx((logs[0] - logs[1]) / 2e-2, abs=1e-3)


def test_gibbs_sampling_reaches_the_distribution(device):
    model = randomized(rbm.RBM(4, 3), 0.7)
    minigrad.seed(0)
    rows = minigrad.to_cpu(model.gibbs(model.noise(40_000), 30))
    counts = np.bincount((rows @ [8, 4, 2, 1]).astype(int), minlength=16)
    assert np.allclose(counts / 40_000, probabilities(model), atol=0.012)


@pytest.mark.finds("updates_too_large")  # from weights near 0
def test_persistent_chains_learn_a_distribution():
    """Four of sixteen patterns: their exact probability grows."""
    patterns = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 0, 0, 0]], "float32")
    minigrad.seed(0)
    model = rbm.RBM(4, 8, persistent=True)
    rbm.fit(model, np.tile(patterns, (100, 1)), epochs=60, batch_size=20, learning_rate=0.5)
    places = (patterns @ [8, 4, 2, 1]).astype(int)
    p = probabilities(model)[places]
    assert p.sum() > 0.7 and p.min() > 0.15, "1 / 16 each before"


def test_contrastive_divergence_soon_gives_features():
    minigrad.seed(0)
    model = rbm.fit(rbm.RBM(64, 100), X, epochs=8)
    accuracy = rbm.label_accuracy((model.transform(X), Y), (model.transform(X_TEST), Y_TEST))
    assert accuracy > 0.93
    inverted = 1 - X_TEST
    assert model(X_TEST).numpy().mean() < model(inverted).numpy().mean() - 20


@pytest.mark.finds("updates_too_large")  # from weights near 0
def test_training_goes_on_with_the_chains_of_a_checkpoint(tmp_path):
    def made():
        model = rbm.RBM(64, 6, persistent=True, chains=7)
        model.compile(SGD(0.1))
        return model

    minigrad.seed(0)
    model = made()
    model.fit(X[:100], epochs=2, verbose=0)
    model.save(tmp_path / "rbm.safetensors", epoch=2)
    model.fit(X[:100], epochs=4, initial_epoch=2, verbose=0)
    again = made()
    assert again.load(tmp_path / "rbm.safetensors") == 2
    assert again.chain.shape == (7, 64)
    again.fit(X[:100], epochs=4, initial_epoch=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), again.get_weights()))
    assert np.array_equal(model.chain, again.chain)
    with pytest.raises(ValueError, match=r"chains of shape \(7, 9\) do not fit 64 visible units"):
        again.set_state({"chain": np.zeros((7, 9), "f")})


def test_units_outside_of_probabilities_are_refused():
    model = rbm.RBM(64, 5)
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"visible units in -1\.\.1: they are probabilities"):
        model.fit(2 * X - 1, verbose=0)


# ---- deep belief network -------------------------------------------------------------------------


def test_one_label_is_on_as_the_softmax_says(device):
    memory = randomized(rbm.AssociativeMemory(4, 3, classes=3))
    h = minigrad.config.to_device(np.tile(np.array([[1, 0, 1]], "f"), (20_000, 1)))
    v = minigrad.to_cpu(memory.draw_visible(h))
    w, b, _ = memory.get_weights()
    logits = (w[:, 0] + w[:, 2] + b).astype("d")
    label = np.exp(logits[4:]) / np.exp(logits[4:]).sum()
    assert (v[:, 4:].sum(1) == 1).all()
    assert np.allclose(v[:, 4:].mean(0), label, atol=0.015)
    assert np.allclose(v[:, :4].mean(0), 1 / (1 + np.exp(-logits[:4])), atol=0.015)


def test_free_energies_are_those_of_each_label(device):
    memory = randomized(rbm.AssociativeMemory(4, 3, classes=2))
    rows = [rbm.with_label(all_bits(4), np.full(16, label), 2) for label in range(2)]
    assert rows[1][:, 4:].tolist() == [[0, 1]] * 16
    expected = [memory(minigrad.config.to_device(row)).numpy() for row in rows]
    assert np.array_equal(memory.free_energies(all_bits(4)), np.stack(expected, 1))


@pytest.mark.finds("updates_too_large")  # from weights near 0
def test_a_memory_learns_labels_and_dreams_of_them():
    minigrad.seed(0)
    lower = rbm.fit(rbm.RBM(64, 60), X, epochs=5)
    memory = rbm.AssociativeMemory(60, 60)
    rbm.fit(memory, rbm.with_label(lower.transform(X), Y), epochs=8, learning_rate=0.2)
    guesses = memory.free_energies(lower.transform(X_TEST)).argmin(1)
    assert (guesses == Y_TEST).mean() > 0.5, "chance is .1, the full training reaches .94"
    asked = np.arange(200) % 10
    images = 2 * rbm.draw_network(lower, memory, asked, 50) - 1
    shown = judge.load(8).classify(images).argmax(1)
    assert (shown == asked).mean() > 0.3


@pytest.mark.finds("diverging_loss")  # of a reconstruction, which is not what is minimized
def test_train_report_and_pictures(tmp_path, device):
    flags = {"judged": 100, "steps": 3}
    models, metrics = rbm.train(epochs=1, dbn_hidden=20, verbose=0, **flags)
    targets = {target.split()[0] for target in rbm.TARGETS}
    assert targets <= metrics.keys()
    assert set(models) == {"cd_100", "cd_200", "pcd_200", "dbn_top"}
    report = rbm.report(models, **flags)
    assert all(f"\n{name} " in report for name in ("CD-1", "PCD", "DBN"))
    rbm.pictures(models, tmp_path, steps=3)
    names = {"filters", "samples_CD-1", "samples_PCD", "dreams", "chains"}
    assert {file.stem for file in tmp_path.iterdir()} == names
    assert not pyplot.get_fignums()
