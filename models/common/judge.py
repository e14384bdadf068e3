"""A judge of generated digits: a classifier whose features tell how far samples are from real rows.

    judge = load(8)                        # trained once in seconds, kept on disk
    print(judge.report({"VAE": samples}))  # beside the scores of real rows, Gaussians and noise

The Frechet distance belongs to the judge it is measured with, and shrinks with the number of
samples: compare it with those of the yardsticks, above all of one Gaussian per class, at the same
number. It hardly sees a missing class, and the Inception Score takes ten class means for perfect
samples: read classes, confidence, coverage and copying beside them.

Heusel et al. 2017 (arXiv:1706.08500, Frechet distance), Salimans et al. 2016 (arXiv:1606.03498,
Inception Score), Naeem et al. 2020 (arXiv:2002.09797, density and coverage).
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, Tensor, datasets, to_cpu
from minigrad.data.images import resize
from minigrad.datasets.cache import cache_dir
from minigrad.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from minigrad.random import use_generator
from minigrad.threads import single_threaded_blas

Rows = tuple[np.ndarray, np.ndarray]  # images in -1..1, labels
Scores = dict[str, float]

CLASSES = 10
FEATURES = 64
NEIGHBORS = 5  # of density and coverage
CONFIDENT = 0.9  # smallest probability of a sample that the judge is sure of
COVERED = 0.01  # smallest share of a class among the samples that counts as covered
COUNTED = 1000  # samples whose classes are counted
FEWEST = 100  # samples below which no score means anything

# ---- scores of features, probabilities and pixels ------------------------------------------------


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Squared Frechet distance of the Gaussians through two sets of features.

    |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), where the trace of the last root is that of
    (C_a^(1/2) C_b C_a^(1/2))^(1/2), which is symmetric.

    Args:
        a: Features (N, F).
        b: Features (M, F).
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    covariance_a, covariance_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = symmetric_root(covariance_a)
    product = np.linalg.eigvalsh(root @ covariance_b @ root)
    trace = np.trace(covariance_a + covariance_b) - 2 * np.sqrt(product.clip(0)).sum()
    shift = a.mean(0) - b.mean(0)
    return float(shift @ shift + trace)


def symmetric_root(matrix: np.ndarray) -> np.ndarray:
    """The square root of a symmetric matrix without negative eigenvalues.

    Args:
        matrix: Matrix (F, F).
    """
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


def inception_score(probabilities: np.ndarray) -> float:
    """exp(mean KL(p(y|x) || p(y))): 1 at worst, the number of classes at best.

    Args:
        probabilities: Probabilities of the classes (N, K).
    """
    p = probabilities.astype(np.float64).clip(1e-12)
    divergence = (p * np.log(p / p.mean(0))).sum(1)
    return float(np.exp(divergence.mean()))


def density_and_coverage(
    real: np.ndarray, samples: np.ndarray, neighbors: int = NEIGHBORS
) -> tuple[float, float]:
    """Whether samples are where real rows are, and whether real rows have samples near them.

    The ball of a real row reaches to its k-th nearest real neighbor. Density is the mean number of
    balls that a sample is in, over k: 1 for real rows, more in dense regions. Coverage is the share
    of balls with a sample in them.

    Args:
        real: Features of real rows (N, F).
        samples: Features of samples (M, F).
        neighbors: k.
    """
    from sklearn.metrics import pairwise_distances_chunked
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=neighbors, algorithm="brute").fit(real)
    radii = search.kneighbors()[0][:, -1]  # without arguments a row is not its own neighbor
    inside = [rows <= radii for rows in pairwise_distances_chunked(samples, real)]
    balls = np.concatenate(inside)
    return float(balls.sum(1).mean() / neighbors), float(balls.any(0).mean())


def nearest_distances(samples: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The distance from each sample to the nearest row.

    Args:
        samples: Samples (M, D).
        rows: Rows (N, D).
    """
    from sklearn.metrics import pairwise_distances_argmin_min

    return pairwise_distances_argmin_min(samples, rows)[1]


# ---- yardsticks ----------------------------------------------------------------------------------


