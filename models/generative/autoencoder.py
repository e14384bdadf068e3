"""Autoencoders on handwritten digits: dense, convolutional, denoising, and as detectors of
anomalies (Hinton & Salakhutdinov 2006, Science 313(5786)).

An encoder squeezes 64 pixels into k numbers, a decoder draws the image again. With linear layers
and a squared error the best it can do is PCA with k components (Baldi & Hornik 1989); the hidden
layers bend the plane of PCA to the digits and halve its error.

- The convolutional one halves the image twice instead (4 x 4, 2 x 2).
- The denoising one (Vincent et al. 2008) sees noisy images and is asked for the clean ones. PCA
  removes noise as well, since it keeps k directions of 64; what is learned removes more.
- Trained without one of the digits, the network reconstructs that digit badly: the squared error of
  an image is its anomaly score. A 1 is the hardest to find, since its strokes occur in others.

k is a trade: 16 numbers reconstruct better than 8, also what was never seen, and so find less.

Lesson: tutorials/20_autoencoder_and_vae.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, datasets, plots
from minigrad.layers import Conv2D, Conv2DTranspose, Dense, Flatten, Input, Reshape
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.random import normal_like

from ..common import sample_plots

# ---- the models: 33,474 to 35,280 parameters for k = 2 to 16; convolutional 46,033 ---------------


def dense(k: int = 16) -> Sequential:
    """(N, 64) -> (N, 64) in -1..1: an encoder 64-128-64-k and its mirror image.

    Args:
        k: Number of latent numbers.
    """
    encoder = Sequential(
        [Input((64,)), Dense(128, activation="relu"), Dense(64, activation="relu"), Dense(k)]
    )
    decoder = Sequential(
        [
            Input((k,)),
            Dense(64, activation="relu"),
            Dense(128, activation="relu"),
            Dense(64, activation="tanh"),
        ]
    )
    return Sequential([encoder, decoder])


def convolutional(k: int = 16) -> Sequential:
    """(N, 64) -> (N, 64) in -1..1: two convolutions of stride 2, and two transposed ones.

    Args:
        k: Number of latent numbers.
    """
    encoder = Sequential(
        [
            Input((64,)),
            Reshape((8, 8, 1)),
            Conv2D(32, 3, 2, padding="same", activation="relu"),  # (N, 4, 4, 32)
            Conv2D(64, 3, 2, padding="same", activation="relu"),  # (N, 2, 2, 64)
            Flatten(),
            Dense(k),
        ]
    )
    decoder = Sequential(
        [
            Input((k,)),
            Dense(256, activation="relu"),
            Reshape((2, 2, 64)),
            Conv2DTranspose(32, 3, 2, padding="same", activation="relu"),  # (N, 4, 4, 32)
            Conv2DTranspose(1, 3, 2, padding="same", activation="tanh"),  # (N, 8, 8, 1)
            Flatten(),
        ]
    )
    return Sequential([encoder, decoder])


class Denoising(Sequential):
    """A dense autoencoder that is trained on noisy inputs, new noise in every step.

    Args:
        k: Number of latent numbers.
        noise: Standard deviation of the noise.
    """

    def __init__(self, k: int = 16, noise: float = 0.5) -> None:
        super().__init__(dense(k).layers)
        self.noise = noise

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step from noisy inputs to clean ones."""
        x, target = data
        return super().train_step((x + self.noise * normal_like(x.shape, like=x), target))


class PCA:
    """The linear autoencoder: the k directions of largest variance.

    Args:
        x: Training rows.
        k: Number of latent numbers.
    """

    def __init__(self, x: np.ndarray, k: int) -> None:
        self.mean = x.mean(0)
        _, _, directions = np.linalg.svd(x - self.mean, full_matrices=False)
        self.directions = directions[:k]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return (x - self.mean) @ self.directions.T @ self.directions + self.mean


def reconstruct(model: Any, x: np.ndarray) -> np.ndarray:
    """What an autoencoder, or PCA, makes of rows.

    Args:
        model: An autoencoder or a PCA.
        x: Rows.
    """
    return model(x) if isinstance(model, PCA) else model.predict(x, verbose=0)


def anomaly_score(model: Any, x: np.ndarray) -> np.ndarray:
    """The mean squared error of each row's reconstruction (N,).

    Args:
        model: An autoencoder or a PCA.
        x: Rows.
    """
    return ((reconstruct(model, x) - x) ** 2).mean(1)


