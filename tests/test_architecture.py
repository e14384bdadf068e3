"""The shape of the tree: imports go one way, files stay short, rules stay pure, everything public is explained."""
from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minigrad"
LONGEST = 400

# Each file imports only what stands above it; a package's __init__ stands below its files.
ORDER = """
names backend graph tensor arguments autograd anomaly
ops.elementwise ops.activations ops.shapes ops.reductions ops.indexing ops.linear ops.patches ops.convolution ops.pooling
ops.normalization ops.sequences ops.recurrent ops.gru
ops.attention ops.losses ops
check activations initializers regularizers
layers.base layers.combinators layers.core layers.convolution layers.pooling layers.normalization layers.cells layers.recurrent
layers.wrappers layers.attention layers.positions layers.transformer layers
losses metrics.base metrics.accuracy metrics.regression metrics.classification metrics optimizers schedules
data.files data.images data.series data.datasets data.batches data.augment data.mixing data.augment_series data.augment_text
data.text data.bpe data.wordpiece data.tasks data
io callbacks model sequential
plots plots_networks plots_sequences
"""
PLACE = {f"minigrad.{name}": i for i, name in enumerate(ORDER.split())}


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
OUTSIDE = sorted([*(ROOT / "models").glob("*.py"), *(ROOT / "tutorials").glob("*.py")])


def for_type_checkers(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def statements(tree):
    """All nodes of a tree, except those only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if not for_type_checkers(node):
            yield node
            yield from statements(node)


def imported(source, name, is_package=False):
    """The modules of minigrad that the code of module `name` imports, as full names."""
    found = set()
    for node in statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = name.split(".")[:len(name.split(".")) - node.level + is_package] if node.level else []
            target = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{target}.{alias.name}"
                found.add(whole if whole in FILES else target)
    return {module for module in found if module.partition(".")[0] == "minigrad"}


def wrong_way(source, name, is_package=False):
    """Imports that do not stand above `name`."""
    return sorted(m for m in imported(source, name, is_package) if PLACE.get(m, len(PLACE)) >= PLACE[name])


# ---- imports -------------------------------------------------------------------------------------------------------

def test_every_file_has_a_place():
    unknown = sorted(name for name in FILES if name != "minigrad" and name not in PLACE)
    assert unknown == [], f"give {unknown} a place in ORDER (and in the layout that the docs describe)"


@pytest.mark.parametrize("name", [n for n in FILES if n in PLACE])
def test_imports_go_one_way(name):
    path = FILES[name]
    assert wrong_way(path.read_text(), name, path.name == "__init__.py") == []


def test_the_check_of_imports_finds_what_goes_the_other_way():
    assert wrong_way("from .autograd import grad", "minigrad.tensor") == ["minigrad.autograd"]
    assert wrong_way("from . import model", "minigrad.losses") == ["minigrad.model"]
    assert wrong_way("def f():\n    from .. import layers", "minigrad.ops.linear") == ["minigrad.layers"]
    assert wrong_way("import minigrad.plots", "minigrad.io") == ["minigrad.plots"]
    assert wrong_way("from . import tanh", "minigrad.ops.linear") == ["minigrad.ops"]
    assert wrong_way("from minigrad import Tensor", "minigrad.check") == ["minigrad"]
    assert wrong_way("from .tensor import Tensor\nimport numpy", "minigrad.autograd") == []
    assert wrong_way("if TYPE_CHECKING:\n    from .model import Model", "minigrad.callbacks") == []
    assert wrong_way("from .elementwise import tanh", "minigrad.ops", is_package=True) == []


def test_the_engine_knows_no_op():
    for name in ("minigrad.tensor", "minigrad.autograd", "minigrad.anomaly"):
        assert not {m for m in imported(FILES[name].read_text(), name) if m.startswith("minigrad.ops")}


HEAVY = {"cupy", "cupyx", "sklearn", "matplotlib", "scipy", "tqdm", "safetensors"}


@pytest.mark.parametrize("name", [n for n in FILES if n != "minigrad.plots"])
def test_heavy_libraries_are_imported_where_they_are_used(name):
    tree = ast.parse(FILES[name].read_text())
    at_top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name for node in at_top if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in at_top if isinstance(node, ast.ImportFrom) and not node.level}
    assert not {n.partition(".")[0] for n in names} & HEAVY


KNOWN = {"minigrad", "models", "numpy", "matplotlib", "sklearn", "tqdm", "scipy"} | set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_models_and_tutorials_use_what_is_public(path):
    """No private module, name or attribute of minigrad; beside it, only the libraries that it depends on."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules, names = [alias.name for alias in node.names], []
        elif isinstance(node, ast.ImportFrom):
            modules = [] if node.level else [node.module]
            names = [alias.name for alias in node.names] if not node.level and node.module.startswith("minigrad") else []
        else:
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
                assert isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"), f"line {node.lineno}: {node.attr}"
            continue
        for module in modules:
            assert module.partition(".")[0] in KNOWN, f"line {node.lineno}: {module}"
            assert module.partition(".")[0] != "minigrad" or module in FILES
        for name in [*names, *(part for module in modules for part in module.split("."))]:
            assert not name.startswith("_") or name.endswith("__"), f"line {node.lineno}: {name} is private"


# ---- size, purity, words -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", [*FILES.values(), *(ROOT / "models").glob("*.py")], ids=lambda p: f"{p.parent.name}/{p.name}")
def test_no_file_is_long(path):
    assert len(path.read_text().splitlines()) <= LONGEST


def rules_in(tree):
    """The lambdas and functions given to `.gradients(...)`, and the private helpers of this file that they call."""
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
                 and node.name.startswith("_") and not node.decorator_list}
    waiting = [argument for node in ast.walk(tree) if isinstance(node, ast.Call)
               and isinstance(node.func, ast.Attribute) and node.func.attr == "gradients" for argument in node.args]
    seen = set()
    while waiting:
        rule = waiting.pop()
        yield rule
        for node in ast.walk(rule):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in seen:
                seen.add(node.id)
                waiting.append(functions[node.id])


