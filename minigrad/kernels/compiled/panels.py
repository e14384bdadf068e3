"""Matrices copied into panels of a few columns each, for products that read them again and again.

Parts of the rows of a wide matrix fall on the same few places of the cache, and push each other out
of it. A panel lies in one piece, and each of its rows begins where a vector does.
"""

from __future__ import annotations

import numpy as np

from .loops import inlined
from .tiles import aligned_space, product

U = np.uint64
COLUMNS = 64  # of a panel
TURNED = 16  # rows and columns of a matrix that are turned together


@inlined
def count_panels(columns):
    """The number of panels of a matrix of so many columns."""
    return (columns + COLUMNS - 1) // COLUMNS


@inlined
def panel_of(panels, k, length, columns):
    """Panel k of a matrix (length, columns), of the memory of all panels."""
    begin, end = k * COLUMNS, min(columns, (k + 1) * COLUMNS)
    return panels[length * begin : length * end].reshape(length, end - begin)


@inlined
def copy_into(rows, b, begin):
    """Some rows of a panel are those of b, from column `begin` on."""
    for i in range(len(rows)):
        row, source = rows[i], b[i]
        for j in range(row.size):
            row[j] = source[begin + j]


@inlined
def turn_into(rows, b, begin):
    """Some rows of a panel are the columns of b, from row `begin` on.

    It counts with unsigned numbers: an index that may be negative takes as long as the copying.
    """
    count, width, begin_u = U(rows.shape[0]), U(rows.shape[1]), U(begin)
    for first in range(U(0), count, U(TURNED)):
        for c in range(U(0), width, U(TURNED)):
            for i in range(c, min(c + U(TURNED), width)):
                for j in range(first, min(first + U(TURNED), count)):
                    rows[j, i] = b[begin_u + i, j]


@inlined
def as_panels(b):
    """The panels of a matrix."""
    panels = aligned_space(b.size, b)
    for k in range(count_panels(b.shape[1])):
        copy_into(panel_of(panels, k, len(b), b.shape[1]), b, k * COLUMNS)
    return panels


@inlined
def product_of_panels(a, panels, c, y):
    """y = c + a @ b, as `product`, of the panels of b."""
    for k in range(count_panels(y.shape[1])):
        columns = slice(k * COLUMNS, min(y.shape[1], (k + 1) * COLUMNS))
        panel = panel_of(panels, k, a.shape[1], y.shape[1])
        product(a, panel, c[:, columns], y[:, columns])
