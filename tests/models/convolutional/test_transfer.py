"""Transfer learning: the frozen body, the rows, the positions."""

from __future__ import annotations

import numpy as np

from models.convolutional import transfer


def test_transfer_learns_with_a_frozen_body(tmp_path):
    models, metrics = transfer.train(positions=2, source_epochs=3, epochs=8, verbose=0)
    accuracy = metrics["transfer_accuracy"]
    assert accuracy > 0.8
    assert metrics["source_accuracy"] > 0.7
    assert metrics["gain"] == accuracy - metrics["scratch_accuracy"]
    assert metrics["gain_moved"] == accuracy - metrics["scratch_moved_accuracy"]
    source, copied = models["source"].named_weights(), models["transfer"].named_weights()
    body = [name for name in source if name.startswith("body/")]
    assert len(body) == 8
    assert all(np.array_equal(source[name].numpy(), copied[name].numpy()) for name in body)
    assert {p.name for p in models["transfer"].trained()} == {"kernel", "bias"}
    assert len(models["scratch"].trained()) == 10
    transfer.pictures(models, tmp_path)
    assert (tmp_path / "accuracy.png").exists()


def test_rows():
    (x, y), (few, few_y), (test, test_y) = transfer.load(labels=3, seed=1)
    assert len(x) == len(y) > 700
    assert len(few) == len(few_y)
    assert np.bincount(few_y).tolist() == [3] * 5
    assert set(y) == set(few_y) == set(test_y) == set(range(5))
    assert len(test) == len(test_y)


def test_positions():
    image = np.arange(4).reshape(1, 2, 2, 1)
    turned, classes = transfer.in_all_positions(image, np.array([3]))
    assert len({view.tobytes() for view in turned}) == 8
    assert classes.tolist() == list(range(24, 32))
    np.testing.assert_array_equal(turned[0], image[0])
