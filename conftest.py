"""What the examples in docstrings find: `np`, `minigrad`, seed 0; their figures are closed."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot

import minigrad

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def example_names(doctest_namespace):
    """Every example starts from seed 0."""
    minigrad.seed(0)
    doctest_namespace.update(np=np, minigrad=minigrad)
    yield
    pyplot.close("all")
