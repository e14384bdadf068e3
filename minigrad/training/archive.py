"""Archives: a model in one file, net.minigrad, from which it is made again and trains on.

It is a zip of three members: metadata.json, config.json (the architecture, and the arguments of
compile) and checkpoint.safetensors (what `Model.save` writes to any other file). Reading one runs
no code of the file, and asks for no more memory than the file is large.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..arguments import explains_arguments
from ..initializers import awaiting_weights
from ..random import use_generator
from ..utils.files import PathLike, atomic_write, entry, parse_json, parsing, read_members
from ..utils.serialization import CustomObjectScope, deserialize, serialize
from . import checkpoints, saving
from .configuration import build_from_input

SUFFIX = ".minigrad"
CONFIG, CHECKPOINT, METADATA = "config.json", "checkpoint.safetensors", "metadata.json"
FORMAT = 1
MAX_CONFIG = 1 << 25  # bytes of a JSON text: 32 MB
MAX_LENGTH = 1 << 24  # of an axis, and of what a layer repeats or pads
ANY_NUMBER = ("seed", "shared_object_id")
COMPILE_HOME = "minigrad.training.model"
WHAT = "model that minigrad can make"

# ---- descriptions --------------------------------------------------------------------------------


def describe(model: Any) -> dict[str, Any]:
    """What makes a model like this one: its configuration, and the shape of its input.

    Args:
        model: The model.

    Raises:
        TypeError: If something has no description, like a Lambda of a lambda.
    """
    description = serialize(model)
    if model._graph is None and model._built_for is not None:
        description["build_config"] = model._built_for
    return description


def revive(description: Any) -> Any:
    """The model of a description, built if it was, and not compiled.

    Args:
        description: What `describe` returned.

    Raises:
        ValueError: If it describes something else.
    """
    model = deserialize(description)
    if not hasattr(model, "compile_from_config"):
        raise ValueError(f"it describes {model!r:.60}, not a model")
    if not model.built and description.get("build_config"):
        build_from_input(model, description["build_config"])
    return model


@explains_arguments
def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model of a text, with new weights, and not compiled.

    Args:
        json_string: What `Model.to_json` returned.
        custom_objects: Classes and functions of your own by name.

    Raises:
        ValueError: If it is no such text, or names an unknown class or function.

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(3, input_shape=(4,)))
        >>> model_from_json(model.to_json()).count_params()
        15
    """
    with parsing("the text", WHAT), CustomObjectScope(custom_objects or {}):
        description = parse_json(json_string, "the text", "description of a model")
        check_lengths(description.get("config"))
        return revive(description)


def compile_config(model: Any) -> dict[str, Any]:
    """The arguments of the last compile, with the optimizer as it is now; {} before one.

    A subclass with a compile of its own says itself what its arguments are.

    Args:
        model: The model.
    """
    is_own = type(model).compile.__module__ != COMPILE_HOME
    if model._compiled_with is None or is_own:
        return {}
    return serialize({"optimizer": model.optimizer, **model._compiled_with})


def _flags_at_compile(model: Any) -> dict[str, bool]:
    """What was trainable when the model was compiled, by the paths of layers that changed since."""
    before = model._trainable_at_compile
    layers = dict(model.named_layers()).items()
    return {p: before[x] for p, x in layers if before.get(x, x.trainable) != x.trainable}


# ---- writing -------------------------------------------------------------------------------------


@explains_arguments
def save_model(model: Any, filepath: PathLike, overwrite: bool = True) -> None:
    """Write a model: `model.save(filepath)`.

    Args:
        model: The model.
        filepath: The file, net.minigrad.
        overwrite: False refuses to replace a file.

    Raises:
        FileExistsError: If there is a file, and overwrite is False.
        TypeError: If the archive cannot hold a layer, like a Lambda of a lambda.
        ValueError: If the model is not built, or the name of the file promises another format.

    Example:
        >>> import tempfile
        >>> model = minigrad.Sequential(minigrad.layers.Dense(3, input_shape=(4,)))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_model(model, f"{folder}/net.minigrad")
        ...     load_model(f"{folder}/net.minigrad").count_params()
        15
    """
    model.save(filepath, overwrite=overwrite)


def write_archive(path: PathLike, model: Any, epoch: int) -> None:
    """Write a model as an archive.

    Args:
        path: The file.
        model: The model.
        epoch: Number of epochs trained.

    Raises:
        FileNotFoundError: If there is no such folder.
        TypeError: If the archive cannot hold a layer.
        ValueError: If the model is not built, or its description is too long.
    """
    saving.check_folder(path)
    checkpoint = checkpoints.checkpoint_bytes(model, model._built_weights("save"), epoch)
    compiled = {
        "compile_config": model.get_compile_config(),
        "trainable_at_compile": _flags_at_compile(model),
    }
    config = json.dumps(describe(model) | compiled, allow_nan=False, indent=1).encode()
    if len(config) > MAX_CONFIG:
        raise ValueError(
            f"the description of this model has {len(config) >> 20} MB, {MAX_CONFIG >> 20} at most "
            "can be read: arrays among the arguments of layers are part of it; make them weights"
        )
    metadata = json.dumps({"format": FORMAT, "minigrad": "archive of a model"}).encode()
    parts = {METADATA: metadata, CONFIG: config, CHECKPOINT: checkpoint}
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            member = zipfile.ZipInfo(name)  # without a date: one model, one file
            member.compress_type = zipfile.ZIP_DEFLATED if name == CONFIG else zipfile.ZIP_STORED
            archive.writestr(member, data)


# ---- reading -------------------------------------------------------------------------------------


