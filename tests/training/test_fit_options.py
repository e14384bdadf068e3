"""Options of compile and fit that scripts use. Figures were measured with Keras 3.15."""

import numpy as np
import pytest

import minigrad
from minigrad import Input, Model, Sequential
from minigrad.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from minigrad.layers import Dense

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 4)).astype("float32")
Y = rng.normal(size=(20, 1)).astype("float32")


@pytest.fixture
def model():
    """Two layers, compiled, with the weights that Keras was given."""
    model = Sequential([Input((4,)), Dense(3, activation="tanh"), Dense(1)])
    for factor in (1, 0.5):
        draw = np.random.default_rng(1)
        shapes = [w.shape for w in model.get_weights()]
        model.set_weights([(draw.normal(size=s) * factor).astype("float32") for s in shapes])
    model.compile("sgd", "mse")
    return model


def fit(model, **options):
    """The History of a fit in order."""
    return model.fit(X, Y, verbose=0, shuffle=False, **options)


# ---- compile -------------------------------------------------------------------------------------


def test_compile_keeps_what_does_not_matter_here(model):
    assert model.compiled and not Sequential().compiled
    model.compile("sgd", "mse", run_eagerly=True, steps_per_execution=4, jit_compile=False)
    assert (model.run_eagerly, model.steps_per_execution, model.jit_compile) == (True, 4, False)
    assert model.auto_scale_loss is True
    np.testing.assert_allclose(fit(model).history["loss"], [1.071874], rtol=1e-5)


def test_loss_weights_come_third_as_in_keras():
    x = Input((4,))
    model = Model(x, [Dense(1, name="a")(x), Dense(1, name="b")(x)])
    model.compile("sgd", "mse", [1.0, 0.0])
    assert model.loss.weights == [1.0, 0.0]
    with pytest.raises(ValueError, match=r"numbers, got 'mae'; metrics go by keyword, metrics="):
        model.compile("sgd", "mse", ["mae", "mae"])


def test_a_subclass_takes_the_dtype_that_layers_take():
    class Line(Model):
        def __init__(self, units, name="line", **options):
            super().__init__(name=name, **options)
            self.dense = Dense(units)

        def call(self, inputs, training=False, mask=None):
            return self.dense(inputs)

    model = Line(3, dtype="float64", trainable=True)
    assert model(X).dtype == "float64" and model.name == "line"


# ---- fit -----------------------------------------------------------------------------------------


def test_validation_after_every_second_epoch_or_the_ones_listed(model):
    history = fit(model, epochs=5, validation_data=(X, Y), validation_freq=2)
    np.testing.assert_allclose(history.history["val_loss"], [1.053855, 1.037606], rtol=1e-5)
    assert len(history.history["loss"]) == 5
    assert history.params == {"verbose": 0, "epochs": 5, "steps": 1}
    history = fit(model, epochs=5, validation_data=(X, Y), validation_freq=[1, 3])
    np.testing.assert_allclose(history.history["val_loss"], [1.022942, 1.009695], rtol=1e-5)
    with pytest.raises(ValueError, match="validation_freq"):
        fit(model, validation_data=(X, Y), validation_freq=0)


def test_callbacks_wait_for_the_next_validation(model, tmp_path):
    stop, reduce = EarlyStopping("val_loss", patience=1), ReduceLROnPlateau("val_loss")
    save = ModelCheckpoint(tmp_path / "{epoch}.safetensors", save_best_only=True)
    fit(model, epochs=4, validation_data=(X, Y), validation_freq=2, callbacks=[stop, reduce, save])
    assert stop.wait == 0 and stop.best == pytest.approx(1.045521 - 0.007915, abs=0.02)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.safetensors", "4.safetensors"]
    with pytest.raises(ValueError, match="give fit validation data"):
        fit(model, callbacks=[EarlyStopping("val_loss")])


def test_steps_of_arrays_go_on_in_the_next_epoch_and_begin_again(model):
    history = fit(model, batch_size=4, epochs=2, steps_per_epoch=2)
    np.testing.assert_allclose(history.history["loss"], [0.894574, 1.490543], rtol=1e-5)
    assert history.params["steps"] == 2

    class Rows(minigrad.callbacks.Callback):
        def on_train_begin(self, logs):
            self.seen = []
            step = self.model.train_step
            self.model.train_step = lambda data: self.seen.append(data[0][0, 0]) or step(data)

    rows = Rows()
    fit(model, batch_size=8, epochs=3, steps_per_epoch=2, callbacks=[rows])
    assert rows.seen == [X[i, 0] for i in (0, 8, 16, 0, 8, 16)]


def test_as_many_steps_as_there_are_batches_are_a_pass(model):
    first = fit(model, batch_size=4, epochs=1, steps_per_epoch=5).history["loss"]
    assert model._unsaved_data == []
    fit(model, batch_size=4, steps_per_epoch=3)
    assert model._unsaved_data != [] and np.isfinite(first)


@pytest.mark.parametrize("option", ["workers", "use_multiprocessing", "max_queue_size"])
def test_options_of_earlier_versions_say_what_to_do(model, option):
    with pytest.raises(TypeError, match=f"fit has no option '{option}': leave it out"):
        fit(model, **{option: 1})
    with pytest.raises(TypeError, match="reset_metrics': metrics begin afresh"):
        model.train_on_batch(X, Y, reset_metrics=False)
