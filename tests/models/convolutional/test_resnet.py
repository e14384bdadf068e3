"""ResNets: sizes, strides, blocks, and that the small one learns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.convolutional import resnet

SHAPE = (32, 32, 3)


# ---- sizes ---------------------------------------------------------------------------------------


def test_small_network_has_the_known_sizes():
    model = resnet.resnet_small()
    assert model.count_params() == 104906
    assert sum(p.size for p in model.trainable_weights) == 104586
    counts = [320, 128, 0, 18752, 18752, 0, 0, 65664, 1290]
    assert [layer.count_params() for layer in model.layers] == counts


@pytest.mark.parametrize(
    "depth, style, total",
    [
        (18, "torchvision", 11_689_512),
        (34, "torchvision", 21_797_672),
        (50, "torchvision", 25_557_032),
        (50, "keras", 25_636_712),
    ],
)
def test_parameter_counts(depth, style, total):
    """Keras counts moving statistics as parameters, torchvision does not."""
    model = resnet.resnet(depth, style, input_shape=SHAPE)
    counted = model.weights if style == "keras" else model.trainable_weights
    assert sum(p.size for p in counted) == total
    trainable = sum(p.size for p in model.trainable_weights)
    assert style == "torchvision" or trainable == 25_583_592


@pytest.mark.parametrize("depth, total", [(101, 44_549_160), (152, 60_192_808)])
def test_counts_of_the_deepest(depth, total):
    """From the same network at an eighth and a quarter of the width.

    The count is a quadratic of the width, known at 0, where it is the bias.
    """
    counts = []
    for width in (8, 16):
        model = resnet.resnet(depth, width=width, input_shape=SHAPE)
        counts.append(sum(p.size for p in model.trainable_weights))
    linear, quadratic = np.linalg.solve([[8, 64], [16, 256]], np.array(counts) - 1000)
    assert round(linear * 64 + quadratic * 4096 + 1000) == total


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_depth_counts_the_layers_with_kernels(depth):
    names = list(resnet.resnet(depth, width=2, input_shape=SHAPE).named_weights())
    kernels = [name for name in names if name.endswith("kernel") and "shortcut" not in name]
    assert len(kernels) == depth
    projections = [name for name in names if name.endswith("shortcut/conv/kernel")]
    assert len(projections) == (4 if depth >= 50 else 3)


@pytest.mark.parametrize("style, strided", [("keras", "conv1"), ("torchvision", "conv2")])
def test_stride_of_a_bottleneck(style, strided):
    model = resnet.resnet50(style, width=2, input_shape=SHAPE)
    found = {
        path.rpartition("/")[2]
        for path, layer in model.named_layers()
        if "branch/conv" in path and getattr(layer, "strides", (1, 1)) == (2, 2)
    }
    assert found == {strided}


def test_shapes_of_the_stages():
    model = resnet.resnet(18, width=2, input_shape=(64, 64, 3))
    shapes = {layer.name: layer.output_shape for layer in model.layers}
    assert shapes["conv1"] == (None, 32, 32, 2)
    assert shapes["layer1_1"] == (None, 16, 16, 2)
    assert shapes["layer2_1"] == (None, 8, 8, 4)
    assert shapes["layer3_1"] == (None, 4, 4, 8)
    assert shapes["layer4_1"] == (None, 2, 2, 16)


def test_a_block_adds_its_input():
    """With gamma zero in the last normalization F is zero, and the block relu."""
    style = resnet.STYLES["torchvision"]
    block = resnet.block(resnet.basic(3, 1, style), False, style)
    x = np.random.default_rng(0).standard_normal((2, 4, 4, 3)).astype("float32")
    block(x)
    weights = block.named_weights()
    weights["residual/branch/bn2/gamma"].assign(np.zeros(3))
    assert np.array_equal(block(x).numpy(), np.maximum(x, 0))


def test_unknown_depth_and_style():
    with pytest.raises(ValueError, match="one of 18, 34, 50, 101, 152, not 20"):
        resnet.resnet(20)
    with pytest.raises(ValueError, match="did you mean 'keras'"):
        resnet.resnet(18, "kears")


# ---- learning ------------------------------------------------------------------------------------


@pytest.mark.finds("unscaled_inputs")  # raw pixels, normalized inside
def test_small_network_learns(tmp_path):
    model, metrics = resnet.train(epochs=1, seed=1, verbose=0)
    assert metrics["accuracy"] >= 0.85
    assert all(math.isfinite(value) for value in metrics.values())
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}
    resnet.pictures(model, tmp_path)
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"history.png", "predictions.png", "confusion.png"}
    assert "precision" in resnet.report(model)


def test_small_network_trains_on_every_device(device):
    model = resnet.resnet_small()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x, y = rng.random((8, 8, 8, 1)).astype("float32"), rng.integers(0, 10, 8)
    losses = [float(model.train_on_batch(x, y)) for _ in range(5)]
    assert losses[-1] < losses[0]
    assert {p.device for p in model.weights} == {device}
