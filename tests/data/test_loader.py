"""Batches, prefetching, splits, and training from them."""

import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import minigrad
from minigrad import Sequential, Tensor
from minigrad.backend import device_name, to_cpu
from minigrad.config import default_device, to_device
from minigrad.data import (
    Dataset,
    batches,
    count_batches,
    images,
    prefetch,
    split_dataset,
    train_validation_split,
)
from minigrad.data import augmentation as augment
from minigrad.data.loader import one_pass
from minigrad.layers import Dense, Dropout, Flatten, is_training
from minigrad.random import generator, use_generator
from minigrad.training.callbacks import Callback


@given(st.integers(1, 40), st.integers(1, 45), st.booleans(), st.booleans())
def test_every_row_once(n, size, shuffle, drop_last):
    x = np.arange(3 * n).reshape(n, 3)
    y = np.arange(n)
    if drop_last and n < size:
        with pytest.raises(ValueError, match=f"{n} rows make no batch of {size}"):
            batches([x, y], size, shuffle, drop_last)
        return
    parts = list(batches([x, y], size, shuffle, drop_last))
    assert (
        len(parts)
        == count_batches(n, size, drop_last)
        == (n // size if drop_last else -(-n // size))
    )
    assert all(len(rows) == size for rows, _ in parts[:-1])
    assert len(parts[-1][0]) == (size if drop_last else n % size or size)
    rows, labels = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    assert_array_equal(rows, x[labels])  # x and y stay together
    seen = n - n % size if drop_last else n
    assert len(set(labels)) == len(labels) == seen
    if not shuffle:
        assert_array_equal(labels, np.arange(seen))


def test_shuffles_follow_the_seed(xp):
    x = xp.arange(50)

    def one_pass():
        return np.concatenate([to_cpu(rows) for (rows,) in batches([x], 8, shuffle=True)])

    minigrad.seed(4)
    first = one_pass()
    second = one_pass()
    assert (first != second).any()
    assert (first != np.arange(50)).any()
    minigrad.seed(4)
    assert_array_equal(one_pass(), first)
    # one a pass, drawn on the host
    assert_array_equal(first, np.random.default_rng(4).permutation(50))


def test_without_shuffling_nothing_is_drawn_or_copied():
    x = np.arange(20.0).reshape(10, 2)
    minigrad.seed(4)
    parts = list(batches([x], 4))
    assert all(np.shares_memory(part, x) for (part,) in parts)
    assert_array_equal(
        next(batches([x], 10, shuffle=True))[0], x[np.random.default_rng(4).permutation(10)]
    )


def test_rows_stay_on_their_device(device):
    x = to_device(np.arange(12.0).reshape(6, 2), device)
    y = np.arange(6)
    for rows, labels, missing in batches([x, y, None], 4, shuffle=True):
        assert device_name(rows) == device
        assert device_name(labels) == "cpu"
        assert missing is None
        assert_array_equal(to_cpu(rows)[:, 0], labels * 2)
    (rows,) = next(batches([Tensor(x)], 4))
    assert device_name(rows) == device
    assert rows.shape == (4, 2)


@pytest.mark.parametrize(
    "arrays, size, message",
    [
        ([np.zeros((5, 2)), np.zeros(4)], 2, r"shapes \(5, 2\), \(4,\) differ in length"),
        ([np.zeros((0, 2))], 2, "0 rows.*no data"),
        ([], 2, "no arrays"),
        ([None], 2, "no arrays"),
        ([np.zeros(4)], 0, "positive integer, not 0"),
        ([np.zeros(4)], 2.0, "positive integer, not 2.0"),
        ([np.zeros(4)], -1, "positive integer, not -1"),
    ],
)
def test_batches_refuse_at_the_call(arrays, size, message):
    with pytest.raises(ValueError, match=message):
        batches(arrays, size)


def test_validation_takes_the_last_rows(xp):
    x = xp.arange(20).reshape(10, 2)
    y = xp.arange(10)
    (x_train, y_train, nothing), (x_held, y_held, _) = train_validation_split([x, y, None], 0.2)
    assert nothing is None
    assert_array_equal(to_cpu(y_train), np.arange(8))
    assert_array_equal(to_cpu(y_held), [8, 9])
    assert_array_equal(to_cpu(x_held), [[16, 17], [18, 19]])
    assert len(x_train) == 8
    # as Keras
    assert [len(part[0]) for part in train_validation_split([np.zeros(1437)], 0.2)] == [1149, 288]


@pytest.mark.parametrize(
    "n, fraction, message",
    [
        (10, 0.0, "between 0 and 1"),
        (10, 1.0, "between 0 and 1"),
        (10, -0.1, "between"),
        (1, 0.5, "none to train on"),
        (3, 0.99, "none to train on"),
        (0, 0.5, "none to"),
    ],
)
def test_splits_refuse(n, fraction, message):
    with pytest.raises(ValueError, match=message):
        train_validation_split([np.zeros(n)], fraction)


def test_splits_refuse_different_lengths():
    with pytest.raises(ValueError, match=r"\(5,\), \(4,\) differ in length"):
        train_validation_split([np.zeros(5), np.zeros(4)], 0.2)


def jitter(x, *rest):
    return (x + generator().random(x.shape, np.float32), *rest)


def same_batches(a, b):
    for one, other in zip(a, b, strict=True):
        for x, y in zip(one, other, strict=True):
            assert_array_equal(x, y)


def test_transform_gets_the_rows_and_gives_the_batch():
    x = np.arange(10, dtype=np.float32)
    y = np.arange(10)
    parts = list(batches([x, y, None], 4, transform=lambda x, y, nothing: (x * 2, y, nothing)))
    assert_array_equal(parts[2][0], [16, 18])
    assert parts[0][2] is None
    (alone,) = zip(*batches([x], 5, transform=np.sqrt), strict=True)
    assert_allclose(np.concatenate(alone), np.sqrt(x))


def test_each_batch_draws_from_its_own_generator():
    """Batches do not depend on draws between them, nor training on the draws of a transform."""
    x = np.zeros((20, 3), np.float32)
    minigrad.seed(8)
    first = list(batches([x], 6, True, transform=jitter))
    after = generator().random()
    minigrad.seed(8)
    second = []
    for part in batches([x], 6, True, transform=jitter):
        second.append(part)
        assert generator().random() >= 0
    same_batches(first, second)
    minigrad.seed(8)
    for _ in batches([x], 6, True, transform=lambda x: x):
        pass
    assert generator().random() == after
    assert (first[0][0] != first[1][0]).any()
    assert (
        list(batches([x], 6, transform=jitter))[0][0]
        != list(batches([x], 6, transform=jitter))[0][0]
    ).any()


def test_another_generator_for_a_while():
    minigrad.seed(1)
    expected = np.random.default_rng(1).random()
    with use_generator(np.random.default_rng(2)):
        assert generator().random() == np.random.default_rng(2).random()
        with use_generator(np.random.default_rng(3)):
            assert generator().random() == np.random.default_rng(3).random()
    assert generator().random() == expected


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("minigrad-prefetch")]


