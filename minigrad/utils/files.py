"""Files that are written completely or not at all, and read only if they are what they should be.

A file from elsewhere may be damaged or hostile. The readers look at sizes before they ask for
memory, run nothing, and answer whatever is wrong with one ValueError that names the file.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import re
import stat
import struct
import tokenize
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

PathLike = str | os.PathLike[str]

MAX_BYTES = 1 << 28  # of a JSON or text file, and of an array in an npz file: 256 MB
# what the standard library and NumPy raise when a file is damaged
PARSE_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    SyntaxError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    EOFError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    tokenize.TokenError,
)


def home_dir() -> Path:
    """The folder of what minigrad keeps between runs: $MINIGRAD_HOME, or .minigrad in the home."""
    return Path(os.environ.get("MINIGRAD_HOME") or Path.home() / ".minigrad")


# ---- writing -------------------------------------------------------------------------------------


@contextmanager
def atomic_write(path: PathLike) -> Iterator[IO[bytes]]:
    """`with atomic_write(path) as file:` replaces the file at `path` when the block ends well.

    The block writes to a temporary file in the same folder, which is renamed at the end. After an
    exception, or if the process is killed, an older file at `path` is as it was. Several processes
    may write the same file: the last one wins. What a killed process left behind is removed by the
    next write. A link stays one, and the file it names is replaced; an older file keeps its mode.

    Args:
        path: The file to write. Missing folders are made.

    Raises:
        OSError: If the file cannot be written; the message names it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with atomic_write(f"{folder}/a.txt") as file:
        ...         file.write(b"three")
        5
    """
    target = Path(os.path.realpath(path))
    mode = _mode_of(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    stem = target.name[:54]  # a name has at most 255 bytes
    _remove_abandoned(target.parent, stem)
    temporary = target.with_name(f"{stem}.{uuid.uuid4().hex}.part")
    try:
        with _open_new(temporary, path) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if mode is not None:
                os.chmod(temporary, mode)
            if os.name == "nt":
                file.close()  # Windows renames no open file
            os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _mode_of(target: Path) -> int | None:
    """The permissions of the file to replace, None if it is new; OSError if it must not be."""
    if not target.exists():
        if target.is_symlink():
            raise OSError(errno.ELOOP, "the link leads to itself", str(target))
        return None
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "cannot write a file where a folder is", str(target))
    if not target.is_file():
        raise OSError(errno.EINVAL, "cannot replace what is no plain file", str(target))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "cannot replace a read-only file", str(target))
    return stat.S_IMODE(target.stat().st_mode)


def _open_new(temporary: Path, path: PathLike) -> IO[bytes]:
    """The temporary file, open and locked as long as this process lives."""
    while True:
        try:
            file = open(temporary, "x+b")  # noqa: SIM115 - closed by the caller
        except OSError as cause:
            reason = f"cannot write in the folder {temporary.parent} ({cause.strerror})"
            raise type(cause)(cause.errno, reason, str(path)) from cause
        _lock(file, wait=True)
        if temporary.exists():
            return file
        file.close()  # another process removed it between the two lines above


def _lock(file: IO[bytes], wait: bool = False) -> bool:
    """Try to lock an open file; on Windows an open file cannot be removed anyway."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_abandoned(folder: Path, stem: str) -> None:
    """Remove temporary files whose process has ended: nobody holds their lock."""
    pattern = re.compile(re.escape(stem) + r"\.[0-9a-f]{32}\.part")
    for name in filter(pattern.fullmatch, os.listdir(folder)):
        path = folder / name
        with contextlib.suppress(OSError), open(path, "rb") as file:
            # the writer may have made another file of this name since ours was removed by others
            if _lock(file) and os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                path.unlink()


