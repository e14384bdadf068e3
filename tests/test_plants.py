"""The gate: every backward rule of every op is broken in every way of plants.py, and check_grads notices each time."""
from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from minigrad.autograd import Each

from .plants import PLANTS, caught, changed, kill, planted_ops, plants_of, survey, table



@cache
def attempt(xp):
    try:
        return survey(xp), None
    except Exception as failure:
        return None, failure


def surveyed(xp):
    """survey(xp), made once for each device, even where it fails."""
    slots, failure = attempt(xp)
    if failure is not None:
        raise failure
    return slots


@pytest.mark.parametrize("op", planted_ops(), ids=lambda op: op.name)
def test_every_planted_bug_is_caught(op, xp):
    slots = [s for s in surveyed(xp) if s.op is op]
    used = {s.i for s in slots}
    wanted = {0} if op.kernel_backward or isinstance(op.rules, Each) else {i for i, rule in enumerate(op.rules) if rule}
    assert used >= wanted, f"no case in tests/cases.py uses the rules {wanted - used} of {op.name}, so nothing checks them"
    missed = {plant: f"{hit} of {planted}" for plant, (hit, planted) in kill(slots, xp).items() if hit < planted}
    assert not missed, f"{op.name}: check_grads did not notice {missed}"


def test_a_rule_that_is_right_is_not_reported(xp):
    """With the same machinery and no bug, nothing fails: what is caught above is the bug."""
    for slot in surveyed(xp):
        assert not caught(slot.first(2), "nothing", lambda slot: changed(slot.op, lambda rule, i: rule), xp), str(slot)


def test_left_out_plants_are_left_out_for_a_reason(xp):
    """Every kind of plant is planted somewhere, and what decides about one is found where it is known to be."""
    planted: dict[str, set] = {}
    for slot in surveyed(xp):
        planted.setdefault(slot.op.name, set()).update(plant for plant, _ in plants_of(slot))
    assert set().union(*planted.values()) == set(PLANTS)
    for name in ("add", "multiply", "matmul", "linear", "where", "layer_norm", "broadcast_to"):
        assert "broadcast axis dropped" in planted[name], name
    for name in ("exp", "tanh", "log_softmax", "divide"):
        assert "y taken as constant" in planted[name], name
    for name in ("log", "multiply", "softmax_kernel", "layer_norm", "sparse_cross_entropy"):
        assert "x taken as constant" in planted[name], name
    for name in ("add", "relu", "reshape", "sum"):
        assert not {"x taken as constant", "y taken as constant"} & planted[name], name
    assert "scatter overwrites" in planted["getitem"] & planted["put"]


def test_the_published_table_is_up_to_date():
    published = Path(__file__).parent.parent / "docs" / "kill_table.md"
    assert published.read_text() == table(), "docs/kill_table.md is old: python -m tests.plants --write"
