"""What a reader sees in a notebook: each picture once, a bar that ends at 100 %, one table.

Every lesson is executed as the notebook that the site offers.
"""

from __future__ import annotations

import json
import os
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import nbclient
import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "tutorials").glob("[0-9]*.py"))
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
    "shown by pyplot": """\
minigrad.plots.curves({'a': [2, 1]})
pyplot.show()
""",
    "shown by pyplot alone": """\
fig = minigrad.plots.curves({'a': [2, 1]})
pyplot.show()
fig = pyplot.close("all")
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


def execute(notebook, folder):
    """Run all cells in one kernel, which draws as notebooks do."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    settings = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    with TemporaryDirectory() as sockets:
        # no ports, which another kernel might take in between
        ipc = {"transport": "ipc", "ip": f"{sockets}/kernel"} if os.name == "posix" else {}
        client = nbclient.NotebookClient(
            notebook,
            kernel_manager_class=AsyncKernelManager,
            config=Config(KernelManager=ipc),
            timeout=240,
            iopub_timeout=60,  # after 4 s a busy machine would lose pictures
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env={**settings, "PYTHONPATH": path})


@pytest.fixture(scope="module")
def outputs():
    """The outputs of each cell, from one kernel."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    execute(notebook, ROOT)
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells, strict=True)}


def picture_count(cell):
    """How many pictures a cell shows."""
    return sum("image/png" in output.get("data", {}) for output in cell)


def text_of(cell):
    """What a cell prints."""
    return "".join(output.get("text", "") for output in cell)


@pytest.mark.parametrize("name", list(CELLS)[:6])
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


# ---- lessons -------------------------------------------------------------------------------------


def as_notebook(lesson):
    """The notebook that the site offers for a lesson."""
    from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF
    from sphinx_gallery.notebook import jupyter_notebook
    from sphinx_gallery.py_source_parser import split_code_and_text_blocks

    _, blocks = split_code_and_text_blocks(str(lesson))
    made = jupyter_notebook(blocks, deepcopy(DEFAULT_GALLERY_CONF), str(lesson.parent))
    return nbformat.reads(json.dumps(made), as_version=4)


@pytest.mark.course
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_lesson_runs_as_a_notebook(lesson, tmp_path):
    notebook = as_notebook(lesson)
    execute(notebook, tmp_path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    source = lesson.read_text(encoding="utf-8")
    assert sum(picture_count(cell.outputs) for cell in code) == source.count("\nplt.show()")
    players = [o for cell in code for o in cell.outputs if "<iframe" in html_of(o)]
    assert len(players) == source.count("\nrun.show()") >= 1
    streams = [o for cell in code for o in cell.outputs if o.output_type == "stream"]
    errors = [output.text for output in streams if output.name == "stderr"]
    assert not errors, "a reader would see this"
    bars = [o.text.rpartition("\r")[2] for o in streams if "\r" in o.text]
    assert all("100%" in bar for bar in bars), "a bar that is not full"
    assert not list(tmp_path.iterdir()), "a notebook leaves files"


def html_of(output):
    """What an output shows as HTML."""
    return output.get("data", {}).get("text/html", "")