def assert_no_thread_soon():
    """An abandoned thread ends after the item in the making."""
    deadline = time.monotonic() + 10
    while threads() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not threads()


@pytest.mark.parametrize("depth", [0, 1, 2, 7, 50])
def test_prefetching_changes_neither_order_nor_bits(depth):
    x = np.random.default_rng(0).random((30, 5), np.float32)
    y = np.arange(30)
    minigrad.seed(3)
    expected = list(batches([x, y], 4, True, transform=jitter))
    after = generator().random()
    minigrad.seed(3)
    made = []
    for part in prefetch(batches([x, y], 4, True, transform=jitter), depth):
        made.append(part)
    same_batches(made, expected)
    assert generator().random() == after
    assert not threads()
    assert list(prefetch(iter([]), depth)) == []
    assert list(prefetch([3, 1, 2], depth)) == [3, 1, 2]


def test_the_next_is_made_while_one_is_used():
    made = []

    def source():
        for i in range(10):
            made.append((i, threading.current_thread().name))
            yield i

    rows = prefetch(source(), 3)
    assert made == []  # nothing before the first is asked for
    assert next(rows) == 0
    deadline = time.monotonic() + 10
    while len(made) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert [i for i, _ in made] == [0, 1, 2, 3]  # the one in use and three ahead, no more
    assert all(name.startswith("minigrad-prefetch") for _, name in made)
    assert len(threads()) == 1
    assert list(rows) == list(range(1, 10))
    assert not threads()


