"""Every lesson runs in a fresh process, asserts its claims, draws, and leaves nothing behind.

The words of the course are introduced before they are used, its exercises tell right from wrong.
"""

import ast
import importlib
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import matplotlib.image
import pytest

import models
import tutorials.__main__ as tutorials
from tutorials.__main__ import exercises

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "tutorials").glob("[0-9]*.py"))
one_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)


def run(*command, folder):
    """The finished process of `python command...` in `folder`, pictures drawn without a screen."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    settings = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    arguments = [sys.executable, *map(str, command)]
    return subprocess.run(
        arguments, cwd=folder, env=settings, capture_output=True, encoding="utf-8", timeout=240
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
    assert len(LESSONS) >= 24


@one_lesson
def test_tells_asserts_and_draws(lesson):
    source = lesson.read_text(encoding="utf-8")
    tree = ast.parse(source)
    title, underline = headings(source)[0]
    assert title.startswith(f"{int(lesson.name[:2])}. ") and set(underline) == {"="}
    assert all(len(line) >= len(heading) for heading, line in headings(source)), (
        "a heading is longer than its underline"
    )
    assert not re.search(r"^# -{3,} \S", source, re.M), "the line under a heading stands alone"
    blocks = prose(source)
    assert len(blocks) >= 5 and sum(len(block.split()) for block in blocks) >= 300
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    assert len(checks) >= 8
    assert not any(isinstance(check.test, ast.Constant) for check in checks)
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [ast.unparse(function) for function in calls].count("plt.show") >= 2
    for section in ("What goes wrong", "What to remember", "Exercises"):
        assert f"# {section}\n" in source
    assert f"python -m tutorials {int(lesson.name[:2])} --check" in source


@one_lesson
def test_links_to_files_that_are_there(lesson):
    source = lesson.read_text(encoding="utf-8")
    paths = re.findall(r"``((?:models|tutorials|minigrad|docs|tests)/[\w/]*\.?\w*)``", source)
    assert not [path for path in paths if not (ROOT / path).exists()]
    assert any(path.startswith("models/") for path in paths), "the model that rebuilds the idea"


@pytest.mark.course
@one_lesson
def test_runs_in_a_fresh_process(lesson, tmp_path):
    """Through the runner, which saves what plt.show() would show, in a folder of its own."""
    done = run("-m", "tutorials", int(lesson.name[:2]), "--out", "pictures", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr, "a reader would see this: " + done.stderr
    assert [left.name for left in tmp_path.iterdir()] == ["pictures"]
    files = list((tmp_path / "pictures").iterdir())
    pictures = [matplotlib.image.imread(file) for file in files if file.suffix == ".png"]
    source = lesson.read_text(encoding="utf-8")
    assert len(pictures) == source.count("\nplt.show()")
    players = [file for file in files if file.suffix == ".html"]
    assert len(players) == source.count("\nrun.show()") >= 1
    assert all(10_000 < player.stat().st_size < 2_000_000 for player in players)
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


@one_lesson
def test_formulas_stand_in_literal_blocks(lesson):
    """What is indented in the prose would run together on the site without the :: before it."""
    for block in prose(lesson.read_text(encoding="utf-8")):
        lines = block.split("\n")
        for before, blank, line in zip(lines, lines[1:], lines[2:], strict=False):
            begins = line.startswith("    ") and not blank.strip() and not before.startswith(" ")
            is_item = re.match(r"(\d+\.|-) ", before)
            assert not begins or is_item or not before or before.endswith("::"), line


def test_each_model_file_names_its_lesson():
    for name in models.NAMES:
        path = ROOT / "models" / models.SECTION_OF[name] / f"{name}.py"
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        lesson = re.search(r"^Lesson: (tutorials/\w+\.py)$", docstring, re.M)
        assert lesson and (ROOT / lesson[1]).is_file(), name


def test_each_model_is_linked_by_a_lesson_or_by_the_glossary():
    text = "".join(lesson.read_text(encoding="utf-8") for lesson in LESSONS)
    linked = {entry.get("model") for _, entry in tutorials.glossary()}
    for name in models.NAMES:
        path = f"models/{models.SECTION_OF[name]}/{name}.py"
        assert f"``{path}``" in text or path in linked, path


# ---- exercises -----------------------------------------------------------------------------------


@one_lesson
def test_a_solution_is_right_and_typical_mistakes_are_not(lesson):
    found = exercises(lesson)
    assert list(found) == list(range(1, len(found) + 1)) and 3 <= len(found) <= 5
    source = lesson.read_text(encoding="utf-8")
    section = source[source.index("# Exercises\n") :]
    for number, (check, answer, wrong) in found.items():
        assert re.search(rf"^# {number}\. ", section, re.M), f"exercise {number} is not asked"
        check(answer)
        assert len(wrong) >= 2
        for mistake in wrong:
            with pytest.raises(AssertionError) as refused:
                check(mistake)
            assert str(refused.value).split("\n")[0], "a refusal says what is wrong"


def test_answers_are_checked_by_the_runner(tmp_path):
    solutions = ROOT / "tutorials" / "solutions" / LESSONS[0].name
    answers = tmp_path / "answers.py"
    answers.write_text(f"import runpy\nglobals().update(runpy.run_path({str(solutions)!r}))\n")
    right = run("-m", "tutorials", 1, "--check", answers, folder=tmp_path)
    assert right.returncode == 0 and right.stdout.count(": right\n") >= 3, right.stderr
    with open(answers, "a") as file:
        file.write("answer_1 = wrong_1[0]\ndel answer_2\n")
    wrong = run("-m", "tutorials", 1, "--check", answers, folder=tmp_path)
    assert wrong.returncode == 1
    lines = wrong.stdout.splitlines()
    assert lines[0].startswith("exercise 1: not yet. ") and "no answer_2" in lines[1]
    refused = run("-m", "tutorials", 1, "--check", "missing.py", folder=tmp_path)
    assert refused.returncode == 2 and "takes one lesson and a file" in refused.stderr


# ---- words ---------------------------------------------------------------------------------------


KEYS = {"term", "also", "zh", "sentence", "zh_sentence", "formula", "op", "layer", "model"}


@cache
def glossary():
    """The words of the course: (lesson number, entry), in the order of the lessons."""
    return [(int(lesson[:2]), entry) for lesson, entry in tutorials.glossary() if lesson]


def test_each_lesson_has_its_words_and_models_theirs():
    files = sorted((ROOT / "tutorials" / "glossary").glob("*.json"))
    assert [file.stem for file in files] == [*(file.stem for file in LESSONS), "curriculum"]
    of_models = [entry for lesson, entry in tutorials.glossary() if not lesson]
    assert len(of_models) > 30 and all(entry["model"] for entry in of_models)


def text_of(source):
    """What a reader reads as text: the docstring and the prose, without code and formulas."""
    text = "\n".join([ast.get_docstring(ast.parse(source)), *prose(source)])
    return re.sub(r"``[^`]*``", " ", text).lower()


def pattern_of(entry):
    """Finds a term or one of its other forms as whole words."""
    forms = [entry["term"], *entry.get("also", [])]
    words = "|".join(re.escape(form.lower()) for form in sorted(forms, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")


def test_each_word_is_in_the_glossary_once_and_complete():
    terms = [entry["term"].lower() for _, entry in tutorials.glossary()]
    assert not {term for term in terms if terms.count(term) > 1}
    assert len(terms) >= 150
    for _, entry in tutorials.glossary():
        assert set(entry) <= KEYS
        assert entry["sentence"].rstrip()[-1] == "." and len(entry["sentence"].split()) >= 4
        assert re.search("[\u4e00-\u9fff]", entry["zh_sentence"]), entry["term"]
        assert entry["zh"]
        assert not entry.get("model") or (ROOT / entry["model"]).exists(), entry
        for name in filter(None, (entry.get("op"), entry.get("layer"))):
            module, _, last = name.rpartition(".")
            assert hasattr(importlib.import_module(module), last), name


@one_lesson
def test_words_are_introduced_before_they_are_used(lesson):
    """A reader of lesson n knows the words of lessons 1..n, and no word of a later one is used."""
    number = int(lesson.name[:2])
    text = text_of(lesson.read_text(encoding="utf-8"))
    own = [entry["term"] for n, entry in glossary() if n == number]
    missing = [e["term"] for n, e in glossary() if n == number and not pattern_of(e).search(text)]
    assert own and not missing, "words of this lesson that it does not use"
    known = {form for n, e in glossary() if n <= number for form in (e["term"], *e.get("also", []))}
    for n, entry in glossary():
        if n > number:
            for found in pattern_of(entry).findall(text):
                assert found in known, f"{found!r} is introduced in lesson {n}"


# ---- the runner ----------------------------------------------------------------------------------


def test_lessons_that_run_together_tell_what_they_tell_alone(tmp_path):
    """A lesson may set the default dtype: the next one starts afresh."""
    alone = [run("-m", "tutorials", number, folder=tmp_path).stdout for number in (2, 3)]
    together = run("-m", "tutorials", 2, 3, folder=tmp_path)
    assert together.returncode == 0, together.stderr
    assert together.stdout == "".join(alone)
