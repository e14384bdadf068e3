"""The sequence models: their sizes, that each learns, what they write and draw, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from minigrad import Tensor, datasets
from minigrad.data.tokenizers.vocabulary import CharVocabulary
from models.sequences import adding, char_rnn, diabetes_rnn

# ---- sizes and errors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module, kind, layers",
    [
        (diabetes_rnn, "SimpleRNN", [4800, 65]),
        (diabetes_rnn, "LSTM", [19200, 65]),
        (diabetes_rnn, "GRU", [14592, 65]),
        (adding, "SimpleRNN", [1120, 33]),
        (adding, "LSTM", [4480, 33]),
        (adding, "GRU", [3456, 33]),
    ],
)
def test_parameter_counts(module, kind, layers):
    model = module.network(kind)
    assert [layer.count_params() for layer in model.layers] == layers
    assert (
        model.count_params() == {"SimpleRNN": 4865, "LSTM": 19265, "GRU": 14657}.get(kind)
        or module is adding
    )


def test_parameter_counts_of_the_character_models():
    assert [layer.count_params() for layer in char_rnn.tutorial().layers] == [620, 105]
    assert char_rnn.tutorial().count_params() == 725
    model = char_rnn.CharLSTM(103)
    assert [layer.count_params() for _, layer in model.named_children()] == [
        3296,
        295936,
        26471,
    ] and model.count_params() == 325703


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: diabetes_rnn.network("LTSM"), "did you mean 'LSTM'"),
        (lambda: adding.train(kind="GRUU"), "did you mean 'GRU'"),
        (lambda: diabetes_rnn.train(recipe="knwon"), "did you mean 'known'"),
        (lambda: char_rnn.train(recipe="knwon"), "did you mean 'known'"),
    ],
)
def test_unknown_names(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- diabetes ------------------------------------------------------------------------------------------------------------


def test_diabetes_stands_beside_its_baselines(tmp_path):
    found, metrics = diabetes_rnn.train(kind="SimpleRNN", epochs=30, seed=1)
    assert list(found) == ["SimpleRNN"] and all(math.isfinite(value) for value in metrics.values())
    losses = found["SimpleRNN"].history.history["loss"]
    assert losses[-1] < 0.7 * losses[0] and metrics["SimpleRNN_r2"] < 0.1
    assert math.isclose(metrics["SimpleRNN_rmse"], math.sqrt(metrics["SimpleRNN_mse"]))
    assert (
        abs(metrics["mean_mse"] - 6484.78) < 0.1 and abs(metrics["mean_r2"] + 0.002175) < 1e-5
    )  # as scikit-learn has them
    table = diabetes_rnn.report(found, seed=1).splitlines()
    assert table[0].split() == ["MSE", "RMSE", "MAE", "R2"]
    assert [line.split("  ")[0] for line in table[1:]] == [
        "SimpleRNN",
        "mean of training",
        "last value",
    ]
    diabetes_rnn.pictures(found, tmp_path, seed=1)
    assert {file.name for file in tmp_path.iterdir()} == {
        "forecast_SimpleRNN.png",
        "loss.png",
    } and not pyplot.get_fignums()


def test_known_recipe_lets_the_scalers_see_the_test_rows():
    (x, y), (x_test, y_test), scaler = diabetes_rnn.load("repaired")
    leaked = diabetes_rnn.load("known")
    assert x.shape == leaked[0][0].shape == (349, 5, 10) and x_test.shape == (88, 5, 10)
    assert leaked[1][0].min() >= 0 and leaked[1][0].max() <= 1, (
        "every test row lies in the range that was told beforehand"
    )
    assert x_test.min() < 0 or x_test.max() > 1
    assert np.allclose(
        scaler.inverse_transform(y_test), leaked[2].inverse_transform(leaked[1][1]), rtol=1e-5
    )


def test_shuffled_windows_are_of_the_same_patients():
    (_, y), (_, y_test), scaler = diabetes_rnn.load("shuffled", seed=3)
    again, other = diabetes_rnn.load("shuffled", seed=3), diabetes_rnn.load("repaired")
    assert y.shape == (349, 1) and y_test.shape == (88, 1) and np.array_equal(y, again[0][1])
    assert not np.allclose(scaler.inverse_transform(y), other[2].inverse_transform(other[0][1]))


# ---- the adding problem ----------------------------------------------------------------------------------------------


def test_adding_is_learned_where_it_is_short(tmp_path):
    found, metrics = adding.train(
        kind="GRU",
        lengths="8",
        units=16,
        steps=600,
        every=100,
        learning_rate=0.01,
        solved=0.01,
        verbose=0,
    )
    model = found["GRU_8"]
    assert metrics["GRU_8_mse"] < 0.02 < adding.BASELINE and metrics["GRU_8_within_.04"] > 0.25
    assert [step for step, _ in model.curve][:3] == [0, 100, 200] and model.before.shape == (8,)
    adding.pictures(found, tmp_path, lengths="8")
    assert {file.name for file in tmp_path.iterdir()} == {
        "mse_8.png",
        "gradients_8_before.png",
        "gradients_8_after.png",
    }
    assert not pyplot.get_fignums()


def test_every_step_of_adding_is_new():
    minigrad.seed(0)
    (x, _), (again, _) = adding.fresh(4, 6), adding.fresh(4, 6)
    assert not (x == again)[..., 0].any()
    minigrad.seed(0)
    assert np.array_equal(adding.fresh(4, 6)[0], x)


def test_adding_stops_when_solved():
    found, metrics = adding.train(
        kind="LSTM", lengths="4, 6", units=4, steps=50, every=10, solved=10.0, verbose=0
    )
    assert metrics["LSTM_4_steps"] == metrics["LSTM_6_steps"] == 10 and [
        len(model.curve) for model in found.values()
    ] == [2, 2]
    with pytest.raises(ValueError, match="numbers of steps with commas between"):
        adding.train(lengths="50;100")


# ---- characters ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch):
    """A text that says one thing again and again."""
    monkeypatch.setattr(
        datasets.python_help,
        "load_data",
        lambda: ("the cat sat on the mat. " * 60, "the cat sat on the mat. " * 12),
    )


def test_character_model_learns_and_writes(short, tmp_path):
    model, metrics = char_rnn.train(
        units=32, epochs=12, batch_size=4, window=20, learning_rate=0.02, verbose=0
    )
    assert metrics["bits_per_character"] < 0.5 and metrics["bits_by_counting_0"] > 2.5
    assert model.curves["training"][0] > 3 * model.curves["training"][-1]
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}
    assert "the cat sat on the mat. the cat" in char_rnn.generate(
        model, char_rnn.load()[2], "the ", 40, 0
    )
    assert char_rnn.report(model, prompt="the ").count("---- temperature") == 3
    char_rnn.pictures(model, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"bits.png"} and not pyplot.get_fignums()


def small(text: str = "abcd "):
    minigrad.seed(2)
    vocabulary = CharVocabulary.fit(text)
    return char_rnn.CharLSTM(len(vocabulary), 6, 3), vocabulary


def test_character_model_trains_on_every_device(monkeypatch, device):
    monkeypatch.setattr(datasets.python_help, "load_data", lambda: ("a bc. " * 20, "a bc. " * 8))
    model, metrics = char_rnn.train(units=4, epochs=2, batch_size=3, window=8, verbose=0)
    assert {p.device for p in model.weights} == {device} and all(
        math.isfinite(value) for value in metrics.values()
    )


@pytest.mark.parametrize(
    "module, flags",
    [(diabetes_rnn, {"epochs": 1}), (adding, {"lengths": "4", "units": 3, "steps": 2, "every": 1})],
)
def test_networks_train_on_every_device(module, flags, device):
    found, metrics = module.train(**flags, verbose=0)
    assert [key.partition("_")[0] for key in found] == list(module.KINDS)
    assert {p.device for model in found.values() for p in model.weights} == {device}
    assert all(math.isfinite(value) for value in metrics.values())


def test_generation_with_states_is_generation_without(device):
    """Reading the whole text anew for every character gives the same one, and each step reads a single character."""
    model, vocabulary = small()
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
    model, vocabulary = small()
    minigrad.seed(5)
    text = char_rnn.generate(model, vocabulary, "a", 300, 1.0)
    minigrad.seed(5)
    assert (
        char_rnn.generate(model, vocabulary, "a", 300, 1.0) == text
        and len(text) == 301
        and len(set(text)) == 5
    )
    assert char_rnn.generate(model, vocabulary, "a", 20, 1e-9) == char_rnn.generate(
        model, vocabulary, "a", 20, 0
    )
    assert char_rnn.generate(model, vocabulary, "a", 0) == "a"


def test_characters_are_drawn_as_often_as_they_are_likely():
    minigrad.seed(0)
    drawn = (
        np.bincount(
            [char_rnn._drawn(np.log([0.5, 0.0625, 0.4375]) + 700) for _ in range(4000)], minlength=3
        )
        / 4000
    )
    assert abs(drawn - [0.5, 0.0625, 0.4375]).max() < 0.03


@pytest.mark.parametrize(
    "options, message",
    [
        ({"prompt": ""}, "expected a text to go on from"),
        ({"length": -1}, "not negative"),
        ({"temperature": -0.5}, "not negative"),
        ({"prompt": "xyz"}, "'x'"),
    ],
)
def test_what_generate_refuses(options, message):
    model, vocabulary = small()
    with pytest.raises(ValueError, match=message):
        char_rnn.generate(model, vocabulary, **{"prompt": "ab", **options})


def test_lanes_and_windows_go_on_where_they_ended(device):
    x, y = char_rnn.lanes(np.arange(23), 3)
    assert x.shape == y.shape == (3, 7) and np.array_equal(y, x + 1) and x[1, 0] == x[0, -1] + 1
    seen = [minigrad.backend.to_cpu(a) for a, _ in char_rnn.windows(x, y, 3)]
    assert np.array_equal(np.concatenate(seen, 1), x) and [a.shape[1] for a in seen] == [3, 3, 1]
    with pytest.raises(ValueError, match="3 characters do not make 3 lanes"):
        char_rnn.lanes(np.arange(3), 3)


def test_bits_do_not_hang_on_the_windows():
    model, _ = small()
    x, y = char_rnn.lanes(np.random.default_rng(0).integers(0, 5, 121), 4)
    whole = float(char_rnn.loss_of(y, model(x))) / math.log(2)
    assert math.isclose(char_rnn.bits(model, x, y, 7), whole, rel_tol=1e-5)


def test_bits_by_counting():
    ids = np.tile([0, 1, 2, 1], 500)
    by_hand = -(np.log2(0.25) + np.log2(0.5) + np.log2(0.25) + np.log2(0.5)) / 4
    assert abs(char_rnn.bits_by_counting(ids, ids[:401], 3, 0) - by_hand) < 0.01
    assert (
        abs(char_rnn.bits_by_counting(ids, ids[:401], 3, 1) - 0.5) < 0.01
    )  # behind 1 stand 0 and 2, behind those 1
    assert char_rnn.bits_by_counting(ids, ids[:401], 3, 2) < 0.01


# ---- the known network -------------------------------------------------------------------------------------------------


def test_known_network_gives_the_known_figures():
    draw, model = np.random.RandomState(0).randn, char_rnn.tutorial()
    kernel, recurrent, out, x = (
        0.01 * draw(10, 20),
        0.01 * draw(20, 20),
        0.01 * draw(20, 5),
        draw(15, 8, 10),
    )
    model.set_weights([kernel, recurrent, np.zeros(20), out, np.zeros(5)])
    y = model.predict(x.swapaxes(0, 1).astype("float32")).astype("float64")
    assert y.shape == (8, 15, 5) and abs((y**2).mean() / 2.110248286844321e-06 - 1) < 1e-6
    assert np.allclose(
        y[0, 14],
        [
            0.0015832449027603035,
            -0.0010332142753641939,
            0.00011800461005942618,
            0.0018816897947956871,
            -0.00019717162761955615,
        ],
        rtol=1e-5,
    )


def test_noise_for_a_gradient_teaches_nothing(tmp_path):
    found, metrics = char_rnn.train(recipe="known")
    assert metrics["mse_by_gradients"] < 0.2 < 0.9 < metrics["mse_by_noise"]
    assert "cannot generate" in char_rnn.report(found, "known")
    char_rnn.pictures(found, tmp_path, "known")
    assert (tmp_path / "loss.png").exists() and not pyplot.get_fignums()
    with pytest.raises(ValueError, match=r"10"):
        found["gradients"](Tensor(np.zeros((1, 1, 5), "float32")))
