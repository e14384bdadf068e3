"""Object arrays of lists, read from npz files without running anything they name.

NumPy keeps such arrays as pickles, and unpickling a file can run any code, or take any amount of
memory. So all opcodes are read first: only those that NumPy writes for such an array may be there.
"""

from __future__ import annotations

import io
import pickle
import re
from typing import Any

from ..utils.files import MAX_BYTES, PathLike, open_npy

# ---- the opcodes that may be there ---------------------------------------------------------------


def _pattern(*opcodes: str) -> re.Pattern[bytes]:
    return re.compile("|".join(opcodes).encode(), re.DOTALL)


def _counted(opcode: str, longest: int) -> str:
    """An opcode, a number of bytes, and as many bytes."""
    return "|".join(rf"{opcode}\x{n:02x}.{{{n}}}" for n in range(longest + 1))


INTEGERS = ("K.", "M..", "J.{4}", _counted(r"\x8a", 8), r"I-?\d{1,19}\n", r"L-?\d{1,19}L\n")
LISTS = _pattern(rf"(?:{'|'.join(INTEGERS)}|[][(lea])+")  # by far the most of a file
MEMO = _pattern("q(.)", "r(.{4})", r"p(\d{1,9})\n", r"\x94")  # numbers of objects, from 0 or 1 on
FRAME = _pattern(r"\x95(.{8})")
OTHERS = _pattern(  # names, short strings, tuples, and the two calls that make the array
    r"\x80[\x00-\x05]",
    r"c[\w.]{1,40}\n\w{1,40}\n",
    r"[\x93)t\x85\x86\x87N\x88\x89bR.]",
    _counted(r"[UC\x8c]", 40),
    "|".join(rf"X\x{n:02x}\0{{3}}.{{{n}}}" for n in range(41)),
    r"[SV][\w'\\|]{0,40}\n",
    r"h.",
    r"g\d{1,3}\n",
    r"I0[01]\n",
)
MAX_OTHERS = 80  # NumPy writes about 40, however long the array is


def check_opcodes(data: bytes) -> None:
    """Raise ValueError unless a pickle has only the opcodes of an array of lists of integers.

    Args:
        data: The pickle.

    Raises:
        ValueError: If there is another opcode, or a number that asks for more memory than the
            pickle can fill.

    Example:
        >>> check_opcodes(pickle.dumps([1, 2, 3]))
        >>> check_opcodes(pickle.dumps({}))
        Traceback (most recent call last):
        ValueError: byte 2 begins something other than lists of integers: b'}\\x94.'
    """
    position = memos = others = 0
    while position < len(data):
        if match := LISTS.match(data, position):
            pass
        elif match := MEMO.match(data, position):
            memos += 1
            _check_memo(match, memos)
        elif match := FRAME.match(data, position):
            if int.from_bytes(match[1], "little") > len(data):
                raise ValueError("it announces more bytes than it has")
        elif (match := OTHERS.match(data, position)) and others < MAX_OTHERS:
            others += 1
        else:
            found = data[position : position + 20]
            raise ValueError(
                f"byte {position} begins something other than lists of integers: {found!r}"
            )
        position = match.end()


def _check_memo(match: re.Match[bytes], memos: int) -> None:
    """Raise ValueError if an object's number is beyond the number of objects so far."""
    digits = match[3]
    number = (
        int.from_bytes(match[1] or match[2] or b"", "little") if digits is None else int(digits)
    )
    if number > memos:
        raise ValueError(f"it numbers an object {number}, which is number {memos}")


# ---- reading -------------------------------------------------------------------------------------


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
        FileNotFoundError: If there is no file.
        ValueError: If the file holds, or names, anything else.
    """
    with open_npy(path, name) as (member, shape, _, dtype):
        if dtype.kind != "O" or len(shape) != 1:
            raise ValueError(
                f"{name} is {dtype} of shape {shape}: expected one list of integers per row"
            )
        data = member.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"{name} has more than {MAX_BYTES >> 20} MB")
        check_opcodes(data)
        try:
            rows = _ListsOnly(io.BytesIO(data), encoding="latin1").load().state[-1]
        except (pickle.UnpicklingError, AttributeError, TypeError, IndexError) as cause:
            raise ValueError(
                f"{name} is not the array that its header announces ({cause})"
            ) from cause
        if not isinstance(rows, list) or len(rows) != shape[0] or not all(map(_is_integers, rows)):
            raise ValueError(f"{name} holds something other than {shape[0]} lists of integers")
    return rows


def _is_integers(row: Any) -> bool:
    return isinstance(row, list) and set(map(type, row)) <= {int}
