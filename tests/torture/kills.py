"""Processes killed while they save: the file is the old one or a new one, whole."""

from __future__ import annotations

import itertools
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from minigrad import Sequential
from minigrad.layers import Dense
from minigrad.training import saving
from minigrad.utils.files import read_npz, write_json, write_npz

from .children import kill_in

SIZE = 200_000


def save_weights(path: Path, n: int) -> None:
    saving.save_safetensors(path, {"a": np.full(SIZE, n, "f4")}, {"n": str(n)})


def load_weights(path: Path) -> set[int]:
    arrays, metadata = saving.load_safetensors(path)
    assert arrays["a"].size == SIZE
    return {int(metadata["n"]), *map(int, np.unique(arrays["a"]))}


def save_npz(path: Path, n: int) -> None:
    write_npz(path, {"a": np.full(SIZE, n)})


def load_npz(path: Path) -> set[int]:
    return set(map(int, np.unique(read_npz(path, {"a": 1})["a"])))


def save_json(path: Path, n: int) -> None:
    write_json(path, [n] * 20_000)


def load_json(path: Path) -> set[int]:
    return set(json.loads(path.read_bytes()))


def network() -> Sequential:
    model = Sequential(Dense(300, input_shape=(200,), name="optimizer"))
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 200)), np.ones((2, 300)))
    return model


def save_checkpoint(path: Path, n: int) -> None:
    model = network()
    model.set_weights([np.full(p.shape, n) for p in model.weights])
    model.save(path, epoch=n)


def load_checkpoint(path: Path) -> set[int]:
    model = network()
    epoch = model.load(path)
    return {epoch, *(int(v) for w in model.get_weights() for v in np.unique(w))}


KINDS = {
    "weights": (save_weights, load_weights),
    "npz": (save_npz, load_npz),
    "json": (save_json, load_json),
    "checkpoint": (save_checkpoint, load_checkpoint),
}


def run(count: int, seed: int) -> list[str]:
    """Kill `count` savers, by turns of each kind; returns the faults."""
    faults: list[str] = []
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        for i, (kind, (save, load)) in zip(range(count), itertools.cycle(KINDS.items())):
            path = Path(folder) / kind / "file"
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                save(path, 1)
            faults += _kill_one(path, save, load, chance.uniform(0, 0.05), i + 2)
        for kind, (save, _) in list(KINDS.items())[:count]:
            save(Path(folder) / kind / "file", 1)
            left = sorted(p.name for p in (Path(folder) / kind).iterdir())
            if left != ["file"]:
                faults.append(f"{kind}: the next save leaves {left}")
    return faults


def _kill_one(
    path: Path, save: Callable[..., None], load: Callable[..., set[int]], after: float, n: int
) -> list[str]:
    def body() -> None:
        for i in itertools.count(n):
            save(path, i)

    kill_in(body, after)
    try:
        found = load(path)
    except Exception as error:  # any at all is a fault
        return [f"{path.parent.name} after {after:.4f} s: {error!r}"]
    return [] if len(found) == 1 else [f"{path.parent.name} is half {found}"]
