"""Restricted Boltzmann machine and deep belief network on handwritten digits (Hinton, Osindero &
Teh 2006, Neural Computation 18(7)).

Binary visible units v (the pixels) and hidden units h have the energy

    E(v, h) = -v W h - b v - c h        p(v, h) ~ exp(-E)

All h given v are independent, and all v given h: blocks are drawn in turns (Gibbs sampling). Summed
over h, p(v) ~ exp(-F(v)) with the free energy F(v) = -b v - sum log(1 + exp(c + v W)), so that

    -grad log p(v) = grad F(v) - mean of grad F over samples of the model.

The samples are what the methods differ in: contrastive divergence (CD-1) takes one step of the
chain from the data, persistent contrastive divergence (PCD, Tieleman 2008) goes on with chains of
its own. The gray of a pixel is the probability that it is white: CD-1 takes it as it is, on both
sides, as Hinton's guide (2010) says, PCD draws bits. CD-1 makes good features and worse samples,
since nothing far from the data is ever pushed up.

In the deep belief network one RBM learns the pixels, the next its hidden units together with the
label (one of ten units), greedily. The upper one is an associative memory: with the label held
fixed its chain wanders among digits of that class, and the lower one draws what it thinks of. The
label with the lowest free energy is the class of an image. (The paper fine-tunes both by its
up-down algorithm; this one stops before.)

Lesson: tutorials/28_history.py
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
from minigrad import Model, Tensor, datasets, grad, no_grad, ops, training
from minigrad.backend import Array, backend
from minigrad.config import to_device
from minigrad.initializers import RandomNormal
from minigrad.optimizers.schedules import PolynomialDecay
from minigrad.optimizers.sgd import SGD
from minigrad.random import uniform_like

from ..common import judge, sample_plots

# ---- the models: 6,564 parameters with 100 hidden units; DBN 13,064 + 63,510 ---------------------


class RBM(Model):
    """Free energy F(v) of visible units (N, V) in 0..1: (N,).

    Args:
        visible: Number of visible units V.
        hidden: Number of hidden units H.
        persistent: False for CD-1, True for PCD.
        chains: Number of chains of PCD.
    """

    def __init__(
        self, visible: int = 64, hidden: int = 100, persistent: bool = False, chains: int = 100
    ) -> None:
        super().__init__()
        self.hidden_units = hidden
        self.persistent = persistent
        self.chains = chains
        self.chain: Any = None
        self.build_from_shape((visible,))

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Small weights, as Hinton's guide says."""
        units = input_shape[-1]
        self.W = self.add_weight((units, self.hidden_units), RandomNormal(stddev=0.01))
        self.b = self.add_weight((units,), "zeros")
        self.c = self.add_weight((self.hidden_units,), "zeros")

    def call(self, v: Any) -> Tensor:
        """Free energy.

        Args:
            v: Visible units (N, V).
        """
        return -(v @ self.b) - ops.sum(ops.softplus(ops.linear(v, self.W, self.c)), axis=-1)

    def energy(self, v: Any, h: Any) -> Tensor:
        """E(v, h): (N,).

        Args:
            v: Visible units (N, V).
            h: Hidden units (N, H).
        """
        return -ops.sum((v @ self.W) * h, axis=-1) - v @ self.b - h @ self.c

    # ---- Gibbs sampling --------------------------------------------------------------------------

    def hidden(self, v: Any) -> Array:
        """p(h = 1 | v).

        Args:
            v: Visible units (N, V).
        """
        with no_grad():
            return ops.sigmoid(ops.linear(v, self.W, self.c)).data

    def transform(self, x: np.ndarray) -> np.ndarray:
        """The same of rows on the host: the features of a classifier.

        Args:
            x: Rows (N, V).
        """
        return minigrad.to_cpu(self.hidden(to_device(x, self.b.device)))

    def visible(self, h: Any) -> Array:
        """p(v = 1 | h).

        Args:
            h: Hidden units (N, H).
        """
        with no_grad():
            return ops.sigmoid(ops.linear(h, ops.transpose(self.W), self.b)).data

    def draw_visible(self, h: Any) -> Array:
        """Visible units drawn from p(v | h).

        Args:
            h: Hidden units (N, H).
        """
        return bernoulli(self.visible(h))

    def gibbs(self, v: Any, steps: int) -> Array:
        """Visible units after some steps of the chain.

        Args:
            v: Where it starts (N, V).
            steps: Number of steps, of drawing h and then v.
        """
        for _ in range(steps):
            v = self.draw_visible(bernoulli(self.hidden(v)))
        return v

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step down F(data) - F(samples)."""
        check_units(data)
        positive, negative = self.persistent_phases(data) if self.persistent else self.phases(data)
        with training():
            loss = ops.mean(self(positive)) - ops.mean(self(negative))
        parameters = self.trained()
        self.optimizer.apply(grad(loss, parameters, retain_graph=False), parameters)
        return {"loss": float(loss)}

    def phases(self, data: Any) -> tuple[Array, Array]:
        """The data, and its reconstruction by one step of the chain."""
        return data, self.visible(bernoulli(self.hidden(data)))

    def persistent_phases(self, data: Any) -> tuple[Array, Array]:
        """Bits of the data, and the chains one step on."""
        if self.chain is None:
            self.chain = self.noise(self.chains)
        self.chain = self.gibbs(self.chain, 1)
        return bernoulli(data), self.chain

    def noise(self, n: int) -> Array:
        """Visible units without preference, where chains start.

        Args:
            n: Number of rows.
        """
        return bernoulli(to_device(np.full((n, len(self.b)), 0.5, self.b.dtype), self.b.device))

    def get_state(self) -> dict[str, Any]:
        """The persistent chains."""
        return {} if self.chain is None else {"chain": self.chain}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on with the chains of a checkpoint.

        Args:
            state: What `get_state` returned.

        Raises:
            ValueError: If they are chains of other units; nothing is changed then.
        """
        chain = state.get("chain")
        if chain is not None and np.shape(chain)[1:] != self.b.shape:
            raise ValueError(
                f"rbm: chains of shape {np.shape(chain)} do not fit {len(self.b)} visible units"
            )
        self.chain = None if chain is None else to_device(np.asarray(chain), self.b.device)


