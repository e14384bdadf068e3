"""Object arrays of lists, read from npz files without running anything they name.

NumPy keeps such arrays as pickles, and unpickling a file can run any code.
"""

from __future__ import annotations

import pickle
import zipfile
from typing import Any

import numpy as np

from ..utils.files import PathLike


class _ObjectArray:
    """Stands for the array in its pickle: keeps the state that the array would get."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


# Every name in NumPy's pickle of an object array, and what stands for it. Nothing is imported.
_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): lambda *_: _ObjectArray(),
    ("numpy._core.multiarray", "_reconstruct"): lambda *_: _ObjectArray(),
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): lambda *_: _ObjectArray(),
    ("_codecs", "encode"): lambda *_: b"b",
}


class _ListsOnly(pickle.Unpickler):
    """Rebuilds lists and numbers; any class or function other than the stand-ins is an error."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise ValueError(
                f"it asks for {module}.{name}, which no array of lists of integers needs: "
                "it was not run"
            )
        return _STAND_INS[module, name]


def read_lists(path: PathLike, name: str) -> list[list[int]]:
    """An object array of lists of integers from an npz file, as a list of lists.

    Args:
        path: The npz file, as Keras's imdb.npz.
        name: Name of the array in it.

    Raises:
        ValueError: If the file holds, or names, anything else.
    """
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(member)
        if dtype.kind != "O" or len(shape) != 1:
            raise ValueError(
                f"{name} is {dtype} of shape {shape}: expected one list of integers per row"
            )
        try:
            rows = _ListsOnly(member, encoding="latin1").load().state[-1]
        except (pickle.UnpicklingError, AttributeError, TypeError, IndexError) as cause:
            raise ValueError(
                f"{name} is not the array that its header announces ({cause})"
            ) from cause
    if not isinstance(rows, list) or len(rows) != shape[0] or not all(map(_is_integers, rows)):
        raise ValueError(f"{name} holds something other than {shape[0]} lists of integers")
    return rows


def _is_integers(row: Any) -> bool:
    return isinstance(row, list) and set(map(type, row)) <= {int}
