"""Matrices copied into panels of a few columns each, for products that read them again and again.

Parts of the rows of a wide matrix fall on the same few places of the cache, and push each other out
of it. A panel lies in one piece, and each of its rows begins where a vector does.
"""

from __future__ import annotations

from .loops import inlined

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
    """Some rows of a panel are the columns of b, from row `begin` on."""
    count, width = rows.shape
    for first in range(0, count, TURNED):
        for c in range(0, width, TURNED):
            for j in range(first, min(first + TURNED, count)):
                row = rows[j]
                for i in range(c, min(c + TURNED, width)):
                    row[i] = b[begin + i, j]
