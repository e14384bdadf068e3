"""Every tutorial runs in a fresh process, asserts its claims, draws, and leaves nothing behind."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import pytest

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "tutorials").glob("[0-9]*.py"))
one_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)


def run(*command, folder):
    """The finished process of `python command...` in `folder`, pictures drawn without a screen."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    settings = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    arguments = [sys.executable, *map(str, command)]
    return subprocess.run(
        arguments, cwd=folder, env=settings, capture_output=True, encoding="utf-8", timeout=120
    )


def prose(source):
    """The text of the comment blocks that `# %%` opens, one string per block."""
    blocks = re.findall(r"^# %%.*\n((?:#.*\n)*)", source, flags=re.M)
    return [re.sub(r"^# ?", "", block, flags=re.M).strip() for block in blocks]


def headings(source):
    """Each line of prose that is underlined, with its underline."""
    text = "\n".join([ast.get_docstring(ast.parse(source)), *prose(source)])
    return re.findall(r"^(\S.*)\n([=\-]{3,})$", text, flags=re.M)


def test_numbers_have_no_gap():
    numbers = range(1, len(LESSONS) + 1)
    assert [lesson.name[:3] for lesson in LESSONS] == [f"{n:02}_" for n in numbers]
    assert len(LESSONS) >= 3


@one_lesson
def test_tells_asserts_and_draws(lesson):
    source = lesson.read_text(encoding="utf-8")
    tree = ast.parse(source)
    title, underline = headings(source)[0]
    assert title.startswith(f"{int(lesson.name[:2])}. ") and set(underline) == {"="}
    assert all(len(line) >= len(heading) for heading, line in headings(source)), (
        "a heading is longer than its underline"
    )
    blocks = prose(source)
    assert len(blocks) >= 5 and sum(len(block.split()) for block in blocks) >= 300
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    assert len(checks) >= 5
    assert not any(isinstance(check.test, ast.Constant) for check in checks)
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [ast.unparse(function) for function in calls].count("plt.show") >= 2
    assert "What to remember" in source


@one_lesson
def test_runs_in_a_fresh_process(lesson, tmp_path):
    """Through the runner, which saves what plt.show() would show, in a folder of its own."""
    done = run("-m", "tutorials", int(lesson.name[:2]), "--out", "pictures", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr, "a reader would see this: " + done.stderr
    assert [left.name for left in tmp_path.iterdir()] == ["pictures"]
    pictures = [matplotlib.image.imread(file) for file in (tmp_path / "pictures").iterdir()]
    assert len(pictures) == lesson.read_text(encoding="utf-8").count("\nplt.show()")
    assert all(picture[..., :3].std() > 0.02 for picture in pictures), "a picture is blank"


def test_runs_as_a_plain_script(tmp_path):
    done = run(LESSONS[0], folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir()), "figures are saved only when asked for"


def test_a_claim_that_fails_fails_the_lesson(tmp_path):
    """The exit code above means something: a lesson with one number changed does not return 0."""
    source = LESSONS[0].read_text(encoding="utf-8")
    broken = tmp_path / "broken.py"
    claim = "abs(slope(f, 3) - 6) < 1e-6"
    broken.write_text(source.replace(claim, claim.replace("6", "7", 1)), encoding="utf-8")
    done = run(broken, folder=tmp_path)
    assert done.returncode == 1 and "AssertionError" in done.stderr


def test_runner_lists_and_refuses(tmp_path):
    listed = run("-m", "tutorials", folder=tmp_path)
    assert listed.returncode == 0 and len(listed.stdout.splitlines()) == len(LESSONS)
    refused = run("-m", "tutorials", len(LESSONS) + 1, folder=tmp_path)
    assert refused.returncode == 2 and f"choose 1 to {len(LESSONS)}" in refused.stderr


def test_lessons_that_run_together_tell_what_they_tell_alone(tmp_path):
    """A lesson may set the default dtype: the next one starts afresh."""
    alone = [run("-m", "tutorials", number, folder=tmp_path).stdout for number in (2, 3)]
    together = run("-m", "tutorials", 2, 3, folder=tmp_path)
    assert together.returncode == 0, together.stderr
    assert together.stdout == "".join(alone)
