"""Networks whose sizes cost neither memory nor time."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.layers import Layer, Parameter


@pytest.fixture
def weightless(monkeypatch):
    """Parameters that are one number seen from everywhere."""

    def add_weight(self, shape, *arguments, **options):
        return Parameter(np.broadcast_to(np.float32(0), shape))

    monkeypatch.setattr(Layer, "add_weight", add_weight)
    monkeypatch.setattr(Parameter, "assign", lambda self, value: None)
