"""What the tests of studies share."""

from __future__ import annotations

import pytest
from matplotlib import pyplot


@pytest.fixture
def drawn(tmp_path):
    """drawn(study, findings): the names of the pictures, none of them empty."""

    def draw(study, findings):
        study.pictures(findings, tmp_path)
        files = sorted(tmp_path.iterdir())
        for file in files:
            assert pyplot.imread(file).std() > 0.01, file
        return [file.name for file in files]

    return draw


@pytest.fixture
def nothing_is_found():
    """Studies train in ways that are wrong, to show it: here no fit is watched."""
