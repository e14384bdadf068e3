"""What the machine allows: the least time of a step, from its work and from the machine's speeds.

A step cannot be faster than its memory traffic at the bandwidth of a copy, nor than its matrix
products at the speed of BLAS; the limit is the larger of the two. Work whose arrays fit in a cache
is held to the bandwidth of a copy there, and small products to the speed of a small product. It is
an estimate: an op that keeps its arrays in registers for the next one is faster than its traffic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

IN_CACHE = 2**20  # bytes of a call that still fit
LARGE_PRODUCT = 2**22  # multiplications
COPIED = {"in cache": 2**18, "out of cache": 2**26}  # bytes of the copy that measures it
MULTIPLIED = {"small": 64, "large": 1024}  # rows and columns of the product that measures it


@dataclass
class Work:
    """Bytes read and written, and flops of matrix products."""

    cached_bytes: float = 0
    far_bytes: float = 0
    small_flops: float = 0
    large_flops: float = 0

    def add_bytes(self, count: int) -> None:
        """Bytes of one call."""
        if count > IN_CACHE:
            self.far_bytes += count
        else:
            self.cached_bytes += count

    def add_products(self, number: int, multiplications: int) -> None:
        """Products of so many multiplications (and additions) each."""
        if multiplications > LARGE_PRODUCT:
            self.large_flops += 2 * number * multiplications
        else:
            self.small_flops += 2 * number * multiplications

    def at_least(self, other: Work) -> Work:
        """This work, or where it has fewer bytes or fewer flops, the other's."""
        has_bytes = self.cached_bytes + self.far_bytes >= other.cached_bytes + other.far_bytes
        has_flops = self.small_flops + self.large_flops >= other.small_flops + other.large_flops
        memory, products = self if has_bytes else other, self if has_flops else other
        return Work(
            memory.cached_bytes, memory.far_bytes, products.small_flops, products.large_flops
        )

    def __add__(self, other: Work) -> Work:
        return Work(*(a + b for a, b in zip(asdict(self).values(), asdict(other).values())))

    def __sub__(self, other: Work) -> Work:
        return Work(*(a - b for a, b in zip(asdict(self).values(), asdict(other).values())))


@dataclass
class Speeds:
    """Bytes read and written per second, in cache and out of it; flops per second of products."""

    cached_bytes: float
    far_bytes: float
    small_flops: float
    large_flops: float

    @classmethod
    def of(cls, seconds: Mapping[str, float], threads: int) -> Speeds:
        """The speeds, given how long the steps of suites/probe.py took.

        A cache belongs to a core, and small products can be spread over the cores, so that both are
        measured on one and count once per thread.
        """
        return cls(
            threads * 2 * COPIED["in cache"] / seconds["in cache"],
            2 * COPIED["out of cache"] / seconds["out of cache"],
            threads * 2 * MULTIPLIED["small"] ** 3 / seconds["small"],
            2 * MULTIPLIED["large"] ** 3 / seconds["large"],
        )


def limit(work: Work, speeds: Speeds) -> dict[str, Any]:
    """Seconds of the memory traffic and of the products, the larger of both, and which it is."""
    memory = work.cached_bytes / speeds.cached_bytes + work.far_bytes / speeds.far_bytes
    products = work.small_flops / speeds.small_flops + work.large_flops / speeds.large_flops
    by = "memory" if memory > products else "products"
    return {"seconds": max(memory, products), "by": by, "memory": memory, "products": products}
