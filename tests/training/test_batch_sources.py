"""Batches by their number (PyDataset and alike), generators, and numbers that fit refuses."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.training.callbacks import Callback, History
from minigrad.utils import PyDataset
from minigrad.utils import Sequence as KerasSequence

from .helpers import LABELS, X, Y, assert_equal_weights, classifier, regression, twins


class Plain:
    """Five batches of ten rows by number; like many a user's class it never raises IndexError."""

    def __init__(self, parts=2, n=5):
        self.parts, self.n, self.calls = parts, n, []

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        assert type(i) is int
        self.calls.append(i)
        rows = slice(10 * (i % 5), 10 * (i % 5) + 10)
        batch = (X[rows], Y[rows], np.full(10, 2.0))[: self.parts]
        return batch if self.parts > 1 else batch[0]


class Noted(PyDataset):
    """A PyDataset that notes its epochs."""

    def __init__(self):
        super().__init__(workers=2)
        self.calls = []

    def __len__(self):
        return 2

    def __getitem__(self, i):
        self.calls.append(i)
        return X[25 * i : 25 * i + 25], Y[25 * i : 25 * i + 25]

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


class Listed(Sequence):
    """A subclass of collections.abc.Sequence is not a list of rows either."""

    def __len__(self):
        return 5

    def __getitem__(self, i):
        return X[10 * i : 10 * i + 10], Y[10 * i : 10 * i + 10]


# ---- batches by number ---------------------------------------------------------------------------


@pytest.mark.parametrize("source", [Plain, Listed])
def test_batches_by_number_train_as_arrays_do(source):
    a, b = twins(regression)
    expected = b.fit(X, Y, batch_size=10, epochs=3, shuffle=False, verbose=0)
    history = a.fit(source(), epochs=3, shuffle=False, verbose=0)
    assert_equal_weights(a, b)
    assert history.history == expected.history and a.history.params["steps"] == 5
    assert a.evaluate(source()) == pytest.approx(b.evaluate(X, Y), rel=1e-5)
    np.testing.assert_allclose(a.predict(source()), b.predict(X), rtol=1e-5)
    validated = a.fit(X, Y, validation_data=source(), verbose=0).history["val_loss"]
    assert validated[0] == pytest.approx(a.evaluate(X, Y), rel=1e-5)


def test_shuffling_draws_the_order_of_batches_from_the_seed():
    def orders(seed):
        source = Plain()
        minigrad.seed(seed)
        regression().fit(source, epochs=3, verbose=0)
        return [source.calls[i : i + 5] for i in (0, 5, 10)]

    first = orders(1)
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in first)
    assert first == orders(1) and first != orders(2) and len({*map(tuple, first)}) > 1
    source = Plain()
    regression().evaluate(source), regression().predict(source)
    assert source.calls == 2 * [0, 1, 2, 3, 4]


def test_its_epochs_begin_and_end():
    source = Noted()
    regression().fit(source, epochs=2, shuffle=False, verbose=0)
    assert source.calls == 2 * ["begin", 0, 1, "end"]
    assert KerasSequence is PyDataset and source.num_batches == 2
    source.calls.clear()
    regression().fit(source, epochs=2, steps_per_epoch=1, shuffle=False, verbose=0)
    assert source.calls == 2 * ["begin", 0, "end"]


def test_forms_of_a_batch_by_number():
    model = regression()
    assert model.evaluate(Plain(3)) == pytest.approx(2 * model.evaluate(X, Y), rel=1e-5)
    assert model.predict(Plain(1)).shape == (50, 1)
    with pytest.raises(ValueError, match="there are no targets y"):
        model.fit(Plain(1), verbose=0)
    for missing in ("__len__", "__getitem__"):
        source = type(
            "Half", (PyDataset,), {n: vars(Plain)[n] for n in vars(Plain) if n != missing}
        )
        with pytest.raises(NotImplementedError, match=f"Half does not define {missing}"):
            model.fit(source(), verbose=0)
    with pytest.raises(ValueError, match="ended after 0"):
        model.fit(Plain(n=0), verbose=0)


def test_class_weights_and_batches_by_number():
    class Labeled(Plain):
        def __getitem__(self, i):
            return X[10 * i : 10 * i + 10], LABELS[10 * i : 10 * i + 10]

    a, b = twins(classifier)
    a.fit(Labeled(), class_weight={0: 3.0, 2: 0.5}, shuffle=False, verbose=0)
    b.fit(X, LABELS, batch_size=10, class_weight=[3.0, 1.0, 0.5], shuffle=False, verbose=0)
    assert_equal_weights(a, b)
    with pytest.raises(ValueError, match="counts the classes of all rows.*compute_class_weight"):
        a.fit(Labeled(), class_weight="balanced", verbose=0)


