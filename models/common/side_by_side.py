"""One table over all generative models that the same judge has scored, beside its yardsticks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import SECTION_OF, SECTIONS
from . import judge

HEADING = "generative models side by side"
SIZES = (8, 16, 28)  # heights and widths of the images that are judged
SAMPLES = 5000
COLUMNS = {
    "ratio to gaussians": "FD/G",
    "inception score": "IS",
    "density": "density",
    "coverage": "coverage",
    "classes": "classes",
    "confident": "confident",
    "copying": "copying",
}
Figures = dict[str, str]  # mean figures by label, as they stand in a section


def is_generative(name: str) -> bool:
    """True for a model whose samples may be judged.

    Args:
        name: Name of the model.
    """
    return SECTION_OF.get(name) == "generative"


def section(recorded: Mapping[str, Figures]) -> str:
    """The table as a section of markdown.

    Args:
        recorded: The figures of the models, by name.
    """
    heads = ["", *COLUMNS.values()]
    rows = list(yardsticks())
    for name in SECTIONS["generative"]:
        rows += model_rows(name, recorded.get(name, {}))
    lines = [
        f"## {HEADING}",
        "",
        "Means over the seeds, from the sections above. FD/G: the Frechet distance to the training "
        "rows over that of one Gaussian per class, by the judge of images of that size. Copying: 0 "
        "repeats training rows, 1 is as far from them as held-out rows are. A blank is a figure "
        "that the model does not record.",
        "",
        *(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows]),
        "",
    ]
    return "\n".join(lines)


def yardsticks() -> Iterator[list[str]]:
    """A row for each yardstick at each size."""
    for size in SIZES:
        scorer = judge.load(size)
        scores = scorer.yardsticks(SAMPLES)
        gaussians = scores["one Gaussian per class"]["frechet_distance"]
        knows = f", of which the judge knows {scorer.accuracy:.1%}"
        for name, row in scores.items():
            ratio = row["frechet_distance"] / gaussians
            values = [ratio, *(row[label.replace(" ", "_")] for label in list(COLUMNS)[1:])]
            note = knows if name == "held-out rows" else ""
            yield [f"{size}x{size}: {name}{note}", *(f"{value:.4g}" for value in values)]


def model_rows(name: str, found: Figures) -> Iterator[list[str]]:
    """A row for each set of samples of a model: "gan", and "gan: known" for figures of that name.

    Args:
        name: Name of the model.
        found: Its figures.
    """
    first = next(iter(COLUMNS))
    for label in found:
        prefix = label.removesuffix(first)
        if prefix != label:
            shown = f"{name}: {prefix.strip()}" if prefix else name
            yield [shown, *(found.get(prefix + column, "") for column in COLUMNS)]