def gaussian_per_class(rows: Rows, n: int, rng: np.random.Generator) -> np.ndarray:
    """Samples of one Gaussian per class, clipped to -1..1.

    mean + z (x - mean) / sqrt(N - 1) with standard normal z (N,) has the covariance of the rows.

    Args:
        rows: Images and labels of the training set.
        n: Number of samples; classes are as frequent as among the rows.
        rng: Generator of the noise.

    Shape:
        (n, H, W, 1)
    """
    x, y = rows
    drawn = rng.choice(y, n)
    samples = np.empty((n, *x.shape[1:]), np.float32)
    for label in np.unique(drawn):
        members, places = x[y == label], drawn == label
        mean = members.mean(0)
        z = rng.standard_normal((places.sum(), len(members)))
        samples[places] = mean + np.tensordot(z, members - mean, 1) / math.sqrt(len(members) - 1)
    return samples.clip(-1, 1)


# ---- the judge -----------------------------------------------------------------------------------


def classifier(size: int = 8) -> Sequential:
    """(N, size, size, 1) -> (N, 10): a body, whose 64 outputs are the features, and a head.

    Args:
        size: Height and width of the images; from 16 on each convolution is pooled.
    """
    pooling = [MaxPooling2D(2)] if size >= 16 else []
    body = Sequential(
        [
            Input((size, size, 1)),
            Conv2D(32, 3, activation="relu"),
            *pooling,
            Conv2D(64, 3, activation="relu"),
            MaxPooling2D(2),
            Flatten(),
            Dense(FEATURES, activation="relu"),
        ]
    )
    return Sequential([body, Dense(CLASSES, activation="softmax")])


def predict(model: Sequential, x: np.ndarray) -> np.ndarray:
    """Outputs of a network that stands on the CPU, whatever the device of the program."""
    with minigrad.device("cpu"), minigrad.default_dtype("float32"):
        return model.predict(x, verbose=0)


def flat(images: np.ndarray) -> np.ndarray:
    """Rows of pixels (N, H * W)."""
    return images.reshape(len(images), math.prod(images.shape[1:]))