def write_npz(path: PathLike, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays, compressed.

    Args:
        path: The file to write.
        arrays: Arrays by name.
    """
    with atomic_write(path) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def write_json(path: PathLike, content: Any) -> None:
    """Write lists, dicts, strings and numbers as JSON.

    Args:
        path: The file to write.
        content: What to write.

    Raises:
        TypeError: If JSON cannot hold it; then no file is written.
    """
    data = json.dumps(content, ensure_ascii=False, indent=1).encode()
    with atomic_write(path) as file:
        file.write(data)


# ---- reading -------------------------------------------------------------------------------------


@contextmanager
def parsing(path: PathLike, what: str) -> Iterator[None]:
    """Turn whatever a parser raises in the block into a ValueError that names the file.

    Args:
        path: The file, for the error.
        what: What is expected there.

    Raises:
        ValueError: If the block raises an error of a parser.

    Example:
        >>> with parsing("a.txt", "number"):
        ...     int("x")
        Traceback (most recent call last):
        ValueError: a.txt is no number: invalid literal for int() with base 10: 'x'
    """
    try:
        yield
    except PARSE_ERRORS as cause:
        reason = str(cause) or type(cause).__name__
        if isinstance(cause, ValueError) and reason.startswith(str(path)):
            raise
        raise ValueError(f"{path} is no {what}: {reason}") from cause


def read_bytes(path: PathLike, what: str) -> bytes:
    """The content of a file.

    Args:
        path: The file to read.
        what: What is expected there, for the error.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ValueError: If it is larger than 256 MB.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no {what} at {path}")
    if Path(path).stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} is no {what}: it has more than {MAX_BYTES >> 20} MB")
    return Path(path).read_bytes()


def read_text(path: PathLike, what: str) -> str:
    """The content of a text file in UTF-8, without a byte order mark.

    Args:
        path: The file to read.
        what: What is expected there, for the error.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ValueError: If it is not UTF-8.
    """
    data = read_bytes(path, what)
    with parsing(path, what):
        return data.decode("utf-8-sig").replace("\r\n", "\n")


def read_json(path: PathLike, what: str, kind: type = dict) -> Any:
    """The content of a JSON file.

    Args:
        path: The file to read.
        what: What is expected there, for the error.
        kind: The type of the content.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ValueError: If the file is not JSON, or its content of another type.
    """
    return parse_json(read_bytes(path, what), path, what, kind)


def parse_json(data: str | bytes, path: PathLike, what: str, kind: type = dict) -> Any:
    """The content of a JSON text; NaN, infinity and a key that occurs twice are refused.

    Args:
        data: The text.
        path: Where it stands, for the error.
        what: What is expected there, for the error.
        kind: The type of the content.

    Raises:
        ValueError: If it is not JSON, or of another type.

    Example:
        >>> parse_json('{"a": 1}', "a.json", "table")
        {'a': 1}
    """
    with parsing(path, f"{what}: it is not JSON"):
        content = json.loads(
            data,
            object_pairs_hook=_dict_without_repeats,
            parse_float=_finite_float,
            parse_constant=_finite_float,
        )
    if type(content) is not kind:
        raise ValueError(f"{path} is no {what}: it holds {_name(content)}, not a {kind.__name__}")
    return content


def _dict_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{next(k for k in keys if keys.count(k) > 1)!r:.50} occurs twice")
    return content


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no finite number")
    return number


def entry(content: Mapping[str, Any], key: str, kind: Any, path: PathLike) -> Any:
    """content[key], which must be of a type: int is no bool, and lies between 0 and 2**53.

    Args:
        content: A dict of a JSON file.
        key: The key.
        kind: A type; [type] and {str: type} for a list and a dict of that type.
        path: The file, for the error.

    Raises:
        ValueError: If it is missing or of another type.

    Example:
        >>> entry({"a": [1, 2]}, "a", [int], "a.json")
        [1, 2]
    """
    if key not in content:
        raise ValueError(f"{path} has no entry {key!r}")
    value = content[key]
    if not _is_of(value, kind):
        raise ValueError(f"{path}: {key!r} is {_name(value)}, expected {_expected(kind)}")
    return value


def _is_of(value: Any, kind: Any) -> bool:
    if isinstance(kind, list):
        return type(value) is list and all(_is_of(item, kind[0]) for item in value)
    if isinstance(kind, dict):
        return type(value) is dict and all(_is_of(item, kind[str]) for item in value.values())
    if kind is int:
        return type(value) is int and 0 <= value <= 1 << 53
    if kind is float:
        return type(value) is float or _is_of(value, int)
    return type(value) is kind


