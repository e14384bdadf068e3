"""Progbar: means of figures, and what is shown."""

from __future__ import annotations

from minigrad.utils import Progbar


def test_one_line_at_the_end(capsys):
    bar = Progbar(4, verbose=2)
    bar.update(3, [("loss", 1.0)])
    assert capsys.readouterr().out == ""
    bar.update(4, [("loss", 3.0)])
    assert capsys.readouterr().out == "4/4 - loss: 1.5000\n"


def test_the_line_of_stateful_figures(capsys):
    bar = Progbar(2, verbose=2, stateful_metrics=["acc"])
    bar.update(1, [("loss", 1.0), ("acc", 0.2)])
    bar.update(2, [("loss", 2.0), ("acc", 0.4)])
    assert capsys.readouterr().out == "2/2 - loss: 1.5000 - acc: 0.4000\n"


def test_a_bar(capsys):
    bar = Progbar(2, unit_name="item")
    bar.add(1, [("loss", 1.0)])
    assert bar.bar.n == 1
    bar.add(1, [("loss", 2.0)])
    shown = capsys.readouterr().out
    assert bar.bar is None and "2/2" in shown and "loss: 1.5000" in shown
    unknown = Progbar(None)
    unknown.add(5)
    unknown.update(6, finalize=True)
    assert unknown.bar is None and unknown.seen == 6


def test_nothing(capsys):
    Progbar(1, verbose=0).update(1, [("loss", 1.0)])
    assert capsys.readouterr().out == ""
