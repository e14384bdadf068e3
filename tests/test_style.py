"""How the tree reads: air, signatures, docstrings, words."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import minigrad
from tests.reading_path import code_tokens, lines_of

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("minigrad", "models", "benchmarks", "tests", "tutorials", "docs")
IGNORED = {("docs", "_build"), ("docs", "_lessons"), ("docs", "tutorials")}  # made by `make docs`
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
FILES = [path for path in FILES if path.relative_to(ROOT).parts[:2] not in IGNORED]
OURS = [path for path in FILES if path.is_relative_to(ROOT / "minigrad")]

TOKENS_PER_LINE = 11
LONG_LINES = 40  # of the whole tree
NAMED_ARGUMENTS = 0.95  # share of arguments that their docstring names


# ---- air -----------------------------------------------------------------------------------------


def tokens_and_lines(source):
    """How many tokens the code of a file has, and on how many lines; docstrings do not count."""
    tokens = code_tokens(source)
    return len(tokens), len(lines_of(tokens))


def test_tokens_per_line():
    counts = [tokens_and_lines(path.read_text()) for path in OURS]
    tokens, lines = (sum(column) for column in zip(*counts, strict=True))
    assert tokens / lines <= TOKENS_PER_LINE


def test_the_count_of_tokens():
    assert tokens_and_lines('"""Title."""\n\n# why\nx = f(1)\n') == (6, 1)
    assert tokens_and_lines("def f():\n    'Doc.'\n    return [\n        1,\n    ]\n") == (10, 4)


def test_long_lines():
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 100
    ]
    assert len(long) < LONG_LINES, long


# ---- signatures and docstrings -------------------------------------------------------------------


@cache
def homes():
    """minigrad and the modules that users import from."""
    paths = [*(ROOT / "minigrad").glob("*.py"), *(ROOT / "minigrad").glob("*/__init__.py")]
    names = {path.stem if path.stem != "__init__" else path.parent.name for path in paths}
    internal = {"minigrad", "arguments", "engine", "kernels", "backend", "config"}
    inner = ["minigrad.data.augmentation", "minigrad.data.tokenizers"]
    modules = [f"minigrad.{name}" for name in sorted(names - internal)] + inner
    return [minigrad, *map(importlib.import_module, modules)]


@cache
def public():
    """Every public class and function by its full name, each once."""
    found = {}
    for home in homes():
        declared = getattr(home, "__all__", None)
        for name in declared or vars(home):
            value = getattr(home, name)
            module = getattr(value, "__module__", None) or ""
            is_ours = module.startswith("minigrad" if declared else home.__name__)
            if callable(value) and is_ours and not name.startswith("_"):
                found.setdefault(id(value), (f"{home.__name__}.{name}", value))
    return dict(found.values())


def parameters(value):
    """The parameters of a function, or of a class's constructor."""
    signature = inspect.signature(value)
    return [p for p in signature.parameters.values() if not p.name.startswith("_")]


def docstring(value):
    """The docstring of a function, or of a class and its constructor."""
    texts = [value.__doc__ or ""]
    if inspect.isclass(value):
        texts.append(value.__init__.__doc__ or "")
    return "\n".join(texts)


def unnamed_arguments(value):
    text = docstring(value)
    return [p.name for p in parameters(value) if not re.search(rf"\b{p.name}\b", text)]


def test_docstrings_name_the_arguments():
    everything = sum(len(parameters(value)) for value in public().values())
    unnamed = {name: unnamed_arguments(value) for name, value in public().items()}
    missing = {name: arguments for name, arguments in unnamed.items() if arguments}
    share = 1 - sum(map(len, missing.values())) / everything
    assert share >= NAMED_ARGUMENTS, missing


# arguments of any number and why
VARIADIC = {
    "minigrad.Sequential": "layers, one by one or as a list",
    "minigrad.layers.Parallel": "branches, one by one",
    "minigrad.data.augmentation.Compose": "steps, one by one",
    "minigrad.check_grads": "the inputs of the function",
    "minigrad.check_definition": "the inputs and settings of the op",
    "minigrad.einsum": "operands, as many as the subscripts have",
    "minigrad.ops.meshgrid": "coordinates, for as many axes as the grid has",
}


def test_signatures_are_written_out():
    hidden = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = {
        name: [str(p) for p in parameters(value) if p.kind in hidden]
        for name, value in public().items()
        if name not in VARIADIC
    }
    assert not any(found.values()), {name: hidden for name, hidden in found.items() if hidden}


def test_no_docstring_is_a_question():
    questions = []
    for path in OURS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                first = (ast.get_docstring(node) or " ").splitlines()[0]
                if first.endswith("?"):
                    questions.append(f"{path.relative_to(ROOT)}: {first}")
    assert not questions


# ---- words ---------------------------------------------------------------------------------------

# home-made words of earlier versions, where the field has words of its own
OLD_WORDS = """
convolve_bias convolve_definition places_of columns_of as_it_is taps
_turned_pads _grown unpool pool_at _window_spread _hits _passes _as_they_are
_GainAndOffset centre _wide _tiled _follow _gathered
skips_of carried_on arriving gru_classic gives
NEVER _earlier _pieces joined_masks
_below _normal_below _gelu_slope _in_stretches STRETCH softmax_kernel
settle widened as_floats Like Each _pull
batches_of blocks_of drawing_from keep_freed_memory
step_of is_learning _seen takes_integers build_for declared_shape _members with_mask
squash alike alarms _share _pair
_lay_out _cut _arrange _step_apart _shortened
_parts _gather _returned _whole
_bare _through moves_only often Span
craft normalised
plants planted kill_table DOORS by_hand BARS in_turns
"""


def names_in(source):
    """All identifiers of a file."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}


def test_no_old_words():
    old = set(OLD_WORDS.split())
    files = [path for path in FILES if "tutorials" not in path.parts]  # lessons use plain words
    found = {str(path.relative_to(ROOT)): names_in(path.read_text()) & old for path in files}
    assert not any(found.values()), {path: words for path, words in found.items() if words}
    assert not {path.stem for path in FILES} & old