class AssociativeMemory(RBM):
    """The top of a deep belief network: its last visible units are a label, one of which is on.

    Args:
        features: Number of hidden units of the layer below.
        hidden: Number of hidden units.
        classes: Number of labels.
    """

    def __init__(self, features: int = 200, hidden: int = 300, classes: int = 10) -> None:
        super().__init__(features + classes, hidden, persistent=True)
        self.classes = classes

    def draw_visible(self, h: Any) -> Array:
        """Features drawn each by itself, the label by a softmax.

        Args:
            h: Hidden units (N, H).
        """
        with no_grad():
            logits = ops.linear(h, ops.transpose(self.W), self.b)
            features = bernoulli(ops.sigmoid(logits[:, : -self.classes]).data)
            p = ops.softmax(logits[:, -self.classes :])
            thresholds = ops.cumsum(p, axis=-1).data
            passed = uniform_like((len(p), 1), like=thresholds) > thresholds[:, :-1]
            label = ops.one_hot(passed.sum(-1), num_classes=self.classes)
            return ops.concatenate([features, label.astype(features.dtype)], axis=-1)

    def free_energies(self, features: np.ndarray) -> np.ndarray:
        """The free energy with each label: (N, classes).

        Args:
            features: Hidden units of the layer below (N, V - classes), on the host.
        """
        labels = [np.full(len(features), label) for label in range(self.classes)]
        rows = [with_label(features, label, self.classes) for label in labels]
        return np.stack([self.predict(row, verbose=0) for row in rows], axis=-1)

    def dream(self, labels: np.ndarray, steps: int) -> Array:
        """Probabilities of the features after some steps with the label held fixed.

        Args:
            labels: Labels (N,).
            steps: Steps of the chain.
        """
        v = self.noise(len(labels))
        for _ in range(steps):
            v = with_label(v[:, : -self.classes], labels, self.classes)
            v = self.draw_visible(bernoulli(self.hidden(v)))
        last = with_label(v[:, : -self.classes], labels, self.classes)
        return self.visible(bernoulli(self.hidden(last)))[:, : -self.classes]


def bernoulli(p: Array) -> Array:
    """1 with probability p, else 0.

    Args:
        p: Probabilities.
    """
    return (uniform_like(p.shape, like=p) < p).astype(p.dtype)


def with_label(features: Array, labels: np.ndarray, classes: int = 10) -> Array:
    """Features and one unit per class, of which that of the label is on.

    Args:
        features: Features (N, F).
        labels: Labels (N,).
        classes: Number of classes.

    Shape:
        (N, F + classes)
    """
    units = np.eye(classes, dtype=features.dtype)[labels]
    return ops.concatenate([features, backend(features).asarray(units)], axis=-1)


