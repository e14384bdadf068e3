"""Settings: the device and dtype of new arrays, modes; and the boundary where data is cast.

One rule holds for all of them. A setter holds for the whole process; a `with` scope overrides it
inside its block, in the thread that runs the block:

    minigrad.set_device("cuda")             # from here on, in every thread
    with minigrad.device("cpu"):            # inside the block, in this thread
        ...

A new thread begins with what holds for the process, whatever scopes its parent is in; only the
thread that prepares the batches of a Dataset takes over the settings of the one that reads them.
Scopes may end in any order. A generator or a coroutine that pauses inside a scope leaves it open
for whatever its thread runs meanwhile: open scopes around the work, not around a `yield`.

An interrupt (Ctrl-C) that strikes before a scope could end is made good by the scope around it and
by `fit`, `evaluate`, `predict` and the methods for one batch, which leave with the settings that
they came with.
"""

from __future__ import annotations

import reprlib
import sys
import threading
import warnings
import weakref
from array import array
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ContextDecorator
from functools import partial, wraps
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

import numpy as np

from .arguments import ExplainsArguments, explains_arguments
from .backend import Array, backend, load_module, to_cpu, transfer

P = ParamSpec("P")
R = TypeVar("R")


class Settings(threading.local):
    """Class attributes are what all threads see; a scope sets instance attributes of its thread."""

    device = "cpu"
    default_dtype: np.dtype = np.dtype("float32")
    use_kernels: bool | str = True
    recording = True  # False inside no_grad: calls leave no graph behind
    open_tapes = 0  # the number of GradientTapes around: gradients are then recorded themselves
    training: bool | None = None  # True inside fit and train_on_batch; None: no scope has said
    awaited: list[int] | None = None  # how many weights a file still holds, while one is read
    probing = False  # True while a declared input shape is tried out on zeros
    inside_call = False  # True inside the call of a layer, once layers add losses
    layer_in_dtype: Any = None  # the layer with a dtype of its own that has made it the default
    trainable_at_compile: dict[Any, bool] = {}  # the layers of the model whose step this is
    observer: Any = None  # what is told of every op and every step back: engine/anomaly.py
    recorder: Any = None  # while a training step is written down: what notes its calls
    generator: Any = None  # None: the process's own, which minigrad.seed starts
    process_group: Any = None  # the processes that train together, minigrad.distributed
    rows: Any = None  # in a step of theirs: which rows of the batch are those of this process
    _scope: Any = None  # the innermost scope of this thread
    outer: dict[str, Any] = {}  # what this thread's innermost scope restores


settings = Settings()


class Scope(ContextDecorator, metaclass=ExplainsArguments):
    """`with scope:` overrides settings inside the block and restores them, also after an exception.

    A scope also decorates functions: `@no_grad()`. One that is made and never entered has changed
    nothing, and warns.
    """

    _warn: Callable[[Any], None]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._warn = partial(_warn_never_entered, cls.__name__)

    def __init__(self, **values: Any) -> None:
        self.values = values
        # not __del__: Python code that runs at the end of an object swallows an interrupt
        self._warning: Any = weakref.ref(self, self._warn)

    def _recreate_cm(self) -> Scope:
        """The scope that a decorated function enters: itself, since it can be entered again."""
        self._warning = None
        return self

    def __enter__(self) -> Any:
        self._warning = None
        own = vars(settings)
        outer = own.copy()
        try:
            own.update(self.values, _scope=self, outer=outer)
            return self
        except BaseException:
            _replace(own, outer)
            raise

    def __exit__(self, error: type[BaseException] | None = None, *_: Any) -> None:
        own = state = vars(settings)
        inner = []  # scopes that were entered after this one and have not ended
        while (scope := state.get("_scope")) is not self:
            if scope is None:  # an interrupt has ended it
                return
            inner.append(scope)
            state = state["outer"]
        state = state["outer"]
        # an interrupt may have kept scopes from ending; after anything else they are still in use
        if error is None or issubclass(error, (Exception, GeneratorExit)):
            for scope in reversed(inner):
                state = {**state, **scope.values, "_scope": scope, "outer": state}
        _replace(own, state)


def _replace(own: dict[str, Any], state: dict[str, Any]) -> None:
    """Give a thread's own settings the values of `state`, even if an interrupt strikes."""
    try:
        own.clear()
        own.update(state)
    except BaseException:
        own.clear()
        own.update(state)
        raise


def _warn_never_entered(name: str, _: Any) -> None:
    if sys.is_finalizing():
        return
    warnings.warn(
        f"{name}(...) was made but never entered, so it changed nothing: "
        f"write `with minigrad.{name}(...):` around the lines it is for",
        stacklevel=2,
    )


