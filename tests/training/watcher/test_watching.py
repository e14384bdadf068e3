"""The watcher itself: it changes nothing, says each thing once, and is free when off."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, grad, losses, training
from minigrad.config import settings
from minigrad.layers import LSTM, BatchNormalization, Dense, Dropout
from minigrad.optimizers import Adam
from minigrad.training.watcher import RULES, Activation, Finding, Point, TrainingWarning, Watcher
from minigrad.training.watcher.recording import gates_of


def data(n=96):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4)).astype("float32")
    return x, (x.sum(1) > 0).astype(int)


def dropout_net():
    minigrad.seed(3)
    model = Sequential(
        Dense(8, activation="relu", input_shape=(4,)),
        BatchNormalization(),
        Dropout(0.3),
        Dense(2, activation="softmax"),
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def lstm_net():
    minigrad.seed(3)
    model = Sequential(LSTM(4, stateful=True, input_shape=(4, 1)), Dense(2, activation="softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


# ---- the training goes on as without it ----------------------------------------------------------


@pytest.mark.parametrize("make", [dropout_net, lstm_net])
@pytest.mark.parametrize("split", [0.0, 1 / 3])
def test_watching_changes_no_bit(make, split):
    x, y = data()
    plain, watched = make(), None
    options = {"epochs": 17, "batch_size": 32, "verbose": 0, "validation_split": split}
    history = plain.fit(x, y, **options).history
    minigrad_state = minigrad.random.generator().bit_generator.state
    watched = make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seen = watched.fit(x, y, watch=minigrad.watch(watched, interval=5), **options)
    for p, q in zip(plain.get_weights(), watched.get_weights()):
        np.testing.assert_array_equal(p, q)
    assert seen.history == history
    assert minigrad.random.generator().bit_generator.state == minigrad_state


def test_a_watched_loop_changes_no_bit():
    x, y = data()
    found = []
    for is_watched in (False, True):
        model = dropout_net()
        watcher = minigrad.watch(model)
        weights, adam = model.trainable_weights, Adam()
        if is_watched:
            watcher.__enter__()
        for _ in range(6):
            with training():
                loss = losses.SparseCategoricalCrossentropy()(y, model(x))
            adam.apply(grad(loss, weights), weights)
        watcher.__exit__() if is_watched else watcher.__enter__().__exit__()
        found.append(model.get_weights())
    for p, q in zip(*found):
        np.testing.assert_array_equal(p, q)


def test_the_model_is_as_it_was_after_the_block():
    model = dropout_net()
    before, observer = set(vars(model)), settings.observer
    with pytest.raises(ZeroDivisionError), minigrad.watch(model):
        assert set(vars(model)) - before == {"fit", "train_step", "test_step", "call"}
        assert settings.observer is not None
        _ = 1 / 0
    assert set(vars(model)) == before
    assert settings.observer is observer


def test_a_method_of_one_model_comes_back():
    x, y = data()
    model = dropout_net()
    calls = []
    model.train_step = lambda batch: calls.append(1) or type(model).train_step(model, batch)
    own = model.train_step
    model.fit(x, y, epochs=1, verbose=0, watch=True)
    assert model.train_step is own
    assert len(calls) == 3


def test_steps_are_replayed_while_it_watches():
    x, y = data()
    model = dropout_net()
    model.fit(x, y, epochs=20, verbose=0, watch=True)
    assert model.captured.startswith("captured")


def test_copies_made_while_it_watches_are_not_watched():
    x, y = data()
    model = dropout_net()
    with minigrad.watch(model) as watcher:
        model.train_on_batch(x, y)
        twin = copy.deepcopy(model)
        assert "call" in vars(model)
        np.testing.assert_array_equal(twin.predict(x), model.predict(x))
        assert twin.call.__self__ is twin
        step = watcher.step
        twin.train_on_batch(x, y)
        assert watcher.step == step


def test_a_step_that_is_not_watched_runs_nothing_of_it():
    x, y = data()
    model = dropout_net()
    model.fit(x, y, epochs=1, verbose=0, watch=True)
    seen = []

    def note(frame, event, _):
        if "minigrad/training/watcher/" in frame.f_code.co_filename.replace("\\", "/"):
            seen.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        model.fit(x, y, epochs=1, verbose=0)
        model.train_on_batch(x, y)
    finally:
        sys.setprofile(None)
    assert seen == []


# ---- what it says --------------------------------------------------------------------------------


def wrong_model():
    minigrad.seed(0)
    model = Sequential(Dense(8, input_shape=(4,)), Dense(2))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def test_each_finding_is_said_once():
    x, y = data()
    model = wrong_model()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        history = model.fit(x, y, epochs=5, verbose=0, watch=True)
    texts = [str(w.message) for w in said if w.category is TrainingWarning]
    (finding,) = history.watcher.findings
    assert texts == [str(finding)]
    assert finding.rule == "logits_to_probability_loss"
    assert finding.step == 0
    assert str(finding).startswith("loss: sparse_categorical_crossentropy expects probabilities")
    assert "Give the loss from_logits=True" in str(finding)


def test_a_warning_can_be_made_an_error():
    x, y = data()
    model = wrong_model()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", minigrad.TrainingWarning)
        with pytest.raises(minigrad.TrainingWarning, match="expects probabilities"):
            model.fit(x, y, epochs=5, verbose=0, watch=True)
    assert "call" not in vars(model)


def test_summary_and_repr():
    x, y = data()
    model = dropout_net()
    watcher = model.fit(x, y, epochs=2, verbose=0, watch=True).watcher
    assert watcher.summary() == (
        "Nothing looks wrong in 6 steps, of which 3 were observed: 4 layers, 22 rules."
    )
    assert "6 steps, 0 findings" in repr(watcher)
    watcher.find("dead_relu", "dense", "all units give 0", "lower the rate")
    assert "1 findings in 6 steps" in watcher.summary()
    assert "step 6, dead_relu: dense: all units give 0. Lower the rate." in watcher.summary()


def test_rules_and_findings():
    assert len(RULES) == 22
    assert all(text.endswith(".") for text in RULES.values())
    finding = Finding("dead_relu", "dense", "a", "b", 3)
    with pytest.raises(AttributeError):
        finding.rule = "x"
    assert issubclass(TrainingWarning, UserWarning)


# ---- statistics ----------------------------------------------------------------------------------


def test_statistics():
    x, y = data()
    model = dropout_net()
    watcher = minigrad.watch(model, interval=4)
    model.fit(x, y, epochs=4, verbose=0, watch=watcher)
    series = watcher.statistics
    assert [p.step for p in series["loss"]] == list(range(12))
    observed = [0, 1, 2, 4, 8]
    for kind in ("gradient", "update"):
        assert list(series[kind]) == ["dense", "batch_normalization", "dense_1"]
        for points in series[kind].values():
            assert [p.step for p in points] == observed
            assert all(isinstance(p, Point) and p.value > 0 for p in points)
    layers = ["dense", "batch_normalization", "dropout", "dense_1"]
    assert list(series["activation"]) == layers
    relu = series["activation"]["dense"][-1]
    assert isinstance(relu, Activation)
    assert 0 < relu.zero < 1
    assert relu.saturated == 0


def test_statistics_are_right():
    x, y = data(32)
    model = Sequential(Dense(3, input_shape=(4,)))
    model.compile(minigrad.optimizers.SGD(0.1), "mse")
    kernel = model.layers[0].kernel.numpy().copy()
    output = model.predict(x)
    y = np.stack([y, y, y], 1).astype("float32")
    with minigrad.watch(model) as watcher:
        model.train_on_batch(x, y)
    g = 2 * x.T @ (output - y) / y.size
    bias = 2 * (output - y).sum(0) / y.size
    (point,) = watcher.statistics["gradient"]["dense"]
    assert point.value == pytest.approx(np.sqrt((g**2).sum() + (bias**2).sum()), rel=1e-4)
    (point,) = watcher.statistics["update"]["dense"]
    assert point.value == pytest.approx(0.1 * np.linalg.norm(g) / np.linalg.norm(kernel), rel=1e-4)
    (activation,) = watcher.statistics["activation"]["dense"]
    assert activation.mean == pytest.approx(output.mean(), abs=1e-5)
    assert activation.std == pytest.approx(output.std(), rel=1e-4)
    assert watcher.statistics["loss"][0].value == pytest.approx(
        ((output - y) ** 2).mean(), rel=1e-4
    )


def test_gates_of_a_kernel_are_found_in_any_layout():
    gates = np.random.default_rng(0).random((5, 7, 8))  # (N, T, 4 * units)
    found = gates_of((None, gates, np.zeros((5, 7, 2))), 4)
    np.testing.assert_array_equal(found[2], gates[..., 4:6])
    assert gates_of((gates.reshape(4, 5, 7, 2),), 4).shape == (4, 5, 7, 2)
    assert gates_of((), 4) is None
    assert gates_of((np.zeros((5, 7, 3)), np.zeros((5, 7, 3))), 4) is None


# ---- how it is called ----------------------------------------------------------------------------


def test_fit_inside_the_block_is_watched_in_full():
    x, y = data()
    model = dropout_net()
    with minigrad.watch(model) as watcher, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = model.fit(x, y, epochs=1, verbose=0, validation_data=(x, y))
    assert history.watcher is watcher
    assert [f.rule for f in watcher.findings] == ["validation_in_training"]


def test_a_watcher_goes_on_in_a_second_fit():
    x, y = data()
    model = dropout_net()
    watcher = minigrad.watch(model)
    for _ in range(2):
        model.fit(x, y, epochs=1, verbose=0, watch=watcher)
    assert watcher.step == 6
    assert model.fit(x, y, epochs=1, verbose=0).watcher is None


def test_what_does_not_fit_is_refused():
    x, y = data()
    model = dropout_net()
    with pytest.raises(TypeError, match=r"watch must be True, False or minigrad.watch\(model\)"):
        model.fit(x, y, verbose=0, watch="yes")
    other = Watcher(dropout_net())
    with pytest.raises(ValueError, match="watcher of another model"):
        model.fit(x, y, verbose=0, watch=other)
    with pytest.raises(ValueError, match="interval of watch"):
        minigrad.watch(model, interval=0)
    with minigrad.watch(model) as watcher:
        with pytest.raises(ValueError, match="watching already"):
            watcher.__enter__()
    with other:
        pass


def test_the_signature_of_a_watched_model_stays():
    model = dropout_net()
    before = inspect.signature(model.fit)
    with minigrad.watch(model):
        assert inspect.signature(model.fit) == before


def test_a_history_with_a_watcher_is_pickled():
    x, y = data()
    model = dropout_net()
    history = model.fit(x, y, epochs=1, verbose=0, watch=True)
    again = pickle.loads(pickle.dumps(history.watcher.findings))
    assert again == history.watcher.findings


def test_several_outputs_and_inputs():
    x = minigrad.Input((4,))
    h = Dense(8, activation="relu")(x)
    model = minigrad.Model(x, [Dense(1, name="a")(h), Dense(2, activation="softmax", name="b")(h)])
    model.compile("adam", {"a": "mse", "b": "sparse_categorical_crossentropy"})
    rows, y = data()
    targets = {"a": rows.sum(1), "b": y}
    history = model.fit(rows, targets, epochs=5, verbose=0, watch=True, validation_split=0.2)
    assert history.watcher.findings == []
    assert set(history.watcher.statistics["activation"]) == {"dense", "a", "b"}
