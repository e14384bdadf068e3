"""Variational autoencoder on handwritten digits (Kingma & Welling 2013, arXiv:1312.6114).

An image x comes from a latent z ~ N(0, I) through a decoder p(x|z); the encoder guesses which z it
came from: q(z|x) = N(mean, sigma^2). Both maximize the evidence lower bound (ELBO) of log p(x):

    E_q[log p(x|z)] - KL(q(z|x) || p(z))         in nats per image

The gradient goes through the draw since z = mean + sigma * noise (reparameterization), and the KL
divergence of two Gaussians has a closed form (appendix B), which is the mean of log q(z|x) - log
p(z) over draws of z.

The gray of a pixel counts as the probability that it is white (Bernoulli), and the samples are
these probabilities. They are blurred by nature: the decoder must serve all z that the encoder may
draw, and answers with their mean. So the Frechet distance stays above that of one Gaussian per
class, though no class is missing and nothing is copied. Of the eight latent numbers about four are
used: one more must tell more nats of the image than it costs in KL, and the others stay N(0, 1).

Lesson: tutorials/20_autoencoder_and_vae.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Model, Sequential, Tensor, datasets, grad, ops, plots, training
from minigrad.layers import Dense, Input
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.random import generator, normal_like

from ..common import judge, sample_plots
from ..common.film import write_film
from ..common.long_run import fit_steps

# ---- the model: 51,600 + 50,624 = 102,224 parameters ---------------------------------------------


class VAE(Model):
    """Images (N, 64) in 0..1 -> (logits of the pixels, mean and log variance of z).

    Args:
        latent: Size of z.
        hidden: Units of the encoder's two hidden layers; the decoder's are the same in reverse.
    """

    def __init__(self, latent: int = 8, hidden: tuple[int, int] = (256, 128)) -> None:
        super().__init__()
        wide, narrow = hidden
        self.latent = latent
        self.encoder = Sequential(
            [
                Input((64,)),
                Dense(wide, activation="relu"),
                Dense(narrow, activation="relu"),
                Dense(2 * latent),
            ]
        )
        self.decoder = Sequential(
            [
                Input((latent,)),
                Dense(narrow, activation="relu"),
                Dense(wide, activation="relu"),
                Dense(64),
            ]
        )
        self.build_from_shape((64,))

    def call(self, x: Any, noise: Any = 0.0) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of the reconstruction, mean and log variance of q(z|x).

        Args:
            x: Images (N, 64) in 0..1.
            noise: Standard normal noise (N, latent); 0 decodes the mean.
        """
        mean, log_variance = ops.split(self.encoder(x), indices_or_sections=2, axis=-1)
        z = mean + ops.exp(log_variance / 2) * noise
        return self.decoder(z), mean, log_variance

    def draw(self, x: Any) -> tuple[Tensor, Tensor, Tensor]:
        """The same from one draw of z per image.

        Args:
            x: Images (N, 64) in 0..1.
        """
        return self(x, normal_like((len(x), self.latent), like=x))

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step up the ELBO."""
        with training():
            loss = negative_elbo(data, *self.draw(data))
        parameters = self.trained()
        self.optimizer.apply(grad(loss, parameters, retain_graph=False), parameters)
        return {"loss": float(loss)}

    def test_step(self, data: Any) -> dict[str, Any]:
        """The negative ELBO of one draw per image."""
        return {"loss": float(negative_elbo(data, *self.draw(data)))}

    # ---- images and codes ------------------------------------------------------------------------

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log variance of q(z|x): (N, latent) each.

        Args:
            x: Images (N, 64) in 0..1.
        """
        mean, log_variance = np.split(self.encoder.predict(x, verbose=0), 2, axis=-1)
        return mean, log_variance

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Images in 0..1: the probabilities of the pixels.

        Args:
            z: Latent numbers (N, latent).
        """
        return 1 / (1 + np.exp(-self.decoder.predict(z, verbose=0)))

    def sample(self, n: int) -> np.ndarray:
        """Images of z drawn from N(0, I): (n, 64) in 0..1.

        Args:
            n: Number of images.
        """
        return self.decode(generator().standard_normal((n, self.latent), np.float32))


def negative_elbo(x: Any, logits: Any, mean: Any, log_variance: Any) -> Any:
    """KL(q(z|x) || p(z)) - log p(x|z), the mean of the batch.

    Args:
        x: Images (N, D) in 0..1.
        logits: Logits of the pixels, decoded from one draw of z.
        mean: Means of q(z|x).
        log_variance: Logarithms of its variances.
    """
    return ops.mean(kl_divergence(mean, log_variance) - log_likelihood(x, logits))


def log_likelihood(x: Any, logits: Any) -> Any:
    """Sum over the pixels of x log p + (1 - x) log(1 - p), p = sigmoid(logits): (N,).

    Args:
        x: Images (N, D) in 0..1.
        logits: Logits of the pixels (N, D).

    Raises:
        ValueError: If a pixel is outside of 0..1, where the bound has no bound.
    """
    low, high = float(ops.min(x)), float(ops.max(x))
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"vae: pixels in {low:.4g}..{high:.4g}: a Bernoulli decoder takes images in 0..1, "
            'such as those of datasets.digits.load_data(scale="unit")'
        )
    return ops.sum(x * logits - ops.softplus(logits), axis=-1)


def kl_divergence(mean: Any, log_variance: Any) -> Any:
    """KL(N(mean, sigma^2) || N(0, 1)), summed over the latent numbers: (N,).

    Args:
        mean: Means (N, K).
        log_variance: Logarithms of sigma^2 (N, K).
    """
    terms = mean**2 + ops.exp(log_variance) - log_variance - 1
    return ops.sum(terms, axis=-1) / 2


def sampled_kl(mean: np.ndarray, log_variance: np.ndarray, draws: int = 1) -> np.ndarray:
    """The same as a mean of log q(z|x) - log p(z) over draws of z from q: (N,).

    Args:
        mean: Means (N, K).
        log_variance: Logarithms of sigma^2 (N, K).
        draws: Draws per row.
    """
    noise = generator().standard_normal((draws, *mean.shape))
    z = mean + np.exp(log_variance / 2) * noise
    log_q = log_normal(noise) - log_variance.sum(-1) / 2
    return (log_q - log_normal(z)).mean(0)


def log_normal(z: np.ndarray) -> np.ndarray:
    """The log density of a standard normal, summed over the last axis."""
    return -(z**2 + math.log(2 * math.pi)).sum(-1) / 2


def evaluate(model: VAE, x: np.ndarray, draws: int = 10) -> dict[str, float]:
    """The ELBO in nats per image, its terms, the KL by sampling, and the latent numbers in use.

    A latent number is in use if its mean varies over the images by more than .01 (Burda et al.
    2015, arXiv:1509.00519).

    Args:
        model: A VAE.
        x: Images.
        draws: Draws of z per image.
    """
    elbo = -float(np.mean([model.evaluate(x, verbose=0) for _ in range(draws)]))
    mean, log_variance = model.encode(x)
    kl = float(kl_divergence(mean, log_variance).mean())
    sampled = float(sampled_kl(mean, log_variance, draws).mean())
    return {
        "elbo": elbo,
        "log_likelihood": elbo + kl,
        "kl": kl,
        "sampled_kl": sampled,
        "latent_in_use": int((mean.var(0) > 0.01).sum()),
    }


# ---- training ------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = "elsewhere a test ELBO of -23.7 nats with latent 8"
TARGETS = ["elbo >= -24", "ratio_to_gaussians <= 5", "classes == 10", "copying >= 0.9"]


def load() -> Any:
    """1437 + 360 digits, rows of 64 pixels in 0..1."""
    return datasets.digits.load_data(scale="unit")


def build(latent: int = 8) -> VAE:
    """The model.

    Args:
        latent: Size of z.
    """
    return VAE(latent)


def sample(model: VAE, n: int) -> np.ndarray:
    """Images (n, 64) in -1..1 of z drawn from N(0, I).

    Args:
        model: A VAE.
        n: Number of images.
    """
    return 2 * model.sample(n) - 1


def train(
    steps: int = 6000,
    latent: int = 8,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    judged: int = 5000,
    checkpoint: str = "",
    seed: int = 0,
    verbose: int = 1,
) -> tuple[VAE, dict[str, float]]:
    """The ELBO with Adam and a cosine schedule.

    Args:
        steps: Training steps, rounded up to whole passes over the rows.
        latent: Size of z.
        batch_size: Rows per step.
        learning_rate: First learning rate.
        judged: Number of samples that are judged.
        checkpoint: Folder that keeps the state after each pass over the images; a training that is
            started again goes on from it.
        seed: Seed of weights, noise and the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, _), (x_test, _) = load()
    model = build(latent)
    model.compile(Adam(CosineDecay(learning_rate, steps)))
    z = np.random.default_rng(0).standard_normal((64, latent), np.float32)
    model.film = fit_steps(
        model,
        x,
        steps,
        batch_size,
        lambda: 2 * model.decode(z) - 1,
        verbose,
        checkpoint=checkpoint,
        validation_data=(x_test,),
        drop_last=False,
    )
    scores = judge.load(8).score(sample(model, judged))
    return model, evaluate(model, x_test) | scores


