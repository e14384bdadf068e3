"""Run lessons by number, and check answers to their exercises.

`python -m tutorials` lists the lessons, `python -m tutorials 2` runs one and shows its pictures,
`--out runs/tutorials` saves them instead, with the pages to step through. `--long` trains longer.
`python -m tutorials 2 --check answers.py` checks `answer_1`, `answer_2`, ... of a file.
"""

import argparse
import ast
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
LESSONS = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
CURRICULUM = "curriculum"  # the file of words that models need beyond the lessons


def title(lesson):
    """The first line of a lesson's docstring."""
    docstring = ast.get_docstring(ast.parse(lesson.read_text(encoding="utf-8")))
    return (docstring or lesson.stem).splitlines()[0]


def save_results(lesson, folder):
    """Run `lesson`; its figures become FOLDER/01_name_1.png, ..., its runs 01_name_1.html."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from minigrad.player import Run

    folder.mkdir(parents=True, exist_ok=True)
    files = []

    def next_file(ending):
        number = 1 + sum(file.suffix == ending for file in files)
        files.append(folder / f"{lesson.stem}_{number}{ending}")
        return files[-1]

    def save_figures():
        for number in plt.get_fignums():
            plt.figure(number).savefig(next_file(".png"))
        plt.close("all")

    plt.show = save_figures
    Run.show = lambda run: run.save(next_file(".html"))
    runpy.run_path(str(lesson), run_name="__main__")
    return files


def run(lesson, folder):
    """Run `lesson`; its pictures are shown, or saved into `folder` if there is one."""
    if folder is None:
        runpy.run_path(str(lesson), run_name="__main__")
    else:
        print("\n".join(map(str, save_results(lesson, folder))))


def glossary():
    """The words of the course, lesson by lesson, then those that only models need.

    Each is (lesson, entry), with "" for a word of no lesson.
    """
    return [
        ("" if name == CURRICULUM else name, entry)
        for name in (*(lesson.stem for lesson in LESSONS), CURRICULUM)
        for entry in json.loads((FOLDER / "glossary" / f"{name}.json").read_text("utf-8"))
    ]


def exercises(lesson):
    """The solutions of a lesson by the number of their exercise: (check, answer, wrong answers)."""
    names = runpy.run_path(str(FOLDER / "solutions" / lesson.name))
    numbers = sorted(int(name[6:]) for name in names if re.fullmatch(r"check_\d+", name))
    return {k: (names[f"check_{k}"], names[f"answer_{k}"], names[f"wrong_{k}"]) for k in numbers}


def check(lesson, path):
    """Check the answers in the file `path`; True if each that is there is right."""
    answers = runpy.run_path(str(path))
    all_right = True
    for number, (checks, _, _) in exercises(lesson).items():
        if f"answer_{number}" not in answers:
            print(f"exercise {number}: no answer_{number} in {path}")
            continue
        try:
            checks(answers[f"answer_{number}"])
        except Exception as error:  # whatever a wrong answer raises
            all_right = False
            words = str(error) if isinstance(error, AssertionError) else repr(error)
            print(f"exercise {number}: not yet. {words or 'The numbers differ.'}")
        else:
            print(f"exercise {number}: right")
    return all_right


def main():
    """Read the command line; without numbers, list the lessons."""
    parser = argparse.ArgumentParser(prog="python -m tutorials", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("numbers", nargs="*", type=int, help=f"1 to {len(LESSONS)}")
    parser.add_argument("--out", type=Path, help="save pictures and pages into this folder")
    parser.add_argument("--long", action="store_true", help="train longer, where a lesson trains")
    parser.add_argument("--check", type=Path, metavar="FILE", help="check the answers of a file")
    options = parser.parse_args()
    for number in options.numbers:
        if not 1 <= number <= len(LESSONS):
            parser.error(f"there is no lesson {number}: choose 1 to {len(LESSONS)}")
    lessons = [LESSONS[number - 1] for number in options.numbers]
    if options.check:
        if len(lessons) != 1 or not options.check.is_file():
            parser.error("--check takes one lesson and a file: python -m tutorials 2 --check my.py")
        sys.exit(not check(lessons[0], options.check))
    if len(lessons) == 1:
        run(lessons[0], options.out)
    for number in options.numbers if len(lessons) > 1 else []:
        more = ["--out", str(options.out)] if options.out else []
        more += ["--long"] if options.long else []
        # in a process of its own: a lesson may change the default dtype, which lasts
        done = subprocess.run([sys.executable, "-m", "tutorials", str(number), *more])
        if done.returncode:
            sys.exit(done.returncode)
    if not lessons:
        print("\n".join(title(lesson) for lesson in LESSONS))


if __name__ == "__main__":
    main()
