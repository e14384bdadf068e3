"""Planted bugs: every backward rule of every op is broken in every way below, and check_grads has to notice.

`python -m tests.plants` prints which op's plants were caught; with `--write` it writes docs/kill_table.md. A plant is left out
only where it changes nothing, which is found by looking at the rule while it runs, never by a list of names.
"""

from __future__ import annotations

import argparse
import textwrap
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Iterator
from unittest import mock

import numpy as np

from minigrad import ops
from minigrad.backend import backend, to_cpu
from minigrad.config import to_device
from minigrad.engine import autograd
from minigrad.engine.autograd import Primitive, VariadicRule
from minigrad.engine.gradcheck import check_grads
from minigrad.engine.graph import Leaf
from minigrad.engine.tensor import Tensor, wrap
from minigrad.ops import indexing

from .cases import OPS, all_cases

Rule = Callable[..., Any]


@dataclass
class Slot:
    """One rule of one op, and what was seen of it when all cases ran."""

    op: Primitive
    i: int  # which input's gradient
    names: tuple  # what the rule's code mentions
    cases: list = field(default_factory=list)  # those that use it, the op's own first
    reads: set = field(
        default_factory=set
    )  # "y" and numbers of inputs through which its result can be differentiated
    slices: bool = False  # does it give what sum_to has summed?
    masks: bool = False  # does the sum over a broadcast axis it does itself matter?

    def __str__(self) -> str:
        return f"{self.op.name}, gradient {self.i}"

    def first(self, n: int) -> Slot:
        """The same with its first n cases."""
        return replace(self, cases=self.cases[:n])


# ---- getting at a rule ---------------------------------------------------------------------------------------------


def planted_ops() -> list[Primitive]:
    """Every op with gradients, in the order of the source."""
    return [
        p
        for p in Primitive.registry
        if p.__module__.startswith("minigrad.")
        and not p.constant
        and (p.rules or p.kernel_backward)
    ]


@contextmanager
def changed(op: Primitive, change: Callable[[Rule, int], Rule]) -> Iterator[None]:
    """`op` with change(rule, i) in place of each rule; a fused kernel's backward counts as a rule for each gradient it gives."""
    rules, kernel = op.rules, op.kernel_backward

    def all_of(g: Any, kept: Any, *xs: Any, **settings: Any) -> list:
        parts = kernel(g, kept, *xs, **settings)
        return [
            None
            if x is None or part is None
            else change(lambda *a, i=i, **s: made(kernel(*a, **s)[i]), i)(g, kept, *xs, **settings)
            for i, (x, part) in enumerate(zip(xs, parts))
        ]

    if kernel:
        op.kernel_backward = all_of
    elif isinstance(rules, VariadicRule):
        op.rules = VariadicRule(
            lambda *a, i, **s: change(lambda *b, **t: rules.rule(*b, i=i, **t), i)(*a, **s)
        )
    else:
        op.rules = [rule and change(rule, i) for i, rule in enumerate(rules)]
    try:
        yield
    finally:
        op.rules, op.kernel_backward = rules, kernel


def made(gradient: Any) -> Any:
    """What a kernel's backward gives: a gradient, or a function that computes it."""
    return gradient() if callable(gradient) else gradient


def names_of(code: Any) -> tuple[str, ...]:
    """The names in a function's code and in the functions inside it."""
    return code.co_names + tuple(
        name for inner in code.co_consts if hasattr(inner, "co_names") for name in names_of(inner)
    )


def names_in(op: Primitive) -> Callable[[int], tuple[str, ...]]:
    """The names that the code of an op's rules mentions, for each."""
    rules = op.rules
    if op.kernel_backward or isinstance(rules, VariadicRule):
        names = names_of((op.kernel_backward or rules.rule).__code__)
        return lambda i: names
    return [() if rule is None else names_of(rule.__code__) for rule in rules].__getitem__


# ---- the plants ----------------------------------------------------------------------------------------------------


def one_slice(x: Any, shape: tuple) -> Any:
    """sum_to's forward with a bug: along the first axis to be summed it takes one element for the sum."""
    extra = x.ndim - len(shape)
    for axis, n in enumerate(x.shape):
        if n > 1 and (axis < extra or shape[axis - extra] == 1):
            return sum_to_forward(x[(slice(None),) * axis + (slice(0, 1),)], shape=shape)
    return sum_to_forward(x, shape=shape)