class Judge:
    """Scores of generated images of digits, and of yardsticks beside them.

    The classifier is trained once per data set and kept under $MINIGRAD_HOME or ~/.minigrad. It
    works on the CPU, in float32, and draws nothing from the generator of the program.

    Args:
        train: Training images (N, size, size, 1) in -1..1 and labels 0..9.
        test: Held-out images and labels.
        epochs: Passes over the training rows.
        seed: Seed of the classifier and of the yardsticks.

    Example:
        >>> judge = Judge(*datasets.digits.load_data(flat=False, scale="signed"))
        >>> judge.accuracy > 0.98
        True
    """

    def __init__(self, train: Rows, test: Rows, epochs: int = 30, seed: int = 0) -> None:
        self.train, self.test = train, test
        self.size = train[0].shape[1]
        self.epochs, self.seed = epochs, seed
        self.yardstick_scores: dict[int, dict[str, Scores]] = {}
        with minigrad.device("cpu"), minigrad.default_dtype("float32"), use_generator(seed):
            self.classifier = classifier(self.size)
            self._load_or_train()
            self.body, head = self.classifier.layers
            self.head = Sequential([Input((FEATURES,)), head])
        self.features = predict(self.body, train[0])
        self.accuracy = float((self.classify(test[0]).argmax(1) == test[1]).mean())
        held_out = nearest_distances(flat(test[0]), flat(train[0]))
        self.held_out_distance = float(np.median(held_out))

    def _load_or_train(self) -> None:
        """Weights from the file of this data set, or trained anew and written there."""
        path = cache_dir() / f"judge-{self.size}x{self.size}-{self._digest()}.safetensors"
        try:
            self.classifier.load_weights(path)
        except (OSError, ValueError):  # not there, or damaged
            self.classifier.compile("adam", "sparse_categorical_crossentropy")
            # one judge, with Numba and without, on any number of threads
            with minigrad.use_kernels("numpy"), single_threaded_blas():
                self.classifier.fit(*self.train, batch_size=64, epochs=self.epochs, verbose=0)
            with contextlib.suppress(OSError):  # a home that is read-only costs only the time
                path.parent.mkdir(parents=True, exist_ok=True)
                self.classifier.save_weights(path)

    def _digest(self) -> str:
        """A name of the training data and settings."""
        digest = hashlib.sha256(f"{self.epochs} {self.seed} one thread".encode())
        for a in self.train:
            digest.update(np.ascontiguousarray(a).tobytes())
        return digest.hexdigest()[:16]

    def classify(self, samples: Any) -> np.ndarray:
        """Probabilities of the ten classes.

        Args:
            samples: Images (N, size, size, 1), (N, size, size) or (N, size * size) in -1..1.

        Shape:
            (N, 10)

        Raises:
            ValueError: For another shape, values outside of the range, or NaN.
        """
        return predict(self.classifier, self.check(samples))

    def check(self, samples: Any) -> np.ndarray:
        """Samples as float32 images (N, size, size, 1) on the host; ValueError if they are none.

        Args:
            samples: Images (N, size, size, 1), (N, size, size) or (N, size * size) in -1..1.

        Raises:
            ValueError: For another shape, values outside of the range, or NaN.
        """
        is_tensor = isinstance(samples, Tensor)
        x = np.asarray(samples.numpy() if is_tensor else to_cpu(samples), np.float32)
        side = self.size
        if x.shape[1:] not in ((side, side, 1), (side, side), (side * side,)):
            raise ValueError(
                f"judge: samples of shape {x.shape}: this judge knows images of {side}x{side}: "
                f"(N, {side}, {side}, 1), (N, {side}, {side}) or (N, {side * side}); another "
                "size has a judge of its own: judge.load(size)"
            )
        wrong = ~np.isfinite(flat(x)).all(1)
        if wrong.any():
            raise ValueError(
                f"judge: {wrong.sum()} of {len(x)} samples hold NaN or infinity, the first is "
                f"number {wrong.argmax()}: the generator has diverged"
            )
        low, high = (float(x.min()), float(x.max())) if x.size else (-1.0, 1.0)
        if low < -1.001 or high > 1.001 or low >= 0:
            raise ValueError(
                f"judge: samples lie in {low:.4g}..{high:.4g}, expected -1..1 with a background "
                "of -1: 2 * x - 1 for images in 0..1, x / 127.5 - 1 for 0..255, x.clip(-1, 1) "
                "for a few that overshoot"
            )
        return x.reshape(-1, side, side, 1)

    # ---- scores ----------------------------------------------------------------------------------

    def score(self, samples: Any) -> Scores:
        """All scores of a set of samples, by name.

        frechet_distance; its ratio_to_gaussians, that of as many samples of one Gaussian per class;
        inception_score; density and coverage; classes among the first 1000 samples with 1 % or more
        of them; the confident share, classified with a probability of .9 or more; copying, the
        median distance in pixels to the nearest training row over that of held-out rows.

        Args:
            samples: Images in -1..1, 100 or more; 5000 are usual.

        Raises:
            ValueError: For too few samples, another shape, values outside of the range, or NaN.
        """
        scores = self._score(samples)
        gaussians = self.yardsticks(len(samples))["one Gaussian per class"]
        ratio = scores["frechet_distance"] / gaussians["frechet_distance"]
        return {
            "frechet_distance": scores.pop("frechet_distance"),
            "ratio_to_gaussians": ratio,
        } | scores

    def _score(self, samples: Any) -> Scores:
        images = self.check(samples)
        if len(images) < FEWEST:
            raise ValueError(
                f"judge: {len(images)} samples are too few: draw {FEWEST} or more, 5000 for scores "
                "to compare"
            )
        features = predict(self.body, images)
        probabilities = predict(self.head, features)
        density, coverage = density_and_coverage(self.features, features)
        nearest = nearest_distances(flat(images), flat(self.train[0]))
        return {
            "frechet_distance": frechet_distance(self.features, features),
            "inception_score": inception_score(probabilities),
            "density": density,
            "coverage": coverage,
            "classes": covered_classes(probabilities[:COUNTED]),
            "confident": float((probabilities.max(1) >= CONFIDENT).mean()),
            "copying": float(np.median(nearest)) / self.held_out_distance,
        }

    def yardsticks(self, n: int) -> dict[str, Scores]:
        """Scores of what is known: real rows, Gaussians and noise.

        Args:
            n: Number of samples of each; the held-out rows are as many as there are.
        """
        if n not in self.yardstick_scores:
            rng = np.random.default_rng(self.seed)
            x, _ = self.train
            sets = {
                "training rows, resampled": x[rng.integers(0, len(x), n)],
                "held-out rows": self.test[0],
                "one Gaussian per class": gaussian_per_class(self.train, n, rng),
                "uniform noise": rng.uniform(-1, 1, (n, *x.shape[1:])),
            }
            self.yardstick_scores[n] = {name: self._score(images) for name, images in sets.items()}
        return self.yardstick_scores[n]

    def report(self, models: Mapping[str, Any]) -> str:
        """A table of scores, those of the yardsticks first, and a sentence on each fault.

        Args:
            models: Samples by name of their model, equally many of each.

        Raises:
            ValueError: For unequal numbers, and for samples that `score` refuses.
        """
        counts = {len(samples) for samples in models.values()}
        if len(counts) != 1:
            raise ValueError(
                f"judge: sets of {sorted(counts)} samples: the Frechet distance depends on their "
                "number, so give equally many of each"
            )
        n = counts.pop()
        scores = {name: self.score(samples) for name, samples in models.items()}
        rows = {**self.yardsticks(n), **scores}
        gaussians = rows["one Gaussian per class"]["frechet_distance"]
        width = max(map(len, rows))
        lines = [
            f"{n} samples; the judge knows {self.accuracy:.1%} of the held-out rows; "
            f"FD/G: to that of one Gaussian per class",
            f"{'':{width}}     FD   FD/G     IS density coverage classes confident copying",
        ]
        for name, row in rows.items():
            distance = row["frechet_distance"]
            lines.append(
                f"{name:{width}} {distance:6.1f} {distance / gaussians:6.2f} "
                f"{row['inception_score']:6.2f} {row['density']:7.2f} {row['coverage']:8.2f} "
                f"{row['classes']:7.0f} {row['confident']:9.2f} {row['copying']:7.2f}"
            )
        lines.append("copying: 0 repeats training rows, 1 is as far from them as held-out rows")
        return "\n".join(
            [*lines, *(line for name in scores for line in faults(name, scores[name]))]
        )


