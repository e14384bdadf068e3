"""The history of deep learning from 1943 on, and its frameworks side by side (Schmidhuber 2015,
arXiv:1404.7828, tells the first seventy years; Baydin et al. 2018, JMLR 18(153), the gradients).

Two tables. timeline.json has the milestones: year, people, source, what changed, and the file that
rebuilds it here, if any. frameworks.json has, for each framework, when it appeared and from whom,
how it gets its graph, and which derivatives it takes. There is no ranking, and what is not known
for certain says "unknown".

- Define and run: the network is described first and compiled, then fed.
- Define by run: the graph is recorded while the program computes, so its ifs and loops may differ
  from one step to the next.
- Traced: a function runs once with placeholders, and what is recorded is compiled.

Lesson: tutorials/28_history.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import json
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from minigrad import plots

UNKNOWN = "unknown"
FOLDER = Path(__file__).parent


class Milestone(NamedTuple):
    """A step of the history."""

    year: int
    group: str  # a key of groups()
    title: str
    people: list[str]  # last names
    source: str  # paper with journal, or arXiv number
    change: str  # what was different from then on
    file: str | None  # what rebuilds it in this repository

    @property
    def model(self) -> str | None:
        """The name of the model that rebuilds it, as `python -m models` takes it."""
        is_model = self.file is not None and self.file.startswith("models/")
        return Path(str(self.file)).stem if is_model else None


class Framework(NamedTuple):
    """A library that computes gradients."""

    name: str
    first_year: int | str  # in public
    by: str
    graph: str
    reverse: (
        str  # the modes of differentiation: yes, no, partly, unknown, or those of what is below
    )
    forward: str
    higher_order: str
    language: str
    arrays: str
    ended: int | str | None  # the last year of development; None if it goes on
    status: str
    license: str
    source: str


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def groups() -> dict[str, str]:
    """The groups of milestones, and what they are called."""
    return dict(_read("timeline.json")["groups"])


def milestones() -> list[Milestone]:
    """All milestones, in order of their years."""
    return [Milestone(**entry) for entry in _read("timeline.json")["milestones"]]


def frameworks() -> list[Framework]:
    """All frameworks, in order of their first years; those without one come last."""
    return [Framework(**entry) for entry in _read("frameworks.json")]


# ---- the run -------------------------------------------------------------------------------------

REFERENCE = "each line of both tables names its paper, book or site"
TARGETS = ["milestones >= 40", "first_year == 1943", "rebuilt_by_models >= 25", "frameworks >= 15"]
Tables = dict[str, Any]  # "milestones" and "frameworks"


def train(
    first_year: int = 1943, last_year: int = 2100, seed: int = 0
) -> tuple[Tables, dict[str, float]]:
    """Read both tables and count: ({"milestones": ..., "frameworks": ...}, metrics).

    Args:
        first_year: First year to show.
        last_year: Last year to show.
        seed: Without effect, since nothing is drawn.

    Raises:
        ValueError: If no milestone lies between the years.
    """
    shown = [item for item in milestones() if first_year <= item.year <= last_year]
    if not shown:
        years = [item.year for item in milestones()]
        raise ValueError(
            f"no milestone from {first_year} to {last_year}: they run from {min(years)} to "
            f"{max(years)}"
        )
    tools = frameworks()
    metrics = {
        "milestones": len(shown),
        "first_year": shown[0].year,
        "last_year": shown[-1].year,
        "rebuilt_by_models": sum(item.model is not None for item in shown),
        "rebuilt_here": sum(item.file is not None for item in shown),
        "frameworks": len(tools),
        "frameworks_that_go_on": sum(tool.ended is None for tool in tools),
        "frameworks_of_every_order": sum(tool.higher_order == "yes" for tool in tools),
    }
    return {"milestones": shown, "frameworks": tools}, {k: float(v) for k, v in metrics.items()}


def report(tables: Tables) -> str:
    """The milestones, one per line, with the file that rebuilds each."""
    lines = []
    for item in tables["milestones"]:
        head = f"{item.year}  {item.title} ({people_of(item)})"
        lines.append(f"{head:72} {item.file or ''}".rstrip())
    return "\n".join(lines)


def people_of(item: Milestone) -> str:
    """The people of a milestone: up to two by name, else the first and others.

    Args:
        item: The milestone.
    """
    if len(item.people) > 2:
        return f"{item.people[0]} and others"
    return " and ".join(item.people).replace("and and", "and")


# ---- pictures ------------------------------------------------------------------------------------

REBUILT: dict[str, dict[str, Any]] = {
    "a model of the zoo": {"marker": "o", "color": "C0"},
    "a part of minigrad, or a lesson": {"marker": "o", "color": "white", "edgecolors": "C0"},
    "not rebuilt here": {"marker": "x", "color": "0.6"},
}


def pictures(tables: Tables, out: Path) -> None:
    """The timeline in five columns, the frameworks' years, and their table."""
    draw_timeline(tables["milestones"], out / "timeline.png")
    draw_lifelines(tables["frameworks"], out / "framework_lifelines.png")
    draw_table(tables["frameworks"], out / "framework_table.png")


def how_rebuilt(item: Milestone) -> str:
    """Which of REBUILT a milestone is.

    Args:
        item: The milestone.
    """
    zoo, part, none = REBUILT
    if item.model:
        return zoo
    return part if item.file else none


