"""The command line of a search: what it prints, writes and resumes, what is an error; pictures."""

from __future__ import annotations

import contextlib
import json
import sys

import numpy as np
import optuna
import pytest

from minigrad.plots import new_figure
from models.common import runner, search, search_plots
from models.common.search_spaces import TASKS, Choice, Range, Split, Task

SPACE = {"x": Range(0.001, 1.0, log=True), "n": Range(1, 4), "kind": Choice(("good", "bad"))}


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    """The mlp, with a fifth of the rows and one epoch."""
    task, parts = TASKS["mlp"], TASKS["mlp"].load()
    split = Split(*(tuple(part[::5] for part in rows) for rows in vars(parts).values()))
    monkeypatch.setitem(TASKS, "mlp", Task(task.build, lambda: split, task.network, 1))


@pytest.fixture
def no_pictures(monkeypatch):
    """They take a second."""
    monkeypatch.setattr(search_plots, "draw_all", lambda *arguments: None)


def command(*words):
    return runner.main(["search", *map(str, words)])


def test_a_search_prints_writes_and_goes_on(tmp_path, capsys):
    assert command("mlp", "--trials", 4, "--out", tmp_path) == 0
    printed = capsys.readouterr().out
    assert "4 trials, 0 of them pruned, 4 epochs in all" in printed
    head, *rows = printed.split("\n\n")[1].splitlines()
    assert head.split() == ["trial", "score", *TASKS["mlp"].space]
    assert len(rows) == 4
    best = json.loads((tmp_path / "best.json").read_text())
    assert rows[0].split()[0] == str(best["trial"])
    assert float(rows[0].split()[1]) == pytest.approx(
        best["scores"]["validation_accuracy"], abs=1e-4
    )
    assert best["config"].keys() == TASKS["mlp"].space.keys()
    assert best["trials"] == 4 and best["method"] == "bayesian"
    assert f"test accuracy: {best['scores']['test_accuracy']:.4f}" in printed
    for share in best["importance"].values():
        assert f"{share:.2f}" in printed
    pictures = {"history.png", "importance.png", "parallel.png"}
    files = sorted(pictures | {"best.json", "study.db", "weights.safetensors"})
    assert f"in {tmp_path}: {', '.join(files)}" in printed
    assert all((tmp_path / name).stat().st_size > 500 for name in files)

    assert command("mlp", "--trials", 5, "--out", tmp_path) == 0
    printed = capsys.readouterr().out
    assert "the study has 4 finished trials" in printed and "\n5 trials" in printed


@pytest.mark.parametrize("method", ["random", "halving"])
def test_other_methods_and_another_storage(method, tmp_path, capsys, no_pictures):
    storage = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    words = ("mlp", "--trials", 3, "--method", method, "--out", tmp_path / "out")
    assert command(*words, "--storage", storage) == 0
    assert "\n3 trials" in capsys.readouterr().out
    assert not (tmp_path / "out" / "study.db").exists()
    study = optuna.load_study(study_name=f"mlp-{method}", storage=storage)
    assert len(study.trials) == 3 and study.user_attrs["method"] == method


def test_an_interrupt_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def interrupted(self, config, callbacks):
        raise KeyboardInterrupt

    monkeypatch.setattr(search.Training, "__call__", interrupted)
    assert command("mlp", "--trials", 2, "--out", tmp_path) == 130
    assert "stopped with 0 finished trials: the same command goes on" in capsys.readouterr().err


