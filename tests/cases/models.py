"""MODELS: each model of the registry, small, most with their loss."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

import models
from minigrad import config, losses
from minigrad.layers import Layer

from .base import Array, integers, normal, on_device, start_drawing
from .layers import Small, built

start_drawing(12)


def loss_of(make: Callable[[], Layer], loss: Any, x: Array, y: Array) -> Small:
    """The loss of a model as a function of its parameters."""

    def small() -> tuple[Any, list, tuple]:
        model, parameters, _ = built(make, x)()
        targets = on_device(config.device_module(), y, None)

        def loss_at(x: Any) -> Any:
            return loss(targets, model(x))

        return loss_at, parameters, (x,)

    small.case = make, loss, (x,), y  # type: ignore[attr-defined]
    return small


def from_models(module: str, name: str, *arguments: Any) -> Callable[[], Layer]:
    """models.<module>.<name>(*arguments), imported when it is called."""
    return lambda: getattr(models.load(module), name)(*arguments)


def _bert(head: str) -> Layer:
    bert = models.load("bert")
    return getattr(bert, head)(bert.Bert(6, 4, 4, 2, 2))


class _Noisy(Layer):
    """A synthesis network with noise that is an input."""

    def __init__(self) -> None:
        super().__init__()
        self.synthesis = models.load("stylegan2").Synthesis([2, 2])

    def call(self, w: Any, first: Any, second: Any, third: Any) -> Any:  # type: ignore[override]
        return self.synthesis(w, [first, second, third])


MODELS: dict[str, Small] = {
    "neuron": loss_of(
        from_models("neuron", "two_layers", 4),
        losses.BinaryCrossentropy(),
        normal(4, 2),
        integers(2, 4, 1),
    ),
    "fnn": loss_of(
        from_models("fnn", "fnn"), losses.BinaryCrossentropy(), normal(4, 10), integers(2, 4, 1)
    ),
    "mlp": loss_of(
        from_models("mlp", "mlp"),
        losses.SparseCategoricalCrossentropy(),
        normal(4, 64),
        integers(10, 4),
    ),
    "mlp_dropout": loss_of(
        from_models("mlp_dropout", "mlp_dropout"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 784),
        integers(10, 2),
    ),
    "simple_nn": loss_of(
        from_models("simple_nn", "simple_nn"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 784),
        integers(10, 2),
    ),
    "gan": loss_of(
        from_models("gan", "make_generator"),
        losses.MeanSquaredError(),
        normal(2, 100),
        normal(2, 64),
    ),
    "gan discriminator": loss_of(
        from_models("gan", "make_discriminator", 0.0),
        losses.BinaryCrossentropy(),
        normal(3, 64),
        integers(2, 3, 1),
    ),
    "cnn": loss_of(
        from_models("cnn", "cnn"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 8, 8, 1),
        integers(10, 2),
    ),
    "cnn_mnist": loss_of(
        from_models("cnn_mnist", "cnn_mnist"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 28, 28, 1),
        integers(10, 2),
    ),
    "inception": loss_of(
        from_models("inception", "module", "3a", 1 / 16),
        losses.MeanSquaredError(),
        normal(2, 4, 4, 3),
        normal(2, 4, 4, 16),
    ),
    "lenet": loss_of(
        from_models("lenet", "lenet8"),
        losses.SparseCategoricalCrossentropy(),
        normal(3, 8, 8, 1),
        integers(10, 3),
    ),
    "lenet of 1998": loss_of(
        from_models("lenet", "lenet5"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 32, 32, 1),
        integers(10, 2),
    ),
    "alexnet": loss_of(
        from_models("alexnet", "alexnet", 39, 10, False, 1 / 16),
        losses.SparseCategoricalCrossentropy(),
        normal(3, 39, 39, 3),
        integers(10, 3),
    ),
    "alexnet of 2012": loss_of(
        from_models("alexnet", "alexnet", 39, 10, True, 1 / 16),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 39, 39, 3),
        integers(10, 2),
    ),
    "vgg": loss_of(
        from_models("vgg", "vgg", 11, (32, 32, 1), 10, 2, 16),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 32, 32, 1),
        integers(10, 2),
    ),
    "resnet": loss_of(
        from_models("resnet", "resnet_small"),
        losses.SparseCategoricalCrossentropy(),
        np.random.default_rng(0).standard_normal(
            (2, 8, 8, 1)
        ),  # drawn apart: of 20,000 relus none is near its kink
        np.array([3, 7]),
    ),
    **{
        f"resnet {depth} of {style}": loss_of(
            from_models("resnet", "resnet", depth, style, 3, (12, 12, 2), 1),
            losses.SparseCategoricalCrossentropy(from_logits=True),
            normal(2, 12, 12, 2),
            integers(3, 2),
        )
        for depth, style in ((18, "keras"),)
    },
    "resnet_depth": loss_of(
        from_models("resnet_depth", "network", False, 18, 2),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        normal(2, 8, 8, 1),
        integers(10, 2),
    ),
    "transfer": loss_of(
        from_models("transfer", "network", "head"),
        losses.SparseCategoricalCrossentropy(),
        normal(2, 8, 8, 1),
        integers(5, 2),
    ),
    "diabetes_rnn": loss_of(
        from_models("diabetes_rnn", "network", "LSTM", 4),
        losses.MeanSquaredError(),
        normal(3, 5, 10),
        normal(3, 1),
    ),
    "adding": loss_of(
        from_models("adding", "network", "GRU", 4, 6),
        losses.MeanSquaredError(),
        normal(3, 6, 2),
        normal(3, 1),
    ),
    "char_rnn": loss_of(
        from_models("char_rnn", "CharLSTM", 5, 4, 3),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        integers(5, 2, 6),
        integers(5, 2, 6),
    ),
    "char_rnn as known": loss_of(
        from_models("char_rnn", "known_network"),
        losses.MeanSquaredError(),
        normal(2, 15, 10),
        normal(2, 15, 5),
    ),
    "bert": loss_of(
        lambda: _bert("Classifier"),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        np.array([[3, 5, 1, 0], [2, 4, 0, 0]]),
        integers(2, 2),
    ),
    "bert guessing words": loss_of(
        lambda: _bert("MaskedLM"),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        np.array([[3, 5, 1], [2, 4, 0]]),
        integers(6, 2, 3),
    ),
    "gpt": loss_of(
        from_models("gpt", "GPT", 6, 4, 4, 2, 2),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        np.array([[3, 5, 1], [2, 4, 0]]),
        integers(6, 2, 3),
    ),
    "sentiment": loss_of(
        from_models("sentiment", "sentiment", "lstm", 9, 5, 4),
        losses.BinaryCrossentropy(),
        integers(9, 3, 5),
        integers(2, 3, 1),
    ),
    "sentiment in both directions": loss_of(
        from_models("sentiment", "sentiment", "simple_rnn", 9, 5, 4, True),
        losses.BinaryCrossentropy(),
        integers(9, 3, 5),
        integers(2, 3, 1),
    ),
    "autoencoder": loss_of(
        from_models("autoencoder", "dense", 2),
        losses.MeanSquaredError(),
        normal(3, 64),
        normal(3, 64),
    ),
    "autoencoder, convolutional": loss_of(
        from_models("autoencoder", "convolutional", 3),
        losses.MeanSquaredError(),
        normal(2, 64),
        normal(2, 64),
    ),
    "vae": loss_of(
        from_models("vae", "VAE", 2, (7, 5)),
        lambda x, outputs: models.load("vae").negative_elbo(x, *outputs),
        np.random.default_rng(3).random((3, 64)),
        np.random.default_rng(3).random((3, 64)),
    ),
    "rbm": loss_of(
        from_models("rbm", "RBM", 6, 4),
        lambda weights, free_energies: (weights * free_energies).mean(),
        np.random.default_rng(3).random((3, 6)),
        np.random.default_rng(4).standard_normal(3),
    ),
    "diffusion": built(
        from_models("diffusion", "UNet", 4, (1, 2), 1, (2,), 2),
        normal(2, 4, 4, 1),
        integers(5, 2),
        integers(11, 2),
    ),
    "wgan_gp": loss_of(
        from_models("wgan_gp", "make_generator", 8, 1, 3),
        losses.MeanSquaredError(),
        normal(2, 3),
        normal(2, 8, 8, 1),
    ),
    "wgan_gp, the critic": loss_of(
        from_models("wgan_gp", "make_critic", 8, 1),
        losses.MeanSquaredError(),
        normal(2, 8, 8, 1),
        normal(2, 1),
    ),
    "stylegan2": built(
        _Noisy,
        np.random.default_rng(0).standard_normal((2, 4, 3)),
        *(np.random.default_rng(0).standard_normal((2, size, size, 1)) for size in (4, 8, 8)),
    ),
    "stylegan2, the mapping network": built(
        from_models("stylegan2", "Mapping", 3, 2), np.random.default_rng(0).standard_normal((2, 3))
    ),
    "stylegan2, the discriminator": built(
        from_models("stylegan2", "Discriminator", [2, 2], 2),
        np.random.default_rng(0).standard_normal((4, 8, 8, 1)),
    ),
    "dcgan": loss_of(
        from_models("dcgan", "make_discriminator", 1),
        losses.BinaryCrossentropy(from_logits=True),
        normal(2, 28, 28, 1),
        integers(2, 2, 1),
    ),
    "conv_gan": loss_of(
        from_models("conv_gan", "make_discriminator", 1),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        normal(2, 28, 28, 1),
        integers(2, 2),
    ),
    "cyclegan": loss_of(
        from_models("cyclegan", "make_generator", (4, 8, 1), 1, 1),
        losses.MeanSquaredError(),
        normal(2, 4, 8, 1),
        normal(2, 4, 8, 1),
    ),
    "cyclegan, the discriminator": loss_of(
        from_models("cyclegan", "make_discriminator", (8, 8, 1), 1, 2),
        losses.MeanSquaredError(),
        normal(2, 8, 8, 1),
        normal(2, 2, 2, 1),
    ),
    "conditional_gan": loss_of(
        from_models("conditional_gan", "make_discriminator", 1),
        losses.BinaryCrossentropy(from_logits=True),
        normal(2, 28, 28, 11),
        integers(2, 2, 1),
    ),
    "dense_gan": loss_of(
        from_models("dense_gan", "make_discriminator", 4),
        losses.BinaryCrossentropy(from_logits=True),
        normal(2, 784),
        integers(2, 2, 1),
    ),
    "dense_gan generator": loss_of(
        from_models("dense_gan", "make_generator", 2),
        losses.MeanSquaredError(),
        normal(3, 100),
        normal(3, 784),
    ),
    "transformer": built(
        from_models("transformer", "Transformer", 9, 4, 1, 2, 8),
        integers(9, 2, 4),
        integers(9, 2, 3),
    ),
    "transformer of pre-norm": built(
        from_models("transformer", "Transformer", 9, 4, 1, 2, 8, 0.1, True),
        integers(9, 2, 4),
        integers(9, 2, 3),
    ),
    "siamese": loss_of(
        from_models("siamese", "encoder", 3),
        losses.TripletSemiHardLoss(),
        normal(5, 8, 8, 1),
        np.array([0, 1, 0, 1, 0]),
    ),
    "siamese, hardest triplets": loss_of(
        from_models("siamese", "encoder", 3),
        losses.TripletHardLoss(),
        normal(5, 8, 8, 1),
        np.array([0, 1, 0, 1, 0]),
    ),
}
