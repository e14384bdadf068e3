"""Small tools that several packages share, and what Keras keeps here."""

from .instead import explain_missing
from .labels import to_categorical
from .progbar import Progbar
from .py_dataset import PyDataset
from .py_dataset import PyDataset as Sequence
from .sequences import pad_sequences
from .serialization import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from .serialization import deserialize as deserialize_keras_object
from .serialization import serialize as serialize_keras_object
from .tools import (
    clear_session,
    normalize,
    pack_x_y_sample_weight,
    set_random_seed,
    standardize_dtype,
    unpack_x_y_sample_weight,
)

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_keras_tensor",
    "load_img",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

__getattr__ = explain_missing("utils", __all__)
