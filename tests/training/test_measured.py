"""Metrics and steps of subclasses. Figures were measured with Keras 3.15 from equal weights."""

import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Input, Model, Sequential, metrics, ops
from minigrad.layers import Dense, Layer
from minigrad.utils.scalars import Result

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 4)).astype("float32")
Y = rng.normal(size=(20, 1)).astype("float32")


class Line(Model):
    """One Dense layer."""

    def __init__(self):
        super().__init__()
        self.dense = Dense(1)

    def call(self, x):
        return self.dense(x)


def with_drawn_weights(model):
    """The model, built, with the weights that Keras was given."""
    model(X)
    draw = np.random.default_rng(1)
    shapes = [w.shape for w in model.get_weights()]
    model.set_weights([(draw.normal(size=shape) * 0.5).astype("float32") for shape in shapes])
    return model


def fit(model, **options):
    """The history of a fit in order."""
    return model.fit(X, Y, verbose=0, shuffle=False, **options).history


# ---- metrics -------------------------------------------------------------------------------------


def test_metrics_are_the_loss_those_of_attributes_and_those_compiled():
    class Measuring(Line):
        def __init__(self):
            super().__init__()
            self.own = metrics.Mean(name="own")
            self.more = {"a": [metrics.Sum(name="more")]}

    model = Measuring()
    assert [m.name for m in model.metrics] == ["own", "more"]
    model.compile("sgd", "mse", metrics=["mae", metrics.MeanSquaredError(name="square")])
    assert [m.name for m in model.metrics] == ["loss", "own", "more", "mae", "square"]
    assert model.metrics_names == ["loss", "own", "more", "mae", "square"]
    fit(model)
    assert model.metrics[0].result() == pytest.approx(model.history.history["loss"][0])


def test_a_metric_of_a_layer_is_reset_with_each_epoch_and_reported():
    class Watched(Layer):
        def __init__(self):
            super().__init__()
            self.dense = Dense(1)
            self.level = metrics.Mean(name="level")

        def call(self, x):
            self.level.update_state(ops.mean(x))
            return self.dense(x)

    model = with_drawn_weights(Sequential([Input((4,)), Watched()]))
    model.compile("sgd", "mse")
    history = fit(model, epochs=2)
    np.testing.assert_allclose(history["loss"], [1.707413, 1.680833], rtol=1e-6)
    np.testing.assert_allclose(history["level"], [0.120342, 0.120342], rtol=1e-5)
    assert len(model.evaluate(X, Y)) == 2


def test_metrics_of_a_model_inside_are_its_own():
    inner = Sequential(Dense(1, input_shape=(4,)))
    inner.compile("sgd", "mse", metrics=["mae"])
    outer = Sequential(inner)
    outer.compile("sgd", "mse")
    assert [m.name for m in outer.metrics] == ["loss"]
    assert type(outer.train_on_batch(X, Y)) is float


def test_metrics_made_by_a_compile_of_ones_own_are_found():
    class Model2(Line):
        def compile(self, optimizer):
            super().compile(optimizer, "mse")
            self.steps = metrics.Sum(name="steps")

        def train_step(self, data):
            self.steps.update_state(1.0)
            return {"steps": self.steps.result()}

    model = Model2()
    model.compile("sgd")
    assert fit(model, batch_size=5, epochs=2)["steps"] == [4.0, 4.0]


def test_what_a_step_returns_of_metrics_is_that_of_the_whole_epoch():
    class Counting(Line):
        def __init__(self):
            super().__init__()
            self.mae = metrics.MeanAbsoluteError(name="something_else")

        def train_step(self, data):
            _, y = data
            self.mae.update_state(y, 0 * y)
            return {"loss": float(y.mean()), "mae": self.mae.result()}

    model = Counting()
    model.compile("sgd", "mse")
    history = fit(model, batch_size=6, epochs=2)
    np.testing.assert_allclose(history["mae"], [0.8159267, 0.8159267], rtol=1e-6)
    np.testing.assert_allclose(history["loss"][0], Y.mean(), rtol=1e-5)
    assert list(history) == ["loss", "mae"]


def test_the_property_metrics_decides():
    """Then the loss is reported only by a metric of its own, as in Keras."""

    class Own(Line):
        def __init__(self):
            super().__init__()
            self.loss_tracker = metrics.Mean(name="loss2")

        @property
        def metrics(self):
            return [self.loss_tracker]

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            loss = ops.mean(ops.square(y_pred - y))
            self.loss_tracker.update_state(loss)
            return loss

    model = with_drawn_weights(Own())
    model.compile("sgd")
    history = fit(model, epochs=2, batch_size=8)
    assert list(history) == ["loss2"]
    np.testing.assert_allclose(history["loss2"], [1.801836, 1.717219], rtol=1e-6)
    assert model.evaluate(X, Y) == pytest.approx(1.557817, rel=1e-6)


