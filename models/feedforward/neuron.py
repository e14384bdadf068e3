"""Artificial neuron (McCulloch & Pitts 1943) and perceptron (Rosenblatt 1958, Psychological Review 65(6), 386-408).

A neuron weighs its inputs, adds them up and bends the sum. Rosenblatt's rule finds the weights of a neuron with a step: if a
line parts the two classes, after finitely many corrections (Novikoff 1962). It learns AND and OR. XOR it cannot learn: no
line parts its classes (Minsky & Papert 1969). Its weights stay small whole numbers, so sooner or later the same ones come
back, and from there on everything repeats for ever. A second layer, trained by backpropagation, bends the line.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import minigrad
from minigrad import Sequential, Tensor, no_grad, ops, plots
from minigrad.config import default_device
from minigrad.layers import Dense
from minigrad.optimizers.adam import Adam
from minigrad.random import generator

# ---- the neuron: y = f(w . x + b) ------------------------------------------------------------------------------------

ACTIVATIONS = {"sigmoid": ops.sigmoid, "tanh": ops.tanh, "relu": ops.relu, "linear": lambda z: z}


class Neuron:
    """y = f(w . x + b), with w and b drawn from N(0, 1) * 0.1: (N, inputs) -> (N,), or one example (inputs,) -> ()."""

    def __init__(self, inputs: int, activation: str = "sigmoid") -> None:
        self.f = ACTIVATIONS[activation]
        self.w = Tensor(
            0.1 * generator().standard_normal(inputs), requires_grad=True, device=default_device()
        )
        self.b = Tensor(
            0.1 * generator().standard_normal(), requires_grad=True, device=default_device()
        )

    def __call__(self, x: Tensor) -> Tensor:
        return self.f(x @ self.w + self.b)


# ---- Rosenblatt's perceptron -----------------------------------------------------------------------------------------


class Perceptron:
    """1 where w . x + b > 0, else 0. It starts from zeros, where a learning rate would scale w and b and change nothing else."""

    def __init__(self, inputs: int) -> None:
        self.w, self.b = Tensor([0.0] * inputs), Tensor([0.0])

    def __call__(self, x: Tensor) -> Tensor:
        return (x @ self.w + self.b > 0).astype("float32")

    def correct(self, x: Tensor, y: Tensor) -> bool:
        """One example: w += (y - f(x)) x, b += y - f(x). True if there was something to correct."""
        error = y - self(x)
        self.w.data += (error * x).data
        self.b.data += error.data
        return bool(error.item())

    def fit(self, x: Tensor, y: Tensor, epochs: int = 50) -> tuple[list[int], int]:
        """Corrections in each epoch, up to the first epoch without one; and after how many epochs the same weights return.

        0 means that they never did. Once they do, the rest of the training is known: it goes round and round.
        """
        corrections, seen, cycle = [], {}, 0
        for epoch in range(epochs):
            state = (*self.w.numpy().tolist(), *self.b.numpy().tolist())
            cycle = cycle or epoch - seen.setdefault(state, epoch)
            corrections.append(sum(self.correct(one, label) for one, label in zip(x, y)))
            if not corrections[-1]:
                break
        return corrections, cycle


# ---- what no single neuron can do ------------------------------------------------------------------------------------


def two_layers(hidden: int = 4) -> Sequential:
    """sigmoid(W2 . tanh(W1 x + b1) + b2): the hidden neurons draw lines, the last one puts their sides together."""
    return Sequential(
        [Dense(hidden, activation="tanh", input_shape=(2,)), Dense(1, activation="sigmoid")]
    )


CORNERS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
TASKS = {"and": [0.0, 0.0, 0.0, 1.0], "or": [0.0, 1.0, 1.0, 1.0], "xor": [0.0, 1.0, 1.0, 0.0]}

SEEDS = 5
REFERENCE = "no single line parts XOR, so three right of four is the most a perceptron can have"
TARGETS = ["and_wrong == 0", "or_wrong == 0", "xor_wrong >= 1", "xor_two_layers_wrong == 0"]


def train(
    epochs: int = 50, hidden: int = 4, steps: int = 300, learning_rate: float = 0.05, seed: int = 0
):
    """A perceptron for AND, OR and XOR, then two layers for XOR: ({name: model}, metrics)."""
    minigrad.seed(seed)
    models, metrics = {}, {}
    for task, labels in TASKS.items():
        perceptron = models[task] = Perceptron(2)
        perceptron.corrections, perceptron.cycle = perceptron.fit(
            Tensor(CORNERS), Tensor(labels), epochs
        )
        metrics[task + "_epochs"] = len(perceptron.corrections)
    metrics["xor_cycle"] = models["xor"].cycle
    network = models["xor_two_layers"] = two_layers(hidden)
    network.compile(optimizer=Adam(learning_rate), loss="binary_crossentropy")
    network.fit(
        np.array(CORNERS), np.array(TASKS["xor"])[:, None], batch_size=4, epochs=steps, verbose=0
    )
    for name, model in models.items():
        said = scores(model)(CORNERS) > 0.5
        metrics[name + "_wrong"] = int((said != np.array(TASKS[name.partition("_")[0]])).sum())
    return models, metrics


def scores(model):
    """What the model says of points (N, 2): N numbers in 0..1."""

    def of(points):
        with no_grad():
            return model(Tensor(np.array(points), device=default_device())).numpy().reshape(-1)

    return of


def pictures(models, out: Path):
    """The sides of the lines, the corrections that never end, and the neuron's activations with their slopes."""
    corners = np.array(CORNERS)
    plots.decision_boundaries(
        {
            "AND, perceptron": (scores(models["and"]), corners, TASKS["and"]),
            "OR, perceptron": (scores(models["or"]), corners, TASKS["or"]),
            "XOR, perceptron": (scores(models["xor"]), corners, TASKS["xor"]),
            "XOR, two layers": (scores(models["xor_two_layers"]), corners, TASKS["xor"]),
        },
        path=out / "decision.png",
    )
    plots.curves(
        {
            name.upper(): (
                np.arange(1, len(models[name].corrections) + 1),
                models[name].corrections,
            )
            for name in TASKS
        },
        xlabel="epoch",
        ylabel="corrections",
        marker="o",
        title="Rosenblatt's rule: AND and OR settle, XOR never does",
        path=out / "corrections.png",
    )
    plots.activations(ACTIVATIONS, path=out / "activations.png")
