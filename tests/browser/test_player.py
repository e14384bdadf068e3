"""The player in a real browser: stepped to its end, its numbers are those of the run."""

import re

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, record
from minigrad.layers import Conv2D, Dense, Flatten, MaxPooling2D

pytestmark = pytest.mark.browser


def neuron():
    w = Tensor([0.1, 0.2, 0.3], requires_grad=True)
    b = Tensor(0.05, requires_grad=True)
    x = Tensor([0.5, -0.2, 0.8])
    with record() as run:
        loss = (minigrad.sigmoid((w * x).sum() + b) - 1.0) ** 2
        loss.backward()
    return run


def network():
    minigrad.seed(0)
    layers = [Conv2D(4, 3, activation="relu"), MaxPooling2D(2), Flatten(), Dense(3, "softmax")]
    model = Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32")
    with record() as run:
        model.train_on_batch(x, np.arange(4) % 3)
    return run


RUNS = {"neuron": neuron, "network": network}


@pytest.fixture(params=RUNS)
def run(request):
    return RUNS[request.param]()


@pytest.fixture
def page(run, tmp_path, open_page):
    run.save(tmp_path / "run.html")
    return open_page((tmp_path / "run.html").as_uri())


def numbers_of(text):
    """The numbers that a page writes, as floats."""
    text = text.replace("−", "-")
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


def test_stepped_to_its_end_each_table_holds_the_numbers_of_the_run(run, page):
    compared = 0
    for number, step in enumerate(run.steps):
        assert page.locator("#count").inner_text() == f"{number + 1} / {len(run.steps)}"
        if step.output is not None and 0 < step.output.array.size <= 16 and step.kind == "op":
            cells = page.locator("#card table").last.inner_text()
            expected = step.output.array.astype("float64").reshape(-1)
            np.testing.assert_allclose(numbers_of(cells), expected, rtol=6e-3, atol=1e-12)
            compared += 1
        page.keyboard.press("ArrowRight")
    assert compared >= 3
    page.keyboard.press("ArrowRight")
    count = f"{len(run.steps)} / {len(run.steps)}"
    assert page.locator("#count").inner_text() == count, "the last step is the end"
    page.keyboard.press("Home")
    assert page.locator("#count").inner_text() == f"1 / {len(run.steps)}"


def test_every_step_back_shows_its_verdict(run, page):
    for number, step in enumerate(run.steps):
        if step.kind == "gradient":
            page.evaluate(f"go({number})")
            shown = page.locator("#card .verdict").all_inner_texts()
            assert len(shown) == len(step.checks)
            for text, check in zip(shown, step.checks, strict=True):
                mark = {"right": "✓", "wrong": "✗", "kink": "≈", "open": "–"}[check.verdict]
                assert text.startswith(mark)


def test_the_line_is_marked_and_the_formula_has_its_numbers(open_page, tmp_path):
    run = neuron()
    run.save(tmp_path / "run.html")
    page = open_page((tmp_path / "run.html").as_uri())
    marked = page.locator("#code .here").first.inner_text()
    assert "minigrad.sigmoid((w * x).sum() + b)" in marked
    formula = page.locator("#card .formula").inner_text()
    assert "multiply(w, x)" in formula and "0.1000 · 0.5000 = 0.05000" in formula
    page.locator("#card table").last.locator("td").nth(1).click()
    assert "0.2000 · (−0.2000) = −0.04000" in page.locator("#card .formula").inner_text()


def test_fold_search_graph_language_and_theme(page, run):
    rows = page.locator("#outline .row")
    everything = rows.count()
    page.click("#fold")
    folded = rows.count()
    has_groups = any(group.kind != "backward" for group in run.groups)
    assert folded < everything if has_groups else folded == everything
    page.click("#unfold")
    assert rows.count() == everything
    page.fill("#search", run.steps[-1].name.lower())
    page.keyboard.press("Enter")
    assert page.locator("#outline .row.miss").count() > 0
    page.fill("#search", "")
    page.click("#show-graph")
    assert page.locator("#graph rect").count() >= 5
    before = page.locator("#count").inner_text()
    page.locator("#graph rect:not(.leaf)").first.click()
    assert page.locator("#count").inner_text().startswith("1 /") or before.startswith("1 /")
    page.click("#language")
    page.click("#show-outline")
    words = page.locator("body").inner_text()
    assert "大纲" in words or "Outline" in words
    was_dark = page.evaluate("document.documentElement.classList.contains('dark')")
    page.click("#theme")
    assert page.evaluate("document.documentElement.classList.contains('dark')") is not was_dark


@pytest.mark.parametrize("width", [1400, 390])
def test_nothing_scrolls_sideways(page, run, width):
    page.set_viewport_size({"width": width, "height": 800})
    for number in range(0, len(run.steps), 3):
        page.evaluate(f"go({number})")
        size = page.evaluate("document.documentElement.scrollWidth")
        assert size <= width, f"step {number}"


def test_hovering_an_element_tells_its_value(open_page, tmp_path):
    run = network()
    run.save(tmp_path / "run.html")
    page = open_page((tmp_path / "run.html").as_uri())
    canvas = page.locator("#card canvas").last
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    text = page.locator("#tip").inner_text()
    assert text.startswith("[0, 0, 0, 0] = ")
    expected = run.steps[0].output.array[0, 0, 0, 0]
    np.testing.assert_allclose(numbers_of(text.split("=")[1])[0], expected, rtol=1e-3)


def test_a_wrong_rule_has_a_cross(open_page, tmp_path):
    from minigrad.engine.autograd import Primitive

    cube = minigrad.primitive(lambda x: x * x * x)
    cube.name = cube.label = "cube"
    cube.gradients(lambda g, y, x: g * (3 * x))
    x = Tensor([2.0], requires_grad=True)
    with record() as run:
        cube(x).backward()
    Primitive.registry.remove(cube)
    run.save(tmp_path / "run.html")
    page = open_page((tmp_path / "run.html").as_uri())
    page.keyboard.press("End")
    assert "the rule says 6, a nudge says 12" in page.locator("#card .verdict").inner_text()
    assert page.locator("#outline .cross").count() == 1
