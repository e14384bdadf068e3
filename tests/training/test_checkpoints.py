"""Checkpoints: training goes on bit for bit, and a file that does not fit changes nothing."""

from __future__ import annotations

import csv
import itertools
import json
import math
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Sequential
from minigrad.data import Dataset
from minigrad.data.augmentation import Compose, RandomFlip, RandomRotation
from minigrad.layers import LSTM, Bidirectional, Dense, Dropout, Flatten
from minigrad.optimizers import schedules
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.nadam import Nadam
from minigrad.optimizers.sgd import SGD
from minigrad.training import saving
from minigrad.training.averaging import AverageWeights
from minigrad.training.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)

rng = np.random.default_rng(5)
X = rng.standard_normal((24, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")
SCRIPT = [5.0, 4.0, 4.5, 4.4, 3.0, 3.5, 3.2, 3.3, 2.0, 2.5, 2.4, 2.3]  # the value that is monitored


class Scripted(Callback):
    """Logs a value that is known beforehand."""

    def on_epoch_end(self, epoch, logs):
        logs["watched"] = SCRIPT[epoch]


def network(optimizer=None):
    minigrad.seed(3)
    model = Sequential(Dense(4, "tanh", input_shape=(3,)), Dropout(0.3), Dense(1))
    model.compile(optimizer or Adam(0.05), "mse")
    return model


# ---- training that was interrupted is training that was not --------------------------------------

CALLBACKS = {
    "plateau": lambda folder: ReduceLROnPlateau("watched", 0.5, patience=2, cooldown=1),
    "stop": lambda folder: EarlyStopping("watched", patience=2),
    "best weights": lambda folder: EarlyStopping(
        "watched", patience=3, restore_best_weights=True, start_from_epoch=1
    ),
    "best": lambda folder: ModelCheckpoint(folder / "best", "watched", save_best_only=True),
    "rate": lambda folder: LearningRateScheduler(lambda epoch, rate: rate * 0.9),
    "log": lambda folder: CSVLogger(folder / "log.csv", append=True),
    "average": lambda folder: AverageWeights(0.8),
    "backup": lambda folder: BackupAndRestore(folder / "backup"),
}


class Killed(Exception):
    """Ends training as a crash would, in the middle of an epoch."""


class Kill(Callback):
    passing_names = (*Callback.passing_names, "epoch")

    def __init__(self, at):
        self.at = at

    def on_epoch_begin(self, epoch, logs):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs):
        if (self.epoch, batch) == (self.at, 1):
            raise Killed


def train(folder, names, killed_after=None, epochs=12, optimizer=None, **options):
    """(weights, rate, history, rows of the log) of a training that is killed once, or is not."""
    folder.mkdir()
    logs = {}

    def callbacks(*others):
        made = [folder_callbacks[name](folder) for name in names]
        return [Scripted(), *others, *made]

    folder_callbacks = CALLBACKS | {"last": lambda folder: ModelCheckpoint(folder / "last")}
    model, start = network(optimizer and optimizer()), 0
    if killed_after is not None:
        with pytest.raises(Killed):
            fit(model, logs, callbacks(Kill(killed_after + 1)), 0, epochs, **options)
        minigrad.seed(99)
        model = network(optimizer and optimizer())
        start = 0 if "backup" in names else model.load(folder / "last")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.filterwarnings("ignore", "EarlyStopping had stopped")
        fit(model, logs, callbacks(), start, epochs, **options)
    best = list(saving.load_safetensors(folder / "best")[0].values()) if "best" in names else []
    log = (folder / "log.csv").read_text().splitlines() if "log" in names else []
    rows = list(csv.reader(log))
    return model.get_weights(), model.optimizer.learning_rate, logs, best, rows


def fit(model, logs, callbacks, start, epochs, **options):
    class Note(Callback):
        def on_epoch_complete(self, epoch, values):
            logs[epoch] = dict(values)

    model.fit(
        X,
        Y,
        8,
        epochs,
        0,
        [*callbacks, Note()],
        initial_epoch=start,
        validation_split=0.25,
        **options,
    )


def same_training(a, b):
    weights, rate, logs, best, rows = a
    assert all(np.array_equal(u, v) for u, v in zip(weights, b[0], strict=True))
    assert (rate, logs, rows) == (b[1], b[2], b[4])
    np.testing.assert_equal(best, b[3])


@pytest.mark.parametrize("killed_after", [0, 3, 6])
@pytest.mark.parametrize("name", CALLBACKS)
def test_each_callback_goes_on(tmp_path, name, killed_after):
    for order, names in enumerate([(name, "last"), ("last", name)]):
        whole = train(tmp_path / f"whole{order}", names)
        again = train(tmp_path / f"again{order}", names, min(killed_after, max(whole[2]) - 1))
        same_training(whole, again)


ORDERS = list(itertools.permutations(["plateau", "best weights", "best", "log", "backup"]))


@pytest.mark.parametrize("order", ORDERS[::12], ids="-".join)
def test_every_order_of_callbacks_goes_on(tmp_path, order):
    whole = train(tmp_path / "whole", order)
    same_training(whole, train(tmp_path / "again", order, killed_after=5))


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: SGD(0.05, momentum=0.9),
        lambda: SGD(schedules.ExponentialDecay(0.1, 5, 0.8)),
        lambda: Adam(0.05, amsgrad=True),
        lambda: Nadam(0.05),
    ],
    ids=["momentum", "schedule", "amsgrad", "nadam"],
)
def test_optimizers_and_data_go_on(tmp_path, optimizer):
    options = {"optimizer": optimizer, "drop_last": True}
    whole = train(tmp_path / "whole", ["last", "best"], **options)
    same_training(whole, train(tmp_path / "again", ["last", "best"], 4, **options))


