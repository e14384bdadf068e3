"""How the time of a training step grows with the batch and with the pixels of an image: it should be a straight line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .images import pictures, torch_layers

FRAMEWORKS = ("minigrad", "torch")
BATCHES, SIZES = (16, 32, 64, 128, 256), (14, 28, 56, 112)  # the others are 28x28, and 32 images
CASES = {
    **{f"{n} images of 28x28": (n, 28) for n in BATCHES},
    **{f"32 images of {n}x{n}": (32, n) for n in SIZES if n != 28},
}
ROWS = list(CASES)


def network(size: int) -> Any:
    """Two convolutions and a mean over the pixels, so that the number of parameters does not depend on the size."""
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
    found = TRAINERS[framework](partial(build, size), *pictures(batch, (size, size, 1)), device)
    return {"loop": found["loop"]}


def picture(judged: list[dict[str, Any]], figure: Any) -> None:
    """Seconds a step by images and by pixels, with the straight lines that they should be."""
    panels = {
        "images of 28x28 in a batch": [(n, f"{n} images of 28x28") for n in BATCHES],
        "pixels of an image, batch 32": [(n * n, f"32 images of {n}x{n}") for n in SIZES],
    }
    for axis, (label, points) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        for framework, colour in (("minigrad", "#1f6fb2"), ("torch", "#888888")):
            seconds = {r["row"]: r["median"] for r in judged if r["framework"] == framework}
            drawn = [(n, seconds[row] * 1e3) for n, row in points if row in seconds]
            if drawn:
                axis.plot(*zip(*drawn, strict=True), "o-", color=colour, label=framework)
                (n, first), last = drawn[-1], drawn[0][0]
                axis.plot(
                    [last, n],
                    [first * last / n, first],
                    ":",
                    color=colour,
                    label=f"in proportion to {framework}'s last",
                )
        axis.set(xscale="log", yscale="log", xlabel=label, ylabel="ms a training step")
        axis.set_xticks([n for n, _ in points], [f"{n:,}" for n, _ in points])
        axis.minorticks_off()
        axis.yaxis.set_major_formatter("{x:g}")
        axis.legend(fontsize=7)
