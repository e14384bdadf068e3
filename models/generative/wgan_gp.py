"""Wasserstein GAN with gradient penalty on handwritten digits (Gulrajani et al. 2017,
arXiv:1704.00028).

A critic f replaces the discriminator. It gives a number without limits, not a probability, and the
gap between its means estimates how far fakes are from real images (Wasserstein-1):

    W = max over f of slope <= 1 of   E[f(real)] - E[f(fake)]

The best f has a gradient of norm 1 almost everywhere on straight lines between real images and
fakes, so that norm is asked for at a random point of each line (equation 3):

    f goes down    E[f(fake)] - E[f(real)] + lambda E[(|grad f(x)| - 1)^2]
    G goes down    -E[f(fake)]

The penalty holds a gradient, so its own gradient goes backward through a backward pass
(`create_graph=True`). Its norm belongs to one image: the critic has no batch normalization, which
would mix the images of a batch. f makes five steps for each one of G, without momentum (beta_1 =
0), since what it follows moves.

The defaults stop where the classes are there and the Frechet distance is below that of one Gaussian
per class. That flatters the samples: a third of them is still between two digits, as the share that
the judge is confident of and the distance to the nearest training row say.

Lesson: tutorials/22_dcgan_conditional_wgan.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Model, Sequential, Tensor, grad, ops, plots, training
from minigrad.backend import Array
from minigrad.callbacks import AverageWeights
from minigrad.layers import (
    Conv2D,
    Conv2DTranspose,
    Cropping2D,
    Dense,
    Flatten,
    Input,
    LeakyReLU,
    Reshape,
)
from minigrad.optimizers.adam import Adam
from minigrad.random import generator as random_numbers
from minigrad.random import uniform_like

from ..common import judge, sample_plots
from ..common.adversarial import Adversarial, check_range, same_samples, sample
from ..common.film import write_film
from ..common.long_run import fit_steps

# ---- the networks, those of the paper's code for MNIST: 28x28, width 64, noise 128 ---------------


def make_generator(size: int = 16, width: int = 16, noise: int = 128) -> Sequential:
    """Noise (N, noise) -> images (N, size, size, 1) in -1..1.

    Args:
        size: Height and width of the images: 16, or 28 as in the paper's code.
        width: Channels before the last layer; the paper's code has 64.
        noise: Size of the noise.
    """
    side = -(-size // 8)
    crop = [Cropping2D(((0, 1), (0, 1)))] if size == 28 else []  # 8x8 -> 7x7
    return Sequential(
        [
            Input((noise,)),
            Dense(side * side * 4 * width, activation="relu"),
            Reshape((side, side, 4 * width)),
            Conv2DTranspose(2 * width, 5, 2, "same", activation="relu"),
            *crop,
            Conv2DTranspose(width, 5, 2, "same", activation="relu"),
            Conv2DTranspose(1, 5, 2, "same", activation="tanh"),
        ],
        name="generator",
    )


def make_critic(size: int = 16, width: int = 16) -> Sequential:
    """Images (N, size, size, 1) -> numbers (N, 1), the larger the more real.

    Args:
        size: Height and width of the images.
        width: Channels of the first layer; the paper's code has 64.
    """
    layers: list[Any] = [Input((size, size, 1))]
    for channels in (width, 2 * width, 4 * width):
        layers += [Conv2D(channels, 5, 2, "same"), LeakyReLU(0.2)]
    return Sequential([*layers, Flatten(), Dense(1)], name="critic")


# ---- the loss ------------------------------------------------------------------------------------


def gradient_norms(critic: Any, images: Any) -> Tensor:
    """|grad f(x)| of each image, itself a function of the critic's weights: (N,).

    Args:
        critic: f.
        images: Images (N, H, W, C).
    """
    x = Tensor(images, requires_grad=True)
    (slope,) = grad(ops.sum(critic(x)), [x], create_graph=True)
    return ops.sqrt(ops.sum(slope**2, axis=(1, 2, 3)))


def critic_loss(
    critic: Any, real: Any, fakes: Any, epsilon: Any, lambda_: float = 10.0
) -> tuple[Tensor, Tensor, Tensor]:
    """The critic's loss, its estimate of W, and the norms of its gradient (algorithm 1).

    Args:
        critic: f.
        real: Real images (N, H, W, C).
        fakes: As many of G, without their graph.
        epsilon: Numbers in 0..1, (N, 1, 1, 1): where on the line between the two.
        lambda_: Weight of the penalty.
    """
    distance = ops.mean(critic(real)) - ops.mean(critic(fakes))
    norms = gradient_norms(critic, epsilon * real + (1 - epsilon) * fakes)
    return lambda_ * ops.mean((norms - 1) ** 2) - distance, distance, norms


# ---- the model -----------------------------------------------------------------------------------


class WGANGP(Adversarial):
    """G and its critic, trained by `fit`.

    Args:
        generator: G.
        critic: f.
        critic_steps: Steps of f for each one of G; a batch is divided among them.
        lambda_: Weight of the penalty.
    """

    def __init__(
        self,
        generator: Sequential,
        critic: Sequential,
        critic_steps: int = 5,
        lambda_: float = 10.0,
    ) -> None:
        super().__init__(generator, critic)
        self.critic_steps = critic_steps
        self.lambda_ = lambda_

    @property
    def critic(self) -> Sequential:
        """f, which takes the place of a discriminator."""
        return self.discriminator

    def train_step(self, data: Array) -> dict[str, float]:
        """Some steps of f, each with its part of the batch, and one of G.

        Args:
            data: Real images, a multiple of `critic_steps`.
        """
        check_range("wgan_gp", data)
        if len(data) % self.critic_steps:
            raise ValueError(
                f"wgan_gp: a batch of {len(data)} images does not divide into "
                f"{self.critic_steps} steps of the critic: fit(x, batch_size="
                f"{32 * self.critic_steps}, drop_last=True)"
            )
        parts = ops.split(data, indices_or_sections=self.critic_steps)
        logs = np.mean([self._critic_step(real) for real in parts], axis=0)
        with training():
            loss = -ops.mean(self.critic(self.generator(self.noise(parts[0]))))
        weights = self.generator.trainable_weights
        self.optimizer.apply(grad(loss, weights, retain_graph=False), weights)
        return dict(zip(("distance", "norm"), map(float, logs)))

    def _critic_step(self, real: Array) -> tuple[float, float]:
        """One step of f; returns W and the mean norm of the gradient."""
        fakes = self.generator(self.noise(real)).detach()
        epsilon = uniform_like((len(real), 1, 1, 1), like=real)
        with training():
            loss, distance, norms = critic_loss(self.critic, real, fakes, epsilon, self.lambda_)
        weights = self.critic.trainable_weights
        self.d_optimizer.apply(grad(loss, weights, retain_graph=False), weights)
        return float(distance), float(norms.mean())


# ---- training ------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = "elsewhere a Frechet distance of 23.7, critic norm 1.05, all classes in 120 seconds"
TARGETS = ["classes == 10", "critic_norm >= 0.9", "critic_norm <= 1.15", "ratio_to_gaussians <= 3"]


def load(size: int = 16) -> np.ndarray:
    """1437 digits (N, size, size, 1) in -1..1."""
    (x, _), _ = judge.load_data(size)
    return x


def build(size: int = 16, width: int = 16, critic_steps: int = 5, lambda_: float = 10.0) -> WGANGP:
    """Both networks.

    Args:
        size: Height and width of the images: 16 or 28.
        width: Channels of the widest maps.
        critic_steps: Steps of the critic for each one of G.
        lambda_: Weight of the penalty.
    """
    return WGANGP(make_generator(size, width), make_critic(size, width), critic_steps, lambda_)


def train(
    steps: int = 1000,
    size: int = 16,
    width: int = 16,
    batch_size: int = 32,
    learning_rate: float = 5e-4,
    critic_steps: int = 5,
    lambda_: float = 10.0,
    decay: float = 0.999,
    judged: int = 5000,
    checkpoint: str = "",
    seed: int = 0,
    verbose: int = 1,
) -> tuple[WGANGP, dict[str, float]]:
    """Both networks by Adam without momentum; G keeps the averages of its weights.

    Args:
        steps: Steps of G, rounded up to whole passes over the images.
        size: Height and width of the images: 16 or 28.
        width: Channels of the widest maps.
        batch_size: Real images per step of the critic.
        learning_rate: That of both optimizers; the paper has 1e-4.
        critic_steps: Steps of the critic for each one of G.
        lambda_: Weight of the penalty.
        decay: Decay of the averages of G's weights.
        judged: Number of samples that are judged.
        checkpoint: Folder that keeps the state after each pass over the images; a training that is
            started again goes on from it.
        seed: Seed of weights, noise and the order of images.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    x = load(size)
    model = build(size, width, critic_steps, lambda_)
    model.compile(
        Adam(learning_rate, beta_1=0.0, beta_2=0.9), Adam(learning_rate, beta_1=0.0, beta_2=0.9)
    )
    rows = batch_size * critic_steps
    averaging = AverageWeights(decay, layer=model.generator)
    draw = same_samples(model)
    model.film = fit_steps(model, x, steps, rows, draw, verbose, [averaging], checkpoint)
    return model, evaluate(model, judged)


