"""Pages that are made of what the repository holds: the glossary, the gallery, the benchmarks,
the history."""

from __future__ import annotations

import json
import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

from sphinx.util.docutils import SphinxDirective

import models
from docs.gallery import PARAMETERS, PICTURES, SMALLER
from minigrad.player import Run
from models.common import results
from models.study import history
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
    if name in SMALLER:
        lines += [f"The picture is of ``{' '.join(SMALLER[name])}``.", ""]
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


def as_table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table as reStructuredText.

    Args:
        head: The titles of the columns.
        rows: The cells of each row.
    """
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        for i, cell in enumerate(row):
            lines.append(f"   {'* -' if i == 0 else '  -'} {cell}")
    return [*lines, ""]


def link_to_arxiv(source: str) -> str:
    """A source whose arXiv number is a link.

    Args:
        source: Such as "Layer normalization, arXiv:1607.06450".
    """
    return re.sub(r"arXiv:([\d.]+)", r"`arXiv:\1 <https://arxiv.org/abs/\1>`__", source)


def milestone_table(group: str) -> list[str]:
    """The milestones of a group as reStructuredText.

    Args:
        group: A key of models.study.history.groups().
    """
    rows = []
    for item in history.milestones():
        if item.group == group:
            what = f"**{item.title}** ({history.people_of(item)}): {item.change}"
            file = link_to_model(item.file) if item.file else ""
            rows.append([str(item.year), what, link_to_arxiv(item.source), file])
    return as_table(["year", "what changed", "source", "here"], rows)


def framework_table() -> list[str]:
    """The frameworks as reStructuredText."""
    rows = []
    for tool in history.frameworks():
        first = [tool.name, tool.first_year, tool.by, tool.graph]
        gradients = [tool.reverse, tool.forward, tool.higher_order]
        rest = [tool.language, tool.arrays, tool.license, tool.status, link_to_arxiv(tool.source)]
        rows.append([str(cell) for cell in [*first, *gradients, *rest]])
    head = "name, since, by, graph, reverse, forward, higher order, language, arrays, license, "
    return as_table([*head.split(", ")[:-1], "today", "source"], rows)


class History(SphinxDirective):
    """`.. history:: milestones` or `frameworks` shows a table of models/study/history.py."""

    required_arguments = 1

    def run(self) -> list[Any]:
        """The pictures and tables, as nodes."""
        (what,) = self.arguments
        target = ROOT / "docs" / "images" / "history"
        target.mkdir(parents=True, exist_ok=True)
        if what == "frameworks":
            history.draw_lifelines(history.frameworks(), target / "frameworks.png")
            lines = [*picture("frameworks", "years of frameworks"), *framework_table()]
            return self.parse_text_to_nodes("\n".join(lines))
        history.draw_timeline(history.milestones(), target / "timeline.png")
        lines = picture("timeline", "milestones by year and group")
        for group, title in history.groups().items():
            lines += [f".. rubric:: {title}", "", *milestone_table(group)]
        return self.parse_text_to_nodes("\n".join(lines))


def picture(name: str, text: str) -> list[str]:
    """A picture of the history as reStructuredText.

    Args:
        name: The name of its file.
        text: What it shows, in words.
    """
    return [f".. image:: /images/history/{name}.png", f"   :alt: {text}", ""]


def add_pages(app: Any) -> None:
    """Give the directives to Sphinx, and the lessons to the gallery.

    Args:
        app: Sphinx.
    """
    copy_lessons()
    app.add_directive("words", Glossary)
    app.add_directive("models", Gallery)
    app.add_directive("benchmarks", Benchmarks)
    app.add_directive("history", History)
