"""Files that are written completely or not at all."""

from __future__ import annotations

import os
import stat
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from minigrad.utils import files
from minigrad.utils.files import atomic_write, write_npz


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


# ---- writing -------------------------------------------------------------------------------------

posix = pytest.mark.skipif(os.name == "nt", reason="links, modes and locks of POSIX")


def write(path, content=b"new"):
    with atomic_write(path) as file:
        file.write(content)


@posix
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "link").symlink_to(Path("store") / "file")
    write(tmp_path / "link")  # to a file that is not there yet
    (tmp_path / "second").symlink_to("link")
    write(tmp_path / "second", b"newer")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "second").is_symlink()
    assert (tmp_path / "store" / "file").read_bytes() == b"newer"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "link", "second", "store"]
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="the link leads to itself"):
        write(tmp_path / "loop")


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_modes(tmp_path, umask):
    before = os.umask(umask)
    try:
        write(tmp_path / "a")
        files.write_json(tmp_path / "b", {})
        write_npz(tmp_path / "c", {"a": np.ones(1)})
        (tmp_path / "d").write_bytes(b"")
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert modes == {0o666 & ~umask}
        (tmp_path / "a").chmod(0o640)
        write(tmp_path / "a")
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    finally:
        os.umask(before)


@posix
def test_what_a_killed_process_left_is_removed_by_the_next_write(tmp_path):
    dead = tmp_path / f"w.{'0' * 32}.part"
    dead.write_bytes(b"half")
    kept = ["w.part", "other.part", f"v.{'0' * 32}.part", f"w.{'x' * 32}.part"]
    for name in kept:
        (tmp_path / name).write_bytes(b"")
    with atomic_write(tmp_path / "w") as file:  # a process that is still writing
        file.write(b"slow")
        write(tmp_path / "w", b"fast")
        assert (tmp_path / "w").read_bytes() == b"fast"
    assert (tmp_path / "w").read_bytes() == b"slow"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*kept, "w"])


def test_two_threads_write_one_file(tmp_path):
    contents = [bytes([n]) * 200_000 for n in range(4)]

    failed = []

    def write_often(content):
        try:
            for _ in range(60):
                write(tmp_path / "w", content)
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=write_often, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if (tmp_path / "w").exists():
            assert (tmp_path / "w").read_bytes() in contents
    assert not failed
    assert [p.name for p in tmp_path.iterdir()] == ["w"]


def test_a_file_that_is_made_anew_under_its_name_is_not_removed(tmp_path, monkeypatch):
    """A lock on the file that had the name before says nothing of the one that has it now."""
    part = tmp_path / f"w.{'0' * 32}.part"
    part.write_bytes(b"old")

    def lock(file, wait=False):
        part.unlink()
        part.write_bytes(b"new")
        return True

    monkeypatch.setattr(files, "_lock", lock)
    files._remove_abandoned(tmp_path, "w")
    assert part.read_bytes() == b"new"


def test_names_may_be_as_long_as_the_system_lets_them(tmp_path):
    for name in ("a" * 255, "ü" * 127):
        write(tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(IsADirectoryError, match="cannot write a file where a folder is"):
        write(tmp_path)
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file" / "a")
    with pytest.raises(OSError, match="cannot write in the folder|File name too long"):
        write(tmp_path / ("x" * 300))
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@posix
def test_a_device_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="cannot replace what is no plain file"):
        write(tmp_path / "pipe")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_files_and_folders(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o444)
    with pytest.raises(PermissionError, match="cannot replace a read-only file.*file"):
        write(tmp_path / "file")
    (tmp_path / "file").chmod(0o644)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PermissionError, match="cannot write in the folder"):
            write(tmp_path / "file")
    finally:
        tmp_path.chmod(0o755)
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    write(tmp_path / "w", b"old")
    for broken in ("fsync", "replace"):

        def full(*_):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, broken, full)
            with pytest.raises(OSError, match="No space"):
                write(tmp_path / "w")
        assert (tmp_path / "w").read_bytes() == b"old"
        assert [p.name for p in tmp_path.iterdir()] == ["w"]


# ---- reading -------------------------------------------------------------------------------------


