"""What fit, evaluate and predict are given, as batches of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any

import numpy as np

from .. import backend as bk
from .. import config
from ..backend import Array, backend, to_cpu
from ..config import as_data, to_device


def is_batch_iterator(x: Any) -> bool:
    """Are these batches to be walked (a Dataset, a generator), rather than rows to be cut (an array, a list)?"""
    return isinstance(x, Iterable) and not hasattr(x, "__getitem__") and not hasattr(x, "__array__")


def checked(device: str, x: Any, y: Any = None, weight: Any = None, of: str = "") -> list[Array]:
    """Arrays on a device: cast once, of equal length, free of NaN; raises ValueError that names what is not."""
    arrays: list[Array] = []
    for name, a in (("x", x), ("y", y), ("sample_weight", weight)):
        if a is None:
            if name == "y" and weight is not None:
                raise ValueError("sample_weight needs y beside it")
            continue
        name, a = of + name, as_data(a)
        if a.ndim == 0:
            raise ValueError(
                f"{name} is a single number: expected an array whose first axis counts the rows"
            )
        if arrays and len(a) != len(arrays[0]):
            raise ValueError(
                f"{name} has {len(a)} rows, {of}x has {len(arrays[0])}: they must be equal"
            )
        if len(a) == 0:
            raise ValueError(f"{name} of shape {a.shape} holds no rows")
        if a.dtype.kind == "f" and not bool(backend(a).isfinite(a).all()):
            rows = to_cpu(~backend(a).isfinite(a).reshape(len(a), -1).all(1)).nonzero()[0]
            raise ValueError(
                f"{name} holds NaN or infinity in {len(rows)} of {len(a)} rows, the first at row {rows[0]}: "
                "fill or drop them before training"
            )
        arrays.append(to_device(a, device))
    return arrays


class Stream:
    """Whole batches made elsewhere, `length` of them a pass (or all), each put through `convert(*batch)`.

    An iterator goes on where the last pass ended; any other iterable, such as a Dataset, starts anew. Raises ValueError when the
    batches end too soon.
    """

    def __init__(
        self, source: Iterable[Any], length: int | None, convert: Callable[..., Sequence[Any]]
    ) -> None:
        self.source, self.length, self.convert = source, length, convert
        self.steps: int | None = length or (len(source) if isinstance(source, Sized) else None)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        n = 0
        for batch in islice(self.source, self.length):
            parts = batch if isinstance(batch, (tuple, list)) else (batch,)
            if not 1 <= len(parts) <= 3:
                raise ValueError(
                    f"a batch must be x, (x, y) or (x, y, sample_weight), got {len(parts)} parts"
                )
            n += 1
            yield tuple(self.convert(*parts))
        if n < (self.length or 1):
            raise ValueError(
                f"the batches ended after {n}"
                + (f" of the {self.length} of a pass" if self.length else "")
                + ": an iterator is walked only once, a minigrad.data.Dataset anew for each pass"
            )


# ---- helpers ---------------------------------------------------------------------------------------------------------


def _parts(data: Any) -> tuple[Any, Any, Any]:
    """x, y and sample weights of a batch, None for what is not there."""
    if not isinstance(data, tuple):
        return data, None, None
    return (*data, None, None)[:3]  # type: ignore[return-value]


def _whole(*given: Any) -> None:
    """Refuse what cannot stand beside an x that gives whole batches."""
    if any(a is not None for a in given):
        raise ValueError(
            "x gives whole batches: y and sample_weight belong into them, batch_size and validation_split not"
        )


def _with_class_weights(data: list[Array], class_weight: dict[int, float] | None) -> list[Array]:
    """[x, y, weights], each row's weight times that of its class."""
    if class_weight is None:
        return data
    if len(data) < 2:
        raise ValueError("class_weight needs targets y")
    labels = bk.to_cpu(data[1])
    labels = labels.argmax(1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.reshape(-1)
    weights = np.array(
        [class_weight.get(int(c), 1.0) for c in labels], config.settings.default_dtype
    )
    weights = config.to_device(weights, bk.device_name(data[1]))
    return [*data[:2], weights if len(data) == 2 else weights * data[2]]
