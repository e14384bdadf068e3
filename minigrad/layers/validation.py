"""Checks of arguments and input shapes that several layers share; each says what would fit."""

from __future__ import annotations

from typing import Any

EXPECTED = {
    2: "one step of shape (N, C)",
    3: "sequences of shape (N, T, C)",
    4: "images of shape (N, H, W, C), channels last",
}

# (rank expected, rank found): how to write it
HINTS = {
    (2, 3): ": sequences go through RNN(cell)",
    (3, 1): ": one plain sequence x goes in as x[None, :, None]",
    (3, 2): ": one sequence x goes in as x[None], a batch of plain ones as x[..., None]",
    (4, 2): ": one gray image x goes in as x[None, ..., None]",
    (4, 3): ": one image x goes in as x[None], a batch of gray ones as x[..., None]",
}


def check_rank(layer: Any, shape: tuple[int, ...], rank: int) -> None:
    """Raise ValueError unless an input of `layer` has `rank` axes."""
    if len(shape) != rank:
        hint = HINTS.get((rank, len(shape)), "")
        raise ValueError(f"{type(layer).__name__} expects {EXPECTED[rank]}, got {shape}{hint}")


def check_features(layer: Any, shape: tuple[int, ...], features: int) -> None:
    """Raise ValueError unless the last axis has as many features as when the layer was built."""
    if not shape or shape[-1] != features:
        raise ValueError(
            f"{type(layer).__name__} was built for {features} features, "
            f"got an input of shape {shape}"
        )


def positive_integer(layer: Any, name: str, value: Any) -> int:
    """The argument called `name` as an int; raises ValueError unless it is a positive integer."""
    if not hasattr(value, "__index__") or value < 1:
        raise ValueError(
            f"{type(layer).__name__}: {name} must be a positive integer, not {value!r}"
        )
    return int(value)


def check_rate(layer: Any, name: str, value: float) -> None:
    """Raise ValueError unless the argument called `name` is a fraction to drop."""
    if not 0 <= value < 1:
        raise ValueError(
            f"{type(layer).__name__}: {name} must be in [0, 1), not {value!r}: "
            "a rate of 1 drops everything"
        )


def check_data_format(data_format: str | None) -> None:
    """Raise ValueError for any layout but channels last."""
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"data_format must be 'channels_last', (N, H, W, C), not {data_format!r}: "
            "transpose such data to (0, 2, 3, 1)"
        )


def refuse_tensor(module: Any, name: str) -> None:
    """Raise TypeError for the attribute called `name`, a Tensor with a gradient, no Parameter."""
    raise TypeError(
        f"{type(module).__name__}.{name} is a Tensor with requires_grad=True, which no optimizer "
        f"would train: write self.{name} = Parameter(values), or self.add_weight(shape, "
        f"initializer) in build; without a gradient, self.{name} = values.detach()"
    )


def check_set(name: str, values: Any, kinds: tuple[type, ...]) -> None:
    """Raise TypeError for a set of layers or parameters."""
    if any(isinstance(value, kinds) for value in values):
        raise TypeError(
            f"{name} is a set, which has no order, so weights would change places from run to run: "
            "make it a list"
        )


def add_path(error: Exception, name: str) -> None:
    """Put the layer's name before an error's message; outer layers add theirs before it."""
    path, problem = getattr(error, "layer_path", None), getattr(error, "problem", None)
    if path is None:
        path, problem = name, str(error)
    else:
        path = f"{name}/{path}"
    error.layer_path, error.problem = path, problem  # type: ignore[attr-defined]
    error.args = (f"layer {path}: {problem}",)
