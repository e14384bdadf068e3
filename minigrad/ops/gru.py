"""The two forms of the gated recurrent unit, as in recurrent.py: a kernel each over the whole sequence."""

from __future__ import annotations

from ..backend import backend
from ..engine.autograd import fused
from .activations import sigmoid
from .elementwise import tanh
from .sequences import (
    apart,
    arriving,
    blocks,
    buffer,
    carried_on,
    check_recurrent,
    drop_gradient,
    dropped,
    given,
    halves,
    input_gradients,
    keep,
    project,
    projected,
    rows,
    skips_of,
    total,
    walk,
)
from .shapes import split

# ---- reset after the product, Keras's default ------------------------------------------------------------


def gru_step(a, h, recurrent, bias, drop=None, activation=tanh, recurrent_activation=sigmoid):
    """h' = z * h + (1 - z) * tanh(a_h + r * inner_h), inner = h @ recurrent + bias; z and r are sigmoid(a + inner) (as in cuDNN)."""
    inner = dropped(h, drop) @ recurrent
    (za, ra, ha), (zi, ri, hi) = (
        split(v, sections=3, axis=-1) for v in (a, inner if bias is None else inner + bias)
    )
    z, r = recurrent_activation(za + zi), recurrent_activation(ra + ri)
    return [z * h + (1 - z) * activation(ha + r * hi)]


def gru_definition(
    x,
    kernel,
    recurrent,
    bias,
    h=None,
    mask=None,
    drop=None,
    *,
    gives="sequence",
    activation=tanh,
    recurrent_activation=sigmoid,
):
    """gru_step over all steps: x (N, T, in) -> h (N, T, units); bias (2, 3 units) is that of x and that of h, or None."""
    check_recurrent("gru", 3, x, kernel, recurrent, bias, [h], mask, drop)
    of_x, of_h = (None, None) if bias is None else (bias[0], bias[1])
    return walk(
        lambda a, h: gru_step(a, h, recurrent, of_h, drop, activation, recurrent_activation),
        project(x, kernel, of_x),
        [h],
        recurrent,
        mask,
        gives,
    )


@fused(gru_definition)
def gru(x, kernel, recurrent, bias, h=None, mask=None, drop=None, *, gives="sequence"):
    """gru_definition in place; keeps the gates, h and r's partner of all steps."""
    check_recurrent("gru", 3, x, kernel, recurrent, bias, [h], mask, drop)
    xp, (n, steps, _), units = backend(x), x.shape, len(recurrent)
    scale = halves(xp, "ss-", units, x.dtype)
    both, own = None, 0
    if bias is not None:
        both, own = bias[0].copy(), bias[1, 2 * units :]
        both[: 2 * units] += bias[1, : 2 * units]
        both *= scale
    gates, recurrent = projected(x, kernel * scale, both), recurrent * scale
    hs, inner, skips = (
        buffer(xp, h, steps, n, units, x.dtype),
        xp.empty((steps, n, units), x.dtype),
        skips_of(mask),
    )
    product = xp.empty(gates.shape[1:], x.dtype)
    of_zr, of_h = product[:, : 2 * units], product[:, 2 * units :]
    for t, (zr, z, r, candidate, h, new, mine) in enumerate(
        zip(gates[..., : 2 * units], *apart(gates, 3), hs, hs[1:], inner)
    ):
        xp.matmul(dropped(h, drop), recurrent, out=product)
        _open(xp, zr, of_zr)
        xp.add(of_h, own, out=mine)
        xp.multiply(r, mine, out=new)
        candidate += new
        _mix(xp, z, candidate, h, new)
        if skips and skips[t] is not None:
            keep(xp, skips[t], new, h)
    return given(gives, hs), (gates, hs, inner)


def _open(xp, gates, product):
    """gates = sigmoid of twice their sum with the product, in place."""
    gates += product
    xp.tanh(gates, out=gates)
    gates *= 0.5
    gates += 0.5


def _mix(xp, z, candidate, h, new):
    """candidate = tanh(candidate), new = z * h + (1 - z) * candidate."""
    xp.tanh(candidate, out=candidate)
    xp.subtract(h, candidate, out=new)
    new *= z
    new += candidate


def _gru_slopes(gates, hs, mask, block, out):
    """What dh is multiplied by to give the gradients of z and of the candidate, into `out`, r - r**2 between; dh / dh."""
    xp, now = backend(gates), gates[block]
    z, _, candidate = apart(now, 3)
    dz, _, dcandidate = apart(out, 3)
    xp.multiply(now, now, out=out)
    xp.subtract(now, out, out=out)
    dz *= hs[block] - candidate
    xp.multiply(candidate, candidate, out=dcandidate)
    xp.subtract(1, dcandidate, out=dcandidate)
    dcandidate *= 1 - z
    if mask is not None:
        out *= mask.T[block, :, None]
    return carried_on(xp, apart(gates, 3)[0], mask, block)


