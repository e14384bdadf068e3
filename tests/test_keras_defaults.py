"""What Keras users leave out of a call has Keras's value here too."""

from __future__ import annotations

import inspect
import json

import pytest

from .keras_defaults import FILE, defaults_of, our_classes

KERAS = json.loads(FILE.read_text(encoding="utf-8"))
CLASSES = our_classes()
DIFFERENT = {
    ("layers.PReLU", "alpha_initializer"): "zeros",  # another spelling of the same
    ("layers.PReLU", "shared_axes"): [],
    ("losses.Huber", "name"): "huber",
    ("metrics.AUC", "num_thresholds"): None,  # exact; Keras takes 200 thresholds
}


@pytest.mark.parametrize("key", KERAS)
def test_defaults_are_those_of_keras(key):
    ours = defaults_of(CLASSES[key])
    for argument, value in KERAS[key].items():
        if argument in ours and not (argument == "name" and ours["name"] is None):
            assert ours[argument] == DIFFERENT.get((key, argument), value), argument


def test_the_differences_still_stand():
    for (key, argument), value in DIFFERENT.items():
        assert defaults_of(CLASSES[key])[argument] == value != KERAS[key][argument]


@pytest.mark.parametrize("key", [key for key in CLASSES if key.startswith("layers.")])
def test_layers_are_trained_unless_told_otherwise(key):
    trainable = inspect.signature(CLASSES[key].__init__).parameters.get("trainable")
    assert trainable is None or trainable.default is True
