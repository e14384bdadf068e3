"""Subclasses, loops and what they report: the same program under Keras and under minigrad.

Each function below is a program of one argument, the library. Histories, results and weights are
compared, from equal weights.
"""

import os

import numpy as np
import pytest

import minigrad

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")
pytestmark = pytest.mark.parity

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 4)).astype("float32")
Y = rng.normal(size=(20, 1)).astype("float32")
WEIGHTS = np.linspace(0, 1, 20)


def with_drawn_weights(model):
    """The model, built, with the same weights in both libraries."""
    model(X)
    draw = np.random.default_rng(1)
    shapes = [w.shape for w in model.get_weights()]
    model.set_weights([(draw.normal(size=shape) * 0.5).astype("float32") for shape in shapes])
    return model


def line(library, **methods):
    """A subclass with one Dense layer, and methods that override those of Model."""

    def __init__(self):  # noqa: N807
        library.Model.__init__(self)
        self.dense = library.layers.Dense(1)
        if prepare is not None:
            prepare(self)

    prepare = methods.pop("prepare", None)
    call = methods.pop("call", lambda self, x: self.dense(x))
    kind = type("Line", (library.Model,), {"__init__": __init__, "call": call, **methods})
    return with_drawn_weights(kind())


def fit(model, x=X, y=Y, **options):
    """History, weights and evaluation."""
    history = model.fit(x, y, verbose=0, shuffle=False, **options).history
    return history, model.get_weights(), model.evaluate(x, y, verbose=0)


# ---- programs ------------------------------------------------------------------------------------


def add_loss_of_a_layer(library):
    class Tenth(library.layers.Layer):
        def call(self, x):
            self.add_loss(0.1 * library.ops.sum(x))
            return x

    layers, shared = library.layers, Tenth()
    x = library.Input((4,))
    y = layers.Dense(1)(shared(layers.Dense(3)(x)) + shared(layers.Dense(3)(2 * x)))
    model = with_drawn_weights(library.Model(x, y))
    model.compile("sgd", "mse", metrics=["mae"])
    return fit(model, epochs=2, batch_size=5), len(model.losses)


def variational_autoencoder(library):
    ops, layers = library.ops, library.layers

    class Coder(library.Model):
        def __init__(self):
            super().__init__()
            self.encoder = layers.Dense(3, activation="relu")
            self.mean, self.log_variance = layers.Dense(2), layers.Dense(2)
            self.decoder = layers.Dense(4)

        def call(self, x):
            h = self.encoder(x)
            mean, log_variance = self.mean(h), self.log_variance(h)
            z = mean + 0.3 * ops.exp(0.5 * log_variance)
            self.add_loss(
                -0.5 * ops.mean(1 + log_variance - ops.square(mean) - ops.exp(log_variance))
            )
            return self.decoder(z)

    model = with_drawn_weights(Coder())
    model.compile(library.optimizers.Adam(0.01), library.losses.MeanSquaredError())
    return fit(model, X, X, epochs=3, batch_size=5)


def added_loss_alone(library):
    def call(self, x):
        y = self.dense(x)
        self.add_loss(library.ops.mean(library.ops.square(y)))
        return y

    model = line(library, call=call)
    model.compile("sgd")
    return fit(model, X, None, epochs=2, batch_size=5)


def metrics_among_attributes(library):
    def prepare(self):
        self.mae = library.metrics.MeanAbsoluteError(name="other_name")
        self.rows = library.metrics.Sum(name="rows")

    def train_step(self, data):
        x, y = data
        self.mae.update_state(y, 0 * y)
        self.rows.update_state(1.0)
        return {"mae": self.mae.result(), "rows": self.rows.result()}

    model = line(library, prepare=prepare, train_step=train_step)
    model.compile("sgd", "mse")
    history = model.fit(X, Y, batch_size=6, epochs=2, verbose=0).history
    return history, [metric.name for metric in model.metrics]


