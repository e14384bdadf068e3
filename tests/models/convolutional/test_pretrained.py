"""ResNet weights under Keras's and torchvision's names: names, files, and the same logits."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from minigrad.training import saving
from models.convolutional import pretrained, resnet

SMALL = {"input_shape": (32, 32, 3)}

# ---- names ---------------------------------------------------------------------------------------

NAMES = {  # ours: torchvision's, Keras's
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
PATTERNS = {
    "torchvision": r"(conv1|bn1|fc|layer\d\.\d\.(conv\d|bn\d|downsample\.[01]))\.\w+",
    "keras": r"(conv1_(conv|bn)|predictions|conv\d_block\d_\d_(conv|bn))/\w+",
}


@pytest.mark.parametrize("ours", NAMES)
def test_names(ours):
    assert (pretrained.torchvision_name(ours), pretrained.keras_name(ours)) == NAMES[ours]


@pytest.mark.parametrize("style", PATTERNS)
def test_every_name_is_another(style):
    layout = pretrained.LAYOUTS[style]
    model = resnet.resnet50(style, width=1, **SMALL)
    names = [layout.name(ours) for ours in model.named_weights()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(PATTERNS[style], name) for name in names)


# ---- files ---------------------------------------------------------------------------------------


def write_random_weights(depth, style, path, **options):
    """A network with random weights and statistics, and a file of its framework with them."""
    model = resnet.resnet(depth, style, **options)
    rng = np.random.default_rng(3)
    for p in model.weights:
        p.assign(p.numpy() + rng.uniform(-0.1, 0.1, p.shape))
    layout = pretrained.LAYOUTS[style]
    arrays = {layout.name(ours): p.numpy() for ours, p in model.named_weights().items()}
    if style == "torchvision":
        arrays = {key: a.transpose(3, 2, 0, 1) if a.ndim == 4 else a.T for key, a in arrays.items()}
        arrays["bn1.num_batches_tracked"] = np.array(7)
    saving.save_safetensors(path, arrays)
    return model, arrays


@pytest.mark.parametrize("style", resnet.STYLES)
@pytest.mark.parametrize("depth", [18, 50])
def test_a_file_gives_the_network_back(style, depth, tmp_path, device):
    path, options = tmp_path / "weights.safetensors", {"width": 2, "classes": 5, **SMALL}
    model, _ = write_random_weights(depth, style, path, **options)
    again = pretrained.resnet(path, depth, **options)
    x = np.random.default_rng(0).standard_normal((2, 32, 32, 3)).astype("float32")
    assert np.array_equal(model.predict(x), again.predict(x))


def test_all_that_does_not_fit_is_listed_and_nothing_is_loaded(tmp_path):
    path, options = tmp_path / "weights.safetensors", {"width": 2, **SMALL}
    model, arrays = write_random_weights(18, "torchvision", path, classes=5, **options)
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
    loaded, stored = other.named_weights(), model.named_weights()
    assert np.array_equal(loaded["conv1/kernel"].numpy(), stored["conv1/kernel"].numpy())
    assert np.array_equal(loaded["fc/kernel"].numpy(), before[-2])


def test_files_that_hold_no_resnet(tmp_path):
    path = tmp_path / "other.safetensors"
    saving.save_safetensors(path, {"encoder.weight": np.zeros(3)})
    message = "neither conv1.weight nor conv1_conv/kernel in it, but encoder.weight"
    with pytest.raises(ValueError, match=message):
        pretrained.resnet(path)


def test_names_of_keras_2(tmp_path):
    path, options = tmp_path / "weights.safetensors", {"width": 1, "classes": 2, **SMALL}
    _, arrays = write_random_weights(18, "keras", path, **options)
    saving.save_safetensors(path, {name + ":0": a for name, a in arrays.items()})
    assert pretrained.load(resnet.resnet(18, "keras", **options), path) == "keras"


def test_preprocess():
    color = np.array([[[[255.0, 127.5, 0.0]]]])
    keras = [-103.939, 127.5 - 116.779, 255 - 123.68]
    assert np.allclose(pretrained.preprocess(color, "keras"), keras, atol=1e-4)
    torchvision = [2.2489083, 0.19642857, -1.8044444]
    assert np.allclose(pretrained.preprocess(color, "torchvision"), torchvision, atol=1e-5)
    with pytest.raises(ValueError, match="'keras' or 'torchvision'"):
        pretrained.preprocess(color, "caffe")


# ---- the same logits -----------------------------------------------------------------------------


def forward_in_torch(w, x, depth):
    """torchvision's ResNet by its definition: images (N, 3, H, W) to logits, in inference."""
    import torch.nn.functional as F

    def norm(x, name):
        keys = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(w[f"{name}.{key}"] for key in keys), False, 0.1, 1e-5)

    def block(x, name, stride):
        """Strides and pads of the convolutions: 3x3, 3x3, or 1x1, 3x3, 1x1."""
        strides, pads = ((stride, 1), (1, 1)) if depth < 50 else ((1, stride, 1), (0, 1, 0))
        y, shortcut = x, x
        for n, (step, pad) in enumerate(zip(strides, pads), 1):
            y = norm(F.conv2d(y, w[f"{name}.conv{n}.weight"], None, step, pad), f"{name}.bn{n}")
            y = F.relu(y) if n < len(strides) else y
        if f"{name}.downsample.0.weight" in w:
            projected = F.conv2d(x, w[f"{name}.downsample.0.weight"], None, stride)
            shortcut = norm(projected, f"{name}.downsample.1")
        return F.relu(y + shortcut)

    counts = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}[depth]
    x = F.relu(norm(F.conv2d(x, w["conv1.weight"], None, 2, 3), "bn1"))
    x = F.max_pool2d(x, 3, 2, 1)
    for stage, count in enumerate(counts, 1):
        for i in range(count):
            x = block(x, f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1)
    return F.linear(x.mean((2, 3)), w["fc.weight"], w["fc.bias"])


