"""What a name of Keras that is not here answers, and that every answer names what there is."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense
from minigrad.utils.instead import INSTEAD

KINDS = {"Model": minigrad.Model, "Optimizer": minigrad.optimizers.Optimizer}


def resolve(path):
    """The object of a dotted name below minigrad."""
    found = minigrad
    for name in path.split(".")[1:]:
        if not hasattr(found, name):
            import_module(f"{found.__name__}.{name}")
        found = getattr(found, name)
    return found


@pytest.mark.parametrize("key", INSTEAD)
def test_the_name_is_missing_and_its_line_names_what_there_is(key):
    home, _, name = key.rpartition(".")
    owner = KINDS.get(home) or resolve(f"minigrad.{home}".rstrip("."))
    assert not hasattr(owner, name)
    for path in re.findall(r"`(minigrad[.\w]*)", INSTEAD[key]):
        resolve(path)
    for method in re.findall(r"`Model\.(\w+)", INSTEAD[key]):
        assert hasattr(minigrad.Model, method)
    for kind in re.findall(r"(?:the layer|the metric) (\w+)", INSTEAD[key]):
        assert hasattr(minigrad.layers, kind) or hasattr(minigrad.metrics, kind)


def test_a_module_says_what_stands_in_the_place_of_a_name():
    with pytest.raises(AttributeError, match="minigrad.callbacks has no TensorBoard: CSVLogger"):
        minigrad.callbacks.TensorBoard  # noqa: B018
    with pytest.raises(AttributeError, match="minigrad has no KerasTensor: `minigrad.Input"):
        minigrad.KerasTensor  # noqa: B018
    with pytest.raises(AttributeError, match="minigrad.layers has no Danse: did you mean 'Dense'"):
        minigrad.layers.Danse  # noqa: B018
    with pytest.raises(AttributeError, match="minigrad.losses has no qqq$"):
        minigrad.losses.qqq  # noqa: B018
    with pytest.raises(ImportError, match="minigrad.layers has no Conv3D: volumes are beyond"):
        from minigrad.layers import Conv3D  # noqa: F401
    with pytest.raises(ImportError, match="minigrad.optimizers has no Ftrl: for sparse"):
        from minigrad.optimizers import Adam, Ftrl  # noqa: F401
    with pytest.raises(ImportError, match="minigrad has no KerasTensor: `minigrad.Input"):
        from minigrad import KerasTensor  # noqa: F401
    assert not hasattr(minigrad.layers, "__wrapped__")


def test_the_package_says_where_an_op_is():
    with pytest.raises(AttributeError, match="minigrad has no argmax: `minigrad.ops.argmax`$"):
        minigrad.argmax  # noqa: B018
    with pytest.raises(AttributeError, match="minigrad has no tensor: did you mean 'Tensor'"):
        minigrad.tensor  # noqa: B018


def test_a_module_names_another_home():
    with pytest.raises(
        AttributeError, match="minigrad.backend has no square: `minigrad.ops.square`"
    ):
        minigrad.backend.square  # noqa: B018
    with pytest.raises(AttributeError, match="minigrad has no Dense: `minigrad.layers.Dense`"):
        minigrad.Dense  # noqa: B018
    with pytest.raises(
        AttributeError, match="minigrad.losses has no Adam: `minigrad.optimizers.Ad"
    ):
        minigrad.losses.Adam  # noqa: B018
    with pytest.raises(ImportError, match="minigrad.backend has no square: `minigrad.ops.square`"):
        from minigrad.backend import square  # noqa: F401
    with pytest.raises(ImportError, match="minigrad has no name_scope: calls need no scope"):
        from minigrad import name_scope  # noqa: F401
    with pytest.raises(
        ImportError, match="ImageDataGenerator: `minigrad.data.image_dataset_from_d"
    ):
        from minigrad.preprocessing.image import ImageDataGenerator  # noqa: F401


def test_a_layer_or_model_does_too():
    model = Sequential(Dense(2, input_shape=(3,)))
    with pytest.raises(
        AttributeError, match=r"Sequential has no attribute 'predict_classes': `pre"
    ):
        model.predict_classes  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'summary'"):
        model.summry  # noqa: B018
    with pytest.raises(AttributeError, match="Dense has no attribute '_hidden'$"):
        model.layers[0]._hidden  # noqa: B018


def test_the_error_of_a_property_is_not_hidden():
    class Odd(Dense):
        @property
        def odd(self):
            raise AttributeError("the reason")

    with pytest.raises(AttributeError, match="the reason"):
        Odd(2).odd  # noqa: B018


def test_keras_has_its_ops_in_several_modules():
    from minigrad.ops import nn

    ops = minigrad.ops
    assert nn is ops.nn is ops.numpy is ops.image is ops
    assert ops.linalg.norm is ops.norm and ops.nn.relu is ops.relu
    with pytest.raises(AttributeError, match="minigrad.ops has no while_loop: Python's own"):
        ops.nn.while_loop  # noqa: B018
