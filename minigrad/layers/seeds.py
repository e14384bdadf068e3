"""Layers that draw random numbers, from minigrad.seed's generator or from one of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..random import SeedGenerator, generator_of
from .base import Layer

Seed = int | SeedGenerator | np.random.Generator | None


class Seeded(Layer):
    """A layer with `seed=`: with one, it draws from a generator of its own."""

    seed: Seed = None
    _generator: np.random.Generator | None = None

    def _set_seed(self, seed: Seed) -> None:
        """Keep the seed, and start the generator that it fixes; None for minigrad.seed's."""
        self.seed = seed
        if seed is not None:
            self._generator = generator_of(seed)

    def get_state(self) -> dict[str, Any]:
        """Where the generator stands, if the layer has one of its own."""
        generator = self._generator
        return {} if generator is None else {"generator": generator.bit_generator.state}

    def set_state(self, state: dict[str, Any]) -> None:
        """Draw on from where the generator of a checkpoint stood.

        Args:
            state: What `get_state` returned.

        Raises:
            ValueError: If it does not fit; nothing is changed then.
        """
        if bool(state) is (self._generator is None):
            given, own = ("a seed", "none") if state else ("no seed", "one")
            raise ValueError(f"it was saved with {given}, and this layer has {own}")
        if self._generator is not None:
            self._generator.bit_generator.state = state["generator"]
