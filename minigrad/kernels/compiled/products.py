"""Matrix products inside compiled loops, by SciPy's BLAS: of parts of matrices, and added to sums.

    multiply(a, b, out, False)                   # out = a @ b
    multiply_transposed(a, b, out, True)         # out += a.T @ b

`np.dot` in a loop takes whole matrices only. Callers hold BLAS at one thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numba.core.types.misc import CPointer
from numba.extending import overload

Matrix = Any  # rows of it may lie apart, the elements of a row may not


def multiply(a: Matrix, b: Matrix, out: Matrix, add: bool) -> None:
    """out = a @ b, or out += a @ b.

    Args:
        a: (M, K).
        b: (K, N).
        out: (M, N).
        add: True to add to what out holds.
    """
    raise NotImplementedError("compiled loops call it")


def multiply_transposed(a: Matrix, b: Matrix, out: Matrix, add: bool) -> None:
    """out = a.T @ b, or out += a.T @ b.

    Args:
        a: (K, M).
        b: (K, N).
        out: (M, N).
        add: True to add to what out holds.
    """
    raise NotImplementedError("compiled loops call it")


def multiply_by_transposed(a: Matrix, b: Matrix, out: Matrix, add: bool) -> None:
    """out = a @ b.T, or out += a @ b.T.

    Args:
        a: (M, K).
        b: (N, K).
        out: (M, N).
        add: True to add to what out holds.
    """
    raise NotImplementedError("compiled loops call it")


def _product(transpose_a: str, transpose_b: str) -> Any:
    """The compiled form: BLAS counts columns first, so it gets b.T and a.T and writes out.T."""
    flag_a, flag_b, k_axis = ord(transpose_a), ord(transpose_b), 0 if transpose_a == "t" else 1

    def generate(a: Any, b: Any, out: Any, add: Any) -> Any:
        gemm = _gemm(a.dtype)
        kind = ord({types.float32: "s", types.float64: "d"}[a.dtype])

        def implementation(a: Any, b: Any, out: Any, add: Any) -> None:
            m, n = out.shape
            width = a.itemsize
            one_and_beta = np.ones(2, a.dtype)
            if not add:
                one_and_beta[1] = 0
            gemm(
                kind,
                flag_b,
                flag_a,
                n,
                m,
                a.shape[k_axis],
                one_and_beta.ctypes,
                b.ctypes,
                b.strides[0] // width,
                a.ctypes,
                a.strides[0] // width,
                one_and_beta[1:].ctypes,
                out.ctypes,
                out.strides[0] // width,
            )
            one_and_beta[0] = 0  # alive until here

        return implementation

    return generate


def _gemm(dtype: Any) -> Any:
    """Numba's door to BLAS."""
    array, size = CPointer(dtype), types.intp
    flags, sizes = [types.char] * 3, [size] * 3
    signature = types.intc(*flags, *sizes, array, array, size, array, size, array, array, size)
    return types.ExternalFunction("numba_xxgemm", signature)


overload(multiply)(_product("n", "n"))
overload(multiply_transposed)(_product("t", "n"))
overload(multiply_by_transposed)(_product("n", "t"))
