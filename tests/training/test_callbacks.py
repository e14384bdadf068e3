"""Callbacks: when they stop, save, slow down and write; that they end whatever happens."""

import csv
import inspect
import math

import numpy as np
import pytest

import minigrad
from minigrad import Model, Sequential, callbacks
from minigrad.layers import Dense
from minigrad.optimizers import schedules
from minigrad.optimizers.sgd import SGD
from minigrad.training import model as model_file
from minigrad.training.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgressBar,
    ReduceLROnPlateau,
    TerminateOnNaN,
)

rng = np.random.default_rng(0)
X = rng.standard_normal((24, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")


def regression(optimizer="sgd", **options):
    model = Sequential(Dense(1, input_shape=(3,)))
    model.compile(optimizer, "mse", **options)
    return model


class Scripted(Callback):
    """Puts values of a script into the logs of each epoch; notes the weights and the rate."""

    def __init__(self, **script):
        self.script, self.rates, self.weights = script, [], []

    def on_epoch_end(self, epoch, logs):
        self.rates.append(self.model.optimizer.learning_rate)
        self.weights.append(self.model.get_weights()[0])
        logs.update({name: values[epoch] for name, values in self.script.items()})


def run(callback, model=None, **script):
    """fit for as many epochs as the script has; returns the script's notes and the history."""
    notes, model = Scripted(**script), model or regression()
    epochs = len(next(iter(script.values())))
    return notes, model.fit(
        X, Y, epochs=epochs, verbose=0, batch_size=24, callbacks=[notes, callback]
    )


# ---- early stopping ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "losses, options, epochs",
    [
        ([1.0, 0.9, 0.8995, 0.8994, 0.8993, 0.8992], {"patience": 3, "min_delta": 0.001}, 5),
        ([1.0, 0.9, 0.8995, 0.8994, 0.8993, 0.8992], {"patience": 3, "min_delta": -0.001}, 5),
        ([1.0, 0.9, 0.8995, 0.8994, 0.8993, 0.8992], {"patience": 3}, 6),
        ([1, 2, 2, 2], {}, 2),
        ([1, 2, 2, 2], {"patience": 1}, 2),
        ([1, 2, 2, 2], {"patience": 2}, 3),
        ([1, 2, 0.5, 2, 3, 4], {"patience": 2}, 5),
        ([1, 1, 1], {"patience": 2}, 3),
        ([0.5, 0.6, 0.6, 0.6], {"patience": 1, "mode": "max"}, 3),
        ([3, 2, 1, 0], {"patience": 1, "mode": "max"}, 2),
        ([3, 2, 2, 2, 2, 2], {"patience": 2, "start_from_epoch": 3}, 6),
        ([3, 9, 9, 9, 9, 9], {"patience": 2, "start_from_epoch": 2}, 5),
        ([5, 4, 3, 2, 1], {"patience": 2, "baseline": 2.5}, 5),
        ([5, 4, 4, 4, 1], {"patience": 2, "baseline": 2.5}, 3),
        ([5, 4, 3, 4, 2], {"patience": 2, "baseline": 2.5}, 4),
        ([math.nan, math.nan, 1, 1], {"patience": 2}, 2),
        ([math.inf, 1, 1, 1], {"patience": 2}, 4),
    ],
)
def test_early_stopping(losses, options, epochs):
    """The figures with baseline and start_from_epoch are those of Keras 3.15.1."""
    callback = EarlyStopping("watched", **options)
    notes, history = run(callback, watched=losses)
    assert len(history.epoch) == epochs
    assert callback.stopped_epoch == (
        epochs - 1 if epochs < len(losses) or notes.model.stop_training else 0
    )


@pytest.mark.parametrize(
    "name, values, epochs",
    [
        ("val_accuracy", [0.5, 0.6, 0.6], 3),
        ("auc", [0.5, 0.6, 0.6], 3),
        ("precision_1", [0.5, 0.6, 0.6], 3),
        ("f1_score", [0.5, 0.6, 0.6], 3),
        ("val_loss", [0.5, 0.6, 0.6], 2),
        ("mae", [0.5, 0.6, 0.6], 2),
    ],
)
def test_the_direction_follows_the_name(name, values, epochs):
    assert len(run(EarlyStopping(name), **{name: values})[1].epoch) == epochs


@pytest.mark.parametrize(
    "losses, options, best",
    [
        ([3, 1, 2, 2, 0], {"patience": 2}, 1),
        ([3, 2, 1], {"patience": 2}, 2),
        ([3, 1, 2], {"patience": 9}, 1),
        ([5, 4, 4, 4], {"patience": 2, "baseline": 1.0}, 1),
        ([math.nan, math.nan, math.nan], {"patience": 2}, 0),
    ],
)
def test_restoring_the_best_weights(losses, options, best):
    model, callback = regression(), EarlyStopping("watched", restore_best_weights=True, **options)
    notes, _ = run(callback, model, watched=losses)
    np.testing.assert_array_equal(model.get_weights()[0], notes.weights[best])
    assert callback.best_epoch == best
    assert (notes.weights[best] != notes.weights[-1]).any() or best == len(notes.weights) - 1
    plain = regression()
    notes, _ = run(EarlyStopping("watched", **options), plain, watched=losses)
    np.testing.assert_array_equal(plain.get_weights()[0], notes.weights[-1])


def test_early_stopping_starts_afresh_with_each_fit(capsys):
    callback = EarlyStopping("watched", patience=1, verbose=1)
    assert len(run(callback, watched=[1, 2, 3])[1].epoch) == 2
    assert capsys.readouterr().out == "stopped after epoch 2: watched was best in epoch 1\n"
    assert len(run(callback, watched=[9, 8, 7])[1].epoch) == 3
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "callback",
    [EarlyStopping(), ReduceLROnPlateau(), ModelCheckpoint("x.safetensors", save_best_only=True)],
    ids=lambda c: type(c).__name__,
)
def test_what_is_not_logged(callback, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = type(callback).__name__
    with pytest.raises(
        ValueError, match=rf"{name} monitors 'val_loss', but the logs hold loss.*validation data"
    ):
        regression().fit(X, Y, verbose=0, callbacks=[callback])
    assert not list(tmp_path.iterdir())
    regression().fit(X, Y, verbose=0, callbacks=[callback], validation_split=0.25)


def test_a_monitor_with_a_typo_names_the_nearest_value():
    options = {"callbacks": EarlyStopping("val_los"), "validation_split": 0.5, "verbose": 0}
    with pytest.raises(ValueError, match="monitors 'val_los'.*did you mean 'val_loss'"):
        regression().fit(X, Y, **options)


def test_unknown_modes():
    with pytest.raises(
        ValueError, match="unknown mode of EarlyStopping 'up': known: auto, min, max"
    ):
        EarlyStopping(mode="up")


# ---- the learning rate ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, rates",
    [  # what each epoch was trained with; Keras 3.15.1 gives the same
        ({"patience": 1}, [0.1, 0.1, 0.01, 0.001, 1e-4, 1e-4, 1e-5, 1e-6]),
        ({"patience": 2, "factor": 0.5}, [0.1] * 3 + [0.05] * 4 + [0.025]),
        ({"patience": 1, "cooldown": 2}, [0.1, 0.1, 0.01, 0.01, 0.001, 0.001, 1e-4, 1e-4]),
        ({"patience": 1, "min_lr": 0.004}, [0.1, 0.1, 0.01] + [0.004] * 5),
        ({"patience": 9}, [0.1] * 8),
        ({"patience": 1, "min_delta": 0.5}, [0.1, 0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6, 1e-7]),
    ],
)
def test_reduce_on_plateau(options, rates):
    notes, history = run(
        ReduceLROnPlateau("watched", **options),
        regression(SGD(0.1)),
        watched=[1.0, 1.0, 1.0, 1.0, 0.9, 0.9, 0.9, 0.9],
    )
    np.testing.assert_allclose(notes.rates, rates, rtol=1e-9)
    np.testing.assert_allclose(history.history["learning_rate"], rates, rtol=1e-9)