# ---- a fit that is started again -----------------------------------------------------------------


class FailOnce(Callback):
    """Ends the training at the beginning of an epoch, as Ctrl-C would."""

    def __init__(self, epoch):
        self.at = epoch

    def on_epoch_begin(self, epoch, logs):
        if epoch == self.at:
            raise KeyboardInterrupt


def test_a_fit_in_the_same_process_continues_after_the_last_backup(tmp_path):
    backup, whole, model = BackupAndRestore(tmp_path / "a" / "b"), network(), network()
    whole.fit(X, Y, epochs=5, verbose=0)
    minigrad.seed(3)
    model = network()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=5, verbose=0, callbacks=[backup, FailOnce(3)])
    assert [path.name for path in backup.backup_dir.iterdir()] == ["latest.safetensors"]
    history = model.fit(X, Y, epochs=5, verbose=0, callbacks=[backup])
    assert history.epoch == [3, 4]
    for a, b in zip(whole.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not backup.backup_dir.exists() and backup.backup_dir.parent.exists()


class Rivals(minigrad.Model):
    """Two layers, each with an optimizer of its own."""

    def __init__(self):
        super().__init__()
        self.up = minigrad.layers.Dense(1)
        self.down = minigrad.layers.Dense(1)
        self.build((None, X.shape[1]))

    def compile(self, optimizer, second):
        super().compile(optimizer)
        self.second = second

    def call(self, x):
        return self.up(x) - self.down(x)

    def train_step(self, data):
        with minigrad.training():
            loss = minigrad.ops.mean(self(data) ** 2)
        for layer, optimizer in ((self.up, self.optimizer), (self.down, self.second)):
            weights = layer.trainable_weights
            optimizer.apply(minigrad.grad(loss, weights), weights)
        return {"loss": loss}


def rivals(second=None):
    minigrad.seed(0)
    model = Rivals()
    model.compile(Adam(0.05), second or SGD(0.1, momentum=0.9))
    return model


def test_every_optimizer_of_a_model_goes_on(tmp_path):
    whole, model = rivals(), rivals()
    whole.fit(X, epochs=4, verbose=0)
    minigrad.seed(0)
    model = rivals()
    backup = BackupAndRestore(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, epochs=4, verbose=0, callbacks=[backup, FailOnce(2)])
    model = rivals()
    model.fit(X, epochs=4, verbose=0, callbacks=[backup])
    assert model.second.t == whole.second.t > 0
    for a, b in zip(whole.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_checkpoint_needs_every_optimizer(tmp_path):
    model = rivals()
    model.fit(X, epochs=1, verbose=0)
    model.save(tmp_path / "both")
    other = rivals(second=SGD(0.1))
    before = [a.copy() for a in other.get_weights()]
    with pytest.raises(ValueError, match="second: the state of the optimizer 'sgd'.*compile it"):
        other.load(tmp_path / "both")
    del model.second
    model.save(tmp_path / "one")
    with pytest.raises(ValueError, match="optimizer: the checkpoint has none for second"):
        other.load(tmp_path / "one")
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


class Spoil(Callback):
    """Makes a weight NaN in an epoch."""

    def on_epoch_end(self, epoch, logs):
        if epoch == 2:
            self.model.trainable_weights[0].data[...] = np.nan


def test_the_last_good_state_is_kept_when_weights_become_nan(tmp_path):
    good, model, backup = network(), network(), BackupAndRestore(tmp_path)
    good.fit(X, Y, epochs=2, verbose=0)
    minigrad.seed(3)
    model = network()
    with pytest.warns(UserWarning, match="NaN") as told:
        model.fit(X, Y, epochs=5, verbose=0, callbacks=[Spoil(), backup, TerminateOnNaN()])
    assert any(f"model.load({str(backup.path)!r})" in str(w.message) for w in told)
    assert np.isnan(model.get_weights()[0]).all()
    assert model.load(backup.path) == 2
    for a, b in zip(good.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_backup_outlives_a_failure_at_the_very_end(tmp_path):
    class FullDisk(Callback):
        def on_epoch_complete(self, epoch, logs):
            raise OSError

    model, backup = network(), BackupAndRestore(tmp_path)
    with pytest.raises(OSError):
        model.fit(X, Y, epochs=1, verbose=0, callbacks=[backup, FullDisk()])
    assert backup.path.exists()
    assert model.fit(X, Y, epochs=1, verbose=0, callbacks=[backup]).epoch == []
    assert not backup.path.exists()


def test_a_backup_that_is_kept_and_a_folder_with_other_files(tmp_path):
    model, kept = network(), BackupAndRestore(tmp_path, delete_checkpoint=False)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=kept)
    assert kept.path.exists()
    (tmp_path / "notes.txt").touch()
    history = model.fit(X, Y, epochs=4, verbose=0, callbacks=BackupAndRestore(tmp_path))
    assert history.epoch == [2, 3]
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_early_stopping_finishes_a_fit(tmp_path):
    callbacks = [Scripted(), EarlyStopping("watched", patience=1), BackupAndRestore(tmp_path / "b")]
    assert network().fit(X, Y, epochs=9, verbose=0, callbacks=callbacks).epoch == [0, 1, 2]
    assert not (tmp_path / "b").exists()


def test_backups_every_so_many_batches(tmp_path):
    class Spy(Callback):
        def on_train_batch_begin(self, batch, logs):
            saved.append(backup.path.stat().st_mtime_ns if backup.path.exists() else 0)

        def on_epoch_begin(self, epoch, logs):
            if epoch == 2:
                raise KeyboardInterrupt

    saved, backup, model = [], BackupAndRestore(tmp_path, save_freq=4), network()
    with pytest.raises(KeyboardInterrupt):  # 3 batches per epoch
        model.fit(X, Y, 8, 2 + 1, verbose=0, callbacks=[Spy(), backup])
    assert [bool(time) for time in saved] == [False] * 4 + [True] * 2
    assert network().fit(X, Y, 8, 3, verbose=0, callbacks=backup).epoch == [1, 2]


def test_what_a_backup_refuses(tmp_path):
    for save_freq in (0, 1.5, True, "batch", None):
        with pytest.raises(ValueError, match="save_freq of BackupAndRestore, if not 'epoch', must"):
            BackupAndRestore(tmp_path, save_freq)
    with pytest.raises(ValueError, match="backup_dir must name a folder"):
        BackupAndRestore("")
    model = Sequential(Dense(1))
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="BackupAndRestore needs a built model: .*input_shape="):
        model.fit(X, Y, verbose=0, callbacks=BackupAndRestore(tmp_path))
    kept = BackupAndRestore(tmp_path, delete_checkpoint=False)
    network().fit(X, Y, verbose=0, callbacks=kept)
    other = network(SGD(0.1))
    before = other.get_weights()
    with pytest.raises(ValueError, match="latest.*the state of the optimizer 'adam'"):
        other.fit(X, Y, epochs=2, verbose=0, callbacks=kept)
    np.testing.assert_array_equal(other.get_weights()[0], before[0])


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_dtypes_go_on(tmp_path, dtype):
    """The state of float16 parameters is float32, and comes back with all its digits."""
    with minigrad.default_dtype(dtype):
        model = network(Adam(0.01, amsgrad=True))
        model.fit(X, Y, epochs=3, verbose=0)
        model.save(tmp_path / "c", epoch=3)
        other = network(Adam(0.01, amsgrad=True))
        assert other.load(tmp_path / "c") == 3
        for ours, theirs in zip(other.optimizer.state(), model.optimizer.state(), strict=True):
            for a, b in zip(ours, theirs, strict=True):
                assert a.dtype == b.dtype == ("float64" if dtype == "float64" else "float32")
                np.testing.assert_array_equal(a, b)
        for m in (model, other):
            minigrad.seed(8)
            m.fit(X, Y, epochs=2, verbose=0)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        assert a.dtype == dtype
        np.testing.assert_array_equal(a, b)


def test_two_callbacks_of_one_class_keep_their_own_states(tmp_path):
    def pair():
        return [EarlyStopping("watched", patience=20), EarlyStopping("loss", patience=30)]

    first, again, model = pair(), pair(), network()
    last = ModelCheckpoint(tmp_path / "last")
    model.fit(X, Y, epochs=4, verbose=0, callbacks=[last, Scripted(), *first])
    epoch = model.load(tmp_path / "last")
    model.fit(X, Y, epochs=4, initial_epoch=epoch, verbose=0, callbacks=[Scripted(), *again])
    assert [c.get_state() for c in again] == [c.get_state() for c in first]
    assert again[0].best == min(SCRIPT[:4]) != again[1].best


@pytest.mark.parametrize("wrap", [lambda x: x, Bidirectional], ids=["plain", "bidirectional"])
def test_stateful_recurrent_layers_go_on(tmp_path, wrap):
    x, y = rng.standard_normal((8, 4, 2)), rng.standard_normal((8, 1))

    def recurrent():
        minigrad.seed(1)
        model = Sequential(wrap(LSTM(3, stateful=True)), Dense(1))
        model.compile("adam", "mse")
        model.fit(x, y, 4, 1, 0, shuffle=False)
        return model

    model = recurrent()
    model.save(tmp_path / "c", epoch=1)
    model.fit(x, y, 4, 4, 0, shuffle=False, initial_epoch=1)
    other = recurrent()
    other.reset_states()
    other.train_on_batch(x[:4] * 3, y[:4])
    assert other.load(tmp_path / "c") == 1
    other.fit(x, y, 4, 4, 0, shuffle=False, initial_epoch=1)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.reset_states()
    model.save(tmp_path / "c")
    other.load(tmp_path / "c")
    np.testing.assert_array_equal(model.predict(x[:4]), other.predict(x[:4]))


def test_early_stopping_that_had_ended_trains_no_more(tmp_path):
    names = ("best weights", "last")
    whole = train(tmp_path / "whole", names)
    model = network()
    epoch = model.load(tmp_path / "whole" / "last")
    callbacks = [Scripted(), CALLBACKS["best weights"](tmp_path)]
    with pytest.warns(UserWarning, match="had stopped this training after epoch 8: nothing"):
        model.fit(X, Y, epochs=12, initial_epoch=epoch, verbose=0, callbacks=callbacks)
    for a, b in zip(whole[0], model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    patient = EarlyStopping("watched", patience=9)
    model.load(tmp_path / "whole" / "last")
    history = model.fit(
        X, Y, epochs=12, initial_epoch=epoch, verbose=0, callbacks=[Scripted(), patient]
    )
    assert history.epoch == [8, 9, 10, 11]


# ---- what a checkpoint does not hold -------------------------------------------------------------


class Counter(Callback):
    def __init__(self, step=1):
        self.step = step
        self.count = 0
        self.seen = []

    def on_epoch_end(self, epoch, logs):
        self.count += self.step
        self.seen.append(epoch)


class SavedCounter(Counter):
    state_names = ("count", "seen")


def test_what_is_not_held_is_named_where_training_goes_on(tmp_path):
    model = network()
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "c"), Counter()])
    assert model._fitting == ()
    assert model.load(tmp_path / "c") == 2
    with pytest.warns(UserWarning, match=r"hold count, seen of the callback Counter \(name what"):
        model.fit(X, Y, epochs=3, initial_epoch=2, verbose=0, callbacks=[Counter()])
    callback = SavedCounter()
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "c"), callback])
    fresh = SavedCounter()
    model.load(tmp_path / "c")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, Y, epochs=3, initial_epoch=2, verbose=0, callbacks=[fresh])
    assert (fresh.count, fresh.seen) == (3, [0, 1, 2])
    model.load(tmp_path / "c")
    with pytest.warns(UserWarning, match="not hold the state of the callback ReduceLROnPlateau"):
        late = ReduceLROnPlateau("loss")
        model.fit(X, Y, epochs=3, initial_epoch=2, verbose=0, callbacks=[late, SavedCounter()])


