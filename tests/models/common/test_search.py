"""Search: spaces, draws, pruning, resuming, halving, what a study says."""

from __future__ import annotations

from itertools import islice

import numpy as np
import optuna
import pytest
from sklearn.model_selection import ParameterSampler

import minigrad
from models.common import search
from models.common.search_spaces import TASKS, Choice, Range, Split, Task, split_digits

SPACE = {"x": Range(0.001, 1.0, log=True), "n": Range(1, 4), "kind": Choice(("good", "bad"))}


def objective(config, callbacks):
    """Four epochs, best at x = 0.1, n = 3, kind "good"."""
    distance = abs(np.log10(config["x"]) + 1) + abs(config["n"] - 3) + (config["kind"] == "bad")
    for epoch in range(4):
        for callback in callbacks:
            callback.on_epoch_end(epoch, {"val_accuracy": (epoch + 1) / (5 + 10 * distance)})


def new_study(storage=None, **settings):
    return search.open_study(storage, "toy", settings)


def searched(trials=16, **options):
    return search.run_search(objective, SPACE, new_study(), trials, verbose=0, **options)


def listed(study):
    return [(t.params, t.intermediate_values, t.state) for t in search.finished_trials(study)]


# ---- spaces --------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [Range(2, 5), Range(1, 8, log=True)])
def test_whole_numbers_reach_both_ends(values):
    random = np.random.RandomState(0)
    drawn = [values.rvs(random) for _ in range(400)]
    assert set(drawn) == set(range(values.low, values.high + 1))
    assert all(isinstance(x, int) for x in drawn)


def test_logarithms_are_drawn_evenly():
    random = np.random.RandomState(0)
    powers = np.log10([Range(1e-4, 1.0, log=True).rvs(random) for _ in range(2000)])
    counts, _ = np.histogram(powers, bins=4, range=(-4, 0))
    assert counts.sum() == 2000 and counts.min() > 440
    plain = np.array([Range(-1.0, 1.0).rvs(random) for _ in range(2000)])
    assert -1 <= plain.min() < -0.99 and 0.99 < plain.max() <= 1 and abs(plain.mean()) < 0.05


@pytest.mark.parametrize("values", [*SPACE.values(), Range(2, 64, log=True), Range(0.0, 0.5)])
def test_both_libraries_draw_from_the_same_values(values):
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    values.suggest(trial, "a")
    assert search.distribution(values) == trial.distributions["a"]
    assert type(values.rvs(0)) is type(trial.params["a"])


@pytest.mark.parametrize("name", TASKS)
def test_every_corner_of_a_space_trains(name):
    task = TASKS[name]
    x, y = (part[:8] for part in task.load().train)
    for config in islice(ParameterSampler(task.space, 3, random_state=0), 3):
        model = task.compiled(config)
        model.fit(x, y, verbose=0)
        assert model.predict(x, verbose=0).shape == (8, 10)
        hidden = [layer for layer in model.layers if type(layer).__name__ in ("Dense", "Conv2D")]
        assert len(hidden) == config["depth"] + (2 if name == "cnn" else 1)
        assert np.isclose(float(model.optimizer.learning_rate), config["learning_rate"])


def test_parts_of_the_data_share_no_row():
    split = split_digits()
    parts = [split.train, split.validation, split.test]
    assert [len(y) for _, y in parts] == [1077, 360, 360]
    rows = [{row.tobytes() for row in x} for x, _ in parts]
    assert len(rows[0] | rows[1] | rows[2]) == sum(map(len, rows)) > 1790
    for _, y in parts:
        assert np.ptp(np.bincount(y) / len(y)) < 0.02
    _, (x_test, _) = minigrad.datasets.digits.load_data()
    assert np.array_equal(split.test[0], x_test)


# ---- draws ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_a_seed_gives_the_same_trials(method):
    first = listed(searched(method=method, seed=3))
    assert first == listed(searched(method=method, seed=3))
    assert first != listed(searched(method=method, seed=4))
    assert len({repr(params) for params, *_ in first}) == 16


def test_random_search_draws_as_scikit_learn_does():
    configs = [params for params, *_ in listed(searched(method="random", seed=5))]
    assert configs == list(ParameterSampler(SPACE, 16, random_state=5))


def test_bayesian_search_beats_random_search_here():
    best = {
        method: [searched(24, method=method, seed=seed).best_value for seed in range(5)]
        for method in ("bayesian", "random")
    }
    assert np.median(best["bayesian"]) > np.median(best["random"]) + 0.03


def test_hopeless_trials_are_pruned():
    study, whole = searched(prune=True), searched(prune=False)
    pruned = [trial for trial in study.trials if search.is_pruned(trial)]
    assert 2 <= len(pruned) <= 10
    assert pruned[0].number >= search.STARTUP
    assert all(1 < len(trial.intermediate_values) < 4 for trial in pruned)
    assert not any(map(search.is_pruned, whole.trials))
    complete = [search.last_score(trial) for trial in study.trials if trial not in pruned]
    assert max(map(search.last_score, pruned)) < np.median(complete)


@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_a_stopped_search_loses_the_running_trial_alone(method):
    calls = []

    def interrupted(config, callbacks):
        calls.append(config)
        if len(calls) == 12:
            raise KeyboardInterrupt
        objective(config, callbacks)

    options = {"method": method, "seed": 1, "verbose": 0}
    study = new_study()
    with pytest.raises(KeyboardInterrupt):
        search.run_search(interrupted, SPACE, study, 16, **options)
    assert len(search.finished_trials(study)) == 11
    assert [trial.state.name for trial in study.trials][11:] == ["FAIL"]
    search.run_search(interrupted, SPACE, study, 16, **options)
    assert len(calls) == 12 + 5
    assert listed(study) == listed(searched(method=method, seed=1))
    search.run_search(interrupted, SPACE, study, 16, **options)
    assert len(calls) == 12 + 5