def test_reduce_on_plateau_refuses(capsys):
    with pytest.raises(ValueError, match="follows a schedule"):
        run(
            ReduceLROnPlateau("watched"),
            regression(SGD(schedules.ExponentialDecay(0.1, 1, 0.9))),
            watched=[1],
        )
    for factor in (0, 1, 1.5):
        with pytest.raises(ValueError, match="factor must lie between"):
            ReduceLROnPlateau(factor=factor)
    run(ReduceLROnPlateau("watched", patience=1, verbose=1), regression(SGD(0.1)), watched=[1, 1])
    assert capsys.readouterr().out == "epoch 2: learning rate reduced to 0.01\n"


@pytest.mark.parametrize(
    "schedule, rates",
    [
        (lambda epoch: 0.1 / (1 + epoch), [0.1, 0.05, 0.1 / 3]),
        (lambda epoch, rate: rate * 0.5, [0.05, 0.025, 0.0125]),
        (schedules.ExponentialDecay(0.1, 1, 0.5), [0.1, 0.05, 0.025]),
    ],
)
def test_learning_rate_scheduler(schedule, rates, capsys):
    notes, history = run(
        LearningRateScheduler(schedule, verbose=1), regression(SGD(0.1)), watched=[0, 0, 0]
    )
    np.testing.assert_allclose(notes.rates, rates)
    np.testing.assert_allclose(history.history["learning_rate"], rates)
    assert capsys.readouterr().out.splitlines()[0] == f"epoch 1: learning rate {rates[0]:.6g}"


