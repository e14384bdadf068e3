"""Small tools of Keras's utils."""

from __future__ import annotations

import random

import numpy as np
import pytest

import minigrad
from minigrad.utils import clear_session, normalize, set_random_seed, standardize_dtype


def test_normalize():
    np.testing.assert_allclose(normalize([[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]])
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    assert normalize(x).dtype == np.float32
    np.testing.assert_allclose(abs(normalize(x, axis=1, order=1)).sum(1), 1, rtol=1e-6)
    with pytest.raises(ValueError, match="order must be a number above 0, got 0"):
        normalize(x, order=0)


def test_standardize_dtype():
    assert standardize_dtype(None) == "float32" and standardize_dtype("int64") == "int64"
    with minigrad.default_dtype("float64"):
        assert standardize_dtype(None) == "float64"


def test_clear_session_collects_what_nobody_holds():
    import weakref

    class Ring:
        pass

    ring = Ring()
    ring.itself = ring
    gone = weakref.ref(ring)
    del ring
    clear_session(free_memory=False)
    clear_session()
    assert gone() is None


def test_set_random_seed_seeds_all_three():
    outer = random.getstate(), np.random.get_state()

    def draws():
        set_random_seed(3)
        return random.random(), np.random.rand(), minigrad.random.generator().random()

    first = draws()
    assert draws() == first
    minigrad.seed(3)
    assert minigrad.random.generator().random() == first[2]
    random.setstate(outer[0])
    np.random.set_state(outer[1])
