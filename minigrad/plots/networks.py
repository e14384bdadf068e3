"""Pictures of what happens inside a network: filters, feature maps, saliency, Grad-CAM, gradients by depth.

They take any Sequential over images (N, H, W, C) in inference; functions that end in `_of` give the numbers, the others a Figure.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Mapping

import numpy as np

from .. import activations, losses
from ..backend import device_name, to_cpu
from ..config import as_data, settings, to_device
from ..data.images import resize
from ..engine.autograd import grad, no_grad
from ..engine.tensor import Tensor
from ..layers import Activation, Layer, Softmax, training
from ..training.model import Model
from ..training.sequential import Sequential
from .images import pictures_of, thumbnails
from .style import PathLike, page
from .training import curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# ---- the parts of a network ----------------------------------------------------------------------------------------


def _input(model: Model, images: Any) -> Tensor:
    """Images as a floating Tensor beside the model's weights."""
    x = as_data(images)
    x = x if x.dtype.kind == "f" else x.astype(settings.default_dtype)
    return Tensor(to_device(x, device_name(model.weights[0].data)))


def _place(model: Any, layer: str | int | Layer | None, default: int) -> int:
    """The place of a layer in a Sequential, given itself, its name or its number; else of its first or last convolution."""
    if not isinstance(model, Sequential):
        raise TypeError(
            f"these pictures look into a Sequential, layer by layer; {type(model).__name__} is none"
        )
    if layer is None:
        found = [i for i, part in enumerate(model.layers) if any(p.ndim == 4 for p in part.weights)]
        if not found:
            raise ValueError("there is no convolution in this model: name a layer")
        return found[default]
    names = [part.name for part in model.layers]
    for i, part in enumerate(model.layers):
        if (
            layer is part
            or layer == part.name
            or isinstance(layer, int)
            and layer in (i, i - len(names))
        ):
            return i
    raise ValueError(f"the model has no layer {layer!r}; it has {', '.join(map(str, names))}")


def _through(layers: list[Layer], x: Any) -> Any:
    for layer in layers:
        x = layer(x)
    return x


def _scoring(model: Sequential, start: int = 0) -> list[Layer]:
    """The layers from `start` to the scores: a softmax at the end, which hides how large they are, is left out."""
    *layers, last = model.layers[start:]
    if (
        isinstance(last, Softmax)
        or isinstance(last, Activation)
        and last.activation is activations.get("softmax")
    ):
        return layers
    if getattr(last, "activation", None) is activations.get("softmax"):
        last = copy.copy(last)  # shares its parameters
        last.activation = activations.get("linear")  # type: ignore[attr-defined]
    return [*layers, last]


def _slope(layers: list[Layer], x: Tensor, classes: Any) -> tuple[np.ndarray, np.ndarray]:
    """d score / d x of each row's own class, that given or else the best one; and these classes."""
    x = Tensor(x.data, requires_grad=True)
    scores = _through(layers, x)
    if scores.ndim != 2:
        raise ValueError(
            f"expected scores (N, classes) at the end of the model, got shape {scores.shape}"
        )
    chosen = (
        to_cpu(scores.data).argmax(1)
        if classes is None
        else np.asarray(to_cpu(as_data(classes)), int).reshape(-1)
    )
    if chosen.shape != (len(x),):
        raise ValueError(f"expected one class for each of {len(x)} images, got {chosen.shape}")
    own = scores * to_device(np.eye(scores.shape[1], dtype=scores.dtype)[chosen], scores.device)
    return grad(own.sum(), [x])[0].numpy(), chosen


# ---- the numbers ---------------------------------------------------------------------------------------------------


def features_of(
    model: Sequential, images: Any, layer: str | int | Layer | None = None
) -> np.ndarray:
    """What a layer (default: the first convolution) gives for the images: (N, h, w, C)."""
    place = _place(model, layer, 0)
    with no_grad(), training(False):
        return _through(model.layers[: place + 1], _input(model, images)).numpy()


