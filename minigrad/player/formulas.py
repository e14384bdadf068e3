"""The formulas of ops, in which the page puts the numbers of one element.

{0}, {1}, ... are the inputs, {y} the output, {g} the gradient that arrives. An op that is not here
is shown as a call, with the first line of its docstring.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from itertools import islice
from textwrap import dedent
from typing import Any, NamedTuple

from ..engine.autograd import Primitive, VariadicRule


class Formula(NamedTuple):
    """How an element of an op's output, and of each gradient, is computed.

    Attributes:
        kind: "elementwise", or what the page spells out: "matmul", "linear", "sum", "mean".
        text: The output.
        rules: The gradient of each input.
    """

    kind: str
    text: str
    rules: tuple[str, ...] = ()


def _elementwise(text: str, *rules: str) -> Formula:
    return Formula("elementwise", text, rules)


FORMULAS = {
    "add": _elementwise("{0} + {1}", "{g}", "{g}"),
    "subtract": _elementwise("{0} − {1}", "{g}", "−{g}"),
    "multiply": _elementwise("{0} · {1}", "{g} · {1}", "{g} · {0}"),
    "divide": _elementwise("{0} / {1}", "{g} / {1}", "−{g} · {y} / {1}"),
    "power": _elementwise("{0} ^ {1}", "{g} · {1} · {0} ^ ({1} − 1)", "{g} · {y} · ln {0}"),
    "negative": _elementwise("−{0}", "−{g}"),
    "square": _elementwise("{0}²", "{g} · 2 · {0}"),
    "sqrt": _elementwise("√{0}", "{g} / (2 · {y})"),
    "reciprocal": _elementwise("1 / {0}", "−{g} · {y}²"),
    "absolute": _elementwise("|{0}|", "{g} · sign {0}"),
    "exp": _elementwise("exp {0}", "{g} · {y}"),
    "expm1": _elementwise("exp {0} − 1", "{g} · ({y} + 1)"),
    "log": _elementwise("ln {0}", "{g} / {0}"),
    "log1p": _elementwise("ln(1 + {0})", "{g} / (1 + {0})"),
    "tanh": _elementwise("tanh {0}", "{g} · (1 − {y}²)"),
    "sin": _elementwise("sin {0}", "{g} · cos {0}"),
    "cos": _elementwise("cos {0}", "−{g} · sin {0}"),
    "sigmoid": _elementwise("1 / (1 + exp(−{0}))", "{g} · {y} · (1 − {y})"),
    "log_sigmoid": _elementwise("−ln(1 + exp(−{0}))", "{g} · (1 − exp {y})"),
    "softplus": _elementwise("ln(1 + exp {0})", "{g} / (1 + exp(−{0}))"),
    "relu": _elementwise("max(0, {0})", "{g} if {0} > 0, else 0"),
    "maximum": _elementwise("max({0}, {1})", "{g} if {0} > {1}", "{g} if {1} > {0}"),
    "minimum": _elementwise("min({0}, {1})", "{g} if {0} < {1}", "{g} if {1} < {0}"),
    "dropout": _elementwise("{0} / (1 − rate) if {1}, else 0", "{g} / (1 − rate) if {1}, else 0"),
    "where": _elementwise("{1} if {0}, else {2}", "", "{g} if {0}, else 0", "0 if {0}, else {g}"),
    "equal": _elementwise("{0} = {1}"),
    "not_equal": _elementwise("{0} ≠ {1}"),
    "less": _elementwise("{0} < {1}"),
    "less_equal": _elementwise("{0} ≤ {1}"),
    "greater": _elementwise("{0} > {1}"),
    "greater_equal": _elementwise("{0} ≥ {1}"),
    "alias": _elementwise("{0}", "{g}"),
    "astype": _elementwise("{0}", "{g}"),
    "matmul": Formula(
        "matmul", "Σₖ a[i, k] · b[k, j]", ("Σⱼ g[i, j] · b[k, j]", "Σᵢ a[i, k] · g[i, j]")
    ),
    "linear": Formula(
        "linear",
        "Σₖ x[i, k] · w[k, j] + b[j]",
        ("Σⱼ g[i, j] · w[k, j]", "Σᵢ x[i, k] · g[i, j]", "Σᵢ g[i, j]"),
    ),
    "log_softmax": Formula("text", "a − ln Σ exp a", ("g − exp(y) · Σ g",)),
    "logsumexp": Formula("text", "ln Σ exp a", ("g · exp(a − y)",)),
    "max": Formula("text", "the largest of a", ("g at the largest, 0 elsewhere",)),
    "min": Formula("text", "the smallest of a", ("g at the smallest, 0 elsewhere",)),
    "getitem": Formula("text", "the elements of a at the index", ("g at the index, 0 elsewhere",)),
    "reshape": Formula("text", "the elements of a in another shape", ("g in the shape of a",)),
    "transpose": Formula("text", "a with its axes in another order", ("g with its axes put back",)),
    "broadcast_to": Formula("text", "a, repeated to the shape", ("g, summed over the repeats",)),
    "sum_to": Formula("text", "a, summed to the shape", ("g, repeated to the shape of a",)),
    "conv2d": Formula(
        "text",
        "Σ x[n, i + u, j + v, c] · w[u, v, c, f], over the window (u, v) and the channels c",
        (
            "Σ g · w, over the windows that the pixel is in",
            "Σ x · g, over the images and the positions of the window",
        ),
    ),
    "max_pool": Formula("text", "the largest of each window", ("g at the largest, 0 elsewhere",)),
    "average_pool": Formula("text", "the mean of each window", ("g / the size of the window",)),
    "im2col": Formula("text", "each window of a as a row", ("g, each window added where it was",)),
    "concatenate": Formula("text", "the arrays, one behind the other", ("the part of g",)),
    "sum": Formula("sum", "the sum of its elements", ("g, for each element",)),
    "mean": Formula("mean", "the sum of its elements / their number", ("g / their number",)),
}


def explain_op(op: Primitive[Any]) -> dict[str, Any]:
    """What the page says of an op: its first line, its formula, its code, its rules.

    Args:
        op: The op.
    """
    formula = FORMULAS.get(op.name)
    return {
        "says": (op.__doc__ or "").strip().split("\n")[0],
        "formula": formula._asdict() if formula else None,
        "code": _code(op.forward),
        "rules": _rules(op),
    }


def explain_update(optimizer: Any) -> dict[str, Any]:
    """What the page says of an optimizer: its first line, and the code of its step.

    Args:
        optimizer: The class.
    """
    says = (optimizer.__doc__ or "").strip().split("\n")[0]
    return {"says": says, "formula": None, "code": _code(optimizer.update), "rules": []}


def _rules(op: Primitive[Any]) -> list[str]:
    """The code of the gradient rules, each piece once."""
    rules: Iterable[Any] = op.rules
    if isinstance(rules, VariadicRule):
        rules = [rules.rule]
    pieces = [_code(rule).rstrip(",") for rule in islice(rules, 8) if rule is not None]
    return list(dict.fromkeys(filter(None, pieces)))


def _code(function: Any) -> str:
    """The source of a function without its docstring; "" if there is none."""
    try:
        source = dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return ""
    documentation = getattr(function, "__doc__", None)
    if not documentation:
        return source.rstrip()
    start = source.find('"""')
    end = source.find('"""', start + 3)
    return (source[:start].rstrip() + source[end + 3 :]).rstrip()
