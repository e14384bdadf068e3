"""From a model to its training steps: trainer(build, x, labels, device) -> {variant: step}.

Every variant trains a fresh model with Adam(1e-3). In the loops, the data are already on the
device.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

Steps = dict[str, Callable[[], Any]]


def train_minigrad(build: Callable[[], Any], x: Any, labels: Any, device: str) -> Steps:
    import minigrad as mg
    from minigrad.losses import SparseCategoricalCrossentropy
    from minigrad.optimizers.adam import Adam

    mg.set_device(device)
    inputs, targets = mg.Tensor(x, device=device), mg.Tensor(labels, device=device)
    loss = SparseCategoricalCrossentropy(from_logits=True)
    looped, optimizer = build(), Adam(1e-3)
    looped(inputs)
    parameters = looped.trainable_weights

    def loop():
        with mg.training():
            value = loss(targets, looped(inputs))
        optimizer.apply(mg.grad(value, parameters, retain_graph=False), parameters)
        return value

    model = build()
    model.compile(optimizer=Adam(1e-3), loss=loss)
    model.build(x.shape)  # as the other frameworks' are
    return {"loop": loop, "train_on_batch": lambda: model.train_on_batch(x, labels)}


def train_numpy(build: Callable[..., Any], x: Any, labels: Any, device: str) -> Steps:
    return {"baseline": build(x, labels, device)}


def train_torch(build: Callable[[], Any], x: Any, labels: Any, device: str) -> Steps:
    import torch

    targets = torch.from_numpy(labels).to(device)

    def loop(layout):
        model, inputs = build().to(device), torch.from_numpy(x).to(device)
        if x.ndim == 4:
            model = model.to(memory_format=layout)
            inputs = inputs.permute(0, 3, 1, 2).contiguous(memory_format=layout)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

        def step():
            loss = torch.nn.functional.cross_entropy(model(inputs), targets)
            loss.backward()
            optimizer.step()
            # here, so that no gradients are held between steps, as in the others
            optimizer.zero_grad(set_to_none=True)
            return loss

        return step

    steps = {"loop": loop(torch.contiguous_format)}
    if x.ndim == 4:
        steps["channels last"] = loop(torch.channels_last)
    return steps


def train_jax(build: Callable[[], Any], x: Any, labels: Any, device: str) -> Steps:
    import jax
    import jax.numpy as jnp

    from . import adam_jax

    parameters, apply = build()

    def loss_of(parameters, x, labels, key):
        log_p = jax.nn.log_softmax(apply(parameters, x, key))
        return -jnp.mean(jnp.take_along_axis(log_p, labels[..., None], -1))

    @partial(jax.jit, donate_argnums=0)
    def update(state, x, labels):
        key = jax.random.fold_in(jax.random.key(0), state[-1])
        loss, g = jax.value_and_grad(loss_of)(state[0], x, labels, key)
        return adam_jax.update(state, g), loss

    state = adam_jax.start(parameters)
    inputs, targets = jnp.asarray(x), jnp.asarray(labels)

    def jit():
        nonlocal state
        state, loss = update(state, inputs, targets)
        return loss

    # JAX returns while it still computes. Waiting for each step is what a loop that reads its
    # losses does, and what the others do; steps that queue up overlap Python with the computation,
    # on one core more than the thread count.
    return {"jit": lambda: jit().block_until_ready(), "jit, queued": jit}


def train_keras(build: Callable[[], Any], x: Any, labels: Any, device: str) -> Steps:
    import keras
    import tensorflow as tf

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    compiled = build()
    compiled.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    model, optimizer = build(), keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)

    def update(x, labels):
        with tf.GradientTape() as tape:
            value = loss(labels, model(x, training=True))
        optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
        return value

    inputs, targets = tf.constant(x), tf.constant(labels)
    graph, xla = tf.function(update), tf.function(update, jit_compile=True)
    return {
        "train_on_batch": lambda: compiled.train_on_batch(x, labels),
        "tf.function": lambda: graph(inputs, targets),
        "tf.function, XLA": lambda: xla(inputs, targets),
    }


TRAINERS: dict[str, Callable[..., Steps]] = {
    "minigrad": train_minigrad,
    "numpy": train_numpy,
    "torch": train_torch,
    "jax": train_jax,
    "keras": train_keras,
}