@pytest.mark.parametrize("seed", [None, 3])
def test_the_generator_of_a_seeded_augmentation_is_not_held(seed, tmp_path):
    """One without a seed is: training goes on with the same bits."""
    images = rng.random((8, 4, 4, 1), np.float32)

    def data():
        transform = Compose(RandomFlip("horizontal"), Compose(RandomRotation(0.5, seed=seed)))
        return Dataset(images, Y[:8], batch_size=4, transform=transform)

    def image_network():
        minigrad.seed(3)
        model = Sequential(Flatten(input_shape=(4, 4, 1)), Dense(1))
        model.compile("adam", "mse")
        return model

    whole = image_network()
    whole.fit(data(), epochs=4, verbose=0)
    image_network().fit(
        data(), epochs=2, verbose=0, callbacks=ModelCheckpoint(tmp_path / "{epoch}")
    )
    model = image_network()
    model.load(tmp_path / "2")
    with warnings.catch_warnings(record=True) as found:
        model.fit(data(), epochs=4, initial_epoch=2, verbose=0)
    if seed is None:
        assert not found
        assert model.get_weights()[0].tobytes() == whole.get_weights()[0].tobytes()
    else:
        assert "not hold the generator of RandomRotation(seed=...)" in str(found[0].message)


def test_the_position_in_a_generator_is_not_held(tmp_path):
    model = network()
    source = ((X[:8], Y[:8]) for _ in range(9))
    checkpoint = ModelCheckpoint(tmp_path / "c")
    model.fit(source, epochs=2, steps_per_epoch=2, verbose=0, callbacks=[checkpoint])
    epoch = model.load(tmp_path / "c")
    with pytest.warns(UserWarning, match="not hold the position of the iterator x"):
        model.fit(X, Y, epochs=3, initial_epoch=epoch, verbose=0)


