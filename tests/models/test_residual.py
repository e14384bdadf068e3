"""ResNets: sizes, blocks and learning; the study of depth; transfer; weights under Keras's and torchvision's names."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from minigrad.training import saving
from models.convolutional import pretrained, resnet, resnet_depth, transfer

SMALL = {"input_shape": (32, 32, 3)}

# ---- sizes ---------------------------------------------------------------------------------------------------------------


def test_small_network_has_the_known_sizes():
    model = resnet.resnet_small()
    assert model.count_params() == 104906 and sum(p.size for p in model.trainable_weights) == 104586
    assert [layer.count_params() for layer in model.layers] == [
        320,
        128,
        0,
        18752,
        18752,
        0,
        0,
        65664,
        1290,
    ]


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
    """Running statistics are parameters for Keras and buffers for torchvision, which does not count them."""
    model = resnet.resnet(depth, style, **SMALL)
    counted = model.weights if style == "keras" else model.trainable_weights
    assert sum(p.size for p in counted) == total
    assert style == "torchvision" or sum(p.size for p in model.trainable_weights) == 25_583_592


@pytest.mark.parametrize("depth, total", [(101, 44_549_160), (152, 60_192_808)])
def test_counts_of_the_deepest(depth, total):
    """From the same network at an eighth and a quarter of the width: the count is a quadratic of it, known at 0 (its bias)."""
    counts = {
        width: sum(p.size for p in resnet.resnet(depth, width=width, **SMALL).trainable_weights)
        for width in (8, 16)
    }
    slope, bend = np.linalg.solve([[8, 64], [16, 256]], [counts[8] - 1000, counts[16] - 1000])
    assert round(slope * 64 + bend * 4096 + 1000) == total


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_depth_counts_the_layers_with_kernels(depth):
    model = resnet.resnet(depth, width=2, **SMALL)
    kernels = [
        name for name in model.named_weights() if name.endswith("kernel") and "shortcut" not in name
    ]
    assert len(kernels) == depth
    projections = [name for name in model.named_weights() if name.endswith("shortcut/conv/kernel")]
    assert len(projections) == (4 if depth >= 50 else 3)


@pytest.mark.parametrize("style, strided", [("keras", "conv1"), ("torchvision", "conv2")])
def test_stride_of_a_bottleneck(style, strided):
    model = resnet.resnet50(style, width=2, **SMALL)
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
    assert [shapes[f"layer{i}_1"] for i in (1, 2, 3, 4)] == [
        (None, 16 // 2**i, 16 // 2**i, 2 * 2**i) for i in range(4)
    ]


def test_a_block_adds_its_input():
    """With gamma zero in the last normalisation F is zero, and the block relu."""
    block = resnet.block(
        resnet.basic(3, 1, resnet.STYLES["torchvision"]), False, resnet.STYLES["torchvision"]
    )
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


# ---- learning --------------------------------------------------------------------------------------------------------


def test_small_network_learns(tmp_path):
    model, metrics = resnet.train(epochs=1, seed=1, verbose=0)
    assert metrics["accuracy"] >= 0.85 and all(math.isfinite(value) for value in metrics.values())
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}
    resnet.pictures(model, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        "history.png",
        "predictions.png",
        "confusion.png",
    }
    assert "precision" in resnet.report(model)


def test_small_network_trains_on_every_device(device):
    model, rng = resnet.resnet_small(), np.random.default_rng(0)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    x, y = rng.random((8, 8, 8, 1)).astype("float32"), rng.integers(0, 10, 8)
    losses = [float(model.train_on_batch(x, y)) for _ in range(5)]
    assert losses[-1] < losses[0] and {p.device for p in model.weights} == {device}


def test_residual_learns_faster_than_plain_and_keeps_its_gradient(tmp_path):
    found, metrics = resnet_depth.train(depth=18, width=4, epochs=2, verbose=0)
    plain, residual = found["plain"], found["residual"]
    assert sum(p.size for p in plain.weights) < sum(p.size for p in residual.weights), (
        "the projections"
    )
    assert metrics["residual_training_loss"] < metrics["plain_training_loss"] and metrics[
        "accuracy_gap"
    ] == (metrics["residual_accuracy"] - metrics["plain_accuracy"])
    spread = {kind: max(model.gradients) / min(model.gradients) for kind, model in found.items()}
    assert (
        spread["residual"] < spread["plain"]
        and len(plain.gradients) == len(residual.gradients) == 8
    )
    resnet_depth.pictures(found, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        "gradients.png",
        "loss.png",
        "val_accuracy.png",
    }


# ---- transfer --------------------------------------------------------------------------------------------------------


def test_transfer_learns_with_a_frozen_body(tmp_path):
    found, metrics = transfer.train(positions=2, source_epochs=3, epochs=8, verbose=0)
    assert metrics["transfer_accuracy"] > 0.8 and metrics["source_accuracy"] > 0.7
    assert metrics["gain"] == metrics["transfer_accuracy"] - metrics["scratch_accuracy"]
    assert metrics["gain_moved"] == metrics["transfer_accuracy"] - metrics["scratch_moved_accuracy"]
    source, moved = found["source"].named_weights(), found["transfer"].named_weights()
    body = [name for name in source if name.startswith("body/")]
    assert len(body) == 8 and all(
        np.array_equal(source[name].numpy(), moved[name].numpy()) for name in body
    ), "not one changed"
    assert {p.name for p in found["transfer"].trained()} == {"kernel", "bias"} and len(
        found["scratch"].trained()
    ) == 10
    transfer.pictures(found, tmp_path)
    assert (tmp_path / "accuracy.png").exists()


def test_transfer_data():
    (x, y), (few, few_y), (test, test_y) = transfer.load(labels=3, seed=1)
    assert len(x) == len(y) > 700 and np.bincount(few_y).tolist() == [3] * 5
    assert set(y) == set(few_y) == set(test_y) == set(range(5)) and len(test) == len(test_y)
    image = np.arange(4).reshape(1, 2, 2, 1)
    turned, classes = transfer.in_all_positions(image, np.array([3]))
    assert len({view.tobytes() for view in turned}) == 8 and classes.tolist() == list(range(24, 32))
    np.testing.assert_array_equal(turned[0], image[0])


# ---- weights from files ----------------------------------------------------------------------------------------------

NAMES = {  # ours, torchvision's, Keras's
    "conv1/kernel": ("conv1.weight", "conv1_conv/kernel"),
    "bn1/beta": ("bn1.bias", "conv1_bn/beta"),
    "layer1_0/residual/branch/conv1/kernel": (
        "layer1.0.conv1.weight",
        "conv2_block1_1_conv/kernel",
    ),
    "layer3_5/residual/branch/bn2/moving_mean": (
        "layer3.5.bn2.running_mean",
        "conv4_block6_2_bn/moving_mean",
    ),
    "layer2_0/residual/shortcut/conv/kernel": (
        "layer2.0.downsample.0.weight",
        "conv3_block1_0_conv/kernel",
    ),
    "layer2_0/residual/shortcut/bn/moving_variance": (
        "layer2.0.downsample.1.running_var",
        "conv3_block1_0_bn/moving_variance",
    ),
    "layer4_2/residual/branch/bn3/gamma": ("layer4.2.bn3.weight", "conv5_block3_3_bn/gamma"),
    "fc/kernel": ("fc.weight", "predictions/kernel"),
    "fc/bias": ("fc.bias", "predictions/bias"),
}


@pytest.mark.parametrize("ours", NAMES)
def test_names(ours):
    assert (pretrained.torchvision_name(ours), pretrained.keras_name(ours)) == NAMES[ours]


def test_every_name_is_another():
    for style, (_, name, _) in pretrained.LAYOUTS.items():
        names = [name(ours) for ours in resnet.resnet50(style, width=1, **SMALL).named_weights()]
        assert len(set(names)) == len(names)
        pattern = (
            r"(conv1|bn1|fc|layer\d\.\d\.(conv\d|bn\d|downsample\.[01]))\.\w+"
            if style == "torchvision"
            else r"(conv1_(conv|bn)|predictions|conv\d_block\d_\d_(conv|bn))/\w+"
        )
        assert all(re.fullmatch(pattern, name) for name in names)


def stored(depth, style, path, **options):
    """A network with random weights, statistics included, and a file of them as the framework of that style writes it."""
    model, rng = resnet.resnet(depth, style, **options), np.random.default_rng(3)
    for p in model.weights:
        p.assign(p.numpy() + rng.uniform(-0.1, 0.1, p.shape))
    _, name, _ = pretrained.LAYOUTS[style]
    arrays = {name(ours): p.numpy() for ours, p in model.named_weights().items()}
    if style == "torchvision":
        arrays = {key: a.transpose(3, 2, 0, 1) if a.ndim == 4 else a.T for key, a in arrays.items()}
        arrays["bn1.num_batches_tracked"] = np.array(7)
    saving.save_safetensors(path, arrays)
    return model, arrays


@pytest.mark.parametrize("style", resnet.STYLES)
@pytest.mark.parametrize("depth", [18, 50])
def test_a_file_gives_the_network_back(style, depth, tmp_path, device):
    options = {"width": 2, "classes": 5, **SMALL}
    model, _ = stored(depth, style, tmp_path / "weights.safetensors", **options)
    again = pretrained.resnet(tmp_path / "weights.safetensors", depth, **options)
    x = np.random.default_rng(0).standard_normal((2, 32, 32, 3)).astype("float32")
    assert np.array_equal(model.predict(x), again.predict(x))


def test_all_that_does_not_fit_is_listed_and_nothing_is_loaded(tmp_path):
    path, options = tmp_path / "weights.safetensors", {"width": 2, **SMALL}
    model, arrays = stored(18, "torchvision", path, classes=5, **options)
    del arrays["layer1.0.conv1.weight"]
    saving.save_safetensors(path, {**arrays, "aux.weight": np.zeros((2, 3))})
    other = resnet.resnet(18, classes=4, **options)
    before = other.get_weights()
    with pytest.raises(
        ValueError,
        match=r"nothing was loaded\. missing: layer1\.0\.conv1\.weight\. "
        r"not in the model: aux\.weight\. "
        r"of another shape: fc\.weight is \(16, 5\), the model expects \(16, 4\); fc\.bias is",
    ):
        pretrained.load(other, path)
    assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights()))
    assert pretrained.load(other, path, skip_mismatch=True) == "torchvision"
    moved, head = (other.named_weights()[name].numpy() for name in ("conv1/kernel", "fc/kernel"))
    assert np.array_equal(moved, model.named_weights()["conv1/kernel"].numpy()) and np.array_equal(
        head, before[-2]
    )


def test_files_that_are_no_resnet(tmp_path):
    saving.save_safetensors(tmp_path / "other.safetensors", {"encoder.weight": np.zeros(3)})
    with pytest.raises(
        ValueError, match="neither conv1.weight nor conv1_conv/kernel in it, but encoder.weight"
    ):
        pretrained.resnet(tmp_path / "other.safetensors")


def test_names_of_keras_2(tmp_path):
    path, options = tmp_path / "weights.safetensors", {"width": 1, "classes": 2, **SMALL}
    _, arrays = stored(18, "keras", path, **options)
    saving.save_safetensors(path, {name + ":0": a for name, a in arrays.items()})
    assert pretrained.load(resnet.resnet(18, "keras", **options), path) == "keras"


def test_preprocess():
    colour = np.array([[[[255.0, 127.5, 0.0]]]])
    assert np.allclose(
        pretrained.preprocess(colour, "keras"), [-103.939, 127.5 - 116.779, 255 - 123.68], atol=1e-4
    )
    assert np.allclose(
        pretrained.preprocess(colour, "torchvision"), [2.2489083, 0.19642857, -1.8044444], atol=1e-5
    )
    with pytest.raises(ValueError, match="'keras' or 'torchvision'"):
        pretrained.preprocess(colour, "caffe")


# ---- the same logits -------------------------------------------------------------------------------------------------


def forward_in_torch(w, x, depth):
    """torchvision's ResNet, written down from its definition: images (N, 3, H, W) to logits, in inference."""
    import torch.nn.functional as F

    def norm(x, name):
        mean, variance, gamma, beta = (
            w[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        return F.batch_norm(x, mean, variance, gamma, beta, False, 0.1, 1e-5)

    counts = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}[depth]
    x = F.max_pool2d(F.relu(norm(F.conv2d(x, w["conv1.weight"], None, 2, 3), "bn1")), 3, 2, 1)
    for stage, count in enumerate(counts, 1):
        for i in range(count):
            at, stride, skip, y = f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1, x, x
            strides, pads = ((stride, 1), (1, 1)) if depth < 50 else ((1, stride, 1), (0, 1, 0))
            for n, (step, pad) in enumerate(zip(strides, pads), 1):
                y = norm(F.conv2d(y, w[f"{at}.conv{n}.weight"], None, step, pad), f"{at}.bn{n}")
                y = F.relu(y) if n < len(strides) else y
            if f"{at}.downsample.0.weight" in w:
                skip = norm(
                    F.conv2d(x, w[f"{at}.downsample.0.weight"], None, stride), f"{at}.downsample.1"
                )
            x = F.relu(y + skip)
    return F.linear(x.mean((2, 3)), w["fc.weight"], w["fc.bias"])


@pytest.mark.parity
@pytest.mark.parametrize("depth, width", [(18, 16), (50, 64)])
def test_torchvision_weights_give_pytorchs_logits(depth, width, tmp_path):
    torch = pytest.importorskip("torch")
    path, options = tmp_path / "weights.safetensors", {"width": width, "input_shape": (64, 64, 3)}
    shapes = {name: p.shape for name, p in resnet.resnet(depth, **options).named_weights().items()}
    rng, arrays = np.random.default_rng(0), {}
    for ours, shape in shapes.items():
        name = pretrained.torchvision_name(ours)
        shape = (shape[3], shape[2], *shape[:2]) if len(shape) == 4 else shape[::-1]
        spread = math.sqrt(2 / math.prod(shape[1:])) if len(shape) > 1 else 0.2
        start = (
            1.0
            if name.endswith(("running_var",)) or (len(shape) == 1 and name.endswith("weight"))
            else 0.0
        )
        arrays[name] = (start + spread * rng.uniform(-1, 1, shape)).astype("float32")
    saving.save_safetensors(path, arrays)
    x = rng.standard_normal((2, 64, 64, 3)).astype("float32")
    with torch.no_grad():
        expected = forward_in_torch(
            {name: torch.from_numpy(a) for name, a in arrays.items()},
            torch.from_numpy(x).permute(0, 3, 1, 2),
            depth,
        ).numpy()
    found = pretrained.resnet(path, depth, **options).predict(x)
    assert found.dtype == np.float32 and expected.std() > 0.01
    assert abs(found - expected).max() <= 1e-4 * max(1, abs(expected).max())


def test_keras_layout_by_hand(tmp_path):
    """One pixel, one channel: the file's numbers in the paper's formula, block after block, with Keras's names and constants."""
    path, options = (
        tmp_path / "weights.safetensors",
        {"width": 1, "classes": 2, "input_shape": (1, 1, 1)},
    )
    model, arrays = stored(18, "keras", path, **options)
    w = {name: a.astype("float64") for name, a in arrays.items()}

    def conv(x, name):  # of a single pixel, all but a kernel's centre meets padding
        kernel = w[f"{name}_conv/kernel"]
        y = x @ kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] + w[f"{name}_conv/bias"]
        slope = w[f"{name}_bn/gamma"] / np.sqrt(w[f"{name}_bn/moving_variance"] + 1.001e-5)
        return slope * (y - w[f"{name}_bn/moving_mean"]) + w[f"{name}_bn/beta"]

    x = np.maximum(conv(np.array([0.7]), "conv1"), 0)
    for stage in (2, 3, 4, 5):
        for i in (1, 2):
            at = f"conv{stage}_block{i}"
            skip = conv(x, f"{at}_0") if f"{at}_0_conv/kernel" in w else x
            x = np.maximum(conv(np.maximum(conv(x, f"{at}_1"), 0), f"{at}_2") + skip, 0)
    expected = x @ w["predictions/kernel"] + w["predictions/bias"]
    found = pretrained.resnet(path, 18, **options).predict(np.full((1, 1, 1, 1), 0.7, "float32"))[0]
    assert np.allclose(found, expected, rtol=1e-5)
    assert model.count_params() == sum(a.size for a in arrays.values())