def test_errors_inside_a_schedule_are_its_own():
    def wrong(epoch, rate):
        return rate + "x"

    with pytest.raises(TypeError, match="unsupported operand"):
        run(LearningRateScheduler(wrong), watched=[0])
    with pytest.raises(TypeError, match="learning_rate must be a number .* got None"):
        run(LearningRateScheduler(lambda epoch: None), watched=[0])


# ---- checkpoints ---------------------------------------------------------------------------------


def test_checkpoint_names(tmp_path, capsys):
    run(
        ModelCheckpoint(str(tmp_path / "{epoch:02d}-{watched:.1f}.safetensors"), verbose=1),
        watched=[3, 1, 2],
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "01-3.0.safetensors",
        "02-1.0.safetensors",
        "03-2.0.safetensors",
    ]
    assert capsys.readouterr().out.splitlines()[2] == f"saved {tmp_path}/03-2.0.safetensors"


@pytest.mark.parametrize("weights_only", [False, True])
def test_the_best_checkpoint(tmp_path, weights_only):
    path, model = tmp_path / "best.safetensors", regression("adam")
    callback = ModelCheckpoint(path, "watched", save_best_only=True, save_weights_only=weights_only)
    notes, _ = run(callback, model, watched=[3, 1, 2, 1])
    other = regression("adam")
    if weights_only:
        other.load_weights(path)
        with pytest.raises(ValueError, match="holds weights but no checkpoint: use load_weights"):
            other.load(path)
    else:
        assert other.load(path) == 2 and other.optimizer.t == 2
    np.testing.assert_array_equal(other.get_weights()[0], notes.weights[1])
    assert [p.name for p in tmp_path.iterdir()] == ["best.safetensors"]


def test_checkpoints_that_cannot_be(tmp_path):
    model = regression()
    before = model.get_weights()[0]
    with pytest.raises(FileNotFoundError, match="there is no folder .*missing"):
        run(ModelCheckpoint(tmp_path / "missing" / "a.safetensors"), model, watched=[1])
    # before the first step, not after the first epoch
    np.testing.assert_array_equal(model.get_weights()[0], before)
    with pytest.raises(ValueError, match="asks for 'val_los', there are epoch, loss, watched"):
        run(ModelCheckpoint(str(tmp_path / "{val_los}.safetensors")), watched=[1])


# ---- NaN -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1e20, 1e30])
def test_terminate_on_nan(rate):
    model = regression(SGD(rate))
    with pytest.warns(UserWarning, match="the loss is") as told, np.errstate(all="ignore"):
        history = model.fit(X, Y, epochs=50, batch_size=4, verbose=0, callbacks=[TerminateOnNaN()])
    assert len(history.epoch) < 50 and not math.isfinite(history.history["loss"][-1])
    assert model.optimizer.t < 50 * 6 and model.optimizer.t % 6 or len(history.epoch) == 1
    assert [str(w.message).partition(":")[0] for w in told] == ["training diverges", "batch 1"]
    assert "training stops" in str(told[1].message)


