"""Files written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Iterator

import numpy as np

PathLike = str | os.PathLike[str]


@contextmanager
def whole(path: PathLike) -> Iterator[IO[bytes]]:
    """A file to write all or nothing: a temporary one beside `path`, which takes its name when the block ends well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=path.name, suffix=".part", delete=False
    ) as file:
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