def test_states_wait_for_the_epoch_of_the_checkpoint(tmp_path):
    model, callback = network(), EarlyStopping("loss", patience=9)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[callback, ModelCheckpoint(tmp_path / "c")])
    model.load(tmp_path / "c")
    callback = EarlyStopping("loss", mode="max", patience=9)
    history = model.fit(X, Y, epochs=1, verbose=0, callbacks=[callback])  # another training
    assert callback.best == history.history["loss"][0]


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["optimizer", "generator", "callbacks", "__metadata__", "$array"])
def test_a_layer_may_have_any_name(tmp_path, name):
    def build():
        model = Sequential(Dense(2, input_shape=(3,), name=name), Dense(1, name="kernel"))
        model.compile(Adam(), "mse")
        model.train_on_batch(X, Y)
        return model

    model, other = build(), build()
    model.save(tmp_path / "c")
    model.save_weights(tmp_path / "w")
    for load in (lambda: other.load(tmp_path / "c"), lambda: other.load_weights(tmp_path / "w")):
        other.set_weights([w + 1 for w in other.get_weights()])
        load()
        for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    other.load_weights(tmp_path / "c")
    model.train_on_batch(X, Y)
    other.train_on_batch(X, Y)
    np.testing.assert_array_equal(model.get_weights()[0], other.get_weights()[0])


