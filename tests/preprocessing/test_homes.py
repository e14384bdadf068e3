"""Names that Keras keeps in other homes than minigrad are the same objects there."""

from __future__ import annotations

from importlib import import_module

import pytest

import minigrad
from minigrad.utils.instead import ELSEWHERE


@pytest.mark.parametrize("key", ELSEWHERE)
def test_what_stands_elsewhere_is_found_at_home(key):
    home, _, name = key.rpartition(".")
    module = import_module(f"minigrad.{home}")
    assert getattr(module, name) is getattr(import_module(f"minigrad.{ELSEWHERE[key]}"), name)
    if home != "backend":
        assert name in module.__all__


def test_homes_of_preprocessing():
    from minigrad.preprocessing.image import load_img
    from minigrad.preprocessing.sequence import pad_sequences

    assert minigrad.preprocessing.image.load_img is load_img is minigrad.data.load_img
    assert pad_sequences is minigrad.utils.pad_sequences
    data = minigrad.data.image_dataset_from_directory
    assert minigrad.preprocessing.image_dataset_from_directory is data
    with pytest.raises(AttributeError, match="preprocessing has no images: did you mean 'image'"):
        minigrad.preprocessing.images  # noqa: B018


def test_keras_names_of_settings():
    backend = minigrad.backend
    assert backend.floatx() == minigrad.config.floatx() == "float32"
    assert backend.epsilon() == 1e-7 and backend.image_data_format() == "channels_last"
    backend.clear_session()
    backend.set_image_data_format("channels_last")
    with pytest.raises(ValueError, match="'channels_last', not 'channels_first': write x.trans"):
        backend.set_image_data_format("channels_first")
    assert minigrad.version() == minigrad.__version__
