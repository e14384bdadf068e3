"""Sequences of different lengths in one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import explains_arguments
from .registry import lookup


@explains_arguments
def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences of different lengths as one array, padded with a value.

    Args:
        sequences: Lists or arrays; elements may have a shape, the same in all.
        maxlen: Length of the rows; None for the longest sequence.
        dtype: Dtype of the array.
        padding: Where short sequences are padded: "pre" (at the beginning) or "post".
        truncating: Where long sequences are cut: "pre" or "post".
        value: The value of the padding.

    Shape:
        (N, maxlen, ...)

    Raises:
        ValueError: If an argument does not fit, or elements have different shapes.

    Example:
        >>> pad_sequences([[1, 2, 3], [4]]).tolist()
        [[1, 2, 3], [0, 0, 4]]
    """
    ends = {"pre": True, "post": False}
    pad_first = lookup(padding, ends, "padding")
    cut_first = lookup(truncating, ends, "truncating")
    length = _check_length(sequences, maxlen)
    if isinstance(value, str) and np.dtype(dtype).kind not in "OUS":
        raise ValueError(
            f"pad_sequences: {value!r} cannot stand among numbers ({dtype}): "
            "for strings give dtype=object"
        )
    shape = next((np.shape(sequence)[1:] for sequence in sequences if len(sequence)), ())
    rows = np.full((len(sequences), length, *shape), value, dtype)
    for i, (row, sequence) in enumerate(zip(rows, sequences)):
        part = np.asarray(sequence[-length:] if cut_first else sequence[:length], dtype)
        if not len(part):
            continue
        if part.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: elements of sequence {i} have shape {part.shape[1:]}, "
                f"those before it {shape}"
            )
        row[slice(length - len(part), None) if pad_first else slice(len(part))] = part
    return rows


def _check_length(sequences: Any, maxlen: int | None) -> int:
    """The length of the rows; raises ValueError for what is no list of sequences."""
    is_list = hasattr(sequences, "__len__") and not isinstance(sequences, str)
    if not is_list or not all(hasattr(sequence, "__len__") for sequence in sequences):
        raise ValueError("pad_sequences: expected a list of sequences, one per row")
    if maxlen is None and not len(sequences):
        raise ValueError(
            "pad_sequences: there is no sequence whose length could be taken: give maxlen="
        )
    if maxlen is not None and maxlen < 1:
        raise ValueError(f"pad_sequences: maxlen is {maxlen}: rows have at least one element")
    return max(map(len, sequences)) if maxlen is None else maxlen