# ---- everything is checked before anything changes -----------------------------------------------


def altered(path, change):
    """Write a checkpoint anew after `change(arrays, content)`."""
    arrays, metadata = saving.load_safetensors(path)
    content = json.loads(metadata["minigrad"])
    change(arrays, content)
    saving.save_safetensors(path, arrays, {"minigrad": json.dumps(content)})


def set_in(*keys):
    *path, last = keys[:-1]

    def change(arrays, content):
        for key in path:
            content = content[key]
        content[last] = keys[-1]

    return change


def remove_in(*keys):
    def change(arrays, content):
        for key in keys[:-1]:
            content = content[key]
        del content[keys[-1]]

    return change


def set_array(name, convert):
    def change(arrays, content):
        arrays[name] = convert(arrays[name])

    return change


ADAM = ("optimizers", "optimizer")
M = "optimizers/optimizer/state/dense/kernel/m"
CHANGES = {
    "no slot": (lambda a, c: a.pop(M), f"array {M} is missing"),
    "slot not named": (remove_in(*ADAM, "state", "dense/kernel", "m"), "missing: dense/ker"),
    "one number": (set_array(M, lambda a: a[:1, :1]), r"dense/kernel/m is \(1, 1\).* \(3, 4\)"),
    "transposed": (set_array(M, lambda a: a.T), r"dense/kernel/m is \(4, 3\), the model expects"),
    "slot of integers": (set_array(M, lambda a: a.astype(int)), "kernel/m is int64, the model exp"),
    "slot for nobody": (set_in(*ADAM, "state", "x", {"m": 1}), "optimizer: .*not in the model: x"),
    "t": (set_in(*ADAM, "t", -1), "'t' is -1, expected int"),
    "t is a text": (set_in(*ADAM, "t", "1"), "'t' is '1', expected int"),
    "t is true": (set_in(*ADAM, "t", True), "'t' is True, expected int"),
    "t is huge": (set_in(*ADAM, "t", 10**400), "'t' is a number of many digits, expected int"),
    "rate": (set_in(*ADAM, "learning_rate", math.nan), "NaN is no finite number"),
    "infinite": (set_in(*ADAM, "learning_rate", math.inf), "Infinity is no finite number"),
    "negative": (set_in(*ADAM, "learning_rate", -0.5), "learning rate -0.5 is negative"),
    "rate is null": (set_in(*ADAM, "learning_rate", None), "'learning_rate' is None, expect"),
    "generator": (set_in("generator", {"state": 1}), "random generator: its state is malformed"),
    "generator's number": (set_in("generator", "state", "state", -1), "its state is malformed"),
    "other generator": (set_in("generator", "bit_generator", "MT19937"), "its state is malformed"),
    "no generator": (remove_in("generator"), "no entry 'generator'"),
    "epoch": (set_in("epoch", -1), "'epoch' is -1, expected int"),
    "list": (set_in("layers", []), "'layers' is a list of 0, expected a dict of dict"),
    "no layer": (set_in("layers", {"x": {"states": []}}), "layers: there is no layer x"),
    "no state": (set_in("layers", {"dense": {"a": 1}}), "dense: Dense has no state besides"),
    "weights": (set_in("weights", ["dense/kernel"]), "missing: dense/bias"),
    "names": (set_in("weights", 3), "'weights' is 3, expected a list of str"),
    "weight of integers": (
        set_array("dense/kernel", lambda a: a.astype("int8")),
        "is int8, the mo",
    ),
    "weight of bools": (
        set_array("dense/kernel", lambda a: a > 0),
        "is bool, the model expects fl",
    ),
    "complex": (
        set_array("dense/kernel", lambda a: a.astype("complex64")),
        "is complex64, the mod",
    ),
    "too large": (
        set_array("dense/kernel", lambda a: a.astype("f8") + 1e300),
        r"float32 cannot: up to 1e\+300",
    ),
    "extra": (lambda a, c: a.update(more=np.ones(3)), "not in the model: more"),
    "nested": (set_in("callbacks", [[]]), "'callbacks' is a list of 1, expected a list of dict"),
}


