"""Mutation testing of the gradient checker: check_grads must find every wrong gradient rule.

Every gradient rule of every op is changed in every way below; such a wrong rule is a mutant. A
mutant is left out only where it would change nothing, which is found by running the rule, never by
a list of names. `python -m tests.mutation` prints the report, with `--write` it writes
docs/mutation_report.md.
"""

from __future__ import annotations

import argparse
import textwrap
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterator
from unittest import mock

import numpy as np

import minigrad
from minigrad import ops
from minigrad.backend import backend
from minigrad.engine import autograd
from minigrad.engine.autograd import FusedOp, Primitive, VariadicRule
from minigrad.engine.gradcheck import check_grads
from minigrad.engine.graph import Leaf
from minigrad.engine.kernel_table import Kernel
from minigrad.engine.tensor import Tensor, wrap
from minigrad.ops import indexing

from .cases import OPS, Case, all_cases

Rule = Callable[..., Any]  # rule(g, y, *inputs, **settings) -> gradient
Change = Callable[[Rule, int], Rule]  # change(rule, i) -> the rule of input i, changed
Installer = Callable[["GradientRule"], AbstractContextManager]
Scores = dict[Primitive, dict[str, tuple[int, int]]]  # op -> kind -> (caught, made)

REPORT = Path(__file__).parent.parent / "docs" / "mutation_report.md"
KINDS = [
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


@dataclass
class GradientRule:
    """The rule of one input of an op, and what was seen of it when all cases ran."""

    op: Primitive
    i: int  # which input's gradient
    names: tuple  # what the rule's code mentions
    cases: list = field(default_factory=list)  # those that use it, the op's own first
    reads: set = field(default_factory=set)  # "y" and indices of inputs its result depends on
    returns_sum_to: bool = False  # its result is one that sum_to has summed
    sums_itself: bool = False  # it sums over a broadcast axis without sum_to

    def __str__(self) -> str:
        return f"{self.op.name}, gradient {self.i}"

    def first(self, n: int) -> GradientRule:
        """The same with its first n cases."""
        return replace(self, cases=self.cases[:n])


@dataclass
class Mutant:
    """A wrong version of a gradient rule, in place while `install(rule)` is entered."""

    rule: GradientRule
    kind: str
    install: Installer


# ---- replacing rules -----------------------------------------------------------------------------


def mutable_ops() -> list[Primitive]:
    """Every op with gradients, in the order of the source."""
    ours = [op for op in Primitive.registry if op.__module__.startswith("minigrad.")]
    return [op for op in ours if not op.constant and (op.rules or kernel_of(op))]


def kernel_of(op: Primitive) -> Kernel | None:
    """The kernel whose backward a fused op runs on NumPy arrays, None for other ops."""
    return op.kernels[np.ndarray] if op.is_fused else None


@contextmanager
def replaced(op: Primitive, change: Change) -> Iterator[None]:
    """`op` with change(rule, i) in place of each rule.

    Of a fused op, a rule is the part of its kernel's backward that returns one input's gradient.
    """
    kernel = kernel_of(op)
    if kernel:
        changed = kernel._replace(backward=changed_backward(kernel.backward, change))
        with mock.patch.dict(op.kernels, {np.ndarray: changed}):
            yield
        return
    rules: Any
    if isinstance(op.rules, VariadicRule):
        rules = changed_variadic(op.rules, change)
    else:
        rules = [rule and change(rule, i) for i, rule in enumerate(op.rules)]
    with mock.patch.object(op, "rules", rules):
        yield


def changed_backward(backward: Rule, change: Change) -> Rule:
    """A kernel's backward with each gradient through change(rule, i)."""

    def rule_of(i: int) -> Rule:
        def rule(*args: Any, **settings: Any) -> Any:
            return computed(backward(*args, **settings)[i])

        return rule

    def changed(g: Any, residuals: Any, *inputs: Any, **settings: Any) -> list:
        gradients: list = []
        own = backward(g, residuals, *inputs, **settings)
        for i, (x, gradient) in enumerate(zip(inputs, own)):
            if x is None or gradient is None:
                gradients.append(None)
            else:
                rule = change(rule_of(i), i)
                gradients.append(rule(g, residuals, *inputs, **settings))
        return gradients

    return changed


def changed_variadic(variadic: VariadicRule, change: Change) -> VariadicRule:
    """The one rule of an op with any number of inputs, changed for each."""

    def changed(*args: Any, i: int, **settings: Any) -> Any:
        def rule(*a: Any, **s: Any) -> Any:
            return variadic.rule(*a, i=i, **s)

        return change(rule, i)(*args, **settings)

    return VariadicRule(changed)


def computed(gradient: Any) -> Any:
    """A gradient as a kernel's backward returns it: an array, or a function that computes it."""
    return gradient() if callable(gradient) else gradient


def names_in_code(code: Any) -> tuple[str, ...]:
    """The names in a function's code and in the functions inside it."""
    names = code.co_names
    for inner in code.co_consts:
        if hasattr(inner, "co_names"):
            names += names_in_code(inner)
    return names


def names_in_rules(op: Primitive) -> Callable[[int], tuple[str, ...]]:
    """names(i): the names that the code of an op's i-th rule mentions."""
    kernel = kernel_of(op)
    if kernel:
        names = names_in_code(kernel.backward.__code__)
        return lambda i: names
    if isinstance(op.rules, VariadicRule):
        names = names_in_code(op.rules.rule.__code__)
        return lambda i: names
    each = [names_in_code(rule.__code__) if rule else () for rule in op.rules]
    return lambda i: each[i]


# ---- wrong rules ---------------------------------------------------------------------------------

sum_to_forward = ops.sum_to.forward


def sum_to_one_slice(x: Any, *, shape: tuple) -> Any:
    """sum_to with a bug: along the first axis to be summed it takes one element for the sum."""
    extra = x.ndim - len(shape)
    for axis, n in enumerate(x.shape):
        if n > 1 and (axis < extra or shape[axis - extra] == 1):
            return sum_to_forward(first_along(x, axis), shape=shape)
    return sum_to_forward(x, shape=shape)


def first_along(x: Any, axis: int) -> Any:
    """The first element along an axis, which stays."""
    return x[(slice(None),) * axis + (slice(0, 1),)]


def without_sum(rule: Rule) -> Rule:
    """The rule with the wrong sum_to."""

    def broken(*args: Any, **settings: Any) -> Any:
        with mock.patch.object(ops.sum_to, "forward", sum_to_one_slice):
            return rule(*args, **settings)

    return broken


def with_zeros_in_g(rule: Rule) -> Rule:
    """The rule on a g that is zero beyond the first element of the first broadcast axis."""

    def broken(g: Any, *args: Any, **settings: Any) -> Any:
        result = rule(g, *args, **settings)
        axis = broadcast_axis(result.shape, g.shape)
        if axis is None:
            return result
        keep = backend(g).zeros(g.shape, g.dtype)
        first_along(keep, axis)[...] = 1
        return rule(g * keep, *args, **settings)

    return broken


def broadcast_axis(shape: tuple, broadcast: tuple) -> int | None:
    """The first axis along which an array of `shape` was broadcast, None if it was not."""
    if len(shape) > len(broadcast):
        return None
    padded_shape = (1,) * (len(broadcast) - len(shape)) + tuple(shape)
    if any(a not in (1, n) for a, n in zip(padded_shape, broadcast)):
        return None
    repeated = [axis for axis, n in enumerate(broadcast) if n > 1 and padded_shape[axis] == 1]
    return repeated[0] if repeated else None


def constant(x: Any) -> Any:
    """x without its past."""
    return wrap(x._array, None) if isinstance(x, Tensor) else x


def ones_like(g: Any) -> Any:
    if isinstance(g, Tensor):
        return wrap(ones_like(g._array), None)
    return backend(g).ones_like(g)


def assign(target: Any, index: Any, values: Any) -> None:
    """backend.scatter_add with a bug: of several values for one element the last one stays."""
    target[index] = values


def in_rule(change: Change) -> Installer:
    """A mutant with change(rule, i) in place of its rule."""

    def install(rule: GradientRule) -> AbstractContextManager:
        return replaced(rule.op, lambda own, i: change(own, i) if i == rule.i else own)

    return install


def with_constant(j: int) -> Installer:
    """A mutant in whose result the j-th input counts as a constant; -1 is the output."""

    def change(rule: Rule, i: int) -> Rule:
        def broken(g: Any, y: Any, *xs: Any, **settings: Any) -> Any:
            inputs = [constant(x) if k == j else x for k, x in enumerate(xs)]
            return rule(g, constant(y) if j < 0 else y, *inputs, **settings)

        return broken

    def install(rule: GradientRule) -> AbstractContextManager:
        if rule.op.is_fused:
            vjp = vjp_with_constant(rule, j)
            return mock.patch.object(FusedOp, "_vjp_of_definition", vjp)
        return in_rule(change)(rule)

    return install


def vjp_with_constant(rule: GradientRule, j: int) -> Rule:
    """The recorded backward of fused ops with the j-th input constant in one gradient of one op."""
    original = FusedOp._vjp_of_definition

    def vjp(op: FusedOp, node: Any, g: Tensor) -> list:
        gradients = original(op, node, g)
        if op is rule.op and gradients[rule.i] is not None:
            parents = list(node.parents)
            if parents[j] is not None:
                parents[j] = Leaf(g.dtype)
            cut = SimpleNamespace(parents=parents, inputs=node.inputs, kwargs=node.kwargs)
            gradients[rule.i] = original(op, cut, g)[rule.i]
        return gradients

    return vjp


def scatters(rule: GradientRule) -> bool:
    """True if the op, or an op its rule calls, adds up values at repeated indices."""
    called = [getattr(ops, name, None) for name in rule.names]
    primitives = [rule.op, *(op for op in called if isinstance(op, Primitive))]
    return any("add_in_place" in op.forward.__code__.co_names for op in primitives)


def make_mutants(rule: GradientRule) -> list[Mutant]:
    """All mutants that change something in this rule."""
    made: dict[str, list[Installer]] = {
        "zero": [in_rule(lambda rule, i: lambda *a, **s: rule(*a, **s) * 0)],
        "minus": [in_rule(lambda rule, i: lambda *a, **s: -rule(*a, **s))],
        "twice": [in_rule(lambda rule, i: lambda *a, **s: rule(*a, **s) * 2)],
        "overwritten, not added": [
            lambda rule: mock.patch.object(autograd, "accumulate", lambda old, new: new)
        ],
        "incoming gradient ignored": [
            in_rule(lambda rule, i: lambda g, *a, **s: rule(ones_like(g), *a, **s))
        ],
        "x taken as constant": [with_constant(j) for j in sorted(rule.reads - {"y"})],
    }
    if rule.returns_sum_to:
        made["broadcast axis dropped"] = [in_rule(lambda rule, i: without_sum(rule))]
    elif rule.sums_itself:
        made["broadcast axis dropped"] = [in_rule(lambda rule, i: with_zeros_in_g(rule))]
    if scatters(rule):
        made["scatter overwrites"] = [
            lambda rule: mock.patch.object(indexing, "add_in_place", assign)
        ]
    if "y" in rule.reads:
        made["y taken as constant"] = [with_constant(-1)]
    return [Mutant(rule, kind, install) for kind in KINDS for install in made.get(kind, [])]


# ---- running cases -------------------------------------------------------------------------------


def run_case(name: str, number: int, twice: bool = False) -> None:
    """check_grads on one case, if it has a gradient. With `twice` the op is used twice."""
    case = OPS[name][number]
    inputs, settings = case.on(np)
    op = getattr(ops, name)
    if not has_gradient(case, name, inputs, settings):
        return

    def f(*xs: Any) -> Any:
        y = case.call(op, *xs, **settings)
        if not twice:
            return y
        z = case.call(op, *xs, **settings)
        if isinstance(y, (tuple, list)):
            return [a + b for a, b in zip(y, z) if isinstance(a, Tensor)]
        return y + z

    f.__name__ = name
    check_grads(f, *inputs, order=2, float32=False)


def has_gradient(case: Case, name: str, inputs: list, settings: dict) -> bool:
    """True if an input and an output of the case are floating."""
    y = case.call(getattr(ops, name), *inputs, **settings)
    first = y[0] if isinstance(y, (tuple, list)) else y
    return any(map(is_floating, inputs)) and is_floating(first)


def is_floating(x: Any) -> bool:
    return getattr(getattr(x, "dtype", None), "kind", "") == "f"


# ---- what the rules do when the cases run --------------------------------------------------------


def survey() -> list[GradientRule]:
    """All gradient rules that the cases use: every case runs once, with all rules observed."""
    found: dict[tuple[int, int], GradientRule] = {}
    running: list = []

    def observed(op: Primitive) -> Change:
        names = names_in_rules(op)

        def change(own: Rule, i: int) -> Rule:
            def run(g: Any, y: Any, *xs: Any, **settings: Any) -> Any:
                rule = found.get((id(op), i))
                if rule is None:
                    rule = found[id(op), i] = GradientRule(op, i, names(i))
                if running[-1] not in rule.cases:
                    rule.cases.append(running[-1])
                observe(rule, own, g, y, xs, settings)
                return own(g, y, *xs, **settings)

            return run

        return change

    with ExitStack() as stack:
        for op in mutable_ops():
            stack.enter_context(replaced(op, observed(op)))
        for case in all_cases():
            running.append(case)
            run_case(*case)
    for rule in found.values():
        rule.cases.sort(key=lambda case: case[0] != rule.op.name)
        if rule.op.is_fused:
            rule.reads = reads_of_definition(rule)
    return sorted(found.values(), key=lambda r: (Primitive.registry.index(r.op), r.i))


def observe(rule: GradientRule, own: Rule, g: Any, y: Any, xs: tuple, settings: dict) -> None:
    """Note what a rule's result depends on, by running it once more on inputs of its own."""
    if isinstance(g, Tensor):
        rule.reads |= reads_of_rule(own, g, y, xs, settings)
    elif "sum_to" in rule.names:
        rule.returns_sum_to |= is_result_of_sum_to(own, g, y, xs, settings)
    else:
        right = own(g, y, *xs, **settings)
        wrong = with_zeros_in_g(own)(g, y, *xs, **settings)
        rule.sums_itself |= not np.array_equal(right, wrong, equal_nan=True)


def reads_of_rule(own: Rule, g: Any, y: Any, xs: tuple, settings: dict) -> set:
    """ "y" and the indices of the inputs that a rule's result can be differentiated to."""
    fresh = [wrap(x._array, Leaf(x.dtype)) if isinstance(x, Tensor) else x for x in (g, y, *xs)]
    nodes = ancestors(own(*fresh, **settings))
    reads: set = set()
    for k, x in enumerate(fresh[1:], -1):
        if isinstance(x, Tensor) and x.node in nodes:
            reads.add("y" if k < 0 else k)
    return reads


def is_result_of_sum_to(own: Rule, g: Any, y: Any, xs: tuple, settings: dict) -> bool:
    summed: list = []

    def remember(x: Any, *, shape: tuple) -> Any:
        summed.append(sum_to_forward(x, shape=shape))
        return summed[-1]

    with mock.patch.object(ops.sum_to, "forward", remember):
        result = own(g, y, *xs, **settings)
    return any(part is result for part in summed)


def reads_of_definition(rule: GradientRule) -> set:
    """The inputs on which a fused op's recorded gradient depends."""
    name, number = rule.cases[0]
    inputs, settings = OPS[name][number].on(np)
    leaves = [wrap(x, Leaf(x.dtype)) if is_floating(x) else x for x in inputs]
    y = rule.op.forward(*leaves, **settings)
    cotangent = wrap(np.ones_like(y._array), Leaf(y.dtype))
    (g,) = autograd.grad(y, [leaves[rule.i]], cotangent=cotangent, create_graph=True)
    nodes = ancestors(g)
    return {j for j, x in enumerate(leaves) if isinstance(x, Tensor) and x.node in nodes}


def ancestors(t: Any) -> set:
    """All nodes that a Tensor can be differentiated to."""
    found: set = set()
    stack = [t.node] if isinstance(t, Tensor) and t.node is not None else []
    while stack:
        node = stack.pop()
        if node in found:
            continue
        found.add(node)
        by_rules = node.op is not None and not node.op.is_fused
        rules = node.op.rules if by_rules else node.parents
        for parent, rule in zip(node.parents, rules):
            if parent is not None and rule is not None:
                stack.append(parent)
    return found


# ---- the report ----------------------------------------------------------------------------------


def is_caught(mutant: Mutant) -> bool:
    """True if check_grads fails on some case of the rule while the mutant is installed."""
    twice = mutant.kind == "overwritten, not added"
    for name, number in mutant.rule.cases:
        try:
            with mutant.install(mutant.rule):
                run_case(name, number, twice=twice)
        except AssertionError:
            return True
    return False


def score(rules: list[GradientRule]) -> Scores:
    """How many mutants were caught and made, by op in the order of the source and by kind."""
    scores: Scores = {op: dict.fromkeys(KINDS, (0, 0)) for op in mutable_ops()}
    for rule in rules:
        for mutant in make_mutants(rule):
            caught, made = scores[rule.op][mutant.kind]
            scores[rule.op][mutant.kind] = caught + is_caught(mutant), made + 1
    return scores


HEAD = """# Mutation report

A checker that never fails proves nothing, so each gradient rule of each op is made wrong on
purpose, in each of these ways, and `check_grads` is run on the op's test cases:

- zero, minus, twice: the rule's result times 0, -1, 2
- broadcast axis dropped: one slice in place of the sum along an axis that was broadcast
- overwritten, not added: of the gradients of a Tensor that is used twice, the last one stays
- incoming gradient ignored: the rule gets ones in place of g
- scatter overwrites: of the gradients of an element that was indexed twice, the last one stays
- y, x taken as constant: right at first order, wrong at second

`caught 2/2`: two rules (or the rule of two inputs) were made wrong, and the check failed both
times. `n.a.`: such a mutant would change nothing, which is found by running the rule: nothing is
summed over a broadcast axis, nothing is scattered, or the rule's result does not depend on y or x.
Written by `python -m tests.mutation --write`; the test suite fails when a mutant is not caught.
"""


def report(rules: list[GradientRule], scores: Scores) -> str:
    """The mutation report in Markdown."""
    cells = [counts for row in scores.values() for counts in row.values()]
    caught, made = (sum(counts) for counts in zip(*cells))
    lines = [
        HEAD,
        f"{caught} of {made} mutants are caught, in {len(rules)} rules of {len(scores)} ops.",
        "",
        table_line("op", KINDS),
        "|---" * (len(KINDS) + 1) + "|",
    ]
    for op, row in scores.items():
        lines.append(table_line(op.name, [cell(*counts) for counts in row.values()]))
    composed = ", ".join(f"`{name}`" for name in composed_ops())
    return "\n".join(
        [
            *lines,
            "",
            "Composed of these, with no rule of their own to make wrong, and checked as they are:",
            *textwrap.wrap(f"{composed}.", 100),
            "",
        ]
    )


def table_line(first: str, cells: list[str]) -> str:
    return f"| {' | '.join([first, *cells])} |"


def cell(caught: int, made: int) -> str:
    if made == 0:
        return "n.a."
    return f"{'caught' if caught == made else 'MISSED'} {caught}/{made}"


def composed_ops() -> list[str]:
    """The names of public ops that are functions of other ops."""
    own = {op.name for op in mutable_ops()}
    return sorted(
        name for name in OPS if name not in own and not isinstance(getattr(ops, name), Primitive)
    )


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.mutation", description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write docs/mutation_report.md")
    options = parser.parse_args()
    with minigrad.use_kernels("numpy"):  # loops, where they are installed, are not in the report
        rules = survey()
        text = report(rules, score(rules))
    if options.write:
        REPORT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
