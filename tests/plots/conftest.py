"""pyplot keeps what is drawn without a path: it is closed after each test."""

from __future__ import annotations

import pytest
from matplotlib import pyplot


@pytest.fixture(autouse=True)
def closed_figures():
    """Close all figures after each test."""
    yield
    pyplot.close("all")
