"""Figures of the inside of a network: filters, feature maps, saliency, Grad-CAM, gradient norms.

`compute_*` return the numbers, the functions below them draw them. Networks are Sequential models
over images (N, H, W, C), used in inference.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

from .. import activations, losses
from ..arguments import explains_arguments
from ..backend import to_cpu
from ..config import as_data, settings, to_device
from ..data.images import resize
from ..engine.autograd import grad, no_grad
from ..engine.tensor import Tensor
from ..layers import Activation, Layer, Softmax, training
from ..layers.module import device_of
from ..training.model import Model
from ..training.sequential import Sequential
from ..utils.files import PathLike
from .images import as_images, image_grid, set_small_title, show_image
from .style import new_figure, row_count
from .training import curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LayerKey = str | int | Layer | None  # a layer's name, its index, itself, or the default


# ---- the parts of a network ----------------------------------------------------------------------


def _as_input(model: Model, images: Any) -> Tensor:
    """Images as a floating Tensor on the device of the model's weights, if it has been built."""
    x = as_data(images)
    if x.dtype.kind != "f":
        x = x.astype(settings.default_dtype)
    return Tensor(to_device(x, device_of(model)))


def _require_sequential(model: Any) -> None:
    """Raise TypeError unless the model is a Sequential."""
    if not isinstance(model, Sequential):
        raise TypeError(
            f"this figure needs a Sequential, layer by layer; {type(model).__name__} is not one"
        )


def _layer_index(model: Any, layer: LayerKey, default: int) -> int:
    """The index of a layer in a Sequential; for None of its first (0) or last (-1) convolution."""
    _require_sequential(model)
    if layer is None:
        convolutions = [i for i, part in enumerate(model.layers) if _kernel(part) is not None]
        if not convolutions:
            raise ValueError("there is no convolution in this model: name a layer")
        return convolutions[default]
    count = len(model.layers)
    for i, part in enumerate(model.layers):
        matches_number = isinstance(layer, int) and layer in (i, i - count)
        if layer is part or layer == part.name or matches_number:
            return i
    names = ", ".join(str(part.name) for part in model.layers)
    raise ValueError(f"the model has no layer {layer!r}; it has {names}")


def _kernel(layer: Layer) -> Any:
    """The kernel (KH, KW, in, out) of a convolution; None for other layers."""
    return next((p for p in layer.weights if p.ndim == 4), None)


def _forward(layers: Sequence[Layer], x: Any) -> Any:
    """The output of layers that follow one another."""
    for layer in layers:
        x = layer(x)
    return x


def _layers_to_scores(model: Sequential, start: int = 0) -> list[Layer]:
    """The layers from `start` to the scores, without a softmax, which hides their magnitude."""
    softmax = activations.get("softmax")
    *layers, last = model.layers[start:]
    if isinstance(last, Softmax):
        return layers
    if isinstance(last, Activation) and last.activation is softmax:
        return layers
    if getattr(last, "activation", None) is softmax:
        last = copy.copy(last)  # shares its parameters
        last.activation = activations.get("linear")  # type: ignore[attr-defined]
    return [*layers, last]


def _input_gradient(layers: Sequence[Layer], inputs: Tensor, classes: Any) -> np.ndarray:
    """d score / d input, the score of each row being that of its class (default: the best)."""
    x = Tensor(inputs.data, requires_grad=True)
    scores = _forward(layers, x)
    if scores.ndim != 2:
        raise ValueError(
            f"expected scores (N, classes) at the end of the model, got shape {scores.shape}"
        )
    if classes is None:
        chosen = to_cpu(scores.data).argmax(1)
    else:
        chosen = _as_classes(classes)
    if chosen.shape != (len(x),):
        raise ValueError(f"expected one class for each of {len(x)} images, got {chosen.shape}")
    one_hot = np.eye(scores.shape[1], dtype=scores.dtype)[chosen]
    selected = scores * to_device(one_hot, scores.device)
    (gradient,) = grad(selected.sum(), [x])
    return gradient.numpy()


def _as_classes(classes: Any) -> np.ndarray:
    """Class numbers (N,) of a list or an array."""
    return np.asarray(to_cpu(as_data(classes)), int).reshape(-1)


# ---- the numbers ---------------------------------------------------------------------------------


