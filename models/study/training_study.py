"""Training craft: activations, losses, optimizers in Rosenbrock's valley (1960), schedules,
gradients by depth.

Nothing here has data; each part is a formula looked at closely. Known pictures of the optimizers
start with rate 0.01, at which SGD and momentum diverge within seven steps: where the wall of the
valley is curved by 1700, a step above 2 / 1700 throws farther up the other wall than it came down.
RMSprop and Adagrad, often drawn without being computed, do move. Epsilon stands where Keras has it:
sqrt(v) + eps in Adam, sqrt(v + eps) in RMSprop and Adagrad.

Lesson: tutorials/07_optimizers.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, Tensor, grad, losses, ops, plots
from minigrad.config import default_device
from minigrad.initializers import GlorotUniform, HeNormal, Initializer, VarianceScaling
from minigrad.layers import Dense
from minigrad.optimizers import Optimizer, schedules
from minigrad.optimizers.adagrad import Adagrad
from minigrad.optimizers.adam import Adam, AdamW
from minigrad.optimizers.rmsprop import RMSprop
from minigrad.optimizers.sgd import SGD
from minigrad.random import generator, normal_like

# ---- optimizers ----------------------------------------------------------------------------------

START = (-1.5, 2.5)
GOAL = (1.0, 1.0)


def rosenbrock(x: Any, y: Any) -> Any:
    """(1 - x)^2 + 100 (y - x^2)^2: a bent valley with a flat floor; the minimum is (1, 1)."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def trajectory(optimizer: Optimizer, steps: int) -> np.ndarray:
    """The points that an optimizer passes, in float64: (steps + 1, 2).

    Args:
        optimizer: Any optimizer.
        steps: Number of steps from START.
    """
    point = Tensor(list(START), requires_grad=True, dtype="float64")
    points = [point.numpy().copy()]
    with np.errstate(all="ignore"):  # some diverge, which is to be shown
        for _ in range(steps):
            gradients = grad(rosenbrock(point[0], point[1]), [point])
            optimizer.apply(gradients, [point])
            points.append(point.numpy().copy())
    return np.array(points)


def known_optimizers() -> dict[str, Optimizer]:
    """The settings of the known picture."""
    return {
        "SGD 0.01": SGD(0.01),
        "momentum 0.01": SGD(0.01, momentum=0.9),
        "Nesterov 0.01": SGD(0.01, momentum=0.9, nesterov=True),
        "Adagrad 0.1": Adagrad(0.1, initial_accumulator_value=0.0, epsilon=1e-8),
        "RMSprop 0.01": RMSprop(0.01, epsilon=1e-8),
        "Adam 0.01": Adam(0.01, epsilon=1e-8, epsilon_form="paper"),
        "AdamW 0.01": AdamW(0.01, epsilon=1e-8, epsilon_form="paper"),
    }


def calm_optimizers() -> dict[str, Optimizer]:
    """Rates at which each works: below 2 / 1700 where steps follow the gradient as it is."""
    return {
        "SGD 0.001": SGD(0.001),
        "momentum 0.001": SGD(0.001, momentum=0.9),
        "Nesterov 0.0005": SGD(0.0005, momentum=0.9, nesterov=True),
        "Adagrad 0.1": Adagrad(0.1, initial_accumulator_value=0.0, epsilon=1e-8),
        "RMSprop 0.01": RMSprop(0.01, epsilon=1e-8),
        "Adam 0.1": Adam(0.1, epsilon=1e-8, epsilon_form="paper"),
        "AdamW 0.1": AdamW(0.1, epsilon=1e-8, epsilon_form="paper"),
    }


# ---- schedules -----------------------------------------------------------------------------------

SCHEDULES = {
    "constant": schedules.Constant(1e-3),
    "step": schedules.StepDecay(1e-3, [30, 60]),
    "exponential": schedules.ExponentialDecay(1e-3, 1, math.exp(-0.05)),
    "cosine": schedules.CosineDecay(1e-3, 50, alpha=0.01),  # clamped: does not climb back after 50
    "cyclic (triangular)": schedules.CyclicLR(1e-5, 1e-3, 10),
    "warm restarts": schedules.CosineDecayRestarts(1e-3, 20, t_mul=1, alpha=0.01),
    "decaying restarts": schedules.CosineDecayRestarts(1e-3, 20, t_mul=1, m_mul=0.7, alpha=0.01),
    "warm-up, then cosine": schedules.WarmUp(schedules.CosineDecay(1e-3, 90), 10),
}


# ---- losses of one example -----------------------------------------------------------------------


def elementwise(loss: Callable[..., Any], target: float, **options: Any) -> Callable[[Any], Any]:
    """p -> loss(target, p), element by element.

    Args:
        loss: A function of minigrad.losses.
        target: The true value.
        options: Options of the loss.
    """

    def loss_at(p: Any) -> Any:
        targets = np.full((p.size, 1), target)
        return loss(targets, p.reshape((-1, 1)), **options).reshape(p.shape)

    return loss_at