def test_compute_metrics_can_be_overridden():
    class More(Line):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            results = super().compute_metrics(x, y, y_pred, sample_weight)
            results["three"] = 3.0
            return results

    model = with_drawn_weights(More())
    model.compile("sgd", "mse", metrics=["mae"])
    history = fit(model, validation_data=(X, Y))
    assert list(history) == ["loss", "mae", "three", "val_loss", "val_mae", "val_three"]
    assert history["val_loss"] == [pytest.approx(1.680833, rel=1e-6)]
    assert model.evaluate(X, Y) == [
        pytest.approx(1.680833, rel=1e-6),
        pytest.approx(1.012421, rel=1e-6),
        3.0,
    ]


def test_results_have_what_scripts_ask_of_them():
    mean = metrics.Mean()
    value = mean([1.0, 2.0])
    assert value == 1.5 and value.numpy() == np.float32(1.5) and f"{value:.2f}" == "1.50"

    class Half(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.total = self.add_weight(name="total", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(1.0)

        def result(self):
            return self.total / 2

    assert type(Half()(Y, Y)) is Result


def test_names_of_weights_go_by_keyword():
    with pytest.raises(ValueError, match=r"add_weight\(name='w', shape="):
        Layer().add_weight("w", (3,))
    with pytest.raises(ValueError, match=r"add_weight\(name='tp', shape="):
        metrics.Mean().add_weight("tp", initializer="zeros")


# ---- steps ---------------------------------------------------------------------------------------


def test_the_step_of_the_guide():
    """With the loss among the metrics, it says which one that is."""

    class Guide(Line):
        def train_step(self, data):
            x, y = data
            with minigrad.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    histories = []
    for kind in (Guide, Line):
        model = with_drawn_weights(kind())
        model.compile("adam", "mse", metrics=["mae"])
        histories.append(fit(model, epochs=2, batch_size=10, validation_data=(X, Y)))
    assert list(histories[0]) == list(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][name], rtol=1e-6)


def test_the_step_of_older_scripts():
    class Older(Line):
        def train_step(self, data):
            x, y = data
            with minigrad.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            self.compiled_metrics.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    model, plain = with_drawn_weights(Older()), with_drawn_weights(Line())
    for each in (model, plain):
        each.compile("sgd", "mse", metrics=["mae"])
    first, second = fit(model, batch_size=8), fit(plain, batch_size=8)
    np.testing.assert_allclose(first["loss"], second["loss"], rtol=1e-6)
    np.testing.assert_allclose(first["mae"], second["mae"], rtol=1e-6)


def test_a_step_that_calls_the_one_of_model():
    class Logged(Line):
        def train_step(self, data):
            logs = super().train_step(data)
            return {**logs, "twice": 2 * logs["mae"]}

    model = with_drawn_weights(Logged())
    model.compile("sgd", "mse", metrics=["mae"])
    history = fit(model)
    assert history["twice"] == [pytest.approx(2 * history["mae"][0])]


def test_compute_loss_is_told_the_mode_if_it_asks():
    seen = []

    class Told(Line):
        def compute_loss(
            self, x=None, y=None, y_pred=None, sample_weight=None, training=True, **options
        ):
            seen.append(training)
            return super().compute_loss(x, y, y_pred, sample_weight, training=training)

    model = with_drawn_weights(Told())
    model.compile("sgd", "mse")
    history = fit(model, validation_data=(X, Y))
    assert seen == [True, False]
    assert history["val_loss"] == [pytest.approx(1.680833, rel=1e-6)]

    class NotTold(Line):
        def compute_loss(self, x, y, y_pred, sample_weight):
            return 2 * super().compute_loss(x, y, y_pred, sample_weight)

    model = with_drawn_weights(NotTold())
    model.compile("sgd", "mse")
    assert fit(model)["loss"] == [pytest.approx(3.414826, rel=1e-6)]


def test_predict_step_and_test_step_can_be_overridden():
    class Twice(Line):
        def predict_step(self, data):
            return 2 * super().predict_step(data)

        def test_step(self, data):
            x, _ = data
            return {"level": ops.mean(self(x, training=False))}

    model = with_drawn_weights(Twice())
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.predict(X, batch_size=8), 2 * model(X).numpy(), rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(X), model.predict(X))
    assert model.evaluate(X, Y) == pytest.approx(0.3023242, rel=1e-6)


def test_a_summary_of_evaluate_lists_metrics_first():
    """As Keras orders what an own step returns: metrics, then other names by the alphabet."""

    class Own(Line):
        def test_step(self, data):
            return {"z": 1.0, "b": 2.0, "mae": 3.0}

    model = with_drawn_weights(Own())
    model.compile("sgd", "mse", metrics=["mae"])
    assert model.evaluate(X, Y, return_dict=True) == {"z": 1.0, "b": 2.0, "mae": 3.0}
    assert model.evaluate(X, Y) == [3.0, 2.0, 1.0]


def test_functions_to_compile_do_not_exist():
    with pytest.raises(AttributeError, match="make_train_function': override `train_step`"):
        Line().make_train_function()


def test_no_warning_in_a_plain_fit():
    model = with_drawn_weights(Line())
    model.compile("sgd", "mse", metrics=["mae"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model, epochs=2)
