"""The shape of the tree: imports go one way, rules stay pure, all that is public is explained."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minigrad"

# Each room imports only from the rooms above it; inside a room imports make no circle.
LAYERS = """
arguments
backend
config
threads generators
utils
engine
ops
kernels
random
activations constraints initializers regularizers
layers
losses
metrics
optimizers
player
data
datasets preprocessing
training
distributed
callbacks models saving
applications wrappers
sklearn
plots
""".strip().splitlines()
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms.split()}


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
OUTSIDE = sorted([*(ROOT / "models").rglob("*.py"), *(ROOT / "tutorials").glob("*.py")])


def room(module):
    """The room of a module: minigrad.ops.softmax stands in ops."""
    return module.split(".")[1] if "." in module else module


def for_type_checkers(node):
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


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
            base = (
                name.split(".")[: len(name.split(".")) - node.level + is_package]
                if node.level
                else []
            )
            target = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{target}.{alias.name}"
                found.add(whole if whole in FILES else target)
    return {module for module in found if module.partition(".")[0] == "minigrad"}


def wrong_way(source, name, is_package=False):
    """Imports from rooms that do not stand above the room of `name`."""
    level = LEVEL[room(name)]
    return sorted(
        m
        for m in imported(source, name, is_package)
        if room(m) != room(name) and LEVEL.get(room(m), len(LAYERS)) >= level
    )


# ---- imports -----------------------------------------------------------------------------------


def test_every_room_has_a_place():
    rooms = {room(name) for name in FILES if name != "minigrad"}
    assert rooms == set(LEVEL), "give each room its place in LAYERS (and in CONTRIBUTING.md)"


def test_imports_go_one_way():
    wrong = {
        name: wrong_way(path.read_text(), name, path.name == "__init__.py")
        for name, path in FILES.items()
        if name != "minigrad"
    }
    assert {name: imports for name, imports in wrong.items() if imports} == {}


@pytest.mark.parametrize("name", sorted(LEVEL))
def test_imports_inside_a_room_make_no_circle(name):
    graph = {
        module: {
            target
            for target in imported(path.read_text(), module, path.name == "__init__.py")
            if room(target) == name and target != module
        }
        for module, path in FILES.items()
        if module != "minigrad" and room(module) == name
    }
    TopologicalSorter(graph).prepare()


def test_the_check_of_imports_finds_what_goes_the_other_way():
    assert wrong_way("from ..ops import tanh", "minigrad.engine.autograd") == ["minigrad.ops"]
    assert wrong_way("from . import training", "minigrad.losses") == ["minigrad.training"]
    assert wrong_way("def f():\n    from .. import layers", "minigrad.ops.matmul") == [
        "minigrad.layers"
    ]
    assert wrong_way("import minigrad.plots", "minigrad.training.saving") == ["minigrad.plots"]
    assert wrong_way("from minigrad import Tensor", "minigrad.engine.gradcheck") == ["minigrad"]
    assert wrong_way("from .tensor import Tensor\nimport numpy", "minigrad.engine.autograd") == []
    assert wrong_way("if TYPE_CHECKING:\n    from .. import plots", "minigrad.layers.base") == []
    assert wrong_way("from .elementwise import tanh", "minigrad.ops", is_package=True) == []


def test_the_engine_knows_no_op():
    for name in (n for n in FILES if n.startswith("minigrad.engine")):
        assert not {m for m in imported(FILES[name].read_text(), name) if "minigrad.ops" in m}


HEAVY = {"cupy", "cupyx", "h5py", "sklearn", "matplotlib", "scipy", "tqdm", "safetensors"}
HEAVY |= {"optuna", "pandas"}
NEEDS_SKLEARN = {"minigrad.sklearn"}  # its classes derive from scikit-learn's


def test_heavy_libraries_are_imported_where_they_are_used():
    files = {name: path for name, path in FILES.items() if name not in NEEDS_SKLEARN}
    heavy = {name: heavy_imports(path.read_text()) for name, path in files.items()}
    assert {name: found for name, found in heavy.items() if found} == {}


def heavy_imports(source):
    """The heavy libraries that a file imports at its top."""
    tree = ast.parse(source)
    at_top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name for node in at_top if isinstance(node, ast.Import) for alias in node.names}
    names |= {
        node.module or "" for node in at_top if isinstance(node, ast.ImportFrom) and not node.level
    }
    return {n.partition(".")[0] for n in names} & HEAVY


LIBRARIES = {"numpy", "matplotlib", "sklearn", "threadpoolctl", "tqdm", "scipy"}
LIBRARIES |= {"optuna", "joblib", "sqlalchemy", "distributed"}  # of a search, with the extra `tune`
KNOWN = {"minigrad", "models"} | LIBRARIES | set(sys.stdlib_module_names)


def is_of_zoo(module):
    """True for a module of models/ under the name that it has in an installed minigrad."""
    head, _, rest = module.partition(".zoo")
    path = ROOT / "models" / Path(*rest.split("."))
    return head == "minigrad" and (path.is_dir() or path.with_suffix(".py").is_file())


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_models_and_tutorials_use_what_is_public(path):
    """No private module, name or attribute of minigrad; only libraries that it depends on."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules, names = [alias.name for alias in node.names], []
        elif isinstance(node, ast.ImportFrom):
            modules = [] if node.level else [node.module]
            names = (
                [alias.name for alias in node.names]
                if not node.level and node.module.startswith("minigrad")
                else []
            )
        else:
            if (
                isinstance(node, ast.Attribute)
                and node.attr.startswith("_")
                and not node.attr.endswith("__")
            ):
                assert isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"), (
                    f"line {node.lineno}: {node.attr}"
                )
            continue
        for module in modules:
            assert module.partition(".")[0] in KNOWN, f"line {node.lineno}: {module}"
            assert module.partition(".")[0] != "minigrad" or module in FILES or is_of_zoo(module)
        for name in [*names, *(part for module in modules for part in module.split("."))]:
            assert not name.startswith("_") or name.endswith("__"), (
                f"line {node.lineno}: {name} is private"
            )