def test_any_loss_that_is_nan_stops_the_training():
    class TwoLosses(Model):
        def call(self, x):
            return x

        def train_step(self, data):
            return {"d_loss": 1.0, "g_loss": math.nan, "loss_scale": math.inf}

    model = TwoLosses()
    model.compile("sgd")
    with pytest.warns(UserWarning, match="batch 0: the g_loss is nan; training stops"):
        history = model.fit(X, epochs=3, batch_size=4, verbose=0, callbacks=[TerminateOnNaN()])
    assert len(history.epoch) == 1


# ---- files ---------------------------------------------------------------------------------------


def rows(path, separator=","):
    with open(path, newline="") as file:
        return list(csv.reader(file, delimiter=separator))


def test_csv_logger(tmp_path):
    path, model = tmp_path / "log.csv", regression(metrics=["mae"])
    history = model.fit(
        X, Y, epochs=3, verbose=0, callbacks=[CSVLogger(path)], validation_split=0.25
    )
    header, *lines = rows(path)
    assert header == ["epoch", "loss", "mae", "val_loss", "val_mae"] and [
        line[0] for line in lines
    ] == ["0", "1", "2"]
    for i, name in enumerate(header[1:], 1):
        np.testing.assert_allclose([float(line[i]) for line in lines], history.history[name])
    model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0, callbacks=[CSVLogger(path, append=True)])
    assert [line[0] for line in rows(path)] == ["epoch", "0", "1", "2", "3", "4"]
    assert rows(path)[-1][3:] == ["NA", "NA"] and all(len(line) == 5 for line in rows(path))
    model.fit(X, Y, verbose=0, callbacks=[CSVLogger(path, separator=";")])
    assert rows(path, ";")[0] == ["epoch", "loss", "mae"] and len(rows(path, ";")) == 2
    new = tmp_path / "new.csv"
    model.fit(X, Y, verbose=0, callbacks=[CSVLogger(new, append=True)])
    assert len(rows(new)) == 2


def test_csv_logger_drops_the_lines_of_epochs_that_are_trained_again(tmp_path):
    path, saved = tmp_path / "log.csv", tmp_path / "model.safetensors"

    class Save(Callback):
        def on_epoch_complete(self, epoch, logs):
            if epoch == 1:
                self.model.save(saved, epoch + 1)

    options = {"verbose": 0, "epochs": 4}
    regression().fit(X, Y, callbacks=[CSVLogger(path, append=True), Save()], **options)
    lines = rows(path)
    model = regression()
    epoch = model.load(saved)
    model.fit(X, Y, callbacks=[CSVLogger(path, append=True)], initial_epoch=epoch, **options)
    assert [line[0] for line in rows(path)] == ["epoch", "0", "1", "2", "3"]
    assert rows(path) == lines


def test_csv_logger_closes_its_file(tmp_path):
    class Broken(Callback):
        def on_epoch_end(self, epoch, logs):
            if epoch == 1:
                raise ArithmeticError("broken")

    logger = CSVLogger(tmp_path / "log.csv")
    with pytest.raises(ArithmeticError, match="broken"):
        regression().fit(X, Y, epochs=5, verbose=0, callbacks=[logger, Broken()])
    assert logger.file.closed and len(rows(tmp_path / "log.csv")) == 3
    with pytest.raises(FileNotFoundError):
        regression().fit(
            X,
            Y,
            verbose=0,
            callbacks=[EarlyStopping("loss"), CSVLogger(tmp_path / "no" / "log.csv"), Broken()],
        )


# ---- history and the bar -------------------------------------------------------------------------


def test_history():
    model = regression(metrics=["mae"])
    history = model.fit(X, Y, epochs=3, verbose=0, validation_split=0.25)
    assert type(history) is History and history.epoch == [0, 1, 2] and model.history is history
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert all(
        len(values) == 3 and all(type(v) is float for v in values)
        for values in history.history.values()
    )
    assert model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0).epoch == [3, 4]