def lines_of_years(items: list[Milestone]) -> dict[int, tuple[int, int]]:
    """For each year its first line in the picture, and its number of lines.

    A year has as many lines as the group with the most milestones needs.

    Args:
        items: The milestones.
    """
    counts: dict[int, Counter[str]] = {}
    for item in items:
        counts.setdefault(item.year, Counter())[item.group] += 1
    places, line = {}, 0
    for year in sorted(counts):
        needed = max(counts[year].values())
        places[year] = line, needed
        line += needed
    return places


def draw_timeline(items: list[Milestone], path: Path) -> None:
    """A column per group, a band per year; the mark says whether it is rebuilt here."""
    places = lines_of_years(items)
    height = sum(count for _, count in places.values())
    titles = groups()
    with plots.new_figure(13.5, 0.27 * height + 1.2, path) as figure:
        axes = figure.subplots()
        for i, (year, (line, count)) in enumerate(places.items()):
            if i % 2 == 0:
                axes.axhspan(line - 0.5, line + count - 0.5, color="0.955", lw=0)
            middle = line + (count - 1) / 2
            axes.text(-0.09, middle, str(year), ha="right", va="center", weight="bold", size=9.5)
        used: Counter[tuple[int, str]] = Counter()
        for item in items:
            x = list(titles).index(item.group)
            y = places[item.year][0] + used[item.year, item.group]
            used[item.year, item.group] += 1
            axes.scatter(x, y, s=30, **REBUILT[how_rebuilt(item)])
            axes.text(x + 0.035, y, item.title, va="center", size=9.5)
        for x, title in enumerate(titles.values()):
            axes.text(x - 0.02, -1.0, title, weight="bold", size=10.5, va="bottom")
        for label, mark in REBUILT.items():
            axes.scatter([], [], s=30, label=label, **mark)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3)
        axes.set(xlim=(-0.3, len(titles) - 0.02), ylim=(height - 0.4, -1.6))
        axes.set_axis_off()


GRAPHS = {  # the first words of "graph", and how they are drawn
    "define and run": "C1",
    "define by run": "C0",
    "by run, evaluated lazily": "C4",
    "traced": "C2",
    "other": "C7",
}


def graph_style(framework: Framework) -> str:
    """The key of GRAPHS that a framework belongs to.

    Args:
        framework: The framework.
    """
    return next((key for key in GRAPHS if framework.graph.startswith(key)), "other")


def draw_lifelines(tools: list[Framework], path: Path) -> None:
    """From the first public year to the last; frameworks without a known year are listed."""
    dated = [tool for tool in tools if tool.first_year != UNKNOWN]
    now = max(item.year for item in milestones())
    with plots.new_figure(8, 0.3 * len(dated) + 1.7, path) as figure:
        axes = figure.subplots()
        for row, tool in enumerate(dated):
            begin, color = int(tool.first_year), GRAPHS[graph_style(tool)]
            is_open = tool.ended == UNKNOWN
            end = now + 0.9 if tool.ended is None else begin + 1.5 if is_open else tool.ended
            end = max(float(end), begin + 0.6)
            axes.plot([begin, end], [row, row], color=color, linewidth=6, solid_capstyle="butt")
            if is_open:
                axes.text(end + 0.15, row, "end unknown", va="center", size=8, color="0.45")
            axes.text(begin - 0.2, row, tool.name, ha="right", va="center", size=9)
        for style, color in GRAPHS.items():
            axes.plot([], [], color=color, linewidth=6, label=style)
        axes.legend(loc="lower left", title="graph", fontsize=8.5)
        unknown = ", ".join(tool.name for tool in tools if tool.first_year == UNKNOWN)
        axes.set(xlim=(2007, now + 1), ylim=(len(dated) - 0.4, -0.8), yticks=[])
        axes.set(title="Years in public, by how the graph comes about")
        axes.set_xlabel(f"first year unknown: {unknown}")
        axes.set_xticks(range(2008, now + 1, 2))
        axes.grid(axis="y", visible=False)


COLUMNS = {  # title: field, width in characters
    "": ("name", 14),
    "from": ("first_year", 9),
    "by": ("by", 26),
    "graph": ("graph", 24),
    "reverse": ("reverse", 11),
    "forward": ("forward", 11),
    "higher order": ("higher_order", 13),
    "language": ("language", 19),
    "arrays": ("arrays", 25),
    "today": ("status", 28),
}
ANSWERS = {"yes": "C2", "no": "C3", UNKNOWN: "0.55"}


def draw_table(tools: list[Framework], path: Path) -> None:
    """All frameworks, a line or two each."""
    edges = [0]
    for _, width in COLUMNS.values():
        edges.append(edges[-1] + width)
    rows = [
        [textwrap.wrap(str(getattr(tool, field)), width - 1) for field, width in COLUMNS.values()]
        for tool in tools
    ]
    heights = [max(len(cell) for cell in row) + 0.5 for row in rows]
    with plots.new_figure(14.5, 0.165 * (sum(heights) + 2), path) as figure:
        axes = figure.subplots()
        for title, x in zip(COLUMNS, edges):
            axes.text(x, -0.7, title, weight="bold", size=9.5, va="center")
        y = 0.0
        for i, (row, height) in enumerate(zip(rows, heights)):
            if i % 2 == 0:
                axes.axhspan(y, y + height, color="0.955", lw=0)
            for (title, x), cell in zip(zip(COLUMNS, edges), row):
                text = "\n".join(cell)
                weight = "bold" if not title else "normal"
                color = ANSWERS.get(text, "black")
                axes.text(
                    x, y + height / 2, text, size=8.5, va="center", weight=weight, color=color
                )
            y += height
        axes.set(xlim=(-0.5, edges[-1]), ylim=(y, -1.5))
        axes.set_axis_off()
