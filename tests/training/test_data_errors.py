"""Students' mistakes with data and models: each is answered with the line that works."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import scipy.sparse

import minigrad
from minigrad import Sequential, Tensor
from minigrad.layers import (
    LSTM,
    Activation,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    Lambda,
    Layer,
    Residual,
)
from minigrad.training.data_errors import as_rows, output_hint

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 4)).astype("float32")
LABELS = rng.integers(0, 3, 20)
Y = rng.normal(size=20).astype("float32")
IMAGES = rng.random((20, 8, 8)).astype("float32")
NAMES = np.array(["cat", "dog", "owl"])[LABELS]


class Column:
    """What a pandas Series shows of itself."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.dtype, self.shape = self.values.dtype, self.values.shape

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, i):
        return self.values[i]


class Table:
    """What a pandas DataFrame shows of itself; columns of several dtypes make an array of objects."""

    def __init__(self, **columns):
        self.data = {name: Column(values) for name, values in columns.items()}
        self.columns = list(self.data)
        self.dtypes = [column.dtype for column in self.data.values()]

    def __getitem__(self, name):
        return self.data[name]

    def to_numpy(self, dtype=None):
        mixed = len({d.kind for d in self.dtypes}) > 1
        columns = [column.values for column in self.data.values()]
        return np.stack([c.astype(dtype or (object if mixed else c.dtype)) for c in columns], 1)

    def __array__(self, dtype=None, copy=None):
        return self.to_numpy()


def classifier(outputs=3, input_shape=(4,), loss="sparse_categorical_crossentropy"):
    model = Sequential([Dense(outputs, activation="softmax", input_shape=input_shape)])
    model.compile("adam", loss)
    return model


def regression(outputs=1, input_shape=(4,)):
    model = Sequential([Dense(outputs, input_shape=input_shape)])
    model.compile("adam", "mse")
    return model