@explains_arguments
def compute_feature_maps(model: Sequential, images: Any, layer: LayerKey = None) -> np.ndarray:
    """The output of a layer for images.

    Args:
        model: A Sequential over images.
        images: Images (N, H, W, C).
        layer: The layer, its name or its index; None for the first convolution.

    Shape:
        (N, H, W, C) -> (N, h, w, channels) for a convolution

    Raises:
        TypeError: If the model is not a Sequential.
        ValueError: If it has no such layer.

    Example:
        >>> from minigrad.layers import Conv2D
        >>> model = minigrad.Sequential([Conv2D(4, 3, input_shape=(8, 8, 1))])
        >>> minigrad.plots.compute_feature_maps(model, np.zeros((2, 8, 8, 1))).shape
        (2, 6, 6, 4)
    """
    index = _layer_index(model, layer, default=0)
    with no_grad(), training(False):
        return _forward(model.layers[: index + 1], _as_input(model, images)).numpy()


@explains_arguments
def compute_saliency(model: Sequential, images: Any, classes: Any = None) -> np.ndarray:
    """|d score / d pixel|, the maximum over channels; the score is that before a softmax.

    Args:
        model: A Sequential classifier.
        images: Images (N, H, W, C).
        classes: The classes (N,) whose scores are derived; None for the predicted ones.

    Shape:
        (N, H, W, C) -> (N, H, W)

    Raises:
        TypeError: If the model is not a Sequential.
        ValueError: If the model has no scores (N, classes), or the classes are not one per image.

    References:
        Simonyan, Vedaldi & Zisserman 2013, arXiv:1312.6034.

    Example:
        >>> from minigrad.layers import Dense, Flatten
        >>> model = minigrad.Sequential([Flatten(input_shape=(8, 8, 1)), Dense(10)])
        >>> minigrad.plots.compute_saliency(model, np.zeros((2, 8, 8, 1))).shape
        (2, 8, 8)
    """
    _layer_index(model, 0, default=0)
    with training(False):
        gradient = _input_gradient(_layers_to_scores(model), _as_input(model, images), classes)
    return abs(gradient).max(-1)


@explains_arguments
def compute_grad_cam(
    model: Sequential, images: Any, layer: LayerKey = None, classes: Any = None
) -> np.ndarray:
    """relu(sum_k a_k A_k), A_k the feature maps of a layer, a_k the mean of d score / d A_k.

    Args:
        model: A Sequential classifier.
        images: Images (N, H, W, C).
        layer: The layer, its name or its index; None for the last convolution.
        classes: The classes (N,) whose scores are derived; None for the predicted ones.

    Shape:
        (N, H, W, C) -> (N, h, w), the size of the feature maps

    Raises:
        TypeError: If the model is not a Sequential.
        ValueError: If the layer has no feature maps, or the classes are not one per image.

    References:
        Selvaraju et al. 2016, arXiv:1610.02391, equations 1 and 2.

    Example:
        >>> from minigrad.layers import Conv2D, Dense, Flatten
        >>> layers = [Conv2D(4, 3, input_shape=(8, 8, 1)), Flatten(), Dense(10)]
        >>> model = minigrad.Sequential(layers)
        >>> minigrad.plots.compute_grad_cam(model, np.zeros((2, 8, 8, 1))).shape
        (2, 6, 6)
    """
    index = _layer_index(model, layer, default=-1)
    maps = compute_feature_maps(model, images, index)
    if maps.ndim != 4:
        raise ValueError(
            f"Grad-CAM needs a layer that gives maps (N, h, w, C); "
            f"{model.layers[index].name} gives {maps.shape}"
        )
    with training(False):
        layers = _layers_to_scores(model, index + 1)
        gradient = _input_gradient(layers, _as_input(model, maps), classes)
    weights = gradient.mean((1, 2), keepdims=True)
    return np.maximum((weights * maps).sum(-1), 0)


@explains_arguments
def compute_gradient_norms(
    model: Model, x: Any, y: Any, loss: Any = "sparse_categorical_crossentropy"
) -> dict[str, float]:
    """|d loss / d W| of each kernel W for one batch in training, from input to output.

    Args:
        model: Any model.
        x: Inputs of the batch.
        y: Targets of the batch.
        loss: Name or function of the loss.

    Example:
        >>> from minigrad.layers import Dense
        >>> model = minigrad.Sequential([Dense(4, input_shape=(3,)), Dense(1)])
        >>> x, y = np.ones((2, 3)), np.ones((2, 1))
        >>> len(minigrad.plots.compute_gradient_norms(model, x, y, "mse"))
        2
    """
    if not model.built:
        model(_as_input(model, x))
    kernels = {name: p for name, p in model.named_weights().items() if p.trainable and p.ndim > 1}
    targets = to_device(as_data(y), next(iter(kernels.values())).device)
    with training():
        value = losses.get(loss)(targets, model(_as_input(model, x)))
    gradients = grad(value, list(kernels.values()), retain_graph=False, unused="zeros")
    return {name: float(np.linalg.norm(g.numpy())) for name, g in zip(kernels, gradients)}


# ---- filters and feature maps --------------------------------------------------------------------


