"""The catalogs of the Chinese site: what is to be translated, and whether all of it is.

    python -m docs.translations              # name what is missing; an error if anything is
    python -m docs.translations --update     # bring the catalogs up to date with the pages

The pages of PAGES and all lessons are translated. A sentence that has changed loses its
translation; nothing is guessed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

DOCS = Path(__file__).parent
CATALOGS = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
PAGES = ("index", "architecture", "speed", "distributed", "search", "from_keras")
# what the gallery writes below each lesson
BOILERPLATE = {
    r":ref:`Go to the end <(.*)>` to download the full example code\.": (
        r":ref:`跳到末尾 <\1>` 下载完整的示例代码。"
    ),
    r":download:`Download Jupyter notebook: (.*)`": r":download:`下载 Jupyter notebook：\1`",
    r":download:`Download Python source code: (.*)`": r":download:`下载 Python 源代码：\1`",
    r":download:`Download zipped: (.*)`": r":download:`下载压缩包：\1`",
}


def templates(folder: Path) -> dict[str, Catalog]:
    """The messages of each page that is translated, as Sphinx finds them.

    Args:
        folder: A folder to write to.
    """
    options = ["-q", "-b", "gettext", "-D", "sphinx_gallery_conf.plot_gallery=0"]
    command = [sys.executable, "-m", "sphinx", *options, str(DOCS), str(folder)]
    subprocess.run(command, check=True)
    lessons = [f"tutorials/{file.stem}" for file in sorted(folder.glob("tutorials/*.pot"))]
    return {name: _read(folder / f"{name}.pot") for name in (*PAGES, *lessons)}


def _read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale="zh_CN")
    with path.open("rb") as file:
        return read_po(file, locale="zh_CN")


# code, links and numbers, which are the same in every language
SAME = re.compile(r"(``[^`]*``|:\w+:`[^`<]*`|[\d\s.,;:()|+*/=%x-])+")


def by_rule(text: str) -> str:
    """The translation of what the gallery writes, and of what needs none; "" of anything else.

    Args:
        text: The message.
    """
    if SAME.fullmatch(text):
        return text
    for pattern, translation in BOILERPLATE.items():
        if re.fullmatch(pattern, text):
            return re.sub(pattern, translation, text)
    return ""


def updated(old: Catalog, template: Catalog) -> Catalog:
    """The messages of a template with the translations that a catalog has of them.

    Args:
        old: The catalog.
        template: The messages of the page.
    """
    new = Catalog(locale="zh_CN", project="minigrad", charset="utf-8")
    for message in template:
        if message.id:
            known = old.get(message.id)
            text = by_rule(message.id) or (known.string if known and not known.fuzzy else "")
            new.add(message.id, text)
    return new


def missing(catalog: Catalog, template: Catalog) -> list[str]:
    """The messages of a page without a translation, or with one that is marked as a guess.

    Args:
        catalog: The catalog.
        template: The messages of the page.
    """
    found = []
    for message in template:
        known = catalog.get(message.id) if message.id else None
        if message.id and (known is None or not known.string or known.fuzzy):
            found.append(message.id)
    return found


def main() -> int:
    """Check the catalogs, or update them."""
    parser = argparse.ArgumentParser(prog="python -m docs.translations", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--update", action="store_true", help="rewrite the catalogs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pages = templates(Path(folder))
    count = 0
    for name, template in pages.items():
        path = CATALOGS / f"{name}.po"
        if options.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            catalog = updated(_read(path), template)
            with path.open("wb") as file:
                write_po(file, catalog, width=100, omit_header=False, sort_output=False)
        for text in missing(_read(path), template):
            count += 1
            print(f"{name}: no translation of {text[:90]!r}")
    print(f"{count} messages are not translated")
    return 0 if options.update else int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