def everything(model):
    optimizer = model.optimizer
    slots = [a.copy() for arrays in optimizer.state() for a in arrays]
    generator = repr(minigrad.random.generator().bit_generator.state)
    return model.get_weights() + slots, (optimizer.t, optimizer.learning_rate, generator)


@pytest.mark.parametrize("change, message", CHANGES.values(), ids=list(CHANGES))
def test_nothing_changes_unless_everything_fits(tmp_path, change, message):
    saved = network()
    saved.fit(X, Y, epochs=2, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "c")])
    altered(tmp_path / "c", change)
    model = network()
    model.fit(X, Y, epochs=1, verbose=0)
    arrays, numbers = everything(model)
    with pytest.raises(ValueError, match=message) as caught:
        model.load(tmp_path / "c")
    assert str(caught.value).startswith(str(tmp_path / "c"))
    after, numbers_after = everything(model)
    assert numbers == numbers_after and model._resumed is None
    assert all(np.array_equal(a, b) for a, b in zip(arrays, after, strict=True))


def test_all_that_is_wrong_is_listed_at_once(tmp_path):
    model = network()
    model.train_on_batch(X, Y)
    model.save(tmp_path / "c")
    for name in ("slot of integers", "negative", "generator", "no layer", "complex", "extra"):
        altered(tmp_path / "c", CHANGES[name][0])
    with pytest.raises(ValueError, match="nothing was loaded") as caught:
        model.load(tmp_path / "c")
    for part in ("kernel/m is int64", "-0.5", "malformed", "layer x", "complex64", "more"):
        assert part in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{'a': 1}", "[" * 100_000, '{"a": NaN}'])
def test_metadata_that_is_no_checkpoint(tmp_path, text):
    model = network()
    saving.save_safetensors(tmp_path / "c", {"a": np.ones(2)}, {"minigrad": text})
    for load in (model.load, model.load_weights):
        with pytest.raises(ValueError, match=r"c is no checkpoint"):
            load(tmp_path / "c")


def test_states_of_recurrent_layers_that_do_not_fit(tmp_path):
    def recurrent(units, stateful=True):
        model = Sequential(LSTM(units, stateful=stateful, name="lstm"), Dense(1, name="d"))
        model.compile("adam", "mse")
        model.train_on_batch(np.ones((2, 4, 2)), np.ones((2, 1)))
        return model

    recurrent(3).save(tmp_path / "c")
    altered(tmp_path / "c", set_array("layers/lstm/states/0", lambda a: a[:, :2]))
    model = recurrent(3)
    states = [s.numpy() for s in model.layers[0].get_state()["states"]]
    with pytest.raises(ValueError, match=r"layers: lstm: states of shapes \[\(2, 2\), \(2, 3\)\]"):
        model.load(tmp_path / "c")
    kept = [s.numpy() for s in model.layers[0].get_state()["states"]]
    np.testing.assert_array_equal(states, kept)
    recurrent(3).save(tmp_path / "c")
    with pytest.raises(ValueError, match="do not fit LSTM"):
        recurrent(3, stateful=False).load(tmp_path / "c")


# ---- types ---------------------------------------------------------------------------------------


def test_weights_of_other_types(tmp_path):
    model = Sequential(Dense(1, input_shape=(3,), name="d"))
    values = np.array([[0.5], [-1.25], [3.0]])
    for dtype in ("float16", "float32", "float64"):
        model.set_weights([np.zeros((3, 1)), np.zeros(1)])
        saving.save_safetensors(
            tmp_path / "w", {"d/kernel": values.astype(dtype), "d/bias": np.ones(1, dtype)}
        )
        model.load_weights(tmp_path / "w")
        assert model.weights[0].dtype == np.float32
        np.testing.assert_array_equal(model.get_weights()[0], values)
    infinite = np.array([[np.inf], [np.nan], [1e30]])
    saving.save_safetensors(tmp_path / "w", {"d/kernel": infinite, "d/bias": np.ones(1)})
    model.load_weights(tmp_path / "w")  # they are what the file says
    np.testing.assert_array_equal(model.get_weights()[0], infinite.astype("float32"))


def bfloat16_file(path, values):
    """A safetensors file by hand: the upper halves of float32."""
    halves = (np.asarray(values, np.float32).view(np.uint32) >> 16).astype("<u2")
    header = {
        "a": {"dtype": "BF16", "shape": list(halves.shape), "data_offsets": [0, halves.nbytes]}
    }
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + halves.tobytes())


def test_bfloat16_becomes_float32(tmp_path):
    values = np.array([[1.0, -2.5, 0.0], [np.inf, 3.140625, -1e-40]], np.float32)
    bfloat16_file(tmp_path / "w", values)
    arrays, _ = saving.load_safetensors(tmp_path / "w")
    assert arrays["a"].dtype == np.float32
    exact = (values.view(np.uint32) >> 16 << 16).view(np.float32)
    np.testing.assert_array_equal(arrays["a"], exact)


def test_types_that_numpy_lacks(tmp_path):
    bfloat16_file(tmp_path / "w", [[1.0, 2.0]])
    data = (
        (tmp_path / "w").read_bytes().replace(b'"BF16", "shape": [1, 2]', b'"F8_E4M3", "shape":[4]')
    )
    text = data[8:-4]
    (tmp_path / "w").write_bytes(len(text).to_bytes(8, "little") + text + data[-4:])
    with pytest.raises(ValueError, match="w is no .*: a has the type F8_E4M3, which NumPy lacks"):
        saving.load_safetensors(tmp_path / "w")
