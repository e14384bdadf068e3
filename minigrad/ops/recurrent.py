"""Recurrent layers over whole sequences: a kernel each, under the definition that takes one step after the other.

x is (N, T, in), the states are (N, units), None for zeros. kernel (in, gates * units) meets x, recurrent (units, gates * units) the
hidden state h; the gates stand side by side in Keras's order. At a step where mask (N, T) is False a sequence keeps its states.
`drop` (N, units) multiplies h on its way into the product at every step (arXiv:1512.05287). What comes out is `gives`: "sequence",
all h (N, T, units); "last", the h of the last step; "all" (lstm only), all h and below them the last c, (N, T + 1, units).
"""

from __future__ import annotations

from ..backend import backend, overflow_allowed
from ..engine.autograd import fused
from .activations import sigmoid
from .elementwise import tanh
from .sequences import (
    arriving,
    blocks,
    buffer,
    carried_on,
    check_recurrent,
    drop_gradient,
    dropped,
    given,
    gradients,
    keep,
    project,
    projected,
    skips_of,
    time_major,
    walk,
)
from .shapes import split

# ---- SimpleRNN -----------------------------------------------------------------------------------------------------


def simple_rnn_step(a, h, recurrent, drop=None, activation=tanh):
    """tanh(a + h @ recurrent), a = x @ kernel + bias (Elman 1990)."""
    return [activation(a + dropped(h, drop) @ recurrent)]


def simple_rnn_definition(
    x, kernel, recurrent, bias, h=None, mask=None, drop=None, *, gives="sequence", activation=tanh
):
    """simple_rnn_step over all steps: x (N, T, in) -> h (N, T, units)."""
    check_recurrent("simple_rnn", 1, x, kernel, recurrent, bias, [h], mask, drop)
    return walk(
        lambda a, h: simple_rnn_step(a, h, recurrent, drop, activation),
        project(x, kernel, bias),
        [h],
        recurrent,
        mask,
        gives,
    )


@fused(simple_rnn_definition)
def simple_rnn(x, kernel, recurrent, bias, h=None, mask=None, drop=None, *, gives="sequence"):
    """simple_rnn_definition in place."""
    check_recurrent("simple_rnn", 1, x, kernel, recurrent, bias, [h], mask, drop)
    xp, (n, steps, _), units = backend(x), x.shape, len(recurrent)
    a, hs, skips = (
        projected(x, kernel, bias),
        buffer(xp, h, steps, n, units, x.dtype),
        skips_of(mask),
    )
    product = xp.empty((n, units), x.dtype)
    for t, (now, h, new) in enumerate(zip(a, hs, hs[1:])):
        xp.matmul(dropped(h, drop), recurrent, out=product)
        product += now
        xp.tanh(product, out=new)
        if skips and skips[t] is not None:
            keep(xp, skips[t], new, h)
    return given(gives, hs), hs


@simple_rnn.backward
def _(g, hs, x, kernel, recurrent, bias, h=None, mask=None, drop=None, gives="sequence"):
    xp, steps, skips, back = (
        backend(x),
        x.shape[1],
        skips_of(mask),
        backend(x).ascontiguousarray(recurrent.T),
    )
    da = xp.multiply(hs[1:], hs[1:])
    xp.subtract(1, da, out=da)
    if skips:
        da *= mask.T[..., None]
    dh, earlier = arriving(g, gives, steps)
    for t in range(steps - 1, -1, -1):
        da[t] *= dh
        kept = dh * skips[t] if skips and skips[t] is not None else None
        xp.matmul(da[t], back, out=dh)
        if drop is not None:
            dh *= drop
        for more in (kept, earlier[t]):
            if more is not None:
                dh += more
    return (*gradients(x, kernel, da, h, hs, drop), dh, None, drop_gradient(hs, da, back))


# ---- LSTM ----------------------------------------------------------------------------------------------------------


def lstm_step(a, h, c, recurrent, drop=None, activation=tanh, recurrent_activation=sigmoid):
    """c' = f * c + i * g, h' = o * tanh(c'); i, f, g, o from a + h @ recurrent (Hochreiter & Schmidhuber 1997, Gers et al. 2000)."""
    i, f, g, o = split(a + dropped(h, drop) @ recurrent, sections=4, axis=-1)
    c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
    return [recurrent_activation(o) * activation(c), c]


def lstm_definition(
    x,
    kernel,
    recurrent,
    bias,
    h=None,
    c=None,
    mask=None,
    drop=None,
    *,
    gives="sequence",
    activation=tanh,
    recurrent_activation=sigmoid,
):
    """lstm_step over all steps: x (N, T, in) -> h (N, T, units)."""
    check_recurrent("lstm", 4, x, kernel, recurrent, bias, [h, c], mask, drop)
    return walk(
        lambda a, h, c: lstm_step(a, h, c, recurrent, drop, activation, recurrent_activation),
        project(x, kernel, bias),
        [h, c],
        recurrent,
        mask,
        gives,
    )


