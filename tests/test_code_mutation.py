"""The changes that code_mutation makes, and how it finds and runs the tests of one."""

from __future__ import annotations

import json

import pytest

from .code_mutation.equivalent import EQUIVALENT
from .code_mutation.mutants import iter_mutants, mutants_of
from .code_mutation.runs import LineMap, Runner

SOURCE = '''"""Title."""
from typing import Any

__all__ = ["area"]
Number = int | float


@register("area")
def area(a: int | str, b=2, *, unit="cm"):
    """Docstring."""
    if a < 0 and not b:
        raise ValueError(f"negative {a + 1}")
    print("side", a)
    log(a)
    a += 1
    total = [x for x in (a, b) if x is not None]
    for x in total:
        if x:
            continue
    return scale(a * b, unit=unit)
'''
WANTED = {
    ("area", "a < 0 and not b", "(a < 0 or not b)"),
    ("area", "a < 0 and not b", "(not (a < 0 and (not b)))"),
    ("area", "a < 0", "(a <= 0)"),
    ("area", "0", "1"),
    ("area", "not b", "(b)"),
    ("area", 'raise ValueError(f"negative {a + 1}")', "pass"),
    ("area", "log(a)", "pass"),
    ("area", "a += 1", "a -= 1"),
    ("area", "1", "2"),
    ("area", "x is not None", "(x is None)"),
    ("area", "x", "(not (x))"),
    ("area", "continue", "break"),
    ("area", "scale(a * b, unit=unit)", "None"),
    ("area", "scale(a * b, unit=unit)", "scale(a * b)"),
    ("area", "a * b", "(a / b)"),
    ("", "2", "3"),
    ("", '"cm"', "'other_cm'"),
    ("", '"area"', "'other_area'"),
}


def test_every_change_of_a_file():
    found = mutants_of("minigrad/x.py", SOURCE.encode())
    assert {(m.scope, m.before, m.after) for m in found} == WANTED
    assert len(found) == len(WANTED)


def test_a_change_is_applied_where_it_stands():
    source = 'x = "ä"; y = 1 + 2\n'.encode()
    plus = next(m for m in mutants_of("minigrad/x.py", source) if m.before == "1 + 2")
    assert plus.apply(source).decode() == 'x = "ä"; y = (1 - 2)\n'
    assert plus.key == "minigrad/x.py -: 1 + 2 -> (1 - 2)"


def test_changes_that_read_the_same_have_different_keys():
    found = mutants_of("minigrad/x.py", b"x = f(0)\ny = f(0)\n")
    assert [m.key.rpartition("-> ")[2] for m in found] == ["1", "1 #2"]


def test_what_is_no_python_any_more_is_left_out():
    sources = {"minigrad/x.py": b"def f(x):\n    match x:\n        case 1:\n            g()\n"}
    for mutant in iter_mutants(sources):
        compile(mutant.apply(sources[mutant.path]), mutant.path, "exec")


@pytest.fixture
def line_map(tmp_path):
    record = {
        "seconds": {
            "tests/test_x.py::a": 2.0,
            "tests/test_x.py::b": 1.0,
            "tests/test_z.py::c": 0.1,
        },
        "lines": {
            "minigrad/x.py": {
                "2": ["tests/test_z.py::c", "tests/test_x.py::a"],
                "3": ["tests/test_x.py::b"],
            }
        },
    }
    (tmp_path / "main.json").write_text(json.dumps(record))
    return LineMap(tmp_path)


def test_the_tests_of_a_line_come_with_its_own_file_first(line_map):
    one, two = mutants_of("minigrad/x.py", b"def f(x):\n    y = x + x\n    return y * y\n")[::2]
    assert line_map.tests_of(one) == ["tests/test_x.py::a", "tests/test_z.py::c"]
    assert line_map.tests_of(two) == ["tests/test_x.py::b"]


def test_what_runs_on_import_is_tested_by_all_tests_of_its_file(line_map):
    (mutant,) = mutants_of("minigrad/x.py", b"x = [1]\n")
    assert len(line_map.tests_of(mutant)) == 3


@pytest.mark.parametrize("body, outcome", [("assert f(2) == 4", "noticed"), ("f(2)", "missed")])
def test_outcome(tmp_path, line_map, body, outcome):
    tree = tmp_path / "tree"
    (tree / "minigrad").mkdir(parents=True)
    (tree / "tests").mkdir()
    source = b"def f(x):\n    return x + x\n"
    (tree / "minigrad" / "x.py").write_bytes(source)
    (tree / "minigrad" / "__init__.py").touch()
    (tree / "tests" / "test_x.py").write_text(
        f"from minigrad.x import f\n\n\ndef a():\n    pass\n\n\ndef test_f():\n    {body}\n"
    )
    line_map.by_line["minigrad/x.py", 2] = {"tests/test_x.py::test_f"}
    line_map.seconds["tests/test_x.py::test_f"] = 0.1
    plus = next(m for m in mutants_of("minigrad/x.py", source) if m.after == "(x - x)")
    assert Runner(line_map, tree).outcome(plus) == outcome
    assert (tree / "minigrad" / "x.py").read_bytes() == source


def test_equivalent_mutants_still_exist():
    from .code_mutation.__main__ import read_sources

    sources = read_sources()
    named = sorted({key.split(" ")[0] for key in EQUIVALENT})
    made = [mutant for path in named for mutant in mutants_of(path, sources[path])]
    found = {mutant.key: mutant for mutant in made}
    assert set(EQUIVALENT) <= set(found)
    for mutant in map(found.get, EQUIVALENT):
        compile(mutant.apply(sources[mutant.path]), mutant.path, "exec")
