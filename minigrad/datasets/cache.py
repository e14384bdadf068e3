"""The folder of downloaded data sets."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from ..utils.files import PathLike, atomic_write


def cache_dir() -> Path:
    """The folder of downloaded data sets: $MINIGRAD_HOME, or .minigrad in the user's home."""
    return Path(os.environ.get("MINIGRAD_HOME") or Path.home() / ".minigrad")


def check_digest(file: IO[bytes], digest: str) -> None:
    """Raise ValueError if an open file has another checksum.

    Args:
        file: The file.
        digest: The checksum, as "sha256:..." or another algorithm of hashlib.

    Raises:
        ValueError: If the checksum is another one.
    """
    algorithm, _, expected = digest.partition(":")
    file.seek(0)
    found = hashlib.file_digest(file, algorithm).hexdigest()  # type: ignore[arg-type]
    if found != expected:
        raise ValueError(f"its {algorithm} is {found}, not {expected}")


def fetch(url: str, path: PathLike, digest: str, reason: str, instead: str) -> None:
    """Download a file, completely or not at all, if its checksum is right.

    Args:
        url: Address of the file.
        path: Where to write it.
        digest: The checksum, as "sha256:..." or another algorithm of hashlib.
        reason: Why the file is fetched, for the error.
        instead: What to do without the file, for the error.

    Raises:
        RuntimeError: If the file cannot be fetched or its checksum is wrong.
    """
    try:
        with atomic_write(path) as file:
            with urllib.request.urlopen(url, timeout=30) as response:
                shutil.copyfileobj(response, file)
            check_digest(file, digest)
    except (OSError, ValueError, http.client.HTTPException, urllib.error.URLError) as cause:
        raise RuntimeError(
            f"{reason}, and it could not be fetched from {url} ({type(cause).__name__}: {cause}). "
            f"Connect to a network and try again, put the file at {path}, or {instead}"
        ) from cause
