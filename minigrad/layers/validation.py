"""Checks of arguments and input shapes that several layers share; each says what would fit."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..arguments import nearest
from ..ops.windows import pair, parse_padding
from ..utils.structures import is_structure, iter_leaves

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
        hint = HINTS.get((rank, len(shape)), "") + _flat_images_hint(shape, rank)
        raise ValueError(f"{type(layer).__name__} expects {EXPECTED[rank]}, got {shape}{hint}")


def _flat_images_hint(shape: tuple[int, ...], rank: int) -> str:
    """How to write square gray images that were flattened."""
    side = math.isqrt(shape[-1]) if (len(shape), rank) == (2, 4) else 0
    is_square = side > 1 and side * side == shape[-1]
    return f", a batch of flat ones as x.reshape(-1, {side}, {side}, 1)" if is_square else ""


def check_features(layer: Any, shape: tuple[int, ...], features: int) -> None:
    """Raise ValueError unless the last axis has as many features as when the layer was built."""
    if len(shape) < 2 or shape[-1] != features:
        raise ValueError(
            f"{type(layer).__name__} was built for {features} features, "
            f"got an input of shape {shape}{_features_hint(shape, features)}"
        )


def _features_hint(shape: tuple[int, ...], features: int) -> str:
    """How to write an input whose last axis does not hold the features."""
    if shape == (features,):
        return ": one sample x goes in as x[None]"
    if len(shape) == 1 and features == 1:
        return ": a batch of plain numbers goes in as x[:, None]"
    if len(shape) > 2 and math.prod(shape[1:]) == features:
        return ": flatten it, by Flatten() as the first layer or x.reshape(len(x), -1)"
    if len(shape) == 4 and shape[1] == features:
        return ": channels come last here, x.transpose(0, 2, 3, 1)"
    if len(shape) == 3 and shape[1] == features:
        return ": features come last here, x.transpose(0, 2, 1)"
    return ""


def describe_no_layer(value: Any) -> str:
    """What stands in the place of a layer, and what to write instead."""
    if isinstance(value, type):
        return f"the class {value.__name__}: write {value.__name__}(...)"
    if isinstance(value, str):
        return f"the text {value!r}: write a layer, Dense(10), or Activation({value!r})"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} inside: write one list, [*first, *second]"
    if isinstance(value, Iterator):
        return f"a {type(value).__name__}: write list(...) around it"
    if callable(value):
        return f"the function {getattr(value, '__name__', value)!r}: wrap a function in Lambda"
    shape = (
        f" of shape {value.shape}: arrays go to fit, not to layers"
        if hasattr(value, "shape")
        else ""
    )
    return f"{type(value).__name__}{shape}" if shape else repr(value)


# ---- arguments -----------------------------------------------------------------------------------


def positive_integer(layer: Any, name: str, value: Any) -> int:
    """The argument called `name` as an int; raises ValueError unless it is a positive integer."""
    if not is_integer(value) or value < 1:
        raise ValueError(
            f"{type(layer).__name__}: {name} must be a positive integer, not {value!r}"
            f"{_number_hint(name, value)}"
        )
    return int(value)


def is_integer(value: Any) -> bool:
    """True for a whole number of any integer type; a bool is none."""
    return hasattr(value, "__index__") and not isinstance(value, bool)


def positive_pair(layer: Any, name: str, value: Any) -> tuple[int, int]:
    """The argument called `name`, a positive integer or two of them, as (height, width)."""
    try:
        return pair(value, name)
    except ValueError as error:
        hint = _number_hint(name, value)
        raise ValueError(f"{type(layer).__name__}: {error}{hint}") from None


def check_padding(layer: Any, padding: Any, names: Sequence[str] = ("valid", "same")) -> Any:
    """The padding, names in lower case; raises ValueError unless it has one of the known forms."""
    lowered = padding.lower() if isinstance(padding, str) else padding
    if lowered in names:
        return lowered
    try:
        parse_padding(lowered)
    except ValueError as error:
        near = nearest(lowered, names) if isinstance(lowered, str) else None
        hint = f": did you mean {near!r}?" if near else ""
        raise ValueError(f"{type(layer).__name__}: {error}{hint}") from None
    return padding


def _number_hint(name: str, value: Any) -> str:
    """How to write the positive integer that was meant by text, a float or a tuple of one."""
    single = value[0] if isinstance(value, (tuple, list)) and len(value) == 1 else value
    try:
        number = float(single)
    except (TypeError, ValueError):
        return ""
    is_meant = number >= 1 and number.is_integer() and not isinstance(value, (bool, int))
    return f": write {name}={int(number)}" if is_meant else ""


def check_rate(layer: Any, name: str, value: float) -> None:
    """Raise unless the argument called `name` is a fraction to drop: a number in [0, 1)."""
    label = f"{type(layer).__name__}: {name}"
    if not isinstance(value, numbers.Real):
        hint = f": write {name}={value}" if isinstance(value, str) else ": 0 drops nothing"
        raise TypeError(f"{label} must be a number in [0, 1), not {value!r}{hint}")
    if not 0 <= value < 1:
        percent = 1 < value < 100
        hint = f"write {name}={value / 100:g}" if percent else "a rate of 1 drops everything"
        raise ValueError(f"{label} must be in [0, 1), not {value!r}: {hint}")


def check_recurrent(layer: Any, units: Any, dropout: Any, recurrent_dropout: Any) -> int:
    """The units of a cell, or of the layer that runs it, whose arguments are checked."""
    check_rate(layer, "dropout", dropout)
    check_rate(layer, "recurrent_dropout", recurrent_dropout)
    return positive_integer(layer, "units", units)


def check_axis(layer: Any, axis: Any) -> None:
    """Raise TypeError unless the axis is an integer or a tuple of integers."""
    if not all(is_integer(a) for a in (axis if isinstance(axis, (tuple, list)) else (axis,))):
        raise TypeError(
            f"{type(layer).__name__}: axis must be an integer such as -1, or a tuple of them, "
            f"not {axis!r}"
        )


def shape_tuple(owner: Any, name: str, value: Any) -> tuple[Any, ...]:
    """A shape without its batch axis as a tuple; its lengths are positive integers or None.

    The owner of the argument is a layer, or a name.
    """
    is_list = isinstance(value, Iterable) and not isinstance(value, str)
    lengths = tuple(value) if is_list else ()
    if not is_list or not all(n is None or (is_integer(n) and n > 0) for n in lengths):
        label = owner if isinstance(owner, str) else type(owner).__name__
        raise _no_shape(f"{label}: {name}", name, value)
    return lengths


def _no_shape(label: str, name: str, value: Any) -> Exception:
    """The error for what is no shape, by what it is."""
    if is_integer(value):
        return TypeError(
            f"{label} must be a tuple: write {name}=({value},), with a comma; ({value}) is a number"
        )
    if not isinstance(value, Iterable) or isinstance(value, str):
        return TypeError(f"{label} must be a tuple such as (64,) or (28, 28, 1), not {value!r}")
    return ValueError(
        f"{label} holds the lengths of one input's axes, positive integers, not {value!r}"
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


def mention_structure(error: Exception, x: Any) -> None:
    """Let the error of the innermost layer say that it was given several arrays, if it was."""
    is_told = hasattr(error, "layer_path") or getattr(error, "names_inputs", False)
    if is_told or not is_structure(x):
        return
    shapes = [leaf.shape for _, leaf in iter_leaves(x)]
    may_be_rows = not isinstance(x, dict) and len(set(shapes)) == 1
    hint = ": rows of one input are one array, np.stack(x)" if may_be_rows else ""
    given = f"a {type(x).__name__} of arrays of shapes {', '.join(map(str, shapes))}"
    error.args = (f"{error}; its input is {given}{hint}",)


def add_path(error: Exception, name: str) -> None:
    """Put the layer's name before an error's message; outer layers add theirs before it."""
    path, problem = getattr(error, "layer_path", None), getattr(error, "problem", None)
    if path is None:
        path, problem = name, str(error)
    else:
        path = f"{name}/{path}"
    error.layer_path, error.problem = path, problem  # type: ignore[attr-defined]
    error.args = (f"layer {path}: {problem}",)


def refuse_name(shape: Any) -> None:
    """Refuse a name in the place of the shape of a weight.

    Args:
        shape: The first argument of add_weight.

    Raises:
        ValueError: If it is a string.

    Example:
        >>> refuse_name((3,))
    """
    if isinstance(shape, str):
        raise ValueError(
            f"the shape comes first, and the name by keyword: add_weight(name={shape!r}, shape=...)"
        )
