"""README.md and README.zh-CN.md say the same: code, names, headings, links, numbers."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"(^|\s+)#.*$", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])\.\d+|\d+(?:[,.]\d+)*")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def prose(text):
    """The text without its fenced code."""
    return FENCED.sub("", text)


def code_blocks(text):
    """The language and the code of each block, without comments."""
    return [(language, COMMENT.sub("", code)) for language, code in FENCED.findall(text)]


def code_spans(text):
    """Commands, names and files between backticks; a translation may put them in another order."""
    return sorted(re.findall(r"`([^`\n]+)`", prose(text)))


def heading_levels(text):
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(text), re.MULTILINE)]


def local_links(text):
    """The targets of links within the repository, except from one README to the other."""
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    return [t for t in targets if "://" not in t and t not in (ENGLISH, CHINESE)]


def table_rows(text):
    """Of each row of a table the count of its bars, its code and its numbers."""
    rows = [line for line in prose(text).splitlines() if line.startswith("|")]
    return [
        (row.count("|"), re.findall(r"`.+?`", row), sorted(NUMBER.findall(row))) for row in rows
    ]


def numbers(text):
    """All numbers outside code; a translation may put those of a sentence in another order."""
    return sorted(NUMBER.findall(prose(text)))


@pytest.mark.parametrize(
    "part", [code_blocks, code_spans, heading_levels, local_links, table_rows, numbers]
)
def test_both_readmes_have_the_same(part):
    assert part(read(CHINESE)) == part(read(ENGLISH)), f"bring {CHINESE} up to date"


def test_each_readme_links_the_other_under_its_title():
    assert read(ENGLISH).splitlines()[2] == f"[简体中文]({CHINESE})"
    assert read(CHINESE).splitlines()[2] == f"[English]({ENGLISH})"


def test_chinese_prose_has_full_width_punctuation_and_spaces_around_latin_words():
    text = re.sub(r"\]\([^)]*\)", "]", prose(read(CHINESE)))
    han = "[\u4e00-\u9fff]"
    half_width = rf"{han} ?[,;:!?()]|[,;:!?()] ?{han}"
    no_space = rf"{han}[A-Za-z0-9`]|[A-Za-z0-9`]{han}"
    assert not re.findall(f".{{0,8}}(?:{half_width}|{no_space}).{{0,8}}", text)


def test_parts_of_a_readme():
    text = (
        "# A\n\n```sh\nrun  # why\n# all\n```\n\n| `f.py` | x: .70, 2,497 and 10-1 |\n[b](c.md)\n"
    )
    assert code_blocks(text) == [("sh", "run\n")]
    assert code_spans(text) == ["f.py"]
    assert heading_levels(text) == [1]
    assert local_links(text) == ["c.md"]
    assert table_rows(text) == [(3, ["`f.py`"], [".70", "1", "10", "2,497"])]
    assert numbers("`x` 3.11、.5") == [".5", "3.11"]
