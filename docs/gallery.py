"""The gallery: of each model a picture that a training leaves, made small, and its parameters.

    python -m docs.gallery                # of each model that trains in two minutes
    python -m docs.gallery lenet gan      # of these

The pictures and parameters.json stand in docs/images/gallery.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from safetensors.numpy import load_file

import models
from models.common import results

PICTURES = Path(__file__).parent / "images" / "gallery"
PARAMETERS = PICTURES / "parameters.json"
WIDTH, COLORS = 640, 64  # of a picture
SMALLER = {"alexnet": ("--size", "64")}  # flags of a model whose own training takes 40 minutes
LONGEST = 120  # seconds of a training, unless it is asked for by name
# what says most about a model, as part of the name of a picture
BEST = (
    "repaired",
    "samples",
    "translat",
    "film",
    "attention",
    "walk",
    "features",
    "predictions",
    "curves",
)


def best_of(pictures: list[Path]) -> Path:
    """The picture that says most about a model.

    Args:
        pictures: The files.
    """
    ranks = [
        next((i for i, word in enumerate(BEST) if word in file.stem), len(BEST))
        for file in pictures
    ]
    return pictures[ranks.index(min(ranks))]


def note_parameters(name: str, files: list[Path]) -> None:
    """Write down the number of elements in the weights that a training leaves.

    Args:
        name: The model.
        files: Its weights.
    """
    if not files:
        return
    total = 0
    for file in files:
        total += sum(array.size for array in load_file(file).values())
    known = json.loads(PARAMETERS.read_text()) if PARAMETERS.exists() else {}
    known[name] = total
    ordered = {key: known[key] for key in models.NAMES if key in known}
    PARAMETERS.write_text(json.dumps(ordered, indent=2) + "\n")


def make(name: str) -> None:
    """Train a model with its default flags, or those in SMALLER, and keep a picture.

    Args:
        name: The model.
    """
    with tempfile.TemporaryDirectory() as folder:
        flags = SMALLER.get(name, ())
        command = [sys.executable, "-m", "models", name, "--out", folder, *flags]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        if not flags:
            note_parameters(name, sorted(Path(folder).rglob("*.safetensors")))
        pictures = sorted(Path(folder).rglob("*.png"))
        if not pictures:
            print(f"{name}: no picture")
            return
        with Image.open(best_of(pictures)) as picture:
            small = picture.convert("RGB")
    small.thumbnail((WIDTH, 2 * WIDTH))
    PICTURES.mkdir(parents=True, exist_ok=True)
    # thin lines keep their colors, which the median cut would merge
    indexed = small.quantize(COLORS, method=Image.Quantize.MAXCOVERAGE)
    indexed.save(PICTURES / f"{name}.png", optimize=True)
    print(f"{name}: {PICTURES / name}.png")


def main(names: list[str]) -> None:
    """Make the pictures of the models named, or of all that train quickly.

    Args:
        names: The models.
    """
    seconds = results.recorded_seconds()
    quick = [name for name in models.NAMES if seconds.get(name, 0) <= LONGEST]
    for name in names or quick:
        make(name)


if __name__ == "__main__":
    main(sys.argv[1:])