@fused(lstm_definition)
def lstm(x, kernel, recurrent, bias, h=None, c=None, mask=None, drop=None, *, gives="sequence"):
    """lstm_definition in place; keeps h, c, tanh(c) of all steps, and the gates (4, T, N, units), each gate in one piece of memory."""
    check_recurrent("lstm", 4, x, kernel, recurrent, bias, [h, c], mask, drop)
    xp, (n, steps, _), units = backend(x), x.shape, len(recurrent)
    scale = xp.asarray([-1, -1, -2, -1], x.dtype)[
        :, None, None
    ]  # sigmoid(a) = 1 / (1 + exp(-a)), tanh(a) = 2 sigmoid(2 a) - 1
    kernel, recurrent = (
        w.reshape((-1, 4, units)).swapaxes(0, 1) * scale for w in (kernel, recurrent)
    )
    gates = xp.matmul(time_major(x), kernel).reshape((4, steps, n, units))
    if bias is not None:
        gates += (bias.reshape((4, 1, units)) * scale)[:, None]
    hs, cs = (
        buffer(xp, h, steps + (gives == "all"), n, units, x.dtype),
        buffer(xp, c, steps, n, units, x.dtype),
    )
    tanhs, product, part = (
        xp.empty(shape, x.dtype) for shape in ((steps, n, units), (4, n, units), (n, units))
    )
    skips = skips_of(mask)
    with overflow_allowed():  # exp may be infinite: a gate is then shut
        for t, (now, old, c, squashed) in enumerate(zip(gates.swapaxes(0, 1), hs, cs, tanhs)):
            if t or h is not None:  # else the state before is 0
                now += xp.matmul(dropped(old, drop), recurrent, out=product)
            xp.exp(now, out=now)
            now += 1
            xp.divide(1, now, out=now)
            i, f, g, o = now
            g *= 2
            g -= 1
            carry, new = cs[t + 1], hs[t + 1]
            xp.multiply(f, c, out=carry)
            xp.multiply(i, g, out=part)
            carry += part
            xp.tanh(carry, out=squashed)
            xp.multiply(o, squashed, out=new)
            if skips and skips[t] is not None:
                keep(xp, skips[t], new, old)
                keep(xp, skips[t], carry, c)
    if gives == "all":
        hs[-1] = cs[-1]
    return given(gives, hs), (gates, hs, cs, tanhs)


def _lstm_slopes(gates, cs, tanhs, mask, block):
    """For a block of steps: what dc (i, f, g) and dh (o) are multiplied by to give the gradients of the gates; dc / dh."""
    xp, now, squashed = backend(gates), gates[:, block], tanhs[block]
    i, _, g, o = now
    slopes = now * now
    xp.subtract(now, slopes, out=slopes)  # the slope of a sigmoid y is y - y**2
    xp.multiply(g, g, out=slopes[2])
    xp.subtract(1, slopes[2], out=slopes[2])  # that of a tanh y is 1 - y**2
    for slope, partner in zip(slopes, (g, cs[block], i, squashed)):
        slope *= partner
    by_h = squashed * squashed
    xp.subtract(1, by_h, out=by_h)
    by_h *= o
    if mask is not None:
        real = mask.T[block, :, None]
        slopes *= real
        by_h *= real
    return slopes[:3].transpose((1, 2, 0, 3)), slopes[3], by_h


@lstm.backward
def _(g, kept, x, kernel, recurrent, bias, h=None, c=None, mask=None, drop=None, gives="sequence"):
    gates, hs, cs, tanhs = kept
    xp, (steps, n, units), skips, back = (
        backend(x),
        tanhs.shape,
        skips_of(mask),
        backend(x).ascontiguousarray(recurrent.T),
    )
    mask = mask if skips else None
    dh, earlier = arriving(g, gives, steps)
    dc = g[:, steps].copy() if gives == "all" else xp.zeros(dh.shape, dh.dtype)
    da, part = xp.empty((steps, n, 4 * units), x.dtype), xp.empty(dh.shape, dh.dtype)
    three, last, wide = (
        da.reshape((steps, n, 4, units))[:, :, :3],
        da[..., 3 * units :],
        dc[:, None],
    )
    for block in blocks(da):
        to_three, to_last, by_h = _lstm_slopes(gates, cs, tanhs, mask, block)
        by_c = carried_on(xp, gates[1], mask, block)
        for k in range(block.stop - block.start - 1, -1, -1):
            t = block.start + k
            xp.multiply(dh, by_h[k], out=part)
            dc += part
            xp.multiply(to_three[k], wide, out=three[t])
            xp.multiply(to_last[k], dh, out=last[t])
            dc *= by_c[k]
            if not t and h is None:
                break
            if skips and skips[t] is not None:
                xp.multiply(dh, skips[t], out=part)
            xp.matmul(da[t], back, out=dh)
            if drop is not None:
                dh *= drop
            if skips and skips[t] is not None:
                dh += part
            if earlier[t] is not None:
                dh += earlier[t]
    hs = hs[: steps + 1]
    return (*gradients(x, kernel, da, h, hs, drop), dh, dc, None, drop_gradient(hs, da, back))