def masked(rule: Rule) -> Rule:
    """The rule on a g with zeros beyond the first element of the first axis along which its input was broadcast."""

    def broken(g: Any, *args: Any, **settings: Any) -> Any:
        result = rule(g, *args, **settings)
        if len(result.shape) > len(g.shape):
            return result
        aligned = (1,) * (len(g.shape) - len(result.shape)) + tuple(result.shape)
        if any(a not in (1, n) for a, n in zip(aligned, g.shape)):
            return result
        for axis, (a, n) in enumerate(zip(aligned, g.shape)):
            if a == 1 and n > 1:
                keep = backend(g).zeros(g.shape, g.dtype)
                keep[(slice(None),) * axis + (slice(0, 1),)] = 1
                return rule(g * keep, *args, **settings)
        return result

    return broken


def constant(x: Any) -> Any:
    return wrap(x._array, None) if isinstance(x, Tensor) else x


def ones_like(g: Any) -> Any:
    return wrap(ones_like(g._array), None) if isinstance(g, Tensor) else backend(g).ones_like(g)


def assign(target: Any, index: Any, values: Any) -> None:
    """scatter_add with a bug: of an element named several times the last value stays."""
    host = to_cpu(target).copy()
    host[tuple(to_cpu(i) if hasattr(i, "dtype") else i for i in index)] = to_cpu(values)
    target[...] = to_device(host, device_of(target))


def device_of(x: Any) -> str:
    return wrap(x, None).device


sum_to_forward = ops.sum_to.forward


def sliced(rule: Rule) -> Rule:
    def broken(*args: Any, **settings: Any) -> Any:
        with mock.patch.object(ops.sum_to, "forward", lambda x, *, shape: one_slice(x, shape)):
            return rule(*args, **settings)

    return broken


def in_rule(change: Callable[[Rule, int], Rule]) -> Callable[[Slot], Any]:
    """A plant that puts change(rule, i) in place of the slot's rule."""
    return lambda slot: changed(slot.op, lambda rule, i: change(rule, i) if i == slot.i else rule)


def detached(j: int) -> Callable[[Slot], Any]:
    """The j-th input counts as a constant in the rule's result; -1 is the output."""

    def plant(slot: Slot) -> Any:
        if slot.op.definition:
            return mock.patch.object(autograd, "_pull_definition", frozen(slot, j))
        return in_rule(
            lambda rule, i: (
                lambda g, y, *xs, **s: rule(
                    g,
                    constant(y) if j < 0 else y,
                    *(constant(x) if k == j else x for k, x in enumerate(xs)),
                    **s,
                )
            )
        )(slot)

    return plant


def frozen(slot: Slot, j: int) -> Callable[..., list]:
    """_pull_definition with the j-th input constant in one of the recorded gradients of a fused op."""
    original = autograd._pull_definition

    def pull(n: Any, g: Tensor, xs: list) -> list:
        pulled = original(n, g, xs)
        if n.op is slot.op and pulled[slot.i] is not None:
            cut = [
                wrap(x._array, Leaf()) if k == j and isinstance(x, Tensor) and x.node else x
                for k, x in enumerate(xs)
            ]
            pulled[slot.i] = original(n, g, cut)[slot.i]
        return pulled

    return pull


def scatters(slot: Slot) -> bool:
    """Does the op, or an op its rule calls, add up values at repeated indices?"""
    called = [slot.op] + [
        getattr(ops, name) for name in slot.names if isinstance(getattr(ops, name, None), Primitive)
    ]
    return any("scatter_add" in p.forward.__code__.co_names for p in called)


def plants_of(slot: Slot) -> list[tuple[str, Callable[[Slot], Any]]]:
    """(what it is, how to plant it) for all that change something in this rule."""
    found = [
        ("zero", in_rule(lambda rule, i: lambda *a, **s: rule(*a, **s) * 0)),
        ("minus", in_rule(lambda rule, i: lambda *a, **s: -rule(*a, **s))),
        ("twice", in_rule(lambda rule, i: lambda *a, **s: rule(*a, **s) * 2)),
        (
            "incoming gradient ignored",
            in_rule(lambda rule, i: lambda g, *a, **s: rule(ones_like(g), *a, **s)),
        ),
        (
            "overwritten, not added",
            lambda slot: mock.patch.object(autograd, "accumulate", lambda old, new: new),
        ),
    ]
    if slot.slices:
        found.append(("broadcast axis dropped", in_rule(lambda rule, i: sliced(rule))))
    elif slot.masks:
        found.append(("broadcast axis dropped", in_rule(lambda rule, i: masked(rule))))
    if scatters(slot):
        found.append(
            ("scatter overwrites", lambda slot: mock.patch.object(indexing, "scatter_add", assign))
        )
    if "y" in slot.reads:
        found.append(("y taken as constant", detached(-1)))
    found += [("x taken as constant", detached(j)) for j in sorted(slot.reads - {"y"})]
    return found


