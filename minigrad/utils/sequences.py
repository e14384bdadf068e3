"""Sequences of different lengths in one array."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from .registry import lookup


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences of different lengths as one array (N, maxlen, ...), filled up with `value`; as Keras's function of this name.

    `padding` says where the value goes, `truncating` which end of a longer sequence is lost: "pre" is the beginning. maxlen is
    the longest length unless given. Elements may have a shape, the same in all.
    """
    before = {"pre": True, "post": False}
    pad_first, cut_first = (
        lookup(padding, before, "padding"),
        lookup(truncating, before, "truncating"),
    )
    if (
        isinstance(sequences, str)
        or not hasattr(sequences, "__len__")
        or not all(hasattr(s, "__len__") for s in sequences)
    ):
        raise ValueError("pad_sequences: expected a list of sequences, one for each row")
    if maxlen is None:
        if not len(sequences):
            raise ValueError(
                "pad_sequences: there is no sequence whose length could be taken: give maxlen="
            )
        maxlen = max(len(s) for s in sequences)
    elif maxlen < 1:
        raise ValueError(f"pad_sequences: maxlen is {maxlen}: rows have at least one element")
    if isinstance(value, str) and np.dtype(dtype).kind not in "OUS":
        raise ValueError(
            f"pad_sequences: {value!r} cannot stand among numbers ({dtype}): for strings give dtype=object"
        )
    shape = next((np.shape(s)[1:] for s in sequences if len(s)), ())
    rows = np.full((len(sequences), maxlen, *shape), value, dtype)
    for i, (row, sequence) in enumerate(zip(rows, sequences)):
        kept = np.asarray(sequence[-maxlen:] if cut_first else sequence[:maxlen], dtype)
        if len(kept):
            if kept.shape[1:] != shape:
                raise ValueError(
                    f"pad_sequences: elements of sequence {i} have shape {kept.shape[1:]}, those before it {shape}"
                )
            row[slice(maxlen - len(kept), None) if pad_first else slice(len(kept))] = kept
    return rows
