"""Conditional GAN: digits on request (Mirza & Osindero 2014, arXiv:1411.1784).

The networks of DCGAN, which see the label y as well: G beside the noise z, D as ten maps beside the
image, of which the one of the class is 1 everywhere. D then judges whether an image is real and
shows what it should:

    D goes down    -E[log D(x, y)] - E[log(1 - D(G(z, y), y))]
    G goes down    -E[log D(G(z, y), y)]

The code of a known tutorial cannot run: it concatenates images (N, 28, 28, 1) and labels (N, 10),
which have different ranks, and calls its generator of 110 numbers with 100. Here the label is
repeated over all pixels.

What labels are good for: samples come with theirs, so they can train a classifier. Whether they
help depends on what the GAN has seen. One that was trained on the same 100 labelled digits as the
classifier has nothing to add but mistakes of its own: classifiers get worse. One that was trained
on all 1437 has seen 1337 labels more than the classifier, which is no fair gain, and measures what
its samples are worth: a little, much less than the digits themselves. Both are reported.

Lesson: tutorials/22_dcgan_conditional_wgan.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, datasets, grad, ops, plots, training
from minigrad.backend import Array
from minigrad.callbacks import AverageWeights
from minigrad.layers import Conv2D, Dense, Flatten, Input
from minigrad.losses import SparseCategoricalCrossentropy
from minigrad.optimizers.adam import Adam
from minigrad.random import generator as random_numbers
from minigrad.random import normal_like

from ..common import judge, sample_plots
from ..common.adversarial import check_range
from ..common.film import Film, write_film
from ..common.long_run import fit_steps
from . import dcgan

NOISE = 100
CLASSES = 10

# ---- the networks: 2,456,384 and 228,865 parameters at width 64 ----------------------------------


def make_generator(width: int = 64) -> Sequential:
    """Noise and label (N, 110) -> images (N, 28, 28, 1) in -1..1.

    Args:
        width: Channels before the last layer.
    """
    return dcgan.make_generator(width, NOISE + CLASSES)


def make_discriminator(width: int = 64) -> Sequential:
    """Images and maps of their labels (N, 28, 28, 11) -> logits (N, 1).

    Args:
        width: Channels of the first layer.
    """
    return dcgan.make_discriminator(width, 1 + CLASSES)


def join_noise(z: Array, labels: Array) -> Any:
    """(N, 100) and (N,) -> (N, 110): what G takes.

    Args:
        z: Noise.
        labels: Classes, 0..9.

    Raises:
        IndexError: If a label is no class.
    """
    return ops.concatenate([z, ops.one_hot(labels, num_classes=CLASSES, dtype=z.dtype)], axis=-1)


def join_maps(images: Any, labels: Array) -> Any:
    """(N, 28, 28, 1) and (N,) -> (N, 28, 28, 11): what D takes.

    Args:
        images: Images, real or not.
        labels: Classes, 0..9.
    """
    maps = ops.one_hot(labels, num_classes=CLASSES, dtype=images.dtype)[:, None, None, :]
    maps = ops.broadcast_to(maps, shape=(*images.shape[:-1], CLASSES))
    return ops.concatenate([images, maps], axis=-1)


# ---- the model -----------------------------------------------------------------------------------


class ConditionalGAN(dcgan.DCGAN):
    """G and D that see the label, trained by `fit(images, labels)`.

    Args:
        generator: G, of noise and label.
        discriminator: D, of images and maps of their labels.
    """

    def train_step(self, data: tuple[Array, Array]) -> dict[str, float]:  # type: ignore[override]
        """One step of both networks, each against the other as it was, with labels of the batch.

        Args:
            data: Real images and their labels.
        """
        images, labels = data
        check_range("conditional_gan", images)
        with training():
            fakes = self.generator(join_noise(self.noise(images), labels))
            real_verdict = self.discriminator(join_maps(images, labels))
            fake_verdict = self.discriminator(join_maps(fakes, labels))
            g_loss = self.generator_loss(fake_verdict)
            d_loss = self.discriminator_loss(real_verdict, fake_verdict)
        theta_g, theta_d = self.generator.trainable_weights, self.discriminator.trainable_weights
        d_slopes = grad(d_loss, theta_d)
        g_slopes = grad(g_loss, theta_g, retain_graph=False)
        self.optimizer.apply(g_slopes, theta_g)
        self.d_optimizer.apply(d_slopes, theta_d)
        return {"g_loss": float(g_loss), "d_loss": float(d_loss)}

    def noise(self, images: Array) -> Array:
        """As many rows of noise as there are images.

        Args:
            images: Images, one per row.
        """
        return normal_like((len(images), NOISE), like=images)


def sample_as_asked(model: ConditionalGAN, labels: Any) -> np.ndarray:
    """Images of these classes, of fresh noise.

    Args:
        model: A model.
        labels: Their classes (N,).

    Raises:
        IndexError: If a label is no class.
    """
    z = random_numbers().standard_normal((len(labels), NOISE), np.float32)
    return model.predict(join_noise(z, np.asarray(labels)), verbose=0)


def sample(model: ConditionalGAN, n: int) -> np.ndarray:
    """Images of all classes in turn.

    Args:
        model: A model.
        n: Number of images.
    """
    return sample_as_asked(model, np.arange(n) % CLASSES)


# ---- what the samples are ------------------------------------------------------------------------


def share_as_asked(images: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that the judge puts into the class that was asked for.

    Args:
        images: Samples.
        labels: Their classes (N,).
    """
    return float((judge.load(28).classify(images).argmax(1) == labels).mean())


