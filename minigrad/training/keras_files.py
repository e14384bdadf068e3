"""Files of Keras 3: net.keras and net.weights.h5, read for the layers that there are here.

A file net.keras is a zip of metadata.json, config.json and model.weights.h5. The configuration is
put into the words of minigrad, options at their defaults that have no counterpart here are left
out, and others are refused. Needs h5py, which the extra `keras-files` installs.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from .. import ops
from ..arguments import parameters_of
from ..layers.module import Module
from ..utils.files import PathLike, parse_json, parsing, read_members
from ..utils.registry import snake_case
from ..utils.serialization import HOMES, find
from . import saving
from .functional import GraphModel
from .keras_paths import COUNTED, PARTS, attributes_of, keras_shape, own_weights

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
MEMBERS: dict[str, int | None] = {METADATA: 1 << 16, CONFIG: 1 << 25, WEIGHTS: None}
WHAT = "model of Keras that minigrad can make"

# options without a counterpart here, at values that change nothing
HARMLESS: dict[str, Any] = {
    "name": ...,  # of any value
    "run_eagerly": ...,
    "jit_compile": ...,
    "steps_per_execution": ...,
    "auto_scale_loss": ...,
    "ema_momentum": ...,  # only with use_ema
    "dtype": "float32",
    "data_format": "channels_last",
    "summation_method": "interpolation",
    "autocast": True,
    "implementation": ...,
    "seed": ...,
    "renorm_momentum": ...,  # only with renorm
    "axis": -1,
    "attention_axes": [1],
}
CLASSES = {"Functional": "Model"}
OPS = {"get_item": "getitem", "true_divide": "divide"}
OPTIONS = {"newshape": "shape", "x_min": "min", "x_max": "max"}

# ---- the configuration ---------------------------------------------------------------------------


def read_keras(path: PathLike) -> tuple[dict[str, Any], bytes]:
    """(the description of the model in minigrad's words, its weights in HDF5) of a file net.keras.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is none, or an option has no counterpart here.
    """
    _, text, weights = read_members(path, MEMBERS, others="assets")
    config = parse_json(text, path, WHAT)
    with parsing(path, WHAT):
        description = translate(config)
        shape = (config.get("build_config") or {}).get("input_shape")
        if shape:
            description["build_config"] = {"args": [_inputs_of(shape)], "kwargs": {}}
        return description, weights


def _inputs_of(shape: Any) -> Any:
    """The description of inputs of this shape, or of these shapes in a list."""
    if any(isinstance(part, list) for part in shape):
        return [_inputs_of(part) for part in shape]
    described = {"shape": list(shape), "dtype": "float32"}
    return {"class_name": "__keras_tensor__", "config": described}


def translate(config: Any) -> Any:
    """A configuration of Keras in the words of minigrad.

    Args:
        config: Lists, dicts, strings and numbers.

    Raises:
        ValueError: If an option has no counterpart here, or a Lambda holds code.

    Example:
        >>> dense = {"units": 3, "lora_rank": None, "quantization_config": None}
        >>> translate({"module": "keras.layers", "class_name": "Dense", "config": dense})["config"]
        {'units': 3}
    """
    if isinstance(config, list):
        return [translate(item) for item in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if "config" not in config or not isinstance(name, str):
        return {key: translate(value) for key, value in config.items()}
    if name in SPECIAL:
        return SPECIAL[name](config["config"])
    if "ops" in str(config.get("module")).split("."):
        return _translate_op(config, name)
    if not isinstance(config["config"], dict) or name.startswith("__"):
        return config
    return _translate_object(config, CLASSES.get(name, name))


def _translate_object(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The class and the options of an object that minigrad has."""
    others = {key: translate(value) for key, value in config.items() if key in OTHERS}
    own = {key: translate(value) for key, value in config["config"].items()}
    module = config.get("module")
    if "layers" in own and name in ("Model", "Sequential"):  # not options of a constructor
        own = {key: own[key] for key in MODEL_KEYS if key in own}
        module = "minigrad.models"
    else:
        named = {"module": module, "registered_name": config.get("registered_name")}
        own = accepted(name, parameters_of(find(name, named, HOMES)), own)
    if "compile_config" in others:
        from_keras = others["compile_config"] or {}
        others["compile_config"] = accepted("compile", COMPILE, from_keras)
    if "inbound_nodes" in others:
        for node in others["inbound_nodes"]:
            node["kwargs"] = {k: v for k, v in node["kwargs"].items() if v or k not in AUTOMATIC}
    return {"module": module, "class_name": name, "config": own, **others}


MODEL_KEYS = ("name", "trainable", "layers", "input_layers", "output_layers")
OTHERS = ("name", "inbound_nodes", "registered_name", "shared_object_id", "compile_config")
AUTOMATIC = ("mask", "training")  # of a call: found anew, unless they were given
COMPILE = dict.fromkeys(("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics"))


def accepted(owner: str, known: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options that a constructor takes, without those that change nothing.

    Args:
        owner: Whose options they are, for the error.
        known: The names of those that it takes.
        options: The options.

    Raises:
        ValueError: If another one has a value that changes something.

    Example:
        >>> accepted("Dense", ["units"], {"units": 3, "bias_constraint": None})
        {'units': 3}
    """
    for name, value in options.items():
        is_off = value in (None, False, [], {})
        is_harmless = name in HARMLESS and HARMLESS[name] in (..., value)
        if not (name in known or is_off or is_harmless):
            raise ValueError(f"{owner}: {name}={value!r:.60} of Keras has no counterpart here")
    return {name: value for name, value in options.items() if name in known}


def _translate_op(config: dict[str, Any], name: str) -> dict[str, Any]:
    """An op in a graph: its options join the arguments of its calls."""
    function = snake_case(name)
    function = OPS.get(function, function)
    found = getattr(ops, function, None) if function in ops.__all__ else None
    if found is None:
        raise ValueError(f"the op {name!r:.60} of Keras has no counterpart here")
    known = parameters_of(getattr(found, "definition", found))
    given = {OPTIONS.get(key, key): value for key, value in config["config"].items()}
    options = accepted(name, known, given) if isinstance(config["config"], dict) else {}
    nodes = [
        {"args": translate(node["args"]), "kwargs": options | translate(node["kwargs"])}
        for node in config.get("inbound_nodes", [])
    ]
    if function == "getitem":  # an index of several axes is a tuple, which JSON has not
        for node in nodes:
            node["args"] = [_as_index(item) for item in node["args"]]
    written = {"module": "minigrad.ops", "class_name": "function", "config": function}
    return {**written, "name": config.get("name"), "inbound_nodes": nodes}


def _as_index(x: Any) -> Any:
    return {"class_name": "__tuple__", "config": x} if isinstance(x, list) else x


def _refuse_code(content: Any) -> Any:
    raise ValueError(
        "a Lambda of a lambda holds code, which is not run: in Keras write a named function, "
        "register it, and save again"
    )


SPECIAL: dict[str, Any] = {
    "__lambda__": _refuse_code,
    "DTypePolicy": lambda content: content["name"],
    "__keras_tensor__": lambda content: {"class_name": "__keras_tensor__", "config": content},
    "__numpy__": lambda content: {"class_name": "__array__", "config": content},
    "__tensor__": lambda content: {"class_name": "__array__", "config": content},
    "__slice__": lambda content: {
        "class_name": "__slice__",
        "config": [content["start"], content["stop"], content["step"]],
    },
}

# ---- the weights ---------------------------------------------------------------------------------


def read_h5(path: PathLike) -> bytes:
    """The content of a file net.weights.h5, or the weights in net.keras.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is none.
    """
    if Path(path).suffix.lower() == ".keras":
        return read_members(path, MEMBERS, others="assets")[2]
    if not Path(path).is_file():
        raise FileNotFoundError(f"no weight file at {path}")
    return Path(path).read_bytes()


def load_h5(
    path: PathLike, model: Any, data: bytes, by_name: bool, skip_mismatch: bool = False
) -> list[np.ndarray]:
    """Assign the weights of an HDF5 file of Keras 3; returns the state of the optimizer there.

    Args:
        path: The file, for errors.
        model: The model, built.
        data: The content of the file.
        by_name: Whether layers are found by their names, as in net.keras, or in their order alone,
            as Keras does.
        skip_mismatch: Whether to load what fits, instead of refusing what does not.

    Raises:
        ImportError: If h5py is not installed.
        ValueError: If it is no such file, or weights do not fit; nothing is changed then.
    """
    try:
        import h5py
    except ImportError as cause:
        raise ImportError(
            f"reading {path}, a file of Keras, needs h5py: pip install h5py"
        ) from cause
    with parsing(path, "file of weights of Keras 3"):
        try:
            with h5py.File(io.BytesIO(data), "r") as file:
                if "layer_names" in file.attrs or "model_weights" in file:
                    raise ValueError(
                        "it was written by Keras 2: load it there and save it as net.keras"
                    )
                weights = Weights(h5py, by_name)
                weights.read(model, file)
                weights.check_all_read(file)
                state = weights.of_optimizer(file)
        except OSError as cause:
            raise ValueError(str(cause)) from cause
    arrays = weights.found
    named = {name: arrays[id(p)] for name, p in model.named_weights().items() if id(p) in arrays}
    saving.assign_weights(model.named_weights(), named, str(path), skip_mismatch)
    return state


class Weights:
    """The weights in groups of an HDF5 file, which is read with care.

    A link to another file, an array that is stored in another file, and one that says that it is
    larger than what is stored are refused.

    Args:
        h5py: The library.
        by_name: Whether layers are found by their names.
    """

    def __init__(self, h5py: Any, by_name: bool) -> None:
        self.h5py = h5py
        self.by_name = by_name
        self.seen: set[int] = set()  # ids of layers: the weights of a shared one are stored once
        self.names: set[str] = set()  # of the arrays that were read
        self.found: dict[int, np.ndarray] = {}  # by the id of the Parameter

    def read(self, layer: Any, group: Any) -> None:
        """Find the arrays of a layer and of those within.

        Args:
            layer: The layer.
            group: Its group.

        Raises:
            ValueError: If it has others.
        """
        if id(layer) in self.seen:
            return
        self.seen.add(id(layer))
        kind = type(layer).__name__
        own = own_weights(layer)
        arrays = self._own(group)[: len(own) if kind in COUNTED else None]
        if kind in PARTS:
            own = layer.weights
            arrays = [a for part in PARTS[kind] for a in self._own(self._member(group, part))]
        elif isinstance(layer, GraphModel) and layer._graph is not None and "layers" in group:
            self._read_several(layer.layers, self._member(group, "layers"))
        else:
            self._read_attributes(layer, group)
        if len(arrays) != len(own):
            raise ValueError(f"{group.name!r:.60} has {len(arrays)} weights, not {len(own)}")
        for p, a in zip(own, arrays):
            self.found[id(p)] = a.reshape(p.shape) if a.shape == keras_shape(layer, p) else a

    def _read_attributes(self, layer: Any, group: Any) -> None:
        """Find the arrays of the layers among the attributes of a layer, in Keras's order."""
        for name, value in sorted(attributes_of(layer).items()):
            if name not in group:
                continue
            if isinstance(value, Module):
                self.read(value, self._member(group, name))
            elif isinstance(value, (list, tuple, dict)):
                several = value.values() if isinstance(value, dict) else value
                self._read_several(several, self._member(group, name))

    def _read_several(self, layers: Any, group: Any) -> None:
        """Find the arrays of layers whose groups are called by classes: dense, dense_1, ..."""
        named = self._names(group) if self.by_name else {}
        counts: dict[str, int] = {}
        for layer in layers:
            if isinstance(layer, Module):
                kind = type(layer).__name__
                base = "functional" if kind == "Model" else snake_case(kind)
                n = counts[base] = counts.get(base, -1) + 1
                key = named.get(layer.name, f"{base}_{n}" if n else base)
                if key in group:
                    self.read(layer, self._member(group, key))

    def of_optimizer(self, file: Any) -> list[np.ndarray]:
        """The steps taken, the rate and the state of the optimizer, if they are there.

        Args:
            file: The whole file.
        """
        return self._own(self._member(file, "optimizer")) if "optimizer" in file else []

    def check_all_read(self, file: Any) -> None:
        """Raise ValueError if there are weights that the model has not.

        Args:
            file: The whole file.
        """

        def check(name: str, item: Any) -> None:
            is_weight = isinstance(item, self.h5py.Dataset) and item.dtype.kind == "f"
            if is_weight and not name.startswith("optimizer") and item.name not in self.names:
                raise ValueError(f"it has the weight {name!r:.80}, which the model has not")

        file.visititems(check)

    def _names(self, group: Any) -> dict[Any, str]:
        """The groups by the names of their layers."""
        found = {}
        for key in group:
            inner = self._member(group, key)
            if "vars" in inner:
                found[self._member(inner, "vars").attrs.get("name")] = key
        return found

    def _own(self, group: Any) -> list[np.ndarray]:
        """The arrays of a layer itself."""
        if "vars" not in group:
            return []
        own = self._member(group, "vars")
        return [self._array(own, str(i)) for i in range(len(own))]

    def _member(self, group: Any, name: str) -> Any:
        """A group or array of this file."""
        if not isinstance(group.get(name, getlink=True), self.h5py.HardLink):
            raise ValueError(f"{name!r:.60} is no member of this file")
        return group[name]

    def _array(self, group: Any, name: str) -> np.ndarray:
        """An array of numbers that are all there."""
        stored = self._member(group, name)
        if not isinstance(stored, self.h5py.Dataset) or stored.dtype.kind not in "fiub":
            raise ValueError(f"{stored.name!r:.60} is no array of numbers")
        size = math.prod(stored.shape) * stored.dtype.itemsize
        is_here = stored.external is None and not stored.is_virtual
        if not is_here or size > 64 * stored.id.get_storage_size() + (1 << 20):
            raise ValueError(f"the numbers of {stored.name!r:.60} are not in this file")
        self.names.add(stored.name)
        return stored[()]