# ---- training ------------------------------------------------------------------------------------

LATENT = (2, 8, 16)
SEEDS = 3
REFERENCE = (
    "elsewhere test MSE .122 / .042 / .021 with 2 / 8 / 16 numbers, PCA .212 / .098 / .046; "
    "anomaly AUC .968, PCA .889"
)
TARGETS = [
    "ratio_to_pca_2 <= 0.7",
    "ratio_to_pca_8 <= 0.7",
    "ratio_to_pca_16 <= 0.7",
    "ratio_to_pca_convolutional <= 0.7",
    "anomaly_auc >= 0.95",
]


def load() -> Any:
    """1437 + 360 digits, rows of 64 pixels in -1..1."""
    return datasets.digits.load_data(scale="signed")


def train(
    steps: int = 6000,
    convolutional_steps: int = 3000,
    anomaly_steps: int = 2000,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    noise: float = 0.5,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[dict[str, Any], dict[str, float]]:
    """Squared error with Adam and a cosine schedule: ({name: model}, metrics).

    Args:
        steps: Training steps of the dense networks.
        convolutional_steps: Training steps of the convolutional network.
        anomaly_steps: Training steps of each network that never sees one of the digits.
        batch_size: Rows per step.
        learning_rate: First learning rate.
        noise: Standard deviation of the noise of the denoising network.
        seed: Seed of weights, noise and the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), (x_test, y_test) = load()
    models: dict[str, Any] = {}
    metrics: dict[str, float] = {}

    def trained(name: str, model: Sequential, rows: np.ndarray, steps: int) -> Sequential:
        if verbose:
            print(f"{name}:")
        models[name] = fit(model, rows, steps, batch_size, learning_rate, verbose)
        return models[name]

    for k in LATENT:
        model = trained(f"dense_{k}", dense(k), x, steps)
        metrics |= compare(f"{k}", model, PCA(x, k), x_test)
    model = trained("convolutional", convolutional(), x, convolutional_steps)
    metrics |= compare("convolutional", model, PCA(x, 16), x_test)
    denoiser = trained("denoising", Denoising(16, noise), x, steps)
    noisy = add_noise(x_test, noise)
    for name, model in (
        ("denoising", denoiser),
        ("plain", models["dense_16"]),
        ("pca", PCA(x, 16)),
    ):
        metrics[f"denoised_mse_{name}"] = mse(reconstruct(model, noisy), x_test)
    metrics["noisy_mse"] = mse(noisy, x_test)
    scores, pca_scores = [], []
    for digit in range(10):
        seen = x[y != digit]
        model = trained(f"without_{digit}", dense(8), seen, anomaly_steps)
        scores.append(auc(y_test == digit, anomaly_score(model, x_test)))
        pca_scores.append(auc(y_test == digit, anomaly_score(PCA(seen, 8), x_test)))
    metrics["anomaly_auc"] = float(np.mean(scores))
    metrics["anomaly_auc_worst"] = min(scores)
    metrics["anomaly_auc_pca"] = float(np.mean(pca_scores))
    return models, metrics


def fit(
    model: Sequential,
    x: np.ndarray,
    steps: int,
    batch_size: int,
    learning_rate: float,
    verbose: int = 0,
) -> Sequential:
    """The model, trained to give its input back.

    Args:
        model: An autoencoder.
        x: Training rows.
        steps: Training steps, rounded up to whole passes over the rows.
        batch_size: Rows per step.
        learning_rate: First learning rate.
        verbose: 1 shows progress, 0 does not.
    """
    epochs = -(-steps // -(-len(x) // batch_size))
    model.compile(Adam(CosineDecay(learning_rate, steps)), "mse")
    model.fit(x, x, batch_size=batch_size, epochs=epochs, verbose=verbose)
    return model


def add_noise(x: np.ndarray, noise: float) -> np.ndarray:
    """Rows with normal noise, the same at every call.

    Args:
        x: Rows.
        noise: Standard deviation.
    """
    rng = np.random.default_rng(0)
    return (x + noise * rng.standard_normal(x.shape)).astype(x.dtype)


def mse(a: np.ndarray, b: np.ndarray) -> float:
    """Mean squared error."""
    return float(((a - b) ** 2).mean())


def compare(name: str, model: Any, pca: PCA, x: np.ndarray) -> dict[str, float]:
    """Test MSE beside that of PCA with as many numbers.

    Args:
        name: End of the names of the metrics.
        model: An autoencoder.
        pca: The PCA.
        x: Test rows.
    """
    own, linear = mse(reconstruct(model, x), x), mse(pca(x), x)
    return {f"mse_{name}": own, f"pca_mse_{name}": linear, f"ratio_to_pca_{name}": own / linear}


def auc(is_anomaly: np.ndarray, scores: np.ndarray) -> float:
    """The probability that an anomaly has a higher score than another row.

    Args:
        is_anomaly: True for anomalies (N,).
        scores: Their scores (N,).
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(is_anomaly, scores))


