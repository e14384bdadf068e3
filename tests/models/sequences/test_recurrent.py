"""Recurrent networks of the adding problem and of diabetes patients: sizes, names, devices."""

from __future__ import annotations

import math

import pytest

from models.sequences import adding, diabetes_rnn


@pytest.mark.parametrize(
    "module, kind, counts",
    [
        (diabetes_rnn, "SimpleRNN", [4800, 65]),
        (diabetes_rnn, "LSTM", [19200, 65]),
        (diabetes_rnn, "GRU", [14592, 65]),
        (adding, "SimpleRNN", [1120, 33]),
        (adding, "LSTM", [4480, 33]),
        (adding, "GRU", [3456, 33]),
    ],
)
def test_parameter_counts(module, kind, counts):
    model = module.network(kind)
    assert [layer.count_params() for layer in model.layers] == counts
    assert model.count_params() == sum(counts)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: diabetes_rnn.network("LTSM"), "did you mean 'LSTM'"),
        (lambda: adding.train(kind="GRUU"), "did you mean 'GRU'"),
        (lambda: diabetes_rnn.train(recipe="knwon"), "did you mean 'known'"),
    ],
)
def test_unknown_names(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "module, flags",
    [(diabetes_rnn, {"epochs": 1}), (adding, {"lengths": "4", "units": 3, "steps": 2, "every": 1})],
)
def test_networks_train_on_every_device(module, flags, device):
    models, metrics = module.train(**flags, verbose=0)
    assert [key.partition("_")[0] for key in models] == list(module.KINDS)
    assert {p.device for model in models.values() for p in model.weights} == {device}
    assert all(math.isfinite(value) for value in metrics.values())
