"""The check that all processes hold the same model, optimizer and generator."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np

from ..arguments import explains_arguments
from ..backend import to_cpu
from ..config import settings
from ..generators import generator
from ..optimizers.base import Optimizer

SHOWN = 3  # differences per process in an error


@explains_arguments
def state_hashes(model: Any) -> dict[str, str]:
    """What must be equal in all processes, by name: shape and dtype with a hash of the values.

    Args:
        model: A model, compiled or not.

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(2,)))
        >>> [text.split()[0] for text in state_hashes(model).values()][:2]
        ['float32(2,', 'float32(1,)']
    """
    weights = model.named_weights() if model.built else {}
    names = {id(p): name for name, p in weights.items()}
    found = {name: _hash(p.data) for name, p in weights.items()}
    for key, optimizer in vars(model).items():
        if isinstance(optimizer, Optimizer):
            found[f"the steps of the {key}"] = str(optimizer.calls)
            for p, state in zip(optimizer.parameters, optimizer.state()):
                for slot, array in zip(optimizer.state_names, state):
                    found[f"{names.get(id(p), '?')}, {slot} of the {key}"] = _hash(array)
    for path, layer in model.named_layers():
        state = layer.get_state()
        if state:
            found[f"the state of {path}"] = _digest(repr(_plain(state)).encode())
    found["the generator of minigrad.seed"] = _digest(
        repr(_plain(generator().bit_generator.state)).encode()
    )
    return found


def _plain(state: Any) -> Any:
    """A state without the half of a number that a generator has given out already."""
    if not isinstance(state, Mapping):
        return state
    plain = {key: _plain(value) for key, value in state.items()}
    return plain | {"uinteger": 0} if plain.get("has_uint32") == 0 else plain


def _hash(array: Any) -> str:
    array = np.ascontiguousarray(to_cpu(array))
    return f"{array.dtype}{array.shape} {_digest(array.data)}"


def _digest(data: Any) -> str:
    return blake2b(data, digest_size=8).hexdigest()


@explains_arguments
def check_equal_state(model: Any, plan: Mapping[str, Any] | None = None, group: Any = None) -> None:
    """Compare weights, optimizer, layers' states and generator of all processes; each calls it.

    Args:
        model: The model.
        plan: What else must be equal, by name.
        group: The processes; None for those of `initialize`.

    Raises:
        ValueError: In every process, if one differs from the first; it says where.

    Example:
        >>> check_equal_state(minigrad.Sequential())
    """
    group = group or settings.process_group
    if group is None:
        return
    own = state_hashes(model) | {name: str(value) for name, value in (plan or {}).items()}
    digests = group.gather(_digest(repr(own).encode()))
    if len(set(digests)) == 1:
        return
    first, *others = group.gather(own)
    lines = [_difference(i, first, other) for i, other in enumerate(others, 1) if other != first]
    raise ValueError(
        "the processes that train together differ: "
        + "; ".join(lines)
        + ". Every one of them builds the same model after the same minigrad.seed(...), loads the "
        "same files and gives fit all rows; none may depend on its rank"
    )


def _difference(rank: int, first: dict[str, str], other: dict[str, str]) -> str:
    """Where a process differs from the first."""
    names = [name for name in {**first, **other} if first.get(name) != other.get(name)]
    shown = [
        f"{name} is {_shown(other.get(name))} in process {rank}, {_shown(first.get(name))} in 0"
        for name in names[:SHOWN]
    ]
    more = f", and {len(names) - SHOWN} more differ" if len(names) > SHOWN else ""
    return ", ".join(shown) + more


def _shown(value: str | None) -> str:
    """A value in an error: an array as its shape and hash."""
    return "missing" if value is None else value
