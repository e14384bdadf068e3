"""Rules on what layers give and get: dead or saturated units, unscaled inputs, single rows."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from ...backend import Array, backend
from ...engine.graph import base_array
from .recording import Call, Observation
from .rules_steps import norm

STEPS = 3  # observed steps in a row that must agree: one batch may be odd
MOST_STEPS = 16  # of small batches more steps make up the rows
ROWS = 64  # and as many rows in them
LEAST_EQUAL = 4  # rows of a batch that are not equal by chance
RELU = {"relu", "linear_relu"}
# a trained network has up to half of its units idle on a batch; of a dead layer nearly all are
DEAD = 0.8
# the share of outputs at an end; of gates that of all but one: the forget gate of an LSTM has a
# bias of its own, and near 1 alone it is a quarter
SATURATED, SATURATED_GATES = 0.8, 0.7
END = 0.01  # from here on sigmoid and tanh are at their ends: the slope is below 0.02
GATE_ROWS = 16  # of a batch, whose gates are looked at
CANDIDATE = {"lstm": 2, "gru": 2, "gru_reset_before": 2}  # the number of the gate that is a tanh
# inputs in 0..1, -1..1 or standardized have a root mean square of at most 1; pixels in 0..255 of
# more than 50. One column may be heavy-tailed
UNSCALED, UNSCALED_COLUMN = 5.0, 10.0
MOST_COLUMNS = 4096
_WEIGHTED = (
    "linear linear_relu matmul conv2d conv2d_input_grad lstm gru gru_reset_before simple_rnn"
)
WEIGHTED = frozenset(_WEIGHTED.split())


class DeadUnits:
    """dead_relu: units that give 0 for all rows of several observed steps."""

    def __init__(self) -> None:
        self.alive: dict[str, deque[tuple[Array, int]]] = {}

    def look(self, watcher: Any, observation: Observation) -> None:
        """Look at the ReLUs of a step.

        Args:
            watcher: Who is told.
            observation: The step.
        """
        now: dict[str, tuple[Array, int]] = {}
        for call in observation.calls:
            if call.op not in RELU or not call.path or call.y.ndim < 2:
                continue
            alive = call.y.max(tuple(range(call.y.ndim - 1))) > 0
            earlier, rows = now.get(call.path, (alive, 0))
            if earlier.shape == alive.shape:
                now[call.path] = alive | earlier, rows + call.y.size // len(alive)
        for path, seen in now.items():
            series = self.alive.setdefault(path, deque(maxlen=MOST_STEPS))
            series.append(seen)
            self._judge(watcher, path, series)

    def _judge(self, watcher: Any, path: str, series: deque[tuple[Array, int]]) -> None:
        alive, steps, seen = series[-1][0], 0, 0
        for other, rows in reversed(series):
            if other.shape != alive.shape:
                return
            alive, steps, seen = alive | other, steps + 1, seen + rows
            if steps >= STEPS and seen >= ROWS:
                break
        else:  # too few so far
            return
        dead, units = len(alive) - int(alive.sum()), len(alive)
        if dead > DEAD * units:
            watcher.find(
                "dead_relu",
                path,
                f"{dead} of {units} units give 0 for every row, so they get no gradient and learn "
                "no more",
                "lower the learning rate, start biases at 0 and kernels from 'he_normal', scale "
                "the inputs, or use LeakyReLU",
            )


class Saturation:
    """saturated_gates: gates, and hidden sigmoids and tanhs, at their ends."""

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}  # observed steps in a row, by path

    def look(self, watcher: Any, observation: Observation) -> dict[str, float]:
        """Look at the gates, sigmoids and tanhs of a step; returns their shares at an end by path.

        Args:
            watcher: Who is told.
            observation: The step.
        """
        counted: dict[str, list[tuple[float, int]]] = {}
        kinds: dict[str, str] = {}
        ends = {id(base_array(loss.y_pred)) for loss in observation.losses}
        for call in observation.calls:
            if call.path and id(call.layer) not in watcher.parts.ends:
                share = _saturated_share(call)
                if share is not None and id(base_array(call.y)) not in ends:
                    counted.setdefault(call.path, []).append((share, call.y.size))
                    kinds[call.path] = "gates" if call.gates is not None else f"{call.op} outputs"
        shares = {}
        for path, parts in counted.items():
            share = sum(s * n for s, n in parts) / sum(n for _, n in parts)
            shares[path] = share
            limit = SATURATED_GATES if kinds[path] == "gates" else SATURATED
            self.steps[path] = self.steps.get(path, 0) + 1 if share > limit else 0
            if self.steps[path] >= STEPS:
                watcher.find(
                    "saturated_gates",
                    path,
                    f"{share:.0%} of its {kinds[path]} stand at an end, where the gradient "
                    "vanishes",
                    "scale the inputs, begin with smaller weights, or lower the learning rate",
                )
        return shares


def _saturated_share(call: Call) -> float | None:
    """The share at an end; None for an op that has none."""
    if call.gates is not None:
        tanh = CANDIDATE[call.op]
        shares = [
            _share_of_ends(gate[:GATE_ROWS], "tanh" if i == tanh else "sigmoid")
            for i, gate in enumerate(call.gates)
        ]
        return sum(shares) / len(shares)
    if call.op in ("sigmoid", "tanh", "simple_rnn") and call.y.size:
        return _share_of_ends(call.y, "sigmoid" if call.op == "sigmoid" else "tanh")
    return None


def _share_of_ends(y: Array, op: str) -> float:
    from_middle = abs(y - 0.5) * 2 if op == "sigmoid" else abs(y)
    return float((from_middle > 1 - (2 * END if op == "sigmoid" else END)).mean())


class Inputs:
    """unscaled_inputs: large numbers that reach a layer with weights as they are.

    And constant_prediction, where it begins: in rows that are all equal.
    """

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}
        self.equal = 0  # observed steps in a row whose rows were all equal

    def look(self, watcher: Any, observation: Observation) -> None:
        """Look at the inputs of a step.

        Args:
            watcher: Who is told.
            observation: The step.
        """
        self._look_for_equal_rows(watcher, observation.inputs)
        given = {id(base_array(x)) for x in observation.inputs if hasattr(x, "dtype")}
        is_first = True
        for call in observation.calls:
            if call.op not in WEIGHTED or call.path is None:
                continue
            x = call.inputs[0]
            if (is_first or id(base_array(x)) in given) and _trains(call.layer):
                self._judge(watcher, call.path, x)
            is_first = False

    def _look_for_equal_rows(self, watcher: Any, inputs: list[Any]) -> None:
        are_equal = bool(inputs) and all(map(has_equal_rows, inputs))
        self.equal = self.equal + 1 if are_equal else 0
        if self.equal >= STEPS - 1:
            watcher.find(
                "constant_prediction",
                "x",
                "all rows of a batch are equal, so its predictions are equal as well",
                "look at what the model gets, print(x[:3]): a loader may give one row again and "
                "again, and a division of integers may leave zeros",
            )

    def _judge(self, watcher: Any, path: str, x: Any) -> None:
        scale = input_scale(x)
        self.steps[path] = self.steps.get(path, 0) + 1 if scale > 1 else 0
        if self.steps[path] >= STEPS - 1:
            low, high = float(x.min()), float(x.max())
            watcher.find(
                "unscaled_inputs",
                "x",
                f"inputs from {low:.4g} to {high:.4g} reach {path} as they are",
                "scale them: pixels by x / 255, columns by their mean and standard deviation over "
                "the training rows (sklearn's StandardScaler)",
            )


def has_equal_rows(x: Any) -> bool:
    """True for several rows of several numbers that are all equal.

    Args:
        x: Inputs, an array.

    Example:
        >>> has_equal_rows(np.ones((4, 2))), has_equal_rows(np.eye(4))
        (True, False)
    """
    if not hasattr(x, "dtype") or x.ndim < 2 or len(x) < LEAST_EQUAL or x[0].size < 2:
        return False
    return bool((x == x[:1]).all())


def input_scale(x: Any) -> float:
    """How far the root mean square of inputs, or of one column, is beyond what is scaled.

    Args:
        x: Inputs, an array.
    """
    if not hasattr(x, "dtype") or x.dtype.kind != "f" or x.ndim < 2 or not x.size:
        return 0.0
    scale = norm(x) / math.sqrt(x.size) / UNSCALED
    if x.ndim == 2 and x.shape[-1] <= MOST_COLUMNS:
        columns = (x * x).mean(0)
        scale = max(scale, math.sqrt(float(columns.max())) / UNSCALED_COLUMN)
    return scale if math.isfinite(scale) else 0.0


def _trains(layer: Any) -> bool:
    """True if a layer has parameters that are trained."""
    return bool(layer.trainable) and any(p.trainable for p in layer.weights)


def look_at_rows(watcher: Any, rows: int, layers: list[tuple[str, Any]]) -> None:
    """batch_norm_on_one_row: a batch of one row in training.

    Args:
        watcher: Who is told.
        rows: Rows of the batch.
        layers: (path, layer) for each batch normalization.
    """
    learning = [path for path, layer in layers if rows == 1 and layer.trainable]
    for path in learning[:1]:
        watcher.find(
            "batch_norm_on_one_row",
            path,
            "it normalizes a batch of one row by the mean and variance of that row",
            "give larger batches (drop_last=True leaves out a last one of one row), or use "
            "LayerNormalization or GroupNormalization",
        )


def activation_statistics(call: Call) -> tuple[float, float, float]:
    """(mean, standard deviation, share of zeros) of the output of a layer.

    Args:
        call: The last call of an op in the layer.
    """
    y = call.y
    xp = backend(y)
    if y.dtype.kind != "f" or not y.size:
        return 0.0, 0.0, 0.0
    zero = 1 - float(xp.count_nonzero(y)) / y.size
    mean = float(y.mean())
    square = norm(y) ** 2 / y.size
    return mean, math.sqrt(max(0.0, square - mean**2)), zero
