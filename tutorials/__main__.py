"""Run lessons by number.

`python -m tutorials` lists them, `python -m tutorials 2 --out runs/tutorials` saves pictures.
"""

import argparse
import ast
import runpy
import subprocess
import sys
from pathlib import Path

LESSONS = sorted(Path(__file__).parent.glob("[0-9][0-9]_*.py"))


def title(lesson):
    """The first line of a lesson's docstring."""
    docstring = ast.get_docstring(ast.parse(lesson.read_text(encoding="utf-8")))
    return (docstring or lesson.stem).splitlines()[0]


def save_pictures(lesson, folder):
    """Run `lesson`; the figures it would show become FOLDER/01_name_1.png, 01_name_2.png, ..."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    pictures = []

    def save():
        for number in plt.get_fignums():
            pictures.append(folder / f"{lesson.stem}_{len(pictures) + 1}.png")
            plt.figure(number).savefig(pictures[-1])
        plt.close("all")

    plt.show = save
    runpy.run_path(str(lesson), run_name="__main__")
    return pictures


def main():
    """Read the command line; without numbers, list the lessons."""
    parser = argparse.ArgumentParser(
        prog="python -m tutorials", description="Run lessons by number."
    )
    parser.add_argument("numbers", nargs="*", type=int, help=f"1 to {len(LESSONS)}")
    parser.add_argument(
        "--out", type=Path, help="save the pictures into this folder instead of showing them"
    )
    options = parser.parse_args()
    for number in options.numbers:
        if not 1 <= number <= len(LESSONS):
            parser.error(f"there is no lesson {number}: choose 1 to {len(LESSONS)}")
    if len(options.numbers) == 1:
        run(LESSONS[options.numbers[0] - 1], options.out)
    for number in options.numbers if len(options.numbers) > 1 else []:
        out = ["--out", str(options.out)] if options.out else []
        # in a process of its own: a lesson may change the default dtype, which lasts
        done = subprocess.run([sys.executable, "-m", "tutorials", str(number), *out])
        if done.returncode:
            sys.exit(done.returncode)
    if not options.numbers:
        print("\n".join(title(lesson) for lesson in LESSONS))


def run(lesson, folder):
    """Run `lesson`; its pictures are shown, or saved into `folder` if there is one."""
    if folder is None:
        runpy.run_path(str(lesson), run_name="__main__")
    else:
        print("\n".join(map(str, save_pictures(lesson, folder))))


if __name__ == "__main__":
    main()
