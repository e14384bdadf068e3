"""Losses and metrics of models with several outputs: one of each per output, by name or place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import losses
from ..metrics import Metric
from ..utils.registry import lookup
from ..utils.structures import is_structure
from .data_errors import as_rows


def pick(structure: Any, i: int, names: Sequence[str]) -> Any:
    """What belongs to the output with number i: an item of a list or dict, or what is for all.

    Args:
        structure: A list or tuple in the order of the outputs, a dict by their names, or one thing.
        i: The number of the output.
        names: The names of the outputs.

    Example:
        >>> pick({"a": 1, "b": 2}, 1, ["a", "b"]), pick([3, 4], 1, ["a", "b"])
        (2, 4)
    """
    if isinstance(structure, dict):
        return structure[names[i]]
    return structure[i] if isinstance(structure, (list, tuple)) else structure


def pick_output(y_pred: Any, i: int, names: Sequence[str]) -> Any:
    """The output with number i of what a model returned: by its name, else by its place.

    Args:
        y_pred: All outputs, a list, tuple or dict.
        i: The number of the output.
        names: The names of the outputs.

    Example:
        >>> pick_output({"b": 2, "a": 1}, 0, ["a", "b"]), pick_output({"x": 5}, 0, ["output_1"])
        (1, 5)
    """
    if isinstance(y_pred, dict) and names[i] not in y_pred:
        y_pred = list(y_pred.values())
    return pick(y_pred, i, names)


def spread(given: Any, names: Sequence[str], argument: str) -> list[Any]:
    """A loss, weight or metric for each output, None where there is none.

    Args:
        given: A list in the order of the outputs, a dict by their names, or one for all.
        names: The names of the outputs.
        argument: "loss", "loss_weights" or "metrics", for errors.

    Raises:
        ValueError: If a name is that of no output, or there are too few or too many.

    Example:
        >>> spread({"b": "mse"}, ["a", "b"], "loss"), spread("mae", ["a", "b"], "loss")
        ([None, 'mse'], ['mae', 'mae'])
    """
    if isinstance(given, dict):
        for name in given:
            lookup(name, dict.fromkeys(names), f"output in {argument}")
        return [given.get(name) for name in names]
    if not isinstance(given, (list, tuple)):
        return [given] * len(names)
    if len(given) != len(names):
        raise ValueError(
            f"{argument} lists {len(given)} for {len(names)} outputs ({', '.join(names)}): one for "
            f"each, None for none, or a dict by their names, {{{names[0]!r}: ...}}"
        )
    return list(given)


class OutputLosses:
    """The weighted sum of the losses of several outputs.

    Args:
        names: The names of the outputs.
        chosen: A loss for each, None for none.
        weights: A weight for each, None for 1.

    Raises:
        ValueError: If there is no loss, or a weight is no number.

    Example:
        >>> both = OutputLosses(["a", "b"], [losses.get("mse"), losses.get("mse")], [None, 0.5])
        >>> y, y_pred = [np.zeros((1, 1))] * 2, [minigrad.Tensor([[1.0]]), minigrad.Tensor([[2.0]])]
        >>> both(y, y_pred).item(), {name: loss.item() for name, loss in both.output_values.items()}
        (3.0, {'a_loss': 1.0, 'b_loss': 4.0})
    """

    def __init__(self, names: Sequence[str], chosen: Sequence[Any], weights: Sequence[Any]) -> None:
        if all(loss is None for loss in chosen):
            raise ValueError(f"loss: none of the outputs ({', '.join(names)}) has one")
        for weight in weights:
            if weight is not None and not hasattr(weight, "__float__"):
                raise ValueError(
                    f"loss_weights must be numbers, got {weight!r}; metrics go by keyword, "
                    "metrics=[...]"
                )
        self.names = list(names)
        self.losses = list(chosen)
        self.weights = [1.0 if weight is None else float(weight) for weight in weights]
        self.output_values: dict[str, Any] = {}  # of the last batch, unweighted

    def expect_targets(self, y_true: Any) -> None:
        """Have the targets of a training checked with its first batch.

        Args:
            y_true: All targets, or None.
        """
        for loss in self.losses:
            if isinstance(loss, losses.Loss):
                loss.expect_targets(None)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch.

        Args:
            y_true: Targets of each output, by place or name.
            y_pred: Outputs, by place or name.
            sample_weight: Weights of the rows, for all outputs or of each; None for 1.

        Raises:
            ValueError: If targets do not fit an output, which is named.
        """
        values: dict[str, Any] = {}
        total: Any = 0.0
        for i, (name, loss, weight) in enumerate(zip(self.names, self.losses, self.weights)):
            if loss is None:
                continue
            output = pick_output(y_pred, i, self.names)
            try:
                y = losses.match_target_shape(pick(y_true, i, self.names), output)
                value = loss(y, output, pick(sample_weight, i, self.names))
            except (ValueError, IndexError, KeyError) as error:
                error.args = (f"output {name!r}: {error}",)
                raise
            if len(self.names) > 1:
                values[f"{name}_loss"] = value
            total = total + weight * value
        self.output_values = values
        return total