def report(model: VAE, judged: int = 5000) -> str:
    """Scores of samples and of reconstructed test digits beside the judge's yardsticks."""
    _, (x_test, _) = load()
    reconstructed = model.decode(model.encode(x_test)[0])
    title = f"{len(x_test)} reconstructed test digits, by the means of their codes"
    tables = [
        judge.load(8).report({"VAE": sample(model, judged)}),
        title,
        judge.load(8).report({"reconstructed": 2 * reconstructed - 1}),
    ]
    return "\n\n".join(tables)


# ---- pictures ------------------------------------------------------------------------------------


def pictures(model: VAE, out: Path) -> None:
    """ELBO by epoch, samples, a film of them, reconstructions, walks between digits and along each
    number.
    """
    _, (x, y) = load()
    history = model.history.history
    lines = {"training": -np.array(history["loss"]), "test": -np.array(history["val_loss"])}
    plots.curves(
        {name: line[1:] for name, line in lines.items()},
        xlabel="epoch",
        ylabel="ELBO in nats",
        title="Evidence lower bound",
        path=out / "elbo.png",
    )
    sample_plots.draw_sheet(sample(model, 100), 20, "Samples", out / "samples.png")
    write_film(model.film, out / "film.gif")
    rows = x[[int((y == digit).argmax()) for digit in range(10)]]
    codes, _ = model.encode(rows)
    shown = {"original": 2 * rows - 1, "reconstructed": 2 * model.decode(codes) - 1}
    sample_plots.draw_rows(shown, "Test digits", out / "reconstructions.png")
    t = np.linspace(0, 1, 12)[:, None]
    walks = {
        f"{a} to {b}": 2 * model.decode(codes[a] * (1 - t) + codes[b] * t) - 1
        for a, b in ((0, 6), (1, 7), (3, 8), (4, 9), (5, 3))
    }
    sample_plots.draw_rows(walks, "Straight walks between two codes", out / "walks.png")
    axes = {
        f"z{i + 1}": 2 * model.decode(np.linspace(-3, 3, 12)[:, None] * unit) - 1
        for i, unit in enumerate(np.eye(model.latent, dtype=np.float32))
    }
    sample_plots.draw_rows(axes, "Each number from -3 to 3, the others 0", out / "axes.png")
