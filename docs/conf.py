"""Sphinx: `sphinx-build -W docs docs/_build/html`. Tutorials are run, and shown with pictures."""

import inspect
import re
import sys
from pathlib import Path

from sphinx.ext.napoleon import GoogleDocstring
from sphinx.util.docutils import SphinxDirective
from sphinx_gallery.sorting import FileNameSortKey

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))


def start_afresh(gallery, lesson):
    """All lessons share the process of the build: give each the settings of a fresh one."""
    import matplotlib.pyplot as plt

    import minigrad
    from docs.pages import keep_players

    plt.rcdefaults()
    minigrad.set_floatx("float32")
    minigrad.seed(0)
    keep_players()


SECTION = re.compile(r"(Args|Attributes|Example|Examples|Raises|References|Returns|Shape|Yields):$")
NAMED = re.compile(
    r"( +\*{0,2}[\w., ]+: ?)(.*)$"
)  # an argument or an error, and what is said of it


def escaped(text):
    """Plain text for Sphinx: `names` become code, special characters stand for themselves."""
    parts = re.split(r"`+([^`]+)`+", text)
    parts[::2] = [re.sub(r"([*|_\\])", r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [f"``{part}``" for part in parts[1::2]]
    return "".join(parts)


def as_rst(text):
    """The lines of a docstring for Sphinx: indented formulas become blocks of code."""
    lines, before, literal, section = [], "", False, ""
    for line in text:
        if SECTION.match(line):
            section, literal = line.rstrip(":"), False
        elif line.strip() and not line.startswith(" "):
            section, literal = "", False
        elif line.startswith("    ") and not before.strip() and not section and not literal:
            lines += ["::", ""]
            literal = True
        named = NAMED.match(line) if section in ("Args", "Attributes", "Raises") else None
        if named:
            line = named[1] + escaped(named[2])
        elif not literal and not section.startswith("Example"):
            line = escaped(line)
        lines.append(line)
        before = line
    return lines


def translate(app, what, name, thing, options, lines):
    """Called by autodoc with the lines of each docstring, which it takes back changed."""
    lines[:] = as_rst(lines)


def skip_requests(app, what, name, thing, skip, options):
    """Leave out set_fit_request and its like, which scikit-learn adds to estimators."""
    return True if name.startswith("set_") and name.endswith("_request") else None


class Ops(SphinxDirective):
    """`.. ops::` shows every op by file, with its arguments and its docstring."""

    def run(self):
        """The ops, as nodes."""
        import minigrad

        files = {}
        for name in minigrad.ops.__all__:
            op = getattr(minigrad.ops, name)
            files.setdefault(op.__module__, []).append((name, getattr(op, "__wrapped__", op)))
        lines = []
        for file, members in files.items():
            lines += [f".. rubric:: {file.rpartition('.')[2].capitalize()}", ""]
            for name, function in members:
                text = as_rst((inspect.getdoc(function) or "").splitlines())
                lines += [
                    f".. py:function:: {name}{plain_signature(function)}",
                    "   :no-index:",
                    "",
                ]
                lines += [f"   {line}" for line in GoogleDocstring(text, self.config).lines()]
                lines += [""]
        return self.parse_text_to_nodes("\n".join(lines))


HOMES = """
layers optimizers losses metrics callbacks models activations initializers regularizers constraints
utils random datasets applications preprocessing wrappers
"""


class SameNames(SphinxDirective):
    """`.. same-names::` lists the public names of each module that has a home in Keras."""

    def run(self):
        """The names, as nodes."""
        import minigrad

        lines = []
        for home in HOMES.split():
            names = [n for n in getattr(minigrad, home).__all__ if n[0] != "_"]
            lines += [f"minigrad.{home}", "   " + ", ".join(f"``{name}``" for name in names), ""]
        return self.parse_text_to_nodes("\n".join(lines))


class Instead(SphinxDirective):
    """`.. instead::` shows the table of names of Keras that are not here."""

    def run(self):
        """The table, as nodes."""
        from minigrad.utils.instead import INSTEAD

        lines = [".. list-table::", "   :header-rows: 1", "", "   * - in Keras", "     - here"]
        names = {}
        for name, line in INSTEAD.items():
            names.setdefault(line, []).append(f"``{name}``")
        for line, keys in names.items():
            lines += [f"   * - {', '.join(keys)}", f"     - {escaped(line)}"]
        return self.parse_text_to_nodes("\n".join(lines))


def plain_signature(function):
    """The arguments of a function without their types."""
    signature = inspect.signature(function)
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return signature.replace(parameters=bare, return_annotation=signature.empty)


def setup(app):
    """Called by Sphinx."""
    from docs.pages import add_pages

    app.add_directive("ops", Ops)
    app.add_directive("same-names", SameNames)
    app.add_directive("instead", Instead)
    add_pages(app)
    app.connect("autodoc-process-docstring", translate, priority=400)  # before napoleon
    app.connect("autodoc-skip-member", skip_requests)


project = "minigrad"
author = "the minigrad authors"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
    "myst_parser",
]
exclude_patterns = ["_build", "_lessons", "_players", "*_report.md"]
templates_path = ["_templates"]
suppress_warnings = ["config.cache"]  # start_afresh cannot be pickled, and need not be
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = ["Shape"]
html_theme = "furo"
html_title = "minigrad"
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "language.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_extra_path = ["_players"]  # made by the lessons
html_show_sourcelink = False
smartquotes = False  # docstrings hold code
add_module_names = False
autodoc_typehints = "none"
autodoc_default_options = {"members": True, "member-order": "bysource"}
sphinx_gallery_conf = {
    "examples_dirs": "_lessons",
    "gallery_dirs": "tutorials",
    "filename_pattern": r"/\d\d_",
    "parallel": 2,
    "within_subsection_order": FileNameSortKey,
    "reset_modules": (start_afresh,),
    "image_scrapers": ("matplotlib", "docs.pages.scrape_players"),
    "abort_on_example_error": True,
    "show_signature": False,
    "download_all_examples": False,
    "write_computation_times": False,
    "min_reported_time": 1e9,  # never: the pages are the same on every machine
}
locale_dirs = ["locale"]
html_search_language = "en"  # that of Chinese names a stemmer that its page does not have
gettext_compact = False
gettext_uuid = False
gettext_location = False  # line numbers would change with every edit