PLANTS = [
    "zero",
    "minus",
    "twice",
    "broadcast axis dropped",
    "overwritten, not added",
    "incoming gradient ignored",
    "scatter overwrites",
    "y taken as constant",
    "x taken as constant",
]


# ---- what the rules do when the cases run --------------------------------------------------------------------------


def run_case(name: str, number: int, xp: Any, twice: bool = False, order: int = 2) -> bool:
    """check_grads on one case; False if it has no gradient. With `twice` the op is used two times."""
    case = OPS[name][number]
    inputs, settings = case.on(xp)

    def f(*xs: Any) -> Any:
        y = case.call(getattr(ops, name), *xs, **settings)
        if not twice:
            return y
        z = case.call(getattr(ops, name), *xs, **settings)
        return (
            [a + b for a, b in zip(y, z) if isinstance(a, Tensor)]
            if isinstance(y, (tuple, list))
            else y + z
        )

    if not has_gradient(case, name, inputs, settings):
        return False
    f.__name__ = name
    check_grads(f, *inputs, order=order, float32=False)
    return True


def has_gradient(case: Any, name: str, inputs: list, settings: dict) -> bool:
    """Are an input and an output of the case floating?"""
    y = case.call(getattr(ops, name), *inputs, **settings)
    first = y[0] if isinstance(y, (tuple, list)) else y
    return any(map(is_floating, inputs)) and is_floating(first)


def is_floating(x: Any) -> bool:
    return getattr(getattr(x, "dtype", None), "kind", "") == "f"


def survey(xp: Any = np) -> list[Slot]:
    """Run every case once with all rules watched."""
    slots: dict[tuple[int, int], Slot] = {}
    running: list = []

    def watch(op: Primitive) -> Callable[[Rule, int], Rule]:
        names = names_in(op)

        def change(rule: Rule, i: int) -> Rule:
            def watched(g: Any, y: Any, *xs: Any, **settings: Any) -> Any:
                slot = slots.setdefault((id(op), i), Slot(op, i, names(i)))
                if running[-1] not in slot.cases:
                    slot.cases.append(running[-1])
                look(slot, rule, g, y, xs, settings)
                return rule(g, y, *xs, **settings)

            return watched

        return change

    contexts = [changed(op, watch(op)) for op in planted_ops()]
    for context in contexts:
        context.__enter__()
    try:
        for running_case in all_cases():
            running.append(running_case)
            run_case(*running_case, xp)
    finally:
        for context in reversed(contexts):
            context.__exit__(None, None, None)
    for op in planted_ops():
        if op.definition:
            for slot in slots.values():
                if slot.op is op:
                    slot.reads = definition_reads(slot, xp)
    for slot in slots.values():
        slot.cases.sort(key=lambda c: c[0] != slot.op.name)
    return sorted(slots.values(), key=lambda s: (Primitive.registry.index(s.op), s.i))


def look(slot: Slot, rule: Rule, g: Any, y: Any, xs: tuple, settings: dict) -> None:
    """Note what a rule's result depends on, by running it once more on inputs of its own."""
    if isinstance(g, Tensor):
        fresh = [wrap(x._array, Leaf()) if isinstance(x, Tensor) else x for x in (g, y, *xs)]
        nodes = ancestors(rule(*fresh, **settings))
        slot.reads |= {
            "y" if k == 1 else k - 2
            for k, x in enumerate(fresh)
            if k and isinstance(x, Tensor) and x.node in nodes
        }
        return
    if "sum_to" in slot.names:
        given: list = []

        def remembering(x: Any, *, shape: tuple) -> Any:
            given.append(sum_to_forward(x, shape=shape))
            return given[-1]

        with mock.patch.object(ops.sum_to, "forward", remembering):
            result = rule(g, y, *xs, **settings)
        slot.slices |= any(part is result for part in given)
    else:
        right, wrong = (to_cpu(r(g, y, *xs, **settings)) for r in (rule, masked(rule)))
        slot.masks |= not np.array_equal(right, wrong, equal_nan=True)


