"""Rule on numbers: where the first value that is not finite stands."""

from __future__ import annotations

import math
import re
from typing import Any

from ...backend import backend
from ...layers import modes
from .recording import Observation
from .rules_steps import norm

# how the model's own search names a layer, or a parameter
IN_LAYER = re.compile(r"^layer ([^:]+):|^(\S+) holds NaN or infinity")


def tell_nan(watcher: Any, observation: Observation | None) -> None:
    """nan_loss: name the place where the first value stands that is not finite.

    Args:
        watcher: Who is told.
        observation: The step, if it was observed.
    """
    if any(f.rule == "nan_loss" for f in watcher.findings):
        return
    where = "" if observation is None else first_not_finite(observation)
    where = where or _path_of_divergence(watcher) or _diagnose(watcher) or "loss"
    watcher.find(
        "nan_loss",
        where,
        "the loss is NaN or infinite, and this is the first place where such a value stands",
        "lower the learning rate, scale the inputs, keep logarithms and divisions away from 0; "
        "`with minigrad.detect_anomaly():` names the op",
    )


def first_not_finite(observation: Observation) -> str:
    """The path of the first layer whose output holds NaN or infinity; "" if none does.

    Args:
        observation: A step.
    """
    for call in observation.calls:
        is_number = call.path and call.y.dtype.kind == "f"
        if is_number and not bool(backend(call.y).isfinite(call.y).all()):
            return str(call.path)
    return ""


def _path_of_divergence(watcher: Any) -> str:
    """The layer that the model's own search has named."""
    found = IN_LAYER.match(getattr(watcher.model, "_divergence", ""))
    if found is None:
        return ""
    if found[2]:
        return str(watcher.parts.layer_path(found[2]))
    return found[1].removeprefix(f"{watcher.parts.name}/")


def _diagnose(watcher: Any) -> str:
    """The layer with a parameter, or an output for the last input, that is not finite."""
    parts = watcher.parts
    for i, p in parts.parameters.items():
        if not math.isfinite(norm(p._array)):
            return str(parts.layer_paths[i])
    if watcher.last_input is None:
        return ""
    outer, watcher.observation = watcher.observation, Observation(watcher.step, parts.paths)
    try:
        with modes.probing():
            watcher.model(watcher.last_input)
        return first_not_finite(watcher.observation)
    except Exception:  # the model does something else without gradients
        return ""
    finally:
        watcher.observation = outer