class OutputMetric(Metric):
    """A metric of one output among several.

    Args:
        metric: The metric; its name gets that of the output in front, if there are others.
        names: The names of the outputs.
        i: The number of the output.

    Example:
        >>> from minigrad.metrics import MeanSquaredError
        >>> metric = OutputMetric(MeanSquaredError(name="mse"), ["a", "b"], 1)
        >>> metric.update_state([np.zeros((1, 1))] * 2, [np.zeros((1, 1)), np.ones((1, 1))])
        >>> metric.name, metric.result()
        ('b_mse', 1.0)
    """

    def __init__(self, metric: Metric, names: Sequence[str], i: int) -> None:
        super().__init__(f"{names[i]}_{metric.name}" if len(names) > 1 else metric.name)
        self.metric = metric
        self.names = list(names)
        self.i = i

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add one batch.

        Args:
            y_true: Targets of all outputs.
            y_pred: All outputs.
            sample_weight: Weights of the rows, or None.
        """
        output = pick_output(y_pred, self.i, self.names)
        y = losses.match_target_shape(pick(y_true, self.i, self.names), output)
        weight = pick(sample_weight, self.i, self.names)
        if weight is None:
            self.metric.update_state(y, output)
        else:
            self.metric.update_state(y, output, weight)

    def result(self) -> Any:
        """The value since the last reset."""
        return self.metric.result()

    def reset_state(self) -> None:
        """Start afresh."""
        self.metric.reset_state()


def output_losses(
    names: Sequence[str], loss: Any, loss_weights: Any, get: Callable[[Any], Any], in_dict: bool
) -> Any:
    """The loss of a model: of one output as it is, of several an OutputLosses; None for none.

    Args:
        names: The names of the outputs; empty where a subclass does not say them.
        loss: A loss, or a list or dict of them.
        loss_weights: A number, or a list or dict of them; None for 1.
        get: Function from a name, class or object to a loss.
        in_dict: Whether outputs come in a dict, even a single one.

    Raises:
        ValueError: If they do not fit the outputs.
    """
    if loss is None:
        return None
    names = names or names_in(loss)
    if len(names) <= 1 and loss_weights is None and not in_dict:
        return get(pick(loss, 0, names))
    chosen = [None if item is None else get(item) for item in spread(loss, names, "loss")]
    return OutputLosses(names, chosen, spread(loss_weights, names, "loss_weights"))


def output_metrics(
    names: Sequence[str], chosen: Any, loss: Any, get: Callable[[Any, Any], Metric]
) -> list[Metric]:
    """The metrics of a model.

    Args:
        names: The names of the outputs; empty where a subclass does not say them.
        chosen: Metrics of the one output; of several a list or dict of a metric or list for each.
        loss: What `output_losses` returned.
        get: Function of a metric and the loss that makes a Metric.

    Raises:
        ValueError: If they do not fit the outputs.
    """
    if chosen is None:
        return []
    of_outputs = isinstance(loss, OutputLosses)
    names = loss.names if of_outputs else names or ["output"]
    if len(names) == 1:
        only = pick(chosen, 0, names) if isinstance(chosen, dict) else chosen
        made = [get(item, loss.losses[0] if of_outputs else loss) for item in _flat(only)]
        return [OutputMetric(metric, names, 0) for metric in made] if of_outputs else made
    found: list[Metric] = []
    for i, own in enumerate(spread(chosen, names, "metrics")):
        of_output = loss.losses[i] if of_outputs else loss
        found += [OutputMetric(get(item, of_output), names, i) for item in _flat(own)]
    return sorted(found, key=lambda metric: metric.name)  # the order of evaluate in Keras


def _flat(chosen: Any) -> list[Any]:
    """One metric, or nested lists of them, as a list."""
    if chosen is None:
        return []
    if isinstance(chosen, (list, tuple)):
        return [item for part in chosen for item in _flat(part)]
    return [chosen]


def names_in(loss: Any) -> list[str]:
    """Names for the outputs of a model that does not say them, as many as there are losses.

    Args:
        loss: A loss, or a list or dict of them.

    Example:
        >>> names_in(["mse", "mae"]), names_in({"a": "mse"})
        (['output_1', 'output_2'], ['a'])
    """
    if isinstance(loss, dict):
        return list(loss)
    count = len(loss) if isinstance(loss, (list, tuple)) else 1
    return [f"output_{i + 1}" for i in range(count)]


def parts_by_output(names: Sequence[str], part: Any, name: str) -> Any:
    """Targets or weights for each output, as arrays; weights may also serve all outputs.

    Args:
        names: The names of the outputs.
        part: What was given: a list, tuple or dict of arrays.
        name: "y" or "sample_weight", for the error.

    Raises:
        ValueError: If it is none, or does not fit the outputs in number or names.

    Example:
        >>> parts_by_output(["a", "b"], {"a": [1.0, 2.0], "b": [0, 1]}, "y")["b"]
        array([0, 1])
    """
    if len(names) == 1 or (name.endswith("sample_weight") and not is_structure(part)):
        return part
    keys = list(part) if isinstance(part, dict) else list(range(len(part)))
    is_dict = isinstance(part, dict)
    fits = set(keys) == set(names) if is_dict else len(keys) == len(names)
    if not fits or not isinstance(part, (dict, list, tuple)):
        given = f"the keys {keys}" if is_dict else f"{len(keys)} rows or items"
        raise ValueError(
            f"the model has {len(names)} outputs ({', '.join(names)}): {name} is a list of "
            f"{len(names)} arrays, or a dict by these names, got {given}"
        )
    arrays = {key: as_rows(part[key], f"{name}[{key!r}]") for key in keys}
    return arrays if is_dict else list(arrays.values())
