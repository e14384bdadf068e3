"""Booleans that a generator of NumPy draws, bit for bit, on all threads.

PCG64 steps a number of 128 bits, s = M s + c, and gives 64 bits of each: two float32. A step waits
for the one before. But n steps are one of the same kind, s = M^n s + c (1 + M + ... + M^(n-1)), so
blocks begin where they would come to, and within a block four sequences are drawn side by side,
each four steps at a time.

References:
    O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
    Random Number Generation": PCG XSL RR 128/64. Brown 1994, "Random number generation with
    arbitrary strides".
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ...backend import Array
from .loops import inlined, loop, run_blocks

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
MODULUS, LOWER = 1 << 128, (1 << 64) - 1
STEPS = 1 << 11  # of the generator in a block
LANES = 4  # sequences side by side
LEAST = 5000  # numbers: fewer NumPy draws while the state of the generator is read and set
PER_NUMBER = 16  # the work of one, in multiplications
DIGITS = 24  # of a float32 in [0, 1), a multiple of 2**-24


@intrinsic
def multiply_high(typing_context: Any, a: Any, b: Any) -> Any:
    """The upper half of a product of two numbers of 64 bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(x, wide) for x in args))
        upper = builder.lshr(product, ir.Constant(wide, 64))
        return builder.trunc(upper, ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


@inlined
def _step(high, low, factor, i):
    """factor s + term, in halves; `factor` holds the halves of both from i on."""
    new_low = low * factor[i + 1]
    carried = multiply_high(low, factor[i + 1]) + high * factor[i + 1] + low * factor[i]
    low = new_low + factor[i + 3]
    carry = np.uint64(1) if low < new_low else np.uint64(0)
    return carried + factor[i + 2] + carry, low


@inlined
def _output(high, low):
    """XSL RR: both halves, xored, turned by the upper six bits."""
    x, turn = high ^ low, high >> np.uint64(58)
    return (x >> turn) | (x << ((np.uint64(64) - turn) & np.uint64(63)))


@inlined
def _keep(part, i, u, limit):
    """The two numbers of a step: its lower 32 bits are the first."""
    part[i, 0] = u & np.uint64(0xFFFFFFFF) < limit
    part[i, 1] = u >> np.uint64(32) < limit


@inlined
def _draw(block, limit, starts, factors, kept):
    """kept (steps, 2) of a block."""
    part = kept[block * STEPS : min((block + 1) * STEPS, len(kept))]
    h0, l0 = _step(starts[block, 0], starts[block, 1], factors, 0)
    h1, l1 = _step(h0, l0, factors, 0)
    h2, l2 = _step(h1, l1, factors, 0)
    h3, l3 = _step(h2, l2, factors, 0)
    full = len(part) // LANES * LANES
    for i in range(0, full, LANES):
        _keep(part, i, _output(h0, l0), limit)
        _keep(part, i + 1, _output(h1, l1), limit)
        _keep(part, i + 2, _output(h2, l2), limit)
        _keep(part, i + 3, _output(h3, l3), limit)
        h0, l0 = _step(h0, l0, factors, 4)
        h1, l1 = _step(h1, l1, factors, 4)
        h2, l2 = _step(h2, l2, factors, 4)
        h3, l3 = _step(h3, l3, factors, 4)
    for i in range(full, len(part)):
        _keep(part, i, _output(h0, l0), limit)
        h0, l0 = _step(h0, l0, factors, 0)


@loop("T[::1], u8, u8, u8[::1], b1[:, ::1]")
def _run_draw(pool, limit, high, low, factors, kept):
    starts = np.empty(((len(kept) + STEPS - 1) // STEPS, 2), np.uint64)  # of the blocks
    for block in range(len(starts)):
        starts[block, 0], starts[block, 1] = high, low
        high, low = _step(high, low, factors, 8)
    run_blocks(pool, len(starts), _draw, (np.uint64(limit[0]), starts, factors, kept))


@lru_cache(256)
def jump(steps: int) -> tuple[int, int]:
    """(M^steps, 1 + M + ... + M^(steps - 1)): so many steps are s -> first s + second c.

    Args:
        steps: How many.
    """
    factor, total, power, powers = 1, 0, MULTIPLIER, 1  # square and multiply, of both
    while steps:
        if steps & 1:
            factor, total = factor * power % MODULUS, (total * power + powers) % MODULUS
        powers = powers * (power + 1) % MODULUS
        power = power * power % MODULUS
        steps >>= 1
    return factor, total


def bernoulli(like: Array, *, p: float, shape: tuple[int, ...], source: Any) -> Any:
    """source.random(shape, "float32") < p; the generator is as after it.

    Args:
        like: An array of the dtype to draw in.
        p: The probability of True.
        shape: The shape.
        source: A generator of NumPy.
    """
    bits, size = source.bit_generator, math.prod(shape)
    if type(bits) is not np.random.PCG64 or like.dtype != np.float32 or size < LEAST:
        return NotImplemented
    below = max(0, math.ceil(np.float32(p) * 2.0**DIGITS)) << (32 - DIGITS)
    with bits.lock:
        state = bits.state
        waiting = state["has_uint32"]  # half of a step
        steps = (size - waiting + 1) // 2
        drawn = np.empty(waiting + 2 * steps, bool)
        if waiting:
            drawn[0] = state["uinteger"] < below
        s, c = state["state"]["state"], state["state"]["inc"]
        limit, kept = np.array([below], like.dtype), drawn[waiting:].reshape(steps, 2)
        _run_draw(PER_NUMBER * size, limit, *_halves(s), factors_of(c), kept)
        factor, total = jump(steps)
        s = (factor * s + total * c) % MODULUS
        state["state"]["state"] = s
        state["has_uint32"] = (size - waiting) % 2
        state["uinteger"] = output_of(s) >> 32
        bits.state = state
    return drawn[:size].reshape(shape)


def output_of(s: int) -> int:
    """The 64 bits that a state gives.

    Args:
        s: A state.
    """
    x, turn = (s >> 64) ^ (s & LOWER), s >> 122
    return (x >> turn | x << (64 - turn)) & LOWER


@lru_cache(64)
def factors_of(c: int) -> Array:
    """Factor and term, in halves, of one step, of LANES and of STEPS steps.

    Args:
        c: What a step adds.
    """
    jumps = map(jump, (1, LANES, STEPS))
    numbers = [n for factor, total in jumps for n in (factor, total * c % MODULUS)]
    return np.array([half for n in numbers for half in _halves(n)], np.uint64)


def _halves(n: int) -> tuple[int, int]:
    return n >> 64, n & LOWER
