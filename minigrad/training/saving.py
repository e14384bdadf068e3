"""Weights in safetensors files, checked before anything changes."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from typing import Any, Mapping

import numpy as np

from ..backend import to_cpu
from ..engine.tensor import Tensor
from ..utils.files import PathLike, atomic_write, entry, parse_json, parsing

Weights = Mapping[str, Tensor]  # parameters by their path in the model
Problems = dict[str, list[str]]  # what does not fit, by kind
OF_KERAS = (".keras", ".h5", ".hdf5")  # files of Keras
METADATA = "minigrad"  # the key of a checkpoint's metadata
DTYPES = {
    "BOOL": "?",
    "U8": "<u1",
    "I8": "<i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "C64": "<c8",
}

# ---- safetensors ---------------------------------------------------------------------------------


def save_safetensors(
    path: PathLike, arrays: Mapping[str, Any], metadata: dict[str, str] | None = None
) -> None:
    """Write named arrays to a safetensors file.

    Args:
        path: The file; a process that is killed on the way leaves an older one as it was.
        arrays: Arrays by name, on any device.
        metadata: Strings to store beside them.

    Raises:
        FileNotFoundError: If there is no such folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_safetensors(f"{folder}/w.safetensors", {"a": np.ones(2)}, {"made": "today"})
        ...     load_safetensors(f"{folder}/w.safetensors")
        ({'a': array([1., 1.])}, {'made': 'today'})
    """
    check_folder(path)
    data = safetensors_bytes(arrays, metadata)
    with atomic_write(path) as file:
        file.write(data)


def safetensors_bytes(arrays: Mapping[str, Any], metadata: dict[str, str] | None = None) -> bytes:
    """The content of a safetensors file.

    Args:
        arrays: Arrays by name, on any device.
        metadata: Strings to store beside them.
    """
    from safetensors.numpy import save

    contiguous = {}
    for name, a in arrays.items():
        contiguous[name] = np.ascontiguousarray(to_cpu(a)).reshape(a.shape)
    return save(contiguous, metadata)


def check_folder(path: PathLike) -> None:
    """Raise FileNotFoundError unless the folder of a file is there.

    Args:
        path: The file.
    """
    folder = Path(path).parent
    if not folder.is_dir():
        raise FileNotFoundError(f"cannot save to {path}: there is no folder {folder}")


def check_suffix(path: PathLike, what: str) -> None:
    """Raise ValueError if the name of a file promises a format that is not written.

    Args:
        path: The file.
        what: "model", "weights" or "backup".

    Example:
        >>> check_suffix("net.weights.h5", "weights")
        >>> check_suffix("net.h5", "weights")
        Traceback (most recent call last):
        ValueError: net.h5 is no name of a file of weights: write \
model.save_weights("net.weights.h5") or model.save_weights("net.safetensors")
    """
    name = Path(path).name.lower()
    suffix = Path(path).suffix.lower()
    stem = Path(path).name.split(".")[0] or "net"
    lines = {
        "model": f'model.save("{stem}.keras") or model.save("{stem}.minigrad")',
        "weights": f'model.save_weights("{stem}.weights.h5") or '
        f'model.save_weights("{stem}.safetensors")',
        "backup": f'BackupAndRestore("{stem}")',
    }
    is_written = name.endswith({"model": ".keras", "weights": ".weights.h5"}.get(what, "/"))
    if suffix in OF_KERAS and not is_written:
        kind = {"model": "whole model", "weights": "file of weights", "backup": "folder"}[what]
        raise ValueError(f"{path} is no name of a {kind}: write {lines[what]}")
    if suffix == ".minigrad" and what == "weights":
        raise ValueError(
            f"{path}: an archive holds the whole model, {lines['model']}; its weights alone: "
            f"{lines['weights']}"
        )


def check_target(path: PathLike, what: str, overwrite: bool) -> None:
    """Refuse to write a file under a name of another format, or over a file that is to stay.

    Args:
        path: The file.
        what: "model" or "weights".
        overwrite: False if an older file is to stay.

    Raises:
        FileExistsError: If there is one.
        ValueError: If the name promises a format that is not written.
    """
    check_suffix(path, what)
    if not overwrite and Path(path).exists():
        raise FileExistsError(f"{path} is there already: give another name, or overwrite=True")


def load_safetensors(path: PathLike) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(arrays by name, metadata) of a safetensors file; bfloat16 becomes float32.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is of another format, cut short, or holds a type that NumPy lacks.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no weight file at {path}")
    return parse_safetensors(Path(path).read_bytes(), path)


def parse_safetensors(data: bytes, path: PathLike) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(arrays by name, metadata) of the content of a safetensors file.

    Args:
        data: The content.
        path: The file, for errors.

    Raises:
        ValueError: If it is of another format, cut short, or holds a type that NumPy lacks.
    """
    from safetensors import SafetensorError, deserialize

    with parsing(path, "safetensors file"):
        try:
            tensors = deserialize(data)
        except SafetensorError as cause:
            raise ValueError(
                f"{path} is not a complete safetensors file ({cause}). minigrad reads only "
                "safetensors: pickles (.bin, .pt) and HDF5 (.h5) have to be converted by the "
                "framework that wrote them"
            ) from cause
        end = 8 + int.from_bytes(data[:8], "little")
        header = parse_json(data[8:end], path, "safetensors file")
        del data
        arrays = {
            name: _as_array(name, **stored) for name, stored in sorted(tensors, key=itemgetter(0))
        }
    return arrays, header.get("__metadata__", {})


