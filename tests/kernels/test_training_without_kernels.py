"""Every model of the registry, trained a few steps with kernels and on definitions alone."""

from collections import defaultdict

import numpy as np
import pytest

import minigrad
from minigrad import config, grad
from minigrad.engine.autograd import Primitive
from minigrad.optimizers import SGD

from ..cases import MODELS
from ..cases.base import on_device

STEPS = 3


def trained(name, kernels, calls):
    """The parameters of a model after some steps in training mode; `calls` counts kernel runs."""
    minigrad.seed(0)
    f, parameters, inputs = MODELS[name]()
    inputs = [on_device(config.device_module(), x, "float64") for x in inputs]
    optimizer = SGD(0.01, momentum=0.9, global_clipnorm=1.0)
    before = len(calls)
    with minigrad.use_kernels(kernels), minigrad.training():
        for _ in range(STEPS):
            loss = f(*inputs).mean()
            optimizer.apply(grad(loss, parameters, unused="zeros"), parameters)
    assert (len(calls) > before) == kernels
    return [p.numpy() for p in parameters]


@pytest.fixture
def calls(xp, monkeypatch):
    """A list that grows with each run of a kernel's forward."""
    runs = []
    array_type = type(xp.empty(0))

    def counted(kernel):
        def forward(*arrays, **settings):
            runs.append(kernel.op)
            return kernel.forward(*arrays, **settings)

        return kernel._replace(forward=forward)

    for op in Primitive.registry:
        kernel = op.kernels[array_type]
        if kernel:
            found = defaultdict(lambda: None, {array_type: counted(kernel)})  # none for numbers
            monkeypatch.setattr(op, "kernels", found)
    return runs


@pytest.mark.parametrize("name", sorted(MODELS))
def test_training_on_definitions_alone_gives_the_same(name, device, calls):
    with minigrad.default_dtype("float64"):
        with_kernels = trained(name, True, calls)
        on_definitions = trained(name, False, calls)
    for a, b in zip(with_kernels, on_definitions, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)