def images(input_shape, *layers):
    """A network of images, built at once if the input_shape is known."""
    model = Sequential([Conv2D(2, 3, input_shape=input_shape), *layers, Dense(3)])
    model.compile("adam", minigrad.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# ---- what is no array of numbers -----------------------------------------------------------------

LABEL_LINE = "classes, y = np.unique(y, return_inverse=True)"


@pytest.mark.parametrize(
    "labels", [NAMES, NAMES.tolist(), NAMES.astype(object), NAMES.astype("S"), Column(NAMES)]
)
def test_labels_that_are_text(labels):
    with pytest.raises(TypeError, match=re.escape(LABEL_LINE)):
        classifier().fit(X, labels, verbose=0)


def test_the_line_for_labels_works():
    classes, y = np.unique(NAMES, return_inverse=True)
    model = classifier()
    model.fit(X, y, verbose=0)
    assert classes[model.predict(X).argmax(-1)[0]] in ("cat", "dog", "owl")


def holed(value):
    x = X.astype(object)
    x[1, 2] = value
    return x


RAGGED = [[1.0, 2.0, 3.0, 4.0], [1.0, 2.0]]


@pytest.mark.parametrize(
    "x, error, words",
    [
        (None, TypeError, "x: expected numbers, got None: fit(x, y) takes arrays"),
        ("data.csv", TypeError, "got the text 'data.csv': read the file first"),
        ({"a": X}, TypeError, "a dict: put its columns side by side, np.stack(list(x.values())"),
        ({1, 2}, TypeError, "a set, which has no order: make it a list"),
        (lambda: X, TypeError, "the function '<lambda>': call it"),
        (scipy.sparse.csr_matrix(X), TypeError, "a sparse matrix: make it dense, x.toarray()"),
        (scipy.sparse.coo_matrix(X), TypeError, "a sparse matrix: make it dense, x.toarray()"),
        (scipy.sparse.csr_array(X), TypeError, "a sparse matrix: make it dense, x.toarray()"),
        (X.astype(str), TypeError, "numbers written as text ('0.12573022'): x.astype('float32')"),
        (X.astype(object), TypeError, "Python objects that are numbers: x.astype('float32')"),
        (holed(None), TypeError, "None at x[1, 2]: fill it in, or leave out its row"),
        (holed("red"), TypeError, "text ('red'): turn it into"),
        (holed([1]), TypeError, "x[1, 2] of shape (1,)"),
        (holed(object), TypeError, "type at x[1, 2]"),
        (NAMES, TypeError, "text ('dog'): turn it into numbers, words by minigrad.data.Word"),
        (X + 1j, TypeError, "complex numbers: give both parts, np.concatenate([x.real, x.imag]"),
        (np.arange(20).astype("M8[D]"), TypeError, "(x - x.min()) / np.timedelta64(1, 'D')"),
        (np.arange(20).astype("m8[D]"), TypeError, "times: count days, x / np.timedelta64(1, 'D"),
        (np.zeros(20, "f4, f4"), TypeError, "structured_to_unstructured(x)"),
        (np.ma.masked_array(X, X > 1), ValueError, "x is a masked array, .*x.filled(0)"),
        (RAGGED, ValueError, "row 0 has 4, row 1 has 2: pad sequences, minigrad.utils.pad_sequ"),
        ([RAGGED, [[1.0], [2.0]]], ValueError, "not of equal length"),
        ((X, LABELS), ValueError, "a tuple of 2 arrays of shapes (20, 4) and (20,): give inputs"),
        ([X, LABELS], ValueError, "one by one, fit(x, y)"),
    ],
)
def test_inputs_that_are_no_numbers(x, error, words):
    pattern = ".*".join(map(re.escape, words.split(".*")))
    for use in (lambda m: m.fit(x, LABELS, verbose=0), lambda m: m.predict(x)):
        with pytest.raises(error, match=pattern):
            use(classifier())


def test_what_names_the_argument():
    with pytest.raises(TypeError, match="^y: expected numbers"):
        regression().fit(X, {"a": Y}, verbose=0)
    with pytest.raises(TypeError, match="^sample_weight: expected numbers"):
        regression().fit(X, Y, sample_weight=["a"] * 20, verbose=0)
    with pytest.raises(TypeError, match="^validation x: expected numbers"):
        regression().fit(X, Y, validation_data=(X.astype(str), Y), verbose=0)


@pytest.mark.parametrize(
    "x",
    [
        X.tolist(),
        Tensor(X),
        Tensor(X, requires_grad=True),
        np.asmatrix(X),
        X.astype("float64"),
        list(X),
        tuple(X.tolist()),
        Table(a=X[:, 0], b=X[:, 1], c=X[:, 2], d=X[:, 3]),
    ],
)
def test_inputs_that_are_numbers(x):
    given, wanted = regression(), regression()
    wanted.set_weights(given.get_weights())
    for model, data in ((given, x), (wanted, X)):
        model.fit(data, Y, verbose=0, shuffle=False)
    for a, b in zip(given.get_weights(), wanted.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert type(as_rows(np.asmatrix(X), "x")) is np.ndarray


# ---- tables --------------------------------------------------------------------------------------


def test_a_table_with_a_column_of_text():
    table = Table(age=Y, city=NAMES, height=Y, weight=Y)
    with pytest.raises(TypeError, match="a table whose column 'city' holds no numbers") as caught:
        classifier().fit(table, LABELS, verbose=0)
    assert "x.drop(columns=['city'])" in str(caught.value)
    assert "x['city'] = np.unique(x['city'], return_inverse=True)[1]" in str(caught.value)
    with pytest.raises(TypeError, match="columns 'city', 'pet' hold no numbers"):
        classifier().fit(Table(city=NAMES, age=Y, pet=NAMES, b=Y), LABELS, verbose=0)


def test_tables_of_several_types_of_numbers():
    table = Table(age=np.arange(20), smoker=Y > 0, height=Y, weight=Y.astype("float64"))
    assert as_rows(table, "x").dtype == "float32"
    weights = Column(np.ones(20))
    history = classifier().fit(table, Column(LABELS), sample_weight=weights, verbose=0)
    assert np.isfinite(history.history["loss"][0])


def test_tables_of_pandas():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"age": np.arange(20), "smoker": Y > 0, "city": NAMES, "height": Y})
    with pytest.raises(TypeError, match="a table whose column 'city' holds no numbers"):
        classifier().fit(table, LABELS, verbose=0)
    numbers = table.drop(columns=["city"])
    classifier(input_shape=(3,)).fit(numbers, pandas.Series(LABELS), verbose=0)


def test_a_column_with_nan_is_named():
    ages = Y.copy()
    ages[7] = np.nan
    with pytest.raises(ValueError, match=r"1 of 20 rows, the first at row 7, column 1 \('age'\)"):
        regression(input_shape=(2,)).fit(Table(height=Y, age=ages), Y, verbose=0)
    x = X.copy()
    x[[3, 5], 2] = np.inf
    with pytest.raises(ValueError, match="2 of 20 rows, the first at row 3, column 2: fill or"):
        regression().predict(x)


