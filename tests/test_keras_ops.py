"""Every op of Keras is here, with its arguments in their order, or a line says what to write."""

from __future__ import annotations

import inspect
import json

import pytest

from minigrad import ops
from minigrad.utils.instead import INSTEAD

from .keras_defaults import OPS_FILE

KERAS = json.loads(OPS_FILE.read_text(encoding="utf-8"))
COMMON = [name for name in KERAS if hasattr(ops, name)]
REQUIRED = inspect.Parameter.empty

# by op and argument of Keras: the argument or default that stands in its place, and why
DIFFERENT = {
    ("arange", "step"): 1,  # what None means there
    ("average_pool", "pool_size"): 2,  # as in the layer
    ("max_pool", "pool_size"): 2,
    ("clip", "x_min"): "min",  # as in NumPy and PyTorch, and one may be left out
    ("clip", "x_max"): "max",
    ("gelu", "approximate"): False,  # as in keras.activations, PyTorch and the layers
    ("multi_hot", "num_classes"): REQUIRED,  # without it Keras fails
    ("pad", "constant_values"): 0,  # what None means there
    ("reshape", "newshape"): "shape",  # as in NumPy 2, PyTorch and TensorFlow
}
# by argument of Keras, or op and argument: why it is not taken
NOT_TAKEN = {
    "sparse": "there are no sparse arrays",
    "ragged": "there are no ragged arrays",
    "kwargs": "signatures are written out",
    "synchronized": "one process computes",
    "flash_attention": "attention is computed in tiles wherever that pays",
    "attn_logits_soft_cap": "beyond this library",
    "initial": "maximum and minimum with a number",
    "cumprod.dtype": "cast what goes in",
    "cumsum.dtype": "cast what goes in",
    "prod.dtype": "cast what goes in",
    "linspace.axis": "it is made of numbers",
    "logspace.axis": "it is made of numbers",
    "unique.axis": "rows are no elements",
    "unique.size": "shapes need not be known beforehand",
    "unique.fill_value": "shapes need not be known beforehand",
}


def json_value(x):
    return list(x) if isinstance(x, tuple) else x


def differences(name):
    """(argument of Keras, what stands there; None for nothing) where the two are not the same."""
    ours = list(inspect.signature(getattr(ops, name)).parameters.values())
    for place, (argument, *default) in enumerate(KERAS[name]):
        p = ours[place] if place < len(ours) else None
        if p is None:
            yield argument, None
        elif p.kind is p.KEYWORD_ONLY or p.default is not REQUIRED:  # a setting, or may be left out
            if p.name != argument:
                yield argument, p.name
            elif [json_value(p.default)] != (default or [REQUIRED]):
                yield argument, p.default


def is_explained(name, argument, found):
    if found is None:
        return argument in NOT_TAKEN or f"{name}.{argument}" in NOT_TAKEN
    return DIFFERENT.get((name, argument)) == found


def test_every_op_of_keras_is_here_or_has_a_line():
    missing = [name for name in KERAS if not hasattr(ops, name) and f"ops.{name}" not in INSTEAD]
    assert not missing
    assert len(KERAS) == 337 and len(COMMON) > 240


@pytest.mark.parametrize("name", COMMON)
def test_settings_have_the_names_order_and_defaults_of_keras(name):
    assert [d for d in differences(name) if not is_explained(name, *d)] == []


def test_the_differences_still_stand():
    found = {(name, argument): y for name in COMMON for argument, y in differences(name)}
    assert {key: y for key, y in found.items() if y is not None} == DIFFERENT
    absent = [key for key, y in found.items() if y is None]
    assert {a for _, a in absent} | {f"{n}.{a}" for n, a in absent} >= NOT_TAKEN.keys()
