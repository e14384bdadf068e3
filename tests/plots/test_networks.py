"""Pictures of the inside of a network: the numbers by hand, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad import Model, Sequential, activations, grad
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
from minigrad.plots import networks

rng = np.random.default_rng(5)
IMAGES = rng.random((3, 6, 6, 1)).astype("float32")


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


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


# ---- the numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["linear", "softmax", "layer"])
def test_saliency_of_a_linear_model_is_its_weights(tail, device):
    end = {"layer": [Dense(4), Activation("softmax")]}.get(tail) or [Dense(4, activation=tail)]
    model = Sequential([Flatten(input_shape=(2, 3, 2)), *end])
    kernel = model.layers[1].kernel.numpy().reshape(2, 3, 2, 4)
    found = networks.saliency_of(model, rng.random((3, 2, 3, 2)).astype("float32"), [2, 0, 3])
    assert found.dtype == "float32" and found.shape == (3, 2, 3)
    assert np.allclose(found, abs(kernel[..., [2, 0, 3]]).max(2).transpose(2, 0, 1), rtol=1e-6)
    assert model.layers[1].activation is activations.get(
        "softmax" if tail == "softmax" else "linear"
    ), "the model stays"


def test_saliency_is_of_the_predicted_class_unless_told(device):
    model = network()
    best = model.predict(IMAGES).argmax(1)
    assert np.array_equal(
        networks.saliency_of(model, IMAGES), networks.saliency_of(model, IMAGES, best)
    )
    assert not np.array_equal(
        networks.saliency_of(model, IMAGES), networks.saliency_of(model, IMAGES, (best + 1) % 3)
    )


def test_grad_cam_by_hand(device):
    """Two 1x1 filters, x and 1 - x, averaged over the picture, two classes: a_k is the weight over the number of pixels."""
    model = Sequential(
        [
            Conv2D(2, 1, input_shape=(4, 5, 1)),
            GlobalAveragePooling2D(),
            Dense(2, activation="softmax"),
        ]
    )
    weights = np.array([[1.0, -3.0], [0.5, 2.0]], "float32")
    model.set_weights(
        [
            np.array([1.0, -1.0], "float32").reshape(1, 1, 1, 2),
            np.array([0, 1.0], "float32"),
            weights,
            np.zeros(2, "float32"),
        ]
    )
    x = rng.standard_normal((2, 4, 5, 1)).astype("float32")
    maps = np.concatenate([x, 1 - x], -1)
    assert np.allclose(networks.features_of(model, x), maps, atol=1e-6)
    for label in (0, 1):
        expected = np.maximum((maps * weights[:, label] / 20).sum(-1), 0)
        found = networks.grad_cam_of(model, x, classes=[label, label])
        assert (
            found.shape == (2, 4, 5)
            and np.allclose(found, expected, atol=1e-6)
            and (found == 0).any()
            and found.max() > 0
        )


def test_layers_are_chosen_by_name_number_or_themselves(device):
    model = network()
    maps = networks.features_of(model, IMAGES, "second")
    assert maps.shape == (3, 2, 2, 5)
    for layer in (2, -3, model.layers[2]):
        assert np.array_equal(networks.features_of(model, IMAGES, layer), maps)
    assert networks.features_of(model, IMAGES).shape == (3, 4, 4, 4), (
        "by default the first convolution"
    )
    assert networks.grad_cam_of(model, IMAGES).shape == (3, 2, 2), "by default the last"
    with pytest.raises(ValueError, match="no layer 'third'; it has first, pool, second"):
        networks.features_of(model, IMAGES, "third")
    with pytest.raises(TypeError, match="Sequential"):
        networks.features_of(Model(), IMAGES)
    with pytest.raises(ValueError, match="no convolution"):
        networks.filters(Sequential([Dense(2, input_shape=(3,))]))
    with pytest.raises(ValueError, match="gives maps"):
        networks.grad_cam_of(model, IMAGES, -2)
    with pytest.raises(ValueError, match="one class for each of 3 images"):
        networks.saliency_of(model, IMAGES, [1, 2])


def test_pictures_leave_statistics_and_weights_alone(device):
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
        networks.saliency_of(model, IMAGES)
        networks.grad_cam_of(model, IMAGES)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_gradient_norms_are_those_of_the_kernels(device):
    model = Sequential(
        [
            Residual(Dense(4, activation="tanh"), name="block", input_shape=(4,)),
            Dense(3, activation="softmax"),
        ]
    )
    x, y = rng.random((5, 4)).astype("float32"), np.array([0, 1, 2, 2, 1])
    norms = networks.gradient_norms(model, x, y)
    kernels = [p for p in model.trainable_weights if p.ndim == 2]
    loss = minigrad.losses.get("sparse_categorical_crossentropy")(
        minigrad.config.to_device(y), model(minigrad.config.to_device(x))
    )
    expected = [np.linalg.norm(g.numpy()) for g in grad(loss, kernels)]
    assert (
        len(norms) == 2
        and "block" in list(norms)[0]
        and np.allclose(list(norms.values()), expected, rtol=1e-5)
    )


# ---- the pictures --------------------------------------------------------------------------------------------------------


def test_filters_share_one_scale_around_zero():
    model = network()
    figure = networks.filters(model)
    kernel = model.layers[0].kernel.numpy()
    assert len(figure.axes) == 4 and "4 of 4 filters 3x3" in figure.get_suptitle()
    for i, axes in enumerate(figure.axes):
        (image,) = axes.images
        assert np.array_equal(image.get_array(), kernel[:, :, 0, i]) and image.get_clim() == (
            -abs(kernel).max(),
            abs(kernel).max(),
        )
    assert len(networks.filters(model, "second", most=3).axes) == 3


def test_features_show_the_strongest_channels():
    model = network()
    maps = networks.features_of(model, IMAGES)
    figure = networks.features(model, IMAGES, channels=2)
    best = np.argsort(-abs(maps).mean((0, 1, 2)), kind="stable")[:2]
    assert len(figure.axes) == 9 and [axes.get_title() for axes in figure.axes[:3]] == [
        "image",
        *map(str, best),
    ]
    assert np.array_equal(figure.axes[4].images[0].get_array(), maps[1, ..., best[0]])
    assert np.array_equal(figure.axes[3].images[0].get_array(), IMAGES[1, ..., 0])


def test_saliency_and_grad_cam_show_image_and_heat():
    model = network()
    figure = networks.saliency(model, IMAGES, [0, 1, 2], names="abc")
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c", "", "", ""]
    assert np.allclose(
        figure.axes[4].images[0].get_array(), networks.saliency_of(model, IMAGES, [0, 1, 2])[1]
    )
    figure = networks.grad_cam(model, IMAGES)
    assert [axes.get_title() for axes in figure.axes[:3]] == [
        str(label) for label in model.predict(IMAGES).argmax(1)
    ]
    image, heat = figure.axes[3].images
    assert image.get_array().shape == heat.get_array().shape == (6, 6) and 0 < heat.get_alpha() < 1


def test_gradients_are_drawn_by_depth():
    (axes,) = networks.gradients({"plain": {"a": 1e-3, "b": 1.0}, "residual": [0.5, 0.7]}).axes
    assert axes.get_yscale() == "log" and axes.lines[0].get_xdata().tolist() == [1, 2]
    assert [line.get_ydata().tolist() for line in axes.lines] == [[1e-3, 1.0], [0.5, 0.7]]


@pytest.mark.parametrize(
    "draw",
    [
        networks.filters,
        *(
            lambda model, path, f=f: f(model, IMAGES, path=path)
            for f in (networks.features, networks.saliency, networks.grad_cam)
        ),
    ],
)
def test_path_writes_a_picture(draw, tmp_path):
    draw(network(), path=tmp_path / "picture.png")
    assert (
        pyplot.imread(tmp_path / "picture.png")[..., :3].std() > 0.01 and pyplot.get_fignums() == []
    )
