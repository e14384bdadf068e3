"""The formulas of Keras's documentation for one parameter in NumPy, and parameters to try."""

import numpy as np

import minigrad
from minigrad import Parameter
from minigrad.backend import to_cpu
from minigrad.config import to_device
from minigrad.optimizers.adadelta import Adadelta
from minigrad.optimizers.adagrad import Adagrad
from minigrad.optimizers.adam import Adam, AdamW
from minigrad.optimizers.adamax import Adamax
from minigrad.optimizers.base import BLOCK_SIZE
from minigrad.optimizers.lion import Lion
from minigrad.optimizers.momentum import Momentum, Nesterov
from minigrad.optimizers.nadam import Nadam
from minigrad.optimizers.rmsprop import RMSprop
from minigrad.optimizers.sgd import SGD


def sgd(p, g, s, t, rate, momentum=0.0, nesterov=False):
    v = s["v"] = momentum * s.get("v", 0) - rate * g
    return p + (momentum * v - rate * g if nesterov else v)


def adagrad(p, g, s, t, rate, initial_accumulator_value=0.1, epsilon=1e-7):
    a = s["a"] = s.get("a", initial_accumulator_value) + g**2
    return p - rate * g / np.sqrt(a + epsilon)


def rmsprop(p, g, s, t, rate, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    v = s["v"] = rho * s.get("v", 0) + (1 - rho) * g**2
    m = s["m"] = rho * s.get("m", 0) + (1 - rho) * g
    step = rate * g / np.sqrt(v - centered * m**2 + epsilon)
    step = s["step"] = momentum * s.get("step", 0) + step
    return p - step


def adam(
    p, g, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, epsilon_form="keras"
):
    m = s["m"] = beta_1 * s.get("m", 0) + (1 - beta_1) * g
    v = s["v"] = beta_2 * s.get("v", 0) + (1 - beta_2) * g**2
    if amsgrad:
        v = s["v_max"] = np.maximum(s.get("v_max", 0), v)
    if epsilon_form == "paper":
        return p - rate * (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    alpha = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return p - alpha * m / (np.sqrt(v) + epsilon)


def adadelta(p, g, s, t, rate, rho=0.95, epsilon=1e-7):
    a = s["a"] = rho * s.get("a", 0) + (1 - rho) * g**2
    step = g * np.sqrt(s.get("d", 0) + epsilon) / np.sqrt(a + epsilon)
    s["d"] = rho * s.get("d", 0) + (1 - rho) * step**2
    return p - rate * step


def adamax(p, g, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = s["m"] = beta_1 * s.get("m", 0) + (1 - beta_1) * g
    u = s["u"] = np.maximum(beta_2 * s.get("u", 0), abs(g))
    return p - rate * m / ((1 - beta_1**t) * (u + epsilon))


def nadam(p, g, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    mu = beta_1 * (1 - 0.5 * 0.96 ** np.arange(1, t + 2))
    m = s["m"] = beta_1 * s.get("m", 0) + (1 - beta_1) * g
    v = s["v"] = beta_2 * s.get("v", 0) + (1 - beta_2) * g**2
    m_ = mu[t] * m / (1 - mu.prod()) + (1 - mu[t - 1]) * g / (1 - mu[:t].prod())
    return p - rate * m_ / (np.sqrt(v / (1 - beta_2**t)) + epsilon)


def lion(p, g, s, t, rate, beta_1=0.9, beta_2=0.99):
    m = s.get("m", 0)
    s["m"] = beta_2 * m + (1 - beta_2) * g
    return p - rate * np.sign(beta_1 * m + (1 - beta_1) * g)


FORMULAS = {
    "sgd": (SGD, sgd, {}),
    "sgd momentum": (SGD, sgd, {"momentum": 0.8}),
    "sgd nesterov": (SGD, sgd, {"momentum": 0.8, "nesterov": True}),
    "sgd nesterov alone": (SGD, sgd, {"nesterov": True}),
    "momentum": (Momentum, lambda *a: sgd(*a, momentum=0.9), {}),
    "nesterov": (Nesterov, lambda *a: sgd(*a, momentum=0.9, nesterov=True), {}),
    "adagrad": (Adagrad, adagrad, {}),
    "adagrad initial": (Adagrad, adagrad, {"initial_accumulator_value": 0.7, "epsilon": 0.01}),
    "rmsprop": (RMSprop, rmsprop, {}),
    "rmsprop all": (RMSprop, rmsprop, {"rho": 0.8, "momentum": 0.5, "centered": True}),
    "rmsprop centered": (RMSprop, rmsprop, {"centered": True, "epsilon": 1e-3}),
    "rmsprop momentum": (RMSprop, rmsprop, {"momentum": 0.9}),
    "adam": (Adam, adam, {}),
    "adam betas": (Adam, adam, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}),
    "adam no momentum": (Adam, adam, {"beta_1": 0.0}),
    "adam amsgrad": (Adam, adam, {"amsgrad": True, "beta_2": 0.9}),
    "adam paper": (Adam, adam, {"epsilon": 0.01, "epsilon_form": "paper"}),
    "adam paper amsgrad": (Adam, adam, {"amsgrad": True, "beta_2": 0.9, "epsilon_form": "paper"}),
    "adamw": (AdamW, adam, {}),
    "adamw paper": (AdamW, adam, {"epsilon": 1e-3, "epsilon_form": "paper"}),
    "adamw amsgrad": (AdamW, adam, {"amsgrad": True}),
    "adadelta": (Adadelta, adadelta, {}),
    "adadelta rho": (Adadelta, adadelta, {"rho": 0.5, "epsilon": 0.01}),
    "adamax": (Adamax, adamax, {}),
    "adamax betas": (Adamax, adamax, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}),
    "nadam": (Nadam, nadam, {}),
    "nadam betas": (Nadam, nadam, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}),
    "lion": (Lion, lion, {}),
    "lion betas": (Lion, lion, {"beta_1": 0.5, "beta_2": 0.7}),
}


SHAPES = [
    (3, 4),
    (),
    (0, 3),
    (BLOCK_SIZE // 2 + 3,),
    (BLOCK_SIZE // 2 - 1,),
    (7,),
    (2 * BLOCK_SIZE + 5,),
    (1, 1),
    (2, 3, 2),
    (0,),
    (BLOCK_SIZE,),
    (5,),
]


SMALL = [(3, 4), (), (0, 3), (7,), (1, 1)]


def parameters(shapes=SMALL, dtype="float64"):
    draw = np.random.default_rng(len(shapes))
    with minigrad.default_dtype(dtype):
        return [
            Parameter(to_device(draw.standard_normal(s).astype(dtype)), f"p{i}")
            for i, s in enumerate(shapes)
        ]


def gradients(shapes, step, dtype="float64", none=()):
    draw = np.random.default_rng(100 + step)
    gs = [np.asarray(draw.standard_normal(s) * (1 + step % 7), dtype) for s in shapes]
    return [None if i in none else to_device(g) for i, g in enumerate(gs)]


def arrays(ps):
    return [p.numpy().copy() for p in ps]


def expected(formula, start, steps, rate=0.01, decay=0.0, **options):
    """The parameters after the steps, each alone; `steps` yields the gradients, None for none."""
    ps, states = [a.copy() for a in start], [{} for _ in start]
    for t, gs in enumerate(steps, 1):
        r = rate(t - 1) if callable(rate) else rate
        for i, g in enumerate(gs):
            if g is not None:
                ps[i] = formula(
                    ps[i] * (1 - r * decay), to_cpu(g).astype("float64"), states[i], t, r, **options
                )
    return ps


def close(ps, wanted, rtol=1e-9, atol=1e-11):
    for p, w in zip(ps, wanted, strict=True):
        np.testing.assert_allclose(p.numpy(), w, rtol, atol)
