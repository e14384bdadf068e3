"""Checkpoints: all that training needs to continue bit for bit, in one safetensors file.

Weights stand in it under their paths. All other state is a JSON text in the metadata, in which an
array is replaced by the name it has in the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..optimizers.base import Optimizer, state_dtype
from ..random import generator
from ..utils.files import PARSE_ERRORS, PathLike, atomic_write, entry, parse_json, parsing
from .callbacks import changed_names
from .saving import (
    METADATA,
    Weights,
    check_folder,
    load_safetensors,
    match_arrays,
    mismatch_error,
    parse_safetensors,
    safetensors_bytes,
)

if TYPE_CHECKING:
    from .model_files import ModelFiles

ENTRIES = {
    "epoch": int,
    "generator": dict,
    "optimizers": {str: dict},
    "layers": {str: dict},
    "callbacks": [dict],
    "not_held": [str],
}

Slots = dict[str, list[np.ndarray]]  # the state arrays of an optimizer by parameter

# ---- saving --------------------------------------------------------------------------------------


def save_checkpoint(path: PathLike, model: ModelFiles, weights: Weights, epoch: int) -> None:
    """Write weights, every optimizer that the model has as an attribute, generator, and the state
    of layers and callbacks.

    Args:
        path: The file.
        model: The model.
        weights: Its parameters by name.
        epoch: Number of epochs trained.
    """
    check_folder(path)
    data = checkpoint_bytes(model, weights, epoch)
    with atomic_write(path) as file:
        file.write(data)


def checkpoint_bytes(model: ModelFiles, weights: Weights, epoch: int) -> bytes:
    """The content of a checkpoint.

    Args:
        model: The model.
        weights: Its parameters by name.
        epoch: Number of epochs trained.
    """
    arrays: dict[str, Any] = {name: p.data for name, p in weights.items()}
    content = {
        "weights": list(weights),
        "epoch": epoch,
        "generator": generator().bit_generator.state,
        "optimizers": {k: _optimizer_state(o, weights) for k, o in _optimizers(model).items()},
        "layers": _layer_states(model),
        "callbacks": [
            {"class": type(c).__name__, "state": c.get_state()} for c, _ in model._fitting
        ],
        "not_held": _not_held(model),
    }
    packed = json.dumps(pack(content, "", arrays), allow_nan=False)
    return safetensors_bytes(arrays, {METADATA: packed})


def _optimizers(model: ModelFiles) -> dict[str, Optimizer]:
    """The optimizers of a model by attribute: of a GAN, its generator's and its discriminator's."""
    return {name: value for name, value in vars(model).items() if isinstance(value, Optimizer)}


def _optimizer_state(optimizer: Optimizer, weights: Weights) -> dict[str, Any]:
    """Kind, step, rate, and the state arrays by parameter and slot."""
    names = {id(p): name for name, p in weights.items()}
    state = {
        names[id(p)]: dict(zip(optimizer.state_names, arrays))
        for p, arrays in zip(optimizer.parameters, optimizer.state())
        if id(p) in names
    }
    return {
        "name": optimizer.name,
        "slots": list(optimizer.state_names),
        "t": optimizer.calls,
        "learning_rate": optimizer.rate,
        "state": state,
    }


def _layer_states(model: ModelFiles) -> dict[str, Any]:
    """What layers keep besides parameters, by path."""
    states = {path: layer.get_state() for path, layer in model.named_layers()}
    return {path: state for path, state in states.items() if state}


def _not_held(model: ModelFiles) -> list[str]:
    """What changed in this training and is not saved."""
    callbacks = [
        f"{', '.join(names)} of the callback {type(callback).__name__} (name what is to be saved "
        "in its state_names)"
        for callback, before in model._fitting
        if (names := changed_names(callback, before))
    ]
    own = [
        f"the variables that {type(optimizer).__name__} made in build (name state arrays in slots)"
        for optimizer in _optimizers(model).values()
        if optimizer.has_variables
    ]
    return [*model._unsaved_data, *callbacks, *own]


def unsaved_data(x: Any) -> list[str]:
    """What a checkpoint cannot hold of the data that fit is given.

    The thread of a Dataset draws ahead, so a generator of its transform's own has no state that
    belongs to an epoch.

    Args:
        x: The first argument of fit.

    Example:
        >>> unsaved_data(iter([]))
        ['the position of the iterator x']
    """
    if hasattr(x, "__next__"):
        return ["the position of the iterator x"]
    steps = [getattr(x, "transform", None)]
    for step in steps:
        steps += getattr(step, "steps", [])
    return [
        f"the generator of {type(step).__name__}(seed=...) (without seed it draws from "
        "minigrad.seed's, which is held)"
        for step in steps
        if getattr(step, "generator", None) is not None
    ]


def pack(value: Any, name: str, arrays: dict[str, Any]) -> Any:
    """A state as JSON can hold it; arrays go into `arrays`, under names that are free there.

    Args:
        value: Dicts, lists, numbers, strings, None and arrays.
        name: What the arrays are called after.
        arrays: Arrays by name; changed in place.

    Example:
        >>> arrays = {}
        >>> pack({"wait": 2, "best": math.inf, "last": np.ones(3)}, "early", arrays)
        {'wait': 2, 'best': {'$float': 'inf'}, 'last': {'$array': 'early/last'}}
    """
    if isinstance(value, Mapping):
        return {str(key): pack(v, f"{name}/{key}", arrays) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [pack(v, f"{name}/{i}", arrays) for i, v in enumerate(value)]
    value = getattr(value, "_array", value)  # of a Tensor
    if isinstance(value, np.generic):
        value = value.item()
    if hasattr(value, "dtype"):
        free = name.removeprefix("/")
        while free in arrays:  # a layer may be called "optimizer"
            free += "'"
        arrays[free] = value
        return {"$array": free}
    is_special = isinstance(value, float) and not math.isfinite(value)
    return {"$float": repr(value)} if is_special else value


def unpack(packed: Any, arrays: dict[str, Any]) -> Any:
    """The state that `pack` packed; its arrays are taken out of `arrays`.

    Args:
        packed: What `pack` returned.
        arrays: Arrays by name; changed in place.

    Raises:
        ValueError: If an array is missing.
    """
    if isinstance(packed, list):
        return [unpack(value, arrays) for value in packed]
    if not isinstance(packed, dict):
        return packed
    if packed.keys() == {"$float"}:
        return float(packed["$float"])
    if packed.keys() != {"$array"}:
        return {key: unpack(value, arrays) for key, value in packed.items()}
    if packed["$array"] not in arrays:
        raise ValueError(f"the array {packed['$array']} is missing")
    return arrays.pop(packed["$array"])


# ---- loading: everything is checked, then everything is assigned ---------------------------------


def load_checkpoint(
    path: PathLike, model: ModelFiles, weights: Weights, data: bytes | None = None
) -> int:
    """Restore what `save_checkpoint` wrote; the state of callbacks waits for the next fit.

    Args:
        path: The file.
        model: The model.
        weights: Its parameters by name.
        data: The content, if it is not that of the file.

    Returns:
        The epoch of the checkpoint.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is no checkpoint, or weights or state do not fit; everything that does
            not is listed, and nothing is changed then.
    """
    arrays, metadata = load_safetensors(path) if data is None else parse_safetensors(data, path)
    if METADATA not in metadata:
        raise ValueError(f"{path} holds weights but no checkpoint: use load_weights")
    content = parse_json(metadata[METADATA], path, "checkpoint")
    names = entry(content, "weights", [str], path)
    stored = {name: arrays.pop(name) for name in names if name in arrays}
    with parsing(path, "checkpoint"):
        state = unpack(content, arrays)
    for key, kind in ENTRIES.items():
        entry(state, key, kind, path)
    fitting, problems = match_arrays(weights, stored)
    problems.setdefault("not in the model", []).extend(arrays)  # those that no state has named
    problems["optimizer"], slots = _match_optimizers(model, state["optimizers"], weights, path)
    problems["random generator"] = _generator_problems(state["generator"])
    problems["layers"] = _restore_layers(model, state["layers"], keep=not any(problems.values()))
    problems = {title: found for title, found in problems.items() if found}
    if problems:
        raise mismatch_error(str(path), problems)
    for name, stored_state in state["optimizers"].items():
        _restore_optimizer(getattr(model, name), stored_state, weights, slots[name])
    for name, a in fitting.items():
        weights[name].assign(a)
    generator().bit_generator.state = state["generator"]
    model._resumed = state["epoch"], state["callbacks"], state["not_held"]
    return int(state["epoch"])


def _match_optimizers(
    model: ModelFiles, states: dict[str, Any], weights: Weights, path: PathLike
) -> tuple[list[str], dict[str, Slots]]:
    """(problems, state arrays by optimizer) of what a checkpoint holds of all optimizers."""
    optimizers, slots = _optimizers(model), {}
    missing = [name for name in optimizers if states and name not in states]
    problems = [f"the checkpoint has none for {name}" for name in missing]
    for name, state in states.items():
        found, slots[name] = _match_optimizer(optimizers.get(name), state, weights, path)
        problems += found if len(states) == 1 else [f"{name}: {problem}" for problem in found]
    return problems, slots


def _match_optimizer(
    optimizer: Optimizer | None, state: dict[str, Any], weights: Weights, path: PathLike
) -> tuple[list[str], Slots]:
    """(problems, state arrays by parameter) of what a checkpoint holds of an optimizer."""
    name, slots = entry(state, "name", str, path), tuple(entry(state, "slots", [str], path))
    if optimizer is None or (optimizer.name, optimizer.state_names) != (name, slots):
        compiled = "is not compiled"
        if optimizer is not None:
            compiled = f"has {optimizer.name!r} with {optimizer.state_names}"
        problem = f"the state of the optimizer {name!r} with {slots}, the model {compiled}: "
        return [problem + "compile it with the same one first"], {}
    entry(state, "t", int, path)
    problems = []
    if entry(state, "learning_rate", float, path) < 0:
        problems.append(f"the learning rate {state['learning_rate']} is negative")
    stored = entry(state, "state", {str: dict}, path)
    known = {name: weights[name] for name in stored if name in weights}
    kinds = {name: np.zeros((), state_dtype(p.dtype)) for name, p in known.items()}
    expected = {
        f"{name}/{slot}": np.broadcast_to(kinds[name], p.shape)
        for name, p in known.items()
        for slot in slots
    }
    given = {
        f"{p}/{slot}": a
        for p, arrays in stored.items()
        for slot, a in arrays.items()
        if p in weights and isinstance(a, np.ndarray)
    }
    fitting, differences = match_arrays(expected, given)
    problems += [f"{title}: {'; '.join(names)}" for title, names in differences.items()]
    problems += [f"not in the model: {p}" for p in stored if p not in weights]
    if len({p.device for p in known.values()}) > 1:
        problems.append("its parameters are on several devices")
    if problems:
        return problems, {}
    return [], {p: [fitting[f"{p}/{slot}"] for slot in slots] for p in stored}


def _restore_optimizer(
    optimizer: Optimizer, state: dict[str, Any], weights: Weights, slots: Slots
) -> None:
    """Load the state, the step and, unless it follows a schedule, the learning rate."""
    optimizer.load_state([weights[name] for name in slots], list(slots.values()), state["t"])
    if optimizer.schedule is None:
        optimizer.learning_rate = state["learning_rate"]


def _generator_problems(state: dict[str, Any]) -> list[str]:
    """What is wrong with the state of the random generator."""
    fresh = type(generator().bit_generator)()
    try:
        fresh.state = state
    except PARSE_ERRORS as cause:
        return [f"its state is malformed ({cause})"]
    return [] if repr(fresh.state) == repr(state) else ["its state is malformed"]


def _restore_layers(model: ModelFiles, states: dict[str, Any], keep: bool) -> list[str]:
    """Give layers their states, and return what does not fit; then, or without keep, none has."""
    layers = dict(model.named_layers())
    problems = [f"there is no layer {path}" for path in states if path not in layers]
    before = {path: layer.get_state() for path, layer in layers.items()}
    restored = {path for path in layers if before[path] or path in states}
    for path in restored:
        try:
            layers[path].set_state(states.get(path, {}))
        except (ValueError, TypeError, KeyError) as cause:
            problems.append(f"{path}: {cause}")
    if problems or not keep:
        for path in restored:
            layers[path].set_state(before[path])
    return problems
