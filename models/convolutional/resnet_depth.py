"""Plain against residual at 34 layers (He et al. 2015, arXiv:1512.03385, section 4.1 and figure 4).

The same narrow 34-layer network twice, batch normalization and all; one has shortcuts. In the plain
one the gradient changes from block to block by a factor that compounds, and it learns slower: its
*training* loss stays higher, so the cause is not overfitting.

Lesson: tutorials/13_lenet_to_resnet.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any, Literal

import numpy as np

import minigrad
from minigrad import Sequential, Tensor, datasets, grad, plots, training
from minigrad.config import default_device
from minigrad.losses import SparseCategoricalCrossentropy

from .resnet import resnet

# ---- the pair: equal in depth, width and initial deviation ---------------------------------------

KINDS = {"plain": False, "residual": True}
cross_entropy = SparseCategoricalCrossentropy(from_logits=True)


def network(residual: bool, depth: int = 34, width: int = 8) -> Sequential:
    """(N, 8, 8, 1) -> (N, 10): logits; with 8, 16, 32, 64 filters on 8x8, 4x4, 2x2, 1x1 pixels.

    Args:
        residual: False leaves out every shortcut.
        depth: Layers with kernels: 18, 34, 50, 101 or 152.
        width: Filters of the first stage.
    """
    return resnet(depth, "torchvision", 10, (8, 8, 1), width, residual, small_images=True)


def gradient_norms(model: Sequential, x: Any, y: Any) -> list[float]:
    """|dL/dh| at the output h of each block, first to last, for one batch in training.

    Args:
        model: A network of this file.
        x: Images.
        y: Labels.
    """
    h = Tensor(x, device=default_device())
    outputs = []
    with training():
        for layer in model.layers:
            h = layer(h)
            if (layer.name or "").startswith("layer"):
                outputs.append(h)
        loss = cross_entropy(Tensor(y, device=default_device()), h)
    return [float(np.linalg.norm(g.numpy())) for g in grad(loss, outputs)]


# ---- training ------------------------------------------------------------------------------------

REFERENCE = (
    "plain-34 ends at 28.54 % top-1 error on ImageNet, ResNet-34 at 25.03 % (table 2 of the paper)"
)
# Set after the first run (ratio 21, gap .46), far below it: the residual network wins plainly.
TARGETS = ["training_loss_ratio >= 2", "accuracy_gap >= 0.1"]


def train(
    depth: Literal[18, 34, 50, 101, 152] = 34,
    width: int = 8,
    epochs: int = 8,
    batch_size: int = 64,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[dict[str, Sequential], dict[str, float]]:
    """Both networks with Adam and the same batches: ({kind: model}, metrics).

    Args:
        depth: Layers with kernels: 18, 34, 50, 101 or 152.
        width: Filters of the first stage.
        epochs: Passes over the training rows.
        batch_size: Rows per step.
        seed: Seed of the weights and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    (x, y), test = datasets.digits.load_data(flat=False)
    models: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    for kind, residual in KINDS.items():
        minigrad.seed(seed)
        model: Any = network(residual, depth, width)
        models[kind] = model
        model.name = kind
        norms = model.gradients = gradient_norms(model, x[:256], y[:256])
        model.compile(optimizer="adam", loss=cross_entropy, metrics=["accuracy"])
        model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose, validation_data=test)
        history = model.history.history
        metrics[f"{kind}_accuracy"] = history["val_accuracy"][-1]
        metrics[f"{kind}_training_loss"] = history["loss"][-1]
        metrics[f"{kind}_gradient_first_over_last"] = norms[0] / norms[-1]
    ratio = metrics["plain_training_loss"] / metrics["residual_training_loss"]
    gap = metrics["residual_accuracy"] - metrics["plain_accuracy"]
    return models, metrics | {"training_loss_ratio": ratio, "accuracy_gap": gap}


def pictures(models: dict[str, Any], out: Path) -> None:
    """Gradients by block; loss and accuracy by epoch."""
    lines = {}
    for kind, model in models.items():
        norms = np.array(model.gradients)
        lines[kind] = (np.arange(1, len(norms) + 1), norms / norms[-1])
    plots.curves(
        lines,
        log=True,
        xlabel="block",
        ylabel="gradient norm, the last block's = 1",
        title="Gradients at the early blocks before training",
        marker="o",
        path=out / "gradients.png",
    )
    for key, title in (("loss", "Training loss"), ("val_accuracy", "Accuracy on the test digits")):
        lines = {}
        for kind, model in models.items():
            values = model.history.history[key]
            lines[kind] = (np.arange(1, len(values) + 1), values)
        plots.curves(
            lines,
            log=key == "loss",
            xlabel="epoch",
            title=title,
            marker="o",
            path=out / f"{key}.png",
        )