def _expected(kind: Any) -> str:
    """The words for a type."""
    if isinstance(kind, type):
        return kind.__name__
    if isinstance(kind, list):
        return f"a list of {_expected(kind[0])}"
    return f"a dict of {_expected(kind[str])}"


def _name(value: Any) -> str:
    """A value in a message: short, however large it is."""
    if isinstance(value, (dict, list)):
        return f"a {type(value).__name__} of {len(value)}"
    is_long_number = type(value) is int and value.bit_length() > 64
    return "a number of many digits" if is_long_number else f"{value!r:.50}"


# ---- zip -----------------------------------------------------------------------------------------


def read_members(path: PathLike, needed: Mapping[str, int | None], others: str = "") -> list[bytes]:
    """The members of a zip file, whose names and sizes are checked before anything is read.

    Args:
        path: The file.
        needed: The largest size of each member by its name; None for that of the file.
        others: The beginning of names that may be there too, and are not read; "" for none.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is no zip file, a member is missing, unknown, twice there or too large.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no archive at {path}")
    content = io.BytesIO(Path(path).read_bytes())  # in which no offset leads to an OSError
    with parsing(path, "archive"), zipfile.ZipFile(content) as archive:
        names = archive.namelist()
        for name in names:
            if name not in needed and not (others and name.startswith(others)):
                raise ValueError(f"it has a member {name!r:.60}")
            if names.count(name) > 1:
                raise ValueError(f"it has the member {name!r:.60} twice")
        missing = [name for name in needed if name not in names]
        if missing:
            raise ValueError(f"it has no {missing[0]}")
        return [_read_member(archive, name, limit) for name, limit in needed.items()]


def _read_member(archive: zipfile.ZipFile, name: str, limit: int | None) -> bytes:
    """A member whose size is within the limit, as declared and in fact."""
    member = archive.getinfo(name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is compressed in an unknown way")
    if limit is None:  # numbers can hardly be compressed
        limit = 64 * member.compress_size + (1 << 20)
    if member.file_size > limit:
        raise ValueError(f"{name} has {member.file_size} bytes, {limit} at most are read")
    with archive.open(member) as file:
        data = file.read(limit + 1)
    if len(data) != member.file_size:
        raise ValueError(f"{name} has {len(data)} bytes or more, and says {member.file_size}")
    return data


# ---- npz -----------------------------------------------------------------------------------------


def read_npz(path: PathLike, names: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Arrays of numbers from an npz file; their headers are checked before memory is asked for.

    Args:
        path: The file.
        names: The number of axes of each array to read, by name.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If the file, or one of the arrays, is not as expected.
    """
    return {name: _read_numbers(path, name, rank) for name, rank in names.items()}


def _read_numbers(path: PathLike, name: str, rank: int) -> np.ndarray:
    with open_npy(path, name) as (member, shape, order, dtype):
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "biuf" or len(shape) != rank or size > MAX_BYTES:
            raise ValueError(f"{name} is {dtype} of shape {shape}: expected {rank} axes of numbers")
        data = member.read(size + 1)
        if len(data) != size:
            raise ValueError(f"{name} of shape {shape} needs {size} bytes, the file has others")
    return np.frombuffer(bytearray(data), dtype).reshape(shape, order=order)


@contextmanager
def open_npy(
    path: PathLike, name: str
) -> Iterator[tuple[IO[bytes], tuple[int, ...], Literal["C", "F"], np.dtype[Any]]]:
    """(the file after the header, shape, order, dtype) of an array in an npz file.

    Args:
        path: The npz file.
        name: Name of the array.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If anything in the file, or in the block, is not as expected.
    """
    content = io.BytesIO(read_bytes(path, "npz file"))
    with parsing(path, "npz file"), zipfile.ZipFile(content) as archive:
        member = archive.getinfo(f"{name}.npy")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{name} is compressed as NumPy does not")
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0
            if version != (1, 0):
                read = np.lib.format.read_array_header_2_0
            shape, is_fortran, dtype = read(file)
            if any(type(n) is not int or n < 0 for n in shape):
                raise ValueError(f"{name} has the shape {shape}")
            yield file, shape, "F" if is_fortran else "C", dtype