def restores_settings(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function leave with the settings of its thread that it came with.

    An interrupt can strike where a scope has been entered and does not yet, or no longer, restore.

    Args:
        function: The function to decorate.

    Example:
        >>> @restores_settings
        ... def forget():
        ...     minigrad.training().__enter__()
        >>> forget()
        >>> minigrad.is_training()
        False
    """

    @wraps(function)
    def restoring(*args: P.args, **kwargs: P.kwargs) -> R:
        own = vars(settings)
        before = own.copy()
        try:
            return function(*args, **kwargs)
        finally:
            _replace(own, before)

    return restoring


def one_call(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function that does more than compute, such as draw, one call of a captured step.

    Args:
        function: A function or method that gets arrays, and gives arrays or None.

    Example:
        >>> one_call(abs)(-2.0)
        2.0
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if settings.recorder is None:
            return function(*args, **kwargs)
        return settings.recorder.call(function, args, kwargs, has_effect=True)

    return call


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


@explains_arguments
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
    if str(dtype) == "bfloat16" or np.dtype(dtype).kind != "f":
        raise TypeError(
            f"the default dtype must be float16, float32 or float64, not {dtype}: NumPy computes "
            "with no others"
        )
    return np.dtype(dtype)


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


@explains_arguments
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


EPSILON = 1e-7


def epsilon() -> float:
    """The small number that losses and optimizers divide and take logarithms by (Keras's name).

    Example:
        >>> epsilon()
        1e-07
    """
    return EPSILON


# ---- layout of images --------------------------------------------------------------------------


def image_data_format() -> str:
    """The layout of images, (N, H, W, C) (Keras's name for it).

    Example:
        >>> image_data_format()
        'channels_last'
    """
    return "channels_last"


@explains_arguments
def set_image_data_format(data_format: str) -> None:
    """Accepts the layout that all images have here.

    Args:
        data_format: "channels_last".

    Raises:
        ValueError: If it is anything else.

    Example:
        >>> set_image_data_format("channels_last")
    """
    if data_format != "channels_last":
        raise ValueError(
            f"images are (N, H, W, C), 'channels_last', not {data_format!r}: write "
            "x.transpose(0, 2, 3, 1) for images (N, C, H, W)"
        )


# ---- kernels -----------------------------------------------------------------------------------


class use_kernels(Scope):
    """`with minigrad.use_kernels(False):` every op runs as its definition, without fast kernels.

    Args:
        active: False for definitions alone, "numpy" for kernels without compiled loops.

    Raises:
        ValueError: If it is anything else but True.

    Example:
        >>> with use_kernels(False):
        ...     minigrad.ops.softmax(np.array([0.0, 0.0])).tolist()
        [0.5, 0.5]
    """

    def __init__(self, active: bool | str = True) -> None:
        super().__init__(use_kernels=_kernel_choice(active))


def _kernel_choice(active: bool | str) -> bool | str:
    if isinstance(active, str) and active != "numpy":
        raise ValueError(f"use_kernels takes True, False or 'numpy', got {active!r}")
    return active if isinstance(active, str) else bool(active)


@explains_arguments
def set_use_kernels(active: bool | str) -> None:
    """Run ops by their fast kernels or by their definitions, from here on.

    Args:
        active: True, as it is at the start, for kernels; "numpy" for those without compiled loops;
            False for definitions.

    Raises:
        ValueError: If it is anything else.

    Example:
        >>> set_use_kernels(True)
    """
    _set("use_kernels", _kernel_choice(active))


# ---- processes ---------------------------------------------------------------------------------


def is_first_process() -> bool:
    """True in the process that writes files and shows progress; in every one that trains alone.

    Example:
        >>> is_first_process()
        True
    """
    return settings.process_group is None or settings.process_group.rank == 0


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
        raise TypeError(f"expected numbers, got {_describe_others(x)}")
    if dtype is not None and np.dtype(dtype).kind not in "fiub":
        raise TypeError(f"{dtype!r} is no dtype of numbers: try 'float32' or 'int64'")
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
            f"expected numbers in rows of equal length, got a {type(x).__name__} of other rows"
        ) from cause


def _describe_others(x: np.ndarray) -> str:
    """What is in an array that holds no numbers."""
    values = x.reshape(-1)[:1000].tolist()
    first = next((v for v in values if not isinstance(v, (int, float))), x)
    hint = ""
    if x.dtype.name == "bfloat16":
        hint = ", which NumPy does not compute with: write x.astype('float32')"
    elif isinstance(first, str):
        hint = ": np.unique(strings, return_inverse=True)[1] gives each its number"
    elif hasattr(first, "__next__"):
        hint = ": list(...) of it is a list"
    return f"{type(first).__name__} {reprlib.repr(first)} in an array of dtype {x.dtype}{hint}"


# ---- names that are not here -------------------------------------------------------------------

NAMES = ["epsilon", "floatx", "image_data_format", "set_floatx", "set_image_data_format"]


def __getattr__(name: str) -> Any:
    """An error that says what to write."""
    instead = import_module(".utils.instead", __package__)
    return instead.explain_missing("config", NAMES)(name)