def impurities(tree):
    """What a rule must not hold: it would work on arrays and fail, or be cut out of the graph, on Tensors."""
    for rule in rules_in(tree):
        for node in ast.walk(rule):
            if isinstance(node, ast.Name) and node.id in ("np", "numpy", "cupy", "cp"):
                yield f"line {node.lineno}: {node.id}"
            if isinstance(node, ast.Attribute) and node.attr in ("data", "numpy", "item", "detach"):
                yield f"line {node.lineno}: .{node.attr}"
            if isinstance(node, ast.AugAssign):
                yield f"line {node.lineno}: augmented assignment"


@pytest.mark.parametrize("name", [n for n in FILES if n.startswith("minigrad.ops.")])
def test_rules_are_written_with_operators_and_ops_alone(name):
    assert list(impurities(ast.parse(FILES[name].read_text()))) == []


def test_the_check_of_rules_finds_numpy():
    source = "def _slope(x):\n    return np.exp(x)\nexp.gradients(lambda g, y, x: g * _slope(x), needs='x')"
    assert list(impurities(ast.parse(source))) == ["line 2: np"]
    assert list(impurities(ast.parse("f.gradients(lambda g, y, x: g * x.data)"))) == ["line 1: .data"]


def has_docstring(node):
    """Is there one, written in place or given as `__doc__ = ...`?"""
    given = [t.id for n in node.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)]
    return bool(ast.get_docstring(node)) or "__doc__" in given


@pytest.mark.parametrize("name", list(FILES))
def test_everything_public_is_explained(name):
    tree = ast.parse(FILES[name].read_text())
    assert ast.get_docstring(tree), "the file says what it is for"
    silent = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
              and not node.name.startswith("_") and not has_docstring(node)]
    assert silent == []


def test_every_op_is_explained():
    from minigrad import ops
    assert [name for name in ops.__all__ if not getattr(ops, name).__doc__] == []


@pytest.mark.parametrize("name", [n for n, path in FILES.items() if path.name != "__init__.py"])
def test_every_file_has_tests(name):
    """minigrad/losses.py has tests/test_losses.py; a file of a package may share its package's: tests/test_layers.py."""
    _, *package, stem = name.split(".")
    stem = {"graph": "autograd", "arguments": "autograd"}.get(stem, stem)       # the parts of the engine are tested together
    wanted = [f"test_{stem}.py"] if not package else [f"test_{package[0]}_{stem}.py", f"test_{package[0]}.py"]
    assert any((ROOT / "tests" / file).exists() for file in wanted), f"expected one of {wanted}"
