"""How the errors of ops read: the op as it was called, what it was given, what would fit."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from typing import Any

from ..arguments import check_arguments, settings_by_name
from ..backend import device_name

# what a forward raises for inputs that do not fit; all of them leave as one of KINDS
FORWARD_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ZeroDivisionError,
    OverflowError,
)
KINDS = ValueError, IndexError, TypeError  # some of NumPy's subclasses take no text

# words of NumPy and Python about objects that cannot be computed with
WRONG_KIND = re.compile(
    "ufunc|numpy|no attribute|unsupported operand|not supported between|object of type|NoneType|"
    "not iterable|not subscriptable|interpreted as an integer|real number|multiply sequence|"
    "can only concatenate|inhomogeneous|doesn't define"
)


def call_by_name(op: Any, args: Sequence[Any], kwargs: dict[str, Any], cause: Exception) -> Any:
    """The result of a call that failed because it gave settings by position, as Keras and NumPy do.

    Args:
        op: The Primitive or function that was called.
        args: What it was given by position.
        kwargs: What it was given by keyword.
        cause: The error that it raised.

    Raises:
        ValueError: If it failed for another reason; so do IndexError and TypeError.
    """
    named = settings_by_name(op.__wrapped__, tuple(args), kwargs)
    if named is not None:
        return op(*named[0], **named[1])
    raise with_context(op, args, kwargs, cause) from cause


def with_context(op: Any, args: Sequence[Any], kwargs: Any, cause: Exception) -> Exception:
    """The error of a call. Of ops that call each other the outermost is named.

    Args:
        op: The Primitive or function that was called.
        args: What it was given by position.
        kwargs: What it was given by keyword.
        cause: The error that it raised.

    Raises:
        TypeError: If the call does not fit the signature.
    """
    cause.__suppress_context__ = True  # which is the failure of a call with settings by position
    if isinstance(cause, (TypeError, IndexError)):
        check_arguments(getattr(op, "__wrapped__", op), tuple(args), kwargs)
    name = getattr(op, "label", op.__name__)
    reason = getattr(cause, "reason", "") or _reason(args, kwargs, cause)
    reason = reason.removeprefix(f"{name}: ")
    devices = {device_name(a) for a in args if hasattr(a, "shape")}
    given = ", ".join(describe(a, with_device=len(devices) > 1) for a in args)
    made = _kind(cause)(f"{name}({given}): {reason}")
    made.reason = reason  # type: ignore[attr-defined]
    return made


def _kind(cause: Exception) -> type[Exception]:
    if isinstance(cause, AttributeError):
        return TypeError
    return next((kind for kind in KINDS if isinstance(cause, kind)), ValueError)


# ---- what was given ------------------------------------------------------------------------------


def describe(a: Any, with_device: bool = False) -> str:
    """An argument as errors show it: dtype and shape of an array, the value of anything else.

    Args:
        a: The argument.
        with_device: True to add the device of an array.
    """
    if _holds_arrays(a):
        return f"[{', '.join(map(describe, a))}]"
    if not hasattr(a, "shape") or not hasattr(a, "dtype"):
        return reprlib.repr(a)
    suffix = f" on {device_name(a)}" if with_device else ""
    return f"{a.dtype}{list(a.shape)}{suffix}"


# ---- what is wrong -------------------------------------------------------------------------------


def _reason(args: Sequence[Any], kwargs: dict[str, Any], cause: Exception) -> str:
    """The text of an error, where NumPy's or Python's own says nothing to the user another one."""
    text = str(cause)
    shapes = [tuple(a.shape) for a in args if getattr(a, "shape", ())]
    if "core dimension" in text and len(shapes) > 1:
        a, b = shapes[:2]
        return (
            f"the last axis of {a}, {a[-1]} long, must be as long as the last but one of {b}, "
            f"{b[-2:][0]}"
        )
    if "broadcast together" in text or "cannot be broadcast" in text:
        listed = " and ".join(map(str, shapes))
        return (
            f"shapes {listed} do not broadcast: counted from the last axis, lengths must be equal "
            "or 1"
        )
    return _wrong_kind(args, kwargs, text) if WRONG_KIND.search(text) else text


def _wrong_kind(args: Sequence[Any], kwargs: dict[str, Any], text: str) -> str:
    """Which input or setting cannot be computed with."""
    if any(map(_holds_arrays, args)):
        return "a list of arrays goes in as one: minigrad.stack([...])"
    lists = [a for a in args if isinstance(a, (list, tuple))]
    if lists:
        return f"expected numbers in rows of equal length, not {describe(lists[0])}"
    no_arrays = [a for a in args if a is not None and not hasattr(a, "dtype")]
    wrong = [a for a in args if not _is_numeric(a)] or no_arrays
    settings = [
        f"{key}={reprlib.repr(x)}" for key, x in kwargs.items() if x is None or not _is_numeric(x)
    ]
    if settings and not wrong:
        return f"this does not fit: {', '.join(settings)}"
    if wrong or any(a is None for a in args):
        return f"expected Tensors, arrays or numbers, not {describe((wrong or [None])[0])}"
    dtypes = sorted({str(a.dtype) for a in args if hasattr(a, "dtype")})
    return f"this is not defined for {' and '.join(dtypes)}"


def _holds_arrays(a: Any) -> bool:
    """True for a list with arrays in it."""
    return isinstance(a, (list, tuple)) and any(hasattr(item, "shape") for item in a)


def _is_numeric(a: Any) -> bool:
    """True for numbers and what holds them, and for None, which stands for an input left out."""
    dtype = getattr(a, "dtype", None)
    if dtype is not None:
        return getattr(dtype, "kind", "") in "fiub"
    if isinstance(a, (list, tuple)):
        return all(map(_is_numeric, a))
    return a is None or isinstance(a, (int, float))
