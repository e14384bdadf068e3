"""Figures of the inside of a network: the numbers by hand, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Model, Sequential, activations, grad, plots
from minigrad.config import to_device
from minigrad.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Residual,
)

from .helpers import image_of, titles, xs, ys

rng = np.random.default_rng(5)
IMAGES = rng.random((3, 6, 6, 1)).astype("float32")


def network(last="softmax"):
    minigrad.seed(0)
    return Sequential(
        [
            Conv2D(4, 3, activation="relu", input_shape=(6, 6, 1), name="first"),
            MaxPooling2D(2, name="pool"),
            Conv2D(5, 2, padding="same", activation="tanh", name="second"),
            Flatten(),
            Dense(3, activation=last),
        ]
    )


# ---- the numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["linear", "softmax", "layer"])
def test_saliency_of_a_linear_model_is_its_weights(tail, device):
    if tail == "layer":
        end = [Dense(4), Activation("softmax")]
    else:
        end = [Dense(4, activation=tail)]
    model = Sequential([Flatten(input_shape=(2, 3, 2)), *end])
    kernel = model.layers[1].kernel.numpy().reshape(2, 3, 2, 4)
    images = rng.random((3, 2, 3, 2)).astype("float32")
    found = plots.compute_saliency(model, images, [2, 0, 3])
    assert found.dtype == "float32"
    assert found.shape == (3, 2, 3)
    expected = abs(kernel[..., [2, 0, 3]]).max(2).transpose(2, 0, 1)
    assert np.allclose(found, expected, rtol=1e-6)
    activation = activations.get("softmax" if tail == "softmax" else "linear")
    assert model.layers[1].activation is activation, "the model stays"


def test_saliency_is_of_the_predicted_class_unless_told(device):
    model = network()
    best = model.predict(IMAGES).argmax(1)
    found = plots.compute_saliency(model, IMAGES)
    assert np.array_equal(found, plots.compute_saliency(model, IMAGES, best))
    assert not np.array_equal(found, plots.compute_saliency(model, IMAGES, (best + 1) % 3))


def test_grad_cam_by_hand(device):
    """Two 1x1 filters, x and 1 - x, averaged over the picture, two classes.

    a_k is the weight over the number of pixels.
    """
    model = Sequential(
        [
            Conv2D(2, 1, input_shape=(4, 5, 1)),
            GlobalAveragePooling2D(),
            Dense(2, activation="softmax"),
        ]
    )
    kernel = np.array([1.0, -1.0], "float32").reshape(1, 1, 1, 2)
    weights = np.array([[1.0, -3.0], [0.5, 2.0]], "float32")
    model.set_weights([kernel, np.array([0, 1.0], "float32"), weights, np.zeros(2, "float32")])
    x = rng.standard_normal((2, 4, 5, 1)).astype("float32")
    maps = np.concatenate([x, 1 - x], -1)
    assert np.allclose(plots.compute_feature_maps(model, x), maps, atol=1e-6)
    for label in (0, 1):
        expected = np.maximum((maps * weights[:, label] / 20).sum(-1), 0)
        found = plots.compute_grad_cam(model, x, classes=[label, label])
        assert found.shape == (2, 4, 5)
        assert np.allclose(found, expected, atol=1e-6)
        assert (found == 0).any()
        assert found.max() > 0


def test_layers_are_chosen_by_name_number_or_themselves(device):
    model = network()
    maps = plots.compute_feature_maps(model, IMAGES, "second")
    assert maps.shape == (3, 2, 2, 5)
    for layer in (2, -3, model.layers[2]):
        assert np.array_equal(plots.compute_feature_maps(model, IMAGES, layer), maps)
    first = plots.compute_feature_maps(model, IMAGES)
    assert first.shape == (3, 4, 4, 4), "by default the first convolution"
    last = plots.compute_grad_cam(model, IMAGES)
    assert last.shape == (3, 2, 2), "by default the last"


def test_layers_that_do_not_fit_are_refused(device):
    model = network()
    with pytest.raises(ValueError, match="no layer 'third'; it has first, pool, second"):
        plots.compute_feature_maps(model, IMAGES, "third")
    with pytest.raises(TypeError, match="Sequential"):
        plots.compute_feature_maps(Model(), IMAGES)
    with pytest.raises(ValueError, match="no convolution"):
        plots.filters(Sequential([Dense(2, input_shape=(3,))]))
    with pytest.raises(ValueError, match="gives maps"):
        plots.compute_grad_cam(model, IMAGES, -2)
    with pytest.raises(ValueError, match="one class for each of 3 images"):
        plots.compute_saliency(model, IMAGES, [1, 2])


def test_figures_leave_statistics_and_weights_alone(device):
    model = Sequential(
        [
            Conv2D(2, 3, input_shape=(6, 6, 1)),
            BatchNormalization(),
            Flatten(),
            Dense(3, activation="softmax"),
        ]
    )
    before = model.get_weights()
    with minigrad.training():
        plots.compute_saliency(model, IMAGES)
        plots.compute_grad_cam(model, IMAGES)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_gradient_norms_are_those_of_the_kernels(device):
    block = Residual(Dense(4, activation="tanh"), name="block", input_shape=(4,))
    model = Sequential([block, Dense(3, activation="softmax")])
    x = rng.random((5, 4)).astype("float32")
    y = np.array([0, 1, 2, 2, 1])
    norms = plots.compute_gradient_norms(model, x, y)
    kernels = [p for p in model.trainable_weights if p.ndim == 2]
    cross_entropy = minigrad.losses.get("sparse_categorical_crossentropy")
    loss = cross_entropy(to_device(y), model(to_device(x)))
    expected = [np.linalg.norm(g.numpy()) for g in grad(loss, kernels)]
    assert len(norms) == 2
    assert "block" in list(norms)[0]
    assert np.allclose(list(norms.values()), expected, rtol=1e-5)


# ---- the figures ---------------------------------------------------------------------------------


def test_filters_share_one_scale_around_zero():
    model = network()
    figure = plots.filters(model)
    kernel = model.layers[0].kernel.numpy()
    high = abs(kernel).max()
    assert len(figure.axes) == 4
    assert "4 of 4 filters 3x3" in figure.get_suptitle()
    for i, axes in enumerate(figure.axes):
        (image,) = axes.images
        assert np.array_equal(image.get_array(), kernel[:, :, 0, i])
        assert image.get_clim() == (-high, high)
    assert len(plots.filters(model, "second", limit=3).axes) == 3


def test_feature_maps_show_the_strongest_channels():
    model = network()
    maps = plots.compute_feature_maps(model, IMAGES)
    figure = plots.feature_maps(model, IMAGES, channels=2)
    best = np.argsort(-abs(maps).mean((0, 1, 2)), kind="stable")[:2]
    assert len(figure.axes) == 9
    assert titles(figure)[:3] == ["image", *map(str, best)]
    assert np.array_equal(image_of(figure.axes[4]), maps[1, ..., best[0]])
    assert np.array_equal(image_of(figure.axes[3]), IMAGES[1, ..., 0])


def test_saliency_shows_image_and_heat():
    model = network()
    figure = plots.saliency(model, IMAGES, [0, 1, 2], names="abc")
    assert titles(figure) == ["a", "b", "c", "", "", ""]
    expected = plots.compute_saliency(model, IMAGES, [0, 1, 2])
    assert np.allclose(image_of(figure.axes[4]), expected[1])


def test_grad_cam_lies_over_the_image():
    model = network()
    figure = plots.grad_cam(model, IMAGES)
    predicted = [str(label) for label in model.predict(IMAGES).argmax(1)]
    assert titles(figure)[:3] == predicted
    image, heat = figure.axes[3].images
    assert image.get_array().shape == heat.get_array().shape == (6, 6)
    assert 0 < heat.get_alpha() < 1


def test_gradient_norms_are_drawn_by_depth():
    norms = {"plain": {"a": 1e-3, "b": 1.0}, "residual": [0.5, 0.7]}
    (axes,) = plots.gradient_norms(norms).axes
    assert axes.get_yscale() == "log"
    labels = axes.get_xlabel(), axes.get_ylabel()
    assert labels == ("kernel, from input to output", "norm of the gradient")
    plain, residual = axes.lines
    assert xs(plain) == [1, 2]
    assert ys(plain) == [1e-3, 1.0]
    assert ys(residual) == [0.5, 0.7]


@pytest.mark.parametrize("draw", [plots.saliency, plots.grad_cam, plots.feature_maps])
def test_figures_layer_by_layer_need_a_sequential(draw):
    with pytest.raises(TypeError, match="needs a Sequential, layer by layer; Dense is not one"):
        draw(Dense(2, input_shape=(3,)), IMAGES)


def test_gradient_norms_of_a_model_that_is_not_built():
    model = Sequential([Dense(3), Dense(2, activation="softmax")])
    norms = plots.compute_gradient_norms(model, np.ones((2, 4)), np.array([0, 1]))
    assert len(norms) == 2 and all(norm > 0 for norm in norms.values())
    figure = plots.gradient_norms({"net": norms}, title="Slopes by depth")
    assert figure.axes[0].get_title() == "Slopes by depth"