def check_units(v: Any) -> None:
    """Raise ValueError unless all units lie in 0..1.

    Args:
        v: Visible units.

    Raises:
        ValueError: If one does not.
    """
    low, high = float(v.min()), float(v.max())
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"rbm: visible units in {low:.4g}..{high:.4g}: they are probabilities, such as the "
            'pixels of datasets.digits.load_data(scale="unit")'
        )


# ---- training ------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = (
    "scikit-learn's BernoulliRBM with the same settings is trained and recorded beside; elsewhere "
    "CD-1 reached .969 with 100 and 200 hidden units, BernoulliRBM .953 and .967, the pixels .957"
)
TARGETS = [
    "accuracy_100 >= 0.96",
    "accuracy_200 >= 0.96",
    "ahead_of_scikit_learn_100 >= -0.006",
    "ahead_of_scikit_learn_200 >= -0.006",
    "dbn_classes == 10",
    "dbn_ratio_to_gaussians <= 1",
]


def load() -> Any:
    """1437 + 360 digits, rows of 64 pixels in 0..1."""
    return datasets.digits.load_data(scale="unit")


def fit(
    model: RBM,
    x: np.ndarray,
    epochs: int,
    batch_size: int = 10,
    learning_rate: float = 0.05,
    verbose: int = 0,
) -> RBM:
    """The model, trained: CD-1 at a constant rate, PCD at one that falls to zero.

    Args:
        model: An RBM.
        x: Training rows in 0..1.
        epochs: Passes over the rows.
        batch_size: Rows per step.
        learning_rate: First learning rate of SGD.
        verbose: 1 shows progress, 0 does not.
    """
    steps = epochs * math.ceil(len(x) / batch_size)
    falling = PolynomialDecay(learning_rate, steps, end_learning_rate=0.0)
    model.compile(SGD(falling if model.persistent else learning_rate))
    model.fit(x, batch_size=batch_size, epochs=epochs, verbose=verbose)
    return model