@gru.backward
def _(g, kept, x, kernel, recurrent, bias, h=None, mask=None, drop=None, gives="sequence"):
    gates, hs, inner = kept
    xp, (steps, n, units), back = backend(x), inner.shape, backend(x).ascontiguousarray(recurrent.T)
    mask = mask if skips_of(mask) else None
    dh, earlier = arriving(g, gives, steps)
    da, dcandidate, before = (
        xp.empty(gates.shape, gates.dtype),
        xp.empty(inner.shape, inner.dtype),
        xp.empty(dh.shape, dh.dtype),
    )
    three = da.reshape((steps, n, 3, units))
    for block in blocks(gates):
        by_h = _gru_slopes(gates, hs, mask, block, da[block])
        _, dr, dinner = apart(da[block], 3)
        dcandidate[block] = dinner
        dr *= inner[block]
        dr *= dinner
        dinner *= apart(gates[block], 3)[1]
        for t in range(block.stop - 1, block.start - 1, -1):
            three[t] *= dh[:, None]
            dcandidate[t] *= dh
            xp.matmul(da[t], back, out=before)
            _step_back(dh, by_h[t - block.start], before, drop, earlier[t])
    grecurrent, of_h = (
        rows(dropped(hs[:-1], drop)).T @ rows(da),
        None if bias is None else total(rows(da)),
    )
    gdrop = None if drop is None else drop_gradient(hs, da, back)()
    da[..., 2 * units :] = dcandidate  # from here on the gradient of x @ kernel
    gx, gkernel, gbias = input_gradients(x, kernel, da)
    return gx, gkernel, grecurrent, lambda: xp.stack([gbias(), of_h]), dh, None, gdrop


def _step_back(dh, by_h, before, drop, earlier):
    """dh of the step before: what passes the gate z, what comes back through the product, what arrives there from outside."""
    dh *= by_h
    if drop is not None:
        before *= drop
    dh += before
    if earlier is not None:
        dh += earlier


# ---- reset before the product, the classic form -----------------------------------------------------------------------


def gru_classic_step(a, h, recurrent, drop=None, activation=tanh, recurrent_activation=sigmoid):
    """h' = z * h + (1 - z) * tanh(a_h + (r * h) @ recurrent_h); z and r are sigmoid(a + h @ recurrent) (arXiv:1406.1078, version 1)."""
    units, kept = h.shape[-1], dropped(h, drop)
    z, r = split(
        recurrent_activation(a[:, : 2 * units] + kept @ recurrent[:, : 2 * units]),
        sections=2,
        axis=-1,
    )
    return [
        z * h + (1 - z) * activation(a[:, 2 * units :] + (r * kept) @ recurrent[:, 2 * units :])
    ]


def gru_classic_definition(
    x,
    kernel,
    recurrent,
    bias,
    h=None,
    mask=None,
    drop=None,
    *,
    gives="sequence",
    activation=tanh,
    recurrent_activation=sigmoid,
):
    """gru_classic_step over all steps: x (N, T, in) -> h (N, T, units)."""
    check_recurrent("gru_classic", 3, x, kernel, recurrent, bias, [h], mask, drop)
    return walk(
        lambda a, h: gru_classic_step(a, h, recurrent, drop, activation, recurrent_activation),
        project(x, kernel, bias),
        [h],
        recurrent,
        mask,
        gives,
    )


@fused(gru_classic_definition)
def gru_classic(x, kernel, recurrent, bias, h=None, mask=None, drop=None, *, gives="sequence"):
    """gru_classic_definition in place; keeps the gates and h of all steps."""
    check_recurrent("gru_classic", 3, x, kernel, recurrent, bias, [h], mask, drop)
    xp, (n, steps, _), units = backend(x), x.shape, len(recurrent)
    scale = halves(xp, "ss-", units, x.dtype)
    gates = projected(x, kernel * scale, None if bias is None else bias * scale)
    by_zr, by_h = recurrent[:, : 2 * units] * 0.5, xp.ascontiguousarray(recurrent[:, 2 * units :])
    hs, skips, product = (
        buffer(xp, h, steps, n, units, x.dtype),
        skips_of(mask),
        xp.empty((n, 2 * units), x.dtype),
    )
    for t, (zr, z, r, candidate, h, new) in enumerate(
        zip(gates[..., : 2 * units], *apart(gates, 3), hs, hs[1:])
    ):
        kept = dropped(h, drop)
        xp.matmul(kept, by_zr, out=product)
        _open(xp, zr, product)
        candidate += (r * kept) @ by_h
        _mix(xp, z, candidate, h, new)
        if skips and skips[t] is not None:
            keep(xp, skips[t], new, h)
    return given(gives, hs), (gates, hs)


@gru_classic.backward
def _(g, kept, x, kernel, recurrent, bias, h=None, mask=None, drop=None, gives="sequence"):
    gates, hs = kept
    xp, steps, units = backend(x), len(gates), len(recurrent)
    mask = mask if skips_of(mask) else None
    to_zr, to_h = (
        xp.ascontiguousarray(w.T) for w in (recurrent[:, : 2 * units], recurrent[:, 2 * units :])
    )
    before_all, r = dropped(hs[:-1], drop), apart(gates, 3)[1]
    dh, earlier = arriving(g, gives, steps)
    da = xp.empty(gates.shape, gates.dtype)
    (dz, dr, dcandidate), dzr = apart(da, 3), da[..., : 2 * units]
    for block in blocks(gates):
        by_h = _gru_slopes(gates, hs, mask, block, da[block])
        dr[block] *= before_all[block]
        for t in range(block.stop - 1, block.start - 1, -1):
            dz[t] *= dh
            dcandidate[t] *= dh
            reset = dcandidate[t] @ to_h  # the gradient of r * h
            dr[t] *= reset
            reset *= r[t]
            reset += dzr[t] @ to_zr
            _step_back(dh, by_h[t - block.start], reset, drop, earlier[t])
    gx, gkernel, gbias = input_gradients(x, kernel, da)

    def grecurrent():
        return xp.concatenate(
            [rows(before_all).T @ rows(dzr), rows(before_all * r).T @ rows(dcandidate)], 1
        )

    def gdrop():
        back = (rows(dzr) @ to_zr).reshape(r.shape) + (rows(dcandidate) @ to_h).reshape(r.shape) * r
        return (back * hs[:-1]).sum(0)

    return gx, gkernel, grecurrent, gbias, dh, None, gdrop
