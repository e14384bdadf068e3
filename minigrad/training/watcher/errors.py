"""What an error of the library tells the watcher: it is noted, and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...engine import autograd
from ...engine.autograd import Primitive
from ...optimizers.interface import OptimizerInterface
from ..diagnosis import report_unreached
from .recording import LOSS_CALL, LOSS_FUNCTIONS, LOSS_OPS, as_array, loss_call
from .rules_labels import judge_refused

NOT_REACHED = {
    report_unreached.__code__,
    autograd._check_all_found.__code__,
    autograd.backward.__code__,
    OptimizerInterface.apply_gradients.__code__,
}
OP_CALL = Primitive.__call__.__code__
NAMES = {"sparse_cross_entropy": "sparse", "cross_entropy": "categorical"}


def explain(watcher: Any, error: BaseException) -> None:
    """Keep a finding of an error that a rule knows.

    Args:
        watcher: Who is told.
        error: What was raised in a step.
    """
    if not isinstance(error, (ValueError, IndexError)):
        return
    frames = list(_frames(error))
    if frames and frames[-1].f_code in NOT_REACHED:
        if "reaches no" in str(error) or "depend" in str(error) or "no gradient of" in str(error):
            _tell_unreached(watcher, frames[-1], error)
        return
    for name, y_true, y_pred in _losses_in(frames):
        y_true = watcher.rows.targets_like(y_true, y_pred)
        verdict = judge_refused(name, y_true, y_pred)
        if verdict is not None:
            watcher.find(verdict.rule, "y", verdict.message, verdict.advice, is_said=True)
            return


def _tell_unreached(watcher: Any, frame: Any, error: BaseException) -> None:
    watcher.find(
        "unreached_parameters",
        "loss",
        str(error).partition("\n")[0].rstrip("."),
        "compute the loss with Tensors and minigrad's ops all the way from the parameters",
        is_said=True,
    )


def _frames(error: BaseException) -> Iterator[Any]:
    """The frames that an error came through, the outermost first."""
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _losses_in(frames: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """(name, targets, predictions) for each call of a loss among the frames, outermost first."""
    for frame in frames:
        given = frame.f_locals
        if frame.f_code is LOSS_CALL or frame.f_code in LOSS_FUNCTIONS:
            known = loss_call(frame)
            if known is not None:
                yield known.name, known.y_true, known.y_pred
        elif frame.f_code is OP_CALL and given["self"].name in LOSS_OPS and len(given["args"]) > 1:
            y_pred, y_true = (as_array(a) for a in given["args"][:2])
            if y_true is not None and y_pred is not None:
                name = given["self"].name
                yield NAMES.get(name, name), y_true, y_pred
