"""Settings: the device and dtype of new arrays, modes; and the boundary where data is cast.

A setting holds for the whole process; a `with` scope overrides it inside its block, in the thread
that runs the block:

    minigrad.set_device("cuda")             # from here on, in every thread
    with minigrad.device("cpu"):            # inside the block, in this thread
        ...
"""

from __future__ import annotations

import threading
import warnings
from array import array
from collections import deque
from collections.abc import Mapping
from contextlib import ContextDecorator
from typing import Any

import numpy as np

from .backend import Array, backend, load_module, to_cpu, transfer


class Settings(threading.local):
    """Class attributes are what all threads see; a scope sets instance attributes of its thread."""

    device = "cpu"
    default_dtype: np.dtype = np.dtype("float32")
    use_kernels = True
    recording = True  # False inside no_grad: calls leave no graph behind
    training = False  # True inside fit and train_on_batch
    trainable_at_compile: dict[Any, bool] = {}  # the layers of the model whose step this is
    anomaly_detector: Any = None
    generator: Any = None  # None: the process's own, which minigrad.seed starts
    outer: dict[str, Any] = {}  # what this thread's innermost scope restores


settings = Settings()


class Scope(ContextDecorator):
    """`with scope:` overrides settings inside the block and restores them, also after an exception.

    A scope also decorates functions: `@no_grad()`. One that is made and never entered has changed
    nothing, and warns.
    """

    used = True  # until __init__ has run

    def __init__(self, **values: Any) -> None:
        self.values = values
        self.used = False

    def _recreate_cm(self) -> Scope:
        """The scope that a decorated function enters: itself, since it can be entered again."""
        self.used = True
        return self

    def __enter__(self) -> Any:
        self.used = True
        own = vars(settings)
        own.update(self.values, outer=own.copy())
        return self

    def __exit__(self, *_: Any) -> None:
        own = vars(settings)
        outer = own["outer"]
        own.clear()
        own.update(outer)

    def __del__(self) -> None:
        if not self.used:
            name = type(self).__name__
            warnings.warn(
                f"{name}(...) was made but never entered, so it changed nothing: "
                f"write `with minigrad.{name}(...):` around the lines it is for",
                stacklevel=2,
            )


def _set(name: str, value: Any) -> None:
    """Set for the whole process; this thread's own override, if it has one, is dropped."""
    setattr(Settings, name, value)
    vars(settings).pop(name, None)


# ---- device ------------------------------------------------------------------------------------


class device(Scope):
    """`with minigrad.device("cuda"):` new arrays inside the block live there.

    Args:
        name: "cpu" or "cuda".

    Raises:
        ValueError: If there is no such device.
        RuntimeError: If there is no GPU, or no CuPy.

    Example:
        >>> with device("cpu"):
        ...     minigrad.Tensor([1.0]).device
        'cpu'
    """

    def __init__(self, name: str) -> None:
        load_module(name)
        super().__init__(device=name)


def set_device(name: str) -> None:
    """New arrays live on the device called `name` from here on, in every thread.

    Args:
        name: "cpu" or "cuda".

    Raises:
        ValueError: If there is no such device.
        RuntimeError: If there is no GPU, or no CuPy.

    Example:
        >>> set_device("cpu")
    """
    load_module(name)
    _set("device", name)


def default_device() -> str:
    """The name of the device that new arrays live on."""
    return settings.device


def device_module() -> Any:
    """The array module of the device that new arrays live on."""
    return load_module(settings.device)


def to_device(x: Any, name: str | None = None) -> Array:
    """`x` as an array on the device called `name` (default: the one that new arrays live on).

    The same object if it is there already.
    """
    return transfer(x, name or settings.device)


# ---- dtype -------------------------------------------------------------------------------------


def _floating(dtype: Any) -> np.dtype:
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(
            f"the default dtype must be a floating one, not {dtype}: try 'float32' or 'float64'"
        )
    return dtype