def saliency_of(model: Sequential, images: Any, classes: Any = None) -> np.ndarray:
    """|d score / d pixel| (arXiv:1312.6034), the largest over channels: (N, H, W). The score is that before a softmax.

    `classes` (N,) says whose score; the default is what the model takes each image for.
    """
    _place(model, 0, 0)
    with training(False):
        slope, _ = _slope(_scoring(model), _input(model, images), classes)
    return abs(slope).max(-1)


def grad_cam_of(
    model: Sequential, images: Any, layer: str | int | Layer | None = None, classes: Any = None
) -> np.ndarray:
    """relu(sum_k a_k A_k) (N, h, w), A the maps of a layer (default: the last convolution), a_k the mean of d score / d A_k.

    arXiv:1610.02391, equations 1 and 2. `classes` as in saliency_of.
    """
    place = _place(model, layer, -1)
    maps = features_of(model, images, place)
    if maps.ndim != 4:
        raise ValueError(
            f"Grad-CAM needs a layer that gives maps (N, h, w, C); {model.layers[place].name} gives {maps.shape}"
        )
    with training(False):
        slope, _ = _slope(_scoring(model, place + 1), _input(model, maps), classes)
    return np.maximum((slope.mean((1, 2), keepdims=True) * maps).sum(-1), 0)


def gradient_norms(
    model: Model, x: Any, y: Any, loss: Any = "sparse_categorical_crossentropy"
) -> dict[str, float]:
    """|d loss / d W| of every kernel W on one batch in training, from the input to the output, by path."""
    if not model.built:
        model(_input(model, x))
    kernels = {name: p for name, p in model.named_weights().items() if p.trainable and p.ndim > 1}
    with training():
        value = losses.get(loss)(
            to_device(as_data(y), next(iter(kernels.values())).device), model(_input(model, x))
        )
    found = grad(value, list(kernels.values()), retain_graph=False, unused="zeros")
    return {name: float(np.linalg.norm(g.numpy())) for name, g in zip(kernels, found)}


# ---- the pictures --------------------------------------------------------------------------------------------------