def test_an_abandoned_iterator_leaves_no_thread():
    def endless():
        while True:
            yield np.zeros(1000)

    rows = prefetch(endless())
    next(rows)
    assert len(threads()) == 1
    del rows
    assert_no_thread_soon()
    for _ in prefetch(endless(), 4):
        break
    assert_no_thread_soon()
    with pytest.raises(KeyError):
        for _ in prefetch(endless()):
            raise KeyError("in the loop")
    assert_no_thread_soon()


def test_closing_waits_for_the_thread():
    released = []

    def slow():
        try:
            while True:
                yield len(released)
                time.sleep(0.05)
        finally:
            released.append(threading.current_thread().name)

    rows = prefetch(slow(), 5)
    next(rows)
    rows.close()
    assert not threads()
    assert released == ["minigrad-prefetch"]
    assert list(rows) == []
    never_begun = prefetch(slow())
    never_begun.close()
    assert list(never_begun) == []
    with pytest.raises(KeyError), one_pass(Dataset(np.zeros(100), batch_size=2)) as rows:
        next(rows)
        raise KeyError
    assert not threads()


def test_a_pass_leaves_no_thread_in_the_list_of_the_process():
    """Also none under another name."""
    before = threading.enumerate()
    for _ in range(3):
        assert list(prefetch([1, 2])) == [1, 2]
        assert threading.enumerate() == before


def test_a_pass_leaves_an_iterator_of_the_users_open():
    numbers = (i for i in range(4))
    with one_pass(numbers) as iterator:
        assert next(iterator) == 0
    assert list(numbers) == [1, 2, 3]


def test_an_abandoned_iterator_runs_no_python_code():
    """An interrupt that strikes while an object is freed is printed and lost."""
    rows = prefetch(iter(range(100)))
    next(rows)
    calls = []
    sys.setprofile(lambda frame, event, _: calls.append((event, frame.f_code.co_name)))
    del rows
    sys.setprofile(None)
    assert [name for event, name in calls if event == "call"] == []
    assert_no_thread_soon()


def test_the_thread_has_the_settings_of_its_consumer():
    def source():
        while True:
            yield minigrad.floatx(), default_device(), is_training(), minigrad.Tensor([1.0]).dtype

    for depth in (0, 2):
        rows = prefetch(source(), depth)
        with minigrad.default_dtype("float64"), minigrad.device("strict"), minigrad.training():
            assert next(rows) == ("float64", "strict", True, np.float64)
        rows.close()


def test_a_thread_that_cannot_start_is_an_error(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        next(prefetch([1]))


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_what_is_raised_reaches_the_caller_at_its_place(depth):
    def source():
        yield 1
        yield 2
        raise OSError("a damaged file")

    rows = prefetch(source(), depth)
    seen = []
    with pytest.raises(OSError, match="a damaged file"):
        for item in rows:
            seen.append(item)
    assert seen == [1, 2]
    assert not threads()
    assert list(rows) == []


def test_a_thread_does_not_draw_from_the_shared_generator():
    x = np.zeros((8, 4, 4), np.float32)
    flip = augment.RandomFlip()
    with pytest.raises(RuntimeError, match="draw inside of batches.*or from your own"):
        list(prefetch(flip(part) for (part,) in batches([x], 4)))
    own = augment.RandomFlip(seed=3)
    assert len(list(prefetch(own(part) for (part,) in batches([x], 4)))) == 2
    assert len(list(prefetch((flip(part) for (part,) in batches([x], 4)), 0))) == 2


@pytest.mark.parametrize("depth", [-1, 1.5, None])
def test_prefetch_refuses(depth):
    with pytest.raises(ValueError, match="whole number of items"):
        prefetch([1], depth)


X = np.random.default_rng(5).random((40, 6, 6, 1), np.float32)
LABELS = np.arange(40) % 3


def small(seed=2, **options):
    minigrad.seed(seed)
    model = Sequential(Flatten(input_shape=(6, 6, 1)), Dropout(0.3), Dense(3))
    model.compile("adam", "mse", **options)
    return model


ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]


