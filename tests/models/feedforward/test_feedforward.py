"""All feed-forward networks: sizes, gradients, learning, seeds, pictures."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import check_grads, training
from minigrad.config import to_device
from models.feedforward import fnn, mlp, mlp_dropout, neuron, simple_nn

BUILDERS = {
    "fnn": (fnn.fnn, [220, 315, 16], 551),
    "mlp": (mlp.mlp, [8320, 8256, 650], 17226),
    "mlp_dropout": (mlp_dropout.mlp_dropout, [100480, 0, 8256, 0, 650], 109386),
    "simple_nn": (simple_nn.simple_nn, [100480, 1290], 101770),
    "two_layers": (neuron.two_layers, [12, 5], 17),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_parameter_counts(name):
    build, counts, total = BUILDERS[name]
    model = build()
    assert [layer.count_params() for layer in model.layers] == counts
    assert model.count_params() == total
    assert sum(p.size for p in model.trainable_weights) == total


@pytest.mark.parametrize(
    "build, deviation",
    [
        (fnn.fnn, lambda inputs, outputs: math.sqrt(2 / (inputs + outputs))),
        (simple_nn.simple_nn, lambda inputs, outputs: math.sqrt(2 / inputs)),
    ],
)
def test_initial_deviation(build, deviation):
    """Over many networks, since one has few weights, and the normal is not truncated."""
    kernels = [[layer.kernel.numpy() for layer in build().layers] for _ in range(20)]
    for drawn in zip(*kernels):
        scaled = np.stack(drawn) / deviation(*drawn[0].shape)
        assert abs(scaled.mean()) < 4 / math.sqrt(scaled.size)
        assert abs(scaled.std() - 1) < 4 / math.sqrt(2 * scaled.size)
        assert scaled.size < 1000 or abs(scaled).max() > 2.5


@pytest.mark.parametrize("name", BUILDERS)
def test_gradients_of_the_loss_to_second_order(name, device):
    """The compiled loss, with regularizers and dropout, to every parameter and the input."""
    build, *_ = BUILDERS[name]
    model = build()
    inputs = model.layers[0].kernel.shape[0]
    is_binary = model.layers[-1].kernel.shape[1] == 1
    loss_name = "binary_crossentropy" if is_binary else "sparse_categorical_crossentropy"
    model.compile(optimizer="sgd", loss=loss_name)
    x = to_device(np.random.default_rng(1).standard_normal((4, inputs)) / 2)
    labels = to_device(np.array([[0.0], [1], [1], [0]] if is_binary else [3, 0, 9, 3]))

    def loss(x):
        minigrad.seed(3)  # the same dropout mask each time
        y = labels.astype(x.dtype) if is_binary else labels
        with training():
            return model.compute_loss(x, y, model(x))

    check_grads(loss, x, parameters=model.trainable_weights, order=2)


@pytest.mark.parametrize(
    "module, flags, at_least",
    [
        (fnn, {"epochs": 20}, 0.7),
        (mlp, {"epochs": 12}, 0.95),
        (mlp_dropout, {"epochs": 2}, 0.88),
        (simple_nn, {"epochs": 5, "learning_rate": 0.05}, 0.86),
    ],
    ids=["fnn", "mlp", "mlp_dropout", "simple_nn"],
)
def test_learns(module, flags, at_least, device):
    model, metrics = module.train(**flags, seed=1, verbose=0)
    assert metrics["accuracy"] >= at_least
    assert all(math.isfinite(value) for value in metrics.values())
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}
    assert {p.device for p in model.weights} == {device}
    losses = model.history.history["loss"]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("module", [fnn, mlp, mlp_dropout, simple_nn])
def test_a_seed_repeats_a_training_bit_for_bit(module):
    weights = []
    for seed in (5, 5, 6):
        model, _ = module.train(epochs=1, seed=seed, verbose=0)
        weights.append(model.get_weights())
    first, same, other = weights
    assert all(np.array_equal(a, b) for a, b in zip(first, same))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("module", [mlp_dropout, simple_nn])
def test_pictures_and_report(module, tmp_path):
    model, _ = module.train(epochs=1, verbose=0)
    module.pictures(model, tmp_path)
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"history.png", "predictions.png", "confusion.png"}
    assert "precision" in module.report(model)


def test_unknown_data_set_is_suggested():
    with pytest.raises(ValueError, match="did you mean 'mnist'"):
        mlp_dropout.train(data="minst", epochs=1)
