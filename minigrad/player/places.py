"""Where a step of a run happened: lines of code, and the layers and ops that it is part of."""

from __future__ import annotations

import inspect
import linecache
import os
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from ..engine import autograd
from ..layers.base import Layer
from ..losses import Loss
from ..optimizers import Optimizer

PACKAGE = Path(__file__).resolve().parents[1]
PREFIX = __name__.partition(".")[0]
LONGEST_LISTING = 400  # lines of a file that are shown whole
BOILERPLATE = {"engine", "player", "arguments", "config"}  # rooms whose lines explain no formula
LAYER_CALL, LOSS_CALL = Layer.__call__.__code__, Loss.__call__.__code__
OP_CALL, BACKPROPAGATE = autograd.Primitive.__call__.__code__, autograd._backpropagate.__code__
UPDATE = Optimizer.apply.__code__
COMPOSITE_CALL = "composite.<locals>.call"


class Group(NamedTuple):
    """What a step is part of.

    Attributes:
        key: The object that tells one call from another: its frame.
        kind: "layer", "loss", "op", "backward" or "update".
        label: Its name.
    """

    key: Any
    kind: str
    label: str


class Place(NamedTuple):
    """A line of code.

    Attributes:
        code: The code object that the line belongs to.
        line: The number of the line.
        is_own: True for a line of the user, False for one of this package.
    """

    code: CodeType
    line: int
    is_own: bool


class Position(NamedTuple):
    """Where a step happened.

    Attributes:
        places: The user's line, then the line of this package that computes, if there is one.
        groups: What it is part of, the outermost first.
        frame: The frame of the user's line; None if there is none.
    """

    places: list[Place]
    groups: list[Group]
    frame: FrameType | None


def position() -> Position:
    """Where the op happens that an observer is being told of."""
    groups: list[Group] = []
    own = inner = found = None
    frame: Any = sys._getframe(2)
    while frame is not None:
        if _is_of_package(frame):
            group = _group_of(frame)
            if group is not None:
                _add(groups, group)
            if inner is None and own is None and _computes(frame):
                inner = Place(frame.f_code, frame.f_lineno, False)
        elif own is None:
            own, found = Place(frame.f_code, frame.f_lineno, True), frame
        frame = frame.f_back
    places = [place for place in (own, inner) if place is not None]
    return Position(places, groups[::-1], found)


def _add(groups: list[Group], group: Group) -> None:
    """Append a group; one that only calls itself, or an op of its name, is one group with it."""
    inside = groups[-1] if groups else None
    if inside and (inside.kind, inside.label) == (group.kind, group.label):
        groups[-1] = group
    else:
        groups.append(group)


def _is_of_package(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == PREFIX


def _computes(frame: FrameType) -> bool:
    """True for a frame whose line says what is computed."""
    parts = str(frame.f_globals.get("__name__", "")).split(".")
    return len(parts) > 1 and parts[1] not in BOILERPLATE and parts[-1] != "methods"


def _group_of(frame: FrameType) -> Group | None:
    """The group that a frame of this package opens, if it opens one."""
    code = frame.f_code
    if code is LAYER_CALL:
        return Group(frame, "layer", layer_label(frame.f_locals["self"]))
    if code is LOSS_CALL:
        return Group(frame, "loss", type(frame.f_locals["self"]).__name__)
    if code is OP_CALL and frame.f_locals["self"].is_fused:
        return Group(frame, "op", frame.f_locals["self"].name)
    if code is BACKPROPAGATE:
        return Group(frame, "backward", "backward")
    if code is UPDATE:
        return Group(frame, "update", type(frame.f_locals["self"]).__name__)
    if code.co_qualname == COMPOSITE_CALL:
        return Group(frame, "op", frame.f_locals["function"].__name__)
    return None


def layer_label(layer: Any) -> str:
    """A layer as the page calls it: its name, and its class if the name does not say it.

    Args:
        layer: The layer.
    """
    name, kind = layer._path_name(), type(layer).__name__
    plain = name.rstrip("0123456789").rstrip("_").replace("_", "").lower()
    return name if plain == kind.lower() else f"{name} ({kind})"


def name_in(frame: FrameType | None, array: Any) -> str:
    """What the code of a frame calls an array or its Tensor; "" if it has no name there.

    Args:
        frame: The frame.
        array: The array.
    """
    if frame is None:
        return ""
    values = frame.f_locals.items()
    names = (name for name, value in values if getattr(value, "_array", value) is array)
    return next((name for name in names if not name.startswith("_")), "")


# ---- listings ------------------------------------------------------------------------------------


class Listing(NamedTuple):
    """Lines of a file that a page shows.

    Attributes:
        name: The file, as a reader knows it.
        first: The number of the first line.
        lines: The lines.
    """

    name: str
    first: int
    lines: list[str]


def listing(place: Place) -> Listing:
    """The file of a place if it is the user's and not long, else the function that it is in.

    Args:
        place: The place.
    """
    name = file_name(place.code.co_filename)
    lines = linecache.getlines(place.code.co_filename)
    if place.is_own and len(lines) <= LONGEST_LISTING:
        return Listing(name, 1, [line.rstrip("\n") for line in lines])
    first = place.code.co_firstlineno
    block = inspect.getblock(lines[first - 1 :]) if lines else []
    if len(block) < place.line - first + 1:  # code of a module, or of several lines in one
        first = max(1, place.line - LONGEST_LISTING // 2)
        block = lines[first - 1 : first - 1 + LONGEST_LISTING]
    return Listing(name, first, [line.rstrip("\n") for line in block])


def file_name(path: str) -> str:
    """A file as a reader knows it: within the package its path there, else its last part.

    Args:
        path: The path that Python knows.
    """
    if path.startswith("<"):
        return path.strip("<>")
    try:
        return f"{PREFIX}/{Path(path).resolve().relative_to(PACKAGE).as_posix()}"
    except ValueError:
        return "notebook cell" if "ipykernel" in path else os.path.basename(path)
