"""Every public name of Keras is here, or answers with what to write."""

from __future__ import annotations

import json

import pytest

from .keras_names import FILE, HOMES, is_here, line_for

KERAS = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_file_has_all_homes():
    assert list(KERAS) == HOMES and sum(map(len, KERAS.values())) > 400


@pytest.mark.parametrize("home", KERAS)
def test_every_name_is_here_or_has_its_line(home):
    silent = [name for name in KERAS[home] if not is_here(home, name) and not line_for(home, name)]
    assert silent == []