def is_archive(path: PathLike) -> bool:
    """True for a file net.minigrad.

    Args:
        path: The file.

    Example:
        >>> is_archive("net.minigrad"), is_archive("net.safetensors")
        (True, False)
    """
    return Path(path).suffix.lower() == SUFFIX


PARTS: dict[str, int | None] = {METADATA: 1 << 16, CONFIG: MAX_CONFIG, CHECKPOINT: None}


def read_checkpoint(path: PathLike) -> bytes:
    """The checkpoint in an archive.

    Args:
        path: The file.
    """
    return read_members(path, PARTS)[2]


@explains_arguments
def load_model(
    filepath: PathLike,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a file net.minigrad, or of Keras's net.keras.

    Nothing of the file is run: classes and functions are minigrad's, those of custom_objects, and
    those that are registered. After net.minigrad training goes on bit for bit, as after
    `Model.load`: the random generator, too, is as it was when the model was saved.

    Args:
        filepath: The file.
        custom_objects: Classes and functions of your own by name.
        compile: False leaves the model uncompiled, and the generator as it is.
        safe_mode: Has no effect: there is no other mode.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is no such file, names an unknown class or function, or its parts do not
            fit each other; nothing is changed then.
    """
    _check_format(filepath)
    if Path(filepath).suffix.lower() == ".keras":
        return _load_keras(filepath, custom_objects, compile)
    metadata, text, checkpoint = read_members(filepath, PARTS)
    if entry(parse_json(metadata, filepath, "archive"), "format", int, filepath) > FORMAT:
        raise ValueError(f"{filepath} was written by a later version of minigrad")
    description = parse_json(text, filepath, WHAT)
    size = sum(a.size for a in saving.stored_weights(filepath, checkpoint).values())
    model = make_model(description, filepath, custom_objects, size)
    if compile and _compile(model, description, filepath, custom_objects):
        checkpoints.load_checkpoint(filepath, model, model.named_weights(), checkpoint)
    else:
        saving.load_weights(filepath, model.named_weights(), data=checkpoint)
    return model


def _load_keras(path: PathLike, custom_objects: Mapping[str, Any] | None, compile: bool) -> Any:
    """The model of Keras's net.keras."""
    from . import keras_files, keras_optimizers

    with CustomObjectScope(custom_objects or {}):
        description, weights = keras_files.read_keras(path)
    model = make_model(description, path, custom_objects, len(weights))
    state = keras_files.load_h5(path, model, weights, by_name=True)
    if compile and _compile(model, description, path, custom_objects):
        keras_optimizers.restore_optimizer(model, state)
    return model


def _compile(
    model: Any, description: Any, path: PathLike, custom_objects: Mapping[str, Any] | None
) -> bool:
    """Compile a model as its description says; False if it was not compiled."""
    config = description.get("compile_config")
    if not config:
        return False
    layers, flags = dict(model.named_layers()), description.get("trainable_at_compile", {})
    now = {path: layer.trainable for path, layer in layers.items()}
    with parsing(path, WHAT), CustomObjectScope(custom_objects or {}):
        for flag in flags:
            layers[flag]._trainable = bool(flags[flag])
        model.compile_from_config(config)
        for flag in flags:
            layers[flag]._trainable = now[flag]
    return True


def make_model(
    description: Any, path: PathLike, custom_objects: Mapping[str, Any] | None, size: int
) -> Any:
    """The model of a description, whose weights are still to be read.

    Args:
        description: What `describe` returned.
        path: The file, for errors.
        custom_objects: Classes and functions of your own by name.
        size: How many numbers the file holds; the weights may have no more.

    Raises:
        ValueError: If it cannot be made.
    """
    scope = CustomObjectScope(custom_objects or {})
    with parsing(path, WHAT), scope, awaiting_weights(size), use_generator(0):
        check_lengths(description.get("config"))
        model = revive(description)
        model._built_weights("load_model")
    return model


def check_lengths(config: Any, name: str = "") -> None:
    """Refuse whole numbers with which a layer of minigrad would ask for all memory there is.

    Weights are counted against those in the file; what `RepeatVector(10**9)` makes is not.

    Args:
        config: The configuration of a model.
        name: The argument that it is.

    Raises:
        ValueError: If there is one; seeds, arrays and classes of your own may hold any.

    Example:
        >>> check_lengths({"n": 10**9})
        Traceback (most recent call last):
        ValueError: 'n' is larger than 16777216, the most that is read
    """
    if isinstance(config, dict):
        is_free = config.get("registered_name") or config.get("class_name") == "__array__"
        for key, value in config.items():
            if not is_free:
                check_lengths(value, key)
    elif isinstance(config, list):
        for value in config:
            check_lengths(value, name)
    elif type(config) is int and abs(config) > MAX_LENGTH and name not in ANY_NUMBER:
        raise ValueError(f"{name!r:.60} is larger than {MAX_LENGTH}, the most that is read")


def _check_format(path: PathLike) -> None:
    """Say what to write for a file that is no archive."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"no model at {path}")
    with open(path, "rb") as file:
        start = file.read(9)
    if start[:4] == b"PK\x03\x04":
        return
    if start[:8] == b"\x89HDF\r\n\x1a\n":
        raise ValueError(
            f"{path} is HDF5: weights of Keras are read by build the model, "
            f'model.load_weights("{path}"); a model of Keras is read from a .keras file'
        )
    if start[8:] == b"{":
        raise ValueError(
            f"{path} is a checkpoint, which holds no architecture: build the model, "
            f'model.load("{path}"); models are saved whole by model.save("net{SUFFIX}")'
        )
    raise ValueError(f"{path} is no archive of a model, as model.save('net{SUFFIX}') writes it")
