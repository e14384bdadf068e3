"""Rules on what a loss gets: probabilities, logits, softmax twice or over one unit."""

from __future__ import annotations

from typing import Any

from ...backend import Array, to_cpu
from ...layers import Activation, Dense, Dropout, Softmax
from .recording import Call, LossCall, Observation

TOLERANCE = 1e-3  # by which probabilities may miss 0..1, and their sum 1, by rounding
SOFTMAX = {"softmax", "log_softmax"}
# scores that stay strictly in 0..1 for as many observed steps and rows are no logits: training
# drives those of both classes apart, to both signs
STEPS, ROWS = 5, 64
FAR = 0.1  # by which the sums of most rows miss 1, where classes get no probabilities
OF_CLASSES = ("sparse", "categorical", "cross_entropy")


class Outputs:
    """probabilities_to_logits_loss, logits_to_probability_loss and the rules on softmax."""

    def __init__(self) -> None:
        self.inside: list[int] = []  # rows of the last steps whose logits were all in 0..1

    def look(self, watcher: Any, observation: Observation) -> None:
        """Look at the losses and softmaxes of a step.

        Args:
            watcher: Who is told.
            observation: The step.
        """
        for loss in observation.losses:
            if loss.from_logits:
                self._look_for_probabilities(watcher, observation, loss)
            elif loss.from_logits is False or loss.name == "kl_divergence":
                _look_for_logits(watcher, loss)
            _look_for_one_class(watcher, loss)
        for call in observation.calls:
            if call.op in SOFTMAX:
                _look_at_softmax(watcher, observation, call)

    def _look_for_probabilities(
        self, watcher: Any, observation: Observation, loss: LossCall
    ) -> None:
        """A loss on logits that gets what softmax or sigmoid made."""
        made_by = loss.made_by or _made_by(observation, loss.y_pred)
        if not made_by and _are_distributions(loss.y_pred):
            made_by = "softmax"
        if not made_by and not loss.name.startswith(OF_CLASSES):
            p = loss.y_pred
            is_inside = p.size > 0 and float(p.min()) > 0 and float(p.max()) < 1
            self.inside = [*self.inside, len(p)] if is_inside else []
            made_by = "sigmoid" if len(self.inside) >= STEPS and sum(self.inside) >= ROWS else ""
        if made_by:
            watcher.find(
                "probabilities_to_logits_loss",
                "loss",
                f"{loss.name} expects logits, but gets probabilities, as a {made_by} gives them: "
                f"the {made_by} is applied twice, and gradients shrink",
                f"take the {made_by} out of the model, or set from_logits=False",
            )


def _made_by(observation: Observation, y_pred: Array) -> str:
    """softmax or sigmoid, if such an op has made the predictions, else ""."""
    call = observation.producer(y_pred)
    return call.op if call is not None and call.op in ("softmax", "sigmoid") else ""


def _are_distributions(y: Array) -> bool:
    """True for at least two rows, of two or more numbers from 0 on, that add up to 1."""
    if y.ndim < 2 or y.shape[-1] < 2 or y.size < 2 * y.shape[-1] or y.dtype.kind != "f":
        return False
    if float(y.min()) < 0:
        return False
    sums = y.sum(-1)
    return float(abs(sums - 1).max()) < TOLERANCE and float(y.max()) < 1


def _look_for_logits(watcher: Any, loss: LossCall) -> None:
    """A loss on probabilities that gets other numbers."""
    p = loss.y_pred
    if not p.size or p.dtype.kind != "f":
        return
    low, high = float(p.min()), float(p.max())
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        watcher.find(
            "logits_to_probability_loss",
            "loss",
            f"{loss.name} expects probabilities, but gets numbers from {low:.3g} to {high:.3g}",
            "give the loss from_logits=True, or end the model with a "
            + ("softmax" if loss.name.startswith(OF_CLASSES) else "sigmoid"),
        )
    elif loss.name.startswith(OF_CLASSES) and p.ndim == 2 and p.shape[-1] > 1:
        _look_at_sums(watcher, loss)


def _look_at_sums(watcher: Any, loss: LossCall) -> None:
    """Numbers in 0..1 that are no probabilities of classes: most rows do not add up to 1."""
    sums = to_cpu(loss.y_pred).sum(-1)
    if (abs(sums - 1) > FAR).mean() > 0.5:
        watcher.find(
            "logits_to_probability_loss",
            "loss",
            f"{loss.name} expects probabilities of classes, but gets rows that add up to "
            f"{sums.min():.3g} to {sums.max():.3g}, not to 1",
            "end the model with a softmax, or give the loss from_logits=True and no activation "
            "before it",
        )


def _look_for_one_class(watcher: Any, loss: LossCall) -> None:
    """A loss over classes on one output."""
    is_over_classes = loss.name.startswith(OF_CLASSES) and loss.from_logits is not None
    if is_over_classes and loss.y_pred.ndim >= 2 and loss.y_pred.shape[-1] == 1:
        _tell_one_unit(watcher, "loss", f"{loss.name} normalizes over classes")


def _tell_one_unit(watcher: Any, where: str, subject: str) -> None:
    watcher.find(
        "softmax_over_one_unit",
        where,
        f"{subject}, but there is one unit: its probability is 1, whatever the input, so nothing "
        "is learned",
        "write Dense(1, activation='sigmoid') with the loss 'binary_crossentropy'",
    )


def _look_at_softmax(watcher: Any, observation: Observation, call: Call) -> None:
    """A softmax of a softmax, or over one unit."""
    x, axis = call.inputs[0], call.settings.get("axis", -1)
    if not hasattr(x, "shape") or not isinstance(axis, int) or not x.ndim:
        return
    where = call.path or (call.layer is not None and call.layer.name) or "y_pred"
    is_output = x.ndim == 2 or isinstance(call.layer, (Dense, Activation, Softmax))
    is_own = not type(call.layer).__module__.startswith("minigrad.layers.")
    if x.shape[axis] == 1:
        if is_output or (is_own and x.ndim == 3 and x.shape[1] > 1):  # scores (N, T, 1)
            _tell_one_unit(watcher, where, "a softmax is taken")
        return
    is_last = axis in (-1, x.ndim - 1)
    source = observation.producer(x)
    if source is not None and isinstance(source.layer, Dropout):
        source = observation.producer(source.inputs[0])
    if is_output and source is not None and source.op in ("multiply", "dropout"):
        source = observation.producer(source.inputs[0])
    is_twice = call.made_by == "softmax" or (source is not None and source.op == "softmax")
    if is_twice or (is_output and is_last and _are_distributions(to_cpu(x))):
        watcher.find(
            "softmax_twice",
            where,
            "a softmax is taken of probabilities that come out of a softmax: they become nearly "
            "equal, and gradients shrink",
            "take one of both out; a loss with from_logits=True has its own",
        )
