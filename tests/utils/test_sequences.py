"""Sequences of different lengths in one array."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from minigrad.utils.sequences import pad_sequences

ROWS = [[1, 2, 3], [], [4], [5, 6, 7, 8, 9]]


def test_padding_by_hand():
    assert pad_sequences(ROWS).tolist() == [
        [0, 0, 1, 2, 3],
        [0] * 5,
        [0, 0, 0, 0, 4],
        [5, 6, 7, 8, 9],
    ]
    assert pad_sequences(ROWS).dtype == np.int32
    assert pad_sequences(ROWS, 2).tolist() == [[2, 3], [0, 0], [0, 4], [8, 9]]
    assert pad_sequences(ROWS, 2, padding="post", truncating="post", value=-1).tolist() == [
        [1, 2],
        [-1, -1],
        [4, -1],
        [5, 6],
    ]
    assert pad_sequences([[[1, 2]], [[3, 4], [5, 6]]], dtype="float32").tolist() == [
        [[0, 0], [1, 2]],
        [[3, 4], [5, 6]],
    ]
    assert pad_sequences([["a"], ["b", "c"]], dtype=object, value="_").tolist() == [
        ["_", "a"],
        ["b", "c"],
    ]
    assert pad_sequences([], 3).shape == (0, 3)
    assert pad_sequences([[], []]).shape == (2, 0)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: pad_sequences(ROWS, 0), "maxlen is 0"),
        (lambda: pad_sequences(ROWS, -2), "maxlen is -2"),
        (lambda: pad_sequences([]), "no sequence whose length"),
        (lambda: pad_sequences([1, 2]), "list of sequences"),
        (lambda: pad_sequences("abc"), "list of sequences"),
        (lambda: pad_sequences(3), "list of sequences"),
        (lambda: pad_sequences(ROWS, padding="left"), "unknown padding 'left'"),
        (lambda: pad_sequences(ROWS, truncating="front"), "unknown truncating"),
        (lambda: pad_sequences(ROWS, value="x"), "dtype=object"),
        (
            lambda: pad_sequences([[1], [[2]]]),
            r"sequence 1 have shape \(1,\), those before it \(\)",
        ),
    ],
)
def test_padding_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parity
@given(
    st.lists(st.lists(st.integers(-9, 9), max_size=6), min_size=1, max_size=5),
    st.one_of(st.none(), st.integers(1, 7)),
    st.sampled_from(["int32", "float32", "int64"]),
    st.sampled_from(["pre", "post"]),
    st.sampled_from(["pre", "post"]),
    st.sampled_from([0.0, -1, 7]),
)
def test_padding_is_keras_s(rows, maxlen, dtype, padding, truncating, value):
    keras = pytest.importorskip("keras")
    arguments = rows, maxlen, dtype, padding, truncating, value
    ours = pad_sequences(*arguments)
    theirs = keras.utils.pad_sequences(*arguments)
    assert ours.dtype == theirs.dtype
    assert_array_equal(ours, theirs)