# ---- shapes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(8, 8, 1), None])
@pytest.mark.parametrize(
    "x, line, works",
    [
        (IMAGES, "a batch of gray ones as x[..., None]", lambda x: x[..., None]),
        (IMAGES[0, ..., None], "one image x goes in as x[None]", lambda x: x[None]),
        (IMAGES[0], "x[None, ..., None]", lambda x: x[None, ..., None]),
        (
            IMAGES.reshape(20, -1),
            "flat ones as x.reshape(-1, 8, 8, 1)",
            lambda x: x.reshape(-1, 8, 8, 1),
        ),
    ],
)
def test_images_without_an_axis(shape, x, line, works):
    model = images(shape, Flatten())
    with pytest.raises(ValueError, match=re.escape(line)):
        model(x)
    if shape and x is IMAGES:  # as in Keras, where the shape of an image is known
        np.testing.assert_array_equal(model.predict(x), model.predict(works(x)))
        return
    with pytest.raises(ValueError, match=re.escape(line)):
        model.predict(x)
    assert model.predict(works(x)).shape[1:] == (3,)


def test_channels_first():
    with pytest.raises(ValueError, match=re.escape("x.transpose(0, 2, 3, 1)")):
        images((8, 8, 1), Flatten()).predict(IMAGES[:, None])
    with pytest.raises(ValueError, match=re.escape("x.transpose(0, 2, 1)")):
        Sequential([Conv1D(3, 1, input_shape=(9, 2))]).predict(np.ones((5, 2, 9)))


def test_images_for_a_network_of_vectors():
    with pytest.raises(ValueError, match=re.escape("Flatten() as the first layer or x.reshape(")):
        classifier(input_shape=(64,)).fit(IMAGES, LABELS, verbose=0)
    classifier(input_shape=(64,)).fit(IMAGES.reshape(20, -1), LABELS, verbose=0)


@pytest.mark.parametrize("shape", [(4,), None])
def test_one_sample_without_a_batch_axis(shape):
    model = Sequential([Dense(3, input_shape=shape)])
    for x in (X[0], X[0].tolist()):
        with pytest.raises(ValueError, match=r"one sample x goes in as x\[None"):
            model.predict(x)
    assert model.predict(X[0][None]).shape == (1, 3)
    with pytest.raises(ValueError, match="for 4 features.* one sample x goes in as x.None."):
        model(X[0])


def test_plain_numbers_for_one_feature():
    model = regression(input_shape=(1,))
    with pytest.raises(ValueError, match=re.escape("plain numbers goes in as x[:, None]")):
        model(Y)
    model.fit(Y, Y, verbose=0)
    np.testing.assert_array_equal(model.predict(Y), model.predict(Y[:, None]))


@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch"])
def test_x_and_y_swapped(use):
    with pytest.raises(
        ValueError, match=r"x of shape \(20,\) and y of shape \(20, 4\) are swapped"
    ):
        getattr(regression(), use)(Y, X)


def test_a_list_of_inputs():
    with pytest.raises(
        ValueError, match="x is a list of 2 arrays of shape .*side by side, np.conc"
    ):
        regression().predict([X, X])
    assert regression().predict(list(X)).shape == (20, 1)  # a list of rows


def test_options_in_the_place_of_y():
    with pytest.raises(ValueError, match=r"y is a single number: .* fit\(x, y, epochs=10\)"):
        regression().fit(X, 10)


def test_no_targets():
    with pytest.raises(ValueError, match=r"no targets y .*fit\(x, y\).* fit\(x, x\)"):
        regression().fit(X, verbose=0)


# ---- outputs and targets -------------------------------------------------------------------------


def test_no_flatten_before_the_last_layer():
    line = "still have height and width: put Flatten() or GlobalAveragePooling2D()"
    with pytest.raises(ValueError, match=re.escape(line)):
        images((8, 8, 1)).fit(IMAGES[..., None], LABELS, verbose=0)
    for layer in (Flatten(), GlobalAveragePooling2D()):
        images((8, 8, 1), layer).fit(IMAGES[..., None], LABELS, verbose=0)


