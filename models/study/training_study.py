"""Training craft: activations, losses, optimizers in Rosenbrock's valley (1960), schedules, gradients by depth.

Nothing here has data; each part is a formula looked at closely. Known pictures of the optimizers start with rate 0.01, at which
SGD and momentum leave for infinity within seven steps: where the valley's wall is curved by 1700, a step above 2 / 1700 throws
farther up the other wall than it came down. RMSprop and Adagrad, often drawn without being computed, do move. Epsilon stands
where Keras has it: sqrt(v) + eps in Adam, sqrt(v + eps) in RMSprop and Adagrad.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

import minigrad
from minigrad import Sequential, Tensor, grad, losses, ops, plots
from minigrad.config import default_device
from minigrad.initializers import GlorotUniform, HeNormal, VarianceScaling
from minigrad.layers import Dense
from minigrad.optimizers import schedules
from minigrad.optimizers.adagrad import Adagrad
from minigrad.optimizers.adam import Adam, AdamW
from minigrad.optimizers.rmsprop import RMSprop
from minigrad.optimizers.sgd import SGD
from minigrad.random import generator, normal

# ---- optimizers ------------------------------------------------------------------------------------------------------

START, GOAL = (-1.5, 2.5), (1.0, 1.0)


def rosenbrock(x, y):
    """(1 - x)^2 + 100 (y - x^2)^2: a bent valley with a flat floor; the lowest point is (1, 1)."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def route(optimizer, steps: int) -> np.ndarray:
    """The points an optimizer passes, in float64: (steps + 1, 2)."""
    point = Tensor(list(START), requires_grad=True, dtype="float64")
    points, parameters = [point.numpy().copy()], [point]
    with np.errstate(all="ignore"):  # some of them leave for infinity, and are to be seen doing it
        for _ in range(steps):
            optimizer.apply(grad(rosenbrock(point[0], point[1]), parameters), parameters)
            points.append(point.numpy().copy())
    return np.array(points)


def known_optimizers():
    """The settings of the known picture."""
    return {
        "SGD 0.01": SGD(0.01),
        "momentum 0.01": SGD(0.01, momentum=0.9),
        "Nesterov 0.01": SGD(0.01, momentum=0.9, nesterov=True),
        "Adagrad 0.1": Adagrad(0.1, initial_accumulator_value=0.0, epsilon=1e-8),
        "RMSprop 0.01": RMSprop(0.01, epsilon=1e-8),
        "Adam 0.01": Adam(0.01, epsilon=1e-8),
        "AdamW 0.01": AdamW(0.01, epsilon=1e-8),
    }


def calm_optimizers():
    """Rates at which each works: below 2 / 1700 for those that follow the bare gradient, bolder for those that scale it."""
    return {
        "SGD 0.001": SGD(0.001),
        "momentum 0.001": SGD(0.001, momentum=0.9),
        "Nesterov 0.0005": SGD(0.0005, momentum=0.9, nesterov=True),
        "Adagrad 0.1": Adagrad(0.1, initial_accumulator_value=0.0, epsilon=1e-8),
        "RMSprop 0.01": RMSprop(0.01, epsilon=1e-8),
        "Adam 0.1": Adam(0.1, epsilon=1e-8),
        "AdamW 0.1": AdamW(0.1, epsilon=1e-8),
    }


# ---- schedules ---------------------------------------------------------------------------------------------------------

SCHEDULES = {
    "constant": schedules.Constant(1e-3),
    "step": schedules.StepDecay(1e-3, [30, 60]),
    "exponential": schedules.ExponentialDecay(1e-3, 1, math.exp(-0.05)),
    "cosine": schedules.CosineDecay(
        1e-3, 50, alpha=0.01
    ),  # clamped: the bare formula climbs back after epoch 50
    "cyclic (triangular)": schedules.CyclicLR(1e-5, 1e-3, 10),
    "warm restarts": schedules.CosineDecayRestarts(1e-3, 20, t_mul=1, alpha=0.01),
    "decaying restarts": schedules.CosineDecayRestarts(1e-3, 20, t_mul=1, m_mul=0.7, alpha=0.01),
    "warm-up, then cosine": schedules.WarmUp(schedules.CosineDecay(1e-3, 90), 10),
}


# ---- losses of one example ----------------------------------------------------------------------------------------------


def _against(loss, target: float, **options):
    """p -> loss(target, p), element by element."""
    return lambda p: loss(np.full((p.size, 1), target), p.reshape((-1, 1)), **options).reshape(
        p.shape
    )