def metric_of_a_layer(library):
    class Watched(library.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = library.layers.Dense(1)
            self.level = library.metrics.Mean(name="level")

        def call(self, x):
            self.level.update_state(library.ops.mean(x))
            return self.dense(x)

    model = with_drawn_weights(library.Sequential([library.Input((4,)), Watched()]))
    model.compile("sgd", "mse")
    return fit(model, epochs=2)


def own_property_metrics(library):
    def prepare(self):
        self.tracker = library.metrics.Mean(name="tracked")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        loss = library.ops.mean(library.ops.square(y_pred - y))
        self.tracker.update_state(loss)
        return loss

    model = line(
        library,
        prepare=prepare,
        compute_loss=compute_loss,
        metrics=property(lambda self: [self.tracker]),
    )
    model.compile("sgd")
    return fit(model, epochs=2, batch_size=8)


def own_compute_metrics(library):
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        results = library.Model.compute_metrics(self, x, y, y_pred, sample_weight)
        return {**results, "three": 3.0}

    model = line(library, compute_metrics=compute_metrics)
    model.compile("sgd", "mse", metrics=["mae"])
    return fit(model, validation_data=(X, Y, WEIGHTS))


def own_compute_loss(library):
    def compute_loss(self, x, y, y_pred, sample_weight, **options):
        return 2 * library.Model.compute_loss(self, x, y, y_pred, sample_weight, **options)

    model = line(library, compute_loss=compute_loss)
    model.compile("sgd", "mse")
    return fit(model, sample_weight=WEIGHTS, batch_size=8)


def steps_of_inference(library):
    def predict_step(self, data):
        return 2 * library.Model.predict_step(self, data)

    def test_step(self, data):
        return {"z": 1.0, "level": library.ops.mean(self(data[0], training=False)), "b": 2.0}

    model = line(library, predict_step=predict_step, test_step=test_step)
    model.compile("sgd", "mse")
    return model.predict(X, verbose=0), model.predict_on_batch(X), model.evaluate(X, Y, verbose=0)


def structures_from_predict(library):
    def call(self, x):
        return self.dense(x), {"a": x, "b": [x, 2 * x]}

    model = line(library, call=call)
    outputs = model.predict(X, batch_size=7, verbose=0)
    return outputs, type(outputs).__name__, type(model.predict_on_batch(X)).__name__


def frequency_of_validation(library):
    model = line(library)
    model.compile("sgd", "mse")
    first = model.fit(X, Y, epochs=5, validation_data=(X, Y), validation_freq=2, verbose=0)
    second = model.fit(X, Y, epochs=5, validation_data=(X, Y), validation_freq=[1, 3], verbose=0)
    return first.history, second.history, first.epoch, first.params


def first_steps_of_arrays(library):
    model = line(library)
    model.compile("sgd", "mse")
    history = model.fit(
        X,
        Y,
        batch_size=4,
        epochs=2,
        steps_per_epoch=2,
        validation_data=(X, Y),
        validation_batch_size=3,
        validation_steps=2,
        verbose=0,
        shuffle=False,
    )
    return history.history, history.params, model.evaluate(X, Y, 4, steps=2, verbose=0)


def single_batches(library):
    model = line(library)
    model.compile("sgd", "mse", metrics=["mae"])
    results = [model.train_on_batch(X, Y), model.train_on_batch(X, Y), model.test_on_batch(X, Y)]
    return [[float(value) for value in result] for result in results]


def optimizer_by_hand(library):
    optimizer = library.optimizers.Adam(0.1)
    v = library.Variable(np.array([1.0, 2.0], "float32"), name="v")
    optimizer.build([v])
    shapes = [tuple(variable.shape) for variable in optimizer.variables]
    gradient = library.ops.convert_to_tensor(np.array([1.0, -3.0], "float32"))
    optimizer.apply_gradients(zip([gradient], [v]))
    optimizer.learning_rate.assign(0.5 * optimizer.learning_rate)
    optimizer.apply([gradient], [v])
    values = library.ops.convert_to_numpy(v)
    return values, shapes, int(optimizer.iterations), float(optimizer.learning_rate)


def learning_rate_of_a_schedule(library):
    schedule = library.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    optimizer, v = library.optimizers.SGD(schedule), library.Variable(np.ones(1, "float32"))
    rates = [float(optimizer.learning_rate)]
    for _ in range(3):
        optimizer.apply([library.ops.convert_to_tensor(np.ones(1, "float32"))], [v])
        rates.append(float(optimizer.learning_rate))
    return rates


PROGRAMS = [
    add_loss_of_a_layer,
    variational_autoencoder,
    added_loss_alone,
    metrics_among_attributes,
    metric_of_a_layer,
    own_property_metrics,
    own_compute_metrics,
    own_compute_loss,
    steps_of_inference,
    structures_from_predict,
    frequency_of_validation,
    first_steps_of_arrays,
    single_batches,
    optimizer_by_hand,
    learning_rate_of_a_schedule,
]


def assert_same(ours, theirs):
    """Equal structure and names, numbers within rounding."""
    if isinstance(theirs, dict):
        assert sorted(ours) == sorted(theirs)
        for key in theirs:
            assert_same(ours[key], theirs[key])
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)
    elif isinstance(theirs, str):
        assert ours == theirs
    else:
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.filterwarnings("ignore")
def test_a_program_gives_the_same(program):
    assert_same(program(minigrad), program(keras))
