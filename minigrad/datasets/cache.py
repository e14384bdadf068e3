"""The folder of downloaded data sets."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from ..utils.files import PathLike, atomic_write


def cache_dir() -> Path:
    """Where fetched data are kept: $MINIGRAD_HOME, or .minigrad in the user's home."""
    return Path(os.environ.get("MINIGRAD_HOME") or Path.home() / ".minigrad")


def fetch(url: str, path: PathLike, digest: str, reason: str, instead: str) -> None:
    """Download `url` to `path` if its checksum is `digest` ("sha256:..."), all or nothing.

    Raises RuntimeError that says the `reason` it was fetched for, why that failed, and what to do `instead`.
    """
    algorithm, _, wanted = digest.partition(":")
    try:
        with atomic_write(path) as file:
            with urllib.request.urlopen(url, timeout=30) as answer:
                shutil.copyfileobj(answer, file)
            file.seek(0)
            found = hashlib.file_digest(file, algorithm).hexdigest()  # type: ignore[arg-type]
            if found != wanted:
                raise ValueError(f"its {algorithm} is {found}, not {wanted}")
    except (OSError, ValueError, http.client.HTTPException, urllib.error.URLError) as cause:
        raise RuntimeError(
            f"{reason}, and it could not be fetched from {url} ({type(cause).__name__}: {cause}). Connect to a network and "
            f"try again, put the file at {path}, or {instead}"
        ) from cause
