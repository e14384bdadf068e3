"""Files that are written completely or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.utils import files
from minigrad.utils.files import write_npz


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "mnist.npz"
    path.write_bytes(b"before")

    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        write_npz(path, {})
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_files_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "a.json"
    files.write_json(path, {"é": 1})
    with pytest.raises(TypeError):
        files.write_json(path, {"x": object()})
    assert files.read_json(path, "x") == {"é": 1}
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]
