"""Models whose call takes several inputs: lists, tuples and dicts of arrays, in every method."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.data import Dataset, batches, train_validation_split
from minigrad.layers import LSTM, Dense, Embedding, Flatten, Layer
from minigrad.utils import PyDataset, unpack_x_y_sample_weight

rng = np.random.default_rng(0)
A = rng.standard_normal((20, 3)).astype("float32")
B = rng.standard_normal((20, 2)).astype("float32")
IDS = rng.integers(0, 5, 20)
Y = (A.sum(1) - 2 * B[:, 0])[:, None].astype("float32")
W = rng.random(20).astype("float32")
FORMS = {
    "list": lambda a, b: [a, b],
    "tuple": lambda a, b: (a, b),
    "dict": lambda a, b: {"a": a, "b": b},
    "nested": lambda a, b: {"a": a, "rest": [b]},
}


class Two(minigrad.Model):
    """Two inputs in any form, joined."""

    def __init__(self):
        super().__init__()
        self.first = Dense(4, activation="tanh", kernel_initializer="ones")
        self.second = Dense(1, kernel_initializer="ones")
        self.seen = set()

    def call(self, inputs):
        self.seen.add(type(inputs))
        a, b = inputs.values() if isinstance(inputs, dict) else inputs
        b = b[0] if isinstance(b, list) else b
        return self.second(self.first(ops.concatenate([a, b], axis=-1)))


class Joined(Two):
    """The same network on one array."""

    def call(self, x):
        return self.second(self.first(x))


def compiled(make):
    model = make()
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def same_weights(a, b):
    for v, w in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_allclose(v, w, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_every_method(form):
    x, joined = FORMS[form](A, B), np.concatenate([A, B], axis=-1)
    model, one = compiled(Two), compiled(Joined)
    assert model.train_on_batch(x, Y, W) == pytest.approx(one.train_on_batch(joined, Y, W))
    assert model.seen == {type(x)}
    assert model.test_on_batch(x, Y) == pytest.approx(one.test_on_batch(joined, Y))
    assert model.evaluate(x, Y, sample_weight=W, batch_size=7) == pytest.approx(
        one.evaluate(joined, Y, sample_weight=W, batch_size=7), rel=1e-5
    )
    np.testing.assert_allclose(model.predict(x, batch_size=6), one.predict(joined), rtol=1e-5)
    np.testing.assert_allclose(model(x).numpy(), one(joined).numpy(), rtol=1e-5)
    options = {"epochs": 2, "batch_size": 6, "verbose": 0, "validation_split": 0.25}
    histories = []
    for network, given in ((model, x), (one, joined)):
        minigrad.seed(3)  # one permutation for all inputs
        histories.append(network.fit(given, Y, sample_weight=W, **options).history)
    for name, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][name], rtol=1e-5)
    minigrad.seed(3)
    held = (FORMS[form](A[:4], B[:4]), Y[:4])
    last = {"batch_size": 6, "drop_last": True, "verbose": 0}
    history = model.fit(x, Y, validation_data=held, **last).history
    assert history["val_loss"][0] == pytest.approx(model.evaluate(*held)[0], rel=1e-5)
    minigrad.seed(3)
    one.fit(joined, Y, **last)
    same_weights(model, one)


@pytest.mark.parametrize("form", FORMS)
def test_batches_made_elsewhere(form):
    joined = np.concatenate([A, B], axis=-1)

    class Pairs(PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, i):
            rows = slice(4 * i, 4 * i + 4)
            return FORMS[form](A[rows], B[rows]), Y[rows], W[rows]

    def generate():
        yield from (Pairs()[i] for i in range(5))

    x = FORMS[form](A, B)
    sources = {
        "PyDataset": lambda: Pairs(),
        "generator": generate,
        "Dataset": lambda: Dataset(x, Y, W, batch_size=4, shuffle=False),
        "transform": lambda: Dataset(
            x, Y, W, batch_size=4, shuffle=False, transform=lambda x, y, w: (x, y, w)
        ),
    }
    one = compiled(Joined)
    one.fit(joined, Y, 4, sample_weight=W, shuffle=False, verbose=0)
    for name, source in sources.items():
        model = compiled(Two)
        model.fit(source(), epochs=1, shuffle=False, verbose=0)
        same_weights(model, one)
        expected = one.evaluate(joined, Y, sample_weight=W)
        assert model.evaluate(source()) == pytest.approx(expected, rel=1e-5), name
        np.testing.assert_allclose(model.predict(source()), one.predict(joined), rtol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_predict_on_batch_takes_all_rows_at_once(form):
    class Counting(Two):
        def call(self, inputs):
            y = super().call(inputs)
            lengths.append(len(y))
            return y

    lengths = []
    model, x = Counting(), FORMS[form](A, B)
    model(x)
    np.testing.assert_array_equal(model.predict_on_batch(x), model.predict(x, batch_size=20))
    assert lengths == [20, 20, 20]


def test_inputs_without_targets():
    """A tuple of inputs alone is not taken for (x, y)."""

    class Autoencoder(Two):
        def train_step(self, data):
            x, y, _ = unpack_x_y_sample_weight(data)
            assert y is None and len(x) == 2
            return {"loss": float(ops.mean(self(x)).item())}

    for form in ("list", "tuple", "dict"):
        model = compiled(Autoencoder)
        model.fit(FORMS[form](A, B), verbose=0)
        model.predict(iter([(FORMS[form](A, B),)]))


def test_vectors_integers_and_layers():
    """Class numbers (N,) as one of the inputs; a layer of several inputs within."""

    class Join(Layer):
        def build(self, input_shape):
            assert input_shape == [(20, 3), (20, 2)]
            self.scale = self.add_weight((input_shape[1][-1],), "ones")

        def call(self, inputs):
            a, b = inputs
            return ops.concatenate([a, b * self.scale], axis=-1)

    class Tower(minigrad.Model):
        def __init__(self):
            super().__init__()
            self.embedding, self.join, self.dense = Embedding(5, 2), Join(), Dense(1)

        def call(self, inputs, training=False):
            a, ids = inputs
            assert ids.dtype == "int64" and ids.shape == (20,)
            return self.dense(self.join([a, self.embedding(ids)]))

    model = compiled(Tower)
    before = model([A, IDS]).numpy()
    model.train_on_batch([A, IDS], Y)
    assert not np.allclose(model.predict([A, IDS]), before)
    assert Join()([A, B]).shape == (20, 5)  # arrays as they are
    assert Join()([Tensor(A), np.arange(40).reshape(20, 2)]).dtype == "float32"


def test_errors_name_the_input():
    model = compiled(Two)
    with pytest.raises(ValueError, match=r"x\[1\] has 19 rows, x\[0\] has 20: they must be equal"):
        model.fit([A, B[:-1]], Y)
    with pytest.raises(ValueError, match=r"y has 19 rows, x\['a'\] has 20"):
        model.evaluate({"a": A, "b": B}, Y[:-1])
    with pytest.raises(ValueError, match=r"x\[1\] holds NaN or infinity in 20 of 20 rows"):
        model.train_on_batch((A, B * np.nan), Y)
    with pytest.raises(TypeError, match=r"validation x\['b'\]: expected numbers, got text"):
        text = {"a": A, "b": np.array([["q"]] * 20)}
        model.fit({"a": A, "b": B}, Y, validation_data=(text, Y), verbose=0)
    with pytest.raises(ValueError, match=r"differ in length"):
        Dataset([A, B[:-1]], Y)


@pytest.mark.parametrize("layer", [Dense(2), LSTM(2), Flatten(), Two()])
def test_a_layer_of_one_input_says_what_it_was_given(layer):
    words = r"its input is a list of arrays of shapes \(4, 3\), \(4, 3\), \(4, 3\): rows of one"
    with pytest.raises((TypeError, ValueError, AttributeError), match=words):
        layer([A[:4], A[:4], A[:4]])
    assert not layer.built
    model = compiled(Joined)
    with pytest.raises(KeyError, match=r"layer joined/dense: .*a dict of arrays of shapes"):
        model.fit({"a": A, "b": B}, Y, verbose=0)


def test_lists_of_numbers_are_one_array():
    model = compiled(Joined)
    rows = np.concatenate([A, B], axis=-1).tolist()
    assert model.train_on_batch(rows, Y.tolist())[0] > 0
    assert model.predict(rows).shape == (20, 1)
    assert minigrad.Sequential(Dense(2)).predict([[1.0, 2.0], [3.0, 4.0]]).shape == (2, 2)


def test_rows_of_structures():
    made = list(batches([{"a": np.arange(5), "b": [np.arange(5) * 2]}, np.arange(5)], 2))
    assert [x["b"][0].tolist() for x, _ in made] == [[0, 2], [4, 6], [8]]
    (train, y), (held, z) = train_validation_split([(np.arange(10), np.arange(10)), Y[:10]], 0.2)
    assert isinstance(train, tuple) and [len(a) for a in train] == [8, 8] and len(y) == 8
    assert held[1].tolist() == [8, 9] and len(z) == 2