def train(
    epochs: int = 60,
    batch_size: int = 10,
    learning_rate: float = 0.05,
    dbn_hidden: int = 300,
    judged: int = 2000,
    steps: int = 500,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[dict[str, Any], dict[str, float]]:
    """CD-1 with 100 and 200 hidden units, PCD with 200, and a deep belief network.

    Args:
        epochs: Passes over the training rows, of each RBM.
        batch_size: Rows per step.
        learning_rate: First learning rate of SGD, here and in scikit-learn.
        dbn_hidden: Hidden units of the network's upper RBM.
        judged: Number of samples that are judged.
        steps: Steps of Gibbs sampling from noise to a sample.
        seed: Seed of weights, draws and the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), (x_test, y_test) = load()
    options = (epochs, batch_size, learning_rate)
    models: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    for hidden in (100, 200):
        model = models[f"cd_{hidden}"] = fit(RBM(64, hidden), x, *options, verbose)
        own = label_accuracy((model.transform(x), y), (model.transform(x_test), y_test))
        theirs = scikit_learn_accuracy(hidden, *options, seed)
        metrics[f"accuracy_{hidden}"] = own
        metrics[f"scikit_learn_accuracy_{hidden}"] = theirs
        metrics[f"ahead_of_scikit_learn_{hidden}"] = own - theirs
    metrics["accuracy_pixels"] = label_accuracy((x, y), (x_test, y_test))
    lower = models["cd_200"]
    models["pcd_200"] = fit(RBM(64, 200, persistent=True), x, *options, verbose)
    top = models["dbn_top"] = AssociativeMemory(200, dbn_hidden)
    fit(top, with_label(lower.transform(x), y), *options, verbose)
    guesses = top.free_energies(lower.transform(x_test)).argmin(1)
    metrics["dbn_accuracy"] = float((guesses == y_test).mean())
    drawn = draw_all(models, judged, steps)
    asked = asked_labels(judged)
    shown = judge.load(8).classify(drawn["DBN"]).argmax(1)
    metrics["dbn_as_asked"] = float((shown == asked).mean())
    for name, images in drawn.items():
        scores = judge.load(8).score(images)
        for key in ("ratio_to_gaussians", "classes", "confident", "copying"):
            metrics[f"{name.lower().replace('-', '_')}_{key}"] = scores[key]
    return models, metrics


def asked_labels(n: int) -> np.ndarray:
    """0 to 9 in turns: the classes that the deep belief network is asked for."""
    return np.arange(n) % 10


def draw(model: RBM, n: int, steps: int) -> Array:
    """Samples of an RBM from noise: probabilities of the pixels.

    Args:
        model: An RBM of pixels.
        n: Number of samples.
        steps: Steps of Gibbs sampling.
    """
    v = model.gibbs(model.noise(n), steps)
    return model.visible(bernoulli(model.hidden(v)))


def draw_network(lower: RBM, top: AssociativeMemory, labels: np.ndarray, steps: int) -> Array:
    """Samples of a deep belief network: the memory dreams of a label, the lower RBM draws it.

    Args:
        lower: The RBM of pixels.
        top: The RBM of its hidden units and the label.
        labels: Labels (N,).
        steps: Steps of Gibbs sampling in the memory.
    """
    return lower.visible(top.dream(labels, steps))


def draw_all(models: dict[str, Any], n: int, steps: int) -> dict[str, np.ndarray]:
    """Images in -1..1 of CD-1, PCD and the deep belief network.

    Args:
        models: What `train` returned.
        n: Number of samples of each.
        steps: Steps of Gibbs sampling.
    """
    lower, top = models["cd_200"], models["dbn_top"]
    images = {
        "CD-1": draw(lower, n, steps),
        "PCD": draw(models["pcd_200"], n, steps),
        "DBN": draw_network(lower, top, asked_labels(n), steps),
    }
    return {name: 2 * minigrad.to_cpu(x) - 1 for name, x in images.items()}


def label_accuracy(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]
) -> float:
    """Test accuracy of logistic regression on features.

    Args:
        train: Features and labels.
        test: Features and labels of the test rows.
    """
    from sklearn.linear_model import LogisticRegression

    return float(LogisticRegression(C=100, max_iter=3000).fit(*train).score(*test))


def scikit_learn_accuracy(
    hidden: int, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> float:
    """The same with the features of scikit-learn's BernoulliRBM.

    Args:
        hidden: Number of hidden units.
        epochs: Passes over the training rows.
        batch_size: Rows per step.
        learning_rate: Learning rate.
        seed: Its seed.
    """
    from sklearn.neural_network import BernoulliRBM

    (x, y), (x_test, y_test) = load()
    rbm = BernoulliRBM(
        hidden, learning_rate=learning_rate, batch_size=batch_size, n_iter=epochs, random_state=seed
    ).fit(x)
    return label_accuracy((rbm.transform(x), y), (rbm.transform(x_test), y_test))


def report(models: dict[str, Any], judged: int = 2000, steps: int = 500) -> str:
    """Scores of the samples beside the judge's yardsticks."""
    return judge.load(8).report(draw_all(models, judged, steps))


# ---- pictures ------------------------------------------------------------------------------------


def pictures(models: dict[str, Any], out: Path, steps: int = 500) -> None:
    """Filters, samples, chains from noise, and what the network dreams of each label."""
    kernel = models["cd_100"].W.numpy().T
    filters = kernel / abs(kernel).max(1, keepdims=True)
    sample_plots.draw_sheet(filters, 20, "What the hidden units look for", out / "filters.png")
    for name, images in draw_all(models, 100, steps).items():
        title = f"Samples of {name} after {steps} steps"
        if name == "DBN":  # one row per label
            images = images.reshape(10, 10, 64).swapaxes(0, 1)
            rows = {str(label): images[label] for label in range(10)}
            sample_plots.draw_rows(rows, f"{title}, by label", out / "dreams.png")
            continue
        sample_plots.draw_sheet(images, 20, title, out / f"samples_{name}.png")
    draw_chains(models["pcd_200"], out / "chains.png")


def draw_chains(model: RBM, path: Path) -> None:
    """Eight chains of PCD, from noise on: the probabilities of the pixels."""
    v, step, rows = model.noise(8), 0, {}
    for upto in (0, 1, 3, 10, 30, 100, 300):
        v = model.gibbs(v, upto - step)
        step = upto
        shown = model.visible(bernoulli(model.hidden(v))) if step else v
        rows[f"step {step}"] = 2 * minigrad.to_cpu(shown) - 1
    sample_plots.draw_rows(rows, "Gibbs sampling from noise", path)