def loss_curves():
    """What each loss says of one example, for plots.losses."""
    line, distance = np.linspace(-3, 3, 601), np.linspace(0, 2, 401)
    return {
        "regression": (
            "predicted - true",
            line,
            {
                "MSE": _against(losses.mean_squared_error, 0.0),
                "MAE": _against(losses.mean_absolute_error, 0.0),
                "Huber (1)": _against(losses.huber, 0.0, delta=1.0),
            },
        ),
        "two classes, true one is 1": (
            "logit",
            line,
            {
                "cross-entropy": _against(losses.binary_crossentropy, 1.0, from_logits=True),
                "hinge": _against(losses.hinge, 1.0),
                "squared error of sigmoid": lambda z: ops.square(1 - ops.sigmoid(z)),
            },
        ),
        "contrastive, margin 1": (
            "distance of the pair",
            distance,
            {
                "same kind": _against(losses.contrastive, 1.0),
                "different kind": _against(losses.contrastive, 0.0),
            },
        ),
    }


# ---- gradients by depth -------------------------------------------------------------------------------------------------

DEPTHS = {
    "sigmoid, Glorot": ("sigmoid", GlorotUniform()),
    "tanh, Glorot": ("tanh", GlorotUniform()),
    "relu, Glorot": ("relu", GlorotUniform()),
    "relu, He": ("relu", HeNormal()),
    "relu, twice He": ("relu", VarianceScaling(4.0, "fan_in")),
}


def gradient_norms(activation: str, initializer, depth: int, width: int = 64) -> list[float]:
    """|dL/dh| at the output h of each layer of a fresh network, over the same at the last: a plain stack of Dense layers."""
    network = Sequential(
        [Dense(width, activation=activation, kernel_initializer=initializer) for _ in range(depth)]
    )
    h = Tensor(
        generator().standard_normal((64, width)), requires_grad=True, device=default_device()
    )
    outputs = []
    for layer in network.layers:
        h = layer(h)
        outputs.append(h)
    gradients = grad(h, outputs, cotangent=normal(h.shape, like=h.data))
    norms = [float(np.linalg.norm(g.numpy())) for g in gradients]
    return [norm / norms[-1] for norm in norms]


# ---- all of it ------------------------------------------------------------------------------------------------------------

REFERENCE = (
    "after 100 steps Adam 0.01 stands at f = 6.4121, RMSprop 0.01 at 6.0206, Adagrad 0.1 at 6.2252; "
    "SGD and momentum 0.01 are not finite after 7"
)
TARGETS = ["sgd_0.01_steps_to_infinity == 7", "momentum_0.01_steps_to_infinity == 7"]


def train(steps: int = 100, calm_steps: int = 500, depth: int = 30, seed: int = 0):
    """Walk the valley and measure the gradients: ({name: curves}, metrics)."""
    minigrad.seed(seed)
    found = {
        "known": {name: route(optimizer, steps) for name, optimizer in known_optimizers().items()},
        "calm": {
            name: route(optimizer, calm_steps) for name, optimizer in calm_optimizers().items()
        },
        "depth": {name: gradient_norms(*settings, depth) for name, settings in DEPTHS.items()},
    }
    metrics: dict[str, float] = {}
    for points in (found["known"], found["calm"]):
        for name, path in points.items():
            lost = np.flatnonzero(~np.isfinite(path).all(1))
            key = name.lower().replace(" ", "_") + (
                "_steps_to_infinity" if lost.size else f"_after_{len(path) - 1}"
            )
            metrics[key] = float(lost[0]) if lost.size else float(rosenbrock(*path[-1]))
    for name, norms in found["depth"].items():
        metrics["gradient_left_" + name.replace(", ", "_").replace(" ", "_").lower()] = norms[0]
    return found, metrics


def pictures(found, out: Path):
    """Activations, losses, the valley twice, schedules, gradients by depth."""
    plots.activations(path=out / "activations.png")
    plots.losses(loss_curves(), path=out / "losses.png")
    for name, title, window in (
        ("known", "The known rates, near the start", (-2.0, -1.2, 2.0, 2.7)),
        ("calm", "Rates at which each works", (-2, 2, -1, 3)),
    ):
        steps = len(next(iter(found[name].values()))) - 1
        plots.trajectories(
            rosenbrock,
            found[name],
            goal=GOAL,
            window=window,
            title=f"{title}, {steps} steps",
            path=out / f"optimizers_{name}.png",
        )
    plots.schedules(
        {name: [rate(epoch) for epoch in range(100)] for name, rate in SCHEDULES.items()},
        path=out / "schedules.png",
    )
    plots.curves(
        {name: (np.arange(1, len(norms) + 1), norms) for name, norms in found["depth"].items()},
        log=True,
        xlabel="layer",
        ylabel="gradient norm, the last layer's = 1",
        title="What reaches the early layers",
        path=out / "gradients.png",
    )
