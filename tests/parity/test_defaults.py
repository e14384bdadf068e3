"""tests/keras_defaults.json is what the installed Keras says."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("keras")

from ..keras_defaults import FILE, defaults_of_keras  # noqa: E402

pytestmark = pytest.mark.parity


def test_the_recorded_defaults_are_those_of_keras():
    assert json.loads(FILE.read_text(encoding="utf-8")) == defaults_of_keras()
