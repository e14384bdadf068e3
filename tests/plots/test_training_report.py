"""The page of a watched training: findings, marks, lines, escaped names, gaps, its file."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

import minigrad
from minigrad import plots
from minigrad.layers import Dense
from minigrad.plots import line_charts
from minigrad.plots.line_charts import Band, Mark, line_chart
from minigrad.plots.training_report import layer_colors
from minigrad.training.watcher import Activation, Finding, Point

HOSTILE = '<script>alert("1")</script>&'


def watched(names=("first", "last"), loss=(2.0, 1.0, 0.5), findings=()):
    """What a watcher keeps, of three steps."""
    steps = range(len(loss))
    series = {name: [Point(i, 10.0 ** -(i + 1)) for i in steps] for name in names}
    outputs = {name: [Activation(i, 0.0, 1.0 + i, 0.5, 0.0) for i in steps] for name in names}
    statistics = {
        "loss": [Point(i, value) for i, value in enumerate(loss)],
        "gradient": series,
        "activation": outputs,
        "update": series,
    }
    return SimpleNamespace(statistics=statistics, findings=list(findings))


def drawings(page):
    """The drawings of a page as trees of elements."""
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.S)]


def lines(svg):
    return [e for e in svg.iter() if e.get("class") == "line"]


def places(line):
    return [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]


# ---- the page ------------------------------------------------------------------------------------


def test_a_real_run_is_drawn(tmp_path):
    minigrad.seed(0)
    model = minigrad.Sequential([Dense(8, "relu", name="hidden"), Dense(1, name="out")])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("f")
    with minigrad.watch(model, interval=2) as watcher:
        model.fit(x, x.sum(1), epochs=5, batch_size=16, verbose=0)
    path = tmp_path / "report.html"
    page = plots.training_report(watcher, path, title="A run")
    assert path.read_text(encoding="utf-8") == page
    loss, *others = drawings(page)
    assert len(places(lines(loss)[0])) == 20
    assert len(others) == 4  # gradients, activations, zeros of the ReLU, updates
    for svg in others:
        assert [line.get("data-name") for line in lines(svg)] == ["hidden", "out"]
    assert "20 steps, 2 layers" in page
    assert "Nothing looks wrong." in page
    assert not re.search(r'(src|href)="', page)  # it needs no other file


def test_findings_stand_on_top_and_in_every_chart():
    findings = [
        Finding("dead_relu", "first", "all units give 0", "lower the rate", 1),
        Finding("updates_too_large", "last", "far too large", "lower it", 2),
        Finding("nan_loss", "last", "NaN", "clip", 2),
    ]
    page = plots.training_report(watched(findings=findings))
    heads = re.findall(
        r'<span class="number">(\d)</span>([a-z ]+) <span class="where">(.*?)<', page
    )
    assert heads == [
        ("1", "dead relu", "first, step 1"),
        ("2", "updates too large", "last, step 2"),
        ("3", "nan loss", "last, step 2"),
    ]
    assert "<p>all units give 0</p>" in page and ">lower the rate</p>" in page
    assert "Nothing looks wrong" not in page
    for svg in drawings(page):
        marks = [e.text for e in svg.iter() if e.get("class") == "mark" and e.text]
        assert marks == ["1", "2, 3"]


def test_names_and_words_are_escaped():
    finding = Finding(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1)
    page = plots.training_report(watched([HOSTILE], findings=[finding]), title=HOSTILE)
    assert page.count("<script>") == 1  # the page's own
    assert HOSTILE not in page
    assert [line.get("data-name") for line in lines(drawings(page)[1])] == [HOSTILE]


def test_a_name_that_looks_like_a_place_of_the_template_stays():
    assert "{{STYLE}}" in plots.training_report(watched(["{{STYLE}}"]))


def test_twenty_layers_have_colors_and_a_legend_each():
    names = [f"layer{i}" for i in range(20)]
    page = plots.training_report(watched(names))
    colors = layer_colors(names)
    assert len(set(colors.values())) == 20
    legends = re.findall(r'<ul class="legend">(.*?)</ul>', page)
    assert len(legends) == 4
    for legend in legends:
        assert re.findall(r">(layer\d+)</li>", legend) == names


def test_a_loss_below_zero_is_on_a_linear_axis():
    assert "logarithmic" in plots.training_report(watched())
    assert "logarithmic" not in plots.training_report(watched(loss=(1.0, -1.0, -3.0)))


def test_a_loss_that_became_nan_is_said():
    page = plots.training_report(watched(loss=(1.0, 2.0, math.nan, math.inf)))
    assert "It is NaN or infinite in 2 steps, first in 2." in page
    assert len(places(lines(drawings(page)[0])[0])) == 2


def test_a_run_without_steps():
    page = plots.training_report(watched([], loss=()))
    assert page.count("nothing was measured") == 4
    assert "0 steps, 0 layers" in page


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(OSError):
        plots.training_report(watched(), tmp_path)


def test_charts_without_values_above_zero_are_left_out():
    page = plots.training_report(watched())
    assert "Outputs that are 0" in page
    assert "Outputs at an end" not in page


# ---- charts --------------------------------------------------------------------------------------


def test_a_logarithmic_axis_has_equal_factors_at_equal_distances():
    (line,) = lines(ElementTree.fromstring(line_chart(COLUMN, COLOR, log=True)))
    ys = [y for _, y in places(line)]
    assert ys[0] - ys[1] == pytest.approx(ys[1] - ys[2], abs=0.2)
    assert ys[0] > ys[1] > ys[2]


COLUMN = {"a": ([1, 2, 3], [0.01, 0.1, 1.0])}
COLOR = {"a": "red"}


def test_gaps_where_a_value_cannot_be_drawn():
    values = [1.0, 2.0, math.nan, 3.0, 0.0, 4.0, 5.0]
    svg = ElementTree.fromstring(line_chart({"a": (range(7), values)}, COLOR, log=True))
    assert [e.tag for e in lines(svg)] == ["polyline", "circle", "polyline"]
    svg = ElementTree.fromstring(line_chart({"a": (range(7), values)}, COLOR))
    assert [e.tag for e in lines(svg)] == ["polyline", "polyline"]


def test_the_band_lies_between_its_ends():
    band = Band(1e-4, 1e-2, 1e-3)
    svg = ElementTree.fromstring(line_chart(COLUMN, COLOR, band=band, log=True))
    (strip,) = [e for e in svg.iter() if e.get("class") == "band"]
    (usual,) = [e for e in svg.iter() if e.get("class") == "usual"]
    top, height = float(strip.get("y")), float(strip.get("height"))
    assert float(usual.get("y1")) == pytest.approx(top + height / 2, abs=0.2)
    assert places(lines(svg)[0])[0][1] == pytest.approx(top, abs=0.2)  # 0.01, its upper end


def test_a_spike_of_a_long_line_stays():
    values = np.ones(5000)
    values[3210] = 100.0
    svg = line_chart({"a": (range(5000), values.tolist())}, COLOR, log=True)
    points = places(lines(ElementTree.fromstring(svg))[0])
    assert len(points) <= line_charts.MOST_POINTS
    highest = min(points, key=lambda point: point[1])
    assert highest[1] < points[0][1] - 100
    assert highest[0] == pytest.approx(58 + 3210 / 4999 * 568, abs=0.2)


@pytest.mark.parametrize("values", [[3.0, 3.0], [0.0, 0.0], [-1.0, 1e-9], [1e30, 1e-30]])
@pytest.mark.parametrize("log", [False, True])
def test_any_range_can_be_drawn(values, log):
    svg = line_chart({"a": ([0, 1], values)}, COLOR, [Mark(0, "1")], log=log)
    numbers = re.findall(r'"(-?[\d.]+|nan|inf)"', svg)
    assert all(math.isfinite(float(number)) for number in numbers)
    ElementTree.fromstring(svg)


def test_marks_of_neighboring_steps_do_not_cover_each_other():
    marks = [Mark(10, "1"), Mark(11, "2"), Mark(12, "3")]
    svg = ElementTree.fromstring(line_chart({"a": ([0, 1000], [1.0, 2.0])}, COLOR, marks))
    xs = [float(e.get("x")) for e in svg.iter() if e.get("class") == "mark" and e.text]
    assert all(b - a >= 7 for a, b in zip(xs, xs[1:]))