def definition_reads(slot: Slot, xp: Any) -> set:
    """The inputs on which a fused op's recorded gradient depends."""
    name, number = min(slot.cases, key=lambda c: c[0] != slot.op.name)
    inputs, settings = OPS[name][number].on(xp)
    leaves = [wrap(x, Leaf()) if is_floating(x) else x for x in inputs]
    y = slot.op.definition(*leaves, **settings)
    cotangent = wrap(backend(y._array).ones_like(y._array), Leaf())
    g = autograd.grad(y, [leaves[slot.i]], cotangent=cotangent, create_graph=True)[0]
    nodes = ancestors(g)
    return {j for j, x in enumerate(leaves) if isinstance(x, Tensor) and x.node in nodes}


def ancestors(t: Any) -> set:
    """All nodes that a Tensor can be differentiated to."""
    found: set = set()
    stack = [t.node] if isinstance(t, Tensor) and t.node is not None else []
    while stack:
        n = stack.pop()
        if n not in found:
            found.add(n)
            rules = n.parents if n.op is None or n.op.definition else n.op.rules
            stack += [p for p, rule in zip(n.parents, rules) if p is not None and rule is not None]
    return found


# ---- the gate and its table ----------------------------------------------------------------------------------------


def caught(slot: Slot, plant: str, install: Callable[[Slot], Any], xp: Any) -> bool:
    """Does check_grads fail on some case of the op while the plant stands?"""
    for name, number in slot.cases:
        try:
            with install(slot):
                run_case(name, number, xp, twice=plant.startswith("overwritten"))
        except AssertionError:
            return True
    return False


def kill(slots: list[Slot], xp: Any) -> dict[str, tuple[int, int]]:
    """For the rules of one op: plant -> (caught, planted)."""
    row = dict.fromkeys(PLANTS, (0, 0))
    for slot in slots:
        for plant, install in plants_of(slot):
            hit, planted = row[plant]
            row[plant] = hit + caught(slot, plant, install, xp), planted + 1
    return row


def killed(slots: list[Slot], xp: Any = np) -> dict[Primitive, dict[str, tuple[int, int]]]:
    """The kill of each op, in the order of the source."""
    return {op: kill([s for s in slots if s.op is op], xp) for op in planted_ops()}


def table(slots: list[Slot], rows: dict[Primitive, dict[str, tuple[int, int]]]) -> str:
    """The kill table in Markdown."""
    hit, planted = (sum(cell[k] for row in rows.values() for cell in row.values()) for k in (0, 1))
    own = {op.name for op in planted_ops()}
    built = [
        name for name in OPS if name not in own and not isinstance(getattr(ops, name), Primitive)
    ]
    lines = [
        HEAD,
        f"{hit} of {planted} planted bugs are caught, in {len(slots)} rules of {len(rows)} ops.",
        "",
        "| op | " + " | ".join(PLANTS) + " |",
        "|---" * (len(PLANTS) + 1) + "|",
    ]
    lines += [
        f"| {op.name} | " + " | ".join(cell(*counts) for counts in row.values()) + " |"
        for op, row in rows.items()
    ]
    return "\n".join(
        [
            *lines,
            "",
            "Built of these, with no rule of their own to plant a bug in, and checked as they stand:",
            *textwrap.wrap(", ".join(f"`{name}`" for name in sorted(built)) + ".", 120),
            "",
        ]
    )


def cell(hit: int, planted: int) -> str:
    return "n.a." if planted == 0 else f"{'caught' if hit == planted else 'MISSED'} {hit}/{planted}"


HEAD = """# Kill table

A checker that never fails proves nothing, so each backward rule of each op is broken on purpose, in each of these ways, and
`check_grads` is run on the op's test cases:

- zero, minus, twice: the rule's result times 0, -1, 2
- broadcast axis dropped: one slice is taken where the gradient is the sum along an axis over which the input was broadcast
- overwritten, not added: of the gradients of a Tensor that is used twice, the last one stays
- incoming gradient ignored: the rule gets ones in place of g
- scatter overwrites: of the gradients of an element that was indexed several times, the last one stays
- y, x taken as constant: right at first order, wrong at second

`caught 2/2`: two rules (or the rule for two inputs) were broken, and the check failed both times. `n.a.`: the bug would change
nothing, which is found by running the rule: nothing is summed over a broadcast axis, nothing is scattered, or the rule's result
has no slope in y or x, so that to take them as constants is no mistake. Written by `python -m tests.plants --write`; the test
suite fails when a planted bug is missed.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.plants", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--write", action="store_true", help="write docs/kill_table.md")
    slots = survey()
    text = table(slots, killed(slots))
    if parser.parse_args().write:
        Path(__file__).parent.parent.joinpath("docs", "kill_table.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
