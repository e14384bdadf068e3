"""Metric learning on handwritten digits: a Siamese network and triplets (Hadsell et al. 2006,
Dimensionality reduction by learning an invariant mapping; Schroff et al. 2015, arXiv:1503.03832).

One encoder turns images into k numbers, and the distance of two images says whether they show the
same digit. Nothing names the digits: the contrastive loss sees pairs, the triplet loss an anchor,
one image like it and one unlike it.

- A Siamese network (Bromley et al. 1993) is two inputs, one encoder for both, and the distance of
  what comes out. Pairs of one digit are pulled together, others pushed apart up to a margin.
- Triplets are found in each batch. The semi-hard negative is the nearest one that is farther away
  than the positive (Schroff et al.). The hardest one of all (Hermans et al. 2017, arXiv:1703.07737)
  works with 16 numbers; with 2 the embeddings draw together into almost one point, where the loss
  is the margin: whatever is pushed from one class runs into another.
- The nearest neighbors of a test image are looked up among the training images: by pixels, by the
  first k components of PCA, and in each embedding.
- An encoder that never saw two of the digits is asked whether pairs of these two are the same. Here
  the distance of the pixels is better: eight classes teach what tells these eight apart, and the
  encoder drops the rest. FaceNet saw eight million people before it met new ones.

Lesson: tutorials/06_losses.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Model, Sequential, datasets, ops, plots
from minigrad.layers import Conv2D, Dense, Flatten, Input, Layer, MaxPooling2D
from minigrad.losses import Contrastive, Loss, TripletHardLoss, TripletSemiHardLoss
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.random import generator

from ..common import sample_plots

# ---- the models: 13,186 parameters for k = 2, 14,096 for k = 16 ----------------------------------


def encoder(k: int = 16) -> Sequential:
    """(N, 8, 8, 1) -> (N, k): two convolutions and two dense layers.

    Args:
        k: Number of numbers per image.
    """
    return Sequential(
        [
            Input((8, 8, 1)),
            Conv2D(16, 3, padding="same", activation="relu"),
            MaxPooling2D(2),  # (N, 4, 4, 16)
            Conv2D(32, 3, padding="same", activation="relu"),
            MaxPooling2D(2),  # (N, 2, 2, 32)
            Flatten(),
            Dense(64, activation="relu"),
            Dense(k),
        ]
    )


class Distance(Layer):
    """The Euclidean distance of two embeddings: (N, k), (N, k) -> (N,)."""

    def call(self, a: Any, b: Any) -> Any:  # type: ignore[override]
        """|a - b|; below 1e-6, where its slope has no limit, a constant.

        Args:
            a: Embeddings.
            b: Embeddings.
        """
        squared = ops.sum(ops.square(a - b), axis=-1)
        return ops.sqrt(ops.maximum(squared, 1e-12))


def siamese(network: Sequential) -> Model:
    """Two images -> their distance; both go through the same encoder.

    Args:
        network: The encoder.
    """
    left, right = Input((8, 8, 1)), Input((8, 8, 1))
    return Model([left, right], Distance()(network(left), network(right)))


# ---- training ------------------------------------------------------------------------------------

SIZES = (2, 16)
UNSEEN = ((8, 9), (0, 1), (2, 3), (4, 5), (6, 7))  # the digits that an encoder never sees
SEEDS = 3
REFERENCE = (
    "5 nearest neighbors in scikit-learn: .983 on the pixels and on 16 components of PCA, "
    ".611 on 2 components"
)
TARGETS = [
    "accuracy_contrastive_2 >= 0.8",
    "accuracy_triplet_2 >= 0.9",
    "accuracy_contrastive_16 >= 0.96",
    "accuracy_triplet_16 >= 0.975",
    "loss_hardest_2 >= 0.99",
    "auc_triplet_16 >= 0.99",
    "unseen_auc_minus_pixels_triplet <= 0",
]


def load() -> Any:
    """1437 + 360 digits, 8x8x1 in 0..1."""
    return datasets.digits.load_data(flat=False)


def train(
    steps: int = 320,
    unseen_steps: int = 120,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    margin: float = 1.0,
    neighbors: int = 5,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[dict[str, Sequential], dict[str, float]]:
    """Encoders by loss and size, and by the digits they never saw: ({name: encoder}, metrics).

    Forty seconds on one core.

    Args:
        steps: Training steps of each encoder.
        unseen_steps: Training steps of each encoder that never sees two of the digits.
        batch_size: Images per step, which make up half as many pairs.
        learning_rate: First learning rate.
        margin: Margin of all losses.
        neighbors: Number of neighbors that vote.
        seed: Seed of weights, pairs and the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), (x_test, y_test) = load()
    models: dict[str, Sequential] = {}
    metrics: dict[str, float] = {}

    def trained(name: str, k: int, rows: np.ndarray, labels: np.ndarray, steps: int) -> Sequential:
        if verbose:
            print(f"{name}:")
        kind = name.partition("_")[0]
        models[name] = fit(
            kind, encoder(k), rows, labels, steps, batch_size, learning_rate, margin, verbose
        )
        return models[name]

    for name, (known, test) in baselines(x, x_test).items():
        metrics[f"accuracy_{name}"] = neighbor_accuracy(known, y, test, y_test, neighbors)
    for k in SIZES:
        for kind in KINDS:
            name = f"{kind}_{k}"
            model = trained(name, k, x, y, steps)
            known, test = embed(model, x), embed(model, x_test)
            metrics[f"accuracy_{name}"] = neighbor_accuracy(known, y, test, y_test, neighbors)
    loss = TripletHardLoss(margin)(y_test, embed(models["hardest_2"], x_test))
    metrics["loss_hardest_2"] = float(loss)
    metrics |= verify("pixels", as_rows(x), y, as_rows(x_test), y_test)
    for name in ("contrastive_16", "triplet_16"):
        known, test = (embed(models[name], images) for images in (x, x_test))
        metrics |= verify(name, known, y, test, y_test)
    for digits in UNSEEN:
        seen = ~np.isin(y, digits)
        for kind in ("contrastive", "triplet"):
            trained(unseen_name(kind, digits), 16, x[seen], y[seen], unseen_steps)
    return models, metrics | unseen_metrics(models)