def test_the_bar_and_the_lines(capsys):
    regression().fit(X, Y, epochs=2, batch_size=5, verbose=1)
    out = capsys.readouterr().out
    assert "epoch 2/2: 100%" in out and "10/10" in out and "loss " in out
    regression(metrics=["mae"]).fit(X, Y, epochs=2, verbose=2, validation_split=0.25)
    lines = capsys.readouterr().out.splitlines()
    assert (
        len(lines) == 2
        and lines[1].startswith("epoch 2/2: loss ")
        and all(f", {n} " in lines[1] for n in ("mae", "val_loss"))
    )
    regression().fit(X, Y, verbose=0)
    assert capsys.readouterr() == ("", "")
    regression().fit(X, Y, verbose="auto")
    assert "epoch 1/1: 100%" in capsys.readouterr().out


def test_bars_close_after_errors(capsys):
    bars = []

    class Stop(Callback):
        def on_train_batch_end(self, batch, logs):
            bars.append(progress_bars[0].bar)
            raise KeyboardInterrupt

    progress_bars = []

    class Noted(ProgressBar):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            progress_bars.append(self)

    original, model_file.ProgressBar = model_file.ProgressBar, Noted
    try:
        with pytest.raises(KeyboardInterrupt):
            regression().fit(X, Y, callbacks=[Stop()])
    finally:
        model_file.ProgressBar = original
    assert bars[0].disable and progress_bars[0].bar is None  # tqdm marks a closed bar so


# ---- own callbacks -------------------------------------------------------------------------------


class Witness(Callback):
    def __init__(self, calls, name=""):
        self.calls, self.name = calls, name

    def on_train_begin(self, logs):
        self.calls.append(f"{self.name}train begin")

    def on_train_end(self, logs):
        self.calls.append(f"{self.name}train end {sorted(logs)}")

    def on_epoch_begin(self, epoch, logs):
        self.calls.append(f"{self.name}epoch {epoch} begin")

    def on_epoch_end(self, epoch, logs):
        self.calls.append(f"{self.name}epoch {epoch} end {sorted(logs)}")

    def on_epoch_complete(self, epoch, logs):
        """What is called after all others have a test in test_checkpoints."""

    def on_train_batch_begin(self, batch, logs):
        self.calls.append(f"{self.name}batch {batch} begin")

    def on_train_batch_end(self, batch, logs):
        self.calls.append(f"{self.name}batch {batch} end {sorted(logs)}")


def test_methods_are_called_in_order():
    calls = []
    model = regression()
    model.fit(X, Y, epochs=2, batch_size=12, verbose=0, callbacks=[Witness(calls)])
    epoch = [
        "epoch {} begin",
        "batch 0 begin",
        "batch 0 end ['loss']",
        "batch 1 begin",
        "batch 1 end ['loss']",
        "epoch {} end ['loss']",
    ]
    assert calls == [
        "train begin",
        *(line.format(i) for i in (0, 1) for line in epoch),
        "train end ['loss']",
    ]
    calls.clear()
    model.fit(
        X, Y, batch_size=24, verbose=0, callbacks=[Witness(calls, "a "), Witness(calls, "b ")]
    )
    assert [call[0] for call in calls] == list("ab") * 6


def hook_names():
    """Keras's; on_epoch_complete, in which a checkpoint is saved, is ours."""
    names = [name for name in vars(Callback) if name.startswith("on_")]
    return [name for name in names if name != "on_epoch_complete"]


def recorder(calls, names=None, keep=lambda logs: sorted(logs)):
    """A callback with those methods, which note their names and arguments."""

    def noting(name):
        return lambda self, *arguments: calls.append((name, *arguments[:-1], keep(arguments[-1])))

    return type("Recorder", (Callback,), {name: noting(name) for name in names or hook_names()})()