def weights_after(x, *args, epochs=3, **options):
    model = small()
    record = model.fit(x, *args, epochs=epochs, verbose=0, **options)
    return [w.copy() for w in model.get_weights()] + [np.array(record.history["loss"])]


def assert_same(a, b):
    for p, q in zip(a, b, strict=True):
        assert_array_equal(p, q)


def test_a_dataset_trains_as_its_arrays_do():
    expected = weights_after(X, ONE_HOT, batch_size=16)
    assert_same(weights_after(Dataset(X, ONE_HOT, batch_size=16)), expected)
    weights = np.linspace(0, 1, 40, dtype=np.float32)
    assert_same(
        weights_after(Dataset(X, ONE_HOT, weights, batch_size=16, depth=0)),
        weights_after(X, ONE_HOT, batch_size=16, sample_weight=weights),
    )
    assert_same(
        weights_after(Dataset(X, ONE_HOT, batch_size=16), class_weight={0: 3.0}),
        weights_after(X, ONE_HOT, batch_size=16, class_weight={0: 3.0}),
    )
    assert len(Dataset(X, ONE_HOT, batch_size=16)) == 3
    assert len(Dataset(X, batch_size=16, drop_last=True)) == 2


def test_augmented_training_is_the_same_with_and_without_a_thread():
    """The thread draws beside the dropout masks, and changes none of them."""
    shift = augment.Compose(augment.RandomTranslation(0.1, 0.1), augment.GaussianNoise(0.05))
    results = [
        weights_after(Dataset(X, ONE_HOT, transform=shift, batch_size=8, depth=depth))
        for depth in (0, 1, 4)
    ]
    assert_same(results[0], results[1])
    assert_same(results[0], results[2])
    assert (results[0][0] != weights_after(X, ONE_HOT, batch_size=8)[0]).any()


def test_bytes_stay_bytes_until_their_batch():
    pixels = images.to_uint8(X)
    data = Dataset(pixels, ONE_HOT, transform=lambda x, y: (images.to_float(x), y), batch_size=16)
    assert data.arrays[0].dtype == np.uint8
    ready = Dataset(images.to_float(pixels), ONE_HOT, transform=lambda x, y: (x, y), batch_size=16)
    assert_same(weights_after(data), weights_after(ready))


def test_generators_and_lists_of_batches():
    def endless():
        while True:
            yield from batches([X, ONE_HOT], 10)

    expected = weights_after(X, ONE_HOT, batch_size=10, shuffle=False)
    assert_same(weights_after(endless(), steps_per_epoch=4), expected)
    assert_same(
        weights_after(
            ([X[i : i + 10], ONE_HOT[i : i + 10]] for _ in range(3) for i in range(0, 40, 10)),
            steps_per_epoch=4,
        ),
        expected,
    )
    assert_same(
        weights_after(
            Dataset(X, ONE_HOT, batch_size=10, shuffle=False), steps_per_epoch=2, epochs=1
        ),
        weights_after(X[:20], ONE_HOT[:20], batch_size=10, shuffle=False, epochs=1),
    )
    with pytest.raises(
        ValueError,
        match="generator, an iterator, can be used only once, but there are 2 epochs.*steps_per_epoch",
    ):
        small().fit(batches([X, ONE_HOT], 10), epochs=2, verbose=0)
    with pytest.raises(ValueError, match="ended after 4 of the 5 of a pass"):
        small().fit(batches([X, ONE_HOT], 10), epochs=1, steps_per_epoch=5, verbose=0)


def test_batches_to_look_at(capsys):
    model = small(metrics=["mae"])
    data = Dataset(X, ONE_HOT, batch_size=7, shuffle=False)
    assert_allclose(model.evaluate(data), model.evaluate(X, ONE_HOT), rtol=1e-5)
    assert_allclose(model.predict(data), model.predict(X), rtol=1e-5)
    assert_allclose(model.predict(x for (x,) in batches([X], 9)), model.predict(X), rtol=1e-5)
    record = model.fit(data, validation_data=data, epochs=2, verbose=1)
    assert len(record.history["val_loss"]) == 2
    assert "12/12" in capsys.readouterr().out
    model.fit(batches([X, ONE_HOT], 7), verbose=1)  # nobody knows how many
    assert "6step" in capsys.readouterr().out.replace(" ", "")
    held = model.fit(data, validation_data=(X, ONE_HOT), verbose=0).history["val_loss"]
    assert_allclose(held[-1], model.evaluate(X, ONE_HOT)[0], rtol=1e-5)