def report(models: dict[str, Any]) -> str:
    """How well each network finds the digit that it has never seen."""
    (x, y), (x_test, y_test) = load()
    lines = ["the digit left out is found with an AUC of (PCA in brackets)"]
    for digit in range(10):
        pca = PCA(x[y != digit], 8)
        own, linear = (
            auc(y_test == digit, anomaly_score(model, x_test))
            for model in (models[f"without_{digit}"], pca)
        )
        lines.append(f"  {digit}: {own:.3f} ({linear:.3f})")
    return "\n".join(lines)


# ---- pictures ------------------------------------------------------------------------------------


def pictures(models: dict[str, Any], out: Path, noise: float = 0.5) -> None:
    """Reconstructions, the latent plane and what is drawn from it, denoising, anomalies."""
    (x, y), (x_test, y_test) = load()
    rows = x_test[[int((y_test == digit).argmax()) for digit in range(10)]]
    shown = {"original": rows, "PCA, 8": PCA(x, 8)(rows)}
    shown |= {name.replace("_", ", "): reconstruct(models[name], rows) for name in NAMES}
    sample_plots.draw_rows(
        shown, "Test digits and their reconstructions", out / "reconstructions.png"
    )
    noisy = add_noise(rows, noise)
    shown = {"original": rows, "noisy": noisy, "PCA, 16": PCA(x, 16)(noisy)}
    shown |= {name: reconstruct(models[key], noisy) for name, key in DENOISERS.items()}
    sample_plots.draw_rows(shown, "Noise removed", out / "denoising.png")
    encoder, decoder = models["dense_2"].layers
    draw_plane(encoder.predict(x_test, verbose=0), y_test, out / "latent_plane.png")
    draw_decoded(decoder, encoder.predict(x, verbose=0), out / "decoded_plane.png")
    draw_anomalies(models["without_8"], x_test, y_test, out / "anomalies.png")


NAMES = ("dense_2", "dense_8", "dense_16", "convolutional")
DENOISERS = {"dense, 16": "dense_16", "denoising": "denoising"}


def draw_plane(codes: np.ndarray, y: np.ndarray, path: Path) -> None:
    """The two latent numbers of the test digits."""
    with plots.new_figure(6.5, 5.5, path) as figure:
        axes = figure.subplots()
        for digit in range(10):
            axes.scatter(*codes[y == digit].T, marker=f"${digit}$", s=40, linewidth=0.3)
        axes.set(xlabel="first number", ylabel="second number", title="Test digits in the plane")


def draw_decoded(decoder: Any, codes: np.ndarray, path: Path) -> None:
    """What the decoder draws at a grid of quantiles of the training codes."""
    levels = np.linspace(0.02, 0.98, 14)
    across, up = np.quantile(codes[:, 0], levels), np.quantile(codes[:, 1], levels)
    grid = np.stack(np.meshgrid(across, up[::-1]), -1).reshape(-1, 2)
    images = decoder.predict(grid, verbose=0)
    sample_plots.draw_sheet(images, len(levels), "Drawn from the plane", path)


def draw_anomalies(model: Any, x: np.ndarray, y: np.ndarray, path: Path) -> None:
    """The 24 test digits that the network without 8 reconstructs worst."""
    scores = anomaly_score(model, x)
    worst = np.argsort(-scores)[:24]
    titles = [f"{y[i]}: {scores[i]:.2f}" for i in worst]
    title = "Never seen an 8: largest errors among the test digits"
    plots.samples(x[worst], titles=titles, title=title, path=path)
