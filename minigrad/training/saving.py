"""Weights and checkpoints in files: safetensors, written to a temporary file and renamed, read before anything is changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Mapping

import numpy as np

from ..backend import to_cpu
from ..layers.parameter import Parameter
from ..optimizers.base import Optimizer
from ..random import generator
from ..utils.files import atomic_write


def save_arrays(
    path: str | os.PathLike[str], arrays: Mapping[str, Any], metadata: dict[str, str] | None = None
) -> None:
    """Write named arrays to a safetensors file. A process killed on the way leaves the file that was there whole."""
    from safetensors.numpy import save

    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot save to {path}: there is no folder {path.parent}")
    data = save(
        {name: np.ascontiguousarray(to_cpu(a)).reshape(a.shape) for name, a in arrays.items()},
        metadata,
    )
    with atomic_write(path) as file:
        file.write(data)


def load_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The named arrays and the metadata of a safetensors file. Raises ValueError for a file that is not one, or is cut short."""
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise FileNotFoundError(f"no weight file at {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, dict(file.metadata() or {})
    except SafetensorError as cause:
        raise ValueError(
            f"{path} is not a whole safetensors file ({cause}). minigrad reads safetensors alone: pickles (.bin, "
            ".pt) and HDF5 (.h5) have to be converted by the framework that wrote them"
        ) from cause


def assign_weights(
    weights: Mapping[str, Parameter],
    arrays: Mapping[str, Any],
    source: str,
    skip_mismatch: bool = False,
) -> None:
    """Write arrays into the parameters of the same names.

    Raises ValueError that lists every missing, extra and wrongly shaped name at once, before anything is changed;
    `skip_mismatch` loads what fits instead.
    """
    missing = [name for name in weights if name not in arrays]
    extra = [name for name in arrays if name not in weights]
    shapes = [
        f"{name} is {tuple(arrays[name].shape)}, the model wants {p.shape}"
        for name, p in weights.items()
        if name in arrays and tuple(arrays[name].shape) != p.shape
    ]
    if (missing or extra or shapes) and not skip_mismatch:
        problems = [
            f"{what}: {'; '.join(names)}"
            for what, names in (
                ("missing", missing),
                ("not in the model", extra),
                ("of another shape", shapes),
            )
            if names
        ]
        raise ValueError(
            f"{source} does not fit this model; nothing was loaded. {'. '.join(problems)}"
        )
    for name, p in weights.items():
        if name in arrays and tuple(arrays[name].shape) == p.shape:
            p.assign(arrays[name])


# ---- checkpoints: weights, optimizer state, generator ----------------------------------------------------------------


def save_checkpoint(
    path: str | os.PathLike[str],
    weights: Mapping[str, Parameter],
    optimizer: Optimizer | None,
    epoch: int,
) -> None:
    """Write all that training needs to go on: weights, optimizer state and learning rate, the generator, the epoch."""
    arrays: dict[str, Any] = {name: p.data for name, p in weights.items()}
    facts: dict[str, Any] = {"epoch": epoch, "generator": generator().bit_generator.state}
    if optimizer is not None:
        names = {id(p): name for name, p in weights.items()}
        trained = [
            (names[id(p)], state)
            for p, state in zip(optimizer.parameters, optimizer.state())
            if id(p) in names
        ]
        facts |= {
            "optimizer": optimizer.name,
            "slots": optimizer.slots,
            "t": optimizer.t,
            "learning_rate": optimizer.learning_rate,
            "trained": [name for name, _ in trained],
        }
        arrays |= {
            f"optimizer/{name}/{slot}": a
            for name, state in trained
            for slot, a in zip(optimizer.slots, state)
        }
    save_arrays(path, arrays, {"minigrad": json.dumps(facts)})


def load_checkpoint(
    path: str | os.PathLike[str], weights: Mapping[str, Parameter], optimizer: Optimizer | None
) -> int:
    """Take over what save_checkpoint has written and return its epoch. Raises ValueError before anything is changed."""
    arrays, metadata = load_arrays(path)
    if "minigrad" not in metadata:
        raise ValueError(f"{path} holds weights but no checkpoint: use load_weights")
    facts = json.loads(metadata["minigrad"])
    if "optimizer" in facts:
        wanted = facts["optimizer"], tuple(facts["slots"])
        if optimizer is None or (optimizer.name, optimizer.slots) != wanted:
            has = (
                "is not compiled"
                if optimizer is None
                else f"has {optimizer.name!r} with {optimizer.slots}"
            )
            raise ValueError(
                f"{path} holds the state of the optimizer {wanted[0]!r} with {wanted[1]}, the model {has}: "
                "compile it with the same one first"
            )
    assign_weights(weights, _weights_among(arrays), str(path))
    generator().bit_generator.state = facts["generator"]
    if "optimizer" in facts and optimizer is not None:
        state = [
            [arrays[f"optimizer/{name}/{slot}"] for slot in facts["slots"]]
            for name in facts["trained"]
        ]
        optimizer.load_state([weights[name] for name in facts["trained"]], state, facts["t"])
        if optimizer.schedule is None:
            optimizer.learning_rate = facts["learning_rate"]
    return int(facts["epoch"])


def load_weights(
    path: str | os.PathLike[str], weights: Mapping[str, Parameter], skip_mismatch: bool = False
) -> None:
    """Read parameters by name, from a checkpoint or a file of weights alone."""
    assign_weights(weights, _weights_among(load_arrays(path)[0]), str(path), skip_mismatch)


def _weights_among(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: a for name, a in arrays.items() if not name.startswith("optimizer/")}
