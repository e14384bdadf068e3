"""What the examples in docstrings find: `np`, `minigrad`, seed 0."""

import numpy as np
import pytest

import minigrad


@pytest.fixture(autouse=True)
def example_names(doctest_namespace):
    """Every example starts from seed 0."""
    minigrad.seed(0)
    doctest_namespace.update(np=np, minigrad=minigrad)
