"""The timeline and the frameworks: files exist, years are those of the sources, nothing twice."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest
from matplotlib import pyplot

import models
from models.study import history

ROOT = Path(__file__).parents[3]
MILESTONES, FRAMEWORKS = history.milestones(), history.frameworks()
NAMES = [item.title for item in MILESTONES]
NOT_A_MILESTONE = {  # models that rebuild no paper of their own
    "mlp": "the settings of a library",
    "cnn_mnist": "LeNet-5 and dropout once more",
    "resnet_depth": "a study of ResNet",
    "sentiment": "LSTM on a data set",
    "dense_gan": "the GAN with other layers",
    "conv_gan": "DCGAN as a tutorial has it",
}


# ---- milestones ----------------------------------------------------------------------------------


@pytest.mark.parametrize("item", MILESTONES, ids=NAMES)
def test_a_milestone_names_what_exists(item):
    assert item.file is None or (ROOT / item.file).is_file(), item.file
    if item.model is not None:
        assert models.SECTION_OF[item.model] == Path(item.file).parent.name
    assert item.group in history.groups()
    assert all(isinstance(text, str) and text for text in (item.title, item.source, item.change))
    assert item.people and all(item.people)


def years_of(text):
    """Years in a text, and those that arXiv numbers begin with."""
    numbers = re.findall(r"arXiv:(\d\d)(\d\d)\.\d{4,5}\b", text)
    assert all(1 <= int(month) <= 12 for _, month in numbers), text
    plain = re.findall(r"(?<![\d:.-])(19[4-9]\d|20[0-2]\d)(?![\d.-])", text)
    return {2000 + int(year) for year, _ in numbers} | {int(year) for year in plain}


@pytest.mark.parametrize("item", MILESTONES, ids=NAMES)
def test_the_year_is_that_of_the_source(item):
    if "arXiv:" in item.source:
        number = item.source[item.source.index("arXiv:") :]
        assert years_of(number) == {item.year}
    assert item.year in years_of(item.source)
    assert 1943 <= item.year <= datetime.date.today().year
    if item.model is not None:  # and that of the model file
        assert item.year in years_of(models.load(item.model).__doc__)


def test_years_in_texts():
    assert years_of("Nature 323, 533-536, 1986") == {1986}
    assert years_of("PMLR 9, 1951-1999, arXiv:1906.01234; 2010") == {2019, 2010}
    with pytest.raises(AssertionError):
        years_of("arXiv:1913.00001")


def test_nothing_is_there_twice_and_years_ascend():
    for field in ("title", "source", "change"):
        texts = [getattr(item, field) for item in MILESTONES]
        assert len(set(texts)) == len(texts), field
    years = [item.year for item in MILESTONES]
    assert years == sorted(years) and years[0] == 1943 and len(years) >= 40
    used = {item.group for item in MILESTONES}
    assert list(history.groups()) == [group for group in history.groups() if group in used]


def test_each_model_that_rebuilds_a_paper_has_a_milestone():
    rebuilt = {item.model for item in MILESTONES}
    wanted = {name for name, section in models.SECTION_OF.items() if section != "study"}
    assert wanted - rebuilt == NOT_A_MILESTONE.keys()


# ---- frameworks ----------------------------------------------------------------------------------

LISTED = """Theano Torch7 Caffe TensorFlow-1 TensorFlow-2 Keras Chainer MXNet CNTK PyTorch JAX Flax
DyNet autograd micrograd tinygrad DeZero MyGrad minigrad"""
ANSWERS = {"yes", "no", "partly", "unknown", "by backend", "by JAX"}


@pytest.mark.parametrize("tool", FRAMEWORKS, ids=[tool.name for tool in FRAMEWORKS])
def test_a_framework_is_plausible(tool):
    assert {tool.reverse, tool.forward, tool.higher_order} <= ANSWERS
    now = datetime.date.today().year
    is_known = tool.first_year != history.UNKNOWN
    assert not is_known or 2007 <= tool.first_year <= now
    if isinstance(tool.ended, int):
        assert tool.first_year <= tool.ended <= now
    else:
        assert tool.ended in (None, history.UNKNOWN)
    texts = tool.by, tool.graph, tool.language, tool.arrays, tool.status, tool.license, tool.source
    assert all(texts)
    assert (tool.status == "active") <= (tool.ended is None)
    papers = years_of(tool.source)
    assert not papers or not is_known or tool.first_year <= max(papers)


def test_the_frameworks_that_a_reader_looks_for():
    names = [tool.name for tool in FRAMEWORKS]
    assert len(set(names)) == len(names)
    assert {name.replace("-", " ") for name in LISTED.split()} <= set(names)
    dated = [tool.first_year for tool in FRAMEWORKS if tool.first_year != history.UNKNOWN]
    assert dated == sorted(dated) and FRAMEWORKS[: len(dated)][-1].first_year == dated[-1]


def test_frameworks_by_graph():
    styles = {tool.name: history.graph_style(tool) for tool in FRAMEWORKS}
    assert styles["Theano"] == "define and run" and styles["PyTorch"] == "define by run"
    assert styles["JAX"] == styles["Flax"] == "traced"
    assert styles["tinygrad"] == "by run, evaluated lazily" and styles["Keras"] == "other"
    assert set(styles.values()) == set(history.GRAPHS)


# ---- the run -------------------------------------------------------------------------------------


def test_train_report_and_pictures(tmp_path):
    tables, metrics = history.train()
    assert metrics["milestones"] == len(MILESTONES) == len(history.report(tables).splitlines())
    assert metrics["rebuilt_by_models"] == sum(item.model is not None for item in MILESTONES)
    assert {target.split()[0] for target in history.TARGETS} <= metrics.keys()
    first = history.report(tables).splitlines()[0]
    assert first.startswith("1943  The artificial neuron (McCulloch and Pitts)  ")
    assert first.endswith(" models/feedforward/neuron.py")
    history.pictures(tables, tmp_path)
    names = ["timeline", "framework_lifelines", "framework_table"]
    assert {file.stem for file in tmp_path.iterdir()} == set(names)
    assert not pyplot.get_fignums()


def test_part_of_the_years():
    tables, metrics = history.train(first_year=1980, last_year=1989)
    assert {item.year for item in tables["milestones"]} == {1980, 1982, 1985, 1986, 1989}
    assert metrics["first_year"] == 1980 and metrics["last_year"] == 1989
    with pytest.raises(
        ValueError, match="no milestone from 1900 to 1910: they run from 1943 to 20"
    ):
        history.train(1900, 1910)


def test_no_two_milestones_are_drawn_in_one_place():
    places = history.lines_of_years(MILESTONES)
    lines = [line for first, count in places.values() for line in range(first, first + count)]
    assert lines == list(range(len(lines))) and list(places) == sorted(places)
    for year, (_, count) in places.items():
        groups = [item.group for item in MILESTONES if item.year == year]
        assert max(groups.count(group) for group in groups) == count


def test_people():
    by_title = {item.title: history.people_of(item) for item in MILESTONES}
    assert by_title["LSTM"] == "Hochreiter and Schmidhuber"
    assert by_title["Adagrad"] == "Duchi and others"
    assert by_title["GPT-3"] == "Brown and 30 others"


def test_marks_of_what_is_rebuilt():
    marks = {item.title: history.how_rebuilt(item) for item in MILESTONES}
    assert [marks[title] for title in ("LSTM", "Adam", "word2vec")] == list(history.REBUILT)


def test_data_files_are_plain_json_and_belong_to_the_wheel():
    for name in ("timeline.json", "frameworks.json"):
        text = (history.FOLDER / name).read_text(encoding="utf-8")
        assert json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n" == text
    assert '"minigrad.zoo.study": ["*.json"]' in (ROOT / "setup.py").read_text()
