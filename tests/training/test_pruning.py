"""PruningCallback: what it reports, when it ends a training, what is an error."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

import minigrad
from minigrad.callbacks import EarlyStopping, PruningCallback
from minigrad.layers import Dense

from ..conftest import run_python

X = np.arange(8.0).reshape(8, 1) / 8


def fit(callback, epochs=4, **options):
    minigrad.seed(0)
    model = minigrad.Sequential(Dense(1, input_shape=(1,)))
    model.compile("sgd", "mse")
    callbacks = [callback, EarlyStopping("loss", patience=99)]
    return model.fit(X, 2 * X, epochs=epochs, verbose=0, callbacks=callbacks, **options).history


class Above(optuna.pruners.BasePruner):
    """Prunes from the third epoch on."""

    def prune(self, study, trial):
        return trial.last_step >= 2


def test_every_epoch_is_reported():
    study = optuna.create_study()
    trial = study.ask()
    history = fit(PruningCallback(trial), validation_data=(X, X))
    assert study.trials[0].intermediate_values == dict(enumerate(history["val_loss"]))


def test_the_pruner_ends_the_training():
    study = optuna.create_study(pruner=Above())
    study.optimize(lambda trial: fit(PruningCallback(trial, "loss"))["loss"][-1], n_trials=2)
    assert [trial.state.name for trial in study.trials] == ["PRUNED", "PRUNED"]
    assert [sorted(trial.intermediate_values) for trial in study.trials] == [[0, 1, 2]] * 2
    with pytest.raises(optuna.TrialPruned, match=r"^loss is 0\.\d+ after epoch 3$"):
        fit(PruningCallback(study.ask(), "loss"))


def test_epochs_without_validation_report_nothing():
    study = optuna.create_study()
    fit(PruningCallback(study.ask()), validation_data=(X, X), validation_freq=2)
    assert sorted(study.trials[0].intermediate_values) == [1, 3]


def test_a_missing_value_is_an_error_that_lists_what_there_is():
    trial = optuna.create_study().ask()
    with pytest.raises(ValueError, match="monitors 'val_accuracy', but the logs hold loss; give"):
        fit(PruningCallback(trial, "val_accuracy"))
    with pytest.raises(ValueError, match="hold loss, val_loss: did you mean 'val_loss'"):
        fit(PruningCallback(trial, "val_los"), validation_data=(X, X))


def test_what_is_no_trial_is_an_error():
    with pytest.raises(TypeError, match=r"takes the trial .* PruningCallback\(trial, 'loss'\)"):
        PruningCallback("loss", "loss")


def test_a_training_without_a_search_needs_no_optuna():
    code = "import sys, minigrad.callbacks, minigrad.wrappers; print('optuna' in sys.modules)"
    assert run_python(code).strip() == "False"
