"""A home of their own for what models keep on disk."""

from __future__ import annotations

import os
from typing import Any

import pytest

import minigrad
from minigrad import Model
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


@pytest.fixture(autouse=True)
def nothing_is_found(request, monkeypatch):
    """Every fit is watched, and nothing looks wrong but what a test marks as `finds(rule, ...)`."""
    watchers: list[Any] = []
    fit = Model.fit

    def watched_fit(self: Model, *args: Any, **options: Any) -> Any:
        with minigrad.watch(self) as watcher:
            watchers.append(watcher)
            return fit(self, *args, **options)

    monkeypatch.setattr(Model, "fit", watched_fit)
    yield
    marks = request.node.iter_markers("finds")
    expected = {rule for mark in marks for rule in mark.args}
    findings = [finding for watcher in watchers for finding in watcher.findings]
    assert [f for f in findings if f.rule not in expected] == []
