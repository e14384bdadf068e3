"""The page of a run: one file with its numbers, its code and the player, which needs no network."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.tensor import Tensor
from .formulas import explain_op, explain_update
from .places import listing
from .values import number, summary

if TYPE_CHECKING:
    from .recording import Run, Step

FOLDER = Path(__file__).parent
FRAME_HEIGHT = 640  # pixels, in a notebook


def page(run: Run, title: str = "") -> str:
    """The page of a run as text.

    Args:
        run: The run, checked.
        title: Its title; by default the name of the file that was recorded.
    """
    content = describe(run)
    names = [file["name"] for file in content["files"] if file["own"]]
    content["title"] = title or (names[0] if names else "run")
    parts = {
        "TITLE": html.escape(content["title"]),
        "STYLE": _read("player.css"),
        "RUN": _as_script(content),
        "SCRIPT": _read("player.js"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _read("player.html"))


def framed(text: str) -> str:
    """A page in a frame of a notebook.

    Args:
        text: The page.
    """
    return (
        f'<iframe srcdoc="{html.escape(text)}" style="width: 100%; height: {FRAME_HEIGHT}px; '
        'border: 1px solid #8888; border-radius: 6px"></iframe>'
    )


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _as_script(content: dict[str, Any]) -> str:
    """JSON that may stand between script tags."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def describe(run: Run) -> dict[str, Any]:
    """A run as what JSON can hold.

    Args:
        run: The run, checked.
    """
    files: dict[Any, int] = {}
    listings: list[dict[str, Any]] = []
    ops: dict[str, Any] = {}
    steps = [_describe_step(step, files, listings, ops) for step in run.steps]
    return {
        "steps": steps,
        "groups": [group._asdict() for group in run.groups],
        "values": [summary(value) for value in run.values],
        "files": listings,
        "ops": ops,
    }


def _describe_step(
    step: Step, files: dict[Any, int], listings: list[dict[str, Any]], ops: dict[str, Any]
) -> dict[str, Any]:
    key = step.name if step.kind != "update" else f"update {step.name}"
    if key not in ops:
        ops[key] = explain_op(step.op) if step.op else explain_update(step.optimizer)
    places = []
    for place in step.places:
        shown = listing(place)
        file = (shown.name, shown.first)
        if file not in files:
            files[file] = len(listings)
            listings.append({**shown._asdict(), "own": place.is_own})
        places.append([files[file], place.line])
    return {
        "kind": step.kind,
        "name": step.name,
        "op": key,
        "group": step.group,
        "places": places,
        "inputs": [value.index for value in step.inputs],
        "settings": {name: _short(value) for name, value in step.settings.items()},
        "output": step.output.index if step.output else None,
        "forward": step.forward.index if step.forward else None,
        "incoming": step.incoming.index if step.incoming else None,
        "leaving": [
            {
                "input": leaving.input,
                "value": leaving.value.index,
                "target": leaving.target.index if leaving.target else None,
                "earlier": leaving.earlier.index if leaving.earlier else None,
                "total": leaving.total.index if leaving.total else None,
                "check": {**check._asdict(), "slopes": [number(x) for x in check.slopes]},
            }
            for leaving, check in zip(step.leaving, step.checks)
        ],
    }


def _short(value: Any) -> str:
    """A setting as text."""
    if isinstance(value, (np.ndarray, Tensor)):
        return f"{value.dtype}{list(value.shape)}"
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