# ---- size, purity, words -----------------------------------------------------------------------


def rules_in(tree):
    """The lambdas and functions given to `.gradients(...)`, and the helpers that they call."""
    functions = {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("_")
        and not node.decorator_list
    }
    waiting = [
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "gradients"
        for argument in node.args
    ]
    seen = set()
    while waiting:
        rule = waiting.pop()
        yield rule
        for node in ast.walk(rule):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in seen:
                seen.add(node.id)
                waiting.append(functions[node.id])


def impurities(tree):
    """What a rule must not hold: it works on arrays and fails, or is cut off, on Tensors."""
    for rule in rules_in(tree):
        for node in ast.walk(rule):
            if isinstance(node, ast.Name) and node.id in ("np", "numpy", "cupy", "cp"):
                yield f"line {node.lineno}: {node.id}"
            if isinstance(node, ast.Attribute) and node.attr in ("data", "numpy", "item", "detach"):
                yield f"line {node.lineno}: .{node.attr}"
            if isinstance(node, ast.AugAssign):
                yield f"line {node.lineno}: augmented assignment"


def test_rules_are_written_with_operators_and_ops_alone():
    paths = {name: path for name, path in FILES.items() if name.startswith("minigrad.ops.")}
    found = {name: list(impurities(ast.parse(path.read_text()))) for name, path in paths.items()}
    assert {name: parts for name, parts in found.items() if parts} == {}


def test_the_check_of_rules_finds_numpy():
    source = (
        "def _slope(x):\n    return np.exp(x)\n"
        "exp.gradients(lambda g, y, x: g * _slope(x), needs='x')"
    )
    assert list(impurities(ast.parse(source))) == ["line 2: np"]
    assert list(impurities(ast.parse("f.gradients(lambda g, y, x: g * x.data)"))) == [
        "line 1: .data"
    ]


def is_overload(node):
    """One more signature of the function below it, for type checkers."""
    names = [d.id for d in getattr(node, "decorator_list", []) if isinstance(d, ast.Name)]
    return "overload" in names


def has_docstring(node):
    """True if it has one, written in place or given as `__doc__ = ...`."""
    given = [
        t.id
        for n in node.body
        if isinstance(n, ast.Assign)
        for t in n.targets
        if isinstance(t, ast.Name)
    ]
    return bool(ast.get_docstring(node)) or "__doc__" in given


@pytest.mark.parametrize("name", list(FILES))
def test_everything_public_is_explained(name):
    tree = ast.parse(FILES[name].read_text())
    assert ast.get_docstring(tree), "the file says what it is for"
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and not is_overload(node)
        and not has_docstring(node)
    ]
    assert silent == []


def test_every_op_is_explained():
    from minigrad import ops

    assert [name for name in ops.__all__ if not getattr(ops, name).__doc__] == []


@pytest.mark.parametrize("name", [n for n, path in FILES.items() if path.name != "__init__.py"])
def test_every_room_has_tests(name):
    """minigrad/losses.py has tests/test_losses.py; a package has tests in tests/<package>/."""
    parts = name.split(".")[1:]
    folder = ROOT / "tests" / parts[0]
    if len(parts) > 1:
        assert list(folder.rglob("test_*.py")), f"expected tests in {folder}"
    elif name not in FACES:
        assert (ROOT / "tests" / f"test_{parts[0]}.py").exists()


FACES = {"minigrad.callbacks", "minigrad.models", "minigrad.saving"}
