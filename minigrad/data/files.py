"""Files that data are kept in: where, how they are fetched and written, and how Keras's arrays of lists are read."""
from __future__ import annotations

import hashlib
import http.client
import json
import os
import pickle
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Iterator

import numpy as np

PathLike = str | os.PathLike[str]


def home() -> Path:
    """Where fetched data are kept: $MINIGRAD_HOME, or .minigrad in the user's home."""
    return Path(os.environ.get("MINIGRAD_HOME") or Path.home() / ".minigrad")


@contextmanager
def whole(path: PathLike) -> Iterator[IO[bytes]]:
    """A file to write all or nothing: a temporary one beside `path`, which takes its name when the block ends well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def write_npz(path: PathLike, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays, compressed."""
    with whole(path) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def write_json(path: PathLike, content: Any) -> None:
    """Write lists, dicts, strings and numbers as JSON."""
    with whole(path) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=1).encode())


def read_json(path: PathLike, what: str) -> Any:
    """What a JSON file holds. Raises FileNotFoundError or ValueError that says `what` was expected there."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"no {what} at {path}")
    try:
        return json.loads(Path(path).read_bytes())
    except ValueError as cause:
        raise ValueError(f"{path} is no {what}: it is not JSON ({cause})") from cause


def fetch(url: str, path: PathLike, digest: str, reason: str, instead: str) -> None:
    """Download `url` to `path` if its checksum is `digest` ("sha256:..."), all or nothing.

    Raises RuntimeError that says the `reason` it was fetched for, why that failed, and what to do `instead`.
    """
    algorithm, _, wanted = digest.partition(":")
    try:
        with whole(path) as file:
            with urllib.request.urlopen(url, timeout=30) as answer:
                shutil.copyfileobj(answer, file)
            file.seek(0)
            found = hashlib.file_digest(file, algorithm).hexdigest()  # type: ignore[arg-type]
            if found != wanted:
                raise ValueError(f"its {algorithm} is {found}, not {wanted}")
    except (OSError, ValueError, http.client.HTTPException, urllib.error.URLError) as cause:
        raise RuntimeError(f"{reason}, and it could not be fetched from {url} ({type(cause).__name__}: {cause}). Connect to a network and "
                           f"try again, put the file at {path}, or {instead}") from cause


# ---- arrays of lists ---------------------------------------------------------------------------------------------------

class _Shell:
    """Stands for the object array in its pickle: takes the state that the array would get, and makes nothing of it."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


# Every name that NumPy's pickle of an object array mentions, and what stands for it here. Nothing is looked up or imported.
_STAND_INS: dict[tuple[str, str], Any] = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): lambda *_: _Shell() for core in ("core", "_core")},
    ("numpy", "ndarray"): None, ("numpy", "dtype"): lambda *_: _Shell(), ("_codecs", "encode"): lambda *_: b"b"}


class _ListsOnly(pickle.Unpickler):
    """Rebuilds lists and numbers; where the file names a class or function, one of four stand-ins, or an error."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise ValueError(f"it asks for {module}.{name}, which no array of lists of integers needs: it was not run")
        return _STAND_INS[module, name]


def read_lists(path: PathLike, name: str) -> list[list[int]]:
    """An object array of lists of integers, in an npz file as Keras's imdb.npz holds it: a list of lists.

    NumPy keeps such arrays as pickles, and an unpickled file can run any code. This reader calls nothing the file names: the
    four names that NumPy writes are answered by stand-ins, any other, and anything but lists of integers, is a ValueError.
    """
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(member)
        if dtype.kind != "O" or len(shape) != 1:
            raise ValueError(f"{name} is {dtype} of shape {shape}: expected one list of integers for each row")
        try:
            rows = _ListsOnly(member, encoding="latin1").load().state[-1]
        except (pickle.UnpicklingError, AttributeError, TypeError, IndexError) as cause:
            raise ValueError(f"{name} is not the array that its header announces ({cause})") from cause
    if not isinstance(rows, list) or len(rows) != shape[0] or not all(
            isinstance(row, list) and set(map(type, row)) <= {int} for row in rows):
        raise ValueError(f"{name} holds something other than {shape[0]} lists of integers")
    return rows