def random_torchvision_arrays(model, rng):
    """He-sized kernels; gammas and variances around 1, everything else around 0."""
    arrays = {}
    for ours, p in model.named_weights().items():
        name = pretrained.torchvision_name(ours)
        shape = (p.shape[3], p.shape[2], *p.shape[:2]) if p.ndim == 4 else p.shape[::-1]
        spread = math.sqrt(2 / math.prod(shape[1:])) if len(shape) > 1 else 0.2
        is_gamma = len(shape) == 1 and name.endswith("weight")
        center = 1.0 if is_gamma or name.endswith("running_var") else 0.0
        arrays[name] = (center + spread * rng.uniform(-1, 1, shape)).astype("float32")
    return arrays


@pytest.mark.parity
@pytest.mark.parametrize("depth, width", [(18, 16), (50, 64)])
def test_torchvision_weights_give_pytorchs_logits(depth, width, tmp_path):
    torch = pytest.importorskip("torch")
    path, options = tmp_path / "weights.safetensors", {"width": width, "input_shape": (64, 64, 3)}
    rng = np.random.default_rng(0)
    arrays = random_torchvision_arrays(resnet.resnet(depth, **options), rng)
    saving.save_safetensors(path, arrays)
    x = rng.standard_normal((2, 64, 64, 3)).astype("float32")
    with torch.no_grad():
        weights = {name: torch.from_numpy(a) for name, a in arrays.items()}
        images = torch.from_numpy(x).permute(0, 3, 1, 2)
        expected = forward_in_torch(weights, images, depth).numpy()
    found = pretrained.resnet(path, depth, **options).predict(x)
    assert found.dtype == np.float32
    assert expected.std() > 0.01
    assert abs(found - expected).max() <= 1e-4 * max(1, abs(expected).max())


def test_keras_layout_by_hand(tmp_path):
    """One pixel, one channel: the file's numbers in the paper's formula, block after block.

    Names and constants are Keras's.
    """
    path = tmp_path / "weights.safetensors"
    options = {"width": 1, "classes": 2, "input_shape": (1, 1, 1)}
    model, arrays = write_random_weights(18, "keras", path, **options)
    w = {name: a.astype("float64") for name, a in arrays.items()}

    def conv(x, name):  # of a single pixel, all but a kernel's center meets padding
        kernel = w[f"{name}_conv/kernel"]
        center = kernel[kernel.shape[0] // 2, kernel.shape[1] // 2]
        y = x @ center + w[f"{name}_conv/bias"]
        scale = w[f"{name}_bn/gamma"] / np.sqrt(w[f"{name}_bn/moving_variance"] + 1.001e-5)
        return scale * (y - w[f"{name}_bn/moving_mean"]) + w[f"{name}_bn/beta"]

    x = np.maximum(conv(np.array([0.7]), "conv1"), 0)
    for stage in (2, 3, 4, 5):
        for i in (1, 2):
            name = f"conv{stage}_block{i}"
            shortcut = conv(x, f"{name}_0") if f"{name}_0_conv/kernel" in w else x
            inner = np.maximum(conv(x, f"{name}_1"), 0)
            x = np.maximum(conv(inner, f"{name}_2") + shortcut, 0)
    expected = x @ w["predictions/kernel"] + w["predictions/bias"]
    image = np.full((1, 1, 1, 1), 0.7, "float32")
    found = pretrained.resnet(path, 18, **options).predict(image)[0]
    assert np.allclose(found, expected, rtol=1e-5)
    assert model.count_params() == sum(a.size for a in arrays.values())
