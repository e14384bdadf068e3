"""Sheets of small images."""

import numpy as np

from models.common import sample_plots


def test_tiles_stand_row_by_row_with_a_line_between():
    images = np.stack([np.full((2, 2), value) for value in (0.1, 0.2, 0.3)])
    sheet = sample_plots.tile(images, columns=2)
    assert sheet.tolist() == [
        [0.1, 0.1, 1, 0.2, 0.2],
        [0.1, 0.1, 1, 0.2, 0.2],
        [1, 1, 1, 1, 1],
        [0.3, 0.3, 1, 1, 1],
        [0.3, 0.3, 1, 1, 1],
    ]


def test_rows_and_sheets_are_written(tmp_path):
    images = np.zeros((4, 64))
    sample_plots.draw_rows({"a": images, "b": images}, "Two", tmp_path / "rows.png")
    sample_plots.draw_sheet(images, 3, "One", tmp_path / "sheet.png")
    assert {file.name for file in tmp_path.iterdir()} == {"rows.png", "sheet.png"}