# ---- what has no end -----------------------------------------------------------------------------


class Endless:
    """Items without a number of them."""

    def __getitem__(self, i):
        return X[:10] + i, Y[:10]


def endless():
    while True:
        yield X[:10], Y[:10]


@pytest.mark.parametrize("source", [Endless, lambda: itertools.cycle([(X, Y)])])
def test_what_has_no_end_is_refused(source):
    model = regression()
    with pytest.raises(ValueError, match="has no end: .*steps_per_epoch="):
        model.fit(source(), verbose=0)
    for method in (model.evaluate, model.predict):
        with pytest.raises(ValueError, match="has no end: .*steps="):
            method(source())
    with pytest.raises(ValueError, match="has no end: .*validation_steps="):
        model.fit(X, Y, validation_data=source(), verbose=0)
    history = model.fit(source(), epochs=2, steps_per_epoch=3, verbose=0)
    assert model.optimizer.t == 6 and len(history.epoch) == 2
    assert model.predict(source(), steps=2).shape in ((20, 1), (100, 1))


def test_a_generator_for_several_epochs_says_how_long_they_are():
    model = regression()
    with pytest.raises(ValueError, match="only once, but there are 2 epochs: .*steps_per_epoch"):
        model.fit(endless(), epochs=2, verbose=0)
    with pytest.raises(ValueError, match="only once, but there are 2 epochs: .*validation_steps"):
        model.fit(X, Y, epochs=2, validation_data=endless(), verbose=0)
    assert model.optimizer.t == 0
    options = {"validation_data": endless(), "validation_steps": 2}
    history = model.fit(endless(), epochs=2, steps_per_epoch=3, verbose=0, **options)
    assert model.optimizer.t == 6 and len(history.history["val_loss"]) == 2
    resumed = model.fit((pair for pair in [(X, Y)]), initial_epoch=4, epochs=5, verbose=0)
    assert resumed.epoch == [4]


@pytest.mark.parametrize(
    "use",
    [
        lambda m: m.train_on_batch(Plain(), Y),
        lambda m: m.fit(X, Plain(), verbose=0),
        lambda m: m.test_on_batch(Endless(), Y),
        lambda m: m(Plain()),
        lambda m: Tensor(Endless()),
    ],
)
def test_batches_by_number_where_rows_belong(use):
    with pytest.raises(TypeError, match="expected numbers, got an object of .*fit"):
        use(regression())


def test_lists_of_rows_stay_rows():
    for x in (X.tolist(), tuple(X), [Tensor(row) for row in X]):
        assert regression().predict(x).shape == (50, 1)
    flat = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(1,)))
    assert flat.predict([[i] for i in range(5)]).shape == (5, 1)


def test_steps_of_arrays():
    model = regression(metrics=["mae"])
    assert model.evaluate(X, Y, batch_size=10, steps=2) == pytest.approx(
        model.evaluate(X[:20], Y[:20])
    )
    assert model.predict(X, batch_size=10, steps=2).shape == (20, 1)
    options = {"validation_data": (X, Y), "validation_batch_size": 10, "validation_steps": 3}
    history = model.fit(X, Y, verbose=0, epochs=2, **options)
    assert history.history["val_loss"][-1] == pytest.approx(
        model.evaluate(X[:30], Y[:30])[0], rel=1e-5
    )