def test_all_methods_are_called_as_keras_does():
    """The order and the arguments of Keras 3.15.1; the older names are called by the newer ones."""
    calls = []
    newer = [name for name in hook_names() if "_batch_" not in name or name.count("_") == 3]
    model = regression(metrics=["mae"])
    bare = recorder(calls, newer)  # one callback in place of a list
    model.fit(X, Y, batch_size=12, verbose=0, callbacks=bare, validation_data=(X[:12], Y[:12]))
    both, every = ["loss", "mae"], ["loss", "mae", "val_loss", "val_mae"]
    assert calls == [
        ("on_train_begin", []),
        ("on_epoch_begin", 0, []),
        ("on_train_batch_begin", 0, []),
        ("on_train_batch_end", 0, both),
        ("on_train_batch_begin", 1, []),
        ("on_train_batch_end", 1, both),
        ("on_test_begin", []),
        ("on_test_batch_begin", 0, []),
        ("on_test_batch_end", 0, both),
        ("on_test_end", both),
        ("on_epoch_end", 0, every),
        ("on_train_end", every),
    ]
    assert bare.model is model and bare.params == {"verbose": 0, "epochs": 1, "steps": 2}
    calls.clear()
    model.evaluate(X, Y, batch_size=20, callbacks=bare)
    assert [call[:2] for call in calls[1:-1]] == [
        (f"on_test_batch_{moment}", i) for i in (0, 1) for moment in ("begin", "end")
    ]
    assert calls[0] == ("on_test_begin", []) and calls[-1] == ("on_test_end", both)
    assert bare.params == {"verbose": 0, "epochs": 1, "steps": 2}
    calls.clear()
    model.predict(X, batch_size=20, callbacks=[bare])
    assert calls == [
        ("on_predict_begin", []),
        ("on_predict_batch_begin", 0, []),
        ("on_predict_batch_end", 0, ["outputs"]),
        ("on_predict_batch_begin", 1, []),
        ("on_predict_batch_end", 1, ["outputs"]),
        ("on_predict_end", []),
    ]


def test_the_older_names_of_batch_hooks():
    calls = []
    names = ["on_batch_begin", "on_batch_end"]
    regression().fit(X, Y, batch_size=12, verbose=0, callbacks=recorder(calls, names))
    assert calls == [
        ("on_batch_begin", 0, []),
        ("on_batch_end", 0, ["loss"]),
        ("on_batch_begin", 1, []),
        ("on_batch_end", 1, ["loss"]),
    ]


def test_batch_logs_are_means_of_the_epoch_so_far():
    seen, tested = [], []
    model = regression(SGD(0.0), metrics=["mae"])
    names = ["on_train_batch_end", "on_test_batch_end"]
    spy = recorder(seen, names, keep=dict)
    model.fit(X, Y, epochs=2, batch_size=10, verbose=0, shuffle=False, callbacks=spy)
    model.evaluate(X, Y, batch_size=10, callbacks=recorder(tested, names, keep=dict))
    distances = (model.predict(X) - Y)[:, 0]
    for calls in (seen[:3], seen[3:], tested):  # each epoch starts afresh
        for (_, i, logs), stop in zip(calls, (10, 20, 24), strict=True):
            assert logs["loss"] == pytest.approx((distances[:stop] ** 2).mean(), rel=1e-5), i
            assert logs["mae"] == pytest.approx(abs(distances[:stop]).mean(), rel=1e-5), i


def test_outputs_of_each_batch_of_predict():
    outputs, model = [], regression()
    predicted = model.predict(
        X,
        batch_size=10,
        callbacks=LambdaCallback(
            on_predict_batch_end=lambda batch, logs: outputs.append(logs["outputs"].numpy())
        ),
    )
    np.testing.assert_array_equal(np.concatenate(outputs), predicted)


def test_what_no_callback_defines_costs_nothing():
    """Metrics are not computed for batch logs that nobody reads; the bar does not read them."""
    model = regression(metrics=["mae"])
    results = []
    model.get_metrics_result = lambda: results.append(1) or {}
    model.fit(
        X, Y, batch_size=4, verbose=0, callbacks=[Callback(), History(), EarlyStopping("loss")]
    )
    assert len(results) == 1  # of the epoch
    model.fit(X, Y, batch_size=4, verbose=1)
    assert len(results) == 2
    model.fit(X, Y, batch_size=4, verbose=0, callbacks=TerminateOnNaN())
    assert len(results) == 2 + 6 + 1


def test_a_lambda_callback():
    calls = []
    functions = {
        name: (lambda *arguments, name=name: calls.append(name))
        for name in inspect.signature(LambdaCallback).parameters
    }
    model = regression()
    model.fit(X, Y, verbose=0, callbacks=LambdaCallback(**functions), validation_split=0.5)
    model.predict(X, callbacks=LambdaCallback(**functions))
    assert set(calls) == set(functions) == set(hook_names()) - {"on_batch_begin", "on_batch_end"}
    positional = LambdaCallback(lambda epoch, logs: calls.append(epoch))  # Keras's order
    calls.clear()
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[positional])
    assert calls == [0, 1]