def _bare(axes: Axes, image: np.ndarray, **options: Any) -> None:
    axes.imshow(image, **options)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def filters(
    model: Sequential,
    layer: str | int | Layer | None = None,
    *,
    columns: int = 8,
    most: int = 64,
    path: PathLike = None,
) -> Figure:
    """The kernels of a convolution (default: the first), on one scale: red adds, blue takes away; the mean of input channels."""
    part = model.layers[_place(model, layer, 0)]
    kernel = next((p.numpy() for p in part.weights if p.ndim == 4), None)
    if kernel is None:
        raise ValueError(f"{part.name} has no filters: name a convolution")
    kernels = kernel.mean(2).transpose(2, 0, 1)[:most]
    high, columns = float(abs(kernels).max()) or 1.0, min(columns, len(kernels))
    rows = -(-len(kernels) // columns)
    with page(path, 0.85 * columns, 0.85 * rows + 0.4) as figure:
        for axes in thumbnails(figure, kernels, columns):
            axes.images[0].set(cmap="RdBu_r", clim=(-high, high))
        figure.suptitle(
            f"{part.name}: {len(kernels)} of {kernel.shape[-1]} filters {kernel.shape[0]}x{kernel.shape[1]}, "
            f"red to +{high:.2g}, blue to -{high:.2g}",
            fontsize=10,
        )
    return figure


def features(
    model: Sequential,
    images: Any,
    layer: str | int | Layer | None = None,
    *,
    channels: int = 10,
    path: PathLike = None,
) -> Figure:
    """Images, a row each, and beside each what a layer makes of it: the channels that answer most strongly over all images."""
    place = _place(model, layer, 0)
    maps, shown = features_of(model, images, place), pictures_of(images)
    if maps.ndim != 4:
        raise ValueError(
            f"{model.layers[place].name} gives no maps (N, h, w, C), but shape {maps.shape}"
        )
    best = np.argsort(-abs(maps).mean((0, 1, 2)), kind="stable")[:channels]
    with page(path, 0.95 * (len(best) + 1), 0.95 * len(maps) + 0.5) as figure:
        grid = figure.subplots(len(maps), len(best) + 1, squeeze=False)
        for row, image, answer in zip(grid, shown, maps):
            _bare(row[0], image, cmap="gray")
            for axes, channel in zip(row[1:], best):
                _bare(
                    axes,
                    answer[..., channel],
                    cmap="viridis",
                    vmin=float(maps[..., channel].min()),
                    vmax=float(maps[..., channel].max()),
                )
        for axes, channel in zip(grid[0], ["image", *best]):
            axes.set_title(str(channel), fontsize=9, fontweight="normal", pad=3)
        figure.suptitle(
            f"{model.layers[place].name}: {len(best)} of {maps.shape[-1]} channels", fontsize=10
        )
    return figure


def _pairs(
    images: Any,
    heat: np.ndarray,
    labels: Any,
    names: Any,
    title: str,
    over: float,
    cmap: str,
    path: PathLike,
) -> Figure:
    """A column for each image: above the image, below its heat, over the image if `over` < 1; each scaled by itself."""
    shown = pictures_of(images)
    with page(path, 1.05 * len(shown), 2.6) as figure:
        grid = figure.subplots(2, len(shown), squeeze=False)
        for i, (above, below) in enumerate(grid.T):
            _bare(above, shown[i], cmap="gray")
            if over < 1:
                _bare(below, shown[i], cmap="gray")
            _bare(below, heat[i], cmap=cmap, vmin=0, vmax=float(heat[i].max()) or 1.0, alpha=over)
            label = labels[i] if names is None else names[labels[i]]
            above.set_title(str(label), fontsize=9, fontweight="normal", pad=3)
        figure.suptitle(title, fontsize=10)
    return figure


def _classes(model: Sequential, images: Any, classes: Any) -> np.ndarray:
    """Those given, or those that the model takes the images for."""
    return (
        model.predict(images).argmax(1)
        if classes is None
        else np.asarray(to_cpu(as_data(classes)), int).reshape(-1)
    )


def _whose(classes: Any) -> str:
    return "the predicted class" if classes is None else "the class"


def saliency(
    model: Sequential, images: Any, classes: Any = None, *, names: Any = None, path: PathLike = None
) -> Figure:
    """Each image above |d score / d pixel|: bright where a small change changes the score most. Titles name the class."""
    title = f"saliency: |d score / d pixel| for {_whose(classes)} above"
    classes = _classes(model, images, classes)
    return _pairs(
        images, saliency_of(model, images, classes), classes, names, title, 1, "inferno", path
    )


def grad_cam(
    model: Sequential,
    images: Any,
    layer: str | int | Layer | None = None,
    classes: Any = None,
    *,
    names: Any = None,
    path: PathLike = None,
) -> Figure:
    """Each image above its Grad-CAM, enlarged and laid over it: bright is what speaks for the class in the title."""
    place = _place(model, layer, -1)
    title = f"Grad-CAM of {model.layers[place].name}: what speaks for {_whose(classes)} above"
    classes = _classes(model, images, classes)
    heat = resize(grad_cam_of(model, images, place, classes), pictures_of(images).shape[1:3])
    return _pairs(images, heat, classes, names, title, 0.65, "inferno", path)


def gradients(norms: Mapping[str, Any], *, path: PathLike = None) -> Figure:
    """Gradient norms by depth, a line for each network: {name: what gradient_norms gave, or a sequence}."""
    lines = {
        name: (
            1 + np.arange(len(values)),
            list(values.values() if isinstance(values, Mapping) else values),
        )
        for name, values in norms.items()
    }
    return curves(
        lines,
        log=True,
        marker="o",
        xlabel="kernel, from input to output",
        ylabel="norm of the gradient",
        path=path,
    )