class default_dtype(Scope):
    """`with minigrad.default_dtype("float64"):` new parameters and data inside the block have it.

    Args:
        dtype: A floating dtype or its name.

    Raises:
        TypeError: If it is not floating.

    Example:
        >>> with default_dtype("float64"):
        ...     minigrad.Tensor([1.0]).dtype
        dtype('float64')
    """

    def __init__(self, dtype: Any) -> None:
        super().__init__(default_dtype=_floating(dtype))


def set_floatx(dtype: Any) -> None:
    """New parameters and data have this dtype from here on (Keras's name for it).

    Args:
        dtype: A floating dtype or its name.

    Raises:
        TypeError: If it is not floating.

    Example:
        >>> set_floatx("float32")
    """
    _set("default_dtype", _floating(dtype))


def floatx() -> str:
    """The name of the default dtype (Keras's name for it).

    Example:
        >>> floatx()
        'float32'
    """
    return settings.default_dtype.name


# ---- kernels -----------------------------------------------------------------------------------


class use_kernels(Scope):
    """`with minigrad.use_kernels(False):` every op runs as its definition, without fast kernels.

    Args:
        active: False for definitions alone.

    Example:
        >>> with use_kernels(False):
        ...     minigrad.ops.softmax(np.array([0.0, 0.0])).tolist()
        [0.5, 0.5]
    """

    def __init__(self, active: bool = True) -> None:
        super().__init__(use_kernels=bool(active))


def set_use_kernels(active: bool) -> None:
    """Run ops by their fast kernels or by their definitions, from here on.

    Args:
        active: True, as it is at the start, for kernels; False for definitions.

    Example:
        >>> set_use_kernels(True)
    """
    _set("use_kernels", bool(active))


# ---- the boundary ------------------------------------------------------------------------------


def as_data(x: Any, dtype: Any = None, device: str | None = None) -> Array:
    """`x` as an array: floating values get the default dtype, integers and bools stay.

    This is the one boundary where data is cast; behind it float32 stays float32.

    Args:
        x: Numbers, lists, an array or a Tensor.
        dtype: The dtype of the result, or None.
        device: The device of the result; None leaves arrays where they are, and puts lists and
            numbers on the default device.

    Raises:
        TypeError: If x is not numeric.
        ValueError: If rows differ in length.
    """
    x = getattr(x, "_array", x)
    if backend(x) is np and not isinstance(x, (np.ndarray, np.generic)):
        x = _as_numpy(x)
        device = device or settings.device
    if x.dtype.kind not in "fiub":
        hint = ": are the rows of equal length?" if x.dtype.kind == "O" else ""
        raise TypeError(f"expected numbers, got an array of dtype {x.dtype}{hint}")
    dtype = dtype or (settings.default_dtype if x.dtype.kind == "f" else x.dtype)
    if isinstance(x, np.generic):
        x = np.asarray(x)
    if x.dtype != dtype:
        x = x.astype(dtype)
    return to_device(x, device) if device else x


def is_indexed_object(x: Any) -> bool:
    """True for an object of somebody's class with items by number, neither array nor container.

    NumPy would ask such an object for items until one is missing, which may be never.
    """
    if hasattr(x, "__array__") or hasattr(x, "dtype") or isinstance(x, CONTAINERS):
        return False
    return hasattr(x, "__getitem__")


CONTAINERS = (list, tuple, range, str, bytes, bytearray, memoryview, array, deque, Mapping)


def _as_numpy(x: Any) -> np.ndarray:
    """Numbers, or nested lists of numbers and Tensors, as a NumPy array."""
    if is_indexed_object(x):
        raise TypeError(
            f"expected numbers, got an object of {type(x).__name__}: batches by their number go "
            "into fit(x), evaluate(x) or predict(x) alone; rows need an array, np.stack([...])"
        )
    if isinstance(x, (list, tuple)) and any(hasattr(item, "_array") for item in x):
        x = [to_cpu(getattr(item, "_array", item)) for item in x]
    try:
        return np.asarray(x)
    except ValueError as cause:
        raise ValueError(
            f"expected numbers, got {type(x).__name__}: are the rows of equal length? ({cause})"
        ) from cause
