"""A film of what a generator draws of the same noise while it learns."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import plots
from minigrad.callbacks import Callback
from minigrad.utils.registry import check_count

from .sample_plots import tile

Draw = Callable[[], Any]  # returns images in -1..1


class Film(Callback):
    """Keeps samples every so many steps, and writes them as a film.

    It draws no random numbers of its own, so a training with it gives the same bits.

    Args:
        draw: Function that returns images in -1..1, the same ones as far as the network is.
        every: Number of steps between two frames.
        path: A picture of the samples, written anew at each frame; None for none.

    Raises:
        ValueError: If `every` is not a whole number, 1 or more.

    Example:
        >>> from minigrad.layers import Dense
        >>> model = minigrad.Sequential(Dense(64, "tanh", input_shape=(2,)))
        >>> model.compile("sgd", "mse")
        >>> noise = np.ones((4, 2), "float32")
        >>> film = Film(lambda: model.predict(noise), every=2)
        >>> history = model.fit(noise, np.zeros((4, 64)), 1, epochs=2, verbose=0, callbacks=film)
        >>> film.steps, film.frames[0].shape
        ([0, 2, 4, 6, 8], (4, 64))
    """

    reads_batch_logs = False
    state_names = ("steps", "frames", "step")

    def __init__(self, draw: Draw, every: int = 500, path: Path | None = None) -> None:
        check_count("every", every)
        self.draw = draw
        self.every = every
        self.path = path
        self.steps: list[int] = []
        self.frames: list[np.ndarray] = []
        self.step = 0

    def on_train_begin(self, logs: dict[str, float]) -> None:
        """Start with what the untrained network draws."""
        self.steps, self.frames, self.step = [], [], 0
        self._shoot()

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Keep a frame where one is due."""
        self.step += 1
        if self.step % self.every == 0:
            self._shoot()

    def _shoot(self) -> None:
        self.steps.append(self.step)
        self.frames.append(np.asarray(self.draw()))
        if self.path is not None:
            write_frame(self.frames[-1], self.step, self.path)


def write_frame(images: np.ndarray, step: int, path: Path) -> None:
    """One frame as a picture.

    Args:
        images: Images in -1..1.
        step: The number of steps trained.
        path: File to write.
    """
    sheet = tile(images, square_columns(images))
    with plots.new_figure(4.5, 4.5 * sheet.shape[0] / sheet.shape[1] + 0.3, path) as figure:
        axes = figure.subplots()
        plots.show_image(axes, sheet, vmin=-1, vmax=1)
        axes.set_title(f"step {step:,}")


def write_film(film: Film, path: Path, seconds: float = 8.0, pixels: int = 400) -> None:
    """All frames as a GIF that repeats, with their steps above them.

    Args:
        film: The callback, after training.
        path: File to write.
        seconds: How long it runs; its last frame stays for two more.
        pixels: Width and height.
    """
    from matplotlib.animation import PillowWriter
    from matplotlib.figure import Figure

    rate = len(film.frames) / seconds
    figure = Figure(figsize=(pixels / 100, pixels / 100), layout="constrained")
    axes = figure.subplots()
    sheets = [tile(images, square_columns(images)) for images in film.frames]
    picture = axes.imshow(sheets[0], cmap="gray", vmin=-1, vmax=1)
    axes.axis("off")
    writer = PillowWriter(fps=rate)
    partial = path.with_name(f".{path.stem}.part.gif")
    stays = [len(sheets) - 1] * round(2 * rate)
    with writer.saving(figure, str(partial), 100):
        for i in [*range(len(sheets)), *stays]:
            picture.set_data(sheets[i])
            axes.set_title(f"step {film.steps[i]:,}")
            writer.grab_frame()
    partial.replace(path)


def square_columns(images: np.ndarray) -> int:
    """The number of columns that makes a sheet of images about square.

    Args:
        images: Images, one per row.

    Example:
        >>> square_columns(np.zeros((20, 64)))
        5
    """
    return math.ceil(math.sqrt(len(images)))
