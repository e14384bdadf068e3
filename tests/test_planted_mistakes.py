"""The watcher names planted mistakes and says nothing of healthy twins; a small, fixed draw."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad
from minigrad.training.watcher import RULES, Finding

from .planted_mistakes import __main__ as command
from .planted_mistakes.mistakes import MISTAKES
from .planted_mistakes.setups import DATA, NETWORKS, draw_setup
from .planted_mistakes.trials import Trial, draw_mistakes, try_healthy, try_mistake

DRAWN = draw_mistakes(len(RULES), seed=0)  # each rule once


@pytest.fixture(autouse=True)
def numpy_kernels():
    """Trainings are short: to compile loops would take longer."""
    with minigrad.use_kernels("numpy"):
        yield


def test_each_rule_has_ways_to_break_it():
    ways = {rule: sum(m.rule == rule for m in MISTAKES) for rule in RULES}
    assert min(ways.values()) >= 2
    assert sum(ways.values()) == len(MISTAKES)
    assert len({m.name for m in MISTAKES}) == len(MISTAKES)
    assert {rule for m in MISTAKES for rule in m.also} <= RULES.keys()


@pytest.mark.parametrize("mistake, seed", DRAWN, ids=[m.name for m, _ in DRAWN])
def test_a_planted_mistake_is_found(mistake, seed):
    trial = try_mistake(mistake, seed)
    assert trial.is_found, command.describe(trial)


@pytest.mark.parametrize("seed", [seed for _, seed in DRAWN[::2]])
def test_a_healthy_twin_raises_no_alarm(seed):
    assert try_healthy(seed).findings == []


def test_a_draw_repeats_and_holds_each_rule_as_often():
    drawn = draw_mistakes(2 * len(RULES), seed=5)
    assert drawn == draw_mistakes(2 * len(RULES), seed=5)
    assert drawn != draw_mistakes(2 * len(RULES), seed=6)
    rules = [mistake.rule for mistake, _ in drawn]
    assert {rules.count(rule) for rule in RULES} == {2}


def test_setups_are_of_every_kind_and_repeat():
    drawn = [draw_setup(seed) for seed in range(150)]
    assert {s.data for s in drawn} == DATA.keys()
    assert {s.network for s in drawn} == {name for names in NETWORKS.values() for name in names}
    assert len({(s.style, s.assembly) for s in drawn}) == 15
    again = draw_setup(7)
    assert str(again) == str(drawn[7])
    np.testing.assert_array_equal(again.x, drawn[7].x)


def test_a_finding_counts_by_its_rule_and_place():
    mistake = SimpleNamespace(rule="dead_relu", also=("nan_loss",), name="a bias")
    cases = [
        (Finding("dead_relu", "hidden1", "m", "a", 0), True),
        (Finding("nan_loss", "block/hidden1", "m", "a", 0), True),
        (Finding("dead_relu", "output", "m", "a", 0), False),
        (Finding("dead_relu", "", "hidden1", "a", 0), False),
        (Finding("sorted_labels", "hidden1", "m", "a", 0), False),
    ]
    for finding, is_found in cases:
        trial = Trial("a setup", mistake, [finding], place="hidden1")
        assert trial.is_found == is_found
    assert Trial("a setup", mistake, [cases[4][0]]).also_said == ["sorted_labels"]


def test_an_error_that_ends_a_run_is_kept_with_what_was_found():
    (mistake,) = [m for m in MISTAKES if m.name == "class numbers for one hot rows"]
    seed = next(s for s in range(99) if mistake.when(draw_setup(s)))
    trial = try_mistake(mistake, seed)
    assert trial.error.startswith("ValueError: categorical_crossentropy")
    assert trial.is_found


def test_the_report_counts_what_was_found_and_what_was_not():
    mistake = next(m for m in MISTAKES if m.rule == "dead_relu")
    found = Trial("one", mistake, [Finding("dead_relu", "hidden1", "m", "a", 0)])
    missed = Trial("two", mistake, [Finding("nan_loss", "loss", "m", "a", 0)])
    alarm = Trial("three", None, [Finding("nan_loss", "loss", "m", "a", 0)])
    text = command.report([found, missed], [alarm, Trial("four", None, [])], 0)
    assert "1 of 2 mistakes are found, and 1 of 2 healthy trainings raise a false alarm" in text
    assert "| dead_relu | 1/2 | nan_loss 1 |" in text
    assert "Missed:" in text and "False alarms:" in text


def test_the_written_report_meets_the_bar():
    text = command.REPORT.read_text(encoding="utf-8")
    found, wrong_runs, false_alarms, healthy = map(
        int,
        re.search(r"(\d+) of (\d+) mistakes are found, and (\d+) of (\d+) healthy", text).groups(),
    )
    assert wrong_runs == healthy == 100
    assert found >= 95
    assert false_alarms == 0
