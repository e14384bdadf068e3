"""A home of their own for what models keep on disk."""

from __future__ import annotations

import pytest

from models.common import long_run


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory):
    """The judge is trained once per session, and the user's home stays as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(autouse=True)
def short_films(monkeypatch):
    """A film of a training has four frames: more take seconds to draw."""
    monkeypatch.setattr(long_run, "FRAMES", 4)
