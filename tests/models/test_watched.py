"""The watcher finds nothing wrong with any model of the zoo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import minigrad
import models
from minigrad import Model
from models.common import judge

JUDGED = {"judged": 100, "verbose": 0}
FLAGS: dict[str, dict[str, Any]] = {
    "neuron": {"epochs": 20, "steps": 100},
    "fnn": {"epochs": 8, "verbose": 0},
    "mlp": {"epochs": 12, "verbose": 0},
    "mlp_dropout": {"epochs": 2, "verbose": 0},
    "simple_nn": {"epochs": 4, "verbose": 0},
    "cnn": {"epochs": 2, "verbose": 0},
    "lenet": {"epochs": 2, "verbose": 0},
    "cnn_mnist": {"epochs": 1, "verbose": 0},
    "alexnet": {"size": 39, "width": 1 / 16, "epochs": 1, "verbose": 0},
    "vgg": {"epochs": 1, "width": 4, "hidden": 64, "verbose": 0},
    "inception": {"epochs": 1, "width": 1 / 16, "verbose": 0},
    "resnet": {"epochs": 1, "verbose": 0},
    "resnet_depth": {"depth": 18, "width": 4, "epochs": 1, "verbose": 0},
    "transfer": {"positions": 2, "source_epochs": 2, "epochs": 4, "verbose": 0},
    "diabetes_rnn": {"epochs": 10, "verbose": 0},
    "adding": {"lengths": "8", "units": 16, "steps": 100, "every": 50, "verbose": 0},
    "char_rnn": {"units": 32, "epochs": 1, "verbose": 0},
    "sentiment": {"epochs": 1, "verbose": 0},
    "transformer": {"width": 8, "layers": 1, "heads": 2, "epochs": 1, "verbose": 0},
    "bert": {
        "unlabeled": 1000,
        "steps": 60,
        "texts": "reviews",
        "width": 32,
        "depth": 1,
        "rate": 0.01,
        "epochs": 1,
        "verbose": 0,
    },
    "gpt": {
        "steps": 60,
        "width": 32,
        "depth": 1,
        "length": 32,
        "vocabulary": 300,
        "rate": 0.01,
        "lstm_units": 24,
        "verbose": 0,
    },
    "autoencoder": {"steps": 48, "convolutional_steps": 24, "anomaly_steps": 24, "verbose": 0},
    "vae": {"steps": 96, **JUDGED},
    "rbm": {"epochs": 1, "dbn_hidden": 20, "steps": 3, **JUDGED},
    "gan": {"steps": 120, "known_steps": 60, **JUDGED},
    "dense_gan": {"steps": 88, "width": 64, "known_steps": 2, **JUDGED},
    "conv_gan": {"steps": 88, "width": 8, "fault_steps": 1, "known_steps": 1, "known_width": 1}
    | JUDGED,
    "dcgan": {"steps": 88, "width": 8, "fault_steps": 1, **JUDGED},
    "conditional_gan": {
        "steps": 88,
        "width": 8,
        "few_steps": 3,
        "classifier_steps": 110,
        "classifiers": 1,
        **JUDGED,
    },
    "diffusion": {
        "training_steps": 60,
        "channels": 8,
        "steps": 4,
        "sampling_steps": 3,
        **JUDGED,
    },
    "wgan_gp": {"steps": 60, "size": 8, "width": 8, "batch_size": 16, **JUDGED},
    "stylegan2": {"steps": 88, "size": 8, "most": 8, "latent": 16, "depth": 2, **JUDGED},
    "cyclegan": {
        "steps": 30,
        "width": 4,
        "blocks": 1,
        "d_width": 8,
        "identity_steps": 1,
        "verbose": 0,
    },
    "training_study": {"steps": 20, "calm_steps": 20, "depth": 6},
}


@contextmanager
def every_fit_watched(patch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every fit in this block is watched, and every step of `train_on_batch`; yields watchers."""
    watchers: list[Any] = []
    fit, train_on_batch = Model.fit, Model.train_on_batch
    fitting: list[Model] = []

    def watched_fit(self: Model, *args: Any, **options: Any) -> Any:
        with minigrad.watch(self) as watcher:
            watchers.append(watcher)
            fitting.append(self)
            try:
                return fit(self, *args, **options)
            finally:
                fitting.pop()

    patch.setattr(Model, "fit", watched_fit)
    yield watchers


@pytest.mark.parametrize("name", models.NAMES)
def test_nothing_is_found_in_a_model_of_the_zoo(name, monkeypatch):
    with every_fit_watched(monkeypatch) as watchers:
        models.load(name).train(**FLAGS[name])
    findings = [finding for watcher in watchers for finding in watcher.findings]
    assert findings == []
