"""The page: one file, no network, small, and with the numbers of the run."""

import base64
import json
import re

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, record
from minigrad.layers import Conv2D, Dense, Flatten, MaxPooling2D
from minigrad.player.formulas import FORMULAS
from minigrad.player.values import MOST_ELEMENTS, kept_counts

RNG = np.random.default_rng(0)


def content_of(text):
    """What the script of a page reads."""
    found = re.search(r'<script type="application/json" id="run">(.*?)</script>', text, re.S)
    return json.loads(found.group(1))


def elements(value):
    """The elements that a page keeps of a value."""
    if "numbers" in value:
        return np.array([float(x) for x in value["numbers"]]).reshape(value["kept"])
    data = np.frombuffer(base64.b64decode(value["data"]), f"<{value['coded']}")
    return data.reshape(value["kept"])


def training_run(layers, x, classes=10):
    minigrad.seed(0)
    model = Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy")
    with record() as run:
        model.train_on_batch(x.astype("float32"), np.arange(len(x)) % classes)
    return run


def digits_mlp():
    layers = [Dense(128, "relu"), Dense(64, "relu"), Dense(10, "softmax")]
    return training_run(layers, RNG.random((200, 64)))


def small_cnn():
    layers = [Conv2D(32, 3, activation="relu"), MaxPooling2D(2), Flatten(), Dense(128, "relu")]
    return training_run([*layers, Dense(10, "softmax")], RNG.random((32, 8, 8, 1)))


@pytest.mark.parametrize("make, limit", [(digits_mlp, 2e6), (small_cnn, 5e6)])
def test_a_step_of_a_network_is_a_small_file(make, limit, tmp_path):
    run = make()
    run.save(tmp_path / "run.html")
    size = (tmp_path / "run.html").stat().st_size
    assert 1e5 < size < limit


def test_nothing_is_fetched(tmp_path):
    text = re.sub(r'<script type="application/json".*?</script>', "", digits_mlp().to_html())
    assert "http://www.w3.org/2000/svg" in text, "the name of a format, not an address to fetch"
    rest = text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|<link|src=|@import|url\(", rest)


def test_the_numbers_are_those_of_the_run():
    run = small_cnn()
    content = content_of(run.to_html())
    assert len(content["steps"]) == len(run.steps) and len(content["values"]) == len(run.values)
    for value, kept in zip(run.values, content["values"], strict=True):
        part = value.array[tuple(slice(n) for n in kept["kept"])]
        np.testing.assert_array_equal(elements(kept), part.astype("float64"))
        if "figures" in kept:
            assert kept["figures"]["max"] == value.array.max()
    for step, shown in zip(run.steps, content["steps"], strict=True):
        assert shown["inputs"] == [value.index for value in step.inputs]
        verdicts = [leaving["check"]["verdict"] for leaving in shown["leaving"]]
        assert verdicts == [check.verdict for check in step.checks]
        for file, line in shown["places"]:
            listing = content["files"][file]
            assert 0 <= line - listing["first"] < len(listing["lines"])


def test_listings_are_of_files_as_a_reader_knows_them():
    files = content_of(digits_mlp().to_html())["files"]
    assert {file["name"] for file in files} >= {"test_page.py", "minigrad/ops/softmax.py"}
    assert not any(file["name"].startswith("/") for file in files)


def test_what_would_end_the_script_is_written_otherwise():
    name = "</script><script>alert(1)</script> {{SCRIPT}} <!--"
    with record() as run:
        minigrad.exp(Tensor([1.0]))
    run.values[0].name = name
    text = run.to_html(title=name)
    assert text.count("</script>") == 2 and "<script>alert" not in text
    assert content_of(text)["values"][0]["name"] == name


def test_infinities_and_nan_are_kept():
    with record() as run:
        minigrad.exp(Tensor([np.nan, np.inf, 1.0]))
    values = content_of(run.to_html())["values"]
    np.testing.assert_array_equal(elements(values[0]), [np.nan, np.inf, 1.0])
    assert values[0]["figures"]["nan"] == 2


def test_large_arrays_keep_their_first_part():
    assert kept_counts((3, 4)) == [3, 4] and kept_counts(()) == []
    for shape in [(32, 28, 28, 16), (10_000,), (288, 128), (7, 500, 64), (1, 227, 227, 96)]:
        counts = kept_counts(shape)
        assert 100 < np.prod(counts) <= MOST_ELEMENTS
        assert all(1 <= n <= full for n, full in zip(counts, shape, strict=True))


def test_a_run_can_be_saved_twice_and_over_another(tmp_path):
    run = digits_mlp()
    path = tmp_path / "run.html"
    run.save(path)
    first = path.read_bytes()
    run.save(str(path))
    assert path.read_bytes() == first
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        run.save(tmp_path / "folder")
    assert sorted(left.name for left in tmp_path.iterdir()) == ["folder", "run.html"]


def test_formulas_are_right():
    """The text of each formula, with numbers in it, computes what the op computes."""
    words = {
        "·": "*",
        "−": "-",
        "^": "**",
        "²": "**2",
        "√": "sqrt ",
        "exp": "np.exp",
        "ln": "np.log",
    }
    tried = 0
    for name, formula in FORMULAS.items():
        if formula.kind != "elementwise" or re.search("max|min|if|=|≠|<|>|≤|≥|\\|", formula.text):
            continue
        x = Tensor([0.3], requires_grad=True, dtype="float64")
        other = Tensor([0.7], requires_grad=True, dtype="float64")
        op = getattr(minigrad.ops, name, None)
        if op is None or name == "astype":
            continue
        inputs = [x, other] if "{1}" in formula.text else [x]
        y = op(*inputs)
        gradients = minigrad.grad(y, inputs, cotangent=[1.7])
        numbers = {"0": 0.3, "1": 0.7, "y": y.item(), "g": 1.7}
        expected = [y, *gradients]
        for text, value in zip((formula.text, *formula.rules), expected, strict=True):
            for mark, python in words.items():
                text = text.replace(mark, python)
            text = re.sub(r"\{(\w)\}", lambda found: repr(numbers[found[1]]), text)
            text = re.sub(r"(np\.\w+|sqrt|tanh|sin|cos|sign) (-?[\d.]+)", r"\1(\2)", text)
            functions = {
                "np": np,
                **{f: getattr(np, f) for f in ("sqrt", "tanh", "sin", "cos", "sign")},
            }
            np.testing.assert_allclose(
                eval(text, functions), value.item(), rtol=1e-12, err_msg=name
            )
        tried += 1
    assert tried >= 18


def test_every_formula_belongs_to_an_op():
    names = {op.name for op in minigrad.engine.autograd.Primitive.registry}
    assert set(FORMULAS) <= names
