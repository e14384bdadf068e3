"""tests/keras_defaults.json and keras_ops.json are what the installed Keras says."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("keras")

from .. import keras_names  # noqa: E402
from ..keras_defaults import FILE, OPS_FILE, defaults_of_keras, ops_of_keras  # noqa: E402

pytestmark = pytest.mark.parity


def test_the_recorded_defaults_are_those_of_keras():
    assert json.loads(FILE.read_text(encoding="utf-8")) == defaults_of_keras()


def test_the_recorded_ops_are_those_of_keras():
    assert json.loads(OPS_FILE.read_text(encoding="utf-8")) == ops_of_keras()


def test_the_recorded_names_are_those_of_keras():
    recorded = json.loads(keras_names.FILE.read_text(encoding="utf-8"))
    assert recorded == keras_names.names_of_keras()
