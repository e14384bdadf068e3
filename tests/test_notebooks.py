"""What a reader sees in a notebook: each picture once, a bar that ends at 100 %, one table."""

from __future__ import annotations

import os
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
CELLS = {
    "first picture": """\
import minigrad
from minigrad.layers import Dense
minigrad.plots.history({"loss": [1.0, 0.5, 0.25]})
""",
    "inline pictures still come": """\
from matplotlib import pyplot
lines = pyplot.plot([1, 2, 3])
""",
    "kept": "figure = minigrad.plots.curves({'a': [1, 2]})",
    "shown again": "figure",
    "bar": """\
model = minigrad.Sequential([Dense(1, input_shape=(1,))], name="line")
model.compile("sgd", "mse")
history = model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=3, batch_size=1)
""",
    "table": "model.summary()",
    "run": """\
with minigrad.record() as run:
    model.train_on_batch([[0.0], [1.0]], [0.0, 1.0])
run
""",
    "run shown": "run.show()",
}


@pytest.fixture(scope="module")
def outputs():
    """The outputs of each cell, from one kernel."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    settings = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    client = nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3")
    client.execute(env={**settings, "PYTHONPATH": path})
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells, strict=True)}


def picture_count(cell):
    """How many pictures a cell shows."""
    return sum("image/png" in output.get("data", {}) for output in cell)


def text_of(cell):
    """What a cell prints."""
    return "".join(output.get("text", "") for output in cell)


@pytest.mark.parametrize("name", list(CELLS)[:4])
def test_each_picture_appears_once(name, outputs):
    assert picture_count(outputs[name]) == 1


def test_the_bar_that_is_saved_is_full(outputs):
    last = text_of(outputs["bar"]).split("\r")[-1]
    assert last.startswith("line, epoch 3/3: 100%")
    assert not any("data" in output for output in outputs["bar"]), "a widget is saved as it began"


@pytest.mark.parametrize("name", ["run", "run shown"])
def test_a_run_shows_its_player_once_with_the_cell_in_it(name, outputs):
    (html,) = [o["data"]["text/html"] for o in outputs[name] if "text/html" in o.get("data", {})]
    assert html.count("<iframe srcdoc=") == 1 and "notebook cell" in html
    assert "model.train_on_batch([[0.0], [1.0]], [0.0, 1.0])" in html


def test_the_table_appears_once_as_html(outputs):
    (table,) = [output["data"] for output in outputs["table"] if "data" in output]
    assert table["text/html"].count("<table>") == 1
    assert "<td style='text-align: right'>2</td>" in table["text/html"]
    assert table["text/html"].count("Total params: 2 ") == 1
    assert not text_of(outputs["table"])
