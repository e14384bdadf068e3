"""Files of models, and classes of your own in them, at their home in Keras."""

from .training.archive import load_model, save_model
from .utils.instead import explain_missing
from .utils.serialization import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from .utils.serialization import deserialize as deserialize_keras_object
from .utils.serialization import serialize as serialize_keras_object

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "register_keras_serializable",
    "save_model",
    "serialize_keras_object",
]

__getattr__ = explain_missing("saving", __all__)
