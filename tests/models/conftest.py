"""A home of their own for what models keep on disk."""

from __future__ import annotations

import os

import pytest

from models.common import long_run


@pytest.fixture(scope="package", autouse=True)
def home(tmp_path_factory):
    """A judge is trained once per session, and the user's home stays as it is."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # that of all workers
    home = base / "home"
    home.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_HOME", str(home))
        yield


@pytest.fixture(autouse=True)
def short_films(monkeypatch):
    """A film of a training has four frames: more take seconds to draw."""
    monkeypatch.setattr(long_run, "FRAMES", 4)
