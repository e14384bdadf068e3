"""CPython's help texts, about 700 kB of English."""

from __future__ import annotations


def load_text() -> str:
    """Some 500 kB of English: the texts of Python's own help(), in the order of their names. How many differs by Python's version."""
    try:
        from pydoc_data.topics import topics as texts
    except ImportError as cause:
        raise ImportError(
            "this Python came without pydoc_data, the texts of help() (some systems keep them in a package of their own, "
            "such as Debian's libpython3-stdlib or python3-doc): install them, or read a text of your own with "
            "pathlib.Path(...).read_text()"
        ) from cause
    return "\n\n".join(texts[name].strip() for name in sorted(texts))


def load_data(validation: float = 0.1) -> tuple[str, str]:
    """The texts of `topics` for training, and the last `validation` of them, cut by position, to validate with."""
    whole = load_text()
    cut = round(len(whole) * (1 - validation))
    if not 0 < validation < 1 or not 0 < cut < len(whole):
        raise ValueError(f"text: validation is a fraction between 0 and 1, not {validation!r}")
    return whole[:cut], whole[cut:]
