"""README states the reading path as it is, and the path stays short."""

import pytest

from minigrad.kernels import compiled

from .reading_path import END, PACKAGE, PATH, README, START, code_lines, figures, section


def test_readme_states_the_reading_path_as_it_is():
    text = README.read_text(encoding="utf-8")
    stated = text.split(START)[1].split(END)[0].strip()
    assert stated == section(), "python -m tests.reading_path --write"


def test_the_core_path_does_not_grow():
    """2,000 was the aim; masks, checks of data, and hooks of callbacks took the rest."""
    assert sum(code_lines(PACKAGE / place) for place in PATH) < 2500


@pytest.mark.parametrize("kernels", [False, True])
def test_what_a_reader_holds_does_not_grow(kernels):
    held = figures(kernels)
    seam = 16 if compiled.is_wanted() else 0  # asks whether a compiled loop runs
    assert held["conv2d, forward and backward"] <= (431 + seam if kernels else 395)
    assert held["LSTM layer, forward and backward"] <= (556 + seam if kernels else 508)
    assert held["Adam, two steps"] <= 154
    assert held["fit of a Sequential of Dense layers"] <= (1143 + seam if kernels else 1276)


def test_code_lines_leave_out_blanks_comments_and_docstrings(tmp_path):
    file = tmp_path / "example.py"
    file.write_text(
        '"""Doc."""\n\n# why\nx = [\n    1,\n]\n\n\ndef f():\n    """Doc."""\n    return x\n'
    )
    assert code_lines(file) == 5
