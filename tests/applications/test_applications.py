"""ResNet and VGG as Keras builds them: names, shapes, parameters, weights from a file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from minigrad import Input, Model, applications, layers
from minigrad.applications import imagenet_utils, resnet50, vgg16
from minigrad.applications.vgg16 import VGG16


@pytest.fixture(scope="module")
def body():
    return resnet50.ResNet50(include_top=False, weights=None, input_shape=(32, 32, 3))


def test_resnet_of_keras(body):
    """Counts and names are those of Keras."""
    assert body.name == "resnet50" and body.count_params() == 23_587_712
    names = [layer.name for layer in body.layers]
    for name in ("conv1_pad", "conv2_block1_0_bn", "conv3_block4_2_relu", "conv5_block3_out"):
        assert name in names
    assert len([name for name in names if name.endswith("_conv")]) == 53
    assert body.output_shape == (None, 1, 1, 2048)
    assert body.predict(np.zeros((1, 32, 32, 3)), verbose=0).shape == (1, 1, 1, 2048)


def test_a_head_on_a_frozen_body(body):
    body.trainable = False
    x = Input((32, 32, 3))
    y = layers.GlobalAveragePooling2D()(body(x, training=False))
    model = Model(x, layers.Dense(2)(y))
    assert len(model.trainable_weights) == 2
    inner = Model(body.inputs, body.get_layer("conv2_block3_out").output)
    assert inner.output_shape == (None, 8, 8, 256)
    body.trainable = True


def test_vgg_of_keras():
    body = VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    assert body.name == "vgg16" and body.count_params() == 14_714_688
    names = [layer.name for layer in body.layers]
    assert names[1:4] == ["block1_conv1", "block1_conv2", "block1_pool"]
    assert names[-1] == "block5_pool" and body.output_shape == (None, 1, 1, 512)


def test_classes_and_pooling():
    options = {"weights": None, "input_shape": (32, 32, 3)}
    pooled = applications.VGG19(include_top=False, pooling="max", **options)
    assert pooled.output_shape == (None, 512) and pooled.count_params() == 20_024_384
    with pytest.raises(ValueError, match="unknown pooling 'mean'"):
        imagenet_utils.add_pooling(pooled.output, "mean")


def narrow(monkeypatch):
    """VGG with a 32nd of its filters and units, which only a test can have."""
    for name in ("Conv2D", "Dense"):
        wide = getattr(vgg16, name)
        monkeypatch.setattr(vgg16, name, lambda n, *a, wide=wide, **k: wide(n // 32, *a, **k))


def test_the_top_and_the_tensor_it_reads(monkeypatch):
    narrow(monkeypatch)
    x = Input((32, 32, 3))
    model = VGG16(weights=None, input_tensor=x, classes=7, classifier_activation=None, name="small")
    assert model.inputs[0] is x and model.name == "small" and model.output_shape == (None, 7)
    names = [layer.name for layer in model.layers]
    assert names[-4:] == ["flatten", "fc1", "fc2", "predictions"]


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {},
            r'keras.applications.VGG16\(\).save_weights\("vgg16.weights.h5"\); then give weights="v',
        ),
        ({"include_top": False}, r"keras.applications.VGG16\(include_top=False\).save_weights"),
        ({"weights": None, "input_shape": (16, 16, 3)}, "32 pixels or more, got .16, 16, 3."),
        ({"weights": None, "classes": 10, "input_shape": (32, 32)}, r"must be \(H, W, C\) with 32"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        VGG16(**options)
    with pytest.raises(FileNotFoundError, match="there is no file of weights at nowhere.h5"):
        VGG16(include_top=False, weights="nowhere.h5")


def test_weights_of_a_file(tmp_path, monkeypatch):
    narrow(monkeypatch)
    options = {"include_top": False, "input_shape": (32, 32, 3)}
    first = VGG16(weights=None, **options)
    first.save_weights(tmp_path / "w.safetensors")
    second = VGG16(weights=tmp_path / "w.safetensors", **options)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_images_as_the_networks_expect_them():
    x = np.arange(12).reshape(1, 2, 2, 3)
    given = x.copy()
    y = vgg16.preprocess_input(x)
    np.testing.assert_allclose(y[0, 0, 0], [-101.939, -115.779, -123.68], rtol=1e-6)  # Keras's
    assert y.dtype == np.float32 and (x == given).all()
    np.testing.assert_allclose(
        imagenet_utils.preprocess_input(x, mode="tf")[0, 0, 0, 1], -0.99215686
    )
    torch = imagenet_utils.preprocess_input(x, mode="torch")[0, 0, 0]
    np.testing.assert_allclose(torch, [-2.11790393, -2.01820728, -1.76958606], rtol=1e-6)
    with pytest.raises(ValueError, match="unknown mode 'cafe': did you mean 'caffe'"):
        imagenet_utils.preprocess_input(x, mode="cafe")


def test_names_of_classes(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_HOME", str(tmp_path))
    scores = np.zeros((2, 1000))
    scores[0, [7, 3]], scores[1, 999] = [0.5, 0.25], 1

    def unreachable(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    with pytest.raises(RuntimeError, match="imagenet_class_index.json is not there.*preds.argmax"):
        resnet50.decode_predictions(scores)
    names = {str(i): [f"n{i:08}", f"thing_{i}"] for i in range(1000)}
    (tmp_path / "imagenet_class_index.json").write_text(json.dumps(names))
    with pytest.raises(ValueError, match="its md5 is"):
        resnet50.decode_predictions(scores)
    monkeypatch.setattr(imagenet_utils, "check_digest", lambda *_: None)
    first, second = resnet50.decode_predictions(scores, top=2)
    assert first == [("n00000007", "thing_7", 0.5), ("n00000003", "thing_3", 0.25)]
    assert second[0] == ("n00000999", "thing_999", 1.0)
    with pytest.raises(ValueError, match=r"probabilities \(N, 1000\), got \(2, 10\)"):
        resnet50.decode_predictions(scores[:, :10])