@explains_arguments
def filters(
    model: Sequential,
    layer: LayerKey = None,
    *,
    columns: int = 8,
    limit: int = 64,
    path: PathLike | None = None,
) -> Figure:
    """The kernels of a convolution, the mean over input channels: red is positive, blue negative.

    Args:
        model: A Sequential.
        layer: The layer, its name or its index; None for the first convolution.
        columns: Filters per row, at most.
        limit: Filters drawn, at most.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        TypeError: If the model is not a Sequential.
        ValueError: If it has no such layer, or that layer is not a convolution.

    Example:
        >>> from minigrad.layers import Conv2D
        >>> model = minigrad.Sequential([Conv2D(4, 3, input_shape=(8, 8, 1))])
        >>> len(minigrad.plots.filters(model).axes)
        4
    """
    part = model.layers[_layer_index(model, layer, default=0)]
    if _kernel(part) is None:
        raise ValueError(f"{part.name} has no filters: name a convolution")
    kernel = _kernel(part).numpy()
    height, width, _, count = kernel.shape
    shown = kernel.mean(2).transpose(2, 0, 1)[:limit]
    high = float(abs(shown).max()) or 1.0
    across = min(columns, len(shown))
    rows = row_count(len(shown), across)
    with new_figure(0.85 * across, 0.85 * rows + 0.4, path) as figure:
        for axes in image_grid(figure, shown, across):
            axes.images[0].set(cmap="RdBu_r", clim=(-high, high))
        figure.suptitle(
            f"{part.name}: {len(shown)} of {count} filters {height}x{width}, "
            f"red to +{high:.2g}, blue to -{high:.2g}",
            fontsize=10,
        )
    return figure


@explains_arguments
def feature_maps(
    model: Sequential,
    images: Any,
    layer: LayerKey = None,
    *,
    channels: int = 10,
    path: PathLike | None = None,
) -> Figure:
    """Images, one per row, each beside its strongest feature maps: the same channels for all.

    Args:
        model: A Sequential.
        images: Images (N, H, W, C).
        layer: The layer, its name or its index; None for the first convolution.
        channels: Channels drawn, at most.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        TypeError: If the model is not a Sequential.
        ValueError: If it has no such layer, or that layer has no feature maps.

    Example:
        >>> from minigrad.layers import Conv2D
        >>> model = minigrad.Sequential([Conv2D(4, 3, input_shape=(8, 8, 1))])
        >>> figure = minigrad.plots.feature_maps(model, np.ones((2, 8, 8, 1)), channels=3)
        >>> len(figure.axes)
        8
    """
    index = _layer_index(model, layer, default=0)
    name = model.layers[index].name
    maps = compute_feature_maps(model, images, index)
    if maps.ndim != 4:
        raise ValueError(f"{name} gives no maps (N, h, w, C), but shape {maps.shape}")
    strength = abs(maps).mean((0, 1, 2))
    strongest = np.argsort(-strength, kind="stable")[:channels]
    count = len(strongest) + 1
    with new_figure(0.95 * count, 0.95 * len(maps) + 0.5, path) as figure:
        grid = figure.subplots(len(maps), count, squeeze=False)
        for axes, image in zip(grid[:, 0], as_images(images)):
            show_image(axes, image)
        for column, channel in zip(grid[:, 1:].T, strongest):
            values = maps[..., channel]
            scale = {"vmin": float(values.min()), "vmax": float(values.max())}
            for axes, feature_map in zip(column, values):
                show_image(axes, feature_map, cmap="viridis", **scale)
        for axes, title in zip(grid[0], ["image", *strongest]):
            set_small_title(axes, title)
        figure.suptitle(f"{name}: {len(strongest)} of {maps.shape[-1]} channels", fontsize=10)
    return figure


# ---- what decides for a class --------------------------------------------------------------------


@explains_arguments
def saliency(
    model: Sequential,
    images: Any,
    classes: Any = None,
    *,
    names: Sequence[str] | None = None,
    path: PathLike | None = None,
) -> Figure:
    """Each image above its saliency: bright where a small change changes the score most.

    Args:
        model: A Sequential classifier.
        images: Images (N, H, W, C).
        classes: The classes (N,) whose scores are derived; None for the predicted ones.
        names: Names of the classes 0, 1, ...; None for their numbers.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        TypeError: If the model is not a Sequential.
        ValueError: If the classes are not one per image.

    References:
        Simonyan, Vedaldi & Zisserman 2013, arXiv:1312.6034.

    Example:
        >>> from minigrad.layers import Dense, Flatten
        >>> model = minigrad.Sequential([Flatten(input_shape=(8, 8, 1)), Dense(10)])
        >>> figure = minigrad.plots.saliency(model, np.ones((2, 8, 8, 1)), [3, 4])
        >>> [axes.get_title() for axes in figure.axes[:2]]
        ['3', '4']
    """
    _require_sequential(model)
    chosen = _chosen_classes(model, images, classes)
    heat = compute_saliency(model, images, chosen)
    title = f"saliency: |d score / d pixel| for {_class_description(classes)} above"
    labels = _class_labels(chosen, names)
    return _draw_heat(as_images(images), heat, labels, title, overlay=False, path=path)


