"""How much a reader holds: lines of code of files, and of the functions that a run executes.

    python -m tests.reading_path            # what README states, measured anew
    python -m tests.reading_path --write    # written into README

A code line of a file has code on it: blank lines, comments and docstrings do not count. What a
reader holds of a run are the statements of the functions of minigrad that it executes, each
function whole and once; a statement counts as one line however the formatter wraps it, so that a
signature written out costs as much as a short one. Runs are measured on definitions
(`use_kernels(False)`) and with kernels.
"""

from __future__ import annotations

import ast
import gc
import io
import sys
import tokenize
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minigrad"
README = ROOT / "README.md"
START, END = "<!-- reading path -->", "<!-- end of reading path -->"
LAYOUT = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)

# In the order in which to read them: from an array with a gradient to `fit`.
PATH = {
    "engine/graph.py": "a Node per recorded call",
    "engine/tensor.py": "an array and its node",
    "engine/autograd.py": "ops, and the backward pass",
    "ops/elementwise.py": "arithmetic and functions, each above its gradient rules",
    "ops/matmul.py": "products",
    "ops/softmax.py": "the softmax family",
    "ops/losses.py": "losses from logits",
    "layers/module.py": "how parameters are found",
    "layers/base.py": "building and calling a layer",
    "layers/core.py": "Dense: activation(x @ kernel + bias)",
    "optimizers/base.py": "what all optimizers share",
    "optimizers/sgd.py": "p -= rate * g",
    "training/model.py": "compile, fit, evaluate, predict",
    "training/data_adapter.py": "rows into batches",
    "training/loop.py": "the epoch loop",
}


def docstring_line_numbers(source: str) -> set[int]:
    """The numbers of the lines that docstrings take."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            lines |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines


def code_tokens(source: str) -> list[tokenize.TokenInfo]:
    """The tokens of code: neither layout nor comments, nor docstrings."""
    skipped = docstring_line_numbers(source)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [t for t in tokens if t.type not in LAYOUT and t.start[0] not in skipped]


def lines_of(tokens: list[tokenize.TokenInfo]) -> frozenset[int]:
    """The numbers of the lines on which the tokens stand."""
    return frozenset(line for t in tokens for line in range(t.start[0], t.end[0] + 1))


@cache
def code_line_numbers(path: Path) -> frozenset[int]:
    """The numbers of the lines of a file that hold code."""
    return lines_of(code_tokens(path.read_text(encoding="utf-8")))


def code_lines(path: Path) -> int:
    """How many lines of a file hold code."""
    return len(code_line_numbers(path))


@cache
def statement_line_numbers(path: Path) -> frozenset[int]:
    """The numbers of the code lines of a file on which a statement begins."""
    code = code_line_numbers(path)
    found, start = set(), 0
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NEWLINE:
            found.add(start)
            start = 0
        elif token.type not in LAYOUT and not start:
            start = token.start[0]
    return frozenset(found) & code


@cache
def function_lines(path: Path) -> dict[int, frozenset[int]]:
    """The statements of each function of a file, by the line of its `def` or first decorator."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            decorators = getattr(node, "decorator_list", [])
            start = min([node.lineno, *(d.lineno for d in decorators)])
            lines = frozenset(range(start, (node.end_lineno or start) + 1))
            found[start] = found.get(start, frozenset()) | lines & statement_line_numbers(path)
    return found


def executed_lines(run: Callable[[], Any]) -> dict[Path, set[int]]:
    """The statements of all functions of minigrad that `run()` calls, by file."""
    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            codes.add(frame.f_code)

    previous = sys.getprofile()
    gc.disable()  # a collection calls what belongs to garbage of others
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(previous)
        gc.enable()
    lines: dict[Path, set[int]] = {}
    for code in codes:
        path = Path(code.co_filename)
        if path.is_relative_to(PACKAGE):
            found = function_lines(path).get(code.co_firstlineno, frozenset())
            lines.setdefault(path, set()).update(found)
    return lines


def lines_held(run: Callable[[], Any]) -> int:
    """How many statements a reader holds who follows `run()` through all functions it calls."""
    return sum(len(lines) for lines in executed_lines(run).values())


# ---- what is measured --------------------------------------------------------------------------


def runs() -> dict[str, Callable[[], Any]]:
    """Name and run of each figure, built and warmed up where only a later step is measured."""
    import numpy as np

    import minigrad
    from minigrad import Sequential, Tensor, grad
    from minigrad.layers import LSTM, Dense

    minigrad.seed(0)
    rng = np.random.default_rng(0)

    def drawn(*shape: int, requires_grad: bool = True) -> Tensor:
        return Tensor(rng.standard_normal(shape), requires_grad=requires_grad)

    images, kernel = drawn(2, 8, 8, 3), drawn(3, 3, 3, 4)
    sequences, lstm = drawn(2, 5, 3), LSTM(4)
    lstm(sequences)
    weights = lstm.weights
    parameter, gradient = minigrad.Parameter(np.ones(3, "float32")), np.ones(3, "float32")
    adam = minigrad.optimizers.Adam()
    x, y = rng.random((40, 8)), rng.integers(0, 3, 40)
    model = Sequential(
        [Dense(5, activation="relu", input_shape=(8,)), Dense(3, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)

    def two_adam_steps() -> None:
        for _ in range(2):
            adam.apply([gradient], [parameter])

    def conv2d() -> None:
        loss = minigrad.ops.conv2d(images, kernel, padding="same").sum()
        grad(loss, [images, kernel])

    return {
        "conv2d, forward and backward": conv2d,
        "LSTM layer, forward and backward": lambda: grad(lstm(sequences).sum(), weights),
        "Adam, two steps": two_adam_steps,
        "fit of a Sequential of Dense layers": lambda: model.fit(x, y, epochs=1, verbose=0),
    }


def figures(kernels: bool = False) -> dict[str, int]:
    """Lines held for each of `runs`, on definitions or with kernels."""
    import minigrad
    from minigrad.layers.added_losses import usage

    usage.is_known = False  # whatever layers have added losses in this process
    found = {}
    for name, run in runs().items():
        with minigrad.use_kernels("numpy" if kernels else False):
            found[name] = lines_held(run)
    return found


def section() -> str:
    """The reading path as README shows it."""
    rows = [(place, code_lines(PACKAGE / place), what) for place, what in PATH.items()]
    lines = ["| file | code lines | |", "|---|---|---|"]
    lines += [f"| `minigrad/{place}` | {n} | {what} |" for place, n, what in rows]
    total = sum(n for _, n, _ in rows)
    lines += ["", f"{total:,} lines in all, without blanks, comments and docstrings."]
    return "\n".join(lines)


def write(readme: Path = README) -> None:
    """Put the measured reading path into README between its marks."""
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(START)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{START}\n{section()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    print(section())
    for title, kernels in (("on definitions", False), ("with kernels", True)):
        print(f"\nlines held by a reader, {title}:")
        for name, lines in figures(kernels).items():
            print(f"  {name}: {lines}")
