"""Artificial neuron (McCulloch & Pitts 1943) and perceptron (Rosenblatt 1958, Psychological Review
65(6), 386-408).

A neuron weighs its inputs, adds them up and bends the sum. Rosenblatt's rule finds the weights of a
neuron with a step function: if a line separates the two classes, after finitely many corrections
(Novikoff 1962). It learns AND and OR. It cannot learn XOR: no line separates its classes (Minsky &
Papert 1969). Its weights stay small integers, so sooner or later the same ones come back, and from
then on everything repeats. A second layer, trained by backpropagation, bends the line.

Lesson: tutorials/05_neurons_and_activations.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, Tensor, no_grad, ops, plots
from minigrad.config import default_device
from minigrad.layers import Dense, Input
from minigrad.optimizers.adam import Adam
from minigrad.random import generator

# ---- the neuron: y = f(w . x + b) ----------------------------------------------------------------

ACTIVATIONS = {"sigmoid": ops.sigmoid, "tanh": ops.tanh, "relu": ops.relu, "linear": lambda z: z}


class Neuron:
    """y = f(w . x + b), with w and b drawn from N(0, 1) * 0.1.

    Args:
        inputs: Number of inputs.
        activation: The name of f.

    Shape:
        (N, inputs) -> (N,), or (inputs,) -> () for one example
    """

    def __init__(self, inputs: int, activation: str = "sigmoid") -> None:
        self.f = ACTIVATIONS[activation]
        self.w = small_parameter((inputs,))
        self.b = small_parameter(())

    def __call__(self, x: Tensor) -> Tensor:
        return self.f(x @ self.w + self.b)


def small_parameter(shape: tuple[int, ...]) -> Tensor:
    """N(0, 1) * 0.1"""
    values = 0.1 * generator().standard_normal(shape)
    return Tensor(values, requires_grad=True, device=default_device())


# ---- Rosenblatt's perceptron ---------------------------------------------------------------------


class Perceptron:
    """1 where w . x + b > 0, else 0.

    It starts from zeros, where a learning rate would scale w and b and change nothing else. `fit`
    sets `corrections`, the number in each epoch, and `cycle`, the number of epochs after which the
    same weights return (0 if they do not): from then on training repeats itself.

    Args:
        inputs: Number of inputs.
    """

    def __init__(self, inputs: int) -> None:
        self.w = Tensor([0.0] * inputs)
        self.b = Tensor([0.0])
        self.corrections: list[int] = []
        self.cycle = 0

    def __call__(self, x: Tensor) -> Tensor:
        return (x @ self.w + self.b > 0).astype("float32")

    def correct(self, x: Tensor, y: Tensor) -> bool:
        """One example: w += (y - f(x)) x, b += y - f(x). True if f(x) was wrong."""
        error = y - self(x)
        self.w.data += (error * x).data
        self.b.data += error.data
        return bool(error.item())

    def fit(self, x: Tensor, y: Tensor, epochs: int = 50) -> None:
        """Correct each example in turn, up to the first epoch without a correction.

        Args:
            x: Examples (N, inputs).
            y: Labels 0 or 1.
            epochs: Passes over the examples, at most.
        """
        self.corrections, self.cycle = [], 0
        first_epoch: dict[tuple, int] = {}  # of each state of the weights
        for epoch in range(epochs):
            state = (*self.w.numpy().tolist(), *self.b.numpy().tolist())
            elapsed = epoch - first_epoch.setdefault(state, epoch)
            self.cycle = self.cycle or elapsed
            wrong = [self.correct(example, label) for example, label in zip(x, y)]
            self.corrections.append(sum(wrong))
            if not any(wrong):
                break


# ---- what no single neuron can do ----------------------------------------------------------------


def two_layers(hidden: int = 4) -> Sequential:
    """sigmoid(W2 . tanh(W1 x + b1) + b2): hidden neurons draw lines, the last combines their sides.

    Args:
        hidden: Number of hidden neurons.
    """
    return Sequential(
        [Input((2,)), Dense(hidden, activation="tanh"), Dense(1, activation="sigmoid")]
    )


CORNERS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
TASKS = {"and": [0.0, 0.0, 0.0, 1.0], "or": [0.0, 1.0, 1.0, 1.0], "xor": [0.0, 1.0, 1.0, 0.0]}

SEEDS = 5
REFERENCE = "no single line parts XOR, so three right of four is the most a perceptron can have"
TARGETS = ["and_wrong == 0", "or_wrong == 0", "xor_wrong >= 1", "xor_two_layers_wrong == 0"]


def train(
    epochs: int = 50, hidden: int = 4, steps: int = 300, learning_rate: float = 0.05, seed: int = 0
) -> tuple[dict[str, Any], dict[str, float]]:
    """A perceptron for AND, OR and XOR, then two layers for XOR: ({name: model}, metrics).

    Args:
        epochs: Passes of each perceptron over its examples, at most.
        hidden: Hidden neurons of the two layers.
        steps: Training steps of the two layers.
        learning_rate: Learning rate of Adam for the two layers.
        seed: Seed of the weights.
    """
    minigrad.seed(seed)
    models: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    for task, labels in TASKS.items():
        perceptron = models[task] = Perceptron(2)
        perceptron.fit(Tensor(CORNERS), Tensor(labels), epochs)
        metrics[task + "_epochs"] = len(perceptron.corrections)
    metrics["xor_cycle"] = models["xor"].cycle
    network = models["xor_two_layers"] = two_layers(hidden)
    network.compile(optimizer=Adam(learning_rate), loss="binary_crossentropy")
    x, y = np.array(CORNERS), np.array(TASKS["xor"])[:, None]
    network.fit(x, y, batch_size=4, epochs=steps, verbose=0)
    for name, model in models.items():
        task, _, _ = name.partition("_")
        predicted = predictor(model)(CORNERS) > 0.5
        metrics[name + "_wrong"] = int((predicted != np.array(TASKS[task])).sum())
    return models, metrics


def predictor(model: Any) -> Callable[[Any], np.ndarray]:
    """A function of points (N, 2): the outputs (N,) of a model, in 0..1.

    Args:
        model: A Perceptron, or a network with one output.
    """

    def predict(points: Any) -> np.ndarray:
        with no_grad():
            x = Tensor(np.array(points), device=default_device())
            return model(x).numpy().reshape(-1)

    return predict


def pictures(models: dict[str, Any], out: Path) -> None:
    """The sides of the lines, the corrections by epoch, activations with their derivatives."""
    corners = np.array(CORNERS)
    panels = {f"{task.upper()}, perceptron": (task, task) for task in TASKS}
    panels["XOR, two layers"] = ("xor_two_layers", "xor")
    plots.decision_boundaries(
        {
            title: (predictor(models[name]), corners, TASKS[task])
            for title, (name, task) in panels.items()
        },
        path=out / "decision.png",
    )
    lines = {}
    for task in TASKS:
        corrections = models[task].corrections
        lines[task.upper()] = (np.arange(1, len(corrections) + 1), corrections)
    plots.curves(
        lines,
        xlabel="epoch",
        ylabel="corrections",
        marker="o",
        title="Rosenblatt's rule: AND and OR settle, XOR never does",
        path=out / "corrections.png",
    )
    plots.activations(ACTIVATIONS, path=out / "activations.png")
