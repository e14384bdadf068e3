"""Images and labels that are mixed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from minigrad.data.augmentation import CutMix, MixUp
from minigrad.data.augmentation.mixing import _limits


def test_mixup_mixes_images_and_labels_alike():
    # each image is the one-hot row of its label
    x = np.eye(8, dtype=np.float32).reshape(8, 8, 1, 1)
    y, targets = MixUp(1.0, num_classes=8)(x, np.arange(8))
    assert y.dtype == targets.dtype == np.float32
    assert_allclose(y[..., 0, 0], targets, atol=1e-6)
    assert_allclose(targets.sum(1), 1, atol=1e-6)
    assert ((targets > 0).sum(1) <= 2).all()
    assert len(np.unique(targets.max(1))) > 4
    weights = MixUp(1.0, num_classes=8, per_batch=True, seed=2)(x, np.arange(8))[1]
    assert len(np.unique(weights[(weights > 0) & (weights < 1)].round(5))) == 2
    for labels in (np.eye(8), np.eye(8, dtype=int), np.arange(8.0)):
        assert MixUp(1.0)(x, labels)[1].dtype.kind == "f"
    bytes_, _ = MixUp(1.0, 8)((x * 255).astype(np.uint8), np.arange(8))
    assert bytes_.dtype == np.uint8
    assert bytes_.max() > 100


def test_cutmix_labels_are_areas():
    x = np.arange(6, dtype=np.float32)[:, None, None, None] * np.ones((1, 9, 11, 1), np.float32)
    y, targets = CutMix(1.0, num_classes=6, seed=3)(x, np.arange(6))
    for image, target in zip(y, targets):
        assert_allclose([(image == label).mean() for label in range(6)], target, atol=1e-6)
    assert len(np.unique(targets)) > 4
    assert CutMix(1.0, 6)(x.astype(np.uint8), np.arange(6))[0].dtype == np.uint8


def test_cutmix_per_batch_pastes_one_rectangle():
    x = np.arange(6, dtype=np.float32)[:, None, None, None] * np.ones((1, 9, 11, 1), np.float32)
    places = []
    for seed in range(8):
        y, targets = CutMix(1.0, 6, per_batch=True, seed=seed)(x, np.arange(6))
        pasted = (y != x)[..., 0]
        changed = pasted[pasted.any((1, 2))]  # another image may be the image itself
        assert (changed == changed[:1]).all()
        assert len(np.unique(targets[(targets > 0) & (targets < 1)].round(5))) <= 2
        places.append(changed.any(0).tobytes())
    assert len(set(places)) > 4
    each = (CutMix(1.0, 6, seed=1)(x, np.arange(6))[0] != x)[..., 0]
    assert len({rectangle.tobytes() for rectangle in each}) > 2


def test_mixtures_refuse():
    x = np.zeros((4, 5, 5), np.float32)
    for kind in (MixUp, CutMix):
        with pytest.raises(ValueError, match="alpha must be positive, not 0"):
            kind(0)
        for rest in ((), (np.zeros(3),), (np.zeros(4), np.zeros(4))):
            with pytest.raises(
                ValueError, match=f"{kind.__name__} mixes images and labels: call it with both"
            ):
                kind()(x, *rest)
        with pytest.raises(
            ValueError, match="class numbers cannot be mixed, one-hot rows can: give num_classes="
        ):
            kind()(x, np.arange(4))
        with pytest.raises(ValueError, match="labels run from 0 to 3, num_classes is 3"):
            kind(num_classes=3)(x, np.arange(4))


def test_limits_of_rectangles_around_a_center():
    """Half of the length on either side; what lies outside of the image is lost."""
    center, length = np.array([5, 0, 10, 5, 0]), np.array([4.0, 6.0, 6.0, 40.0, 0.5])
    first, last = _limits(center, length, 11)
    assert first.tolist() == [3, 0, 7, 0, 0]
    assert last.tolist() == [7, 3, 11, 11, 0]
