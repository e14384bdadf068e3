"""What went wrong in a training step: a loss cut off from the parameters, or one that diverges."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import Array, backend
from ..engine.anomaly import detect_anomaly, trace_cuts
from ..engine.autograd import no_grad
from ..layers.modes import training

if TYPE_CHECKING:
    from .model import Model


# ---- parameters that the loss does not reach -----------------------------------------------------


def report_unreached(model: Model, gradients: Sequence[Any], batch: tuple[Any, Any, Any]) -> None:
    """Warn, once for each, of parameters without a gradient.

    Args:
        model: The model whose step it is.
        gradients: The gradients of `model.trained()`, None for a parameter without.
        batch: (x, y, sample_weight) of the step, None for what is missing.

    Raises:
        ValueError: If no parameter has a gradient; it says what cut off the loss.
    """
    if all(g is None for g in gradients):
        raise ValueError(
            f"the loss reaches no parameter, so nothing would be trained: {_find_cut(model, batch)}"
        )
    unreached = {id(p) for p, g in zip(model.trained(), gradients) if g is None}
    if unreached <= model._told_unreached:
        return
    told, model._told_unreached = model._told_unreached, model._told_unreached | unreached
    names = [name for name, p in model.named_weights().items() if id(p) in unreached - told]
    warnings.warn(
        f"the loss does not reach {len(names)} of {len(gradients)} parameters, which stay as they "
        f"are: {', '.join(names)}. `call` may leave out their layers, or cut them off by .data, "
        ".numpy(), no_grad or an op without gradient; if that is meant, say so by "
        "layer.trainable = False before compile",
        stacklevel=2,
    )


def _find_cut(model: Model, batch: tuple[Any, Any, Any]) -> str:
    """Where the loss of a batch leaves the graph, found by computing it once more."""
    x, y, sample_weight = batch
    with trace_cuts() as cuts, training():
        y_pred = model(x)
        loss = model.compute_loss(x, y, y_pred, sample_weight)
    if getattr(y_pred, "node", None) is None:
        where, values = "the model", y_pred
    else:
        name = getattr(model.loss, "name", None) or getattr(model.loss, "__name__", "compute_loss")
        where, values = f"the loss {name}", loss
    cause = cuts.origin(values) or (
        "values left the graph (.data, .numpy(), float()) and came back as plain numbers"
    )
    return f"in {where}, {cause}. Compute with Tensors and minigrad's ops all the way"


# ---- a loss that is not finite -------------------------------------------------------------------


def describe_divergence(model: Model, batch: tuple[Any, Any, Any]) -> str:
    """Where the first NaN or infinity of a batch stands: in a parameter, a layer or the loss.

    Args:
        model: The model, before the step that the batch would make.
        batch: (x, y, sample_weight) of the step, None for what is missing.
    """
    in_parameters = nonfinite_parameter(model)
    if in_parameters:
        return in_parameters
    x, y, sample_weight = batch
    try:
        with detect_anomaly(), no_grad(), np.errstate(all="ignore"):
            model.compute_loss(x, y, model(x), sample_weight)
    except FloatingPointError as error:
        return str(error)
    return "its first NaN or infinity stands in the loss"


def nonfinite_parameter(model: Model) -> str:
    """Which parameter of a model is the first with NaN or infinity; "" for none.

    Args:
        model: The model.
    """
    for name, p in model.named_weights().items():
        if not _is_finite(p.data):
            return f"{name} holds NaN or infinity since an earlier step"
    return ""


def warn_of_divergence(model: Model, epoch: int, batch: int, loss: float) -> None:
    """Warn, once in a fit, that the loss is not finite: when, where, and what to try.

    Args:
        model: The model that is trained.
        epoch: Number of the epoch, from 0.
        batch: Number of the batch, from 0.
        loss: The loss.
    """
    if model._has_diverged:
        return
    model._has_diverged = True
    where = model._divergence or nonfinite_parameter(model) or "a step of its own computed it"
    rate = getattr(getattr(model, "optimizer", None), "learning_rate", None)
    warnings.warn(
        f"training diverges: the loss is {loss} in epoch {epoch + 1}, batch {batch + 1}; {where}. "
        f"Try a lower learning rate (now {rate}), clipnorm=1.0 in the optimizer, inputs scaled to "
        "about -1..1; `with minigrad.detect_anomaly():` around fit stops at the op where it begins",
        stacklevel=2,
    )


def _is_finite(a: Array) -> bool:
    return bool(backend(a).isfinite(a).all())