def test_evaluation_and_prediction_can_be_stopped():
    class Stop(Callback):
        def on_test_batch_end(self, batch, logs):
            self.model.stop_evaluating = True

        def on_predict_batch_end(self, batch, logs):
            self.model.stop_predicting = True

    model = regression()
    assert model.evaluate(X, Y, batch_size=10, callbacks=Stop()) == pytest.approx(
        model.evaluate(X[:10], Y[:10])
    )
    assert model.predict(X, batch_size=10, callbacks=Stop()).shape == (10, 1)
    assert model.predict(X, batch_size=10).shape == (24, 1)


@pytest.mark.parametrize(
    "callbacks, words",
    [
        (EarlyStopping, r"expected an object, EarlyStopping\(\.\.\.\), not its class"),
        ([History, Callback()], r"expected an object, History\(\.\.\.\), not its class"),
        (lambda epoch, logs: None, r"LambdaCallback\(on_epoch_end=\.\.\.\) makes one"),
        (
            ["early_stopping"],
            "expected an object of a subclass of .*Callback, got 'early_stopping'",
        ),
    ],
)
@pytest.mark.parametrize("use", ["fit", "evaluate", "predict"])
def test_what_is_no_callback(use, callbacks, words):
    arguments = (X,) if use == "predict" else (X, Y)
    with pytest.raises(TypeError, match=words):
        getattr(regression(), use)(*arguments, callbacks=callbacks)


def test_every_callback_that_began_is_ended():
    calls = []

    class Broken(Callback):
        def __init__(self, moment):
            self.moment = moment

        def on_train_begin(self, logs):
            assert self.moment != "begin", "broken"

        def on_train_end(self, logs):
            assert self.moment != "end", "broken"

    with pytest.raises(AssertionError, match="broken"):
        regression().fit(
            X, Y, verbose=0, callbacks=[Witness(calls, "a "), Broken("begin"), Witness(calls, "b ")]
        )
    assert calls == ["a train begin", "a train end []"]
    calls.clear()
    with pytest.raises(AssertionError, match="broken"):
        regression().fit(
            X, Y, verbose=0, callbacks=[Witness(calls, "a "), Broken("end"), Witness(calls, "b ")]
        )
    assert calls[-2:] == ["a train end ['loss']", "b train end ['loss']"]


def test_a_callback_can_stop_training_and_change_the_logs():
    class Third(Callback):
        def on_train_batch_end(self, batch, logs):
            self.model.stop_training = batch == 2

        def on_epoch_end(self, epoch, logs):
            logs["own"] = 7.0

    model = regression()
    history = model.fit(X, Y, batch_size=4, epochs=5, verbose=0, callbacks=[Third()])
    assert model.optimizer.t == 3 and history.history["own"] == [7.0]
    assert len(model.fit(X, Y, verbose=0).epoch) == 1  # the wish to stop does not outlive its fit


def test_states_of_another_callback_are_refused():
    stopping = EarlyStopping("loss")
    stopping.on_train_begin({})
    with pytest.raises(ValueError, match="holds best of EarlyStopping, which needs best, wait, "):
        stopping.set_state({"best": 1.0})
    with pytest.raises(ValueError, match="the checkpoint's wait of EarlyStopping is 'x', not a nu"):
        stopping.set_state({**stopping.get_state(), "wait": "x"})
    for kind in (EarlyStopping, ReduceLROnPlateau):
        with pytest.raises(ValueError, match=f"unknown mode of {kind.__name__} 'maximum': did you"):
            kind("loss", mode="maximum")


# ---- Keras's further options ---------------------------------------------------------------------