def test_json_of_other_types(tmp_path):
    path = tmp_path / "a.json"
    for content, message in [
        (b"{}", "it holds a dict of 0, not a list"),
        (b"3", "it holds 3, not a list"),
        (b"[1, 2", "it is not JSON"),
        (b"[NaN]", "NaN is no finite number"),
        (b"[-1e400]", "-1e400 is no finite number"),
        (b"[" * 10**6, "it is not JSON: maximum recursion depth"),
        (b'[{"a": 1, "a": 2}]', "'a' occurs twice"),
    ]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message) as caught:
            files.read_json(path, "list", list)
        assert str(caught.value).startswith(f"{path} is no list")
    for content in (b"[1]", b"\xef\xbb\xbf[1]", "[1]".encode("utf-16"), b"\r\n[1]\n"):
        path.write_bytes(content)
        assert files.read_json(path, "list", list) == [1]
    with pytest.raises(FileNotFoundError, match="no list at"):
        files.read_json(tmp_path, "list", list)


def test_files_that_are_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 1 << 20)
    (tmp_path / "a").write_bytes(bytes((1 << 20) + 1))
    for read in (files.read_bytes, files.read_text, files.read_json):
        with pytest.raises(ValueError, match="a is no x: it has more than 1 MB"):
            read(tmp_path / "a", "x")


def npz(path, header, data=b"", compression=zipfile.ZIP_DEFLATED):
    """An npz file with one array, by hand."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        text = header.encode().ljust(100) + b"\n"
        magic = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little")
        archive.writestr("a.npy", magic + text + data)


HEADER = "{{'descr': {!r}, 'fortran_order': {}, 'shape': {}}}"


def test_arrays_of_numbers(tmp_path):
    path = tmp_path / "a.npz"
    a = np.arange(6).reshape(2, 3)
    for order in "CF":
        np.savez(path, a=np.array(a, order=order))
        np.testing.assert_array_equal(files.read_npz(path, {"a": 2})["a"], a)
    with pytest.raises(ValueError, match="expected 3 axes of numbers"):
        files.read_npz(path, {"a": 3})
    with pytest.raises(ValueError, match=r"a.npz is no npz file: .*There is no item named 'b.npy'"):
        files.read_npz(path, {"b": 2})


@pytest.mark.parametrize(
    "header, data, message",
    [
        (HEADER.format("<f8", False, (10**12,)), b"", "expected 1 axes of numbers"),
        (HEADER.format("<f8", False, (10**30,)), b"", "expected 1 axes of numbers"),
        (HEADER.format("<f8", False, (-1,)), b"", "has the shape"),
        (HEADER.format("<f8", False, (2.0,)), b"", "is no npz file"),
        (HEADER.format("<f8", False, (3,)), b"x" * 16, "needs 24 bytes, the file has others"),
        (HEADER.format("<f8", False, (3,)), b"x" * 25, "needs 24 bytes, the file has others"),
        (HEADER.format("|O", False, (3,)), b"x" * 24, "a is object of shape"),
        (HEADER.format("<U4", False, (3,)), b"x" * 48, "expected 1 axes of numbers"),
        (HEADER.format("no", False, (3,)), b"x" * 24, "is no npz file"),
        ("{", b"", "is no npz file"),
        ("(" * 90, b"", "is no npz file"),
        ("__import__('os').abort()", b"", "is no npz file"),
    ],
)
def test_npz_headers(tmp_path, header, data, message):
    npz(tmp_path / "a.npz", header, data)
    with pytest.raises(ValueError, match=message) as caught:
        files.read_npz(tmp_path / "a.npz", {"a": 1})
    assert str(caught.value).startswith(str(tmp_path / "a.npz"))


def test_npz_files_that_swell(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 1 << 20)
    npz(tmp_path / "a.npz", HEADER.format("|u1", False, (1 << 24,)), bytes(1 << 24))
    assert (tmp_path / "a.npz").stat().st_size < 1 << 16
    with pytest.raises(ValueError, match="expected 1 axes of numbers"):
        files.read_npz(tmp_path / "a.npz", {"a": 1})
    npz(tmp_path / "a.npz", HEADER.format("|u1", False, (3,)), b"abc", zipfile.ZIP_LZMA)
    with pytest.raises(ValueError, match="a is compressed as NumPy does not"):
        files.read_npz(tmp_path / "a.npz", {"a": 1})