def covered_classes(probabilities: np.ndarray) -> int:
    """The number of classes with 1 % or more of the rows, of those the judge is sure of.

    Args:
        probabilities: Probabilities of the classes (N, 10).
    """
    sure = probabilities[probabilities.max(1) >= CONFIDENT]
    counts = np.bincount(sure.argmax(1), minlength=CLASSES)
    return int((counts >= COVERED * len(probabilities)).sum())


def faults(name: str, scores: Scores) -> list[str]:
    """A sentence on classes that are missing, and one on training rows that are repeated.

    Args:
        name: Name of the model.
        scores: Its scores.
    """
    found = []
    if scores["classes"] < 8:
        found.append(
            f"{name}: only {scores['classes']:.0f} of 10 classes: the generator has collapsed, or "
            "is untrained"
        )
    if scores["copying"] < 0.5:
        found.append(f"{name}: repeats training rows (copying {scores['copying']:.2f})")
    return found


@cache
def load(size: int = 8) -> Judge:
    """The judge of scikit-learn's digits, enlarged by repeated pixels to another size.

    Args:
        size: Height and width: 8, or another, such as 28 for `datasets.digits28`.
    """
    return Judge(*load_data(size))


def load_data(size: int = 8) -> tuple[Rows, Rows]:
    """(images, labels) for training and for testing: digits (N, size, size, 1) in -1..1.

    Args:
        size: Height and width.

    Raises:
        ValueError: If an image has fewer than 8 pixels on a side.
    """
    if size < 8:
        raise ValueError(f"judge: images of {size}x{size}: the digits have 8x8 or more")
    (x, y), (x_test, y_test) = datasets.digits.load_data(flat=False, scale="signed")
    return (resize(x, size, "nearest"), y), (resize(x_test, size, "nearest"), y_test)
