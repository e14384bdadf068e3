"""The texts of Python's own help(), some 500 kB of English."""

from __future__ import annotations

from ..arguments import explains_arguments


def load_text() -> str:
    """All texts in the order of their names; the content differs between versions of Python.

    Raises:
        ImportError: If this Python comes without the texts.

    Example:
        >>> len(load_text()) > 300_000
        True
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as cause:
        raise ImportError(
            "this Python came without pydoc_data, the texts of help() (some systems keep them in "
            "a package of their own, such as Debian's libpython3-stdlib or python3-doc): install "
            "them, or read a text of your own with pathlib.Path(...).read_text()"
        ) from cause
    return "\n\n".join(topics[name].strip() for name in sorted(topics))


@explains_arguments
def load_data(validation: float = 0.1) -> tuple[str, str]:
    """(text for training, text for validation), which is the last part.

    Args:
        validation: Fraction of the text for validation.

    Raises:
        ImportError: If this Python comes without the texts.
        ValueError: If one part is empty.

    Example:
        >>> train, validation = load_data()
        >>> len(train) > len(validation)
        True
    """
    text = load_text()
    cut = round(len(text) * (1 - validation))
    if not 0 < validation < 1 or not 0 < cut < len(text):
        raise ValueError(f"text: validation is a fraction between 0 and 1, not {validation!r}")
    return text[:cut], text[cut:]