def _as_array(name: str, dtype: str, shape: list[int], data: bytearray) -> np.ndarray:
    """A stored tensor as a NumPy array."""
    if dtype == "BF16":  # the upper half of a float32
        halves = np.frombuffer(data, "<u2").astype(np.uint32)
        return (halves << 16).view(np.float32).reshape(shape)
    if dtype not in DTYPES:
        raise ValueError(
            f"{name} has the type {dtype}, which NumPy lacks: convert it to F32 with the framework "
            "that wrote it"
        )
    return np.frombuffer(data, DTYPES[dtype]).reshape(shape)


# ---- weights -------------------------------------------------------------------------------------


def load_weights(
    path: PathLike, weights: Weights, skip_mismatch: bool = False, data: bytes | None = None
) -> None:
    """Read parameters by name, from a file of weights or a checkpoint.

    Args:
        path: The file.
        weights: The parameters to assign, by name.
        skip_mismatch: Whether to load what fits, instead of refusing what does not.
        data: The content, if it is not that of the file.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If names, shapes or types differ; nothing is changed then.
    """
    assign_weights(weights, stored_weights(path, data), str(path), skip_mismatch)


def stored_weights(path: PathLike, data: bytes | None = None) -> dict[str, np.ndarray]:
    """The arrays in a file of weights; of a checkpoint, those of the weights.

    Args:
        path: The file.
        data: The content, if it is not that of the file.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is of another format.
    """
    arrays, metadata = load_safetensors(path) if data is None else parse_safetensors(data, path)
    if METADATA not in metadata:
        return arrays
    content = parse_json(metadata[METADATA], path, "checkpoint")
    names = entry(content, "weights", [str], path)
    return {name: arrays[name] for name in names if name in arrays}


def assign_weights(
    weights: Weights, arrays: Mapping[str, Any], source: str, skip_mismatch: bool = False
) -> None:
    """Write arrays into the parameters of the same names.

    Floating numbers are rounded to the type of the parameter if it can hold them; all else has to
    be of its kind.

    Args:
        weights: Parameters by name.
        arrays: Arrays by name.
        source: Where the arrays come from, for the error.
        skip_mismatch: Whether to assign what fits, instead of refusing what does not.

    Raises:
        ValueError: Lists every missing, extra and unfit array; nothing is changed then.
    """
    fitting, problems = match_arrays(weights, arrays)
    if problems and not skip_mismatch:
        raise mismatch_error(source, problems)
    for name, a in fitting.items():
        weights[name].assign(a)


def match_arrays(
    weights: Mapping[str, Any], arrays: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], Problems]:
    """(the arrays that fit, in the types of the parameters; what does not fit).

    Args:
        weights: Parameters, or arrays of their shape and type, by name.
        arrays: Arrays by name.

    Example:
        >>> p = minigrad.Parameter(np.zeros(2))
        >>> match_arrays({"bias": p}, {"bias": np.array([1.0, 1e300])})
        ({}, {'of another type': ['bias holds numbers that float32 cannot: up to 1e+300']})
    """
    fitting: dict[str, np.ndarray] = {}
    problems: Problems = {"missing": [], "not in the model": [], "of another shape": []}
    problems["not in the model"] = [name for name in arrays if name not in weights]
    problems["of another type"] = []
    for name, p in weights.items():
        if name not in arrays:
            problems["missing"].append(name)
        elif arrays[name].shape != p.shape:
            given = tuple(arrays[name].shape)
            problems["of another shape"].append(f"{name} is {given}, the model expects {p.shape}")
        elif problem := type_problem(arrays[name], p.dtype):
            problems["of another type"].append(f"{name} {problem}")
        else:
            fitting[name] = arrays[name].astype(p.dtype)
    return fitting, {title: names for title, names in problems.items() if names}


def type_problem(a: np.ndarray, dtype: Any) -> str | None:
    """Why an array cannot become one of another type; None if it can.

    Args:
        a: The array.
        dtype: The type of the parameter.
    """
    dtype = np.dtype(dtype)
    if a.dtype.kind != dtype.kind:
        return f"is {a.dtype}, the model expects {dtype}"
    if np.can_cast(a.dtype, dtype):
        return None
    with np.errstate(over="ignore"):
        converted = a.astype(dtype)
    exact = np.isfinite(converted) | ~np.isfinite(a) if dtype.kind == "f" else converted == a
    if exact.all():
        return None
    return f"holds numbers that {dtype} cannot: up to {abs(a[~exact]).max():.3g}"


def mismatch_error(source: str, problems: Problems) -> ValueError:
    """The error that lists everything that does not fit.

    Args:
        source: The file.
        problems: What does not fit, by kind.
    """
    listed = ". ".join(f"{title}: {'; '.join(names)}" for title, names in problems.items())
    return ValueError(f"{source} does not fit this model; nothing was loaded. {listed}")
