"""What is shown in a notebook as HTML."""

from __future__ import annotations

import sys
from typing import Any


def show_in_notebook(thing: Any) -> bool:
    """Show something that knows its HTML, in a notebook; elsewhere do nothing and return False.

    Args:
        thing: An object with `_repr_html_`.

    Example:
        >>> show_in_notebook("a table")
        False
    """
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython
    from IPython.display import display

    if getattr(get_ipython(), "kernel", None) is None:
        return False
    display(thing)
    return True