# ---- numbers that fit refuses --------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, words",
    [
        ({"epochs": 1.5}, "epochs must be a whole number, 1 or more, got 1.5"),
        ({"epochs": 0}, "epochs must be a whole number, 1 or more, got 0"),
        ({"epochs": -1}, "epochs must be a whole number, 1 or more, got -1"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"epochs": "10"}, "epochs must be a whole number, 1 or more, got '10'"),
        ({"batch_size": 0}, "batch_size must be a whole number, 1 or more, got 0"),
        ({"batch_size": 1.5}, "batch_size must be a whole number"),
        ({"batch_size": -4}, "batch_size must be a whole number"),
        ({"validation_batch_size": 0, "validation_split": 0.2}, "validation_batch_size must be"),
        ({"initial_epoch": -1}, "initial_epoch must be a whole number, 0 or more, got -1"),
        ({"initial_epoch": 0.5}, "initial_epoch must be a whole number"),
        ({"initial_epoch": 10, "epochs": 5}, "number of the last epoch.*write epochs=15"),
        ({"steps_per_epoch": 0}, "steps_per_epoch must be a whole number, 1 or more, got 0"),
        ({"validation_steps": 0, "validation_data": (X, Y)}, "validation_steps must be a whole"),
        ({"validation_split": 1.2}, "fraction must lie between 0 and 1, not 1.2"),
        ({"validation_split": 1.2, "validation_data": (X, Y)}, "fraction must lie between 0 and 1"),
        ({"validation_split": -0.1}, "fraction must lie between 0 and 1, not -0.1"),
        ({"validation_split": "0.2"}, "fraction must lie between 0 and 1, not '0.2'"),
        ({"validation_split": float("nan")}, "fraction must lie between 0 and 1"),
        ({"verbose": 3}, "verbose must be 0 for nothing, 1 or 'auto' .*, or 2 .*, got 3"),
        ({"verbose": "no"}, "verbose must be 0 .* got 'no'"),
    ],
)
def test_numbers_out_of_range(options, words):
    model = regression()
    before = model.get_weights()
    with pytest.raises(ValueError, match=words):
        model.fit(X, Y, **{"verbose": 0} | options)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))


@pytest.mark.parametrize("method", ["evaluate", "predict"])
@pytest.mark.parametrize(
    "options, words",
    [
        ({"steps": 0}, "steps must be a whole number"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"verbose": 7}, "verbose must be 0"),
    ],
)
def test_numbers_out_of_range_in_inference(method, options, words):
    with pytest.raises(ValueError, match=words):
        getattr(regression(), method)(*[X, Y][: 2 - (method == "predict")], **options)


def test_whole_numbers_of_numpy():
    model = regression()
    history = model.fit(X, Y, epochs=np.int64(2), batch_size=np.int32(10), verbose=np.int64(0))
    assert model.optimizer.t == 10 and len(history.epoch) == 2
    assert model.fit(X, Y, initial_epoch=2, epochs=2, verbose=0).epoch == []  # a resumed end


# ---- what an interrupt leaves --------------------------------------------------------------------


@pytest.mark.parametrize("use", ["fit", "train_on_batch", "evaluate", "test_on_batch", "predict"])
def test_every_mode_is_restored_wherever_an_interrupt_falls(use, monkeypatch):
    """Also inside the exit of a scope, which then restores nothing."""
    model = regression()
    before = vars(minigrad.config.settings).copy()

    def interrupted(self, *_):
        raise KeyboardInterrupt

    arguments = (X,) if use == "predict" else (X, Y)
    with monkeypatch.context() as patch:
        patch.setattr(minigrad.config.Scope, "__exit__", interrupted)
        with pytest.raises(KeyboardInterrupt):
            getattr(model, use)(*arguments)
    assert vars(minigrad.config.settings) == before and not minigrad.is_training()
    (minigrad.Tensor([1.0], requires_grad=True) * 2).backward()  # recording is on


def test_history_of_a_resumed_fit_and_metrics_between_epochs():
    """Each epoch and each validation starts its metrics afresh."""
    seen = []

    class Spy(Callback):
        def on_test_begin(self, logs):
            seen.append(dict(self.model.get_metrics_result()))

    model = regression("sgd", metrics=["mae"])
    history = model.fit(
        X, Y, initial_epoch=3, epochs=5, validation_data=(X, Y), verbose=0, callbacks=Spy()
    )
    assert isinstance(history, History) and history.epoch == [3, 4]
    assert history.history["val_mae"][-1] == pytest.approx(model.evaluate(X, Y)[1], rel=1e-5)
    assert seen == [{"mae": 0.0}] * 2 and history.history["mae"][0] > history.history["mae"][1]


@pytest.mark.parametrize(
    "options, sizes",
    [
        ({"validation_split": 0.4, "validation_batch_size": 6}, [6, 6, 6, 2]),
        ({"validation_split": 0.4}, [9, 9, 2]),
        ({"validation_split": 0.4, "validation_batch_size": 6, "validation_steps": 2}, [6, 6]),
        ({"validation_data": (X[:20], Y[:20]), "validation_batch_size": 7}, [7, 7, 6]),
        ({"validation_data": (X[:20], Y[:20])}, [9, 9, 2]),
    ],
)
def test_sizes_of_the_validation_batches(options, sizes):
    class Spy(minigrad.Sequential):
        def test_step(self, data):
            seen.append(len(data[0]))
            return super().test_step(data)

    seen, model = [], Spy(minigrad.layers.Dense(1, input_shape=(X.shape[1],)))
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=9, verbose=0, **options)
    assert seen == sizes
