"""Pages that are made of what the repository holds: the glossary, the gallery, the benchmarks."""

from __future__ import annotations

import json
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

from sphinx.util.docutils import SphinxDirective

import models
from docs.gallery import PARAMETERS, PICTURES
from minigrad.player import Run
from models.common import results
from tutorials.__main__ import glossary

ROOT = Path(__file__).parents[1]
MOST_FIGURES = 6  # of a model, in the gallery


def copy_lessons() -> None:
    """Put the lessons where the gallery finds nothing else, which their solutions would be."""
    PLAYERS.mkdir(parents=True, exist_ok=True)
    target = ROOT / "docs" / "_lessons"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    folder = ROOT / "tutorials"
    for file in [*folder.glob("[0-9]*.py"), folder / "README.rst"]:
        shutil.copyfile(file, target / file.name)


PLAYERS = ROOT / "docs" / "_players" / "players"
shown: list[Run] = []  # the runs that a block of a lesson has shown


def keep_players() -> None:
    """Let `run.show()` of a lesson leave its player for the page."""
    shown.clear()
    Run.show = _keep


def _keep(run: Run) -> None:
    shown.append(run)


def scrape_players(block: Any, block_vars: dict[str, Any], gallery_conf: Any) -> str:
    """The players that a block of a lesson has shown, as reStructuredText.

    Args:
        block: The code of the block.
        block_vars: What the gallery knows of it.
        gallery_conf: The settings of the gallery.
    """
    text = ""
    for run in shown:
        name = f"{Path(block_vars['src_file']).stem}.html"
        run.save(PLAYERS / name)
        text += (
            f"\n\n.. raw:: html\n\n    <p><a href='../players/{name}'>Open the player</a></p>\n"
            f"    <iframe src='../players/{name}' loading='lazy' title='The player' "
            "style='width: 100%; height: 640px; border: 1px solid #8888'></iframe>\n\n"
        )
    shown.clear()
    return text


def describe_word(lesson: str, entry: dict[str, Any]) -> list[str]:
    """An entry of the glossary as reStructuredText.

    Args:
        lesson: The lesson that introduces it; "" if only a model needs it.
        entry: What its file says of it.
    """
    links = [f":doc:`lesson {int(lesson[:2])} </tutorials/{lesson}>`"] if lesson else []
    links += [link_to(entry[kind]) for kind in ("op", "layer") if entry.get(kind)]
    if entry.get("model"):
        links.append(link_to_model(entry["model"]))
    lines = [f"**{entry['term']}** {entry['zh']}", f"   {entry['sentence']}", ""]
    lines += [f"   {entry['zh_sentence']}", ""]
    if entry.get("formula"):
        lines += [f"   ``{entry['formula']}``", ""]
    return [*lines, f"   {', '.join(links)}", ""]


def link_to(name: str) -> str:
    """A link to what is documented where it is defined, not where it is imported from.

    Args:
        name: Such as "minigrad.layers.Dense".
    """
    module, _, last = name.rpartition(".")
    found = getattr(import_module(module), last)
    home, own = getattr(found, "__module__", module), getattr(found, "__qualname__", last)
    return f":py:obj:`{name} <{home}.{own}>`"


def link_to_model(path: str) -> str:
    """A link into the gallery; the path alone if it is not that of a model.

    Args:
        path: Such as "models/convolutional/lenet.py".
    """
    name = Path(path).stem
    return f":ref:`{path} <model-{name}>`" if name in models.NAMES else f"``{path}``"


class Glossary(SphinxDirective):
    """`.. words::` shows every term of the course and the models, in English and Chinese."""

    def run(self) -> list[Any]:
        """The terms, as nodes."""
        lines, letter = [], ""
        for lesson, entry in sorted(glossary(), key=lambda word: word[1]["term"].lower()):
            first = entry["term"][0].upper()
            if first != letter:
                letter = first
                lines += [f".. rubric:: {letter}", ""]
            lines += describe_word(lesson, entry)
        return self.parse_text_to_nodes("\n".join(lines))


def describe_model(name: str, section: str, figures: dict[str, str], size: int | None) -> list[str]:
    """A model of the gallery as reStructuredText.

    Args:
        name: The model.
        section: The folder it stands in.
        figures: What a recorded training gave.
        size: How many numbers its weights hold, None if that is not known.
    """
    lines = [f".. _model-{name}:", "", f".. rubric:: {name}", ""]
    lines += [models.title(name).replace("*", "\\*"), ""]
    if (PICTURES / f"{name}.png").exists():
        lines += [f".. image:: /images/gallery/{name}.png", f"   :alt: {name}", ""]
    if size is not None:
        lines += [f"{size:,} numbers in its weights.", ""]
    shown = [f"{label} {value}" for label, value in figures.items() if label != "seed"]
    lines += [", ".join(shown[:MOST_FIGURES]) + "." if shown else "", ""]
    path = f"models/{section}/{name}.py"
    return [*lines, f":download:`{path} </../{path}>` · ``python -m models {name}``", ""]


class Gallery(SphinxDirective):
    """`.. models:: SECTION` shows every model of a folder: title, picture, figures, code."""

    required_arguments = 1

    def run(self) -> list[Any]:
        """The models, as nodes."""
        recorded = results.read(results.RESULTS)
        sizes = json.loads(PARAMETERS.read_text(encoding="utf-8"))
        (section,) = self.arguments
        lines: list[str] = []
        for name in models.SECTIONS[section]:
            figures = results.figures(recorded.get(name, ""))
            lines += describe_model(name, section, figures, sizes.get(name))
        return self.parse_text_to_nodes("\n".join(lines))


class Benchmarks(SphinxDirective):
    """`.. benchmarks::` shows the pictures of the recorded benchmarks."""

    def run(self) -> list[Any]:
        """The pictures, as nodes."""
        source, target = ROOT / "benchmarks" / "results", ROOT / "docs" / "images" / "benchmarks"
        target.mkdir(parents=True, exist_ok=True)
        lines = []
        for picture in sorted(source.glob("*.png")):
            shutil.copyfile(picture, target / picture.name)
            device, _, suite = picture.stem.partition("-")
            lines += [f".. rubric:: {suite or device}, on {device}", ""]
            lines += [f".. image:: /images/benchmarks/{picture.name}", f"   :alt: {suite}", ""]
        return self.parse_text_to_nodes("\n".join(lines))


def add_pages(app: Any) -> None:
    """Give the directives to Sphinx, and the lessons to the gallery.

    Args:
        app: Sphinx.
    """
    copy_lessons()
    app.add_directive("words", Glossary)
    app.add_directive("models", Gallery)
    app.add_directive("benchmarks", Benchmarks)
