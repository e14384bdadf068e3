"""Weights and checkpoints in safetensors files, checked before anything changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping

import numpy as np

from ..backend import to_cpu
from ..layers.parameter import Parameter
from ..optimizers.base import Optimizer
from ..random import generator
from ..utils.files import PathLike, atomic_write

Weights = Mapping[str, Parameter]  # parameters by their path in the model

# ---- safetensors ---------------------------------------------------------------------------------


def save_safetensors(
    path: PathLike, arrays: Mapping[str, Any], metadata: dict[str, str] | None = None
) -> None:
    """Write named arrays to a safetensors file.

    Args:
        path: The file; a process that is killed on the way leaves an older one as it was.
        arrays: Arrays by name, on any device.
        metadata: Strings to store beside them.

    Raises:
        FileNotFoundError: If there is no such folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_safetensors(f"{folder}/w.safetensors", {"a": np.ones(2)}, {"made": "today"})
        ...     load_safetensors(f"{folder}/w.safetensors")
        ({'a': array([1., 1.])}, {'made': 'today'})
    """
    from safetensors.numpy import save

    folder = Path(path).parent
    if not folder.is_dir():
        raise FileNotFoundError(f"cannot save to {path}: there is no folder {folder}")
    contiguous = {}
    for name, a in arrays.items():
        contiguous[name] = np.ascontiguousarray(to_cpu(a)).reshape(a.shape)
    data = save(contiguous, metadata)
    with atomic_write(path) as file:
        file.write(data)


def load_safetensors(path: PathLike) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(arrays by name, metadata) of a safetensors file.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is of another format, or cut short.
    """
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise FileNotFoundError(f"no weight file at {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return arrays, dict(file.metadata() or {})
    except SafetensorError as cause:
        raise ValueError(
            f"{path} is not a complete safetensors file ({cause}). minigrad reads only "
            "safetensors: pickles (.bin, .pt) and HDF5 (.h5) have to be converted by the framework "
            "that wrote them"
        ) from cause


# ---- weights -------------------------------------------------------------------------------------


def load_weights(path: PathLike, weights: Weights, skip_mismatch: bool = False) -> None:
    """Read parameters by name, from a file of weights or a checkpoint.

    Args:
        path: The file.
        weights: The parameters to assign, by name.
        skip_mismatch: Whether to load what fits, instead of refusing what does not.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If names or shapes differ; nothing is changed then.
    """
    arrays, _ = load_safetensors(path)
    assign_weights(weights, _without_optimizer(arrays), str(path), skip_mismatch)


def assign_weights(
    weights: Weights, arrays: Mapping[str, Any], source: str, skip_mismatch: bool = False
) -> None:
    """Write arrays into the parameters of the same names.

    Args:
        weights: Parameters by name.
        arrays: Arrays by name.
        source: Where the arrays come from, for the error.
        skip_mismatch: Whether to assign what fits, instead of refusing what does not.

    Raises:
        ValueError: Lists every missing, extra and wrongly shaped name; nothing is changed then.
    """
    fitting = [
        name for name, p in weights.items() if name in arrays and arrays[name].shape == p.shape
    ]
    if not skip_mismatch and not len(fitting) == len(weights) == len(arrays):
        _refuse_weights(weights, arrays, source)
    for name in fitting:
        weights[name].assign(arrays[name])


def _refuse_weights(weights: Weights, arrays: Mapping[str, Any], source: str) -> None:
    """Raise the ValueError that lists all differences."""
    shapes = [
        f"{name} is {tuple(arrays[name].shape)}, the model expects {p.shape}"
        for name, p in weights.items()
        if name in arrays and arrays[name].shape != p.shape
    ]
    problems = {
        "missing": [name for name in weights if name not in arrays],
        "not in the model": [name for name in arrays if name not in weights],
        "of another shape": shapes,
    }
    listed = [f"{title}: {'; '.join(names)}" for title, names in problems.items() if names]
    raise ValueError(f"{source} does not fit this model; nothing was loaded. {'. '.join(listed)}")


def _without_optimizer(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of a checkpoint that are weights."""
    return {name: a for name, a in arrays.items() if not name.startswith("optimizer/")}


# ---- checkpoints: weights, optimizer state, generator --------------------------------------------


def save_checkpoint(
    path: PathLike, weights: Weights, optimizer: Optimizer | None, epoch: int
) -> None:
    """Write all that training needs to continue bit for bit.

    Args:
        path: The file.
        weights: Parameters by name.
        optimizer: Its state, steps and learning rate are stored; None for none.
        epoch: Number of epochs trained.
    """
    arrays: dict[str, Any] = {name: p.data for name, p in weights.items()}
    training_state: dict[str, Any] = {"epoch": epoch, "generator": generator().bit_generator.state}
    if optimizer is not None:
        names = {id(p): name for name, p in weights.items()}
        state = {
            names[id(p)]: slots
            for p, slots in zip(optimizer.parameters, optimizer.state())
            if id(p) in names
        }
        training_state["optimizer"] = optimizer.name
        training_state["slots"] = optimizer.slots
        training_state["t"] = optimizer.t
        training_state["learning_rate"] = optimizer.learning_rate
        training_state["trained"] = list(state)
        for name, slots in state.items():
            for slot, a in zip(optimizer.slots, slots):
                arrays[f"optimizer/{name}/{slot}"] = a
    save_safetensors(path, arrays, {"minigrad": json.dumps(training_state)})


def load_checkpoint(path: PathLike, weights: Weights, optimizer: Optimizer | None) -> int:
    """Restore what `save_checkpoint` wrote.

    Args:
        path: The file.
        weights: The parameters to assign, by name.
        optimizer: The optimizer to restore; of the same kind as the stored one, if there is one.

    Returns:
        The epoch of the checkpoint.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is no checkpoint, or weights or optimizer differ; nothing is changed then.
    """
    arrays, metadata = load_safetensors(path)
    if "minigrad" not in metadata:
        raise ValueError(f"{path} holds weights but no checkpoint: use load_weights")
    training_state = json.loads(metadata["minigrad"])
    if "optimizer" in training_state:
        _require_same_optimizer(path, training_state, optimizer)
    assign_weights(weights, _without_optimizer(arrays), str(path))
    generator().bit_generator.state = training_state["generator"]
    if "optimizer" in training_state and optimizer is not None:
        _restore_optimizer(optimizer, weights, training_state, arrays)
    return int(training_state["epoch"])


def _require_same_optimizer(
    path: PathLike, training_state: dict[str, Any], optimizer: Optimizer | None
) -> None:
    """Raise ValueError unless the optimizer is of the kind that was saved."""
    name, slots = training_state["optimizer"], tuple(training_state["slots"])
    if optimizer is not None and (optimizer.name, optimizer.slots) == (name, slots):
        return
    compiled = "is not compiled"
    if optimizer is not None:
        compiled = f"has {optimizer.name!r} with {optimizer.slots}"
    raise ValueError(
        f"{path} holds the state of the optimizer {name!r} with {slots}, the model {compiled}: "
        "compile it with the same one first"
    )


def _restore_optimizer(
    optimizer: Optimizer,
    weights: Weights,
    training_state: dict[str, Any],
    arrays: Mapping[str, Any],
) -> None:
    """Load the state, the step and, unless it follows a schedule, the learning rate."""
    names = training_state["trained"]
    state = [
        [arrays[f"optimizer/{name}/{slot}"] for slot in training_state["slots"]] for name in names
    ]
    optimizer.load_state([weights[name] for name in names], state, training_state["t"])
    if optimizer.schedule is None:
        optimizer.learning_rate = training_state["learning_rate"]
