"""check_grads notices every gradient rule that mutation.py has made wrong."""

from __future__ import annotations

from minigrad.engine.autograd import VariadicRule
from minigrad.kernels import compiled

from .mutation import (
    KINDS,
    REPORT,
    Mutant,
    is_caught,
    make_mutants,
    mutable_ops,
    replaced,
    report,
    score,
    survey,
)


def inputs_with_gradient(op):
    """The inputs whose rule a case has to use; of a rule for any input, the first."""
    if op.is_fused or isinstance(op.rules, VariadicRule):
        return {0}
    return {i for i, rule in enumerate(op.rules) if rule}


def test_the_checker_finds_every_wrong_rule():
    """One test, because the survey of all cases takes as long as all that is asked of it.

    It runs on NumPy alone: test_all_ops.py runs the same cases on every device.
    """
    rules = survey()
    every_rule_is_used_by_a_case(rules)
    every_mutant_is_caught_and_the_report_says_so(rules)
    a_rule_that_is_right_is_not_reported(rules)
    left_out_mutants_are_left_out_for_a_reason(rules)


def every_rule_is_used_by_a_case(rules):
    unused = {}
    for op in mutable_ops():
        used = {rule.i for rule in rules if rule.op is op}
        missing = inputs_with_gradient(op) - used
        if missing:
            unused[op.name] = missing
    assert not unused, (
        f"no case in tests/cases/ops.py uses these rules, so nothing checks them: {unused}"
    )


def every_mutant_is_caught_and_the_report_says_so(rules):
    scores = score(rules)
    missed = {
        f"{op.name}: {kind}": f"{caught} of {made}"
        for op, row in scores.items()
        for kind, (caught, made) in row.items()
        if caught < made
    }
    assert not missed, f"check_grads did not notice {missed}"
    if not compiled.is_wanted():  # the report is that of the rules and of the NumPy kernels
        assert REPORT.read_text() == report(rules, scores), (
            "docs/mutation_report.md is old: python -m tests.mutation --write"
        )


def a_rule_that_is_right_is_not_reported(rules):
    """With the same machinery and no bug, nothing fails: what is caught above is the bug."""
    for rule in rules:
        unchanged = Mutant(
            rule.first(2), "nothing", lambda rule: replaced(rule.op, lambda own, i: own)
        )
        assert not is_caught(unchanged), str(rule)


def left_out_mutants_are_left_out_for_a_reason(rules):
    """Every kind is made somewhere, and what decides about one is found where it is known to be."""
    made = {}
    for rule in rules:
        kinds = {mutant.kind for mutant in make_mutants(rule)}
        made.setdefault(rule.op.name, set()).update(kinds)
    assert set().union(*made.values()) == set(KINDS)
    for name in ("add", "multiply", "matmul", "linear", "where", "layer_norm", "broadcast_to"):
        assert "broadcast axis dropped" in made[name], name
    for name in ("exp", "tanh", "log_softmax", "divide"):
        assert "y taken as constant" in made[name], name
    for name in ("log", "multiply", "softmax", "layer_norm", "sparse_cross_entropy"):
        assert "x taken as constant" in made[name], name
    for name in ("add", "relu", "reshape", "sum"):
        assert not {"x taken as constant", "y taken as constant"} & made[name], name
    assert "scatter overwrites" in made["getitem"] & made["put"]
