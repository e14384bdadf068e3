"""ResNet and VGG are Keras's: their layers, their outputs from Keras's own file of weights."""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("h5py")

import minigrad

pytestmark = pytest.mark.parity
X = np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32")


@pytest.mark.parametrize(
    "name, options",
    [
        ("ResNet50", {"include_top": False, "pooling": "avg"}),
        ("ResNet50", {"classes": 7}),
        ("VGG16", {"include_top": False}),
        ("VGG19", {"include_top": False, "pooling": "max"}),
    ],
)
def test_networks(name, options, tmp_path):
    theirs = getattr(keras.applications, name)(weights=None, input_shape=(32, 32, 3), **options)
    theirs.save_weights(tmp_path / "keras.weights.h5")
    ours = getattr(minigrad.applications, name)(
        weights=tmp_path / "keras.weights.h5", input_shape=(32, 32, 3), **options
    )
    named = [[layer.name for layer in model.layers[1:]] for model in (theirs, ours)]
    pools = {"global_max_pooling2d", "max_pool"}  # which Keras names in ResNet alone
    assert {*named[0]} - pools == {*named[1]} - pools
    assert ours.count_params() == theirs.count_params()
    expected = keras.ops.convert_to_numpy(theirs(X, training=False))
    np.testing.assert_allclose(ours.predict(X, verbose=0), expected, rtol=1e-3, atol=1e-5)
    for module in ("vgg16", "resnet50"):
        a, b = (
            getattr(m.applications, module).preprocess_input(255 * X) for m in (keras, minigrad)
        )
        np.testing.assert_allclose(a, b, rtol=1e-6)