KINDS = ("contrastive", "triplet", "hardest")


def unseen_name(kind: str, digits: tuple[int, int]) -> str:
    """The name of an encoder that never saw two of the digits."""
    return f"{kind}_without_{digits[0]}_{digits[1]}"


def fit(
    kind: str,
    network: Sequential,
    x: np.ndarray,
    y: np.ndarray,
    steps: int,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    margin: float = 1.0,
    verbose: int = 0,
) -> Sequential:
    """The encoder, trained with one of the losses.

    Args:
        kind: "contrastive" (pairs), "triplet" (semi-hard) or "hardest".
        network: The encoder.
        x: Images.
        y: Their labels.
        steps: Training steps; those of triplets are rounded up to whole passes over the images.
        batch_size: Images per step.
        learning_rate: First learning rate.
        margin: Margin of the loss.
        verbose: 1 shows progress, 0 does not.
    """
    optimizer = Adam(CosineDecay(learning_rate, steps))
    if kind == "contrastive":
        left, right = draw_pairs(y, steps * batch_size // 2)
        is_same = (y[left] == y[right]).astype("float32")
        pairs = siamese(network)
        pairs.compile(optimizer, Contrastive(margin))
        pairs.fit([x[left], x[right]], is_same, batch_size=batch_size // 2, verbose=verbose)
        return network
    losses: dict[str, Loss] = {
        "triplet": TripletSemiHardLoss(margin),
        "hardest": TripletHardLoss(margin),
    }
    network.compile(optimizer, losses[kind])
    epochs = -(-steps // -(-len(x) // batch_size))
    network.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose)
    return network


def draw_pairs(labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of pairs; about half of them, and a few by chance, show the same digit.

    Args:
        labels: Labels of the images.
        count: Number of pairs.
    """
    rng = generator()
    left, right = rng.integers(0, len(labels), (2, count))
    by_label = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[by_label], labels[left])
    sizes = np.bincount(labels)[labels[left]]
    like = by_label[first + (rng.random(count) * sizes).astype(int)]
    return left, np.where(rng.random(count) < 0.5, like, right)


# ---- how good is a distance? ---------------------------------------------------------------------


def as_rows(images: np.ndarray) -> np.ndarray:
    """Images as rows of pixels."""
    return images.reshape(len(images), -1)


def embed(network: Sequential, images: np.ndarray) -> np.ndarray:
    """The embeddings of images.

    Args:
        network: An encoder.
        images: Images (N, 8, 8, 1).
    """
    return network.predict(images, verbose=0)


def baselines(x: np.ndarray, x_test: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pixels and components of PCA, of the training and the test images.

    Args:
        x: Training images.
        x_test: Test images.
    """
    from sklearn.decomposition import PCA

    rows, test_rows = as_rows(x), as_rows(x_test)
    found = {"pixels": (rows, test_rows)}
    for k in SIZES:
        pca = PCA(k, random_state=0).fit(rows)
        found[f"pca_{k}"] = pca.transform(rows), pca.transform(test_rows)
    return found


def neighbor_accuracy(
    known: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray, neighbors: int
) -> float:
    """The fraction of test rows whose nearest neighbors among the known rows vote right.

    Args:
        known: Rows whose labels are known.
        labels: These labels.
        test: Rows.
        test_labels: Their labels.
        neighbors: Number of neighbors that vote.
    """
    from sklearn.neighbors import KNeighborsClassifier

    return float(KNeighborsClassifier(neighbors).fit(known, labels).score(test, test_labels))


def all_pairs(rows: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each pair of rows has one label, and its distance: (N * (N - 1) / 2,) each.

    Args:
        rows: Rows.
        labels: Their labels.
    """
    from scipy.spatial.distance import pdist

    left, right = np.triu_indices(len(labels), 1)
    return labels[left] == labels[right], pdist(rows)


def auc(is_same: np.ndarray, distances: np.ndarray) -> float:
    """The probability that a pair of one label is nearer than a pair of two.

    Args:
        is_same: True for pairs of one label.
        distances: Distances of the pairs.
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(is_same, -distances))


def balanced_accuracy(is_same: np.ndarray, distances: np.ndarray, threshold: float) -> float:
    """The mean of the fraction of like pairs within the threshold, and of unlike ones beyond.

    Args:
        is_same: True for pairs of one label.
        distances: Distances of the pairs.
        threshold: The largest distance of pairs that count as the same.
    """
    near = distances <= threshold
    return float((near[is_same].mean() + 1 - near[~is_same].mean()) / 2)


def best_threshold(is_same: np.ndarray, distances: np.ndarray) -> float:
    """The threshold with the best balanced accuracy; pairs at it count as the same.

    Args:
        is_same: True for pairs of one label.
        distances: Distances of the pairs.
    """
    from sklearn.metrics import roc_curve

    wrong, right, levels = roc_curve(is_same, -distances)
    return float(-levels[np.argmax(right - wrong)])


def verify(
    name: str, known: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray
) -> dict[str, float]:
    """AUC and balanced accuracy of "these two show the same digit", over all pairs of test rows.

    Args:
        name: End of the names of the metrics.
        known: Training rows; the first 400 of them choose the threshold.
        labels: Their labels.
        test: Test rows.
        test_labels: Their labels.
    """
    threshold = best_threshold(*all_pairs(known[:400], labels[:400]))
    is_same, distances = all_pairs(test, test_labels)
    return {
        f"auc_{name}": auc(is_same, distances),
        f"verified_{name}": balanced_accuracy(is_same, distances, threshold),
    }


def unseen_pairs(
    models: dict[str, Sequential], digits: tuple[int, int]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """`all_pairs` of the images of two digits, by pixels and by encoders that never saw them.

    Args:
        models: The encoders.
        digits: The two digits.
    """
    (x, y), (x_test, y_test) = load()
    images, labels = np.concatenate([x, x_test]), np.concatenate([y, y_test])
    chosen = np.isin(labels, digits)
    images, labels = images[chosen], labels[chosen]
    found = {"pixels": all_pairs(as_rows(images), labels)}
    for kind in ("contrastive", "triplet"):
        rows = embed(models[unseen_name(kind, digits)], images)
        found[kind] = all_pairs(rows, labels)
    return found


def unseen_metrics(models: dict[str, Sequential]) -> dict[str, float]:
    """The mean AUC over the pairs of digits left out, and what it is more than that of pixels.

    Args:
        models: The encoders.
    """
    scores: dict[str, list[float]] = {}
    for digits in UNSEEN:
        for name, pairs in unseen_pairs(models, digits).items():
            scores.setdefault(name, []).append(auc(*pairs))
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    metrics = {f"unseen_auc_{name}": mean for name, mean in means.items()}
    for kind in ("contrastive", "triplet"):
        metrics[f"unseen_auc_minus_pixels_{kind}"] = means[kind] - means["pixels"]
    return metrics


def report(models: dict[str, Sequential]) -> str:
    """How well pairs of unseen digits are told apart, for each two digits left out."""
    lines = ["AUC of pairs of two digits that the encoder never saw"]
    for digits in UNSEEN:
        pairs = unseen_pairs(models, digits).items()
        scores = ", ".join(f"{name} {auc(*values):.3f}" for name, values in pairs)
        lines.append(f"  {digits[0]} and {digits[1]}: {scores}")
    return "\n".join(lines)


# ---- pictures ------------------------------------------------------------------------------------

LABELS = {
    "pixels": "64 pixels",
    "pca": "PCA",
    "contrastive": "pairs, contrastive",
    "triplet": "triplets, semi-hard",
    "hardest": "triplets, hardest",
}


def pictures(models: dict[str, Sequential], out: Path, neighbors: int = 5) -> None:
    """The planes, 16 numbers seen in two, neighbors, ROC curves, the pairs that are wrong."""
    (x, y), (x_test, y_test) = load()
    found = baselines(x, x_test)
    for kind in KINDS:
        for k in SIZES:
            model = models[f"{kind}_{k}"]
            found[f"{kind}_{k}"] = embed(model, x), embed(model, x_test)
    planes = {name: found[f"{name}_2"][1] for name in ("pca", *KINDS)}
    draw_planes(planes, y_test, out / "embeddings.png")
    draw_sixteen(models, x, x_test, y_test, out / "embeddings_16.png")
    scores = {
        name: neighbor_accuracy(rows, y, test, y_test, neighbors)
        for name, (rows, test) in found.items()
    }
    draw_neighbors(scores, neighbors, out / "neighbors.png")
    seen = {
        name.partition("_")[0]: all_pairs(found[name][1], y_test)
        for name in ("pixels", "contrastive_16", "triplet_16")
    }
    draw_rocs({"all digits": seen} | unseen_curves(models), out / "roc.png")
    draw_wrong_pairs(found["triplet_16"][1], x_test, y_test, out / "wrong_pairs.png")


def unseen_curves(models: dict[str, Sequential]) -> dict[str, Any]:
    """The pairs of the first digits left out, under a title."""
    digits = UNSEEN[0]
    return {f"{digits[0]} and {digits[1]}, never seen": unseen_pairs(models, digits)}


def scatter_digits(axes: Any, rows: np.ndarray, labels: np.ndarray) -> None:
    """Each row as its digit."""
    for digit in range(10):
        axes.scatter(
            *rows[labels == digit].T,
            marker=f"${digit}$",
            s=34,
            linewidth=0.3,
            color=f"C{digit}" if digit < 8 else ("black", "olive")[digit - 8],
        )


def draw_planes(planes: dict[str, np.ndarray], labels: np.ndarray, path: Path) -> None:
    """The test digits in planes of two numbers."""
    with plots.new_figure(10, 9, path) as figure:
        for axes, (name, rows) in zip(figure.subplots(2, 2).flat, planes.items()):
            scatter_digits(axes, rows, labels)
            axes.set_title(LABELS[name])
            if np.ptp(rows, axis=0).max() < 1e-2:
                axes.set(xlim=(-1, 1), ylim=(-1, 1))
                axes.text(0, 0.3, f"all {len(rows)} images in one point", ha="center")
        figure.suptitle(f"{len(labels)} test digits, two numbers each")


def draw_sixteen(
    models: dict[str, Sequential], x: np.ndarray, images: np.ndarray, labels: np.ndarray, path: Path
) -> None:
    """16 numbers, in the two directions of largest variance, with and without 8 and 9."""
    from sklearn.decomposition import PCA

    digits = UNSEEN[0]
    panels = {
        "trained on all digits": models["triplet_16"],
        f"never saw {digits[0]} and {digits[1]}": models[unseen_name("triplet", digits)],
    }
    with plots.new_figure(10, 4.8, path) as figure:
        for axes, (title, model) in zip(figure.subplots(1, 2), panels.items()):
            pca = PCA(2, random_state=0).fit(embed(model, x))
            scatter_digits(axes, pca.transform(embed(model, images)), labels)
            axes.set(title=title, xlabel="first component", ylabel="second component")
        figure.suptitle("Test digits by triplets, 16 numbers: the plane of largest variance")


def draw_neighbors(scores: dict[str, float], neighbors: int, path: Path) -> None:
    """The accuracy of the nearest neighbors, by what they are near in."""
    names = [name for name in scores if scores[name] > 0]
    titles = [LABELS[name.partition("_")[0]] for name in names]
    sizes = [name.partition("_")[2] for name in names]
    with plots.new_figure(7.5, 3.8, path) as figure:
        axes = figure.subplots()
        shades = ["C7" if not size else "C0" if size == "16" else "C1" for size in sizes]
        values = [scores[name] for name in names]
        rows = [f"{t}, {s} numbers" if s else t for t, s in zip(titles, sizes)]
        bars = axes.barh(rows, values, color=shades)
        axes.bar_label(bars, fmt="%.3f", padding=3)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set(xlim=(0, 1.12), xlabel=f"accuracy of {neighbors} nearest neighbors, test digits")


def draw_rocs(panels: dict[str, Any], path: Path) -> None:
    """ROC curves of "the same digit", one panel for each set of pairs."""
    from sklearn.metrics import roc_curve

    with plots.new_figure(9, 4.2, path) as figure:
        for axes, (title, lines) in zip(figure.subplots(1, len(panels)), panels.items()):
            for name, (is_same, distances) in lines.items():
                wrong, right, _ = roc_curve(is_same, -distances)
                axes.plot(wrong, right, label=f"{LABELS[name]}: {auc(is_same, distances):.3f}")
            axes.plot([0, 1], [0, 1], color="0.7", linestyle=":", linewidth=1)
            axes.set(title=title, xlabel="different pairs called the same", xlim=(0, 1))
            axes.set(ylabel="same pairs found", ylim=(0, 1.02))
            axes.legend(title="area under the curve", loc="lower right")


def draw_wrong_pairs(rows: np.ndarray, images: np.ndarray, labels: np.ndarray, path: Path) -> None:
    """The pairs of one digit that lie farthest apart, and the nearest pairs of two."""
    is_same, distances = all_pairs(rows, labels)
    left, right = np.triu_indices(len(labels), 1)
    far = disjoint_pairs(left, right, np.argsort(np.where(is_same, -distances, np.inf)))
    near = disjoint_pairs(left, right, np.argsort(np.where(is_same, np.inf, distances)))
    shown = {}
    for what, chosen in (("same, far", far), ("other, near", near)):
        shown[what] = 2 * images[left[chosen]] - 1
        shown[" " * len(shown) + "with"] = 2 * images[right[chosen]] - 1
    title = "One digit, farthest apart; two digits, nearest (triplets, 16 numbers)"
    sample_plots.draw_rows(shown, title, path)


def disjoint_pairs(left: np.ndarray, right: np.ndarray, order: np.ndarray) -> list[int]:
    """The first ten pairs in an order that have no image in common.

    Args:
        left: First images of the pairs.
        right: Second images.
        order: Indices of the pairs.
    """
    used: set[int] = set()
    chosen = []
    for i in order:
        pair = {int(left[i]), int(right[i])}
        if used.isdisjoint(pair):
            used |= pair
            chosen.append(int(i))
        if len(chosen) == 10:
            break
    return chosen
