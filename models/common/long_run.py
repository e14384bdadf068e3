"""Long trainings: so many steps, a film of samples, and a state from which they go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minigrad import Model
from minigrad.callbacks import BackupAndRestore, Callback, TerminateOnNaN

from .film import Draw, Film

FRAMES = 40  # of a film


def fit_steps(
    model: Model,
    x: Any,
    steps: int,
    batch_size: int | None,
    draw: Draw,
    verbose: int = 0,
    callbacks: Sequence[Callback] = (),
    checkpoint: str = "",
    y: Any = None,
    validation_data: Any = None,
    drop_last: bool = True,
) -> Film:
    """`fit` for whole passes over the rows, as many as make up the steps; it stops at NaN.

    Args:
        model: A compiled model.
        x: The rows, or batches of which there are len(x).
        steps: Training steps, rounded up to whole passes.
        batch_size: Rows per step; None for batches.
        draw: Function that returns images of the same noise each time, for the film.
        verbose: 1 shows progress, 0 does not.
        callbacks: More callbacks of the fit.
        checkpoint: A folder. After each pass the state of all networks and optimizers is kept
            there, and the last picture; a training that is started again goes on from it, bit for
            bit. It is deleted at the end, unless a weight has become NaN: then it is the last good
            one. "" for none.
        y: What belongs to the rows, if anything.
        validation_data: As for `fit`.
        drop_last: Whether rows that do not fill a batch are left out.

    Returns:
        The film.

    Raises:
        ValueError: If a batch has more rows than there are.
    """
    if (batch_size or 1) > len(x):
        raise ValueError(f"batches of {batch_size} rows from {len(x)}: choose at most {len(x)}")
    every = max(1, steps // FRAMES)
    if checkpoint:
        Path(checkpoint).mkdir(parents=True, exist_ok=True)
    film = Film(draw, every, Path(checkpoint, "samples.png") if checkpoint else None)
    keeps = [BackupAndRestore(checkpoint)] if checkpoint else []
    batches = len(x) / (batch_size or 1)
    model.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=math.ceil(steps / (math.floor(batches) if drop_last else math.ceil(batches))),
        drop_last=drop_last,
        validation_data=validation_data,
        verbose=verbose,
        callbacks=[*callbacks, film, TerminateOnNaN(), *keeps],
    )
    return film
