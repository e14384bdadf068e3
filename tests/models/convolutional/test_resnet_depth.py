"""Plain against residual: who learns faster, and whose gradient keeps its size."""

from __future__ import annotations

from models.convolutional import resnet_depth


def test_residual_learns_faster_than_plain_and_keeps_its_gradient(tmp_path):
    models, metrics = resnet_depth.train(depth=18, width=4, epochs=2, verbose=0)
    plain, residual = models["plain"], models["residual"]
    projections = residual.count_params() - plain.count_params()
    assert projections > 0
    assert metrics["residual_training_loss"] < metrics["plain_training_loss"]
    gap = metrics["residual_accuracy"] - metrics["plain_accuracy"]
    assert metrics["accuracy_gap"] == gap
    spread = {kind: max(model.gradients) / min(model.gradients) for kind, model in models.items()}
    assert spread["residual"] < spread["plain"]
    assert len(plain.gradients) == len(residual.gradients) == 8
    resnet_depth.pictures(models, tmp_path)
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"gradients.png", "loss.png", "val_accuracy.png"}
