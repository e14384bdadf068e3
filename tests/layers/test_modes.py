"""Training mode: by `with` and by keyword."""

import numpy as np
import pytest

from minigrad import Sequential, layers, training
from minigrad.layers import Dense, Dropout

from .helpers import values

rng = np.random.default_rng(3)

X = rng.standard_normal((5, 4)).astype("float32")


def test_training_keyword_reaches_inner_layers_and_ends():
    model = Sequential(Dense(50), Dropout(0.5))
    assert (values(model(X, training=True)) == 0).any()
    assert not (values(model(X)) == 0).any()
    with pytest.raises(ZeroDivisionError), training():
        raise ZeroDivisionError
    assert not layers.is_training()