def evaluate(model: WGANGP, judged: int = 5000) -> dict[str, float]:
    """The critic's gradient norm and W over the last tenth of training, W of held-out images, and
    the judge's scores.

    Where W of held-out images is smaller, the critic knows the training images by heart (figure 5).

    Args:
        model: A trained model.
        judged: Number of samples.
    """
    images = sample(model.generator, judged)
    size = images.shape[1]
    _, (held_out, _) = judge.load_data(size)
    real, held_out, fake = (
        float(model.critic.predict(x, verbose=0).mean()) for x in (load(size), held_out, images)
    )
    return {
        "critic_norm": last_tenth(model, "norm"),
        "last_distance": last_tenth(model, "distance"),
        "distance": real - fake,
        "held_out_distance": held_out - fake,
        **judge.load(size).score(images),
    }


def last_tenth(model: Model, key: str) -> float:
    """Mean of a figure over the last tenth of the epochs.

    Args:
        model: A model that fit has trained.
        key: Name of the figure in its history.
    """
    values = model.history.history[key]
    return float(np.mean(values[-max(1, len(values) // 10) :]))


def report(model: WGANGP, judged: int = 5000) -> str:
    """Scores of the samples beside the judge's yardsticks."""
    images = sample(model.generator, judged)
    return judge.load(images.shape[1]).report({"WGAN-GP": images})


# ---- pictures ------------------------------------------------------------------------------------


def pictures(model: WGANGP, out: Path) -> None:
    """W and the norm of the critic's gradient by epoch, samples, a walk between noises, a film."""
    history = model.history.history
    for key, label in (("distance", "W, as the critic sees it"), ("norm", "norm of its gradient")):
        plots.curves(
            {"training": history[key]}, xlabel="epoch", ylabel=label, path=out / f"{key}.png"
        )
    images = sample(model.generator, 100)
    sample_plots.draw_sheet(images, 20, "Samples, averaged weights", out / "samples.png")
    t = np.linspace(0, 1, 12, dtype="float32")[:, None]
    noise = random_numbers().standard_normal((6, model.generator.input_shape[-1]), np.float32)
    walks = {
        f"walk {i + 1}": model.generator.predict(a * (1 - t) + b * t, verbose=0)
        for i, (a, b) in enumerate(zip(noise[::2], noise[1::2]))
    }
    sample_plots.draw_rows(walks, "Straight walks between two noises", out / "walks.png")
    write_film(model.film, out / "film.gif")