def test_errors(tmp_path, capsys, monkeypatch, no_pictures):
    def error_of(*words):
        assert command(*words, "--out", tmp_path) == 2
        return capsys.readouterr().err

    assert "unknown model with a search space 'mpl': did you mean 'mlp'" in error_of("mpl")
    assert "device" in error_of("mlp", "--device", "gpu")
    assert "database of the study does not open: " in error_of("mlp", "--storage", "sqlite:///no/x")
    assert "trials of run_search must be a whole number" in error_of("mlp", "--trials", 0)
    assert command("mlp", "--trials", 1, "--out", tmp_path) == 0
    capsys.readouterr()
    assert "was begun with seed 0, not 1: go on with that" in error_of("mlp", "--seed", 1)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        wanted = "--scheduler needs Dask: pip install 'dask[distributed]'"
        assert wanted in error_of("mlp", "--scheduler", "tcp://localhost:1")
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert "a search needs Optuna: in a clone of minigrad, pip install -e '.[tune]'" in error_of(
        "mlp"
    )


def test_help_lists_the_spaces(capsys):
    with pytest.raises(SystemExit):
        command("--help")
    printed = capsys.readouterr().out
    assert "learning_rate  0.0001 to 1, even in its logarithm" in printed
    assert "optimizer      sgd, momentum, rmsprop, adam" in printed
    assert all(f"{name}, {task.epochs} epochs" in printed for name, task in TASKS.items())


# ---- pictures ------------------------------------------------------------------------------------


def toy_study(*scores, pruned=()):
    """A study with these scores, each after one epoch."""
    study = search.open_study(None, "toy", {})
    for number, score in enumerate(scores):
        trial, _ = search.draw(study, SPACE, "random", 0)
        search.tell(study, trial, search.Outcome(number, {0: score}, number in pruned))
    return study


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """The axes of a picture."""
    figures = []

    @contextlib.contextmanager
    def kept(width, height, path):
        with new_figure(width, height, path) as figure:
            figures.append(figure)
            yield figure

    monkeypatch.setattr(search_plots.plots, "new_figure", kept)

    def draw(function, *arguments):
        function(*arguments, tmp_path / "picture.png")
        assert (tmp_path / "picture.png").stat().st_size > 5000
        (axes,) = figures[-1].axes
        return axes

    return draw


def test_the_history_shows_each_trial_and_the_best_so_far(drawn):
    study = toy_study(0.5, 0.9, 0.2, 0.95, 1.0, pruned=[2])
    axes = drawn(search_plots.draw_history, study, "title")
    lines = {line.get_label(): line.get_ydata().tolist() for line in axes.lines}
    assert lines["best so far"] == pytest.approx([0.5, 0.1, 0.1, 0.05, 0.001])
    assert lines["complete"] == pytest.approx([0.5, 0.1, 0.05, 0.001])
    assert lines["pruned, when it was"] == pytest.approx([0.8])


def test_parallel_coordinates_have_a_line_per_trial(drawn):
    study = toy_study(0.5, 0.9, 0.2, 0.95, 0.6, pruned=[2])
    axes = drawn(search_plots.draw_parallel, study, SPACE, "title")
    lines = [line for line in axes.lines if len(line.get_ydata()) == 4]
    heights = [line.get_ydata() for line in lines]
    assert len(lines) == 5 and all(np.all((y >= 0) & (y <= 1)) for y in heights)
    assert [line.get_ydata()[-1] for line in lines][-1] == 1.0  # the best is drawn last
    best = study.best_params
    assert heights[-1][1] == pytest.approx((best["n"] - 1) / 3)
    colors = [line.get_color() for line in lines]
    assert colors.count(search_plots.ORANGE) == 3 and colors.count(search_plots.LIGHT) == 1
    texts = {text.get_text() for text in axes.texts}
    assert {"good", "bad", "1", "4", "0.001", "0.01"} <= texts


def test_importance_has_a_bar_each_or_says_why_not(drawn):
    axes = drawn(search_plots.draw_importance, {"a_b": 0.75, "c": 0.25}, "title")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["c", "a b"]
    assert [bar.get_width() for bar in axes.patches] == [0.25, 0.75]
    empty = drawn(search_plots.draw_importance, search.importances(toy_study(0.5)), "title")
    assert [text.get_text() for text in empty.texts][-1].startswith("fewer than four trials")
