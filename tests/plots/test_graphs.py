"""The boxes, arrows and frames of a model's picture."""

import pytest
from matplotlib.patches import Rectangle
from PIL import Image

import minigrad
from minigrad import Input, Model, plots
from minigrad.layers import Add, Dense


def drawn(**options):
    """The picture of two inputs that share an encoder, as pyplot gets it."""
    options = {"to_file": None, "show_shapes": True, "show_layer_names": True} | options
    return plots.plot_model(siamese(), **options)


def siamese():
    x = Input((8,))
    encoder = Model(x, Dense(3, activation="tanh", name="code")(x), name="encoder")
    a, b = Input((8,), name="a"), Input((8,), name="b")
    encoder.trainable = False
    return Model([a, b], Dense(1, name="head")(Add(name="sum")([encoder(a), encoder(b)])))


def boxes(figure):
    """The middle of each box by its first line; of two of one name, the last."""
    return {
        t.get_text().split("\n")[0]: t.get_position() for t in figure.axes[0].texts if t.get_text()
    }


def test_each_box_says_what_is_asked_for():
    options = {"show_dtype": True, "show_layer_activations": True, "show_trainable": True}
    texts = {t.get_text() for t in drawn(**options).axes[0].texts}
    assert "encoder (Model)\n(None, 3)\nfloat32\nnot trained" in texts
    assert "head (Dense)\nactivation linear\n(None, 1)\nfloat32\ntrained" in texts
    figure = drawn(show_shapes=False, show_layer_names=False)
    assert {t.get_text() for t in figure.axes[0].texts} == {
        "",
        "InputLayer",
        "Model",
        "Add",
        "Dense",
    }


@pytest.mark.parametrize(
    "rankdir, axis, sign", [("TB", 1, -1), ("BT", 1, 1), ("LR", 0, 1), ("RL", 0, -1)]
)
def test_directions(rankdir, axis, sign):
    places = boxes(drawn(rankdir=rankdir))
    order = [
        places[f"{name}"][axis] * sign for name in ("a (InputLayer)", "sum (Add)", "head (Dense)")
    ]
    assert order == sorted(order) and len(set(order)) == 3


def test_unknown_direction():
    with pytest.raises(ValueError, match="rankdir"):
        drawn(rankdir="up")


def test_nested_models_are_drawn_in_a_frame():
    figure = drawn(expand_nested=True)
    places = boxes(figure)
    assert "code (Dense)" in places and "encoder (Model)" not in places
    (frame,) = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    x, y = places["code (Dense)"]
    assert frame.get_x() < x < frame.get_x() + frame.get_width()
    assert frame.get_y() < y < frame.get_y() + frame.get_height()
    assert not frame.get_y() < places["head (Dense)"][1] < frame.get_y() + frame.get_height()


def test_each_input_leads_into_its_own_copy():
    connections, outputs = siamese()._graph.expanded()
    names = [c.name for c in connections]
    inner = [c for c in connections if c.kind == "InputLayer" and c.models]
    assert [names[i] for c in inner for i in c.sources] == ["a", "b"]
    assert [names[i] for i in outputs] == ["head"]


def test_dots_per_inch(tmp_path):
    sizes = []
    for dpi in (50, 100):
        drawn(dpi=dpi, to_file=tmp_path / "model.png")
        with Image.open(tmp_path / "model.png") as image:
            sizes.append(image.width)
    assert abs(sizes[1] - 2 * sizes[0]) <= 2


def test_signature_and_file_of_keras(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    figure = minigrad.utils.plot_model(siamese())
    assert (tmp_path / "model.png").stat().st_size > 1000
    assert {t.get_text() for t in figure.axes[0].texts} == {
        "",
        "InputLayer",
        "Model",
        "Add",
        "Dense",
    }
