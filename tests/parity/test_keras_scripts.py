"""The recorded figures of the programs in tests/keras_scripts are what Keras gives today.

tests/test_keras_scripts.py holds minigrad to them.
"""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import pytest

pytest.importorskip("keras")

from tests.keras_scripts import SCRIPTS, differences, recorded
from tests.keras_scripts.with_keras import keras_figures

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("name", SCRIPTS)
def test_figures_are_those_of_keras(name):
    assert not differences(recorded()[name], keras_figures(name))
