"""The character model: learning, generation, streams, bits per character, the known network."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad import Tensor, datasets
from minigrad.data.tokenizers.vocabulary import CharVocabulary
from models.sequences import char_rnn


def test_parameter_counts():
    model = char_rnn.CharLSTM(103)
    counts = [layer.count_params() for _, layer in model.named_children()]
    assert counts == [3296, 295936, 26471]
    assert model.count_params() == 325703
    known = char_rnn.known_network()
    assert [layer.count_params() for layer in known.layers] == [620, 105]
    assert known.count_params() == 725


def test_unknown_recipe_is_suggested():
    with pytest.raises(ValueError, match="did you mean 'known'"):
        char_rnn.train(recipe="knwon")


# ---- learning ------------------------------------------------------------------------------------


@pytest.fixture
def repeated_text(monkeypatch):
    """A text that says one thing again and again."""
    sentence = "the cat sat on the mat. "
    monkeypatch.setattr(datasets.python_help, "load_data", lambda: (sentence * 60, sentence * 12))


def test_model_learns_and_writes(repeated_text, tmp_path):
    model, metrics = char_rnn.train(
        units=32, epochs=12, batch_size=4, window=20, learning_rate=0.02, verbose=0
    )
    assert metrics["bits_per_character"] < 0.5
    assert metrics["bits_by_counting_0"] > 2.5
    assert model.curves["training"][0] > 3 * model.curves["training"][-1]
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}
    _, _, vocabulary = char_rnn.load()
    text = char_rnn.generate(model, vocabulary, "the ", 40, 0)
    assert "the cat sat on the mat. the cat" in text
    assert char_rnn.report(model, prompt="the ").count("---- temperature") == 3
    char_rnn.pictures(model, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"bits.png"}
    assert not pyplot.get_fignums()


def test_model_trains_on_every_device(monkeypatch, device):
    monkeypatch.setattr(datasets.python_help, "load_data", lambda: ("a bc. " * 20, "a bc. " * 8))
    model, metrics = char_rnn.train(units=4, epochs=2, batch_size=3, window=8, verbose=0)
    assert {p.device for p in model.weights} == {device}
    assert all(math.isfinite(value) for value in metrics.values())


# ---- generation ----------------------------------------------------------------------------------


def small_model(text: str = "abcd "):
    minigrad.seed(2)
    vocabulary = CharVocabulary.fit(text)
    return char_rnn.CharLSTM(len(vocabulary), 6, 3), vocabulary


def test_generation_with_states_is_generation_without(device):
    """Reading the text anew for every character writes the same; a step reads one character."""
    model, vocabulary = small_model()
    ids = vocabulary.encode("ab")
    for _ in range(12):
        ids = np.append(ids, model.predict(ids[None])[0, -1].argmax())
    lengths, call = [], model.call

    def counted(x, *arguments, **options):
        lengths.append(x.shape[1])
        return call(x, *arguments, **options)

    model.call = counted
    assert char_rnn.generate(model, vocabulary, "ab", 12, 0) == vocabulary.decode(ids)
    assert lengths == [2] + [1] * 11


def test_temperature_and_seed():
    model, vocabulary = small_model()
    minigrad.seed(5)
    text = char_rnn.generate(model, vocabulary, "a", 300, 1.0)
    minigrad.seed(5)
    assert char_rnn.generate(model, vocabulary, "a", 300, 1.0) == text
    assert len(text) == 301
    assert len(set(text)) == 5
    coldest = char_rnn.generate(model, vocabulary, "a", 20, 0)
    assert char_rnn.generate(model, vocabulary, "a", 20, 1e-9) == coldest
    assert char_rnn.generate(model, vocabulary, "a", 0) == "a"


def test_characters_are_drawn_as_often_as_they_are_likely():
    minigrad.seed(0)
    p = [0.5, 0.0625, 0.4375]
    drawn = [char_rnn.sample(np.log(p) + 700) for _ in range(4000)]
    shares = np.bincount(drawn, minlength=3) / 4000
    assert abs(shares - p).max() < 0.03


@pytest.mark.parametrize(
    "options, message",
    [
        ({"prompt": ""}, "expected a text to go on from"),
        ({"length": -1}, "not negative"),
        ({"temperature": -0.5}, "not negative"),
        ({"prompt": "xyz"}, "'x'"),
    ],
)
def test_generation_refuses(options, message):
    model, vocabulary = small_model()
    with pytest.raises(ValueError, match=message):
        char_rnn.generate(model, vocabulary, **{"prompt": "ab", **options})


# ---- the text ------------------------------------------------------------------------------------


def test_streams_and_windows_go_on_where_they_ended(device):
    x, y = char_rnn.to_streams(np.arange(23), 3)
    assert x.shape == y.shape == (3, 7)
    assert np.array_equal(y, x + 1)
    assert x[1, 0] == x[0, -1] + 1
    seen = [minigrad.backend.to_cpu(ids) for ids, _ in char_rnn.windows(x, y, 3)]
    assert np.array_equal(np.concatenate(seen, 1), x)
    assert [ids.shape[1] for ids in seen] == [3, 3, 1]
    with pytest.raises(ValueError, match="3 characters do not make 3 streams"):
        char_rnn.to_streams(np.arange(3), 3)


def test_bits_do_not_depend_on_the_windows():
    model, _ = small_model()
    x, y = char_rnn.to_streams(np.random.default_rng(0).integers(0, 5, 121), 4)
    expected = float(char_rnn.cross_entropy(y, model(x))) / math.log(2)
    assert math.isclose(char_rnn.bits_per_character(model, x, y, 7), expected, rel_tol=1e-5)


def test_ngram_bits():
    """In 0, 1, 2, 1 either 0 or 2 follows 1, and 1 follows both."""
    ids = np.tile([0, 1, 2, 1], 500)
    expected = -(np.log2(0.25) + np.log2(0.5) + np.log2(0.25) + np.log2(0.5)) / 4
    bits = [char_rnn.ngram_bits_per_character(ids, ids[:401], 3, order) for order in range(3)]
    assert abs(bits[0] - expected) < 0.01
    assert abs(bits[1] - 0.5) < 0.01
    assert bits[2] < 0.01


# ---- the known network ---------------------------------------------------------------------------


def test_known_network_has_the_known_outputs():
    draw = np.random.RandomState(0).randn
    model = char_rnn.known_network()
    kernel, recurrent, output = 0.01 * draw(10, 20), 0.01 * draw(20, 20), 0.01 * draw(20, 5)
    x = draw(15, 8, 10)
    model.set_weights([kernel, recurrent, np.zeros(20), output, np.zeros(5)])
    y = model.predict(x.swapaxes(0, 1).astype("float32")).astype("float64")
    assert y.shape == (8, 15, 5)
    assert abs((y**2).mean() / 2.110248286844321e-06 - 1) < 1e-6
    expected = [
        0.0015832449027603035,
        -0.0010332142753641939,
        0.00011800461005942618,
        0.0018816897947956871,
        -0.00019717162761955615,
    ]
    assert np.allclose(y[0, 14], expected, rtol=1e-5)


def test_noise_for_a_gradient_teaches_nothing(tmp_path):
    models, metrics = char_rnn.train(recipe="known")
    assert metrics["mse_by_gradients"] < 0.2 < 0.9 < metrics["mse_by_noise"]
    assert "cannot generate" in char_rnn.report(models, "known")
    char_rnn.pictures(models, tmp_path, "known")
    assert (tmp_path / "loss.png").exists()
    assert not pyplot.get_fignums()
    with pytest.raises(ValueError, match=r"10"):
        models["gradients"](Tensor(np.zeros((1, 1, 5), "float32")))