@explains_arguments
def grad_cam(
    model: Sequential,
    images: Any,
    layer: LayerKey = None,
    classes: Any = None,
    *,
    names: Sequence[str] | None = None,
    path: PathLike | None = None,
) -> Figure:
    """Each image above its Grad-CAM laid over it: bright regions are evidence for the class.

    Args:
        model: A Sequential classifier.
        images: Images (N, H, W, C).
        layer: The layer, its name or its index; None for the last convolution.
        classes: The classes (N,) whose scores are derived; None for the predicted ones.
        names: Names of the classes 0, 1, ...; None for their numbers.
        path: File to write; None leaves the figure to pyplot.

    Raises:
        TypeError: If the model is not a Sequential.
        ValueError: If the layer has no feature maps, or the classes are not one per image.

    References:
        Selvaraju et al. 2016, arXiv:1610.02391.

    Example:
        >>> from minigrad.layers import Conv2D, Dense, Flatten
        >>> layers = [Conv2D(4, 3, input_shape=(8, 8, 1)), Flatten(), Dense(10)]
        >>> model = minigrad.Sequential(layers)
        >>> figure = minigrad.plots.grad_cam(model, np.ones((2, 8, 8, 1)), classes=[3, 4])
        >>> [axes.get_title() for axes in figure.axes[:2]]
        ['3', '4']
    """
    index = _layer_index(model, layer, default=-1)
    chosen = _chosen_classes(model, images, classes)
    shown = as_images(images)
    heat = resize(compute_grad_cam(model, images, index, chosen), shown.shape[1:3])
    name = model.layers[index].name
    title = f"Grad-CAM of {name}: evidence for {_class_description(classes)} above"
    return _draw_heat(shown, heat, _class_labels(chosen, names), title, overlay=True, path=path)


def _draw_heat(
    images: np.ndarray,
    heat: np.ndarray,
    labels: Sequence[str],
    title: str,
    overlay: bool,
    path: PathLike | None,
) -> Figure:
    """One column per image: the image above its heat map, which is scaled by itself."""
    with new_figure(1.05 * len(images), 2.6, path) as figure:
        above, below = figure.subplots(2, len(images), squeeze=False)
        for axes, image, label in zip(above, images, labels):
            show_image(axes, image)
            set_small_title(axes, label)
        for axes, image, values in zip(below, images, heat):
            high = float(values.max()) or 1.0
            if overlay:
                show_image(axes, image)
            alpha = 0.65 if overlay else 1.0
            show_image(axes, values, cmap="inferno", vmin=0, vmax=high, alpha=alpha)
        figure.suptitle(title, fontsize=10)
    return figure


def _chosen_classes(model: Sequential, images: Any, classes: Any) -> np.ndarray:
    """The classes given, or those that the model predicts."""
    if classes is None:
        return model.predict(images).argmax(1)
    return _as_classes(classes)


def _class_labels(classes: np.ndarray, names: Sequence[str] | None) -> list[str]:
    """The name of each class, or its number."""
    return [str(label if names is None else names[label]) for label in classes]


def _class_description(classes: Any) -> str:
    """The words for the class that a figure explains."""
    return "the predicted class" if classes is None else "the class"


# ---- gradients by depth --------------------------------------------------------------------------


@explains_arguments
def gradient_norms(
    norms: Mapping[str, Any], *, title: str = "", path: PathLike | None = None
) -> Figure:
    """Gradient norms by depth, one line per network, on a logarithmic scale.

    Args:
        norms: {name: result of `compute_gradient_norms`, or a sequence}.
        title: Title of the figure.
        path: File to write; None leaves the figure to pyplot.

    Example:
        >>> figure = minigrad.plots.gradient_norms({"plain": [1e-3, 1.0], "residual": [0.5, 0.7]})
        >>> figure.axes[0].get_yscale()
        'log'
    """
    lines = {}
    for name, values in norms.items():
        y = list(values.values()) if isinstance(values, Mapping) else list(values)
        lines[name] = (np.arange(1, len(y) + 1), y)
    return curves(
        lines,
        log=True,
        marker="o",
        xlabel="kernel, from input to output",
        ylabel="norm of the gradient",
        title=title,
        path=path,
    )