def test_a_time_axis_is_left():
    def model(*layers, **options):
        made = Sequential([LSTM(3, **options), *layers, Dense(1)])
        made.compile("adam", "mse")
        return made

    x = np.ones((20, 5, 2))
    with pytest.raises(ValueError, match="axis of 5: .* return_sequences=False, or GlobalAverage"):
        model(return_sequences=True).fit(x, Y, verbose=0)
    model().fit(x, Y, verbose=0)
    model(GlobalAveragePooling1D(), return_sequences=True).fit(x, Y, verbose=0)


@pytest.mark.parametrize(
    "outputs, y, words",
    [
        (2, Y, r"the model has 2 outputs, y has 1 column: end it with Dense\(1\)"),
        (1, np.ones((20, 3)), r"the model has 1 output, y has 3 columns: end it with Dense\(3\)"),
    ],
)
def test_another_number_of_outputs(outputs, y, words):
    with pytest.raises(ValueError, match=words):
        regression(outputs).fit(X, y, verbose=0)


def test_no_hint_where_nothing_is_known():
    assert output_hint(LABELS, np.zeros((20, 3))) == ""
    assert output_hint(np.zeros((20, 3)), np.zeros((20, 3))) == ""
    assert output_hint(np.zeros((20, 3, 3)), np.zeros((20, 3))) == ""


@pytest.mark.parametrize("y", [Y, Y[:, None]])
def test_columns_and_vectors_of_targets_are_one(y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert regression().fit(X, y, verbose=0).history["loss"][0] < 100


# ---- layers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, words",
    [
        (Dense, "got the class Dense: write Dense(...)"),
        (np.tanh, "got the function 'tanh': wrap a function in Lambda"),
        (lambda x: x, "got the function '<lambda>': wrap a function in Lambda"),
        ("relu", "got the text 'relu': write a layer, Dense(10), or Activation('relu')"),
        (None, "got None"),
        (3, "got 3"),
        ([Dense(3)], "got a list inside: write one list, [*first, *second]"),
        ((Dense(n) for n in (1, 2)), "got a generator: write list(...) around it"),
        (X, "got ndarray of shape (20, 4): arrays go to fit, not to layers"),
    ],
)
def test_what_is_no_layer(value, words):
    for make in (
        lambda: Sequential([Dense(3), value]),
        lambda: Sequential(Dense(3), value),
        lambda: Sequential([Dense(3)]).add(value),
        lambda: Residual(value),
    ):
        with pytest.raises(TypeError, match=re.escape(f"expects layers, {words}")):
            make()


def test_the_lines_for_layers_work():
    layers = [Dense(3), Activation("relu"), Lambda(lambda x: 2 * x), Dropout(0.5)]
    assert Sequential(*layers)(X).shape == Sequential(layers)(X).shape == (20, 3)


class Doubled(Layer):
    def call(self, x, factor=2.0):
        return x * factor


class Raising(Layer):
    def call(self, x):
        return len(3)


def test_options_of_a_call():
    with pytest.raises(
        TypeError, match="layer doubled: call has no option 'facto': did you mean f"
    ):
        Doubled()(X, facto=3)
    with pytest.raises(
        TypeError, match="layer dropout: .* did you mean training. Options: x, trai"
    ):
        Dropout(0.5)(X, trainin=True)
    with pytest.raises(TypeError, match=r"layer raising: object of type 'int' has no len\(\)"):
        Raising()(X)


# ---- compile and fit -----------------------------------------------------------------------------


def test_compile():
    model = Sequential([Dense(1)])
    for optimizer in (0.01, lambda: 3):
        with pytest.raises(TypeError, match="optimizer: expected "):
            model.compile(optimizer, "mse")
    for optimizer in ("adam", minigrad.optimizers.Adam, minigrad.optimizers.Adam(0.1)):
        model.compile(optimizer, "mse", metrics="mae")
        assert isinstance(model.optimizer, minigrad.optimizers.Adam)
    with pytest.raises(TypeError, match="loss: expected one of its names"):
        model.compile("adam", 3)
    with pytest.raises(ValueError, match="unknown metric 'accurcy': did you mean 'accuracy'"):
        model.compile("adam", "mse", metrics=["accurcy"])
    model.compile("adam")
    with pytest.raises(ValueError, match="compile was given no loss"):
        model.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match="compile.optimizer, loss. first"):
        Sequential([Dense(1)]).fit(X, Y)
