"""Sphinx: `sphinx-build -W docs docs/_build/html`. The tutorials are run, and shown with their pictures."""

import inspect
import re
import sys
from pathlib import Path

from sphinx.util.docutils import SphinxDirective
from sphinx_gallery.sorting import FileNameSortKey

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))


def start_afresh(gallery, lesson):
    """All lessons share the process of the build: give each the settings it would find in one of its own."""
    import matplotlib.pyplot as plt

    import minigrad

    plt.rcdefaults()
    minigrad.set_floatx("float32")
    minigrad.seed(0)


def as_rst(text):
    """The lines of a docstring, which is plain text, for Sphinx: `names` become code, indented formulas blocks of code."""
    lines, before, literal = [], "", False
    for line in text:
        if line.startswith("    ") and not before.strip():
            lines += [] if literal else ["::", ""]
            literal = True
        elif line.strip() and not line.startswith("    "):
            literal = False
        if not literal:
            parts = re.split(r"`+([^`]+)`+", line)
            parts[::2] = [re.sub(r"([*|_\\])", r"\\\1", part) for part in parts[::2]]
            parts[1::2] = [f"``{part}``" for part in parts[1::2]]
            line = "".join(parts)
        lines.append(line)
        before = line
    return lines


def translate(app, what, name, thing, options, lines):
    """Called by autodoc with the lines of each docstring, which it takes back changed."""
    lines[:] = as_rst(lines)


class Ops(SphinxDirective):
    """`.. ops::` lists every op by file, with its arguments and the first line of its docstring."""

    def run(self):
        """The list, as nodes."""
        import minigrad

        files = {}
        for name in minigrad.ops.__all__:
            op = getattr(minigrad.ops, name)
            files.setdefault(op.__module__, []).append((name, getattr(op, "__wrapped__", op)))
        lines = []
        for file, members in files.items():
            lines += [f".. rubric:: {file.rpartition('.')[2].capitalize()}", ""]
            for name, function in members:
                summary = as_rst((inspect.getdoc(function) or "").splitlines()[:1])
                lines += [
                    f"``{name}{inspect.signature(function)}``",
                    *(f"    {line}" for line in summary),
                ]
            lines += [""]
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app):
    """Called by Sphinx."""
    app.add_directive("ops", Ops)
    app.connect("autodoc-process-docstring", translate)


project = "minigrad"
author = "the minigrad authors"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
suppress_warnings = ["config.cache"]  # start_afresh cannot be pickled, and need not be
html_theme = "alabaster"
html_theme_options = {
    "description": "Deep learning you can read in an afternoon",
    "page_width": "1100px",
}
html_show_sourcelink = False
smartquotes = False  # docstrings hold code
add_module_names = False
autodoc_typehints = "none"
autodoc_default_options = {"members": True, "member-order": "bysource"}
sphinx_gallery_conf = {
    "examples_dirs": "../tutorials",
    "gallery_dirs": "tutorials",
    "filename_pattern": r"/\d\d_",
    "ignore_pattern": "__main__",
    "within_subsection_order": FileNameSortKey,
    "reset_modules": (start_afresh,),
    "abort_on_example_error": True,
    "show_signature": False,
    "download_all_examples": False,
    "write_computation_times": False,
}
