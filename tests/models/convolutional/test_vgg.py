"""VGG: sizes as in the paper, and that a narrow one learns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.convolutional import vgg

from .helpers import output_shapes, parameter_counts


@pytest.mark.parametrize(
    "depth, total", [(11, 132_863_336), (13, 133_047_848), (16, 138_357_544), (19, 143_667_240)]
)
def test_sizes_of_the_paper(depth, total, weightless):
    model = vgg.vgg(depth)
    assert model.count_params() == total
    assert len(parameter_counts(model)) == depth
    heights = [height for height, _, _ in output_shapes(model, {"MaxPooling2D"})]
    assert heights == [112, 56, 28, 14, 7]


def test_what_cannot_be_built_is_refused():
    with pytest.raises(ValueError, match="unknown depth '12'"):
        vgg.vgg(12)
    with pytest.raises(ValueError, match="32 pixels are the least"):
        vgg.vgg(11, (28, 28, 1))


def test_learns(device):
    model, metrics = vgg.train(epochs=4, width=4, hidden=64, seed=1, verbose=0)
    assert metrics["accuracy"] >= 0.6
    assert all(math.isfinite(value) for value in metrics.values())
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}
    assert {p.device for p in model.weights} == {device}


def test_pictures_and_report(tmp_path):
    model, _ = vgg.train(width=2, hidden=16, epochs=1, verbose=0)
    vgg.pictures(model, tmp_path)
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"history.png", "predictions.png", "confusion.png"}
    assert "precision" in vgg.report(model)