def test_a_study_goes_on_with_its_own_settings_only(tmp_path):
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    new_study(storage, epochs=4)
    new_study(storage, epochs=4)
    with pytest.raises(ValueError, match="'toy' was begun with epochs 4, not 5: go on with that"):
        new_study(storage, epochs=5)


def test_errors_of_a_search():
    with pytest.raises(ValueError, match="unknown method of run_search 'grid'.* known: bayesian"):
        searched(method="grid")
    with pytest.raises(ValueError, match="trials of run_search must be a whole number, 1 or more"):
        searched(trials=0)
    with pytest.raises(ValueError, match="jobs of run_search must be a whole number, 1 or more"):
        searched(jobs=0)
    study = new_study()
    with pytest.raises(ValueError, match=r"reported no 'val_accuracy': it has to call fit\(\.\.\."):
        search.run_search(lambda config, callbacks: None, SPACE, study, 3, verbose=0)
    assert [trial.state.name for trial in study.trials] == ["FAIL"]


def test_the_bar_shows_the_best(capsys):
    search.run_search(objective, SPACE, new_study(), 12)
    shown = capsys.readouterr().err
    assert "12/12" in shown and "best=" in shown and "pruned=" in shown


# ---- halving, and the best model -----------------------------------------------------------------


@pytest.fixture
def few_rows(monkeypatch):
    """The mlp, with a fifth of the rows."""
    task, parts = TASKS["mlp"], TASKS["mlp"].load()
    split = Split(*(tuple(part[::5] for part in rows) for rows in vars(parts).values()))
    small = Task(task.build, lambda: split, task.network, 3)
    monkeypatch.setitem(TASKS, "mlp", small)
    return small


def test_halving_drops_candidates_and_is_recorded(few_rows):
    training = search.Training("mlp", epochs=4, seed=0)  # rounds of 1 and 3
    study = search.run_halving(training, new_study(), 9, verbose=0)
    trials = search.finished_trials(study)
    epochs = sorted(list(trial.intermediate_values) for trial in trials)
    assert epochs == [[0]] * 6 + [[0, 2]] * 3
    for trial in trials:
        assert search.is_pruned(trial) == (2 not in trial.intermediate_values)
    scores = [
        [t.intermediate_values[0] for t in trials if search.is_pruned(t) == p] for p in (0, 1)
    ]
    assert min(scores[0]) >= max(scores[1])
    _, measured = search.measure_best(training, study)
    assert measured["validation_accuracy"] == pytest.approx(study.best_value)
    assert search.run_halving(training, study, 9, verbose=0) is study and len(study.trials) == 9


def test_errors_of_halving():
    with pytest.raises(ValueError, match="trials of run_halving must be a whole number, 3 or more"):
        search.run_halving(search.Training("mlp", 3), new_study(), 2)
    with pytest.raises(ValueError, match="halving on cuda runs one training at a time: jobs=1"):
        search.run_halving(search.Training("mlp", 3, device="cuda"), new_study(), 9, jobs=2)


@pytest.mark.parametrize("epochs, trials, first", [(9, 9, 1), (15, 30, 1), (30, 9, 3), (2, 9, 2)])
def test_the_first_round_of_halving(epochs, trials, first):
    assert search.min_epochs(epochs, trials) == first


def test_the_test_rows_are_read_at_the_end_alone(few_rows, monkeypatch):
    split = few_rows.load()
    without_test = Split(split.train, split.validation, None)
    blind = Task(few_rows.build, lambda: without_test, few_rows.network, 1)
    monkeypatch.setitem(TASKS, "mlp", blind)
    training = search.Training("mlp", 1)
    study = search.run_search(training, blind.space, new_study(), 2, verbose=0)
    monkeypatch.setitem(TASKS, "mlp", few_rows)
    model, scores = search.measure_best(training, study)
    assert scores["validation_accuracy"] == study.best_value
    x, y = split.test
    accuracy = np.mean(model.predict(x, verbose=0).argmax(1) == y)
    assert scores["test_accuracy"] == pytest.approx(accuracy)
    assert scores["gap"] == scores["validation_accuracy"] - scores["test_accuracy"]


# ---- what a study says ---------------------------------------------------------------------------


def test_importance_finds_what_matters():
    study = new_study()

    def only_x(config, callbacks):
        callbacks[0].on_epoch_end(0, {"val_accuracy": 0.9 - 0.2 * abs(np.log10(config["x"]) + 1)})

    search.run_search(only_x, SPACE, study, 30, "random", verbose=0)
    shares = search.importances(study)
    assert list(shares)[0] == "x" and shares["x"] > 0.5
    assert sum(shares.values()) == pytest.approx(1)
    assert search.importances(searched(3)) == {}


def test_the_best_come_first():
    """A pruned trial may have scored higher: early, before others fell behind."""
    study = new_study()
    for number, (score, pruned) in enumerate([(0.5, False), (0.9, True), (0.7, False)]):
        trial, _ = search.draw(study, SPACE, "random", 0)
        search.tell(study, trial, search.Outcome(number, {0: 0.95, 1: score}, pruned))
    ranked = search.best_first(study)
    assert [trial.number for trial in ranked] == [2, 0, 1]
    assert [search.last_score(trial) for trial in ranked] == [0.7, 0.5, 0.9]