def five_batches():
    minigrad.seed(0)
    model = minigrad.Sequential([minigrad.layers.Input((3,)), minigrad.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).standard_normal((40, 3))
    return model, (x, x[:, :1])


def files_of(tmp_path, name, **options):
    model, data = five_batches()
    checkpoint = callbacks.ModelCheckpoint(tmp_path / name, save_weights_only=True, **options)
    model.fit(*data, batch_size=8, epochs=2, verbose=0, callbacks=[checkpoint])
    return sorted(path.name for path in tmp_path.iterdir()), checkpoint


def test_checkpoints_after_so_many_batches(tmp_path):
    """The names are Keras's."""
    found, _ = files_of(tmp_path, "w{epoch:02d}-{batch}.safetensors", save_freq=2)
    expected = ["w01-2", "w01-4", "w02-1", "w02-3", "w02-5"]
    assert found == [f"{name}.safetensors" for name in expected]


def test_checkpoints_after_batches_that_are_better(tmp_path):
    options = {"save_freq": 3, "monitor": "loss", "save_best_only": True}
    found, checkpoint = files_of(tmp_path, "{epoch}-{batch}-{loss:.2f}.safetensors", **options)
    losses_found = [float(name.removesuffix(".safetensors").split("-")[2]) for name in found]
    assert losses_found and losses_found == sorted(losses_found, reverse=True)
    assert checkpoint.best == pytest.approx(losses_found[-1], abs=0.006)


def test_training_goes_on_from_a_checkpoint_within_an_epoch(tmp_path):
    model, data = five_batches()
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.safetensors", save_freq=4)
    model.fit(*data, batch_size=8, epochs=2, verbose=0, callbacks=[checkpoint])
    again, _ = five_batches()
    assert again.load(tmp_path / "2-3.safetensors") == 1  # the second epoch begins anew
    assert again.optimizer.t == 8


def test_only_what_beats_the_threshold_is_saved(tmp_path):
    options = {"monitor": "loss", "save_best_only": True}
    assert (
        files_of(tmp_path, "a{epoch}.safetensors", initial_value_threshold=1e-9, **options)[0] == []
    )
    assert files_of(tmp_path, "b{epoch}.safetensors", initial_value_threshold=1e9, **options)[0]


@pytest.mark.parametrize("freq", [0, 2.5, "batch"])
def test_save_freq_of_a_checkpoint_is_a_number_of_batches(freq):
    with pytest.raises(ValueError, match="save_freq of ModelCheckpoint, if not 'epoch', must be a"):
        callbacks.ModelCheckpoint("a.safetensors", save_freq=freq)


def test_a_loss_that_is_nan_may_be_an_error():
    callback = callbacks.TerminateOnNaN(raise_error=True)
    callback.on_train_batch_end(0, {"loss": 1.0})
    with pytest.raises(RuntimeError, match="batch 3: the a_loss is inf; training stops"):
        callback.on_train_batch_end(3, {"loss": 1.0, "a_loss": math.inf})


def test_a_list_of_callbacks_is_called_as_one():
    model, _ = five_batches()
    seen = []
    own = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(("epoch", epoch, logs)),
        on_train_batch_end=lambda batch, logs: seen.append(("batch", batch, logs)),
    )
    listed = callbacks.CallbackList(
        [own], add_history=True, add_progbar=True, model=model, epochs=3, steps=2, verbose=2
    )
    kinds = [type(callback).__name__ for callback in listed.callbacks]
    assert kinds == ["LambdaCallback", "ProgressBar", "History"]
    assert own.model is model and own.params == {"epochs": 3, "steps": 2, "verbose": 2}
    listed.on_train_begin()
    listed.on_epoch_begin(0)
    listed.on_batch_end(1, {"loss": 1.0})
    listed.on_train_batch_end(2, logs={"loss": 2.0})
    listed.on_epoch_end(0, {"loss": 3.0})
    listed.on_train_end()
    assert seen == [("epoch", 0, {}), ("batch", 1, {"loss": 1.0}), ("batch", 2, {"loss": 2.0})]
    assert listed.history.history == {"loss": [3.0]}
    twice = callbacks.CallbackList(listed, add_history=True, model=model)
    assert len(twice.callbacks) == 3
    twice.append(callbacks.TerminateOnNaN())
    assert twice.callbacks[-1].model is model
    twice.set_params({"epochs": 9})
    assert own.params == {"epochs": 9}
    with pytest.raises(AttributeError, match="CallbackList has no attribute 'on_lunch'"):
        listed.on_lunch()
