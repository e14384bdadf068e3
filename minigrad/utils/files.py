"""Files that are written completely or not at all."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

PathLike = str | os.PathLike[str]


@contextmanager
def atomic_write(path: PathLike) -> Iterator[IO[bytes]]:
    """`with atomic_write(path) as file:` replaces the file at `path` when the block ends well.

    The block writes to a temporary file in the same folder, which is renamed at the end. After an
    exception, or if the process is killed, an older file at `path` is as it was.

    Args:
        path: The file to write. Missing folders are made.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with atomic_write(f"{folder}/a.txt") as file:
        ...         file.write(b"three")
        5
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(temporary, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


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
    with atomic_write(path) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=1).encode())


def read_json(path: PathLike, what: str) -> Any:
    """The content of a JSON file.

    Args:
        path: The file to read.
        what: What is expected there, for the error.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        ValueError: If the file is not JSON.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no {what} at {path}")
    try:
        return json.loads(Path(path).read_bytes())
    except ValueError as cause:
        raise ValueError(f"{path} is no {what}: it is not JSON ({cause})") from cause
