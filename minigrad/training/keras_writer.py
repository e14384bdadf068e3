"""Files of Keras 3 written: weights, net.weights.h5, and whole models, net.keras.

A description of ours, {"module", "class_name", "config", ...}, becomes Keras's by other names of
modules and without the arguments that only minigrad has.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from ..utils.files import PathLike, atomic_write
from . import archive, saving
from .keras_files import CONFIG, METADATA, WEIGHTS
from .keras_optimizers import optimizer_arrays
from .keras_paths import layer_places, stored_weights

Description = dict[str, Any]

# ---- the description -----------------------------------------------------------------------------

# what Keras takes from the calls of a layer, or chooses itself
LEFT_OUT = ("input_shape", "input_dim", "input_length", "implementation")
# arguments that Keras does not have, and the value with which it does the same
ONLY_HERE: Description = {"rotary": False, "epsilon_form": "keras"}
ONLY_HERE_IN: dict[str, Description] = {
    "AdditiveAttention": {"units": None},
    "Conv1DTranspose": {"groups": 1},
    "Conv2DTranspose": {"groups": 1},
}
OPTIONAL = ("name", "dtype")  # None is no value of theirs in Keras
MODULES = {"Sequential": "keras", "Functional": "keras.src.models.functional"}


def to_keras(part: Any) -> Any:
    """A description, or lists and dicts of them, as Keras writes it.

    Args:
        part: What `serialize` returned.

    Raises:
        ValueError: If it has what Keras has not.

    Example:
        >>> to_keras({"module": "minigrad.regularizers", "class_name": "L2", "config": {"l2": 0.5}})
        {'module': 'keras.regularizers', 'class_name': 'L2', 'config': {'l2': 0.5}}
    """
    if isinstance(part, (list, tuple)):
        return [to_keras(item) for item in part]
    if not isinstance(part, dict):
        return part
    name, module = str(part.get("class_name", "")), str(part.get("module", ""))
    if name == "__tuple__":
        return {"class_name": name, "items": to_keras(part["config"])}
    if name == "function" and module == "minigrad.ops":
        raise ValueError(
            f"a file of Keras holds layers, not the op {part['config']}: put it into a layer of "
            "your own, or save to net.minigrad"
        )
    if not module.startswith("minigrad."):
        return _each(to_keras, part)
    name = {"Model": "Functional"}.get(name, name)
    module = MODULES.get(name, module.replace("minigrad", "keras", 1))
    config = part["config"]
    if isinstance(config, dict):
        config = to_keras(_arguments_of_keras(name, config))
    return {**_each(to_keras, part), "module": module, "class_name": name, "config": config}


def _each(function: Callable[[Any], Any], part: Description) -> Description:
    return {key: function(value) for key, value in part.items()}


def _arguments_of_keras(name: str, config: Description) -> Description:
    """The arguments without those that Keras has not."""
    left_out = {*LEFT_OUT} - ({"input_dim"} if name == "Embedding" else set())
    kept = {key: value for key, value in config.items() if key not in left_out}
    if name == "LeakyReLU" and kept.pop("alpha", None) is not None:
        kept["negative_slope"] = config["alpha"]
    for key, same in {**ONLY_HERE, **ONLY_HERE_IN.get(name, {})}.items():
        if kept.pop(key, same) != same:
            raise ValueError(f"Keras has no {name}({key}={config[key]!r}): save to net.minigrad")
    optional = () if "layers" in config else OPTIONAL
    return {key: value for key, value in kept.items() if value is not None or key not in optional}


# ---- files ---------------------------------------------------------------------------------------


def write_weights(path: PathLike, model: Any) -> None:
    """Write the weights of a model, as `save_weights` of Keras does.

    Args:
        path: The file, net.weights.h5.
        model: A built model.

    Raises:
        FileNotFoundError: If there is no such folder.
        ImportError: If h5py is not installed.
        ValueError: If Keras keeps a layer in another form.
    """
    saving.check_folder(path)
    data = _hdf5_of(model, path, {})
    with atomic_write(path) as file:
        file.write(data)


def write_keras(path: PathLike, model: Any) -> None:
    """Write a model, as `save` of Keras does.

    Args:
        path: The file, net.keras.
        model: A built model.

    Raises:
        FileNotFoundError: If there is no such folder.
        ImportError: If h5py is not installed.
        TypeError: If a layer has no description, like a Lambda of a lambda.
        ValueError: If the model has what Keras has not.
    """
    saving.check_folder(path)
    compiled = {"compile_config": model.get_compile_config()}
    description = to_keras(archive.describe(model) | compiled)
    call = description.pop("build_config", {"args": [], "kwargs": {}})
    if len(call["args"]) == 1 and not call["kwargs"]:
        description["build_config"] = {"input_shape": _shapes_of(call["args"][0])}
    weights = _hdf5_of(model, path, optimizer_arrays(model))
    parts = {
        METADATA: json.dumps({"keras_version": "3", "written_by": "minigrad"}).encode(),
        CONFIG: json.dumps(description, allow_nan=False).encode(),
        WEIGHTS: weights,
    }
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as written:
        for name, data in parts.items():
            written.writestr(zipfile.ZipInfo(name), data)


def _shapes_of(inputs: Any) -> Any:
    """The shape of an input that `input_config` described, or of several."""
    if isinstance(inputs, list):
        return [_shapes_of(part) for part in inputs]
    if inputs.get("class_name") == "__keras_tensor__":
        _, *lengths = inputs["config"]["shape"]
        return [None, *lengths]
    return {key: _shapes_of(part) for key, part in inputs.items()}


def _hdf5_of(model: Any, path: PathLike, others: dict[str, np.ndarray]) -> bytes:
    """An HDF5 file of the weights of a model and of other arrays; each layer with its name."""
    try:
        import h5py
    except ImportError as cause:
        raise ImportError(
            f"writing {path}, a file of Keras, needs h5py: pip install h5py"
        ) from cause
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for place, layer in layer_places(model).items():
            file.create_group(f"{place}vars").attrs["name"] = layer.name or ""
            for name, stored in stored_weights(place, layer).items():
                file[name] = stored.array()
        for name, array in others.items():
            file[name] = array
    return buffer.getvalue()
