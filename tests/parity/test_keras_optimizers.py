"""Optimizers take Keras's steps, to the accuracy of float32."""

# ruff: noqa: E402 - Keras may be missing

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from minigrad import Parameter, optimizers

pytestmark = pytest.mark.parity
SHAPES = [(3, 4), (4,), ()]
EPSILONS = {"default": {}, "1e-3": {"epsilon": 1e-3}}
OPTIONS = {
    "Adam": [{}, {"amsgrad": True}, {"beta_1": 0.5, "beta_2": 0.9}, {"weight_decay": 0.1}],
    "AdamW": [{}, {"weight_decay": 0.2, "amsgrad": True}, {"clipnorm": 0.5}],
    "Adagrad": [{}, {"initial_accumulator_value": 0.0}, {"weight_decay": 0.1}],
    "RMSprop": [
        {},
        {"rho": 0.5, "momentum": 0.9},
        {"momentum": 0.3, "weight_decay": 0.1},
        {"global_clipnorm": 0.5},
    ],
    "Adadelta": [{}, {"rho": 0.5}, {"weight_decay": 0.1}],
    "Adamax": [{}, {"beta_1": 0.5, "beta_2": 0.9}, {"clipnorm": 0.5}],
    "Nadam": [{}, {"beta_1": 0.5, "beta_2": 0.9}, {"weight_decay": 0.1}],
    "Lion": [{}, {"beta_1": 0.5, "beta_2": 0.7, "weight_decay": 0.1}],
    "SGD": [
        {},
        {"momentum": 0.9},
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.5, "weight_decay": 0.1, "clipvalue": 0.3},
    ],
}
CASES = [
    (name, options | epsilon)
    for name, listed in OPTIONS.items()
    for options in listed
    for epsilon in ([{}] if name in ("SGD", "Lion") else EPSILONS.values())
]


def small_gradients(step):
    """Gradients of about 1e-3, beside which an epsilon of 1e-3 decides the step."""
    draw = np.random.default_rng(step)
    return [np.asarray(1e-3 * draw.standard_normal(s), "float32") for s in SHAPES]


@pytest.mark.parametrize("rate", [0.01, 0.5])
@pytest.mark.parametrize("name, options", CASES, ids=str)
def test_steps_of_keras(name, options, rate):
    draw = np.random.default_rng(0)
    start = [np.asarray(draw.standard_normal(s), "float32") for s in SHAPES]
    ours = getattr(optimizers, name)(rate, **options)
    theirs = getattr(keras.optimizers, name)(rate, **options)
    parameters = [Parameter(a.copy()) for a in start]
    variables = [keras.Variable(a.copy()) for a in start]
    for step in range(20):
        gradients = small_gradients(step)
        ours.apply(gradients, parameters)
        theirs.apply([keras.ops.convert_to_tensor(g) for g in gradients], variables)
        for p, v in zip(parameters, variables, strict=True):
            moved = np.abs(keras.ops.convert_to_numpy(v) - p.numpy()).max()
            # Keras takes 1 - beta**t in float32, which loses digits in the first steps
            assert moved <= 1e-4 * rate + 1e-6, (step, moved)


AROUND = [
    {"use_ema": True, "ema_momentum": 0.7},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.5},
    {
        "gradient_accumulation_steps": 2,
        "use_ema": True,
        "ema_momentum": 0.5,
        "ema_overwrite_frequency": 2,
        "weight_decay": 0.1,
        "clipnorm": 0.5,
    },
    {"loss_scale_factor": 8.0, "global_clipnorm": 0.5},
]


@pytest.mark.parametrize("options", AROUND, ids=str)
@pytest.mark.parametrize("name", OPTIONS)
def test_averages_accumulation_and_scale_of_keras(name, options):
    draw = np.random.default_rng(0)
    start = [np.asarray(draw.standard_normal(s), "float32") for s in SHAPES]
    ours = getattr(optimizers, name)(0.05, **options)
    theirs = getattr(keras.optimizers, name)(0.05, **options)
    parameters = [Parameter(a.copy()) for a in start]
    variables = [keras.Variable(a.copy()) for a in start]
    gradients = [
        [np.asarray(draw.standard_normal(s), "float32") for s in SHAPES] for _ in range(10)
    ]
    for step in range(11):
        if step == 10:
            ours.finalize_variable_values()
            theirs.finalize_variable_values(variables)
        else:
            ours.apply(gradients[step], parameters)
            theirs.apply([keras.ops.convert_to_tensor(g) for g in gradients[step]], variables)
        assert int(ours.iterations) == int(theirs.iterations)
        for p, v in zip(parameters, variables, strict=True):
            moved = np.abs(keras.ops.convert_to_numpy(v) - p.numpy()).max()
            assert moved <= 1e-5, (step, moved)


def test_schedules_count_calls_as_keras_does():
    ours = optimizers.SGD(
        optimizers.schedules.ExponentialDecay(0.1, 1, 0.5), gradient_accumulation_steps=2
    )
    theirs = keras.optimizers.SGD(
        keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5), gradient_accumulation_steps=2
    )
    p, v = Parameter(np.ones(2)), keras.Variable(np.ones(2, "float32"))
    for _ in range(6):
        ours.apply([np.ones(2)], [p])
        theirs.apply([keras.ops.ones(2)], [v])
        np.testing.assert_allclose(p.numpy(), keras.ops.convert_to_numpy(v), rtol=1e-6)


@pytest.mark.parametrize("name", OPTIONS)
def test_defaults_of_keras(name):
    ours, theirs = getattr(optimizers, name)(), getattr(keras.optimizers, name)()
    config = theirs.get_config()
    assert ours.learning_rate == pytest.approx(config["learning_rate"])
    same = {key: config[key] for key in config.keys() & vars(ours).keys() - {"learning_rate"}}
    assert {"name", "weight_decay", "clipnorm"} <= same.keys()
    assert {key: getattr(ours, key) for key in same} == same | {"name": name.lower()}


def test_both_forms_of_epsilon_differ():
    """At a large epsilon the forms differ by far, so that the option is not idle."""
    paths = []
    for form in ("keras", "paper"):
        p = Parameter(np.ones(3, "float32"))
        optimizer = optimizers.Adam(0.1, epsilon=1e-3, epsilon_form=form)
        for step in range(3):
            optimizer.apply([small_gradients(step)[1][:3]], [p])
        paths.append(p.numpy())
    assert np.abs(paths[0] - paths[1]).max() > 0.05