def loss_curves() -> dict[str, Any]:
    """Losses of one example, as the groups of plots.losses."""
    regression = {
        "MSE": elementwise(losses.mean_squared_error, 0.0),
        "MAE": elementwise(losses.mean_absolute_error, 0.0),
        "Huber (1)": elementwise(losses.huber, 0.0, delta=1.0),
    }
    classification = {
        "cross-entropy": elementwise(losses.binary_crossentropy, 1.0, from_logits=True),
        "hinge": elementwise(losses.hinge, 1.0),
        "squared error of sigmoid": lambda z: ops.square(1 - ops.sigmoid(z)),
    }
    contrastive = {
        "same kind": elementwise(losses.contrastive, 1.0),
        "different kind": elementwise(losses.contrastive, 0.0),
    }
    line, distance = np.linspace(-3, 3, 601), np.linspace(0, 2, 401)
    return {
        "regression": ("predicted - true", line, regression),
        "two classes, true one is 1": ("logit", line, classification),
        "contrastive, margin 1": ("distance of the pair", distance, contrastive),
    }


# ---- gradients by depth --------------------------------------------------------------------------

DEPTHS = {
    "sigmoid, Glorot": ("sigmoid", GlorotUniform()),
    "tanh, Glorot": ("tanh", GlorotUniform()),
    "relu, Glorot": ("relu", GlorotUniform()),
    "relu, He": ("relu", HeNormal()),
    "relu, twice He": ("relu", VarianceScaling(4.0, "fan_in")),
}


def gradient_norms(
    activation: str, initializer: Initializer, depth: int, width: int = 64
) -> list[float]:
    """|dL/dh| at the output h of each layer of a fresh network, over the same at the last.

    Args:
        activation: Activation of each Dense layer.
        initializer: Initializer of its kernel.
        depth: Number of layers.
        width: Units of each layer.
    """
    layers = [
        Dense(width, activation=activation, kernel_initializer=initializer) for _ in range(depth)
    ]
    network = Sequential(layers)
    x = generator().standard_normal((64, width))
    h = Tensor(x, requires_grad=True, device=default_device())
    outputs = []
    for layer in network.layers:
        h = layer(h)
        outputs.append(h)
    gradients = grad(h, outputs, cotangent=normal_like(h.shape, like=h.data))
    norms = [float(np.linalg.norm(g.numpy())) for g in gradients]
    return [norm / norms[-1] for norm in norms]


# ---- all of it -----------------------------------------------------------------------------------

REFERENCE = (
    "after 100 steps Adam 0.01 stands at f = 6.4121, RMSprop 0.01 at 6.0206, "
    "Adagrad 0.1 at 6.2252; SGD and momentum 0.01 are not finite after 7"
)
TARGETS = ["sgd_0.01_steps_to_infinity == 7", "momentum_0.01_steps_to_infinity == 7"]


def train(
    steps: int = 100, calm_steps: int = 500, depth: int = 30, seed: int = 0
) -> tuple[dict[str, Any], dict[str, float]]:
    """Follow the optimizers through the valley, measure gradients: ({name: curves}, metrics).

    Args:
        steps: Steps of each optimizer at its known rate.
        calm_steps: Steps of each optimizer at a rate that works.
        depth: Layers of the networks whose gradients are measured.
        seed: Seed of the weights and inputs of these networks.
    """
    minigrad.seed(seed)
    known = {name: trajectory(o, steps) for name, o in known_optimizers().items()}
    calm = {name: trajectory(o, calm_steps) for name, o in calm_optimizers().items()}
    norms = {name: gradient_norms(*settings, depth) for name, settings in DEPTHS.items()}
    metrics = trajectory_metrics(known) | trajectory_metrics(calm)
    for name, values in norms.items():
        key = name.replace(", ", "_").replace(" ", "_").lower()
        metrics["gradient_left_" + key] = values[0]
    return {"known": known, "calm": calm, "depth": norms}, metrics


def trajectory_metrics(paths: dict[str, np.ndarray]) -> dict[str, float]:
    """The value at the end of each trajectory, or the first step that is not finite."""
    metrics = {}
    for name, path in paths.items():
        key = name.lower().replace(" ", "_")
        diverged = np.flatnonzero(~np.isfinite(path).all(1))
        if diverged.size:
            metrics[f"{key}_steps_to_infinity"] = float(diverged[0])
        else:
            metrics[f"{key}_after_{len(path) - 1}"] = float(rosenbrock(*path[-1]))
    return metrics


def pictures(curves: dict[str, Any], out: Path) -> None:
    """Activations, losses, the valley twice, schedules, gradients by depth."""
    plots.activations(path=out / "activations.png")
    plots.losses(loss_curves(), path=out / "losses.png")
    for name, title, window in (
        ("known", "The known rates, near the start", (-2.0, -1.2, 2.0, 2.7)),
        ("calm", "Rates at which each works", (-2, 2, -1, 3)),
    ):
        steps = len(next(iter(curves[name].values()))) - 1
        plots.trajectories(
            rosenbrock,
            curves[name],
            goal=GOAL,
            window=window,
            title=f"{title}, {steps} steps",
            path=out / f"optimizers_{name}.png",
        )
    rates = {name: [rate(epoch) for epoch in range(100)] for name, rate in SCHEDULES.items()}
    plots.schedules(rates, path=out / "schedules.png")
    plots.curves(
        {name: (np.arange(1, len(norms) + 1), norms) for name, norms in curves["depth"].items()},
        log=True,
        xlabel="layer",
        ylabel="gradient norm, the last layer's = 1",
        title="Gradients at the early layers",
        path=out / "gradients.png",
    )
