"""Draw the pictures of the architecture page from the tree itself: `python -m docs.architecture`.

docs/images/layers.svg           the rooms, which of them each imports, and their size
docs/images/life_of_a_tensor.svg from a call to its gradient
docs/images/life_of_a_batch.svg  from fit to the update
"""

import ast
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from tests.reading_path import code_lines
from tests.test_architecture import FILES, LAYERS, imported, room

IMAGES = Path(__file__).with_name("images")
INK, LINE = "#1f2933", "#8a94a0"
SHADES = {
    "engine": "#fde8cf",
    "ops": "#dceafc",
    "kernels": "#e7e7ee",
    "layers": "#dff3e4",
    "training": "#f6dfe4",
}


def box(axes: Axes, x: float, y: float, width: float, height: float, color: str = "white") -> None:
    """A rounded box whose lower left corner is (x, y)."""
    style = f"round,pad=0,rounding_size={min(height, 0.5) / 4}"
    patch = FancyBboxPatch(
        (x, y), width, height, boxstyle=style, facecolor=color, edgecolor=LINE, linewidth=1
    )
    axes.add_patch(patch)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], **style: str) -> None:
    """A thin arrow from `start` to `end`."""
    properties = {"arrowstyle": "-|>", "color": style.get("color", INK), "linewidth": 1.1}
    axes.annotate("", end, start, arrowprops={**properties, "shrinkA": 0, "shrinkB": 0})


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of `width` x `height` units without axes."""
    figure = Figure(figsize=(width, height))
    axes = figure.subplots()
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    figure.subplots_adjust(0, 0, 1, 1)
    return figure, axes


def save(figure: Figure, name: str) -> None:
    """Write docs/images/NAME.svg, the same bytes for the same tree."""
    IMAGES.mkdir(exist_ok=True)
    figure.savefig(IMAGES / f"{name}.svg", metadata={"Date": None})


# ---- the rooms ---------------------------------------------------------------------------------


def files_of(name: str) -> list[Path]:
    """The files of a room."""
    return [path for module, path in FILES.items() if module != "minigrad" and room(module) == name]


def purpose(name: str) -> str:
    """The first sentence of a room's docstring."""
    module = FILES[f"minigrad.{name}"]
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def imports_of(name: str) -> set[str]:
    """The rooms that a room imports from."""
    found = set()
    for module, path in FILES.items():
        if module != "minigrad" and room(module) == name:
            source = path.read_text(encoding="utf-8")
            targets = imported(source, module, path.name == "__init__.py")
            found |= {room(target) for target in targets}
    return found - {name}


def draw_layers() -> None:
    """One band per layer; dots tell which rooms each room imports from."""
    rooms = [name for layer in LAYERS for name in layer.split()]
    step, left, text = 0.42, 2.0, 2.15
    grid = 9.2
    width, height = grid + 0.34 * len(rooms) + 0.2, step * len(rooms) + 1.75
    figure, axes = canvas(width, height)
    top = height - 1.45
    axes.text(0.2, height - 0.35, "The rooms of minigrad", fontsize=13, weight="bold", color=INK)
    note = "each imports only from rooms above it: no dot right of the diagonal"
    axes.text(0.2, height - 0.7, note, fontsize=9, color=INK)
    axes.text(grid - 1.0, top + 0.12, "imports from", fontsize=9, color=INK)
    for column, name in enumerate(rooms):
        x = grid + 0.34 * column + 0.17
        axes.text(x, top + 0.12, name, rotation=55, fontsize=8, color=INK)
    for row, name in enumerate(rooms):
        y = top - step * (row + 1)
        box(axes, 0.2, y + 0.04, left - 0.3, step - 0.08, SHADES.get(name, "#f4f5f7"))
        axes.text(0.3, y + step / 2, name, va="center", fontsize=9.5, weight="bold", color=INK)
        size = sum(code_lines(path) for path in files_of(name))
        axes.text(text, y + step / 2, f"{size:,}", va="center", fontsize=8, color=LINE)
        summary = purpose(name)
        summary = summary if len(summary) < 92 else summary[:90].rsplit(" ", 1)[0] + " ..."
        axes.text(text + 0.5, y + step / 2, summary, va="center", fontsize=8, color=INK)
        used = imports_of(name)
        for column, other in enumerate(rooms[:row]):
            x, filled = grid + 0.34 * column + 0.17, other in used
            axes.plot(x, y + step / 2, "o", ms=5 if filled else 1.5, color=INK if filled else LINE)
    axes.text(text, 0.06, "code lines: no blanks, comments or docstrings", fontsize=7.5, color=LINE)
    save(figure, "layers")


# ---- two lives ---------------------------------------------------------------------------------

TENSOR = [
    ("x = Tensor([1., 2.], requires_grad=True)", "engine/tensor.py", "an array and a Leaf node"),
    ("y = x * x", "ops/elementwise.py", "multiply.forward on the arrays"),
    ("Node(multiply, parents, inputs)", "engine/graph.py", "keeps what the rules read"),
    ("y.sum().backward()", "engine/autograd.py", "nodes from y back, newest first"),
    ("multiply's rules: g * b, g * a", "ops/elementwise.py", "arrays, or Tensors when recorded"),
    ("x.grad", "engine/graph.py", "the sum of what arrived at the Leaf"),
]
BATCH = [
    ("model.fit(x, y)", "training/model.py", "what to train, for how long"),
    ("validate_data, Dataset", "training/data_adapter.py", "arrays cast once, cut into batches"),
    ("run epochs", "training/loop.py", "each epoch, each batch, callbacks"),
    ("train_step: y_pred = model(x)", "layers/", "each layer's call, its equation"),
    ("loss(y, y_pred)", "losses.py", "one number per batch"),
    ("grad(loss, parameters)", "engine/autograd.py", "the backward pass"),
    ("optimizer.apply", "optimizers/", "p -= rate * ..., in place"),
]


def draw_life(name: str, title: str, steps: list[tuple[str, str, str]]) -> None:
    """A column of steps, each with the file it happens in."""
    height = 0.78 * len(steps) + 0.7
    figure, axes = canvas(8.6, height)
    axes.text(0.2, height - 0.4, title, fontsize=13, weight="bold", color=INK)
    for i, (code, place, what) in enumerate(steps):
        y = height - 0.6 - 0.78 * (i + 1) + 0.16
        color = SHADES.get(place.partition("/")[0], "#f4f5f7")
        box(axes, 0.2, y, 4.0, 0.5, color)
        axes.text(0.32, y + 0.25, code, va="center", fontsize=8.5, family="monospace", color=INK)
        axes.text(4.4, y + 0.34, place, va="center", fontsize=9, weight="bold", color=INK)
        axes.text(4.4, y + 0.13, what, va="center", fontsize=8.5, color=INK)
        if i:
            arrow(axes, (0.9, y + 0.78), (0.9, y + 0.5))
    save(figure, name)


def main() -> None:
    """Draw all pictures."""
    with matplotlib.rc_context({"svg.hashsalt": "minigrad", "svg.fonttype": "none"}):
        draw_layers()
        draw_life("life_of_a_tensor", "The life of a Tensor", TENSOR)
        draw_life("life_of_a_batch", "The life of a batch", BATCH)


if __name__ == "__main__":
    main()
