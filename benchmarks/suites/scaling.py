"""The time of a training step by batch and by pixels of an image: it should grow in proportion."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .images import pictures, torch_layers

FRAMEWORKS = ("minigrad", "torch")
BATCHES = (16, 32, 64, 128, 256)  # of images of 28x28
SIZES = (14, 28, 56, 112)  # of 32 images
CASES = {
    **{f"{n} images of 28x28": (n, 28) for n in BATCHES},
    **{f"32 images of {n}x{n}": (32, n) for n in SIZES if n != 28},
}
ROWS = list(CASES)


def network(size: int) -> Any:
    """Two convolutions and a mean over the pixels: parameters do not depend on the size."""
    from minigrad import Sequential
    from minigrad.layers import Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D

    model = Sequential(
        [
            Conv2D(32, 3, padding="same", activation="relu"),
            MaxPooling2D(2),
            Conv2D(64, 3, padding="same", activation="relu"),
            GlobalAveragePooling2D(),
            Dense(10),
        ]
    )
    model.build_from_shape((size, size, 1))
    return model


def torch_network(size: int) -> Any:
    from torch import nn

    return nn.Sequential(*torch_layers(nn, network(size)))


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    from .trainers import TRAINERS

    batch, size = CASES[row]
    build = {"minigrad": network, "torch": torch_network}[framework]
    x, labels = pictures(batch, (size, size, 1))
    variants = TRAINERS[framework](partial(build, size), x, labels, device)
    return {"loop": variants["loop"]}


def picture(judged: list[dict[str, Any]], figure: Any) -> None:
    """Milliseconds per step by images and by pixels, with lines in proportion."""
    panels = {
        "images of 28x28 in a batch": [(n, f"{n} images of 28x28") for n in BATCHES],
        "pixels of an image, batch 32": [(n * n, f"32 images of {n}x{n}") for n in SIZES],
    }
    for axis, (label, points) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        for framework, color in (("minigrad", "#1f6fb2"), ("torch", "#888888")):
            seconds = {r["row"]: r["median"] for r in judged if r["framework"] == framework}
            drawn = [(n, seconds[row] * 1e3) for n, row in points if row in seconds]
            if drawn:
                _draw_curve(axis, framework, color, drawn)
        axis.set(xscale="log", yscale="log", xlabel=label, ylabel="ms per training step")
        axis.set_xticks([n for n, _ in points], [f"{n:,}" for n, _ in points])
        axis.minorticks_off()
        axis.yaxis.set_major_formatter("{x:g}")
        axis.legend(fontsize=7)


def _draw_curve(axis: Any, framework: str, color: str, points: list[tuple[int, float]]) -> None:
    """The measured times, and the line in proportion to the last of them."""
    axis.plot(*zip(*points, strict=True), "o-", color=color, label=framework)
    first, (last, time) = points[0][0], points[-1]
    label = f"in proportion to {framework}'s last"
    axis.plot([first, last], [time * first / last, time], ":", color=color, label=label)
