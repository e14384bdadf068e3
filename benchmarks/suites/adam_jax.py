"""Adam in JAX, as the other frameworks have it built in."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def start(parameters: Any) -> Any:
    """The state of Adam: parameters, m, v and the number of steps."""
    p = jax.tree.map(jnp.asarray, parameters)
    return p, jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p), jnp.asarray(0)


def update(
    state: Any, g: Any, rate: float = 1e-3, beta_1: float = 0.9, beta_2: float = 0.999
) -> Any:
    """The state after a step along the gradients g."""
    p, m, v, t = state
    t = t + 1
    m = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, m, g)
    v = jax.tree.map(lambda v, g: beta_2 * v + (1 - beta_2) * g * g, v, g)
    rate = rate * jnp.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), p, m, v)
    return p, m, v, t