def test_stopping_early_leaves_no_thread():
    class Stop(Callback):
        def on_train_batch_end(self, batch, logs):
            self.model.stop_training = True

    small().fit(Dataset(X, ONE_HOT, batch_size=4), verbose=0, callbacks=[Stop()])
    assert not threads()

    def broken(x, y):
        raise OSError("a damaged file")

    with pytest.raises(OSError, match="damaged"):
        small().fit(Dataset(X, ONE_HOT, transform=broken), verbose=0)
    assert not threads()


def test_datasets_and_streams_refuse():
    data = Dataset(X, ONE_HOT)
    for options in (
        {"y": ONE_HOT},
        {"batch_size": 4},
        {"validation_split": 0.2},
        {"sample_weight": np.ones(40)},
    ):
        with pytest.raises(
            ValueError, match="x is an iterable of batches: y and sample_weight belong into them"
        ):
            small().fit(data, **options)
    with pytest.raises(ValueError, match="x is an iterable of batches"):
        small().evaluate(data, ONE_HOT)
    with pytest.raises(ValueError, match=r"shapes \(40, 6, 6, 1\), \(3,\) differ in length"):
        Dataset(X, np.zeros(3))
    with pytest.raises(ValueError, match="sample_weight needs y"):
        Dataset(X, sample_weight=np.ones(40))
    with pytest.raises(ValueError, match="positive integer, not 0"):
        Dataset(X, batch_size=0)
    with pytest.raises(ValueError, match="a batch must be x, .* got 4 parts"):
        small().fit(iter([(X, ONE_HOT, None, None)]), verbose=0)
    with pytest.raises(ValueError, match="x holds NaN or infinity in 1 of 2 rows"):
        small().fit(iter([(np.float32([1, np.nan]).reshape(2, 1), ONE_HOT[:2])]), verbose=0)


# ---- two Datasets of one -------------------------------------------------------------------------


def rows_of(dataset):
    return [tuple(int(v) for v in row) for batch in dataset for row in zip(*batch, strict=True)]


def test_split_dataset_parts_rows():
    x = np.arange(10)
    left, right = split_dataset((x, x * 2), left_size=0.7)
    assert rows_of(left) == [(i, 2 * i) for i in range(7)]
    assert rows_of(right) == [(i, 2 * i) for i in range(7, 10)]
    assert [len(rows_of(part)) for part in split_dataset(x, right_size=2)] == [8, 2]
    left, right = split_dataset(x, 3, 0.2)
    assert rows_of(left) == [(0,), (1,), (2,)] and rows_of(right) == [(8,), (9,)]


def test_split_dataset_shuffles_by_a_seed():
    x = np.arange(10)
    left, right = split_dataset((x, x * 2), 0.5, shuffle=True, seed=3)
    again, _ = split_dataset((x, x * 2), 0.5, shuffle=True, seed=3)
    assert rows_of(left) == rows_of(again) != [(i, 2 * i) for i in range(5)]
    assert sorted(rows_of(left) + rows_of(right)) == [(i, 2 * i) for i in range(10)]


def test_split_dataset_keeps_the_options_of_a_dataset():
    data = Dataset(np.arange(10), batch_size=4, shuffle=False, transform=lambda x: x * 10)
    left, right = split_dataset(data, 0.5)
    assert [[v.tolist() for v in batch] for batch in left] == [[[0, 10, 20, 30]], [[40]]]
    assert right.batch_size == 4


@pytest.mark.parametrize("sizes", [{}, {"left_size": 10}, {"left_size": 0.0}, {"right_size": 11}])
def test_split_dataset_refuses_parts_without_rows(sizes):
    with pytest.raises(ValueError, match="10 rows do not part into left_size=.*fraction like 0.8"):
        split_dataset(np.arange(10), **sizes)
