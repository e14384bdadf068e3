"""What the recurrent kernels (recurrent.py, gru.py) have in common: shapes, time-major buffers, masks, gradients."""

from __future__ import annotations

from ..backend import backend, cache_blocks, to_cpu
from .elementwise import where
from .matmul import linear
from .shapes import stack

BLOCK = (
    2**16
)  # elements at a time: what several operations work on in turn stays in the cache of a CPU


def check_recurrent(name, gates, x, kernel, recurrent, bias, states, mask=None, drop=None):
    """Raise unless all shapes fit: which one does not, and what would."""
    if x.ndim != 3:
        raise ValueError(
            f"{name} expects sequences of shape (N, T, features){', one of them as x[None]' * (x.ndim == 2)}; "
            f"got {x.shape}"
        )
    n, steps, features = x.shape
    units = recurrent.shape[0]
    if not steps:
        raise ValueError(f"{name}: sequences of shape {x.shape} have no steps")
    fitting = {
        "kernel": (kernel, (features, gates * units)),
        "recurrent kernel": (recurrent, (units, gates * units)),
        "bias": (bias, (2, 3 * units) if name == "gru" else (gates * units,)),
        **{f"initial state {which}": (s, (n, units)) for which, s in zip("hc", states)},
        "mask": (mask, (n, steps)),
        "drop": (drop, (n, units)),
    }
    for what, (a, shape) in fitting.items():
        if a is not None and a.shape != shape:
            raise ValueError(
                f"{name}: the {what} has shape {a.shape}; sequences of shape {x.shape} and {units} units want {shape}"
            )
    if mask is not None and mask.dtype.kind != "b":
        raise TypeError(f"{name}: the mask is boolean, True where a step is real, not {mask.dtype}")


def walk(step, a, states, like, mask, gives):
    """The definition of them all: step(a of one time, *states) -> new states, from the first time to the last."""
    zeros = backend(a).zeros((a.shape[0], like.shape[0]), a.dtype)
    states, hs = [zeros if s is None else s for s in states], []
    for t in range(a.shape[1]):
        new = step(a[:, t], *states)
        states = (
            new
            if mask is None
            else [where(mask[:, t, None], s, old) for s, old in zip(new, states)]
        )
        hs.append(states[0])
    return (
        hs[-1] if gives == "last" else stack([*hs, *states[1:]] if gives == "all" else hs, axis=1)
    )


def project(x, kernel, bias):
    """x @ kernel + bias, the bias None for none."""
    return x @ kernel if bias is None else linear(x, kernel, bias)


def dropped(h, drop):
    """h on its way into the product."""
    return h if drop is None else h * drop


def time_major(x):
    """(N, T, features) as rows (T * N, features)."""
    return rows(backend(x).ascontiguousarray(x.swapaxes(0, 1)))


def projected(x, kernel, bias):
    """project(x, kernel, bias) for all steps in one product: (T, N, gates * units), a new array."""
    y = time_major(x) @ kernel
    if bias is not None:
        y += bias
    return y.reshape((x.shape[1], x.shape[0], kernel.shape[1]))


def halves(xp, gates, units, dtype):
    """.5 for each gate marked "s", 1 for others: sigmoid(x) = .5 tanh(.5 x) + .5, so one tanh does for all gates."""
    return 1 - 0.5 * xp.asarray([gate == "s" for gate in gates], dtype).repeat(units)


def apart(a, count):
    """The gates of (T, N, count * units) apart, as views (T, N, units)."""
    units = a.shape[-1] // count
    return [a[..., k * units : (k + 1) * units] for k in range(count)]


def buffer(xp, first, steps, n, units, dtype):
    """Room for the states after each of the steps, below the first one: (steps + 1, N, units)."""
    states = xp.empty((steps + 1, n, units), dtype)
    states[0] = 0 if first is None else first
    return states


def skips_of(mask):
    """For each step None, or which rows keep their states, (N, 1); None if there is no such step at all."""
    if mask is None:
        return None
    skip = ~mask.T[..., None]
    some = to_cpu(skip.any((1, 2))).tolist()
    return [s if any_row else None for s, any_row in zip(skip, some)] if any(some) else None


def keep(xp, skip, new, old):
    """Take back the step in the rows that skip it."""
    xp.copyto(new, old, where=skip)


def given(gives, hs):
    """What `gives` names of the states, the first one left out."""
    return hs[-1] if gives == "last" else hs[1:].swapaxes(0, 1)


def arriving(g, gives, steps):
    """The gradient for the last h in an array of its own, and a list of those that join it before earlier steps, or Nones."""
    if gives == "last":
        return g.copy(), [None] * steps
    g = g.swapaxes(0, 1)
    return g[steps - 1].copy(), [None, *g[: steps - 1]]


def blocks(a):
    """Runs of steps of (T, N, features) from the last to the first, each small enough for the cache."""
    return reversed(list(cache_blocks(a, BLOCK)))


def carried_on(xp, gate, mask, block):
    """A gate that carries a state on: fully where the step is skipped."""
    return (
        gate[block]
        if mask is None
        else xp.where(mask.T[block, :, None], gate[block], gate.dtype.type(1))
    )


def rows(a):
    """(T, N, features) as (T * N, features)."""
    return a.reshape((len(a) * a.shape[1], a.shape[2]))


def total(a):
    """The sum over all rows."""
    return backend(a).ones(len(a), a.dtype) @ a


def input_gradients(x, kernel, da):
    """Functions that give the gradients of x, kernel and bias from that of x @ kernel + bias, (T, N, gates * units)."""
    return (
        (lambda: (rows(da) @ kernel.T).reshape((*da.shape[:2], x.shape[2])).swapaxes(0, 1)),
        (lambda: time_major(x).T @ rows(da)),
        (lambda: total(rows(da))),
    )


def gradients(x, kernel, da, h, hs, drop):
    """Gradients of x, kernel, recurrent and bias, from that of x @ kernel + h @ recurrent + bias: one product each."""
    gx, gkernel, gbias = input_gradients(x, kernel, da)
    first = 1 if h is None else 0  # a state of zeros adds nothing
    return gx, gkernel, (lambda: rows(dropped(hs[first:-1], drop)).T @ rows(da[first:])), gbias


def drop_gradient(hs, da, back):
    """A function that gives the gradient of `drop`, which meets h at every step: da goes back through the product by `back`."""
    return lambda: ((rows(da) @ back).reshape(hs[:-1].shape) * hs[:-1]).sum(0)
