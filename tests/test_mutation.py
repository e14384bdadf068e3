"""The gate: every backward rule of every op is broken in every way of plants.py, and check_grads notices each time."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from minigrad.engine.autograd import VariadicRule

from .mutation import PLANTS, caught, changed, killed, planted_ops, plants_of, survey, table


@cache
def surveyed():
    """survey() on NumPy alone: that rules are right on every device is for test_ops.py, with the same cases."""
    return survey()


def test_every_rule_is_used_by_a_case():
    unused = {}
    for op in planted_ops():
        used = {s.i for s in surveyed() if s.op is op}
        wanted = (
            {0}
            if op.kernel_backward or isinstance(op.rules, VariadicRule)
            else {i for i, rule in enumerate(op.rules) if rule}
        )
        if wanted - used:
            unused[op.name] = wanted - used
    assert not unused, (
        f"no case in tests/cases/ops.py uses these rules, so nothing checks them: {unused}"
    )


def test_every_planted_bug_is_caught_and_the_published_table_says_so():
    rows = killed(surveyed())
    missed = {
        f"{op.name}: {plant}": f"{hit} of {planted}"
        for op, row in rows.items()
        for plant, (hit, planted) in row.items()
        if hit < planted
    }
    assert not missed, f"check_grads did not notice {missed}"
    published = Path(__file__).parent.parent / "docs" / "kill_table.md"
    assert published.read_text() == table(surveyed(), rows), (
        "docs/kill_table.md is old: python -m tests.plants --write"
    )


def test_a_rule_that_is_right_is_not_reported():
    """With the same machinery and no bug, nothing fails: what is caught above is the bug."""
    for slot in surveyed():
        assert not caught(
            slot.first(2), "nothing", lambda slot: changed(slot.op, lambda rule, i: rule), np
        ), str(slot)


def test_left_out_plants_are_left_out_for_a_reason():
    """Every kind of plant is planted somewhere, and what decides about one is found where it is known to be."""
    planted: dict[str, set] = {}
    for slot in surveyed():
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