def variety(images: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance of two images of a class over that of two real ones, averaged over classes.

    Args:
        images: Samples.
        labels: Their classes (N,).
    """
    x, y = load()
    ratios = [
        mean_distance(images[labels == label]) / mean_distance(x[y == label])
        for label in range(CLASSES)
    ]
    return float(np.mean(ratios))


def mean_distance(images: np.ndarray) -> float:
    """Mean Euclidean distance of two different images.

    Args:
        images: Images, one per row.
    """
    from sklearn.metrics import pairwise_distances

    n = len(images)
    return float(pairwise_distances(judge.flat(images)).sum() / (n * (n - 1)))


def few_per_class(n: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """The first images of each class, and their labels.

    Args:
        n: Number of images per class.
    """
    x, y = load()
    places = np.concatenate([np.flatnonzero(y == label)[:n] for label in range(CLASSES)])
    return x[places], y[places]


def make_classifier() -> Sequential:
    """Images (N, 28, 28, 1) -> logits (N, 10): a small network, so that many can be trained."""
    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(16, 5, 2, "same", activation="relu"),
            Conv2D(32, 5, 2, "same", activation="relu"),
            Flatten(),
            Dense(CLASSES),
        ]
    )


def accuracies_of_classifiers(
    x: np.ndarray, y: np.ndarray, steps: int = 110, classifiers: int = 5
) -> list[float]:
    """Accuracies on the 360 held-out digits of classifiers of different seeds.

    Args:
        x: Images to train with, a multiple of 100.
        y: Their labels.
        steps: Steps of each, with batches of 100.
        classifiers: Their number.
    """
    _, (x_test, y_test) = judge.load_data(28)
    found = []
    for seed in range(classifiers):
        minigrad.seed(seed)
        model = make_classifier()
        model.compile("adam", SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x, y, batch_size=100, epochs=steps // (len(x) // 100), verbose=0)
        found.append(float((model.predict(x_test, verbose=0).argmax(1) == y_test).mean()))
    return found


def augmentation(
    models: dict[str, ConditionalGAN], steps: int = 110, classifiers: int = 5
) -> dict[str, float]:
    """Accuracies of classifiers of 100 labelled digits, without and with 1000 samples beside them:
    their means and standard deviations.

    Args:
        models: GANs by what they were trained on.
        steps: Steps of each classifier, the same in all cases.
        classifiers: Number of classifiers of each case.
    """
    x, y = few_per_class()
    labels = np.arange(1000) % CLASSES
    cases = {"of_100": (x, y)}
    for name, model in models.items():
        images = np.concatenate([x, sample_as_asked(model, labels)])
        cases[f"with_samples_of_{name}"] = images, np.concatenate([y, labels])
    figures = {}
    for name, rows in cases.items():
        found = accuracies_of_classifiers(*rows, steps, classifiers)
        figures[f"accuracy_{name}"] = float(np.mean(found))
        figures[f"deviation_{name}"] = float(np.std(found))
    return figures


# ---- training ------------------------------------------------------------------------------------

REFERENCE = (
    "elsewhere, at half width in 150 seconds, .94 of the samples of averaged weights are as asked, "
    "and their Frechet distance is 20.5, 2 to 2.3 times that of one Gaussian per class"
)
TARGETS = ["as_asked >= 0.9", "ratio_to_gaussians <= 3", "classes == 10"]


class Beside:
    """What belongs to a training and is no part of the model.

    Args:
        few: A GAN that was trained on 100 digits.
        figures: What the samples of both are worth to classifiers.
        film: Samples of the model itself while it learned.
    """

    def __init__(self, few: ConditionalGAN, figures: dict[str, float], film: Film) -> None:
        self.few = few
        self.figures = figures
        self.film = film


def load() -> tuple[np.ndarray, np.ndarray]:
    """1437 digits (N, 28, 28, 1) in -1..1, and their labels."""
    rows, _ = datasets.digits28.load_data(flat=False, scale="signed")
    return rows


def build(width: int = 32) -> ConditionalGAN:
    """Both networks.

    Args:
        width: Channels of the widest maps; the known recipe has 64.
    """
    return ConditionalGAN(make_generator(width), make_discriminator(width))


def train(
    steps: int = 1000,
    width: int = 32,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    decay: float = 0.99,
    few_steps: int = 600,
    classifier_steps: int = 110,
    classifiers: int = 5,
    judged: int = 5000,
    checkpoint: str = "",
    seed: int = 0,
    verbose: int = 1,
) -> tuple[ConditionalGAN, dict[str, float]]:
    """Both networks by Adam; G keeps the averages of its weights. Beside it one of half the width
    that sees 100 digits alone, and classifiers with the samples of both.

    Args:
        steps: Steps, rounded up to whole passes over the images.
        width: Channels of the widest maps; the known recipe has 64.
        batch_size: Real images per step.
        learning_rate: That of both optimizers.
        decay: Decay of the averages of G's weights.
        few_steps: Steps of the one with 100 digits.
        classifier_steps: Steps of each classifier.
        classifiers: Number of classifiers, with the samples of either and without.
        judged: Number of samples that are judged.
        checkpoint: Folder that keeps the state after each pass over the images; a training that is
            started again goes on from it.
        seed: Seed of weights, noise, dropout and the order of images.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    model = build(width)
    film = fit(model, load(), steps, batch_size, learning_rate, decay, verbose, checkpoint)
    minigrad.seed(seed)
    few = build(width // 2)
    fit(few, few_per_class(), few_steps, batch_size, learning_rate, decay)
    labels = np.arange(judged) % CLASSES
    images, images_of_few = sample_as_asked(model, labels), sample_as_asked(few, labels)
    figures = augmentation({"few": few, "all": model}, classifier_steps, classifiers)
    model.beside = Beside(few, figures, film)
    return model, {
        "as_asked": share_as_asked(images, labels),
        "variety": variety(images, labels),
        **judge.load(28).score(images),
        "few_as_asked": share_as_asked(images_of_few, labels),
        "few_variety": variety(images_of_few, labels),
        **figures,
    }


def fit(
    model: ConditionalGAN,
    rows: tuple[np.ndarray, np.ndarray],
    steps: int,
    batch_size: int,
    learning_rate: float,
    decay: float,
    verbose: int = 0,
    checkpoint: str = "",
) -> Film:
    """Both networks by Adam; G keeps the averages of its weights.

    Args:
        model: A model.
        rows: Images and labels.
        steps: Steps, rounded up to whole passes over the images.
        batch_size: Real images per step.
        learning_rate: That of both optimizers.
        decay: Decay of the averages.
        verbose: 1 shows progress, 0 does not.
        checkpoint: Folder that keeps the state; "" for none.

    Returns:
        A film of its samples, one column per class.
    """
    model.compile(Adam(learning_rate, beta_1=0.5), Adam(learning_rate, beta_1=0.5))
    averaging = AverageWeights(decay, layer=model.generator)
    z = np.random.default_rng(0).standard_normal((100, NOISE), np.float32)
    draw = partial(model.predict, join_noise(z, np.arange(100) % CLASSES), verbose=0)
    x, y = rows
    return fit_steps(model, x, steps, batch_size, draw, verbose, [averaging], checkpoint, y)


def report(model: ConditionalGAN, judged: int = 5000) -> str:
    """Scores of both generators beside the judge's yardsticks; what was asked for, variety, and
    what the samples are worth to a classifier."""
    labels = np.arange(judged) % CLASSES
    images = {
        "trained on 1437 digits": sample_as_asked(model, labels),
        "trained on 100 digits": sample_as_asked(model.beside.few, labels),
    }
    lines = [
        f"{name}: {share_as_asked(drawn, labels):.1%} as asked; two samples of a class are "
        f"{variety(drawn, labels):.2f} times as far apart as two real digits of it"
        for name, drawn in images.items()
    ]
    figures = model.beside.figures
    for case, name in (
        ("of_100", "100 digits alone"),
        ("with_samples_of_few", "100 digits and 1000 samples of the GAN of these"),
        ("with_samples_of_all", "100 digits and 1000 samples of the GAN of 1437 digits"),
    ):
        accuracy, deviation = figures[f"accuracy_{case}"], figures[f"deviation_{case}"]
        lines.append(f"classifiers of {name}: {accuracy:.1%} right (deviation {deviation:.1%})")
    return "\n".join([judge.load(28).report(images), *lines])


# ---- pictures ------------------------------------------------------------------------------------


def pictures(model: ConditionalGAN, out: Path) -> None:
    """Losses by epoch, samples with one row per class, the same noise as all classes, a film."""
    history = model.history.history
    plots.curves(
        {"G": history["g_loss"], "D": history["d_loss"]},
        xlabel="epoch",
        ylabel="loss",
        path=out / "losses.png",
    )
    for stem, name, trained in (
        ("samples", "1437 digits", model),
        ("few", "100 digits", model.beside.few),
    ):
        images = sample_as_asked(trained, np.repeat(np.arange(CLASSES), 20))
        title = f"One class per row, trained on {name}"
        sample_plots.draw_sheet(images, 20, title, out / f"{stem}.png")
    z = random_numbers().standard_normal((8, NOISE), np.float32)
    rows = {
        f"noise {i + 1}": model.predict(
            join_noise(np.repeat(z[i : i + 1], CLASSES, axis=0), np.arange(CLASSES)), verbose=0
        )
        for i in range(len(z))
    }
    sample_plots.draw_rows(rows, "The same noise with each label", out / "styles.png")
    write_film(model.beside.film, out / "film.gif")
